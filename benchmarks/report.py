"""docs/benchmarks.md and the README's table, from the races."""

from __future__ import annotations

import pathlib
import re
import statistics
from collections.abc import Callable, Sequence

from benchmarks import hand
from benchmarks.contenders import CONTENDERS
from benchmarks.figures import AGAINST_C, OURS, Comparison, Results, comparisons, geometric_mean
from benchmarks.kind import Kind
from benchmarks.machine import describe
from benchmarks.race import Entry

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
QUIET = 0.05  # share of the machine that other programs may take
PLOTS = {
    "ratios": "Time as a multiple of the best hand-written C",
    "compile": "Seconds to the first result, caches empty",
    "memory": "Megabytes that calls need, above interpreter, library and arguments",
}

INTRODUCTION = f"""# Benchmarks

Written by `make bench`; the figures of a row for one number of threads were measured in one run. `benchmarks/rows`
shows what is computed and how each library's user would write it, `benchmarks/c` the hand-written C: the best that we
know, NaN kept, no `-ffast-math`.

Each contender runs in a process of its own, pinned to the cores of its row; in each round all take turns, and all but
the one whose turn it is are stopped. Answers are compared with NumPy in float64 before anything is timed; a wrong one
is shown as such. Times are medians, ratios are medians of paired rounds: quote the ratios, not the times. C writes into
results that were allocated once; symtensor takes them from its pool.

The goal of each row: at most {AGAINST_C} times the best C, and not slower than the fastest peer.
"""


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def duration(seconds: float) -> str:
    """Return a time with three digits and its unit."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def times(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def main_table(rows: Sequence[Comparison]) -> str:
    body = []
    for c in rows:
        entries = c.race.entries
        mark = " †" if c.race.disturbed > QUIET else ""
        body.append(
            [
                c.row.title + mark,
                duration(entries[c.best_c].median) if c.best_c else "–",
                duration(c.ours.median) if c.ours and not c.ours.error else "–",
                times(c.against_c),
                f"{CONTENDERS[c.peer].title}, {duration(entries[c.peer].median)}" if c.peer else "–",
                times(c.against(c.peer)),
                c.verdict,
            ]
        )
    return table(
        ["row", "best C", "symtensor", "symtensor / C", "fastest peer", "symtensor / peer", "meets the goal"], body
    )


def summary(rows: Sequence[Comparison], threads: int) -> str:
    by_compiler = geometric_mean(1 / value for c in rows if (value := c.against(c.compiler)) is not None)
    met = sum(c.verdict == "yes" for c in rows)
    lead = (
        f"faster than the fastest compiler among the peers by {by_compiler:.1f}× in the geometric mean (goal: 3×)"
        if by_compiler == by_compiler
        else "no compiler among the peers was timed"
    )
    return (
        f"{threads} thread{'s' * (threads > 1)}: {met} of {len(rows)} rows meet the goal;"
        f" geometric mean of symtensor / C {geometric_mean(c.against_c for c in rows):.2f}; {lead}.\n"
    )


def every(rows: Sequence[Comparison], cell: Callable[[Entry], str]) -> str:
    """Return a table of all contenders that took part."""
    names = [name for name in CONTENDERS if any(name in c.race.entries for c in rows)]
    body = []
    for c in rows:
        cells = [c.race.entries.get(name) for name in names]
        shown = ["" if entry is None else "fails" if entry.error else cell(entry) for entry in cells]
        body.append([c.row.title, *shown])
    return table(["row", *(CONTENDERS[name].title for name in names)], body)


def failures(results: Results) -> str:
    lines = [
        f"- {comparison.row.title}, {threads} thread(s), {CONTENDERS[name].title}: {entry.error}"
        for threads in thread_counts(results)
        for comparison in comparisons(results, threads)
        for name, entry in comparison.race.entries.items()
        if entry.error
    ]
    return "\n".join(lines) + "\n" if lines else "None.\n"


def shortfalls(results: Results) -> str:
    """Return, for each kind of which a row misses the goal, which rows do and why."""
    missed: dict[type[Kind], list[str]] = {}
    for threads in thread_counts(results):
        for c in comparisons(results, threads):
            if c.verdict != "yes":
                missed.setdefault(c.row.kind, []).append(f"{c.row.title}, {threads} thread(s): {c.verdict}")
    lines = [
        f"- {'; '.join(rows)}. {kind.missing or kind.limit or 'Not looked into yet.'}" for kind, rows in missed.items()
    ]
    return "\n".join(lines) + "\n" if lines else "None.\n"


def scaling(results: Results, most: int) -> str:
    """Return how much faster the most threads are than one, ours and the best C."""
    body = []
    alone = {c.row.name: c for c in comparisons(results, 1)}
    for c in comparisons(results, most):
        cells = []
        for name in (OURS, c.best_c):
            one, many = alone[c.row.name].race.entries.get(name or ""), c.race.entries.get(name or "")
            right = one is not None and many is not None and not one.error and not many.error
            cells.append(f"{one.median / many.median:.2f}" if right and one and many else "–")
        body.append([c.row.title, *cells])
    return table(["row", "symtensor", "C"], body)


def imports(results: Results) -> str:
    """Return the median seconds of importing each library, after NumPy."""
    by_name: dict[str, list[float]] = {}
    for races in results.values():
        for race in races.values():
            for name, entry in race.entries.items():
                if entry.imported is not None and CONTENDERS[name].imports:
                    by_name.setdefault(" + ".join(CONTENDERS[name].imports), []).append(entry.imported)
    return table(
        ["import, after NumPy", "time"], [[f"`{name}`", duration(statistics.median(v))] for name, v in by_name.items()]
    )


def thread_counts(results: Results) -> list[int]:
    return sorted({threads for races in results.values() for threads in races})


def readme_table(rows: Sequence[Comparison]) -> str:
    body = [
        [c.row.title, times(c.against_c), CONTENDERS[c.peer].title if c.peer else "–", times(c.against(c.peer))]
        for c in rows
        if c.row.issue
    ]
    return table(["row", "symtensor / best C", "fastest peer", "symtensor / peer"], body)


def page(results: Results) -> str:
    """Return the text of docs/benchmarks.md."""
    counts = thread_counts(results)
    most = counts[-1]
    parts = [INTRODUCTION, describe() + f" C with `{' '.join(hand.FLAGS)}`.\n"]
    parts += [summary(comparisons(results, threads), threads) for threads in counts]
    if any(race.disturbed > QUIET for races in results.values() for race in races.values()):
        parts.append(f"† other programs took more than {QUIET:.0%} of the machine meanwhile.\n")
    for name, caption in PLOTS.items():
        parts.append(f"![{caption}](benchmarks-{name}.svg)\n")
    for threads in counts:
        parts += [f"## {threads} thread{'s' * (threads > 1)}\n", main_table(comparisons(results, threads))]
    parts += ["## What misses the goal, and why\n", shortfalls(results)]
    parts += ["## Failures and wrong answers\n", failures(results)]
    for threads in counts:
        parts.append(f"## Time of a call, {threads} thread{'s' * (threads > 1)}\n")
        parts.append(every(comparisons(results, threads), lambda entry: duration(entry.median)))
    first, last = comparisons(results, counts[0]), comparisons(results, most)
    parts += [
        "## Cold compile: seconds from the expression to the first result, caches empty\n",
        every(first, lambda entry: f"{entry.cold:.2f}"),
        "## Peak memory of the process, MB\n",
        every(last, lambda entry: f"{entry.peak:.0f}"),
        f"## Memory of calls, MB\n\n{PLOTS['memory']}.\n",
        every(last, lambda entry: f"{entry.working:.0f}"),
        "## Import\n",
        imports(results),
    ]
    if len(counts) > 1:
        parts += [f"## {most} threads against one: times faster\n", scaling(results, most)]
    return "\n".join(parts)


def write(results: Results) -> None:
    """Write the page, its plots and the README's table."""
    from benchmarks import plots

    PAGE.write_text(page(results), encoding="utf-8")
    most = max(
        thread_counts(results),
        key=lambda n: (sum(len(races[n].entries) for races in results.values() if n in races), n),
    )
    plots.draw(comparisons(results, most), comparisons(results, 1), PAGE.parent)
    readme = README.read_text(encoding="utf-8")
    text = f"{summary(comparisons(results, most), most)}\n{readme_table(comparisons(results, most))}"
    section = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    README.write_text(section.sub(lambda _: f"{BEGIN}\n{text}{END}", readme), encoding="utf-8")
