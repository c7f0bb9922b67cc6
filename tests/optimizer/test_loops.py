"""The passes that rewrite loops and branches: what they make of graphs, and that values stay."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import Graph, toposort
from symtensor.ops.control import COND, SCAN, WHILE_LOOP
from symtensor.ops.reference import evaluate
from symtensor.optimizer.cuts import minimum_cut
from symtensor.optimizer.loops import simplify_loops
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

rng = np.random.default_rng(0)


def count(outputs: Sequence[Any], op: Any) -> int:
    return sum(node.op is op for node in toposort(outputs))


def test_a_loop_and_its_copy_for_the_gradient_become_one():
    x, h = st.vector("x"), st.scalar("h")
    rows, _ = st.scan(lambda x, h: st.tanh(h * x), x, h)
    outputs = [rows, st.grad(rows.sum(), h)]
    assert count(outputs, SCAN) == 3
    merged = simplify_loops(outputs)
    assert count(merged, SCAN) == 2
    values = {x: rng.normal(size=5), h: 0.5}
    for a, b in zip(evaluate(outputs, values), evaluate(merged, values)):
        np.testing.assert_array_equal(a, b)


def test_while_loops_merge_with_their_log():
    x = st.scalar("x")
    end = st.while_loop(lambda x: x < 100, lambda x: x * x, x, max_steps=20)
    graph, _ = optimize(Graph((x,), (end, st.grad(end, x))), Options(verify=True))
    outputs = graph.outputs
    assert (count(outputs, WHILE_LOOP), count(outputs, SCAN)) == (1, 1)
    np.testing.assert_allclose(evaluate(outputs, {x: 2.0}), [256.0, 8 * 2.0**7])


def test_what_nobody_reads_is_dropped():
    x, y = st.vector("x"), st.vector("y")
    (totals, _), _ = st.scan(lambda x, y, a, b: [a + x, b + y], [x, y], [0.0, 0.0])
    (kept,) = simplify_loops([totals])
    scan = kept.inputs[0]
    assert (scan.attr("sequences"), scan.attr("carries"), len(scan.attr("body").outputs)) == (1, 1, 2)
    (last,) = simplify_loops([totals[-1] * 2])
    scans = [node for node in toposort([last]) if node.op is SCAN]
    assert len(scans[0].attr("body").outputs) == 1  # no rows are stored for their last one


def test_a_state_that_never_changes_becomes_a_constant():
    x, rate = st.scalar("x"), st.scalar("rate")
    end = st.while_loop(lambda x, rate: x < 9, lambda x, rate: (x + rate, rate), (x, rate))
    simplified_end = simplify_loops(list(end))
    loops = [node for node in toposort(simplified_end) if node.op is WHILE_LOOP]
    assert loops[0].attr("carries") == 1
    assert simplified_end[1] is rate


def test_invariants_are_computed_before_the_loop():
    x, a = st.vector("x"), st.vector("a")
    rows, _ = st.scan(lambda x, h: h + x * st.exp(a).sum(), x, 0.0)
    (body,) = [node.attr("body") for node in toposort([rows]) if node.op is SCAN]
    assert "exp" not in {node.op.name for node in body.nodes()}
    inside, _ = st.scan(lambda x, h: st.cond(x > 0, lambda: h + st.exp(a).sum(), lambda: h), x, 0.0)
    (hoisted,) = simplify_loops([inside])
    (loop,) = [node for node in toposort([hoisted]) if node.op is SCAN]
    (branch,) = [node for node in loop.attr("body").nodes() if node.op is COND]
    assert "exp" not in {node.op.name for node in branch.attr("then").nodes()}
    values = {x: np.array([1.0, -1.0, 2.0]), a: np.array([0.1, 0.2])}
    np.testing.assert_allclose(evaluate([hoisted], values)[0], evaluate([inside], values)[0])


def test_an_operand_that_one_branch_needs_moves_into_it():
    x, i = st.vector("x"), st.lscalar("i")
    element = st.take(x, i)
    safe = st.cond(i < x.shape[0], lambda e: e, lambda e: st.constant(0.0), element)
    assert evaluate(simplify_loops([safe]), {x: [1.0], i: 4})[0] == 0.0


def test_what_is_computed_outside_anyway_is_not_repeated_in_a_branch():
    x = st.vector("x")
    y = st.exp(x)
    z = st.cond(x.sum() > 0, lambda: y * 2, lambda: y * 3)
    outputs = simplify_loops([y, z])
    (branch,) = [node for node in toposort(outputs) if node.op is COND]
    inner = branch.attr("then").nodes() + branch.attr("otherwise").nodes()
    assert "exp" not in {node.op.name for node in inner}


def test_known_branches_and_loops_of_no_steps_vanish():
    x = st.vector("x")
    y = st.cond(st.constant(True), lambda: x * 2, lambda: x * 3)
    rows, _ = st.scan(lambda h: h * 2, outputs_info=x, n_steps=0)
    last = st.fori_loop(0, 0, lambda i, h: h * 2, x)
    outputs = simplify_loops([y, rows, last])
    assert not {COND, SCAN} & {node.op for node in toposort(outputs)}
    got = evaluate(outputs, {x: [1.0, 2.0]})
    assert [v.tolist() for v in got] == [[2.0, 4.0], [], [1.0, 2.0]]


def test_simplifying_twice_changes_nothing():
    x, h = st.matrix("x"), st.vector("h")
    w = st.matrix("w")
    rows, _ = st.scan(lambda x, h: st.cond(h.sum() > 0, lambda: st.tanh(h @ w + x), lambda: x), x, h)
    once = simplify_loops([rows, *st.grad(rows.sum(), [x, w, h])])
    assert all(a is b for a, b in zip(once, simplify_loops(once)))


def test_the_body_of_a_loop_is_closed():
    x, w, h = st.matrix("x"), st.matrix("w"), st.vector("h")
    rows, _ = st.scan(lambda x, h: st.cond(h.sum() > 0, lambda: st.tanh(h @ w + x), lambda: x), x, h)

    def check(graph: Graph) -> None:
        for node in graph.nodes():
            assert node.op.kind != "source" or node.op.name in ("constant", "size") or node in set(graph.inputs)
            for _, value in node.attrs:
                if isinstance(value, Graph):
                    check(value)

    outputs = simplify_loops([rows, *st.grad(rows.sum(), [x, w, h])])
    check(Graph((x, w, h), tuple(outputs)))


# ------------------------------------------------------------------------------------------------ storing and batching
def lstm() -> tuple[list[Any], list[Any], list[np.ndarray]]:
    """Inputs, outputs (rows and all gradients) and arguments of a recurrent layer."""
    x, h, c = st.tensor3("x"), st.matrix("h"), st.matrix("c")
    w, u, b = st.matrix("w"), st.matrix("u"), st.vector("b")
    width = 20

    def step(x, h, c):
        z = x @ w + h @ u + b
        i, f, o, g = (z[:, k * width : (k + 1) * width] for k in range(4))
        c = st.sigmoid(f) * c + st.sigmoid(i) * st.tanh(g)
        return st.sigmoid(o) * st.tanh(c), c

    (rows, _), _ = st.scan(step, x, [h, c])
    inputs = [x, h, c, w, u, b]
    shapes = [(6, 4, 3), (4, width), (4, width), (3, 4 * width), (width, 4 * width), (4 * width,)]
    return inputs, [rows, *st.grad((rows * rows).sum(), inputs)], [rng.normal(size=s) for s in shapes]


def names_inside(scan: Any) -> list[str]:
    return [node.op.name for node in scan.attr("body").nodes()]


def test_products_of_a_recurrent_layer_leave_the_loops():
    """One product a step remains forward and one backward; four large ones are outside."""
    inputs, outputs, arrays = lstm()
    graph, _ = optimize(Graph(tuple(inputs), tuple(outputs)), Options(verify=True))
    nodes = graph.nodes()
    forward, backward = [node for node in nodes if node.op is SCAN]
    assert names_inside(forward).count("contract") == 1
    assert names_inside(backward).count("contract") == 1
    assert sum(node.op.name == "contract" for node in nodes) == 4
    values = dict(zip(inputs, arrays))
    for got, want in zip(evaluate(graph.outputs, values), evaluate(outputs, values)):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


def test_gates_are_stored_rather_than_computed_again():
    _, outputs, _ = lstm()
    _, backward = [node for node in toposort(simplify_loops(outputs)) if node.op is SCAN]
    assert "expit" not in names_inside(backward)


def test_what_a_reduction_makes_of_many_elements_is_stored():
    """The backward loop of the forward algorithm takes exponentials again, but no maximum and no sum of them."""
    e, a = st.matrix("e"), st.matrix("a")
    rows, _ = st.scan(lambda e, alpha, a: st.logsumexp(alpha[:, None] + a, axis=0) + e, e, e[0], a)
    outputs = [rows[-1].sum(), st.grad(rows[-1].sum(), a)]
    prepared = optimize(Graph((e, a), tuple(outputs)), Options())[0].outputs
    forward, backward = [node for node in toposort(prepared) if node.op is SCAN]
    assert "max" not in names_inside(backward)
    assert names_inside(backward).count("sum") == 1, "the cotangent's own sum"
    wide = [row for row in forward.attr("body").outputs if row.ndim == 2 and 1 not in row.shape]
    assert not wide, "what is stored is a row for each step, not a matrix"
    values = {e: rng.normal(size=(4, 3)), a: rng.normal(size=(3, 3))}
    for x, y in zip(evaluate(outputs, values), evaluate(prepared, values)):
        np.testing.assert_allclose(x, y, rtol=1e-12)


def test_small_states_are_computed_again_and_stay_in_the_loop():
    a, s, x = st.tensor("a", shape=(3, 3)), st.tensor("s", shape=(3,)), st.tensor("x", shape=(None, 3))
    rows, _ = st.scan(lambda x, s: st.tanh(a @ s + x), x, s)
    outputs = simplify_loops([rows, *st.grad(rows.sum(), [a, s])])
    forward, backward = [node for node in toposort(outputs) if node.op is SCAN]
    assert not any(node.op.name == "contract" for node in toposort(outputs))
    assert len(forward.attr("body").outputs) == 3  # the state, its rows, and the states at the start of the steps
    assert names_inside(backward).count("tanh") == 1


@pytest.mark.parametrize("backwards", [False, True])
def test_a_map_needs_no_loop(backwards):
    x, w = st.matrix("x"), st.vector("w")
    rows, _ = st.map(lambda row: (st.exp(row) * w[:, None] + row).sum(axis=1), x, go_backwards=backwards)
    (lifted,) = simplify_loops([rows])
    assert not any(node.op is SCAN for node in toposort([lifted]))
    values = {x: rng.normal(size=(3, 4)), w: rng.normal(size=5)}
    np.testing.assert_allclose(evaluate([lifted], values)[0], evaluate([rows], values)[0], rtol=1e-14)


def test_a_product_that_is_only_collected_is_done_after_the_loop():
    x, h, out = st.matrix("x"), st.vector("h"), st.matrix("out")
    (_, rows), _ = st.scan(lambda x, h: (st.tanh(h + x), st.tanh(h + x) @ out), x, [h, None])
    (moved,) = simplify_loops([rows])
    (scan,) = [node for node in toposort([moved]) if node.op is SCAN]
    assert "contract" not in names_inside(scan)
    values = {x: rng.normal(size=(5, 3)), h: np.zeros(3), out: rng.normal(size=(3, 2))}
    np.testing.assert_allclose(evaluate([moved], values)[0], evaluate([rows], values)[0], rtol=1e-14)


def test_the_minimum_cut_takes_few_elements_near_the_end():
    x = st.tensor("x", shape=(10, 10))
    product = x @ x
    narrow = product.sum(axis=1)
    wide = narrow[:, None] * x
    price = {n: int(np.prod(n.shape)) for n in toposort([wide]) if n.op.kind != "source"}
    cut = minimum_cut([product], [st.exp(wide), st.sin(narrow)], price)
    assert len(cut) == 1
    assert cut[0] is narrow
    assert minimum_cut([product], [x], price) == []
    with pytest.raises(ValueError, match="no set of nodes"):
        minimum_cut([product], [wide], {})


# ---------------------------------------------------------------------------------------------------- random programs
class Program:
    """Random loops and branches over vectors of three elements and scalars, nested up to a depth."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def pick(self, values: Sequence[Any]) -> Any:
        return values[self.random.integers(len(values))]

    def value(self, known: Sequence[Any], depth: int) -> Any:
        """A vector made of known vectors."""
        x, y = self.pick(known), self.pick(known)
        forms: list[Callable[[], Any]] = [
            lambda: st.tanh(x + y),
            lambda: x * st.sigmoid(y) - 0.3,
            lambda: st.sin(x) + y.sum() / 4,
            lambda: st.where(x > y, x, -y) * 0.7,
            lambda: x[::-1] * 0.5 + y,
        ]
        if depth:
            forms += [
                lambda: self.scan(known, depth - 1),
                lambda: self.branch(known, depth - 1),
                lambda: self.loop(known, depth - 1),
            ] * 2
        return self.pick(forms)()

    def scan(self, known: Sequence[Any], depth: int) -> Any:
        steps, backwards = int(self.random.integers(0, 4)), bool(self.random.integers(2))
        table = st.stack([self.pick(known) for _ in range(4)])

        def step(row: Any, state: Any, other: Any) -> Any:
            inner = [row, state, other, *known]
            return self.value(inner, depth), self.value(inner, 0), self.value(inner, 0).sum()

        (a, b, c), _ = st.scan(
            step, table, [self.pick(known), self.pick(known), None], n_steps=steps, go_backwards=backwards
        )
        kind = self.random.integers(3)
        if kind == 0 or not steps:
            return a.sum(axis=0) + b.sum(axis=0) * c.sum()
        return a[-1] + b[0] if kind == 1 else st.tanh(b[-1]) * c[-1]

    def branch(self, known: Sequence[Any], depth: int) -> Any:
        x, operand = self.pick(known), self.value(known, 0)
        return st.cond(
            x.sum() > 0.1,
            lambda v: self.value([v, *known], depth),
            lambda v: self.value([v, *known], depth),
            operand,
        )

    def loop(self, known: Sequence[Any], depth: int) -> Any:
        limit = int(self.random.integers(1, 4))

        def step(state: Any, count: Any) -> Any:
            return self.value([state, *known], depth), count + 1

        start = self.pick(known)
        return st.while_loop(lambda state, count: (count < limit) & (state.sum() < 50), step, (start, 0), max_steps=5)[
            0
        ]


@pytest.mark.parametrize("seed", range(40))
def test_random_programs_keep_their_values_and_gradients(seed):
    program = Program(seed)
    inputs = [st.tensor(name, shape=(3,)) for name in "xyz"]
    value = program.value(inputs, 3)
    gradients = st.grad((value * value).sum(), inputs, disconnected_inputs="ignore")
    outputs = [value, *gradients]
    arrays = dict(zip(inputs, np.random.default_rng(seed).normal(size=(3, 3))))
    graph, _ = optimize(Graph(tuple(inputs), tuple(outputs)), Options(verify=True))
    for got, want in zip(evaluate(graph.outputs, arrays), evaluate(outputs, arrays)):
        np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("seed", range(100, 110))
def test_gradients_of_random_programs_by_finite_differences(seed):
    def function(*inputs):
        # The nodes are made anew for each trace, from the same random choices.
        return Program(seed).value(inputs, 2)

    points = list(np.random.default_rng(seed).normal(size=(3, 3)))
    st.verify_grad(function, points, rtol=1e-4, atol=1e-5)
