/* A training step of three dense layers with momentum.  A layer's columns are cut into chunks; bias and relu, the mask
 * of relu and the momentum follow each product while its result is in cache; velocities are updated by the product
 * itself (beta = momentum), so that there are no gradient buffers. */
#include "blas.h"

enum { CHUNK = 256 };
static const T RATE = (T)0.01f, MOMENTUM = (T)0.9f;

static void dense(const T *x, const T *w, const T *b, T *out, int64_t batch, int64_t n, int64_t m, int relu) {
  PARALLEL_FOR for (int64_t j = 0; j < m; j += CHUNK) {
    int64_t width = min64(CHUNK, m - j);
    gemm(PLAIN, PLAIN, batch, width, n, 1, x, n, w + j, m, 0, out + j, m);
    for (int64_t i = 0; i < batch; i++)
      for (int64_t k = 0; k < width; k++) {
        T z = out[i * m + j + k] + b[j + k];
        out[i * m + j + k] = relu && !(z > 0) && z == z ? 0 : z;
      }
  }
}

/* The cotangent of a hidden layer h: d @ w.T where h > 0. */
static void dense_back(const T *d, const T *w, const T *h, T *out, int64_t batch, int64_t n, int64_t m) {
  PARALLEL_FOR for (int64_t j = 0; j < n; j += CHUNK) {
    int64_t width = min64(CHUNK, n - j);
    gemm(PLAIN, TRANSPOSED, batch, width, m, 1, d, m, w + j * m, m, 0, out + j, n);
    for (int64_t i = 0; i < batch; i++)
      for (int64_t k = 0; k < width; k++) out[i * n + j + k] = h[i * n + j + k] > 0 ? out[i * n + j + k] : 0;
  }
}

static void update(const T *x, const T *d, T *w, T *b, T *vw, T *vb, int64_t batch, int64_t n, int64_t m) {
  PARALLEL_FOR for (int64_t j = 0; j < m; j += CHUNK) {
    int64_t width = min64(CHUNK, m - j);
    gemm(TRANSPOSED, PLAIN, n, width, batch, -RATE, x, n, d + j, m, MOMENTUM, vw + j, m);
    for (int64_t i = 0; i < n; i++)
      for (int64_t k = 0; k < width; k++) w[i * m + j + k] += vw[i * m + j + k];
    T sum[CHUNK] = {0};
    for (int64_t i = 0; i < batch; i++)
      for (int64_t k = 0; k < width; k++) sum[k] += d[i * m + j + k];
    for (int64_t k = 0; k < width; k++) b[j + k] += vb[j + k] = MOMENTUM * vb[j + k] - RATE * sum[k];
  }
}

void FN(training_step)(const T *x, const int64_t *t, T *w1, T *b1, T *w2, T *b2, T *w3, T *b3, T *vw1, T *vb1, T *vw2,
                       T *vb2, T *vw3, T *vb3, T *loss, int64_t batch, int64_t d0, int64_t d1, int64_t d2,
                       int64_t d3) {
  T *h1 = scratch(batch * (2 * d1 + 2 * d2 + d3)), *h2 = h1 + batch * d1, *e1 = h2 + batch * d2;
  T *e2 = e1 + batch * d1, *z = e2 + batch * d2;
  dense(x, w1, b1, h1, batch, d0, d1, 1);
  dense(h1, w2, b2, h2, batch, d1, d2, 1);
  dense(h2, w3, b3, z, batch, d2, d3, 0);
  double total = 0;
  for (int64_t i = 0; i < batch; i++) {
    T *row = z + i * d3, label = row[t[i]], m = row_max(row, d3), sum = row_exp(row, row, d3, m);
    total += log((double)sum) + m - label;
    row_scale(row, d3, 1 / (sum * (T)batch));
    row[t[i]] -= (T)1 / batch;
  }
  *loss = total / batch;
  dense_back(z, w3, h2, e2, batch, d2, d3);
  dense_back(e2, w2, h1, e1, batch, d1, d2);
  update(h2, z, w3, b3, vw3, vb3, batch, d2, d3);
  update(h1, e2, w2, b2, vw2, vb2, batch, d1, d2);
  update(x, e1, w1, b1, vw1, vb1, batch, d0, d1);
  free(h1);
}
