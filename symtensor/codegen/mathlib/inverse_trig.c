//@ both

/* atan x = atan a for a = |x| <= 1, else pi/2 - atan(1/a), with a minimax polynomial on [0, 1] */
F arctan(F x) {
  F a = abs(x);
  M steep = gt(a, 1.0);
  F t = blend(steep, -1.0 / a, a);
  F y = arctan_tail(t);
  y = blend(steep, PIO2_1 + (t + (y + PIO2_2)), t + y);
  return copysign(y, x);
}

/* atan t - t for |t| <= 1 */
F arctan_tail(F t) {
  F s = t * t;
  F q = poly(ATAN, s);
  return s * t * q;
}

/* The angle of the point (x, y): atan(min / max), mirrored at the diagonal and at the axes. */
F arctan2(F y, F x) {
  F a = abs(y);
  F b = abs(x);
  F high = max(a, b);
  F t = min(a, b) / high;
  t = blend(eq(high, 0.0), 0.0, t);
  t = blend(eq(a, b) & gt(a, 0.0), 1.0, t); // inf / inf
  F z = t + arctan_tail(t);
  z = blend(gt(a, b), PIO2_1 - (z - PIO2_2), z);
  z = blend(lt(copysign(1.0, x), 0.0), PI_1 - (z - PI_2), z);
  return blend(ne(x, x) | ne(y, y), x + y, copysign(z, y));
}

/* asin x = x + x**3 q(x**2) for |x| <= 1/2, else pi/2 - 2 asin(sqrt((1 - |x|) / 2)) */
F arcsin(F x) {
  F a = abs(x);
  M large = gt(a, 0.5);
  F s = blend(large, fma(a, -0.5, 0.5), x * x);
  F t = blend(large, sqrt(s), a);
  F q = poly(ASIN, s);
  q = s * t * q;
  F y = blend(large, PIO2_1 - (2.0 * t - fma(-2.0, q, PIO2_2)), t + q);
  return copysign(y, x);
}

/* acos x = pi/2 - asin x for |x| <= 1/2, 2 asin(sqrt((1 - x) / 2)) for larger x, pi minus that of -x for smaller */
F arccos(F x) {
  F a = abs(x);
  M large = gt(a, 0.5);
  F s = blend(large, fma(a, -0.5, 0.5), x * x);
  F t = blend(large, sqrt(s), x);
  F q = poly(ASIN, s);
  q = s * t * q;
  F d = 2.0 * (t + q);
  d = blend(lt(x, 0.0), PI_1 - (d - PI_2), d);
  return blend(large, d, PIO2_1 - (t - (PIO2_2 - q)));
}
