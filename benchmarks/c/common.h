/* What the hand-written kernels share.  Strict semantics: no -ffast-math, no contraction into fma. */
#ifndef COMMON_H
#define COMMON_H

#include <math.h>
#include <omp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* With this attribute gcc's vectoriser calls libmvec, also without -ffast-math. */
extern __attribute__((simd("notinbranch"), const)) double exp(double);

static inline double row_max(const double *restrict x, int64_t n) {
  double m = -INFINITY;
#pragma omp simd reduction(max : m)
  for (int64_t j = 0; j < n; j++) m = x[j] > m ? x[j] : m;
  return m;
}

/* y = exp(x - shift); returns the sum of y.  x and y may be the same row. */
static inline double row_exp(const double *x, double *y, int64_t n, double shift) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; j++) {
    double e = exp(x[j] - shift);
    y[j] = e;
    sum += e;
  }
  return sum;
}

static inline double row_dot(const double *restrict x, const double *restrict y, int64_t n) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (int64_t j = 0; j < n; j++) sum += x[j] * y[j];
  return sum;
}

#endif
