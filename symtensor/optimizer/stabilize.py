"""Rules that keep digits, or the range, that an expression as written would lose.

Left sides are in canonical form (see ``canonicalize``): squares are ``square(x)``, signs stand outside.  Rules meet the
results of others, since a graph is rewritten bottom-up: ``log(1 + exp(x))`` becomes ``log1p(exp(x))``, then
``softplus(x)``.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect, scalar_value
from symtensor.ops.elementwise import absolute, greater, greater_equal, less, maximum, minimum, square, where
from symtensor.ops.functions import (
    cos,
    cosh,
    exp,
    expit,
    expm1,
    log,
    log1p,
    log_expit,
    logaddexp,
    power,
    sin,
    sinh,
    softplus,
    sqrt,
    tanh,
)

rule = partial(pattern.rule, accuracy="better", kinds="f", stage="stabilise")

NAN = math.nan
LN2 = math.log(2)


# -------------------------------------------------------------------------------------------------- near one, near zero
@rule()
def log_of_one_plus(x: Wild) -> Sides:
    """Adding 1 first would round a small x away."""
    return log(1 + x), log1p(x)


@rule()
def log_of_one_minus(x: Wild) -> Sides:
    """Subtracting from 1 first would round a small x away."""
    return log(1 - x), log1p(-x)


@rule()
def exp_minus_one(x: Wild) -> Sides:
    """Near 0 the exponential is almost 1."""
    return exp(x) - 1, expm1(x)


@rule()
def one_minus_exp(x: Wild) -> Sides:
    """Near 0 the exponential is almost 1."""
    return 1 - exp(x), -expm1(x)


@rule()
def expm1_plus_one(x: Wild) -> Sides:
    """For a very negative x adding 1 leaves 0."""
    return expm1(x) + 1, exp(x)


@rule()
def one_minus_cos(x: Wild) -> Sides:
    """Near 0 the cosine is almost 1."""
    return 1 - cos(x), 2 * square(sin(x * 0.5))


@rule()
def one_minus_square(x: Wild) -> Sides:
    """Near 1 the square has lost the digits that the difference is made of."""
    # A hyperbolic tangent near 1 has lost them itself: nothing would be gained.
    return 1 - square(x), (1 - x) * (1 + x), lambda x: x.op is not tanh


@rule()
def square_of_one_plus_minus_one(x: Wild) -> Sides:
    """Adding 1 first would round a small x away."""
    return square(1 + x) - 1, x * (x + 2)


@rule()
def difference_of_square_roots(x: Wild, c: Const) -> Sides:
    """Close roots cancel; their sum does not."""
    return sqrt(x + c) - sqrt(x), c / (sqrt(x + c) + sqrt(x)), lambda c: 0 < scalar_value(c) < math.inf


@rule()
def difference_of_reciprocals(x: Wild) -> Sides:
    """Close quotients cancel; their product does not."""
    return 1 / (x + 1) - 1 / x, -((1 / x) / (x + 1))


@rule()
def sqrt_of_one_plus_minus_one(x: Wild) -> Sides:
    """Near 0 the root is almost 1."""
    # Written so that inf stays inf, and what has no root stays NaN.
    return sqrt(1 + x) - 1, where(less(x, math.inf), x / (1 + sqrt(1 + x)), x)


# ---------------------------------------------------------------------------------------------------- sigmoid family
def is_power_of_two(c: Tensor) -> bool:
    """Whether multiplying by a positive scalar constant is exact, barring underflow."""
    return math.frexp(scalar_value(c))[0] == 0.5


@rule()
def sigmoid(x: Wild, c: Const) -> Sides:
    """The exponential overflows for a very negative x, where the quotient is small but not 0."""
    return [
        (1 / (1 + exp(x)), expit(-x)),
        (c / (1 + exp(x)), c * expit(-x), lambda c: math.frexp(scalar_value(c))[0] == 0.5),
    ]


@rule()
def sigmoid_from_exp(x: Wild) -> Sides:
    """Both exponentials overflow for a large x."""
    return exp(x) / (1 + exp(x)), expit(x)


@rule()
def one_minus_sigmoid(x: Wild) -> Sides:
    """For a large x the sigmoid is almost 1."""
    return 1 - expit(x), expit(-x)


@rule()
def log_of_sigmoid(x: Wild) -> Sides:
    """For a very negative x the sigmoid underflows."""
    return log(expit(x)), log_expit(x)


@rule()
def softplus_from_exp(x: Wild) -> Sides:
    """The exponential overflows for a large x."""
    return log1p(exp(x)), softplus(x)


@rule()
def tanh_from_exp(x: Wild) -> Sides:
    """Near 0 the exponentials cancel, far from it they overflow."""
    return (exp(x) - exp(-x)) / (exp(x) + exp(-x)), tanh(x)


@rule()
def tanh_from_sigmoid(x: Wild) -> Sides:
    """Near 0 twice the sigmoid is almost 1."""
    return 2 * expit(x) - 1, tanh(x * 0.5)


@rule()
def sinh_from_exp(x: Wild) -> Sides:
    """Near 0 the exponentials cancel."""
    return [((exp(x) - exp(-x)) / 2, sinh(x)), ((exp(x) - exp(-x)) * 0.5, sinh(x))]


@rule()
def cosh_from_exp(x: Wild) -> Sides:
    """The sum of the exponentials overflows before its half does."""
    return [((exp(x) + exp(-x)) / 2, cosh(x)), ((exp(x) + exp(-x)) * 0.5, cosh(x))]


# ------------------------------------------------------------------------------------------- logarithms, exponentials
@rule()
def log_of_exp(x: Wild) -> Sides:
    """The exponential overflows, or underflows."""
    return log(exp(x)), x


@rule()
def exp_of_log(x: Wild) -> Sides:
    """The rounding of the logarithm grows with its size."""
    return exp(log(x)), where(greater_equal(x, 0), x, NAN)


@rule()
def reciprocal_of_exp(x: Wild) -> Sides:
    """The exponential overflows before its reciprocal underflows."""
    return 1 / exp(x), exp(-x)


@rule()
def log_of_sqrt(x: Wild) -> Sides:
    """A root near 1 has lost half of the digits that its logarithm is made of."""
    return log(sqrt(x)), log(x) * 0.5


@rule()
def log_of_square(x: Wild) -> Sides:
    """The square overflows, or underflows, or is almost 1."""
    return log(square(x)), 2 * log(absolute(x))


@rule()
def log_of_cube(x: Wild) -> Sides:
    """The third power overflows, or underflows, or is almost 1."""
    return log(square(x) * x), 3 * log(x)


def _is_even(c: Tensor) -> bool:
    return scalar_value(c) % 2 == 0 and abs(scalar_value(c)) >= 2


def _is_odd(c: Tensor) -> bool:
    return scalar_value(c) % 2 == 1 and scalar_value(c) >= 3


@rule()
def log_of_power(x: Wild, c: Const) -> Sides:
    """The power overflows, or underflows, or is almost 1."""
    return [(log(power(x, c)), c * log(absolute(x)), _is_even), (log(power(x, c)), c * log(x), _is_odd)]


@rule()
def log_of_sum_of_exps(x: Wild, y: Wild) -> Sides:
    """The exponentials overflow, or underflow."""
    return log(exp(x) + exp(y)), logaddexp(x, y)


@rule()
def slope_of_logaddexp(x: Wild, y: Wild) -> Sides:
    """The rounding of the sum grows with its size, that of the difference does not."""
    return exp(x - logaddexp(x, y)), expit(x - y)


@rule()
def difference_of_logs(x: Wild) -> Sides:
    """Close logarithms cancel; but the reciprocal of a tiny number overflows."""
    near = minimum(x, 1)
    return (
        log1p(x) - log(x),
        where(greater(x, 1), log1p(1 / maximum(x, 1)), log1p(near) - log(near)),
        _is_unbounded,
    )


@rule()
def log_of_quotient(x: Wild, c: Const) -> Sides:
    """The quotient overflows, or underflows."""
    return log(c / x), _log_of_quotient, lambda x, c: 0 < scalar_value(c) < math.inf and x.op is not where


def _log_of_quotient(x: Tensor, c: Tensor) -> Tensor:
    quotient = c / x
    # Negative numbers keep the quotient, also where it is -inf (of -0.0) or -0.0 (of -inf).
    negative = less(quotient, 0) | less(x, 0)
    normal = (greater(quotient, np.finfo(x.dtype).tiny.item()) & less(quotient, math.inf)) | negative
    return where(normal, log(c / where(normal, x, c)), log(c) - log(x))


@rule()
def log_of_one_minus_exp(x: Wild) -> Sides:
    """Near 0 the exponential is almost 1, far below it 1 minus the exponential is [1]_.

    .. [1] Maechler, Accurately computing log(1 - exp(-|a|)) (2012).
    """
    # The bounds inside keep the slope of the branch that is not taken finite; and they end the rewriting.
    stable = where(less(x, -LN2), log1p(-exp(minimum(x, -LN2))), log(-expm1(maximum(x, -LN2))))
    return [(log1p(-exp(x)), stable, _is_unbounded), (log(-expm1(x)), stable, _is_unbounded)]


@rule()
def log_of_expm1(x: Wild) -> Sides:
    """The exponential overflows for a large x, where its logarithm is x."""
    bound = 40.0  # exp(-40) is less than half an ulp of 40
    return log(expm1(x)), where(greater_equal(x, bound), x, log(expm1(minimum(x, bound)))), _is_unbounded


def _is_unbounded(x: Tensor) -> bool:
    """Whether x is no minimum or maximum with a constant."""
    return x.op not in (minimum, maximum) or all(scalar_value(i) is None for i in x.inputs)


# ------------------------------------------------------------------------------------------------------------- roots
@rule()
def sqrt_of_square(x: Wild) -> Sides:
    """The square overflows, or underflows."""
    return sqrt(square(x)), absolute(x)


@rule()
def square_of_sqrt(x: Wild) -> Sides:
    """The root is rounded."""
    return square(sqrt(x)), where(greater_equal(x, 0), x, NAN)


RULES = collect(globals())
