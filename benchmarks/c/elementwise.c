/* Probe 1: x + 1, and the chain of twelve operations with two outputs. */
#include "common.h"

void hand_plus_one(const double *restrict x, double *restrict y, int64_t n) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) y[i] = x[i] + 1.0;
}

void hand_chain(const double *restrict a, const double *restrict b, const double *restrict c, double *restrict p_out,
                double *restrict q_out, int64_t n) {
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < n; i++) {
    double u = a[i] * b[i] + c[i];
    double v = u / (1.0 + fabs(u));
    double p = exp(-v) * a[i] - 0.25 * b[i] + c[i];
    p_out[i] = p;
    q_out[i] = (p > v) | (p != p) ? p : v; /* keeps NaN, as numpy.maximum does */
  }
}
