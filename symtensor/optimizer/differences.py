"""Rules for differences of close numbers: what cancels is taken out symbolically, before rounding has touched it.

Left sides are in canonical form: constants are added or subtracted on the right, squares are ``square(x)``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from symtensor.ir import pattern
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import Const, Sides, Wild, collect
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import (
    absolute,
    greater,
    isfinite,
    isinf,
    less,
    maximum,
    minimum,
    not_equal,
    square,
    where,
)
from symtensor.ops.functions import arctanh, cos, expm1, hypot, log, log1p, power, sin, sqrt, tanh
from symtensor.ops.stable import compound

rule = partial(pattern.rule, accuracy="better", kinds="f", stage="stabilise")

NAN = math.nan


def root(c: Tensor) -> Tensor:
    """The square root of a positive scalar constant."""
    return constant(math.sqrt(scalar_value(c)), c.dtype)


def is_root(c: Tensor, r: Tensor) -> bool:
    """Whether a scalar constant is positive, and another its exact square root."""
    value, found = scalar_value(c), scalar_value(r)
    if not (0 < value < math.inf and 0 < found < math.inf):
        return False
    (a, b), (c, d) = value.as_integer_ratio(), found.as_integer_ratio()
    return bool(a * d * d == b * c * c)


def is_square(c: Tensor) -> bool:
    """Whether a scalar constant is positive and has an exact square root."""
    return scalar_value(c) > 0 and is_root(c, root(c))


def is_positive(c: Tensor) -> bool:
    """Whether a scalar constant is positive and finite."""
    return 0 < scalar_value(c) < math.inf


def is_free(x: Tensor) -> bool:
    """Whether x is no limited or guarded operand, of which rules make results that they would match again."""
    return x.op is not where and (x.op not in (minimum, maximum) or all(scalar_value(i) is None for i in x.inputs))


# ------------------------------------------------------------------------------------ functions of shifted operands
Stable = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]


def _differences(function: Callable[[Tensor], Tensor], stable: Stable, x: Wild, c: Const, d: Const) -> list[tuple]:
    """Forms of ``function(u) - function(v)`` for u and v that differ by a constant.

    The right side is ``stable(u, v, u - v, u + v)``, difference and sum free of rounding where that can be.
    """
    one = [
        (x + c, x, c, 2 * x + c), (x, x + c, -c, 2 * x + c), (x, x - c, c, 2 * x - c), (x - c, x, -c, 2 * x - c),
    ]  # fmt: skip
    two = [
        (x + c, x - d, c + d, 2 * x + (c - d)), (x - c, x + d, -(c + d), 2 * x + (d - c)),
        (x + c, x + d, c - d, (x + c) + (x + d)), (x - c, x - d, d - c, (x - c) + (x - d)),
    ]  # fmt: skip

    def plain(x: Tensor, c: Tensor) -> bool:
        return is_positive(c) and is_free(x)

    def apart(x: Tensor, c: Tensor, d: Tensor) -> bool:
        return plain(x, c) and is_positive(d) and scalar_value(c) != scalar_value(d)

    def both(x: Tensor, c: Tensor, d: Tensor) -> bool:
        return plain(x, c) and is_positive(d)

    conditions = [plain] * 4 + [both] * 2 + [apart] * 2
    return [
        (function(u) - function(v), stable(u, v, gap, total), condition)
        for (u, v, gap, total), condition in zip([*one, *two], conditions)
    ]


@rule()
def difference_of_square_roots(x: Wild, c: Const, d: Const) -> Sides:
    """Close roots cancel; their sum does not."""
    return _differences(sqrt, lambda u, v, gap, _: gap / (sqrt(u) + sqrt(v)), x, c, d)


@rule()
def difference_of_reciprocals(x: Wild, c: Const, d: Const) -> Sides:
    """Close quotients cancel; their product does not."""

    def stable(u: Tensor, v: Tensor, gap: Tensor, _: Tensor) -> Tensor:
        near = less(absolute(gap), 0.5 * absolute(v))
        return where(near, -((gap / u) / v), 1 / where(near, 1, u) - 1 / where(near, 1, v))

    return _differences(lambda u: 1 / u, stable, x, c, d)


@rule()
def difference_of_reciprocal_roots(x: Wild, c: Const, d: Const) -> Sides:
    """Close quotients cancel; their product does not."""

    def stable(u: Tensor, v: Tensor, gap: Tensor, _: Tensor) -> Tensor:
        near = less(absolute(gap), 0.5 * v)
        far = 1 / sqrt(where(near, 1, u)) - 1 / sqrt(where(near, 1, v))
        return where(near, -((gap / (sqrt(u) + sqrt(v))) / sqrt(u) / sqrt(v)), far)

    return _differences(lambda u: 1 / sqrt(u), stable, x, c, d)


@rule()
def difference_of_squares(x: Wild, c: Const, d: Const) -> Sides:
    """Close squares cancel; of their roots the difference is known."""
    return _differences(square, lambda u, v, gap, total: gap * total, x, c, d)[:6]


def _log_of_ratio(v: Tensor, gap: Tensor, far: Callable[[Tensor], Tensor]) -> Tensor:
    """``log((v + gap) / v)``; far from 1 it is ``far(guard)``, where operands are guarded by ``guard(x)``."""
    # A quotient may overflow where the logarithms do not; then they are far apart.
    near = less(absolute(gap), 0.5 * v)
    return where(near, log1p(gap / where(near, v, 1)), far(near))


@rule()
def difference_of_logs(x: Wild, c: Const, d: Const) -> Sides:
    """Close logarithms cancel; but the reciprocal of a tiny number overflows."""

    def above(x: Tensor) -> Tensor:
        return _log_of_ratio(x, constant(1, x.dtype), lambda n: log1p(where(n, 0, x)) - log(where(n, 1, x)))

    def around(x: Tensor, c: Tensor) -> Tensor:
        return _log_of_ratio(x - c, 1 + c, lambda n: log1p(where(n, 0, x)) - log(where(n, 1, x - c)))

    def shifted(u: Tensor, v: Tensor, gap: Tensor) -> Tensor:
        return _log_of_ratio(v, gap, lambda n: log(where(n, 1, u)) - log(where(n, 1, v)))

    def plain(x: Tensor, c: Tensor) -> bool:
        return is_free(x) and is_positive(c)

    return [
        (log1p(x) - log(x), lambda x: above(x), is_free),
        (log(x) - log1p(x), lambda x: -above(x), is_free),
        (log1p(x) - log(x - c), lambda x, c: around(x, c), plain),
        (log(x - c) - log1p(x), lambda x, c: -around(x, c), plain),
        (log(x + c) - log(x), lambda x, c: shifted(x + c, x, c), plain),
        (log(x) - log(x + c), lambda x, c: -shifted(x + c, x, c), plain),
        (log(x + c) - log(x - d), lambda x, c, d: shifted(x + c, x - d, c + d), plain),
    ]


def _log_beside(x: Tensor, c: Tensor) -> Tensor:
    return _log_of_ratio(c, x, lambda near: log(where(near, 1, x + c)) - log(c))


@rule()
def log_of_shifted_minus_its_log(x: Wild, c: Const) -> Sides:
    """Near 0 the logarithms cancel."""
    return log(x + c) - log(c), _log_beside, lambda x, c: is_free(x) and is_positive(c)


@rule()
def log_of_shifted_quotient(x: Wild, c: Const) -> Sides:
    """Far from 0 the quotient is almost 1."""
    near = greater(c / x, -0.5)
    stable = where(near, log1p(c / where(near, x, c)), log((where(near, 1, x) + c) / where(near, 1, x)))
    return log((x + c) / x), stable, lambda x, c: is_free(x) and is_positive(c)


@rule()
def logit_from_logs(x: Wild) -> Sides:
    """Around a half the odds are almost 1."""
    gap = 2 * x - 1
    near = less(absolute(gap), 0.5)
    stable = where(near, 2 * arctanh(where(near, gap, 0)), log(where(near, 1, x)) - log1p(-where(near, 0, x)))
    return [(log(x / (1 - x)), stable, is_free), (log(x) - log1p(-x), stable, is_free)]


@rule()
def log_of_symmetric_quotient(x: Wild) -> Sides:
    """Near 0 the quotient is almost 1."""
    return log((1 + x) / (1 - x)), 2 * arctanh(x)


# ----------------------------------------------------------------------------------------------- roots, near a number
def _minus_root(x: Tensor, r: Tensor) -> Tensor:
    """``sqrt(x + r * r) - r``; inf stays inf, and what has no root stays NaN."""
    return where(less(x, math.inf), x / (sqrt(x + square(r)) + r), x)


@rule()
def root_of_shifted_minus_its_root(x: Wild, c: Const, r: Const) -> Sides:
    """Near 0 the root is almost constant."""
    return [
        (sqrt(x + c) - r, lambda x, r: _minus_root(x, r), is_root),
        (sqrt(c - x) - r, lambda x, r: _minus_root(-x, r), is_root),
        (r - sqrt(x + c), lambda x, r: -_minus_root(x, r), is_root),
        (r - sqrt(c - x), lambda x, r: -_minus_root(-x, r), is_root),
        (sqrt(x + c) - sqrt(c), where(less(x, math.inf), x / (sqrt(x + c) + sqrt(c)), x), lambda c: is_positive(c)),
    ]


@rule()
def hypot_minus_its_side(x: Wild, c: Const) -> Sides:
    """Of a long and flat triangle the sides cancel."""
    short = where(isfinite(x), x * (x / (hypot(x, c) + c)), absolute(x))
    long = where(greater(x, 0), c * (c / (hypot(x, c) + absolute(x))), hypot(x, c) + absolute(x))
    return [
        (hypot(x, c) - c, short, lambda c: is_positive(c)),
        (c - hypot(x, c), -short, lambda c: is_positive(c)),
        (hypot(x, c) - x, long, lambda x, c: is_positive(c)),
        (x - hypot(x, c), -long, lambda x, c: is_positive(c)),
    ]


@rule()
def one_minus_root_of_one_minus_square(x: Wild) -> Sides:
    """Near 0 the root is almost 1."""
    high = sqrt((1 - x) * (1 + x))
    return [(1 - high, square(x) / (1 + high)), (high - 1, -(square(x) / (1 + high)))]


@rule()
def root_of_square_minus(x: Wild, r: Const) -> Sides:
    """The square overflows, or underflows, before its root."""
    stable = sqrt(absolute(x) - r) * sqrt(absolute(x) + r)
    return sqrt((x - r) * (x + r)), stable, lambda r: is_positive(r)


@rule()
def number_minus_root_of_its_square_minus(x: Wild, r: Const) -> Sides:
    """Far from 0 the root is almost the number."""
    other, plain = sqrt(absolute(x) - r) * sqrt(absolute(x) + r), sqrt(square(x) - r)

    def stable(x: Tensor, r: Tensor) -> Tensor:
        other = sqrt(absolute(x) - r) * sqrt(absolute(x) + r)
        return where(greater(x, 0), r * (r / (x + other)), -(absolute(x) + other))

    return [
        (x - other, lambda x, r: stable(x, r)),
        (other - x, lambda x, r: -stable(x, r)),
        (x - plain, lambda x, r: stable(x, root(r)), lambda r: is_square(r)),
        (plain - x, lambda x, r: -stable(x, root(r)), lambda r: is_square(r)),
    ]


# ------------------------------------------------------------------------------------------------ squares and powers
@rule()
def square_of_shifted_minus_its_square(x: Wild, c: Const, d: Const) -> Sides:
    """Near 0 the square is almost constant."""

    def its(c: Tensor, d: Tensor) -> bool:
        return is_root(d, c)

    return [
        (square(x + c) - d, x * (x + 2 * c), its),
        (square(c - x) - d, x * (x - 2 * c), its),
        (d - square(x + c), -(x * (x + 2 * c)), its),
        (d - square(c - x), x * (2 * c - x), its),
    ]


@rule()
def product_of_shifted_minus_one(x: Wild) -> Sides:
    """Near 0 the product is almost 1."""
    return [((1 + x) * (1 - x) - 1, -square(x)), (1 - (1 + x) * (1 - x), square(x))]


def _has_root(x: Tensor, c: Tensor) -> bool:
    # Sines, cosines and hyperbolic tangents near 1 have lost their digits themselves: they have rules of their own.
    return is_square(c) and x.op not in (sin, cos, tanh)


@rule()
def square_minus_square(x: Wild, c: Const) -> Sides:
    """Near the root the square has lost the digits that the difference is made of."""
    return [
        (c - square(x), lambda x, c: (root(c) - x) * (root(c) + x), _has_root),
        (square(x) - c, lambda x, c: (x - root(c)) * (x + root(c)), _has_root),
    ]


def _power_minus_one(x: Tensor, c: Tensor) -> Tensor:
    size = c * log1p(x)
    near = less(absolute(size), 0.5)
    return where(near, expm1(where(near, size, 0)), compound(where(near, 0, x), c) - 1)


def _is_wild_power(x: Tensor, c: Tensor) -> bool:
    return is_free(x) and abs(scalar_value(c)) not in (0, 1, math.inf)


@rule()
def cube_of_one_plus_minus_one(x: Wild) -> Sides:
    """Near 0 the power is almost 1."""
    return power(1 + x, 3) - 1, x * (x * (x + 3) + 3)


@rule()
def power_of_one_plus_minus_one(x: Wild, c: Const) -> Sides:
    """Near 0 the power is almost 1."""
    return [
        (power(1 + x, c) - 1, _power_minus_one, _is_wild_power),
        (power(1 - x, c) - 1, lambda x, c: _power_minus_one(-x, c), _is_wild_power),
        (1 - power(1 + x, c), lambda x, c: -_power_minus_one(x, c), _is_wild_power),
        (1 - power(1 - x, c), lambda x, c: -_power_minus_one(-x, c), _is_wild_power),
        (compound(x, c) - 1, _power_minus_one, _is_wild_power),
        (1 - compound(x, c), lambda x, c: -_power_minus_one(x, c), _is_wild_power),
    ]


def _amplifies(y: Tensor) -> bool:
    """Whether a power multiplies the rounding error of its base."""
    value = scalar_value(y)
    return value is None or 8 <= abs(value) < math.inf


@rule()
def power_of_one_plus(x: Wild, y: Wild) -> Sides:
    """The power multiplies the rounding error of its base."""
    plain = lambda x, y: _amplifies(y) and is_free(x)  # noqa: E731
    return [(power(1 + x, y), compound(x, y), plain), (power(1 - x, y), compound(-x, y), plain)]


@rule()
def log_of_compound(x: Wild, y: Wild) -> Sides:
    """The power overflows, or underflows, or is almost 1."""
    plain = greater(x, -1) & not_equal(x, 0) & not_equal(y, 0)
    rest = log(compound(where(plain, 0, x), where(plain, 1, y)))
    return log(compound(x, y)), where(plain, y * log1p(where(plain, x, 0)), rest), is_free


# ---------------------------------------------------------------------------------------------------- quotients
@rule()
def reciprocal_minus_one(x: Wild) -> Sides:
    """Near 0 the quotient is almost 1."""
    below = where(isinf(x), -1, -(x / (1 + x)))
    above = where(isinf(x), -1, x / (1 - x))
    return [
        (1 / (1 + x) - 1, below),
        (1 - 1 / (1 + x), -below),
        (1 / (1 - x) - 1, above),
        (1 - 1 / (1 - x), -above),
    ]


@rule()
def reciprocal_root_minus_one(x: Wild) -> Sides:
    """Near 0 the quotient is almost 1."""

    def stable(x: Tensor) -> Tensor:
        high, near = sqrt(1 + x), less(absolute(x), 1)
        return where(near, -((x / (1 + high)) / high), 1 / where(near, 1, high) - 1)

    flat = sqrt((1 - x) * (1 + x))
    return [
        (1 / sqrt(1 + x) - 1, stable(x)),
        (1 - 1 / sqrt(1 + x), -stable(x)),
        (1 / sqrt(1 - x) - 1, stable(-x)),
        (1 - 1 / sqrt(1 - x), -stable(-x)),
        (1 / flat - 1, (square(x) / (1 + flat)) / flat),
        (1 - 1 / flat, -((square(x) / (1 + flat)) / flat)),
    ]


@rule()
def one_minus_share(x: Wild, c: Const) -> Sides:
    """Where the share is almost 1, the rest is the other share."""
    return 1 - x / (x + c), c / (x + c), lambda c: is_positive(c)


RULES = collect(globals())
