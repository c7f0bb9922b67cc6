"""Printing kernels for devices: parallel loops over work groups, simd loops over the threads of a group.

How a kernel uses groups and threads is decided by ``symtensor.codegen.launches``, where they must meet by
``symtensor.codegen.barriers``.  A reduction in a simd loop keeps an accumulator in each of ``lanes`` threads and joins
them in the tree of ``symtensor.codegen.vectors``, so that a device and the CPU give the same bits.
"""

from __future__ import annotations

from collections.abc import Sequence

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.barriers import place_barriers
from symtensor.codegen.dialect import Dialect
from symtensor.codegen.launches import Shape, conditions_in_lanes, in_lanes, launch_shape
from symtensor.codegen.names import SourceNames
from symtensor.codegen.printer import BOOL, KernelPrinter, _bare
from symtensor.ir.scalar import Expr, Var

FAULT_BYTES = 56  # a flag, the error's code and site, four values: int64 each


class GpuPrinter(KernelPrinter):
    """Prints kernels of one device source.

    Args:
        dialect: OpenCL or CUDA.
        views: names of buffers that may begin inside of a device buffer: these come with an offset.
    """

    def __init__(self, dialect: Dialect, views: frozenset[str] = frozenset()) -> None:
        super().__init__(dialect)
        self.views = views
        self._shape: Shape | None = None
        self._barriers: set[int] = set()
        self._in_lanes = False  # whether statements are printed for one lane each
        self._private: set[str] = set()
        self._fault = ""

    # ---------------------------------------------------------------------------------------------------- kernels
    def kernel(self, kernel: ir.Kernel) -> list[str]:
        """One kernel; it takes buffers (with an offset where they may be views), sizes, scratch, and the error."""
        d, shape = self.dialect, launch_shape(kernel)
        statements = ir.all_statements(kernel.body)
        names = SourceNames()
        for taken in (*(b.name for b in kernel.buffers), *(self._names(a) for a in kernel.sizes)):
            names.fresh(taken)
        self._shape, self._fault, self._in_lanes = shape, "fault", False
        arrays = [s for s in statements if isinstance(s, ir.Alloc)]
        self._private = {s.name for s in arrays if s.space == "register" or shape.alone}
        kernel = self._with_barriers(kernel)
        parameters: list[str] = []
        begin: list[str] = []
        for b in kernel.buffers:
            pointer = f"{d.pointer}{'const ' if b.access == 'in' else ''}{self.type(b.dtype)} *{d.restrict} "
            if b.name in self.views:
                whole, at = names.fresh(f"{b.name}_buffer"), names.fresh(f"{b.name}_at")
                parameters += [pointer + whole, f"int64_t {at}"]
                begin.append(f"  {pointer}{b.name} = {whole} + {at};")
            else:
                parameters.append(pointer + b.name)
        parameters += [f"int64_t {self._names(a)}" for a in kernel.sizes]
        if shape.scratch:
            parameters.append(f"{d.pointer}{self.type(BOOL)} *scratch")
        if kernel.can_fail:
            parameters.append(f"{d.pointer}int64_t *{self._fault}")
        head = f"{d.kernel.format(size=shape.threads)} {kernel.name}({', '.join(parameters)}) {{"
        lines = [*self._position(kernel, shape), *begin, *self._arrays(statements, shape)]
        return [head, *lines, *self.block(kernel.body, "  "), "}", ""]

    def _with_barriers(self, kernel: ir.Kernel) -> ir.Kernel:
        """Decide where threads meet; a dialect that cannot have it under conditions gets another kernel."""
        self._barriers = set()
        if self._shape is None or self._shape.alone or self._shape.threads == 1:
            return kernel
        buffers = [b.name for b in kernel.buffers]
        self._barriers = place_barriers(kernel.body, buffers, self._lanes)
        branches = [s for s in ir.all_statements(kernel.body) if isinstance(s, ir.If)]
        inside = {id(s) for branch in branches for s in ir.all_statements(branch.then + branch.otherwise)}
        if not self.dialect.conditional_barriers and not inside.isdisjoint(self._barriers):
            kernel = conditions_in_lanes(kernel)
            self._barriers = place_barriers(kernel.body, buffers, self._lanes)
        return kernel

    def _position(self, kernel: ir.Kernel, shape: Shape) -> list[str]:
        d = self.dialect
        lines = []
        parallel = isinstance(kernel.body[-1], ir.For) and kernel.body[-1].kind == "parallel" if kernel.body else False
        if shape.alone:
            lines.append(f"  const int64_t group = {d.group} * {d.lanes} + {d.lane}, groups = {d.groups} * {d.lanes};")
        elif parallel:
            lines.append(f"  const int64_t group = {d.group}, groups = {d.groups};")
        if not shape.alone and shape.threads > 1:
            lines.append(f"  const int64_t lane = {d.lane};")
        return lines

    def _arrays(self, statements: Sequence[ir.Statement], shape: Shape) -> list[str]:
        """Arrays of the group, and those in which its threads join their accumulators."""
        d = self.dialect
        lines = []
        if shape.scratch and shape.extent != 1:
            lines.append(f"  scratch += group * ({_bare(self.size(shape.scratch_bytes))});")
        offsets = {id(a): at for a, at in shape.scratch}
        for s in statements:
            if isinstance(s, ir.Alloc) and id(s) in offsets:
                t, at = self.type(s.dtype), offsets[id(s)]
                start = f"scratch + {_bare(self.size(at))}" if at != 0 else "scratch"
                lines.append(f"  {d.pointer}{t} *{s.name} = ({d.pointer}{t} *)({start});")
            elif isinstance(s, ir.Alloc):
                own = "" if s.name in self._private else d.shared
                lines.append(f"  {own}{self.type(s.dtype)} {s.name}[{self.size(s.extent)}];")
            elif isinstance(s, ir.For) and self._lanes(s) > 1:
                for a in s.body:
                    if isinstance(a, ir.Accumulate):
                        for n, c in zip(a.names, a.monoid.init(a.value.dtype)):
                            lines.append(f"  {d.shared}{self.value_type(c)} {n}_shared[{s.lanes}];")
        return lines

    def _lanes(self, loop: ir.For) -> int:
        """Over how many threads a loop is spread."""
        if self._shape is None or self._shape.alone or self._shape.threads == 1 or not in_lanes(loop):
            return 1
        folds = any(isinstance(s, ir.Accumulate) for s in loop.body)
        return loop.lanes if folds else self._shape.threads

    # ------------------------------------------------------------------------------------------------- statements
    def statement(self, s: ir.Statement, indent: str) -> list[str]:
        """One statement as lines, after a barrier where it needs one."""
        meet = [f"{indent}{self.dialect.barrier}"] if id(s) in self._barriers and not self._in_lanes else []
        if isinstance(s, ir.Store) and self._one_stores(s):
            return [*meet, f"{indent}if (lane == 0) {super().statement(s, '')[0]}"]
        if isinstance(s, ir.Barrier):
            return [f"{indent}{self.dialect.barrier}"] if self._meets() else []
        return meet + super().statement(s, indent)

    def _meets(self) -> bool:
        """Whether several threads run this place together."""
        return self._shape is not None and not self._shape.alone and self._shape.threads > 1 and not self._in_lanes

    def _one_stores(self, s: ir.Store) -> bool:
        return self._meets() and s.buffer not in self._private

    def alloc(self, s: ir.Alloc, indent: str) -> list[str]:
        """Nothing: arrays are declared at the head of the kernel, where OpenCL wants those of the group."""
        return []

    def fail(self, s: ir.Fail, indent: str) -> list[str]:
        """Report the error if no other thread has, and leave.  All threads of a group come here together."""
        words = [str(s.code), str(s.site), *(_bare(self.expr(v)) for v in s.values)]
        lines = [f"{indent}if ({self.dialect.claim.format(flag=self._fault)}) {{"]
        lines += [f"{indent}  {self._fault}[{k}] = {word};" for k, word in enumerate(words, 1)]
        return [*lines, f"{indent}}}", f"{indent}return;"]

    def loop(self, s: ir.For, indent: str) -> list[str]:
        """A loop over groups, over lanes, or in order."""
        v, extent = s.var.label, _bare(self.size(s.var.extent))
        if s.kind == "parallel":
            head = f"for (int64_t {v} = group; {v} < {extent}; {v} += groups) {{"
            first, last = ir.joint_names(s.var)
            chunk = [f"{indent}  const int64_t {first} = {v}, {last} = {v} + 1;"] if s.joint else []
            return [indent + head, *chunk, *self.block(s.body, indent + "  "), f"{indent}}}"]
        lanes = self._lanes(s)
        if lanes == 1 or self._in_lanes:
            unroll = [f"{indent}#pragma unroll"] if s.kind == "unroll" else []
            return unroll + super().loop(s, indent)
        folds = [a for a in s.body if isinstance(a, ir.Accumulate)]
        if folds:
            return self._fold(s, folds, lanes, indent)
        self._in_lanes = True
        body = self.block(s.body, indent + "  ")
        self._in_lanes = False
        return [f"{indent}for (int64_t {v} = lane; {v} < {extent}; {v} += {lanes}) {{", *body, f"{indent}}}"]

    # ------------------------------------------------------------------------------------------------- reductions
    def _fold(self, s: ir.For, folds: list[ir.Accumulate], lanes: int, indent: str) -> list[str]:
        """An accumulator in each thread, then the tree: thread p takes that of p + lanes/2, halving."""
        assert self._shape is not None
        v, inner = s.var.label, indent + "  "
        some = lanes < self._shape.threads
        lines = [f"{indent}{{"]
        for a in folds:
            starts = a.monoid.init(a.value.dtype)
            lines += [f"{inner}{self.value_type(c)} {n}_lane = {_bare(self.expr(c))};" for n, c in zip(a.names, starts)]
        first = f"lane < {lanes} ? lane : {_bare(self.size(s.var.extent))}" if some else "lane"
        lines.append(f"{inner}for (int64_t {v} = {first}; {v} < {_bare(self.size(s.var.extent))}; {v} += {lanes}) {{")
        self._in_lanes = True
        lines += self.block(s.body, inner + "  ")
        self._in_lanes = False
        lines.append(f"{inner}}}")
        put = " ".join(f"{n}_shared[lane] = {n}_lane;" for a in folds for n in a.names)
        lines.append(f"{inner}if (lane < {lanes}) {{ {put} }}" if some else inner + put)
        lines += [f"{inner}{self.dialect.barrier}", f"{inner}for (int half_ = {lanes // 2}; half_ > 0; half_ /= 2) {{"]
        lines.append(f"{inner}  if (lane < half_) {{")
        for a in folds:
            here, other = self._shared(a, "lane"), self._shared(a, "lane + half_")
            lines += self._assign(here, a.monoid.combine(here, other), inner + "    ")
        lines += [f"{inner}  }}", f"{inner}  {self.dialect.barrier}", f"{inner}}}"]
        for a in folds:
            total = tuple(Var(n, c.dtype) for n, c in zip(a.names, a.monoid.init(a.value.dtype)))
            lines += self._assign(total, a.monoid.combine(total, self._shared(a, "0")), inner)
        return [*lines, f"{indent}}}"]

    def _shared(self, a: ir.Accumulate, at: str) -> tuple[Var, ...]:
        return tuple(Var(f"{n}_shared[{at}]", c.dtype) for n, c in zip(a.names, a.monoid.init(a.value.dtype)))

    def accumulate(self, s: ir.Accumulate, indent: str) -> list[str]:
        """One element taken into the accumulators, of a lane or of all threads alike."""
        suffix = "_lane" if self._in_lanes else ""
        accumulators = tuple(Var(n + suffix, c.dtype) for n, c in zip(s.names, s.monoid.init(s.value.dtype)))
        return self._assign(accumulators, s.monoid.step(accumulators, s.value, s.position), indent)

    def _assign(self, targets: tuple[Var, ...], values: tuple[Expr, ...], indent: str) -> list[str]:
        """Assignments that all see the old values."""
        if len(targets) == 1:
            return [f"{indent}{targets[0].name} = {_bare(self.expr(values[0]))};"]
        lines = [f"{indent}{{"]
        for k, e in enumerate(values):
            lines.append(f"{indent}  const {self.value_type(e)} next_{k} = {_bare(self.expr(e))};")
        lines += [f"{indent}  {t.name} = next_{k};" for k, t in enumerate(targets)]
        return [*lines, f"{indent}}}"]


SUFFIXES = ("_buffer", "_at", "_lane", "_shared")  # of names that the printer makes from a kernel's own


def helpers_text(printer: KernelPrinter, features: frozenset[str] = frozenset()) -> str:
    """The helper functions that the kernels printed so far call."""
    from symtensor.codegen.mathlib import helper_source

    return "\n".join([*printer.small.values(), helper_source(printer.helpers, printer.dialect.name, features)])
