"""Diagonals: an index op that reads one, and functions built on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, describe
from symtensor.ops.creation import iota
from symtensor.ops.declare import as_tensor
from symtensor.ops.elementwise import equal, where
from symtensor.ops.movement import expand_dims, transpose
from symtensor.ops.reduction import sum
from symtensor.ops.shapes import index_op, normal_axis, same_sizes
from symtensor.ops.slicing import slice_of


def _diagonal_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    n = node.shape[-1]
    mask = equal(expand_dims(iota(n), 1), iota(n))
    return (where(mask, expand_dims(g, g.ndim), 0),)


DIAGONAL = index_op(
    "diagonal",
    lambda inputs: TensorType(inputs[0].dtype, inputs[0].shape[:-1]),
    lambda x: np.diagonal(x, axis1=-2, axis2=-1),
    lambda node, at, load: load(0, (*at, at[-1])),
    _diagonal_vjp,
    lambda inputs: _square(inputs[0]),
    lambda rng: [((rng.normal(size=(2, 4, 4)),), {})],
)
"""The main diagonal of the last two axes, which have one size."""


def _square(x: Tensor) -> list[Guard]:
    return same_sizes(x.shape[-2:-1], x.shape[-1:], f"the diagonal of {describe(x)}")


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """A diagonal of two axes, as the last axis of the result.

    >>> import symtensor as st
    >>> st.diagonal(st.ones((4, 5)), 1).shape
    (4,)
    """
    x = as_tensor(a)
    first, second = normal_axis(axis1, x.ndim), normal_axis(axis2, x.ndim)
    if first == second:
        raise ValueError("axis1 and axis2 cannot be the same")
    x = transpose(x, (*(i for i in range(x.ndim) if i not in (first, second)), first, second))
    rows, columns = x.shape[-2:]
    start = (max(-offset, 0), max(offset, 0))
    length = sz.maximum(sz.minimum(sz.add(rows, -start[0]), sz.add(columns, -start[1])), 0)
    outer = x.ndim - 2
    return DIAGONAL(slice_of(x, (0,) * outer + start, (1,) * x.ndim, (*x.shape[:-2], length, length)))


def diagonal_labels(x: Tensor, labels: tuple[int, ...]) -> tuple[Tensor, tuple[int, ...]]:
    """Take diagonals until no label of an axis appears twice (einsum's ``ii``)."""
    while len(set(labels)) != len(labels):
        twice = next(label for label in labels if labels.count(label) > 1)
        first, second = [i for i, label in enumerate(labels) if label == twice][:2]
        rest = tuple(i for i in range(x.ndim) if i not in (first, second))
        x = DIAGONAL(transpose(x, (*rest, first, second)))
        labels = (*(labels[i] for i in rest), twice)
    return x, labels


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Sum along a diagonal.

    >>> import symtensor as st
    >>> st.trace(st.ones((3, 3))).shape
    ()
    """
    return sum(diagonal(a, offset, axis1, axis2), -1)
