"""What stands between a caller and native code: conversion of arguments, dict results, the wording of failures."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import NATIVE, DTypeError, ShapeError, SymtensorError, located
from symtensor.ir.node import Site, Tensor
from symtensor.runtime.signature import Argument, Signature


def user_line(site: Site) -> str:
    """A site as shown to people: the file's name without its folders, and the line."""
    return f"{os.path.basename(site[0])}:{site[1]}"


class DictFunction:
    """A compiled function whose outputs were given as a dict: calls return a dict."""

    def __init__(self, function: Any, keys: tuple[Any, ...]) -> None:
        self._function, self._keys = function, keys

    def __call__(self, *args: Any, **kwargs: Any) -> dict[Any, np.ndarray]:
        return dict(zip(self._keys, self._function(*args, **kwargs)))

    def __repr__(self) -> str:
        return repr(self._function)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)


class Failure:
    """Turns an error record of native code into the exception with the user's line."""

    def __init__(self, sites: Sequence[tuple[str, tuple[Site, ...]]]) -> None:
        self._sites = sites

    def __call__(self, code: int, site: int, step: int, values: Sequence[int], arrays: Sequence[np.ndarray]) -> None:
        row = NATIVE.get(code)
        if row is None:
            raise SymtensorError(f"native code failed with the unknown code {code}")
        what, sites = self._sites[site] if 0 <= site < len(self._sites) else ("", ())
        message = row.text.format(*values, what=what)
        if step >= 0:
            message += f" (in step {step} of the loop)"
        shown = tuple((user_line(s).rsplit(":", 1)[0], s[1]) for s in sites)
        if row.exception is KeyboardInterrupt:
            raise KeyboardInterrupt
        raise row.exception(located(message, shown, row.hint))


class Converter:
    """Turns what the user passed into the exact arrays of a signature, or raises the error a NumPy user expects."""

    def __init__(self, signature: Signature) -> None:
        self._inputs = signature.inputs
        self._position = {a.name: k for k, a in enumerate(self._inputs)}

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[np.ndarray, ...]:
        values: dict[int, Any] = dict(enumerate(args))
        wanted = [a.name for a in self._inputs]
        if len(args) > len(self._inputs):
            raise TypeError(f"the function takes {len(wanted)} inputs {wanted}, but {len(args)} were given")
        for key, value in kwargs.items():
            position = self._position.get(key)
            if position is None:
                raise TypeError(f"the function has no input named {key!r}\n  hint: its inputs are {wanted}")
            if position in values:
                raise TypeError(f"the input {key!r} is given twice")
            values[position] = value
        for position, argument in enumerate(self._inputs):
            if position not in values:
                raise TypeError(f"the input {argument.name!r} has no value\n  hint: the inputs are {wanted}")
        return tuple(self._convert(a, values[k]) for k, a in enumerate(self._inputs))

    @staticmethod
    def _convert(argument: Argument, value: Any) -> np.ndarray:
        if isinstance(value, Tensor):
            raise TypeError(f"the input {argument.name!r} got a symbolic tensor; a compiled function takes arrays")
        weak = type(value) in (bool, int, float, complex)
        array = np.asarray(value)
        if array.ndim != argument.ndim:
            raise ShapeError(
                f"the input {argument.name!r} has {argument.ndim} axes, but a value of shape {array.shape} was given"
            )
        for axis, (size, given) in enumerate(zip(argument.sizes, array.shape)):
            if size is not None and size != given:
                raise ShapeError(
                    f"the input {argument.name!r} has size {size} along axis {axis}, but a value of shape {array.shape} was given"
                )
        if array.dtype != argument.dtype:
            allowed = "same_kind" if weak else "safe"
            source = array.dtype
            empty = array.size == 0
            integral = isinstance(value, (list, tuple)) and source.kind in "iub" and argument.dtype.kind in "iufc"
            if not (np.can_cast(source, argument.dtype, allowed) or integral or empty):
                raise DTypeError(
                    f"the input {argument.name!r} is {argument.dtype}, but a value of {source} was given\n"
                    f"  hint: cast it with .astype('{argument.dtype}')"
                )
        result = np.empty(array.shape, argument.dtype)
        np.copyto(result, array, casting="unsafe")
        return result
