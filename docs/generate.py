"""Write ``docs/design.md``: its own prose, definitions straight from the modules, and one probe followed all the way.

usage: python -m docs.generate [--check]      (or: make docs)

``--check`` writes nothing and fails where the page is not what this script would write.  The processor is a value that
code generation is handed, so the page is the same on every machine.  Only the disassembly cannot be: it is recorded in
``docs/disassembly.txt`` together with the compiler that made it, and recorded anew where gcc and objdump are found.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import inspect
import linecache
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import symtensor as st
from symtensor.codegen.pipeline import Generated, Machine, abi_text, generate
from symtensor.codegen.text import program_text
from symtensor.function import user_line
from symtensor.inspect.explain import plan_lines
from symtensor.inspect.page import source_sections
from symtensor.ir.graph import Graph
from symtensor.ir.text import graph_text
from symtensor.ir.trace import Trace
from symtensor.optimizer.guards import collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

DOCS = Path(__file__).resolve().parent
PAGE = DOCS / "design.md"
PROSE = DOCS / "design.in.md"
RECORD = DOCS / "disassembly.txt"
MACHINE = Machine(64, frozenset({"avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}))
FLAGS = (
    "-std=gnu11 -O3 -fPIC -ffp-contract=off -fwrapv -fno-math-errno -fno-trapping-math -march=x86-64-v4 "
    "-mprefer-vector-width=512"
).split()

PROBE = """\
x = st.matrix("x")
weights = st.matrix("weights")

e = st.exp(x)
p = e / e.sum(axis=1, keepdims=True)
loss = (p * weights).sum()
outputs = [p, st.grad(loss, x)]
"""


# ------------------------------------------------------------------------------------------- pieces of the modules
def summary(module_name: str) -> str:
    """The docstring of a module or package without its examples."""
    text = inspect.getdoc(importlib.import_module(module_name)) or ""
    return without_examples(text)


def without_examples(text: str) -> str:
    """Text without doctests, which would run where they have no imports."""
    paragraphs = [p for p in text.split("\n\n") if not p.lstrip().startswith(">>>")]
    return "\n\n".join(paragraphs).strip()


def definitions(module: ModuleType, names: Iterable[str] = ()) -> str:
    """The source of top-level definitions, in the order of the module; of all classes and unions without names."""
    source = inspect.getsource(module)
    wanted = set(names)
    found = []
    for node in ast.parse(source).body:
        name = getattr(node, "name", None)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        is_union = isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp)
        if name in wanted or (not wanted and (isinstance(node, ast.ClassDef) or is_union)):
            found.append(_segment(source, node))
    missing = wanted - set(re.findall(r"^(?:class |def )?(\w+)", "\n".join(found), re.MULTILINE))
    if missing:
        raise KeyError(f"{module.__name__} has no {', '.join(sorted(missing))}")
    return "\n\n\n".join(found)


def _segment(source: str, node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(d.lineno for d in decorators)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def from_c(path: str, pattern: str) -> str:
    """The first match of a pattern in a text file of the package."""
    text = (DOCS.parent / path).read_text(encoding="utf-8")
    match = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    if match is None:
        raise KeyError(f"{path} has nothing like {pattern}")
    return match.group()


def fenced(text: str, language: str = "") -> str:
    """Text as a code block."""
    return f"```{language}\n{text.rstrip()}\n```"


def rooms() -> str:
    """One row a room: the first paragraph of its docstring."""
    rows = ["| room | what lives there |", "|---|---|"]
    for room in ("ir", "ops", "optimizer", "grad", "solvers", "codegen", "runtime", "inspect", "function"):
        first = re.sub(r"\s+", " ", summary(f"symtensor.{room}").split("\n\n")[0])
        rows.append(f"| `symtensor/{room}` | {first} |")
    return "\n".join(rows)


# --------------------------------------------------------------------------------------------------- the probe
class Probe:
    """The probe in all its forms."""

    def __init__(self) -> None:
        name = "softmax.py"
        linecache.cache[name] = (len(PROBE), None, PROBE.splitlines(True), name)
        space: dict[str, object] = {"st": st, "__name__": "softmax"}
        exec(compile(PROBE, name, "exec"), space)
        inputs, outputs = (space["x"], space["weights"]), space["outputs"]
        self.graph = Graph(inputs, tuple(outputs))  # type: ignore[arg-type]
        guards, options = collect_guards(self.graph), Options(verify=True)
        self.optimised, self.trace = optimize(self.graph, options)
        self.made: Generated = generate(
            self.optimised, guards, self.graph.inputs, {}, options, MACHINE, "softmax", user_line
        )

    def kernel(self) -> tuple[str, str]:
        """Name and C of the first kernel."""
        names = [k.name for k in self.made.program.kernels()]
        sections = source_sections(self.made.source.text.removeprefix(abi_text()), names)
        return next((name, text) for name, text in sections if name == names[0])  # type: ignore[misc]

    def entry(self) -> str:
        """C of the entry."""
        names = [k.name for k in self.made.program.kernels()]
        sections = source_sections(self.made.source.text.removeprefix(abi_text()), names)
        return next(text for name, text in sections if name == "entry")


def trace_text(trace: Trace) -> str:
    """The trace as it prints, one empty line between steps."""
    return "\n\n".join(map(str, trace.steps))


def schedule_text(made: Generated) -> str:
    """The steps of each kernel group."""
    return "\n".join(f"{name}: {', '.join(map(repr, steps))}" for name, steps, *_ in made.builder.log)


# -------------------------------------------------------------------------------------------------- disassembly
def record_disassembly(made: Generated, kernel: str) -> str | None:
    """The first loop over whole vectors of a kernel as machine code; None where a tool is missing."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            source, built = Path(folder, "softmax.c"), Path(folder, "softmax.o")
            source.write_text(made.source.text, encoding="utf-8")
            subprocess.run(["gcc", *FLAGS, "-c", str(source), "-o", str(built)], check=True, capture_output=True)
            command = ["objdump", "-d", "--no-show-raw-insn", "-M", "intel", str(built)]
            listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            version = subprocess.run(["gcc", "--version"], check=True, capture_output=True, text=True).stdout
    except (FileNotFoundError, subprocess.CalledProcessError):
        return None
    loop = first_vector_loop(listing, kernel)
    if loop is None:
        return None
    return "\n".join([f"; {version.splitlines()[0]}, {' '.join(FLAGS)}", *loop]) + "\n"


def first_vector_loop(listing: str, kernel: str) -> list[str] | None:
    """The first backward jump of a kernel around 512-bit registers, with labels instead of addresses."""
    lines: list[tuple[int, str]] = []
    inside = False
    for line in listing.splitlines():
        head = re.match(r"[0-9a-f]+ <([\w.]+)>:", line)
        if head:
            inside = head.group(1).startswith(kernel)
        match = re.match(r"\s+([0-9a-f]+):\s+(.*?)\s*$", line)
        if inside and match:
            lines.append((int(match.group(1), 16), re.sub(r"\s+", " ", match.group(2).split("#")[0]).strip()))
    at = {address: k for k, (address, _) in enumerate(lines)}
    for end, (_, text) in enumerate(lines):
        jump = re.match(r"j\w+ ([0-9a-f]+)", text)
        start = at.get(int(jump.group(1), 16)) if jump else None
        if start is not None and start < end and any("zmm" in t for _, t in lines[start:end]):
            body = [re.sub(r"\s*<[^>]*>", "", t) for _, t in lines[start : end + 1]]
            return ["loop:", *(f"  {t}" for t in body[:-1]), f"  {body[-1].split()[0]} loop"]
    return None


# ------------------------------------------------------------------------------------------------------- the page
def pieces(probe: Probe, disassembly: str) -> dict[str, str]:
    """What the placeholders ``{{name}}`` of the prose stand for."""
    from symtensor.codegen import dialect, loop_ir, opencl, program, schedule
    from symtensor.ir import node, pattern
    from symtensor.ops import declare, elementwise, functions, monoids
    from symtensor.optimizer import stabilize
    from symtensor.runtime import device

    name, kernel = probe.kernel()
    multiply = definitions(elementwise, ["multiply"])
    return {
        "rooms": rooms(),
        "program.doc": without_examples(inspect.getdoc(program) or ""),
        "program": fenced(definitions(program), "python"),
        "loop_ir.doc": without_examples(inspect.getdoc(loop_ir) or ""),
        "loop_ir": fenced(definitions(loop_ir), "python"),
        "monoid": fenced(definitions(declare, ["Monoid"]), "python"),
        "monoids": fenced(definitions(monoids, ["_plain"]), "python"),
        "schedule.doc": without_examples(inspect.getdoc(schedule) or ""),
        "schedule": fenced(definitions(schedule), "python"),
        "op": fenced(definitions(node, ["Op"]), "python"),
        "op.kinds": fenced(definitions(declare, ["Elementwise", "IndexOp", "Reduction", "Library"]), "python"),
        "op.example": fenced(f"{multiply}\n{definitions(functions, ['softplus'])}", "python"),
        "rule.doc": without_examples(inspect.getdoc(pattern) or ""),
        "rule.example": fenced(definitions(stabilize, ["log_of_one_plus"]), "python"),
        "dialect": fenced(definitions(dialect, ["Dialect"]), "python"),
        "dialect.example": fenced(definitions(opencl, ["OPENCL"]), "python"),
        "device": fenced(definitions(device, ["Device"]), "python"),
        "device.table": fenced(from_c("symtensor/runtime/abi.h", r"^struct st_device \{.*?^\};"), "c"),
        "probe.code": fenced(PROBE, "python"),
        "probe.graph": fenced(graph_text(probe.graph)),
        "probe.trace": fenced(trace_text(probe.trace)),
        "probe.optimised": fenced(graph_text(probe.optimised)),
        "probe.plan": fenced("\n".join(plan_lines(probe.made.plan))),
        "probe.schedule": fenced(schedule_text(probe.made)),
        "probe.loops": fenced(program_text(probe.made.program)),
        "probe.memory": fenced(str(probe.made.source.layout)),
        "probe.kernel": fenced(kernel, "c"),
        "probe.entry": fenced(probe.entry(), "c"),
        "probe.kernel_name": f"`{name}`",
        "probe.disassembly": fenced(disassembly, "asm"),
    }  # fmt: skip


def text(disassembly: str | None = None) -> str:
    """The whole page.

    Args:
        disassembly: machine code to show; what was recorded if not given.

    Raises:
        KeyError: if the prose asks for something that does not exist, or the modules lack a definition.
    """
    probe = Probe()
    recorded = RECORD.read_text(encoding="utf-8") if RECORD.exists() else "; nothing recorded\n"
    values = pieces(probe, recorded if disassembly is None else disassembly)
    prose = PROSE.read_text(encoding="utf-8")
    unused = set(values) - set(re.findall(r"\{\{([\w.]+)\}\}", prose))
    if unused:
        raise KeyError(f"{PROSE.name} does not use {', '.join(sorted(unused))}")
    return re.sub(r"\{\{([\w.]+)\}\}", lambda match: values[match.group(1)], prose)


def main(arguments: list[str] | None = None) -> int:
    """Write the page, or with ``--check`` compare."""
    parser = argparse.ArgumentParser(prog="python -m docs.generate", description="Write docs/design.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the page is out of date")
    if parser.parse_args(arguments).check:
        old, new = PAGE.read_text(encoding="utf-8"), text()
        lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), PAGE.name, "generated")
        sys.stdout.writelines(lines)
        return int(old != new)
    probe = Probe()
    found = record_disassembly(probe.made, probe.kernel()[0])
    if found is not None:
        RECORD.write_text(found, encoding="utf-8")
    PAGE.write_text(text(), encoding="utf-8")
    note = "" if found is not None else "; the disassembly stays as recorded: gcc or objdump is missing"
    print(f"wrote {PAGE.name}{note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
