"""What code generation needs to know of the machine: it is handed in, never asked for."""

from __future__ import annotations

from symtensor.records import dataclass


@dataclass(frozen=True)
class Machine:
    """A processor.

    Attributes:
        vector_bytes: width of a vector register.
        features: CPU features by gcc's names.
    """

    vector_bytes: int
    features: frozenset[str]
