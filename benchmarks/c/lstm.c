/* An LSTM forward and backward.  Sequences are independent, so each thread takes some through all steps without a
 * barrier; products that do not depend on the state are done for all steps at once, before and after. */
#include "blas.h"

typedef struct layer {
  const T *u, *slope;
  T *h, *c, *gates, *dz;
  int64_t steps, batch, n;
} layer;

static void forward(layer l, int64_t first, int64_t rows) {
  int64_t n = l.n;
  for (int64_t t = 0; t < l.steps; t++) {
    T *z = l.gates + (t * l.batch + first) * 4 * n;
    int64_t now = (t * l.batch + first) * n, before = ((t - 1) * l.batch + first) * n;
    if (t) gemm(PLAIN, PLAIN, rows, 4 * n, n, 1, l.h + before, n, l.u, 4 * n, 1, z, 4 * n);
    for (int64_t i = 0; i < rows; i++, z += 4 * n)
      for (int64_t j = 0; j < n; j += W) {
        M m = n - j < W ? tail(n - j) : (M)-1;
        V in = sigmoid_(load_mask(m, z + j)), forget = sigmoid_(load_mask(m, z + n + j));
        V g = tanh_(load_mask(m, z + 2 * n + j)), o = sigmoid_(load_mask(m, z + 3 * n + j));
        V c = in * g;
        if (t) c = fma_(forget, load_mask(m, l.c + before + i * n + j), c);
        store_mask(z + j, m, in), store_mask(z + n + j, m, forget);
        store_mask(z + 2 * n + j, m, g), store_mask(z + 3 * n + j, m, o);
        store_mask(l.c + now + i * n + j, m, c);
        store_mask(l.h + now + i * n + j, m, o * tanh_(c));
      }
  }
}

static void backward(layer l, int64_t first, int64_t rows) {
  int64_t n = l.n;
  T *dh = scratch(2 * rows * n), *dc = dh + rows * n;
  memset(dh, 0, 2 * rows * n * sizeof(T));
  V one = set1(1);
  for (int64_t t = l.steps - 1; t >= 0; t--) {
    const T *z = l.gates + (t * l.batch + first) * 4 * n;
    T *dz = l.dz + (t * l.batch + first) * 4 * n;
    int64_t now = (t * l.batch + first) * n, before = ((t - 1) * l.batch + first) * n;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < n; j += W) {
        M m = n - j < W ? tail(n - j) : (M)-1;
        const T *row = z + i * 4 * n + j;
        T *d = dz + i * 4 * n + j;
        V in = load_mask(m, row), forget = load_mask(m, row + n), g = load_mask(m, row + 2 * n);
        V o = load_mask(m, row + 3 * n), tc = tanh_(load_mask(m, l.c + now + i * n + j));
        V slope = load_mask(m, dh + i * n + j) + load_mask(m, l.slope + now + i * n + j);
        V cell = fma_(slope * o, one - tc * tc, load_mask(m, dc + i * n + j));
        V c = t ? load_mask(m, l.c + before + i * n + j) : set1(0);
        store_mask(d, m, cell * g * in * (one - in));
        store_mask(d + n, m, cell * c * forget * (one - forget));
        store_mask(d + 2 * n, m, cell * in * (one - g * g));
        store_mask(d + 3 * n, m, slope * tc * o * (one - o));
        store_mask(dc + i * n + j, m, cell * forget);
      }
    if (t) gemm(PLAIN, TRANSPOSED, rows, n, 4 * n, 1, dz, 4 * n, l.u, 4 * n, 0, dh, n);
  }
  free(dh);
}

void FN(lstm)(const T *x, const T *w, const T *u, const T *b, const T *slope, T *h, T *dx, T *dw, T *du, T *db,
              int64_t steps, int64_t batch, int64_t width, int64_t n) {
  int64_t all = steps * batch, gate = 4 * n;
  T *gates = scratch(all * (2 * gate + n)), *dz = gates + all * gate, *c = dz + all * gate;
  layer l = {u, slope, h, c, gates, dz, steps, batch, n};
  int parts = omp_get_max_threads();
  PARALLEL_FOR for (int p = 0; p < parts; p++) {
    int64_t first = all * p / parts, last = all * (p + 1) / parts;
    for (int64_t i = first; i < last; i++) memcpy(gates + i * gate, b, gate * sizeof(T));
    gemm(PLAIN, PLAIN, last - first, gate, width, 1, x + first * width, width, w, gate, 1, gates + first * gate, gate);
  }
  PARALLEL_FOR for (int p = 0; p < parts; p++) {
    int64_t first = batch * p / parts, last = batch * (p + 1) / parts;
    forward(l, first, last - first);
    backward(l, first, last - first);
  }
  PARALLEL_FOR for (int p = 0; p < parts; p++) {
    int64_t first = all * p / parts, last = all * (p + 1) / parts, left = gate * p / parts, right = gate * (p + 1) / parts;
    gemm(PLAIN, TRANSPOSED, last - first, width, gate, 1, dz + first * gate, gate, w, gate, 0, dx + first * width, width);
    gemm(TRANSPOSED, PLAIN, width, right - left, all, 1, x, width, dz + left, gate, 0, dw + left, gate);
    gemm(TRANSPOSED, PLAIN, n, right - left, all - batch, 1, h, n, dz + batch * gate + left, gate, 0, du + left, gate);
    memset(db + left, 0, (right - left) * sizeof(T));
    for (int64_t i = 0; i < all; i++)
      for (int64_t j = left; j < right; j++) db[j] += dz[i * gate + j];
  }
  free(gates);
}
