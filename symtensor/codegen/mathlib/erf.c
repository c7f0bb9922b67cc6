//@ f32

/* erf x = 1 - e**-h with h = -log(erfc |x|) = |x| + |x| p(|x|) up to where the result rounds to 1; the difference is
 * that of expm1: 1 - 2**n e**r = (1 - 2**n) - 2**n (e**r - 1). */
F erf(F x) {
  F a = least(ERF_HIGH, abs(x));
  F p = poly(ERF_LOG, a);
  F h = fma(a, p, a);
  F n = fma(h, -LOG2E, MAGIC) - MAGIC;
  F r = fma(n, -LN2, -h);
  F s = r * r;
  F q = poly(EXPM1, r, s);
  q = fma(q, s, r);
  F t = pow2(n);
  return copysign(fma(-t, q, 1.0 - t), x);
}

//@ f64

/* erf x = x + x p(x**2) for |x| < ERF_SMALL; else 1 - e**g(|x|) with a polynomial g for log(erfc), up to where the
 * result rounds to 1. */
F erf(F x) {
  F a = abs(x);
  F s = a * a;
  F p = poly(ERF, s);
  F b = least(ERF_HIGH, a);
  F bb = b * b;
  F g = poly(ERFC_LOG, b, bb);
  F y = blend(lt(a, ERF_SMALL), fma(a, p, a), 1.0 - exp_core(g));
  return copysign(y, x);
}

//@ both

/* erfc x = 1 - erf x below 1/2, else 2 - erfc(-x) for negative x; see erfc_tail. */
F erfc(F x) {
  F a = abs(x);
  F s = a * a;
  F q = poly(ERF, s);
  F p = erfc_tail(a, 0.0);
  F y = blend(lt(x, 0.0), 2.0 - p, p);
  return blend(lt(a, 0.5), 1.0 - fma(x, q, x), y);
}

/* The normal distribution function: erfc(-x / sqrt 2) / 2, the argument in two parts, since its square is exponent. */
F ndtr(F x) {
  F a = least(60.0, abs(x)); // as good as inf
  F h = a * SQRT_HALF;
  F h_low = fma(a, SQRT_HALF, -h) + a * SQRT_HALF_LO;
  F s = h * h;
  F q = poly(ERF, s);
  F p = 0.5 * erfc_tail(h, h_low);
  F y = blend(gt(x, 0.0), 1.0 - p, p);
  return blend(lt(h, 0.5), fma(0.5, copysign(fma(h, q, h), x), 0.5), y);
}

/* log of ndtr: below 0 the exponent of erfc_tail and the logarithm of its factor apart, so that neither underflows. */
F log_ndtr(F x) {
  F a = abs(x);
  F h = a * SQRT_HALF;
  F near = log1p(-ndtr(-a));
  F b = least(ERFC_HIGH, h);
  F u = 1.0 / (b + 2.0);
  F t = fma(u, -4.0, 1.0);
  F p = poly(ERFCX, t);
  F inverse = 1.0 / greatest(1.0, h);
  F z = inverse * inverse;
  F w = fma(z, fma(z, fma(z, fma(z, fma(z, -29.53125, 6.5625), -1.875), 0.75), -0.5), 1.0);
  F ratio = blend(lt(h, ERFC_HIGH), u * p, w * inverse * ROOT_PI_INVERSE);
  F far = fma(-0.5 * a, a, log(0.5 * ratio));
  F middle = log(ndtr(-a));
  far = blend(lt(h, 0.5), middle, far);
  return blend(gt(x, 0.0), near, blend(eq(h, as_float(INF_BITS)), -h, far));
}

/* erfc(a + a_low) for a >= 1/2 and a tiny a_low: e**(-a**2) u p(1 - 4 u) with u = 1/(a + 2).  What is rounded away
 * from a**2 and from u goes into the exponent, to first order: there u counts 1 + 2.7 u times. */
F erfc_tail(F a, F a_low) {
  F b = least(ERFC_HIGH, a);
  F d = b + 2.0;
  F u = 1.0 / d;
  F lost = fma(-u, d, 1.0) - u * (b - (d - 2.0));
  F t = fma(u, -4.0, 1.0);
  F p = poly(ERFCX, t);
  F bb = b * b;
  F bb_low = fma(b, b, -bb) + 2.0 * b * a_low;
  F c = fma(lost, fma(u, 2.7, 1.0), -bb_low);
  return exp_sum(-bb, c) * (u * p);
}

/* e**(x + c) for a small c, and x where exp neither overflows nor underflows to 0; the reduction is that of exp. */
F exp_sum(F x, F c) {
  F n = fma(x, LOG2E, MAGIC) - MAGIC;
  F h = fma(n, -LN2_HI, x);
  F r = fma(n, -LN2_LO, h);
  c = fma(n, -LN2_LO, h - r) + c;
  F s = r * r;
  F q = poly(EXP, r, s);
  F p = fma(q, s, r) + 1.0;
  p = r + fma(q, s, c * p) + 1.0; // e**(r + c) = e**r + c e**r
  return scale2(p, n);
}
