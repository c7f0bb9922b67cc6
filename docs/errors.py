"""Writes docs/errors.md from the cases in tests/errors, which show each message whole: ``python -m docs.errors``."""

from __future__ import annotations

import ast
import pathlib
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "errors.md"
CASES = ROOT / "tests" / "errors" / "test_messages.py"

OPENING = """\
<!-- Written by `make docs` from tests/errors: change those. -->
# What bad input gets

A message says what is wrong, shows both sides in your names, the file and line where the expression was written, and
one hint; it has at most twelve lines. What can be proved wrong fails where it was written or when it is compiled,
everything else at the call, before anything is written: after an error every shared variable is as it was.

All errors derive from `symtensor.errors.SymtensorError` or are Python's own, and from the class that NumPy would raise:
`ShapeError` is a `ValueError`, `DTypeError` a `TypeError`, `BoundsError` an `IndexError`, `LinAlgError` NumPy's.

Each message below is compared with what symtensor raises by a test. The examples speak of

```python
{leaves}
```
"""


def cases() -> dict[str, list[tuple[str, str, str, str]]]:
    """What was done wrong, the code, the error's class and its message, for both chapters."""
    source = CASES.read_text(encoding="utf-8")
    tree = ast.parse(source)

    def text(node: ast.expr) -> str:
        return " ".join((ast.get_source_segment(source, node) or "").split())

    found: dict[str, list[tuple[str, str, str, str]]] = {"BUILD": [], "CALL": []}
    for statement in tree.body:
        if not (isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)):
            continue
        if statement.target.id not in found or not isinstance(statement.value, ast.Dict):
            continue
        for key, value in zip(statement.value.keys, statement.value.values):
            assert isinstance(key, ast.Constant)
            assert isinstance(value, ast.Tuple)
            error, *how, message = value.elts
            if isinstance(how[0], ast.Lambda):
                code = text(how[0].body)
            else:
                output, inputs, arguments = how
                given = text(arguments).removeprefix("(").removesuffix(")").removesuffix(",")
                code = f"st.compile({text(output)}, {text(inputs)})({given})"
            found[statement.target.id].append((key.value, code, text(error), ast.literal_eval(message)))
    return found


def leaves() -> str:
    """The tensors that the cases use, as the tests make them."""
    source = CASES.read_text(encoding="utf-8")
    wanted = {"X", "A", "J", "N", "W", "C"}
    lines = []
    for statement in ast.parse(source).body:
        if isinstance(statement, (ast.Assign, ast.AnnAssign)):
            target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            if isinstance(names[0], ast.Name) and names[0].id in wanted and statement.value is not None:
                left = ", ".join(n.id for n in names if isinstance(n, ast.Name))
                lines.append(f"{left} = {ast.get_source_segment(source, statement.value)}")
    return "\n".join(lines)


def page() -> str:
    """The whole page."""
    titles = {"BUILD": "While building and compiling", "CALL": "At the call"}
    parts = [OPENING.replace("{leaves}", leaves())]
    for chapter, rows in cases().items():
        parts.append(f"\n## {titles[chapter]}\n")
        for what, code, error, message in sorted(rows):
            shown = message.replace("LINE", "model.py:12").replace("FILE", "model.py")
            code = "\n".join(textwrap.wrap(code, 116, subsequent_indent="    ", break_long_words=False))
            parts.append(f"\n### {what[0].upper()}{what[1:]}\n\n```python\n{code}\n```\n\n```\n{error}: {shown}\n```\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE.name}\n")
