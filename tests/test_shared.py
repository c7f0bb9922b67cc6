"""Shared variables: what ``st.shared``, ``get_value`` and ``set_value`` promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError, ShapeError


def test_the_value_is_a_copy() -> None:
    value = np.arange(3.0)
    w = st.shared(value, "w")
    value[:] = 9
    np.testing.assert_array_equal(w.get_value(), [0.0, 1.0, 2.0])
    w.get_value()[:] = 9
    np.testing.assert_array_equal(w.get_value(), [0.0, 1.0, 2.0])


def test_a_borrowed_value_is_the_array_itself() -> None:
    value = np.arange(3.0)
    w = st.shared(value, "w", borrow=True)
    assert w.get_value(borrow=True) is value
    other = np.ones(3)
    w.set_value(other, borrow=True)
    assert w.get_value(borrow=True) is other
    for misfit in (np.ones(6)[::2], np.ones(3, "float32"), [1.0, 1.0, 1.0]):
        w.set_value(misfit, borrow=True)  # cannot be used as it lies
        np.testing.assert_array_equal(w.get_value(), np.ones(3))
        assert w.get_value(borrow=True) is not misfit
    read_only = np.zeros(3)
    read_only.setflags(write=False)
    w.set_value(read_only, borrow=True)
    assert w.get_value(borrow=True).flags.writeable


@pytest.mark.parametrize(
    "value", [1.5, 3, True, [1, 2], [[1.0]], np.zeros((0, 2)), np.float32(2), np.arange(3, dtype="i1")]
)
def test_types(value: Any) -> None:
    w = st.shared(value)
    array = np.asarray(value)
    assert (w.dtype, w.shape, w.ndim) == (array.dtype, array.shape, array.ndim)
    np.testing.assert_array_equal(w.get_value(), array)


def test_layouts_of_the_first_value() -> None:
    value = np.arange(6.0).reshape(2, 3)
    for given in (np.asfortranarray(value), value[::-1], value.astype(">f8"), np.ma.asarray(value)):
        w = st.shared(given)
        assert type(w.get_value()) is np.ndarray
        np.testing.assert_array_equal(w.get_value(), np.asarray(given))


def test_set_value() -> None:
    w = st.shared(np.zeros(2, "float32"), "w")
    for value in ([1, 2], (1.0, 2.0), np.array([1, 2]), np.array([1.0, 2.0]), np.array([2.0, 1.0])[::-1]):
        w.set_value(value)
        np.testing.assert_array_equal(w.get_value(), [1, 2])
        assert w.get_value().dtype == np.float32


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (np.zeros(3, "int64"), ShapeError, r"w has the shape \(2,\), not \(3,\)"),
        (1, ShapeError, r"w has the shape \(2,\), not \(\)"),
        (np.zeros(2), DTypeError, "w is int64: it cannot take a value of float64"),
        (["a", "b"], DTypeError, "w is int64"),
        (None, DTypeError, "w is int64"),
    ],
)
def test_values_that_are_refused(value: Any, error: type[Exception], text: str) -> None:
    w = st.shared(np.zeros(2, "int64"), "w")
    with pytest.raises(error, match=text):
        w.set_value(value)
    np.testing.assert_array_equal(w.get_value(), [0, 0])


def test_first_values_that_are_refused() -> None:
    with pytest.raises(TypeError, match="no dtype"):
        st.shared("text")
    with pytest.raises(TypeError, match="no dtype"):
        st.shared(None)
    with pytest.raises(TypeError, match="symbolic tensor"):
        st.shared(st.vector("x"))


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_functions_share_the_value(target: str) -> None:
    w = st.shared(np.zeros(2), "w")
    add = st.compile(None, updates={w: w + 1}, target=target)
    read = st.compile(w * 10, target=target)
    add()
    np.testing.assert_array_equal(read(), [10.0, 10.0])
    w.set_value([5.0, 6.0])
    add()
    np.testing.assert_array_equal(read(), [60.0, 70.0])


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_variable_without_a_name_and_a_scalar_one(target: str) -> None:
    count = st.shared(0)
    step = st.compile(count, updates={count: count + 1}, target=target)
    assert [int(step()) for _ in range(3)] == [0, 1, 2]
    assert int(count.get_value()) == 3


def test_one_variable_on_two_targets() -> None:
    w = st.shared(np.zeros(2), "w")
    native = st.compile(None, updates={w: w + 1}, target="c")
    interpreted = st.compile(None, updates={w: w * 2}, target="numpy")
    native()
    interpreted()
    native()
    np.testing.assert_array_equal(w.get_value(), [3.0, 3.0])


def test_variables_are_never_merged() -> None:
    a, b = st.shared(np.zeros(2), "w"), st.shared(np.zeros(2), "w")
    assert a is not b
    f = st.compile([a, b], updates={a: a + 1}, target="c")
    f()
    np.testing.assert_array_equal(f(), [[1.0, 1.0], [0.0, 0.0]])
