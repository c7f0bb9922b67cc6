"""Equations: ``root`` by Newton's method, ``fixed_point`` by iteration."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from symtensor.grad.reverse import pull
from symtensor.ir.graph import substitute
from symtensor.ir.node import Tensor, new_leaf
from symtensor.ops.branches import while_loop
from symtensor.ops.declare import INPUT
from symtensor.ops.elementwise import logical_not
from symtensor.ops.implicit import norm_of, rows_of, solve_dense, tolerance
from symtensor.ops.slicing import zeros_of
from symtensor.solvers.states import Nest, Traced, as_scalar, checked_steps

SHORTEST = 1e-4
"""Part of a Newton step below which it is not shortened any more."""


class Solution(NamedTuple):
    """What an equation was solved by.

    Attributes:
        x: the solution, nested as the start; differentiable.
        steps: int64 scalar, how many steps were taken.
        residual: scalar, the largest magnitude by which the equation is missed.
        converged: bool scalar, whether that is within the tolerance.
    """

    x: Any
    steps: Tensor
    residual: Tensor
    converged: Tensor


def jacobian(outputs: Tensor, leaf: Tensor) -> Callable[[Tensor], Tensor]:
    """The derivative of a vector in a vector of the same size, as a function of the place."""
    u = new_leaf(INPUT, outputs.type, name="u")
    (pulled,) = pull([outputs], [u], [leaf])
    if pulled is None:
        pulled = zeros_of(leaf.shape, leaf.dtype)
    return lambda x: rows_of(lambda row: substitute([pulled], {u: row, leaf: x})[0], x)


def root(
    fn: Callable[..., Any], x0: Any, args: Sequence[Any] = (), *, tol: Any = None, max_steps: int = 100
) -> Solution:
    """Solve ``fn(x, *args) = 0`` by Newton's method with a line search.

    Derivatives of the solution, of any order, are those of the implicit function theorem; none flows into ``x0``.

    Args:
        fn: returns as many values as x has, nested and shaped like x; may use outer tensors directly.
        x0: where to start: an array, or arrays nested in tuples, lists and dicts (a list of numbers is an array).
        args: passed on to ``fn``.
        tol: largest magnitude of ``fn`` that counts as zero; by default ``eps**(2/3)`` (3.7e-11 for float64).
        max_steps: limit of steps.

    Returns:
        The solution, and whether it is one.

    Raises:
        ShapeError: if ``fn`` returns other shapes than x has.

    >>> import symtensor as st
    >>> a = st.scalar("a")
    >>> x = st.root(lambda x: x**2 - a, 1.0).x
    >>> st.compile([x, st.grad(x, a)], [a], target="numpy")(4.0)
    [array(2.), array(0.25)]
    """
    nest = Nest("root", x0)
    limit = checked_steps("root", max_steps)
    bound = as_scalar(tolerance(nest.dtype) if tol is None else tol, nest.dtype)
    traced = Traced(lambda x: [nest.join(fn(nest.split(x), *args))], nest.vector)
    derivative = jacobian(traced.outputs[0], traced.leaf)

    def step(x: Tensor, value: Tensor, steps: Tensor) -> tuple[Any, ...]:
        whole = solve_dense(derivative(x), value)
        size = norm_of(value)

        def shorter(part: Tensor, x_new: Tensor, value_new: Tensor) -> tuple[Any, ...]:
            return part / 2, x - part / 2 * whole, traced(x - part / 2 * whole)[0]

        def too_long(part: Tensor, x_new: Tensor, value_new: Tensor) -> Tensor:
            return logical_not(norm_of(value_new) <= (1 - SHORTEST * part) * size) & (part > SHORTEST)

        one = as_scalar(1.0, nest.dtype)
        _, x, value = while_loop(too_long, shorter, (one, x - whole, traced(x - whole)[0]))
        return x, value, steps + 1

    start = nest.vector
    x, value, steps = while_loop(
        lambda x, value, steps: (norm_of(value) > bound) & (steps < limit), step, (start, traced(start)[0], 0)
    )
    found = traced.defines(x, traced.outputs[0], "dense")
    residual = norm_of(value)
    return Solution(nest.split(found), steps, residual, residual <= bound)


def fixed_point(
    fn: Callable[..., Any], x0: Any, args: Sequence[Any] = (), *, tol: Any = None, max_steps: int = 1000
) -> Solution:
    """Solve ``x = fn(x, *args)`` by repeating ``fn``, which must be a contraction near the solution.

    Derivatives of the solution, of any order, are those of the implicit function theorem, found by iterations of the
    same speed without any matrix; none flows into ``x0``.

    Args:
        fn: returns the next x, nested and shaped like x; may use outer tensors directly.
        x0: where to start: an array, or arrays nested in tuples, lists and dicts (a list of numbers is an array).
        args: passed on to ``fn``.
        tol: largest magnitude of ``fn(x) - x`` that counts as zero; by default ``eps**(2/3)``.
        max_steps: limit of steps.

    Returns:
        The solution, and whether it is one.

    Raises:
        ShapeError: if ``fn`` returns other shapes than x has.

    >>> import symtensor as st
    >>> a = st.scalar("a")
    >>> solution = st.fixed_point(lambda x: st.cos(a * x), 1.0)
    >>> x, converged = st.compile([solution.x, solution.converged], [a], target="numpy")(1.0)
    >>> round(float(x), 6), bool(converged)
    (0.739085, True)
    """
    nest = Nest("fixed_point", x0)
    limit = checked_steps("fixed_point", max_steps)
    bound = as_scalar(tolerance(nest.dtype) if tol is None else tol, nest.dtype)
    traced = Traced(lambda x: [nest.join(fn(nest.split(x), *args))], nest.vector)
    start = nest.vector
    x, following, steps = while_loop(
        lambda x, following, steps: logical_not(norm_of(following - x) <= bound) & (steps < limit),
        lambda x, following, steps: (following, traced(following)[0], steps + 1),
        (start, traced(start)[0], 0),
    )
    found = traced.defines(x, traced.outputs[0] - traced.leaf, "iterate")
    residual = norm_of(following - x)
    return Solution(nest.split(found), steps, residual, residual <= bound)
