"""Probe 8: the classical Runge-Kutta method for Lorenz's three equations by scan, with its gradient."""

import numpy as np

import symtensor as st
from tests.probes.harness import check, complex_step


def slope(lib, s, theta):
    """Lorenz (1963): theta holds sigma, rho and beta; lib is numpy or symtensor."""
    x, y, z = s[0], s[1], s[2]
    return lib.stack([theta[0] * (y - x), x * (theta[1] - z) - y, x * y - theta[2] * z])


def step(lib, s, h, theta):
    k1 = slope(lib, s, theta)
    k2 = slope(lib, s + h / 2 * k1, theta)
    k3 = slope(lib, s + h / 2 * k2, theta)
    k4 = slope(lib, s + h * k3, theta)
    return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def build_forward():
    s0, theta = st.tensor("s0", shape=(3,)), st.tensor("theta", shape=(3,))
    h, n = st.scalar("h"), st.lscalar("n")
    path, _ = st.scan(lambda s, h, theta: step(st, s, h, theta), outputs_info=s0, non_sequences=[h, theta], n_steps=n)
    return [path], [s0, theta, h, n]


def build():
    (path,), (s0, theta, h, n) = build_forward()
    weights = st.matrix("weights")
    gradients = st.grad((path * weights).sum(), [s0, theta, h])
    return [path, *gradients], [s0, theta, h, n, weights]


def integrate(s0, theta, h, n):
    path, s = np.empty((n, 3), np.result_type(s0, theta, h)), s0
    for i in range(n):
        path[i] = s = step(np, s, h, theta)
    return path


def reference(s0, theta, h, n, weights):
    return (
        integrate(s0, theta, h, int(n)),
        *complex_step(lambda s0, theta, h: integrate(s0, theta, h, int(n)), [s0, theta, h], weights),
    )


def sample(rng, n):
    theta = np.array([10.0, 28.0, 8 / 3])
    return rng.normal(size=3), theta, np.array(0.01), np.array(n), rng.normal(size=(n, 3))


SIZES = [(1,), (2,), (10,), (150,)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES, tolerance=1e-10)


def test_forward_alone(target):
    sizes = [*SIZES, (0,), (400,)]
    check(target, build_forward, lambda rng, n: sample(rng, n)[:4], lambda *a: (integrate(*a),), sizes, 1e-10)


def test_the_error_falls_with_the_fourth_power_of_the_step(target):
    outputs, inputs = build_forward()
    function = st.compile(outputs, inputs, target=target)
    s0, theta = np.ones(3), np.array([10.0, 28.0, 8 / 3])
    ends = [function(s0, theta, 0.25 / n, n)[0][-1] for n in (50, 100, 800)]
    errors = [np.abs(end - ends[-1]).max() for end in ends]
    assert 14 < errors[0] / errors[1] < 18
