/* a * b + c and a - c as a Python extension, both results from a pool: see py_plus_one.c. */
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>

static PyArrayObject *pooled[2];

static double *result(int number, npy_intp n) {
  PyArrayObject *old = pooled[number];
  if (!old || Py_REFCNT(old) != 1 || PyArray_DIM(old, 0) != n) {
    Py_XDECREF(old);
    pooled[number] = (PyArrayObject *)PyArray_EMPTY(1, &n, NPY_DOUBLE, 0);
  }
  return pooled[number] ? PyArray_DATA(pooled[number]) : NULL;
}

static PyObject *three_two(PyObject *module, PyObject *const *arguments, Py_ssize_t count) {
  (void)module;
  if (count != 3) return PyErr_Format(PyExc_TypeError, "three arrays, please");
  npy_intp n = -1;
  for (int i = 0; i < 3; i++) {
    PyArrayObject *x = (PyArrayObject *)arguments[i];
    if (!PyArray_CheckExact(arguments[i]) || PyArray_TYPE(x) != NPY_DOUBLE || PyArray_NDIM(x) != 1 ||
        !PyArray_IS_C_CONTIGUOUS(x) || (n >= 0 && PyArray_DIM(x, 0) != n))
      return PyErr_Format(PyExc_TypeError, "contiguous vectors of float64 of one length, please");
    n = PyArray_DIM(x, 0);
  }
  const double *restrict a = PyArray_DATA((PyArrayObject *)arguments[0]);
  const double *restrict b = PyArray_DATA((PyArrayObject *)arguments[1]);
  const double *restrict c = PyArray_DATA((PyArrayObject *)arguments[2]);
  double *restrict p = result(0, n), *restrict q = result(1, n);
  if (!p || !q) return NULL;
  for (npy_intp i = 0; i < n; i++) p[i] = a[i] * b[i] + c[i], q[i] = a[i] - c[i];
  return PyTuple_Pack(2, pooled[0], pooled[1]);
}

static PyMethodDef methods[] = {
    {"three_two", (PyCFunction)(void (*)(void))three_two, METH_FASTCALL, "a * b + c, a - c"}, {0}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "py_three_two", .m_size = -1, .m_methods = methods};

PyMODINIT_FUNC PyInit_py_three_two(void) {
  import_array();
  return PyModule_Create(&module);
}
