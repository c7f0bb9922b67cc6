/* Devices in host memory: the null device, which does everything but launch, and the one that runs CUDA kernels
 * compiled for the host.  Both check every handle and range, as no driver stands behind them that would.
 */
typedef int st_host_kernel(int64_t groups, int64_t group_size, void *const *values, const int64_t *value_bytes,
                           int64_t count);

typedef struct st_host {
  st_pool pool; /* first */
  int executes; /* whether a kernel handle is the address of an st_host_kernel, to be called */
} st_host;

enum { LARGEST_GROUP = 1024 };

static int raw_alloc(st_device *device, int64_t bytes, void **handle) {
  (void)device;
  return posix_memalign(handle, 256, (size_t)bytes) ? ST_NO_MEMORY : 0;
}

static void raw_release(st_device *device, void *handle) {
  (void)device;
  free(handle);
}

/* A handle in use, and a range inside of it. */
static int check_range(st_device *device, void *handle, int64_t offset, int64_t bytes) {
  st_pool *pool = pool_of(device);
  pthread_mutex_lock(&pool->lock);
  st_block *block = *bucket(pool, handle);
  while (block && block->handle != handle) block = block->next;
  int64_t size = block ? block->requested : -1;
  pthread_mutex_unlock(&pool->lock);
  if (size < 0) return ST_UNKNOWN_HANDLE;
  return offset < 0 || bytes < 0 || offset > size - bytes ? ST_OUT_OF_RANGE : 0;
}

/* Fresh memory is filled with NaN (and -1), so that a kernel that reads what nobody wrote is seen; where nothing executes
 * it is zero, so that conditions are false and loops end. */
static int host_alloc(st_device *device, int64_t bytes, void **handle) {
  int status = pool_alloc(device, bytes, handle);
  if (!status) memset(*handle, ((st_host *)device->state)->executes ? 0xff : 0, (size_t)bytes);
  return status;
}

static int host_write(st_device *device, void *handle, int64_t offset, const void *host, int64_t bytes) {
  int status = check_range(device, handle, offset, bytes);
  if (status) return status;
  if (bytes) memcpy((char *)handle + offset, host, (size_t)bytes);
  COUNT(pool_of(device), writes, 1);
  COUNT(pool_of(device), bytes_written, bytes);
  return 0;
}

static int host_read(st_device *device, void *handle, int64_t offset, void *host, int64_t bytes) {
  int status = check_range(device, handle, offset, bytes);
  if (status) return status;
  if (bytes) memcpy(host, (char *)handle + offset, (size_t)bytes);
  COUNT(pool_of(device), reads, 1);
  COUNT(pool_of(device), bytes_read, bytes);
  return 0;
}

static int host_copy(st_device *device, void *target, int64_t target_offset, void *source, int64_t source_offset,
                     int64_t bytes) {
  int status = check_range(device, target, target_offset, bytes);
  if (!status) status = check_range(device, source, source_offset, bytes);
  if (status) return status;
  if (bytes) memmove((char *)target + target_offset, (char *)source + source_offset, (size_t)bytes);
  COUNT(pool_of(device), copies, 1);
  COUNT(pool_of(device), bytes_copied, bytes);
  return 0;
}

static int host_launch(st_device *device, void *kernel, int64_t groups, int64_t group_size, void *const *values,
                       const int64_t *value_bytes, int64_t count) {
  st_host *host = device->state;
  if (!kernel || groups < 0 || group_size < 1 || group_size > LARGEST_GROUP || count < 0) return ST_BAD_LAUNCH;
  COUNT(&host->pool, launches, 1);
  COUNT(&host->pool, groups, groups);
  if (!host->executes || !groups) return 0;
  return ((st_host_kernel *)kernel)(groups, group_size, values, value_bytes, count);
}

static int host_synchronize(st_device *device) {
  (void)device;
  return 0;
}

st_device *st_open(int64_t executes, int64_t idle_limit) {
  st_device *device = calloc(1, sizeof *device);
  st_host *host = calloc(1, sizeof *host);
  if (!device || !host) return free(device), free(host), (st_device *)0;
  pool_open(&host->pool, idle_limit);
  host->executes = executes != 0;
  *device = (st_device){host,      host_alloc,  pool_release,    host_write, host_read,
                        host_copy, host_launch, host_synchronize};
  return device;
}
