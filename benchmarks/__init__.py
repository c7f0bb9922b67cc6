"""Measured comparisons: symtensor, its peers and hand-written C, each in a process of its own, timed in turn.

`python -m benchmarks` runs the suite; `rows/` says what is computed, one kind of work a file; `c/` holds the C; the way
from a row to docs/benchmarks.md is ``kind -> suite -> worker (one process a contender) -> race -> report``.

Why processes: in one process a peer's spinning thread pool doubles its neighbour's memory-bound times, peaks of memory
cannot be told apart, and one crash ends the run. So each contender has its own process, pinned to the cores of its
row; all but the one whose turn it is are stopped by a signal, so that they cannot spin.
"""
