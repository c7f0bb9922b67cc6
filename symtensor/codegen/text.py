"""The loop language and the Program as text, for people, golden files and ``SYMTENSOR_DEBUG=loops``.

One statement a line, bodies indented, sizes in the user's names; types stand where a variable is defined.
"""

from __future__ import annotations

from collections.abc import Iterable

from symtensor.codegen import loop_ir as ir
from symtensor.codegen import program as pg
from symtensor.ir.scalar import SCALAR_OPS, Call, Const, Expr, Index, Load, Var
from symtensor.ir.size import SizeLike

INDENT = "  "
# How tightly operators bind; an operand that binds less needs parentheses.
BINDING = {
    "or": 1,
    "xor": 1,
    "and": 2,
    "bit_or": 3,
    "bit_xor": 3,
    "bit_and": 3,
    "add": 5,
    "sub": 5,
    "mul": 6,
    "product": 6,
    "div": 6,
}
COMPARISON, UNARY, ATOM = 4, 7, 9


def expr_text(expr: Expr) -> str:
    """A scalar expression with no more parentheses than it needs.

    >>> import numpy as np
    >>> x = Var("x", np.dtype("float64"))
    >>> expr_text((x + 1) * x - x)
    '(x + 1.0) * x - x'
    """
    return _expr(expr)[0]


def _expr(expr: Expr) -> tuple[str, int]:
    """Text, and how tightly its outermost operator binds."""
    if isinstance(expr, Const):
        text = repr(expr.value)
        return text, UNARY if text.startswith("-") else ATOM
    if isinstance(expr, Index):
        return f"<{expr.size}>", ATOM
    if isinstance(expr, Var):
        return expr.name, ATOM
    if isinstance(expr, Load):
        return f"{expr.buffer}[{expr.offset}]", ATOM
    assert isinstance(expr, Call)
    return _call(expr)


def _call(expr: Call) -> tuple[str, int]:
    row = SCALAR_OPS[expr.op]
    if row.form == "cast":
        return f"{expr.dtype}({expr_text(expr.args[0])})", ATOM
    if row.form == "prefix" or (row.form == "logic" and len(expr.args) == 1):
        return f"{row.symbol}{_wrapped(expr.args[0], UNARY)}", UNARY
    if row.form in ("infix", "compare", "logic"):
        binding = BINDING.get(expr.op, COMPARISON)
        # Floating-point arithmetic is not associative: a right operand of the same strength keeps its parentheses.
        left, right = _wrapped(expr.args[0], binding), _wrapped(expr.args[1], binding + 1)
        return f"{left} {row.symbol} {right}", binding
    return f"{expr.op}({', '.join(map(expr_text, expr.args))})", ATOM


def _wrapped(expr: Expr, binding: int) -> str:
    text, own = _expr(expr)
    return text if own >= binding else f"({text})"


# --------------------------------------------------------------------------------------------------------- kernels
def kernel_text(kernel: ir.Kernel) -> str:
    """One kernel, whole."""
    parameters = ", ".join(f"{b.access} {b.name}: {b.dtype}" for b in kernel.buffers)
    sizes = f"; {', '.join(a.label for a in kernel.sizes)}" if kernel.sizes else ""
    lines = [f"kernel {kernel.name}({parameters}{sizes})"]
    return "\n".join([*lines, *block_lines(kernel.body, INDENT)])


def block_lines(body: Iterable[ir.Statement], indent: str = "") -> list[str]:
    """Statements, one a line."""
    lines: list[str] = []
    for statement in body:
        lines += [indent + line for line in _statement(statement)]
    return lines


def _statement(s: ir.Statement) -> list[str]:
    if isinstance(s, ir.For):
        return [_for_head(s), *block_lines(s.body, INDENT)]
    if isinstance(s, ir.While):
        return [f"while {s.condition}", *block_lines(s.body, INDENT)]
    if isinstance(s, ir.If):
        otherwise = ["else", *block_lines(s.otherwise, INDENT)] if s.otherwise else []
        return [f"if {expr_text(s.condition)}", *block_lines(s.then, INDENT), *otherwise]
    if isinstance(s, ir.Let):
        return [f"let {s.name}: {s.value.dtype} = {expr_text(s.value)}"]
    if isinstance(s, ir.Declare):
        return [f"var {s.name}: {s.value.dtype} = {expr_text(s.value)}"]
    if isinstance(s, ir.Assign):
        return [f"{s.name} = {expr_text(s.value)}"]
    if isinstance(s, ir.Store):
        return [f"{s.buffer}[{s.offset}] = {expr_text(s.value)}"]
    if isinstance(s, ir.Accumulate):
        at = f" at {expr_text(s.position)}" if len(s.names) > 1 else ""
        return [f"{', '.join(s.names)} <- {s.monoid.name} {expr_text(s.value)}{at}"]
    if isinstance(s, ir.Alloc):
        return [f"alloc {s.space} {s.name}: {s.dtype}[{s.extent}]"]
    if isinstance(s, ir.Fail):
        return [f"fail code {s.code} site {s.site} ({', '.join(map(expr_text, s.values))})"]
    if isinstance(s, ir.Fetch):
        return [f"fetch {s.load.buffer}[{s.load.offset}]"]
    if isinstance(s, ir.Transpose):
        source = f"{s.source.buffer}[{s.source.offset} + i + j*({s.across})]"
        return [f"transpose {s.target}[i*({s.stride}) + j] = {source}, i < {s.rows}, j < {s.columns}"]
    return ["barrier"]


def _for_head(s: ir.For) -> str:
    notes = []
    if s.reverse:
        notes.append("downwards")
    if s.lanes:
        notes.append(f"{s.lanes} lanes")
    if s.joint:
        notes.append("a chunk at once")
    if s.grain != 1:
        notes.append(f"chunks of {s.grain}")
    return f"{s.kind} {s.var.label} < {s.var.extent}" + (f"  ({', '.join(notes)})" if notes else "")


# --------------------------------------------------------------------------------------------------------- Program
def program_text(program: pg.Program) -> str:
    """The whole Program: arguments, where sizes come from, guards, storages, kernels, steps."""
    lines = [f"program {program.name}"]
    for atom, (number, axis) in program.atoms.items():
        leaf = program.arguments[number]
        source = f"axis {axis} of {leaf.name}" if axis >= 0 else f"value of {leaf.name}"
        lines.append(f"{INDENT}size {atom.label} = {source}")
    lines += [f"{INDENT}guard {g.left} == {g.right}" for g, _ in program.guards]
    lines += [f"{INDENT}{_storage(s)}" for s in program.storages.values()]
    lines += steps_lines(program.steps, INDENT)
    lines.append(f"{INDENT}return {', '.join(program.outputs)}")
    kernels = dict.fromkeys(program.kernels())
    return "\n\n".join(["\n".join(lines), *map(kernel_text, kernels)])


def _storage(s: pg.Storage) -> str:
    whole = s.kind != "private" and (s.kind != "temporary" or s.shape)
    shape = f"[{', '.join(map(str, s.shape))}]" if whole else f"[{s.elements}]"
    return f"{s.kind} {s.name}: {s.dtype}{shape}"


def steps_lines(steps: Iterable[pg.Step], indent: str = "") -> list[str]:
    """Steps, one a line."""
    lines: list[str] = []
    for step in steps:
        lines += [indent + line for line in _step(step)]
    return lines


def _step(s: pg.Step) -> list[str]:
    if isinstance(s, pg.Launch):
        return [f"launch {s.kernel.name}({', '.join(b.name for b in s.kernel.buffers)})"]
    if isinstance(s, pg.Gemm):
        batch = f"for each of {_shape(s.batch)} " if s.batch else ""
        left, right = (f"{m.buffer}{'.T' if m.transposed else ''}" for m in (s.a, s.b))
        size = f"{s.rows} x {s.inner} by {s.inner} x {s.columns}"
        return [f"{s.name}: {batch}{s.c.buffer} = {left} @ {right}  ({size})"]
    if isinstance(s, pg.Library):
        defines = f", defines {s.defines}" if s.defines is not None else ""
        return [f"{', '.join(s.outputs)} = {s.routine}({', '.join(s.inputs)}){defines}"]
    if isinstance(s, pg.View):
        return [f"{s.name} = view of {s.base} from {s.offset}"]
    if isinstance(s, pg.Copy):
        return [f"copy {s.target} = {s.source}  ({s.elements} elements)"]
    if isinstance(s, pg.Swap):
        return [f"swap {s.first}, {s.second}"]
    if isinstance(s, pg.Loop):
        order = "  (downwards)" if s.reverse else ""
        return [f"loop {s.var.label} < {s.var.extent}{order}", *steps_lines(s.body, INDENT)]
    if isinstance(s, pg.Batch):
        private = f"  (private: {', '.join(s.private)})"
        return [f"{s.name}: for each {s.var.label} < {s.var.extent}{private}", *steps_lines(s.body, INDENT)]
    if isinstance(s, pg.WhileLoop):
        most = f"  (at most {s.max_steps} rounds)" if s.max_steps is not None else ""
        head, body = steps_lines(s.head, INDENT), steps_lines(s.body, INDENT * 2)
        most += f"  ({', '.join(log.name for log in s.logs)} growing)" if s.logs else ""
        return [f"while {s.condition}{most}", *head, f"{INDENT}then", *body]
    if isinstance(s, pg.Chunks):
        logs = ", ".join(log.name for log in s.logs)
        return [f"while {s.unfinished}, {logs} growing", *steps_lines(s.body, INDENT)]
    if isinstance(s, pg.Define):
        return [f"{s.atom} = {s.source}"]
    if isinstance(s, pg.Branch):
        return [f"if {s.condition}", *steps_lines(s.then, INDENT), "else", *steps_lines(s.otherwise, INDENT)]
    if isinstance(s, pg.HostCall):
        return [f"{s.node.op.name} {', '.join(s.inputs)}"]
    return ["commit"]


def _shape(sizes: Iterable[SizeLike]) -> str:
    return " x ".join(map(str, sizes))
