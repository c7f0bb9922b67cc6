"""What this machine can do at most: memory bandwidth by working set, and multiply-adds; measured once, then cached.

S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for multicore architectures",
Communications of the ACM 52 (2009), 65-76.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import json
import math
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from symtensor.records import dataclass
from symtensor.runtime import cache, processor, toolchain

WORKING_SETS = (1 << 15, 1 << 19, 1 << 23, 1 << 27)  # bytes, of all threads together
SECONDS = 3e-3  # of one measurement
ROUNDS = 5  # of which the fastest counts
CHAINS = 10  # independent chains in roofline.c


@dataclass(frozen=True)
class Level:
    """Bandwidths at one working set, in bytes a second.

    Attributes:
        bytes: the working set.
        read: of reading alone.
        write: of writing alone.
        copy: of copying, bytes read and bytes written together.
    """

    bytes: int
    read: float
    write: float
    copy: float


@dataclass(frozen=True)
class Roofline:
    """The roof of a machine for a number of threads.

    Attributes:
        threads: that worked at once.
        levels: bandwidths, from small working sets to large ones.
        single: multiply-adds of float32, two floating-point operations each, a second.
        double: of float64.
    """

    threads: int
    levels: tuple[Level, ...]
    single: float
    double: float

    def seconds(self, read: int, written: int, flops: int, itemsize: int) -> float:
        """The least time for some work.

        As many bytes as are both read and written are taken at the rate of copying, what remains at its own rate.
        Bandwidths between two working sets are interpolated.

        Args:
            read: bytes.
            written: bytes.
            flops: floating-point operations.
            itemsize: bytes of a number: 4 or less computes with float32.

        >>> roof = Roofline(1, (Level(1000, 2e9, 1e9, 3e9),), single=4e9, double=2e9)
        >>> roof.seconds(read=4000, written=0, flops=1000, itemsize=8)
        2e-06
        """
        both = min(read, written)
        work = {"copy": 2 * both, "read": read - both, "write": written - both}
        moving = sum(count / self._bandwidth(kind, read + written) for kind, count in work.items() if count)
        return max(moving, flops / (self.single if itemsize <= 4 else self.double))

    def _bandwidth(self, kind: str, working_set: int) -> float:
        sets = [math.log(level.bytes) for level in self.levels]
        rates = [getattr(level, kind) for level in self.levels]
        return float(np.interp(math.log(max(1, working_set)), sets, rates))

    def __str__(self) -> str:
        near, far = self.levels[0], self.levels[-1]
        return (
            f"{self.threads} thread{'s' * (self.threads > 1)}: {self.single / 1e9:.0f} GFLOP/s float32, "
            f"{self.double / 1e9:.0f} float64; reads {near.read / 1e9:.0f} GB/s from the nearest cache, "
            f"{far.read / 1e9:.0f} from memory"
        )


@functools.cache
def roofline(threads: int) -> Roofline:
    """The roof of this machine, from the cache if it was measured before.

    Args:
        threads: that work at once.

    Raises:
        NoCompiler: if there is no C compiler.
    """
    tools = toolchain.toolchain()
    source = Path(__file__).with_suffix(".c").read_text(encoding="utf-8")
    made_of = repr((processor.identity(), tools.identity, tools.flags, tools.vector_bytes, source, threads))
    key = hashlib.sha256(made_of.encode()).hexdigest()
    data = cache.read(key, "roofline", counted=False)
    if data is None:
        measured = _measure(threads)
        cache.store(key, "roofline", json.dumps(asdict(measured)).encode())
        return measured
    values = json.loads(data)
    return Roofline(**{**values, "levels": tuple(Level(**level) for level in values["levels"])})


def _measure(threads: int) -> Roofline:
    tools = toolchain.toolchain()
    width = max(16, tools.vector_bytes)
    source = f"#define WIDTH {width}\n{Path(__file__).with_suffix('.c').read_text(encoding='utf-8')}"
    module = toolchain.load(
        tools.compile(source, name="roofline", optimize=2, extra_flags=("-ffp-contract=fast",)).path
    )
    moving = {
        kind: module.function(
            f"st_{kind}", ctypes.c_double, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
        )
        for kind in ("read", "write", "copy")
    }
    levels = []
    for total in WORKING_SETS:
        count = total // 8 // threads
        # Written once, so that its pages are there.
        arrays = [np.ones(count) for _ in range(threads)]
        rates = {kind: _bandwidth(function, kind, arrays) for kind, function in moving.items()}
        levels.append(Level(total, **rates))
    computing = [module.function(f"st_{kind}", ctypes.c_double, ctypes.c_int64) for kind in ("single", "double")]
    single, double = (
        _rate([function] * threads, 2 * CHAINS * width // size) for function, size in zip(computing, (4, 8))
    )
    return Roofline(threads, tuple(levels), single, double)


def _bandwidth(function: Callable[..., object], kind: str, arrays: list[np.ndarray]) -> float:
    """Bytes a second of one of the loops that move memory, one array a thread."""

    def work(array: np.ndarray) -> Callable[[int], object]:
        # A copy goes from the first half to the second.
        target = array[array.size // 2 :] if kind == "copy" else array
        return lambda times: function(array.ctypes.data, target.ctypes.data, array.size, times)

    return _rate([work(array) for array in arrays], arrays[0].nbytes)


def _rate(works: list[Callable[[int], object]], amount: int) -> float:
    """Work a second of threads that run at once, in the fastest of a few rounds.

    Args:
        works: of each thread: does something as often as it is told.
        amount: of work in doing it once.
    """
    times = 1
    while True:  # until one thread alone takes long enough to be measured
        start = time.perf_counter()
        works[0](times)
        taken = time.perf_counter() - start
        if taken > SECONDS / 8:
            break
        times *= 4
    times = max(1, round(times * SECONDS / taken))
    return max(_round(works, times) for _ in range(ROUNDS)) * amount * times


def _round(works: list[Callable[[int], object]], times: int) -> float:
    """Rounds a second, of all threads together."""
    rates = [0.0] * len(works)
    barrier = threading.Barrier(len(works))

    def run(number: int) -> None:
        barrier.wait()
        start = time.perf_counter()
        works[number](times)
        rates[number] = 1 / (time.perf_counter() - start)

    helpers = [threading.Thread(target=run, args=(k,)) for k in range(1, len(works))]
    for helper in helpers:
        helper.start()
    run(0)
    for helper in helpers:
        helper.join()
    return sum(rates)
