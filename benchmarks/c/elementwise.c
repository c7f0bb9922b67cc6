/* Elementwise chains. */
#include "vec.h"

enum { BIG = 32 << 20, CHUNK = 1 << 15 }; /* results beyond 32 MB bypass the caches; elements a thread takes at once */

/* BODY(i, m) for each vector from element i on, m the mask of its lanes; whole vectors take a constant mask. */
#define EACH_CHUNK(n, BODY)                                                       \
  if (n <= CHUNK) { /* not worth waking threads */                                \
    EACH_VECTOR(0, n, BODY)                                                       \
  } else {                                                                        \
    PARALLEL_FOR for (int64_t start = 0; start < n; start += CHUNK) EACH_VECTOR(start, min64(start + CHUNK, n), BODY) \
  }
#define EACH_VECTOR(start, end, BODY)                  \
  {                                                    \
    int64_t i = start, stop = end;                     \
    for (; i + W <= stop; i += W) BODY(i, (M)-1)       \
    if (i < stop) BODY(i, tail(stop - i))              \
  }

static inline __attribute__((always_inline)) void put(T *p, M k, V v, int stream) {
  if (stream && k == (M)-1)
    MM(stream)(p, v);
  else
    store_mask(p, k, v);
}

static inline V chain(V a, V b) {
  V u = fma_(a, set1(1.5), b), v = MM(fmsub)(u, u, a * b), w = fma_(set1(0.25), u, abs_(v));
  return MM(fnmadd)(b, set1(0.5), w / (set1(1) + abs_(u)));
}

void FN(chain)(const T *a, const T *b, T *out, int64_t n) {
  int stream = n * (int64_t)sizeof(T) > BIG && (uintptr_t)out % 64 == 0;
#define BODY(i, m) put(out + i, m, chain(load_mask(m, a + i), load_mask(m, b + i)), stream);
  EACH_CHUNK(n, BODY)
#undef BODY
  if (stream) _mm_sfence();
}

/* a is read at every second element; b points to the first element in memory of a reversed array, its last. */
void FN(strided_chain)(const T *a, const T *b, T *out, int64_t n) {
#ifdef SINGLE
  const __m512i even = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i reverse = _mm512_set_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#else
  const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0), reverse = _mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7);
#endif
  PARALLEL_FOR for (int64_t start = 0; start < n; start += CHUNK) {
    int64_t end = min64(start + CHUNK, n), i = start;
    for (; i + W < end; i += W) { /* the last vector is left out: its second load would pass the end of a */
      V u = MM(permutex2var)(load(a + 2 * i), even, load(a + 2 * i + W));
      V v = MM(permutexvar)(reverse, load(b - i - (W - 1)));
      store(out + i, chain(u, v));
    }
    T u[W] = {0}, v[W] = {0};
    for (int64_t k = 0; k < end - i; k++) u[k] = a[2 * (i + k)], v[k] = b[-(i + k)];
    V last = chain(load(u), load(v));
    if (end - i == W)
      store(out + i, last);
    else
      store_mask(out + i, tail(end - i), last);
  }
}

void FN(black_scholes)(const T *s, const T *k, const T *t, const T *r, const T *v, T *call, T *put_, int64_t n) {
#define BODY(i, m)                                                                                                \
  {                                                                                                               \
    V S = load_mask(m, s + i), K = load_mask(m, k + i), t_ = load_mask(m, t + i), R = load_mask(m, r + i);        \
    V v_ = load_mask(m, v + i), spread = v_ * MM(sqrt)(t_);                                                       \
    V d1 = fma_(fma_(v_ * v_, set1(0.5), R), t_, log_(S / K)) / spread, d2 = d1 - spread;                         \
    V discounted = K * exp_(-R * t_), h = set1(0.5), root = set1(0.70710678118654752);                            \
    V c = MM(fmsub)(S, fma_(h, erf_(d1 * root), h), discounted * fma_(h, erf_(d2 * root), h));                    \
    store_mask(call + i, m, c);                                                                                   \
    store_mask(put_ + i, m, c - S + discounted);                                                                  \
  }
  EACH_CHUNK(n, BODY)
#undef BODY
}

/* z / (1 + exp(-2u)) equals z (1 + tanh u) / 2. */
void FN(gelu)(const T *x, const T *bias, T *out, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) for (int64_t j = 0; j < columns; j += W) {
    M m = columns - j < W ? tail(columns - j) : (M)-1;
    V z = load_mask(m, x + i * columns + j) + load_mask(m, bias + j);
    V u = set1(-2 * 0.7978845608) * fma_(set1(0.044715) * z * z, z, z);
    store_mask(out + i * columns + j, m, z / (set1(1) + exp_(u)));
  }
}

void FN(sum_of_squares)(const T *x, T *out, int64_t rows, int64_t columns) {
  int64_t n = rows * columns, chunks = (n + CHUNK - 1) / CHUNK;
  T *partial = malloc(chunks * sizeof *partial), total = 0;
  PARALLEL_FOR for (int64_t c = 0; c < chunks; c++)
      partial[c] = row_squares(x + c * CHUNK, min64(CHUNK, n - c * CHUNK), 0);
  for (int64_t c = 0; c < chunks; c++) total += partial[c];
  *out = total;
  free(partial);
}
