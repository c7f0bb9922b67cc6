"""Reductions and what is composed of them, against NumPy and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
X, T = rng.normal(size=(4, 5)), rng.normal(size=(2, 3, 4))
NAMES = ["sum", "prod", "max", "min", "mean", "var", "std"]


@pytest.mark.parametrize("name", NAMES)
def test_axes(name: str) -> None:
    function = getattr(np, name)
    agree(
        lambda t: [function(t), function(t, axis=1), function(t, axis=(0, 2)), function(t, axis=-1, keepdims=True)], T
    )
    agree(lambda t: [getattr(t, name)(axis=(-1, 0), keepdims=True), getattr(t, name)(0)], T)


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "all", "any", "argmax"])
def test_result_dtypes(name: str) -> None:
    for dtype in ("bool", "int8", "uint8", "int32", "uint32", "int64", "uint64", "float32", "float64"):
        array = np.array([[0, 1], [1, 1]], dtype)
        agree(lambda x: getattr(np, name)(x, axis=0), array)
    assert st.tensor("x", "float16", (3,)).sum().dtype == "float16"


def test_explicit_dtype_and_ddof() -> None:
    agree(lambda x: [np.sum(x, dtype="float64"), np.mean(x, axis=0, dtype="float64")], X.astype("float32"))
    agree(lambda t: [np.var(t, axis=1, ddof=1), np.std(t, ddof=2)], T)
    agree(lambda x: np.sum(x, axis=0), np.full((3, 2), 200, "uint8"))


def test_positions() -> None:
    agree(lambda x: [x.argmax(), x.argmin(axis=0), np.argmax(x, axis=1, keepdims=True), np.argmin(x)], X)
    special = np.array([[1.0, np.nan, np.nan], [-np.inf, -np.inf, -np.inf], [2.0, 2.0, 1.0]])
    agree(lambda x: [x.argmax(axis=1), x.argmin(axis=1), x.max(axis=1), x.min(axis=0)], special)


def test_empty() -> None:
    agree(lambda x: [x.sum(axis=1), x.prod(axis=1), x.all(), x.any()], np.zeros((2, 0)))
    x = st.matrix("x")
    for make in (st.max, st.min, st.argmax, st.argmin):
        with pytest.raises(ValueError, match="no identity"):
            evaluate([make(x, axis=1)], {x: np.zeros((2, 0))})
        with pytest.raises(ShapeError, match="zero-size array"):
            make(st.zeros((2, 0)), axis=1)
        assert evaluate([make(x, axis=1)], {x: np.zeros((0, 2))})[0].shape == (0,)


def test_no_axis_is_the_identity() -> None:
    x = st.matrix("x")
    assert x.sum(axis=()) is x
    agree(lambda x: [x.sum(), x.max(), x.argmax()], np.array(3.0))


def test_axis_errors() -> None:
    x = st.matrix("x")
    with pytest.raises(np.exceptions.AxisError):
        x.sum(axis=2)
    with pytest.raises(ValueError, match="duplicate"):
        x.sum(axis=(0, -2))


def test_variance_far_from_zero_keeps_its_digits() -> None:
    far = 1e8 + rng.normal(size=1000)
    x = st.vector("x")
    (got,) = evaluate([x.var()], {x: far})
    np.testing.assert_allclose(got, np.var(far.astype("longdouble")).astype("float64"), rtol=1e-9)


def test_softmax_and_logsumexp() -> None:
    pairs = [(st.softmax, scipy.special.softmax), (st.log_softmax, scipy.special.log_softmax)]
    for ours, theirs in [*pairs, (st.logsumexp, scipy.special.logsumexp)]:
        for array in (X, 1000 * X, X.astype("float32")):
            x = st.tensor("x", array.dtype, (None, None))
            for axis in (0, 1, -1):
                (got,) = evaluate([ours(x, axis=axis)], {x: array})
                assert got.dtype == array.dtype
                np.testing.assert_allclose(
                    got, theirs(array, axis=axis), rtol=2e-6 if array.dtype == "float32" else 1e-12
                )
    agree(lambda x: st.logsumexp(x), X, reference=lambda x: np.asarray(scipy.special.logsumexp(x)))
    infinite = np.array([[-np.inf, -np.inf], [np.inf, 1.0]])
    agree(
        lambda x: st.logsumexp(x, axis=1, keepdims=True), infinite, reference=lambda x: np.array([[-np.inf], [np.inf]])
    )


def test_gradients_with_ties_and_zeros() -> None:
    x = st.vector("x")
    (top,) = evaluate([st.grad(x.max(), x)], {x: [1.0, 3.0, 3.0]})
    np.testing.assert_array_equal(top, [0, 0.5, 0.5])
    for point in ([2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0]):
        (slope,) = evaluate([st.grad(x.prod(), x)], {x: point})
        want = [np.prod(np.delete(point, k)) for k in range(3)]
        np.testing.assert_allclose(slope, want)
    st.verify_grad(lambda x: st.prod(x, axis=1), [np.array([[0.0, 2.0], [1.0, 3.0]])], order=2)


@pytest.mark.parametrize("zeros", [2, 4, 5])
def test_derivatives_of_a_product_with_zeros_up_to_the_fourth_order(zeros: int) -> None:
    x = st.vector("x")
    point = np.array([*np.zeros(zeros), 2.0, 3.0])
    derivative, found = x.prod(), []
    for k in range(min(zeros, 4)):
        derivative = st.grad(derivative, x)[k]
        found.append(derivative)
    found.append(st.grad(found[0], x)[0])  # the second by the same factor
    want = [6.0 if k == zeros - 1 else 0.0 for k in range(len(found) - 1)]
    np.testing.assert_array_equal(evaluate(found, {x: point}), [*want, 0.0])


def test_the_gradient_of_a_product_computes_no_sums_of_powers() -> None:
    x = st.vector("x")
    text = str(st.compile(st.grad(x.prod(), x), [x]).graph)
    assert "vanishing" not in text
    assert text.count("= sum(") == 1  # the number of zeros
