"""Ops that only move values: broadcast, transpose, expand, squeeze, reshape, and their public functions.

Each is an index op: the element at an index is an element of an input at a computed index, so it vanishes into its
consumer's loops.  Attributes are canonical: axes non-negative, sizes ints or ``Size``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe
from symtensor.ir.scalar import Expr
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import Index, IndexOp, Loader, as_tensor
from symtensor.ops.shapes import Shape, as_shape, index_op, normal_axes, normal_axis, same_sizes, with_inserted, without


# ------------------------------------------------------------------------------------------------- broadcast_to
def _broadcast_type(inputs: tuple[Tensor, ...], shape: Shape) -> TensorType:
    (x,) = inputs
    for have, want in zip(x.shape[::-1], shape[::-1]):
        if isinstance(have, int) and isinstance(want, int) and have not in (1, want):
            raise ShapeError(located(f"{describe(x)} does not broadcast to {list(shape)}", caller_sites()))
    if x.ndim > len(shape):
        raise ShapeError(located(f"{describe(x)} has more axes than the shape {list(shape)}", caller_sites()))
    return TensorType(x.dtype, shape)


def _broadcast_at(node: Tensor, at: Index, load: Loader) -> Expr:
    shape = node.inputs[0].shape
    inner = at[len(at) - len(shape) :]
    return load(0, tuple(0 if size == 1 else i for i, size in zip(inner, shape)))


def _broadcast_guards(inputs: tuple[Tensor, ...], shape: Shape) -> list[Guard]:
    pairs = [(a, b) for a, b in zip(inputs[0].shape[::-1], shape[::-1]) if a != 1]
    return same_sizes(tuple(a for a, _ in pairs), tuple(b for _, b in pairs), f"broadcasting {describe(inputs[0])}")


BROADCAST_TO = index_op(
    "broadcast_to", _broadcast_type, lambda x, shape: np.broadcast_to(x, shape), _broadcast_at,
    lambda g, node: (g,), _broadcast_guards,  # the walker sums over broadcast axes
    lambda rng: [((rng.normal(size=(3, 1)),), {"shape": (2, 3, 4)}), ((np.array(2.0),), {"shape": (3,)})],
)  # fmt: skip


def broadcast_to(array: Any, shape: Any) -> Tensor:
    """Repeat axes of size 1 (and add axes in front) until the array has this shape.

    >>> import symtensor as st
    >>> st.broadcast_to(st.vector("x"), (4, st.vector("x").shape[0])).ndim
    2
    """
    x, wanted = as_tensor(array), as_shape(shape)
    return x if x.shape == wanted else BROADCAST_TO(x, shape=wanted)


# ----------------------------------------------------------------------------------------------------- transpose
def _transpose_at(node: Tensor, at: Index, load: Loader) -> Expr:
    axes = node.attr("axes")
    inner: list[SizeLike] = [0] * len(axes)
    for position, axis in enumerate(axes):
        inner[axis] = at[position]
    return load(0, tuple(inner))


def inverse_order(axes: Sequence[int]) -> tuple[int, ...]:
    """The order of axes that undoes a transpose."""
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


TRANSPOSE: IndexOp = index_op(
    "transpose",
    lambda inputs, axes: TensorType(inputs[0].dtype, tuple(inputs[0].shape[a] for a in axes)),
    lambda x, axes: np.transpose(x, axes),
    _transpose_at,
    lambda g, node: (TRANSPOSE(g, axes=inverse_order(node.attr("axes"))),),
    samples=lambda rng: [((rng.normal(size=(2, 3, 4)),), {"axes": (1, 2, 0)})],
)


def transpose(a: Any, axes: Any = None) -> Tensor:
    """Reorder the axes; without ``axes`` reverse them.

    >>> import symtensor as st
    >>> st.transpose(st.ones((2, 3)), (1, 0)).shape
    (3, 2)
    """
    x = as_tensor(a)
    order = tuple(range(x.ndim))[::-1] if axes is None else tuple(normal_axis(i, x.ndim) for i in axes)
    if sorted(order) != list(range(x.ndim)):
        raise ValueError(f"axes {axes} do not name each of {x.ndim} axes once")
    if order == tuple(range(x.ndim)):
        return x
    if x.op is TRANSPOSE:
        return transpose(x.inputs[0], tuple(x.attr("axes")[i] for i in order))
    return TRANSPOSE(x, axes=order)


def swapaxes(a: Any, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes.

    >>> import symtensor as st
    >>> st.swapaxes(st.ones((2, 3, 4)), 0, 2).shape
    (4, 3, 2)
    """
    x = as_tensor(a)
    order = list(range(x.ndim))
    i, j = normal_axis(axis1, x.ndim), normal_axis(axis2, x.ndim)
    order[i], order[j] = order[j], order[i]
    return transpose(x, order)


def moveaxis(a: Any, source: Any, destination: Any) -> Tensor:
    """Move axes to new places; the others keep their order.

    >>> import symtensor as st
    >>> st.moveaxis(st.ones((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    x = as_tensor(a)
    sources = [normal_axis(i, x.ndim) for i in (source if isinstance(source, (tuple, list)) else (source,))]
    places = [
        normal_axis(i, x.ndim) for i in (destination if isinstance(destination, (tuple, list)) else (destination,))
    ]
    order = [i for i in range(x.ndim) if i not in sources]
    for place, origin in sorted(zip(places, sources)):
        order.insert(place, origin)
    return transpose(x, order)


# ------------------------------------------------------------------------------------------ expand_dims, squeeze
EXPAND_DIMS = index_op(
    "expand_dims",
    lambda inputs, axes: TensorType(inputs[0].dtype, with_inserted(inputs[0].shape, axes, 1)),
    lambda x, axes: np.expand_dims(x, axes),
    lambda node, at, load: load(0, without(at, node.attr("axes"))),
    lambda g, node: (SQUEEZE(g, axes=node.attr("axes")),),
    samples=lambda rng: [((rng.normal(size=(2, 3)),), {"axes": (0, 2)})],
)

SQUEEZE: IndexOp = index_op(
    "squeeze",
    lambda inputs, axes: TensorType(inputs[0].dtype, without(inputs[0].shape, axes)),
    lambda x, axes: np.squeeze(x, axes),
    lambda node, at, load: load(0, with_inserted(at, node.attr("axes"), 0)),
    lambda g, node: (EXPAND_DIMS(g, axes=node.attr("axes")),),
    lambda inputs, axes: same_sizes(
        tuple(inputs[0].shape[a] for a in axes), (1,) * len(axes), f"squeezing {describe(inputs[0])}"
    ),
    lambda rng: [((rng.normal(size=(2, 1, 3)),), {"axes": (1,)})],
)


def expand_dims(a: Any, axis: Any) -> Tensor:
    """Insert axes of size 1 at these places of the result.

    >>> import symtensor as st
    >>> st.expand_dims(st.ones(3), 1).shape
    (3, 1)
    """
    x = as_tensor(a)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = normal_axes(axis, x.ndim + count)
    return EXPAND_DIMS(x, axes=axes) if axes else x


def squeeze(a: Any, axis: Any = None) -> Tensor:
    """Drop axes of size 1: those named, or all that cannot be larger (as in ``x[:1]``).

    >>> import symtensor as st
    >>> st.squeeze(st.ones((3, 1))).shape
    (3,)
    """
    x = as_tensor(a)
    axes = tuple(i for i, s in enumerate(x.shape) if sz.at_least(1, s)) if axis is None else normal_axes(axis, x.ndim)
    for i in axes:
        if isinstance(x.shape[i], int) and x.shape[i] != 1:
            raise ValueError(f"cannot squeeze axis {i} of {describe(x)}: its size is not 1")
    return SQUEEZE(x, axes=axes) if axes else x


# ------------------------------------------------------------------------------------------------------- reshape
def _groups(source: Shape, target: Shape) -> list[tuple[range, range]]:
    """Cut both shapes into the smallest runs of axes whose products are structurally equal.

    Runs that cannot be matched end up in one last run.
    """
    groups = []
    i = j = 0
    while i < len(source) or j < len(target):
        start_i, start_j = i, j
        candidates = [
            (ii, jj)
            for total in range(1, len(source) - i + len(target) - j + 1)
            for ii in range(i, min(len(source), i + total) + 1)
            for jj in [j + total - (ii - i)]
            if jj <= len(target) and sz.product(source[i:ii]) == sz.product(target[j:jj])
        ]
        i, j = candidates[0] if candidates else (len(source), len(target))
        groups.append((range(start_i, i), range(start_j, j)))
    return groups


def _reshape_at(node: Tensor, at: Index, load: Loader) -> Expr:
    source, target = node.inputs[0].shape, node.shape
    inner: list[SizeLike] = [0] * len(source)
    for left, right in _groups(source, target):
        flat: SizeLike = 0
        for axis in right:
            flat = sz.add(sz.mul(flat, target[axis]), at[axis])
        outermost = True
        for axis in left:
            if source[axis] == 1:
                continue
            stride = sz.product(source[a] for a in left if a > axis)
            quotient = flat if stride == 1 else sz.floordiv(flat, stride)
            inner[axis] = quotient if outermost else sz.mod(quotient, source[axis])
            outermost = False
    return load(0, tuple(inner))


def _reshape_guards(inputs: tuple[Tensor, ...], shape: Shape) -> list[Guard]:
    have, want = sz.product(inputs[0].shape), sz.product(shape)
    return same_sizes((have,), (want,), f"reshaping {describe(inputs[0])} to {list(shape)}")


def _reshape_type(inputs: tuple[Tensor, ...], shape: Shape) -> TensorType:
    _reshape_guards(inputs, shape)  # raises where static sizes cannot agree
    return TensorType(inputs[0].dtype, shape)


RESHAPE: IndexOp = index_op(
    "reshape", _reshape_type, lambda x, shape: np.reshape(x, shape), _reshape_at,
    lambda g, node: (RESHAPE(g, shape=node.inputs[0].shape),), _reshape_guards,
    lambda rng: [
        ((rng.normal(size=(4, 6)),), {"shape": (3, 8)}),
        ((rng.normal(size=(2, 3, 4)),), {"shape": (6, 2, 1, 2)}),
    ],
)  # fmt: skip


def reshape(a: Any, shape: Any) -> Tensor:
    """Give the same elements, in row-major order, another shape; one size may be -1.

    >>> import symtensor as st
    >>> st.reshape(st.ones((4, 6)), (3, -1)).shape
    (3, 8)
    """
    x, wanted = as_tensor(a), list(as_shape(shape))
    unknown = [i for i, s in enumerate(wanted) if s == -1]
    if len(unknown) > 1:
        raise ValueError("can only specify one unknown dimension")
    if unknown:
        known = sz.product(s for s in wanted if s != -1)
        total = sz.product(x.shape)
        if known == 0:
            raise ShapeError(located(f"cannot reshape {describe(x)} to {shape}", caller_sites()))
        wanted[unknown[0]] = sz.floordiv(total, known)
    final = tuple(wanted)
    if final == x.shape:
        return x
    if x.op is RESHAPE:
        return reshape(x.inputs[0], final)
    return RESHAPE(x, shape=final)


def ravel(a: Any) -> Tensor:
    """All elements in one axis.

    >>> import symtensor as st
    >>> st.ravel(st.ones((2, 3))).shape
    (6,)
    """
    x = as_tensor(a)
    return x if x.ndim == 1 else reshape(x, (sz.product(x.shape),))
