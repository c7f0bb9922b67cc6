/* What the device adapters share: counters, and a pool in front of the driver's allocator.
 *
 * symtensor/runtime/device.py pastes abi.h and this file in front of each adapter, which defines `raw_alloc` and
 * `raw_release` and begins its state with an `st_pool`.
 *
 * Drivers take microseconds to milliseconds to allocate, so released buffers are kept, by size class, for the next
 * request.  All work of a device goes through one in-order queue: a buffer may be handed out again while the kernel
 * that last used it still waits there.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Codes of our own, away from those of the drivers; symtensor/runtime/device.py holds the texts. */
enum {
  ST_NO_MEMORY = 100001,
  ST_UNKNOWN_HANDLE = 100002,
  ST_OUT_OF_RANGE = 100003,
  ST_BAD_LAUNCH = 100004,
};

#define COUNTERS(X) \
  X(launches) X(groups) X(writes) X(bytes_written) X(reads) X(bytes_read) X(copies) X(bytes_copied) X(allocations) \
  X(driver_allocations) X(live_bytes) X(idle_bytes)

typedef struct st_counts {
#define FIELD(name) int64_t name;
  COUNTERS(FIELD)
#undef FIELD
} st_counts;

#define NAME(name) #name " "
const char st_counter_names[] = COUNTERS(NAME);
#undef NAME

#define COUNT(pool, name, by) ((void)__atomic_fetch_add(&(pool)->counts.name, (int64_t)(by), __ATOMIC_RELAXED))

enum { BUCKETS = 1024, SMALLEST_LOG2 = 8, STEPS_LOG2 = 3, CLASSES = (64 - SMALLEST_LOG2) << STEPS_LOG2 };

typedef struct st_block {
  struct st_block *next;
  void *handle;
  int64_t bytes;     /* of its class */
  int64_t requested; /* by the caller */
} st_block;

typedef struct st_pool {
  pthread_mutex_t lock;
  int64_t idle_limit; /* bytes kept for reuse at most */
  st_block *busy[BUCKETS];
  st_block *idle[CLASSES];
  st_counts counts;
} st_pool;

static int raw_alloc(st_device *device, int64_t bytes, void **handle);
static void raw_release(st_device *device, void *handle);

static st_pool *pool_of(st_device *device) { return device->state; }

/* Round up to one of eight steps between powers of two (at most 12.5 % is wasted) and number that step. */
static int size_class(int64_t requested, int64_t *bytes) {
  if (requested <= 1 << SMALLEST_LOG2) {
    *bytes = 1 << SMALLEST_LOG2;
    return 0;
  }
  int log2 = 63 - __builtin_clzll((uint64_t)(requested - 1));
  int64_t step = (int64_t)1 << (log2 - STEPS_LOG2);
  *bytes = (requested + step - 1) / step * step;
  return ((log2 - SMALLEST_LOG2) << STEPS_LOG2) + (int)(*bytes / step - (1 << STEPS_LOG2));
}

static st_block **bucket(st_pool *pool, void *handle) {
  uint64_t mixed = (uint64_t)(uintptr_t)handle * 0x9E3779B97F4A7C15u;
  return &pool->busy[mixed >> 54];
}

static void trim_locked(st_device *device) {
  st_pool *pool = pool_of(device);
  for (int i = 0; i < CLASSES; i++)
    while (pool->idle[i]) {
      st_block *block = pool->idle[i];
      pool->idle[i] = block->next;
      COUNT(pool, idle_bytes, -block->bytes);
      raw_release(device, block->handle);
      free(block);
    }
}

static st_block *fresh_block(st_device *device, int64_t bytes, int *status) {
  st_block *block = malloc(sizeof *block);
  if (!block) {
    *status = ST_NO_MEMORY;
    return 0;
  }
  *status = raw_alloc(device, bytes, &block->handle);
  if (*status) { /* the driver may succeed once it has back what lies idle */
    trim_locked(device);
    *status = raw_alloc(device, bytes, &block->handle);
  }
  if (*status) {
    free(block);
    return 0;
  }
  block->bytes = bytes;
  COUNT(pool_of(device), driver_allocations, 1);
  return block;
}

static int pool_alloc(st_device *device, int64_t requested, void **handle) {
  st_pool *pool = pool_of(device);
  int64_t bytes;
  int status = 0;
  if (requested < 0 || requested > (int64_t)1 << 60) return ST_NO_MEMORY;
  int number = size_class(requested, &bytes);
  pthread_mutex_lock(&pool->lock);
  st_block *block = pool->idle[number];
  if (block) {
    pool->idle[number] = block->next;
    COUNT(pool, idle_bytes, -bytes);
  } else {
    block = fresh_block(device, bytes, &status);
  }
  if (block) {
    st_block **chain = bucket(pool, block->handle);
    block->requested = requested;
    block->next = *chain;
    *chain = block;
    *handle = block->handle;
    COUNT(pool, allocations, 1);
    COUNT(pool, live_bytes, bytes);
  }
  pthread_mutex_unlock(&pool->lock);
  return status;
}

static int pool_release(st_device *device, void *handle) {
  st_pool *pool = pool_of(device);
  if (!handle) return 0;
  pthread_mutex_lock(&pool->lock);
  st_block **link = bucket(pool, handle);
  while (*link && (*link)->handle != handle) link = &(*link)->next;
  st_block *block = *link;
  if (block) {
    int64_t bytes;
    int number = size_class(block->bytes, &bytes);
    *link = block->next;
    COUNT(pool, live_bytes, -bytes);
    if (pool->counts.idle_bytes + bytes > pool->idle_limit) {
      raw_release(device, handle);
      free(block);
    } else {
      block->next = pool->idle[number];
      pool->idle[number] = block;
      COUNT(pool, idle_bytes, bytes);
    }
  }
  pthread_mutex_unlock(&pool->lock);
  return block ? 0 : ST_UNKNOWN_HANDLE;
}

static void pool_open(st_pool *pool, int64_t idle_limit) {
  pthread_mutex_init(&pool->lock, 0);
  pool->idle_limit = idle_limit;
}

/* Drivers refuse, or leave undefined, a copy within one buffer whose ranges overlap. */
static inline int overlaps(void *target, int64_t target_offset, void *source, int64_t source_offset, int64_t bytes) {
  int64_t apart = target_offset - source_offset;
  return target == source && (apart < 0 ? -apart : apart) < bytes;
}

/* Such a copy goes through a third buffer. */
static inline int copy_aside(st_device *device, void *handle, int64_t target_offset, int64_t source_offset, int64_t bytes) {
  void *aside;
  int status = pool_alloc(device, bytes, &aside);
  if (status) return status;
  status = device->copy(device, aside, 0, handle, source_offset, bytes);
  if (!status) status = device->copy(device, handle, target_offset, aside, 0, bytes);
  pool_release(device, aside);
  return status;
}

/* Give idle buffers back to the driver. */
void st_trim(st_device *device) {
  pthread_mutex_lock(&pool_of(device)->lock);
  trim_locked(device);
  pthread_mutex_unlock(&pool_of(device)->lock);
}

/* The counters, in the order of `st_counter_names`. */
void st_counters(st_device *device, int64_t *values) {
  memcpy(values, &pool_of(device)->counts, sizeof(st_counts));
}
