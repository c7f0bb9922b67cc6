"""The showcase costs no more than its table allows: kernels, bytes moved, temporaries, vector instructions."""

from __future__ import annotations

import pytest

from tests.showcase.cases import CASES
from tests.showcase.counts import counts, gcc


@pytest.mark.parametrize("name", CASES)
def test_kernels_bytes_and_temporaries(name: str) -> None:
    case, found = CASES[name], counts(name)
    assert found.kernels <= case.kernels
    assert found.moved <= case.arrays * case.unit
    assert found.arena <= case.arena * case.unit


@pytest.mark.skipif(gcc() is None, reason="counts instructions of gcc for x86")
@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.wide])
def test_arithmetic_is_done_on_whole_vectors(name: str) -> None:
    assert counts(name, gcc()).share >= CASES[name].wide
