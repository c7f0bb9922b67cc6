"""From elements of nodes to loads of memory: the first half of lowering a kernel group.

Offsets are row-major polynomials over loop variables; adjacent loops that every offset sees as one are merged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Call, Const, Expr, Index, Load, LoopVar, ValueIndex, Var, as_index, call
from symtensor.ir.size import Atom, Size, SizeLike, atoms, substitute
from symtensor.optimizer.elements import Element, walk
from symtensor.optimizer.plan import Compute, KernelGroup, Sweep


class Rewriter:
    """Rebuilds scalar expressions bottom-up, sharing preserved.

    Args:
        leaf: returns the replacement of an ``Element`` (its index already rewritten), ``Load`` or ``Var``, or None.
        values: atoms to be replaced in all index polynomials.
        known: expressions whose value is known.
        canonical: rewrites all index polynomials.
    """

    def __init__(
        self,
        leaf: Callable[[Expr], Expr | None] | None = None,
        values: Mapping[Atom, SizeLike] | None = None,
        known: Mapping[Expr, Expr] | None = None,
        canonical: Callable[[SizeLike], SizeLike] | None = None,
    ) -> None:
        self._leaf, self._canonical = leaf, canonical
        self._values = dict(values or {})
        self._known = dict(known or {})
        self._memo: dict[int, Expr] = {}
        self._sizes: dict[SizeLike, SizeLike] = {}
        self._keep: list[Expr] = []  # keeps the keys of the memo alive

    def __call__(self, root: Expr) -> Expr:
        """Rewrite one expression."""
        for expr in walk([root], self._memo):
            self._memo[id(expr)] = self._rebuild(expr)
            self._keep.append(expr)
        return self._memo[id(root)]

    def size(self, size: SizeLike) -> SizeLike:
        """Rewrite an index polynomial."""
        if isinstance(size, int):
            return size
        new = self._sizes.get(size)
        if new is None:
            new = self._sizes[size] = self._rewritten(size)
        return new

    def _rewritten(self, size: Size) -> SizeLike:
        values: dict[Atom, SizeLike] = dict(self._values)
        for atom in atoms(size):
            if isinstance(atom, ValueIndex):
                new = self(atom.value)
                if new is not atom.value:
                    values[atom] = as_index(new)
        rewritten = substitute(size, values) if values else size
        return rewritten if self._canonical is None else self._canonical(rewritten)

    def _rebuild(self, expr: Expr) -> Expr:
        if expr in self._known:
            return self._known[expr]
        if isinstance(expr, Call):
            args = tuple(self._memo[id(a)] for a in expr.args)
            if all(a is b for a, b in zip(args, expr.args)):
                return expr
            return Call(expr.op, args, expr.dtype) if expr.op == "cast" else call(expr.op, *args, dtype=expr.dtype)
        if isinstance(expr, Element):
            expr = Element(expr.node, tuple(map(self.size, expr.index)))
        elif isinstance(expr, Index):
            return Index(self.size(expr.size))
        elif isinstance(expr, Load):
            expr = Load(expr.buffer, self.size(expr.offset), expr.dtype)
        if self._leaf is not None and isinstance(expr, (Element, Load, Var)):
            replacement = self._leaf(expr)
            return expr if replacement is None else replacement
        return expr


def row_major(index: tuple[SizeLike, ...], shape: tuple[SizeLike, ...]) -> SizeLike:
    """Offset of an element in a contiguous array."""
    offset: SizeLike = 0
    for i, n in zip(index, shape):
        offset = sz.add(sz.mul(offset, n), i)
    return offset


def with_vars(
    group: KernelGroup, rewrite: Rewriter, outer: tuple[LoopVar, ...], inner: Callable[[Sweep], tuple[LoopVar, ...]]
) -> KernelGroup:
    """Rewrite all expressions of a group and give it other loops."""
    sweeps = []
    for sweep in group.sweeps:
        loops = inner(sweep)
        computes = tuple(
            replace(
                c,
                index=tuple(map(rewrite.size, c.index)),
                value=rewrite(c.value),
                reduced=tuple(v for v in loops if v in c.reduced) if loops is sweep.inner else _kept(c, sweep, loops),
                position=None if c.position is None else rewrite.size(c.position),
            )
            for c in sweep.computes
        )
        sweeps.append(Sweep(loops, computes))
    return KernelGroup(outer, tuple(sweeps))


def _kept(compute: Compute, sweep: Sweep, loops: tuple[LoopVar, ...]) -> tuple[LoopVar, ...]:
    """Reduced loops after merging: the trailing loops, as many as are not map loops."""
    if not compute.reduced:
        return ()
    return loops if len(compute.reduced) == len(sweep.inner) else compute.reduced


def merge_loops(group: KernelGroup, offsets: Callable[[Compute], list[SizeLike]]) -> KernelGroup:
    """Merge adjacent outer loops, and adjacent inner loops of one kind, that all memory accesses see as one.

    Args:
        group: with elements resolved to loads.
        offsets: the offsets that a compute stores to.
    """
    group = _merge_outer(group, offsets)
    sweeps = []
    for sweep in group.sweeps:
        pure = all(len(c.reduced) in (0, len(sweep.inner)) for c in sweep.computes)
        while pure and len(sweep.inner) > 1:
            merged = _merge_pair(KernelGroup((), (sweep,)), sweep.inner, offsets)
            if merged is None:
                break
            position, var, values = merged
            loops = sweep.inner[:position] + (var,) + sweep.inner[position + 2 :]
            sweep = with_vars(KernelGroup((), (sweep,)), Rewriter(values=values), (), lambda s, n=loops: n).sweeps[0]  # type: ignore[misc]
        sweeps.append(sweep)
    return KernelGroup(group.outer, tuple(sweeps))


def _merge_outer(group: KernelGroup, offsets: Callable[[Compute], list[SizeLike]]) -> KernelGroup:
    while len(group.outer) > 1:
        merged = _merge_pair(group, group.outer, offsets)
        if merged is None:
            return group
        position, var, values = merged
        outer = group.outer[:position] + (var,) + group.outer[position + 2 :]
        group = with_vars(group, Rewriter(values=values), outer, lambda s: s.inner)
    return group


def _merge_pair(
    group: KernelGroup, loops: tuple[LoopVar, ...], offsets: Callable[[Compute], list[SizeLike]]
) -> tuple[int, LoopVar, dict[Atom, SizeLike]] | None:
    used: list[SizeLike] = []
    for sweep in group.sweeps:
        for expr in walk([c.value for c in sweep.computes]):
            if isinstance(expr, Load):
                used.append(expr.offset)
            elif isinstance(expr, Index):
                used.append(expr.size)
        for compute in sweep.computes:
            used += offsets(compute)
            if compute.position is not None:
                used.append(compute.position)
    for position in reversed(range(len(loops) - 1)):
        first, second = loops[position], loops[position + 1]
        var = LoopVar(first.label, sz.mul(first.extent, second.extent))
        forward: dict[Atom, SizeLike] = {first: 0, second: Size.of(var)}
        back: dict[Atom, SizeLike] = {var: sz.add(sz.mul(Size.of(first), second.extent), Size.of(second))}
        if all(_unchanged(size, forward, back) for size in used):
            return position, var, forward
    return None


def _unchanged(size: SizeLike, forward: Mapping[Atom, SizeLike], back: Mapping[Atom, SizeLike]) -> bool:
    if isinstance(size, int):
        return True
    if any(isinstance(a, ValueIndex) and any(_mentions(a.value, v) for v in forward) for a in atoms(size)):
        return False  # the loaded index has an offset of its own, which is checked as a load; stay on the safe side
    return substitute(substitute(size, forward), back) == size


def _mentions(expr: Expr, atom: Atom) -> bool:
    for e in walk([expr]):
        size = e.offset if isinstance(e, Load) else e.size if isinstance(e, Index) else 0
        if atom in set(atoms(size)):
            return True
    return False


def resolve(
    group: KernelGroup,
    load: Callable[[Tensor, tuple[SizeLike, ...]], Expr],
    canonical: Callable[[SizeLike], SizeLike],
) -> KernelGroup:
    """Replace the elements of stored nodes by what ``load`` makes of them, and sizes by those that stand for them.

    Where one piece of an array ends another begins, which shows if their borders are written in the same sizes.
    """
    rewrite = Rewriter(lambda e: load(e.node, e.index) if isinstance(e, Element) else None, canonical=canonical)
    return with_vars(group, rewrite, group.outer, lambda s: s.inner)


__all__ = ["Const", "Rewriter", "merge_loops", "resolve", "row_major"]
