"""Probe 9: a recurrent layer: scan with a matrix product in its body, with its gradient."""

import numpy as np

import symtensor as st
from tests.probes.harness import check


def build_forward():
    x, h0 = st.tensor3("x"), st.matrix("h0")
    w, u, b = st.matrix("w"), st.matrix("u"), st.vector("b")
    hs, _ = st.scan(
        lambda x, h, w, u, b: st.tanh(x @ w + h @ u + b), sequences=x, outputs_info=h0, non_sequences=[w, u, b]
    )
    return [hs], [x, h0, w, u, b]


def build():
    (hs,), inputs = build_forward()
    weights = st.tensor3("weights")
    return [hs, *st.grad((hs * weights).sum(), inputs)], [*inputs, weights]


def reference(x, h0, w, u, b, weights):
    hs, h = [], h0
    for x_t in x:
        h = np.tanh(x_t @ w + h @ u + b)
        hs.append(h)
    dx, dw, du, db, dh = np.empty_like(x), 0 * w, 0 * u, 0 * b, 0 * h0
    for t in reversed(range(len(x))):
        da = (dh + weights[t]) * (1 - hs[t] ** 2)
        dx[t], dh = da @ w.T, da @ u.T
        dw += x[t].T @ da
        du += (hs[t - 1] if t else h0).T @ da
        db += da.sum(axis=0)
    return np.array(hs).reshape(len(x), *h0.shape), dx, dh, dw, du, db


def sample(rng, steps, batch, width, hidden):
    scale = 1 / np.sqrt(hidden)
    return (
        rng.normal(size=(steps, batch, width)),
        rng.normal(size=(batch, hidden)),
        rng.normal(size=(width, hidden), scale=scale),
        rng.normal(size=(hidden, hidden), scale=scale),
        rng.normal(size=hidden),
        rng.normal(size=(steps, batch, hidden)),
    )


SIZES = [(3, 2, 4, 5), (1, 1, 1, 1), (0, 2, 3, 4), (20, 7, 33, 17), (12, 32, 20, 64)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES, tolerance=1e-11)


def test_forward_alone(target):
    check(
        target,
        build_forward,
        lambda rng, *size: sample(rng, *size)[:5],
        lambda *a: reference(*a, 0.0 * reference(*a, np.zeros((len(a[0]), *a[1].shape)))[0])[:1],
        SIZES,
        tolerance=1e-11,
    )
