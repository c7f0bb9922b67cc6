"""Compositions of reductions and functions: standard deviation, logsumexp, softmax."""

from __future__ import annotations

from typing import Any

from symtensor import dtypes
from symtensor.ir.node import Tensor
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import isfinite, stop_gradient, where
from symtensor.ops.functions import exp, log, sqrt
from symtensor.ops.movement import squeeze
from symtensor.ops.reduction import max, sum, var
from symtensor.ops.shapes import normal_axes


def std(a: Any, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Standard deviation over axes: the square root of ``var``.

    >>> import symtensor as st
    >>> st.std(st.matrix("x"), axis=1, keepdims=True).ndim
    2
    """
    return sqrt(var(a, axis, dtype, ddof, keepdims))


def _inexact(a: Any) -> Tensor:
    x = as_tensor(a)
    return cast(x, dtypes.inexact(x.dtype))


def logsumexp(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """``log(sum(exp(a)))`` over axes without overflow.

    >>> import symtensor as st
    >>> st.logsumexp(st.matrix("x"), axis=1).ndim
    1
    """
    x = _inexact(a)
    top = max(x, axis, keepdims=True)
    # Any finite shift gives the same value, so its gradient cancels; an infinite maximum would give inf - inf.
    shift = stop_gradient(where(isfinite(top), top, 0))
    result = log(sum(exp(x - shift), axis, keepdims=True)) + shift
    axes = normal_axes(axis, x.ndim)
    return result if keepdims or not axes else squeeze(result, axes)


def softmax(x: Any, axis: Any = None) -> Tensor:
    """``exp(x) / sum(exp(x))`` over axes without overflow.

    >>> import symtensor as st
    >>> st.softmax(st.matrix("x"), axis=1).ndim
    2
    """
    values = _inexact(x)
    e = exp(values - stop_gradient(max(values, axis, keepdims=True)))
    return e / sum(e, axis, keepdims=True)


def log_softmax(x: Any, axis: Any = None) -> Tensor:
    """``log(softmax(x))`` without overflow or cancellation.

    >>> import symtensor as st
    >>> st.log_softmax(st.matrix("x"), axis=1).ndim
    2
    """
    values = _inexact(x)
    shifted = values - stop_gradient(max(values, axis, keepdims=True))
    return shifted - log(sum(exp(shifted), axis, keepdims=True))
