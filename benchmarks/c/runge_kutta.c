/* The classical Runge-Kutta method for Lorenz's equations, and its reverse sweep. */
#include "vec.h"

typedef struct vec3 {
  T x, y, z;
} vec3;

static inline vec3 axpy(T a, vec3 k, vec3 s) { return (vec3){s.x + a * k.x, s.y + a * k.y, s.z + a * k.z}; }
static inline T dot3(vec3 a, vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }

/* theta: sigma, rho, beta. */
static inline vec3 lorenz(vec3 s, vec3 theta) {
  return (vec3){theta.x * (s.y - s.x), s.x * (theta.y - s.z) - s.y, s.x * s.y - theta.z * s.z};
}

/* The transposed Jacobian of lorenz in s times d; adds the one in theta to dtheta. */
static inline vec3 lorenz_vjp(vec3 s, vec3 theta, vec3 d, vec3 *dtheta) {
  dtheta->x += (s.y - s.x) * d.x;
  dtheta->y += s.x * d.y;
  dtheta->z -= s.z * d.z;
  return (vec3){(theta.y - s.z) * d.y - theta.x * d.x + s.y * d.z, theta.x * d.x - d.y + s.x * d.z,
                -s.x * d.y - theta.z * d.z};
}

static inline vec3 sum_slopes(vec3 k1, vec3 k2, vec3 k3, vec3 k4) {
  return (vec3){k1.x + 2 * k2.x + 2 * k3.x + k4.x, k1.y + 2 * k2.y + 2 * k3.y + k4.y,
                k1.z + 2 * k2.z + 2 * k3.z + k4.z};
}

void FN(runge_kutta)(const T *s0, const T *parameters, const T *h_, const int64_t *steps_, T *path) {
  T h = *h_;
  int64_t steps = *steps_;
  vec3 s = {s0[0], s0[1], s0[2]}, theta = {parameters[0], parameters[1], parameters[2]};
  for (int64_t t = 0; t < steps; t++) {
    vec3 k1 = lorenz(s, theta);
    vec3 k2 = lorenz(axpy(h / 2, k1, s), theta);
    vec3 k3 = lorenz(axpy(h / 2, k2, s), theta);
    vec3 k4 = lorenz(axpy(h, k3, s), theta);
    s = axpy(h / 6, sum_slopes(k1, k2, k3, k4), s);
    path[3 * t] = s.x, path[3 * t + 1] = s.y, path[3 * t + 2] = s.z;
  }
}

/* Value, and the gradient of (path * weights).sum() in s0, theta and h. */
void FN(runge_kutta_gradient)(const T *s0, const T *parameters, const T *h_, const int64_t *steps_,
                               const T *weights, T *path, T *ds0, T *dparameters, T *dh_out) {
  T h = *h_;
  int64_t steps = *steps_;
  FN(runge_kutta)(s0, parameters, h_, steps_, path);
  vec3 theta = {parameters[0], parameters[1], parameters[2]}, c = {0, 0, 0}, dtheta = {0, 0, 0};
  T dh = 0;
  for (int64_t t = steps - 1; t >= 0; t--) {
    const T *before = t ? path + 3 * (t - 1) : s0, *w = weights + 3 * t;
    vec3 s = {before[0], before[1], before[2]};
    c = (vec3){c.x + w[0], c.y + w[1], c.z + w[2]};
    vec3 k1 = lorenz(s, theta), s2 = axpy(h / 2, k1, s);
    vec3 k2 = lorenz(s2, theta), s3 = axpy(h / 2, k2, s);
    vec3 k3 = lorenz(s3, theta), s4 = axpy(h, k3, s);
    vec3 k4 = lorenz(s4, theta), zero = {0, 0, 0};
    dh += dot3(c, sum_slopes(k1, k2, k3, k4)) / 6;
    vec3 d4 = lorenz_vjp(s4, theta, axpy(h / 6, c, zero), &dtheta);
    dh += dot3(k3, d4);
    vec3 d3 = lorenz_vjp(s3, theta, axpy(h, d4, axpy(h / 3, c, zero)), &dtheta);
    dh += dot3(k2, d3) / 2;
    vec3 d2 = lorenz_vjp(s2, theta, axpy(h / 2, d3, axpy(h / 3, c, zero)), &dtheta);
    dh += dot3(k1, d2) / 2;
    vec3 d1 = lorenz_vjp(s, theta, axpy(h / 2, d2, axpy(h / 6, c, zero)), &dtheta);
    c = (vec3){c.x + d1.x + d2.x + d3.x + d4.x, c.y + d1.y + d2.y + d3.y + d4.y, c.z + d1.z + d2.z + d3.z + d4.z};
  }
  ds0[0] = c.x, ds0[1] = c.y, ds0[2] = c.z;
  dparameters[0] = dtheta.x, dparameters[1] = dtheta.y, dparameters[2] = dtheta.z;
  *dh_out = dh;
}
