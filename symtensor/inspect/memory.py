"""The memory plan of a compiled function: arena, outputs, scratch, and which temporaries share a block."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symtensor.codegen.batch_source import worker_bytes
from symtensor.codegen.buffers import Block, Layout
from symtensor.codegen.c import CPrinter
from symtensor.codegen.program import Program, batch_kernels
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
    """

    blocks: tuple[Block, ...]
    arena_bytes: SizeLike
    scratch_bytes: SizeLike
    output_bytes: tuple[tuple[str, SizeLike], ...]
    in_place: tuple[str, ...] = ()
    binder: SizeBinder | None = None

    @property
    def peak_bytes(self) -> SizeLike:
        """Most bytes that a call on one worker holds beyond its arguments."""
        results: SizeLike = 0
        for _, size in self.output_bytes:
            results = sz.add(results, size)
        return sz.add(sz.add(self.arena_bytes, self.scratch_bytes), results)

    def at(self, **shapes: Any) -> MemoryPlan:
        """The plan at given sizes; see ``KernelTable.at``."""
        if self.binder is None:
            return self
        values = self.binder.bind(shapes)

        def known(size: SizeLike) -> SizeLike:
            return sz.substitute(size, values)

        return replace(
            self,
            blocks=tuple(Block(known(b.bytes), b.tenants) for b in self.blocks),
            arena_bytes=known(self.arena_bytes),
            scratch_bytes=known(self.scratch_bytes),
            output_bytes=tuple((name, known(size)) for name, size in self.output_bytes),
        )

    def __str__(self) -> str:
        lines = [f"arena: {human(self.arena_bytes)} bytes in {len(self.blocks)} blocks"]
        lines += [f"  {human(b.bytes)} bytes: {', then '.join(b.tenants)}" for b in self.blocks]
        lines.append(f"scratch: {human(self.scratch_bytes)} bytes for each worker")
        lines += [f"output {name}: {human(size)} bytes" for name, size in self.output_bytes]
        if self.in_place:
            lines.append(f"updated in place: {', '.join(self.in_place)}")
        return "\n".join([*lines, f"peak: {human(self.peak_bytes)} bytes beyond the arguments"])

    __repr__ = __str__


def memory_plan(program: Program, layout: Layout, on_device: bool, binder: SizeBinder | None) -> MemoryPlan:
    """The memory plan of a Program.

    Args:
        program: with its storages.
        layout: of the temporaries.
        on_device: whether kernels run on a device, where scratch is the work group's own.
        binder: evaluates sizes.
    """
    scratch: SizeLike = 0
    if not on_device:
        printer = CPrinter(16)
        inside = {kernel.name for kernel in batch_kernels(program)}
        for kernel in program.kernels():
            if kernel.name not in inside:
                scratch = sz.maximum(scratch, printer.scratch_bytes(kernel))
        scratch = sz.add(scratch, worker_bytes(program, printer.scratch_bytes))
    outputs = tuple(
        (s.name, sz.mul(s.elements, s.dtype.itemsize)) for s in program.storages.values() if s.kind == "output"
    )
    names = tuple(program.arguments[k].name or "shared" for k in program.in_place.values())
    return MemoryPlan(layout.blocks, layout.total, scratch, outputs, names, binder)
