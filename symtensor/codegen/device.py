"""Printing the Program for a device: kernels in the device's language, and in C the entry that drives them.

The entry writes the inputs to buffers of the device, launches, and reads the outputs back.  Library routines run on the
host, between a read of their operands and a write of their results; loops and branches are driven by the host, which
reads their conditions.  All buffers of a call are given back before the entry returns, on every path.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from symtensor.codegen import program as pg
from symtensor.codegen.c import CPrinter
from symtensor.codegen.cuda import CUDA
from symtensor.codegen.drive import drive_source
from symtensor.codegen.entry import FAIL, EntryPrinter, Source, is_bound, routine_dtype
from symtensor.codegen.gpu import FAULT_BYTES, SUFFIXES, GpuPrinter, helpers_text
from symtensor.codegen.launches import Shape, launch_shape, spread_checks
from symtensor.codegen.library import routine_call, workspace_bytes
from symtensor.codegen.opencl import OPENCL
from symtensor.codegen.units import nameless
from symtensor.dtypes import stored
from symtensor.errors import UnsupportedError
from symtensor.ir import size as sz
from symtensor.ir.node import Site
from symtensor.ir.size import Atom, SizeLike

if TYPE_CHECKING:
    from symtensor.codegen.machine import Machine

MOST_ARGUMENTS = 500  # of a kernel: CUDA allows 4096 bytes, 8 each
DIALECTS = {"opencl": OPENCL, "cuda": CUDA, "cuda-shim": CUDA, "null": CUDA}


class DevicePrinter(EntryPrinter):
    """Prints one Program for a device.

    Args:
        program: what to print.
        abi: text of ``abi.h``.
        machine: the processor, for the math library.
        target: ``opencl``, ``cuda``, ``cuda-shim`` or ``null``.
        where: prints a user line for comments.
        profile: whether the entry notes when each step ran; it then waits for the device after each.
    """

    settle = "if (st_driver(ctx, ctx->device->synchronize(ctx->device))) return 1;"

    def __init__(
        self,
        program: pg.Program,
        abi: str,
        machine: Machine,
        target: str,
        where: Callable[[Site], str],
        profile: bool = False,
    ) -> None:
        super().__init__(program, CPrinter(16), abi, where, profile)
        self.machine, self.target = machine, target
        views = frozenset(s.name for s in program.storages.values() if s.kind == "pointer")
        self.device = GpuPrinter(DIALECTS[target], views)
        self.device._names = self.printer._names
        self.kernels: dict[str, int] = {}  # place in ``names`` of the one that stands for a kernel
        self.names: tuple[str, ...] = ()
        self.shapes: dict[str, Shape] = {}
        self.host_steps: list[str] = []
        self.most_arguments = 0
        used = {name for step in pg.all_steps(program.steps) for name in pg.touched(step)} | set(program.outputs)
        self.stored = [s for s in program.storages.values() if s.name in used]
        self._owned = 0
        self._slots: dict[str, int] = {}
        self._rounds = 0

    # ---------------------------------------------------------------------------------------------------- the text
    def source(self) -> Source:
        """The host's translation unit and the device's."""
        kernels = self._kernels()
        entry, routines = self.entry(), self.routines()
        drive = drive_source(self.most_arguments, self._can_fail())
        small = "\n".join(self.printer.small.values())
        text = "\n".join([self.abi, FAIL, *self.clock.helpers, drive, small, *routines, "\n".join(entry), ""])
        timed = tuple(self.clock.steps)
        return Source(text, tuple(self.library), self.layout, kernels, self.names, tuple(self.host_steps), timed=timed)

    def _kernels(self) -> str:
        """The device source.  Kernels that differ in names only are one, which carries the comments of all."""
        first: dict[str, str] = {}
        texts: dict[str, tuple[list[str], list[str]]] = {}
        for kernel in self.program.kernels():
            if kernel.name in self.kernels:
                continue
            spread = spread_checks(kernel)
            comment, text = self.device.comment(spread, self.where), self.device.kernel(spread)
            sizes = [self.printer.atom(a) for a in kernel.sizes]
            same = first.setdefault(nameless(spread, text, sizes, SUFFIXES), kernel.name)
            self.shapes[kernel.name] = launch_shape(spread)
            self.kernels[kernel.name] = self.kernels.get(same, len(texts))
            texts.setdefault(same, ([], text))[0].extend(comment)
        units = [line for comments, text in texts.values() for line in (*comments, *text)]
        self.names = tuple(texts)
        return "\n".join([self.device.dialect.header, helpers_text(self.device, self.machine.features), *units])

    def _can_fail(self) -> bool:
        return any(k.can_fail for k in self.program.kernels())

    # --------------------------------------------------------------------------------------------------- the entry
    def entry(self) -> list[str]:
        """The entry: a frame that gives the buffers back, around the function that does the work."""
        body = self.sizes() + self.early_guards() + self._memory() + self.steps(self.program.steps, "  ")
        body += self._results()
        held = max(1, self._owned)
        return [
            "static int st_run(st_ctx *ctx, void **owned, void **arguments, const int64_t *layout) {",
            "  (void)owned; (void)arguments; (void)layout;",
            *self.clock.open(),
            *body,
            *self.clock.close(),
            "  return 0;",
            "}",
            self.headline(),
            "int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {",
            f"  void *owned[{held}] = {{0}};",
            "  const int failed = st_run(ctx, owned, arguments, layout);",
            f"  for (int64_t k = 0; k < {held}; ++k)",
            "    if (owned[k]) ctx->device->release(ctx->device, owned[k]);",
            "  return failed;",
            "}",
        ]

    def _slot(self) -> int:
        self._owned += 1
        return self._owned - 1

    def _alloc(self, name: str, slot: int, size: str, indent: str) -> str:
        return f"{indent}if (st_alloc(ctx, &owned[{slot}], &{name}, {size})) return 1;"

    def _transfer(self, verb: str, name: str, host: str, indent: str) -> str:
        """Read or write a whole buffer from or to host memory."""
        s = self.program.storages[name]
        kind, count = stored(s.dtype)
        elements = self.size(sz.mul(s.elements, count))
        return f"{indent}if (st_{verb}(ctx, {name}, {kind.itemsize}, {host}, {elements})) return 1;"

    def _bytes(self, s: pg.Storage) -> SizeLike:
        return sz.mul(s.elements, s.dtype.itemsize)

    def _memory(self) -> list[str]:
        """A buffer for each argument that a step uses, each block of temporaries, each output; inputs are written."""
        lines = [f"  st_view {s.name} = {{0, 0}};" for s in self.stored]
        for s in self.stored:
            if s.kind == "argument":
                lines.append(self._alloc(s.name, self._slot(), self.size(self._bytes(s)), "  "))
                lines.append(self._transfer("write", s.name, f"arguments[{self.argument_number(s)}]", "  "))
        for block in self.layout.blocks:
            self._slots.update(dict.fromkeys(block.tenants, self._slot()))
            if not is_bound(block.bytes):
                lines += self._block(block.tenants, block.bytes, "  ")
        for s in self.stored:
            if s.kind == "output":
                self._slots[s.name] = self._slot()
                lines.append(f"  void *{self._host(s)} = 0;")
                if not is_bound(s.elements):
                    lines += self._output(s, "  ")
        if self._can_fail():
            words = FAULT_BYTES // 8
            lines += ["  st_view fault = {0, 0};", self._alloc("fault", self._slot(), str(FAULT_BYTES), "  ")]
            lines.append(f"  if (st_write(ctx, fault, 8, (const int64_t[{words}]){{0}}, {words})) return 1;")
        if any(s.scratch for s in self.shapes.values()):
            self._slots["scratch"] = self._slot()
            lines += ["  st_view scratch = {0, 0};", "  int64_t scratch_bytes = 0;"]
        return lines

    def _block(self, tenants: tuple[str, ...], size: SizeLike, indent: str) -> list[str]:
        first, *others = tenants
        lines = [self._alloc(first, self._slots[first], self.size(size), indent)]
        return lines + [f"{indent}{name} = {first};" for name in others]

    def _host(self, s: pg.Storage) -> str:
        """The variable that points to the host memory of an output."""
        return f"output_{s.number}_"

    def _output(self, s: pg.Storage, indent: str) -> list[str]:
        lines = self.ask_output(s, self._host(s), indent)
        return [*lines, self._alloc(s.name, self._slots[s.name], self.size(self._bytes(s)), indent)]

    def _results(self) -> list[str]:
        return [self._transfer("read", s.name, self._host(s), "  ") for s in self.stored if s.kind == "output"]

    def ask_late(self, atom: Atom, indent: str) -> list[str]:
        """Buffers whose size has just become known."""
        ready = self.newly_known(atom)
        lines: list[str] = []
        for block in self.layout.blocks:
            if ready(block.bytes):
                lines += self._block(block.tenants, block.bytes, indent)
        for s in self.stored:
            if s.kind == "output" and ready(s.elements):
                lines += self._output(s, indent)
        return lines + self.guards(ready, indent)

    # --------------------------------------------------------------------------------------------------- the steps
    def launch(self, step: pg.Launch, indent: str) -> list[str]:
        """Launch a kernel; its error, if it can have one, is read before going on."""
        kernel, shape = step.kernel, self.shapes[step.kernel.name]
        lines: list[str] = []
        values: list[str] = []
        for b in kernel.buffers:
            values.append(f"&{b.name}.handle")
            if b.name in self.device.views:
                values.append(f"&{b.name}.at")
        values += [f"(int64_t[]){{{self.printer.atom(a)}}}" for a in kernel.sizes]
        groups = self.size(shape.groups)
        if not isinstance(shape.groups, int):
            groups = f"st_at_most({groups}, {shape.most})"
            if shape.always:
                groups = f"({groups} > 0 ? {groups} : 1)"
        if shape.scratch:
            lines.append(f"{indent}if (scratch_bytes < {groups} * ({self.size(shape.scratch_bytes)})) {{")
            lines.append(f"{indent}  scratch_bytes = {groups} * ({self.size(shape.scratch_bytes)});")
            lines += [self._alloc("scratch", self._slots["scratch"], "scratch_bytes", indent + "  "), f"{indent}}}"]
            values.append("&scratch.handle")
        if kernel.can_fail:
            values.append("&fault.handle")
        if len(values) > MOST_ARGUMENTS:
            raise UnsupportedError(
                f"the kernel {kernel.name} takes {len(values)} arguments, and a device takes {MOST_ARGUMENTS} at most\n"
                "  hint: compile the outputs as several functions, or with target='c'"
            )
        self.most_arguments = max(self.most_arguments, len(values))
        number = self.kernels[kernel.name]
        given = f"(void *const[]){{{', '.join(f'(void *){v}' for v in values)}}}, {len(values)}" if values else "0, 0"
        lines.append(f"{indent}/* {kernel.name} */")
        lines.append(f"{indent}if (st_launch(ctx, {number}, {groups}, {shape.threads}, {given})) return 1;")
        if kernel.can_fail:
            lines.append(f"{indent}if (st_faulty(ctx, fault)) return 1;")
        return lines

    def gemm(self, step: pg.Gemm, indent: str) -> list[str]:
        """Never: contractions became sums of products."""
        raise TypeError(f"{step.name}: a device has no matrix product of a library")

    def view(self, step: pg.View, indent: str) -> list[str]:
        """A view of a buffer, or of a view."""
        offset = self.size(sz.mul(step.offset, stored(step.dtype)[1]))
        at = f"{step.base}.at" if offset == "0" else f"{step.base}.at + {offset}"
        return [f"{indent}{step.name} = (st_view){{{step.base}.handle, {at}}};"]

    def copy(self, step: pg.Copy, indent: str) -> list[str]:
        """A copy on the device."""
        kind, count = stored(step.dtype)
        size = f"{kind.itemsize}, {self.size(sz.mul(step.elements, count))}"
        return [f"{indent}if (st_copy(ctx, {step.target}, {step.source}, {size})) return 1;"]

    def pointer_type(self, name: str) -> str:
        """The type of a variable that stands for a buffer."""
        return "st_view "

    def flag(self, name: str, indent: str) -> tuple[str, list[str]]:
        """A condition, read from the device."""
        return f"{name}_here", [
            f"{indent}uint8_t {name}_here = 0;",
            f"{indent}if (st_read(ctx, {name}, 1, &{name}_here, 1)) return 1;",
        ]

    def scalar(self, name: str, indent: str) -> tuple[str, list[str]]:
        """A count, read from the device."""
        return f"{name}_here", [
            f"{indent}int64_t {name}_here = 0;",
            f"{indent}if (st_read(ctx, {name}, 8, &{name}_here, 1)) return 1;",
        ]

    def grow(self, log: pg.Log, capacity: str, indent: str) -> list[str]:
        """Take the rows along to a larger buffer; the one before the last is given back."""
        if log.name not in self._slots:
            self._slots[log.name] = self._slot()
            self._slot()
        row, grown = self.size(log.row), f"{log.name}_wider"
        owned = f"&owned[{self._slots[log.name]} + {capacity}_side]"
        size = f"{capacity}_wider * ({row}) * {log.dtype.itemsize}"
        return [
            f"{indent}st_view {grown} = {{0, 0}};",
            f"{indent}if (st_alloc(ctx, {owned}, &{grown}, {size})) return 1;",
            f"{indent}if ({capacity} && st_copy(ctx, {grown}, {log.name}, {log.dtype.itemsize}, {capacity} * ({row})))",
            f"{indent}  return 1;",
            f"{indent}{log.name} = {grown};",
        ]

    def counter(self, step: pg.WhileLoop, indent: str) -> tuple[str, list[str], list[str], list[str]]:
        """A counter of the host, written to the device: after each round if the body reads it, else at the end."""
        self._rounds += 1
        local = f"rounds_{self._rounds}_"
        write = f"if (st_write(ctx, {step.counter}, 8, &{local}, 1)) return 1;"
        read_inside = any(step.counter in pg.touched(s) for s in pg.all_steps(step.head + step.body))
        before = [f"{indent}int64_t {local} = 0;"]
        if read_inside:
            return local, [*before, indent + write], [f"{indent}  {write}"], []
        return local, before, [], [indent + write]

    # ---------------------------------------------------------------------------------------- routines on the host
    def batch(self, step: pg.Batch, indent: str) -> list[str]:
        """None is built for a device, whose kernels cover the whole batch."""
        raise TypeError("a Program for a device has no batch steps")

    def routine(self, step: pg.Library, indent: str) -> list[str]:
        """A routine on host memory: operands are read, results written."""
        inner = indent + "  "
        local = {name: f"{name}_here" for name in step.inputs + step.outputs}
        inputs, outputs = (tuple(local[n] for n in names) for names in (step.inputs, step.outputs))
        moved = replace(step, inputs=inputs, outputs=outputs)
        sizes = [self.size(s) for s in step.sizes]
        element, site = routine_dtype(self.program, step), self.call_site(step)
        dtype, work = self.printer.type(element), self.size(workspace_bytes(step, element.itemsize))
        self._report(step)
        lines = [f"{indent}{{ /* {step.routine} runs on the host */"]
        lines += self._staging(0, step.inputs, local, inner)
        lines += [self._transfer("read", n, local[n], inner) for n in dict.fromkeys(step.inputs)]
        if step.defines is not None:
            found = self.program.size_names[step.defines]
            lines.append(f"{inner}{found} = {routine_call(moved, dtype, sizes, site, counting=True)};")
            lines += self.ask_late(step.defines, inner)
        lines += self._staging(1, step.outputs, local, inner)
        lines.append(f"{inner}if ({routine_call(moved, dtype, sizes, site, work)}) return 1;")
        lines += [self._transfer("write", n, local[n], inner) for n in step.outputs]
        return [*lines, f"{indent}}}"]

    def host_call(self, step: pg.HostCall, inputs: tuple[str, ...], indent: str) -> list[str]:
        """A Python function, called with what has been read to the host."""
        inner = indent + "  "
        local = {name: f"{name}_here" for name in inputs}
        self.host_steps.append(f"{step.node.op.name}: reads {self._volumes(inputs)}")
        return [
            f"{indent}{{ /* {step.node.op.name} runs on the host */",
            *self._staging(0, inputs, local, inner),
            *(self._transfer("read", n, local[n], inner) for n in dict.fromkeys(inputs)),
            *super().host_call(step, tuple(local[n] for n in inputs), inner),
            f"{indent}}}",
        ]

    def _staging(self, slot: int, names: tuple[str, ...], local: dict[str, str], indent: str) -> list[str]:
        """Host memory for whole buffers, one after the other."""
        total: SizeLike = 0
        places: list[tuple[str, SizeLike]] = []
        for name in dict.fromkeys(names):
            places.append((name, total))
            lines = sz.floordiv(sz.add(self._bytes(self.program.storages[name]), 63), 64)
            total = sz.add(total, sz.mul(lines, 64))
        host = f"host_{slot}_"
        result = [f"{indent}char *const {host} = ctx->arena(ctx, {slot}, {self.size(total)});"]
        result.append(f"{indent}if (!{host}) return 1;")
        for name, at in places:
            t = self.type(name)
            result.append(f"{indent}{t} *const {local[name]} = ({t} *)({host} + {self.printer.size(at)});")
        return result

    def _report(self, step: pg.Library) -> None:
        reads, writes = self._volumes(step.inputs), self._volumes(step.outputs)
        self.host_steps.append(f"{step.routine}: reads {reads}, writes {writes}")

    def _volumes(self, names: tuple[str, ...]) -> str:
        return ", ".join(f"{n} ({self._bytes(self.program.storages[n])} bytes)" for n in dict.fromkeys(names))


__all__ = ["DIALECTS", "DevicePrinter"]
