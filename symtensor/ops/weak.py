"""Weak scalars: symbolic Python numbers, which take the dtype of what they meet, as NumPy 2 takes numbers themselves.

A function that is traced gets one for each Python number among its arguments, so that ``x * rate`` has the dtype that
it has when it runs on arrays.  Operators are attached by ``symtensor.ops.operators``.
"""

from __future__ import annotations

from typing import Any

from symtensor.ir.node import Tensor


class NeedsValueError(TypeError):
    """A traced function asks for the value of a number that is only known at a call.

    Attributes:
        weak: the number.
    """

    def __init__(self, weak: Weak) -> None:
        super().__init__(f"the value of {weak.tensor.name or 'a number'} is not known while the graph is built")
        self.weak = weak


class Weak:
    """A Python number that is known only at a call.

    Attributes:
        tensor: its value, a scalar of dtype bool, int64, float64 or complex128.
        origin: the argument that it was computed from: whose value would have to be known.
    """

    __slots__ = ("origin", "tensor")
    __array_priority__ = 1000
    __hash__ = object.__hash__

    def __init__(self, tensor: Tensor, origin: Any = None) -> None:
        self.tensor = tensor
        self.origin = origin

    @property
    def kind(self) -> type:
        """The Python type that it stands for."""
        return {"b": bool, "i": int, "f": float, "c": complex}[self.tensor.dtype.kind]

    def _refused(self, *_: Any) -> Any:
        raise NeedsValueError(self)

    __bool__ = __index__ = __int__ = __float__ = __complex__ = __round__ = __str__ = __format__ = _refused

    def __repr__(self) -> str:
        return f"<{self.kind.__name__} {self.tensor.name or self.tensor.op.name}>"
