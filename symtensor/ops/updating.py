"""``x[key].set(v)`` and ``x[key].add(v)``: copies of an array with one place changed.

``x[key]`` is an ordinary tensor; which array and which place it is can be read off the chain of nodes that
``symtensor.ops.indexing`` makes.
"""

from __future__ import annotations

from typing import Any

from symtensor.ir.node import Tensor, describe
from symtensor.ops.creation import IOTA
from symtensor.ops.declare import Scatter, as_tensor, cast
from symtensor.ops.elementwise import add
from symtensor.ops.movement import (
    EXPAND_DIMS,
    RESHAPE,
    SQUEEZE,
    TRANSPOSE,
    broadcast_to,
    expand_dims,
    inverse_order,
    reshape,
    squeeze,
    transpose,
)
from symtensor.ops.scatter import SCATTER_ADD, SCATTER_SET, TAKE
from symtensor.ops.slicing import SLICE, UPDATE_SLICE
from symtensor.records import dataclass


@dataclass(frozen=True)
class _Place:
    """An indexed tensor taken apart.

    Attributes:
        view: the indexed tensor.
        node: the ``slice`` or ``take`` in it.
        new_axes: axes that None put in.
        dropped: axes that integers took away.
    """

    view: Tensor
    node: Tensor
    new_axes: tuple[int, ...]
    dropped: tuple[int, ...]

    @classmethod
    def of(cls, view: Tensor) -> _Place:
        """Read the chain that ``getitem`` made.

        Raises:
            TypeError: if the tensor is not an indexed array.
        """
        node, new_axes, dropped = view, (), ()
        if node.op is EXPAND_DIMS:
            new_axes, node = node.attr("axes"), node.inputs[0]
        if node.op is SQUEEZE:
            dropped, node = node.attr("axes"), node.inputs[0]
        if node.op is not SLICE and node.op is not TAKE:
            raise TypeError(f"{describe(view)} is not an indexed array\n  hint: write x[index].set(value)")
        return cls(view, node, new_axes, dropped)

    def values(self, value: Any) -> Tensor:
        """The value with the shape of the ``slice`` or ``take``."""
        dtype = self.view.dtype
        result = broadcast_to(cast(as_tensor(value, dtype), dtype), self.view.shape)
        if self.new_axes:
            result = squeeze(result, self.new_axes)
        return expand_dims(result, self.dropped) if self.dropped else result


def _write(window: Tensor, values: Tensor) -> Tensor:
    """The array of a ``slice`` node with this window overwritten."""
    return UPDATE_SLICE(window.inputs[0], values, starts=window.attr("starts"), steps=window.attr("steps"))


def _scatter(op: Scatter, node: Tensor, values: Tensor) -> Tensor:
    """The array of a ``take`` node changed at its positions; what ``getitem`` put below the take is undone."""
    source, positions = node.inputs
    changed = op(source, positions, values, axis=node.attr("axis"))
    if not _is_linear(positions):
        return changed
    if source.op is RESHAPE:
        source = source.inputs[0]
        changed = reshape(changed, source.shape)
    if source.op is TRANSPOSE:
        changed = transpose(changed, inverse_order(source.attr("axes")))
        source = source.inputs[0]
    return _write(source, changed)


def _is_linear(positions: Tensor) -> bool:
    """Whether positions were made by ``linear_index``, whose last term is a take from an iota."""
    last = positions.inputs[1] if positions.op is add else positions
    return last.op is TAKE and last.inputs[0].op is IOTA


def set_at(view: Tensor, value: Any) -> Tensor:
    """``x[key].set(v)``: a copy of x with this place overwritten; of duplicate positions the last wins.

    >>> import symtensor as st
    >>> st.zeros((3, 4))[1:, 0].set(7.0).shape
    (3, 4)
    """
    place = _Place.of(view)
    values = place.values(value)
    return _write(place.node, values) if place.node.op is SLICE else _scatter(SCATTER_SET, place.node, values)


def add_at(view: Tensor, value: Any) -> Tensor:
    """``x[key].add(v)``: a copy of x with v added at this place; duplicate positions add up.

    >>> import symtensor as st
    >>> st.zeros((3, 4))[st.constant([1, 1])].add(1.0).shape
    (3, 4)
    """
    place = _Place.of(view)
    values = place.values(value)
    return (
        _write(place.node, place.node + values) if place.node.op is SLICE else _scatter(SCATTER_ADD, place.node, values)
    )
