"""The compiler: what the probe finds, what a failing compiler says, what the cache saves."""

from __future__ import annotations

import ctypes
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from symtensor.errors import SymtensorError
from symtensor.runtime import cache
from symtensor.runtime import toolchain as tc

ADD = "long add(long a, long b) { return a + b; }"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test alone."""
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def call(built: tc.Built, name: str, *arguments: int) -> int:
    return tc.load(built.path).function(name, ctypes.c_long, *[ctypes.c_long] * len(arguments))(*arguments)


def test_probe_is_a_frozen_value() -> None:
    found = tc.toolchain()
    assert found is tc.toolchain()
    assert hash(found) == hash(tc.toolchain())
    assert found.vector_bytes in (16, 32, 64)
    assert (found.vector_bytes == 64) == ("avx512f" in found.features)
    assert {"-ffp-contract=off", "-fwrapv", "-fPIC", "-shared"} <= set(found.flags)
    assert not any("fast-math" in flag for flag in found.flags)
    assert str(8 * found.vector_bytes) in found.describe()


def test_probe_is_kept_on_disk(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tc.toolchain()
    tc._probed.cache_clear()
    monkeypatch.setattr(tc, "_probe", lambda *_: pytest.fail("probed again"))
    assert tc.toolchain() == found


def test_vector_math_loads_and_is_right(folder: Path) -> None:
    names = tc.toolchain().vector_math
    if not names:
        pytest.skip("this C library has no vector functions")
    unary = [name for name in names if name not in ("atan2", "hypot", "pow")]
    source = "".join(
        f'extern __attribute__((simd("notinbranch"),const)) double {name}(double);\n'
        f"void {name}_all(double *x) {{ for (int i = 0; i < 64; i++) x[i] = {name}(x[i]); }}\n"
        for name in unary
    )
    module = tc.load(tc.toolchain().compile(source, name="vector_math").path)
    values = (ctypes.c_double * 64)(*[0.5] * 64)
    module.function("exp_all", None, ctypes.c_void_p)(ctypes.addressof(values))
    assert values[0] == values[63] == pytest.approx(1.6487212707001282, rel=1e-14)


def test_compile_load_call(folder: Path) -> None:
    before = cache.cache_info()
    built = tc.toolchain().compile(ADD, name="add")
    assert not built.cache_hit
    assert built.seconds > 0
    assert built.source is not None
    assert built.source.read_text() == ADD
    assert call(built, "add", 3, 4) == 7
    after = cache.cache_info()
    assert (after.compilations - before.compilations, after.loads - before.loads) == (1, 1)
    assert tc.load(built.path) is tc.load(built.path)


def test_second_time_is_a_hit_whatever_the_comments(folder: Path) -> None:
    first = tc.toolchain().compile(ADD, name="add")
    second = tc.toolchain().compile(f"/* from model.py, line 7 */\n{ADD}  // sum", name="other name")
    assert second.cache_hit
    assert second.path == first.path
    assert second.source == first.source


def test_other_flags_are_another_object(folder: Path) -> None:
    first = tc.toolchain().compile(ADD, name="add")
    assert not tc.toolchain().compile(ADD, name="add", optimize=1).cache_hit
    other = tc.toolchain().compile(ADD, name="add", extra_flags=("-DX=1",))
    assert other.path != first.path


def test_no_path_of_this_machine_in_the_object(folder: Path) -> None:
    built = tc.toolchain().compile("const char *where(void) { return __FILE__; }", name="where")
    assert str(folder).encode() not in built.path.read_bytes()
    assert b"where.c" in built.path.read_bytes()


@pytest.mark.parametrize("damage", [lambda data: data[: len(data) // 2], lambda data: data[:-1] + b"?"])
def test_damaged_object_is_compiled_again(folder: Path, damage: object) -> None:
    built = tc.toolchain().compile(ADD, name="add")
    built.path.write_bytes(damage(built.path.read_bytes()))  # type: ignore[operator]
    again = tc.toolchain().compile(ADD, name="add")
    assert not again.cache_hit
    assert call(again, "add", 1, 2) == 3


def test_refused_source(folder: Path) -> None:
    source = "long f(long x) { return y; }\n" * 20
    with pytest.raises(tc.CompilerError) as caught:
        tc.toolchain().compile(source, name="my model/../../x")
    message = str(caught.value)
    assert isinstance(caught.value, SymtensorError)
    assert isinstance(caught.value, RuntimeError)
    assert len(message.splitlines()) <= 12
    assert "my model/../../x" in message
    assert "'y'" in message
    assert "more" in message
    assert caught.value.source is not None
    assert str(caught.value.source) in message
    assert caught.value.source.read_text() == source
    assert caught.value.source.is_relative_to(folder)
    assert caught.value.log.count("'y'") >= 1


def test_missing_function_fails_at_link_time(folder: Path) -> None:
    with pytest.raises(tc.CompilerError, match="no_such_function"):
        tc.toolchain().compile("int no_such_function(int); int f(int x) { return no_such_function(x); }", name="link")


def fake_compiler(folder: Path, then: str) -> Path:
    """A compiler that works while it is probed, and then does something else."""
    script = folder / "fake-cc"
    real = shutil.which("cc") or shutil.which("gcc")
    probing = 'case "$*" in *probe.*|*--version*|*-dM*) exec ' + shlex.quote(str(real)) + ' "$@";; esac'
    script.write_text(f"#!/bin/sh\n{probing}\n{then}\n")
    script.chmod(0o755)
    return script


def test_killed_compiler(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMTENSOR_CC", str(fake_compiler(tmp_path, "kill -KILL $$")))
    with pytest.raises(tc.CompilerError, match="killed by SIGKILL"):
        tc.toolchain().compile(ADD, name="add")


def test_failing_compiler_without_a_word_about_errors(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SYMTENSOR_CC", str(fake_compiler(tmp_path, "echo no space left >&2; exit 3")))
    with pytest.raises(tc.CompilerError, match="status 3") as caught:
        tc.toolchain().compile(ADD, name="add")
    assert "no space left" in str(caught.value)


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("SYMTENSOR_CC", "CC"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(tc.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(tc.NoCompiler, match=r"no C compiler was found\n  hint: .*build-essential"):
        tc.toolchain()


def test_named_compiler_that_does_not_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMTENSOR_CC", "no-such-cc -x")
    with pytest.raises(tc.NoCompiler, match="no-such-cc"):
        tc.toolchain()


def test_compiler_that_cannot_link(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "only-version"
    script.write_text('#!/bin/sh\ncase "$*" in *--version*) echo broken 1.0;; *) echo cannot >&2; exit 1;; esac\n')
    script.chmod(0o755)
    monkeypatch.setenv("SYMTENSOR_CC", str(script))
    with pytest.raises(tc.NoCompiler, match="cannot make a shared object"):
        tc.toolchain()


def test_named_compiler_with_arguments(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = tc.toolchain().cc[0]
    monkeypatch.setenv("SYMTENSOR_CC", f"{real} -DFROM_ENVIRONMENT=5")
    found = tc.toolchain()
    assert found.cc == (real, "-DFROM_ENVIRONMENT=5")
    assert call(found.compile("long f(void) { return FROM_ENVIRONMENT; }", name="f"), "f") == 5


def test_clang_where_there_is_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("clang") is None:
        pytest.skip("clang is not installed")
    monkeypatch.setenv("SYMTENSOR_CC", "clang")
    assert tc.toolchain().vector_math == ()
    assert call(tc.toolchain().compile(ADD, name="add"), "add", 2, 2) == 4


def test_cplusplus(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = 'template <class T> T twice(T x) { return x + x; }\nextern "C" long f(long x) { return twice(x); }'
    assert call(tc.toolchain().compile(source, name="f", language="c++"), "f", 4) == 8
    without = tc.Toolchain(("cc",), None, "", (), 16, (), ())
    with pytest.raises(tc.NoCompiler, match=r"C\+\+"):
        without.compile(source, name="f", language="c++")


def test_missing_symbol_and_missing_file(folder: Path) -> None:
    built = tc.toolchain().compile(ADD, name="add")
    with pytest.raises(tc.LoadError, match="'subtract'"):
        tc.load(built.path).address("subtract")
    with pytest.raises(tc.LoadError, match="cannot be loaded"):
        tc.load(folder / "nothing.so")


def test_strict_arithmetic(folder: Path) -> None:
    """No contraction: a product is rounded before the sum; integers wrap."""
    source = "double f(double a, double b, double c) { return a * b + c; }\nint g(int a) { return a + 1 > a; }"
    module = tc.load(tc.toolchain().compile(source, name="strict").path)
    d = ctypes.c_double
    x = 1.0 + 2.0**-30
    assert module.function("f", d, d, d, d)(x, x, -(x * x)) == 0.0
    assert module.function("g", ctypes.c_int, ctypes.c_int)(2**31 - 1) == 0


def test_sanitizer_reports(folder: Path) -> None:
    """The conformance tests compile with sanitizers, whose symbols are found late."""
    source = "int f(int x) { int a[4] = {0}; return a[x] / x; }"
    built = tc.toolchain().compile(source, name="f", optimize=1, extra_flags=("-fsanitize=undefined",))
    assert b"ubsan" in built.path.read_bytes()
    tc.load(built.path)


def test_own_functions_go_before_those_of_the_c_library(folder: Path) -> None:
    source = "long labs(long x) { return x + 1; } long f(long x) { long (*volatile g)(long) = labs; return g(x); }"
    assert call(tc.toolchain().compile(source, name="f"), "f", -5) == -4


def test_unusable_cache_folder_does_not_stop_compiling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path / "file"))
    with pytest.warns(cache.CacheWarning, match="SYMTENSOR_CACHE_DIR"):
        built = tc.toolchain().compile(ADD, name="add")
    assert call(built, "add", 5, 6) == 11
    assert tc.toolchain().compile(ADD, name="add").cache_hit  # within the process it still serves


PROCESS = """
import ctypes, sys
from symtensor.runtime import toolchain as tc
sys.stdin.readline()  # both start compiling together
for number in range(4):
    built = tc.toolchain().compile(f"long f(void) {{ return {number}; }}", name="f")
    assert tc.load(built.path).function("f", ctypes.c_long)() == number
print("done")
"""


def test_two_processes_compile_the_same(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS],
            env=environment,
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=60)
        assert (out, err) == ("done\n", "")
    assert cache.verify() == ()
    objects = [entry for entry in cache.ls() if entry.kind == "so"]
    assert len(objects) == 4  # the compiler is deterministic, so equal keys gave equal digests


def test_programs_are_found_as_the_shell_finds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the path in order, executable files only, or where a path says."""
    for folder, mode in (("first", 0o644), ("second", 0o755), ("third", 0o755)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mycc").write_text("")
        (tmp_path / folder / "mycc").chmod(mode)
    (tmp_path / "first" / "folder").mkdir()
    monkeypatch.setenv("PATH", os.pathsep.join(str(tmp_path / f) for f in ("missing", "first", "second", "third")))
    for command in ("mycc", "folder", "nothing", str(tmp_path / "third" / "mycc"), str(tmp_path / "first" / "mycc")):
        assert tc._which(command) == shutil.which(command)
    assert tc._which("mycc") == str(tmp_path / "second" / "mycc")
