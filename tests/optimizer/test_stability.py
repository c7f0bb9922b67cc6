"""Naive formulas (docs/stability.csv), as a user would write them: errors in ulp against mpmath."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from docs.stability import Formula, formulas, judge
from symtensor.ir.graph import Graph, toposort
from symtensor.ops.reference import evaluate
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

TABLE = formulas()


@pytest.mark.parametrize("formula", TABLE, ids=[f.name for f in TABLE])
def test_naive_formulas_are_accurate(formula: Formula) -> None:
    errors = judge(formula)
    assert errors.value_after <= formula.value_ulps
    assert errors.value_after <= max(3, errors.value_before + 1), "made worse"
    if formula.gradient_ulps is not None:
        assert errors.gradient_after <= formula.gradient_ulps
        assert errors.gradient_after <= max(4, errors.gradient_before + 1), "made worse"


def test_names_are_unique() -> None:
    assert len({f.name for f in TABLE}) == len(TABLE)
    assert len(TABLE) >= 200


def rewritten(outputs, values):
    leaves = tuple(n for n in toposort(outputs) if n.op.name == "input")
    graph, _ = optimize(Graph(leaves, tuple(outputs)), Options(verify=True))
    return evaluate(graph.outputs, {leaf: values[leaf.name] for leaf in leaves})


X, Y, M = st.vector("x"), st.vector("y"), st.matrix("m")


def with_slope(cost, *wrt):
    return [cost, *st.grad(cost.sum(), list(wrt))]


# ------------------------------------------------------------------------------------------------------------- rows
def test_log_of_mean_of_exp() -> None:
    value, slope = rewritten(with_slope(st.log(st.exp(X).mean()), X), {"x": np.array([1000.0, 1001.0])})
    np.testing.assert_allclose(value, 1001 + np.log1p(np.exp(-1)) - np.log(2), rtol=1e-15)
    np.testing.assert_allclose(slope, [1 / (1 + np.e), np.e / (1 + np.e)], rtol=1e-14)


def test_log_of_weighted_sum_of_exp() -> None:
    weights = st.constant([0.25, 0.75])
    for cost in (st.log((weights * st.exp(M)).sum(axis=1)), st.log((st.exp(M) * weights).sum(axis=1, keepdims=True))):
        value, slope = rewritten(with_slope(cost, M), {"m": np.array([[-2000.0, -2000.0], [1000.0, 0.0]])})
        np.testing.assert_allclose(value.ravel(), [-2000, 1000 + np.log(0.25)], rtol=1e-15)
        np.testing.assert_allclose(slope, [[0.25, 0.75], [1, 0]], rtol=1e-15)


def test_log_of_product() -> None:
    value, slope = rewritten(with_slope(st.log(st.prod(X)), X), {"x": np.array([-1e-200, -1e-200, 1e-200])})
    np.testing.assert_allclose(value, 3 * np.log(1e-200), rtol=1e-15)
    np.testing.assert_allclose(slope, [-1e200, -1e200, 1e200], rtol=1e-15)
    for point, want in (([0.0, 2.0], -np.inf), ([-1.0, 2.0], np.nan), ([np.inf, 1.0], np.inf), ([0.0, np.inf], np.nan)):
        np.testing.assert_equal(rewritten([st.log(st.prod(X))], {"x": np.array(point)})[0], want)


def test_unbiased_variance_and_covariance() -> None:
    far = 1e8 + np.array([-1.0, 0.0, 2.0])
    n = X.shape[0]
    variance = ((X**2).sum() - X.sum() ** 2 / n) / (n - 1)
    covariance = (X * Y).mean() - X.mean() * Y.mean()
    got = rewritten([variance, covariance], {"x": far, "y": -far})
    np.testing.assert_allclose(got, [7 / 3, -14 / 9], rtol=1e-14)


def test_cross_entropies_from_naive_formulas() -> None:
    p = st.exp(M) / st.exp(M).sum(axis=1, keepdims=True)
    cost = -(st.log(p) * st.constant([0.0, 1.0])).sum()
    value, slope = rewritten(with_slope(cost, M), {"m": np.array([[1000.0, 0.0], [0.0, 1000.0]])})
    assert value == 1000
    np.testing.assert_array_equal(slope, [[1, -1], [0, 0]])
    s = 1 / (1 + st.exp(-X))
    cost = -(Y * st.log(s) + (1 - Y) * st.log(1 - s))
    value, slope = rewritten(with_slope(cost, X), {"x": np.array([-800.0, 800.0]), "y": np.array([1.0, 1.0])})
    np.testing.assert_array_equal(value, [800, 0])
    np.testing.assert_array_equal(slope, [-1, 0])


# ----------------------------------------------------------------------------------------------------------- at zero
def test_zero_log_zero() -> None:
    entropy = -(X * st.log(X) + (1 - X) * st.log(1 - X))
    np.testing.assert_allclose(rewritten([entropy], {"x": np.array([0.0, 0.5, 1.0])})[0], [0, np.log(2), 0], atol=0)
    shares = {"x": np.array([0.0, 1.0]), "y": np.array([0.5, 0.5])}
    for divergence in (X * st.log(X / Y), X * (st.log(X) - st.log(Y))):
        np.testing.assert_allclose(rewritten([divergence], shares)[0], [0, np.log(2)], rtol=1e-15)
        np.testing.assert_equal(
            rewritten([divergence], {"x": np.zeros(2), "y": np.array([0.0, np.nan])})[0], [np.nan] * 2
        )


@pytest.mark.parametrize(
    "norm",
    [
        lambda m: st.linalg.norm(m, axis=1),
        lambda m: st.sqrt((m * m).sum(axis=1)),
        lambda m: st.sqrt((m**2).mean(axis=1, keepdims=True)) * np.sqrt(2),
        lambda m: st.hypot(m[:, 0], m[:, 1]),
    ],
)
def test_norm_at_zero(norm) -> None:
    """The least subgradient, where the chain rule would give 0 times inf."""
    value, slope = rewritten(with_slope(norm(M), M), {"m": np.array([[0.0, 0.0], [3.0, 4.0]])})
    np.testing.assert_allclose(value.ravel(), [0, 5], rtol=1e-15)
    np.testing.assert_allclose(slope, [[0, 0], [0.6, 0.8]], rtol=1e-15)
    assert np.isnan(rewritten(with_slope(norm(M), M), {"m": np.array([[np.nan, 0.0]])})[1][0, 0])


def test_direction_of_huge_and_tiny_vectors() -> None:
    for scale in (1e200, 1e-200):
        angle, across = rewritten(st.grad(st.arctan2(X, Y).sum(), [X, Y]), {"x": [3 * scale], "y": [4 * scale]})
        np.testing.assert_allclose([angle[0] * scale, across[0] * scale], [0.16, -0.12], rtol=1e-14)


def test_float32_is_rewritten_too() -> None:
    x = st.fvector("x")
    values = {"x": np.array([1e-6, 1e18], "float32")}
    for formula, want in (
        (st.log(1 + x * x), [1e-12, 2 * np.log(1e18)]),
        (st.sqrt(1 + x * x) - 1, [5e-13, 1e18]),
        (st.exp(x) - st.exp(-x), [2e-6, np.inf]),
        ((1 + x) ** 0.25 - 1, [2.5e-7, 1e18**0.25 - 1]),
    ):
        (got,) = rewritten([formula], values)
        assert got.dtype == "float32"
        np.testing.assert_allclose(got, want, rtol=1e-6)
