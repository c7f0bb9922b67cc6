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

static inline int64_t st_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline __attribute__((always_inline, unused)) st_f64x8 st_splat_f64x8(double a) { return (st_f64x8){ a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_f64x8(const double *p) { st_f64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_max_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, __builtin_ia32_cmppd512_mask(a, a, 7, -1, 4), 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_part_f64x8(const double *p, int64_t n) { return (st_f64x8)__builtin_ia32_loadupd512_mask((const double *)p, (double __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_select_f64x8(st_i64x8 m, st_f64x8 a, st_f64x8 b) { return (st_f64x8)((st_i64x8)b ^ (m & ((st_i64x8)a ^ (st_i64x8)b))); }

static inline __attribute__((always_inline, unused)) st_f64x4 st_max_f64x4(st_f64x4 a, st_f64x4 b) { return __builtin_ia32_maxpd256_mask(a, b, a, __builtin_ia32_cmppd256_mask(a, a, 7, -1)); }

static inline __attribute__((always_inline, unused)) st_f64x2 st_max_f64x2(st_f64x2 a, st_f64x2 b) { return __builtin_ia32_maxpd_mask(a, b, a, __builtin_ia32_cmppd128_mask(a, a, 7, -1)); }

static inline __attribute__((always_inline, unused)) double st_max_f64(double a, double b) { return a > b || a != a ? a : b; }

static inline __attribute__((always_inline, unused)) double st_max_tree_f64x8(st_f64x8 a) {
#if ST_SHUFFLE
  st_f64x4 h4_low = __builtin_shufflevector(a, a, 0, 1, 2, 3), h4_high = __builtin_shufflevector(a, a, 4, 5, 6, 7);
  st_f64x4 h4 = st_max_f64x4(h4_low, h4_high);
  st_f64x2 h2_low = __builtin_shufflevector(h4, h4, 0, 1), h2_high = __builtin_shufflevector(h4, h4, 2, 3);
  st_f64x2 h2 = st_max_f64x2(h2_low, h2_high);
  double h1_low = h2[0], h1_high = h2[1];
  double h1 = st_max_f64(h1_low, h1_high);
  return h1;
#else
  for (int half = 4; half > 0; half /= 2)
    for (int k = 0; k < half; ++k) a[k] = st_max_f64(a[k], a[k + half]);
  return a[0];
#endif
}

static inline __attribute__((always_inline, unused)) double st_abs_f64(double a) { return __builtin_fabs(a); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_greatest_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_maxpd512_mask(a, b, a, -1, 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_least_f64x8(st_f64x8 a, st_f64x8 b) { return __builtin_ia32_minpd512_mask(a, b, a, -1, 4); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_fma_f64x8(st_f64x8 a, st_f64x8 b, st_f64x8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }

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

static inline __attribute__((always_inline, unused)) void st_store_part_f64x8(double *p, st_f64x8 a, int64_t n) { __builtin_ia32_storeupd512_mask((double *)p, (double __attribute__((vector_size(64))))a, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) double st_sum_tree_f64x8(st_f64x8 a) {
#if ST_SHUFFLE
  st_f64x4 h4_low = __builtin_shufflevector(a, a, 0, 1, 2, 3), h4_high = __builtin_shufflevector(a, a, 4, 5, 6, 7);
  st_f64x4 h4 = h4_low + h4_high;
  st_f64x2 h2_low = __builtin_shufflevector(h4, h4, 0, 1), h2_high = __builtin_shufflevector(h4, h4, 2, 3);
  st_f64x2 h2 = h2_low + h2_high;
  double h1_low = h2[0], h1_high = h2[1];
  double h1 = h1_low + h1_high;
  return h1;
#else
  for (int half = 4; half > 0; half /= 2)
    for (int k = 0; k < half; ++k) a[k] = a[k] + a[k + half];
  return a[0];
#endif
}

/* k1_supremum_exp_sum
 *   supremum: float64[x.shape[0]]  at probe_02_softmax.py:13
 *   exp: float64[x.shape[0], x.shape[1]]  at probe_02_softmax.py:13
 *   sum: float64[x.shape[0]]  at probe_02_softmax.py:13
 *   divide: float64[x.shape[0], x.shape[1]]  at probe_02_softmax.py:13
 *   sum: float64[x.shape[0]]  at probe_02_softmax.py:19
 *   multiply: float64[x.shape[0], x.shape[1]]  at probe_02_softmax.py:19
 */
static int k1_supremum_exp_sum_range(st_ctx *ctx, const double *restrict x, const double *restrict weights, double *restrict divide, double *restrict multiply, int64_t weights_size0, int64_t weights_size1, char *scratch, int64_t begin, int64_t end) {
  for (int64_t o0 = begin; o0 < end; ++o0) {
    double *restrict exp_row = (double *)(scratch);
    double supremum_row_acc = (double)-__builtin_inf();
    {
      const int64_t j0_count = weights_size1;
      const double supremum_row_acc_zero = (double)-__builtin_inf();
      st_f64x8 supremum_row_acc_0 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_1 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_2 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_3 = st_splat_f64x8(supremum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        supremum_row_acc_0 = st_max_f64x8(supremum_row_acc_0, st_load_f64x8(x + j0 + o0 * weights_size1));
        supremum_row_acc_1 = st_max_f64x8(supremum_row_acc_1, st_load_f64x8(x + (j0 + 8) + o0 * weights_size1));
        supremum_row_acc_2 = st_max_f64x8(supremum_row_acc_2, st_load_f64x8(x + (j0 + 16) + o0 * weights_size1));
        supremum_row_acc_3 = st_max_f64x8(supremum_row_acc_3, st_load_f64x8(x + (j0 + 24) + o0 * weights_size1));
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        supremum_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), st_max_f64x8(supremum_row_acc_0, st_load_part_f64x8(x + j0 + o0 * weights_size1, alive)), supremum_row_acc_0);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        supremum_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), st_max_f64x8(supremum_row_acc_1, st_load_part_f64x8(x + j0 + o0 * weights_size1, alive)), supremum_row_acc_1);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        supremum_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), st_max_f64x8(supremum_row_acc_2, st_load_part_f64x8(x + j0 + o0 * weights_size1, alive)), supremum_row_acc_2);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        supremum_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), st_max_f64x8(supremum_row_acc_3, st_load_part_f64x8(x + j0 + o0 * weights_size1, alive)), supremum_row_acc_3);
        j0 += 8;
      }
      supremum_row_acc_0 = st_max_f64x8(supremum_row_acc_0, supremum_row_acc_2);
      supremum_row_acc_1 = st_max_f64x8(supremum_row_acc_1, supremum_row_acc_3);
      supremum_row_acc_0 = st_max_f64x8(supremum_row_acc_0, supremum_row_acc_1);
      supremum_row_acc = st_max_f64(supremum_row_acc, st_max_tree_f64x8(supremum_row_acc_0));
    }
    const double supremum_row = supremum_row_acc;
    double sum_row_acc = 0.0;
    {
      const int64_t j0_count = weights_size1;
      const double sum_row_acc_zero = 0.0;
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_f64x8 t1_0 = st_exp_f64x8((st_load_f64x8(x + j0 + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(exp_row + j0, t1_0);
        sum_row_acc_0 = sum_row_acc_0 + t1_0;
        const st_f64x8 t1_1 = st_exp_f64x8((st_load_f64x8(x + (j0 + 8) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(exp_row + (j0 + 8), t1_1);
        sum_row_acc_1 = sum_row_acc_1 + t1_1;
        const st_f64x8 t1_2 = st_exp_f64x8((st_load_f64x8(x + (j0 + 16) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(exp_row + (j0 + 16), t1_2);
        sum_row_acc_2 = sum_row_acc_2 + t1_2;
        const st_f64x8 t1_3 = st_exp_f64x8((st_load_f64x8(x + (j0 + 24) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(exp_row + (j0 + 24), t1_3);
        sum_row_acc_3 = sum_row_acc_3 + t1_3;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(x + j0 + o0 * weights_size1, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(exp_row + j0, t1, alive);
        sum_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_0 + t1), sum_row_acc_0);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(x + j0 + o0 * weights_size1, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(exp_row + j0, t1, alive);
        sum_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_1 + t1), sum_row_acc_1);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(x + j0 + o0 * weights_size1, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(exp_row + j0, t1, alive);
        sum_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_2 + t1), sum_row_acc_2);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(x + j0 + o0 * weights_size1, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(exp_row + j0, t1, alive);
        sum_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_3 + t1), sum_row_acc_3);
        j0 += 8;
      }
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_2;
      sum_row_acc_1 = sum_row_acc_1 + sum_row_acc_3;
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_1;
      sum_row_acc = sum_row_acc + st_sum_tree_f64x8(sum_row_acc_0);
    }
    const double sum_row = sum_row_acc;
    double sum_2_row_acc = 0.0;
    {
      const int64_t j0_count = weights_size1;
      const double sum_2_row_acc_zero = 0.0;
      st_f64x8 sum_2_row_acc_0 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_1 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_2 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_3 = st_splat_f64x8(sum_2_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_f64x8 t1_0 = st_load_f64x8(exp_row + j0) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + j0 + o0 * weights_size1, t1_0);
        const st_f64x8 t2_0 = -((t1_0 * (st_splat_f64x8(1.0) * st_load_f64x8(weights + j0 + o0 * weights_size1))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = sum_2_row_acc_0 + t2_0;
        const st_f64x8 t1_1 = st_load_f64x8(exp_row + (j0 + 8)) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 8) + o0 * weights_size1, t1_1);
        const st_f64x8 t2_1 = -((t1_1 * (st_splat_f64x8(1.0) * st_load_f64x8(weights + (j0 + 8) + o0 * weights_size1))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_1 = sum_2_row_acc_1 + t2_1;
        const st_f64x8 t1_2 = st_load_f64x8(exp_row + (j0 + 16)) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 16) + o0 * weights_size1, t1_2);
        const st_f64x8 t2_2 = -((t1_2 * (st_splat_f64x8(1.0) * st_load_f64x8(weights + (j0 + 16) + o0 * weights_size1))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_2 = sum_2_row_acc_2 + t2_2;
        const st_f64x8 t1_3 = st_load_f64x8(exp_row + (j0 + 24)) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 24) + o0 * weights_size1, t1_3);
        const st_f64x8 t2_3 = -((t1_3 * (st_splat_f64x8(1.0) * st_load_f64x8(weights + (j0 + 24) + o0 * weights_size1))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_3 = sum_2_row_acc_3 + t2_3;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_load_part_f64x8(exp_row + j0, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * weights_size1, t1, alive);
        const st_f64x8 t2 = -((t1 * (st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_0 + t2), sum_2_row_acc_0);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_load_part_f64x8(exp_row + j0, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * weights_size1, t1, alive);
        const st_f64x8 t2 = -((t1 * (st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_1 + t2), sum_2_row_acc_1);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_load_part_f64x8(exp_row + j0, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * weights_size1, t1, alive);
        const st_f64x8 t2 = -((t1 * (st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_2 + t2), sum_2_row_acc_2);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = st_load_part_f64x8(exp_row + j0, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * weights_size1, t1, alive);
        const st_f64x8 t2 = -((t1 * (st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive))) / st_splat_f64x8(sum_row));
        sum_2_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_3 + t2), sum_2_row_acc_3);
        j0 += 8;
      }
      sum_2_row_acc_0 = sum_2_row_acc_0 + sum_2_row_acc_2;
      sum_2_row_acc_1 = sum_2_row_acc_1 + sum_2_row_acc_3;
      sum_2_row_acc_0 = sum_2_row_acc_0 + sum_2_row_acc_1;
      sum_2_row_acc = sum_2_row_acc + st_sum_tree_f64x8(sum_2_row_acc_0);
    }
    const double sum_2_row = sum_2_row_acc;
    {
      const int64_t j0_count = weights_size1;
      int64_t j0 = 0;
      for (; j0 + 16 <= j0_count; j0 += 16) {
        const st_f64x8 t1_0 = (((st_splat_f64x8(1.0) * st_load_f64x8(weights + j0 + o0 * weights_size1)) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(exp_row + j0);
        st_store_f64x8(multiply + j0 + o0 * weights_size1, t1_0);
        const st_f64x8 t1_1 = (((st_splat_f64x8(1.0) * st_load_f64x8(weights + (j0 + 8) + o0 * weights_size1)) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(exp_row + (j0 + 8));
        st_store_f64x8(multiply + (j0 + 8) + o0 * weights_size1, t1_1);
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = (((st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive)) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_part_f64x8(exp_row + j0, alive);
        st_store_part_f64x8(multiply + j0 + o0 * weights_size1, t1, alive);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_f64x8 t1 = (((st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive)) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_part_f64x8(exp_row + j0, alive);
        st_store_part_f64x8(multiply + j0 + o0 * weights_size1, t1, alive);
        j0 += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *x;
  const double *weights;
  double *divide;
  double *multiply;
  int64_t weights_size0;
  int64_t weights_size1;
  char *scratch;
  int64_t scratch_bytes;
  int64_t extent, grain;
} k1_supremum_exp_sum_arguments;
static int k1_supremum_exp_sum_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_supremum_exp_sum_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  return k1_supremum_exp_sum_range(st_given->ctx, st_given->x, st_given->weights, st_given->divide, st_given->multiply, st_given->weights_size0, st_given->weights_size1, st_given->scratch + worker * st_given->scratch_bytes, begin, end);
}
static int k1_supremum_exp_sum(st_ctx *ctx, const double *restrict x, const double *restrict weights, double *restrict divide, double *restrict multiply, int64_t weights_size0, int64_t weights_size1, char *scratch) {
  const int64_t extent = weights_size0, grain = st_max_i64(((16384 / (st_max_i64(1, (24 * weights_size1))))), 1);
  if (extent <= grain || ctx->workers < 2 || (24 * weights_size0 * weights_size1) < 40000)
    return k1_supremum_exp_sum_range(ctx, x, weights, divide, multiply, weights_size0, weights_size1, scratch, 0, extent);
  k1_supremum_exp_sum_arguments st_given = {ctx, x, weights, divide, multiply, weights_size0, weights_size1, scratch, 64 * ((63 + 8 * weights_size1) / 64), extent, grain};
  return ctx->parallel(ctx, k1_supremum_exp_sum_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_02_softmax: 1 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const x = arguments[0];
  double *const weights = arguments[1];
  const int64_t x_size0 = layout[0];
  const int64_t x_size1 = layout[1];
  const int64_t weights_size0 = layout[4];
  const int64_t weights_size1 = layout[5];
  (void)x_size0;
  (void)x_size1;
  (void)weights_size0;
  (void)weights_size1;
  if (x_size0 != weights_size0) return st_fail(ctx, 3, 0, x_size0, weights_size0);
  if (x_size1 != weights_size1) return st_fail(ctx, 3, 1, x_size1, weights_size1);
  char *const arena = ctx->arena(ctx, 0, 0 + ctx->workers * (64 * ((63 + 8 * weights_size1) / 64)));
  if (!arena) return 1;
  char *const scratch = arena + (0);
  double *const divide = ctx->output(ctx, 0, (const int64_t[]){weights_size0, weights_size1});
  if (!divide) return 1;
  double *const multiply = ctx->output(ctx, 1, (const int64_t[]){weights_size0, weights_size1});
  if (!multiply) return 1;
  if (k1_supremum_exp_sum(ctx, x, weights, divide, multiply, weights_size0, weights_size1, scratch)) return 1;
  return 0;
}
