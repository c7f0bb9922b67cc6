//@ both

/* The cube root: x = 2**(3 k + j) m with 3/4 <= m < 3/2 and j = -1, 0, 1; a polynomial start y for that of 2**j m,
 * one step of Halley's method with an exact residue, times 2**k. */
F cbrt(F x) {
  F a = abs(x);
  F e;
  F m = split(a, &e);
  F k = fma(e, THIRD, MAGIC) - MAGIC;
  F j = fma(k, -3.0, e);
  F y = poly(CBRT, m);
  y = y * blend(lt(j, -0.5), CBRT_HALF, blend(gt(j, 0.5), CBRT_TWO, 1.0));
  F c = m * pow2(j);
  F s = y * y;
  F cube = s * y;
  F residue = c - cube - fma(s, y, -cube) - fma(y, y, -s) * y;
  y = fma(y, residue / fma(2.0, cube, c), y);
  y = copysign(scale2(y, k), x);
  return blend(gt(a, 0.0) & lt(a, as_float(INF_BITS)), y, x + x);
}

/* sqrt(x**2 + y**2) without overflow or underflow of the squares; inf if either is, even beside NaN */
F hypot(F x, F y) {
  F a = max(abs(x), abs(y));
  F b = min(abs(x), abs(y));
  M small = lt(a, HYPOT_LOW);
  M large = gt(a, HYPOT_HIGH);
  F up = blend(small, HYPOT_UP, blend(large, HYPOT_DOWN, 1.0));
  F down = blend(small, HYPOT_DOWN, blend(large, HYPOT_UP, 1.0));
  a = a * up;
  b = b * up;
  F s = a * a;
  F lost = fma(a, a, -s);
  F z = fma(b, b, s);
  lost = fma(b, b, s - z) + lost;
  F r = sqrt(z);
  r = blend(gt(z, 0.0), fma(0.5 * (fma(-r, r, z) + lost), 1.0 / r, r), r);
  F infinity = as_float(INF_BITS);
  return blend(eq(abs(x), infinity) | eq(abs(y), infinity), infinity, r * down);
}
