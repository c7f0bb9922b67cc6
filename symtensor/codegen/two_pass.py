"""Reductions that are cheaper in two passes over elements at hand: of a row, of a chunk, of a few rows in registers.

Welford's recurrence divides for every element.  Over a row that stays in cache two simple reductions are cheaper; the
results of larger pieces are joined by the combination of the monoid, so that memory is read once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from symtensor.codegen.resolve import Rewriter
from symtensor.ir import size as sz
from symtensor.ir.node import make
from symtensor.ir.scalar import Const, Expr, cast, index
from symtensor.ops.declare import Monoid, Reduction, TwoPass
from symtensor.optimizer.elements import Element
from symtensor.optimizer.plan import SCRATCH, Compute, KernelGroup, Sweep


def _reduction(compute: Compute) -> Reduction:
    op = compute.fold or compute.node.op
    assert isinstance(op, Reduction)
    return op


def monoid_of(compute: Compute) -> Monoid:
    """The monoid that folds a reduced compute."""
    return _reduction(compute).monoid


def two_pass_of(compute: Compute) -> TwoPass | None:
    """The two passes that a reduced compute may be split into."""
    return _reduction(compute).two_pass if compute.reduced else None


def in_two_passes(group: KernelGroup) -> KernelGroup:
    """The group with each such reduction as two sweeps; the group itself if there is none.

    A first pass that the group computes anyway, such as the sum behind a mean, is shared.
    """
    if not any(two_pass_of(c) for s in group.sweeps for c in s.computes):
        return group
    sweeps: list[Sweep] = []
    done = set()
    for sweep in group.sweeps:
        now: list[Compute] = [c for c in sweep.computes if two_pass_of(c) is None]
        then: list[Compute] = []
        done |= {c.node for c in now}
        for compute in sweep.computes:
            passes = two_pass_of(compute)
            if passes is None:
                continue
            node = compute.node
            first = make(passes.first, node.inputs, node.attrs)
            if first not in done:
                done.add(first)
                now.append(replace(compute, node=first, storage=SCRATCH, fold=None))
            center = passes.center(Element(first, compute.index), cast(_count(compute), first.dtype))
            then.append(replace(compute, value=passes.distance(compute.value, center), fold=passes.second))
        sweeps += [Sweep(sweep.inner, tuple(c)) for c in (now, then) if c]
    return KernelGroup(group.outer, tuple(sweeps))


def _count(compute: Compute) -> Expr:
    return index(sz.product(v.extent for v in compute.reduced))


def first_element(compute: Compute) -> Expr:
    """What a reduction takes in first; may be read only where there is an element."""
    return Rewriter(values=dict.fromkeys(compute.reduced, 0))(compute.value)


def take_together(
    passes: TwoPass, monoid: Monoid, accumulators: tuple[Expr, ...], values: Sequence[Expr]
) -> tuple[Expr, ...]:
    """Take several values into the accumulators at once.

    Args:
        passes: of the reduction.
        monoid: of the reduction.
        accumulators: its accumulators.
        values: in registers.

    Returns:
        The new accumulators.
    """
    dtype = values[0].dtype
    count = Const(len(values), dtype)
    center = passes.center(_total(passes.first.monoid, values), count)
    total = _total(passes.second.monoid, [passes.distance(v, center) for v in values])
    return monoid.combine(accumulators, passes.join(count, center, total))


def _total(monoid: Monoid, values: Sequence[Expr]) -> Expr:
    """Values folded as a balanced tree, whose latency is that of its depth."""
    while len(values) > 1:
        pairs = [tuple(values[k : k + 2]) for k in range(0, len(values), 2)]
        values = [reduce(lambda a, b: monoid.combine((a,), (b,))[0], pair) for pair in pairs]
    return values[0]
