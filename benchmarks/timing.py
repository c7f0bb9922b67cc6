"""Fair timing on a shared machine: contenders take turns, each round gives one paired ratio, medians are reported."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Mapping

BLOCK_SECONDS = 0.008  # one contender's turn: long against the clock, short against the machine's drift
PAUSE_SECONDS = 0.004  # between turns: the other contender's thread pool stops spinning and frees its cores


GROUP_SECONDS = 20e-6  # shortest time that one pair of clock readings measures


def _group_seconds(call: Callable[[], object], count: int) -> float:
    start = time.perf_counter()
    for _ in range(count):
        call()
    return (time.perf_counter() - start) / count


def _turn(call: Callable[[], object], seconds: float) -> float:
    """Seconds of a call: the median over groups of calls, so that being descheduled once leaves no trace."""
    group = max(1, round(GROUP_SECONDS / seconds))
    groups = max(1, round(BLOCK_SECONDS / (group * seconds)))
    return statistics.median(_group_seconds(call, group) for _ in range(groups))


def alternate(contenders: Mapping[str, Callable[[], object]], rounds: int = 15) -> dict[str, list[float]]:
    """Time calls in turn; return the seconds a call took in each round, by contender.

    Each turn begins with one call that is not counted: it wakes the contender's threads and warms the caches. The order
    rotates from round to round.
    """
    names = list(contenders)
    estimates = {name: max(1e-9, min(_group_seconds(contenders[name], 1) for _ in range(3))) for name in names}
    seconds: dict[str, list[float]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            time.sleep(PAUSE_SECONDS)
            contenders[name]()
            seconds[name].append(_turn(contenders[name], estimates[name]))
    return seconds


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Median of the paired ratios of two contenders of one ``alternate`` run."""
    return statistics.median(a / b for a, b in zip(numerator, denominator))


class Disturbance:
    """Context that finds out how much of the machine other programs took meanwhile (Linux).

    Attributes:
        share: CPU time of other programs as a fraction of what all cores could give; known after the context.
    """

    share = 0.0

    def __enter__(self) -> Disturbance:
        self._wall, self._all, self._own = time.perf_counter(), _busy_seconds(), sum(os.times()[:4])
        return self

    def __exit__(self, *exception: object) -> None:
        wall = time.perf_counter() - self._wall
        others = _busy_seconds() - self._all - (sum(os.times()[:4]) - self._own)
        self.share = max(0.0, others / (wall * (os.cpu_count() or 1)))


def _busy_seconds() -> float:
    """CPU seconds that all programs of this machine have taken since it started, and what a host took from it."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
