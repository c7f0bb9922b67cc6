"""Linear algebra through LAPACK: ``cholesky``, ``qr`` and ``solve_triangular`` with gradients, and what builds on them.

Formulas: I. Murray, Differentiation of the Cholesky decomposition (2016); S. Walter and L. Lehmann, Algorithmic
differentiation of linear algebra functions (2010); J. Roberts and Z. Roberts, QR and LQ decomposition matrix
backpropagation (2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, LinAlgError, ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ops.contraction import matmul
from symtensor.ops.creation import eye, tril, triu
from symtensor.ops.declare import Library, as_tensor, cast, promoted
from symtensor.ops.elementwise import absolute
from symtensor.ops.functions import power, sqrt
from symtensor.ops.item import item
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import expand_dims, squeeze, transpose
from symtensor.ops.reduction import max, min, sum
from symtensor.ops.samples import Sample
from symtensor.ops.shapes import normal_axes, same_sizes
from symtensor.ops.slicing import slice_of

Cotangents = Sequence["Tensor | None"]


def _matrix(a: Any) -> Tensor:
    """An argument as a floating-point matrix."""
    x = as_tensor(a)
    if x.ndim != 2:
        raise ShapeError(located(f"a matrix is needed, not {describe(x)}", caller_sites()))
    if x.dtype.kind not in "biuf":
        raise DTypeError(located(f"a real matrix is needed, not {describe(x)}", caller_sites()))
    return cast(x, x.dtype if x.dtype in (dtypes.FLOAT32, dtypes.FLOAT64) else dtypes.FLOAT64)


def _square(inputs: tuple[Tensor, ...], **_: Any) -> list[Guard]:
    a = inputs[0]
    return same_sizes(a.shape[:1], a.shape[1:], f"a square matrix is needed, not {describe(a)}")


# ------------------------------------------------------------------------------------------------ solve_triangular
def _solve_guards(inputs: tuple[Tensor, ...], lower: bool, transpose: bool) -> list[Guard]:
    a, b = inputs
    return _square(inputs) + same_sizes(a.shape[:1], b.shape[:1], f"solving {describe(a)} for {describe(b)}")


def _solve_type(inputs: tuple[Tensor, ...], lower: bool, transpose: bool) -> TensorType:
    _solve_guards(inputs, lower, transpose)
    return TensorType(inputs[1].dtype, inputs[1].shape)


def _solve_reference(a: np.ndarray, b: np.ndarray, lower: bool, transpose: bool) -> np.ndarray:
    triangle = np.tril(a) if lower else np.triu(a)
    if not np.all(np.diagonal(a)):
        raise LinAlgError("solve_triangular: the matrix is singular: it has a zero on its diagonal")
    return np.linalg.solve(triangle.T if transpose else triangle, b)


def _solve_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    a, lower, transposed = node.inputs[0], node.attr("lower"), node.attr("transpose")
    pulled = SOLVE_TRIANGULAR(a, cotangents[0], lower=lower, transpose=not transposed)  # type: ignore[arg-type]
    product = matmul(node, transpose(pulled)) if transposed else matmul(pulled, transpose(node))
    return -(tril(product) if lower else triu(product)), pulled


def _solve_samples(rng: np.random.Generator) -> Iterable[Sample]:
    a, b = rng.normal(size=(4, 4)) + 4 * np.eye(4), rng.normal(size=(4, 3))
    for lower in (False, True):
        for transposed in (False, True):
            yield (a, b), {"lower": lower, "transpose": transposed}


SOLVE_TRIANGULAR: Library = Library(
    "solve_triangular", "library", _solve_type, _solve_reference, _solve_vjp, False, _solve_guards, _solve_samples,
    routine="solve_triangular", failure="the matrix is singular: it has a zero on its diagonal",
)  # fmt: skip
register(SOLVE_TRIANGULAR)


def solve_triangular(a: Any, b: Any, trans: int = 0, lower: bool = False) -> Tensor:
    """Solve ``a @ x = b`` (or ``a.T @ x = b``) for a triangular matrix; its other triangle is not read.

    Args:
        a: square matrix.
        b: vector or matrix of right-hand sides.
        trans: 0 for ``a``, 1 for its transpose.
        lower: whether the lower triangle of ``a`` is meant.

    Raises:
        LinAlgError: at a call, if there is a zero on the diagonal.

    >>> import symtensor as st
    >>> st.linalg.solve_triangular(st.eye(3), st.ones(3), lower=True).shape
    (3,)
    """
    dtype = promoted((_matrix(a), as_tensor(b)))
    matrix, right = cast(a, dtype), as_tensor(b, dtype)
    if right.ndim not in (1, 2):
        raise ShapeError(located(f"right-hand sides must be a vector or matrix: {describe(right)}", caller_sites()))
    columns = expand_dims(right, 1) if right.ndim == 1 else right
    result = SOLVE_TRIANGULAR(matrix, columns, lower=bool(lower), transpose=bool(trans))
    return squeeze(result, 1) if right.ndim == 1 else result


# -------------------------------------------------------------------------------------------------------- cholesky
def _cholesky_reference(a: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        raise LinAlgError("cholesky: the matrix is not positive definite") from None


def _half_tril(x: Tensor) -> Tensor:
    """The lower triangle with half of the diagonal."""
    return tril(x) - 0.5 * x * eye(x.shape[0], x.shape[1], dtype=x.dtype)


def _cholesky_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    middle = _half_tril(matmul(transpose(node), cotangents[0]))
    left = SOLVE_TRIANGULAR(node, middle, lower=True, transpose=True)
    both = SOLVE_TRIANGULAR(node, transpose(left), lower=True, transpose=True)
    return (0.5 * (both + transpose(both)),)


def _cholesky_type(inputs: tuple[Tensor, ...]) -> TensorType:
    _square(inputs)
    return inputs[0].type


def _definite(rng: np.random.Generator) -> Iterable[Sample]:
    root = rng.normal(size=(4, 4))
    yield (root @ root.T + 2 * np.eye(4),), {}


CHOLESKY = Library(
    "cholesky", "library", _cholesky_type, _cholesky_reference, _cholesky_vjp, False, _square, _definite,
    routine="cholesky", failure="the matrix is not positive definite",
)  # fmt: skip
register(CHOLESKY)


def cholesky(a: Any) -> Tensor:
    """The lower triangular L with ``L @ L.T = a``, for a symmetric positive definite matrix.

    Only the lower triangle is read; the gradient is that for symmetric changes of ``a``.

    Raises:
        LinAlgError: at a call, if the matrix is not positive definite.

    >>> import symtensor as st
    >>> st.linalg.cholesky(st.eye(3)).shape
    (3, 3)
    """
    return CHOLESKY(_matrix(a))


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
    node = QR(_matrix(a))
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
