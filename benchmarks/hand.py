"""The hand-written C of benchmarks/c, compiled and callable: what a good engineer would write for each probe.

Every function here takes the probe's arguments and its outputs, allocated by the caller, and returns nothing.
"""

from __future__ import annotations

import functools
import hashlib
import pathlib
import subprocess
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy_openblas32
from cffi import FFI

HERE = pathlib.Path(__file__).resolve().parent
FLAGS = (
    "-O3 -march=native -mprefer-vector-width=512 -ffp-contract=off -fno-math-errno -fno-trapping-math"
    " -fopenmp -std=gnu11 -Wall -Wextra -Werror -fPIC -shared"
).split()
DECLARATIONS = """
void omp_set_num_threads(int);
void hand_set_dgemm(void *);
void hand_plus_one(double *, double *, int64_t);
void hand_chain(double *, double *, double *, double *, double *, int64_t);
void hand_softmax(double *, double *, int64_t, int64_t);
void hand_softmax_gradient(double *, double *, double *, double *, int64_t, int64_t);
void hand_variance_rows(double *, double *, int64_t, int64_t);
void hand_variance_columns(double *, double *, int64_t, int64_t);
void hand_attention(double *, double *, double *, double *, int64_t, int64_t, int64_t, int64_t);
void hand_attention_gradient(double *, double *, double *, double *, double *, double *, double *, double *,
                             int64_t, int64_t, int64_t, int64_t);
void hand_runge_kutta(double *, double *, double, int64_t, double *);
void hand_runge_kutta_gradient(double *, double *, double, int64_t, double *, double *, double *, double *, double *);
"""
ffi = FFI()
ffi.cdef(DECLARATIONS)


@functools.cache
def library() -> Any:
    """Compile benchmarks/c once for its present text and load it; BLAS is OpenBLAS on one thread."""
    sources = sorted((HERE / "c").glob("*.c"))
    text = " ".join(FLAGS).encode() + b"".join(path.read_bytes() for path in sorted((HERE / "c").iterdir()))
    path = HERE.parent / "build" / "benchmarks" / f"hand-{hashlib.sha256(text).hexdigest()[:16]}.so"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        scratch = path.with_suffix(".tmp")
        subprocess.run(["gcc", *FLAGS, *map(str, sources), "-o", str(scratch), "-lm"], check=True)
        scratch.rename(path)
    loaded = ffi.dlopen(str(path))
    blas = ffi_blas().dlopen(str(next(pathlib.Path(scipy_openblas32.get_lib_dir()).glob("libscipy_openblas*.so"))))
    blas.scipy_openblas_set_num_threads(1)
    loaded.hand_set_dgemm(ffi.cast("void *", ffi_blas().addressof(blas, "scipy_cblas_dgemm")))
    return loaded


@functools.cache
def ffi_blas() -> FFI:
    declarations = FFI()
    declarations.cdef(
        "void scipy_openblas_set_num_threads(int);"
        "void scipy_cblas_dgemm(int, int, int, int, int, int, double, double *, int, double *, int, double, double *,"
        " int);"
    )
    return declarations


def pointer(array: np.ndarray) -> Any:
    assert array.dtype == "float64"
    assert array.flags.c_contiguous
    return ffi.cast("double *", array.ctypes.data)


def set_threads(threads: int) -> None:
    library().omp_set_num_threads(threads)


Call = Callable[[], None]


def bind(name: str, arguments: tuple[np.ndarray, ...], outputs: tuple[np.ndarray, ...]) -> Call:
    """Return the call of one hand-written function on these arrays, with nothing left to do but the call."""
    function = getattr(library(), f"hand_{name}")
    values = LAYOUTS[name](arguments, outputs)
    return functools.partial(function, *values)


def _arrays(arguments: tuple[np.ndarray, ...], outputs: tuple[np.ndarray, ...], *sizes: int) -> list[Any]:
    return [*map(pointer, arguments), *map(pointer, outputs), *sizes]


def _attention(arguments: tuple[np.ndarray, ...], outputs: tuple[np.ndarray, ...]) -> list[Any]:
    batch, heads, queries, width = arguments[0].shape
    return _arrays(arguments, outputs, batch * heads, queries, arguments[1].shape[2], width)


def _runge_kutta(arguments: tuple[np.ndarray, ...], outputs: tuple[np.ndarray, ...]) -> list[Any]:
    s0, theta, h, n, *weights = arguments
    return [pointer(s0), pointer(theta), float(h), int(n), *map(pointer, weights), *map(pointer, outputs)]


# How a probe's arguments and outputs become the C function's.
LAYOUTS: dict[str, Callable[..., list[Any]]] = {
    "plus_one": lambda a, o: _arrays(a, o, a[0].size),
    "chain": lambda a, o: _arrays(a, o, a[0].size),
    "softmax": lambda a, o: _arrays(a, o, *a[0].shape),
    "softmax_gradient": lambda a, o: _arrays(a, o, *a[0].shape),
    "variance_rows": lambda a, o: _arrays(a, o, *a[0].shape),
    "variance_columns": lambda a, o: _arrays(a, o, *a[0].shape),
    "attention": _attention,
    "attention_gradient": _attention,
    "runge_kutta": _runge_kutta,
    "runge_kutta_gradient": _runge_kutta,
}
