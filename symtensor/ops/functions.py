"""Elementwise functions of floating-point numbers: exponentials, logarithms, roots, trigonometry, special functions.

Integers are taken as the floating-point type in which NumPy evaluates them.  Each scalar form is a function of the
math library (``symtensor.codegen.mathlib``) or a scalar expression over such.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, Expr, call, select
from symtensor.ir.size import at_least
from symtensor.ops.creation import IOTA
from symtensor.ops.declare import (
    SIZE,
    Elementwise,
    as_tensor,
    constant_value,
    elementwise,
    helper,
    inexact_type,
    promoted,
)
from symtensor.ops.effects import CHECK
from symtensor.ops.elementwise import (
    Types,
    equal,
    greater,
    greater_equal,
    is_nan,
    logical_not,
    maximum,
    no_bool_type,
    real_type,
    where,
)
from symtensor.ops.elementwise import isnan as _isnan
from symtensor.ops.elementwise import signbit as _signbit
from symtensor.ops.weak import Weak

TWO_OVER_SQRT_PI = 2 / math.sqrt(math.pi)


def _function(
    name: str,
    numpy: Callable[..., Any],
    vjp: Callable[..., Sequence[Any]],
    samples: str = "r",
    cost: float = 12,
    types: Callable[..., Types] = inexact_type,
) -> Elementwise:
    """Declare a function of one floating-point variable that is a helper of the math library."""
    return elementwise(name, numpy, helper(name), types=types, vjp=vjp, samples=samples, cost=cost)


def real_float_type(operands: Sequence[Any]) -> Types:
    """Real numbers, integers taken as floats."""
    return inexact_type(real_type(operands)[0])


def float_pair_type(operands: Sequence[Any]) -> Types:
    """Two real operands, taken as the floating-point type in which NumPy evaluates functions of their common type."""
    real_type(operands)
    if all(isinstance(o, np.dtype) for o in operands):  # as NumPy, which finds one loop that takes each safely
        dtype = dtypes.promote(*(dtypes.inexact(o) for o in operands))
    else:
        dtype = dtypes.inexact(promoted(operands))
    return (dtype,) * len(operands), dtype


# ----------------------------------------------------------------------------------------- references not in NumPy
def vectorised(function: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    """A function of Python's ``math`` over arrays: NumPy has no erf, and SciPy is no dependency."""

    def apply(x: np.ndarray) -> np.ndarray:
        x = np.asarray(x)
        return np.array([function(v) for v in x.ravel().tolist()], dtype="float64").reshape(x.shape).astype(x.dtype)

    return apply


def _expit_reference(x: np.ndarray) -> np.ndarray:
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1 / (1 + e), e / (1 + e)).astype(x.dtype)


def _log_expit_reference(x: np.ndarray) -> np.ndarray:
    return (np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x)))).astype(x.dtype)


def _softplus_reference(x: np.ndarray) -> np.ndarray:
    return np.logaddexp(np.zeros((), x.dtype), x)


def _xlogy_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    zero = (x == 0) & ~np.isnan(y)
    return np.where(zero, np.zeros((), x.dtype), x * np.log(np.where(zero, np.ones((), y.dtype), y)))


# --------------------------------------------------------------------------------------- exponentials, logarithms
LN2, LN10 = math.log(2), math.log(10)

exp = _function("exp", np.exp, lambda g, z, x: (g * z,))
exp2 = _function("exp2", np.exp2, lambda g, z, x: (g * z * LN2,))
expm1 = _function("expm1", np.expm1, lambda g, z, x: (g * (z + 1),))
log = _function("log", np.log, lambda g, z, x: (g / x,), "p")
log1p = _function("log1p", np.log1p, lambda g, z, x: (g / (1 + x),), "p")
log2 = _function("log2", np.log2, lambda g, z, x: (g / (x * LN2),), "p")
log10 = _function("log10", np.log10, lambda g, z, x: (g / (x * LN10),), "p")
sqrt = _function("sqrt", np.sqrt, lambda g, z, x: (g * 0.5 / z,), "p", 4)
cbrt = _function("cbrt", np.cbrt, lambda g, z, x: (g / (3 * z * z),), "p", types=real_float_type)

# -------------------------------------------------------------------------------------- trigonometry, hyperbolics
sin = _function("sin", np.sin, lambda g, z, x: (g * cos(x),))
cos: Elementwise = _function("cos", np.cos, lambda g, z, x: (-g * sin(x),))
tan = _function("tan", np.tan, lambda g, z, x: (g * (1 + z * z),), "u", 20)
arcsin = _function("arcsin", np.arcsin, lambda g, z, x: (g / sqrt(1 - x * x),), "u")
arccos = _function("arccos", np.arccos, lambda g, z, x: (-g / sqrt(1 - x * x),), "u")
arctan = _function("arctan", np.arctan, lambda g, z, x: (g / (1 + x * x),))
sinh = _function("sinh", np.sinh, lambda g, z, x: (g * cosh(x),))
cosh: Elementwise = _function("cosh", np.cosh, lambda g, z, x: (g * sinh(x),))
tanh = _function("tanh", np.tanh, lambda g, z, x: (g * (1 - z * z),))


_HUGE = {2: 2.0**7, 4: 2.0**60, 8: 2.0**500}  # by bytes: from here on x*x + 1 is x*x, and may soon overflow


def _real_or(complex_form: str, form: Callable[[Expr], Expr]) -> Callable[[Expr], Expr]:
    """The scalar form of a function whose real form is written here, and whose complex one in the table of forms."""
    return lambda x: call(complex_form, x) if x.dtype.kind == "c" else form(x)


def _arcsinh(x: Expr) -> Expr:
    # log(|x| + sqrt(x*x + 1)) without cancellation near 0, and without overflow where x*x would.
    size = call("abs", x)
    near = call("log1p", size + size * size / (1 + call("sqrt", size * size + 1)))
    huge = _HUGE[x.dtype.itemsize]
    return call("copysign", select(size > huge, call("log", size) + LN2, near), x)


def _arccosh(x: Expr) -> Expr:
    above = x - 1
    huge = _HUGE[x.dtype.itemsize]
    return select(x > huge, call("log", x) + LN2, call("log1p", above + call("sqrt", above) * call("sqrt", x + 1)))


def _arctanh(x: Expr) -> Expr:
    size = call("abs", x)
    return call("copysign", 0.5 * call("log1p", 2 * size / (1 - size)), x)


def _arccosh_slope(x: Tensor) -> Tensor:
    # In the complex plane the root of the product has another branch than the product of the roots.
    return sqrt(x - 1) * sqrt(x + 1) if x.dtype.kind == "c" else sqrt((x - 1) * (x + 1))


copysign = elementwise(
    "copysign", np.copysign, helper("copysign", 2), types=float_pair_type,
    vjp=lambda g, z, x, y: (where(equal(_signbit(x), _signbit(y)), g, -g), None), samples="rs", cost=2,
)  # fmt: skip
arcsinh = elementwise(
    "arcsinh",
    np.arcsinh,
    _real_or("arcsinh", _arcsinh),
    types=inexact_type,
    vjp=lambda g, z, x: (g / sqrt(x * x + 1),),
    samples="r",
    cost=20,
)
arccosh = elementwise(
    "arccosh", np.arccosh, _real_or("arccosh", _arccosh), types=inexact_type,
    vjp=lambda g, z, x: (g / _arccosh_slope(x),), samples="g", cost=20,
)  # fmt: skip
arctanh = elementwise(
    "arctanh", np.arctanh, _real_or("arctanh", _arctanh), types=inexact_type,
    vjp=lambda g, z, x: (g / ((1 - x) * (1 + x)),), samples="u", cost=20,
)  # fmt: skip


def _direction(x: Expr, y: Expr) -> Expr:
    length = call("hypot", x, y)
    return select(length.equal(0), Const(0, x.dtype), x / length)


def _direction_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    length = np.hypot(x, y)
    zero = length == 0
    return np.where(zero, np.zeros((), length.dtype), x / np.where(zero, np.ones((), length.dtype), length))


def _direction_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    across = g * direction(y, x) / hypot(x, y)
    return across * direction(y, x), -(across * z)


direction = elementwise(
    "direction", _direction_reference, _direction, types=float_pair_type, vjp=_direction_vjp, samples="pp", cost=14
)
"""``x / hypot(x, y)``, the cosine of the angle between (x, y) and the first axis; 0 where there is no angle."""

hypot = elementwise(
    "hypot", np.hypot, helper("hypot", 2), types=float_pair_type,
    vjp=lambda g, z, x, y: (g * direction(x, y), g * direction(y, x)), samples="pp", cost=10, commutative=True,
)  # fmt: skip


def _arctan2_vjp(g: Tensor, z: Tensor, y: Tensor, x: Tensor) -> Sequence[Any]:
    # The square of the radius would overflow, or underflow, long before the radius.
    radius = hypot(x, y)
    return g * (x / radius / radius), -(g * (y / radius / radius))


arctan2 = elementwise(
    "arctan2", np.arctan2, helper("arctan2", 2), types=float_pair_type, vjp=_arctan2_vjp, samples="rp", cost=20
)


def _power_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    exponent = constant_value(y)
    if exponent is not None and exponent.ndim == 0:
        e = exponent.item()
        if e == 0:
            return None, None
        return g if e == 1 else g * (2 * x) if e == 2 else g * (e * power(x, e - 1)), None
    # y * x**(y - 1) at y == 0 is 0 even where x is 0; x**y * log(x) at x == 0 is 0, its limit for y > 0.
    slope = y * power(x, where(equal(y, 0), 1, y - 1))
    return g * slope, g * z * log(where(equal(x, 0), 1, x))


def _power_reference(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    if y.dtype.kind != "i":
        return np.power(x, y)
    # The scalar form has a value for negative powers of integers, 1, -1 or 0, although nobody comes to see it.
    inverse = np.where(np.abs(x) == 1, np.power(x, np.abs(y)), np.zeros((), x.dtype))
    return np.where(y < 0, inverse, np.power(x, np.maximum(y, 0)))


NEGATIVE_POWER = "Integers to negative integer powers are not allowed: st.float_power takes them"


def _natural_exponent(operands: Sequence[Any]) -> Sequence[Any]:
    """NumPy refuses negative powers of integers: here, where the exponent is known, else at the call."""
    base, exponent = operands
    if promoted(operands).kind not in "bi":
        return operands
    fixed = constant_value(exponent) if isinstance(exponent, Tensor) else exponent
    if isinstance(fixed, (int, np.ndarray, np.generic)):
        if np.any(np.less(fixed, 0)):
            raise ValueError("Integers to negative integer powers are not allowed.\n  hint: st.float_power takes them")
        return operands
    power_of = as_tensor(exponent)
    if power_of.dtype.kind != "i" or _is_natural(power_of):
        return operands
    checked = CHECK(power_of, greater_equal(power_of, 0), message=NEGATIVE_POWER)
    return base, checked if isinstance(exponent, Tensor) else Weak(checked, int)


def _is_natural(x: Tensor) -> bool:
    """Whether integers are known to be none of them negative."""
    if x.op is CHECK:
        return x.attr("message") == NEGATIVE_POWER
    return x.op is IOTA or (x.op is SIZE and at_least(x.attr("size"), 0))


power = elementwise(
    "power",
    _power_reference,
    helper("pow", 2),
    types=no_bool_type,
    check=_natural_exponent,
    vjp=_power_vjp,
    samples="pe",
    cost=30,
)

# --------------------------------------------------------------------------------------------- special functions
erf = _function(
    "erf", vectorised(math.erf), lambda g, z, x: (g * TWO_OVER_SQRT_PI * exp(-x * x),), cost=20, types=real_float_type
)
erfc = _function(
    "erfc",
    vectorised(math.erfc),
    lambda g, z, x: (-g * TWO_OVER_SQRT_PI * exp(-x * x),),
    cost=20,
    types=real_float_type,
)
expit = _function("expit", _expit_reference, lambda g, z, x: (g * (z * (1 - z)),), cost=16, types=real_float_type)
log_expit = _function(
    "log_expit", _log_expit_reference, lambda g, z, x: (g * expit(-x),), cost=24, types=real_float_type
)
softplus = _function("softplus", _softplus_reference, lambda g, z, x: (g * expit(x),), cost=24, types=real_float_type)


def _relu_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    return (where(greater(x, 0), g, 0),)


relu = elementwise(
    "relu", lambda x: np.maximum(x, np.zeros((), x.dtype)), lambda x: call("max", x, Const(0, x.dtype)),
    types=real_type, vjp=_relu_vjp, samples="r",
)  # fmt: skip


def _xlogy(x: Expr, y: Expr) -> Expr:
    return select(x.equal(0) & ~is_nan(y), Const(0, x.dtype), x * call("log", y))


def _xlogy_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    zero = equal(x, 0)
    # The slope in x is log(y) even where x is 0; the slope in y is 0 there, whatever y.
    return g * log(y), where(zero & logical_not(_isnan(y)), 0, g * x / y)


def _logaddexp(x: Expr, y: Expr) -> Expr:
    gap = x - y
    # Equal operands are apart because inf - inf is NaN.
    spread = call("max", x, y) + call("log1p", call("exp", -call("abs", gap)))
    return select(x.equal(y), x + LN2, spread)


def _logaddexp_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    return g * exp(x - z), g * exp(y - z)


xlogy = elementwise("xlogy", _xlogy_reference, _xlogy, types=float_pair_type, vjp=_xlogy_vjp, samples="rp", cost=16)
logaddexp = elementwise(
    "logaddexp", np.logaddexp, _logaddexp, types=float_pair_type,
    vjp=_logaddexp_vjp, samples="rs", commutative=True, cost=28,
)  # fmt: skip


def rsqrt(x: Any) -> Tensor:
    """``1 / sqrt(x)``.

    >>> import symtensor as st
    >>> st.rsqrt(st.vector("x")).dtype
    dtype('float64')
    """
    return 1 / sqrt(x)


def leaky_relu(x: Any, slope: float = 0.01) -> Tensor:
    """``x`` where positive, ``slope * x`` elsewhere; ``slope`` is at most 1.

    >>> import symtensor as st
    >>> st.leaky_relu(st.vector("x"), 0.1).dtype
    dtype('float64')
    """
    return maximum(x, slope * x)
