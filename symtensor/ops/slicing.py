"""Windows into arrays: ``slice``, its inverse ``update_slice``, and ``pad``.

The ops take resolved bounds: start, step and size of each axis as sizes, a step being negative where a window runs
backwards.  Python's slices, negative bounds and
clipping are resolved by ``symtensor.ops.indexing``.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe
from symtensor.ir.scalar import Expr, call, index
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import Index, Loader, as_tensor, constant
from symtensor.ops.movement import broadcast_to
from symtensor.ops.shapes import Shape, as_size, conjunction, guarded, index_op

Steps = tuple[SizeLike, ...]


def stride_of(step: SizeLike) -> SizeLike:
    """The distance between neighbours, which is at least 1: that a step is not zero is guarded."""
    return sz.maximum(sz.maximum(step, sz.mul(step, -1)), 1)


def _python_slice(start: int, step: int, size: int) -> builtins.slice:
    stop = start + step * size
    return builtins.slice(start, None if stop < 0 else stop, step)


def _window(starts: tuple[int, ...], steps: tuple[int, ...], shape: tuple[int, ...]) -> tuple[builtins.slice, ...]:
    return tuple(_python_slice(a, b, n) if n else builtins.slice(0, 0) for a, b, n in zip(starts, steps, shape))


def zeros_of(shape: Shape, dtype: np.dtype) -> Tensor:
    """Zeros as a broadcast constant: no memory, and it vanishes into its consumer."""
    return broadcast_to(constant(0, dtype), shape)


# --------------------------------------------------------------------------------------------------------- slice
def _slice_at(node: Tensor, at: Index, load: Loader) -> Expr:
    starts, steps = node.attr("starts"), node.attr("steps")
    return load(0, tuple(sz.add(a, sz.mul(i, b)) for a, b, i in zip(starts, steps, at)))


def _slice_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    zeros = zeros_of(node.inputs[0].shape, g.dtype)
    return (UPDATE_SLICE(zeros, g, starts=node.attr("starts"), steps=node.attr("steps")),)


def _slice_guards(inputs: tuple[Tensor, ...], starts: Shape, steps: Steps, shape: Shape) -> list[Guard]:
    """Integer indices of axes whose size is symbolic, and symbolic steps; clipped slices fit by construction."""
    guards = []
    for axis, (start, step, size, n) in enumerate(zip(starts, steps, shape, inputs[0].shape)):
        if not isinstance(step, int):
            guards += _step_guards(step, inputs[0], axis)
            continue
        if not isinstance(size, int) or size == 0:
            continue
        last = sz.add(start, (size - 1) * step)
        low, high = (start, last) if step > 0 else (last, start)
        from_end = sz.add(start, sz.mul(n, -1))  # as the user wrote it: x[-4], not x[n - 4]
        position = from_end if isinstance(from_end, int) else start
        what = f"index {position} is out of bounds for axis {axis} of {describe(inputs[0])}"
        if not sz.at_least(low, 0):
            guards.append(Guard(sz.minimum(low, 0), 0, what, caller_sites(), "index"))
        if not sz.at_least(n, sz.add(high, 1)):
            guards.append(Guard(sz.maximum(sz.add(high, 1), n), n, what, caller_sites(), "index"))
    return guards


def _step_guards(step: SizeLike, x: Tensor, axis: int) -> list[Guard]:
    length = sz.maximum(step, sz.mul(step, -1))
    if sz.at_least(length, 1):
        return []
    what = f"slice step cannot be zero: {step} of axis {axis} of {describe(x)}"
    return [Guard(stride_of(step), length, what, caller_sites())]


SLICE = index_op(
    "slice",
    lambda inputs, starts, steps, shape: TensorType(inputs[0].dtype, shape),
    lambda x, starts, steps, shape: x[_window(starts, steps, shape)],
    _slice_at,
    _slice_vjp,
    _slice_guards,
    samples=lambda rng: [
        ((rng.normal(size=(5, 6)),), {"starts": (1, 5), "steps": (2, -2), "shape": (2, 3)}),
        ((rng.normal(size=7),), {"starts": (2,), "steps": (1,), "shape": (0,)}),
    ],
)


def slice_of(x: Tensor, starts: Shape, steps: Steps, shape: Shape) -> Tensor:
    """The window of ``shape`` elements that begins at ``starts``; ``x`` itself where it is all of it."""
    if shape == x.shape and all(a == 0 for a in starts) and all(b == 1 for b in steps):
        return x
    return SLICE(x, starts=tuple(starts), steps=tuple(steps), shape=tuple(shape))


# --------------------------------------------------------------------------------------------------------- as_many
def _as_many_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    rest = (0,) * (g.ndim - 1)
    missing = sz.add(node.inputs[0].shape[0], sz.mul(g.shape[0], -1))
    return PAD(g, constant(0, g.dtype), low=(0, *rest), high=(missing, *rest)), None


AS_MANY = index_op(
    "as_many",
    lambda inputs: TensorType(inputs[0].dtype, (inputs[1].shape[0], *inputs[0].shape[1:])),
    lambda x, like: x[: len(like)],
    lambda node, at, load: load(0, at),
    _as_many_vjp,
    samples=lambda rng: [((rng.normal(size=(5, 2)), rng.normal(size=(3, 4))), {})],
)  # fmt: skip
"""``as_many(x, like)``: as many first rows of ``x`` as ``like`` has, which are never more.

A slice would do for sizes that are known at the call.  Of a size that a loop finds on the way somebody must read a
result of this loop, or nothing would keep it in the graph.
"""


TIED = index_op(
    "tied",
    lambda inputs: inputs[0].type,
    lambda x, *sources: x,
    lambda node, at, load: load(0, at),
    lambda g, node: (g, *(None for _ in node.inputs[1:])),
    samples=lambda rng: [((rng.normal(size=(2, 3)), rng.normal(size=4)), {})],
)
"""``tied(x, *sources)`` is ``x``, and keeps the steps in the graph that find sizes which ``x`` uses."""


# -------------------------------------------------------------------------------------------------- update_slice
def _update_at(node: Tensor, at: Index, load: Loader) -> Expr:
    conditions, inner = [], []
    for a, step, size, i, extent in zip(node.attr("starts"), node.attr("steps"), node.inputs[1].shape, at, node.shape):
        if a == 0 and step == 1 and size == extent:  # the whole axis
            inner.append(i)
            continue
        sign = sz.maximum(sz.minimum(step, 1), -1)
        distance = sz.mul(sz.add(i, sz.mul(a, -1)), sign)
        stride = stride_of(step)
        last = sz.mul(sz.add(size, -1), stride)  # distance of the last element
        conditions += [call("ge", index(distance), index(0)), call("le", index(distance), index(last))]
        if stride != 1:
            conditions.append(call("eq", index(sz.mod(distance, stride)), index(0)))
            distance = sz.floordiv(distance, stride)
        inner.append(distance)
    return guarded(conjunction(conditions), tuple(inner), lambda j: load(1, j), load(0, at))


def _update_reference(x: np.ndarray, v: np.ndarray, starts: tuple[int, ...], steps: tuple[int, ...]) -> np.ndarray:
    result = np.array(x)
    result[_window(starts, steps, v.shape)] = v
    return result


def _update_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    v, starts, steps = node.inputs[1], node.attr("starts"), node.attr("steps")
    rest = UPDATE_SLICE(g, zeros_of(v.shape, g.dtype), starts=starts, steps=steps)
    return rest, slice_of(g, starts, steps, v.shape)


UPDATE_SLICE = index_op(
    "update_slice",
    lambda inputs, starts, steps: inputs[0].type,
    _update_reference,
    _update_at,
    _update_vjp,
    samples=lambda rng: [
        ((rng.normal(size=(5, 6)), rng.normal(size=(2, 3))), {"starts": (1, 5), "steps": (2, -2)}),
        ((rng.normal(size=(4, 3)), rng.normal(size=(2, 3))), {"starts": (1, 0), "steps": (1, 1)}),
    ],
)


# ----------------------------------------------------------------------------------------------------------- pad
def _pad_at(node: Tensor, at: Index, load: Loader) -> Expr:
    conditions, inner = [], []
    for low, high, i, size in zip(node.attr("low"), node.attr("high"), at, node.inputs[0].shape):
        j = sz.add(i, sz.mul(low, -1))
        if low != 0:
            conditions.append(call("ge", index(j), index(0)))
        if high != 0:
            conditions.append(call("lt", index(j), index(size)))
        inner.append(j)
    return guarded(conjunction(conditions), tuple(inner), lambda j: load(0, j), load(1, ()))


def _pad_vjp(g: Tensor, node: Tensor) -> Sequence[Any]:
    x, low = node.inputs[0], node.attr("low")
    ones = (1,) * x.ndim
    border = UPDATE_SLICE(g, zeros_of(x.shape, g.dtype), starts=low, steps=ones)
    return slice_of(g, low, ones, x.shape), border  # the walker sums the border to the scalar


def _pad_type(inputs: tuple[Tensor, ...], low: Shape, high: Shape) -> TensorType:
    shape = tuple(sz.add(sz.add(a, n), b) for a, n, b in zip(low, inputs[0].shape, high))
    return TensorType(inputs[0].dtype, shape)


PAD = index_op(
    "pad",
    _pad_type,
    lambda x, value, low, high: np.pad(x, tuple(zip(low, high)), constant_values=value),
    _pad_at,
    _pad_vjp,
    samples=lambda rng: [((rng.normal(size=(3, 2)), np.array(1.5)), {"low": (1, 0), "high": (2, 3)})],
)


def pad(array: Any, pad_width: Any, constant_values: Any = 0) -> Tensor:
    """Add a border of one value; the public ``pad`` in ``symtensor.ops.rearranging`` has all modes.

    Args:
        array: what is padded.
        pad_width: elements in front and behind, as NumPy takes them: a size, a pair, or a pair per axis.
        constant_values: the scalar that fills the border.
    """
    x = as_tensor(array)
    low, high = pad_widths(pad_width, x.ndim)
    if all(n == 0 for n in low + high):
        return x
    fill = as_tensor(constant_values, x.dtype)
    if fill.ndim:
        raise ShapeError(located(f"pad: constant_values must be a scalar, not {describe(fill)}", caller_sites()))
    return PAD(x, fill, low=low, high=high)


def pad_widths(pad_width: Any, ndim: int) -> tuple[Shape, Shape]:
    """NumPy's forms of ``pad_width`` as the sizes in front and behind, one for each axis."""
    if not isinstance(pad_width, (tuple, list)):
        pad_width = (pad_width, pad_width)
    pairs = list(pad_width)
    if not any(isinstance(p, (tuple, list)) for p in pairs):
        pairs = [tuple(pairs) if len(pairs) == 2 else (pairs[0], pairs[0])]
    pairs = [tuple(p) if len(p) == 2 else (p[0], p[0]) for p in pairs]
    if len(pairs) == 1:
        pairs *= ndim
    if len(pairs) != ndim:
        raise ValueError(f"pad_width has {len(pairs)} pairs for {ndim} axes")
    low, high = tuple(as_size(a) for a, _ in pairs), tuple(as_size(b) for _, b in pairs)
    if any(isinstance(n, int) and n < 0 for n in low + high):
        raise ValueError("index can't contain negative values")
    return low, high
