"""Logarithms of determinants are those of the factors: values, gradients, and what has no logarithm."""

from __future__ import annotations

from collections.abc import Callable

import mpmath
import numpy as np
import pytest

import symtensor as st
from symtensor.ir.node import Tensor

rng = np.random.default_rng(3)
ROOT = rng.normal(size=(6, 6))
DEFINITE = ROOT @ ROOT.T + np.eye(6)
FORMS: dict[str, Callable[[Tensor], Tensor]] = {
    "log": lambda d: st.log(d),
    "half": lambda d: 0.5 * st.log(d) + 1,
    "absolute": lambda d: st.log(abs(d)),
    "square": lambda d: 0.5 * st.log(d * d),
}


@pytest.mark.parametrize("form", FORMS)
def test_it_stays_in_range_with_its_gradient(form: str) -> None:
    x = st.matrix("x")
    value = FORMS[form](st.linalg.det(x))
    f = st.compile([value, st.grad(value, x)], [x])
    assert "log_of_determinant" in str(f.explain())
    weight, shift = (0.5, 1) if form == "half" else (1, 0)
    for scale in (1e-300, 1e-3, 1.0, 1e3, 1e300):
        got, slope = f(DEFINITE * scale)
        exact = float(mpmath.log(mpmath.det(mpmath.matrix(DEFINITE.tolist()))) + 6 * mpmath.log(scale))
        np.testing.assert_allclose(got, weight * exact + shift, rtol=1e-13)
        np.testing.assert_allclose(slope, weight * np.linalg.inv(DEFINITE).T / scale, rtol=1e-11)
    st.verify_grad(lambda x: FORMS[form](st.linalg.det(x)), [DEFINITE], order=2)


def test_no_worse_than_the_determinant_where_that_is_in_range() -> None:
    x = st.matrix("x")
    short, long = (st.compile(st.log(st.linalg.det(x)), [x], exclude=e) for e in ([], ["log_of_determinant"]))
    for _ in range(20):
        matrix = rng.normal(size=(4, 4)) + 4 * np.eye(4)
        exact = mpmath.log(mpmath.det(mpmath.matrix(matrix.tolist())))
        errors = [abs(float((mpmath.mpf(float(f(matrix))) - exact) / exact)) for f in (short, long)]
        assert errors[0] <= max(errors[1], 4e-16)


def test_negative_and_singular_matrices() -> None:
    x = st.matrix("x")
    f = st.compile([st.log(st.linalg.det(x)), st.log(abs(st.linalg.det(x)))], [x])
    flipped = np.diag([-1.0, 1.0, 2.0])
    np.testing.assert_array_equal(f(flipped), [np.nan, np.log(2.0)])
    np.testing.assert_array_equal(f(np.zeros((3, 3))), [-np.inf, -np.inf])
    np.testing.assert_array_equal(f(np.full((2, 2), np.nan)), [np.nan, np.nan])


def test_other_logarithms_stay() -> None:
    x, y = st.matrix("x"), st.matrix("y")
    sign, _ = st.linalg.slogdet(x)
    for value in (st.log(sign), st.log(st.linalg.det(x) + 1), st.log(st.linalg.det(x) * st.linalg.det(y))):
        assert "log_of_determinant" not in str(st.compile(value, [x, y], on_unused_input="ignore").explain())
