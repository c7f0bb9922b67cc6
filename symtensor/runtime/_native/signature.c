/* A Signature (see signature.py) turned into the tables that a call works with.
 *
 * Read once, when a Function is made; whatever does not fit together is refused here, so that a call need not look.
 */
#include "native.h"

#include <stdlib.h>
#include <string.h>

static int64_t read_integer(PyObject *object, const char *attribute) {
  PyObject *value = PyObject_GetAttrString(object, attribute);
  if (!value) return -1;
  int64_t result = PyLong_AsLongLong(value);
  Py_DECREF(value);
  return result;
}

static int read_flag(PyObject *object, const char *attribute) {
  PyObject *value = PyObject_GetAttrString(object, attribute);
  if (!value) return -1;
  int result = PyObject_IsTrue(value);
  Py_DECREF(value);
  return result;
}

/* The place of a string attribute in a NULL-terminated list of words; -1 with an exception set. */
static int read_word(PyObject *object, const char *attribute, const char *const *words) {
  PyObject *value = PyObject_GetAttrString(object, attribute);
  const char *text = value ? PyUnicode_AsUTF8(value) : NULL;
  int found = -1;
  for (int i = 0; text && words[i] && found < 0; i++)
    if (strcmp(text, words[i]) == 0) found = i;
  if (text && found < 0) PyErr_Format(PyExc_ValueError, "signature: %s cannot be %R", attribute, value);
  Py_XDECREF(value);
  return found;
}

/* NumPy's own object for the dtype, so that the usual array is recognised by address. */
static PyArray_Descr *read_descr(PyObject *object) {
  PyObject *value = PyObject_GetAttrString(object, "dtype");
  if (!value) return NULL;
  PyArray_Descr *descr = NULL;
  if (PyArray_DescrCheck(value) && PyTypeNum_ISNUMBER(((PyArray_Descr *)value)->type_num))
    descr = PyArray_DescrFromType(((PyArray_Descr *)value)->type_num);
  else
    PyErr_Format(PyExc_TypeError, "signature: native code has no dtype %R", value);
  Py_DECREF(value);
  return descr;
}

static int read_ndim(PyObject *object) {
  int64_t ndim = read_integer(object, "ndim");
  if (ndim >= 0 && ndim <= NPY_MAXDIMS) return (int)ndim;
  if (!PyErr_Occurred()) PyErr_Format(PyExc_ValueError, "signature: rank %lld", (long long)ndim);
  return -1;
}

static int read_sizes(Argument *argument, PyObject *object) {
  PyObject *attribute = PyObject_GetAttrString(object, "sizes");
  PyObject *sizes = attribute ? PySequence_Fast(attribute, "signature: sizes must be a tuple") : NULL;
  int status = -1;
  Py_XDECREF(attribute);
  if (!sizes) return -1;
  if (PySequence_Fast_GET_SIZE(sizes) != argument->ndim) {
    PyErr_SetString(PyExc_ValueError, "signature: one size (or None) is needed for each axis");
    goto done;
  }
  argument->sizes = calloc((size_t)argument->ndim + 1, sizeof(int64_t));
  if (!argument->sizes) {
    PyErr_NoMemory();
    goto done;
  }
  for (int axis = 0; axis < argument->ndim; axis++) {
    PyObject *size = PySequence_Fast_GET_ITEM(sizes, axis);
    argument->sizes[axis] = size == Py_None ? -1 : PyLong_AsLongLong(size);
    if (PyErr_Occurred()) goto done;
  }
  status = 0;
done:
  Py_DECREF(sizes);
  return status;
}

static ArgumentKind kind_of(PyObject *object) {
  static const char *const words[] = {"input", "shared", "constant", NULL};
  return (ArgumentKind)read_word(object, "kind", words);
}

static int read_argument(Argument *argument, PyObject *object, ArgumentKind kind) {
  argument->kind = kind;
  argument->descr = read_descr(object);
  if (!argument->descr) return -1;
  argument->itemsize = PyDataType_ELSIZE(argument->descr);
  argument->ndim = read_ndim(object);
  if (argument->ndim < 0 || read_sizes(argument, object) < 0) return -1;
  argument->name = PyObject_GetAttrString(object, "name");
  if (!argument->name) return -1;
  if (kind == INPUT) {
    if (argument->ndim == 0 && argument->descr->type_num == NPY_DOUBLE) argument->scalar = SCALAR_FLOAT64;
    if (argument->ndim == 0 && argument->descr->type_num == NPY_INT64) argument->scalar = SCALAR_INT64;
    return 0;
  }
  argument->value = PyObject_GetAttrString(object, "value");
  if (!argument->value) return -1;
  if (kind == SHARED && Py_TYPE(argument->value) != &Container_Type) {
    PyErr_Format(PyExc_TypeError, "signature: shared argument %R needs a Container", argument->name);
    return -1;
  }
  if (kind == CONSTANT && !PyArray_CheckExact(argument->value)) {
    PyErr_Format(PyExc_TypeError, "signature: constant argument %R needs a numpy.ndarray", argument->name);
    return -1;
  }
  return 0;
}

/* Fills function->arguments: inputs, then shared variables, then constants; positions are those of the signature. */
static int read_arguments(Function *function, PyObject *arguments) {
  Py_ssize_t count = PyTuple_GET_SIZE(arguments);
  function->arguments = calloc((size_t)count + 1, sizeof(Argument));
  function->locks = calloc((size_t)count + 1, sizeof(Container *));
  if (!function->arguments || !function->locks) {
    PyErr_NoMemory();
    return -1;
  }
  int64_t *offsets = calloc((size_t)count + 1, sizeof(int64_t));
  if (!offsets) {
    PyErr_NoMemory();
    return -1;
  }
  int status = -1;
  for (Py_ssize_t i = 0; i < count; i++) {
    int ndim = read_ndim(PyTuple_GET_ITEM(arguments, i));
    if (ndim < 0) goto done;
    offsets[i + 1] = offsets[i] + 2 * ndim;
  }
  function->layout_length = offsets[count];
  for (ArgumentKind kind = INPUT; kind <= CONSTANT; kind++) {
    for (Py_ssize_t i = 0; i < count; i++) {
      PyObject *object = PyTuple_GET_ITEM(arguments, i);
      ArgumentKind found = kind_of(object);
      if (PyErr_Occurred()) goto done;
      if (found != kind) continue;
      Argument *argument = &function->arguments[function->argument_count++];
      argument->position = i;
      argument->offset = offsets[i];
      if (read_argument(argument, object, kind) < 0) goto done;
      function->input_count += kind == INPUT;
      function->shared_count += kind == SHARED;
    }
  }
  status = 0;
done:
  free(offsets);
  return status;
}

/* Containers sorted by serial, each once; constants checked with the same code that reads inputs. */
static int check_values(Function *function) {
  for (int64_t i = function->input_count; i < function->argument_count; i++) {
    const Argument *argument = &function->arguments[i];
    PyArrayObject *array = argument->kind == SHARED ? ((Container *)argument->value)->array
                                                    : (PyArrayObject *)argument->value;
    if (argument->ndim != PyArray_NDIM(array) || !PyArray_EquivTypes(argument->descr, PyArray_DESCR(array)))
      return arguments_shared_misfit(argument, array);
    if (argument->kind == CONSTANT) {
      if (!PyArray_ISCARRAY_RO(array)) return arguments_shared_misfit(argument, array);
      for (int axis = 0; axis < argument->ndim; axis++)
        if (argument->sizes[axis] >= 0 && argument->sizes[axis] != PyArray_DIM(array, axis))
          return arguments_shared_misfit(argument, array);
      function->constant_bytes += PyArray_NBYTES(array);
      continue;
    }
    Container *container = (Container *)argument->value;
    int64_t place = function->lock_count;
    while (place > 0 && function->locks[place - 1]->serial > container->serial) place--;
    if (place > 0 && function->locks[place - 1] == container) continue;
    memmove(function->locks + place + 1, function->locks + place,
            (size_t)(function->lock_count - place) * sizeof(Container *));
    function->locks[place] = container;
    function->lock_count++;
  }
  return 0;
}

static Argument *argument_at(Function *function, int64_t position) {
  for (int64_t i = 0; i < function->argument_count; i++)
    if (function->arguments[i].position == position) return &function->arguments[i];
  return NULL;
}

static int read_output(Function *function, Output *output, PyObject *object) {
  static const char *const words[] = {"result", "update", NULL};
  output->descr = read_descr(object);
  if (!output->descr) return -1;
  output->itemsize = PyDataType_ELSIZE(output->descr);
  output->ndim = read_ndim(object);
  int kind = output->ndim < 0 ? -1 : read_word(object, "kind", words);
  int in_place = kind < 0 ? -1 : read_flag(object, "in_place");
  if (in_place < 0) return -1;
  output->sizes_offset = function->output_sizes_length;
  function->output_sizes_length += output->ndim;
  if (kind == 0) {
    if (function->result_count != output - function->outputs) {
      PyErr_SetString(PyExc_ValueError, "signature: results come before updates");
      return -1;
    }
    function->result_count++;
    return 0;
  }
  Argument *target = argument_at(function, read_integer(object, "target"));
  if (PyErr_Occurred()) return -1;
  if (!target || target->kind != SHARED || target->ndim != output->ndim ||
      !PyArray_EquivTypes(target->descr, output->descr)) {
    PyErr_SetString(PyExc_ValueError,
                    "signature: an update needs a shared variable of the same dtype and rank as target");
    return -1;
  }
  output->target = target;
  output->in_place = in_place;
  function->in_place_count += in_place;
  return 0;
}

static int read_outputs(Function *function, PyObject *outputs) {
  Py_ssize_t count = PyTuple_GET_SIZE(outputs);
  function->outputs = calloc((size_t)count + 1, sizeof(Output));
  if (!function->outputs) {
    PyErr_NoMemory();
    return -1;
  }
  for (Py_ssize_t k = 0; k < count; k++) {
    function->output_count++; /* counted first, so that dealloc sees a half-read one */
    if (read_output(function, &function->outputs[k], PyTuple_GET_ITEM(outputs, k)) < 0) return -1;
  }
  return 0;
}

int signature_read(Function *function, PyObject *signature) {
  static const char *const words[] = {"single", "list", "tuple", NULL};
  PyObject *arguments = PyObject_GetAttrString(signature, "arguments");
  PyObject *outputs = arguments ? PyObject_GetAttrString(signature, "outputs") : NULL;
  int status = -1;
  if (!outputs) goto done;
  if (!PyTuple_Check(arguments) || !PyTuple_Check(outputs)) {
    PyErr_SetString(PyExc_TypeError, "signature: arguments and outputs must be tuples");
    goto done;
  }
  int structure = read_word(signature, "structure", words);
  function->long_running = structure < 0 ? -1 : read_flag(signature, "long_running");
  if (function->long_running < 0) goto done;
  function->structure = (Structure)structure;
  if (read_arguments(function, arguments) < 0 || check_values(function) < 0) goto done;
  if (read_outputs(function, outputs) < 0) goto done;
  if (function->structure == SINGLE && function->result_count > 1) {
    PyErr_SetString(PyExc_ValueError, "signature: structure 'single' has one result");
    goto done;
  }
  status = 0;
done:
  Py_XDECREF(arguments);
  Py_XDECREF(outputs);
  return status;
}
