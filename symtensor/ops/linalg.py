"""Linear algebra: ``qr`` with its gradient, norms, and products of several matrices.

Formulas: S. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions (2010); J. Roberts and
Z. Roberts, QR and LQ decomposition matrix backpropagation (2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, TensorType, register
from symtensor.ops.contraction import matmul
from symtensor.ops.creation import tril, triu
from symtensor.ops.declare import Library, as_tensor, cast
from symtensor.ops.elementwise import absolute
from symtensor.ops.functions import power, sqrt
from symtensor.ops.item import item
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import squeeze, transpose
from symtensor.ops.reduction import max, min, sum
from symtensor.ops.shapes import normal_axes
from symtensor.ops.slicing import slice_of
from symtensor.ops.triangular import SOLVE_TRIANGULAR, Cotangents, real_matrix


# -------------------------------------------------------------------------------------------------------------- qr
def _qr_type(inputs: tuple[Tensor, ...]) -> tuple[TensorType, ...]:
    (a,) = inputs
    m, n = a.shape
    k = sz.minimum(m, n)
    return TensorType(a.dtype, (m, k)), TensorType(a.dtype, (k, n))


def _qr_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    """With k = min(m, n), the first k columns are a tall (or square) problem; the others are Q times R's."""
    (a,), (q, r) = node.inputs, (item(node, 0), item(node, 1))
    (m, n), k = a.shape, q.shape[1]
    g_q = cotangents[0] if cotangents[0] is not None else 0 * q
    g_r = cotangents[1] if cotangents[1] is not None else 0 * r
    rest = sz.add(n, sz.mul(k, -1))
    corner = slice_of(r, (0, 0), (1, 1), (k, k))
    g_corner = triu(slice_of(g_r, (0, 0), (1, 1), (k, k)))
    g_rest = slice_of(g_r, (0, k), (1, 1), (k, rest))
    if rest != 0:
        g_q = g_q + matmul(slice_of(a, (0, k), (1, 1), (m, rest)), transpose(g_rest))
    middle = matmul(corner, transpose(g_corner)) - matmul(transpose(g_q), q)
    symmetric = tril(middle) + transpose(tril(middle, -1))
    right = transpose(g_q + matmul(q, symmetric))
    first = transpose(SOLVE_TRIANGULAR(corner, right, lower=False, transpose=False))
    return (first if rest == 0 else concatenate([first, matmul(q, g_rest)], axis=1),)


QR = Library(
    "qr", "library", _qr_type, lambda a: tuple(np.linalg.qr(a)), _qr_vjp, False, None,
    lambda rng: [((rng.normal(size=(5, 3)),), {}), ((rng.normal(size=(3, 5)),), {})], routine="qr",
)  # fmt: skip
register(QR)


def qr(a: Any) -> tuple[Tensor, Tensor]:
    """The reduced QR factorisation: Q with orthonormal columns and upper triangular R with ``Q @ R = a``.

    Signs are LAPACK's, as in NumPy.

    >>> import symtensor as st
    >>> q, r = st.linalg.qr(st.ones((5, 3)))
    >>> q.shape, r.shape
    ((5, 3), (3, 3))
    """
    node = QR(real_matrix(a))
    return item(node, 0), item(node, 1)


# ------------------------------------------------------------------------------------------------------ composed
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Norm of vectors along one axis, or the Frobenius norm over two (or all) axes.

    Args:
        x: the array.
        ord: for vectors None (2), a number, ``np.inf`` or ``-np.inf``; for matrices None, ``"fro"``, 1, -1,
            ``np.inf`` or ``-np.inf`` (the largest or smallest sum of sizes in a column, or in a row).
        axis: the axis of the vectors, a pair of axes of matrices, or None for the whole array.
        keepdims: whether reduced axes stay with size 1.

    >>> import symtensor as st
    >>> st.linalg.norm(st.ones((2, 3)), axis=1).shape
    (2,)
    """
    values = as_tensor(x)
    values = cast(values, dtypes.inexact(values.dtype))
    if axis is None and ord is not None and values.ndim != 1:
        axis = (0, 1)
    axes = normal_axes(axis, values.ndim)
    if ord in (None, "fro") or (ord == 2 and len(axes) == 1):
        size = absolute(values) if values.dtype.kind == "c" else values
        return sqrt(sum(size * size, axes, keepdims=keepdims))
    if len(axes) == 2 and ord in (1, -1, np.inf, -np.inf):
        rows, columns = (axis if axis is not None else (0, 1))[:2]
        totals, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = sum(absolute(values), totals, keepdims=True)
        extreme = (max if ord > 0 else min)(sums, other, keepdims=True)
        return extreme if keepdims else squeeze(extreme, axes)
    if len(axes) != 1:
        raise NotImplementedError(f"norm has no order {ord!r} for matrices\n  hint: 'fro', or give one axis")
    size = absolute(values)
    if ord in (np.inf, -np.inf):
        return (max if ord > 0 else min)(size, axes, keepdims=keepdims)
    if ord == 1:
        return sum(size, axes, keepdims=keepdims)
    if ord == 0:
        return cast(sum(cast(values, dtypes.BOOL), axes, keepdims=keepdims), values.dtype)
    return power(sum(power(size, ord), axes, keepdims=keepdims), 1 / ord)


def multi_dot(arrays: Sequence[Any]) -> Tensor:
    """Product of several matrices, from left to right.

    >>> import symtensor as st
    >>> st.linalg.multi_dot([st.ones((2, 3)), st.ones((3, 4)), st.ones((4, 5))]).shape
    (2, 5)
    """
    if len(arrays) < 2:
        raise ValueError("multi_dot expects at least two arrays")
    result = as_tensor(arrays[0])
    for other in arrays[1:]:
        result = matmul(result, other)
    return result
