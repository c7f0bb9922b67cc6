"""What a Program holds in memory beyond its arguments: by the buffer plan, the workers' scratch, outputs, libraries."""

from __future__ import annotations

from symtensor.codegen.batch_source import worker_bytes
from symtensor.codegen.buffers import Layout
from symtensor.codegen.c import CPrinter
from symtensor.codegen.entry import routine_dtype
from symtensor.codegen.library import gemm_buffer, routine_buffer, workspace_bytes
from symtensor.codegen.program import Gemm, Library, Program, all_steps, lone_kernels
from symtensor.ir import size as sz
from symtensor.ir.size import SizeLike
from symtensor.records import dataclass


@dataclass(frozen=True)
class Footprint:
    """Bytes by what they are for.

    Attributes:
        arena: temporaries.
        scratch: private memory of each worker.
        outputs: results, by buffer.
        workspace: what library routines are given to work in.
        tile_buffer: what BLAS packs the operands of one tile of a product into, for each worker.
        buffer: what other library routines take for themselves: an estimate by their block sizes.
    """

    arena: SizeLike
    scratch: SizeLike
    outputs: tuple[tuple[str, SizeLike], ...]
    workspace: SizeLike
    tile_buffer: SizeLike
    buffer: SizeLike

    def buffers(self, workers: int) -> SizeLike:
        """What libraries take for themselves where so many threads run."""
        return sz.maximum(sz.mul(self.tile_buffer, workers), self.buffer)

    def total(self, workers: int) -> SizeLike:
        """All bytes of a call on so many threads."""
        total = sz.add(self.arena, sz.mul(self.scratch, workers))
        for size in (*(size for _, size in self.outputs), self.workspace, self.buffers(workers)):
            total = sz.add(total, size)
        return total


def footprint(program: Program, layout: Layout, on_device: bool = False) -> Footprint:
    """The footprint of a Program.

    Args:
        program: with its storages.
        layout: of the temporaries.
        on_device: whether kernels run on a device, where scratch is the work group's own.
    """
    scratch: SizeLike = 0
    if not on_device:
        printer = CPrinter(16)
        for kernel in lone_kernels(program):
            scratch = sz.maximum(scratch, printer.scratch_bytes(kernel))
        scratch = sz.add(scratch, worker_bytes(program, printer.scratch_bytes))
    outputs = tuple(
        (s.name, sz.mul(s.elements, s.dtype.itemsize)) for s in program.storages.values() if s.kind == "output"
    )
    workspace: SizeLike = 0
    tile: SizeLike = 0
    buffer: SizeLike = 0
    for step in all_steps(program.steps):
        if isinstance(step, Gemm):
            tile = sz.maximum(tile, gemm_buffer(step))
        elif isinstance(step, Library):
            itemsize = routine_dtype(program, step).itemsize
            workspace = sz.maximum(workspace, workspace_bytes(step, itemsize))
            buffer = sz.maximum(buffer, routine_buffer(step, itemsize))
    return Footprint(layout.total, scratch, outputs, workspace, tile, buffer)
