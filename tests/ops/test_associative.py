"""``associative_scan`` against loops, with gradients, for any size."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st

rng = np.random.default_rng(0)


@pytest.mark.parametrize("n", [0, 1, 2, 17])
def test_running_sums_of_any_size(target: str, n: int) -> None:
    x = st.vector("x")
    value = rng.normal(size=n)
    got = st.compile(st.associative_scan(lambda a, b: a + b, x), [x], target=target)(value)
    np.testing.assert_array_equal(got, np.cumsum(value))


@pytest.mark.parametrize("axis", [0, 1, -1])
@pytest.mark.parametrize("reverse", [False, True])
def test_axes_and_directions(axis: int, reverse: bool) -> None:
    x = st.tensor3("x")
    value = rng.normal(size=(2, 3, 4))
    got = st.compile(st.associative_scan(st.maximum, x, axis=axis, reverse=reverse), [x])(value)
    want = np.flip(value, axis) if reverse else value
    want = np.maximum.accumulate(want, axis)
    np.testing.assert_array_equal(got, np.flip(want, axis) if reverse else want)


def linear(first: Any, second: Any) -> Any:
    """y -> a y + b, one after the other."""
    return {"a": first["a"] * second["a"], "b": first["b"] * second["a"] + second["b"]}


def test_a_linear_recurrence_with_its_gradient() -> None:
    a, b = rng.normal(size=(2, 9))
    y, want = 0.0, []
    for k in range(9):
        y = a[k] * y + b[k]
        want.append(y)
    x, z = st.vector("x"), st.vector("z")
    got = st.compile(st.associative_scan(linear, {"a": x, "b": z})["b"], [x, z])(a, b)
    np.testing.assert_allclose(got, want)
    st.verify_grad(lambda a, b: st.associative_scan(linear, {"a": a, "b": b})["b"], [a, b], order=2)


def test_products_of_matrices() -> None:
    x = st.tensor3("x")
    value = rng.normal(size=(5, 2, 2))
    got = st.compile(st.associative_scan(st.matmul, x), [x])(value)
    want = [value[0]]
    for m in value[1:]:
        want.append(want[-1] @ m)
    np.testing.assert_allclose(got, want)


def test_bits_do_not_depend_on_threads() -> None:
    x = st.vector("x")
    y = st.associative_scan(lambda a, b: a + b, x)
    value = rng.normal(size=100_000)
    one, two = (st.compile(y, [x], threads=n)(value) for n in (1, 2))
    np.testing.assert_array_equal(one, two)
