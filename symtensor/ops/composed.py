"""Elementwise functions and reductions of NumPy and SciPy that are compositions of declared ops."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ops.declare import as_tensor, cast, constant, numeric_type, promoted
from symtensor.ops.elementwise import (
    absolute,
    equal,
    floor_divide,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    maximum,
    minimum,
    mod,
    real_type,
    rint,
    trunc,
    where,
)
from symtensor.ops.functions import exp, expm1, log, log1p, logaddexp, power, real_float_type, sin
from symtensor.ops.reduction import all, max, min, sum


def _inexact(x: Any) -> Tensor:
    """A real value as floating-point."""
    tensor = as_tensor(x)
    real_type([tensor.dtype])
    return cast(tensor, dtypes.inexact(tensor.dtype))


# ----------------------------------------------------------------------------------------------------- arithmetic
def positive(x: Any) -> Tensor:
    """The argument itself.

    >>> import symtensor as st
    >>> st.positive(st.vector("x")).dtype
    dtype('float64')
    """
    tensor = as_tensor(x)
    numeric_type([tensor.dtype])
    return tensor


def fabs(x: Any) -> Tensor:
    """Absolute value as a floating-point number.

    >>> import symtensor as st
    >>> st.fabs(st.lvector("x")).dtype
    dtype('float64')
    """
    return absolute(_inexact(x))


def float_power(x1: Any, x2: Any) -> Tensor:
    """Power in float64 at least, so that integers may have negative exponents.

    >>> import symtensor as st
    >>> st.float_power(st.lvector("x"), -2).dtype
    dtype('float64')
    """
    return power(cast(x1, dtypes.promote(promoted((x1,)), dtypes.FLOAT64)), x2)


def divmod(x1: Any, x2: Any) -> tuple[Tensor, Tensor]:
    """Quotient rounded down, and remainder.

    >>> import symtensor as st
    >>> quotient, remainder = st.divmod(st.vector("x"), 0.7)
    """
    return floor_divide(x1, x2), mod(x1, x2)


def modf(x: Any) -> tuple[Tensor, Tensor]:
    """Fraction and whole part, both with the sign of the argument.

    >>> import symtensor as st
    >>> fraction, whole = st.modf(st.vector("x"))
    """
    value = _inexact(x)
    whole = trunc(value)
    return where(isinf(value), 0, value - whole), whole


def round(a: Any, decimals: int = 0) -> Tensor:
    """Round to a number of decimals, halves to even.

    >>> import symtensor as st
    >>> st.round(st.vector("x"), 2).dtype
    dtype('float64')
    """
    x = as_tensor(a)
    if x.dtype.kind in "biu":
        if decimals < 0:
            raise NotImplementedError("round takes no negative decimals of integers")
        return x
    if decimals == 0:
        return rint(x)
    scale = 10.0 ** abs(decimals)
    return rint(x * scale) / scale if decimals > 0 else rint(x / scale) * scale


def fmax(x1: Any, x2: Any) -> Tensor:
    """The larger of two numbers; a NaN loses against a number.

    >>> import symtensor as st
    >>> st.fmax(st.vector("x"), 0).dtype
    dtype('float64')
    """
    return where(isnan(x2), x1, where(isnan(x1), x2, maximum(x1, x2)))


def fmin(x1: Any, x2: Any) -> Tensor:
    """The smaller of two numbers; a NaN loses against a number.

    >>> import symtensor as st
    >>> st.fmin(st.vector("x"), 0).dtype
    dtype('float64')
    """
    return where(isnan(x2), x1, where(isnan(x1), x2, minimum(x1, x2)))


def heaviside(x1: Any, x2: Any) -> Tensor:
    """0 below 0, 1 above, ``x2`` at 0.

    >>> import symtensor as st
    >>> st.heaviside(st.vector("x"), 0.5).dtype
    dtype('float64')
    """
    kind = real_float_type([promoted((x1, x2))])[1]
    x, middle = cast(x1, kind), cast(x2, kind)
    return where(isnan(x), x, where(equal(x, 0), middle, where(less(x, 0), cast(0, kind), cast(1, kind))))


def isposinf(x: Any) -> Tensor:
    """Whether elements are +inf.

    >>> import symtensor as st
    >>> st.isposinf(st.vector("x")).dtype
    dtype('bool')
    """
    return equal(_inexact(x), math.inf)


def isneginf(x: Any) -> Tensor:
    """Whether elements are -inf.

    >>> import symtensor as st
    >>> st.isneginf(st.vector("x")).dtype
    dtype('bool')
    """
    return equal(_inexact(x), -math.inf)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Replace NaN by a number and infinities by the largest finite ones (or those given).

    >>> import symtensor as st
    >>> st.nan_to_num(st.vector("x"), nan=1.0).dtype
    dtype('float64')
    """
    value = as_tensor(x)
    if value.dtype.kind in "biu":
        return value
    largest = float(np.finfo(value.dtype).max)
    value = where(isposinf(value), largest if posinf is None else posinf, value)
    value = where(isneginf(value), -largest if neginf is None else neginf, value)
    return where(isnan(value), nan, value)


def fix(x: Any) -> Tensor:
    """Round towards zero, as ``trunc``.

    >>> import symtensor as st
    >>> st.fix(st.vector("x")).dtype
    dtype('float64')
    """
    return trunc(x)


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether ``abs(a - b) <= atol + rtol * abs(b)``; infinities are close to themselves only.

    >>> import symtensor as st
    >>> st.isclose(st.vector("x"), 1.0).dtype
    dtype('bool')
    """
    x, y = as_tensor(a), as_tensor(b)
    x, y = (cast(v, dtypes.promote(v.dtype, dtypes.FLOAT64)) if v.dtype.kind in "biu" else v for v in (x, y))
    near = less_equal(absolute(x - y), atol + rtol * absolute(y)) & isfinite(y) | equal(x, y)
    return near | (isnan(x) & isnan(y)) if equal_nan else near


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Whether all elements are close, see ``isclose``.

    >>> import symtensor as st
    >>> st.allclose(st.vector("x"), 1.0).ndim
    0
    """
    return all(isclose(a, b, rtol, atol, equal_nan))


def array_equal(a1: Any, a2: Any) -> Tensor:
    """Whether two arrays of one shape have equal elements; arrays of other ranks or static sizes are unequal.

    >>> import symtensor as st
    >>> st.array_equal(st.vector("x"), st.vector("x", shape=(3,))).dtype
    dtype('bool')
    """
    x, y = as_tensor(a1), as_tensor(a2)
    fixed = [(m, n) for m, n in zip(x.shape, y.shape) if isinstance(m, int) and isinstance(n, int)]
    if x.ndim != y.ndim or builtins.any(m != n for m, n in fixed):
        return constant(False)
    return all(equal(x, y))


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Tensor:
    """Elements of the first choice whose condition holds, else ``default``.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> st.select([x > 1, x < -1], [x, -x], 0.5).ndim
    1
    """
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = where(condition, choice, result)
    return as_tensor(result)


# --------------------------------------------------------------------------------------------------------- angles
def deg2rad(x: Any) -> Tensor:
    """Degrees to radians.

    >>> import symtensor as st
    >>> st.deg2rad(st.vector("x")).dtype
    dtype('float64')
    """
    return _inexact(x) * (math.pi / 180)


def rad2deg(x: Any) -> Tensor:
    """Radians to degrees.

    >>> import symtensor as st
    >>> st.rad2deg(st.vector("x")).dtype
    dtype('float64')
    """
    return _inexact(x) * (180 / math.pi)


def sinc(x: Any) -> Tensor:
    """``sin(pi*x) / (pi*x)``, and 1 at 0.

    >>> import symtensor as st
    >>> st.sinc(st.vector("x")).dtype
    dtype('float64')
    """
    angle = math.pi * _inexact(x)
    zero = equal(angle, 0)
    # Near 0 the series keeps the derivatives right: the quotient's would be 0/0 at 0.
    series = 1 - angle * angle / 6 * (1 - angle * angle / 20)
    safe = where(zero, 1, angle)
    return where(less(absolute(angle), 1e-3), series, sin(safe) / safe)


# ------------------------------------------------------------------------------------------------ special functions
def logaddexp2(x1: Any, x2: Any) -> Tensor:
    """``log2(2**x1 + 2**x2)`` without overflow.

    >>> import symtensor as st
    >>> st.logaddexp2(st.vector("x"), 0).dtype
    dtype('float64')
    """
    ln2 = math.log(2)
    kind = dtypes.inexact(promoted((x1, x2)))
    if kind == dtypes.FLOAT16:
        return cast(logaddexp2(cast(x1, dtypes.FLOAT32), cast(x2, dtypes.FLOAT32)), kind)
    return logaddexp(cast(x1, kind) * ln2, cast(x2, kind) * ln2) / ln2


def logit(x: Any) -> Tensor:
    """``log(x / (1 - x))``, the inverse of ``expit``.

    >>> import symtensor as st
    >>> st.logit(st.vector("x")).dtype
    dtype('float64')
    """
    p = _inexact(x)
    return log(p) - log1p(-p)


def log1mexp(x: Any) -> Tensor:
    """``log(1 - exp(x))`` for negative x, accurate near 0 and far below.

    Mächler, Accurately computing log(1 - exp(-|a|)) (2012): the two forms meet at -log(2).

    >>> import symtensor as st
    >>> st.log1mexp(st.vector("x")).dtype
    dtype('float64')
    """
    value = _inexact(x)
    near = value > -math.log(2)
    # Each form gets arguments of its own side only, so that the derivative of the other has no infinity.
    return where(near, log(-expm1(where(near, value, -0.5))), log1p(-exp(where(near, -1.0, value))))


def xlog1py(x: Any, y: Any) -> Tensor:
    """``x * log1p(y)``, and 0 where x is 0.

    >>> import symtensor as st
    >>> st.xlog1py(st.vector("x"), st.vector("y")).ndim
    1
    """
    kind = dtypes.inexact(promoted((x, y)))
    factor, argument = cast(x, kind), cast(y, kind)
    zero = equal(factor, 0)
    return where(zero & ~isnan(argument), 0, factor * log1p(argument))


# ------------------------------------------------------------------------------------------------------ reductions
def ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Largest minus smallest element over axes.

    >>> import symtensor as st
    >>> st.ptp(st.matrix("x"), axis=0).ndim
    1
    """
    x = as_tensor(a)
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def nansum(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """Sum of the elements that are not NaN.

    >>> import symtensor as st
    >>> st.nansum(st.matrix("x"), axis=0).ndim
    1
    """
    x = as_tensor(a)
    return sum(where(isnan(x), 0, x), axis, dtype, keepdims)
