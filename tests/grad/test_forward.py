"""Forward mode, products with Jacobians and Hessians."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import GradientError, ShapeError
from symtensor.ir.graph import toposort
from symtensor.ops.reference import evaluate

rng = np.random.default_rng(0)
A = rng.normal(size=(3, 4))
X, V, U = rng.normal(size=4), rng.normal(size=4), rng.normal(size=3)


def test_jvp_and_vjp() -> None:
    x, v, u = st.vector("x"), st.vector("v"), st.vector("u")
    y = st.tanh(st.constant(A) @ x)
    jacobian = (1 - np.tanh(A @ X) ** 2)[:, None] * A
    values = {x: X, v: V, u: U}
    forward, back = st.jvp(y, x, v), st.vjp(y, x, u)
    np.testing.assert_allclose(evaluate([forward, back], values)[0], jacobian @ V)
    np.testing.assert_allclose(evaluate([forward, back], values)[1], U @ jacobian)


def test_no_seed_is_left_in_the_graph() -> None:
    x, v = st.vector("x"), st.vector("v")
    y = [st.exp(x) * x, x[1:].set(2.0), x.max(), st.linalg.cholesky(st.outer(x, x) + st.eye(4))]
    leaves = {n for n in toposort(st.jvp(y, x, v)) if n.op.name == "input"}
    assert leaves == {x, v}


def test_several() -> None:
    x, y = st.vector("x"), st.vector("y")
    first, second = st.jvp([x * y, x.sum()], [x, y], [st.ones_like(x), y])
    got = evaluate([first, second], {x: X, y: V})
    np.testing.assert_allclose(got[0], V + X * V)
    assert got[1] == 4
    with pytest.raises(GradientError, match="1 tangents for 2 tensors"):
        st.jvp(x * y, [x, y], [x])
    with pytest.raises(ShapeError, match="does not fit"):
        st.jvp(x, x, 1.0)


def test_nothing_flows() -> None:
    x, y = st.vector("x"), st.vector("y")
    np.testing.assert_array_equal(evaluate([st.jvp(x * 2, y, y)], {x: X, y: V})[0], np.zeros(4))
    np.testing.assert_array_equal(evaluate([st.vjp(x * 2, y, x)], {x: X, y: V})[0], np.zeros(4))


def test_hvp() -> None:
    x, v = st.vector("x"), st.vector("v")
    cost = (st.constant(A) @ x**2).sum() ** 2
    s, weights = (A @ X**2).sum(), A.sum(0)
    hessian = 2 * np.outer(2 * weights * X, 2 * weights * X) + 2 * s * np.diag(2 * weights)
    np.testing.assert_allclose(evaluate([st.hvp(cost, x, v)], {x: X, v: V})[0], hessian @ V)


def test_a_wrong_gradient_is_found() -> None:
    from symtensor.ir.node import OPS
    from symtensor.ops.declare import elementwise

    wrong = elementwise("wrong_double", lambda x: 2 * x, lambda x: 2 * x, vjp=lambda g, z, x: (g * 3,))
    try:
        with pytest.raises(GradientError, match="finite differences give"):
            st.verify_grad(wrong, [X])
    finally:
        del OPS["wrong_double"]
