"""Write ``docs/reference.md``: every public name, from the declarations of the ops and the docstrings of the rest.

usage: python -m docs.reference      (or: make docs)
"""

from __future__ import annotations

import builtins
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import symtensor as st
from symtensor import cli
from symtensor.errors import DTypeError
from symtensor.function.recipe import FunctionDetails, Portable
from symtensor.inspect.details import Details
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.trace import expression_text
from symtensor.ops.declare import Elementwise
from symtensor.ops.leaves import TYPED
from symtensor.ops.samples import operand_dtype
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

PAGE = Path(__file__).resolve().parent / "reference.md"
DEPTH = 12
MOST_DERIVATIVE = 60  # characters; a longer derivative is only said to exist
HEAD = """\
<!-- Written by `make docs` from the declarations and docstrings: change those. -->
# Reference

Every public name of symtensor; a test keeps the page current, and its examples run. Names and meaning are NumPy's where
NumPy has them; NumPy's own functions build expressions too when they are called on tensors (`np.concatenate([x, y])`).

```python
>>> import numpy as np
>>> import symtensor as st

```

"""
# Modules by chapter, in the order of the page.
CHAPTERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "Inputs, constants, shared variables": (
        "Rank and dtype of a tensor are fixed, sizes are known at the call.",
        ("ops.leaves", "ops.declare", "function.variables", "function.inputs"),
    ),
    "Elementwise functions": (
        "",
        ("ops.elementwise", "ops.functions", "ops.composed", "ops.parts", "ops.bits", "ops.special"),
    ),
    "Reductions": ("Also as methods of a tensor.", ("ops.reduction", "ops.normalise", "ops.cumulative")),
    "Making arrays": ("", ("ops.creation", "ops.grids")),
    "Shape and order": (
        "A result is no view: nothing is shared, and the compiler moves nothing that it need not.",
        ("ops.movement", "ops.rearranging", "ops.padding", "ops.joining", "ops.diagonal"),
    ),
    "Reading and writing at an index": (
        "`x[i]` takes integers, slices with symbolic bounds and negative steps, `None` and `...`; `x[i].set(v)` and "
        "`x[i].add(v)` are copies of `x` that are changed there.",
        ("ops.scatter", "ops.searching"),
    ),
    "Products and linear algebra": (
        "",
        ("ops.contraction", "ops.linalg", "ops.cholesky", "ops.solving", "ops.triangular"),
    ),
    "Loops and branches": (
        "[Loops](loops.md) shows them at work.",
        ("ops.scan", "ops.scan_arguments", "ops.branches", "ops.associative"),
    ),
    "Solvers": ("", ("solvers.roots", "solvers.minima", "solvers.ode")),
    "Gradients": ("", ("grad.reverse", "grad.forward", "grad.jacobian", "grad.check", "ops.controls")),
    "Random numbers": ("", ("random",)),
    "Checks and prints inside a graph": ("", ("ops.effects",)),
    "Compiling": ("", ("function.compiler", "function.jit", "function.evaluate", "function.recipe", "ir.pattern")),
    "Looking at expressions and functions": (
        "",
        ("inspect.page", "ir.export", "ir.notation", "ir.latex", "runtime.cache", "runtime.pools"),
    ),
}
NAMESPACES = ("linalg", "random")
PLAIN = {
    "attrs": "Static attributes of the operation, as pairs.",
    "copy": "The tensor itself, which cannot change.",
    "inputs": "The tensors that the operation is applied to.",
    "item": "Raises: a symbolic tensor has no value before it is compiled.",
    "name": "As given by the user, or None.",
    "op": "The operation.",
    "sites": "Up to three user lines (file, number) that made it.",
    "type": "Dtype and shape.",
}


# ------------------------------------------------------------------------------------------------------ what there is
def public_names() -> dict[str, Any]:
    """Everything that ``symtensor`` and its namespaces offer, by the name that a user writes after ``st.``."""
    names = {n: getattr(st, n) for n in (*vars(st), *st._LATER) if not n.startswith("_")}
    found = {n: v for n, v in names.items() if callable(v) and inspect.getmodule(v) is not None and n != "Any"}
    for space in NAMESPACES:
        module = getattr(st, space)
        for name in getattr(module, "__all__", ("Stream",)):
            found[f"{space}.{name}"] = getattr(module, name)
    return {n: v for n, v in found.items() if not isinstance(v, ModuleType)}


def grouped() -> tuple[dict[str, list[str]], dict[int, list[str]], dict[str, Any]]:
    """Names by module (elementwise ops and typed inputs aside), all names of each object, and objects by first name."""
    aliases: dict[int, list[str]] = {}
    objects: dict[str, Any] = {}
    for name, value in public_names().items():
        spelled = aliases.setdefault(id(value), [])
        if getattr(value, "__name__", getattr(value, "name", None)) == name.rpartition(".")[2]:
            spelled.insert(0, name)  # the name that it was declared under comes first
        else:
            spelled.append(name)
        objects[name] = value
    modules: dict[str, list[str]] = {}
    for spelled in aliases.values():
        value = objects[spelled[0]]
        if not isinstance(value, Elementwise) and spelled[0] not in TYPED and value not in (st.Function, Tensor):
            module = value.__module__.removeprefix("symtensor.")
            modules.setdefault(module, []).append(spelled[0])
    return modules, aliases, objects


# --------------------------------------------------------------------------------------------------------- docstrings
def signature(name: str, value: Callable[..., Any]) -> str:
    """A call as a user writes it, without annotations."""
    try:
        plain = [p.replace(annotation=inspect.Parameter.empty) for p in inspect.signature(value).parameters.values()]
    except (TypeError, ValueError):
        return f"{name}(...)"
    plain = [p for p in plain if p.name != "self"]
    return name + re.sub(r"<(?:function|class) '?([\w.]+)'?[^>]*>", r"\1", str(inspect.Signature(plain)))


def prose(doc: str, prefix: str = "st.", names: Iterable[str] = ()) -> str:
    """A docstring as Markdown: sections become lists, examples code blocks.

    Args:
        doc: the docstring.
        prefix: what a user writes before the names of its module.
        names: public names of the module, which examples in it may use bare.
    """
    bare = "|".join(names) or "(?!)"
    calls = re.compile(rf"(?<![\w.\"'])(?:{bare})(?=\()|(?<=@)(?:{bare})\b")
    lines: list[str] = []
    example: list[str] = []
    section = ""

    def close() -> None:
        if example:
            while not example[-1].strip():
                example.pop()
            lines.extend(["", "```python", *example, "", "```", ""])
            example.clear()

    for raw in inspect.cleandoc(doc).splitlines():
        line = raw
        if line.startswith(">>>") or (example and line.strip()):
            example.append(calls.sub(f"{prefix}\\g<0>", line))
            continue
        close()
        line = re.sub(r"``([^`]+)``", r"`\1`", line)
        if re.fullmatch(r"(Args|Returns|Raises|Attributes|Yields):", line):
            section = line[:-1]
            lines += [f"*{section}*", ""]
        elif section and line.startswith("    ") and not line.startswith("     "):
            item = re.fullmatch(r"    ([\w*, ]+): (.*)", line)
            lines.append(f"- `{item[1]}`: {item[2]}" if item and section != "Returns" else f"- {line.strip()}")
        elif section and line.startswith("     "):
            lines.append(f"  {line.strip()}")
        else:
            section = section if not line.strip() else ""
            lines.append(line)
    close()
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def entry(name: str, value: Any, others: list[str], siblings: Iterable[str]) -> str:
    """One function or class, with its other names and the public names of its module."""
    also = f"\n\nAlso {', '.join(f'`st.{o}`' for o in others)}." if others else ""
    head = f"### `{signature(f'st.{name}', value)}`"
    space, _, own = f"st.{name}".rpartition(".")
    # Its own name means the public function even if Python has one of that name; what is beside it may mean Python's.
    bare = [s.rpartition(".")[2] for s in siblings]
    body = prose(value.__doc__ or "", f"{space}.", [*(n for n in bare if n not in dir(builtins)), own])
    if inspect.isclass(value) and value.__module__.startswith("symtensor."):
        body = "\n\n".join([body, *(_method(value, m) for m in _methods(value))])
    return f"{head}{also}\n\n{body}"


def _methods(kind: type) -> list[str]:
    return [n for n, v in vars(kind).items() if not n.startswith("_") and (callable(v) or isinstance(v, property))]


def _method(kind: type, name: str) -> str:
    value = inspect.getattr_static(kind, name)
    shown = name if isinstance(value, property) else signature(name, value)
    return f"**`.{shown}`** {prose(value.__doc__ or '')}"


# ------------------------------------------------------------------------------------------------------ the elementwise
def elementwise_rows(aliases: dict[int, list[str]], objects: dict[str, Any]) -> Iterator[str]:
    """A table row for each elementwise op: what it takes and gives, its derivatives, what it costs."""
    yield "| `st.` | bool → | int64 → | float32 → | complex64 → | derivative in x, in y, ... | cost |"
    yield "|---|---|---|---|---|---|---:|"
    for spelled in sorted(aliases.values()):
        op = objects[spelled[0]]
        if isinstance(op, Elementwise):
            types = [_result(op, dtype) for dtype in ("bool", "int64", "float32", "complex64")]
            arguments = ", ".join(str(leaf.name) for leaf in leaves(op, "float64"))
            names = ", ".join(f"`{n}`" for n in spelled)
            cells = (f"{names} ({arguments})", *types, derivatives(op), f"{op.cost:g}")
            yield f"| {' | '.join(cells)} |"


def leaves(op: Elementwise, dtype: str) -> list[Tensor]:
    """Scalar operands for an op, by its declared samples: masks and exponents keep their own dtype."""
    letters = op.samples if isinstance(op.samples, str) else "r"
    return [st.scalar(n, str(operand_dtype(letter, np.dtype(dtype)))) for n, letter in zip("xyz", letters)]


def _result(op: Elementwise, dtype: str) -> str:
    try:
        return str(op(*leaves(op, dtype)).dtype)
    except (DTypeError, TypeError):
        return "–"


def derivatives(op: Elementwise) -> str:
    """The derivatives as expressions, of which the compiler may use a form that suits the value better."""
    operands = leaves(op, "float64")
    try:
        y = op(*operands)
    except DTypeError:
        return "–"
    if y.dtype.kind != "f":
        return "–"
    found = st.grad(y, [x for x in operands if x.dtype.kind == "f"], disconnected_inputs="ignore")
    rewritten, _ = optimize(Graph(tuple(operands), tuple(found)), Options())
    texts = [expression_text(g, DEPTH) for g in rewritten.outputs]
    if any(len(t) > MOST_DERIVATIVE for t in texts):
        return "yes"
    return "; ".join(f"`{t}`".replace("|", "\\|") for t in texts)


# ------------------------------------------------------------------------------------------------------------ the rest
def tensor_members() -> str:
    """What a tensor has beyond operators: attributes, and methods named after functions."""
    functions, own, shared = public_names(), [], []
    for name in sorted(n for n in dir(Tensor) if not n.startswith("_")):
        (shared if name in functions else own).append(name)
    lines = [
        f"Methods that are functions of the same name, the tensor being the first argument: "
        f"{', '.join(f'`.{n}`' for n in shared)}.",
        "",
        *(f"- `.{n}`: {PLAIN.get(n) or _summary(inspect.getattr_static(Tensor, n))}" for n in own),
    ]
    return "\n".join(lines)


def _summary(value: Any) -> str:
    text = inspect.getdoc(value) or "" if isinstance(value, property) or callable(value) else ""
    return re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split("\n\n")[0].split()))


def function_members() -> str:
    """What a compiled function has beyond the call."""
    lines = []
    for kind in (Details, Portable):
        for name in _methods(kind):
            value = inspect.getattr_static(kind, name)
            if name in ("state", "late"):
                continue
            shown = name if isinstance(value, property) else signature(name, value)
            lines.append(f"- `.{shown}`: {_summary(value)}")
    assert issubclass(FunctionDetails, Details)
    return "\n".join(lines)


def typed_inputs() -> str:
    """The inputs whose dtype is in their name."""
    ranks: dict[str, list[str]] = {}
    dtypes: dict[str, str] = {}
    for name, make in TYPED.items():
        ranks.setdefault(name[1:], []).append(name)
        dtypes[name[0]] = str(make("x").dtype)
    letters = ", ".join(f"`{letter}` {dtype}" for letter, dtype in dtypes.items())
    shapes = ", ".join(f"`{rank}`" for rank in ranks)
    return f'`st.fmatrix("x")` and its like: one of the letters {letters}, then one of {shapes}.'


def command_line() -> str:
    """The help of the commands."""
    parser = cli._parser()
    parser.formatter_class = lambda prog: __import__("argparse").HelpFormatter(prog, width=100)
    return f"```\n{parser.format_help().strip()}\n```"


def text() -> str:
    """The whole page.

    Raises:
        KeyError: if a public name lies in a module that no chapter has.
    """
    modules, aliases, objects = grouped()
    chapters = [m for _, listed in CHAPTERS.values() for m in listed]
    homeless = {m: names for m, names in modules.items() if m not in chapters}
    if homeless:
        raise KeyError(f"CHAPTERS lacks modules: {homeless}")
    parts = []
    for title, (intro, listed) in CHAPTERS.items():
        part = [f"## {title}", *([intro] if intro else [])]
        if title.startswith("Inputs"):
            part.append(typed_inputs())
        if title.startswith("Elementwise"):
            part.append(ELEMENTWISE)
            part.append("\n".join(elementwise_rows(aliases, objects)))
        for module in listed:
            for name in modules.get(module, []):
                part.append(entry(name, objects[name], aliases[id(objects[name])][1:], modules[module]))
        parts.append("\n\n".join(part))
        if title == "Compiling":
            parts.append(f"## What a compiled function has\n\n{function_members()}")
        if title.startswith("Inputs"):
            parts.append(f"## What a tensor has\n\n{tensor_members()}")
    parts.append(f"## The command line\n\n{command_line()}")
    return HEAD + "\n\n".join(parts) + "\n"


ELEMENTWISE = """\
Operands broadcast and are promoted as in NumPy 2; the table shows the dtype of the result for operands of one dtype.
Derivatives are those of the result, rewritten; the cost is an estimate in scalar operations that fusion uses."""


def main() -> int:
    """Write the page."""
    with np.errstate(all="ignore"):
        PAGE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
