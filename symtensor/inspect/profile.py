"""Where the time of a call goes: each step with time, memory traffic, arithmetic, and the machine's limit."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from symtensor.inspect.explain import site_text
from symtensor.inspect.tables import columns
from symtensor.ir.node import Site
from symtensor.records import dataclass
from symtensor.runtime.roofline import Roofline


@dataclass(frozen=True)
class ProfileRow:
    """All runs of one step in one call.

    Attributes:
        name: of the kernel, matrix product, library routine or, on the interpreter, operation.
        kind: ``kernel``, ``matrix product``, ``library``, ``copy``, ``callback`` or ``operation``.
        computes: names of the nodes.
        runs: how often it ran: more than once inside a loop.
        seconds: of all runs together.
        read: bytes that one run reads; None where sizes are found on the way.
        written: bytes that one run writes.
        flops: floating-point operations of one run; None for a library routine too.
        itemsize: bytes of the widest floating-point number that it computes.
        sites: user lines.
        least: seconds that the machine needs at least for all runs; None where that is not known.
    """

    name: str
    kind: str
    computes: tuple[str, ...]
    runs: int
    seconds: float
    read: int | None = None
    written: int | None = None
    flops: int | None = None
    itemsize: int = 8
    sites: tuple[Site, ...] = ()
    least: float | None = None

    @property
    def bytes(self) -> int | None:
        """Bytes read and written by one run."""
        return None if self.read is None or self.written is None else self.read + self.written

    @property
    def bytes_per_second(self) -> float | None:
        """Memory traffic, each buffer counted once."""
        return self._rate(self.bytes)

    @property
    def flops_per_second(self) -> float | None:
        """Arithmetic; a function such as ``exp`` counts as one operation."""
        return self._rate(self.flops)

    @property
    def roofline(self) -> float | None:
        """Share of the roofline: the least time that the machine needs, divided by the time taken."""
        return self.least / self.seconds if self.least is not None and self.seconds > 0 else None

    @property
    def line(self) -> str:
        """The user's line as ``file:line``."""
        return f"{os.path.basename(self.sites[0][0])}:{self.sites[0][1]}" if self.sites else ""

    def _rate(self, amount: int | None) -> float | None:
        return amount * self.runs / self.seconds if amount is not None and self.seconds > 0 else None


@dataclass(frozen=True)
class Event:
    """One run of a step: number of its row, begin and end in nanoseconds after the begin of the call's steps."""

    row: int
    begin: int
    end: int


@dataclass(frozen=True)
class Profile:
    """One call, the fastest of some: prints as a table, the longest step first.

    Attributes:
        name: of the function.
        target: where it ran.
        threads: that it may use.
        calls: that were made, the first one to warm up included.
        seconds: of the call, as its caller sees it.
        inside: seconds of the entry: all steps, sizes, memory, and the notes of the profile themselves.
        rows: the steps in order of their place in the function.
        events: the first runs of steps in order of time.
        roof: what this machine can do at most; None on a device and on the interpreter.
    """

    name: str
    target: str
    threads: int
    calls: int
    seconds: float
    inside: float
    rows: tuple[ProfileRow, ...]
    events: tuple[Event, ...]
    roof: Roofline | None = None

    @property
    def longest(self) -> list[ProfileRow]:
        """The rows, the longest first."""
        return sorted(self.rows, key=lambda row: -row.seconds)

    def chrome_trace(self, path: str | os.PathLike[str]) -> None:
        """Write the events as a trace for chrome://tracing or ui.perfetto.dev.

        Args:
            path: of the JSON file.

        Raises:
            OSError: if it cannot be written.
        """
        common = {"ph": "X", "pid": 1, "tid": 1}
        whole = {"name": self.name, "cat": "call", "ts": 0.0, "dur": self.inside * 1e6, "args": {"target": self.target}}
        trace = [{**whole, **common}]
        for event in self.events:
            row = self.rows[event.row]
            about = {
                "computes": ", ".join(row.computes),
                "bytes": row.bytes,
                "flops": row.flops,
                "line": site_text(row.sites),
            }
            times = {"ts": event.begin / 1e3, "dur": (event.end - event.begin) / 1e3}
            shown = {k: v for k, v in about.items() if v not in (None, "")}
            trace.append({"name": row.name, "cat": row.kind, **times, "args": shown, **common})
        Path(path).write_text(json.dumps({"traceEvents": trace, "displayTimeUnit": "ns"}), encoding="utf-8")

    def __str__(self) -> str:
        steps = sum(row.seconds for row in self.rows)
        return "\n".join(
            [
                f"{self.name}: {_time(self.seconds)} a call, the fastest of {self.calls}; target {self.target}",
                f"{_time(steps)} in steps, {_time(max(0.0, self.inside - steps))} between them, "
                f"{_time(max(0.0, self.seconds - self.inside))} around them",
                *([columns(_HEAD, [_cells(row, self.seconds) for row in self.longest], range(1, 7))] * bool(self.rows)),
                *([f"roofline of {self.roof}"] if self.roof else []),
            ]
        )

    __repr__ = __str__


_HEAD = ("step", "time", "share", "runs", "GB/s", "GFLOP/s", "roofline", "computes", "at")
_MOST_NAMES = 4


def _cells(row: ProfileRow, whole: float) -> Sequence[str]:
    names = ", ".join(row.computes[:_MOST_NAMES]) + ", ..." * (len(row.computes) > _MOST_NAMES)
    return (
        row.name,
        _time(row.seconds),
        _percent(row.seconds / whole if whole else None),
        str(row.runs),
        _giga(row.bytes_per_second),
        _giga(row.flops_per_second),
        _percent(row.roofline),
        names,
        row.line,
    )


def _giga(rate: float | None) -> str:
    return "-" if rate is None else f"{rate / 1e9:.1f}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _time(seconds: float) -> str:
    """Seconds as people read them.

    >>> _time(0.0123)
    '12.30 ms'
    """
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if seconds * factor >= 1:
            return f"{seconds * factor:.2f} {unit}"
    return f"{seconds * 1e6:.2f} us"
