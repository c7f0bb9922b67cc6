"""Probe 1: x + 1, and a chain of twelve elementwise operations with two outputs."""

import numpy as np

import symtensor as st
from tests.probes.harness import check


def build_plus_one():
    x = st.vector("x")
    return [x + 1], [x]


def build():
    a, b, c = st.vector("a"), st.vector("b"), st.vector("c")
    u = a * b + c
    v = u / (1 + st.abs(u))
    w = st.exp(-v) * a
    p = w - 0.25 * b + c
    q = st.maximum(p, v)
    return [p, q], [a, b, c]


def build_gradient():
    (p, q), inputs = build()
    return st.grad((p * q).sum(), inputs), inputs


def chain(a, b, c):
    u = a * b + c
    v = u / (1 + np.abs(u))
    p = np.exp(-v) * a - 0.25 * b + c
    return p, np.maximum(p, v)


def chain_gradient(a, b, c):
    u = a * b + c
    v = u / (1 + np.abs(u))
    e = np.exp(-v)
    p = e * a - 0.25 * b + c
    q = np.maximum(p, v)
    dp = q + np.where(p > v, p, 0)
    dv = np.where(p > v, 0, p) - dp * a * e
    du = dv / (1 + np.abs(u)) ** 2
    return dp * e + du * b, du * a - 0.25 * dp, du + dp


def sample(rng, n):
    return tuple(rng.normal(size=(3, n)))


SIZES = [(1,), (10,), (1000,), (0,), (100_003,)]


def test_plus_one(target):
    check(target, build_plus_one, lambda rng, n: (rng.normal(size=n),), lambda x: (x + 1,), SIZES, 0)


def test_chain(target):
    check(target, build, sample, chain, SIZES)


def test_chain_gradient(target):
    check(target, build_gradient, sample, chain_gradient, SIZES)


def test_special_values(target):
    values = np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 5e-324, 1e308])
    a, b = (grid.ravel() for grid in np.meshgrid(values, values))
    with np.errstate(all="ignore"):
        wanted = chain(a, b, b)
    outputs, inputs = build()
    for got, want in zip(st.compile(outputs, inputs, target=target)(a, b, b), wanted):
        np.testing.assert_allclose(got, want, rtol=1e-14)


def test_the_chain_is_one_kernel():
    outputs, inputs = build()
    assert len(st.compile(outputs, inputs).kernels) == 1
