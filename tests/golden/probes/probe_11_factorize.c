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
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = st_splat_f64x8(2.0) * st_load_f64x8(item + j + 4096 * tile);
        st_store_f64x8(multiply + j + 4096 * tile, t1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = st_splat_f64x8(2.0) * st_load_part_f64x8(item + j + 4096 * tile, alive);
        st_store_part_f64x8(multiply + j + 4096 * tile, t1, alive);
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_multiply_range(st_given->ctx, st_given->item, st_given->multiply, st_given->a_size0, st_given->a_size1, begin, end);
}
static int k1_multiply(st_ctx *ctx, const double *restrict item, double *restrict multiply, int64_t a_size0, int64_t a_size1) {
  const int64_t extent = ((4095 + a_size0 * st_min_i64(a_size0, a_size1)) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (3 * a_size0 * st_min_i64(a_size0, a_size1)) >= 40000) {
    const int64_t least = 10;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_multiply_range(ctx, item, multiply, a_size0, a_size1, 0, extent);
  k1_multiply_arguments st_given = {ctx, item, multiply, a_size0, a_size1, extent, grain};
  return ctx->parallel(ctx, k1_multiply_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_contract: float64[a.shape[0], a.shape[1]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k2_contract_arguments;
static int k2_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k2_contract_arguments *g = argument;
  (void)worker;
  int64_t rest = chunk / g->strips / g->tiles;
  const int64_t row = chunk / g->strips % g->tiles * g->high, column = chunk % g->strips * g->wide;
  const int64_t rows = g->rows - row < g->high ? g->rows - row : g->high;
  const int64_t columns = g->columns - column < g->wide ? g->columns - column : g->wide;
  (void)rest;
  const double *a = g->a + row * g->lda;
  const double *b = g->b + column;
  double *c = g->c + row * g->ldc + column;
  if (g->own) {
    st_product_f64x8(a, g->lda, 1, b, g->ldb, 1, c, g->ldc, rows, columns, g->inner, 1, 0);
    return 0;
  }
  typedef void gemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
  ((gemm *)g->function)(101, 111, 111, (int)rows,
                        (int)columns, (int)g->inner, 1, a, (int)g->lda, b, (int)g->ldb, 0,
                        c, (int)g->ldc);
  return 0;
}
static int k2_contract(st_ctx *ctx, k2_contract_arguments g, int64_t batches) {
  g.function = ctx->library[0];
  if (batches == 0 || g.rows == 0 || g.columns == 0) return 0;
  if (g.inner == 0) g.lda = g.lda > 0 ? g.lda : 1, g.ldb = g.ldb > 0 ? g.ldb : 1;
  g.own = g.rows >= 6 && g.columns >= 8 && (double)g.rows * g.columns * g.inner <= 268435456;
  if (g.own) {
    const int64_t half = (g.columns + 1) / 2 < 128 ? (g.columns + 1) / 2 : 128;
    const int64_t most = half > 16 ? half : 16;
    const int64_t pieces = (g.rows + 191) / 192, strips = (g.columns + most - 1) / most;
    g.high = ((g.rows + pieces - 1) / pieces + 11) / 12 * 12;
    g.wide = ((g.columns + strips - 1) / strips + 15) / 16 * 16;
  } else {
    const int64_t half = (g.rows / 2 + 15) / 16 * 16;
    g.high = g.rows <= 64 ? g.rows : half < 256 ? half : 256;
    g.wide = g.columns;
  }
  if (g.beside > 1 && g.rows * g.columns * g.inner < 16777216) g.high = g.rows, g.wide = g.columns;
  g.tiles = (g.rows + g.high - 1) / g.high, g.strips = (g.columns + g.wide - 1) / g.wide;
  const int64_t chunks = batches * g.tiles * g.strips;
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
  if (b_size0 != b_size1) return st_fail(ctx, 3, 6, b_size0, b_size1);
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
  if (st_qr_d(ctx, a, item, item_2, 1, a_size0, a_size1, 4, 8 + 8 * a_size0 * a_size1 + 8 * st_min_i64(a_size0, a_size1))) return 1;
  if (st_cholesky_d(ctx, b, cholesky, 1, b_size1, 5)) return 1;
  if (k1_multiply(ctx, item, multiply, a_size0, a_size1)) return 1;
  if (k2_contract(ctx, (k2_contract_arguments){.a = multiply, .b = item_2, .c = contract, .rows = a_size0, .columns = a_size1, .inner = st_min_i64(a_size0, a_size1), .lda = st_min_i64(a_size0, a_size1), .ldb = a_size1, .ldc = a_size1, .beside = 1}, 1)) return 1;
  return 0;
}
