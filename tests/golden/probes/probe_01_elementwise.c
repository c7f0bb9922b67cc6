static int st_fail(st_ctx *ctx, int64_t code, int64_t site, int64_t a, int64_t b) {
  ctx->error.code = code;
  ctx->error.site = site;
  ctx->error.value[0] = a;
  ctx->error.value[1] = b;
  return 1;
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define ST_SHUFFLE 1
#endif
#endif
typedef float st_f32x2 __attribute__((vector_size(8)));
typedef double st_f64x2 __attribute__((vector_size(16)));
typedef int8_t st_i8x2 __attribute__((vector_size(2)));
typedef int16_t st_i16x2 __attribute__((vector_size(4)));
typedef int32_t st_i32x2 __attribute__((vector_size(8)));
typedef int64_t st_i64x2 __attribute__((vector_size(16)));
typedef uint8_t st_u8x2 __attribute__((vector_size(2)));
typedef uint16_t st_u16x2 __attribute__((vector_size(4)));
typedef uint32_t st_u32x2 __attribute__((vector_size(8)));
typedef uint64_t st_u64x2 __attribute__((vector_size(16)));
typedef float st_f32x4 __attribute__((vector_size(16)));
typedef double st_f64x4 __attribute__((vector_size(32)));
typedef int8_t st_i8x4 __attribute__((vector_size(4)));
typedef int16_t st_i16x4 __attribute__((vector_size(8)));
typedef int32_t st_i32x4 __attribute__((vector_size(16)));
typedef int64_t st_i64x4 __attribute__((vector_size(32)));
typedef uint8_t st_u8x4 __attribute__((vector_size(4)));
typedef uint16_t st_u16x4 __attribute__((vector_size(8)));
typedef uint32_t st_u32x4 __attribute__((vector_size(16)));
typedef uint64_t st_u64x4 __attribute__((vector_size(32)));
typedef float st_f32x8 __attribute__((vector_size(32)));
typedef double st_f64x8 __attribute__((vector_size(64)));
typedef int8_t st_i8x8 __attribute__((vector_size(8)));
typedef int16_t st_i16x8 __attribute__((vector_size(16)));
typedef int32_t st_i32x8 __attribute__((vector_size(32)));
typedef int64_t st_i64x8 __attribute__((vector_size(64)));
typedef uint8_t st_u8x8 __attribute__((vector_size(8)));
typedef uint16_t st_u16x8 __attribute__((vector_size(16)));
typedef uint32_t st_u32x8 __attribute__((vector_size(32)));
typedef uint64_t st_u64x8 __attribute__((vector_size(64)));
typedef float st_f32x16 __attribute__((vector_size(64)));
typedef double st_f64x16 __attribute__((vector_size(128)));
typedef int8_t st_i8x16 __attribute__((vector_size(16)));
typedef int16_t st_i16x16 __attribute__((vector_size(32)));
typedef int32_t st_i32x16 __attribute__((vector_size(64)));
typedef int64_t st_i64x16 __attribute__((vector_size(128)));
typedef uint8_t st_u8x16 __attribute__((vector_size(16)));
typedef uint16_t st_u16x16 __attribute__((vector_size(32)));
typedef uint32_t st_u32x16 __attribute__((vector_size(64)));
typedef uint64_t st_u64x16 __attribute__((vector_size(128)));
typedef float st_f32x32 __attribute__((vector_size(128)));
typedef double st_f64x32 __attribute__((vector_size(256)));
typedef int8_t st_i8x32 __attribute__((vector_size(32)));
typedef int16_t st_i16x32 __attribute__((vector_size(64)));
typedef int32_t st_i32x32 __attribute__((vector_size(128)));
typedef int64_t st_i64x32 __attribute__((vector_size(256)));
typedef uint8_t st_u8x32 __attribute__((vector_size(32)));
typedef uint16_t st_u16x32 __attribute__((vector_size(64)));
typedef uint32_t st_u32x32 __attribute__((vector_size(128)));
typedef uint64_t st_u64x32 __attribute__((vector_size(256)));
typedef float st_f32x64 __attribute__((vector_size(256)));
typedef double st_f64x64 __attribute__((vector_size(512)));
typedef int8_t st_i8x64 __attribute__((vector_size(64)));
typedef int16_t st_i16x64 __attribute__((vector_size(128)));
typedef int32_t st_i32x64 __attribute__((vector_size(256)));
typedef int64_t st_i64x64 __attribute__((vector_size(512)));
typedef uint8_t st_u8x64 __attribute__((vector_size(64)));
typedef uint16_t st_u16x64 __attribute__((vector_size(128)));
typedef uint32_t st_u32x64 __attribute__((vector_size(256)));
typedef uint64_t st_u64x64 __attribute__((vector_size(512)));

static inline int64_t st_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline __attribute__((always_inline, unused)) st_f64x8 st_load_f64x8(const double *p) { st_f64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_fma_f64x8(st_f64x8 a, st_f64x8 b, st_f64x8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_splat_f64x8(double a) { return (st_f64x8){ a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_abs_f64x8(st_f64x8 a) { return (st_f64x8)((st_i64x8)a & ~(-0x7fffffffffffffffLL - 1)); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_greatest_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, -1, 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_least_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_minpd512_mask(a, b, a, -1, 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_scale2_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_scalefpd512_mask(a, b, a, -1, 4); }

/* e**x = 2**n e**r with n = rint(x / ln 2) and r = x - n ln 2, taken off in two parts (Cody & Waite 1980);
 * e**r = 1 + r + r**2 q(r) with a minimax polynomial q on |r| <= ln(2)/2. */
static inline __attribute__((always_inline, unused)) st_f64x8 st_exp_f64x8(st_f64x8 x) {
  x = st_greatest_f64x8(st_splat_f64x8(-746.0), st_least_f64x8(st_splat_f64x8(710.0), x)); // a NaN stays, as the second operand
  st_f64x8 n = st_fma_f64x8(x, st_splat_f64x8(1.4426950408889634), st_splat_f64x8(6755399441055744.0)) - 6755399441055744.0;
  st_f64x8 r = st_fma_f64x8(n, st_splat_f64x8(-0.6931471805601177), x);
  r = st_fma_f64x8(n, st_splat_f64x8(1.7239444525614835e-13), r);
  st_f64x8 s = r * r;
  st_f64x8 s_4 = s * s;
  st_f64x8 q = st_fma_f64x8(st_splat_f64x8(2.5115754855384774e-08), r, st_splat_f64x8(2.763110097140184e-07));
  q = st_fma_f64x8(q, s_4, st_fma_f64x8(st_fma_f64x8(st_splat_f64x8(2.755722060351914e-06), r, st_splat_f64x8(2.4801490593915785e-05)), s, st_fma_f64x8(st_splat_f64x8(0.00019841269915054404), r, st_splat_f64x8(0.0013888888946202603))));
  q = st_fma_f64x8(q, s_4, st_fma_f64x8(st_fma_f64x8(st_splat_f64x8(0.008333333333307385), r, st_splat_f64x8(0.04166666666651934)), s, st_fma_f64x8(st_splat_f64x8(0.166666666666667), r, st_splat_f64x8(0.5000000000000012))));
  st_f64x8 p = st_fma_f64x8(q, s, r) + 1.0;
  return st_scale2_f64x8(p, n);
}

static inline __attribute__((always_inline, unused)) void st_store_f64x8(double *p, st_f64x8 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_max_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, __builtin_ia32_cmppd512_mask(a, a, 7, -1, 4), 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_part_f64x8(const double *p, int64_t n) { return (st_f64x8)__builtin_ia32_loadupd512_mask((const double *)p, (double __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) void st_store_part_f64x8(double *p, st_f64x8 a, int64_t n) { __builtin_ia32_storeupd512_mask((double *)p, (double __attribute__((vector_size(64))))a, (uint8_t)((1ull << n) - 1)); }

/* k1_divide_add_maximum
 *   divide: float64[a.shape[0]]  at probe_01_elementwise.py:17
 *   add: float64[a.shape[0]]  at probe_01_elementwise.py:19
 *   maximum: float64[a.shape[0]]  at probe_01_elementwise.py:20
 */
static int k1_divide_add_maximum_range(st_ctx *ctx, const double *restrict a, const double *restrict b, const double *restrict c, double *restrict add, double *restrict maximum, int64_t c_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64(4096, (c_size0 - 4096 * tile));
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_load_f64x8(a + j + 4096 * tile);
        const st_f64x8 t2_0 = st_load_f64x8(b + j + 4096 * tile);
        const st_f64x8 t3_0 = st_load_f64x8(c + j + 4096 * tile);
        const st_f64x8 t4_0 = st_fma_f64x8(t1_0, t2_0, t3_0);
        const st_f64x8 t5_0 = t4_0 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4_0));
        const st_f64x8 t6_0 = st_fma_f64x8(st_exp_f64x8((-t5_0)), t1_0, (-(st_splat_f64x8(0.25) * t2_0))) + t3_0;
        st_store_f64x8(add + j + 4096 * tile, t6_0);
        const st_f64x8 t7_0 = st_max_f64x8(t6_0, t5_0);
        st_store_f64x8(maximum + j + 4096 * tile, t7_0);
        const st_f64x8 t1_1 = st_load_f64x8(a + (j + 8) + 4096 * tile);
        const st_f64x8 t2_1 = st_load_f64x8(b + (j + 8) + 4096 * tile);
        const st_f64x8 t3_1 = st_load_f64x8(c + (j + 8) + 4096 * tile);
        const st_f64x8 t4_1 = st_fma_f64x8(t1_1, t2_1, t3_1);
        const st_f64x8 t5_1 = t4_1 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4_1));
        const st_f64x8 t6_1 = st_fma_f64x8(st_exp_f64x8((-t5_1)), t1_1, (-(st_splat_f64x8(0.25) * t2_1))) + t3_1;
        st_store_f64x8(add + (j + 8) + 4096 * tile, t6_1);
        const st_f64x8 t7_1 = st_max_f64x8(t6_1, t5_1);
        st_store_f64x8(maximum + (j + 8) + 4096 * tile, t7_1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_load_part_f64x8(a + j + 4096 * tile, alive);
        const st_f64x8 t2 = st_load_part_f64x8(b + j + 4096 * tile, alive);
        const st_f64x8 t3 = st_load_part_f64x8(c + j + 4096 * tile, alive);
        const st_f64x8 t4 = st_fma_f64x8(t1, t2, t3);
        const st_f64x8 t5 = t4 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4));
        const st_f64x8 t6 = st_fma_f64x8(st_exp_f64x8((-t5)), t1, (-(st_splat_f64x8(0.25) * t2))) + t3;
        st_store_part_f64x8(add + j + 4096 * tile, t6, alive);
        const st_f64x8 t7 = st_max_f64x8(t6, t5);
        st_store_part_f64x8(maximum + j + 4096 * tile, t7, alive);
        j += 8;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_load_part_f64x8(a + j + 4096 * tile, alive);
        const st_f64x8 t2 = st_load_part_f64x8(b + j + 4096 * tile, alive);
        const st_f64x8 t3 = st_load_part_f64x8(c + j + 4096 * tile, alive);
        const st_f64x8 t4 = st_fma_f64x8(t1, t2, t3);
        const st_f64x8 t5 = t4 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4));
        const st_f64x8 t6 = st_fma_f64x8(st_exp_f64x8((-t5)), t1, (-(st_splat_f64x8(0.25) * t2))) + t3;
        st_store_part_f64x8(add + j + 4096 * tile, t6, alive);
        const st_f64x8 t7 = st_max_f64x8(t6, t5);
        st_store_part_f64x8(maximum + j + 4096 * tile, t7, alive);
        j += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *a;
  const double *b;
  const double *c;
  double *add;
  double *maximum;
  int64_t c_size0;
  int64_t extent, grain;
} k1_divide_add_maximum_arguments;
static int k1_divide_add_maximum_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_divide_add_maximum_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k1_divide_add_maximum_range(st_given->ctx, st_given->a, st_given->b, st_given->c, st_given->add, st_given->maximum, st_given->c_size0, begin, end);
}
static int k1_divide_add_maximum(st_ctx *ctx, const double *restrict a, const double *restrict b, const double *restrict c, double *restrict add, double *restrict maximum, int64_t c_size0) {
  const int64_t extent = ((4095 + c_size0) / 4096), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (16 * c_size0) < 40000)
    return k1_divide_add_maximum_range(ctx, a, b, c, add, maximum, c_size0, 0, extent);
  k1_divide_add_maximum_arguments st_given = {ctx, a, b, c, add, maximum, c_size0, extent, grain};
  return ctx->parallel(ctx, k1_divide_add_maximum_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_01_elementwise: 1 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const a = arguments[0];
  double *const b = arguments[1];
  double *const c = arguments[2];
  const int64_t a_size0 = layout[0];
  const int64_t b_size0 = layout[2];
  const int64_t c_size0 = layout[4];
  (void)a_size0;
  (void)b_size0;
  (void)c_size0;
  if (a_size0 != b_size0) return st_fail(ctx, 3, 0, a_size0, b_size0);
  if (a_size0 != c_size0) return st_fail(ctx, 3, 1, a_size0, c_size0);
  double *const add = ctx->output(ctx, 0, (const int64_t[]){c_size0});
  if (!add) return 1;
  double *const maximum = ctx->output(ctx, 1, (const int64_t[]){c_size0});
  if (!maximum) return 1;
  if (k1_divide_add_maximum(ctx, a, b, c, add, maximum, c_size0)) return 1;
  return 0;
}
