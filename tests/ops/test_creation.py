"""Arrays made from nothing, and inputs."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree


def value(tensor):
    return evaluate([tensor], {})[0]


def same(ours, theirs) -> None:
    got = value(ours)
    assert got.dtype == theirs.dtype
    assert got.shape == theirs.shape
    np.testing.assert_allclose(got, theirs, rtol=1e-15)


def test_constants() -> None:
    same(st.zeros(3), np.zeros(3))
    same(st.ones((2, 3), "float32"), np.ones((2, 3), "float32"))
    same(st.full((2,), 7), np.full((2,), 7))
    same(st.full((2,), 7, "float32"), np.full((2,), 7, "float32"))
    agree(
        lambda x: [np.zeros_like(x), np.ones_like(x), np.full_like(x, 7), np.zeros_like(x, "int8")],
        np.ones((2, 3), "float32"),
    )
    assert st.constant(1) is not st.constant(1.0)
    assert st.constant(0.0) is not st.constant(-0.0)
    assert st.constant([1.0, 2.0]) is st.constant(np.array([1.0, 2.0]))


@pytest.mark.parametrize(
    "bounds", [(5,), (2, 9), (2, 9, 3), (9, 2, -2), (3, 3), (5, 2), (2.0, 9.0, 1.5), (0, 1, 0.25), (-3,)]
)
def test_arange(bounds) -> None:
    same(st.arange(*bounds), np.arange(*bounds))


def test_arange_of_sizes() -> None:
    agree(lambda x: [st.arange(x.shape[0]), st.arange(1, x.shape[0], 2), st.arange(x.shape[0], 0, -1)], np.ones(6),
          reference=lambda x: [np.arange(6), np.arange(1, 6, 2), np.arange(6, 0, -1)])  # fmt: skip
    n = st.lscalar("n")
    np.testing.assert_array_equal(evaluate([st.arange(n)], {n: 4})[0], np.arange(4))
    with pytest.raises(ValueError, match="step of arange"):
        st.arange(0, 4, 0)


@pytest.mark.parametrize("arguments", [(0.0, 1.0, 7), (2, -2, 5), (0, 1, 1), (0, 1, 0), (3.0, 3.0, 4)])
@pytest.mark.parametrize("endpoint", [True, False])
def test_linspace(arguments, endpoint) -> None:
    same(st.linspace(*arguments, endpoint=endpoint), np.linspace(*arguments, endpoint=endpoint))


def test_matrices() -> None:
    for k in (-1, 0, 2):
        same(st.eye(3, 4, k), np.eye(3, 4, k))
        same(st.tri(3, 4, k), np.tri(3, 4, k))
        agree(lambda x: [np.tril(x, k), np.triu(x, k)], np.arange(24.0).reshape(2, 3, 4))  # noqa: B023
    same(st.identity(3, "float32"), np.identity(3, "float32"))


def test_one_hot() -> None:
    labels = np.array([[0, 3], [2, 2]])
    agree(lambda t: st.one_hot(t, 4), labels, reference=lambda t: np.eye(4)[t])


# ---------------------------------------------------------------------------------------------------------- inputs
def test_short_forms() -> None:
    assert st.scalar("x").type.ndim == 0
    assert st.matrix("x").dtype == "float64"
    assert st.fmatrix("x").dtype == "float32"
    assert st.lvector("x").dtype == "int64"
    assert st.itensor4("x").ndim == 4
    assert st.fmatrix.__name__ == "fmatrix"
    assert st.vector("x") is not st.vector("x")
    with pytest.raises(ValueError, match="a matrix has 2 axes, not 1"):
        st.matrix("x", shape=(3,))
    with pytest.raises(TypeError, match="no dtype"):
        st.tensor("x", "datetime64[s]")
    with pytest.raises(ValueError, match="negative"):
        st.tensor("x", shape=(-1,))


def test_named_sizes_tie_inputs_together() -> None:
    x, y = st.tensor("x", shape=("n", 3)), st.tensor("y", shape=("n",))
    assert x.shape[0] == y.shape[0]
    with pytest.raises(ShapeError, match="axis 0 of y must have size n = 2, but the array has 5"):
        evaluate([x.sum() + y.sum()], {x: np.ones((2, 3)), y: np.ones(5)})
    with pytest.raises(ShapeError, match="axis 1 of x must have size 3, but the array has 4"):
        evaluate([x], {x: np.ones((2, 4))})
    with pytest.raises(ShapeError, match="x has 2 axes, but the array has 1"):
        evaluate([x], {x: np.ones(4)})


def test_sizes_are_inputs_constants_or_arithmetic_on_them() -> None:
    n, m = st.lscalar("n"), st.lscalar("m")
    (got,) = evaluate([st.ones((n * 2 + 1, m))], {n: 2, m: 3})
    assert got.shape == (5, 3)
    with pytest.raises(TypeError, match="hint: pass it as an integer scalar input"):
        st.ones(st.lvector("i").sum())
    with pytest.raises(TypeError, match="a size must be an integer scalar"):
        st.ones(st.scalar("x"))


# ------------------------------------------------------------------------------------------------------------ text
def test_text() -> None:
    x = st.tensor("x", shape=("n", 3))
    assert repr(x) == "x: float64[n, 3]"
    assert repr(x.sum(axis=0)) == "<sum: float64[3]>"
    assert repr(st.constant([1.0, 2.0])) == "[1., 2.]"
    assert repr(st.constant(-0.0)) == "-0.0"
    assert str(st.exp(x) * 2).splitlines() == [
        "inputs x: float64[n, 3]",
        "exp: float64[n, 3] = exp(x)",
        "multiply: float64[n, 3] = multiply(exp, 2.0)",
        "return multiply",
    ]


def test_deep_graphs_build_print_and_differentiate() -> None:
    x = st.vector("x")
    y = x
    for i in range(20_000):
        y = y * 1.0001 + (i % 7)
    slope = st.grad(y.sum(), x)
    assert len(str(slope).splitlines()) > 20_000 or "multiply" in str(slope)
    np.testing.assert_allclose(evaluate([slope], {x: [0.0]})[0], [1.0001**20_000], rtol=1e-9)


@pytest.mark.parametrize("endpoint", [True, False])
def test_as_many_numbers_as_another_array_has_rows(endpoint: bool) -> None:
    x = st.matrix("x")
    n = x.shape[0]
    made = [f(2.0, 3.0, n, endpoint) for f in (st.linspace, st.logspace, st.geomspace)]
    for size in (0, 1, 2, 7):
        got = evaluate(made, {x: np.zeros((size, 1))})
        for value, f in zip(got, (np.linspace, np.logspace, np.geomspace)):
            np.testing.assert_allclose(value, f(2.0, 3.0, size, endpoint), rtol=1e-14)
