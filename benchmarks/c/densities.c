/* Log-densities with gradients: a hierarchical regression, and a Gaussian process. */
#include "blas.h"

#ifdef SINGLE
static inline V gather(M k, const T *p, const int64_t *i) {
  __m512i low = _mm512_maskz_loadu_epi64((__mmask8)k, i), high = _mm512_maskz_loadu_epi64((__mmask8)(k >> 8), i + 8);
  __m256 zero = _mm256_setzero_ps();
  __m256 a = _mm512_mask_i64gather_ps(zero, (__mmask8)k, low, p, 4);
  __m256 b = _mm512_mask_i64gather_ps(zero, (__mmask8)(k >> 8), high, p, 4);
  return _mm512_insertf32x8(_mm512_castps256_ps512(a), b, 1);
}
#else
static inline V gather(M k, const T *p, const int64_t *i) {
  return _mm512_mask_i64gather_pd(set1(0), k, _mm512_maskz_loadu_epi64(k, i), p, 8);
}
#endif

void FN(hierarchical)(const T *q, const int64_t *group, const T *x1, const T *x2, const T *y, T *value, T *gradient,
                      int64_t groups, int64_t n) {
  const T *a = q, *rest = q + groups;
  T tau = exp(rest[1]), precision = exp(-rest[4]);
  V mu = set1(rest[0]), tau_ = set1(tau), s1 = set1(rest[2]), s2 = set1(rest[3]), scale = set1(precision);
  V squares = set1(0), d_mu = squares, d_tau = squares, d1 = squares, d2 = squares;
  T *d = __builtin_alloca_with_align((n + W) * sizeof(T), 512);
  for (int64_t j = 0; j < groups + 5; j++) gradient[j] = -q[j];
  for (int64_t i = 0; i < n; i += W) {
    M k = n - i < W ? tail(n - i) : (M)-1;
    V g = gather(k, a, group + i), u1 = load_mask(k, x1 + i), u2 = load_mask(k, x2 + i);
    V mean = fma_(s2, u2, fma_(s1, u1, fma_(tau_, g, mu)));
    V z = MM(maskz_mul)(k, load_mask(k, y + i) - mean, scale), slope = z * scale;
    squares = fma_(z, z, squares);
    d_mu += slope;
    d_tau = fma_(slope, g, d_tau), d1 = fma_(slope, u1, d1), d2 = fma_(slope, u2, d2);
    store(d + i, slope * tau_);
  }
  for (int64_t i = 0; i < n; i++) gradient[group[i]] += d[i];
  T total = sum_lanes(squares), *g = gradient + groups;
  g[0] += sum_lanes(d_mu), g[1] += tau * sum_lanes(d_tau), g[2] += sum_lanes(d1), g[3] += sum_lanes(d2);
  g[4] += total - n;
  *value = (T)-0.5 * total - n * rest[4] - (T)0.5 * row_dot(q, q, groups + 5);
}

/* The squared distances of point i to the points j, j + 1, ...; coordinates lie apart. */
static inline V distances(const T *points, int64_t n, int64_t width, int64_t i, int64_t j, M k) {
  V sum = set1(0);
  for (int64_t c = 0; c < width; c++) {
    V d = set1(points[c * n + i]) - load_mask(k, points + c * n + j);
    sum = fma_(d, d, sum);
  }
  return sum;
}

/* Lower triangles only; the inverse from the factor; the trace of inverse times derivative as one weighted sum. */
void FN(gaussian_process)(const T *x, const T *y, const T *theta, T *value, T *gradient, int64_t n, int64_t width) {
  T scale = exp(theta[0]), signal = exp(theta[1]), noise = exp(theta[2]), determinant = 0, fit = 0;
  T *points = scratch(n * width), *smooth = scratch(n * n), *k = scratch(n * n), *alpha = calloc(n, sizeof *alpha);
  for (int64_t i = 0; i < n; i++)
    for (int64_t c = 0; c < width; c++) points[c * n + i] = x[i * width + c];
  V factor = set1(-0.5 / (scale * scale)), height = set1(signal * signal);
#pragma omp parallel for schedule(dynamic, 16)
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j <= i; j += W) {
      M m = i + 1 - j < W ? tail(i + 1 - j) : (M)-1;
      V s = height * exp_(factor * distances(points, n, width, i, j, m));
      store_mask(smooth + i * n + j, m, s);
      store_mask(k + i * n + j, m, s);
    }
    k[i * n + i] += noise * noise;
  }
  int size = (int)n, info;
  FN(potrf)("U", &size, k, &size, &info); /* column-major upper is our lower */
  for (int64_t i = 0; i < n; i++) determinant += log(k[i * n + i]);
  FN(potri)("U", &size, k, &size, &info);
  for (int64_t i = 0; i < n; i++) {
    const T *row = k + i * n;
    alpha[i] += row_dot(row, y, i + 1);
    for (int64_t j = 0; j < i; j++) alpha[j] += row[j] * y[i];
  }
  for (int64_t i = 0; i < n; i++) fit += alpha[i] * y[i];
  double by_scale = 0, by_signal = 0, trace = 0;
#pragma omp parallel for schedule(dynamic, 16) reduction(+ : by_scale, by_signal, trace)
  for (int64_t i = 0; i < n; i++) {
    V a = set1(alpha[i]), near = set1(0), far = near;
    for (int64_t j = 0; j < i; j += W) {
      M m = i - j < W ? tail(i - j) : (M)-1;
      V w = (a * load_mask(m, alpha + j) - load_mask(m, k + i * n + j)) * load_mask(m, smooth + i * n + j);
      near = fma_(w, MM(maskz_mov)(m, distances(points, n, width, i, j, m)), near);
      far += w;
    }
    T on = (alpha[i] * alpha[i] - k[i * n + i]) / 2;
    by_scale += sum_lanes(near), by_signal += sum_lanes(far) + on * smooth[i * n + i], trace += on;
  }
  gradient[0] = by_scale / (scale * scale), gradient[1] = 2 * by_signal, gradient[2] = 2 * noise * noise * trace;
  *value = -0.5 * fit - determinant - 0.5 * n * 1.8378770664093453;
  free(points), free(smooth), free(k), free(alpha);
}
