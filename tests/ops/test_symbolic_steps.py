"""Slices whose step is only known at the call."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError

STEPS = (1, 2, 3, 7, 100, -1, -2, -3, -7, -100)


@pytest.mark.parametrize("target", ["numpy", "c", "opencl"])
def test_a_step_is_a_size(target: str) -> None:
    if target == "opencl":
        pytest.importorskip("pyopencl")
    x, k = st.vector("x"), st.lscalar("k")
    f = st.compile([x[::k], x[1::k], x[:-2:k], x[-3:1:k]], [x, k], target=target)
    for size in (0, 1, 7):
        value = np.arange(float(size))
        for step in STEPS:
            expected = [value[::step], value[1::step], value[:-2:step], value[-3:1:step]]
            for got, want in zip(f(value, step), expected):
                np.testing.assert_array_equal(got, want)


def test_bounds_and_steps_together() -> None:
    x, (a, b, k) = st.vector("x"), (st.lscalar(name) for name in "abk")
    f = st.compile(x[a:b:k], [x, a, b, k])
    value = np.arange(5.0)
    for start in range(-7, 8):
        for stop in range(-7, 8):
            for step in (1, 2, -1, -3):
                np.testing.assert_array_equal(f(value, start, stop, step), value[start:stop:step])


def test_beside_other_items_it_is_set_added_to_and_differentiated() -> None:
    m, k = st.matrix("m"), st.lscalar("k")
    value = np.arange(20.0).reshape(4, 5)
    view = m[1:, None, ::k]
    outputs = [view, view.set(-1.0), view.add(view), st.grad((view**3).sum(), m), m[:, ::k][:, :1].sum()]
    f = st.compile(outputs, [m, k])
    for step in STEPS:
        was_set, added, slope = value.copy(), value.copy(), np.zeros_like(value)
        was_set[1:, ::step] = -1
        added[1:, ::step] *= 2
        slope[1:, ::step] = 3 * value[1:, ::step] ** 2
        expected = [value[1:, None, ::step], was_set, added, slope, value[:, ::step][:, :1].sum()]
        for a, b in zip(f(value, step), expected):
            np.testing.assert_array_equal(a, b)


def test_steps_that_are_sizes_of_other_arrays() -> None:
    x, y = st.vector("x"), st.vector("y")
    f = st.compile(x[:: y.shape[0]], [x, y])
    np.testing.assert_array_equal(f(np.arange(9.0), np.zeros(4)), [0, 4, 8])
    with pytest.raises(ShapeError, match="slice step cannot be zero"):
        f(np.arange(9.0), np.zeros(0))


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_step_of_zero_is_refused_before_anything_is_written(target: str) -> None:
    x, k, w = st.vector("x"), st.lscalar("k"), st.shared(0.0, "w")
    f = st.compile(x[::k], [x, k], updates={w: w + 1}, target=target)
    with pytest.raises(
        ValueError, match=r"slice step cannot be zero: k of axis 0 of x: float64\[x.shape\[0\]\]"
    ) as caught:
        f([1.0, 2.0], 0)
    assert "test_symbolic_steps.py:" in str(caught.value)
    assert w.get_value() == 0
