/* What the hand-written kernels share: one element type T (float or double, a compiler flag), vectors of 512 bits, and
 * exp and log on them that are faster than the vector math library's.  Strict semantics: NaN kept, no -ffast-math.
 *
 * For each file: #include "vec.h", then functions FN(name)(pointers to arguments, pointers to results, sizes). */
#ifndef VEC_H
#define VEC_H

#include <immintrin.h>
#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef SINGLE
typedef float T;
typedef __m512 V;
typedef __mmask16 M;
#define W 16
#define FN(name) hand_##name##_f32
#define MM(op) _mm512_##op##_ps
#else
typedef double T;
typedef __m512d V;
typedef __mmask8 M;
#define W 8
#define FN(name) hand_##name##_f64
#define MM(op) _mm512_##op##_pd
#endif

#define PARALLEL_FOR _Pragma("omp parallel for schedule(static)")
static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline V set1(double c) { return MM(set1)((T)c); }
static inline V load(const T *p) { return MM(loadu)(p); }
static inline void store(T *p, V v) { MM(storeu)(p, v); }
static inline V load_mask(M m, const T *p) { return MM(maskz_loadu)(m, p); }
static inline void store_mask(T *p, M m, V v) { MM(mask_storeu)(p, m, v); }
static inline M tail(int64_t n) { return (M)((1u << n) - 1u); } /* the first n < W lanes */
static inline V fma_(V a, V b, V c) { return MM(fmadd)(a, b, c); }
static inline V max_(V a, V b) { return MM(max)(a, b); } /* b where either is NaN */
static inline V min_(V a, V b) { return MM(min)(a, b); }
static inline V abs_(V a) { return MM(abs)(a); }
static inline T sum_lanes(V v) { return MM(reduce_add)(v); }
static inline T max_lanes(V v) { return MM(reduce_max)(v); }

/* exp by Cody & Waite's reduction and a polynomial: 1 ulp; NaN, infinities, zeros and subnormal results are right. */
static inline V exp_(V x) {
#ifdef SINGLE
  x = max_(set1(-104), min_(set1(88.8), x));
  V n = _mm512_roundscale_ps(x * set1(1.44269504088896341), 8);
  V r = MM(fnmadd)(n, set1(0.693359375), x);
  r = MM(fnmadd)(n, set1(-2.12194440e-4), r);
  V p = fma_(set1(0.00139262508314976), r, set1(0.00836323288368262));
  p = fma_(p, r, set1(0.0416665542129842));
  p = fma_(p, r, set1(0.166665766661199));
  p = fma_(p, r, set1(0.5));
#else
  x = max_(set1(-746), min_(set1(709.8), x));
  V n = _mm512_roundscale_pd(x * set1(1.44269504088896341), 8);
  V r = MM(fnmadd)(n, set1(0x1.62e42fefa39efp-1), x);
  r = MM(fnmadd)(n, set1(0x1.abc9e3b39803fp-56), r);
  V p = fma_(set1(2.5100472505694996e-8), r, set1(2.76202015910315488e-7));
  p = fma_(p, r, set1(2.75572682769056962e-6));
  p = fma_(p, r, set1(0.0000248015210578682052));
  p = fma_(p, r, set1(0.00019841269863171556));
  p = fma_(p, r, set1(0.00138888889173670806));
  p = fma_(p, r, set1(0.0083333333333300382));
  p = fma_(p, r, set1(0.0416666666666238205));
  p = fma_(p, r, set1(0.166666666666666675));
  p = fma_(p, r, set1(0.500000000000000103));
#endif
  p = fma_(p, r, set1(1));
  p = fma_(p, r, set1(1));
  return MM(scalef)(p, n);
}

#ifdef SINGLE
/* log: exponent and mantissa by the instructions for it, log1p on [-1/4, 1/2] by a polynomial. */
static inline V log_(V x) {
  V m = _mm512_getmant_ps(x, _MM_MANT_NORM_p75_1p5, _MM_MANT_SIGN_nan);
  V e = _mm512_getexp_ps(x) - _mm512_getexp_ps(m), r = m - set1(1), s = r * r;
  V p = fma_(set1(0.0428772490175579383), r, set1(-0.0956250620677943006));
  p = fma_(p, r, set1(0.116813608636693949));
  p = fma_(p, r, set1(-0.126393611609928854));
  p = fma_(p, r, set1(0.142682552409268455));
  p = fma_(p, r, set1(-0.166608096356584824));
  p = fma_(p, r, set1(0.200001417827501285));
  p = fma_(p, r, set1(-0.250000568348037529));
  p = fma_(p, r, set1(0.333333331449216374));
  p = fma_(p, r * s, fma_(e, set1(-2.12194440e-4), set1(-0.5) * s));
  return fma_(e, set1(0.693359375), r + p);
}
/* erf: an odd rational function up to 4, beyond which it is 1. */
static inline V erf_(V x) {
  x = max_(set1(-4), min_(set1(4), x));
  V s = x * x;
  V p = fma_(s, set1(-2.72614225801306e-10), set1(2.77068142495902e-08));
  p = fma_(s, p, set1(-2.10102402082508e-06));
  p = fma_(s, p, set1(-5.69250639462346e-05));
  p = fma_(s, p, set1(-7.34990630326855e-04));
  p = fma_(s, p, set1(-2.95459980854025e-03));
  p = fma_(s, p, set1(-1.60960333262415e-02));
  V q = fma_(s, set1(-1.45660718464996e-05), set1(-2.13374055278905e-04));
  q = fma_(s, q, set1(-1.68282697438203e-03));
  q = fma_(s, q, set1(-7.37332916720468e-03));
  q = fma_(s, q, set1(-1.42647390514189e-02));
  return x * p / q;
}
#else
extern __m512d _ZGVeN8v_log(__m512d), _ZGVeN8v_erf(__m512d); /* libmvec's */
static inline V log_(V x) { return _ZGVeN8v_log(x); }
static inline V erf_(V x) { return _ZGVeN8v_erf(x); }
#endif
static inline V sigmoid_(V x) { return set1(1) / (set1(1) + exp_(-x)); }
static inline V tanh_(V x) { return set1(1) - set1(2) / (set1(1) + exp_(x + x)); }

/* A row: passes with four accumulators, the tail under a mask. */
static inline T row_max(const T *x, int64_t n) { /* NaN may be lost: exp(NaN - max) brings it back */
  V a = set1(-INFINITY), b = a, c = a, d = a;
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    a = max_(load(x + j), a), b = max_(load(x + j + W), b);
    c = max_(load(x + j + 2 * W), c), d = max_(load(x + j + 3 * W), d);
  }
  for (; j + W <= n; j += W) a = max_(load(x + j), a);
  if (j < n) b = MM(mask_max)(b, tail(n - j), load_mask(tail(n - j), x + j), b);
  return max_lanes(max_(max_(a, b), max_(c, d)));
}

static inline T row_sum(const T *x, int64_t n) {
  V a = set1(0), b = a, c = a, d = a;
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W)
    a += load(x + j), b += load(x + j + W), c += load(x + j + 2 * W), d += load(x + j + 3 * W);
  for (; j + W <= n; j += W) a += load(x + j);
  if (j < n) b += load_mask(tail(n - j), x + j);
  return sum_lanes((a + b) + (c + d));
}

/* The sum of squared distances from `center`. */
static inline T row_squares(const T *x, int64_t n, T center) {
  V a = set1(0), b = a, c = a, d = a, m = set1(center);
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    V p = load(x + j) - m, q = load(x + j + W) - m, r = load(x + j + 2 * W) - m, s = load(x + j + 3 * W) - m;
    a = fma_(p, p, a), b = fma_(q, q, b), c = fma_(r, r, c), d = fma_(s, s, d);
  }
  for (; j + W <= n; j += W) {
    V p = load(x + j) - m;
    a = fma_(p, p, a);
  }
  if (j < n) {
    V p = MM(maskz_sub)(tail(n - j), load_mask(tail(n - j), x + j), m);
    b = fma_(p, p, b);
  }
  return sum_lanes((a + b) + (c + d));
}

/* y = exp(x - shift) where y is not NULL; returns the sum.  x and y may be the same row. */
static inline __attribute__((always_inline)) T row_exp(const T *x, T *y, int64_t n, T shift) {
  V a = set1(0), b = a, c = a, d = a, m = set1(shift);
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    V p = exp_(load(x + j) - m), q = exp_(load(x + j + W) - m);
    V r = exp_(load(x + j + 2 * W) - m), s = exp_(load(x + j + 3 * W) - m);
    if (y) store(y + j, p), store(y + j + W, q), store(y + j + 2 * W, r), store(y + j + 3 * W, s);
    a += p, b += q, c += r, d += s;
  }
  for (; j + W <= n; j += W) {
    V p = exp_(load(x + j) - m);
    if (y) store(y + j, p);
    a += p;
  }
  if (j < n) {
    V p = exp_(load_mask(tail(n - j), x + j) - m);
    if (y) store_mask(y + j, tail(n - j), p);
    b = MM(mask_add)(b, tail(n - j), b, p);
  }
  return sum_lanes((a + b) + (c + d));
}

static inline void row_scale(T *y, int64_t n, T scale) {
  V s = set1(scale);
  int64_t j = 0;
  for (; j + W <= n; j += W) store(y + j, load(y + j) * s);
  if (j < n) store_mask(y + j, tail(n - j), load_mask(tail(n - j), y + j) * s);
}

static inline T row_dot(const T *x, const T *y, int64_t n) {
  V a = set1(0), b = a, c = a, d = a;
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    a = fma_(load(x + j), load(y + j), a), b = fma_(load(x + j + W), load(y + j + W), b);
    c = fma_(load(x + j + 2 * W), load(y + j + 2 * W), c), d = fma_(load(x + j + 3 * W), load(y + j + 3 * W), d);
  }
  for (; j + W <= n; j += W) a = fma_(load(x + j), load(y + j), a);
  if (j < n) b = fma_(load_mask(tail(n - j), x + j), load_mask(tail(n - j), y + j), b);
  return sum_lanes((a + b) + (c + d));
}

#endif
