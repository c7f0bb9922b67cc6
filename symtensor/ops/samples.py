"""Sample inputs for the conformance tests, named by letters so that a declaration states its domain in one word.

An elementwise op declares one letter per operand (``samples="rp"``); any other op declares a function from a random
generator to pairs ``(arrays, attrs)``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

Sample = tuple[tuple[np.ndarray, ...], dict[str, Any]]
# The generator by its name: numpy.random takes 8 ms to import, and most programs never draw.
Samples = Callable[["np.random.Generator"], Iterable[Sample]]

DOMAINS: dict[str, tuple[float, float]] = {
    "r": (-2.0, 2.0),  # any real
    "s": (-2.0, 2.0),  # any real, drawn apart from "r"
    "e": (-2.0, 2.0),  # an exponent: any real, a natural number where it is an integer
    "p": (0.2, 3.0),  # positive
    "u": (0.05, 0.95),  # inside the unit interval
    "g": (1.1, 4.0),  # greater than one
    "n": (-3.0, -0.1),  # negative
    "S": (1.5, 4.0),  # an exponent for which sums of powers converge
}
"""Open intervals of floating-point operands; integers of "r", "s", "n" are signed small, of the others positive."""

SPECIAL = (0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), 5e-324, 1e-30, -1e30)
"""Values on which a scalar form must agree with NumPy whatever its domain."""


def operand_dtype(letter: str, dtype: np.dtype) -> np.dtype:
    """The dtype of an operand of this letter, in a test with operands of ``dtype``: bools and exponents keep theirs."""
    return {"b": np.dtype("bool"), "I": np.dtype("int64")}.get(letter, dtype)


def draw(letter: str, dtype: np.dtype, size: int, rng: np.random.Generator) -> np.ndarray:
    """Draw a vector of one domain.

    Args:
        letter: a key of ``DOMAINS``, ``"i"`` (signed integers), ``"j"`` (positive integers), ``"k"`` and ``"l"``
            (0, 1 or 2, which often are equal), ``"I"`` (int64 beside floats) or ``"b"`` (bools).
        dtype: element type.
        size: number of elements.
        rng: source of randomness.
    """
    if letter == "b" or dtype.kind == "b":
        return (rng.random(size) > 0.5).astype(dtype)
    if letter in "kl":
        return rng.integers(0, 3, size).astype(dtype)
    if letter in "ijI" or dtype.kind in "iu":
        low = -9 if letter in "irsnI" and dtype.kind != "u" else 1
        return rng.integers(low, 10, size).astype(dtype)
    low_edge, high_edge = DOMAINS[letter]
    values = rng.uniform(low_edge, high_edge, size)
    if dtype.kind == "c":
        return (values + 1j * rng.uniform(-1, 1, size)).astype(dtype)
    return values.astype(dtype)
