"""General systems, inverses and determinants: values against NumPy, gradients, singular matrices."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import LinAlgError, ShapeError
from tests.ops.run import agree

rng = np.random.default_rng(0)
A, B, C = rng.normal(size=(5, 5)), rng.normal(size=5), rng.normal(size=(5, 3))
SINGULAR = np.ones((3, 3))


def test_values() -> None:
    for b in (B, C):
        agree(st.linalg.solve, A, b, reference=np.linalg.solve)
        agree(st.linalg.solve, A.T, b, reference=np.linalg.solve)
    agree(st.linalg.inv, A, reference=np.linalg.inv)
    agree(st.linalg.det, A, reference=np.linalg.det)
    agree(st.linalg.slogdet, -A, reference=np.linalg.slogdet)
    agree(st.linalg.solve, np.array([[0, 2], [3, 1]]), np.array([1, 2]), reference=np.linalg.solve)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 2, 7, 65, 200])
def test_compiled(n: int, dtype: str) -> None:
    x, y = rng.normal(size=(n, n)).astype(dtype), rng.normal(size=(n, 4)).astype(dtype)
    a, b = st.tensor("a", dtype, (None, None)), st.tensor("b", dtype, (None, None))
    sign, size = st.linalg.slogdet(a)
    outputs = [st.linalg.solve(a, b), st.linalg.solve(a.T, b[:, 0]), st.linalg.inv(a), st.linalg.det(a), sign, size]
    got = st.compile(outputs, [a, b])(x, y)
    wide, right = x.astype("float64"), y.astype("float64")
    want = [np.linalg.solve(wide, right), np.linalg.solve(wide.T, right[:, 0]), np.linalg.inv(wide)]
    want += [np.linalg.det(wide), *np.linalg.slogdet(wide)]
    tolerance = 1e-10 if dtype == "float64" else 2e-2
    for k, (value, expected) in enumerate(zip(got, want)):
        if k != 3 or dtype == "float64":  # a determinant of 200 rows overflows float32
            np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())


def test_gradients() -> None:
    for b in (B, C):
        st.verify_grad(st.linalg.solve, [A, b], order=2)
    st.verify_grad(st.linalg.inv, [A], order=2)
    st.verify_grad(st.linalg.det, [A], order=2)
    st.verify_grad(lambda a: st.linalg.slogdet(a)[1], [A], order=2)


def test_one_factorisation_serves_values_and_gradients() -> None:
    a, b = st.matrix("a"), st.vector("b")
    cost = (st.linalg.solve(a, b) ** 2).sum() + st.linalg.slogdet(a)[1]
    function = st.compile([cost, *st.grad(cost, [a, b])], [a, b])
    assert str(function.kernels).count("computes lu\n") == 1


def test_singular_matrices() -> None:
    a = st.matrix("a")
    value = st.compile([st.linalg.det(a), *st.linalg.slogdet(a)], [a])
    assert [float(v) for v in value(SINGULAR)] == [0, 0, -np.inf]
    with pytest.raises(LinAlgError, match=r"^solve: the matrix is singular"):
        st.compile(st.linalg.inv(a), [a])(SINGULAR)
    with pytest.raises(LinAlgError, match=r"^solve: the matrix is singular"):
        st.linalg.solve(a, a).eval({a: SINGULAR})


def test_shapes() -> None:
    with pytest.raises(ShapeError, match="a square matrix is needed"):
        st.linalg.inv(st.ones((2, 3)))
    with pytest.raises(ShapeError, match="right-hand sides must be a vector or matrix"):
        st.linalg.solve(st.ones((2, 2)), st.ones((2, 2, 2)))
