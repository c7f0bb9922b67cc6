"""Functions that stable forms are made of: what a formula means where its parts overflow, underflow or cancel.

Sums inside are carried with their rounding error (Knuth's two-sum), so that an exponential does not amplify it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, Expr, call, select
from symtensor.ops.declare import elementwise, inexact_type
from symtensor.ops.functions import float_pair_type, log1p, tanh


def _two_sum(x: Any, y: Any) -> tuple[Any, Any]:
    """The rounded sum and what rounding took away from it; the second is NaN where the sum is not finite.

    Reference: Knuth, The Art of Computer Programming 2, theorem 4.2.2 B.
    """
    total = x + y
    part = total - x
    return total, (x - (total - part)) + (y - part)


# ------------------------------------------------------------------------------------------------------------- sech
def _sech(x: Expr) -> Expr:
    e = call("exp", -call("abs", x))
    return 2 * e / (1 + e * e)


def _sech_reference(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return 2 * e / (1 + e * e)


sech = elementwise(
    "sech", _sech_reference, _sech, types=inexact_type, vjp=lambda g, z, x: (-(g * z * tanh(x)),), samples="r", cost=18
)


# ------------------------------------------------------------------------------------------------- exp of a sum
def _exp_sum(x: Expr, y: Expr) -> Expr:
    total, lost = _two_sum(x, y)
    value = call("exp", total)
    # Where the value is inf, so is its product with what was lost, of whatever sign.
    exact = (value < float("inf")) & (call("abs", lost) < 1)
    return value + select(exact, value * lost, Const(0, x.dtype))


def _exp_sum_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    total, lost = _two_sum(x, y)
    value = np.exp(total)
    exact = (value < np.inf) & (np.abs(lost) < 1)
    return value + np.where(exact, value * lost, np.zeros((), value.dtype))


exp_sum = elementwise(
    "exp_sum", _exp_sum_reference, _exp_sum, types=float_pair_type,
    vjp=lambda g, z, x, y: (g * z, g * z), samples="rs", commutative=True, cost=22,
)  # fmt: skip


# ------------------------------------------------------------------------------------------- sigmoid of a difference
def _expit_difference(x: Expr, y: Expr) -> Expr:
    gap, lost = _two_sum(x, -y)
    e = call("exp", -call("abs", gap))
    near = 1 / (1 + e)
    far = e * near
    value, other = select(gap < 0, far, near), select(gap < 0, near, far)
    return value + select(call("abs", lost) < 1, value * other * lost, Const(0, x.dtype))


def _expit_difference_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    gap, lost = _two_sum(x, -y)
    e = np.exp(-np.abs(gap))
    near = 1 / (1 + e)
    far = e * near
    value, other = np.where(gap < 0, far, near), np.where(gap < 0, near, far)
    return value + np.where(np.abs(lost) < 1, value * other * lost, np.zeros((), value.dtype))


def _expit_difference_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    slope = g * z * expit_difference(y, x)
    return slope, -slope


expit_difference = elementwise(
    "expit_difference", _expit_difference_reference, _expit_difference, types=float_pair_type,
    vjp=_expit_difference_vjp, samples="rs", cost=28,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------- compound
def _compound(x: Expr, n: Expr) -> Expr:
    total, lost = _two_sum(Const(1, x.dtype), x)
    some = call("abs", lost) > 0
    ratio = select(some, n * (lost / select(some, total, Const(1, x.dtype))), Const(0, x.dtype))
    value = call("pow", total, n)
    # Where the power is inf or 0 it stays so: the factor may be 0 or inf.
    ordinary = (call("abs", value) > 0) & (call("abs", value) < float("inf"))
    return value * select(ordinary, call("exp", ratio), Const(1, x.dtype))


def _compound_reference(x: np.ndarray, n: np.ndarray) -> np.ndarray:
    one, zero = np.ones((), x.dtype), np.zeros((), x.dtype)
    total, lost = _two_sum(one, x)
    some = np.abs(lost) > 0
    value = np.power(total, n)
    ordinary = (np.abs(value) > 0) & (np.abs(value) < np.inf)
    ratio = np.where(some, n * (lost / np.where(some, total, one)), zero)
    return value * np.where(ordinary, np.exp(ratio), one)


def _compound_vjp(g: Tensor, z: Tensor, x: Tensor, n: Tensor) -> Sequence[Any]:
    return g * (n * compound(x, n - 1)), g * z * log1p(x)


compound = elementwise(
    "compound", _compound_reference, _compound, types=float_pair_type, vjp=_compound_vjp, samples="pr", cost=45
)
