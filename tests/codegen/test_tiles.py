"""Transposed operands: blocks that go through scratch, so that memory is walked along its lines."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.mathlib.memory import transpose_source
from symtensor.codegen.mathlib.target import Target
from symtensor.codegen.schedule import Inner, Lanes, Parallel, Sink, Tile
from symtensor.codegen.text import block_lines
from tests.codegen.generating import generated

SHAPES = [(1, 1), (3, 5), (33, 129), (64, 256), (130, 31), (257, 300), (0, 4), (4, 0), (1, 700), (700, 1)]


def kernel_of(outputs, inputs):
    made = generated(outputs, inputs)
    (kernel,) = made.program.kernels()
    ((_, steps, _),) = made.builder.log
    return kernel, steps


def transposes(kernel):
    return [s for s in ir.all_statements(kernel.body) if isinstance(s, ir.Transpose)]


def gathers(source):
    return source.count("lane_ = 0")


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64"])
def test_sum_with_a_transposed_matrix(dtype):
    x, y = st.tensor("x", dtype, (None, None)), st.tensor("y", dtype, (None, None))
    kernel, steps = kernel_of([x.T + y], [x, y])
    assert [type(s) for s in steps] == [Sink, Tile, Lanes, Parallel]
    (copy,) = transposes(kernel)
    assert copy.source.buffer == "x"
    function = st.compile(x.T + y, [x, y])
    assert gathers(function.source) == 0
    rng = np.random.default_rng(0)
    for n, m in SHAPES:
        a, b = (rng.integers(-99, 99, s).astype(dtype) for s in [(m, n), (n, m)])
        np.testing.assert_array_equal(function(a, b), a.T + b)


def test_all_axes_in_all_orders():
    x, y = st.tensor("x", "float32", (None,) * 3), st.tensor("y", "float32", (None,) * 3)
    rng = np.random.default_rng(1)
    a = rng.normal(size=(19, 35, 70)).astype("float32")
    for axes in [(0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]:
        b = rng.normal(size=a.transpose(axes).shape).astype("float32")
        function = st.compile(st.exp(x.transpose(axes)) * y, [x, y])
        np.testing.assert_allclose(function(a, b), np.exp(a.transpose(axes)) * b, rtol=1e-6)
        assert gathers(function.source) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rows_of_a_transposed_matrix_are_copied_once_for_all_sweeps(dtype):
    x = st.tensor("x", dtype, (None, None))
    output = st.softmax(x.T, axis=1)
    kernel, steps = kernel_of([output], [x])
    assert [type(s) for s in steps] == [Inner, Tile, Lanes, Parallel]
    assert len(transposes(kernel)) == 1
    function = st.compile(output, [x])
    rng = np.random.default_rng(2)
    for n, m in SHAPES:
        if m == 0:
            continue
        a = rng.normal(size=(m, n)).astype(dtype)
        e = np.exp(a.T - a.T.max(axis=1, keepdims=True, initial=-np.inf))
        np.testing.assert_allclose(function(a), e / e.sum(axis=1, keepdims=True), rtol=1e-5, atol=1e-7)


def test_a_row_reduction_of_both_orders():
    x, y = st.fmatrix("x"), st.fmatrix("y")
    _, steps = kernel_of([(x.T * y).sum(axis=1)], [x, y])
    assert Tile(16) in steps
    function = st.compile((x.T * y).sum(axis=1), [x, y])
    rng = np.random.default_rng(3)
    for n, m in SHAPES:
        a, b = rng.normal(size=(m, n)).astype("float32"), rng.normal(size=(n, m)).astype("float32")
        np.testing.assert_allclose(function(a, b), (a.T * b).sum(axis=1), rtol=1e-4, atol=1e-4)


def test_column_reductions_of_a_transposed_matrix_need_no_copy():
    x = st.matrix("x")
    kernel, steps = kernel_of([x.T.sum(axis=1)], [x])
    assert isinstance(steps[0], Sink)
    assert not transposes(kernel)


def test_short_axes_are_gathered():
    x = st.tensor("x", shape=("n", 3))
    kernel, _ = kernel_of([st.exp(x.T)], [x])
    assert not transposes(kernel)


def test_a_block_of_a_padded_transposed_matrix():
    x, y = st.fmatrix("x"), st.fmatrix("y")
    output = st.concatenate([x.T, y], axis=1) * 2
    function = st.compile(output, [x, y])
    rng = np.random.default_rng(4)
    for n, m in SHAPES:
        a, b = rng.normal(size=(m, n)).astype("float32"), rng.normal(size=(n, 5)).astype("float32")
        np.testing.assert_array_equal(function(a, b), np.concatenate([a.T, b], axis=1) * 2)


def test_a_shared_variable_read_across_is_not_updated_in_place():
    v = st.shared(np.arange(10000.0).reshape(100, 100), "v")
    function = st.compile([], [], updates={v: v + v.T})
    before = np.array(v.get_value())
    function()
    np.testing.assert_array_equal(v.get_value(), before + before.T)


def test_threads_give_the_same_bits():
    x, y = st.fmatrix("x"), st.fmatrix("y")
    rng = np.random.default_rng(5)
    a, b = rng.normal(size=(700, 900)).astype("float32"), rng.normal(size=(900, 700)).astype("float32")
    for output in (st.tanh(x.T) + y, st.softmax(x.T + y, axis=1)):
        one, two = (st.compile(output, [x, y], threads=n)(a, b) for n in (1, 2))
        np.testing.assert_array_equal(one, two)


def test_the_text_of_a_transpose():
    x, y = st.fmatrix("x"), st.fmatrix("y")
    kernel, _ = kernel_of([x.T + y], [x, y])
    text = "\n".join(block_lines(kernel.body))
    assert "transpose x_tile[i*(128) + j] = x[" in text


def test_a_device_has_no_transposes():
    with pytest.raises(ValueError, match="blocks are transposed by vectors in C"):
        transpose_source(Target("f32", 1, "cuda"))
