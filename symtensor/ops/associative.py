"""``associative_scan``: all running results of an associative function along an axis, as one loop.

A tree of logarithmic depth takes twice the work and several passes through memory.  Sixteen blocks of the axis side by
side took 40 times as long as the plain loop (a running sum of a million numbers: 20 ns an element against 0.5), since a
processor core adds as fast as it loads.  So the positions are visited in order, which also fixes the bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symtensor.errors import ShapeError, located
from symtensor.ir.nesting import flatten
from symtensor.ir.node import Tensor, caller_sites
from symtensor.ops.control import may_agree
from symtensor.ops.declare import as_tensor
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import broadcast_to, expand_dims, moveaxis, squeeze
from symtensor.ops.padding import pad
from symtensor.ops.rearranging import flip
from symtensor.ops.scan import scan
from symtensor.ops.shapes import normal_axis

Rows = list[Tensor]


def associative_scan(fn: Callable[[Any, Any], Any], xs: Any, axis: int = 0, reverse: bool = False) -> Any:
    """Results of ``fn`` over x[0], over x[0] and x[1], over x[0], x[1] and x[2], ... along an axis.

    Args:
        fn: associative: from two nestings like ``xs`` (what comes first, what follows) to one.  Its arrays have the
            axis in front, with any number of positions, each of which it must treat alike.
        xs: a tensor, or tensors of one size along the axis, nested in tuples, lists and dicts.
        axis: along which the positions lie.
        reverse: begin at the end: the last argument of ``fn`` is then the earlier part.

    Returns:
        Nested and shaped as ``xs``.

    Raises:
        ShapeError: if there is no such axis, sizes along it differ, or ``fn`` changes a type.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> st.compile(st.associative_scan(lambda a, b: a * b, x), [x], target="numpy")([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    leaves, names, structure = flatten(xs, "xs")
    tensors = [as_tensor(leaf) for leaf in leaves]
    if not tensors or any(not t.ndim for t in tensors):
        raise ShapeError(located("associative_scan: each array must have at least one axis", caller_sites()))
    axes = [normal_axis(axis, t.ndim) for t in tensors]
    rows = [moveaxis(t, a, 0) for t, a in zip(tensors, axes)]
    count = rows[0].shape[0]
    for name, row in zip(names, rows):
        if isinstance(count, int) and isinstance(row.shape[0], int) and row.shape[0] != count:
            message = f"associative_scan: {name} has {row.shape[0]} positions, others have {count}"
            raise ShapeError(located(message, caller_sites()))
    if reverse:
        rows = [flip(r, 0) for r in rows]

    def join(first: Rows, second: Rows) -> Rows:
        given = structure.build(iter(first)), structure.build(iter(second))
        results = [as_tensor(r) for r in flatten(fn(*given))[0]]
        if len(results) != len(first):
            message = f"associative_scan: the function returns {len(results)} arrays of {len(first)}"
            raise ShapeError(located(message, caller_sites()))
        for name, result, like in zip(names, results, first):
            if not may_agree(result.type, like.type):
                message = f"associative_scan: {name} is {like.type} before and {result.type} after the function"
                raise ShapeError(
                    located(message, caller_sites(), "it must return what it is given, position by position")
                )
        return [broadcast_to(r, like.shape) for r, like in zip(results, first)]

    scanned = _running(join, rows)
    if reverse:
        scanned = [flip(r, 0) for r in scanned]
    return structure.build(moveaxis(r, 0, a) for r, a in zip(scanned, axes))


def _running(join: Callable[[Rows, Rows], Rows], rows: Rows) -> Rows:
    """Running results over the first axis."""
    count = rows[0].shape[0]
    # One position more behind the end, so that there is a first one even of none.
    first = [pad(r, [(0, 1), *[(0, 0)] * (r.ndim - 1)])[:1] for r in rows]

    def step(*given: Tensor) -> Sequence[Tensor]:
        return join(list(given[len(rows) :]), [expand_dims(row, 0) for row in given[: len(rows)]])

    later, _ = scan(step, sequences=[r[1:] for r in rows], outputs_info=first, return_list=True)
    return [concatenate([f, squeeze(r, 1)])[:count] for f, r in zip(first, later)]
