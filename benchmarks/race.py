"""One row raced: its contenders started, checked against float64 NumPy, and timed in turn."""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.kind import Row, error, reference
from benchmarks.machine import Disturbance

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD_SECONDS = 240.0  # a contender that takes longer to build and answer fails its row
TURN_SECONDS = 120.0
OTHERS = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would keep every OpenBLAS from the best kernels of this machine
POOLS = ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "NUMBA", "VECLIB_MAXIMUM")


@dataclasses.dataclass
class Entry:
    """What became of one contender on one row with one number of threads.

    Attributes:
        error: why it has no figures: its exception, a wrong answer, a time-out; None if all went well.
        deviation: largest error against float64 NumPy, relative to the largest magnitude.
        seconds: medians of its turns.
        best: shortest call seen.
        cpu: least CPU time of a call, which other programs disturb least (1 thread).
        cold: seconds of build, compile and first call, with empty caches.
        imported: seconds of importing its library, after NumPy.
        peak: MB, the most that the process had.
        working: MB that steady calls need, above interpreter, library and arguments.
    """

    error: str | None = None
    deviation: float | None = None
    seconds: list[float] = dataclasses.field(default_factory=list)
    best: float = float("inf")
    cpu: float = float("inf")
    cold: float | None = None
    imported: float | None = None
    peak: float | None = None
    working: float | None = None

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


@dataclasses.dataclass
class Race:
    """One row with one number of threads.

    Attributes:
        entries: by contender.
        disturbed: share of the machine that other programs took while calls were timed.
    """

    entries: dict[str, Entry] = dataclasses.field(default_factory=dict)
    disturbed: float = 0.0


class Worker:
    """The process of one contender; stopped unless it is its turn."""

    def __init__(self, row: Row, contender: str, threads: int, caches: pathlib.Path, folder: pathlib.Path) -> None:
        self.results = folder / f"{contender}.npz"
        self.log = folder / f"{contender}.log"
        environment = {
            **{name: value for name, value in os.environ.items() if name not in OTHERS},
            **{f"{pool}_NUM_THREADS": str(threads) for pool in POOLS},
            "PYTHONPATH": str(ROOT),
            "SYMTENSOR_CACHE_DIR": str(caches / "symtensor"),
            "PYTENSOR_FLAGS": f"base_compiledir={caches / 'pytensor'}",
            "NUMBA_CACHE_DIR": str(caches / "numba"),
            "TORCHINDUCTOR_CACHE_DIR": str(caches / "torch"),
            "JAX_PLATFORMS": "cpu",
        }
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.worker", row.name, contender, str(threads), str(self.results)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=environment,
                cwd=folder,
            )

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, limit: float) -> dict[str, Any]:
        """Return the worker's next line, or an error if none comes in time."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], limit)[0]:
            self.process.kill()
            return {"error": f"no answer in {limit:.0f} s"}
        line = self.process.stdout.readline()
        if line:
            return dict(json.loads(line))
        code = self.process.wait()
        return {"error": f"ended with {signal.Signals(-code).name if code < 0 else code}"}

    def stop(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def turn(self) -> dict[str, Any]:
        """Wake the worker, let it time one turn, and stop it again."""
        self.process.send_signal(signal.SIGCONT)
        self.tell("")
        figures = self.answer(TURN_SECONDS)
        if "error" not in figures:
            self.stop()
        return figures

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


def start(worker: Worker, row: Row, want: Sequence[np.ndarray]) -> Entry:
    """Wait until the contender has built its program, and compare its answer."""
    wanted = [(value.shape, "f" if value.dtype.kind == "f" else str(value.dtype)) for value in want]
    worker.tell(json.dumps(wanted))
    told = worker.answer(BUILD_SECONDS)
    if "error" in told:
        return Entry(error=told["error"])
    worker.stop()
    with np.load(worker.results) as saved:
        got = [saved[f"arr_{k}"] for k in range(len(saved.files))]
    deviation = max((error(g, w) for g, w in zip(got, want)), default=float("inf"))
    if len(got) != len(want):
        return Entry(error=f"{len(got)} results for {len(want)}")
    limit = row.kind.tolerance[row.dtype]
    return Entry(
        error=None
        if deviation <= limit
        else f"wrong answer: off by {deviation:.2g} of the largest, {limit:.0e} allowed",
        deviation=deviation,
        cold=told["cold"],
        imported=told["import"],
        peak=told["peak"],
        working=told["working"],
    )


def race(
    row: Row, contenders: Sequence[str], threads: int, rounds: int, caches: pathlib.Path, seconds: float = float("inf")
) -> Race:
    """Build all contenders one after the other, then time them in turn.

    Args:
        row: what is computed.
        contenders: names in ``benchmarks.contenders.CONTENDERS``.
        threads: cores that each may use.
        rounds: most turns of each contender; the order rotates.
        caches: folder for their caches, empty if compile times are to be cold.
        seconds: after which no further round begins; three are always run.

    Returns:
        What became of each.
    """
    want = reference(row)
    outcome = Race()
    workers: dict[str, Worker] = {}
    with tempfile.TemporaryDirectory() as folder:
        try:
            for name in contenders:
                workers[name] = Worker(row, name, threads, caches / row.name / name, pathlib.Path(folder))
                outcome.entries[name] = start(workers[name], row, want)
                if outcome.entries[name].error:
                    workers.pop(name).close()
            disturbance = Disturbance(worker.process.pid for worker in workers.values())
            _take_turns(workers, outcome.entries, rounds, seconds)
            disturbance.close()
            outcome.disturbed = disturbance.share
        finally:
            for worker in workers.values():
                worker.close()
    return outcome


def _take_turns(workers: dict[str, Worker], entries: dict[str, Entry], rounds: int, seconds: float) -> None:
    names, began = list(workers), time.perf_counter()
    for k in range(rounds if names else 0):
        if k >= 3 and time.perf_counter() - began > seconds:
            break
        for name in names[k % len(names) :] + names[: k % len(names)]:
            entry = entries[name]
            if entry.error:
                continue
            figures = workers[name].turn()
            if "error" in figures:
                entry.error = figures["error"]
                continue
            entry.seconds.append(figures["median"])
            entry.best = min(entry.best, figures["best"])
            entry.cpu = min(entry.cpu, figures["cpu"])


def ratio(numerator: Sequence[float], denominator: Sequence[float]) -> float:
    """Median of the paired ratios of two contenders of one race."""
    return statistics.median(a / b for a, b in zip(numerator, denominator))
