"""NumPy's functions that cut, join, repeat and reorder, composed of the index ops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, caller_sites, describe
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import iota
from symtensor.ops.declare import as_tensor, broadcast_shapes
from symtensor.ops.diagonal import diagonal
from symtensor.ops.elementwise import equal, where
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import broadcast_to, expand_dims, moveaxis, ravel, reshape, swapaxes, transpose
from symtensor.ops.scatter import take
from symtensor.ops.shapes import as_shape, as_size, normal_axes, normal_axis
from symtensor.ops.slicing import SLICE, slice_of
from symtensor.ops.slicing import pad as _pad_constant


# ----------------------------------------------------------------------------------------------------------- order
def flip(m: Any, axis: Any = None) -> Tensor:
    """Reverse the order along axes (all by default).

    >>> import symtensor as st
    >>> st.flip(st.ones((2, 3)), axis=1).shape
    (2, 3)
    """
    x = as_tensor(m)
    axes = normal_axes(axis, x.ndim)
    starts = tuple(sz.add(n, -1) if i in axes else 0 for i, n in enumerate(x.shape))
    return SLICE(x, starts=starts, steps=tuple(-1 if i in axes else 1 for i in range(x.ndim)), shape=x.shape)


def flipud(m: Any) -> Tensor:
    """Reverse the order along the first axis.

    >>> import symtensor as st
    >>> st.flipud(st.ones((2, 3))).shape
    (2, 3)
    """
    return flip(m, 0)


def fliplr(m: Any) -> Tensor:
    """Reverse the order along the second axis.

    >>> import symtensor as st
    >>> st.fliplr(st.ones((2, 3))).shape
    (2, 3)
    """
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Turn by ``k`` quarters in the plane of two axes, from the first towards the second.

    >>> import symtensor as st
    >>> st.rot90(st.ones((2, 3))).shape
    (3, 2)
    """
    x = as_tensor(m)
    first, second = (normal_axis(a, x.ndim) for a in axes)
    if first == second:
        raise ValueError("axes must be different")
    quarters = k % 4
    if quarters == 0:
        return x
    if quarters == 2:
        return flip(x, (first, second))
    return swapaxes(flip(x, second), first, second) if quarters == 1 else flip(swapaxes(x, first, second), second)


def roll(a: Any, shift: Any, axis: Any = None) -> Tensor:
    """Move elements along an axis (or the flattened array); what leaves at the end comes in at the front.

    Args:
        a: the array.
        shift: how far; an int or a size, or one for each axis.
        axis: the axis, or several; by default the array is flattened meanwhile.

    >>> import symtensor as st
    >>> st.roll(st.ones((2, 3)), 1, axis=1).shape
    (2, 3)
    """
    x = as_tensor(a)
    if axis is None:
        return reshape(roll(ravel(x), shift, 0), x.shape)
    if isinstance(axis, (tuple, list)) or isinstance(shift, (tuple, list)):
        axes = list(axis) if isinstance(axis, (tuple, list)) else [axis]
        shifts = list(shift) if isinstance(shift, (tuple, list)) else [shift] * len(axes)
        if len(axes) == 1:
            axes *= len(shifts)
        for distance, place in zip(shifts, axes, strict=True):
            x = roll(x, distance, place)
        return x
    place = normal_axis(axis, x.ndim)
    n = x.shape[place]
    distance = as_size(shift)
    if isinstance(n, int) and isinstance(distance, int):
        cut: SizeLike = n - distance % n if n else 0
        return concatenate([_part(x, place, cut, n), _part(x, place, 0, cut)], place)
    # The axis may be empty, so the remainder is taken of a size that is not 0.
    cut = sz.add(n, sz.mul(sz.mod(distance, sz.maximum(n, 1)), -1))
    return concatenate([_part(x, place, cut, n), _part(x, place, 0, cut)], place)


def rollaxis(a: Any, axis: int, start: int = 0) -> Tensor:
    """Move an axis back until it lies before another one (``moveaxis`` says it more plainly).

    >>> import symtensor as st
    >>> st.rollaxis(st.ones((2, 3, 4)), 2).shape
    (4, 2, 3)
    """
    x = as_tensor(a)
    source = normal_axis(axis, x.ndim)
    target = start + x.ndim if start < 0 else start
    return moveaxis(x, source, target - (source < target))


def matrix_transpose(x: Any) -> Tensor:
    """Exchange the last two axes.

    >>> import symtensor as st
    >>> st.matrix_transpose(st.ones((2, 3, 4))).shape
    (2, 4, 3)
    """
    return swapaxes(as_tensor(x), -1, -2)


def append(arr: Any, values: Any, axis: int | None = None) -> Tensor:
    """Join two arrays along an axis, or flattened.

    >>> import symtensor as st
    >>> st.append(st.ones(2), st.ones((2, 3))).shape
    (8,)
    """
    x, y = as_tensor(arr), as_tensor(values)
    return concatenate([ravel(x), ravel(y)]) if axis is None else concatenate([x, y], axis)


def diagflat(v: Any, k: int = 0) -> Tensor:
    """A matrix with the flattened elements on a diagonal.

    >>> import symtensor as st
    >>> st.diagflat(st.ones((2, 2))).shape
    (4, 4)
    """
    return diag(ravel(as_tensor(v)), k)


# ------------------------------------------------------------------------------------------------------------- cut
def _part(x: Tensor, axis: int, start: SizeLike, stop: SizeLike) -> Tensor:
    starts = tuple(start if i == axis else 0 for i in range(x.ndim))
    size = sz.maximum(sz.add(stop, sz.mul(start, -1)), 0)
    shape = tuple(size if i == axis else n for i, n in enumerate(x.shape))
    return slice_of(x, starts, (1,) * x.ndim, shape)


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Cut along an axis: into so many equal parts, or at these places.

    Raises:
        ShapeError: if equal parts do not come out even (at a call, where the size is symbolic).

    >>> import symtensor as st
    >>> [part.shape for part in st.split(st.ones((6, 2)), [1, 3])]
    [(1, 2), (2, 2), (3, 2)]
    """
    x = as_tensor(ary)
    place = normal_axis(axis, x.ndim)
    n = x.shape[place]
    if not isinstance(indices_or_sections, (tuple, list, np.ndarray)):
        count = int(indices_or_sections)
        if isinstance(n, int) and n % count:
            text = f"split: axis {place} of {describe(x)} does not divide into {count} equal parts"
            raise ShapeError(located(text, caller_sites(), "use array_split"))
        # For a symbolic size the reshape carries the guard that it divides.
        rows = reshape(x, (*x.shape[:place], count, sz.floordiv(n, count), *x.shape[place + 1 :]))
        parts = [_part(rows, place, k, k + 1) for k in range(count)]
        return [reshape(p, (*p.shape[:place], p.shape[place + 1], *p.shape[place + 2 :])) for p in parts]
    places = [sz.minimum(as_size(i), n) for i in indices_or_sections]
    return [_part(x, place, a, b) for a, b in zip([0, *places], [*places, n])]


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """As ``split``, but the first parts may be longer by one.

    >>> import symtensor as st
    >>> [part.shape for part in st.array_split(st.ones(5), 3)]
    [(2,), (2,), (1,)]
    """
    if isinstance(indices_or_sections, (tuple, list, np.ndarray)):
        return split(ary, indices_or_sections, axis)
    x, count = as_tensor(ary), int(indices_or_sections)
    n = x.shape[normal_axis(axis, x.ndim)]
    short, longer = sz.floordiv(n, count), sz.mod(n, count)
    borders = [sz.add(sz.mul(short, k), sz.minimum(longer, k)) for k in range(1, count)]
    return split(x, borders, axis)


# ------------------------------------------------------------------------------------------------------------ join
def atleast_1d(array: Any) -> Tensor:
    """A scalar as a vector of one element; others unchanged.

    >>> import symtensor as st
    >>> st.atleast_1d(3.0).shape
    (1,)
    """
    x = as_tensor(array)
    return x if x.ndim else expand_dims(x, 0)


def atleast_2d(array: Any) -> Tensor:
    """At least a matrix: a vector becomes a row.

    >>> import symtensor as st
    >>> st.atleast_2d(st.ones(3)).shape
    (1, 3)
    """
    x = atleast_1d(array)
    return x if x.ndim > 1 else expand_dims(x, 0)


def atleast_3d(array: Any) -> Tensor:
    """At least three axes: a vector of n becomes 1 x n x 1, a matrix m x n becomes m x n x 1.

    >>> import symtensor as st
    >>> st.atleast_3d(st.ones(3)).shape
    (1, 3, 1)
    """
    x = atleast_2d(array)
    return x if x.ndim > 2 else expand_dims(x, 2)


def vstack(tup: Sequence[Any]) -> Tensor:
    """Join along the first axis, vectors as rows.

    >>> import symtensor as st
    >>> st.vstack([st.ones(3), st.zeros((2, 3))]).shape
    (3, 3)
    """
    return concatenate([atleast_2d(x) for x in tup], 0)


def hstack(tup: Sequence[Any]) -> Tensor:
    """Join along the second axis (vectors along the first).

    >>> import symtensor as st
    >>> st.hstack([st.ones(3), st.zeros(2)]).shape
    (5,)
    """
    parts = [atleast_1d(x) for x in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1)


def dstack(tup: Sequence[Any]) -> Tensor:
    """Join along the third axis.

    >>> import symtensor as st
    >>> st.dstack([st.ones((2, 3)), st.zeros((2, 3))]).shape
    (2, 3, 2)
    """
    return concatenate([atleast_3d(x) for x in tup], 2)


def column_stack(tup: Sequence[Any]) -> Tensor:
    """Join along the second axis, vectors as columns.

    >>> import symtensor as st
    >>> st.column_stack([st.ones(3), st.zeros((3, 2))]).shape
    (3, 3)
    """
    return concatenate([transpose(atleast_2d(x)) if as_tensor(x).ndim < 2 else as_tensor(x) for x in tup], 1)


def broadcast_arrays(*args: Any) -> tuple[Tensor, ...]:
    """All arrays with their common shape.

    >>> import symtensor as st
    >>> [a.shape for a in st.broadcast_arrays(st.ones((2, 1)), st.ones(3))]
    [(2, 3), (2, 3)]
    """
    tensors = [as_tensor(a) for a in args]
    shape, _ = broadcast_shapes([t.shape for t in tensors])
    return tuple(broadcast_to(t, shape) for t in tensors)


# ---------------------------------------------------------------------------------------------------------- repeat
def tile(A: Any, reps: Any) -> Tensor:
    """Repeat the whole array so many times along each axis.

    >>> import symtensor as st
    >>> st.tile(st.ones((2, 3)), (2, 2)).shape
    (4, 6)
    """
    x = as_tensor(A)
    counts = as_shape(reps)
    rank = max(x.ndim, len(counts))
    x = reshape(x, (1,) * (rank - x.ndim) + x.shape)
    counts = (1,) * (rank - len(counts)) + counts
    wide = expand_dims(x, tuple(range(0, 2 * rank, 2)))
    repeated = broadcast_to(wide, tuple(s for pair in zip(counts, x.shape) for s in pair))
    return reshape(repeated, tuple(sz.mul(c, n) for c, n in zip(counts, x.shape)))


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element so many times along an axis (or of the flattened array).

    Args:
        a: what is repeated.
        repeats: how often: a size, or known ints, one for each element along the axis, whose size must be known too.
        axis: along which axis; of the flattened array if None.

    >>> import symtensor as st
    >>> st.repeat(st.ones((2, 3)), 2, axis=1).shape
    (2, 6)
    >>> st.repeat(st.ones((2, 3)), [1, 4], axis=0).shape
    (5, 3)
    """
    x = as_tensor(a)
    if axis is None:
        x, axis = ravel(x), 0
    place = normal_axis(axis, x.ndim)
    if isinstance(repeats, (list, tuple, np.ndarray)) and np.ndim(repeats):
        return _repeat_each(x, np.asarray(repeats), place)
    count = as_size(repeats)
    wide = broadcast_to(expand_dims(x, place + 1), (*x.shape[: place + 1], count, *x.shape[place + 1 :]))
    return reshape(wide, (*x.shape[:place], sz.mul(x.shape[place], count), *x.shape[place + 1 :]))


def _repeat_each(x: Tensor, counts: np.ndarray, axis: int) -> Tensor:
    n = x.shape[axis]
    if counts.size == 1:
        return repeat(x, int(counts[0]), axis)
    if n != len(counts):
        text = f"{len(counts)} counts to repeat {n} elements along axis {axis} of {describe(x)}"
        hint = "" if isinstance(n, int) else "declare the size, as in st.tensor(name, shape=(3, None))"
        raise ShapeError(located(text, caller_sites(), hint))
    return take(x, np.repeat(np.arange(len(counts)), counts), axis)


def diag(v: Any, k: int = 0) -> Tensor:
    """The diagonal of a matrix, or the matrix with a vector on its diagonal.

    >>> import symtensor as st
    >>> st.diag(st.ones(3), 1).shape
    (4, 4)
    """
    x = as_tensor(v)
    if x.ndim == 2:
        return diagonal(x, k)
    if x.ndim != 1:
        raise ShapeError(located(f"diag takes a vector or a matrix, not {describe(x)}", caller_sites()))
    size = sz.add(x.shape[0], abs(k))
    rows, columns = expand_dims(iota(size), 1), iota(size)
    # Element i of the vector stands in column i + k (or row i - k): shift it there, then mask.
    shifted = _pad_constant(x, (abs(k), 0))
    return where(equal(rows + k, columns), shifted if k > 0 else expand_dims(shifted, 1), 0)
