"""From races to the page: failures stay visible, verdicts follow from the figures."""

from __future__ import annotations

import pathlib

import pytest

from benchmarks import figures, report
from benchmarks.contenders import CONTENDERS
from benchmarks.kind import Row
from benchmarks.race import Entry, Race, race
from benchmarks.rows import elementwise
from benchmarks.suite import ROWS

NAME = "Softmax-2048-1024-f32"
OPEN = "ConvolutionStep-64-28-16-32-f32"


def entry(seconds: float, error: str | None = None) -> Entry:
    if error:
        return Entry(error=error)
    return Entry(None, 1e-7, [seconds, seconds], seconds, seconds, cold=0.5, imported=0.1, peak=50, working=10)


def races(ours: Entry) -> dict[str, dict[int, Race]]:
    entries = {"c": entry(1e-3), "symtensor": ours, "numpy": entry(9e-3), "jax": entry(3e-3), "torch": entry(2e-3)}
    return {
        NAME: {1: Race(entries), 2: Race(entries, disturbed=0.5)},
        OPEN: {threads: Race({"numpy": entry(2e-3), "torch": entry(1e-3)}) for threads in (1, 2)},
    }


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (entry(1.1e-3), "yes"),
        (entry(1.5e-3), "slower than C"),
        (entry(2.5e-3), "slower than C, slower than a peer"),
        (entry(1, "ShapeError: no"), "**fails**: ShapeError: no"),
    ],
)
def test_verdicts(ours, verdict):
    assert figures.compare(ROWS[NAME], races(ours)[NAME][1]).verdict == verdict


def test_fastest_peer_and_compiler():
    comparison = figures.compare(ROWS[NAME], races(entry(1e-3))[NAME][1])
    assert (comparison.best_c, comparison.peer, comparison.compiler) == ("c", "torch", "jax")
    assert comparison.against("jax") == pytest.approx(1 / 3)


def test_the_page_shows_failures_open_rows_and_disturbance():
    page = report.page(races(entry(1, "ShapeError: no")))
    assert "open: no convolution op yet" in page
    assert f"- {ROWS[NAME].title}, 1 thread(s), symtensor: ShapeError: no" in page
    assert f"| {ROWS[NAME].title} † | 1 ms | – | – | torch, 2 ms | – | **fails**: ShapeError: no |" in page
    assert "| row softmax, 2048×1024, float32 | 1 ms | fails | 9 ms | 3 ms | 2 ms |" in page


def test_the_page_says_why_a_row_misses_the_goal():
    page = report.page(races(entry(1.5e-3)))
    title = ROWS[NAME].title
    assert f"- {title}, 1 thread(s): slower than C; {title}, 2 thread(s): slower than C. Short rows pay" in page
    assert "no convolution op yet" in page


def test_saved_races_come_back(tmp_path):
    results = races(entry(1e-3))
    figures.save(results, tmp_path / "results.json")
    assert figures.load(tmp_path / "results.json") == results


def test_names_of_rows_are_unique():
    assert all(name == row.name for name, row in ROWS.items())
    assert len({row.title for row in ROWS.values()}) == len(ROWS)


@pytest.mark.long
def test_a_race(tmp_path):
    """Real processes: right answers are timed, a peer that is not installed is shown as failed."""
    row = ROWS["Chain-1000-f32"]
    names = ["c", "symtensor", "numpy", "numexpr"]
    outcome = race(row, names, 1, 3, pathlib.Path(tmp_path))
    for name in names[:3]:
        assert outcome.entries[name].error is None
        assert len(outcome.entries[name].seconds) == 3
        assert outcome.entries[name].peak > outcome.entries[name].working
    assert "ModuleNotFoundError" in (outcome.entries["numexpr"].error or "ModuleNotFoundError")


def test_a_contender_without_a_program_takes_no_part():
    row = Row(elementwise.StridedChain, (3,))
    taking_part = {name for name in CONTENDERS if CONTENDERS[name].takes_part(row.kind)}
    assert {"c", "symtensor", "numpy"} <= taking_part
    assert not {"torch", "torch_compile", "c_mkl"} & taking_part
