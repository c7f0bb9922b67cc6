"""Sizes in arithmetic behave as Python ints do: polynomials where they can, weak numbers elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.size import Size

X = st.matrix("x", dtype="float32")
FORMULAS: list[Callable[[Any, Any], Any]] = [
    lambda n, s: 0.5 * n,
    lambda n, s: n * 0.5,
    lambda n, s: n / 2,
    lambda n, s: 1 / n,
    lambda n, s: n**2,
    lambda n, s: 2**n,
    lambda n, s: n - 0.5,
    lambda n, s: 1j * n,
    lambda n, s: 0.5 * n + n,
    lambda n, s: -0.5 * n * math.log(2 * math.pi) - s,
    lambda n, s: s / n,
    lambda n, s: s * (0.5 * n),
    lambda n, s: np.float32(2) * n,
    lambda n, s: n * np.ones(3, "float32"),
    lambda n, s: np.arange(3) - n,
]


@pytest.mark.parametrize("number", range(len(FORMULAS)))
def test_values_and_dtypes_are_those_of_an_int(number: int) -> None:
    formula = FORMULAS[number]
    x = np.arange(12, dtype="float32").reshape(4, 3)
    got = st.compile(formula(X.shape[0], X.sum()), [X], on_unused_input="ignore")(x)
    want = np.asarray(formula(4, x.sum()))
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-6)


def test_what_is_closed_stays_a_size() -> None:
    n = X.shape[0]
    for size in (n + 1, 2 * n - 3, n * X.shape[1], n // 2, n % 3, -n):
        assert isinstance(size, Size)
    assert n - n == 0


def test_a_float_is_no_size() -> None:
    with pytest.raises(TypeError):
        X.reshape((0.5 * X.shape[0], -1))
    with pytest.raises(TypeError, match="unsupported operand"):
        X.shape[0] - "ab"
