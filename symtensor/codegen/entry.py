"""Printing the entry function of a Program: what a CPU and a device have in common.

The entry computes sizes, checks guards and drives the steps; loops and branches are C.  How memory is had and how a
kernel is started is left to the two subclasses, ``symtensor.codegen.host`` and ``symtensor.codegen.device``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import field

import numpy as np

from symtensor.codegen import program as pg
from symtensor.codegen.buffers import Layout, plan_buffers
from symtensor.codegen.library import routine_source
from symtensor.codegen.printer import KernelPrinter, _bare, safe_comment
from symtensor.codegen.timing import StepClock
from symtensor.errors import CODES
from symtensor.ir.node import Site
from symtensor.ir.size import Atom, Bound, SizeLike, atoms
from symtensor.records import dataclass

FIRST_ROWS = 64  # rows that a log of unknown length has room for at first
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
        parts: the same, but for ``common``, as translation units that are compiled side by side; empty where one does.
        common: further units, which many functions have in common: each is compiled once and kept.
        host_steps: what a device function computes on the host, with the transfers that this costs, for reports.
        products: who computes each matrix product, in words, by the name of its step.
        timed: the steps whose time an instrumented entry notes, by number.
    """

    text: str
    library: tuple[str, ...]
    layout: Layout
    device: str = ""
    kernels: tuple[str, ...] = ()
    host_steps: tuple[str, ...] = ()
    products: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[str, ...] = ()
    common: tuple[str, ...] = ()
    timed: tuple[pg.Step, ...] = ()


class EntryPrinter(ABC):
    """Prints one Program.

    Args:
        program: what to print.
        printer: prints sizes and types as C.
        abi: text of ``abi.h``.
        where: prints a user line for comments.
        profile: whether the entry notes when each step ran.
    """

    settle = ""  # a statement that waits until a step is done

    def __init__(
        self,
        program: pg.Program,
        printer: KernelPrinter,
        abi: str,
        where: Callable[[Site], str],
        profile: bool = False,
    ) -> None:
        self.program, self.printer, self.abi, self.where = program, printer, abi, where
        self.clock = StepClock(profile, len(program.arguments) + len(self._large_constants()), self.settle)
        self.printer._names = lambda atom: program.size_names.get(atom, atom.label)
        self.library: dict[str, int] = {}
        self.clamped = pg.clamped_buffers(program)
        self.layout = plan_buffers(program, self.clamped)
        self._steps = ["-1"]  # what holds the step of each loop around the step that is printed
        self.found: dict[Atom, int] = {}  # sizes that the steps printed so far define, with their numbers

    @abstractmethod
    def source(self) -> Source:
        """The whole translation unit."""

    def size(self, size: SizeLike) -> str:
        """A size as a C expression."""
        return _bare(self.printer.size(size))

    def type(self, name: str) -> str:
        """The C type of a buffer's elements."""
        return self.printer.type(self.program.storages[name].dtype)

    def function(self, name: str) -> int:
        """Number of a library function in ``ctx->library``."""
        return self.library.setdefault(name, len(self.library))

    def routines(self) -> list[str]:
        """The C text of the library routines that the steps call, each once."""
        texts: dict[str, str] = {}
        for step in pg.all_steps(self.program.steps):
            if isinstance(step, pg.Library):
                key, text = routine_source(step, self.printer.type(routine_dtype(self.program, step)), self.function)
                texts.setdefault(key, text)
        return list(texts.values())

    # ---------------------------------------------------------------------------------------------- sizes and guards
    def headline(self) -> str:
        """The comment that opens the entry."""
        p = self.program
        return f"/* {safe_comment(p.name)}: {len(p.kernels())} kernels, {len(p.outputs)} outputs */"

    def argument_number(self, storage: pg.Storage) -> int:
        """Place of an argument among the entry's pointers; large constants come after the leaves."""
        if storage.number >= 0:
            return storage.number
        return len(self.program.arguments) + self._large_constants().index(storage.name)

    def _large_constants(self) -> list[str]:
        return [s.name for s in self.program.storages.values() if s.kind == "argument" and s.number < 0]

    def sizes(self) -> list[str]:
        """Variables for all sizes that the arguments tell."""
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
        return lines + [f"  (void){n};" for a, n in self.program.size_names.items() if a in self.program.atoms]

    def _repeated_sizes(self, starts: list[int]) -> list[str]:
        """Axes that share a named size, checked against the one that bound it."""
        lines = []
        for number, leaf in enumerate(self.program.arguments):
            for axis, size in enumerate(leaf.shape):
                if isinstance(size, int) or any(self.program.atoms.get(a) == (number, axis) for a in atoms(size)):
                    continue
                site = self.site(*pg.axis_site(leaf, axis))
                value = f"layout[{starts[number] + axis}]"
                lines.append(
                    f"  if ({value} != {self.size(size)}) "
                    f"return st_fail(ctx, {CODES['shape']}, {site}, {value}, {self.size(size)});"
                )
        return lines

    def guards(self, ready: Callable[[SizeLike], bool], indent: str) -> list[str]:
        """Checks of the conditions of which ``ready`` holds for a side, once both sides are known."""
        lines = []
        for guard, site in self.program.guards:
            unknown = [a for s in (guard.left, guard.right) for a in atoms(s) if isinstance(a, Bound)]
            if not all(a in self.found for a in unknown) or not (ready(guard.left) or ready(guard.right)):
                continue
            left, right = self.size(guard.left), self.size(guard.right)
            code = CODES[guard.kind]
            lines.append(f"{indent}if ({left} != {right}) return st_fail(ctx, {code}, {site}, {left}, {right});")
        return lines

    def early_guards(self) -> list[str]:
        """Checks of the conditions on sizes that the arguments tell."""
        return self.guards(lambda size: True, "  ")

    def newly_known(self, atom: Atom) -> Callable[[SizeLike], bool]:
        """Note that a size is now known; returns whether a size has just become computable by it."""
        self.found.setdefault(atom, len(self.found) + 1)

        def ready(size: SizeLike) -> bool:
            bounds = [a for a in atoms(size) if isinstance(a, Bound)]
            return atom in bounds and all(b in self.found for b in bounds)

        return ready

    def ask_output(self, s: pg.Storage, name: str, indent: str, declare: str = "") -> list[str]:
        """Ask the runtime for the memory of an output."""
        sizes = ", ".join(self.size(n) for n in s.shape)
        dims = f"(const int64_t[]){{{sizes}}}" if s.shape else "0"
        return [
            f"{indent}{declare}{name} = ctx->output(ctx, {s.number}, {dims});",
            f"{indent}if (!{name}) return 1;",
        ]

    def site(self, what: str, sites: tuple[Site, ...]) -> int:
        """Number of a user line in the table that errors refer to; -1 where it has none."""
        key = (what, sites)
        return self.program.sites.index(key) if key in self.program.sites else -1

    # --------------------------------------------------------------------------------------------------- the steps
    def steps(self, steps: tuple[pg.Step, ...], indent: str) -> list[str]:
        """Steps as lines."""
        lines: list[str] = []
        for step in steps:
            lines += self.clock.around(step, self.step(step, indent), indent)
        return lines

    def step(self, step: pg.Step, indent: str) -> list[str]:
        """One step as lines."""
        if isinstance(step, pg.Launch):
            return self.launch(step, indent)
        if isinstance(step, pg.Gemm):
            return self.gemm(step, indent)
        if isinstance(step, pg.Library):
            return self.routine(step, indent)
        if isinstance(step, pg.View):
            return self.view(step, indent)
        if isinstance(step, pg.Copy):
            return self.copy(step, indent)
        if isinstance(step, pg.Swap):
            t = self.pointer_type(step.first)
            return [f"{indent}{{ {t}swap = {step.first}; {step.first} = {step.second}; {step.second} = swap; }}"]
        if isinstance(step, pg.Branch):
            condition, lines = self.flag(step.condition, indent)
            return [
                *lines, f"{indent}if ({condition}) {{", *self.steps(step.then, indent + "  "),
                f"{indent}}} else {{", *self.steps(step.otherwise, indent + "  "), f"{indent}}}",
            ]  # fmt: skip
        if isinstance(step, pg.HostCall):
            return self.host_call(step, step.inputs, indent)
        if isinstance(step, pg.Commit):
            return [f"{indent}static const volatile int32_t st_never = 0;", f"{indent}ctx->stop = &st_never;"]
        if isinstance(step, pg.Loop):
            return self._loop(step, indent)
        if isinstance(step, pg.Batch):
            return self.batch(step, indent)
        if isinstance(step, pg.Chunks):
            return self._chunks(step, indent)
        if isinstance(step, pg.Define):
            return self._define(step, indent)
        return self._while(step, indent)

    @abstractmethod
    def launch(self, step: pg.Launch, indent: str) -> list[str]:
        """Run a kernel."""

    @abstractmethod
    def gemm(self, step: pg.Gemm, indent: str) -> list[str]:
        """Run a matrix product."""

    @abstractmethod
    def batch(self, step: pg.Batch, indent: str) -> list[str]:
        """Run steps for each entry of a batch."""

    @abstractmethod
    def routine(self, step: pg.Library, indent: str) -> list[str]:
        """Run a library routine."""

    @abstractmethod
    def view(self, step: pg.View, indent: str) -> list[str]:
        """Let a pointer point into a buffer."""

    @abstractmethod
    def copy(self, step: pg.Copy, indent: str) -> list[str]:
        """Copy elements between buffers."""

    def host_call(self, step: pg.HostCall, inputs: tuple[str, ...], indent: str) -> list[str]:
        """Call a Python function with these arrays, which are in host memory."""
        buffers = f"(void *const[]){{{', '.join(f'(void *){name}' for name in inputs)}}}"
        sizes = f"(const int64_t[]){{{', '.join(map(self.size, step.sizes)) or '0'}}}"
        return [f"{indent}if (ctx->host(ctx, {step.number}, {buffers}, {sizes})) return 1;"]

    @abstractmethod
    def pointer_type(self, name: str) -> str:
        """The C type of a variable that stands for a buffer, with the blank or star before the name."""

    @abstractmethod
    def flag(self, name: str, indent: str) -> tuple[str, list[str]]:
        """A bool scalar in memory: the C expression, and lines that must come before it."""

    @abstractmethod
    def counter(self, step: pg.WhileLoop, indent: str) -> tuple[str, list[str], list[str], list[str]]:
        """Of a while loop's counter: a C lvalue, and lines before the loop, at the end of each round, and after it."""

    @abstractmethod
    def scalar(self, name: str, indent: str) -> tuple[str, list[str]]:
        """An int64 scalar in memory: the C expression, and lines that must come before it."""

    @abstractmethod
    def ask_late(self, atom: Atom, indent: str) -> list[str]:
        """Memory whose size has just become known."""

    @abstractmethod
    def grow(self, log: pg.Log, capacity: str, indent: str) -> list[str]:
        """Move a log to memory for ``wider`` rows, on the other of the two sides that it has (``side``)."""

    def _poll(self, indent: str) -> str:
        return f"{indent}if (*ctx->stop) return st_fail(ctx, {CODES['interrupted']}, -1, 0, 0);"

    def _loop(self, step: pg.Loop, indent: str) -> list[str]:
        v, n = step.var.label, self.size(step.var.extent)
        head = f"for (int64_t {v} = 0; {v} < {n}; ++{v}) {{"
        if step.reverse:
            head = f"for (int64_t {v} = {n} - 1; {v} >= 0; --{v}) {{"
        return [
            indent + head, f"{indent}  ctx->error.step = {v};", self._poll(indent + "  "),
            *self._inside(v, step.body, indent + "  "), f"{indent}}}", self._outer_step(indent),
        ]  # fmt: skip

    def _inside(self, step: str, body: tuple[pg.Step, ...], indent: str) -> list[str]:
        """The body of a loop; after a loop inside of it errors name the step of this one again."""
        self._steps.append(step)
        lines = self.steps(body, indent)
        self._steps.pop()
        return lines

    def _outer_step(self, indent: str) -> str:
        return f"{indent}ctx->error.step = {self._steps[-1]};"

    def _while(self, step: pg.WhileLoop, indent: str) -> list[str]:
        inner = indent + "  "
        count, before, each, after = self.counter(step, indent)
        condition, lines = self.flag(step.condition, inner)
        result = [*before, *self._no_rows(step.logs, step.capacity, indent), f"{indent}{count} = 0;"]
        result += [f"{indent}for (;;) {{", f"{inner}const int64_t {step.variable} = {count};"]
        result += [f"{inner}ctx->error.step = {step.variable};", *self._inside(step.variable, step.head, inner), *lines]
        result += [f"{inner}if (!{condition}) break;", self._poll(inner)]
        if step.max_steps is not None:
            fail = f"st_fail(ctx, {CODES['steps']}, {step.site}, {step.max_steps}, 0)"
            result += [f"{inner}if ({step.variable} == {step.max_steps}) {{", self._outer_step(inner + "  ")]
            result += [f"{inner}  return {fail};", f"{inner}}}"]
        if step.logs:
            result.append(f"{inner}if ({step.variable} == {step.capacity}) {{")
            result += [*self._growth(step.logs, step.capacity, inner + "  "), f"{inner}}}"]
        result += [*self._inside(step.variable, step.body, inner), f"{inner}++{count};", *each, f"{indent}}}", *after]
        return [*result, self._outer_step(indent)]

    def _chunks(self, step: pg.Chunks, indent: str) -> list[str]:
        inner, capacity = indent + "  ", self.printer.atom(step.capacity)
        condition, lines = self.flag(step.unfinished, inner)
        return [
            *self._no_rows(step.logs, capacity, indent), f"{indent}do {{", *self._growth(step.logs, capacity, inner),
            *self.steps(step.body, inner), *lines, f"{inner}if (!{condition}) break;", self._poll(inner),
            f"{indent}}} while (1);",
        ]  # fmt: skip

    def _no_rows(self, logs: tuple[pg.Log, ...], capacity: str, indent: str) -> list[str]:
        return [f"{indent}int64_t {capacity} = 0, {capacity}_side = 0;"] if logs else []

    def _growth(self, logs: tuple[pg.Log, ...], capacity: str, indent: str) -> list[str]:
        """Room for twice as many rows: all copying together costs less than writing the rows once more."""
        lines = [f"{indent}const int64_t {capacity}_wider = {capacity} ? 2 * {capacity} : {FIRST_ROWS};"]
        for log in logs:
            lines += self.grow(log, capacity, indent)
        return [*lines, f"{indent}{capacity}_side ^= 1;", f"{indent}{capacity} = {capacity}_wider;"]

    def _define(self, step: pg.Define, indent: str) -> list[str]:
        value, lines = self.scalar(step.source, indent)
        # A loop in two bodies (forward and backward) defines its size in both: each asks for the memory that it needs.
        return [*lines, f"{indent}{self.program.size_names[step.atom]} = {value};", *self.ask_late(step.atom, indent)]

    def call_site(self, step: pg.Library) -> int:
        """The user line that a failing library routine reports."""
        return self.site(*pg.routine_site(step.node))


def is_bound(size: SizeLike) -> bool:
    """Whether a size depends on one that is found on the way."""
    return any(isinstance(a, Bound) for a in atoms(size))


def routine_dtype(program: pg.Program, step: pg.Library) -> np.dtype:
    """The element type that a library routine works on."""
    return program.storages[step.inputs[0]].dtype
