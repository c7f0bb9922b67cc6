"""The op ``implicit``: its adjoint equations, solved in each way, to third order."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.grad.check import verify_grad
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ops.implicit import ADJOINTS, IMPLICIT

MATRIX = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]])


def defined(v: Tensor, adjoint: str) -> Tensor:
    """The x of ``A x + x^3 / 10 = v``, with a symmetric A; for the iteration scaled so that it contracts."""
    sign = -0.2 if adjoint == "iterate" else 1.0

    def equation(x: Any, v: Any) -> Any:
        return sign * (st.constant(MATRIX) @ x + 0.1 * x**3 - v)

    x = st.zeros(3)
    for _ in range(12):  # Newton's method on the spot, with a fixed matrix
        x = x - st.constant(np.linalg.inv(MATRIX + np.eye(3) * 0.1)) @ (equation(x, v) / sign)
    a, b = st.vector("a", shape=(3,)), st.vector("b", shape=(3,))
    return IMPLICIT(x, v, residual=Graph((a, b), (equation(a, b),)), adjoint=adjoint)


@pytest.mark.parametrize("adjoint", ADJOINTS)
def test_derivatives_to_second_order(adjoint: str) -> None:
    verify_grad(lambda v: (defined(v, adjoint) ** 2).sum(), [np.array([1.0, -2.0, 0.5])], order=2, rtol=1e-4)


def test_all_adjoints_agree_in_third_order() -> None:
    v = st.vector("v", shape=(3,))
    results = []
    for adjoint in ADJOINTS:
        cost = defined(v, adjoint).sum()
        for _ in range(3):
            cost = (st.grad(cost, v) ** 2).sum()
        results.append(cost)
    got = st.compile(results, [v], target="numpy")(np.array([1.0, -2.0, 0.5]))
    np.testing.assert_allclose(got, got[0], rtol=1e-6)


def test_the_value_is_the_first_input() -> None:
    x, v = st.vector("x", shape=(3,)), st.vector("v", shape=(3,))
    a, b = st.vector("a", shape=(3,)), st.vector("b", shape=(3,))
    node = IMPLICIT(x, v, residual=Graph((a, b), (a - b,)), adjoint="dense")
    f = st.compile(node, [x, v], on_unused_input="ignore")
    np.testing.assert_array_equal(f([1.0, 2.0, 3.0], [9.0, 9.0, 9.0]), [1, 2, 3])
    (slope,) = st.compile([st.grad(node.sum(), v)], [x, v], on_unused_input="ignore")([1.0, 2.0, 3.0], [9.0, 9.0, 9.0])
    np.testing.assert_allclose(slope, 1)
