/* Packing: an array of any strides copied to row-major memory, by pieces on the thread pool where it is large.
 *
 * Axes that lie behind each other in both are merged first.  Then one of three kernels copies the innermost one or two
 * axes: whole rows by memcpy, rows with a stride, and tiles where another axis is closer together in the source than
 * the last one (a transposed matrix).  A tile is a square of cache lines, read line by line and written line by line,
 * so that no line is touched twice, however the strides collide in the cache.
 */
#include "native.h"

#include <string.h>

enum {
  LINE = 64,         /* bytes of a cache line, the edge of a tile */
  SPAN = 256,        /* elements along the last axis before the next line of tiles */
  PIECE = 256 << 10, /* bytes that one thread copies at a time */
};

typedef struct Axis {
  int64_t size, from, to; /* strides in bytes, of the source and of the target */
} Axis;

typedef struct Copy {
  void (*kernel)(const struct Copy *, const char *source, char *target);
  int64_t itemsize;
  int ndim;             /* axes that are left to walk over, outermost first */
  Axis axes[NPY_MAXDIMS];
  Axis near, last;      /* the axes that the kernel copies; `near` only of tiles */
  const char *source;
  char *target;
  Axis cut;             /* the axis that is cut into pieces, `length` iterations each */
  Axis *place;          /* where it stands above */
  int64_t length;
} Copy;

/* ---- kernels ---- */

static void copy_rows(const Copy *copy, const char *source, char *target) {
  memcpy(target, source, (size_t)(copy->last.size * copy->itemsize));
}

typedef struct Wide {
  uint64_t part[2];
} Wide;

/* The usual strides are constants, from which the compiler makes vectors. */
#define DEFINE(BITS, TYPE)                                                                                        \
  static void copy_strided_##BITS(const Copy *copy, const char *source, char *target) {                           \
    const int64_t size = copy->last.size, step = copy->last.from / (int64_t)sizeof(TYPE);                         \
    const TYPE *restrict from = (const TYPE *)source;                                                             \
    TYPE *restrict to = (TYPE *)target;                                                                           \
    if (step == 2)                                                                                                \
      for (int64_t i = 0; i < size; i++) to[i] = from[2 * i];                                                     \
    else if (step == -1)                                                                                          \
      for (int64_t i = 0; i < size; i++) to[i] = from[-i];                                                        \
    else                                                                                                          \
      for (int64_t i = 0; i < size; i++) to[i] = from[i * step];                                                  \
  }                                                                                                               \
  static void copy_tiles_##BITS(const Copy *copy, const char *source, char *target) {                             \
    enum { EDGE = LINE / sizeof(TYPE) };                                                                          \
    const Axis near = copy->near, last = copy->last;                                                              \
    for (int64_t start = 0; start < last.size; start += SPAN)                                                     \
      for (int64_t i = 0; i < near.size; i += EDGE)                                                               \
        for (int64_t j = start; j < last.size && j < start + SPAN; j += EDGE) {                                   \
          TYPE tile[EDGE][EDGE];                                                                                  \
          const int64_t rows = near.size - i < EDGE ? near.size - i : EDGE;                                       \
          const int64_t columns = last.size - j < EDGE ? last.size - j : EDGE;                                    \
          const char *from = source + i * near.from + j * last.from;                                              \
          char *to = target + i * near.to + j * last.to;                                                          \
          if (rows == EDGE && columns == EDGE && near.from == sizeof(TYPE)) {                                     \
            for (int64_t c = 0; c < EDGE; c++) {                                                                  \
              const TYPE *line = (const TYPE *)(from + c * last.from);                                            \
              for (int64_t r = 0; r < EDGE; r++) tile[r][c] = line[r];                                            \
            }                                                                                                     \
            for (int64_t r = 0; r < EDGE; r++) memcpy(to + r * near.to, tile[r], LINE);                           \
          } else {                                                                                                \
            for (int64_t c = 0; c < columns; c++)                                                                 \
              for (int64_t r = 0; r < rows; r++) tile[r][c] = *(const TYPE *)(from + c * last.from + r * near.from); \
            for (int64_t r = 0; r < rows; r++)                                                                    \
              for (int64_t c = 0; c < columns; c++) ((TYPE *)(to + r * near.to))[c] = tile[r][c];                 \
          }                                                                                                       \
        }                                                                                                         \
  }

DEFINE(8, uint8_t)
DEFINE(16, uint16_t)
DEFINE(32, uint32_t)
DEFINE(64, uint64_t)
DEFINE(128, Wide)

/* ---- what is copied, and in which order ---- */

static int64_t distance(Axis axis) { return axis.from < 0 ? -axis.from : axis.from; }

/* Axes of the array without those of size 1, merged where the inner one runs straight into the next of the outer. */
static int merge_axes(PyArrayObject *array, int64_t itemsize, Axis *axes) {
  Axis found[NPY_MAXDIMS];
  int count = 0, merged = 0;
  int64_t to = itemsize;
  for (int axis = PyArray_NDIM(array) - 1; axis >= 0; axis--) {
    int64_t size = PyArray_DIM(array, axis);
    if (size == 1) continue;
    Axis next = {size, PyArray_STRIDE(array, axis), to};
    to *= size;
    if (count && next.from == found[count - 1].from * found[count - 1].size) found[count - 1].size *= size;
    else found[count++] = next;
  }
  while (count > 0) axes[merged++] = found[--count];
  return merged;
}

static void choose_kernel(Copy *copy) {
  copy->last = copy->ndim ? copy->axes[--copy->ndim] : (Axis){1, copy->itemsize, copy->itemsize};
  int nearest = -1;
  for (int axis = 0; axis < copy->ndim; axis++) {
    int64_t best = nearest < 0 ? distance(copy->last) : distance(copy->axes[nearest]);
    if (copy->axes[axis].from && distance(copy->axes[axis]) < best) nearest = axis;
  }
  int size = copy->itemsize == 1 ? 0 : copy->itemsize == 2 ? 1 : copy->itemsize == 4 ? 2 : copy->itemsize == 8 ? 3 : 4;
  if (nearest >= 0) {
    static void (*const tiles[])(const Copy *, const char *, char *) = {
        copy_tiles_8, copy_tiles_16, copy_tiles_32, copy_tiles_64, copy_tiles_128};
    copy->near = copy->axes[nearest];
    memmove(copy->axes + nearest, copy->axes + nearest + 1, (size_t)(--copy->ndim - nearest) * sizeof(Axis));
    copy->kernel = tiles[size];
  } else {
    static void (*const strided[])(const Copy *, const char *, char *) = {
        copy_strided_8, copy_strided_16, copy_strided_32, copy_strided_64, copy_strided_128};
    copy->kernel = copy->last.from == copy->itemsize ? copy_rows : strided[size];
  }
}

/* The kernel for each index of the axes before its own. */
static void walk(const Copy *copy, const char *source, char *target) {
  int64_t index[NPY_MAXDIMS] = {0};
  for (;;) {
    copy->kernel(copy, source, target);
    int axis = copy->ndim - 1;
    for (; axis >= 0; axis--) {
      const Axis *a = &copy->axes[axis];
      source += a->from, target += a->to;
      if (++index[axis] < a->size) break;
      source -= a->size * a->from, target -= a->size * a->to;
      index[axis] = 0;
    }
    if (axis < 0) return;
  }
}

static int copy_piece(void *argument, int64_t piece, int64_t worker) {
  const Copy *whole = argument;
  Copy part = *whole;
  Axis *axis = (Axis *)((char *)&part + ((const char *)whole->place - (const char *)whole));
  const int64_t begin = piece * whole->length, left = whole->cut.size - begin;
  (void)worker;
  axis->size = left < whole->length ? left : whole->length;
  walk(&part, whole->source + begin * whole->cut.from, whole->target + begin * whole->cut.to);
  return 0;
}

/* Copy a whole array, which is not empty, to row-major memory.  Touches nothing of Python's. */
static void pack(Call *call, PyArrayObject *array, int64_t itemsize, int64_t bytes, char *target) {
  Copy copy = {.itemsize = itemsize, .source = PyArray_DATA(array), .target = target};
  copy.ndim = merge_axes(array, itemsize, copy.axes);
  choose_kernel(&copy);
  Axis *longest = &copy.last;
  if (copy.near.size > longest->size) longest = &copy.near;
  for (int axis = 0; axis < copy.ndim; axis++)
    if (copy.axes[axis].size > longest->size) longest = &copy.axes[axis];
  copy.place = longest;
  copy.cut = *longest;
  int64_t pieces = (bytes + PIECE - 1) / PIECE;
  copy.length = ((copy.cut.size + pieces - 1) / pieces + LINE - 1) / LINE * LINE;
  if (copy.length >= copy.cut.size) walk(&copy, copy.source, target);
  else pool_parallel(&call->abi, copy_piece, &copy, (copy.cut.size + copy.length - 1) / copy.length);
}

/* Memory for a packed input, which its context keeps between calls; NULL if there is none. */
static void *room(Call *call, Scratch *scratch, int64_t bytes) {
  if (scratch->data && scratch->bytes >= bytes) return scratch->data;
  memory_free(scratch->data);
  call->scratch_bytes -= scratch->bytes;
  scratch->bytes = 0;
  scratch->data = memory_allocate(bytes);
  if (!scratch->data) return NULL;
  scratch->bytes = bytes;
  call->scratch_bytes += bytes;
  return scratch->data;
}

int pack_input(const Argument *argument, PyArrayObject *array, Call *call, int64_t index, int64_t *bytes) {
  int ndim = argument->ndim;
  if (!arguments_same_dtype(argument, array) || PyArray_NDIM(array) != ndim || !PyArray_ISALIGNED(array)) return 0;
  int64_t *sizes = call->layout + argument->offset, *strides = sizes + ndim, stride = argument->itemsize;
  for (int axis = ndim - 1; axis >= 0; axis--) {
    int64_t size = PyArray_DIM(array, axis);
    if (argument->sizes[axis] >= 0 && argument->sizes[axis] != size) return 0;
    sizes[axis] = size;
    strides[axis] = stride;
    if (__builtin_mul_overflow(stride, size, &stride)) return 0; /* a broadcast array may have any size */
  }
  void *target = room(call, &call->packed[index], stride);
  if (!target) return 0;
  if (stride > GIL_RELEASE_BYTES) {
    Py_BEGIN_ALLOW_THREADS
    pack(call, array, argument->itemsize, stride, target);
    Py_END_ALLOW_THREADS
  } else if (stride) {
    pack(call, array, argument->itemsize, stride, target);
  }
  call->pointers[argument->position] = target;
  *bytes += stride;
  return 1;
}
