"""What a row of the benchmarks is made of: a kind of work, at some size, in some dtype."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

Arrays = Mapping[str, np.ndarray]


class Kind:
    """One kind of work: how arguments are drawn, and the program as a user of each library would write it.

    A subclass defines ``sample`` and one static function a contender, named after it (see ``benchmarks.contenders``).
    It takes the library and then the arguments by name, and returns one result or a tuple.  ``numpy`` run on float64
    is also the reference that all answers are compared with.

    Attributes:
        title: what is computed, for the table.
        state: names of arguments that the program changes: shared variables of symtensor and PyTensor.  There the
            program returns ``(results, {name: new value})``, as it does for JAX; NumPy, Numba and torch change the
            arrays in place.
        hand: name of the function in benchmarks/c, called with pointers to all arguments, then to all results, then
            with ``sizes``; None where there is none.
        blas: whether ``hand`` calls a matrix product, so that it is timed with each BLAS that is installed.
        tolerance: largest error by dtype, relative to the largest magnitude of the result.
        missing: why symtensor cannot take part yet; the row counts as open.
        limit: what keeps symtensor from the goal where it misses it, and what was tried.
    """

    title: ClassVar[str]
    state: ClassVar[tuple[str, ...]] = ()
    hand: ClassVar[str | None] = None
    blas: ClassVar[bool] = False
    tolerance: ClassVar[Mapping[str, float]] = {"float32": 2e-5, "float64": 1e-10}
    missing: ClassVar[str | None] = None
    limit: ClassVar[str | None] = None

    @staticmethod
    def sample(rng: np.random.Generator, dtype: str, *size: int) -> dict[str, np.ndarray]:
        raise NotImplementedError

    @staticmethod
    def sizes(arguments: Arrays) -> Sequence[int]:
        """Return the integers that the C function takes: the first argument's shape, unless a kind says otherwise."""
        return next(iter(arguments.values())).shape

    @classmethod
    def program(cls, name: str) -> Callable[..., Any] | None:
        """Return the contender's program, or None if this kind has none."""
        return getattr(cls, name, None)


@dataclasses.dataclass(frozen=True)
class Row:
    """A kind of work at one size.

    Attributes:
        kind: what is computed.
        size: what ``kind.sample`` takes after the dtype.
        dtype: of the floating-point arguments.
        issue: whether this row stands in the table of goals, or was added to catch what that table misses.
        quick: whether `make bench-quick` runs it.
    """

    kind: type[Kind]
    size: tuple[int, ...] = ()
    dtype: str = "float32"
    issue: bool = True
    quick: bool = False

    @property
    def name(self) -> str:
        """Unique among all rows, and fit for the command line."""
        return "-".join([self.kind.__name__, *map(str, self.size), {"float32": "f32", "float64": "f64"}[self.dtype]])

    @property
    def title(self) -> str:
        size = "×".join(f"{n:,}".replace(",", " ") if n > 99_999 else str(n) for n in self.size)
        return f"{self.kind.title}{', ' if size else ''}{size}, {self.dtype}"

    def arguments(self) -> dict[str, np.ndarray]:
        """Draw the arguments, the same in every process."""
        return self.kind.sample(np.random.default_rng(20), self.dtype, *self.size)


def flat(results: Any) -> tuple[Any, ...]:
    """Return results as a tuple."""
    return tuple(results) if isinstance(results, (tuple, list)) else (results,)


def normal(rng: np.random.Generator, dtype: str, *shape: int) -> np.ndarray:
    """Draw standard normal values without a detour over another dtype, which would disturb the memory figures."""
    return rng.standard_normal(shape, dtype=dtype)  # type: ignore[arg-type]


def reference(row: Row) -> list[np.ndarray]:
    """Return the results and the changed state in float64 NumPy."""
    wide = {
        name: value.astype("float64") if value.dtype.kind == "f" else value.copy()
        for name, value in row.arguments().items()
    }
    program = row.kind.program("numpy")
    assert program is not None
    results = flat(program(np, **wide))
    return [np.asarray(value) for value in (*results, *(wide[name] for name in row.kind.state))]


def error(got: np.ndarray, want: np.ndarray) -> float:
    """Return the largest difference, relative to the largest finite magnitude; infinite where shape or NaN differ."""
    got = np.asarray(got)
    if got.shape != want.shape:
        return float("inf")
    if want.size == 0:
        return 0.0
    if want.dtype.kind in "iub":
        return 0.0 if np.array_equal(got, want) else float("inf")
    got = got.astype("float64")
    finite = np.isfinite(want)
    if not np.array_equal(got[~finite], want[~finite], equal_nan=True) or not np.isfinite(got[finite]).all():
        return float("inf")
    scale = float(np.abs(want[finite]).max(initial=0)) or 1.0
    return float(np.abs(got[finite] - want[finite]).max(initial=0)) / scale
