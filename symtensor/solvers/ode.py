"""Ordinary differential equations: ``odeint`` with fixed steps (RK4) and steps chosen by an error (Dormand-Prince).

Both are differentiated step by step (discretise, then optimise): the derivative is that of the numbers that were
computed, exact to rounding, with the step sizes held constant.

References: Dormand and Prince, A family of embedded Runge-Kutta formulae (1980); Hairer, Norsett and Wanner, Solving
Ordinary Differential Equations I (1993), sections II.4 (step sizes), II.6 (dense output).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.ir.graph import substitute
from symtensor.ir.node import Tensor, TensorType, caller_sites, describe, new_leaf
from symtensor.ops.branches import fori_loop, while_loop
from symtensor.ops.declare import INPUT, as_tensor, cast, constant
from symtensor.ops.elementwise import absolute, clip, maximum, minimum, not_equal, sign, stop_gradient, where
from symtensor.ops.functions import power, sqrt
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import expand_dims
from symtensor.ops.reduction import all as all_of
from symtensor.ops.reduction import mean
from symtensor.ops.reduction import sum as total
from symtensor.ops.scan import scan
from symtensor.solvers.states import Nest, as_scalar, checked_steps

Field = Callable[[Tensor, Tensor], Tensor]

# Dormand and Prince's pair: nodes, stages (the last of which are the weights of order 5), what the error weighs.
NODES = (0, 1 / 5, 3 / 10, 4 / 5, 8 / 9, 1, 1)
STAGES = (
    (),
    (1 / 5,),
    (3 / 40, 9 / 40),
    (44 / 45, -56 / 15, 32 / 9),
    (19372 / 6561, -25360 / 2187, 64448 / 6561, -212 / 729),
    (9017 / 3168, -355 / 33, 46732 / 5247, 49 / 176, -5103 / 18656),
    (35 / 384, 0, 500 / 1113, 125 / 192, -2187 / 6784, 11 / 84),
)
ERROR = (71 / 57600, 0, -71 / 16695, 71 / 1920, -17253 / 339200, 22 / 525, -1 / 40)
DENSE = (
    -12715105075 / 11282082432,
    0,
    87487479700 / 32700410799,
    -10690763975 / 1880347072,
    701980252875 / 199316789632,
    -1453857185 / 822651844,
    69997945 / 29380423,
)
"""Weights of the fifth term of the interpolant (Hairer's ``contd5``)."""

SAFETY, SMALLEST, LARGEST = 0.9, 0.2, 10.0


class Trajectory(NamedTuple):
    """Solution of a differential equation.

    Attributes:
        y: the states at the given times, stacked along a new first axis; differentiable.  Not a number at times that
            were not reached.
        steps: int64 scalar, how many steps were tried.
        converged: bool scalar, whether all times were reached.
    """

    y: Any
    steps: Tensor
    converged: Tensor


def _weighted(weights: Sequence[float], slopes: Sequence[Tensor]) -> Tensor:
    """A linear combination, without the terms of weight 0."""
    terms = [w * k for w, k in zip(weights, slopes) if w]
    result = terms[0]
    for term in terms[1:]:
        result = result + term
    return result


# ------------------------------------------------------------------------------------------------------ fixed steps
def _rk4_step(field: Field, y: Tensor, t: Tensor, h: Tensor) -> Tensor:
    k1 = field(y, t)
    k2 = field(y + h / 2 * k1, t + h / 2)
    k3 = field(y + h / 2 * k2, t + h / 2)
    k4 = field(y + h * k3, t + h)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def _rk4(field: Field, y0: Tensor, t: Tensor, substeps: int) -> tuple[Tensor, Tensor, Tensor]:
    """The states after the first time, the number of steps, and that all times are reached."""

    def interval(start: Tensor, stop: Tensor, y: Tensor) -> Tensor:
        h = (stop - start) / substeps
        if substeps == 1:
            return _rk4_step(field, y, start, h)
        return fori_loop(0, substeps, lambda i, y: _rk4_step(field, y, start + cast(i, h.dtype) * h, h), y)

    rows, _ = scan(interval, sequences=[t[:-1], t[1:]], outputs_info=y0)
    return rows, as_tensor((t.shape[0] - 1) * substeps), constant(True)


# --------------------------------------------------------------------------------------------------- adaptive steps
class _Control:
    """Errors and step sizes: what does not take part in derivatives."""

    def __init__(self, rtol: Tensor, atol: Tensor, forward: Tensor) -> None:
        self.rtol, self.atol, self.forward = rtol, atol, forward

    def _size(self, x: Tensor, scale: Tensor) -> Tensor:
        return sqrt(mean((x / scale) ** 2))

    def first(self, field: Field, y: Tensor, t: Tensor, slope: Tensor) -> Tensor:
        """A first step size, by the sizes of the state and of its first two derivatives (Hairer, II.4)."""
        y, t, slope = stop_gradient(y), stop_gradient(t), stop_gradient(slope)
        scale = self.atol + self.rtol * absolute(y)
        d0, d1 = self._size(y, scale), self._size(slope, scale)
        h0 = where((d0 < 1e-5) | (d1 < 1e-5), 1e-6, 0.01 * d0 / where(d1 > 0, d1, 1)) * self.forward
        d2 = self._size(field(y + h0 * slope, t + h0) - slope, scale) / absolute(h0)
        steepest = maximum(d1, d2)
        h1 = where(steepest <= 1e-15, maximum(1e-6, absolute(h0) * 1e-3), power(0.01 / steepest, 1 / 5))
        return stop_gradient(minimum(100 * absolute(h0), h1) * self.forward)

    def error(self, y: Tensor, y_new: Tensor, difference: Tensor) -> Tensor:
        """The estimated error of a step, 1 being just allowed."""
        y, y_new, difference = stop_gradient(y), stop_gradient(y_new), stop_gradient(difference)
        return self._size(difference, self.atol + self.rtol * maximum(absolute(y), absolute(y_new)))

    def factor(self, error: Tensor) -> Tensor:
        """By what the next step is longer; an error that is not a number makes it shorter."""
        wanted = SAFETY * power(maximum(error, 1e-10), -1 / 5)
        return where(error >= 0, clip(wanted, SMALLEST, LARGEST), SMALLEST)


def _dopri5(
    field: Field, y0: Tensor, t: Tensor, rtol: Tensor, atol: Tensor, max_steps: int
) -> tuple[Tensor, Tensor, Tensor]:
    """The states after the first time, the number of steps, and whether all times are reached."""
    control = _Control(rtol, atol, sign(stop_gradient(t[-1] - t[0])))

    def step(y: Tensor, slope: Tensor, now: Tensor, h: Tensor, last: Tensor, tried: Tensor, *old: Tensor) -> Any:
        slopes = [slope]
        for node, stage in zip(NODES[1:], STAGES[1:]):
            y_new = y + h * _weighted(stage, slopes)
            slopes.append(field(y_new, now + node * h))
        error = control.error(y, y_new, h * _weighted(ERROR, slopes))
        accepted = error <= 1
        rise = y_new - y
        bend = h * slope - rise
        terms = (y, rise, bend, rise - h * slopes[-1] - bend, h * _weighted(DENSE, slopes))
        kept = [where(accepted, new, before) for new, before in zip(terms, old)]
        return (
            where(accepted, y_new, y),
            where(accepted, slopes[-1], slope),
            where(accepted, now + h, now),
            h * control.factor(error),
            where(accepted, h, last),
            tried + 1,
            *kept,
        )

    def reach(target: Tensor, *state: Tensor) -> tuple[Any, ...]:
        def short_of(
            y: Tensor, slope: Tensor, now: Tensor, h: Tensor, last: Tensor, tried: Tensor, *old: Tensor
        ) -> Tensor:
            moves = not_equal(now + h, now)
            return (control.forward * (target - now) > 0) & (tried < max_steps) & moves

        fresh = (*state[:5], constant(0), *state[5:])
        y, slope, now, h, last, tried, *terms = while_loop(short_of, step, fresh, max_steps=max_steps)
        place = 1 - (now - target) / last
        c1, c2, c3, c4, c5 = terms
        at_target = c1 + place * (c2 + (1 - place) * (c3 + place * (c4 + (1 - place) * c5)))
        reached = control.forward * (target - now) <= 0
        value = where(reached, at_target, float("nan"))
        return value, tried, reached, y, slope, now, h, last, *terms

    start = t[0]
    slope = field(y0, start)
    h = control.first(field, y0, start, slope)
    nothing = y0 * 0
    begin = (y0, slope, start, h, as_scalar(1.0, y0.dtype), y0, nothing, nothing, nothing, nothing)
    (rows, tried, reached, *_), _ = scan(reach, sequences=t[1:], outputs_info=[None, None, None, *begin])
    return rows, total(tried), all_of(reached)


# ----------------------------------------------------------------------------------------------------------- odeint
def odeint(
    fn: Callable[..., Any],
    y0: Any,
    t: Any,
    args: Sequence[Any] = (),
    *,
    method: str = "dopri5",
    rtol: Any = 1e-6,
    atol: Any = 1e-8,
    substeps: int = 1,
    max_steps: int = 1000,
) -> Trajectory:
    """Solve ``dy/dt = fn(y, t, *args)`` from ``y(t[0]) = y0``, as SciPy's ``odeint``.

    Derivatives, of any order, are those of the computed numbers with the steps held constant.

    Args:
        fn: returns the slope, nested and shaped like y; may use outer tensors directly.
        y0: state at the first time: an array, or arrays nested in tuples, lists and dicts (a list of numbers is one).
        t: vector of times, all rising or all falling; a step may go beyond the last.
        args: passed on to ``fn``.
        method: ``"dopri5"``, steps chosen by the error, results in between by interpolation of order 4; or ``"rk4"``,
            the classical method of order 4 with the same number of steps between any two times.
        rtol: allowed error of a step relative to the state, for ``"dopri5"``.
        atol: allowed error of a step, for ``"dopri5"``.
        substeps: steps between two times, for ``"rk4"``.
        max_steps: limit of the steps between two times, for ``"dopri5"``.

    Returns:
        The states at all times, and whether all times were reached.

    Raises:
        ShapeError: if ``t`` is no vector, or ``fn`` returns other shapes than y has.
        ValueError: for an unknown method.

    >>> import symtensor as st
    >>> rate = st.scalar("rate")
    >>> y = st.odeint(lambda y, t: -rate * y, 1.0, [0.0, 1.0, 2.0]).y
    >>> st.compile(y, [rate], target="numpy")(1.0).round(5)
    array([1.     , 0.36788, 0.13534])
    """
    if method not in ("dopri5", "rk4"):
        raise ValueError(f"odeint has no method {method!r}\n  hint: one of dopri5, rk4")
    nest = Nest("odeint", y0)
    times = cast(as_tensor(t), nest.dtype)
    if times.ndim != 1:
        raise ShapeError(located(f"odeint: the times must be a vector, not {describe(times)}", caller_sites()))
    field = _field(fn, nest, args)
    if method == "rk4":
        found = _rk4(field, nest.vector, times, checked_steps("odeint", substeps, "substeps"))
    else:
        bounds = as_scalar(rtol, nest.dtype), as_scalar(atol, nest.dtype)
        found = _dopri5(field, nest.vector, times, *bounds, checked_steps("odeint", max_steps))
    rows, steps, converged = found
    states = concatenate([expand_dims(nest.vector, 0), rows])
    return Trajectory(nest.split_rows(states), steps, converged)


def _field(fn: Callable[..., Any], nest: Nest, args: Sequence[Any]) -> Field:
    """The function over vectors, traced once."""
    y = new_leaf(INPUT, nest.vector.type, name="y")
    t = new_leaf(INPUT, TensorType(np.dtype(nest.dtype), ()), name="t")
    slope = nest.join(fn(nest.split(y), t, *args))
    return lambda y_here, t_here: substitute([slope], {y: y_here, t: t_here})[0]
