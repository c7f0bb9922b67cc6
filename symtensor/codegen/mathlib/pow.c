//@ both

/* x**y = 2**(y log2 |x|) with the sign of an odd power; the special cases are those of C99.
 * y log2 |x| needs more bits than a number has, so it is the sum p + low. */
F pow(F x, F y) {
  F a = abs(x);
  F bounded = greatest(-POW_HIGH, least(POW_HIGH, y));
  F log_low;
  F log_high = log_special(a, log2_extended(a, &log_low));
  F p = bounded * log_high;
  F low = fma(bounded, log_high, -p) + bounded * log_low;
  low = blend(lt(abs(p), -EXP2_LOW), low, 0.0);
  p = greatest(EXP2_LOW, least(EXP2_HIGH, p));
  F n = (p + MAGIC) - MAGIC;
  F z = exp2_core(n, (p - n) + low);
  F h = 0.5 * y;
  M integral = eq(rint(y), y);
  M odd = integral & ne(rint(h), h);
  z = blend(odd, copysign(z, x), z);
  M undefined = lt(x, 0.0) & gt(x, -as_float(INF_BITS)) & lnot(integral);
  z = blend(undefined, as_float(NAN_BITS), z);
  return blend(eq(x, 1.0) | eq(y, 0.0), 1.0, z);
}

/* log2 a as the sum of the result and low, for a > 0, to about 10 bits more than a number has.
 * a = 2**e (1 + f), s = f / (2 + f), log(1 + f) = 2 atanh s = 2 (s + s**3 c), c = 1/3 + s**2/5 + ...; the small
 * letters with _low are the parts lost by rounding (Dekker 1971). */
F log2_extended(F a, F *low) {
  F e;
  F f = split(a, &e) - 1.0;
  F d = 2.0 + f;
  F inverse = 1.0 / d;
  F s = f * inverse;
  F s_low = fma(-s, f - (d - 2.0), fma(-s, d, f)) * inverse;
  F z = s * s;
  F z_low = fma(s, s, -z) + 2.0 * s * s_low;
  F q = poly(POW, z);
  q = z * fma(z, q, FIFTH);
  F c = THIRD + q;
  F c_low = q - (c - THIRD) + THIRD_LO;
  F w = z * c;
  F w_low = fma(z, c, -w) + fma(z, c_low, z_low * c);
  F v = s * w;
  F v_low = fma(s, w, -v) + fma(s, w_low, s_low * w);
  F l = s + v;
  F l_low = v - (l - s) + (v_low + s_low);
  F m = l * TWO_LOG2E_HI;
  F m_low = fma(l, TWO_LOG2E_HI, -m) + fma(l, TWO_LOG2E_LO, l_low * TWO_LOG2E_HI);
  F t = e + m;
  *low = m - (t - e) + m_low;
  return t;
}
