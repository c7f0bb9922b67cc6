/* The module symtensor.runtime._native. */
#define SYMTENSOR_IMPORTS_NUMPY
#include "native.h"

static PyObject *module_trim(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored)) {
  return PyLong_FromLongLong(trim_all());
}

static PyObject *module_retained(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored)) {
  return PyLong_FromLongLong(memory_retained);
}

static PyObject *module_workers(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored)) {
  return PyLong_FromLongLong(pool_workers());
}

static PyObject *module_set_workers(PyObject *Py_UNUSED(module), PyObject *argument) {
  long long workers = PyLong_AsLongLong(argument);
  if (workers == -1 && PyErr_Occurred()) return NULL;
  if (workers < 1 || workers > POOL_MAXIMUM)
    return PyErr_Format(PyExc_ValueError, "the number of workers must lie in 1..%d, not be %lld", POOL_MAXIMUM,
                        workers);
  int status;
  Py_BEGIN_ALLOW_THREADS
  status = pool_set_workers(workers);
  Py_END_ALLOW_THREADS
  if (status < 0) {
    PyErr_SetString(PyExc_RuntimeError, "the number of workers cannot change inside a parallel region");
    return NULL;
  }
  Py_RETURN_NONE;
}

static PyMethodDef module_methods[] = {
    {"trim", module_trim, METH_NOARGS,
     "trim() -> int\n\nGive back the memory that functions keep between calls; returns the number of bytes."},
    {"retained", module_retained, METH_NOARGS, "retained() -> int\n\nBytes that functions keep between calls now."},
    {"workers", module_workers, METH_NOARGS,
     "workers() -> int\n\nThreads that a parallel region may use, the caller included."},
    {"set_workers", module_set_workers, METH_O,
     "set_workers(n)\n\nUse n threads, the caller included.  Waits for a region that is running.\n"
     "Raises ValueError unless 1 <= n <= 1024, RuntimeError inside a parallel region."},
    {NULL}};

static struct PyModuleDef module_definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "symtensor.runtime._native",
    .m_doc = "The prebuilt part of the runtime: dispatch, buffers, shared variables, threads.",
    .m_size = -1,
    .m_methods = module_methods,
};

PyMODINIT_FUNC PyInit__native(void) {
  import_array();
  if (PyType_Ready(&Container_Type) < 0 || PyType_Ready(&Function_Type) < 0) return NULL;
  if (memory_initialize() < 0 || interrupt_initialize() < 0) return NULL;
  if (container_initialize() != 0 || pool_initialize() != 0)
    return PyErr_Format(PyExc_OSError, "the handlers for fork() cannot be installed");
  PyObject *module = PyModule_Create(&module_definition);
  if (!module) return NULL;
  if (PyModule_AddObjectRef(module, "Container", (PyObject *)&Container_Type) < 0 ||
      PyModule_AddObjectRef(module, "Function", (PyObject *)&Function_Type) < 0) {
    Py_DECREF(module);
    return NULL;
  }
  return module;
}
