/* Recurrences of few states with their reverse sweeps: bound by the latency of a step, so a step is kept short. */
#include "vec.h"

void FN(logistic)(const T *start, const T *rate, const int64_t *steps, T *last, T *d_start, T *d_rate) {
  int64_t n = *steps;
  T x = *start, r = *rate, dx = 1, dr = 0, *path = malloc((n + 1) * sizeof *path);
  for (int64_t i = 0; i < n; i++) {
    path[i] = x;
    T u = r * x;
    x = u - u * x;
  }
  for (int64_t i = n - 1; i >= 0; i--) {
    T p = path[i];
    dr += dx * (p - p * p);
    dx *= r - 2 * r * p;
  }
  *last = x, *d_start = dx, *d_rate = dr;
  free(path);
}

typedef struct step {
  T e, inverse, g0, g1, p00, p01; /* innovation, 1 / its variance, gains, predicted covariance */
} step;

void FN(kalman)(const T *y, const T *theta, T *value, T *gradient, int64_t n) {
  T q0 = exp(theta[0]), q1 = exp(theta[1]), r = exp(theta[2]), squares = 0, logs = 0;
  T m0 = 0, m1 = 0, p00 = 1, p01 = 0, p11 = 1, variances[W];
  step *steps = malloc(n * sizeof *steps);
  V log_sum = set1(0);
  for (int64_t t = 0; t < n; t++) {
    m0 += m1;
    T c11 = p11 + q1, c01 = p01 + p11, c00 = p00 + (2 * p01 + (p11 + q0)), s = c00 + r, i = 1 / s, e = y[t] - m0;
    T g0 = c00 * i, g1 = c01 * i;
    steps[t] = (step){e, i, g0, g1, c00, c01};
    m0 += g0 * e, m1 += g1 * e;
    p00 = c00 - g0 * c00, p01 = c01 - g0 * c01, p11 = c11 - g1 * c01;
    squares += e * e * i;
    variances[t % W] = s;
    if (t % W == W - 1) log_sum += log_(load(variances));
  }
  for (int64_t k = 0; k < n % W; k++) logs += log((double)variances[k]);
  T a0 = 0, a1 = 0, b00 = 0, b01 = 0, b11 = 0, d0 = 0, d1 = 0, dr = 0;
  for (int64_t t = n - 1; t >= 0; t--) {
    step k = steps[t];
    T dg0 = a0 * k.e - b00 * k.p00 - b01 * k.p01, dg1 = a1 * k.e - b11 * k.p01, ei = k.e * k.inverse;
    T ds = (T)0.5 * (ei * ei - k.inverse) - k.inverse * (dg0 * k.g0 + dg1 * k.g1);
    T de = a0 * k.g0 + a1 * k.g1 - ei;
    T c00 = b00 - b00 * k.g0 + dg0 * k.inverse + ds, c01 = b01 - b01 * k.g0 - b11 * k.g1 + dg1 * k.inverse;
    dr += ds, d0 += c00, d1 += b11;
    a0 -= de, a1 += a0;
    b11 += c00 + c01, b01 = 2 * c00 + c01, b00 = c00;
  }
  *value = (T)-0.5 * (logs + sum_lanes(log_sum) + squares);
  gradient[0] = d0 * q0, gradient[1] = d1 * q1, gradient[2] = dr * r;
  free(steps);
}

enum { MOST = 512 }; /* states */

/* The probabilities that the forward pass computes anyway are kept for the reverse one. */
void FN(hidden_markov)(const T *e, const T *a, T *value, T *gradient, int64_t n, int64_t states) {
  T *weights = aligned_alloc(64, (n * states * states * sizeof(T) + 63) / 64 * 64), alpha[MOST], next[MOST], d[MOST];
  if (states > MOST) abort();
  memcpy(alpha, e, states * sizeof *alpha);
  for (int64_t t = 1; t < n; t++) {
    T *w = weights + (t - 1) * states * states;
    for (int64_t j = 0; j < states; j += W) {
      M k = states - j < W ? tail(states - j) : (M)-1;
      V top0 = set1(-INFINITY), top1 = top0, sum0 = set1(0), sum1 = sum0;
      int64_t i = 0;
      for (; i + 1 < states; i += 2) {
        top0 = max_(set1(alpha[i]) + load_mask(k, a + i * states + j), top0);
        top1 = max_(set1(alpha[i + 1]) + load_mask(k, a + (i + 1) * states + j), top1);
      }
      if (i < states) top0 = max_(set1(alpha[i]) + load_mask(k, a + i * states + j), top0);
      top0 = max_(top0, top1);
      for (i = 0; i + 1 < states; i += 2) {
        V p = exp_(set1(alpha[i]) + load_mask(k, a + i * states + j) - top0);
        V q = exp_(set1(alpha[i + 1]) + load_mask(k, a + (i + 1) * states + j) - top0);
        sum0 += p, sum1 += q;
        store_mask(w + i * states + j, k, p), store_mask(w + (i + 1) * states + j, k, q);
      }
      if (i < states) {
        V p = exp_(set1(alpha[i]) + load_mask(k, a + i * states + j) - top0);
        sum0 += p;
        store_mask(w + i * states + j, k, p);
      }
      sum0 += sum1;
      store_mask(next + j, k, log_(sum0) + top0 + load_mask(k, e + t * states + j));
      V inverse = set1(1) / sum0;
      for (i = 0; i < states; i++) store_mask(w + i * states + j, k, load_mask(k, w + i * states + j) * inverse);
    }
    memcpy(alpha, next, states * sizeof *alpha);
  }
  T m = row_max(alpha, states), sum = row_exp(alpha, d, states, m);
  *value = m + (T)log((double)sum);
  row_scale(d, states, 1 / sum);
  memset(gradient, 0, states * states * sizeof *gradient);
  for (int64_t t = n - 1; t >= 1; t--) {
    const T *w = weights + (t - 1) * states * states;
    T before[MOST];
    for (int64_t i = 0; i < states; i++) {
      V total = set1(0);
      for (int64_t j = 0; j < states; j += W) {
        M k = states - j < W ? tail(states - j) : (M)-1;
        V p = load_mask(k, w + i * states + j) * load_mask(k, d + j);
        store_mask(gradient + i * states + j, k, load_mask(k, gradient + i * states + j) + p);
        total += p;
      }
      before[i] = sum_lanes(total);
    }
    memcpy(d, before, states * sizeof *d);
  }
  free(weights);
}
