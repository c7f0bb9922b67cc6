/* out = x.T + y: tiles of W columns of x read as rows, transposed through registers. */
#include "vec.h"

enum { TILE = 32, SPAN = 256 };

#ifdef SINGLE
static inline void transpose(V r[W]) {
  V t[W];
  for (int i = 0; i < 16; i += 2) t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]), t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_shuffle_ps(t[i], t[i + 2], 0x44), r[i + 1] = _mm512_shuffle_ps(t[i], t[i + 2], 0xee);
    r[i + 2] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0x44), r[i + 3] = _mm512_shuffle_ps(t[i + 1], t[i + 3], 0xee);
  }
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88), t[i + 4] = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
  }
  for (int i = 0; i < 8; i++) {
    r[i] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0x88), r[i + 8] = _mm512_shuffle_f32x4(t[i], t[i + 8], 0xdd);
  }
}
#else
static inline void transpose(V r[W]) {
  V t[W];
  for (int i = 0; i < 8; i += 2) t[i] = _mm512_unpacklo_pd(r[i], r[i + 1]), t[i + 1] = _mm512_unpackhi_pd(r[i], r[i + 1]);
  for (int i = 0; i < 2; i++) {
    r[i] = _mm512_shuffle_f64x2(t[i], t[i + 2], 0x88), r[i + 2] = _mm512_shuffle_f64x2(t[i], t[i + 2], 0xdd);
    r[i + 4] = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0x88), r[i + 6] = _mm512_shuffle_f64x2(t[i + 4], t[i + 6], 0xdd);
  }
  for (int i = 0; i < 4; i++)
    t[i] = _mm512_shuffle_f64x2(r[i], r[i + 4], 0x88), t[i + 4] = _mm512_shuffle_f64x2(r[i], r[i + 4], 0xdd);
  memcpy(r, t, sizeof t);
}
#endif

/* x is m x n in memory (columns of the result), y and out are n x m. */
void FN(transposed_sum)(const T *x, const T *y, T *out, int64_t m, int64_t n) {
  int stream = m * n * (int64_t)sizeof(T) > (32 << 20) && (uintptr_t)out % 64 == 0 && m % W == 0;
  PARALLEL_FOR for (int64_t i0 = 0; i0 < n; i0 += TILE) for (int64_t j0 = 0; j0 < m; j0 += SPAN) {
    int64_t i1 = min64(i0 + TILE, n), j1 = min64(j0 + SPAN, m);
    for (int64_t j = j0; j < j1; j += W) {
      for (int64_t k = 0; k < W && j + SPAN + k < m; k++) __builtin_prefetch(x + (j + SPAN + k) * n + i0);
      for (int64_t i = i0; i < i1; i += W) {
        if (i + W > n || j + W > m) {
          for (int64_t a = i; a < min64(i + W, n); a++)
            for (int64_t b = j; b < min64(j + W, m); b++) out[a * m + b] = x[b * n + a] + y[a * m + b];
          continue;
        }
        V r[W];
        for (int k = 0; k < W; k++) r[k] = load(x + (j + k) * n + i);
        transpose(r);
        for (int k = 0; k < W; k++) {
          V v = r[k] + load(y + (i + k) * m + j);
          if (stream)
            MM(stream)(out + (i + k) * m + j, v);
          else
            store(out + (i + k) * m + j, v);
        }
      }
    }
  }
  _mm_sfence();
}
