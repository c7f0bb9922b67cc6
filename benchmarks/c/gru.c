/* A GRU forward and backward.  Sequences are independent, so each thread takes some through all steps without a
 * barrier; products that do not depend on the state are done for all steps at once, before and after. */
#include "blas.h"

typedef struct layer {
  const T *u, *v, *slope;
  T *h, *gates, *inner, *d; /* inner: h u + v of the candidate; d: cotangents of h u + v (3 n), of x w + b's last n */
  int64_t steps, batch, n;
} layer;

static void forward(layer l, int64_t first, int64_t rows) {
  int64_t n = l.n;
  T *c = scratch(rows * 3 * n);
  for (int64_t t = 0; t < l.steps; t++) {
    int64_t now = (t * l.batch + first) * n, before = ((t - 1) * l.batch + first) * n;
    for (int64_t i = 0; i < rows; i++) memcpy(c + i * 3 * n, l.v, 3 * n * sizeof(T));
    if (t) gemm(PLAIN, PLAIN, rows, 3 * n, n, 1, l.h + before, n, l.u, 3 * n, 1, c, 3 * n);
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < n; j += W) {
        M k = n - j < W ? tail(n - j) : (M)-1;
        T *a = l.gates + 3 * (now + i * n) + j;
        const T *from = c + i * 3 * n + j;
        V r = sigmoid_(load_mask(k, a) + load_mask(k, from));
        V z = sigmoid_(load_mask(k, a + n) + load_mask(k, from + n));
        V q = load_mask(k, from + 2 * n), m = tanh_(fma_(r, q, load_mask(k, a + 2 * n)));
        V h = t ? load_mask(k, l.h + before + i * n + j) : set1(0);
        store_mask(a, k, r), store_mask(a + n, k, z), store_mask(a + 2 * n, k, m);
        store_mask(l.inner + now + i * n + j, k, q);
        store_mask(l.h + now + i * n + j, k, fma_(z, h - m, m));
      }
  }
  free(c);
}

static void backward(layer l, int64_t first, int64_t rows) {
  int64_t n = l.n;
  T *dh = scratch(rows * n);
  memset(dh, 0, rows * n * sizeof(T));
  V one = set1(1);
  for (int64_t t = l.steps - 1; t >= 0; t--) {
    int64_t now = (t * l.batch + first) * n, before = ((t - 1) * l.batch + first) * n;
    for (int64_t i = 0; i < rows; i++)
      for (int64_t j = 0; j < n; j += W) {
        M k = n - j < W ? tail(n - j) : (M)-1;
        const T *a = l.gates + 3 * (now + i * n) + j;
        T *d = l.d + 4 * (now + i * n) + j;
        V r = load_mask(k, a), z = load_mask(k, a + n), m = load_mask(k, a + 2 * n);
        V h = t ? load_mask(k, l.h + before + i * n + j) : set1(0);
        V g = load_mask(k, dh + i * n + j) + load_mask(k, l.slope + now + i * n + j);
        V dm = g * (one - z) * (one - m * m);
        store_mask(d, k, dm * load_mask(k, l.inner + now + i * n + j) * r * (one - r));
        store_mask(d + n, k, g * (h - m) * z * (one - z));
        store_mask(d + 2 * n, k, dm * r);
        store_mask(d + 3 * n, k, dm);
        store_mask(dh + i * n + j, k, g * z);
      }
    if (t) gemm(PLAIN, TRANSPOSED, rows, n, 3 * n, 1, l.d + 4 * now, 4 * n, l.u, 3 * n, 1, dh, n);
  }
  free(dh);
}

void FN(gru)(const T *x, const T *w, const T *u, const T *b, const T *v, const T *slope, T *h, T *dx, T *dw, T *du,
             T *db, T *dv, int64_t steps, int64_t batch, int64_t width, int64_t n) {
  int64_t all = steps * batch, gate = 3 * n;
  T *gates = scratch(all * (gate + n + 4 * n)), *inner = gates + all * gate, *d = inner + all * n;
  layer l = {u, v, slope, h, gates, inner, d, steps, batch, n};
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
    int64_t first = all * p / parts, last = all * (p + 1) / parts, rows = last - first;
    const T *here = d + first * 4 * n;
    gemm(PLAIN, TRANSPOSED, rows, width, 2 * n, 1, here, 4 * n, w, gate, 0, dx + first * width, width);
    gemm(PLAIN, TRANSPOSED, rows, width, n, 1, here + 3 * n, 4 * n, w + 2 * n, gate, 1, dx + first * width, width);
    int64_t left = n * p / parts, columns = n * (p + 1) / parts - left;
    for (int k = 0; k < 3; k++) { /* the gates */
      int64_t to = k * n + left, of_x = (k < 2 ? k : 3) * n + left;
      gemm(TRANSPOSED, PLAIN, width, columns, all, 1, x, width, d + of_x, 4 * n, 0, dw + to, gate);
      gemm(TRANSPOSED, PLAIN, n, columns, all - batch, 1, h, n, d + batch * 4 * n + to, 4 * n, 0, du + to, gate);
      memset(db + to, 0, columns * sizeof(T)), memset(dv + to, 0, columns * sizeof(T));
      for (int64_t i = 0; i < all; i++)
        for (int64_t j = 0; j < columns; j++) db[to + j] += d[i * 4 * n + of_x + j], dv[to + j] += d[i * 4 * n + to + j];
    }
  }
  free(gates);
}
