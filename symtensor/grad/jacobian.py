"""Jacobians and Hessians: the reverse walker once for each element of the outputs, in one loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symtensor.errors import GradientError, located
from symtensor.grad.reverse import check_wrt, grad, prepare_for_grad, pull
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, caller_sites, describe
from symtensor.ops.creation import arange
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import equal
from symtensor.ops.movement import reshape
from symtensor.ops.scan import map as map_rows
from symtensor.ops.slicing import zeros_of


def jacobian(output: Any, wrt: Any) -> Any:
    """All derivatives of all elements of a tensor.

    Args:
        output: floating-point tensor of shape S.
        wrt: a tensor of shape T, or a list or tuple of tensors.

    Returns:
        A tensor of shape S + T, or a container of such like ``wrt``; zeros where nothing depends.

    Raises:
        GradientError: if the output or something in ``wrt`` is not floating-point.

    >>> import numpy as np, symtensor as st
    >>> x = st.vector("x")
    >>> st.compile(st.jacobian(x**2, x), [x])(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    target = as_tensor(output)
    if target.dtype.kind != "f":
        text = f"the output of a Jacobian must be real and floating-point, not {describe(target)}"
        raise GradientError(located(text, caller_sites(), "cast it, or take its real part"))
    sources = list(wrt) if isinstance(wrt, (list, tuple)) else [as_tensor(wrt)]
    for source in sources:
        check_wrt(source)
    (stable,) = prepare_for_grad([target], sources)
    rows = _rows(stable, sources)
    found = [reshape(row, (*target.shape, *source.shape)) for row, source in zip(rows, sources)]
    return type(wrt)(found) if isinstance(wrt, (list, tuple)) else found[0]


def _rows(output: Tensor, sources: Sequence[Tensor]) -> list[Tensor]:
    """One row for each element of the output."""
    if not output.ndim:
        pulled = pull([output], [cast(as_tensor(1.0), output.dtype)], sources)
        return [zeros_of(s.shape, s.dtype) if p is None else p for p, s in zip(pulled, sources)]
    count = sz.product(output.shape)
    numbers = arange(as_tensor(count, "int64"))

    def row(k: Tensor) -> list[Tensor]:
        unit = reshape(cast(equal(arange(as_tensor(count, "int64")), k), output.dtype), output.shape)
        pulled = pull([output], [unit], sources)
        return [zeros_of(s.shape, s.dtype) if p is None else p for p, s in zip(pulled, sources)]

    found, _ = map_rows(row, numbers)
    return found if isinstance(found, list) else [found]


def hessian(cost: Any, wrt: Any) -> Any:
    """All second derivatives of a scalar.

    Args:
        cost: floating-point scalar.
        wrt: a tensor of shape T, or a list or tuple of tensors.

    Returns:
        A tensor of shape T + T; for several a container of containers, rows first.

    >>> import numpy as np, symtensor as st
    >>> x = st.vector("x")
    >>> st.compile(st.hessian((x**3).sum(), x), [x])(np.array([1.0, 2.0]))
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    slopes = grad(cost, wrt, disconnected_inputs="ignore")
    if isinstance(wrt, (list, tuple)):
        return type(wrt)(jacobian(slope, wrt) for slope in slopes)
    return jacobian(slopes, wrt)
