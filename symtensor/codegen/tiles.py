"""Lowering where memory runs along another loop than the lanes: transposed operands.

A load that is contiguous along an outer loop, while the lanes run along another one, takes every lane's element from
its own cache line.  Here that outer loop is cut into blocks of a cache line or two.  For each block the elements are
copied into scratch, transposed in registers (``loop_ir.Transpose``), and read from there along the lanes.  In
elementwise groups the lanes are cut as well, so that a tile stays in the first cache; in row reductions a block holds
whole rows, which all sweeps share.
"""

from __future__ import annotations

import numpy as np

from symtensor.codegen.group import GroupLowering
from symtensor.codegen.loop_ir import Alloc, For, Kernel, Statement, Transpose
from symtensor.codegen.resolve import Rewriter, with_vars
from symtensor.codegen.schedule import Tile, operations, transposed, transposed_along
from symtensor.codegen.strides import coefficient
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Load, LoopVar
from symtensor.ir.size import Atom, Size, SizeLike, substitute
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass


def tiled(base: GroupLowering, step: Tile) -> Kernel:
    """The kernel of a group whose transposed loads go through scratch.

    Args:
        base: the lowering of the group; its group is rewritten.
        step: the size of a block.
    """
    work = operations(base.group)
    maps = not any(s.inner for s in base.group.sweeps)
    outer = base.group.outer
    along = transposed_along(base.group)
    assert along is not None, "the schedule has a tile, but no load is transposed"
    rows = _Block.of(along, step.rows, "tile_row", "i")
    lanes = _Block.of(outer[-1], step.columns, "tile", "j") if maps else None
    blocks = [rows, *([lanes] if lanes else [])]
    values: dict[Atom, SizeLike] = {b.whole: b.value for b in blocks}
    outer = tuple(next((b.block for b in blocks if b.whole is v), v) for v in outer)
    base.group = with_vars(base.group, Rewriter(values=values), outer, lambda s: s.inner)
    found = _Scratch(base, rows.inside, lanes.inside if lanes else None, step)
    base.group = with_vars(base.group, Rewriter(found.leaf), outer, lambda s: s.inner)
    base.block = step.rows * max(1, step.columns)
    inside: list[Statement] = []
    for sweep in base.group.sweeps:
        if lanes:
            inside += base.map_loop([s for c in sweep.computes for s in base.stores(c)], lanes.inside)
        else:
            inside += base.sweep(sweep)
    return base.kernel(base.name, base.outer_loops(outer, [*found.copies, For(rows.inside, tuple(inside))]), work)


@dataclass(frozen=True)
class _Block:
    """A loop cut into blocks.

    Attributes:
        whole: the loop.
        block: the loop over blocks.
        inside: the loop in a block.
        value: the iteration of the whole loop.
    """

    whole: LoopVar
    block: LoopVar
    inside: LoopVar
    value: SizeLike

    @classmethod
    def of(cls, whole: LoopVar, size: int, outer: str, inner: str) -> _Block:
        block = LoopVar(outer, sz.floordiv(sz.add(whole.extent, size - 1), size))
        start = sz.mul(Size.of(block), size)
        inside = LoopVar(inner, sz.minimum(size, sz.add(whole.extent, sz.mul(start, -1))))
        return cls(whole, block, inside, sz.add(start, Size.of(inside)))


class _Scratch:
    """The transposed loads of a group, their arrays and the copies that fill them.

    Args:
        base: the lowering, which learns of the arrays.
        row: the loop in a block along which the loads are contiguous.
        lane: the loop over lanes, if it is the same for all sweeps.
        step: the size of a block.
    """

    def __init__(self, base: GroupLowering, row: LoopVar, lane: LoopVar | None, step: Tile) -> None:
        self.base, self.row, self.step = base, row, step
        self.copies: list[Statement] = []
        self._arrays: dict[tuple[str, SizeLike, SizeLike, SizeLike], str] = {}
        self._loads: dict[tuple[str, SizeLike], Load] = {}
        for sweep in base.group.sweeps:
            along = lane or (sweep.inner[-1] if sweep.inner else None)
            for e in walk([c.value for c in sweep.computes]):
                if isinstance(e, Load) and along is not None and transposed(e, along, row, sweep.inner[:-1]):
                    self._loads.setdefault((e.buffer, e.offset), self._replace(e, along, along is not lane))

    def leaf(self, expr: Expr) -> Expr | None:
        """The load from scratch that stands for a transposed load."""
        return self._loads.get((expr.buffer, expr.offset)) if isinstance(expr, Load) else None

    def _replace(self, load: Load, lane: LoopVar, whole_rows: bool) -> Load:
        first = substitute(load.offset, {lane: 0, self.row: 0})
        across = coefficient(load.offset, lane)
        assert across is not None
        stride = lane.extent if whole_rows else self.step.columns
        key = (load.buffer, first, across, stride)
        if key not in self._arrays:
            name = self._arrays[key] = self.base.memory.names.fresh(f"{load.buffer}_tile")
            self.base.allocs[name] = Alloc(name, load.dtype, sz.mul(stride, self.step.rows))
            source = Load(load.buffer, first, load.dtype)
            self.copies.append(Transpose(name, stride, source, across, self.row.extent, lane.extent))
        offset = sz.add(sz.mul(Size.of(self.row), stride), Size.of(lane))
        return Load(self._arrays[key], offset, np.dtype(load.dtype))
