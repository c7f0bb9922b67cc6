"""Closing inner graphs: what a traced body reads from outside becomes inputs of its loop or branch.

A Python function that is traced as a body uses outer tensors freely.  Two cuts turn them into inputs:

* ``close_loop`` cuts where the body stops depending on the loop: what is the same in every step is computed once,
  outside.  Views (``w.T``) and values that are larger than what they are made of stay inside, where they cost nothing.
  A window of a few elements (``theta[0]``) is read outside: a derivative then adds up as many elements, not as many as
  the whole has.
* ``close_branch`` cuts at inputs and shared variables, so that what only one branch needs runs only with that branch,
  and a derivative never touches the values of the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from typing import Any

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, substitute, toposort
from symtensor.ir.node import Tensor, new_leaf
from symtensor.ops.declare import CONSTANT, INPUT, SIZE
from symtensor.records import dataclass

# Views: their values are those of their input, so they are read in place rather than stored for the loop.
VIEWS = frozenset({"broadcast_to", "expand_dims", "reshape", "slice", "squeeze", "transpose"})

FEW = 16
"""Elements of a window that a loop is given instead of the array."""


def size_leaves(value: Any) -> Iterator[Tensor]:
    """The integer scalars whose values are used as sizes in an attribute, inner graphs included."""
    if isinstance(value, sz.Size):
        for atom in sz.atoms(value):
            if isinstance(atom, sz.ScalarValue):
                yield atom.tensor
    elif isinstance(value, tuple):
        for part in value:
            yield from size_leaves(part)
    elif isinstance(value, Graph):
        for node in value.nodes():
            yield from node_size_leaves(node)


def node_size_leaves(node: Tensor) -> Iterator[Tensor]:
    """The integer scalars whose values a node uses as sizes."""
    for _, value in node.attrs:
        yield from size_leaves(value)


def leaves_read(outputs: Iterable[Tensor]) -> set[Tensor]:
    """Nodes without inputs that the outputs need, those included that are used only as a size."""
    read: set[Tensor] = set()
    for node in toposort(outputs):
        if not node.inputs:
            read.add(node)
        read.update(node_size_leaves(node))
    return read


@dataclass(frozen=True)
class Closed:
    """A body that reads nothing but its inputs.

    Attributes:
        outputs: its outputs, over the bound leaves and ``leaves``.
        leaves: one fresh input for each value from outside.
        values: the values from outside.
    """

    outputs: tuple[Tensor, ...]
    leaves: tuple[Tensor, ...]
    values: tuple[Tensor, ...]


def close_loop(
    outputs: Sequence[Tensor],
    bound: Sequence[Tensor],
    border: Set[Tensor] = frozenset(),
    outer: Set[Tensor] = frozenset(),
) -> Closed:
    """Cut where values stop depending on the loop's own leaves ``bound``, and at the nodes ``border``.

    Nodes in ``outer`` are known to come from outside: what they are made of is not looked at.
    """
    dependent: set[Tensor] = set(bound)
    fixed: set[Tensor] = set()  # made of constants and sizes alone
    kept: set[Tensor] = set()  # the same in every step, but read or computed in the body at no cost
    for node in toposort(outputs, stop=set(outer)):
        if node in outer and node.op not in (CONSTANT, SIZE):
            continue
        if not dependent.isdisjoint(node.inputs) or not dependent.isdisjoint(node_size_leaves(node)):
            dependent.add(node)
        elif node in dependent:
            continue
        elif node.op in (CONSTANT, SIZE) or (node.op.kind == "index" and fixed.issuperset(node.inputs)):
            fixed.add(node)
        elif (node.op.name in VIEWS and not _is_small_window(node)) or _grows(node):
            kept.add(node)
    inside = dependent | fixed | kept
    return _close(outputs, lambda node: node in inside and node not in border, set(bound), border | outer)


def _is_small_window(node: Tensor) -> bool:
    """Whether it is a slice of a few elements."""
    size = sz.product(node.shape)
    return node.op.name == "slice" and isinstance(size, int) and size <= FEW


def _grows(node: Tensor) -> bool:
    """Whether it is a broadcast product of smaller values: stored, every step would read it all from memory."""
    return node.op.kind == "elementwise" and all(i.shape != node.shape for i in node.inputs)


def close_branch(outputs: Sequence[Tensor], bound: Sequence[Tensor], border: Set[Tensor] = frozenset()) -> Closed:
    """Cut at inputs, shared variables, random draws and the nodes ``border``, so that all computation is inside."""

    def inside(node: Tensor) -> bool:
        return node not in border and (node.op.kind != "source" or node.op in (CONSTANT, SIZE))

    return _close(outputs, inside, set(bound), border)


def _close(
    outputs: Sequence[Tensor], inside: Callable[[Tensor], bool], bound: set[Tensor], stop: Set[Tensor]
) -> Closed:
    """Replace the nodes at the border, those not inside that an inside node (or an output) reads, by fresh leaves.

    What nodes in ``stop`` are made of is certainly outside.
    """
    border = {n for n in toposort(outputs, stop=set(stop)) if n not in bound and not inside(n)}
    values = [n for n in toposort(outputs, stop=border) if n in border]
    leaves = [new_leaf(INPUT, v.type, name=v.name) for v in values]
    closed = substitute(outputs, dict(zip(values, leaves))) if values else list(outputs)
    return Closed(tuple(closed), tuple(leaves), tuple(values))
