"""Broadcast, transpose, reshape, expand, squeeze, concatenate, pad, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ops.movement import _groups
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
X, T = rng.normal(size=(4, 6)), rng.normal(size=(2, 3, 4))


def test_transpose() -> None:
    agree(lambda t: [t.T, t.transpose(1, 2, 0), t.transpose((2, 0, 1)), t.swapaxes(0, 2), np.moveaxis(t, 0, -1)], T)
    agree(lambda t: np.moveaxis(t, [0, 2], [2, 0]), T)
    t = st.tensor3("t")
    assert t.T.T is t
    assert t.transpose(1, 2, 0).transpose(1, 2, 0) is t.transpose(2, 0, 1)


def test_reshape() -> None:
    agree(lambda x: [x.reshape(3, 8), x.reshape((2, -1)), x.reshape(-1), x.ravel(), x.reshape(2, 2, 3, 1, 2)], X)
    agree(lambda x: x.reshape((x.shape[1], x.shape[0])), X)
    agree(lambda t: t.reshape(t.shape[0] * t.shape[1], t.shape[2]), T)
    agree(lambda t: t.reshape(1, t.shape[0], -1), T)
    x = st.matrix("x")
    assert x.reshape(-1).reshape(x.shape) is x
    with pytest.raises(ShapeError, match="24 and 25"):
        evaluate([x.reshape(5, 5)], {x: X})
    with pytest.raises(ShapeError, match="7 and 6"):
        evaluate([x.reshape(2, -1)], {x: np.ones((1, 7))})
    with pytest.raises(ShapeError, match="12 is not 10"):
        st.ones((3, 4)).reshape(5, 2)
    with pytest.raises(ValueError, match="one unknown dimension"):
        x.reshape(-1, -1)


def test_reshapes_are_cut_into_independent_runs_of_axes() -> None:
    n, m = st.matrix("x").shape
    assert [(list(a), list(b)) for a, b in _groups((n, m, 4), (n, m, 2, 2))] == [
        ([0], [0]),
        ([1], [1]),
        ([2], [2, 3]),
    ]
    assert [(list(a), list(b)) for a, b in _groups((n, m), (n * m,))] == [([0, 1], [0])]
    assert len(_groups((6, n), (2, 3, 1, n))) == 3


def test_expand_and_squeeze() -> None:
    agree(lambda x: [np.expand_dims(x, 1), np.expand_dims(x, (0, -1)), np.expand_dims(x, 0).squeeze(0)], X)
    agree(lambda x: [st.squeeze(x[:, :1]), x[1:2, :].squeeze(0)], X, reference=lambda x: [x[:, 0], x[1]])
    x = st.matrix("x")
    with pytest.raises(ValueError, match="cannot squeeze axis 0"):
        st.ones((3, 1)).squeeze(0)
    with pytest.raises(ShapeError, match="squeezing"):
        evaluate([x.squeeze(0)], {x: X})
    with pytest.raises(np.exceptions.AxisError):
        x.squeeze(2)


def test_broadcast_to() -> None:
    agree(lambda x: np.broadcast_to(x, (3, 4, 6)), X)
    agree(lambda x: np.broadcast_to(x[:, :1][:, 0], (2, x.shape[0])), X)
    with pytest.raises(ShapeError, match="does not broadcast"):
        st.broadcast_to(st.ones((2, 3)), (2, 4))
    with pytest.raises(ShapeError, match="more axes"):
        st.broadcast_to(st.ones((2, 3)), (3,))


def test_concatenate_and_stack() -> None:
    agree(lambda x, y: [np.concatenate([x, y, x]), np.concatenate([x, 2 * y], axis=None)], X, X[:1])
    agree(lambda x: [np.stack([x, -x]), np.stack([x, x, x], axis=-1), np.concatenate([x, x[:, :2]], axis=-1)], X)
    agree(lambda x, i: np.concatenate([x, i]), np.ones(2, "float32"), np.arange(3))
    agree(lambda x, y: np.concatenate([x, y, x]), X[:0], X)
    x, y = st.matrix("x"), st.matrix("y")
    with pytest.raises(ShapeError, match="concatenating x"):
        evaluate([st.concatenate([x, y])], {x: X, y: np.ones((2, 5))})
    with pytest.raises(ShapeError, match="ranks differ"):
        st.concatenate([x, st.vector("v")])
    with pytest.raises(ValueError, match="at least one array"):
        st.concatenate([])


def test_pad() -> None:
    agree(lambda x: [np.pad(x, 1), np.pad(x, ((1, 2), (0, 1)), constant_values=2.5), np.pad(x, (2, 0))], X)
    with pytest.raises(ValueError, match="negative"):
        st.pad(st.ones(3), -1)


def test_diagonals() -> None:
    agree(lambda t: [np.diagonal(t), np.diagonal(t, 1, 1, 2), np.diagonal(t, -1, 2, 0), np.trace(t)], T)
    agree(lambda x: [x.diagonal(9), x.trace(-1)], X)
