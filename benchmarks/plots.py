"""The plots of docs/benchmarks.md, as SVG."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Mapping, Sequence

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt

from benchmarks.contenders import CONTENDERS, HAND
from benchmarks.figures import OURS, Comparison
from benchmarks.race import Entry

# Colour tells us from the peers, markers tell the peers apart.
MARKERS: Mapping[str, str] = dict(zip((name for name in CONTENDERS if name not in (*HAND, OURS)), "osD^v<>PXh*"))
BLUE, GREY = "#1f5fa8", "#8a8a8a"


def _scatter(
    rows: Sequence[Comparison], value: Callable[[Comparison, Entry], float | None], label: str, path: pathlib.Path
) -> None:
    """One line a row, one mark a contender, on a logarithmic axis."""
    figure, axes = plt.subplots(figsize=(10, 1.2 + 0.26 * len(rows)), layout="constrained")
    for name in (*MARKERS, OURS):
        points = []
        for height, c in enumerate(reversed(rows)):
            entry = c.race.entries.get(name)
            figure_ = None if entry is None or entry.error else value(c, entry)
            if figure_ is not None and figure_ > 0:
                points.append((figure_, height))
        if points:
            ours = name == OURS
            axes.scatter(
                *zip(*points),
                marker="|" if ours else MARKERS[name],
                s=160 if ours else 22,
                linewidths=3 if ours else 0.8,
                color=BLUE if ours else "none",
                edgecolors=None if ours else GREY,
                label=CONTENDERS[name].title,
                zorder=3 if ours else 2,
            )
    axes.set_yticks(range(len(rows)), [c.row.title for c in reversed(rows)], fontsize=7)
    axes.set_xscale("log")
    axes.set_xlabel(label)
    axes.grid(axis="x", which="major", linewidth=0.4)
    axes.set_axisbelow(True)
    figure.legend(loc="outside upper center", ncols=6, fontsize=7, frameon=False)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def draw(rows: Sequence[Comparison], cold: Sequence[Comparison], folder: pathlib.Path) -> None:
    """Draw all plots into a folder.

    Args:
        rows: of the races with the most threads.
        cold: of the first races, whose caches were empty.
        folder: where ``benchmarks-*.svg`` are written.
    """
    plt.rcParams.update(
        {"svg.hashsalt": "symtensor", "svg.fonttype": "none", "font.family": "sans-serif", "axes.spines.top": False}
    )

    def multiple(c: Comparison, entry: Entry) -> float | None:
        return entry.median / c.race.entries[c.best_c].median if c.best_c else None

    with_c = [c for c in rows if c.best_c]
    _scatter(with_c, multiple, "time as a multiple of the best hand-written C", folder / "benchmarks-ratios.svg")
    _scatter(
        cold,
        lambda c, entry: entry.cold,
        "seconds to the first result, caches empty",
        folder / "benchmarks-compile.svg",
    )
    _scatter(rows, lambda c, entry: entry.working, "MB that calls need", folder / "benchmarks-memory.svg")
