/* `out=`: results written into arrays of the caller.
 *
 * Native code writes straight into an array that it could have got from the pool as well and that overlaps nothing
 * that the call reads.  Any other array (strided, of another dtype, over an input) is filled from a result of our own
 * once everything has been computed, so an error leaves it as it was.
 */
#include "native.h"

enum { WRITABLE_IN_PLACE = NPY_ARRAY_CARRAY };

static const char *begin_of(PyArrayObject *array) { return PyArray_DATA(array); }

/* Whether a row-major array shares memory with bytes elsewhere. */
static int meets(PyArrayObject *array, const char *begin, int64_t bytes) {
  return bytes > 0 && begin_of(array) < begin + bytes && begin < begin_of(array) + PyArray_NBYTES(array);
}

static int overlaps(const Call *call, int64_t k, PyArrayObject *array) {
  const Function *function = call->function;
  for (int64_t i = 0; i < function->argument_count; i++) {
    const Argument *argument = &function->arguments[i];
    const int64_t *sizes = call->layout + argument->offset;
    int64_t bytes = argument->ndim ? sizes[0] * sizes[argument->ndim] : argument->itemsize;
    if (meets(array, call->pointers[argument->position], bytes)) return 1;
  }
  for (int64_t other = 0; other < k; other++)
    if (call->direct[other] && meets(array, begin_of(call->direct[other]), PyArray_NBYTES(call->direct[other])))
      return 1;
  return 0;
}

static int check(const Output *output, PyObject *object) {
  if (!PyArray_Check(object)) {
    PyErr_Format(PyExc_TypeError, "out must be an array for each result, not %.100s", Py_TYPE(object)->tp_name);
    return -1;
  }
  PyArrayObject *array = (PyArrayObject *)object;
  if (!PyArray_ISWRITEABLE(array)) {
    PyErr_SetString(PyExc_ValueError, "out is a read-only array");
    return -1;
  }
  if (PyArray_NDIM(array) != output->ndim) {
    PyErr_Format(PyExc_ValueError, "out has %d axes, but the result has %d", PyArray_NDIM(array), output->ndim);
    return -1;
  }
  if (!PyArray_CanCastTypeTo(output->descr, PyArray_DESCR(array), NPY_SAME_KIND_CASTING)) {
    PyErr_Format(PyExc_TypeError, "the result is %S, which cannot be cast to %S of out with casting rule 'same_kind'",
                 (PyObject *)output->descr, (PyObject *)PyArray_DESCR(array));
    return -1;
  }
  return 0;
}

/* The array (or None) that `out` holds for result k, borrowed. */
static PyObject *item(PyObject *out, int64_t k) {
  return PyTuple_Check(out) ? PyTuple_GET_ITEM(out, k) : PyList_Check(out) ? PyList_GET_ITEM(out, k) : out;
}

/* Look at `out` before anything is computed; every argument is bound.  Returns -1 with an exception set. */
int out_bind(Call *call, PyObject *out) {
  const Function *function = call->function;
  int several = PyTuple_Check(out) || PyList_Check(out);
  if (several ? Py_SIZE(out) != function->result_count : function->structure != SINGLE || function->result_count != 1) {
    PyErr_Format(PyExc_TypeError, "out must hold an array for each of the %lld results",
                 (long long)function->result_count);
    return -1;
  }
  for (int64_t k = 0; k < function->result_count; k++) {
    PyObject *object = item(out, k);
    if (object == Py_None) continue;
    const Output *output = &function->outputs[k];
    if (check(output, object) < 0) return -1;
    PyArrayObject *array = (PyArrayObject *)object;
    int fits = PyArray_CHKFLAGS(array, WRITABLE_IN_PLACE) && PyArray_DESCR(array) == output->descr;
    if (fits && !overlaps(call, k, array)) call->direct[k] = array;
  }
  call->out = out;
  return 0;
}

/* Forget the arrays of the caller. */
void out_release(Call *call) {
  call->out = NULL;
  for (int64_t k = 0; k < call->function->result_count; k++) call->direct[k] = NULL;
}

static void wrong_shape(PyArrayObject *given, int ndim, const npy_intp *wanted) {
  PyObject *shape = PyObject_GetAttrString((PyObject *)given, "shape");
  PyObject *sizes = PyArray_IntTupleFromIntp(ndim, wanted);
  if (shape && sizes) PyErr_Format(PyExc_ValueError, "out has shape %S, but the result has shape %S", shape, sizes);
  Py_XDECREF(shape);
  Py_XDECREF(sizes);
}

/* Before anything is written: the size of result k, now that it is known, against that of the caller's array. */
int out_check_shape(const Call *call, int64_t k, const int64_t *sizes) {
  if (k >= call->function->result_count) return 0;
  PyArrayObject *array = (PyArrayObject *)item(call->out, k);
  if ((PyObject *)array == Py_None) return 0;
  npy_intp wanted[NPY_MAXDIMS + 1];
  int same = 1;
  for (int axis = 0; axis < PyArray_NDIM(array); axis++) {
    wanted[axis] = sizes[axis];
    same &= PyArray_DIM(array, axis) == sizes[axis];
  }
  if (same) return 0;
  wrong_shape(array, PyArray_NDIM(array), wanted);
  return -1;
}

/* After everything has been computed: results that could not be written in place.  Returns -1 with an exception set. */
int out_copy(Call *call) {
  for (int64_t k = 0; k < call->function->result_count; k++) {
    PyArrayObject *array = (PyArrayObject *)item(call->out, k), *result = call->outputs[k];
    if ((PyObject *)array == Py_None || array == result) continue;
    if (PyArray_CopyInto(array, result) < 0) return -1;
    Py_INCREF(array);
    call->outputs[k] = array;
    Py_DECREF(result);
  }
  return 0;
}
