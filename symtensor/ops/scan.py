"""``scan`` with Theano's meaning, and its smaller forms ``map``, ``reduce``, ``foldl``, ``foldr`` and ``cumulative``.

A state with several taps is a window of its past values that shifts by one each step; a shared variable that the body
updates is one more state.  Both end up as carries of the op ``scan`` (see ``control.py``).

Reference: Theano's documentation of ``scan``, https://theano-pymc.readthedocs.io/en/latest/library/scan.html.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.node import Tensor, TensorType, caller_sites
from symtensor.ir.size import SizeLike
from symtensor.ops.closing import close_loop
from symtensor.ops.creation import iota
from symtensor.ops.declare import as_tensor
from symtensor.ops.loop_forms import (
    Looped,
    Traced,
    all_steps,
    checkpoint_interval,
    flipped,
    row_of,
    rows_of,
    stepwise,
    truncated,
    until_condition,
    until_holds,
)
from symtensor.ops.scan_arguments import (
    Output,
    Returned,
    Updates,
    listed,
    read_output,
    read_results,
    read_taps,
    sequence_slices,
)
from symtensor.ops.shapes import as_size
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
    until: Callable[..., Any] | None = None,
    checkpoint: int | str | None = None,
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
        truncate_gradient: derivatives go back through so many of the last steps only (truncated backpropagation): the
            states before them are held constant, and only those steps are stored.  -1 takes all.
        go_backwards: read the sequences from their ends.
        return_list: return a list also for a single output.
        until: a condition called with the outputs of a step, ``until(*outputs)``, that gives a bool scalar.  The loop
            ends after the first step in which it holds; ``n_steps`` is then the most that may be taken.  The function
            may return ``st.until(condition)`` as its last value instead.
        checkpoint: how much a derivative stores.  By default the states of all steps; with an int n those of each n-th
            step, from which the others are computed once more, n at a time; with ``"sqrt"`` n is about the square root
            of the number of steps, so that memory is, too.

    With ``until`` the number of steps is known when the loop has ended.  A derivative that is truncated or checkpointed
    then runs the steps once more, so it takes the time of the loop twice; without a derivative the loop runs once.

    Returns:
        The outputs of all steps (a list if there are several, in the order of the steps), and the updates of shared
        variables that the loop leaves.

    Raises:
        ShapeError, DTypeError: if a state changes its type from step to step, or a condition is no bool scalar.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> total, updates = st.scan(lambda x, total: total + x, sequences=x, outputs_info=0.0)
    >>> total.ndim
    1
    """
    if truncate_gradient < 1 and truncate_gradient != -1:
        raise ValueError(f"scan: truncate_gradient must be -1 or a positive number of steps, not {truncate_gradient}")
    rows = [row for sequence in listed(sequences) for row in sequence_slices(sequence)]
    steps = _step_count(n_steps, rows)
    if go_backwards:
        rows = [_last_rows(row, steps) for row in rows]
    constants = [as_tensor(c) for c in listed(non_sequences)]
    every = checkpoint_interval(checkpoint, steps)
    last = None if truncate_gradient == -1 else truncate_gradient
    trace = _Trace(fn, rows, listed(outputs_info), constants, until)
    traced = trace.trace(steps, go_backwards)
    if trace.stop is not None:
        looped = until_holds(traced, steps, last, checkpoint)
    elif last is not None:
        looped = truncated(traced, steps, last, every)
    else:
        looped = stepwise(traced, steps, every)
    results = looped.rows if not go_backwards or trace.stop is not None else [flipped(r) for r in looped.rows]
    return (results[0] if len(results) == 1 and not return_list else results), trace.updates(looped)


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
    return rows_of(sequence, sz.add(sequence.shape[0], sz.mul(count, -1)), count)


class _Trace:
    """One trace of the user's function into the body of a scan.

    Attributes:
        outputs: what is known of the outputs before the trace.
        stop: the condition that ends the loop, None without one; the last row of the body.
        shared: the shared variables that the function updates; they are the last carries.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        rows: Sequence[Tensor],
        infos: Sequence[Any],
        constants: Sequence[Tensor],
        until: Callable[..., Any] | None = None,
    ) -> None:
        self.fn, self.rows, self.constants, self.until = fn, list(rows), constants, until
        self.stop: Tensor | None = None
        self.shared: list[Tensor] = []
        widths = [
            len(read_taps(i.get("taps"), [-1])) if isinstance(i, dict) and i else int(i is not None) for i in infos
        ]
        self.step = step_leaf()
        names = parameter_names(fn, len(rows) + sum(widths) + len(constants))
        self.elements = [
            fresh_leaf(TensorType(row.dtype, row.shape[1:]), name or row.name) for row, name in zip(rows, names)
        ]
        self.outputs = self._outputs(infos, widths, names[len(rows) :])

    def _outputs(self, infos: Sequence[Any], widths: Sequence[int], names: Sequence[str | None]) -> list[Output]:
        outputs: list[Output] = []
        carries = position = 0
        for k, (info, width) in enumerate(zip(infos, widths)):
            label = (names[position] if width else None) or f"output {k}"
            outputs.append(read_output(info, label, carries))
            carries += outputs[-1].window[1]
            position += width
        return outputs

    def call(self, carries: Sequence[Any]) -> Returned:
        """Call the user's function on values of the carries."""
        past = [value for output in self.outputs for value in output.arguments(carries)]
        returned = read_results(in_step(self.step, self.fn, *self.elements, *past, *self.constants))
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

    def trace(self, steps: SizeLike, reverse: bool) -> Traced:
        """The body, with what it is given."""
        states = self.states()
        carries = [s.leaf for s in states]
        returned = self.call(carries)
        rows = self._rows_of(returned.outputs, states)
        new = state_results("scan", states, self.shifted(carries, rows))
        self.stop = self._stop(returned, rows)

        self.shared = list(returned.updates)
        shared_states = [State(s.name or "shared", s, fresh_leaf(s.type, s.name)) for s in self.shared]
        new += state_results("scan", shared_states, list(returned.updates.values()))
        leaves = carries + [s.leaf for s in shared_states]
        # Inside, a shared variable that is updated means its value in this step.
        stop = [] if self.stop is None else [self.stop]
        inside = substitute([*new, *rows, *stop], dict(zip(self.shared, leaves[len(carries) :])))

        if reads(inside, self.step):  # something is drawn anew in each step
            self.elements.append(self.step)
            self.rows.append(iota(steps))
        closed = close_loop(inside, [*self.elements, *leaves])
        return Traced(
            tuple(self.rows),
            tuple(s.initial for s in states + shared_states),
            closed.values,
            Graph((*self.elements, *leaves, *closed.leaves), closed.outputs),
            reverse,
        )

    def _stop(self, returned: Returned, rows: Sequence[Tensor]) -> Tensor | None:
        if self.until is None:
            return None if returned.stop is None else until_condition("scan", returned.stop)
        if returned.stop is not None:
            raise ValueError("scan: the function returns st.until, and until= is given as well\n  hint: give one")
        return until_condition("scan", in_step(self.step, self.until, *rows))

    def updates(self, looped: Looped) -> Updates:
        """The updates of shared variables that a loop leaves."""
        return dict(zip(self.shared, looped.finals[len(looped.finals) - len(self.shared) :]))

    def _rows_of(self, values: Sequence[Any], states: Sequence[State]) -> list[Tensor]:
        """The outputs as tensors, those of states with their state's type."""
        outputs = self.outputs or [Output("output")] * len(values)
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
    rows = [row for sequence in listed(sequences) for row in sequence_slices(sequence)]
    infos = listed(outputs_info)
    if any(info is None for info in infos) or not infos:
        raise ValueError("reduce: each output needs an initial value\n  hint: use st.map for outputs without a state")
    steps = _step_count(None, rows)
    if go_backwards:
        rows = [_last_rows(row, steps) for row in rows]
    trace = _Trace(fn, rows, infos, [as_tensor(c) for c in listed(non_sequences)])
    traced = trace.trace(steps, go_backwards)
    if trace.stop is not None:
        looped = until_holds(traced, steps)
    else:
        looped = all_steps(traced, steps)
    # The newest value of each output's window is its last carry.
    last = [looped.finals[o.window[0] + o.window[1] - 1] for o in trace.outputs]
    results = [row_of(x, o.depth - 1) if o.stacked else x for x, o in zip(last, trace.outputs)]
    return (results[0] if len(results) == 1 else results), trace.updates(looped)


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


def cumulative(
    fn: Callable[..., Any],
    sequences: Any,
    outputs_info: Any,
    non_sequences: Any = None,
    go_backwards: bool = False,
) -> tuple[Any, Updates]:
    """Combine the rows of sequences one after the other; returns the outputs of all steps, where ``reduce`` returns the
    last ones.

    >>> import symtensor as st
    >>> st.cumulative(lambda x, largest: st.maximum(x, largest), st.vector("x"), 0.0)[0].ndim
    1
    """
    infos = listed(outputs_info)
    if any(info is None for info in infos) or not infos:
        raise ValueError("cumulative: each output needs an initial value\n  hint: use st.map for outputs without one")
    return scan(fn, sequences, infos, non_sequences, go_backwards=go_backwards)
