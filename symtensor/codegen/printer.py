"""Printing kernels of the loop language as source of the C family, one scalar at a time.

``KernelPrinter`` prints statements and expressions for any dialect; ``symtensor.codegen.c`` adds vectors to it,
``symtensor.codegen.gpu`` work groups.  Printed text is deterministic, and names come from the user's variables.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

import numpy as np

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.dialect import SUFFIX, Dialect
from symtensor.codegen.helpers import SMALL_FLOAT, conversion_helper, float_helper, integer_helper
from symtensor.codegen.mathlib import of_integers
from symtensor.dtypes import stored
from symtensor.errors import CODES
from symtensor.ir.node import Site
from symtensor.ir.scalar import SCALAR_OPS, Call, Const, Expr, Index, Load, ValueIndex, Var
from symtensor.ir.size import Atom, Size, SizeCall, SizeLike, atoms
from symtensor.ir.text import sanitise

BOOL = np.dtype("bool")


def size_name(atom: Atom) -> str:
    """The C variable that holds an atom's value."""
    return sanitise(atom.label).rstrip("_")


def helper_dtype(e: Call) -> np.dtype:
    """The dtype of the instance of a helper that a call means: that of the operands, or the float made of an int."""
    operand = e.args[0].dtype
    return e.dtype if e.dtype.kind == "f" and operand.kind != "f" else operand


class KernelPrinter:
    """Prints kernels of one source file.

    Attributes:
        streamed: bytes of the buffers that the kernel at hand stores past the caches if they are large.
        helpers: (name, suffix, lanes) of the math functions used, in order of first use.
        integer: sources of integer and conversion helpers used, by name.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.helpers: dict[tuple[str, str, int], None] = {}
        self.small: dict[str, str] = {}
        self._names: Callable[[Atom], str] = size_name
        self._types: dict[np.dtype, str] = {}
        self._sizes: dict[SizeLike, str] = {}  # texts, unless they depend on computed values
        self.streamed: dict[str, SizeLike] = {}
        self.streams = False  # whether the kernel at hand has such a store
        self.sparing = False  # whether short text matters more than the last percent of speed

    # ---------------------------------------------------------------------------------------------------- sizes
    def size(self, size: SizeLike) -> str:
        """An index polynomial as a C expression of type int64."""
        if isinstance(size, int):
            return str(size) if abs(size) < 2**31 else f"{size}{self.dialect.wide}"
        text = self._sizes.get(size)
        if text is None:
            text = self._polynomial(size)
            if not any(isinstance(a, ValueIndex) for a in atoms(size)):
                self._sizes[size] = text
        return text

    def _polynomial(self, size: Size) -> str:
        parts = []
        for monomial, coefficient in size.terms:
            factors = [self.atom(a) for a in monomial]
            if abs(coefficient) != 1 or not factors:
                factors.insert(0, str(abs(coefficient)))
            parts.append(("-" if coefficient < 0 else "+") + " " + " * ".join(factors))
        text = " ".join(sorted(parts, key=lambda p: p[0] == "-"))  # a leading minus reads badly
        text = text[2:] if text[0] == "+" else "-" + text[2:]
        return f"({text})" if len(size.terms) > 1 or " " in text else text

    def atom(self, atom: Atom) -> str:
        """One atom of a size."""
        if isinstance(atom, SizeCall):
            a, b = self.size(atom.left), self.size(atom.right)
            if atom.op in ("floordiv", "mod"):
                from symtensor.ir.scalar import lower_bound_at_least

                if lower_bound_at_least(atom.left, 0) and lower_bound_at_least(atom.right, 1):
                    return f"({a} {'/' if atom.op == 'floordiv' else '%'} {b})"
            return f"{self.small_helper(atom.op, np.dtype('int64'))}({a}, {b})"
        if isinstance(atom, ValueIndex):
            return self.expr(atom.value)
        return self._names(atom)

    # ----------------------------------------------------------------------------------------------- expressions
    def type(self, dtype: np.dtype) -> str:
        """The C type of a dtype."""
        known = self._types.get(dtype)
        if known is not None:
            return known
        try:
            known = self._types[dtype] = self.dialect.types[stored(dtype)[0].name]
            return known
        except KeyError:
            raise TypeError(
                f"the target {self.dialect.name!r} has no dtype {dtype} yet\n"
                "  hint: cast to float32 or float64, or compile with target='numpy'"
            ) from None

    def const(self, value: object, dtype: np.dtype) -> str:
        """A literal."""
        if dtype == BOOL:
            return "1" if value else "0"
        if dtype.kind in "iu":
            if dtype == np.dtype("int64") and value == np.iinfo("int64").min:
                return f"(-9223372036854775807{self.dialect.wide} - 1)"
            suffix = {"int64": self.dialect.wide, "uint64": f"U{self.dialect.wide}", "uint32": "U"}.get(dtype.name, "")
            return f"{value}{'' if dtype == np.dtype('int64') and abs(int(value)) < 2**31 else suffix}"  # type: ignore[call-overload]
        number = float(value)  # type: ignore[arg-type]
        t = self.type(dtype)
        if math.isnan(number):
            return f"(({t}){self.dialect.nan})"
        if math.isinf(number):
            return f"(({t}){'-' if number < 0 else ''}{self.dialect.infinity})"
        if dtype == np.dtype("float32"):
            number = struct.unpack("f", struct.pack("f", number))[0]
            return f"{_shortest(number)}f"
        return repr(number)

    def expr(self, e: Expr) -> str:
        """A scalar expression."""
        if isinstance(e, Const):
            text = self.const(e.value, e.dtype)
            return f"({text})" if text.startswith("-") else text
        if isinstance(e, Var):
            return e.name
        if isinstance(e, Index):
            return f"(int64_t){self.size(e.size)}" if isinstance(e.size, int) else self.size(e.size)
        if isinstance(e, Load):
            text = f"{e.buffer}[{_bare(self.size(e.offset))}]"
            return f"({text} != 0)" if e.dtype == BOOL else text
        assert isinstance(e, Call)
        return self.call(e, [self.expr(a) for a in e.args])

    def call(self, e: Call, args: list[str]) -> str:
        """An operation on printed operands."""
        row = SCALAR_OPS[e.op]
        operand = e.args[0].dtype
        if row.form in ("infix", "compare", "logic"):
            if row.form == "logic" and len(args) == 1:
                return f"(!{args[0]})"
            text = f"({args[0]} {row.symbol} {args[1]})"
            narrow = row.form == "infix" and operand.kind in "iu" and operand.itemsize < 4
            return f"(({self.type(operand)}){text})" if narrow else text
        if row.form == "prefix":
            return (
                f"(({self.type(operand)})({row.symbol}{args[0]}))"
                if operand.itemsize < 4
                else f"({row.symbol}{args[0]})"
            )
        if row.form == "select":
            return f"({args[0]} ? {args[1]} : {args[2]})"
        if row.form == "cast":
            return self.cast(args[0], operand, e.dtype)
        return f"{self.helper(e.op, helper_dtype(e))}({', '.join(args)})"

    def cast(self, text: str, source: np.dtype, target: np.dtype) -> str:
        """A conversion with NumPy's meaning."""
        if target == BOOL:
            return f"({text} != 0)"
        if source.kind == "f" and target.kind in "iu":
            name = f"st_to_{SUFFIX[target]}_{SUFFIX[source]}"
            self.small.setdefault(name, conversion_helper(source, target, self.dialect))
            return f"{name}({text})"
        return f"({self.type(target)}){text}"

    def helper(self, name: str, dtype: np.dtype, lanes: int = 1) -> str:
        """The name of a helper function, which is recorded as used."""
        if of_integers(name):
            return self._recorded(name, "f64", lanes)
        if dtype.kind != "f" or name in SMALL_FLOAT:
            return self.small_helper(name, dtype)
        self.type(dtype)
        return self._recorded(name, SUFFIX[dtype], lanes)

    def _recorded(self, name: str, suffix: str, lanes: int) -> str:
        self.helpers.setdefault((name, suffix, lanes))
        return f"st_{name}_{suffix}" + (f"x{lanes}" if lanes > 1 else "")

    def small_helper(self, name: str, dtype: np.dtype) -> str:
        """A helper on integers (or mod and floordiv of floats)."""
        full = f"st_{name}_{SUFFIX[dtype]}"
        make = float_helper if dtype.kind == "f" else integer_helper
        self.small.setdefault(full, make(name, dtype, self.dialect))
        return full

    # ------------------------------------------------------------------------------------------------ statements
    def block(self, body: tuple[ir.Statement, ...], indent: str) -> list[str]:
        """Statements as lines."""
        lines: list[str] = []
        for statement in body:
            lines += self.statement(statement, indent)
        return lines

    def statement(self, s: ir.Statement, indent: str) -> list[str]:
        """One statement as lines."""
        if isinstance(s, ir.Let):
            return [f"{indent}const {self.value_type(s.value)} {s.name} = {_bare(self.expr(s.value))};"]
        if isinstance(s, ir.Declare):
            return [f"{indent}{self.value_type(s.value)} {s.name} = {_bare(self.expr(s.value))};"]
        if isinstance(s, ir.Assign):
            return [f"{indent}{s.name} = {_bare(self.expr(s.value))};"]
        if isinstance(s, ir.Store):
            return [f"{indent}{s.buffer}[{_bare(self.size(s.offset))}] = {_bare(self.expr(s.value))};"]
        if isinstance(s, ir.Accumulate):
            return self.accumulate(s, indent)
        if isinstance(s, ir.For):
            return self.loop(s, indent)
        if isinstance(s, ir.While):
            return self.rounds(s, indent)
        if isinstance(s, ir.If):
            lines = [f"{indent}if ({_bare(self.expr(s.condition))}) {{", *self.block(s.then, indent + "  ")]
            if s.otherwise:
                lines += [f"{indent}}} else {{", *self.block(s.otherwise, indent + "  ")]
            return [*lines, f"{indent}}}"]
        if isinstance(s, ir.Alloc):
            return self.alloc(s, indent)
        if isinstance(s, ir.Barrier):
            return [f"{indent}{self.dialect.barrier}"] if self.dialect.barrier else []
        if isinstance(s, ir.Fetch):
            return []  # one element at a time there is nothing to be won
        if isinstance(s, ir.Transpose):
            raise TypeError(f"the {self.dialect.name} printer has no transposes: a schedule for a CPU was replayed")
        return self.fail(s, indent)

    def value_type(self, value: Expr) -> str:
        """The C type of a variable that holds a value; bools are plain ints while they are computed with."""
        return "int" if value.dtype == BOOL else self.type(value.dtype)

    def accumulate(self, s: ir.Accumulate, indent: str) -> list[str]:
        """One element taken into scalar accumulators."""
        starts = s.monoid.init(s.value.dtype)
        accumulators = tuple(Var(n, c.dtype) for n, c in zip(s.names, starts))
        steps = s.monoid.step(accumulators, s.value, s.position)
        if len(steps) == 1:
            return [f"{indent}{s.names[0]} = {_bare(self.expr(steps[0]))};"]
        lines = [
            f"{indent}  const {self.value_type(e)} {n}_next = {_bare(self.expr(e))};" for n, e in zip(s.names, steps)
        ]
        lines += [f"{indent}  {n} = {n}_next;" for n in s.names]
        return [f"{indent}{{", *lines, f"{indent}}}"]

    def loop(self, s: ir.For, indent: str) -> list[str]:
        """A loop in order."""
        v = s.var.label
        head = (
            f"for (int64_t {v} = {_bare(self.size(s.var.extent))} - 1; {v} >= 0; --{v}) {{"
            if s.reverse
            else f"for (int64_t {v} = 0; {v} < {self.size(s.var.extent)}; ++{v}) {{"
        )
        return [indent + head, *self.block(s.body, indent + "  "), f"{indent}}}"]

    def rounds(self, s: ir.While, indent: str) -> list[str]:
        """A while loop."""
        return [f"{indent}while ({s.condition}) {{", *self.block(s.body, indent + "  "), f"{indent}}}"]

    def alloc(self, s: ir.Alloc, indent: str) -> list[str]:
        """An array of constant extent."""
        return [f"{indent}{self.type(s.dtype)} {s.name}[{self.size(s.extent)}];"]

    def fail(self, s: ir.Fail, indent: str) -> list[str]:
        """Fill the error record and leave; where the record lies is the target's business."""
        raise TypeError(f"the {self.dialect.name} printer has no error record")

    # --------------------------------------------------------------------------------------------------- comments
    def comment(self, kernel: ir.Kernel, where: Callable[[Site], str]) -> list[str]:
        """The comment that opens a kernel: which nodes it computes, from which user lines."""
        lines = [f"/* {kernel.name}"]
        for node in kernel.nodes:
            label = safe_comment(node.name or node.op.name)
            site = f"  at {safe_comment(where(node.sites[0]))}" if node.sites else ""
            lines.append(f" *   {label}: {safe_comment(str(node.type))}{site}")
        return [*lines, " */"]


def safe_comment(text: str) -> str:
    """Text that cannot end a comment or a line: names and paths are untrusted."""
    return text.replace("*/", "* /").replace("\n", " ").replace("\\", "/")


def _shortest(number: float) -> str:
    text = np.format_float_scientific(np.float32(number), unique=True)
    return repr(float(text))


def _bare(text: str) -> str:
    """Without one pair of parentheses that encloses everything."""
    if not text.startswith("(") or not text.endswith(")") or text.startswith("({"):
        return text
    depth = 0
    for k, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0 and k < len(text) - 1:
            return text
    return text[1:-1]


INDEX_ERROR = CODES["index"]
