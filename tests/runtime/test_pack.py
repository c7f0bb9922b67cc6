"""Inputs of any strides: packed by the dispatcher without a conversion in Python."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import symtensor as st
from symtensor.function.calls import Converter
from symtensor.runtime import native

DTYPES = ["bool", "int8", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.fixture
def conversions(monkeypatch):
    """How often Python has converted the inputs of a call."""
    found = []
    convert = Converter.__call__
    monkeypatch.setattr(Converter, "__call__", lambda self, *args: found.append(0) or convert(self, *args))
    return found


def values(shape, dtype):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=shape) * 100
    return (numbers + 1j * rng.normal(size=shape) if dtype.startswith("complex") else numbers).astype(dtype)


def layouts(x):
    """Views of an array of rank 3: axes in all orders, steps in all directions, broadcast."""
    for axes in itertools.permutations(range(3)):
        y = x.transpose(axes)
        yield y
        yield y[::2, ::-1]
        yield y[..., ::2]
        yield y[:, 1:, ::-1]
        yield y[:, :, ::-3]
        yield y[:, :1]
    yield np.broadcast_to(x[:, :1], x.shape)
    yield np.broadcast_to(x[0, 0, 0], (5, 6, 7))
    yield x[:0, :, ::2]


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_layouts(dtype, conversions):
    x = st.tensor("x", dtype, (None, None, None))
    function = st.compile(x, [x])
    for shape in [(3, 4, 5), (2, 70, 33), (65, 3, 130)]:
        for y in layouts(values(shape, dtype)):
            np.testing.assert_array_equal(function(y), y)
    assert not conversions


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("dtype", ["int8", "float32", "complex128"])
def test_large_arrays_are_packed_in_pieces(dtype, threads, conversions):
    v, m = st.tensor("v", dtype, (None,)), st.tensor("m", dtype, (None, None))
    copies = st.compile([v, m], [v, m], threads=threads)
    long, wide = values((1_000_003,), dtype), values((1023, 517), dtype)
    for a, b in [(long[::2], wide.T), (long[::-1], wide[::-1, ::-1].T), (long[::7], wide.T[::2, ::3])]:
        first, second = copies(a, b)
        np.testing.assert_array_equal(first, a)
        np.testing.assert_array_equal(second, b)
    assert not conversions


def test_a_packed_input_is_a_copy_when_a_shared_variable_is_updated_in_place():
    v = st.shared(np.arange(6.0), "v")
    x = st.vector("x")
    function = st.compile([], [x], updates={v: v + x})
    function(v.get_value(borrow=True)[::-1])
    np.testing.assert_array_equal(v.get_value(), [5.0] * 6)


def test_static_sizes_are_checked_before_packing():
    x = st.tensor("x", "float64", (3,))
    function = st.compile(x + 1, [x])
    np.testing.assert_array_equal(function(np.arange(6.0)[::2]), [1, 3, 5])
    with pytest.raises(st.errors.ShapeError, match="has size 3 along axis 0"):
        function(np.arange(8.0)[::2])


def test_the_memory_of_packed_inputs_is_given_back():
    x = st.vector("x")
    function = st.compile(x.sum(), [x])
    function(np.ones(2_000_000)[::2])
    assert native.trim() >= 8_000_000
