"""How kernels are launched on a device: threads of a group, number of groups, arrays in global memory.

A kernel runs in one of three ways:

* in groups: iterations of the parallel loop go to groups, those of simd loops to the group's threads, and everything
  else is executed by every thread, one of which stores;
* by single threads, if no loop is simd: iterations of the parallel loop go to threads;
* by one thread, if there is no parallel loop either.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.vectors import vectorisable
from symtensor.ir import size as sz
from symtensor.ir.scalar import BOOL, Expr, LoopVar, Var, index
from symtensor.ir.size import Size, SizeLike
from symtensor.records import dataclass

SHARED_BYTES = 16384  # of arrays of known size that a group may keep in its own memory; others lie in global memory
PRIVATE_BYTES = 1024  # of arrays that a single thread may keep for itself
MOST_THREADS = 256  # of a group whose loops need no certain number
SINGLE_THREADS = 64  # of a group of threads that work alone
MOST_GROUPS = 65536
SCRATCH_GROUPS = 256  # most groups of a kernel that keeps arrays in global memory: each group has its own


@dataclass(frozen=True, eq=False)
class Shape:
    """How a kernel is launched.

    Attributes:
        threads: of a group.
        alone: whether each thread runs iterations of the parallel loop by itself.
        extent: iterations of the parallel loop; 1 where there is none.
        always: whether it must run even if the parallel loop is empty.
        most: greatest number of groups.
        scratch: arrays in global memory with their byte offsets.
        scratch_bytes: global memory that each group needs for them.
    """

    threads: int
    alone: bool
    extent: SizeLike
    always: bool
    most: int
    scratch: tuple[tuple[ir.Alloc, SizeLike], ...]
    scratch_bytes: SizeLike

    @property
    def groups(self) -> SizeLike:
        """Number of groups of a launch, before the limit."""
        if not self.alone:
            return self.extent
        return sz.floordiv(sz.add(self.extent, self.threads - 1), self.threads)


def spread_checks(kernel: ir.Kernel) -> ir.Kernel:
    """Make the loops of a kernel that only looks for errors parallel: its iterations do not depend on each other.

    Where there are several errors, any of them is reported.
    """
    loops: list[LoopVar] = []
    body = kernel.body
    while len(body) == 1 and isinstance(body[0], ir.For) and body[0].kind == "serial":
        loops.append(body[0].var)
        body = body[0].body
    if not loops or not all(isinstance(s, (ir.Let, ir.If, ir.Fail)) for s in ir.all_statements(body)):
        return kernel
    if len(loops) == 1:
        return replace(kernel, body=(ir.For(loops[0], body, "parallel"),))
    flat = LoopVar("p", sz.product(v.extent for v in loops))
    rest: SizeLike = Size.of(flat)
    lets: list[ir.Statement] = []
    for var in reversed(loops):
        lets.append(ir.Let(var.label, index(sz.mod(rest, var.extent) if var is not loops[0] else rest)))
        rest = sz.floordiv(rest, var.extent)
    return replace(kernel, body=(ir.For(flat, (*lets, *body), "parallel"),))


def in_lanes(loop: ir.For) -> bool:
    """Whether a loop runs in lanes: maps of any kind, and the reductions that the CPU runs in lanes too."""
    if loop.kind != "simd":
        return False
    inside = ir.all_statements(loop.body)
    if not any(isinstance(s, ir.Accumulate) for s in inside):
        return all(
            isinstance(s, (ir.Let, ir.Declare, ir.Assign, ir.Store, ir.If))
            or (isinstance(s, ir.For) and s.kind == "serial")
            for s in inside
        )
    short = isinstance(loop.var.extent, int) and loop.var.extent < 4
    return vectorisable(loop) and not short


def conditions_in_lanes(kernel: ir.Kernel) -> ir.Kernel:
    """Move conditions around loops over lanes into the loops, where that is all that they hold.

    PoCL (3.0) computes wrong results, or crashes, where work items meet under a condition, even one that is the same
    for all of them.
    """
    numbers = itertools.count(1)

    def block(body: tuple[ir.Statement, ...]) -> tuple[ir.Statement, ...]:
        made: list[ir.Statement] = []
        for s in body:
            if isinstance(s, (ir.For, ir.While)):
                s = replace(s, body=block(s.body))
            if isinstance(s, ir.If) and not s.otherwise and _only_maps(s.then):
                name = f"mask_{next(numbers)}"
                made.append(ir.Let(name, s.condition))
                made += [_guarded(inner, Var(name, BOOL)) for inner in s.then]
            else:
                made.append(s)
        return tuple(made)

    return replace(kernel, body=block(kernel.body))


def _only_maps(body: tuple[ir.Statement, ...]) -> bool:
    loops = [s for s in body if isinstance(s, ir.For)]
    return len(loops) == len(body) and all((in_lanes(s) and not _folds(s)) or _only_maps(s.body) for s in loops)


def _folds(loop: ir.For) -> bool:
    return any(isinstance(s, ir.Accumulate) for s in loop.body)


def _guarded(loop: ir.Statement, condition: Expr) -> ir.Statement:
    assert isinstance(loop, ir.For)
    if in_lanes(loop):
        return replace(loop, body=(ir.If(condition, loop.body),))
    return replace(loop, body=tuple(_guarded(inner, condition) for inner in loop.body))


def launch_shape(kernel: ir.Kernel) -> Shape:
    """Decide how a kernel is launched."""
    last = kernel.body[-1] if kernel.body else None
    parallel = last if isinstance(last, ir.For) and last.kind == "parallel" else None
    extent: SizeLike = 1 if parallel is None else parallel.var.extent
    statements = ir.all_statements(kernel.body)
    loops = [s for s in statements if isinstance(s, ir.For) and in_lanes(s)]
    arrays = [s for s in statements if isinstance(s, ir.Alloc) and s.space != "register"]
    alone = not loops and parallel is not None and _bytes(arrays) <= PRIVATE_BYTES
    threads = SINGLE_THREADS if alone else _threads(loops)
    scratch: list[tuple[ir.Alloc, SizeLike]] = []
    total: SizeLike = 0
    left = PRIVATE_BYTES if alone else SHARED_BYTES - _tree_bytes(loops)
    for array in arrays:
        if isinstance(array.extent, int) and array.extent * array.dtype.itemsize <= left:
            left -= array.extent * array.dtype.itemsize
            continue
        scratch.append((array, total))
        lines = sz.floordiv(sz.add(sz.mul(array.extent, array.dtype.itemsize), 63), 64)
        total = sz.add(total, sz.mul(lines, 64))
    most = SCRATCH_GROUPS if scratch else MOST_GROUPS
    always = parallel is None or any(isinstance(s, ir.Store) for s in ir.all_statements(kernel.body[:-1]))
    return Shape(threads, alone, extent, always, most, tuple(scratch), total)


def _bytes(arrays: Sequence[ir.Alloc]) -> float:
    sizes = [a.extent * a.dtype.itemsize if isinstance(a.extent, int) else float("inf") for a in arrays]
    return sum(sizes)


def _threads(loops: Sequence[ir.For]) -> int:
    """Threads of a group: the lanes of its reductions, or what its loops can use."""
    if not loops:
        return 1
    folds = [s.lanes for s in loops if _folds(s)]
    if folds:
        return max(folds)
    longest = max(s.var.extent if isinstance(s.var.extent, int) else MOST_THREADS for s in loops)
    return min(MOST_THREADS, max(32, 1 << (longest - 1).bit_length() if longest > 1 else 1))


def _tree_bytes(loops: Sequence[ir.For]) -> int:
    return sum(8 * s.lanes * len(a.names) for s in loops for a in s.body if isinstance(a, ir.Accumulate))
