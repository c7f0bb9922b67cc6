"""Imports go one way: each room of the house may use those below it, never those above, and no circle hides anywhere.

All imports count, also those inside functions and under ``TYPE_CHECKING``: a late import is allowed to save time, not
to reach up.
"""

from __future__ import annotations

import ast
import pathlib

import networkx as nx
import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "symtensor"

# Lowest first; rooms on one line may use each other, as long as there is no circle among their modules.
LAYERS = (
    ("records", "dtypes", "errors", "options"),
    ("ir",),
    ("ops",),
    ("optimizer",),
    ("grad",),
    ("solvers",),
    ("codegen",),
    ("runtime",),
    ("inspect",),
    ("function",),
    ("random",),
    ("nn", "frontends", "cli"),
)
RANK = {room: rank for rank, rooms in enumerate(LAYERS) for room in rooms}
# Public namespaces that only hand on names; nothing inside the package may import them.
FACADES = {"__init__", "__main__", "linalg"}

SOURCES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


def imports_in(source: str, package: str) -> set[str]:
    """Modules of symtensor that this text, a module of that package, imports, wherever in the text it does so."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names if alias.name.split(".")[0] == "symtensor")
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parent = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1])
                base = f"{parent}.{base}" if base else parent
            if base.split(".")[0] == "symtensor":
                submodules = {f"{base}.{alias.name}" for alias in node.names}
                inside = submodules & set(MODULES)
                found.update(inside)
                if inside != submodules:
                    found.add(base)
    return found


def imported(module: str) -> set[str]:
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    return imports_in(path.read_text(encoding="utf-8"), package)


def room(module: str) -> str:
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_import_goes_down(module: str) -> None:
    if room(module) in FACADES:
        return
    assert room(module) in RANK, f"{module} has no place in LAYERS"
    upward = [
        used for used in sorted(imported(module)) if room(used) in FACADES or RANK[room(used)] > RANK[room(module)]
    ]
    assert not upward, f"{module} reaches up to {', '.join(upward)}"


def test_modules_form_no_circle() -> None:
    graph = nx.DiGraph()
    for module in MODULES:
        if room(module) not in FACADES:
            graph.add_edges_from((module, used) for used in imported(module))
    circles = [sorted(part) for part in nx.strongly_connected_components(graph) if len(part) > 1]
    assert not circles, f"modules that import each other: {circles}"


def test_relative_late_and_aliased_imports_are_seen() -> None:
    source = "from ..runtime import cache\ndef f():\n    import symtensor.cli as c\n    from . import size\n"
    assert {room(module) for module in imports_in(source, "symtensor.ir")} == {"runtime", "cli", "ir"}


@pytest.mark.parametrize("path", SOURCES, ids=module_name)
def test_syntax_is_python_3_10(path: pathlib.Path) -> None:
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
