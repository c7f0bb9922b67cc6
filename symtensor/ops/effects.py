"""Effects inside a graph: ``print`` and ``check``, which hand a value on.

An effect happens because something reads what it returns; what nobody needs is not printed and not checked.  What is
the same in every step of a loop happens once, before the loop.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from symtensor.dtypes import BOOL
from symtensor.errors import CheckError, DTypeError, located
from symtensor.ir.node import Op, Tensor, TensorType, caller_sites, describe, register
from symtensor.ops.declare import as_tensor

_silent: ContextVar[bool] = ContextVar("symtensor_silent", default=False)


@contextmanager
def silenced() -> Iterator[None]:
    """Print nothing meanwhile: a graph is evaluated once more only to compare values."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


# --------------------------------------------------------------------------------------------------------- print
def show(label: str, value: np.ndarray) -> None:
    """Print a value as ``label: float64[3] = [1. 2. 3.]``, shortened as NumPy shortens; nothing while silenced."""
    if _silent.get():
        return
    kind = f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    text = np.array2string(value) if value.ndim else str(value[()])
    builtins.print(f"{label}: {kind} = {text}", flush=True)


def _print_type(inputs: tuple[Tensor, ...], label: str) -> TensorType:
    return inputs[0].type


def _print_reference(value: np.ndarray, label: str) -> np.ndarray:
    show(label, value)
    return value


def _print_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    return (cotangents[0],)


PRINT = register(Op("print", "effect", _print_type, _print_reference, _print_vjp))


def print(value: Any, label: str = "") -> Tensor:
    """Print a value each time it is computed; on a device it is read back for that.

    Args:
        value: a tensor.
        label: what stands before it; its name if not given.

    Returns:
        The value: use it in place of what was given, as nothing is printed for a result that nobody reads.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> y = st.print(x * 2, "doubled").sum().eval({x: [1.0, 2.0]})
    doubled: float64[2] = [2. 4.]
    """
    tensor = as_tensor(value)
    return PRINT(tensor, label=str(label) or tensor.name or tensor.op.name)


# --------------------------------------------------------------------------------------------------------- check
def _check_type(inputs: tuple[Tensor, ...], message: str) -> TensorType:
    return inputs[0].type


def _check_reference(value: np.ndarray, condition: np.ndarray, message: str) -> np.ndarray:
    if not np.all(condition):
        raise CheckError(message)
    return value


def _check_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    return (cotangents[0], None)


CHECK = register(Op("check", "effect", _check_type, _check_reference, _check_vjp))


def check(condition: Any, message: str, value: Any = None) -> Tensor:
    """Stop a call with ``CheckError`` unless a condition holds for all elements; before anything is written.

    Args:
        condition: a bool tensor of any shape.
        message: what the error says, beside the line of this call.
        value: what is returned, once the condition holds; the condition itself if not given.

    Returns:
        The value: use it in place of what was given, as what nobody reads is not checked.

    Raises:
        DTypeError: if the condition is not a bool.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> y = st.sqrt(st.check(x >= 0, "x must not be negative", x))
    >>> y.eval({x: [4.0, -1.0]})
    Traceback (most recent call last):
    symtensor.errors.CheckError: x must not be negative
    ...
    """
    tensor = as_tensor(condition)
    if tensor.dtype != BOOL:
        hint = "compare it with something, as in x > 0"
        raise DTypeError(located(f"a condition must be a bool, not {describe(tensor)}", caller_sites(), hint))
    return CHECK(tensor if value is None else as_tensor(value), tensor, message=str(message))
