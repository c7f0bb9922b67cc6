"""The diffs of docs/extending.md fit the package, and the code of the page runs on the patched copy."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from tests.docs.patches import apply, blocks

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "extending.md"


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A folder with a copy of the package to which the page's diffs have been applied."""
    folder = tmp_path_factory.mktemp("extended")
    shutil.copytree(ROOT / "symtensor", folder / "symtensor", ignore=shutil.ignore_patterns("__pycache__"))
    for diff in blocks(PAGE.read_text(encoding="utf-8"), "diff"):
        apply(diff, folder)
    return folder


def test_each_diff_is_small() -> None:
    diffs = blocks(PAGE.read_text(encoding="utf-8"), "diff")
    added = [sum(line.startswith("+") and not line.startswith("+++") for line in d.splitlines()) for d in diffs]
    assert len(diffs) == 3
    assert max(added) <= 12, added


def test_the_page_runs(patched: pathlib.Path) -> None:
    code = "\n".join(blocks(PAGE.read_text(encoding="utf-8"), "python"))
    (patched / "page.py").write_text(code, encoding="utf-8")
    environment = {
        **os.environ,
        "PYTHONPATH": str(patched),
        "PYTHONWARNINGS": "error,ignore::UserWarning,ignore::DeprecationWarning",
    }
    run = subprocess.run([sys.executable, "page.py"], cwd=patched, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert not run.stdout, "the page prints nothing: it asserts"


def test_a_context_that_is_gone_is_named(tmp_path: pathlib.Path) -> None:
    (tmp_path / "f.py").write_text("a\nb\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"f\.py: these lines occur 0 times:\nc"):
        apply("--- a/f.py\n+++ b/f.py\n@@\n c\n+d\n", tmp_path)
    apply("--- a/f.py\n+++ b/f.py\n@@\n-a\n+A\n b\n", tmp_path)
    assert (tmp_path / "f.py").read_text(encoding="utf-8") == "A\nb\n"
