"""Printing the Program for the CPU target: kernels, matrix products, library routines and the entry in one C file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symtensor.codegen import program as pg
from symtensor.codegen.batch_source import BYTES, MEMORY, SLOT, BatchSource, worker_bytes
from symtensor.codegen.buffers import plan_private
from symtensor.codegen.c import STREAM_BYTES, CPrinter
from symtensor.codegen.entry import FAIL, EntryPrinter, Source, is_bound, routine_dtype
from symtensor.codegen.library import gemm_call, gemm_source, routine_call, workspace_bytes
from symtensor.codegen.mathlib import helper_texts, type_source
from symtensor.codegen.microkernel import Kernel, ProductSource, product_source
from symtensor.codegen.outline import outline
from symtensor.codegen.printer import safe_comment
from symtensor.codegen.product import blas_name, choose
from symtensor.codegen.timing import StepClock
from symtensor.codegen.units import Units
from symtensor.dtypes import stored
from symtensor.ir import size as sz
from symtensor.ir.node import Site
from symtensor.ir.size import Atom, SizeLike

STAND_IN = 64  # first arena slot of memory that stands for empty buffers
LOGS = 1024  # first arena slot of logs that grow, two for each
# what the printers of kernels and vector loops put behind names
SUFFIXES = ("_arguments", "_range", "_chunk", "_count", "_zero", "_next", *(f"_{copy}" for copy in range(8)))
MANY_KERNELS = 32  # from here on text is spared: none of so many kernels is all of the run time, but all are compiled
LONG_OFFSET = 200  # characters of an offset from which on those behind it count from a variable
LATE_SCRATCH = 32  # first arena slot of scratch memory whose size is found on the way


class HostPrinter(EntryPrinter):
    """Prints one Program for the CPU.

    Args:
        program: what to print.
        abi: text of ``abi.h``.
        width: bytes of a vector register.
        features: CPU features, for the math library.
        where: prints a user line for comments.
        profile: whether the entry notes when each step ran.
    """

    printer: CPrinter

    def __init__(
        self,
        program: pg.Program,
        abi: str,
        width: int,
        features: frozenset[str],
        where: Callable[[Site], str],
        profile: bool = False,
    ) -> None:
        super().__init__(program, CPrinter(width), abi, where, profile)
        self.features = features
        self.units = Units(SUFFIXES)
        self.printer.sparing = len(program.kernels()) > MANY_KERNELS
        if "avx512f" in features:
            self.printer.results = _last_written(program)
        self._logs: dict[str, int] = {}
        self._late = 0
        self.products: dict[Kernel, ProductSource] = {}  # our own kernels of matrix products
        self.choices: dict[str, str] = {}  # who computes each matrix product
        self.batches: list[str] = []  # functions that the entry calls for batches

    # ---------------------------------------------------------------------------------------------------- the text
    def source(self) -> Source:
        """The whole translation unit."""
        for step in pg.all_steps(self.program.steps):
            if isinstance(step, pg.Launch) and step.kernel.name not in self.units.called:
                kernel, sizes = step.kernel, map(self.printer.atom, step.kernel.sizes)
                self.units.add(kernel, self.printer.comment(kernel, self.where), self.printer.kernel(kernel), sizes)
            elif isinstance(step, pg.Gemm):
                lines = self._product(step)
                self.units.add_local(step.name, lines[:1], lines[1:])
        routines, entry_lines = self.routines(), self.entry()
        entry = "\n".join([*self.batches, *entry_lines, ""])
        kernels, products = self.units.whole(), self.products.values()
        head = "\n".join([self.abi, FAIL, *self.clock.helpers, self._helpers([*routines, kernels, entry])])
        text = "\n".join([head, *(p.text for p in products), *routines, kernels, entry])
        routines = [*(p.prototype for p in products), *routines]
        parts, timed = self.units.cut(head, routines, entry), tuple(self.clock.steps)
        if products and not parts:
            parts = ("\n".join([head, *routines, kernels, entry]),)
        common = tuple(p.unit for p in products)
        return Source(
            text, tuple(self.library), self.layout, parts=parts, common=common, products=self.choices, timed=timed
        )

    def _product(self, step: pg.Gemm) -> list[str]:
        """The function of a matrix product; the kernel that it may call stands once for each element type."""
        choice = choose(step, self.printer.width, self.features)
        if choice.kernel is not None and choice.kernel not in self.products:
            source = self.products[choice.kernel] = product_source(choice.kernel, self.abi, self.features)
            self.printer.helpers.update(dict.fromkeys(source.helpers))
        self.choices[step.name] = choice.text(blas_name(step.dtype))
        number = self.function(blas_name(step.dtype)) if choice.blas else -1
        t = self.printer.type(step.dtype)
        return gemm_source(step, t, choice, number, safe_comment(str(step.node.type)))

    def _helpers(self, body: list[str]) -> str:
        lanes = sorted({n for _, _, n in self.printer.helpers} | {2, self.printer.width})
        text = outline(helper_texts(self.printer.helpers, "c", self.features), "\n".join(body))
        return "\n".join([type_source(lanes), *self.printer.small.values(), text])

    # --------------------------------------------------------------------------------------------------- the entry
    def entry(self) -> list[str]:
        """The entry function."""
        lines = [
            self.headline(),
            "int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {",
            "  (void)arguments; (void)layout;",
            *self.clock.open(),
        ]
        lines += self._arguments() + self.sizes() + self.early_guards() + self._memory() + self._outputs()
        lines += self._stand_ins()
        lines += self.steps(self.program.steps, "  ")
        return [*lines, *self.clock.close(), "  return 0;", "}"]

    def _arguments(self) -> list[str]:
        return [
            f"  {self.type(s.name)} *{self._fixed(s)}{s.name} = arguments[{self.argument_number(s)}];"
            for s in self.program.storages.values() if s.kind == "argument"
        ]  # fmt: skip

    def _fixed(self, storage: pg.Storage) -> str:
        return "" if storage.name in self.clamped else "const "

    def _stand_ins(self) -> list[str]:
        """Memory in place of empty arguments and outputs that are read at clamped indices."""
        lines: list[str] = []
        for storage in self.program.storages.values():
            if storage.name not in self.clamped or storage.kind not in ("argument", "output"):
                continue
            if any(is_bound(n) for n in storage.shape):
                continue
            bytes_text = self.size(sz.mul(pg.readable_elements(storage), storage.dtype.itemsize))
            slot = STAND_IN + len(lines) // 2
            memory = f"{storage.name} = ctx->arena(ctx, {slot}, {bytes_text})"
            lines += [f"  if (({self.size(storage.elements)}) == 0) {memory};", f"  if (!{storage.name}) return 1;"]
        return lines

    def _scratch(self, ready: Callable[[SizeLike], bool]) -> SizeLike:
        """Bytes of scratch memory for one worker: the most that any kernel of known sizes needs."""
        needed = map(self.printer.scratch_bytes, pg.lone_kernels(self.program))
        return sz.largest(n for n in needed if n != 0 and ready(n))

    def _memory(self) -> list[str]:
        """The arena: sizes that are known at the entry first; what depends on a found size is asked for later."""
        lines: list[str] = []
        scratch = self._scratch(lambda size: not is_bound(size))
        late = self._scratch(is_bound)
        early_at: dict[str, str] = {}
        base = ""
        total: SizeLike = 0  # the offset so far: a variable, where it would be long, and what is added to it
        for block in self.layout.blocks:
            if is_bound(block.bytes):
                continue
            early_at.update(dict.fromkeys(block.tenants, f"{base}{self.printer.size(total)}"))
            total = sz.add(total, block.bytes)
            if len(self.printer.size(total)) > LONG_OFFSET:
                name = f"arena_offset{len(lines) + 1}"
                lines.append(f"  const int64_t {name} = {base}{self.printer.size(total)};")
                base, total = f"{name} + ", 0
        bytes_text = total_text = f"{base}{self.size(total)}"
        if base or total != 0 or scratch != 0:
            if scratch != 0:
                bytes_text += f" + ctx->workers * ({self.size(scratch)})"
            lines.append(f"  char *const arena = ctx->arena(ctx, 0, {bytes_text});")
            lines.append("  if (!arena) return 1;")
        if scratch != 0 or late != 0:
            constant = "const " if late == 0 else ""
            value = f"arena + ({total_text})" if scratch != 0 else "0"
            lines.append(f"  char *{constant}scratch = {value};")
        each = worker_bytes(self.program, self.printer.scratch_bytes)
        if each != 0:
            lines.append(f"  const int64_t {BYTES} = {self.size(each)};")
            lines.append(f"  char *const {MEMORY} = ctx->arena(ctx, {SLOT}, ctx->workers * {BYTES});")
            lines.append(f"  if (!{MEMORY}) return 1;")
        for name in (name for block in self.layout.blocks for name in block.tenants):
            t = self.type(name)
            if name in early_at:
                lines.append(f"  {t} *{name} = ({t} *)(arena + {early_at[name]});")
            else:
                lines.append(f"  {t} *{name} = 0;")
        pointers = [s.name for s in self.program.storages.values() if s.kind == "pointer"]
        return lines + [f"  {self.type(n)} *{n} = 0;" for n in pointers]

    def _outputs(self) -> list[str]:
        lines = []
        for s in self.program.storages.values():
            if s.kind != "output":
                continue
            if any(is_bound(n) for n in s.shape):
                lines.append(f"  {self.type(s.name)} *{s.name} = 0;")
            else:
                lines += self.ask_output(s, s.name, "  ", f"{self.type(s.name)} *{self._fixed(s)}")
        return lines

    def ask_late(self, atom: Atom, indent: str) -> list[str]:
        """Memory whose size has just become known."""
        lines: list[str] = []
        ready = self.newly_known(atom)
        slot = self.found[atom]
        self._late += 1
        arena = f"arena_{self._late}"
        total: SizeLike = 0
        placed: list[tuple[str, SizeLike]] = []
        for block in self.layout.blocks:
            if ready(block.bytes):
                placed += [(name, total) for name in block.tenants]
                total = sz.add(total, block.bytes)
        if placed:
            lines.append(f"{indent}char *const {arena} = ctx->arena(ctx, {slot}, {self.size(total)});")
            lines.append(f"{indent}if (!{arena}) return 1;")
        lines += [f"{indent}{name} = ({self.type(name)} *)({arena} + {self.printer.size(at)});" for name, at in placed]
        if self._scratch(ready) != 0:
            most = self._scratch(lambda size: not is_bound(size) or ready(size))
            bytes_text = f"ctx->workers * ({self.size(most)})"
            lines.append(f"{indent}scratch = ctx->arena(ctx, {LATE_SCRATCH + slot}, {bytes_text});")
            lines.append(f"{indent}if (!scratch) return 1;")
        for s in self.program.storages.values():
            if s.kind == "output" and any(ready(n) for n in s.shape):
                lines += self.ask_output(s, s.name, indent)
        return lines + self.guards(ready, indent)

    # --------------------------------------------------------------------------------------------------- the steps
    def launch(self, step: pg.Launch, indent: str) -> list[str]:
        """Call a kernel."""
        kernel = step.kernel
        names = ["ctx", *(b.name for b in kernel.buffers), *(self.printer.atom(a) for a in kernel.sizes)]
        if self.printer.scratch_bytes(kernel) != 0:
            names.append("scratch")
        return [f"{indent}if ({self.units.called[kernel.name]}({', '.join(names)})) return 1;"]

    def gemm(self, step: pg.Gemm, indent: str) -> list[str]:
        """Call a matrix product."""
        step = replace(step, name=self.units.called[step.name])
        return [f"{indent}if ({gemm_call(step, self.size)}) return 1;"]

    def batch(self, step: pg.Batch, indent: str) -> list[str]:
        """Call the function that takes a batch through its steps."""
        clock, self.clock = self.clock, StepClock(False, 0)  # a batch is timed as a whole
        body = self.steps(step.body, "  ")
        self.clock = clock
        visible = [s for s in self.program.storages.values() if s.kind != "private"]
        around = [(f"{self.type(s.name)} *", s.name) for s in visible]
        around += [("int64_t ", n) for n in (*self.program.size_names.values(), *self._steps) if n != "-1"]
        types = {name: self.type(name) for name in step.private}
        source = BatchSource(step, plan_private(self.program, step, self.clamped), types, self.size, around)
        self.batches += source.functions(body)
        return source.call(indent)

    def view(self, step: pg.View, indent: str) -> list[str]:
        """A pointer into a buffer."""
        return [f"{indent}{step.name} = {step.base} + {self.size(sz.mul(step.offset, stored(step.dtype)[1]))};"]

    def copy(self, step: pg.Copy, indent: str) -> list[str]:
        """A copy, unless both pointers are the same."""
        size = f"({self.size(step.elements)}) * {step.dtype.itemsize}"
        return [f"{indent}if ({step.target} != {step.source}) __builtin_memmove({step.target}, {step.source}, {size});"]

    def pointer_type(self, name: str) -> str:
        """The C type of a pointer."""
        return f"{self.type(name)} *"

    def flag(self, name: str, indent: str) -> tuple[str, list[str]]:
        """A bool in memory."""
        return f"*{name}", []

    def scalar(self, name: str, indent: str) -> tuple[str, list[str]]:
        """An int64 scalar in memory."""
        return f"*{name}", []

    def grow(self, log: pg.Log, capacity: str, indent: str) -> list[str]:
        """Take the rows along to the other of a log's two slots."""
        t = self.type(log.name)
        slot = LOGS + 2 * self._logs.setdefault(log.name, len(self._logs))
        row = f"({self.size(sz.mul(log.row, log.dtype.itemsize))})"
        grown = f"{log.name}_wider"
        return [
            f"{indent}{t} *const {grown} = ctx->arena(ctx, {slot} + {capacity}_side, {capacity}_wider * {row});",
            f"{indent}if (!{grown}) return 1;",
            f"{indent}if ({capacity}) __builtin_memcpy({grown}, {log.name}, {capacity} * {row});",
            f"{indent}{log.name} = {grown};",
        ]

    def counter(self, step: pg.WhileLoop, indent: str) -> tuple[str, list[str], list[str], list[str]]:
        """A counter in memory."""
        return f"*{step.counter}", [], [], []

    def routine(self, step: pg.Library, indent: str) -> list[str]:
        """Call a library routine; what depends on a size that it finds is asked for in between."""
        site = self.call_site(step)
        sizes = [self.size(s) for s in step.sizes]
        element = routine_dtype(self.program, step)
        dtype, work = self.printer.type(element), self.size(workspace_bytes(step, element.itemsize))
        if step.defines is None:
            return [f"{indent}if ({routine_call(step, dtype, sizes, site, work)}) return 1;"]
        name = self.program.size_names[step.defines]
        lines = [f"{indent}{name} = {routine_call(step, dtype, sizes, site, counting=True)};"]
        lines += self.ask_late(step.defines, indent)
        return [*lines, f"{indent}if ({routine_call(step, dtype, sizes, site, work)}) return 1;"]


def _last_written(program: pg.Program) -> dict[str, SizeLike]:
    """Bytes of the outputs that one step touches: nobody reads them before the caller does."""
    uses = pg.uses(program)
    outputs = [s for s in program.storages.values() if s.kind == "output" and uses[s.name] == 1]
    sizes = {s.name: sz.mul(s.elements, s.dtype.itemsize) for s in outputs}
    return {name: size for name, size in sizes.items() if not isinstance(size, int) or size >= STREAM_BYTES}


__all__ = ["HostPrinter", "Source"]
