"""Scratch rows that lie in an output: softmax leaves its exponentials where its results will be, and scales them there.

A row of scratch beside a row of the output is one more array that has to stay in cache, and long rows do not.  The
scratch of a kernel moves into an output that is written over it, element by element, by the last loop that reads it.
In comes a kernel, out comes one that computes the same with less memory.
"""

from __future__ import annotations

from dataclasses import replace

from symtensor.codegen.loop_ir import (
    Accumulate,
    Alloc,
    Buffer,
    For,
    Kernel,
    Let,
    Statement,
    Store,
    all_statements,
    expressions,
)
from symtensor.codegen.resolve import Rewriter, row_major
from symtensor.codegen.statements import rewritten
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Load, LoopVar, ValueIndex
from symtensor.ir.size import Size, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass


@dataclass(frozen=True)
class _Place:
    """Where a scratch array goes: an output, from an offset that is the same for the whole array."""

    scratch: str
    output: str
    base: SizeLike


def scratch_in_outputs(kernel: Kernel, spared: frozenset[str] = frozenset()) -> Kernel:
    """Move the scratch arrays that an output can hold until its own values come.

    Such a buffer is still an output: the kernel reads nothing of it that it has not written.

    Args:
        kernel: as it was lowered.
        spared: outputs that hold no scratch: new values of variables, which may lie over the old ones.
    """
    while (place := _first_place(kernel, spared)) is not None:
        kernel = replace(kernel, body=_moved(kernel.body, place))
    return kernel


def _first_place(kernel: Kernel, spared: frozenset[str]) -> _Place | None:
    statements = all_statements(kernel.body)
    bodies = [kernel.body, *(s.body for s in statements if isinstance(s, For) and s.kind == "parallel")]
    loaded = spared.union(e.buffer for s in statements for e in _loads(s))
    stores = [s.buffer for s in statements if isinstance(s, Store)]
    free = {b.name: b for b in kernel.buffers if b.name not in loaded and b.name in stores}
    for body in bodies:
        for array in body:
            if isinstance(array, Alloc):
                uses = [k for k, s in enumerate(body) if _uses(s, array.name)]
                # Elements that are stored once more behind the last loop are no longer in the scratch's way.
                later = [s.buffer for s in all_statements(body[uses[-1] + 1 :]) if isinstance(s, Store)]
                once = {n: b for n, b in free.items() if stores.count(n) - later.count(n) == 1}
                place = _place(array, [body[k] for k in uses], once)
                if place is not None:
                    return place
    return None


def _place(array: Alloc, uses: list[Statement], free: dict[str, Buffer]) -> _Place | None:
    """The output that the last of the statements which use an array writes over it, if there is one."""
    loops: list[LoopVar] = []
    body: tuple[Statement, ...] = tuple(uses[-1:])
    while len(body) == 1 and isinstance(body[0], For):
        loops.append(body[0].var)
        body = body[0].body
    own = row_major(tuple(map(Size.of, loops)), tuple(v.extent for v in loops))
    if not loops or sz.product(v.extent for v in loops) != array.extent:
        return None
    reads = [k for k, s in enumerate(body) if _uses(s, array.name)]
    plain = all(isinstance(s, (Let, Store, Accumulate)) for s in body)
    if not plain or any(e.offset != own for s in body for e in _loads(s) if e.buffer == array.name):
        return None
    for store in body[max(reads) :]:  # what reads the array after the store would find the new value
        if isinstance(store, Store) and store.buffer in free and free[store.buffer].dtype == array.dtype:
            base = sz.add(store.offset, sz.mul(own, -1))
            if not any(isinstance(a, ValueIndex) or a in loops for a in atoms(base)):
                return _Place(array.name, store.buffer, base)
    return None


def _loads(statement: Statement) -> list[Load]:
    return [e for e in walk(list(expressions(statement))) if isinstance(e, Load)]


def _uses(statement: Statement, array: str) -> bool:
    """Whether a statement, or one inside of it, reads or writes an array."""
    return any(
        (isinstance(s, Store) and s.buffer == array) or any(e.buffer == array for e in _loads(s))
        for s in all_statements((statement,))
    )


def _moved(body: tuple[Statement, ...], place: _Place) -> tuple[Statement, ...]:
    """The statements without the declaration of the scratch array, and with the output in its place."""

    def there(buffer: str, offset: SizeLike) -> tuple[str, SizeLike]:
        return (place.output, sz.add(place.base, offset)) if buffer == place.scratch else (buffer, offset)

    def leaf(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer == place.scratch:
            return Load(*there(expr.buffer, expr.offset), expr.dtype)
        return None

    return rewritten(body, Rewriter(leaf), there, frozenset({place.scratch}))
