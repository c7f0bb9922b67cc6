"""What matters to derivatives alone, once they have been taken: of a value that an equation defines the value is left,
of one that vanishes nothing.
"""

from __future__ import annotations

from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect, rewriter
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import vanishing
from symtensor.ops.implicit import IMPLICIT
from symtensor.ops.movement import broadcast_to


@rewriter([IMPLICIT], stage="implicit")
def drop_equation(node: Tensor) -> Tensor | None:
    """What a value solves matters to its derivatives alone."""
    return node.inputs[0]


@rewriter([vanishing], stage="implicit")
def drop_vanishing(node: Tensor) -> Tensor | None:
    """What is known to be 0 matters to its derivatives alone."""
    return broadcast_to(constant(0, node.dtype), node.shape)


RULES = collect(globals())
