//@ both

/* sin x = +-sin r or +-cos r with x = n pi/2 + r, |r| <= pi/4, as n mod 4 says.  Multiples of pi/2 are taken off in
 * three parts (Cody & Waite 1980), the first of them exactly; |x| >= TRIG_HIGH takes the slow way. */
F sin(F x) {
  F n = fma(x, TWO_OVER_PI, MAGIC);
  I k = as_int(n);
  n = n - MAGIC;
  F r = fma(n, -PIO2_1, x);
  r = fma(n, -PIO2_2, r);
  r = fma(n, -PIO2_3, r);
  if (any(lnot(lt(abs(x), TRIG_HIGH)))) {
    r = remainder_huge(x, r);
    k = as_int(quadrant_huge(x, as_float(k)));
  }
  return sin_quadrant(r, k);
}

/* cos x = sin(x + pi/2) */
F cos(F x) {
  F n = fma(x, TWO_OVER_PI, MAGIC);
  I k = as_int(n);
  n = n - MAGIC;
  F r = fma(n, -PIO2_1, x);
  r = fma(n, -PIO2_2, r);
  r = fma(n, -PIO2_3, r);
  if (any(lnot(lt(abs(x), TRIG_HIGH)))) {
    r = remainder_huge(x, r);
    k = as_int(quadrant_huge(x, as_float(k)));
  }
  return sin_quadrant(r, k + 1);
}

/* sin(k pi/2 + r) for |r| <= pi/4, with minimax polynomials; the sign of r = -0 is kept. */
F sin_quadrant(F r, I k) {
  F s = r * r;
  F ss = s * s;
  F a = poly(SIN, s, ss);
  a = copysign(fma(s * r, a, r), r);
  F b = poly(COS, s, ss);
  b = fma(ss, b, fma(s, -0.5, 1.0));
  F y = blend(ieq(k & 1, 0), a, b);
  return as_float(as_int(y) ^ shl(k >> 1, SIGN));
}

/* tan x = tan r or -1 / tan r with x = n pi/2 + r, |r| <= pi/4, for even and odd n; the reduction is that of sin.
 * What is rounded away from tan r is repaid by one Newton step for the quotient. */
F tan(F x) {
  F n = fma(x, TWO_OVER_PI, MAGIC);
  I k = as_int(n);
  n = n - MAGIC;
  F r = fma(n, -PIO2_1, x);
  r = fma(n, -PIO2_2, r);
  r = fma(n, -PIO2_3, r);
  if (any(lnot(lt(abs(x), TRIG_HIGH)))) {
    r = remainder_huge(x, r);
    k = as_int(quadrant_huge(x, as_float(k)));
  }
  F s = r * r;
  F q = poly(TAN, s);
  q = s * r * q;
  F t = r + q;
  F lost = q - (t - r);
  F v = -1.0 / t;
  v = fma(v, fma(v, lost, fma(v, t, 1.0)), v);
  return blend(ieq(k & 1, 0), copysign(t, r), v);
}

/* The r of sin where |x| >= TRIG_HIGH, else r as it is. */
each_lane F remainder_huge(F x, F r) {
  if (lt(abs(x), TRIG_HIGH)) return r;
  u64 low;
  u64 high = turns(x, &low);
  F y = half_turns((high << 2) + (low >> 62), low << 2);
  return 0.5 * (lt(x, 0.0) ? -y : y) + (x - x); // NaN for inf
}

/* The n of sin mod 4 where |x| >= TRIG_HIGH, else n as it is: an integer in the bits of a floating number. */
each_lane F quadrant_huge(F x, F n) {
  if (lt(abs(x), TRIG_HIGH)) return n;
  u64 low;
  I k = (I)((turns(x, &low) + ((u64)1 << 61)) >> 62);
  return as_float((lt(x, 0.0) ? -k : k) & 3);
}

//@ f32

/* The fraction of |x| / (2 pi) in units of 2**-64, for |x| >= 2**16: the bits of 1/(2 pi) that decide it times the
 * mantissa of x, in integers (Payne & Hanek 1983).  low gets 0. */
u64 turns(F x, u64 *low) {
  const u32 bits[9] = {0, 0x28be60db, 0x9391054a, 0x7f09d5f4, 0x7d4d3770, 0x36d8a566, 0x4f10e410, 0x7f9458ea,
                       0xf7aef158};
  I i = as_int(x) & ABS_BITS;
  u64 m = (u64)((i & MANTISSA_BITS) + 0x800000);
  I e = (i >> MANTISSA) - 118; // |x| = m 2**(e - 32)
  I word = e >> 5, shift = e & 31;
  u64 a = (((u64)bits[word] << 32 | bits[word + 1]) << shift) >> 32;
  u64 b = (((u64)bits[word + 1] << 32 | bits[word + 2]) << shift) >> 32;
  u64 c = (((u64)bits[word + 2] << 32 | bits[word + 3]) << shift) >> 32;
  *low = 0;
  return (m * a << 32) + m * b + (m * c >> 32);
}

/* pi s / 2**64 for the signed s; there are no bits in low. */
F half_turns(u64 s, u64 low) {
  F a = (F)(I)((i64)s >> 40);
  F b = (F)(I)(s >> 16 & 0xffffff) * 5.9604644775390625e-8; // 2**-24
  F v = a + b;
  F lost = b - (v - a);
  F p = v * PI_1;
  (void)low;
  return (p + (fma(v, PI_1, -p) + fma(lost, PI_1, v * PI_2))) * 5.9604644775390625e-8;
}

//@ f64

/* The fraction of |x| / (2 pi) in units of 2**-64, the further bits in low, for |x| >= 2**29: the bits of 1/(2 pi)
 * that decide it times the mantissa of x, in integers (Payne & Hanek 1983). */
u64 turns(F x, u64 *low) {
  const u64 bits[20] = {0, 0x28be60db9391054a, 0x7f09d5f47d4d3770, 0x36d8a5664f10e410, 0x7f9458eaf7aef158,
                        0x6dc91b8e909374b8, 0x01924bba82746487, 0x3f877ac72c4a69cf, 0xba208d7d4baed121,
                        0x3a671c09ad17df90, 0x4e64758e60d4ce7d, 0x272117e2ef7e4a0e, 0xc7fe25fff7816603,
                        0xfbcbc462d6829b47, 0xdb4d9fb3c9f2c26d, 0xd3d18fd9a797fa8b, 0x5d49eeb1faf97c5e,
                        0xcf41ce7de294a4ba, 0x9afed7ec47e35742, 0x1580cc11bf1edaea};
  I i = as_int(x) & ABS_BITS;
  u64 m = (u64)((i & MANTISSA_BITS) + 0x10000000000000);
  I e = (i >> MANTISSA) - 1011; // |x| = m 2**(e - 64)
  I word = e >> 6, shift = e & 63;
  u64 a = bits[word] << shift, b = bits[word + 1] << shift, c = bits[word + 2] << shift;
  if (shift) {
    a |= bits[word + 1] >> (64 - shift);
    b |= bits[word + 2] >> (64 - shift);
    c |= bits[word + 3] >> (64 - shift);
  }
  u64 middle = m * b;
  *low = middle + mul_high(m, c);
  return m * a + mul_high(m, b) + (*low < middle);
}

/* pi s / 2**64 for the signed s with further bits in low. */
F half_turns(u64 s, u64 low) {
  F a = (F)((i64)s >> 32);
  F b = (F)(I)(s & 0xffffffff) * 2.3283064365386963e-10; // 2**-32
  b = b + (F)low * 1.262177448353619e-29; // 2**-96
  F v = a + b;
  F lost = b - (v - a);
  F p = v * PI_1;
  return (p + (fma(v, PI_1, -p) + fma(lost, PI_1, v * PI_2))) * 2.3283064365386963e-10;
}
