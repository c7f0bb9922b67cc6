"""Loops and branches: the three ops ``scan``, ``while_loop`` and ``cond``, whose attributes hold inner graphs.

An inner graph is closed: everything that it reads is one of its inputs, fed from the inputs of the loop node.  Sizes
are the exception: a size atom means the same inside and outside, so no size has to be passed in.

* ``scan(*sequences, *carries, *constants; body, sequences, carries, steps, reverse)``: ``body`` maps (elements of the
  sequences, carries, constants) to (new carries, rows to collect).  Results: final carries, then the collected rows as
  tensors of leading size ``steps``.  With ``reverse`` it visits steps-1, ..., 0; rows are written where they belong.
  With ``checkpoint`` no pass may store more of a step, or collect more rows, than the body asks for.
* ``while_loop(*sequences, *carries, *constants; condition, body, sequences, carries, max_steps, rounds)``: runs while
  ``condition`` holds, a graph over the same inputs that reads no element of a sequence.  Results: final carries, the
  number of steps taken (int64), then collected rows as in ``scan``.  ``rounds`` is the atom of their leading size,
  bound to the number of steps taken.
* ``cond(predicate, *operands; then, otherwise)``: the outputs of the branch that is taken; the other does not run.

Guards of inner graphs belong to the guards of the loop or branch: whether sizes fit is decided at call entry, for both
branches and for loops of no steps as well, as types are.

Users build these through ``symtensor.ops.scan`` and ``symtensor.ops.branches``, which trace Python functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from symtensor.dtypes import BOOL, INT64
from symtensor.errors import CheckError, DTypeError, ShapeError, SymtensorError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, register
from symtensor.ir.size import Atom, Bound, ScalarValue, Size, SizeLike
from symtensor.ops.control_gradients import cond_vjp, scan_vjp, while_loop_vjp
from symtensor.ops.declare import LoopOp

Types = tuple[TensorType, ...]
Arrays = list[np.ndarray]


class Interpreter(Protocol):
    """What the reference implementation of a loop needs from its caller."""

    def __call__(self, graph: Graph, arrays: Sequence[np.ndarray]) -> Arrays:
        """The outputs of an inner graph for these inputs."""
        ...

    def shape(self, sizes: tuple[SizeLike, ...]) -> tuple[int, ...]:
        """Symbolic sizes as numbers."""
        ...

    def bind(self, atom: Atom, value: int) -> None:
        """Make the value of a size known to what comes after."""
        ...


# -------------------------------------------------------------------------------------------------------- types
def may_agree(left: TensorType, right: TensorType) -> bool:
    """Whether two types have the same dtype and rank, and no two static sizes that differ."""
    return left.dtype == right.dtype and left.ndim == right.ndim and not any(map(_differ, left.shape, right.shape))


def _differ(a: SizeLike, b: SizeLike) -> bool:
    if isinstance(a, int) and isinstance(b, int):
        return a != b
    # A size 1 broadcasts in the body, a symbolic size never does: taking one for the other would change the program.
    return a != b and 1 in (a, b)


def _require(what: str, have: TensorType, want: TensorType) -> None:
    if not may_agree(have, want):
        kind = DTypeError if have.dtype != want.dtype else ShapeError
        raise kind(located(f"{what} is {have}, not {want}", caller_sites()))


def element_type(sequence: TensorType) -> TensorType:
    """Type of one row of a sequence."""
    return TensorType(sequence.dtype, sequence.shape[1:])


def _label(leaf: Tensor, otherwise: str) -> str:
    return f"{otherwise} {leaf.name!r}" if leaf.name else otherwise


def _check_inputs(name: str, inputs: Sequence[Tensor], graph: Graph, sequences: int = 0) -> None:
    if len(inputs) != len(graph.inputs):
        raise ShapeError(f"{name}: {len(inputs)} inputs for a body of {len(graph.inputs)}")
    for k, (given, leaf) in enumerate(zip(inputs, graph.inputs)):
        if k < sequences and not given.ndim:
            raise ShapeError(located(f"{name}: {_label(leaf, 'sequence')} is a scalar: {given.type}", caller_sites()))
        _require(
            f"{name}: {_label(leaf, 'input')}", element_type(given.type) if k < sequences else given.type, leaf.type
        )


def _check_carries(name: str, leaves: Sequence[Tensor], new: Sequence[Tensor]) -> None:
    for leaf, output in zip(leaves, new):
        _require(f"{name}: {_label(leaf, 'state')} after a step", output.type, leaf.type)


def defined_atoms(graph: Graph) -> set[Atom]:
    """Size atoms that only have a meaning inside: values of inner scalars, and sizes that a step inside defines."""
    inner: set[Atom] = {ScalarValue(i) for i in graph.inputs if i.type.ndim == 0 and i.dtype.kind in "iu"}
    for node in graph.nodes():
        if node.op.kind == "source":
            continue
        made = {a for a in _atoms(_types(node)) if isinstance(a, Bound)}
        if made:
            made -= set(_atoms(t for i in node.inputs for t in _types(i)))
            inner |= made - set(_attribute_atoms(node))
        inner.update(value for _, value in node.attrs if isinstance(value, Bound))
    return inner


def _types(node: Tensor) -> Types:
    return node.type if isinstance(node.type, tuple) else (node.type,)


def _atoms(types: Iterable[TensorType]) -> Iterator[Atom]:
    return (atom for t in types for size in t.shape for atom in sz.atoms(size))


def _attribute_atoms(node: Tensor) -> Iterator[Atom]:
    for _, value in node.attrs:
        for size in value if isinstance(value, tuple) else (value,):
            yield from sz.atoms(size) if isinstance(size, sz.Size) else ()


def _require_outer_sizes(name: str, graph: Graph, outputs: Iterable[Tensor]) -> None:
    """No result may have a size that is known only inside: it would differ from step to step."""
    inner = defined_atoms(graph)
    for output in outputs:
        if inner & set(_atoms((output.type,))):
            message = f"{name}: the size of a result is known only inside of the body: {output.type}"
            raise ShapeError(located(message, output.sites, "return something of a fixed size, such as its sum"))


def _collected(rows: Sequence[Tensor], steps: SizeLike) -> Types:
    return tuple(TensorType(row.dtype, (steps, *row.shape)) for row in rows)


def _scan_type(
    inputs: tuple[Tensor, ...], body: Graph, sequences: int, carries: int, steps: SizeLike, reverse: bool,
    checkpoint: bool,
) -> Types:  # fmt: skip
    _check_inputs("scan", inputs, body, sequences)
    for sequence, leaf in zip(inputs[:sequences], body.inputs):
        if isinstance(sequence.shape[0], int) and isinstance(steps, int) and sequence.shape[0] < steps:
            what = f"scan: {_label(leaf, 'sequence')} has {sequence.shape[0]} rows for {steps} steps"
            raise ShapeError(located(what, caller_sites()))
    _check_carries("scan", body.inputs[sequences : sequences + carries], body.outputs)
    _require_outer_sizes("scan", body, body.outputs)
    finals = tuple(i.type for i in inputs[sequences : sequences + carries])
    return finals + _collected(body.outputs[carries:], steps)


def _while_type(
    inputs: tuple[Tensor, ...], condition: Graph, body: Graph, sequences: int, carries: int, max_steps: int | None,
    rounds: Bound,
) -> Types:  # fmt: skip
    _check_inputs("while_loop", inputs, body, sequences)
    _check_inputs("while_loop", inputs, condition, sequences)
    leaves = body.inputs[sequences : sequences + carries]
    _check_carries("while_loop", leaves, body.outputs)
    _require_outer_sizes("while_loop", body, body.outputs)
    _require("while_loop: the condition", condition.outputs[0].type, TensorType(BOOL, ()))
    finals = tuple(i.type for i in inputs[sequences : sequences + carries])
    return (*finals, TensorType(INT64, ()), *_collected(body.outputs[carries:], Size.of(rounds)))


def _cond_type(inputs: tuple[Tensor, ...], then: Graph, otherwise: Graph) -> Types:
    predicate, *operands = inputs
    _require("cond: the predicate", predicate.type, TensorType(BOOL, ()))
    for graph in (then, otherwise):
        _check_inputs("cond", operands, graph)
        _require_outer_sizes("cond", graph, graph.outputs)
    if len(then.outputs) != len(otherwise.outputs):
        counts = f"{len(then.outputs)} and {len(otherwise.outputs)}"
        raise ShapeError(located(f"cond: the branches have {counts} results", caller_sites()))
    return tuple(_joined(k, a.type, b.type) for k, (a, b) in enumerate(zip(then.outputs, otherwise.outputs)))


def _joined(k: int, then: TensorType, otherwise: TensorType) -> TensorType:
    """Type of a result that either branch gives: static sizes are preferred over symbolic ones."""
    if not may_agree(then, otherwise):
        kind = DTypeError if then.dtype != otherwise.dtype else ShapeError
        message = f"cond: the branches differ in result {k}: {then} if true, {otherwise} if false"
        raise kind(located(message, caller_sites(), "cast or reshape one of them"))
    shape = tuple(b if isinstance(b, int) else a for a, b in zip(then.shape, otherwise.shape))
    return TensorType(then.dtype, shape)


# ------------------------------------------------------------------------------------------------------- guards
def inner_guards(graph: Graph) -> list[Guard]:
    """Guards of the nodes of an inner graph whose sizes are known before it runs."""
    guards = [
        guard if guard.sites else replace(guard, sites=node.sites)
        for node in graph.nodes()
        if node.op.guards is not None
        for guard in node.op.guards(node.inputs, **dict(node.attrs))
    ]
    if not guards:
        return guards
    inner = defined_atoms(graph)
    return [g for g in guards if inner.isdisjoint(sz.atoms(g.left)) and inner.isdisjoint(sz.atoms(g.right))]


def _equal_sizes(what: str, left: tuple[SizeLike, ...], right: tuple[SizeLike, ...]) -> list[Guard]:
    return [Guard(a, b, f"{what}: {a} and {b} differ") for a, b in zip(left, right) if a != b]


def _input_guards(name: str, inputs: Sequence[Tensor], graph: Graph, sequences: int = 0) -> list[Guard]:
    guards = []
    for k, (given, leaf) in enumerate(zip(inputs, graph.inputs)):
        shape = given.shape[1:] if k < sequences else given.shape
        guards += _equal_sizes(f"{name}: {_label(leaf, 'input')}", shape, leaf.shape)
    return guards


def _carry_guards(name: str, leaves: Sequence[Tensor], new: Sequence[Tensor]) -> list[Guard]:
    guards = []
    for leaf, output in zip(leaves, new):
        guards += _equal_sizes(f"{name}: {_label(leaf, 'state')} changes its shape", output.shape, leaf.shape)
    return guards


def _scan_guards(
    inputs: tuple[Tensor, ...], body: Graph, sequences: int, carries: int, steps: SizeLike, reverse: bool,
    checkpoint: bool,
) -> list[Guard]:  # fmt: skip
    guards = _input_guards("scan", inputs, body, sequences)
    for sequence, leaf in zip(inputs[:sequences], body.inputs):
        rows = sequence.shape[0]
        if not sz.at_least(rows, steps):
            what = f"scan: {_label(leaf, 'sequence')} has {rows} rows, fewer than the {steps} steps"
            guards.append(Guard(sz.minimum(rows, steps), steps, what))
    guards += _carry_guards("scan", body.inputs[sequences : sequences + carries], body.outputs)
    return guards + inner_guards(body)


def _while_guards(
    inputs: tuple[Tensor, ...], condition: Graph, body: Graph, sequences: int, carries: int, max_steps: int | None,
    rounds: Bound,
) -> list[Guard]:  # fmt: skip
    guards = []
    for graph in (body, condition):
        guards += _input_guards("while_loop", inputs, graph, sequences)
    guards += _carry_guards("while_loop", body.inputs[sequences : sequences + carries], body.outputs)
    return guards + inner_guards(condition) + inner_guards(body)


def _cond_guards(inputs: tuple[Tensor, ...], then: Graph, otherwise: Graph) -> list[Guard]:
    guards = _input_guards("cond", inputs[1:], then) + _input_guards("cond", inputs[1:], otherwise)
    for k, (a, b) in enumerate(zip(then.outputs, otherwise.outputs)):
        guards += _equal_sizes(f"cond: the branches differ in result {k}", a.shape, b.shape)
    return guards + inner_guards(then) + inner_guards(otherwise)


# ---------------------------------------------------------------------------------------------------- reference
def _one_step(evaluate: Interpreter, body: Graph, arrays: Sequence[np.ndarray], step: int) -> Arrays:
    """One step of a loop; its number becomes part of the message of an error inside."""
    try:
        return evaluate(body, arrays)
    except SymtensorError as error:
        first, *rest = str(error).split("\n")
        if first.endswith("of the loop)"):  # of a loop inside
            raise
        raise type(error)("\n".join([f"{first} (in step {step} of the loop)", *rest])) from None


def _row_buffers(evaluate: Interpreter, rows: Sequence[Tensor], steps: int) -> Arrays:
    return [np.zeros((steps, *evaluate.shape(row.shape)), row.dtype) for row in rows]


def _write_rows(buffers: Arrays, step: int, rows: Arrays) -> None:
    for buffer, row in zip(buffers, rows):
        buffer[step] = row


def _scan_reference(
    evaluate: Interpreter, *arrays: np.ndarray, body: Graph, sequences: int, carries: int, steps: int, reverse: bool,
    checkpoint: bool,
) -> Arrays:  # fmt: skip
    rows, state = arrays[:sequences], list(arrays[sequences : sequences + carries])
    constants = arrays[sequences + carries :]
    collected = _row_buffers(evaluate, body.outputs[carries:], steps)
    for step in reversed(range(steps)) if reverse else range(steps):
        results = _one_step(evaluate, body, [*(r[step] for r in rows), *state, *constants], step)
        state = results[:carries]
        _write_rows(collected, step, results[carries:])
    return state + collected


def _while_reference(
    evaluate: Interpreter, *arrays: np.ndarray, condition: Graph, body: Graph, sequences: int, carries: int,
    max_steps: int | None, rounds: Bound,
) -> Arrays:  # fmt: skip
    rows, state = arrays[:sequences], list(arrays[sequences : sequences + carries])
    constants = arrays[sequences + carries :]
    unread = [np.zeros(r.shape[1:], r.dtype) for r in rows]  # the condition has the inputs of the body
    collected: list[Arrays] = [[] for _ in body.outputs[carries:]]
    steps = 0
    while evaluate(condition, [*unread, *state, *constants])[0]:
        if steps == max_steps:
            raise CheckError(f"while_loop: the loop was still running after max_steps={max_steps} steps")
        results = _one_step(evaluate, body, [*(r[steps] for r in rows), *state, *constants], steps)
        state = results[:carries]
        for log, row in zip(collected, results[carries:]):
            log.append(row)
        steps += 1
    evaluate.bind(rounds, steps)
    logs = [
        np.stack(log) if log else np.zeros((0, *evaluate.shape(row.shape)), row.dtype)
        for log, row in zip(collected, body.outputs[carries:])
    ]
    return [*state, np.asarray(steps, INT64), *logs]


def _cond_reference(
    evaluate: Interpreter, predicate: np.ndarray, *operands: np.ndarray, then: Graph, otherwise: Graph
) -> Arrays:
    return evaluate(then if predicate else otherwise, operands)


SCAN = register(LoopOp("scan", "loop", _scan_type, _scan_reference, scan_vjp, guards=_scan_guards))
WHILE_LOOP = register(LoopOp("while_loop", "loop", _while_type, _while_reference, while_loop_vjp, guards=_while_guards))
COND = register(LoopOp("cond", "loop", _cond_type, _cond_reference, cond_vjp, guards=_cond_guards))
