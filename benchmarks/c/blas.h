/* The matrix routines of whichever library was given to hand_set_blas. */
#ifndef BLAS_H
#define BLAS_H
#include "vec.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };
typedef void (*gemm_function)(int, int, int, int, int, int, T, const T *, int, const T *, int, T, T *, int);
typedef void (*factor_function)(const char *, const int *, T *, const int *, int *);
extern gemm_function FN(gemm);
extern factor_function FN(potrf), FN(potri);
#define gemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc) \
  FN(gemm)(ROW_MAJOR, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)

static inline T *scratch(int64_t count) { return aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64); }
#endif
