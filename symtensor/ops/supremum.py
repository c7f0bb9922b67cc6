"""``supremum``: the maximum of a row that may be empty.

``max`` refuses empty rows, as NumPy does.  What the optimizer shifts a row by must exist for every row, so that
rewriting ``exp(x) / sum(exp(x))`` adds no error of its own: the supremum of nothing is -inf.
"""

from __future__ import annotations

import numpy as np

from symtensor.ops.monoids import MAX_MONOID, lowest
from symtensor.ops.reduction import reduction

SUPREMUM = reduction(
    "supremum", MAX_MONOID, lambda x, axes: np.max(x, axis=axes, initial=lowest(x.dtype)), None, has_identity=True
)
