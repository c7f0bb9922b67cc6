"""Python's indexing: ``x[1:-1, None, ..., i]`` as slices, gathers and new axes.

Bounds and steps may be symbolic.  A basic index is always one ``slice`` node (even where it takes everything), then
``squeeze`` for integers and ``expand_dims`` for None.  One integer array alone is a ``take`` of the array itself; any
other key with arrays is ``slice``, perhaps ``transpose`` and ``reshape``, and a ``take`` at a ``linear_index``.  By
this chain ``symtensor.ops.updating`` knows which array and which place ``x[key].set(v)`` means.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import BoundsError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, TensorType, caller_sites, describe
from symtensor.ir.scalar import Expr
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import iota
from symtensor.ops.declare import Index, Loader, as_tensor, broadcast_guards, broadcast_shapes
from symtensor.ops.movement import EXPAND_DIMS, reshape, squeeze, transpose
from symtensor.ops.scatter import SCATTER_ADD, TAKE, checked_indices, wrapped
from symtensor.ops.searching import nonzero
from symtensor.ops.shapes import as_size, index_op
from symtensor.ops.slicing import SLICE, stride_of, zeros_of
from symtensor.ops.weak import NeedsValueError
from symtensor.records import dataclass


# ---------------------------------------------------------------------------------------------------------- bounds
def _from_end(bound: SizeLike, n: SizeLike) -> SizeLike:
    """A bound as Python counts it: a negative one from the end (not yet clipped)."""
    if isinstance(bound, int):
        return bound if bound >= 0 else sz.add(n, bound)
    if sz.at_least(bound, 0):
        return bound
    if sz.add(bound, sz.mul(n, -1)) in (-1, -2):
        return bound  # n - 1, n - 2: whether a negative value counts from the end or not, nothing is left
    negative = sz.mul(sz.maximum(sz.minimum(bound, 0), -1), -1)  # 1 where the bound is negative, else 0
    return sz.add(bound, sz.mul(n, negative))


def _resolve(item: builtins.slice, n: SizeLike) -> tuple[SizeLike, SizeLike, SizeLike]:
    """Start, step and number of elements of a Python slice on an axis of size n, clipped as Python clips.

    What lies out of range only where nothing is read stays unclipped, so that ``x[1:]`` and ``x[:-1]`` have
    structurally equal sizes.
    """
    step = 1 if item.step is None else as_size(item.step)
    if step == 0:
        raise ValueError("slice step cannot be zero")
    start = None if item.start is None else as_size(item.start)
    stop = None if item.stop is None else as_size(item.stop)
    if step == 1 and stop is None and isinstance(start, int) and start < 0:
        return sz.maximum(_from_end(start, n), 0), 1, sz.minimum(-start, n)
    if sz.at_least(step, 1):
        first, distance = _upwards(start, stop, n)
    elif sz.at_least(-1, step):
        first, distance = _downwards(start, stop, n)
    else:  # which way is only known at the call: one of the two weights is 1, the other 0
        up = sz.maximum(sz.minimum(step, 1), 0)
        down = sz.add(1, sz.mul(up, -1))
        (first_up, up_by), (first_down, down_by) = _upwards(start, stop, n), _downwards(start, stop, n)
        first = sz.add(sz.mul(up, first_up), sz.mul(down, first_down))
        distance = sz.add(sz.mul(up, up_by), sz.mul(down, down_by))
    count, stride = sz.maximum(distance, 0), stride_of(step)
    return first, step, count if stride == 1 else sz.floordiv(sz.add(count, sz.add(stride, -1)), stride)


def _upwards(start: SizeLike | None, stop: SizeLike | None, n: SizeLike) -> tuple[SizeLike, SizeLike]:
    """First index of a slice with a positive step, and the distance to its end."""
    first = 0 if start is None else sz.maximum(_from_end(start, n), 0)
    last = n if stop is None else sz.minimum(_from_end(stop, n), n)
    return first, sz.add(last, sz.mul(first, -1))


def _downwards(start: SizeLike | None, stop: SizeLike | None, n: SizeLike) -> tuple[SizeLike, SizeLike]:
    """First index of a slice with a negative step, and the distance to its end."""
    top = sz.add(n, -1)
    first = top if start is None else sz.minimum(_from_end(start, n), top)
    last = -1 if stop is None else sz.maximum(_from_end(stop, n), -1)
    return first, sz.add(first, sz.mul(last, -1))


def _position(item: SizeLike, n: SizeLike, x: Tensor, axis: int) -> SizeLike:
    """An integer index as a start; a static one out of a static range raises, a symbolic one is guarded by the op."""
    if isinstance(item, int) and isinstance(n, int) and not -n <= item < n:
        text = f"index {item} is out of bounds for axis {axis} with size {n}: {describe(x)}"
        raise BoundsError(located(text, caller_sites()))
    return _from_end(item, n)


def _integer(item: Any) -> SizeLike:
    try:
        return as_size(item)
    except NeedsValueError:
        raise
    except TypeError:
        text = f"only integers, slices, None, ..., and arrays of integers or bools are indices, not {item!r}"
        raise IndexError(located(text, caller_sites())) from None


# ----------------------------------------------------------------------------------------------------------- items
def _is_array(item: Any) -> bool:
    if isinstance(item, Tensor):
        return item.ndim > 0 or not _is_size(item)
    return isinstance(item, (np.ndarray, list)) and not (isinstance(item, np.ndarray) and item.ndim == 0)


def _is_size(item: Tensor) -> bool:
    """Whether the value of an integer scalar is known before the function runs."""
    return item.op.name in ("constant", "size")


def _expand_ellipsis(key: Any, x: Tensor) -> list[Any]:
    items = list(key) if isinstance(key, tuple) else [key]
    used = 0
    for item in items:
        if item is None or item is Ellipsis:
            continue
        used += as_tensor(item).ndim if _is_mask(item) else 1
    dots = [i for i, item in enumerate(items) if item is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    if used > x.ndim:
        text = f"too many indices: {describe(x)} has {x.ndim} axes, but {used} were indexed"
        raise BoundsError(located(text, caller_sites()))
    place = dots[0] if dots else len(items)
    return items[:place] + [builtins.slice(None)] * (x.ndim - used) + items[place + len(dots[:1]) :]


def _is_mask(item: Any) -> bool:
    return _is_array(item) and as_tensor(item).dtype == np.dtype("bool")


def _without_masks(items: list[Any]) -> list[Any]:
    result: list[Any] = []
    for item in items:
        if _is_mask(item):
            result.extend(nonzero(item))
        else:
            result.append(item)
    return result


def getitem(x: Tensor, key: Any) -> Tensor:
    """``x[key]`` with NumPy's meaning.

    Args:
        x: the array.
        key: ints, sizes, slices, None, Ellipsis, integer arrays, bool arrays, or a tuple of them.

    Raises:
        BoundsError: for an index that is out of range, while the graph is built where that is known, else at a call.
    """
    entries = _entries(x, _without_masks(_expand_ellipsis(key, x)))
    used = [e for e in entries if e.axis is not None]
    window = SLICE(
        x, starts=tuple(e.start for e in used), steps=tuple(e.step for e in used), shape=tuple(e.size for e in used)
    )
    if any(e.array is not None for e in entries):
        return _gather(x, window, entries)
    dropped = tuple(e.axis for e in used if e.dropped)
    result = squeeze(window, dropped) if dropped else window  # type: ignore[arg-type]
    kept = [e for e in entries if not e.dropped]
    new = tuple(place for place, e in enumerate(kept) if e.axis is None)
    return EXPAND_DIMS(result, axes=new) if new else result


@dataclass(frozen=True)
class _Entry:
    """One item of a key: a new axis (``axis`` None), or what is read along one axis of the array."""

    axis: int | None = None
    start: SizeLike = 0
    step: SizeLike = 1
    size: SizeLike = 1
    dropped: bool = False
    array: Tensor | None = None


def _entries(x: Tensor, items: Sequence[Any]) -> list[_Entry]:
    with_arrays = any(_is_array(item) for item in items)
    entries, axis = [], 0
    for item in items:
        if item is None:
            entries.append(_Entry())
            continue
        n = x.shape[axis]
        if isinstance(item, builtins.slice):
            entries.append(_Entry(axis, *_resolve(item, n)))
        elif _is_array(item):
            entries.append(_Entry(axis, 0, 1, n, array=as_tensor(item)))
        else:
            position = _position(_integer(item), n, x, axis)
            if with_arrays:  # NumPy counts an integer beside arrays as one of them
                entries.append(_Entry(axis, 0, 1, n, array=as_tensor(position)))
            else:
                entries.append(_Entry(axis, position, 1, 1, dropped=True))
        axis += 1
    return entries


def _apart(places: Sequence[int]) -> bool:
    return places[-1] - places[0] >= len(places)


def _gather(x: Tensor, window: Tensor, entries: Sequence[_Entry]) -> Tensor:
    """Elements at integer arrays; where something stands between the arrays, their axes come first, as in NumPy."""
    places = [i for i, e in enumerate(entries) if e.array is not None]
    arrays = [entries[i].array for i in places]
    axes = [entries[i].axis for i in places]
    rank = max(a.ndim for a in arrays)  # type: ignore[union-attr]
    if len(arrays) == 1 and window.shape == x.shape and _takes_all(window):
        result = TAKE(x, arrays[0], axis=axes[0])  # type: ignore[arg-type]
    else:
        result = _take_linear(window, axes, arrays)  # type: ignore[arg-type]
    first = places[0] if not _apart(places) else 0
    layout = [e.axis is None for e in entries if e.array is None]  # True for a new axis
    before = 0 if _apart(places) else first
    new = tuple(i if i < before else i + rank for i, is_new in enumerate(layout) if is_new)
    return EXPAND_DIMS(result, axes=new) if new else result


def _takes_all(window: Tensor) -> bool:
    return all(a == 0 for a in window.attr("starts")) and all(b == 1 for b in window.attr("steps"))


def _take_linear(window: Tensor, axes: Sequence[int], arrays: Sequence[Tensor]) -> Tensor:
    """Gather along several axes: bring them together, merge them into one, take at a row-major index."""
    first = axes[0]
    if _apart(axes):
        window = transpose(window, (*axes, *(i for i in range(window.ndim) if i not in axes)))
        first = 0
    last = first + len(axes)
    sizes = window.shape[first:last]
    merged = reshape(window, (*window.shape[:first], sz.product(sizes), *window.shape[last:]))
    return TAKE(merged, linear_index(sizes, arrays), axis=first)


def _points_type(inputs: tuple[Tensor, ...], axis: int) -> TensorType:
    x, *indices = inputs
    shape, _ = broadcast_shapes([i.shape for i in indices])
    return TensorType(x.dtype, (*x.shape[:axis], *shape, *x.shape[axis + len(indices) :]))


def _points_at(node: Tensor, at: Index, load: Loader) -> Expr:
    (x, *indices), axis = node.inputs, node.attr("axis")
    after = len(at) - (x.ndim - axis - len(indices))
    places = (
        wrapped(load(1 + k, _broadcast_place(at[axis:after], i)), x.shape[axis + k]) for k, i in enumerate(indices)
    )
    return load(0, (*at[:axis], *places, *at[after:]))


def _broadcast_place(at: Index, x: Tensor) -> Index:
    own = at[len(at) - x.ndim :]
    return tuple(0 if n == 1 else i for i, n in zip(own, x.shape))


def _points_reference(x: np.ndarray, *indices: np.ndarray, axis: int) -> np.ndarray:
    checked = (checked_indices(i, x.shape[axis + k], axis + k) for k, i in enumerate(indices))
    return x[(builtins.slice(None),) * axis + tuple(checked)]


def _points_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    (x, *indices), axis = node.inputs, node.attr("axis")
    last = axis + len(indices)
    flat = (*x.shape[:axis], sz.product(x.shape[axis:last]), *x.shape[last:])
    positions = linear_index(x.shape[axis:last], indices)
    gradient = SCATTER_ADD(zeros_of(flat, g.dtype), positions, g, axis=axis)
    return reshape(gradient, x.shape), *(None for _ in indices)


TAKE_POINTS = index_op(
    "take_points",
    _points_type,
    _points_reference,
    _points_at,
    _points_vjp,
    lambda inputs, axis: broadcast_guards(inputs[1:]),
    samples=lambda rng: [
        ((rng.normal(size=(4, 5)), np.array([0, -1, 3]), np.array([2, 2, -5])), {"axis": 0}),
        ((rng.normal(size=(2, 3, 4, 2)), np.array([[0], [-1]]), np.array([1, 3, 0])), {"axis": 1}),
    ],
    bounds=lambda node: [(1 + k, node.inputs[0].shape[node.attr("axis") + k]) for k in range(len(node.inputs) - 1)],
)
"""Elements at positions along several axes in a row: what ``take`` at a linear index becomes, without its divisions."""


def linear_index(sizes: Sequence[SizeLike], arrays: Sequence[Tensor]) -> Tensor:
    """One row-major index from several; each is wrapped and checked against its own axis."""
    total = TAKE(iota(sizes[0]), arrays[0], axis=0)
    for size, array in zip(sizes[1:], arrays[1:]):
        total = total * size + TAKE(iota(size), array, axis=0)
    return total
