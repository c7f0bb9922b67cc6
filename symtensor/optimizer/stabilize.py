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
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.elementwise import absolute, greater, greater_equal, less, maximum, minimum, negative, square, where
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
from symtensor.ops.stable import expit_difference, sech
from symtensor.optimizer.differences import is_free

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
def cos_minus_one(x: Wild) -> Sides:
    """Near 0 the cosine is almost 1."""
    return cos(x) - 1, -(2 * square(sin(x * 0.5)))


@rule()
def one_minus_square_of_circular(x: Wild) -> Sides:
    """Where the square is almost 1 it has lost the digits of the rest."""
    return [
        (1 - square(cos(x)), square(sin(x))),
        (1 - square(sin(x)), square(cos(x))),
    ]


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
def log_of_odds_ratio(x: Wild) -> Sides:
    """Where the logarithm is almost x, their difference is the softplus of the other sign."""
    return [
        (softplus(x) - x, softplus(-x)),
        (x - softplus(x), log_expit(x)),
        (softplus(-x) + x, softplus(x)),
    ]


@rule()
def exp_of_log_sigmoid(x: Wild) -> Sides:
    """The rounding of the logarithm grows with its size."""
    return [(exp(log_expit(x)), expit(x)), (exp(-softplus(x)), expit(-x))]


@rule()
def logistic_density(x: Wild) -> Sides:
    """The exponentials overflow long before their quotient vanishes."""
    density = 0.25 * square(sech(x * 0.5))
    return [(exp(x) / square(1 + exp(x)), density), (expit(x) * expit(-x), density)]


@rule()
def quotient_by_expm1(x: Wild, y: Wild) -> Sides:
    """The exponentials overflow long before their quotient vanishes."""
    right = greater(x, 0)
    stable = -(y / expm1(-where(right, x, 1)))
    return (y / expm1(x)) * exp(x), where(right, stable, (y / expm1(where(right, 1, x))) * exp(x)), is_free


# ------------------------------------------------------------------------------------------------------- hyperbolics
@rule()
def tanh_from_exp(x: Wild) -> Sides:
    """Near 0 the exponentials cancel, far from it they overflow."""
    return [
        (expm1(x) / (1 + exp(x)), tanh(x * 0.5)),
        (sinh(x) / cosh(x), tanh(x)),
        (cosh(x) / sinh(x), 1 / tanh(x)),
    ]


@rule()
def quotient_of_sigmoid_denominator(x: Wild, y: Wild) -> Sides:
    """The exponential overflows, and with it the slope."""
    return y / (1 + exp(x)), y * expit(-x), lambda y: scalar_value(y) is None and y.op is not negative


@rule()
def tanh_from_sigmoid(x: Wild) -> Sides:
    """Near 0 twice the sigmoid is almost 1."""
    return [
        (2 * expit(x) - 1, tanh(x * 0.5)),
        (1 - 2 * expit(x), -tanh(x * 0.5)),
        (expit(x) - expit(-x), tanh(x * 0.5)),
        (expit(-x) - expit(x), -tanh(x * 0.5)),
    ]


@rule()
def sinh_from_exp(x: Wild) -> Sides:
    """Near 0 the exponentials cancel."""
    return [(exp(x) - exp(-x), 2 * sinh(x)), (exp(-x) - exp(x), -(2 * sinh(x)))]


@rule()
def cosh_from_exp(x: Wild) -> Sides:
    """One name for the sum of the exponentials, which cancels with others."""
    return exp(x) + exp(-x), 2 * cosh(x)


@rule()
def half_of_double(x: Wild, c: Const, d: Const) -> Sides:
    """What is in between overflows, or underflows."""

    def are_powers(c: Tensor, d: Tensor) -> bool:
        return is_power_of_two(c) and is_power_of_two(d)

    return [
        ((x * c) * d, x * (c * d), are_powers),
        ((x * c) / d, x * (c / d), are_powers),
        (c / (x * d), (c / d) / x, are_powers),
    ]


@rule()
def quotient_of_doubles(x: Wild, y: Wild, c: Const) -> Sides:
    """Doubling loses range and gains nothing."""
    return (x * c) / (y * c), x / y, lambda c: is_power_of_two(c)


@rule()
def sech_from_cosh(x: Wild, c: Const) -> Sides:
    """The hyperbolic cosine overflows before its reciprocal underflows."""
    return c / cosh(x), c * sech(x), lambda c: is_power_of_two(c)


@rule()
def complement_of_tanh(x: Wild) -> Sides:
    """Far from 0 the hyperbolic tangent is almost 1."""
    return [
        (1 - square(tanh(x)), square(sech(x))),
        (square(tanh(x)) - 1, -square(sech(x))),
        (1 - tanh(x), 2 * expit(-(2 * x))),
        (tanh(x) - 1, -(2 * expit(-(2 * x)))),
        (1 + tanh(x), 2 * expit(2 * x)),
    ]


def _log_cosh(x: Tensor) -> Tensor:
    near = less(absolute(x), 1)
    return where(near, log1p(2 * square(sinh(where(near, x * 0.5, 0)))), logaddexp(x, -x) - LN2)


@rule()
def log_of_cosh(x: Wild) -> Sides:
    """The hyperbolic cosine overflows, and is almost 1 near 0."""
    return [(log(2 * cosh(x)), logaddexp(x, -x)), (log(cosh(x)), _log_cosh(x))]


@rule()
def log_of_sech(x: Wild) -> Sides:
    """The function underflows, and is almost 1 near 0."""
    return [(log(sech(x)), -_log_cosh(x)), (log(square(sech(x))), -(2 * _log_cosh(x)))]


@rule()
def log_of_sinh(x: Wild) -> Sides:
    """The exponential overflows for a large x, where its logarithm is x."""
    far = greater_equal(x, 40)  # exp(-80) is less than half an ulp of 1
    low = sinh(where(far, 1, x))
    return [
        (log(2 * sinh(x)), where(far, x, log(2 * low)), is_free),
        (log(sinh(x)), where(far, x - LN2, log(low)), is_free),
    ]


@rule()
def log_of_cos(x: Wild) -> Sides:
    """Near 0 the cosine is almost 1."""
    near = less(absolute(x), 0.5)
    small = log1p(-(2 * square(sin(where(near, x * 0.5, 0)))))
    return log(cos(x)), where(near, small, log(cos(where(near, 1, x)))), is_free


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
    opposite = logaddexp(x, -x)
    return [
        (exp(x - opposite), expit(2 * x)),
        (exp(-x - opposite), expit(-(2 * x))),
        (exp(x - logaddexp(x, y)), expit_difference(x, y)),
    ]


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


def log_one_minus_exp(x: Tensor) -> Tensor:
    """``log(1 - exp(x))``; the bounds inside keep the branch not taken finite, and they end the rewriting."""
    return where(less(x, -LN2), log1p(-exp(minimum(x, -LN2))), log(-expm1(maximum(x, -LN2))))


@rule()
def log_of_one_minus_exp(x: Wild) -> Sides:
    """Near 0 the exponential is almost 1, far below it 1 minus the exponential is [1]_.

    .. [1] Maechler, Accurately computing log(1 - exp(-|a|)) (2012).
    """
    return [
        (log1p(-exp(x)), lambda x: log_one_minus_exp(x), _is_unbounded),
        (log(-expm1(x)), lambda x: log_one_minus_exp(x), _is_unbounded),
    ]


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
