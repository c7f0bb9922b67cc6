"""Minima: ``minimize`` by Newton's method and by quasi-Newton methods with full (BFGS) or limited memory (L-BFGS).

All share one loop: a direction, a search along it, an update of what the method remembers.

Reference: Nocedal and Wright, Numerical Optimization (2006), chapters 3, 6 and 7.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.grad.reverse import grad
from symtensor.ir.node import Tensor, caller_sites
from symtensor.ops.branches import while_loop
from symtensor.ops.contraction import dot, outer
from symtensor.ops.creation import eye, full, zeros
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import absolute, logical_not, minimum, where
from symtensor.ops.implicit import norm_of, solve_dense, tolerance
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import expand_dims
from symtensor.ops.scan import reduce, scan
from symtensor.solvers.roots import jacobian
from symtensor.solvers.states import Nest, Traced, as_scalar, checked_steps

ENOUGH = 1e-4
"""Part of the decrease that the slope promises which a step must bring (Armijo's condition)."""

SHORTEST = 1e-14
"""Part of a direction below which the search along it gives up."""

MEMORY = 10
"""Pairs of steps that L-BFGS remembers."""


class Minimum(NamedTuple):
    """What a function was minimised by.

    Attributes:
        x: the minimum, nested as the start; differentiable.
        value: scalar, the function there; differentiable.
        steps: int64 scalar, how many steps were taken.
        residual: scalar, the largest magnitude in the gradient.
        converged: bool scalar, whether that is within the tolerance.
    """

    x: Any
    value: Tensor
    steps: Tensor
    residual: Tensor
    converged: Tensor


# -------------------------------------------------------------------------------------------------------- methods
class Method(Protocol):
    """How a direction is found.

    Attributes:
        adjoint: how the equation of the derivatives is solved, see ``symtensor.ops.implicit``.
    """

    adjoint: str

    def start(self, x: Tensor) -> list[Tensor]:
        """What is remembered before the first step."""
        ...

    def direction(self, memory: Sequence[Tensor], x: Tensor, slope: Tensor) -> Tensor:
        """The direction at x, where the gradient is ``slope``."""
        ...

    def learn(self, memory: Sequence[Tensor], step: Tensor, change: Tensor) -> list[Tensor]:
        """What is remembered after a step that changed the gradient."""
        ...


class Newton:
    """Newton's method: the Hessian, anew in each step."""

    adjoint = "dense"

    def __init__(self, hessian: Callable[[Tensor], Tensor]) -> None:
        self._hessian = hessian

    def start(self, x: Tensor) -> list[Tensor]:
        """Nothing."""
        return []

    def direction(self, memory: Sequence[Tensor], x: Tensor, slope: Tensor) -> Tensor:
        """To the stationary point of the quadratic model."""
        return -solve_dense(self._hessian(x), slope)

    def learn(self, memory: Sequence[Tensor], step: Tensor, change: Tensor) -> list[Tensor]:
        """Nothing."""
        return []


def _curved(step: Tensor, change: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Whether the function curves upwards along a step, the product with the change of the gradient, its inverse."""
    product = dot(step, change)
    usable = product > float(np.finfo(step.dtype).eps) * dot(change, change)
    return usable, product, 1 / where(usable, product, 1)


class Bfgs:
    """Broyden, Fletcher, Goldfarb, Shanno (1970): an approximation of the inverse Hessian."""

    adjoint = "dense"

    def start(self, x: Tensor) -> list[Tensor]:
        """The unit matrix, and that nothing is known yet."""
        return [eye(x.shape[0], dtype=x.dtype), as_tensor(False)]

    def direction(self, memory: Sequence[Tensor], x: Tensor, slope: Tensor) -> Tensor:
        """The gradient times the matrix."""
        return -dot(memory[0], slope)

    def learn(self, memory: Sequence[Tensor], step: Tensor, change: Tensor) -> list[Tensor]:
        """The update of rank two, before which the first matrix is scaled to the curvature seen."""
        matrix, known = memory
        usable, product, inverse = _curved(step, change)
        square = dot(change, change)
        scaled = where(known, matrix, matrix * where(usable, product / where(square > 0, square, 1), 1))
        image = dot(scaled, change)
        mixed = outer(image, step)
        new = scaled + inverse * ((1 + inverse * dot(change, image)) * outer(step, step) - mixed - mixed.T)
        return [where(usable, new, matrix), known | usable]


class Lbfgs:
    """Limited memory (Nocedal 1980): the last steps and changes of the gradient in place of a matrix."""

    adjoint = "symmetric"

    def start(self, x: Tensor) -> list[Tensor]:
        """No steps: rows of zeros have no effect."""
        rows = (MEMORY, x.shape[0])
        return [zeros(rows, x.dtype), zeros(rows, x.dtype), zeros(MEMORY, x.dtype), full((), 1, x.dtype)]

    def direction(self, memory: Sequence[Tensor], x: Tensor, slope: Tensor) -> Tensor:
        """The recursion of two loops over the rows, the last of which are the newest."""
        steps, changes, inverses, scale = memory

        def down(step: Tensor, change: Tensor, inverse: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
            weight = inverse * dot(step, rest)
            return weight, rest - weight * change

        (weights, rests), _ = scan(
            down, sequences=[steps, changes, inverses], outputs_info=[None, slope], go_backwards=True
        )
        found, _ = reduce(
            lambda step, change, inverse, weight, rest: rest + step * (weight - inverse * dot(change, rest)),
            [steps, changes, inverses, weights[::-1]],
            rests[-1] * scale,
        )
        return -found

    def learn(self, memory: Sequence[Tensor], step: Tensor, change: Tensor) -> list[Tensor]:
        """The oldest row makes place for a step along which the function curves upwards."""
        steps, changes, inverses, scale = memory
        usable, product, inverse = _curved(step, change)
        square = dot(change, change)

        def shifted(rows: Tensor, row: Tensor) -> Tensor:
            return where(usable, concatenate([rows[1:], expand_dims(row, 0)]), rows)

        newest = where(usable, product / where(square > 0, square, 1), scale)
        return [shifted(steps, step), shifted(changes, change), shifted(inverses, inverse), newest]


METHODS = ("newton", "bfgs", "lbfgs")


# ----------------------------------------------------------------------------------------------------------- search
def _searched(traced: Traced, x: Tensor, value: Tensor, slope: Tensor, along: Tensor, first: Tensor) -> list[Tensor]:
    """Halve a step until the function falls enough: the part of the direction taken, new x, value and gradient."""
    promised = dot(slope, along)
    rounding = 100 * float(np.finfo(value.dtype).eps) * absolute(value)

    def place(part: Tensor) -> tuple[Any, ...]:
        new = x + part * along
        return part, new, *traced(new)

    def too_long(part: Tensor, x_new: Tensor, value_new: Tensor, slope_new: Tensor) -> Tensor:
        falls = value_new <= value + ENOUGH * part * promised
        # Near the minimum the fall is lost in rounding; there the slope decides (Hager and Zhang 2005).
        flat = (value_new <= value + rounding) & (dot(slope_new, along) <= (2 * ENOUGH - 1) * promised)
        return logical_not(falls | flat) & (part > SHORTEST)

    return list(while_loop(too_long, lambda part, *rest: place(part / 2), place(first)))


def minimize(
    fn: Callable[..., Any],
    x0: Any,
    args: Sequence[Any] = (),
    *,
    method: str = "bfgs",
    tol: Any = None,
    max_steps: int = 1000,
) -> Minimum:
    """Find a local minimum of ``fn(x, *args)``.

    Derivatives of the minimum, of any order, are those of the implicit function theorem for a gradient of zero (with
    conjugate gradients in place of a matrix for ``"lbfgs"``); none flows into ``x0``.

    Args:
        fn: returns a scalar; may use outer tensors directly.
        x0: where to start: an array, or arrays nested in tuples, lists and dicts (a list of numbers is an array).
        args: passed on to ``fn``.
        method: ``"newton"`` (few steps, each with a Hessian), ``"bfgs"`` (a matrix of the size of the Hessian) or
            ``"lbfgs"`` (a few vectors).
        tol: largest magnitude in the gradient that counts as zero; by default ``eps**(2/3)`` (3.7e-11 for float64).
        max_steps: limit of steps.

    Returns:
        The minimum, and whether it is one.

    Raises:
        ShapeError: if ``fn`` returns no scalar.
        ValueError: for an unknown method.

    >>> import symtensor as st
    >>> a = st.vector("a")
    >>> found = st.minimize(lambda x: ((x - a) ** 2).sum(), st.zeros_like(a))
    >>> st.compile([found.x, found.converged], [a], target="numpy")([1.0, 2.0])
    [array([1., 2.]), array(True)]
    """
    if method not in METHODS:
        raise ValueError(f"minimize has no method {method!r}\n  hint: one of {', '.join(METHODS)}")
    nest = Nest("minimize", x0)
    limit = checked_steps("minimize", max_steps)
    bound = as_scalar(tolerance(nest.dtype) if tol is None else tol, nest.dtype)

    def value_and_gradient(x: Tensor) -> list[Tensor]:
        value = as_tensor(fn(nest.split(x), *args))
        if value.ndim:
            message = f"minimize: the function must return a scalar, not {value.type}"
            raise ShapeError(located(message, caller_sites(), "sum it"))
        value = cast(value, nest.dtype)
        return [value, grad(value, x, disconnected_inputs="ignore")]

    traced = Traced(value_and_gradient, nest.vector)
    how = _method(method, traced)

    def step(x: Tensor, value: Tensor, slope: Tensor, moved: Tensor, steps: Tensor, *memory: Tensor) -> tuple[Any, ...]:
        proposed = how.direction(memory, x, slope)
        falls = dot(slope, proposed) < 0
        along = where(falls, proposed, -slope)
        # Nothing is known about the scale of the first step of a quasi-Newton method, nor of one along the gradient.
        careful = logical_not(falls) if method == "newton" else logical_not(falls) | (steps < 1)
        first = where(careful, minimum(1, 1 / norm_of(slope)), 1)
        part, x_new, value_new, slope_new = _searched(traced, x, value, slope, along, first)
        learnt = how.learn(memory, x_new - x, slope_new - slope)
        return x_new, value_new, slope_new, part > SHORTEST, steps + 1, *learnt

    def unfinished(x: Tensor, value: Tensor, slope: Tensor, moved: Tensor, steps: Tensor, *memory: Tensor) -> Tensor:
        return logical_not(norm_of(slope) <= bound) & moved & (steps < limit)

    start = nest.vector
    begin = (start, *traced(start), as_tensor(True), 0, *how.start(start))
    x, _, slope, _, steps = while_loop(unfinished, step, begin)[:5]
    found = traced.defines(x, traced.outputs[1], how.adjoint)
    residual = norm_of(slope)
    return Minimum(nest.split(found), traced(found)[0], steps, residual, residual <= bound)


def _method(name: str, traced: Traced) -> Method:
    if name == "newton":
        return Newton(jacobian(traced.outputs[1], traced.leaf))
    return Bfgs() if name == "bfgs" else Lbfgs()
