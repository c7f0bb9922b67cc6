"""A kernel group on its way to the loop language: where its elements lie, and the statements of its parts.

In comes a ``KernelGroup`` over elements of nodes and a ``Memory`` that knows where stored nodes lie.  The statements
follow the schedule's steps and decide nothing themselves; ``symtensor.codegen.lower`` puts them together.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import field

import numpy as np

from symtensor.codegen.bind import Binder, bound
from symtensor.codegen.loop_ir import (
    Accumulate,
    Alloc,
    Buffer,
    Declare,
    For,
    Kernel,
    Let,
    Statement,
    Store,
    all_statements,
    expressions,
)
from symtensor.codegen.pieces import in_pieces
from symtensor.codegen.represent import NUMBERS, represent
from symtensor.codegen.resolve import merge_loops, resolve, row_major
from symtensor.codegen.schedule import Lanes, Parallel, Schedule, Sink, TwoStage, choose, operations
from symtensor.codegen.single import Apart
from symtensor.codegen.two_pass import in_two_passes, monoid_of
from symtensor.dtypes import stored
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Expr, Index, Load, LoopVar, ValueIndex, Var, index
from symtensor.ir.size import Atom, Size, SizeLike, atoms
from symtensor.ir.text import Names
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import GLOBAL, SCRATCH, Compute, KernelGroup, Sweep
from symtensor.records import dataclass


@dataclass
class Memory:
    """Where stored nodes lie: a buffer name and the shape by which offsets are computed.

    Attributes:
        names: gives each buffer and variable of the function its name.
        canonical: sizes in terms of the atoms that stand for all equal ones.
        alias: nodes that are another name for the memory of a node (views).
        bound: buffer names that differ from the node's own: loop carries, results of branches.
    """

    names: Names
    canonical: Callable[[SizeLike], SizeLike]
    dtypes: dict[str, np.dtype] = field(default_factory=dict)
    alias: dict[Tensor, Tensor] = field(default_factory=dict)
    bound: dict[Tensor, str] = field(default_factory=dict)

    def buffer(self, node: Tensor) -> str:
        """Name of the buffer that holds a node."""
        while node in self.alias:
            node = self.alias[node]
        name = self.bound.get(node) or self.names.of(node)
        self.dtypes[name] = node.dtype
        return name

    def shape(self, node: Tensor) -> tuple[SizeLike, ...]:
        """Canonical shape of a node."""
        return tuple(self.canonical(s) for s in node.shape)


class GroupLowering:
    """One group, resolved to loads, with its schedule.

    Args:
        group: from the Plan.
        name: of the kernel.
        memory: where stored nodes lie.
        schedule: steps to replay; the target's default if None.
        fma: whether products with one use join additions.
        host: whether the kernels run on a CPU: loops over piecewise values are cut, transposed loads go through
            scratch.  Threads of a device each take their own side of a select, and share lines of memory.
    """

    def __init__(
        self,
        group: KernelGroup,
        name: str,
        memory: Memory,
        schedule: Schedule | None = None,
        fma: bool = True,
        host: bool = True,
    ) -> None:
        self.name, self.memory, self.fma, self.host = name, memory, fma, host
        self.nodes = group.nodes
        self._outer_sizes = {Size.of(v) for v in group.outer}
        self.locals: dict[Tensor, str] = {}
        self._place(group)
        self.schedule = choose(self.group) if schedule is None else schedule
        if not any(isinstance(s, (Sink, TwoStage)) for s in self.schedule):
            self._place(in_two_passes(group))
        self.lanes = next((s.count for s in self.schedule if isinstance(s, Lanes)), 1)
        self.grain_work = next((s.work for s in self.schedule if isinstance(s, Parallel)), 0)
        self.sink: tuple[LoopVar, int] | None = None
        self.block = 1  # iterations of the outer loops that one iteration of the parallel loop stands for
        self.allocs: dict[str, Alloc] = {}
        self.numbers = itertools.count(1)
        self.partials: list[tuple[str, np.dtype, SizeLike]] = []  # buffers between two stages: name, dtype, elements

    # ------------------------------------------------------------------------------------------ where elements lie
    def _place(self, group: KernelGroup) -> None:
        """Take a group from elements of nodes to loads."""
        self.original = {c.node: c for s in group.sweeps for c in s.computes}
        for node in self.original:
            if node not in self.locals:
                self.locals[node] = self.memory.names.fresh(f"{self.memory.names.of(node)}_row")
        self.group = merge_loops(resolve(group, self._load, self.memory.canonical), self._offsets)

    def inner_axes(self, compute: Compute) -> list[int]:
        """The axes of a result that its own loops walk."""
        return [a for a, s in enumerate(compute.index) if s not in self._outer_sizes]

    def _load(self, node: Tensor, at: tuple[SizeLike, ...]) -> Expr:
        compute = self.original.get(node)
        if compute is not None:
            axes = self.inner_axes(compute)
            if compute.reduced and not axes:
                return Var(self.locals[node], node.dtype)
            if compute.storage == SCRATCH:
                shape = self.memory.shape(node)
                offset = row_major(tuple(at[a] for a in axes), tuple(shape[a] for a in axes))
                return Load(self.locals[node], offset, node.dtype)
        return Load(self.memory.buffer(node), row_major(at, self.memory.shape(node)), node.dtype)

    def _offsets(self, compute: Compute) -> list[SizeLike]:
        """Offsets that a compute stores to."""
        found = []
        original = self.original[compute.node]
        shape = self.memory.shape(compute.node)
        if original.storage == GLOBAL:
            found.append(row_major(compute.index, shape))
        axes = self.inner_axes(original)
        if original.storage == SCRATCH and (axes or not original.reduced):
            found.append(row_major(tuple(compute.index[a] for a in axes), tuple(shape[a] for a in axes)))
        return found

    # -------------------------------------------------------------------------------------------------- statements
    def outer_loops(self, outer: tuple[LoopVar, ...], body: list[Statement]) -> list[Statement]:
        """The body, with the scratch that it needs, in one parallel loop over all outer loops."""
        body = [*self.allocs.values(), *body]
        if not outer:
            return body
        per_iteration = operations(KernelGroup((), self.group.sweeps))
        if self.sink:
            per_iteration = sz.mul(per_iteration, self.sink[1])
        per_iteration = sz.mul(per_iteration, self.block)
        grain = sz.maximum(1, sz.floordiv(max(self.grain_work, 1), sz.maximum(1, per_iteration)))
        if len(outer) == 1:
            return [For(outer[0], tuple(body), "parallel", grain=grain)]
        flat = LoopVar("p", sz.product(v.extent for v in outer))
        rest: SizeLike = Size.of(flat)
        lets: list[Statement] = []
        for v in reversed(outer[1:]):
            lets.append(Let(v.label, index(sz.mod(rest, v.extent))))
            rest = sz.floordiv(rest, v.extent)
        lets.append(Let(outer[0].label, index(rest)))
        return [For(flat, (*lets, *body), "parallel", grain=grain)]

    def kernel(self, name: str, body: list[Statement], work: SizeLike) -> Kernel:
        """A kernel of this group."""
        return make_kernel(name, tuple(body), self.nodes, work, self.memory.dtypes)

    # ----------------------------------------------------------------------------------- lanes along an inner axis
    def sweep(self, sweep: Sweep) -> list[Statement]:
        """One sweep, with lanes along its last loop."""
        if not any(c.reduced for c in sweep.computes):
            return self._map_sweep(sweep)
        mixed = next((c for c in sweep.computes if c.reduced and len(c.reduced) < len(sweep.inner)), None)
        maps = sweep.inner[: len(sweep.inner) - len(mixed.reduced)] if mixed else ()
        before: list[Statement] = []
        body: list[Statement] = []
        after: list[Statement] = []
        bind = Binder(self.fma, [c.value for c in sweep.computes])
        for compute in sweep.computes:
            if compute.reduced:
                names = self.accumulators(compute, before)
                position = index(compute.position if compute.position is not None else 0)
                value, where = bind(compute.value), bind(position)
                body += bind.take()
                body.append(Accumulate(names, monoid_of(compute), value, where))
                after += self.finish(compute, names, maps)
            else:
                for store in self.stores(compute):
                    value = bind(store.value)
                    body += [*bind.take(), Store(store.buffer, store.offset, value)]
        result = before + self._nest(sweep.inner[len(maps) :], [*body]) + after
        for var in reversed(maps):
            result = [For(var, tuple(result), "serial")]
        return result

    def _map_sweep(self, sweep: Sweep) -> list[Statement]:
        stores = [s for c in sweep.computes for s in self.stores(c)]
        if not sweep.inner:  # its variables share the scope of the others'
            return bound(stores, self.fma, self.numbers)
        *outer, last = sweep.inner
        nest = self.map_loop(stores, last)
        for var in reversed(outer):
            nest = [For(var, tuple(nest))]
        return nest

    def map_loop(self, stores: Sequence[Store], var: LoopVar) -> list[Statement]:
        """The loop over stores of unbound values, with lanes along it, and the iterations that differ beside it."""

        def emit(piece: Sequence[Store], loop: LoopVar) -> For:
            return self._simd(loop, bound(piece, self.fma))

        if not self.host:
            return [emit(stores, var)]
        apart = Apart.of(stores, var, self.numbers, self.fma)
        return [*apart.before, *in_pieces(apart.stores, var, self.numbers, emit), *apart.after]

    def _simd(self, var: LoopVar, body: Sequence[Statement]) -> For:
        return For(var, tuple(body), "simd", lanes=self.lanes)

    def _nest(self, loops: tuple[LoopVar, ...], body: list[Statement]) -> list[Statement]:
        if not loops:
            return body
        nest: list[Statement] = [self._simd(loops[-1], body)]
        for var in reversed(loops[:-1]):
            nest = [For(var, tuple(nest))]
        return nest

    def accumulators(self, compute: Compute, before: list[Statement]) -> tuple[str, ...]:
        """Declare the accumulators of a reduction; their names."""
        monoid = monoid_of(compute)
        names = []
        for k, start in enumerate(monoid.init(compute.node.inputs[0].dtype)):
            name = f"{self.locals[compute.node]}_acc{k or ''}"
            before.append(Declare(name, start))
            names.append(name)
        return tuple(names)

    def finish(self, compute: Compute, names: tuple[str, ...], maps: tuple[LoopVar, ...]) -> list[Statement]:
        """The result of a reduction from its accumulators, where it belongs."""
        monoid = monoid_of(compute)
        starts = monoid.init(compute.node.inputs[0].dtype)
        accumulators = tuple(Var(n, s.dtype) for n, s in zip(names, starts))
        value = monoid.finish(accumulators, index(sz.product(v.extent for v in compute.reduced)))
        local = Var(self.locals[compute.node], compute.node.dtype)
        statements: list[Statement] = [Let(local.name, value)] if not maps else []
        return statements + self.write(compute, local if not maps else value)

    def stores(self, compute: Compute) -> list[Store]:
        """What a map leaves for others, unbound."""
        return self.write(compute, compute.value)

    def write(self, compute: Compute, value: Expr) -> list[Store]:
        """Store a value where the compute's storage says: memory, scratch, or nowhere."""
        original, node = self.original[compute.node], compute.node
        shape = self.memory.shape(node)
        statements: list[Store] = []
        if original.storage == GLOBAL:
            statements.append(Store(self.memory.buffer(node), row_major(compute.index, shape), value))
        axes = self.inner_axes(original)
        if original.storage == SCRATCH and (axes or not original.reduced):
            inner = tuple(shape[a] for a in axes)
            offset = row_major(tuple(compute.index[a] for a in axes), inner)
            statements.append(self._scratch_store(node, offset, sz.product(inner), value))
        return statements

    def _scratch_store(self, node: Tensor, offset: SizeLike, extent: SizeLike, value: Expr) -> Store:
        name = self.locals[node]
        if self.sink is not None:
            lane, tile = self.sink
            offset, extent = sz.add(sz.mul(offset, tile), Size.of(lane)), sz.mul(extent, tile)
        self.allocs[name] = Alloc(name, node.dtype, extent)
        return Store(name, offset, value)


def _expressions_of(body: tuple[Statement, ...]) -> list[tuple[Statement, list[Expr]]]:
    """All statements, each with all expressions in it."""
    return [(s, walk(list(expressions(s)))) for s in all_statements(body)]


def make_kernel(
    name: str, body: tuple[Statement, ...], nodes: tuple[Tensor, ...], work: SizeLike, dtypes: dict[str, np.dtype]
) -> Kernel:
    """Close a kernel: find the buffers and sizes that its statements use."""
    from symtensor.codegen.loop_ir import Fail

    parts = _expressions_of(body)
    if any(e.dtype.num in NUMBERS for _, found in parts for e in found):
        body = represent(body)
        parts = _expressions_of(body)
    local = {s.name for s in all_statements(body) if isinstance(s, Alloc)}
    reads: dict[str, None] = {}
    writes: dict[str, None] = {}
    used: dict[Atom, None] = {}
    bound: set[Atom] = set()
    can_fail = False
    for statement, found in parts:
        can_fail |= isinstance(statement, Fail)
        if isinstance(statement, For):
            bound.add(statement.var)
        if isinstance(statement, Store):
            writes.setdefault(statement.buffer)
        for expr in found:
            if isinstance(expr, Load):
                reads.setdefault(expr.buffer)
            size = expr.offset if isinstance(expr, Load) else expr.size if isinstance(expr, Index) else 0
            for atom in atoms(size):
                used.setdefault(atom)
    buffers = [
        Buffer(b, stored(dtypes[b])[0], "inout" if b in writes and b in reads else "out" if b in writes else "in")
        for b in dict.fromkeys([*reads, *writes])
        if b not in local
    ]
    sizes = tuple(a for a in used if not isinstance(a, (LoopVar, ValueIndex, sz.SizeCall)))
    return Kernel(name, tuple(buffers), sizes, body, nodes, work, can_fail)
