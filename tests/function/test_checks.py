"""``check_nan`` and ``mode="check"``."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import CheckError, ShapeError
from symtensor.function import checking


@pytest.fixture(params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def nan_message(output: Any, inputs: list[Any], *values: Any, target: str) -> str:
    f = st.compile(output, inputs, check_nan=True, target=target)
    with pytest.raises(CheckError) as caught:
        f(*values)
    assert len(str(caught.value).splitlines()) <= 12
    return str(caught.value)


def test_the_first_nan_is_named(target: str) -> None:
    x, y = st.vector("x"), st.vector("y")
    text = nan_message((st.log(x * y) + 1).sum(), [x, y], [1.0, -2.0], [3.0, 4.0], target=target)
    assert text.startswith("log gives nan at element [1]\n  in log((x * y))\n")
    assert "multiply: float64[2], from -8.0 to 3.0, -8.0 there" in text
    assert "test_checks.py:" in text
    assert nan_message(st.exp(x), [x], [1.0, 1e4], target=target).startswith("exp gives inf at element [1]")
    assert nan_message(x + 1, [x], [1.0, np.nan], target=target).startswith("x holds nan at element [1]")


def test_nothing_is_written_before_a_nan(target: str) -> None:
    w, x = st.shared(np.ones(1), "w"), st.vector("x")
    f = st.compile(None, [x], updates={w: st.sqrt(x)}, check_nan=True, target=target)
    with pytest.raises(CheckError):
        f([-1.0])
    assert w.get_value() == 1
    f([4.0])
    assert w.get_value() == 2


def test_an_infinity_of_the_users_is_none_of_the_operations(target: str) -> None:
    x = st.vector("x")
    f = st.compile(st.where(x > 0, x, -np.inf).max(), [x], check_nan=True, target=target)
    assert f([1.0, -1.0]) == 1


def test_a_nan_inside_of_a_loop(target: str) -> None:
    x = st.scalar("x")
    result = st.fori_loop(0, 5, lambda i, c: st.log(c), x)
    assert "log gives" in nan_message(result, [x], 3.0, target=target)


def test_wrong_sizes_are_reported_as_such(target: str) -> None:
    x, y = st.vector("x"), st.vector("y")
    for mode in ({"check_nan": True}, {"mode": "check"}):
        with pytest.raises(ShapeError, match="given x"):
            st.compile(x + y, [x, y], target=target, **mode)([1.0, 2.0], [1.0, 2.0, 3.0])


@st.rule(accuracy="exact")
def sine_is_cosine(x):  # type: ignore[no-untyped-def]
    """Wrong, to be found out."""
    return st.sin(x), st.cos(x)


@st.rule(accuracy="exact")
def exp_twice(x):  # type: ignore[no-untyped-def]
    """Right."""
    return st.exp(x) * st.exp(x), st.square(st.exp(x))


def test_a_wrong_rule_is_named(target: str) -> None:
    x = st.vector("x")
    f = st.compile(st.sin(x).sum(), [x], rules=[sine_is_cosine, exp_twice], target=target, mode="check")
    with pytest.raises(CheckError) as caught:
        f([1.0, 2.0])
    lines = str(caught.value).splitlines()
    assert lines[0] == "mode='check': the rule sine_is_cosine (user, exact) changes a value"
    assert "sin(x) = 0.84" in lines[1]
    assert "exclude='sine_is_cosine'" in lines[-1]
    off = st.compile(st.sin(x), [x], rules=[sine_is_cosine], exclude="sine_is_cosine", target=target, mode="check")
    np.testing.assert_array_equal(off([0.0]), [0.0])


def programs() -> dict[str, tuple[Any, list[Any], list[np.ndarray]]]:
    x, w, v = st.matrix("x"), st.matrix("w"), st.vector("v")
    e = st.exp(x)
    logits = x @ w
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(5, 3)) * 100, rng.normal(size=(3, 4))
    positive = v * v + 1
    return {
        "softmax": (e / e.sum(axis=1, keepdims=True), [x], [a]),
        "cross-entropy": (st.grad((st.log(1 + st.exp(logits))).mean(), w), [x, w], [a, b]),
        "variance": ((x * x).mean(axis=0) - x.mean(axis=0) ** 2, [x], [a + 1e4]),
        "positions": (st.take(v, st.flatnonzero(v > 0)).sum(), [v], [rng.normal(size=9)]),
        "scan": (st.fori_loop(0, 4, lambda i, c: st.tanh(c @ c.T) @ c, x), [x], [a / 100]),
        "qr": (st.linalg.qr(x)[1] * 2, [x], [a]),
        "logarithms": ([st.log(st.exp(v)), st.log(positive) / st.log(2.0), st.sqrt(v * v)], [v], [rng.normal(size=7)]),
        "no elements": (st.sqrt(v).sum(), [v], [np.zeros(0)]),
    }


@pytest.mark.parametrize("name", sorted(programs()))
def test_right_programs_pass(name: str, target: str) -> None:
    output, inputs, values = programs()[name]
    checked = st.compile(output, inputs, mode="check", target=target)
    plain = st.compile(output, inputs, target=target)
    for left, right in zip(np.atleast_1d(checked(*values)), np.atleast_1d(plain(*values))):
        np.testing.assert_array_equal(left, right)


def test_a_wrong_kernel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    x, v = st.matrix("x"), st.vector("v")
    rows = st.exp(x).sum(axis=1)
    f = st.compile((rows.sum() * v).sum(), [x, v], mode="check")
    f(np.ones((2, 3)), np.ones(2))
    original = checking.kernel_check

    def broken(nodes: Any, probe: Any, guards: Any) -> Any:
        class Wrong:
            details = probe.details

            def __call__(self, *args: Any) -> Any:
                results = probe(*args)
                results[0][0] += 1e-3
                return results

        return original(nodes, Wrong(), guards)

    monkeypatch.setattr("symtensor.function.checking.kernel_check", broken)
    f = st.compile((rows.sum() * v).sum(), [x, v], mode="check")
    with pytest.raises(CheckError) as caught:
        f(np.ones((2, 3)), np.ones(2))
    text = str(caught.value)
    assert text.startswith("mode='check': the kernel k1_")
    assert "at [0]" in text
    assert "test_checks.py" in text


def test_prints_happen_once(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = st.vector("x")
    f = st.compile(st.print(x, "x").sum(), [x], mode="check", check_nan=True, target=target)
    f([1.0])
    assert capsys.readouterr().out == "x: float64[1] = [1.]\n"


def test_disagreement() -> None:
    f8, f4 = np.dtype("float64"), np.dtype("float32")
    ones = np.ones(3)
    assert checking.disagreement(ones, ones, f8) is None
    assert checking.disagreement(ones, ones + [0, 0, 1e-9], f8) == (2,)
    assert checking.disagreement(ones, ones + 1e-13, f8) is None
    assert checking.disagreement(np.array([np.nan, np.inf]), np.array([np.nan, np.inf]), f8) is None
    assert checking.disagreement(np.array([np.nan]), np.array([1.0]), f8) == (0,)
    assert checking.disagreement(np.array([np.inf], f4), np.array([1e39], np.longdouble), f4) is None
    assert checking.disagreement(np.array([1, 2]), np.array([1, 3]), np.dtype("int64")) == (1,)
