"""Probe 2: the softmax of each row, written naively, with its gradient."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import check


def build_forward():
    x = st.matrix("x")
    e = st.exp(x)
    return [e / e.sum(axis=1, keepdims=True)], [x]


def build():
    (p,), (x,) = build_forward()
    weights = st.matrix("weights")
    return [p, st.grad((p * weights).sum(), x)], [x, weights]


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True, initial=-np.inf))
    return e / e.sum(axis=1, keepdims=True)


def reference(x, weights):
    p = softmax(x)
    return p, p * (weights - (p * weights).sum(axis=1, keepdims=True))


def sample(rng, rows, columns):
    return tuple(rng.normal(size=(2, rows, columns), scale=3))


SIZES = [(3, 5), (1, 1), (64, 37), (0, 4), (3, 0), (5, 4099)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES)


def test_forward_alone(target):
    check(target, build_forward, lambda rng, *size: sample(rng, *size)[:1], lambda x: (softmax(x),), SIZES)


@pytest.mark.parametrize("shift", [1000.0, -1000.0])
def test_no_overflow(target, shift):
    x = np.array([[shift, shift + 1, shift - 1], [0.0, shift, -shift]])
    weights = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]])
    outputs, inputs = build()
    for got, want in zip(st.compile(outputs, inputs, target=target)(x, weights), reference(x, weights)):
        np.testing.assert_allclose(got, want, rtol=1e-14, atol=1e-300)


def test_the_forward_pass_is_one_kernel():
    outputs, inputs = build_forward()
    assert len(st.compile(outputs, inputs).kernels) == 1
