"""Running sums and products along an axis, as scans over it."""

from __future__ import annotations

from typing import Any

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ops.creation import full
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import add, multiply
from symtensor.ops.movement import moveaxis, ravel
from symtensor.ops.scan import scan
from symtensor.ops.shapes import normal_axis


def _cumulative(a: Any, axis: int | None, dtype: Any, join: Any, start: int) -> Tensor:
    x = as_tensor(a)
    x = cast(x, dtype or dtypes.accumulator(x.dtype))
    if axis is None:
        x, axis = ravel(x), 0
    rows = moveaxis(x, normal_axis(axis, x.ndim), 0)
    totals, _ = scan(
        lambda row, total: join(total, row), sequences=rows, outputs_info=full(rows.shape[1:], start, x.dtype)
    )
    return moveaxis(totals, 0, axis)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running sum along an axis, or of the flattened array.

    >>> import symtensor as st
    >>> st.cumsum(st.matrix("x"), axis=1).ndim
    2
    """
    return _cumulative(a, axis, dtype, add, 0)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None) -> Tensor:
    """Running product along an axis, or of the flattened array.

    >>> import symtensor as st
    >>> st.cumprod(st.matrix("x"), axis=0).ndim
    2
    """
    return _cumulative(a, axis, dtype, multiply, 1)
