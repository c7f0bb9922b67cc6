"""Writes of one element a row as selects: the gradient of ``logp[arange(n), t]`` puts one value into each row of zeros.

A scatter is a step of its own, with its operands and its result in memory.  Where every position but one is the row's
own number, row i changes at column ``t[i]`` alone, so the result at (i, j) is a select on ``j == t[i]``, which vanishes
into the loops that read it.  A base that lies in memory stays a scatter: there only the rows' elements are touched.

The column is read through ``take(iota(size), t)``, the form that ``linear_index`` gave it: it wraps negative numbers,
and its check refuses those out of range before anything is written.
"""

from __future__ import annotations

from functools import partial

from symtensor.ir import pattern
from symtensor.ir import size as sz
from symtensor.ir.constants import scalar_value
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import IOTA, iota
from symtensor.ops.declare import SIZE, Elementwise, constant
from symtensor.ops.elementwise import add, equal, multiply, negative, where
from symtensor.ops.indexing import TAKE_POINTS
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
from symtensor.ops.reduction import SUM
from symtensor.ops.scatter import SCATTER_ADD, SCATTER_SET, TAKE
from symtensor.records import dataclass

MOVES = (BROADCAST_TO, EXPAND_DIMS, RESHAPE, SQUEEZE, TRANSPOSE)
rewriter = partial(pattern.rewriter, stage="rows")


@dataclass(frozen=True)
class _Place:
    """Positions that name one element of each row.

    Attributes:
        sizes: of the axes that the positions walk.
        axes: for each of them but the selected one, the axis of the positions along which it counts.
        selected: which of them is selected by value.
        values: the selected positions, wrapped and checked.
    """

    sizes: tuple[SizeLike, ...]
    axes: tuple[int, ...]
    selected: int
    values: Tensor


def _terms(index: Tensor) -> list[Tensor] | None:
    """The terms ``take(iota(size), positions)`` of a linear index, outermost first; None if it is none."""
    terms: list[Tensor] = []
    while not _is_checked(index):
        if index.op is not add:
            return None
        for outer, last in (index.inputs, index.inputs[::-1]):
            if _is_checked(last) and (rest := _over(outer, last.inputs[0].attr("size"))) is not None:
                terms.append(last)
                index = rest
                break
        else:
            return None
    return [index, *reversed(terms)]


def _is_checked(x: Tensor) -> bool:
    return x.op is TAKE and x.inputs[0].op is IOTA


def _over(product: Tensor, size: SizeLike) -> Tensor | None:
    """``x`` where a tensor is ``x * size``."""
    if product.op is multiply:
        for x, factor in (product.inputs, product.inputs[::-1]):
            value = factor.attr("size") if factor.op is SIZE else scalar_value(factor)
            if value is not None and value == size:
                return x
    return None


def _counts_along(x: Tensor, size: SizeLike, rank: int) -> int | None:
    """The axis of ``rank`` axes along which a tensor, broadcast, is 0, 1, ..., size - 1; None if there is none."""
    inner = x
    while inner.op in (EXPAND_DIMS, RESHAPE, BROADCAST_TO):
        if inner.op is BROADCAST_TO and any(
            a not in (1, b) for a, b in zip(inner.inputs[0].shape[::-1], inner.shape[::-1])
        ):
            return None
        inner = inner.inputs[0]
    if inner.op is not IOTA or inner.attr("size") != size or inner.dtype.itemsize < 4:
        return None
    # With one axis that is not 1 below each broadcast, the count runs along that axis.
    shape = _unbroadcast(x).shape
    long = [a for a, n in enumerate(shape) if n != 1]
    if size == 1 or len(long) != 1 or shape[long[0]] != size:
        return None
    return rank - len(shape) + long[0]


def _unbroadcast(x: Tensor) -> Tensor:
    while x.op is BROADCAST_TO:
        x = x.inputs[0]
    return x


def _place(scatter: Tensor) -> _Place | None:
    """How the positions of a scatter name one element of each row; None if they do not."""
    base, index, _ = scatter.inputs
    extent = base.shape[scatter.attr("axis")]
    if all(n == 1 for n in index.shape):
        return _Place((extent,), (), 0, index if _is_checked(index) else TAKE(iota(extent), index, axis=0))
    terms = _terms(index)
    if terms is None:
        return None
    sizes = tuple(t.inputs[0].attr("size") for t in terms)
    counts = [_counts_along(t.inputs[1], n, index.ndim) for t, n in zip(terms, sizes)]
    free = [k for k, axis in enumerate(counts) if axis is None]
    axes = tuple(a for a in counts if a is not None)
    long = [a for a, n in enumerate(index.shape) if n != 1]
    if len(free) != 1 or sorted(axes) != long or sz.product(sizes) != extent:
        return None
    return _Place(sizes, axes, free[0], terms[free[0]])


def _is_computed(base: Tensor) -> bool:
    """Whether every element of a tensor is computed where it is used, so that nothing is gained by touching few."""
    while base.op in MOVES:
        base = base.inputs[0]
    return scalar_value(base) is not None or isinstance(base.op, Elementwise)


def _rows(x: Tensor, place: _Place, before: int, rank: int) -> Tensor:
    """Positions or updates with an axis for each size of the place, the selected one of size 1.

    Args:
        x: ``before`` axes, ``rank`` axes of positions, and others behind.
        place: where they go.
        before: how many axes come first.
        rank: of the positions.
    """
    gone = tuple(before + a for a in range(rank) if a not in place.axes)
    order = [before + sorted(place.axes).index(a) for a in place.axes]
    kept = squeeze(x, gone) if gone else x
    behind = range(before + len(order), kept.ndim)
    return expand_dims(transpose(kept, (*range(before), *order, *behind)), (before + place.selected,))


def _with_trailing(x: Tensor, count: int) -> Tensor:
    return expand_dims(x, tuple(range(x.ndim, x.ndim + count))) if count else x


@rewriter(ops=[SCATTER_ADD, SCATTER_SET])
def one_element_a_row(node: Tensor) -> Tensor | None:
    """Each row changes at one place: a select, which needs no memory and no step of its own."""
    base, index, updates = node.inputs
    if not _is_computed(base) or (place := _place(node)) is None:
        return None
    axis, rank = node.attr("axis"), index.ndim
    before, after = base.shape[:axis], base.shape[axis + 1 :]
    rows = tuple(1 if k == place.selected else n for k, n in enumerate(place.sizes))
    values = place.values
    values = expand_dims(values, tuple(range(rank - values.ndim))) if values.ndim < rank else values
    values = broadcast_to(_with_trailing(_rows(values, place, 0, rank), len(after)), (*rows, *(1,) * len(after)))
    changed = broadcast_to(_rows(updates, place, axis, rank), (*before, *rows, *after))
    count = _with_trailing(iota(place.sizes[place.selected]), len(rows) - place.selected - 1 + len(after))
    whole = reshape(base, (*before, *place.sizes, *after))
    changed = changed if node.op is SCATTER_SET else whole + changed
    return reshape(where(equal(count, values), changed, whole), node.shape)


@rewriter(ops=[TAKE], where=lambda op, inputs: inputs[0] is RESHAPE)
def points_of_linear_index(node: Tensor) -> Tensor | None:
    """Positions that were made one number are taken apart by divisions: they are read as they were."""
    merged, index = node.inputs
    axis = node.attr("axis")
    terms = _terms(index)
    if terms is None or len(terms) == 1:
        return None
    sizes, source = tuple(t.inputs[0].attr("size") for t in terms), merged.inputs[0]
    shape = (*merged.shape[:axis], *sizes, *merged.shape[axis + 1 :])
    if sz.product(sizes) != merged.shape[axis]:
        return None
    return TAKE_POINTS(reshape(source, shape), *(t.inputs[1] for t in terms), axis=axis)


# ---------------------------------------------------------------------------------------------------- what follows
def _selected_axis(x: Tensor) -> int | None:
    """The axis of which a select takes one element of each row, all others being zeros; None if it is no such."""
    if x.op is not where or scalar_value(x.inputs[2]) != 0 or x.inputs[0].op is not equal:
        return None
    for count, values in (x.inputs[0].inputs, x.inputs[0].inputs[::-1]):
        checked = values
        while checked.op in MOVES:
            checked = checked.inputs[0]
        if not _is_checked(checked):
            continue
        size = checked.inputs[0].attr("size")
        axis = _counts_along(count, size, x.ndim)
        if (
            axis is not None
            and x.shape[axis] == size
            and all(_is_uniform(i, axis - x.ndim) for i in (values, x.inputs[1]))
        ):
            return axis
    return None


def _is_uniform(x: Tensor, axis: int) -> bool:
    """Whether a tensor is the same all along an axis, counted from the end, of what it broadcasts to."""
    inner = _unbroadcast(x)
    return inner.ndim < -axis or inner.shape[axis] == 1


@rewriter(ops=[SUM], where=lambda op, inputs: inputs[0] is where)
def sum_of_one_element_a_row(node: Tensor) -> Tensor | None:
    """The sum of zeros and one element is that element, 0.0 for -0.0."""
    x, axes = node.inputs[0], node.attr("axes")
    axis = _selected_axis(x)
    if axis is None or axis not in axes:
        return None
    rows = tuple(1 if a == axis else n for a, n in enumerate(x.shape))
    element = squeeze(broadcast_to(x.inputs[1], rows), (axis,)) + 0.0
    rest = tuple(a - (a > axis) for a in axes if a != axis)
    return SUM(element, axes=rest) if rest else element


@rewriter(ops=[negative], where=lambda op, inputs: inputs[0] is where)
def sign_of_one_element_a_row(node: Tensor) -> Tensor | None:
    """The sign goes to the one element, so that what sums the rows sees zeros beside it."""
    x = node.inputs[0]
    if _selected_axis(x) is None:
        return None
    condition, element, zeros = x.inputs
    return where(condition, -element, broadcast_to(constant(-scalar_value(zeros), x.dtype), zeros.shape))


RULES = collect(globals())
