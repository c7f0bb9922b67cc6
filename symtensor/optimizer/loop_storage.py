"""Deciding what a loop stores for its backward loop, and what is computed again.

The derivative of a scan computes each step again from the carries at its start.  That is cheap where a step is a few
scalar operations, which then stay in registers, and dear where a step holds a matrix product or reduces rows.
``store_costly`` finds the values of the forward step that the backward loop reads and that cost more to compute than to
load, has the forward loop collect them, and lets the backward loop read the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, rebuild, substitute, toposort
from symtensor.ir.node import Tensor, inherit, new_leaf
from symtensor.ops.control import SCAN, WHILE_LOOP, element_type
from symtensor.ops.declare import CONSTANT, INPUT, SIZE, Reduction
from symtensor.ops.item import ITEM, item
from symtensor.ops.movement import BROADCAST_TO, broadcast_to
from symtensor.ops.slicing import AS_MANY
from symtensor.optimizer.cuts import minimum_cut
from symtensor.optimizer.loop_graphs import with_attrs
from symtensor.records import dataclass

COSTLY_KINDS = frozenset({"contraction", "library", "loop", "scatter"})
SMALL_STATE = 64
"""Values of at most so many elements are computed again whatever it takes: they never leave registers and L1."""
MANY = 8
"""Elements that a reduction reads for each one that it makes, from which on what it makes is stored."""
TYPICAL_SIZE = 100
"""What a size is taken to be where amounts of memory are compared."""


@dataclass
class _Storage:
    """What one scan collects in addition, and which leaves read it elsewhere.

    Attributes:
        rows: nodes of this scan's body that become rows.
        reads: nodes of this scan's body, each with the scan and the number of the row that replace it.
    """

    rows: list[Tensor] = field(default_factory=list)
    reads: list[tuple[Tensor, Tensor, int]] = field(default_factory=list)


def store_costly(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Store what backward loops would compute again at a high price."""
    order = toposort(outputs)
    storage: dict[Tensor, _Storage] = {}
    for node in order:
        if node.op is SCAN:
            for source in _sources(node):
                _plan(node, source, storage)
    return _rebuilt(outputs, order, storage) if storage else list(outputs)


def _sources(node: Tensor) -> list[Tensor]:
    """The loops of as many steps whose rows a scan reads, and which may store more."""
    sequences = node.inputs[: node.attr("sequences")]
    loops = dict.fromkeys(s.inputs[0] for s in sequences if s.op is ITEM)
    return [s for s in loops if _may_store(s) and _steps(s) == node.attr("steps")]


def _may_store(loop: Tensor) -> bool:
    return loop.op is WHILE_LOOP or (loop.op is SCAN and not loop.attr("checkpoint"))


def _steps(loop: Tensor) -> sz.SizeLike:
    return sz.Size.of(loop.attr("rounds")) if loop.op is WHILE_LOOP else loop.attr("steps")


def _first_row(loop: Tensor) -> int:
    """Number of the result that is the first collected row; a while loop gives its number of steps before."""
    return loop.attr("carries") + (loop.op is WHILE_LOOP)


def _same_in_source(node: Tensor, source: Tensor) -> dict[Tensor, Tensor]:
    """Nodes of a scan's body that have the same value at step t as a node of the source's body."""
    body, other = node.attr("body"), source.attr("body")
    other_sequences, other_first = source.attr("sequences"), source.attr("sequences") + source.attr("carries")
    rows = dict(zip(source.inputs[:other_sequences], other.inputs))
    constants = dict(zip(source.inputs[other_first:], other.inputs[other_first:]))
    same: dict[Tensor, Tensor] = {}
    first_constant = node.attr("sequences") + node.attr("carries")
    for k, (value, leaf) in enumerate(zip(node.inputs, body.inputs)):
        if k < node.attr("sequences"):
            whole = value.inputs[0] if value.op is AS_MANY else value
            if value.op is ITEM and value.inputs[0] is source and value.attr("index") >= _first_row(source):
                same[leaf] = _rows(source)[value.attr("index") - _first_row(source)]
            elif whole in rows:
                same[leaf] = rows[whole]
        elif k >= first_constant and value in constants:
            same[leaf] = constants[value]
    for inner in body.nodes():
        if inner in same or isinstance(inner.type, tuple):
            continue
        if inner.op in (CONSTANT, SIZE):
            same[inner] = inner
        elif inner.inputs and all(i in same for i in inner.inputs):
            same[inner] = rebuild(inner, tuple(same[i] for i in inner.inputs))
    return same


def _plan(node: Tensor, source: Tensor, storage: dict[Tensor, _Storage]) -> None:
    """Enter what the source stores for a scan that reads its rows."""
    body: Graph = node.attr("body")
    same = _same_in_source(node, source)
    read = {i for inner in body.nodes() if inner not in same for i in inner.inputs if i in same}
    read |= {o for o in body.outputs if o in same}
    frontier = [n for n in body.nodes() if n in read and _is_costly(n)]
    if not frontier:
        return
    rows = storage.setdefault(source, _Storage()).rows
    existing = _rows(source)
    free = {_plain(row) for row in existing + rows}
    capacity = {n: 0 if _plain(same[n]) in free else elements(n) for n in same if not isinstance(n.type, tuple)}
    for inner in minimum_cut([n for n in body.nodes() if _takes_time(n)], frontier, capacity):
        wanted = same[inner]
        found = next((k for k, row in enumerate(existing + rows) if _plain(row) is _plain(wanted)), None)
        if found is None:
            rows.append(wanted)
            found = len(existing) + len(rows) - 1
        storage.setdefault(node, _Storage()).reads.append((inner, source, _first_row(source) + found))


def _rows(scan: Tensor) -> list[Tensor]:
    return list(scan.attr("body").outputs[scan.attr("carries") :])


def _plain(node: Tensor) -> Tensor:
    """A value without broadcasts that only write its sizes in another way (a size 1 never becomes another)."""
    while node.op is BROADCAST_TO and node.inputs[0].ndim == node.ndim:
        if any((a == 1) != (b == 1) for a, b in zip(node.inputs[0].shape, node.shape)):
            break
        node = node.inputs[0]
    return node


def _is_costly(node: Tensor) -> bool:
    """Whether computing a value again takes some step that takes time."""
    return any(_takes_time(n) and not is_small(n) for n in toposort([node]))


def _takes_time(node: Tensor) -> bool:
    """Whether it is a product of matrices, a library call, a loop, or a reduction of many elements to few."""
    if isinstance(node.op, Reduction):
        return elements(node.inputs[0]) >= MANY * elements(node)
    return node.op.kind in COSTLY_KINDS


def is_small(node: Tensor) -> bool:
    """Whether a value and its operands fit into registers and L1 for sure."""
    sizes = [sz.product(n.shape) for n in (node, *node.inputs) if not isinstance(n.type, tuple)]
    return all(isinstance(s, int) and s <= SMALL_STATE for s in sizes)


def elements(node: Tensor) -> int:
    """Elements of a value, sizes that are not known taken to be typical ones."""
    size = sz.product(node.shape)
    typical = sz.substitute(size, {a: TYPICAL_SIZE for a in sz.atoms(size) if not isinstance(a, sz.SizeCall)})
    return max(typical, 1) if isinstance(typical, int) else TYPICAL_SIZE


def _rebuilt(outputs: Sequence[Tensor], order: Sequence[Tensor], storage: dict[Tensor, _Storage]) -> list[Tensor]:
    """The graph with the planned rows collected and read."""
    new: dict[Tensor, Tensor] = {}
    for node in order:
        inputs = tuple(new[i] for i in node.inputs)
        if node.op is ITEM:
            new[node] = inherit(item(inputs[0], node.attr("index")), node)
        elif node in storage:
            new[node] = _with_storage(node, inputs, storage[node], new)
        else:
            new[node] = rebuild(node, inputs)
    return [new[o] for o in outputs]


def _with_storage(node: Tensor, inputs: tuple[Tensor, ...], storage: _Storage, new: dict[Tensor, Tensor]) -> Tensor:
    body: Graph = node.attr("body")
    sequences = node.attr("sequences")
    rows: dict[tuple[Tensor, int], Tensor] = {}
    values: list[Tensor] = []
    replaced: dict[Tensor, Tensor] = {}
    for inner, source, index in storage.reads:
        if (source, index) not in rows:
            value = item(new[source], index)
            values.append(value)
            rows[source, index] = new_leaf(INPUT, element_type(value.type), name=inner.name)
        replaced[inner] = broadcast_to(rows[source, index], inner.shape)
    changed = substitute([*body.outputs, *storage.rows], replaced)
    leaves = (*body.inputs[:sequences], *rows.values(), *body.inputs[sequences:])
    all_inputs = (*inputs[:sequences], *values, *inputs[sequences:])
    return with_attrs(node, all_inputs, body=Graph(leaves, tuple(changed)), sequences=sequences + len(values))
