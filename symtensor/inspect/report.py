"""The compile report: seconds of each phase of one compilation, and whether the object was in the cache."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import field
from pathlib import Path

from symtensor.records import dataclass

PHASES = {
    "collect": "checks of inputs and updates; leaves and guards",
    "plan": "the key of the graph, and looking for its plan in the cache",
    "optimise": "rewriting",
    "generate": "fusion, lowering, scheduling, buffers, printing",
    "compiler": "the C compiler, or finding its result in the cache",
    "load": "loading the object, resolving library functions, device kernels",
}


@dataclass
class CompileReport:
    """Seconds of each phase of one compilation.

    Attributes:
        seconds: by phase, in the order in which they ran.
        total: from the call of ``compile`` to its return.
        cache_hit: whether the compiler did not have to run.
        path: where the source was kept.

    >>> report = CompileReport({"collect": 0.001, "optimise": 0.019}, total=0.02)
    >>> report.optimise
    0.019
    """

    seconds: dict[str, float] = field(default_factory=dict)
    total: float = 0.0
    cache_hit: bool = False
    path: Path | None = None

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the time of a ``with`` block to a phase."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def __getattr__(self, name: str) -> float:
        if name in PHASES:
            return self.seconds.get(name, 0.0)
        raise AttributeError(name)

    def __str__(self) -> str:
        rows = [f"{name:10s} {1e3 * spent:9.1f} ms   {PHASES.get(name, '')}" for name, spent in self.seconds.items()]
        rows.append(f"{'total':10s} {1e3 * self.total:9.1f} ms")
        rows.append(f"cache hit  {'yes' if self.cache_hit else 'no'}")
        return "\n".join([*rows, f"source     {self.path or 'not kept'}"])

    __repr__ = __str__
