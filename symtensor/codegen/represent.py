"""Complex and half precision numbers as what machines compute with, in the statements of a kernel.

Every target gets kernels of real numbers of at least 32 bits:

* a complex variable becomes two, a complex buffer one of twice as many real elements (NumPy's own layout),
* float16 is storage: its bits are loaded and stored, its variables are float32 whose value float16 has, and what is
  computed from them is rounded to such a value at once, as NumPy rounds after each operation.

Operations on complex numbers were taken apart when they were built (``symtensor.ir.complex``).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from symtensor import dtypes
from symtensor.codegen import loop_ir as ir
from symtensor.ir import size as sz
from symtensor.ir.scalar import Call, Const, Expr, Index, Load, ValueIndex, Var, cast, declare_helper, pair, select
from symtensor.ir.size import Atom, Size, SizeLike, atoms, substitute
from symtensor.ops.declare import Monoid
from symtensor.optimizer.elements import walk

HALF, SINGLE = dtypes.FLOAT16, dtypes.FLOAT32
INT32, UINT16 = np.dtype("int32"), np.dtype("uint16")
NUMBERS = frozenset(np.dtype(name).num for name in ("float16", "complex64", "complex128"))
"""``dtype.num`` of the dtypes that no target computes with."""
EXACT = frozenset({"neg", "abs", "max", "min", "select", "copysign", "floor", "ceil", "trunc", "rint"})
"""Operations on float16 whose result is one: nothing is left to round."""

declare_helper("half_to_float", 1)
declare_helper("float_to_half", 1)
declare_helper("round_half", 1)


def rounded(value: Expr) -> Expr:
    """The float16 nearest to a real value, as float32."""
    if value.dtype.kind != "f":
        value = cast(value, SINGLE if value.dtype.itemsize < 4 else dtypes.FLOAT64)
    return cast(Call("round_half", (value,), value.dtype), SINGLE)


def _names(name: str, dtype: np.dtype) -> tuple[str, ...]:
    return (f"{name}_re", f"{name}_im") if dtype.kind == "c" else (name,)


def _kind(dtype: np.dtype) -> np.dtype:
    """The dtype of the variables that hold a value."""
    return SINGLE if dtype == HALF else dtypes.part(dtype)


class Representation:
    """Rewrites the expressions and statements of one kernel."""

    def __init__(self) -> None:
        self._memo: dict[int, tuple[Expr, ...]] = {}
        self._keep: list[Expr] = []
        self._numbers = itertools.count(1)

    # ------------------------------------------------------------------------------------------------- expressions
    def parts(self, root: Expr) -> tuple[Expr, ...]:
        """The real values that make an expression: two of a complex number, else one."""
        for expr in walk([root]):
            if id(expr) not in self._memo:
                self._memo[id(expr)] = self._rebuild(expr)
                self._keep.append(expr)
        return self._memo[id(root)]

    def one(self, expr: Expr) -> Expr:
        """A value that is not complex."""
        (result,) = self.parts(expr)
        return result

    def size(self, size: SizeLike) -> SizeLike:
        """An index polynomial; values that index may come from such numbers too."""
        values: dict[Atom, SizeLike] = {}
        for atom in atoms(size) if not isinstance(size, int) else ():
            if isinstance(atom, ValueIndex):
                new = self.one(atom.value)
                if new is not atom.value:
                    values[atom] = new.size if isinstance(new, Index) else Size.of(ValueIndex(new))
        return substitute(size, values) if values else size

    def _rebuild(self, expr: Expr) -> tuple[Expr, ...]:
        dtype = expr.dtype
        if isinstance(expr, Const):
            if dtype.kind == "c":
                return Const(expr.value.real, _kind(dtype)), Const(expr.value.imag, _kind(dtype))
            return (Const(expr.value, SINGLE) if dtype == HALF else expr,)
        if isinstance(expr, Var):
            return tuple(Var(name, _kind(dtype)) for name in _names(expr.name, dtype))
        if isinstance(expr, Index):
            return (Index(self.size(expr.size)),)
        if isinstance(expr, Load):
            return self._load(expr)
        assert isinstance(expr, Call)
        return self._call(expr)

    def _load(self, expr: Load) -> tuple[Expr, ...]:
        offset = self.size(expr.offset)
        kind, count = dtypes.stored(expr.dtype)
        loads = tuple(Load(expr.buffer, _nth(offset, k, count), kind) for k in range(count))
        if expr.dtype != HALF:
            return loads
        return (Call("half_to_float", (cast(loads[0], INT32),), SINGLE),)

    def _call(self, expr: Call) -> tuple[Expr, ...]:
        if expr.op == "complex":
            return self.one(expr.args[0]), self.one(expr.args[1])
        if expr.op in ("real", "imag"):
            return (self._memo[id(expr.args[0])][expr.op == "imag"],)
        args = [self._memo[id(a)] for a in expr.args]
        if expr.dtype.kind == "c":  # complex operations were taken apart, but for choices
            assert expr.op == "select", expr.op
            (condition,), then, otherwise = args
            return tuple(select(condition, a, b) for a, b in zip(then, otherwise))
        single = tuple(a for (a,) in args)
        if expr.op == "cast":
            return (rounded(single[0]) if expr.dtype == HALF else cast(single[0], expr.dtype),)
        if expr.dtype != HALF:
            same = all(a is b for a, b in zip(single, expr.args))
            return (expr if same else Call(expr.op, single, expr.dtype),)
        result = Call(expr.op, single, SINGLE)
        return (result if expr.op in EXACT else rounded(result),)

    # -------------------------------------------------------------------------------------------------- statements
    def block(self, body: Iterable[ir.Statement]) -> tuple[ir.Statement, ...]:
        """Statements over real numbers."""
        return tuple(new for s in body for new in self.statement(s))

    def statement(self, s: ir.Statement) -> list[ir.Statement]:
        """What stands for one statement."""
        if isinstance(s, (ir.Let, ir.Declare, ir.Assign)):
            names = _names(s.name, s.value.dtype)
            new: list[ir.Statement] = [type(s)(n, v) for n, v in zip(names, self.parts(s.value))]
            # A number that is assigned in terms of itself needs both old parts for both new ones.
            return self._aside(s, new) if isinstance(s, ir.Assign) and len(new) > 1 else new
        if isinstance(s, ir.Store):
            return self._store(s)
        if isinstance(s, ir.Accumulate):
            return self._accumulate(s)
        if isinstance(s, ir.For):
            return [replace(s, body=self.block(s.body))]
        if isinstance(s, ir.While):
            return [replace(s, body=self.block(s.body))]
        if isinstance(s, ir.If):
            return [ir.If(self.one(s.condition), self.block(s.then), self.block(s.otherwise))]
        if isinstance(s, ir.Alloc):
            kind, count = dtypes.stored(s.dtype)
            return [replace(s, dtype=kind, extent=sz.mul(s.extent, count))]
        if isinstance(s, ir.Fail):
            return [replace(s, values=tuple(map(self.one, s.values)))]
        return [s]

    def _aside(self, s: ir.Assign, new: list[ir.Statement]) -> list[ir.Statement]:
        lets = [ir.Let(f"{a.name}_new{next(self._numbers)}", a.value) for a in new]  # type: ignore[union-attr]
        return [*lets, *(ir.Assign(a.name, Var(x.name, x.value.dtype)) for a, x in zip(new, lets))]  # type: ignore[union-attr]

    def _bound(self, values: tuple[Expr, ...], wanted: str) -> tuple[list[ir.Statement], tuple[Expr, ...]]:
        """Values as variables: what is stored first may be what the second one is computed from."""
        lets: list[ir.Statement] = []
        names: list[Expr] = []
        for value, part in zip(values, ("re", "im")):
            if isinstance(value, (Var, Const)):
                names.append(value)
                continue
            name = f"{wanted}{next(self._numbers)}_{part}"
            lets.append(ir.Let(name, value))
            names.append(Var(name, value.dtype))
        return lets, tuple(names)

    def _store(self, s: ir.Store) -> list[ir.Statement]:
        offset, values = self.size(s.offset), self.parts(s.value)
        if s.value.dtype == HALF:
            code = Call("float_to_half", values, INT32)
            return [ir.Store(s.buffer, offset, cast(code, UINT16))]
        if len(values) == 1:
            return [ir.Store(s.buffer, offset, values[0])]
        lets, values = self._bound(values, "z")
        return [*lets, *(ir.Store(s.buffer, _nth(offset, k, 2), v) for k, v in enumerate(values))]

    def _accumulate(self, s: ir.Accumulate) -> list[ir.Statement]:
        values, position = self.parts(s.value), self.one(s.position)
        if s.value.dtype.kind != "c":
            return [replace(s, value=values[0], position=position)]
        lets, values = self._bound(values, "z")
        starts = s.monoid.init(s.value.dtype)
        names = tuple(n for name, c in zip(s.names, starts) for n in _names(name, c.dtype))
        return [*lets, ir.Accumulate(names, in_parts(s.monoid), pair(*values), position)]


def _nth(offset: SizeLike, k: int, count: int) -> SizeLike:
    return offset if count == 1 else sz.add(sz.mul(offset, count), k)


def in_parts(monoid: Monoid) -> Monoid:
    """A monoid over complex accumulators as one over their parts."""

    def apart(values: Iterable[Expr]) -> tuple[Expr, ...]:
        parts = Representation().parts
        return tuple(p for v in values for p in parts(v))

    def whole(accumulators: tuple[Expr, ...], shape: tuple[Const, ...]) -> tuple[Expr, ...]:
        rest = iter(accumulators)
        return tuple(pair(next(rest), next(rest)) if c.dtype.kind == "c" else next(rest) for c in shape)

    def shape_of(accumulators: tuple[Expr, ...]) -> tuple[Const, ...]:
        kind = np.dtype("complex64" if accumulators[0].dtype.itemsize == 4 else "complex128")
        return monoid.init(kind)

    def step(accumulators: tuple[Expr, ...], value: Expr, position: Expr) -> tuple[Expr, ...]:
        return apart(monoid.step(whole(accumulators, shape_of(accumulators)), value, position))

    def combine(left: tuple[Expr, ...], right: tuple[Expr, ...]) -> tuple[Expr, ...]:
        shape = shape_of(left)
        return apart(monoid.combine(whole(left, shape), whole(right, shape)))

    return Monoid(monoid.name, lambda dtype: apart(monoid.init(dtype)), step, combine, monoid.finish)  # type: ignore[arg-type,return-value]


def represent(body: tuple[ir.Statement, ...]) -> tuple[ir.Statement, ...]:
    """Statements in which every number is one that the targets compute with."""
    return Representation().block(body)
