"""NumPy's protocols: ``np.exp(x)``, ``np.add.reduce(x)`` and ``np.concatenate([x, y])`` of tensors build graphs.

NumPy hands functions on to ``FUNCTIONS``, which ``symtensor`` fills with its public names; what asks for types and
shapes alone, and the methods of ufuncs, are here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, describe
from symtensor.ir.size import SizeLike
from symtensor.ops import cumulative, reduction
from symtensor.ops.declare import as_tensor
from symtensor.ops.movement import reshape
from symtensor.ops.normalise import logsumexp
from symtensor.ops.shapes import normal_axis

FUNCTIONS: dict[str, Callable[..., Any]] = {}
"""Public functions by NumPy's name."""


# ------------------------------------------------------------------------------------------------------------ ufuncs
_REDUCE: dict[str, Callable[..., Tensor]] = {
    "add": reduction.sum, "multiply": reduction.prod, "maximum": reduction.max, "minimum": reduction.min,
    "logical_and": reduction.all, "logical_or": reduction.any, "logaddexp": logsumexp,
}  # fmt: skip
_ACCUMULATE: dict[str, Callable[..., Tensor]] = {"add": cumulative.cumsum, "multiply": cumulative.cumprod}


def array_ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """``__array_ufunc__``: a ufunc, or one of its methods, of tensors."""
    name = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
    if method == "reduce" and ufunc.__name__ in _REDUCE:
        return _REDUCE[ufunc.__name__](*inputs, **{"axis": 0, **options})
    if method == "accumulate" and ufunc.__name__ in _ACCUMULATE:
        return _ACCUMULATE[ufunc.__name__](*inputs, **{"axis": 0, **options})
    function = FUNCTIONS.get(ufunc.__name__)
    if method not in ("__call__", "outer") or function is None:
        raise TypeError(f"symtensor has no np.{name}")
    if options and ufunc.signature is None:  # out, where, casting; products such as vecdot have options of their own
        raise TypeError(f"symtensor's {name} takes no {', '.join(options)}")
    if method == "outer":
        left, right = map(as_tensor, inputs)
        return function(reshape(left, (*left.shape, *(1,) * right.ndim)), right)
    return function(*inputs, **options)


# --------------------------------------------------------------------------------------------------------- functions
def _size(a: Any, axis: Any = None) -> SizeLike:
    tensor = as_tensor(a)
    return sz.product(tensor.shape) if axis is None else tensor.shape[normal_axis(axis, tensor.ndim)]


_ABOUT: dict[str, Callable[..., Any]] = {
    "shape": lambda a: as_tensor(a).shape,
    "ndim": lambda a: as_tensor(a).ndim,
    "size": _size,
    "iscomplexobj": lambda x: as_tensor(x).dtype.kind == "c",
    "isrealobj": lambda x: as_tensor(x).dtype.kind != "c",
    "result_type": lambda *given: np.result_type(*(g.dtype if isinstance(g, Tensor) else g for g in given)),
    "copy": lambda a, order="K", subok=False: as_tensor(a),
}
"""What NumPy's functions tell of a tensor whose elements nobody knows yet."""


def array_function(self: Tensor, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
    """``__array_function__``: a function of NumPy of tensors."""
    ours = FUNCTIONS.get(function.__name__) or _ABOUT.get(function.__name__)
    if ours is None:
        raise TypeError(f"symtensor has no np.{function.__name__}")
    return ours(*args, **kwargs)


def array(self: Tensor, *_: Any, **__: Any) -> Any:
    """``__array__``: refused, as a tensor holds no elements."""
    raise TypeError(f"{describe(self)} has no value while the graph is built\n  hint: compile it with st.compile")
