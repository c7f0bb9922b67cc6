"""Lowering with lanes across short reductions: each lane reduces for itself, in registers.

Sums over all pairs of points, matrices of distances and of kernel functions reduce a short axis for every pair.  Lanes
along that axis would be mostly idle, and along the pairs the operands lie apart.  So the operands are repacked first,
with the lanes innermost; every lane then runs the short reduction by itself, and what consumes its result follows in
the same loop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symtensor.codegen.bind import Binder
from symtensor.codegen.group import GroupLowering
from symtensor.codegen.loop_ir import Accumulate, Assign, Declare, For, Kernel, Let, Statement, Store
from symtensor.codegen.resolve import Rewriter, row_major, with_vars
from symtensor.codegen.schedule import Across, operations
from symtensor.codegen.strides import Reach, across_outer, pair_sweep, reaches, vars_of
from symtensor.codegen.two_pass import monoid_of
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Load, LoopVar, Var, index
from symtensor.ir.size import Atom, Size, SizeLike
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import SCRATCH, Compute, KernelGroup, Sweep
from symtensor.records import dataclass

ROW = 16  # rows of a packed operand begin at multiples of this many elements: on a cache line for 4 bytes each


def across_kernels(base: GroupLowering, step: Across) -> list[Kernel]:
    """The kernels that repack operands, and the kernel of the group.

    Args:
        base: the lowering of the group, which knows where elements lie; its group is rewritten, and it learns of the
            packed operands.
        step: iterations of the last outer loop that make a tile, where the lanes run along that.
    """
    packing = _Packing(base)
    base.group = packing.group(base.group)
    lowering = _AcrossOuter(base, step) if across_outer(base.group) else _AcrossInner(base)
    return [*packing.kernels, lowering.kernel()]


# ------------------------------------------------------------------------------------------------------------ packing
class _Packing:
    """Takes the operands that lie apart along the lanes to packed copies, and makes the kernels that fill these."""

    def __init__(self, base: GroupLowering) -> None:
        self.base = base
        self.kernels: list[Kernel] = []
        self._packed: dict[tuple[str, SizeLike], Load] = {}

    def group(self, group: KernelGroup) -> KernelGroup:
        """The group over packed operands."""
        outer = across_outer(group)
        sweeps = []
        for sweep in group.sweeps:
            lane = group.outer[-1] if outer else _lane_of(sweep)
            if lane is None:
                sweeps.append(sweep)
                continue
            loops = (*group.outer[:-1], *sweep.inner, lane) if outer else (*group.outer, *sweep.inner)
            ordered = tuple(v for v in loops if v is not lane) + (lane,)
            found = reaches([c.value for c in sweep.computes], lane, group.outer)
            loads = {id(r.load): self._pack(r, ordered) for r in found if r.packs}
            known: dict[Expr, Expr] = {r.load: loads[id(r.load)] for r in found if r.packs}
            rewrite = Rewriter(known=known)
            sweeps.append(Sweep(sweep.inner, tuple(replace(c, value=rewrite(c.value)) for c in sweep.computes)))
        return KernelGroup(group.outer, tuple(sweeps))

    def _pack(self, reach: Reach, ordered: tuple[LoopVar, ...]) -> Load:
        load = reach.load
        found = self._packed.get((load.buffer, load.offset))
        if found is not None:
            return found
        base, used = self.base, vars_of(load.offset)
        loops = tuple(v for v in ordered if v in used)
        lane = loops[-1]
        row = sz.mul(sz.floordiv(sz.add(lane.extent, ROW - 1), ROW), ROW)
        name = base.memory.names.fresh(f"{load.buffer}_packed")
        base.memory.dtypes[name] = load.dtype
        base.partials.append((name, load.dtype, sz.mul(sz.product(v.extent for v in loops[:-1]), row)))
        shape = (*(v.extent for v in loops[:-1]), row)
        packed = Load(name, row_major(tuple(map(Size.of, loops)), shape), load.dtype)
        self._packed[load.buffer, load.offset] = packed
        self._fill(packed, load, loops)
        return packed

    def _fill(self, packed: Load, load: Load, loops: tuple[LoopVar, ...]) -> None:
        body: list[Statement] = [Store(packed.buffer, packed.offset, load)]
        *before, lane = loops
        body = [For(lane, tuple(body), "simd", lanes=self.base.lanes)]
        for depth, var in enumerate(reversed(before)):
            body = [For(var, tuple(body), "parallel" if depth == len(before) - 1 else "serial")]
        work = sz.product(v.extent for v in loops)
        self.kernels.append(self.base.kernel(f"{self.base.name}_{packed.buffer}", body, work))


def _lane_of(sweep: Sweep) -> LoopVar | None:
    return sweep.inner[0] if pair_sweep(sweep) else None


# ------------------------------------------------------------------------------------------------------------- chains
@dataclass(frozen=True)
class _Chain:
    """Sweeps whose iterations over the lanes follow each other in one loop.

    Attributes:
        lane: the loop of the lanes.
        sweeps: each over that loop alone, or over that loop and loops that it reduces.
    """

    lane: LoopVar
    sweeps: tuple[Sweep, ...]


class _Lanes:
    """Writes the loop of a chain."""

    def __init__(self, base: GroupLowering) -> None:
        self.base = base

    def statements(self, chain: _Chain, kept: frozenset[str]) -> list[Statement]:
        """Accumulators over the lanes, the loop, and what follows from the accumulators.

        Args:
            chain: the sweeps.
            kept: scratch arrays that are read elsewhere too.
        """
        base = self.base
        here = {base.locals[c.node]: Var(self._local(c), c.node.dtype) for s in chain.sweeps for c in s.computes}

        def leaf(expr: Expr) -> Expr | None:
            """Results of this iteration are variables."""
            if isinstance(expr, Load) and expr.offset == Size.of(chain.lane):
                return here.get(expr.buffer)
            return None

        rewrite = Rewriter(leaf)
        before: list[Statement] = []
        body: list[Statement] = []
        after: list[Statement] = []
        for sweep in chain.sweeps:
            computes = [replace(c, value=rewrite(c.value)) for c in sweep.computes]
            own = [c for c in computes if c.reduced and chain.lane not in c.reduced]
            if own:
                body += self._reduce(own, kept)
            folds = [c for c in computes if chain.lane in c.reduced]
            bind = Binder(base.fma, [c.value for c in computes if c not in own], base.numbers)
            for c in folds:
                names = base.accumulators(c, before)
                value, where = bind(c.value), bind(index(c.position if c.position is not None else 0))
                body += [*bind.take(), Accumulate(names, monoid_of(c), value, where)]
                after += base.finish(c, names, ())
            for c in computes:
                if not c.reduced:
                    body += self._leave(c, bind(c.value), bind, kept)
        return [*before, For(chain.lane, tuple(body), "simd", lanes=base.lanes), *after]

    def _local(self, compute: Compute) -> str:
        """The variable that holds a result, which is not the array that it may be kept in."""
        base, name = self.base, self.base.locals[compute.node]
        original = base.original[compute.node]
        return f"{name}_each" if original.storage == SCRATCH and base.inner_axes(original) else name

    def _reduce(self, computes: Sequence[Compute], kept: frozenset[str]) -> list[Statement]:
        """A reduction by each lane: declared accumulators, the loops around their updates, the results."""
        base = self.base
        body: list[Statement] = []
        before: list[Statement] = []
        after: list[Statement] = []
        monoids = [monoid_of(c) for c in computes]
        starts = [m.init(c.node.inputs[0].dtype) for m, c in zip(monoids, computes)]
        accumulators = [
            tuple(Var(f"{base.locals[c.node]}_acc{k or ''}", s.dtype) for k, s in enumerate(start))
            for c, start in zip(computes, starts)
        ]
        steps = [
            m.step(a, c.value, index(c.position if c.position is not None else 0))
            for m, a, c in zip(monoids, accumulators, computes)
        ]
        bind = Binder(base.fma, [e for step in steps for e in step], base.numbers)
        bound = [[bind(e) for e in step] for step in steps]
        body += bind.take()
        for names, start, new in zip(accumulators, starts, bound):
            before += [Declare(n.name, s) for n, s in zip(names, start)]
            body += [Assign(n.name, e) for n, e in zip(names, new)]
        finish = Binder(base.fma, (), base.numbers)
        for c, m, names in zip(computes, monoids, accumulators):
            value = finish(m.finish(names, index(sz.product(v.extent for v in c.reduced))))
            after += [*finish.take(), *self._leave(c, value, finish, kept)]
        for var in reversed(computes[0].reduced):
            body = [For(var, tuple(body))]
        return [*before, *body, *after]

    def _leave(self, compute: Compute, value: Expr, bind: Binder, kept: frozenset[str]) -> list[Statement]:
        """A result as a variable, and in memory where others read it."""
        base, name = self.base, self._local(compute)
        statements: list[Statement] = [*bind.take(), Let(name, value)]
        local = Var(name, value.dtype)
        if base.original[compute.node].storage == SCRATCH and base.locals[compute.node] not in kept:
            return statements
        return statements + list(base.write(compute, local))


# ----------------------------------------------------------------------------------------- lanes along an inner loop
class _AcrossInner:
    """Lanes along the loop of the pairs within an iteration of the outer loops."""

    def __init__(self, base: GroupLowering) -> None:
        self.base = base

    def kernel(self) -> Kernel:
        """The kernel."""
        base = self.base
        body: list[Statement] = []
        lanes = _Lanes(base)
        sweeps = base.group.sweeps
        at = 0
        while at < len(sweeps):
            chain, count = self._chain(sweeps[at:])
            if chain is None:
                body += base.sweep(sweeps[at])
                at += 1
                continue
            elsewhere = [*sweeps[:at], *sweeps[at + count :]]
            body += lanes.statements(chain, frozenset(_scratch_reads(elsewhere)))
            at += count
        work = operations(base.group)
        return base.kernel(base.name, base.outer_loops(base.group.outer, body), work)

    def _chain(self, sweeps: Sequence[Sweep]) -> tuple[_Chain | None, int]:
        """The longest chain at the head of these sweeps, and how many sweeps it takes."""
        if not pair_sweep(sweeps[0]):
            return None, 0
        lane = sweeps[0].inner[0]
        taken: list[Sweep] = []
        made: set[str] = set()
        for sweep in sweeps:
            alone = len(sweep.inner) == 1
            if sweep.inner == () or sweep.inner[0].extent != lane.extent or not (alone or pair_sweep(sweep)):
                break
            moved = _with_lane(sweep, lane)
            if not self._follows(moved, made, lane):
                break
            taken.append(moved)
            made |= {self.base.locals[c.node] for c in sweep.computes}
            if any(lane in c.reduced for c in moved.computes):
                break  # its results are there after the loop only
        return _Chain(lane, tuple(taken)), len(taken)

    def _follows(self, sweep: Sweep, made: set[str], lane: LoopVar) -> bool:
        """Whether an iteration reads only what this lane has made, of what the chain makes."""
        base = self.base
        stored = {base.memory.buffer(c.node) for c in base.original.values() if base.locals[c.node] in made}
        for e in walk([c.value for c in sweep.computes]):
            if isinstance(e, Load) and (e.buffer in stored or (e.buffer in made and e.offset != Size.of(lane))):
                return False
        return True


def _with_lane(sweep: Sweep, lane: LoopVar) -> Sweep:
    """A sweep whose first loop is the lane."""
    own = sweep.inner[0]
    if own is lane:
        return sweep
    loops = (lane, *sweep.inner[1:])
    values: dict[Atom, SizeLike] = {own: Size.of(lane)}
    reduced = {c.node: tuple(lane if v is own else v for v in c.reduced) for c in sweep.computes}
    moved = with_vars(KernelGroup((), (sweep,)), Rewriter(values=values), (), lambda s: loops).sweeps[0]
    return Sweep(loops, tuple(replace(c, reduced=reduced[c.node]) for c in moved.computes))


def _scratch_reads(sweeps: Sequence[Sweep]) -> set[str]:
    return {e.buffer for s in sweeps for e in walk([c.value for c in s.computes]) if isinstance(e, Load)}


# ----------------------------------------------------------------------------------------- lanes along an outer loop
class _AcrossOuter:
    """Lanes along the last outer loop, in tiles; every other loop within an iteration is run by each lane."""

    def __init__(self, base: GroupLowering, step: Across) -> None:
        self.base = base
        last = base.group.outer[-1]
        self.tile = step.tile
        self.block = LoopVar("tile", sz.floordiv(sz.add(last.extent, self.tile - 1), self.tile))
        self.start = sz.mul(Size.of(self.block), self.tile)
        rest = sz.add(last.extent, sz.mul(self.start, -1))
        self.lane = LoopVar("j", sz.minimum(self.tile, rest) if self.block.extent != 1 else last.extent)

    def kernel(self) -> Kernel:
        """The kernel."""
        base = self.base
        work = operations(base.group)
        base.sink = (self.lane, self.tile)
        *before, last = base.group.outer
        outer = (*before, self.block) if self.block.extent != 1 else tuple(before)
        at = sz.add(self.start, Size.of(self.lane)) if self.block.extent != 1 else Size.of(self.lane)
        values: dict[Atom, SizeLike] = {last: at}
        base.group = with_vars(base.group, Rewriter(values=values), outer, lambda s: s.inner)
        body = _Lanes(base).statements(_Chain(self.lane, base.group.sweeps), frozenset())
        return base.kernel(base.name, base.outer_loops(outer, body), work)


__all__ = ["across_kernels"]
