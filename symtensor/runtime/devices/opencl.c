/* The device table over OpenCL.  Python opens context and queue (in order) and hands over the driver's functions, in
 * the order of `st_driver_functions`; a buffer handle is a cl_mem, a kernel handle a cl_kernel.
 */
enum { MEM_READ_WRITE = 1, BLOCKING = 1 };

#define DRIVER(X) \
  X(void *, clCreateBuffer, (void *context, uint64_t flags, size_t bytes, void *host, int *status)) \
  X(int, clReleaseMemObject, (void *buffer)) \
  X(int, clEnqueueWriteBuffer, (void *queue, void *buffer, unsigned blocking, size_t offset, size_t bytes, \
                                const void *host, unsigned waits, void *wait_list, void *event)) \
  X(int, clEnqueueReadBuffer, (void *queue, void *buffer, unsigned blocking, size_t offset, size_t bytes, \
                               void *host, unsigned waits, void *wait_list, void *event)) \
  X(int, clEnqueueCopyBuffer, (void *queue, void *source, void *target, size_t source_offset, size_t target_offset, \
                               size_t bytes, unsigned waits, void *wait_list, void *event)) \
  X(int, clSetKernelArg, (void *kernel, unsigned index, size_t bytes, const void *value)) \
  X(int, clEnqueueNDRangeKernel, (void *queue, void *kernel, unsigned dimensions, const size_t *offset, \
                                  const size_t *global, const size_t *local, unsigned waits, void *wait_list, \
                                  void *event)) \
  X(int, clFinish, (void *queue))

#define NAME(result, name, parameters) #name " "
const char st_driver_functions[] = DRIVER(NAME);
#undef NAME

typedef struct st_opencl {
  st_pool pool; /* first */
  void *context, *queue;
  pthread_mutex_t launching; /* a cl_kernel holds its arguments, so setting them and launching belong together */
#define MEMBER(result, name, parameters) result(*name) parameters;
  DRIVER(MEMBER)
#undef MEMBER
} st_opencl;

static int raw_alloc(st_device *device, int64_t bytes, void **handle) {
  st_opencl *cl = device->state;
  int status = 0;
  *handle = cl->clCreateBuffer(cl->context, MEM_READ_WRITE, (size_t)bytes, 0, &status);
  return status;
}

static void raw_release(st_device *device, void *handle) {
  ((st_opencl *)device->state)->clReleaseMemObject(handle); /* the driver waits for commands that use it */
}

static int opencl_write(st_device *device, void *handle, int64_t offset, const void *host, int64_t bytes) {
  st_opencl *cl = device->state;
  if (!bytes) return 0;
  COUNT(&cl->pool, writes, 1);
  COUNT(&cl->pool, bytes_written, bytes);
  return cl->clEnqueueWriteBuffer(cl->queue, handle, BLOCKING, (size_t)offset, (size_t)bytes, host, 0, 0, 0);
}

static int opencl_read(st_device *device, void *handle, int64_t offset, void *host, int64_t bytes) {
  st_opencl *cl = device->state;
  if (!bytes) return 0;
  COUNT(&cl->pool, reads, 1);
  COUNT(&cl->pool, bytes_read, bytes);
  return cl->clEnqueueReadBuffer(cl->queue, handle, BLOCKING, (size_t)offset, (size_t)bytes, host, 0, 0, 0);
}

static int opencl_copy(st_device *device, void *target, int64_t target_offset, void *source, int64_t source_offset,
                       int64_t bytes) {
  st_opencl *cl = device->state;
  if (!bytes) return 0;
  if (overlaps(target, target_offset, source, source_offset, bytes))
    return copy_aside(device, target, target_offset, source_offset, bytes);
  COUNT(&cl->pool, copies, 1);
  COUNT(&cl->pool, bytes_copied, bytes);
  return cl->clEnqueueCopyBuffer(cl->queue, source, target, (size_t)source_offset, (size_t)target_offset,
                                 (size_t)bytes, 0, 0, 0);
}

static int opencl_launch(st_device *device, void *kernel, int64_t groups, int64_t group_size, void *const *values,
                         const int64_t *value_bytes, int64_t count) {
  st_opencl *cl = device->state;
  size_t local = (size_t)group_size, global = (size_t)groups * local;
  int status = 0;
  if (!kernel || groups < 0 || group_size < 1 || count < 0) return ST_BAD_LAUNCH;
  if (!groups) return 0;
  pthread_mutex_lock(&cl->launching);
  for (int64_t i = 0; i < count && !status; i++)
    status = cl->clSetKernelArg(kernel, (unsigned)i, (size_t)value_bytes[i], values[i]);
  if (!status) status = cl->clEnqueueNDRangeKernel(cl->queue, kernel, 1, 0, &global, &local, 0, 0, 0);
  pthread_mutex_unlock(&cl->launching);
  COUNT(&cl->pool, launches, 1);
  COUNT(&cl->pool, groups, groups);
  return status;
}

static int opencl_synchronize(st_device *device) {
  st_opencl *cl = device->state;
  return cl->clFinish(cl->queue);
}

st_device *st_open(void *const *functions, void *context, void *queue, int64_t idle_limit) {
  st_device *device = calloc(1, sizeof *device);
  st_opencl *cl = calloc(1, sizeof *cl);
  if (!device || !cl) return free(device), free(cl), (st_device *)0;
  pool_open(&cl->pool, idle_limit);
  pthread_mutex_init(&cl->launching, 0);
  cl->context = context;
  cl->queue = queue;
#define TAKE(result, name, parameters) cl->name = (result(*) parameters)*functions++;
  DRIVER(TAKE)
#undef TAKE
  *device = (st_device){cl,          pool_alloc,    pool_release,      opencl_write, opencl_read,
                        opencl_copy, opencl_launch, opencl_synchronize};
  return device;
}
