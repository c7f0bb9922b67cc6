"""One contender on one row, in a process of its own: builds, answers, then times itself whenever it is told to.

usage: python -m benchmarks.worker ROW CONTENDER THREADS RESULTS < TURNS

The first line that it reads holds the shapes and dtypes of the results.  It writes JSON lines: first what building took
(or why it failed), then, for each further line read, the figures of one turn.  Results go to the file RESULTS: so
comparing them with the reference does not disturb the peak of memory.
"""

from __future__ import annotations

import gc
import json
import os
import statistics
import sys
import time
from typing import Any

TURN_SECONDS = 0.03  # of one turn: long against the clock, short against the machine's drift
GROUP_SECONDS = 100e-6  # shortest time that one pair of clock readings measures


def megabytes(field: str) -> float:
    """Return a field of this process's status: VmRSS is the memory it has, VmHWM the most that it has had."""
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))


def forget_peak() -> None:
    """Make the present memory the peak so far (Linux)."""
    with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
        file.write("5")


def pin(threads: int) -> None:
    """Keep this process, with all threads to come, on as many cores as it may use."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[-threads:])


def turn(call: Any, estimate: float) -> dict[str, float]:
    """Time calls for about TURN_SECONDS, after one that wakes threads and warms caches."""
    count = max(1, round(GROUP_SECONDS / estimate))
    groups = max(1, round(TURN_SECONDS / (count * estimate)))
    call()
    wall, cpu = [], []
    repeat = range(count)
    for _ in range(groups):
        cpu_start, start = time.process_time(), time.perf_counter()
        for _ in repeat:
            call()
        wall.append((time.perf_counter() - start) / count)
        cpu.append((time.process_time() - cpu_start) / count)
    return {"median": statistics.median(wall), "best": min(wall), "cpu": min(cpu)}


def estimate(call: Any) -> float:
    """Return the seconds of a call, roughly."""
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
        if best > 1:
            break
    return max(best, 2e-8)


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), file=CHANNEL, flush=True)


CHANNEL = sys.stdout


def main() -> None:
    global CHANNEL
    name, contender_name, threads, path = sys.argv[1:5]
    # Libraries print what they like: only our own lines may reach the channel.
    CHANNEL = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    pin(int(threads))
    import numpy as np

    from benchmarks.contenders import CONTENDERS, Task, import_all
    from benchmarks.suite import ROWS

    wanted = [(tuple(shape), dtype) for shape, dtype in json.loads(sys.stdin.readline())]
    row, contender = ROWS[name], CONTENDERS[contender_name]
    try:
        start = time.perf_counter()
        import_all(contender)
        imported = time.perf_counter() - start
        arguments = row.arguments()
        gc.collect()
        forget_peak()
        before = megabytes("VmRSS")
        start = time.perf_counter()
        call, results = contender.build(Task(row, arguments, int(threads), wanted))
        got = call()
        cold = time.perf_counter() - start
        peak = megabytes("VmHWM")
        np.savez(path, *results(got))
        del got
        gc.collect()
        seconds = estimate(call)
        forget_peak()
        for _ in range(3):
            call()
        working = megabytes("VmHWM") - before
        peak = max(peak, megabytes("VmHWM"))
    except Exception as failure:
        text = " ".join(str(failure).split())
        say({"error": f"{type(failure).__name__}: {text[:300]}"})
        raise
    say({"import": imported, "cold": cold, "peak": peak, "working": working, "estimate": seconds})
    gc.disable()
    for _ in sys.stdin:
        say(turn(call, seconds))


if __name__ == "__main__":
    main()
