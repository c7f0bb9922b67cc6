"""``python -m symtensor``."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import symtensor as st
from symtensor import cli


@pytest.fixture
def own_cache(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path))
    x = st.vector("x")
    st.compile(st.exp(x) * 12345, [x])(np.ones(2))
    return tmp_path


def test_cache(own_cache: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cache", "ls"]) == 0
    listed = capsys.readouterr().out
    assert str(own_cache) in listed
    assert " so " in listed
    assert cli.main(["cache", "verify"]) == 0
    assert "0 damaged" in capsys.readouterr().out
    entry = next(own_cache.glob("so/*/*"))
    entry.write_bytes(entry.read_bytes()[:-1])
    assert cli.main(["cache", "verify"]) == 1
    assert entry.name in capsys.readouterr().err
    assert not entry.exists()
    assert cli.main(["cache", "gc", "--max-size", "0"]) == 0
    assert "0 B left" in capsys.readouterr().out


def test_sizes() -> None:
    assert [cli.size(t) for t in ("10", "1k", "1.5M", "2GB")] == [10, 1024, 3 << 19, 2 << 30]
    with pytest.raises(SystemExit):
        cli.main(["cache", "gc", "--max-size", "much"])


def test_the_doctor_finds_and_mends(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["doctor"])
    report = capsys.readouterr().out
    for what in ("symtensor", "compiler", "SIMD", "BLAS", "threads", "opencl", "cuda", "cache", "sympy"):
        assert f"] {what} " in report
    monkeypatch.setenv("SYMTENSOR_CC", "no-such-compiler")
    assert cli.main(["doctor"]) == 1
    report = capsys.readouterr().out
    assert "[bad] compiler" in report
    assert "to mend: unset it, or name a C compiler" in report
    assert "To mend: compiler" in report


def test_as_a_program(tmp_path: pathlib.Path) -> None:
    environment = {**os.environ, "SYMTENSOR_CACHE_DIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "symtensor", "cache", "ls"], env=environment, capture_output=True, text=True
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == f"0 entries, 0 B in {tmp_path}\n"
