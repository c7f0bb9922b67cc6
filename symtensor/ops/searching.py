"""Searching: ``nonzero``, whose result has a size that is known only once it has run."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.node import Tensor, TensorType, register
from symtensor.ir.size import Bound, Size
from symtensor.ops.declare import Library, as_tensor
from symtensor.ops.item import item
from symtensor.ops.movement import ravel


def _nonzero_type(inputs: tuple[Tensor, ...], bound: Bound) -> tuple[TensorType, ...]:
    return (TensorType(dtypes.INT64, (Size.of(bound),)),) * inputs[0].ndim


def _nonzero_vjp(cotangents: Sequence[Any], node: Tensor) -> Sequence[Any]:
    return (None,)


NONZERO = Library(
    "nonzero", "library", _nonzero_type, lambda x, bound: tuple(np.nonzero(x)), _nonzero_vjp, False, None,
    lambda rng: [((rng.random((4, 5)) > 0.6,), {"bound": Bound("count")})], routine="nonzero",
)  # fmt: skip
"""``nonzero(x; bound)``: one int64 vector per axis; ``bound`` is the atom of their size.

The atom is an attribute, so a rewrite that rebuilds the node on another operand keeps the sizes of its users.
"""
register(NONZERO)

_bounds: dict[int, tuple[weakref.ref[Tensor], Bound]] = {}


def _bound_of(x: Tensor) -> Bound:
    """The atom for the number of non-zero elements of x: the same each time, so that equal calls are one node."""
    key = id(x)
    found = _bounds.get(key)
    if found is None or found[0]() is not x:
        reference = weakref.ref(x, lambda _: _bounds.pop(key, None))
        found = _bounds[key] = (reference, Bound(f"count_{x.name}" if x.name else "count"))
    return found[1]


def nonzero(a: Any) -> tuple[Tensor, ...]:
    """Positions of the elements that are not zero: one vector per axis, in row-major order.

    >>> import symtensor as st
    >>> (where,) = st.nonzero(st.vector("x") > 0)
    >>> where.type
    int64[count]
    """
    x = as_tensor(a)
    if x.ndim == 0:
        raise ValueError("nonzero takes no scalars\n  hint: reshape it to (1,) first")
    bound = _bound_of(x)
    node = NONZERO(x, bound=bound)
    results = tuple(item(node, k) for k in range(x.ndim))
    bound.source = results[0]
    return results


def flatnonzero(a: Any) -> Tensor:
    """Positions of the elements of the flattened array that are not zero.

    >>> import symtensor as st
    >>> st.flatnonzero(st.matrix("x")).ndim
    1
    """
    return nonzero(ravel(as_tensor(a)))[0]
