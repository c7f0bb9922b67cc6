"""What the figures were measured on, and whether other programs had a hand in them (Linux)."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
import time
from collections.abc import Iterable

PACKAGES = ("numpy", "scipy", "numexpr", "numba", "jax", "pytensor", "torch", "mkl", "scipy-openblas32")


def describe() -> str:
    """Return processor, caches, memory, compiler and the peers' versions in one paragraph."""
    with open("/proc/cpuinfo", encoding="ascii") as file:
        model = next(line.split(":", 1)[1].strip() for line in file if line.startswith("model name"))
    compiler = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GB, {platform.system()} {platform.machine()};"
        f" gcc {compiler}, Python {platform.python_version()}; {versions}."
    )


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


class Disturbance:
    """Context that finds out how much of the machine other programs took meanwhile.

    Attributes:
        share: CPU time of other programs as a fraction of what all cores could give; known after ``close``.
    """

    share = 0.0

    def __init__(self, processes: Iterable[int]) -> None:
        self._processes = [os.getpid(), *processes]
        self._wall, self._others = time.perf_counter(), self._seconds()

    def _seconds(self) -> float:
        return _busy_seconds() - sum(_process_seconds(process) for process in self._processes)

    def close(self) -> None:
        wall = time.perf_counter() - self._wall
        self.share = max(0.0, self._seconds() - self._others) / (wall * (os.cpu_count() or 1))


def _process_seconds(process: int) -> float:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            fields = file.read().rpartition(")")[2].split()
    except FileNotFoundError:  # it failed meanwhile; what it took then counts as others'
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _busy_seconds() -> float:
    """CPU seconds that all programs of this machine have taken since it started, and what a host took from it."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
