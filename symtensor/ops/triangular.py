"""Triangular systems by BLAS, and what the other factorisations share: matrices as arguments, guards of square ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, LinAlgError, ShapeError, located
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ir.size import SizeLike
from symtensor.ops.contraction import matmul
from symtensor.ops.creation import tril, triu
from symtensor.ops.declare import Library, as_tensor, cast, promoted
from symtensor.ops.movement import expand_dims, squeeze, transpose
from symtensor.ops.samples import Sample
from symtensor.ops.shapes import same_sizes

Cotangents = Sequence["Tensor | None"]


def real_matrix(a: Any) -> Tensor:
    """An argument as a floating-point matrix."""
    x = as_tensor(a)
    if x.ndim != 2:
        raise ShapeError(located(f"a matrix is needed, not {describe(x)}", caller_sites()))
    if x.dtype.kind not in "biuf":
        raise DTypeError(located(f"a real matrix is needed, not {describe(x)}", caller_sites()))
    return cast(x, x.dtype if x.dtype in (dtypes.FLOAT32, dtypes.FLOAT64) else dtypes.FLOAT64)


def square_guards(inputs: tuple[Tensor, ...], **_: Any) -> list[Guard]:
    """That the first input is square."""
    a = inputs[0]
    return same_sizes(a.shape[:1], a.shape[1:], f"a square matrix is needed, not {describe(a)}")


def known_size(sizes: Sequence[SizeLike]) -> SizeLike:
    """One of several sizes that a guard holds equal, preferably one that is known."""
    return next((n for n in sizes if isinstance(n, int)), sizes[0])


def _solve_guards(inputs: tuple[Tensor, ...], lower: bool, transpose: bool) -> list[Guard]:
    a, b = inputs
    return square_guards(inputs) + same_sizes(a.shape[:1], b.shape[:1], f"solving {describe(a)} for {describe(b)}")


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
    dtype = promoted((real_matrix(a), as_tensor(b)))
    matrix, right = cast(a, dtype), as_tensor(b, dtype)
    if right.ndim not in (1, 2):
        raise ShapeError(located(f"right-hand sides must be a vector or matrix: {describe(right)}", caller_sites()))
    columns = expand_dims(right, 1) if right.ndim == 1 else right
    result = SOLVE_TRIANGULAR(matrix, columns, lower=bool(lower), transpose=bool(trans))
    return squeeze(result, 1) if right.ndim == 1 else result
