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
      for (; j + 8 <= j_count; j += 8) {
        const st_i64x8 t1 = st_load_f64x8(x + j + 4096 * tile) > st_splat_f64x8(limit[0]);
        st_store_u8x8(greater + j + 4096 * tile, __builtin_convertvector(t1, st_u8x8) & 1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_i64x8 t1 = st_load_part_f64x8(x + j + 4096 * tile, alive) > st_splat_f64x8(limit[0]);
        st_store_part_u8x8(greater + j + 4096 * tile, __builtin_convertvector(t1, st_u8x8) & 1, alive);
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_greater_range(st_given->ctx, st_given->x, st_given->limit, st_given->greater, st_given->x_size0, begin, end);
}
static int k1_greater(st_ctx *ctx, const double *restrict x, const double *restrict limit, uint8_t *restrict greater, int64_t x_size0) {
  const int64_t extent = ((4095 + x_size0) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (4 * x_size0) >= 40000) {
    const int64_t least = 8;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_greater_range(ctx, x, limit, greater, x_size0, 0, extent);
  k1_greater_arguments st_given = {ctx, x, limit, greater, x_size0, extent, grain};
  return ctx->parallel(ctx, k1_greater_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_item_check
 *   take: float64[count]  at probe_12_nonzero.py:13
 */
static int k2_item_check(st_ctx *ctx, const int64_t *restrict item, int64_t count, int64_t x_size0) {
  int outside = 0;
  {
    const int outside_zero = 0;
    const int64_t i0_count = count;
    st_i64x8 outside_0 = ((st_i64x8){0} - (int64_t)(outside_zero));
    st_i64x8 outside_1 = ((st_i64x8){0} - (int64_t)(outside_zero));
    st_i64x8 outside_2 = ((st_i64x8){0} - (int64_t)(outside_zero));
    st_i64x8 outside_3 = ((st_i64x8){0} - (int64_t)(outside_zero));
    int64_t i0 = 0;
    for (; i0 + 32 <= i0_count; i0 += 32) {
      outside_0 = outside_0 | ((st_load_i64x8(item + i0) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_i64x8(item + i0) >= ((st_i64x8){0} + (x_size0))));
      outside_1 = outside_1 | ((st_load_i64x8(item + (i0 + 8)) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_i64x8(item + (i0 + 8)) >= ((st_i64x8){0} + (x_size0))));
      outside_2 = outside_2 | ((st_load_i64x8(item + (i0 + 16)) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_i64x8(item + (i0 + 16)) >= ((st_i64x8){0} + (x_size0))));
      outside_3 = outside_3 | ((st_load_i64x8(item + (i0 + 24)) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_i64x8(item + (i0 + 24)) >= ((st_i64x8){0} + (x_size0))));
    }
    int turned = 0;
    for (; i0 + 8 <= i0_count; i0 += 8) {
      outside_0 = outside_0 | ((st_load_i64x8(item + i0) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_i64x8(item + i0) >= ((st_i64x8){0} + (x_size0))));
      const st_i64x8 outside_first = outside_0; outside_0 = outside_1; outside_1 = outside_2; outside_2 = outside_3; outside_3 = outside_first;
      ++turned;
    }
    if (i0 < i0_count) {
      const int64_t alive = i0_count - i0;
      outside_0 = st_select_part_i64x8(outside_0 | ((st_load_part_i64x8(item + i0, alive) < ((st_i64x8){0} + ((-x_size0)))) | (st_load_part_i64x8(item + i0, alive) >= ((st_i64x8){0} + (x_size0)))), outside_0, alive);
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
  if (outside) {
    for (int64_t i0 = 0; i0 < count; ++i0) {
      if ((item[i0] < (-x_size0)) | (item[i0] >= x_size0)) {
        ctx->error.code = 4;
        ctx->error.site = 2;
        ctx->error.value[0] = item[i0];
        ctx->error.value[1] = x_size0;
        return 1;
      }
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
      const double sum_2_row_acc_zero = 0.0;
      const double sum_row_acc_zero = 0.0;
      const int64_t j0_count = st_min_i64((count - 16384 * block), 16384);
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
        const st_i64x8 t2_0 = ({ st_i64x8 mask_ = (t1_0 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_0 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_0)); });
        sum_2_row_acc_0 = sum_2_row_acc_0 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; });
        const st_f64x8 t3_0 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; });
        sum_row_acc_0 = sum_row_acc_0 + t3_0;
        const st_i64x8 t1_1 = st_load_i64x8(item + 16384 * block + (j0 + 8));
        const st_i64x8 t2_1 = ({ st_i64x8 mask_ = (t1_1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_1)); });
        sum_2_row_acc_1 = sum_2_row_acc_1 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; });
        const st_f64x8 t3_1 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; });
        sum_row_acc_1 = sum_row_acc_1 + t3_1;
        const st_i64x8 t1_2 = st_load_i64x8(item + 16384 * block + (j0 + 16));
        const st_i64x8 t2_2 = ({ st_i64x8 mask_ = (t1_2 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_2 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_2)); });
        sum_2_row_acc_2 = sum_2_row_acc_2 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_2[lane_]]; vec_; });
        const st_f64x8 t3_2 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_2[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_2[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_2[lane_]]; vec_; });
        sum_row_acc_2 = sum_row_acc_2 + t3_2;
        const st_i64x8 t1_3 = st_load_i64x8(item + 16384 * block + (j0 + 24));
        const st_i64x8 t2_3 = ({ st_i64x8 mask_ = (t1_3 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_3 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_3)); });
        sum_2_row_acc_3 = sum_2_row_acc_3 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_3[lane_]]; vec_; });
        const st_f64x8 t3_3 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_3[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_3[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_3[lane_]]; vec_; });
        sum_row_acc_3 = sum_row_acc_3 + t3_3;
      }
      int turned = 0;
      for (; j0 + 8 <= j0_count; j0 += 8) {
        const st_i64x8 t1 = st_load_i64x8(item + 16384 * block + j0);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        sum_2_row_acc_0 = sum_2_row_acc_0 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; });
        const st_f64x8 t3 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; });
        sum_row_acc_0 = sum_row_acc_0 + t3;
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      if (j0 < j0_count) {
        const int64_t alive = j0_count - j0;
        const st_i64x8 t1 = st_load_part_i64x8(item + 16384 * block + j0, alive);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        sum_2_row_acc_0 = st_select_part_f64x8(sum_2_row_acc_0 + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; }), sum_2_row_acc_0, alive);
        const st_f64x8 t3 = (({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; }) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; })) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; });
        sum_row_acc_0 = st_select_part_f64x8(sum_row_acc_0 + t3, sum_row_acc_0, alive);
      }
      while (turned % 4) {
        const st_f64x8 sum_2_row_acc_first = sum_2_row_acc_0; sum_2_row_acc_0 = sum_2_row_acc_1; sum_2_row_acc_1 = sum_2_row_acc_2; sum_2_row_acc_2 = sum_2_row_acc_3; sum_2_row_acc_3 = sum_2_row_acc_first;
        const st_f64x8 sum_row_acc_first = sum_row_acc_0; sum_row_acc_0 = sum_row_acc_1; sum_row_acc_1 = sum_row_acc_2; sum_row_acc_2 = sum_row_acc_3; sum_row_acc_3 = sum_row_acc_first;
        ++turned;
      }
      sum_2_row_acc = sum_2_row_acc + st_sum_tree4_f64x8(sum_2_row_acc_0, sum_2_row_acc_1, sum_2_row_acc_2, sum_2_row_acc_3);
      sum_row_acc = sum_row_acc + st_sum_tree4_f64x8(sum_row_acc_0, sum_row_acc_1, sum_row_acc_2, sum_row_acc_3);
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k3_sum_partial_range(st_given->ctx, st_given->item, st_given->x, st_given->sum_2_row_part, st_given->sum_row_part, st_given->count, st_given->x_size0, begin, end);
}
static int k3_sum_partial(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict sum_2_row_part, double *restrict sum_row_part, int64_t count, int64_t x_size0) {
  const int64_t extent = ((16383 + count) / 16384);
  int64_t grain = extent;
  if (ctx->workers > 1 && (8 * count) >= 40000) {
    const int64_t least = 1;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k3_sum_partial_range(ctx, item, x, sum_2_row_part, sum_row_part, count, x_size0, 0, extent);
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
  const int streaming = 8 * count >= 33554432;
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64(4096, (count - 4096 * tile));
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_i64x8 t1_0 = st_load_i64x8(item + j + 4096 * tile);
        const st_i64x8 t2_0 = ({ st_i64x8 mask_ = (t1_0 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_0 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_0)); });
        const double t3_0 = (double)count;
        const st_f64x8 t4_0 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; }) - st_splat_f64x8((sum_2[0] / t3_0))) * __builtin_convertvector(t1_0, st_f64x8);
        const st_f64x8 t5_0 = t4_0 + st_splat_f64x8(t3_0);
        st_stream_f64x8(add + j + 4096 * tile, t5_0, streaming);
        const st_i64x8 t1_1 = st_load_i64x8(item + (j + 8) + 4096 * tile);
        const st_i64x8 t2_1 = ({ st_i64x8 mask_ = (t1_1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_1)); });
        const double t3_1 = (double)count;
        const st_f64x8 t4_1 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; }) - st_splat_f64x8((sum_2[0] / t3_1))) * __builtin_convertvector(t1_1, st_f64x8);
        const st_f64x8 t5_1 = t4_1 + st_splat_f64x8(t3_1);
        st_stream_f64x8(add + (j + 8) + 4096 * tile, t5_1, streaming);
      }
      for (; j + 8 <= j_count; j += 8) {
        const st_i64x8 t1 = st_load_i64x8(item + j + 4096 * tile);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        const double t3 = (double)count;
        const st_f64x8 t4 = (({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; }) - st_splat_f64x8((sum_2[0] / t3))) * __builtin_convertvector(t1, st_f64x8);
        const st_f64x8 t5 = t4 + st_splat_f64x8(t3);
        st_stream_f64x8(add + j + 4096 * tile, t5, streaming);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        const st_i64x8 t1 = st_load_part_i64x8(item + j + 4096 * tile, alive);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        const double t3 = (double)count;
        const st_f64x8 t4 = (({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; }) - st_splat_f64x8((sum_2[0] / t3))) * __builtin_convertvector(t1, st_f64x8);
        const st_f64x8 t5 = t4 + st_splat_f64x8(t3);
        st_store_part_f64x8(add + j + 4096 * tile, t5, alive);
      }
    }
  }
  if (streaming) __builtin_ia32_sfence();
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k4_add_range(st_given->ctx, st_given->item, st_given->x, st_given->sum_2, st_given->add, st_given->count, st_given->x_size0, begin, end);
}
static int k4_add(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, const double *restrict sum_2, double *restrict add, int64_t count, int64_t x_size0) {
  const int64_t extent = ((4095 + count) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (13 * count) >= 40000) {
    const int64_t least = 2;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k4_add_range(ctx, item, x, sum_2, add, count, x_size0, 0, extent);
  k4_add_arguments st_given = {ctx, item, x, sum_2, add, count, x_size0, extent, grain};
  return ctx->parallel(ctx, k4_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k5_broadcast_to
 *   broadcast_to: float64[x.shape[0]]  at probe_12_nonzero.py:16
 */
static int k5_broadcast_to_range(st_ctx *ctx, double *restrict scatter_add, int64_t x_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((x_size0 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        st_store_f64x8(scatter_add + j + 4096 * tile, st_splat_f64x8(0.0));
        st_store_f64x8(scatter_add + (j + 8) + 4096 * tile, st_splat_f64x8(0.0));
      }
      for (; j + 8 <= j_count; j += 8) {
        st_store_f64x8(scatter_add + j + 4096 * tile, st_splat_f64x8(0.0));
      }
      if (j < j_count) {
        const int64_t alive = j_count - j;
        st_store_part_f64x8(scatter_add + j + 4096 * tile, st_splat_f64x8(0.0), alive);
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  double *scatter_add;
  int64_t x_size0;
  int64_t extent, grain;
} k5_broadcast_to_arguments;
static int k5_broadcast_to_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k5_broadcast_to_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k5_broadcast_to_range(st_given->ctx, st_given->scatter_add, st_given->x_size0, begin, end);
}
static int k5_broadcast_to(st_ctx *ctx, double *restrict scatter_add, int64_t x_size0) {
  const int64_t extent = ((4095 + x_size0) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && x_size0 >= 40000) {
    const int64_t least = 32;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k5_broadcast_to_range(ctx, scatter_add, x_size0, 0, extent);
  k5_broadcast_to_arguments st_given = {ctx, scatter_add, x_size0, extent, grain};
  return ctx->parallel(ctx, k5_broadcast_to_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k6_scatter_add
 *   scatter_add: float64[x.shape[0]]  at probe_12_nonzero.py:16
 */
static int k6_scatter_add_range(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict scatter_add, int64_t count, int64_t x_size0, int64_t begin, int64_t end) {
  const int64_t owner_begin = begin, owner_end = end;
  int64_t rows[512] __attribute__((aligned(64)));
  double updates[512] __attribute__((aligned(64)));
  for (int64_t block = 0; block < (((511 + count) / 512)); ++block) {
    {
      const int64_t i0_count = st_min_i64((count - 512 * block), 512);
      int64_t i0 = 0;
      for (; i0 + 16 <= i0_count; i0 += 16) {
        const st_i64x8 t1_0 = st_load_i64x8(item + 512 * block + i0);
        const st_i64x8 t2_0 = ({ st_i64x8 mask_ = (t1_0 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_0 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_0)); });
        st_store_i64x8(rows + i0, t2_0);
        const st_f64x8 t3_0 = ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_0[lane_]]; vec_; });
        const st_f64x8 t4_0 = st_splat_f64x8(3.0) * (t3_0 * t3_0);
        st_store_f64x8(updates + i0, t4_0);
        const st_i64x8 t1_1 = st_load_i64x8(item + 512 * block + (i0 + 8));
        const st_i64x8 t2_1 = ({ st_i64x8 mask_ = (t1_1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1_1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1_1)); });
        st_store_i64x8(rows + (i0 + 8), t2_1);
        const st_f64x8 t3_1 = ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2_1[lane_]]; vec_; });
        const st_f64x8 t4_1 = st_splat_f64x8(3.0) * (t3_1 * t3_1);
        st_store_f64x8(updates + (i0 + 8), t4_1);
      }
      for (; i0 + 8 <= i0_count; i0 += 8) {
        const st_i64x8 t1 = st_load_i64x8(item + 512 * block + i0);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        st_store_i64x8(rows + i0, t2);
        const st_f64x8 t3 = ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; });
        const st_f64x8 t4 = st_splat_f64x8(3.0) * (t3 * t3);
        st_store_f64x8(updates + i0, t4);
      }
      if (i0 < i0_count) {
        const int64_t alive = i0_count - i0;
        const st_i64x8 t1 = st_load_part_i64x8(item + 512 * block + i0, alive);
        const st_i64x8 t2 = ({ st_i64x8 mask_ = (t1 < ((st_i64x8){0} + (0))); (st_i64x8)((mask_ & (st_i64x8)(t1 + ((st_i64x8){0} + (x_size0)))) | (~mask_ & (st_i64x8)t1)); });
        st_store_part_i64x8(rows + i0, t2, alive);
        const st_f64x8 t3 = ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = x[t2[lane_]]; vec_; });
        const st_f64x8 t4 = st_splat_f64x8(3.0) * (t3 * t3);
        st_store_part_f64x8(updates + i0, t4, alive);
      }
    }
    if ((owner_begin <= 0) & (owner_end >= 64)) {
      for (int64_t i0 = 0; i0 < (st_min_i64((count - 512 * block), 512)); ++i0) {
        const int64_t row = rows[i0];
        const double t1 = scatter_add[row] + updates[i0];
        scatter_add[row] = t1;
      }
    } else {
      for (int64_t i0 = 0; i0 < (st_min_i64((count - 512 * block), 512)); ++i0) {
        const int64_t row = rows[i0];
        if (((row & (int64_t)63) >= owner_begin) & ((row & (int64_t)63) < owner_end)) {
          const double t1 = scatter_add[row] + updates[i0];
          scatter_add[row] = t1;
        }
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
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k6_scatter_add_range(st_given->ctx, st_given->item, st_given->x, st_given->scatter_add, st_given->count, st_given->x_size0, begin, end);
}
static int k6_scatter_add(st_ctx *ctx, const int64_t *restrict item, const double *restrict x, double *restrict scatter_add, int64_t count, int64_t x_size0) {
  const int64_t extent = 64;
  int64_t grain = extent;
  if (ctx->workers > 1 && (4 * count) >= 40000) {
    grain = (extent + ctx->workers - 1) / ctx->workers; /* no bit depends on it */
  }
  if (extent <= grain) return k6_scatter_add_range(ctx, item, x, scatter_add, count, x_size0, 0, extent);
  k6_scatter_add_arguments st_given = {ctx, item, x, scatter_add, count, x_size0, extent, grain};
  return ctx->parallel(ctx, k6_scatter_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_12_nonzero: 7 kernels, 4 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *x = arguments[0];
  double *const limit = arguments[1];
  const int64_t x_size0 = layout[0];
  int64_t count = 0;
  (void)x_size0;
  char *const arena = ctx->arena(ctx, 0, 64 + 64 * ((63 + x_size0) / 64));
  if (!arena) return 1;
  uint8_t *greater = (uint8_t *)(arena + 0);
  double *sum_2_row_part = 0;
  double *sum_row_part = 0;
  double *sum_2 = (double *)(arena + (64 * ((63 + x_size0) / 64)));
  int64_t *item = 0;
  double *add = 0;
  double *const sum = ctx->output(ctx, 2, 0);
  if (!sum) return 1;
  double *const scatter_add = ctx->output(ctx, 3, (const int64_t[]){x_size0});
  if (!scatter_add) return 1;
  if ((x_size0) == 0) x = ctx->arena(ctx, 64, 8 * st_max_i64(1, x_size0));
  if (!x) return 1;
  if (k1_greater(ctx, x, limit, greater, x_size0)) return 1;
  count = st_nonzero_uint8_t_1_count(greater, x_size0);
  char *const arena_1 = ctx->arena(ctx, 1, 128 * ((63 + 8 * ((16383 + count) / 16384)) / 64));
  if (!arena_1) return 1;
  sum_2_row_part = (double *)(arena_1 + 0);
  sum_row_part = (double *)(arena_1 + (64 * ((63 + 8 * ((16383 + count) / 16384)) / 64)));
  item = ctx->output(ctx, 0, (const int64_t[]){count});
  if (!item) return 1;
  add = ctx->output(ctx, 1, (const int64_t[]){count});
  if (!add) return 1;
  if (st_nonzero_uint8_t_1(greater, item, x_size0)) return 1;
  if (k2_item_check(ctx, item, count, x_size0)) return 1;
  if (k3_sum_partial(ctx, item, x, sum_2_row_part, sum_row_part, count, x_size0)) return 1;
  if (k3_sum_combine(ctx, sum_2_row_part, sum_row_part, sum_2, sum, count)) return 1;
  if (k4_add(ctx, item, x, sum_2, add, count, x_size0)) return 1;
  if (k5_broadcast_to(ctx, scatter_add, x_size0)) return 1;
  if (k6_scatter_add(ctx, item, x, scatter_add, count, x_size0)) return 1;
  return 0;
}
