"""Bodies of loops with the sizes that guards tell.

A body that stacks three numbers into its state makes a state of three elements, whatever size the first state's own
axis has: a guard says that it is 3.  Inside of the body the axis may then be 3 outright, so that the body can be
written out over scalars.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any

from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor, TensorType, inherit, make, new_leaf
from symtensor.ir.size import Size, SizeLike
from symtensor.ops.declare import INPUT
from symtensor.optimizer.loop_graphs import with_attrs

Canonical = Callable[[SizeLike], SizeLike]


def with_known_sizes(node: Tensor, canonical: Canonical) -> Tensor:
    """A loop or branch whose inner graphs have the sizes that ``canonical`` gives; the node itself if none changes.

    Args:
        node: the loop or branch; its operands stay as they are.
        canonical: from a size to one that is equal to it in every call.
    """
    graphs = {name: value for name, value in node.attrs if isinstance(value, Graph)}
    changed = {name: _resized(graph, canonical) for name, graph in graphs.items()}
    if all(changed[name] is graph for name, graph in graphs.items()):
        return node
    return with_attrs(node, node.inputs, **changed)


def _resized(graph: Graph, canonical: Canonical) -> Graph:
    nodes = [*graph.inputs, *graph.nodes()]
    if not any(_changes(node, canonical) for node in nodes):
        return graph
    new: dict[Tensor, Tensor] = {}
    for node in dict.fromkeys(nodes):
        new[node] = _resized_node(node, tuple(new[i] for i in node.inputs), canonical)
    return Graph(tuple(new[i] for i in graph.inputs), tuple(new[o] for o in graph.outputs))


def _changes(node: Tensor, canonical: Canonical) -> bool:
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    values: list[Any] = [*(t.shape for t in types), *(value for _, value in node.attrs)]
    return any(_canonical(v, canonical) is not v for v in values)


def _resized_node(node: Tensor, inputs: tuple[Tensor, ...], canonical: Canonical) -> Tensor:
    if node.op is INPUT:
        shape = tuple(map(canonical, node.shape))
        return node if shape == node.shape else new_leaf(INPUT, TensorType(node.dtype, shape), name=node.name)
    attrs = tuple((name, _canonical(value, canonical)) for name, value in node.attrs)
    same = all(map(is_, inputs, node.inputs)) and all(a is b for (_, a), (_, b) in zip(attrs, node.attrs))
    return node if same else inherit(make(node.op, inputs, attrs), node)


def _canonical(value: Any, canonical: Canonical) -> Any:
    """An attribute with its sizes replaced; the very same object where there is nothing to replace."""
    if isinstance(value, Size):
        new = canonical(value)
        return value if new == value else new
    if isinstance(value, tuple):
        parts = tuple(_canonical(v, canonical) for v in value)
        return value if all(map(is_, parts, value)) else parts
    return _resized(value, canonical) if isinstance(value, Graph) else value
