"""Grids: numbers with equal ratios, and coordinates of the elements of an array."""

from __future__ import annotations

from typing import Any

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ops.creation import iota, linspace
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import equal, where
from symtensor.ops.functions import power
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import broadcast_to, expand_dims
from symtensor.ops.shapes import as_shape


def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: bool = True, base: float = 10.0, dtype: Any = None
) -> Tensor:
    """``num`` powers of the base whose exponents are equally far apart.

    >>> import symtensor as st
    >>> st.logspace(0.0, 2.0, 5).type
    float64[5]
    """
    result = power(base, linspace(start, stop, num, endpoint))
    return result if dtype is None else cast(result, dtype)


def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: bool = True, dtype: Any = None) -> Tensor:
    """``num`` numbers from ``start`` to ``stop`` with equal ratios; both bounds have one sign.

    >>> import symtensor as st
    >>> st.geomspace(1.0, 8.0, 4).type
    float64[4]
    """
    first, last = cast(start, dtypes.FLOAT64), cast(stop, dtypes.FLOAT64)
    ratio = last / first
    exponents = linspace(0.0, 1.0, num, endpoint)
    result = first * power(ratio, exponents)
    if endpoint:
        result = where(equal(exponents, 1), last, result)  # the last is exact
    return result if dtype is None else cast(result, dtype)


def meshgrid(*xi: Any, indexing: str = "xy") -> list[Tensor]:
    """Vectors as the coordinates of a grid: one array for each, all of the grid's shape.

    Args:
        xi: vectors.
        indexing: ``"xy"`` (the first vector runs along the second axis) or ``"ij"``.

    >>> import symtensor as st
    >>> [g.shape for g in st.meshgrid(st.ones(3), st.ones(2))]
    [(2, 3), (2, 3)]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    vectors = [as_tensor(x) for x in xi]
    order = list(range(len(vectors)))
    if indexing == "xy" and len(vectors) > 1:
        order[0], order[1] = 1, 0
    sizes = [v.shape[0] if v.ndim else 1 for v in vectors]
    shape = tuple(sizes[k] for k in order)
    return [
        broadcast_to(expand_dims(v, tuple(i for i in range(len(order)) if order[i] != k)) if v.ndim else v, shape)
        for k, v in enumerate(vectors)
    ]


def indices(dimensions: Any, dtype: Any = "int64") -> Tensor:
    """The position of each element of an array of this shape: one such array for each axis, stacked in front.

    >>> import symtensor as st
    >>> st.indices((2, 3)).type
    int64[2, 2, 3]
    """
    shape = as_shape(dimensions)
    axes = meshgrid(*(iota(n, dtype) for n in shape), indexing="ij")
    return concatenate([expand_dims(a, 0) for a in axes], 0)
