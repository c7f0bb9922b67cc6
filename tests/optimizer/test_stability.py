"""Naive formulas, as a user would write them: errors of value and gradient in ulp against mpmath."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import Graph
from symtensor.ops.reference import evaluate
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from tests.optimizer.accuracy import PRECISION, ulps

ROWS: list[tuple[str, Callable[[Any, Any], Any], str, float, float]] = [
    ("log1p", lambda m, x: m.log(1 + x), "1e-30 1e-18 1e-8 1e-3 0.5 7 1e10", 8, 8),
    ("log1p minus", lambda m, x: m.log(1 - x), "1e-30 1e-18 1e-8 1e-3 0.5 0.9", 8, 8),
    ("expm1", lambda m, x: m.exp(x) - 1, "-50 -1 -1e-3 -1e-18 1e-30 1e-18 1e-8 0.1 3 100", 8, 8),
    ("expm1 reversed", lambda m, x: 1 - m.exp(x), "-50 -1 -1e-3 -1e-18 1e-30 1e-8 0.1 3", 8, 8),
    ("expm1 scaled", lambda m, x: 2.5 * (m.exp(x) - 1), "-1e-12 1e-30 1e-9 0.1 3", 8, 8),
    ("softplus", lambda m, x: m.log(1 + m.exp(x)), "-800 -50 -1 0 1e-9 1 40 800 1e5", 8, 8),
    ("softplus negative", lambda m, x: m.log(1 + m.exp(-x)), "-800 -50 -1 0 1 40 800", 8, 8),
    ("log sigmoid", lambda m, x: m.log(1 / (1 + m.exp(-x))), "-800 -50 -1 0 1 40 800", 8, 8),
    ("log one minus sigmoid", lambda m, x: m.log(1 - 1 / (1 + m.exp(-x))), "-800 -50 -1 0 1 40 800", 8, 8),
    ("sigmoid", lambda m, x: 1 / (1 + m.exp(-x)), "-700 -50 -1 0 1 40 800", 8, 16),
    ("sigmoid from exp", lambda m, x: m.exp(x) / (1 + m.exp(x)), "-700 -50 -1 0 1 40 800", 8, 16),
    ("one minus sigmoid", lambda m, x: 1 - 1 / (1 + m.exp(-x)), "-700 -50 -1 0 1 40 700", 8, 16),
    ("sinh from exps", lambda m, x: (m.exp(x) - m.exp(-x)) / 2, "-600 -1 -1e-9 1e-30 1e-5 1 600", 8, 8),
    ("cosh from exps", lambda m, x: (m.exp(x) + m.exp(-x)) / 2, "-600 -1 1e-9 1 600", 8, 8),
    ("log of exp", lambda m, x: m.log(m.exp(x)), "-1e4 -800 -1 1e-9 1 800 1e4", 4, 4),
    ("exp of log", lambda m, x: m.exp(m.log(x)), "1e-300 1e-5 1 1e10 1e300", 4, 4),
    ("log of product", lambda m, x: m.log(x * x * x), "1e-200 1e-150 0.3 1e150 1e200", 8, 8),
    ("log of power", lambda m, x: m.log(x**200), "1e-5 0.01 0.5 3 100", 8, 8),
    ("log of quotient", lambda m, x: m.log(1e300 / x), "1e-200 1e-100 1 1e200", 8, 8),
    ("log of sqrt", lambda m, x: m.log(m.sqrt(x)), "1e-300 1e-5 2 1e300", 4, 4),
    ("sqrt of square", lambda m, x: m.sqrt(x * x), "-1e200 -3 -1e-200 1e-200 2 1e200", 2, 2),
    ("square of sqrt", lambda m, x: m.sqrt(x) ** 2, "1e-300 1e-5 2 1e300", 2, 2),
    ("sqrt difference", lambda m, x: m.sqrt(x + 1) - m.sqrt(x), "0.5 1e3 1e8 1e16 1e30", 8, 16),
    ("reciprocal difference", lambda m, x: 1 / (x + 1) - 1 / x, "0.5 1e3 1e8 1e16 1e30", 8, 16),
    ("log difference", lambda m, x: m.log(x + 1) - m.log(x), "0.5 1e3 1e8 1e16 1e30", 8, 16),
    ("one minus cos", lambda m, x: 1 - m.cos(x), "-1e-3 1e-150 1e-9 1e-4 0.5 3", 8, 8),
    ("one minus cos over sin", lambda m, x: (1 - m.cos(x)) / m.sin(x), "-1e-3 1e-30 1e-9 1e-4 0.5", 8, 16),
    ("one minus square", lambda m, x: 1 - x * x, "0.5 0.999999999 0.9999999999999 -0.99999999999", 4, 4),
    ("difference of squares", lambda m, x: (1 + x) ** 2 - 1, "1e-30 1e-12 1e-5 0.5 3", 8, 8),
    ("x log x", lambda m, x: x * m.log(x), "1e-300 1e-5 1 3", 8, 8),
    ("logaddexp constant", lambda m, x: m.log(m.exp(x) + m.exp(1000.0)), "-5000 900 999 1000 1001 5000", 8, 16),
    ("log of difference of exps", lambda m, x: m.log(m.exp(x) - 1), "1e-30 1e-9 1 40 800 1e4", 8, 16),
    ("log one minus exp", lambda m, x: m.log(1 - m.exp(-x)), "1e-30 1e-9 0.5 1 40 700", 16, 16),
    ("square root of one plus square minus one", lambda m, x: m.sqrt(1 + x * x) - 1, "1e-150 1e-12 1e-5 0.5 3", 16, 16),
    ("arctanh from logs", lambda m, x: 0.5 * (m.log(1 + x) - m.log(1 - x)), "-0.9 -1e-9 1e-30 1e-9 0.5 0.9", 16, 16),
    ("power minus one", lambda m, x: (1 + x) ** 0.5 - 1, "1e-30 1e-12 1e-5 0.5 3", 16, 16),
    ("entropy term", lambda m, x: -x * m.log(x) - (1 - x) * m.log(1 - x), "1e-30 1e-9 0.3 0.5 0.999", 16, 64),
]


@pytest.mark.parametrize(
    ("formula", "points", "value_ulps", "gradient_ulps"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_naive_formulas_are_accurate(formula, points, value_ulps, gradient_ulps):
    at = np.array([float(p) for p in points.split()])
    with mpmath.workprec(PRECISION):
        numbers = [mpmath.mpf(float(p)) for p in at]
        exact = np.array([formula(mpmath, p) for p in numbers])
        slope = np.array([_slope(formula, p) for p in numbers])
    x = st.vector("x")
    y = formula(st, x)
    graph, _ = optimize(Graph((x,), (y, st.grad(y.sum(), x))), Options(verify=True))
    value, gradient = evaluate(graph.outputs, {x: at})
    assert ulps(value, exact, np.zeros(at.shape)).max() <= value_ulps
    assert ulps(gradient, slope, np.zeros(at.shape)).max() <= gradient_ulps


def _slope(formula: Callable[[Any, Any], Any], at: Any) -> Any:
    step = abs(at) * mpmath.mpf(2) ** -600 + mpmath.mpf(2) ** -1300
    return mpmath.diff(lambda v: formula(mpmath, v), at, h=step)
