"""The examples run, and reach what they promise."""

from __future__ import annotations

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def test_digits() -> None:
    result = subprocess.run([sys.executable, str(ROOT / "examples" / "digits.py")], capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    accuracy = re.search(r"accuracy on 360 held-out digits: (\d+\.\d+)%", result.stdout)
    assert accuracy is not None
    assert float(accuracy[1]) >= 97
    page = re.search(r"all of it as one HTML page\n(\S+)\n", result.stdout)
    assert page is not None
    assert pathlib.Path(page[1]).read_text(encoding="utf-8").startswith("<!doctype html>")
    for heading in (
        "the step as the compiler sees it",
        "one rewrite",
        "the generated C",
        "where the time of a step goes",
        "NumPy",
        "times as fast",
    ):
        assert heading in result.stdout
