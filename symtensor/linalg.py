"""Linear algebra: the public names of ``symtensor.ops.linalg``."""

from symtensor.ops.linalg import cholesky, multi_dot, norm, qr, solve_triangular

__all__ = ["cholesky", "multi_dot", "norm", "qr", "solve_triangular"]
