"""Symbolic sizes: integers that are known only at a call.

A size is a polynomial with integer coefficients over *atoms*, kept in canonical form so that ``(n + 1) - 1`` is ``n``
and equality is structural.  Atoms are the dims of inputs, values of integer scalar inputs, sizes that a step defines
on the way (``nonzero``), and floordiv, mod, min, max and isqrt of other sizes.  A size that turns out constant is an
``int``.

>>> n = Size.of(Dim("n"))
>>> (n + 1) * 2 - 2
2*n
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

_serials = itertools.count()


class Atom:
    """Something whose value becomes known at a call; compared by identity unless a subclass says otherwise."""

    __slots__ = ("label", "order")
    signed = False  # whether the value may be negative

    def __init__(self, label: str) -> None:
        self.label = label
        self.order: tuple = (0, label, next(_serials))

    def __repr__(self) -> str:
        return self.label


class Dim(Atom):
    """A size named by the user and shared by all inputs that name it: ``st.tensor("x", shape=("n", 3))``."""

    __slots__ = ()

    def __init__(self, label: str) -> None:
        self.label = label
        self.order = (0, label, -1)

    def __eq__(self, other: object) -> bool:
        return type(other) is Dim and other.label == self.label

    def __hash__(self) -> int:
        return hash(("Dim", self.label))

    def __reduce__(self) -> tuple:
        return Dim, (self.label,)


class AnonymousDim(Atom):
    """One axis of one input whose size the user did not name."""

    __slots__ = ()

    def __reduce__(self) -> tuple:
        return AnonymousDim, (self.label,)  # a new serial: the old one may be taken where this is restored


class ScalarValue(Atom):
    """The value of an integer scalar input, used as a size; the same input gives the same atom."""

    __slots__ = ("tensor",)
    signed = True

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor
        self.label = tensor.name or "scalar"
        self.order = (0, self.label, id(tensor))

    def __eq__(self, other: object) -> bool:
        return type(other) is ScalarValue and other.tensor is self.tensor

    def __hash__(self) -> int:
        return hash(("ScalarValue", id(self.tensor)))


class Bound(Atom):
    """A size that a step defines while the function runs, such as the number of non-zero elements.

    Attributes:
        source: a result of this step, for graphs that use the size and nothing else of it.
    """

    __slots__ = ("source",)

    def __init__(self, label: str) -> None:
        super().__init__(label)
        self.source: Any = None

    def __reduce__(self) -> tuple:
        return Bound, (self.label,)


class SizeCall(Atom):
    """``floordiv``, ``mod``, ``min`` or ``max`` of two sizes, for which polynomials have no normal form.

    ``isqrt``, the square root rounded down, has 0 as its second operand.
    """

    __slots__ = ("left", "op", "right")

    def __init__(self, op: str, left: SizeLike, right: SizeLike) -> None:
        self.op, self.left, self.right = op, left, right
        symbol = {"floordiv": "//", "mod": "%"}.get(op)
        self.label = f"({_operand(left)} {symbol} {_operand(right)})" if symbol else f"{op}({left}, {right})"
        if op == "isqrt":
            self.label = f"isqrt({left})"
        self.order = (1, self.label, -1)

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is SizeCall
            and (self.op, self.left, self.right) == (other.op, other.left, other.right)
        )  # fmt: skip

    def __hash__(self) -> int:
        return hash((self.op, self.left, self.right))

    def __reduce__(self) -> tuple:
        return SizeCall, (self.op, self.left, self.right)


def _operand(size: SizeLike) -> str:
    """A size as an operand of ``//`` or ``%``: a sum needs parentheses."""
    return str(size) if isinstance(size, int) or len(size.terms) == 1 else f"({size})"


Monomial = tuple[Atom, ...]
EVALUATE: dict[str, Callable[[int, int], int]] = {
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "min": min,
    "max": max,
    "isqrt": lambda a, _: math.isqrt(max(a, 0)),
}


def _order_of_term(term: tuple[Monomial, int]) -> tuple[list[tuple], int]:
    return [a.order for a in term[0]], term[1]


def _order_of_atom(atom: Atom) -> tuple:
    return atom.order


class Size:
    """A polynomial over atoms with at least one atom in it; immutable.

    Arithmetic with ints and sizes gives a ``Size`` or, where the atoms cancel, an ``int``.  Equality is structural:
    two sizes that compare unequal may still be equal at a call.
    """

    __slots__ = ("_hash", "terms")
    __array_ufunc__ = None

    terms: tuple[tuple[Monomial, int], ...]

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = tuple(terms.items() if len(terms) == 1 else sorted(terms.items(), key=_order_of_term))
        self._hash = hash(self.terms)

    @staticmethod
    def of(atom: Atom) -> Size:
        """The size that is this atom."""
        return Size({(atom,): 1})

    def __hash__(self) -> int:
        return self._hash

    def __reduce__(self) -> tuple:
        return Size, (dict(self.terms),)  # the hash goes by the identity of atoms, so it is computed anew

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Size):
            return self._hash == other._hash and self.terms == other.terms
        return False if isinstance(other, int) else NotImplemented

    def __bool__(self) -> bool:
        raise TypeError(f"the size {self} is not known while the graph is built\n  hint: use st.where or st.cond")

    def __index__(self) -> int:
        raise TypeError(
            f"the size {self} is symbolic, so it has no value while the graph is built\n"
            "  hint: declare it, as in st.tensor(name, shape=(3,)), or use an st function that takes symbolic sizes"
        )

    __int__ = __index__

    def __repr__(self) -> str:
        parts: list[str] = []
        for monomial, coefficient in self.terms:
            text = "*".join(a.label for a in monomial)
            if not monomial:
                text = str(abs(coefficient))
            elif abs(coefficient) != 1:
                text = f"{abs(coefficient)}*{text}"
            sign = "-" if coefficient < 0 else "+"
            parts.append(f" {sign} {text}" if parts else ("-" if coefficient < 0 else "") + text)
        return "".join(parts)

    def __add__(self, other: Any) -> Any:
        return add(self, other) if isinstance(other, (int, Size)) else NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Any) -> Any:
        return add(self, mul(other, -1)) if isinstance(other, (int, Size)) else NotImplemented

    def __rsub__(self, other: Any) -> Any:
        return add(other, mul(self, -1)) if isinstance(other, (int, Size)) else NotImplemented

    def __mul__(self, other: Any) -> Any:
        return mul(self, other) if isinstance(other, (int, Size)) else NotImplemented

    __rmul__ = __mul__

    def __neg__(self) -> SizeLike:
        return mul(self, -1)

    def __floordiv__(self, other: Any) -> Any:
        return floordiv(self, other) if isinstance(other, (int, Size)) else NotImplemented

    def __rfloordiv__(self, other: Any) -> Any:
        return floordiv(other, self) if isinstance(other, (int, Size)) else NotImplemented

    def __mod__(self, other: Any) -> Any:
        return mod(self, other) if isinstance(other, (int, Size)) else NotImplemented

    def __rmod__(self, other: Any) -> Any:
        return mod(other, self) if isinstance(other, (int, Size)) else NotImplemented


SizeLike = int | Size


def _terms(size: SizeLike) -> dict[Monomial, int]:
    return dict(size.terms) if isinstance(size, Size) else {(): int(size)} if size else {}


def _normal(terms: dict[Monomial, int]) -> SizeLike:
    terms = {m: c for m, c in terms.items() if c}
    if not terms:
        return 0
    if len(terms) == 1 and () in terms:
        return terms[()]
    return Size(terms)


def add(left: SizeLike, right: SizeLike) -> SizeLike:
    """Sum of two sizes."""
    if isinstance(left, int):
        if isinstance(right, int):
            return left + right
        left, right = right, left
    if right == 0:
        return left
    terms = _terms(left)
    for monomial, coefficient in _terms(right).items():
        terms[monomial] = terms.get(monomial, 0) + coefficient
    return _normal(terms)


def mul(left: SizeLike, right: SizeLike) -> SizeLike:
    """Product of two sizes."""
    if isinstance(left, int):
        if isinstance(right, int):
            return left * right
        left, right = right, left
    if isinstance(right, int):
        return left if right == 1 else Size({m: c * right for m, c in left.terms}) if right else 0
    terms: dict[Monomial, int] = {}
    for m1, c1 in _terms(left).items():
        for m2, c2 in _terms(right).items():
            monomial = m1 + m2 if not m1 or not m2 else tuple(sorted(m1 + m2, key=_order_of_atom))
            terms[monomial] = terms.get(monomial, 0) + c1 * c2
    return _normal(terms)


def product(sizes: Any) -> SizeLike:
    """Product of many sizes; 1 for none."""
    total: SizeLike = 1
    for size in sizes:
        total = mul(total, size)
    return total


def _exact_quotient(left: SizeLike, right: SizeLike) -> SizeLike | None:
    """``left / right`` where ``right`` is one term that divides every term of ``left``."""
    divisor = list(_terms(right).items())
    if len(divisor) != 1:
        return None
    (atoms, coefficient), terms = divisor[0], {}
    for monomial, c in _terms(left).items():
        rest = list(monomial)
        for atom in atoms:
            if atom not in rest:
                return None
            rest.remove(atom)
        if c % coefficient:
            return None
        terms[tuple(rest)] = c // coefficient
    return _normal(terms)


def floordiv(left: SizeLike, right: SizeLike) -> SizeLike:
    """Quotient rounded towards minus infinity; 0 for a zero divisor, as NumPy's integers have it."""
    if isinstance(left, int) and isinstance(right, int):
        return left // right if right else 0
    quotient = _exact_quotient(left, right)
    return quotient if quotient is not None else Size.of(SizeCall("floordiv", left, right))


def mod(left: SizeLike, right: SizeLike) -> SizeLike:
    """Remainder with the sign of the divisor; 0 for a zero divisor."""
    if isinstance(left, int) and isinstance(right, int):
        return left % right if right else 0
    if _exact_quotient(left, right) is not None:
        return 0
    return Size.of(SizeCall("mod", left, right))


def _extremum(op: str, left: SizeLike, right: SizeLike) -> SizeLike:
    if isinstance(left, int) and isinstance(right, int):
        return EVALUATE[op](left, right)
    larger, smaller = (left, right) if op == "max" else (right, left)
    if at_least(larger, smaller):
        return left
    if at_least(smaller, larger):
        return right
    first, second = sorted((left, right), key=str)
    return Size.of(SizeCall(op, first, second))


def minimum(left: SizeLike, right: SizeLike) -> SizeLike:
    """The smaller of two sizes."""
    return _extremum("min", left, right)


def maximum(left: SizeLike, right: SizeLike) -> SizeLike:
    """The larger of two sizes."""
    return _extremum("max", left, right)


def largest(sizes: Iterable[SizeLike]) -> SizeLike:
    """The largest of many sizes; 0 for none.

    Those that cannot be compared stay in a balanced tree, which is no deeper than the logarithm of their number.
    """
    level = list(dict.fromkeys(sizes))
    while len(level) > 1:
        pairs = [maximum(a, b) for a, b in zip(level[::2], level[1::2])]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0] if level else 0


def root(size: SizeLike) -> SizeLike:
    """The square root rounded down; 0 for a negative size."""
    return EVALUATE["isqrt"](size, 0) if isinstance(size, int) else Size.of(SizeCall("isqrt", size, 0))


def _non_negative_atom(atom: Atom) -> bool:
    if isinstance(atom, SizeCall):
        if atom.op == "max":
            return at_least(atom.left, 0) or at_least(atom.right, 0)
        if atom.op == "mod":
            return at_least(atom.right, 1)
        if atom.op == "floordiv":
            return at_least(atom.left, 0) and at_least(atom.right, 1)
        if atom.op == "isqrt":
            return True
        return at_least(atom.left, 0) and at_least(atom.right, 0)
    return not atom.signed


SEARCHED_TERMS = 8  # the search for a proof is cubic in the terms: longer sums are not looked into so deeply


def at_least(left: SizeLike, right: SizeLike) -> bool:
    """Whether ``left >= right`` can be proved for all values of the atoms (dims are never negative)."""
    if isinstance(left, int) and isinstance(right, int):
        return left >= right
    gap = add(left, mul(right, -1))
    return _never_negative(gap, 3 if len(_terms(gap)) <= SEARCHED_TERMS else 1)


def _never_negative(size: SizeLike, depth: int) -> bool:
    """Whether each term is provably non-negative, perhaps after replacing an atom by what bounds it."""
    terms = _terms(size)
    if all(c >= 0 and all(map(_non_negative_atom, m)) for m, c in terms.items()):
        return True
    if not depth:
        return False
    for monomial, coefficient in terms.items():
        if len(monomial) == 1 and isinstance(monomial[0], SizeCall):
            atom = monomial[0]
            for bound in _bounds(atom, upper=coefficient < 0):
                change = mul(add(bound, mul(Size.of(atom), -1)), coefficient)
                if _never_negative(add(size, change), depth - 1):
                    return True
    return False


def _bounds(atom: SizeCall, upper: bool) -> tuple[SizeLike, ...]:
    """Sizes that an atom never exceeds, or (``upper`` false) never falls below."""
    if atom.op == ("min" if upper else "max"):
        return atom.left, atom.right
    if upper and atom.op == "mod" and at_least(atom.right, 1):
        return (add(atom.right, -1),)
    if upper and atom.op == "floordiv" and at_least(atom.left, 0) and at_least(atom.right, 1):
        return (atom.left,)
    return ()


def atoms(size: SizeLike) -> Iterator[Atom]:
    """The atoms in a size, innermost first, each ``SizeCall`` after the atoms of its arguments."""
    if isinstance(size, Size):
        for monomial, _ in size.terms:
            for atom in monomial:
                if isinstance(atom, SizeCall):
                    yield from atoms(atom.left)
                    yield from atoms(atom.right)
                yield atom


def substitute(size: SizeLike, values: Mapping[Atom, SizeLike]) -> SizeLike:
    """Replace atoms by sizes or integers; atoms not named stay."""
    if isinstance(size, int) or not any(_changes(a, values) for m, _ in size.terms for a in m):
        return size
    total: SizeLike = 0
    for monomial, coefficient in size.terms:
        term: SizeLike = coefficient
        for atom in monomial:
            term = mul(term, _substitute_atom(atom, values))
        total = add(total, term)
    return total


_CALLS = {"floordiv": floordiv, "mod": mod, "min": minimum, "max": maximum, "isqrt": lambda a, _: root(a)}


def _changes(atom: Atom, values: Mapping[Atom, SizeLike]) -> bool:
    return atom in values or isinstance(atom, SizeCall)


def _substitute_atom(atom: Atom, values: Mapping[Atom, SizeLike]) -> SizeLike:
    if atom in values:
        return values[atom]
    if isinstance(atom, SizeCall):
        return _CALLS[atom.op](substitute(atom.left, values), substitute(atom.right, values))
    return Size.of(atom)
