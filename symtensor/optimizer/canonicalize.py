"""Canonical forms: of several ways to write the same thing one is chosen, so that later rules need to know only that.

All rules are exact.  Signs move outwards, out of products and quotients and into sums; a constant with a sign becomes
a subtraction; constants that are the same everywhere are broadcast scalars, and broadcasts happen as late as possible.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Op, Tensor, make
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.declare import CAST, CONSTANT, cast, constant
from symtensor.ops.elementwise import (
    absolute,
    logical_not,
    maximum,
    minimum,
    multiply,
    negative,
    reciprocal,
    square,
    where,
)
from symtensor.ops.functions import power, sqrt
from symtensor.ops.movement import BROADCAST_TO, broadcast_to

rule = partial(pattern.rule, stage="canonicalise")
rewriter = partial(pattern.rewriter, stage="canonicalise")


# ---------------------------------------------------------------------------------------------------------- signs
@rule()
def double_negative(x: Wild) -> Sides:
    """Two signs cancel."""
    return negative(negative(x)), x


@rule()
def add_negative(x: Wild, y: Wild) -> Sides:
    """IEEE 754 defines x - y as x + (-y)."""
    return x + (-y), x - y


@rule()
def subtract_negative(x: Wild, y: Wild) -> Sides:
    """IEEE 754 defines x - y as x + (-y)."""
    return x - (-y), x + y


@rule()
def multiply_negative(x: Wild, y: Wild) -> Sides:
    """The sign of a product is apart from its size."""
    return x * (-y), -(x * y)


@rule(kinds="f")
def divide_negative(x: Wild, y: Wild) -> Sides:
    """The sign of a quotient is apart from its size."""
    return [((-x) / y, -(x / y)), (x / (-y), -(x / y))]


@rule()
def square_of_negative(x: Wild) -> Sides:
    """The sign of a square is lost."""
    return square(-x), square(x)


@rule(kinds="fi")
def absolute_of_negative(x: Wild) -> Sides:
    """The sign of an absolute value is lost."""
    return absolute(-x), absolute(x)


def _is_negative(c: Tensor) -> bool:
    """Whether a scalar constant has a sign that can be taken off."""
    value = scalar_value(c)
    if c.dtype.kind == "i":
        return np.iinfo(c.dtype).min < value < 0
    return c.dtype.kind == "f" and value < 0


def _negated(c: Tensor) -> Tensor:
    return constant(-c.attr("value").array)


@rule(kinds="if")
def add_negative_constant(x: Wild, c: Const) -> Sides:
    """A subtraction is what people write, and so what other rules look for."""
    return x + c, lambda x, c: x - _negated(c), lambda x, c: _is_negative(c) and scalar_value(x) is None


@rule(kinds="if")
def subtract_negative_constant(x: Wild, c: Const) -> Sides:
    """Two signs cancel."""
    return x - c, lambda x, c: x + _negated(c), lambda c: _is_negative(c)


@rule(kinds="if")
def multiply_negative_constant(x: Wild, c: Const) -> Sides:
    """The sign moves outwards, where rules that look for -x see it."""

    def outwards(node: Tensor, x: Tensor, c: Tensor) -> Tensor:
        # In the order in which it was written, so that 2 * x beside -2 * x is one node.
        return -(_negated(c) * x if node.inputs[1] is x else x * _negated(c))

    return x * c, outwards, lambda x, c: _is_negative(c) and scalar_value(x) is None


@rule(kinds="f")
def divide_negative_constant(x: Wild, c: Const) -> Sides:
    """The sign moves outwards, where rules that look for -x see it."""
    return [
        (x / c, lambda x, c: -(x / _negated(c)), lambda c: _is_negative(c)),
        (c / x, lambda x, c: -(_negated(c) / x), lambda c: _is_negative(c)),
    ]


# ------------------------------------------------------------------------------------------------ names of one thing
@rule(kinds="iuf")
def product_with_itself(x: Wild) -> Sides:
    """One name for squares."""
    return x * x, square(x)


@rule(kinds="iuf")
def power_two(x: Wild) -> Sides:
    """One name for squares."""
    return power(x, 2), square(x)


@rule(kinds="iuf")
def power_one(x: Wild) -> Sides:
    """The first power is the thing itself."""
    return power(x, 1), x


@rule(kinds="f")
def power_half(x: Wild) -> Sides:
    """One name for roots: NumPy takes this power as one, also of -0.0 and -inf."""
    return power(x, 0.5), sqrt(x)


@rule(kinds="f")
def reciprocal_is_quotient(x: Wild) -> Sides:
    """One name for quotients."""
    return reciprocal(x), 1 / x


@rule()
def where_not(c: Wild, x: Wild, y: Wild) -> Sides:
    """The branches change places."""
    return where(logical_not(c), x, y), where(c, y, x)


# ------------------------------------------------------------------------------------------------------- identities
@rule(kinds="iuf")
def multiply_one(x: Wild) -> Sides:
    """One is neutral, for NaN and signed zeros too."""
    return x * 1, x


@rule(kinds="f")
def divide_one(x: Wild) -> Sides:
    """One is neutral, for NaN and signed zeros too."""
    return x / 1, x


@rule(kinds="iuf")
def subtract_zero(x: Wild) -> Sides:
    """x - 0.0 is x, also for x = -0.0."""
    return x - 0, x


@rule(kinds="f")
def add_negative_zero(x: Wild) -> Sides:
    """x + -0.0 is x, also for x = -0.0; x + 0.0 is not."""
    return x + (-0.0), x


@rule(kinds="iu")
def add_integer_zero(x: Wild) -> Sides:
    """Zero is neutral among integers."""
    return x + 0, x


@rule(kinds="iu")
def multiply_integer_zero(x: Wild) -> Sides:
    """Zero takes all, among integers."""
    return x * 0, constant(0)


@rule(kinds="iu")
def integer_minus_itself(x: Wild) -> Sides:
    """No NaN and no inf among integers."""
    return x - x, constant(0)


@rule()
def extremum_of_itself(x: Wild) -> Sides:
    """The larger or smaller of two equals."""
    return [(maximum(x, x), x), (minimum(x, x), x)]


@rule()
def absolute_twice(x: Wild) -> Sides:
    """An absolute value has no sign to lose."""
    return absolute(absolute(x)), absolute(x)


@rule(kinds="f")
def absolute_of_square(x: Wild) -> Sides:
    """A square has no sign to lose; that of an integer may, when it wraps around."""
    return absolute(square(x)), square(x)


@rule(kinds="biufc")
def where_same(c: Wild, x: Wild) -> Sides:
    """Both branches agree."""
    return where(c, x, x), x


@rule(kinds="biufc")
def where_known(c: Const, x: Wild, y: Wild) -> Sides:
    """The condition is known."""
    return where(c, x, y), lambda c, x, y: x if scalar_value(c) else y


# ------------------------------------------------------------------------------------------ constants and broadcasts
@rewriter(ops=[CONSTANT])
def uniform_constant(node: Tensor) -> Tensor | None:
    """An array of one value is a broadcast scalar: rules see the value, and it takes no memory."""
    array = node.attr("value").array
    if array.ndim == 0 or array.size == 0:
        return None
    flat = array.reshape(-1)
    # Compared as bytes, since 0.0 and -0.0 differ and NaN equals NaN; a piece at a time, as data may be large.
    if any(
        flat[at : at + 4096].tobytes() != flat[:1].tobytes() * len(flat[at : at + 4096])
        for at in range(0, flat.size, 4096)
    ):
        return None
    return broadcast_to(constant(flat[0]), array.shape)


def _some_broadcast(op: Op, inputs: tuple[Op, ...]) -> bool:
    return op.kind == "elementwise" and BROADCAST_TO in inputs


@rewriter(where=_some_broadcast)
def broadcast_late(node: Tensor) -> Tensor | None:
    """Operands broadcast by themselves, and what is the same everywhere is computed once."""
    return make(node.op, tuple(map(_without_broadcast, node.inputs)), node.attrs)


@rewriter(ops=[multiply], where=lambda op, inputs: BROADCAST_TO in inputs)
def multiply_ones(node: Tensor) -> Tensor | None:
    """One is neutral also where it only states a shape, as the cotangent of a sum does."""
    for ones, other in (node.inputs, node.inputs[::-1]):
        if ones.op is BROADCAST_TO and scalar_value(_without_broadcast(ones)) == 1:
            return other if other.shape == node.shape else broadcast_to(other, node.shape)
    return None


def _without_broadcast(x: Tensor) -> Tensor:
    while x.op is BROADCAST_TO:
        x = x.inputs[0]
    return x


@rewriter(ops=[CAST], where=lambda op, inputs: inputs[0] is CAST)
def cast_of_cast(node: Tensor) -> Tensor | None:
    """What passes through a dtype that holds all its values comes out as if it had not."""
    inner = node.inputs[0]
    source = inner.inputs[0]
    return cast(source, node.dtype) if np.can_cast(source.dtype, inner.dtype, "safe") else None


@rewriter(ops=[CAST])
def cast_to_same(node: Tensor) -> Tensor | None:
    """Nothing changes."""
    return node.inputs[0] if node.inputs[0].dtype == node.dtype else None


RULES = collect(globals())
