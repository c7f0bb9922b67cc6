/* k1_update_slice
 *   update_slice: float64[u.shape[0], u.shape[1]]  at probe_05_stencil.py:16
 */
static int k1_update_slice_range(st_ctx *ctx, const double *restrict u, double *restrict update_slice, int64_t weights_size0, int64_t weights_size1, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t tile = st_mod_i64(p, (((4095 + weights_size1) / 4096)));
    const int64_t o0 = st_floordiv_i64(p, (((4095 + weights_size1) / 4096)));
    if ((1 + o0 - weights_size0) >= (int64_t)0) {
      if (((o0 - 1) >= (int64_t)0) & ((o0 - 1) <= (int64_t)0)) {
        {
          const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
            st_store_f64x8(update_slice + (j + 8) + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
          }
          for (; j + 8 <= j_count; j += 8) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0), alive);
          }
        }
      } else {
        if ((o0 - 2) >= (int64_t)0) {
          const int64_t j_border1 = st_min_i64((st_max_i64(0, (1 - 4096 * tile))), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
          {
            const int64_t j_count = j_border1;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1));
              st_store_f64x8(update_slice + (j + 8) + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + (j + 8) + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            for (; j + 8 <= j_count; j += 8) {
              st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_part_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1, alive), alive);
            }
          }
          const int64_t j_border2 = st_min_i64((st_max_i64((1 + st_max_i64((weights_size1 - 2), 0) - 4096 * tile), j_border1)), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
          {
            const int64_t j_count = j_border2 - j_border1;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const st_f64x8 t1_0 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 2 * weights_size1) + st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile)) + st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 1 - weights_size1)) + st_load_f64x8(u + 1 + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1))));
              st_store_f64x8(update_slice + j + j_border1 + o0 * weights_size1 + 4096 * tile, t1_0);
              const st_f64x8 t1_1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile - 2 * weights_size1) + st_load_f64x8(u + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile)) + st_load_f64x8(u + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile - 1 - weights_size1)) + st_load_f64x8(u + 1 + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1))));
              st_store_f64x8(update_slice + (j + 8) + j_border1 + o0 * weights_size1 + 4096 * tile, t1_1);
            }
            for (; j + 8 <= j_count; j += 8) {
              const st_f64x8 t1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 2 * weights_size1) + st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile)) + st_load_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 1 - weights_size1)) + st_load_f64x8(u + 1 + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1))));
              st_store_f64x8(update_slice + j + j_border1 + o0 * weights_size1 + 4096 * tile, t1);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_f64x8 t1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_part_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1, alive), (st_splat_f64x8(0.2) * (((st_load_part_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 2 * weights_size1, alive) + st_load_part_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile, alive)) + st_load_part_f64x8(u + j + j_border1 + o0 * weights_size1 + 4096 * tile - 1 - weights_size1, alive)) + st_load_part_f64x8(u + 1 + j + j_border1 + o0 * weights_size1 + 4096 * tile - weights_size1, alive))));
              st_store_part_f64x8(update_slice + j + j_border1 + o0 * weights_size1 + 4096 * tile, t1, alive);
            }
          }
          {
            const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096) - j_border2;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              st_store_f64x8(update_slice + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + j_border2 + o0 * weights_size1 + 4096 * tile - weights_size1));
              st_store_f64x8(update_slice + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            for (; j + 8 <= j_count; j += 8) {
              st_store_f64x8(update_slice + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + j_border2 + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              st_store_part_f64x8(update_slice + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_load_part_f64x8(u + j + j_border2 + o0 * weights_size1 + 4096 * tile - weights_size1, alive), alive);
            }
          }
        } else {
          {
            const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1));
              st_store_f64x8(update_slice + (j + 8) + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + (j + 8) + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            for (; j + 8 <= j_count; j += 8) {
              st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1));
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_part_f64x8(u + j + o0 * weights_size1 + 4096 * tile - weights_size1, alive), alive);
            }
          }
        }
      }
    } else {
      if (o0 <= (int64_t)0) {
        {
          const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
            st_store_f64x8(update_slice + (j + 8) + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
          }
          for (; j + 8 <= j_count; j += 8) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0));
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(1.0), alive);
          }
        }
      } else {
        const int64_t j_border3 = st_min_i64((st_max_i64(0, (1 - 4096 * tile))), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
        {
          const int64_t j_count = j_border3;
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile));
            st_store_f64x8(update_slice + (j + 8) + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + (j + 8) + o0 * weights_size1 + 4096 * tile));
          }
          for (; j + 8 <= j_count; j += 8) {
            st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile));
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, st_load_part_f64x8(u + j + o0 * weights_size1 + 4096 * tile, alive), alive);
          }
        }
        const int64_t j_border4 = st_min_i64((st_max_i64((1 + st_max_i64((weights_size1 - 2), 0) - 4096 * tile), j_border3)), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
        {
          const int64_t j_count = j_border4 - j_border3;
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            const st_f64x8 t1_0 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - weights_size1) + st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - 1)) + st_load_f64x8(u + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile))));
            st_store_f64x8(update_slice + j + j_border3 + o0 * weights_size1 + 4096 * tile, t1_0);
            const st_f64x8 t1_1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile - weights_size1) + st_load_f64x8(u + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_load_f64x8(u + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile - 1)) + st_load_f64x8(u + 1 + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile))));
            st_store_f64x8(update_slice + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile, t1_1);
          }
          for (; j + 8 <= j_count; j += 8) {
            const st_f64x8 t1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile), (st_splat_f64x8(0.2) * (((st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - weights_size1) + st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_load_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - 1)) + st_load_f64x8(u + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile))));
            st_store_f64x8(update_slice + j + j_border3 + o0 * weights_size1 + 4096 * tile, t1);
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            const st_f64x8 t1 = st_fma_f64x8(st_splat_f64x8(0.19999999999999996), st_load_part_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile, alive), (st_splat_f64x8(0.2) * (((st_load_part_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - weights_size1, alive) + st_load_part_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile + weights_size1, alive)) + st_load_part_f64x8(u + j + j_border3 + o0 * weights_size1 + 4096 * tile - 1, alive)) + st_load_part_f64x8(u + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile, alive))));
            st_store_part_f64x8(update_slice + j + j_border3 + o0 * weights_size1 + 4096 * tile, t1, alive);
          }
        }
        {
          const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096) - j_border4;
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            st_store_f64x8(update_slice + j + j_border4 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + j_border4 + o0 * weights_size1 + 4096 * tile));
            st_store_f64x8(update_slice + (j + 8) + j_border4 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + (j + 8) + j_border4 + o0 * weights_size1 + 4096 * tile));
          }
          for (; j + 8 <= j_count; j += 8) {
            st_store_f64x8(update_slice + j + j_border4 + o0 * weights_size1 + 4096 * tile, st_load_f64x8(u + j + j_border4 + o0 * weights_size1 + 4096 * tile));
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            st_store_part_f64x8(update_slice + j + j_border4 + o0 * weights_size1 + 4096 * tile, st_load_part_f64x8(u + j + j_border4 + o0 * weights_size1 + 4096 * tile, alive), alive);
          }
        }
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *u;
  double *update_slice;
  int64_t weights_size0;
  int64_t weights_size1;
  int64_t extent, grain;
} k1_update_slice_arguments;
static int k1_update_slice_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_update_slice_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_update_slice_range(st_given->ctx, st_given->u, st_given->update_slice, st_given->weights_size0, st_given->weights_size1, begin, end);
}
static int k1_update_slice(st_ctx *ctx, const double *restrict u, double *restrict update_slice, int64_t weights_size0, int64_t weights_size1) {
  const int64_t extent = weights_size0 * ((4095 + weights_size1) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (64 * weights_size0 * weights_size1) >= 40000) {
    const int64_t least = 1;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k1_update_slice_range(ctx, u, update_slice, weights_size0, weights_size1, 0, extent);
  k1_update_slice_arguments st_given = {ctx, u, update_slice, weights_size0, weights_size1, extent, grain};
  return ctx->parallel(ctx, k1_update_slice_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_add
 *   add: float64[weights.shape[0], weights.shape[1]]  at probe_05_stencil.py:23
 */
static int k2_add_range(st_ctx *ctx, const double *restrict weights, double *restrict add, int64_t weights_size0, int64_t weights_size1, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t tile = st_mod_i64(p, (((4095 + weights_size1) / 4096)));
    const int64_t o0 = st_floordiv_i64(p, (((4095 + weights_size1) / 4096)));
    if (((o0 - 1) >= (int64_t)0) & ((o0 - 1) <= (st_max_i64((weights_size0 - 2), 0) - 1))) {
      const int64_t j_border1 = st_min_i64((st_max_i64(0, (1 - 4096 * tile))), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
      const int64_t j_border2 = st_min_i64(j_border1, (st_max_i64((st_max_i64((weights_size1 - 2), 0) - 4096 * tile), 0)));
      if (((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0)) {
        {
          const int64_t j_count = j_border2;
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            const st_f64x8 t1_0 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile + weights_size1)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2_0 = t1_0 + st_splat_f64x8(0.0);
            st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2_0);
            const st_f64x8 t1_1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + (j + 8) + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + 1 + (j + 8) + o0 * weights_size1 + 4096 * tile + weights_size1)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + (j + 8) + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + (j + 8) + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2_1 = t1_1 + st_splat_f64x8(0.0);
            st_store_f64x8(add + (j + 8) + o0 * weights_size1 + 4096 * tile, t2_1);
          }
          for (; j + 8 <= j_count; j += 8) {
            const st_f64x8 t1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile + weights_size1)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
            st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2);
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            const st_f64x8 t1 = (st_fma_f64x8((st_load_part_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile, alive) + st_load_part_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile + weights_size1, alive)), st_splat_f64x8(0.2), ((st_load_part_f64x8(weights + j + o0 * weights_size1 + 4096 * tile, alive) + st_load_part_f64x8(weights + j + o0 * weights_size1 + 4096 * tile + weights_size1, alive)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
            st_store_part_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2, alive);
          }
        }
      } else {
        if ((1 + o0 - weights_size0) >= (int64_t)0) {
          const int64_t j_border3 = st_min_i64(j_border2, (st_max_i64((weights_size1 - 1 - 4096 * tile), 0)));
          {
            const int64_t j_count = j_border3;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const double t1_0 = 0.0 + 0.0;
              const double t2_0 = ((st_fma_f64(t1_0, 0.2, (t1_0 + 0.0)) + 0.0) + 0.0) + 0.0;
              st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2_0));
              const double t1_1 = 0.0 + 0.0;
              const double t2_1 = ((st_fma_f64(t1_1, 0.2, (t1_1 + 0.0)) + 0.0) + 0.0) + 0.0;
              st_store_f64x8(add + (j + 8) + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2_1));
            }
            for (; j + 8 <= j_count; j += 8) {
              const double t1 = 0.0 + 0.0;
              const double t2 = ((st_fma_f64(t1, 0.2, (t1 + 0.0)) + 0.0) + 0.0) + 0.0;
              st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2));
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const double t1 = 0.0 + 0.0;
              const double t2 = ((st_fma_f64(t1, 0.2, (t1 + 0.0)) + 0.0) + 0.0) + 0.0;
              st_store_part_f64x8(add + j + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2), alive);
            }
          }
          {
            const int64_t j_count = j_border2 - j_border3;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const st_f64x8 t1_0 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), st_splat_f64x8(((0.0 + 0.0) + 0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_0 = t1_0 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + j_border3 + o0 * weights_size1 + 4096 * tile, t2_0);
              const st_f64x8 t1_1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), st_splat_f64x8(((0.0 + 0.0) + 0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_1 = t1_1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + (j + 8) + j_border3 + o0 * weights_size1 + 4096 * tile, t2_1);
            }
            for (; j + 8 <= j_count; j += 8) {
              const st_f64x8 t1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), st_splat_f64x8(((0.0 + 0.0) + 0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + j_border3 + o0 * weights_size1 + 4096 * tile, t2);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_f64x8 t1 = (st_fma_f64x8((st_load_part_f64x8(weights + 1 + j + j_border3 + o0 * weights_size1 + 4096 * tile, alive) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), st_splat_f64x8(((0.0 + 0.0) + 0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_part_f64x8(add + j + j_border3 + o0 * weights_size1 + 4096 * tile, t2, alive);
            }
          }
        } else {
          {
            const int64_t j_count = j_border2;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const st_f64x8 t1_0 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_0 = t1_0 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2_0);
              const st_f64x8 t1_1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + (j + 8) + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + (j + 8) + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_1 = t1_1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + (j + 8) + o0 * weights_size1 + 4096 * tile, t2_1);
            }
            for (; j + 8 <= j_count; j += 8) {
              const st_f64x8 t1 = (st_fma_f64x8((st_load_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), ((st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_f64x8 t1 = (st_fma_f64x8((st_load_part_f64x8(weights + 1 + j + o0 * weights_size1 + 4096 * tile, alive) + st_splat_f64x8(0.0)), st_splat_f64x8(0.2), ((st_load_part_f64x8(weights + j + o0 * weights_size1 + 4096 * tile, alive) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0))) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_part_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t2, alive);
            }
          }
        }
      }
      if (((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0)) {
        {
          const int64_t j_count = j_border1 - j_border2;
          int64_t j = 0;
          for (; j + 16 <= j_count; j += 16) {
            const st_f64x8 t1_0 = ((((st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2_0 = t1_0 + st_splat_f64x8(0.0);
            st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2_0);
            const st_f64x8 t1_1 = ((((st_load_f64x8(weights + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2_1 = t1_1 + st_splat_f64x8(0.0);
            st_store_f64x8(add + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile, t2_1);
          }
          for (; j + 8 <= j_count; j += 8) {
            const st_f64x8 t1 = ((((st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile + weights_size1)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
            st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2);
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            const st_f64x8 t1 = ((((st_load_part_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile, alive) + st_load_part_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile + weights_size1, alive)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
            const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
            st_store_part_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2, alive);
          }
        }
      } else {
        if ((1 + o0 - weights_size0) >= (int64_t)0) {
          {
            const int64_t j_count = j_border1 - j_border2;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const double t1_0 = ((((0.0 + 0.0) + 0.0) + 0.0) + 0.0) + 0.0;
              const double t2_0 = t1_0 + 0.0;
              st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2_0));
              const double t1_1 = ((((0.0 + 0.0) + 0.0) + 0.0) + 0.0) + 0.0;
              const double t2_1 = t1_1 + 0.0;
              st_store_f64x8(add + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2_1));
            }
            for (; j + 8 <= j_count; j += 8) {
              const double t1 = ((((0.0 + 0.0) + 0.0) + 0.0) + 0.0) + 0.0;
              const double t2 = t1 + 0.0;
              st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2));
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const double t1 = ((((0.0 + 0.0) + 0.0) + 0.0) + 0.0) + 0.0;
              const double t2 = t1 + 0.0;
              st_store_part_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, st_splat_f64x8(t2), alive);
            }
          }
        } else {
          {
            const int64_t j_count = j_border1 - j_border2;
            int64_t j = 0;
            for (; j + 16 <= j_count; j += 16) {
              const st_f64x8 t1_0 = ((((st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_0 = t1_0 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2_0);
              const st_f64x8 t1_1 = ((((st_load_f64x8(weights + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2_1 = t1_1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + (j + 8) + j_border2 + o0 * weights_size1 + 4096 * tile, t2_1);
            }
            for (; j + 8 <= j_count; j += 8) {
              const st_f64x8 t1 = ((((st_load_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_f64x8 t1 = ((((st_load_part_f64x8(weights + j + j_border2 + o0 * weights_size1 + 4096 * tile, alive) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
              const st_f64x8 t2 = t1 + st_splat_f64x8(0.0);
              st_store_part_f64x8(add + j + j_border2 + o0 * weights_size1 + 4096 * tile, t2, alive);
            }
          }
        }
      }
      const int64_t j_border4 = st_min_i64((st_max_i64((1 + st_max_i64((weights_size1 - 2), 0) - 4096 * tile), j_border1)), (st_min_i64((weights_size1 - 4096 * tile), 4096)));
      if (((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0)) {
        if (o0 <= (st_max_i64((weights_size0 - 2), 0) - 1)) {
          {
            const int64_t j_count = j_border4 - j_border1;
            int64_t j = 0;
            for (; j + 8 <= j_count; j += 8) {
              const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
              const st_i64x8 t2 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t5 = st_select_f64x8(t1, ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t2[lane_] + t3[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t2[lane_] + t4[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
              const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t9 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t10 = st_select_f64x8(t6, ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7[lane_] + t8[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7[lane_] + t9[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const int t11 = (o0 - 2) >= (int64_t)0;
              const int64_t t12 = t11 ? (o0 - 1) : 0;
              const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t11)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t14 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t11)), ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t12 * weights_size1 + t13[lane_]]; vec_; }) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_f64x8 t15 = st_fma_f64x8((st_load_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile + weights_size1)), st_splat_f64x8(0.19999999999999996), st_fma_f64x8(st_splat_f64x8((0.0 + 0.0)), st_splat_f64x8(0.2), (((st_splat_f64x8(0.0) + t5) + t10) + t14)));
              st_store_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t15);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
              const st_i64x8 t2 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t5 = st_select_f64x8(t1, ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t2[lane_] + t3[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t2[lane_] + t4[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
              const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t9 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t10 = st_select_f64x8(t6, ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7[lane_] + t8[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7[lane_] + t9[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const int t11 = (o0 - 2) >= (int64_t)0;
              const int64_t t12 = t11 ? (o0 - 1) : 0;
              const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t11)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t14 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t11)), ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t12 * weights_size1 + t13[lane_]]; vec_; }) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_f64x8 t15 = st_fma_f64x8((st_load_part_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile, alive) + st_load_part_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile + weights_size1, alive)), st_splat_f64x8(0.19999999999999996), st_fma_f64x8(st_splat_f64x8((0.0 + 0.0)), st_splat_f64x8(0.2), (((st_splat_f64x8(0.0) + t5) + t10) + t14)));
              st_store_part_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t15, alive);
            }
          }
        } else {
          {
            const int64_t j_count = j_border4 - j_border1;
            int64_t j = 0;
            for (; j + 8 <= j_count; j += 8) {
              const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
              const st_i64x8 t2 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t5 = st_select_f64x8(t1, ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t2[lane_] + t3[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t2[lane_] + t4[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
              const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t9 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t10 = st_select_f64x8(t6, ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7[lane_] + t8[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7[lane_] + t9[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const int t11 = (o0 - 2) >= (int64_t)0;
              const int64_t t12 = t11 ? (o0 - 1) : 0;
              const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t11)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t14 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t11)), ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t12 * weights_size1 + t13[lane_]]; vec_; }) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_f64x8 t15 = st_fma_f64x8((st_load_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile) + st_load_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile + weights_size1)), st_splat_f64x8(0.19999999999999996), ((((st_splat_f64x8(0.0) + t5) + t10) + t14) + st_splat_f64x8(0.0)));
              st_store_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t15);
            }
            if (j < j_count) {
              const int64_t alive = j_count - j;
              const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
              const st_i64x8 t2 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t5 = st_select_f64x8(t1, ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t2[lane_] + t3[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t2[lane_] + t4[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
              const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_i64x8 t9 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t10 = st_select_f64x8(t6, ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7[lane_] + t8[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7[lane_] + t9[lane_] * weights_size1]; vec_; })) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const int t11 = (o0 - 2) >= (int64_t)0;
              const int64_t t12 = t11 ? (o0 - 1) : 0;
              const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t11)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
              const st_f64x8 t14 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t11)), ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t12 * weights_size1 + t13[lane_]]; vec_; }) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
              const st_f64x8 t15 = st_fma_f64x8((st_load_part_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile, alive) + st_load_part_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile + weights_size1, alive)), st_splat_f64x8(0.19999999999999996), ((((st_splat_f64x8(0.0) + t5) + t10) + t14) + st_splat_f64x8(0.0)));
              st_store_part_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t15, alive);
            }
          }
        }
      } else {
        {
          const int64_t j_count = j_border4 - j_border1;
          int64_t j = 0;
          for (; j + 8 <= j_count; j += 8) {
            const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
            const int t2 = (1 + o0 - weights_size0) >= (int64_t)0;
            const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t5 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t3[lane_] * weights_size1 + t4[lane_]]; vec_; })) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2);
            const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
            const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t9 = (st_select_f64x8((((st_i64x8){0} - (int64_t)(t2)) & ((((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((weights_size1 - 1))))), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7[lane_] * weights_size1 + t8[lane_]]; vec_; })) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2);
            const int t10 = (o0 - 2) >= (int64_t)0;
            const int64_t t11 = t10 ? (o0 - 1) : 0;
            const st_i64x8 t12 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t10)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t13 = t2 ? o0 : 0;
            const st_i64x8 t14 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t15 = t10 ? t13 : 0;
            const st_i64x8 t16 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t10)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t14[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t17 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t15 * weights_size1 + t16[lane_]]; vec_; }), st_splat_f64x8(0.0));
            const st_f64x8 t18 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t10)), ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t11 * weights_size1 + t12[lane_]]; vec_; }) + t17) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
            const int t19 = o0 <= (st_max_i64((weights_size0 - 2), 0) - 1);
            const int64_t t20 = t19 ? (1 + o0) : 0;
            const st_i64x8 t21 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t19)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int t22 = ((3 + o0 - weights_size0) >= (int64_t)0) & ((3 + o0 - weights_size0) <= (int64_t)0);
            const int64_t t23 = t22 ? (2 + o0) : 0;
            const st_i64x8 t24 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t22)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t25 = t19 ? t23 : 0;
            const st_i64x8 t26 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t19)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t24[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t27 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t22)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t25 * weights_size1 + t26[lane_]]; vec_; }), st_splat_f64x8(0.0));
            const st_f64x8 t28 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t19)), ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t20 * weights_size1 + t21[lane_]]; vec_; }) + t27) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
            const st_f64x8 t29 = (((st_splat_f64x8(0.0) + st_select_f64x8(t1, t5, st_splat_f64x8(0.0))) + st_select_f64x8(t6, t9, st_splat_f64x8(0.0))) + t18) + t28;
            const st_f64x8 t30 = st_fma_f64x8((st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), st_load_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile)) + st_splat_f64x8(0.0)), st_splat_f64x8(0.19999999999999996), t29);
            st_store_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t30);
          }
          if (j < j_count) {
            const int64_t alive = j_count - j;
            const st_i64x8 t1 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
            const int t2 = (1 + o0 - weights_size0) >= (int64_t)0;
            const st_i64x8 t3 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_i64x8 t4 = ({ st_i64x8 mask_ = t1; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t5 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t3[lane_] * weights_size1 + t4[lane_]]; vec_; })) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2);
            const st_i64x8 t6 = (((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
            const st_i64x8 t7 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_i64x8 t8 = ({ st_i64x8 mask_ = t6; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t9 = (st_select_f64x8((((st_i64x8){0} - (int64_t)(t2)) & ((((st_i64x8){0} + ((1 + j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((weights_size1 - 1))))), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7[lane_] * weights_size1 + t8[lane_]]; vec_; })) + st_splat_f64x8(0.0)) * st_splat_f64x8(0.2);
            const int t10 = (o0 - 2) >= (int64_t)0;
            const int64_t t11 = t10 ? (o0 - 1) : 0;
            const st_i64x8 t12 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t10)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t13 = t2 ? o0 : 0;
            const st_i64x8 t14 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t15 = t10 ? t13 : 0;
            const st_i64x8 t16 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t10)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t14[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t17 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t15 * weights_size1 + t16[lane_]]; vec_; }), st_splat_f64x8(0.0));
            const st_f64x8 t18 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t10)), ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t11 * weights_size1 + t12[lane_]]; vec_; }) + t17) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
            const int t19 = o0 <= (st_max_i64((weights_size0 - 2), 0) - 1);
            const int64_t t20 = t19 ? (1 + o0) : 0;
            const st_i64x8 t21 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t19)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int t22 = ((3 + o0 - weights_size0) >= (int64_t)0) & ((3 + o0 - weights_size0) <= (int64_t)0);
            const int64_t t23 = t22 ? (2 + o0) : 0;
            const st_i64x8 t24 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t22)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border1 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const int64_t t25 = t19 ? t23 : 0;
            const st_i64x8 t26 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t19)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t24[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
            const st_f64x8 t27 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t22)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t25 * weights_size1 + t26[lane_]]; vec_; }), st_splat_f64x8(0.0));
            const st_f64x8 t28 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t19)), ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t20 * weights_size1 + t21[lane_]]; vec_; }) + t27) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
            const st_f64x8 t29 = (((st_splat_f64x8(0.0) + st_select_f64x8(t1, t5, st_splat_f64x8(0.0))) + st_select_f64x8(t6, t9, st_splat_f64x8(0.0))) + t18) + t28;
            const st_f64x8 t30 = st_fma_f64x8((st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), st_load_part_f64x8(weights + j + j_border1 + o0 * weights_size1 + 4096 * tile, alive)) + st_splat_f64x8(0.0)), st_splat_f64x8(0.19999999999999996), t29);
            st_store_part_f64x8(add + j + j_border1 + o0 * weights_size1 + 4096 * tile, t30, alive);
          }
        }
      }
      {
        const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096) - j_border4;
        int64_t j = 0;
        for (; j + 8 <= j_count; j += 8) {
          const int t1 = (1 + o0 - weights_size0) >= (int64_t)0;
          const int t2 = ((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t3 = t2 ? (1 + o0) : 0;
          const st_i64x8 t4 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t5 = (((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
          const st_i64x8 t6 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t7 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t8 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t9 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t3))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t10 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t11 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t10[lane_] + t9[lane_] * weights_size1]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t12 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t6[lane_] * weights_size1 + t7[lane_]]; vec_; })) + t11) * st_splat_f64x8(0.2);
          const st_f64x8 t13 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), st_load_f64x8(weights + j + j_border4 + o0 * weights_size1 + 4096 * tile)) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t3 * weights_size1 + t4[lane_]]; vec_; }), st_splat_f64x8(0.0))) + st_select_f64x8(t5, t12, st_splat_f64x8(0.0));
          const st_f64x8 t14 = (((t13 + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
          st_store_f64x8(add + j + j_border4 + o0 * weights_size1 + 4096 * tile, t14);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const int t1 = (1 + o0 - weights_size0) >= (int64_t)0;
          const int t2 = ((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t3 = t2 ? (1 + o0) : 0;
          const st_i64x8 t4 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t5 = (((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
          const st_i64x8 t6 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t7 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t8 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + j_border4 + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t9 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t3))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t10 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t11 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t10[lane_] + t9[lane_] * weights_size1]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t12 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t6[lane_] * weights_size1 + t7[lane_]]; vec_; })) + t11) * st_splat_f64x8(0.2);
          const st_f64x8 t13 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), st_load_part_f64x8(weights + j + j_border4 + o0 * weights_size1 + 4096 * tile, alive)) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t3 * weights_size1 + t4[lane_]]; vec_; }), st_splat_f64x8(0.0))) + st_select_f64x8(t5, t12, st_splat_f64x8(0.0));
          const st_f64x8 t14 = (((t13 + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0);
          st_store_part_f64x8(add + j + j_border4 + o0 * weights_size1 + 4096 * tile, t14, alive);
        }
      }
    } else {
      {
        const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
        int64_t j = 0;
        for (; j + 8 <= j_count; j += 8) {
          const int t1 = (1 + o0 - weights_size0) >= (int64_t)0;
          const int t2 = ((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t3 = t2 ? (1 + o0) : 0;
          const st_i64x8 t4 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t5 = st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(0.0), (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile)) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t3 * weights_size1 + t4[lane_]]; vec_; }), st_splat_f64x8(0.0))));
          const st_i64x8 t6 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
          const st_i64x8 t7 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
          const st_i64x8 t8 = (((st_i64x8){0} - (int64_t)(((o0 - 2) >= (int64_t)0))) & t6) & t7;
          const st_i64x8 t9 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t10 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const int64_t t11 = t1 ? o0 : 0;
          const st_i64x8 t12 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t13 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t11))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t14 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t12[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t15 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t13[lane_] * weights_size1 + t14[lane_]]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t16 = st_select_f64x8(t8, ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t10[lane_] + t9[lane_] * weights_size1]; vec_; }) + t15) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
          const st_i64x8 t17 = (((st_i64x8){0} - (int64_t)((o0 <= (st_max_i64((weights_size0 - 2), 0) - 1)))) & t6) & t7;
          const st_i64x8 t18 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t19 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const int t20 = ((3 + o0 - weights_size0) >= (int64_t)0) & ((3 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t21 = t20 ? (2 + o0) : 0;
          const st_i64x8 t22 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t20)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t23 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t21))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t24 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t22[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t25 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t20)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t23[lane_] * weights_size1 + t24[lane_]]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t26 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t18[lane_] * weights_size1 + t19[lane_]]; vec_; })) + t25) * st_splat_f64x8(0.2);
          const st_f64x8 t27 = ((((t5 + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + t16) + st_select_f64x8(t17, t26, st_splat_f64x8(0.0))) + st_splat_f64x8(0.0);
          st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t27);
        }
        if (j < j_count) {
          const int64_t alive = j_count - j;
          const int t1 = (1 + o0 - weights_size0) >= (int64_t)0;
          const int t2 = ((2 + o0 - weights_size0) >= (int64_t)0) & ((2 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t3 = t2 ? (1 + o0) : 0;
          const st_i64x8 t4 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t2)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t5 = st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(0.0), (st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_splat_f64x8(0.0), st_load_part_f64x8(weights + j + o0 * weights_size1 + 4096 * tile, alive)) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t3 * weights_size1 + t4[lane_]]; vec_; }), st_splat_f64x8(0.0))));
          const st_i64x8 t6 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
          const st_i64x8 t7 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((weights_size1 - 2), 0) - 1)));
          const st_i64x8 t8 = (((st_i64x8){0} - (int64_t)(((o0 - 2) >= (int64_t)0))) & t6) & t7;
          const st_i64x8 t9 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t10 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const int64_t t11 = t1 ? o0 : 0;
          const st_i64x8 t12 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t13 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t11))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t14 = ({ st_i64x8 mask_ = t8; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t12[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t15 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t13[lane_] * weights_size1 + t14[lane_]]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t16 = st_select_f64x8(t8, ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t10[lane_] + t9[lane_] * weights_size1]; vec_; }) + t15) * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
          const st_i64x8 t17 = (((st_i64x8){0} - (int64_t)((o0 <= (st_max_i64((weights_size0 - 2), 0) - 1)))) & t6) & t7;
          const st_i64x8 t18 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t19 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const int t20 = ((3 + o0 - weights_size0) >= (int64_t)0) & ((3 + o0 - weights_size0) <= (int64_t)0);
          const int64_t t21 = t20 ? (2 + o0) : 0;
          const st_i64x8 t22 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t20)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t23 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t21))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_i64x8 t24 = ({ st_i64x8 mask_ = t17; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t22[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
          const st_f64x8 t25 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t20)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t23[lane_] * weights_size1 + t24[lane_]]; vec_; }), st_splat_f64x8(0.0));
          const st_f64x8 t26 = (st_select_f64x8(((st_i64x8){0} - (int64_t)(t2)), st_splat_f64x8(0.0), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t18[lane_] * weights_size1 + t19[lane_]]; vec_; })) + t25) * st_splat_f64x8(0.2);
          const st_f64x8 t27 = ((((t5 + st_splat_f64x8(0.0)) + st_splat_f64x8(0.0)) + t16) + st_select_f64x8(t17, t26, st_splat_f64x8(0.0))) + st_splat_f64x8(0.0);
          st_store_part_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t27, alive);
        }
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *weights;
  double *add;
  int64_t weights_size0;
  int64_t weights_size1;
  int64_t extent, grain;
} k2_add_arguments;
static int k2_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k2_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k2_add_range(st_given->ctx, st_given->weights, st_given->add, st_given->weights_size0, st_given->weights_size1, begin, end);
}
static int k2_add(st_ctx *ctx, const double *restrict weights, double *restrict add, int64_t weights_size0, int64_t weights_size1) {
  const int64_t extent = weights_size0 * ((4095 + weights_size1) / 4096);
  int64_t grain = extent;
  if (ctx->workers > 1 && (108 * weights_size0 * weights_size1) >= 40000) {
    const int64_t least = 1;
    /* an even number of equal chunks, a function of the sizes alone */
    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
    grain = (extent + 2 * pairs - 1) / (2 * pairs);
  }
  if (extent <= grain) return k2_add_range(ctx, weights, add, weights_size0, weights_size1, 0, extent);
  k2_add_arguments st_given = {ctx, weights, add, weights_size0, weights_size1, extent, grain};
  return ctx->parallel(ctx, k2_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_05_stencil: 2 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const u = arguments[0];
  double *weights = arguments[1];
  const int64_t u_size0 = layout[0];
  const int64_t u_size1 = layout[1];
  const int64_t weights_size0 = layout[4];
  const int64_t weights_size1 = layout[5];
  (void)u_size0;
  (void)u_size1;
  (void)weights_size0;
  (void)weights_size1;
  if (st_min_i64((u_size0 - 2), 0) != 0) return st_fail(ctx, 4, 4, st_min_i64((u_size0 - 2), 0), 0);
  if (u_size0 != weights_size0) return st_fail(ctx, 3, 5, u_size0, weights_size0);
  if (u_size1 != weights_size1) return st_fail(ctx, 3, 6, u_size1, weights_size1);
  if (st_min_i64((u_size0 - 1), 0) != 0) return st_fail(ctx, 4, 7, st_min_i64((u_size0 - 1), 0), 0);
  double *const update_slice = ctx->output(ctx, 0, (const int64_t[]){weights_size0, weights_size1});
  if (!update_slice) return 1;
  double *const add = ctx->output(ctx, 1, (const int64_t[]){weights_size0, weights_size1});
  if (!add) return 1;
  if ((weights_size0 * weights_size1) == 0) weights = ctx->arena(ctx, 64, 8 * st_max_i64(1, weights_size0) * st_max_i64(1, weights_size1));
  if (!weights) return 1;
  if (k1_update_slice(ctx, u, update_slice, weights_size0, weights_size1)) return 1;
  if (k2_add(ctx, weights, add, weights_size0, weights_size1)) return 1;
  return 0;
}
