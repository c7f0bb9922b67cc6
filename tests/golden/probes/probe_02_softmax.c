/* k1_supremum_exp_sum
 *   supremum: float64[x.shape[0]]  at probe_02_softmax.py:13
 *   exp: float64[x.shape[0], x.shape[1]]  at probe_02_softmax.py:13
 *   sum: float64[x.shape[0]]  at probe_02_softmax.py:13
 *   divide: float64[x.shape[0], x.shape[1]]  at probe_02_softmax.py:13
 *   sum: float64[x.shape[0]]  at probe_02_softmax.py:19
 *   multiply: float64[weights.shape[0], weights.shape[1]]  at probe_02_softmax.py:19
 */
static int k1_supremum_exp_sum_range(st_ctx *ctx, const double *restrict x, const double *restrict weights, double *restrict divide, double *restrict multiply, int64_t weights_size0, int64_t weights_size1, int64_t begin, int64_t end) {
  const int streaming = 8 * weights_size0 * weights_size1 >= 33554432;
  for (int64_t o0 = begin; o0 < end; ++o0) {
    double supremum_row_acc = (double)-__builtin_inf();
    {
      const double supremum_row_acc_zero = (double)-__builtin_inf();
      const int64_t j0_count = weights_size1;
      st_f64x8 supremum_row_acc_0 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_1 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_2 = st_splat_f64x8(supremum_row_acc_zero);
      st_f64x8 supremum_row_acc_3 = st_splat_f64x8(supremum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        __builtin_prefetch(x + j0 + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        supremum_row_acc_0 = st_max_f64x8(st_load_f64x8(x + j0 + o0 * weights_size1), supremum_row_acc_0);
        __builtin_prefetch(x + (j0 + 8) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        supremum_row_acc_1 = st_max_f64x8(st_load_f64x8(x + (j0 + 8) + o0 * weights_size1), supremum_row_acc_1);
        __builtin_prefetch(x + (j0 + 16) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        supremum_row_acc_2 = st_max_f64x8(st_load_f64x8(x + (j0 + 16) + o0 * weights_size1), supremum_row_acc_2);
        __builtin_prefetch(x + (j0 + 24) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        supremum_row_acc_3 = st_max_f64x8(st_load_f64x8(x + (j0 + 24) + o0 * weights_size1), supremum_row_acc_3);
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        __builtin_prefetch(x + j0 + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        supremum_row_acc_0 = st_max_f64x8(st_load_f64x8(x + j0 + o0 * weights_size1), supremum_row_acc_0);
        const st_f64x8 supremum_row_acc_first = supremum_row_acc_0; supremum_row_acc_0 = supremum_row_acc_1; supremum_row_acc_1 = supremum_row_acc_2; supremum_row_acc_2 = supremum_row_acc_3; supremum_row_acc_3 = supremum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        supremum_row_acc_0 = st_select_part_f64x8(st_max_f64x8(st_load_part_f64x8(x + j0 + o0 * weights_size1, alive), supremum_row_acc_0), supremum_row_acc_0, alive);
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
      const int64_t j0_count = weights_size1;
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_f64x8 t1_0 = st_exp_f64x8((st_load_f64x8(x + j0 + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        const st_f64x8 t1_1 = st_exp_f64x8((st_load_f64x8(x + (j0 + 8) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(multiply + j0 + o0 * weights_size1, t1_0);
        st_store_f64x8(multiply + (j0 + 8) + o0 * weights_size1, t1_1);
        sum_row_acc_0 = sum_row_acc_0 + t1_0;
        sum_row_acc_1 = sum_row_acc_1 + t1_1;
        const st_f64x8 t1_2 = st_exp_f64x8((st_load_f64x8(x + (j0 + 16) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        const st_f64x8 t1_3 = st_exp_f64x8((st_load_f64x8(x + (j0 + 24) + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(multiply + (j0 + 16) + o0 * weights_size1, t1_2);
        st_store_f64x8(multiply + (j0 + 24) + o0 * weights_size1, t1_3);
        sum_row_acc_2 = sum_row_acc_2 + t1_2;
        sum_row_acc_3 = sum_row_acc_3 + t1_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_f64x8 t1 = st_exp_f64x8((st_load_f64x8(x + j0 + o0 * weights_size1) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_f64x8(multiply + j0 + o0 * weights_size1, t1);
        sum_row_acc_0 = sum_row_acc_0 + t1;
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_exp_f64x8((st_load_part_f64x8(x + j0 + o0 * weights_size1, alive) - st_splat_f64x8(((st_abs_f64(supremum_row) < ((double)__builtin_inf())) ? supremum_row : 0.0))));
        st_store_part_f64x8(multiply + j0 + o0 * weights_size1, t1, alive);
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
      const int64_t j0_count = weights_size1;
      st_f64x8 sum_2_row_acc_0 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_1 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_2 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_3 = st_splat_f64x8(sum_2_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        __builtin_prefetch(weights + j0 + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        const st_f64x8 t1_0 = st_load_f64x8(multiply + j0 + o0 * weights_size1) / st_splat_f64x8(sum_row);
        st_stream_f64x8(divide + j0 + o0 * weights_size1, t1_0, streaming);
        const st_f64x8 t2_0 = -((t1_0 * st_load_f64x8(weights + j0 + o0 * weights_size1)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = sum_2_row_acc_0 + t2_0;
        __builtin_prefetch(weights + (j0 + 8) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        const st_f64x8 t1_1 = st_load_f64x8(multiply + (j0 + 8) + o0 * weights_size1) / st_splat_f64x8(sum_row);
        st_stream_f64x8(divide + (j0 + 8) + o0 * weights_size1, t1_1, streaming);
        const st_f64x8 t2_1 = -((t1_1 * st_load_f64x8(weights + (j0 + 8) + o0 * weights_size1)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_1 = sum_2_row_acc_1 + t2_1;
        __builtin_prefetch(weights + (j0 + 16) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        const st_f64x8 t1_2 = st_load_f64x8(multiply + (j0 + 16) + o0 * weights_size1) / st_splat_f64x8(sum_row);
        st_stream_f64x8(divide + (j0 + 16) + o0 * weights_size1, t1_2, streaming);
        const st_f64x8 t2_2 = -((t1_2 * st_load_f64x8(weights + (j0 + 16) + o0 * weights_size1)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_2 = sum_2_row_acc_2 + t2_2;
        __builtin_prefetch(weights + (j0 + 24) + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        const st_f64x8 t1_3 = st_load_f64x8(multiply + (j0 + 24) + o0 * weights_size1) / st_splat_f64x8(sum_row);
        st_stream_f64x8(divide + (j0 + 24) + o0 * weights_size1, t1_3, streaming);
        const st_f64x8 t2_3 = -((t1_3 * st_load_f64x8(weights + (j0 + 24) + o0 * weights_size1)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_3 = sum_2_row_acc_3 + t2_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        __builtin_prefetch(weights + j0 + o0 * weights_size1 + st_min_i64(2048, weights_size1));
        const st_f64x8 t1 = st_load_f64x8(multiply + j0 + o0 * weights_size1) / st_splat_f64x8(sum_row);
        st_stream_f64x8(divide + j0 + o0 * weights_size1, t1, streaming);
        const st_f64x8 t2 = -((t1 * st_load_f64x8(weights + j0 + o0 * weights_size1)) / st_splat_f64x8(sum_row));
        sum_2_row_acc_0 = sum_2_row_acc_0 + t2;
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_load_part_f64x8(multiply + j0 + o0 * weights_size1, alive) / st_splat_f64x8(sum_row);
        st_store_part_f64x8(divide + j0 + o0 * weights_size1, t1, alive);
        const st_f64x8 t2 = -((t1 * st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive)) / st_splat_f64x8(sum_row));
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
      const int64_t j0_count = weights_size1;
      int64_t j0 = 0;
      for (; j0 + 16 <= j0_count; j0 += 16) {
        const st_f64x8 t1_0 = ((st_load_f64x8(weights + j0 + o0 * weights_size1) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(multiply + j0 + o0 * weights_size1);
        st_store_f64x8(multiply + j0 + o0 * weights_size1, t1_0);
        const st_f64x8 t1_1 = ((st_load_f64x8(weights + (j0 + 8) + o0 * weights_size1) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(multiply + (j0 + 8) + o0 * weights_size1);
        st_store_f64x8(multiply + (j0 + 8) + o0 * weights_size1, t1_1);
      }
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_f64x8 t1 = ((st_load_f64x8(weights + j0 + o0 * weights_size1) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_f64x8(multiply + j0 + o0 * weights_size1);
        st_store_f64x8(multiply + j0 + o0 * weights_size1, t1);
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = ((st_load_part_f64x8(weights + j0 + o0 * weights_size1, alive) / st_splat_f64x8(sum_row)) + st_splat_f64x8(sum_2_row)) * st_load_part_f64x8(multiply + j0 + o0 * weights_size1, alive);
        st_store_part_f64x8(multiply + j0 + o0 * weights_size1, t1, alive);
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
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
  int64_t extent, grain;
} k1_supremum_exp_sum_arguments;
static int k1_supremum_exp_sum_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_supremum_exp_sum_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_supremum_exp_sum_range(st_given->ctx, st_given->x, st_given->weights, st_given->divide, st_given->multiply, st_given->weights_size0, st_given->weights_size1, begin, end);
}
static int k1_supremum_exp_sum(st_ctx *ctx, const double *restrict x, const double *restrict weights, double *restrict divide, double *restrict multiply, int64_t weights_size0, int64_t weights_size1) {
  const int64_t extent = weights_size0;
  int64_t grain = extent;
  if (ctx->workers > 1 && (22 * weights_size0 * weights_size1) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (st_max_i64(1, (22 * weights_size1))))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_supremum_exp_sum_range(ctx, x, weights, divide, multiply, weights_size0, weights_size1, 0, extent);
  k1_supremum_exp_sum_arguments st_given = {ctx, x, weights, divide, multiply, weights_size0, weights_size1, extent, grain};
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
  if (x_size0 != weights_size0) return st_fail(ctx, 3, 4, x_size0, weights_size0);
  if (x_size1 != weights_size1) return st_fail(ctx, 3, 5, x_size1, weights_size1);
  double *const divide = ctx->output(ctx, 0, (const int64_t[]){weights_size0, weights_size1});
  if (!divide) return 1;
  double *const multiply = ctx->output(ctx, 1, (const int64_t[]){weights_size0, weights_size1});
  if (!multiply) return 1;
  if (k1_supremum_exp_sum(ctx, x, weights, divide, multiply, weights_size0, weights_size1)) return 1;
  return 0;
}
