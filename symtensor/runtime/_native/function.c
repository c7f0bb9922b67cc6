/* The type Function: made from an entry's address and its Signature, called through call.c. */
#include "native.h"

#include <stdlib.h>

Function *function_registry = NULL;

static int read_addresses(PyObject *addresses, void ***table) {
  PyObject *items = PySequence_Fast(addresses, "library and kernels must be tuples of addresses");
  if (!items) return -1;
  Py_ssize_t count = PySequence_Fast_GET_SIZE(items);
  *table = calloc((size_t)count + 1, sizeof(void *));
  if (!*table) PyErr_NoMemory();
  for (Py_ssize_t i = 0; *table && i < count && !PyErr_Occurred(); i++)
    (*table)[i] = PyLong_AsVoidPtr(PySequence_Fast_GET_ITEM(items, i));
  Py_DECREF(items);
  return PyErr_Occurred() ? -1 : 0;
}

static PyObject *function_new(PyTypeObject *type, PyObject *args, PyObject *names) {
  static char *keywords[] = {"entry_address", "signature", "library", "device", "kernels",
                             "convert",       "fail",      "details", "threads", NULL};
  PyObject *entry, *signature, *library, *device, *kernels, *convert, *fail, *details;
  long long threads = 0;
  if (!PyArg_ParseTupleAndKeywords(args, names, "OOOOOOOO|L:Function", keywords, &entry, &signature, &library, &device,
                                   &kernels, &convert, &fail, &details, &threads))
    return NULL;
  if (threads < 0) return PyErr_Format(PyExc_ValueError, "threads cannot be %lld", threads);
  Function *self = (Function *)type->tp_alloc(type, 0);
  if (!self) return NULL;
  self->vectorcall = function_call;
  self->threads = threads;
  self->entry = (Entry *)PyLong_AsVoidPtr(entry);
  self->device = PyErr_Occurred() ? NULL : PyLong_AsVoidPtr(device);
  if (PyErr_Occurred()) goto failed;
  if (!self->entry) {
    PyErr_SetString(PyExc_ValueError, "entry_address is 0");
    goto failed;
  }
  self->signature = Py_NewRef(signature);
  self->convert = Py_NewRef(convert);
  self->fail = Py_NewRef(fail);
  self->details = Py_NewRef(details);
  if (read_addresses(library, &self->library) < 0 || read_addresses(kernels, &self->kernels) < 0) goto failed;
  if (signature_read(self, signature) < 0) goto failed;
  self->next = function_registry;
  if (self->next) self->next->previous = self;
  function_registry = self;
  return (PyObject *)self;
failed:
  Py_DECREF(self);
  return NULL;
}

static int function_traverse(Function *self, visitproc visit, void *arg) {
  Py_VISIT(self->signature);
  Py_VISIT(self->convert);
  Py_VISIT(self->fail);
  Py_VISIT(self->details);
  return 0;
}

static int function_clear(Function *self) {
  /* Only what can lead back here; the tables stay whole, in case a finaliser calls the function once more. */
  Py_XSETREF(self->details, Py_NewRef(Py_None));
  Py_XSETREF(self->convert, Py_NewRef(Py_None));
  Py_XSETREF(self->fail, Py_NewRef(Py_None));
  return 0;
}

static void function_dealloc(Function *self) {
  PyObject_GC_UnTrack(self);
  if (self->weak_references) PyObject_ClearWeakRefs((PyObject *)self);
  if (self->previous) self->previous->next = self->next;
  if (self->next) self->next->previous = self->previous;
  if (function_registry == self) function_registry = self->next;
  function_trim(self);
  for (int64_t i = 0; i < self->argument_count; i++) {
    Py_XDECREF(self->arguments[i].descr);
    Py_XDECREF(self->arguments[i].name);
    Py_XDECREF(self->arguments[i].value);
    free(self->arguments[i].sizes);
  }
  for (int64_t k = 0; k < self->output_count; k++) Py_XDECREF(self->outputs[k].descr);
  free(self->arguments);
  free(self->outputs);
  free(self->locks);
  free(self->library);
  free(self->kernels);
  Py_XDECREF(self->signature);
  Py_XDECREF(self->convert);
  Py_XDECREF(self->fail);
  Py_XDECREF(self->details);
  Py_TYPE(self)->tp_free((PyObject *)self);
}

/* Give back what this function keeps between calls; returns the bytes. */
int64_t function_trim(Function *function) {
  int64_t bytes = 0;
  while (function->idle) {
    Call *call = function->idle;
    function->idle = call->next;
    function->idle_count--;
    bytes += call->scratch_bytes;
    call_free(call);
  }
  for (int64_t k = 0; k < function->output_count; k++) bytes += outputs_trim(&function->outputs[k]);
  return bytes;
}

int64_t trim_all(void) {
  int64_t bytes = 0;
  Function *function = function_registry;
  Py_XINCREF(function);
  while (function) { /* an array that goes may run a weak reference's callback, so hold on to where we are */
    bytes += function_trim(function);
    Function *next = function->next;
    Py_XINCREF(next);
    Py_DECREF(function);
    function = next;
  }
  return bytes;
}

/* graph, source, explain(), ... live on a Python object, so that this type need not know them. */
static PyObject *function_getattro(PyObject *self, PyObject *name) {
  PyObject *value = PyObject_GenericGetAttr(self, name);
  if (value || !PyErr_ExceptionMatches(PyExc_AttributeError)) return value;
  PyErr_Clear();
  return PyObject_GetAttr(((Function *)self)->details, name);
}

static PyObject *function_repr(Function *self) { return PyObject_Repr(self->details); }

static PyObject *function_dir(PyObject *self, PyObject *Py_UNUSED(ignored)) {
  PyObject *own = PyObject_CallMethod((PyObject *)&PyBaseObject_Type, "__dir__", "O", self);
  PyObject *others = own ? PyObject_Dir(((Function *)self)->details) : NULL;
  PyObject *both = others ? PySequence_InPlaceConcat(own, others) : NULL;
  Py_XDECREF(own);
  Py_XDECREF(others);
  return both;
}

static PyMethodDef function_methods[] = {
    {"__dir__", function_dir, METH_NOARGS, "Attributes of the function and of its details."}, {NULL}};

static PyMemberDef function_members[] = {
    {"details", T_OBJECT, offsetof(Function, details), READONLY, "the object on which other attributes are looked up"},
    {"signature", T_OBJECT, offsetof(Function, signature), READONLY, "symtensor.runtime.signature.Signature"},
    {NULL}};

PyTypeObject Function_Type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "symtensor.runtime._native.Function",
    .tp_doc = "Function(entry_address, signature, library, device, kernels, convert, fail, details, threads=0)\n\n"
              "A compiled function: calls the native entry on its arguments and returns its results.",
    .tp_basicsize = sizeof(Function),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL,
    .tp_new = function_new,
    .tp_dealloc = (destructor)function_dealloc,
    .tp_traverse = (traverseproc)function_traverse,
    .tp_clear = (inquiry)function_clear,
    .tp_call = PyVectorcall_Call,
    .tp_vectorcall_offset = offsetof(Function, vectorcall),
    .tp_getattro = function_getattro,
    .tp_repr = (reprfunc)function_repr,
    .tp_methods = function_methods,
    .tp_members = function_members,
    .tp_weaklistoffset = offsetof(Function, weak_references),
};
