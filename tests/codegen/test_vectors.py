"""Vector loops: what once came out wrong, each in the smallest graph that shows it."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.mathlib import helper_source, type_source
from symtensor.codegen.strides import coefficient, depends
from symtensor.ir import size as sz
from symtensor.ir.node import OPS
from symtensor.ir.scalar import Load, LoopVar, Var, as_index, index
from symtensor.ir.size import AnonymousDim, Size
from symtensor.runtime import toolchain


def test_coefficient_of_a_loop_variable() -> None:
    n = Size.of(AnonymousDim("n"))
    j, i = LoopVar("j", n), LoopVar("i", n)
    at = sz.add(sz.mul(Size.of(i), n), Size.of(j))
    assert coefficient(at, j) == 1
    assert coefficient(at, i) == n
    assert coefficient(sz.mul(Size.of(j), -2), j) == -2
    assert coefficient(7, j) == 0
    assert coefficient(sz.floordiv(Size.of(j), 2), j) is None
    gathered = as_index(Load("x", Size.of(j), np.dtype("int64")))
    assert coefficient(gathered, j) is None
    assert coefficient(sz.add(gathered, Size.of(i)), i) == 1


def test_depends() -> None:
    n = Size.of(AnonymousDim("n"))
    j = LoopVar("j", n)
    load = Load("x", Size.of(j), np.dtype("float64"))
    assert depends(load * 2, j, set())
    assert not depends(Load("x", 3, np.dtype("float64")), j, set())
    assert depends(Var("t", np.dtype("float64")), j, {"t"})
    assert depends(Load("y", as_index(Load("i", Size.of(j), np.dtype("int64"))), np.dtype("float64")), j, set())
    assert not depends(index(n), j, set())


def test_a_constant_vector_with_zeros_at_its_end_is_stored_whole() -> None:
    """gcc 12 stores the memcpy of such a vector as a broadcast of its first lane."""
    tools = toolchain.toolchain()
    lanes = tools.vector_bytes // 8
    ones = lanes // 2 + 1
    values = ", ".join(["1.0"] * ones + ["0.0"] * (lanes - ones))
    parts = [
        "typedef __INT64_TYPE__ int64_t; typedef __INT32_TYPE__ int32_t; typedef __INT16_TYPE__ int16_t;",
        "typedef __INT8_TYPE__ int8_t; typedef __UINT64_TYPE__ uint64_t; typedef __UINT32_TYPE__ uint32_t;",
        "typedef __UINT16_TYPE__ uint16_t; typedef __UINT8_TYPE__ uint8_t;",
        type_source([lanes]),
        helper_source([("store", "f64", lanes)], "c", frozenset(tools.features)),
        f"void fill(double *p) {{ st_f64x{lanes} v = {{{values}}}; st_store_f64x{lanes}(p, v); }}",
    ]
    import ctypes

    built = tools.compile("\n".join(parts), name="stored constant")
    fill = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(toolchain.load(built.path).address("fill"))
    result = np.full(lanes, 7.0)
    fill(result.ctypes.data)
    np.testing.assert_array_equal(result, [1.0] * ones + [0.0] * (lanes - ones))


@pytest.mark.parametrize("length", [1, 3, 5, 7, 31])
def test_several_accumulators_over_a_known_odd_length(length: int) -> None:
    x = st.tensor("x", shape=(3, 4, length))
    squares = OPS["sum_of_squared_deviations"](x, axes=(0, 2))
    value = np.random.default_rng(0).normal(size=(3, 4, length))
    got = st.compile(squares, [x], target="c")(value)
    np.testing.assert_allclose(got, value.var(axis=(0, 2)) * 3 * length, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint16"])
def test_lanes_of_integer_division(dtype: str) -> None:
    """gcc 12, vectorising unrolled lanes, gave -1 for x // x, which it had found to be the int value of x != 0."""
    x = st.tensor("x", dtype, (None,))
    f = st.compile([x // x, x % x, (x // x).astype("float64")], [x], target="c")
    value = np.array([1, 2, 3, 4, 100, 7, 0] * 11).astype(dtype)
    quotient, remainder, converted = f(value)
    np.testing.assert_array_equal(quotient, (value != 0).astype(dtype))
    np.testing.assert_array_equal(remainder, np.zeros_like(value))
    np.testing.assert_array_equal(converted, (value != 0).astype("float64"))


def test_a_bool_scalar_meets_a_vector_of_bytes() -> None:
    x, c = st.tensor("x", "bool", (None, None)), st.tensor("c", "bool", ())
    f = st.compile([st.logical_xor(c, x), st.logical_and(x, c)], [x, c], target="c")
    value = np.random.default_rng(1).random((9, 31)) > 0.5
    for flag in (False, True):
        exclusive, both = f(value, flag)
        np.testing.assert_array_equal(exclusive, value ^ flag)
        np.testing.assert_array_equal(both, value & flag)


def test_results_of_a_row_share_one_scope() -> None:
    """Two sweeps without loops of their own, each with a variable."""
    x = st.fmatrix("x")
    mean = x.sum(axis=1) / x.shape[1] / 4.0
    f = st.compile([mean, st.tanh(mean) + mean * 2, -x[:, -1]], [x], target="c")
    value = np.random.default_rng(2).normal(size=(5, 7)).astype("float32")
    want = value.mean(axis=1) / 4
    for got, expected in zip(f(value), [want, np.tanh(want) + 2 * want, -value[:, -1]]):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_integer_extremes_and_magnitudes_by_masks(dtype: str) -> None:
    limits = np.iinfo(dtype)
    x, y = st.tensor("x", dtype, (None,)), st.tensor("y", dtype, (None,))
    f = st.compile(
        [st.maximum(x, y), st.minimum(x, y), abs(x), st.maximum(abs(x), st.minimum(x, y))], [x, y], target="c"
    )
    a, b = (g.ravel() for g in np.meshgrid(*[np.array([limits.min, limits.max, 0, 1, 2, limits.max - 1], dtype)] * 2))
    with np.errstate(all="ignore"):
        wanted = [np.maximum(a, b), np.minimum(a, b), np.abs(a), np.maximum(np.abs(a), np.minimum(a, b))]
    for got, want in zip(f(a, b), wanted):
        np.testing.assert_array_equal(got, want)


def test_memory_before_and_behind_is_left_alone() -> None:
    """Masked tails write no element more, at any length."""
    x = st.vector("x")
    f = st.compile(x + 1, [x], target="c")
    for length in range(1, 70):
        result = f(np.zeros(length))
        assert result.shape == (length,)
        np.testing.assert_array_equal(result, np.ones(length))
    for length in range(1, 40):
        store = np.full(length + 16, 9.0)
        shared = st.shared(store[8 : 8 + length], borrow=True)
        st.compile(None, updates={shared: shared + 1}, target="c")()
        np.testing.assert_array_equal(store[:8], np.full(8, 9.0))
        np.testing.assert_array_equal(store[8 + length :], np.full(8, 9.0))
        np.testing.assert_array_equal(shared.get_value(), np.full(length, 10.0))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("length", [1, 15, 16, 17, 37, 63, 64, 65, 100, 127, 129])
def test_sums_have_the_same_bits_for_known_and_unknown_lengths(length: int, dtype: str) -> None:
    """An element's lane is its place modulo the lanes, in whole steps, whole vectors and the masked one alike."""
    value = np.random.default_rng(length).normal(size=(3, length)).astype(dtype)
    for reduce in (st.sum, st.max, st.argmax):
        results = []
        for shape in ((None, None), (3, length)):
            x = st.tensor("x", dtype, shape)
            results.append(st.compile(reduce(x, axis=1), [x], target="c")(value))
        np.testing.assert_array_equal(*results)


@pytest.mark.parametrize("length", [3, 16, 37, 64, 100])
def test_a_maximum_keeps_nan_from_every_place(length: int) -> None:
    x = st.vector("x", dtype="float32")
    f = st.compile([x.max(), x.min()], [x], target="c")
    for k in range(length):
        value = np.arange(length, dtype="float32")
        value[k] = np.nan
        assert np.isnan(f(value)).all()


def test_a_row_of_unknown_length_has_one_masked_part() -> None:
    x = st.matrix("x", dtype="float32")
    text = st.compile(x.sum(axis=1), [x], target="c").source
    assert text.count("const int64_t alive =") == 1


@pytest.mark.parametrize("dtype", ["bool", "int8", "float16", "int32", "float32", "int64", "float64", "complex64"])
def test_steps_backwards_and_over_every_second_element(dtype):
    x = st.tensor("x", dtype, (None,))
    outputs = [x[::2], x[::-1], x[::-2], x[1::2], x[::3], x[-2::-2]]
    function = st.compile(outputs, [x])
    for n in (0, 1, 2, 3, 31, 32, 33, 64, 65, 66, 127, 128, 129, 300, 301):
        v = np.random.default_rng(n).integers(0, 100, n).astype(dtype)
        for got, wanted in zip(function(v), [v[::2], v[::-1], v[::-2], v[1::2], v[::3], v[-2::-2]]):
            np.testing.assert_array_equal(got, wanted)
    if dtype == "float32":
        source = function.source
        assert all(f"st_{name}_f32" in source for name in ("load_pairs", "load_back", "load_back_pairs"))
