"""``a + b`` and ``b + a`` are one node: merging of nodes that differ only in the order of commutative operands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symtensor.ir.graph import rebuild
from symtensor.ir.node import Tensor


def merge_commuted(outputs: Sequence[Tensor], nodes: Iterable[Tensor]) -> list[Tensor]:
    """Replace each commutative node by the first in the graph with the same operands; the order decides, no ids.

    Args:
        outputs: of the graph.
        nodes: all of its nodes, inputs before users.
    """
    first: dict[tuple, Tensor] = {}
    new: dict[Tensor, Tensor] = {}  # only what has changed
    for node in nodes:
        current = node
        if new and any(i in new for i in node.inputs):
            current = rebuild(node, tuple(new.get(i, i) for i in node.inputs))
        if node.op.commutative:
            left, right = map(id, current.inputs)
            found = first.setdefault((current.op, min(left, right), max(left, right), current.attrs), current)
            # The order of operands can decide which of two sizes, equal at the call, the type shows.
            if found is not current and found.type == current.type:
                current = found
        if current is not node:
            new[node] = current
    return [new.get(o, o) for o in outputs]
