/* The device table over the CUDA driver.  Python opens the primary context and a stream and hands over the driver's
 * functions, in the order of `st_driver_functions`; a buffer handle is a CUdeviceptr, a kernel handle a CUfunction.
 */
#define DRIVER(X) \
  X(int, cuCtxGetCurrent, (void **context)) \
  X(int, cuCtxPushCurrent_v2, (void *context)) \
  X(int, cuCtxPopCurrent_v2, (void **context)) \
  X(int, cuMemAlloc_v2, (uint64_t *pointer, size_t bytes)) \
  X(int, cuMemFree_v2, (uint64_t pointer)) \
  X(int, cuMemcpyHtoDAsync_v2, (uint64_t target, const void *source, size_t bytes, void *stream)) \
  X(int, cuMemcpyDtoHAsync_v2, (void *target, uint64_t source, size_t bytes, void *stream)) \
  X(int, cuMemcpyDtoDAsync_v2, (uint64_t target, uint64_t source, size_t bytes, void *stream)) \
  X(int, cuLaunchKernel, (void *kernel, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, \
                          unsigned block_y, unsigned block_z, unsigned shared_bytes, void *stream, void **values, \
                          void **extra)) \
  X(int, cuStreamSynchronize, (void *stream))

#define NAME(result, name, parameters) #name " "
const char st_driver_functions[] = DRIVER(NAME);
#undef NAME

enum { LARGEST_GROUP = 1024, LARGEST_GRID = 0x7fffffff };

typedef struct st_cuda {
  st_pool pool; /* first */
  void *context, *stream;
#define MEMBER(result, name, parameters) result(*name) parameters;
  DRIVER(MEMBER)
#undef MEMBER
} st_cuda;

/* A context is current for a thread, and calls come from any: take it unless it is, and leave the thread as it was. */
static int enter(st_cuda *cuda, int *pushed) {
  void *current = 0;
  *pushed = 0;
  int status = cuda->cuCtxGetCurrent(&current);
  if (status || current == cuda->context) return status;
  status = cuda->cuCtxPushCurrent_v2(cuda->context);
  *pushed = !status;
  return status;
}

static int leave(st_cuda *cuda, int pushed, int status) {
  void *popped;
  int last = pushed ? cuda->cuCtxPopCurrent_v2(&popped) : 0;
  return status ? status : last;
}

static uint64_t address(void *handle, int64_t offset) { return (uint64_t)(uintptr_t)handle + (uint64_t)offset; }

static int raw_alloc(st_device *device, int64_t bytes, void **handle) {
  st_cuda *cuda = device->state;
  uint64_t pointer = 0;
  int pushed, status = enter(cuda, &pushed);
  if (!status) status = cuda->cuMemAlloc_v2(&pointer, (size_t)bytes);
  *handle = (void *)(uintptr_t)pointer;
  return leave(cuda, pushed, status);
}

static void raw_release(st_device *device, void *handle) {
  st_cuda *cuda = device->state;
  int pushed, status = enter(cuda, &pushed);
  if (!status) status = cuda->cuMemFree_v2(address(handle, 0)); /* waits for the kernels that use it */
  (void)leave(cuda, pushed, status);
}

/* The caller may reuse its memory at once, so transfers to and from the host are waited for. */
static int cuda_write(st_device *device, void *handle, int64_t offset, const void *host, int64_t bytes) {
  st_cuda *cuda = device->state;
  if (!bytes) return 0;
  COUNT(&cuda->pool, writes, 1);
  COUNT(&cuda->pool, bytes_written, bytes);
  int pushed, status = enter(cuda, &pushed);
  if (!status) status = cuda->cuMemcpyHtoDAsync_v2(address(handle, offset), host, (size_t)bytes, cuda->stream);
  if (!status) status = cuda->cuStreamSynchronize(cuda->stream);
  return leave(cuda, pushed, status);
}

static int cuda_read(st_device *device, void *handle, int64_t offset, void *host, int64_t bytes) {
  st_cuda *cuda = device->state;
  if (!bytes) return 0;
  COUNT(&cuda->pool, reads, 1);
  COUNT(&cuda->pool, bytes_read, bytes);
  int pushed, status = enter(cuda, &pushed);
  if (!status) status = cuda->cuMemcpyDtoHAsync_v2(host, address(handle, offset), (size_t)bytes, cuda->stream);
  if (!status) status = cuda->cuStreamSynchronize(cuda->stream);
  return leave(cuda, pushed, status);
}

static int cuda_copy(st_device *device, void *target, int64_t target_offset, void *source, int64_t source_offset,
                     int64_t bytes) {
  st_cuda *cuda = device->state;
  if (!bytes) return 0;
  if (overlaps(target, target_offset, source, source_offset, bytes))
    return copy_aside(device, target, target_offset, source_offset, bytes);
  COUNT(&cuda->pool, copies, 1);
  COUNT(&cuda->pool, bytes_copied, bytes);
  int pushed, status = enter(cuda, &pushed);
  if (!status)
    status = cuda->cuMemcpyDtoDAsync_v2(address(target, target_offset), address(source, source_offset), (size_t)bytes,
                                        cuda->stream);
  return leave(cuda, pushed, status);
}

static int cuda_launch(st_device *device, void *kernel, int64_t groups, int64_t group_size, void *const *values,
                       const int64_t *value_bytes, int64_t count) {
  st_cuda *cuda = device->state;
  (void)value_bytes; /* the driver knows the sizes from the cubin */
  if (!kernel || groups < 0 || groups > LARGEST_GRID || group_size < 1 || group_size > LARGEST_GROUP || count < 0)
    return ST_BAD_LAUNCH;
  if (!groups) return 0;
  COUNT(&cuda->pool, launches, 1);
  COUNT(&cuda->pool, groups, groups);
  int pushed, status = enter(cuda, &pushed);
  if (!status)
    status = cuda->cuLaunchKernel(kernel, (unsigned)groups, 1, 1, (unsigned)group_size, 1, 1, 0, cuda->stream,
                                  (void **)values, 0);
  return leave(cuda, pushed, status);
}

static int cuda_synchronize(st_device *device) {
  st_cuda *cuda = device->state;
  int pushed, status = enter(cuda, &pushed);
  if (!status) status = cuda->cuStreamSynchronize(cuda->stream);
  return leave(cuda, pushed, status);
}

st_device *st_open(void *const *functions, void *context, void *stream, int64_t idle_limit) {
  st_device *device = calloc(1, sizeof *device);
  st_cuda *cuda = calloc(1, sizeof *cuda);
  if (!device || !cuda) return free(device), free(cuda), (st_device *)0;
  pool_open(&cuda->pool, idle_limit);
  cuda->context = context;
  cuda->stream = stream;
#define TAKE(result, name, parameters) cuda->name = (result(*) parameters)*functions++;
  DRIVER(TAKE)
#undef TAKE
  *device = (st_device){cuda,      pool_alloc,  pool_release,    cuda_write, cuda_read,
                        cuda_copy, cuda_launch, cuda_synchronize};
  return device;
}
