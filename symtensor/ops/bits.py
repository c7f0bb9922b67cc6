"""Elementwise functions of integers and of the parts of floats: shifts, divisors, exponents, neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, Expr, call, cast, select
from symtensor.ops.declare import Elementwise, elementwise, helper, inexact_type, promoted
from symtensor.ops.elementwise import Types, no_bool_type, real_type, same_type, trunc
from symtensor.ops.functions import float_pair_type

INT32, UINT8 = np.dtype("int32"), np.dtype("uint8")
FARTHEST = 2200  # an exponent that takes any number, the least subnormal too, to infinity or to 0


def whole_type(operands: Sequence[Any]) -> Types:
    """Integers only."""
    types, dtype = same_type(operands)
    if dtype.kind not in "iu":
        raise DTypeError(f"takes integers, not {dtype}\n  hint: cast with .astype")
    return types, dtype


def _shift_type(operands: Sequence[Any]) -> Types:
    """Integers only; bools are taken as int8."""
    return whole_type(no_bool_type(operands)[0])


def _count_type(operands: Sequence[Any]) -> Types:
    """An integer; the result is uint8."""
    return _shift_type(operands)[0], UINT8


def _exponent_type(operands: Sequence[Any]) -> Types:
    """A number taken as floating-point; the result is int32."""
    return inexact_type(real_type(operands)[0])[0], INT32


def _scaled_type(operands: Sequence[Any]) -> Types:
    """A number taken as floating-point, and an integer."""
    (value,), _ = inexact_type(real_type(operands[:1])[0])
    if promoted(operands[1:]).kind not in "bi":
        raise DTypeError(f"takes a signed integer as its exponent, not {promoted(operands[1:])}")
    return (value, dtypes.INT64), value


def _integers(name: str, numpy: Callable[..., Any], samples: str, **more: Any) -> Any:
    """Declare a function of two integers that is a helper of generated code."""
    return elementwise(name, numpy, helper(name, 2), samples=samples, cost=8, **more)


# --------------------------------------------------------------------------------------------------------- integers
left_shift = _integers("left_shift", np.left_shift, "ij", types=_shift_type)
right_shift = _integers("right_shift", np.right_shift, "ij", types=_shift_type)
gcd = _integers("gcd", np.gcd, "ij", commutative=True, types=whole_type)
lcm = _integers("lcm", np.lcm, "ij", commutative=True, types=whole_type)
bitwise_count = elementwise(
    "bitwise_count", np.bitwise_count, lambda x: cast(call("bitwise_count", x), UINT8),
    types=_count_type, samples="i", cost=12,
)  # fmt: skip
helper("bitwise_count")

# ------------------------------------------------------------------------------------------- parts of floating point


def _fmod_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    return g, -g * trunc(x / y)


fmod = elementwise(
    "fmod", np.fmod, helper("fmod", 2), types=lambda operands: no_bool_type(real_type(operands)[0]),
    vjp=_fmod_vjp, samples="rp", cost=8,
)  # fmt: skip


def _half_ulp(x: Expr) -> Expr:
    """The distance of a float16, given as float32, to the next one outwards."""
    least = Const(-13, x.dtype)  # subnormals are as far apart as the least of the others
    exponent = select(x.equal(0), least, call("max", call("frexp_exponent", x), least))
    return call("ldexp", Const(1, x.dtype), exponent - 11)


def _half_ulp_inwards(x: Expr) -> Expr:
    """The distance to the next one towards 0: below a power of two numbers lie twice as close, but for subnormals."""
    size, ulp = call("abs", x), _half_ulp(x)
    return select(call("frexp_mantissa", size).equal(0.5) & (size > 2.0**-14), 0.5 * ulp, ulp)


def _half_nextafter(x: Expr, y: Expr) -> Expr:
    """``nextafter`` of float16 numbers that are held as float32."""
    size, ulp = call("abs", x), _half_ulp(x)
    away = call("xor", y > x, x < 0)
    largest = size.equal(65504.0) & away
    moved = call("copysign", select(away, size + ulp, size - _half_ulp_inwards(x)), x)
    moved = select(largest, call("copysign", Const(float("inf"), x.dtype), x), moved)
    moved = select(size.equal(float("inf")), call("copysign", Const(65504, x.dtype), x), moved)
    moved = select(x.equal(0), call("copysign", Const(2.0**-24, x.dtype), y), moved)
    return select(x.not_equal(x) | y.not_equal(y), x + y, select(x.equal(y), y, moved))


nextafter = elementwise(
    "nextafter", np.nextafter, helper("nextafter", 2), types=float_pair_type,
    vjp=lambda g, z, x, y: (g, None), samples="rs", cost=8, half=_half_nextafter,
)  # fmt: skip


def _spacing(x: Expr) -> Expr:
    outwards = call("copysign", Const(float("inf"), x.dtype), x)
    away = call("nextafter", x, outwards) - x
    return select(x.equal(0), call("nextafter", Const(0, x.dtype), Const(1, x.dtype)), away)


def _half_spacing(x: Expr) -> Expr:
    """NumPy's distance to the next float16 upwards, which is positive on both sides of 0."""
    size = call("abs", x)
    infinity, nan = (Const(float(v), x.dtype) for v in ("inf", "nan"))
    inside = select(x < 0, _half_ulp_inwards(x), _half_ulp(x))
    return select((size < 65504) | x.equal(-65504), inside, select(size.equal(65504), infinity, nan))


def _spacing_reference(x: np.ndarray) -> np.ndarray:
    # NumPy's own answer at the largest number depends on its version.
    if x.dtype == dtypes.FLOAT16:
        return np.spacing(x)
    away = np.nextafter(x, np.copysign(np.asarray(np.inf, x.dtype), x)) - x
    return np.where(x == 0, np.nextafter(np.zeros((), x.dtype), np.ones((), x.dtype)), away)


spacing = elementwise(
    "spacing", _spacing_reference, _spacing, types=lambda operands: inexact_type(real_type(operands)[0]),
    vjp=lambda g, z, x: (None,), samples="r", cost=10, half=_half_spacing,
)  # fmt: skip


def _frexp_reference(part: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(np.isfinite(x), np.frexp(x)[part], (x, 0)[part]).astype((x.dtype, INT32)[part])


def _mantissa_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    return (ldexp(g, -frexp_exponent(x)),)


frexp_mantissa = elementwise(
    "frexp_mantissa", _frexp_reference(0), helper("frexp_mantissa"),
    types=lambda operands: inexact_type(real_type(operands)[0]), vjp=_mantissa_vjp, samples="r", cost=6,
)  # fmt: skip
frexp_exponent = elementwise(
    "frexp_exponent", _frexp_reference(1), lambda x: cast(call("frexp_exponent", x), INT32),
    types=_exponent_type, samples="r", cost=6,
)  # fmt: skip
helper("frexp_exponent")


def _ldexp(x: Expr, exponent: Expr) -> Expr:
    bounded = call("max", call("min", exponent, Const(FARTHEST, exponent.dtype)), Const(-FARTHEST, exponent.dtype))
    # The exponent goes as a float, so that all arguments of a helper have one type; the largest is exact in any.
    return call("ldexp", x, cast(bounded, x.dtype))


helper("ldexp", 2)
ldexp: Elementwise = elementwise(
    "ldexp", lambda x, n: np.ldexp(x, np.clip(n, -FARTHEST, FARTHEST).astype(INT32)), _ldexp, types=_scaled_type,
    vjp=lambda g, z, x, n: (ldexp(g, n), None), samples="rI", cost=8,
)  # fmt: skip


def frexp(x: Any) -> tuple[Tensor, Tensor]:
    """Mantissa, in [1/2, 1) in size, and exponent of two; infinities and NaN have the exponent 0.

    >>> import symtensor as st
    >>> mantissa, exponent = st.frexp(st.vector("x"))
    >>> exponent.dtype
    dtype('int32')
    """
    return frexp_mantissa(x), frexp_exponent(x)
