"""Random graphs give the same on every target, whatever the sizes: a fixed budget, and a seed that replays.

A failure prints the graph and hypothesis' ``@reproduce_failure`` line.  ``python -m tests.properties.fuzz`` looks
further, seed by seed.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as some

import symtensor as st
from symtensor.errors import ShapeError
from symtensor.ir.graph import Graph
from symtensor.ir.text import graph_text
from tests.properties.fuzz import compare
from tests.properties.graphs import random_graph

COMMON = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
}


def run(data: some.DataObject, operations: int, targets: tuple[str, ...]) -> None:
    outputs, inputs = random_graph(lambda n: data.draw(some.integers(0, n - 1)), operations)
    note(graph_text(Graph(tuple(inputs), tuple(outputs))))
    compare(outputs, inputs, targets, np.random.default_rng(0))


@pytest.fixture(autouse=True)
def verified(monkeypatch: pytest.MonkeyPatch) -> None:
    """The verifiers of graph, Plan and Program run between all passes."""
    monkeypatch.setenv("SYMTENSOR_VERIFY", "1")


@settings(max_examples=60, derandomize=True, **COMMON)  # type: ignore[arg-type]
@given(some.data())
def test_small_graphs_on_the_interpreter(data: some.DataObject) -> None:
    run(data, 8, ("numpy",))


@settings(max_examples=25, derandomize=True, **COMMON)  # type: ignore[arg-type]
@given(some.data())
def test_small_graphs_in_c(data: some.DataObject) -> None:
    run(data, 8, ("c",))


@pytest.mark.long
@settings(max_examples=300, **COMMON)  # type: ignore[arg-type]
@given(some.data())
def test_larger_graphs(data: some.DataObject) -> None:
    run(data, 16, ("numpy", "c"))


@settings(max_examples=40, derandomize=True, **COMMON)  # type: ignore[arg-type]
@given(some.data())
def test_sizes_that_do_not_fit_are_refused_before_anything_is_written(data: some.DataObject) -> None:
    """Every pair of sizes that must agree is checked, however the graph is rewritten."""
    x, y = st.lvector("x"), st.lvector("y")
    expressions = [
        x + y,
        (x + y) * 0,
        (x - x) * y,
        st.where(True, x, x + y),
        st.stack([x, y])[0],
        st.concatenate([x, y]),
    ]
    chosen = data.draw(some.sampled_from(range(len(expressions) - 1)))
    w = st.shared(np.zeros(2, "int64"), "w")
    f = st.compile(expressions[chosen], [x, y], updates={w: w + 1}, target="numpy", on_unused_input="ignore")
    n, m = data.draw(some.integers(0, 3)), data.draw(some.integers(0, 3))
    if n == m:
        f(np.zeros(n, "int64"), np.zeros(m, "int64"))
        assert int(w.get_value()[0]) == 1
    else:
        with pytest.raises(ShapeError):
            f(np.zeros(n, "int64"), np.zeros(m, "int64"))
        assert int(w.get_value()[0]) == 0
