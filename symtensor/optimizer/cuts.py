"""Minimum cuts: which values of a graph to keep so that everything else follows from them at a low price."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor

Vertex = tuple[Tensor | None, bool]  # a node and whether its result is meant; None is the source or the sink
_SOURCE: Vertex = (None, False)
_SINK: Vertex = (None, True)
_UNBOUNDED = 1 << 62


def minimum_cut(
    sources: Iterable[Tensor],
    targets: Sequence[Tensor],
    capacity: Mapping[Tensor, int],
    stop: set[Tensor] | frozenset[Tensor] = frozenset(),
) -> list[Tensor]:
    """The cheapest nodes that separate sources from targets: each path from a source to a target holds one of them.

    Sources and targets may be chosen themselves.  Among cuts of one price the one nearest to the targets is taken.

    Args:
        sources: where paths begin.
        targets: where they end.
        capacity: the price of a node; one without price cannot be chosen.
        stop: nodes whose inputs are left out.

    Returns:
        The nodes in graph order; none if no path exists.

    Reference: Ford and Fulkerson, Maximal flow through a network (1956), by shortest augmenting paths.
    """
    order = toposort(targets, stop)
    residual = _network(order, set(sources), set(targets), capacity, stop)
    while True:
        path = _shortest_path(residual)
        if path is None:
            break
        amount = min(residual[a][b] for a, b in path)
        if amount >= _UNBOUNDED:
            raise ValueError("no set of nodes with a price separates the sources from the targets")
        for a, b in path:
            residual[a][b] -= amount
            residual[b][a] = residual[b].get(a, 0) + amount
    behind = _reaching_sink(residual)
    return [node for node in order if (node, True) in behind and (node, False) not in behind]


def _network(
    order: Sequence[Tensor],
    sources: set[Tensor],
    targets: set[Tensor],
    capacity: Mapping[Tensor, int],
    stop: set[Tensor] | frozenset[Tensor],
) -> dict[Vertex, dict[Vertex, int]]:
    """Residual capacities: each node is an edge from its entry to its result, results lead to the entries of users."""
    edges: dict[Vertex, dict[Vertex, int]] = {_SOURCE: {}, _SINK: {}}
    for node in order:
        edges[node, False] = {(node, True): capacity.get(node, _UNBOUNDED)}
        edges[node, True] = {}
    for node in order:
        for i in () if node in stop else dict.fromkeys(node.inputs):
            edges[i, True][node, False] = _UNBOUNDED
        if node in sources:
            edges[_SOURCE][node, False] = _UNBOUNDED
        if node in targets:
            edges[node, True][_SINK] = _UNBOUNDED
    return edges


def _shortest_path(residual: Mapping[Vertex, Mapping[Vertex, int]]) -> list[tuple[Vertex, Vertex]] | None:
    """Edges of a shortest path with room from the source to the sink."""
    came_from: dict[Vertex, Vertex] = {}
    queue = deque([_SOURCE])
    while queue:
        vertex = queue.popleft()
        for after, room in residual[vertex].items():
            if room > 0 and after not in came_from and after != _SOURCE:
                came_from[after] = vertex
                if after == _SINK:
                    path = [(vertex, after)]
                    while vertex != _SOURCE:
                        path.append((came_from[vertex], vertex))
                        vertex = came_from[vertex]
                    return path[::-1]
                queue.append(after)
    return None


def _reaching_sink(residual: Mapping[Vertex, Mapping[Vertex, int]]) -> set[Vertex]:
    """The vertices from which the sink can still be reached."""
    into: dict[Vertex, list[Vertex]] = {}
    for vertex, after in residual.items():
        for other, room in after.items():
            if room > 0:
                into.setdefault(other, []).append(vertex)
    reached, queue = {_SINK}, deque([_SINK])
    while queue:
        for before in into.get(queue.popleft(), ()):
            if before not in reached:
                reached.add(before)
                queue.append(before)
    return reached
