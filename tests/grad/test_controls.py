"""Clipped, scaled and custom gradients; masks of ``where``; Jacobians and Hessians."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import GradientError
from symtensor.ir.graph import toposort
from symtensor.ops.reference import evaluate

X, Y, M = st.tensor("x", shape=("n",)), st.tensor("y", shape=("n",)), st.matrix("m")
POINT = {"x": np.array([-3.0, 0.5, 2.0]), "y": np.array([1.0, 2.0, 3.0]), "m": np.eye(2)}


def run(output):
    values = {n: POINT[n.name] for n in toposort([output]) if n.op.name == "input"}
    return evaluate([output], values | {X: POINT["x"]})[0]


def test_clipping_and_scaling() -> None:
    np.testing.assert_array_equal(run(st.grad((100 * st.grad_clip(X, -1, 1) ** 2).sum(), X)), [-1, 1, 1])
    np.testing.assert_array_equal(run(st.grad((st.grad_scale(X, -0.5) ** 2).sum(), X)), [3, -0.5, -2])
    np.testing.assert_array_equal(st.compile(st.grad_clip(X, -1, 1) + 1, [X])(POINT["x"]), [-2, 1.5, 3])
    assert st.grad_clip(st.fvector("f"), -1, 1).dtype == "float32"


@st.custom_gradient
def sign_straight_through(x):
    return st.sign(x), lambda g: st.where(abs(x) <= 1, g, 0)


@st.custom_gradient
def product(a, b):
    e = st.exp(a)
    return e * b, lambda g: (g * e * b * 2, g * e.sum())


def test_custom_gradients() -> None:
    np.testing.assert_array_equal(run(sign_straight_through(X)), [-1, 1, 1])
    value, slope = st.compile([sign_straight_through(X), st.grad(sign_straight_through(X).sum(), X)], [X])(POINT["x"])
    np.testing.assert_array_equal(value, [-1, 1, 1])
    np.testing.assert_array_equal(slope, [0, 1, 0])
    dx, dy = st.grad(product(X, Y).sum(), [X, Y])
    e = np.exp(POINT["x"])
    np.testing.assert_allclose(run(dx), 2 * e * POINT["y"])
    np.testing.assert_allclose(run(dy), [e.sum()] * 3)
    second = st.grad(st.grad(product(X, Y).sum(), X).sum(), X)
    np.testing.assert_allclose(run(second), 2 * e * POINT["y"])


def test_custom_gradients_complain() -> None:
    with pytest.raises(GradientError, match="gives 1 cotangents for 2 arguments"):
        st.custom_gradient(lambda a, b: (a * b, lambda g: g))(X, Y)
    with pytest.raises(GradientError, match="has more axes than its argument"):
        st.custom_gradient(lambda a: (a, lambda g: st.outer(g, g)))(X)


@pytest.mark.parametrize("function", [st.log, st.sqrt, lambda x: x**0.5, lambda x: 1 / x, lambda x: st.log(x) * x])
def test_a_branch_not_taken_never_poisons_a_gradient(function) -> None:
    zeros = np.array([-1.0, 0.0, 2.0])
    guarded = st.where(X > 0, function(X), 0)
    slope = st.grad(guarded.sum(), X)
    wanted = evaluate([st.grad(function(X).sum(), X)], {X: np.array([2.0])})[0][0]
    for derivative in (slope, st.jvp(guarded, X, st.ones_like(X))):
        np.testing.assert_allclose(evaluate([derivative], {X: zeros})[0], [0, 0, wanted])
    second = evaluate([st.grad(slope.sum(), X)], {X: zeros})[0]
    assert (second[:2] == 0).all()
    assert np.isfinite(second).all()


def test_masks_go_through_reductions_and_sums() -> None:
    size = (M * M).sum(axis=1)
    norm = st.where(size > 0, st.sqrt(size) + 1 / size, 0)
    slope = st.grad(norm.sum(), M, prepare=None)
    np.testing.assert_allclose(evaluate([slope], {M: [[0.0, 0.0], [0.0, 2.0]]})[0], [[0, 0], [0, 1 - 0.25]])


def test_jacobians() -> None:
    x = POINT["x"]
    np.testing.assert_allclose(run(st.jacobian(st.exp(X) * X, X)), np.diag(np.exp(x) * (x + 1)))
    assert run(st.jacobian(M @ M, M)).shape == (2, 2, 2, 2)
    for found, want in zip(st.jacobian(X * Y, [X, Y]), ("y", "x")):
        np.testing.assert_array_equal(run(found), np.diag(POINT[want]))
    np.testing.assert_array_equal(run(st.jacobian((X * Y).sum(), X)), POINT["y"])
    np.testing.assert_array_equal(run(st.jacobian(X * 2, [X, Y])[1]), np.zeros((3, 3)))
    with pytest.raises(GradientError, match="the output of a Jacobian must be real and floating-point"):
        st.jacobian(st.lvector("k"), X)


def test_hessians() -> None:
    np.testing.assert_allclose(run(st.hessian((X**3).sum(), X)), np.diag(6 * POINT["x"]))
    (xx, xy), (yx, yy) = st.hessian((X * Y * Y).sum(), [X, Y])
    np.testing.assert_array_equal(run(xx), np.zeros((3, 3)))
    np.testing.assert_array_equal(run(xy), np.diag(2 * POINT["y"]))
    np.testing.assert_array_equal(run(yx), np.diag(2 * POINT["y"]))
    np.testing.assert_array_equal(run(yy), np.diag(2 * POINT["x"]))
