/* Sum of a Gaussian kernel over all pairs: points by coordinates, two rows by two vectors in flight, weights of the
 * padding zero, so that there is no tail. */
#include "vec.h"

void FN(kernel_sum)(const T *x, const T *y, const T *w, T *out, int64_t n, int64_t m) {
  int64_t padded = (m + 2 * W - 1) / (2 * W) * (2 * W);
  T *packed = aligned_alloc(64, 4 * padded * sizeof(T));
  memset(packed, 0, 4 * padded * sizeof(T));
  T *y0 = packed, *y1 = y0 + padded, *y2 = y1 + padded, *weight = y2 + padded;
  for (int64_t j = 0; j < m; j++) y0[j] = y[3 * j], y1[j] = y[3 * j + 1], y2[j] = y[3 * j + 2], weight[j] = w[j];
  PARALLEL_FOR for (int64_t i = 0; i < n; i += 2) {
    const T *p = x + 3 * i, *q = i + 1 < n ? p + 3 : p;
    V a = set1(0), b = a, c = a, d = a, h = set1(-0.5);
#define DISTANCE(r, j)                                                                    \
  ({                                                                                      \
    V d0 = set1(r[0]) - load(y0 + j), d1 = set1(r[1]) - load(y1 + j), d2 = set1(r[2]) - load(y2 + j); \
    fma_(d0, d0, fma_(d1, d1, d2 * d2));                                                  \
  })
    for (int64_t j = 0; j < padded; j += 2 * W) {
      V w0 = load(weight + j), w1 = load(weight + j + W);
      a = fma_(exp_(h * DISTANCE(p, j)), w0, a);
      b = fma_(exp_(h * DISTANCE(q, j)), w0, b);
      c = fma_(exp_(h * DISTANCE(p, (j + W))), w1, c);
      d = fma_(exp_(h * DISTANCE(q, (j + W))), w1, d);
    }
    out[i] = sum_lanes(a + c);
    if (i + 1 < n) out[i + 1] = sum_lanes(b + d);
  }
  free(packed);
}
