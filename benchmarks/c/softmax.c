/* Probe 2: the softmax of each row, and its gradient contracted with `weights`.  A row stays in cache, so passes over
 * it are nearly free; exp is computed once and kept in the output. */
#include "common.h"

static inline void softmax_row(const double *restrict x, double *restrict p, int64_t n) {
  double scale = 1.0 / row_exp(x, p, n, row_max(x, n));
#pragma omp simd
  for (int64_t j = 0; j < n; j++) p[j] *= scale;
}

void hand_softmax(const double *restrict x, double *restrict p, int64_t rows, int64_t columns) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < rows; i++) softmax_row(x + i * columns, p + i * columns, columns);
}

void hand_softmax_gradient(const double *restrict x, const double *restrict weights, double *restrict p,
                           double *restrict gradient, int64_t rows, int64_t columns) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < rows; i++) {
    const double *w = weights + i * columns;
    double *row = p + i * columns, *g = gradient + i * columns;
    softmax_row(x + i * columns, row, columns);
    double dot = row_dot(row, w, columns);
#pragma omp simd
    for (int64_t j = 0; j < columns; j++) g[j] = row[j] * (w[j] - dot);
  }
}
