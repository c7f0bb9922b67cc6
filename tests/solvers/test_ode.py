"""Differential equations against SciPy, derivatives against differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import symtensor as st

TIMES = np.linspace(0, 5, 11)
K, START = np.array([1.0, 0.2]), np.array([1.0, 0.0])


def duffing(y: Any, t: Any, k: Any) -> Any:
    return st.stack([y[1], -k[0] * y[0] ** 3 - k[1] * y[1] + st.cos(t)])


def reference(times: np.ndarray) -> np.ndarray:
    def field(t: float, y: np.ndarray) -> list[float]:
        return [y[1], -K[0] * y[0] ** 3 - K[1] * y[1] + np.cos(t)]

    span = (times[0], times[-1])
    return solve_ivp(field, span, START, t_eval=times, rtol=1e-12, atol=1e-13).y.T


@pytest.mark.parametrize(
    ("options", "error"),
    [({"method": "rk4", "substeps": 20}, 1e-6), ({}, 3e-6), ({"rtol": 1e-11, "atol": 1e-12}, 1e-9)],
)
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_driven_oscillator(options: dict[str, Any], error: float, target: str) -> None:
    if target == "numpy" and "rtol" in options:
        pytest.skip("takes long")
    k, y0, t = st.vector("k"), st.vector("y0", shape=(2,)), st.vector("t")
    y, steps, converged = st.compile(list(st.odeint(duffing, y0, t, (k,), **options)), [k, y0, t], target=target)(
        K, START, TIMES
    )
    np.testing.assert_allclose(y, reference(TIMES), atol=error)
    assert converged
    assert 20 < steps < 600


@pytest.mark.parametrize("method", ["rk4", "dopri5"])
def test_gradients_in_parameters_start_and_times(method: str) -> None:
    # With steps that an error chooses the numbers depend on the parameters through the steps as well, as they do not
    # in the derivatives; so the steps must be short enough for that not to matter.
    options: dict[str, Any] = {"substeps": 2} if method == "rk4" else {"rtol": 1e-9, "atol": 1e-10}

    def cost(k: Any, y0: Any, t: Any) -> Any:
        y = st.odeint(duffing, y0, t, (k,), method=method, **options).y
        return (y[-1] ** 2).sum() + y.sum()

    k, y0, t = st.vector("k"), st.vector("y0", shape=(2,)), st.vector("t")
    value = cost(k, y0, t)
    slopes = st.grad(value, [k, y0, t])
    f = st.compile([value, *slopes], [k, y0, t])
    points = [K, START, TIMES[:4]]
    got = f(*points)[1:]
    for number, point in enumerate(points):
        for element in range(point.size):
            moved = [p.copy() for p in points]
            values = []
            for sign in (1, -1):
                moved[number][element] = point[element] + sign * 1e-5
                values.append(f(*moved)[0])
            np.testing.assert_allclose(got[number][element], (values[0] - values[1]) / 2e-5, rtol=2e-5, atol=1e-6)


def test_a_second_derivative() -> None:
    """y = exp(-a t): the second derivative in a of y(1) is exp(-a)."""
    a = st.scalar("a")
    y = st.odeint(lambda y, t: -a * y, 1.0, [0.0, 0.4, 1.0], rtol=1e-9, atol=1e-10).y[-1]
    slope = st.grad(y, a)
    f = st.compile([y, slope, st.grad(slope, a)], [a])
    np.testing.assert_allclose(f(0.7), np.exp(-0.7) * np.array([1, -1, 1]), rtol=1e-7)


def test_time_may_run_backwards_and_times_may_lie_close() -> None:
    t = st.vector("t")
    f = st.compile(list(st.odeint(lambda y, t: -y, 1.0, t)), [t])
    times = np.array([1.0, 0.5, 0.499, 0.498, -1.0])
    y, _, converged = f(times)
    assert converged
    np.testing.assert_allclose(y, np.exp(1 - times), rtol=1e-5)
    y, steps, converged = f(np.array([2.0]))
    assert y.tolist() == [1.0]
    assert steps == 0
    assert converged


def test_a_nested_state() -> None:
    start = {"x": st.constant([1.0, 0.0]), "v": (st.constant([0.0, 1.0]),)}
    found = st.odeint(lambda s, t: {"x": s["v"][0], "v": (-s["x"],)}, start, [0.0, np.pi / 2, np.pi])
    x, v = st.compile([found.y["x"], found.y["v"][0]], [])()
    np.testing.assert_allclose(x, [[1, 0], [0, 1], [-1, 0]], atol=1e-5)
    np.testing.assert_allclose(v, [[0, 1], [-1, 0], [0, -1]], atol=1e-5)


def test_what_is_not_reached_is_no_number() -> None:
    """y' = y^2 has a pole at t = 1."""
    y, steps, converged = st.compile(
        list(st.odeint(lambda y, t: y**2, 1.0, [0.0, 0.5, 2.0], max_steps=50)), [], target="numpy"
    )()
    np.testing.assert_allclose(y[1], 2, rtol=1e-5)
    assert np.isnan(y[2])
    assert steps <= 100
    assert not converged
