//@ both

/* 2**n for an integral n where that is a normal number: adding MAGIC leaves n in the low bits. */
F pow2(F n) {
  return as_float((I)((as_uint(n + MAGIC) + BIAS) << MANTISSA));
}

/* x 2**n for an integral n, |n| <= 2 BIAS, in two steps of which only the second can round. */
F scale2(F x, F n) {
  I i = as_int(n + MAGIC) - MAGIC_BITS;
  I k = i >> 1;
  F first = as_float(shl(k + BIAS, MANTISSA));
  F second = as_float(shl(i - k + BIAS, MANTISSA));
  return x * first * second;
}

/* The m in [3/4, 3/2) and the integral e with x = m 2**e, for positive x, subnormal ones too. */
F split(F x, F *e) {
  M small = lt(x, MIN_NORMAL);
  U bits = as_uint(blend(small, x * SUBNORMAL_SCALE, x));
  I k = (I)(bits - THREE_QUARTERS_BITS);
  *e = to_float(k >> MANTISSA) - blend(small, SUBNORMAL_SHIFT, 0.0);
  return as_float((k & MANTISSA_BITS) + THREE_QUARTERS_BITS);
}

/* y, the logarithm of x, put right at x = +-0, inf, NaN and below 0 */
F log_special(F x, F y) {
  y = blend(lt(x, as_float(INF_BITS)), y, x);
  y = blend(eq(x, 0.0), -as_float(INF_BITS), y);
  return blend(lt(x, 0.0), as_float(NAN_BITS), y);
}
