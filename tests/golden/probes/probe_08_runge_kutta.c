/* k1_divide
 *   divide: float64[]  at probe_08_runge_kutta.py:20
 */
static int k1_divide(st_ctx *ctx, const double *restrict h, double *restrict divide) {
  const double t1 = h[0] / 6.0;
  divide[0] = t1;
  return 0;
}

/* k2_slice
 *   slice: float64[1]  at probe_08_runge_kutta.py:12
 *   slice: float64[1]  at probe_08_runge_kutta.py:12
 *   slice: float64[1]  at probe_08_runge_kutta.py:12
 */
static int k2_slice(st_ctx *ctx, const double *restrict theta, double *restrict slice, double *restrict slice_2, double *restrict slice_3) {
  for (int64_t j = 0; j < 1; ++j) {
    slice[j] = theta[j];
    slice_2[j] = theta[1 + j];
    slice_3[j] = theta[2 + j];
  }
  return 0;
}

/* k3_multiply
 *   multiply: float64[]  at probe_08_runge_kutta.py:17
 */
static int k3_multiply(st_ctx *ctx, const double *restrict h, double *restrict multiply) {
  const double t1 = h[0] * 0.5;
  multiply[0] = t1;
  return 0;
}

/* k4_scan
 *   scan: (float64[3], float64[max(0, n), 3], float64[max(0, n), 3])  at probe_08_runge_kutta.py:26
 */
static int k4_scan(st_ctx *ctx, const double *restrict s0, const double *restrict divide, const double *restrict slice, const double *restrict multiply, const double *restrict slice_2, const double *restrict slice_3, const double *restrict h, double *restrict item, double *restrict item_4, double *restrict item_3, int64_t weights_size0) {
  double s_0 = s0[0];
  double s_1 = s0[1];
  double s_2 = s0[2];
  for (int64_t step_piece = 0; step_piece < weights_size0; step_piece += 4096) {
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    const int64_t step_stop = weights_size0 - step_piece > 4096 ? step_piece + 4096 : weights_size0;
    for (int64_t step = step_piece; step < step_stop; ++step) {
      const double t1 = divide[0];
      const double t2 = slice[0];
      const double t3 = t2 * (s_1 - s_0);
      const double t4 = multiply[0];
      const double t5 = slice_2[0];
      const double t6 = st_fma_f64(s_0, (t5 - s_2), (-s_1));
      const double t7 = st_fma_f64(t4, t6, s_1);
      const double t8 = st_fma_f64(t4, t3, s_0);
      const double t9 = t2 * (t7 - t8);
      const double t10 = slice_3[0];
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
      item_4[3 * step] = s_0;
      item_4[1 + 3 * step] = s_1;
      item_4[2 + 3 * step] = s_2;
      s_0 = t24;
      s_1 = t27;
      s_2 = t28;
    }
  }
  item_3[0] = s_0;
  item_3[1] = s_1;
  item_3[2] = s_2;
  return 0;
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

/* k6_broadcast_to
 *   broadcast_to: float64[1]  at probe_08_runge_kutta.py:33
 */
static int k6_broadcast_to(st_ctx *ctx, double *restrict broadcast_to_2) {
  for (int64_t j = 0; j < 1; ++j) {
    broadcast_to_2[j] = 0.0;
  }
  return 0;
}

/* k7_scan
 *   scan: (float64[3], float64[], float64[1], float64[1], float64[1], float64[], float64[])  at probe_08_runge_kutta.py:33
 */
static int k7_scan(st_ctx *ctx, const double *restrict broadcast_to, const double *restrict broadcast_to_2, const double *restrict weights, const double *restrict divide, const double *restrict item_4, const double *restrict h, const double *restrict multiply, const double *restrict slice, const double *restrict slice_2, const double *restrict slice_3, double *restrict item_2, double *restrict item_5, double *restrict item_6, double *restrict item_7, double *restrict item_8, double *restrict item_9, double *restrict item_10, int64_t weights_size0) {
  double d_s_0 = broadcast_to[0];
  double d_s_1 = broadcast_to[1];
  double d_s_2 = broadcast_to[2];
  double state = 0.0;
  double state_2_0 = broadcast_to_2[0];
  double state_3_0 = broadcast_to_2[0];
  double state_4_0 = broadcast_to_2[0];
  double state_5 = 0.0;
  double d_h = 0.0;
  for (int64_t step_2_piece = weights_size0; step_2_piece > 0; step_2_piece -= 4096) {
    if (*ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    const int64_t step_2_stop = step_2_piece > 4096 ? step_2_piece - 4096 : 0;
    for (int64_t step_2 = step_2_piece - 1; step_2 >= step_2_stop; --step_2) {
      const double t1 = d_s_0 + weights[3 * step_2];
      const double t2 = d_s_2 + weights[2 + 3 * step_2];
      const double t3 = divide[0];
      const double t4 = t2 * t3;
      const double t5 = item_4[1 + 3 * step_2];
      const double t6 = h[0];
      const double t7 = item_4[3 * step_2];
      const double t8 = multiply[0];
      const double t9 = slice[0];
      const double t10 = slice_2[0];
      const double t11 = item_4[2 + 3 * step_2];
      const double t12 = t10 - t11;
      const double t13 = st_fma_f64(t7, t12, (-t5));
      const double t14 = st_fma_f64(t8, t13, t5);
      const double t15 = t5 - t7;
      const double t16 = t9 * t15;
      const double t17 = st_fma_f64(t8, t16, t7);
      const double t18 = t14 - t17;
      const double t19 = t9 * t18;
      const double t20 = st_fma_f64(t8, t19, t7);
      const double t21 = slice_3[0];
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
      const double t32 = d_s_1 + weights[1 + 3 * step_2];
      const double t33 = t32 * t3;
      const double t34 = st_fma_f64(t20, t29, (-(t21 * t25)));
      const double t35 = st_fma_f64(t6, t34, t11);
      const double t36 = t10 - t35;
      const double t37 = t1 * t3;
      const double t38 = t37 * t9;
      const double t39 = st_fma_f64(t4, t31, (t33 * t36)) - t38;
      const double t40 = t29 - t20;
      const double t41 = t9 * t40;
      const double t42 = st_fma_f64(t6, t41, t7);
      const double t43 = t33 * t42;
      const double t44 = (-(t21 * t4)) - t43;
      const double t45 = t4 * 2.0;
      const double t46 = st_fma_f64(t44, t6, t45);
      const double t47 = st_fma_f64(t4, t42, (-t33)) + t38;
      const double t48 = t33 * 2.0;
      const double t49 = st_fma_f64(t47, t6, t48);
      const double t50 = t37 * 2.0;
      const double t51 = st_fma_f64(t39, t6, t50);
      const double t52 = t51 * t9;
      const double t53 = st_fma_f64(t46, t29, (t49 * t26)) - t52;
      const double t54 = t49 * t20;
      const double t55 = (-(t21 * t46)) - t54;
      const double t56 = st_fma_f64(t55, t8, t45);
      const double t57 = st_fma_f64(t46, t20, (-t49)) + t52;
      const double t58 = st_fma_f64(t57, t8, t48);
      const double t59 = st_fma_f64(t53, t8, t50);
      const double t60 = t59 * t9;
      const double t61 = st_fma_f64(t56, t14, (t58 * t27)) - t60;
      const double t62 = t58 * t17;
      const double t63 = (-(t21 * t56)) - t62;
      const double t64 = st_fma_f64(t63, t8, t4);
      const double t65 = st_fma_f64(t56, t17, (-t58)) + t60;
      const double t66 = st_fma_f64(t65, t8, t33);
      const double t67 = st_fma_f64(t61, t8, t37);
      const double t68 = t67 * t9;
      const double t69 = (((t1 + t39) + t53) + t61) + (st_fma_f64(t64, t5, (t66 * t12)) - t68);
      const double t70 = (((t32 + t47) + t57) + t65) + (st_fma_f64(t64, t7, (-t66)) + t68);
      const double t71 = t66 * t7;
      const double t72 = (((t2 + t44) + t55) + t63) + ((-(t21 * t64)) - t71);
      const double t73 = t31 - t42;
      const double t74 = st_fma_f64(t1, st_fma_f64(t9, t73, st_fma_f64(2.0, t41, st_fma_f64(2.0, t19, t16))), 0.0);
      const double t75 = st_fma_f64(t32, (st_fma_f64(2.0, t30, st_fma_f64(2.0, t28, t13)) + st_fma_f64(t42, t36, (-t31))), t74);
      const double t76 = st_fma_f64(t2, (st_fma_f64(2.0, t34, st_fma_f64(2.0, t24, t22)) + st_fma_f64(t42, t31, (-(t21 * t35)))), t75);
      const double t77 = state + t76;
      const double t78 = state_2_0 + st_fma_f64(t67, t15, st_fma_f64(t59, t18, st_fma_f64(t37, t73, (t51 * t40))));
      const double t79 = state_3_0 + (((t43 + t54) + t62) + t71);
      const double t80 = state_4_0 + st_fma_f64((-t11), t64, st_fma_f64((-t23), t56, st_fma_f64((-t25), t46, (-(t35 * t4)))));
      const double t81 = state_5 + (st_fma_f64(t55, t24, st_fma_f64(t57, t28, st_fma_f64(t53, t19, 0.0))) + st_fma_f64(t63, t22, st_fma_f64(t65, t13, st_fma_f64(t61, t16, 0.0))));
      const double t82 = d_h + st_fma_f64(t44, t34, st_fma_f64(t47, t30, st_fma_f64(t39, t41, 0.0)));
      d_s_0 = t69;
      d_s_1 = t70;
      d_s_2 = t72;
      state = t77;
      state_2_0 = t78;
      state_3_0 = t79;
      state_4_0 = t80;
      state_5 = t81;
      d_h = t82;
    }
  }
  item_2[0] = d_s_0;
  item_2[1] = d_s_1;
  item_2[2] = d_s_2;
  item_5[0] = state;
  item_6[0] = state_2_0;
  item_7[0] = state_3_0;
  item_8[0] = state_4_0;
  item_9[0] = state_5;
  item_10[0] = d_h;
  return 0;
}

/* k8_update_slice
 *   update_slice: float64[3]  at probe_08_runge_kutta.py:33
 */
static int k8_update_slice(st_ctx *ctx, const double *restrict item_6, const double *restrict item_7, const double *restrict item_8, double *restrict update_slice) {
  for (int64_t j = 0; j < 1; ++j) {
    update_slice[j] = item_6[j];
  }
  for (int64_t j = 0; j < 1; ++j) {
    update_slice[1 + j] = item_7[j];
  }
  for (int64_t j = 0; j < 1; ++j) {
    update_slice[2 + j] = item_8[j];
  }
  return 0;
}

/* k9_add
 *   add: float64[]  at probe_08_runge_kutta.py:33
 */
static int k9_add(st_ctx *ctx, const double *restrict item_9, const double *restrict item_10, const double *restrict item_5, double *restrict add) {
  const double t1 = st_fma_f64(item_9[0], 0.5, item_10[0]) + (item_5[0] / 6.0);
  add[0] = t1;
  return 0;
}

/* probe_08_runge_kutta: 9 kernels, 4 outputs */
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
  char *const arena = ctx->arena(ctx, 0, 832 + 64 * ((63 + 24 * weights_size0) / 64));
  if (!arena) return 1;
  double *divide = (double *)(arena + 0);
  double *slice = (double *)(arena + 64);
  double *slice_2 = (double *)(arena + 128);
  double *slice_3 = (double *)(arena + 192);
  double *multiply = (double *)(arena + 256);
  double *item_3 = (double *)(arena + 320);
  double *broadcast_to = (double *)(arena + 320);
  double *item_4 = (double *)(arena + 384);
  double *broadcast_to_2 = (double *)(arena + (384 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_6 = (double *)(arena + (448 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_7 = (double *)(arena + (512 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_8 = (double *)(arena + (576 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_5 = (double *)(arena + (640 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_9 = (double *)(arena + (704 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *item_10 = (double *)(arena + (768 + 64 * ((63 + 24 * weights_size0) / 64)));
  double *const item = ctx->output(ctx, 0, (const int64_t[]){weights_size0, 3});
  if (!item) return 1;
  double *const item_2 = ctx->output(ctx, 1, (const int64_t[]){3});
  if (!item_2) return 1;
  double *const update_slice = ctx->output(ctx, 2, (const int64_t[]){3});
  if (!update_slice) return 1;
  double *const add = ctx->output(ctx, 3, 0);
  if (!add) return 1;
  if (k1_divide(ctx, h, divide)) return 1;
  if (k2_slice(ctx, theta, slice, slice_2, slice_3)) return 1;
  if (k3_multiply(ctx, h, multiply)) return 1;
  if (k4_scan(ctx, s0, divide, slice, multiply, slice_2, slice_3, h, item, item_4, item_3, weights_size0)) return 1;
  if (k5_broadcast_to(ctx, broadcast_to)) return 1;
  if (k6_broadcast_to(ctx, broadcast_to_2)) return 1;
  if (k7_scan(ctx, broadcast_to, broadcast_to_2, weights, divide, item_4, h, multiply, slice, slice_2, slice_3, item_2, item_5, item_6, item_7, item_8, item_9, item_10, weights_size0)) return 1;
  if (k8_update_slice(ctx, item_6, item_7, item_8, update_slice)) return 1;
  if (k9_add(ctx, item_9, item_10, item_5, add)) return 1;
  return 0;
}
