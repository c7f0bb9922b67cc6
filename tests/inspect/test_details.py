"""What a compiled function shows of itself."""

from __future__ import annotations

import linecache

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError


@pytest.fixture(scope="module")
def softmax() -> st.Function:
    x, weight = st.matrix("x"), st.vector("weight")
    e = st.exp(x)
    p = e / e.sum(axis=1, keepdims=True)
    return st.compile([p, st.grad((p * weight).sum(), x)], [x, weight], name="softmax")


def test_repr_tells_the_signature(softmax: st.Function) -> None:
    assert repr(softmax).startswith("<symtensor function softmax(x: float64[x.shape[0], x.shape[1]], weight: float64[")
    assert repr(softmax).endswith("target c>")


def test_graph_is_typed_text_with_the_users_names(softmax: st.Function) -> None:
    first, *equations, last = str(softmax.graph).splitlines()
    assert first.startswith("inputs x: float64[x.shape[0], x.shape[1]], weight: float64[weight.shape[0]]")
    assert all(": float64[" in line or ": bool[" in line for line in equations)
    assert last == "return divide, multiply_2"
    assert len(softmax.graph) == len(softmax.graph.to_networkx())


def test_source_leaves_out_the_abi(softmax: st.Function) -> None:
    assert "struct st_ctx" not in softmax.source
    assert "int st_entry(st_ctx *ctx" in softmax.source
    assert "weight" in softmax.source


def test_explain_tells_rule_reason_and_line(softmax: st.Function) -> None:
    story = softmax.explain()
    text = str(story)
    step = next(s for s in story.rewrites if s.rule == "softmax")
    assert f"softmax (stabilise, better)\n     why     {step.reason}" in text
    file, line = step.sites[0]
    assert f"at      {file}:{line}   {linecache.getline(file, line).strip()}" in text
    assert "test_details.py" in text


def test_explain_tells_the_plan_with_costs(softmax: st.Function) -> None:
    text = str(softmax.explain())
    assert "cost: about" in text
    assert "reads x, weight" in text
    assert "divide is stored: an output" in text
    assert "k1_supremum_exp_sum: Inner(), Ahead(bytes=16384), Lanes(count=32), Parallel(" in text
    assert text.endswith("nothing: generated kernels compute everything")


def test_explain_names_library_calls_and_copies() -> None:
    a, b = st.matrix("a"), st.matrix("b")
    text = str(st.compile([a @ b.T, st.linalg.cholesky(a)], [a, b]).explain())
    assert "matrix product k1_contract" in text
    assert "cblas_dgemm" in text
    assert "b read transposed" in text
    assert "cholesky for cholesky; its bits are up to the library" in text


def test_refused_rewrites_are_told_once(softmax: st.Function) -> None:
    text = str(softmax.explain())
    assert text.count("multiply_one: the shape") <= 1


def test_schedule_is_a_table_of_steps(softmax: st.Function) -> None:
    ((name, steps),) = softmax.schedule.items()
    assert name == "k1_supremum_exp_sum"
    assert [type(s).__name__ for s in steps] == ["Inner", "Ahead", "Lanes", "Parallel"]


def test_compile_report_has_every_phase(softmax: st.Function) -> None:
    report = softmax.compile_report
    assert list(report.seconds) == ["collect", "plan", "optimise", "generate", "compiler", "load"]
    assert report.optimise == report.seconds["optimise"] > 0
    assert sum(report.seconds.values()) <= report.total
    assert "cache hit" in str(report)
    with pytest.raises(AttributeError):
        _ = report.no_such_phase


def test_a_second_compilation_hits_the_cache(softmax: st.Function) -> None:
    x = st.vector("x")
    st.compile(x + 17, [x])
    assert st.compile(x + 17, [x]).compile_report.cache_hit


def test_the_interpreter_shows_what_it_has() -> None:
    x = st.vector("x")
    fn = st.compile({"y": st.log(1 + st.exp(x))}, [x], target="numpy")
    assert "softplus" in str(fn.explain())
    assert "nothing is fused" in str(fn.explain())
    assert (fn.source, len(fn.kernels), len(fn.schedule)) == ("", 0, 0)
    assert str(fn.kernels) == "no kernels"
    assert fn.memory.arena_bytes == 0


# ------------------------------------------------------------------------------------------------ kernels and memory
def test_kernel_costs_at_given_sizes(softmax: st.Function) -> None:
    (row,) = softmax.kernels.at(x=(1000, 50))
    assert (row.read, row.written) == (8 * (1000 * 50 + 50), 2 * 8 * 1000 * 50)
    assert row.bytes == row.read + row.written
    # maximum; subtraction, exponential, sum; quotient, product, product, quotient, negation, sum; ...
    assert 10 * 1000 * 50 < row.flops < 20 * 1000 * 50
    table = str(softmax.kernels.at(x=np.zeros((1000, 50))))
    assert "400,400" in table
    assert table.splitlines()[0].split() == "kernel computes bytes read written flops flops/byte".split()


def test_kernel_domain_tells_the_loops(softmax: st.Function) -> None:
    assert softmax.kernels[0].domain == "parallel o0<x.shape[0]> 4 x simd j0<weight.shape[0]>"


def test_sizes_that_are_not_given_stay_symbolic(softmax: st.Function) -> None:
    (row,) = softmax.kernels.at(weight=(50,))
    assert str(row.written) == "800*x.shape[0]"
    assert "reads" in str(softmax.kernels)


def test_wrong_sizes_are_refused(softmax: st.Function) -> None:
    with pytest.raises(TypeError, match=r"no input named 'z'\n  hint: its inputs are \['x', 'weight'\]"):
        softmax.kernels.at(z=(3,))
    with pytest.raises(ShapeError, match="'x' has 2 axes, but the shape"):
        softmax.memory.at(x=(3,))


@pytest.mark.parametrize("n", [1, 512, 1000, 16384, 100_000])
def test_flops_of_tiled_loops(n: int) -> None:
    x = st.vector("x")
    assert st.compile(x * x + 1, [x], fma=False).kernels.at(x=(n,)).flops == 2 * n
    partial = st.compile((x * x).sum(), [x], fma=False).kernels.at(x=(n,))[0]
    assert partial.flops == 2 * n


def test_fma_counts_as_two() -> None:
    x, y = st.vector("x"), st.vector("y")
    assert st.compile(x * y + 1, [x, y]).kernels.at(x=(10,)).flops == 20


def test_a_gather_moves_what_it_touches() -> None:
    table, at = st.tensor("table", shape=(100_000, 8)), st.lvector("at")
    rows = st.compile(st.take(table, at, axis=0) * 2, [table, at]).kernels.at(at=(10,))
    gather = next(r for r in rows if "multiply" in r.computes)
    assert gather.read == 8 * (10 * 8 + 10)


def test_matrix_products_are_rows_of_their_own() -> None:
    a, b = st.matrix("a"), st.matrix("b")
    (row,) = st.compile(a @ b, [a, b]).kernels.at(a=(10, 20), b=(20, 30))
    assert (row.kind, row.flops, row.read, row.written) == ("matrix product", 2 * 10 * 20 * 30, 8 * 800, 8 * 300)


def test_a_scalar_input_is_given_by_its_value() -> None:
    n = st.lscalar("n")
    row = st.compile(st.arange(n) * 2.0, [n]).kernels.at(n=100)[0]
    assert row.written == 800


def test_memory_tells_arena_scratch_and_peak(softmax: st.Function) -> None:
    plan = softmax.memory.at(x=(1000, 50))
    assert plan.arena_bytes == 0
    assert plan.scratch_bytes == 0  # the row of exponentials lies in an output
    assert dict(plan.output_bytes) == {"divide": 400_000, "multiply": 400_000}
    assert plan.peak_bytes == 800_000
    assert "arena: 0 bytes" in str(plan)
    x = st.matrix("x")
    e = st.exp(x)
    rounded = st.compile((e / e.sum(axis=1, keepdims=True)).astype("float32"), [x]).memory.at(x=(1000, 50))
    assert rounded.scratch_bytes == 448  # a row of 50, rounded up to cache lines: the output has no room for it
    assert rounded.peak_bytes == 200_000 + 448 * rounded.workers


def test_memory_tells_shared_blocks_and_updates_in_place() -> None:
    a = st.matrix("a")
    plan = st.compile(((a @ a) @ a) @ a, [a]).memory.at(a=(16, 16))
    assert plan.arena_bytes == sum(b.bytes for b in plan.blocks) > 0
    w = st.shared(np.zeros(4), "w")
    assert st.compile(None, [], updates={w: w + 1}).memory.in_place == ("w",)
