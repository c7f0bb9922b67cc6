"""Lowering with lanes along the last outer axis: elementwise groups, and reductions of columns.

The axis is cut into tiles.  What an iteration computes for itself becomes an array of one tile; a reduction keeps an
accumulator for each lane of the tile and runs the reduced loops outside of the lanes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from symtensor.codegen.bind import Binder
from symtensor.codegen.group import GroupLowering
from symtensor.codegen.loop_ir import Alloc, For, Kernel, Statement, Store
from symtensor.codegen.resolve import Rewriter, row_major, with_vars
from symtensor.codegen.schedule import Sink, operations
from symtensor.codegen.two_pass import first_element, monoid_of, take_together, two_pass_of
from symtensor.ir import size as sz
from symtensor.ir.scalar import Const, Expr, Load, LoopVar, Var, cast, index
from symtensor.ir.size import Atom, Size, SizeLike
from symtensor.ops.declare import Monoid, TwoPass
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import SCRATCH, Compute, Sweep
from symtensor.records import dataclass


class ColumnLowering:
    """Lowers one group in tiles of its last outer axis.

    Args:
        base: the lowering of the group, which knows where elements lie; its group is rewritten.
        step: size of a tile, and rows for each update of the accumulators.
    """

    def __init__(self, base: GroupLowering, step: Sink) -> None:
        self.base = base
        self.rows = step.rows
        last = base.group.outer[-1]
        self.tile = min(step.tile, last.extent) if isinstance(last.extent, int) and last.extent else step.tile
        self.block = LoopVar("tile", sz.floordiv(sz.add(last.extent, self.tile - 1), self.tile))
        self.start = sz.mul(Size.of(self.block), self.tile)
        rest = sz.add(last.extent, sz.mul(self.start, -1))
        self.lane = LoopVar("j", sz.minimum(self.tile, rest) if self.block.extent != 1 else last.extent)

    def kernel(self) -> Kernel:
        """The kernel."""
        base = self.base
        work = operations(base.group)
        tiled = self.block.extent != 1
        base.sink = (self.lane, self.tile)
        last, lane = base.group.outer[-1], Size.of(self.lane)
        outer = base.group.outer[:-1] + ((self.block,) if tiled else ())
        values: dict[Atom, SizeLike] = {last: sz.add(self.start, lane) if tiled else lane}
        base.group = with_vars(base.group, Rewriter(self._in_tile(), values), outer, lambda s: s.inner)
        body = [s for sweep in base.group.sweeps for s in self._sweep(sweep)]
        return base.kernel(base.name, base.outer_loops(outer, body), work)

    def _in_tile(self) -> Callable[[Expr], Expr | None]:
        """Where a scalar or a row of one iteration lies in the arrays of a tile."""
        base, lane, tile = self.base, Size.of(self.lane), self.tile
        computes = base.original.values()
        scratch = {base.locals[c.node] for c in computes if c.storage == SCRATCH or c.reduced}
        plain = {base.locals[c.node]: f"{base.locals[c.node]}_acc" for c in computes if _unfinished(c)}

        def leaf(expr: Expr) -> Expr | None:
            if isinstance(expr, Var) and expr.name in scratch:
                return Load(plain.get(expr.name, expr.name), lane, expr.dtype)
            if isinstance(expr, Load) and expr.buffer in scratch:
                return Load(expr.buffer, sz.add(sz.mul(expr.offset, tile), lane), expr.dtype)
            return None

        return leaf

    def _sweep(self, sweep: Sweep) -> list[Statement]:
        maps = [c for c in sweep.computes if not c.reduced]
        result: list[Statement] = []
        if maps:
            stores = [s for c in maps for s in self.base.stores(c)]
            nest = self.base.map_loop(stores, self.lane)
            for var in reversed(sweep.inner):
                nest = [For(var, tuple(nest))]
            result += nest
        folds: dict[tuple[LoopVar, ...], list[_Fold]] = {}
        for c in sweep.computes:
            if c.reduced:
                folds.setdefault(c.reduced, []).append(self._fold(c))
        for reduced, together in folds.items():
            result += self._fold_rows(together, reduced, sweep)
        return result

    def _simd(self, body: Iterable[Statement]) -> For:
        return For(self.lane, tuple(body), "simd", lanes=self.base.lanes)

    # -------------------------------------------------------------------------------------------------- reductions
    def _fold(self, compute: Compute) -> _Fold:
        local, dtype = self.base.locals[compute.node], compute.node.inputs[0].dtype
        monoid, passes = monoid_of(compute), two_pass_of(compute)
        names = [f"{local}_acc{k or ''}" for k in range(len(monoid.init(dtype)))]
        arrays = [Load(n, Size.of(self.lane), s.dtype) for n, s in zip(names, monoid.init(dtype))]
        # The count of a reduction in two passes is the same in all lanes.
        return _Fold(compute, monoid, passes, tuple(arrays[1:] if passes else arrays))

    def _fold_rows(self, folds: list[_Fold], reduced: tuple[LoopVar, ...], sweep: Sweep) -> list[Statement]:
        """Clear the accumulators of a tile, take all rows in, write the results."""
        for array in (a for f in folds for a in f.arrays):
            self.base.allocs[array.buffer] = Alloc(array.buffer, array.dtype, self.tile)
        clear = [Store(a.buffer, a.offset, start) for f in folds for a, start in zip(f.arrays, f.starts)]
        update = self._take_rows(folds, reduced)
        for var in reversed(reduced[:-1]):
            update = [For(var, tuple(update))]
        maps = tuple(v for v in sweep.inner if v not in reduced)
        count = sz.product(v.extent for v in reduced)
        writes = [s for f in folds for s in self._finish(f, count, bool(maps))]
        result: list[Statement] = [self._simd(clear), *update, *([self._simd(writes)] if writes else [])]
        for var in reversed(maps):
            result = [For(var, tuple(result))]
        return result

    def _finish(self, fold: _Fold, count: SizeLike, mapped: bool) -> list[Statement]:
        base, local = self.base, self.base.locals[fold.compute.node]
        bind = Binder(base.fma)
        value = bind(fold.monoid.finish(fold.accumulators(count), index(count)))
        writes: list[Statement] = bind.take()
        if not mapped and self._is_read(local):
            base.allocs[local] = Alloc(local, fold.compute.node.dtype, self.tile)
            writes.append(Store(local, Size.of(self.lane), value))
        return writes + base.write(fold.compute, value)

    def _is_read(self, local: str) -> bool:
        values = [c.value for s in self.base.group.sweeps for c in s.computes]
        return any(isinstance(e, Load) and e.buffer == local for e in walk(values))

    def _take_rows(self, folds: list[_Fold], reduced: tuple[LoopVar, ...]) -> list[Statement]:
        """Take rows into the accumulators, several rows for each load and store of an accumulator."""
        extent = reduced[-1].extent
        if self.rows == 1:
            return [self._rows(folds, reduced, 1, LoopVar("r", extent), 0)]
        whole, rest = sz.floordiv(extent, self.rows), sz.mod(extent, self.rows)
        blocks: list[Statement] = []
        if whole != 0:
            blocks.append(self._rows(folds, reduced, self.rows, LoopVar("r", whole), 0))
        if rest != 0:
            blocks.append(self._rows(folds, reduced, 1, LoopVar("r", rest), sz.mul(whole, self.rows)))
        return blocks

    def _rows(
        self, folds: list[_Fold], reduced: tuple[LoopVar, ...], count: int, block: LoopVar, first: SizeLike
    ) -> For:
        """The loop over blocks of ``count`` rows from row ``first`` on."""
        *before, last = reduced
        start = sz.add(first, sz.mul(Size.of(block), count))
        taken = row_major((*map(Size.of, before), start), tuple(v.extent for v in reduced))
        rewrites = [Rewriter(values={last: sz.add(start, k)}) for k in range(count)]
        updates = [(a, v) for f in folds for a, v in zip(f.arrays, f.take(rewrites, taken))]
        bind = Binder(self.base.fma, [v for _, v in updates])
        stores = [Store(a.buffer, a.offset, bind(v)) for a, v in updates]
        return For(block, (self._simd([*bind.take(), *stores]),))


@dataclass(frozen=True, eq=False)
class _Fold:
    """A reduction of columns.

    Attributes:
        compute: what is reduced.
        monoid: that folds it.
        passes: how several rows are taken in at once, if there is such a way.
        arrays: the accumulators of the tile, at the lane.
    """

    compute: Compute
    monoid: Monoid
    passes: TwoPass | None
    arrays: tuple[Load, ...]

    @property
    def starts(self) -> tuple[Const, ...]:
        """What the arrays begin with."""
        return self.monoid.init(self.compute.node.inputs[0].dtype)[-len(self.arrays) :]

    def accumulators(self, taken: SizeLike) -> tuple[Expr, ...]:
        """All accumulators after so many elements."""
        if self.passes is None:
            return self.arrays
        return (cast(index(taken), self.arrays[0].dtype), *self.arrays)

    def take(self, rows: list[Rewriter], taken: SizeLike) -> tuple[Expr, ...]:
        """The new values of the arrays once these rows have been taken in."""
        values = [rewrite(self.compute.value) for rewrite in rows]
        accumulators = self.accumulators(taken)
        if self.passes is not None:
            origin = first_element(self.compute)
            values = [v - origin for v in values]
            if len(values) > 1:
                return take_together(self.passes, self.monoid, accumulators, values)[1:]
        for value, rewrite in zip(values, rows):
            position = index(rewrite.size(self.compute.position if self.compute.position is not None else 0))
            accumulators = self.monoid.step(accumulators, value, position)
        return accumulators[-len(self.arrays) :]


def _unfinished(compute: Compute) -> bool:
    """Whether the accumulator of a reduction is its result as it stands."""
    if not compute.reduced:
        return False
    monoid = monoid_of(compute)
    accumulators = tuple(Var(f"a{k}", s.dtype) for k, s in enumerate(monoid.init(compute.node.inputs[0].dtype)))
    return monoid.finish(accumulators, index(1)) is accumulators[0]
