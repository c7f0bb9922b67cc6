"""The Plan: which nodes are computed together, what is stored, what is inlined.

A plan is a value: a tuple of steps in execution order.  A ``KernelGroup`` becomes one or more kernels; everything
else is a step of the Program.  ``str(plan)`` is the table that ``fn.explain()`` shows.
"""

from __future__ import annotations

from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Expr, LoopVar
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import Reduction
from symtensor.optimizer.guards import Guards
from symtensor.records import dataclass

GLOBAL, SCRATCH, VALUE = "stored", "scratch", "value"


@dataclass(frozen=True, eq=False)
class Compute:
    """One node computed in a sweep.

    Attributes:
        node: what is computed.
        index: the index of the element of ``node`` that an iteration (of the non-reduced loops) computes.
        value: the element, or what the reduction takes in, over ``Element`` leaves of stored nodes.
        reduced: the loop variables that a reduction folds; empty for a map.
        position: linear index in the reduced axes, for argmax; None where nothing asks for it.
        storage: ``stored`` (a buffer of its own), ``scratch`` (lives within one outer iteration), or ``value``
            (used only by the same iteration).
        fold: the reduction that folds, where it is not the node's own: the second of two passes.
    """

    node: Tensor
    index: tuple[SizeLike, ...]
    value: Expr
    reduced: tuple[LoopVar, ...] = ()
    position: SizeLike | None = None
    storage: str = GLOBAL
    fold: Reduction | None = None


@dataclass(frozen=True, eq=False)
class Sweep:
    """One loop nest inside an outer iteration; all its computes share the loops ``inner``."""

    inner: tuple[LoopVar, ...]
    computes: tuple[Compute, ...]


@dataclass(frozen=True, eq=False)
class KernelGroup:
    """Sweeps that run one after the other for each iteration of the shared outer loops."""

    outer: tuple[LoopVar, ...]
    sweeps: tuple[Sweep, ...]

    @property
    def nodes(self) -> tuple[Tensor, ...]:
        """What it computes, in order."""
        return tuple(c.node for s in self.sweeps for c in s.computes)

    def __str__(self) -> str:
        outer = ", ".join(f"{v.label}<{v.extent}" for v in self.outer) or "once"
        lines = [f"kernel over {outer}"]
        for sweep in self.sweeps:
            inner = ", ".join(f"{v.label}<{v.extent}" for v in sweep.inner)
            for c in sweep.computes:
                reduced = f" reduces {', '.join(v.label for v in c.reduced)}" if c.reduced else ""
                lines.append(f"  [{inner}] {c.node.name or c.node.op.name}: {c.node.type} ({c.storage}){reduced}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class CheckStep:
    """All values of an index tensor lie within an axis; runs before anything that uses them."""

    index: Tensor
    extent: SizeLike
    group: KernelGroup
    on_behalf: Tensor

    @property
    def nodes(self) -> tuple[Tensor, ...]:
        """Nothing: a check stores nothing."""
        return ()

    def __str__(self) -> str:
        return f"check {self.index.name or self.index.op.name} against an axis of size {self.extent}"


@dataclass(frozen=True, eq=False)
class NodeStep:
    """A node that is a step of its own: contraction, scatter, library routine, loop or branch, view."""

    kind: str
    node: Tensor
    group: KernelGroup | None = None  # the fused update rows of a scatter

    @property
    def nodes(self) -> tuple[Tensor, ...]:
        """The one node."""
        return (self.node,)

    def __str__(self) -> str:
        return f"{self.kind} {self.node.op.name}: {self.node.type}"


PlanStep = KernelGroup | CheckStep | NodeStep


@dataclass(frozen=True, eq=False)
class Plan:
    """What is computed together, in execution order.

    Attributes:
        graph: the optimised graph.
        guards: conditions on sizes, checked first.
        steps: in execution order.
        stored: nodes that have a buffer of their own.
    """

    graph: Graph
    guards: Guards
    steps: tuple[PlanStep, ...]
    stored: frozenset[Tensor]

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))
