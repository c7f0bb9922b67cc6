"""``st.compile`` on a machine where things go wrong: compilers, caches, forks; and the promise of equal bits."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.runtime import native
from symtensor.runtime.toolchain import CompilerError
from tests.runtime.test_fork import in_a_child


@pytest.fixture
def two_workers() -> Iterator[None]:
    before = native.workers()
    native.set_workers(2)
    yield
    native.set_workers(before)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone."""
    path = tmp_path / "cache"
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(path))
    return path


# ----------------------------------------------------------------------------------------------------- the compiler
def fake_compiler(tmp_path: Path, script: str) -> str:
    """A compiler that answers ``--version`` and probes like the real one, and on sources of ours does as scripted."""
    real = shutil.which("gcc") or shutil.which("cc")
    path = tmp_path / "fake-cc"
    path.write_text(
        textwrap.dedent(f"""\
        #!/bin/sh
        case "$*" in
        *broken_model.c*) {script} ;;
        *) exec {real} "$@" ;;
        esac
        """)
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_failing_compiler_is_shown_whole(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = 'echo "broken_model.c:7:1: error: the disk ran away" >&2; exit 3'
    monkeypatch.setenv("SYMTENSOR_CC", fake_compiler(tmp_path, script))
    x = st.vector("x")
    with pytest.raises(CompilerError) as caught:
        st.compile(st.exp(x) * 3.25, [x], name="broken model", target="c")
    first, error, kept = str(caught.value).splitlines()
    assert first.startswith("the compiler failed with status 3 on 'broken model' (")
    assert error == "  broken_model.c:7:1: error: the disk ran away"
    assert kept.startswith("  source kept in ")
    assert "3.25" in Path(kept.removeprefix("  source kept in ")).read_text()
    # Another function is none the worse, and the failure leaves no entry behind.
    np.testing.assert_array_equal(st.compile(x + 1, [x], target="c")([1.0]), [2.0])
    monkeypatch.delenv("SYMTENSOR_CC")
    np.testing.assert_allclose(st.compile(st.exp(x) * 3.25, [x], name="broken model", target="c")([0.0]), [3.25])


def test_a_killed_compiler(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMTENSOR_CC", fake_compiler(tmp_path, "kill -9 $$"))
    x = st.vector("x")
    with pytest.raises(CompilerError, match="was killed by SIGKILL on 'broken model'"):
        st.compile(st.exp(x) * 3.5, [x], name="broken model", target="c")


# -------------------------------------------------------------------------------------------------------- the cache
DAMAGES: dict[str, Callable[[Path], Any]] = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "empty": lambda path: os.truncate(path, 0),
    "altered": lambda path: path.write_bytes(path.read_bytes()[:-100] + bytes(100)),
    "gone": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_cache_entry_is_made_anew(damage: str, folder: Path) -> None:
    """In a second process, since a loaded object stays mapped."""
    program = textwrap.dedent("""
        import sys, numpy as np, symtensor as st
        x = st.vector("x")
        f = st.compile(st.exp(x) + 4.75, [x], target="c")
        assert np.allclose(f([0.0]), 5.75)
        print(f.cache_hit)
    """)

    def run() -> str:
        result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    assert run() == "False"
    assert run() == "True"
    objects = list(folder.rglob("*.so"))
    assert objects
    for path in objects:
        path.chmod(0o600)
        DAMAGES[damage](path)
    assert run() == "False"
    assert run() == "True"


def test_the_same_function_twice_is_compiled_once(folder: Path) -> None:
    x = st.vector("x")
    first = st.compile(st.tanh(x) * 1.375, [x], target="c")
    second = st.compile(st.tanh(x) * 1.375, [x], target="c")
    assert (first.cache_hit, second.cache_hit) == (False, True)
    np.testing.assert_array_equal(first([1.0, 2.0]), second([1.0, 2.0]))


# -------------------------------------------------------------------------------------------------------- processes
def test_a_fork_after_a_threaded_call(two_workers: None) -> None:
    x = st.matrix("x")
    f = st.compile([st.tanh(x).sum(), x.sum(axis=0), x @ x.T], [x], target="c")
    value = np.random.default_rng(0).normal(size=(600, 500))
    wanted = f(value)

    def same() -> bool:
        return all(np.array_equal(a, b) for a, b in zip(f(value), wanted))

    assert in_a_child(same)
    assert in_a_child(lambda: same() and in_a_child(same))
    assert same()


def test_a_child_compiles_for_itself(two_workers: None) -> None:
    x = st.vector("x")
    f = st.compile(x.sum(), [x], target="c")
    f(np.ones(500_000))

    def work() -> bool:
        g = st.compile((x * 2.625).sum(), [x], target="c")
        return float(g(np.ones(500_000))) == 2.625 * 500_000

    assert in_a_child(work, timeout=60)


# ------------------------------------------------------------------------------------------------------- equal bits
def bit_cases() -> dict[str, Callable[[], tuple[Any, list[Any], list[np.ndarray]]]]:
    rng = np.random.default_rng(7)
    x, y, i = st.matrix("x"), st.matrix("y"), st.lvector("i")
    f = st.fmatrix("f")
    big = rng.normal(size=(701, 533))
    return {
        "sums": lambda: (
            [x.sum(), x.sum(axis=0), x.sum(axis=1), (x * x).mean(), x.prod(axis=1), abs(x).max()], [x], [big],
        ),
        "sums in single precision": lambda: (
            [f.sum(), f.sum(axis=0), f.mean(axis=1)], [f], [big.astype("float32")],
        ),
        "softmax": lambda: ([st.softmax(x, axis=1), st.softmax(x, axis=0), st.logsumexp(x)], [x], [big]),
        "variance": lambda: ([x.var(axis=0), x.var(axis=1), x.var()], [x], [big]),
        "positions": lambda: ([x.argmax(), x.argmax(axis=0), x.argmin(axis=1)], [x], [np.round(big)]),
        "matmul": lambda: ([x @ y, x.T @ x, x @ y[:, 0]], [x, y], [big, rng.normal(size=(533, 257))]),
        "scatter": lambda: (
            st.scatter_add(st.zeros((97, x.shape[1])), i, x), [i, x], [rng.integers(0, 97, 701), big],
        ),
        "gradient": lambda: (
            st.grad(st.tanh(x @ y).sum(), [x, y]), [x, y], [big, rng.normal(size=(533, 64))],
        ),
    }  # fmt: skip


@pytest.mark.parametrize("case", sorted(bit_cases()))
def test_the_same_bits_for_any_number_of_threads(case: str) -> None:
    outputs, inputs, values = bit_cases()[case]()
    before = native.workers()
    results = []
    try:
        native.set_workers(3)
        for threads in (1, 2, 3):
            function = st.compile(outputs, inputs, target="c", threads=threads)
            for _ in range(3):
                got = function(*values)
                results.append(got if isinstance(got, list) else [got])
    finally:
        native.set_workers(before)
    for other in results[1:]:
        for first, second in zip(results[0], other):
            assert first.tobytes() == second.tobytes()
    wanted = st.compile(outputs, inputs, target="numpy")(*values)
    for got, want in zip(results[0], wanted if isinstance(wanted, list) else [wanted]):
        tolerance = 1e-4 if want.dtype == np.float32 else 1e-10
        scale = float(np.abs(want).max())
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)


def test_bits_do_not_depend_on_addresses(two_workers: None) -> None:
    x = st.vector("x")
    f = st.compile([x.sum(), st.exp(x), x.var(), (x * x).sum()], [x], target="c")
    value = np.random.default_rng(3).normal(size=70_001)
    buffer = np.empty(70_001 + 16)
    wanted = f(value)
    for offset in range(1, 9):
        moved = buffer[offset : offset + 70_001]
        moved[:] = value
        for got, want in zip(f(moved), wanted):
            assert got.tobytes() == want.tobytes()
