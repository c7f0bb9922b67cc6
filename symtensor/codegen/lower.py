"""Lowering: from a kernel group and its schedule to kernels of the loop language.

In comes a ``KernelGroup`` over elements of nodes and a ``Memory`` that knows where stored nodes lie; out come one
kernel, or two for a two-stage reduction.  The statements follow the schedule's steps and decide nothing themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from symtensor.codegen.bind import Binder
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
from symtensor.codegen.resolve import Rewriter, merge_loops, resolve, row_major, with_vars
from symtensor.codegen.schedule import Lanes, Parallel, Schedule, Sink, TwoStage, choose, operations
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Expr, Index, Load, LoopVar, ValueIndex, Var, index
from symtensor.ir.size import Atom, Size, SizeLike, atoms
from symtensor.ir.text import Names
from symtensor.ops.declare import Monoid, Reduction
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import GLOBAL, SCRATCH, VALUE, Compute, KernelGroup, Sweep


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
    """Lowers one group.

    Args:
        group: from the Plan.
        name: of the kernel.
        memory: where stored nodes lie.
        schedule: steps to replay; the target's default if None.
        fma: whether products with one use join additions.
    """

    def __init__(
        self, group: KernelGroup, name: str, memory: Memory, schedule: Schedule | None = None, fma: bool = True
    ) -> None:
        self.name, self.memory, self.fma = name, memory, fma
        self.nodes = group.nodes
        self._original = {c.node: c for s in group.sweeps for c in s.computes}
        self._outer_sizes = {Size.of(v) for v in group.outer}
        self._locals = {n: memory.names.fresh(f"{memory.names.of(n)}_row") for n in self._original}
        self.group = merge_loops(resolve(group, self._load), self._offsets)
        self.schedule = choose(self.group) if schedule is None else schedule
        self.lanes = next((s.count for s in self.schedule if isinstance(s, Lanes)), 1)
        self.grain_work = next((s.work for s in self.schedule if isinstance(s, Parallel)), 0)
        self.sink: tuple[LoopVar, int] | None = None
        self.rows = 1
        self._allocs: dict[str, Alloc] = {}
        self._numbers = itertools.count(1)
        self.partials: list[tuple[str, np.dtype, SizeLike]] = []  # buffers between two stages: name, dtype, elements

    # ------------------------------------------------------------------------------------------ where elements lie
    def _inner_axes(self, compute: Compute) -> list[int]:
        return [a for a, s in enumerate(compute.index) if s not in self._outer_sizes]

    def _load(self, node: Tensor, at: tuple[SizeLike, ...]) -> Expr:
        compute = self._original.get(node)
        if compute is not None:
            axes = self._inner_axes(compute)
            if compute.reduced and not axes:
                return Var(self._locals[node], node.dtype)
            if compute.storage == SCRATCH:
                shape = self.memory.shape(node)
                offset = row_major(tuple(at[a] for a in axes), tuple(shape[a] for a in axes))
                return Load(self._locals[node], offset, node.dtype)
        return Load(self.memory.buffer(node), row_major(at, self.memory.shape(node)), node.dtype)

    def _offsets(self, compute: Compute) -> list[SizeLike]:
        """Offsets that a compute stores to."""
        found = []
        original = self._original[compute.node]
        shape = self.memory.shape(compute.node)
        if original.storage == GLOBAL:
            found.append(row_major(compute.index, shape))
        axes = self._inner_axes(original)
        if original.storage == SCRATCH and (axes or not original.reduced):
            found.append(row_major(tuple(compute.index[a] for a in axes), tuple(shape[a] for a in axes)))
        return found

    # ------------------------------------------------------------------------------------------------- the kernels
    def kernels(self) -> list[Kernel]:
        """The kernels, in execution order."""
        stage = next((s for s in self.schedule if isinstance(s, TwoStage)), None)
        if stage is not None:
            return self._two_stage(stage)
        sink = next((s for s in self.schedule if isinstance(s, Sink)), None)
        if sink is not None:
            return [self._sunk(sink)]
        body = [s for sweep in self.group.sweeps for s in self._sweep(sweep)]
        return [self._kernel(self.name, self._outer_loops(self.group.outer, body), operations(self.group))]

    def _outer_loops(self, outer: tuple[LoopVar, ...], body: list[Statement]) -> list[Statement]:
        body = [*self._allocs.values(), *body]
        if not outer:
            return body
        per_iteration = operations(KernelGroup((), self.group.sweeps))
        if self.sink:
            per_iteration = sz.mul(per_iteration, self.sink[1])
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

    def _kernel(self, name: str, body: list[Statement], work: SizeLike) -> Kernel:
        return make_kernel(name, tuple(body), self.nodes, work, self.memory.dtypes)

    # ----------------------------------------------------------------------------------- lanes along an inner axis
    def _sweep(self, sweep: Sweep, kind: str = "simd") -> list[Statement]:
        mixed = next((c for c in sweep.computes if c.reduced and len(c.reduced) < len(sweep.inner)), None)
        maps = sweep.inner[: len(sweep.inner) - len(mixed.reduced)] if mixed else ()
        loops = sweep.inner[len(maps) :]
        before: list[Statement] = []
        body: list[Statement] = []
        after: list[Statement] = []
        # Without loops of its own a sweep's variables share the scope of the others'.
        bind = Binder(self.fma, [c.value for c in sweep.computes], None if loops or maps else self._numbers)
        for compute in sweep.computes:
            if compute.reduced:
                names = self._accumulators(compute, before)
                position = index(compute.position if compute.position is not None else 0)
                value, where = bind(compute.value), bind(position)
                body += bind.take()
                body.append(Accumulate(names, _monoid(compute.node), value, where))
                after += self._finish(compute, names, maps)
            else:
                stores = self._stores(compute, bind)
                body += bind.take()
                body += stores
        nest = body
        for depth, var in enumerate(reversed(loops)):
            nest = [For(var, tuple(nest), kind if depth == 0 else "serial", lanes=self.lanes if depth == 0 else 0)]
        result = before + nest + after
        for var in reversed(maps):
            result = [For(var, tuple(result), "serial")]
        return result

    def _accumulators(self, compute: Compute, before: list[Statement]) -> tuple[str, ...]:
        monoid = _monoid(compute.node)
        names = []
        for k, start in enumerate(monoid.init(compute.node.inputs[0].dtype)):
            name = f"{self._locals[compute.node]}_acc{k or ''}"
            before.append(Declare(name, start))
            names.append(name)
        return tuple(names)

    def _finish(self, compute: Compute, names: tuple[str, ...], maps: tuple[LoopVar, ...]) -> list[Statement]:
        monoid = _monoid(compute.node)
        starts = monoid.init(compute.node.inputs[0].dtype)
        accumulators = tuple(Var(n, s.dtype) for n, s in zip(names, starts))
        value = monoid.finish(accumulators, index(sz.product(v.extent for v in compute.reduced)))
        local = Var(self._locals[compute.node], compute.node.dtype)
        statements: list[Statement] = [Let(local.name, value)] if not maps else []
        return statements + self._write(compute, local if not maps else value)

    def _stores(self, compute: Compute, bind: Binder) -> list[Statement]:
        return [] if self._original[compute.node].storage == VALUE else self._write(compute, bind(compute.value))

    def _write(self, compute: Compute, value: Expr) -> list[Statement]:
        original, node = self._original[compute.node], compute.node
        shape = self.memory.shape(node)
        statements: list[Statement] = []
        if original.storage == GLOBAL:
            statements.append(Store(self.memory.buffer(node), row_major(compute.index, shape), value))
        axes = self._inner_axes(original)
        if original.storage == SCRATCH and (axes or not original.reduced):
            inner = tuple(shape[a] for a in axes)
            offset = row_major(tuple(compute.index[a] for a in axes), inner)
            statements.append(self._scratch_store(node, offset, sz.product(inner), value))
        return statements

    def _scratch_store(self, node: Tensor, offset: SizeLike, extent: SizeLike, value: Expr) -> Store:
        name = self._locals[node]
        if self.sink is not None:
            lane, tile = self.sink
            offset, extent = sz.add(sz.mul(offset, tile), Size.of(lane)), sz.mul(extent, tile)
        self._allocs[name] = Alloc(name, node.dtype, extent)
        return Store(name, offset, value)

    # ------------------------------------------------------------------------------ lanes along the last outer axis
    def _sunk(self, step: Sink) -> Kernel:
        work = operations(self.group)
        last = self.group.outer[-1]
        tile = min(step.tile, last.extent) if isinstance(last.extent, int) and last.extent else step.tile
        block = LoopVar("tile", sz.floordiv(sz.add(last.extent, tile - 1), tile))
        start = sz.mul(Size.of(block), tile)
        lane = LoopVar(
            "j", sz.minimum(tile, sz.add(last.extent, sz.mul(start, -1))) if block.extent != 1 else last.extent
        )
        self.sink, self.rows = (lane, tile), step.rows
        outer = self.group.outer[:-1] + ((block,) if block.extent != 1 else ())
        values: dict[Atom, SizeLike] = {last: sz.add(start, Size.of(lane)) if block.extent != 1 else Size.of(lane)}
        scratch = {self._locals[n] for n, c in self._original.items() if c.storage == SCRATCH or c.reduced}

        plain = {self._locals[c.node]: f"{self._locals[c.node]}_acc" for c in self._original.values() if _unfinished(c)}

        def leaf(expr: Expr) -> Expr | None:
            if isinstance(expr, Var) and expr.name in scratch:
                return Load(plain.get(expr.name, expr.name), Size.of(lane), expr.dtype)
            if isinstance(expr, Load) and expr.buffer in scratch:
                return Load(expr.buffer, sz.add(sz.mul(expr.offset, tile), Size.of(lane)), expr.dtype)
            return None

        self.group = with_vars(self.group, Rewriter(leaf, values), outer, lambda s: s.inner)
        body = [s for sweep in self.group.sweeps for s in self._sunk_sweep(sweep, lane, tile)]
        return self._kernel(self.name, self._outer_loops(outer, body), work)

    def _sunk_sweep(self, sweep: Sweep, lane: LoopVar, tile: int) -> list[Statement]:
        maps = [c for c in sweep.computes if not c.reduced]
        folds = [c for c in sweep.computes if c.reduced]
        result: list[Statement] = []
        if maps:
            bind = Binder(self.fma, [c.value for c in maps])
            body: list[Statement] = []
            for c in maps:
                stores = self._stores(c, bind)
                body += bind.take() + stores
            nest: list[Statement] = [self._simd(lane, body)]
            for var in reversed(sweep.inner):
                nest = [For(var, tuple(nest))]
            result += nest
        for c in folds:
            result += self._sunk_fold(c, sweep, lane, tile)
        return result

    def _simd(self, var: LoopVar, body: Iterable[Statement]) -> For:
        return For(var, tuple(body), "simd", lanes=self.lanes)

    def _sunk_fold(self, compute: Compute, sweep: Sweep, lane: LoopVar, tile: int) -> list[Statement]:
        """Columns: an accumulator for each lane of the tile, the reduced loops outside of the lanes."""
        monoid, local = _monoid(compute.node), self._locals[compute.node]
        starts = monoid.init(compute.node.inputs[0].dtype)
        arrays = [f"{local}_acc{k or ''}" for k in range(len(starts))]
        for name, start in zip(arrays, starts):
            self._allocs[name] = Alloc(name, start.dtype, tile)
        loads = tuple(Load(a, Size.of(lane), s.dtype) for a, s in zip(arrays, starts))
        clear = self._simd(lane, [Store(a, Size.of(lane), s) for a, s in zip(arrays, starts)])
        maps = tuple(v for v in sweep.inner if v not in compute.reduced)
        update = self._update_rows(compute, monoid, arrays, loads, lane)
        for var in reversed(compute.reduced[:-1]):
            update = [For(var, tuple(update))]
        count = index(sz.product(v.extent for v in compute.reduced))
        bind = Binder(self.fma)
        value = bind(monoid.finish(loads, count))
        writes: list[Statement] = bind.take()
        read = any(
            isinstance(e, Load) and e.buffer == local
            for s in self.group.sweeps
            for c in s.computes
            for e in walk([c.value])
        )
        if not maps and read:
            self._allocs[local] = Alloc(local, compute.node.dtype, tile)
            writes.append(Store(local, Size.of(lane), value))
        writes += self._write(compute, value)
        result: list[Statement] = [clear, *update, *([self._simd(lane, writes)] if writes else [])]
        for var in reversed(maps):
            result = [For(var, tuple(result))]
        return result

    def _update_rows(
        self, compute: Compute, monoid: Monoid, arrays: list[str], loads: tuple[Load, ...], lane: LoopVar
    ) -> list[Statement]:
        """Take rows into the accumulators, several rows for each load and store of an accumulator."""
        last = compute.reduced[-1]

        def rows(count: int, block: LoopVar, first: SizeLike) -> For:
            bind = Binder(self.fma)
            body: list[Statement] = []
            accumulators: tuple[Expr, ...] = loads
            for k in range(count):
                at = sz.add(sz.add(first, sz.mul(Size.of(block), count)), k)
                rewrite = Rewriter(values={last: at})
                position = index(rewrite.size(compute.position if compute.position is not None else 0))
                accumulators = monoid.step(accumulators, rewrite(compute.value), position)
            values = [bind(a) for a in accumulators]
            body += bind.take() + [Store(a, Size.of(lane), v) for a, v in zip(arrays, values)]
            return For(block, (self._simd(lane, body),))

        if self.rows == 1:
            return [rows(1, LoopVar("r", last.extent), 0)]
        whole = sz.floordiv(last.extent, self.rows)
        rest = sz.mod(last.extent, self.rows)
        blocks: list[Statement] = [rows(self.rows, LoopVar("r", whole), 0)] if whole != 0 else []
        return blocks + ([rows(1, LoopVar("r", rest), sz.mul(whole, self.rows))] if rest != 0 else [])

    # ------------------------------------------------------------------------------------------ scalar reductions
    def _two_stage(self, step: TwoStage) -> list[Kernel]:
        first, *later = self.group.sweeps
        work = operations(self.group)
        head = first.inner[0]
        row = sz.product(v.extent for v in first.inner[1:])
        chunk = sz.maximum(1, sz.floordiv(step.chunk, sz.maximum(1, row))) if row != 1 else step.chunk
        block = LoopVar("block", sz.floordiv(sz.add(head.extent, sz.add(chunk, -1)), chunk))
        start = sz.mul(Size.of(block), chunk)
        inside = LoopVar(head.label, sz.minimum(chunk, sz.add(head.extent, sz.mul(start, -1))))
        loops = (inside, *first.inner[1:])
        values: dict[Atom, SizeLike] = {head: sz.add(start, Size.of(inside))}
        counts = {c.node: index(sz.product(v.extent for v in c.reduced)) for c in first.computes}
        part = with_vars(KernelGroup((), (first,)), Rewriter(values=values), (), lambda s: loops).sweeps[0]
        before: list[Statement] = []
        partial: list[Statement] = []
        combine: list[Statement] = []
        finish: list[Statement] = []
        at = LoopVar("block", block.extent)
        steps: list[Statement] = []
        bind = Binder(self.fma, [c.value for c in part.computes])
        body: list[Statement] = []
        for c in part.computes:
            monoid = _monoid(c.node)
            names = self._accumulators(c, before)
            starts = monoid.init(c.node.inputs[0].dtype)
            value, where = bind(c.value), bind(index(0 if c.position is None else c.position))
            body += [*bind.take(), Accumulate(names, monoid, value, where)]
            partials = [self.memory.names.fresh(n.replace("_acc", "_part")) for n in names]
            self.partials += [(p, s.dtype, block.extent) for p, s in zip(partials, starts)]
            self.memory.dtypes.update({p: s.dtype for p, s in zip(partials, starts)})
            accumulators = tuple(Var(n, s.dtype) for n, s in zip(names, starts))
            partial += [Store(p, Size.of(block), a) for p, a in zip(partials, accumulators)]
            combine += [Declare(n, s) for n, s in zip(names, starts)]
            loaded = tuple(Load(p, Size.of(at), s.dtype) for p, s in zip(partials, starts))
            joined = monoid.combine(accumulators, loaded)
            fresh = [f"{n}_next" for n in names]
            steps += [Let(f, j) for f, j in zip(fresh, joined)]
            steps += [_assign(n, f, s.dtype) for n, f, s in zip(names, fresh, starts)]
            value = monoid.finish(accumulators, counts[c.node])
            local = Var(self._locals[c.node], c.node.dtype)
            finish += [Let(local.name, value), *self._write(c, local)]
        nest: list[Statement] = body
        for depth, var in enumerate(reversed(loops)):
            nest = [For(var, tuple(nest), "simd" if depth == 0 else "serial", lanes=self.lanes if depth == 0 else 0)]
        stage = For(block, (*before, *nest, *partial), "parallel")
        tail = [s for sweep in later for s in self._sweep(sweep)]
        total = [*combine, For(at, tuple(steps)), *finish, *tail]
        return [
            self._kernel(f"{self.name}_partial", [stage], work),
            self._kernel(f"{self.name}_combine", [*self._allocs.values(), *total], block.extent),
        ]


def _assign(name: str, source: str, dtype: np.dtype) -> Statement:
    from symtensor.codegen.loop_ir import Assign

    return Assign(name, Var(source, dtype))


def _unfinished(compute: Compute) -> bool:
    """Whether the accumulator of a reduction is its result as it stands."""
    if not compute.reduced:
        return False
    monoid = _monoid(compute.node)
    accumulators = tuple(Var(f"a{k}", s.dtype) for k, s in enumerate(monoid.init(compute.node.inputs[0].dtype)))
    return monoid.finish(accumulators, index(1)) is accumulators[0]


def _monoid(node: Tensor) -> Monoid:
    assert isinstance(node.op, Reduction)
    return node.op.monoid


def make_kernel(
    name: str, body: tuple[Statement, ...], nodes: tuple[Tensor, ...], work: SizeLike, dtypes: dict[str, np.dtype]
) -> Kernel:
    """Close a kernel: find the buffers and sizes that its statements use."""
    from symtensor.codegen.loop_ir import Fail

    local = {s.name for s in all_statements(body) if isinstance(s, Alloc)}
    reads: dict[str, None] = {}
    writes: dict[str, None] = {}
    used: dict[Atom, None] = {}
    bound: set[Atom] = set()
    can_fail = False
    for statement in all_statements(body):
        can_fail |= isinstance(statement, Fail)
        if isinstance(statement, For):
            bound.add(statement.var)
        if isinstance(statement, Store):
            writes.setdefault(statement.buffer)
        for expr in walk(list(expressions(statement))):
            if isinstance(expr, Load):
                reads.setdefault(expr.buffer)
            size = expr.offset if isinstance(expr, Load) else expr.size if isinstance(expr, Index) else 0
            for atom in atoms(size):
                used.setdefault(atom)
    buffers = [
        Buffer(b, dtypes[b], "inout" if b in writes and b in reads else "out" if b in writes else "in")
        for b in dict.fromkeys([*reads, *writes])
        if b not in local
    ]
    sizes = tuple(a for a in used if not isinstance(a, (LoopVar, ValueIndex, sz.SizeCall)))
    return Kernel(name, tuple(buffers), sizes, body, nodes, work, can_fail)
