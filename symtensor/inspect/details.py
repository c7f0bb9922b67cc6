"""What a compiled function carries beyond the call: every form that its graph took, as views made when asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

from symtensor.inspect.report import CompileReport
from symtensor.ir.graph import Graph
from symtensor.ir.text import graph_text
from symtensor.records import dataclass

if TYPE_CHECKING:
    import networkx

    from symtensor.codegen.pipeline import Generated
    from symtensor.inspect.explain import Explanation, ScheduleTable
    from symtensor.inspect.kernels import KernelTable
    from symtensor.inspect.memory import MemoryPlan
    from symtensor.inspect.sizes import SizeBinder
    from symtensor.ir.trace import Trace
    from symtensor.optimizer.guards import Guards


class GraphView:
    """A graph that prints as typed text, one equation a line, and converts for other tools."""

    def __init__(self, graph: Graph, name: str = "graph") -> None:
        self.graph = graph
        self.name = name

    def __str__(self) -> str:
        return graph_text(self.graph)

    __repr__ = __str__

    def __len__(self) -> int:
        return len(self.graph.nodes())

    def to_networkx(self, *, bodies: bool = False) -> networkx.MultiDiGraph:
        """The graph as a ``networkx.MultiDiGraph``; see ``symtensor.ir.export.to_networkx``."""
        from symtensor.ir.export import to_networkx

        return to_networkx(self.graph, bodies=bodies)

    def to_dot(self) -> str:
        """The graph as Graphviz text."""
        from symtensor.ir.export import to_dot

        return to_dot(self.graph, self.name)

    def _repr_svg_(self) -> str:
        """What a notebook shows."""
        from symtensor.inspect.svg import picture

        return picture(self.graph).standalone()


_FORMS = ("optimised", "trace", "guards", "generated")


@dataclass
class Details:
    """Attributes of a compiled function beyond the call.

    Attributes:
        name: given by the user.
        target: where it runs.
        original: the graph as the user wrote it.
        optimised: after rewriting.
        trace: all rewrites.
        compile_report: seconds of each phase.
        guards: checked at each call.
        generated: plan, program and source; None on the interpreter.
        device: the device it runs on, if any.
        late: makes ``optimised``, ``trace``, ``guards`` and ``generated`` for a function whose plan was in the cache,
            when one of them is first asked for.
    """

    name: str
    target: str
    original: Graph
    optimised: Graph
    trace: Trace
    compile_report: CompileReport
    guards: Guards
    generated: Generated | None = field(default_factory=lambda: None)
    device: Any = None
    late: Callable[[], dict[str, Any]] | None = None

    def __post_init__(self) -> None:
        if self.late is not None:
            for name in _FORMS:
                del self.__dict__[name]

    def __getattr__(self, name: str) -> Any:
        late = self.__dict__.get("late") if name in _FORMS else None
        if late is None:
            raise AttributeError(name)
        self.__dict__.update(late())
        return self.__dict__[name]

    @property
    def graph(self) -> GraphView:
        """The optimised graph."""
        return GraphView(self.optimised, self.name)

    @property
    def source(self) -> str:
        """The generated source: the device's where there is one, then the host's without the ABI that opens it."""
        if self.generated is None:
            return ""
        from symtensor.codegen.pipeline import abi_text

        made = self.generated.source
        return "\n".join(filter(None, (made.device, made.text.removeprefix(abi_text()).lstrip("\n"))))

    @property
    def kernels(self) -> KernelTable:
        """What was fused: one row a kernel with its loops, memory traffic and arithmetic."""
        from symtensor.inspect.kernels import kernel_table

        return kernel_table(self.generated.program if self.generated else None, self._binder())

    @property
    def schedule(self) -> ScheduleTable:
        """The schedule steps of each kernel group."""
        from symtensor.inspect.explain import ScheduleTable

        log = self.generated.builder.log if self.generated else []
        return ScheduleTable((name, steps) for name, steps, *_ in log)

    @property
    def memory(self) -> MemoryPlan:
        """The arena, which temporaries share memory in it, scratch, outputs and the peak."""
        from symtensor.inspect.memory import MemoryPlan, memory_plan

        if self.generated is None:
            return MemoryPlan((), 0, 0, ())
        made, on_device = self.generated, self.target != "c"
        return memory_plan(made.program, made.source.layout, on_device, self._binder(), self._workers())

    @property
    def cache_hit(self) -> bool:
        """Whether the object was found in the cache."""
        return self.compile_report.cache_hit

    def explain(self) -> Explanation:
        """Each rewrite with rule, before, after and the user's line; then the plan, the schedule and library calls."""
        from symtensor.inspect.explain import explanation

        story = explanation(self.trace)
        if self.generated is None:
            return story
        made, schedule = self.generated, self.schedule
        return replace(
            story,
            plan=made.plan,
            program=made.program,
            schedule=schedule,
            host_steps=tuple(made.source.host_steps),
            products=made.source.products,
        )

    def _workers(self) -> int:
        """Threads that a call uses."""
        from symtensor.runtime import native

        return native.workers()

    def _binder(self) -> SizeBinder:
        from symtensor.inspect.sizes import SizeBinder

        return SizeBinder(self.original.inputs, self.guards)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{i.name or 'input'}: {i.type}" for i in self.original.inputs if i.op.name == "input")
        results = ", ".join(str(o.type) for o in self.original.outputs)
        return f"<symtensor function {self.name}({inputs}) -> {results or 'nothing'}, target {self.target}>"
