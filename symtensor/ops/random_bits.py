"""Random bits as a pure function of their place: Philox, and what makes numbers of its bits.

``philox_low(low, high, key)`` and ``philox_high`` are the two halves of the 128 bits to which Philox 4x32-10 maps the
128 bits (low, high).  They are elementwise, so a draw is an expression over ``iota`` that vanishes into the loop that
uses it: no buffer, no state, and each element is the same whichever thread or target computes it.

What follows up to a standard normal value is exact or made of single correctly rounded operations, so that the
interpreter, C, OpenCL and CUDA agree in every bit.

Reference: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (SC 2011).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, Expr, call
from symtensor.ir.scalar import cast as scalar_cast
from symtensor.ops.declare import Elementwise, elementwise, helper, same_type

UINT64 = np.dtype("uint64")
Types = tuple[tuple[np.dtype, ...], np.dtype]

MULTIPLIERS = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
ROUNDS = 10
_WORD, _MASK = np.uint64(32), np.uint64(0xFFFFFFFF)


# -------------------------------------------------------------------------------------------------------- philox
def philox(low: np.ndarray, high: np.ndarray, key: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Philox 4x32-10 of 128-bit counters with 64-bit keys, in NumPy.

    Args:
        low: uint64, words 0 and 1 of the counter (word 0 the lower half).
        high: uint64, words 2 and 3.
        key: uint64.

    Returns:
        Words 0 and 1, and words 2 and 3, of the result.

    >>> low, _ = philox(np.uint64(0), np.uint64(0), np.uint64(0))
    >>> hex(low)
    '0xe169c58d6627e8d5'
    """
    with np.errstate(over="ignore"):
        a, b, c, d = low & _MASK, low >> _WORD, high & _MASK, high >> _WORD
        k, m = key & _MASK, key >> _WORD
        for _ in range(ROUNDS):
            p, q = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
            a, b, c, d = (q >> _WORD) ^ b ^ k, q & _MASK, (p >> _WORD) ^ d ^ m, p & _MASK
            k, m = (k + WEYL[0]) & _MASK, (m + WEYL[1]) & _MASK
        return a | (b << _WORD), c | (d << _WORD)


def _bits_type(operands: Sequence[Any]) -> Types:
    return (UINT64,) * len(operands), UINT64


def _bits_op(name: str, numpy: Callable[..., Any], arity: int, cost: float) -> Elementwise:
    """Declare a function of uint64 values that the math library has."""
    return elementwise(name, numpy, helper(name, arity), types=_bits_type, cost=cost)


philox_low = _bits_op("philox_low", lambda low, high, key: philox(low, high, key)[0], 3, 40)
philox_high = _bits_op("philox_high", lambda low, high, key: philox(low, high, key)[1], 3, 40)


def _multiply_high(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a_low, a_high, b_low, b_high = a & _MASK, a >> _WORD, b & _MASK, b >> _WORD
    left, right = a_high * b_low, a_low * b_high
    carry = (((a_low * b_low) >> _WORD) + (left & _MASK) + (right & _MASK)) >> _WORD
    return a_high * b_high + (left >> _WORD) + (right >> _WORD) + carry


multiply_high = _bits_op("multiply_high", _multiply_high, 2, 12)
"""The upper 64 bits of a product: from 64 random bits and n an integer below n, off by less than n / 2**64."""


# --------------------------------------------------------------------------------------------- the unit interval
def _unit(name: str, dtype: np.dtype, digits: int) -> Elementwise:
    """Declare the map from 64 bits to the multiples of ``2**-digits`` in [0, 1): conversion and product are exact."""
    shift, scale = 64 - digits, 2.0**-digits

    def reference(bits: np.ndarray) -> np.ndarray:
        return (bits >> np.uint64(shift)).astype(dtype) * dtype.type(scale)

    def scalar(bits: Expr) -> Expr:
        return scalar_cast(call("shift_right", bits, Const(shift, UINT64)), dtype) * scale

    return elementwise(name, reference, scalar, types=lambda operands: ((UINT64,), dtype), cost=3)


UNIT = {
    dtypes.FLOAT64: _unit("unit_double", dtypes.FLOAT64, 53),
    dtypes.FLOAT32: _unit("unit_single", dtypes.FLOAT32, 24),
}
"""From 64 random bits to a number in [0, 1), by dtype."""


# -------------------------------------------------------------------------------------------------------- normal
_TERMS = {8: (11, 8, 8), 4: (5, 4, 5)}  # of the series of log, sin and cos, by bytes


def _horner(coefficients: Sequence[np.floating], x: np.ndarray) -> np.ndarray:
    result = coefficients[-1]
    for c in coefficients[-2::-1]:
        result = result * x + c
    return result  # type: ignore[return-value]


def _box_muller_reference(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """The C text of the math library, operation by operation."""
    real, size = u.dtype.type, u.dtype.itemsize
    integer = np.dtype(f"int{8 * size}").type
    mantissa = integer(np.finfo(u.dtype).nmant)
    offset = np.array(0.75, u.dtype).view(integer)
    logs, sines, cosines = _TERMS[size]

    i = np.asarray(u).view(integer) - offset
    e = (i >> mantissa).astype(u.dtype)
    f = ((i & ((integer(1) << mantissa) - integer(1))) + offset).view(u.dtype) - real(1)
    s = f / (real(2) + f)
    z = s * s
    series = _horner([real(2) / real(2 * k + 1) for k in range(1, logs + 1)], z)
    logarithm = e * real(math.log(2)) + (real(2) * s + s * z * series)

    quarter = np.floor(real(4) * v + real(0.5))
    x = (v - real(0.25) * quarter) * real(2 * math.pi)
    z = x * x
    sine = x * _horner([real((-1) ** k) / real(math.factorial(2 * k + 1)) for k in range(sines + 1)], z)
    cosine = _horner([real((-1) ** k) / real(math.factorial(2 * k)) for k in range(cosines + 1)], z)
    n = quarter.astype(integer)
    wave = np.where(n & integer(1), sine, cosine)
    return np.sqrt(real(-2) * logarithm) * np.where((n + integer(1)) & integer(2), -wave, wave)


box_muller = elementwise("box_muller", _box_muller_reference, helper("box_muller", 2), cost=60)
"""A standard normal value from u in (0, 1] and v in [0, 1)."""


def _location_scale(noise: Expr, location: Expr, scale: Expr) -> Expr:
    return call("mul_rounded", noise, scale) + location


def _location_scale_vjp(g: Tensor, z: Tensor, noise: Tensor, location: Tensor, scale: Tensor) -> Sequence[Any]:
    return g * scale, g, g * noise


location_scale = elementwise(
    "location_scale", lambda noise, location, scale: noise * scale + location, _location_scale,
    types=same_type, vjp=_location_scale_vjp, cost=2,
)  # fmt: skip
"""``noise * scale + location`` in two roundings even where products join additions: the same bits everywhere."""
