"""Complex arithmetic and functions as scalar expressions over real and imaginary parts.

Importing this module enters the forms into ``scalar.COMPLEX_FORMS``, by which ``call`` takes operations on complex
operands apart.  Branch cuts are those of C99 and NumPy.  W. Kahan, Branch Cuts for Complex Elementary Functions (1987),
is the source of the inverse functions and of ``tanh``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from symtensor.ir.scalar import COMPLEX_FORMS, Const, Expr, call, declare_helper, imag, pair, real, select

LN2, LN10 = math.log(2), math.log(10)
HUGE_EXPONENT = {4: 80.0, 8: 700.0}  # by bytes of a part: e to that is near the largest number
SATURATED = {4: 10.0, 8: 22.0}  # from here on tanh of the real part is 1
POWERS = 100  # whole exponents up to this are powers by squaring, as in NumPy

for _name in ("exp", "log", "log1p", "expm1", "sin", "cos", "tan", "sinh", "cosh", "sqrt", "rint", "arcsinh"):
    declare_helper(_name, 1)
for _name in ("hypot", "arctan2", "copysign"):
    declare_helper(_name, 2)


def _form(function: Callable[..., Expr]) -> Callable[..., Expr]:
    """Enter a form under its function's name."""
    COMPLEX_FORMS[function.__name__.strip("_")] = function
    return function


def _parts(z: Expr) -> tuple[Expr, Expr]:
    return real(z), imag(z)


def _times(a: Expr, b: Expr) -> Expr:
    return call("product", a, b)


def _any_nan(*values: Expr) -> Expr:
    result = values[0].not_equal(values[0])
    for value in values[1:]:
        result = result | value.not_equal(value)
    return result


# ------------------------------------------------------------------------------------------------------ arithmetic
@_form
def add(x: Expr, y: Expr) -> Expr:
    """Part by part."""
    return pair(real(x) + real(y), imag(x) + imag(y))


@_form
def sub(x: Expr, y: Expr) -> Expr:
    """Part by part."""
    return pair(real(x) - real(y), imag(x) - imag(y))


@_form
def neg(x: Expr) -> Expr:
    """Both parts."""
    return pair(-real(x), -imag(x))


@_form
def mul(x: Expr, y: Expr) -> Expr:
    """Without fused additions, so that ``z * conj(z)`` is real."""
    (a, b), (c, d) = _parts(x), _parts(y)
    return pair(_times(a, c) - _times(b, d), _times(a, d) + _times(b, c))


@_form
def div(x: Expr, y: Expr) -> Expr:
    """R. L. Smith, Algorithm 116 (1962): the larger part of the divisor is divided out first, as in NumPy."""
    (a, b), (c, d) = _parts(x), _parts(y)
    size_c, size_d = call("abs", c), call("abs", d)
    swap = size_c < size_d
    large, small = select(swap, d, c), select(swap, c, d)
    zero = size_c.equal(0) & size_d.equal(0)
    ratio = small / large
    scale = 1 / (large + _times(small, ratio))
    re = select(swap, _times(a, ratio) + b, a + _times(b, ratio))
    im = select(swap, _times(b, ratio) - a, b - _times(a, ratio))
    return pair(select(zero, a / size_c, re * scale), select(zero, b / size_c, im * scale))


@_form
def abs(x: Expr) -> Expr:
    """The distance from 0, without overflow on the way."""
    return call("hypot", real(x), imag(x))


def _select(condition: Expr, x: Expr, y: Expr) -> Expr:
    return pair(select(condition, real(x), real(y)), select(condition, imag(x), imag(y)))


COMPLEX_FORMS["select"] = _select
COMPLEX_FORMS["product"] = mul


# ---------------------------------------------------------------------------------- comparisons, by the real part first
@_form
def eq(x: Expr, y: Expr) -> Expr:
    """Both parts are equal."""
    return real(x).equal(real(y)) & imag(x).equal(imag(y))


@_form
def ne(x: Expr, y: Expr) -> Expr:
    """Some part differs."""
    return real(x).not_equal(real(y)) | imag(x).not_equal(imag(y))


def _ordered(strict: str, last: str) -> Callable[[Expr, Expr], Expr]:
    def compare(x: Expr, y: Expr) -> Expr:
        (a, b), (c, d) = _parts(x), _parts(y)
        return (call(strict, a, c) & ~_any_nan(b, d)) | (a.equal(c) & call(last, b, d))

    return compare


for _comparison in ("lt", "gt"):
    COMPLEX_FORMS[_comparison] = _ordered(_comparison, _comparison)
    COMPLEX_FORMS[_comparison[0] + "e"] = _ordered(_comparison, _comparison[0] + "e")


def _extremum(comparison: str) -> Callable[[Expr, Expr], Expr]:
    def choose(x: Expr, y: Expr) -> Expr:
        return select(_any_nan(*_parts(x)) | call(comparison, x, y), x, y)

    return choose


COMPLEX_FORMS["max"], COMPLEX_FORMS["min"] = _extremum("ge"), _extremum("le")


# ------------------------------------------------------------------------------------------ exponentials, logarithms
@_form
def exp(x: Expr) -> Expr:
    """``exp(a) (cos b + i sin b)``, with a care for what overflows or is no number."""
    a, b = _parts(x)
    size, sine, cosine = call("exp", a), call("sin", b), call("cos", b)
    # Where exp(a) alone overflows, half of it goes into each of two factors.
    half = call("exp", 0.5 * a)
    large = a > HUGE_EXPONENT[a.dtype.itemsize]
    finite = call("abs", a) < float("inf")
    vanished = a.equal(float("-inf"))
    split = large & finite
    zero = Const(0, a.dtype)
    turning = call("abs", b) < float("inf")
    re = select(split, half * cosine * half, select(vanished & ~turning, zero, size * cosine))
    im = select(split, half * sine * half, select(vanished & ~turning, zero, size * sine))
    # Beside a real part of +inf an angle that is no number leaves the size: inf + NaN i.
    re = select(a.equal(float("inf")) & ~turning, a, re)
    real_only = b.equal(0)
    return pair(select(real_only, size, re), select(real_only, b, im))


@_form
def exp2(x: Expr) -> Expr:
    """``exp(z log 2)``."""
    return exp(pair(real(x) * LN2, imag(x) * LN2))


@_form
def expm1(x: Expr) -> Expr:
    """Near 0 ``cos b - 1`` is ``-2 sin(b/2)**2``."""
    a, b = _parts(x)
    half = call("sin", 0.5 * b)
    return pair(call("expm1", a) * call("cos", b) - 2 * half * half, call("exp", a) * call("sin", b))


def _log_size(a: Expr, b: Expr) -> Expr:
    """``log(hypot(a, b))``, accurate where that is near 0 as well."""
    size = call("hypot", a, b)
    first, second = call("abs", a), call("abs", b)
    large, small = call("max", first, second), call("min", first, second)
    near = 0.5 * call("log1p", (large - 1) * (large + 1) + small * small)
    return select((size > 0.5) & (size < 2), near, call("log", size))


@_form
def log(x: Expr) -> Expr:
    """Logarithm of the size, and the angle."""
    a, b = _parts(x)
    return pair(_log_size(a, b), call("arctan2", b, a))


def _scaled_log(scale: float) -> Callable[[Expr], Expr]:
    return lambda x: pair(real(log(x)) * scale, imag(log(x)) * scale)


COMPLEX_FORMS["log2"], COMPLEX_FORMS["log10"] = _scaled_log(1 / LN2), _scaled_log(1 / LN10)


@_form
def log1p(x: Expr) -> Expr:
    """As ``log``, with the square of the size less 1 where that is small."""
    a, b = _parts(x)
    small = (call("abs", a) < 0.5) & (call("abs", b) < 0.5)
    near = 0.5 * call("log1p", a * (2 + a) + b * b)
    return pair(select(small, near, _log_size(a + 1, b)), call("arctan2", b, a + 1))


@_form
def sqrt(x: Expr) -> Expr:
    """Each part is a root of a sum of like signs; the other one follows by division."""
    a, b = _parts(x)
    biggest = float({4: 2.0**126, 8: 2.0**1022}[a.dtype.itemsize])
    huge = (call("abs", a) >= biggest) | (call("abs", b) >= biggest)
    u, v = select(huge, a * 0.25, a), select(huge, b * 0.25, b)
    root = call("sqrt", (call("abs", u) + call("hypot", u, v)) * 0.5)
    root = select(huge, root * 2, root)
    other = call("abs", b) / (2 * root)
    left = a < 0
    re, im = select(left, other, root), call("copysign", select(left, root, other), b)
    zero, infinity = Const(0, a.dtype), Const(float("inf"), a.dtype)
    origin = a.equal(0) & b.equal(0)
    endless = call("abs", b).equal(float("inf"))
    far_left, far_right = a.equal(float("-inf")) & ~endless, a.equal(float("inf")) & ~endless
    number = b.equal(b)
    re = select(origin, zero, select(far_left, select(number, zero, b), select(far_right, a, re)))
    im = select(origin, b, select(far_left, call("copysign", infinity, b), im))
    im = select(far_right, select(number, call("copysign", zero, b), b), im)
    return pair(select(endless, infinity, re), select(endless, b, im))


def _whole_power(x: Expr, exponent: int) -> Expr:
    """By squaring, from the left."""
    result: Expr | None = None
    base, rest = x, exponent if exponent > 0 else -exponent
    while rest:
        if rest & 1:
            result = base if result is None else mul(result, base)
        base, rest = mul(base, base), rest >> 1
    one = Const(1, x.dtype)
    if result is None:
        return one
    return result if exponent > 0 else div(one, result)


@_form
def pow(x: Expr, y: Expr) -> Expr:
    """``exp(y log x)``; small whole exponents that are known by squaring."""
    if (
        isinstance(y, Const)
        and y.value.imag == 0
        and y.value.real == int(y.value.real)
        and -POWERS < y.value.real < POWERS
    ):
        return _whole_power(x, int(y.value.real))
    general = exp(mul(y, log(x)))
    origin = eq(x, Const(0, x.dtype))
    nothing = eq(y, Const(0, y.dtype))
    one, zero, nan = (Const(v, x.dtype) for v in (1, 0, complex(math.nan, math.nan)))
    at_origin = _select(real(y) > 0, zero, nan)
    return _select(nothing, one, _select(origin, at_origin, general))


# ---------------------------------------------------------------------------------------- trigonometry, hyperbolics
@_form
def sinh(x: Expr) -> Expr:
    """``sinh a cos b + i cosh a sin b``."""
    a, b = _parts(x)
    return pair(call("sinh", a) * call("cos", b), call("cosh", a) * call("sin", b))


@_form
def cosh(x: Expr) -> Expr:
    """``cosh a cos b + i sinh a sin b``."""
    a, b = _parts(x)
    return pair(call("cosh", a) * call("cos", b), call("sinh", a) * call("sin", b))


@_form
def tanh(x: Expr) -> Expr:
    """Kahan's form, which neither overflows nor cancels."""
    a, b = _parts(x)
    t, s = call("tan", b), call("sinh", a)
    beta, rho = 1 + t * t, call("sqrt", 1 + s * s)
    below = 1 + beta * s * s
    far = call("abs", a) >= SATURATED[a.dtype.itemsize]
    decay = 4 * call("sin", b) * call("cos", b) * call("exp", -2 * call("abs", a))
    re, im = select(far, call("copysign", Const(1, a.dtype), a), beta * rho * s / below), select(far, decay, t / below)
    return pair(re, select(call("abs", a).equal(float("inf")), call("copysign", Const(0, a.dtype), b), im))


def _turned(function: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    """``-i f(i z)``: from a hyperbolic function its trigonometric one."""

    def apply(x: Expr) -> Expr:
        turned = function(pair(-imag(x), real(x)))
        return pair(imag(turned), -real(turned))

    return apply


def _turned_cosine(x: Expr) -> Expr:
    return cosh(pair(-imag(x), real(x)))


COMPLEX_FORMS["sin"], COMPLEX_FORMS["tan"], COMPLEX_FORMS["cos"] = _turned(sinh), _turned(tanh), _turned_cosine


def _root_pair(x: Expr) -> tuple[Expr, Expr]:
    """``sqrt(1 - z)`` and ``sqrt(1 + z)``."""
    a, b = _parts(x)
    return sqrt(pair(1 - a, -b)), sqrt(pair(1 + a, b))


def _conjugate(x: Expr) -> Expr:
    return pair(real(x), -imag(x))


@_form
def arcsin(x: Expr) -> Expr:
    """Kahan's form."""
    below, above = _root_pair(x)
    return pair(call("arctan2", real(x), real(mul(below, above))), call("arcsinh", imag(mul(_conjugate(below), above))))


@_form
def arccos(x: Expr) -> Expr:
    """Kahan's form."""
    below, above = _root_pair(x)
    return pair(2 * call("arctan2", real(below), real(above)), call("arcsinh", imag(mul(_conjugate(above), below))))


@_form
def arccosh(x: Expr) -> Expr:
    """Kahan's form."""
    a, b = _parts(x)
    below, above = sqrt(pair(a - 1, b)), sqrt(pair(a + 1, b))
    return pair(call("arcsinh", real(mul(_conjugate(below), above))), 2 * call("arctan2", imag(below), real(above)))


@_form
def arctanh(x: Expr) -> Expr:
    """Size and angle of ``(1 + z) / (1 - z)``."""
    a, b = _parts(x)
    gap = 1 - a
    re = 0.25 * call("log1p", 4 * a / (gap * gap + b * b))
    return pair(re, 0.5 * call("arctan2", 2 * b, gap * (1 + a) - b * b))


COMPLEX_FORMS["arcsinh"], COMPLEX_FORMS["arctan"] = _turned(arcsin), _turned(arctanh)


@_form
def rint(x: Expr) -> Expr:
    """Part by part."""
    return pair(call("rint", real(x)), call("rint", imag(x)))
