"""Indexing as NumPy does it, with sizes that are unknown while the graph is built."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

import symtensor as st
from symtensor.errors import BoundsError, DTypeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 5))
T = rng.normal(size=(2, 3, 4))

BOUND = some.none() | some.integers(-7, 7)
SLICE = some.builds(slice, BOUND, BOUND, some.sampled_from([None, 1, 2, 3, -1, -2, -3]))


@settings(max_examples=150, deadline=None)
@given(shape=some.tuples(some.integers(0, 5), some.integers(0, 5)), rows=SLICE, columns=SLICE)
def test_slices(shape: tuple[int, int], rows: slice, columns: slice) -> None:
    agree(lambda x: x[rows, columns], np.arange(float(np.prod(shape))).reshape(shape))


@settings(max_examples=100, deadline=None)
@given(
    n=some.integers(0, 6), start=some.integers(-9, 9), stop=some.integers(-9, 9), step=some.sampled_from([1, 2, -1, -2])
)
def test_bounds_that_are_known_only_at_the_call(n: int, start: int, stop: int, step: int) -> None:
    x, a, b = st.vector("x"), st.lscalar("a"), st.lscalar("b")
    value = np.arange(float(n))
    (got,) = evaluate([x[a:b:step]], {x: value, a: start, b: stop})
    np.testing.assert_array_equal(got, value[start:stop:step])


@pytest.mark.parametrize(
    "key",
    [
        np.s_[-1], np.s_[1, 2], np.s_[..., 0], np.s_[:, None], np.s_[None, 0, ..., None], np.s_[()], np.s_[...],
        np.s_[np.array([3, 0, -1])], np.s_[:, np.array([[0, 1], [1, -5]])], np.s_[np.array([0, 1]), np.array([4, -1])],
        np.s_[np.array([[0], [3]]), np.array([0, 2, 4])], np.s_[1:3, np.array([0, 0])], np.s_[[0, 2]],
        np.s_[np.array(2)], np.s_[np.int64(1), ::2], np.s_[np.array([], "int64")],
        np.s_[np.array([True, False, True, True])], np.s_[:, np.array([0, 1]), None],
    ],
    ids=str,
)  # fmt: skip
def test_keys(key: Any) -> None:
    agree(lambda x: x[key], X)


@pytest.mark.parametrize(
    "key",
    [
        np.s_[0, np.array([1, 2])], np.s_[np.array([1, 0]), :, np.array([0, 3])], np.s_[:, np.array([0, 2]), 1],
        np.s_[:, None, np.array([[0, 1]])], np.s_[::-1, 1, ::2], np.s_[-1, ..., None],
    ],
    ids=str,
)  # fmt: skip
def test_keys_of_three_axes(key: Any) -> None:
    agree(lambda x: x[key], T)


def test_masks() -> None:
    agree(lambda x: x[x > 0], X)
    agree(lambda x, m: x[m], X, np.array([True, False, True, True]))
    agree(lambda x: st.nonzero(x > 0), X, reference=lambda x: np.nonzero(x > 0))


def test_shifted_slices_have_one_size() -> None:
    u = st.matrix("u")
    assert u[1:].shape == u[:-1].shape
    assert u[2:, 1:-1].shape == u[:-2, 2:].shape == u[1:-1, :-2].shape
    assert u[::-1].shape == u.shape


def test_sizes_as_bounds() -> None:
    agree(lambda x: x[: x.shape[0] // 2, x.shape[1] - 2 :], X)
    agree(lambda x: x[: x.shape[0] - 1], np.zeros((0, 2)))


# --------------------------------------------------------------------------------------------------------- set, add
def updated(key: Any, value: Any, add: bool = False) -> Any:
    def function(x: Any) -> Any:
        v = value(x) if callable(value) else value
        if not isinstance(x, np.ndarray):
            return x[key].add(v) if add else x[key].set(v)
        x = x.copy()
        if add:
            np.add.at(x, key, v)
        else:
            x[key] = v
        return x

    return function


KEYS = [
    np.s_[1:3], np.s_[-1], np.s_[:, 0], np.s_[::2, ::-1], np.s_[...], np.s_[2, 3], np.s_[None, 1:2], np.s_[5:],
    np.s_[3:0:-2, 1],
]  # fmt: skip


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("key", KEYS, ids=str)
def test_set_and_add_of_slices(key: Any, add: bool) -> None:
    agree(updated(key, 0.5, add), X)
    agree(updated(key, lambda x: x[key] * 2, add), X)


ARRAY_KEYS = [
    np.s_[np.array([1, 1, -1])],
    np.s_[:, np.array([0, 0])],
    np.s_[np.array([1, 1]), np.array([0, -5])],
    np.s_[1:3, np.array([[0, 4], [2, 0]])],
    np.s_[np.array([2, 0]), ::-2],
    np.s_[2, np.array([3, 3, 1])],
    np.s_[np.array([0, 3]), None, np.array([1, 1])],
    np.s_[None, np.array([3]), 1:],
]


@pytest.mark.parametrize("add", [False, True])
@pytest.mark.parametrize("key", ARRAY_KEYS, ids=str)
def test_set_and_add_at_arrays(key: Any, add: bool) -> None:
    agree(updated(key, 1.5, add), X)
    distinct = np.arange(float(X[key].size)).reshape(X[key].shape)
    agree(updated(key, lambda x: x[key] * 2 + distinct, add), X)
    st.verify_grad(lambda x, v: getattr(x[key], "add" if add else "set")(v) ** 2, [X, X[key] + 1], order=2)


@pytest.mark.parametrize(
    "key",
    [
        np.s_[np.array([1, 0, 1]), :, np.array([0, 3, 0])],
        np.s_[0, :, np.array([0, 3, 0])],
        np.s_[:, np.array([0, 2]), 1],
        np.s_[1, np.array([0, 2]), 1:3],
        np.s_[np.array([0, 1])[:, None], np.array([0, 2]), None],
    ],
    ids=str,
)
def test_set_and_add_at_several_arrays(key: Any) -> None:
    agree(lambda x: x[key], T)
    for add in (False, True):
        agree(updated(key, lambda x: x[key] * 2, add), T)


def test_an_update_of_a_slice_by_an_array_is_an_update_of_the_slice() -> None:
    x = st.matrix("x")
    part = x[1:3]
    (got,) = evaluate([part[np.array([0, 0])].add(1.0)], {x: X})
    want = X[1:3].copy()
    want[0] += 2
    np.testing.assert_array_equal(got, want)


def test_of_duplicates_the_last_wins() -> None:
    x, i, v = st.vector("x"), st.lvector("i"), st.vector("v")
    new = x[i].set(v)
    values = {x: np.zeros(4), i: [2, 0, 2, -2], v: [1.0, 2.0, 3.0, 4.0]}
    np.testing.assert_array_equal(evaluate([new], values)[0], [2, 0, 4, 0])
    weights = st.constant([1.0, 10.0, 100.0, 1000.0])
    dx, dv = st.grad((new * weights).sum(), [x, v])
    got = evaluate([dx, dv], values)
    np.testing.assert_array_equal(got[0], [0, 10, 0, 1000])
    np.testing.assert_array_equal(got[1], [0, 1, 0, 100])


def test_set_at_an_index_known_only_at_the_call() -> None:
    x, i = st.matrix("x"), st.lscalar("i")
    for position in (0, 2, -1):
        want = X.copy()
        want[position] = X[0] * 2
        np.testing.assert_array_equal(evaluate([x[i].set(x[0] * 2)], {x: X, i: position})[0], want)


def test_a_whole_index_of_a_slice_sets_that_slice() -> None:
    agree(updated(np.s_[:], 1.0), X[1:3])
    x = st.matrix("x")
    part = x[1:3]
    (got,) = evaluate([part[:].set(1.0)], {x: X})
    np.testing.assert_array_equal(got, np.ones((2, 5)))


# ----------------------------------------------------------------------------------------------------------- errors
def test_out_of_bounds_is_found_as_early_as_possible() -> None:
    with pytest.raises(BoundsError, match="index 5 is out of bounds for axis 0 with size 3"):
        st.ones(3)[5]
    with pytest.raises(IndexError, match="too many indices"):
        st.ones(3)[0, 0]
    x, i = st.vector("x"), st.lvector("i")
    with pytest.raises(BoundsError, match="index 3 is out of bounds"):
        evaluate([x[3]], {x: np.ones(3)})
    with pytest.raises(BoundsError, match="index -4 is out of bounds"):
        evaluate([x[-4]], {x: np.ones(3)})
    with pytest.raises(BoundsError, match="index 7 is out of bounds for axis 0 with size 3"):
        evaluate([x[i]], {x: np.ones(3), i: [0, 7]})


def test_each_of_several_arrays_is_checked_against_its_own_axis() -> None:
    x, i, j = st.matrix("x"), st.lvector("i"), st.lvector("j")
    with pytest.raises(BoundsError, match="index 5 is out of bounds"):
        evaluate([x[i, j]], {x: X, i: [0], j: [5]})  # 5 is a valid position of the flattened matrix


def test_what_is_refused_says_what_to_do() -> None:
    x = st.vector("x")
    with pytest.raises(TypeError, match=r"x\[index\].set"):
        x[0] = 1  # type: ignore[index]
    with pytest.raises(DTypeError, match="an index must be an integer"):
        x[st.vector("i")]
    with pytest.raises(TypeError, match="not an indexed array"):
        (x + 1).set(2)
    with pytest.raises(ValueError, match="step cannot be zero"):
        x[::0]
    with pytest.raises(IndexError, match="single ellipsis"):
        x[..., ...]
    with pytest.raises(TypeError, match=r"hint: use st\.scan"):
        iter(x)
