/* Bound(address, value, ...): a callable without arguments that calls a C function with these pointers and integers.
 * cffi takes 0.3 us for that, which would hide small kernels.  Pointers and integers pass alike as machine words. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

enum { MOST = 24 };
typedef intptr_t word;

typedef struct Bound {
  PyObject_HEAD vectorcallfunc vectorcall;
  void *function;
  int count;
  word w[MOST];
} Bound;

static PyObject *call(PyObject *self, PyObject *const *arguments, size_t count, PyObject *names) {
  (void)arguments, (void)count, (void)names;
  Bound *b = (Bound *)self;
  const word *w = b->w;
  if (b->count <= 6) {
    ((void (*)(word, word, word, word, word, word))b->function)(w[0], w[1], w[2], w[3], w[4], w[5]);
  } else if (b->count <= 12) {
    ((void (*)(word, word, word, word, word, word, word, word, word, word, word, word))b->function)(
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11]);
  } else {
    ((void (*)(word, word, word, word, word, word, word, word, word, word, word, word, word, word, word, word, word,
               word, word, word, word, word, word, word))b->function)(
        w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13], w[14], w[15], w[16],
        w[17], w[18], w[19], w[20], w[21], w[22], w[23]);
  }
  Py_RETURN_NONE;
}

static PyObject *create(PyTypeObject *type, PyObject *arguments, PyObject *keywords) {
  (void)keywords;
  Py_ssize_t count = PyTuple_GET_SIZE(arguments) - 1;
  if (count < 0 || count > MOST) return PyErr_Format(PyExc_TypeError, "an address and up to %d values", MOST);
  Bound *b = (Bound *)type->tp_alloc(type, 0);
  if (!b) return NULL;
  b->vectorcall = call;
  b->count = (int)count;
  b->function = PyLong_AsVoidPtr(PyTuple_GET_ITEM(arguments, 0));
  for (Py_ssize_t i = 0; i < count; i++) b->w[i] = (word)PyLong_AsLongLong(PyTuple_GET_ITEM(arguments, i + 1));
  if (PyErr_Occurred()) {
    Py_DECREF(b);
    return NULL;
  }
  return (PyObject *)b;
}

static PyMemberDef members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(Bound, vectorcall), READONLY, NULL}, {0}};
static PyTypeObject type = {PyVarObject_HEAD_INIT(NULL, 0).tp_name = "py_bound.Bound",
                            .tp_basicsize = sizeof(Bound),
                            .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL,
                            .tp_vectorcall_offset = offsetof(Bound, vectorcall),
                            .tp_call = PyVectorcall_Call,
                            .tp_members = members,
                            .tp_new = create};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, .m_name = "py_bound", .m_size = -1};

PyMODINIT_FUNC PyInit_py_bound(void) {
  PyObject *m = PyModule_Create(&module);
  return m && !PyModule_AddType(m, &type) ? m : NULL;
}
