/* k1_while_loop
 *   while_loop: (int64[], int64[], int64[], int64[])  at probe_10_collatz.py:19
 */
static int k1_while_loop(st_ctx *ctx, const int64_t *restrict n, int64_t *restrict item_3, int64_t *restrict item, int64_t *restrict item_2, int64_t *restrict item_4) {
  int64_t n_3 = n[0];
  int64_t steps = 0;
  int64_t peak = n[0];
  int64_t rounds = 0;
  int holds = 0;
  if (1) {
    const int t7 = n_3 != 1;
    holds = t7;
  }
  while (holds) {
    if ((rounds & 4095) == 0 && *ctx->stop) return st_fail(ctx, 2, -1, 0, 0);
    const int t1 = st_mod_i64(n_3, 2) == 0;
    int64_t chosen = 0;
    if (t1) {
      const int64_t t2 = st_floordiv_i64(n_3, 2);
      chosen = t2;
    } else {
      const int64_t t3 = (3 * n_3) + 1;
      chosen = t3;
    }
    const int64_t t4 = steps + 1;
    const int64_t t5 = st_max_i64(peak, chosen);
    n_3 = chosen;
    steps = t4;
    peak = t5;
    rounds = rounds + 1;
    if (1) {
      const int t6 = n_3 != 1;
      holds = t6;
    }
  }
  item_3[0] = n_3;
  item[0] = steps;
  item_2[0] = peak;
  item_4[0] = rounds;
  return 0;
}

/* probe_10_collatz: 1 kernels, 2 outputs */
int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {
  (void)arguments; (void)layout;
  int64_t *const n = arguments[0];
  const int64_t n_2 = *(int64_t *)arguments[0];
  int64_t rounds_2 = 0;
  (void)n_2;
  char *const arena = ctx->arena(ctx, 0, 128);
  if (!arena) return 1;
  int64_t *item_3 = (int64_t *)(arena + 0);
  int64_t *item_4 = (int64_t *)(arena + 64);
  int64_t *const item = ctx->output(ctx, 0, 0);
  if (!item) return 1;
  int64_t *const item_2 = ctx->output(ctx, 1, 0);
  if (!item_2) return 1;
  if (k1_while_loop(ctx, n, item_3, item, item_2, item_4)) return 1;
  rounds_2 = *item_4;
  return 0;
}
