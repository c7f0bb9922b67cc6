/* Probe 7: attention, one head a task; the products are OpenBLAS on one thread, the softmax works on rows in cache. */
#include "common.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
typedef void (*dgemm_function)(int, int, int, int, int, int, double, const double *, int, const double *, int, double,
                               double *, int);
static dgemm_function dgemm;

void hand_set_dgemm(void *function) { dgemm = (dgemm_function)function; }

enum { QUERIES = 64 }; /* rows of scores at a time: 64 x 256 doubles are 128 kB */

static void forward_head(const double *q, const double *k, const double *v, double *out, double *scores,
                         int64_t queries, int64_t keys, int64_t width) {
  double scale = 1.0 / sqrt((double)width);
  for (int64_t start = 0; start < queries; start += QUERIES) {
    int64_t count = start + QUERIES < queries ? QUERIES : queries - start;
    double inverse[QUERIES];
    dgemm(ROW_MAJOR, PLAIN, TRANSPOSED, count, keys, width, scale, q + start * width, width, k, width, 0.0, scores,
          keys);
    for (int64_t i = 0; i < count; i++) {
      double *row = scores + i * keys;
      inverse[i] = 1.0 / row_exp(row, row, keys, row_max(row, keys));
    }
    dgemm(ROW_MAJOR, PLAIN, PLAIN, count, width, keys, 1.0, scores, keys, v, width, 0.0, out + start * width, width);
    for (int64_t i = 0; i < count; i++) {
#pragma omp simd
      for (int64_t j = 0; j < width; j++) out[(start + i) * width + j] *= inverse[i];
    }
  }
}

void hand_attention(const double *q, const double *k, const double *v, double *out, int64_t heads, int64_t queries,
                    int64_t keys, int64_t width) {
#pragma omp parallel
  {
    double *scores = aligned_alloc(64, (QUERIES * keys * sizeof(double) + 63) / 64 * 64);
#pragma omp for schedule(static)
    for (int64_t h = 0; h < heads; h++)
      forward_head(q + h * queries * width, k + h * keys * width, v + h * keys * width, out + h * queries * width,
                   scores, queries, keys, width);
    free(scores);
  }
}

/* Value and gradient of one head: P is kept whole (256 x 256 doubles are 512 kB), dP becomes dS in place. */
static void gradient_head(const double *q, const double *k, const double *v, const double *slope, double *out,
                          double *dq, double *dk, double *dv, double *p, double *ds, int64_t queries, int64_t keys,
                          int64_t width) {
  double scale = 1.0 / sqrt((double)width);
  dgemm(ROW_MAJOR, PLAIN, TRANSPOSED, queries, keys, width, scale, q, width, k, width, 0.0, p, keys);
  for (int64_t i = 0; i < queries; i++) {
    double *row = p + i * keys, inverse = 1.0 / row_exp(row, row, keys, row_max(row, keys));
#pragma omp simd
    for (int64_t j = 0; j < keys; j++) row[j] *= inverse;
  }
  dgemm(ROW_MAJOR, PLAIN, PLAIN, queries, width, keys, 1.0, p, keys, v, width, 0.0, out, width);
  dgemm(ROW_MAJOR, TRANSPOSED, PLAIN, keys, width, queries, 1.0, p, keys, slope, width, 0.0, dv, width);
  dgemm(ROW_MAJOR, PLAIN, TRANSPOSED, queries, keys, width, 1.0, slope, width, v, width, 0.0, ds, keys);
  for (int64_t i = 0; i < queries; i++) {
    double *row = ds + i * keys, dot = row_dot(row, p + i * keys, keys);
#pragma omp simd
    for (int64_t j = 0; j < keys; j++) row[j] = p[i * keys + j] * (row[j] - dot);
  }
  dgemm(ROW_MAJOR, PLAIN, PLAIN, queries, width, keys, scale, ds, keys, k, width, 0.0, dq, width);
  dgemm(ROW_MAJOR, TRANSPOSED, PLAIN, keys, width, queries, scale, ds, keys, q, width, 0.0, dk, width);
}

void hand_attention_gradient(const double *q, const double *k, const double *v, const double *slope, double *out,
                             double *dq, double *dk, double *dv, int64_t heads, int64_t queries, int64_t keys,
                             int64_t width) {
#pragma omp parallel
  {
    double *scratch = aligned_alloc(64, (2 * queries * keys * sizeof(double) + 63) / 64 * 64);
#pragma omp for schedule(static)
    for (int64_t h = 0; h < heads; h++) {
      int64_t x = h * queries * width, y = h * keys * width;
      gradient_head(q + x, k + y, v + y, slope + x, out + x, dq + x, dk + y, dv + y, scratch, scratch + queries * keys,
                    queries, keys, width);
    }
    free(scratch);
  }
}
