"""Turning scalar expressions into statements: what is shared gets a variable, products join additions."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from symtensor.codegen.loop_ir import Let, Statement, Store
from symtensor.ir.scalar import Call, Expr, Index, Load, ValueIndex, Var, as_index, call
from symtensor.ir.size import Atom, SizeLike, atoms, substitute
from symtensor.optimizer.elements import children, walk

DEPTH_LIMIT = 6  # an expression nested deeper is cut by a variable, for readers and for the printer's recursion


class Binder:
    """Names shared subexpressions of a loop body.

    Args:
        fma: whether a product with one use is joined with the addition that uses it (one rounding instead of two).
        roots: all expressions of the body, so that what two of them share is computed once.
        numbers: numbers of the variables, where several binders write into one scope.
    """

    def __init__(self, fma: bool, roots: Iterable[Expr] = (), numbers: Iterator[int] | None = None) -> None:
        self._fma = fma
        self._numbers = numbers or itertools.count(1)
        self._uses: dict[int, int] = {}
        self._counted: set[int] = set()
        self._roots: list[Expr] = []
        for root in roots:
            self._count_uses(root)
        self._done: dict[int, Expr] = {}
        self._keep: list[Expr] = []
        self._pending: list[Statement] = []

    def __call__(self, root: Expr) -> Expr:
        """The expression over variables; definitions are collected until ``take``."""
        if id(root) not in self._counted:
            self._count_uses(root)
        uses = self._uses
        depth: dict[int, int] = {}
        for expr in walk([root], self._done):
            new = self._rebuild(expr, uses)
            depth[id(expr)] = 1 + max((depth.get(id(c), 0) for c in children(expr)), default=0)
            shared = uses.get(id(expr), 0) > 1 and isinstance(new, (Call, Load)) and expr is not root
            if (
                shared
                or (depth[id(expr)] >= DEPTH_LIMIT and isinstance(new, Call))
                or (expr is root and isinstance(new, Call))
            ):
                name = f"t{next(self._numbers)}"
                self._pending.append(Let(name, new))
                new, depth[id(expr)] = Var(name, new.dtype), 0
            self._done[id(expr)] = new
            self._keep.append(expr)
        return self._done[id(root)]

    def _count_uses(self, root: Expr) -> None:
        self._roots.append(root)
        self._uses[id(root)] = self._uses.get(id(root), 0) + 1
        for expr in walk([root], self._counted):
            self._counted.add(id(expr))
            for child in children(expr):
                self._uses[id(child)] = self._uses.get(id(child), 0) + 1

    def take(self) -> list[Statement]:
        """The definitions made since the last call."""
        pending, self._pending = self._pending, []
        return pending

    def _indexed(self, expr: Load | Index) -> Expr:
        """A load or index whose computed positions are variables."""
        size = expr.offset if isinstance(expr, Load) else expr.size
        values: dict[Atom, SizeLike] = {}
        for atom in atoms(size):
            if isinstance(atom, ValueIndex):
                new = self._done[id(atom.value)]
                if isinstance(new, Call):
                    name = f"t{next(self._numbers)}"
                    self._pending.append(Let(name, new))
                    new = self._done[id(atom.value)] = Var(name, new.dtype)
                values[atom] = as_index(new)
        if not values:
            return expr
        size = substitute(size, values)
        return Load(expr.buffer, size, expr.dtype) if isinstance(expr, Load) else Index(size)

    def _rebuild(self, expr: Expr, uses: dict[int, int]) -> Expr:
        if isinstance(expr, (Load, Index)):
            return self._indexed(expr)
        if not isinstance(expr, Call):
            return expr
        args = tuple(self._done[id(a)] for a in expr.args)
        if self._fma and expr.op in ("add", "sub") and expr.dtype.kind == "f" and expr.dtype.itemsize >= 4:
            for k, (original, new) in enumerate(zip(expr.args, args)):
                product = isinstance(new, Call) and new.op == "mul" and uses.get(id(original), 0) == 1
                if product:
                    return _fused(expr.op, k, new, args[1 - k])  # type: ignore[arg-type]
        if all(a is b for a, b in zip(args, expr.args)):
            return expr
        return Call(expr.op, args, expr.dtype)


def bound(stores: Sequence[Store], fma: bool, numbers: Iterator[int] | None = None) -> list[Statement]:
    """Stores of expressions as a block of statements.

    Args:
        stores: whose values are expressions as they were built.
        fma: whether products join additions.
        numbers: of the variables, where the block shares a scope with others.
    """
    bind = Binder(fma, [s.value for s in stores], numbers)
    return [t for s in stores for t in _bound_store(s, bind)]


def _bound_store(store: Store, bind: Binder) -> list[Statement]:
    value = bind(store.value)
    return [*bind.take(), Store(store.buffer, store.offset, value)]


def _fused(op: str, position: int, product: Call, other: Expr) -> Expr:
    a, b = product.args
    if op == "add":
        return call("fma", a, b, other)
    return call("fma", a, b, -other) if position == 0 else call("fma", -a, b, other)
