"""Compile the math library by itself and call it on NumPy arrays: what its tests and `measure` share.

Takes: function names and targets.  Gives: a `Library` whose functions map over arrays.  Needs a C compiler.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from symtensor.codegen.mathlib import FUNCTIONS, helper_source, type_source

FLAGS = (
    "-O2", "-march=native", "-mprefer-vector-width=512", "-ffp-contract=off", "-fwrapv", "-fno-math-errno",
    "-fno-trapping-math", "-Wall", "-Wextra", "-Wno-psabi", "-Werror",
)  # fmt: skip
INTEGERS = "".join(
    f"typedef __{u.upper()}INT{bits}_TYPE__ {u}int{bits}_t;\n" for u in ("", "u") for bits in (8, 16, 32, 64)
)
DTYPES: dict[str, type[np.floating]] = {"f32": np.float32, "f64": np.float64}
C_NAMES = {"f32": "float", "f64": "double"}
_MACROS = {
    "__AVX512F__": "avx512f", "__AVX512VL__": "avx512vl", "__AVX512BW__": "avx512bw", "__AVX512DQ__": "avx512dq",
    "__AVX2__": "avx2", "__FMA__": "fma",
}  # fmt: skip
ALIGNMENT = 64


def compiler() -> str | None:
    """The C compiler that `CC` names, else gcc or cc; None if there is none."""
    return shutil.which(os.environ.get("CC", "gcc")) or shutil.which("cc")


@lru_cache
def host_features(cc: str) -> frozenset[str]:
    """The CPU features of this machine that the library uses."""
    command = [cc, "-march=native", "-dM", "-E", "-x", "c", os.devnull]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    defined = {line.split()[1] for line in output.splitlines() if line.startswith("#define")}
    return frozenset(feature for macro, feature in _MACROS.items() if macro in defined)


def suffix(precision: str, lanes: int) -> str:
    """The end of a function's name: "f32", "f32x16"."""
    return precision + (f"x{lanes}" if lanes > 1 else "")


def map_source(name: str, precision: str, lanes: int) -> str:
    """A C function `map_NAME_SUFFIX(x, [y,] result, n)` that applies a library function to n elements."""
    s, element, arity = suffix(precision, lanes), C_NAMES[precision], FUNCTIONS[name].arity
    names = ("x", "y")[:arity]
    parameters = "".join(f"const {element} *{n}, " for n in names)
    if lanes == 1:
        step = f"r[i] = st_{name}_{s}({', '.join(f'{n}[i]' for n in names)})"
    else:
        arguments = ", ".join(f"*(const st_{s} *)({n} + i)" for n in names)
        step = f"*(st_{s} *)(r + i) = st_{name}_{s}({arguments})"
    head = f"void map_{name}_{s}({parameters}{element} *r, int64_t n)"
    return f"{head} {{ for (int64_t i = 0; i < n; i += {lanes}) {step}; }}\n"


def aligned(values: np.ndarray) -> np.ndarray:
    """A copy that starts at a multiple of 64 bytes."""
    room = np.empty(values.nbytes + ALIGNMENT, np.uint8)
    start = -room.ctypes.data % ALIGNMENT
    result = room[start : start + values.nbytes].view(values.dtype)
    result[:] = values
    return result


def build(source: str, cc: str, flags: Sequence[str] = FLAGS) -> ctypes.CDLL:
    """Compile C text to a shared object and load it.

    Raises:
        RuntimeError: the compiler failed, with its messages.
    """
    with tempfile.TemporaryDirectory() as folder:
        path, shared = Path(folder, "library.c"), Path(folder, "library.so")
        path.write_text(source, encoding="utf-8")
        command = [cc, *flags, "-shared", "-fPIC", "-o", str(shared), str(path), "-lm"]
        run = subprocess.run(command, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stderr)
        return ctypes.CDLL(str(shared))


class Library:
    """Functions of the library compiled for one set of CPU features.

    Args:
        names: functions of `FUNCTIONS`.
        lanes: precision -> lane counts.
        cc: the compiler.
        features: CPU features that the text may use; default those of this machine.
        flags: compiler flags; default `FLAGS`.
    """

    def __init__(
        self, names: Iterable[str], lanes: dict[str, Sequence[int]], cc: str, features: frozenset[str] | None = None,
        flags: Sequence[str] = FLAGS,
    ) -> None:  # fmt: skip
        requests = [(name, p, count) for name in names for p, counts in lanes.items() for count in counts]
        features = host_features(cc) if features is None else features
        types = type_source(count for counts in lanes.values() for count in counts)
        text = helper_source(requests, "c", features)
        self.source = INTEGERS + types + text + "".join(map_source(*request) for request in requests)
        self._shared = build(self.source, cc, flags)

    def __call__(self, name: str, precision: str, lanes: int, *arguments: np.ndarray) -> np.ndarray:
        """The function of all elements; their number must be a multiple of the lanes."""
        arrays = [aligned(np.asarray(a, DTYPES[precision])) for a in arguments]
        result = aligned(np.zeros_like(arrays[0]))
        if result.size % lanes:
            raise ValueError(f"{result.size} elements are no multiple of {lanes} lanes")
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*arrays, result)]
        getattr(self._shared, f"map_{name}_{suffix(precision, lanes)}")(*pointers, ctypes.c_int64(result.size))
        return result


def same_bits(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Where two arrays agree in every bit, all NaN counted as one."""
    integer = np.uint32 if a.dtype == np.float32 else np.uint64
    return (a.view(integer) == b.view(integer)) | (np.isnan(a) & np.isnan(b))


def special_values(precision: str) -> np.ndarray:
    """Zeros, infinities, NaN, subnormals, the largest, and what lies around the borders of the algorithms."""
    dtype = DTYPES[precision]
    info = np.finfo(dtype)
    positive = [
        0.0, info.smallest_subnormal, info.tiny / 2, info.tiny, info.eps, 1e-3, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0,
        10.0, 17.5, 88.5, 104.0, 710.0, 746.0, 1e5, 1e9, 2.0**23, 2.0**52, 2.0**63, info.max / 2, info.max, np.inf,
        np.nan,
    ]  # fmt: skip
    with np.errstate(over="ignore"):
        values = np.array(positive, dtype)
        near = np.concatenate([values, np.nextafter(values, dtype(np.inf)), np.nextafter(values, dtype(-np.inf))])
    return np.concatenate([near, -near])


def sample_points(precision: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """About `count` arguments: bit patterns at random, the ranges where functions bend, neighbours of 1."""
    dtype = DTYPES[precision]
    integer = np.uint32 if dtype == np.float32 else np.uint64
    part = count // 5
    bits = rng.integers(0, np.iinfo(integer).max, part, dtype=integer, endpoint=True).view(dtype)
    wide = rng.uniform(-1, 1, part) * (100 if precision == "f32" else 750)
    near_one = 1 + rng.standard_normal(part) * 10.0 ** rng.uniform(-6, 0, part)
    rest = [wide, rng.uniform(-10, 10, part), rng.uniform(-1.5, 1.5, part), near_one]
    return np.concatenate([bits, np.concatenate(rest).astype(dtype)])
