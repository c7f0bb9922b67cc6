"""BLAS and LAPACK as a table of addresses: functions of CBLAS and LAPACKE with 32-bit integers, by their plain names.

Generated code calls them through ``ctx->library``, so it is linked against nothing.  They come from the wheel
``scipy-openblas32``; without it, from the OpenBLAS that NumPy brings along, whose integers have 64 bits: a small C
adapter, made from the signatures below, widens them.

The library runs on one thread, as symtensor splits the work itself in a way that gives the same bits for every
thread count.  With NumPy's own library this holds for NumPy's products too.  LAPACKE's search for NaN in every
argument is off, as in NumPy: a NaN goes through.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib.util
import os
import re
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

from symtensor.errors import SymtensorError
from symtensor.records import dataclass
from symtensor.runtime import processor
from symtensor.runtime import toolchain as tc

# Signatures as C declarations.  {sd}, {cz}, {sdcz}: one function for each letter.  `T` is the element (void where it
# is complex), `R` its real part, `S` a scalar (by address where it is complex), `I` the library's integer, `E` an
# enumeration of CBLAS or LAPACKE's layout.  An array of integers states its length in brackets.
SIGNATURES = """
void cblas_{sdcz}gemm(E order, E trans_a, E trans_b, I m, I n, I k, S alpha, const T *a, I lda, const T *b, I ldb, S beta, T *c, I ldc)
void cblas_{sdcz}symm(E order, E side, E uplo, I m, I n, S alpha, const T *a, I lda, const T *b, I ldb, S beta, T *c, I ldc)
void cblas_{sdcz}syrk(E order, E uplo, E trans, I n, I k, S alpha, const T *a, I lda, S beta, T *c, I ldc)
void cblas_{cz}herk(E order, E uplo, E trans, I n, I k, R alpha, const T *a, I lda, R beta, T *c, I ldc)
void cblas_{sdcz}trsm(E order, E side, E uplo, E trans, E diag, I m, I n, S alpha, const T *a, I lda, T *b, I ldb)
void cblas_{sdcz}trmm(E order, E side, E uplo, E trans, E diag, I m, I n, S alpha, const T *a, I lda, T *b, I ldb)
void cblas_{sdcz}gemv(E order, E trans, I m, I n, S alpha, const T *a, I lda, const T *x, I incx, S beta, T *y, I incy)
void cblas_{sd}symv(E order, E uplo, I n, S alpha, const T *a, I lda, const T *x, I incx, S beta, T *y, I incy)
void cblas_{sdcz}trsv(E order, E uplo, E trans, E diag, I n, const T *a, I lda, T *x, I incx)
void cblas_{sdcz}trmv(E order, E uplo, E trans, E diag, I n, const T *a, I lda, T *x, I incx)
void cblas_{sd}ger(E order, I m, I n, S alpha, const T *x, I incx, const T *y, I incy, T *a, I lda)
void cblas_{cz}geru(E order, I m, I n, S alpha, const T *x, I incx, const T *y, I incy, T *a, I lda)
void cblas_{cz}gerc(E order, I m, I n, S alpha, const T *x, I incx, const T *y, I incy, T *a, I lda)
void cblas_{sdcz}axpy(I n, S alpha, const T *x, I incx, T *y, I incy)
void cblas_{sdcz}scal(I n, S alpha, T *x, I incx)
void cblas_{sdcz}copy(I n, const T *x, I incx, T *y, I incy)
R cblas_{sd}dot(I n, const T *x, I incx, const T *y, I incy)
void cblas_{cz}dotu_sub(I n, const T *x, I incx, const T *y, I incy, T *result)
void cblas_{cz}dotc_sub(I n, const T *x, I incx, const T *y, I incy, T *result)
R cblas_{sd}nrm2(I n, const T *x, I incx)
R cblas_{sd}asum(I n, const T *x, I incx)
I LAPACKE_{sdcz}potrf(E layout, char uplo, I n, T *a, I lda)
I LAPACKE_{sdcz}potri(E layout, char uplo, I n, T *a, I lda)
I LAPACKE_{sdcz}potrs(E layout, char uplo, I n, I nrhs, const T *a, I lda, T *b, I ldb)
I LAPACKE_{sdcz}posv(E layout, char uplo, I n, I nrhs, T *a, I lda, T *b, I ldb)
I LAPACKE_{sdcz}getrf(E layout, I m, I n, T *a, I lda, I *ipiv[m < n ? m : n])
I LAPACKE_{sdcz}getri(E layout, I n, T *a, I lda, const I *ipiv[n])
I LAPACKE_{sdcz}getrs(E layout, char trans, I n, I nrhs, const T *a, I lda, const I *ipiv[n], T *b, I ldb)
I LAPACKE_{sdcz}gesv(E layout, I n, I nrhs, T *a, I lda, I *ipiv[n], T *b, I ldb)
I LAPACKE_{sdcz}trtrs(E layout, char uplo, char trans, char diag, I n, I nrhs, const T *a, I lda, T *b, I ldb)
I LAPACKE_{sdcz}trtri(E layout, char uplo, char diag, I n, T *a, I lda)
I LAPACKE_{sdcz}geqrf(E layout, I m, I n, T *a, I lda, T *tau)
I LAPACKE_{sdcz}geqp3(E layout, I m, I n, T *a, I lda, I *jpvt[n], T *tau)
I LAPACKE_{sdcz}gelqf(E layout, I m, I n, T *a, I lda, T *tau)
I LAPACKE_{sd}orgqr(E layout, I m, I n, I k, T *a, I lda, const T *tau)
I LAPACKE_{cz}ungqr(E layout, I m, I n, I k, T *a, I lda, const T *tau)
I LAPACKE_{sd}orglq(E layout, I m, I n, I k, T *a, I lda, const T *tau)
I LAPACKE_{sd}ormqr(E layout, char side, char trans, I m, I n, I k, const T *a, I lda, const T *tau, T *c, I ldc)
I LAPACKE_{sdcz}gesdd(E layout, char jobz, I m, I n, T *a, I lda, R *s, T *u, I ldu, T *vt, I ldvt)
I LAPACKE_{sdcz}gesvd(E layout, char jobu, char jobvt, I m, I n, T *a, I lda, R *s, T *u, I ldu, T *vt, I ldvt, R *superb)
I LAPACKE_{sd}syevd(E layout, char jobz, char uplo, I n, T *a, I lda, R *w)
I LAPACKE_{cz}heevd(E layout, char jobz, char uplo, I n, T *a, I lda, R *w)
I LAPACKE_{sd}geev(E layout, char jobvl, char jobvr, I n, T *a, I lda, T *wr, T *wi, T *vl, I ldvl, T *vr, I ldvr)
I LAPACKE_{cz}geev(E layout, char jobvl, char jobvr, I n, T *a, I lda, T *w, T *vl, I ldvl, T *vr, I ldvr)
I LAPACKE_{sdcz}gels(E layout, char trans, I m, I n, I nrhs, T *a, I lda, T *b, I ldb)
I LAPACKE_{sdcz}gelsd(E layout, I m, I n, I nrhs, T *a, I lda, T *b, I ldb, R *s, R rcond, I *rank[1])
I LAPACKE_{sd}sytrf(E layout, char uplo, I n, T *a, I lda, I *ipiv[n])
I LAPACKE_{sd}sytrs(E layout, char uplo, I n, I nrhs, const T *a, I lda, const I *ipiv[n], T *b, I ldb)
"""  # noqa: E501

_ELEMENT = {  # letter -> T, R, S
    "s": ("float", "float", "float"),
    "d": ("double", "double", "double"),
    "c": ("void", "float", "const void *"),
    "z": ("void", "double", "const void *"),
}


class NoBlas(SymtensorError, RuntimeError):
    """No BLAS library was found, or it lacks a function."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a signature: C type (``I`` for the library's integer), name, length if an array of integers."""

    type: str
    name: str
    length: str = ""


@dataclass(frozen=True)
class Signature:
    """One function, its element letter already filled in."""

    name: str
    result: str
    parameters: tuple[Parameter, ...]

    def pointer(self, integer: str = "int") -> str:
        """The type of a pointer to it, as in ``int (*)(int, char, int, float *, int)``."""
        types = ", ".join(_join(p.type, "*" if p.length else "", integer) for p in self.parameters)
        return f"{_join(self.result, '', integer)} (*)({types})"


def _join(type_name: str, declared: str, integer: str) -> str:
    spelled = re.sub(r"\bI\b", integer, type_name)
    return f"{spelled} {declared}".rstrip()


@functools.cache
def signatures() -> dict[str, Signature]:
    """All functions of the table by name."""
    table = {}
    for line in SIGNATURES.strip().splitlines():
        match = re.fullmatch(r"(\w+) (\w+)\{(\w+)\}(\w+)\((.*)\)", line)
        assert match, line
        result, front, letters, back, parameters = match.groups()
        for letter in letters:
            name = f"{front}{letter}{back}"
            filled = tuple(_parameter(text.strip(), letter) for text in parameters.split(","))
            table[name] = Signature(name, _element(result, letter), filled)
    return table


def _element(type_name: str, letter: str) -> str:
    element, real, scalar = _ELEMENT[letter]
    spelled = {"T": element, "R": real, "S": scalar, "E": "int"}
    return re.sub(r"\b[TRSE]\b", lambda match: spelled[match[0]], type_name)


def _parameter(text: str, letter: str) -> Parameter:
    match = re.fullmatch(r"((?:const )?\w+) (\*?)(\w+)(?:\[(.*)\])?", text)
    assert match, text
    type_name, star, name, length = match.groups()
    if length:
        return Parameter(type_name, name, length)
    return Parameter(_element(type_name, letter) + (" *" if star else ""), name)


def prototype(name: str) -> str:
    """The C type of a pointer to a function of the table, with 32-bit integers; enumerations appear as ``int``.

    >>> prototype("LAPACKE_spotrf")
    'int (*)(int, char, int, float *, int)'
    """
    if name not in signatures():
        raise KeyError(f"{name} is not in the table of BLAS and LAPACK signatures")
    return signatures()[name].pointer()


# ---- providers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Provider:
    """Where the functions come from: a loaded library, and what its names are wrapped in.

    ``adapter`` holds the widened functions where the library's integers have 64 bits.
    """

    origin: str
    path: Path
    prefix: str
    suffix: str
    library: tc.Module
    adapter: tc.Module | None = None

    def describe(self) -> str:
        """One line for reports."""
        bits = "64-bit integers, adapted" if self.adapter else "32-bit integers"
        config = self._spelled("openblas_get_config")
        text = ctypes.CFUNCTYPE(ctypes.c_char_p)(self.library.address(config))() or b""
        return f"{self.origin}: {text.decode().strip()} ({bits}, 1 thread)"

    def address(self, name: str) -> int:
        """The address of a function by its plain name.

        Raises:
            NoBlas: there is none.
        """
        try:
            direct = self.library.address(self._spelled(name))
            return self.adapter.address(f"st_{name}") if self.adapter else direct
        except tc.LoadError:
            raise NoBlas(f"{self.origin} ({self.path.name}) has no function {name}") from None

    def prepare(self) -> None:
        """One thread, no search for NaN."""
        set_threads = self.library.function(self._spelled("openblas_set_num_threads"), None, ctypes.c_int)
        set_threads(1)
        self.library.function(self._spelled("LAPACKE_set_nancheck"), None, ctypes.c_int)(0)

    def _spelled(self, name: str) -> str:
        return f"{self.prefix}{name}{self.suffix}"


def provider() -> Provider:
    """The library of this process, loaded when first asked for.

    Raises:
        NoBlas: neither ``scipy-openblas32`` nor an OpenBLAS inside NumPy is there.
    """
    with _lock:
        return _provider()


_lock = threading.Lock()


@functools.cache
def _provider() -> Provider:
    found = openblas32() or openblas_of_numpy()
    if found is None:
        raise NoBlas("no BLAS library was found\n  hint: pip install scipy-openblas32")
    return found


def openblas32() -> Provider | None:
    """The wheel ``scipy-openblas32``, found without importing it: its import puts the library into the global scope."""
    spec = importlib.util.find_spec("scipy_openblas32")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        for path in sorted(Path(folder, "lib").glob("libscipy_openblas*")):
            with _wide_kernels():
                library = tc.load(path)
            return _prepared(Provider("scipy-openblas32", path, "scipy_", "", library))
    return None


@contextlib.contextmanager
def _wide_kernels() -> Iterator[None]:
    """Have OpenBLAS take its AVX-512 kernels on AMD processors while it is loaded.

    The wheels are built for a few Intel cores only and take any AMD processor for a Haswell: measured on a Zen 5,
    sgemm reaches 118 GFLOP/s a core so, and 229 with the kernels named SkylakeX.
    """
    variable = "OPENBLAS_CORETYPE"
    wide = all(f" avx512{part}" in processor.cpuinfo() for part in ("f", "vl", "dq", "bw", "cd"))
    if not wide or "AuthenticAMD" not in processor.cpuinfo() or variable in os.environ:
        yield
        return
    os.environ[variable] = "SkylakeX"
    try:
        yield
    finally:
        del os.environ[variable]


def openblas_of_numpy() -> Provider | None:
    """The OpenBLAS inside NumPy's wheel, behind the adapter."""
    import numpy

    package = Path(numpy.__file__).parent
    for folder in (package.with_name("numpy.libs"), package / ".dylibs"):
        for path in sorted(folder.glob("*openblas64_*")):
            library = tc.load(path)
            built = tc.toolchain().compile(adapter_source(), name="openblas_adapter", optimize=1)
            found = Provider("NumPy's OpenBLAS", path, "scipy_", "64_", library, tc.load(built.path))
            _connect(found)
            return _prepared(found)
    return None


def _prepared(found: Provider) -> Provider:
    found.prepare()
    return found


def resolve(names: Sequence[str]) -> tuple[int, ...]:
    """Addresses of functions by their plain names, as in ``("cblas_sgemm", "LAPACKE_spotrf")``.

    Raises:
        NoBlas: there is no library, or it lacks one of them.
    """
    found = provider()
    return tuple(found.address(name) for name in names)


# ---- the adapter ---------------------------------------------------------------------------------------------------

_ADAPTER_HEAD = """\
/* 32-bit integers in front, 64-bit integers behind: made from symtensor/runtime/blas.py. */
#include <stdint.h>
#include <stdlib.h>

enum { MEMORY = -1010, /* LAPACK_WORK_MEMORY_ERROR */ SMALL = 128 };

static int64_t *widen(int64_t *small, const int *from, int64_t length) {
  int64_t *wide = length <= SMALL ? small : malloc((size_t)length * sizeof *wide);
  for (int64_t i = 0; wide && i < length; i++) wide[i] = from[i];
  return wide;
}
static void narrow(int64_t *small, int64_t *wide, int *to, int64_t length) {
  for (int64_t i = 0; to && i < length; i++) to[i] = (int)wide[i];
  if (wide != small) free(wide);
}
"""


def adapter_source() -> str:
    """C source that defines ``st_<name>`` for every function of the table, calling through ``slot_<name>``."""
    return "\n".join((_ADAPTER_HEAD, *(_adapter_function(signature) for signature in signatures().values())))


def _adapter_function(signature: Signature) -> str:
    """One function that widens its integers, calls, and narrows what came back."""
    parameters, before, passed, after = [], [], [], []
    for p in signature.parameters:
        if not p.length:
            parameters.append(_join(p.type, p.name, "int"))
            passed.append(p.name)
            continue
        constant = p.type.startswith("const")
        parameters.append(f"{'const ' if constant else ''}int *{p.name}")
        passed.append(f"wide_{p.name}")
        before.append(f"  int64_t small_{p.name}[SMALL], length_{p.name} = {p.length};")
        before.append(f"  int64_t *wide_{p.name} = widen(small_{p.name}, {p.name}, length_{p.name});")
        before.append(f"  if (!wide_{p.name}) return MEMORY;")
        target = "0" if constant else p.name
        after.append(f"  narrow(small_{p.name}, wide_{p.name}, {target}, length_{p.name});")
    wide_type = signature.pointer("int64_t").replace("(*)", f"(*slot_{signature.name})", 1)
    result = signature.result.replace("I", "int")
    call = f"slot_{signature.name}({', '.join(passed)})"
    body = [f"  {call};"] if result == "void" else [f"  {result} result = ({result}){call};"]
    tail = [] if result == "void" else ["  return result;"]
    lines = [
        f"{wide_type};",
        f"{result} st_{signature.name}({', '.join(parameters)}) {{",
        *before,
        *body,
        *after,
        *tail,
        "}",
    ]
    return "\n".join(lines) + "\n"


def _connect(found: Provider) -> None:
    """Store the library's addresses in the adapter's slots; what the library lacks is reported when asked for."""
    assert found.adapter is not None
    for name in signatures():
        slot = ctypes.c_void_p.from_address(found.adapter.address(f"slot_{name}"))
        with contextlib.suppress(tc.LoadError):
            slot.value = found.library.address(f"{found.prefix}{name}{found.suffix}")
