/* One call of a Function, from Python's arguments to its result.
 *
 *   bind inputs -> lock and bind shared variables -> native entry -> result -> swap updates -> unlock
 *
 * Nothing is visible outside before the entry has returned 0, so an error anywhere leaves every shared variable as
 * it was.
 */
#include "native.h"

/* ---- inputs ---- */

static int bind_inputs(Call *call, PyObject *const *inputs, int64_t *bytes) {
  const Function *function = call->function;
  for (int64_t i = 0; i < function->input_count; i++)
    if (!arguments_bind_input(&function->arguments[i], inputs[i], call, i, bytes)) return 0;
  return 1;
}

/* The slow path: the Python layer sorts out keywords, lists, other dtypes, and raises the user's errors. */
static PyObject *convert_inputs(Call *call, PyObject *const *args, Py_ssize_t count, PyObject *names, PyObject *out,
                                int64_t *bytes) {
  const Function *function = call->function;
  PyObject *converted = NULL, *keywords = PyDict_New(), *positional = PyTuple_New(count);
  if (!keywords || !positional) goto done;
  for (Py_ssize_t i = 0; i < count; i++) PyTuple_SET_ITEM(positional, i, Py_NewRef(args[i]));
  for (Py_ssize_t i = 0; names && i < PyTuple_GET_SIZE(names); i++)
    if (args[count + i] != out && PyDict_SetItem(keywords, PyTuple_GET_ITEM(names, i), args[count + i]) < 0) goto done;
  converted = PyObject_CallFunctionObjArgs(function->convert, positional, keywords, NULL);
  if (!converted) goto done;
  if (!PyTuple_CheckExact(converted) || PyTuple_GET_SIZE(converted) != function->input_count) {
    PyErr_Format(PyExc_TypeError, "convert() must return a tuple of %lld arrays", (long long)function->input_count);
    Py_CLEAR(converted);
    goto done;
  }
  *bytes = function->constant_bytes;
  for (int64_t i = 0; i < function->input_count; i++) {
    const Argument *argument = &function->arguments[i];
    PyObject *item = PyTuple_GET_ITEM(converted, i);
    if (arguments_bind_input(argument, item, call, i, bytes)) continue;
    PyErr_Format(PyExc_TypeError,
                 "convert() returned a %.200s for argument %R that is no row-major %S array of rank %d "
                 "with the compiled sizes",
                 Py_TYPE(item)->tp_name, argument->name, (PyObject *)argument->descr, argument->ndim);
    Py_CLEAR(converted);
    goto done;
  }
done:
  Py_XDECREF(keywords);
  Py_XDECREF(positional);
  return converted;
}

/* ---- shared variables ---- */

static void unlock(const Function *function, int64_t count) {
  while (count > 0) container_unlock(function->locks[--count]);
}

static int lock(const Function *function) {
  for (int64_t i = 0; i < function->lock_count; i++) {
    if (container_lock(function->locks[i]) == 0) continue;
    unlock(function, i);
    return -1;
  }
  return 0;
}

static int bind_shared(Call *call, int64_t *bytes) {
  const Function *function = call->function;
  const Argument *argument = function->arguments + function->input_count;
  for (int64_t i = 0; i < function->shared_count; i++, argument++) {
    PyArrayObject *array = ((Container *)argument->value)->array;
    if (!arguments_bind_array(argument, array, call, bytes)) return arguments_shared_misfit(argument, array);
  }
  return 0;
}

static int64_t argument_bytes(const Call *call, const Argument *argument) {
  const int64_t *sizes = call->layout + argument->offset;
  return argument->ndim ? sizes[0] * sizes[argument->ndim] : argument->itemsize;
}

/* An in-place update must not be seen through an input that lies over the same memory: copy such inputs. */
static int separate_inputs(Call *call, PyObject *const *inputs) {
  const Function *function = call->function;
  for (int64_t k = function->result_count; k < function->output_count; k++) {
    const Output *output = &function->outputs[k];
    if (!output->in_place) continue;
    PyArrayObject *target = ((Container *)output->target->value)->array;
    if (!PyArray_ISWRITEABLE(target)) {
      PyErr_Format(PyExc_ValueError, "shared variable %R holds a read-only array, and is updated in place",
                   output->target->name);
      return -1;
    }
    const char *begin = PyArray_DATA(target), *end = begin + argument_bytes(call, output->target);
    for (int64_t i = 0; i < function->input_count; i++) {
      const Argument *argument = &function->arguments[i];
      const char *data = call->pointers[argument->position];
      int64_t bytes = argument_bytes(call, argument), ignored = 0;
      if (data >= end || data + bytes <= begin || bytes == 0) continue;
      PyObject *copy = PyArray_NewCopy((PyArrayObject *)inputs[i], NPY_CORDER);
      if (!copy || (!call->copies && !(call->copies = PyList_New(0))) || PyList_Append(call->copies, copy) < 0) {
        Py_XDECREF(copy);
        return -1;
      }
      arguments_bind_array(argument, (PyArrayObject *)copy, call, &ignored);
      Py_DECREF(copy); /* the list holds it */
    }
  }
  return 0;
}

/* ---- the native part ---- */

static void give_back_arrays(Call *call) {
  Function *function = call->function;
  for (int64_t k = 0; k < function->output_count; k++) {
    PyArrayObject *array = call->outputs[k];
    call->outputs[k] = NULL;
    if (array) outputs_give_back(&function->outputs[k], array);
  }
}

static int enter(Call *call, int64_t bytes) {
  const Function *function = call->function;
  int status;
  if (!function->long_running && bytes <= GIL_RELEASE_BYTES) {
    status = function->entry(&call->abi, call->pointers, call->layout);
    if (call->thread) call_retake_gil(call); /* a large output has released it */
    return status;
  }
  call_prepare_outputs(call);
  call_release_gil(call);
  status = function->entry(&call->abi, call->pointers, call->layout);
  call_retake_gil(call);
  if (status == 0) call_remember_outputs(call);
  call_drop_prepared(call);
  return status;
}

/* Returns 0, 1 if native code reported an error, -1 with an exception set. */
static int execute(Call *call, int64_t bytes) {
  for (;;) {
    int status = enter(call, bytes);
    if (call->raised) return -1;
    if (status == 0) return 0;
    if (!call->stop) return 1;
    if (PyErr_CheckSignals() < 0) return -1;
    if (call->abi.error.code != ERROR_INTERRUPTED) return 1;
    /* The user's own handler took the signal and raised nothing, so he wants to go on; nothing was changed yet. */
    give_back_arrays(call);
    call->stop = 0;
  }
}

/* ---- results ---- */

static int check_outputs(const Call *call) {
  const Function *function = call->function;
  for (int64_t k = 0; k < function->output_count; k++) {
    if (call->outputs[k] || function->outputs[k].in_place) continue;
    PyErr_Format(PyExc_RuntimeError, "native code asked for no storage for output %lld", (long long)k);
    return -1;
  }
  return 0;
}

static PyObject *collect_results(Call *call) {
  const Function *function = call->function;
  PyObject **results = (PyObject **)call->outputs, *collection, **items;
  if (function->structure == SINGLE) {
    if (function->result_count == 0) Py_RETURN_NONE;
    PyObject *result = results[0];
    results[0] = NULL;
    return result;
  }
  if (function->structure == TUPLE) {
    collection = PyTuple_New(function->result_count);
    items = collection ? ((PyTupleObject *)collection)->ob_item : NULL;
  } else {
    collection = PyList_New(function->result_count);
    items = collection ? ((PyListObject *)collection)->ob_item : NULL;
  }
  if (!collection) return NULL;
  for (int64_t k = 0; k < function->result_count; k++) {
    items[k] = results[k];
    results[k] = NULL;
  }
  return collection;
}

/* The old arrays come to lie in call->outputs; they are dropped after unlocking, as that may run Python code. */
static void swap_updates(Call *call) {
  const Function *function = call->function;
  for (int64_t k = function->result_count; k < function->output_count; k++) {
    if (function->outputs[k].in_place) continue;
    Container *container = (Container *)function->outputs[k].target->value;
    PyArrayObject *old = container->array;
    container->array = call->outputs[k];
    call->outputs[k] = old;
  }
}

static void report_failure(const Function *function, const st_error *error, PyObject *arrays) {
  PyObject *answer = PyObject_CallFunction(
      function->fail, "LLL(LLLL)O", (long long)error->code, (long long)error->site, (long long)error->step,
      (long long)error->value[0], (long long)error->value[1], (long long)error->value[2], (long long)error->value[3],
      arrays);
  if (!answer) return;
  Py_DECREF(answer);
  if (error->code == ERROR_MEMORY)
    PyErr_Format(PyExc_MemoryError, "out of memory: %lld bytes could not be allocated", (long long)error->value[0]);
  else
    PyErr_Format(PyExc_RuntimeError, "native code reports error %lld at site %lld", (long long)error->code,
                 (long long)error->site);
}

/* From bound inputs to the result, with every container locked. */
static PyObject *run_locked(Call *call, PyObject *const *inputs, PyObject *out, int64_t bytes,
                            PyObject **failed_arrays) {
  const Function *function = call->function;
  if (function->shared_count && bind_shared(call, &bytes) < 0) return NULL;
  if (out && out_bind(call, out) < 0) return NULL;
  if (function->in_place_count && separate_inputs(call, inputs) < 0) return NULL;
  int status = execute(call, bytes);
  if (status > 0) *failed_arrays = arguments_as_arrays(call, inputs);
  if (status != 0 || check_outputs(call) < 0) return NULL;
  if (out && out_copy(call) < 0) return NULL;
  PyObject *result = collect_results(call);
  if (result && function->output_count > function->result_count) swap_updates(call);
  return result;
}

PyObject *function_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names) {
  Function *function = (Function *)self;
  Py_ssize_t count = PyVectorcall_NARGS(nargsf);
  PyObject *converted = NULL, *result = NULL, *failed_arrays = NULL, *out = NULL;
  int64_t bytes = function->constant_bytes;
  Call *call = call_acquire(function);
  if (!call) return NULL;

  PyObject *const *inputs = args;
  if (names && PyTuple_GET_SIZE(names)) inputs = keywords_bind(call, args, count, names, &out);
  else if (count != function->input_count) inputs = NULL;
  if (!inputs || !bind_inputs(call, inputs, &bytes)) {
    converted = convert_inputs(call, args, count, names, out, &bytes);
    if (!converted) goto done;
    inputs = ((PyTupleObject *)converted)->ob_item;
  }
  if (out == Py_None) out = NULL;
  if (lock(function) == 0) {
    result = run_locked(call, inputs, out, bytes, &failed_arrays);
    unlock(function, function->lock_count);
  }

done:
  if (out) out_release(call);
  if (!result || function->output_count > function->result_count) {
    PyObject *type, *value, *traceback; /* dropping arrays may run code, which must not meet our exception */
    PyErr_Fetch(&type, &value, &traceback);
    give_back_arrays(call);
    Py_CLEAR(call->copies);
    PyErr_Restore(type, value, traceback);
  }
  if (failed_arrays) {
    st_error error = call->abi.error; /* reporting runs Python code, which may call this function again */
    call_release(call);
    report_failure(function, &error, failed_arrays);
    Py_DECREF(failed_arrays);
  } else {
    call_release(call);
  }
  Py_XDECREF(converted);
  return result;
}
