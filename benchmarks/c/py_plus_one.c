/* x + 1 as a Python extension: what one call costs at least.  The result comes from a pool of one array, used again
 * when nobody else holds it, nor a view of it. */
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

static PyArrayObject *pooled;

static PyObject *plus_one(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  (void)module;
  if (count != 1 || !PyArray_CheckExact(arguments[0])) return PyErr_Format(PyExc_TypeError, "one array, please");
  PyArrayObject *x = (PyArrayObject *)arguments[0];
  if (PyArray_TYPE(x) != NPY_DOUBLE || PyArray_NDIM(x) != 1 || !PyArray_IS_C_CONTIGUOUS(x))
    return PyErr_Format(PyExc_TypeError, "a contiguous vector of float64, please");
  npy_intp n = PyArray_DIM(x, 0);
  if (!pooled || Py_REFCNT(pooled) != 1 || PyArray_DIM(pooled, 0) != n) {
    Py_XDECREF(pooled);
    pooled = (PyArrayObject *)PyArray_EMPTY(1, &n, NPY_DOUBLE, 0);
    if (!pooled) return NULL;
  }
  const double *restrict from = PyArray_DATA(x);
  double *restrict to = PyArray_DATA(pooled);
  if (n < 65536) {
    for (npy_intp i = 0; i < n; i++) to[i] = from[i] + 1.0;
  } else {
#pragma omp parallel for simd schedule(static)
    for (npy_intp i = 0; i < n; i++) to[i] = from[i] + 1.0;
  }
  Py_INCREF(pooled);
  return (PyObject *)pooled;
}

static PyMethodDef methods[] = {{"plus_one", (PyCFunction)(void (*)(void))plus_one, METH_FASTCALL, "x + 1"}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "py_plus_one", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_py_plus_one(void) {
  import_array();
  return PyModule_Create(&module);
}
