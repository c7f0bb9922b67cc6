"""Which products of matrices BLAS computes, and which our own kernel: the one home of this choice.

Cost model: our kernel (``microkernel.py``) runs near the peak once a tile is filled, packs little and starts fast; what
it lacks are blocks for the outer caches, which pay from about 800 x 800 x 800 on, and tiles for a few rows or columns.
Measured on a Zen 5, one thread, in times the speed of OpenBLAS's AVX-512 kernels, float32: 32^3 1.05, 33^3 0.73,
64^3 0.97, 128^3 1.19, 256^3 1.11, 512^3 0.97, 640^3 1.03, 1024^3 0.85, 32 x 512 x 128 1.5, 4 x 300 x 300 0.55,
300 x 4 x 300 0.26; with a transposed right side 32^3 1.6, 64^3 1.3, 512^3 1.04.  float64: 32^3 0.92, 64^3 0.91, 128^3
1.4, 256^3 1.2, 512^3 1.05, 1024^3 0.91.

Sizes that are known decide here; others decide at each call, by the same condition in C.
"""

from __future__ import annotations

import numpy as np

from symtensor.codegen.microkernel import Kernel, micro_kernel
from symtensor.codegen.program import Gemm
from symtensor.ir import size as sz
from symtensor.records import dataclass

OWN_WORK = 1 << 28  # multiply-adds up to which our kernel is at least as fast
OWN_ROWS = 6
OWN_COLUMNS = 8


@dataclass(frozen=True)
class Choice:
    """Who computes one product.

    Attributes:
        kernel: our kernel, or None where BLAS computes the product at every size.
        conditions: in C, on ``rows``, ``columns`` and ``inner`` of the struct ``g``: our kernel is taken if all hold.
    """

    kernel: Kernel | None
    conditions: tuple[str, ...] = ()

    @property
    def blas(self) -> bool:
        """Whether BLAS is needed."""
        return self.kernel is None or bool(self.conditions)

    def text(self, routine: str) -> str:
        """One line for people; ``routine`` is BLAS's name for the product."""
        if self.kernel is None:
            return routine
        if not self.conditions:
            return self.kernel.name
        tests = " and ".join(c.replace("g->", "").replace("(double)", "") for c in self.conditions)
        return f"{self.kernel.name} if {tests}, else {routine}"


def blas_name(dtype: np.dtype) -> str:
    """BLAS's function for products of a dtype."""
    return f"cblas_{'s' if dtype.itemsize == 4 else 'd'}gemm"


def choose(step: Gemm, vector_bytes: int, features: frozenset[str]) -> Choice:
    """Who computes a product on a processor."""
    kernel = micro_kernel(step.dtype.itemsize, vector_bytes, features)
    work = sz.product([step.rows, step.columns, step.inner])
    limits = (
        (step.rows, OWN_ROWS, f"g->rows >= {OWN_ROWS}"), (step.columns, OWN_COLUMNS, f"g->columns >= {OWN_COLUMNS}"),
        (work, 0, f"(double)g->rows * g->columns * g->inner <= {OWN_WORK}"),
    )  # fmt: skip
    if kernel is None or (isinstance(work, int) and work > OWN_WORK):
        return Choice(None)
    if any(isinstance(n, int) and n < least for n, least, _ in limits):
        return Choice(None)
    return Choice(kernel, tuple(text for n, least, text in limits if not isinstance(n, int)))
