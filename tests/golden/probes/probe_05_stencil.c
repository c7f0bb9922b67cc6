/* k1_update_slice
 *   update_slice: float64[u.shape[0], u.shape[1]]  at probe_05_stencil.py:16
 */
static int k1_update_slice_range(st_ctx *ctx, const double *restrict u, double *restrict update_slice, int64_t weights_size0, int64_t weights_size1, int64_t u_size0, int64_t u_size1, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t tile = st_mod_i64(p, (((4095 + weights_size1) / 4096)));
    const int64_t o0 = st_floordiv_i64(p, (((4095 + weights_size1) / 4096)));
    {
      const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 8 <= j_count; j += 8) {
        const int t1 = ((1 + o0 - u_size0) >= (int64_t)0) & ((1 + o0 - u_size0) <= (int64_t)0);
        const int t2 = (o0 - 1) >= (int64_t)0;
        const st_i64x8 t3 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
        const st_i64x8 t4 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1)));
        const st_i64x8 t5 = (((st_i64x8){0} - (int64_t)((((o0 - 2) >= (int64_t)0) & ((o0 - 2) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t3) & t4;
        const st_i64x8 t6 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t7 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t6[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t8 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t9 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t10 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 2)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t11 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t10[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t12 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t12[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t14 = ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t11[lane_] * weights_size1 + t9[lane_]]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t13[lane_] * weights_size1 + t9[lane_]]; vec_; });
        const st_i64x8 t15 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t16 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t15[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t17 = t14 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t16[lane_] + t7[lane_] * weights_size1]; vec_; });
        const st_i64x8 t18 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t19 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t18[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t20 = t17 + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t19[lane_] + t7[lane_] * weights_size1]; vec_; });
        const int64_t t21 = t1 ? (o0 - 1) : 0;
        const st_i64x8 t22 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t23 = (((st_i64x8){0} - (int64_t)((t2 & ((o0 - 1) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t3) & t4;
        const st_i64x8 t24 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t25 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t26 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t27 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t28 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t29 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t30 = ((({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t25[lane_] + t26[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t25[lane_] + t27[lane_] * weights_size1]; vec_; })) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t28[lane_]]; vec_; })) + ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t29[lane_]]; vec_; });
        const st_f64x8 t31 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_select_f64x8(((st_i64x8){0} - (int64_t)((t2 & ((o0 - 1) <= (int64_t)0)))), st_splat_f64x8(1.0), st_select_f64x8(t5, st_fma_f64x8(st_splat_f64x8(0.19999999999999996), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t7[lane_] * weights_size1 + t9[lane_]]; vec_; }), (st_splat_f64x8(0.2) * t20)), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t21 * weights_size1 + t22[lane_]]; vec_; }))), st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(1.0), st_select_f64x8(t23, st_fma_f64x8(st_splat_f64x8(0.19999999999999996), ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t25[lane_]]; vec_; }), (st_splat_f64x8(0.2) * t30)), st_load_f64x8(u + j + o0 * weights_size1 + 4096 * tile))));
        st_store_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, t31);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const int t1 = ((1 + o0 - u_size0) >= (int64_t)0) & ((1 + o0 - u_size0) <= (int64_t)0);
        const int t2 = (o0 - 1) >= (int64_t)0;
        const st_i64x8 t3 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
        const st_i64x8 t4 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1)));
        const st_i64x8 t5 = (((st_i64x8){0} - (int64_t)((((o0 - 2) >= (int64_t)0) & ((o0 - 2) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t3) & t4;
        const st_i64x8 t6 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t7 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t6[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t8 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t9 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t10 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 2)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t11 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t10[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t12 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t12[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t14 = ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t11[lane_] * weights_size1 + t9[lane_]]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t13[lane_] * weights_size1 + t9[lane_]]; vec_; });
        const st_i64x8 t15 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t16 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t15[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t17 = t14 + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t16[lane_] + t7[lane_] * weights_size1]; vec_; });
        const st_i64x8 t18 = ({ st_i64x8 mask_ = t5; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t19 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t18[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t20 = t17 + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t19[lane_] + t7[lane_] * weights_size1]; vec_; });
        const int64_t t21 = t1 ? (o0 - 1) : 0;
        const st_i64x8 t22 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t1)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t23 = (((st_i64x8){0} - (int64_t)((t2 & ((o0 - 1) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t3) & t4;
        const st_i64x8 t24 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t25 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t26 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t27 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t28 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t29 = ({ st_i64x8 mask_ = t23; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t30 = ((({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t25[lane_] + t26[lane_] * weights_size1]; vec_; }) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t25[lane_] + t27[lane_] * weights_size1]; vec_; })) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t28[lane_]]; vec_; })) + ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t29[lane_]]; vec_; });
        const st_f64x8 t31 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t1)), st_select_f64x8(((st_i64x8){0} - (int64_t)((t2 & ((o0 - 1) <= (int64_t)0)))), st_splat_f64x8(1.0), st_select_f64x8(t5, st_fma_f64x8(st_splat_f64x8(0.19999999999999996), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t7[lane_] * weights_size1 + t9[lane_]]; vec_; }), (st_splat_f64x8(0.2) * t20)), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t21 * weights_size1 + t22[lane_]]; vec_; }))), st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(1.0), st_select_f64x8(t23, st_fma_f64x8(st_splat_f64x8(0.19999999999999996), ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = u[t24[lane_] * weights_size1 + t25[lane_]]; vec_; }), (st_splat_f64x8(0.2) * t30)), st_load_part_f64x8(u + j + o0 * weights_size1 + 4096 * tile, alive))));
        st_store_part_f64x8(update_slice + j + o0 * weights_size1 + 4096 * tile, t31, alive);
        j += 8;
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
  int64_t u_size0;
  int64_t u_size1;
  int64_t extent, grain;
} k1_update_slice_arguments;
static int k1_update_slice_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k1_update_slice_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k1_update_slice_range(st_given->ctx, st_given->u, st_given->update_slice, st_given->weights_size0, st_given->weights_size1, st_given->u_size0, st_given->u_size1, begin, end);
}
static int k1_update_slice(st_ctx *ctx, const double *restrict u, double *restrict update_slice, int64_t weights_size0, int64_t weights_size1, int64_t u_size0, int64_t u_size1) {
  const int64_t extent = weights_size0 * ((4095 + weights_size1) / 4096), least = 1;
  /* an even number of equal chunks, a function of the sizes alone */
  const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
  const int64_t grain = (extent + 2 * pairs - 1) / (2 * pairs);
  if (extent <= grain || ctx->workers < 2 || (68 * weights_size0 * weights_size1) < 40000)
    return k1_update_slice_range(ctx, u, update_slice, weights_size0, weights_size1, u_size0, u_size1, 0, extent);
  k1_update_slice_arguments st_given = {ctx, u, update_slice, weights_size0, weights_size1, u_size0, u_size1, extent, grain};
  return ctx->parallel(ctx, k1_update_slice_chunk, &st_given, (extent + grain - 1) / grain);
}

/* k2_add
 *   add: float64[u.shape[0], u.shape[1]]  at probe_05_stencil.py:23
 */
static int k2_add_range(st_ctx *ctx, const double *restrict weights, double *restrict add, int64_t weights_size0, int64_t weights_size1, int64_t u_size0, int64_t u_size1, int64_t begin, int64_t end) {
  for (int64_t p = begin; p < end; ++p) {
    const int64_t tile = st_mod_i64(p, (((4095 + weights_size1) / 4096)));
    const int64_t o0 = st_floordiv_i64(p, (((4095 + weights_size1) / 4096)));
    {
      const int64_t j_count = st_min_i64((weights_size1 - 4096 * tile), 4096);
      int64_t j = 0;
      for (; j + 8 <= j_count; j += 8) {
        const int t1 = ((o0 - 1) >= (int64_t)0) & ((o0 - 1) <= (st_max_i64((u_size0 - 2), 0) - 1));
        const st_i64x8 t2 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
        const st_i64x8 t3 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1)));
        const st_i64x8 t4 = (((st_i64x8){0} - (int64_t)(t1)) & t2) & t3;
        const int t5 = ((1 + o0 - u_size0) >= (int64_t)0) & ((1 + o0 - u_size0) <= (int64_t)0);
        const int t6 = ((2 + o0 - u_size0) >= (int64_t)0) & ((2 + o0 - u_size0) <= (int64_t)0);
        const int64_t t7 = t6 ? (1 + o0) : 0;
        const st_i64x8 t8 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t9 = st_select_f64x8(t4, st_splat_f64x8(0.0), st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(0.0), (st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * st_load_f64x8(weights + j + o0 * weights_size1 + 4096 * tile))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t7 * weights_size1 + t8[lane_]]; vec_; })), st_splat_f64x8(0.0)))));
        const st_i64x8 t10 = (((st_i64x8){0} - (int64_t)(t1)) & ((((st_i64x8){0} + ((j + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0)))) & ((((st_i64x8){0} + ((j + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1))));
        const st_i64x8 t11 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t12 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t14 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t15 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t13[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t16 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t14[lane_] * weights_size1 + t15[lane_]]; vec_; });
        const st_f64x8 t17 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t11[lane_] * weights_size1 + t12[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), t16, st_splat_f64x8(0.0));
        const st_i64x8 t18 = ((st_i64x8){0} - (int64_t)(t1)) & ((((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1))));
        const st_i64x8 t19 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t20 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t21 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t22 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t23 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t21[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t24 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t22[lane_] * weights_size1 + t23[lane_]]; vec_; });
        const st_f64x8 t25 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t19[lane_] * weights_size1 + t20[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), t24, st_splat_f64x8(0.0));
        const st_i64x8 t26 = (((st_i64x8){0} - (int64_t)((((o0 - 2) >= (int64_t)0) & ((o0 - 2) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t2) & t3;
        const st_i64x8 t27 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t28 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const int64_t t29 = t5 ? o0 : 0;
        const st_i64x8 t30 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t5)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t31 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t29))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t32 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t30[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t33 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t31[lane_] * weights_size1 + t32[lane_]]; vec_; });
        const st_f64x8 t34 = st_select_f64x8(((st_i64x8){0} - (int64_t)((((o0 - u_size0) >= (int64_t)0) & ((o0 - u_size0) <= (int64_t)0)))), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t27[lane_] * weights_size1 + t28[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), t33, st_splat_f64x8(0.0));
        const st_f64x8 t35 = ((t9 + st_select_f64x8(t10, (t17 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t18, (t25 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t26, (t34 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
        const st_i64x8 t36 = (((st_i64x8){0} - (int64_t)((o0 <= (st_max_i64((u_size0 - 2), 0) - 1)))) & t2) & t3;
        const st_i64x8 t37 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t38 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const int t39 = ((3 + o0 - u_size0) >= (int64_t)0) & ((3 + o0 - u_size0) <= (int64_t)0);
        const int64_t t40 = t39 ? (2 + o0) : 0;
        const st_i64x8 t41 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t39)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t42 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t40))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t43 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t41[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t44 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t42[lane_] * weights_size1 + t43[lane_]]; vec_; });
        const st_f64x8 t45 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t37[lane_] * weights_size1 + t38[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t39)), t44, st_splat_f64x8(0.0));
        const st_i64x8 t46 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t47 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t48 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t49 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t50 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t46[lane_] * weights_size1 + t47[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0}; _Pragma("GCC unroll 8") for (int64_t lane_ = 0; lane_ < 8; ++lane_) vec_[lane_] = weights[t48[lane_] * weights_size1 + t49[lane_]]; vec_; })), st_splat_f64x8(0.0));
        const st_f64x8 t51 = (t35 + st_select_f64x8(t36, (t45 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t4, (t50 * st_splat_f64x8(0.19999999999999996)), st_splat_f64x8(0.0));
        st_store_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t51);
      }
      if (j < j_count) {
        const int64_t alive = j_count - j < 8 ? j_count - j : 8;
        const int t1 = ((o0 - 1) >= (int64_t)0) & ((o0 - 1) <= (st_max_i64((u_size0 - 2), 0) - 1));
        const st_i64x8 t2 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0));
        const st_i64x8 t3 = (((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1)));
        const st_i64x8 t4 = (((st_i64x8){0} - (int64_t)(t1)) & t2) & t3;
        const int t5 = ((1 + o0 - u_size0) >= (int64_t)0) & ((1 + o0 - u_size0) <= (int64_t)0);
        const int t6 = ((2 + o0 - u_size0) >= (int64_t)0) & ((2 + o0 - u_size0) <= (int64_t)0);
        const int64_t t7 = t6 ? (1 + o0) : 0;
        const st_i64x8 t8 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t9 = st_select_f64x8(t4, st_splat_f64x8(0.0), st_select_f64x8(((st_i64x8){0} - (int64_t)((o0 <= (int64_t)0))), st_splat_f64x8(0.0), (st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * st_load_part_f64x8(weights + j + o0 * weights_size1 + 4096 * tile, alive))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t7 * weights_size1 + t8[lane_]]; vec_; })), st_splat_f64x8(0.0)))));
        const st_i64x8 t10 = (((st_i64x8){0} - (int64_t)(t1)) & ((((st_i64x8){0} + ((j + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) >= ((st_i64x8){0} + ((int64_t)0)))) & ((((st_i64x8){0} + ((j + 4096 * tile - 2))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1))));
        const st_i64x8 t11 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t12 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t13 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile - 1))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t14 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t15 = ({ st_i64x8 mask_ = t10; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t13[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t16 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t14[lane_] * weights_size1 + t15[lane_]]; vec_; });
        const st_f64x8 t17 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t11[lane_] * weights_size1 + t12[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), t16, st_splat_f64x8(0.0));
        const st_i64x8 t18 = ((st_i64x8){0} - (int64_t)(t1)) & ((((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7}) <= ((st_i64x8){0} + ((st_max_i64((u_size1 - 2), 0) - 1))));
        const st_i64x8 t19 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t20 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t21 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t6)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((1 + j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t22 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t23 = ({ st_i64x8 mask_ = t18; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t21[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t24 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t22[lane_] * weights_size1 + t23[lane_]]; vec_; });
        const st_f64x8 t25 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t19[lane_] * weights_size1 + t20[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), t24, st_splat_f64x8(0.0));
        const st_i64x8 t26 = (((st_i64x8){0} - (int64_t)((((o0 - 2) >= (int64_t)0) & ((o0 - 2) <= (st_max_i64((u_size0 - 2), 0) - 1))))) & t2) & t3;
        const st_i64x8 t27 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((o0 - 1)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t28 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const int64_t t29 = t5 ? o0 : 0;
        const st_i64x8 t30 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t5)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t31 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t29))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t32 = ({ st_i64x8 mask_ = t26; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t30[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t33 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t31[lane_] * weights_size1 + t32[lane_]]; vec_; });
        const st_f64x8 t34 = st_select_f64x8(((st_i64x8){0} - (int64_t)((((o0 - u_size0) >= (int64_t)0) & ((o0 - u_size0) <= (int64_t)0)))), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t27[lane_] * weights_size1 + t28[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), t33, st_splat_f64x8(0.0));
        const st_f64x8 t35 = ((t9 + st_select_f64x8(t10, (t17 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t18, (t25 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t26, (t34 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0));
        const st_i64x8 t36 = (((st_i64x8){0} - (int64_t)((o0 <= (st_max_i64((u_size0 - 2), 0) - 1)))) & t2) & t3;
        const st_i64x8 t37 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + ((1 + o0)))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t38 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const int t39 = ((3 + o0 - u_size0) >= (int64_t)0) & ((3 + o0 - u_size0) <= (int64_t)0);
        const int64_t t40 = t39 ? (2 + o0) : 0;
        const st_i64x8 t41 = ({ st_i64x8 mask_ = ((st_i64x8){0} - (int64_t)(t39)); (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t42 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t40))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t43 = ({ st_i64x8 mask_ = t36; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t41[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t44 = st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t42[lane_] * weights_size1 + t43[lane_]]; vec_; });
        const st_f64x8 t45 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t37[lane_] * weights_size1 + t38[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t39)), t44, st_splat_f64x8(0.0));
        const st_i64x8 t46 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (o0))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t47 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)(((st_i64x8){0} + ((j + 4096 * tile))) + (st_i64x8){0, 1, 2, 3, 4, 5, 6, 7})) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t48 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)((st_i64x8){0} + (t7))) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_i64x8 t49 = ({ st_i64x8 mask_ = t4; (st_i64x8)((mask_ & (st_i64x8)({ st_i64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = t8[lane_]; vec_; })) | (~mask_ & (st_i64x8)((st_i64x8){0} + (0)))); });
        const st_f64x8 t50 = st_select_f64x8(((st_i64x8){0} - (int64_t)(t5)), st_splat_f64x8(0.0), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t46[lane_] * weights_size1 + t47[lane_]]; vec_; }))) + st_select_f64x8(((st_i64x8){0} - (int64_t)(t6)), (st_splat_f64x8(1.0) * ({ st_f64x8 vec_ = {0};  for (int64_t lane_ = 0; lane_ < alive; ++lane_) vec_[lane_] = weights[t48[lane_] * weights_size1 + t49[lane_]]; vec_; })), st_splat_f64x8(0.0));
        const st_f64x8 t51 = (t35 + st_select_f64x8(t36, (t45 * st_splat_f64x8(0.2)), st_splat_f64x8(0.0))) + st_select_f64x8(t4, (t50 * st_splat_f64x8(0.19999999999999996)), st_splat_f64x8(0.0));
        st_store_part_f64x8(add + j + o0 * weights_size1 + 4096 * tile, t51, alive);
        j += 8;
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
  int64_t u_size0;
  int64_t u_size1;
  int64_t extent, grain;
} k2_add_arguments;
static int k2_add_chunk(void *argument, int64_t chunk, int64_t worker) {
  const k2_add_arguments *st_given = argument;
  const int64_t begin = chunk * st_given->grain;
  int64_t end = begin + st_given->grain;
  if (end > st_given->extent) end = st_given->extent;
  (void)worker;
  return k2_add_range(st_given->ctx, st_given->weights, st_given->add, st_given->weights_size0, st_given->weights_size1, st_given->u_size0, st_given->u_size1, begin, end);
}
static int k2_add(st_ctx *ctx, const double *restrict weights, double *restrict add, int64_t weights_size0, int64_t weights_size1, int64_t u_size0, int64_t u_size1) {
  const int64_t extent = weights_size0 * ((4095 + weights_size1) / 4096), least = 1;
  /* an even number of equal chunks, a function of the sizes alone */
  const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);
  const int64_t grain = (extent + 2 * pairs - 1) / (2 * pairs);
  if (extent <= grain || ctx->workers < 2 || (122 * weights_size0 * weights_size1) < 40000)
    return k2_add_range(ctx, weights, add, weights_size0, weights_size1, u_size0, u_size1, 0, extent);
  k2_add_arguments st_given = {ctx, weights, add, weights_size0, weights_size1, u_size0, u_size1, extent, grain};
  return ctx->parallel(ctx, k2_add_chunk, &st_given, (extent + grain - 1) / grain);
}

/* probe_05_stencil: 2 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  double *u = arguments[0];
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
  if ((weights_size0 * weights_size1) == 0) u = ctx->arena(ctx, 64, 8 * st_max_i64(1, weights_size0) * st_max_i64(1, weights_size1));
  if (!u) return 1;
  if ((weights_size0 * weights_size1) == 0) weights = ctx->arena(ctx, 65, 8 * st_max_i64(1, weights_size0) * st_max_i64(1, weights_size1));
  if (!weights) return 1;
  if (k1_update_slice(ctx, u, update_slice, weights_size0, weights_size1, u_size0, u_size1)) return 1;
  if (k2_add(ctx, weights, add, weights_size0, weights_size1, u_size0, u_size1)) return 1;
  return 0;
}
