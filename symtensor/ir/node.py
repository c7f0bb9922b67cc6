"""The one node type of the graph: ``Tensor``.

A tensor is an operation applied to tensors, with static attributes; it is immutable and interned, so the same
expression is the same object and common subexpressions need no pass.  A node with several results (``qr``, ``scan``)
has a tuple as its type and is seen by users only through ``item`` nodes.  Python's operators are attached by
``symtensor.ops`` (see ``operators.py`` there), since this room knows no op.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from symtensor.ir.interning import InternTable
from symtensor.ir.size import Size, SizeLike
from symtensor.records import dataclass

Site = tuple[str, int]
Attrs = tuple[tuple[str, Hashable], ...]
_PACKAGE = __name__.split(".")[0]
_INSIDE = _PACKAGE + "."


class TensorType:
    """A static dtype and rank with sizes that may be symbolic."""

    __slots__ = ("dtype", "shape")

    def __init__(self, dtype: np.dtype, shape: tuple[SizeLike, ...]) -> None:
        self.dtype = dtype
        self.shape = shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorType) and self.dtype == other.dtype and self.shape == other.shape

    def __hash__(self) -> int:
        return hash((self.dtype, self.shape))

    def __repr__(self) -> str:
        return f"{self.dtype}[{', '.join(map(str, self.shape))}]"


class _WildType:
    """Type of every node of a rewrite pattern: unknown until the pattern is matched."""

    __slots__ = ()
    dtype = np.dtype("float64")
    shape: tuple[SizeLike, ...] = ()
    ndim = 0

    def __repr__(self) -> str:
        return "?"


WILD: Any = _WildType()


@dataclass(frozen=True, eq=False)
class Op:
    """What every operation declares; the kinds in ``symtensor.ops`` extend it.

    Attributes:
        name: unique, the NumPy name where there is one.
        kind: ``source``, ``elementwise``, ``index``, ``reduction``, ``contraction``, ``scatter``, ``library``,
            ``loop``, ``item`` or ``effect``.
        infer: ``infer(inputs, **attrs)`` returns the type, or a tuple of types; raises ``ShapeError`` or
            ``DTypeError`` for what can be proved wrong at build time.
        reference: ``reference(*arrays, **attrs)`` computes the op with NumPy.
        vjp: ``vjp(cotangents, node)`` returns one cotangent (or None) per input, as tensors.
        commutative: whether the two inputs may be exchanged.
        guards: ``guards(inputs, **attrs)`` returns conditions that must hold at a call.
        samples: sample inputs for the conformance tests.
    """

    name: str
    kind: str
    infer: Callable[..., Any]
    reference: Callable[..., Any]
    vjp: Callable[..., Sequence[Any]] | None = None
    commutative: bool = False
    guards: Callable[..., Iterable[Guard]] | None = None
    samples: Callable[[np.random.Generator], Iterable[tuple]] | None = None

    def __repr__(self) -> str:
        return self.name

    def __call__(self, *inputs: Tensor, **attrs: Hashable) -> Tensor:
        """Build (or find) the node; inputs are tensors already."""
        return make(self, inputs, tuple(attrs.items()))

    def __reduce__(self) -> tuple:
        return op_named, (self.name,)


OPS: dict[str, Op] = {}


def register(op: Op) -> Op:
    """Enter an op into the table by which pickles, docs and conformance tests find it."""
    if op.name in OPS:
        raise ValueError(f"an op named {op.name!r} exists already")
    OPS[op.name] = op
    return op


def op_named(name: str) -> Op:
    """Look an op up by name."""
    return OPS[name]


@dataclass(frozen=True)
class Guard:
    """Two sizes that must be equal at a call, with the names and sites that the error message shows.

    ``kind`` names the row of ``symtensor.errors.NATIVE`` that is raised: ``shape``, ``index``, ``linalg`` or ``size``.
    ``hint`` is what the user may do about it.
    """

    left: SizeLike
    right: SizeLike
    what: str
    sites: tuple[Site, ...] = ()
    kind: str = "shape"
    hint: str = ""


class Tensor:
    """A symbolic array: dtype and rank are known, sizes may be symbolic.

    Attributes:
        op: the operation.
        inputs: the tensors that it reads.
        attrs: its static attributes as (name, value) pairs.
        type: a ``TensorType``, or a tuple of them for an op with several results.
        name: the user's name for it, or None.
        sites: up to three places (file, line) where it was written.
    """

    __slots__ = ("__weakref__", "attrs", "inputs", "name", "op", "sites", "type")
    __array_priority__ = 1000
    __hash__ = object.__hash__

    op: Op
    inputs: tuple[Tensor, ...]
    attrs: Attrs
    type: Any
    name: str | None
    sites: tuple[Site, ...]

    if TYPE_CHECKING:  # attached by symtensor.ops.operators

        def __getattr__(self, name: str) -> Any: ...
        def __add__(self, other: Any) -> Tensor: ...
        def __radd__(self, other: Any) -> Tensor: ...
        def __sub__(self, other: Any) -> Tensor: ...
        def __rsub__(self, other: Any) -> Tensor: ...
        def __mul__(self, other: Any) -> Tensor: ...
        def __rmul__(self, other: Any) -> Tensor: ...
        def __truediv__(self, other: Any) -> Tensor: ...
        def __rtruediv__(self, other: Any) -> Tensor: ...
        def __floordiv__(self, other: Any) -> Tensor: ...
        def __rfloordiv__(self, other: Any) -> Tensor: ...
        def __mod__(self, other: Any) -> Tensor: ...
        def __rmod__(self, other: Any) -> Tensor: ...
        def __pow__(self, other: Any) -> Tensor: ...
        def __rpow__(self, other: Any) -> Tensor: ...
        def __matmul__(self, other: Any) -> Tensor: ...
        def __rmatmul__(self, other: Any) -> Tensor: ...
        def __and__(self, other: Any) -> Tensor: ...
        def __rand__(self, other: Any) -> Tensor: ...
        def __or__(self, other: Any) -> Tensor: ...
        def __ror__(self, other: Any) -> Tensor: ...
        def __xor__(self, other: Any) -> Tensor: ...
        def __rxor__(self, other: Any) -> Tensor: ...
        def __lt__(self, other: Any) -> Tensor: ...
        def __le__(self, other: Any) -> Tensor: ...
        def __gt__(self, other: Any) -> Tensor: ...
        def __ge__(self, other: Any) -> Tensor: ...
        def __eq__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __ne__(self, other: Any) -> Tensor: ...  # type: ignore[override]
        def __neg__(self) -> Tensor: ...
        def __pos__(self) -> Tensor: ...
        def __abs__(self) -> Tensor: ...
        def __invert__(self) -> Tensor: ...
        def __getitem__(self, key: Any) -> Tensor: ...
        def __len__(self) -> int: ...

    def __init__(self, op: Op, inputs: tuple[Tensor, ...], attrs: Attrs, type: Any, name: str | None = None) -> None:
        self.op = op
        self.inputs = inputs
        self.attrs = attrs
        self.type = type
        self.name = name
        self.sites = ()

    @property
    def dtype(self) -> np.dtype:
        """Element type."""
        return self.type.dtype

    @property
    def shape(self) -> tuple[SizeLike, ...]:
        """Sizes: ints where static, symbolic sizes otherwise."""
        return self.type.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.type.shape)

    def attr(self, name: str) -> Any:
        """One attribute by name."""
        for key, value in self.attrs:
            if key == name:
                return value
        raise KeyError(name)

    def __bool__(self) -> bool:
        raise TypeError(
            f"{describe(self)} has no truth value while the graph is built\n"
            "  hint: use st.where (both sides computed) or st.cond (only the taken branch runs)"
        )


_interned: InternTable[Tensor] = InternTable()


def make(op: Op, inputs: tuple[Tensor, ...], attrs: Attrs = ()) -> Tensor:
    """Return the interned node ``op(*inputs, **attrs)``, inferring its type when it is new.

    In a rewrite pattern (some input is wild) nothing is inferred and the result is wild too.
    """
    key = _key(op, inputs, attrs)
    found = _interned.find(key)
    if found is not None:
        return found
    for i in inputs:
        if i.type is WILD:
            return _entered(key, Tensor(op, inputs, attrs, WILD), ())
    return _entered(key, Tensor(op, inputs, attrs, op.infer(inputs, **dict(attrs))), caller_sites())


def intern(op: Op, inputs: tuple[Tensor, ...], attrs: Attrs, type: Any, sites: tuple[Site, ...]) -> Tensor:
    """Return the interned node, making it with this type and these sites if it is new.

    For those who know the type: inferring it anew would take time, and would define sizes anew (``nonzero``).
    """
    key = _key(op, inputs, attrs)
    found = _interned.find(key)
    return _entered(key, Tensor(op, inputs, attrs, type), sites) if found is None else found


def _key(op: Op, inputs: tuple[Tensor, ...], attrs: Attrs) -> tuple:
    """What a node is interned by.

    Numbers alone, so that the cycle collector lets go of most keys: it walks all that a user's graph consists of while
    that is built.
    """
    return (id(op), *map(id, inputs), attrs)


def _entered(key: tuple, node: Tensor, sites: tuple[Site, ...]) -> Tensor:
    """A new node with its sites, or the one that another thread has entered meanwhile."""
    found = _interned.setdefault(key, node)
    if found is node:
        node.sites = sites
    return found


def new_leaf(op: Op, type: TensorType, attrs: Attrs = (), name: str | None = None) -> Tensor:
    """Make a node that is never interned: inputs, shared variables, random draws, wildcards."""
    node = Tensor(op, (), attrs, type, name)
    node.sites = caller_sites()
    return node


def caller_sites() -> tuple[Site, ...]:
    """The innermost line outside of symtensor on the call stack, as a one-element tuple."""
    frame = sys._getframe(2)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if not module.startswith(_INSIDE) and module != _PACKAGE:
            return ((frame.f_code.co_filename, frame.f_lineno),)
        frame = frame.f_back  # type: ignore[assignment]
    return ()


def inherit(new: Tensor, old: Tensor) -> Tensor:
    """Hand the name and sites of a rewritten node on to its replacement; returns ``new``."""
    if new is not old:
        if new.name is None and old.name is not None and new.op.kind != "source":
            new.name = old.name
        if old.sites and old.sites[0] not in new.sites:
            # The replacement was made on behalf of `old`, whose line is the one that the user wrote.
            new.sites = (old.sites + tuple(s for s in new.sites if s not in old.sites))[:3]
    return new


def describe(tensor: Tensor) -> str:
    """Name and type for messages: ``x: float64[n, 3]``."""
    label = tensor.name or f"the result of {tensor.op.name}"
    return f"{label}: {tensor.type}"


def is_symbolic(size: SizeLike) -> bool:
    """Whether a size is known only at a call."""
    return isinstance(size, Size)
