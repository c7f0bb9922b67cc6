"""Measure the error and the speed of every function of the library and write ``docs/math.md``.

Run ``python -m symtensor.codegen.mathlib.measure [--points N] [output]``; it needs mpmath, a C compiler, and for the
comparison glibc with its vector library.
"""

from __future__ import annotations

import argparse
import ctypes
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np

from symtensor.codegen.mathlib import FUNCTIONS, helper_source, type_source
from symtensor.codegen.mathlib.harness import (
    C_NAMES,
    DTYPES,
    FLAGS,
    INTEGERS,
    Library,
    aligned,
    build,
    compiler,
    host_features,
    sample_points,
    special_values,
)

MANTISSA = {"f32": 24, "f64": 53}
LOWEST_EXPONENT = {"f32": -125, "f64": -1021}
#: enough digits that no function below loses a bit that counts, whatever its argument
DIGITS = 60


def _expit(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def _softplus(x: Any) -> Any:
    return mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)


#: name -> the exact function of finite arguments inside its domain
REFERENCES: dict[str, Callable[..., Any]] = {
    "exp": mpmath.exp, "exp2": lambda x: mpmath.mpf(2) ** x, "expm1": mpmath.expm1, "log": mpmath.log,
    "log1p": mpmath.log1p, "log2": lambda x: mpmath.log(x, 2), "log10": lambda x: mpmath.log(x, 10),
    "tanh": mpmath.tanh, "sinh": mpmath.sinh, "cosh": mpmath.cosh, "sin": mpmath.sin, "cos": mpmath.cos,
    "tan": mpmath.tan, "arctan": mpmath.atan, "arcsin": mpmath.asin, "arccos": mpmath.acos,
    "arctan2": mpmath.atan2, "arcsinh": mpmath.asinh, "arccosh": mpmath.acosh, "arctanh": mpmath.atanh,
    "expit": _expit, "softplus": _softplus, "log_expit": lambda x: -_softplus(-x), "erf": mpmath.erf,
    "erfc": mpmath.erfc, "cbrt": lambda x: mpmath.sign(x) * mpmath.cbrt(abs(x)), "sqrt": mpmath.sqrt,
    "pow": mpmath.power, "hypot": mpmath.hypot, "ndtr": mpmath.ncdf, "gammaln": mpmath.loggamma,
    "digamma": mpmath.digamma, "erfinv": mpmath.erfinv,
    "log_ndtr": lambda x: mpmath.log1p(-mpmath.ncdf(-x)) if x > 0 else mpmath.log(mpmath.ncdf(x)),
}  # fmt: skip

#: name -> the arguments for which the reference is real and finite
DOMAINS: dict[str, Callable[..., Any]] = {
    "log": lambda x: x > 0, "log2": lambda x: x > 0, "log10": lambda x: x > 0, "log1p": lambda x: x > -1,
    "sqrt": lambda x: x >= 0, "arcsin": lambda x: abs(x) <= 1, "arccos": lambda x: abs(x) <= 1,
    "arccosh": lambda x: x >= 1, "arctanh": lambda x: abs(x) < 1, "pow": lambda x, y: x > 0,
    "arctan2": lambda y, x: y != 0, "gammaln": lambda x: x > 0, "erfinv": lambda x: abs(x) < 1,
    "digamma": lambda x: x > 0,
}  # fmt: skip
#: beyond these sizes the result has overflowed or underflowed, and mpmath would take forever
LIMITS: dict[str, float] = {
    "exp": 800, "exp2": 1100, "expm1": 800, "sinh": 800, "cosh": 800, "tanh": 800, "erf": 40, "erfc": 40,
    "expit": 800, "softplus": 800, "log_expit": 800, "ndtr": 60, "log_ndtr": 1000,
}  # fmt: skip


def ulp_error(result: float, exact: Any, precision: str) -> float:
    """The distance of `result` from the exact value, in units of the last place of the latter."""
    bits, lowest = MANTISSA[precision], LOWEST_EXPONENT[precision]
    if np.isinf(result):  # right if the exact value is beyond the largest number and half a unit
        overflow = mpmath.ldexp(1 - mpmath.ldexp(1, -bits - 1), 3 - lowest)
        return 0.0 if abs(exact) >= overflow and (exact > 0) == (result > 0) else float("inf")
    if np.isnan(result):
        return float("inf")
    exponent = max(int(mpmath.frexp(exact)[1]), lowest) if exact else lowest
    return float(abs(mpmath.mpf(result) - exact) / mpmath.ldexp(1, exponent - bits))


def errors(library: Library, name: str, precision: str, lanes: int, points: int, seed: int = 0) -> tuple[float, tuple]:
    """The largest error of a function in ulp, and the arguments where it occurs."""
    rng = np.random.default_rng(seed)
    arguments = []
    for _ in range(FUNCTIONS[name].arity):
        values = np.concatenate([special_values(precision), sample_points(precision, points, rng)])
        arguments.append(rng.permutation(values) if FUNCTIONS[name].arity > 1 else values)
    with np.errstate(all="ignore"):
        usable = np.logical_and.reduce([np.isfinite(a) for a in arguments])
        usable &= DOMAINS.get(name, lambda *a: np.ones(a[0].size, bool))(*arguments)
        usable &= np.abs(arguments[0]) <= LIMITS.get(name, np.inf)
    arguments = [a[usable] for a in arguments]
    arguments = [a[: a.size // lanes * lanes] for a in arguments]
    results = library(name, precision, lanes, *arguments)
    worst, where = -1.0, tuple[float, ...]()
    with mpmath.workdps(DIGITS):
        for row in zip(results.tolist(), *[a.tolist() for a in arguments], strict=True):
            error = ulp_error(row[0], reference(name, *row[1:]), precision)
            if error > worst:
                worst, where = error, row[1:]
    return worst, where


def reference(name: str, *values: float) -> Any:
    """The exact value; powers that overflow or underflow by far are cut off, since mpmath has no limits."""
    if name == "pow":
        logarithm = values[1] * mpmath.log(values[0])
        return mpmath.exp(max(min(logarithm, 1000), -1000))
    return REFERENCES[name](*map(mpmath.mpf, values))


# ------------------------------------------------------------------------------------------------------------- speed
_LIBM = {"arctan": "atan", "arcsin": "asin", "arccos": "acos", "arctan2": "atan2", "arcsinh": "asinh",
         "arccosh": "acosh", "arctanh": "atanh", "gammaln": "lgamma", "pow": "pow"}  # fmt: skip
_ABSENT = {"expit", "softplus", "log_expit", "ndtr", "log_ndtr", "digamma", "erfinv"}
_NO_VECTOR = {"lgamma", "sqrt"}
_RANGES = {"log": (1e-3, 10), "log2": (1e-3, 10), "log10": (1e-3, 10), "log1p": (-0.9, 10), "pow": (0.1, 10),
           "arcsin": (-1, 1), "arccos": (-1, 1), "arctanh": (-0.99, 0.99), "arccosh": (1, 20), "sqrt": (0, 10),
           "gammaln": (0.1, 50), "digamma": (0.1, 50), "erfinv": (-0.99, 0.99)}  # fmt: skip
SIZE = 4096
IN_FLIGHT = 4


def speed(name: str, precision: str, cc: str) -> dict[str, float]:
    """Nanoseconds an element, data in the first cache: "ours", "libmvec" and "libm" where these have the function."""
    shared = build(_speed_source(name, precision, host_features(cc)), cc, [*FLAGS[1:-1], "-O3"])
    rng = np.random.default_rng(1)
    low, high = _RANGES.get(name, (-8, 8))
    arrays = [aligned(rng.uniform(low, high, SIZE).astype(DTYPES[precision])) for _ in range(FUNCTIONS[name].arity)]
    arrays.append(aligned(np.zeros_like(arrays[0])))
    pointers = [ctypes.c_void_p(a.ctypes.data) for a in arrays]
    best: dict[str, float] = {}
    for _ in range(7):
        for kind in ("ours", "libmvec", "libm"):
            if not hasattr(shared, kind):
                continue
            function = getattr(shared, kind)
            start = time.perf_counter()
            for _ in range(20):
                function(*pointers, ctypes.c_int64(SIZE))
            best[kind] = min(best.get(kind, np.inf), (time.perf_counter() - start) / 20 / SIZE * 1e9)
    return best


def _speed_source(name: str, precision: str, features: frozenset[str]) -> str:
    element, width = C_NAMES[precision], 64 if "avx512f" in features else 32 if "avx2" in features else 16
    lanes = width * 8 // int(precision[1:])
    s, names = f"{precision}x{lanes}", ("x", "y")[: FUNCTIONS[name].arity]
    text = INTEGERS + type_source([lanes]) + helper_source([(name, precision, lanes)], "c", features)
    parameters = "".join(f"const {element} *{n}, " for n in names) + f"{element} *r, int64_t n"
    body = "".join(
        f"st_{s} {n}{k} = *(const st_{s} *)({n} + i + {k * lanes}); " for k in range(IN_FLIGHT) for n in names
    )
    for k in range(IN_FLIGHT):
        body += f"*(st_{s} *)(r + i + {k * lanes}) = st_{name}_{s}({', '.join(f'{n}{k}' for n in names)}); "
    text += f"void ours({parameters}) {{ for (int64_t i = 0; i < n; i += {lanes * IN_FLIGHT}) {{ {body} }} }}\n"
    if name in _ABSENT:
        return text
    libm = _LIBM.get(name, name) + ("f" if precision == "f32" else "")
    types, values = ", ".join([element] * len(names)), ", ".join(f"{n}[i]" for n in names)
    loop = f"({parameters}) {{ for (int64_t i = 0; i < n; ++i) r[i] ="
    if _LIBM.get(name, name) not in _NO_VECTOR:
        text += f'extern __attribute__((simd("notinbranch"), const)) {element} {libm}({types});\n'
        text += f"void libmvec{loop} {libm}({values}); }}\n"
    text += f'extern {element} scalar_function({types}) __asm__("{libm}");\n'
    return text + f"void libm{loop} scalar_function({values}); }}\n"


# ---------------------------------------------------------------------------------------------------------- the page
_HEAD = """\
# Math functions of generated code

Written by `python -m symtensor.codegen.mathlib.measure`: change that, or the library, and run it again.

Generated code does not call a math library: the functions below are pasted into it and inlined.  Each is written once
(`symtensor/codegen/mathlib/*.c`) and gives **the same bits** for scalars and vectors of every width, on gcc, clang,
OpenCL and CUDA, since it is made of IEEE basic operations and explicit fma alone; the polynomials come from
`symtensor/codegen/mathlib/fit.py`.  NaN, infinities, -0.0, subnormal arguments and results are as C99 wants them.
What must not be done to the text: contraction (`-ffp-contract=off`, `--fmad=false`, `FP_CONTRACT OFF`), fast-math,
flushing of subnormals; OpenCL programs with float32 need `-cl-fp32-correctly-rounded-divide-sqrt`.

*error*: largest distance from the exact value (mpmath, {digits} digits) in units in the last place over {points} points
a function: bit patterns at random, ranges where the functions bend, neighbours of 1, special values.
*promised*: what the tests hold it to.
*ns*: nanoseconds an element on one core with {features}, data in the first cache, four
vectors an iteration, best of 7, the three timed in turn: compare, don't quote.  libmvec is glibc's vector library (up
to 4 ulp), libm its scalar one.  Long functions wait for their own results: gcc interleaves several vectors only with
`-fschedule-insns`, which took softplus from 0.60 to 0.44 ns (float32) and from 1.53 to 1.06 ns (float64).

| function | error f32 | promised | error f64 | promised | ns f32 | libmvec | libm | ns f64 | libmvec | libm |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def page(points: int, cc: str) -> str:
    """The text of docs/math.md."""
    features = host_features(cc)
    lanes: dict[str, Sequence[int]] = {"f32": (16,), "f64": (8,)}
    library = Library(FUNCTIONS, lanes, cc)
    rows = []
    for name, function in FUNCTIONS.items():
        cells = [f"`{name}`"]
        for precision in MANTISSA:
            worst, where = errors(library, name, precision, lanes[precision][0], points)
            print(f"{name} {precision}: {worst:.3f} ulp at {where}", flush=True)
            cells += [f"{worst:.2f}", f"{function.max_ulp[precision]:g}"]
        for precision in MANTISSA:
            times = speed(name, precision, cc)
            cells += [f"{times[kind]:.2f}" if kind in times else "-" for kind in ("ours", "libmvec", "libm")]
        rows.append("| " + " | ".join(cells) + " |")
    return (
        _HEAD.format(digits=DIGITS, points=points, features=", ".join(sorted(features)) or "no vectors")
        + "\n".join(rows)
        + "\n"
    )


def main() -> None:
    """Measure everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20000)
    parser.add_argument("output", type=Path, nargs="?", default=Path(__file__).parents[3] / "docs" / "math.md")
    arguments = parser.parse_args()
    cc = compiler()
    if cc is None:
        raise SystemExit("no C compiler found")
    arguments.output.write_text(page(arguments.points, cc), encoding="utf-8")


if __name__ == "__main__":
    main()
