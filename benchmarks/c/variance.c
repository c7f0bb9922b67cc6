/* Probe 3: variance in two passes, so that data far from zero keeps its digits. */
#include "common.h"

void hand_variance_rows(const double *restrict x, double *restrict variance, int64_t rows, int64_t columns) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < rows; i++) {
    const double *row = x + i * columns;
    double sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t j = 0; j < columns; j++) sum += row[j];
    double mean = sum / columns;
#pragma omp simd reduction(+ : squares)
    for (int64_t j = 0; j < columns; j++) squares += (row[j] - mean) * (row[j] - mean);
    variance[i] = squares / columns;
  }
}

enum { STRIP = 512, BLOCK = 32 }; /* a block of 32 rows of a strip is 128 kB: it stays in L2 for the second pass */

static inline double square(double d) { return d * d; }

/* sum[j] = the sum over rows of x[i][j], or of its squared distance from center[j] where there is one.  Four rows an
 * update: with one the loop would be bound by the loads and stores of sum. */
static inline void column_sums(const double *restrict x, const double *restrict center, double *restrict sum,
                               int64_t rows, int64_t columns, int64_t width) {
  memset(sum, 0, width * sizeof *sum);
  int64_t i = 0;
  for (; i + 3 < rows; i += 4) {
    const double *r0 = x + i * columns, *r1 = r0 + columns, *r2 = r1 + columns, *r3 = r2 + columns;
    if (center) {
#pragma omp simd
      for (int64_t j = 0; j < width; j++)
        sum[j] += (square(r0[j] - center[j]) + square(r1[j] - center[j])) +
                  (square(r2[j] - center[j]) + square(r3[j] - center[j]));
    } else {
#pragma omp simd
      for (int64_t j = 0; j < width; j++) sum[j] += (r0[j] + r1[j]) + (r2[j] + r3[j]);
    }
  }
  for (; i < rows; i++) {
#pragma omp simd
    for (int64_t j = 0; j < width; j++) sum[j] += center ? square(x[i * columns + j] - center[j]) : x[i * columns + j];
  }
}

/* One strip of columns: blocks of rows in two passes, merged by Chan, Golub & LeVeque's update (1979). */
static void variance_strip(const double *restrict x, double *restrict variance, int64_t rows, int64_t columns,
                           int64_t width) {
  double mean[STRIP] = {0}, squares[STRIP] = {0}, block_mean[STRIP], block_squares[STRIP];
  for (int64_t start = 0; start < rows; start += BLOCK) {
    int64_t end = start + BLOCK < rows ? start + BLOCK : rows, count = end - start;
    column_sums(x + start * columns, NULL, block_mean, count, columns, width);
#pragma omp simd
    for (int64_t j = 0; j < width; j++) block_mean[j] /= count;
    column_sums(x + start * columns, block_mean, block_squares, count, columns, width);
    double fraction = (double)count / end, weight = (double)start * fraction;
#pragma omp simd
    for (int64_t j = 0; j < width; j++) {
      double d = block_mean[j] - mean[j];
      mean[j] += d * fraction;
      squares[j] += block_squares[j] + d * d * weight;
    }
  }
  for (int64_t j = 0; j < width; j++) variance[j] = squares[j] / rows;
}

void hand_variance_columns(const double *restrict x, double *restrict variance, int64_t rows, int64_t columns) {
#pragma omp parallel for schedule(static)
  for (int64_t j = 0; j < columns; j += STRIP) {
    int64_t width = j + STRIP < columns ? STRIP : columns - j;
    variance_strip(x + j, variance + j, rows, columns, width);
  }
}
