"""Reading the arguments of ``scan``: sequences and outputs with taps, and what the user's function returns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Tensor, caller_sites, describe
from symtensor.ops.declare import SHARED, as_tensor
from symtensor.ops.joining import concatenate
from symtensor.ops.loop_forms import row_of, rows_of
from symtensor.ops.movement import expand_dims
from symtensor.records import dataclass

LONGEST_UNROLLED_WINDOW = 8
"""Windows of past values up to this length are one carry each value; longer ones are one array that shifts."""

Updates = dict[Tensor, Tensor]


# ------------------------------------------------------------------------------------------------- the arguments
def listed(value: Any) -> list[Any]:
    """Theano's rule: a single thing stands for a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def sequence_slices(sequence: Any) -> list[Tensor]:
    """One array for each tap of a sequence, so that row t of it is what step t reads."""
    if not isinstance(sequence, dict):
        return [_as_sequence(sequence)]
    _check_keys("sequences", sequence, {"input", "taps"})
    x = _as_sequence(sequence["input"])
    taps = read_taps(sequence.get("taps"), [0])
    first, last = min(0, *taps), max(0, *taps)
    count = sz.maximum(sz.add(x.shape[0], first - last), 0)
    return [rows_of(x, tap - first, count) for tap in taps]


def _as_sequence(value: Any) -> Tensor:
    x = as_tensor(value)
    if not x.ndim:
        message = f"scan: a sequence must have at least one axis, not {describe(x)}"
        raise ShapeError(located(message, caller_sites(), "pass what is the same in every step in non_sequences"))
    return x


def read_taps(taps: Any, default: list[int]) -> list[int]:
    """Taps as a list; one number stands for a list of one."""
    if taps is None:
        return default
    return [int(t) for t in taps] if isinstance(taps, (list, tuple)) else [int(taps)]


def _check_keys(what: str, given: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(given) - known)
    if unknown:
        raise ValueError(f"scan: {what} has no key {unknown[0]!r}\n  hint: its keys are {', '.join(sorted(known))}")


@dataclass(frozen=True)
class Output:
    """One output of the user's function.

    Attributes:
        name: what messages call its state.
        taps: which past values the function reads, oldest as -depth; empty if it has no state.
        window: first and count of its carries.
        initials: initial values of its carries, oldest first.
        stacked: whether one carry holds the whole window.
    """

    name: str
    taps: tuple[int, ...] = ()
    window: tuple[int, int] = (0, 0)
    initials: tuple[Any, ...] = ()
    stacked: bool = False

    @property
    def depth(self) -> int:
        """How many steps back the taps reach."""
        return -min(self.taps, default=0)

    def arguments(self, carries: Sequence[Any]) -> list[Any]:
        """The past values that the function reads, in the order of the taps."""
        window = carries[self.window[0] : self.window[0] + self.window[1]]
        if self.stacked:
            return [row_of(window[0], self.depth + tap) for tap in self.taps]
        return [window[self.depth + tap] for tap in self.taps]

    def shifted(self, carries: Sequence[Any], value: Any) -> list[Any]:
        """The window after a step that made this value."""
        window = list(carries[self.window[0] : self.window[0] + self.window[1]])
        if self.stacked:
            kept = rows_of(window[0], 1, self.depth - 1)
            return [concatenate([kept, expand_dims(as_tensor(value, kept.dtype), 0)])]
        return [*window[1:], value]


def read_output(info: Any, name: str, first: int) -> Output:
    """Read one entry of ``outputs_info``; its carries are numbered from ``first``."""
    if info is None or (isinstance(info, dict) and not info):
        return Output(name)
    if not isinstance(info, dict):
        info = {"initial": info}
    _check_keys("outputs_info", info, {"initial", "taps"})
    taps = tuple(read_taps(info.get("taps"), [-1]))
    if any(t >= 0 for t in taps):
        raise ValueError(
            f"scan: taps of state {name!r} must be negative, as in -1 for the last value; given: {list(taps)}"
        )
    if info.get("initial") is None:
        raise ValueError(f"scan: state {name!r} has taps {list(taps)} but no initial value\n  hint: add initial=")
    depth = -min(taps)
    if depth == 1:
        return Output(name, taps, (first, 1), (info["initial"],))
    initial = _window_start(as_tensor(info["initial"]), name, depth)
    if depth > LONGEST_UNROLLED_WINDOW:
        return Output(name, taps, (first, 1), (initial,), stacked=True)
    return Output(name, taps, (first, depth), tuple(row_of(initial, k) for k in range(depth)))


def _window_start(initial: Tensor, name: str, depth: int) -> Tensor:
    """The first ``depth`` rows of an initial value."""
    rows = initial.shape[0] if initial.ndim else 0
    if isinstance(rows, int) and rows < depth:
        message = f"scan: state {name!r} reads {depth} steps back, but its initial value is {initial.type}"
        raise ShapeError(located(message, caller_sites(), f"give it {depth} rows, the oldest first"))
    return rows_of(initial, 0, depth)


# ------------------------------------------------------------------------------------ what the function returns
@dataclass(frozen=True)
class until:
    """What a function given to ``scan`` returns last, to end the loop after the step in which a condition holds.

    Args:
        condition: a bool scalar.

    >>> import symtensor as st
    >>> powers, _ = st.scan(lambda x: (x * 2, st.until(x > 100)), outputs_info=st.scalar("x"), n_steps=1000)
    >>> powers.type
    float64[steps]
    """

    condition: Any


@dataclass(frozen=True)
class Returned:
    """What a call of the user's function gave: outputs, updates of shared variables, a condition that ends the loop."""

    outputs: list[Any]
    updates: Updates
    stop: Any = None


def read_results(result: Any) -> Returned:
    """Sort what the user's function returns: outputs, updates, both in either order; ``until`` as the last."""
    if isinstance(result, until):
        return Returned([], {}, result.condition)
    if isinstance(result, (tuple, list)) and result and isinstance(result[-1], until):
        rest = read_results(result[0] if len(result) == 2 else result[:-1])
        return Returned(rest.outputs, rest.updates, result[-1].condition)
    if isinstance(result, dict):
        return Returned([], _updates(result))
    if (
        isinstance(result, (tuple, list))
        and len(result) == 2
        and isinstance(result[0], dict) != isinstance(result[1], dict)
    ):
        outputs, updates = result if isinstance(result[1], dict) else result[::-1]
        return Returned(listed(outputs), _updates(updates))
    return Returned(listed(result), {})


def _updates(updates: dict[Any, Any]) -> Updates:
    for target in updates:
        if not (isinstance(target, Tensor) and target.op is SHARED):
            raise TypeError(f"scan: only shared variables can be updated, not {target!r}")
    return dict(updates)
