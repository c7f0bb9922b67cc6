"""What is computed together: kernels and bytes of showcase expressions, counted without a clock."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.loop_ir import Accumulate, For, all_statements
from symtensor.codegen.program import Gemm, Launch, all_steps
from symtensor.ir import size as sz
from symtensor.optimizer.plan import KernelGroup
from tests.codegen.generating import generated, launches


def traffic(made) -> object:
    """Elements that the kernels read and write, each buffer of a kernel counted once."""
    total = 0
    for step in all_steps(made.program.steps):
        if isinstance(step, Launch):
            for buffer in step.kernel.buffers:
                total = sz.add(total, made.program.storages[buffer.name].elements)
    return total


def groups(made) -> list[KernelGroup]:
    return [s for s in made.plan.steps if isinstance(s, KernelGroup)]


def chain():
    x, y = st.vector("x", dtype="float64"), st.vector("y")
    a = st.exp(-x * x) + y
    b = st.tanh(a) * st.sqrt(y * y + 1)
    return [a - b, a * b / (1 + st.abs(x))], [x, y]


def softmax():
    x = st.tensor("x", shape=("m", "n"))
    e = st.exp(x - x.max(axis=1, keepdims=True))
    return [e / e.sum(axis=1, keepdims=True)], [x]


def softmax_gradient():
    (s,), (x,) = softmax()
    w = st.tensor("w", shape=("m", "n"))
    return [s, st.grad((s * w).sum(), x)], [x, w]


def variance(axis):
    x = st.tensor("x", shape=("m", "n"))
    return [x.var(axis=axis)], [x]


def test_an_elementwise_chain_with_two_outputs_is_one_kernel_that_reads_and_writes_once():
    made = generated(*chain())
    assert len(launches(made)) == 1
    x = made.program.arguments[0].shape[0]
    assert traffic(made) == sz.mul(made.plan.guards.canonical(x), 4)


def test_softmax_is_one_pass_over_memory():
    made = generated(*softmax())
    assert len(launches(made)) == 1
    assert str(traffic(made)) == "2*m*n"
    assert made.source.layout.total == 0  # what the sweeps share lies in row scratch


def test_softmax_with_its_gradient_is_one_kernel():
    made = generated(*softmax_gradient())
    assert len(launches(made)) == 1
    assert str(traffic(made)) == "4*m*n"


@pytest.mark.parametrize("axis", [0, 1])
def test_variance_is_one_kernel_over_the_kept_axis(axis):
    made = generated(*variance(axis))
    assert len(launches(made)) == 1
    assert [v.extent for v in groups(made)[0].outer] == [made.program.arguments[0].shape[1 - axis]]
    squares, last = groups(made)[0].sweeps
    assert (len(squares.inner), len(last.inner)) == (1, 0)


def test_a_variance_of_rows_takes_two_passes_over_the_cached_row():
    """The mean must be known before the squares; a mean that is computed anyway is shared."""
    x = st.tensor("x", shape=("m", "n"))
    made = generated([x.mean(axis=1), x.var(axis=1)], [x])
    (kernel,) = made.program.kernels()
    rows = [s for s in all_statements(kernel.body) if isinstance(s, For) and s.kind == "simd"]
    assert len(rows) == 2
    assert all(isinstance(row.body[-1], Accumulate) for row in rows)


def test_a_variance_of_columns_reads_memory_once():
    made = generated(*variance(0))
    (kernel,) = made.program.kernels()
    blocks = [s for s in all_statements(kernel.body) if isinstance(s, For) and s.var.label == "r"]
    assert len(blocks) == 2  # eight rows at a time, then the rest


def test_a_scalar_sum_is_two_stages_over_partial_results():
    x = st.tensor("x", shape=("n",))
    made = generated([(x * x).sum()], [x])
    assert [name.split("_")[-1] for name in launches(made)] == ["partial", "combine"]


def test_several_reductions_of_the_same_data_share_a_sweep():
    x = st.tensor("x", shape=("m", "n"))
    made = generated([x.sum(axis=1), x.max(axis=1)], [x])
    assert len(launches(made)) == 1
    assert len(groups(made)[0].sweeps) == 1


def test_the_all_pairs_product_is_never_stored():
    x, y = st.tensor("x", shape=("m",)), st.tensor("y", shape=("n",))
    made = generated([st.exp(-((x[:, None] - y) ** 2)).sum(axis=1)], [x, y])
    assert len(launches(made)) == 1
    assert str(traffic(made)) in ("2*m + n", "n + 2*m")


def test_matrix_products_go_to_blas_with_transposes_folded_in():
    x, y = st.tensor("x", shape=("k", "m")), st.tensor("y", shape=("k", "n"))
    made = generated([x.T @ y], [x, y])
    (step,) = made.program.steps
    assert isinstance(step, Gemm)
    assert (step.a.transposed, step.b.transposed) == (True, False)
    assert made.source.library == ("cblas_dgemm",)


def test_a_matrix_vector_product_is_a_kernel_that_fuses():
    a, x = st.tensor("a", shape=("m", "n")), st.tensor("x", shape=("n",))
    made = generated([st.tanh(a @ x)], [a, x])
    assert len(launches(made)) == 1
    assert made.source.library == ()


def test_attention_keeps_its_scores_in_one_kernel_between_two_products():
    q, k, v = (st.tensor(name, shape=("b", "t", "d")) for name in "qkv")
    scores = q @ k.swapaxes(1, 2) / st.sqrt(st.constant(64.0))
    e = st.exp(scores - scores.max(axis=-1, keepdims=True))
    made = generated([(e / e.sum(axis=-1, keepdims=True)) @ v], [q, k, v])
    (batch,) = made.program.steps
    assert [type(s).__name__ for s in batch.body] == ["Gemm", "Launch", "Gemm"]


def test_a_scan_over_a_small_state_is_one_kernel():
    y0 = st.tensor("y0", shape=(3,))
    path, _ = st.scan(lambda y: y + 0.1 * st.tanh(y), outputs_info=[y0], n_steps=100)
    made = generated([path], [y0])
    assert len(launches(made)) == 1
    assert [type(s).__name__ for s in made.program.steps] == ["Launch"]


def test_a_long_chain_is_cut_into_kernels_of_bounded_size():
    x = st.vector("x")
    y = x
    for k in range(1000):
        y = y * 1.01 + k
    made = generated([y], [x])
    assert 5 <= len(launches(made)) <= 20


def test_a_group_never_waits_for_something_that_needs_itself():
    """s, taken in where a is computed, needs the whole of a; the quotient with them would need what it waits for."""
    x = st.tensor("x", shape=("m", "n"))
    a = st.tanh(x)
    s = a.sum()
    made = generated([a / s, a], [x])
    assert [len(group.outer) for group in groups(made)] == [0, 2]


def test_a_map_and_sums_of_it_are_one_sweep():
    x, y = st.vector("x"), st.vector("y")
    z = st.exp(x) + y
    made = generated([z, z.sum(), (z * x).sum()], [x, y])
    (group,) = groups(made)
    assert len(group.sweeps) == 1
    assert launches(made) == ["k1_add_sum_partial", "k1_add_sum_combine"]
    function = st.compile([z, z.sum(), (z * x).sum()], [x, y])
    for n in (0, 1, 37, 16384, 40001):
        a, b = np.random.default_rng(n).normal(size=(2, n))
        want = np.exp(a) + b
        for got, expected in zip(function(a, b), (want, want.sum(), (want * a).sum())):
            np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


def test_a_transposed_map_keeps_its_tiles_beside_a_sum():
    x, y = st.matrix("x"), st.matrix("y")
    z = st.exp(x.T) + y
    made = generated([z, z.sum()], [x, y])
    assert len(groups(made)) == 2


def test_a_variance_of_a_map_reads_what_the_map_left():
    x = st.vector("x")
    z = st.exp(x)
    assert len(groups(generated([z, z.var()], [x]))) == 2


def computed(made) -> list[str]:
    """What kernels compute for its own sake rather than within another value."""
    return [c.node.op.name for group in groups(made) for sweep in group.sweeps for c in sweep.computes]


def test_a_row_that_is_broadcast_over_rows_is_computed_once():
    """Its elements are other ones in each iteration of the inner loop: no compiler moves them out of the loops."""
    x, b = st.tensor("x", shape=("m", "n")), st.tensor("b", shape=("n",))
    assert computed(generated([x * (1 / b)], [x, b])) == ["divide", "multiply"]
    assert computed(generated([(x * st.exp(b)).sum(axis=1)], [x, b])) == ["exp", "sum"]
    # What is the same along a row is computed before the inner loop as it is.
    c = st.tensor("c", shape=("m", 1))
    assert computed(generated([x * (1 / c)], [x, c])) == ["multiply"]
    # So stays what costs little, or is read a few times only.
    assert computed(generated([x * (b + 1)], [x, b])) == ["multiply"]
    few = st.tensor("few", shape=(2, "n"))
    assert computed(generated([few * (1 / b)], [few, b])) == ["multiply"]
