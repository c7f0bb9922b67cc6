"""``fn.memory`` against the operating system, and what constants and the memory kept between calls cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import symtensor as st
from tests.inspect.peaks import CASES

ROOT = Path(__file__).parents[2]
linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads the peak of a process from /proc")


@pytest.fixture(scope="module")
def peaks() -> dict[str, tuple[int, int]]:
    """Predicted and measured bytes of all cases, from a process of their own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    # Memory that was freed goes back to the system at once, so that a call cannot take what arguments were made in.
    environment["MALLOC_MMAP_THRESHOLD_"] = environment["MALLOC_TRIM_THRESHOLD_"] = "65536"
    done = subprocess.run(
        [sys.executable, "-m", "tests.inspect.peaks"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@linux
@pytest.mark.parametrize("name", CASES)
def test_the_peak_is_what_the_system_sees(name: str, peaks: dict[str, tuple[int, int]]) -> None:
    predicted, measured = peaks[name]
    assert predicted > 8_000_000, "too small to tell from the pages of code that a call loads"
    assert 0.9 * measured <= predicted <= 1.1 * measured


def test_packed_arguments_and_workers_count() -> None:
    x = st.matrix("x")
    f = st.compile(st.cumsum(st.exp(x), axis=1).sum(axis=1), [x], threads=1)
    data = np.zeros((100, 200))
    by_rows, by_columns = f.memory.at(x=data), f.memory.at(x=np.asfortranarray(data))
    assert by_columns.peak_bytes - by_rows.peak_bytes == data.nbytes
    assert f.memory.at(x=(100, 200)).peak_bytes == by_rows.peak_bytes
    assert by_rows.workers == 1
    assert f"packed arguments: {data.nbytes:,} bytes" in str(by_columns)


def test_library_memory_is_listed() -> None:
    a, b = st.matrix("a"), st.matrix("b")
    plan = st.compile(st.linalg.solve(a, b), [a, b]).memory.at(a=(30, 30), b=(30, 4))
    assert plan.workspace_bytes == 30 * 4 * 8 + 1
    assert plan.buffer_bytes > 0
    assert "libraries: " in str(plan)


# ------------------------------------------------------------------------------------------------------- constants
def test_a_large_constant_is_bound_and_not_written_out() -> None:
    data = np.random.default_rng(0).random(10_000)
    x = st.scalar("x")
    first = st.compile((st.constant(data) * x).sum(), [x])
    compiles = st.cache_info().compiles
    other = st.compile((st.constant(data + 1) * x).sum(), [x])
    assert st.cache_info().compiles == compiles  # the same machine code
    assert len(first.source) < 20_000
    assert first.memory.peak_bytes < 10_000
    np.testing.assert_allclose([first(2.0), other(2.0)], [2 * data.sum(), 2 * (data + 1).sum()])


def test_a_borrowed_constant_is_the_array_itself() -> None:
    data = np.arange(5000.0)
    held = st.constant(data, borrow=True)
    assert np.shares_memory(held.attr("value").array, data)
    assert data.flags.writeable
    assert not held.attr("value").array.flags.writeable
    assert held is st.constant(data)
    assert not np.shares_memory(st.constant(data + 1).attr("value").array, data)
    as_single = st.constant(data, "float32", borrow=True)
    assert as_single.dtype == "float32"
    f = st.compile(held[::-1] + 0.0, [])
    np.testing.assert_array_equal(f(), data[::-1])


def test_constants_that_differ_in_the_last_bit_are_two() -> None:
    data = np.arange(5000.0)
    nearly = data.copy()
    nearly[-1] = np.nextafter(nearly[-1], 0)
    assert st.constant(data) is not st.constant(nearly)
    zeros = np.zeros(5000)
    negative = zeros.copy()
    negative[4097] = -0.0
    signs = st.compile(st.signbit(st.constant(negative)).sum(), [])
    assert st.constant(zeros) is not st.constant(negative)
    assert signs() == 1
