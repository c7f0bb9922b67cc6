"""Gather and scatter: reading and adding at computed positions along one axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import BoundsError, DTypeError, ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ir.scalar import Expr, as_index, call, index, select
from symtensor.ir.scalar import cast as scalar_cast
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import iota
from symtensor.ops.declare import Index, Loader, Scatter, as_tensor, cast, constant
from symtensor.ops.elementwise import equal, where
from symtensor.ops.movement import broadcast_to, expand_dims, ravel, reshape
from symtensor.ops.samples import Sample
from symtensor.ops.shapes import Shape, index_op, normal_axis, same_sizes
from symtensor.ops.slicing import zeros_of

INT64 = np.dtype("int64")


def checked_indices(indices: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Indices with negative ones wrapped.

    Raises:
        BoundsError: naming the first that is out of range.
    """
    bad = (indices < -size) | (indices >= size)
    if bad.any():
        worst = indices[bad].flat[0]
        raise BoundsError(f"index {worst} is out of bounds for axis {axis} with size {size}")
    return np.where(indices < 0, indices + size, indices)


def _integers(indices: Tensor) -> Tensor:
    if indices.dtype.kind not in "iu":
        hint = "use st.nonzero(mask) for a mask" if indices.dtype.kind == "b" else "cast with .astype('int64')"
        raise DTypeError(located(f"an index must be an integer: {describe(indices)}", caller_sites(), hint))
    return indices


# ---------------------------------------------------------------------------------------------------------- take
def _take_type(inputs: tuple[Tensor, ...], axis: int) -> TensorType:
    x, indices = inputs
    _integers(indices)
    return TensorType(x.dtype, (*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _take_at(node: Tensor, at: Index, load: Loader) -> Expr:
    (x, indices), axis = node.inputs, node.attr("axis")
    after = axis + indices.ndim
    position = wrapped(load(1, at[axis:after]), x.shape[axis])
    return load(0, (*at[:axis], position, *at[after:]))


def wrapped(position: Expr, size: SizeLike) -> SizeLike:
    """An index as a position: negative ones count from the end."""
    if isinstance(size, int) and position.dtype.kind == "u":
        return as_index(scalar_cast(position, INT64))
    position = scalar_cast(position, INT64)
    return as_index(select(position < 0, position + index(size), position))


def _take_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    x, indices = node.inputs
    return SCATTER_ADD(zeros_of(x.shape, g.dtype), indices, g, axis=node.attr("axis")), None


TAKE = index_op(
    "take",
    _take_type,
    lambda x, indices, axis: np.take(x, checked_indices(indices, x.shape[axis], axis), axis),
    _take_at,
    _take_vjp,
    samples=lambda rng: [
        ((rng.normal(size=(4, 5)), np.array([[0, -1], [3, 3]])), {"axis": 1}),
        ((rng.normal(size=(4, 5)), np.array(2)), {"axis": 0}),
    ],
    bounds=lambda node: [(1, node.inputs[0].shape[node.attr("axis")])],
)


def take(a: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Elements (or rows) at integer positions along an axis; negative positions count from the end.

    Args:
        a: where elements are read.
        indices: integers of any shape, which takes the place of the axis in the result.
        axis: the axis; by default the flattened array.

    Raises:
        BoundsError: at a call, for a position out of range; nothing has been written then.

    >>> import symtensor as st
    >>> st.take(st.ones((4, 5)), st.lmatrix("i"), axis=0).ndim
    3
    """
    x, positions = as_tensor(a), _integers(as_tensor(indices))
    if axis is None:
        x, axis = ravel(x), 0
    return TAKE(x, positions, axis=normal_axis(axis, x.ndim))


# ------------------------------------------------------------------------------------------------------- scatters
def _update_shape(base: Tensor, indices: Tensor, axis: int) -> Shape:
    return (*base.shape[:axis], *indices.shape, *base.shape[axis + 1 :])


def _scatter_type(inputs: tuple[Tensor, ...], axis: int) -> TensorType:
    base, indices, updates = inputs
    wanted = _update_shape(base, _integers(indices), axis)
    if len(wanted) != updates.ndim:
        raise ShapeError(located(f"a scatter's {describe(updates)} has not the shape {list(wanted)}", caller_sites()))
    _scatter_guards(inputs, axis)
    return base.type


def _scatter_guards(inputs: tuple[Tensor, ...], axis: int) -> list[Guard]:
    base, indices, updates = inputs
    return same_sizes(_update_shape(base, indices, axis), updates.shape, f"writing {describe(updates)} at indices")


def _scatter_bounds(node: Tensor) -> list[tuple[int, SizeLike]]:
    return [(1, node.inputs[0].shape[node.attr("axis")])]


def _place(base: np.ndarray, indices: np.ndarray, axis: int) -> tuple[Any, ...]:
    return (slice(None),) * axis + (checked_indices(indices, base.shape[axis], axis),)


def _add_reference(base: np.ndarray, indices: np.ndarray, updates: np.ndarray, axis: int) -> np.ndarray:
    result = np.array(base)
    np.add.at(result, _place(base, indices, axis), updates)
    return result


def _add_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    (g,) = cotangents
    return g, None, TAKE(g, node.inputs[1], axis=node.attr("axis"))


def _set_reference(base: np.ndarray, indices: np.ndarray, updates: np.ndarray, axis: int) -> np.ndarray:
    result = np.array(base)
    result[_place(base, indices, axis)] = updates
    return result


def _set_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    """Where several updates meet, only the last has reached the result, so only that has a cotangent."""
    (g,), (base, indices, _), axis = cotangents, node.inputs, node.attr("axis")
    order = reshape(iota(sz.product(indices.shape)), indices.shape)
    nobody = broadcast_to(constant(-1, INT64), (base.shape[axis],))
    winner = SCATTER_SET(nobody, indices, order, axis=0)
    kept = TAKE(winner, indices, axis=0)
    trailing = base.ndim - axis - 1
    untouched = equal(_with_trailing(winner, trailing), -1)
    last = equal(_with_trailing(kept, trailing), _with_trailing(order, trailing))
    return where(untouched, g, 0), None, where(last, TAKE(g, indices, axis=axis), 0)


def _with_trailing(x: Tensor, count: int) -> Tensor:
    return expand_dims(x, tuple(range(x.ndim, x.ndim + count))) if count else x


def _scatter_samples(rng: np.random.Generator) -> list[Sample]:
    return [
        ((rng.normal(size=(4, 2)), np.array([1, 1, -1]), rng.normal(size=(3, 2))), {"axis": 0}),
        ((rng.normal(size=(2, 4)), np.array([[0, 3]]), rng.normal(size=(2, 1, 2))), {"axis": 1}),
        ((rng.normal(size=(2, 4)), np.array(-1), rng.normal(size=4)), {"axis": 0}),
    ]


SCATTER_ADD: Scatter = Scatter(
    "scatter_add", "scatter", _scatter_type, _add_reference, _add_vjp, False, _scatter_guards, _scatter_samples,
    combine=lambda old, update: call("or" if old.dtype.kind == "b" else "add", old, update), bounds=_scatter_bounds,
)  # fmt: skip
SCATTER_SET: Scatter = Scatter(
    "scatter_set", "scatter", _scatter_type, _set_reference, _set_vjp, False, _scatter_guards, _scatter_samples,
    combine=lambda old, update: update, bounds=_scatter_bounds,
)  # fmt: skip
register(SCATTER_ADD)
register(SCATTER_SET)


def _scattered(op: Scatter, base: Any, indices: Any, updates: Any, axis: int) -> Tensor:
    x, positions = as_tensor(base), _integers(as_tensor(indices))
    place = normal_axis(axis, x.ndim)
    values = cast(as_tensor(updates, x.dtype), x.dtype)
    return op(x, positions, broadcast_to(values, _update_shape(x, positions, place)), axis=place)


def scatter_add(base: Any, indices: Any, updates: Any, axis: int = 0) -> Tensor:
    """A copy of ``base`` with updates added at integer positions along an axis; duplicates add up, in order.

    >>> import symtensor as st
    >>> st.scatter_add(st.zeros(5), st.lvector("i"), 1.0).shape
    (5,)
    """
    return _scattered(SCATTER_ADD, base, indices, updates, axis)


def scatter_set(base: Any, indices: Any, updates: Any, axis: int = 0) -> Tensor:
    """A copy of ``base`` overwritten at integer positions along an axis; of duplicates the last wins.

    >>> import symtensor as st
    >>> st.scatter_set(st.zeros(5), st.lvector("i"), 1.0).shape
    (5,)
    """
    return _scattered(SCATTER_SET, base, indices, updates, axis)
