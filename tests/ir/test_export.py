"""Graphs for networkx and Graphviz."""

from __future__ import annotations

import io

import networkx as nx

import symtensor as st


def test_nodes_carry_what_they_are() -> None:
    x = st.vector("x")
    graph = st.to_networkx(st.exp(x) * x)
    assert isinstance(graph, nx.MultiDiGraph)
    assert list(graph.nodes) == ["x", "exp", "multiply"]
    assert sorted(graph.edges) == [("exp", "multiply", 0), ("x", "exp", 0), ("x", "multiply", 1)]
    data = graph.nodes["exp"]
    assert (data["op"], data["kind"], data["type"], data["name"]) == ("exp", "elementwise", "float64[x.shape[0]]", "")
    assert data["site"].split(":")[0].endswith("test_export.py")
    assert graph.nodes["x"]["name"] == "x"
    assert graph.nodes["multiply"]["output"]


def test_an_operand_used_twice_has_two_edges() -> None:
    x = st.vector("x")
    assert st.to_networkx(x + x).number_of_edges("x", "add") == 2


def test_several_tensors_and_graphs_files() -> None:
    x = st.vector("x")
    graph = st.to_networkx([st.exp(x), st.log(x)])
    assert sum(data["output"] for _, data in graph.nodes(data=True)) == 2
    nx.write_graphml(graph, io.BytesIO())  # all attributes are plain values


def loop() -> st.Tensor:
    x = st.scalar("x")
    path, _ = st.scan(lambda s: st.sin(s), outputs_info=x, n_steps=3)
    return path


def test_bodies_are_components_of_their_own() -> None:
    outer, whole = st.to_networkx(loop()), st.to_networkx(loop(), bodies=True)
    assert "sin" not in {data["op"] for _, data in outer.nodes(data=True)}
    assert "scan.body/sin" in whole
    assert whole.nodes["scan.body/sin"]["within"] == "scan.body"
    assert nx.number_weakly_connected_components(whole) > nx.number_weakly_connected_components(outer)


def test_dot_clusters_and_quotes() -> None:
    text = st.to_dot(loop())
    assert text.startswith('digraph "graph" {')
    assert text.endswith("}")
    assert 'subgraph "cluster scan.body" {' in text
    evil = st.to_dot(st.vector('x"]; evil [label="\\') + 1)
    assert '\\"]; evil' in evil
    assert evil.count("\n") == st.to_dot(st.vector("x") + 1).count("\n")


def test_a_deep_graph_does_not_recurse() -> None:
    y = st.vector("x")
    for _ in range(5_000):
        y = st.sin(y)
    assert len(st.to_networkx(y)) == 5_001
