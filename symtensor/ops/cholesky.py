"""The Cholesky factorisation, and the two matrices that derivatives of it come to.

Formulas: I. Murray, Differentiation of the Cholesky decomposition (2016); C. Rasmussen and C. Williams, Gaussian
processes for machine learning (2006), section 5.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from symtensor.errors import LinAlgError
from symtensor.ir.node import Tensor, TensorType, register
from symtensor.ops.contraction import matmul
from symtensor.ops.creation import eye, tril
from symtensor.ops.declare import Library
from symtensor.ops.movement import transpose
from symtensor.ops.samples import Sample
from symtensor.ops.triangular import SOLVE_TRIANGULAR, Cotangents, known_size, real_matrix, square_guards


def _solve(factor: Tensor, right: Tensor, transposed: bool = False) -> Tensor:
    return SOLVE_TRIANGULAR(factor, right, lower=True, transpose=transposed)


def _half_tril(x: Tensor) -> Tensor:
    """The lower triangle with half of the diagonal."""
    return tril(x) - 0.5 * x * eye(x.shape[0], x.shape[1], dtype=x.dtype)


def _matrix_type(inputs: tuple[Tensor, ...]) -> TensorType:
    """A square one: one size, that which is known if one is, so that what comes of it is seen to be square."""
    square_guards(inputs)
    n = known_size(inputs[0].shape)
    return TensorType(inputs[0].dtype, (n, n))


def _definite(rng: np.random.Generator) -> np.ndarray:
    root = rng.normal(size=(4, 4))
    return root @ root.T + 2 * np.eye(4)


# -------------------------------------------------------------------------------------------------------- inverse
def _inverse_reference(factor: np.ndarray) -> np.ndarray:
    half = np.linalg.solve(np.tril(factor), np.eye(len(factor), dtype=factor.dtype))
    return half.T @ half


def _inverse_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    """With P = K^-1 and K = L L^T: dP = -P (dL L^T + L dL^T) P, and P L = L^-T."""
    both = cotangents[0] + transpose(cotangents[0])  # type: ignore[operator, arg-type]
    return (-tril(matmul(node, transpose(_solve(node.inputs[0], both)))),)


def _factor(rng: np.random.Generator) -> Iterable[Sample]:
    yield (np.linalg.cholesky(_definite(rng)),), {}


CHOLESKY_INVERSE = Library(
    "cholesky_inverse", "library", _matrix_type, _inverse_reference, _inverse_vjp, False, square_guards, _factor,
    routine="cholesky_inverse", failure="the matrix is singular: it has a zero on its diagonal",
)  # fmt: skip
"""(L L^T)^-1 of a lower triangular L."""
register(CHOLESKY_INVERSE)


# ------------------------------------------------------------------------------------------------------- pullback
def _pullback_reference(factor: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
    lower = np.tril(factor)
    middle = np.tril(lower.T @ np.tril(cotangent))
    middle[np.diag_indices_from(middle)] *= 0.5
    half = np.linalg.solve(lower.T, middle)
    full = np.linalg.solve(lower.T, half.T)
    return 0.5 * (full + full.T)


def _pullback_vjp(cotangents: Cotangents, node: Tensor) -> Sequence[Any]:
    """With H the symmetric part of the cotangent and W = L^-1 H L^-T, from d(L^-1) = -L^-1 dL L^-1."""
    factor, inner = node.inputs
    symmetric = 0.5 * (cotangents[0] + transpose(cotangents[0]))  # type: ignore[operator, arg-type]
    half = transpose(_solve(factor, symmetric))
    middle = _half_tril(_solve(factor, half))
    to_factor = tril(matmul(tril(inner), transpose(middle)) - 2 * matmul(node, half))
    return to_factor, tril(matmul(factor, middle))


def _pullback_samples(rng: np.random.Generator) -> Iterable[Sample]:
    yield (np.linalg.cholesky(_definite(rng)), np.tril(rng.normal(size=(4, 4)))), {}


CHOLESKY_PULLBACK = Library(
    "cholesky_pullback", "library", _matrix_type, _pullback_reference, _pullback_vjp, False, square_guards,
    _pullback_samples, routine="cholesky_pullback",
)  # fmt: skip
"""L^-T phi(L^T G) L^-1 made symmetric: the cotangent of K = L L^T from G, that of L, whose upper triangle is not read.

``phi`` takes the lower triangle with half of the diagonal."""
register(CHOLESKY_PULLBACK)


# ------------------------------------------------------------------------------------------------------- cholesky
def _cholesky_reference(a: np.ndarray) -> np.ndarray:
    try:
        return np.linalg.cholesky(a)
    except np.linalg.LinAlgError:
        raise LinAlgError("cholesky: the matrix is not positive definite") from None


CHOLESKY = Library(
    "cholesky", "library", _matrix_type, _cholesky_reference,
    lambda cotangents, node: (CHOLESKY_PULLBACK(node, cotangents[0]),), False, square_guards,
    lambda rng: [((_definite(rng),), {})], routine="cholesky", failure="the matrix is not positive definite",
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
    return CHOLESKY(real_matrix(a))
