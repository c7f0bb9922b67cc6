/* k1_sum_of_squared_deviations_sum_divide
 *   sum_of_squared_deviations: float64[x.shape[1]]  at probe_03_variance.py:17
 *   sum: float64[x.shape[1]]  at probe_03_variance.py:17
 *   divide: float64[x.shape[1]]  at probe_03_variance.py:17
 *   divide: float64[1, x.shape[1]]  at probe_03_variance.py:17
 */
static int k1_sum_of_squared_deviations_sum_divide_range(st_ctx *ctx, const double *restrict x, double *restrict divide, double *restrict divide_3, int64_t u_size0, int64_t v_size0, int64_t begin, int64_t end) {
  const int streaming = 8 * u_size0 >= 33554432;
  for (int64_t tile = begin; tile < end; ++tile) {
    double sum_of_squared_deviations_row_acc1[512] __attribute__((aligned(64)));
    double sum_of_squared_deviations_row_acc2[512] __attribute__((aligned(64)));
    double sum_row_acc[512] __attribute__((aligned(64)));
    double sum_of_squared_deviations_row[512] __attribute__((aligned(64)));
    {
      const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(sum_of_squared_deviations_row_acc1 + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_of_squared_deviations_row_acc2 + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_row_acc + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_of_squared_deviations_row_acc1 + (j + 8), st_splat_f64x8(0.0));
        st_store_f64x8(sum_of_squared_deviations_row_acc2 + (j + 8), st_splat_f64x8(0.0));
        st_store_f64x8(sum_row_acc + (j + 8), st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(sum_of_squared_deviations_row_acc1 + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_of_squared_deviations_row_acc2 + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_row_acc + j, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(sum_of_squared_deviations_row_acc1 + j, st_splat_f64x8(0.0), alive);
        st_store_part_f64x8(sum_of_squared_deviations_row_acc2 + j, st_splat_f64x8(0.0), alive);
        st_store_part_f64x8(sum_row_acc + j, st_splat_f64x8(0.0), alive);
      }
    }
    for (int64_t r = 0; r < ((v_size0 / 8)); ++r) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_of_squared_deviations_row_acc1 + j);
          const st_f64x8 t2 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile);
          const st_f64x8 t3 = st_load_f64x8(x + j + 512 * tile);
          const st_f64x8 t4 = t2 - t3;
          const st_f64x8 t5 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + u_size0);
          const st_f64x8 t6 = t5 - t3;
          const st_f64x8 t7 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 2 * u_size0);
          const st_f64x8 t8 = t7 - t3;
          const st_f64x8 t9 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 3 * u_size0);
          const st_f64x8 t10 = t9 - t3;
          const st_f64x8 t11 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 4 * u_size0);
          const st_f64x8 t12 = t11 - t3;
          const st_f64x8 t13 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 5 * u_size0);
          const st_f64x8 t14 = t13 - t3;
          const st_f64x8 t15 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 6 * u_size0);
          const st_f64x8 t16 = t15 - t3;
          const st_f64x8 t17 = st_load_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 7 * u_size0);
          const st_f64x8 t18 = t17 - t3;
          const st_f64x8 t19 = (((t4 + t6) + (t8 + t10)) + ((t12 + t14) + (t16 + t18))) / st_splat_f64x8(8.0);
          const st_f64x8 t20 = t19 - t1;
          const double t21 = (double)(8 * r);
          const double t22 = t21 + 8.0;
          const double t23 = (t22 > 0.0) ? (8.0 / t22) : 0.0;
          const st_f64x8 t24 = st_fma_f64x8(t20, st_splat_f64x8(t23), t1);
          const st_f64x8 t25 = t4 - t19;
          const st_f64x8 t26 = t6 - t19;
          const st_f64x8 t27 = t8 - t19;
          const st_f64x8 t28 = t10 - t19;
          const st_f64x8 t29 = t12 - t19;
          const st_f64x8 t30 = t14 - t19;
          const st_f64x8 t31 = t16 - t19;
          const st_f64x8 t32 = t18 - t19;
          const st_f64x8 t33 = st_fma_f64x8((t20 * t20), st_splat_f64x8((t21 * t23)), (st_load_f64x8(sum_of_squared_deviations_row_acc2 + j) + ((st_fma_f64x8(t25, t25, (t26 * t26)) + st_fma_f64x8(t27, t27, (t28 * t28))) + (st_fma_f64x8(t29, t29, (t30 * t30)) + st_fma_f64x8(t31, t31, (t32 * t32))))));
          const st_f64x8 t34 = ((((st_load_f64x8(sum_row_acc + j) + t2) + t5) + t7) + t9) + t11;
          const st_f64x8 t35 = ((t34 + t13) + t15) + t17;
          st_store_f64x8(sum_of_squared_deviations_row_acc1 + j, t24);
          st_store_f64x8(sum_of_squared_deviations_row_acc2 + j, t33);
          st_store_f64x8(sum_row_acc + j, t35);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_of_squared_deviations_row_acc1 + j, alive);
          const st_f64x8 t2 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile, alive);
          const st_f64x8 t3 = st_load_part_f64x8(x + j + 512 * tile, alive);
          const st_f64x8 t4 = t2 - t3;
          const st_f64x8 t5 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + u_size0, alive);
          const st_f64x8 t6 = t5 - t3;
          const st_f64x8 t7 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 2 * u_size0, alive);
          const st_f64x8 t8 = t7 - t3;
          const st_f64x8 t9 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 3 * u_size0, alive);
          const st_f64x8 t10 = t9 - t3;
          const st_f64x8 t11 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 4 * u_size0, alive);
          const st_f64x8 t12 = t11 - t3;
          const st_f64x8 t13 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 5 * u_size0, alive);
          const st_f64x8 t14 = t13 - t3;
          const st_f64x8 t15 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 6 * u_size0, alive);
          const st_f64x8 t16 = t15 - t3;
          const st_f64x8 t17 = st_load_part_f64x8(x + j + 8 * r * u_size0 + 512 * tile + 7 * u_size0, alive);
          const st_f64x8 t18 = t17 - t3;
          const st_f64x8 t19 = (((t4 + t6) + (t8 + t10)) + ((t12 + t14) + (t16 + t18))) / st_splat_f64x8(8.0);
          const st_f64x8 t20 = t19 - t1;
          const double t21 = (double)(8 * r);
          const double t22 = t21 + 8.0;
          const double t23 = (t22 > 0.0) ? (8.0 / t22) : 0.0;
          const st_f64x8 t24 = st_fma_f64x8(t20, st_splat_f64x8(t23), t1);
          const st_f64x8 t25 = t4 - t19;
          const st_f64x8 t26 = t6 - t19;
          const st_f64x8 t27 = t8 - t19;
          const st_f64x8 t28 = t10 - t19;
          const st_f64x8 t29 = t12 - t19;
          const st_f64x8 t30 = t14 - t19;
          const st_f64x8 t31 = t16 - t19;
          const st_f64x8 t32 = t18 - t19;
          const st_f64x8 t33 = st_fma_f64x8((t20 * t20), st_splat_f64x8((t21 * t23)), (st_load_part_f64x8(sum_of_squared_deviations_row_acc2 + j, alive) + ((st_fma_f64x8(t25, t25, (t26 * t26)) + st_fma_f64x8(t27, t27, (t28 * t28))) + (st_fma_f64x8(t29, t29, (t30 * t30)) + st_fma_f64x8(t31, t31, (t32 * t32))))));
          const st_f64x8 t34 = ((((st_load_part_f64x8(sum_row_acc + j, alive) + t2) + t5) + t7) + t9) + t11;
          const st_f64x8 t35 = ((t34 + t13) + t15) + t17;
          st_store_part_f64x8(sum_of_squared_deviations_row_acc1 + j, t24, alive);
          st_store_part_f64x8(sum_of_squared_deviations_row_acc2 + j, t33, alive);
          st_store_part_f64x8(sum_row_acc + j, t35, alive);
        }
      }
    }
    for (int64_t r = 0; r < ((v_size0 % 8)); ++r) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_of_squared_deviations_row_acc1 + j);
          const st_f64x8 t2 = st_load_f64x8(x + j + r * u_size0 + 512 * tile + 8 * u_size0 * (v_size0 / 8));
          const st_f64x8 t3 = t2 - st_load_f64x8(x + j + 512 * tile);
          const st_f64x8 t4 = t3 - t1;
          const double t5 = (double)(r + 8 * (v_size0 / 8));
          const double t6 = t5 + 1.0;
          const double t7 = (t6 > 0.0) ? (1.0 / t6) : 0.0;
          const st_f64x8 t8 = st_fma_f64x8(t4, st_splat_f64x8(t7), t1);
          const st_f64x8 t9 = st_fma_f64x8((t4 * t4), st_splat_f64x8((t5 * t7)), (st_load_f64x8(sum_of_squared_deviations_row_acc2 + j) + (t3 - t3)));
          const st_f64x8 t10 = st_load_f64x8(sum_row_acc + j) + t2;
          st_store_f64x8(sum_of_squared_deviations_row_acc1 + j, t8);
          st_store_f64x8(sum_of_squared_deviations_row_acc2 + j, t9);
          st_store_f64x8(sum_row_acc + j, t10);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_of_squared_deviations_row_acc1 + j, alive);
          const st_f64x8 t2 = st_load_part_f64x8(x + j + r * u_size0 + 512 * tile + 8 * u_size0 * (v_size0 / 8), alive);
          const st_f64x8 t3 = t2 - st_load_part_f64x8(x + j + 512 * tile, alive);
          const st_f64x8 t4 = t3 - t1;
          const double t5 = (double)(r + 8 * (v_size0 / 8));
          const double t6 = t5 + 1.0;
          const double t7 = (t6 > 0.0) ? (1.0 / t6) : 0.0;
          const st_f64x8 t8 = st_fma_f64x8(t4, st_splat_f64x8(t7), t1);
          const st_f64x8 t9 = st_fma_f64x8((t4 * t4), st_splat_f64x8((t5 * t7)), (st_load_part_f64x8(sum_of_squared_deviations_row_acc2 + j, alive) + (t3 - t3)));
          const st_f64x8 t10 = st_load_part_f64x8(sum_row_acc + j, alive) + t2;
          st_store_part_f64x8(sum_of_squared_deviations_row_acc1 + j, t8, alive);
          st_store_part_f64x8(sum_of_squared_deviations_row_acc2 + j, t9, alive);
          st_store_part_f64x8(sum_row_acc + j, t10, alive);
        }
      }
    }
    {
      const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(sum_of_squared_deviations_row + j, st_load_f64x8(sum_of_squared_deviations_row_acc2 + j));
        st_store_f64x8(sum_of_squared_deviations_row + (j + 8), st_load_f64x8(sum_of_squared_deviations_row_acc2 + (j + 8)));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(sum_of_squared_deviations_row + j, st_load_f64x8(sum_of_squared_deviations_row_acc2 + j));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(sum_of_squared_deviations_row + j, st_load_part_f64x8(sum_of_squared_deviations_row_acc2 + j, alive), alive);
      }
    }
    {
      const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_load_f64x8(sum_of_squared_deviations_row + j) / st_splat_f64x8((double)v_size0);
        st_stream_f64x8(divide + j + 512 * tile, t1_0, streaming);
        const st_f64x8 t1_1 = st_load_f64x8(sum_of_squared_deviations_row + (j + 8)) / st_splat_f64x8((double)v_size0);
        st_stream_f64x8(divide + (j + 8) + 512 * tile, t1_1, streaming);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = st_load_f64x8(sum_of_squared_deviations_row + j) / st_splat_f64x8((double)v_size0);
        st_stream_f64x8(divide + j + 512 * tile, t1, streaming);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = st_load_part_f64x8(sum_of_squared_deviations_row + j, alive) / st_splat_f64x8((double)v_size0);
        st_store_part_f64x8(divide + j + 512 * tile, t1, alive);
      }
    }
    for (int64_t j0 = 0; j0 < 1; ++j0) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = st_load_f64x8(sum_row_acc + j) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_3 + j + j0 * u_size0 + 512 * tile, t1_0);
          const st_f64x8 t1_1 = st_load_f64x8(sum_row_acc + (j + 8)) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_3 + (j + 8) + j0 * u_size0 + 512 * tile, t1_1);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_row_acc + j) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_3 + j + j0 * u_size0 + 512 * tile, t1);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_row_acc + j, alive) / st_splat_f64x8((double)v_size0);
          st_store_part_f64x8(divide_3 + j + j0 * u_size0 + 512 * tile, t1, alive);
        }
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *x;
  double *divide;
  double *divide_3;
  int64_t u_size0;
  int64_t v_size0;
  int64_t extent, grain;
} k1_sum_of_squared_deviations_sum_divide_arguments;
static int k1_sum_of_squared_deviations_sum_divide_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_sum_of_squared_deviations_sum_divide_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_sum_of_squared_deviations_sum_divide_range(st_given->ctx, st_given->x, st_given->divide, st_given->divide_3, st_given->u_size0, st_given->v_size0, begin, end);
}
static int k1_sum_of_squared_deviations_sum_divide(st_ctx *ctx, const double *restrict x, double *restrict divide, double *restrict divide_3, int64_t u_size0, int64_t v_size0) {
  const int64_t extent = ((511 + u_size0) / 512);
  int64_t grain = extent;
  if (ctx->workers > 1 && (6 * u_size0 + 5 * u_size0 * v_size0) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (4096 + 2560 * v_size0))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_sum_of_squared_deviations_sum_divide_range(ctx, x, divide, divide_3, u_size0, v_size0, 0, extent);
  k1_sum_of_squared_deviations_sum_divide_arguments st_given = {ctx, x, divide, divide_3, u_size0, v_size0, extent, grain};
  return ctx->parallel(ctx, k1_sum_of_squared_deviations_sum_divide_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_sum_of_squared_deviations_sum_divide
 *   sum_of_squared_deviations: float64[x.shape[0]]  at probe_03_variance.py:17
 *   sum: float64[x.shape[0]]  at probe_03_variance.py:17
 *   divide: float64[x.shape[0]]  at probe_03_variance.py:17
 *   multiply: float64[v.shape[0], x.shape[1]]  at probe_03_variance.py:19
 *   sum: float64[v.shape[0]]  at probe_03_variance.py:19
 */
static int k2_sum_of_squared_deviations_sum_divide_range(st_ctx *ctx, const double *restrict x, const double *restrict v, double *restrict divide_2, double *restrict multiply, double *restrict sum_2, int64_t v_size0, int64_t u_size0, int64_t begin, int64_t end) {
  for (int64_t o0 = begin; o0 < end; ++o0) {
    double sum_3_row_acc = 0.0;
    {
      const double sum_3_row_acc_zero = 0.0;
      const int64_t j0_count = u_size0;
      st_f64x8 sum_3_row_acc_0 = st_splat_f64x8(sum_3_row_acc_zero);
      st_f64x8 sum_3_row_acc_1 = st_splat_f64x8(sum_3_row_acc_zero);
      st_f64x8 sum_3_row_acc_2 = st_splat_f64x8(sum_3_row_acc_zero);
      st_f64x8 sum_3_row_acc_3 = st_splat_f64x8(sum_3_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        __builtin_prefetch(x + j0 + o0 * u_size0 + st_min_i64(2048, u_size0));
        sum_3_row_acc_0 = sum_3_row_acc_0 + st_load_f64x8(x + j0 + o0 * u_size0);
        __builtin_prefetch(x + (j0 + 8) + o0 * u_size0 + st_min_i64(2048, u_size0));
        sum_3_row_acc_1 = sum_3_row_acc_1 + st_load_f64x8(x + (j0 + 8) + o0 * u_size0);
        __builtin_prefetch(x + (j0 + 16) + o0 * u_size0 + st_min_i64(2048, u_size0));
        sum_3_row_acc_2 = sum_3_row_acc_2 + st_load_f64x8(x + (j0 + 16) + o0 * u_size0);
        __builtin_prefetch(x + (j0 + 24) + o0 * u_size0 + st_min_i64(2048, u_size0));
        sum_3_row_acc_3 = sum_3_row_acc_3 + st_load_f64x8(x + (j0 + 24) + o0 * u_size0);
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        __builtin_prefetch(x + j0 + o0 * u_size0 + st_min_i64(2048, u_size0));
        sum_3_row_acc_0 = sum_3_row_acc_0 + st_load_f64x8(x + j0 + o0 * u_size0);
        const st_f64x8 sum_3_row_acc_first = sum_3_row_acc_0; sum_3_row_acc_0 = sum_3_row_acc_1; sum_3_row_acc_1 = sum_3_row_acc_2; sum_3_row_acc_2 = sum_3_row_acc_3; sum_3_row_acc_3 = sum_3_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        sum_3_row_acc_0 = st_select_part_f64x8(sum_3_row_acc_0 + st_load_part_f64x8(x + j0 + o0 * u_size0, alive), sum_3_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_3_row_acc_first = sum_3_row_acc_0; sum_3_row_acc_0 = sum_3_row_acc_1; sum_3_row_acc_1 = sum_3_row_acc_2; sum_3_row_acc_2 = sum_3_row_acc_3; sum_3_row_acc_3 = sum_3_row_acc_first;
        ++turned;
      }
      sum_3_row_acc = sum_3_row_acc + st_sum_tree4_f64x8(sum_3_row_acc_0, sum_3_row_acc_1, sum_3_row_acc_2, sum_3_row_acc_3);
    }
    const double sum_3_row = sum_3_row_acc;
    double sum_of_squared_deviations_2_row_acc = 0.0;
    {
      const double sum_of_squared_deviations_2_row_acc_zero = 0.0;
      const int64_t j0_count = u_size0;
      st_f64x8 sum_of_squared_deviations_2_row_acc_0 = st_splat_f64x8(sum_of_squared_deviations_2_row_acc_zero);
      st_f64x8 sum_of_squared_deviations_2_row_acc_1 = st_splat_f64x8(sum_of_squared_deviations_2_row_acc_zero);
      st_f64x8 sum_of_squared_deviations_2_row_acc_2 = st_splat_f64x8(sum_of_squared_deviations_2_row_acc_zero);
      st_f64x8 sum_of_squared_deviations_2_row_acc_3 = st_splat_f64x8(sum_of_squared_deviations_2_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_f64x8 t1_0 = st_load_f64x8(x + j0 + o0 * u_size0) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2_0 = t1_0 * t1_0;
        sum_of_squared_deviations_2_row_acc_0 = sum_of_squared_deviations_2_row_acc_0 + t2_0;
        const st_f64x8 t1_1 = st_load_f64x8(x + (j0 + 8) + o0 * u_size0) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2_1 = t1_1 * t1_1;
        sum_of_squared_deviations_2_row_acc_1 = sum_of_squared_deviations_2_row_acc_1 + t2_1;
        const st_f64x8 t1_2 = st_load_f64x8(x + (j0 + 16) + o0 * u_size0) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2_2 = t1_2 * t1_2;
        sum_of_squared_deviations_2_row_acc_2 = sum_of_squared_deviations_2_row_acc_2 + t2_2;
        const st_f64x8 t1_3 = st_load_f64x8(x + (j0 + 24) + o0 * u_size0) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2_3 = t1_3 * t1_3;
        sum_of_squared_deviations_2_row_acc_3 = sum_of_squared_deviations_2_row_acc_3 + t2_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_f64x8 t1 = st_load_f64x8(x + j0 + o0 * u_size0) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2 = t1 * t1;
        sum_of_squared_deviations_2_row_acc_0 = sum_of_squared_deviations_2_row_acc_0 + t2;
        const st_f64x8 sum_of_squared_deviations_2_row_acc_first = sum_of_squared_deviations_2_row_acc_0; sum_of_squared_deviations_2_row_acc_0 = sum_of_squared_deviations_2_row_acc_1; sum_of_squared_deviations_2_row_acc_1 = sum_of_squared_deviations_2_row_acc_2; sum_of_squared_deviations_2_row_acc_2 = sum_of_squared_deviations_2_row_acc_3; sum_of_squared_deviations_2_row_acc_3 = sum_of_squared_deviations_2_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_f64x8 t1 = st_load_part_f64x8(x + j0 + o0 * u_size0, alive) - st_splat_f64x8((sum_3_row / (double)u_size0));
        const st_f64x8 t2 = t1 * t1;
        sum_of_squared_deviations_2_row_acc_0 = st_select_part_f64x8(sum_of_squared_deviations_2_row_acc_0 + t2, sum_of_squared_deviations_2_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_of_squared_deviations_2_row_acc_first = sum_of_squared_deviations_2_row_acc_0; sum_of_squared_deviations_2_row_acc_0 = sum_of_squared_deviations_2_row_acc_1; sum_of_squared_deviations_2_row_acc_1 = sum_of_squared_deviations_2_row_acc_2; sum_of_squared_deviations_2_row_acc_2 = sum_of_squared_deviations_2_row_acc_3; sum_of_squared_deviations_2_row_acc_3 = sum_of_squared_deviations_2_row_acc_first;
        ++turned;
      }
      sum_of_squared_deviations_2_row_acc = sum_of_squared_deviations_2_row_acc + st_sum_tree4_f64x8(sum_of_squared_deviations_2_row_acc_0, sum_of_squared_deviations_2_row_acc_1, sum_of_squared_deviations_2_row_acc_2, sum_of_squared_deviations_2_row_acc_3);
    }
    const double sum_of_squared_deviations_2_row = sum_of_squared_deviations_2_row_acc;
    const double t1 = sum_of_squared_deviations_2_row / (double)u_size0;
    divide_2[o0] = t1;
    double sum_2_row_acc = 0.0;
    {
      const double sum_2_row_acc_zero = 0.0;
      const int64_t j0_count = u_size0;
      st_f64x8 sum_2_row_acc_0 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_1 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_2 = st_splat_f64x8(sum_2_row_acc_zero);
      st_f64x8 sum_2_row_acc_3 = st_splat_f64x8(sum_2_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const double t1_0 = (double)u_size0;
        const st_f64x8 t2_0 = st_splat_f64x8((2.0 * (v[o0] / t1_0))) * (st_load_f64x8(x + j0 + o0 * u_size0) - st_splat_f64x8((sum_3_row / t1_0)));
        st_store_f64x8(multiply + j0 + o0 * u_size0, t2_0);
        const st_f64x8 t3_0 = -t2_0;
        sum_2_row_acc_0 = sum_2_row_acc_0 + t3_0;
        const double t1_1 = (double)u_size0;
        const st_f64x8 t2_1 = st_splat_f64x8((2.0 * (v[o0] / t1_1))) * (st_load_f64x8(x + (j0 + 8) + o0 * u_size0) - st_splat_f64x8((sum_3_row / t1_1)));
        st_store_f64x8(multiply + (j0 + 8) + o0 * u_size0, t2_1);
        const st_f64x8 t3_1 = -t2_1;
        sum_2_row_acc_1 = sum_2_row_acc_1 + t3_1;
        const double t1_2 = (double)u_size0;
        const st_f64x8 t2_2 = st_splat_f64x8((2.0 * (v[o0] / t1_2))) * (st_load_f64x8(x + (j0 + 16) + o0 * u_size0) - st_splat_f64x8((sum_3_row / t1_2)));
        st_store_f64x8(multiply + (j0 + 16) + o0 * u_size0, t2_2);
        const st_f64x8 t3_2 = -t2_2;
        sum_2_row_acc_2 = sum_2_row_acc_2 + t3_2;
        const double t1_3 = (double)u_size0;
        const st_f64x8 t2_3 = st_splat_f64x8((2.0 * (v[o0] / t1_3))) * (st_load_f64x8(x + (j0 + 24) + o0 * u_size0) - st_splat_f64x8((sum_3_row / t1_3)));
        st_store_f64x8(multiply + (j0 + 24) + o0 * u_size0, t2_3);
        const st_f64x8 t3_3 = -t2_3;
        sum_2_row_acc_3 = sum_2_row_acc_3 + t3_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const double t1 = (double)u_size0;
        const st_f64x8 t2 = st_splat_f64x8((2.0 * (v[o0] / t1))) * (st_load_f64x8(x + j0 + o0 * u_size0) - st_splat_f64x8((sum_3_row / t1)));
        st_store_f64x8(multiply + j0 + o0 * u_size0, t2);
        const st_f64x8 t3 = -t2;
        sum_2_row_acc_0 = sum_2_row_acc_0 + t3;
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const double t1 = (double)u_size0;
        const st_f64x8 t2 = st_splat_f64x8((2.0 * (v[o0] / t1))) * (st_load_part_f64x8(x + j0 + o0 * u_size0, alive) - st_splat_f64x8((sum_3_row / t1)));
        st_store_part_f64x8(multiply + j0 + o0 * u_size0, t2, alive);
        const st_f64x8 t3 = -t2;
        sum_2_row_acc_0 = st_select_part_f64x8(sum_2_row_acc_0 + t3, sum_2_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        ++turned;
      }
      sum_2_row_acc = sum_2_row_acc + st_sum_tree4_f64x8(sum_2_row_acc_0, sum_2_row_acc_1, sum_2_row_acc_2, sum_2_row_acc_3);
    }
    const double sum_2_row = sum_2_row_acc;
    sum_2[o0] = sum_2_row;
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *x;
  const double *v;
  double *divide_2;
  double *multiply;
  double *sum_2;
  int64_t v_size0;
  int64_t u_size0;
  int64_t extent, grain;
} k2_sum_of_squared_deviations_sum_divide_arguments;
static int k2_sum_of_squared_deviations_sum_divide_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k2_sum_of_squared_deviations_sum_divide_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k2_sum_of_squared_deviations_sum_divide_range(st_given->ctx, st_given->x, st_given->v, st_given->divide_2, st_given->multiply, st_given->sum_2, st_given->v_size0, st_given->u_size0, begin, end);
}
static int k2_sum_of_squared_deviations_sum_divide(st_ctx *ctx, const double *restrict x, const double *restrict v, double *restrict divide_2, double *restrict multiply, double *restrict sum_2, int64_t v_size0, int64_t u_size0) {
  const int64_t extent = v_size0;
  int64_t grain = extent;
  if (ctx->workers > 1 && (18 * u_size0 * v_size0 + 3 * v_size0) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (3 + 18 * u_size0))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k2_sum_of_squared_deviations_sum_divide_range(ctx, x, v, divide_2, multiply, sum_2, v_size0, u_size0, 0, extent);
  k2_sum_of_squared_deviations_sum_divide_arguments st_given = {ctx, x, v, divide_2, multiply, sum_2, v_size0, u_size0, extent, grain};
  return ctx->parallel(ctx, k2_sum_of_squared_deviations_sum_divide_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k3_multiply_sum_divide
 *   multiply: float64[u.shape[0]]  at probe_03_variance.py:19
 *   sum: float64[u.shape[0]]  at probe_03_variance.py:19
 *   divide: float64[1, u.shape[0]]  at probe_03_variance.py:19
 *   add: float64[v.shape[0], x.shape[1]]  at probe_03_variance.py:19
 */
static int k3_multiply_sum_divide_range(st_ctx *ctx, const double *restrict u, const double *restrict divide_3, const double *restrict x, const double *restrict multiply, const double *restrict sum_2, double *restrict add, int64_t u_size0, int64_t v_size0, int64_t begin, int64_t end) {
  const int streaming = 8 * u_size0 * v_size0 >= 33554432;
  for (int64_t tile = begin; tile < end; ++tile) {
    double multiply_2_row[512] __attribute__((aligned(64)));
    double sum_4_row_acc[512] __attribute__((aligned(64)));
    double divide_4_row[512] __attribute__((aligned(64)));
    {
      const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_splat_f64x8(2.0) * (st_load_f64x8(u + j + 512 * tile) / st_splat_f64x8((double)v_size0));
        st_store_f64x8(multiply_2_row + j, t1_0);
        const st_f64x8 t1_1 = st_splat_f64x8(2.0) * (st_load_f64x8(u + (j + 8) + 512 * tile) / st_splat_f64x8((double)v_size0));
        st_store_f64x8(multiply_2_row + (j + 8), t1_1);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_f64x8 t1 = st_splat_f64x8(2.0) * (st_load_f64x8(u + j + 512 * tile) / st_splat_f64x8((double)v_size0));
        st_store_f64x8(multiply_2_row + j, t1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_f64x8 t1 = st_splat_f64x8(2.0) * (st_load_part_f64x8(u + j + 512 * tile, alive) / st_splat_f64x8((double)v_size0));
        st_store_part_f64x8(multiply_2_row + j, t1, alive);
      }
    }
    {
      const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(sum_4_row_acc + j, st_splat_f64x8(0.0));
        st_store_f64x8(sum_4_row_acc + (j + 8), st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(sum_4_row_acc + j, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(sum_4_row_acc + j, st_splat_f64x8(0.0), alive);
      }
    }
    for (int64_t r = 0; r < ((v_size0 / 4)); ++r) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(multiply_2_row + j);
          const st_f64x8 t2 = st_load_f64x8(divide_3 + j + 512 * tile);
          const st_f64x8 t3 = (st_load_f64x8(sum_4_row_acc + j) + (-(t1 * (st_load_f64x8(x + j + 4 * r * u_size0 + 512 * tile) - t2)))) + (-(t1 * (st_load_f64x8(x + j + 4 * r * u_size0 + 512 * tile + u_size0) - t2)));
          const st_f64x8 t4 = (t3 + (-(t1 * (st_load_f64x8(x + j + 4 * r * u_size0 + 512 * tile + 2 * u_size0) - t2)))) + (-(t1 * (st_load_f64x8(x + j + 4 * r * u_size0 + 512 * tile + 3 * u_size0) - t2)));
          st_store_f64x8(sum_4_row_acc + j, t4);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(multiply_2_row + j, alive);
          const st_f64x8 t2 = st_load_part_f64x8(divide_3 + j + 512 * tile, alive);
          const st_f64x8 t3 = (st_load_part_f64x8(sum_4_row_acc + j, alive) + (-(t1 * (st_load_part_f64x8(x + j + 4 * r * u_size0 + 512 * tile, alive) - t2)))) + (-(t1 * (st_load_part_f64x8(x + j + 4 * r * u_size0 + 512 * tile + u_size0, alive) - t2)));
          const st_f64x8 t4 = (t3 + (-(t1 * (st_load_part_f64x8(x + j + 4 * r * u_size0 + 512 * tile + 2 * u_size0, alive) - t2)))) + (-(t1 * (st_load_part_f64x8(x + j + 4 * r * u_size0 + 512 * tile + 3 * u_size0, alive) - t2)));
          st_store_part_f64x8(sum_4_row_acc + j, t4, alive);
        }
      }
    }
    for (int64_t r = 0; r < ((v_size0 % 4)); ++r) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = st_load_f64x8(sum_4_row_acc + j) + (-(st_load_f64x8(multiply_2_row + j) * (st_load_f64x8(x + j + r * u_size0 + 512 * tile + 4 * u_size0 * (v_size0 / 4)) - st_load_f64x8(divide_3 + j + 512 * tile))));
          st_store_f64x8(sum_4_row_acc + j, t1_0);
          const st_f64x8 t1_1 = st_load_f64x8(sum_4_row_acc + (j + 8)) + (-(st_load_f64x8(multiply_2_row + (j + 8)) * (st_load_f64x8(x + (j + 8) + r * u_size0 + 512 * tile + 4 * u_size0 * (v_size0 / 4)) - st_load_f64x8(divide_3 + (j + 8) + 512 * tile))));
          st_store_f64x8(sum_4_row_acc + (j + 8), t1_1);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_4_row_acc + j) + (-(st_load_f64x8(multiply_2_row + j) * (st_load_f64x8(x + j + r * u_size0 + 512 * tile + 4 * u_size0 * (v_size0 / 4)) - st_load_f64x8(divide_3 + j + 512 * tile))));
          st_store_f64x8(sum_4_row_acc + j, t1);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_4_row_acc + j, alive) + (-(st_load_part_f64x8(multiply_2_row + j, alive) * (st_load_part_f64x8(x + j + r * u_size0 + 512 * tile + 4 * u_size0 * (v_size0 / 4), alive) - st_load_part_f64x8(divide_3 + j + 512 * tile, alive))));
          st_store_part_f64x8(sum_4_row_acc + j, t1, alive);
        }
      }
    }
    for (int64_t j0 = 0; j0 < 1; ++j0) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = st_load_f64x8(sum_4_row_acc + j) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_4_row + j + 512 * j0, t1_0);
          const st_f64x8 t1_1 = st_load_f64x8(sum_4_row_acc + (j + 8)) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_4_row + (j + 8) + 512 * j0, t1_1);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_load_f64x8(sum_4_row_acc + j) / st_splat_f64x8((double)v_size0);
          st_store_f64x8(divide_4_row + j + 512 * j0, t1);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_load_part_f64x8(sum_4_row_acc + j, alive) / st_splat_f64x8((double)v_size0);
          st_store_part_f64x8(divide_4_row + j + 512 * j0, t1, alive);
        }
      }
    }
    for (int64_t j0 = 0; j0 < v_size0; ++j0) {
      {
        const int64_t j_count = st_min_i64((u_size0 - 512 * tile), 512);
        int64_t j = 0;
        for (; j + 16 <= j_count; j += 16) {
          const st_f64x8 t1_0 = st_fma_f64x8(st_load_f64x8(multiply_2_row + j), (st_load_f64x8(x + j + j0 * u_size0 + 512 * tile) - st_load_f64x8(divide_3 + j + 512 * tile)), (st_load_f64x8(multiply + j + j0 * u_size0 + 512 * tile) + st_splat_f64x8((sum_2[j0] / (double)u_size0)))) + st_load_f64x8(divide_4_row + j);
          st_stream_f64x8(add + j + j0 * u_size0 + 512 * tile, t1_0, streaming);
          const st_f64x8 t1_1 = st_fma_f64x8(st_load_f64x8(multiply_2_row + (j + 8)), (st_load_f64x8(x + (j + 8) + j0 * u_size0 + 512 * tile) - st_load_f64x8(divide_3 + (j + 8) + 512 * tile)), (st_load_f64x8(multiply + (j + 8) + j0 * u_size0 + 512 * tile) + st_splat_f64x8((sum_2[j0] / (double)u_size0)))) + st_load_f64x8(divide_4_row + (j + 8));
          st_stream_f64x8(add + (j + 8) + j0 * u_size0 + 512 * tile, t1_1, streaming);
        }
        for (; j + 8 <= j_count; j += 8) {
          const st_f64x8 t1 = st_fma_f64x8(st_load_f64x8(multiply_2_row + j), (st_load_f64x8(x + j + j0 * u_size0 + 512 * tile) - st_load_f64x8(divide_3 + j + 512 * tile)), (st_load_f64x8(multiply + j + j0 * u_size0 + 512 * tile) + st_splat_f64x8((sum_2[j0] / (double)u_size0)))) + st_load_f64x8(divide_4_row + j);
          st_stream_f64x8(add + j + j0 * u_size0 + 512 * tile, t1, streaming);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const st_f64x8 t1 = st_fma_f64x8(st_load_part_f64x8(multiply_2_row + j, alive), (st_load_part_f64x8(x + j + j0 * u_size0 + 512 * tile, alive) - st_load_part_f64x8(divide_3 + j + 512 * tile, alive)), (st_load_part_f64x8(multiply + j + j0 * u_size0 + 512 * tile, alive) + st_splat_f64x8((sum_2[j0] / (double)u_size0)))) + st_load_part_f64x8(divide_4_row + j, alive);
          st_store_part_f64x8(add + j + j0 * u_size0 + 512 * tile, t1, alive);
        }
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *u;
  const double *divide_3;
  const double *x;
  const double *multiply;
  const double *sum_2;
  double *add;
  int64_t u_size0;
  int64_t v_size0;
  int64_t extent, grain;
} k3_multiply_sum_divide_arguments;
static int k3_multiply_sum_divide_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_multiply_sum_divide_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k3_multiply_sum_divide_range(st_given->ctx, st_given->u, st_given->divide_3, st_given->x, st_given->multiply, st_given->sum_2, st_given->add, st_given->u_size0, st_given->v_size0, begin, end);
}
static int k3_multiply_sum_divide(st_ctx *ctx, const double *restrict u, const double *restrict divide_3, const double *restrict x, const double *restrict multiply, const double *restrict sum_2, double *restrict add, int64_t u_size0, int64_t v_size0) {
  const int64_t extent = ((511 + u_size0) / 512);
  int64_t grain = extent;
  if (ctx->workers > 1 && (8 * u_size0 + 21 * u_size0 * v_size0) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (4608 + 10752 * v_size0))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k3_multiply_sum_divide_range(ctx, u, divide_3, x, multiply, sum_2, add, u_size0, v_size0, 0, extent);
  k3_multiply_sum_divide_arguments st_given = {ctx, u, divide_3, x, multiply, sum_2, add, u_size0, v_size0, extent, grain};
  return ctx->parallel(ctx, k3_multiply_sum_divide_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_03_variance: 3 kernels, 3 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const x = arguments[0];
  double *const u = arguments[1];
  double *const v = arguments[2];
  const int64_t x_size0 = layout[0];
  const int64_t x_size1 = layout[1];
  const int64_t u_size0 = layout[4];
  const int64_t v_size0 = layout[6];
  (void)x_size0;
  (void)x_size1;
  (void)u_size0;
  (void)v_size0;
  if (x_size0 != v_size0) return st_fail(ctx, 3, 4, x_size0, v_size0);
  if (x_size1 != u_size0) return st_fail(ctx, 3, 5, x_size1, u_size0);
  char *const arena = ctx->arena(ctx, 0, 64 * ((63 + 8 * u_size0) / 64) + 64 * ((63 + 8 * u_size0 * v_size0) / 64) + 64 * ((63 + 8 * v_size0) / 64));
  if (!arena) return 1;
  double *divide_3 = (double *)(arena + 0);
  double *multiply = (double *)(arena + (64 * ((63 + 8 * u_size0) / 64)));
  double *sum_2 = (double *)(arena + (64 * ((63 + 8 * u_size0) / 64) + 64 * ((63 + 8 * u_size0 * v_size0) / 64)));
  double *const divide = ctx->output(ctx, 0, (const int64_t[]){u_size0});
  if (!divide) return 1;
  double *const divide_2 = ctx->output(ctx, 1, (const int64_t[]){v_size0});
  if (!divide_2) return 1;
  double *const add = ctx->output(ctx, 2, (const int64_t[]){v_size0, u_size0});
  if (!add) return 1;
  if (k1_sum_of_squared_deviations_sum_divide(ctx, x, divide, divide_3, u_size0, v_size0)) return 1;
  if (k2_sum_of_squared_deviations_sum_divide(ctx, x, v, divide_2, multiply, sum_2, v_size0, u_size0)) return 1;
  if (k3_multiply_sum_divide(ctx, u, divide_3, x, multiply, sum_2, add, u_size0, v_size0)) return 1;
  return 0;
}
