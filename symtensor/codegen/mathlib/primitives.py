"""The primitives that the math templates and the kernel printer are written in, for every target.

Each primitive is one small C function.  Where the instruction set has an instruction for it, the function is one
compiler builtin (no header is needed); elsewhere it is plain C with the same bits.  Comparisons inside the library
give a mask `M` (see `Target.mask`); the `select` primitive of the kernel printer takes an integer vector instead.
"""

from __future__ import annotations

import re

from symtensor.codegen.mathlib.memory import MEMORY, TREES, memory_source, tree_source
from symtensor.codegen.mathlib.target import QUALIFIERS, SCALARS, Target
from symtensor.codegen.mathlib.x86 import avx2, avx512

#: name -> (result, parameters), in the letters of the templates: F float, I integer, U unsigned integer, M mask, T one
#: float element, J one integer element, W a 64-bit unsigned scalar, i int, p pointer to F
SIGNATURES: dict[str, tuple[str, str]] = {
    "fma": ("F", "FFF"), "sqrt": ("F", "F"), "abs": ("F", "F"), "copysign": ("F", "FF"),
    "floor": ("F", "F"), "ceil": ("F", "F"), "trunc": ("F", "F"), "rint": ("F", "F"),
    "least": ("F", "FF"), "greatest": ("F", "FF"), "max": ("F", "FF"), "min": ("F", "FF"),
    "lt": ("M", "FF"), "le": ("M", "FF"), "gt": ("M", "FF"), "ge": ("M", "FF"), "eq": ("M", "FF"), "ne": ("M", "FF"),
    "ilt": ("M", "II"), "igt": ("M", "II"), "ieq": ("M", "II"), "lnot": ("M", "M"), "any": ("i", "M"),
    "blend": ("F", "MFF"), "iblend": ("I", "MII"), "select": ("F", "IFF"),
    "as_int": ("I", "F"), "as_uint": ("U", "F"), "as_float": ("F", "I"), "to_float": ("F", "I"), "to_int": ("I", "F"),
    "shr": ("I", "Ii"), "shl": ("I", "Ii"), "splat": ("F", "T"), "isplat": ("I", "J"), "mul_high": ("W", "WW"),
    "mul_wide": ("U", "UU"),
    # these have templates, in scale.c, for where the processor has no instruction
    "scale2": ("F", "FF"), "pow2": ("F", "F"), "split": ("F", "Fp"), "log_special": ("F", "FF"),
}  # fmt: skip

_COMPARE = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_INT_COMPARE = {"ilt": "<", "igt": ">", "ieq": "=="}
#: clang's names of functions on whole vectors, where they differ
_ELEMENTWISE = {"rint": "roundeven"}
#: primitives that a template stands for where the processor has no instruction
TEMPLATES = ("scale2", "pow2", "split", "log_special")
#: what needs no brackets beside an operator: names, numbers, calls, what has brackets already
_SIMPLE = re.compile(r"-?[\w.]+|-?\w*\([^()]*\)")


def infix(name: str, arguments: list[str]) -> str | None:
    """A primitive on scalars as a C expression, or None if it has to be a call."""
    operator = _COMPARE.get(name) or _INT_COMPARE.get(name)
    arguments = [a if _SIMPLE.fullmatch(a) else f"({a})" for a in arguments]
    if operator:
        return f"({arguments[0]} {operator} {arguments[1]})"
    if name in ("blend", "iblend"):
        return f"({arguments[0]} ? {arguments[1]} : {arguments[2]})"
    if name == "lnot":
        return f"!{arguments[0]}"
    if name in ("any", "splat", "isplat"):
        return arguments[0]
    return None


def primitive_source(name: str, target: Target) -> str:
    """The C text of one primitive.

    Raises:
        KeyError: there is no primitive of that name.
    """
    if name in MEMORY:
        return memory_source(name, target)
    if name in TREES:
        return tree_source(name, target)
    result, parameters = SIGNATURES[name]
    letters = {
        "F": target.type("f"), "I": target.type("i"), "U": target.type("u"), "M": target.mask, "i": "int",
        "T": target.scalar, "J": target.with_lanes(1).type("i"), "p": target.type("f") + " *",
        "W": SCALARS[target.dialect]["u64"],
    }  # fmt: skip
    names = "mab" if parameters[0] == "M" or name == "select" else "abc"
    declared = ", ".join(f"{letters[p]} {n}" for p, n in zip(parameters, names, strict=False))
    if target.vector:
        body = avx512(name, target) or avx2(name, target) or _portable(name, target)
    else:
        body = _scalar(name, target)
    head = f"{QUALIFIERS[target.dialect]} {letters[result]} st_{name}_{target.suffix}({declared})"
    return f"{head} {{ {body} }}\n" if "\n" not in body else f"{head} {{\n{body.strip(chr(10))}\n}}\n"


def _math(name: str, target: Target) -> str:
    """The name of a C math function on one element."""
    f = "f" if target.bits == 32 else ""
    return {"c": f"__builtin_{name}{f}", "cuda": f"{name}{f}", "opencl": name}[target.dialect]


def _scalar(name: str, t: Target) -> str:
    f, i, u = t.type("f"), t.type("i"), t.type("u")
    """Plain C, and the few functions in which the dialects differ."""
    if name == "fma":
        return f"return {_math('fma', t)}(a, b, c);"
    if name in ("sqrt", "floor", "ceil", "trunc", "rint"):
        return f"return {_math(name, t)}(a);"
    if name == "abs":
        return f"return {_math('fabs', t)}(a);"
    if name == "copysign":
        return f"return {_math('copysign', t)}(a, b);"
    simple = {
        "least": "return a < b ? a : b;",
        "greatest": "return a > b ? a : b;",
        "max": "return a > b || a != a ? a : b;",
        "min": "return a < b || a != a ? a : b;",
        "select": "return m ? a : b;",
        "to_float": f"return ({f})a;",
        "to_int": f"return ({i})a;",
        "as_uint": f"return ({u})st_as_int_{t.suffix}(a);",
        "shr": f"return ({i})(({u})a >> b);",
        "shl": f"return ({i})(({u})a << b);",
    }
    if name in simple:
        return simple[name]
    if name in ("as_int", "as_float"):
        to, of = (i, f) if name == "as_int" else (f, i)
        if t.dialect == "opencl":
            return f"return as_{to}(a);"
        if t.dialect == "cuda":
            kinds = ("float", "int") if t.bits == 32 else ("double", "longlong")
            return f"return __{kinds[name != 'as_int']}_as_{kinds[name == 'as_int']}(a);"
        return f"union {{ {of} from; {to} to; }} bits = {{ a }}; return bits.to;"
    if name == "mul_high":
        wide = "(uint64_t)(((unsigned __int128)a * b) >> 64)"
        return f"return { {'c': wide, 'cuda': '__umul64hi(a, b)', 'opencl': 'mul_hi(a, b)'}[t.dialect] };"
    if name == "mul_wide":  # the product of the lower halves
        return f"return ({u})({SCALARS[t.dialect]['u32']})a * ({SCALARS[t.dialect]['u32']})b;"
    expression = infix(name, list("mab" if SIGNATURES[name][1][0] == "M" else "abc"))
    return f"return {expression};"


def _portable(name: str, t: Target) -> str:
    """GNU vector extensions, and a loop over the lanes where these have no operator."""
    f, i, u, n = t.type("f"), t.type("i"), t.type("u"), t.lanes
    sign = "(-0x7fffffff - 1)" if t.bits == 32 else "(-0x7fffffffffffffffLL - 1)"
    if name in _COMPARE or name in _INT_COMPARE:
        return f"return ({i})(a {_COMPARE.get(name) or _INT_COMPARE[name]} b);"
    # a where the mask is set, else b: two operations, as gcc makes them masked ones
    mix = f"return ({f})(({i})b ^ ({{0}} & (({i})a ^ ({i})b)));"
    simple = {
        "abs": f"return ({f})(({i})a & ~{sign});",
        "copysign": f"return ({f})((({i})a & ~{sign}) | (({i})b & {sign}));",
        "least": mix.format("(a < b)"),
        "greatest": mix.format("(a > b)"),
        "max": mix.format("((a > b) | (a != a))"),
        "min": mix.format("((a < b) | (a != a))"),
        "blend": mix.format("m"),
        "select": mix.format("m"),
        "iblend": "return b ^ (m & (a ^ b));",
        "lnot": "return ~m;",
        "as_int": f"return ({i})a;",
        "as_uint": f"return ({u})a;",
        "as_float": f"return ({f})a;",
        "to_int": f"return __builtin_convertvector(a, {i});",
        "shr": f"return ({i})(({u})a >> b);",
        "shl": f"return ({i})(({u})a << b);",
        "mul_wide": "return (a & 0xFFFFFFFFu) * (b & 0xFFFFFFFFu);",
        "splat": f"return ({f}){{ {', '.join('a' for _ in range(n))} }};",
        "isplat": f"return ({i}){{ {', '.join('a' for _ in range(n))} }};",
    }
    if name in simple:
        return simple[name]
    if name == "to_float":
        if t.bits == 64 and "avx512dq" not in t.features:
            # no 64-bit conversion: put the integer into the mantissa of 1.5 * 2**52 (|a| < 2**51)
            return f"return ({f})(a + 0x4338000000000000LL) - 6755399441055744.0;"
        return f"return __builtin_convertvector(a, {f});"
    if name == "any":
        return f"int r = 0; for (int k = 0; k < {n}; ++k) r |= m[k] != 0; return r;"
    lane, whole = ("a[k], b[k], c[k]", "a, b, c") if name == "fma" else ("a[k]", "a")
    loop = f"{f} r; for (int k = 0; k < {n}; ++k) r[k] = {_math(name, t)}({lane}); return r;"
    if "clang" not in t.features:
        return loop
    builtin = f"__builtin_elementwise_{_ELEMENTWISE.get(name, name)}"
    return f"\n#if __has_builtin({builtin})\n  return {builtin}({whole});\n#else\n  {loop}\n#endif\n"
