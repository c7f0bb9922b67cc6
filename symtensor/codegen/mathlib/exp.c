//@ both

/* e**x; it is 0 below EXP_LOW and inf above EXP_HIGH. */
F exp(F x) {
  return exp_core(greatest(EXP_LOW, least(EXP_HIGH, x))); // a NaN stays, as the second operand
}

/* e**x for x in [EXP_LOW, EXP_HIGH]: 2**n e**r with n = rint(x / ln 2) and r = x - n ln 2, taken off in two parts
 * (Cody & Waite 1980); e**r = 1 + r + r**2 q(r) with a minimax polynomial q on |r| <= ln(2)/2. */
F exp_core(F x) {
  F n = fma(x, LOG2E, MAGIC) - MAGIC;
  F r = fma(n, -LN2_HI, x);
  r = fma(n, -LN2_LO, r);
  F s = r * r;
  F q = poly(EXP, r, s);
  F p = fma(q, s, r) + 1.0;
  return scale2(p, n);
}

/* (e**x - 1) u with u = 2**-k is (2**(n-k) - u) + 2**(n-k) p with p = e**r - 1.  Scaled, since 2**n alone may overflow.
 * Where n = 1 and r < 0 the sum cancels: what is rounded away from r is kept in c, and from the sum too. */
F expm1_scaled(F x, F k, F u) {
  F n = fma(x, LOG2E, MAGIC) - MAGIC;
  F h = fma(n, -LN2_HI, x);
  F r = fma(n, -LN2_LO, h);
  F c = fma(n, -LN2_LO, h - r);
  F s = r * r;
  F q = poly(EXPM1, r, s);
  q = fma(q, s, c);
  F t = pow2(n - k);
  F a = t - u;
  F b = t * r;
  F sum = a + b;
  return sum + fma(t, q, b - (sum - a));
}

/* e**x - 1; below TINY it is x, to keep the sign of 0 and all bits of subnormal x. */
F expm1(F x) {
  F h = expm1_scaled(greatest(EXPM1_LOW, least(EXP_HIGH, x)), 1.0, 0.5);
  return blend(lt(abs(x), TINY), x, h + h);
}

/* tanh x = x + x**3 q(x**2) for |x| < TANH_SMALL, else 1 - 2 / (e**(2|x|) + 1), which is 1 from TANH_HIGH on */
F tanh(F x) {
  F a = abs(x);
  F s = a * a;
  F q = poly(TANH, s);
  q = fma(a * s, q, a);
  F y = 1.0 - 2.0 / (exp_core(2.0 * least(TANH_HIGH, a)) + 1.0);
  return copysign(blend(lt(a, TANH_SMALL), q, y), x);
}

/* 2**x = 2**n 2**r with n = rint(x) and 2**r = 1 + r q(r) for |r| <= 1/2. */
F exp2(F x) {
  x = greatest(EXP2_LOW, least(EXP2_HIGH, x));
  F n = (x + MAGIC) - MAGIC;
  return exp2_core(n, x - n);
}

/* 2**(n + r) for an integral n and |r| <= 1/2 */
F exp2_core(F n, F r) {
  F s = r * r;
  F q = poly(EXP2, r, s);
  return scale2(fma(q, r, 1.0), n);
}

/* (e**x - e**-x) / 2 = 2 h + h / (2 h + 1/2) with h = (e**x - 1) / 4; below TINY it is x. */
F sinh(F x) {
  F h = expm1_scaled(least(SINH_HIGH, abs(x)), 2.0, 0.25);
  F d = h + h;
  d = d + h / (d + 0.5);
  return blend(lt(abs(x), TINY), x, copysign(d, x));
}

/* (e**x + e**-x) / 2 = 2 h + 1 / (8 h) with h = e**x / 4, which does not overflow where the result does not. */
F cosh(F x) {
  F y = least(SINH_HIGH, abs(x));
  F n = fma(y, LOG2E, MAGIC) - MAGIC;
  F r = fma(n, -LN2_HI, y);
  r = fma(n, -LN2_LO, r);
  F s = r * r;
  F q = poly(EXP, r, s);
  F h = pow2(n - 2.0) * (fma(q, s, r) + 1.0);
  return h + h + 0.125 / h;
}

/* 1 / (1 + e**-x) = 2**n / (2**n + e**-r) with x = n ln 2 + r: neither overflows, and a small result is as accurate as
 * a large one.  From 60 on it is 1. */
F expit(F x) {
  F y = greatest(EXP_LOW, least(60.0, x));
  F n = fma(y, LOG2E, MAGIC) - MAGIC;
  F r = fma(n, LN2_HI, -y);
  r = fma(n, LN2_LO, r);
  F s = r * r;
  F q = poly(EXP, r, s);
  F w = scale2(1.0, n);
  F d = (w + fma(q, s, r)) + 1.0; // in this order the first sum is small where the result is
  return w / d;
}
