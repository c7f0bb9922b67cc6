"""Instrumenting an entry: text that notes when each step of a Program ran, in functions compiled for a profile.

The entry writes into a log that it gets as its last argument, an int64 array that the runtime knows nothing of:

    [0]                 events so far, those included for which there was no room
    [1], [2]            when the steps began and when they ended, in nanoseconds of the monotonic clock
    [3 ...]             the first EVENTS runs of steps: number of the step, begin, end
    [TOTALS ...]        of each step: how often it ran, nanoseconds in all

A function that is compiled without a profile has none of this text.
"""

from __future__ import annotations

from collections.abc import Iterable

from symtensor.codegen import program as pg

EVENTS = 1 << 13  # below what makes the dispatcher release the GIL, which would be measured too
TOTALS = 3 + 3 * EVENTS
TIMED = (pg.Launch, pg.Gemm, pg.Library, pg.Batch, pg.Copy, pg.HostCall)  # a batch as a whole

# clock_gettime is declared here as generated source includes nothing; `struct timespec` is two longs on every system
# that has 64-bit time, and CLOCK_MONOTONIC has one of two numbers.
HELPERS = f"""\
struct st_time {{ long seconds, nanoseconds; }};
extern int clock_gettime(int, struct st_time *);
static inline int64_t st_clock(void) {{
  struct st_time now;
#ifdef __APPLE__
  clock_gettime(6, &now);
#else
  clock_gettime(1, &now);
#endif
  return (int64_t)now.seconds * 1000000000 + now.nanoseconds;
}}
static inline void st_note(int64_t *log, int64_t step, int64_t begin) {{
  const int64_t end = st_clock(), event = log[0]++;
  if (event < {EVENTS}) {{
    int64_t *const at = log + 3 + 3 * event;
    at[0] = step; at[1] = begin; at[2] = end;
  }}
  log[{TOTALS} + 2 * step] += 1;
  log[{TOTALS} + 2 * step + 1] += end - begin;
}}
"""


class StepClock:
    """Numbers the steps of one entry and prints what times them; prints nothing if it is off.

    Args:
        on: whether the entry is instrumented.
        log: number of the entry's argument that is the log.
        settle: a statement that waits for work which a step has only begun; empty where steps end when they return.

    Attributes:
        steps: those that are timed, by number.
    """

    def __init__(self, on: bool, log: int, settle: str = "") -> None:
        self._on, self._log, self._settle = on, log, settle
        self.steps: list[pg.Step] = []

    @property
    def helpers(self) -> list[str]:
        """Definitions that the entry needs."""
        return [HELPERS] if self._on else []

    def open(self) -> list[str]:
        """Lines at the beginning of the entry."""
        if not self._on:
            return []
        return [f"  int64_t *const st_log = arguments[{self._log}];", "  st_log[1] = st_clock();"]

    def close(self) -> list[str]:
        """Lines at the end of the entry."""
        return ["  st_log[2] = st_clock();"] if self._on else []

    def around(self, step: pg.Step, lines: Iterable[str], indent: str) -> list[str]:
        """The lines of a step, timed if that says something about the step."""
        if not self._on or not isinstance(step, TIMED):
            return list(lines)
        number = len(self.steps)
        self.steps.append(step)
        # No braces: what a library routine finds out may declare memory for the steps behind it.
        return [
            f"{indent}const int64_t st_begin_{number} = st_clock();",
            *lines,
            *([indent + self._settle] if self._settle else []),
            f"{indent}st_note(st_log, {number}, st_begin_{number});",
        ]
