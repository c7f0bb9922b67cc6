"""Roots and fixed points against closed forms, their derivatives to second order against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import toposort


def test_a_square_root_with_its_derivatives(target: str) -> None:
    a = st.scalar("a")
    solution = st.root(lambda x: x**2 - a, 1.0)
    first = st.grad(solution.x, a)
    second = st.grad(first, a)
    f = st.compile([*solution, first, second, st.grad(second, a)], [a], target=target)
    x, steps, residual, converged, *slopes = f(4.0)
    np.testing.assert_allclose([x, *slopes], [2, 1 / 4, -1 / 32, 3 / 256], rtol=1e-12)
    assert 3 <= steps <= 7
    assert residual <= 4e-11
    assert converged


SYSTEM: dict[str, Any] = {
    "coupled": lambda x, v: x**3 + x * v.sum() - v,
    "linear": lambda x, v: st.constant([[3.0, 1.0, 0.0], [1.0, 4.0, -1.0], [0.5, 0.0, 2.0]]) @ x - v * v,
}


@pytest.mark.parametrize("name", SYSTEM)
def test_gradients_of_a_system(name: str) -> None:
    weights = np.array([1.0, -2.0, 0.5])
    st.verify_grad(
        lambda v: (st.root(lambda x: SYSTEM[name](x, v), st.ones_like(v), tol=1e-13).x * weights).sum(),
        [np.array([1.0, 2.0, 0.5])],
        order=2,
    )


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_system_solves_its_equation(target: str) -> None:
    v = st.vector("v")
    solution = st.root(SYSTEM["coupled"], st.ones_like(v), (v,))
    f = st.compile([solution.x, st.grad(solution.x.sum(), v)], [v], target=target)
    value = np.array([1.0, 2.0, 0.5])
    x, slope = f(value)
    np.testing.assert_allclose(x**3 + x * value.sum(), value, atol=1e-12)
    # (3 x^2 + sum v) dx = dv - x sum dv
    jacobian = np.diag(3 * x**2 + value.sum())
    np.testing.assert_allclose(slope, np.linalg.solve(jacobian.T, np.ones(3)) @ (np.eye(3) - x[:, None]), rtol=1e-9)


def test_a_nested_state_keeps_its_nesting() -> None:
    a = st.scalar("a")
    start = {"p": st.constant([1.0, 1.0]), "q": (1.0,)}
    solution = st.root(lambda s: {"p": s["p"] ** 2 - a, "q": (s["q"][0] - s["p"].sum(),)}, start)
    f = st.compile([solution.x["p"], solution.x["q"][0], st.grad(solution.x["q"][0], a)], [a], target="numpy")
    p, q, slope = f(9.0)
    np.testing.assert_allclose(p, [3, 3])
    np.testing.assert_allclose([q, slope], [6, 1 / 3])


def test_a_bad_start_is_caught_by_the_line_search() -> None:
    """Newton's method alone runs away from arctan's root where it starts beyond 1.39."""
    start = st.scalar("start")
    f = st.compile(list(st.root(st.arctan, start)), [start])
    x, _, _, converged = f(20.0)
    assert converged
    assert abs(x) < 1e-10


def test_an_equation_without_a_solution_says_so() -> None:
    f = st.compile(list(st.root(lambda x: x**2 + 1, 3.0, max_steps=20)), [])
    _, steps, residual, converged = f()
    assert steps == 20
    assert residual >= 1
    assert not converged


def test_a_value_that_is_not_a_number_ends_the_search() -> None:
    f = st.compile(list(st.root(lambda x: st.log(x), -1.0)), [], target="numpy")
    _, _, residual, converged = f()
    assert np.isnan(residual)
    assert not converged


def test_single_precision() -> None:
    a = st.fscalar("a")
    solution = st.root(lambda x: x**2 - a, st.constant(1.0, "float32"))
    f = st.compile([solution.x, solution.converged, st.grad(solution.x, a)], [a])
    x, converged, slope = f(2.0)
    assert x.dtype == slope.dtype == "float32"
    assert converged
    np.testing.assert_allclose([x, slope], [2**0.5, 0.5**1.5], rtol=5e-6)


def test_no_cotangent_flows_through_the_iteration() -> None:
    a, start = st.scalar("a"), st.scalar("start")
    x = st.root(lambda x: x**2 - a, start).x
    slope = st.grad(x, start, disconnected_inputs="ignore")
    f = st.compile([x, slope], [a, start], target="numpy", on_unused_input="ignore")
    np.testing.assert_allclose(f(4.0, 3.0), [2, 0], atol=1e-12)


def test_the_equation_is_gone_from_what_is_compiled() -> None:
    a = st.scalar("a")
    x = st.root(lambda x: x**2 - a, 1.0).x
    f = st.compile(st.fori_loop(0, 3, lambda i, y: y + x, 0.0), [a], target="numpy")
    assert any(n.op.name == "implicit" for n in toposort([x]))
    assert "implicit" not in str(f.graph)
    assert "drop_equation" in str(f.explain())
    np.testing.assert_allclose(f(4.0), 6)


def test_a_root_inside_of_a_loop_body() -> None:
    """An implicit Euler step."""
    rate = st.scalar("rate")
    path, _ = st.scan(lambda y: st.root(lambda z: z - y + 0.1 * rate * z**3, y).x, outputs_info=1.0, n_steps=3)
    f = st.compile([path, st.grad(path[-1], rate)], [rate])
    got, slope = f(2.0)
    y = 1.0
    for z in got:
        np.testing.assert_allclose(z + 0.2 * z**3, y, rtol=1e-10)
        y = z
    step = 1e-5
    np.testing.assert_allclose(slope, (f(2 + step)[0][-1] - f(2 - step)[0][-1]) / (2 * step), rtol=1e-7)


# ---------------------------------------------------------------------------------------------------- fixed points
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_fixed_point_with_its_gradient(target: str) -> None:
    a = st.scalar("a")
    solution = st.fixed_point(lambda x: st.cos(a * x), 1.0)
    f = st.compile([*solution, st.grad(solution.x, a)], [a], target=target)
    x, steps, residual, converged, slope = f(0.9)
    np.testing.assert_allclose(x, np.cos(0.9 * x), atol=1e-10)
    np.testing.assert_allclose(slope, -x * np.sin(0.9 * x) / (1 + 0.9 * np.sin(0.9 * x)), rtol=1e-8)
    assert converged
    assert 5 < steps < 200
    assert residual <= 4e-11


def test_gradients_of_a_vector_valued_fixed_point() -> None:
    w = np.array([[0.3, -0.2], [0.1, 0.4]])
    st.verify_grad(
        lambda v, m: (st.fixed_point(lambda x: st.tanh(m @ x + v), st.zeros_like(v), tol=1e-14).x ** 2).sum(),
        [np.array([0.5, -1.0]), w],
        order=2,
    )


def test_an_iteration_that_does_not_settle_says_so() -> None:
    f = st.compile(list(st.fixed_point(lambda x: -x + 1, 3.0, max_steps=7)), [], target="numpy")
    _, steps, residual, converged = f()
    assert steps == 7
    assert residual == 5
    assert not converged
