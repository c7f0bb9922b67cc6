"""How the loads of a kernel group walk memory along its loops, and where lanes across short reductions pay."""

from __future__ import annotations

from collections.abc import Iterable

from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Index, Load, LoopVar, ValueIndex, Var
from symtensor.ir.size import Size, SizeCall, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import SCRATCH, KernelGroup, Sweep
from symtensor.records import dataclass

FEW_LANES = 16  # a loop known to be shorter is not worth lanes across reductions
LONG_REDUCTION = 256  # a reduction known to be longer keeps lanes along itself busy


@dataclass(frozen=True)
class Reach:
    """A load in a loop over lanes.

    Attributes:
        load: the load.
        apart: whether neighbouring lanes read elements that are no neighbours.
        packs: whether a packed copy serves many iterations: some outer loop does not move the load.
    """

    load: Load
    apart: bool
    packs: bool


def coefficient(size: SizeLike, var: LoopVar) -> SizeLike | None:
    """The stride of an index polynomial along a loop variable; None if it is not affine in it."""
    if isinstance(size, int):
        return 0
    for atom in atoms(size):
        if isinstance(atom, ValueIndex) and depends(atom.value, var, frozenset()):
            return None
        if isinstance(atom, SizeCall) and (mentions(atom.left, var) or mentions(atom.right, var)):
            return None
    step: SizeLike = 0
    for monomial, factor in size.terms:
        rest = tuple([a for a in monomial if a is not var])
        if len(rest) < len(monomial) - 1:
            return None
        if len(rest) < len(monomial):
            step = sz.add(step, Size({rest: factor}) if rest else factor)
    return step


def mentions(size: SizeLike, var: LoopVar) -> bool:
    """Whether a loop variable occurs in an index polynomial, or in a value that indexes."""
    return any(a is var or (isinstance(a, ValueIndex) and depends(a.value, var, frozenset())) for a in atoms(size))


def depends(expr: Expr, var: LoopVar, names: frozenset[str] | set[str]) -> bool:
    """Whether a value varies with a loop variable, directly or through one of the named variables."""
    for e in walk([expr]):
        if isinstance(e, Var) and e.name in names:
            return True
        size = e.offset if isinstance(e, Load) else e.size if isinstance(e, Index) else 0
        if not isinstance(size, int) and any(a is var for a in atoms(size)):
            return True
    return False


def step_along(offset: SizeLike, var: LoopVar) -> SizeLike | None:
    """By how much an offset moves with a loop variable; None where that is no number of the loop's sizes alone."""
    if isinstance(offset, int):
        return 0
    if any(isinstance(a, (ValueIndex, SizeCall)) for a in atoms(offset)):
        return None
    step = coefficient(offset, var)
    return None if step is None or vars_of(step) else step


def vars_of(offset: SizeLike) -> frozenset[LoopVar]:
    """The loops that move an offset."""
    return frozenset() if isinstance(offset, int) else frozenset(a for a in atoms(offset) if isinstance(a, LoopVar))


def reaches(values: Iterable[Expr], lane: LoopVar, outer: tuple[LoopVar, ...]) -> list[Reach]:
    """All loads of some values that the lanes move or that cannot be told, each once."""
    found: dict[tuple[str, SizeLike], Reach] = {}
    for e in walk(list(values)):
        if not isinstance(e, Load):
            continue
        step = step_along(e.offset, lane)
        if step == 0:
            continue
        moving = vars_of(e.offset)
        still = any(v is not lane and v not in moving for v in outer)
        found[e.buffer, e.offset] = Reach(e, step != 1, step is not None and step != 1 and still)
    return list(found.values())


def pair_sweep(sweep: Sweep) -> bool:
    """Whether a sweep is a reduction for each iteration of one other loop."""
    first, *rest = sweep.inner or (None,)
    return first is not None and bool(rest) and all(c.reduced == tuple(rest) for c in sweep.computes)


def across_outer(group: KernelGroup) -> bool:
    """Whether all sweeps reduce their inner loops whole, or have none, so that lanes can run along an outer loop."""
    if len(group.outer) < 2 or not any(s.inner for s in group.sweeps):
        return False
    return all((c.reduced == s.inner) and (c.reduced or c.storage != SCRATCH) for s in group.sweeps for c in s.computes)


def lanes_across(group: KernelGroup) -> bool:
    """Whether lanes should run across the reductions of a group.

    They should where the operands of a reduction either do not move with the lanes, or are contiguous along them, or
    can be packed once for many iterations of the outer loops.
    """
    if not group.outer:
        return False
    if across_outer(group):
        folds = [s for s in group.sweeps if s.inner]
        return _pays(group, folds, group.outer[-1]) and all(_touches(s, group.outer[-1]) for s in folds)
    pairs = [s for s in group.sweeps if pair_sweep(s)]
    return bool(pairs) and all(_pays(group, [s], s.inner[0]) for s in pairs)


def _touches(sweep: Sweep, lane: LoopVar) -> bool:
    return bool(reaches([c.value for c in sweep.computes], lane, ()))


def _pays(group: KernelGroup, sweeps: list[Sweep], lane: LoopVar) -> bool:
    if isinstance(lane.extent, int) and lane.extent < FEW_LANES:
        return False
    lengths = [sz.product(v.extent for c in s.computes[:1] for v in c.reduced) for s in sweeps]
    if any(isinstance(n, int) and n >= LONG_REDUCTION for n in lengths):
        return False
    found = reaches([c.value for s in sweeps for c in s.computes], lane, group.outer)
    return any(r.packs for r in found) and all(r.packs or not r.apart for r in found)
