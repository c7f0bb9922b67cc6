/* Ctrl-C while native code runs without the GIL.
 *
 * Python runs its signal handlers between bytecodes of the main thread, so a long native call would swallow Ctrl-C.
 * While the main thread is in such a call, SIGINT also sets the stop flag of the call; then it goes on to the handler
 * that was there before (Python's own, which remembers that a KeyboardInterrupt is due).
 */
#include "native.h"

#include <pthread.h>
#include <signal.h>

static unsigned long main_thread = 0;
static Call *volatile innermost = NULL; /* calls of the main thread that wait for SIGINT; changed there only */
static struct sigaction previous;

static void on_interrupt(int number, siginfo_t *info, void *context) {
  for (Call *call = innermost; call; call = call->watched_outer) call->stop = 1;
  if (previous.sa_flags & SA_SIGINFO) previous.sa_sigaction(number, info, context);
  else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) previous.sa_handler(number);
}

/* One system call here and one to restore: about 0.3 us in all, so this is for long calls only. */
static int install(void) {
  struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK, .sa_sigaction = on_interrupt};
  sigemptyset(&action.sa_mask);
  if (sigaction(SIGINT, &action, &previous) != 0) return 0;
  if ((previous.sa_flags & SA_SIGINFO) || (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN)) return 1;
  sigaction(SIGINT, &previous, NULL); /* who asked for the system's default, or to ignore it, gets exactly that */
  return 0;
}

void interrupt_watch(Call *call) {
  call->stop = 0;
  call->watched = 0;
  if (PyThread_get_thread_ident() != main_thread) return;
  Call *outer = innermost;
  call->watched_outer = outer;
  innermost = call;
  if (!outer && !install()) {
    innermost = NULL;
    return;
  }
  call->watched = 1;
}

void interrupt_unwatch(Call *call) {
  if (!call->watched) return;
  call->watched = 0;
  if (!call->watched_outer) sigaction(SIGINT, &previous, NULL);
  innermost = call->watched_outer;
}

/* The thread that forks is the main thread of the child. */
static void after_fork_in_child(void) { main_thread = PyThread_get_thread_ident(); }

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
