"""Constant folding by the reference interpreter.

A result is never larger than its inputs or 4 kB, so folding cannot blow a graph up.  What overflows is left to the
last, since a stable form of the expression around it may not; and so are exponentials, logarithms and roots that are
rounded, since a stable form may do without them.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.node import Op, Tensor, TensorType
from symtensor.ir.pattern import collect
from symtensor.ir.size import Size
from symtensor.ops.declare import CONSTANT, SIZE, constant
from symtensor.ops.functions import exp, log, sqrt
from symtensor.ops.movement import BROADCAST_TO
from symtensor.ops.reference import evaluate

SMALL = 4096  # bytes that a folded result may always have
PURE = frozenset({"elementwise", "index", "reduction", "contraction", "scatter"})
# A broadcast scalar is the canonical form of a uniform array: folding would undo it.
KEPT = frozenset({BROADCAST_TO})

rewriter = partial(pattern.rewriter, stage="fold")


def _all_constant(op: Op, inputs: tuple[Op, ...]) -> bool:
    return op.kind in PURE and op not in KEPT and bool(inputs) and all(i is CONSTANT for i in inputs)


def _folded(node: Tensor) -> np.ndarray | None:
    """The value of a node over constants, or None where it is too large to keep or depends on a size."""
    if not isinstance(node.type, TensorType) or any(isinstance(s, Size) for s in node.shape):
        return None
    count = 1
    for size in node.shape:
        count *= int(size)
    room = max(SMALL, sum(i.attr("value").array.nbytes for i in node.inputs))
    if count * node.dtype.itemsize > room:
        return None
    try:
        (value,) = evaluate([node], {})
    except (ArithmeticError, LookupError, ValueError):
        return None  # a wrong index, a negative integer power: an error of the call, not of the compilation
    return value


@rewriter(where=_all_constant)
def fold_constants(node: Tensor) -> Tensor | None:
    """An operation on constants is a constant."""
    value = _folded(node)
    if value is None or (value.dtype.kind in "fc" and (_overflows(node, value) or _is_rounded(node, value))):
        return None
    return constant(value)


def _is_rounded(node: Tensor, value: np.ndarray) -> bool:
    """Whether a function that stable forms look for would be lost in its rounded value."""
    if node.op is sqrt:
        return bool(np.any(value * value != node.inputs[0].attr("value").array))
    return (node.op is exp and bool(np.any(value != 1))) or (node.op is log and bool(np.any(value != 0)))


def _overflows(node: Tensor, value: np.ndarray) -> bool:
    """Whether finite operands gave inf, NaN or 0 where a larger range would have given a number."""
    finite = all(bool(np.all(np.isfinite(i.attr("value").array))) for i in node.inputs)
    if not finite:
        return False
    if not np.all(np.isfinite(value)):
        return True
    return node.op.name in ("exp", "exp2") and bool(np.any(value == 0))


@rewriter(ops=[SIZE])
def fold_known_size(node: Tensor) -> Tensor | None:
    """A size that is known is a number."""
    size = node.attr("size")
    return None if isinstance(size, Size) else constant(size, node.dtype)


RULES = collect(globals())


@rewriter(where=_all_constant, stage="specialise")
def fold_the_rest(node: Tensor) -> Tensor | None:
    """Nothing stable came of it: an operation on constants is a constant."""
    value = _folded(node)
    return None if value is None else constant(value)


LAST = (fold_the_rest,)
