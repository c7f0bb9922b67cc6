"""Elementwise arithmetic, comparisons, logic and rounding, with NumPy's names, dtypes and special values.

Each op is one declaration: NumPy reference, scalar form, dtype rule, gradient (written with the ops themselves, so it
can be differentiated again) and the domain of its sample inputs.  Functions beyond arithmetic
(``power``, ``exp``, ``erf``, ...) are in ``symtensor.ops.functions``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError
from symtensor.ir.node import OPS, Tensor
from symtensor.ir.scalar import Const, Expr, call, imag, pair, real, select
from symtensor.ops.declare import (
    CONSTANT,
    Elementwise,
    as_tensor,
    compare_type,
    conjugate,
    elementwise,
    helper,
    inexact_type,
    logic_type,
    numeric_type,
    operator,
    same_type,
    select_type,
)

Types = tuple[tuple[np.dtype, ...], np.dtype]


# ------------------------------------------------------------------------------------------------- dtype rules
def no_bool_type(operands: Sequence[Any]) -> Types:
    """As ``same_type``, with bools taken as int8, as NumPy does for ``power`` and ``floor_divide``."""
    types, dtype = same_type(operands)
    if dtype == dtypes.BOOL:
        dtype = np.dtype("int8")
    return (dtype,) * len(types), dtype


def _integer_type(operands: Sequence[Any]) -> Types:
    """Bools and integers only."""
    types, dtype = same_type(operands)
    if dtype.kind not in "biu":
        raise DTypeError(f"takes bools or integers, not {dtype}\n  hint: cast with .astype")
    return types, dtype


def _float_test_type(operands: Sequence[Any]) -> Types:
    """Any one operand, the result is bool."""
    return same_type(operands)[0], dtypes.BOOL


def _float_test(operands: Sequence[Any]) -> Types:
    """A real operand that is taken as floating-point, the result is bool."""
    return inexact_type(real_type(operands)[0])[0], dtypes.BOOL


def real_type(operands: Sequence[Any]) -> Types:
    """As ``same_type``, without complex numbers."""
    types, dtype = same_type(operands)
    if dtype.kind == "c":
        raise DTypeError("is not defined for complex numbers\n  hint: take st.real, st.imag, st.absolute or st.angle")
    return types, dtype


def _real_no_bool_type(operands: Sequence[Any]) -> Types:
    return no_bool_type(real_type(operands)[0])


def _magnitude_type(operands: Sequence[Any]) -> Types:
    """The size of a complex number is real."""
    types, dtype = same_type(operands)
    return types, dtypes.part(dtype)


# ------------------------------------------------------------------------------------------------ scalar forms
def _by_bool(on_bool: Callable[..., Expr], otherwise: Callable[..., Expr]) -> Callable[..., Expr]:
    """Arithmetic on bools is logic in NumPy."""
    return lambda *a: (on_bool if a[0].dtype == dtypes.BOOL else otherwise)(*a)


def is_nan(x: Expr) -> Expr:
    """Scalar test for NaN; false for integers."""
    return x.not_equal(x) if x.dtype.kind in "fc" else Const(False, dtypes.BOOL)


def _sign(x: Expr) -> Expr:
    one = Const(1, x.dtype)
    if x.dtype.kind == "c":
        return select(x.equal(0), Const(0, x.dtype), x / pair(_absolute(x), Const(0, _absolute(x).dtype)))
    if x.dtype.kind == "u":
        return select(x > 0, one, Const(0, x.dtype))
    zero_or_nan = select(x.equal(0), Const(0, x.dtype), x) if x.dtype.kind == "f" else Const(0, x.dtype)
    return select(x > 0, one, select(x < 0, Const(-1, x.dtype), zero_or_nan))


def _reciprocal(x: Expr) -> Expr:
    if x.dtype.kind in "fc":
        return 1 / x
    # Integer division truncates: only 1 and -1 have a reciprocal; 0 gives 0, as floor_divide does.
    one, zero = Const(1, x.dtype), Const(0, x.dtype)
    below = zero if x.dtype.kind == "u" else select(x.equal(-1), Const(-1, x.dtype), zero)
    return select(x.equal(1), one, below)


def _reciprocal_reference(x: np.ndarray) -> np.ndarray:
    # NumPy's answer for the integer 0 depends on the machine.
    return np.reciprocal(x) if x.dtype.kind in "fc" else np.where(x == 0, x, np.reciprocal(np.where(x == 0, 1, x)))


def _of_parts(test: Callable[[Expr], Expr], joined: str, otherwise: bool) -> Callable[[Expr], Expr]:
    """A test of floats, of both parts of complex numbers, with one answer for all integers."""

    def apply(x: Expr) -> Expr:
        if x.dtype.kind == "c":
            return call(joined, test(real(x)), test(imag(x)))
        return test(x) if x.dtype.kind == "f" else Const(otherwise, dtypes.BOOL)

    return apply


def _absolute(x: Expr) -> Expr:
    return x if x.dtype.kind in "bu" else call("abs", x)


# -------------------------------------------------------------------------------------------------- gradients
def _multiply_vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
    # Nothing flows into a constant factor, and long chains have many.
    return None if x.op is CONSTANT else g * y, None if y.op is CONSTANT else g * x


def _extremum_vjp(wins: Callable[[], Elementwise]) -> Callable[..., Sequence[Any]]:
    """Where both operands are equal each takes half, as ``max`` spreads over ties."""

    def vjp(g: Tensor, z: Tensor, x: Tensor, y: Tensor) -> Sequence[Any]:
        tie = where(equal(x, y), g * 0.5, 0)
        return where(wins()(x, y), g, tie), where(wins()(y, x), g, tie)

    return vjp


# ------------------------------------------------------------------------------------------------- arithmetic
add = elementwise(
    "add", np.add, _by_bool(operator("or"), operator("add")),
    vjp=lambda g, z, x, y: (g, g), samples="rs", commutative=True,
)  # fmt: skip
subtract = elementwise(
    "subtract", np.subtract, operator("sub"), types=numeric_type, vjp=lambda g, z, x, y: (g, -g), samples="rs"
)
multiply = elementwise(
    "multiply", np.multiply, _by_bool(operator("and"), operator("mul")),
    vjp=_multiply_vjp, samples="rs", commutative=True,
)  # fmt: skip
divide = elementwise(
    "divide", np.divide, operator("div"), types=inexact_type,
    vjp=lambda g, z, x, y: (g / y, -g * z / y), samples="rp", cost=4,
)  # fmt: skip
floor_divide = elementwise(
    "floor_divide", np.floor_divide, operator("floordiv"), types=_real_no_bool_type,
    vjp=lambda g, z, x, y: (None, None), samples="rp", cost=8,
)  # fmt: skip
mod = elementwise(
    "mod", np.mod, operator("mod"), types=_real_no_bool_type,
    vjp=lambda g, z, x, y: (g, -g * floor_divide(x, y)), samples="rp", cost=8,
)  # fmt: skip
negative = elementwise(
    "negative", np.negative, operator("neg"), types=numeric_type, vjp=lambda g, z, x: (-g,), samples="r"
)
absolute = elementwise(
    "absolute", np.absolute, _absolute, types=_magnitude_type, vjp=lambda g, z, x: (g * sign(x),), samples="r"
)


def _sign_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    if x.dtype.kind != "c":
        return (None,)
    # z = x/|x| is not analytic: dz = (dx - z Re(conj(z) dx)) / |x|.  What comes is conjugated, as the answer will be.
    g = conjugate(g)
    size = absolute(x)
    along = OPS["real"](conjugate(z) * g)
    return (conjugate(where(equal(size, 0), 0, (g - z * along) / where(equal(size, 0), 1, size))),)


sign: Elementwise = elementwise("sign", np.sign, _sign, types=numeric_type, vjp=_sign_vjp, samples="r", cost=2)
square = elementwise(
    "square", np.square, lambda x: x * x, types=no_bool_type, vjp=lambda g, z, x: (2 * g * x,), samples="r"
)
reciprocal = elementwise(
    "reciprocal",
    _reciprocal_reference,
    _reciprocal,
    types=no_bool_type,
    vjp=lambda g, z, x: (-g * z * z,),
    samples="p",
    cost=4,
)
maximum = elementwise(
    "maximum", np.maximum, _by_bool(operator("or"), operator("max")),
    vjp=_extremum_vjp(lambda: greater), samples="rs", commutative=True, cost=2,
)  # fmt: skip
minimum = elementwise(
    "minimum", np.minimum, _by_bool(operator("and"), operator("min")),
    vjp=_extremum_vjp(lambda: less), samples="rs", commutative=True, cost=2,
)  # fmt: skip

# ------------------------------------------------------------------------------------------------ comparisons
equal = elementwise("equal", np.equal, operator("eq"), types=compare_type, samples="kl", commutative=True)
not_equal = elementwise("not_equal", np.not_equal, operator("ne"), types=compare_type, samples="kl", commutative=True)
less: Elementwise = elementwise(
    "less", np.less, _by_bool(lambda x, y: ~x & y, operator("lt")), types=compare_type, samples="rs"
)
less_equal = elementwise(
    "less_equal", np.less_equal, _by_bool(lambda x, y: ~x | y, operator("le")), types=compare_type, samples="rs"
)
greater: Elementwise = elementwise(
    "greater", np.greater, _by_bool(lambda x, y: x & ~y, operator("gt")), types=compare_type, samples="rs"
)
greater_equal = elementwise(
    "greater_equal", np.greater_equal, _by_bool(lambda x, y: x | ~y, operator("ge")), types=compare_type, samples="rs"
)
isnan = elementwise("isnan", np.isnan, is_nan, types=_float_test_type, samples="r")
isinf = elementwise(
    "isinf", np.isinf, _of_parts(lambda x: call("abs", x).equal(float("inf")), "or", False),
    types=_float_test_type, samples="r",
)  # fmt: skip
isfinite = elementwise(
    "isfinite", np.isfinite, _of_parts(lambda x: call("abs", x) < float("inf"), "and", True),
    types=_float_test_type, samples="r",
)  # fmt: skip

signbit = elementwise(
    "signbit",
    np.signbit,
    lambda x: helper("copysign", 2)(Const(1, x.dtype), x) < 0,
    types=_float_test,
    samples="r",
)

# ------------------------------------------------------------------------------------------------------ logic
logical_and = elementwise(
    "logical_and", np.logical_and, operator("and"), types=logic_type, samples="bb", commutative=True
)
logical_or = elementwise("logical_or", np.logical_or, operator("or"), types=logic_type, samples="bb", commutative=True)
logical_xor = elementwise(
    "logical_xor", np.logical_xor, operator("xor"), types=logic_type, samples="bb", commutative=True
)
logical_not = elementwise("logical_not", np.logical_not, operator("not"), types=logic_type, samples="b")
bitwise_and = elementwise(
    "bitwise_and", np.bitwise_and, _by_bool(operator("and"), operator("bit_and")),
    types=_integer_type, samples="ij", commutative=True,
)  # fmt: skip
bitwise_or = elementwise(
    "bitwise_or", np.bitwise_or, _by_bool(operator("or"), operator("bit_or")),
    types=_integer_type, samples="ij", commutative=True,
)  # fmt: skip
bitwise_xor = elementwise(
    "bitwise_xor", np.bitwise_xor, _by_bool(operator("xor"), operator("bit_xor")),
    types=_integer_type, samples="ij", commutative=True,
)  # fmt: skip
invert = elementwise(
    "invert", np.invert, _by_bool(operator("not"), operator("bit_not")), types=_integer_type, samples="i"
)
where: Elementwise = elementwise(
    "where", np.where, select, types=select_type,
    vjp=lambda g, z, c, x, y: (None, where(c, g, 0), where(c, 0, g)), samples="brs",
)  # fmt: skip


# --------------------------------------------------------------------------------------------------- rounding
def _rounding(name: str, numpy: Callable[..., Any]) -> Elementwise:
    # Integers are whole already: NumPy 2 hands them back unchanged.
    scalar = helper(name)
    return elementwise(
        name,
        numpy,
        lambda x: scalar(x) if x.dtype.kind == "f" else x,
        types=real_type,
        vjp=lambda g, z, x: (None,),
        samples="r",
    )


floor = _rounding("floor", np.floor)
ceil = _rounding("ceil", np.ceil)
trunc = _rounding("trunc", np.trunc)
rint = elementwise("rint", np.rint, helper("rint"), types=inexact_type, vjp=lambda g, z, x: (None,), samples="r")


# ---------------------------------------------------------------------------------------------------- composed
def clip(a: Any, min: Any = None, max: Any = None) -> Tensor:
    """Limit values to the interval from ``min`` to ``max``; either bound may be None.  NaN stays.

    At a bound the gradient is half of that inside, as for ``maximum``.

    >>> import symtensor as st
    >>> st.clip(st.vector("x"), -1, 1).dtype
    dtype('float64')
    """
    result = as_tensor(a)
    if min is not None:
        result = maximum(result, min)
    if max is not None:
        result = minimum(result, max)
    return result


stop_gradient = elementwise("stop_gradient", lambda x: x, lambda x: x, vjp=lambda g, z, x: (None,))
"""The identity, held constant by every derivative."""
vanishing = elementwise("vanishing", lambda x: x, lambda x: x, vjp=lambda g, z, x: (g,))
"""A value that is known to be 0 while its derivatives are not: nobody computes it once they have been taken."""
