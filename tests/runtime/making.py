"""Functions of either dispatcher over native entries written by hand, and what their tests share."""

from __future__ import annotations

import ctypes
from types import ModuleType
from typing import Any

import numpy as np

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.entries import Entries

F8, I8 = np.dtype(np.float64), np.dtype(np.int64)
CALLBACK = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def vector(name: str, size: int | None = None, **more: Any) -> Argument:
    return Argument(name, F8, 1, (size,), **more)


class UserError(Exception):
    """What the tests' `fail` raises."""


class Maker:
    """Makes functions of one implementation, whose `convert` and `fail` do what the Python layer's do."""

    def __init__(self, native: ModuleType, entries: Entries) -> None:
        self.native, self.entries = native, entries
        self.conversions = 0

    def __call__(self, entry: str, signature: Signature, library: tuple[int, ...] = (), **more: Any) -> Any:
        names = [argument.name for argument in signature.inputs]

        def convert(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[np.ndarray, ...]:
            self.conversions += 1
            values = dict(zip(names, args)) | kwargs
            if set(values) != set(names) or len(args) > len(names):
                raise TypeError(f"this function takes the arguments {names}")
            arrays = []
            for argument in signature.inputs:
                array = np.asarray(values[argument.name])
                if array.ndim != argument.ndim or not np.can_cast(array.dtype, argument.dtype, "same_kind"):
                    raise TypeError(f"argument {argument.name}: {array.ndim} axes of {array.dtype}")
                for size, given in zip(argument.sizes, array.shape):
                    if size not in (None, given):
                        raise ValueError(f"argument {argument.name}: size {given} is not {size}")
                arrays.append(np.require(array, argument.dtype, "CA"))
            return tuple(arrays)

        def fail(code: int, site: int, step: int, values: tuple[int, ...], arrays: tuple[np.ndarray, ...]) -> None:
            raise MemoryError(values[0]) if code == 1 else UserError(code, site, step, values, arrays)

        more = {"convert": convert, "fail": fail, "details": None} | more
        address = self.entries.address(entry)
        return self.native.Function(address, signature, library, 0, (), **more)


def two_updates(make: Maker, v: np.ndarray, w: np.ndarray) -> tuple[Any, Any, Any]:
    first, second = make.native.Container(v), make.native.Container(w)
    arguments = (
        vector("x"),
        vector("v", kind="shared", value=first),
        vector("w", kind="shared", value=second),
    )
    outputs = (Output("y", F8, 1), Output("v", F8, 1, "update", 1), Output("w", F8, 1, "update", 2))
    return make("update_two", Signature(arguments, outputs)), first, second
