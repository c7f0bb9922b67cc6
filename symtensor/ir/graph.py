"""A graph: outputs as functions of inputs, as an immutable value, and the iterative walks over it.

Nothing here recurses, so a chain of 200,000 nodes is walked like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from operator import is_

from symtensor.ir.node import Tensor, inherit, intern, make
from symtensor.ir.size import Bound, Size, atoms
from symtensor.records import dataclass


def toposort(outputs: Iterable[Tensor], stop: Container[Tensor] = frozenset()) -> list[Tensor]:
    """All nodes that the outputs need, inputs before users, in a deterministic order.

    Args:
        outputs: where the walk starts.
        stop: nodes that are listed but not entered.
    """
    order: list[Tensor] = []
    seen: set[Tensor] = set()
    stack: list[Tensor | None] = [*outputs]
    stack.reverse()
    users: list[Tensor] = []  # of the marks (None) on the stack
    while stack:
        node = stack.pop()
        if node is None:
            order.append(users.pop())
        elif node not in seen:
            seen.add(node)
            inputs = node.inputs
            if inputs and node not in stop:
                users.append(node)
                stack.append(None)
                stack.extend(inputs[::-1])
            else:
                order.append(node)
    return order


def sizes_first(nodes: list[Tensor]) -> list[Tensor]:
    """The nodes in an order in which a node that finds a size (``nonzero``) comes before all that have this size.

    Args:
        nodes: in topological order.
    """
    definers = {value: n for n in nodes for _, value in n.attrs if isinstance(value, Bound)}
    if not definers:
        return nodes
    order: list[Tensor] = []
    done: set[Tensor] = set()
    stack = nodes[::-1]
    while stack:
        node = stack[-1]
        needed = [
            *node.inputs,
            *(definers[a] for a in sorted_bounds(node) if a in definers and definers[a] is not node),
        ]
        missing = [n for n in needed if n not in done]
        if missing and node not in done:
            stack.extend(missing[::-1])
            continue
        stack.pop()
        if node not in done:
            done.add(node)
            order.append(node)
    return order


def sorted_bounds(node: Tensor) -> list[Bound]:
    """The sizes found on the way on which a node's type or attributes depend."""
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    sizes = [s for t in types for s in t.shape]
    for _, value in node.attrs:
        sizes += [v for v in (value if isinstance(value, tuple) else (value,)) if isinstance(v, Size)]
    found = {a for s in sizes for a in atoms(s) if isinstance(a, Bound)}
    return sorted(found, key=lambda a: a.order)


def users(nodes: Iterable[Tensor]) -> dict[Tensor, list[Tensor]]:
    """For each node the nodes that read it (once per reading node), in order."""
    table: dict[Tensor, list[Tensor]] = {}
    for node in nodes:
        table.setdefault(node, [])
        for i in dict.fromkeys(node.inputs):
            table.setdefault(i, []).append(node)
    return table


def rebuild(node: Tensor, inputs: tuple[Tensor, ...]) -> Tensor:
    """The same op on other inputs; the node itself where they are the same.

    Where the inputs have the types of the old ones the result keeps the old type, sizes that the op itself defines
    (``nonzero``) included: other nodes mention them.
    """
    if all(map(is_, node.inputs, inputs)):
        return node
    if all(a.type == b.type for a, b in zip(node.inputs, inputs)):
        new = intern(node.op, inputs, node.attrs, node.type, node.sites)
        if new.type != node.type:
            new = Tensor(node.op, inputs, node.attrs, node.type)
    else:
        new = make(node.op, inputs, node.attrs)
    return inherit(new, node)


def substitute(outputs: Iterable[Tensor], replacements: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """The outputs with some nodes replaced; what does not depend on them stays the same object."""
    outputs = list(outputs)
    new: dict[Tensor, Tensor] = dict(replacements)
    for node in toposort(outputs, stop=set(replacements)):
        if node not in new:
            new[node] = rebuild(node, tuple(new[i] for i in node.inputs))
    return [new[o] for o in outputs]


@dataclass(frozen=True, eq=False)
class Graph:
    """Outputs as functions of inputs; also the body of a loop or branch.

    Compared by identity.  ``inputs`` may hold leaves that no output needs.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]

    def nodes(self) -> list[Tensor]:
        """All nodes, inputs before users."""
        return toposort(self.outputs)

    def map_outputs(self, change: Callable[[tuple[Tensor, ...]], Iterable[Tensor]]) -> Graph:
        """The graph with other outputs over the same inputs; itself where nothing changes."""
        outputs = tuple(change(self.outputs))
        return (
            self if outputs == () or all(a is b for a, b in zip(outputs, self.outputs)) else Graph(self.inputs, outputs)
        )

    def __repr__(self) -> str:
        from symtensor.ir.text import graph_text

        return graph_text(self)
