/* k1_input_check
 *   take: float64[ids.shape[0], ids.shape[1], 6]  at probe_06_embedding.py:18
 */
static int k1_input_check(st_ctx *ctx, const int64_t *restrict ids, int64_t slope_size0, int64_t ids_size1) {
  int outside = 0;
  for (int64_t i0 = 0; i0 < slope_size0; ++i0) {
    {
      const int outside_zero = 0;
      const int64_t i1_count = ids_size1;
      st_i64x8 outside_0 = ((st_i64x8){0} - (int64_t)(outside_zero));
      st_i64x8 outside_1 = ((st_i64x8){0} - (int64_t)(outside_zero));
      st_i64x8 outside_2 = ((st_i64x8){0} - (int64_t)(outside_zero));
      st_i64x8 outside_3 = ((st_i64x8){0} - (int64_t)(outside_zero));
      int64_t i1 = 0;
      for (; i1 + 32 <= i1_count; i1 += 32) {
        outside_0 = outside_0 | ((st_load_i64x8(ids + i0 * ids_size1 + i1) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_i64x8(ids + i0 * ids_size1 + i1) >= ((st_i64x8){0} + ((int64_t)50))));
        outside_1 = outside_1 | ((st_load_i64x8(ids + i0 * ids_size1 + (i1 + 8)) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_i64x8(ids + i0 * ids_size1 + (i1 + 8)) >= ((st_i64x8){0} + ((int64_t)50))));
        outside_2 = outside_2 | ((st_load_i64x8(ids + i0 * ids_size1 + (i1 + 16)) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_i64x8(ids + i0 * ids_size1 + (i1 + 16)) >= ((st_i64x8){0} + ((int64_t)50))));
        outside_3 = outside_3 | ((st_load_i64x8(ids + i0 * ids_size1 + (i1 + 24)) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_i64x8(ids + i0 * ids_size1 + (i1 + 24)) >= ((st_i64x8){0} + ((int64_t)50))));
      }
      int turned = 0;
      for (; i1 + 8 <= i1_count; i1 += 8) {
        outside_0 = outside_0 | ((st_load_i64x8(ids + i0 * ids_size1 + i1) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_i64x8(ids + i0 * ids_size1 + i1) >= ((st_i64x8){0} + ((int64_t)50))));
        const st_i64x8 outside_first = outside_0; outside_0 = outside_1; outside_1 = outside_2; outside_2 = outside_3; outside_3 = outside_first;
        ++turned;
      }
      if (i1 < i1_count) {
        const int64_t alive = i1_count - i1;
        outside_0 = st_select_part_i64x8(outside_0 | ((st_load_part_i64x8(ids + i0 * ids_size1 + i1, alive) < ((st_i64x8){0} + ((-(int64_t)50)))) | (st_load_part_i64x8(ids + i0 * ids_size1 + i1, alive) >= ((st_i64x8){0} + ((int64_t)50)))), outside_0, alive);
      }
      while (turned % 4) {
        const st_i64x8 outside_first = outside_0; outside_0 = outside_1; outside_1 = outside_2; outside_2 = outside_3; outside_3 = outside_first;
        ++turned;
      }
      int64_t outside_lanes[32];
      st_store_i64x8(outside_lanes + 0, outside_0);
      st_store_i64x8(outside_lanes + 8, outside_1);
      st_store_i64x8(outside_lanes + 16, outside_2);
      st_store_i64x8(outside_lanes + 24, outside_3);
      for (int k = 0; k < 32; ++k) outside_lanes[k] = outside_lanes[k] != 0;
      for (int half = 16; half > 0; half /= 2)
        for (int k = 0; k < half; ++k) {
          const int outside_next = outside_lanes[k] | outside_lanes[k + half];
          outside_lanes[k] = outside_next;
        }
      {
        const int outside_next = outside | outside_lanes[0];
        outside = outside_next;
      }
    }
  }
  if (outside) {
    for (int64_t i0 = 0; i0 < slope_size0; ++i0) {
      for (int64_t i1 = 0; i1 < ids_size1; ++i1) {
        if ((ids[i0 * ids_size1 + i1] < (-(int64_t)50)) | (ids[i0 * ids_size1 + i1] >= (int64_t)50)) {
          ctx->error.code = 4;
          ctx->error.site = 6;
          ctx->error.value[0] = ids[i0 * ids_size1 + i1];
          ctx->error.value[1] = (int64_t)50;
          return 1;
        }
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
      const double sum_row_acc_zero = 0.0;
      const int64_t j0_count = ids_size1;
      st_f64x8 sum_row_acc_0 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_1 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_2 = st_splat_f64x8(sum_row_acc_zero);
      st_f64x8 sum_row_acc_3 = st_splat_f64x8(sum_row_acc_zero);
      int64_t j0 = 0;
      for (; j0 + 32 <= j0_count; j0 += 32) {
        const st_i64x8 t1_0 = st_load_i64x8(ids + ids_size1 * o0 + j0);
        const st_i64x8 t2_0 = ({ st_i64x8 mask_ = (t1_0 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_0 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1_0)); });
        sum_row_acc_0 = sum_row_acc_0 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * t2_0[lane_] + o1]; vec_; });
        const st_i64x8 t1_1 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 8));
        const st_i64x8 t2_1 = ({ st_i64x8 mask_ = (t1_1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_1 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1_1)); });
        sum_row_acc_1 = sum_row_acc_1 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * t2_1[lane_] + o1]; vec_; });
        const st_i64x8 t1_2 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 16));
        const st_i64x8 t2_2 = ({ st_i64x8 mask_ = (t1_2 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_2 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1_2)); });
        sum_row_acc_2 = sum_row_acc_2 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * t2_2[lane_] + o1]; vec_; });
        const st_i64x8 t1_3 = st_load_i64x8(ids + ids_size1 * o0 + (j0 + 24));
        const st_i64x8 t2_3 = ({ st_i64x8 mask_ = (t1_3 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_3 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1_3)); });
        sum_row_acc_3 = sum_row_acc_3 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * t2_3[lane_] + o1]; vec_; });
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_i64x8 t1 = st_load_i64x8(ids + ids_size1 * o0 + j0);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1)); });
        sum_row_acc_0 = sum_row_acc_0 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = table[6 * t2[lane_] + o1]; vec_; });
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_i64x8 t1 = st_load_part_i64x8(ids + ids_size1 * o0 + j0, alive);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + ((int64_t)50)))) | (~mask_ & (st_i64x8)t1)); });
        sum_row_acc_0 = st_select_part_f64x8(sum_row_acc_0 + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = table[6 * t2[lane_] + o1]; vec_; }), sum_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      sum_row_acc = sum_row_acc + st_sum_tree4_f64x8(sum_row_acc_0, sum_row_acc_1, sum_row_acc_2, sum_row_acc_3);
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k2_sum_divide_range(st_given->ctx, st_given->ids, st_given->table, st_given->divide, st_given->slope_size0, st_given->ids_size1, begin, end);
}
static int k2_sum_divide(st_ctx *ctx, const int64_t *restrict ids, const double *restrict table, double *restrict divide, int64_t slope_size0, int64_t ids_size1) {
  const int64_t extent = 6 * slope_size0;
  int64_t grain = extent;
  if (ctx->workers > 1 && (36 * ids_size1 * slope_size0 + 18 * slope_size0) >= 40000) {
    const int64_t least = st_max_i64(((131072 / (3 + 6 * ids_size1))), 1);
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k2_sum_divide_range(ctx, ids, table, divide, slope_size0, ids_size1, 0, extent);
  k2_sum_divide_arguments st_given = {ctx, ids, table, divide, slope_size0, ids_size1, extent, grain};
  return ctx->parallel(ctx, k2_sum_divide_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k3_scatter_add
 *   scatter_add: float64[50, 6]  at probe_06_embedding.py:21
 */
static int k3_scatter_add_range(st_ctx *ctx, const double *restrict slope, const int64_t *restrict ids, double *restrict scatter_add, int64_t slope_size0, int64_t ids_size1, int64_t begin, int64_t end) {
  const int64_t owner_begin = begin, owner_end = end;
  double update_row[6] __attribute__((aligned(64)));
  for (int64_t i0 = 0; i0 < slope_size0; ++i0) {
    {
      int64_t i2 = 0;
      {
        const int64_t alive = 6;
        const st_f64x8 t1 = (st_load_part_f64x8(slope + 6 * i0 + i2, alive) / st_splat_f64x8((double)ids_size1)) * st_splat_f64x8((-0.1));
        st_store_part_f64x8(update_row + i2, t1, alive);
        i2 += 8;
      }
    }
    for (int64_t i1 = 0; i1 < ids_size1; ++i1) {
      const int64_t row = (ids[i0 * ids_size1 + i1] < 0) ? (ids[i0 * ids_size1 + i1] + (int64_t)50) : ids[i0 * ids_size1 + i1];
      if (((row & (int64_t)63) >= owner_begin) & ((row & (int64_t)63) < owner_end)) {
        {
          int64_t i2 = 0;
          {
            const int64_t alive = 6;
            const st_f64x8 t1 = st_load_part_f64x8(scatter_add + i2 + 6 * row, alive) + st_load_part_f64x8(update_row + i2, alive);
            st_store_part_f64x8(scatter_add + i2 + 6 * row, t1, alive);
            i2 += 8;
          }
        }
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *slope;
  const int64_t *ids;
  double *scatter_add;
  int64_t slope_size0;
  int64_t ids_size1;
  int64_t extent, grain;
} k3_scatter_add_arguments;
static int k3_scatter_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k3_scatter_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k3_scatter_add_range(st_given->ctx, st_given->slope, st_given->ids, st_given->scatter_add, st_given->slope_size0, st_given->ids_size1, begin, end);
}
static int k3_scatter_add(st_ctx *ctx, const double *restrict slope, const int64_t *restrict ids, double *restrict scatter_add, int64_t slope_size0, int64_t ids_size1) {
  const int64_t extent = 64;
  int64_t grain = extent;
  if (ctx->workers > 1 && (24 * ids_size1 * slope_size0) >= 40000) {
    grain = (extent + ctx->workers - 1) / ctx->workers; /* no bit depends on it */
  }
  if (extent <= grain) return k3_scatter_add_range(ctx, slope, ids, scatter_add, slope_size0, ids_size1, 0, extent);
  k3_scatter_add_arguments st_given = {ctx, slope, ids, scatter_add, slope_size0, ids_size1, extent, grain};
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
  if (ids_size0 != slope_size0) return st_fail(ctx, 3, 7, ids_size0, slope_size0);
  if (6 != slope_size1) return st_fail(ctx, 3, 8, 6, slope_size1);
  double *const divide = ctx->output(ctx, 0, (const int64_t[]){slope_size0, 6});
  if (!divide) return 1;
  double *const scatter_add = ctx->output(ctx, 1, (const int64_t[]){50, 6});
  if (!scatter_add) return 1;
  if (k1_input_check(ctx, ids, slope_size0, ids_size1)) return 1;
  if (k2_sum_divide(ctx, ids, table, divide, slope_size0, ids_size1)) return 1;
  if (scatter_add != table) __builtin_memmove(scatter_add, table, (300) * 8);
  if (k3_scatter_add(ctx, slope, ids, scatter_add, slope_size0, ids_size1)) return 1;
  return 0;
}
