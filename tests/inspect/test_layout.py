"""Layered drawings: operands above users, boxes apart, edges from box to box."""

from __future__ import annotations

import itertools
import random

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as hs

import symtensor as st
from symtensor.inspect.layout import isotonic, layered
from symtensor.inspect.svg import LIMIT, picture
from symtensor.ir.graph import Graph


def random_dag(seed: int, nodes: int) -> nx.DiGraph:
    rng = random.Random(seed)
    graph = nx.DiGraph()
    graph.add_nodes_from(range(nodes))
    for target in range(1, nodes):
        graph.add_edges_from((rng.randrange(target), target) for _ in range(rng.randrange(3)))
    return graph


@settings(max_examples=30, deadline=None)
@given(seed=hs.integers(0, 10_000), nodes=hs.integers(1, 40))
def test_boxes_keep_their_distance(seed: int, nodes: int) -> None:
    graph = random_dag(seed, nodes)
    sizes = {k: (30.0 + 7 * (k % 5), 20.0 + 5 * (k % 3)) for k in graph}
    drawn = layered(graph, sizes)
    for a, b in itertools.combinations(graph, 2):
        (xa, ya), (xb, yb) = drawn.centres[a], drawn.centres[b]
        apart = abs(xa - xb) >= (sizes[a][0] + sizes[b][0]) / 2 - 1e-6
        assert apart or abs(ya - yb) >= (sizes[a][1] + sizes[b][1]) / 2, (a, b)
    for source, target in graph.edges:
        assert drawn.centres[source][1] < drawn.centres[target][1]
        points = drawn.edges[source, target]
        assert points[0][1] == drawn.centres[source][1] + sizes[source][1] / 2
        assert points[-1][1] == drawn.centres[target][1] - sizes[target][1] / 2
        assert all(a[1] <= b[1] for a, b in itertools.pairwise(points))
    assert all(w / 2 - 1e-6 <= drawn.centres[k][0] <= drawn.width - w / 2 + 1e-6 for k, (w, _) in sizes.items())


def test_a_tree_has_no_crossings_and_sits_straight() -> None:
    graph = nx.DiGraph([("a", "c"), ("b", "c"), ("c", "d")])
    drawn = layered(graph, dict.fromkeys(graph, (40.0, 20.0)))
    assert drawn.centres["c"][0] == pytest.approx(drawn.centres["d"][0])
    assert drawn.centres["c"][0] == pytest.approx((drawn.centres["a"][0] + drawn.centres["b"][0]) / 2, abs=1)


def test_what_has_no_operands_lies_just_above_its_user() -> None:
    graph = nx.DiGraph([("a", "b"), ("b", "c"), ("late", "c")])
    drawn = layered(graph, dict.fromkeys(graph, (40.0, 20.0)))
    assert drawn.centres["late"][1] == drawn.centres["b"][1]


@given(hs.lists(hs.tuples(hs.floats(-100, 100), hs.floats(0.1, 10)), min_size=1, max_size=20))
def test_isotonic_is_sorted_and_keeps_the_mean(pairs: list[tuple[float, float]]) -> None:
    values, weights = [v for v, _ in pairs], [w for _, w in pairs]
    fitted = isotonic(values, weights)
    assert all(a <= b + 1e-9 for a, b in itertools.pairwise(fitted))
    mean = sum(v * w for v, w in pairs)
    assert sum(f * w for f, w in zip(fitted, weights)) == pytest.approx(mean, abs=1e-6)


def test_scalar_constants_are_part_of_the_boxes_that_use_them() -> None:
    x = st.vector("x")
    drawn = picture(Graph((x,), (x * 2.5,)))
    assert len(drawn.keys) == 2
    assert "multiply(·, 2.5)" in drawn.body


def test_a_large_graph_is_drawn_near_its_outputs() -> None:
    x = y = st.vector("x")
    for k in range(2 * LIMIT):
        y = st.sin(y) if k % 2 else st.cos(y)
    drawn = picture(Graph((x,), (y,)))
    assert len(drawn.keys) == LIMIT
    assert drawn.hidden == LIMIT + 1
    assert y in drawn.keys


def test_a_graph_shows_itself_in_notebooks() -> None:
    x = st.vector("<x>")
    svg = st.compile(st.exp(x), [x], target="numpy").graph._repr_svg_()
    assert svg.startswith("<svg ")
    assert "&lt;x&gt;" in svg
    assert "<x>" not in svg
