/* The prebuilt C part of the runtime: what its files share.
 *
 *   module.c     the module `symtensor.runtime._native`: its functions and types
 *   function.c   the type Function
 *   signature.c  a signature turned into C tables
 *   call.c       one call of a Function, from Python's arguments to its result
 *   arguments.c  arrays and scalars checked and turned into pointers, sizes and strides
 *   pack.c       inputs of other strides copied to row-major memory
 *   outputs.c    storage for results: the recycling pool
 *   context.c    the state of one call: re-entrant contexts, scratch memory, the lock of the interpreter
 *   container.c  the type Container: the value of a shared variable, with its lock
 *   pool.c       the thread pool
 *   interrupt.c  Ctrl-C while native code runs
 *   memory.c     aligned memory, NumPy's handler for it, and what is retained between calls
 *
 * The interpreter's lock (GIL) protects every structure here unless its comment says otherwise.
 */
#ifndef SYMTENSOR_NATIVE_H
#define SYMTENSOR_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#define NPY_NO_DEPRECATED_API NPY_1_7_API_VERSION
#define PY_ARRAY_UNIQUE_SYMBOL symtensor_native_array_api
#ifndef SYMTENSOR_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#endif
#include <numpy/arrayobject.h>

#include "../abi.h"

#define ALIGNMENT 64 /* bytes: one cache line, one AVX-512 vector */

/* Codes of symtensor.errors.NATIVE that the runtime itself reports. */
enum { ERROR_MEMORY = 1, ERROR_INTERRUPTED = 2, ERROR_SIZE = 8 };

/* memory.c ------------------------------------------------------------------------------------------------- */
void *memory_allocate(int64_t bytes); /* 64-byte aligned, huge pages where large; NULL if there is none */
void memory_free(void *data);
int memory_initialize(void);
PyArrayObject *memory_new_array(PyArray_Descr *descr, int ndim, const int64_t *sizes, int64_t bytes);

/* Bytes that idle pools and contexts hold; past the limit everything idle is given back. */
extern int64_t memory_retained;
void memory_retain(int64_t bytes);

/* container.c ---------------------------------------------------------------------------------------------- */
typedef struct Container {
  PyObject_HEAD
  PyArrayObject *array;
  PyObject *weak_references;
  int64_t serial;       /* order of creation, which is the order of locking */
  int64_t epoch;        /* process (count of forks) in which `owner` is meaningful */
  unsigned long owner;  /* thread that holds the lock, 0 if none does */
  int waiting;          /* threads that wait for the lock */
} Container;

extern PyTypeObject Container_Type;
int container_lock(Container *container); /* -1 with an exception set */
void container_unlock(Container *container);
int container_initialize(void);

/* function.c, signature.c, arguments.c, pack.c, outputs.c ------------------------------------------------------------ */
typedef enum { INPUT, SHARED, CONSTANT } ArgumentKind;
typedef enum { SCALAR_NONE, SCALAR_FLOAT64, SCALAR_INT64 } ScalarKind;
typedef enum { SINGLE, LIST, TUPLE } Structure;
typedef int Entry(st_ctx *, void **, const int64_t *);

typedef struct Argument {
  PyArray_Descr *descr;
  PyObject *name;
  PyObject *value;   /* Container, constant array, or NULL */
  int64_t *sizes;    /* static sizes, -1 where any size will do */
  int64_t itemsize;
  int64_t position;  /* in the signature, so in the array of pointers */
  int64_t offset;    /* of its sizes and strides in the layout */
  int ndim;
  ArgumentKind kind;
  ScalarKind scalar; /* which Python scalar may stand for a rank-0 input without conversion */
} Argument;

typedef union Scalar {
  double float64;
  int64_t int64;
} Scalar;

enum { POOL_SLOTS = 4 };

typedef struct Output {
  PyArray_Descr *descr;
  int64_t itemsize;
  int64_t sizes_offset;  /* of this output in Call.output_sizes */
  int ndim;
  int in_place;          /* native code writes into the container's own array */
  Argument *target;      /* the shared variable that an update replaces, NULL for a result */
  unsigned next_victim;
  PyArrayObject *slots[POOL_SLOTS];
  int64_t slot_bytes[POOL_SLOTS];
} Output;

typedef struct Call Call;

typedef struct Function {
  PyObject_HEAD
  vectorcallfunc vectorcall;
  Entry *entry;
  Call *idle;            /* contexts that no call uses now */
  Argument *arguments;   /* inputs first, then shared variables, then constants */
  Output *outputs;       /* results first, then updates */
  Container **locks;     /* every container once, in order of creation */
  int64_t input_count, shared_count, argument_count;
  int64_t result_count, output_count;
  int64_t lock_count, in_place_count, idle_count;
  int64_t layout_length, output_sizes_length;
  int64_t constant_bytes;
  int64_t threads;
  int long_running;
  Structure structure;
  void **library;
  void **kernels;
  st_device *device;
  PyObject *signature, *convert, *fail, *details, *weak_references;
  struct Function *previous, *next; /* all living functions, for trim() */
} Function;

extern PyTypeObject Function_Type;
extern Function *function_registry;
PyObject *function_call(PyObject *self, PyObject *const *args, size_t nargsf, PyObject *names);
int64_t function_trim(Function *function);
int signature_read(Function *function, PyObject *signature); /* -1 with an exception set */
int64_t trim_all(void);

int arguments_bind_input(const Argument *argument, PyObject *object, Call *call, int64_t index, int64_t *bytes);
int arguments_bind_array(const Argument *argument, PyArrayObject *array, Call *call, int64_t *bytes);
int arguments_same_dtype(const Argument *argument, PyArrayObject *array);
int arguments_shared_misfit(const Argument *argument, PyArrayObject *array);
PyObject *arguments_as_arrays(Call *call, PyObject *const *inputs);

/* Bind an input by a row-major copy; 0 if more than its strides is amiss, or there is no memory. */
int pack_input(const Argument *argument, PyArrayObject *array, Call *call, int64_t index, int64_t *bytes);

PyArrayObject *outputs_take(Output *output, const int64_t *sizes); /* NULL with an exception set */
void outputs_give_back(Output *output, PyArrayObject *array);      /* steals the reference */
int64_t outputs_trim(Output *output);

/* keywords.c, out.c ------------------------------------------------------------------------------------------ */
PyObject *const *keywords_bind(Call *call, PyObject *const *args, Py_ssize_t count, PyObject *names, PyObject **out);
int out_bind(Call *call, PyObject *out); /* -1 with an exception set */
void out_release(Call *call);
int out_check_shape(const Call *call, int64_t k, const int64_t *sizes); /* -1 with an exception set */
int out_copy(Call *call);                                               /* -1 with an exception set */

/* context.c ------------------------------------------------------------------------------------------------ */
typedef struct Scratch {
  void *data;
  int64_t bytes;
} Scratch;

/* The state of one running call.  `abi` is first, so that native code's pointer to it leads back here. */
struct Call {
  st_ctx abi;
  Function *function;
  Call *next;                /* in the function's list of idle contexts */
  void **pointers;
  int64_t *layout;
  Scalar *scalars;           /* one for each input */
  PyArrayObject **outputs;   /* handed to native code in this call; owned */
  PyArrayObject **direct;    /* arrays of the caller that native code writes into, or NULL; borrowed */
  PyObject **given_inputs;   /* inputs in their order where some came by name; borrowed */
  PyObject *out;             /* the `out` of this call, borrowed, or NULL */
  PyObject *copies;          /* list of inputs copied because an in-place update overlaps them, or NULL */
  Scratch *packed;           /* one for each input: its row-major copy, if it had other strides */
  Scratch *scratch;
  int64_t scratch_count;
  int64_t scratch_bytes;     /* changed without the GIL, by the thread of the call */
  int64_t retained;          /* part of scratch_bytes that memory_retained counts */
  PyThreadState *thread;     /* not NULL while the GIL is released */
  int raised;                /* a callback has set a Python exception */
  /* What the last call without the GIL looked like: outputs of the next one are taken in advance. */
  int64_t *last_layout;
  int64_t *output_sizes;
  PyArrayObject **prepared;
  int last_is_valid;
  /* Ctrl-C */
  volatile int32_t stop;
  int watched;
  Call *watched_outer;
};

extern const int64_t GIL_RELEASE_BYTES;
Call *call_acquire(Function *function); /* NULL with an exception set */
void call_release(Call *call);
void call_free(Call *call);
void call_release_gil(Call *call);
void call_retake_gil(Call *call);
void call_prepare_outputs(Call *call);
void call_remember_outputs(Call *call);
void call_drop_prepared(Call *call);

/* interrupt.c ---------------------------------------------------------------------------------------------- */
int interrupt_initialize(void);
void interrupt_watch(Call *call);   /* from now on Ctrl-C sets call->stop, if this is the main thread */
void interrupt_unwatch(Call *call);

/* pool.c --------------------------------------------------------------------------------------------------- */
typedef int Body(void *argument, int64_t chunk, int64_t worker);
int pool_initialize(void);
int pool_parallel(st_ctx *ctx, Body *body, void *argument, int64_t chunks);
int pool_set_workers(int64_t workers); /* -1 if called from inside a parallel region */
int64_t pool_workers(void);
enum { POOL_MAXIMUM = 1024 };

#endif
