"""How many threads a parallel region may use by default.

The smallest of three numbers: the processors that the process may run on, ``OMP_NUM_THREADS`` if it is set, and the
CPU quota of the control groups (version 1 or 2) that a container engine puts around the process.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

# pool.c keeps a table of this length.
MAXIMUM_WORKERS = 1024


def default_workers() -> int:
    """Number of workers, at least 1, for this process as it is now."""
    limits = [available_processors(), requested_threads(os.environ), quota_processors()]
    return max(1, min(MAXIMUM_WORKERS, *(limit for limit in limits if limit is not None)))


def available_processors() -> int:
    """Processors that the scheduler may give to this process."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def requested_threads(environment: Mapping[str, str]) -> int | None:
    """What ``OMP_NUM_THREADS`` asks for; ``None`` if it is unset or no positive number.

    A list such as ``"4,2"`` gives the numbers for nested regions; only the outermost concerns us.

    >>> requested_threads({"OMP_NUM_THREADS": "4,2"})
    4
    >>> requested_threads({})
    """
    text = environment.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(text) if text.isdecimal() and int(text) > 0 else None


def quota_processors(root: Path = Path("/")) -> int | None:
    """Whole processors that the CPU quota of the control groups amounts to, rounded up; ``None`` without a quota.

    Args:
        root: Where ``proc`` and ``sys`` are mounted (tests build small trees).
    """
    quotas = list(_quotas(root))
    return max(1, math.ceil(min(quotas))) if quotas else None


def _quotas(root: Path) -> Iterator[float]:
    """Every quota, in processors, of the process's groups and of the groups around them."""
    mount = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if number == "0" and not controllers:
            for folder in _ancestors(mount, group):
                quota, _, period = _read(folder / "cpu.max").strip().partition(" ")
                yield from _ratio(quota, period or "100000")
        elif "cpu" in controllers.split(","):
            for controller in {controllers, "cpu", "cpu,cpuacct", "cpuacct,cpu"}:
                for folder in _ancestors(mount / controller, group):
                    yield from _ratio(_read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us"))


def _ancestors(mount: Path, group: str) -> Iterator[Path]:
    """The folder of a group and those above it; inside a container only the upper ones may be visible."""
    path = PurePosixPath("/") / group
    for level in (path, *path.parents):
        yield mount / level.relative_to("/")


def _ratio(quota: str, period: str) -> Iterator[float]:
    quota, period = quota.strip(), period.strip()
    if quota.isdecimal() and period.isdecimal() and int(period) > 0:  # "max" and "-1" mean no quota
        yield int(quota) / int(period)


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
