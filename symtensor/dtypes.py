"""Element types: which exist, how they promote, how Python scalars join in.

The values are NumPy's own ``dtype`` objects, so promotion is NumPy 2's (NEP 50) by construction: a Python ``int``,
``float`` or ``bool`` is *weak* and takes the dtype of the array that it meets.
"""

from __future__ import annotations

from typing import Any

import numpy as np

SUPPORTED = tuple(
    np.dtype(name)
    for name in (
        "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
        "float16", "float32", "float64", "complex64", "complex128",
    )
)  # fmt: skip

_CANONICAL = {d: d for d in SUPPORTED}

BOOL, INT64, FLOAT16, FLOAT32, FLOAT64 = (np.dtype(name) for name in ("bool", "int64", "float16", "float32", "float64"))

WEAK_SCALARS = (bool, int, float, complex)


def as_dtype(dtype: Any) -> np.dtype:
    """Return the canonical native-order dtype for anything that NumPy accepts as one.

    Raises:
        TypeError: if it is no dtype, or one that symtensor does not compute with.

    >>> as_dtype("float32")
    dtype('float32')
    """
    if isinstance(dtype, np.dtype) and dtype in _CANONICAL:
        return _CANONICAL[dtype]
    try:
        result = np.dtype(dtype).newbyteorder("=")
    except TypeError:
        raise TypeError(f"there is no dtype {dtype!r}\n  hint: {_known()}") from None
    if result not in SUPPORTED:
        raise TypeError(f"symtensor has no dtype {result}\n  hint: {_known()}")
    return result


def _known() -> str:
    return f"it computes with {', '.join(str(d) for d in SUPPORTED)}"


def promote(*operands: Any) -> np.dtype:
    """Common dtype of dtypes and (weak) Python scalars, as NumPy 2 promotes them.

    >>> promote(np.dtype("float32"), 1.5)
    dtype('float32')
    """
    return as_dtype(np.result_type(*operands))


def inexact(dtype: np.dtype) -> np.dtype:
    """The floating (or complex) dtype in which NumPy evaluates a function such as ``exp`` of this dtype.

    >>> inexact(np.dtype("int64"))
    dtype('float64')
    """
    if dtype.kind in "fc":
        return dtype
    if dtype.itemsize == 1:
        return np.dtype("float16")
    return FLOAT32 if dtype.itemsize == 2 else FLOAT64


def part(dtype: np.dtype) -> np.dtype:
    """The dtype of the real and imaginary part of a complex number; other dtypes are their own.

    >>> part(np.dtype("complex64"))
    dtype('float32')
    """
    return (FLOAT32 if dtype.itemsize == 8 else FLOAT64) if dtype.kind == "c" else dtype


def stored(dtype: np.dtype) -> tuple[np.dtype, int]:
    """What generated code finds in memory for an element: numbers of which dtype, and how many.

    Complex numbers lie as pairs; of float16 the bits are handled, since not every C compiler has the type.

    >>> stored(np.dtype("complex128"))
    (dtype('float64'), 2)
    """
    if dtype.kind == "c":
        return part(dtype), 2
    return (np.dtype("uint16"), 1) if dtype == FLOAT16 else (dtype, 1)


def accumulator(dtype: np.dtype) -> np.dtype:
    """Result dtype of ``sum`` and ``prod``: small integers and bools widen to 64 bits as in NumPy.

    >>> accumulator(np.dtype("bool"))
    dtype('int64')
    """
    if dtype.kind in "bi":
        return INT64 if dtype.itemsize < 8 else dtype
    if dtype.kind == "u":
        return np.dtype("uint64")
    return dtype
