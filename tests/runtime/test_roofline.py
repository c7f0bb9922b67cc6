"""The machine's limits: measured once, kept, and plausible."""

from __future__ import annotations

import pytest

from symtensor.runtime import roofline as rl
from symtensor.runtime.roofline import Level, Roofline, roofline

ROOF = Roofline(1, (Level(1000, 4e9, 2e9, 3e9), Level(100_000, 2e9, 1e9, 1.5e9)), single=8e9, double=4e9)


def test_the_least_time_is_that_of_the_slower_part() -> None:
    assert ROOF.seconds(1000, 0, 0, 8) == pytest.approx(1000 / 4e9)
    assert ROOF.seconds(0, 100_000, 0, 8) == pytest.approx(100_000 / 1e9)
    assert ROOF.seconds(10_000_000, 2_000_000, 0, 8) == pytest.approx(4_000_000 / 1.5e9 + 8_000_000 / 2e9)
    assert ROOF.seconds(1000, 0, 1_000_000, 8) == pytest.approx(1_000_000 / 4e9)
    assert ROOF.seconds(1000, 0, 1_000_000, 4) == pytest.approx(1_000_000 / 8e9)


def test_bandwidths_between_two_working_sets_lie_between_theirs() -> None:
    assert ROOF.seconds(10_000, 0, 0, 8) == pytest.approx(10_000 / 3e9)


def test_it_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    measured = roofline(1)
    monkeypatch.setattr(rl, "_measure", None)  # would fail if it were called again
    roofline.cache_clear()
    assert roofline(1) == measured


def test_it_is_plausible() -> None:
    roof = roofline(1)
    rates = [rate for level in roof.levels for rate in (level.read, level.write, level.copy)]
    assert all(1e8 < rate < 1e13 for rate in rates)
    assert 1e8 < roof.double < 1e13
    assert roof.single > roof.double
    assert "1 thread: " in str(roof)
