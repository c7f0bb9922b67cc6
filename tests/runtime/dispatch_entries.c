/* Native entries for the tests of the dispatcher; abi.h stands in front. */
#include <signal.h>

typedef int64_t i64;
volatile int entered = 0; /* set by entries that wait, for whoever wants to disturb them */

static i64 count(const i64 *sizes, int ndim) { i64 n = 1; for (int d = 0; d < ndim; d++) n *= sizes[d]; return n; }

int add_one(st_ctx *ctx, void **p, const i64 *layout) {
  double *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = ((double *)p[0])[i] + 1;
  return 0;
}
int multiply_add_subtract(st_ctx *ctx, void **p, const i64 *layout) {
  double *a = p[0], *b = p[1], *c = p[2], *y = ctx->output(ctx, 0, layout), *z = ctx->output(ctx, 1, layout);
  if (!y || !z) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = a[i] * b[i] + c[i], z[i] = a[i] - c[i];
  return 0;
}
int scale_and_shift(st_ctx *ctx, void **p, const i64 *layout) { /* x: 1-d, factor: float64, shift: int64 */
  double *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = ((double *)p[0])[i] * *(double *)p[1] + (double)*(i64 *)p[2];
  return 0;
}
int square(st_ctx *ctx, void **p, const i64 *layout) { /* rank 0 */
  double x = *(double *)p[0], *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = x * x;
  return 0;
}
int copy_layout(st_ctx *ctx, void **p, const i64 *layout) {
  i64 n = 10, *y = ctx->output(ctx, 0, &n);
  if (!y) return 1;
  for (i64 i = 0; i < n; i++) y[i] = layout[i];
  return 0;
}
int outer(st_ctx *ctx, void **p, const i64 *layout) {
  i64 sizes[2] = {layout[0], layout[0]};
  double *x = p[0], *y = ctx->output(ctx, 0, sizes);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) for (i64 j = 0; j < layout[0]; j++) y[i * layout[0] + j] = x[i] * x[j];
  return 0;
}
int constant_plus(st_ctx *ctx, void **p, const i64 *layout) { /* constant first, so arguments are interleaved */
  double *c = p[0], *x = p[1], *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = c[i] + x[i];
  return 0;
}
int scratch_sum(st_ctx *ctx, void **p, const i64 *layout) { /* copies x through scratch memory in slot 7 */
  double *t = ctx->arena(ctx, 7, layout[0] * 8), *other = ctx->arena(ctx, 0, 8), *y = ctx->output(ctx, 0, 0);
  if (!t || !other || !y || (i64)t % 64 || (i64)other % 64 || (i64)y % 64) return 1;
  for (i64 i = 0; i < layout[0]; i++) t[i] = ((double *)p[0])[i];
  *other = 0;
  for (i64 i = 0; i < layout[0]; i++) *other += t[i];
  *y = *other;
  return 0;
}
int scratch_too_large(st_ctx *ctx, void **p, const i64 *layout) { return ctx->arena(ctx, 0, (i64)1 << 60) == 0; }
int negative_size(st_ctx *ctx, void **p, const i64 *layout) { i64 n = -3; return ctx->output(ctx, 0, &n) == 0; }
int gigantic(st_ctx *ctx, void **p, const i64 *layout) { i64 n = (i64)1 << 62; return ctx->output(ctx, 0, &n) == 0; }
int forgetful(st_ctx *ctx, void **p, const i64 *layout) { return 0; }
int always_fails(st_ctx *ctx, void **p, const i64 *layout) {
  ctx->output(ctx, 0, layout);
  ctx->error = (st_error){4, 7, 3, {11, 12, 13, 14}};
  return 1;
}
/* v, w shared; x input.  New v = v + x, new w = w - x, result v * w; fails if x[0] < 0, after everything is written. */
int update_two(st_ctx *ctx, void **p, const i64 *layout) {
  double *x = p[0], *v = p[1], *w = p[2];
  double *y = ctx->output(ctx, 0, layout), *v2 = ctx->output(ctx, 1, layout), *w2 = ctx->output(ctx, 2, layout);
  if (!y || !v2 || !w2) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = v[i] * w[i], v2[i] = v[i] + x[i], w2[i] = w[i] - x[i];
  if (x[0] >= 0) return 0;
  ctx->error = (st_error){4, 0, -1, {0}};
  return 1;
}
int update_in_place(st_ctx *ctx, void **p, const i64 *layout) { /* w[::-1] += x, so that overlap shows */
  double *x = p[0], *w = p[1];
  i64 n = layout[0];
  for (i64 i = 0; i < n; i++) w[n - 1 - i] += x[i];
  return 0;
}
int wait_for_stop(st_ctx *ctx, void **p, const i64 *layout) { /* gives up after ~10 s, with another code */
  ctx->error = (st_error){7, 0, 0, {0}};
  if (!ctx->output(ctx, 0, layout)) return 1;
  entered = 1;
  for (i64 i = 0; i < (i64)3 << 30; i++) if (*ctx->stop) { ctx->error.code = 2; return 1; }
  return 1;
}
/* Waits for the stop flag the first `*patience` times, then succeeds. */
int wait_at_first(st_ctx *ctx, void **p, const i64 *layout) {
  i64 *patience = ctx->library[1], *y;
  if (*patience > 0) { --*patience; return wait_for_stop(ctx, p, layout); }
  y = ctx->output(ctx, 0, layout);
  return y == 0;
}
int call_back(st_ctx *ctx, void **p, const i64 *layout) {
  double *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = *(double *)p[0] + ((double (*)(double))ctx->library[0])(*(double *)p[0]);
  return 0;
}
int report_workers(st_ctx *ctx, void **p, const i64 *layout) {
  i64 *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = ctx->workers;
  return 0;
}
int count_up_to(st_ctx *ctx, void **p, const i64 *layout) { /* a size that depends on a value */
  i64 n = *(i64 *)p[0], *y = ctx->output(ctx, 0, &n);
  if (!y) return 1;
  for (i64 i = 0; i < n; i++) y[i] = i;
  return 0;
}
int dawdle(st_ctx *ctx, void **p, const i64 *layout) { /* ~0.2 s; 1 if it was asked to stop */
  entered = 1;
  for (volatile i64 i = 0; i < 200000000; i++) { }
  ctx->error = (st_error){2, 0, -1, {0}};
  return *ctx->stop;
}
int dawdle_and_fill(st_ctx *ctx, void **p, const i64 *layout) { /* asks for its output at the end only */
  dawdle(ctx, p, layout);
  double *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = 1;
  return 0;
}
int busy_increment(st_ctx *ctx, void **p, const i64 *layout) { /* reads, dawdles, writes: loses counts without lock */
  double *w = p[0], *w2 = ctx->output(ctx, 0, 0), read = *w;
  if (!w2) return 1;
  for (volatile int i = 0; i < 20000; i++) { }
  *w2 = read + 1;
  return 0;
}
int interrupt_itself(st_ctx *ctx, void **p, const i64 *layout) { /* Ctrl-C between two requests to Python */
  if (!ctx->arena(ctx, 0, 8)) return 1;
  raise(SIGINT);
  return ctx->output(ctx, 0, layout) == 0;
}

/* LLVM's way to hear of Ctrl-C, and so PoCL's: a handler that the system takes away as it is called, and that puts back
 * the one that it found before it sends the signal again. */
static struct sigaction before;
static void serve_once(int number) {
  sigaction(SIGINT, &before, 0);
  raise(number);
}
void install_serve_once(void) {
  struct sigaction action = {.sa_handler = serve_once, .sa_flags = SA_RESETHAND | SA_NODEFER};
  sigaction(SIGINT, &action, &before);
}
void *interrupt_handler(void) {
  struct sigaction action;
  sigaction(SIGINT, 0, &action);
  return (void *)action.sa_handler;
}
