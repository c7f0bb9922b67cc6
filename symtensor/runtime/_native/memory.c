/* Aligned memory, the NumPy handler that frees it, and a bound on what is kept between calls. */
#include "native.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* From this size on NumPy, too, asks for huge pages: fresh 4 KB pages cost more than cheap arithmetic
 * (a chain over 10M float32 took 4-6 ms into huge pages, 11.5 ms into small ones). */
#define HUGE_BYTES ((int64_t)4 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

/* Domain under which NumPy reports its data to tracemalloc. */
#define TRACE_DOMAIN 389047

int64_t memory_retained = 0;
static int64_t retained_limit = 0;
static PyObject *handler_capsule = NULL;

void *memory_allocate(int64_t bytes) {
  void *data = NULL;
  if (bytes < 0 || bytes > PY_SSIZE_T_MAX - 2 * (int64_t)HUGE_PAGE) return NULL;
  size_t size = bytes > ALIGNMENT ? ((size_t)bytes + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1) : ALIGNMENT;
  if (posix_memalign(&data, bytes >= HUGE_BYTES ? HUGE_PAGE : ALIGNMENT, size) != 0) return NULL;
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= HUGE_BYTES) madvise(data, size, MADV_HUGEPAGE); /* advice: a refusal changes nothing */
#endif
  return data;
}

void memory_free(void *data) { free(data); }

static void *handler_malloc(void *context, size_t size) {
  (void)context;
  return size > (size_t)PY_SSIZE_T_MAX ? NULL : memory_allocate((int64_t)size);
}

static void *handler_calloc(void *context, size_t count, size_t size) {
  if (size && count > (size_t)PY_SSIZE_T_MAX / size) return NULL;
  void *data = handler_malloc(context, count * size);
  if (data) memset(data, 0, count * size);
  return data;
}

/* ndarray.resize() by the user: the alignment may be lost, so the pool looks at the address before reuse. */
static void *handler_realloc(void *context, void *data, size_t size) {
  (void)context;
  return realloc(data, size ? size : 1);
}

static void handler_free(void *context, void *data, size_t size) {
  (void)context;
  (void)size;
  free(data);
}

static PyDataMem_Handler handler = {
    "symtensor",
    1,
    {NULL, handler_malloc, handler_calloc, handler_realloc, handler_free},
};

int memory_initialize(void) {
  long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  /* A quarter of the machine: what is idle beyond that is better given back than paged out. */
  retained_limit = pages > 0 && page > 0 ? (int64_t)pages / 4 * page : (int64_t)1 << 30;
  handler_capsule = PyCapsule_New(&handler, "mem_handler", NULL);
  return handler_capsule ? 0 : -1;
}

void memory_retain(int64_t bytes) {
  memory_retained += bytes;
  if (bytes > 0 && memory_retained > retained_limit) trim_all();
}

/* A row-major array that owns 64-byte aligned memory, as if NumPy had allocated it: no base, resizable. */
PyArrayObject *memory_new_array(PyArray_Descr *descr, int ndim, const int64_t *sizes, int64_t bytes) {
  npy_intp shape[NPY_MAXDIMS];
  void *data = memory_allocate(bytes);
  if (!data) {
    PyErr_Format(PyExc_MemoryError, "out of memory: %lld bytes could not be allocated", (long long)bytes);
    return NULL;
  }
  for (int axis = 0; axis < ndim; axis++) shape[axis] = (npy_intp)sizes[axis];
  Py_INCREF(descr);
  PyArrayObject *array = (PyArrayObject *)PyArray_NewFromDescr(&PyArray_Type, descr, ndim, shape, NULL, data,
                                                               NPY_ARRAY_CARRAY, NULL);
  if (!array) {
    free(data);
    return NULL;
  }
  PyArray_ENABLEFLAGS(array, NPY_ARRAY_OWNDATA);
  Py_INCREF(handler_capsule);
  ((PyArrayObject_fields *)array)->mem_handler = handler_capsule;
  PyTraceMalloc_Track(TRACE_DOMAIN, (uintptr_t)data, (size_t)bytes);
  return array;
}
