"""Reductions in two passes: variances over rows, columns, blocks of axes and everything, at awkward sizes."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import symtensor as st

X = st.tensor3("x")
FUNCTIONS = {
    axis: st.compile([X.var(axis=axis), X.mean(axis=axis), st.exp(X * 0.1).var(axis=axis)], [X])
    for axis in (None, 0, 1, 2, (0, 1), (0, 2), (1, 2))
}
SHAPES = [(1, 1, 1), (9, 4, 7), (40, 3, 33), (3, 129, 1), (2, 70, 300), (130, 20, 17)]


def _want(x: np.ndarray, axis: object) -> list[np.ndarray]:
    wide = x.astype("longdouble")
    return [wide.var(axis=axis), wide.mean(axis=axis), np.exp(wide * 0.1).var(axis=axis)]


@pytest.mark.parametrize("axis", list(FUNCTIONS), ids=repr)
def test_variance_beside_a_mean(axis: object) -> None:
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        x = rng.normal(size=shape) + 3
        for got, want in zip(FUNCTIONS[axis](x), _want(x, axis), strict=True):
            np.testing.assert_allclose(got, want.astype("float64"), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("axis", [None, 0, (0, 1), 2], ids=repr)
def test_far_from_zero_in_pieces(axis: object) -> None:
    """Means of pieces are measured from the first element, or their last digits would show in the variance."""
    x = np.random.default_rng(1).normal(size=(300, 20, 40)) + 1e8
    want = x.astype("longdouble").var(axis=axis).astype("float64")
    np.testing.assert_allclose(FUNCTIONS[axis](x)[0], want, rtol=1e-10)


@pytest.mark.parametrize("axis", [None, 0, (0, 1), 2], ids=repr)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [(0, 0, 0), (8, 3, 6)])
def test_what_is_no_number_spreads_over_its_own_piece(axis: object, bad: float, at: tuple[int, ...]) -> None:
    x = np.random.default_rng(2).normal(size=(9, 4, 7))
    x[at] = bad
    with np.errstate(invalid="ignore"):
        want = x.var(axis=axis)
    np.testing.assert_array_equal(np.isnan(FUNCTIONS[axis](x)[0]), np.isnan(want))


@pytest.mark.parametrize("axis", [None, 0, 2, (0, 1)], ids=repr)
def test_of_nothing(axis: object) -> None:
    for shape in [(0, 3, 2), (3, 0, 2), (3, 2, 0)]:
        x = np.zeros(shape)
        with warnings.catch_warnings(action="ignore"):
            want = x.var(axis=axis)
        np.testing.assert_array_equal(FUNCTIONS[axis](x)[0], want)
