"""Arrays made from nothing: ``iota`` and constants that are broadcast, so that none of them takes memory by itself."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, TensorType
from symtensor.ir.scalar import Expr, index
from symtensor.ir.scalar import cast as scalar_cast
from symtensor.ir.size import Size, SizeLike
from symtensor.ops.declare import Index, Loader, as_tensor, cast
from symtensor.ops.elementwise import equal, greater_equal, where
from symtensor.ops.movement import broadcast_to, expand_dims
from symtensor.ops.shapes import as_shape, as_size, index_op


def _iota_at(node: Tensor, at: Index, load: Loader) -> Expr:
    return scalar_cast(index(at[0]), node.dtype)


IOTA = index_op(
    "iota",
    lambda inputs, size, dtype: TensorType(dtype, (size,)),
    lambda size, dtype: np.arange(size, dtype=dtype),
    _iota_at,
    lambda g, node: (),
    samples=lambda rng: [((), {"size": 5, "dtype": np.dtype("int64")})],
)


def iota(size: Any, dtype: Any = "int64") -> Tensor:
    """The numbers 0, 1, ..., size - 1.

    >>> import symtensor as st
    >>> st.iota(4).type
    int64[4]
    """
    return IOTA(size=as_size(size), dtype=dtypes.as_dtype(dtype))


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Tensor:
    """An array of one value.

    >>> import symtensor as st
    >>> st.full((2, 3), 7.0).type
    float64[2, 3]
    """
    return broadcast_to(as_tensor(fill_value, None if dtype is None else dtypes.as_dtype(dtype)), as_shape(shape))


def zeros(shape: Any, dtype: Any = "float64") -> Tensor:
    """An array of zeros.

    >>> import symtensor as st
    >>> st.zeros(3).type
    float64[3]
    """
    return full(shape, 0, dtype)


def ones(shape: Any, dtype: Any = "float64") -> Tensor:
    """An array of ones.

    >>> import symtensor as st
    >>> st.ones((2, 3), "int64").type
    int64[2, 3]
    """
    return full(shape, 1, dtype)


def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """An array of one value with the shape and dtype of another.

    >>> import symtensor as st
    >>> st.full_like(st.fmatrix("x"), 7).dtype
    dtype('float32')
    """
    x = as_tensor(a)
    return full(x.shape if shape is None else shape, fill_value, x.dtype if dtype is None else dtype)


def zeros_like(a: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """Zeros with the shape and dtype of another array.

    >>> import symtensor as st
    >>> st.zeros_like(st.fmatrix("x")).dtype
    dtype('float32')
    """
    return full_like(a, 0, dtype, shape)


def ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Tensor:
    """Ones with the shape and dtype of another array.

    >>> import symtensor as st
    >>> st.ones_like(st.fmatrix("x")).dtype
    dtype('float32')
    """
    return full_like(a, 1, dtype, shape)


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Tensor:
    """The numbers from ``start`` (0 if only one bound is given) up to but without ``stop``.

    Bounds are numbers, or sizes if the step is an int.

    >>> import symtensor as st
    >>> st.arange(2, 9, 3).type
    int64[3]
    """
    if stop is None:
        start, stop = 0, start
    if builtins.any(isinstance(v, float) for v in (start, stop, step)):
        count: SizeLike = builtins.max(0, math.ceil((stop - start) / step))
        kind = dtypes.FLOAT64
    else:
        start, stop, step = as_size(start), as_size(stop), as_size(step)
        if not isinstance(step, int) or step == 0:
            raise ValueError("the step of arange must be a number other than 0")
        distance = sz.add(stop, sz.mul(start, -1))
        if step < 0:
            distance = sz.mul(distance, -1)
        count = sz.maximum(sz.floordiv(sz.add(distance, abs(step) - 1), abs(step)), 0)
        kind = dtypes.INT64
    result = iota(count, kind)
    if step != 1:
        result = result * step
    if isinstance(start, Size) or start != 0:
        result = result + start
    return result if dtype is None else cast(result, dtype)


def linspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None) -> Tensor:
    """``num`` numbers from ``start`` to ``stop``, equally far apart.

    >>> import symtensor as st
    >>> st.linspace(0.0, 1.0, 7).type
    float64[7]
    """
    start, stop = as_tensor(start), as_tensor(stop)
    start, stop = cast(start, dtypes.inexact(start.dtype)), cast(stop, dtypes.inexact(stop.dtype))
    count = as_size(num)
    gaps = sz.maximum(sz.add(count, -1) if endpoint else count, 1)
    position = iota(count, dtypes.FLOAT64)
    result = position * ((stop - start) / gaps) + start
    if endpoint and count != 1:
        result = where(equal(position, gaps), stop, result)  # the last is exact; one number alone is the first
    return result if dtype is None else cast(result, dtype)


# ------------------------------------------------------------------------------------------------------- matrices
def _offset_grid(rows: SizeLike, columns: SizeLike) -> tuple[Tensor, Tensor]:
    return expand_dims(iota(rows), 1), expand_dims(iota(columns), 0)


def eye(N: Any, M: Any = None, k: int = 0, dtype: Any = "float64") -> Tensor:
    """Ones on a diagonal, zeros elsewhere.

    >>> import symtensor as st
    >>> st.eye(3, 4, 1).type
    float64[3, 4]
    """
    i, j = _offset_grid(as_size(N), as_size(N if M is None else M))
    return cast(equal(i + k, j), dtype)


def identity(n: Any, dtype: Any = "float64") -> Tensor:
    """The unit matrix.

    >>> import symtensor as st
    >>> st.identity(3).type
    float64[3, 3]
    """
    return eye(n, dtype=dtype)


def tri(N: Any, M: Any = None, k: int = 0, dtype: Any = "float64") -> Tensor:
    """Ones at and below a diagonal, zeros elsewhere.

    >>> import symtensor as st
    >>> st.tri(3, 4, 1).type
    float64[3, 4]
    """
    i, j = _offset_grid(as_size(N), as_size(N if M is None else M))
    return cast(greater_equal(i + k, j), dtype)


def tril(m: Any, k: int = 0) -> Tensor:
    """The lower triangle of (a stack of) matrices; zeros above the diagonal.

    >>> import symtensor as st
    >>> st.tril(st.matrix("x")).ndim
    2
    """
    x = as_tensor(m)
    i, j = _offset_grid(x.shape[-2], x.shape[-1])
    return where(greater_equal(i + k, j), x, 0)


def triu(m: Any, k: int = 0) -> Tensor:
    """The upper triangle of (a stack of) matrices; zeros below the diagonal.

    >>> import symtensor as st
    >>> st.triu(st.matrix("x"), 1).ndim
    2
    """
    x = as_tensor(m)
    i, j = _offset_grid(x.shape[-2], x.shape[-1])
    return where(greater_equal(j, i + k), x, 0)


def one_hot(labels: Any, num_classes: Any, dtype: Any = "float64") -> Tensor:
    """A last axis that is 1 at the label and 0 elsewhere; a label out of range gives zeros.

    >>> import symtensor as st
    >>> st.one_hot(st.lvector("t"), 10).ndim
    2
    """
    x = as_tensor(labels)
    return cast(equal(expand_dims(x, x.ndim), iota(as_size(num_classes), x.dtype)), dtype)
