"""Graphs and kernels drawn as SVG: boxes with typed labels, coloured by the kernel that computes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from html import escape

from symtensor.codegen.program import Gemm, Launch, Library, Program, Step, all_steps
from symtensor.inspect.layout import layered
from symtensor.ir.export import attributes_text, types_text
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.text import Names, constant_text
from symtensor.records import dataclass

LIMIT = 500  # nodes that are drawn; beyond that nobody reads a drawing
CHARACTER = {"title": 7.3, "small": 6.1}  # pixels, for the monospaced fonts of the style below
LINE = {"title": 17.0, "small": 14.0}
MARGIN = 20.0
HUES = (212, 28, 140, 340, 268, 185, 52, 100, 310, 235, 12, 160)  # of kernels, neighbours far apart

STYLE = """
.v rect { fill: var(--fill, #fff); stroke: var(--line, #8a94a6); stroke-width: 1.1; }
.v text { font: 600 12px ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.v text { fill: var(--ink, #1f2733); }
.v text.small { font-weight: 400; font-size: 10px; fill: var(--soft, #5b6677); }
.v.source rect { fill: var(--source, #eef1f6); stroke-dasharray: none; }
.v.output rect { stroke-width: 2.4; }
.e { fill: none; stroke: var(--edge, #98a2b3); stroke-width: 1.2; }
.tip { fill: var(--edge, #98a2b3); }
"""


@dataclass(frozen=True)
class Vertex:
    """One box.

    Attributes:
        key: the id of its element.
        lines: texts from top to bottom; the first is the title.
        classes: for the style: ``source``, ``output``.
        hue: colour, None for neutral.
    """

    key: str
    lines: tuple[str, ...]
    classes: tuple[str, ...] = ()
    hue: int | None = None

    @property
    def size(self) -> tuple[float, float]:
        """Width and height that the texts need."""
        title, *rest = self.lines
        width = max([len(title) * CHARACTER["title"], *(len(line) * CHARACTER["small"] for line in rest)])
        return width + 22, LINE["title"] + len(rest) * LINE["small"] + 11


@dataclass(frozen=True)
class Picture:
    """A drawing as SVG, and which element shows which tensor.

    Attributes:
        body: SVG elements.
        width: in pixels.
        height: in pixels.
        keys: for each drawn tensor the id of its element.
        hidden: how many nodes were left out of a drawing that would be too large.
        names: for the element of each kernel its name.
    """

    body: str
    width: float
    height: float
    keys: Mapping[Tensor, str]
    hidden: int = 0
    names: Mapping[str, str] = field(default_factory=dict)

    def element(self) -> str:
        """The ``<svg>`` element, for a page that has the style."""
        box = f"{-MARGIN:.0f} {-MARGIN:.0f} {self.width + 2 * MARGIN:.0f} {self.height + 2 * MARGIN:.0f}"
        return f'<svg viewBox="{box}">{self.body}</svg>'

    def standalone(self) -> str:
        """An SVG file of its own."""
        head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width + 2 * MARGIN:.0f}" '
        return self.element().replace("<svg ", head, 1).replace(">", f"><style>{STYLE}</style>", 1)


EMPTY = Picture("", 0.0, 0.0, {})


def shorten(text: str, limit: int = 34) -> str:
    """Text cut to a length."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def picture(graph: Graph, prefix: str = "n", hues: Mapping[Tensor, int] | None = None) -> Picture:
    """Draw a graph; scalar constants are written into the boxes that use them.

    Args:
        graph: what is drawn; of a graph of more than ``LIMIT`` nodes the part nearest to the outputs.
        prefix: of the elements' ids.
        hues: colours of nodes.
    """
    names = Names()
    for node in [*graph.inputs, *graph.nodes()]:
        names.of(node)
    shown = _nearest(graph)
    outputs = set(graph.outputs)
    keys = {node: f"{prefix}{number}" for number, node in enumerate(shown)}
    vertices, edges = [], []
    for node in shown:
        classes = [c for c, holds in (("source", node.op.kind == "source"), ("output", node in outputs)) if holds]
        vertices.append(Vertex(keys[node], _labels(node, names), tuple(classes), (hues or {}).get(node)))
        edges += [(keys[operand], keys[node]) for operand in node.inputs if operand in keys]
    total = sum(not _is_inline(n) for n in graph.nodes())
    body, width, height = render(vertices, edges)
    return Picture(body, width, height, keys, total - len(shown))


def _is_inline(node: Tensor) -> bool:
    return node.op.name == "constant" and node.ndim == 0


def _nearest(graph: Graph) -> list[Tensor]:
    """The nodes to draw, operands before users: all, or breadth-first from the outputs up to the limit."""
    order = [n for n in graph.nodes() if not _is_inline(n)]
    if len(order) <= LIMIT:
        return order
    near: dict[Tensor, None] = dict.fromkeys(graph.outputs)
    frontier = list(near)
    while frontier and len(near) < LIMIT:
        operands = dict.fromkeys(i for n in frontier for i in n.inputs)
        frontier = [i for i in operands if i not in near and not _is_inline(i)]
        near.update(dict.fromkeys(frontier[: LIMIT - len(near)]))
    return [n for n in order if n in near]


def _labels(node: Tensor, names: Names) -> tuple[str, ...]:
    """Title and type: ``multiply(·, 0.5)``, with the user's name in front where there is one."""
    if node.op.kind == "source":
        title = constant_text(node.attr("value").array) if node.op.name == "constant" else names.of(node)
        return shorten(title), shorten(_source_type(node), 40)
    constants = any(_is_inline(i) for i in node.inputs)
    title = node.op.name
    if constants:
        operands = [constant_text(i.attr("value").array) if _is_inline(i) else "·" for i in node.inputs]
        title += f"({', '.join(operands)})"
    if node.name:
        title = f"{node.name} = {title}"
    attributes = attributes_text(node)
    return (shorten(title), *((shorten(attributes, 40),) if attributes else ()), shorten(types_text(node), 40))


def _source_type(node: Tensor) -> str:
    return types_text(node) if node.op.name in ("input", "constant") else f"{node.op.name} {types_text(node)}"


# -------------------------------------------------------------------------------------------------------- kernels
def kernel_picture(program: Program, hues: Mapping[str, int]) -> Picture:
    """Draw the Program: a box for each kernel, product or routine with what it computes; buffers run along edges.

    A loop writes what its next round reads: edges run to later steps only.

    Args:
        program: whose steps are drawn, those inside of loops too.
        hues: colours of kernels by name.
    """
    arguments = [s.name for s in program.storages.values() if s.kind == "argument"]
    writers: dict[str, str] = {}
    vertices: list[Vertex] = []
    edges: list[tuple[str, str]] = []
    known = {name: f"a{number}" for number, name in enumerate(arguments)}
    used: dict[str, None] = {}
    titles: dict[str, str] = {}
    for number, step in enumerate(all_steps(program.steps)):
        described = _step(step)
        if described is None:
            continue
        name, lines, reads, writes = described
        key = f"s{number}"
        vertices.append(Vertex(key, (name, *lines), (), hues.get(name)))
        titles[key] = name
        for buffer in reads:
            source = writers.get(buffer) or known.get(buffer)
            if source is not None:
                edges.append((source, key))
                used.setdefault(buffer)
        writers.update(dict.fromkeys(writes, key))
    for buffer in used:
        if buffer in known:
            vertices.append(Vertex(known[buffer], (shorten(buffer), _buffer_type(program, buffer)), ("source",)))
    for number, buffer in enumerate(dict.fromkeys(program.outputs)):
        if buffer in writers:
            label = (shorten(buffer), _buffer_type(program, buffer))
            vertices.append(Vertex(f"o{number}", label, ("source", "output")))
            edges.append((writers[buffer], f"o{number}"))
    body, width, height = render(vertices, edges)
    return Picture(body, width, height, {}, names=titles)


def _buffer_type(program: Program, name: str) -> str:
    storage = program.storages[name]
    return shorten(f"{storage.dtype}[{', '.join(map(str, storage.shape))}]", 40)


def _step(step: Step) -> tuple[str, list[str], list[str], list[str]] | None:
    """Name, contents, buffers read and buffers written of a step that computes something."""
    if isinstance(step, Launch):
        kernel = step.kernel
        nodes = list(dict.fromkeys(f"{n.name or n.op.name}: {types_text(n)}" for n in kernel.nodes))
        more = [f"and {len(nodes) - 14} more"] if len(nodes) > 15 else []
        reads = [b.name for b in kernel.buffers if b.access != "out"]
        writes = [b.name for b in kernel.buffers if b.access != "in"]
        return kernel.name, [shorten(n, 48) for n in nodes[: 15 - len(more)]] + more, reads, writes
    if isinstance(step, Gemm):
        size = f"{step.rows} × {step.inner} by {step.inner} × {step.columns}"
        return step.name, ["BLAS", shorten(size, 48)], [step.a.buffer, step.b.buffer], [step.c.buffer]
    if isinstance(step, Library):
        return step.routine, ["library routine"], list(step.inputs), list(step.outputs)
    return None


# ------------------------------------------------------------------------------------------------------- rendering
def render(vertices: Iterable[Vertex], edges: Iterable[tuple[str, str]]) -> tuple[str, float, float]:
    """SVG elements of boxes and edges, with width and height."""
    import networkx as nx

    vertices = list(vertices)
    graph = nx.DiGraph()
    graph.add_nodes_from(v.key for v in vertices)
    graph.add_edges_from((u, v) for u, v in edges if u != v)
    drawn = layered(graph, {v.key: v.size for v in vertices})
    parts = [_edge(u, v, points) for (u, v), points in drawn.edges.items()]
    parts += [_box(vertex, *drawn.centres[vertex.key]) for vertex in vertices]
    return "".join(parts), drawn.width, drawn.height


def _edge(source: object, target: object, points: list[tuple[float, float]]) -> str:
    (x, y), *rest = points
    path = [f"M{x:.1f} {y:.1f}"]
    x_end, y_end = points[-1]
    for number, (x1, y1) in enumerate(rest):
        if number == len(rest) - 1:
            y1 -= 5  # the arrow's head
        if x1 == x:
            path.append(f"L{x1:.1f} {y1:.1f}")
        else:
            half = (y1 - y) / 2
            path.append(f"C{x:.1f} {y + half:.1f} {x1:.1f} {y1 - half:.1f} {x1:.1f} {y1:.1f}")
        x, y = x1, y1
    head = f"M{x_end:.1f} {y_end:.1f}l-3.5 -7h7z"
    ends = f'data-from="{source}" data-to="{target}"'
    return f'<path class="e" {ends} d="{"".join(path)}"/><path class="tip" {ends} d="{head}"/>'


def _box(vertex: Vertex, x: float, y: float) -> str:
    width, height = vertex.size
    colour = ""
    if vertex.hue is not None:
        fill = f"hsl({vertex.hue} var(--sat, 75%) var(--lum, 93%))"
        colour = f' style="--fill:{fill};--line:hsl({vertex.hue} 45% 55%)"'
    left, top = x - width / 2, y - height / 2
    radius = height / 2 if "source" in vertex.classes and len(vertex.lines) < 2 else 7
    at = top + 5 + LINE["title"] - 4
    texts = []
    for number, line in enumerate(vertex.lines):
        small = ' class="small"' if number else ""
        texts.append(f'<text{small} x="{x:.1f}" y="{at:.1f}" text-anchor="middle">{escape(line)}</text>')
        at += LINE["small"] if number else LINE["small"] + 1
    classes = " ".join(("v", *vertex.classes))
    frame = f'<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.1f}" rx="{radius:.0f}"/>'
    return f'<g class="{classes}" id="{vertex.key}"{colour}>{frame}{"".join(texts)}</g>'
