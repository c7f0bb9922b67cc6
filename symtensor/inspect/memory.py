"""The memory plan of a compiled function: arena, outputs, scratch, and which temporaries share a block.

It accounts for what the operating system sees grow during a call (``peak_bytes``, to within 10 %), so it holds what the
dispatcher and the libraries take, too: packed copies of arguments that do not lie by rows, the panels that BLAS packs
operands into.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from symtensor.codegen.buffers import Block, Layout
from symtensor.codegen.footprint import footprint
from symtensor.codegen.program import Program
from symtensor.inspect.sizes import SizeBinder, human
from symtensor.ir import size as sz
from symtensor.ir.size import SizeLike
from symtensor.records import dataclass


@dataclass(frozen=True)
class MemoryPlan:
    """Where everything lies.

    Attributes:
        blocks: of the arena, each with the temporaries that live there in turn.
        arena_bytes: all blocks; asked from the runtime once, and kept between calls.
        scratch_bytes: private memory of each worker, on top of the arena.
        output_bytes: results, by buffer; recycled once the caller lets go of them.
        in_place: names of the shared variables that are updated where they lie.
        workspace_bytes: what library routines are given to work in.
        buffer_bytes: what libraries take for themselves, on all workers: an estimate by their block sizes.
        packed_bytes: row-major copies of the arguments given to ``at`` that do not lie by rows.
        workers: threads that a call uses.
    """

    blocks: tuple[Block, ...]
    arena_bytes: SizeLike
    scratch_bytes: SizeLike
    output_bytes: tuple[tuple[str, SizeLike], ...]
    in_place: tuple[str, ...] = ()
    workspace_bytes: SizeLike = 0
    buffer_bytes: SizeLike = 0
    packed_bytes: int = 0
    workers: int = 1
    binder: SizeBinder | None = None

    @property
    def peak_bytes(self) -> SizeLike:
        """Most bytes that a call holds beyond its arguments, and beyond results of former calls that are still held.

        Between calls the last two arrays of each output are kept, for the next call to fill, once nobody holds them.
        """
        total: SizeLike = sz.add(self.arena_bytes, sz.mul(self.scratch_bytes, self.workers))
        for size in (*(size for _, size in self.output_bytes), self.workspace_bytes, self.buffer_bytes):
            total = sz.add(total, size)
        return sz.add(total, self.packed_bytes)

    def at(self, **shapes: Any) -> MemoryPlan:
        """The plan at given sizes; see ``KernelTable.at``. Arrays tell more than shapes: which are packed by a call."""
        if self.binder is None:
            return self
        values = self.binder.bind(shapes)
        given = [a for a in shapes.values() if isinstance(a, np.ndarray)]

        def known(size: SizeLike) -> SizeLike:
            return sz.substitute(size, values)

        return replace(
            self,
            blocks=tuple(Block(known(b.bytes), b.tenants) for b in self.blocks),
            arena_bytes=known(self.arena_bytes),
            scratch_bytes=known(self.scratch_bytes),
            output_bytes=tuple((name, known(size)) for name, size in self.output_bytes),
            workspace_bytes=known(self.workspace_bytes),
            buffer_bytes=known(self.buffer_bytes),
            packed_bytes=sum(a.nbytes for a in given if not a.flags.c_contiguous),
        )

    def __str__(self) -> str:
        lines = [f"arena: {human(self.arena_bytes)} bytes in {len(self.blocks)} blocks"]
        lines += [f"  {human(b.bytes)} bytes: {', then '.join(b.tenants)}" for b in self.blocks]
        lines.append(f"scratch: {human(self.scratch_bytes)} bytes for each of {self.workers} workers")
        if self.workspace_bytes != 0 or self.buffer_bytes != 0:
            lines.append(f"libraries: {human(sz.add(self.workspace_bytes, self.buffer_bytes))} bytes")
        if self.packed_bytes:
            lines.append(f"packed arguments: {human(self.packed_bytes)} bytes")
        lines += [f"output {name}: {human(size)} bytes" for name, size in self.output_bytes]
        if self.in_place:
            lines.append(f"updated in place: {', '.join(self.in_place)}")
        return "\n".join([*lines, f"peak: {human(self.peak_bytes)} bytes beyond the arguments"])

    __repr__ = __str__


def memory_plan(
    program: Program, layout: Layout, on_device: bool, binder: SizeBinder | None, workers: int
) -> MemoryPlan:
    """The memory plan of a Program.

    Args:
        program: with its storages.
        layout: of the temporaries.
        on_device: whether kernels run on a device, where scratch is the work group's own.
        binder: evaluates sizes.
        workers: threads that a call uses.
    """
    found = footprint(program, layout, on_device)
    names = tuple(program.arguments[k].name or "shared" for k in program.in_place.values())
    return MemoryPlan(
        layout.blocks,
        found.arena,
        found.scratch,
        found.outputs,
        names,
        found.workspace,
        found.buffers(workers),
        workers=workers,
        binder=binder,
    )
