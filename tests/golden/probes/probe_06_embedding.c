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
static inline int64_t st_min_i64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t st_mod_i64(int64_t a, int64_t b) { if (b == 0 || b == -1) return 0; int64_t r = a % b; return r + ((r != 0 && (r ^ b) < 0) ? b : 0); }
static inline __attribute__((always_inline, unused)) st_f64x8 st_splat_f64x8(double a) { return (st_f64x8){ a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) st_i64x8 st_load_i64x8(const int64_t *p) { st_i64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) st_i64x8 st_load_part_i64x8(const int64_t *p, int64_t n) { return (st_i64x8)__builtin_ia32_loaddqudi512_mask((const long long __attribute__((vector_size(64))) *)p, (long long __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_select_f64x8(st_i64x8 m, st_f64x8 a, st_f64x8 b) { return (st_f64x8)((st_i64x8)b ^ (m & ((st_i64x8)a ^ (st_i64x8)b))); }

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

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_f64x8(const double *p) { st_f64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_fma_f64x8(st_f64x8 a, st_f64x8 b, st_f64x8 c) { return __builtin_ia32_vfmaddpd512_mask(a, b, c, -1, 4); }

static inline __attribute__((always_inline, unused)) void st_store_f64x8(double *p, st_f64x8 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_part_f64x8(const double *p, int64_t n) { return (st_f64x8)__builtin_ia32_loadupd512_mask((const double *)p, (double __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) void st_store_part_f64x8(double *p, st_f64x8 a, int64_t n) { __builtin_ia32_storeupd512_mask((double *)p, (double __attribute__((vector_size(64))))a, (uint8_t)((1ull << n) - 1)); }

/* k1_input_check
 *   take: float64[ids.shape[0], ids.shape[1], 6]  at probe_06_embedding.py:18
 */
static int k1_input_check(st_ctx *ctx, const int64_t *restrict ids, int64_t slope_size0, int64_t ids_size1) {
  for (int64_t i0 = 0; i0 < slope_size0; ++i0) {
    for (int64_t i1 = 0; i1 < ids_size1; ++i1) {
      if ((ids[i0 * ids_size1 + i1] < (-(int64_t)50)) | (ids[i0 * ids_size1 + i1] >= (int64_t)50)) {
        ctx->error.code = 4;
        ctx->error.site = 0;
        ctx->error.value[0] = ids[i0 * ids_size1 + i1];
        ctx->error.value[1] = (int64_t)50;
        return 1;
      }
    }
  }
  return 0;
}

/* k2_sum_divide
 *   sum: float64[ids.shape[0], 6]  at probe_06_embedding.py:19
 *   divide: float64[ids.shape[0], 6]  at probe_06_embedding.py:19
 */
static int k2_sum_divide_range(st_ctx *ctx, const int64_t *restrict ids, const double *restrict table, double *restrict divide, int64_t slope_size0, int64_t ids_size1, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t o1 = (p % 6);
    const int64_t o0 = (p / 6);
    double sum_row_acc = 0.0;
    {
      const int64_t j0_count = ids_size1;
      const double sum_row_acc_zero = 0.0;
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_i64x8 t1_0 = st_load_i64x8(ids + ids_size1 * o0 + j0);
        sum_row_acc_0 = sum_row_acc_0 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + lane_)]) + o1]; vec_; });
        const st_i64x8 t1_1 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 8));
        sum_row_acc_1 = sum_row_acc_1 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + 8 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + 8 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + 8 + lane_)]) + o1]; vec_; });
        const st_i64x8 t1_2 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 16));
        sum_row_acc_2 = sum_row_acc_2 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + 16 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + 16 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + 16 + lane_)]) + o1]; vec_; });
        const st_i64x8 t1_3 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 24));
        sum_row_acc_3 = sum_row_acc_3 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + 24 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + 24 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + 24 + lane_)]) + o1]; vec_; });
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(ids + ids_size1 * o0 + j0, alive);
        sum_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_0 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + lane_)]) + o1]; vec_; })), sum_row_acc_0);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(ids + ids_size1 * o0 + j0, alive);
        sum_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_1 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + lane_)]) + o1]; vec_; })), sum_row_acc_1);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(ids + ids_size1 * o0 + j0, alive);
        sum_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_2 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + lane_)]) + o1]; vec_; })), sum_row_acc_2);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(ids + ids_size1 * o0 + j0, alive);
        sum_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_3 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = table[6 * ((ids[ids_size1 * o0 + (j0 + lane_)] < 0) ? (ids[ids_size1 * o0 + (j0 + lane_)] + (int64_t)50) : ids[ids_size1 * o0 + (j0 + lane_)]) + o1]; vec_; })), sum_row_acc_3);
        j0 += 8;
      }
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_2;
      sum_row_acc_1 = sum_row_acc_1 + sum_row_acc_3;
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_1;
      sum_row_acc = sum_row_acc + st_sum_tree_f64x8(sum_row_acc_0);
    }
    const double sum_row = sum_row_acc;
    const double t1 = sum_row / (double)ids_size1;
    divide[6 * o0 + o1] = t1;
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const int64_t *ids;
  const double *table;
  double *divide;
  int64_t slope_size0;
  int64_t ids_size1;
  int64_t extent, grain;
} k2_sum_divide_arguments;
static int k2_sum_divide_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k2_sum_divide_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k2_sum_divide_range(st_given->ctx, st_given->ids, st_given->table, st_given->divide, st_given->slope_size0, st_given->ids_size1, begin, end);
}
static int k2_sum_divide(st_ctx *ctx, const int64_t *restrict ids, const double *restrict table, double *restrict divide, int64_t slope_size0, int64_t ids_size1) {
  const int64_t extent = 6 * slope_size0, grain = st_max_i64(((16384 / (3 + 6 * ids_size1))), 1);
  if (extent <= grain || ctx->workers < 2 || (36 * ids_size1 * slope_size0 + 18 * slope_size0) < 40000)
    return k2_sum_divide_range(ctx, ids, table, divide, slope_size0, ids_size1, 0, extent);
  k2_sum_divide_arguments st_given = {ctx, ids, table, divide, slope_size0, ids_size1, extent, grain};
  return ctx->parallel(ctx, k2_sum_divide_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k3_scatter_add
 *   scatter_add: float64[50, 6]  at probe_06_embedding.py:21
 */
static int k3_scatter_add_range(st_ctx *ctx, const int64_t *restrict ids, const double *restrict slope, double *restrict scatter_add, int64_t ids_size1, int64_t slope_size0, int64_t begin, int64_t end) {
  for (int64_t owner = begin; owner < end; ++owner) {
    for (int64_t i0 = 0; i0 < slope_size0; ++i0) {
      for (int64_t i1 = 0; i1 < ids_size1; ++i1) {
        const int64_t row = (ids[i0 * ids_size1 + i1] < 0) ? (ids[i0 * ids_size1 + i1] + (int64_t)50) : ids[i0 * ids_size1 + i1];
        if ((st_mod_i64(row, (st_min_i64((1 + ((6 * ids_size1 * slope_size0) / 65536)), 8)))) == owner) {
          {
            const int64_t i2_count = 6;
            int64_t i2 = 0;
            for (; i2 + 16 <= i2_count; i2 += 16) {
              const st_f64x8 t1_0 = st_fma_f64x8(((st_splat_f64x8(1.0) * st_load_f64x8(slope + 6 * i0 + i2)) / st_splat_f64x8((double)ids_size1)), st_splat_f64x8((-0.1)), st_load_f64x8(scatter_add + i2 + 6 * row));
              st_store_f64x8(scatter_add + i2 + 6 * row, t1_0);
              const st_f64x8 t1_1 = st_fma_f64x8(((st_splat_f64x8(1.0) * st_load_f64x8(slope + 6 * i0 + (i2 + 8))) / st_splat_f64x8((double)ids_size1)), st_splat_f64x8((-0.1)), st_load_f64x8(scatter_add + (i2 + 8) + 6 * row));
              st_store_f64x8(scatter_add + (i2 + 8) + 6 * row, t1_1);
            }
            if (i2 < i2_count) {
              const int64_t alive = i2_count - i2 < 8 ? i2_count - i2 : 8;
              const st_f64x8 t1 = st_fma_f64x8(((st_splat_f64x8(1.0) * st_load_part_f64x8(slope + 6 * i0 + i2, alive)) / st_splat_f64x8((double)ids_size1)), st_splat_f64x8((-0.1)), st_load_part_f64x8(scatter_add + i2 + 6 * row, alive));
              st_store_part_f64x8(scatter_add + i2 + 6 * row, t1, alive);
              i2 += 8;
            }
            if (i2 < i2_count) {
              const int64_t alive = i2_count - i2 < 8 ? i2_count - i2 : 8;
              const st_f64x8 t1 = st_fma_f64x8(((st_splat_f64x8(1.0) * st_load_part_f64x8(slope + 6 * i0 + i2, alive)) / st_splat_f64x8((double)ids_size1)), st_splat_f64x8((-0.1)), st_load_part_f64x8(scatter_add + i2 + 6 * row, alive));
              st_store_part_f64x8(scatter_add + i2 + 6 * row, t1, alive);
              i2 += 8;
            }
          }
        }
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const int64_t *ids;
  const double *slope;
  double *scatter_add;
  int64_t ids_size1;
  int64_t slope_size0;
  int64_t extent, grain;
} k3_scatter_add_arguments;
static int k3_scatter_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_scatter_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k3_scatter_add_range(st_given->ctx, st_given->ids, st_given->slope, st_given->scatter_add, st_given->ids_size1, st_given->slope_size0, begin, end);
}
static int k3_scatter_add(st_ctx *ctx, const int64_t *restrict ids, const double *restrict slope, double *restrict scatter_add, int64_t ids_size1, int64_t slope_size0) {
  const int64_t extent = st_min_i64((1 + ((6 * ids_size1 * slope_size0) / 65536)), 8), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (24 * ids_size1 * slope_size0) < 40000)
    return k3_scatter_add_range(ctx, ids, slope, scatter_add, ids_size1, slope_size0, 0, extent);
  k3_scatter_add_arguments st_given = {ctx, ids, slope, scatter_add, ids_size1, slope_size0, extent, grain};
  return ctx->parallel(ctx, k3_scatter_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_06_embedding: 3 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  int64_t *const ids = arguments[0];
  double *const slope = arguments[1];
  double *const table = arguments[2];
  const int64_t ids_size0 = layout[0];
  const int64_t ids_size1 = layout[1];
  const int64_t slope_size0 = layout[4];
  const int64_t slope_size1 = layout[5];
  (void)ids_size0;
  (void)ids_size1;
  (void)slope_size0;
  (void)slope_size1;
  if (ids_size0 != slope_size0) return st_fail(ctx, 3, 1, ids_size0, slope_size0);
  if (6 != slope_size1) return st_fail(ctx, 3, 2, 6, slope_size1);
  double *const divide = ctx->output(ctx, 0, (const int64_t[]){slope_size0, 6});
  if (!divide) return 1;
  double *const scatter_add = ctx->output(ctx, 1, (const int64_t[]){50, 6});
  if (!scatter_add) return 1;
  if (k1_input_check(ctx, ids, slope_size0, ids_size1)) return 1;
  if (k2_sum_divide(ctx, ids, table, divide, slope_size0, ids_size1)) return 1;
  if (scatter_add != table) __builtin_memmove(scatter_add, table, (300) * 8);
  if (k3_scatter_add(ctx, ids, slope, scatter_add, ids_size1, slope_size0)) return 1;
  return 0;
}
