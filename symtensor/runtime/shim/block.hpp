// One CUDA block at a time: its threads, barriers and warps.  Part 2 of the host shim for CUDA source.
//
// A fiber takes the next thread that has not begun, runs it, and goes on to the one after: a kernel without barriers
// needs one stack and no switch.  Only a thread that has to wait keeps its fiber; the scheduler then resumes a thread
// that may go on, or begins another one on a further fiber.  When nobody can go on, the block barrier opens if every
// thread waits at it; anything else is a divergent barrier, which would hang or be undefined on a GPU, and is reported.

namespace st_shim {

enum : int { DIVERGENT = 200001, BAD_ARGUMENTS = 200002, BAD_LANE = 200003, NO_STACK = 200004 };
enum : unsigned { WARP = 32, LARGEST_BLOCK = 1024 };

struct Index {
  unsigned x, y, z;
};

enum State : unsigned char { RUNNING, AT_BARRIER, AT_WARP, DONE };

struct Thread {
  Fiber *fiber;
  State state;
  int site;                // which barrier or warp operation of the source it waits at
  unsigned mask, source;   // of a warp operation: its lanes, and the lane whose value this thread receives
  unsigned long long value, result;
};

struct Block {
  unsigned size, begun, done, waiting, first_ready, ready_count;
  int error, barrier_site;
  unsigned long long sum;            // of the values brought to the barrier, for __syncthreads_count and its kin
  unsigned ready[LARGEST_BLOCK];     // a ring of threads that may go on
  unsigned warp_waiting[LARGEST_BLOCK / WARP];  // a bit for each lane that waits in a warp operation
  Thread threads[LARGEST_BLOCK];
  void (*body)(void *const *);
  void *const *values;
};

static Block block;
static Fiber scheduler;
static Fiber *free_fibers;
static unsigned fiber_count;

}  // namespace st_shim

static st_shim::Index threadIdx, blockIdx, blockDim, gridDim;
enum : int { warpSize = st_shim::WARP };

namespace st_shim {

static void make_ready(unsigned thread) {
  block.threads[thread].state = RUNNING;
  block.ready[(block.first_ready + block.ready_count++) % LARGEST_BLOCK] = thread;
}

// Leave the processor until the scheduler resumes this thread.
static __attribute__((noinline)) void wait() {
  unsigned self = threadIdx.x;
  switch_fiber(block.threads[self].fiber, &scheduler);
  threadIdx.x = self;
}

static Fiber *running_fiber;

static void fiber_main() {
  Fiber *self = running_fiber;
  for (;;) {
    while (block.begun < block.size) {
      unsigned thread = block.begun++;
      threadIdx.x = thread;
      block.threads[thread].fiber = self;
      block.threads[thread].state = RUNNING;
      block.body(block.values);
      block.threads[threadIdx.x].state = DONE;
      block.done++;
    }
    self->next_free = free_fibers;
    free_fibers = self;
    switch_fiber(self, &scheduler);
  }
}

// Begin the next thread on a fiber of its own.  A free fiber waits at the end of the loop in fiber_main, or is new.
static int begin_thread() {
  if (!free_fibers) {
    free_fibers = new_fiber(fiber_count);
    if (!free_fibers) return NO_STACK;
    fiber_count++;
    prepare_fiber(free_fibers, fiber_main);
  }
  running_fiber = free_fibers;
  free_fibers = free_fibers->next_free;
  switch_fiber(&scheduler, running_fiber);
  return 0;
}

static void open_barrier() {
  unsigned long long sum = block.sum;
  block.sum = 0;
  block.waiting = 0;
  for (unsigned i = 0; i < block.size; i++) {
    block.threads[i].result = sum;
    make_ready(i);
  }
}

static int run_block() {
  block.begun = block.done = block.waiting = block.ready_count = 0;
  block.error = 0;
  block.sum = 0;
  for (unsigned i = 0; i < LARGEST_BLOCK / WARP; i++) block.warp_waiting[i] = 0;
  while (!block.error) {
    if (block.ready_count) {
      unsigned thread = block.ready[block.first_ready];
      block.first_ready = (block.first_ready + 1) % LARGEST_BLOCK;
      block.ready_count--;
      switch_fiber(&scheduler, block.threads[thread].fiber);
    } else if (block.begun < block.size) {
      if (int status = begin_thread()) block.error = status;
    } else if (block.done == block.size) {
      return 0;
    } else if (block.waiting == block.size) {
      open_barrier();
    } else {
      block.error = DIVERGENT;
    }
  }
  // Threads that are stuck are forgotten: their fibers begin anew.
  for (unsigned i = 0; i < block.begun; i++) {
    Thread *thread = &block.threads[i];
    if (thread->state == DONE) continue;
    prepare_fiber(thread->fiber, fiber_main);
    thread->fiber->next_free = free_fibers;
    free_fibers = thread->fiber;
  }
  return block.error;
}

// ---- what kernels call -----------------------------------------------------------------------------------------

// Stop the block.  The thread is never resumed.
static void fail(int error) {
  block.error = error;
  wait();
}

// Wait for all threads of the block at one place of the source; returns the sum of their values.
static unsigned long long barrier(int site, unsigned long long value) {
  Thread *self = &block.threads[threadIdx.x];
  if (block.waiting && block.barrier_site != site) fail(DIVERGENT);
  block.barrier_site = site;
  block.waiting++;
  block.sum += value;
  self->state = AT_BARRIER;
  wait();
  return self->result;
}

// Whether all lanes of `mask` wait at the same warp operation.
static bool warp_complete(const Thread *warp, unsigned waiting, unsigned mask, int site) {
  if ((waiting & mask) != mask) return false;
  for (unsigned rest = mask; rest; rest &= rest - 1) {
    const Thread *lane = &warp[__builtin_ctz(rest)];
    if (lane->mask != mask || lane->site != site) return false;
  }
  return true;
}

struct Met {
  unsigned long long value;
  unsigned ballot;
};

// Meet the lanes of `mask`: each brings a value, and receives that of lane `source` and a bit for each lane whose value
// is not zero.
static Met meet(int site, unsigned mask, unsigned long long value, unsigned source) {
  unsigned lane = threadIdx.x % WARP, base = threadIdx.x - lane;
  Thread *warp = &block.threads[base], *self = &warp[lane];
  if (!(mask >> lane & 1) || !(mask >> source & 1)) fail(BAD_LANE);
  self->site = site;
  self->mask = mask;
  self->source = source;
  self->value = value;
  self->state = AT_WARP;
  unsigned *waiting = &block.warp_waiting[base / WARP];
  *waiting |= 1u << lane;
  if (!warp_complete(warp, *waiting, mask, site)) {
    wait();
  } else {
    unsigned ballot = 0;
    for (unsigned rest = mask; rest; rest &= rest - 1)
      if (warp[__builtin_ctz(rest)].value) ballot |= rest & -rest;
    for (unsigned rest = mask; rest; rest &= rest - 1) {
      Thread *other = &warp[__builtin_ctz(rest)];
      other->result = warp[other->source].value;
      other->source = ballot;
      if (other == self) self->state = RUNNING;
      else make_ready(base + (unsigned)__builtin_ctz(rest));
    }
    *waiting &= ~mask;
  }
  return Met{self->result, self->source};
}

// ---- launching ---------------------------------------------------------------------------------------------------

#ifdef __ELF__
extern "C" __attribute__((weak, visibility("hidden"))) char __start_st_shared[], __stop_st_shared[];
// Shared memory begins each block as NaN: a kernel that relies on what an earlier block left there is seen.
static void poison_shared() {
  char *first = __start_st_shared;
  if (first) __builtin_memset(first, 0xff, (unsigned long)(__stop_st_shared - first));
}
#else
static void poison_shared() {}
#endif

template <unsigned... I>
struct Indices {};
template <unsigned N, unsigned... I>
struct Count : Count<N - 1, N - 1, I...> {};
template <unsigned... I>
struct Count<0, I...> {
  typedef Indices<I...> type;
};

template <auto kernel, class... A, unsigned... I>
static void call(void (*)(A...), Indices<I...>, void *const *values) {
  (void)values;
  kernel(*static_cast<A *>(values[I])...);
}

template <class... A>
static bool arguments_fit(void (*)(A...), const long *value_bytes, long count) {
  const long sizes[] = {(long)sizeof(A)..., 0};
  if (count != (long)sizeof...(A)) return false;
  for (long i = 0; i < count; i++)
    if (sizes[i] != value_bytes[i]) return false;
  return true;
}

template <class... A>
static typename Count<sizeof...(A)>::type indices(void (*)(A...)) {
  return {};
}

template <auto kernel>
static void body(void *const *values) {
  call<kernel>(kernel, indices(kernel), values);
}

static pthread_mutex_t launching = PTHREAD_MUTEX_INITIALIZER;  // shared memory and the block are one a module

template <auto kernel>
static int launch(long groups, long group_size, void *const *values, const long *value_bytes, long count) {
  if (!arguments_fit(kernel, value_bytes, count)) return BAD_ARGUMENTS;
  int status = 0;
  pthread_mutex_lock(&launching);
  block.size = (unsigned)group_size;
  block.body = body<kernel>;
  block.values = values;
  blockDim = Index{(unsigned)group_size, 1, 1};
  gridDim = Index{(unsigned)groups, 1, 1};
  threadIdx = blockIdx = Index{0, 0, 0};
  for (long i = 0; i < groups && !status; i++) {
    blockIdx.x = (unsigned)i;
    poison_shared();
    status = run_block();
  }
  pthread_mutex_unlock(&launching);
  return status;
}

}  // namespace st_shim
