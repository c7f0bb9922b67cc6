// Fibers: a stack each, and a switch between them.  Part 1 of the host shim for CUDA source; see __init__.py.
//
// On x86-64 a switch saves the six registers that a called function must keep and swaps stack pointers, about 3 ns;
// elsewhere ucontext does, which takes ten times longer because it also saves the signal mask.
#if defined(__x86_64__) && !defined(ST_UCONTEXT)
#define ST_FAST_SWITCH
#endif
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#ifndef ST_FAST_SWITCH
#include <ucontext.h>
#endif

namespace st_shim {

enum : unsigned long { STACK_BYTES = 256 << 10 };

struct Fiber {
  char *stack;  // lowest address of its memory, which begins with a guard page
  Fiber *next_free;
  unsigned number;
#ifdef ST_FAST_SWITCH
  void *top;  // saved stack pointer
#else
  ucontext_t context;
#endif
};

#ifdef ST_FAST_SWITCH

#ifdef __clang__
#define ST_OPAQUE __attribute__((naked, noinline))
#else
#define ST_OPAQUE __attribute__((naked, noinline, noipa))  // no guessing which registers it leaves alone
#endif

ST_OPAQUE static void switch_stacks(void **, void *) {
  __asm__(
      "pushq %rbp\n\tpushq %rbx\n\tpushq %r12\n\tpushq %r13\n\tpushq %r14\n\tpushq %r15\n\t"
      "movq %rsp, (%rdi)\n\tmovq %rsi, %rsp\n\t"
      "popq %r15\n\tpopq %r14\n\tpopq %r13\n\tpopq %r12\n\tpopq %rbx\n\tpopq %rbp\n\t"
      "ret");
}

static void switch_fiber(Fiber *from, Fiber *to) { switch_stacks(&from->top, to->top); }

static void prepare_fiber(Fiber *fiber, void (*entry)()) {
  // Tops of stacks lie at different places of a page, or all fibers would compete for the same cache lines.
  unsigned long top = (unsigned long)(fiber->stack + STACK_BYTES) - (fiber->number & 31) * 128;
  void **slot = (void **)(top & ~15ul);
  *--slot = nullptr;         // where `entry` would return to: keeps the alignment of a call
  *--slot = (void *)entry;   // popped by `ret`
  slot -= 6;                 // the registers, whatever they hold
  fiber->top = slot;
}

#else

static void switch_fiber(Fiber *from, Fiber *to) { swapcontext(&from->context, &to->context); }

static void prepare_fiber(Fiber *fiber, void (*entry)()) {
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = STACK_BYTES;
  fiber->context.uc_link = nullptr;
  makecontext(&fiber->context, entry, 0);
}

#endif

// Stacks are made when a block first needs so many, and kept.
static Fiber *new_fiber(unsigned number) {
  void *stack = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (stack == MAP_FAILED) return nullptr;
  mprotect(stack, (unsigned long)sysconf(_SC_PAGESIZE), PROT_NONE);
  Fiber *fiber = (Fiber *)__builtin_calloc(1, sizeof(Fiber));
  if (!fiber) {
    munmap(stack, STACK_BYTES);
    return nullptr;
  }
  fiber->stack = (char *)stack;
  fiber->number = number;
  return fiber;
}

}  // namespace st_shim
