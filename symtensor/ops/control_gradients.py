"""Reverse-mode derivatives of loops and branches: each is again made of loops and branches, so it differentiates again.

A loop's backward loop needs the carries as they were at the start of each step.  They come from a second forward loop
over the very same body inputs that also collects them; ``symtensor.optimizer.loops`` merges the two.  What else the
backward step needs is computed again from them; whether some of it is stored instead is decided later, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import OPS, Tensor, new_leaf
from symtensor.ir.size import Bound, Size, SizeLike, atoms
from symtensor.ops.closing import leaves_read
from symtensor.ops.declare import INPUT, constant
from symtensor.ops.elementwise import add
from symtensor.ops.item import item
from symtensor.ops.linear import factored
from symtensor.ops.slicing import AS_MANY, PAD, zeros_of
from symtensor.records import dataclass

SMALL_STATE = 64
"""Elements of a state whose step takes as long as its operations wait for each other, not as long as they take."""
Cotangents = Sequence[Tensor | None]
Pull = Callable[[Sequence[Tensor], Cotangents, Sequence[Tensor]], Sequence[Tensor | None]]


def cotangent_leaf(like: Tensor) -> Tensor:
    """A fresh input of a backward body: the cotangent of a value."""
    return new_leaf(INPUT, like.type, name=f"d_{like.name}" if like.name else None)


def _zeros_like(tensor: Tensor) -> Tensor:
    return zeros_of(tensor.shape, tensor.dtype)


@dataclass(frozen=True)
class BackwardStep:
    """One step of a backward loop, over the leaves of the forward body and fresh leaves for cotangents.

    Attributes:
        state: numbers of the carries whose cotangent is carried backward.
        state_leaves: that cotangent as it enters a step, one leaf for each in ``state``.
        row_leaves: cotangents of collected rows, by number.
        state_new: the cotangents of the carries in ``state`` at the step's start.
        elements: cotangents of the elements of sequences, None where nothing flows.
        constants: this step's part of the cotangents of constants, None where nothing flows.
    """

    state: tuple[int, ...]
    state_leaves: tuple[Tensor, ...]
    row_leaves: dict[int, Tensor]
    state_new: tuple[Tensor, ...]
    elements: tuple[Tensor | None, ...]
    constants: tuple[Tensor | None, ...]


def _varied(body: Graph, sequences: int, carries: int, wanted: Sequence[bool]) -> list[Tensor]:
    """The leaves whose cotangents matter: of wanted inputs, and of carries that depend on them at some step."""
    varied = {leaf for leaf, want in zip(body.inputs, wanted) if want}
    order = toposort(body.outputs)
    while True:
        reached = set(varied)
        for node in order:
            if not reached.isdisjoint(node.inputs):
                reached.add(node)
        leaves = body.inputs[sequences : sequences + carries]
        new = {leaf for leaf, output in zip(leaves, body.outputs) if output in reached and leaf.dtype.kind in "fc"}
        if new <= varied:
            return [leaf for leaf in body.inputs if leaf in varied]
        varied |= new


def _backward_step(
    body: Graph, sequences: int, carries: int, cotangents: Cotangents, pull: Pull, wanted: Sequence[bool]
) -> BackwardStep | None:
    """Pull cotangents through one step; None if nothing flows.

    Which carries have a cotangent is a fixed point: one that is reached at some step is carried from there on.
    """
    varied = _varied(body, sequences, carries, wanted)
    carry_leaves = body.inputs[sequences : sequences + carries]
    leaves = {k: cotangent_leaf(leaf) for k, leaf in enumerate(carry_leaves) if leaf in set(varied)}
    rows = {k: cotangent_leaf(body.outputs[k]) for k, g in enumerate(cotangents) if k >= carries and g is not None}
    active = {k for k in leaves if cotangents[k] is not None}
    while True:
        incoming = [leaves[k] if k in active else rows.get(k) for k in range(len(body.outputs))]
        if all(g is None for g in incoming):
            return None
        found = dict(zip(varied, pull(body.outputs, incoming, varied)))
        pulled = [found.get(leaf) for leaf in body.inputs]
        reached = {k for k in leaves if pulled[sequences + k] is not None}
        if reached <= active:
            break
        active |= reached
    state = tuple(sorted(active))
    new = [pulled[sequences + k] for k in state]
    return BackwardStep(
        state,
        tuple(leaves[k] for k in state),
        {k - carries: leaf for k, leaf in rows.items()},
        tuple(_zeros_like(carry_leaves[k]) if g is None else g for k, g in zip(state, new)),
        tuple(pulled[:sequences]),
        tuple(pulled[sequences + carries :]),
    )


def _accumulated(step: BackwardStep, leaves: Sequence[Tensor]) -> tuple[dict[int, Tensor], list[Tensor]]:
    """Sums over all steps of the cotangents of constants: a leaf for each sum, and its value after the step."""
    flowing = {k: g for k, g in enumerate(step.constants) if g is not None}
    sums = {k: cotangent_leaf(leaves[k]) for k in flowing}
    return sums, [add(sums[k], g) for k, g in flowing.items()]


def _short_chains(step: BackwardStep) -> list[Tensor]:
    """The new cotangents of small states, each by one product with its old one where it depends on no other."""
    leaves = set(step.state_leaves)
    result = []
    for leaf, new in zip(step.state_leaves, step.state_new):
        count = sz.product(leaf.shape)
        alone = leaves.intersection(toposort([new])) == {leaf}
        small = isinstance(count, int) and count <= SMALL_STATE
        result.append(factored(new, leaf) if alone and small and leaf.dtype.kind == "f" else new)
    return result


def _initial(
    step: BackwardStep, cotangents: Cotangents, carries: Sequence[Tensor], sums: dict[int, Tensor]
) -> list[Tensor]:
    given = [(cotangents[k], carries[k]) for k in step.state]
    return [_zeros_like(carry) if g is None else g for g, carry in given] + [
        _zeros_like(leaf) for leaf in sums.values()
    ]


@dataclass(frozen=True)
class _Forward:
    """A loop that is differentiated, as a scan: a while loop is one whose number of steps it found itself."""

    node: Tensor
    sequences: int
    carries: int
    steps: SizeLike
    reverse: bool
    checkpoint: bool

    @property
    def body(self) -> Graph:
        return self.node.attr("body")


def scan_vjp(cotangents: Cotangents, node: Tensor, pull: Pull, wanted: Sequence[bool]) -> list[Tensor | None]:
    """Cotangents of a scan's inputs, by a scan that visits the steps in the opposite order."""
    attrs = (node.attr(a) for a in ("sequences", "carries", "steps", "reverse", "checkpoint"))
    return _loop_vjp(cotangents, _Forward(node, *attrs), pull, wanted)


def while_loop_vjp(cotangents: Cotangents, node: Tensor, pull: Pull, wanted: Sequence[bool]) -> list[Tensor | None]:
    """Cotangents of a while loop's inputs, by a scan that goes back over the steps that were taken."""
    carries = node.attr("carries")
    flowing = [*cotangents[:carries], *cotangents[carries + 1 :]]  # the step count has no derivative
    steps = Size.of(node.attr("rounds"))
    return _loop_vjp(flowing, _Forward(node, node.attr("sequences"), carries, steps, False, False), pull, wanted)


def _loop_vjp(cotangents: Cotangents, forward: _Forward, pull: Pull, wanted: Sequence[bool]) -> list[Tensor | None]:
    node, body, sequences, carries, steps = (
        forward.node, forward.body, forward.sequences, forward.carries, forward.steps
    )  # fmt: skip
    step = _backward_step(body, sequences, carries, cotangents, pull, wanted)
    if step is None:
        return [None] * len(node.inputs)
    first_constant = sequences + carries
    sums, sums_new = _accumulated(step, body.inputs[first_constant:])
    elements = [g for g in step.elements if g is not None]
    outputs = (*_short_chains(step), *sums_new, *elements)

    read = leaves_read(outputs)
    needed = [k for k, leaf in enumerate(body.inputs) if leaf in read]
    saved = [k for k in needed if sequences <= k < first_constant]
    kept_sequences = [k for k in needed if k < sequences]
    kept_constants = [k for k in needed if k >= first_constant]

    found = any(isinstance(a, Bound) for a in atoms(steps))
    if found and not saved:
        # Somebody must read a result of the loop that finds the number of steps: the smallest state will do.
        saved = [min(range(sequences, first_constant), key=lambda k: body.inputs[k].ndim)]
    rows = dict(zip(saved, _starts_of_steps(node, [body.inputs[k] for k in saved])))
    given = [AS_MANY(x, rows[saved[0]]) if found else x for x in node.inputs[:sequences]]
    row_cotangents = [(g, leaf) for k, leaf in step.row_leaves.items() if (g := cotangents[carries + k]) is not None]
    inputs = (
        *(given[k] for k in kept_sequences), *(rows[k] for k in saved), *(g for g, _ in row_cotangents),
        *_initial(step, cotangents, node.inputs[sequences:first_constant], sums),
        *(node.inputs[k] for k in kept_constants),
    )  # fmt: skip
    leaves = (
        *(body.inputs[k] for k in [*kept_sequences, *saved]), *(leaf for _, leaf in row_cotangents),
        *step.state_leaves, *sums.values(), *(body.inputs[k] for k in kept_constants),
    )  # fmt: skip
    backward = OPS["scan"](
        *inputs,
        body=Graph(leaves, outputs),
        sequences=len(kept_sequences) + len(saved) + len(row_cotangents),
        carries=len(step.state) + len(sums),
        steps=steps,
        reverse=not forward.reverse,
        checkpoint=forward.checkpoint,
    )
    result: list[Tensor | None] = [None] * len(node.inputs)
    for position, k in enumerate(step.state):
        result[sequences + k] = item(backward, position)
    for position, k in enumerate(sums):
        result[first_constant + k] = item(backward, len(step.state) + position)
    flowing = [k for k, g in enumerate(step.elements) if g is not None]
    for position, k in enumerate(flowing, len(step.state) + len(sums)):
        result[k] = _padded(item(backward, position), node.inputs[k], steps)
    return result


def _starts_of_steps(node: Tensor, leaves: Sequence[Tensor]) -> list[Tensor]:
    """The values that body inputs have at the start of each step, collected by the same loop run once more."""
    if not leaves:
        return []
    body: Graph = node.attr("body")
    attrs: dict[str, Any] = dict(node.attrs)
    attrs["body"] = Graph(body.inputs, (*body.outputs, *leaves))
    again = node.op(*node.inputs, **attrs)
    return [item(again, len(node.type) + k) for k in range(len(leaves))]


def _padded(rows: Tensor, sequence: Tensor, steps: Any) -> Tensor:
    """Rows that no step visited have no influence."""
    missing = sz.add(sequence.shape[0], sz.mul(steps, -1))
    if missing == 0:
        return rows
    none = (0,) * (rows.ndim - 1)
    return PAD(rows, constant(0, rows.dtype), low=(0, *none), high=(missing, *none))


def cond_vjp(cotangents: Cotangents, node: Tensor, pull: Pull, wanted: Sequence[bool]) -> list[Tensor | None]:
    """Cotangents of a branch's operands: those of the branch that was taken, which alone runs."""
    _, *operands = node.inputs
    leaves = [
        None if g is None else new_leaf(INPUT, t, name=f"d_result_{k}")
        for k, (g, t) in enumerate(zip(cotangents, node.type))
    ]
    asked = [k for k in range(len(operands)) if wanted[1 + k]]
    pulled = []
    for graph in (node.attr("then"), node.attr("otherwise")):
        found = pull(graph.outputs, leaves, [graph.inputs[k] for k in asked])
        pulled.append(dict(zip(asked, found)))
    flowing = [k for k in asked if any(p[k] is not None for p in pulled)]
    result: list[Tensor | None] = [None] * len(node.inputs)
    if not flowing:
        return result
    extra = tuple(leaf for leaf in leaves if leaf is not None)
    branches = []
    for graph, found_here in zip((node.attr("then"), node.attr("otherwise")), pulled):
        parts = [(found_here[k], graph.inputs[k]) for k in flowing]
        outputs = tuple(_zeros_like(leaf) if g is None else g for g, leaf in parts)
        branches.append(Graph((*graph.inputs, *extra), outputs))
    given = (g for g in cotangents if g is not None)
    backward = node.op(*node.inputs, *given, then=branches[0], otherwise=branches[1])
    for position, k in enumerate(flowing):
        result[1 + k] = item(backward, position)
    return result
