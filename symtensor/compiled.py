"""What a compilation leaves behind for inspection: the graphs, the trace, the plan, the source, the times."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from symtensor.ir.graph import Graph
from symtensor.ir.text import graph_text


@dataclass
class CompileReport:
    """Seconds of each phase of one compilation, and whether the object was found in the cache.

    Attributes:
        collect: finding leaves and guards.
        optimise: rewriting.
        generate: fusion, lowering, scheduling, printing.
        compiler: the C compiler, or finding its result in the cache.
        total: from the call of ``compile`` to its return.
        cache_hit: whether the compiler did not have to run.
        path: where the source was kept.
    """

    collect: float = 0.0
    optimise: float = 0.0
    generate: float = 0.0
    compiler: float = 0.0
    total: float = 0.0
    cache_hit: bool = False
    path: Path | None = None

    def __str__(self) -> str:
        phases = ("collect", "optimise", "generate", "compiler", "total")
        lines = [f"{name:10s} {1e3 * getattr(self, name):8.1f} ms" for name in phases]
        return "\n".join([*lines, f"cache hit  {self.cache_hit}", f"source     {self.path}"])


class GraphView:
    """The optimised graph: prints as typed text, converts to networkx."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __str__(self) -> str:
        return graph_text(self.graph)

    __repr__ = __str__

    def to_networkx(self) -> Any:
        """The graph as a ``networkx.MultiDiGraph``; edges run from operands to users."""
        from symtensor.ir.export import to_networkx

        return to_networkx(self.graph.outputs)


@dataclass
class Details:
    """Attributes of a compiled function beyond the call.

    Attributes:
        name: given by the user.
        original: the graph as the user wrote it.
        optimised: after rewriting.
        trace: all rewrites.
        compile_report: seconds of each phase.
        guards: checked at each call.
        generated: plan, program and source; None on the interpreter.
        device: the device it runs on, if any.
    """

    name: str
    original: Graph
    optimised: Graph
    trace: Any
    compile_report: CompileReport
    guards: Any
    generated: Any = None
    device: Any = field(default=None)

    @property
    def graph(self) -> GraphView:
        """The optimised graph."""
        return GraphView(self.optimised)

    @property
    def source(self) -> str:
        """The generated source: the device's where there is one, then the host's without the ABI header."""
        if self.generated is None:
            return ""
        source = self.generated.source
        return "\n".join(filter(None, (source.device, source.text)))

    @property
    def kernels(self) -> Any:
        """What was fused: one row a kernel with its loops, memory traffic and arithmetic."""
        from symtensor.kernels import kernel_table

        return kernel_table(self.generated)

    @property
    def schedule(self) -> str:
        """The schedule steps of each kernel group."""
        if self.generated is None:
            return "interpreted: no schedule"
        rows = [f"{name}: {', '.join(map(repr, steps))}" for name, steps, _ in self.generated.builder.log]
        return "\n".join(rows) or "no kernels"

    @property
    def memory(self) -> str:
        """The buffer plan: which temporaries share memory, and the size of the arena."""
        return str(self.generated.source.layout) if self.generated is not None else "interpreted: NumPy allocates"

    @property
    def cache_hit(self) -> bool:
        """Whether the object was found in the cache."""
        return self.compile_report.cache_hit

    def explain(self) -> str:
        """Each rewrite with rule, before, after and the user's line; then what was computed together, and why."""
        parts = ["rewrites", str(self.trace) or "  none"]
        if self.generated is not None:
            parts += ["", "plan", str(self.generated.plan), "", "schedule", self.schedule]
            library = self.generated.source.library
            if library:
                parts += ["", f"library functions: {', '.join(library)}"]
        return "\n".join(parts)
