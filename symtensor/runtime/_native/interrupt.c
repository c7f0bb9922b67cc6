/* Ctrl-C while native code runs without the GIL.
 *
 * Python runs its signal handlers between bytecodes of the main thread, so a long native call would swallow Ctrl-C.
 * While the main thread is in such a call, SIGINT also sets the stop flag of the call; then it goes on to the handler
 * that was there before (mostly Python's own, which remembers that a KeyboardInterrupt is due).
 *
 * It goes on by putting that handler back and sending the signal again, so that the handler meets what it asked for: one
 * that serves only once, as LLVM's and thus PoCL's, may put back its own predecessor for good.  Whatever it leaves is
 * not touched again: to install a spent handler once more would let the next Ctrl-C end the process.
 */
#include "native.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

static unsigned long main_thread = 0;
static Call *volatile innermost = NULL; /* calls of the main thread that wait for SIGINT; changed there only */
static atomic_int installed = 0;        /* whether ours is the handler, so that `previous` is still to be put back */
static struct sigaction previous;

static void put_back(void) {
  if (atomic_exchange(&installed, 0)) sigaction(SIGINT, &previous, NULL);
}

static void on_interrupt(int number, siginfo_t *info, void *context) {
  int saved = errno;
  for (Call *call = innermost; call; call = call->watched_outer) call->stop = 1;
  atomic_store(&installed, 0);
  sigaction(SIGINT, &previous, NULL);
  raise(number); /* delivered as this handler returns */
  errno = saved;
}

static int is_handled(const struct sigaction *action) {
  return (action->sa_flags & SA_SIGINFO) || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* One system call here and one to restore: about 0.3 us in all, so this is for long calls only. */
static int install(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_sigaction = on_interrupt}, found;
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, &found) != 0) return 0;
  if (!is_handled(&found)) { /* who asked for the system's default, or to ignore it, gets exactly that */
    sigaction(SIGINT, &found, NULL);
    return 0;
  }
  if (!((found.sa_flags & SA_SIGINFO) && found.sa_sigaction == on_interrupt)) previous = found;
  atomic_store(&installed, 1);
  return 1;
}

void interrupt_watch(Call *call) {
  call->stop = 0;
  call->watched = 0;
  if (PyThread_get_thread_ident() != main_thread) return;
  Call *outer = innermost;
  call->watched_outer = outer;
  innermost = call;
  if (!atomic_load(&installed) && !install()) {
    innermost = outer;
    return;
  }
  call->watched = 1;
}

void interrupt_unwatch(Call *call) {
  if (!call->watched) return;
  call->watched = 0;
  if (!call->watched_outer) put_back();
  innermost = call->watched_outer;
}

/* The thread that forks is the main thread of the child, where nobody is in the calls of another one any more. */
static void after_fork_in_child(void) {
  unsigned long here = PyThread_get_thread_ident();
  if (here == main_thread) return;
  main_thread = here;
  innermost = NULL;
  put_back();
}

int interrupt_initialize(void) {
  PyObject *threading = PyImport_ImportModule("threading");
  PyObject *thread = threading ? PyObject_CallMethod(threading, "main_thread", NULL) : NULL;
  PyObject *identity = thread ? PyObject_GetAttrString(thread, "ident") : NULL;
  if (identity) main_thread = PyLong_AsUnsignedLong(identity);
  Py_XDECREF(identity);
  Py_XDECREF(thread);
  Py_XDECREF(threading);
  if (PyErr_Occurred()) return -1;
  return pthread_atfork(NULL, NULL, after_fork_in_child);
}
