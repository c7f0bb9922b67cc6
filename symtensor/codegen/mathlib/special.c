//@ both

/* log |Gamma(x)|.  With a = |x|: from 8 on Stirling's formula; below, Gamma(a) = q Gamma(2 + s) or Gamma(2 + s) / q with
 * |s| <= 1/2 by the recurrence, and a minimax polynomial for log Gamma(2 + s) / s.  Negative x by reflection. */
F gammaln(F x) {
  F a = abs(x);
  M far = ge(a, 8.0);
  F b = greatest(8.0, a);
  M low = lt(a, 1.5);
  M tiny = lt(a, 0.5);
  F q = blend(tiny, fma(a, a, a), blend(low, a, 1.0));
  F s = blend(tiny, a, blend(low, a - 1.0, a - 2.0));
  gamma_step(1.0, a, &s, &q);
  gamma_step(2.0, a, &s, &q);
  gamma_step(3.0, a, &s, &q);
  gamma_step(4.0, a, &s, &q);
  gamma_step(5.0, a, &s, &q);
  gamma_step(6.0, a, &s, &q);
  F l = log(blend(far, b, q));
  F p = poly(GAMMALN, s);
  F near = fma(s, p, blend(low, -l, l));
  F inverse = 1.0 / b;
  F z = inverse * inverse;
  F t = poly(STIRLING, z);
  F y = blend(far, fma(b - 0.5, l - 1.0, fma(t, inverse, HALF_LOG_TAU)), near);
  if (any(lt(x, 0.0))) {
    F sine = abs(sin(PI * (a - rint(a))));
    F reflected = LOG_PI - log(sine) - (y + log(a));
    reflected = blend(lt(a, as_float(INF_BITS)), reflected, a);
    y = blend(lt(x, 0.0), reflected, y);
  }
  return y;
}

/* One step of the recurrence of gammaln: where a - k >= 3/2, q takes the factor a - k and s loses 1. */
void gamma_step(F k, F a, F *s, F *q) {
  F y = a - k;
  M more = ge(y, 1.5);
  *q = blend(more, *q * y, *q);
  *s = blend(more, *s - 1.0, *s);
}

/* The derivative of log Gamma(x).  With a = |x|: from 8 on its asymptotic series; below, the recurrence leads to t in
 * [1, 2], where digamma has a root that is taken out of the minimax polynomial.  Negative x by reflection. */
F digamma(F x) {
  F a = abs(x);
  F b = greatest(8.0, a);
  M low = lt(a, 1.0);
  F t = blend(low, a + 1.0, a);
  F n = blend(low, -1.0, 0.0);
  F d = blend(low, a, 1.0);
  digamma_step(&t, &n, &d);
  digamma_step(&t, &n, &d);
  digamma_step(&t, &n, &d);
  digamma_step(&t, &n, &d);
  digamma_step(&t, &n, &d);
  digamma_step(&t, &n, &d);
  F v = t - 1.5;
  F p = poly(DIGAMMA, v);
  F near = fma(t - DIGAMMA_ROOT - DIGAMMA_ROOT_LO, p, n / d);
  F inverse = 1.0 / b;
  F z = inverse * inverse;
  F q = poly(DIGAMMA_TAIL, z);
  F y = blend(ge(a, 8.0), log(b) - fma(q, z, 0.5 * inverse), near);
  y = blend(eq(a, 0.0), copysign(as_float(INF_BITS), -x), y);
  if (any(lt(x, 0.0))) {
    F r = a - rint(a);
    F reflected = y + 1.0 / a + PI / tan(PI * r);
    reflected = blend(eq(r, 0.0), as_float(NAN_BITS), reflected);
    y = blend(lt(x, 0.0), reflected, y);
  }
  return y;
}

/* One step of the recurrence of digamma: where t >= 2, t loses 1 and n / d gains 1 / t. */
void digamma_step(F *t, F *n, F *d) {
  M more = ge(*t, 2.0);
  F y = *t - 1.0;
  *n = blend(more, fma(*n, y, *d), *n);
  *d = blend(more, *d * y, *d);
  *t = blend(more, y, *t);
}

/* The inverse of erf: x times a polynomial of w = -log(1 - x**2), or of sqrt w where w is large (Giles 2010). */
F erfinv(F x) {
  F a = abs(x);
  F w = -log((1.0 - a) * (1.0 + a));
  F y = x * erfinv_ratio(w);
  return blend(eq(a, 1.0), copysign(as_float(INF_BITS), x), y);
}

//@ f32

/* erfinv(x) / x as a function of w = -log(1 - x**2) */
F erfinv_ratio(F w) {
  F v = w - 3.0;
  F p = poly(ERFINV_1, v);
  F u = sqrt(w) - 3.0;
  F q = poly(ERFINV_2, u);
  return blend(gt(w, 6.0), q, p);
}

//@ f64

/* erfinv(x) / x as a function of w = -log(1 - x**2) */
F erfinv_ratio(F w) {
  F v = w - 3.0;
  F p = poly(ERFINV_1, v);
  F root = sqrt(w);
  F u = root - 3.0;
  F q = poly(ERFINV_2, u);
  F t = root - 5.0;
  F r = poly(ERFINV_3, t);
  return blend(gt(w, 6.0), blend(gt(w, 16.0), r, q), p);
}
