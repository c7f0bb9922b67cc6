"""Every error that a user can meet: its class, and the text that native code can only name by number.

A message says what is wrong, shows both sides with the user's names, the file and line where the expression was
written, and one hint.  Classes derive from Python's own, so ``except ValueError`` works as NumPy users expect.
"""

from __future__ import annotations

import numpy as np

from symtensor.records import dataclass


class SymtensorError(Exception):
    """Base of all errors that symtensor raises on its own account."""


class ShapeError(SymtensorError, ValueError):
    """Shapes that do not fit, at build time or at a call."""


class DTypeError(SymtensorError, TypeError):
    """A dtype that an operation does not take, or that a call was not compiled for."""


class BoundsError(SymtensorError, IndexError):
    """An index outside of its axis."""


class GradientError(SymtensorError, ValueError):
    """A derivative that does not exist or does not depend on what it is asked for."""


class CompileError(SymtensorError, ValueError):
    """A graph that cannot be compiled as asked: missing, unused or duplicate inputs, unknown target."""


class RewriteError(SymtensorError, RuntimeError):
    """A rewrite rule that is wrong: it loops, or changes a type."""


class VerificationError(SymtensorError, AssertionError):
    """An intermediate form that breaks its own rules: a defect of symtensor, not of the user."""


class LinAlgError(SymtensorError, np.linalg.LinAlgError):
    """A matrix that a factorisation cannot handle; NumPy's own error is a ``ValueError``."""


class UnsupportedError(SymtensorError, NotImplementedError):
    """Something sensible that symtensor does not do yet."""


class CheckError(SymtensorError, RuntimeError):
    """A condition that the user asked to be checked does not hold."""


@dataclass(frozen=True)
class NativeError:
    """One row of the table of errors that native code reports by number.

    ``text`` is formatted with the four integers of the error record as ``{0}`` to ``{3}`` and the site's ``{what}``.
    """

    code: int
    name: str
    exception: type[BaseException]
    text: str
    hint: str = ""


NATIVE = {
    row.code: row
    for row in (
        NativeError(1, "memory", MemoryError, "out of memory: {0} bytes could not be allocated"),
        NativeError(2, "interrupted", KeyboardInterrupt, "interrupted"),
        NativeError(3, "shape", ShapeError, "{what}: {0} is not {1}"),
        NativeError(
            4,
            "index",
            BoundsError,
            "{what}: index {0} is out of bounds for an axis of size {1}",
            "indices run from 0 to the size less 1, or from -1 backwards",
        ),
        NativeError(5, "linalg", LinAlgError, "{what} (LAPACK info={0})"),
        NativeError(6, "device", RuntimeError, "{what}: the device driver returned error {0}"),
        NativeError(7, "check", CheckError, "{what}"),
        NativeError(8, "size", ShapeError, "{what}: a size is negative or does not divide: {0} against {1}"),
        NativeError(9, "steps", CheckError, "{what}: the loop was still running after max_steps={0} steps"),
    )
}
CODES = {row.name: row.code for row in NATIVE.values()}
HINTS: dict[type[BaseException], str] = {row.exception: row.hint for row in NATIVE.values() if row.hint}
"""Hints by exception, for those who compute the same without native code."""


def located(message: str, sites: tuple[tuple[str, int], ...], hint: str = "") -> str:
    """Append the user's lines and a hint to a message.

    >>> print(located("bad", (("model.py", 3),), "do better"))
    bad
      at model.py:3
      hint: do better
    """
    lines = [message] + [f"  at {file}:{line}" for file, line in sites[:3]]
    if hint:
        lines.append(f"  hint: {hint}")
    return "\n".join(lines)
