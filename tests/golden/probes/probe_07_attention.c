/* k1_contract: float64[q.shape[0], q.shape[1], q.shape[2], k.shape[2]], a (batched) matrix product in tiles */
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

/* k3_divide_supremum_exp
 *   divide: float64[q.shape[0], q.shape[1], q.shape[2], k.shape[2]]  at probe_07_attention.py:11
 *   supremum: float64[q.shape[0], q.shape[1], q.shape[2]]  at probe_07_attention.py:13
 *   exp: float64[q.shape[0], q.shape[1], q.shape[2], k.shape[2]]  at probe_07_attention.py:13
 *   sum: float64[q.shape[0], q.shape[1], q.shape[2]]  at probe_07_attention.py:13
 *   divide: float64[q.shape[0], q.shape[1], q.shape[2], k.shape[2]]  at probe_07_attention.py:13
 *   sum: float64[q.shape[0], q.shape[1], q.shape[2]]  at probe_07_attention.py:20
 *   divide: float64[slope.shape[0], slope.shape[1], slope.shape[2], v.shape[2]]  at probe_07_attention.py:20
 */
static int k3_divide_supremum_exp_range(st_ctx *ctx, const double *restrict contract_5, const double *restrict contract_6, double *restrict divide, double *restrict divide_2, int64_t slope_size0, int64_t slope_size1, int64_t slope_size2, int64_t v_size2, int64_t k_size3, int64_t entry, char *scratch, int64_t begin, int64_t end) {
  for (int64_t o0 = begin; o0 < end; ++o0) {
    double *restrict divide_3_row = (double *)(scratch);
    double supremum_row_acc = (double)-__builtin_inf();
    {
      const double supremum_row_acc_zero = (double)-__builtin_inf();
      const int64_t j0_count = v_size2;
      st_f64x8 supremum_row_acc_0 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_1 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_2 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_3 = st_splat_f64x8(supremum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        __builtin_prefetch(contract_5 + j0 + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_0 = st_load_f64x8(contract_5 + j0 + o0 * v_size2) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_3_row + j0, t1_0);
        supremum_row_acc_0 = st_max_f64x8(t1_0, supremum_row_acc_0);
        __builtin_prefetch(contract_5 + (j0 + 8) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_1 = st_load_f64x8(contract_5 + (j0 + 8) + o0 * v_size2) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_3_row + (j0 + 8), t1_1);
        supremum_row_acc_1 = st_max_f64x8(t1_1, supremum_row_acc_1);
        __builtin_prefetch(contract_5 + (j0 + 16) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_2 = st_load_f64x8(contract_5 + (j0 + 16) + o0 * v_size2) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_3_row + (j0 + 16), t1_2);
        supremum_row_acc_2 = st_max_f64x8(t1_2, supremum_row_acc_2);
        __builtin_prefetch(contract_5 + (j0 + 24) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_3 = st_load_f64x8(contract_5 + (j0 + 24) + o0 * v_size2) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_3_row + (j0 + 24), t1_3);
        supremum_row_acc_3 = st_max_f64x8(t1_3, supremum_row_acc_3);
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        __builtin_prefetch(contract_5 + j0 + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1 = st_load_f64x8(contract_5 + j0 + o0 * v_size2) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_3_row + j0, t1);
        supremum_row_acc_0 = st_max_f64x8(t1, supremum_row_acc_0);
        const st_f64x8 supremum_row_acc_first = supremum_row_acc_0; supremum_row_acc_0 = supremum_row_acc_1; supremum_row_acc_1 = supremum_row_acc_2; supremum_row_acc_2 = supremum_row_acc_3; supremum_row_acc_3 = supremum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_load_part_f64x8(contract_5 + j0 + o0 * v_size2, alive) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_part_f64x8(divide_3_row + j0, t1, alive);
        supremum_row_acc_0 = st_select_part_f64x8(st_max_f64x8(t1, supremum_row_acc_0), supremum_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 supremum_row_acc_first = supremum_row_acc_0; supremum_row_acc_0 = supremum_row_acc_1; supremum_row_acc_1 = supremum_row_acc_2; supremum_row_acc_2 = supremum_row_acc_3; supremum_row_acc_3 = supremum_row_acc_first;
        ++turned;
      }
      supremum_row_acc = st_max_f64(st_max_tree4_f64x8(supremum_row_acc_0, supremum_row_acc_1, supremum_row_acc_2, supremum_row_acc_3), supremum_row_acc);
    }
    const double supremum_row = supremum_row_acc;
    double sum_row_acc = 0.0;
    {
      const double sum_row_acc_zero = 0.0;
      const int64_t j0_count = v_size2;
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_f64x8 t1_0 = st_exp_f64x8((st_load_f64x8(divide_3_row + j0) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        const st_f64x8 t1_1 = st_exp_f64x8((st_load_f64x8(divide_3_row + (j0 + 8)) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(divide_2 + j0 + o0 * v_size2, t1_0);
        st_store_f64x8(divide_2 + (j0 + 8) + o0 * v_size2, t1_1);
        sum_row_acc_0 = sum_row_acc_0 + t1_0;
        sum_row_acc_1 = sum_row_acc_1 + t1_1;
        const st_f64x8 t1_2 = st_exp_f64x8((st_load_f64x8(divide_3_row + (j0 + 16)) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        const st_f64x8 t1_3 = st_exp_f64x8((st_load_f64x8(divide_3_row + (j0 + 24)) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(divide_2 + (j0 + 16) + o0 * v_size2, t1_2);
        st_store_f64x8(divide_2 + (j0 + 24) + o0 * v_size2, t1_3);
        sum_row_acc_2 = sum_row_acc_2 + t1_2;
        sum_row_acc_3 = sum_row_acc_3 + t1_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_f64x8 t1 = st_exp_f64x8((st_load_f64x8(divide_3_row + j0) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(divide_2 + j0 + o0 * v_size2, t1);
        sum_row_acc_0 = sum_row_acc_0 + t1;
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(divide_3_row + j0, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(divide_2 + j0 + o0 * v_size2, t1, alive);
        sum_row_acc_0 = st_select_part_f64x8(sum_row_acc_0 + t1, sum_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      sum_row_acc = sum_row_acc + st_sum_tree4_f64x8(sum_row_acc_0, sum_row_acc_1, sum_row_acc_2, sum_row_acc_3);
    }
    const double sum_row = sum_row_acc;
    double sum_2_row_acc = 0.0;
    {
      const double sum_2_row_acc_zero = 0.0;
      const int64_t j0_count = v_size2;
      st_f64x8 sum_2_row_acc_0 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_1 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_2 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_3 = st_splat_f64x8(sum_2_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        __builtin_prefetch(contract_6 + j0 + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_0 = st_load_f64x8(divide_2 + j0 + o0 * v_size2) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + j0 + o0 * v_size2, t1_0);
        const st_f64x8 t2_0 = -((t1_0 * st_load_f64x8(contract_6 + j0 + o0 * v_size2)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = sum_2_row_acc_0 + t2_0;
        __builtin_prefetch(contract_6 + (j0 + 8) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_1 = st_load_f64x8(divide_2 + (j0 + 8) + o0 * v_size2) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 8) + o0 * v_size2, t1_1);
        const st_f64x8 t2_1 = -((t1_1 * st_load_f64x8(contract_6 + (j0 + 8) + o0 * v_size2)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_1 = sum_2_row_acc_1 + t2_1;
        __builtin_prefetch(contract_6 + (j0 + 16) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_2 = st_load_f64x8(divide_2 + (j0 + 16) + o0 * v_size2) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 16) + o0 * v_size2, t1_2);
        const st_f64x8 t2_2 = -((t1_2 * st_load_f64x8(contract_6 + (j0 + 16) + o0 * v_size2)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_2 = sum_2_row_acc_2 + t2_2;
        __builtin_prefetch(contract_6 + (j0 + 24) + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1_3 = st_load_f64x8(divide_2 + (j0 + 24) + o0 * v_size2) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + (j0 + 24) + o0 * v_size2, t1_3);
        const st_f64x8 t2_3 = -((t1_3 * st_load_f64x8(contract_6 + (j0 + 24) + o0 * v_size2)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_3 = sum_2_row_acc_3 + t2_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        __builtin_prefetch(contract_6 + j0 + o0 * v_size2 + st_min_i64(2048, v_size2));
        const st_f64x8 t1 = st_load_f64x8(divide_2 + j0 + o0 * v_size2) / st_splat_f64x8(sum_row);
        st_store_f64x8(divide + j0 + o0 * v_size2, t1);
        const st_f64x8 t2 = -((t1 * st_load_f64x8(contract_6 + j0 + o0 * v_size2)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = sum_2_row_acc_0 + t2;
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_load_part_f64x8(divide_2 + j0 + o0 * v_size2, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * v_size2, t1, alive);
        const st_f64x8 t2 = -((t1 * st_load_part_f64x8(contract_6 + j0 + o0 * v_size2, alive)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = st_select_part_f64x8(sum_2_row_acc_0 + t2, sum_2_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        ++turned;
      }
      sum_2_row_acc = sum_2_row_acc + st_sum_tree4_f64x8(sum_2_row_acc_0, sum_2_row_acc_1, sum_2_row_acc_2, sum_2_row_acc_3);
    }
    const double sum_2_row = sum_2_row_acc;
    {
      const int64_t j0_count = v_size2;
      int64_t j0 = 0;
      for (; j0 + 16 <= j0_count; j0 += 16) {
        const st_f64x8 t1_0 = (((st_load_f64x8(contract_6 + j0 + o0 * v_size2) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(divide_2 + j0 + o0 * v_size2)) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_2 + j0 + o0 * v_size2, t1_0);
        const st_f64x8 t1_1 = (((st_load_f64x8(contract_6 + (j0 + 8) + o0 * v_size2) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(divide_2 + (j0 + 8) + o0 * v_size2)) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_2 + (j0 + 8) + o0 * v_size2, t1_1);
      }
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_f64x8 t1 = (((st_load_f64x8(contract_6 + j0 + o0 * v_size2) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(divide_2 + j0 + o0 * v_size2)) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_f64x8(divide_2 + j0 + o0 * v_size2, t1);
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = (((st_load_part_f64x8(contract_6 + j0 + o0 * v_size2, alive) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_part_f64x8(divide_2 + j0 + o0 * v_size2, alive)) / st_splat_f64x8(st_sqrt_f64((double)k_size3));
        st_store_part_f64x8(divide_2 + j0 + o0 * v_size2, t1, alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *contract_5;
  const double *contract_6;
  double *divide;
  double *divide_2;
  int64_t slope_size0;
  int64_t slope_size1;
  int64_t slope_size2;
  int64_t v_size2;
  int64_t k_size3;
  int64_t entry;
  char *scratch;
  int64_t scratch_bytes;
  int64_t extent, grain;
} k3_divide_supremum_exp_arguments;
static int k3_divide_supremum_exp_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_divide_supremum_exp_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  return k3_divide_supremum_exp_range(st_given->ctx, st_given->contract_5, st_given->contract_6, st_given->divide, st_given->divide_2, st_given->slope_size0, st_given->slope_size1, st_given->slope_size2, st_given->v_size2, st_given->k_size3, st_given->entry, st_given->scratch + worker * st_given->scratch_bytes, begin, end);
}
static int k3_divide_supremum_exp(st_ctx *ctx, const double *restrict contract_5, const double *restrict contract_6, double *restrict divide, double *restrict divide_2, int64_t slope_size0, int64_t slope_size1, int64_t slope_size2, int64_t v_size2, int64_t k_size3, int64_t entry, char *scratch) {
  const int64_t extent = slope_size2;
  int64_t grain = extent;
  if (ctx->workers > 1 && (28 * slope_size2 * v_size2) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (st_max_i64(1, (28 * v_size2))))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k3_divide_supremum_exp_range(ctx, contract_5, contract_6, divide, divide_2, slope_size0, slope_size1, slope_size2, v_size2, k_size3, entry, scratch, 0, extent);
  k3_divide_supremum_exp_arguments st_given = {ctx, contract_5, contract_6, divide, divide_2, slope_size0, slope_size1, slope_size2, v_size2, k_size3, entry, scratch, 64 * ((63 + 8 * v_size2) / 64), extent, grain};
  return ctx->parallel(ctx, k3_divide_supremum_exp_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k5_contract: float64[slope.shape[0], slope.shape[1], slope.shape[2], k.shape[3]], a (batched) matrix product in tiles */
/* k4_contract: float64[q.shape[0], q.shape[1], q.shape[2], v.shape[3]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k4_contract_arguments;
static int k4_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k4_contract_arguments *g = argument;
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
static int k4_contract(st_ctx *ctx, k4_contract_arguments g, int64_t batches) {
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
    return ctx->parallel(ctx, k4_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k4_contract_tile(&g, chunk, 0);
  return 0;
}

/* k7_contract: float64[slope.shape[0], slope.shape[1], k.shape[2], slope.shape[3]], a (batched) matrix product in tiles */
/* k6_contract: float64[slope.shape[0], slope.shape[1], v.shape[2], q.shape[3]], a (batched) matrix product in tiles */
typedef struct {
  const void *function;
  const double *a, *b;
  double *c;
  int64_t rows, columns, inner;
  int64_t high, wide, tiles, strips; /* rows and columns of a tile, how many there are */
  int own;
  int64_t beside; /* products of the same batch */
  int64_t lda, ldb, ldc;
} k6_contract_arguments;
static int k6_contract_tile(void *argument, int64_t chunk, int64_t worker) {
  const k6_contract_arguments *g = argument;
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
static int k6_contract(st_ctx *ctx, k6_contract_arguments g, int64_t batches) {
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
    return ctx->parallel(ctx, k6_contract_tile, &g, chunks);
  for (int64_t chunk = 0; chunk < chunks; ++chunk) k6_contract_tile(&g, chunk, 0);
  return 0;
}

/* batch: one entry after another, what lies between the steps in memory of the worker's own */
typedef struct {
  st_ctx *ctx;
  double *q;
  double *k;
  double *v;
  double *slope;
  double *contract;
  double *contract_2;
  double *contract_3;
  double *contract_4;
  int64_t k_size3;
  int64_t v_size2;
  int64_t slope_size0;
  int64_t slope_size1;
  int64_t slope_size2;
  int64_t slope_size3;
  char *memory;
  int64_t bytes_each;
} batch_arguments;
static int batch_steps(st_ctx *ctx, const batch_arguments *given, char *memory, int64_t entry) {
  double *const q = given->q;
  double *const k = given->k;
  double *const v = given->v;
  double *const slope = given->slope;
  double *const contract = given->contract;
  double *const contract_2 = given->contract_2;
  double *const contract_3 = given->contract_3;
  double *const contract_4 = given->contract_4;
  const int64_t k_size3 = given->k_size3;
  const int64_t v_size2 = given->v_size2;
  const int64_t slope_size0 = given->slope_size0;
  const int64_t slope_size1 = given->slope_size1;
  const int64_t slope_size2 = given->slope_size2;
  const int64_t slope_size3 = given->slope_size3;
  (void)entry;
  double *const contract_5 = (double *)(memory + 0);
  double *const contract_6 = (double *)(memory + 64 * ((63 + 8 * slope_size2 * v_size2) / 64));
  double *const divide_2 = (double *)(memory + 128 * ((63 + 8 * slope_size2 * v_size2) / 64));
  double *const divide = (double *)(memory + 192 * ((63 + 8 * slope_size2 * v_size2) / 64));
  char *const scratch = memory + 256 * ((63 + 8 * slope_size2 * v_size2) / 64);
  if (k1_contract(ctx, (k1_contract_arguments){.a = q + (entry * k_size3 * slope_size2), .b = k + (entry * k_size3 * v_size2), .c = contract_5, .rows = slope_size2, .columns = v_size2, .inner = k_size3, .lda = k_size3, .ldb = k_size3, .ldc = v_size2, .beside = slope_size0 * slope_size1}, 1)) return 1;
  if (k1_contract(ctx, (k1_contract_arguments){.a = slope + (entry * slope_size2 * slope_size3), .b = v + (entry * slope_size3 * v_size2), .c = contract_6, .rows = slope_size2, .columns = v_size2, .inner = slope_size3, .lda = slope_size3, .ldb = slope_size3, .ldc = v_size2, .beside = slope_size0 * slope_size1}, 1)) return 1;
  if (k3_divide_supremum_exp(ctx, contract_5, contract_6, divide, divide_2, slope_size0, slope_size1, slope_size2, v_size2, k_size3, entry, scratch)) return 1;
  if (k4_contract(ctx, (k4_contract_arguments){.a = divide, .b = v + (entry * slope_size3 * v_size2), .c = contract + (entry * slope_size2 * slope_size3), .rows = slope_size2, .columns = slope_size3, .inner = v_size2, .lda = v_size2, .ldb = slope_size3, .ldc = slope_size3, .beside = slope_size0 * slope_size1}, 1)) return 1;
  if (k4_contract(ctx, (k4_contract_arguments){.a = divide_2, .b = k + (entry * k_size3 * v_size2), .c = contract_2 + (entry * k_size3 * slope_size2), .rows = slope_size2, .columns = k_size3, .inner = v_size2, .lda = v_size2, .ldb = k_size3, .ldc = k_size3, .beside = slope_size0 * slope_size1}, 1)) return 1;
  if (k6_contract(ctx, (k6_contract_arguments){.a = divide_2, .b = q + (entry * k_size3 * slope_size2), .c = contract_3 + (entry * k_size3 * v_size2), .rows = v_size2, .columns = k_size3, .inner = slope_size2, .lda = v_size2, .ldb = k_size3, .ldc = k_size3, .beside = slope_size0 * slope_size1}, 1)) return 1;
  if (k6_contract(ctx, (k6_contract_arguments){.a = divide, .b = slope + (entry * slope_size2 * slope_size3), .c = contract_4 + (entry * slope_size3 * v_size2), .rows = v_size2, .columns = slope_size3, .inner = slope_size2, .lda = v_size2, .ldb = slope_size3, .ldc = slope_size3, .beside = slope_size0 * slope_size1}, 1)) return 1;
  return 0;
}
static int batch_entry(void *argument, int64_t entry, int64_t worker) {
  const batch_arguments *given = argument;
  st_ctx alone = *given->ctx;
  alone.workers = 1;
  if (!batch_steps(&alone, given, given->memory + worker * given->bytes_each, entry)) return 0;
  given->ctx->error = alone.error;
  return 1;
}
static int batch(const batch_arguments *given, int64_t entries, int64_t work) {
  const int64_t workers = given->ctx->workers;
  const int apart = entries >= 2 * workers || (entries > 1 && work < 16777216);
  if (workers > 1 && apart && entries * work >= 400000)
    return given->ctx->parallel(given->ctx, batch_entry, (void *)given, entries);
  for (int64_t entry = 0; entry < entries; ++entry)
    if (batch_steps(given->ctx, given, given->memory, entry)) return 1;
  return 0;
}

/* probe_07_attention: 1 kernels, 4 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const q = arguments[0];
  double *const k = arguments[1];
  double *const v = arguments[2];
  double *const slope = arguments[3];
  const int64_t q_size0 = layout[0];
  const int64_t q_size1 = layout[1];
  const int64_t q_size2 = layout[2];
  const int64_t q_size3 = layout[3];
  const int64_t k_size0 = layout[8];
  const int64_t k_size1 = layout[9];
  const int64_t k_size2 = layout[10];
  const int64_t k_size3 = layout[11];
  const int64_t v_size0 = layout[16];
  const int64_t v_size1 = layout[17];
  const int64_t v_size2 = layout[18];
  const int64_t v_size3 = layout[19];
  const int64_t slope_size0 = layout[24];
  const int64_t slope_size1 = layout[25];
  const int64_t slope_size2 = layout[26];
  const int64_t slope_size3 = layout[27];
  (void)q_size0;
  (void)q_size1;
  (void)q_size2;
  (void)q_size3;
  (void)k_size0;
  (void)k_size1;
  (void)k_size2;
  (void)k_size3;
  (void)v_size0;
  (void)v_size1;
  (void)v_size2;
  (void)v_size3;
  (void)slope_size0;
  (void)slope_size1;
  (void)slope_size2;
  (void)slope_size3;
  if (q_size0 != k_size0) return st_fail(ctx, 3, 16, q_size0, k_size0);
  if (q_size1 != k_size1) return st_fail(ctx, 3, 17, q_size1, k_size1);
  if (q_size3 != k_size3) return st_fail(ctx, 3, 18, q_size3, k_size3);
  if (q_size0 != v_size0) return st_fail(ctx, 3, 19, q_size0, v_size0);
  if (q_size1 != v_size1) return st_fail(ctx, 3, 20, q_size1, v_size1);
  if (k_size2 != v_size2) return st_fail(ctx, 3, 21, k_size2, v_size2);
  if (q_size0 != slope_size0) return st_fail(ctx, 3, 22, q_size0, slope_size0);
  if (q_size1 != slope_size1) return st_fail(ctx, 3, 23, q_size1, slope_size1);
  if (q_size2 != slope_size2) return st_fail(ctx, 3, 24, q_size2, slope_size2);
  if (v_size3 != slope_size3) return st_fail(ctx, 3, 25, v_size3, slope_size3);
  const int64_t batch_bytes = 256 * ((63 + 8 * slope_size2 * v_size2) / 64) + 64 * ((63 + 8 * v_size2) / 64);
  char *const batch_memory = ctx->arena(ctx, 48, ctx->workers * batch_bytes);
  if (!batch_memory) return 1;
  double *const contract = ctx->output(ctx, 0, (const int64_t[]){slope_size0, slope_size1, slope_size2, slope_size3});
  if (!contract) return 1;
  double *const contract_2 = ctx->output(ctx, 1, (const int64_t[]){slope_size0, slope_size1, slope_size2, k_size3});
  if (!contract_2) return 1;
  double *const contract_3 = ctx->output(ctx, 2, (const int64_t[]){slope_size0, slope_size1, v_size2, k_size3});
  if (!contract_3) return 1;
  double *const contract_4 = ctx->output(ctx, 3, (const int64_t[]){slope_size0, slope_size1, v_size2, slope_size3});
  if (!contract_4) return 1;
  if (batch(&(batch_arguments){ctx, q, k, v, slope, contract, contract_2, contract_3, contract_4, k_size3, v_size2, slope_size0, slope_size1, slope_size2, slope_size3, batch_memory, batch_bytes}, slope_size0 * slope_size1, st_max_i64((k_size3 * slope_size2 * v_size2), (slope_size2 * slope_size3 * v_size2)))) return 1;
  return 0;
}
