"""Compositions against NumPy and SciPy, at special values too, and their gradients where a formula meets another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as special

import symtensor as st
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.5, np.nan, np.inf, -np.inf, 1e-300, -1e300])
PAIRS = np.stack(np.meshgrid(SPECIAL, SPECIAL)).reshape(2, -1)


@pytest.mark.parametrize(
    "name",
    ["fabs", "round", "deg2rad", "rad2deg", "sinc", "isposinf", "isneginf", "nan_to_num", "modf", "arcsinh", "signbit"],
)
def test_of_one(name: str) -> None:
    with np.errstate(all="ignore"):
        agree(getattr(st, name), SPECIAL, reference=getattr(np, name))


@pytest.mark.parametrize("name", ["fmax", "fmin", "heaviside", "logaddexp2", "divmod", "float_power", "copysign"])
def test_of_two(name: str) -> None:
    with np.errstate(all="ignore"):
        agree(getattr(st, name), *PAIRS, reference=getattr(np, name))


def test_options() -> None:
    x = np.array([1.2345, -2.5, 0.05, np.inf])
    agree(lambda x: [np.round(x, 2), np.round(x * 1000, -2)], x)
    agree(lambda x: np.nan_to_num(x, posinf=7.0), x)
    agree(lambda i: [np.round(i), np.nan_to_num(i)], np.array([1, 2]))
    agree(lambda x: [np.ptp(x), np.ptp(x, axis=0), np.nansum(x, axis=1)], np.array([[1.0, 4.0], [2.0, np.nan]]))
    agree(lambda i: st.float_power(i, -2), np.array([1, 2, 5]), reference=lambda i: np.float_power(i, -2))


@pytest.mark.parametrize(
    ("ours", "theirs", "points"),
    [
        (lambda x: st.ndtr(x), special.ndtr, [-30.0, -5.0, 0.0, 1.0, 9.0]),
        (lambda x: st.logit(x), special.logit, [1e-300, 0.1, 0.5, 1 - 1e-12]),
        (lambda x: st.arcsinh(x), np.arcsinh, [-1e200, -3.0, -1e-9, 1e-300, 0.5, 1e160]),
        (lambda x: st.arccosh(x), np.arccosh, [1.0, 1 + 1e-12, 3.0, 1e200]),
        (lambda x: st.arctanh(x), np.arctanh, [-0.999999, -1e-9, 1e-300, 0.5]),
        (lambda x: st.log1mexp(x), lambda x: np.log(-np.expm1(x)), [-1e-12, -0.3, -0.7]),
        (lambda x: st.log1mexp(x), lambda x: np.log1p(-np.exp(x)), [-1.0, -30.0, -700.0]),
    ],
)
def test_accuracy(ours: Any, theirs: Any, points: list[float]) -> None:
    x = st.vector("x")
    (got,) = evaluate([ours(x)], {x: points})
    np.testing.assert_allclose(got, theirs(np.array(points)), rtol=1e-13)


def test_gradients_at_the_seams() -> None:
    st.verify_grad(st.sinc, [np.array([0.0, 1e-4, 3.0e-4, 0.5])], order=2, rtol=1e-4)
    st.verify_grad(st.log1mexp, [np.array([-0.1, -0.69, -0.7, -5.0])], order=2, rtol=1e-4)
    x = st.vector("x")
    (slope,) = evaluate([st.grad(st.log1mexp(x).sum(), x)], {x: [-800.0, -1e-3]})
    assert np.isfinite(slope).all()


def test_xlog1py() -> None:
    x, y = PAIRS
    with np.errstate(all="ignore"):
        agree(st.xlog1py, x, np.maximum(y, -0.5), reference=special.xlog1py)
