"""The whole optimizer: expected structure, and on its own that values agree with rewriting off."""

from __future__ import annotations

import pickle
import time

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import RewriteError
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import rule
from symtensor.ir.trace import expression_text
from symtensor.ops.reference import evaluate
from symtensor.optimizer.pipeline import PASSES, optimize, prepare_for_grad
from symtensor.options import Options

VERIFY = Options(verify=True)


def optimized(output: Tensor, options: Options = VERIFY) -> Tensor:
    leaves = tuple(n for n in toposort([output]) if n.op.name == "input")
    return optimize(Graph(leaves, (output,)), options)[0].outputs[0]


def text(output: Tensor, options: Options = VERIFY) -> str:
    return expression_text(optimized(output, options), 20)


X, Y = st.tensor("x", shape=("n",)), st.tensor("y", shape=("n",))
M = st.matrix("m")
SHIFT = "expand_dims(where(isfinite(supremum(m, axes=(1,))), supremum(m, axes=(1,)), 0.0), axes=(1,))"
SHIFTED = f"(m - {SHIFT})"
TOTAL = f"expand_dims(sum(exp({SHIFTED}), axes=(1,)), axes=(1,))"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (lambda: st.log(1 + st.exp(X)), "softplus(x)"),
        (lambda: st.log(st.exp(-X) + 1), "softplus(-x)"),
        (lambda: 1 / (1 + st.exp(-X)), "expit(x)"),
        (lambda: 1 / (1 + st.exp(-2 * X)), "expit((2.0 * x))"),
        (lambda: 1 - 1 / (1 + st.exp(-X)), "expit(-x)"),
        (lambda: st.log(1 / (1 + st.exp(-X))), "log_expit(x)"),
        (lambda: st.log(1 - 1 / (1 + st.exp(-X))), "log_expit(-x)"),
        (lambda: 2 / (1 + st.exp(-2 * X)) - 1, "tanh(x)"),
        (lambda: (st.exp(X) - 1) * 2.5, "(expm1(x) * 2.5)"),
        (lambda: st.log(st.exp(X) + st.exp(st.constant(1000.0))), "logaddexp(x, 1000.0)"),
        (lambda: st.sqrt(X * X), "absolute(x)"),
        (lambda: X**2, "square(x)"),
        (lambda: X**3, "(square(x) * x)"),
        (lambda: X**0.5, "sqrt(x)"),
        (lambda: X**-1, "(1.0 / x)"),
        (lambda: X / 4, "(x * 0.25)"),
        (lambda: X / 3, "(x / 3.0)"),
        (lambda: -(X * 3), "(x * -3.0)"),
        (lambda: X + -2.0, "(x - 2.0)"),
        (lambda: X + 0.0, "(x + 0.0)"),
        (lambda: X * 0, "(x * 0.0)"),
        (lambda: X - X, "(x - x)"),
        (lambda: X + (-Y), "(x - y)"),
        (lambda: st.negative(-X) * 1 - 0, "x"),
        (lambda: (X + Y) * (Y + X), "square((x + y))"),
        (lambda: M.T.T, "m"),
        (lambda: st.log(M.sum(axis=1)), "log(sum(m, axes=(1,)))"),
        (lambda: st.exp(M) / st.exp(M).sum(axis=1, keepdims=True), f"(exp({SHIFTED}) / {TOTAL})"),
        (lambda: M - st.log(st.exp(M).sum(axis=1, keepdims=True)), f"({SHIFTED} - log({TOTAL}))"),
        (lambda: st.log(st.exp(M) / st.exp(M).sum(axis=1, keepdims=True)), f"({SHIFTED} - log({TOTAL}))"),
        (
            lambda: (M * M).mean(axis=0) - M.mean(axis=0) ** 2,
            "(sum_of_squared_deviations(m, axes=(0,)) / size)",
        ),
        (lambda: (2 * M).sum() * st.constant(2.0) / st.constant(8.0), "(sum((2.0 * m), axes=(0, 1)) * 0.25)"),
        (lambda: X + st.exp(st.constant(0.0)) * 3, "(x + 3.0)"),
    ],
)
def test_structure_and_value(written, expected):
    before = written()
    after = optimized(before)
    assert expression_text(after, 20) == expected
    rng = np.random.default_rng(3)
    values = {X: rng.uniform(0.2, 3, 5), Y: rng.normal(size=5), M: rng.normal(size=(4, 3))}
    used = {n: values[n] for n in toposort([before]) if n in values}
    with np.errstate(all="ignore"):
        want, got = evaluate([before], used)[0], evaluate([after], used)[0]
    if np.isfinite(want).all():
        np.testing.assert_allclose(got, want, rtol=1e-13, atol=1e-15)


def test_contractions_read_transposed_operands_as_they_lie():
    a, b = st.matrix("a"), st.matrix("b")
    assert text((a.T @ b.T).T) == "contract(a, b, left=(0, 1), right=(2, 0), out=(2, 1))"


def test_outer_products_are_products():
    assert text(st.einsum("i,j->ij", X, Y)) == "(expand_dims(x, axes=(1,)) * expand_dims(y, axes=(0,)))"


def test_softmax_of_rows_without_finite_maximum():
    """As the expression as written says: rows all -inf, rows with +inf or NaN."""
    inf, nan = np.inf, np.nan
    rows = np.array([[-inf, 0.0, 1.0], [-inf, -inf, -inf], [inf, 0.0, -inf], [nan, 0.0, 1.0], [800.0, 801.0, -inf]])
    softmax = optimized(st.exp(M) / st.exp(M).sum(axis=1, keepdims=True))
    lse = optimized(st.log(st.exp(M).sum(axis=1)))
    got, total = evaluate([softmax, lse], {M: rows})
    p = 1 / (1 + np.e)
    want = [[0, p, 1 - p], [nan] * 3, [nan, 0, 0], [nan] * 3, [p, 1 - p, 0]]
    np.testing.assert_allclose(got, want, rtol=1e-15)
    np.testing.assert_allclose(total, [np.log(1 + np.e), -inf, inf, nan, 801 + np.log1p(np.exp(-1))], rtol=1e-15)


def test_empty_rows_and_no_rows():
    softmax = optimized(st.exp(M) / st.exp(M).sum(axis=1, keepdims=True))
    lse = optimized(st.log(st.exp(M).sum(axis=1)))
    for shape in [(0, 4), (3, 0)]:
        assert evaluate([softmax], {M: np.ones(shape)})[0].shape == shape
    np.testing.assert_array_equal(evaluate([lse], {M: np.ones((2, 0))})[0], [-np.inf] * 2)


def test_stable_rows_are_left_alone():
    for function in (st.softmax, st.log_softmax, st.logsumexp):
        before = function(M, axis=1)
        assert sum(n.op.name == "max" for n in toposort([optimized(before)])) == 1


def test_variance_keeps_its_digits():
    x = 1e8 + np.random.default_rng(1).normal(size=(300, 2))
    (got,) = evaluate([optimized((M * M).mean(axis=0) - M.mean(axis=0) ** 2)], {M: x})
    np.testing.assert_allclose(got, x.astype("longdouble").var(axis=0).astype("float64"), rtol=1e-10)


def test_only_a_variance_is_taken_for_one():
    """With another divisor the difference of moments is something else."""
    moments = (M * M).sum(axis=0) / 7 - (M.sum(axis=0) / 7) ** 2
    assert "variance_from_moments" not in optimize(Graph((M,), (moments,)), VERIFY)[1].rules()


def test_folding_makes_nothing_large():
    big = st.concatenate([st.constant(np.arange(1000.0)), st.constant(np.arange(1000.0))])
    table = st.expand_dims(st.constant(np.arange(100.0)), 0) * st.expand_dims(st.constant(np.arange(100.0)), 1)
    assert optimized(big).op.name == "constant"  # no larger than what it is made of
    assert optimized(table).op.name == "multiply"


def test_folding_leaves_errors_to_the_call():
    out_of_range = st.take(st.constant([1.0, 2.0]), st.constant([5]))
    assert optimized(out_of_range).op.name == "take"


def test_integers_regroup_and_floats_do_not():
    i = st.lvector("i")
    assert text((i + 3) - 5) == "(i - 2)"
    assert text((X + 3) - 5) == "((x + 3.0) - 5.0)"
    assert text(i * 0 + i * 1) == "i"


def test_rules_and_stages_can_be_excluded():
    y = st.log(1 + st.exp(X))
    assert text(y, Options(exclude=frozenset({"softplus_from_exp"}))) == "log1p(exp(x))"
    assert text(y, Options(exclude=frozenset({"stabilise"}))) == "log((1.0 + exp(x)))"
    assert text(y, Options(accuracy=frozenset({"exact"}))) == "log((1.0 + exp(x)))"
    assert {p.name for p in PASSES} >= {"canonicalise", "fold", "stabilise", "linalg", "specialise"}


def test_rules_of_the_user_are_added():
    @rule(accuracy="better")
    def gudermannian(x):
        """Shorter."""
        return st.arctan(st.sinh(x)), 2 * st.arctan(st.tanh(x / 2))

    y = st.arctan(st.sinh(X))
    assert text(y, Options(rules=(gudermannian,), verify=True)) == "(2.0 * arctan(tanh((x * 0.5))))"

    @rule()
    def endless(x):
        return st.sinh(x), st.sinh(x + 1)

    with pytest.raises(RewriteError, match="rule endless"):
        optimized(y, Options(rules=(endless,)))


def test_the_trace_tells_lines_and_reasons():
    _, trace = optimize(Graph((X,), (st.log(1 + st.exp(X)),)), VERIFY)
    story = str(trace)
    assert "stabilise: softplus_from_exp (better) - The exponential overflows for a large x." in story
    assert f"at {__file__}" in story
    assert str(pickle.loads(pickle.dumps(trace))) == story


def test_optimizing_twice_changes_nothing():
    outputs = (st.log(1 + st.exp(X)) / 4, -((X * 3) ** 2), M - st.log(st.exp(M).sum(axis=1, keepdims=True)))
    once, _ = optimize(Graph((X, M), outputs), VERIFY)
    twice, trace = optimize(once, VERIFY)
    assert [s.rule for s in trace if s.rule != "multiply_negative_constant" and s.rule != "sign_into_factor"] == []
    assert all(a is b for a, b in zip(once.outputs, twice.outputs))


def test_costs_are_prepared_for_their_derivative():
    (prepared,) = prepare_for_grad([st.log(1 + st.exp(X)).sum()])
    assert expression_text(prepared) == "sum(softplus(x), axes=(0,))"


def test_what_is_differentiated_by_is_not_looked_into():
    e = st.exp(X)
    (prepared,) = prepare_for_grad([st.log(e).sum()], [e])
    assert expression_text(prepared) == "sum(log(exp(x)), axes=(0,))"
    assert any(node is e for node in toposort([prepared]))


def test_the_shift_of_a_softmax_has_no_gradient():
    w = st.matrix("w")
    p = st.exp(M) / st.exp(M).sum(axis=1, keepdims=True)
    g = optimized(st.grad((p * w).sum(), M))
    rng = np.random.default_rng(0)
    m, v = rng.normal(size=(2, 5, 4), scale=300)
    e = np.exp(m - m.max(axis=1, keepdims=True))
    q = e / e.sum(axis=1, keepdims=True)
    want = q * (v - (q * v).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(evaluate([g], {M: m, w: v})[0], want, rtol=1e-12, atol=1e-10)


def test_fifty_thousand_nodes_in_seconds():
    def graph(nodes):
        x = st.vector("x")
        z = [x * (i + 1) for i in range(50)]
        for _ in range(nodes // 150):
            z = [st.tanh(a * 0.5 + b) for a, b in zip(z, z[1:] + z[:1])]
        return Graph((x,), tuple(z))

    def seconds(nodes):
        written = graph(nodes)
        start = time.perf_counter()
        optimize(written, Options())
        return time.perf_counter() - start

    seconds(1_000)
    few, many = min(seconds(5_000) for _ in range(2)), seconds(50_000)
    assert many < 6  # about 2 on an idle core
    assert many < 50 * few  # the collector's work grows a little faster than the graph
