"""The kinds of ops and the factories that declare them.

An elementwise op, whole::

    exp = elementwise("exp", np.exp, scalar=helper("exp"), types=inexact_result,
                      vjp=lambda g, y, x: (g * y,), samples=REAL)

Kinds, with what a declaration adds to ``symtensor.ir.node.Op``:

* ``Elementwise``: ``scalar(*operands)`` builds the value from scalar operands; inputs broadcast implicitly.
* ``IndexOp``: ``at(node, index, load)`` is the scalar value at an index, over loads of inputs at computed indices.
* ``Reduction``: a ``Monoid`` over the axes in attribute ``axes``.
* ``Contraction``, ``Scatter``, ``Library``, ``Loop``: see their modules.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.ir import complex as _complex_forms  # noqa: F401 - enters the forms of complex arithmetic
from symtensor.ir.node import OPS, WILD, Guard, Op, Tensor, TensorType, caller_sites, describe, make, register
from symtensor.ir.scalar import SCALAR_OPS, Const, Expr, call, declare_helper
from symtensor.ir.scalar import cast as scalar_cast
from symtensor.ir.size import Size, SizeLike
from symtensor.ops.weak import Weak
from symtensor.records import dataclass

Index = tuple[SizeLike, ...]
Loader = Callable[[int, Index], Expr]
TypeRule = Callable[[Sequence[Any]], tuple[tuple[np.dtype, ...], np.dtype]]


@dataclass(frozen=True, eq=False, repr=False)
class Elementwise(Op):
    """An op whose element depends on the same element of each (broadcast) input.

    Attributes:
        scalar: builds the scalar expression from scalar operands of the declared dtypes.
        types: from dtypes or weak scalars to the operand dtypes and the result dtype.
        cost: scalar operations an element, for the cost model (a division is about 4, ``exp`` about 12).
        half: the element for float16 operands, given as float32, where rounding the result of ``scalar`` is not it.
        check: ``check(operands)`` raises for values that are known to be refused, and returns the operands, guarded by
            ``st.check`` where only a call can tell.
    """

    scalar: Callable[..., Expr] = lambda *a: a[0]
    types: TypeRule | None = None
    cost: float = 1.0
    half: Callable[..., Expr] | None = None
    check: Callable[[Sequence[Any]], Sequence[Any]] | None = None

    def scalar_of(self, *operands: Expr) -> Expr:
        """The element for these operands: float16 is computed in float32 and rounded once, as NumPy does."""
        if all(o.dtype != dtypes.FLOAT16 for o in operands):
            return self.scalar(*operands)
        wide = [scalar_cast(o, dtypes.FLOAT32) if o.dtype == dtypes.FLOAT16 else o for o in operands]
        value = (self.half or self.scalar)(*wide)
        return scalar_cast(value, dtypes.FLOAT16) if value.dtype == dtypes.FLOAT32 else value

    def __call__(self, *inputs: Any, **attrs: Hashable) -> Tensor:
        """Apply to tensors, arrays or weak scalars: promote, cast, broadcast."""
        return apply_elementwise(self, inputs, attrs)


@dataclass(frozen=True, eq=False, repr=False)
class IndexOp(Op):
    """An op that only moves values: the element at an index is a scalar expression over inputs at other indices.

    Attributes:
        at: ``at(node, index, load)`` with ``load(k, index)`` reading input ``k``.
        bounds: ``bounds(node)`` returns (input number, axis, extent) for each input whose values are used as an index,
            so that one check before any write covers them.
    """

    at: Callable[[Tensor, Index, Loader], Expr] = None  # type: ignore[assignment]
    bounds: Callable[[Tensor], Iterable[tuple[int, SizeLike]]] | None = None


@dataclass(frozen=True)
class Monoid:
    """A reduction as a monoid over a tuple of accumulators.

    The blocking and the combine tree are fixed functions of sizes, the same for SIMD lanes, threads and GPU stages, so
    a monoid needs to be associative only in exact arithmetic.

    Attributes:
        name: for text and source.
        init: ``init(dtype)`` gives the identity, one constant per accumulator.
        step: ``step(accumulators, value, position)`` takes one element in; ``position`` is its index in the reduced
            axes as a scalar expression (argmax).
        combine: ``combine(left, right)`` joins two tuples of accumulators, ``left`` covering earlier positions.
        finish: ``finish(accumulators, count)`` gives the result.
        positioned: whether the step looks at the position, which costs lanes as wide as positions are.
    """

    name: str
    init: Callable[[np.dtype], tuple[Const, ...]]
    step: Callable[[tuple[Expr, ...], Expr, Expr], tuple[Expr, ...]]
    combine: Callable[[tuple[Expr, ...], tuple[Expr, ...]], tuple[Expr, ...]]
    finish: Callable[[tuple[Expr, ...], Expr], Expr] = lambda accumulators, count: accumulators[0]
    positioned: bool = False


@dataclass(frozen=True, eq=False)
class TwoPass:
    """A reduction by two simpler ones, the second about the result of the first.

    The result must not change when all elements are shifted by a constant: where results of pieces are joined, elements
    are measured from the very first one, or the centers of the pieces would lose their digits far from zero.

    Attributes:
        first: reduction of the first pass.
        center: ``center(total, count)`` makes of its result what the second pass measures from.
        second: reduction of the second pass.
        distance: ``distance(value, center)`` is what the second pass takes in.
        join: ``join(count, center, total)`` gives the accumulators of the whole.
    """

    first: Reduction
    center: Callable[[Expr, Expr], Expr]
    second: Reduction
    distance: Callable[[Expr, Expr], Expr]
    join: Callable[[Expr, Expr, Expr], tuple[Expr, ...]]


@dataclass(frozen=True, eq=False, repr=False)
class Reduction(Op):
    """An op that folds the axes in attribute ``axes`` (sorted, non-negative) with a monoid; axes are dropped.

    Attributes:
        monoid: accumulators and what they do.
        two_pass: how to fold elements that are in cache, or in registers, where that is cheaper than step by step.
            The first accumulator of such a reduction counts elements.
    """

    monoid: Monoid = None  # type: ignore[assignment]
    two_pass: TwoPass | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Scatter(Op):
    """An op that joins rows of updates into a copy of a base at computed indices, in order: ``scatter_add``.

    Inputs are base, indices and updates; attribute ``axis`` is the axis that the indices count.

    Attributes:
        combine: from the element that is there and the update to the new element.
        bounds: as for ``IndexOp``.
    """

    combine: Callable[[Expr, Expr], Expr] = lambda old, update: update
    bounds: Callable[[Tensor], Iterable[tuple[int, SizeLike]]] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Library(Op):
    """An op that a library routine computes (LAPACK), with a NumPy reference.

    Attributes:
        routine: name of the step in ``symtensor.codegen.library`` that prints the calls.
        failure: what it means if the routine fails.
    """

    routine: str = ""
    failure: str = "the routine failed"


@dataclass(frozen=True, eq=False, repr=False)
class LoopOp(Op):
    """Control flow: attributes hold inner graphs, which an op can neither evaluate nor differentiate by itself.

    So its two functions are handed the walker that can:

    * ``reference(evaluate, *arrays, **attrs)`` with ``evaluate(graph, arrays)``, the interpreter, which returns the
      list of the graph's outputs, and ``evaluate.shape(sizes)``, which gives the tuple of ints that symbolic sizes have
      in this call (sizes in ``attrs`` have become ints, graphs are passed as they are);
    * ``vjp(cotangents, node, pull, wanted)`` with ``pull(outputs, cotangents, wrt)``, the reverse walker, which returns
      one tensor, or None where nothing flows, for each tensor in ``wrt`` (cotangents may be None too), and with
      ``wanted``, which says for each input whether its cotangent is asked for.
    """


# ----------------------------------------------------------------------------------------------- making tensors
SMALL_BYTES = 4096  # of a constant that is compared as it is; comparing digests takes no second copy of the data


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """A constant's data as a hashable attribute: interned by dtype, shape and bytes, of large data by their digest."""

    array: np.ndarray

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return repr(self.array.tolist()) if self.array.size <= 16 else f"<{self.array.dtype}{list(self.array.shape)}>"

    @functools.cached_property
    def key(self) -> tuple:
        """Equal for equal data."""
        data = self.array.tobytes() if self.array.nbytes <= SMALL_BYTES else self.digest
        return self.array.dtype.str, self.array.shape, data

    @functools.cached_property
    def digest(self) -> str:
        """Of the bytes, in row-major order; computed once, however many functions the constant goes into."""
        return hashlib.sha256(self.array.data.cast("B") if self.array.size else b"").hexdigest()


def _constant_type(inputs: tuple[Tensor, ...], value: Value) -> TensorType:
    return TensorType(value.array.dtype, value.array.shape)


CONSTANT = register(Op("constant", "source", _constant_type, lambda value: value.array))
INPUT = register(Op("input", "source", None, None))  # type: ignore[arg-type]
SHARED = register(Op("shared", "source", None, None))  # type: ignore[arg-type]


def _size_type(inputs: tuple[Tensor, ...], size: Size, dtype: np.dtype) -> TensorType:
    return TensorType(dtype, ())


SIZE = register(Op("size", "source", _size_type, lambda size, dtype: np.asarray(size, dtype)))


def constant(value: Any, dtype: Any = None, *, borrow: bool = False) -> Tensor:
    """A tensor with a fixed value.

    Data of more than 16 elements are neither in the source nor in the key of the compiled code: functions are handed
    the one array that the constant holds.

    Args:
        value: anything that ``np.asarray`` takes.
        dtype: element type; NumPy's choice if not given.
        borrow: whether a row-major array of that dtype is taken as it is, where otherwise it is copied; whoever lends
            it promises not to write to it any more.

    >>> constant(1.5)
    1.5
    >>> data = np.arange(1e6)
    >>> constant(data, borrow=True) is constant(data)
    True
    """
    dtype = None if dtype is None else dtypes.as_dtype(dtype)
    if type(value) in (int, float) and dtype is not None and (type(value) is int or dtype.kind == "f"):
        array = np.array(value, dtype)  # raises OverflowError for an int that does not fit
    else:
        given = np.asarray(value)
        dtype = dtypes.as_dtype(given.dtype) if dtype is None else dtype
        array = np.array(given, dtype=dtype, copy=None if borrow else True, order="C")
        if array is value:
            array = array.view(np.ndarray)  # the lender's own array stays writable
    array.setflags(write=False)
    return make(CONSTANT, (), (("value", Value(array)),))


@functools.lru_cache(maxsize=1024, typed=True)
def _scalar_constant(value: Any, dtype: np.dtype | None) -> Tensor:
    """A Python number other than 0 (0.0 and -0.0 are equal, but not the same) as a constant."""
    return constant(value, dtype)


def as_tensor(value: Any, dtype: Any = None) -> Tensor:
    """Tensors pass; arrays, scalars and sizes become constants or size nodes."""
    if isinstance(value, Tensor):
        return value if dtype is None or value.type.dtype == dtype else cast(value, dtype)
    if type(value) in (int, float) and value and (dtype is None or isinstance(dtype, np.dtype)):
        return _scalar_constant(value, dtype)
    if isinstance(value, Size):
        return make(SIZE, (), (("size", value), ("dtype", dtypes.as_dtype(dtype or "int64"))))
    if isinstance(value, Weak):
        return as_tensor(value.tensor, dtype)
    if isinstance(value, (list, tuple)) and any(isinstance(v, (Tensor, Size, Weak)) for v in value):
        raise TypeError("a list that holds tensors is no tensor\n  hint: use st.stack([...])")
    return constant(value, dtype)


def constant_value(node: Tensor) -> np.ndarray | None:
    """The value of a constant node, else None."""
    return node.attr("value").array if node.op is CONSTANT else None


# --------------------------------------------------------------------------------------------------- type rules
_REPRESENTATIVE: dict[Any, Any] = {bool: False, int: 0, float: 0.0, complex: 0j}


def _kind(value: Any) -> Any:
    """What decides promotion: the dtype of a strong operand, the Python type of a weak one."""
    if isinstance(value, Tensor):
        return value.type.dtype
    if type(value) in _REPRESENTATIVE:
        return type(value)
    if isinstance(value, Size):
        return int
    if isinstance(value, Weak):
        return value.kind
    return value if isinstance(value, np.dtype) else np.asarray(value).dtype


def promoted(operands: Sequence[Any]) -> np.dtype:
    """Common dtype of tensors, arrays, dtypes and weak Python scalars, as NumPy 2 promotes them."""
    kinds = [_kind(o) for o in operands]
    if all(k in _REPRESENTATIVE for k in kinds):
        kinds = [np.asarray(_REPRESENTATIVE[k]).dtype for k in kinds]
    return dtypes.promote(*(_REPRESENTATIVE.get(k, k) for k in kinds))


@functools.lru_cache(maxsize=4096)
def _apply_rule(rule: TypeRule, kinds: tuple[Any, ...]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    return rule([_REPRESENTATIVE.get(k, k) for k in kinds])


def types_of(op: Elementwise, operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """The dtypes to which an op casts these operands, and that of its result."""
    return _apply_rule(op.types, tuple([_kind(o) for o in operands]))  # type: ignore[arg-type]


def same_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """All operands promote to one dtype, which is the result's."""
    dtype = promoted(operands)
    return (dtype,) * len(operands), dtype


def numeric_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """As ``same_type``, but refuses bools as NumPy does for ``-`` and ``negative``."""
    types, dtype = same_type(operands)
    if dtype == dtypes.BOOL:
        raise DTypeError("bools cannot be subtracted or negated\n  hint: use ^ or ~, or cast first")
    return types, dtype


def inexact_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """Integers are taken as floats, as NumPy does for ``exp`` and ``/``."""
    dtype = promoted(operands)
    dtype = dtypes.FLOAT64 if dtype.kind in "biu" and len(operands) > 1 else dtypes.inexact(dtype)
    return (dtype,) * len(operands), dtype


def compare_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """Operands promote, the result is bool."""
    return same_type(operands)[0], dtypes.BOOL


def logic_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """Operands are taken as bools, the result is bool."""
    return (dtypes.BOOL,) * len(operands), dtypes.BOOL


def select_type(operands: Sequence[Any]) -> tuple[tuple[np.dtype, ...], np.dtype]:
    """A bool condition and two values that promote."""
    dtype = promoted(operands[1:])
    return (dtypes.BOOL, dtype, dtype), dtype


# -------------------------------------------------------------------------------------------------- broadcasting
def broadcast_shapes(
    shapes: Sequence[tuple[SizeLike, ...]],
) -> tuple[tuple[SizeLike, ...], list[tuple[SizeLike, SizeLike]]]:
    """The broadcast shape, and the pairs of sizes that must turn out equal at the call.

    A size broadcasts only if it is statically 1.  A static size is preferred over a symbolic one.

    Raises:
        ShapeError: if two static sizes differ.
    """
    largest: tuple[SizeLike, ...] = ()
    for shape in shapes:
        if len(shape) > len(largest):
            largest = shape
    for shape in shapes:
        if shape and shape is not largest and shape != largest:
            break
    else:  # equal shapes and scalars, by far the most frequent
        return largest, []
    rank = len(largest)
    result: list[SizeLike] = []
    equal: list[tuple[SizeLike, SizeLike]] = []
    for axis in range(-rank, 0):
        sizes = [s[axis] for s in shapes if len(s) >= -axis and s[axis] != 1]
        chosen: SizeLike = next((s for s in sizes if isinstance(s, int)), sizes[0] if sizes else 1)
        for size in sizes:
            if size != chosen:
                if isinstance(size, int) and isinstance(chosen, int):
                    raise ShapeError(f"sizes {chosen} and {size} do not broadcast")
                equal.append((chosen, size))
        result.append(chosen)
    return tuple(result), equal


def _infer_elementwise(inputs: tuple[Tensor, ...], op: Elementwise, dtype: np.dtype) -> TensorType:
    try:
        shape, _ = broadcast_shapes([i.type.shape for i in inputs])
    except ShapeError as error:
        operands = ", ".join(map(describe, inputs))
        hint = "a size broadcasts if it is 1; reshape, or index with None"
        raise ShapeError(located(f"{op.name}: {error}: {operands}", caller_sites(), hint)) from None
    for i in inputs:
        if i.type.shape is shape and i.type.dtype == dtype:
            return i.type  # long chains have one type, which need not exist a thousand times
    return TensorType(dtype, shape)


def broadcast_guards(inputs: tuple[Tensor, ...], **attrs: Any) -> list[Guard]:
    """Sizes of broadcast operands that must agree at a call."""
    _, equal = broadcast_shapes([i.type.shape for i in inputs])
    if not equal:
        return []
    names = " and ".join(i.name or i.op.name for i in inputs)
    hint = "a size 1 broadcasts only if it is declared so, as in shape=(None, 1)"
    return [Guard(a, b, f"shapes of {names} do not broadcast: {a} and {b}", hint=hint) for a, b in equal]


def apply_elementwise(op: Elementwise, operands: Sequence[Any], attrs: dict[str, Hashable]) -> Tensor:
    """Promote, cast and build; in a rewrite pattern only build."""
    for o in operands:
        if isinstance(o, Tensor) and o.type is WILD:
            return make(op, tuple([as_tensor(o) for o in operands]), tuple(attrs.items()))
    if op is CAST:
        return make(op, (as_tensor(operands[0]),), tuple(attrs.items()))
    if op.check is not None:
        operands = op.check(operands)
    try:
        types, _ = types_of(op, operands)
    except DTypeError as error:
        raise DTypeError(located(f"{op.name}: {error}", caller_sites())) from None
    tensors = tuple([as_tensor(o, t) for o, t in zip(operands, types)])
    return make(op, tensors, tuple(attrs.items()) if attrs else ())


def elementwise(
    name: str,
    numpy: Callable[..., Any],
    scalar: Callable[..., Expr],
    *,
    types: TypeRule = same_type,
    vjp: Callable[..., Sequence[Any]] | None = None,
    samples: Any = None,
    commutative: bool = False,
    cost: float = 1.0,
    half: Callable[..., Expr] | None = None,
    check: Callable[[Sequence[Any]], Sequence[Any]] | None = None,
) -> Elementwise:
    """Declare an elementwise op.

    Args:
        name: NumPy's name.
        numpy: the reference.
        scalar: from scalar operands to the scalar result (``helper``, ``operator`` or a Python expression).
        types: dtype rule.
        vjp: ``vjp(cotangent, result, *inputs)`` returns a cotangent (or None) per input; sums over broadcast axes are
            the walker's work.
        samples: domain of each operand for the conformance tests, see ``symtensor.ops.samples``.
        commutative: whether operands may be exchanged.
        cost: scalar operations an element.
        half: see ``Elementwise``.
        check: see ``Elementwise``.
    """

    def infer(inputs: tuple[Tensor, ...], **attrs: Any) -> TensorType:
        return _infer_elementwise(inputs, op, _apply_rule(op.types, tuple([i.type.dtype for i in inputs]))[1])  # type: ignore[arg-type]

    def pull(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
        if node.dtype.kind != "c":
            return vjp(cotangents[0], node, *node.inputs)  # type: ignore[misc]
        # The cotangent of a real loss is dL/dRe + i dL/dIm, so a slope f'(z) enters conjugated.
        slopes = vjp(conjugate(cotangents[0]), node, *node.inputs)  # type: ignore[misc]
        return tuple(s if s is None else conjugate(s) for s in slopes)

    op = Elementwise(
        name, "elementwise", infer, numpy, pull if vjp else None, commutative, broadcast_guards, samples,
        scalar=scalar, types=types, cost=cost, half=half, check=check,
    )  # fmt: skip
    register(op)
    return op


def conjugate(x: Any) -> Tensor:
    """Complex conjugate; real values pass unchanged."""
    tensor = as_tensor(x)
    return OPS["conjugate"](tensor) if tensor.dtype.kind == "c" else tensor


def operator(symbol: str) -> Callable[..., Expr]:
    """A scalar op that is an operator of C, by its row in ``SCALAR_OPS``."""
    return lambda *operands: call(symbol, *operands)


def helper(name: str, arity: int = 1) -> Callable[..., Expr]:
    """A scalar op that is a function of the math library."""
    declare_helper(name, arity)
    assert name in SCALAR_OPS
    return lambda *operands: call(name, *operands)


# --------------------------------------------------------------------------------------------------------- cast
def _cast_type(inputs: tuple[Tensor, ...], dtype: np.dtype) -> TensorType:
    return TensorType(dtype, inputs[0].shape)


def _cast_reference(x: np.ndarray, dtype: np.dtype) -> np.ndarray:
    array = np.asarray(x)
    if array.dtype.kind == "c" and dtype.kind not in "cb":
        array = array.real
    with np.errstate(all="ignore"):
        return array.astype(dtype)


def _cast_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    source = node.inputs[0].dtype
    return (cast(cotangents[0], source) if source.kind in "fc" and node.dtype.kind in "fc" else None,)


CAST = register(
    Elementwise("cast", "elementwise", _cast_type, _cast_reference, _cast_vjp, scalar=lambda x: x, types=None)
)


def cast(value: Any, dtype: Any) -> Tensor:
    """Convert to another dtype.

    >>> cast(constant(1.7), "int64").dtype
    dtype('int64')
    """
    dtype, tensor = dtypes.as_dtype(dtype), as_tensor(value)
    fixed = constant_value(tensor)
    if fixed is not None and fixed.ndim == 0:
        return constant(_cast_reference(fixed, dtype))
    return tensor if tensor.dtype == dtype else make(CAST, (tensor,), (("dtype", dtype),))
