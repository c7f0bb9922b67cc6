/* Arguments: arrays and scalars checked against the signature and turned into pointers, sizes and strides.
 *
 * "Fits" means that native code can read the memory as it lies: exactly numpy.ndarray, the compiled dtype in native
 * byte order, the compiled rank and static sizes, aligned and row-major.  Nothing is converted here, but inputs that
 * only lie otherwise are packed.
 */
#include "native.h"

enum { READABLE = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED };

/* int64 may be NPY_LONG or NPY_LONGLONG; both are the same to native code. */
static int same_memory_format(PyArray_Descr *given, PyArray_Descr *wanted) {
  if (given->type_num != wanted->type_num) return PyArray_EquivTypes(given, wanted);
  return PyArray_ISNBO(given->byteorder) && PyDataType_ELSIZE(given) == PyDataType_ELSIZE(wanted);
}

int arguments_same_dtype(const Argument *argument, PyArrayObject *array) {
  PyArray_Descr *descr = PyArray_DESCR(array);
  return descr == argument->descr || same_memory_format(descr, argument->descr);
}

int arguments_bind_array(const Argument *argument, PyArrayObject *array, Call *call, int64_t *bytes) {
  if (!arguments_same_dtype(argument, array)) return 0;
  int ndim = argument->ndim;
  if (PyArray_NDIM(array) != ndim || (PyArray_FLAGS(array) & READABLE) != READABLE) return 0;
  const npy_intp *shape = PyArray_DIMS(array);
  int64_t *sizes = call->layout + argument->offset, *strides = sizes + ndim;
  int64_t stride = argument->itemsize;
  /* Strides are computed, not copied: NumPy leaves those of axes of size 1 arbitrary. */
  for (int axis = ndim - 1; axis >= 0; axis--) {
    int64_t size = shape[axis];
    if (argument->sizes[axis] >= 0 && argument->sizes[axis] != size) return 0;
    sizes[axis] = size;
    strides[axis] = stride;
    stride *= size;
  }
  call->pointers[argument->position] = PyArray_DATA(array);
  *bytes += stride;
  return 1;
}

/* A Python number for a rank-0 input, without an array in between; what might lose digits is left to `convert`. */
static int bind_scalar(const Argument *argument, PyObject *object, Call *call, int64_t index) {
  Scalar *scalar = &call->scalars[index];
  int overflow = 0;
  switch (argument->scalar) {
    case SCALAR_FLOAT64:
      if (PyFloat_Check(object)) {
        scalar->float64 = PyFloat_AS_DOUBLE(object);
      } else if (PyLong_CheckExact(object)) {
        int64_t value = PyLong_AsLongLongAndOverflow(object, &overflow);
        if (overflow || value > (int64_t)1 << 53 || value < -((int64_t)1 << 53)) return 0;
        scalar->float64 = (double)value;
      } else {
        return 0;
      }
      break;
    case SCALAR_INT64:
      if (!PyLong_CheckExact(object)) return 0;
      scalar->int64 = PyLong_AsLongLongAndOverflow(object, &overflow);
      if (overflow) return 0;
      break;
    default:
      return 0;
  }
  call->pointers[argument->position] = scalar;
  return 1;
}

int arguments_bind_input(const Argument *argument, PyObject *object, Call *call, int64_t index, int64_t *bytes) {
  if (PyArray_CheckExact(object)) {
    PyArrayObject *array = (PyArrayObject *)object;
    if (arguments_bind_array(argument, array, call, bytes)) return 1;
    return !PyArray_IS_C_CONTIGUOUS(array) && pack_input(argument, array, call, index, bytes);
  }
  return bind_scalar(argument, object, call, index);
}

/* Raise for a shared variable whose array does not fit; no conversion could mend that. */
int arguments_shared_misfit(const Argument *argument, PyArrayObject *array) {
  PyObject *shape = PyObject_GetAttrString((PyObject *)array, "shape");
  PyObject *wanted = PyTuple_New(argument->ndim);
  for (int axis = 0; wanted && axis < argument->ndim; axis++) {
    PyObject *size = argument->sizes[axis] < 0 ? Py_NewRef(Py_None) : PyLong_FromLongLong(argument->sizes[axis]);
    if (!size) Py_CLEAR(wanted);
    else PyTuple_SET_ITEM(wanted, axis, size);
  }
  if (shape && wanted)
    PyErr_Format(PyExc_ValueError,
                 "shared variable %R holds a %S array of shape %S; this function was compiled for %S of shape %S, "
                 "row-major and aligned",
                 argument->name, (PyObject *)PyArray_DESCR(array), shape, (PyObject *)argument->descr, wanted);
  Py_XDECREF(shape);
  Py_XDECREF(wanted);
  return -1;
}

/* All arguments as a tuple of arrays in the order of the signature, for error messages. */
PyObject *arguments_as_arrays(Call *call, PyObject *const *inputs) {
  Function *function = call->function;
  PyObject *result = PyTuple_New(function->argument_count);
  if (!result) return NULL;
  for (int64_t i = 0; i < function->argument_count; i++) {
    const Argument *argument = &function->arguments[i];
    PyObject *array;
    if (argument->kind == INPUT) {
      Py_INCREF(argument->descr);
      array = PyArray_FromAny(inputs[i], argument->descr, 0, 0, 0, NULL);
    } else if (argument->kind == SHARED) {
      array = Py_NewRef((PyObject *)((Container *)argument->value)->array);
    } else {
      array = Py_NewRef(argument->value);
    }
    if (!array) {
      Py_DECREF(result);
      return NULL;
    }
    PyTuple_SET_ITEM(result, argument->position, array);
  }
  return result;
}
