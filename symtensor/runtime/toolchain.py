"""The C and C++ compiler of this machine: found and probed once, then asked to turn source into loaded code.

`toolchain()` gives a frozen value that says which compiler, which processor and which flags; `Toolchain.compile` makes
a shared object (or finds it in the disk cache); `load` maps it into the process.

The flags keep strict semantics: no ``-ffast-math``, no contraction (FMA is emitted where it is wanted), wrapping
integers.  What one compiler does not know is left out after a probe, so gcc, clang and ``zig cc`` all serve.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import hashlib
import importlib.util
import os
import pickle
import re
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from symtensor.errors import SymtensorError
from symtensor.records import dataclass
from symtensor.runtime import cache, processor

if TYPE_CHECKING:  # loaded where the compiler runs: a process that finds all that it needs in the cache goes without
    import subprocess

    _Run = subprocess.CompletedProcess[str]

_SEMANTICS = ("-fPIC", "-shared", "-ffp-contract=off", "-fwrapv", "-fno-math-errno")
_WIDE = "-mprefer-vector-width=512"
_OPTIONAL = (
    ("-march=native", "-mcpu=native"),  # alternatives: the first that the compiler accepts
    ("-fno-trapping-math",),
    # gcc 12 gives -1 for the int value of a comparison when it vectorises the lanes of a vector one by one:
    # v[k] = a[k] != 0, unrolled.  Generated code spells out its vectors, so nothing is lost.
    ("-fno-tree-slp-vectorize",),
    (_WIDE,),
)
_STANDARD = {"c": "-std=gnu11", "c++": "-std=gnu++17"}
_SUFFIX = {"c": "c", "c++": "cpp"}
# Every symbol must be found when linking, our own first: a function called like one of the C library stays ours.
_LINK = ("-Wl,-z,defs", "-Wl,-Bsymbolic", "-lm") if sys.platform.startswith("linux") else ("-lm",)
_FEATURES = {  # predefined macro -> the name under which schedules ask for it
    "__AVX512F__": "avx512f",
    "__AVX512VL__": "avx512vl",
    "__AVX512DQ__": "avx512dq",
    "__AVX512BW__": "avx512bw",
    "__AVX512FP16__": "avx512fp16",
    "__AVX512BF16__": "avx512bf16",
    "__AVX2__": "avx2",
    "__AVX__": "avx",
    "__FMA__": "fma",
    "__F16C__": "f16c",
    "__SSE4_2__": "sse4.2",
    "__ARM_NEON": "neon",
    "__ARM_FEATURE_SVE": "sve",
    "__ARM_FEATURE_FMA": "fma",
}
_VECTOR_FUNCTIONS = (  # what glibc's libmvec may hold; functions of two arguments after the bar
    "exp exp2 exp10 expm1 log log2 log10 log1p sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc "
    "cbrt | atan2 hypot pow"
)


class ToolchainError(SymtensorError, RuntimeError):
    """Base of the errors of this module."""


class NoCompiler(ToolchainError):
    """No C (or C++) compiler was found."""


class LoadError(ToolchainError):
    """A shared object cannot be mapped, or lacks a symbol."""


class CompilerError(ToolchainError):
    """The compiler refused a source.  The message holds its first errors and where the source was kept.

    Attributes:
        log: all that the compiler printed.
        source: the file that holds the refused source.
    """

    def __init__(self, message: str, log: str, source: Path | None) -> None:
        super().__init__(message)
        self.log = log
        self.source = source


@dataclass(frozen=True)
class Built:
    """A shared object: where it and its source lie, and what making it took.

    Attributes:
        path: the shared object.
        cache_hit: whether it was found ready.
        seconds: time spent, wall clock.
        log: what the compiler printed (warnings); empty on a hit.
        source: the source as it was first compiled, for people and debuggers.
        key: under which it lies in the cache.
    """

    path: Path
    cache_hit: bool
    seconds: float
    log: str
    source: Path | None
    key: str = ""


@dataclass(frozen=True)
class Toolchain:
    """A probed compiler.

    Attributes:
        cc: command that compiles C.
        cxx: command that compiles C++, or None where there is none.
        identity: compiler version, target and processor, as a line of text; part of every cache key.
        features: instruction-set extensions, as in ``"avx2"``, ``"fma"``, ``"neon"``.
        vector_bytes: width of the widest vector registers.
        flags: flags of every compilation, without optimization level and language.
        vector_math: C functions that the compiler vectorises by calls into libmvec when they are declared with the
            ``simd`` attribute; for the others that attribute links but fails to load.
    """

    cc: tuple[str, ...]
    cxx: tuple[str, ...] | None
    identity: str
    features: tuple[str, ...]
    vector_bytes: int
    flags: tuple[str, ...]
    vector_math: tuple[str, ...]

    def compile(
        self,
        source: str,
        *,
        name: str,
        optimize: int = 3,
        language: str = "c",
        extra_flags: Sequence[str] = (),
        parts: Sequence[str] = (),
        common: Sequence[str] = (),
    ) -> Built:
        """Make a shared object, or find it in the cache.

        Args:
            source: the program as one translation unit.
            name: what messages and files call it; any text.
            optimize: the ``-O`` level.
            language: ``"c"`` or ``"c++"``.
            extra_flags: further flags, after the others; those in ``$SYMTENSOR_CFLAGS`` come last.
            parts: the same program as several units, which are compiled side by side; none for a single one.
            common: units that the program needs besides ``parts``, and which others have too: each is optimized as well
                as can be, once, and its object kept.

        Raises:
            CompilerError: the compiler refuses the source.
            NoCompiler: C++ is asked for and there is no compiler for it.
        """
        start = time.perf_counter()
        users = _words(os.environ.get("SYMTENSOR_CFLAGS", ""))
        flags = (_STANDARD[language], f"-O{optimize}", *self.flags, *extra_flags, *users)
        command = self._command(language)
        key = cache.object_key(source, flags=(*command, *flags, *_LINK), compiler=self.identity, features=self.features)
        suffix = _SUFFIX[language]
        found = built(key, suffix)
        if found is not None:
            return found
        units = parts if common or _processors() > 1 else ()
        with self._objects(common, (*self.flags, *users)) as objects:
            binary, log = _build(command, flags, source, name, suffix, units, objects)
        cache.default().count("compilations")
        kept = cache.store(key, suffix, source.encode())
        path = cache.store(key, "so", binary)
        return Built(path, False, time.perf_counter() - start, log, kept, key)

    @contextlib.contextmanager
    def _objects(self, units: Sequence[str], flags: Sequence[str]) -> Iterator[Iterable[bytes]]:
        """The objects of common units, which are made while other work goes on."""
        if not units:
            yield ()
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(_processors()) as pool:
            yield pool.map(lambda unit: self._object(unit, flags), units)

    def _object(self, unit: str, flags: Sequence[str]) -> bytes:
        """The object of a C unit that many programs have in common, from the cache or made."""
        alone = (_STANDARD["c"], "-O3", *(f for f in flags if f != "-shared"), "-c")
        key = cache.object_key(unit, flags=(*self.cc, *alone), compiler=self.identity, features=self.features)
        kept = cache.read(key, "o", counted=False)
        if kept is None:
            with cache.default().workspace() as folder:
                Path(folder, "unit.c").write_text(unit, encoding="utf-8")
                run = _run((*self.cc, *alone, "unit.c", "-o", "unit.o"), folder)
                if run.returncode:
                    raise _compiler_error(self.cc, run.returncode, run.stdout + run.stderr, "unit", unit, "c")
                kept = Path(folder, "unit.o").read_bytes()
            cache.store(key, "o", kept)
        return kept

    def _command(self, language: str) -> tuple[str, ...]:
        if language == "c":
            return self.cc
        if self.cxx is None:
            raise NoCompiler(
                f"no C++ compiler belongs to {_line(self.cc)}\n"
                "  hint: install one (Debian, Ubuntu: g++) or name it in $SYMTENSOR_CXX"
            )
        return self.cxx

    def describe(self) -> str:
        """The toolchain in a few lines, for reports."""
        return "\n".join(
            (
                f"compiler: {_line(self.cc)} ({self.identity})",
                f"processor: {8 * self.vector_bytes}-bit vectors, {' '.join(self.features) or 'no extensions'}",
                f"flags: {' '.join(self.flags)}",
            )
        )


def built(key: str, suffix: str = "c") -> Built | None:
    """What was compiled before under a key, if it is in the cache."""
    start = time.perf_counter()
    path = cache.fetch(key, "so")
    if path is None:
        return None
    return Built(path, True, time.perf_counter() - start, "", cache.locate(key, suffix), key)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _build(
    command: Sequence[str],
    flags: Sequence[str],
    source: str,
    name: str,
    suffix: str,
    parts: Sequence[str] = (),
    objects: Iterable[bytes] = (),
) -> tuple[bytes, str]:
    """Run the compiler in a folder of its own, so that no path of this machine gets into object or messages."""
    link = () if any(flag.startswith("-fsanitize") for flag in flags) else _LINK  # sanitizers resolve symbols late
    link = link or ("-lm",)
    with cache.default().workspace() as folder:
        stem = _file_name(name)
        if parts:
            files = [f"{stem}_{number}.{suffix}" for number in range(len(parts))]
            alone = [flag for flag in flags if flag != "-shared"]
            runs = _side_by_side([(*command, *alone, "-c", f, "-o", f"{f}.o") for f in files], files, parts, folder)
            log = "".join(run.stdout + run.stderr for run in runs)
            if all(run.returncode == 0 for run in runs):
                made = [f"{f}.o" for f in files]
                for number, data in enumerate(objects):
                    made.append(f"common_{number}.o")
                    Path(folder, made[-1]).write_bytes(data)
                run = _run((*command, *flags, *made, "-o", "object.so", *link), folder)
                log += run.stdout + run.stderr
            else:
                run = next(run for run in runs if run.returncode)
        else:
            Path(folder, f"{stem}.{suffix}").write_text(source, encoding="utf-8")
            run = _run((*command, *flags, f"{stem}.{suffix}", "-o", "object.so", *link), folder)
            log = run.stdout + run.stderr
        if run.returncode:
            raise _compiler_error(command, run.returncode, log, name, source, suffix)
        return Path(folder, "object.so").read_bytes(), log


def _side_by_side(
    commands: Sequence[Sequence[str]], files: Sequence[str], texts: Sequence[str], folder: str
) -> list[_Run]:
    """Run a command for each text, as many at once as there are processors."""
    from concurrent.futures import ThreadPoolExecutor

    for file, text in zip(files, texts):
        Path(folder, file).write_text(text, encoding="utf-8")
    with ThreadPoolExecutor(_processors()) as pool:
        return list(pool.map(lambda command: _run(command, folder), commands))


def _compiler_error(
    command: Sequence[str], status: int, log: str, name: str, source: str, suffix: str
) -> CompilerError:
    """At most twelve lines: what failed, the first errors, where the source is."""
    kept = cache.store(hashlib.sha256(source.encode()).hexdigest(), f"failed.{suffix}", source.encode())
    lines = [line for line in log.splitlines() if re.search(r"\berror\b|undefined reference|: undefined", line)]
    lines = lines or [line for line in log.splitlines() if line.strip()]
    from signal import Signals

    cause = f"was killed by {Signals(-status).name}" if status < 0 else f"failed with status {status}"
    shown = [f"  {line[:240]}" for line in lines[:8]]
    if len(lines) > 8:
        shown.append(f"  ... and {len(lines) - 8} more")
    text = "\n".join((f"the compiler {cause} on {name!r} ({_line(command)})", *shown, f"  source kept in {kept}"))
    return CompilerError(text, log, kept)


def _file_name(name: str) -> str:
    """Names come from users: only letters, digits and underscores reach the file system."""
    return re.sub(r"\W", "_", name, flags=re.ASCII)[:60] or "unnamed"


def _run(command: Sequence[str], folder: str | None = None, text: str | None = None) -> _Run:
    """Run a command with messages in English, as they are searched for the word "error"."""
    import subprocess

    return subprocess.run(
        command,
        cwd=folder,
        input=text,
        stdin=subprocess.DEVNULL if text is None else None,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
        check=False,
    )


# ---- finding and probing -------------------------------------------------------------------------------------------


def toolchain() -> Toolchain:
    """The toolchain of this process, probed when first asked for.

    ``$SYMTENSOR_CC`` names the compiler, else ``$CC``, ``gcc``, ``cc``, ``clang`` and the wheel ``ziglang`` are tried.

    Raises:
        NoCompiler: there is none, or the one that ``$SYMTENSOR_CC`` names does not work.
    """
    variables = ("SYMTENSOR_CC", "CC", "SYMTENSOR_CXX", "CXX", "PATH", "SYMTENSOR_CACHE_DIR")
    with _probing:
        return _probed(*(os.environ.get(variable) for variable in variables))


_probing = threading.Lock()


@functools.cache
def _probed(*environment: str | None) -> Toolchain:
    explicit = os.environ.get("SYMTENSOR_CC")
    for command in [_words(explicit)] if explicit else _candidates():
        if os.sep in command[0]:
            command[0] = os.path.abspath(command[0])  # compilations run in folders of their own
        version = "" if _tells_version(command) else _version(command)
        if version or _tells_version(command):
            try:
                return _cached_probe(tuple(command), version)
            except _DoesNotRun:
                continue
    if explicit:
        raise NoCompiler(f"$SYMTENSOR_CC is {explicit!r}, which does not run\n  hint: unset it, or name a C compiler")
    raise NoCompiler(
        "no C compiler was found\n"
        "  hint: install one (Debian, Ubuntu: build-essential; macOS: xcode-select --install; anywhere: "
        "pip install ziglang), name it in $SYMTENSOR_CC, or compile with target='numpy'"
    )


def _candidates() -> list[list[str]]:
    commands = [_words(os.environ.get("CC", "")), ["gcc"], ["cc"], ["clang"]]
    if importlib.util.find_spec("ziglang") is not None:
        commands.append([sys.executable, "-m", "ziglang", "cc"])
    return [command for command in commands if command]


def _words(text: str) -> list[str]:
    """A command line as a list."""
    if not text:
        return []
    from shlex import split

    return split(text)


def _line(command: Sequence[str]) -> str:
    """A list as a command line."""
    from shlex import join

    return join(command)


def _which(command: str) -> str | None:
    """The path of a program, None where there is none.  As ``shutil.which``, whose module takes longer to load than a
    warm compile takes to find its plan.
    """
    folders = [""] if os.sep in command else os.get_exec_path()
    paths = (os.path.join(folder, command) for folder in folders)
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)


def _version(command: Sequence[str]) -> str:
    """The first line of ``--version``, or nothing if the command does not run."""
    if _which(command[0]) is None:
        return ""
    try:
        run = _run((*command, "--version"))
    except OSError:
        return ""
    return run.stdout.split("\n", 1)[0].strip() if run.returncode == 0 else ""


class _DoesNotRun(Exception):
    """A file that is called like a compiler is none."""


def _tells_version(command: Sequence[str]) -> bool:
    """Whether a new version of the compiler is a new file of that name, so that nobody has to run it to know.

    Not so for scripts and for programs that call a compiler (``ccache``, ``python -m ziglang cc``).
    """
    found = _which(command[0])
    if found is None or len(command) > 1:
        return False
    path = Path(found).resolve()
    name = os.path.basename(command[0])
    if not any(n in path.name for n in ("gcc", "clang") if n in name or name in ("cc", "c99")):
        return False
    with path.open("rb") as file:
        return file.read(2) != b"#!"


def _cached_probe(command: tuple[str, ...], version: str) -> Toolchain:
    """The probe's answer from the disk cache, keyed by the compiler's file and the processor."""
    path = Path(_which(command[0]) or command[0]).resolve()
    status = path.stat()
    cxx_wanted = os.environ.get("SYMTENSOR_CXX") or os.environ.get("CXX")
    question = repr(
        [command, version, str(path), status.st_mtime_ns, status.st_size, processor.description(), cxx_wanted]
        + [_SEMANTICS, _OPTIONAL, sorted(_FEATURES), _VECTOR_FUNCTIONS, [f.name for f in fields(Toolchain)]]
    )
    kept = cache.read(question, "toolchain", counted=False)
    if kept is not None:
        return Toolchain(**pickle.loads(kept))
    version = version or _version(command)
    if not version:
        raise _DoesNotRun
    found = _probe(command, version)
    cache.store(question, "toolchain", pickle.dumps(asdict(found)))
    return found


def _probe(command: tuple[str, ...], version: str) -> Toolchain:
    likely = (*_SEMANTICS, *(alternatives[0] for alternatives in _OPTIONAL))
    macros = _macros(command, likely)
    flags = [flag for flag in likely if flag != _WIDE or "__AVX512F__" in macros]
    # As a rule all flags are known, which one run of the compiler shows; else each is tried.
    if not macros or not _accepts(command, flags):
        flags, macros = _known_flags(command)
    features = tuple(sorted({name for macro, name in _FEATURES.items() if macro in macros}))
    digest = hashlib.sha256("\n".join(f"{k} {v}" for k, v in sorted(macros.items())).encode()).hexdigest()[:12]
    return Toolchain(
        cc=command,
        cxx=_find_cxx(command),
        identity=f"{version}, {os.uname().sysname} {os.uname().machine}, target {digest}",
        features=features,
        vector_bytes=64 if "avx512f" in features else 32 if "avx" in features else 16,
        flags=tuple(flags),
        vector_math=_vector_math(macros),
    )


def _known_flags(command: tuple[str, ...]) -> tuple[list[str], dict[str, str]]:
    """The flags that the compiler knows, tried one by one, and its macros."""
    flags = list(_SEMANTICS)
    macros: dict[str, str] = {}
    for alternatives in _OPTIONAL:
        if alternatives == (_WIDE,):
            macros = _macros(command, flags)
            if "__AVX512F__" not in macros:
                continue
        flags += next(([flag] for flag in alternatives if _accepts(command, (*flags, flag))), [])
    if not _accepts(command, flags):
        run = _compile_probe(command, flags)
        raise NoCompiler(f"{_line(command)} cannot make a shared object\n  {run.stderr.strip()[:400]}")
    return flags, macros


def _macros(command: Sequence[str], flags: Sequence[str]) -> dict[str, str]:
    """All predefined macros: they tell the target's extensions, and their digest tells targets apart."""
    run = _run((*command, *(f for f in flags if f != "-shared"), "-dM", "-E", "-x", "c", "-"), text="")
    pairs = (line.split(" ", 2)[1:] for line in run.stdout.splitlines() if line.startswith("#define "))
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}


def _compile_probe(command: Sequence[str], flags: Sequence[str], suffix: str = "c") -> _Run:
    with cache.default().workspace() as folder:
        Path(folder, f"probe.{suffix}").write_text("extern int probe;\nint probe = 1;\n")
        return _run((*command, "-Werror", "-O1", *flags, f"probe.{suffix}", "-o", "probe.so", *_LINK), folder)


def _accepts(command: Sequence[str], flags: Sequence[str]) -> bool:
    return _compile_probe(command, flags).returncode == 0


def _find_cxx(cc: tuple[str, ...]) -> tuple[str, ...] | None:
    """The C++ compiler: as named by the user, else the sibling of the C compiler, else the system's."""
    explicit = os.environ.get("SYMTENSOR_CXX") or os.environ.get("CXX")
    folder, base = os.path.split(cc[-1])
    sibling = next((base.replace(c, cxx, 1) for c, cxx in (("gcc", "g++"), ("clang", "clang++")) if c in base), "")
    candidates = [tuple(_words(explicit))] if explicit else []
    if sibling:
        candidates.append((*cc[:-1], os.path.join(folder, sibling)))
    if cc[-2:] == ("ziglang", "cc"):
        candidates.append((*cc[:-1], "c++"))
    candidates += [("g++",), ("c++",), ("clang++",)]
    for command in candidates:
        works = command and _which(command[0]) is not None
        if works and _compile_probe(command, ("-fPIC", "-shared"), "cpp").returncode == 0:
            return command
    return None


def _vector_math(macros: dict[str, str]) -> tuple[str, ...]:
    """Functions for which glibc has a vector variant of every width that the compiler may choose."""
    if "__clang__" in macros or not sys.platform.startswith("linux"):
        return ()  # clang ignores the attribute
    widths = {"x86_64": (("b", 4, 2), ("d", 8, 4), ("e", 16, 8)), "aarch64": (("n", 4, 2),)}.get(os.uname().machine, ())
    try:
        library = ctypes.CDLL("libmvec.so.1")
    except OSError:
        return ()

    def present(name: str, arguments: str) -> bool:
        return all(
            hasattr(library, f"_ZGV{isa}N{lanes}{arguments}_{name}{suffix}")
            for isa, singles, doubles in widths
            for lanes, suffix in ((singles, "f"), (doubles, ""))
        )

    unary, binary = (part.split() for part in _VECTOR_FUNCTIONS.split("|"))
    names = [n for n in unary if present(n, "v")] + [n for n in binary if present(n, "vv")]
    return tuple(sorted(names)) if widths else ()


# ---- loading -------------------------------------------------------------------------------------------------------


class Module:
    """A shared object in this process.  It stays mapped: native code may hold its addresses for ever."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._library = ctypes.CDLL(str(path), mode=ctypes.RTLD_LOCAL)
        except OSError as error:
            raise LoadError(f"{path} cannot be loaded: {error}") from None

    def address(self, symbol: str) -> int:
        """The address of a function or variable.

        Raises:
            LoadError: there is no such symbol.
        """
        try:
            found = self._library[symbol]
        except AttributeError:
            raise LoadError(f"{self.path} has no symbol {symbol!r}") from None
        return ctypes.cast(found, ctypes.c_void_p).value or 0

    def function(self, symbol: str, result: type | None, *arguments: type) -> Callable[..., int]:
        """A function that Python calls while it sets things up; compiled calls go by address instead."""
        prototype = ctypes.CFUNCTYPE(result, *arguments)
        called: Callable[..., int] = prototype(self.address(symbol))
        return called

    def text(self, symbol: str) -> str:
        """The content of a ``const char symbol[]``."""
        return ctypes.string_at(self.address(symbol)).decode()


_modules: dict[Path, Module] = {}
_loading = threading.Lock()


def load(path: Path) -> Module:
    """Map a shared object, once per process.

    Raises:
        LoadError: the dynamic linker refuses it.
    """
    with _loading:
        module = _modules.get(path)
        if module is None:
            module = _modules[path] = Module(path)
            cache.default().count("loads")
        return module
