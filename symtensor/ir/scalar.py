"""Scalar expressions: what one element of a tensor is, in terms of loads at computed indices.

Index arithmetic reuses the polynomials of ``symtensor.ir.size``: a loop variable is an atom, so strides, contiguity
and constant folding fall out of the canonical form.  Values are small trees of five kinds:

* ``Const(value)``            a number,
* ``Index(size)``             the value of an index polynomial,
* ``Var(name)``               a local variable or accumulator,
* ``Load(buffer, offset)``    one element of a buffer, ``offset`` counted in elements,
* ``Call(op, args)``          one row of the table ``SCALAR_OPS``.

Expressions are interned like the nodes of the graph: the same expression is the same object and becomes one variable.

>>> x = Var("x", np.dtype("float64"))
>>> x * 2 + 1
((x * 2.0) + 1.0)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symtensor.ir import size as sz
from symtensor.ir.interning import InternTable
from symtensor.ir.size import Atom, SizeLike
from symtensor.records import dataclass

BOOL = np.dtype("bool")
INT64 = np.dtype("int64")


class LoopVar(Atom):
    """A loop variable, running from 0 to ``extent - 1``."""

    __slots__ = ("extent",)

    def __init__(self, label: str, extent: SizeLike) -> None:
        super().__init__(label)
        self.extent = extent


class ValueIndex(Atom):
    """An integer value that was computed or loaded, used as an index (gather); one atom for each value."""

    __slots__ = ("__weakref__", "value")
    signed = True
    value: Expr

    def __new__(cls, value: Expr) -> ValueIndex:
        """Find the interned expression, or make it."""
        found = _value_indices.find(id(value))
        if found is None:
            found = super().__new__(cls)
            Atom.__init__(found, f"[{value.op if isinstance(value, Call) else value}]")
            found.value = value
            found = _value_indices.setdefault(id(value), found)
        return found

    def __init__(self, value: Expr) -> None:
        """All is done in ``__new__``, which may return an atom that exists."""


_value_indices: InternTable[ValueIndex] = InternTable()


@dataclass(frozen=True)
class ScalarOp:
    """How one scalar operation is written in every C-like language, and how Python computes it.

    Attributes:
        name: its name.
        arity: number of operands.
        form: ``infix``, ``prefix`` (operators of C), ``compare`` (gives a bool), ``logic`` (bools to a bool),
            ``helper`` (a function of the math library, one instance per precision and lane count), ``select``,
            ``cast``, or ``parts`` (making and taking apart complex numbers, which are gone before anything is printed).
        symbol: the operator, or the helper's name.
        fold: its value on Python or NumPy scalars, used to fold constants in index conditions.
    """

    name: str
    arity: int
    form: str
    symbol: str
    fold: Callable[..., Any] | None = None


SCALAR_OPS: dict[str, ScalarOp] = {}


def _declare(form: str, *rows: tuple[str, int, str, Callable[..., Any] | None]) -> None:
    for name, arity, symbol, fold in rows:
        SCALAR_OPS[name] = ScalarOp(name, arity, form, symbol, fold)


_declare(
    "infix",
    ("add", 2, "+", lambda a, b: a + b),
    ("sub", 2, "-", lambda a, b: a - b),
    ("mul", 2, "*", lambda a, b: a * b),
    ("product", 2, "*", lambda a, b: a * b),  # rounded by itself: never joined with an addition
    ("div", 2, "/", None),
    ("bit_and", 2, "&", None),
    ("bit_or", 2, "|", None),
    ("bit_xor", 2, "^", None),
    ("shift_right", 2, ">>", None),  # of an unsigned integer, by less than its width
    ("mul_rounded", 2, "*", None),  # a product that never joins an addition
)
_declare("prefix", ("neg", 1, "-", lambda a: -a), ("bit_not", 1, "~", None))
_declare(
    "compare",
    ("lt", 2, "<", lambda a, b: a < b),
    ("le", 2, "<=", lambda a, b: a <= b),
    ("gt", 2, ">", lambda a, b: a > b),
    ("ge", 2, ">=", lambda a, b: a >= b),
    ("eq", 2, "==", lambda a, b: a == b),
    ("ne", 2, "!=", lambda a, b: a != b),
)
_declare(
    "logic",
    ("and", 2, "&", lambda a, b: a and b),
    ("or", 2, "|", lambda a, b: a or b),
    ("xor", 2, "^", lambda a, b: a != b),
    ("not", 1, "!", lambda a: not a),
)
_declare("select", ("select", 3, "?", None))
_declare("cast", ("cast", 1, "", None))
_declare("parts", ("complex", 2, "", None), ("real", 1, "", None), ("imag", 1, "", None))

COMPLEX_FORMS: dict[str, Callable[..., Expr]] = {}
"""Operations on complex numbers as operations on their parts, see ``symtensor.ir.complex``."""


def declare_helper(name: str, arity: int) -> None:
    """Make a function of the math library usable as a scalar operation."""
    SCALAR_OPS.setdefault(name, ScalarOp(name, arity, "helper", name))


for _name, _arity in (("fma", 3), ("max", 2), ("min", 2), ("abs", 1), ("floordiv", 2), ("mod", 2)):
    declare_helper(_name, _arity)


class Expr:
    """A scalar value of a known dtype; Python operators build ``Call`` nodes with weak Python scalars."""

    __slots__ = ("__weakref__", "dtype", "operands")
    dtype: np.dtype
    operands: tuple[Expr, ...]  # direct scalar operands, noted when first asked for (``optimizer.elements.children``)

    @classmethod
    def _interned(cls, *key: Any) -> tuple[Any, bool]:
        """The expression with this key, and whether it is new and has to be filled."""
        key = (cls, *key)
        found = _expressions.find(key)
        if found is not None:
            return found, False
        new = object.__new__(cls)
        found = _expressions.setdefault(key, new)
        return found, found is new

    def __add__(self, other: Any) -> Expr:
        return call("add", self, weak(other, self))

    def __radd__(self, other: Any) -> Expr:
        return call("add", weak(other, self), self)

    def __sub__(self, other: Any) -> Expr:
        return call("sub", self, weak(other, self))

    def __rsub__(self, other: Any) -> Expr:
        return call("sub", weak(other, self), self)

    def __mul__(self, other: Any) -> Expr:
        return call("mul", self, weak(other, self))

    def __rmul__(self, other: Any) -> Expr:
        return call("mul", weak(other, self), self)

    def __truediv__(self, other: Any) -> Expr:
        return call("div", self, weak(other, self))

    def __rtruediv__(self, other: Any) -> Expr:
        return call("div", weak(other, self), self)

    def __neg__(self) -> Expr:
        return call("neg", self)

    def __and__(self, other: Expr) -> Expr:
        return call("and" if self.dtype == BOOL else "bit_and", self, other)

    def __or__(self, other: Expr) -> Expr:
        return call("or" if self.dtype == BOOL else "bit_or", self, other)

    def __invert__(self) -> Expr:
        return call("not" if self.dtype == BOOL else "bit_not", self)

    def __lt__(self, other: Any) -> Expr:
        return call("lt", self, weak(other, self))

    def __le__(self, other: Any) -> Expr:
        return call("le", self, weak(other, self))

    def __gt__(self, other: Any) -> Expr:
        return call("gt", self, weak(other, self))

    def __ge__(self, other: Any) -> Expr:
        return call("ge", self, weak(other, self))

    def equal(self, other: Any) -> Expr:
        """Elementwise ``==``; the operator itself compares objects."""
        return call("eq", self, weak(other, self))

    def not_equal(self, other: Any) -> Expr:
        """Elementwise ``!=``."""
        return call("ne", self, weak(other, self))


_expressions: InternTable[Expr] = InternTable()


class Const(Expr):
    """A number; ``value`` is a Python scalar."""

    __slots__ = ("value",)
    value: Any

    def __new__(cls, value: Any, dtype: np.dtype) -> Const:
        """Find the interned expression, or make it."""
        value = np.asarray(value).astype(dtype).item()
        self, new = cls._interned(repr(value), dtype)  # by its digits: 0.0 and -0.0 stay apart, NaN is itself
        if new:
            self.value, self.dtype = value, dtype
        return self

    def __repr__(self) -> str:
        return repr(self.value)


class Index(Expr):
    """The value of an index polynomial, as int64."""

    __slots__ = ("size",)
    size: SizeLike

    def __new__(cls, size: SizeLike) -> Index:
        """Find the interned expression, or make it."""
        self, new = cls._interned(size)
        if new:
            self.size, self.dtype = size, INT64
        return self

    def __repr__(self) -> str:
        return f"<{self.size}>"


class Var(Expr):
    """A local variable."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str, dtype: np.dtype) -> Var:
        """Find the interned expression, or make it."""
        self, new = cls._interned(name, dtype)
        if new:
            self.name, self.dtype = name, dtype
        return self

    def __repr__(self) -> str:
        return self.name


class Load(Expr):
    """One element of a buffer; ``offset`` counts elements from the buffer's start."""

    __slots__ = ("buffer", "offset")
    buffer: str
    offset: SizeLike

    def __new__(cls, buffer: str, offset: SizeLike, dtype: np.dtype) -> Load:
        """Find the interned expression, or make it."""
        self, new = cls._interned(buffer, offset, dtype)
        if new:
            self.buffer, self.offset, self.dtype = buffer, offset, dtype
        return self

    def __repr__(self) -> str:
        return f"{self.buffer}[{self.offset}]"


class Call(Expr):
    """An operation of ``SCALAR_OPS`` on operands."""

    __slots__ = ("args", "op")
    op: str
    args: tuple[Expr, ...]

    def __new__(cls, op: str, args: tuple[Expr, ...], dtype: np.dtype) -> Call:
        """Find the interned expression, or make it."""
        self, new = cls._interned(op, tuple(map(id, args)), dtype)
        if new:
            self.op, self.args, self.dtype = op, args, dtype
        return self

    def __repr__(self) -> str:
        row = SCALAR_OPS[self.op]
        if len(self.args) == 2 and row.form != "helper":
            return f"({self.args[0]} {row.symbol} {self.args[1]})"
        return f"{self.op}({', '.join(map(str, self.args))})"


def weak(value: Any, like: Expr) -> Expr:
    """A Python scalar as a constant of the other operand's dtype; expressions pass unchanged."""
    return value if isinstance(value, Expr) else Const(value, like.dtype)


def _known(expr: Expr) -> Any:
    """The value of a constant expression, else None."""
    if isinstance(expr, Const):
        return expr.value
    if isinstance(expr, Index) and isinstance(expr.size, int):
        return expr.size
    return None


def call(op: str, *args: Expr, dtype: np.dtype | None = None) -> Expr:
    """Build an operation; index conditions on constants fold, ``select`` on a known condition picks a side.

    Floating-point arithmetic is never folded here: that is the optimizer's work, under its accuracy rules.
    """
    if args[-1].dtype.kind == "c":
        return _complex_call(op, args)
    row = SCALAR_OPS[op]
    if row.form in ("compare", "logic"):
        known = [_known(a) for a in args]
        if row.fold is not None and None not in known:
            return Const(row.fold(*known), BOOL)
        if row.form == "compare" and all(isinstance(a, (Index, Const)) for a in args):
            proved = _proved(op, *args)
            if proved is not None:
                return Const(proved, BOOL)
        if op in ("and", "or") and any(k is not None for k in known):
            constant, other = (known[0], args[1]) if known[0] is not None else (known[1], args[0])
            return other if constant == (op == "and") else Const(constant, BOOL)
        return Call(op, args, BOOL)
    if op == "select":
        condition = _known(args[0])
        if condition is not None:
            return args[1] if condition else args[2]
        return Call(op, args, args[1].dtype)
    return Call(op, args, args[0].dtype if dtype is None else dtype)


def _complex_call(op: str, args: tuple[Expr, ...]) -> Expr:
    """An operation on complex numbers, taken apart at once: code generation knows only real ones."""
    form = {"real": real, "imag": imag}.get(op) or COMPLEX_FORMS.get(op)
    if form is None:
        raise TypeError(f"{op} is not defined for complex numbers")
    return form(*args)


def pair(re: Expr, im: Expr) -> Expr:
    """A complex number of two parts of one dtype."""
    return Call("complex", (re, im), np.dtype("complex64" if re.dtype.itemsize == 4 else "complex128"))


def _part(value: Expr, which: str) -> Expr:
    if isinstance(value, Call) and value.op == "complex":
        return value.args[which == "imag"]
    dtype = np.dtype("float32" if value.dtype.itemsize == 8 else "float64")
    return Const(getattr(value.value, which), dtype) if isinstance(value, Const) else Call(which, (value,), dtype)


def real(value: Expr) -> Expr:
    """The real part; a real value itself."""
    return _part(value, "real") if value.dtype.kind == "c" else value


def imag(value: Expr) -> Expr:
    """The imaginary part."""
    return _part(value, "imag") if value.dtype.kind == "c" else Const(0, value.dtype)


def _proved(op: str, left: Expr, right: Expr) -> bool | None:
    """Decide a comparison of two index polynomials from the bounds of their atoms, if possible."""
    a = left.size if isinstance(left, Index) else int(left.value)  # type: ignore[attr-defined]
    b = right.size if isinstance(right, Index) else int(right.value)  # type: ignore[attr-defined]
    if op in ("gt", "ge"):
        return _proved({"gt": "lt", "ge": "le"}[op], right, left)
    difference = sz.add(b, sz.mul(a, -1))
    if op == "lt":
        return (
            True
            if lower_bound_at_least(difference, 1)
            else False
            if lower_bound_at_least(sz.mul(difference, -1), 0)
            else None
        )
    if op == "le":
        return (
            True
            if lower_bound_at_least(difference, 0)
            else False
            if lower_bound_at_least(sz.mul(difference, -1), 1)
            else None
        )
    if lower_bound_at_least(difference, 1) or lower_bound_at_least(sz.mul(difference, -1), 1):
        return op == "ne"
    return (op == "eq") if difference == 0 else None


def lower_bound_at_least(size: SizeLike, bound: int) -> bool:
    """Whether ``size >= bound`` for all values of its atoms, loop variables ranging over their extents.

    A loop variable with a negative coefficient is replaced by its largest value, ``extent - 1``.
    """
    if isinstance(size, int):
        return size >= bound
    worst = size
    for _ in range(8):
        replace: dict[Atom, SizeLike] = {}
        for monomial, coefficient in worst.terms:
            for atom in monomial:
                if coefficient < 0 and isinstance(atom, LoopVar):
                    replace[atom] = sz.add(atom.extent, -1)
        if not replace:
            break
        replaced = sz.substitute(worst, replace)
        if isinstance(replaced, int):
            return replaced >= bound
        worst = replaced
    return sz.at_least(worst, bound)


def select(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    """``then`` where the condition holds, else ``otherwise``; both are evaluated."""
    return call("select", condition, then, otherwise)


def cast(value: Expr, dtype: np.dtype) -> Expr:
    """Convert to another dtype with NumPy's meaning."""
    if value.dtype == dtype:
        return value
    if value.dtype.kind == "c" or dtype.kind == "c":
        return _complex_cast(value, dtype)
    if isinstance(value, Const) and (dtype.kind != "b"):
        return Const(value.value, dtype)
    return Call("cast", (value,), dtype)


def _complex_cast(value: Expr, dtype: np.dtype) -> Expr:
    if dtype.kind == "c":
        own = np.dtype("float32" if dtype.itemsize == 8 else "float64")
        return pair(cast(real(value), own), cast(imag(value) if value.dtype.kind == "c" else Const(0, own), own))
    if dtype == BOOL:
        return call("or", real(value).not_equal(0), imag(value).not_equal(0))
    return cast(real(value), dtype)  # the imaginary part is dropped, as NumPy does


def index(size: SizeLike) -> Index:
    """An index polynomial as a value."""
    return Index(size)


def as_index(value: Expr) -> SizeLike:
    """A computed integer as an index polynomial."""
    if isinstance(value, Index):
        return value.size
    if isinstance(value, Const):
        return int(value.value)
    return sz.Size.of(ValueIndex(value))
