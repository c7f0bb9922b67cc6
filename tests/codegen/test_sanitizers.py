"""Generated code under the address and undefined-behaviour sanitizers: no undefined C is ever relied on.

The sanitizers' runtime must be in a process from its start, so each test is a process of its own, whose compilations
get further flags by ``SYMTENSOR_CFLAGS``.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = "-O1 -g -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined"


def runtime_libraries() -> str:
    """What must be loaded first, or an empty text where this compiler has no sanitizers."""
    compiler = shutil.which("gcc")
    if compiler is None:
        return ""
    found = []
    for name in ("libasan.so", "libubsan.so"):
        answer = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
        path = Path(answer.stdout.strip())
        if not path.is_absolute():
            return ""
        found.append(str(path.resolve()))
    return " ".join(found)


def sanitized(program: str | list[str], tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run Python code, or a command of Python's, with sanitized compilations."""
    libraries = runtime_libraries()
    if not libraries:
        pytest.skip("this compiler has no sanitizers")
    environment = {
        **os.environ,
        "LD_PRELOAD": libraries,
        "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "SYMTENSOR_CC": "gcc",
        "SYMTENSOR_CFLAGS": FLAGS,
        "SYMTENSOR_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": str(ROOT),
    }
    arguments = ["-c", textwrap.dedent(program)] if isinstance(program, str) else program
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )


def assert_clean(result: subprocess.CompletedProcess[str]) -> None:
    report = [
        line for line in (result.stdout + result.stderr).splitlines() if "ERROR" in line or "runtime error" in line
    ]
    shown = "\n".join([*report, (result.stdout + result.stderr)[-3000:]])
    assert not report, shown
    assert result.returncode == 0, shown


def test_the_sanitizers_see_generated_code(tmp_path: Path) -> None:
    """An overflow in code that is compiled as ours is reported: else the other tests would prove nothing."""
    result = sanitized(
        """
        import ctypes
        from symtensor.runtime import toolchain
        source = "void poke(char *p, long n) { p[n] = 1; }"
        poke = toolchain.load(toolchain.toolchain().compile(source, name="poke").path).address("poke")
        libc = ctypes.CDLL(None)
        libc.malloc.restype = ctypes.c_void_p
        ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_long)(poke)(libc.malloc(100), 100)
        """,
        tmp_path,
    )
    assert result.returncode != 0
    assert "heap-buffer-overflow" in result.stderr


def test_arithmetic_and_tails(tmp_path: Path) -> None:
    """Integer corner cases, conversions out of range, masked tails, gathers and scatters."""
    result = sanitized(
        """
        import numpy as np, symtensor as st
        x, y, i = st.tensor("x", "int32", ("n",)), st.tensor("y", "int32", ("n",)), st.lvector("i")
        f, b = st.tensor("f", "float32", ("n",)), st.tensor("b", "int8", ("n",))
        outputs = [x + y, x * y, x - y, -x, abs(x), x // y, x % y, b * b, b.prod(), x.sum(), f.sum(), f.max(), f.var()]
        outputs += [f.astype("int8"), f.astype("uint64"), f.astype("int32"), st.take(f, i), f[::-1], f[1:-1], f > 0]
        outputs += [st.scatter_add(f, i, 1.0), st.exp(f), st.softmax(f, axis=0), st.where(f > 0, x, y), st.pad(f, 2)]
        function = st.compile(outputs, [x, y, f, b, i], target="c")
        rng = np.random.default_rng(0)
        limits = np.array([-2**31, 2**31 - 1, -1, 0, 1], "int32")
        special = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 0.5], "float32")
        for n in (2, 3, 5, 8, 16, 31, 33, 64, 70, 5000):
            function(rng.choice(limits, n), rng.choice(limits, n), rng.choice(special, n),
                     rng.integers(-128, 128, n).astype("int8"), rng.integers(-n, n, 7))
        """,
        tmp_path,
    )
    assert_clean(result)


def test_pieces_stay_in_range(tmp_path: Path) -> None:
    tests = ["tests/codegen/test_pieces.py", "tests/codegen/test_two_pass.py"]
    assert_clean(
        sanitized(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "values or nothing", *tests], tmp_path)
    )


def test_packed_operands_are_read_in_range(tmp_path: Path) -> None:
    command = [
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-k",
        "values and float32",
        "tests/codegen/test_across.py",
    ]
    assert_clean(sanitized(command, tmp_path))


@pytest.mark.long
def test_the_probes(tmp_path: Path) -> None:
    probes = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "tests" / "probes").glob("probe_*.py"))
    result = sanitized(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "[c] or c-", *probes], tmp_path)
    assert_clean(result)


@pytest.mark.long
def test_the_conformance_tests(tmp_path: Path) -> None:
    tests = ["tests/codegen/test_conformance_c.py", "tests/codegen/test_vectors.py"]
    result = sanitized(["-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "not nothing", *tests], tmp_path)
    assert_clean(result)


@pytest.mark.long
def test_random_graphs(tmp_path: Path) -> None:
    assert_clean(sanitized(["-m", "tests.properties.fuzz", "0", "120", "10"], tmp_path))


def test_transposed_stepped_and_scattered_access(tmp_path: Path) -> None:
    """Blocks, steps and rows touch nothing beyond what they read and write."""
    result = sanitized(
        """
        import numpy as np
        import symtensor as st
        rng = np.random.default_rng(0)
        for dtype in ("float32", "int64"):
            x, y = (st.tensor(n, dtype, (None, None)) for n in "xy")
            across = st.compile([x.T + y, (x.T * y).sum(axis=1)], [x, y], threads=2)
            v = st.tensor("v", dtype, (None,))
            steps = st.compile([v[::2], v[::-1], v[::-2], v[::2] + v[::2][::-1]], [v])
            ids = st.lmatrix("ids")
            rows = st.broadcast_to((y * 3)[:, None, :], (ids.shape[0], ids.shape[1], y.shape[1]))
            scatter = st.compile([x[ids].add(rows), x[ids].sum(axis=1)], [x, ids, y])
            for n, m in [(1, 1), (17, 33), (64, 128), (65, 131), (0, 3), (3, 0), (1, 200), (200, 1)]:
                a, b = (rng.integers(0, 9, s).astype(dtype) for s in [(m, n), (n, m)])
                np.testing.assert_array_equal(across(a, b)[0], a.T + b)
                wanted = [a[0, ::2], a[0, ::-1], a[0, ::-2], a[0, ::2] + a[0, ::2][::-1]] if m else []
                for got, w in zip(steps(np.ascontiguousarray(a[0])) if m else [], wanted):
                    np.testing.assert_array_equal(got, w)
                if n:
                    at = rng.integers(-n, n, (5, 3))
                    base, update = b.copy(), rng.integers(0, 9, (5, m)).astype(dtype)
                    np.add.at(base, at, (update * 3)[:, None, :])
                    np.testing.assert_array_equal(scatter(b, at, update)[0], base)
        """,
        tmp_path,
    )
    assert_clean(result)


def test_products_stay_in_range(tmp_path: Path) -> None:
    """Tiles, masked tails and packed panels of our own kernel, for operands of all layouts."""
    tests = ["-k", "values or infinity", "tests/codegen/test_microkernel.py"]
    assert_clean(sanitized(["-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], tmp_path))
