"""Algebra that is exact in floating point, or that only integers and bools allow."""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir.node import Op, Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import (
    absolute,
    bitwise_and,
    bitwise_or,
    ceil,
    floor,
    greater,
    greater_equal,
    invert,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    rint,
    trunc,
    where,
)
from symtensor.ops.functions import exp, expit
from symtensor.ops.reduction import ALL, ANY, MAX, MIN, SUM
from symtensor.ops.supremum import SUPREMUM

rule = partial(pattern.rule, stage="canonicalise")
rewriter = partial(pattern.rewriter, stage="canonicalise")


# ------------------------------------------------------------------------------------------------------- integers
@rule(kinds="iu")
def add_integer_constants(x: Wild, c: Const, d: Const) -> Sides:
    """Integer sums wrap around, so they may be regrouped."""
    return [
        ((x + c) + d, x + (c + d)),
        ((x - c) + d, x + (d - c)),
        ((x + c) - d, x + (c - d)),
        ((x - c) - d, x - (c + d)),
    ]


@rule(kinds="iu")
def multiply_integer_constants(x: Wild, c: Const, d: Const) -> Sides:
    """Integer products wrap around, so they may be regrouped."""
    return (x * c) * d, x * (c * d)


@rule(kinds="iu")
def integer_bits_of_itself(x: Wild) -> Sides:
    """Bit operations on equals."""
    return [(bitwise_and(x, x), x), (bitwise_or(x, x), x), (invert(invert(x)), x)]


# ---------------------------------------------------------------------------------------------------------- bools
@rule(kinds="b")
def double_not(x: Wild) -> Sides:
    """Not not."""
    return [(logical_not(logical_not(x)), x), (invert(invert(x)), x)]


@rule(kinds="b")
def logic_with_constant(x: Wild) -> Sides:
    """One operand is known."""
    return [
        (logical_and(x, True), x),
        (logical_and(x, False), constant(False)),
        (logical_or(x, False), x),
        (logical_or(x, True), constant(True)),
        (bitwise_and(x, True), x),
        (bitwise_and(x, False), constant(False)),
        (bitwise_or(x, False), x),
        (bitwise_or(x, True), constant(True)),
    ]


@rule(kinds="b")
def logic_with_itself(x: Wild) -> Sides:
    """Both operands are the same."""
    return [(logical_and(x, x), x), (logical_or(x, x), x), (bitwise_and(x, x), x), (bitwise_or(x, x), x)]


@rule(kinds="b")
def negated_comparison(x: Wild, y: Wild) -> Sides:
    """Integers have no NaN, so exactly one of a comparison and its opposite holds."""
    opposites = [(less, greater_equal), (less_equal, greater), (greater, less_equal), (greater_equal, less)]
    return [(logical_not(a(x, y)), b(x, y), lambda x: x.dtype.kind in "biu") for a, b in opposites]


# --------------------------------------------------------------------------------------------------------- rounding
_ROUNDING = (floor, ceil, trunc, rint)


@rewriter(ops=_ROUNDING, where=lambda op, inputs: inputs[0] in _ROUNDING)
def rounding_twice(node: Tensor) -> Tensor | None:
    """What is whole stays as it is."""
    return node.inputs[0]


@rule(kinds="f")
def absolute_of_positive(x: Wild) -> Sides:
    """There is no sign to lose."""
    return [(absolute(exp(x)), exp(x)), (absolute(expit(x)), expit(x))]


@rule(kinds="f")
def where_of_where(c: Wild, x: Wild, y: Wild, z: Wild) -> Sides:
    """Inside a branch its condition is known."""
    return [(where(c, where(c, x, y), z), where(c, x, z)), (where(c, x, where(c, y, z)), where(c, x, z))]


# ------------------------------------------------------------------------------------------------------- reductions
_ORDER_FREE = (MAX, SUPREMUM, MIN, ALL, ANY)


def _nested(op: Op, inputs: tuple[Op, ...]) -> bool:
    return inputs[0] is op


@rewriter(ops=(*_ORDER_FREE, SUM), where=_nested)
def reduction_of_reduction(node: Tensor) -> Tensor | None:
    """Where the order does not matter, all axes are folded at once."""
    inner = node.inputs[0]
    if node.op is SUM and node.dtype.kind not in "biu":
        return None
    x, first = inner.inputs[0], inner.attr("axes")
    places = [a for a in range(x.ndim) if a not in first]
    return node.op(x, axes=tuple(sorted((*first, *(places[a] for a in node.attr("axes"))))))


RULES = collect(globals())
