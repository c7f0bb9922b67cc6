"""Factorisations and triangular solves: values against NumPy and SciPy, gradients against differences."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

import symtensor as st
from symtensor.errors import LinAlgError, ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
ROOT = rng.normal(size=(4, 4))
A = ROOT @ ROOT.T + 4 * np.eye(4)


def test_values() -> None:
    agree(st.linalg.cholesky, A, reference=np.linalg.cholesky)
    agree(st.linalg.cholesky, A.astype("float32"), reference=np.linalg.cholesky)
    agree(st.linalg.cholesky, np.array([[4, 2], [2, 3]]), reference=np.linalg.cholesky)
    for shape in ((4, 4), (6, 3), (3, 6), (1, 4)):
        agree(st.linalg.qr, rng.normal(size=shape), reference=np.linalg.qr)


@pytest.mark.parametrize("trans", [0, 1])
@pytest.mark.parametrize("lower", [False, True])
def test_solve_triangular(trans: int, lower: bool) -> None:
    for b in (rng.normal(size=4), rng.normal(size=(4, 2))):
        agree(
            lambda a, b: st.linalg.solve_triangular(a, b, trans, lower), A, b,
            reference=lambda a, b: scipy.linalg.solve_triangular(a, b, trans, lower),
        )  # fmt: skip
        st.verify_grad(lambda a, b: st.linalg.solve_triangular(a, b, trans, lower), [A, b], order=2)


def test_gradients() -> None:
    st.verify_grad(lambda a: st.linalg.cholesky((a + a.T) / 2), [A], order=2)
    for shape in ((3, 3), (5, 3), (3, 5)):
        st.verify_grad(st.linalg.qr, [rng.normal(size=shape)], order=2)
        st.verify_grad(lambda a: st.linalg.qr(a)[0], [rng.normal(size=shape)])
        st.verify_grad(lambda a: st.linalg.qr(a)[1], [rng.normal(size=shape)])


def test_one_gradient_serves_tall_and_wide_matrices() -> None:
    a = st.matrix("a")
    q, r = st.linalg.qr(a)
    slope = st.grad((q**3).sum() + (r**3).sum(), a)
    for shape in ((2, 4), (4, 2), (3, 3)):
        x = rng.normal(size=shape)
        fixed = st.tensor("fixed", shape=shape)
        p, s = st.linalg.qr(fixed)
        want = st.grad((p**3).sum() + (s**3).sum(), fixed)
        np.testing.assert_allclose(evaluate([slope], {a: x})[0], evaluate([want], {fixed: x})[0], rtol=1e-10)


def test_norms() -> None:
    x = rng.normal(size=(4, 5))
    norm = np.linalg.norm
    for ord, axis in [
        (None, None),
        (None, 1),
        (1, 0),
        (2, 1),
        (3, 0),
        (np.inf, 1),
        (-np.inf, 0),
        (0, 1),
        ("fro", None),
    ]:
        agree(
            lambda x: st.linalg.norm(x, ord, axis), x, reference=lambda x: norm(x, ord, axis)  # noqa: B023
        )  # fmt: skip
    agree(lambda x: st.linalg.norm(x, axis=1, keepdims=True), x, reference=lambda x: norm(x, axis=1, keepdims=True))
    agree(lambda x: st.linalg.multi_dot([x, x.T, x]), x, reference=lambda x: np.linalg.multi_dot([x, x.T, x]))
    with pytest.raises(NotImplementedError, match="no order 2 for matrices"):
        st.linalg.norm(st.matrix("x"), 2)


def test_errors() -> None:
    a = st.matrix("a")
    with pytest.raises(np.linalg.LinAlgError, match="not positive definite"):
        evaluate([st.linalg.cholesky(a)], {a: -A})
    with pytest.raises(LinAlgError, match="zero on its diagonal"):
        evaluate([st.linalg.solve_triangular(a, st.ones(2))], {a: np.zeros((2, 2))})
    with pytest.raises(ShapeError, match="a square matrix is needed"):
        evaluate([st.linalg.cholesky(a)], {a: np.ones((2, 3))})
    with pytest.raises(ShapeError, match="a matrix is needed, not x: float64"):
        st.linalg.qr(st.vector("x"))
