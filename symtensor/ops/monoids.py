"""The monoids of the reductions: accumulators, how they take an element in, how two partial results join.

See ``symtensor.ops.declare.Monoid`` for what each part means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.scalar import Const, Expr, call, select
from symtensor.ops.declare import Monoid
from symtensor.ops.elementwise import is_nan

Accumulators = tuple[Expr, ...]


def lowest(dtype: np.dtype) -> Any:
    """The identity of ``max``."""
    if dtype.kind == "c":
        return complex(-np.inf, -np.inf)
    return -np.inf if dtype.kind == "f" else False if dtype.kind == "b" else int(np.iinfo(dtype).min)


def highest(dtype: np.dtype) -> Any:
    """The identity of ``min``."""
    if dtype.kind == "c":
        return complex(np.inf, np.inf)
    return np.inf if dtype.kind == "f" else True if dtype.kind == "b" else int(np.iinfo(dtype).max)


def _plain(name: str, op: str, identity: Callable[[np.dtype], Any], on_bool: str | None = None) -> Monoid:
    """A monoid with one accumulator that a scalar operation folds.

    ``max`` and ``min`` look for NaN in their first operand.  That is the new value, so that the search is no part of
    the chain of dependent operations that the accumulator goes through.
    """

    def join(left: Accumulators, right: Accumulators) -> Accumulators:
        chosen = on_bool if on_bool is not None and left[0].dtype == dtypes.BOOL else op
        return (call(chosen, right[0], left[0]) if op in ("max", "min") else call(chosen, left[0], right[0]),)

    return Monoid(
        name,
        init=lambda dtype: (Const(identity(dtype), dtype),),
        step=lambda accumulators, value, position: join(accumulators, (value,)),
        combine=join,
    )


def _better_of(comparison: str) -> Callable[[Accumulators, Accumulators], Accumulators]:
    """Of two (value, position) pairs the better value; a NaN beats all, and the earlier position wins a tie."""

    def choose(left: Accumulators, right: Accumulators) -> Accumulators:
        (a, i), (b, j) = left, right
        tie = a.equal(b)
        better = call(comparison, b, a)
        if a.dtype.kind in "fc":
            tie = tie | (is_nan(a) & is_nan(b))
            better = (better & ~is_nan(a)) | (is_nan(b) & ~is_nan(a))
        take_right = better | (tie & (j < i))
        return select(take_right, b, a), select(take_right, j, i)

    return choose


def _positioned(name: str, comparison: str, identity: Callable[[np.dtype], Any]) -> Monoid:
    """The position of an extremum: accumulators are (value, position)."""
    choose = _better_of(comparison)
    last = np.iinfo("int64").max  # any element, even one equal to the identity, comes before the initial position
    return Monoid(
        name,
        init=lambda dtype: (Const(identity(dtype), dtype), Const(last, dtypes.INT64)),
        step=lambda accumulators, value, position: choose(accumulators, (value, position)),
        combine=choose,
        finish=lambda accumulators, count: accumulators[1],
        positioned=True,
    )


def _welford_combine(left: Accumulators, right: Accumulators) -> Accumulators:
    """Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for sample variances (1979)."""
    (n, mean_n, squares_n), (m, mean_m, squares_m) = left, right
    total, delta = n + m, mean_m - mean_n
    share = select(total > 0, m / total, Const(0, total.dtype))
    return total, mean_n + delta * share, (squares_n + squares_m) + (delta * delta) * (n * share)


def _welford_step(accumulators: Accumulators, value: Expr, position: Expr) -> Accumulators:
    # One element is its own mean, at a distance of 0, unless it is no number.
    return _welford_combine(accumulators, (Const(1, value.dtype), value, value - value))


def squared_gap(value: Expr, mean: Expr) -> Expr:
    """Squared distance of an element from the mean."""
    gap = value - mean
    return gap * gap


SUM_MONOID = _plain("sum", "add", lambda dtype: 0)
PROD_MONOID = _plain("prod", "mul", lambda dtype: 1)
MAX_MONOID = _plain("max", "max", lowest, "or")
MIN_MONOID = _plain("min", "min", highest, "and")
ALL_MONOID = _plain("all", "and", lambda dtype: True)
ANY_MONOID = _plain("any", "or", lambda dtype: False)
ARGMAX_MONOID = _positioned("argmax", "gt", lowest)
ARGMIN_MONOID = _positioned("argmin", "lt", highest)
WELFORD_MONOID = Monoid(
    "welford",
    init=lambda dtype: (Const(0, dtype), Const(0, dtype), Const(0, dtype)),
    step=_welford_step,
    combine=_welford_combine,
    finish=lambda accumulators, count: accumulators[2],
)
