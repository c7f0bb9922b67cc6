"""Shared variables: arrays that compiled functions keep between calls and update."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, ShapeError
from symtensor.ir.node import Attrs, Site, Tensor, TensorType, caller_sites
from symtensor.ops.declare import SHARED
from symtensor.runtime.native import Container


class SharedVariable(Tensor):
    """A tensor with a value that compiled functions read and update.

    Its sizes are part of the type, so a new value has the same shape.

    Attributes:
        container: holds the value; native calls lock it.
        lock: held by calls of interpreted functions.
        default_update: its new value after each call of a compiled function that reads it, unless that function says
            otherwise; None for none.
    """

    __slots__ = ("container", "default_update", "lock")
    __hash__ = object.__hash__
    container: Any
    default_update: Tensor | None
    lock: Any

    def get_value(self, borrow: bool = False) -> np.ndarray:
        """The current value: a copy, or with ``borrow`` the array itself, which later updates may overwrite."""
        return self.container.get() if borrow else self.container.copy()

    def set_value(self, value: Any, borrow: bool = False) -> None:
        """Replace the value.

        Args:
            value: an array of the same shape (other dtypes of the same kind are cast).
            borrow: keep the array itself where possible instead of a copy.

        Raises:
            DTypeError: if the dtype is of another kind.
            ShapeError: if the shape is another.
        """
        label = self.name or "a shared variable"
        array = np.asarray(value)
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            hint = f"\n  hint: cast it with .astype('{self.dtype}')" if array.dtype.kind in "biufc" else ""
            raise DTypeError(f"{label} is {self.dtype}: it cannot take a value of {array.dtype}{hint}")
        if array.shape != tuple(self.shape):
            hint = "the shape of a shared variable is fixed; make another one with st.shared"
            raise ShapeError(f"{label} has the shape {tuple(self.shape)}, not {array.shape}\n  hint: {hint}")
        with self.lock:
            self.container.set(_owned(array, self.dtype, borrow))

    def __reduce__(self) -> tuple:
        return _restore_shared, (self.get_value(), self.name, self.sites)


def _restore_shared(value: np.ndarray, name: str | None, sites: tuple[Site, ...]) -> SharedVariable:
    node = shared(value, name, borrow=True)
    node.sites = sites
    return node


def _owned(array: np.ndarray, dtype: np.dtype, borrow: bool) -> np.ndarray:
    fits = array.dtype == dtype and array.flags.carray and type(array) is np.ndarray
    return array if borrow and fits else np.array(array, dtype=dtype, order="C", copy=True)


def shared(value: Any, name: str | None = None, borrow: bool = False) -> SharedVariable:
    """Make a shared variable.

    Args:
        value: initial value, anything that ``np.asarray`` takes.
        name: for messages, the graph and the source.
        borrow: use the array itself where possible instead of a copy.

    Raises:
        TypeError: if the value has no dtype that symtensor computes with, or is symbolic.

    >>> w = shared(np.zeros(3), "w")
    >>> w.get_value()
    array([0., 0., 0.])
    """
    if isinstance(value, Tensor):
        raise TypeError("a shared variable starts with an array, not with a symbolic tensor\n  hint: compile it first")
    array = np.asarray(value)
    array = _owned(array, dtypes.as_dtype(array.dtype), borrow)
    node = SharedVariable(SHARED, (), _NO_ATTRS, TensorType(array.dtype, array.shape), name)
    node.sites = caller_sites()
    node.container = Container(array)
    node.lock = threading.RLock()
    node.default_update = None
    return node


_NO_ATTRS: Attrs = ()
