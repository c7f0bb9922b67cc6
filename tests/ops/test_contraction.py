"""Products of matrices and einsum against NumPy, with broadcasting, and their gradients."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
X, Y, T = rng.normal(size=(4, 5)), rng.normal(size=(5, 3)), rng.normal(size=(2, 3, 4))


def test_matmul() -> None:
    agree(lambda x, y: [x @ y, x @ y[:, 0], y[:, 0] @ y, y[:, 0] @ y[:, 1], x.T @ x], X, Y)
    agree(lambda t: [t @ t.swapaxes(1, 2), t @ t[0].T, t[0] @ t.swapaxes(1, 2), t @ t[0, 0], t[0, :, 0] @ t], T)
    agree(lambda a, b: a @ b, np.ones((2, 3), "int32"), np.ones((3, 2), "float32"))


def test_batches_of_static_size_one_broadcast() -> None:
    a, b = st.tensor("a", shape=(None, 1, 2, 3)), st.tensor("b", shape=(1, None, 3, 4))
    x, y = rng.normal(size=(5, 1, 2, 3)), rng.normal(size=(1, 6, 3, 4))
    np.testing.assert_allclose(evaluate([a @ b], {a: x, b: y})[0], x @ y)
    (slope,) = evaluate([st.grad((a @ b).sum(), a)], {a: x, b: y})
    np.testing.assert_allclose(slope, np.ones((5, 6, 2, 4)).__matmul__(y.swapaxes(2, 3)).sum(1, keepdims=True))


def test_other_products() -> None:
    agree(lambda x, y: [np.dot(x, y), np.dot(x, y[:, 0]), np.inner(x, x), np.outer(x[0], y[:, 0]), np.vdot(x, x)], X, Y)
    agree(lambda t, x: [np.dot(t, x), np.dot(x[:, 0], t.swapaxes(1, 2))], T, rng.normal(size=(4, 2)))
    agree(lambda t, x: [np.tensordot(t, x, 1), np.tensordot(t, t, ([0, 2], [0, 2])), np.tensordot(t, x, (1, 1))], T,
          rng.normal(size=(4, 3)))  # fmt: skip
    agree(lambda x: [np.vecdot(x, 2 * x), np.vecdot(x, x[0]), np.vecdot(x, x, axis=0)], X)
    agree(lambda x: [np.dot(x, 2.0), np.inner(3.0, x)], X)


@pytest.mark.parametrize(
    "subscripts",
    ["ij,jk", "ij,jk->ki", "ij,jk->", "ij,jk->j", "ij,jk->ijk", "ab , bc -> a c"],
)
def test_einsum_of_two(subscripts: str) -> None:
    agree(lambda x, y: np.einsum(subscripts, x, y), X, Y)


@pytest.mark.parametrize("subscripts", ["ii", "ii->i", "ij->ji", "ij->", "ij->j", "...i->...", "...ij->...ji", "ij"])
def test_einsum_of_one(subscripts: str) -> None:
    agree(lambda x: np.einsum(subscripts, x), X[:4, :4])


def test_einsum_of_several() -> None:
    agree(lambda x, y: np.einsum("ij,jk,il->kl", x, y, x), X, Y)
    agree(
        lambda t: [np.einsum("bij,bkj->bik", t, t), np.einsum("...j,...j", t, t), np.einsum("b...,bij->ij...", t, t)], T
    )
    agree(lambda t: np.einsum("iij,jk->ik", t, t[0]), rng.normal(size=(3, 3, 3)))


def test_errors() -> None:
    x, y = st.matrix("x"), st.matrix("y")
    with pytest.raises(ShapeError, match=r"contracting x.*with y.*5 and 4"):
        evaluate([x @ y], {x: X, y: np.ones((4, 3))})
    with pytest.raises(ShapeError, match="4 is not 5"):
        st.ones((3, 4)) @ st.ones((5, 3))
    with pytest.raises(ShapeError, match="matmul takes no scalars"):
        x @ 2.0
    with pytest.raises(ValueError, match="does not fit an operand with 2 axes"):
        st.einsum("i,ij->j", x, y)
    with pytest.raises(ValueError, match="names an axis twice"):
        st.einsum("ij->ik", x)
    with pytest.raises(ShapeError, match="1 axes of the one, 2 of the other"):
        st.tensordot(x, y, ([0], [0, 1]))


@pytest.mark.parametrize("subscripts", ["ij,jk->ik", "ij,jk->", "ij,jk->ijk", "ij,kl->il", "ij,ij->", "ij,ij->i"])
def test_gradients(subscripts: str) -> None:
    square = rng.normal(size=(3, 3))
    st.verify_grad(lambda x, y: st.einsum(subscripts, x, y), [square, square + 1], order=2, prepare=None)


def test_gradients_of_products() -> None:
    st.verify_grad(lambda t: t @ t[0].T, [T], order=2)
    st.verify_grad(lambda x: st.einsum("ii->i", x[:, :4]) * st.einsum("ij->i", x), [X], order=2)
