#include "blas.h"

gemm_function FN(gemm);
factor_function FN(potrf), FN(potri);

void FN(set_blas)(void *gemm_, void *potrf, void *potri) {
  FN(gemm) = (gemm_function)gemm_;
  FN(potrf) = (factor_function)potrf;
  FN(potri) = (factor_function)potri;
}
