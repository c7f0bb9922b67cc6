"""Cutting, joining, repeating and reordering against NumPy, for sizes unknown while the graph is built."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
V, X, T = rng.normal(size=5), rng.normal(size=(4, 6)), rng.normal(size=(2, 3, 4))


def test_flips_and_turns() -> None:
    agree(lambda x: [np.flip(x), np.flip(x, 0), np.flip(x, (0, 1)), np.fliplr(x), np.flipud(x)], X)
    agree(lambda x: [np.rot90(x, k) for k in range(-3, 5)], X)
    agree(lambda t: [np.rot90(t, 1, (2, 0)), np.rot90(t, 3, (0, 1))], T)
    with pytest.raises(ValueError, match="must be different"):
        st.rot90(st.matrix("x"), axes=(0, -2))


@pytest.mark.parametrize("shift", [0, 1, -1, 4, 9, -13])
def test_roll(shift: int) -> None:
    agree(lambda x: [np.roll(x, shift, 0), np.roll(x, shift, -1), np.roll(x, shift)], X)
    agree(lambda x: np.roll(x, shift, 0), np.zeros((0, 2)))
    np.testing.assert_array_equal(evaluate([st.roll(st.constant(V), shift)], {})[0], np.roll(V, shift))


def test_splits() -> None:
    agree(lambda x: [*np.split(x, 2), *np.split(x, 3, axis=1), *np.split(x, [1, 3, 9], axis=1), *np.split(x, [2])], X)
    agree(lambda x: [*np.array_split(x, 3), *np.array_split(x, 5, axis=1), *np.array_split(x, 7)], X)
    with pytest.raises(ShapeError, match="does not divide into 3 equal parts"):
        st.split(st.ones(4), 3)
    x = st.vector("x")
    with pytest.raises(ShapeError, match="reshaping x"):
        evaluate(st.split(x, 3), {x: np.ones(4)})


def test_joins() -> None:
    agree(lambda x, v: [np.vstack([x, v]), np.hstack([v, v]), np.dstack([v, v])], np.ones((2, 5)), V)
    agree(lambda x: [np.hstack([x, x]), np.vstack([x, x]), np.dstack([x, -x]), np.column_stack([x, x[:, 0]])], X)
    agree(lambda s, v, x, t: [np.atleast_1d(s), np.atleast_2d(v), np.atleast_3d(v), np.atleast_3d(x), np.atleast_3d(t)],
          np.array(2.0), V, X, T)  # fmt: skip
    agree(lambda t: list(np.broadcast_arrays(t, t[0, 0])), T)


def test_repeats() -> None:
    agree(
        lambda x: [np.tile(x, 2), np.tile(x, (2, 1, 3)), np.tile(x[0], (2, 2)), np.repeat(x, 2), np.repeat(x, 3, 0)], X
    )
    agree(lambda x: np.tile(x[0, 0], 3), X)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap"])
def test_borders(mode: str) -> None:
    agree(lambda x: [np.pad(x, 1, mode=mode), np.pad(x, ((2, 0), (1, 3)), mode=mode)], X)
    agree(lambda x: np.pad(x, 9, mode=mode), V)  # wider than the array: the pattern goes on
    agree(lambda x: np.pad(x, 3, mode=mode), V[:1])
    st.verify_grad(lambda x: st.pad(x, 2, mode=mode) ** 2, [X[:3, :3]], order=2)


def test_repeats_of_each_element() -> None:
    agree(lambda x: [np.repeat(x, [2], 1), x.repeat(np.array([3]), 0)], X)
    x = st.tensor("x", shape=X.shape)
    counts = np.arange(X.shape[1])
    (got,) = evaluate([st.repeat(x, counts, 1)], {x: X})
    np.testing.assert_array_equal(got, np.repeat(X, counts, 1))
    with pytest.raises(ShapeError, match="2 counts to repeat"):
        st.repeat(x, [1, 2], 1)
    with pytest.raises(ShapeError, match="hint: declare the size"):
        st.repeat(st.vector("v"), [1, 2])


WIDTHS = [1, ((2, 0), (1, 3))]


@pytest.mark.parametrize("mode", ["maximum", "mean", "minimum"])
@pytest.mark.parametrize("length", [None, 1, 2, ((1, 2), (9, 3))])
def test_borders_of_statistics(mode: str, length: Any) -> None:
    for x in (X, (10 * X).astype("int64")):
        agree(lambda x: [np.pad(x, width, mode, stat_length=length) for width in WIDTHS], x)
    st.verify_grad(lambda x: st.pad(x, 2, mode=mode, stat_length=length) ** 2, [X[:3, :3]], order=2)


@pytest.mark.parametrize("ends", [0, 2.5, (1, -1), ((1, 2), (3, 4))])
def test_borders_of_ramps_and_constants(ends: Any) -> None:
    for width in WIDTHS:
        agree(lambda x: np.pad(x, width, "linear_ramp", end_values=ends), X)  # noqa: B023
        agree(lambda x: np.pad(x, width, constant_values=ends), X)  # noqa: B023
    agree(lambda x: np.pad(x, 7, "linear_ramp", end_values=((3, -5), (1, 2))), (10 * X).astype("int64"))
    st.verify_grad(lambda x: st.pad(x, 2, mode="linear_ramp", end_values=ends) ** 2, [X[:3, :3]], order=2)


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
def test_borders_mirrored_at_the_value_of_the_edge(mode: str) -> None:
    agree(lambda x: [np.pad(x, width, mode, reflect_type="odd") for width in [*WIDTHS, 3]], X)
    agree(lambda x: np.pad(x, (9, 14), mode, reflect_type="odd"), V)
    if mode == "symmetric":
        agree(lambda x: np.pad(x, 3, mode, reflect_type="odd"), V[:1])
    st.verify_grad(lambda x: st.pad(x, 5, mode=mode, reflect_type="odd") ** 2, [X[:3, :3]], order=2)


def test_unknown_borders() -> None:
    with pytest.raises(ValueError, match="pad has no mode 'median'\n  hint: one of constant, edge, linear_ramp"):
        st.pad(st.vector("x"), 1, mode="median")
    with pytest.raises(ValueError, match="reflect_type 'strange'"):
        st.pad(st.vector("x"), 1, mode="reflect", reflect_type="strange")
    with pytest.raises(ValueError, match="3 pairs for 2 axes"):
        st.pad(X, 1, mode="linear_ramp", end_values=((1, 2), (3, 4), (5, 6)))


def test_diag() -> None:
    for k in (-2, 0, 1):
        agree(lambda v, x: [np.diag(v, k), np.diag(x, k)], V, X)  # noqa: B023
    with pytest.raises(ShapeError, match="diag takes a vector or a matrix"):
        st.diag(st.tensor3("t"))


def test_grids() -> None:
    agree(lambda x: np.meshgrid(x[0], x[:, 0]), X)
    agree(lambda x: np.meshgrid(x[0], x[:, 0], x[1], indexing="ij"), X)
    for ours, theirs in [
        (st.indices((2, 3)), np.indices((2, 3))),
        (st.logspace(0.0, 2.0, 5), np.logspace(0.0, 2.0, 5)),
        (st.logspace(0, 2, 5, base=2, endpoint=False), np.logspace(0, 2, 5, base=2, endpoint=False)),
        (st.geomspace(1, 1000, 4), np.geomspace(1, 1000, 4)),
        (st.geomspace(-1.0, -8.0, 4), np.geomspace(-1.0, -8.0, 4)),
    ]:
        got = evaluate([ours], {})[0]
        assert got.dtype == theirs.dtype
        np.testing.assert_allclose(got, theirs, rtol=1e-14)
