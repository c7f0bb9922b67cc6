"""Putting a traced body together as a loop: all steps at once, until a condition holds, truncated, or checkpointed.

The forms are made of the ops ``scan`` and ``while_loop``: derivatives, passes and targets know nothing of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from symtensor.dtypes import BOOL, INT64
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor, TensorType, caller_sites, new_leaf
from symtensor.ir.size import Bound, SizeLike
from symtensor.ops.control import SCAN, WHILE_LOOP
from symtensor.ops.controls import DERIVED
from symtensor.ops.creation import iota
from symtensor.ops.declare import INPUT, as_tensor
from symtensor.ops.elementwise import add, less, logical_and, logical_not, stop_gradient, where
from symtensor.ops.item import item
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import reshape, squeeze
from symtensor.ops.slicing import AS_MANY, TIED, slice_of
from symtensor.records import dataclass


# ------------------------------------------------------------------------------------------- rows of an array
def rows_of(x: Tensor, start: SizeLike, count: SizeLike, step: int = 1) -> Tensor:
    """Rows ``start``, ``start + step``, ... of an array."""
    rest = x.ndim - 1
    return slice_of(x, (start, *(0,) * rest), (step, *(1,) * rest), (count, *x.shape[1:]))


def row_of(x: Tensor, position: int) -> Tensor:
    """One row of an array."""
    return squeeze(rows_of(x, position, 1), 0)


def flipped(x: Tensor) -> Tensor:
    """The rows of an array in the opposite order."""
    return rows_of(x, sz.add(x.shape[0], -1), x.shape[0], -1)


# ----------------------------------------------------------------------------------------------------- loops
@dataclass(frozen=True)
class Traced:
    """A traced body with what it is given.

    Attributes:
        sequences: arrays of which each step reads a row.
        initials: first values of the carries.
        constants: the same in every step.
        body: from (elements of the sequences, carries, constants) to (new carries, rows to collect).
        reverse: whether the steps go from the last row to the first.
    """

    sequences: tuple[Tensor, ...]
    initials: tuple[Tensor, ...]
    constants: tuple[Tensor, ...]
    body: Graph
    reverse: bool = False

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """What a loop over the body takes."""
        return (*self.sequences, *self.initials, *self.constants)

    def over(self, first: SizeLike, count: SizeLike, initials: Sequence[Tensor]) -> Traced:
        """The same for some of the rows."""
        return replace(
            self, sequences=tuple(rows_of(s, first, count) for s in self.sequences), initials=tuple(initials)
        )


@dataclass(frozen=True)
class Looped:
    """Results of a loop: the last values of the carries, and the collected rows."""

    finals: list[Tensor]
    rows: list[Tensor]


def all_steps(traced: Traced, steps: SizeLike, checkpoint: bool = False) -> Looped:
    """One scan over all steps."""
    carries = len(traced.initials)
    node = SCAN(
        *traced.inputs,
        body=traced.body,
        sequences=len(traced.sequences),
        carries=carries,
        steps=steps,
        reverse=traced.reverse,
        checkpoint=checkpoint,
    )
    results = [item(node, k) for k in range(len(node.type))]
    return Looped(results[:carries], results[carries:])


def _two_parts(traced: Traced, steps: SizeLike, first: SizeLike) -> tuple[Traced, SizeLike]:
    """The part of the body's work that comes in the first so many steps, and where the rows of the rest begin."""
    rest = sz.add(steps, sz.mul(first, -1))
    begin, after = (rest, 0) if traced.reverse else (0, first)
    return traced.over(begin, first, traced.initials), after


def _joined(first: Looped, second: Looped, reverse: bool) -> Looped:
    pairs = zip(second.rows, first.rows) if reverse else zip(first.rows, second.rows)
    return Looped(second.finals, [concatenate(pair) for pair in pairs])


def truncated(traced: Traced, steps: SizeLike, last: int, every: SizeLike | None) -> Looped:
    """Two loops, of which a derivative sees the one over the last steps; what the other gives is constant to it."""
    count = sz.minimum(steps, last)
    if count == steps:
        return stepwise(traced, steps, every)
    first = sz.add(steps, sz.mul(count, -1))
    part, after = _two_parts(traced, steps, first)
    before = all_steps(part, first)
    # Where no step comes before the last ones, the initial values are what a derivative reaches.
    some = less(0, as_tensor(first, INT64))
    finals = [where(some, _held(x), i) if i.dtype.kind in "fc" else x for x, i in zip(before.finals, traced.initials)]
    held = Looped(finals, [_held(x) for x in before.rows])
    return _joined(held, stepwise(traced.over(after, count, held.finals), count, every), traced.reverse)


def _held(x: Tensor) -> Tensor:
    return stop_gradient(x) if x.dtype.kind in "fc" else x


def checkpoint_interval(checkpoint: Any, steps: SizeLike) -> SizeLike | None:
    """How many steps lie between two states that a derivative stores; None for each step.

    Raises:
        ValueError: for anything but None, a positive int, or ``"sqrt"``.
    """
    if checkpoint is None:
        return None
    if checkpoint == "sqrt":
        return _near_root(steps) if isinstance(steps, int) else sz.root(steps)
    if isinstance(checkpoint, int) and not isinstance(checkpoint, bool) and checkpoint > 0:
        return checkpoint
    raise ValueError(f"checkpoint must be None, 'sqrt' or a positive int, not {checkpoint!r}")


def _near_root(steps: int) -> int:
    """A divisor near the square root, so that no steps are left over, or the root itself."""
    root = max(1, math.isqrt(steps))
    near = sorted(range(-(-root // 2), 2 * root + 1), key=lambda n: abs(n - root))
    return next((n for n in near if steps % n == 0), root)


def stepwise(traced: Traced, steps: SizeLike, every: SizeLike | None) -> Looped:
    """All steps, in a loop of loops if states are stored only every so many steps.

    The derivative of the outer loop stores its carries, and runs each inner loop again with all states stored.
    """
    if every is None or every == 1:
        return all_steps(traced, steps)
    segments, left = sz.floordiv(steps, every), sz.mod(steps, every)
    first = sz.mul(segments, every)
    part, after = (traced, 0) if left == 0 else _two_parts(traced, steps, first)
    cut = Traced(
        tuple(reshape(rows_of(s, 0, first), (segments, every, *s.shape[1:])) for s in part.sequences),
        part.initials,
        part.constants,
        _segment(traced, every),
        traced.reverse,
    )
    looped = all_steps(cut, segments, checkpoint=True)
    whole = Looped(looped.finals, [reshape(r, (first, *r.shape[2:])) for r in looped.rows])
    if left == 0:
        return whole
    return _joined(whole, all_steps(traced.over(after, left, whole.finals), left), traced.reverse)


def _segment(traced: Traced, steps: SizeLike) -> Graph:
    """The body of the outer loop: so many steps."""
    sequences = len(traced.sequences)
    leaves = [
        new_leaf(INPUT, TensorType(leaf.dtype, (steps, *leaf.shape)) if k < sequences else leaf.type, name=leaf.name)
        for k, leaf in enumerate(traced.body.inputs)
    ]
    carries = sequences + len(traced.initials)
    inner = Traced(
        tuple(leaves[:sequences]), tuple(leaves[sequences:carries]), tuple(leaves[carries:]), traced.body,
        traced.reverse,
    )  # fmt: skip
    looped = all_steps(inner, steps)
    return Graph(tuple(leaves), (*looped.finals, *looped.rows))


def until_condition(loop: str, condition: Any) -> Tensor:
    """The condition of a loop as a tensor.

    Raises:
        ShapeError, DTypeError: if it is no bool scalar.
    """
    predicate = as_tensor(condition)
    if predicate.ndim:
        message = f"{loop}: the condition must be a scalar, not {predicate.type}"
        raise ShapeError(located(message, caller_sites(), "reduce it with any() or all()"))
    if predicate.dtype != BOOL:
        message = f"{loop}: the condition must be a bool, not {predicate.type}"
        raise DTypeError(located(message, caller_sites(), "compare it, as in x != 0"))
    return predicate


@dataclass(frozen=True)
class Found:
    """A while loop with the number of steps that it finds.

    Attributes:
        looped: its results.
        steps: the number of steps as a size.
        count: the same as a tensor.
    """

    looped: Looped
    steps: SizeLike
    count: Tensor


def while_holds(traced: Traced, condition: Graph, max_steps: int | None, name: str) -> Found:
    """A while loop over a body, as long as a condition over the same inputs holds; ``name`` is that of its size."""
    carries = len(traced.initials)
    rounds = Bound(name)
    node = WHILE_LOOP(
        *traced.inputs,
        condition=condition,
        body=traced.body,
        sequences=len(traced.sequences),
        carries=carries,
        max_steps=max_steps,
        rounds=rounds,
    )
    results = [item(node, k) for k in range(len(node.type))]
    rounds.source = count = results[carries]
    return Found(Looped(results[:carries], results[carries + 1 :]), sz.Size.of(rounds), count)


def until_holds(traced: Traced, steps: SizeLike, last: int | None = None, checkpoint: Any = None) -> Looped:
    """A while loop of at most so many steps; the body's last row is the bool that ends it after its step.

    Args:
        traced: the body with what it is given.
        steps: the most that may be taken.
        last: how many of the steps taken a derivative goes back through; None for all.
        checkpoint: how much a derivative stores, see ``checkpoint_interval``.
    """
    if traced.reverse:
        traced = replace(traced, sequences=tuple(map(flipped, traced.sequences)), reverse=False)
    traced = replace(traced, sequences=tuple(rows_of(s, 0, steps) for s in traced.sequences))
    body, sequences, carries = traced.body, len(traced.sequences), len(traced.initials)
    done = new_leaf(INPUT, TensorType(BOOL, ()), name="done")
    step = new_leaf(INPUT, TensorType(INT64, ()), name="step")
    inputs = (*body.inputs[: sequences + carries], step, done, *body.inputs[sequences + carries :])
    *outputs, stop = body.outputs
    condition = logical_and(less(step, as_tensor(steps, INT64)), logical_not(done))
    stopping = Traced(
        traced.sequences,
        (*traced.initials, as_tensor(0, INT64), as_tensor(False, BOOL)),
        traced.constants,
        Graph(inputs, (*outputs[:carries], add(step, 1), stop, *outputs[carries:])),
    )
    found = while_holds(stopping, Graph(inputs, (condition,)), None, "steps")
    found = replace(found, looped=Looped(found.looped.finals[:carries], found.looped.rows))
    return derived_again(replace(traced, body=Graph(body.inputs, tuple(outputs))), found, last, checkpoint)


def derived_again(traced: Traced, found: Found, last: int | None, checkpoint: Any) -> Looped:
    """The results of a while loop, whose derivative runs its steps once more, now that their number is known.

    Which steps are the last ones, and how many lie between two states that are stored, is known only then.  Without a
    derivative nothing runs twice.
    """
    every = checkpoint_interval(checkpoint, found.steps)
    if last is None and (every is None or every == 1):
        return found.looped
    like = TIED(iota(found.steps), found.count)
    counted = replace(
        traced,
        sequences=tuple(AS_MANY(s, like) for s in traced.sequences),
        initials=tuple(TIED(x, found.count) for x in traced.initials),
    )
    if last is None:
        again = stepwise(counted, found.steps, every)
    else:
        again = truncated(counted, found.steps, last, every)
    value = found.looped
    return Looped(_derived(value.finals, again.finals), _derived(value.rows, again.rows))


def _derived(values: Sequence[Tensor], paths: Sequence[Tensor]) -> list[Tensor]:
    return [DERIVED(value, path) if value.dtype.kind in "fc" else value for value, path in zip(values, paths)]
