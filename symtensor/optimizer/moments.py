"""Sums of squared distances from the mean become one reduction, which the schedule computes as memory likes it.

Written with two sums it reads memory twice; as one reduction it joins blocks that are in cache (Chan, Golub and
LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979).  Gradients have been taken
of the two sums before.
"""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Attr, Sides, Wild, collect
from symtensor.ops.elementwise import square
from symtensor.ops.movement import EXPAND_DIMS
from symtensor.ops.reduction import SUM, WELFORD
from symtensor.optimizer.rows import is_count

rule = partial(pattern.rule, kinds="f", stage="moments")

Axes = tuple[int, ...]


def _is_leading(x: Tensor, axes: Axes, count: Tensor) -> bool:
    return axes == tuple(range(len(axes))) and is_count(x, axes, count)


@rule()
def sum_of_squared_deviations(x: Wild, count: Wild, axes: Attr) -> Sides:
    """One reduction can be computed in one pass over memory."""
    kept = EXPAND_DIMS(SUM(x, axes=axes), axes=axes)
    result = lambda x, axes, count: WELFORD(x, axes=axes)  # noqa: E731
    return [
        (SUM(square(x - kept / count), axes=axes), result, is_count),
        (SUM(square(x - EXPAND_DIMS(SUM(x, axes=axes) / count, axes=axes)), axes=axes), result, is_count),
        # Over leading axes the mean broadcasts as it is.
        (SUM(square(x - SUM(x, axes=axes) / count), axes=axes), result, _is_leading),
    ]


RULES = collect(globals())
