"""Fair timing on a shared machine: contenders take turns, each round gives one paired ratio, medians are reported."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

BLOCK_SECONDS = 0.008  # one contender's turn: long against the clock, short against the machine's drift
PAUSE_SECONDS = 0.004  # between turns: the other contender's thread pool stops spinning and frees its cores


def _seconds_per_call(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def alternate(contenders: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, list[float]]:
    """Time calls in turn; return the seconds a call took in each round, by contender.

    Each turn begins with one call that is not counted: it wakes the contender's threads and warms the caches. The order
    rotates from round to round.
    """
    names = list(contenders)
    counts = {}
    for name in names:
        contenders[name]()
        counts[name] = max(1, int(BLOCK_SECONDS / max(1e-9, _seconds_per_call(contenders[name], 1))))
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            time.sleep(PAUSE_SECONDS)
            contenders[name]()
            seconds[name].append(_seconds_per_call(contenders[name], counts[name]))
    return seconds


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Median of the paired ratios of two contenders of one ``alternate`` run."""
    return statistics.median(a / b for a, b in zip(numerator, denominator))
