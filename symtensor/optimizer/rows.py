"""Stable forms of expressions over rows: logsumexp, softmax, variance.

Rows are shifted by their maximum, which is held constant since its gradient cancels.  An infinite maximum shifts by 0:
then rows that are all -inf, or that hold +inf or NaN, come out as the expression as written says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from symtensor.ir import pattern
from symtensor.ir import size as sz
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Attr, Sides, Wild, collect
from symtensor.ops.declare import CAST, SIZE
from symtensor.ops.elementwise import absolute, isfinite, sign, square, stop_gradient, subtract, where
from symtensor.ops.functions import exp, log
from symtensor.ops.movement import EXPAND_DIMS, expand_dims, squeeze
from symtensor.ops.reduction import MAX, PROD, SUM
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


def _alike(x: Tensor, y: Tensor) -> bool:
    """Whether two tensors have one shape: sizes that are not known to be equal are guarded to be, but for 1."""
    return x.ndim == y.ndim and all((a == 1) == (b == 1) for a, b in zip(x.shape, y.shape))


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


def _scaled(x: Tensor, axes: Axes, combine: Callable[[Tensor], Tensor]) -> Tensor:
    """The logarithm of a sum of exponentials times something, with the reduced axes kept."""
    shift = _shift(x, axes)
    return shift + log(expand_dims(combine(exp(x - shift)), axes))


@rule()
def log_of_mean_of_exp(x: Wild, count: Wild, axes: Attr) -> Sides:
    """The exponentials overflow, or all underflow."""

    def stable(x: Tensor, count: Tensor, axes: Axes) -> Tensor:
        return _scaled(x, axes, lambda e: SUM(e, axes=axes) / count)

    def plain(x: Tensor, count: Tensor) -> bool:
        return not count.shape and _unshifted(x)

    return [
        (log(SUM(exp(x), axes=axes) / count), lambda x, count, axes: squeeze(stable(x, count, axes), axes), plain),
        (log(EXPAND_DIMS(SUM(exp(x), axes=axes), axes=axes) / count), stable, plain),
    ]


@rule()
def log_of_weighted_sum_of_exp(x: Wild, w: Wild, axes: Attr) -> Sides:
    """The exponentials overflow, or all underflow."""

    def stable(x: Tensor, w: Tensor, axes: Axes) -> Tensor:
        return _scaled(x, axes, lambda e: SUM(e * w, axes=axes))

    def plain(x: Tensor, w: Tensor) -> bool:
        return w.ndim <= x.ndim and _alike(x * w, x) and w.op is not exp and _unshifted(x)

    total = SUM(exp(x) * w, axes=axes)
    return [
        (log(total), lambda x, w, axes: squeeze(stable(x, w, axes), axes), plain),
        (log(EXPAND_DIMS(total, axes=axes)), stable, plain),
    ]


@rule()
def log_of_product(x: Wild, axes: Attr) -> Sides:
    """The product overflows, or underflows; its sign, or a zero in it, is told apart."""
    stable = SUM(log(absolute(x)), axes=axes) + log(PROD(sign(x), axes=axes))
    return log(PROD(x, axes=axes)), stable, lambda x: x.op is not sign


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
        (
            SUM(square(x), axes=axes) - square(SUM(x, axes=axes)) / count,
            lambda x, axes, count: _variance(x, axes, count) * count,
            is_count,
        ),
    ]


@rule()
def covariance_from_moments(x: Wild, y: Wild, count: Wild, count_y: Wild, axes: Attr) -> Sides:
    """Far from 0 the mean of the products and the product of the means cancel."""

    def stable(x: Tensor, y: Tensor, axes: Axes, count: Tensor) -> Tensor:
        left, right = (v - expand_dims(SUM(v, axes=axes) / count, axes) for v in (x, y))
        return SUM(left * right, axes=axes) / count

    def plain(x: Tensor, y: Tensor, axes: Axes, count: Tensor, count_y: Tensor) -> bool:
        return _alike(x, y) and is_count(x, axes, count) and is_count(y, axes, count_y)

    means = (SUM(x, axes=axes) / count) * (SUM(y, axes=axes) / count_y)
    return SUM(x * y, axes=axes) / count - means, stable, plain


RULES = collect(globals())
