"""The last rules: cheaper ways to compute the same, once nothing needs to be recognised any more.

Signs go back into constants, powers become products, and divisions become multiplications where that is exact.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.controls import CUSTOM, GRAD_CLIP, GRAD_SCALE
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import square, stop_gradient
from symtensor.ops.functions import power

rule = partial(pattern.rule, stage="specialise")
rewriter = partial(pattern.rewriter, stage="specialise")


@rule(kinds="biufc")
def drop_stop_gradient(x: Wild) -> Sides:
    """Gradients have been taken."""
    return stop_gradient(x), x


@rule(kinds="f")
def drop_gradient_limits(x: Wild, y: Wild, z: Wild) -> Sides:
    """Gradients have been taken."""
    return [(GRAD_CLIP(x, y, z), x), (GRAD_SCALE(x, y), x)]


@rewriter(ops=[CUSTOM])
def drop_custom_gradient(node: Tensor) -> Tensor | None:
    """Gradients have been taken."""
    return node.inputs[0]


def _is_scalar(c: Tensor, x: Tensor) -> bool:
    return scalar_value(x) is None


@rule(kinds="fi")
def sign_into_factor(x: Wild, c: Const) -> Sides:
    """A constant takes the sign for nothing."""
    return -(x * c), lambda x, c: x * constant(-c.attr("value").array), _is_scalar


@rule(kinds="f")
def sign_into_divisor(x: Wild, c: Const) -> Sides:
    """A constant takes the sign for nothing."""
    return [
        (-(x / c), lambda x, c: x / constant(-c.attr("value").array), _is_scalar),
        (-(c / x), lambda x, c: constant(-c.attr("value").array) / x, _is_scalar),
    ]


def _has_exact_reciprocal(c: Tensor) -> bool:
    value = c.attr("value").array
    if abs(math.frexp(value.item())[0]) != 0.5:
        return False
    with np.errstate(all="ignore"):
        reciprocal = abs(1 / value)
    return bool(np.finfo(value.dtype).tiny <= reciprocal < np.inf)


@rule(kinds="f")
def divide_by_power_of_two(x: Wild, c: Const) -> Sides:
    """The reciprocal of a power of two is exact, and a product is cheaper."""
    return x / c, lambda x, c: x * constant(1 / c.attr("value").array), _has_exact_reciprocal


@rule(kinds="iu")
def small_integer_power(x: Wild) -> Sides:
    """Products of integers wrap around in any order."""
    return [(power(x, 3), square(x) * x), (power(x, 4), square(square(x)))]


@rule(kinds="f")
def power_minus_one(x: Wild) -> Sides:
    """A quotient, where a general power takes a logarithm and an exponential."""
    return power(x, -1), 1 / x


@rule(accuracy="better", kinds="f")
def cube(x: Wild) -> Sides:
    """Two products, where a general power takes a logarithm and an exponential, rounded no better than they are."""
    return power(x, 3), square(x) * x


RULES = collect(globals())
