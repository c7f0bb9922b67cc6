"""The memory limit that a user asks for, checked: loaded only where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symtensor.function.variables import SharedVariable
from symtensor.inspect.sizes import SizeBinder
from symtensor.ir.node import Tensor
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.recompute import MemoryLimit
from symtensor.runtime import native


def checked_limit(limit: Any, leaves: Sequence[Tensor], guards: Guards, threads: int | None) -> MemoryLimit:
    """The memory limit that the user asks for, at the shapes that he tells and those of shared variables.

    Raises:
        ValueError: if it is neither a number of bytes nor a pair of one and of shapes by name.
        TypeError: for a shape of what is no input.
    """
    amount, shapes = limit if isinstance(limit, tuple) and len(limit) == 2 else (limit, {})
    whole = isinstance(amount, (int, np.integer)) and not isinstance(amount, bool) and amount > 0
    if not whole or not isinstance(shapes, Mapping):
        hint = 'as in memory_limit=(200_000_000, {"x": (1000, 64)})'
        raise ValueError(f"memory_limit must be a number of bytes, or one with shapes, not {limit!r}\n  hint: {hint}")
    given = {n.name: np.shape(n.get_value(borrow=True)) for n in leaves if isinstance(n, SharedVariable) and n.name}
    given |= {name: tuple(s) if isinstance(s, (tuple, list)) else s for name, s in shapes.items()}
    values = SizeBinder(tuple(leaves), guards).bind(given)
    workers = min(threads or native.workers(), native.workers())
    return MemoryLimit(int(amount), tuple(sorted(given.items())), workers, values)
