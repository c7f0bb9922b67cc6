"""Shared variables: arrays that compiled functions keep between calls and update."""

from __future__ import annotations

from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.ir.node import Attrs, Tensor, TensorType, caller_sites
from symtensor.ops.declare import SHARED
from symtensor.runtime.native import Container


class SharedVariable(Tensor):
    """A tensor with a value that compiled functions read and update.

    Its sizes are part of the type, so a new value has the same shape.
    """

    __slots__ = ("container",)
    __hash__ = object.__hash__
    container: Any

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The current value: a copy, or with ``borrow`` the array itself, which later updates may overwrite."""
        value = self.container.get()
        return value if borrow else value.copy()

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the value.

        Args:
            value: an array of the same dtype and shape (other dtypes are cast if that is safe).
            borrow: keep the array itself where possible instead of a copy.

        Raises:
            TypeError: if the dtype cannot be cast safely.
            ValueError: if the shape is another.
        """
        array = np.asarray(value)
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise TypeError(f"{self.name or 'shared'}: {self.dtype} cannot take a value of {array.dtype}")
        if array.shape != tuple(self.shape):
            raise ValueError(f"{self.name or 'shared'}: its shape is {tuple(self.shape)}, not {array.shape}")
        self.container.set(_owned(array, self.dtype, borrow))


def _owned(array: np.ndarray, dtype: np.dtype, borrow: bool) -> np.ndarray:
    fits = array.dtype == dtype and array.flags.c_contiguous and array.flags.writeable and array.flags.aligned
    return array if borrow and fits and type(array) is np.ndarray else np.array(array, dtype=dtype, order="C", copy=True)


def shared(value: Any, name: str | None = None, borrow: bool = False) -> SharedVariable:
    """Make a shared variable.

    Args:
        value: initial value, anything that ``np.asarray`` takes.
        name: for messages, the graph and the source.
        borrow: use the array itself where possible instead of a copy.

    >>> w = shared(np.zeros(3), "w")
    >>> w.get_value()
    array([0., 0., 0.])
    """
    array = np.asarray(value)
    array = _owned(array, dtypes.as_dtype(array.dtype), borrow)
    node = SharedVariable(SHARED, (), _NO_ATTRS, TensorType(array.dtype, array.shape), name)
    node.sites = caller_sites()
    node.container = Container(array)
    return node


_NO_ATTRS: Attrs = ()
