//@ both

/* asinh |x| = log1p(a + a**2 / (1 + sqrt(1 + a**2))) with a = |x|; log a + log 2 beyond ARC_HIGH */
F arcsinh(F x) {
  F a = abs(x);
  M large = gt(a, ARC_HIGH);
  F t = fma(a, a / (1.0 + sqrt(fma(a, a, 1.0))), a);
  F y = log1p_core(blend(large, a, t)) + blend(large, LN2, 0.0);
  y = blend(lt(a, as_float(INF_BITS)), y, a);
  return copysign(y, x);
}

/* acosh x = log1p(t + sqrt(t**2 + 2 t)) with t = x - 1; log x + log 2 beyond ARC_HIGH */
F arccosh(F x) {
  M large = gt(x, ARC_HIGH);
  F t = x - 1.0;
  t = t + sqrt(fma(t, t, t + t));
  F y = log1p_core(blend(large, x, t)) + blend(large, LN2, 0.0);
  y = blend(lt(x, as_float(INF_BITS)), y, x);
  return blend(lt(x, 1.0), as_float(NAN_BITS), y);
}

/* atanh |x| = log1p(2 a / (1 - a)) / 2 with a = |x| */
F arctanh(F x) {
  F a = abs(x);
  F y = 0.5 * log1p_core((a + a) / (1.0 - a));
  y = blend(lt(a, 1.0), y, blend(eq(a, 1.0), as_float(INF_BITS), as_float(NAN_BITS)));
  return copysign(blend(lt(a, TINY), a, y), x);
}
