"""A graph for other tools: as a ``networkx.MultiDiGraph``, and as Graphviz text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.text import Names, constant_text

if TYPE_CHECKING:
    import networkx

COLOURS = {
    "source": "#e8f0fe", "elementwise": "#ffffff", "index": "#f3f4f6", "reduction": "#fff4d6", "contraction": "#fde2e2",
    "scatter": "#fde2e2", "library": "#fde2e2", "loop": "#e6f4ea", "item": "#f3f4f6", "effect": "#fde2e2",
}  # fmt: skip


def types_text(node: Tensor) -> str:
    """The type of a node; several where it has several results."""
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    return ", ".join(map(str, types))


def attributes_text(node: Tensor) -> str:
    """Static attributes as ``name=value``; an inner graph as ``{...}``."""
    shown = []
    for name, value in node.attrs:
        if node.op.name == "constant":
            shown.append(constant_text(value.array))  # type: ignore[attr-defined]
        else:
            shown.append(f"{name}={{...}}" if isinstance(value, Graph) else f"{name}={value}")
    return ", ".join(shown)


def bodies(node: Tensor) -> Iterator[tuple[str, Graph]]:
    """The inner graphs of a loop or branch, by attribute."""
    for name, value in node.attrs:
        if isinstance(value, Graph):
            yield name, value


def to_networkx(tensors: Tensor | Graph | Iterable[Tensor], *, bodies: bool = False) -> networkx.MultiDiGraph:
    """Everything that tensors are computed from, as a ``networkx.MultiDiGraph``.

    Nodes are keyed by their names in the typed text, and carry ``op``, ``kind``, ``type``, ``name`` (the user's, or
    ``""``), ``attributes``, ``site`` (``file:line``, or ``""``), ``output`` (whether it was asked for) and ``within``
    (the loop whose body it belongs to, or ``""``), all as plain values, so that networkx can write them to a file.
    Edges run from operands to users; their key is the number of the operand.

    Args:
        tensors: one or several, or a graph.
        bodies: whether the inner graphs of loops and branches are added, as components of their own.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> sorted(to_networkx(st.exp(x) * x).edges)
    [('exp', 'multiply', 0), ('x', 'exp', 0), ('x', 'multiply', 1)]
    """
    import networkx

    result = networkx.MultiDiGraph()
    graph = _as_graph(tensors)
    pending = [("", graph)]
    while pending:
        within, graph = pending.pop()
        names = Names(result.nodes) if not within else Names()
        prefix = f"{within}/" if within else ""
        outputs = set(graph.outputs)
        for node in [*graph.inputs, *graph.nodes()]:
            key = prefix + names.of(node)
            if key in result:
                continue
            result.add_node(key, **_description(node), output=node in outputs, within=within)
            for number, operand in enumerate(node.inputs):
                result.add_edge(prefix + names.of(operand), key, key=number)
            if bodies:
                pending += [(f"{key}.{name}", body) for name, body in _bodies(node)]
    return result


_bodies = bodies  # the parameter of the same name hides it


def _as_graph(tensors: Tensor | Graph | Iterable[Tensor]) -> Graph:
    if isinstance(tensors, Graph):
        return tensors
    return Graph((), (tensors,) if isinstance(tensors, Tensor) else tuple(tensors))


def _description(node: Tensor) -> dict[str, str]:
    return {
        "op": node.op.name,
        "kind": node.op.kind,
        "type": types_text(node),
        "name": node.name or "",
        "attributes": attributes_text(node),
        "site": f"{node.sites[0][0]}:{node.sites[0][1]}" if node.sites else "",
    }


def to_dot(tensors: Tensor | Graph | Iterable[Tensor], name: str = "graph") -> str:
    """The graph as Graphviz text; the bodies of loops and branches are clusters.

    Args:
        tensors: one or several, or a graph.
        name: of the digraph.
    """
    graph = to_networkx(tensors, bodies=True)
    clusters: dict[str, list[str]] = {}
    for key, data in graph.nodes(data=True):
        label = "\n".join(filter(None, (data["name"] or data["op"], data["attributes"][:60], data["type"])))
        outline = ", penwidth=2" if data["output"] else ""
        fill = COLOURS.get(data["kind"], "#ffffff")
        line = f"  {_quoted(key)} [label={_quoted(label)}, fillcolor={_quoted(fill)}{outline}];"
        clusters.setdefault(data["within"], []).append(line)
    lines = [f"digraph {_quoted(name)} {{", "  rankdir=TB;"]
    lines.append('  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=10, color="#9aa0a6"];')
    for within, inside in clusters.items():
        if within:
            lines += [f"  subgraph {_quoted('cluster ' + within)} {{", f"  label={_quoted(within)};", *inside, "  }"]
        else:
            lines += inside
    for source, target, number in graph.edges(keys=True):
        many = graph.in_degree(target) > 1
        label = f" [label={_quoted(str(number))}, fontsize=8]" if many else ""
        lines.append(f"  {_quoted(source)} -> {_quoted(target)}{label};")
    return "\n".join([*lines, "}"])


def _quoted(text: Any) -> str:
    """A Graphviz string: names are untrusted text."""
    escaped = str(text).replace("\\", "\\\\").replace('"', '\\"').replace("\r", " ").replace("\n", "\\n")
    return f'"{escaped}"'
