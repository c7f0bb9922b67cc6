"""The disk cache of compiled objects and plans: content-addressed, without locks and without version numbers.

An entry is one file, ``<kind>/<key[:2]>/<key>.<digest>.<kind>``.  The key names what went in (source, flags, compiler,
processor), the digest what came out, so a truncated or altered file is noticed when it is fetched and is built
again.  Entries are written aside and renamed: two processes that store the same key both succeed, and a reader
never sees half a file.  The folder is private to its user, because what lies in it is executed and unpickled.

A folder that cannot be used (owned by someone else, writable by others, read-only, full) is replaced by a temporary
one for the rest of the process, with one warning.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING

from symtensor.records import dataclass

if TYPE_CHECKING:  # loaded where something is written: a process that finds all that it needs goes without
    import tempfile

_DIGEST_LENGTH = 32  # hexadecimal digits, 128 bits: guards against damage and chance, the folder's mode against malice
_TOUCH_SECONDS = 3600.0  # a hit renews the entry's time at most once an hour, to keep hits cheap
_STALE_SECONDS = 3600.0  # files written aside that are older than this belong to a process that died


class CacheWarning(UserWarning):
    """The cache folder cannot be used; compiled code is not kept beyond this process."""


@dataclass(frozen=True)
class CacheInfo:
    """What the cache did so far in this process.

    Attributes:
        compilations: how often a compiler ran.
        loads: how many shared objects or device modules were loaded.
        hits: objects and plans that were found.
        misses: objects and plans that were not found, or found damaged.
        directory: where entries lie.
    """

    compilations: int
    loads: int
    hits: int
    misses: int
    directory: Path

    @property
    def compiles(self) -> int:
        """Compilations and loads together: it stands still as long as nothing new has to be made ready."""
        return self.compilations + self.loads


@dataclass(frozen=True)
class Entry:
    """One file of the cache: ``used`` is when it was last stored or found, in seconds since the epoch."""

    key: str
    kind: str
    bytes: int
    used: float
    path: Path


# ---- keys ----------------------------------------------------------------------------------------------------------

_COMMENT = r"//(?:\\\n|[^\n])*|/\*(?s:.*?)\*/"
_LITERAL_OR_GAP = rf"""(?P<literal> R"(?P<mark>[^()\s\\"]{{0,16}})\((?s:.*?)\)(?P=mark)"   # C++ raw string
                    | "(?:\\(?s:.)|[^"\\\n])*" | '(?:\\(?s:.)|[^'\\\n])*' )
       | (?P<gap> (?: \s | {_COMMENT} )+ )"""


def normalize_source(source: str) -> str:
    r"""C, C++, CUDA or OpenCL text without comments and runs of blanks; literals stay as they are.

    Two sources that differ only in the comments written for people share one object.

    >>> normalize_source('int  a; // one\nchar *s = "/* kept  */";')
    'int a;\nchar *s = "/* kept  */";'
    """

    def shorten(match: re.Match[str]) -> str:
        if match["literal"]:
            return match["literal"]
        return "\n" if "\n" in re.sub(_COMMENT, "", match["gap"]) else " "

    return re.sub(_LITERAL_OR_GAP, shorten, source, flags=re.VERBOSE).strip()


def object_key(source: str, *, flags: Sequence[str], compiler: str, features: Sequence[str] = ()) -> str:
    """The key of a compiled object: a digest of all that its machine code depends on.

    Args:
        source: program text; comments and blanks do not count.
        flags: command-line flags, in order.
        compiler: identity of the compiler, with its version.
        features: processor features that the flags leave open (``-march=native``).
    """
    digest = hashlib.sha256()
    for part in (normalize_source(source), "\0".join(flags), compiler, "\0".join(features)):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


# ---- the store -----------------------------------------------------------------------------------------------------


@dataclass
class Cache:
    """A cache in one folder.  ``directory`` moves to a temporary folder when the wanted one cannot be used."""

    directory: Path
    compilations: int = 0
    loads: int = 0
    hits: int = 0
    misses: int = 0
    _temporary: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        try:
            _claim(self.directory)
        except OSError as error:
            self._fall_back(error)
        if hasattr(os, "register_at_fork"):  # a fork while another thread counts must not leave the lock taken
            os.register_at_fork(after_in_child=self._renew_lock)

    def store(self, key: str, kind: str, data: bytes) -> Path:
        """Write an entry and return its path.

        Args:
            key: hexadecimal digest of what the data were made from; other text is digested first.
            kind: what the data are: ``"so"``, ``"cubin"``, ``"plan"``, ...: lower-case letters, digits, dots.
            data: the content.

        Raises:
            OSError: if not even a temporary folder can be written.
        """
        try:
            return self._write(key, kind, data)
        except OSError as error:
            if self._temporary:
                raise
            self._fall_back(error)
            return self._write(key, kind, data)

    def fetch(self, key: str, kind: str) -> Path | None:
        """The path of an undamaged entry, or None."""
        found = self._find(key, kind)
        return found[0] if found else None

    def read(self, key: str, kind: str, *, counted: bool = True) -> bytes | None:
        """The content of an undamaged entry, or None; ``counted`` says whether it is a hit or miss of the user's."""
        found = self._find(key, kind, counted)
        return found[1] if found else None

    def locate(self, key: str, kind: str) -> Path | None:
        """The path of an entry, unread: for texts that only people look at."""
        names = self._names(_hexadecimal(key), kind)
        return self._folder(_hexadecimal(key), kind) / names[0] if names else None

    def count(self, event: str) -> None:
        """Add one to a counter: ``compilations``, ``loads``, ``hits`` or ``misses``."""
        with self._lock:
            setattr(self, event, getattr(self, event) + 1)

    def info(self) -> CacheInfo:
        """The counters and the folder, as a value."""
        with self._lock:
            return CacheInfo(self.compilations, self.loads, self.hits, self.misses, self.directory)

    def ls(self) -> tuple[Entry, ...]:
        """All entries, the longest unused first."""
        entries = []
        for path in self._files():
            key, digest, kind = (*path.name.split(".", 2), "", "")[:3]
            if not digest or not kind:
                continue
            try:
                status = path.stat()
            except OSError:  # another process removed it meanwhile
                continue
            entries.append(Entry(key, kind, status.st_size, status.st_mtime, path))
        return tuple(sorted(entries, key=lambda entry: (entry.used, entry.path)))

    def gc(self, max_bytes: int) -> tuple[Entry, ...]:
        """Remove the longest unused entries until the rest takes at most ``max_bytes``; returns the removed ones."""
        _remove_stale(self.directory / "aside")
        entries = self.ls()
        excess = sum(entry.bytes for entry in entries) - max_bytes
        removed = []
        for entry in entries:
            if excess <= 0:
                break
            entry.path.unlink(missing_ok=True)
            excess -= entry.bytes
            removed.append(entry)
        return tuple(removed)

    def verify(self) -> tuple[Entry, ...]:
        """Read every entry; remove and return those whose content does not match their digest."""
        damaged = []
        for entry in self.ls():
            if _intact(entry.path) is None:
                entry.path.unlink(missing_ok=True)
                damaged.append(entry)
        return tuple(damaged)

    def workspace(self) -> tempfile.TemporaryDirectory[str]:
        """A private folder on the same file system, removed when its ``with`` block ends."""
        try:
            return self._aside()
        except OSError as error:
            if self._temporary:
                raise
            self._fall_back(error)
            return self._aside()

    # -- internals ------------------------------------------------------------------------------------------------

    def _aside(self) -> tempfile.TemporaryDirectory[str]:
        import tempfile

        parent = self.directory / "aside"
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return tempfile.TemporaryDirectory(dir=parent, ignore_cleanup_errors=True)

    def _folder(self, key: str, kind: str) -> Path:
        return self.directory / kind / key[:2]

    def _write(self, key: str, kind: str, data: bytes) -> Path:
        key = _hexadecimal(key)
        digest = hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH]
        path = self._folder(key, kind) / f"{key}.{digest}.{kind}"
        with self._aside() as aside:
            written = Path(aside) / "entry"
            written.write_bytes(data)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.replace(written, path)
        return path

    def _names(self, key: str, kind: str) -> list[str]:
        try:
            return sorted(name for name in os.listdir(self._folder(key, kind)) if name.startswith(key))
        except OSError:
            return []

    def _find(self, key: str, kind: str, counted: bool = True) -> tuple[Path, bytes] | None:
        """The first intact entry in the order of names.  Damaged files stay: removing one here could hit the good
        file with which another process has just replaced it; storing again replaces it, `verify` removes it.
        """
        key = _hexadecimal(key)
        for name in self._names(key, kind):
            path = self._folder(key, kind) / name
            data = _intact(path)
            if data is not None:
                _touch(path)
                if counted:
                    self.count("hits")
                return path, data
        if counted:
            self.count("misses")
        return None

    def _files(self) -> Iterator[Path]:
        for kind in sorted(self.directory.iterdir()) if self.directory.is_dir() else ():
            if kind.is_dir() and kind.name != "aside":
                yield from kind.glob("*/*")

    def _fall_back(self, error: OSError) -> None:
        import atexit
        import tempfile

        wanted = self.directory
        self.directory = Path(tempfile.mkdtemp(prefix="symtensor-"))
        self._temporary = True
        atexit.register(_remove_own, self.directory, os.getpid())
        warnings.warn(
            f"the cache folder {wanted} cannot be used ({error.strerror or error}); "
            "compiled code is not kept beyond this process\n"
            "  hint: set SYMTENSOR_CACHE_DIR to a folder that you own and can write",
            CacheWarning,
            stacklevel=3,
        )

    def _renew_lock(self) -> None:
        self._lock = threading.Lock()


def _hexadecimal(key: str) -> str:
    return key if re.fullmatch(r"[0-9a-f]{32,128}", key) else hashlib.sha256(key.encode()).hexdigest()


def _intact(path: Path) -> bytes | None:
    """The content of an entry, if it matches the digest in its name."""
    try:
        data = path.read_bytes()
        digest = path.name.split(".")[1]
    except (OSError, IndexError):
        return None
    return data if hashlib.sha256(data).hexdigest()[:_DIGEST_LENGTH] == digest else None


def _touch(path: Path) -> None:
    try:
        if time.time() - path.stat().st_mtime > _TOUCH_SECONDS:
            os.utime(path)
    except OSError:  # a read-only cache can still be read
        pass


def _claim(directory: Path) -> None:
    """Create the folder, private, or check that it is ours.

    Raises:
        OSError: it cannot be created, belongs to someone else, or others may write into it.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = directory.stat()
    if hasattr(os, "getuid"):
        if status.st_uid != os.getuid():
            raise PermissionError(0, "it belongs to another user")
        if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise PermissionError(0, "other users may write into it: chmod go-w")


def _remove_stale(folder: Path) -> None:
    import shutil

    for path in folder.iterdir() if folder.is_dir() else ():
        try:
            if time.time() - path.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
        except OSError:
            pass


def _remove_own(directory: Path, process: int) -> None:
    import shutil

    if os.getpid() == process:  # a forked child leaves its parent's folder alone
        shutil.rmtree(directory, ignore_errors=True)


# ---- the cache of this process -------------------------------------------------------------------------------------


def _wanted_directory() -> Path:
    explicit = os.environ.get("SYMTENSOR_CACHE_DIR")
    if explicit:
        return Path(explicit).absolute()
    base = "~/Library/Caches" if sys.platform == "darwin" else os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    try:
        return Path(base).expanduser().absolute() / "symtensor"
    except RuntimeError:  # a user without a home
        import tempfile

        return Path(tempfile.gettempdir()) / f"symtensor-{os.getuid()}"


_opened: dict[Path, Cache] = {}
_opening = threading.Lock()


def default() -> Cache:
    """The cache that this process uses: ``$SYMTENSOR_CACHE_DIR``, or the user's cache folder."""
    directory = _wanted_directory()
    cache = _opened.get(directory)
    if cache is None:
        with _opening:
            cache = _opened.get(directory)
            if cache is None:
                cache = _opened[directory] = Cache(directory)
    return cache


def store(key: str, kind: str, data: bytes) -> Path:
    """Store in the default cache; see `Cache.store`."""
    return default().store(key, kind, data)


def fetch(key: str, kind: str) -> Path | None:
    """Look up a path in the default cache; see `Cache.fetch`."""
    return default().fetch(key, kind)


def read(key: str, kind: str, *, counted: bool = True) -> bytes | None:
    """Look up the content in the default cache; see `Cache.read`."""
    return default().read(key, kind, counted=counted)


def locate(key: str, kind: str) -> Path | None:
    """Look up the path of a text in the default cache; see `Cache.locate`."""
    return default().locate(key, kind)


def cache_info() -> CacheInfo:
    """What the default cache did so far in this process."""
    return default().info()


def ls() -> tuple[Entry, ...]:
    """All entries of the default cache, the longest unused first."""
    return default().ls()


def gc(max_bytes: int) -> tuple[Entry, ...]:
    """Shrink the default cache to at most ``max_bytes``; returns what was removed."""
    return default().gc(max_bytes)


def verify() -> tuple[Entry, ...]:
    """Check every entry of the default cache; returns the damaged ones, which are removed."""
    return default().verify()
