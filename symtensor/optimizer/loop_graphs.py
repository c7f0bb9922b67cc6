"""Taking loops and branches apart and putting them together again: what the passes of ``loops.py`` share.

An inner graph is *opened* by putting the values from outside in the place of the leaves that stand for them, so that
interning shows what inside is the same as something outside.  It is *closed* again by cutting at another border.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence, Set
from typing import Any

from symtensor.ir.graph import Graph, rebuild, substitute, toposort
from symtensor.ir.node import Tensor, inherit, make, new_leaf
from symtensor.ops.closing import close_branch, close_loop, size_leaves
from symtensor.ops.control import COND, SCAN, WHILE_LOOP
from symtensor.ops.declare import INPUT
from symtensor.ops.item import ITEM, items
from symtensor.records import dataclass

Results = Sequence[Tensor | None]


def is_loop(node: Tensor) -> bool:
    """Whether a node holds inner graphs that these passes know."""
    return node.op is SCAN or node.op is WHILE_LOOP or node.op is COND


def has_loops(outputs: Sequence[Tensor]) -> bool:
    """Whether there is any loop or branch (at this level)."""
    return any(map(is_loop, toposort(outputs)))


def with_attrs(node: Tensor, inputs: Iterable[Tensor], **changes: Any) -> Tensor:
    """The same op on other inputs with some attributes replaced; the lines of the user's code are handed on."""
    attrs = tuple((name, changes.get(name, value)) for name, value in node.attrs)
    return inherit(make(node.op, tuple(inputs), attrs), node)


def results_read(outputs: Sequence[Tensor]) -> dict[Tensor, set[int]]:
    """For each loop or branch the numbers of its results that are read."""
    read: dict[Tensor, set[int]] = {}
    for node in toposort(outputs):
        if node.op is ITEM:
            read.setdefault(node.inputs[0], set()).add(node.attr("index"))
    return read


def _sized_by_leaves(node: Tensor) -> bool:
    """Whether a size inside is the value of one of the inner inputs: that leaf cannot be replaced by anything."""
    graphs = [value for _, value in node.attrs if isinstance(value, Graph)]
    leaves = {leaf for graph in graphs for leaf in graph.inputs if leaf.ndim == 0 and leaf.dtype.kind in "iu"}
    return bool(leaves) and any(leaf in leaves for graph in graphs for leaf in size_leaves(graph))


def map_loops(outputs: Sequence[Tensor], change: Callable[[Tensor, set[int]], Results | None]) -> list[Tensor]:
    """Replace loops and branches (but for those in which an inner input is used as a size).

    Args:
        outputs: what is rewritten; inner graphs are not entered.
        change: from a node (on rewritten inputs) and the numbers of its results that are read to what replaces its
            results (None where nobody reads), or None to keep the node.
    """
    read = results_read(outputs)
    new: dict[Tensor, Tensor] = {}
    replaced: dict[Tensor, Results] = {}
    for node in toposort(outputs):
        if node.op is ITEM and node.inputs[0] in replaced:
            result = replaced[node.inputs[0]][node.attr("index")]
            assert result is not None, "a pass dropped a result that is read"
            new[node] = inherit(result, node)
            continue
        new[node] = rebuild(node, tuple(new[i] for i in node.inputs))
        if is_loop(node) and not _sized_by_leaves(node):
            results = change(new[node], read.get(node, set()))
            if results is not None:
                replaced[node] = results
    return [new[o] for o in outputs]


def map_bodies(outputs: Sequence[Tensor], change: Callable[[Sequence[Tensor]], Sequence[Tensor]]) -> list[Tensor]:
    """Rewrite the outputs of each inner graph (of the loops at this level)."""

    def within(node: Tensor, read: set[int]) -> Results | None:
        graphs = {name: value for name, value in node.attrs if isinstance(value, Graph)}
        changed = {name: graph.map_outputs(change) for name, graph in graphs.items()}
        if all(changed[name] is graph for name, graph in graphs.items()):
            return None
        return items(with_attrs(node, node.inputs, **changed))

    return map_loops(outputs, within)


@dataclass(frozen=True)
class Opened:
    """A loop or branch with the values from outside in place of the leaves for them.

    Attributes:
        node: the loop or branch.
        bound: the leaves that only the loop itself feeds: elements and carries.
        outputs: all outputs of its inner graphs, one graph after the other.
    """

    node: Tensor
    bound: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    @property
    def outer(self) -> tuple[Tensor, ...]:
        """The inputs of the node that stand for values from outside."""
        first = 1 if self.node.op is COND else len(self.bound)
        return self.node.inputs[first:]


def open_loop(node: Tensor) -> Opened:
    """Take a loop or branch apart."""
    if node.op is COND:
        graphs, kept = [node.attr("then"), node.attr("otherwise")], 0
        values = node.inputs[1:]
    else:
        graphs = [node.attr("body")] if node.op is SCAN else [node.attr("condition"), node.attr("body")]
        kept = node.attr("sequences") + node.attr("carries")
        values = node.inputs[kept:]
    bound = graphs[-1].inputs[:kept]
    outputs: list[Tensor] = []
    for graph in graphs:
        outputs += substitute(graph.outputs, dict(zip(graph.inputs, (*bound, *values))))
    return Opened(node, bound, tuple(outputs))


def close_again(opened: Opened, outputs: Sequence[Tensor], border: Set[Tensor] = frozenset()) -> Tensor:
    """Put a loop or branch together, cut where it stops depending on itself and at the nodes ``border``.

    A branch is cut at inputs, shared variables and the border.  A value that was an input keeps its leaf.
    """
    node = opened.node
    if node.op is COND:
        return _close_branches(node, outputs, border)
    closed = close_loop(outputs, opened.bound, border, set(opened.outer))
    body: Graph = node.attr("body")
    known = dict(zip(opened.outer, body.inputs[len(opened.bound) :]))
    leaves = [known.get(value, leaf) for value, leaf in zip(closed.values, closed.leaves)]
    inner = substitute(closed.outputs, dict(zip(closed.leaves, leaves)))
    inputs = (*opened.bound, *leaves)
    changes = {"body": Graph(inputs, tuple(inner))}
    if node.op is WHILE_LOOP:
        changes = {"condition": Graph(inputs, (inner[0],)), "body": Graph(inputs, tuple(inner[1:]))}
    return with_attrs(node, (*node.inputs[: len(opened.bound)], *closed.values), **changes)


def _close_branches(node: Tensor, outputs: Sequence[Tensor], border: Set[Tensor]) -> Tensor:
    count = len(node.attr("then").outputs)
    branches = [close_branch(part, (), border) for part in (outputs[:count], outputs[count:])]
    values = list(dict.fromkeys(value for branch in branches for value in branch.values))
    graphs = []
    for branch in branches:
        leaf_of = dict(zip(branch.values, branch.leaves))
        inputs = tuple(leaf_of[v] if v in leaf_of else new_leaf(INPUT, v.type, name=v.name) for v in values)
        graphs.append(Graph(inputs, branch.outputs))
    return with_attrs(node, (node.inputs[0], *values), then=graphs[0], otherwise=graphs[1])


def expose(outputs: Sequence[Tensor], wanted: Set[Tensor]) -> list[Tensor]:
    """Make loops and branches read these nodes from outside wherever they compute them again inside.

    Branches compute all they need by themselves, loops compute views by themselves.  Who wants to hold a node fixed, or
    to differentiate with respect to one that is no input, needs to see each place that depends on it.
    """
    if not wanted or not has_loops(outputs):
        return list(outputs)

    def change(node: Tensor, read: set[int]) -> Results | None:
        opened = open_loop(node)
        inner = expose(opened.outputs, wanted)
        outer = set(opened.outer)
        hidden = (wanted & set(toposort(inner, stop=outer))) - outer
        if not hidden and all(a is b for a, b in zip(inner, opened.outputs)):
            return None
        return items(close_again(opened, inner, wanted | outer if node.op is COND else wanted))

    return map_loops(outputs, change)
