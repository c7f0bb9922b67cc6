"""Loops over piecewise values, cut where the pieces meet.

Padding, concatenation, ``x[a:b].set(v)`` and triangles are selects on comparisons of indices.  Lane by lane both sides
would be loaded, at indices that are clamped into range.  Here the loop is cut at the indices where a comparison
changes, and a comparison that does not vary along the loop becomes a branch around it, so that within each piece the
condition is known, one side is left, and memory is walked contiguously.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce

from symtensor.codegen.loop_ir import If, Let, Statement, Store
from symtensor.codegen.resolve import Rewriter
from symtensor.codegen.strides import coefficient
from symtensor.ir import size as sz
from symtensor.ir.scalar import Call, Const, Expr, Index, LoopVar, ValueIndex, call, index
from symtensor.ir.size import Size, SizeLike, atoms, substitute
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass

MOST_PIECES = 12  # of one loop: beyond, the selects that are left stay selects

Emit = Callable[[Sequence[Store], LoopVar], Statement]


@dataclass(frozen=True)
class _Condition:
    """A comparison of indices: it holds where ``margin >= 0``."""

    expr: Expr
    margin: SizeLike


@dataclass(frozen=True)
class _Cut:
    """Comparisons to decide at once: one that turns along the loop, or all of a conjunction that do not vary."""

    parts: tuple[_Condition, ...]
    slope: int


def in_pieces(stores: Sequence[Store], var: LoopVar, numbers: Iterator[int], emit: Emit) -> list[Statement]:
    """Cut a loop so that comparisons of indices are known in each piece.

    Args:
        stores: what an iteration stores, as unbound expressions.
        var: the loop.
        numbers: of the variables that hold borders.
        emit: makes the loop over one piece from its stores and its loop variable, which counts from 0.

    Returns:
        The loops, with the branches and borders that they need.
    """
    return _Cutter(var, numbers, emit).cut(list(stores), 0, var.extent)


class _Cutter:
    def __init__(self, var: LoopVar, numbers: Iterator[int], emit: Emit) -> None:
        self._var, self._numbers, self._emit = var, numbers, emit
        self._pieces = 1

    def cut(self, stores: list[Store], low: SizeLike, high: SizeLike) -> list[Statement]:
        """The loops over iterations ``low`` to ``high``."""
        cut = self._next(stores) if self._pieces < MOST_PIECES else None
        if cut is None:
            return self._piece(stores, low, high)
        self._pieces += 1
        holds, fails = (_given(stores, cut.parts, truth) for truth in (True, False))
        if cut.slope == 0:
            condition = reduce(lambda a, b: call("and", a, b), (c.expr for c in cut.parts))
            return [If(condition, tuple(self.cut(holds, low, high)), tuple(self.cut(fails, low, high)))]
        rest = substitute(cut.parts[0].margin, {self._var: 0})  # type: ignore[arg-type]
        # margin = rest + slope * var: it turns at -rest, or just behind rest
        border, set_border = self._border(sz.mul(rest, -1) if cut.slope > 0 else sz.add(rest, 1), low, high)
        first, second = (fails, holds) if cut.slope > 0 else (holds, fails)
        return [*set_border, *self.cut(first, low, border), *self.cut(second, border, high)]

    def _next(self, stores: list[Store]) -> _Cut | None:
        """The first comparison that decides a select and can be cut at, with others that are decided with it."""
        for parts in _conjunctions(stores):
            slopes = [_slope(c.margin, self._var) for c in parts]
            uniform = tuple(c for c, slope in zip(parts, slopes) if slope == 0)
            if uniform:
                return _Cut(uniform, 0)
            for condition, slope in zip(parts, slopes):
                if slope is not None:
                    return _Cut((condition,), slope)
        return None

    def _border(self, wanted: SizeLike, low: SizeLike, high: SizeLike) -> tuple[SizeLike, list[Statement]]:
        value = sz.minimum(sz.maximum(wanted, low), high)
        if isinstance(value, int):
            return value, []
        name = f"{self._var.label}_border{next(self._numbers)}"
        return Size.of(LoopVar(name, sz.add(self._var.extent, 1))), [Let(name, index(value))]

    def _piece(self, stores: list[Store], low: SizeLike, high: SizeLike) -> list[Statement]:
        extent = sz.add(high, sz.mul(low, -1))
        if extent == 0:
            return []
        if low == 0 and high == self._var.extent:
            return [self._emit(stores, self._var)]
        loop = LoopVar(self._var.label, extent)
        rewrite = Rewriter(values={self._var: sz.add(low, Size.of(loop))})
        return [self._emit([_rewritten(s, rewrite) for s in stores], loop)]


def _rewritten(store: Store, rewrite: Rewriter) -> Store:
    return Store(store.buffer, rewrite.size(store.offset), rewrite(store.value))


def _slope(margin: SizeLike, var: LoopVar) -> int | None:
    """How a margin changes along a loop, where the loop can be cut at the change: 0, 1 or -1."""
    if isinstance(margin, int):
        return None
    if any(isinstance(atom, ValueIndex) for atom in atoms(margin)):
        return None
    step = coefficient(margin, var)
    return step if isinstance(step, int) and step in (0, 1, -1) else None


def _conjunctions(stores: Sequence[Store]) -> Iterator[tuple[_Condition, ...]]:
    """For each select, also within computed indices, the comparisons of indices that it asks to hold together."""
    for expr in reversed(walk([s.value for s in stores])):  # a select that contains others may make them vanish
        if isinstance(expr, Call) and expr.op == "select":
            # Of a condition that is no conjunction each comparison is looked at by itself.
            parts = [c for c in map(_condition, _conjuncts(expr.args[0])) if c is not None]
            yield tuple(parts)
            yield from ((c,) for c in map(_condition, walk([expr.args[0]])) if c is not None)


def _conjuncts(expr: Expr) -> list[Expr]:
    if isinstance(expr, Call) and expr.op == "and":
        return [part for a in expr.args for part in _conjuncts(a)]
    return [expr]


def _condition(expr: Expr) -> _Condition | None:
    if not isinstance(expr, Call) or expr.op not in ("lt", "le", "gt", "ge"):
        return None
    if not all(isinstance(a, Index) or (isinstance(a, Const) and a.dtype.kind == "i") for a in expr.args):
        return None
    small, large = (a.size if isinstance(a, Index) else int(a.value) for a in expr.args)  # type: ignore[attr-defined]
    if expr.op in ("gt", "ge"):
        small, large = large, small
    margin = sz.add(large, sz.mul(small, -1))
    return _Condition(expr, sz.add(margin, -1) if expr.op in ("lt", "gt") else margin)


def _given(stores: Sequence[Store], known: tuple[_Condition, ...], truth: bool) -> list[Store]:
    """The stores where comparisons are known to hold together or not to, with all that follows."""
    values: dict[Expr, Expr] = {}
    exprs = {c.expr for c in known}
    for expr in walk([s.value for s in stores]):
        decided: bool | None = None
        condition = _condition(expr)
        if condition is not None and (truth or len(known) == 1):
            decided = next((d for k in known if (d := _follows(k.margin, truth, condition.margin)) is not None), None)
        elif isinstance(expr, Call) and expr.op == "and" and not truth and exprs.issubset(_conjuncts(expr)):
            decided = False
        if decided is not None:
            values[expr] = Const(decided, expr.dtype)
    rewrite = Rewriter(known=values)
    return [_rewritten(s, rewrite) for s in stores]


def _follows(known: SizeLike, truth: bool, asked: SizeLike) -> bool | None:
    """Whether ``asked >= 0``, given that ``known >= 0`` or that ``known <= -1``; None if that does not decide it."""
    gap, total = sz.add(asked, sz.mul(known, -1)), sz.add(asked, known)
    if truth:
        if sz.at_least(gap, 0):  # asked = known + gap
            return True
        return False if sz.at_least(-1, total) else None  # asked = total - known
    if sz.at_least(0, gap):
        return False
    if sz.at_least(total, -1):
        return True
    return None
