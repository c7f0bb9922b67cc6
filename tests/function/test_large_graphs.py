"""Work on large graphs grows as they do: counted in steps, not in seconds."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import buffers
from symtensor.function.compiler import generate_source
from symtensor.ir import graph as graph_module
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.pattern import FunctionRule, PatternRule
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options


def wide(nodes: int) -> tuple[Any, Any]:
    x = st.vector("x")
    z = [x * (i + 1) for i in range(50)]
    for _ in range(nodes // 150):
        z = [st.tanh(a * 0.5 + b) for a, b in zip(z, z[1:] + z[:1])]
    total = z[0]
    for v in z[1:]:
        total = total + v
    return total.sum(), x


def kernels(count: int) -> tuple[list[Any], list[Any]]:
    """Kernels that have nothing to do with one another, each with sizes of its own."""
    xs = [st.vector(f"x{i}") for i in range(count)]
    return [st.exp(x) * 2 + 1 for x in xs], xs


def reductions(count: int) -> tuple[list[Any], list[Any]]:
    """Sums along either axis, which meet in a tree."""
    x = st.matrix("x")
    level = [(x * float(i)).sum(axis=i % 2) for i in range(count)]
    while len(level) > 1:
        level = [(a.sum() if a.ndim else a) + (b.sum() if b.ndim else b) for a, b in zip(level[::2], level[1::2])]
    return level, [x]


def chain(count: int) -> tuple[list[Any], list[Any]]:
    """A deep chain, of which every tenth value is an output."""
    x = st.vector("x")
    y, outputs = x, []
    for i in range(count):
        y = st.sin(y) * 1.5 + i
        if i % 10 == 9:
            outputs.append(y)
    return outputs, [x]


def inputs(count: int) -> tuple[list[Any], list[Any]]:
    """A function of many scalars."""
    xs = [st.scalar(f"s{i}") for i in range(count)]
    total = xs[0]
    for a, b in pairwise(xs):
        total = total + a * b
    return [total], xs


def calls(work: Callable[[], object]) -> int:
    """Python functions entered while something is done: a clock that no other process moves."""
    count = 0

    def note(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(("shape", "size"), [(kernels, 40), (reductions, 32), (chain, 100), (inputs, 100)])
def test_generating_code_is_linear(shape: Callable[[int], tuple[list[Any], list[Any]]], size: int) -> None:
    generate_source(*shape(size))  # first-use costs
    few, many = (calls(lambda n=n: generate_source(*shape(n))) for n in (size, 4 * size))
    assert many < 4.6 * few


def test_generating_code_of_a_wide_graph_is_linear() -> None:
    def work(nodes: int) -> None:
        cost, x = wide(nodes)
        generate_source(cost, [x])

    work(600)
    few, many = (calls(lambda n=n: work(n)) for n in (600, 2400))
    assert many < 4.4 * few


def test_rewriting_and_differentiating_are_linear() -> None:
    def work(nodes: int) -> None:
        cost, x = wide(nodes)
        optimize(Graph((x,), (cost, st.grad(cost, x))), Options())

    work(600)
    few, many = (calls(lambda n=n: work(n)) for n in (450, 1800))
    assert many < 4.4 * few


def test_few_rules_are_tried_on_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: Counter[str] = Counter()
    for kind in (PatternRule, FunctionRule):

        def apply(self: Any, node: Any, kind: Any = kind, original: Any = kind.apply) -> Any:
            tried[self.name] += 1
            return original(self, node)

        monkeypatch.setattr(kind, "apply", apply)
    cost, x = wide(3000)
    written = Graph((x,), (cost, st.grad(cost, x)))
    tried.clear()
    optimize(written, Options())
    assert tried.total() < 4 * len(written.nodes())  # over all passes


def test_compiling_walks_a_graph_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    cost, x = wide(1500)
    nodes = set(toposort([cost]))
    visited = Counter()

    def counted(outputs: Any, stop: Any = frozenset()) -> Any:
        found = toposort(outputs, stop)
        visited["all"] += len(found)
        return found

    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("symtensor") and getattr(module, "toposort", None) is toposort:
            monkeypatch.setattr(module, "toposort", counted)
    assert graph_module.toposort is counted
    st.compile(cost, [x], target="numpy")
    assert visited["all"] <= 16 * len(nodes)


def test_free_blocks_are_found_without_a_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proofs about sizes are dear: as many as pairs of sizes, however many temporaries."""
    proofs = Counter()
    original = sz.at_least

    def counted(left: Any, right: Any) -> bool:
        proofs["all"] += 1
        return original(left, right)

    monkeypatch.setattr(buffers.sz, "at_least", counted)

    def proved(count: int) -> int:
        proofs.clear()
        arena = buffers._Arena({})
        n, m = (sz.Size.of(sz.Dim(name)) for name in "nm")
        for k in range(count):
            arena.house(f"t{k}", (n, m)[k % 2], frozenset(), (k, k + 5))
        return proofs["all"]

    assert proved(1000) == proved(100) < 20


def test_blocks_are_shared_by_temporaries_of_one_size_first() -> None:
    arena = buffers._Arena({})
    arena.house("a", 64, frozenset(), (1, 2))
    arena.house("b", 128, frozenset(), (1, 2))
    arena.house("c", 128, frozenset(), (3, 4))  # fits b's block as it is
    arena.house("d", 32, frozenset(), (3, 4))  # fits into a's
    arena.house("e", 256, frozenset(), (5, 6))  # nothing is large enough: the largest grows
    arena.house("f", 64, frozenset(), (6, 6))  # e is alive still
    assert arena.tenants == [["a", "d", "f"], ["b", "c", "e"]]
    assert arena.sizes == [(64,), (256,)]


def products(count: int) -> tuple[list[Any], list[Any]]:
    """Products of matrices whose sizes cannot be compared, with a temporary each."""
    xs = [st.matrix(f"x{i}") for i in range(count)]
    return [(st.tanh(x @ x) @ x).sum() for x in xs], xs


def test_a_block_for_hundreds_of_sizes_is_no_deep_expression() -> None:
    outputs, leaves = products(150)
    source = generate_source(outputs, leaves)
    assert "const int64_t arena_offset" in source
    few, many = (len(generate_source(*products(n))) for n in (20, 80))
    assert many < 4.8 * few


def test_temporaries_of_many_sizes_do_not_overlap() -> None:
    outputs, leaves = products(12)
    rng = np.random.default_rng(0)
    values = [rng.normal(size=(n, n)) / n for n in rng.permutation(np.arange(2, 14))]
    found = st.compile(outputs, leaves)(*values)
    np.testing.assert_allclose(found, [(np.tanh(v @ v) @ v).sum() for v in values], rtol=1e-10, atol=1e-12)


def test_a_function_of_many_inputs_is_checked_in_one_pass() -> None:
    from symtensor.function.request import checked_inputs

    def checked(count: int) -> int:
        outputs, leaves = inputs(count)
        nodes = toposort(outputs)
        return calls(lambda: checked_inputs(leaves, nodes, "raise"))

    assert checked(800) < 4.4 * checked(200)
