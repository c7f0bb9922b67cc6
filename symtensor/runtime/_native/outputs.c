/* Storage for results and for new values of shared variables.
 *
 * A fresh array costs ~70 ns, or a page fault for each 4 KB; an array that nobody holds any more costs neither.  So
 * each output remembers its last arrays and hands one out again once it is the only one that refers to it.  An array
 * that the caller keeps, a view of it, a memoryview, a DLPack capsule: each holds a reference, and the array is left
 * alone.  (A bare address taken from it does not; NumPy's own rule applies: keep the array alive.)
 */
#include "native.h"

/* Larger arrays are kept twice, smaller four times: twice is what `y = f(x)` in a loop needs. */
#define LARGE_BYTES ((int64_t)64 << 10)

enum {
  REUSABLE_MASK = NPY_ARRAY_CARRAY | NPY_ARRAY_OWNDATA | NPY_ARRAY_WRITEBACKIFCOPY,
  REUSABLE_FLAGS = NPY_ARRAY_CARRAY | NPY_ARRAY_OWNDATA,
};

static inline int is_idle(PyArrayObject *array) {
  return Py_REFCNT(array) == 1 && ((PyArrayObject_fields *)array)->weakreflist == NULL;
}

/* Whether an idle array will do, whatever its last holder did to it (shape, dtype, flags, resize). */
static inline int fits(const Output *output, PyArrayObject *array, const int64_t *sizes) {
  if (PyArray_NDIM(array) != output->ndim || PyArray_DESCR(array) != output->descr) return 0;
  if ((PyArray_FLAGS(array) & REUSABLE_MASK) != REUSABLE_FLAGS || PyArray_BASE(array) != NULL) return 0;
  if ((uintptr_t)PyArray_DATA(array) & (ALIGNMENT - 1)) return 0;
  const npy_intp *shape = PyArray_DIMS(array);
  for (int axis = 0; axis < output->ndim; axis++)
    if (shape[axis] != sizes[axis]) return 0;
  return 1;
}

static int64_t clear_slot(Output *output, int slot) {
  PyArrayObject *array = output->slots[slot];
  if (!array) return 0;
  int64_t bytes = output->slot_bytes[slot];
  output->slots[slot] = NULL;
  memory_retain(-bytes);
  Py_DECREF(array);
  return bytes;
}

/* Remember an array: in an empty slot, else in place of an idle one that did not fit, else of the oldest. */
static void remember(Output *output, PyArrayObject *array, int64_t bytes) {
  int usable = bytes > LARGE_BYTES ? 2 : POOL_SLOTS, slot = -1;
  for (int i = 0; i < usable && slot < 0; i++)
    if (!output->slots[i]) slot = i;
  for (int i = 0; i < usable && slot < 0; i++)
    if (is_idle(output->slots[i])) slot = i;
  if (slot < 0) slot = (int)(output->next_victim++ % (unsigned)usable);
  clear_slot(output, slot);
  Py_INCREF(array);
  output->slots[slot] = array;
  output->slot_bytes[slot] = bytes;
  memory_retain(bytes);
}

/* Bytes of a row-major array, or -1 with an exception set. */
static int64_t row_major_bytes(const Output *output, const int64_t *sizes) {
  int64_t bytes = output->itemsize;
  int empty = 0;
  for (int axis = 0; axis < output->ndim; axis++) {
    if (sizes[axis] < 0) {
      PyErr_Format(PyExc_ValueError, "a result cannot have the negative size %lld on axis %d",
                   (long long)sizes[axis], axis);
      return -1;
    }
    if (sizes[axis] == 0) {
      empty = 1;
    } else if (__builtin_mul_overflow(bytes, sizes[axis], &bytes)) {
      PyErr_SetString(PyExc_MemoryError, "out of memory: a result is larger than the address space");
      return -1;
    }
  }
  return empty ? 0 : bytes;
}

PyArrayObject *outputs_take(Output *output, const int64_t *sizes) {
  for (int slot = 0; slot < POOL_SLOTS; slot++) {
    PyArrayObject *array = output->slots[slot];
    if (!array || !is_idle(array) || !fits(output, array, sizes)) continue;
    if (output->target) { /* becomes the container's own array: the pool gives it away */
      output->slots[slot] = NULL;
      memory_retain(-output->slot_bytes[slot]);
    } else {
      Py_INCREF(array);
    }
    return array;
  }
  int64_t bytes = row_major_bytes(output, sizes);
  if (bytes < 0) return NULL;
  PyArrayObject *array = memory_new_array(output->descr, output->ndim, sizes, bytes);
  if (array && !output->target) remember(output, array, bytes);
  return array;
}

void outputs_give_back(Output *output, PyArrayObject *array) {
  /* Of an update's arrays the pool holds none, so a spare one is remembered here if nobody else wants it. */
  if (output->target && is_idle(array) && (PyArray_FLAGS(array) & REUSABLE_MASK) == REUSABLE_FLAGS) {
    clear_slot(output, 0);
    output->slots[0] = array;
    output->slot_bytes[0] = (int64_t)PyArray_NBYTES(array);
    memory_retain(output->slot_bytes[0]);
    return;
  }
  Py_DECREF(array);
}

int64_t outputs_trim(Output *output) {
  int64_t bytes = 0;
  for (int slot = 0; slot < POOL_SLOTS; slot++) bytes += clear_slot(output, slot);
  return bytes;
}
