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
static inline int64_t st_mod_i64(int64_t a, int64_t b) { if (b == 0 || b == -1) return 0; int64_t r = a % b; return r + ((r != 0 && (r ^ b) < 0) ? b : 0); }
static inline int64_t st_max_i64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline __attribute__((always_inline, unused)) st_f64x8 st_load_f64x8(const double *p) { st_f64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_splat_f64x8(double a) { return (st_f64x8){ a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) void st_store_u8x8(uint8_t *p, st_u8x8 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_part_f64x8(const double *p, int64_t n) { return (st_f64x8)__builtin_ia32_loadupd512_mask((const double *)p, (double __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) void st_store_part_u8x8(uint8_t *p, st_u8x8 a, int64_t n) { for (int64_t k = 0; k < n; ++k) p[k] = a[k]; }

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

static inline __attribute__((always_inline, unused)) void st_store_f64x8(double *p, st_f64x8 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) void st_store_part_f64x8(double *p, st_f64x8 a, int64_t n) { __builtin_ia32_storeupd512_mask((double *)p, (double __attribute__((vector_size(64))))a, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) st_f64x64 st_splat_f64x64(double a) { return (st_f64x64){ a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) void st_store_f64x64(double *p, st_f64x64 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) void st_store_part_f64x64(double *p, st_f64x64 a, int64_t n) { for (int64_t k = 0; k < n; ++k) p[k] = a[k]; }

static inline __attribute__((always_inline, unused)) double st_fma_f64(double a, double b, double c) { return __builtin_fma(a, b, c); }

/* Positions of the elements that are not zero, in row-major order: counted first, then listed. */
static int64_t st_nonzero_uint8_t_1_count(const uint8_t *x, int64_t n0) {
  int64_t found = 0;
  for (int64_t i = 0; i < n0; ++i) found += x[i] != 0;
  return found;
}
static int st_nonzero_uint8_t_1(const uint8_t *x, int64_t *w0, int64_t n0) {
  int64_t found = 0;
  for (int64_t i = 0; i < n0; ++i)
    if (x[i] != 0) {
      int64_t rest = i;
      w0[found] = rest;
      ++found;
    }
  return 0;
}

/* k1_greater
 *   greater: bool[x.shape[0]]  at probe_12_nonzero.py:12
 */
static int k1_greater_range(st_ctx *ctx, const double *restrict x, const double *restrict limit, uint8_t *restrict greater, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((x_size0 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_i64x8 t1_0 = st_load_f64x8(x + j + 4096 * tile) > st_splat_f64x8(limit[0]);
        st_store_u8x8(greater + j + 4096 * tile, __builtin_convertvector(t1_0, st_u8x8) & 1);
        const st_i64x8 t1_1 = st_load_f64x8(x + (j + 8) + 4096 * tile) > st_splat_f64x8(limit[0]);
        st_store_u8x8(greater + (j + 8) + 4096 * tile, __builtin_convertvector(t1_1, st_u8x8) & 1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_i64x8 t1 = st_load_part_f64x8(x + j + 4096 * tile, alive) > st_splat_f64x8(limit[0]);
        st_store_part_u8x8(greater + j + 4096 * tile, __builtin_convertvector(t1, st_u8x8) & 1, alive);
        j += 8;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_i64x8 t1 = st_load_part_f64x8(x + j + 4096 * tile, alive) > st_splat_f64x8(limit[0]);
        st_store_part_u8x8(greater + j + 4096 * tile, __builtin_convertvector(t1, st_u8x8) & 1, alive);
        j += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *x;
  const double *limit;
  uint8_t *greater;
  int64_t x_size0;
  int64_t extent, grain;
} k1_greater_arguments;
static int k1_greater_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_greater_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k1_greater_range(st_given->ctx, st_given->x, st_given->limit, st_given->greater, st_given->x_size0, begin, end);
}
static int k1_greater(st_ctx *ctx, const double *restrict x, const double *restrict limit, uint8_t *restrict greater, int64_t x_size0) {
  const int64_t extent = ((4095 + x_size0) / 4096), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (4 * x_size0) < 40000)
    return k1_greater_range(ctx, x, limit, greater, x_size0, 0, extent);
  k1_greater_arguments st_given = {ctx, x, limit, greater, x_size0, extent, grain};
  return ctx->parallel(ctx, k1_greater_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_item_check
 *   take: float64[count]  at probe_12_nonzero.py:13
 */
static int k2_item_check(st_ctx *ctx, const int64_t *restrict item, int64_t count, int64_t x_size0) {
  for (int64_t i0 = 0; i0 < count; ++i0) {
    if ((item[i0] < (-x_size0)) | (item[i0] >= x_size0)) {
      ctx->error.code = 4;
      ctx->error.site = 0;
      ctx->error.value[0] = item[i0];
      ctx->error.value[1] = x_size0;
      return 1;
    }
  }
  return 0;
}

/* k3_sum_partial
 *   sum: float64[]  at probe_12_nonzero.py:14
 *   sum: float64[]  at probe_12_nonzero.py:15
 */
static int k3_sum_partial_range(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict sum_2_row_part, double *restrict sum_row_part, int64_t count, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t block = begin; block < end; ++block) {
    double sum_2_row_acc = 0.0;
    double sum_row_acc = 0.0;
    {
      const int64_t j0_count = st_min_i64((count - 16384 * block), 16384);
      const double sum_2_row_acc_zero = 0.0;
      const double sum_row_acc_zero = 0.0;
      st_f64x8 sum_2_row_acc_0 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_1 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_2 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_3 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_i64x8 t1_0 = st_load_i64x8(item + 16384 * block + j0);
        sum_2_row_acc_0 = sum_2_row_acc_0 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        const st_f64x8 t2_0 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        sum_row_acc_0 = sum_row_acc_0 + t2_0;
        const st_i64x8 t1_1 = st_load_i64x8(item + 16384 * block + (j0 + 8));
        sum_2_row_acc_1 = sum_2_row_acc_1 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 8 + lane_)] < 0) ? (item[16384 * block + (j0 + 8 + lane_)] + x_size0) : item[16384 * block + (j0 + 8 + lane_)])]; vec_; });
        const st_f64x8 t2_1 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 8 + lane_)] < 0) ? (item[16384 * block + (j0 + 8 + lane_)] + x_size0) : item[16384 * block + (j0 + 8 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 8 + lane_)] < 0) ? (item[16384 * block + (j0 + 8 + lane_)] + x_size0) : item[16384 * block + (j0 + 8 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 8 + lane_)] < 0) ? (item[16384 * block + (j0 + 8 + lane_)] + x_size0) : item[16384 * block + (j0 + 8 + lane_)])]; vec_; });
        sum_row_acc_1 = sum_row_acc_1 + t2_1;
        const st_i64x8 t1_2 = st_load_i64x8(item + 16384 * block + (j0 + 16));
        sum_2_row_acc_2 = sum_2_row_acc_2 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 16 + lane_)] < 0) ? (item[16384 * block + (j0 + 16 + lane_)] + x_size0) : item[16384 * block + (j0 + 16 + lane_)])]; vec_; });
        const st_f64x8 t2_2 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 16 + lane_)] < 0) ? (item[16384 * block + (j0 + 16 + lane_)] + x_size0) : item[16384 * block + (j0 + 16 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 16 + lane_)] < 0) ? (item[16384 * block + (j0 + 16 + lane_)] + x_size0) : item[16384 * block + (j0 + 16 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 16 + lane_)] < 0) ? (item[16384 * block + (j0 + 16 + lane_)] + x_size0) : item[16384 * block + (j0 + 16 + lane_)])]; vec_; });
        sum_row_acc_2 = sum_row_acc_2 + t2_2;
        const st_i64x8 t1_3 = st_load_i64x8(item + 16384 * block + (j0 + 24));
        sum_2_row_acc_3 = sum_2_row_acc_3 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 24 + lane_)] < 0) ? (item[16384 * block + (j0 + 24 + lane_)] + x_size0) : item[16384 * block + (j0 + 24 + lane_)])]; vec_; });
        const st_f64x8 t2_3 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 24 + lane_)] < 0) ? (item[16384 * block + (j0 + 24 + lane_)] + x_size0) : item[16384 * block + (j0 + 24 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 24 + lane_)] < 0) ? (item[16384 * block + (j0 + 24 + lane_)] + x_size0) : item[16384 * block + (j0 + 24 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + 24 + lane_)] < 0) ? (item[16384 * block + (j0 + 24 + lane_)] + x_size0) : item[16384 * block + (j0 + 24 + lane_)])]; vec_; });
        sum_row_acc_3 = sum_row_acc_3 + t2_3;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + 16384 * block + j0, alive);
        sum_2_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_0 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })), sum_2_row_acc_0);
        const st_f64x8 t2 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        sum_row_acc_0 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_0 + t2), sum_row_acc_0);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + 16384 * block + j0, alive);
        sum_2_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_1 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })), sum_2_row_acc_1);
        const st_f64x8 t2 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        sum_row_acc_1 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_1 + t2), sum_row_acc_1);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + 16384 * block + j0, alive);
        sum_2_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_2 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })), sum_2_row_acc_2);
        const st_f64x8 t2 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        sum_row_acc_2 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_2 + t2), sum_row_acc_2);
        j0 += 8;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0 < 8 ? j0_count - j0 : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + 16384 * block + j0, alive);
        sum_2_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_2_row_acc_3 + ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })), sum_2_row_acc_3);
        const st_f64x8 t2 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; }) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; })) * ({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[16384 * block + (j0 + lane_)] < 0) ? (item[16384 * block + (j0 + lane_)] + x_size0) : item[16384 * block + (j0 + lane_)])]; vec_; });
        sum_row_acc_3 = st_select_f64x8(((st_i64x8){0, 1, 2, 3, 4, 5, 6, 7} < ((st_i64x8){0} + (int64_t)alive)), (sum_row_acc_3 + t2), sum_row_acc_3);
        j0 += 8;
      }
      sum_2_row_acc_0 = sum_2_row_acc_0 + sum_2_row_acc_2;
      sum_2_row_acc_1 = sum_2_row_acc_1 + sum_2_row_acc_3;
      sum_2_row_acc_0 = sum_2_row_acc_0 + sum_2_row_acc_1;
      sum_2_row_acc = sum_2_row_acc + st_sum_tree_f64x8(sum_2_row_acc_0);
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_2;
      sum_row_acc_1 = sum_row_acc_1 + sum_row_acc_3;
      sum_row_acc_0 = sum_row_acc_0 + sum_row_acc_1;
      sum_row_acc = sum_row_acc + st_sum_tree_f64x8(sum_row_acc_0);
    }
    sum_2_row_part[block] = sum_2_row_acc;
    sum_row_part[block] = sum_row_acc;
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const int64_t *item;
  const double *x;
  double *sum_2_row_part;
  double *sum_row_part;
  int64_t count;
  int64_t x_size0;
  int64_t extent, grain;
} k3_sum_partial_arguments;
static int k3_sum_partial_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_sum_partial_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k3_sum_partial_range(st_given->ctx, st_given->item, st_given->x, st_given->sum_2_row_part, st_given->sum_row_part, st_given->count, st_given->x_size0, begin, end);
}
static int k3_sum_partial(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict sum_2_row_part, double *restrict sum_row_part, int64_t count, int64_t x_size0) {
  const int64_t extent = ((16383 + count) / 16384), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (8 * count) < 40000)
    return k3_sum_partial_range(ctx, item, x, sum_2_row_part, sum_row_part, count, x_size0, 0, extent);
  k3_sum_partial_arguments st_given = {ctx, item, x, sum_2_row_part, sum_row_part, count, x_size0, extent, grain};
  return ctx->parallel(ctx, k3_sum_partial_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k3_sum_combine
 *   sum: float64[]  at probe_12_nonzero.py:14
 *   sum: float64[]  at probe_12_nonzero.py:15
 */
static int k3_sum_combine(st_ctx *ctx, const double *restrict sum_2_row_part, const double *restrict sum_row_part, double *restrict sum_2, double *restrict sum, int64_t count) {
  double sum_2_row_acc = 0.0;
  double sum_row_acc = 0.0;
  for (int64_t block = 0; block < (((16383 + count) / 16384)); ++block) {
    const double sum_2_row_acc_next = sum_2_row_acc + sum_2_row_part[block];
    sum_2_row_acc = sum_2_row_acc_next;
    const double sum_row_acc_next = sum_row_acc + sum_row_part[block];
    sum_row_acc = sum_row_acc_next;
  }
  const double sum_2_row = sum_2_row_acc;
  sum_2[0] = sum_2_row;
  const double sum_row = sum_row_acc;
  sum[0] = sum_row;
  return 0;
}

/* k4_add
 *   add: float64[count]  at probe_12_nonzero.py:14
 */
static int k4_add_range(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, const double *restrict sum_2, double *restrict add, int64_t count, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64(4096, (count - 4096 * tile));
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_i64x8 t1_0 = st_load_i64x8(item + j + 4096 * tile);
        const double t2_0 = (double)count;
        const st_f64x8 t3_0 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[(j + lane_) + 4096 * tile] < 0) ? (item[(j + lane_) + 4096 * tile] + x_size0) : item[(j + lane_) + 4096 * tile])]; vec_; }) - st_splat_f64x8((sum_2[0] / t2_0))) * __builtin_convertvector(t1_0, st_f64x8);
        const st_f64x8 t4_0 = t3_0 + st_splat_f64x8(t2_0);
        st_store_f64x8(add + j + 4096 * tile, t4_0);
        const st_i64x8 t1_1 = st_load_i64x8(item + (j + 8) + 4096 * tile);
        const double t2_1 = (double)count;
        const st_f64x8 t3_1 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[((item[(j + 8 + lane_) + 4096 * tile] < 0) ? (item[(j + 8 + lane_) + 4096 * tile] + x_size0) : item[(j + 8 + lane_) + 4096 * tile])]; vec_; }) - st_splat_f64x8((sum_2[0] / t2_1))) * __builtin_convertvector(t1_1, st_f64x8);
        const st_f64x8 t4_1 = t3_1 + st_splat_f64x8(t2_1);
        st_store_f64x8(add + (j + 8) + 4096 * tile, t4_1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + j + 4096 * tile, alive);
        const double t2 = (double)count;
        const st_f64x8 t3 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[(j + lane_) + 4096 * tile] < 0) ? (item[(j + lane_) + 4096 * tile] + x_size0) : item[(j + lane_) + 4096 * tile])]; vec_; }) - st_splat_f64x8((sum_2[0] / t2))) * __builtin_convertvector(t1, st_f64x8);
        const st_f64x8 t4 = t3 + st_splat_f64x8(t2);
        st_store_part_f64x8(add + j + 4096 * tile, t4, alive);
        j += 8;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_i64x8 t1 = st_load_part_i64x8(item + j + 4096 * tile, alive);
        const double t2 = (double)count;
        const st_f64x8 t3 = (({ st_f64x8 vec_ = {0}; for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[((item[(j + lane_) + 4096 * tile] < 0) ? (item[(j + lane_) + 4096 * tile] + x_size0) : item[(j + lane_) + 4096 * tile])]; vec_; }) - st_splat_f64x8((sum_2[0] / t2))) * __builtin_convertvector(t1, st_f64x8);
        const st_f64x8 t4 = t3 + st_splat_f64x8(t2);
        st_store_part_f64x8(add + j + 4096 * tile, t4, alive);
        j += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const int64_t *item;
  const double *x;
  const double *sum_2;
  double *add;
  int64_t count;
  int64_t x_size0;
  int64_t extent, grain;
} k4_add_arguments;
static int k4_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k4_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k4_add_range(st_given->ctx, st_given->item, st_given->x, st_given->sum_2, st_given->add, st_given->count, st_given->x_size0, begin, end);
}
static int k4_add(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, const double *restrict sum_2, double *restrict add, int64_t count, int64_t x_size0) {
  const int64_t extent = ((4095 + count) / 4096), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (13 * count) < 40000)
    return k4_add_range(ctx, item, x, sum_2, add, count, x_size0, 0, extent);
  k4_add_arguments st_given = {ctx, item, x, sum_2, add, count, x_size0, extent, grain};
  return ctx->parallel(ctx, k4_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k5_broadcast_to
 *   broadcast_to: float64[x.shape[0]]  at probe_12_nonzero.py:16
 */
static int k5_broadcast_to_range(st_ctx *ctx, double *restrict broadcast_to, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((x_size0 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 128 <= j_count; j += 128) {
        st_store_f64x64(broadcast_to + j + 4096 * tile, st_splat_f64x64(0.0));
        st_store_f64x64(broadcast_to + (j + 64) + 4096 * tile, st_splat_f64x64(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 64 ? j_count - j : 64;
        st_store_part_f64x64(broadcast_to + j + 4096 * tile, st_splat_f64x64(0.0), alive);
        j += 64;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 64 ? j_count - j : 64;
        st_store_part_f64x64(broadcast_to + j + 4096 * tile, st_splat_f64x64(0.0), alive);
        j += 64;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  double *broadcast_to;
  int64_t x_size0;
  int64_t extent, grain;
} k5_broadcast_to_arguments;
static int k5_broadcast_to_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k5_broadcast_to_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k5_broadcast_to_range(st_given->ctx, st_given->broadcast_to, st_given->x_size0, begin, end);
}
static int k5_broadcast_to(st_ctx *ctx, double *restrict broadcast_to, int64_t x_size0) {
  const int64_t extent = ((4095 + x_size0) / 4096), grain = 4;
  if (extent <= grain || ctx->workers < 2 || x_size0 < 40000)
    return k5_broadcast_to_range(ctx, broadcast_to, x_size0, 0, extent);
  k5_broadcast_to_arguments st_given = {ctx, broadcast_to, x_size0, extent, grain};
  return ctx->parallel(ctx, k5_broadcast_to_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k6_scatter_add
 *   scatter_add: float64[x.shape[0]]  at probe_12_nonzero.py:16
 */
static int k6_scatter_add_range(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict scatter_add, int64_t count, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t owner = begin; owner < end; ++owner) {
    for (int64_t i0 = 0; i0 < count; ++i0) {
      const int64_t row = (item[i0] < 0) ? (item[i0] + x_size0) : item[i0];
      if ((st_mod_i64(row, (st_min_i64((1 + (count / 65536)), 8)))) == owner) {
        const int64_t t1 = item[i0];
        const double t2 = x[((item[i0] < 0) ? (item[i0] + x_size0) : item[i0])];
        const double t3 = st_fma_f64(3.0, (t2 * t2), scatter_add[row]);
        scatter_add[row] = t3;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const int64_t *item;
  const double *x;
  double *scatter_add;
  int64_t count;
  int64_t x_size0;
  int64_t extent, grain;
} k6_scatter_add_arguments;
static int k6_scatter_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k6_scatter_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k6_scatter_add_range(st_given->ctx, st_given->item, st_given->x, st_given->scatter_add, st_given->count, st_given->x_size0, begin, end);
}
static int k6_scatter_add(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict scatter_add, int64_t count, int64_t x_size0) {
  const int64_t extent = st_min_i64((1 + (count / 65536)), 8), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (4 * count) < 40000)
    return k6_scatter_add_range(ctx, item, x, scatter_add, count, x_size0, 0, extent);
  k6_scatter_add_arguments st_given = {ctx, item, x, scatter_add, count, x_size0, extent, grain};
  return ctx->parallel(ctx, k6_scatter_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_12_nonzero: 7 kernels, 4 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const x = arguments[0];
  double *const limit = arguments[1];
  const int64_t x_size0 = layout[0];
  int64_t count = 0;
  (void)x_size0;
  char *const arena = ctx->arena(ctx, 0, 64);
  if (!arena) return 1;
  uint8_t *greater = 0;
  double *sum_2_row_part = 0;
  double *broadcast_to = 0;
  double *sum_row_part = 0;
  double *sum_2 = (double *)(arena + 0);
  int64_t *item = 0;
  double *add = 0;
  double *const sum = ctx->output(ctx, 2, 0);
  if (!sum) return 1;
  double *const scatter_add = ctx->output(ctx, 3, (const int64_t[]){x_size0});
  if (!scatter_add) return 1;
  if (k1_greater(ctx, x, limit, greater, x_size0)) return 1;
  count = st_nonzero_uint8_t_1_count(greater, x_size0);
  char *const arena_1 = ctx->arena(ctx, 1, 64 * ((63 + 8 * ((16383 + count) / 16384)) / 64) + st_max_i64((64 * ((63 + 8 * x_size0) / 64)), (st_max_i64((64 * ((63 + 8 * ((16383 + count) / 16384)) / 64)), (64 * ((63 + x_size0) / 64))))));
  if (!arena_1) return 1;
  greater = (uint8_t *)(arena_1 + 0);
  sum_2_row_part = (double *)(arena_1 + 0);
  broadcast_to = (double *)(arena_1 + 0);
  sum_row_part = (double *)(arena_1 + (st_max_i64((64 * ((63 + 8 * x_size0) / 64)), (st_max_i64((64 * ((63 + 8 * ((16383 + count) / 16384)) / 64)), (64 * ((63 + x_size0) / 64)))))));
  item = ctx->output(ctx, 0, (const int64_t[]){count});
  if (!item) return 1;
  add = ctx->output(ctx, 1, (const int64_t[]){count});
  if (!add) return 1;
  if (st_nonzero_uint8_t_1(greater, item, x_size0)) return 1;
  if (k2_item_check(ctx, item, count, x_size0)) return 1;
  if (k3_sum_partial(ctx, item, x, sum_2_row_part, sum_row_part, count, x_size0)) return 1;
  if (k3_sum_combine(ctx, sum_2_row_part, sum_row_part, sum_2, sum, count)) return 1;
  if (k4_add(ctx, item, x, sum_2, add, count, x_size0)) return 1;
  if (k5_broadcast_to(ctx, broadcast_to, x_size0)) return 1;
  if (scatter_add != broadcast_to) __builtin_memmove(scatter_add, broadcast_to, (x_size0) * 8);
  if (k6_scatter_add(ctx, item, x, scatter_add, count, x_size0)) return 1;
  return 0;
}
