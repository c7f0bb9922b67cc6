"""Options of one compilation: a frozen value that is passed along, never global state."""

from __future__ import annotations

import os
from dataclasses import field

from symtensor.records import dataclass

TARGETS = ("c", "numpy", "opencl", "cuda", "cuda-shim", "null")


def _debug_from_environment() -> frozenset[str]:
    return frozenset(filter(None, map(str.strip, os.environ.get("SYMTENSOR_DEBUG", "").split(","))))


@dataclass(frozen=True)
class Options:
    """How one graph is compiled.

    Attributes:
        target: where it runs: ``"c"``, ``"numpy"`` (the reference interpreter), ``"opencl"``, ``"cuda"``,
            ``"cuda-shim"`` (CUDA source run on the host, for tests) or ``"null"`` (everything but the launch).
        threads: most threads that a call uses; ``None`` takes all that this process may use.
        exclude: names of rewrite rules or stages that are switched off.
        rules: additional rewrite rules, run in the last stage.
        accuracy: classes of rewrites that may fire.
        fma: whether a product with one use may be fused with an addition (one rounding instead of two).
        schedules: schedule steps of kernels by name, in place of the heuristic's choice.
        memory_limit: a ``symtensor.optimizer.recompute.MemoryLimit``, or ``None``.
        profile: whether the entry notes when each of its steps ran.
        verify: whether the verifiers run between all passes.
        debug: stages that print themselves.
    """

    target: str = "c"
    threads: int | None = None
    exclude: frozenset[str] = frozenset()
    rules: tuple[object, ...] = ()
    accuracy: frozenset[str] = frozenset({"exact", "better"})
    fma: bool = True
    schedules: tuple[tuple[str, tuple[object, ...]], ...] = ()
    memory_limit: object | None = None
    profile: bool = False
    verify: bool = field(default_factory=lambda: bool(os.environ.get("SYMTENSOR_VERIFY")))
    debug: frozenset[str] = field(default_factory=_debug_from_environment)

    def __post_init__(self) -> None:
        if self.target not in TARGETS:
            raise ValueError(f"unknown target {self.target!r}\n  hint: targets are {', '.join(TARGETS)}")
