"""Roots: which nodes of a graph are computed for their own sake, the first step of fusion.

A node needs memory if it is an output, a reduction, or an operand of a step that reads memory.  A node with several
users that is too dear to compute twice is computed once; it gets memory only if another loop reads it.  So is a row
that is broadcast over rows: its elements would be computed once for each row.  (What is broadcast along a row is the
same in all iterations of the inner loop, before which it is computed anyway.) Everything else is inlined into its
users.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, users
from symtensor.ir.node import Tensor
from symtensor.ops.declare import Elementwise, IndexOp, Reduction, Scatter
from symtensor.ops.movement import BROADCAST_TO
from symtensor.optimizer.elements import inlinable, is_scalar_constant
from symtensor.records import dataclass

STORE_ABOVE = 6.0  # scalar operations above which a node with several users is not computed twice
INLINE_LIMIT = 150  # most nodes that are inlined into one
STORE_SPREAD_ABOVE = 3.0  # the same where a user reads each element many times over, in another order than its own
SPREAD_LEAST = 4  # such readings of an element from which on they count as many
VIEWS = ("reshape", "expand_dims", "squeeze", "tied")  # ops whose result may be another name for their operand's memory


@dataclass
class Roots:
    """Which nodes lie in memory, and why."""

    hard: set[Tensor] = field(default_factory=set)  # need a buffer
    soft: set[Tensor] = field(default_factory=set)  # computed once, buffer only if another loop reads them
    views: set[Tensor] = field(default_factory=set)  # another name for the memory of their operand

    def __contains__(self, node: Tensor) -> bool:
        return node in self.hard or node in self.soft or node in self.views


def is_source(node: Tensor) -> bool:
    """Whether a node lies in memory before anything is computed."""
    return node.op.kind == "source" and not is_scalar_constant(node) and node.op.name != "size"


def select_roots(graph: Graph, nodes: list[Tensor], products: Mapping[Tensor, Sequence[Tensor]]) -> Roots:
    """Choose the roots of a graph.

    Args:
        graph: the optimised graph.
        nodes: its nodes, inputs before users.
        products: sums that stand for contractions, with the operands of the product.
    """
    roots, readers = Roots(), users(nodes)
    outputs = set(graph.outputs)
    for node in nodes:
        if not inlinable(node):
            roots.hard.add(node)
            if not isinstance(node.op, Reduction):
                # Steps of the Program read their operands from memory; a scatter's updates are fused instead.
                operands = node.inputs[:1] if isinstance(node.op, Scatter) else node.inputs
                roots.hard.update(i for i in operands if not is_scalar_constant(i))
    roots.hard.update(outputs)
    for factors in products.values():
        bases = map(_indexed, factors)
        roots.hard.update(b for b in bases if not is_source(b) and not is_scalar_constant(b))
    for node in reversed(nodes):
        if node in roots.hard and node.op.name in VIEWS and node not in outputs:
            roots.hard.discard(node)
            roots.views.add(node)
            roots.hard.add(node.inputs[0])
    _cut_by_cost(nodes, readers, roots)
    return roots


def _indexed(node: Tensor) -> Tensor:
    """The node whose elements an index op rearranges."""
    while isinstance(node.op, IndexOp) and len(node.inputs) == 1:
        node = node.inputs[0]
    return node


def _cut_by_cost(nodes: list[Tensor], readers: dict[Tensor, list[Tensor]], roots: Roots) -> None:
    cost: dict[Tensor, float] = {}
    count: dict[Tensor, int] = {}
    for node in nodes:
        if node in roots:
            cost[node], count[node] = 0.0, 0
            continue
        own = node.op.cost if isinstance(node.op, Elementwise) else 0.0
        cost[node] = own + sum(cost[i] for i in node.inputs)
        count[node] = 1 + sum(count[i] for i in node.inputs)
        shared = len(readers[node]) > 1
        spread = cost[node] > STORE_SPREAD_ABOVE and any(_is_spread(node, reader, readers) for reader in readers[node])
        if (shared and cost[node] > STORE_ABOVE) or spread or count[node] > INLINE_LIMIT:
            roots.soft.add(node)
            cost[node], count[node] = 0.0, 0


def _is_spread(node: Tensor, reader: Tensor, readers: dict[Tensor, list[Tensor]]) -> bool:
    """Whether a reader broadcasts a node along an axis that comes before one along which the node varies."""
    if isinstance(reader.type, tuple) or not (isinstance(reader.op, Elementwise) or reader.op is BROADCAST_TO):
        return False
    if readers[reader] and all(isinstance(user.op, Scatter) for user in readers[reader]):
        return False  # a scatter computes a row for many positions once itself
    shape = (1,) * (reader.ndim - node.ndim) + node.shape
    varying = max((axis for axis, size in enumerate(shape) if size != 1), default=0)
    times = sz.product(tuple(n for n, size in zip(reader.shape[:varying], shape) if size == 1))
    return not isinstance(times, int) or times >= SPREAD_LEAST
