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
from symtensor.codegen.resolve import resolve, row_major
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
INT64 = np.dtype("int64")


def scatter_kernel(name: str, node: Tensor, group: KernelGroup, memory: Memory, fma: bool) -> ir.Kernel:
    """The kernel that takes the rows of an update into a buffer that holds the base already.

    Args:
        name: of the kernel.
        node: the scatter, with inputs base, positions and update.
        group: computes positions and update.
        memory: where stored nodes lie.
        fma: whether products with one use join additions.
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
    row = _Row.of(update.value, outer, inner, memory)
    given = update.value if row is None else row.load()

    bind = Binder(fma)
    raw = bind(cast(where.value, INT64))
    head = [*bind.take(), ir.Let("row", call("select", raw < 0, raw + index(extent), raw))]
    at_row = Size.of(LoopVar("row", 0))
    place = (*map(Size.of, group.outer[:axis]), at_row, *map(Size.of, group.outer[rows:]))
    offset = row_major(place, shape)
    bind = Binder(fma)
    value = bind(node.op.combine(Load(target, offset, node.dtype), given))  # type: ignore[attr-defined]
    adding = _over(inner, [*bind.take(), ir.Store(target, offset, value)])

    owner = LoopVar("owner", OWNERS)
    key = call("bit_and", Var("row", INT64), index(OWNERS - 1))
    first, last = (Var(n, INT64) for n in ir.joint_names(owner))
    body: list[ir.Statement] = [*head, ir.If((key >= first) & (key < last), tuple(adding))]
    for depth, var in reversed(list(enumerate(outer))):
        body = [ir.For(var, tuple(body))]
        if row is not None and depth == row.depth:
            body = [*_over(inner, row.stores(fma)), *body]
    if row is not None:
        body = [row.alloc, *body]
    total = sz.product(memory.shape(node.inputs[2]))
    loop = ir.For(owner, tuple(body), "parallel", joint=True)
    return make_kernel(name, (loop,), (node,), sz.mul(total, 4), memory.dtypes)


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
