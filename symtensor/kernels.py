"""The table of kernels of a compiled function: loops, memory traffic, arithmetic, and what was fused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.program import Gemm, Launch, Library, all_steps
from symtensor.ir import size as sz
from symtensor.ir.size import SizeLike


@dataclass(frozen=True)
class KernelRow:
    """One kernel or library step.

    Attributes:
        name: in the source.
        computes: names of the nodes.
        bytes: bytes of the buffers that it reads and writes, each counted once.
        operations: estimated scalar operations.
    """

    name: str
    computes: tuple[str, ...]
    bytes: SizeLike
    operations: SizeLike

    def __str__(self) -> str:
        return f"{self.name}: {', '.join(self.computes)}; {self.bytes} bytes, about {self.operations} operations"


class KernelTable(tuple):  # type: ignore[type-arg]
    """All kernels in order of execution; prints one a line."""

    def __str__(self) -> str:
        return "\n".join(map(str, self)) or "no kernels"


def kernel_table(generated: Any) -> KernelTable:
    """The kernels of a function, library steps included."""
    rows = []
    if generated is not None:
        storages = generated.program.storages
        for step in all_steps(generated.program.steps):
            if isinstance(step, Launch):
                rows.append(_launch(step.kernel, storages))
            elif isinstance(step, Gemm):
                work = sz.product([*step.batch, step.rows, step.columns, step.inner, 2])
                rows.append(KernelRow(step.name, ("matrix product",), _bytes(step, storages), work))
            elif isinstance(step, Library):
                rows.append(KernelRow(step.routine, (step.node.op.name,), _bytes(step, storages), 0))
    return KernelTable(rows)


def _launch(kernel: ir.Kernel, storages: dict[str, Any]) -> KernelRow:
    total: SizeLike = 0
    for buffer in kernel.buffers:
        storage = storages[buffer.name]
        times = 2 if buffer.access == "inout" else 1
        total = sz.add(total, sz.mul(storage.elements, storage.dtype.itemsize * times))
    computes = tuple(dict.fromkeys(n.name or n.op.name for n in kernel.nodes))
    return KernelRow(kernel.name, computes, total, kernel.work)


def _bytes(step: Any, storages: dict[str, Any]) -> SizeLike:
    from symtensor.codegen.program import touched

    total: SizeLike = 0
    for name in touched(step):
        total = sz.add(total, sz.mul(storages[name].elements, storages[name].dtype.itemsize))
    return total
