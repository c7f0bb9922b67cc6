"""What is read off the races: ratios, the fastest peer, means.  Values in, values out."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
import statistics
from collections.abc import Iterable, Mapping

from benchmarks.contenders import CONTENDERS, HAND
from benchmarks.kind import Row
from benchmarks.race import Entry, Race, ratio
from benchmarks.suite import ROWS

AGAINST_C = 1.15  # the goal: at most this multiple of the best C
OURS = "symtensor"
Results = Mapping[str, Mapping[int, Race]]  # by name of the row and number of threads


@dataclasses.dataclass(frozen=True)
class Comparison:
    """One row of the main table.

    Attributes:
        row: what was computed.
        race: how it went.
        ours: symtensor's entry, None if it could not take part.
        best_c: name of the fastest hand-written C, None if there is none.
        peer: name of the fastest peer, None if none gave a right answer.
        compiler: name of the fastest peer that compiles.
    """

    row: Row
    race: Race
    ours: Entry | None
    best_c: str | None
    peer: str | None
    compiler: str | None

    def against(self, name: str | None) -> float | None:
        """Return symtensor's time as a multiple of that contender's, or None where one is missing."""
        if name is None or self.ours is None or self.ours.error:
            return None
        return ratio(self.ours.seconds, self.race.entries[name].seconds)

    @property
    def against_c(self) -> float | None:
        return self.against(self.best_c)

    @property
    def verdict(self) -> str:
        """Whether the row meets the goal: yes, or what it misses."""
        if self.ours is None:
            return f"open: {self.row.kind.missing}"
        if self.ours.error:
            return f"**fails**: {self.ours.error}"
        missed = []
        by_c, by_peer = self.against_c, self.against(self.peer)
        if by_c is not None and by_c > AGAINST_C:
            missed.append("slower than C")
        if by_peer is not None and by_peer > 1:
            missed.append("slower than a peer")
        return ", ".join(missed) or "yes"


def fastest(entries: Mapping[str, Entry], names: Iterable[str]) -> str | None:
    right = [name for name in names if name in entries and not entries[name].error]
    return min(right, key=lambda name: entries[name].median, default=None)


def compare(row: Row, race: Race) -> Comparison:
    peers = [name for name in CONTENDERS if name not in (*HAND, OURS)]
    return Comparison(
        row,
        race,
        race.entries.get(OURS),
        fastest(race.entries, HAND),
        fastest(race.entries, peers),
        fastest(race.entries, [name for name in peers if CONTENDERS[name].compiler]),
    )


def comparisons(results: Results, threads: int) -> list[Comparison]:
    """Return the rows that were run, in the suite's order."""
    return [compare(ROWS[name], results[name][threads]) for name in ROWS if threads in results.get(name, {})]


def geometric_mean(values: Iterable[float | None]) -> float:
    logs = [math.log(value) for value in values if value is not None]
    return math.exp(statistics.fmean(logs)) if logs else float("nan")


def save(results: Results, path: pathlib.Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {
        name: {threads: dataclasses.asdict(race) for threads, race in races.items()} for name, races in results.items()
    }
    path.write_text(json.dumps(text, indent=1), encoding="utf-8")


def load(path: pathlib.Path) -> dict[str, dict[int, Race]]:
    text = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: {
            int(threads): Race({who: Entry(**entry) for who, entry in race["entries"].items()}, race["disturbed"])
            for threads, race in races.items()
        }
        for name, races in text.items()
        if name in ROWS
    }
