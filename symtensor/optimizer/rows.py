"""Stable forms of expressions over rows: logsumexp, softmax, variance.

Rows are shifted by their maximum, which is held constant since its gradient cancels.  An infinite maximum shifts by 0:
then rows that are all -inf, or that hold +inf or NaN, come out as the expression as written says.
"""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Attr, Sides, Wild, collect, scalar_value
from symtensor.ops.declare import CAST, SIZE
from symtensor.ops.elementwise import isfinite, square, stop_gradient, subtract, where
from symtensor.ops.functions import exp, log
from symtensor.ops.movement import EXPAND_DIMS, expand_dims, squeeze
from symtensor.ops.reduction import MAX, SUM
from symtensor.ops.supremum import SUPREMUM

rule = partial(pattern.rule, accuracy="better", kinds="f", stage="stabilise")

Axes = tuple[int, ...]


def _shift(x: Tensor, axes: Axes) -> Tensor:
    """What a row may be shifted by, with the reduced axes kept."""
    top = SUPREMUM(x, axes=axes)
    return expand_dims(stop_gradient(where(isfinite(top), top, 0)), axes)


def _is_shifted(x: Tensor) -> bool:
    """Whether x is something minus its own maximum, in any of the ways in which that is written."""
    if x.op is not subtract:
        return False
    minuend, shift = x.inputs
    stack = [(shift, 6)]
    while stack:
        node, depth = stack.pop()
        if node.op in (MAX, SUPREMUM) and node.inputs[0] is minuend:
            return True
        if depth:
            stack.extend((i, depth - 1) for i in node.inputs)
    return False


def _unshifted(x: Tensor) -> bool:
    return not _is_shifted(x)


# --------------------------------------------------------------------------------------------------------- logsumexp
def _logsumexp(x: Tensor, axes: Axes) -> Tensor:
    """With the reduced axes kept."""
    shift = _shift(x, axes)
    return shift + log(expand_dims(SUM(exp(x - shift), axes=axes), axes))


@rule()
def log_of_sum_of_exp(x: Wild, axes: Attr) -> Sides:
    """The exponentials overflow, or all underflow."""
    return log(SUM(exp(x), axes=axes)), lambda x, axes: squeeze(_logsumexp(x, axes), axes), _unshifted


@rule()
def log_of_kept_sum_of_exp(x: Wild, axes: Attr) -> Sides:
    """The exponentials overflow, or all underflow."""
    return log(EXPAND_DIMS(SUM(exp(x), axes=axes), axes=axes)), _logsumexp, _unshifted


@rule()
def shifted_log_softmax(x: Wild, shift: Wild, axes: Attr) -> Sides:
    """Of a large x and a large shift only the difference matters: it is exact, their sums are rounded."""
    normaliser = log(EXPAND_DIMS(SUM(exp(x - shift), axes=axes), axes=axes))
    return x - (shift + normaliser), (x - shift) - normaliser


# ----------------------------------------------------------------------------------------------------------- softmax
def _softmax(x: Tensor, axes: Axes) -> Tensor:
    e = exp(x - _shift(x, axes))
    return e / expand_dims(SUM(e, axes=axes), axes)


@rule()
def softmax(x: Wild, axes: Attr) -> Sides:
    """The exponentials overflow, or all underflow."""
    return [
        (exp(x) / EXPAND_DIMS(SUM(exp(x), axes=axes), axes=axes), _softmax, _unshifted),
        # Over leading axes the sums broadcast as they are.
        (exp(x) / SUM(exp(x), axes=axes), _softmax, lambda x, axes: axes == tuple(range(len(axes))) and _unshifted(x)),
    ]


@rule()
def log_of_softmax(x: Wild, axes: Attr) -> Sides:
    """The quotient underflows."""
    total = EXPAND_DIMS(SUM(exp(x), axes=axes), axes=axes)
    return log(exp(x) / total), x - log(total)


# ---------------------------------------------------------------------------------------------------------- variance
def is_count(x: Tensor, axes: Axes, count: Tensor) -> bool:
    """Whether a scalar is the number of elements over the axes."""
    while count.op is CAST:
        count = count.inputs[0]
    expected = sz.product(x.shape[a] for a in axes)
    value = count.attr("size") if count.op is SIZE else scalar_value(count)
    return value is not None and bool(value == expected)


def _variance(x: Tensor, axes: Axes, count: Tensor) -> Tensor:
    gap = x - expand_dims(SUM(x, axes=axes) / count, axes)
    return SUM(square(gap), axes=axes) / count


@rule()
def variance_from_moments(x: Wild, count: Wild, axes: Attr) -> Sides:
    """Far from 0 the mean of the squares and the square of the mean cancel."""
    mean = SUM(x, axes=axes) / count
    kept = EXPAND_DIMS(SUM(x, axes=axes), axes=axes) / count
    return [
        (SUM(square(x), axes=axes) / count - square(mean), _variance, is_count),
        (
            EXPAND_DIMS(SUM(square(x), axes=axes), axes=axes) / count - square(kept),
            lambda x, axes, count: expand_dims(_variance(x, axes, count), axes),
            is_count,
        ),
    ]


RULES = collect(globals())
