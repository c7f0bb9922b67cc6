"""The C dialect: kernels as C functions, simd loops as vectors, parallel loops as chunks of the thread pool."""

from __future__ import annotations

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.dialect import C_TYPES, SUFFIX, Dialect
from symtensor.codegen.printer import KernelPrinter, _bare
from symtensor.codegen.vectors import VectorLoop, vectorisable
from symtensor.errors import CODES
from symtensor.ir import size as sz
from symtensor.ir.scalar import Load
from symtensor.ir.size import SizeLike, atoms
from symtensor.optimizer.elements import walk

C = Dialect("c", C_TYPES)

STACK_BYTES = 32768  # scratch arrays of known size up to this much lie on the stack, others in the worker's arena
PIECE = 4096  # steps of a serial loop between two looks at the stop flag (a power of two)
STREAM_BYTES = 1 << 25  # of a kernel's results, above which stores past the caches spare reads of what is overwritten
PARALLEL_WORK = 40000  # scalar operations below which waking other threads costs more than it saves (about 3 us)


class CPrinter(KernelPrinter):
    """Prints kernels for the CPU.

    Args:
        width: bytes of a vector register; 16 where nothing better is known.
    """

    def __init__(self, width: int) -> None:
        super().__init__(C)
        self.width = width
        self._scratch: list[tuple[ir.Alloc, SizeLike]] = []
        self._scratch_bytes: SizeLike = 0
        self.results: dict[str, SizeLike] = {}  # bytes of the results of the function that no step reads

    # ------------------------------------------------------------------------------------------------- statements
    def statement(self, s: ir.Statement, indent: str) -> list[str]:
        """One statement as lines."""
        if isinstance(s, ir.Transpose):
            dtype = s.source.dtype
            name = self._recorded("transpose", SUFFIX[dtype], max(2, self.width // dtype.itemsize))
            sizes = ", ".join(_bare(self.size(n)) for n in (s.across, s.rows, s.columns))
            start = f"{s.source.buffer} + {_bare(self.size(s.source.offset))}"
            return [f"{indent}{name}({s.target}, {_bare(self.size(s.stride))}, {start}, {sizes});"]
        return super().statement(s, indent)

    def loop(self, s: ir.For, indent: str) -> list[str]:
        """A simd loop as vectors, others in order."""
        if s.kind == "simd" and vectorisable(s) and not _short(s):
            return VectorLoop(self, s, self.width).print(indent)
        return self._long_loop(s, indent) if s.long else super().loop(s, indent)

    def _long_loop(self, s: ir.For, indent: str) -> list[str]:
        """A loop in pieces: the stop flag is looked at between them, so that a piece is as fast as a plain loop."""
        v, n = s.var.label, self.size(s.var.extent)
        first, inner = f"{v}_piece", indent + "  "
        poll = f"{inner}if (*ctx->stop) return st_fail(ctx, {CODES['interrupted']}, -1, 0, 0);"
        if s.reverse:
            pieces = f"for (int64_t {first} = {n}; {first} > 0; {first} -= {PIECE}) {{"
            end = f"{first} > {PIECE} ? {first} - {PIECE} : 0"
            steps = f"for (int64_t {v} = {first} - 1; {v} >= {v}_stop; --{v}) {{"
        else:
            pieces = f"for (int64_t {first} = 0; {first} < {n}; {first} += {PIECE}) {{"
            end = f"{n} - {first} > {PIECE} ? {first} + {PIECE} : {n}"
            steps = f"for (int64_t {v} = {first}; {v} < {v}_stop; ++{v}) {{"
        return [
            indent + pieces, poll, f"{inner}const int64_t {v}_stop = {end};", inner + steps,
            *self.block(s.body, inner + "  "), f"{inner}}}", f"{indent}}}",
        ]  # fmt: skip

    def rounds(self, s: ir.While, indent: str) -> list[str]:
        """A while loop, which looks at the stop flag every so many rounds."""
        poll = f"if (({s.rounds} & {PIECE - 1}) == 0 && *ctx->stop)"
        fail = f"return st_fail(ctx, {CODES['interrupted']}, -1, 0, 0);"
        body = self.block(s.body, indent + "  ")
        return [f"{indent}while ({s.condition}) {{", f"{indent}  {poll} {fail}", *body, f"{indent}}}"]

    def alloc(self, s: ir.Alloc, indent: str) -> list[str]:
        """An array on the stack, or in the worker's scratch memory."""
        for alloc, offset in self._scratch:
            if alloc is s:
                at = f"scratch + {_bare(self.size(offset))}" if offset != 0 else "scratch"
                return [f"{indent}{self.type(s.dtype)} *restrict {s.name} = ({self.type(s.dtype)} *)({at});"]
        return [f"{indent}{self.type(s.dtype)} {s.name}[{self.size(s.extent)}] __attribute__((aligned(64)));"]

    def fail(self, s: ir.Fail, indent: str) -> list[str]:
        """Fill the error record and leave."""
        lines = [f"{indent}ctx->error.code = {s.code};", f"{indent}ctx->error.site = {s.site};"]
        lines += [f"{indent}ctx->error.value[{k}] = {_bare(self.expr(v))};" for k, v in enumerate(s.values)]
        if s.step is not None:
            lines.append(f"{indent}ctx->error.step = {_bare(self.expr(s.step))};")
        return [*lines, f"{indent}return 1;"]

    # ---------------------------------------------------------------------------------------------------- kernels
    def parameters(self, kernel: ir.Kernel) -> list[tuple[str, str]]:
        """(type, name) of a kernel's parameters, without the context."""
        found = [
            (f"{'const ' if b.access == 'in' else ''}{self.type(b.dtype)} *restrict ", b.name) for b in kernel.buffers
        ]
        return found + [("int64_t ", self._names(a)) for a in kernel.sizes]

    def scratch_bytes(self, kernel: ir.Kernel) -> SizeLike:
        """Bytes of scratch memory that one worker needs beyond its stack."""
        total: SizeLike = 0
        self._scratch = []
        on_stack = 0
        for s in ir.all_statements(kernel.body):
            if not isinstance(s, ir.Alloc):
                continue
            if isinstance(s.extent, int) and on_stack + s.extent * s.dtype.itemsize <= STACK_BYTES:
                on_stack += s.extent * s.dtype.itemsize
                continue
            self._scratch.append((s, total))
            rounded = sz.floordiv(sz.add(sz.mul(s.extent, s.dtype.itemsize), 63), 64)
            total = sz.add(total, sz.mul(rounded, 64))
        return total

    def kernel(self, kernel: ir.Kernel) -> list[str]:
        """One kernel as a C function ``int name(ctx, buffers..., sizes..., scratch)``."""
        scratch = self.scratch_bytes(kernel)
        parameters = self.parameters(kernel)
        if scratch != 0:
            parameters.append(("char *", "scratch"))
        declared = ", ".join(["st_ctx *ctx", *(t + n for t, n in parameters)])
        last = kernel.body[-1] if kernel.body else None
        if not (isinstance(last, ir.For) and last.kind == "parallel"):
            lines = [f"static int {kernel.name}({declared}) {{", *self.block(kernel.body, "  ")]
            return [*lines, "  return 0;", "}", ""]
        return self._parallel(kernel, last, parameters, declared, scratch)

    def _streaming(self) -> tuple[list[str], list[str]]:
        """Lines before and after the loops of a kernel that may store past the caches."""
        if not self.streams:
            return [], []
        total: SizeLike = 0
        for size in self.streamed.values():
            total = sz.add(total, size)
        test = f"  const int streaming = {_bare(self.size(total))} >= {STREAM_BYTES};"
        return [test], ["  if (streaming) __builtin_ia32_sfence();"]

    def _parallel(
        self, kernel: ir.Kernel, loop: ir.For, parameters: list[tuple[str, str]], declared: str, scratch: SizeLike
    ) -> list[str]:
        name, v = kernel.name, loop.var.label
        plain = [(t.replace("restrict ", ""), n) for t, n in parameters]
        fields = "".join(f"  {t}{n};\n" for t, n in plain)
        head = ", ".join(["st_ctx *ctx", *(t + n for t, n in parameters), "int64_t begin", "int64_t end"])
        names = [n for _, n in parameters]
        given = ["ctx", *names]
        passed = ", ".join(["st_given->ctx", *(f"st_given->{n}" for n in names)])
        bytes_each = _bare(self.size(scratch))
        if scratch != 0:
            passed = passed.removesuffix("st_given->scratch") + "st_given->scratch + worker * st_given->scratch_bytes"
            fields += "  int64_t scratch_bytes;\n"
            given.append(bytes_each)
        work = self.size(kernel.work)
        self.streamed = _written_once(kernel, self.results)
        if loop.joint:
            first, last = ir.joint_names(loop.var)
            run = [f"  const int64_t {first} = begin, {last} = end;", *self.block(loop.body, "  ")]
            chunks = ["    grain = (extent + ctx->workers - 1) / ctx->workers; /* no bit depends on it */"]
        else:
            run = [f"  for (int64_t {v} = begin; {v} < end; ++{v}) {{", *self.block(loop.body, "    "), "  }"]
            chunks = [
                f"    const int64_t least = {_bare(self.size(loop.grain))};",
                "    /* an even number of equal chunks, a function of the sizes alone */",
                "    const int64_t pairs = (extent + 2 * least - 1) / (2 * least) + (extent == 0);",
                "    grain = (extent + 2 * pairs - 1) / (2 * pairs);",
            ]
        begin, end = self._streaming()
        self.streamed, self.streams = {}, False
        return [
            f"static int {name}_range({head}) {{",
            *begin,
            *self.block(kernel.body[:-1], "  "),
            *run,
            *end,
            "  return 0;",
            "}",
            "typedef struct {",
            f"  st_ctx *ctx;\n{fields}  int64_t extent, grain;",
            f"}} {name}_arguments;",
            f"static int {name}_chunk(void *argument, int64_t chunk, int64_t worker) {{",
            f"  const {name}_arguments *st_given = argument;",
            "  const int64_t begin = chunk * st_given->grain;",
            "  int64_t end = begin + st_given->grain;",
            "  if (end > st_given->extent) end = st_given->extent;",
            *(["  (void)worker;"] if scratch == 0 else []),
            f"  return {name}_range({passed}, begin, end);",
            "}",
            f"static int {name}({declared}) {{",
            f"  const int64_t extent = {_bare(self.size(loop.var.extent))};",
            "  int64_t grain = extent;",
            f"  if (ctx->workers > 1 && {work} >= {PARALLEL_WORK}) {{",
            *chunks,
            "  }",
            f"  if (extent <= grain) return {name}_range({', '.join(['ctx', *names, '0', 'extent'])});",
            f"  {name}_arguments st_given = {{{', '.join([*given, 'extent', 'grain'])}}};",
            f"  return ctx->parallel(ctx, {name}_chunk, &st_given, (extent + grain - 1) / grain);",
            "}",
            "",
        ]


def _written_once(kernel: ir.Kernel, results: dict[str, SizeLike]) -> dict[str, SizeLike]:
    """Those of some buffers that a kernel stores in one place and never loads, if it knows their size."""
    known = set(kernel.sizes)
    statements = ir.all_statements(kernel.body)
    stores = [s.buffer for s in statements if isinstance(s, ir.Store)]
    loads = {e.buffer for s in statements for e in walk(list(ir.expressions(s))) if isinstance(e, Load)}
    return {
        name: size for name, size in results.items()
        if stores.count(name) == 1 and name not in loads and known.issuperset(atoms(size))
    }  # fmt: skip


def _short(loop: ir.For) -> bool:
    """Whether a loop is known to be too short for vectors."""
    return isinstance(loop.var.extent, int) and loop.var.extent < 4


__all__ = ["SUFFIX", "CPrinter"]
