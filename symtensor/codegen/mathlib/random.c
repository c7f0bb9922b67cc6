//@ f64

/* One round of Philox 4x32 on the words a, b, c, d of the counter with the keys k and l, which move on; in each 64-bit
 * lane only the lower half counts, so nothing has to be masked before the end. */
void philox_round(U *a, U *b, U *c, U *d, U *k, U *l) {
  U p = mul_wide(*a, 0xD2511F53);
  U q = mul_wide(*c, 0xCD9E8D57);
  *a = (q >> 32) ^ *b ^ *k;
  *b = q;
  *c = (p >> 32) ^ *d ^ *l;
  *d = p;
  *k = *k + 0x9E3779B9u;
  *l = *l + 0xBB67AE85u;
}

/* Philox 4x32-10, a bijection of 128 bits (low, high) chosen by a key: Salmon, Moraes, Dror, Shaw, Parallel random
 * numbers: as easy as 1, 2, 3 (SC 2011).  The rounds are written out, so that two halves of one block share them. */
void philox(U low, U high, U key, U *first, U *second) {
  U a = low;
  U b = low >> 32;
  U c = high;
  U d = high >> 32;
  U k = key;
  U l = key >> 32;
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  philox_round(&a, &b, &c, &d, &k, &l);
  *first = (a & 0xFFFFFFFFu) | (b << 32);
  *second = (c & 0xFFFFFFFFu) | (d << 32);
}

/* The first two words of a block of Philox. */
U philox_low(U low, U high, U key) {
  U first;
  U second;
  philox(low, high, key, &first, &second);
  return first;
}

/* The last two words of a block of Philox. */
U philox_high(U low, U high, U key) {
  U first;
  U second;
  philox(low, high, key, &first, &second);
  return second;
}

/* The upper half of the product of two 64-bit integers, from the four products of their halves. */
U multiply_high(U a, U b) {
  U ah = a >> 32;
  U bh = b >> 32;
  U low = mul_wide(a, b);
  U left = mul_wide(ah, b);
  U right = mul_wide(a, bh);
  U carry = ((low >> 32) + (left & 0xFFFFFFFFu) + (right & 0xFFFFFFFFu)) >> 32;
  return mul_wide(ah, bh) + (left >> 32) + (right >> 32) + carry;
}

/* (log(1 + f) - 2 s) / (s s s) as a series in z = s s, with s = f / (2 + f), |s| <= 1/5 */
F log_series(F z) {
  F q = splat(2.0 / 23.0);
  q = q * z + 2.0 / 21.0;
  q = q * z + 2.0 / 19.0;
  q = q * z + 2.0 / 17.0;
  q = q * z + 2.0 / 15.0;
  q = q * z + 2.0 / 13.0;
  q = q * z + 2.0 / 11.0;
  q = q * z + 2.0 / 9.0;
  q = q * z + 2.0 / 7.0;
  q = q * z + 2.0 / 5.0;
  return q * z + 2.0 / 3.0;
}

/* sin(x) / x as a series in z = x x, |x| <= pi/4 */
F sine_series(F z) {
  F q = splat(1.0 / 355687428096000.0);
  q = q * z - 1.0 / 1307674368000.0;
  q = q * z + 1.0 / 6227020800.0;
  q = q * z - 1.0 / 39916800.0;
  q = q * z + 1.0 / 362880.0;
  q = q * z - 1.0 / 5040.0;
  q = q * z + 1.0 / 120.0;
  q = q * z - 1.0 / 6.0;
  return q * z + 1.0;
}

/* cos(x) as a series in z = x x, |x| <= pi/4 */
F cosine_series(F z) {
  F q = splat(1.0 / 20922789888000.0);
  q = q * z - 1.0 / 87178291200.0;
  q = q * z + 1.0 / 479001600.0;
  q = q * z - 1.0 / 3628800.0;
  q = q * z + 1.0 / 40320.0;
  q = q * z - 1.0 / 720.0;
  q = q * z + 1.0 / 24.0;
  q = q * z - 1.0 / 2.0;
  return q * z + 1.0;
}

//@ f32

/* (log(1 + f) - 2 s) / (s s s) as a series in z = s s, with s = f / (2 + f), |s| <= 1/5 */
F log_series(F z) {
  F q = splat(2.0 / 11.0);
  q = q * z + 2.0 / 9.0;
  q = q * z + 2.0 / 7.0;
  q = q * z + 2.0 / 5.0;
  return q * z + 2.0 / 3.0;
}

/* sin(x) / x as a series in z = x x, |x| <= pi/4 */
F sine_series(F z) {
  F q = splat(1.0 / 362880.0);
  q = q * z - 1.0 / 5040.0;
  q = q * z + 1.0 / 120.0;
  q = q * z - 1.0 / 6.0;
  return q * z + 1.0;
}

/* cos(x) as a series in z = x x, |x| <= pi/4 */
F cosine_series(F z) {
  F q = splat(-1.0 / 3628800.0);
  q = q * z + 1.0 / 40320.0;
  q = q * z - 1.0 / 720.0;
  q = q * z + 1.0 / 24.0;
  q = q * z - 1.0 / 2.0;
  return q * z + 1.0;
}

//@ both

/* A standard normal value from u in (0, 1] and v in [0, 1): sqrt(-2 log u) cos(2 pi v), by Box and Muller (1958).
 * Products and sums are rounded one by one, no fma, so that the interpreter has the same bits. */
F box_muller(F u, F v) {
  I i = as_int(u) - THREE_QUARTERS_BITS;
  F e = to_float(i >> MANTISSA);
  F f = as_float((i & MANTISSA_BITS) + THREE_QUARTERS_BITS) - 1.0;
  F s = f / (2.0 + f);
  F z = s * s;
  F logarithm = e * 0.6931471805599453 + (2.0 * s + s * z * log_series(z));
  F quarter = floor(4.0 * v + 0.5);
  F x = (v - 0.25 * quarter) * 6.283185307179586;
  z = x * x;
  I n = to_int(quarter);
  F wave = blend(ieq(n & 1, 0), cosine_series(z), x * sine_series(z));
  wave = as_float(as_int(wave) ^ shl((n + 1) >> 1, SIGN));
  return sqrt(-2.0 * logarithm) * wave;
}
