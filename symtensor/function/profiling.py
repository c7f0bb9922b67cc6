"""``fn.profile``: a second, instrumented compilation of a function, some calls of it, and what their logs say.

Native code is compiled with a clock around its steps (``symtensor.codegen.timing``); on a device each step waits until
the device is done.  The interpreter is watched operation by operation.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from symtensor.codegen.program import Copy, HostCall, Program, Step
from symtensor.codegen.timing import EVENTS, TOTALS
from symtensor.function.variables import SharedVariable
from symtensor.inspect.kernels import KernelRow, step_row
from symtensor.inspect.profile import Event, Profile, ProfileRow
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.size import Atom
from symtensor.ops.reference import bind_sizes
from symtensor.records import dataclass
from symtensor.runtime import native
from symtensor.runtime.roofline import Roofline, roofline

CALLS = 50  # at most
SECONDS = 0.5  # after which no further call is begun
FEWEST = 3
Sizes = Mapping[Atom, int]


class Log(Protocol):
    """What one call of an instrumented function leaves behind."""

    def clear(self) -> None:
        """Forget the last call."""

    def keep(self) -> None:
        """Set the last call aside for ``read``, in place of an earlier one."""

    def read(self, sizes: Sizes) -> tuple[list[ProfileRow], list[Event], float]:
        """Of the call set aside: rows, events, and the seconds from the first step to the last."""


@dataclass(frozen=True)
class Timing:
    """How an instrumented function is profiled.

    Attributes:
        log: it writes there at each call.
        leaves: inputs, then shared variables.
        convert: from flat arguments to the arrays of the inputs.
    """

    log: Log
    leaves: tuple[Tensor, ...]
    convert: Callable[[tuple[Any, ...], dict[str, Any]], tuple[np.ndarray, ...]]


class StepLog:
    """The log of native code; see ``symtensor.codegen.timing`` for what lies where.

    Args:
        program: what was compiled.
        steps: those that are timed, by number.
    """

    def __init__(self, program: Program, steps: tuple[Step, ...]) -> None:
        self._program, self._steps = program, steps
        self.array = np.zeros(TOTALS + 2 * len(steps), np.int64)
        self._kept = self.array

    def clear(self) -> None:
        """Forget the last call."""
        self.array[:3] = 0
        self.array[TOTALS:] = 0

    def keep(self) -> None:
        """Set the last call aside."""
        self._kept = self.array.copy()

    def read(self, sizes: Sizes) -> tuple[list[ProfileRow], list[Event], float]:
        """Of the call set aside: rows, events, and the seconds from the first step to the last."""
        count, begin, end = map(int, self._kept[:3])
        totals = self._kept[TOTALS:].reshape(-1, 2).tolist()
        place: dict[int, int] = {}
        rows: list[ProfileRow] = []
        for number, (runs, nanoseconds) in enumerate(totals):
            if runs:
                place[number] = len(rows)
                rows.append(self._row(self._steps[number], runs, nanoseconds / 1e9, sizes))
        noted = self._kept[3 : 3 + 3 * min(count, EVENTS)].reshape(-1, 3).tolist()
        return rows, [Event(place[n], b - begin, e - begin) for n, b, e in noted], (end - begin) / 1e9

    def _row(self, step: Step, runs: int, seconds: float, sizes: Sizes) -> ProfileRow:
        found = step_row(step, self._program.storages)
        if found is not None:
            return _measured(found.at(sizes), runs, seconds)
        if isinstance(step, Copy):
            moved = _known(sz.substitute(sz.mul(step.elements, step.dtype.itemsize), sizes))
            return ProfileRow(f"copy to {step.target}", "copy", (), runs, seconds, moved, moved, 0)
        assert isinstance(step, HostCall)
        name = step.node.name or step.node.op.name
        return ProfileRow(name, "callback", (name,), runs, seconds, sites=step.node.sites)


def _known(size: sz.SizeLike) -> int | None:
    return size if isinstance(size, int) else None


def _measured(row: KernelRow, runs: int, seconds: float) -> ProfileRow:
    flops = None if row.kind == "library" else _known(row.flops)
    types = [t for node in row.nodes for t in (node.type if isinstance(node.type, tuple) else (node.type,))]
    widths = [t.dtype.itemsize // (2 if t.dtype.kind == "c" else 1) for t in types if t.dtype.kind in "fc"]
    sites = next((node.sites for node in reversed(row.nodes) if node.sites), ())
    return ProfileRow(
        row.name, row.kind, row.computes, runs, seconds, _known(row.read), _known(row.written), flops,
        max(widths, default=8), sites,
    )  # fmt: skip


class OperationLog:
    """The log of the interpreter: the time since the operation before, in loops and branches too."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Forget the last call."""
        self._last = self._begin = time.perf_counter_ns()
        self._nodes: dict[Tensor, int] = {}
        self._spent: list[list[int]] = []
        self._bytes: list[tuple[int, int]] = []
        self._events: list[Event] = []

    def __call__(self, node: Tensor, value: Any, operands: Any) -> None:
        """Note a value that the interpreter has just computed."""
        now = time.perf_counter_ns()
        if operands is not None:
            row = self._nodes.setdefault(node, len(self._nodes))
            if row == len(self._spent):
                self._spent.append([0, 0])
                self._bytes.append((_nbytes(operands), _nbytes(value if isinstance(value, tuple) else (value,))))
            self._spent[row][0] += 1
            self._spent[row][1] += now - self._last
            if len(self._events) < EVENTS:
                self._events.append(Event(row, self._last - self._begin, now - self._begin))
        self._last = time.perf_counter_ns()

    def keep(self) -> None:
        """Set the last call aside; ``clear`` makes new lists."""
        self._kept = (self._nodes, self._spent, self._bytes, self._events, self._last - self._begin)

    def read(self, sizes: Sizes) -> tuple[list[ProfileRow], list[Event], float]:
        """Of the call set aside: rows, events, and the seconds from the beginning to the last operation."""
        nodes, spent, moved, events, inside = self._kept
        rows = []
        for node, (runs, nanoseconds), (read, written) in zip(nodes, spent, moved):
            name = node.name or node.op.name
            rows.append(
                ProfileRow(node.op.name, "operation", (name,), runs, nanoseconds / 1e9, read, written, sites=node.sites)
            )
        return rows, events, inside / 1e9


def _nbytes(values: Any) -> int:
    return sum(getattr(value, "nbytes", 0) for value in values)


def profile(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Profile:
    """Call an instrumented function some times and report the fastest call.

    Args:
        function: compiled with ``mode="profile"``.
        args: positional arguments of the call.
        kwargs: keyword arguments.
    """
    details = function.details
    timing, recipe = details.timing, details.recipe
    flat = (args, kwargs) if recipe.inputs.flat else (recipe.inputs.flatten(args, kwargs), {})
    inputs = timing.convert(*flat)
    best = float("inf")
    variables = [leaf for leaf in timing.leaves if isinstance(leaf, SharedVariable)]
    before = {v: v.get_value() for v in variables}
    sizes = bind_sizes(dict(zip(timing.leaves, inputs)) | before)
    calls, start = 0, time.perf_counter()
    with _alone:
        try:
            while calls < FEWEST or (calls < CALLS and time.perf_counter() - start < SECONDS):
                timing.log.clear()
                began = time.perf_counter()
                function(*args, **kwargs)
                seconds = time.perf_counter() - began
                calls += 1
                if calls > 1 and seconds < best:
                    best = seconds
                    timing.log.keep()
            rows, events, inside = timing.log.read(sizes)
        finally:
            for variable, value in before.items():
                variable.set_value(value)
    # Without the extension one thread does all the work.
    threads = min(recipe.options["threads"] or native.workers(), native.workers()) if native.EXTENSION else 1
    roof = roofline(threads) if details.target == "c" else None
    rows = [replace(row, least=_least(row, roof)) for row in rows]
    return Profile(
        details.name, details.target, threads, calls, best, inside, tuple(rows), tuple(events), roof
    )  # fmt: skip


_alone = threading.Lock()  # two profiles at once would measure each other, and share a log


def _least(row: ProfileRow, roof: Roofline | None) -> float | None:
    if roof is None or row.read is None or row.written is None or row.flops is None:
        return None
    return row.runs * roof.seconds(row.read, row.written, row.flops, row.itemsize)
