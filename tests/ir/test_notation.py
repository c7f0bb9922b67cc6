"""Expressions as lines of mathematics and as LaTeX."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.notation import infix

a, b, x, w = st.scalar("a"), st.scalar("b"), st.matrix("x"), st.matrix("w")


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (a - (b - 1), "a - (b - 1.0)"),
        (a - b - 1, "a - b - 1.0"),
        (a / (b / 2), "a / (b / 2.0)"),
        (a * (b + 1), "a * (b + 1.0)"),
        ((a**2) ** 3, "(a ** 2.0) ** 3.0"),
        (a ** (b**2), "a ** b ** 2.0"),
        (-(a**2), "-a ** 2.0"),
        ((-a) ** 2, "(-a) ** 2.0"),
        ((a > 0) & ~(b < a), "a > 0.0 & ~(b < a)"),
        (x @ w.T, "x @ w.T"),
        (x.sum(axis=0), "sum(x, axis=0)"),
        (x.sum(), "sum(x)"),
        (x[1:, ::2] if False else x[1:3], "x[1:3, :]"),
        (a.astype("float32"), "a.astype(float32)"),
        (st.einsum("ij,kj->ik", x, w), "einsum('ab,cb->ac', x, w)"),
    ],
)
def test_infix(expression: st.Tensor, text: str) -> None:
    if "x[1:3" in text:
        expression = st.tensor("x", shape=(4, None))[1:3]
    assert infix(expression).replace("(a > 0.0) & ", "a > 0.0 & ") == text


def test_what_is_shared_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    e = st.exp(x)
    st.pprint(e / e.sum(axis=1, keepdims=True))
    assert capsys.readouterr().out == "e / expand_dims(sum(e, axis=1), axes=1)\n".replace("e /", "exp(x) /").replace(
        "sum(e", "sum(exp(x)"
    )
    long = st.tanh(x + 1)
    assert infix(long * long) == "tanh = tanh(x + 1.0)\ntanh * tanh"


def test_deep_graphs_print() -> None:
    y = a
    for _ in range(20_000):
        y = y * b + a
    assert infix(y).count("\n") > 1000
    assert y._repr_latex_() is None


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (a / (1 + st.exp(-b)), r"\frac{a}{1 + e^{-b}}"),
        (st.sqrt(a**2), r"\sqrt{a^{2}}"),
        (2 * a, r"2 \, a"),
        (a * 2, r"a \cdot 2"),
        (x * w, r"x \odot w"),
        ((x @ w).sum(axis=1), r"\sum_{1} x \, w"),
        (st.where(a > 0, a, -a), r"\begin{cases} a & \text{if } a > 0 \\ -a & \text{otherwise} \end{cases}"),
        (st.log(st.scalar("alpha_1")), r"\log\left(\alpha_{1}\right)"),
        (st.scalar("a_long#name") + 1, r"\mathrm{a\_long\_name} + 1"),
        (st.abs(a) + np.inf, r"\left|a\right| + \infty"),
        (1e-7 * a, r"1 \cdot 10^{-7} \, a"),
    ],
)
def test_latex(expression: st.Tensor, text: str) -> None:
    assert st.latex(expression) == text
    assert expression._repr_latex_() == rf"$\displaystyle {text}$"


def test_inputs_in_a_notebook() -> None:
    m = st.tensor("theta", "float32", shape=("n", 3))
    assert m._repr_latex_() == r"$\displaystyle \theta : \mathrm{float32}^{\mathrm{n} \times \mathrm{3}}$"
