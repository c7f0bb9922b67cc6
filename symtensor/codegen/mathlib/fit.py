"""Fit the polynomials of the math library and write them to ``coefficients.py``.

Run ``python -m symtensor.codegen.mathlib.fit`` after changing a row of :func:`table`; it needs mpmath.
Each polynomial minimises the largest weighted error over its interval (Remez exchange on a dense Chebyshev grid).
Coefficients are rounded to the target precision one after the other, lowest order first, and the remaining ones are
fitted again after each rounding, so that the rounding of the coefficients that matter is repaid by those that do not.
"""

from __future__ import annotations

import argparse
import math
import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import mpmath  # type: ignore[import-untyped]
import numpy as np

from symtensor.records import dataclass

Function = Callable[[Any], Any]
BITS = {"f32": 24, "f64": 53}
GRID_POINTS = 500


@dataclass(frozen=True)
class Fit:
    """One polynomial: `name` in precision `precision` approximates `function` on [low, high] with `terms` terms.

    `weight(x)` multiplies the error that is minimised; it is chosen so that the weighted error is the relative
    error of the final result.
    """

    name: str
    precision: str
    function: Function
    low: float | str
    high: float | str
    terms: int
    weight: Function


def round_to(value: Any, bits: int) -> Any:
    """`value` rounded to `bits` significant bits, to nearest even."""
    with mpmath.workprec(bits):
        return +mpmath.mpf(value)


def round_down(value: Any, bits: int) -> Any:
    """The positive `value` cut off after `bits` significant bits."""
    exponent = bits - 1 - int(mpmath.floor(mpmath.log(value, 2)))
    return mpmath.ldexp(mpmath.floor(mpmath.ldexp(value, exponent)), -exponent)


def chebyshev_grid(low: Any, high: Any, count: int) -> list[Any]:
    """`count` Chebyshev extrema of [low, high], in increasing order."""
    middle, radius = (low + high) / 2, (high - low) / 2
    return [middle - radius * mpmath.cos(mpmath.pi * k / (count - 1)) for k in range(count)]


def remez(grid: list[Any], values: list[Any], weights: list[Any], powers: list[int]) -> tuple[list[Any], Any]:
    """Coefficients of x**p for p in `powers` that minimise max |w (f - sum c x**p)| over the grid, and that maximum."""
    terms = len(powers)
    chosen = [round(k * (len(grid) - 1) / terms) for k in range(terms + 1)]
    basis = [[x**p for p in powers] for x in grid]
    best: tuple[list[Any], Any] | None = None
    for _ in range(40):
        matrix = mpmath.matrix(terms + 1, terms + 1)
        right = mpmath.matrix(terms + 1, 1)
        for row, k in enumerate(chosen):
            for column in range(terms):
                matrix[row, column] = basis[k][column] * weights[k]
            matrix[row, terms] = (-1) ** row
            right[row] = values[k] * weights[k]
        solution = mpmath.lu_solve(matrix, right)
        coefficients = [solution[k] for k in range(terms)]
        errors = [w * (f - mpmath.fdot(coefficients, b)) for w, f, b in zip(weights, values, basis, strict=True)]
        largest = max(abs(e) for e in errors)
        if best is None or largest < best[1]:
            best = (coefficients, largest)
        exchanged = exchange(errors, terms + 1)
        if exchanged == chosen or exchanged is None:
            break
        chosen = exchanged
    assert best is not None
    return best


def largest_error(
    grid: list[Any], values: list[Any], weights: list[Any], powers: list[int], coefficients: list[Any]
) -> Any:
    """The largest weighted error of sum c x**p over the grid."""
    return max(
        abs(w * (f - sum(c * x**p for c, p in zip(coefficients, powers, strict=True))))
        for x, f, w in zip(grid, values, weights, strict=True)
    )


def exchange(errors: list[Any], count: int) -> list[int] | None:
    """Indices of `count` alternating extrema of the error curve, the smallest end dropped while there are too many."""
    extrema: list[int] = []
    for k, error in enumerate(errors):
        if error == 0:
            continue
        if extrema and (error > 0) == (errors[extrema[-1]] > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = k
        else:
            extrema.append(k)
    while len(extrema) > count:
        extrema.pop(0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1)
    return extrema if len(extrema) == count else None


def solve(fit: Fit) -> tuple[list[float], float]:
    """The rounded coefficients of a fit, lowest order first, and its largest weighted error."""
    bits = BITS[fit.precision]
    grid = chebyshev_grid(mpmath.mpf(fit.low), mpmath.mpf(fit.high), GRID_POINTS)
    grid = [x for x in grid if x != 0 and fit.weight(x) > 1e-15]  # where the weight vanishes any polynomial will do
    values = [fit.function(x) for x in grid]
    weights = [fit.weight(x) for x in grid]
    rest = list(values)
    rounded: list[float] = []
    coefficients: list[Any] = []
    for power in range(fit.terms):
        powers = list(range(power, fit.terms))
        # Without the low powers the exchange can fail on an interval around 0: then the last fit stands.
        before = largest_error(grid, rest, weights, powers, coefficients[1:]) if power else mpmath.inf
        try:
            refitted, error = remez(grid, rest, weights, powers)
        except ZeroDivisionError:
            refitted, error = [], mpmath.inf
        coefficients = refitted if error < before else coefficients[1:]
        coefficient = round_to(coefficients[0], bits)
        rounded.append(float(coefficient))
        rest = [r - coefficient * x**power for r, x in zip(rest, grid, strict=True)]
    return rounded, float(max(abs(w * r) for w, r in zip(weights, rest, strict=True)))


def series(function: Function, order: int, powers: int) -> Function:
    """x -> sum over k >= order of the Taylor coefficients a_k x**(k - order), for |x| too small to subtract."""
    coefficients = mpmath.taylor(function, 0, order + powers)[order:]
    return lambda x: mpmath.polyval(coefficients[::-1], x)


def tail(function: Function, order: int) -> Function:
    """x -> (f(x) - its Taylor polynomial below x**order) / x**order, computed without cancellation near 0."""
    near = series(function, order, 30)
    low = mpmath.taylor(function, 0, order - 1)
    return lambda x: near(x) if abs(x) < 0.01 else (function(x) - mpmath.polyval(low[::-1], x)) / mpmath.mpf(x) ** order


def odd_tail(function: Function, order: int) -> Function:
    """z -> the tail of f at sqrt(z): for odd or even f, whose tail is a function of z = x*x."""
    inner = tail(function, order)
    return lambda z: inner(mpmath.sqrt(z))


mpmath.mp.dps = 80
LN2 = mpmath.log(2)
HALF_LN2 = LN2 / 2 * mpmath.mpf("1.0001")
ATANH_HIGH = 0.0401  # (f / (2 + f))**2 at f = 1/2
QUARTER_PI = mpmath.pi / 4 * mpmath.mpf("1.002")


def _relative(function: Function, order: int) -> Function:
    """The weight that turns the error of a tail of the given order into the relative error of the function."""
    return lambda x: abs(mpmath.mpf(x) ** order / function(x)) if x != 0 else mpmath.mpf(0)


def _log_atanh(s: Any) -> Any:
    return mpmath.log((1 + s) / (1 - s))


def _exp2_tail(r: Any) -> Any:
    """(2**r - 1) / r"""
    return mpmath.expm1(r * LN2) / r if r != 0 else LN2


_TWO_BY_ROOT_PI = 2 / mpmath.sqrt(mpmath.pi)


def _erf_log(x: Any) -> Any:
    """-log(erfc(x)) / x - 1"""
    return -mpmath.log(mpmath.erfc(x)) / x - 1 if x else _TWO_BY_ROOT_PI - 1


def _erfcx(t: Any) -> Any:
    """exp(x**2) erfc(x) / u at x = 1/u - 2, u = (1 - t)/4"""
    u = (1 - t) / 4
    x = 1 / u - 2
    return mpmath.exp(x * x) * mpmath.erfc(x) / u


def _gammaln_near(s: Any) -> Any:
    """lgamma(2 + s) / s"""
    return mpmath.loggamma(2 + s) / s if abs(s) > 1e-20 else mpmath.digamma(2)


def _stirling(z: Any) -> Any:
    """What Stirling's formula lacks at x = z**-1/2, times x"""
    if z < 1e-5:
        return mpmath.polyval([mpmath.mpf(1) / 1260, -mpmath.mpf(1) / 360, mpmath.mpf(1) / 12], z) - z**3 / 1680
    x = 1 / mpmath.sqrt(z)
    return x * (mpmath.loggamma(x) - (x - 0.5) * mpmath.log(x) + x - mpmath.log(2 * mpmath.pi) / 2)


DIGAMMA_ROOT = mpmath.findroot(mpmath.digamma, 1.4616)


def _digamma_near(v: Any) -> Any:
    """digamma(x) / (x - root) at x = 3/2 + v"""
    d = v + mpmath.mpf(1.5) - DIGAMMA_ROOT
    return mpmath.digamma(v + 1.5) / d if abs(d) > 1e-20 else mpmath.polygamma(1, DIGAMMA_ROOT)


def _digamma_tail(z: Any) -> Any:
    """(log x - 1/(2 x) - digamma(x)) x**2 at x = z**-1/2"""
    if z < 1e-5:
        return mpmath.polyval([mpmath.mpf(1) / 252, -mpmath.mpf(1) / 120, mpmath.mpf(1) / 12], z) - z**3 / 240
    x = 1 / mpmath.sqrt(z)
    return x * x * (mpmath.log(x) - 1 / (2 * x) - mpmath.digamma(x))


def _erfinv(w: Any) -> Any:
    """erfinv(x) / x where w = -log(1 - x**2)"""
    rest = mpmath.exp(-w)
    x = mpmath.sqrt(1 - rest)
    if abs(w) < 1e-20:
        return mpmath.sqrt(mpmath.pi) / 2
    if w < 1:
        return mpmath.erfinv(x) / x
    complement = rest / (1 + x)  # 1 - x, without cancellation
    y = mpmath.sqrt(w)
    for _ in range(60):  # Newton's method on log(erfc), which is nearly a parabola
        value = mpmath.erfc(y)
        step = (mpmath.log(value) - mpmath.log(complement)) * value * mpmath.sqrt(mpmath.pi) / 2 * mpmath.exp(y * y)
        y += step
        if abs(step) < mpmath.mpf(10) ** -70:
            break
    return y / x


def table() -> list[Fit]:
    """All polynomials of the library."""
    fits: list[Fit] = []
    for precision, terms in (
        ("f32", {"EXP": 5, "EXPM1": 6, "EXP2": 6, "SIN": 3, "COS": 3, "TAN": 7, "LOG": 8, "POW": 2,
                 "TANH": 5, "ATAN": 8, "ASIN": 5, "CBRT": 5, "ERF": 7, "ERF_LOG": 10, "ERFCX": 10,
                 "GAMMALN": 9, "STIRLING": 3, "DIGAMMA": 10, "DIGAMMA_TAIL": 3,
                 "ERFINV_1": 12, "ERFINV_2": 10}),
        ("f64", {"EXP": 10, "EXPM1": 11, "EXP2": 12, "SIN": 6, "COS": 6, "TAN": 15, "LOG": 8, "POW": 7,
                 "TANH": 11, "ATAN": 20, "ASIN": 12, "CBRT": 8, "ERF": 13, "ERFC_LOG": 19, "ERFCX": 23,
                 "GAMMALN": 19, "STIRLING": 8, "DIGAMMA": 21, "DIGAMMA_TAIL": 8,
                 "ERFINV_1": 24, "ERFINV_2": 21, "ERFINV_3": 19}),
    ):  # fmt: skip

        def add(name: str, function: Function, low: Any, high: Any, weight: Function, precision: str = precision,
                terms: dict[str, int] = terms) -> None:  # fmt: skip
            fits.append(Fit(name, precision, function, str(low), str(high), terms[name], weight))

        # exp(r) = 1 + r + r**2 EXP(r); the same for expm1(r) = r + r**2 EXPM1(r), small relative to r
        add("EXP", tail(mpmath.exp, 2), -HALF_LN2, HALF_LN2, lambda x: x * x)
        add("EXPM1", tail(mpmath.exp, 2), -HALF_LN2, HALF_LN2, _relative(mpmath.expm1, 2))
        # 2**r = 1 + r EXP2(r)
        add("EXP2", _exp2_tail, -0.5001, 0.5001, abs)
        # sin(r) = r + r**3 SIN(r**2), cos(r) = 1 - r**2/2 + r**4 COS(r**2), tan(r) = r + r**3 TAN(r**2)
        add("SIN", odd_tail(mpmath.sin, 3), 0, QUARTER_PI**2, lambda z: z)
        add("COS", odd_tail(mpmath.cos, 4), 0, QUARTER_PI**2, lambda z: z * z)
        add(
            "TAN", odd_tail(mpmath.tan, 3), 0, QUARTER_PI**2, lambda z: mpmath.sqrt(z) ** 3 / mpmath.tan(mpmath.sqrt(z))
        )
        if precision == "f32":  # log(1 + f) = f - f**2/2 + f**3 LOG(f)
            add("LOG", tail(mpmath.log1p, 3), -0.25, 0.5, _relative(mpmath.log1p, 3))
        else:  # log((1 + s)/(1 - s)) = 2 s + s**3 LOG(s**2)
            add("LOG", odd_tail(_log_atanh, 3), 0, ATANH_HIGH, lambda z: z)
        # atan(x) = x + x**3 ATAN(x**2) for x <= 1, asin(x) = x + x**3 ASIN(x**2) for x <= 1/2
        add("ATAN", odd_tail(mpmath.atan, 3), 0, 1, lambda z: mpmath.sqrt(z) ** 3 / mpmath.atan(mpmath.sqrt(z)))
        add("ASIN", odd_tail(mpmath.asin, 3), 0, 0.25, lambda z: z)
        # tanh(x) = x + x**3 TANH(x**2) for x < TANH_SMALL
        add("TANH", odd_tail(mpmath.tanh, 3), 0, 0.6**2, lambda z: mpmath.sqrt(z) ** 3 / mpmath.tanh(mpmath.sqrt(z)))
        # a start for the cube root
        add("CBRT", mpmath.cbrt, 0.75, 1.5, lambda x: 1)
        # erf(x) = x + x ERF(x**2) for x <= ERF_SMALL, 1 - exp(ERFC_LOG(x)) up to where it rounds to 1; f32: one for all
        erf_small = 0.95
        add("ERF", lambda z: mpmath.erf(mpmath.sqrt(z)) / mpmath.sqrt(z) - 1, 0, erf_small**2, lambda z: 1)
        if precision == "f32":  # erf(x) = 1 - exp(-x - x ERF_LOG(x)), small relative to erf
            add("ERF_LOG", _erf_log, 0, 3.95, lambda x: mpmath.erfc(x) / (mpmath.erf(x) / x if x else _TWO_BY_ROOT_PI))
        else:
            add("ERFC_LOG", lambda x: mpmath.log(mpmath.erfc(x)), erf_small - 0.01, 5.95, mpmath.erfc)
        # erfc(x) = exp(-x**2) u ERFCX(1 - 4 u) with u = 1/(x + 2) for x >= 1/2, until it underflows
        high = 10.1 if precision == "f32" else 27.3
        add("ERFCX", _erfcx, 1 - 4 / (0.4999 + 2), 1 - 4 / (high + 2), lambda t: 1 / _erfcx(t))
        # lgamma(2 + s) = s GAMMALN(s) for |s| <= 1/2; (x - 1/2) (log x - 1) + HALF_LOG_TAU + STIRLING(1/x**2)/x, x >= 8
        add("GAMMALN", _gammaln_near, -0.5, 0.5, lambda s: 1 / _gammaln_near(s))
        add("STIRLING", _stirling, 0, 1 / 64, lambda z: 1)
        # digamma(x) = (x - root) DIGAMMA(x - 3/2) for x in [1, 2]; log x - 1/(2 x) - DIGAMMA_TAIL(1/x**2)/x**2, x >= 8
        add("DIGAMMA", _digamma_near, -0.5, 0.5, lambda v: 1 / _digamma_near(v))
        add("DIGAMMA_TAIL", _digamma_tail, 0, 1 / 64, lambda z: 1)
        # erfinv(x) = x ERFINV(...) with w = -log(1 - x**2), of w - 3 for w < 6, and of sqrt(w) - 3 or - 5 beyond
        add("ERFINV_1", lambda v: _erfinv(v + 3), -3, 3.01, lambda v: 1 / _erfinv(v + 3))
        high = 17 if precision == "f32" else 16.1
        add("ERFINV_2", lambda v: _erfinv((v + 3) ** 2), math.sqrt(5.99) - 3, math.sqrt(high) - 3,
            lambda v: 1 / _erfinv((v + 3) ** 2))  # fmt: skip
        if precision == "f64":
            add("ERFINV_3", lambda v: _erfinv((v + 5) ** 2), math.sqrt(15.99) - 5, math.sqrt(37) - 5,
                lambda v: 1 / _erfinv((v + 5) ** 2))  # fmt: skip
        # atanh(s) = s + s**3 (1/3 + s**2 (1/5 + s**2 POW(s**2)))
        add("POW", odd_tail(mpmath.atanh, 7), 0, ATANH_HIGH, lambda z: z**3)
    return fits


def _put(
    result: dict[tuple[str, str], float | int], precision: str, bits: int, name: str, value: Any, keep: int = 0
) -> Any:
    """Store a constant, rounded to `keep` or all bits of the precision, and return what was rounded away."""
    rounded = round_to(value, keep or bits)
    result[name, precision] = float(rounded)
    return value - rounded


def constants() -> dict[tuple[str, str], float | int]:
    """Named constants of each precision; X_HI + X_LO (+ X_LOLO) splits X, for reductions with exact products."""
    result: dict[tuple[str, str], float | int] = {}
    for precision, bits in BITS.items():
        put = partial(_put, result, precision, bits)
        # n * LN2_HI is exact for every exponent n
        put("LN2_LO", put("LN2_HI", LN2, bits - 12))
        mantissa = bits - 1
        bias = 127 if bits == 24 else 1023
        sign = 31 if bits == 24 else 63
        integers = {
            "ABS_BITS": 2**sign - 1, "INF_BITS": (2 * bias + 1) << mantissa, "ONE_BITS": bias << mantissa,
            "NAN_BITS": ((2 * bias + 1) << mantissa) + (1 << (mantissa - 1)),
            "MANTISSA_BITS": 2**mantissa - 1, "MANTISSA": mantissa, "SIGN": sign, "BIAS": bias,
            "THREE_QUARTERS_BITS": ((bias - 1) << mantissa) + (1 << (mantissa - 1)),
            "MAGIC_BITS": ((bias + mantissa) << mantissa) + (1 << (mantissa - 1)),
        }  # fmt: skip
        result |= {(name, precision): value for name, value in integers.items()}
        # adding MAGIC rounds to the nearest integer and leaves it in the low bits
        put("MAGIC", mpmath.mpf(1.5) * 2**mantissa)
        # subnormal numbers become normal by this power of 2
        put("SUBNORMAL_SHIFT", bits + 1)
        put("SUBNORMAL_SCALE", mpmath.mpf(2) ** (bits + 1))
        put("MIN_NORMAL", mpmath.mpf(2) ** (1 - bias))
        # numbers below it may lose bits when they are scaled
        put("TINY", mpmath.mpf(2) ** (-100 if bits == 24 else -900))
        # exp underflows to 0 below EXP_LOW and overflows above EXP_HIGH
        put("EXP_LOW", -104.0 if bits == 24 else -746.0)
        put("EXP_HIGH", 89.0 if bits == 24 else 710.0)
        put("EXPM1_LOW", -18.0 if bits == 24 else -38.0)
        put("EXP2_LOW", -151.0 if bits == 24 else -1076.0)
        put("EXP2_HIGH", 129.0 if bits == 24 else 1025.0)
        put("SINH_HIGH", 89.5 if bits == 24 else 710.6)
        put("TANH_SMALL", 0.6)
        put("TANH_HIGH", 9.1 if bits == 24 else 19.1)
        put("LOG2E", 1 / LN2)
        put("LN2", LN2)
        put("ERF_SMALL", 0.95)
        put("ERF_HIGH", 3.95 if bits == 24 else 5.95)
        put("ERFC_HIGH", 10.1 if bits == 24 else 27.3)
        put("CBRT_TWO", mpmath.cbrt(2))
        put("CBRT_HALF", mpmath.cbrt(0.5))
        # hypot scales numbers beyond these limits, so that squares neither overflow nor lose bits that count
        for name, exponents in (("LOW", (-40, -500)), ("HIGH", (40, 500)), ("UP", (90, 600)), ("DOWN", (-90, -600))):
            put(f"HYPOT_{name}", mpmath.mpf(2) ** exponents[bits == 53])
        put("HALF_LOG_TAU", mpmath.log(2 * mpmath.pi) / 2 - mpmath.mpf(0.5))
        put("PI", +mpmath.pi)
        put("LOG_PI", mpmath.log(mpmath.pi))
        put("DIGAMMA_ROOT_LO", put("DIGAMMA_ROOT", DIGAMMA_ROOT))
        put("ROOT_PI_INVERSE", 1 / mpmath.sqrt(mpmath.pi))
        put("SQRT_HALF_LO", put("SQRT_HALF", mpmath.sqrt(0.5)))
        # up to it squares do not overflow, beyond it 1 + x rounds to x
        put("ARC_HIGH", mpmath.mpf(2) ** (60 if bits == 24 else 500))
        put("LOG2E_LO", put("LOG2E_HI", 1 / LN2))
        put("TWO_LOG2E_LO", put("TWO_LOG2E_HI", 2 / LN2))
        put("LOG10E_LO", put("LOG10E_HI", 1 / mpmath.log(10)))
        put("LOG10_2_LO", put("LOG10_2_HI", mpmath.log10(2), bits - 12))
        put("THIRD_LO", put("THIRD", mpmath.mpf(1) / 3))
        put("FIFTH", mpmath.mpf(1) / 5)
        put("TWO_OVER_PI", 2 / mpmath.pi)
        put("ONE_OVER_PI", 1 / mpmath.pi)
        # all parts positive, so that -0 - n * part stays -0 for n = 0
        for name, value in (("PI", +mpmath.pi), ("PIO2", mpmath.pi / 2)):
            for part in (1, 2, 3):
                rounded = round_down(value, bits)
                put(f"{name}_{part}", rounded)
                value -= rounded
        # up to here sin, cos and tan take off multiples of pi in three parts
        put("TRIG_HIGH", 1e5 if bits == 24 else 1e9)
        # y with more makes every x**y but 1**y overflow or underflow
        put("POW_HIGH", mpmath.mpf(2) ** (32 if bits == 24 else 64))
    return result


def main() -> None:
    """Fit the polynomials that are named on the command line, or all, and write ``coefficients.py``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="polynomials to fit again; the others, and `none`, keep what they have"
    )
    names = parser.parse_args().names
    path = Path(__file__).with_name("coefficients.py")
    known: dict[str, Any] = runpy.run_path(str(path)) if path.exists() and names else {}
    lines = [
        '"""Polynomials and constants of the math library.  Written by fit.py: change that and run it again."""', "",
        "from __future__ import annotations", "",
        "#: (name, precision) -> coefficients, lowest order first",
        "POLYNOMIALS: dict[tuple[str, str], tuple[float, ...]] = {",
    ]  # fmt: skip
    for fit in table():
        coefficients = list(known.get("POLYNOMIALS", {}).get((fit.name, fit.precision), ()))
        if not names or fit.name in names:
            coefficients, error = solve(fit)
            print(f"{fit.name} {fit.precision}: {fit.terms} terms, weighted error 2^{np.log2(error):.1f}", flush=True)
        lines.append(f'    ("{fit.name}", "{fit.precision}"): (')
        lines += [f"        {shortest(c, fit.precision)}," for c in coefficients] + ["    ),"]
    lines += ["}", "", "#: (name, precision) -> value", "CONSTANTS: dict[tuple[str, str], float | int] = {"]
    for (name, precision), value in constants().items():
        text = f"0x{value:x}" if isinstance(value, int) else shortest(value, precision)
        lines.append(f'    ("{name}", "{precision}"): {text},')
    path.write_text("\n".join([*lines, "}", ""]))


def shortest(value: float, precision: str) -> str:
    """The shortest decimal that reads back as the same number of that precision."""
    return repr(float(str(np.float32(value)))) if precision == "f32" else repr(value)


if __name__ == "__main__":
    main()
