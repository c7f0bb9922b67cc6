/* Variance of columns: strips of columns in blocks of rows, two passes over a block that stays in L2, blocks merged by
 * Chan, Golub & LeVeque's update (1979). */
#include "vec.h"

enum { STRIP = 2048, BLOCK = 32 };

static inline V square(V d) { return d * d; }

/* sum[j] = the sum over rows of x[i][j], or of its squared distance from center[j] where there is one.  Four rows an
 * update: with one the loop would be bound by the loads and stores of sum. */
static inline __attribute__((always_inline)) void column_sums(const T *x, const T *center, T *sum, int64_t rows,
                                                              int64_t columns, int64_t width) {
  memset(sum, 0, width * sizeof *sum);
  int64_t i = 0;
  for (; i < rows; i += 4) {
    const T *r0 = x + i * columns, *r1 = r0 + columns, *r2 = r1 + columns, *r3 = r2 + columns;
    int64_t count = rows - i;
    for (int64_t j = 0; j < width; j += W) {
      M k = width - j < W ? tail(width - j) : (M)-1;
      V c = center ? load_mask(k, center + j) : set1(0), s = load_mask(k, sum + j);
#define TERM(r) (center ? square(load_mask(k, r + j) - c) : load_mask(k, r + j))
      if (count >= 4) {
        s += (TERM(r0) + TERM(r1)) + (TERM(r2) + TERM(r3));
      } else {
        s += TERM(r0);
        if (count > 1) s += TERM(r1);
        if (count > 2) s += TERM(r2);
      }
#undef TERM
      store_mask(sum + j, k, s);
    }
  }
}

static void variance_strip(const T *x, T *variance, int64_t rows, int64_t columns, int64_t width) {
  T mean[STRIP] = {0}, squares[STRIP] = {0}, block_mean[STRIP], block_squares[STRIP];
  for (int64_t start = 0; start < rows; start += BLOCK) {
    int64_t end = min64(start + BLOCK, rows), count = end - start;
    column_sums(x + start * columns, NULL, block_mean, count, columns, width);
    for (int64_t j = 0; j < width; j++) block_mean[j] *= (T)1 / count;
    column_sums(x + start * columns, block_mean, block_squares, count, columns, width);
    T fraction = (T)count / end, weight = (T)start * fraction;
    for (int64_t j = 0; j < width; j++) {
      T d = block_mean[j] - mean[j];
      mean[j] += d * fraction;
      squares[j] += block_squares[j] + d * d * weight;
    }
  }
  for (int64_t j = 0; j < width; j++) variance[j] = squares[j] / rows;
}

void FN(variance_columns)(const T *x, T *variance, int64_t rows, int64_t columns) {
  PARALLEL_FOR for (int64_t j = 0; j < columns; j += STRIP)
      variance_strip(x + j, variance + j, rows, columns, min64(STRIP, columns - j));
}
