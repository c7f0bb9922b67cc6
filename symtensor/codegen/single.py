"""Loops of which one iteration differs: the gradient of a cross-entropy is a softmax but for the column of the label.

``select(j == t, a, b)`` in a loop over ``j`` is ``b`` in all iterations but one, whose number is known before the loop.
That element is computed first, since the loop may write over what it reads; then the loop runs without the comparison,
and the element is stored last.  The bits are those of the select.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from symtensor.codegen.bind import Binder
from symtensor.codegen.loop_ir import Assign, Declare, If, Let, Statement, Store
from symtensor.codegen.resolve import Rewriter
from symtensor.codegen.strides import coefficient, depends
from symtensor.ir import size as sz
from symtensor.ir.scalar import BOOL, INT64, Call, Const, Expr, Index, LoopVar, Var, as_index, call, index
from symtensor.ir.size import Size, SizeLike
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass

MOST_SINGLES = 2  # of one loop: each computes an element once more, one lane at a time
LEAST_EXTENT = 32  # a loop known to be shorter compares all its lanes at once


@dataclass(frozen=True)
class _Single:
    """A comparison that holds in one iteration of a loop, and which one that is."""

    expr: Expr
    at: SizeLike


def _singles(values: Iterable[Expr], var: LoopVar) -> list[_Single]:
    """The comparisons that can be taken out of a loop; none if there are too many, or too few iterations."""
    if isinstance(var.extent, int) and var.extent < LEAST_EXTENT:
        return []
    found = []
    for expr in walk(values):
        if isinstance(expr, Call) and expr.op == "eq" and (at := _solved(expr, var)) is not None:
            found.append(_Single(expr, at))
    return found if len(found) <= MOST_SINGLES else []


def _solved(equation: Call, var: LoopVar) -> SizeLike | None:
    """The iteration in which an equation of indices holds; None if it is not one that holds in just one."""
    for moving, fixed in (equation.args, equation.args[::-1]):
        place = _polynomial(moving)
        if place is None or coefficient(place, var) != 1 or fixed.dtype != INT64 or depends(fixed, var, frozenset()):
            continue
        value = as_index(fixed)
        if coefficient(value, var) == 0:
            return sz.add(value, sz.mul(sz.add(place, sz.mul(Size.of(var), -1)), -1))
    return None


def _polynomial(expr: Expr) -> SizeLike | None:
    """An int64 value as a polynomial of loop variables and sizes; None if it is none."""
    if expr.dtype != INT64:
        return None
    if isinstance(expr, Index):
        return expr.size
    if isinstance(expr, Const):
        return int(expr.value)
    if isinstance(expr, Call) and expr.op in ("add", "sub"):
        left, right = map(_polynomial, expr.args)
        if left is not None and right is not None:
            return sz.add(left, right if expr.op == "add" else sz.mul(right, -1))
    return None


def elsewhere(values: Sequence[Expr], var: LoopVar) -> list[Expr]:
    """Values as all iterations but those that differ compute them."""
    singles = _singles(values, var)
    rewrite = Rewriter(known={s.expr: Const(False, BOOL) for s in singles})
    return [rewrite(v) for v in values] if singles else list(values)


@dataclass(frozen=True)
class Apart:
    """A loop taken apart.

    Attributes:
        before: computes the elements that differ.
        stores: the stores of all other iterations.
        after: stores the elements that differ.
    """

    before: tuple[Statement, ...]
    stores: tuple[Store, ...]
    after: tuple[Statement, ...]

    @classmethod
    def of(cls, stores: Sequence[Store], var: LoopVar, numbers: Iterator[int], fma: bool) -> Apart:
        """Take the iterations that differ out of a loop.

        Args:
            stores: what an iteration stores, as unbound expressions.
            var: the loop.
            numbers: of variables.
            fma: whether products with one use join additions.
        """
        values = [s.value for s in stores]
        before: list[Statement] = []
        after: list[Statement] = []
        for single in _singles(values, var):
            first, last = _iteration(single, stores, var, numbers, fma)
            before += first
            after += last
        rest = tuple(Store(s.buffer, s.offset, v) for s, v in zip(stores, elsewhere(values, var)))
        return cls(tuple(before), rest, tuple(after))


def _iteration(
    single: _Single, stores: Sequence[Store], var: LoopVar, numbers: Iterator[int], fma: bool
) -> tuple[list[Statement], list[Statement]]:
    """One iteration: the statements that compute its elements, and those that store them."""
    number = next(numbers)
    name = f"{var.label}_single{number}"
    bind = Binder(fma, numbers=numbers)
    at = bind(index(single.at))
    here = LoopVar(name, var.extent)
    inside = call("and", Var(name, INT64) >= 0, Var(name, INT64) < index(var.extent))
    rewrite = Rewriter(values={var: Size.of(here)}, known={single.expr: Const(True, BOOL)})
    before: list[Statement] = [*bind.take(), Let(name, at)]
    values = [rewrite(s.value) for s in stores]
    bind = Binder(fma, values, numbers)
    compute: list[Statement] = []
    store: list[Statement] = []
    for k, (s, value) in enumerate(zip(stores, values)):
        element = Var(f"{name}_value{k}" if k else f"{name}_value", s.value.dtype)
        before.append(Declare(element.name, Const(0, element.dtype)))
        found = bind(value)
        compute += [*bind.take(), Assign(element.name, found)]
        store.append(Store(s.buffer, rewrite.size(s.offset), element))
    return [*before, If(inside, tuple(compute))], [If(inside, tuple(store))]
