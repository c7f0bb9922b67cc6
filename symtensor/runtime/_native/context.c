/* The state of one call, and the three callbacks that native code sees as st_ctx.
 *
 * A function keeps the contexts of finished calls, so the usual call allocates nothing; a call that starts while
 * another runs (a second thread, a callback) takes a second context.
 */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* Releasing the GIL, hearing Ctrl-C meanwhile and retaking it costs 0.4 us here if nobody contends, and up to 5 ms (the
 * switch interval) once another thread is busy in Python.  x + 1 over 256 kB takes ~15 us: there it begins to pay. */
const int64_t GIL_RELEASE_BYTES = 256 << 10;

/* Contexts kept for a function between calls; more exist only while more calls run at once. */
enum { MAXIMUM_IDLE = 8 };

/* Scratch slots are numbered by the code generator; a number beyond this is a defect, not a request. */
enum { MAXIMUM_SLOTS = 1 << 20 };

/* Runs without the GIL, too: it touches nothing but the call. */
static void *arena(st_ctx *ctx, int64_t slot, int64_t bytes) {
  Call *call = (Call *)ctx;
  if (slot >= call->scratch_count) {
    int64_t count = slot + 1 > 2 * call->scratch_count ? slot + 1 : 2 * call->scratch_count;
    Scratch *grown = slot < MAXIMUM_SLOTS ? realloc(call->scratch, (size_t)count * sizeof(Scratch)) : NULL;
    if (!grown) goto out_of_memory;
    memset(grown + call->scratch_count, 0, (size_t)(count - call->scratch_count) * sizeof(Scratch));
    call->scratch = grown;
    call->scratch_count = count;
  }
  Scratch *scratch = &call->scratch[slot];
  if (scratch->data && scratch->bytes >= bytes) return scratch->data;
  memory_free(scratch->data); /* before asking for more: contents need not survive */
  call->scratch_bytes -= scratch->bytes;
  scratch->bytes = 0;
  scratch->data = memory_allocate(bytes);
  if (!scratch->data) goto out_of_memory;
  scratch->bytes = bytes;
  call->scratch_bytes += bytes;
  return scratch->data;

out_of_memory:
  ctx->error = (st_error){.code = ERROR_MEMORY, .site = -1, .step = -1, .value = {bytes}};
  return NULL;
}

/* Needs the GIL.  Puts the array for output k into the call. */
static PyArrayObject *take_output(Call *call, int64_t k, const int64_t *sizes) {
  Output *output = &call->function->outputs[k];
  PyArrayObject *array = NULL;
  if (!call->out || out_check_shape(call, k, sizes) == 0)
    array = call->direct[k] ? (PyArrayObject *)Py_NewRef((PyObject *)call->direct[k]) : outputs_take(output, sizes);
  if (!array) {
    call->raised = 1;
    call->abi.error.code = PyErr_ExceptionMatches(PyExc_MemoryError) ? ERROR_MEMORY : ERROR_SIZE;
    return NULL;
  }
  if (call->outputs[k]) outputs_give_back(output, call->outputs[k]);
  call->outputs[k] = array;
  return array;
}

static int same_sizes(PyArrayObject *array, const int64_t *sizes) {
  for (int axis = 0; axis < PyArray_NDIM(array); axis++)
    if (PyArray_DIM(array, axis) != sizes[axis]) return 0;
  return 1;
}

static void *output(st_ctx *ctx, int64_t k, const int64_t *sizes) {
  Call *call = (Call *)ctx;
  if (!call->thread) {
    PyArrayObject *array = take_output(call, k, sizes);
    if (!array) return NULL;
    /* A large result of small arguments is real work after all: from here on without the GIL. */
    if (PyArray_NBYTES(array) > GIL_RELEASE_BYTES) call_release_gil(call);
    return PyArray_DATA(array);
  }
  PyArrayObject *array = call->prepared[k];
  if (array && same_sizes(array, sizes)) { /* no reference changes hands, so no GIL is needed */
    call->prepared[k] = NULL;
    call->outputs[k] = array;
    return PyArray_DATA(array);
  }
  PyEval_RestoreThread(call->thread);
  array = take_output(call, k, sizes);
  call->thread = PyEval_SaveThread();
  return array ? PyArray_DATA(array) : NULL;
}

/* The Python side reads the buffers itself: `fail.host(number, address of buffers, address of sizes)`. */
static int host(st_ctx *ctx, int64_t number, void *const *buffers, const int64_t *sizes) {
  Call *call = (Call *)ctx;
  PyThreadState *released = call->thread;
  if (released) PyEval_RestoreThread(released);
  PyObject *answer = PyObject_CallMethod(call->function->fail, "host", "LKK", (long long)number,
                                         (unsigned long long)(uintptr_t)buffers, (unsigned long long)(uintptr_t)sizes);
  if (!answer) call->raised = 1;
  Py_XDECREF(answer);
  if (released) call->thread = PyEval_SaveThread();
  return call->raised;
}

void call_release_gil(Call *call) {
  interrupt_watch(call);
  call->thread = PyEval_SaveThread();
}

void call_retake_gil(Call *call) {
  PyEval_RestoreThread(call->thread);
  call->thread = NULL;
  interrupt_unwatch(call);
}

/* Before a call without the GIL: if the layout is that of the last one, so are, most likely, the sizes of the outputs;
 * taken now, they save the native code from waiting for the GIL in the middle. */
void call_prepare_outputs(Call *call) {
  Function *function = call->function;
  size_t layout_bytes = (size_t)function->layout_length * sizeof(int64_t);
  if (call->out || !call->last_is_valid || memcmp(call->layout, call->last_layout, layout_bytes)) return;
  for (int64_t k = 0; k < function->output_count; k++) {
    if (function->outputs[k].in_place) continue;
    call->prepared[k] = outputs_take(&function->outputs[k], call->output_sizes + function->outputs[k].sizes_offset);
    if (!call->prepared[k]) PyErr_Clear(); /* native code will ask again, and report it */
  }
}

/* After a successful call without the GIL. */
void call_remember_outputs(Call *call) {
  Function *function = call->function;
  memcpy(call->last_layout, call->layout, (size_t)function->layout_length * sizeof(int64_t));
  call->last_is_valid = 1;
  for (int64_t k = 0; k < function->output_count; k++) {
    const Output *output = &function->outputs[k];
    if (call->prepared[k]) call->last_is_valid = 0; /* sizes that depend on values: do not guess again */
    if (output->in_place || !call->outputs[k]) continue;
    for (int axis = 0; axis < output->ndim; axis++)
      call->output_sizes[output->sizes_offset + axis] = PyArray_DIM(call->outputs[k], axis);
  }
}

void call_drop_prepared(Call *call) {
  for (int64_t k = 0; k < call->function->output_count; k++) {
    PyArrayObject *array = call->prepared[k];
    call->prepared[k] = NULL;
    if (array) outputs_give_back(&call->function->outputs[k], array);
  }
}

static Call *call_new(Function *function) {
  size_t arguments = (size_t)function->argument_count, outputs = (size_t)function->output_count;
  size_t layout = (size_t)function->layout_length, sizes = (size_t)function->output_sizes_length;
  size_t bytes = sizeof(Call) + arguments * (2 * sizeof(void *) + sizeof(Scalar) + sizeof(Scratch)) + outputs * 3 * sizeof(void *) +
                 (2 * layout + sizes) * sizeof(int64_t);
  Call *call = calloc(1, bytes);
  if (!call) {
    PyErr_NoMemory();
    return NULL;
  }
  char *rest = (char *)(call + 1); /* every part is a multiple of 8 bytes long */
  call->pointers = (void **)rest, rest += arguments * sizeof(void *);
  call->scalars = (Scalar *)rest, rest += arguments * sizeof(Scalar);
  call->packed = (Scratch *)rest, rest += arguments * sizeof(Scratch);
  call->outputs = (PyArrayObject **)rest, rest += outputs * sizeof(void *);
  call->prepared = (PyArrayObject **)rest, rest += outputs * sizeof(void *);
  call->direct = (PyArrayObject **)rest, rest += outputs * sizeof(void *);
  call->given_inputs = (PyObject **)rest, rest += arguments * sizeof(void *);
  call->layout = (int64_t *)rest, rest += layout * sizeof(int64_t);
  call->last_layout = (int64_t *)rest, rest += layout * sizeof(int64_t);
  call->output_sizes = (int64_t *)rest;
  call->function = function;
  call->abi.arena = arena;
  call->abi.output = output;
  call->abi.parallel = pool_parallel;
  call->abi.host = host;
  call->abi.stop = &call->stop;
  call->abi.library = function->library;
  call->abi.kernels = function->kernels;
  call->abi.device = function->device;
  for (int64_t i = function->input_count + function->shared_count; i < function->argument_count; i++) {
    int64_t ignored = 0;
    const Argument *constant = &function->arguments[i];
    arguments_bind_array(constant, (PyArrayObject *)constant->value, call, &ignored);
  }
  return call;
}

Call *call_acquire(Function *function) {
  Call *call = function->idle;
  if (call) {
    function->idle = call->next;
    function->idle_count--;
  } else {
    call = call_new(function);
    if (!call) return NULL;
  }
  int64_t workers = pool_workers();
  call->abi.workers = function->threads > 0 && function->threads < workers ? function->threads : workers;
  call->stop = 0;
  call->abi.stop = &call->stop; /* an entry that has begun to write in place stops looking at it */
  call->raised = 0;
  call->abi.error.code = 0;
  call->abi.error.step = -1;
  return call;
}

/* The context must hold no arrays any more. */
void call_release(Call *call) {
  Function *function = call->function;
  if (function->idle_count >= MAXIMUM_IDLE) {
    call_free(call);
    return;
  }
  call->next = function->idle;
  function->idle = call;
  function->idle_count++;
  int64_t change = call->scratch_bytes - call->retained;
  if (change) {
    call->retained = call->scratch_bytes;
    memory_retain(change);
  }
}

void call_free(Call *call) {
  memory_retain(-call->retained);
  for (int64_t slot = 0; slot < call->scratch_count; slot++) memory_free(call->scratch[slot].data);
  for (int64_t i = 0; i < call->function->input_count; i++) memory_free(call->packed[i].data);
  free(call->scratch);
  free(call);
}
