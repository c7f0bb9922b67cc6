"""Joining arrays: ``concatenate`` and what is built on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe
from symtensor.ir.scalar import Const, Expr, call, index, select
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import Index, Loader, as_tensor, promoted
from symtensor.ops.movement import expand_dims, ravel
from symtensor.ops.shapes import conjunction, guarded, index_op, normal_axis, same_sizes, without
from symtensor.ops.slicing import slice_of


# --------------------------------------------------------------------------------------------------- concatenate
def _concatenate_type(inputs: tuple[Tensor, ...], axis: int) -> TensorType:
    first = inputs[0]
    _concatenate_guards(inputs, axis)
    shape = list(first.shape)
    for other in range(len(shape)):
        if other != axis:  # a static size is preferred over a symbolic one
            shape[other] = next((x.shape[other] for x in inputs if isinstance(x.shape[other], int)), shape[other])
    total: SizeLike = 0
    for x in inputs:
        total = sz.add(total, x.shape[axis])
    shape[axis] = total
    return TensorType(first.dtype, tuple(shape))


def _concatenate_guards(inputs: tuple[Tensor, ...], axis: int) -> list[Guard]:
    guards = []
    for x in inputs[1:]:
        what = f"concatenating {describe(inputs[0])} and {describe(x)} along axis {axis}"
        guards += same_sizes(without(inputs[0].shape, (axis,)), without(x.shape, (axis,)), what)
    return guards


def _concatenate_at(node: Tensor, at: Index, load: Loader) -> Expr:
    axis = node.attr("axis")
    position = at[axis]
    starts: list[SizeLike] = [0]
    for x in node.inputs:
        starts.append(sz.add(starts[-1], x.shape[axis]))

    def piece(k: int) -> Expr:
        inside = sz.add(position, sz.mul(starts[k], -1))
        conditions = [call("le", index(starts[k]), index(position)), call("lt", index(position), index(starts[k + 1]))]
        return guarded(
            conjunction(conditions), (*at[:axis], inside, *at[axis + 1 :]), lambda i: load(k, i), Const(0, node.dtype)
        )

    result = piece(len(node.inputs) - 1)
    for k in reversed(range(len(node.inputs) - 1)):
        result = select(call("lt", index(position), index(starts[k + 1])), piece(k), result)
    return result


def _concatenate_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    axis = node.attr("axis")
    start: SizeLike = 0
    pieces = []
    for x in node.inputs:
        starts = tuple(start if i == axis else 0 for i in range(x.ndim))
        pieces.append(slice_of(g, starts, (1,) * x.ndim, x.shape))
        start = sz.add(start, x.shape[axis])
    return pieces


CONCATENATE = index_op(
    "concatenate", _concatenate_type, lambda *xs, axis: np.concatenate(xs, axis), _concatenate_at,
    _concatenate_vjp, _concatenate_guards,
    lambda rng: [((rng.normal(size=(2, 3)), rng.normal(size=(2, 1)), rng.normal(size=(2, 4))), {"axis": 1})],
)  # fmt: skip


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Join arrays along an axis that exists; ``axis=None`` flattens them first.

    >>> import symtensor as st
    >>> st.concatenate([st.ones((2, 3)), st.zeros((2, 1))], axis=1).shape
    (2, 4)
    """
    if not len(arrays):
        raise ValueError("need at least one array to concatenate")
    dtype = promoted(arrays)
    tensors = [as_tensor(x, dtype) for x in arrays]
    if axis is None:
        tensors, axis = [ravel(x) for x in tensors], 0
    if any(x.ndim != tensors[0].ndim for x in tensors) or not tensors[0].ndim:
        raise ShapeError(
            located("concatenate: ranks differ or are 0: " + ", ".join(map(describe, tensors)), caller_sites())
        )
    if len(tensors) == 1:
        return tensors[0]
    return CONCATENATE(*tensors, axis=normal_axis(axis, tensors[0].ndim))


def stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    """Join arrays of one shape along a new axis.

    >>> import symtensor as st
    >>> st.stack([st.ones(3), st.zeros(3)], axis=1).shape
    (3, 2)
    """
    tensors = [as_tensor(x) for x in arrays]
    if not tensors:
        raise ValueError("need at least one array to stack")
    place = normal_axis(axis, tensors[0].ndim + 1)
    return concatenate([expand_dims(x, place) for x in tensors], place)
