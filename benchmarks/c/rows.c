/* Kernels over rows: a row stays in L1 or L2, so passes over it are nearly free. */
#include "vec.h"

static inline void softmax_row(const T *x, T *p, int64_t n) {
  row_scale(p, n, 1 / row_exp(x, p, n, row_max(x, n)));
}

void FN(softmax)(const T *x, T *p, int64_t rows, int64_t columns) {
  if (rows * columns < 4096) { /* not worth waking threads */
    for (int64_t i = 0; i < rows; i++) softmax_row(x + i * columns, p + i * columns, columns);
    return;
  }
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) softmax_row(x + i * columns, p + i * columns, columns);
}

void FN(softmax_gradient)(const T *x, const T *slope, T *p, T *gradient, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) {
    const T *s = slope + i * columns;
    T *w = p + i * columns, *g = gradient + i * columns;
    softmax_row(x + i * columns, w, columns);
    V dot = set1(row_dot(s, w, columns));
    int64_t j = 0;
    for (; j + W <= columns; j += W) store(g + j, load(w + j) * (load(s + j) - dot));
    if (j < columns) {
      M m = tail(columns - j);
      store_mask(g + j, m, load_mask(m, w + j) * (load_mask(m, s + j) - dot));
    }
  }
}

void FN(logsumexp)(const T *x, T *out, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) {
    T m = row_max(x + i * columns, columns);
    m = isfinite(m) ? m : 0;
    out[i] = m + (T)log((double)row_exp(x + i * columns, NULL, columns, m));
  }
}

/* The sum of a row while the one after next is fetched: rows come from memory. */
static inline T row_sum_ahead(const T *x, int64_t n) {
  V a = set1(0), b = a, c = a, d = a;
  int64_t j = 0;
  for (; j + 4 * W <= n; j += 4 * W) {
    a += load(x + j), b += load(x + j + W), c += load(x + j + 2 * W), d += load(x + j + 3 * W);
    __builtin_prefetch(x + n + j), __builtin_prefetch(x + n + j + W);
    __builtin_prefetch(x + n + j + 2 * W), __builtin_prefetch(x + n + j + 3 * W);
  }
  for (; j + W <= n; j += W) a += load(x + j);
  if (j < n) b += load_mask(tail(n - j), x + j);
  return sum_lanes((a + b) + (c + d));
}

void FN(layer_norm)(const T *x, const T *g, const T *b, T *out, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) {
    const T *row = x + i * columns;
    T *y = out + i * columns, mean = row_sum_ahead(row, columns) / columns;
    V m = set1(mean), s = set1(1 / sqrt(row_squares(row, columns, mean) / columns + 1e-5));
    int64_t j = 0;
    for (; j + W <= columns; j += W) store(y + j, fma_((load(row + j) - m) * s, load(g + j), load(b + j)));
    if (j < columns) {
      M k = tail(columns - j);
      store_mask(y + j, k, fma_((load_mask(k, row + j) - m) * s, load_mask(k, g + j), load_mask(k, b + j)));
    }
  }
}

void FN(variance_rows)(const T *x, T *out, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) {
    const T *row = x + i * columns;
    T mean = row_sum_ahead(row, columns) / columns;
    out[i] = row_squares(row, columns, mean) / columns;
  }
}

/* Mean loss and gradient: exp is kept in the gradient and scaled, three passes over a row. */
void FN(cross_entropy)(const T *x, const int64_t *t, T *loss, T *gradient, int64_t rows, int64_t columns) {
  double *losses = malloc(rows * sizeof *losses), total = 0;
  PARALLEL_FOR for (int64_t i = 0; i < rows; i++) {
    const T *row = x + i * columns;
    T *g = gradient + i * columns, m = row_max(row, columns), sum = row_exp(row, g, columns, m);
    losses[i] = log((double)sum) + m - row[t[i]];
    row_scale(g, columns, 1 / (sum * (T)rows));
    g[t[i]] -= (T)1 / rows;
  }
  for (int64_t i = 0; i < rows; i++) total += losses[i];
  *loss = total / rows;
  free(losses);
}
