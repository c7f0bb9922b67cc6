"""Python's operators, methods and NumPy's protocols on ``Tensor``; importing this module attaches them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor, describe
from symtensor.ir.size import Size, SizeLike
from symtensor.ir.text import constant_text, graph_text
from symtensor.ops import (
    bits,
    composed,
    contraction,
    cumulative,
    diagonal,
    elementwise,
    functions,
    movement,
    normalise,
    parts,
    rearranging,
    reduction,
    scatter,
    searching,
)
from symtensor.ops.declare import as_tensor, cast, constant_value
from symtensor.ops.indexing import getitem
from symtensor.ops.protocols import array, array_function, array_ufunc
from symtensor.ops.shapes import as_shape
from symtensor.ops.updating import add_at, set_at
from symtensor.ops.weak import Weak

_OPERANDS = (Tensor, Weak, Size, np.ndarray, np.generic, bool, int, float, complex, list, tuple)


# ------------------------------------------------------------------------------------------------------- operators
def _binary(function: Callable[[Any, Any], Tensor], swap: bool = False) -> Callable[[Tensor, Any], Any]:
    def method(self: Tensor, other: Any) -> Any:
        if not isinstance(other, _OPERANDS):
            return NotImplemented
        return function(other, self) if swap else function(self, other)

    return method


_BINARY: dict[str, Callable[[Any, Any], Tensor]] = {
    "add": elementwise.add,
    "sub": elementwise.subtract,
    "mul": elementwise.multiply,
    "truediv": elementwise.divide,
    "floordiv": elementwise.floor_divide,
    "mod": elementwise.mod,
    "pow": functions.power,
    "matmul": contraction.matmul,
    "and": elementwise.bitwise_and,
    "or": elementwise.bitwise_or,
    "xor": elementwise.bitwise_xor,
    "lshift": bits.left_shift,
    "rshift": bits.right_shift,
}
_COMPARISONS: dict[str, Callable[[Any, Any], Tensor]] = {
    "eq": elementwise.equal,
    "ne": elementwise.not_equal,
    "lt": elementwise.less,
    "le": elementwise.less_equal,
    "gt": elementwise.greater,
    "ge": elementwise.greater_equal,
}


def _divmod(self: Any, other: Any) -> tuple[Tensor, Tensor]:
    return elementwise.floor_divide(self, other), elementwise.mod(self, other)


def _iterate(self: Tensor) -> Iterator[Tensor]:
    return iter([getitem(self, i) for i in range(_length(self))])


def _length(self: Tensor) -> int:
    if not self.ndim:
        raise TypeError("len() of unsized object: the tensor is a scalar")
    if not isinstance(self.shape[0], int):
        raise TypeError(
            f"the length of {describe(self)} is not known while the graph is built\n"
            "  hint: use st.scan to loop over it, or declare its size: st.tensor(name, shape=(3, None))"
        )
    return self.shape[0]


def _no_assignment(self: Tensor, key: Any, value: Any) -> None:
    raise TypeError("tensors are immutable\n  hint: write y = x[index].set(value) or x[index].add(value)")


# ---------------------------------------------------------------------------------------------------- weak scalars
def _weak_operator(function: Callable[..., Tensor], swap: bool = False) -> Callable[..., Any]:
    """An operator of weak scalars: weak again if the other operand is a number, else as the number itself would do."""

    def method(self: Weak, *others: Any) -> Any:
        if not all(isinstance(o, _OPERANDS) for o in others):
            return NotImplemented
        if any(isinstance(o, (Tensor, Size, np.ndarray, np.generic)) for o in others):
            operands = [as_tensor(o) if isinstance(o, Size) else o for o in (self, *others)]
        else:
            operands = [o.tensor if isinstance(o, Weak) else o for o in (self, *others)]
        result = function(*(reversed(operands) if swap else operands))
        strong = any(isinstance(o, (Tensor, np.ndarray, np.generic)) for o in others)
        return result if strong else Weak(result, self.origin)

    return method


def _weak_ufunc(self: Weak, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    return array_ufunc(self.tensor, ufunc, method, *inputs, **options)


def _weak_function(self: Weak, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
    return array_function(self.tensor, function, types, args, kwargs)


def _size_operator(name: str) -> Callable[..., Any]:
    """An operator of sizes: a size where sizes are closed under it, else a weak number, as an int would give."""
    own = getattr(Size, name, None)

    def method(self: Size, other: Any) -> Any:
        if own is not None and isinstance(other, (int, Size)):
            return own(self, other)
        if isinstance(other, (Tensor, Weak)) or not isinstance(other, _OPERANDS):
            return NotImplemented  # tensors and weak numbers take sizes themselves
        return getattr(Weak(as_tensor(self)), name)(other)

    return method


# --------------------------------------------------------------------------------------------------------- methods
def _spread(arguments: tuple[Any, ...]) -> Any:
    """``x.reshape(2, 3)`` as ``x.reshape((2, 3))``."""
    return arguments[0] if len(arguments) == 1 else arguments


def _transpose(self: Tensor, *axes: Any) -> Tensor:
    """Reorder the axes; without arguments reverse them."""
    return movement.transpose(self, _spread(axes) if axes else None)


def _reshape(self: Tensor, *shape: Any) -> Tensor:
    """Give the elements another shape; one size may be -1."""
    return movement.reshape(self, as_shape(_spread(shape)))


def _astype(self: Tensor, dtype: Any) -> Tensor:
    """Convert to another dtype."""
    return cast(self, dtype)


def _squeeze(self: Tensor, axis: Any = None) -> Tensor:
    """Drop axes of size 1."""
    return movement.squeeze(self, axis)


def _size(self: Tensor) -> SizeLike:
    return sz.product(self.shape)


def _clip(self: Tensor, min: Any = None, max: Any = None) -> Tensor:
    """Limit values to an interval."""
    return elementwise.clip(self, min, max)


def _item_refused(self: Tensor, *_: Any) -> Any:
    value = constant_value(self)
    if value is None or value.size != 1:
        raise TypeError(f"{describe(self)} has no value while the graph is built\n  hint: compile it with st.compile")
    return value.item()


def _index(self: Tensor) -> int:
    if self.dtype.kind not in "iu":
        raise TypeError(f"{describe(self)} is no integer")
    return int(_item_refused(self))


_METHODS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(reduction, name)
        for name in ("sum", "prod", "max", "min", "all", "any", "argmax", "argmin", "mean", "var")
    },
    "std": normalise.std,
    "dot": contraction.dot,
    "transpose": _transpose,
    "swapaxes": movement.swapaxes,
    "reshape": _reshape,
    "ravel": movement.ravel,
    "flatten": movement.ravel,
    "squeeze": _squeeze,
    "astype": _astype,
    "clip": _clip,
    "diagonal": diagonal.diagonal,
    "trace": diagonal.trace,
    "set": set_at,
    "add": add_at,
    "item": _item_refused,
    "cumsum": cumulative.cumsum,
    "cumprod": cumulative.cumprod,
    "repeat": rearranging.repeat,
    "take": scatter.take,
    "round": composed.round,
    "nonzero": searching.nonzero,
    "conj": lambda self: parts.conjugate(self),
    "conjugate": lambda self: parts.conjugate(self),
    "copy": lambda self: self,
}


# ------------------------------------------------------------------------------------------------------------- text
def _repr(self: Tensor) -> str:
    """One line: a constant's value, an input's name and type, else the op and the type."""
    value = constant_value(self)
    if value is not None:
        return constant_text(value)
    if isinstance(self.type, tuple):
        return f"<{self.op.name}: {', '.join(map(str, self.type))}>"
    if self.op.kind == "source":
        return f"{self.name or self.op.name}: {self.type}"
    return f"<{self.name + ' = ' if self.name else ''}{self.op.name}: {self.type}>"


def _str(self: Tensor) -> str:
    """The whole graph behind the tensor, one equation a line."""
    if self.op.kind == "source":
        return _repr(self)
    leaves = tuple(n for n in toposort([self]) if n.op.name == "input")
    return graph_text(Graph(leaves, (self,)))


def _latex(self: Tensor) -> str | None:
    """What a notebook shows."""
    from symtensor.ir.latex import notebook

    return notebook(self)


def _attach() -> None:
    table: dict[str, Any] = {}
    for name, function in _BINARY.items():
        table[f"__{name}__"] = _binary(function)
        table[f"__r{name}__"] = _binary(function, swap=True)
    for name, function in _COMPARISONS.items():
        table[f"__{name}__"] = _binary(function)
    table |= {
        "__neg__": lambda self: elementwise.negative(self),
        "__pos__": lambda self: self,
        "__abs__": lambda self: elementwise.absolute(self),
        "__round__": lambda self, digits=0: composed.round(self, digits),
        "__invert__": lambda self: elementwise.invert(self),
        "__divmod__": _divmod,
        "__rdivmod__": lambda self, other: _divmod(other, self),
        "__getitem__": getitem,
        "__setitem__": _no_assignment,
        "__len__": _length,
        "__iter__": _iterate,
        "__contains__": None,
        "__index__": _index,
        "__float__": lambda self: float(_item_refused(self)),
        "__array__": array,
        "__array_ufunc__": array_ufunc,
        "__array_function__": array_function,
        "__repr__": _repr,
        "__str__": _str,
        "_repr_latex_": _latex,
        "T": property(_transpose, doc="The tensor with its axes reversed."),
        "mT": property(rearranging.matrix_transpose, doc="The tensor with its last two axes exchanged."),
        "real": property(parts.real, doc="The real part."),
        "imag": property(parts.imag, doc="The imaginary part."),
        "size": property(_size, doc="Number of elements, as a size."),
        **_METHODS,
    }
    for name, value in table.items():
        setattr(Tensor, name, value)
    weak: dict[str, Any] = {f"__{n}__": _weak_operator(f) for n, f in (_BINARY | _COMPARISONS).items()}
    weak |= {f"__r{name}__": _weak_operator(function, swap=True) for name, function in _BINARY.items()}
    weak |= {
        "__neg__": _weak_operator(elementwise.negative),
        "__pos__": lambda self: self,
        "__abs__": _weak_operator(elementwise.absolute),
        "__invert__": _weak_operator(elementwise.invert),
        "__array_ufunc__": _weak_ufunc,
        "__array_function__": _weak_function,
    }
    for name, value in weak.items():
        setattr(Weak, name, value)
    for name in (f"__{side}{op}__" for side in ("", "r") for op in ("add", "sub", "mul", "truediv", "pow")):
        setattr(Size, name, _size_operator(name))


_attach()
