"""Linear algebra: its public names."""

from symtensor.ops.cholesky import cholesky
from symtensor.ops.linalg import multi_dot, norm, qr
from symtensor.ops.solving import det, inv, slogdet, solve
from symtensor.ops.triangular import solve_triangular

__all__ = ["cholesky", "det", "inv", "multi_dot", "norm", "qr", "slogdet", "solve", "solve_triangular"]
