"""Programs and hand-written C of every kind of row compute what NumPy does in float64, at odd sizes too."""

from __future__ import annotations

import os

import numpy as np
import pytest

from benchmarks.contenders import CONTENDERS, Task
from benchmarks.kind import Kind, Row, error, reference
from benchmarks.rows import calls, elementwise, loops, networks, recurrent, reductions, statistics, stencil
from benchmarks.suite import ROWS

SIZES: dict[type[Kind], list[tuple[int, ...]]] = {
    calls.PlusOne: [(10,)],
    calls.ThreeTwo: [(10,)],
    elementwise.BlackScholes: [(1,), (33_001,)],
    elementwise.Chain: [(1,), (1003,), (70_001,)],
    elementwise.StridedChain: [(1,), (16,), (1003,)],
    elementwise.Gelu: [(3, 1), (33, 70)],
    elementwise.TransposedSum: [(1, 3), (50, 300), (64, 33)],
    reductions.Softmax: [(1, 1), (5, 7), (130, 70)],
    reductions.SoftmaxGradient: [(1, 1), (5, 7), (130, 70)],
    reductions.LogSumExp: [(1, 1), (33, 70)],
    reductions.LayerNorm: [(2, 3), (33, 70), (3, 1000)],
    reductions.VarianceRows: [(3, 1), (103, 701)],
    reductions.VarianceColumns: [(1, 3), (103, 701), (35, 2500)],
    reductions.CrossEntropy: [(1, 2), (33, 70)],
    reductions.KernelSum: [(1, 1), (33, 70)],
    reductions.Total: [(1, 1), (301, 199)],
    reductions.TransposedSoftmax: [(33, 70)],
    stencil.Jacobi: [(3, 3, 0), (3, 3, 1), (17, 40, 2), (40, 17, 5)],
    networks.TrainingStep: [(3, 7, 5, 6, 4), (32, 70, 300, 33, 10)],
    networks.Attention: [(1, 1, 1, 1), (1, 2, 140, 24)],
    networks.AttentionGradient: [(1, 1, 1, 1), (1, 2, 70, 24)],
    networks.Embedding: [(50, 7, 5, 3, 4), (40, 130, 8, 30, 10)],
    networks.ConvolutionStep: [(3, 16, 2, 3)],
    statistics.Hierarchical: [(3, 5), (85, 919)],
    statistics.GaussianProcess: [(2, 1), (60, 3)],
    loops.RungeKutta: [(1,), (50,)],
    loops.RungeKuttaGradient: [(1,), (50,)],
    loops.Logistic: [(1,), (100,)],
    loops.Kalman: [(1,), (50,)],
    loops.HiddenMarkov: [(2, 3), (30, 18)],
    loops.RungeKuttaWhile: [(1,), (50,)],
    loops.LogisticWhile: [(1,), (100,)],
    loops.LongGradient: [(1, 1), (50, 7)],
    loops.LongGradientCheckpointed: [(1, 1), (50, 7)],
    recurrent.LSTM: [(1, 1, 1, 1), (5, 3, 7, 18)],
    recurrent.GRU: [(1, 1, 1, 1), (5, 3, 7, 18)],
}
CASES = [(kind, size) for kind, sizes in SIZES.items() for size in sizes]
named = pytest.mark.parametrize(("kind", "size"), CASES, ids=lambda v: v.__name__ if isinstance(v, type) else str(v))


def worst(contender: str, row: Row, threads: int) -> float:
    """Return the largest error of one contender on one row."""
    want = reference(row)
    wanted = [(value.shape, "f" if value.dtype.kind == "f" else str(value.dtype)) for value in want]
    call, results = CONTENDERS[contender].build(Task(row, row.arguments(), threads, wanted))
    got = results(call())
    assert len(got) == len(want)
    return max(error(g, w) for g, w in zip(got, want))


def test_every_kind_is_tested():
    assert {row.kind for row in ROWS.values()} == set(SIZES)


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="the C is written for Linux")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@named
def test_hand_written_c(kind, size, dtype):
    if not CONTENDERS["c"].takes_part(kind) or (kind.hand.startswith("py_") and dtype == "float32"):
        pytest.skip("no C for this")
    for threads in (1, 2):
        assert worst("c", Row(kind, size, dtype), threads) <= 10 * kind.tolerance[dtype]


@named
def test_numpy_in_float32_is_close_to_float64(kind, size):
    assert worst("numpy", Row(kind, size, "float32"), 1) <= 10 * kind.tolerance["float32"]


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@named
def test_symtensor(kind, size, dtype):
    if kind.missing:
        pytest.skip(kind.missing)
    assert worst("symtensor", Row(kind, size, dtype), 2) <= 10 * kind.tolerance[dtype]


NAN_KEEPERS = [
    (elementwise.Chain, (1003,)),
    (reductions.Softmax, (5, 70)),
    (reductions.LogSumExp, (5, 70)),
    (reductions.LayerNorm, (5, 70)),
    (reductions.VarianceRows, (5, 70)),
    (reductions.VarianceColumns, (5, 70)),
]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("kind", "size"), NAN_KEEPERS)
def test_hand_written_c_keeps_nan_and_infinities(kind, size, dtype, value):
    row = Row(kind, size, dtype)
    arguments = row.arguments()
    first = next(iter(arguments))
    arguments[first].flat[3] = value
    with np.errstate(all="ignore"):
        want = np.asarray(kind.program("numpy")(np, **{name: v.astype("float64") for name, v in arguments.items()}))
    call, results = CONTENDERS["c"].build(Task(row, arguments, 1, [(want.shape, "f")]))
    got = results(call())[0]
    if kind is reductions.LogSumExp and value == np.inf:
        assert np.isposinf(got[0])  # NumPy's own formula loses it
        got, want = got[1:], want[1:]
    assert error(got, want) <= kind.tolerance[dtype]
