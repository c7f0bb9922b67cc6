/* What the processor can do at most: loops that only read, only write, copy, or only multiply and add.
 *
 * WIDTH is the number of bytes of a vector register.  Each function does its work `times` over; the empty assembler
 * statements keep the compiler from doing it once.  Results are returned so that they count as used.
 */
typedef __INT64_TYPE__ int64_t;
typedef double f64 __attribute__((vector_size(WIDTH), aligned(8)));
typedef float f32 __attribute__((vector_size(WIDTH), aligned(4)));
enum { LANES = WIDTH / 8, SUMS = 8, CHAINS = 10 };

double st_read(const double *x, double *y, int64_t count, int64_t times) {
  f64 sum[SUMS] = {0};
  (void)y;
  for (int64_t t = 0; t < times; t++) {
    __asm__ volatile("" ::: "memory");
    for (int64_t i = 0; i + SUMS * LANES <= count; i += SUMS * LANES) {
#pragma GCC unroll 8
      for (int k = 0; k < SUMS; k++) sum[k] += *(const f64 *)(x + i + k * LANES);
    }
  }
  f64 all = sum[0];
  for (int k = 1; k < SUMS; k++) all += sum[k];
  return all[0];
}

double st_write(const double *x, double *y, int64_t count, int64_t times) {
  const f64 value = {x[0]};
  for (int64_t t = 0; t < times; t++) {
    __asm__ volatile("" ::: "memory");
    for (int64_t i = 0; i + SUMS * LANES <= count; i += SUMS * LANES) {
#pragma GCC unroll 8
      for (int k = 0; k < SUMS; k++) *(f64 *)(y + i + k * LANES) = value;
    }
  }
  return y[0];
}

/* Half of the elements go to the other half; scaled, so that the compiler makes no call of memcpy of it. */
double st_copy(const double *x, double *y, int64_t count, int64_t times) {
  for (int64_t t = 0; t < times; t++) {
    __asm__ volatile("" ::: "memory");
    for (int64_t i = 0; i + SUMS * LANES <= count / 2; i += SUMS * LANES) {
#pragma GCC unroll 8
      for (int k = 0; k < SUMS; k++) *(f64 *)(y + i + k * LANES) = *(const f64 *)(x + i + k * LANES) * 0.5;
    }
  }
  return y[0];
}

/* CHAINS independent chains of one multiply-add after the other, which -ffp-contract=fast makes one instruction each. */
#define CHAINS_OF(name, vector, scalar)                          \
  double name(int64_t times) {                                   \
    vector sum[CHAINS] = {0};                                    \
    vector factor = {(scalar)0.5}, term = {(scalar)1};           \
    __asm__ volatile("" : "+m"(factor), "+m"(term));             \
    for (int64_t t = 0; t < times; t++) {                        \
      _Pragma("GCC unroll 10") for (int k = 0; k < CHAINS; k++)  \
        sum[k] = sum[k] * factor + term;                         \
    }                                                            \
    vector all = sum[0];                                         \
    for (int k = 1; k < CHAINS; k++) all += sum[k];              \
    return (double)all[0];                                       \
  }
CHAINS_OF(st_double, f64, double)
CHAINS_OF(st_single, f32, float)
