"""Printing kernels for devices: parallel loops over work groups, simd loops over the threads of a group.

A kernel runs in one of three ways:

* in groups: iterations of the parallel loop go to groups, those of simd loops to the group's threads, and everything
  else is executed by every thread, one of which stores;
* by single threads, if no loop is simd: iterations of the parallel loop go to threads;
* by one thread, if there is no parallel loop either.

A reduction in a simd loop keeps an accumulator in each of ``lanes`` threads and joins them in the tree of
``symtensor.codegen.vectors``, so that a device and the CPU give the same bits.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.barriers import place_barriers
from symtensor.codegen.dialect import Dialect
from symtensor.codegen.names import SourceNames
from symtensor.codegen.printer import BOOL, KernelPrinter, _bare
from symtensor.codegen.vectors import vectorisable
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, LoopVar, Var, index
from symtensor.ir.size import Size, SizeLike

SHARED_BYTES = 16384  # of arrays of known size that a group may keep in its own memory; others lie in global memory
PRIVATE_BYTES = 1024  # of arrays that a single thread may keep for itself
MOST_THREADS = 256  # of a group whose loops need no certain number
SINGLE_THREADS = 64  # of a group of threads that work alone
MOST_GROUPS = 65536
SCRATCH_GROUPS = 256  # most groups of a kernel that keeps arrays in global memory: each group has its own
FAULT_BYTES = 56  # a flag, the error's code and site, four values: int64 each


@dataclass(frozen=True, eq=False)
class Shape:
    """How a kernel is launched.

    Attributes:
        threads: of a group.
        alone: whether each thread runs iterations of the parallel loop by itself.
        extent: iterations of the parallel loop; 1 where there is none.
        always: whether it must run even if the parallel loop is empty.
        most: greatest number of groups.
        scratch: arrays in global memory with their byte offsets.
        scratch_bytes: global memory that each group needs for them.
    """

    threads: int
    alone: bool
    extent: SizeLike
    always: bool
    most: int
    scratch: tuple[tuple[ir.Alloc, SizeLike], ...]
    scratch_bytes: SizeLike

    @property
    def groups(self) -> SizeLike:
        """Number of groups of a launch, before the limit."""
        if not self.alone:
            return self.extent
        return sz.floordiv(sz.add(self.extent, self.threads - 1), self.threads)


def spread_checks(kernel: ir.Kernel) -> ir.Kernel:
    """Make the loops of a kernel that only looks for errors parallel: its iterations do not depend on each other.

    Where there are several errors, any of them is reported.
    """
    loops: list[LoopVar] = []
    body = kernel.body
    while len(body) == 1 and isinstance(body[0], ir.For) and body[0].kind == "serial":
        loops.append(body[0].var)
        body = body[0].body
    if not loops or not all(isinstance(s, (ir.Let, ir.If, ir.Fail)) for s in ir.all_statements(body)):
        return kernel
    if len(loops) == 1:
        return replace(kernel, body=(ir.For(loops[0], body, "parallel"),))
    flat = LoopVar("p", sz.product(v.extent for v in loops))
    rest: SizeLike = Size.of(flat)
    lets: list[ir.Statement] = []
    for var in reversed(loops):
        lets.append(ir.Let(var.label, index(sz.mod(rest, var.extent) if var is not loops[0] else rest)))
        rest = sz.floordiv(rest, var.extent)
    return replace(kernel, body=(ir.For(flat, (*lets, *body), "parallel"),))


def in_lanes(loop: ir.For) -> bool:
    """Whether a loop runs in lanes.  Short reductions do not: the CPU folds them in order."""
    if loop.kind != "simd" or not vectorisable(loop):
        return False
    short = isinstance(loop.var.extent, int) and loop.var.extent < 4
    return not (short and any(isinstance(s, ir.Accumulate) for s in loop.body))


def launch_shape(kernel: ir.Kernel) -> Shape:
    """Decide how a kernel is launched."""
    last = kernel.body[-1] if kernel.body else None
    parallel = last if isinstance(last, ir.For) and last.kind == "parallel" else None
    extent: SizeLike = 1 if parallel is None else parallel.var.extent
    statements = ir.all_statements(kernel.body)
    loops = [s for s in statements if isinstance(s, ir.For) and in_lanes(s)]
    arrays = [s for s in statements if isinstance(s, ir.Alloc) and s.space != "register"]
    alone = not loops and parallel is not None and _bytes(arrays) <= PRIVATE_BYTES
    threads = SINGLE_THREADS if alone else _threads(loops)
    scratch: list[tuple[ir.Alloc, SizeLike]] = []
    total: SizeLike = 0
    left = PRIVATE_BYTES if alone else SHARED_BYTES - _tree_bytes(loops)
    for array in arrays:
        if isinstance(array.extent, int) and array.extent * array.dtype.itemsize <= left:
            left -= array.extent * array.dtype.itemsize
            continue
        scratch.append((array, total))
        lines = sz.floordiv(sz.add(sz.mul(array.extent, array.dtype.itemsize), 63), 64)
        total = sz.add(total, sz.mul(lines, 64))
    most = SCRATCH_GROUPS if scratch else MOST_GROUPS
    always = parallel is None or any(isinstance(s, ir.Store) for s in ir.all_statements(kernel.body[:-1]))
    return Shape(threads, alone, extent, always, most, tuple(scratch), total)


def _bytes(arrays: Sequence[ir.Alloc]) -> float:
    sizes = [a.extent * a.dtype.itemsize if isinstance(a.extent, int) else float("inf") for a in arrays]
    return sum(sizes)


def _threads(loops: Sequence[ir.For]) -> int:
    """Threads of a group: the lanes of its reductions, or what its loops can use."""
    if not loops:
        return 1
    folds = [s.lanes for s in loops if any(isinstance(a, ir.Accumulate) for a in s.body)]
    if folds:
        return max(folds)
    longest = max(s.var.extent if isinstance(s.var.extent, int) else MOST_THREADS for s in loops)
    return min(MOST_THREADS, max(32, 1 << (longest - 1).bit_length() if longest > 1 else 1))


def _tree_bytes(loops: Sequence[ir.For]) -> int:
    return sum(8 * s.lanes * len(a.names) for s in loops for a in s.body if isinstance(a, ir.Accumulate))


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
        self._barriers = set()
        if not shape.alone and shape.threads > 1:
            self._barriers = place_barriers(kernel.body, [b.name for b in kernel.buffers], self._lanes)
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
            return [indent + head, *self.block(s.body, indent + "  "), f"{indent}}}"]
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


_SUFFIXES = ("_buffer", "_at", "_lane", "_shared")  # of names that the printer makes from a kernel's own


def nameless(kernel: ir.Kernel, lines: Sequence[str], sizes: Sequence[str]) -> str:
    """The text of a kernel with its own names numbered in order: kernels of equal text do the same.

    Args:
        kernel: what was printed.
        lines: its text.
        sizes: names of its sizes in the text.
    """
    own = {kernel.name, *(b.name for b in kernel.buffers), *sizes}
    for s in ir.all_statements(kernel.body):
        if isinstance(s, ir.For):
            own.add(s.var.label)
        elif isinstance(s, (ir.Let, ir.Declare, ir.Alloc)):
            own.add(s.name)
    numbers: dict[str, int] = {}

    def number(match: re.Match[str]) -> str:
        word = match.group()
        for suffix in ("", *_SUFFIXES):
            stem = word.removesuffix(suffix)
            if word.endswith(suffix) and stem in own:
                return f"${numbers.setdefault(stem, len(numbers))}{suffix}"
        return word

    return re.sub(r"\w+", number, "\n".join(lines))


def helpers_text(printer: KernelPrinter, features: frozenset[str] = frozenset()) -> str:
    """The helper functions that the kernels printed so far call."""
    from symtensor.codegen.mathlib import helper_source

    return "\n".join([*printer.small.values(), helper_source(printer.helpers, printer.dialect.name, features)])
