/* Embedding bag, dense layer, sparse update.  Every thread scans all ids and updates only the words that it owns: the
 * order of additions is kept without atomics. */
#include "blas.h"

enum { HEAD = 8, AHEAD = 24 }; /* vectors of a row kept in registers; ids whose rows are fetched early */
static const T RATE = (T)0.01f;

static void mean_rows(const int64_t *ids, const T *table, T *out, int64_t words, int64_t width) {
  for (int64_t j = 0; j < width; j += HEAD * W) {
    V sum[HEAD];
    for (int k = 0; k < HEAD; k++) sum[k] = set1(0);
    for (int64_t i = 0; i < words; i++)
      for (int k = 0; k < HEAD; k++) {
        int64_t left = width - j - k * W;
        if (left > 0) sum[k] += load_mask(left < W ? tail(left) : (M)-1, table + ids[i] * width + j + k * W);
      }
    for (int k = 0; k < HEAD; k++) {
      int64_t left = width - j - k * W;
      if (left > 0) store_mask(out + j + k * W, left < W ? tail(left) : (M)-1, sum[k] * set1(1.0 / words));
    }
  }
}

void FN(embedding)(const int64_t *ids, const int64_t *t, T *table, T *w, T *b, T *loss, int64_t batch, int64_t words,
                   int64_t width, int64_t classes, int64_t vocabulary) {
  (void)vocabulary;
  T *pooled = scratch(batch * (2 * width + classes)), *d_pooled = pooled + batch * width, *z = d_pooled + batch * width;
  PARALLEL_FOR for (int64_t i = 0; i < batch; i++)
      mean_rows(ids + i * words, table, pooled + i * width, words, width);
  gemm(PLAIN, PLAIN, batch, classes, width, 1, pooled, width, w, classes, 0, z, classes);
  double total = 0;
  for (int64_t i = 0; i < batch; i++) {
    T *row = z + i * classes;
    for (int64_t c = 0; c < classes; c++) row[c] += b[c];
    T label = row[t[i]], m = row_max(row, classes), sum = row_exp(row, row, classes, m);
    total += log((double)sum) + m - label;
    row_scale(row, classes, 1 / (sum * (T)batch));
    row[t[i]] -= (T)1 / batch;
  }
  *loss = total / batch;
  gemm(PLAIN, TRANSPOSED, batch, width, classes, -RATE / (T)words, z, classes, w, classes, 0, d_pooled, width);
  gemm(TRANSPOSED, PLAIN, width, classes, batch, -RATE, pooled, width, z, classes, 1, w, classes);
  for (int64_t c = 0; c < classes; c++) {
    T sum = 0;
    for (int64_t i = 0; i < batch; i++) sum += z[i * classes + c];
    b[c] -= RATE * sum;
  }
#pragma omp parallel
  {
    int64_t me = omp_get_thread_num(), count = omp_get_num_threads(), all = batch * words;
    for (int64_t i = 0; i < all; i++) {
      if (i + AHEAD < all && ids[i + AHEAD] % count == me)
        for (int64_t j = 0; j < width; j += 64 / sizeof(T)) __builtin_prefetch(table + ids[i + AHEAD] * width + j, 1);
      if (ids[i] % count != me) continue;
      T *row = table + ids[i] * width;
      const T *d = d_pooled + i / words * width;
      for (int64_t j = 0; j < width; j++) row[j] += d[j];
    }
  }
  free(pooled);
}
