"""How many kernels a probe takes, and how many bytes they move: what fusion is for."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.ops.reference import bind_sizes, size_value
from tests.probes import load

P1, P2, P3, P4, P5 = map(
    load,
    (
        "probe_01_elementwise",
        "probe_02_softmax",
        "probe_03_variance",
        "probe_04_sum",
        "probe_05_stencil",
    ),
)
RNG = np.random.default_rng(0)
M, N = 300, 500
FULL, COLUMNS, ROWS = 8 * M * N, 8 * N, 8 * M
# Each reads what it must read and writes what it must write, once.
CASES = {
    "plus_one": (P1.build_plus_one, P1.sample(RNG, N)[:1], 1, 2 * COLUMNS),
    "chain": (P1.build, P1.sample(RNG, N), 1, 5 * COLUMNS),
    "chain_gradient": (P1.build_gradient, P1.sample(RNG, N), 1, 6 * COLUMNS),
    "softmax": (P2.build_forward, P2.sample(RNG, M, N)[:1], 1, 2 * FULL),
    "softmax_gradient": (P2.build, P2.sample(RNG, M, N), 1, 4 * FULL),
    "variance_of_columns": (lambda: P3.build_axis(0), P3.sample(RNG, M, N)[:1], 1, FULL + COLUMNS),
    "variance_of_rows": (lambda: P3.build_axis(1), P3.sample(RNG, M, N)[:1], 1, FULL + ROWS),
    "stencil": (P5.build_forward, P5.sample(RNG, M, N)[:1], 1, 2 * FULL),
}


@pytest.mark.parametrize("name", CASES)
def test_kernels_and_bytes(name: str) -> None:
    build, arguments, kernels, moved = CASES[name]
    outputs, inputs = build()
    rows = st.compile(outputs, inputs).kernels
    sizes = bind_sizes(dict(zip(inputs, arguments)))
    assert len(rows) == kernels, str(rows)
    assert sum(size_value(row.bytes, sizes) for row in rows) == moved, str(rows)


def test_a_sum_takes_two_stages() -> None:
    outputs, inputs = P4.build()
    rows = st.compile(outputs[0], inputs).kernels
    (x,) = P4.sample(RNG, M, N)
    sizes = bind_sizes({inputs[0]: x})
    assert len(rows) == 2, str(rows)
    assert sum(size_value(row.bytes, sizes) for row in rows) < 1.01 * FULL
