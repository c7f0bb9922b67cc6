/* k1_contract: float64[x.shape[0], x.shape[1], w.shape[1]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k1_contract_arguments;
static int k1_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k1_contract_arguments *g = argument;
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
static int k1_contract(st_ctx *ctx, k1_contract_arguments g, int64_t batches) {
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
    return ctx->parallel(ctx, k1_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k1_contract_tile(&g, chunk, 0);
  return 0;
}

/* k3_tanh_square
 *   tanh: float64[x.shape[1], w.shape[1]]  at probe_09_recurrent.py:13
 *   square: float64[x.shape[1], w.shape[1]]  at probe_09_recurrent.py:21
 */
static int k3_tanh_square_range(st_ctx *ctx, const double *restrict row_row, const double *restrict contract_5, const double *restrict b, double *restrict item_row, double *restrict item_6_row, int64_t weights_size1, int64_t weights_size2, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t tile = st_mod_i64(p, (((4095 + weights_size2) / 4096)));
    const int64_t o0 = st_floordiv_i64(p, (((4095 + weights_size2) / 4096)));
    {
      const int64_t j_count = st_min_i64((weights_size2 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = (st_load_f64x8(row_row + j + o0 * weights_size2 + 4096 * tile) + st_load_f64x8(contract_5 + j + o0 * weights_size2 + 4096 * tile)) + st_load_f64x8(b + j + 4096 * tile);
        const st_f64x8 t1_1 = (st_load_f64x8(row_row + (j + 8) + o0 * weights_size2 + 4096 * tile) + st_load_f64x8(contract_5 + (j + 8) + o0 * weights_size2 + 4096 * tile)) + st_load_f64x8(b + (j + 8) + 4096 * tile);
        const st_f64x8 t2_0 = st_tanh_f64x8(t1_0);
        const st_f64x8 t2_1 = st_tanh_f64x8(t1_1);
        st_store_f64x8(item_row + j + o0 * weights_size2 + 4096 * tile, t2_0);
        st_store_f64x8(item_row + (j + 8) + o0 * weights_size2 + 4096 * tile, t2_1);
        const st_f64x8 t3_0 = st_exp_f64x8((-st_abs_f64x8(t1_0)));
        const st_f64x8 t3_1 = st_exp_f64x8((-st_abs_f64x8(t1_1)));
        const st_f64x8 t4_0 = (st_splat_f64x8(2.0) * t3_0) / st_fma_f64x8(t3_0, t3_0, st_splat_f64x8(1.0));
        const st_f64x8 t4_1 = (st_splat_f64x8(2.0) * t3_1) / st_fma_f64x8(t3_1, t3_1, st_splat_f64x8(1.0));
        const st_f64x8 t5_0 = t4_0 * t4_0;
        const st_f64x8 t5_1 = t4_1 * t4_1;
        st_store_f64x8(item_6_row + j + o0 * weights_size2 + 4096 * tile, t5_0);
        st_store_f64x8(item_6_row + (j + 8) + o0 * weights_size2 + 4096 * tile, t5_1);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = (st_load_f64x8(row_row + j + o0 * weights_size2 + 4096 * tile) + st_load_f64x8(contract_5 + j + o0 * weights_size2 + 4096 * tile)) + st_load_f64x8(b + j + 4096 * tile);
        const st_f64x8 t2 = st_tanh_f64x8(t1);
        st_store_f64x8(item_row + j + o0 * weights_size2 + 4096 * tile, t2);
        const st_f64x8 t3 = st_exp_f64x8((-st_abs_f64x8(t1)));
        const st_f64x8 t4 = (st_splat_f64x8(2.0) * t3) / st_fma_f64x8(t3, t3, st_splat_f64x8(1.0));
        const st_f64x8 t5 = t4 * t4;
        st_store_f64x8(item_6_row + j + o0 * weights_size2 + 4096 * tile, t5);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = (st_load_part_f64x8(row_row + j + o0 * weights_size2 + 4096 * tile, alive) + st_load_part_f64x8(contract_5 + j + o0 * weights_size2 + 4096 * tile, alive)) + st_load_part_f64x8(b + j + 4096 * tile, alive);
        const st_f64x8 t2 = st_tanh_f64x8(t1);
        st_store_part_f64x8(item_row + j + o0 * weights_size2 + 4096 * tile, t2, alive);
        const st_f64x8 t3 = st_exp_f64x8((-st_abs_f64x8(t1)));
        const st_f64x8 t4 = (st_splat_f64x8(2.0) * t3) / st_fma_f64x8(t3, t3, st_splat_f64x8(1.0));
        const st_f64x8 t5 = t4 * t4;
        st_store_part_f64x8(item_6_row + j + o0 * weights_size2 + 4096 * tile, t5, alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *row_row;
  const double *contract_5;
  const double *b;
  double *item_row;
  double *item_6_row;
  int64_t weights_size1;
  int64_t weights_size2;
  int64_t extent, grain;
} k3_tanh_square_arguments;
static int k3_tanh_square_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_tanh_square_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k3_tanh_square_range(st_given->ctx, st_given->row_row, st_given->contract_5, st_given->b, st_given->item_row, st_given->item_6_row, st_given->weights_size1, st_given->weights_size2, begin, end);
}
static int k3_tanh_square(st_ctx *ctx, const double *restrict row_row, const double *restrict contract_5, const double *restrict b, double *restrict item_row, double *restrict item_6_row, int64_t weights_size1, int64_t weights_size2) {
  const int64_t extent = weights_size1 * ((4095 + weights_size2) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (15 * weights_size1 * weights_size2) >= 40000) {
    const int64_t least = 2;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k3_tanh_square_range(ctx, row_row, contract_5, b, item_row, item_6_row, weights_size1, weights_size2, 0, extent);
  k3_tanh_square_arguments st_given = {ctx, row_row, contract_5, b, item_row, item_6_row, weights_size1, weights_size2, extent, grain};
  return ctx->parallel(ctx, k3_tanh_square_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k4_broadcast_to
 *   broadcast_to: float64[h0.shape[0], h0.shape[1]]  at probe_09_recurrent.py:21
 */
static int k4_broadcast_to_range(st_ctx *ctx, double *restrict broadcast_to, int64_t weights_size1, int64_t weights_size2, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((weights_size1 * weights_size2 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(0.0));
        st_store_f64x8(broadcast_to + (j + 8) + 4096 * tile, st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(0.0), alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  double *broadcast_to;
  int64_t weights_size1;
  int64_t weights_size2;
  int64_t extent, grain;
} k4_broadcast_to_arguments;
static int k4_broadcast_to_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k4_broadcast_to_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k4_broadcast_to_range(st_given->ctx, st_given->broadcast_to, st_given->weights_size1, st_given->weights_size2, begin, end);
}
static int k4_broadcast_to(st_ctx *ctx, double *restrict broadcast_to, int64_t weights_size1, int64_t weights_size2) {
  const int64_t extent = ((4095 + weights_size1 * weights_size2) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (weights_size1 * weights_size2) >= 40000) {
    const int64_t least = 32;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k4_broadcast_to_range(ctx, broadcast_to, weights_size1, weights_size2, 0, extent);
  k4_broadcast_to_arguments st_given = {ctx, broadcast_to, weights_size1, weights_size2, extent, grain};
  return ctx->parallel(ctx, k4_broadcast_to_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k5_broadcast_to
 *   broadcast_to: float64[b.shape[0]]  at probe_09_recurrent.py:21
 */
static int k5_broadcast_to_range(st_ctx *ctx, double *restrict broadcast_to_2, int64_t weights_size2, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((weights_size2 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(broadcast_to_2 + j + 4096 * tile, st_splat_f64x8(0.0));
        st_store_f64x8(broadcast_to_2 + (j + 8) + 4096 * tile, st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(broadcast_to_2 + j + 4096 * tile, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(broadcast_to_2 + j + 4096 * tile, st_splat_f64x8(0.0), alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  double *broadcast_to_2;
  int64_t weights_size2;
  int64_t extent, grain;
} k5_broadcast_to_arguments;
static int k5_broadcast_to_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k5_broadcast_to_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k5_broadcast_to_range(st_given->ctx, st_given->broadcast_to_2, st_given->weights_size2, begin, end);
}
static int k5_broadcast_to(st_ctx *ctx, double *restrict broadcast_to_2, int64_t weights_size2) {
  const int64_t extent = ((4095 + weights_size2) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && weights_size2 >= 40000) {
    const int64_t least = 32;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k5_broadcast_to_range(ctx, broadcast_to_2, weights_size2, 0, extent);
  k5_broadcast_to_arguments st_given = {ctx, broadcast_to_2, weights_size2, extent, grain};
  return ctx->parallel(ctx, k5_broadcast_to_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k6_multiply
 *   multiply: float64[h0.shape[0], h0.shape[1]]  at probe_09_recurrent.py:21
 */
static int k6_multiply_range(st_ctx *ctx, const double *restrict d_h, const double *restrict row_row_2, const double *restrict row_row_3, double *restrict item_7_row, int64_t weights_size1, int64_t weights_size2, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((weights_size1 * weights_size2 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = (st_load_f64x8(d_h + j + 4096 * tile) + st_load_f64x8(row_row_2 + j + 4096 * tile)) * st_load_f64x8(row_row_3 + j + 4096 * tile);
        st_store_f64x8(item_7_row + j + 4096 * tile, t1_0);
        const st_f64x8 t1_1 = (st_load_f64x8(d_h + (j + 8) + 4096 * tile) + st_load_f64x8(row_row_2 + (j + 8) + 4096 * tile)) * st_load_f64x8(row_row_3 + (j + 8) + 4096 * tile);
        st_store_f64x8(item_7_row + (j + 8) + 4096 * tile, t1_1);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = (st_load_f64x8(d_h + j + 4096 * tile) + st_load_f64x8(row_row_2 + j + 4096 * tile)) * st_load_f64x8(row_row_3 + j + 4096 * tile);
        st_store_f64x8(item_7_row + j + 4096 * tile, t1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = (st_load_part_f64x8(d_h + j + 4096 * tile, alive) + st_load_part_f64x8(row_row_2 + j + 4096 * tile, alive)) * st_load_part_f64x8(row_row_3 + j + 4096 * tile, alive);
        st_store_part_f64x8(item_7_row + j + 4096 * tile, t1, alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *d_h;
  const double *row_row_2;
  const double *row_row_3;
  double *item_7_row;
  int64_t weights_size1;
  int64_t weights_size2;
  int64_t extent, grain;
} k6_multiply_arguments;
static int k6_multiply_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k6_multiply_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k6_multiply_range(st_given->ctx, st_given->d_h, st_given->row_row_2, st_given->row_row_3, st_given->item_7_row, st_given->weights_size1, st_given->weights_size2, begin, end);
}
static int k6_multiply(st_ctx *ctx, const double *restrict d_h, const double *restrict row_row_2, const double *restrict row_row_3, double *restrict item_7_row, int64_t weights_size1, int64_t weights_size2) {
  const int64_t extent = ((4095 + weights_size1 * weights_size2) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (6 * weights_size1 * weights_size2) >= 40000) {
    const int64_t least = 5;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k6_multiply_range(ctx, d_h, row_row_2, row_row_3, item_7_row, weights_size1, weights_size2, 0, extent);
  k6_multiply_arguments st_given = {ctx, d_h, row_row_2, row_row_3, item_7_row, weights_size1, weights_size2, extent, grain};
  return ctx->parallel(ctx, k6_multiply_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k9_contract: float64[x.shape[0], x.shape[1], w.shape[0]], a (batched) matrix product in tiles */
/* k7_contract: float64[h0.shape[0], u.shape[0]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k7_contract_arguments;
static int k7_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k7_contract_arguments *g = argument;
  (void)worker;
  int64_t rest = chunk / g->strips / g->tiles;
  const int64_t row = chunk / g->strips % g->tiles * g->high, column = chunk % g->strips * g->wide;
  const int64_t rows = g->rows - row < g->high ? g->rows - row : g->high;
  const int64_t columns = g->columns - column < g->wide ? g->columns - column : g->wide;
  (void)rest;
  const double *a = g->a + row * g->lda;
  const double *b = g->b + column * g->ldb;
  double *c = g->c + row * g->ldc + column;
  if (g->own) {
    st_product_f64x8(a, g->lda, 1, b, 1, g->ldb, c, g->ldc, rows, columns, g->inner, 1, 0);
    return 0;
  }
  typedef void gemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
  ((gemm *)g->function)(101, 111, 112, (int)rows,
                        (int)columns, (int)g->inner, 1, a, (int)g->lda, b, (int)g->ldb, 0,
                        c, (int)g->ldc);
  return 0;
}
static int k7_contract(st_ctx *ctx, k7_contract_arguments g, int64_t batches) {
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
    return ctx->parallel(ctx, k7_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k7_contract_tile(&g, chunk, 0);
  return 0;
}

/* k8_sum_add
 *   sum: float64[h0.shape[1]]  at probe_09_recurrent.py:21
 *   add: float64[b.shape[0]]  at probe_09_recurrent.py:21
 */
static int k8_sum_add_range(st_ctx *ctx, const double *restrict item_7_row, const double *restrict d_b, double *restrict d_b_next, int64_t weights_size2, int64_t weights_size1, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    double sum_row_acc[512] __attribute__((aligned(64)));
    {
      const int64_t j_count = st_min_i64((weights_size2 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(sum_row_acc + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_row_acc + (j + 8), st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(sum_row_acc + j, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(sum_row_acc + j, st_splat_f64x8(0.0), alive);
      }
    }
    for (int64_t r = 0; r < ((weights_size1 / 8)); ++r) {
      {
        const int64_t j_count = st_min_i64((weights_size2 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = ((((st_load_f64x8(sum_row_acc + j) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 2 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 3 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 4 * weights_size2);
          const st_f64x8 t2_0 = ((t1_0 + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 5 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 6 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 7 * weights_size2);
          st_store_f64x8(sum_row_acc + j, t2_0);
          const st_f64x8 t1_1 = ((((st_load_f64x8(sum_row_acc + (j + 8)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + weights_size2)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 2 * weights_size2)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 3 * weights_size2)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 4 * weights_size2);
          const st_f64x8 t2_1 = ((t1_1 + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 5 * weights_size2)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 6 * weights_size2)) + st_load_f64x8(item_7_row + (j + 8) + 8 * r * weights_size2 + 512 * tile + 7 * weights_size2);
          st_store_f64x8(sum_row_acc + (j + 8), t2_1);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = ((((st_load_f64x8(sum_row_acc + j) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 2 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 3 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 4 * weights_size2);
          const st_f64x8 t2 = ((t1 + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 5 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 6 * weights_size2)) + st_load_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 7 * weights_size2);
          st_store_f64x8(sum_row_acc + j, t2);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = ((((st_load_part_f64x8(sum_row_acc + j, alive) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + weights_size2, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 2 * weights_size2, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 3 * weights_size2, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 4 * weights_size2, alive);
          const st_f64x8 t2 = ((t1 + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 5 * weights_size2, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 6 * weights_size2, alive)) + st_load_part_f64x8(item_7_row + j + 8 * r * weights_size2 + 512 * tile + 7 * weights_size2, alive);
          st_store_part_f64x8(sum_row_acc + j, t2, alive);
        }
      }
    }
    for (int64_t r = 0; r < ((weights_size1 % 8)); ++r) {
      {
        const int64_t j_count = st_min_i64((weights_size2 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = st_load_f64x8(sum_row_acc + j) + st_load_f64x8(item_7_row + j + r * weights_size2 + 512 * tile + 8 * weights_size2 * (weights_size1 / 8));
          st_store_f64x8(sum_row_acc + j, t1_0);
          const st_f64x8 t1_1 = st_load_f64x8(sum_row_acc + (j + 8)) + st_load_f64x8(item_7_row + (j + 8) + r * weights_size2 + 512 * tile + 8 * weights_size2 * (weights_size1 / 8));
          st_store_f64x8(sum_row_acc + (j + 8), t1_1);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_row_acc + j) + st_load_f64x8(item_7_row + j + r * weights_size2 + 512 * tile + 8 * weights_size2 * (weights_size1 / 8));
          st_store_f64x8(sum_row_acc + j, t1);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_row_acc + j, alive) + st_load_part_f64x8(item_7_row + j + r * weights_size2 + 512 * tile + 8 * weights_size2 * (weights_size1 / 8), alive);
          st_store_part_f64x8(sum_row_acc + j, t1, alive);
        }
      }
    }
    {
      const int64_t j_count = st_min_i64((weights_size2 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_load_f64x8(d_b + j + 512 * tile) + st_load_f64x8(sum_row_acc + j);
        st_store_f64x8(d_b_next + j + 512 * tile, t1_0);
        const st_f64x8 t1_1 = st_load_f64x8(d_b + (j + 8) + 512 * tile) + st_load_f64x8(sum_row_acc + (j + 8));
        st_store_f64x8(d_b_next + (j + 8) + 512 * tile, t1_1);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = st_load_f64x8(d_b + j + 512 * tile) + st_load_f64x8(sum_row_acc + j);
        st_store_f64x8(d_b_next + j + 512 * tile, t1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = st_load_part_f64x8(d_b + j + 512 * tile, alive) + st_load_part_f64x8(sum_row_acc + j, alive);
        st_store_part_f64x8(d_b_next + j + 512 * tile, t1, alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *item_7_row;
  const double *d_b;
  double *d_b_next;
  int64_t weights_size2;
  int64_t weights_size1;
  int64_t extent, grain;
} k8_sum_add_arguments;
static int k8_sum_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k8_sum_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k8_sum_add_range(st_given->ctx, st_given->item_7_row, st_given->d_b, st_given->d_b_next, st_given->weights_size2, st_given->weights_size1, begin, end);
}
static int k8_sum_add(st_ctx *ctx, const double *restrict item_7_row, const double *restrict d_b, double *restrict d_b_next, int64_t weights_size2, int64_t weights_size1) {
  const int64_t extent = ((511 + weights_size2) / 512);
  int64_t grain = extent;
  if (ctx->workers > 1 && (2 * weights_size1 * weights_size2 + 3 * weights_size2) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (2048 + 1024 * weights_size1))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k8_sum_add_range(ctx, item_7_row, d_b, d_b_next, weights_size2, weights_size1, 0, extent);
  k8_sum_add_arguments st_given = {ctx, item_7_row, d_b, d_b_next, weights_size2, weights_size1, extent, grain};
  return ctx->parallel(ctx, k8_sum_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k11_contract: float64[h0.shape[1], w.shape[1]], a (batched) matrix product in tiles */
/* k10_contract: float64[x.shape[2], w.shape[1]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k10_contract_arguments;
static int k10_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k10_contract_arguments *g = argument;
  (void)worker;
  int64_t rest = chunk / g->strips / g->tiles;
  const int64_t row = chunk / g->strips % g->tiles * g->high, column = chunk % g->strips * g->wide;
  const int64_t rows = g->rows - row < g->high ? g->rows - row : g->high;
  const int64_t columns = g->columns - column < g->wide ? g->columns - column : g->wide;
  (void)rest;
  const double *a = g->a + row;
  const double *b = g->b + column;
  double *c = g->c + row * g->ldc + column;
  if (g->own) {
    st_product_f64x8(a, 1, g->lda, b, g->ldb, 1, c, g->ldc, rows, columns, g->inner, 1, 0);
    return 0;
  }
  typedef void gemm(int, int, int, int, int, int, double, const double *, int, const double *, int, double, double *, int);
  ((gemm *)g->function)(101, 112, 111, (int)rows,
                        (int)columns, (int)g->inner, 1, a, (int)g->lda, b, (int)g->ldb, 0,
                        c, (int)g->ldc);
  return 0;
}
static int k10_contract(st_ctx *ctx, k10_contract_arguments g, int64_t batches) {
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
    return ctx->parallel(ctx, k10_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k10_contract_tile(&g, chunk, 0);
  return 0;
}

/* probe_09_recurrent: 5 kernels, 6 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const x = arguments[0];
  double *const h0 = arguments[1];
  double *const w = arguments[2];
  double *const u = arguments[3];
  double *const b = arguments[4];
  double *const weights = arguments[5];
  const int64_t x_size0 = layout[0];
  const int64_t x_size1 = layout[1];
  const int64_t x_size2 = layout[2];
  const int64_t h0_size0 = layout[6];
  const int64_t h0_size1 = layout[7];
  const int64_t w_size0 = layout[10];
  const int64_t w_size1 = layout[11];
  const int64_t u_size0 = layout[14];
  const int64_t u_size1 = layout[15];
  const int64_t b_size0 = layout[18];
  const int64_t weights_size0 = layout[20];
  const int64_t weights_size1 = layout[21];
  const int64_t weights_size2 = layout[22];
  (void)x_size0;
  (void)x_size1;
  (void)x_size2;
  (void)h0_size0;
  (void)h0_size1;
  (void)w_size0;
  (void)w_size1;
  (void)u_size0;
  (void)u_size1;
  (void)b_size0;
  (void)weights_size0;
  (void)weights_size1;
  (void)weights_size2;
  if (x_size2 != w_size0) return st_fail(ctx, 3, 13, x_size2, w_size0);
  if (h0_size1 != u_size0) return st_fail(ctx, 3, 14, h0_size1, u_size0);
  if (x_size1 != h0_size0) return st_fail(ctx, 3, 15, x_size1, h0_size0);
  if (w_size1 != u_size1) return st_fail(ctx, 3, 16, w_size1, u_size1);
  if (w_size1 != b_size0) return st_fail(ctx, 3, 17, w_size1, b_size0);
  if (w_size1 != h0_size1) return st_fail(ctx, 3, 18, w_size1, h0_size1);
  if (x_size0 != weights_size0) return st_fail(ctx, 3, 19, x_size0, weights_size0);
  if (h0_size0 != weights_size1) return st_fail(ctx, 3, 20, h0_size0, weights_size1);
  if (h0_size1 != weights_size2) return st_fail(ctx, 3, 21, h0_size1, weights_size2);
  char *const arena = ctx->arena(ctx, 0, 192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 192 * ((63 + 8 * weights_size1 * weights_size2) / 64) + 192 * ((63 + 8 * weights_size2) / 64));
  if (!arena) return 1;
  double *contract_4 = (double *)(arena + 0);
  double *item_7 = (double *)(arena + 0);
  double *h_memory = (double *)(arena + (64 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64)));
  double *broadcast_to = (double *)(arena + (64 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64)));
  double *h_next_memory = (double *)(arena + (64 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 64 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *d_h_memory = (double *)(arena + (64 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 64 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *item_5 = (double *)(arena + (64 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *item_6 = (double *)(arena + (128 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *contract_5 = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *item_4 = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *d_h_next_memory = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *broadcast_to_2 = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 192 * ((63 + 8 * weights_size1 * weights_size2) / 64)));
  double *d_b_memory = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 192 * ((63 + 8 * weights_size1 * weights_size2) / 64) + 64 * ((63 + 8 * weights_size2) / 64)));
  double *d_b_next_memory = (double *)(arena + (192 * ((63 + 8 * weights_size0 * weights_size1 * weights_size2) / 64) + 192 * ((63 + 8 * weights_size1 * weights_size2) / 64) + 128 * ((63 + 8 * weights_size2) / 64)));
  double *row_row = 0;
  double *h = 0;
  double *h_next = 0;
  double *item_row = 0;
  double *item_5_row = 0;
  double *item_6_row = 0;
  double *row_row_2 = 0;
  double *row_row_3 = 0;
  double *d_h = 0;
  double *d_h_next = 0;
  double *d_b = 0;
  double *d_b_next = 0;
  double *item_7_row = 0;
  double *const item = ctx->output(ctx, 0, (const int64_t[]){weights_size0, weights_size1, weights_size2});
  if (!item) return 1;
  double *const contract = ctx->output(ctx, 1, (const int64_t[]){weights_size0, weights_size1, w_size0});
  if (!contract) return 1;
  double *const item_2 = ctx->output(ctx, 2, (const int64_t[]){weights_size1, weights_size2});
  if (!item_2) return 1;
  double *const contract_2 = ctx->output(ctx, 3, (const int64_t[]){w_size0, weights_size2});
  if (!contract_2) return 1;
  double *const contract_3 = ctx->output(ctx, 4, (const int64_t[]){weights_size2, weights_size2});
  if (!contract_3) return 1;
  double *const item_3 = ctx->output(ctx, 5, (const int64_t[]){weights_size2});
  if (!item_3) return 1;
  if (k1_contract(ctx, (k1_contract_arguments){.a = x, .b = w, .c = contract_4, .rows = weights_size0 * weights_size1, .columns = weights_size2, .inner = w_size0, .lda = w_size0, .ldb = weights_size2, .ldc = weights_size2, .beside = 1}, 1)) return 1;
  h = h_memory + 0;
  h_next = h_next_memory + 0;
  if (h != h0) __builtin_memmove(h, h0, (weights_size1 * weights_size2) * 8);
  for (int64_t step = 0; step < weights_size0; ++step) {
    ctx->error.step = step;
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    row_row = contract_4 + step * weights_size1 * weights_size2;
    item_row = item + step * weights_size1 * weights_size2;
    item_5_row = item_5 + step * weights_size1 * weights_size2;
    item_6_row = item_6 + step * weights_size1 * weights_size2;
    if (k1_contract(ctx, (k1_contract_arguments){.a = h, .b = u, .c = contract_5, .rows = weights_size1, .columns = weights_size2, .inner = weights_size2, .lda = weights_size2, .ldb = weights_size2, .ldc = weights_size2, .beside = 1}, 1)) return 1;
    if (k3_tanh_square(ctx, row_row, contract_5, b, item_row, item_6_row, weights_size1, weights_size2)) return 1;
    if (item_5_row != h) __builtin_memmove(item_5_row, h, (weights_size1 * weights_size2) * 8);
    if (h_next != item_row) __builtin_memmove(h_next, item_row, (weights_size1 * weights_size2) * 8);
    { double *swap = h; h = h_next; h_next = swap; }
  }
  ctx->error.step = -1;
  if (item_4 != h) __builtin_memmove(item_4, h, (weights_size1 * weights_size2) * 8);
  if (k4_broadcast_to(ctx, broadcast_to, weights_size1, weights_size2)) return 1;
  if (k5_broadcast_to(ctx, broadcast_to_2, weights_size2)) return 1;
  d_h = d_h_memory + 0;
  d_h_next = d_h_next_memory + 0;
  if (d_h != broadcast_to) __builtin_memmove(d_h, broadcast_to, (weights_size1 * weights_size2) * 8);
  d_b = d_b_memory + 0;
  d_b_next = d_b_next_memory + 0;
  if (d_b != broadcast_to_2) __builtin_memmove(d_b, broadcast_to_2, (weights_size2) * 8);
  for (int64_t step_2 = weights_size0 - 1; step_2 >= 0; --step_2) {
    ctx->error.step = step_2;
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    row_row_2 = weights + step_2 * weights_size1 * weights_size2;
    row_row_3 = item_6 + step_2 * weights_size1 * weights_size2;
    item_7_row = item_7 + step_2 * weights_size1 * weights_size2;
    if (k6_multiply(ctx, d_h, row_row_2, row_row_3, item_7_row, weights_size1, weights_size2)) return 1;
    if (k7_contract(ctx, (k7_contract_arguments){.a = item_7_row, .b = u, .c = d_h_next, .rows = weights_size1, .columns = weights_size2, .inner = weights_size2, .lda = weights_size2, .ldb = weights_size2, .ldc = weights_size2, .beside = 1}, 1)) return 1;
    if (k8_sum_add(ctx, item_7_row, d_b, d_b_next, weights_size2, weights_size1)) return 1;
    { double *swap = d_h; d_h = d_h_next; d_h_next = swap; }
    { double *swap = d_b; d_b = d_b_next; d_b_next = swap; }
  }
  ctx->error.step = -1;
  if (item_2 != d_h) __builtin_memmove(item_2, d_h, (weights_size1 * weights_size2) * 8);
  if (item_3 != d_b) __builtin_memmove(item_3, d_b, (weights_size2) * 8);
  if (k7_contract(ctx, (k7_contract_arguments){.a = item_7, .b = w, .c = contract, .rows = weights_size0 * weights_size1, .columns = w_size0, .inner = weights_size2, .lda = weights_size2, .ldb = weights_size2, .ldc = w_size0, .beside = 1}, 1)) return 1;
  if (k10_contract(ctx, (k10_contract_arguments){.a = x, .b = item_7, .c = contract_2, .rows = w_size0, .columns = weights_size2, .inner = weights_size0 * weights_size1, .lda = w_size0, .ldb = weights_size2, .ldc = weights_size2, .beside = 1}, 1)) return 1;
  if (k10_contract(ctx, (k10_contract_arguments){.a = item_5, .b = item_7, .c = contract_3, .rows = weights_size2, .columns = weights_size2, .inner = weights_size0 * weights_size1, .lda = weights_size2, .ldb = weights_size2, .ldc = weights_size2, .beside = 1}, 1)) return 1;
  return 0;
}
