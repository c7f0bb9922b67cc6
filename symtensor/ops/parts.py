"""Complex numbers: making them, their parts, conjugate and angle.

The cotangent of a real loss L in a complex value z is ``dL/dRe(z) + i dL/dIm(z)``, so that a step against it descends.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir import scalar
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Expr
from symtensor.ops import declare
from symtensor.ops.declare import as_tensor, elementwise, inexact_type
from symtensor.ops.elementwise import Types, no_bool_type, same_type
from symtensor.ops.elementwise import real_type as _real_type
from symtensor.ops.functions import arctan2


def _part_type(operands: Sequence[Any]) -> Types:
    types, dtype = same_type(operands)
    return types, dtypes.part(dtype)


def _complex_type(operands: Sequence[Any]) -> Types:
    """Two real operands, at least float32, as the parts of a complex number."""
    (part, _), _ = inexact_type(_real_type(operands)[0])
    part = dtypes.promote(part, dtypes.FLOAT32)
    return (part, part), dtypes.promote(part, np.dtype("complex64"))


def _conjugate_form(x: Expr) -> Expr:
    return scalar.pair(scalar.real(x), -scalar.imag(x)) if x.dtype.kind == "c" else x


def _real_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    return (g,)


def _imag_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    return (join(0, g) if x.dtype.kind == "c" else None,)


real = elementwise("real", np.real, scalar.real, types=_part_type, vjp=_real_vjp, samples="r")
imag = elementwise("imag", np.imag, scalar.imag, types=_part_type, vjp=_imag_vjp, samples="r")
conjugate = elementwise(
    "conjugate", np.conjugate, _conjugate_form, types=no_bool_type, vjp=lambda g, z, x: (declare.conjugate(g),),
    samples="r",
)  # fmt: skip


def _join_reference(re: np.ndarray, im: np.ndarray) -> np.ndarray:
    result = np.empty(np.broadcast_shapes(re.shape, im.shape), np.result_type(re.dtype, np.complex64))
    result.real, result.imag = re, im
    return result


def _join_vjp(g: Tensor, z: Tensor, re: Tensor, im: Tensor) -> Sequence[Any]:
    # What comes is conjugated, as is what is answered: of no meaning for real answers but the sign of the second.
    return real(g), -imag(g)


join = elementwise(
    "join", _join_reference, scalar.pair, types=_complex_type, vjp=_join_vjp, samples="rs"
)  # fmt: skip


def angle(z: Any, deg: bool = False) -> Tensor:
    """Angle of a complex number with the positive real axis, in radians or degrees.

    >>> import symtensor as st
    >>> st.angle(st.vector("z", dtype="complex128")).dtype
    dtype('float64')
    """
    tensor = as_tensor(z)
    if tensor.dtype.kind != "c":
        tensor = tensor * 1.0
    result = arctan2(imag(tensor), real(tensor))
    return result * (180 / np.pi) if deg else result


def abs2(z: Any) -> Tensor:
    """The square of the absolute value.

    >>> import symtensor as st
    >>> st.abs2(st.vector("z", dtype="complex128")).dtype
    dtype('float64')
    """
    tensor = as_tensor(z)
    if tensor.dtype.kind != "c":
        return tensor * tensor
    re, im = real(tensor), imag(tensor)
    return re * re + im * im
