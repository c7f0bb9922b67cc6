"""Run the suite, or part of it.

usage: python -m benchmarks [WORD ...] [--quick]     only rows whose name contains one of these words

All rows: docs/benchmarks.md, its plots and the README's table are written.  Part of them: a table is printed.
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from collections.abc import Sequence

from benchmarks import figures, report
from benchmarks.contenders import CONTENDERS
from benchmarks.kind import Row
from benchmarks.race import Race, race
from benchmarks.suite import ROWS

SAVED = report.ROOT / "build" / "benchmarks" / "results.json"
QUICK = ("c", "symtensor", "numpy", "numba", "jax", "torch")  # the peers that compile in about a second


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line, or ``given`` in its place, with the chosen rows."""
    parser = argparse.ArgumentParser(description="symtensor, its peers and hand-written C, timed in turn")
    parser.add_argument("words", nargs="*", help="only rows whose name contains one of these")
    parser.add_argument("--quick", action="store_true", help="a few rows and peers, one thread")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--threads", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--rounds", type=int, default=25, help="most turns of each contender")
    parser.add_argument("--seconds", type=float, default=40, help="of a race, after which no further round begins")
    parser.add_argument("--missing", action="store_true", help="keep the last run's rows: run only what it lacks")
    parser.add_argument("--render", action="store_true", help="run nothing: write the page from the last run")
    options = parser.parse_args(given)
    if options.quick:
        options.contenders, options.threads, options.rounds, options.seconds = list(QUICK), [1], 5, 3
    unknown = [word for word in options.words if not any(word in name for name in ROWS)]
    if unknown:
        parser.error(unknown_rows(unknown))
    options.rows = chosen_rows(options.words, options.quick)
    if not options.rows:
        parser.error(f"none of the rows named by {' '.join(options.words)} is part of --quick")
    return options


def chosen_rows(words: Sequence[str], quick: bool) -> list[Row]:
    """The rows whose name contains one of the words, all without words; the quick ones alone if asked for."""
    return [
        row for row in ROWS.values() if (not words or any(w in row.name for w in words)) and (row.quick or not quick)
    ]


def unknown_rows(words: Sequence[str]) -> str:
    """What to say about words that no row's name contains: rows that differ in capitals alone, else all rows."""
    near = [name for name in ROWS if any(word.lower() in name.lower() for word in words)]
    listed = "".join(f"\n  {name}" for name in near or ROWS)
    return f"no row's name contains {' or '.join(map(repr, words))}; {'near it' if near else 'the rows'} are:{listed}"


def show(row: Row, threads: int, outcome: Race) -> None:
    """Print what one race gave."""
    for name, entry in outcome.entries.items():
        figure = entry.error or (
            f"{report.duration(entry.median):>9s}  cold {entry.cold:6.2f} s  peak {entry.peak:5.0f} MB"
            f"  calls {entry.working:5.0f} MB  off {entry.deviation:.0e}"
        )
        print(f"{row.name:34s} {threads} {CONTENDERS[name].title:16s} {figure}", flush=True)


def main() -> None:
    options = arguments()
    whole = not (options.words or options.quick)
    results = figures.load(SAVED) if SAVED.exists() and (options.missing or options.render) else {}
    with tempfile.TemporaryDirectory() as caches:
        for row in options.rows if not options.render else ():
            names = [name for name in options.contenders if CONTENDERS[name].takes_part(row.kind)]
            for threads in options.threads:
                if threads in results.get(row.name, {}):
                    continue
                outcome = race(row, names, threads, options.rounds, pathlib.Path(caches), options.seconds)
                results.setdefault(row.name, {})[threads] = outcome
                show(row, threads, outcome)
            if whole:
                figures.save(results, SAVED)
    for threads in report.thread_counts(results):
        chosen = figures.comparisons(results, threads)
        print(f"\n{report.summary(chosen, threads)}\n{report.main_table(chosen)}")
    if whole:
        report.write(results)


if __name__ == "__main__":
    main()
