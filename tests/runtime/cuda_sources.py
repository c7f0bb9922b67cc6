"""CUDA kernels that the tests of several devices compile."""

from __future__ import annotations

ELEMENTWISE = """
extern "C" __global__ void scale(const float *x, float *y, float a, long long n) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = fmaf(a, x[i], expf(0.0f));
}
"""
TREE = """
extern "C" __global__ void tree(const double *__restrict__ x, double *partial, long long n) {
  __shared__ double part[256];
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  part[threadIdx.x] = i < n ? x[i] : 0.0;
  __syncthreads();
  for (unsigned s = blockDim.x / 2; s > 0; s /= 2) {
    if (threadIdx.x < s) part[threadIdx.x] += part[threadIdx.x + s];
    __syncthreads();
  }
  if (threadIdx.x == 0) partial[blockIdx.x] = part[0];
}
"""
SHUFFLE = """
__device__ __forceinline__ double warp_sum(double v) {
  for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
  return v;
}
extern "C" __global__ void __launch_bounds__(256) shuffled(const double *x, double *total, long long n) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  double v = warp_sum(i < n ? x[i] : 0.0);
  if (threadIdx.x % 32 == 0) atomicAdd(total, v);
}
"""
DIVERGENT = """
extern "C" __global__ void diverge(int *x) { if (threadIdx.x < 5) __syncthreads(); x[threadIdx.x] = 1; }
extern "C" __global__ void two_places(int *x) { if (threadIdx.x < 5) __syncthreads(); else __syncthreads(); }
extern "C" __global__ void uneven(int *x) { for (int i = 0; i < (int)threadIdx.x; i++) __syncthreads(); }
extern "C" __global__ void lonely(int *x) { if (threadIdx.x != 7) x[threadIdx.x] = __shfl_xor_sync(~0u, 1, 1); }
extern "C" __global__ void absent(int *x) { if (threadIdx.x < 4) x[0] = __shfl_sync(0xfu, 1, 9); }
extern "C" __global__ void outside(int *x) { __syncwarp(0xfu); }
"""
KERNELS = ELEMENTWISE + TREE + SHUFFLE
