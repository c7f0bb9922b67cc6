"""Two moves in a row are one, and a move that changes nothing is none: rules of ops that only move values.

All are exact.  Nodes are rebuilt with the ops themselves, whose attributes are canonical already.
"""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir import size as sz
from symtensor.ir.node import Op, Tensor
from symtensor.ir.pattern import Screen, collect
from symtensor.ir.size import SizeLike
from symtensor.ops.joining import CONCATENATE
from symtensor.ops.movement import (
    BROADCAST_TO,
    EXPAND_DIMS,
    RESHAPE,
    SQUEEZE,
    TRANSPOSE,
    broadcast_to,
    expand_dims,
    reshape,
    squeeze,
    transpose,
)
from symtensor.ops.slicing import PAD, SLICE, UPDATE_SLICE, slice_of

rewriter = partial(pattern.rewriter, stage="canonicalise")


def _after(*ops: Op) -> Screen:
    """Screens nodes whose first input is one of these ops."""
    return lambda op, inputs: bool(inputs) and inputs[0] in ops


# -------------------------------------------------------------------------------------------------- changing nothing
@rewriter(ops=[BROADCAST_TO, RESHAPE])
def shape_as_it_was(node: Tensor) -> Tensor | None:
    """The shape stays as it is."""
    return node.inputs[0] if node.shape == node.inputs[0].shape else None


@rewriter(ops=[TRANSPOSE])
def axes_in_order(node: Tensor) -> Tensor | None:
    """The axes stay where they are."""
    axes = node.attr("axes")
    return node.inputs[0] if axes == tuple(range(len(axes))) else None


@rewriter(ops=[SLICE])
def whole_slice(node: Tensor) -> Tensor | None:
    """The window is the whole array."""
    (x,) = node.inputs
    result = slice_of(x, node.attr("starts"), node.attr("steps"), node.shape)
    return x if result is x else None


@rewriter(ops=[PAD])
def empty_border(node: Tensor) -> Tensor | None:
    """There is nothing to add."""
    return node.inputs[0] if all(n == 0 for n in (*node.attr("low"), *node.attr("high"))) else None


@rewriter(ops=[CONCATENATE])
def concatenate_nothing(node: Tensor) -> Tensor | None:
    """Parts that are statically empty add nothing."""
    axis = node.attr("axis")
    parts = tuple(x for x in node.inputs if x.shape[axis] != 0)
    if len(parts) == 1:
        return parts[0]
    return CONCATENATE(*parts, axis=axis) if 0 < len(parts) < len(node.inputs) else None


# ------------------------------------------------------------------------------------------------- two moves in one
@rewriter(ops=[TRANSPOSE], where=_after(TRANSPOSE))
def transpose_of_transpose(node: Tensor) -> Tensor | None:
    """Two permutations are one."""
    inner = node.inputs[0]
    return transpose(inner.inputs[0], tuple(inner.attr("axes")[a] for a in node.attr("axes")))


@rewriter(ops=[RESHAPE], where=_after(RESHAPE, EXPAND_DIMS, SQUEEZE))
def reshape_of_reshape(node: Tensor) -> Tensor | None:
    """Only the last shape counts."""
    return reshape(node.inputs[0].inputs[0], node.shape)


@rewriter(ops=[BROADCAST_TO], where=_after(BROADCAST_TO))
def broadcast_of_broadcast(node: Tensor) -> Tensor | None:
    """Only the last shape counts."""
    return broadcast_to(node.inputs[0].inputs[0], node.shape)


@rewriter(ops=[SQUEEZE], where=_after(EXPAND_DIMS))
def squeeze_of_expand_dims(node: Tensor) -> Tensor | None:
    """Axes that come and go."""
    inner = node.inputs[0]
    added, dropped = inner.attr("axes"), node.attr("axes")
    x = inner.inputs[0]
    if set(dropped) <= set(added):
        kept = [a for a in added if a not in dropped]
        return expand_dims(x, tuple(_without(a, dropped) for a in kept)) if kept else x
    if set(added) <= set(dropped):
        return squeeze(x, tuple(_without(a, added) for a in dropped if a not in added))
    return None


@rewriter(ops=[EXPAND_DIMS], where=_after(SQUEEZE))
def expand_dims_of_squeeze(node: Tensor) -> Tensor | None:
    """The same axes go and come."""
    inner = node.inputs[0]
    return inner.inputs[0] if inner.attr("axes") == node.attr("axes") else None


@rewriter(ops=[EXPAND_DIMS], where=_after(EXPAND_DIMS))
def expand_dims_of_expand_dims(node: Tensor) -> Tensor | None:
    """All new axes at once."""
    inner, outer = node.inputs[0], node.attr("axes")
    places = [a for a in range(node.ndim) if a not in outer]
    return expand_dims(inner.inputs[0], tuple(sorted((*outer, *(places[a] for a in inner.attr("axes"))))))


@rewriter(ops=[SQUEEZE], where=_after(SQUEEZE))
def squeeze_of_squeeze(node: Tensor) -> Tensor | None:
    """All axes at once."""
    inner = node.inputs[0]
    x, first = inner.inputs[0], inner.attr("axes")
    places = [a for a in range(x.ndim) if a not in first]
    return squeeze(x, tuple(sorted((*first, *(places[a] for a in node.attr("axes"))))))


def _without(axis: int, dropped: tuple[int, ...]) -> int:
    """The place of an axis once others are dropped."""
    return axis - sum(1 for d in dropped if d < axis)


@rewriter(ops=[EXPAND_DIMS, SQUEEZE, RESHAPE, TRANSPOSE, SLICE], where=_after(BROADCAST_TO))
def move_of_uniform(node: Tensor) -> Tensor | None:
    """However the same value is moved, only the shape counts."""
    source = node.inputs[0].inputs[0]
    return broadcast_to(source, node.shape) if source.ndim == 0 else None


@rewriter(ops=[TRANSPOSE], where=_after(BROADCAST_TO))
def transpose_of_broadcast(node: Tensor) -> Tensor | None:
    """What is broadcast is moved first: a product below may be written in that order in the first place."""
    source = node.inputs[0].inputs[0]
    return broadcast_to(transpose(source, node.attr("axes")), node.shape) if source.ndim == node.ndim else None


@rewriter(ops=[BROADCAST_TO], where=_after(EXPAND_DIMS))
def broadcast_of_leading_axes(node: Tensor) -> Tensor | None:
    """Broadcasting adds leading axes by itself."""
    inner = node.inputs[0]
    axes = inner.attr("axes")
    return broadcast_to(inner.inputs[0], node.shape) if axes == tuple(range(len(axes))) else None


# ------------------------------------------------------------------------------------------------------------ windows
@rewriter(ops=[SLICE], where=_after(SLICE))
def slice_of_slice(node: Tensor) -> Tensor | None:
    """A window of a window is a window."""
    inner = node.inputs[0]
    starts, steps = inner.attr("starts"), inner.attr("steps")
    return slice_of(
        inner.inputs[0],
        tuple(sz.add(a, sz.mul(b, s)) for a, b, s in zip(starts, node.attr("starts"), steps)),
        tuple(sz.mul(a, b) for a, b in zip(steps, node.attr("steps"))),
        node.shape,
    )


@rewriter(ops=[SLICE], where=_after(CONCATENATE))
def slice_of_concatenate(node: Tensor) -> Tensor | None:
    """A window that lies within one part reads that part alone."""
    joined = node.inputs[0]
    axis, starts, steps = joined.attr("axis"), node.attr("starts"), node.attr("steps")
    if (ends := _ends(starts[axis], steps[axis], node.shape[axis])) is None:
        return None
    low, high = ends
    begin: SizeLike = 0
    for part in joined.inputs:
        end = sz.add(begin, part.shape[axis])
        if sz.at_least(low, begin) and sz.at_least(end, sz.add(high, 1)):
            inside = sz.add(starts[axis], sz.mul(begin, -1))
            return slice_of(part, (*starts[:axis], inside, *starts[axis + 1 :]), steps, node.shape)
        begin = end
    return None


def _ends(start: SizeLike, step: SizeLike, size: SizeLike) -> tuple[SizeLike, SizeLike] | None:
    """The lowest and the highest index of a window that is not empty; None where nobody knows which way it runs."""
    if not isinstance(step, int):
        return None
    last = sz.add(start, sz.mul(sz.add(size, -1), step))
    return (start, last) if step > 0 else (last, start)


@rewriter(ops=[SLICE], where=_after(PAD))
def slice_of_pad(node: Tensor) -> Tensor | None:
    """A window that lies within the border's inside reads the inside."""
    padded = node.inputs[0]
    x, lows = padded.inputs[0], padded.attr("low")
    for start, step, size, low, extent in zip(node.attr("starts"), node.attr("steps"), node.shape, lows, x.shape):
        ends = _ends(start, step, size)
        if ends is None:
            return None
        first, last = ends
        if not (sz.at_least(first, low) and sz.at_least(sz.add(low, extent), sz.add(last, 1))):
            return None
    starts = tuple(sz.add(a, sz.mul(low, -1)) for a, low in zip(node.attr("starts"), lows))
    return slice_of(x, starts, node.attr("steps"), node.shape)


@rewriter(ops=[SLICE], where=_after(UPDATE_SLICE))
def slice_of_update(node: Tensor) -> Tensor | None:
    """The window that was just written, or one that was not written at all."""
    updated = node.inputs[0]
    base, value = updated.inputs
    window = (node.attr("starts"), node.attr("steps"), node.shape)
    written = (updated.attr("starts"), updated.attr("steps"), value.shape)
    if window == written:
        return value
    for start, step, size, start_w, step_w, size_w in zip(*window, *written):
        ends, ends_w = _ends(start, step, size), _ends(start_w, step_w, size_w)
        if ends is None or ends_w is None:
            continue
        (low, high), (low_w, high_w) = ends, ends_w
        if sz.at_least(low, sz.add(high_w, 1)) or sz.at_least(low_w, sz.add(high, 1)):
            return slice_of(base, *window)
    return None


@rewriter(ops=[UPDATE_SLICE])
def whole_update(node: Tensor) -> Tensor | None:
    """Everything is overwritten."""
    base, value = node.inputs
    whole = all(a == 0 for a in node.attr("starts")) and all(b == 1 for b in node.attr("steps"))
    return value if whole and value.shape == base.shape else None


@rewriter(ops=[CONCATENATE], where=lambda op, inputs: CONCATENATE in inputs)
def concatenate_of_concatenate(node: Tensor) -> Tensor | None:
    """All parts at once."""
    axis = node.attr("axis")
    parts: list[Tensor] = []
    for x in node.inputs:
        parts += x.inputs if x.op is CONCATENATE and x.attr("axis") == axis else (x,)
    return CONCATENATE(*parts, axis=axis) if len(parts) > len(node.inputs) else None


RULES = collect(globals())
