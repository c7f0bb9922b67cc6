"""Small helper functions for integers and conversions, with NumPy's meaning and no undefined behaviour.

Floating-point functions live in ``symtensor.codegen.mathlib``; here is what integers need: division that rounds down
and gives 0 for a zero divisor, powers by squaring, and conversions from floats that saturate nothing and trap never.
"""

from __future__ import annotations

import numpy as np

from symtensor.codegen.dialect import SUFFIX, Dialect

_BODIES = {
    ("max", "i"): "return a > b ? a : b;",
    ("min", "i"): "return a < b ? a : b;",
    ("abs", "i"): "return a < 0 ? ({T})-({U})a : a;",
    ("abs", "u"): "return a;",
    # Floor division: C truncates, so one is taken off where the remainder has the other sign; b == -1 wraps around.
    (
        "floordiv",
        "i",
    ): "if (b == 0) return 0; if (b == -1) return ({T})-({U})a; "
    "{T} q = a / b; return q - ((a % b != 0) & ((a ^ b) < 0));",
    ("floordiv", "u"): "return b == 0 ? 0 : a / b;",
    # Newton's iteration from above, which ends at the root rounded down; the second argument is not used.
    ("isqrt", "i"): "(void)b; if (a < 2) return a < 0 ? 0 : a; {T} x = a, y = a / 2 + 1; "
    "while (y < x) {{ x = y; y = (x + a / x) / 2; }} return x;",
    ("mod", "i"): "if (b == 0 || b == -1) return 0; {T} r = a % b; return r + ((r != 0 && (r ^ b) < 0) ? b : 0);",
    ("mod", "u"): "return b == 0 ? 0 : a % b;",
    (
        "pow",
        "i",
    ): "if (b < 0) return a == 1 ? 1 : a == -1 ? (b & 1 ? -1 : 1) : 0; {U} r = 1, s = ({U})a; "
    "for (; b; b >>= 1, s *= s) if (b & 1) r *= s; return ({T})r;",
    ("pow", "u"): "{T} r = 1; for (; b; b >>= 1, a *= a) if (b & 1) r *= a; return r;",
}
_BODIES["max", "u"], _BODIES["min", "u"] = _BODIES["max", "i"], _BODIES["min", "i"]
_SIZE = "{U} x = a < 0 ? -({U})a : ({U})a; "
_EUCLID = "while (y) {{ {U} r = x % y; x = y; y = r; }} "
# Bits in pairs, fours and bytes, which a product adds up (Warren, Hacker's Delight, 5-1).
_COUNT = (
    "x = x - ((x >> 1) & 0x5555555555555555); x = (x & 0x3333333333333333) + ((x >> 2) & 0x3333333333333333); "
    "return ({T})((((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101) >> 56);"
)
for _kind in "iu":
    _size = _SIZE if _kind == "i" else "{U} x = a; "
    _both = _size + _size.replace("x =", "y =").replace("a", "b")
    _BODIES["gcd", _kind] = _both + _EUCLID + "return ({T})x;"
    _BODIES["lcm", _kind] = (
        f"{_both}const {{W}} product_of = x, with = y; {_EUCLID}return x == 0 ? 0 : ({{T}})(product_of / x * with);"
    )
    _BODIES["bitwise_count", _kind] = (
        "{W} x = a < 0 ? ({U})-({U})a : ({U})a; " if _kind == "i" else "{W} x = a; "
    ) + _COUNT
    _BODIES["left_shift", _kind] = "return ({U})b < {bits} ? ({T})(({W})a << b) : 0;"
_BODIES["right_shift", "i"] = "return ({U})b < {bits} ? ({T})(a >> b) : a < 0 ? -1 : 0;"
_BODIES["right_shift", "u"] = "return b < {bits} ? ({T})(a >> b) : 0;"
_BODIES["fmod", "i"] = "return b == 0 || b == -1 ? 0 : ({T})(a % b);"
_BODIES["fmod", "u"] = "return b == 0 ? 0 : a % b;"
UNARY = ("abs", "bitwise_count", "frexp_mantissa", "frexp_exponent")

# Python's floor division and remainder of floats, as NumPy computes them (npy_divmod): from the truncated remainder.
_FLOAT_BODIES = {
    "mod": "{T} r = {fmod}(a, b); return r == 0 ? {copysign}(0, b) : ((r < 0) != (b < 0)) ? r + b : r;",
    "floordiv": (
        "if (b == 0) return a / b; {T} r = {fmod}(a, b), q = (a - r) / b; if (r != 0 && ((r < 0) != (b < 0))) q -= 1; "
        "if (q == 0) return {copysign}(0, a / b); {T} f = {floor}(q); return q - f > ({T})0.5 ? f + 1 : f;"
    ),
    "fmod": "return {fmod}(a, b);",
    "nextafter": "return {nextafter}(a, b);",
    "ldexp": "return {ldexp}(a, (int)b);",
    # What the exponent of an infinity or NaN is C leaves open.
    "frexp_mantissa": "int e = 0; return a - a == 0 ? {frexp}(a, &e) : a;",
    "frexp_exponent": "int e = 0; if (a - a == 0) {frexp}(a, &e); return e;",
}
SMALL_FLOAT = frozenset(_FLOAT_BODIES)
"""Functions of floats that are helpers of this module rather than of the math library."""


def integer_helper(name: str, dtype: np.dtype, dialect: Dialect) -> str:
    """Source of one helper on scalars of an integer dtype.

    Raises:
        KeyError: if integers have no such function.
    """
    kind = "u" if dtype.kind in "ub" else "i"
    body = _BODIES[name, kind]
    t, suffix = dialect.types[dtype.name], SUFFIX[dtype]
    unsigned = dialect.types["u" + dtype.name] if kind == "i" else t
    arguments = f"{t} a" if name in UNARY else f"{t} a, {t} b"
    text = body.format(T=t, U=unsigned, W=dialect.types["uint64"], bits=8 * dtype.itemsize)
    # Sizes mention a root in many places: one function that is called, and whose calls merge, keeps compiling fast.
    alone = name == "isqrt" and not dialect.device
    qualifiers = "static __attribute__((noinline, const))" if alone else dialect.function
    return f"{qualifiers} {t} st_{name}_{suffix}({arguments}) {{ {text} }}"


def float_helper(name: str, dtype: np.dtype, dialect: Dialect) -> str:
    """Source of a function of ``SMALL_FLOAT`` on float scalars."""
    t, suffix = dialect.types[dtype.name], SUFFIX[dtype]
    end = "f" if dtype.itemsize == 4 and dialect.name != "opencl" else ""  # OpenCL has one name for both
    prefix = "__builtin_" if dialect.name == "c" else ""
    spelled = {n: f"{prefix}{n}{end}" for n in ("fmod", "copysign", "floor", "nextafter", "ldexp", "frexp")}
    body = _FLOAT_BODIES[name].format(T=t, **spelled)
    arguments = f"{t} a" if name in UNARY else f"{t} a, {t} b"
    return f"{dialect.function} {t} st_{name}_{suffix}({arguments}) {{ {body} }}"


def conversion_helper(source: np.dtype, target: np.dtype, dialect: Dialect) -> str:
    """Source of a conversion from float to integer: truncates; NaN and what does not fit give the smallest integer,
    as x86 does, where C leaves it undefined.
    """
    s, t = dialect.types[source.name], dialect.types[target.name]
    info = np.iinfo(target)
    wide = target.itemsize < 4 or target == np.dtype("uint32")
    # Small integers go through int64 and wrap, as NumPy's conversions do on x86.
    middle = np.iinfo("int64") if wide else info
    low, high = float(middle.min), float(middle.max)
    high_text = f"({s}){2.0 ** (64 if target == np.dtype('uint64') else 31 if middle.bits == 32 else 63)!r}"
    m = dialect.types["int64"] if wide else t
    least = f"(({m})1 << {middle.bits - 1})" if middle.min < 0 else f"(({m})1 << 63)"
    name = f"st_to_{SUFFIX[target]}_{SUFFIX[source]}"
    del high
    return (
        f"{dialect.function} {t} {name}({s} a) "
        f"{{ return ({t})(a >= ({s}){low!r} && a < {high_text} ? ({m})a : {least}); }}"
    )
