"""Rules for products, quotients and powers of exponentials and logarithms, and for roots of sums of squares.

What overflows or underflows is an intermediate result; where the result itself is in range, so is its stable form.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import (
    absolute,
    equal,
    greater,
    greater_equal,
    isfinite,
    isnan,
    less,
    maximum,
    square,
    stop_gradient,
    subtract,
    where,
)
from symtensor.ops.functions import (
    arccosh,
    arcsinh,
    cos,
    cosh,
    direction,
    exp,
    expit,
    expm1,
    hypot,
    log,
    log1p,
    log_expit,
    power,
    sin,
    sinh,
    sqrt,
    tanh,
    xlogy,
)
from symtensor.ops.stable import exp_sum, expit_difference
from symtensor.optimizer.differences import is_free, is_positive, root
from symtensor.optimizer.stabilize import log_one_minus_exp

rule = partial(pattern.rule, accuracy="better", kinds="f", stage="stabilise")

NAN = math.nan
LN2 = math.log(2)


# -------------------------------------------------------------------------------------- products of exponentials
@rule()
def product_of_exps(x: Wild, y: Wild) -> Sides:
    """A factor overflows, or underflows, before the product."""
    return [(exp(x) * exp(y), exp_sum(x, y)), (exp(x) / exp(y), exp_sum(x, -y))]


@rule()
def powers_of_exp(x: Wild) -> Sides:
    """The exponential overflows, or underflows, before its root; and a square doubles its error."""
    return [(square(exp(x)), exp(2 * x)), (sqrt(exp(x)), exp(x * 0.5))]


@rule()
def share_of_exps(x: Wild, y: Wild) -> Sides:
    """The exponentials overflow, or underflow, before their quotient."""
    return [
        (exp(x) / (exp(x) + exp(y)), expit_difference(x, y)),
        (1 / (1 + exp_sum(x, y)), expit_difference(-x, y)),
    ]


@rule()
def share_of_cosh(x: Wild, c: Const) -> Sides:
    """The exponentials overflow, or underflow, before their quotient."""
    two = lambda c: scalar_value(c) == 2  # noqa: E731
    return [(exp(x) / (c * cosh(x)), expit(2 * x), two), (exp(-x) / (c * cosh(x)), expit(-(2 * x)), two)]


@rule()
def log_of_product_of_exps(x: Wild, y: Wild) -> Sides:
    """The exponentials overflow, or underflow."""
    return log(exp_sum(x, y)), x + y


@rule()
def log_of_share_of_exps(x: Wild, y: Wild) -> Sides:
    """The quotient underflows."""
    return log(expit_difference(x, y)), log_expit(x - y)


# ------------------------------------------------------------------------------ logarithms of sums of exponentials
def _far(x: Tensor) -> float:
    """Exponents beyond which exponentials are near the end of their range."""
    return 80 if x.dtype.itemsize <= 4 else 600


def _log_of_two(combine: Callable[[Any, Any], Any]) -> Callable[[Tensor, Tensor], Tensor]:
    """The logarithm of combined exponentials; they are lowered where one overflows, or all underflow."""

    def stable(x: Tensor, y: Tensor) -> Tensor:
        top = maximum(x, y)
        far = greater(absolute(top), _far(x)) & isfinite(top)
        scale = stop_gradient(where(far, top, 0))
        return scale + log(combine(exp(x - scale), exp(y - scale)))

    return stable


def _log_of_one(combine: Callable[[Any], Any], scale: float = 1.0) -> Callable[[Tensor], Tensor]:
    """The logarithm of an exponential and a constant, which vanishes beside it near the end of the range."""

    def stable(x: Tensor) -> Tensor:
        far = greater(x, _far(x))
        return where(far, x + math.log(scale), log(combine(exp(where(far, 0, x)))))

    return stable


def _lowered(x: Tensor) -> bool:
    """Whether x is lowered already."""
    return x.op is subtract and x.inputs[1].op is stop_gradient


def _bind(form: Callable[..., Any], kind: Callable[..., Any]) -> Callable[..., Any]:
    """The right side for a left side ``log(form(...))`` over exponentials of x and y, with constants c and d."""
    return lambda x, y, c: kind(lambda a, b: form(a, b, c))(x, y)


def is_modest(c: Tensor) -> bool:
    """Whether a scalar constant is positive and far from the ends of the range."""
    return 1e-15 < scalar_value(c) < 1e15


@rule()
def log_of_scaled_sum_of_exps(x: Wild, y: Wild, c: Const) -> Sides:
    """The exponentials overflow, or underflow, before the logarithm of their sum."""
    forms: list[Callable[[Any, Any, Any], Any]] = [
        lambda a, b, c: (a + b) * c, lambda a, b, c: (a + b) / c, lambda a, b, c: a * c + b,
    ]  # fmt: skip

    def plain(x: Tensor, y: Tensor, c: Tensor) -> bool:
        return not _lowered(x) and not _lowered(y) and is_modest(c)

    return [(log(form(exp(x), exp(y), c)), _bind(form, _log_of_two), plain) for form in forms]


@rule()
def log_of_weighted_exps(x: Wild, y: Wild, c: Const, d: Const) -> Sides:
    """The exponentials overflow, or underflow, before the logarithm of their sum."""

    def plain(x: Tensor, y: Tensor, c: Tensor, d: Tensor) -> bool:
        return not _lowered(x) and not _lowered(y) and is_modest(c) and is_modest(d)

    stable = lambda x, y, c, d: _log_of_two(lambda a, b: a * c + b * d)(x, y)  # noqa: E731
    return log(exp(x) * c + exp(y) * d), stable, plain


@rule()
def log_of_exp_and_constant(x: Wild, c: Const) -> Sides:
    """The exponential overflows for a large x, where its logarithm is x."""

    def plain(x: Tensor, c: Tensor) -> bool:
        return is_free(x) and is_modest(c)

    return [
        (log(exp(x) + c), lambda x, c: _log_of_one(lambda a: a + c)(x), plain),
        (log(exp(x) - c), lambda x, c: _log_of_one(lambda a: a - c)(x), plain),
    ]


@rule()
def log_of_difference_of_exps(x: Wild, y: Wild) -> Sides:
    """The exponentials overflow, or underflow, and close ones cancel."""
    return log(exp(x) - exp(y)), lambda x, y: x + log_one_minus_exp(y - x)


def _log_of_product(p: Tensor, x: Tensor, y: Tensor, add: Tensor) -> Tensor:
    """``log(p)`` where the exponential of y and the product p are ordinary numbers, else ``log(x) + add``."""
    size, info = absolute(p), np.finfo(p.dtype)
    plain = less(absolute(y), _far(y)) & greater(size, float(info.tiny)) & less(size, math.inf)
    # Where x is no positive number both forms are NaN or inf alike, and of inf and 0 the first knows more.
    return log(where(plain, p, x)) + where(plain, 0, add)


def _reciprocal(x: Tensor, y: Tensor) -> Tensor:
    """``1 / x``; NaN where that and the exponential of y vanish."""
    return where(equal(x, 0) & equal(exp(y), 0), NAN, 1 / x)


@rule()
def log_of_product_with_exp(x: Wild, y: Wild) -> Sides:
    """The exponential overflows, or underflows, before the logarithm of the product."""

    def plain(x: Tensor, y: Tensor) -> bool:
        return is_free(x) and is_free(y)

    return [
        (log(x * exp(y)), lambda x, y: _log_of_product(x * exp(y), x, y, y), plain),
        (log(x / exp(y)), lambda x, y: _log_of_product(x / exp(y), x, y, -y), plain),
        (log(exp(y) / x), lambda x, y: _log_of_product(exp(y) / x, _reciprocal(x, y), y, y), plain),
    ]


# ---------------------------------------------------------------------------------------- exponentials of logarithms
def _in_domain(x: Tensor, value: Tensor) -> Tensor:
    return where(greater_equal(x, 0), value, NAN)


@rule()
def exp_of_multiple_of_log(x: Wild, c: Const) -> Sides:
    """The rounding of the logarithm grows with its size."""
    finite = lambda c: 0 < abs(scalar_value(c)) < math.inf  # noqa: E731
    return [
        (exp(log(x) * c), lambda x, c: _in_domain(x, power(absolute(x), c)), finite),
        (exp(-(log(x) * c)), lambda x, c: _in_domain(x, power(absolute(x), constant(-c.attr("value").array))), finite),
    ]


@rule()
def exp_of_negative_log(x: Wild) -> Sides:
    """The rounding of the logarithm grows with its size."""
    return exp(-log(x)), lambda x: _in_domain(x, 1 / absolute(x))


@rule()
def exp_of_sum_of_logs(x: Wild, y: Wild) -> Sides:
    """The rounding of the logarithms grows with their size."""
    return exp(log(x) + log(y)), where(greater_equal(x, 0) & greater_equal(y, 0), x * y, NAN)


@rule()
def exp_of_log1p(x: Wild) -> Sides:
    """The rounding of the logarithm grows with its size."""
    return [
        (exp(log1p(x)), where(greater_equal(x, -1), 1 + x, NAN)),
        (expm1(log1p(x)), where(greater_equal(x, -1), x, NAN)),
    ]


@rule()
def x_log_x(x: Wild, y: Wild) -> Sides:
    """At 0 the product has the limit 0."""
    one, zero = equal(x, 1), equal(x, 0)
    return [
        (x * log(x), xlogy(x, x)),
        ((1 - x) * log1p(-x), (1 - x) * log1p(-where(one, 0, x)), is_free),
        (x * log(x / y), xlogy(x, x / y)),
        (x * (log(x) - log(y)), x * (log(where(zero, 1, x)) - log(y)), is_free),
    ]


# ------------------------------------------------------------------------------------------ squares that overflow
@rule()
def hypot_from_squares(x: Wild, y: Wild) -> Sides:
    """The squares overflow, or underflow."""
    # The hypotenuse of inf and NaN is inf: a NaN would be lost.
    return sqrt(square(x) + square(y)), where(isnan(x) | isnan(y), NAN, hypot(x, y))


@rule()
def hypot_from_square(x: Wild, c: Const) -> Sides:
    """The square overflows, or underflows."""
    return sqrt(square(x) + c), lambda x, c: hypot(x, root(c)), is_positive


@rule()
def direction_from_hypot(x: Wild, y: Wild) -> Sides:
    """The slope of the quotient cancels where its parts are almost equal."""
    return x / hypot(x, y), where(equal(hypot(x, y), 0), NAN, direction(x, y))


def _may_be_huge(x: Tensor) -> bool:
    return is_free(x) and x.op not in (sin, cos, tanh, sinh)


def _log1p_square(x: Tensor, c: Tensor | None = None) -> Tensor:
    """``log1p(c * square(x))``."""
    far = greater(absolute(x), 2.0**30)  # from here on 1 + x*x is x*x
    value = square(x) if c is None else square(x) * c
    result = log1p(where(far, absolute(x), value))
    return where(far, 2 * result if c is None else 2 * result + log(c), result)


@rule()
def log1p_of_square(x: Wild, c: Const) -> Sides:
    """The square overflows."""
    return [
        (log1p(square(x)), lambda x: _log1p_square(x), _may_be_huge),
        (log1p(square(x) * c), _log1p_square, lambda x, c: is_modest(c) and _may_be_huge(x)),
        (log1p(square(x) / c), lambda x, c: _log1p_square(x, 1 / c), lambda x, c: is_modest(c) and _may_be_huge(x)),
    ]


@rule()
def log_of_hypot_with_one(x: Wild) -> Sides:
    """Near 0 the hypotenuse is almost 1."""
    return log(hypot(x, 1)), _log1p_square(x) * 0.5


@rule()
def inverse_hyperbolics(x: Wild) -> Sides:
    """The square overflows, the sum cancels, and near 1 its logarithm loses digits."""
    other = sqrt(absolute(x) - 1) * sqrt(absolute(x) + 1)
    side = hypot(x, 1) + absolute(x)
    return [
        (log(x + hypot(x, 1)), arcsinh(x)),
        (log(where(greater(x, 0), 1 / side, side)), -arcsinh(x)),
        (log(x + other), arccosh(x)),
        (log(x + sqrt(square(x) - 1)), arccosh(x)),
    ]


@rule()
def log_of_product_near_one(x: Wild) -> Sides:
    """Near 0 the square is lost beside 1."""
    size = absolute(x)
    near = less(size, 0.5)
    rest = where(near, 0.5, size)
    stable = where(near, log1p(-square(where(near, x, 0))), log((1 - rest) * (1 + rest)))
    return log((1 - x) * (1 + x)), stable, is_free


# -------------------------------------------------------------------------------------------------- roots, quotients
@rule()
def root_of_even_power(x: Wild, c: Const) -> Sides:
    """The power overflows, or underflows, before its root."""

    def half(x: Tensor, c: Tensor) -> Tensor:
        return power(absolute(x), constant(scalar_value(c) / 2, c.dtype))

    return sqrt(power(x, c)), half, lambda c: scalar_value(c) % 2 == 0 and abs(scalar_value(c)) > 2


@rule()
def number_over_its_square(x: Wild) -> Sides:
    """The square overflows, or underflows."""
    return x / square(x), where(equal(x, 0), NAN, 1 / x)


RULES = collect(globals())
