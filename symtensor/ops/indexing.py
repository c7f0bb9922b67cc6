"""Python's indexing: ``x[1:-1, None, ..., i]`` as slices, gathers and new axes, and ``x[i].set(v)``, ``x[i].add(v)``.

Bounds may be symbolic.  A basic index is always one ``slice`` node (even where it takes everything), then ``squeeze``
for integers and ``expand_dims`` for None; an integer array is a ``take``.  That chain is how ``set`` and ``add`` know
which array and which place is meant.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import BoundsError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, caller_sites, describe
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import IOTA, iota
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import add, greater, where
from symtensor.ops.movement import EXPAND_DIMS, RESHAPE, SQUEEZE, broadcast_to, expand_dims, reshape, squeeze, transpose
from symtensor.ops.scatter import TAKE, scatter_add
from symtensor.ops.searching import nonzero
from symtensor.ops.shapes import as_size
from symtensor.ops.slicing import SLICE, UPDATE_SLICE, slice_of


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


def _resolve(item: builtins.slice, n: SizeLike) -> tuple[SizeLike, int, SizeLike]:
    """Start, step and number of elements of a Python slice on an axis of size n, clipped as Python clips.

    What lies out of range only where nothing is read stays unclipped, so that ``x[1:]`` and ``x[:-1]`` have
    structurally equal sizes.
    """
    step = 1 if item.step is None else int(item.step.__index__())
    if step == 0:
        raise ValueError("slice step cannot be zero")
    start = None if item.start is None else as_size(item.start)
    stop = None if item.stop is None else as_size(item.stop)
    if step > 0:
        first: SizeLike = 0 if start is None else sz.maximum(_from_end(start, n), 0)
        last = n if stop is None else sz.minimum(_from_end(stop, n), n)
        if stop is None and isinstance(start, int) and start < 0 and step == 1:
            return first, 1, sz.minimum(-start, n)
        distance = sz.add(last, sz.mul(first, -1))
    else:
        top = sz.add(n, -1)
        first = top if start is None else sz.minimum(_from_end(start, n), top)
        last = -1 if stop is None else sz.maximum(_from_end(stop, n), -1)
        distance = sz.add(first, sz.mul(last, -1))
    count = sz.maximum(distance, 0)
    return first, step, count if abs(step) == 1 else sz.floordiv(sz.add(count, abs(step) - 1), abs(step))


def _position(item: SizeLike, n: SizeLike, x: Tensor, axis: int) -> SizeLike:
    """An integer index as a start; a static one out of a static range raises, a symbolic one is guarded by the op."""
    if isinstance(item, int) and isinstance(n, int) and not -n <= item < n:
        text = f"index {item} is out of bounds for axis {axis} with size {n}: {describe(x)}"
        raise BoundsError(located(text, caller_sites()))
    return _from_end(item, n)


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
    items = _without_masks(_expand_ellipsis(key, x))
    starts: list[SizeLike] = []
    steps: list[int] = []
    shape: list[SizeLike] = []
    dropped: list[int] = []  # axes of x that integers remove
    places: list[Any] = []  # what each axis of the result is: an axis of x, None, or an array
    arrays: dict[int, Tensor] = {}
    axis = 0
    for item in items:
        if item is None:
            places.append(None)
            continue
        n = x.shape[axis]
        if isinstance(item, builtins.slice):
            start, step, size = _resolve(item, n)
            places.append(axis)
        elif _is_array(item):
            arrays[axis] = as_tensor(item)
            start, step, size = 0, 1, n
            places.append(axis)
        else:
            start, step, size = _position(as_size(item), n, x, axis), 1, 1
            dropped.append(axis)
        starts.append(start)
        steps.append(step)
        shape.append(size)
        axis += 1
    plain = all(a == 0 and b == 1 and s == n for a, b, s, n in zip(starts, steps, shape, x.shape))
    if arrays:
        if dropped and len(arrays) >= 1 and _apart([*dropped, *arrays]):
            raise NotImplementedError("integers and arrays in one index must be next to each other")
        result = x if plain else slice_of(x, tuple(starts), tuple(steps), tuple(shape))
        result = _gather(result, arrays)
        shift = _rank_change(arrays)
        dropped = [a + (shift if a > max(arrays) else 0) for a in dropped]
    else:
        result = SLICE(x, starts=tuple(starts), steps=tuple(steps), shape=tuple(shape))
    if dropped:
        result = squeeze(result, tuple(dropped))
    if None in [p if p is None else 0 for p in places]:
        result = EXPAND_DIMS(result, axes=_new_axes(places, arrays))
    return result


def _apart(axes: Sequence[int]) -> bool:
    ordered = sorted(axes)
    return ordered != list(range(ordered[0], ordered[0] + len(ordered)))


def _rank_change(arrays: dict[int, Tensor]) -> int:
    return max(a.ndim for a in arrays.values()) - len(arrays)


def _new_axes(places: list[Any], arrays: dict[int, Tensor]) -> tuple[int, ...]:
    """Positions of the Nones in the result, arrays counting with the axes that they bring."""
    rank = max((a.ndim for a in arrays.values()), default=0)
    position, new, seen = 0, [], False
    for place in places:
        if place is None:
            new.append(position)
            position += 1
        elif place in arrays:
            position += 0 if seen else rank
            seen = True
        else:
            position += 1
    return tuple(new)


def _gather(x: Tensor, arrays: dict[int, Tensor]) -> Tensor:
    """Elements at integer arrays on one or several adjacent axes."""
    axes = sorted(arrays)
    if len(axes) == 1:
        return TAKE(x, arrays[axes[0]], axis=axes[0])
    if _apart(axes):
        rest = [i for i in range(x.ndim) if i not in axes]
        order = axes + rest  # NumPy puts the axes of separated arrays in front
        return _gather(transpose(x, order), {i: arrays[a] for i, a in enumerate(axes)})
    linear = linear_index([x.shape[a] for a in axes], [arrays[a] for a in axes])
    merged = (*x.shape[: axes[0]], sz.product(x.shape[a] for a in axes), *x.shape[axes[-1] + 1 :])
    return TAKE(reshape(x, merged), linear, axis=axes[0])


def linear_index(sizes: Sequence[SizeLike], arrays: Sequence[Tensor]) -> Tensor:
    """One row-major index from several; each is wrapped and checked against its own axis."""
    total = TAKE(iota(sizes[0]), arrays[0], axis=0)
    for size, array in zip(sizes[1:], arrays[1:]):
        total = total * size + TAKE(iota(size), array, axis=0)
    return total


# --------------------------------------------------------------------------------------------------------- set, add
class _Place:
    """Which array, and which place in it, an indexed tensor is: the chain of nodes that ``getitem`` made."""

    def __init__(self, view: Tensor) -> None:
        self.view = view
        node = view
        self.new_axes: tuple[int, ...] = ()
        self.dropped: tuple[int, ...] = ()
        if node.op is EXPAND_DIMS:
            self.new_axes, node = node.attr("axes"), node.inputs[0]
        if node.op is SQUEEZE:
            self.dropped, node = node.attr("axes"), node.inputs[0]
        if node.op is not SLICE and node.op is not TAKE:
            raise TypeError(f"{describe(view)} is not an indexed array\n  hint: write x[index].set(value)")
        self.node = node
        self.base = node.inputs[0]

    def values(self, value: Any) -> Tensor:
        """The value with the shape of the window in the base."""
        result = broadcast_to(cast(as_tensor(value, self.base.dtype), self.base.dtype), self.view.shape)
        if self.new_axes:
            result = squeeze(result, self.new_axes)
        return expand_dims(result, self.dropped) if self.dropped else result


def _write(place: _Place, values: Tensor) -> Tensor:
    return UPDATE_SLICE(place.base, values, starts=place.node.attr("starts"), steps=place.node.attr("steps"))


def set_at(view: Tensor, value: Any) -> Tensor:
    """``x[i].set(v)``: a copy of x with this place overwritten.

    A gather with arrays can only be set to one value for all positions, or at one position: with duplicates the last
    would have to win.
    """
    place = _Place(view)
    if place.node.op is SLICE:
        return _write(place, place.values(value))
    (base, positions), axis = place.node.inputs, place.node.attr("axis")
    source = as_tensor(value, base.dtype)
    along = source.ndim - (view.ndim - axis)  # axis of the value at which the positions begin
    varies = any(i >= 0 and source.shape[i] != 1 for i in range(along, along + positions.ndim))
    if varies:
        raise NotImplementedError("x[array].set(v) takes a v that is the same for all positions\n  hint: use .add")
    rows = scatter_add(iota(base.shape[axis]) * 0, positions, 1)
    hit = reshape(greater(rows, 0), (base.shape[axis], *(1,) * (base.ndim - axis - 1)))
    if positions.ndim and source.ndim:
        drop = tuple(i for i in range(max(along, 0), along + positions.ndim) if i >= 0)
        source = squeeze(source, drop) if drop else source
    if source.ndim > base.ndim - axis - 1:
        source = expand_dims(source, source.ndim - (base.ndim - axis - 1))
    return restored(place, where(hit, source, base))


def add_at(view: Tensor, value: Any) -> Tensor:
    """``x[i].add(v)``: a copy of x with v added at this place; duplicate positions add up."""
    place = _Place(view)
    if place.node.op is SLICE:
        return _write(place, place.node + place.values(value))
    (base, positions), axis = place.node.inputs, place.node.attr("axis")
    return restored(place, scatter_add(base, positions, place.values(value), axis))


def restored(place: _Place, result: Tensor) -> Tensor:
    """Undo the reshape that merged the axes of several index arrays."""
    base, positions = place.node.inputs
    if base.op is RESHAPE and _is_linear(positions):
        return reshape(result, base.inputs[0].shape)
    return result


def _is_linear(positions: Tensor) -> bool:
    """Whether positions were made by ``linear_index``, whose last term is a take from an iota."""
    last = positions.inputs[1] if positions.op is add else positions
    return last.op is TAKE and last.inputs[0].op is IOTA
