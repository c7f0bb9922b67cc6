"""The hand-written C of benchmarks/c, compiled and callable: the best C that we know for each kind of work.

Each file is compiled once for float and once for double (``T``).  Functions are named ``NAME_f32`` and ``NAME_f64``;
they take pointers to all arguments, then to all results, allocated once, then the sizes, and return nothing.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import importlib.util
import pathlib
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.kind import Arrays, Row

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = (
    "-O3 -march=native -mprefer-vector-width=512 -fno-math-errno -fno-trapping-math"
    " -fopenmp -std=gnu11 -Wall -Wextra -Werror -Wno-psabi -Wno-unknown-pragmas -fPIC"
).split()
SUFFIX = {"float32": "f32", "float64": "f64"}
SPARE = 64  # bytes: results begin on a cache line, as those of symtensor's pool do


def _build(sources: list[pathlib.Path], flags: list[str], stem: str) -> pathlib.Path:
    """Compile these files once for their present text, side by side, and link them."""
    headers = sorted((HERE / "c").glob("*.h"))
    text = " ".join(flags).encode() + b"".join(path.read_bytes() for path in [*sources, *headers])
    path = HERE.parent / "build" / "benchmarks" / f"{stem}-{hashlib.sha256(text).hexdigest()[:16]}.so"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as scratch:
        objects = [f"{scratch}/{source.stem}.o" for source in sources]
        compilers = [
            subprocess.Popen(["gcc", *flags, "-c", str(source), "-o", target])
            for source, target in zip(sources, objects)
        ]
        codes = [compiler.wait() for compiler in compilers]
        if any(codes):
            raise RuntimeError("benchmarks/c does not compile")
        linked = f"{scratch}/linked.so"
        subprocess.run(["gcc", "-shared", "-fopenmp", *objects, "-o", linked, "-lm", "-lmvec"], check=True)
        pathlib.Path(linked).rename(path)
    return path


@functools.cache
def library(dtype: str) -> Any:
    """Load the C for one dtype."""
    sources = sorted(path for path in (HERE / "c").glob("*.c") if not path.name.startswith("py_"))
    define = {"float32": "-DSINGLE", "float64": "-DDOUBLE"}[dtype]
    return ctypes.CDLL(str(_build(sources, [*FLAGS, define], f"hand-{SUFFIX[dtype]}")))


def extension(name: str) -> Any:
    """Load ``c/py_NAME.c``, a Python extension module of that name."""
    flags = [*FLAGS, "-Wno-cast-function-type", "-I" + sysconfig.get_paths()["include"], "-I" + np.get_include()]
    path = _build([HERE / "c" / f"py_{name}.c"], flags, f"py_{name}")
    spec = importlib.util.spec_from_file_location(f"py_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _blas(which: str) -> tuple[ctypes.CDLL, str]:
    """Return a BLAS on one thread and what its functions' names begin with."""
    if which == "mkl":
        path = next((pathlib.Path(sys.prefix) / "lib").glob("libmkl_rt.so*"))
        mkl = ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
        mkl.MKL_Set_Threading_Layer(1)  # sequential
        return mkl, "cblas_"
    import scipy_openblas32

    path = next(pathlib.Path(scipy_openblas32.get_lib_dir()).glob("libscipy_openblas*.so"))
    openblas = ctypes.CDLL(str(path))
    openblas.scipy_openblas_set_num_threads(1)
    return openblas, "scipy_cblas_"


def _set_blas(which: str, dtype: str) -> None:
    blas, prefix = _blas(which)
    letter = {"float32": "s", "float64": "d"}[dtype]
    lapack = {"mkl": "", "openblas": "scipy_"}[which]
    setter = getattr(library(dtype), f"hand_set_blas_{SUFFIX[dtype]}")
    names = [f"{prefix}{letter}gemm", f"{lapack}{letter}potrf_", f"{lapack}{letter}potri_"]
    setter(*(ctypes.cast(getattr(blas, name), ctypes.c_void_p) for name in names))


def aligned(shape: tuple[int, ...], dtype: Any) -> np.ndarray:
    """Return an array of NaN (or -1) that begins on a cache line."""
    dtype = np.dtype(dtype)
    count = int(np.prod(shape, dtype="int64"))
    raw = np.empty(count * dtype.itemsize + SPARE, "uint8")
    skip = -raw.ctypes.data % SPARE
    array = raw[skip : skip + count * dtype.itemsize].view(dtype).reshape(shape)
    array[...] = np.nan if dtype.kind == "f" else -1
    return array


def bind(
    row: Row, arguments: Arrays, threads: int, wanted: Sequence[tuple[tuple[int, ...], str]], blas: str = "openblas"
) -> tuple[Callable[[], Any], Callable[[], list[np.ndarray]]]:
    """Return the call of a row's function, and a function that returns the results."""
    kind = row.kind
    assert kind.hand is not None
    loaded = library(row.dtype)
    loaded.omp_set_num_threads(threads)
    if kind.hand.startswith("py_"):
        function = getattr(extension(kind.hand[3:]), kind.hand[3:])
        call = functools.partial(function, *arguments.values())
        return call, lambda: [np.asarray(value) for value in (lambda r: r if isinstance(r, tuple) else (r,))(call())]
    if kind.blas:
        _set_blas(blas, row.dtype)
    outputs = [
        aligned(shape, row.dtype if dtype == "f" else dtype) for shape, dtype in wanted[: len(wanted) - len(kind.state)]
    ]
    pointers = [array.ctypes.data for array in (*arguments.values(), *outputs)]
    sizes = [int(size) for size in kind.sizes(arguments)]
    address = ctypes.cast(getattr(loaded, f"hand_{kind.hand}_{SUFFIX[row.dtype]}"), ctypes.c_void_p).value
    return extension("bound").Bound(address, *pointers, *sizes), lambda: outputs
