"""Scatters as kernels: rows added (or written) at computed positions, in order, by owners.

Every thread looks at all positions and takes the rows that it owns, so that the rows of one position keep their order:
the bits are those of one thread, without atomics.  Owners are dealt out to threads in ranges (a *joint* loop), so that
a single thread looks at the positions once.

What an update does not take from the innermost loops over positions is computed once for them, into a scratch row: the
gradient of a mean over words is the same row for each word of a sentence.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.bind import Binder, bound
from symtensor.codegen.group import Memory, make_kernel
from symtensor.codegen.resolve import Rewriter, resolve, row_major
from symtensor.codegen.strides import mentions
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Call, Expr, Index, Load, LoopVar, Var, call, cast, index
from symtensor.ir.size import Size, SizeLike
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import KernelGroup
from symtensor.records import dataclass

OWNERS = 64  # a power of two: position p belongs to owner p % OWNERS
LANES = 32
BLOCK = 512  # elements whose positions and updates are computed at a time: 8 kB
INT64 = np.dtype("int64")
_OWNER = LoopVar("owner", OWNERS)
_FIRST, _LAST = (Var(n, INT64) for n in ir.joint_names(_OWNER))
_KEY = call("bit_and", Var("row", INT64), index(OWNERS - 1))
_IS_MINE = (_KEY >= _FIRST) & (_KEY < _LAST)


def scatter_kernel(
    name: str, node: Tensor, group: KernelGroup, memory: Memory, fma: bool, host: bool = True
) -> ir.Kernel:
    """The kernel that takes the rows of an update into a buffer that holds the base already.

    Args:
        name: of the kernel.
        node: the scatter, with inputs base, positions and update.
        group: computes positions and update.
        memory: where stored nodes lie.
        fma: whether products with one use join additions.
        host: whether it runs on a CPU, where positions and updates of one element are computed in lanes beforehand.
    """
    indices = node.inputs[1]
    target, axis = memory.buffer(node), node.attr("axis")
    shape = memory.shape(node)
    group = resolve(
        group, lambda n, at: Load(memory.buffer(n), row_major(at, memory.shape(n)), n.dtype), memory.canonical
    )
    where, update = group.sweeps[0].computes
    rows, extent = axis + indices.ndim, shape[axis]
    outer = group.outer[axis:rows]
    inner = group.outer[:axis] + group.outer[rows:]
    total = sz.product(memory.shape(node.inputs[2]))
    if host and not inner and len(outer) == 1:
        elements = _elements(node, cast(where.value, INT64), update.value, extent, outer[0], memory, fma)
        return make_kernel(name, (_owned(elements),), (node,), sz.mul(total, 4), memory.dtypes)
    row = _Row.of(update.value, outer, inner, memory)
    given = update.value if row is None else row.load()

    bind = Binder(fma)
    raw = bind(cast(where.value, INT64))
    head = [*bind.take(), ir.Let("row", call("select", raw < 0, raw + index(extent), raw))]
    at_row = Size.of(LoopVar("row", 0))
    place = (*map(Size.of, group.outer[:axis]), at_row, *map(Size.of, group.outer[rows:]))
    offset = row_major(place, shape)
    bind = Binder(fma)
    if not inner:
        given = bind(given)  # rounded before it is added, as on a CPU
    value = bind(node.op.combine(Load(target, offset, node.dtype), given))  # type: ignore[attr-defined]
    adding = _over(inner, [*bind.take(), ir.Store(target, offset, value)])

    body: list[ir.Statement] = [*head, ir.If(_IS_MINE, tuple(adding))]
    for depth, var in reversed(list(enumerate(outer))):
        body = [ir.For(var, tuple(body))]
        if row is not None and depth == row.depth:
            body = [*_over(inner, row.stores(fma)), *body]
    if row is not None:
        body = [row.alloc, *body]
    return make_kernel(name, (_owned(body),), (node,), sz.mul(total, 4), memory.dtypes)


def _owned(body: Sequence[ir.Statement]) -> ir.For:
    """The loop in which every owner takes its rows."""
    return ir.For(_OWNER, tuple(body), "parallel", joint=True)


def _elements(
    node: Tensor, position: Expr, update: Expr, extent: SizeLike, var: LoopVar, memory: Memory, fma: bool
) -> list[ir.Statement]:
    """Single elements, a block at a time: positions and updates in lanes, into scratch; then one after the other.

    Where one thread owns all rows, it asks for none of them whose it is.
    """
    target = memory.buffer(node)
    block = LoopVar("block", sz.floordiv(sz.add(var.extent, BLOCK - 1), BLOCK))
    first = sz.mul(Size.of(block), BLOCK)
    inside = LoopVar(var.label, sz.minimum(BLOCK, sz.add(var.extent, sz.mul(first, -1))))
    at = Size.of(inside)
    rewrite = Rewriter(values={var: sz.add(first, at)})
    raw, value = rewrite(position), rewrite(update)
    rows = ir.Alloc(memory.names.fresh("rows"), np.dtype(INT64), BLOCK)
    allocs = [rows]
    stores = [ir.Store(rows.name, at, call("select", raw < 0, raw + index(extent), raw))]
    if any(isinstance(e, Call) for e in walk([value])):
        updates = ir.Alloc(memory.names.fresh("updates"), update.dtype, BLOCK)
        allocs.append(updates)
        stores.append(ir.Store(updates.name, at, value))
        value = Load(updates.name, at, update.dtype)
    head = ir.Let("row", Load(rows.name, at, INT64))
    place = Size.of(LoopVar("row", 0))
    bind = Binder(fma)
    combined = bind(node.op.combine(Load(target, place, node.dtype), value))  # type: ignore[attr-defined]
    adding = (*bind.take(), ir.Store(target, place, combined))
    everything = (_FIRST <= 0) & (_LAST >= OWNERS)
    apart = ir.If(
        everything,
        (ir.For(inside, (head, *adding)),),
        (ir.For(inside, (head, ir.If(_IS_MINE, adding))),),
    )
    lanes = ir.For(inside, tuple(bound(stores, fma)), "simd", lanes=LANES)
    return [*allocs, ir.For(block, (lanes, apart))]


def _over(loops: Sequence[LoopVar], body: Sequence[ir.Statement]) -> list[ir.Statement]:
    """A body in these loops, the last in lanes."""
    nest = list(body)
    for depth, var in enumerate(reversed(loops)):
        lanes = LANES if depth == 0 else 0
        nest = [ir.For(var, tuple(nest), "simd" if lanes else "serial", lanes=lanes)]
    return nest


@dataclass(frozen=True, eq=False)
class _Row:
    """A part of an update that is the same in the innermost loops over positions, in scratch.

    Attributes:
        value: what it holds.
        depth: how many of the loops over positions it varies with.
        inner: the loops over its elements.
        alloc: its array.
    """

    value: Expr
    depth: int
    inner: tuple[LoopVar, ...]
    alloc: ir.Alloc

    @classmethod
    def of(cls, value: Expr, outer: Sequence[LoopVar], inner: tuple[LoopVar, ...], memory: Memory) -> _Row | None:
        """The row of an update, if it is worth one: something is computed, and some loop repeats it."""
        depth = 1 + max((k for k, var in enumerate(outer) if _varies(value, var)), default=-1)
        if depth == len(outer) or not inner or not any(isinstance(e, Call) for e in walk([value])):
            return None
        extent = sz.product(var.extent for var in inner)
        return cls(value, depth, inner, ir.Alloc(memory.names.fresh("update_row"), value.dtype, extent))

    @property
    def offset(self) -> SizeLike:
        """Where an element lies."""
        return row_major(tuple(map(Size.of, self.inner)), tuple(var.extent for var in self.inner))

    def load(self) -> Load:
        """One element."""
        return Load(self.alloc.name, self.offset, self.value.dtype)

    def stores(self, fma: bool) -> list[ir.Statement]:
        """The statements that compute one element."""
        return bound([ir.Store(self.alloc.name, self.offset, self.value)], fma)


def _varies(value: Expr, var: LoopVar) -> bool:
    sizes = (e.offset if isinstance(e, Load) else e.size for e in walk([value]) if isinstance(e, (Load, Index)))
    return any(mentions(size, var) for size in sizes)
