"""The last row of a collected state is the final state: who reads only that needs no rows.

Rows are seen through what checkpointed, truncated and backward scans wrap them in: a reshape of the rows of a loop of
loops, a concatenation of the rows of two loops of which one goes on where the other ended, and a flip.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtensor.ir import size as sz
from symtensor.ir.graph import rebuild, toposort
from symtensor.ir.node import Tensor, inherit
from symtensor.ir.size import SizeLike
from symtensor.ops.control import SCAN, WHILE_LOOP
from symtensor.ops.controls import DERIVED
from symtensor.ops.elementwise import stop_gradient, where
from symtensor.ops.item import ITEM, item
from symtensor.ops.joining import CONCATENATE
from symtensor.ops.movement import EXPAND_DIMS, RESHAPE
from symtensor.ops.slicing import SLICE


def read_final_states(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Read the last row of a collected state from the final carry.

    A loop of no steps has no last row: the guard of the slice, which was collected before, reports that.
    """
    new: dict[Tensor, Tensor] = {}
    for node in toposort(outputs):
        rebuilt = rebuild(node, tuple(new[i] for i in node.inputs))
        final = _final_state(rebuilt) if rebuilt.op is SLICE else None
        new[node] = rebuilt if final is None else inherit(final, node)
    return [new[o] for o in outputs]


def _final_state(node: Tensor) -> Tensor | None:
    """What a slice of one row reads, if that is a final state."""
    rows = node.inputs[0]
    starts, shape = node.attr("starts"), node.attr("shape")
    forwards = all(isinstance(s, int) and s > 0 for s in node.attr("steps")[1:])
    if shape != (1, *rows.shape[1:]) or any(s != 0 for s in starts[1:]) or not forwards:
        return None
    for last, place in ((True, sz.add(rows.shape[0], -1)), (False, 0)):
        final = _edge(rows, last) if starts[0] == place else None
        if final is not None and final.shape == shape[1:]:
            return EXPAND_DIMS(final, axes=(0,))
    return None


def _edge(rows: Tensor, last: bool) -> Tensor | None:
    """The last (or first) row, if it is the final state of a loop."""
    if rows.op is DERIVED:
        value, path = (_edge(way, last) for way in rows.inputs)
        return None if value is None or path is None else DERIVED(value, path)
    if rows.op is ITEM and rows.inputs[0].op is WHILE_LOOP:
        return _last_state(rows.inputs[0], rows.attr("index")) if last else None
    if rows.op is ITEM and rows.inputs[0].op is SCAN:
        scan, index = rows.inputs[0], rows.attr("index")
        return _state(scan, scan.attr("body").outputs[index]) if _is_row(scan, index, last) else None
    if rows.op is RESHAPE:
        return _edge_of_segments(rows.inputs[0], rows.shape, last)
    if rows.op is CONCATENATE and rows.attr("axis") == 0 and len(rows.inputs) == 2:
        first, second = rows.inputs if last else rows.inputs[::-1]
        return _edge_of_two(first, second, last)
    if rows.op is SLICE and _is_flip(rows):
        return _edge(rows.inputs[0], not last)
    return None


def _is_row(scan: Tensor, index: int, last: bool) -> bool:
    return index >= scan.attr("carries") and scan.attr("reverse") != last


def _state(scan: Tensor, value: Tensor) -> Tensor | None:
    """The final state that is this value of the body after the last step."""
    carries = scan.attr("carries")
    found = next((k for k, output in enumerate(scan.attr("body").outputs[:carries]) if output is value), None)
    return None if found is None else item(scan, found)


def _last_state(loop: Tensor, index: int) -> Tensor | None:
    """The final state of a while loop that is what it collects as this result; a row comes after the step count."""
    carries = loop.attr("carries")
    return _state(loop, loop.attr("body").outputs[index - 1]) if index > carries else None


def _edge_of_segments(rows: Tensor, shape: tuple[SizeLike, ...], last: bool) -> Tensor | None:
    """The same for the rows of a loop whose steps collect several rows each, laid out as one."""
    if rows.op is not ITEM or rows.inputs[0].op is not SCAN or rows.ndim < 2:
        return None
    scan, index = rows.inputs[0], rows.attr("index")
    if not _is_row(scan, index, last) or shape != (sz.mul(rows.shape[0], rows.shape[1]), *rows.shape[2:]):
        return None
    inside = _edge(scan.attr("body").outputs[index], last)
    return None if inside is None else _state(scan, inside)


def _edge_of_two(first: Tensor, second: Tensor, last: bool) -> Tensor | None:
    """The same for the rows of two loops; the second may have no steps if it starts where the first ends."""
    before = _edge(first.inputs[0] if first.op is stop_gradient else first, last)
    final = _edge(second, last)
    if final is None:
        return None
    scan = final.inputs[0]
    initial = scan.inputs[scan.attr("sequences") + final.attr("index")]
    if initial.op is where:  # of a truncated derivative: the initial value where the first loop has no steps
        initial = initial.inputs[1]
    if initial.op is stop_gradient:
        initial = initial.inputs[0]
    return final if sz.at_least(second.shape[0], 1) or (before is not None and initial is before) else None


def _is_flip(node: Tensor) -> bool:
    x = node.inputs[0]
    rest = (0,) * (x.ndim - 1)
    return (
        node.attr("starts") == (sz.add(x.shape[0], -1), *rest)
        and node.attr("steps") == (-1, *(1 for _ in rest))
        and node.shape == x.shape
    )
