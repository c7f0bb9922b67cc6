"""``implicit``: a value that an equation defines, differentiated by the implicit function theorem.

``implicit(x, *values; residual, adjoint)`` is x, of which ``residual(x, *values) = 0`` is known.  How x was found does
not matter: no cotangent flows into it.  From ``R(x(v), v) = 0`` follows ``dx/dv = -R_x^-1 R_v``, so that a cotangent g
of x becomes ``-R_v^T u`` with ``R_x^T u = g``.  The u of this linear equation is again an ``implicit`` value, so that
derivatives of any order exist and none goes through an iteration.

The optimizer replaces the op by its first input once derivatives have been taken.

Reference: Blondel et al., Efficient and modular implicit differentiation (NeurIPS 2022).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor.errors import GradientError, located
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.node import Tensor, TensorType, new_leaf, register
from symtensor.ops.branches import while_loop
from symtensor.ops.contraction import dot
from symtensor.ops.control_gradients import Pull
from symtensor.ops.creation import eye, full
from symtensor.ops.declare import INPUT, LoopOp, constant
from symtensor.ops.elementwise import absolute, stop_gradient
from symtensor.ops.linalg import qr
from symtensor.ops.reduction import max as largest
from symtensor.ops.scan import map as map_rows
from symtensor.ops.triangular import solve_triangular

Product = Callable[[Tensor], Tensor]

MOST_STEPS = 1000
"""Limit of the iterations that solve a linear equation."""


def tolerance(dtype: np.dtype) -> float:
    """To what residual an equation is solved by default: ``eps**(2/3)``."""
    return float(np.finfo(dtype).eps) ** (2 / 3)


# ------------------------------------------------------------------------------------------------ linear equations
def norm_of(x: Tensor) -> Tensor:
    """The largest magnitude in a vector."""
    return largest(absolute(x))


def rows_of(product: Product, like: Tensor) -> Tensor:
    """The matrix whose row i is a linear function of unit vector i.

    Args:
        product: from a vector to a vector, of the size and dtype of ``like``.
        like: a vector.
    """
    if like.shape == (1,):
        return product(full((1,), 1, like.dtype))[None, :]
    return map_rows(product, eye(like.shape[0], dtype=like.dtype))[0]


def solve_dense(matrix: Tensor, right: Tensor, transposed: bool = False) -> Tensor:
    """Solve ``matrix @ x = right`` by a QR factorisation, or with the transposed matrix."""
    if right.shape == (1,):
        return right / matrix[0]
    q, r = qr(matrix)
    if transposed:
        return dot(q, solve_triangular(r, right, trans=1))
    return solve_triangular(r, dot(q.T, right))


def _by_iteration(product: Product, right: Tensor) -> Tensor:
    """Solve ``A u = right`` for ``A = B - 1``, where powers of B vanish: ``u <- B u - right``."""

    def error(u: Tensor) -> Tensor:
        return product(u) - right

    def step(u: Tensor, rest: Tensor, count: Any) -> tuple[Tensor, Tensor, Any]:
        return u + rest, error(u + rest), count + 1

    enough = tolerance(right.dtype) * norm_of(right)
    start = -right
    found = while_loop(
        lambda u, rest, count: (norm_of(rest) > enough) & (count < MOST_STEPS), step, (start, error(start), 0)
    )
    return found[0]


def _by_conjugate_gradients(product: Product, right: Tensor) -> Tensor:
    """Solve ``A u = right`` for a symmetric positive definite A (Hestenes and Stiefel 1952)."""

    def step(u: Tensor, rest: Tensor, along: Tensor, count: Any) -> tuple[Tensor, Tensor, Tensor, Any]:
        image, square = product(along), dot(rest, rest)
        length = square / dot(along, image)
        new = rest - length * image
        return u + length * along, new, new + dot(new, new) / square * along, count + 1

    enough = tolerance(right.dtype) * norm_of(right)
    found = while_loop(
        lambda u, rest, along, count: (norm_of(rest) > enough) & (count < MOST_STEPS),
        step,
        (right * 0, right, right, 0),
    )
    return found[0]


ADJOINTS: dict[str, Callable[[Product, Tensor], Tensor]] = {
    # product(u) is R_x^T u, so its rows for unit vectors are those of R_x
    "dense": lambda product, right: solve_dense(rows_of(product, right), right, transposed=True),
    "iterate": _by_iteration,
    "symmetric": _by_conjugate_gradients,
}
"""Ways to solve ``R_x^T u = g``, given the product with ``R_x^T``: by the whole matrix; for ``R = f(x) - x`` with a
contraction f; for a symmetric positive definite ``R_x``."""


# -------------------------------------------------------------------------------------------------------- the op
def _type(inputs: tuple[Tensor, ...], residual: Graph, adjoint: str) -> TensorType:
    return inputs[0].type


def _reference(evaluate: Any, x: np.ndarray, *values: np.ndarray, residual: Graph, adjoint: str) -> np.ndarray:
    return x


def _vjp(cotangents: Sequence[Tensor], node: Tensor, pull: Pull, wanted: Sequence[bool]) -> Sequence[Tensor | None]:
    residual = node.attr("residual")
    (output,), (x, *leaves) = residual.outputs, residual.inputs
    u = new_leaf(INPUT, output.type, name="adjoint")
    asked = [leaf for leaf, want in zip(leaves, wanted[1:]) if want]
    through_x, *through = pull([output], [u], [x, *asked])
    if through_x is None:
        raise GradientError(located("the equation does not depend on what it is solved for", node.sites))
    here = dict(zip(residual.inputs, (node, *node.inputs[1:])))

    def product(vector: Tensor) -> Tensor:
        return substitute([through_x], {**here, u: vector})[0]

    found = _solution(product, cotangents[0], residual, through_x, u, node)
    pulled = dict(zip(asked, through))
    result: list[Tensor | None] = [None]
    for leaf in leaves:
        part = pulled.get(leaf)
        result.append(None if part is None else -substitute([part], {**here, u: found})[0])
    return result


def _solution(
    product: Product, cotangent: Tensor, residual: Graph, through_x: Tensor, u: Tensor, node: Tensor
) -> Tensor:
    """The u of ``R_x^T u = cotangent``, as a value that this equation defines."""
    if node.shape == (1,):
        return cotangent / product(constant(np.ones(1), node.dtype))
    adjoint = node.attr("adjoint")
    g = new_leaf(INPUT, cotangent.type, name="cotangent")
    equation = Graph((u, g, *residual.inputs), (through_x - g,))
    found = ADJOINTS[adjoint](product, stop_gradient(cotangent))
    return IMPLICIT(found, cotangent, node, *node.inputs[1:], residual=equation, adjoint=adjoint)


IMPLICIT = register(LoopOp("implicit", "implicit", _type, _reference, _vjp))
