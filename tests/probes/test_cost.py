"""How many kernels a probe takes, and how many bytes they move: what fusion is for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.ops.reference import bind_sizes, size_value
from tests.probes import PROBES, load

P1, P2, P3, P4, P5 = map(load, PROBES[:5])
P7, P8 = map(load, PROBES[6:8])
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


def cost(build: Callable[[], tuple], arguments: tuple[np.ndarray, ...]) -> tuple[int, int]:
    """Number of kernels, and bytes that they move for these arguments."""
    outputs, inputs = build()
    rows = st.compile(outputs, inputs).kernels
    sizes = bind_sizes(dict(zip(inputs, arguments)))
    return len(rows), sum(size_value(row.bytes, sizes) for row in rows)


@pytest.mark.parametrize("name", CASES)
def test_kernels_and_bytes(name: str) -> None:
    build, arguments, kernels, moved = CASES[name]
    assert cost(build, arguments) == (kernels, moved)


def total_alone() -> tuple:
    (total, _), inputs = P4.build()
    return total, inputs


def test_a_sum_takes_two_stages() -> None:
    arguments = P4.sample(RNG, M, N)
    kernels, moved = cost(total_alone, arguments)
    assert kernels == 2
    assert moved < 1.01 * FULL


def test_attention_stores_nothing_but_its_scores() -> None:
    arguments = P7.sample(RNG, 2, 3, 40, 50, 16)
    q, k, v, _ = arguments
    scores = 2 * 3 * 40 * 50 * 8
    kernels, moved = cost(P7.build_forward, arguments[:3])
    assert kernels <= 3
    assert moved <= 2 * q.nbytes + k.nbytes + v.nbytes + 4 * scores
    kernels, moved = cost(P7.build, arguments)
    assert kernels <= 11
    assert moved <= 16 * q.nbytes + 8 * k.nbytes + 12 * scores


def test_runge_kutta_is_one_loop_forward_and_one_back() -> None:
    arguments = P8.sample(RNG, 1000)
    path = arguments[-1].nbytes
    kernels, moved = cost(P8.build_forward, arguments[:4])
    assert kernels <= 4
    assert moved <= path + 250
    kernels, moved = cost(P8.build, arguments)
    assert kernels <= 10  # the two loops, and values of one to three elements before and after them
    assert moved <= 6 * path + 500
