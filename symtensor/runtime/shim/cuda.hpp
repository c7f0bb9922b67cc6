// The vocabulary of CUDA C for the host compiler: keywords, warp operations, atomics, mathematics.  Part 3 of the shim.
//
// Only what a GPU has: a function that is missing here, or a signature that CUDA lacks, must fail on both.

#define __global__
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))
#ifdef __ELF__
#define __shared__ static __attribute__((section("st_shared")))
#else
#define __shared__ static
#endif

// A barrier is known by its place in the source: the compiler may have copied the call, but not the number.
#define __syncthreads() ((void)st_shim::barrier(__COUNTER__, 0))
#define __syncthreads_count(p) ((int)st_shim::barrier(__COUNTER__, (p) != 0))
#define __syncthreads_or(p) ((int)(st_shim::barrier(__COUNTER__, (p) != 0) != 0))
#define __syncthreads_and(p) ((int)(st_shim::barrier(__COUNTER__, (p) != 0) == blockDim.x))
#define __syncwarp(...) st_shim::sync_warp(__COUNTER__, ##__VA_ARGS__)
#define __shfl_sync(...) st_shim::shuffle(__COUNTER__, st_shim::from_index, __VA_ARGS__)
#define __shfl_up_sync(...) st_shim::shuffle(__COUNTER__, st_shim::from_below, __VA_ARGS__)
#define __shfl_down_sync(...) st_shim::shuffle(__COUNTER__, st_shim::from_above, __VA_ARGS__)
#define __shfl_xor_sync(...) st_shim::shuffle(__COUNTER__, st_shim::from_xor, __VA_ARGS__)
#define __ballot_sync(mask, p) (st_shim::ballot(__COUNTER__, mask, (p) != 0))
#define __any_sync(mask, p) ((int)(st_shim::ballot(__COUNTER__, mask, (p) != 0) != 0))
#define __all_sync(mask, p) ((int)(st_shim::ballot(__COUNTER__, mask, (p) != 0) == (unsigned)(mask)))
#define __threadfence() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define __threadfence_block() __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define __threadfence_system() __atomic_thread_fence(__ATOMIC_SEQ_CST)

namespace st_shim {

static inline unsigned lane() { return threadIdx.x % WARP; }

static inline void sync_warp(int site, unsigned mask = 0xffffffffu) { (void)meet(site, mask, 0, lane()); }

static inline unsigned ballot(int site, unsigned mask, bool p) { return meet(site, mask, p, lane()).ballot; }

// Which lane a lane reads, within segments of `width` lanes; beyond its segment it reads itself.
typedef unsigned Source(unsigned lane, unsigned by, unsigned width);
static inline unsigned from_index(unsigned lane, unsigned by, unsigned width) {
  return (lane & ~(width - 1)) | (by & (width - 1));
}
static inline unsigned from_below(unsigned lane, unsigned by, unsigned width) {
  return (lane & (width - 1)) >= by ? lane - by : lane;
}
static inline unsigned from_above(unsigned lane, unsigned by, unsigned width) {
  return (lane & (width - 1)) + by < width ? lane + by : lane;
}
static inline unsigned from_xor(unsigned lane, unsigned by, unsigned width) {
  unsigned other = lane ^ by;
  return other < (lane & ~(width - 1)) + width ? other : lane;
}

template <class T>
static inline T shuffle(int site, Source *source, unsigned mask, T value, unsigned by, int width = WARP) {
  static_assert(sizeof(T) <= 8, "a shuffle moves at most 8 bytes");
  unsigned long long bits = 0;
  __builtin_memcpy(&bits, &value, sizeof(T));
  bits = meet(site, mask, bits, source(lane(), by, (unsigned)width)).value;
  __builtin_memcpy(&value, &bits, sizeof(T));
  return value;
}

template <class To, class From>
static inline To same_bits(From value) {
  static_assert(sizeof(To) == sizeof(From), "sizes differ");
  To result;
  __builtin_memcpy(&result, &value, sizeof(To));
  return result;
}

// Read, change, write, as one step; returns what was there before.
template <class T, class F>
static inline T update(T *address, F change) {
  T before;
  __atomic_load(address, &before, __ATOMIC_RELAXED);
  for (;;) {
    T after = change(before);
    if (__atomic_compare_exchange(address, &before, &after, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) return before;
  }
}

}  // namespace st_shim

extern "C" double j0(double), j1(double), y0(double), y1(double);  // no builtins of clang's

namespace st_user {  // the kernels' own namespace: names of the C library are free for them

#define ST_FN static inline __attribute__((unused))

// ---- atomics -----------------------------------------------------------------------------------------------------
#define ST_ATOMIC(name, T, expression) \
  ST_FN T name(T *address, T operand) { \
    return st_shim::update(address, [operand](T old) -> T { return expression; }); \
  }
#define ST_ATOMIC_32(name, expression) ST_ATOMIC(name, int, expression) ST_ATOMIC(name, unsigned, expression)
#define ST_ATOMIC_ALL(name, expression) ST_ATOMIC_32(name, expression) ST_ATOMIC(name, unsigned long long, expression)
ST_ATOMIC_ALL(atomicAdd, old + operand)
ST_ATOMIC(atomicAdd, float, old + operand)
ST_ATOMIC(atomicAdd, double, old + operand)
ST_ATOMIC_32(atomicSub, old - operand)
ST_ATOMIC_ALL(atomicMin, old < operand ? old : operand)
ST_ATOMIC(atomicMin, long long, old < operand ? old : operand)
ST_ATOMIC_ALL(atomicMax, old > operand ? old : operand)
ST_ATOMIC(atomicMax, long long, old > operand ? old : operand)
ST_ATOMIC_ALL(atomicAnd, old & operand)
ST_ATOMIC_ALL(atomicOr, old | operand)
ST_ATOMIC_ALL(atomicXor, old ^ operand)
ST_ATOMIC_ALL(atomicExch, ((void)old, operand))
ST_ATOMIC(atomicExch, float, ((void)old, operand))
#define ST_CAS(T) \
  ST_FN T atomicCAS(T *address, T expected, T desired) { \
    __atomic_compare_exchange(address, &expected, &desired, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED); \
    return expected; \
  }
ST_CAS(int) ST_CAS(unsigned) ST_CAS(unsigned long long) ST_CAS(unsigned short)

// ---- mathematics: each function of C for double, float, and with the suffix f --------------------------------------
#define ST_MATH1(name) \
  ST_FN double name(double x) { return __builtin_##name(x); } \
  ST_FN float name(float x) { return __builtin_##name##f(x); } \
  ST_FN float name##f(float x) { return __builtin_##name##f(x); }
#define ST_MATH2(name) \
  ST_FN double name(double x, double y) { return __builtin_##name(x, y); } \
  ST_FN float name(float x, float y) { return __builtin_##name##f(x, y); } \
  ST_FN float name##f(float x, float y) { return __builtin_##name##f(x, y); }
#define ST_BESSEL(name) \
  ST_FN double name(double x) { return ::name(x); } \
  ST_FN float name(float x) { return (float)::name((double)x); } \
  ST_FN float name##f(float x) { return (float)::name((double)x); }
ST_MATH1(exp) ST_MATH1(exp2) ST_MATH1(exp10) ST_MATH1(expm1) ST_MATH1(log) ST_MATH1(log2) ST_MATH1(log10)
ST_MATH1(log1p) ST_MATH1(logb) ST_MATH1(sin) ST_MATH1(cos) ST_MATH1(tan) ST_MATH1(asin) ST_MATH1(acos) ST_MATH1(atan)
ST_MATH1(sinh) ST_MATH1(cosh) ST_MATH1(tanh) ST_MATH1(asinh) ST_MATH1(acosh) ST_MATH1(atanh) ST_MATH1(erf)
ST_MATH1(erfc) ST_MATH1(lgamma) ST_MATH1(tgamma) ST_MATH1(sqrt) ST_MATH1(cbrt)
ST_BESSEL(j0) ST_BESSEL(j1) ST_BESSEL(y0) ST_BESSEL(y1)
ST_MATH1(fabs) ST_MATH1(floor) ST_MATH1(ceil) ST_MATH1(trunc) ST_MATH1(round) ST_MATH1(rint)
ST_MATH1(nearbyint) ST_MATH2(pow) ST_MATH2(atan2) ST_MATH2(hypot) ST_MATH2(fmod) ST_MATH2(remainder)
ST_MATH2(copysign) ST_MATH2(nextafter) ST_MATH2(fdim) ST_MATH2(fmin) ST_MATH2(fmax)
ST_FN double fma(double x, double y, double z) { return __builtin_fma(x, y, z); }
ST_FN float fma(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
ST_FN float fmaf(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
ST_FN double ldexp(double x, int n) { return __builtin_ldexp(x, n); }
ST_FN float ldexp(float x, int n) { return __builtin_ldexpf(x, n); }
ST_FN float ldexpf(float x, int n) { return __builtin_ldexpf(x, n); }
ST_FN double frexp(double x, int *n) { return __builtin_frexp(x, n); }
ST_FN float frexp(float x, int *n) { return __builtin_frexpf(x, n); }
ST_FN float frexpf(float x, int *n) { return __builtin_frexpf(x, n); }
ST_FN double rsqrt(double x) { return 1 / __builtin_sqrt(x); }
ST_FN float rsqrt(float x) { return (float)(1 / __builtin_sqrt((double)x)); }
ST_FN float rsqrtf(float x) { return rsqrt(x); }
ST_FN double rcbrt(double x) { return 1 / __builtin_cbrt(x); }
ST_FN float rcbrtf(float x) { return (float)(1 / __builtin_cbrt((double)x)); }
#define ST_CLASSIFY(name, builtin) \
  ST_FN bool name(double x) { return builtin(x) != 0; } \
  ST_FN bool name(float x) { return builtin(x) != 0; }
ST_CLASSIFY(isnan, __builtin_isnan) ST_CLASSIFY(isinf, __builtin_isinf) ST_CLASSIFY(isfinite, __builtin_isfinite)
ST_CLASSIFY(signbit, __builtin_signbit)
#define ST_MIN_MAX(T) \
  ST_FN T min(T x, T y) { return y < x ? y : x; } \
  ST_FN T max(T x, T y) { return x < y ? y : x; }
ST_MIN_MAX(int) ST_MIN_MAX(unsigned) ST_MIN_MAX(long long) ST_MIN_MAX(unsigned long long)
ST_FN float min(float x, float y) { return __builtin_fminf(x, y); }
ST_FN float max(float x, float y) { return __builtin_fmaxf(x, y); }
ST_FN double min(double x, double y) { return __builtin_fmin(x, y); }
ST_FN double max(double x, double y) { return __builtin_fmax(x, y); }
ST_FN int abs(int x) { return __builtin_abs(x); }
ST_FN long long abs(long long x) { return __builtin_llabs(x); }
ST_FN long long llabs(long long x) { return __builtin_llabs(x); }
ST_FN double abs(double x) { return __builtin_fabs(x); }
ST_FN float abs(float x) { return __builtin_fabsf(x); }

// ---- intrinsics ----------------------------------------------------------------------------------------------------
ST_FN float __fadd_rn(float x, float y) { return x + y; }
ST_FN float __fsub_rn(float x, float y) { return x - y; }
ST_FN float __fmul_rn(float x, float y) { return x * y; }
ST_FN float __fdiv_rn(float x, float y) { return x / y; }
ST_FN float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
ST_FN float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
ST_FN double __dadd_rn(double x, double y) { return x + y; }
ST_FN double __dsub_rn(double x, double y) { return x - y; }
ST_FN double __dmul_rn(double x, double y) { return x * y; }
ST_FN double __ddiv_rn(double x, double y) { return x / y; }
ST_FN double __dsqrt_rn(double x) { return __builtin_sqrt(x); }
ST_FN double __fma_rn(double x, double y, double z) { return __builtin_fma(x, y, z); }
ST_FN int __float_as_int(float x) { return st_shim::same_bits<int>(x); }
ST_FN unsigned __float_as_uint(float x) { return st_shim::same_bits<unsigned>(x); }
ST_FN float __int_as_float(int x) { return st_shim::same_bits<float>(x); }
ST_FN float __uint_as_float(unsigned x) { return st_shim::same_bits<float>(x); }
ST_FN long long __double_as_longlong(double x) { return st_shim::same_bits<long long>(x); }
ST_FN double __longlong_as_double(long long x) { return st_shim::same_bits<double>(x); }
ST_FN int __popc(unsigned x) { return __builtin_popcount(x); }
ST_FN int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
ST_FN int __clz(int x) { return x ? __builtin_clz((unsigned)x) : 32; }
ST_FN int __clzll(long long x) { return x ? __builtin_clzll((unsigned long long)x) : 64; }
ST_FN int __ffs(int x) { return __builtin_ffs(x); }
ST_FN int __ffsll(long long x) { return __builtin_ffsll(x); }
ST_FN unsigned __umulhi(unsigned x, unsigned y) { return (unsigned)((unsigned long long)x * y >> 32); }
ST_FN int __mulhi(int x, int y) { return (int)((long long)x * y >> 32); }
ST_FN unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return (unsigned long long)((unsigned __int128)x * y >> 64);
}
ST_FN long long __mul64hi(long long x, long long y) { return (long long)((__int128)x * y >> 64); }
template <class T>
ST_FN T __ldg(const T *address) {
  return *address;
}

}  // namespace st_user
