"""Inputs: ``tensor`` and the short forms ``scalar``, ``vector``, ``matrix``, ..., also typed (``fmatrix``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from symtensor import dtypes
from symtensor.ir.node import Tensor, TensorType, new_leaf
from symtensor.ir.size import AnonymousDim, Dim, Size, SizeLike
from symtensor.ops.declare import INPUT

PREFIXES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64", "c": "complex64",
    "z": "complex128",
}  # fmt: skip
"""Letters of typed short forms: ``fmatrix`` is a float32 matrix."""

FORMS: dict[str, tuple[int | None, ...]] = {
    "scalar": (), "vector": (None,), "matrix": (None,) * 2, "tensor3": (None,) * 3, "tensor4": (None,) * 4,
    "row": (1, None), "col": (None, 1),
}  # fmt: skip
"""The sizes that the short forms declare; a size 1 broadcasts."""


def _size(declared: Any, name: str | None, axis: int) -> SizeLike:
    if declared is None:
        return Size.of(AnonymousDim(f"{name or 'input'}.shape[{axis}]"))
    if isinstance(declared, str):
        return Size.of(Dim(declared))
    if isinstance(declared, Size):
        return declared
    size = int(declared.__index__())
    if size < 0:
        raise ValueError(f"a size cannot be negative: {size}")
    return size


def tensor(name: str | None = None, dtype: Any = "float64", shape: Any = ()) -> Tensor:
    """Declare an input.

    Args:
        name: shown in messages and generated source.
        dtype: element type.
        shape: per axis an int, None (any size), or a name that ties axes of several inputs together; an int or a name
            alone is the size of a vector.

    >>> x = tensor("x", shape=("n", 3))
    >>> x.type
    float64[n, 3]
    """
    if not (name is None or isinstance(name, str)):
        raise TypeError(f"the name of an input must be a str, not {name!r}\n  hint: st.tensor(name, dtype, shape)")
    sizes = tuple(_size(s, name, i) for i, s in enumerate((shape,) if isinstance(shape, (int, str)) else shape))
    return new_leaf(INPUT, TensorType(dtypes.as_dtype(dtype), sizes), name=name)


def _short_form(kind: str, default: str) -> Callable[..., Tensor]:
    usual = FORMS[kind]

    def declare(name: str | None = None, dtype: Any = default, shape: Any = None) -> Tensor:
        sizes = usual if shape is None else tuple(shape)
        if len(sizes) != len(usual):
            raise ValueError(f"a {kind} has {len(usual)} axes, not {len(sizes)}")
        return tensor(name, dtype, sizes)

    declare.__doc__ = f"Declare a {default} input with {len(usual)} axes; see ``tensor``."
    return declare


scalar = _short_form("scalar", "float64")
vector = _short_form("vector", "float64")
matrix = _short_form("matrix", "float64")
tensor3 = _short_form("tensor3", "float64")
tensor4 = _short_form("tensor4", "float64")
row = _short_form("row", "float64")
col = _short_form("col", "float64")

TYPED: dict[str, Callable[..., Tensor]] = {}
for _letter, _dtype in PREFIXES.items():
    for _kind in FORMS:
        TYPED[_letter + _kind] = _short_form(_kind, _dtype)
        TYPED[_letter + _kind].__name__ = TYPED[_letter + _kind].__qualname__ = _letter + _kind
for _kind, _function in (
    ("scalar", scalar), ("vector", vector), ("matrix", matrix), ("tensor3", tensor3), ("tensor4", tensor4),
    ("row", row), ("col", col),
):  # fmt: skip
    _function.__name__ = _function.__qualname__ = _kind
