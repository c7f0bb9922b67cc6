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
static inline __attribute__((always_inline, unused)) st_f64x8 st_splat_f64x8(double a) { return (st_f64x8){ a, a, a, a, a, a, a, a }; }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_f64x8(const double *p) { st_f64x8 r; __builtin_memcpy(&r, p, sizeof r); return r; }

static inline __attribute__((always_inline, unused)) void st_store_f64x8(double *p, st_f64x8 a) { __builtin_memcpy(p, &a, sizeof a); }

static inline __attribute__((always_inline, unused)) st_f64x8 st_load_part_f64x8(const double *p, int64_t n) { return (st_f64x8)__builtin_ia32_loadupd512_mask((const double *)p, (double __attribute__((vector_size(64)))){ 0 }, (uint8_t)((1ull << n) - 1)); }

static inline __attribute__((always_inline, unused)) void st_store_part_f64x8(double *p, st_f64x8 a, int64_t n) { __builtin_ia32_storeupd512_mask((double *)p, (double __attribute__((vector_size(64))))a, (uint8_t)((1ull << n) - 1)); }

/* The reduced QR factorisation of each matrix of a stack, by Householder reflections. */
static int st_qr_d(st_ctx *ctx, const double *a, double *q, double *r, int64_t count, int64_t m, int64_t n, int64_t site) {
  typedef int geqrf(int, int, int, double *, int, double *);
  typedef int orgqr(int, int, int, int, double *, int, const double *);
  const int64_t rank = m < n ? m : n;
  double *work = ctx->arena(ctx, 62, sizeof(double) * (m * n + rank + 1));
  if (!work) return 1;
  double *tau = work + m * n;
  for (int64_t k = 0; k < count && rank > 0; ++k, a += m * n, q += m * rank, r += rank * n) {
    __builtin_memcpy(work, a, sizeof(double) * m * n);
    int info = ((geqrf *)ctx->library[1])(101, (int)m, (int)n, work, (int)n, tau);
    if (info != 0) return st_fail(ctx, 5, site, info, k);
    for (int64_t i = 0; i < rank; ++i)
      for (int64_t j = 0; j < n; ++j) r[i * n + j] = j < i ? 0 : work[i * n + j];
    for (int64_t i = 0; i < m; ++i)
      for (int64_t j = 0; j < rank; ++j) q[i * rank + j] = work[i * n + j];
    info = ((orgqr *)ctx->library[2])(101, (int)m, (int)rank, (int)rank, q, (int)rank, tau);
    if (info != 0) return st_fail(ctx, 5, site, info, k);
  }
  return 0;
}

/* The lower Cholesky factor of each matrix of a stack; the upper triangle of the result is zero. */
static int st_cholesky_d(st_ctx *ctx, const double *a, double *l, int64_t count, int64_t n, int64_t site) {
  typedef int potrf(int, char, int, double *, int);
  __builtin_memmove(l, a, sizeof(double) * count * n * n);
  for (int64_t k = 0; k < count && n > 0; ++k, l += n * n) {
    const int info = ((potrf *)ctx->library[3])(101, 'L', (int)n, l, (int)n);
    if (info != 0) return st_fail(ctx, 5, site, info, k);
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i + 1; j < n; ++j) l[i * n + j] = 0;
  }
  return 0;
}

/* k1_multiply
 *   multiply: float64[a.shape[0], min(a.shape[0], a.shape[1])]  at probe_11_factorize.py:13
 */
static int k1_multiply_range(st_ctx *ctx, const double *restrict item, double *restrict multiply, int64_t a_size0, int64_t a_size1, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64(4096, (a_size0 * st_min_i64(a_size0, a_size1) - 4096 * tile));
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_splat_f64x8(2.0) * st_load_f64x8(item + j + 4096 * tile);
        st_store_f64x8(multiply + j + 4096 * tile, t1_0);
        const st_f64x8 t1_1 = st_splat_f64x8(2.0) * st_load_f64x8(item + (j + 8) + 4096 * tile);
        st_store_f64x8(multiply + (j + 8) + 4096 * tile, t1_1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_splat_f64x8(2.0) * st_load_part_f64x8(item + j + 4096 * tile, alive);
        st_store_part_f64x8(multiply + j + 4096 * tile, t1, alive);
        j += 8;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_splat_f64x8(2.0) * st_load_part_f64x8(item + j + 4096 * tile, alive);
        st_store_part_f64x8(multiply + j + 4096 * tile, t1, alive);
        j += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *item;
  double *multiply;
  int64_t a_size0;
  int64_t a_size1;
  int64_t extent, grain;
} k1_multiply_arguments;
static int k1_multiply_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_multiply_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  const int64_t end = begin + st_given->grain < st_given->extent ? begin + st_given->grain : st_given->extent;
  (void)worker;
  return k1_multiply_range(st_given->ctx, st_given->item, st_given->multiply, st_given->a_size0, st_given->a_size1, begin, end);
}
static int k1_multiply(st_ctx *ctx, const double *restrict item, double *restrict multiply, int64_t a_size0, int64_t a_size1) {
  const int64_t extent = ((4095 + a_size0 * st_min_i64(a_size0, a_size1)) / 4096), grain = 1;
  if (extent <= grain || ctx->workers < 2 || (3 * a_size0 * st_min_i64(a_size0, a_size1)) < 40000)
    return k1_multiply_range(ctx, item, multiply, a_size0, a_size1, 0, extent);
  k1_multiply_arguments st_given = {ctx, item, multiply, a_size0, a_size1, extent, grain};
  return ctx->parallel(ctx, k1_multiply_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_contract: float64[a.shape[0], a.shape[1]], a (batched) matrix product in tiles of rows */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner, tile, tiles;
  int64_t lda, ldb, ldc;
} k2_contract_arguments;
static int k2_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k2_contract_arguments *g = argument;
  (void)worker;
  int64_t rest = chunk / g->tiles;
  const int64_t first = chunk % g->tiles * g->tile;
  const int64_t rows = g->rows - first < g->tile ? g->rows - first : g->tile;
  (void)rest;
  const double *a = g->a + first * g->lda;
  const double *b = g->b;
  double *c = g->c + first * g->ldc;
  typedef void gemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
  ((gemm *)g->function)(101, 111, 111, (int)rows, (int)g->columns,
                        (int)g->inner, 1, a, (int)g->lda, b, (int)g->ldb, 0, c, (int)g->ldc);
  return 0;
}
static int k2_contract(st_ctx *ctx, k2_contract_arguments g, int64_t batches) {
  g.function = ctx->library[0];
  if (batches == 0 || g.rows == 0 || g.columns == 0) return 0;
  if (g.inner == 0) g.lda = g.lda > 0 ? g.lda : 1, g.ldb = g.ldb > 0 ? g.ldb : 1;
  g.tile = g.rows <= 64 ? g.rows : (g.rows / 2 + 15) / 16 * 16 < 256 ? (g.rows / 2 + 15) / 16 * 16 : 256;
  if (batches > 1 && g.rows * g.columns * g.inner < 1 << 24) g.tile = g.rows;
  g.tiles = (g.rows + g.tile - 1) / g.tile;
  const int64_t chunks = batches * g.tiles;
  if (chunks > 1 && ctx->workers > 1 && batches * g.rows * g.columns * g.inner >= 400000)
    return ctx->parallel(ctx, k2_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k2_contract_tile(&g, chunk, 0);
  return 0;
}

/* probe_11_factorize: 1 kernels, 4 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const a = arguments[0];
  double *const b = arguments[1];
  const int64_t a_size0 = layout[0];
  const int64_t a_size1 = layout[1];
  const int64_t b_size0 = layout[4];
  const int64_t b_size1 = layout[5];
  (void)a_size0;
  (void)a_size1;
  (void)b_size0;
  (void)b_size1;
  if (b_size0 != b_size1) return st_fail(ctx, 3, 0, b_size0, b_size1);
  char *const arena = ctx->arena(ctx, 0, 64 * ((63 + 8 * a_size0 * st_min_i64(a_size0, a_size1)) / 64));
  if (!arena) return 1;
  double *multiply = (double *)(arena + 0);
  double *const item = ctx->output(ctx, 0, (const int64_t[]){a_size0, st_min_i64(a_size0, a_size1)});
  if (!item) return 1;
  double *const item_2 = ctx->output(ctx, 1, (const int64_t[]){st_min_i64(a_size0, a_size1), a_size1});
  if (!item_2) return 1;
  double *const cholesky = ctx->output(ctx, 2, (const int64_t[]){b_size1, b_size1});
  if (!cholesky) return 1;
  double *const contract = ctx->output(ctx, 3, (const int64_t[]){a_size0, a_size1});
  if (!contract) return 1;
  if (st_qr_d(ctx, a, item, item_2, 1, a_size0, a_size1, 0)) return 1;
  if (st_cholesky_d(ctx, b, cholesky, 1, b_size1, 0)) return 1;
  if (k1_multiply(ctx, item, multiply, a_size0, a_size1)) return 1;
  if (k2_contract(ctx, (k2_contract_arguments){.a = multiply, .b = item_2, .c = contract, .rows = a_size0, .columns = a_size1, .inner = st_min_i64(a_size0, a_size1), .lda = st_min_i64(a_size0, a_size1), .ldb = a_size1, .ldc = a_size1}, 1)) return 1;
  return 0;
}
