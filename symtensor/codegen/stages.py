"""Lowering of reductions to scalars in two stages: chunks that are reduced in parallel, then joined in order.

The chunks are a function of the sizes alone, so the result has the same bits for any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtensor.codegen.bind import Binder
from symtensor.codegen.group import GroupLowering
from symtensor.codegen.loop_ir import Accumulate, Assign, Declare, For, Kernel, Let, Statement, Store
from symtensor.codegen.resolve import Rewriter, with_vars
from symtensor.codegen.schedule import TwoStage, operations
from symtensor.codegen.two_pass import first_element, monoid_of, two_pass_of
from symtensor.ir import size as sz
from symtensor.ir.scalar import Const, Expr, Load, LoopVar, Var, cast, index
from symtensor.ir.size import Atom, Size, SizeLike
from symtensor.ops.declare import Monoid, TwoPass
from symtensor.optimizer.plan import Compute, KernelGroup
from symtensor.records import dataclass


def two_stage(base: GroupLowering, step: TwoStage) -> list[Kernel]:
    """The kernel of the partial results, and the kernel that joins them and does the rest of the group.

    Args:
        base: the lowering of the group, which has no outer loops; it learns of the buffers between the stages.
        step: how many elements make a chunk.
    """
    first, *later = base.group.sweeps
    head = first.inner[0]
    row = sz.product(v.extent for v in first.inner[1:])
    chunk = sz.maximum(1, sz.floordiv(step.chunk, sz.maximum(1, row))) if row != 1 else step.chunk
    block = LoopVar("block", sz.floordiv(sz.add(head.extent, sz.add(chunk, -1)), chunk))
    start = sz.mul(Size.of(block), chunk)
    inside = LoopVar(head.label, sz.minimum(chunk, sz.add(head.extent, sz.mul(start, -1))))
    loops = (inside, *first.inner[1:])
    values: dict[Atom, SizeLike] = {head: sz.add(start, Size.of(inside))}
    part = with_vars(KernelGroup((), (first,)), Rewriter(values=values), (), lambda s: loops).sweeps[0]
    computes = list(zip(first.computes, part.computes))
    folds = [_Fold(base, whole, chunked, block) for whole, chunked in computes if whole.reduced]
    maps = [s for whole, chunked in computes if not whole.reduced for s in base.stores(chunked)]
    stage = For(block, (*_partials(base, folds, loops, maps), *(s for f in folds for s in f.stores())), "parallel")
    at = LoopVar("block", block.extent)
    joined = For(at, tuple(s for f in folds for s in f.join(at)))
    total = [
        *(Declare(a.name, s) for f in folds for a, s in zip(f.accumulators, f.starts)),
        joined,
        *(s for f in folds for s in f.finish()),
        *(s for sweep in later for s in base.sweep(sweep)),
    ]
    return [
        base.kernel(f"{base.name}_partial", [stage], operations(base.group)),
        base.kernel(f"{base.name}_combine", [*base.allocs.values(), *total], block.extent),
    ]


def _partials(
    base: GroupLowering, folds: list[_Fold], loops: tuple[LoopVar, ...], maps: list[Store]
) -> list[Statement]:
    """Reduce a chunk; what takes two passes goes over the chunk, which is in cache then, once more.

    ``maps`` are stores of what is taken in and read elsewhere too.
    """
    first = _nest(base, [f.first_pass() for f in folds], loops, maps)
    second = [f.second_pass() for f in folds if f.passes is not None]
    if not second:
        return first
    centers: list[Statement] = [Let(f.center.name, f.center_value()) for f in folds if f.passes is not None]
    joins: list[Statement] = [s for f in folds if f.passes is not None for s in f.join_passes()]
    return [*first, *centers, *_nest(base, second, loops), *joins]


def _nest(
    base: GroupLowering,
    parts: list[tuple[tuple[Var, ...], Monoid, Expr, SizeLike]],
    loops: tuple[LoopVar, ...],
    maps: Sequence[Store] = (),
) -> list[Statement]:
    """Declared accumulators, and the loops that take the values into them and store ``maps``."""
    bind = Binder(base.fma, [*(s.value for s in maps), *(value for _, _, value, _ in parts)])
    body: list[Statement] = []
    for store in maps:
        value = bind(store.value)
        body += [*bind.take(), Store(store.buffer, store.offset, value)]
    before: list[Statement] = []
    for names, monoid, value, position in parts:
        before += [Declare(n.name, s) for n, s in zip(names, monoid.init(value.dtype))]
        taken, where = bind(value), bind(index(position))
        body += [*bind.take(), Accumulate(tuple(n.name for n in names), monoid, taken, where)]
    for depth, var in enumerate(reversed(loops)):
        simd = depth == 0
        body = [For(var, tuple(body), "simd" if simd else "serial", lanes=base.lanes if simd else 0)]
    return before + body


@dataclass
class _Fold:
    """One reduction of the first sweep, in both stages.

    Attributes:
        whole: as the group has it.
        part: over the loops of a chunk.
        block: the loop over chunks.
    """

    base: GroupLowering
    whole: Compute
    part: Compute
    block: LoopVar

    def __post_init__(self) -> None:
        base, node = self.base, self.whole.node
        self.monoid: Monoid = monoid_of(self.whole)
        self.passes: TwoPass | None = two_pass_of(self.whole)
        self.starts: tuple[Const, ...] = self.monoid.init(node.inputs[0].dtype)
        local = base.locals[node]
        names = [f"{local}_acc{k or ''}" for k in range(len(self.starts))]
        self.accumulators = tuple(Var(n, s.dtype) for n, s in zip(names, self.starts))
        self.partials = [base.memory.names.fresh(n.replace("_acc", "_part")) for n in names]
        base.partials += [(p, s.dtype, self.block.extent) for p, s in zip(self.partials, self.starts)]
        base.memory.dtypes.update({p: s.dtype for p, s in zip(self.partials, self.starts)})
        self.center = Var(f"{local}_center", self.starts[0].dtype)
        self._totals = tuple(Var(f"{local}_{which}", self.starts[0].dtype) for which in ("first", "second"))

    # ------------------------------------------------------------------------------------------------- first stage
    def first_pass(self) -> tuple[tuple[Var, ...], Monoid, Expr, SizeLike]:
        """Accumulators, monoid, value and position of the pass over a chunk."""
        if self.passes is not None:
            return self._totals[:1], self.passes.first.monoid, self._from_origin, 0
        position = 0 if self.part.position is None else self.part.position
        return self.accumulators, self.monoid, self.part.value, position

    def second_pass(self) -> tuple[tuple[Var, ...], Monoid, Expr, SizeLike]:
        """The same of the second pass."""
        assert self.passes is not None
        return self._totals[1:], self.passes.second.monoid, self.passes.distance(self._from_origin, self.center), 0

    @property
    def _from_origin(self) -> Expr:
        return self.part.value - first_element(self.whole)

    def _count(self) -> Expr:
        return cast(index(sz.product(v.extent for v in self.part.reduced)), self.center.dtype)

    def center_value(self) -> Expr:
        """What the second pass measures from."""
        assert self.passes is not None
        return self.passes.center(self._totals[0], self._count())

    def join_passes(self) -> list[Statement]:
        """The accumulators of a chunk from its two passes."""
        assert self.passes is not None
        joined = self.passes.join(self._count(), self.center, self._totals[1])
        return [Let(a.name, value) for a, value in zip(self.accumulators, joined)]

    def stores(self) -> list[Statement]:
        """Leave the accumulators of a chunk for the second stage."""
        return [Store(p, Size.of(self.block), a) for p, a in zip(self.partials, self.accumulators)]

    # ------------------------------------------------------------------------------------------------ second stage
    def join(self, at: LoopVar) -> list[Statement]:
        """Take a chunk into the accumulators of the whole."""
        loaded = tuple(Load(p, Size.of(at), s.dtype) for p, s in zip(self.partials, self.starts))
        joined = self.monoid.combine(self.accumulators, loaded)
        fresh = [Var(f"{a.name}_next", a.dtype) for a in self.accumulators]
        return [
            *(Let(f.name, j) for f, j in zip(fresh, joined)),
            *(Assign(a.name, f) for a, f in zip(self.accumulators, fresh)),
        ]

    def finish(self) -> list[Statement]:
        """The result, where it belongs."""
        count = index(sz.product(v.extent for v in self.whole.reduced))
        local = Var(self.base.locals[self.whole.node], self.whole.node.dtype)
        value = self.monoid.finish(self.accumulators, count)
        return [Let(local.name, value), *self.base.write(self.whole, local)]
