"""All rows, by name: the table of goals first, then rows of our own."""

from __future__ import annotations

from benchmarks.kind import Row
from benchmarks.rows import calls, elementwise, loops, networks, recurrent, reductions, statistics, stencil

_ROWS = (
    Row(calls.PlusOne, (10,), "float64", quick=True),
    Row(statistics.Hierarchical, (85, 919), "float64", quick=True),
    Row(elementwise.BlackScholes, (1_000_000,), quick=True),
    Row(elementwise.Chain, (10_000_000,), quick=True),
    Row(reductions.Softmax, (2048, 1024), quick=True),
    Row(reductions.LayerNorm, (2048, 1024)),
    Row(reductions.LogSumExp, (2048, 1024)),
    Row(reductions.CrossEntropy, (512, 10_000)),
    Row(reductions.KernelSum, (5000, 5000)),
    Row(stencil.Jacobi, (1024, 1024, 100)),
    Row(networks.TrainingStep, (128, 784, 512, 512, 10), quick=True),
    Row(networks.Attention, (4, 8, 256, 64)),
    Row(networks.AttentionGradient, (4, 8, 256, 64)),
    Row(networks.ConvolutionStep, (64, 28, 16, 32)),
    Row(reductions.VarianceColumns, (4096, 4096)),
    Row(reductions.VarianceRows, (4096, 4096)),
    Row(networks.Embedding, (50_000, 128, 64, 50, 10)),
    Row(statistics.GaussianProcess, (500, 3), "float64"),
    Row(loops.RungeKutta, (loops.STEPS,), "float64", quick=True),
    Row(loops.RungeKuttaGradient, (loops.STEPS,), "float64"),
    Row(recurrent.LSTM, (100, 32, 128, 128)),
    Row(recurrent.GRU, (100, 32, 128, 128)),
    Row(loops.Logistic, (loops.STEPS,), "float64"),
    Row(loops.Kalman, (loops.STEPS,), "float64"),
    Row(loops.HiddenMarkov, (1000, 16), "float64"),
)
_OWN = (
    (calls.PlusOne, (1_000_000,), "float64"),
    (calls.ThreeTwo, (10,), "float64"),
    (elementwise.Chain, (1000,), "float32"),
    (elementwise.Chain, (1_000_003,), "float64"),
    (elementwise.StridedChain, (1_000_000,), "float32"),
    (elementwise.Gelu, (1000, 777), "float32"),
    (elementwise.TransposedSum, (4096, 4096), "float32"),
    (reductions.SoftmaxGradient, (2048, 1024), "float32"),
    (reductions.Softmax, (5, 7), "float32"),
    (reductions.Softmax, (56_680, 37), "float32"),
    (reductions.Softmax, (42, 50_000), "float32"),
    (reductions.Softmax, (1023, 1001), "float64"),
    (reductions.TransposedSoftmax, (1024, 1000), "float32"),
    (reductions.LayerNorm, (56_680, 37), "float32"),
    (reductions.LogSumExp, (2048, 1024), "float64"),
    (reductions.VarianceColumns, (10_007, 13), "float64"),
    (reductions.VarianceRows, (999, 1025), "float64"),
    (networks.TrainingStep, (32, 64, 128, 128, 10), "float64"),
    (networks.Attention, (1, 3, 77, 40), "float64"),
    (stencil.Jacobi, (101, 203, 100), "float64"),
    (reductions.Total, (3001, 1999), "float64"),
    (loops.RungeKuttaWhile, (loops.STEPS,), "float64"),
    (loops.LogisticWhile, (loops.STEPS,), "float64"),
    (loops.LongGradient, (100_000, 64), "float64"),
    (loops.LongGradientCheckpointed, (100_000, 64), "float64"),
)
ROWS = {row.name: row for row in (*_ROWS, *(Row(*own, issue=False) for own in _OWN))}
