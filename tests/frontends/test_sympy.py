"""SymPy expressions as tensors, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

import symtensor as st
from symtensor.frontends.sympy import SAME, from_sympy, to_sympy

x, y = sp.symbols("x y")
X, Y = np.array([0.3, -1.2, 2.0, 0.0]), np.array([1.0, 0.5, -2.0, 3.0])

EXPRESSIONS = [
    sp.exp(-(x**2) / 2) * sp.sin(y), sp.Piecewise((x, x > 0), (-x, True)), sp.sqrt(x**2 + 1) / y,
    sp.pi * sp.Max(x, y, 1),
    sp.Rational(1, 3) + x, (x**2 + 1) ** -2, sp.atan2(x, y), sp.Min(x, y) ** 3, sp.Abs(x) + sp.sign(y), sp.E**x,
    sp.floor(x) + sp.ceiling(y), sp.tanh(x) - sp.sech(y).rewrite(sp.exp), sp.log(x**2 + 2, 10), sp.sec(x),
    1 / sp.sqrt(x**2 + 1),
    sp.Mod(x, 2), sp.diff(sp.sin(x * y) ** 2, x), (x + y) * (x - y) / 2, sp.Heaviside(x, sp.Rational(1, 2)),
]  # fmt: skip


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=str)
def test_values(expression: Any) -> None:
    wanted = sp.lambdify((x, y), expression, "numpy")(X, Y)
    tensor = from_sympy(expression, {"x": st.vector("x"), y: st.vector("y")})
    given = {k: v for k, v in (("x", X), ("y", Y)) if sp.Symbol(k) in expression.free_symbols}
    np.testing.assert_allclose(tensor.eval(given), wanted, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("expression", [e for e in EXPRESSIONS if not e.has(sp.Heaviside)], ids=str)
def test_there_and_back(expression: Any) -> None:
    back = to_sympy(from_sympy(expression, {"x": st.vector("x"), y: st.vector("y")}))
    for a, b in zip(X + 0.1, Y):
        at = {x: sp.Float(a), y: sp.Float(b)}
        assert abs(complex(back.subs(at)) - complex(expression.subs(at))) < 1e-9


def test_single_precision_stays() -> None:
    assert from_sympy(x / 3 + sp.pi * x**2, {x: st.fvector("x")}).dtype == "float32"


def test_matrices() -> None:
    v = st.vector("v")
    rotation = from_sympy(sp.Matrix([[sp.cos(x), -sp.sin(x)], [sp.sin(x), sp.cos(x)]]), {x: v})
    assert rotation.shape[1:] == (2, 2)
    np.testing.assert_allclose(rotation.eval({v: [0.0, np.pi / 2]})[1], [[0, -1], [1, 0]], atol=1e-15)
    a = sp.MatrixSymbol("A", 2, 2)
    value = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(from_sympy(2 * a * a.T + a).eval({"A": value}), 2 * value @ value.T + value)


def test_a_list_shares_its_symbols() -> None:
    first, second = from_sympy([x + y, x * y])
    assert len({n for e in (first, second) for n in e.inputs}) == 2


def test_to_sympy_simplifies_and_differentiates() -> None:
    t = st.scalar("x")
    e = to_sympy(st.log1p(st.exp(t)) + 0 * t)
    assert sp.simplify(e.diff(x) - 1 / (1 + sp.exp(-x))) == 0
    assert to_sympy(t**2 * 3) == 3 * x**2
    u = sp.Symbol("u", positive=True)
    assert to_sympy(st.sqrt(t * t), {t: u}) == u


def test_every_common_function_exists_in_both() -> None:
    for theirs in SAME.values():
        assert hasattr(sp, theirs)
