"""``pad`` with NumPy's modes: axis by axis, each border made of what the axes before it have become."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.size import SizeLike
from symtensor.ops.creation import iota
from symtensor.ops.declare import as_tensor, cast
from symtensor.ops.elementwise import absolute, floor, floor_divide, less, mod, rint, where
from symtensor.ops.elementwise import clip as _clip
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import broadcast_to
from symtensor.ops.reduction import max, mean, min
from symtensor.ops.scatter import take
from symtensor.ops.shapes import as_size
from symtensor.ops.slicing import pad as _pad_constant
from symtensor.ops.slicing import pad_widths, slice_of

Width = tuple[SizeLike, SizeLike]


def pad(
    array: Any,
    pad_width: Any,
    mode: str = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    stat_length: Any = None,
    reflect_type: str = "even",
) -> Tensor:
    """Add a border.

    Args:
        array: what is padded.
        pad_width: elements in front and behind, as NumPy takes them: a size, a pair, or a pair per axis.
        mode: ``"constant"``, ``"edge"``, ``"linear_ramp"``, ``"maximum"``, ``"mean"``, ``"minimum"``, ``"reflect"``,
            ``"symmetric"`` or ``"wrap"``.
        constant_values: what fills the border of mode ``"constant"``, in the forms of ``pad_width``.
        end_values: where ``"linear_ramp"`` ends, in the forms of ``pad_width``.
        stat_length: how many elements at each edge ``"maximum"``, ``"mean"`` and ``"minimum"`` look at; all if None.
        reflect_type: ``"even"``, or ``"odd"`` for a border that is mirrored at the value of the edge, too.

    Raises:
        ValueError: for a mode that is not known, or a negative width.

    >>> import symtensor as st
    >>> st.pad(st.ones((3, 2)), ((1, 2), (0, 1)), mode="edge").shape
    (6, 3)
    """
    if mode not in ("constant", "linear_ramp", *_POSITIONS, *_STATISTICS):
        known = ", ".join(sorted(("constant", "linear_ramp", *_POSITIONS, *_STATISTICS)))
        raise ValueError(f"pad has no mode {mode!r}\n  hint: one of {known}")
    if reflect_type not in ("even", "odd"):
        raise ValueError(f"pad has no reflect_type {reflect_type!r}\n  hint: one of even, odd")
    x = as_tensor(array)
    widths = list(zip(*pad_widths(pad_width, x.ndim)))
    if mode == "constant" and not isinstance(constant_values, (tuple, list)):
        return _pad_constant(x, widths, constant_values) if x.ndim else x
    fills = _pairs(constant_values if mode == "constant" else end_values, x.ndim)
    lengths = [(None, None)] * x.ndim if stat_length is None else _pairs(stat_length, x.ndim)
    for axis, width in enumerate(widths):
        if all(n == 0 for n in width):
            continue
        if mode == "constant":
            x = _joined(x, axis, width, [as_tensor(f, x.dtype) for f in fills[axis]])
        elif mode == "linear_ramp":
            x = _ramped(x, axis, width, fills[axis])
        elif mode in _STATISTICS:
            x = _joined(x, axis, width, _statistics(x, axis, mode, lengths[axis]))
        else:
            x = _repeated(x, axis, width, mode, reflect_type)
    return x


def _pairs(value: Any, ndim: int) -> list[tuple[Any, Any]]:
    """A value, a pair, or a pair per axis as a pair per axis."""
    items = list(value) if isinstance(value, (tuple, list)) else [value]
    if not any(isinstance(i, (tuple, list)) for i in items):
        items = [tuple(items) if len(items) == 2 else (items[0], items[0])]
    pairs = [tuple(i) if len(i) == 2 else (i[0], i[0]) for i in items]
    if len(pairs) not in (1, ndim):
        raise ValueError(f"{value} has {len(pairs)} pairs for {ndim} axes")
    return pairs * ndim if len(pairs) == 1 else pairs


# ------------------------------------------------------------------------------------------- borders of one value
def _edge(x: Tensor, axis: int, last: bool, length: SizeLike = 1) -> Tensor:
    """The first or last elements along an axis."""
    start = sz.add(x.shape[axis], sz.mul(length, -1)) if last else 0
    place = tuple(start if i == axis else 0 for i in range(x.ndim))
    shape = tuple(length if i == axis else n for i, n in enumerate(x.shape))
    return slice_of(x, place, (1,) * x.ndim, shape)


def _along(x: Tensor, axis: int, size: SizeLike) -> tuple[SizeLike, ...]:
    return tuple(size if i == axis else n for i, n in enumerate(x.shape))


def _joined(x: Tensor, axis: int, width: Width, borders: list[Tensor]) -> Tensor:
    front, behind = (broadcast_to(b, _along(x, axis, n)) for b, n in zip(borders, width))
    return concatenate([front, x, behind], axis)


def _statistics(x: Tensor, axis: int, mode: str, lengths: tuple[Any, Any]) -> list[Tensor]:
    n, found = x.shape[axis], []
    for last, length in zip((False, True), lengths):
        part = x if length is None else _edge(x, axis, last, sz.minimum(as_size(length), n))
        value = _STATISTICS[mode](part, axis=axis, keepdims=True)
        found.append(cast(rint(value) if x.dtype.kind in "iu" and value.dtype.kind == "f" else value, x.dtype))
    return found


_STATISTICS: dict[str, Callable[..., Tensor]] = {"maximum": max, "mean": mean, "minimum": min}


# ------------------------------------------------------------------------------------------------------------ ramps
def _ramped(x: Tensor, axis: int, width: Width, ends: tuple[Any, Any]) -> Tensor:
    parts: list[Tensor] = []
    for last, n, end in zip((False, True), width, ends):
        edge, stop = _edge(x, axis, last), as_tensor(end, x.dtype)
        position = iota(n, "float64")  # from the outer end inwards
        place = tuple(None if i != axis else builtins.slice(None) for i in range(x.ndim))
        step = (edge - stop) / cast(as_tensor(sz.maximum(n, 1)), "float64")
        ramp = position[place] * step + stop
        ramp = cast(floor(ramp) if x.dtype.kind in "iu" else ramp, x.dtype)
        flipped = tuple(builtins.slice(None, None, -1 if last and i == axis else 1) for i in range(x.ndim))
        parts.append(ramp[flipped] if last else ramp)
    return concatenate([parts[0], x, parts[1]], axis)


# ---------------------------------------------------------------------------------------------- repeated patterns
def _repeated(x: Tensor, axis: int, width: Width, mode: str, reflect_type: str) -> Tensor:
    n = x.shape[axis]
    position = iota(sz.add(sz.add(width[0], n), width[1])) - width[0]
    mirrored = take(x, _POSITIONS[mode](position, n), axis)
    if reflect_type == "even" or mode not in _PERIODS:
        return mirrored
    period, turn = _PERIODS[mode](n)
    first, last = _edge(x, axis, False), _edge(x, axis, True)
    column = tuple(None if i != axis else builtins.slice(None) for i in range(x.ndim))
    rounds = cast(floor_divide(position, period), x.dtype)[column]
    ahead = less(mod(position, period), turn)[column]
    return where(ahead, mirrored, 2 * last - mirrored) + 2 * rounds * (last - first)


def _reflected(position: Tensor, n: SizeLike) -> Tensor:
    """0 1 2 1 0 1 2 ...: a triangle wave; an axis of one element only has that."""
    last = sz.add(n, -1)
    return last - absolute(mod(position, sz.maximum(sz.mul(last, 2), 1)) - last)


def _symmetric(position: Tensor, n: SizeLike) -> Tensor:
    """0 1 2 2 1 0 0 1 ...: as a triangle wave whose edges count twice."""
    turn = mod(position, sz.mul(n, 2))
    return where(turn < n, turn, sz.add(sz.mul(n, 2), -1) - turn)


_POSITIONS: dict[str, Callable[[Tensor, SizeLike], Tensor]] = {
    "edge": lambda position, n: _clip(position, 0, sz.add(n, -1)),
    "reflect": _reflected,
    "symmetric": _symmetric,
    "wrap": mod,
}
_PERIODS: dict[str, Callable[[SizeLike], tuple[SizeLike, SizeLike]]] = {
    "reflect": lambda n: (sz.maximum(sz.mul(sz.add(n, -1), 2), 1), n),
    "symmetric": lambda n: (sz.mul(n, 2), n),
}
"""After how many elements a mirrored pattern repeats, and how many of these are not mirrored."""
