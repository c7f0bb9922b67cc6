"""Probe 7: attention: two batched contractions around the softmax of rows, with its gradient."""

import numpy as np

import symtensor as st
from tests.probes.harness import check


def build_forward():
    q, k, v = st.tensor4("q"), st.tensor4("k"), st.tensor4("v")
    scores = st.einsum("bhqd,bhkd->bhqk", q, k) / st.sqrt(q.shape[3])
    e = st.exp(scores)
    p = e / e.sum(axis=-1, keepdims=True)
    return [st.einsum("bhqk,bhkd->bhqd", p, v)], [q, k, v]


def build():
    (out,), (q, k, v) = build_forward()
    slope = st.tensor4("slope")
    return [out, *st.grad((out * slope).sum(), [q, k, v])], [q, k, v, slope]


def forward(q, k, v):
    s = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    return p @ v, p


def reference(q, k, v, slope):
    out, p = forward(q, k, v)
    dp = slope @ v.swapaxes(-1, -2)
    ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True)) / np.sqrt(q.shape[-1])
    return out, ds @ k, ds.swapaxes(-1, -2) @ q, p.swapaxes(-1, -2) @ slope


def sample(rng, batch, heads, queries, keys, width):
    shapes = [(batch, heads, n, width) for n in (queries, keys, keys, queries)]
    return tuple(rng.normal(size=shape) for shape in shapes)


SIZES = [(1, 1, 2, 3, 4), (2, 3, 5, 7, 4), (1, 2, 33, 65, 16), (2, 2, 130, 70, 32)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES)


def test_forward_alone(target):
    check(target, build_forward, lambda rng, *size: sample(rng, *size)[:3], lambda *a: forward(*a)[:1], SIZES)


def test_no_overflow(target):
    q, k, v, _ = sample(np.random.default_rng(9), 1, 2, 3, 5, 4)
    outputs, inputs = build_forward()
    (got,) = st.compile(outputs, inputs, target=target)(1e3 * q, k, v)
    np.testing.assert_allclose(got, forward(1e3 * q, k, v)[0], rtol=1e-10, atol=1e-12)
