"""Contractions: transposes are a matter of labels, and a contraction that sums nothing is a product."""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect
from symtensor.ops.contraction import CONTRACT, contract
from symtensor.ops.elementwise import add, multiply
from symtensor.ops.movement import BROADCAST_TO, TRANSPOSE, broadcast_to, expand_dims, transpose

rewriter = partial(pattern.rewriter, stage="linalg")

Labels = tuple[int, ...]


def _untransposed(x: Tensor, labels: Labels) -> tuple[Tensor, Labels]:
    """The operand without its transposition, and its labels in the order of the axes that remain."""
    if x.op is not TRANSPOSE:
        return x, labels
    axes = x.attr("axes")
    return x.inputs[0], tuple(labels[axes.index(i)] for i in range(len(axes)))


@rewriter(ops=[CONTRACT], where=lambda op, inputs: TRANSPOSE in inputs)
def contract_transposed(node: Tensor) -> Tensor | None:
    """A transposed operand is read as it lies, under other labels."""
    (a, left), (b, right) = (_untransposed(x, node.attr(side)) for x, side in zip(node.inputs, ("left", "right")))
    return contract(a, b, left, right, node.attr("out"))


@rewriter(ops=[TRANSPOSE], where=lambda op, inputs: inputs[0] is CONTRACT)
def transpose_of_contract(node: Tensor) -> Tensor | None:
    """The result is written transposed in the first place."""
    inner = node.inputs[0]
    (a, b), out = inner.inputs, inner.attr("out")
    return contract(a, b, inner.attr("left"), inner.attr("right"), tuple(out[k] for k in node.attr("axes")))


@rewriter(ops=[add], where=lambda op, inputs: CONTRACT in inputs)
def zero_and_contract(node: Tensor) -> Tensor | None:
    """A sum of products begins at +0, so that it is never -0 and nothing changes if 0 is added to it."""
    for zero, product in (node.inputs, node.inputs[::-1]):
        source = zero.inputs[0] if zero.op is BROADCAST_TO else zero
        if product.op is CONTRACT and _sums(product) and scalar_value(source) == 0:
            return product if product.shape == node.shape else broadcast_to(product, node.shape)
    return None


def _sums(node: Tensor) -> bool:
    """Whether a contraction adds up, over an axis that is not known to have one element."""
    sides = zip(node.inputs, (node.attr("left"), node.attr("right")))
    sizes = {label: size for x, labels in sides for label, size in zip(labels, x.shape)}
    return any(size != 1 for label, size in sizes.items() if label not in node.attr("out"))


@rewriter(ops=[CONTRACT])
def contract_without_sum(node: Tensor) -> Tensor | None:
    """Nothing is summed: a product that vanishes into its consumer's loops."""
    left, right, out = (node.attr(name) for name in ("left", "right", "out"))
    if set(left) | set(right) != set(out):
        return None
    a, b = (_spread(x, labels, out) for x, labels in zip(node.inputs, (left, right)))
    return multiply(a, b)


def _spread(x: Tensor, labels: Labels, out: Labels) -> Tensor:
    """Axes in the order of ``out``, with axes of size 1 for labels that the operand does not have."""
    kept = tuple(label for label in out if label in labels)
    ordered = transpose(x, tuple(labels.index(label) for label in kept))
    missing = tuple(i for i, label in enumerate(out) if label not in labels)
    return expand_dims(ordered, missing) if missing else ordered


RULES = collect(globals())
