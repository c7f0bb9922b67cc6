"""Rules for costs that are about to be differentiated: points at which a chain of derivatives is 0 times inf.

They change no value, so they run before differentiation only.
"""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Op, Tensor
from symtensor.ir.pattern import collect
from symtensor.ops.declare import CAST, SIZE
from symtensor.ops.elementwise import absolute, divide, greater, multiply, square, where
from symtensor.ops.functions import sqrt
from symtensor.ops.movement import EXPAND_DIMS, RESHAPE, SQUEEZE, TRANSPOSE
from symtensor.ops.reduction import SUM

rewriter = partial(pattern.rewriter, stage="stabilise")

_THROUGH = (EXPAND_DIMS, SQUEEZE, RESHAPE, TRANSPOSE)
_SCALES = (divide, multiply)


def _may_be_sum_of_squares(op: Op, inputs: tuple[Op, ...]) -> bool:
    return inputs[0] in (SUM, *_THROUGH, *_SCALES)


def _is_sum_of_squares(x: Tensor) -> bool:
    """Whether x is a sum of squares, perhaps over a number of elements."""
    while x.op is not SUM:
        if x.op in _SCALES and _is_number(x.inputs[1]):
            x = x.inputs[0]
        elif x.op in _SCALES and x.op is multiply and _is_number(x.inputs[0]):
            x = x.inputs[1]
        elif x.op in _THROUGH:
            x = x.inputs[0]
        else:
            return False
    return x.inputs[0].op in (square, absolute)


def _is_number(x: Tensor) -> bool:
    while x.op is CAST:
        x = x.inputs[0]
    return x.op is SIZE or scalar_value(x) is not None


@rewriter(ops=[sqrt], where=_may_be_sum_of_squares, kinds="f")
def norm_at_zero(node: Tensor) -> Tensor | None:
    """A norm has a kink at 0, where its slope is taken as 0, the least of the subgradients."""
    (total,) = node.inputs
    if not _is_sum_of_squares(total):
        return None
    inside = greater(total, 0)
    return where(inside, sqrt(where(inside, total, 1)), total)


RULES = collect(globals())
