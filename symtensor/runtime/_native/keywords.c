/* Arguments by name, put in the order of the inputs without a dictionary in between. */
#include "native.h"

/* Place of an input by name; -1 if there is none, or more than one. */
static int64_t input_named(const Function *function, PyObject *name) {
  int64_t found = -1;
  for (int64_t i = 0; i < function->input_count; i++) {
    PyObject *own = function->arguments[i].name;
    if (own != name && PyUnicode_Compare(own, name) != 0) continue;
    if (found >= 0) return -1;
    found = i;
  }
  return found;
}

/* The inputs in their order; NULL, without an exception, where Python's layer must look: something is missing, given
 * twice, or has no such name.  `out`, where no input has that name, is handed back apart. */
PyObject *const *keywords_bind(Call *call, PyObject *const *args, Py_ssize_t count, PyObject *names, PyObject **out) {
  const Function *function = call->function;
  Py_ssize_t named = PyTuple_GET_SIZE(names);
  *out = NULL;
  for (int64_t i = 0; i < function->input_count; i++) call->given_inputs[i] = i < count ? args[i] : NULL;
  int complete = count <= function->input_count;
  for (Py_ssize_t k = 0; k < named; k++) {
    PyObject *name = PyTuple_GET_ITEM(names, k);
    int64_t place = input_named(function, name);
    if (place < 0 && PyUnicode_CompareWithASCIIString(name, "out") == 0) {
      *out = args[count + k];
    } else if (place < 0 || call->given_inputs[place]) {
      complete = 0;
    } else {
      call->given_inputs[place] = args[count + k];
    }
  }
  for (int64_t i = 0; complete && i < function->input_count; i++) complete = call->given_inputs[i] != NULL;
  return complete ? call->given_inputs : NULL;
}
