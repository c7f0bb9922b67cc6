"""The showcase: programs of the benchmarks at small odd sizes, with the most that each may cost.

A change that needs more of anything fails the test; one that needs less may lower the limit here.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.kind import Kind
from benchmarks.rows import elementwise, loops, networks, reductions, stencil


@dataclass(frozen=True)
class Case:
    """One expression.

    Attributes:
        kind: the program, as a user writes it.
        size: what ``kind.sample`` takes after the dtype.
        kernels: most kernels and library calls that are launched.
        arrays: most bytes that those read and write, as multiples of ``unit``.
        unit: bytes that ``arrays`` counts in.
        arena: most bytes of temporaries, in the same unit; 0 where nothing is stored between kernels.
        wide: least share of full-width vector instructions among the floating-point arithmetic of the machine code.
        dtype: of the floating-point arguments.
    """

    kind: type[Kind]
    size: tuple[int, ...]
    kernels: int
    arrays: float
    unit: int
    arena: float
    wide: float
    dtype: str = "float32"


M, N = 301, 515
SCORES = 4 * 2 * 3 * 77 * 77
FULL = 4 * M * N
STEPS = 1000
CASES = {
    "chain": Case(elementwise.Chain, (10_001,), 1, 3.02, 4 * 10_001, 0, 0.95),
    "softmax": Case(reductions.Softmax, (M, N), 1, 2.01, FULL, 0, 0.89),
    "layer norm": Case(reductions.LayerNorm, (M, N), 1, 2.02, FULL, 0, 0.56),
    "logsumexp": Case(reductions.LogSumExp, (M, N), 1, 1.01, FULL, 0, 0.77),
    "cross-entropy with gradient": Case(reductions.CrossEntropy, (M, N), 8, 8.07, FULL, 2.02, 0.45),
    "variance of columns": Case(reductions.VarianceColumns, (M, N), 1, 1.01, FULL, 0, 0.84),
    "variance of rows": Case(reductions.VarianceRows, (M, N), 1, 1.01, FULL, 0, 0.57),
    "kernel sum": Case(reductions.KernelSum, (M, N), 2, 21.48, 4 * M, 5.29, 0.91),
    "transposed sum": Case(elementwise.TransposedSum, (M, N), 1, 3.02, FULL, 0, 0.95),
    "sum": Case(reductions.Total, (M, N), 2, 1.01, FULL, 0.01, 0.71),
    "Jacobi": Case(stencil.Jacobi, (M, N, 20), 1, 2.01, FULL, 2.01, 0.95),
    "attention": Case(networks.Attention, (2, 3, 77, 40), 3, 6.11, SCORES, 0, 0.88),
    "attention with gradient": Case(networks.AttentionGradient, (2, 3, 77, 40), 7, 16.32, SCORES, 0, 0.88),
    "embedding step": Case(networks.Embedding, (5000, 33, 64, 50, 10), 17, 226.49, 4 * 33 * 64, 2.66, 0.57),
    "training step": Case(networks.TrainingStep, (33, 65, 130, 129, 10), 27, 37.14, 4 * 65 * 130, 4.6, 0.61),
    "Runge-Kutta": Case(loops.RungeKutta, (STEPS,), 4, 1.02, 8 * 3 * STEPS, 0.02, 0.0, "float64"),
    "Runge-Kutta gradient": Case(loops.RungeKuttaGradient, (STEPS,), 9, 4.04, 8 * 3 * STEPS, 1.05, 0.0, "float64"),
}
