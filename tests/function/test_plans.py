"""The plan cache: a function is found by the digest of its graph, and is the same as a compiled one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import ShapeError


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own; the verifiers of the tests would keep plans from being used."""
    monkeypatch.delenv("SYMTENSOR_VERIFY", raising=False)
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def make() -> tuple[Any, Any]:
    """A step with an update, a guard, a large constant and a name; always from the same lines."""
    x, y = st.vector("x"), st.vector("y")
    w = st.shared(np.ones(3), "w")
    table = st.constant(np.arange(100.0).reshape(100, 1))
    step = st.compile([((x + y).sum() * table).sum(), x * y], [x, y], updates={w: w * 2}, name="step")
    return step, w


def phases(function: Any) -> set[str]:
    return set(function.compile_report.seconds)


def test_the_second_compilation_finds_the_plan() -> None:
    """Nothing is rewritten or generated; the function updates its own variable."""
    (cold, first), (warm, second) = make(), make()
    assert not cold.cache_hit
    assert warm.cache_hit
    assert {"optimise", "generate"} <= phases(cold)
    assert not {"optimise", "generate"} & phases(warm)
    values = np.arange(4.0), np.ones(4)
    for a, b in zip(cold(*values), warm(*values)):
        np.testing.assert_array_equal(a, b)
    warm(*values)
    assert first.get_value()[0] == 2
    assert second.get_value()[0] == 4


def test_views_are_made_when_asked_for() -> None:
    """A function from the cache shows what a compiled one shows."""
    (cold, _), (warm, _) = make(), make()
    for view in ("graph", "source", "kernels", "schedule", "memory"):
        assert str(getattr(cold, view)) == str(getattr(warm, view)), view
    assert str(cold.explain()) == str(warm.explain())
    assert repr(cold) == repr(warm)


def test_errors_are_the_same() -> None:
    """A guard reports the user's names and lines without compiling anything."""
    messages = []
    for step, _ in (make(), make()):
        with pytest.raises(ShapeError) as error:
            step(np.ones(3), np.ones(4))
        messages.append(str(error.value))
    assert messages[0] == messages[1]
    assert "test_plans.py" in messages[0]


def test_damaged_entries_are_built_again(own_cache: Path) -> None:
    """Truncated or altered plans and objects are noticed."""
    values = np.arange(4.0), np.ones(4)
    expected = make()[0](*values)
    for kind in ("plan", "so"):
        for path in own_cache.glob(f"{kind}/*/*"):
            data = path.read_bytes()
            path.unlink()  # the old file stays mapped into this process
            path.write_bytes(data[: len(data) // 2] if kind == "plan" else data[:-8] + b"damaged!")
        again, _ = make()
        assert "generate" in phases(again)
        np.testing.assert_array_equal(again(*values)[0], expected[0])
        assert "generate" not in phases(make()[0])


def test_other_options_are_another_plan() -> None:
    """What is switched off or added is never answered by the plan of something else."""
    x = st.vector("x")
    found = []
    for more in ({}, {"fma": False}, {"exclude": "stabilise"}, {"name": "other"}):
        found.append(st.compile(st.log(1 + x * x), [x], **more))
    assert all("generate" in phases(f) for f in found)


def test_two_processes_at_once(own_cache: Path) -> None:
    """Both compile the same thing into an empty cache, and both succeed."""
    program = (
        "import numpy as np, symtensor as st\n"
        "x = st.vector('x')\n"
        "print(float(st.compile(st.exp(x).sum(), [x])(np.zeros(5))))\n"
    )
    environment = {**os.environ, "SYMTENSOR_CACHE_DIR": str(own_cache)}
    both = [subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE) for _ in "ab"]
    assert [p.communicate()[0].strip() for p in both] == [b"5.0", b"5.0"]
    assert all(p.returncode == 0 for p in both)
