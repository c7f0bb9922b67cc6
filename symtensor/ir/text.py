"""The typed text form of a graph: one equation a line, shared nodes named after the user's variables."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from symtensor.ir.node import Tensor

INLINE_ELEMENTS = 16  # constants up to this size are written out


@runtime_checkable
class GraphLike(Protocol):
    """What of a ``Graph`` is printed; the graph itself prints with this module, so it cannot be imported here."""

    @property
    def inputs(self) -> tuple[Tensor, ...]:
        """Leaves."""

    @property
    def outputs(self) -> tuple[Tensor, ...]:
        """Results."""

    def nodes(self) -> list[Tensor]:
        """All nodes, inputs before users."""


def sanitise(name: str) -> str:
    """A user's name as an identifier: names are untrusted text."""
    cleaned = re.sub(r"\W", "_", name, flags=re.ASCII)
    return cleaned if cleaned and not cleaned[0].isdigit() else "_" + cleaned


class Names:
    """Gives each node one readable, unique name, in the order in which it is asked."""

    def __init__(self, reserved: Iterable[str] = ()) -> None:
        self._taken: set[str] = set(reserved)
        self._names: dict[Any, str] = {}
        self._numbers: dict[str, int] = {}

    def fresh(self, wanted: str) -> str:
        """A name nobody has yet, close to the wanted one."""
        base = sanitise(wanted)
        name, number = base, self._numbers.get(base, 1)
        while name in self._taken:
            number += 1
            name = f"{base}_{number}"
        self._numbers[base] = number  # so that the next search starts where this one ended
        self._taken.add(name)
        return name

    def of(self, node: Tensor) -> str:
        """The name of a node: the user's where there is one."""
        if node not in self._names:
            self._names[node] = self.fresh(node.name or node.op.name)
        return self._names[node]


def constant_text(value: np.ndarray) -> str:
    """A constant as it is printed: its elements, or its type where there are many."""
    if value.ndim == 0:
        # A float32 shows as many digits as it has, not those of the double next to it.
        return str(value[()]) if value.dtype.kind == "f" and value.dtype.itemsize < 8 else repr(value.item())
    if value.size <= INLINE_ELEMENTS:
        return np.array2string(value, separator=", ", threshold=INLINE_ELEMENTS).replace("\n", "")
    return f"constant<{value.dtype}[{', '.join(map(str, value.shape))}]>"


def _operand(node: Tensor, names: Names) -> str:
    return constant_text(node.attr("value").array) if node.op.name == "constant" else names.of(node)


def equation(node: Tensor, names: Names) -> str:
    """One node as ``name: type = op(inputs, attrs)``."""
    arguments = [_operand(i, names) for i in node.inputs]
    bodies = []
    for key, value in node.attrs:
        if isinstance(value, GraphLike):
            arguments.append(f"{key}={{...}}")
            bodies.append((key, value))
        else:
            arguments.append(f"{key}={value}")
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    line = f"{names.of(node)}: {', '.join(map(str, types))} = {node.op.name}({', '.join(arguments)})"
    for key, body in bodies:
        inner = graph_text(body).replace("\n", "\n        ")
        line += f"\n    {key}:\n        {inner}"
    return line


def graph_text(graph: GraphLike) -> str:
    """The whole graph: inputs, one equation a line, outputs."""
    names = Names()
    nodes = graph.nodes()
    lines = ["inputs " + ", ".join(f"{names.of(i)}: {i.type}" for i in graph.inputs)]
    for node in nodes:
        if node.op.kind != "source" or (not node.inputs and node.op.name not in ("input", "shared", "constant")):
            lines.append(equation(node, names))
        elif node.op.name == "shared" and node not in set(graph.inputs):
            lines.append(f"shared {names.of(node)}: {node.type}")
    lines.append("return " + ", ".join(_operand(o, names) for o in graph.outputs))
    return "\n".join(lines)
