"""General square systems by one LU factorisation: ``solve``, ``inv``, ``det`` and ``slogdet`` share it, gradients too.

The matrix is factorised with columns exchanged, a[:, order] = L U with U's diagonal 1: that is LAPACK's factorisation
of the transpose, which is how LAPACK sees a matrix that lies by rows, so nothing is copied to and fro.

Formulas: M. Giles, Collected matrix derivative results for forward and reverse mode (2008).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import LinAlgError, ShapeError, located
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ops.contraction import matmul
from symtensor.ops.controls import custom_gradient
from symtensor.ops.creation import eye
from symtensor.ops.declare import Library, as_tensor, cast, promoted
from symtensor.ops.diagonal import diagonal
from symtensor.ops.elementwise import absolute, sign, stop_gradient
from symtensor.ops.functions import exp, log
from symtensor.ops.item import item
from symtensor.ops.movement import expand_dims, squeeze, transpose
from symtensor.ops.reduction import prod, sum
from symtensor.ops.samples import Sample
from symtensor.ops.shapes import same_sizes
from symtensor.ops.triangular import Cotangents, known_size, real_matrix, square_guards


# -------------------------------------------------------------------------------------------------------------- lu
def _lu_type(inputs: tuple[Tensor, ...]) -> tuple[TensorType, ...]:
    square_guards(inputs)
    (a,), n = inputs, known_size(inputs[0].shape)
    return TensorType(a.dtype, (n, n)), TensorType(dtypes.INT64, (n,)), TensorType(a.dtype, ())


def _lu_reference(a: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gaussian elimination with the largest element of each row as the pivot."""
    factors, n, parity = a.copy(), len(a), 1
    order = np.arange(n)
    for k in range(n):
        pivot = k + int(np.argmax(np.abs(factors[k, k:])))
        if pivot != k:
            factors[:, [k, pivot]], order[[k, pivot]], parity = factors[:, [pivot, k]], order[[pivot, k]], -parity
        if factors[k, k] != 0:
            factors[k, k + 1 :] /= factors[k, k]
        factors[k + 1 :, k + 1 :] -= np.outer(factors[k + 1 :, k], factors[k, k + 1 :])
    return factors, order, np.asarray(parity, a.dtype)


def _regular(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(4, 4)) + 4 * np.eye(4)


LU = Library(
    "lu", "library", _lu_type, _lu_reference, None, False, square_guards,
    lambda rng: [((_regular(rng),), {})], routine="lu",
)  # fmt: skip
"""Both factors in one matrix, the order of the columns, and the sign of that permutation.

A singular matrix has a zero on the diagonal. No gradient: what is made of the factors has one in the matrix."""
register(LU)


# -------------------------------------------------------------------------------------------------------- lu_solve
def _solve_guards(inputs: tuple[Tensor, ...], transpose: bool) -> list[Guard]:
    a, b = inputs[0], inputs[3]
    return square_guards(inputs) + same_sizes(a.shape[:1], b.shape[:1], f"solving {describe(a)} for {describe(b)}")


def _solve_type(inputs: tuple[Tensor, ...], transpose: bool) -> TensorType:
    _solve_guards(inputs, transpose)
    return TensorType(inputs[3].dtype, inputs[3].shape)


def _solve_reference(
    a: np.ndarray, factors: np.ndarray, order: np.ndarray, b: np.ndarray, transpose: bool
) -> np.ndarray:
    if not np.all(np.diagonal(factors)):
        raise LinAlgError("solve: the matrix is singular")
    return np.linalg.solve(a.T if transpose else a, b)


def _solve_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    a, factors, order, _ = node.inputs
    transposed = node.attr("transpose")
    pulled = LU_SOLVE(a, factors, order, cotangents[0], transpose=not transposed)  # type: ignore[arg-type]
    product = matmul(node, transpose(pulled)) if transposed else matmul(pulled, transpose(node))
    return -product, None, None, pulled


def _solve_samples(rng: np.random.Generator) -> Iterable[Sample]:
    a = _regular(rng)
    factors, order, _ = _lu_reference(a)
    for transposed in (False, True):
        yield (a, factors, order, rng.normal(size=(4, 3))), {"transpose": transposed}


LU_SOLVE: Library = Library(
    "solve", "library", _solve_type, _solve_reference, _solve_vjp, False, _solve_guards, _solve_samples,
    routine="lu_solve", failure="the matrix is singular",
)  # fmt: skip
"""a x = b (or a^T x = b) by the factors of ``a``, which itself is there for the gradient only."""
register(LU_SOLVE)


def _solved(a: Tensor, b: Tensor, transposed: bool = False) -> Tensor:
    factors = LU(a)
    return LU_SOLVE(a, item(factors, 0), item(factors, 1), b, transpose=transposed)


# ------------------------------------------------------------------------------------------------ public functions
def solve(a: Any, b: Any) -> Tensor:
    """The x with ``a @ x = b``.

    Args:
        a: square matrix.
        b: vector or matrix of right-hand sides.

    Raises:
        LinAlgError: at a call, if the matrix is singular.

    >>> import symtensor as st
    >>> st.linalg.solve(2 * st.eye(3), st.ones(3)).shape
    (3,)
    """
    dtype = promoted((real_matrix(a), as_tensor(b)))
    matrix, right = cast(real_matrix(a), dtype), as_tensor(b, dtype)
    if right.ndim not in (1, 2):
        raise ShapeError(located(f"right-hand sides must be a vector or matrix: {describe(right)}", caller_sites()))
    if right.ndim == 1:
        return squeeze(_solved(matrix, expand_dims(right, 1)), 1)
    return _solved(matrix, right)


def inv(a: Any) -> Tensor:
    """The inverse of a square matrix; ``solve`` is faster and more accurate where a product with it is wanted.

    Raises:
        LinAlgError: at a call, if the matrix is singular.

    >>> import symtensor as st
    >>> st.linalg.inv(2 * st.eye(3)).shape
    (3, 3)
    """
    matrix = real_matrix(a)
    square_guards((matrix,))
    n = known_size(matrix.shape)
    return _solved(matrix, eye(n, dtype=matrix.dtype))


@custom_gradient
def _log_determinant(a: Tensor) -> tuple[Tensor, Any]:
    value = sum(log(absolute(diagonal(item(LU(a), 0)))))
    return value, lambda g: g * transpose(inv(a))


def _product(a: Tensor) -> Tensor:
    factors = LU(a)
    return item(factors, 2) * prod(diagonal(item(factors, 0)))


def _determinant_pullback(a: Tensor, cotangent: Tensor) -> Tensor:
    """The determinant times its relative change: by the logarithm, which may be derived once more, to full accuracy."""
    size = _log_determinant(a)
    value = stop_gradient(_product(a)) * exp(size - stop_gradient(size))
    return cotangent * value * transpose(inv(a))


@custom_gradient
def _determinant(a: Tensor) -> tuple[Tensor, Any]:
    return _product(a), lambda g: _determinant_pullback(a, g)


def det(a: Any) -> Tensor:
    """The determinant of a square matrix; its gradient needs a regular one.

    >>> import symtensor as st
    >>> st.linalg.det(st.eye(3)).shape
    ()
    """
    return _determinant(real_matrix(a))


def slogdet(a: Any) -> tuple[Tensor, Tensor]:
    """Sign and logarithm of the absolute value of the determinant: 0 and -inf for a singular matrix.

    >>> import symtensor as st
    >>> sign, logabsdet = st.linalg.slogdet(st.eye(3))
    >>> logabsdet.shape
    ()
    """
    matrix = real_matrix(a)
    factors = LU(matrix)
    return stop_gradient(item(factors, 2) * prod(sign(diagonal(item(factors, 0))))), _log_determinant(matrix)
