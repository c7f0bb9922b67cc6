"""Minima against known ones and SciPy's, derivatives against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import optimize

import symtensor as st

METHODS = ("newton", "bfgs", "lbfgs")


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2).sum() + ((1 - x[:-1]) ** 2).sum()


@pytest.mark.parametrize("method", METHODS)
def test_rosenbrock(method: str) -> None:
    start = st.vector("start")
    f = st.compile(list(st.minimize(rosenbrock, start, method=method)), [start])
    for begin in ([-1.2, 1.0], [2.0, -1.0, 0.5], [0.0, 0.0, 0.0, 0.0, 0.0]):
        x, value, steps, residual, converged = f(begin)
        wanted = optimize.minimize(optimize.rosen, begin, jac=optimize.rosen_der, method="BFGS", options={"gtol": 1e-9})
        assert converged
        assert residual <= 4e-11
        assert steps < 200
        np.testing.assert_allclose(x, wanted.x, atol=1e-7)
        np.testing.assert_allclose(value, wanted.fun, atol=1e-10)


@pytest.mark.parametrize("method", METHODS)
def test_gradients_of_a_minimum(method: str) -> None:
    def cost(v: Any) -> Any:
        found = st.minimize(
            lambda x: (st.exp(x) - v * x).sum() + 0.5 * x.sum() ** 2, st.zeros_like(v), method=method, tol=1e-13
        )
        return (found.x**2).sum() + found.value

    st.verify_grad(cost, [np.array([1.0, 2.0, 0.5])], order=2, rtol=1e-4)


@pytest.mark.parametrize("target", ["numpy", "c", pytest.param("opencl", marks=pytest.mark.long)])
def test_a_quartic_on_several_targets(target: str) -> None:
    a = st.vector("a")
    found = st.minimize(lambda x: ((x - a) ** 2).sum() + (x**4).sum(), st.zeros_like(a))
    x, converged, slope = st.compile([found.x, found.converged, st.grad(found.x.sum(), a)], [a], target=target)(
        [1.0, -2.0]
    )
    np.testing.assert_allclose(2 * (x - [1, -2]) + 4 * x**3, 0, atol=1e-10)
    np.testing.assert_allclose(slope, 2 / (2 + 12 * x**2), rtol=1e-8)
    assert converged


def test_logistic_regression_with_a_nested_state() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 3))
    labels = (features @ [1.0, -2.0, 0.5] + rng.normal(size=60) > 0).astype(float)

    def loss(s: Any) -> Any:
        z = st.constant(features) @ s["w"] + s["b"]
        return (st.softplus(z) - labels * z).sum() + 0.1 * (s["w"] ** 2).sum()

    found = st.minimize(loss, {"w": st.zeros(3), "b": 0.0}, method="lbfgs")
    w, b, converged = st.compile([found.x["w"], found.x["b"], found.converged], [])()
    p = 1 / (1 + np.exp(-(features @ w + b)))
    assert converged
    np.testing.assert_allclose(features.T @ (p - labels) + 0.2 * w, 0, atol=1e-9)
    np.testing.assert_allclose((p - labels).sum(), 0, atol=1e-9)


def test_a_saddle_is_left_downwards() -> None:
    """At the start the Hessian is indefinite, so Newton's direction may rise."""
    f = st.compile(list(st.minimize(lambda x: x[0] ** 2 + x[1] ** 4 - x[1] ** 2, [1.0, 0.1], method="newton")), [])
    x, value, *_, converged = f()
    assert converged
    np.testing.assert_allclose(np.abs(x), [0, 0.5**0.5], atol=1e-9)
    np.testing.assert_allclose(value, -0.25)


def test_a_function_without_a_minimum_says_so() -> None:
    f = st.compile(list(st.minimize(lambda x: x[0] + 0 * x[1], [0.0, 1.0], max_steps=5)), [], target="numpy")
    *_, steps, residual, converged = f()
    assert steps == 5
    assert residual == 1
    assert not converged
