"""``st.print`` and ``st.check`` inside a graph."""

from __future__ import annotations

import pickle
import re

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import CheckError


def test_print(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = st.vector("x")
    y = st.print(x * 2, "y") + st.print(x)
    f = st.compile([y, st.print(st.constant(True), "flag {0}")], [x], target=target)
    np.testing.assert_array_equal(f([1.0, 2.0])[0], [3, 6])
    lines = capsys.readouterr().out.splitlines()
    assert sorted(lines) == ["flag {0}: bool[] = True", "x: float64[2] = [1. 2.]", "y: float64[2] = [2. 4.]"]
    pickle.loads(pickle.dumps(f))(np.zeros(100_000))
    assert "y: float64[100000] = [0. 0. 0. ... 0. 0. 0.]" in capsys.readouterr().out


def test_print_in_loops_and_branches(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = st.scalar("x")
    result = st.fori_loop(0, 3, lambda i, c: st.print(c * 2, "c"), x)
    branch = st.cond(x > 0, lambda: st.print(st.exp(x), "positive"), lambda: st.print(-x, "negative"))
    f = st.compile(result + branch, [x], target=target)
    assert f(-1.0) == -7
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0] == "c"] == [f"c: float64[] = {v}" for v in (-2.0, -4.0, -8.0)]
    assert [line for line in lines if line[0] != "c"] == ["negative: float64[] = 1.0"]


def test_effects_let_gradients_through(target: str, capsys: pytest.CaptureFixture[str]) -> None:
    x = st.vector("x")
    y = (st.print(st.check(x > 0, "positive", x), "x") ** 2).sum()
    np.testing.assert_array_equal(st.compile(st.grad(y, x), [x], target=target)([1.0, 2.0]), [2, 4])
    with pytest.raises(CheckError, match=r"positive\n  at .*test_effects.py:"):
        st.compile(st.grad(y, x), [x], target=target)([1.0, -2.0])


def test_a_check_comes_before_any_update(target: str) -> None:
    x, w, v = st.vector("x"), st.shared(np.zeros(2), "w"), st.shared(np.zeros(2), "v")
    y = st.check((x > 0).any(), "some {braces} must be positive", x)
    f = st.compile(st.check(x < 9, "too large"), [x], updates={w: w + 1, v: v + y}, target=target)
    np.testing.assert_array_equal(f([1.0, -1.0]), [True, True])
    for bad, text in (([-1.0, -1.0], "some {braces}"), ([1.0, 10.0], "too large")):
        with pytest.raises(CheckError, match=text):
            f(bad)
    np.testing.assert_array_equal(w.get_value(), [1, 1])
    np.testing.assert_array_equal(v.get_value(), [1, -1])


def test_a_branch_that_is_not_taken_is_not_checked(target: str) -> None:
    x, n = st.scalar("x"), st.lscalar("n")
    safe = st.fori_loop(
        0, n, lambda i, c: st.cond(i > 5, lambda: c + st.sqrt(st.check(x > 0, "x", x)), lambda: c + 1), st.constant(0.0)
    )
    f = st.compile(safe, [x, n], target=target)
    assert f(-1.0, 3) == 3
    with pytest.raises(CheckError):
        f(-1.0, 7)


def test_an_exception_while_printing_stops_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    x, w = st.vector("x"), st.shared(np.zeros(1), "w")
    f = st.compile(st.print(x, "x"), [x], updates={w: w + 1})

    def broken(*args: object, **kwargs: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("builtins.print", broken)
    with pytest.raises(OSError, match="no space"):
        f([1.0])
    assert not w.get_value().any()


def test_a_negative_power_of_integers_is_refused_at_the_call(target: str) -> None:
    x, k, w = st.lvector("x"), st.tensor("k", "int8", (None,)), st.shared(0, "w")
    f = st.compile([x**k, 2**k, x ** k.astype("uint8")], [x, k], updates={w: w + 1}, target=target)
    for got, want in zip(f([2, -3], [3, 2]), ([8, 9], [8, 4], [8, 9])):
        np.testing.assert_array_equal(got, want)
    with pytest.raises(CheckError) as caught:
        f([2, 3], [1, -1])
    first, where = str(caught.value).splitlines()
    assert first == "Integers to negative integer powers are not allowed: st.float_power takes them"
    assert re.fullmatch(r"  at .*test_effects\.py:\d+", where)
    assert w.get_value() == 1


def test_what_cannot_be_negative_is_not_checked() -> None:
    x, y = st.lvector("x"), st.vector("y")
    powers = [x ** st.arange(3), x ** x.shape[0], x**2, x ** st.constant([1, 2, 3]), y**x]
    graph = str(st.compile(powers, [x, y]).graph)
    assert "check(" not in graph
    twice = x ** st.check(x < 9, "small", x)
    assert str(st.compile([twice, 2**x, 3**x], [x]).graph).count("check(") == 3  # of the user, and of each exponent
