/* The contract between generated code and the runtime, on every target.
 *
 * A compiled function is one C function, `int st_entry(st_ctx *, void **arguments, const int64_t *layout)`.
 * It computes sizes, checks guards, asks for memory through the context, and runs kernels, library calls,
 * loops and branches.  It returns 0, or 1 after it has filled `ctx->error`.  It never prints, never aborts,
 * never touches Python.
 *
 * This file is pasted in front of each generated source, so it includes nothing.
 */
typedef __INT8_TYPE__ int8_t;
typedef __INT16_TYPE__ int16_t;
typedef __INT32_TYPE__ int32_t;
typedef __INT64_TYPE__ int64_t;
typedef __UINT8_TYPE__ uint8_t;
typedef __UINT16_TYPE__ uint16_t;
typedef __UINT32_TYPE__ uint32_t;
typedef __UINT64_TYPE__ uint64_t;

/* What went wrong: `code` is a row of symtensor.errors.NATIVE, `site` an index into the function's table of
 * user lines, `step` the iteration of the innermost loop (-1 outside of loops), `value` the numbers that the
 * message shows. */
typedef struct st_error {
  int64_t code, site, step;
  int64_t value[4];
} st_error;

/* A device behind a table of functions: OpenCL, CUDA, the host shim and the null device fill it alike.
 * Handles are opaque 8-byte values (cl_mem, CUdeviceptr, host pointer); offsets and sizes are in bytes.
 * Every function returns 0 or a non-zero code of the driver. */
typedef struct st_device st_device;
struct st_device {
  void *state;
  int (*alloc)(st_device *, int64_t bytes, void **handle);
  int (*release)(st_device *, void *handle);
  int (*write)(st_device *, void *handle, int64_t offset, const void *host, int64_t bytes);
  int (*read)(st_device *, void *handle, int64_t offset, void *host, int64_t bytes);
  int (*copy)(st_device *, void *target, int64_t target_offset, void *source, int64_t source_offset, int64_t bytes);
  int (*launch)(st_device *, void *kernel, int64_t groups, int64_t group_size, void *const *values,
                const int64_t *value_bytes, int64_t count);
  int (*synchronize)(st_device *);
};

typedef struct st_ctx st_ctx;
struct st_ctx {
  /* Scratch memory number `slot` of this call: at least `bytes` long, 64-byte aligned, contents undefined,
   * valid until st_entry returns (a second request for the same slot may move it and loses the contents).
   * The runtime keeps it between calls.  NULL after an out-of-memory error, which it has put into `error`. */
  void *(*arena)(st_ctx *, int64_t slot, int64_t bytes);
  /* Storage for output `k` with these sizes: row-major, contiguous, 64-byte aligned, contents undefined.
   * Outputs come first, then the new values of updated shared variables.  NULL after an error. */
  void *(*output)(st_ctx *, int64_t k, const int64_t *sizes);
  /* Run body(argument, chunk, worker) for chunk = 0 .. chunks-1, `worker` in 0 .. workers-1, each worker
   * running one chunk at a time.  Returns non-zero if a body did; chunks not yet begun are then dropped. */
  int (*parallel)(st_ctx *, int (*body)(void *argument, int64_t chunk, int64_t worker), void *argument, int64_t chunks);
  const volatile int32_t *stop; /* becomes non-zero when the user presses Ctrl-C; an entry points it elsewhere before
                                   it first writes into a shared variable, so that updates are all or none */
  void *const *library;         /* BLAS and LAPACK functions, in the order that the function declared */
  st_device *device;            /* NULL on the CPU target */
  void *const *kernels;         /* device kernels, in the order of the source */
  int64_t workers;              /* how many workers `parallel` may use, at least 1 */
  st_error error;
  /* Call Python function `number` of this compiled function with arrays over these buffers, whose sizes, all axes of
   * all of them, are given in a row.  Not from inside of `parallel`.  Returns non-zero if it raised. */
  int (*host)(st_ctx *, int64_t number, void *const *buffers, const int64_t *sizes);
};
