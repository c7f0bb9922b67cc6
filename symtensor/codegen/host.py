"""Printing the Program: the entry function in C, for the CPU target.

The text opens with the ABI, then types and helpers, kernels, matrix products and library routines, and last the entry.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symtensor.codegen import program as pg
from symtensor.codegen.buffers import Layout, plan_buffers
from symtensor.codegen.c import CPrinter
from symtensor.codegen.library import gemm_call, gemm_source, routine_call, routine_source
from symtensor.codegen.mathlib import helper_source, type_source
from symtensor.codegen.printer import _bare, safe_comment
from symtensor.errors import CODES
from symtensor.ir import size as sz
from symtensor.ir.node import Site
from symtensor.ir.size import Atom, Bound, SizeLike, atoms

FAIL = """\
static int st_fail(st_ctx *ctx, int64_t code, int64_t site, int64_t a, int64_t b) {
  ctx->error.code = code;
  ctx->error.site = site;
  ctx->error.value[0] = a;
  ctx->error.value[1] = b;
  return 1;
}
"""


@dataclass(frozen=True)
class Source:
    """Generated source and what the runtime needs to load it.

    Attributes:
        text: the whole translation unit.
        library: names of the BLAS and LAPACK functions, in the order of ``ctx->library``.
        layout: the buffer plan.
        device: source for the device, empty on the CPU.
        kernels: names of the device kernels, in the order of ``ctx->kernels``.
    """

    text: str
    library: tuple[str, ...]
    layout: Layout
    device: str = ""
    kernels: tuple[str, ...] = ()


class HostPrinter:
    """Prints one Program.

    Args:
        program: what to print.
        abi: text of ``abi.h``.
        width: bytes of a vector register.
        features: CPU features, for the math library.
        where: prints a user line for comments.
    """

    def __init__(
        self, program: pg.Program, abi: str, width: int, features: frozenset[str], where: Callable[[Site], str]
    ) -> None:
        self.program, self.abi, self.features, self.where = program, abi, features, where
        self.printer = CPrinter(width)
        self.printer._names = lambda atom: program.size_names.get(atom, atom.label)
        self.library: dict[str, int] = {}
        self.layout = plan_buffers(program)

    # ---------------------------------------------------------------------------------------------------- the text
    def source(self) -> Source:
        """The whole translation unit."""
        units: list[str] = []
        routines: dict[str, str] = {}
        done: set[str] = set()
        for step in pg.all_steps(self.program.steps):
            if isinstance(step, pg.Launch) and step.kernel.name not in done:
                done.add(step.kernel.name)
                units += [*self.printer.comment(step.kernel, self.where), *self.printer.kernel(step.kernel)]
            elif isinstance(step, pg.Gemm):
                units += self._gemm(step)
            elif isinstance(step, pg.Library):
                routines.setdefault(*routine_source(step, self.printer.type(_dtype(self.program, step)), self.function))
        entry = self.entry()
        parts = [self.abi, FAIL, self._helpers(), *routines.values(), "\n".join(units), "\n".join(entry), ""]
        return Source("\n".join(parts), tuple(self.library), self.layout)

    def _helpers(self) -> str:
        lanes = sorted({n for _, _, n in self.printer.helpers} | {2, self.printer.width})
        text = helper_source(self.printer.helpers, "c", self.features)
        return "\n".join([type_source(lanes), *self.printer.small.values(), text])

    def function(self, name: str) -> int:
        """Number of a library function in ``ctx->library``."""
        return self.library.setdefault(name, len(self.library))

    def _gemm(self, step: pg.Gemm) -> list[str]:
        letter = "s" if step.dtype.itemsize == 4 else "d"
        number = self.function(f"cblas_{letter}gemm")
        return gemm_source(step, self.printer.type(step.dtype), number, safe_comment(str(step.node.type)))

    # --------------------------------------------------------------------------------------------------- the entry
    def size(self, size: SizeLike) -> str:
        return _bare(self.printer.size(size))

    def entry(self) -> list[str]:
        """The entry function."""
        p = self.program
        lines = [
            f"/* {safe_comment(p.name)}: {len(p.kernels())} kernels, {len(p.outputs)} outputs */",
            "int st_entry(st_ctx *ctx, void **arguments, const int64_t *layout) {",
            "  (void)arguments; (void)layout;",
        ]
        lines += self._arguments() + self._sizes() + self._guards() + self._memory() + self._outputs()
        lines += self.steps(p.steps, "  ")
        return [*lines, "  return 0;", "}"]

    def _arguments(self) -> list[str]:
        lines = []
        for s in self.program.storages.values():
            if s.kind == "argument":
                number = s.number if s.number >= 0 else self._constant_number(s.name)
                lines.append(f"  {self.printer.type(s.dtype)} *const {s.name} = arguments[{number}];")
        return lines

    def _constant_number(self, name: str) -> int:
        constants = [s.name for s in self.program.storages.values() if s.kind == "argument" and s.number < 0]
        return len(self.program.arguments) + constants.index(name)

    def _sizes(self) -> list[str]:
        starts: list[int] = []
        at = 0
        for leaf in self.program.arguments:
            starts.append(at)
            at += 2 * leaf.ndim
        lines = []
        for atom, (number, axis) in self.program.atoms.items():
            name = self.program.size_names[atom]
            value = f"layout[{starts[number] + axis}]"
            if axis < 0:
                value = f"*({self.printer.type(self.program.arguments[number].dtype)} *)arguments[{number}]"
            lines.append(f"  const int64_t {name} = {value};")
        lines += self._repeated_sizes(starts)
        lines += [f"  int64_t {n} = 0;" for a, n in self.program.size_names.items() if isinstance(a, Bound)]
        used = {a for a in self.program.size_names}
        return lines + [f"  (void){self.program.size_names[a]};" for a in used if a in self.program.atoms]

    def _repeated_sizes(self, starts: list[int]) -> list[str]:
        """Axes that share a named size, checked against the one that bound it."""
        lines = []
        for number, leaf in enumerate(self.program.arguments):
            for axis, size in enumerate(leaf.shape):
                if isinstance(size, int) or any(self.program.atoms.get(a) == (number, axis) for a in atoms(size)):
                    continue
                site = _size_site(self.program, leaf.name or "argument", axis)
                value = f"layout[{starts[number] + axis}]"
                lines.append(
                    f"  if ({value} != {self.size(size)}) "
                    f"return st_fail(ctx, {CODES['shape']}, {site}, {value}, {self.size(size)});"
                )
        return lines

    def _guards(self) -> list[str]:
        lines = []
        for guard, site in self.program.guards:
            left, right = self.size(guard.left), self.size(guard.right)
            if any(isinstance(a, Bound) for s in (guard.left, guard.right) for a in atoms(s)):
                continue
            lines.append(f"  if ({left} != {right}) return st_fail(ctx, {CODES['shape']}, {site}, {left}, {right});")
        return lines

    def _scratch(self) -> SizeLike:
        """Bytes of scratch memory for one worker: the most that any kernel needs."""
        most: SizeLike = 0
        for kernel in self.program.kernels():
            most = sz.maximum(most, self.printer.scratch_bytes(kernel))
        return most

    def _memory(self) -> list[str]:
        """The arena: sizes that are known at the entry first; what depends on a found size is asked for later."""
        offsets = self.layout.offsets()
        lines: list[str] = []
        scratch = self._scratch()
        self._late: list[str] = []
        early = [b for b in self.layout.blocks if not _bound(b.bytes)]
        early_at: dict[str, SizeLike] = {}
        total: SizeLike = 0
        for block in early:
            early_at.update(dict.fromkeys(block.tenants, total))
            total = sz.add(total, block.bytes)
        if total != 0 or scratch != 0:
            bytes_text = self.size(total)
            if scratch != 0:
                bytes_text += f" + ctx->workers * ({self.size(scratch)})"
            lines.append(f"  char *const arena = ctx->arena(ctx, 0, {bytes_text});")
            lines.append("  if (!arena) return 1;")
        if scratch != 0:
            lines.append(f"  char *const scratch = arena + ({self.size(total)});")
        for name in offsets:
            t = self.printer.type(self.program.storages[name].dtype)
            if name in early_at:
                lines.append(f"  {t} *{name} = ({t} *)(arena + {self.printer.size(early_at[name])});")
            else:
                lines.append(f"  {t} *{name} = 0;")
        return lines + self._pointers()

    def _pointers(self) -> list[str]:
        return [
            f"  {self.printer.type(s.dtype)} *{s.name} = 0;"
            for s in self.program.storages.values() if s.kind == "pointer"
        ]  # fmt: skip

    def _outputs(self) -> list[str]:
        lines = []
        for s in self.program.storages.values():
            if s.kind != "output":
                continue
            t = self.printer.type(s.dtype)
            if any(_bound(n) for n in s.shape):
                lines.append(f"  {t} *{s.name} = 0;")
            else:
                lines += self._ask_output(s, "  ", f"{t} *const ")
        return lines

    def _ask_output(self, s: pg.Storage, indent: str, declare: str = "") -> list[str]:
        sizes = ", ".join(self.size(n) for n in s.shape)
        dims = f"(const int64_t[]){{{sizes}}}" if s.shape else "0"
        return [
            f"{indent}{declare}{s.name} = ctx->output(ctx, {s.number}, {dims});",
            f"{indent}if (!{s.name}) return 1;",
        ]

    def _ask_late(self, atom: Atom, indent: str) -> list[str]:
        """Memory whose size has just become known."""
        lines: list[str] = []
        known = {a for a in self.program.size_names if not isinstance(a, Bound)} | self._found
        slot = 1 + len(self._found)
        self._found.add(atom)
        known.add(atom)

        def ready(size: SizeLike) -> bool:
            bounds = [a for a in atoms(size) if isinstance(a, Bound)]
            return atom in bounds and all(b in known for b in bounds)

        total: SizeLike = 0
        placed: list[tuple[str, SizeLike]] = []
        for block in self.layout.blocks:
            if ready(block.bytes):
                placed += [(name, total) for name in block.tenants]
                total = sz.add(total, block.bytes)
        if placed:
            lines.append(f"{indent}char *const arena_{slot} = ctx->arena(ctx, {slot}, {self.size(total)});")
            lines.append(f"{indent}if (!arena_{slot}) return 1;")
        for name, at in placed:
            t = self.printer.type(self.program.storages[name].dtype)
            lines.append(f"{indent}{name} = ({t} *)(arena_{slot} + {self.printer.size(at)});")
        for s in self.program.storages.values():
            if s.kind == "output" and any(ready(n) for n in s.shape):
                lines += self._ask_output(s, indent)
        for guard, site in self.program.guards:
            if ready(guard.left) or ready(guard.right):
                left, right = self.size(guard.left), self.size(guard.right)
                lines.append(f"{indent}if ({left} != {right}) return st_fail(ctx, {CODES['shape']}, {site}, {left}, {right});")
        return lines

    # --------------------------------------------------------------------------------------------------- the steps
    def steps(self, steps: tuple[pg.Step, ...], indent: str) -> list[str]:
        """Steps as lines."""
        if not hasattr(self, "_found"):
            self._found: set[Atom] = set()
        lines: list[str] = []
        for step in steps:
            lines += self.step(step, indent)
        return lines

    def step(self, step: pg.Step, indent: str) -> list[str]:
        if isinstance(step, pg.Launch):
            return [f"{indent}if ({self.launch(step)}) return 1;"]
        if isinstance(step, pg.Gemm):
            return [f"{indent}if ({gemm_call(step, self.size)}) return 1;"]
        if isinstance(step, pg.Library):
            return self._library(step, indent)
        if isinstance(step, pg.View):
            return [f"{indent}{step.name} = {step.base} + {self.size(step.offset)};"]
        if isinstance(step, pg.Copy):
            size = f"({self.size(step.elements)}) * {step.dtype.itemsize}"
            return [f"{indent}if ({step.target} != {step.source}) __builtin_memmove({step.target}, {step.source}, {size});"]
        if isinstance(step, pg.Swap):
            t = self.printer.type(self.program.storages[step.first].dtype)
            return [f"{indent}{{ {t} *swap = {step.first}; {step.first} = {step.second}; {step.second} = swap; }}"]
        if isinstance(step, pg.Branch):
            return [
                f"{indent}if (*{step.condition}) {{", *self.steps(step.then, indent + "  "),
                f"{indent}}} else {{", *self.steps(step.otherwise, indent + "  "), f"{indent}}}",
            ]  # fmt: skip
        if isinstance(step, pg.Loop):
            return self._loop(step, indent)
        return self._while(step, indent)

    def _poll(self, indent: str) -> str:
        return f"{indent}if (*ctx->stop) return st_fail(ctx, {CODES['interrupted']}, 0, 0, 0);"

    def _loop(self, step: pg.Loop, indent: str) -> list[str]:
        v, n = step.var.label, self.size(step.var.extent)
        head = f"for (int64_t {v} = 0; {v} < {n}; ++{v}) {{"
        if step.reverse:
            head = f"for (int64_t {v} = {n} - 1; {v} >= 0; --{v}) {{"
        return [
            indent + head, f"{indent}  ctx->error.step = {v};", self._poll(indent + "  "),
            *self.steps(step.body, indent + "  "), f"{indent}}}", f"{indent}ctx->error.step = -1;",
        ]  # fmt: skip

    def _while(self, step: pg.WhileLoop, indent: str) -> list[str]:
        inner = indent + "  "
        lines = [f"{indent}*{step.counter} = 0;", f"{indent}for (;;) {{", *self.steps(step.head, inner)]
        lines += [f"{inner}if (!*{step.condition}) break;", self._poll(inner)]
        if step.max_steps is not None:
            lines.append(f"{inner}if (*{step.counter} == {step.max_steps}) break;")
        return [*lines, *self.steps(step.body, inner), f"{inner}++*{step.counter};", f"{indent}}}"]

    def launch(self, step: pg.Launch) -> str:
        """The call of a kernel."""
        kernel = step.kernel
        names = ["ctx", *(b.name for b in kernel.buffers), *(self.printer.atom(a) for a in kernel.sizes)]
        if self.printer.scratch_bytes(kernel) != 0:
            names.append("scratch")
        return f"{kernel.name}({', '.join(names)})"

    def _library(self, step: pg.Library, indent: str) -> list[str]:
        site = self._site_of(step)
        sizes = [self.size(s) for s in step.sizes]
        dtype = self.printer.type(_dtype(self.program, step))
        if step.defines is None:
            return [f"{indent}if ({routine_call(step, dtype, sizes, site)}) return 1;"]
        name = self.program.size_names[step.defines]
        lines = [f"{indent}{name} = {routine_call(step, dtype, sizes, site, counting=True)};"]
        lines += self._ask_late(step.defines, indent)
        return [*lines, f"{indent}if ({routine_call(step, dtype, sizes, site)}) return 1;"]

    def _site_of(self, step: pg.Library) -> int:
        key = (step.node.op.name, step.node.sites)
        return self.program.sites.index(key) if key in self.program.sites else 0


def _bound(size: SizeLike) -> bool:
    return any(isinstance(a, Bound) for a in atoms(size))


def _dtype(program: pg.Program, step: pg.Library):  # type: ignore[no-untyped-def]
    return program.storages[step.inputs[0]].dtype


def _size_site(program: pg.Program, name: str, axis: int) -> int:
    key = (f"size of axis {axis} of {name}", ())
    return program.sites.index(key) if key in program.sites else 0
