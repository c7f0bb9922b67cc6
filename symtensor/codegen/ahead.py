"""Fetching the next row: the schedule step ``Ahead``.

The first loop with lanes that reads an input along its rows also asks for the row that the next iteration of the outer
loop reads.  It is in cache when that iteration begins, having come while the later loops of this one were at work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symtensor.codegen.loop_ir import Fetch, For, Statement, Store, all_statements, expressions
from symtensor.codegen.strides import step_along
from symtensor.ir import size as sz
from symtensor.ir.scalar import Load, LoopVar
from symtensor.ir.size import SizeLike
from symtensor.optimizer.elements import walk


def fetching(body: tuple[Statement, ...], outer: Sequence[LoopVar], most: int) -> list[Statement]:
    """The body of a kernel's outer loops, with fetches in the loops that read something first.

    Args:
        body: statements of one iteration.
        outer: the loops around, outermost first.
        most: bytes that are fetched ahead at most.
    """
    seen = {s.buffer for s in all_statements(body) if isinstance(s, Store)}
    result: list[Statement] = []
    for s in body:
        if isinstance(s, For) and s.kind == "simd":
            fetches = [f for load in _rows(s, seen) if (f := _next(load, outer, most)) is not None]
            seen |= {load.buffer for load in _rows(s, set())}
            s = replace(s, body=(*fetches, *s.body))
        result.append(s)
    return result


def _rows(loop: For, seen: set[str]) -> list[Load]:
    """What a loop reads element by element, one load for each buffer that was not read before."""
    found: dict[str, Load] = {}
    values = [e for s in loop.body for e in expressions(s)]
    for load in (e for e in walk(values) if isinstance(e, Load) and e.buffer not in seen):
        wide = load.dtype.kind in "fiu" and load.dtype.itemsize >= 4
        if wide and step_along(load.offset, loop.var) == 1:
            found.setdefault(load.buffer, load)
    return list(found.values())


def _next(load: Load, outer: Sequence[LoopVar], most: int) -> Fetch | None:
    """The fetch of what the next iteration of the innermost loop around that matters reads in place of this."""
    for var in reversed(outer):
        step: SizeLike | None = step_along(load.offset, var)
        if step is None:
            return None
        if step != 0:
            ahead = sz.minimum(step, most // load.dtype.itemsize)
            return Fetch(Load(load.buffer, sz.add(load.offset, ahead), load.dtype))
    return None


__all__ = ["fetching"]
