"""Rewriting loops and branches: from outputs to outputs, inner graphs included.

``simplify_loops`` runs all passes to a fixed point:

* ``take_known_branches``: a branch whose predicate is constant, a loop of no steps.
* ``merge_loops``: loops that differ only in what they collect become one.  A gradient asks for the carries at the start
  of each step by a copy of its loop that collects them; this pass makes the two one.
* ``drop_unread``: results, carries, sequences and constants that nobody needs; carries that never change.
* ``read_final_states``: the last row of a collected state is the final state, so the rows need not be stored.
* ``hoist_invariants``: what is the same in every step is computed before the loop; constants move in.
* ``settle_branches``: what only one branch needs is computed in it; what is computed outside anyway is not repeated.
* ``store_costly``: what a backward loop would compute again at a high price is stored by the forward loop.
* ``batch_products``: products of matrices that need not be done step by step are done for all steps at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, rebuild, substitute, toposort
from symtensor.ir.node import Tensor, inherit
from symtensor.ops.closing import VIEWS, leaves_read
from symtensor.ops.control import COND, SCAN, WHILE_LOOP
from symtensor.ops.controls import DERIVED
from symtensor.ops.item import ITEM, item, items
from symtensor.optimizer.branches import settle_branches, take_known_branches
from symtensor.optimizer.final_states import read_final_states
from symtensor.optimizer.loop_graphs import (
    Results,
    close_again,
    has_loops,
    map_bodies,
    map_loops,
    open_loop,
    with_attrs,
)
from symtensor.optimizer.loop_products import batch_products
from symtensor.optimizer.loop_storage import store_costly

MOST_ROUNDS = 8
"""Rounds after which ``simplify_loops`` stops; each nesting level needs about one."""


def simplify_loops(outputs: Sequence[Tensor]) -> list[Tensor]:
    """All passes of this module, inner graphs first, until nothing changes."""
    current = drop_derived(outputs)
    for _ in range(MOST_ROUNDS):
        if not has_loops(current):
            break
        before = current
        for change in (_simplify_bodies, *PASSES):
            current = change(current)
        if all(a is b for a, b in zip(before, current)):
            break
    return current


def drop_derived(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Gradients have been taken: where a derivative went through does not matter any more."""
    order = toposort(outputs)
    if not any(node.op is DERIVED for node in order):
        return list(outputs)
    new: dict[Tensor, Tensor] = {}
    for node in order:
        new[node] = new[node.inputs[0]] if node.op is DERIVED else rebuild(node, tuple(new[i] for i in node.inputs))
    return [new[o] for o in outputs]


def prepare_loops(outputs: Sequence[Tensor]) -> list[Tensor]:
    """What is worth doing before a derivative is taken, which then has less to go through.

    A value that a branch shares with the outside gets one cotangent, not one on each side; a loop of which only the
    final state is read gets no cotangents for rows.
    """
    if not has_loops(outputs):
        return list(outputs)
    return read_final_states(settle_branches(take_known_branches(outputs)))


def _simplify_bodies(outputs: Sequence[Tensor]) -> list[Tensor]:
    return map_bodies(outputs, simplify_loops)


# -------------------------------------------------------------------------------------------------------------- merge
def merge_loops(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Make one loop of those that differ only in the rows that they collect: same inputs, leaves, carries, steps."""
    groups: dict[Hashable, list[Tensor]] = {}
    order = toposort(outputs)
    for node in order:
        if node.op is SCAN or node.op is WHILE_LOOP:
            groups.setdefault(_loop_key(node), []).append(node)
    group_of = {node: group for group in groups.values() if len(group) > 1 for node in group}
    if not group_of:
        return list(outputs)

    new: dict[Tensor, Tensor] = {}
    for node in order:
        if node.op is ITEM and node.inputs[0] in group_of:
            member = node.inputs[0]
            new[node] = inherit(item(new[member], _merged_index(member, node.attr("index"), group_of[member])), node)
            continue
        inputs = tuple(new[i] for i in node.inputs)
        if node in group_of:
            body: Graph = node.attr("body")
            rows = _merged_rows(group_of[node])
            # All members become this very node: the first makes its graph, the others find it there.
            first = group_of[node][0]
            merged = Graph(body.inputs, (*body.outputs[: node.attr("carries")], *rows))
            new[node] = with_attrs(node, inputs, body=merged) if node is first else new[first]
        else:
            new[node] = rebuild(node, inputs)
    # Loops that read results of merged ones may have become equal only now.
    return merge_loops([new[o] for o in outputs])


def _ids(nodes: Sequence[Tensor]) -> tuple[int, ...]:
    return tuple(map(id, nodes))


def _loop_key(node: Tensor) -> Hashable:
    """What two loops must share to be one: all but the rows that they collect."""
    body: Graph = node.attr("body")
    parts: list[Any] = [node.op.name, _ids(node.inputs), _ids(body.inputs), _ids(body.outputs[: node.attr("carries")])]
    for name, value in node.attrs:
        if isinstance(value, Graph) and name == "condition":
            parts.append((_ids(value.inputs), _ids(value.outputs)))
        elif name != "body":
            parts.append(value)
    return tuple(parts)


def _rows(node: Tensor) -> tuple[Tensor, ...]:
    return node.attr("body").outputs[node.attr("carries") :]


def _merged_rows(group: Sequence[Tensor]) -> list[Tensor]:
    return list(dict.fromkeys(row for node in group for row in _rows(node)))


def _first_row(node: Tensor) -> int:
    """Number of the result that is the first collected row."""
    return len(node.type) - len(_rows(node))


def _merged_index(node: Tensor, index: int, group: Sequence[Tensor]) -> int:
    first = _first_row(node)
    if index < first:
        return index
    row = _rows(node)[index - first]
    return first + next(k for k, other in enumerate(_merged_rows(group)) if other is row)


# -------------------------------------------------------------------------------------------------------- drop unread
def drop_unread(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Drop results that nobody reads, and what only they needed."""

    def change(node: Tensor, read: set[int]) -> Results | None:
        return _trim_branches(node, read) if node.op is COND else _trim_loop(node, read)

    return map_loops(outputs, change)


def _trim_branches(node: Tensor, read: set[int]) -> Results | None:
    graphs: dict[str, Graph] = {name: node.attr(name) for name in ("then", "otherwise")}
    results = sorted(read)
    outputs = {name: tuple(graph.outputs[k] for k in results) for name, graph in graphs.items()}
    used = {name: leaves_read(part) for name, part in outputs.items()}
    kept: list[int] = []
    position: dict[Tensor, int] = {}  # an operand that was passed twice is passed once
    same: dict[str, dict[Tensor, Tensor]] = {"then": {}, "otherwise": {}}
    for k, operand in enumerate(node.inputs[1:]):
        if not any(graphs[name].inputs[k] in used[name] for name in graphs):
            continue
        if operand in position:
            for name, graph in graphs.items():
                same[name][graph.inputs[k]] = graph.inputs[position[operand]]
            continue
        position[operand] = k
        kept.append(k)
    if len(results) == len(node.type) and len(kept) == len(node.inputs) - 1:
        return None
    trimmed = {
        name: Graph(tuple(graph.inputs[k] for k in kept), tuple(substitute(outputs[name], same[name])))
        for name, graph in graphs.items()
    }
    new = with_attrs(node, (node.inputs[0], *(node.inputs[1 + k] for k in kept)), **trimmed)
    return _scattered(new, dict(zip(results, range(len(results)))), len(node.type))


def _scattered(new: Tensor, places: dict[int, int], count: int) -> list[Tensor | None]:
    """Results by their old numbers; None for those that are gone."""
    return [item(new, places[k]) if k in places else None for k in range(count)]


class _Loop:
    """A scan or while loop as lists that can be filtered."""

    def __init__(self, node: Tensor) -> None:
        self.node = node
        self.body: Graph = node.attr("body")
        self.first_carry = node.attr("sequences")
        self.carries = node.attr("carries")
        self.first_constant = self.first_carry + self.carries
        self.conditions: tuple[Tensor, ...] = ()
        if node.op is WHILE_LOOP:
            condition: Graph = node.attr("condition")
            leaves = dict(zip(condition.inputs, self.body.inputs))
            self.conditions = tuple(substitute(condition.outputs, leaves))

    def leaf(self, carry: int) -> Tensor:
        """The body's leaf for a carry."""
        return self.body.inputs[self.first_carry + carry]

    def live(self, read: set[int]) -> tuple[list[int], list[int], set[Tensor]]:
        """Carries and rows that are needed, and the leaves that they read."""
        first_row = _first_row(self.node)
        rows = sorted(k - first_row for k in read if k >= first_row)
        carries = {k for k in read if k < self.carries}
        while True:
            needed = [self.body.outputs[k] for k in sorted(carries)]
            needed += [self.body.outputs[self.carries + k] for k in rows]
            leaves = leaves_read([*self.conditions, *needed])
            reached = {k for k in range(self.carries) if self.leaf(k) in leaves}
            if reached <= carries:
                return sorted(carries), rows, leaves
            carries |= reached


def _trim_loop(node: Tensor, read: set[int]) -> Results | None:
    loop = _Loop(node)
    body, first_constant = loop.body, loop.first_constant
    carries, rows, leaves = loop.live(read)
    fixed = [k for k in range(loop.carries) if body.outputs[k] is loop.leaf(k)]
    changing = [k for k in carries if k not in fixed]

    inputs, bound, same = [], [], {}
    seen: dict[tuple[bool, Tensor], Tensor] = {}  # the same sequence or constant is passed once
    fed = [(True, k) for k in range(loop.first_carry)]
    fed += [(False, loop.first_carry + k) for k in fixed] + [
        (False, k) for k in range(first_constant, len(body.inputs))
    ]
    tie = _tie(node, {k for is_sequence, k in fed if is_sequence and body.inputs[k] in leaves})
    for is_sequence, k in fed:
        leaf, value = body.inputs[k], node.inputs[k]
        if leaf not in leaves and k != tie:
            continue
        if (is_sequence, value) in seen:
            same[leaf] = seen[is_sequence, value]
            continue
        seen[is_sequence, value] = leaf
        inputs.append((is_sequence, value))
        bound.append((is_sequence, leaf))

    sources = [body.outputs[loop.carries + k] for k in rows]
    distinct = list(dict.fromkeys(sources))
    counts = (len(changing), len(distinct), len(inputs) + len(changing))
    if counts == (loop.carries, len(_rows(node)), len(node.inputs)):
        return None

    def arranged(parts: Sequence[tuple[bool, Tensor]], states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        sequences = [part for is_sequence, part in parts if is_sequence]
        return (*sequences, *states, *(part for is_sequence, part in parts if not is_sequence))

    leaves_now = arranged(bound, [loop.leaf(k) for k in changing])
    outputs = substitute([*(body.outputs[k] for k in changing), *distinct], same)
    changes: dict[str, Any] = {"body": Graph(leaves_now, tuple(outputs)), "carries": len(changing)}
    changes["sequences"] = sum(is_sequence for is_sequence, _ in inputs)
    if node.op is WHILE_LOOP:
        changes["condition"] = Graph(leaves_now, tuple(substitute(loop.conditions, same)))
    initials = [node.inputs[loop.first_carry + k] for k in changing]
    new = with_attrs(node, arranged(inputs, initials), **changes)

    results: list[Tensor | None] = [None] * len(node.type)
    for k in fixed:
        results[k] = node.inputs[loop.first_carry + k]
    for place, k in enumerate(changing):
        results[k] = item(new, place)
    if node.op is WHILE_LOOP:
        results[loop.carries] = item(new, len(changing))
    for k, source in zip(rows, sources):
        place = next(p for p, other in enumerate(distinct) if other is source)
        results[_first_row(node) + k] = item(new, _first_row(new) + place)
    return results


def _tie(node: Tensor, kept: set[int]) -> int | None:
    """A sequence that stays although no step reads it: it ties a loop to the one that finds its number of steps."""
    if node.op is not SCAN or not (wanted := _found_sizes(node.attr("steps"))):
        return None
    tying = [k for k in range(node.attr("sequences")) if wanted & _sizes_defined(node.inputs[k])]
    return None if kept.intersection(tying) else next(iter(tying), None)


def _sizes_defined(value: Tensor) -> set[sz.Atom]:
    return {a for node in toposort([value]) for _, a in node.attrs if isinstance(a, sz.Bound)}


def _found_sizes(size: sz.SizeLike) -> set[sz.Atom]:
    return {atom for atom in sz.atoms(size) if isinstance(atom, sz.Bound)}


# --------------------------------------------------------------------------------------------------------- invariants
def hoist_invariants(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Compute what is the same in every step before the loop, also what branches inside of the loop compute.

    A value that a branch computes from invariants alone is computed even if the branch is never taken: a loop that
    takes it twice has won already.
    """

    def change(node: Tensor, read: set[int]) -> Results | None:
        if node.op is COND:
            return None
        opened = open_loop(node)
        inner = _expose_invariants(opened.outputs, set(opened.bound), set(opened.outer))
        new = close_again(opened, inner)
        same = all(a is b for a, b in zip(inner, opened.outputs))
        if same and set(new.inputs) == set(node.inputs):
            return None
        return items(new)

    return map_loops(outputs, change)


def _expose_invariants(outputs: Sequence[Tensor], bound: set[Tensor], outside: set[Tensor]) -> list[Tensor]:
    """Make branches in a loop's body read from outside what does not depend on the loop and costs something."""
    order = toposort(outputs, stop=outside)
    if not any(node.op is COND for node in order):
        return list(outputs)
    varying = set(bound)
    for node in order:
        if node not in outside and (node.op.kind == "effect" or not varying.isdisjoint(node.inputs)):
            varying.add(node)

    def change(node: Tensor, read: set[int]) -> Results | None:
        if node.op is not COND:
            return None
        opened = open_loop(node)
        outer = set(opened.outer)
        depends = set(varying)
        border: set[Tensor] = set()
        for inner in toposort(opened.outputs, stop=outer):
            if inner in outer:
                continue
            if inner.op.kind == "effect" or not depends.isdisjoint(inner.inputs):
                depends.add(inner)
                border.update(i for i in inner.inputs if i not in depends and _is_costly(i))
        border.update(o for o in opened.outputs if o not in depends and _is_costly(o))
        return items(close_again(opened, opened.outputs, border | outer)) if border - outer else None

    return map_loops(outputs, change)


def _is_costly(node: Tensor) -> bool:
    """Whether a value is worth keeping for all steps: not a constant, a view, or a leaf, which cost nothing."""
    return node.op.kind != "source" and node.op.kind != "index" and node.op.name not in VIEWS


PASSES: tuple[Callable[[Sequence[Tensor]], list[Tensor]], ...] = (
    take_known_branches,
    merge_loops,
    drop_unread,
    read_final_states,
    hoist_invariants,
    settle_branches,
    store_costly,
    batch_products,
)
