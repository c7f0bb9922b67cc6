/* k1_sum_partial
 *   sum: float64[]  at probe_04_sum.py:14
 */
static int k1_sum_partial_range(st_ctx *ctx, const double *restrict x, double *restrict sum_row_part, int64_t x_size0, int64_t x_size1, int64_t begin, int64_t end) {
  for (int64_t block = begin; block < end; ++block) {
    double sum_row_acc = 0.0;
    {
      const double sum_row_acc_zero = 0.0;
      const int64_t j0_count = st_min_i64((x_size0 * x_size1 - 16384 * block), 16384);
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        sum_row_acc_0 = sum_row_acc_0 + st_load_f64x8(x + 16384 * block + j0);
        sum_row_acc_1 = sum_row_acc_1 + st_load_f64x8(x + 16384 * block + (j0 + 8));
        sum_row_acc_2 = sum_row_acc_2 + st_load_f64x8(x + 16384 * block + (j0 + 16));
        sum_row_acc_3 = sum_row_acc_3 + st_load_f64x8(x + 16384 * block + (j0 + 24));
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        sum_row_acc_0 = sum_row_acc_0 + st_load_f64x8(x + 16384 * block + j0);
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        sum_row_acc_0 = st_select_part_f64x8(sum_row_acc_0 + st_load_part_f64x8(x + 16384 * block + j0, alive), sum_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      sum_row_acc = sum_row_acc + st_sum_tree4_f64x8(sum_row_acc_0, sum_row_acc_1, sum_row_acc_2, sum_row_acc_3);
    }
    sum_row_part[block] = sum_row_acc;
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *x;
  double *sum_row_part;
  int64_t x_size0;
  int64_t x_size1;
  int64_t extent, grain;
} k1_sum_partial_arguments;
static int k1_sum_partial_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_sum_partial_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_sum_partial_range(st_given->ctx, st_given->x, st_given->sum_row_part, st_given->x_size0, st_given->x_size1, begin, end);
}
static int k1_sum_partial(st_ctx *ctx, const double *restrict x, double *restrict sum_row_part, int64_t x_size0, int64_t x_size1) {
  const int64_t extent = ((16383 + x_size0 * x_size1) / 16384);
  int64_t grain = extent;
  if (ctx->workers > 1 && (2 * x_size0 * x_size1) >= 40000) {
    const int64_t least = 1;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_sum_partial_range(ctx, x, sum_row_part, x_size0, x_size1, 0, extent);
  k1_sum_partial_arguments st_given = {ctx, x, sum_row_part, x_size0, x_size1, extent, grain};
  return ctx->parallel(ctx, k1_sum_partial_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k1_sum_combine
 *   sum: float64[]  at probe_04_sum.py:14
 */
static int k1_sum_combine(st_ctx *ctx, const double *restrict sum_row_part, double *restrict sum, int64_t x_size0, int64_t x_size1) {
  double sum_row_acc = 0.0;
  for (int64_t block = 0; block < (((16383 + x_size0 * x_size1) / 16384)); ++block) {
    const double sum_row_acc_next = sum_row_acc + sum_row_part[block];
    sum_row_acc = sum_row_acc_next;
  }
  const double sum_row = sum_row_acc;
  sum[0] = sum_row;
  return 0;
}

/* k2_broadcast_to
 *   broadcast_to: float64[x.shape[0], x.shape[1]]  at probe_04_sum.py:15
 */
static int k2_broadcast_to_range(st_ctx *ctx, const double *restrict sum, double *restrict broadcast_to, int64_t x_size0, int64_t x_size1, int64_t begin, int64_t end) {
  const int streaming = 8 * x_size0 * x_size1 >= 33554432;
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((x_size0 * x_size1 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const double t1_0 = 2.0 * sum[0];
        st_stream_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(t1_0), streaming);
        const double t1_1 = 2.0 * sum[0];
        st_stream_f64x8(broadcast_to + (j + 8) + 4096 * tile, st_splat_f64x8(t1_1), streaming);
      }
      for (; j + 8 <= j_count; j += 8) {
        const double t1 = 2.0 * sum[0];
        st_stream_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(t1), streaming);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const double t1 = 2.0 * sum[0];
        st_store_part_f64x8(broadcast_to + j + 4096 * tile, st_splat_f64x8(t1), alive);
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *sum;
  double *broadcast_to;
  int64_t x_size0;
  int64_t x_size1;
  int64_t extent, grain;
} k2_broadcast_to_arguments;
static int k2_broadcast_to_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k2_broadcast_to_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k2_broadcast_to_range(st_given->ctx, st_given->sum, st_given->broadcast_to, st_given->x_size0, st_given->x_size1, begin, end);
}
static int k2_broadcast_to(st_ctx *ctx, const double *restrict sum, double *restrict broadcast_to, int64_t x_size0, int64_t x_size1) {
  const int64_t extent = ((4095 + x_size0 * x_size1) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (3 * x_size0 * x_size1) >= 40000) {
    const int64_t least = 10;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k2_broadcast_to_range(ctx, sum, broadcast_to, x_size0, x_size1, 0, extent);
  k2_broadcast_to_arguments st_given = {ctx, sum, broadcast_to, x_size0, x_size1, extent, grain};
  return ctx->parallel(ctx, k2_broadcast_to_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_04_sum: 3 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const x = arguments[0];
  const int64_t x_size0 = layout[0];
  const int64_t x_size1 = layout[1];
  (void)x_size0;
  (void)x_size1;
  char *const arena = ctx->arena(ctx, 0, 64 * ((63 + 8 * ((16383 + x_size0 * x_size1) / 16384)) / 64));
  if (!arena) return 1;
  double *sum_row_part = (double *)(arena + 0);
  double *const sum = ctx->output(ctx, 0, 0);
  if (!sum) return 1;
  double *const broadcast_to = ctx->output(ctx, 1, (const int64_t[]){x_size0, x_size1});
  if (!broadcast_to) return 1;
  if (k1_sum_partial(ctx, x, sum_row_part, x_size0, x_size1)) return 1;
  if (k1_sum_combine(ctx, sum_row_part, sum, x_size0, x_size1)) return 1;
  if (k2_broadcast_to(ctx, sum, broadcast_to, x_size0, x_size1)) return 1;
  return 0;
}
