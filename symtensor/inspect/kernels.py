"""The table of kernels of a compiled function: loops, memory traffic, arithmetic, and what was fused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from symtensor.codegen.program import (
    Batch,
    Gemm,
    Launch,
    Library,
    Program,
    Step,
    Storage,
    all_steps,
    touched,
    written,
)
from symtensor.inspect.cost import flops, loop_nests, moved_bytes, nests_text
from symtensor.inspect.sizes import SizeBinder, human
from symtensor.inspect.tables import columns
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor
from symtensor.ir.size import Atom, SizeLike
from symtensor.records import dataclass


@dataclass(frozen=True)
class KernelRow:
    """One kernel, matrix product or library routine.

    Attributes:
        name: in the source.
        kind: ``kernel``, ``matrix product``, ``library``, or ``batch`` for steps that go through a batch together.
        computes: names of the nodes.
        domain: its loops, outer to inner.
        read: bytes of the buffers that it reads, each counted once.
        written: bytes of the buffers that it writes.
        flops: floating-point operations; 0 for a library routine.
        operations: estimated scalar operations, loads included, by which threads are decided on.
        nodes: the graph nodes that it computes.
    """

    name: str
    kind: str
    computes: tuple[str, ...]
    domain: str
    read: SizeLike
    written: SizeLike
    flops: SizeLike
    operations: SizeLike
    nodes: tuple[Tensor, ...] = ()

    @property
    def bytes(self) -> SizeLike:
        """Bytes read and written."""
        return sz.add(self.read, self.written)

    def at(self, values: Mapping[Atom, SizeLike]) -> KernelRow:
        """The row where some sizes are known."""
        read, written = sz.substitute(self.read, values), sz.substitute(self.written, values)
        flops, operations = sz.substitute(self.flops, values), sz.substitute(self.operations, values)
        return replace(self, read=read, written=written, flops=flops, operations=operations)

    def __str__(self) -> str:
        return (
            f"{self.name}: computes {', '.join(self.computes)}\n    loops {self.domain}\n"
            f"    reads {human(self.read)} bytes, writes {human(self.written)} bytes, {human(self.flops)} flops"
        )


class KernelTable(tuple[KernelRow, ...]):
    """All kernels in order of execution; prints one after the other.

    >>> KernelTable([KernelRow("k1_add", "kernel", ("z",), "i0<8>", 64, 64, 8, 16)]).bytes
    128
    """

    binder: SizeBinder | None = None

    @classmethod
    def of(cls, rows: Iterable[KernelRow], binder: SizeBinder | None) -> KernelTable:
        """A table whose sizes can be evaluated."""
        table = cls(rows)
        table.binder = binder
        return table

    @property
    def bytes(self) -> SizeLike:
        """Bytes read and written by all."""
        return sum((row.bytes for row in self), start=0)

    @property
    def flops(self) -> SizeLike:
        """Floating-point operations of all; a kernel inside a loop counts once."""
        return sum((row.flops for row in self), start=0)

    def at(self, **shapes: Any) -> KernelTable:
        """The table at given sizes.

        Args:
            shapes: the shape of each input by name: a tuple, an array of that shape, or the value of an integer
                scalar.  Sizes that do not follow from them stay symbolic.

        Raises:
            TypeError: for a name that no input has.
            ShapeError: for a shape of another rank.
        """
        if self.binder is None:
            return self
        values = self.binder.bind(shapes)
        return KernelTable.of((row.at(values) for row in self), self.binder)

    def __str__(self) -> str:
        if not self:
            return "no kernels"
        if any(not isinstance(n, int) for row in self for n in (row.read, row.written, row.flops)):
            return "\n".join(map(str, self))
        head = ("kernel", "computes", "bytes read", "written", "flops", "flops/byte")
        rows = [(r.name, ", ".join(r.computes), *map(human, (r.read, r.written, r.flops)), _intensity(r)) for r in self]
        return columns(head, rows, right=(2, 3, 4, 5))

    __repr__ = __str__


def _intensity(row: KernelRow) -> str:
    moved = row.bytes
    return f"{row.flops / moved:.2f}" if isinstance(row.flops, int) and isinstance(moved, int) and moved else "-"


def kernel_table(program: Program | None, binder: SizeBinder | None) -> KernelTable:
    """The kernels of a function, matrix products and library routines included; empty on the interpreter."""
    rows: dict[str, KernelRow] = {}
    if program is not None:
        batches = [s for s in all_steps(program.steps) if isinstance(s, Batch)]
        inside: dict[Step, Batch] = {s: batch for batch in batches for s in batch.body}
        for number, step in enumerate(all_steps(program.steps)):
            batch = inside.get(step)
            row = _entry_row(step, batch, program.storages) if batch else step_row(step, program.storages)
            if row is not None and row.kind != "batch":
                rows.setdefault(row.name if row.kind != "library" else f"{row.name} {number}", row)
    return KernelTable.of(rows.values(), binder)


def _entry_row(step: Step, batch: Batch, storages: dict[str, Storage]) -> KernelRow | None:
    """The row of one step of a batch, for all entries."""
    entries = batch.var.extent
    whole = {n: replace(storages[n], elements=sz.mul(storages[n].elements, entries)) for n in batch.private}
    row = step_row(step, {**storages, **whole})
    if row is None:
        return None
    domain = f"{batch.var.label}<{entries}> {row.domain}"
    return replace(row, domain=domain, flops=sz.mul(row.flops, entries), operations=sz.mul(row.operations, entries))


def _batch_row(batch: Batch, storages: dict[str, Storage]) -> KernelRow:
    """All steps of a batch together: what is private to a worker is not counted as moved."""
    rows = [row for row in (_entry_row(step, batch, storages) for step in batch.body) if row is not None]
    names = dict.fromkeys(name for step in batch.body for name in touched(step) if name not in batch.private)
    out = set(written(batch))
    domain = f"{batch.var.label}<{batch.var.extent}> of {', '.join(row.name for row in rows)}"
    return KernelRow(
        batch.name, "batch", tuple(dict.fromkeys(c for row in rows for c in row.computes)), domain,
        _bytes((n for n in names if n not in out), storages), _bytes((n for n in names if n in out), storages),
        _sum(row.flops for row in rows), _sum(row.operations for row in rows),
        tuple(node for row in rows for node in row.nodes),
    )  # fmt: skip


def step_row(step: Step, storages: dict[str, Storage]) -> KernelRow | None:
    """The row of one step; None for a step that computes nothing."""
    if isinstance(step, Launch):
        kernel = step.kernel
        read, wrote = moved_bytes(kernel, storages)
        computes = tuple(dict.fromkeys(n.name or n.op.name for n in kernel.nodes))
        nests, work = loop_nests(kernel.body), kernel.work
        domain = nests_text(nests) if nests else "once"
        return KernelRow(kernel.name, "kernel", computes, domain, read, wrote, flops(kernel), work, kernel.nodes)
    if isinstance(step, Gemm):
        work = sz.product([*step.batch, step.rows, step.columns, step.inner, 2])
        domain = " ".join(f"<{n}>" for n in (*step.batch, step.rows, step.columns, step.inner))
        read = _bytes((step.a.buffer, step.b.buffer), storages)
        computes = (step.node.name or step.node.op.name,)
        wrote = _bytes((step.c.buffer,), storages)
        return KernelRow(step.name, "matrix product", computes, domain, read, wrote, work, work, (step.node,))
    if isinstance(step, Batch):
        return _batch_row(step, storages)
    if isinstance(step, Library):
        read, wrote = _bytes(step.inputs, storages), _bytes(step.outputs, storages)
        name = step.node.name or step.node.op.name
        return KernelRow(step.routine, "library", (name,), "inside the library", read, wrote, 0, 0, (step.node,))
    return None


def _bytes(names: Iterable[str], storages: dict[str, Storage]) -> SizeLike:
    return _sum(sz.mul(storages[name].elements, storages[name].dtype.itemsize) for name in names)


def _sum(sizes: Iterable[SizeLike]) -> SizeLike:
    total: SizeLike = 0
    for size in sizes:
        total = sz.add(total, size)
    return total


__all__ = ["KernelRow", "KernelTable", "kernel_table", "step_row"]
