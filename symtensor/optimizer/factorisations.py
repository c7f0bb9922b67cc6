"""Cholesky factors: the cotangent of a matrix that was factorised, without a product for what has a closed form.

The cotangent G of a factor L is a sum of terms, and the pullback L^-T phi(L^T G) L^-1 is linear in it.  Two terms are
what log-densities consist of, and each spares three products of whole matrices:

* ``c / diagonal(L)`` on the diagonal, the derivative of ``log(det(L))``: phi(L^T G) is c/2 I, and the pullback is
  c/2 (L L^T)^-1.
* ``tril(L^-T (c x) x^T)`` with x = L^-1 b, the derivative of c |x|^2 / 2: L^T G is c x x^T below the diagonal, which
  with its transpose makes c x x^T, and the pullback is c/2 a a^T with a = L^-T x.

C. Rasmussen and C. Williams, Gaussian processes for machine learning (2006), equation 5.9.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from symtensor.ir import pattern
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect
from symtensor.ops.cholesky import CHOLESKY_INVERSE, CHOLESKY_PULLBACK
from symtensor.ops.contraction import CONTRACT, matmul
from symtensor.ops.creation import IOTA
from symtensor.ops.declare import constant_value
from symtensor.ops.diagonal import DIAGONAL
from symtensor.ops.elementwise import add, divide, equal, greater_equal, multiply, negative, reciprocal, subtract, where
from symtensor.ops.movement import EXPAND_DIMS, SQUEEZE, transpose
from symtensor.ops.triangular import SOLVE_TRIANGULAR

rewriter = partial(pattern.rewriter, stage="linalg")


# ------------------------------------------------------------------------------------------------- reading cotangents
def _grid(node: Tensor) -> tuple[int, ...]:
    """The axes of a matrix along which a row or column of indices runs; empty for anything else."""
    if node.op is EXPAND_DIMS and node.ndim == 2 and node.inputs[0].op is IOTA:
        return (1 - node.attr("axes")[0],)
    return (1,) if node.op is IOTA else ()


def _masked(node: Tensor, comparison: pattern.Op) -> Tensor | None:
    """What is kept where the row's index compares to the column's, zero being elsewhere; None for other nodes."""
    if node.op is not where or node.inputs[0].op is not comparison:
        return None
    mask, kept, other = node.inputs
    zero = constant_value(other)
    if zero is None or zero.any() or [_grid(i) for i in mask.inputs] != [(0,), (1,)]:
        return None
    return kept


def _parts(node: Tensor) -> Iterator[tuple[float | Tensor, Tensor]]:
    """One linear step into a node: (factor, operand) pairs whose sum of products it is; none if it is no such sum."""
    inputs = node.inputs
    if node.op is add or node.op is subtract:
        yield 1.0, inputs[0]
        yield (1.0 if node.op is add else -1.0), inputs[1]
    elif node.op is negative:
        yield -1.0, inputs[0]
    elif node.op is multiply and (inputs[0].ndim == 0 or inputs[1].ndim == 0):
        scalar = 0 if inputs[0].ndim == 0 else 1
        yield inputs[scalar], inputs[1 - scalar]
    elif node.op is divide and inputs[1].ndim == 0:
        yield 1 / inputs[1], inputs[0]


def _terms(node: Tensor) -> list[tuple[float | Tensor, Tensor]]:
    """The terms of the lower triangle of a cotangent, each with its scalar factor."""
    found: list[tuple[float | Tensor, Tensor]] = []
    stack: list[tuple[float | Tensor, Tensor]] = [(1.0, node)]
    while stack:
        factor, term = stack.pop()
        lower = _masked(term, greater_equal)
        parts = [(1.0, lower)] if lower is not None else list(_parts(term)) if term.ndim else []
        stack += [(factor * inner, operand) for inner, operand in reversed(parts)]
        if not parts:
            found.append((factor, term))
    return found


def _multiple(node: Tensor, base: Tensor) -> float | Tensor | None:
    """The scalar c with node = c base, seen through axes of size 1 that come and go; None if there is none."""
    factor: float | Tensor = 1.0
    axes: list[tuple[int, ...]] = []
    while node is not base or axes:
        parts = [] if node.op is add or node.op is subtract else list(_parts(node))
        if parts:
            factor, node = factor * parts[0][0], parts[0][1]
        elif node.op is EXPAND_DIMS:
            axes.append(node.attr("axes"))
            node = node.inputs[0]
        elif node.op is SQUEEZE and axes and axes.pop() == node.attr("axes"):
            node = node.inputs[0]
        else:
            return None
    return factor


def _on_diagonal(term: Tensor, factor: Tensor) -> float | Tensor | None:
    """The c of a term that is c / diagonal(factor) on the diagonal and zero elsewhere."""
    kept = _masked(term, equal)
    if kept is None or kept.op is not EXPAND_DIMS or kept.attr("axes") != (1,):
        return None
    value, scale = kept.inputs[0], 1.0  # type: Tensor, float | Tensor
    while value.op not in (divide, reciprocal) or value.inputs[-1].ndim == 0:
        parts = [] if value.op is add or value.op is subtract else list(_parts(value))
        if not parts:
            return None
        scale, value = scale * parts[0][0], parts[0][1]
    if value.inputs[-1].op is not DIAGONAL or value.inputs[-1].inputs[0] is not factor:
        return None
    if value.op is reciprocal:
        return scale
    return scale * value.inputs[0] if value.inputs[0].ndim == 0 else None


def _solution(node: Tensor, factor: Tensor, transposed: bool) -> bool:
    """Whether a node solves the lower triangular system of a factor."""
    solves = node.op is SOLVE_TRIANGULAR and node.inputs[0] is factor
    return solves and node.attr("lower") and node.attr("transpose") is transposed


def _of_solution(term: Tensor, factor: Tensor) -> tuple[float | Tensor, Tensor] | None:
    """(c, x) of a term L^-T (c x) x^T with x = L^-1 b."""
    if term.op is not CONTRACT:
        return None
    sides = list(zip(term.inputs, (term.attr("left"), term.attr("right"))))
    for (pulled, left), (x, right) in (sides, sides[::-1]):
        outer = left[1] == right[1] and (left[0], right[0]) == term.attr("out")
        if outer and _solution(pulled, factor, True) and _solution(x, factor, False):
            scale = _multiple(pulled.inputs[1], x)
            return None if scale is None else (scale, x)
    return None


# --------------------------------------------------------------------------------------------------------------- rules
@rewriter(ops=[CHOLESKY_PULLBACK], accuracy="better", kinds="f")
def pullback_of_density(node: Tensor) -> Tensor | None:
    """Terms of log(det(K)) and of y K^-1 y need no product of whole matrices, and round less without."""
    factor, cotangent = node.inputs
    total: Tensor | None = None
    for scale, term in _terms(cotangent):
        on_diagonal = _on_diagonal(term, factor)
        if on_diagonal is not None:
            part = scale * on_diagonal * 0.5 * CHOLESKY_INVERSE(factor)
        elif (found := _of_solution(term, factor)) is not None:
            alpha = SOLVE_TRIANGULAR(factor, found[1], lower=True, transpose=True)
            outer = alpha * transpose(alpha) if alpha.shape[1] == 1 else matmul(alpha, transpose(alpha))
            part = scale * found[0] * 0.5 * outer
        else:
            return None
        total = part if total is None else total + part
    return total


@rewriter(ops=[CHOLESKY_PULLBACK])
def pullback_of_triangle(node: Tensor) -> Tensor | None:
    """The upper triangle is not read: nobody needs to clear it."""
    lower = _masked(node.inputs[1], greater_equal)
    return None if lower is None else CHOLESKY_PULLBACK(node.inputs[0], lower)


RULES = collect(globals())
