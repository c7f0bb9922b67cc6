"""Large results that nothing reads are stored past the caches; everything else is stored as ever."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.c import STREAM_BYTES
from tests.codegen.generating import generated


def streamed(made):
    return set(re.findall(r"st_stream_\w+\((\w+)", made.source.text)) - {"float", "double"}


def test_results_of_a_map_are_streamed_where_they_are_large():
    x, y = st.fvector("x"), st.fvector("y")
    made = generated([x * 2 + y, st.exp(x)], [x, y])
    assert streamed(made) == {"add", "exp"}
    assert f"const int streaming = 8 * y_size0 >= {STREAM_BYTES};" in made.source.text
    assert "if (streaming) __builtin_ia32_sfence();" in made.source.text  # before another thread may read them


def test_a_result_that_holds_scratch_or_is_read_is_not_streamed():
    x = st.fmatrix("x")
    e = st.exp(x - x.max(axis=1, keepdims=True))
    assert not streamed(generated([e / e.sum(axis=1, keepdims=True)], [x]))
    z = st.tanh(x)
    assert not streamed(generated([z, z @ x], [x]))


def test_a_variable_that_is_updated_in_place_is_not_streamed():
    w = st.shared(np.zeros(8, "float32"), "w")
    step = st.compile([], [], updates={w: w * 0.5 + 1})
    assert "st_stream_" not in step.source


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_results_are_whole(dtype):
    x = st.tensor("x", dtype, (None,))
    n = STREAM_BYTES // np.dtype(dtype).itemsize + 4097 + 3  # the last tile has a vector and a part of one
    value = np.arange(n, dtype=dtype)
    results = [st.compile(x * 2 + 1, [x], threads=threads)(value) for threads in (1, 2)]
    for got in results:
        assert np.array_equal(got, value * 2 + 1)


def test_rows_that_are_no_whole_vectors_are_stored_as_ever():
    x = st.tensor("x", "float32", (None, None))
    value = np.arange(301 * 30011, dtype="float32").reshape(30011, 301) % 1000
    assert value.nbytes > STREAM_BYTES
    got = st.compile((x - x.mean(axis=1, keepdims=True)) * 2, [x])(value)
    np.testing.assert_allclose(got, (value - value.mean(axis=1, keepdims=True)) * 2, atol=2e-3)


def test_an_output_of_the_caller_is_streamed_too():
    x = st.fvector("x")
    value = np.ones(STREAM_BYTES // 4 + 5, "float32")
    out = np.empty(value.size + 1, "float32")[1:]  # at an address that no vector is aligned to
    st.compile(x + 1, [x])(value, out=out)
    assert (out == 2).all()
