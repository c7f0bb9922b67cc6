/* k1_divide_add_maximum
 *   divide: float64[a.shape[0]]  at probe_01_elementwise.py:17
 *   add: float64[a.shape[0]]  at probe_01_elementwise.py:19
 *   maximum: float64[a.shape[0]]  at probe_01_elementwise.py:20
 */
static int k1_divide_add_maximum_range(st_ctx *ctx, const double *restrict a, const double *restrict b, const double *restrict c, double *restrict add, double *restrict maximum, int64_t c_size0, int64_t begin, int64_t end) {
  const int streaming = 16 * c_size0 >= 33554432;
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64(4096, (c_size0 - 4096 * tile));
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_load_f64x8(a + j + 4096 * tile);
        const st_f64x8 t1_1 = st_load_f64x8(a + (j + 8) + 4096 * tile);
        const st_f64x8 t2_0 = st_load_f64x8(b + j + 4096 * tile);
        const st_f64x8 t2_1 = st_load_f64x8(b + (j + 8) + 4096 * tile);
        const st_f64x8 t3_0 = st_load_f64x8(c + j + 4096 * tile);
        const st_f64x8 t3_1 = st_load_f64x8(c + (j + 8) + 4096 * tile);
        const st_f64x8 t4_0 = st_fma_f64x8(t1_0, t2_0, t3_0);
        const st_f64x8 t4_1 = st_fma_f64x8(t1_1, t2_1, t3_1);
        const st_f64x8 t5_0 = t4_0 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4_0));
        const st_f64x8 t5_1 = t4_1 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4_1));
        const st_f64x8 t6_0 = st_fma_f64x8(st_exp_f64x8((-t5_0)), t1_0, (-(st_splat_f64x8(0.25) * t2_0))) + t3_0;
        const st_f64x8 t6_1 = st_fma_f64x8(st_exp_f64x8((-t5_1)), t1_1, (-(st_splat_f64x8(0.25) * t2_1))) + t3_1;
        st_stream_f64x8(add + j + 4096 * tile, t6_0, streaming);
        st_stream_f64x8(add + (j + 8) + 4096 * tile, t6_1, streaming);
        const st_f64x8 t7_0 = st_max_f64x8(t6_0, t5_0);
        const st_f64x8 t7_1 = st_max_f64x8(t6_1, t5_1);
        st_stream_f64x8(maximum + j + 4096 * tile, t7_0, streaming);
        st_stream_f64x8(maximum + (j + 8) + 4096 * tile, t7_1, streaming);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = st_load_f64x8(a + j + 4096 * tile);
        const st_f64x8 t2 = st_load_f64x8(b + j + 4096 * tile);
        const st_f64x8 t3 = st_load_f64x8(c + j + 4096 * tile);
        const st_f64x8 t4 = st_fma_f64x8(t1, t2, t3);
        const st_f64x8 t5 = t4 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4));
        const st_f64x8 t6 = st_fma_f64x8(st_exp_f64x8((-t5)), t1, (-(st_splat_f64x8(0.25) * t2))) + t3;
        st_stream_f64x8(add + j + 4096 * tile, t6, streaming);
        const st_f64x8 t7 = st_max_f64x8(t6, t5);
        st_stream_f64x8(maximum + j + 4096 * tile, t7, streaming);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = st_load_part_f64x8(a + j + 4096 * tile, alive);
        const st_f64x8 t2 = st_load_part_f64x8(b + j + 4096 * tile, alive);
        const st_f64x8 t3 = st_load_part_f64x8(c + j + 4096 * tile, alive);
        const st_f64x8 t4 = st_fma_f64x8(t1, t2, t3);
        const st_f64x8 t5 = t4 / (st_splat_f64x8(1.0) + st_abs_f64x8(t4));
        const st_f64x8 t6 = st_fma_f64x8(st_exp_f64x8((-t5)), t1, (-(st_splat_f64x8(0.25) * t2))) + t3;
        st_store_part_f64x8(add + j + 4096 * tile, t6, alive);
        const st_f64x8 t7 = st_max_f64x8(t6, t5);
        st_store_part_f64x8(maximum + j + 4096 * tile, t7, alive);
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_divide_add_maximum_range(st_given->ctx, st_given->a, st_given->b, st_given->c, st_given->add, st_given->maximum, st_given->c_size0, begin, end);
}
static int k1_divide_add_maximum(st_ctx *ctx, const double *restrict a, const double *restrict b, const double *restrict c, double *restrict add, double *restrict maximum, int64_t c_size0) {
  const int64_t extent = ((4095 + c_size0) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (16 * c_size0) >= 40000) {
    const int64_t least = 2;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_divide_add_maximum_range(ctx, a, b, c, add, maximum, c_size0, 0, extent);
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
  if (a_size0 != b_size0) return st_fail(ctx, 3, 3, a_size0, b_size0);
  if (a_size0 != c_size0) return st_fail(ctx, 3, 4, a_size0, c_size0);
  double *const add = ctx->output(ctx, 0, (const int64_t[]){c_size0});
  if (!add) return 1;
  double *const maximum = ctx->output(ctx, 1, (const int64_t[]){c_size0});
  if (!maximum) return 1;
  if (k1_divide_add_maximum(ctx, a, b, c, add, maximum, c_size0)) return 1;
  return 0;
}
