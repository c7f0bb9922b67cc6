"""The interpreter: sizes, guards, bound sizes, errors with the user's names and lines."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import BoundsError, ShapeError
from symtensor.ops.reference import evaluate


def test_sizes_are_bound_by_shapes() -> None:
    x = st.matrix("x")
    (got,) = evaluate([st.as_tensor(x.shape[0] * x.shape[1] - 1)], {x: np.ones((2, 3))})
    assert got == 5


def test_shared_subexpressions_are_computed_once() -> None:
    x = st.vector("x")
    y = x
    for _ in range(200):  # 2**200 paths
        y = y + y
    assert evaluate([y], {x: [1.0]})[0] == 2.0**200


def test_bound_sizes_flow_on() -> None:
    x = st.vector("x")
    (where,) = st.nonzero(x)
    total = (x[where] * st.arange(where.shape[0])).sum() / where.shape[0]
    (got,) = evaluate([total], {x: [5.0, 0.0, 7.0]})
    assert got == 3.5
    assert st.nonzero(x)[0] is where


def test_two_counts_are_two_sizes() -> None:
    x = st.vector("x")
    (a,), (b,) = st.nonzero(x), st.nonzero(x > 1)
    with pytest.raises(ShapeError, match="do not broadcast"):
        evaluate([a + b], {x: [1.0, 2.0]})


def test_guards_name_the_users_variables_and_line() -> None:
    x, y = st.vector("x"), st.vector("y")
    with pytest.raises(ShapeError) as error:
        evaluate([x + y], {x: np.ones(3), y: np.ones(4)})
    lines = str(error.value).splitlines()
    assert lines[0] == "shapes of x and y do not broadcast: x.shape[0] and y.shape[0] (3 and 4)"
    assert "test_reference.py" in lines[1]


def test_bounds_name_the_line() -> None:
    x, i = st.vector("x"), st.lvector("i")
    picked = x[i]
    with pytest.raises(BoundsError, match=r"(?s)index -4 is out of bounds for axis 0 with size 3.*test_reference.py"):
        evaluate([picked.sum()], {x: np.ones(3), i: [0, -4]})


def test_no_warnings() -> None:
    x = st.vector("x")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluate([st.log(x), x / 0, st.exp(x * 1e9), x.astype("int32")], {x: [-1.0, 0.0, np.inf]})


def test_missing_values_are_named() -> None:
    x, y = st.vector("x"), st.vector("y")
    with pytest.raises(KeyError, match="no value was given for y"):
        evaluate([x + y], {x: [1.0]})


def test_inputs_are_not_written() -> None:
    x = st.vector("x")
    array = np.zeros(3)
    evaluate([x[0].set(1.0), st.scatter_add(x, st.constant([1, 1]), 1.0)], {x: array})
    assert not array.any()


def test_loops_run_their_bodies() -> None:
    x, n = st.vector("x"), st.lscalar("n")
    rows, _ = st.scan(lambda s: s * 0.5 + 1, outputs_info=x, n_steps=n)
    got, slope = evaluate([rows, st.grad(rows.sum(), x)], {x: [0.0, 2.0], n: 3})
    np.testing.assert_allclose(got, [[1, 2], [1.5, 2], [1.75, 2]])
    np.testing.assert_allclose(slope, [0.875, 0.875])
