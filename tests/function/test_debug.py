"""``SYMTENSOR_DEBUG`` prints each stage."""

from __future__ import annotations

import pytest

import symtensor as st


@pytest.mark.parametrize(
    ("stage", "mark"),
    [("rewrites", "log_of_one_plus"), ("fusion", "kernel over"), ("loops", "launch k1"), ("source", "st_entry")]
    + [("stabilise", "--- stabilise"), ("rewrites, source", "st_entry")],
)
def test_stages(stage: str, mark: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SYMTENSOR_DEBUG", stage)
    x = st.vector("x")
    st.compile(st.log(1 + x), [x])
    assert mark in capsys.readouterr().err


def test_a_stage_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMTENSOR_DEBUG", "fuson")
    x = st.vector("x")
    with pytest.raises(ValueError, match="SYMTENSOR_DEBUG names no stage: 'fuson'"):
        st.compile(x, [x])
