"""Layered drawing of a directed acyclic graph: where boxes lie and how edges run between them.

The four steps of Sugiyama, Tagawa & Toda, "Methods for visual understanding of hierarchical system structures",
IEEE Trans. SMC 11 (1981): layers by longest path (networkx's topological generations), an order within each layer by
barycentres, x coordinates, edges.  Coordinates are the least-squares fit to the neighbours' centres under the order
and the distances of a layer, which is an isotonic regression.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import field
from itertools import pairwise
from typing import TYPE_CHECKING

from symtensor.records import dataclass

if TYPE_CHECKING:
    import networkx

Key = Hashable
GAP_X, GAP_Y = 26.0, 44.0
SWEEPS = 12
BEND_WIDTH = 8.0  # what an edge that passes through a layer takes up
BEND_WEIGHT = 6.0  # long edges are kept straight at the expense of short ones


@dataclass(frozen=True)
class Drawing:
    """Where everything lies, in pixels.

    Attributes:
        centres: of each box.
        edges: for each edge the points that it runs through, from the bottom of a box to the top of another.
        width: of the whole drawing.
        height: of the whole drawing.
    """

    centres: dict[Key, tuple[float, float]]
    edges: dict[tuple[Key, Key], list[tuple[float, float]]]
    width: float
    height: float


@dataclass(eq=False)
class _Cell:
    """A box or the bend of an edge, in its layer."""

    key: Key
    width: float
    height: float
    layer: int
    bend: bool = False
    above: list[_Cell] = field(default_factory=list)
    below: list[_Cell] = field(default_factory=list)
    x: float = 0.0
    order: float = 0.0


def layered(graph: networkx.DiGraph, sizes: Mapping[Key, tuple[float, float]]) -> Drawing:
    """Lay out a graph from top to bottom.

    Args:
        graph: without cycles; parallel edges are drawn once.
        sizes: width and height of each node's box.
    """
    layers, chains = _layers(graph, sizes)
    _order(layers)
    _place(layers)
    return _drawing(layers, chains)


def _ranks(graph: networkx.DiGraph) -> dict[Key, int]:
    """Layer of each node: below all its operands; what has no operands lies just above its first user."""
    import networkx as nx

    ranks: dict[Key, int] = {}
    for number, generation in enumerate(nx.topological_generations(graph)):
        ranks.update(dict.fromkeys(generation, number))
    for key in graph:
        if graph.in_degree(key) == 0 and graph.out_degree(key):
            ranks[key] = min(ranks[user] for user in graph.successors(key)) - 1
    return ranks


def _layers(
    graph: networkx.DiGraph, sizes: Mapping[Key, tuple[float, float]]
) -> tuple[list[list[_Cell]], dict[tuple[Key, Key], list[_Cell]]]:
    ranks = _ranks(graph)
    layers: list[list[_Cell]] = [[] for _ in range(max(ranks.values(), default=-1) + 1)]
    cells: dict[Key, _Cell] = {}
    for key in graph:
        cells[key] = _Cell(key, *sizes[key], ranks[key])
        layers[ranks[key]].append(cells[key])
    chains: dict[tuple[Key, Key], list[_Cell]] = {}
    for source, target in dict.fromkeys((u, v) for u, v, *_ in graph.edges):
        chain = [cells[source]]
        for layer in range(ranks[source] + 1, ranks[target]):
            bend = _Cell((source, target, layer), BEND_WIDTH, 0.0, layer, bend=True)
            layers[layer].append(bend)
            chain.append(bend)
        chain.append(cells[target])
        for upper, lower in pairwise(chain):
            upper.below.append(lower)
            lower.above.append(upper)
        chains[source, target] = chain
    return layers, chains


# ----------------------------------------------------------------------------------------------------------- order
def _order(layers: list[list[_Cell]]) -> None:
    """Sort each layer by the mean position of neighbours, down and up in turn; the best order found is kept."""
    _renumber(layers)
    best, fewest = [list(layer) for layer in layers], _crossings(layers)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        downwards = sweep % 2 == 0
        for layer in layers if downwards else reversed(layers):
            for cell in layer:
                near = cell.above if downwards else cell.below
                if near:
                    cell.order = sum(n.order for n in near) / len(near)
            layer.sort(key=lambda cell: cell.order)
            _renumber([layer])
        crossings = _crossings(layers)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    layers[:] = best
    _renumber(layers)


def _renumber(layers: list[list[_Cell]]) -> None:
    for layer in layers:
        for number, cell in enumerate(layer):
            cell.order = float(number)


def _crossings(layers: list[list[_Cell]]) -> int:
    """Edges that cross: inversions of the lower ends when edges are sorted by their upper ends."""
    from bisect import bisect_right, insort

    total = 0
    for layer in layers:
        seen: list[float] = []
        for cell in layer:
            ends = sorted(n.order for n in cell.below)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


# ----------------------------------------------------------------------------------------------------- coordinates
def _place(layers: list[list[_Cell]]) -> None:
    for layer in layers:
        at = 0.0
        for cell in layer:
            cell.x = at + cell.width / 2
            at += cell.width + GAP_X
    for sweep in range(2 * SWEEPS):
        for layer in layers if sweep % 2 == 0 else list(reversed(layers)):
            _fit(layer, both=sweep >= SWEEPS)
    left = min((c.x - c.width / 2 for layer in layers for c in layer), default=0.0)
    for layer in layers:
        for cell in layer:
            cell.x -= left


def _fit(layer: list[_Cell], both: bool) -> None:
    """Move cells towards the mean of their neighbours as near as order and distances allow."""
    if not layer:
        return
    offsets = [0.0]
    for a, b in pairwise(layer):
        gap = GAP_X * (0.6 if a.bend or b.bend else 1.0)
        offsets.append(offsets[-1] + (a.width + b.width) / 2 + gap)
    wanted, weights = [], []
    for cell in layer:
        near = [*cell.above, *cell.below] if both else (cell.above or cell.below)
        pulls = [(BEND_WEIGHT if cell.bend and n.bend else 1.0, n.x) for n in near]
        weight = sum(w for w, _ in pulls)
        wanted.append(sum(w * x for w, x in pulls) / weight if pulls else cell.x)
        weights.append(weight or 0.1)
    fitted = isotonic([w - o for w, o in zip(wanted, offsets)], weights)
    for cell, value, offset in zip(layer, fitted, offsets):
        cell.x = value + offset


def isotonic(values: list[float], weights: list[float]) -> list[float]:
    """The non-decreasing sequence nearest to values in weighted least squares: pooling of adjacent violators.

    >>> isotonic([1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0])
    [1.0, 2.5, 2.5, 4.0]
    """
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights):
        count = 1
        while pools and pools[-1][0] > value:
            mean, heavy, many = pools.pop()
            value = (mean * heavy + value * weight) / (heavy + weight)
            weight, count = heavy + weight, count + many
        pools.append((value, weight, count))
    return [value for value, _, count in pools for _ in range(count)]


# ----------------------------------------------------------------------------------------------------------- edges
def _drawing(layers: list[list[_Cell]], chains: dict[tuple[Key, Key], list[_Cell]]) -> Drawing:
    middle: list[float] = []
    tall: list[float] = []
    at = 0.0
    for layer in layers:
        height = max((cell.height for cell in layer), default=0.0)
        middle.append(at + height / 2)
        tall.append(height)
        # Many edges between two layers need room to tell them apart.
        at += height + GAP_Y + min(60.0, 1.2 * len(layer))
    centres = {c.key: (c.x, middle[c.layer]) for layer in layers for c in layer if not c.bend}
    edges: dict[tuple[Key, Key], list[tuple[float, float]]] = {}
    for ends, chain in chains.items():
        first, last = chain[0], chain[-1]
        points = [(first.x + _port(first, chain[1], first.below), middle[first.layer] + first.height / 2)]
        for bend in chain[1:-1]:
            at, half = middle[bend.layer], tall[bend.layer] / 2
            points += [(bend.x, at - half), (bend.x, at + half)]
        points.append((last.x + _port(last, chain[-2], last.above), middle[last.layer] - last.height / 2))
        edges[ends] = points
    width = max((c.x + c.width / 2 for layer in layers for c in layer), default=0.0)
    height = middle[-1] + tall[-1] / 2 if layers else 0.0
    return Drawing(centres, edges, width, height)


def _port(cell: _Cell, neighbour: _Cell, neighbours: list[_Cell]) -> float:
    """Where along a box's side an edge meets it: edges spread in the order of their other ends."""
    if len(neighbours) < 2:
        return 0.0
    ranked = sorted(neighbours, key=lambda n: n.x)
    spread = min(cell.width * 0.6, 16.0 * (len(ranked) - 1))
    return spread * (ranked.index(neighbour) / (len(ranked) - 1) - 0.5)
