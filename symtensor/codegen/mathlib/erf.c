//@ both

/* erf x = x + x p(x**2) for |x| < ERF_SMALL; else 1 - e**g(|x|) with a polynomial g for log(erfc), up to where the
 * result rounds to 1. */
F erf(F x) {
  F a = abs(x);
  F s = a * a;
  F p = poly(ERF, s);
  F b = least(ERF_HIGH, a);
  F bb = b * b;
  F g = poly(ERFC_LOG, b, bb);
  F y = blend(lt(a, ERF_SMALL), fma(a, p, a), 1.0 - exp(g));
  return copysign(y, x);
}

/* erfc x = 1 - erf x below 1/2; else e**(-x**2) p((x - 2)/(x + 2)) with the rounding of x**2 repaid;
 * 2 - erfc(-x) for negative x. */
F erfc(F x) {
  F a = abs(x);
  F s = a * a;
  F q = poly(ERF, s);
  F b = least(ERFC_HIGH, a);
  F t = (b - 2.0) / (b + 2.0);
  F p = poly(ERFCX, t);
  F bb = b * b;
  p = p * exp(-bb);
  p = fma(p, -fma(b, b, -bb), p);
  F y = blend(lt(x, 0.0), 2.0 - p, p);
  return blend(lt(a, 0.5), 1.0 - fma(x, q, x), y);
}
