"""Write ``docs/stability.md``: errors of naive formulas against mpmath, as written and as rewritten.

usage: python -m docs.stability      (or: make docs)

``docs/stability.csv`` holds the formulas: each is an expression in ``m``, the module of functions, and ``x``, with the
points at which it is judged and the errors in ulp that its value and gradient may have (none: not judged).
"""

from __future__ import annotations

import csv
import math
import struct
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mpmath
import numpy as np

import symtensor as st
from symtensor.ir.graph import Graph
from symtensor.ops.reference import evaluate
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

FOLDER = Path(__file__).resolve().parent
TABLE, PAGE = FOLDER / "stability.csv", FOLDER / "stability.md"
PRECISION = 3000  # bits: 1 - tanh(800)**2 begins 2,300 bits behind the point
BOUNDS = (4, 16, 64, 256, 1024)
HEAD = """\
# Errors before and after rewriting

This page is made by `python -m docs.stability` from the formulas in `docs/stability.csv`; a test keeps it current.

Errors are in units in the last place (ulp) of float64, the largest over the points of the table, against mpmath with
{precision} bits. *As written* is the formula evaluated by NumPy's functions, its gradient that of the graph as it
stands. *Rewritten* is what symtensor computes. A number is an upper bound, one of a few steps, since NumPy's functions
differ by an ulp between machines; `1e13` means that only three digits are right; `wrong` is NaN, inf or
of another sign or magnitude altogether. Gradients that no stable form is known for are left out.

| formula | value as written | value rewritten | gradient as written | gradient rewritten |
|---|---|---|---|---|
"""


@dataclass(frozen=True)
class Formula:
    """One row of the table.

    Attributes:
        name: what it is called.
        text: the expression.
        function: the expression as a function of a module and a number, array or tensor.
        points: where it is judged.
        value_ulps: the error that the value may have.
        gradient_ulps: the error that the gradient may have; None where it is not judged.
    """

    name: str
    text: str
    function: Callable[[Any, Any], Any]
    points: tuple[float, ...]
    value_ulps: float
    gradient_ulps: float | None


@dataclass(frozen=True)
class Errors:
    """The largest errors in ulp of value and gradient, as written and rewritten."""

    value_before: float
    value_after: float
    gradient_before: float
    gradient_after: float


def formulas() -> list[Formula]:
    """The table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return [
            Formula(
                row["name"],
                row["formula"],
                eval("lambda m, x: " + row["formula"]),  # the table is part of the project
                tuple(map(float, row["points"].split())),
                float(row["value_ulps"]),
                float(row["gradient_ulps"]) if row["gradient_ulps"] else None,
            )
            for row in csv.DictReader(file)
        ]


def _order(value: float) -> int:
    """The place of a number among all of float64."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & 0x7FFFFFFFFFFFFFFF)


def _worst(got: Iterable[float], exact: Sequence[Any]) -> float:
    """The largest distance in numbers of float64."""
    return max(
        abs(_order(float(g)) - _order(float(e))) if math.isfinite(g) else math.inf if g != float(e) else 0.0
        for g, e in zip(got, exact)
    )


def judge(formula: Formula) -> Errors:
    """Evaluate a formula and its gradient, as written and rewritten, by the interpreter and by mpmath."""
    with mpmath.workprec(PRECISION):
        numbers = [mpmath.mpf(p) for p in formula.points]
        exact = [formula.function(mpmath, p) for p in numbers]
        slope = [mpmath.diff(lambda v: formula.function(mpmath, v), p, h=_step(p)) for p in numbers]
    x = st.vector("x")
    y = formula.function(st, x)
    values = {x: np.array(formula.points)}
    written = evaluate([y, st.grad(y.sum(), x, prepare=None)], values)
    graph, _ = optimize(Graph((x,), (y, st.grad(y.sum(), x))), Options(verify=True))
    rewritten = evaluate(graph.outputs, values)
    return Errors(
        _worst(written[0], exact), _worst(rewritten[0], exact), _worst(written[1], slope), _worst(rewritten[1], slope)
    )


def _step(at: Any) -> Any:
    return abs(at) * mpmath.mpf(2) ** -700 + mpmath.mpf(2) ** -1500


def bound(error: float) -> str:
    """An error as the page shows it."""
    for limit in BOUNDS:
        if error <= limit:
            return f"≤ {limit}"
    return "wrong" if error > 2.0**52 else f"1e{math.ceil(math.log10(error))}"


def text(judged: Iterable[tuple[Formula, Errors]] | None = None) -> str:
    """The whole page.

    Args:
        judged: formulas with their errors; judged anew if not given.
    """
    lines = []
    for formula, e in [(f, judge(f)) for f in formulas()] if judged is None else judged:
        judges = formula.gradient_ulps is not None
        slopes = [bound(e.gradient_before), bound(e.gradient_after)] if judges else ["", ""]
        shown = formula.text.replace("m.", "")
        lines.append(f"| `{shown}` | {bound(e.value_before)} | {bound(e.value_after)} | {slopes[0]} | {slopes[1]} |")
    return HEAD.format(precision=PRECISION) + "\n".join(lines) + "\n"


def main() -> int:
    """Write the page."""
    PAGE.write_text(text(), encoding="utf-8")
    print(f"wrote {PAGE.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
