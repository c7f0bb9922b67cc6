"""What a second process does until its first result: it loads few modules, and neither rewrites nor generates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = """
import json, os, sys
import numpy as np
import symtensor as st

before = set(sys.modules)
x, y = st.matrix("x", dtype="float32"), st.lvector("y")
w = st.shared(np.ones((4, 3), "float32"), "w")
h = st.maximum(x @ w, 0)
logp = h - st.log(st.exp(h).sum(axis=1, keepdims=True))
loss = -(logp * st.one_hot(y, 3)).sum(axis=1).mean()
slope = st.grad(loss, w) if "GRADIENT" in os.environ else w
if "NO_REWRITES" in os.environ:
    import symtensor.optimizer.pipeline
    symtensor.optimizer.pipeline._run_all = None  # calling it fails
step = st.compile(loss, [x, y], updates={w: w - 0.1 * slope})
first = float(step(np.ones((5, 4), "float32"), np.arange(5) % 3))
hit = step.cache_hit, sorted(set(step.compile_report.seconds))
shown = len(str(step.graph)) if "LOOK" in os.environ else 0
print(json.dumps([first, hit, sorted(set(sys.modules) - before), shown]))
"""
# All that a warm compile may load of symtensor, by room.
WARM = {
    "function": {
        "asked", "calls", "compiler", "inputs", "loading", "plans", "recipe", "request", "variables",
    },
    "inspect": {"details", "report"},
    "ir": {"canonical", "collector"},
    "optimizer": {"found_sizes"},
    "runtime": {"_native", "blas", "cache", "native", "processor", "signature", "threads", "toolchain"},
}  # fmt: skip
# Modules of Python and others that load slowly and that nothing on the way needs.
SLOW = {"concurrent.futures", "decimal", "difflib", "inspect", "lzma", "platform", "shlex", "shutil", "subprocess"}


def run(cache: Path, *switches: str) -> tuple[float, bool, set[str], set[str], int]:
    """The first result, whether all came from the cache, phases, modules loaded, and characters of the graph's text."""
    script = cache.parent / "program.py"
    script.write_text(PROGRAM)
    environment = {
        **os.environ,
        "SYMTENSOR_CACHE_DIR": str(cache),
        "SYMTENSOR_VERIFY": "",
        **dict.fromkeys(switches, "1"),
    }
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    first, (hit, phases), modules, shown = json.loads(done.stdout)
    return first, hit, set(phases), set(modules), shown


def ours(modules: set[str]) -> set[str]:
    return {m for m in modules if m.startswith("symtensor.")}


def allowed() -> set[str]:
    return (
        {"symtensor.options"}
        | {f"symtensor.{room}" for room in WARM}
        | {f"symtensor.{r}.{m}" for r, names in WARM.items() for m in names}
    )


def test_a_warm_compile_loads_what_it_runs(tmp_path: Path) -> None:
    """Neither rewriting, code generation, the interpreter, views, nor the runner of the C compiler."""
    cold = run(tmp_path / "cache")
    warm = run(tmp_path / "cache")
    assert (cold[1], warm[1]) == (False, True)
    assert cold[0] == warm[0]
    assert warm[2] == {"collect", "plan", "load"}
    assert ours(warm[3]) <= allowed(), sorted(ours(warm[3]) - allowed())
    assert not warm[3] & SLOW


def test_a_gradient_loads_the_rules_alone(tmp_path: Path) -> None:
    """A cost is rewritten before it is differentiated; loops, fusion and lowering are not entered for that."""
    run(tmp_path / "cache", "GRADIENT")
    _, hit, _, modules, _ = run(tmp_path / "cache", "GRADIENT")
    assert hit
    rest = ours(modules) - allowed()
    assert {m.split(".")[1] for m in rest} <= {"ir", "ops", "optimizer"}, sorted(rest)
    assert not rest & {f"symtensor.optimizer.{m}" for m in ("fusion", "loops", "loop_graphs", "plan", "elements")}


def test_a_warm_compile_rewrites_nothing(tmp_path: Path) -> None:
    """The key is that of the graph as it was written; with the optimizer broken the second process does not notice."""
    cold = run(tmp_path / "cache", "GRADIENT")
    warm = run(tmp_path / "cache", "GRADIENT", "NO_REWRITES")
    assert warm[1]
    assert warm[0] == cold[0]


def test_views_load_what_they_show(tmp_path: Path) -> None:
    """The rest is loaded when somebody asks."""
    run(tmp_path / "cache")
    _, hit, _, modules, shown = run(tmp_path / "cache", "LOOK")
    assert hit
    assert shown > 100
    assert "symtensor.codegen.pipeline" in modules


def test_a_check_of_a_warm_function_is_made_of_its_views(tmp_path: Path, monkeypatch: Any) -> None:
    """What has to be looked at is made anew; the machine code is the one in the cache."""
    import numpy as np

    import symtensor as st

    monkeypatch.delenv("SYMTENSOR_VERIFY", raising=False)
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path / "cache"))
    x = st.vector("x")
    for _ in range(2):
        f = st.compile(st.exp(x) / 2, [x], check_nan=True)
        np.testing.assert_allclose(f(np.zeros(2)), 0.5)
    assert f.cache_hit
    assert "generate" not in f.compile_report.seconds
