/* Container: the value of a shared variable.
 *
 * A call locks every container that it uses, in order of creation, and holds the locks until its updates are
 * swapped in; so two functions that share variables neither mix their updates nor wait for each other in a circle.
 * The lock itself is a field that the GIL protects; a mutex and a condition are touched only when threads contend.
 */
#include "native.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t contention_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t contention_changed = PTHREAD_COND_INITIALIZER;
static uint64_t contention_turn = 0; /* under contention_mutex */
static int64_t fork_epoch = 0;
static int64_t next_serial = 0;

/* Wait, without the GIL, until some container is unlocked; at most 50 ms, so that Ctrl-C is noticed. */
static void wait_for_a_change(void) {
  struct timespec deadline;
  clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_nsec += 50 * 1000 * 1000;
  if (deadline.tv_nsec >= 1000000000) {
    deadline.tv_sec += 1;
    deadline.tv_nsec -= 1000000000;
  }
  pthread_mutex_lock(&contention_mutex);
  uint64_t turn = contention_turn;
  PyThreadState *thread = PyEval_SaveThread(); /* only now: an unlock in between would have gone unseen */
  while (turn == contention_turn)
    if (pthread_cond_timedwait(&contention_changed, &contention_mutex, &deadline) == ETIMEDOUT) break;
  pthread_mutex_unlock(&contention_mutex);
  PyEval_RestoreThread(thread);
}

/* A lock taken by another thread before a fork has no owner in the child. */
static int is_locked(const Container *container) {
  return container->owner != 0 && container->epoch == fork_epoch;
}

int container_lock(Container *container) {
  unsigned long self = PyThread_get_thread_ident();
  while (is_locked(container)) {
    if (container->owner == self) {
      PyErr_SetString(PyExc_RuntimeError,
                      "a shared variable is used by a compiled function that is still running in this thread\n"
                      "  hint: a Python callback inside a compiled function cannot use the shared variables of "
                      "that function");
      return -1;
    }
    container->waiting++;
    wait_for_a_change();
    container->waiting--;
    if (PyErr_CheckSignals() < 0) return -1;
  }
  container->owner = self;
  container->epoch = fork_epoch;
  return 0;
}

void container_unlock(Container *container) {
  container->owner = 0;
  if (container->waiting > 0) {
    pthread_mutex_lock(&contention_mutex);
    contention_turn++;
    pthread_cond_broadcast(&contention_changed);
    pthread_mutex_unlock(&contention_mutex);
  }
}

static void after_fork_in_child(void) {
  fork_epoch++;
  pthread_mutex_init(&contention_mutex, NULL);
  pthread_cond_init(&contention_changed, NULL);
}

int container_initialize(void) { return pthread_atfork(NULL, NULL, after_fork_in_child); }

/* Native code reads the array as it lies: an exact ndarray, native byte order, aligned, row-major. */
static int check_array(PyObject *value) {
  if (!PyArray_CheckExact(value)) {
    PyErr_Format(PyExc_TypeError, "a Container holds a numpy.ndarray, not %.200s", Py_TYPE(value)->tp_name);
    return -1;
  }
  PyArrayObject *array = (PyArrayObject *)value;
  if (PyDataType_REFCHK(PyArray_DESCR(array)) || !PyArray_ISCARRAY(array)) {
    PyErr_SetString(PyExc_ValueError,
                    "a Container holds a writable, aligned, row-major array of numbers in native byte order");
    return -1;
  }
  return 0;
}

static PyObject *container_new(PyTypeObject *type, PyObject *args, PyObject *names) {
  static char *keywords[] = {"array", NULL};
  PyObject *array;
  if (!PyArg_ParseTupleAndKeywords(args, names, "O:Container", keywords, &array) || check_array(array) < 0) return NULL;
  Container *self = (Container *)type->tp_alloc(type, 0);
  if (!self) return NULL;
  Py_INCREF(array);
  self->array = (PyArrayObject *)array;
  self->serial = next_serial++;
  return (PyObject *)self;
}

static void container_dealloc(Container *self) {
  if (self->weak_references) PyObject_ClearWeakRefs((PyObject *)self);
  Py_XDECREF(self->array);
  Py_TYPE(self)->tp_free((PyObject *)self);
}

static PyObject *container_get(Container *self, PyObject *Py_UNUSED(ignored)) {
  if (container_lock(self) < 0) return NULL;
  PyObject *array = (PyObject *)self->array;
  Py_INCREF(array);
  container_unlock(self);
  return array;
}

static PyObject *container_copy(Container *self, PyObject *Py_UNUSED(ignored)) {
  if (container_lock(self) < 0) return NULL;
  PyObject *array = PyArray_NewCopy(self->array, NPY_CORDER);
  container_unlock(self);
  return array;
}

static PyObject *container_set(Container *self, PyObject *value) {
  if (check_array(value) < 0) return NULL;
  PyArrayObject *array = (PyArrayObject *)value;
  if (PyArray_NDIM(array) != PyArray_NDIM(self->array) ||
      !PyArray_EquivTypes(PyArray_DESCR(array), PyArray_DESCR(self->array))) {
    PyErr_Format(PyExc_TypeError, "a Container of %d dimensions and dtype %S cannot take %d dimensions and dtype %S",
                 PyArray_NDIM(self->array), (PyObject *)PyArray_DESCR(self->array), PyArray_NDIM(array),
                 (PyObject *)PyArray_DESCR(array));
    return NULL;
  }
  if (container_lock(self) < 0) return NULL;
  PyObject *old = (PyObject *)self->array;
  Py_INCREF(value);
  self->array = array;
  container_unlock(self);
  Py_DECREF(old);
  Py_RETURN_NONE;
}

static PyObject *container_repr(Container *self) {
  return PyUnicode_FromFormat("<Container %lld, %S, %d dimensions>", (long long)self->serial,
                              (PyObject *)PyArray_DESCR(self->array), PyArray_NDIM(self->array));
}

static PyMethodDef container_methods[] = {
    {"get", (PyCFunction)container_get, METH_NOARGS,
     "get() -> the array itself, once no compiled function is using it.\n\n"
     "A later call that updates the variable in place changes it; copy() is safe."},
    {"copy", (PyCFunction)container_copy, METH_NOARGS, "copy() -> a copy of the array, taken between two calls."},
    {"set", (PyCFunction)container_set, METH_O,
     "set(array): replace the array by one of the same dtype and rank.\n\n"
     "Raises TypeError or ValueError if native code could not read it as it lies."},
    {NULL}};

static PyMemberDef container_members[] = {
    {"serial", T_LONGLONG, offsetof(Container, serial), READONLY, "order of creation, which is the order of locking"},
    {NULL}};

PyTypeObject Container_Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "symtensor.runtime._native.Container",
    .tp_doc = "Container(array): the current value of a shared variable, with the lock that calls hold.",
    .tp_basicsize = sizeof(Container),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = container_new,
    .tp_dealloc = (destructor)container_dealloc,
    .tp_repr = (reprfunc)container_repr,
    .tp_methods = container_methods,
    .tp_members = container_members,
    .tp_weaklistoffset = offsetof(Container, weak_references),
};
