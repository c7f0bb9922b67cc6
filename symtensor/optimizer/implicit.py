"""Values that equations define, once derivatives have been taken: the value alone is left."""

from __future__ import annotations

from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect, rewriter
from symtensor.ops.implicit import IMPLICIT


@rewriter([IMPLICIT], stage="implicit")
def drop_equation(node: Tensor) -> Tensor | None:
    """What a value solves matters to its derivatives alone."""
    return node.inputs[0]


RULES = collect(globals())
