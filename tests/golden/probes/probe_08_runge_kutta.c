/* k1_divide
 *   divide: float64[]  at probe_08_runge_kutta.py:20
 */
static int k1_divide(st_ctx *ctx, const double *restrict h, double *restrict divide) {
  const double t1 = h[0] / 6.0;
  divide[0] = t1;
  return 0;
}

/* k2_multiply
 *   multiply: float64[]  at probe_08_runge_kutta.py:17
 */
static int k2_multiply(st_ctx *ctx, const double *restrict h, double *restrict multiply) {
  const double t1 = h[0] * 0.5;
  multiply[0] = t1;
  return 0;
}

/* k3_scan
 *   scan: (float64[3], float64[max(0, n), 3], float64[max(0, n), 3])  at probe_08_runge_kutta.py:26
 */
static int k3_scan(st_ctx *ctx, const double *restrict s0, const double *restrict divide, const double *restrict theta, const double *restrict multiply, const double *restrict h, double *restrict item, double *restrict item_5, double *restrict item_4, int64_t weights_size0) {
  double s_0 = s0[0];
  double s_1 = s0[1];
  double s_2 = s0[2];
  for (int64_t step_piece = 0; step_piece < weights_size0; step_piece += 4096) {
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    const int64_t step_stop = weights_size0 - step_piece > 4096 ? step_piece + 4096 : weights_size0;
    for (int64_t step = step_piece; step < step_stop; ++step) {
      const double t1 = divide[0];
      const double t2 = theta[0];
      const double t3 = t2 * (s_1 - s_0);
      const double t4 = multiply[0];
      const double t5 = theta[1];
      const double t6 = st_fma_f64(s_0, (t5 - s_2), (-s_1));
      const double t7 = st_fma_f64(t4, t6, s_1);
      const double t8 = st_fma_f64(t4, t3, s_0);
      const double t9 = t2 * (t7 - t8);
      const double t10 = theta[2];
      const double t11 = st_fma_f64(s_0, s_1, (-(t10 * s_2)));
      const double t12 = st_fma_f64(t4, t11, s_2);
      const double t13 = st_fma_f64(t8, (t5 - t12), (-t7));
      const double t14 = st_fma_f64(t4, t13, s_1);
      const double t15 = st_fma_f64(t4, t9, s_0);
      const double t16 = t2 * (t14 - t15);
      const double t17 = h[0];
      const double t18 = st_fma_f64(t8, t7, (-(t10 * t12)));
      const double t19 = st_fma_f64(t4, t18, s_2);
      const double t20 = st_fma_f64(t15, (t5 - t19), (-t14));
      const double t21 = st_fma_f64(t17, t20, s_1);
      const double t22 = st_fma_f64(t17, t16, s_0);
      const double t23 = t1 * st_fma_f64(t2, (t21 - t22), st_fma_f64(2.0, t16, st_fma_f64(2.0, t9, t3)));
      const double t24 = s_0 + t23;
      const double t25 = st_fma_f64(t15, t14, (-(t10 * t19)));
      const double t26 = st_fma_f64(t17, t25, s_2);
      const double t27 = st_fma_f64(t1, (st_fma_f64(2.0, t20, st_fma_f64(2.0, t13, t6)) + st_fma_f64(t22, (t5 - t26), (-t21))), s_1);
      const double t28 = st_fma_f64(t1, (st_fma_f64(2.0, t25, st_fma_f64(2.0, t18, t11)) + st_fma_f64(t22, t21, (-(t10 * t26)))), s_2);
      item[3 * step] = t24;
      item[1 + 3 * step] = t27;
      item[2 + 3 * step] = t28;
      item_5[3 * step] = s_0;
      item_5[1 + 3 * step] = s_1;
      item_5[2 + 3 * step] = s_2;
      s_0 = t24;
      s_1 = t27;
      s_2 = t28;
    }
  }
  item_4[0] = s_0;
  item_4[1] = s_1;
  item_4[2] = s_2;
  return 0;
}

/* k4_multiply
 *   multiply: float64[max(0, n), 3]  at probe_08_runge_kutta.py:33
 */
static int k4_multiply_range(st_ctx *ctx, const double *restrict weights, double *restrict multiply_2, int64_t weights_size0, int64_t begin, int64_t end) {
  for (int64_t tile = begin; tile < end; ++tile) {
    {
      const int64_t j_count = st_min_i64((3 * weights_size0 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 16 <= j_count; j += 16) {
        const st_f64x8 t1_0 = st_splat_f64x8(1.0) * st_load_f64x8(weights + j + 4096 * tile);
        st_store_f64x8(multiply_2 + j + 4096 * tile, t1_0);
        const st_f64x8 t1_1 = st_splat_f64x8(1.0) * st_load_f64x8(weights + (j + 8) + 4096 * tile);
        st_store_f64x8(multiply_2 + (j + 8) + 4096 * tile, t1_1);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j + 4096 * tile, alive);
        st_store_part_f64x8(multiply_2 + j + 4096 * tile, t1, alive);
        j += 8;
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const st_f64x8 t1 = st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j + 4096 * tile, alive);
        st_store_part_f64x8(multiply_2 + j + 4096 * tile, t1, alive);
        j += 8;
      }
    }
  }
  return 0;
}
typedef struct {
  st_ctx *ctx;
  const double *weights;
  double *multiply_2;
  int64_t weights_size0;
  int64_t extent, grain;
} k4_multiply_arguments;
static int k4_multiply_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k4_multiply_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k4_multiply_range(st_given->ctx, st_given->weights, st_given->multiply_2, st_given->weights_size0, begin, end);
}
static int k4_multiply(st_ctx *ctx, const double *restrict weights, double *restrict multiply_2, int64_t weights_size0) {
  const int64_t extent = ((4095 + 3 * weights_size0) / 4096);
  const int64_t least = 10;
  /* an even number of equal chunks, a function of the sizes alone */
  const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
  const int64_t grain = (extent + 2 * pairs - 1) / (2 * pairs);
  if (extent <= grain || ctx->workers < 2 || (9 * weights_size0) < 40000)
    return k4_multiply_range(ctx, weights, multiply_2, weights_size0, 0, extent);
  k4_multiply_arguments st_given = {ctx, weights, multiply_2, weights_size0, extent, grain};
  return ctx->parallel(ctx, k4_multiply_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k5_broadcast_to
 *   broadcast_to: float64[3]  at probe_08_runge_kutta.py:33
 */
static int k5_broadcast_to(st_ctx *ctx, double *restrict broadcast_to) {
  for (int64_t j = 0; j < 3; ++j) {
    broadcast_to[j] = 0.0;
  }
  return 0;
}

/* k6_scan
 *   scan: (float64[3], float64[], float64[3], float64[], float64[])  at probe_08_runge_kutta.py:33
 */
static int k6_scan(st_ctx *ctx, const double *restrict broadcast_to, const double *restrict multiply_2, const double *restrict divide, const double *restrict item_5, const double *restrict h, const double *restrict multiply, const double *restrict theta, double *restrict item_2, double *restrict item_6, double *restrict item_3, double *restrict item_7, double *restrict item_8, int64_t weights_size0) {
  double d_s_0 = broadcast_to[0];
  double d_s_1 = broadcast_to[1];
  double d_s_2 = broadcast_to[2];
  double state = 0.0;
  double d_theta_0 = broadcast_to[0];
  double d_theta_1 = broadcast_to[1];
  double d_theta_2 = broadcast_to[2];
  double state_2 = 0.0;
  double d_h = 0.0;
  for (int64_t step_2_piece = weights_size0; step_2_piece > 0; step_2_piece -= 4096) {
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    const int64_t step_2_stop = step_2_piece > 4096 ? step_2_piece - 4096 : 0;
    for (int64_t step_2 = step_2_piece - 1; step_2 >= step_2_stop; --step_2) {
      const double t1 = d_s_0 + multiply_2[3 * step_2];
      const double t2 = d_s_2 + multiply_2[2 + 3 * step_2];
      const double t3 = divide[0];
      const double t4 = t2 * t3;
      const double t5 = item_5[1 + 3 * step_2];
      const double t6 = h[0];
      const double t7 = item_5[3 * step_2];
      const double t8 = multiply[0];
      const double t9 = theta[0];
      const double t10 = theta[1];
      const double t11 = item_5[2 + 3 * step_2];
      const double t12 = t10 - t11;
      const double t13 = st_fma_f64(t7, t12, (-t5));
      const double t14 = st_fma_f64(t8, t13, t5);
      const double t15 = t5 - t7;
      const double t16 = t9 * t15;
      const double t17 = st_fma_f64(t8, t16, t7);
      const double t18 = t14 - t17;
      const double t19 = t9 * t18;
      const double t20 = st_fma_f64(t8, t19, t7);
      const double t21 = theta[2];
      const double t22 = st_fma_f64(t7, t5, (-(t21 * t11)));
      const double t23 = st_fma_f64(t8, t22, t11);
      const double t24 = st_fma_f64(t17, t14, (-(t21 * t23)));
      const double t25 = st_fma_f64(t8, t24, t11);
      const double t26 = t10 - t25;
      const double t27 = t10 - t23;
      const double t28 = st_fma_f64(t17, t27, (-t14));
      const double t29 = st_fma_f64(t8, t28, t5);
      const double t30 = st_fma_f64(t20, t26, (-t29));
      const double t31 = st_fma_f64(t6, t30, t5);
      const double t32 = d_s_1 + multiply_2[1 + 3 * step_2];
      const double t33 = t32 * t3;
      const double t34 = st_fma_f64(t20, t29, (-(t21 * t25)));
      const double t35 = st_fma_f64(t6, t34, t11);
      const double t36 = t10 - t35;
      const double t37 = t1 * t3;
      const double t38 = t37 * t9;
      const double t39 = (0.0 + (st_fma_f64(t4, t31, (t33 * t36)) - t38)) + 0.0;
      const double t40 = t29 - t20;
      const double t41 = t9 * t40;
      const double t42 = st_fma_f64(t6, t41, t7);
      const double t43 = t33 * t42;
      const double t44 = (((-(t21 * t4)) - t43) + 0.0) + 0.0;
      const double t45 = t4 * 2.0;
      const double t46 = st_fma_f64(t44, t6, t45);
      const double t47 = 0.0 + 0.0;
      const double t48 = t47 + (st_fma_f64(t4, t42, (-t33)) + t38);
      const double t49 = t33 * 2.0;
      const double t50 = st_fma_f64(t48, t6, t49);
      const double t51 = t37 * 2.0;
      const double t52 = st_fma_f64(t39, t6, t51);
      const double t53 = t52 * t9;
      const double t54 = (0.0 + (st_fma_f64(t46, t29, (t50 * t26)) - t53)) + 0.0;
      const double t55 = t50 * t20;
      const double t56 = (((-(t21 * t46)) - t55) + 0.0) + 0.0;
      const double t57 = st_fma_f64(t56, t8, t45);
      const double t58 = t47 + (st_fma_f64(t46, t20, (-t50)) + t53);
      const double t59 = st_fma_f64(t58, t8, t49);
      const double t60 = st_fma_f64(t54, t8, t51);
      const double t61 = t60 * t9;
      const double t62 = (0.0 + (st_fma_f64(t57, t14, (t59 * t27)) - t61)) + 0.0;
      const double t63 = t59 * t17;
      const double t64 = (((-(t21 * t57)) - t63) + 0.0) + 0.0;
      const double t65 = st_fma_f64(t64, t8, t4);
      const double t66 = t47 + (st_fma_f64(t57, t17, (-t59)) + t61);
      const double t67 = st_fma_f64(t66, t8, t33);
      const double t68 = st_fma_f64(t62, t8, t37);
      const double t69 = t68 * t9;
      const double t70 = (((((t1 + t39) + t54) + t62) + 0.0) + (st_fma_f64(t65, t5, (t67 * t12)) - t69)) + 0.0;
      const double t71 = (((((t32 + t48) + t58) + t66) + 0.0) + 0.0) + (st_fma_f64(t65, t7, (-t67)) + t69);
      const double t72 = t67 * t7;
      const double t73 = (((((t2 + t44) + t56) + t64) + ((-(t21 * t65)) - t72)) + 0.0) + 0.0;
      const double t74 = t31 - t42;
      const double t75 = st_fma_f64(t1, st_fma_f64(t9, t74, st_fma_f64(2.0, t41, st_fma_f64(2.0, t19, t16))), 0.0);
      const double t76 = st_fma_f64(t32, (st_fma_f64(2.0, t30, st_fma_f64(2.0, t28, t13)) + st_fma_f64(t42, t36, (-t31))), t75);
      const double t77 = st_fma_f64(t2, (st_fma_f64(2.0, t34, st_fma_f64(2.0, t24, t22)) + st_fma_f64(t42, t31, (-(t21 * t35)))), t76);
      const double t78 = state + t77;
      const double t79 = d_theta_0 + (t47 + st_fma_f64(t68, t15, st_fma_f64(t60, t18, st_fma_f64(t37, t74, (t52 * t40)))));
      const double t80 = d_theta_1 + ((0.0 + (((t43 + t55) + t63) + t72)) + 0.0);
      const double t81 = st_fma_f64((-t11), t65, st_fma_f64((-t23), t57, st_fma_f64((-t25), t46, (-(t35 * t4))))) + 0.0;
      const double t82 = d_theta_2 + (t81 + 0.0);
      const double t83 = state_2 + (st_fma_f64(t56, t24, st_fma_f64(t58, t28, st_fma_f64(t54, t19, 0.0))) + st_fma_f64(t64, t22, st_fma_f64(t66, t13, st_fma_f64(t62, t16, 0.0))));
      const double t84 = d_h + st_fma_f64(t44, t34, st_fma_f64(t48, t30, st_fma_f64(t39, t41, 0.0)));
      d_s_0 = t70;
      d_s_1 = t71;
      d_s_2 = t73;
      state = t78;
      d_theta_0 = t79;
      d_theta_1 = t80;
      d_theta_2 = t82;
      state_2 = t83;
      d_h = t84;
    }
  }
  item_2[0] = d_s_0;
  item_2[1] = d_s_1;
  item_2[2] = d_s_2;
  item_6[0] = state;
  item_3[0] = d_theta_0;
  item_3[1] = d_theta_1;
  item_3[2] = d_theta_2;
  item_7[0] = state_2;
  item_8[0] = d_h;
  return 0;
}

/* k7_add
 *   add: float64[]  at probe_08_runge_kutta.py:33
 */
static int k7_add(st_ctx *ctx, const double *restrict item_7, const double *restrict item_8, const double *restrict item_6, double *restrict add) {
  const double t1 = st_fma_f64(item_7[0], 0.5, item_8[0]) + (item_6[0] / 6.0);
  add[0] = t1;
  return 0;
}

/* probe_08_runge_kutta: 7 kernels, 4 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *const s0 = arguments[0];
  double *const theta = arguments[1];
  double *const h = arguments[2];
  int64_t *const n = arguments[3];
  double *const weights = arguments[4];
  const int64_t weights_size0 = layout[4];
  const int64_t weights_size1 = layout[5];
  const int64_t n_2 = *(int64_t *)arguments[3];
  (void)weights_size0;
  (void)weights_size1;
  (void)n_2;
  if (st_max_i64(0, n_2) != weights_size0) return st_fail(ctx, 3, 4, st_max_i64(0, n_2), weights_size0);
  if (3 != weights_size1) return st_fail(ctx, 3, 5, 3, weights_size1);
  char *const arena = ctx->arena(ctx, 0, 384 + 64 * ((63 + 24 * weights_size0) / 64) + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64))));
  if (!arena) return 1;
  double *divide = (double *)(arena + 0);
  double *multiply = (double *)(arena + 64);
  double *item_4 = (double *)(arena + 128);
  double *multiply_2 = (double *)(arena + 128);
  double *item_5 = (double *)(arena + (128 + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64)))));
  double *broadcast_to = (double *)(arena + (128 + 64 * ((63 + 24 * weights_size0) / 64) + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64)))));
  double *item_6 = (double *)(arena + (192 + 64 * ((63 + 24 * weights_size0) / 64) + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64)))));
  double *item_7 = (double *)(arena + (256 + 64 * ((63 + 24 * weights_size0) / 64) + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64)))));
  double *item_8 = (double *)(arena + (320 + 64 * ((63 + 24 * weights_size0) / 64) + st_max_i64(64, (64 * ((63 + 24 * weights_size0) / 64)))));
  double *const item = ctx->output(ctx, 0, (const int64_t[]){weights_size0, 3});
  if (!item) return 1;
  double *const item_2 = ctx->output(ctx, 1, (const int64_t[]){3});
  if (!item_2) return 1;
  double *const item_3 = ctx->output(ctx, 2, (const int64_t[]){3});
  if (!item_3) return 1;
  double *const add = ctx->output(ctx, 3, 0);
  if (!add) return 1;
  if (k1_divide(ctx, h, divide)) return 1;
  if (k2_multiply(ctx, h, multiply)) return 1;
  if (k3_scan(ctx, s0, divide, theta, multiply, h, item, item_5, item_4, weights_size0)) return 1;
  if (k4_multiply(ctx, weights, multiply_2, weights_size0)) return 1;
  if (k5_broadcast_to(ctx, broadcast_to)) return 1;
  if (k6_scan(ctx, broadcast_to, multiply_2, divide, item_5, h, multiply, theta, item_2, item_6, item_3, item_7, item_8, weights_size0)) return 1;
  if (k7_add(ctx, item_7, item_8, item_6, add)) return 1;
  return 0;
}
