"""Probe 3: variance over columns, and over rows, of data whose mean is far from zero."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import check


def build_axis(axis):
    x = st.matrix("x")
    return [x.var(axis=axis)], [x]


def build():
    x, u, v = st.matrix("x"), st.vector("u"), st.vector("v")
    columns, rows = x.var(axis=0), x.var(axis=1)
    cost = (columns * u).sum() + (rows * v).sum()
    return [columns, rows, st.grad(cost, x)], [x, u, v]


def reference(x, u, v):
    m, n = x.shape
    columns, rows = x - x.mean(axis=0), x - x.mean(axis=1, keepdims=True)
    gradient = 2 / m * columns * u + 2 / n * rows * v[:, None]
    return (columns**2).mean(axis=0), (rows**2).mean(axis=1), gradient


def sample(rng, m, n):
    return rng.normal(loc=3, size=(m, n)), rng.normal(size=n), rng.normal(size=m)


def test_value_and_gradient(target):
    check(target, build, sample, reference, [(3, 5), (1, 1), (40, 37), (1000, 3), (3, 5000), (257, 513)])


@pytest.mark.parametrize("axis", [0, 1])
def test_far_from_zero(target, axis):
    """The textbook E[x²] - E[x]² would keep no digit here."""
    x = 1e8 + np.random.default_rng(1).normal(size=(300, 200))
    want = x.astype("longdouble").var(axis=axis).astype("float64")
    outputs, inputs = build_axis(axis)
    (got,) = st.compile(outputs, inputs, target=target)(x)
    np.testing.assert_allclose(got, want, rtol=1e-10)


@pytest.mark.parametrize("axis", [0, 1])
def test_one_pass_over_memory_is_one_kernel(axis):
    outputs, inputs = build_axis(axis)
    assert len(st.compile(outputs, inputs).kernels) == 1
