"""``scan`` with Theano's meaning, and its smaller forms ``map``, ``reduce``, ``foldl`` and ``foldr``.

A state with several taps is a window of its past values that shifts by one each step; a shared variable that the body
updates is one more state.  Both end up as carries of the op ``scan`` (see ``control.py``).

Reference: Theano's documentation of ``scan``, https://theano-pymc.readthedocs.io/en/latest/library/scan.html.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from symtensor.errors import ShapeError, UnsupportedError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.node import Tensor, TensorType, caller_sites, describe
from symtensor.ir.size import SizeLike
from symtensor.ops.closing import close_loop
from symtensor.ops.control import SCAN
from symtensor.ops.creation import iota
from symtensor.ops.declare import SHARED, as_tensor
from symtensor.ops.item import item
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import expand_dims, squeeze
from symtensor.ops.shapes import as_size
from symtensor.ops.slicing import slice_of
from symtensor.ops.tracing import (
    State,
    fresh_leaf,
    in_step,
    is_weak,
    make_states,
    parameter_names,
    reads,
    state_results,
    step_leaf,
)

LONGEST_UNROLLED_WINDOW = 8
"""Windows of past values up to this length are one carry each value; longer ones are one array that shifts."""

Updates = dict[Tensor, Tensor]


# ------------------------------------------------------------------------------------------- rows of an array
def _rows(x: Tensor, start: SizeLike, count: SizeLike, step: int = 1) -> Tensor:
    """Rows ``start``, ``start + step``, ... of an array."""
    rest = x.ndim - 1
    return slice_of(x, (start, *(0,) * rest), (step, *(1,) * rest), (count, *x.shape[1:]))


def _row(x: Tensor, position: int) -> Tensor:
    return squeeze(_rows(x, position, 1), 0)


def _flipped(x: Tensor) -> Tensor:
    return _rows(x, sz.add(x.shape[0], -1), x.shape[0], -1)


# ------------------------------------------------------------------------------------------------- the arguments
def _listed(value: Any) -> list[Any]:
    """Theano's rule: a single thing stands for a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _sequence_slices(sequence: Any) -> list[Tensor]:
    """One array for each tap of a sequence, so that row t of it is what step t reads."""
    if not isinstance(sequence, dict):
        return [_as_sequence(sequence)]
    _check_keys("sequences", sequence, {"input", "taps"})
    x = _as_sequence(sequence["input"])
    taps = _taps(sequence.get("taps"), [0])
    first, last = min(0, *taps), max(0, *taps)
    count = sz.maximum(sz.add(x.shape[0], first - last), 0)
    return [_rows(x, tap - first, count) for tap in taps]


def _as_sequence(value: Any) -> Tensor:
    x = as_tensor(value)
    if not x.ndim:
        message = f"scan: a sequence must have at least one axis, not {describe(x)}"
        raise ShapeError(located(message, caller_sites(), "pass what is the same in every step in non_sequences"))
    return x


def _taps(taps: Any, default: list[int]) -> list[int]:
    if taps is None:
        return default
    return [int(t) for t in taps] if isinstance(taps, (list, tuple)) else [int(taps)]


def _check_keys(what: str, given: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"scan: {what} has no key {unknown[0]!r}\n  hint: its keys are {', '.join(sorted(known))}")


@dataclass(frozen=True)
class _Output:
    """One output of the user's function.

    Attributes:
        name: what messages call its state.
        taps: which past values the function reads, oldest as -depth; empty if it has no state.
        window: first and count of its carries.
        initials: initial values of its carries, oldest first.
        stacked: whether one carry holds the whole window.
    """

    name: str
    taps: tuple[int, ...] = ()
    window: tuple[int, int] = (0, 0)
    initials: tuple[Any, ...] = ()
    stacked: bool = False

    @property
    def depth(self) -> int:
        return -min(self.taps, default=0)

    def arguments(self, carries: Sequence[Any]) -> list[Any]:
        """The past values that the function reads, in the order of the taps."""
        window = carries[self.window[0] : self.window[0] + self.window[1]]
        if self.stacked:
            return [_row(window[0], self.depth + tap) for tap in self.taps]
        return [window[self.depth + tap] for tap in self.taps]

    def shifted(self, carries: Sequence[Any], value: Any) -> list[Any]:
        """The window after a step that made this value."""
        window = list(carries[self.window[0] : self.window[0] + self.window[1]])
        if self.stacked:
            kept = _rows(window[0], 1, self.depth - 1)
            return [concatenate([kept, expand_dims(as_tensor(value, kept.dtype), 0)])]
        return [*window[1:], value]


def _output(info: Any, name: str, first: int) -> _Output:
    """Read one entry of ``outputs_info``; its carries are numbered from ``first``."""
    if info is None or (isinstance(info, dict) and not info):
        return _Output(name)
    if not isinstance(info, dict):
        info = {"initial": info}
    _check_keys("outputs_info", info, {"initial", "taps"})
    taps = tuple(_taps(info.get("taps"), [-1]))
    if any(t >= 0 for t in taps):
        raise ValueError(
            f"scan: taps of state {name!r} must be negative, as in -1 for the last value; given: {list(taps)}"
        )
    if info.get("initial") is None:
        raise ValueError(f"scan: state {name!r} has taps {list(taps)} but no initial value\n  hint: add initial=")
    depth = -min(taps)
    if depth == 1:
        return _Output(name, taps, (first, 1), (info["initial"],))
    initial = _window_start(as_tensor(info["initial"]), name, depth)
    if depth > LONGEST_UNROLLED_WINDOW:
        return _Output(name, taps, (first, 1), (initial,), stacked=True)
    return _Output(name, taps, (first, depth), tuple(_row(initial, k) for k in range(depth)))


def _window_start(initial: Tensor, name: str, depth: int) -> Tensor:
    """The first ``depth`` rows of an initial value."""
    rows = initial.shape[0] if initial.ndim else 0
    if isinstance(rows, int) and rows < depth:
        message = f"scan: state {name!r} reads {depth} steps back, but its initial value is {initial.type}"
        raise ShapeError(located(message, caller_sites(), f"give it {depth} rows, the oldest first"))
    return _rows(initial, 0, depth)


# ------------------------------------------------------------------------------------ what the function returns
@dataclass(frozen=True)
class _Returned:
    outputs: list[Any]
    updates: Updates


def _returned(result: Any) -> _Returned:
    """Sort what the user's function returns: outputs, updates, or both as a pair in either order."""
    if isinstance(result, dict):
        return _Returned([], _updates(result))
    if (
        isinstance(result, (tuple, list))
        and len(result) == 2
        and isinstance(result[0], dict) != isinstance(result[1], dict)
    ):
        outputs, updates = result if isinstance(result[1], dict) else result[::-1]
        return _Returned(_listed(outputs), _updates(updates))
    return _Returned(_listed(result), {})


def _updates(updates: dict[Any, Any]) -> Updates:
    for target in updates:
        if not (isinstance(target, Tensor) and target.op is SHARED):
            raise TypeError(f"scan: only shared variables can be updated, not {target!r}")
    return dict(updates)


# ---------------------------------------------------------------------------------------------------------- scan
def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    return_list: bool = False,
    until: Any = None,
) -> tuple[Any, Updates]:
    """Call a function once a step, with rows of sequences and with its own past results.

    Args:
        fn: called as ``fn(*sequence rows, *past outputs, *non_sequences)``, each with one argument a tap; returns its
            outputs, or ``(outputs, updates)``, or updates alone.  It may use outer tensors directly.
        sequences: arrays that are read row by row, each plain or as ``dict(input=x, taps=[-1, 0])``: tap k is row
            t + k.
        outputs_info: per output ``None`` (no past value is read), the initial value, or
            ``dict(initial=x, taps=[-2, -1])``: tap -k is the value of k steps ago.  With taps beyond -1 the initial
            value has one row for each step that they reach back, the oldest first.  A Python scalar takes the dtype of
            the function's result.
        non_sequences: passed unchanged in every step.
        n_steps: number of steps: an int, a size, or an integer scalar input; by default as many as the shortest
            sequence has.  Zero is allowed.
        truncate_gradient: only -1, the whole gradient.
        go_backwards: read the sequences from their ends.
        return_list: return a list also for a single output.
        until: not supported yet.

    Returns:
        The outputs of all steps (a list if there are several, in the order of the steps), and the updates of shared
        variables that the loop leaves.

    Raises:
        ShapeError, DTypeError: if a state changes its type from step to step.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> total, updates = st.scan(lambda x, total: total + x, sequences=x, outputs_info=0.0)
    >>> total.ndim
    1
    """
    if truncate_gradient != -1:
        raise UnsupportedError("scan cannot truncate gradients yet\n  hint: leave truncate_gradient=-1")
    if until is not None:
        raise UnsupportedError("scan has no until yet\n  hint: use st.while_loop")
    rows = [row for sequence in _listed(sequences) for row in _sequence_slices(sequence)]
    steps = _step_count(n_steps, rows)
    if go_backwards:
        rows = [_last_rows(row, steps) for row in rows]
    constants = [as_tensor(c) for c in _listed(non_sequences)]
    trace = _Trace(fn, rows, _listed(outputs_info), constants)
    node, outputs, updates = trace.build(steps, go_backwards)
    carries = node.attr("carries")
    results = [item(node, carries + k) for k in range(outputs)]
    if go_backwards:
        results = [_flipped(r) for r in results]
    return (results[0] if outputs == 1 and not return_list else results), updates


def _step_count(n_steps: Any, sequences: Sequence[Tensor]) -> SizeLike:
    if n_steps is not None:
        steps = as_size(n_steps)
        if isinstance(steps, int) and steps < 0:
            raise ValueError(f"scan: n_steps is negative: {steps}\n  hint: use go_backwards=True")
        return sz.maximum(steps, 0)
    if not sequences:
        raise ValueError("scan: the number of steps is unknown\n  hint: give sequences or n_steps")
    steps = sequences[0].shape[0]
    for sequence in sequences[1:]:
        steps = sz.minimum(steps, sequence.shape[0])
    return steps


def _last_rows(sequence: Tensor, steps: SizeLike) -> Tensor:
    # The count never exceeds the rows that there are: the guard of scan reports sequences that are too short.
    count = sz.minimum(sequence.shape[0], steps)
    return _rows(sequence, sz.add(sequence.shape[0], sz.mul(count, -1)), count)


class _Trace:
    """One trace of the user's function into the body of a scan."""

    def __init__(
        self, fn: Callable[..., Any], rows: Sequence[Tensor], infos: Sequence[Any], constants: Sequence[Tensor]
    ) -> None:
        self.fn, self.rows, self.constants = fn, list(rows), constants
        self.step = step_leaf()
        widths = [len(_taps(i.get("taps"), [-1])) if isinstance(i, dict) and i else int(i is not None) for i in infos]
        names = parameter_names(fn, len(rows) + sum(widths) + len(constants))
        self.elements = [
            fresh_leaf(TensorType(row.dtype, row.shape[1:]), name or row.name) for row, name in zip(rows, names)
        ]
        self.outputs = self._outputs(infos, widths, names[len(rows) :])

    def _outputs(self, infos: Sequence[Any], widths: Sequence[int], names: Sequence[str | None]) -> list[_Output]:
        outputs: list[_Output] = []
        carries = position = 0
        for k, (info, width) in enumerate(zip(infos, widths)):
            label = (names[position] if width else None) or f"output {k}"
            outputs.append(_output(info, label, carries))
            carries += outputs[-1].window[1]
            position += width
        return outputs

    def call(self, carries: Sequence[Any]) -> _Returned:
        """Call the user's function on values of the carries."""
        past = [value for output in self.outputs for value in output.arguments(carries)]
        returned = _returned(in_step(self.step, self.fn, *self.elements, *past, *self.constants))
        if self.outputs and len(returned.outputs) != len(self.outputs):
            message = (
                f"scan: the function returns {len(returned.outputs)} outputs, outputs_info has {len(self.outputs)}"
            )
            raise ShapeError(located(message, caller_sites(), "give None for an output without an initial value"))
        return returned

    def shifted(self, carries: Sequence[Any], values: Sequence[Any]) -> list[Any]:
        """The carries after a step that returned these outputs."""
        pairs = zip(self.outputs, values)
        return [new for output, value in pairs if output.taps for new in output.shifted(carries, value)]

    def states(self) -> list[State]:
        """The carries that the outputs need."""
        initials = [i for output in self.outputs for i in output.initials]
        names = [output.name for output in self.outputs for _ in output.initials]
        return make_states(names, initials, lambda values: self.shifted(values, self.call(values).outputs))

    def build(self, steps: SizeLike, reverse: bool) -> tuple[Tensor, int, Updates]:
        """The scan node, the number of outputs, and the updates of shared variables after it."""
        states = self.states()
        carries = [s.leaf for s in states]
        returned = self.call(carries)
        rows = self._rows_of(returned.outputs, states)
        new = state_results("scan", states, self.shifted(carries, rows))

        shared = list(returned.updates)
        shared_states = [State(s.name or "shared", s, fresh_leaf(s.type, s.name)) for s in shared]
        new += state_results("scan", shared_states, list(returned.updates.values()))
        leaves = carries + [s.leaf for s in shared_states]
        # Inside, a shared variable that is updated means its value in this step.
        inside = substitute([*new, *rows], dict(zip(shared, leaves[len(carries) :])))

        if reads(inside, self.step):  # something is drawn anew in each step
            self.elements.append(self.step)
            self.rows.append(iota(steps))
        closed = close_loop(inside, [*self.elements, *leaves])
        node = SCAN(
            *self.rows,
            *(s.initial for s in states + shared_states),
            *closed.values,
            body=Graph((*self.elements, *leaves, *closed.leaves), closed.outputs),
            sequences=len(self.rows),
            carries=len(leaves),
            steps=steps,
            reverse=reverse,
        )
        return node, len(rows), {s: item(node, len(carries) + k) for k, s in enumerate(shared)}

    def _rows_of(self, values: Sequence[Any], states: Sequence[State]) -> list[Tensor]:
        """The outputs as tensors, those of states with their state's type."""
        outputs = self.outputs or [_Output("output")] * len(values)
        rows = []
        for output, value in zip(outputs, values):
            if output.taps and not output.stacked:
                rows += state_results("scan", [states[output.window[0]]], [value])
            else:
                weak = output.stacked and is_weak(value)
                rows.append(as_tensor(value, states[output.window[0]].leaf.dtype if weak else None))
        return rows


# -------------------------------------------------------------------------------------------------- smaller forms
def map(
    fn: Callable[..., Any],
    sequences: Any,
    non_sequences: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
) -> tuple[Any, Updates]:
    """Apply a function to the rows of sequences; see ``scan``.

    >>> import symtensor as st
    >>> st.map(lambda row: row.sum(), st.matrix("x"))[0].ndim
    1
    """
    return scan(fn, sequences, None, non_sequences, None, truncate_gradient, go_backwards)


def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
) -> tuple[Any, Updates]:
    """Combine the rows of sequences one after the other; returns the last outputs only, the initial ones for no rows.

    >>> import symtensor as st
    >>> st.reduce(lambda row, total: total + row, st.matrix("x"), st.vector("x0"))[0].ndim
    1
    """
    rows = [row for sequence in _listed(sequences) for row in _sequence_slices(sequence)]
    infos = _listed(outputs_info)
    if any(info is None for info in infos) or not infos:
        raise ValueError("reduce: each output needs an initial value\n  hint: use st.map for outputs without a state")
    steps = _step_count(None, rows)
    if go_backwards:
        rows = [_last_rows(row, steps) for row in rows]
    trace = _Trace(fn, rows, infos, [as_tensor(c) for c in _listed(non_sequences)])
    node, _, updates = trace.build(steps, go_backwards)
    # The newest value of each output's window is its last carry.
    last = [item(node, o.window[0] + o.window[1] - 1) for o in trace.outputs]
    results = [_row(x, o.depth - 1) if o.stacked else x for x, o in zip(last, trace.outputs)]
    return (results[0] if len(results) == 1 else results), updates


def foldl(fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None) -> tuple[Any, Updates]:
    """Combine the rows of sequences from the first to the last; see ``reduce``.

    >>> import symtensor as st
    >>> st.foldl(lambda x, total: total / 2 + x, st.vector("x"), 0.0)[0].ndim
    0
    """
    return reduce(fn, sequences, outputs_info, non_sequences)


def foldr(fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None) -> tuple[Any, Updates]:
    """Combine the rows of sequences from the last to the first; see ``reduce``.

    >>> import symtensor as st
    >>> st.foldr(lambda x, total: total / 2 + x, st.vector("x"), 0.0)[0].ndim
    0
    """
    return reduce(fn, sequences, outputs_info, non_sequences, go_backwards=True)
