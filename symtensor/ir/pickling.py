"""Pickling of graphs as flat tables, so that a chain of 200,000 nodes pickles without recursion.

Leaves (inputs, shared variables) are pickled as objects of their own, so within one pickle the same leaf stays the
same object, and so do the atoms of symbolic sizes.  Everything else is interned again where it is restored.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Op, Site, Tensor, intern

Row = tuple[Op, tuple[int, ...], tuple[tuple[str, Hashable], ...], int, Any, tuple[Site, ...]]
Tables = tuple[tuple[Tensor, ...], tuple[Any, ...], tuple[Row, ...], tuple[int, ...]]


def is_leaf(node: Tensor) -> bool:
    """Whether a node is never interned: an input, a shared variable, a random draw."""
    return node.op.infer is None


def serialise(tensors: Sequence[Tensor]) -> Tables:
    """Tensors and all that they need, as plain tables: leaves, types, one row a node, positions of the tensors."""
    order = toposort(tensors)
    leaves = tuple(node for node in order if is_leaf(node))
    position = {leaf: n for n, leaf in enumerate(leaves)}
    types: dict[Any, int] = {}
    rows: list[Row] = []
    for node in order:
        if node not in position:
            type_index = types.setdefault(node.type, len(types))
            inputs = tuple(position[i] for i in node.inputs)
            rows.append((node.op, inputs, node.attrs, type_index, node.name, node.sites))
            position[node] = len(position)
    return leaves, tuple(types), tuple(rows), tuple(position[t] for t in tensors)


def restore(tables: Tables) -> tuple[Tensor, ...]:
    """The tensors of ``serialise``."""
    leaves, types, rows, wanted = tables
    nodes = list(leaves)
    for op, inputs, attrs, type_index, name, sites in rows:
        operands = tuple(nodes[i] for i in inputs)
        node = intern(op, operands, attrs, types[type_index], sites)
        if node.type != types[type_index]:
            # Found among the interned ones, but defining other sizes than the ones that this pickle mentions.
            node = Tensor(op, operands, attrs, types[type_index])
        if node.name is None:
            node.name = name
        nodes.append(node)
    return tuple(nodes[k] for k in wanted)


def _restore_one(tables: Tables) -> Tensor:
    return restore(tables)[0]


def _restore_leaf(
    kind: type[Tensor], op: Op, type: Any, attrs: tuple, name: str | None, sites: tuple[Site, ...]
) -> Tensor:
    leaf = kind.__new__(kind)
    Tensor.__init__(leaf, op, (), attrs, type, name)
    leaf.sites = sites
    return leaf


def _restore_graph(inputs: tuple[Tensor, ...], tables: Tables) -> Graph:
    return Graph(inputs, restore(tables))


def _reduce_tensor(tensor: Tensor) -> tuple:
    if is_leaf(tensor):
        return _restore_leaf, (type(tensor), tensor.op, tensor.type, tensor.attrs, tensor.name, tensor.sites)
    return _restore_one, (serialise((tensor,)),)


def _reduce_graph(graph: Graph) -> tuple:
    return _restore_graph, (graph.inputs, serialise(graph.outputs))


def _itself(tensor: Tensor, memo: Any = None) -> Tensor:
    return tensor


# Attached from here, since these rooms below must not import this one.  Copies of what is immutable are the thing.
Tensor.__reduce__ = _reduce_tensor  # type: ignore[method-assign, assignment]
Graph.__reduce__ = _reduce_graph  # type: ignore[method-assign, assignment]
Tensor.__copy__ = Tensor.__deepcopy__ = _itself  # type: ignore[attr-defined]
