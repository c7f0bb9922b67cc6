"""Linear algebra: its public names."""

from symtensor.ops.cholesky import cholesky
from symtensor.ops.linalg import multi_dot, norm, qr
from symtensor.ops.triangular import solve_triangular

__all__ = ["cholesky", "multi_dot", "norm", "qr", "solve_triangular"]
