"""The disk cache: keys, damage, folders that cannot be used, two processes at once."""

from __future__ import annotations

import errno
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from symtensor.runtime import cache
from symtensor.runtime.cache import Cache, CacheWarning, normalize_source, object_key

KEY = "0123456789abcdef" * 4


@pytest.fixture
def store(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def key_of(source: str, flags: Sequence[str] = ("-O2",), compiler: str = "cc 1", features: Sequence[str] = ()) -> str:
    return object_key(source, flags=flags, compiler=compiler, features=features)


def test_key_depends_on_all_that_the_code_depends_on() -> None:
    keys = {
        key_of("int f;"),
        key_of("int g;"),
        key_of("int f;", flags=("-O3",)),
        key_of("int f;", flags=("-O", "2")),
        key_of("int f;", compiler="cc 2"),
        key_of("int f;", features=("avx2",)),
    }
    assert len(keys) == 6


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("int f; // rows of x", "int f;"),
        ("/* rows\n of x */ int f;", "int  f;"),
        ("int f;\n\n\n  int g;", "int f;\nint g;"),
        ("int f; // continued \\\n still a comment\nint g;", "int f;\nint g;"),
        ("int f;/**/int g;", "int f; int g;"),
    ],
)
def test_comments_and_blanks_do_not_count(one: str, other: str) -> None:
    assert normalize_source(one) == normalize_source(other)


LITERALS = (
    '"// no comment"',
    '"/* none */"',
    r'"a \" // none"',
    "'\"'",
    '"two  blanks"',
    'R"(a // b\n\n  c)"',
    r"'\''",
)


@pytest.mark.parametrize("literal", LITERALS)
def test_literals_are_kept(literal: str) -> None:
    assert normalize_source(f"x  = {literal};  // end") == f"x = {literal};"


def test_a_line_break_is_not_a_blank() -> None:
    assert normalize_source("#define A 1\n") != normalize_source("#define A\n1")


@given(some.text(alphabet="ab \n\t/*\"'", max_size=40))
def test_no_text_is_too_broken_for_a_key(text: str) -> None:
    assert normalize_source(normalize_source(text)) == normalize_source(text)


def test_round_trip_and_counters(store: Cache) -> None:
    assert store.fetch(KEY, "so") is None
    path = store.store(KEY, "so", b"object")
    assert store.fetch(KEY, "so") == path
    assert store.read(KEY, "so") == b"object"
    assert store.read(KEY, "plan") is None  # another kind is another entry
    info = store.info()
    assert (info.hits, info.misses) == (2, 2)
    store.count("compilations")
    store.count("loads")
    assert store.info().compiles == 2


def test_plans_are_blobs_under_any_key(store: Cache) -> None:
    plan = {"kernels": ("a", "b"), "sizes": (1, 2)}
    store.store("graph digest / options", "plan", pickle.dumps(plan))
    found = store.read("graph digest / options", "plan")
    assert found is not None
    assert pickle.loads(found) == plan


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: b"X" + data[1:], lambda data: b""])
def test_damaged_entry_is_noticed_and_replaced(store: Cache, damage: object) -> None:
    path = store.store(KEY, "so", b"a shared object")
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    assert store.fetch(KEY, "so") is None
    assert store.store(KEY, "so", b"a shared object") == path
    assert store.read(KEY, "so") == b"a shared object"


def test_verify_removes_what_is_damaged(store: Cache) -> None:
    good = store.store(KEY, "so", b"good")
    bad = store.store("other", "so", b"bad")
    bad.write_bytes(b"worse")
    assert [entry.path for entry in store.verify()] == [bad]
    assert good.exists()
    assert not bad.exists()


def test_an_undamaged_entry_beside_a_damaged_one_is_found(store: Cache) -> None:
    first = store.store(KEY, "so", b"one")
    second = store.store(KEY, "so", b"two")  # a compiler need not be deterministic
    first.write_bytes(b"damaged")
    assert store.fetch(KEY, "so") == second


def test_gc_removes_the_longest_unused_first(store: Cache) -> None:
    paths = [store.store(f"{number}", "so", bytes(100)) for number in range(4)]
    for age, path in enumerate(paths):
        os.utime(path, (1000.0 + age, 1000.0 + age))
    assert store.fetch("0", "so") == paths[0]  # used just now, so it stays
    removed = store.gc(max_bytes=250)
    assert [entry.path for entry in removed] == [paths[1], paths[2]]
    assert {entry.path for entry in store.ls()} == {paths[0], paths[3]}


def test_gc_clears_what_dead_processes_left(store: Cache) -> None:
    left = store.directory / "aside" / "tmpdead"
    left.mkdir(parents=True)
    os.utime(left, (1000.0, 1000.0))
    store.gc(max_bytes=10)
    assert not left.exists()


def test_nothing_is_left_aside(store: Cache) -> None:
    store.store(KEY, "so", b"object")
    assert list((store.directory / "aside").iterdir()) == []


def test_folder_is_private(store: Cache) -> None:
    store.store(KEY, "so", b"object")
    assert store.directory.stat().st_mode & 0o077 == 0


def refused(directory: Path) -> Cache:
    with pytest.warns(CacheWarning, match="cannot be used"):
        opened = Cache(directory)
    assert opened.directory != directory
    opened.store(KEY, "so", b"object")
    assert opened.read(KEY, "so") == b"object"
    return opened


def test_folder_that_others_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    refused(tmp_path)
    assert not list(tmp_path.iterdir())


def test_folder_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    refused(tmp_path)


def test_path_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(tmp_path / "file")
    refused(tmp_path / "file" / "below")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_folder_that_fills_up_is_left_with_one_warning(
    store: Cache, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    wanted, replace = store.directory, os.replace

    def full(source: str, target: Path) -> None:
        if Path(target).is_relative_to(wanted):
            raise OSError(number, os.strerror(number))
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    with pytest.warns(CacheWarning, match=os.strerror(number)):
        store.store(KEY, "so", b"object")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        store.store("second", "so", b"object")
    assert store.read(KEY, "so") == store.read("second", "so") == b"object"
    assert not store.directory.is_relative_to(wanted)


def test_temporary_folder_goes_with_the_process(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code = (
        "import warnings; warnings.simplefilter('ignore')\n"
        "from symtensor.runtime import cache\n"
        "print(cache.store('k', 'plan', b'x'))"
    )
    environment = {**os.environ, "SYMTENSOR_CACHE_DIR": str(tmp_path / "file"), "PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert "symtensor-" in run.stdout
    assert not Path(run.stdout.strip()).exists()


def test_default_folder_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SYMTENSOR_CACHE_DIR", str(tmp_path / "here"))
    assert cache.cache_info().directory == tmp_path / "here"
    cache.store(KEY, "plan", b"x")
    assert cache.fetch(KEY, "plan")
    assert [entry.kind for entry in cache.ls()] == ["plan"]
    assert cache.verify() == ()
    assert len(cache.gc(0)) == 1
    monkeypatch.delenv("SYMTENSOR_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform != "darwin":
        assert cache.default().directory == tmp_path / "xdg" / "symtensor"


def test_threads_may_store_the_same_key(store: Cache) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda _: store.store(KEY, "so", bytes(10_000)), range(64)))
    assert len(paths) == 1
    assert store.read(KEY, "so") == bytes(10_000)
