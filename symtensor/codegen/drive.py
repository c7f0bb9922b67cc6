"""The C functions by which a generated entry drives a device: buffers, transfers, launches, errors of kernels.

Each returns 0, or 1 after it has filled ``ctx->error``.
"""

from __future__ import annotations

from symtensor.codegen.gpu import FAULT_BYTES
from symtensor.errors import CODES

DRIVE = """\
/* A buffer of the device, and how many elements into it this view of it begins. */
typedef struct st_view {
  void *handle;
  int64_t at;
} st_view;

static int st_driver(st_ctx *ctx, int status) {
  return status ? st_fail(ctx, @DEVICE@, -1, status, 0) : 0;
}
/* A buffer that belongs to this call under *owned; what was there before is given back. */
static int st_alloc(st_ctx *ctx, void **owned, st_view *view, int64_t bytes) {
  if (*owned) ctx->device->release(ctx->device, *owned);
  *owned = 0;
  if (st_driver(ctx, ctx->device->alloc(ctx->device, bytes, owned))) return 1;
  view->handle = *owned;
  view->at = 0;
  return 0;
}
static int st_write(st_ctx *ctx, st_view view, int64_t itemsize, const void *host, int64_t elements) {
  return st_driver(ctx, ctx->device->write(ctx->device, view.handle, view.at * itemsize, host, elements * itemsize));
}
static int st_read(st_ctx *ctx, st_view view, int64_t itemsize, void *host, int64_t elements) {
  return st_driver(ctx, ctx->device->read(ctx->device, view.handle, view.at * itemsize, host, elements * itemsize));
}
static int st_copy(st_ctx *ctx, st_view target, st_view source, int64_t itemsize, int64_t elements) {
  if (target.handle == source.handle && target.at == source.at) return 0;
  return st_driver(ctx, ctx->device->copy(ctx->device, target.handle, target.at * itemsize, source.handle,
                                          source.at * itemsize, elements * itemsize));
}
/* Every argument of a kernel takes 8 bytes: a handle, an offset or a size. */
static int st_launch(st_ctx *ctx, int64_t kernel, int64_t groups, int64_t threads, void *const *values, int64_t count) {
  static const int64_t eights[] = {@EIGHTS@};
  return st_driver(ctx, ctx->device->launch(ctx->device, ctx->kernels[kernel], groups, threads, values, eights, count));
}
"""
FAULT = """\
/* What a kernel that may fail has reported. */
static int st_faulty(st_ctx *ctx, st_view fault) {
  int64_t report[@WORDS@];
  if (st_read(ctx, fault, 8, report, @WORDS@)) return 1;
  if (!report[0]) return 0;
  ctx->error.code = report[1];
  ctx->error.site = report[2];
  __builtin_memcpy(ctx->error.value, report + 3, sizeof ctx->error.value);
  return 1;
}
"""
LIMIT = "static int64_t st_at_most(int64_t n, int64_t limit) { return n < limit ? n : limit; }\n"


def drive_source(most_arguments: int, can_fail: bool) -> str:
    """The text of the functions.

    Args:
        most_arguments: of any kernel.
        can_fail: whether a kernel may report an error.
    """
    eights = ", ".join(["8"] * max(1, most_arguments))
    text = DRIVE.replace("@DEVICE@", str(CODES["device"])).replace("@EIGHTS@", eights)
    return text + (FAULT.replace("@WORDS@", str(FAULT_BYTES // 8)) if can_fail else "") + LIMIT
