"""Axes, shapes and guards: what the declarations of index ops and reductions share."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ir.scalar import Const, Expr, as_index, call, index, select
from symtensor.ir.size import Size, SizeLike
from symtensor.ops.declare import Index, IndexOp, Loader
from symtensor.ops.samples import Samples
from symtensor.ops.weak import NeedsValueError, Weak

Shape = tuple[SizeLike, ...]
EQUAL_HINT = "the two sizes must be equal; is an operand transposed, or in another order than you think?"


def index_op(
    name: str,
    infer: Callable[..., TensorType],
    reference: Callable[..., Any],
    at: Callable[[Tensor, Index, Loader], Expr],
    vjp: Callable[[Tensor, Tensor], Sequence[Any]] | None = None,
    guards: Callable[..., Iterable[Guard]] | None = None,
    samples: Samples | None = None,
    bounds: Callable[[Tensor], Iterable[tuple[int, SizeLike]]] | None = None,
) -> IndexOp:
    """Declare an index op; ``vjp(cotangent, node)`` returns a cotangent per input."""
    pull = None if vjp is None else lambda cotangents, node: vjp(cotangents[0], node)
    op = IndexOp(name, "index", infer, reference, pull, False, guards, samples, at=at, bounds=bounds)  # type: ignore[arg-type]
    register(op)
    return op


def guarded(condition: Expr, at: Index, load: Callable[[Index], Expr], otherwise: Expr) -> Expr:
    """``load(at)`` where the condition holds, else ``otherwise``; no load is out of range.

    Both sides of a select are evaluated, so where the condition fails the load happens at index 0.  The caller makes
    sure that index 0 exists whenever the condition can fail at run time, or that a load never happens at all.
    """
    if isinstance(condition, Const):
        return load(at) if condition.value else otherwise
    safe = tuple(i if isinstance(i, int) else as_index(select(condition, index(i), Const(0, dtypes.INT64))) for i in at)
    return select(condition, load(safe), otherwise)


def conjunction(conditions: Iterable[Expr]) -> Expr:
    """All of the conditions."""
    result: Expr = Const(True, dtypes.BOOL)
    for condition in conditions:
        result = call("and", result, condition)
    return result


# ----------------------------------------------------------------------------------------------- axes and shapes
def normal_axis(axis: Any, ndim: int) -> int:
    """One axis as a non-negative int.

    Raises:
        numpy.exceptions.AxisError: if it is out of range.
    """
    axis = int(axis.__index__())
    if not -ndim <= axis < ndim:
        raise np.exceptions.AxisError(axis, ndim)
    return axis % ndim if ndim else axis


def normal_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Axes (None for all, an int, or a tuple) as a sorted tuple of non-negative ints."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    result = tuple(sorted(normal_axis(a, ndim) for a in axes))
    if len(set(result)) != len(result):
        raise ValueError("duplicate value in 'axis'")
    return result


def as_size(value: Any) -> SizeLike:
    """A size from an int, a size, or an integer scalar tensor that is an input."""
    if isinstance(value, Size):
        return value
    if isinstance(value, Weak):
        try:
            return size_of(value.tensor)
        except TypeError:
            raise NeedsValueError(value) from None
    if isinstance(value, Tensor):
        return size_of(value)
    try:
        return operator.index(value)
    except TypeError:
        text = f"a size or an index must be an integer, not {value!r}"
        raise TypeError(located(text, caller_sites())) from None


def size_of(tensor: Tensor) -> SizeLike:
    """The value of an integer scalar input (or constant, or size) as a size.

    Raises:
        TypeError: if it is computed: its value is not known when buffers are laid out.
    """
    if tensor.ndim or tensor.dtype.kind not in "iu":
        raise TypeError(f"a size must be an integer scalar, not {describe(tensor)}")
    if tensor.op.name == "constant":
        return int(tensor.attr("value").array)
    if tensor.op.name == "size":
        return tensor.attr("size")
    if tensor.op.name == "cast":
        return size_of(tensor.inputs[0])
    if tensor.op.name == "input":
        return Size.of(sz.ScalarValue(tensor))
    if tensor.op.name == "negative":
        return sz.mul(size_of(tensor.inputs[0]), -1)
    if tensor.op.name in _SIZE_ARITHMETIC:
        left, right = (size_of(i) for i in tensor.inputs)
        return _SIZE_ARITHMETIC[tensor.op.name](left, right)
    raise TypeError(
        f"a size must be an input, a constant or arithmetic on them, not {describe(tensor)}\n"
        "  hint: pass it as an integer scalar input"
    )


_SIZE_ARITHMETIC: dict[str, Callable[[SizeLike, SizeLike], SizeLike]] = {
    "add": sz.add,
    "subtract": lambda a, b: sz.add(a, sz.mul(b, -1)),
    "multiply": sz.mul,
    "floor_divide": sz.floordiv,
    "mod": sz.mod,
    "minimum": sz.minimum,
    "maximum": sz.maximum,
}


def as_shape(shape: Any) -> Shape:
    """A shape from a size or a sequence of sizes."""
    if isinstance(shape, (tuple, list)):
        return tuple(as_size(s) for s in shape)
    return (as_size(shape),)


def same_sizes(left: Shape, right: Shape, what: str) -> list[Guard]:
    """Guards for pairs of sizes that must agree; static disagreement raises.

    Raises:
        ShapeError: if two static sizes differ.
    """
    guards = []
    for a, b in zip(left, right):
        if a == b:
            continue
        if isinstance(a, int) and isinstance(b, int):
            raise ShapeError(located(f"{what}: {a} is not {b}", caller_sites(), EQUAL_HINT))
        guards.append(Guard(a, b, f"{what}: {a} and {b} differ", caller_sites(), hint=EQUAL_HINT))
    return guards


def without(items: Sequence[Any], axes: tuple[int, ...]) -> tuple[Any, ...]:
    """The items whose position is not among the axes."""
    return tuple(item for position, item in enumerate(items) if position not in axes)


def with_inserted(items: Sequence[Any], axes: tuple[int, ...], value: Any) -> tuple[Any, ...]:
    """The items with ``value`` put at these positions of the result (sorted)."""
    result = list(items)
    for axis in axes:
        result.insert(axis, value)
    return tuple(result)
