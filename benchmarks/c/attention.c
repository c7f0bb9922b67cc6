/* Attention, one head a task; the products are a library's on one thread, the softmax works on rows in cache. */
#include "blas.h"

enum { QUERIES = 128 }; /* rows of scores at a time */

static void forward_head(const T *q, const T *k, const T *v, T *out, T *scores, int64_t queries, int64_t keys,
                         int64_t width) {
  T scale = 1 / sqrt((double)width);
  for (int64_t start = 0; start < queries; start += QUERIES) {
    int64_t count = min64(QUERIES, queries - start);
    T inverse[QUERIES];
    gemm(PLAIN, TRANSPOSED, count, keys, width, scale, q + start * width, width, k, width, 0, scores, keys);
    for (int64_t i = 0; i < count; i++) {
      T *row = scores + i * keys;
      inverse[i] = 1 / row_exp(row, row, keys, row_max(row, keys));
    }
    gemm(PLAIN, PLAIN, count, width, keys, 1, scores, keys, v, width, 0, out + start * width, width);
    for (int64_t i = 0; i < count; i++) row_scale(out + (start + i) * width, width, inverse[i]);
  }
}

void FN(attention)(const T *q, const T *k, const T *v, T *out, int64_t heads, int64_t queries, int64_t keys,
                   int64_t width) {
#pragma omp parallel
  {
    T *scores = scratch(QUERIES * keys);
#pragma omp for schedule(static)
    for (int64_t h = 0; h < heads; h++)
      forward_head(q + h * queries * width, k + h * keys * width, v + h * keys * width, out + h * queries * width,
                   scores, queries, keys, width);
    free(scores);
  }
}

/* Value and gradient of one head: P is kept whole, dP becomes dS in place. */
static void gradient_head(const T *q, const T *k, const T *v, const T *slope, T *out, T *dq, T *dk, T *dv, T *p, T *ds,
                          int64_t queries, int64_t keys, int64_t width) {
  T scale = 1 / sqrt((double)width);
  gemm(PLAIN, TRANSPOSED, queries, keys, width, scale, q, width, k, width, 0, p, keys);
  for (int64_t i = 0; i < queries; i++) {
    T *row = p + i * keys;
    row_scale(row, keys, 1 / row_exp(row, row, keys, row_max(row, keys)));
  }
  gemm(PLAIN, PLAIN, queries, width, keys, 1, p, keys, v, width, 0, out, width);
  gemm(TRANSPOSED, PLAIN, keys, width, queries, 1, p, keys, slope, width, 0, dv, width);
  gemm(PLAIN, TRANSPOSED, queries, keys, width, 1, slope, width, v, width, 0, ds, keys);
  for (int64_t i = 0; i < queries; i++) {
    T *row = ds + i * keys;
    const T *w = p + i * keys;
    V dot = set1(row_dot(row, w, keys));
    for (int64_t j = 0; j < keys; j += W) {
      M m = keys - j < W ? tail(keys - j) : (M)-1;
      store_mask(row + j, m, load_mask(m, w + j) * (load_mask(m, row + j) - dot));
    }
  }
  gemm(PLAIN, PLAIN, queries, width, keys, scale, ds, keys, k, width, 0, dq, width);
  gemm(TRANSPOSED, PLAIN, keys, width, queries, scale, ds, keys, q, width, 0, dk, width);
}

void FN(attention_gradient)(const T *q, const T *k, const T *v, const T *slope, T *out, T *dq, T *dk, T *dv,
                            int64_t heads, int64_t queries, int64_t keys, int64_t width) {
#pragma omp parallel
  {
    T *p = scratch(2 * queries * keys);
#pragma omp for schedule(static)
    for (int64_t h = 0; h < heads; h++) {
      int64_t x = h * queries * width, y = h * keys * width;
      gradient_head(q + x, k + y, v + y, slope + x, out + x, dq + x, dk + y, dv + y, p, p + queries * keys, queries,
                    keys, width);
    }
    free(p);
  }
}
