"""The next row is fetched while this one is read for the first time, and nothing else changes."""

from __future__ import annotations

import re

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.loop_ir import Fetch, all_statements
from symtensor.codegen.schedule import Ahead, Inner, Lanes, Parallel
from tests.codegen.generating import generated
from tests.codegen.test_sanitizers import sanitized


def fetches(made):
    return [str(s.load.offset) for k in made.program.kernels() for s in all_statements(k.body) if isinstance(s, Fetch)]


def softmax(x):
    e = st.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def test_the_first_sweep_over_rows_fetches_the_next_row_or_16_kilobytes_ahead():
    x = st.tensor("x", "float32", shape=("m", "n"))
    made = generated([softmax(x)], [x])
    (offset,) = fetches(made)
    assert "min" in offset
    assert "4096" in offset
    assert made.source.text.count("__builtin_prefetch") == 4 + 1  # four vectors in flight, one alone, none in the tail


def test_the_variance_of_rows_reads_them_twice():
    x = st.tensor("x", shape=("m", "n"))
    assert len(fetches(generated([x.var(axis=1)], [x]))) == 1


@pytest.mark.parametrize("what", [lambda x: x.sum(axis=1), lambda x: st.exp(x), lambda x: x.var(axis=0)])
def test_what_is_read_once_or_by_columns_fetches_nothing(what):
    x = st.tensor("x", shape=("m", "n"))
    assert not fetches(generated([what(x)], [x]))


def test_rows_of_another_operand_are_fetched_too_but_a_vector_for_all_rows_is_not():
    x, y = (st.tensor(n, shape=("m", "n")) for n in "xy")
    b = st.tensor("b", shape=("n",))
    made = generated([softmax(x * y + b)], [x, y, b])
    assert sorted(re.findall(r"__builtin_prefetch\((\w+)", made.source.text)) == ["x"] * 5 + ["y"] * 5


def test_a_schedule_without_the_step_fetches_nothing():
    x = st.tensor("x", "float32", shape=("m", "n"))
    f = st.compile(softmax(x), [x])
    (name,) = f.schedule
    assert any(isinstance(step, Ahead) for step in f.schedule[name])
    plain = st.compile(softmax(x), [x], schedule={name: [Inner(), Lanes(64), Parallel(131072)]})
    value = np.random.default_rng(0).normal(size=(33, 70)).astype("float32")
    assert "__builtin_prefetch" not in plain.source
    assert np.array_equal(f(value), plain(value))


def test_devices_fetch_nothing():
    x = st.tensor("x", "float32", shape=("m", "n"))
    assert not fetches(generated([softmax(x)], [x], target="opencl"))


def test_a_fetch_behind_the_last_row_is_no_access(tmp_path):
    done = sanitized(
        """
        import numpy as np, symtensor as st
        x = st.tensor("x", "float32", shape=("m", "n"))
        f = st.compile(x.var(axis=1), [x])
        for shape in ((1, 5), (3, 64), (7, 1000)):
            f(np.ones(shape, "float32"))
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
