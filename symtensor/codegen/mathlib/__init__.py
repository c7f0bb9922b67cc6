"""The math functions of generated code, written once for scalars and vectors of both precisions and all dialects.

`helper_source` gives the C text of the requested functions with all that they need; `FUNCTIONS` lists the functions.
The same function has the same bits everywhere: IEEE basic operations and explicit fma only, so the text must be
compiled without contraction (`-ffp-contract=off`, `--fmad=false`, `FP_CONTRACT OFF`) and without fast-math.

Takes: names, precisions and lane counts.  Gives: C text.  Knows nothing of kernels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from symtensor.codegen.mathlib.accuracy import FUNCTIONS, MathFunction
from symtensor.codegen.mathlib.memory import MEMORY, TREES
from symtensor.codegen.mathlib.primitives import SIGNATURES, TEMPLATES, primitive_source
from symtensor.codegen.mathlib.target import SCALARS, Target, bytes_of
from symtensor.codegen.mathlib.template import functions, instantiate, without_comments

__all__ = [
    "FUNCTIONS", "MathFunction", "helper_source", "helper_texts", "of_integers", "prelude", "type_source",
    "vector_types",
]  # fmt: skip

ELEMENTS = tuple(SCALARS["c"])
_CALLED = re.compile(r"\bst_(\w+?)_([fiu]\d+)(?:x(\d+))?\(")


def helper_source(
    requests: Iterable[tuple[str, str, int]], dialect: str, features: frozenset[str] = frozenset()
) -> str:
    """The C text of functions and primitives and of all that they call, each once, in an order that compiles.

    Args:
        requests: (name, element, lanes), such as ("exp", "f32", 16) for `st_exp_f32x16`, ("load", "u8", 16).
            Names are those of `FUNCTIONS`, `primitives.SIGNATURES`, `memory.MEMORY` and `memory.TREES`.
        dialect: "c", "opencl" or "cuda"; only "c" has more than one lane.
        features: names of CPU features as gcc's `-m` options spell them; "avx512f", "avx512vl", "avx512bw",
            "avx512dq", "avx2" and "fma" matter.  "clang" says that the compiler is clang, whose builtins differ.

    The text assumes that `type_source` for these lanes (dialect "c") stands before it, and in C the fixed-width
    integer names.  In OpenCL it needs `prelude("opencl")` at the head of the program.

    Raises:
        ValueError: a name, an element type, a lane count or a dialect that does not exist.

    >>> print(helper_source([("select", "f32", 1)], "cuda").strip())
    static __device__ __forceinline__ float st_select_f32(int m, float a, float b) { return m ? a : b; }
    """
    return "\n".join(helper_texts(requests, dialect, features).values())


def helper_texts(
    requests: Iterable[tuple[str, str, int]], dialect: str, features: frozenset[str] = frozenset()
) -> dict[str, str]:
    """As `helper_source`, the text of each function by its name in the source."""
    texts: dict[tuple[str, str, int], str] = {}
    for request in requests:
        _collect(request, dialect, frozenset(features), texts)
    return {
        f"st_{name}_{element}" + (f"x{lanes}" if lanes > 1 else ""): t for (name, element, lanes), t in texts.items()
    }


def _collect(
    request: tuple[str, str, int], dialect: str, features: frozenset[str], texts: dict[tuple[str, str, int], str]
) -> None:
    """Add the text of a request to `texts`, after those of everything it calls."""
    if request in texts:
        return
    text = _text(*request, dialect, features)
    for name, element, lanes in _CALLED.findall(without_comments(text)[0]):
        called = (name, element, int(lanes or 1))
        if called != request:
            _collect(called, dialect, features, texts)
    texts[request] = text


@lru_cache(maxsize=4096)
def _text(name: str, element: str, lanes: int, dialect: str, features: frozenset[str]) -> str:
    target = Target(element, lanes, dialect, features)
    function = functions().get((name, element))
    if function is not None and not (target.avx512 and name in TEMPLATES):
        return instantiate(function, target)
    if name in MEMORY or name in TREES or (name in SIGNATURES and element[0] == "f"):
        return primitive_source(name, target)
    raise ValueError(f"there is no math function or primitive {name!r} for {element}")


def of_integers(name: str) -> bool:
    """Whether a name is that of a function of 64-bit unsigned integers; its texts are those of the precision "f64"."""
    function = functions().get((name, "f64"))
    return function is not None and function.of_integers


def type_source(lanes: Iterable[int]) -> str:
    """The vector types of dialect "c" with the given numbers of lanes, and with fewer, for all element types."""
    widest = max([1, *lanes])
    lines = [
        "#if defined(__has_builtin)",
        "#if __has_builtin(__builtin_shufflevector)",
        "#define ST_SHUFFLE 1",
        "#endif",
        "#endif",
    ]
    count = 2
    while count <= widest:
        lines += [_typedef(element, count) for element in ELEMENTS]
        count *= 2
    return "\n".join(lines) + "\n"


def vector_types(lanes_needed: Iterable[int]) -> list[str]:
    """The names that `type_source` defines for these lane counts."""
    widest = max([1, *lanes_needed])
    return [f"st_{e}x{2**k}" for k in range(1, widest.bit_length()) for e in ELEMENTS]


def _typedef(element: str, lanes: int) -> str:
    scalar = SCALARS["c"][element]
    return f"typedef {scalar} st_{element}x{lanes} __attribute__((vector_size({lanes * bytes_of(element)})));"


def prelude(dialect: str) -> str:
    """What must stand at the head of a program of this dialect for the functions to keep their bits."""
    if dialect == "opencl":
        return "#pragma OPENCL FP_CONTRACT OFF\n#pragma OPENCL EXTENSION cl_khr_fp64 : enable\n"
    return ""
