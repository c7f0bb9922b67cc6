"""The command line: ``python -m symtensor doctor`` and ``python -m symtensor cache ls|gc|verify``."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from symtensor.records import dataclass
from symtensor.runtime import blas, cache, native, toolchain
from symtensor.runtime.device import device
from symtensor.runtime.threads import available_processors

GIGABYTE = 1 << 30
UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status.

    Args:
        arguments: without the program's name; those of the process if not given.
    """
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m symtensor", description="symtensor on this machine")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    doctor_parser = commands.add_parser(
        "doctor", help="what was found on this machine, and how to mend what is missing"
    )
    doctor_parser.set_defaults(run=doctor)
    cache_parser = commands.add_parser("cache", help="the folder of compiled code")
    actions = cache_parser.add_subparsers(required=True, metavar="ACTION")
    actions.add_parser("ls", help="list the entries, the longest unused first").set_defaults(run=cache_ls)
    actions.add_parser("verify", help="check every entry, remove damaged ones").set_defaults(run=cache_verify)
    gc = actions.add_parser("gc", help="remove the longest unused entries")
    gc.add_argument(
        "--max-size", type=size, default=GIGABYTE, metavar="SIZE", help="what may stay: 500M, 2G (default 1G)"
    )
    gc.set_defaults(run=cache_gc)
    return parser


def size(text: str) -> int:
    """A number of bytes: ``1000``, ``500k``, ``1.5G``.

    Raises:
        argparse.ArgumentTypeError: for anything else.

    >>> size("1.5k")
    1536
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)b?", text.strip().lower())
    if not found:
        raise argparse.ArgumentTypeError(f"{text!r} is no size: write 1000, 500k, 20M or 1.5G")
    return int(float(found[1]) * UNITS[found[2]])


# ------------------------------------------------------------------------------------------------------ the doctor
@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report.

    Attributes:
        what: was looked for.
        state: ``ok``, ``off`` (optional, missing) or ``bad`` (symtensor is slower, or lacks something, without it).
        lines: what was found; where something is missing, why, and how to mend it.
    """

    what: str
    state: str
    lines: tuple[str, ...]

    def __str__(self) -> str:
        head, *rest = self.lines
        return "\n".join([f"[{self.state:>3}] {self.what:<12} {head}", *(f"{'':19}{line}" for line in rest)])


def doctor(options: argparse.Namespace) -> int:
    """Print what was found; returns 1 if something is missing that makes symtensor slow."""
    found = list(findings())
    print("\n".join(map(str, found)))
    bad = [finding.what for finding in found if finding.state == "bad"]
    print(f"\nTo mend: {', '.join(bad)}" if bad else "\nNothing is missing.")
    return int(bool(bad))


def findings() -> Iterable[Finding]:
    """Everything the doctor looks at, in order."""
    yield Finding("symtensor", "ok", (f"{_version('symtensor')}, Python {platform.python_version()}, {_numpy()}",))
    yield _extension()
    yield _probed("compiler", lambda: toolchain.toolchain().describe().removeprefix("compiler: ").splitlines())
    yield _vectors()
    yield _probed("BLAS", lambda: [blas.provider().describe()])
    yield Finding("threads", "ok", (f"{native.workers()} of {available_processors()} processors",))
    yield _probed("opencl", lambda: [_described("opencl")], "off")
    yield _probed("cuda", lambda: [_described("cuda")], "off")
    yield _probed("nvrtc", _nvrtc, "off")
    for package, use in (("networkx", "st.to_networkx, st.view"), ("sympy", "symtensor.frontends.sympy")):
        yield _package(package, use)
    yield _cache()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed as a package)"


def _numpy() -> str:
    import numpy as np

    return f"NumPy {np.__version__}"


def _probed(what: str, look: Callable[[], Sequence[str]], missing: str = "bad") -> Finding:
    """What a look finds; an exception becomes its text, whose hint says how to mend it."""
    try:
        return Finding(what, "ok", tuple(look()))
    except Exception as error:  # a broken driver may raise anything, and the doctor has to go on
        lines = [line.strip().replace("hint:", "to mend:") for line in str(error).splitlines() if line.strip()]
        return Finding(what, missing, tuple(lines) or (type(error).__name__,))


def _extension() -> Finding:
    if native.EXTENSION:
        return Finding("calls", "ok", ("the C extension",))
    why = "SYMTENSOR_NO_EXTENSION is set" if os.environ.get("SYMTENSOR_NO_EXTENSION") else "it was not built"
    mend = "to mend: install a C compiler and Python's headers, then reinstall symtensor"
    return Finding(
        "calls", "bad", (f"through cffi, without the C extension: {why}; each call takes microseconds", mend)
    )


def _vectors() -> Finding:
    def look() -> list[str]:
        tools = toolchain.toolchain()
        names = len(tools.vector_math)
        return [
            f"math functions of our own, {8 * tools.vector_bytes} bits wide",
            f"vector math library: {f'{names} functions' if names else 'none (not needed)'}",
        ]

    return _probed("SIMD", look, "off")


def _described(name: str) -> str:
    opened = device(name)
    describe: Callable[[], str] = getattr(opened, "describe", lambda: name)
    return describe().removeprefix(f"{name}: ")


def _nvrtc() -> list[str]:
    from symtensor.runtime.cuda import nvrtc

    return [f"{nvrtc().path.name}: compiles CUDA source, with or without a GPU"]


def _package(name: str, use: str) -> Finding:
    version = _version(name)
    if version.startswith("("):
        return Finding(name, "off", (f"missing; {use} need it", f"to mend: pip install {name}"))
    return Finding(name, "ok", (f"{version}, for {use}",))


def _cache() -> Finding:
    opened = cache.default()
    total = sum(entry.bytes for entry in opened.ls())
    line = f"{opened.directory}: {len(opened.ls())} entries, {_human(total)}"
    if os.access(opened.directory, os.W_OK):
        return Finding("cache", "ok", (line,))
    mend = "to mend: set SYMTENSOR_CACHE_DIR to a folder that you own and can write"
    return Finding("cache", "bad", (f"{line}, not writable", mend))


# ------------------------------------------------------------------------------------------------------- the cache
def cache_ls(options: argparse.Namespace) -> int:
    """List the entries, the longest unused first."""
    opened = cache.default()
    entries = opened.ls()
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.used))
        print(f"{used}  {_human(entry.bytes):>9}  {entry.kind:<12} {entry.key[:16]}")
    print(f"{len(entries)} entries, {_human(sum(e.bytes for e in entries))} in {opened.directory}")
    return 0


def cache_gc(options: argparse.Namespace) -> int:
    """Remove the longest unused entries until the rest is small enough."""
    removed = cache.gc(options.max_size)
    left = sum(entry.bytes for entry in cache.ls())
    print(f"removed {len(removed)} entries, {_human(sum(e.bytes for e in removed))}; {_human(left)} left")
    return 0


def cache_verify(options: argparse.Namespace) -> int:
    """Check every entry; returns 1 if some were damaged (and are removed)."""
    count = len(cache.ls())
    damaged = cache.verify()
    for entry in damaged:
        print(f"damaged, removed: {entry.path.name}", file=sys.stderr)
    print(f"{count} entries checked, {len(damaged)} damaged")
    return int(bool(damaged))


def _human(count: int) -> str:
    """Bytes as people read them.

    >>> _human(1536)
    '1.5 kB'
    """
    value = float(count)
    for unit in ("B", "kB", "MB"):
        if value < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} GB"
