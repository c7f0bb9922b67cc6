/* The thread pool: one for the process, shared by all functions.
 *
 * A region is a fixed grid of chunks, handed out by one atomic counter: who runs a chunk is chance, what a chunk
 * computes is not.  The calling thread is worker 0.  Idle helpers spin briefly, as the next region of the same call
 * mostly follows within microseconds, then sleep.
 *
 * `gate` decides who takes part: a helper enters by raising its count while it is not CLOSED.  The caller closes it
 * once no chunk is left and waits only for those inside, so a helper that was slow to wake costs nothing.
 *
 * A region that starts while another runs (nested, or from a second thread) is run inline by its caller.
 * Nothing here needs the GIL.
 */
#include "native.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

/* As long as a small kernel: longer would take the core from somebody else's work (a foreign pool that spins doubles
 * the time of memory-bound kernels), shorter would pay ~5 us for a wake-up between two kernels of one call. */
#define SPIN_NANOSECONDS 50000

enum { CLOSED = 1 << 30 };

#if defined(__x86_64__) || defined(__i386__)
#define RELAX() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define RELAX() __asm__ volatile("yield")
#else
#define RELAX() ((void)0)
#endif

static struct {
  /* the region; written by the caller while the gate is closed and nobody is inside */
  Body *body;
  void *argument;
  int64_t chunks;
  int64_t limit; /* workers that may take part */
  const volatile int32_t *stop;

  _Alignas(128) _Atomic int64_t next; /* chunk */
  _Alignas(128) _Atomic int gate;
  _Atomic int failed;
  _Atomic int caller_sleeps;
  _Alignas(128) _Atomic uint32_t region; /* counts regions; helpers watch it */
  _Atomic int sleepers;
  _Atomic int quit;
  _Alignas(128) _Atomic int busy;

  _Atomic int64_t workers;
  int64_t started; /* helpers; under `busy` */
  int avoided;     /* processor that the helpers are kept off, or -1; under `busy` */
  int64_t spin;    /* nanoseconds */
  pthread_mutex_t mutex;
  pthread_cond_t wake, done;
  pthread_t threads[POOL_MAXIMUM];
} pool = {
    .gate = CLOSED,
    .workers = 1,
    .spin = SPIN_NANOSECONDS,
    .avoided = -1,
    .mutex = PTHREAD_MUTEX_INITIALIZER,
    .wake = PTHREAD_COND_INITIALIZER,
    .done = PTHREAD_COND_INITIALIZER,
};

static _Thread_local int64_t this_worker = 0;
static _Thread_local int inside_region = 0;

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- work ---- */

static void run_chunks(int64_t worker) {
  for (;;) {
    int64_t chunk = atomic_fetch_add_explicit(&pool.next, 1, memory_order_relaxed);
    if (chunk >= pool.chunks) return;
    if (*pool.stop || pool.body(pool.argument, chunk, worker) != 0) {
      atomic_store(&pool.failed, 1);
      atomic_store(&pool.next, pool.chunks); /* the rest is dropped */
      return;
    }
  }
}

static int run_inline(st_ctx *ctx, Body *body, void *argument, int64_t chunks) {
  for (int64_t chunk = 0; chunk < chunks; chunk++) {
    if (*ctx->stop) {
      ctx->error = (st_error){.code = ERROR_INTERRUPTED, .site = -1, .step = -1};
      return 1;
    }
    /* A nested region keeps the number of its thread: scratch memory indexed by it stays private. */
    if (body(argument, chunk, this_worker) != 0) return 1;
  }
  return 0;
}

/* ---- helpers ---- */

static int enter_gate(void) {
  int gate = atomic_load(&pool.gate);
  while (!(gate & CLOSED))
    if (atomic_compare_exchange_weak(&pool.gate, &gate, gate + 1)) return 1;
  return 0;
}

static void leave_gate(void) {
  if (atomic_fetch_sub(&pool.gate, 1) - 1 != CLOSED || !atomic_load(&pool.caller_sleeps)) return;
  pthread_mutex_lock(&pool.mutex);
  pthread_cond_signal(&pool.done);
  pthread_mutex_unlock(&pool.mutex);
}

/* Wait until there is a region other than `seen`; returns its number. */
static uint32_t await_region(uint32_t seen) {
  uint32_t region;
  int64_t deadline = 0;
  for (int turn = 0; (region = atomic_load_explicit(&pool.region, memory_order_acquire)) == seen; turn++) {
    if ((turn & 63) == 0) {
      int64_t time = now();
      if (deadline == 0) deadline = time + pool.spin;
      if (time >= deadline) break;
    }
    RELAX();
  }
  if (region != seen) return region;
  pthread_mutex_lock(&pool.mutex);
  atomic_fetch_add(&pool.sleepers, 1);
  while ((region = atomic_load(&pool.region)) == seen) pthread_cond_wait(&pool.wake, &pool.mutex);
  atomic_fetch_sub(&pool.sleepers, 1);
  pthread_mutex_unlock(&pool.mutex);
  return region;
}

static void *helper(void *number) {
  uint32_t seen = 0; /* regions are counted from 1 */
  this_worker = (int64_t)(intptr_t)number;
  inside_region = 1; /* whatever runs here is part of a region */
  for (;;) {
    seen = await_region(seen);
    if (atomic_load(&pool.quit)) return NULL;
    if (!enter_gate()) continue;
    if (this_worker < pool.limit) run_chunks(this_worker);
    leave_gate();
  }
}

static void announce_region(void) {
  atomic_fetch_add(&pool.region, 1);
  if (atomic_load(&pool.sleepers) > 0) {
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
  }
}

/* Under `busy`.  With fewer threads than asked for the work is done all the same. */
static void start_helpers(void) {
  int64_t wanted = atomic_load(&pool.workers) - 1;
  if (pool.started == wanted) return;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* signals belong to Python's threads */
  while (pool.started < wanted) {
    if (pthread_create(&pool.threads[pool.started], NULL, helper, (void *)(intptr_t)(pool.started + 1)) != 0) break;
    pool.started++;
    pool.avoided = -1; /* the new one has not been told yet */
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Keep the helpers off the caller's processor.  A helper that wakes up there waits until the scheduler moves it, which
 * was seen to take 100 ms while the caller did all the work alone; a call a processor change is what this costs. */
static void make_room(void) {
#ifdef __linux__
  const int processor = sched_getcpu();
  cpu_set_t others;
  if (processor == pool.avoided || processor < 0 || pool.spin == 0) return;
  pool.avoided = processor;
  if (processor >= CPU_SETSIZE || sched_getaffinity(0, sizeof others, &others) != 0) return;
  CPU_CLR(processor, &others);
  if (CPU_COUNT(&others) == 0) return;
  for (int64_t i = 0; i < pool.started; i++) pthread_setaffinity_np(pool.threads[i], sizeof others, &others);
#endif
}

static void stop_helpers(void) {
  if (pool.started == 0) return;
  atomic_store(&pool.quit, 1);
  announce_region();
  for (int64_t i = 0; i < pool.started; i++) pthread_join(pool.threads[i], NULL);
  pool.started = 0;
  atomic_store(&pool.quit, 0);
}

/* ---- regions ---- */

static int take_pool(void) {
  int expected = 0;
  return atomic_compare_exchange_strong(&pool.busy, &expected, 1);
}

static void await_helpers(void) {
  int64_t deadline = 0;
  for (int turn = 0; atomic_load(&pool.gate) != CLOSED; turn++) {
    RELAX();
    if ((turn & 63) != 63) continue;
    int64_t time = now();
    if (deadline == 0) deadline = time + pool.spin;
    if (time < deadline) continue;
    pthread_mutex_lock(&pool.mutex);
    atomic_store(&pool.caller_sleeps, 1);
    while (atomic_load(&pool.gate) != CLOSED) pthread_cond_wait(&pool.done, &pool.mutex);
    atomic_store(&pool.caller_sleeps, 0);
    pthread_mutex_unlock(&pool.mutex);
    return;
  }
}

int pool_parallel(st_ctx *ctx, Body *body, void *argument, int64_t chunks) {
  int64_t limit = ctx->workers < chunks ? ctx->workers : chunks;
  if (limit <= 1 || inside_region || !take_pool()) return run_inline(ctx, body, argument, chunks);
  start_helpers();
  make_room();
  inside_region = 1;
  pool.body = body;
  pool.argument = argument;
  pool.chunks = chunks;
  pool.limit = limit;
  pool.stop = ctx->stop;
  atomic_store_explicit(&pool.next, 0, memory_order_relaxed);
  atomic_store_explicit(&pool.failed, 0, memory_order_relaxed);
  atomic_store(&pool.gate, 0);
  announce_region();
  run_chunks(0);
  atomic_fetch_or(&pool.gate, CLOSED);
  await_helpers();
  int failed = atomic_load_explicit(&pool.failed, memory_order_relaxed);
  inside_region = 0;
  atomic_store(&pool.busy, 0);
  if (failed && *ctx->stop) ctx->error = (st_error){.code = ERROR_INTERRUPTED, .site = -1, .step = -1};
  return failed;
}

int64_t pool_workers(void) { return atomic_load_explicit(&pool.workers, memory_order_relaxed); }

int pool_set_workers(int64_t workers) {
  if (inside_region) return -1;
  while (!take_pool()) usleep(100);
  stop_helpers();
  long processors = sysconf(_SC_NPROCESSORS_ONLN);
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) processors = CPU_COUNT(&allowed);
#endif
  /* With more threads than processors, spinning keeps the very thread from running that one waits for. */
  pool.spin = workers > processors ? 0 : SPIN_NANOSECONDS;
  atomic_store(&pool.workers, workers);
  atomic_store(&pool.busy, 0);
  return 0;
}

/* The child of a fork has only the thread that forked.  Helpers are started again when they are needed. */
static void after_fork_in_child(void) {
  pthread_mutex_init(&pool.mutex, NULL);
  pthread_cond_init(&pool.wake, NULL);
  pthread_cond_init(&pool.done, NULL);
  pool.started = 0;
  pool.avoided = -1;
  atomic_store(&pool.sleepers, 0);
  atomic_store(&pool.caller_sleeps, 0);
  atomic_store(&pool.quit, 0);
  atomic_store(&pool.gate, CLOSED);
  atomic_store(&pool.busy, 0);
  inside_region = 0;
  this_worker = 0;
}

int pool_initialize(void) { return pthread_atfork(NULL, NULL, after_fork_in_child); }
