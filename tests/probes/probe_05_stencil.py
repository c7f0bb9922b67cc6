"""Probe 5: one explicit step of heat flow: a five-point stencil of shifted slices, its boundary written by set."""

import numpy as np

import symtensor as st
from tests.probes.harness import check

K = 0.2


def build_forward():
    u = st.matrix("u")
    around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    new = u[1:-1, 1:-1].set((1 - 4 * K) * u[1:-1, 1:-1] + K * around)  # the left and right edge keep their values
    new = new[0].set(1.0)  # a hot wall above
    new = new[-1].set(new[-2])  # an insulated one below
    return [new], [u]


def build():
    (new,), (u,) = build_forward()
    weights = st.matrix("weights")
    return [new, st.grad((new * weights).sum(), u)], [u, weights]


def step(u):
    new = u.copy()
    around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
    new[1:-1, 1:-1] = (1 - 4 * K) * u[1:-1, 1:-1] + K * around
    new[0] = 1.0
    new[-1] = new[-2]
    return new


def adjoint(weights):
    g = weights.copy()
    g[-2] += g[-1]
    g[-1] = g[0] = 0
    inner = g[1:-1, 1:-1].copy()
    g[1:-1, 1:-1] = (1 - 4 * K) * inner
    for rows, columns in ((slice(-2), slice(1, -1)), (slice(2, None), slice(1, -1))):
        g[rows, columns] += K * inner
        g[1:-1, (slice(-2) if rows == slice(-2) else slice(2, None))] += K * inner
    return g


def reference(u, weights):
    return step(u), adjoint(weights)


def sample(rng, m, n):
    return tuple(rng.normal(size=(2, m, n)))


SIZES = [(3, 3), (4, 5), (17, 33), (128, 100), (3, 1000)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES)


def test_the_reference_is_the_adjoint():
    """step is affine, so <w, step(u) - step(0)> = <adjoint(w), u>."""
    u, w = sample(np.random.default_rng(2), 9, 8)
    np.testing.assert_allclose((w * (step(u) - step(0 * u))).sum(), (adjoint(w) * u).sum(), rtol=1e-12)


def test_a_hundred_steps(target):
    outputs, inputs = build_forward()
    function = st.compile(outputs[0], inputs, target=target)
    (u, _) = sample(np.random.default_rng(3), 20, 30)
    got = want = u
    for _ in range(100):
        got, want = function(got), step(want)
    np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-13)
