//@ both

/* log x = e ln 2 + log(1 + f) with x = 2**e (1 + f), 3/4 <= 1 + f < 3/2. */
F log(F x) {
  F e;
  F f = split(x, &e) - 1.0;
  return log_special(x, log_core(e, f));
}

/* e ln 2 + log(1 + f) for an integral e. */
F log_core(F e, F f) {
  return fma(e, LN2_HI, f + fma(e, LN2_LO, log_tail(f)));
}

/* log2 x = e + log(1 + f) / ln 2, the split and the tail those of log; f / ln 2 is kept in two parts. */
F log2(F x) {
  F e;
  F f = split(x, &e) - 1.0;
  F high = f * LOG2E_HI;
  F low = fma(f, LOG2E_HI, -high) + fma(f, LOG2E_LO, log_tail(f) * LOG2E_HI);
  F sum = e + high;
  return log_special(x, sum + (high - (sum - e) + low));
}

/* log10 x = e log10(2) + log(1 + f) / ln 10, as log2. */
F log10(F x) {
  F e;
  F f = split(x, &e) - 1.0;
  F high = f * LOG10E_HI;
  F low = fma(f, LOG10E_HI, -high) + fma(f, LOG10E_LO, log_tail(f) * LOG10E_HI);
  F whole = e * LOG10_2_HI; // exact
  F sum = whole + high;
  return log_special(x, sum + (high - (sum - whole) + fma(e, LOG10_2_LO, low)));
}

//@ f32

/* log(1 + f) - f = -f**2/2 + f**3 q(f) with a minimax polynomial q, for -1/4 <= f < 1/2 */
F log_tail(F f) {
  F s = f * f;
  F q = poly(LOG, f, s);
  return s * fma(f, q, -0.5);
}

//@ f64

/* log(1 + f) - f for -1/4 <= f < 1/2: with s = f / (2 + f), log(1 + f) = 2 atanh s = 2 s + s**3 q(s**2), and as
 * 2 s = f - s f = f - f**2/2 + s f**2/2 the rounding of s hardly counts (the way of FreeBSD's msun). */
F log_tail(F f) {
  F s = f / (2.0 + f);
  F z = s * s;
  F q = poly(LOG, z);
  F h = 0.5 * f * f;
  return fma(s, fma(z, q, h), -h);
}

//@ both

/* log(1 + x) */
F log1p(F x) {
  return copysign(log_special(1.0 + x, log1p_core(x)), x); // the sign is that of x, for the sake of 0
}

/* log(1 + x) for x > -1: u = 1 + x is split like the argument of log, what was rounded away from u is added to f. */
F log1p_core(F x) {
  F u = 1.0 + x;
  F lost = x - (u - 1.0);
  F e;
  F f = split(u, &e) - 1.0;
  return log_core(e, f + scale2(lost, -e));
}

/* log(1 + e**x) = max(x, 0) + log1p(e**-|x|) */
F softplus(F x) {
  return greatest(0.0, x) + log1p_core(exp_core(greatest(EXP_LOW, -abs(x))));
}

/* log(1 / (1 + e**-x)) = -softplus(-x) */
F log_expit(F x) {
  return least(0.0, x) - log1p_core(exp_core(greatest(EXP_LOW, -abs(x))));
}
