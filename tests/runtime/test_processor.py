"""The processor as the kernel describes it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from symtensor.runtime import processor


@pytest.mark.skipif(not Path("/proc/cpuinfo").exists(), reason="only Linux has this file")
def test_the_first_processor_is_described_alone() -> None:
    whole = Path("/proc/cpuinfo").read_text()
    assert processor.cpuinfo() == whole[: whole.find("\n\n") + 1]
    described = processor.description().splitlines()
    assert described
    assert set(described) <= set(processor.cpuinfo().splitlines())


def test_code_of_this_processor_runs_here() -> None:
    system, machine, features = here = processor.identity()
    assert system == sys.platform
    assert processor.suits(here)
    assert processor.suits((system, machine, features[:1]))
    assert not processor.suits((system, machine, (*features, "an instruction of the future")))
    assert not processor.suits(("another system", machine, features))


def test_without_a_description_the_name_has_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "cpuinfo", lambda: "")
    processor.identity.cache_clear()
    try:
        assert len(processor.identity()[2]) == 1
        assert processor.description()
    finally:
        processor.identity.cache_clear()
