"""Rules are equations of real analysis: SymPy expands both sides, or evaluates them to 60 digits at random points."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import sympy

from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import PatternRule
from tests.optimizer.test_rules import PATTERNS, cases

DIGITS = 60
REGIONS = ((0.05, 0.45), (0.55, 0.95), (1.1, 4.0), (-0.95, -0.05), (-4.0, -1.1), (41.0, 60.0))

SYMPY = {
    "add": sympy.Add, "multiply": sympy.Mul, "subtract": lambda x, y: x - y, "divide": lambda x, y: x / y,
    "negative": lambda x: -x, "square": lambda x: x**2, "reciprocal": lambda x: 1 / x, "power": sympy.Pow,
    "absolute": sympy.Abs, "sign": sympy.sign, "maximum": sympy.Max, "minimum": sympy.Min,
    "sqrt": sympy.sqrt, "exp": sympy.exp, "log": sympy.log, "sin": sympy.sin, "cos": sympy.cos,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh, "arcsinh": sympy.asinh, "arccosh": sympy.acosh,
    "arctanh": sympy.atanh, "sech": sympy.sech,
    "expm1": lambda x: sympy.exp(x) - 1, "log1p": lambda x: sympy.log(1 + x),
    "expit": lambda x: 1 / (1 + sympy.exp(-x)), "log_expit": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)), "logaddexp": lambda x, y: sympy.log(sympy.exp(x) + sympy.exp(y)),
    "xlogy": lambda x, y: x * sympy.log(y), "hypot": lambda x, y: sympy.sqrt(x**2 + y**2),
    "direction": lambda x, y: x / sympy.sqrt(x**2 + y**2), "exp_sum": lambda x, y: sympy.exp(x + y),
    "expit_difference": lambda x, y: 1 / (1 + sympy.exp(y - x)), "compound": lambda x, n: (1 + x) ** n,
    "less": sympy.Lt, "greater": sympy.Gt, "less_equal": sympy.Le, "greater_equal": sympy.Ge, "equal": sympy.Eq,
    "not_equal": sympy.Ne, "logical_and": sympy.And, "logical_or": sympy.Or, "logical_not": sympy.Not,
    "bitwise_and": sympy.And, "bitwise_or": sympy.Or,
    "isnan": lambda x: sympy.false, "isinf": lambda x: sympy.false, "isfinite": lambda x: sympy.true,
    "where": lambda c, x, y: sympy.Piecewise((x, c), (y, True)),
    "stop_gradient": lambda x: x, "cast": lambda x: x, "broadcast_to": lambda x: x,
    "grad_clip": lambda x, low, high: x, "grad_scale": lambda x, factor: x,
}  # fmt: skip


def to_sympy(output: Tensor, symbols: Mapping[Tensor, Any]) -> Any:
    """A tensor as an expression for one element; a KeyError names an op that is none of analysis."""
    known: dict[Tensor, Any] = dict(symbols)
    for node in toposort([output]):
        if node.op.name == "constant":
            value = node.attr("value").array.item()
            known[node] = sympy.nan if value != value else sympy.oo if value == np.inf else sympy.Rational(value)
        elif node not in known:
            known[node] = SYMPY[node.op.name](*(known[i] for i in node.inputs))
    return known[output]


def known_to_sympy(rule: PatternRule) -> bool:
    """Whether all operations are in the table, and all wildcards stand for numbers."""
    nodes = [node for form in rule.forms for node in toposort([form.left])]
    known = all(node.op.name in SYMPY or node.op.name in ("constant", "wildcard") for node in nodes)
    conditions = any(
        node.op.name in ("where", "logical_not") and node.inputs[0].op.name == "wildcard" for node in nodes
    )
    return "f" in rule.kinds and known and not conditions


PROVABLE = [rule for rule in PATTERNS if known_to_sympy(rule)]


def test_most_rules_are_provable() -> None:
    assert len(PROVABLE) >= 90


@pytest.mark.parametrize("rule", PROVABLE, ids=repr)
def test_both_sides_are_equal(rule: PatternRule) -> None:
    checked = 0
    for case in cases(rule, "float64"):
        symbols = {leaf: sympy.Symbol(name, real=True) for name, leaf in case.leaves.items()}
        left, right = (to_sympy(side, symbols) for side in (case.left, case.right))
        if left == right or sympy.expand(left - right) == 0:
            checked += 1
            continue
        rng = np.random.default_rng(0)
        for low, high in REGIONS:
            point = {s: sympy.Rational(rng.uniform(low, high)) for s in symbols.values()}
            want = left.subs(point).evalf(DIGITS)
            if not want.is_real or not want.is_finite:
                continue  # the rule says nothing about numbers that are not real
            got = right.subs(point).evalf(DIGITS)
            if got is sympy.nan:
                continue  # what is real through complex numbers only
            assert abs(got - want) <= TOLERANCE * max(abs(want), 1), f"{case.left} at {point}: {got}, not {want}"
            checked += 1
    assert checked, "no form has a real value in any region"


# Constants that are rounded to float64, like log(2), bound what can be seen.
TOLERANCE = sympy.Float("1e-15", DIGITS)
