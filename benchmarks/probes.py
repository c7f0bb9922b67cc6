"""`make bench-probes`: symtensor against hand-written C and NumPy on the probes, at 1 and 2 threads.

usage: python -m benchmarks.probes [WORD ...] [--rounds N]     only cases whose title contains a WORD

Everything computes in float64. All results are compared with NumPy's before anything is timed. Hand-written C writes
into outputs that are allocated once; "fresh" allocates them in each call, as NumPy does. symtensor takes its outputs
from its buffer pool, since the caller drops them. The tables in docs/benchmarks.md and the README are written if all
cases ran and other programs left the machine alone; rows that were disturbed are marked.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import platform
import re
import statistics
import subprocess
from collections.abc import Callable, Sequence

import numpy as np

import symtensor as st
from benchmarks import hand
from benchmarks.cases import CASES, Case
from benchmarks.timing import Disturbance, alternate, ratio

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "benchmarks.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
HEADER = (
    "| probe | threads | hand C | fresh | symtensor | NumPy | symtensor / hand C | best / best | NumPy / symtensor |"
)
GOAL = 1.3
QUIET = 0.05  # share of the machine that other programs may take


def agrees(got: np.ndarray, want: np.ndarray) -> bool:
    got, want = np.asarray(got), np.asarray(want)
    return got.shape == want.shape and np.allclose(got, want, rtol=1e-9, atol=1e-10 * np.abs(want).max(initial=0))


def require(case: Case, who: str, got: Sequence[np.ndarray], want: Sequence[np.ndarray]) -> None:
    if not all(agrees(g, w) for g, w in zip(got, want, strict=True)):
        raise SystemExit(f"{case.title}: {who} differs from NumPy")


def fresh(name: str, arguments: tuple[np.ndarray, ...], want: Sequence[np.ndarray]) -> Callable[[], object]:
    """The hand-written call with outputs allocated each time."""

    def call() -> object:
        outputs = tuple(np.empty(np.shape(w)) for w in want)
        hand.bind(name, arguments, outputs)()
        return outputs

    return call


def measure(case: Case, threads: int, rounds: int) -> dict[str, list[float]]:
    """Compile, compare both contenders with NumPy, then time them in turn: seconds of a call in each round."""
    arguments = case.sample(np.random.default_rng(0))
    want = tuple(np.asarray(w) for w in case.reference(*arguments))
    function = st.compile(*case.build(), threads=threads)
    require(case, "symtensor", function(*arguments), want)
    outputs = tuple(np.empty(w.shape) for w in want)
    hand.set_threads(threads)
    by_hand = hand.bind(case.hand, arguments, outputs)
    by_hand()
    require(case, "hand-written C", outputs, want)
    contenders: dict[str, Callable[[], object]] = {
        "hand": by_hand,
        "fresh": fresh(case.hand, arguments, want),
        "symtensor": lambda: function(*arguments),
    }
    seconds = alternate(contenders, rounds)
    if case.numpy_takes_part:  # a few rounds of its own, since it can be a thousand times slower
        seconds["numpy"] = alternate({"numpy": lambda: case.reference(*arguments)}, 3)["numpy"]
    return seconds


def row(case: Case, threads: int, seconds: dict[str, list[float]], mark: str = "") -> str:
    times = {name: statistics.median(values) for name, values in seconds.items()}
    shown = [f"{1e3 * times[name]:.3f} ms" for name in ("hand", "fresh", "symtensor")]
    shown += [f"{1e3 * times['numpy']:.3f} ms" if "numpy" in times else "–"]
    against_hand = f"{ratio(seconds['symtensor'], seconds['hand']):.2f}"
    best = f"{min(seconds['symtensor']) / min(seconds['hand']):.2f}"
    against_numpy = f"{times['numpy'] / times['symtensor']:.1f}" if "numpy" in times else "–"
    return " | ".join([f"| {case.title}{mark}", str(threads), *shown, against_hand, best, f"{against_numpy} |"])


def conditions() -> str:
    gcc = subprocess.run(["gcc", "-dumpfullversion"], check=True, capture_output=True, text=True).stdout.strip()
    return (
        f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, gcc {gcc}, Python {platform.python_version()},"
        f" NumPy {np.__version__}; float64; hand-written C with `{' '.join(hand.FLAGS)}`."
    )


def report(rows: list[str], disturbed: int) -> str:
    table = "\n".join([HEADER, "|---|" + "---:|" * 8, *rows])
    note = f"† other programs took more than {QUIET:.0%} of the machine meanwhile.\n\n" if disturbed else ""
    return f"{table}\n\n{note}{conditions()}\n"


def write(text: str) -> None:
    """Put the table into docs/benchmarks.md, and between the marks of the README."""
    PAGE.write_text(
        "# Benchmarks\n\nThis page is written by `make bench-probes`; every number was measured in one run.\n"
        "Contenders take turns, times are medians, ratios are medians of paired rounds; best / best compares the\n"
        "fastest round of each, which a busy machine disturbs least. Quote the ratios, not the times.\n"
        f"The goal is at most {GOAL} times the hand-written C in `benchmarks/c`.\n\n{text}",
        encoding="utf-8",
    )
    page = README.read_text(encoding="utf-8")
    section = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    README.write_text(section.sub(lambda _: f"{BEGIN}\n{text}{END}", page), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="symtensor against hand-written C and NumPy")
    parser.add_argument("words", nargs="*", help="only cases whose title contains one of these")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--force", action="store_true", help="write the tables even where rows were disturbed")
    options = parser.parse_args()
    cases = [case for case in CASES if not options.words or any(word in case.title for word in options.words)]
    print(HEADER)
    rows, disturbed = [], 0
    for case in cases:
        for threads in (1, 2):
            with Disturbance() as disturbance:
                seconds = measure(case, threads, options.rounds)
            busy = disturbance.share > QUIET
            disturbed += busy
            rows.append(row(case, threads, seconds, " †" if busy else ""))
            print(rows[-1] + (f" others took {disturbance.share:.0%} of the machine" if busy else ""), flush=True)
    if disturbed and not options.force:
        print(f"nothing written: other programs disturbed {disturbed} of {len(rows)} rows; run again when it is quiet")
    elif not options.words:
        write(report(rows, disturbed))


if __name__ == "__main__":
    main()
