"""The primitives that the math templates and the kernel printer are written in, for every target.

Each primitive is one small C function.  Where the instruction set has an instruction for it, the function is one
compiler builtin (no header is needed); elsewhere it is plain C with the same bits.  Comparisons inside the library
give a mask `M` (see `Target.mask`); the `select` primitive of the kernel printer takes an integer vector instead.
"""

from __future__ import annotations

import re

from symtensor.codegen.mathlib.target import QUALIFIERS, SCALARS, Target

#: name -> (result, parameters), in the letters of the templates: F float, I integer, M mask, T one float element,
#: J one integer element, W a 64-bit unsigned scalar, i int, p pointer to F
SIGNATURES: dict[str, tuple[str, str]] = {
    "fma": ("F", "FFF"), "sqrt": ("F", "F"), "abs": ("F", "F"), "copysign": ("F", "FF"),
    "floor": ("F", "F"), "ceil": ("F", "F"), "trunc": ("F", "F"), "rint": ("F", "F"),
    "least": ("F", "FF"), "greatest": ("F", "FF"), "max": ("F", "FF"), "min": ("F", "FF"),
    "lt": ("M", "FF"), "le": ("M", "FF"), "gt": ("M", "FF"), "ge": ("M", "FF"), "eq": ("M", "FF"), "ne": ("M", "FF"),
    "ilt": ("M", "II"), "igt": ("M", "II"), "ieq": ("M", "II"), "lnot": ("M", "M"), "any": ("i", "M"),
    "blend": ("F", "MFF"), "iblend": ("I", "MII"), "select": ("F", "IFF"),
    "as_int": ("I", "F"), "as_float": ("F", "I"), "to_float": ("F", "I"), "to_int": ("I", "F"), "shr": ("I", "Ii"), "shl": ("I", "Ii"),
    "as_uint": ("U", "F"),
    "splat": ("F", "T"), "isplat": ("I", "J"), "scale2": ("F", "FF"), "pow2": ("F", "F"),
    "mul_high": ("W", "WW"), "split": ("F", "Fp"), "log_special": ("F", "FF"),
}  # fmt: skip

#: loads, stores and horizontal reductions, which the kernel printer uses; the first four also for integer elements
MEMORY = ("load", "store", "load_part", "store_part")
TREES = ("sum_tree", "max_tree", "min_tree")

_COMPARE = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}
_INT_COMPARE = {"ilt": "<", "igt": ">", "ieq": "=="}
#: predicates of the AVX compare instructions (quiet), and of the integer ones
_PREDICATE = {"eq": 0, "lt": 17, "le": 18, "ne": 4, "ge": 29, "gt": 30}
_INT_PREDICATE = {"ieq": 0, "ilt": 1, "igt": 6}
_ROUNDING = {"rint": 8, "floor": 9, "ceil": 10, "trunc": 11}


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
    if name == "any":
        return arguments[0]
    if name in ("splat", "isplat"):
        return arguments[0]
    return None


def primitive_source(name: str, target: Target) -> str:
    """The C text of one primitive.

    Raises:
        KeyError: there is no primitive of that name.
    """
    if name in MEMORY:
        return _memory(name, target)
    if name in TREES:
        return _tree(name, target)
    result, parameters = SIGNATURES[name]
    letters = {
        "F": target.type("f"), "I": target.type("i"), "U": target.type("u"), "M": target.mask, "i": "int", "T": target.scalar,
        "J": target.with_lanes(1).type("i"), "p": target.type("f") + " *", "W": SCALARS[target.dialect]["u64"],
    }  # fmt: skip
    names = "mab" if parameters[0] == "M" or name == "select" else "abc"
    declared = ", ".join(f"{letters[p]} {n}" for p, n in zip(parameters, names, strict=False))
    if target.vector:
        body = _avx512(name, target) or _avx2(name, target) or _portable(name, target)
    else:
        body = _scalar(name, target)
    head = f"{QUALIFIERS[target.dialect]} {letters[result]} st_{name}_{target.suffix}({declared})"
    return f"{head} {{ {body} }}\n" if "\n" not in body else f"{head} {{\n{body}\n}}\n"


def _math(name: str, target: Target) -> str:
    """The name of a C math function on one element."""
    f = "f" if target.bits == 32 else ""
    return {"c": f"__builtin_{name}{f}", "cuda": f"{name}{f}", "opencl": name}[target.dialect]


def _bits(target: Target) -> tuple[int, int, str]:
    """Number of mantissa bits, exponent bias, and the value 1.5 * 2**mantissa that rounds to integers when added."""
    return (23, 127, "12582912.0f") if target.bits == 32 else (52, 1023, "6755399441055744.0")


def _scalar(name: str, t: Target) -> str:
    f, i, u = t.type("f"), t.type("i"), t.type("u")
    if name in ("fma",):
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
        "as_uint": f"return ({u})st_as_int_{t.suffix}(a);",
        "to_int": f"return ({i})a;",
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
    if name in ("scale2", "pow2"):
        return _scaling(name, t)
    if name in _LOGARITHM:
        return _logarithm(name, t)
    if name == "mul_high":
        return {"c": "return (uint64_t)(((unsigned __int128)a * b) >> 64);", "cuda": "return __umul64hi(a, b);",
                "opencl": "return mul_hi(a, b);"}[t.dialect]
    expression = infix(name, ["m" if SIGNATURES[name][1][0] == "M" else "a", *("ab" if "M" in SIGNATURES[name][1][0] else "bc")])
    return f"return {expression};"


def _scaling(name: str, t: Target) -> str:
    """a * 2**b for integral b in [-2 bias, 2 bias], rounded once; 2**a for a in the range of normal numbers.

    The product is formed in two steps, of which only the second can round: subnormal results are right.
    """
    mantissa, bias, magic = _bits(t)
    s, i = t.suffix, t.type("i")
    if name == "pow2":
        one = "0x3f800000" if t.bits == 32 else "0x3ff0000000000000"
        return f"return st_as_float_{s}(st_shl_{s}(st_as_int_{s}(a + {magic}), {mantissa}) + {one});"
    offset = "0x4b400000" if t.bits == 32 else "0x4338000000000000"
    return (
        f"  {i} n = st_as_int_{s}(b + {magic}) - {offset}, k = n >> 1;\n"
        f"  {t.type('f')} first = st_as_float_{s}(st_shl_{s}(k + {bias}, {mantissa}));\n"
        f"  return a * first * st_as_float_{s}(st_shl_{s}(n - k + {bias}, {mantissa}));"
    )


_LOGARITHM = ("split", "log_special")


def _logarithm(name: str, t: Target) -> str:
    """The two ends of a logarithm.

    `split(a, &e)`: the m in [3/4, 3/2) and the integral e with a = m * 2**e, for positive a, subnormal ones included.
    `log_special(a, b)`: b, the logarithm of a, put right for a = +-0, inf, NaN and a < 0.
    """
    mantissa, bias, _ = _bits(t)
    s, f, i, u = t.suffix, t.type("f"), t.type("i"), t.type("u")
    end = "f" if t.bits == 32 else ""
    if name == "log_special":
        infinity, nan = (f"__builtin_{x}{end}({a})" for x, a in (("inf", ""), ("nan", '""')))
        if t.dialect != "c":
            exponent = "0x7f800000" if t.bits == 32 else "0x7ff0000000000000"
            infinity = nan = f"st_as_float_{s}({exponent})"
        if not t.vector:
            return f"return a > 0 && a < {infinity} ? b : a == 0 ? -{infinity} : a < 0 ? {nan} - {infinity} : a;"
        zero = f"st_splat_{s}(0)"
        return (
            f"  {f} r = st_blend_{s}(st_lt_{s}(a, st_splat_{s}({infinity})), b, a);\n"
            f"  r = st_blend_{s}(st_eq_{s}(a, {zero}), st_splat_{s}(-{infinity}), r);\n"
            f"  return st_blend_{s}(st_lt_{s}(a, {zero}), st_splat_{s}({nan}), r);"
        )
    power = 25 if t.bits == 32 else 54
    low = "0x3f400000" if t.bits == 32 else "0x3fe8000000000000"
    normal = f"{2.0 ** (1 - bias)!r}{end}"
    if t.vector:
        small, scaled = f"st_lt_{s}(a, st_splat_{s}({normal}))", f"st_blend_{s}(small, a * {2.0**power!r}{end}, a)"
        shift = f"st_blend_{s}(small, st_splat_{s}({power}), st_splat_{s}(0))"
    else:
        small, scaled, shift = f"a < {normal}", f"small ? a * {2.0**power!r}{end} : a", f"(small ? {power} : 0)"
    return (
        f"  {t.mask} small = {small};\n"
        f"  {i} k = ({i})(st_as_uint_{s}({scaled}) - {low});\n"
        f"  *b = st_to_float_{s}(k >> {mantissa}) - {shift};\n"
        f"  return st_as_float_{s}((k & {hex(2**mantissa - 1)}) + {low});"
    )


def _portable(name: str, t: Target) -> str:
    """GNU vector extensions, and a loop over the lanes where these have no operator."""
    f, i, u, n = t.type("f"), t.type("i"), t.type("u"), t.lanes
    sign = f"({_sign(t)})"
    if name in _COMPARE or name in _INT_COMPARE:
        return f"return ({i})(a {_COMPARE.get(name) or _INT_COMPARE[name]} b);"
    mix = f"({{0}})(({i})b ^ (m & (({i})a ^ ({i})b)))"
    mixed = "return (%s)((%s)({y}) ^ ({m} & ((%s)({x}) ^ (%s)({y}))));" % (f, i, i, i)
    simple = {
        "abs": f"return ({f})(({i})a & ~{sign});",
        "copysign": f"return ({f})((({i})a & ~{sign}) | (({i})b & {sign}));",
        "least": mixed.format(m="(a < b)", x="a", y="b"),
        "greatest": mixed.format(m="(a > b)", x="a", y="b"),
        "max": mixed.format(m="((a > b) | (a != a))", x="a", y="b"),
        "min": mixed.format(m="((a < b) | (a != a))", x="a", y="b"),
        "blend": "return " + mix.format(f) + ";",
        "select": "return " + mix.format(f) + ";",
        "iblend": "return b ^ (m & (a ^ b));",
        "lnot": "return ~m;",
        "as_int": f"return ({i})a;",
        "as_uint": f"return ({u})a;",
        "as_float": f"return ({f})a;",
        "to_int": f"return __builtin_convertvector(a, {i});",
        "shr": f"return ({i})(({u})a >> b);",
        "shl": f"return ({i})(({u})a << b);",
        "splat": f"return ({f}){{ {', '.join('a' for _ in range(n))} }};",
        "isplat": f"return ({i}){{ {', '.join('a' for _ in range(n))} }};",
    }
    if name in simple:
        return simple[name]
    if name in ("scale2", "pow2"):
        return _scaling(name, t)
    if name in _LOGARITHM:
        return _logarithm(name, t)
    if name == "to_float":
        if t.bits == 64 and "avx512dq" not in t.features:
            # no 64-bit conversion: put the integer into the mantissa of 1.5 * 2**52 (|a| < 2**51)
            return f"return ({f})(a + 0x4338000000000000LL) - 6755399441055744.0;"
        return f"return __builtin_convertvector(a, {f});"
    if name == "any":
        return f"int r = 0; for (int k = 0; k < {n}; ++k) r |= m[k] != 0; return r;"
    arguments = "a[k], b[k], c[k]" if name == "fma" else "a[k]"
    return f"{f} r; for (int k = 0; k < {n}; ++k) r[k] = {_math(name, t)}({arguments}); return r;"


def _sign(t: Target) -> str:
    """The sign bit as a signed integer constant."""
    return "-0x7fffffff - 1" if t.bits == 32 else "-0x7fffffffffffffffLL - 1"


def _avx512(name: str, t: Target) -> str | None:
    """One builtin of AVX-512, or None where plain vector arithmetic does as well."""
    if not t.avx512:
        return None
    f, p, w = t.type("f"), "ps" if t.bits == 32 else "pd", t.width * 8
    tail, rounding = (", 4" if w == 512 else ""), "d" if t.bits == 32 else "q"
    if name == "fma":
        if w == 512:
            return f"return __builtin_ia32_vfmadd{p}512_mask(a, b, c, -1, 4);"
        return f"return __builtin_ia32_vfmadd{p}{256 if w == 256 else ''}(a, b, c);" if "fma" in t.features else None
    if name in _PREDICATE:
        return f"return __builtin_ia32_cmp{p}{w}_mask(a, b, {_PREDICATE[name]}, -1{tail});"
    if name in _INT_PREDICATE:
        cast = f"({_raw(t, 'i')})"
        return f"return __builtin_ia32_cmp{rounding}{w}_mask({cast}a, {cast}b, {_INT_PREDICATE[name]}, -1);"
    if name == "blend":
        return (
            f"\n#ifdef __clang__\n  return __builtin_ia32_select{p}_{w}(m, a, b);\n#else\n"
            f"  return __builtin_ia32_blendm{p}_{w}_mask(b, a, m);\n#endif"
        )
    if name == "iblend":
        cast, i = f"({_raw(t, 'i')})", t.type("i")
        return (
            f"\n#ifdef __clang__\n  return ({i})__builtin_ia32_select{rounding}_{w}(m, {cast}a, {cast}b);\n#else\n"
            f"  return ({i})__builtin_ia32_blendm{rounding}_{w}_mask({cast}b, {cast}a, m);\n#endif"
        )
    if name == "lnot":
        return f"return ({t.mask})~m;"
    if name == "any":
        return "return m != 0;" if t.lanes >= 8 else f"return (m & {(1 << t.lanes) - 1}) != 0;"
    if name in ("least", "greatest"):
        word = {"least": "min", "greatest": "max"}[name]
        if w == 512:
            return f"return __builtin_ia32_{word}{p}512_mask(a, b, a, -1, 4);"
        return f"return __builtin_ia32_{word}{p}{256 if w == 256 else ''}(a, b);"
    if name in ("max", "min"):
        # where a is a number: min or max, which gives b when b is NaN; where a is NaN: a
        return f"return __builtin_ia32_{name}{p}{w if w > 128 else ''}_mask(a, b, a, __builtin_ia32_cmp{p}{w}_mask(a, a, 7, -1{tail}){tail});"
    if name == "sqrt":
        return f"return __builtin_ia32_sqrt{p}{w}_mask(a, a, -1{tail});"
    if name in _ROUNDING:
        middle = "" if w == 512 else f"_{w}"
        return f"return __builtin_ia32_rndscale{p}{middle}_mask(a, {_ROUNDING[name]}, a, -1{tail});"
    if name == "scale2":
        return f"return __builtin_ia32_scalef{p}{w}_mask(a, b, a, -1{tail});"
    if name == "log_special":
        # one response for each class of a, from the low digit on: quiet and signalling NaN, 0, 1, -inf, inf, < 0, > 0
        raw = _raw(t, "i")
        table = f"({raw}){{ {', '.join('0x03530422' for _ in range(t.lanes))} }}"
        return f"return __builtin_ia32_fixupimm{p}{w}_mask(b, a, {table}, 0, -1{tail});"
    if name == "split":
        # interval code 3 is [3/4, 3/2); the exponent of the mantissa is -1 or 0
        return (
            f"  {f} m = __builtin_ia32_getmant{p}{w}_mask(a, 3, a, -1{tail});\n"
            f"  *b = __builtin_ia32_getexp{p}{w}_mask(a, a, -1{tail}) - __builtin_ia32_getexp{p}{w}_mask(m, m, -1{tail});\n"
            f"  return m;"
        )
    if name == "pow2":
        return f"{f} one = ({f}){{ {', '.join('1' for _ in range(t.lanes))} }}; return __builtin_ia32_scalef{p}{w}_mask(one, a, one, -1{tail});"
    return None


def _raw(t: Target, kind: str) -> str:
    """The vector type that the integer builtins want; 64-bit elements are `long long` there."""
    element = "int" if t.bits == 32 else "long long"
    return f"{element} __attribute__((vector_size({t.width})))"


def _avx2(name: str, t: Target) -> str | None:
    """One builtin of AVX2 and FMA, or None where plain vector arithmetic does as well."""
    if not t.avx2:
        return None
    p, wide = "ps" if t.bits == 32 else "pd", "256" if t.width == 32 else ""
    f = t.type("f")
    if name == "fma":
        return f"return __builtin_ia32_vfmadd{p}{wide}(a, b, c);"
    if name in ("blend", "select"):
        return f"return __builtin_ia32_blendv{p}{wide}(b, a, ({f})m);"
    if name in ("least", "greatest"):
        return f"return __builtin_ia32_{'min' if name == 'least' else 'max'}{p}{wide}(a, b);"
    if name == "sqrt":
        return f"return __builtin_ia32_sqrt{p}{wide}(a);"
    if name in _ROUNDING:
        return f"return __builtin_ia32_round{p}{wide}(a, {_ROUNDING[name]});"
    if name == "any":
        return f"return __builtin_ia32_movmsk{p}{wide}(({f})m) != 0;"
    return None


def _memory(name: str, t: Target) -> str:
    """Unaligned loads and stores, whole or of the first n elements (0 <= n <= lanes); nothing else is touched."""
    v = f"st_{t.suffix}" if t.vector else t.scalar
    head = {
        "load": f"{v} st_load_{t.suffix}(const {t.scalar} *p)",
        "store": f"void st_store_{t.suffix}({t.scalar} *p, {v} a)",
        "load_part": f"{v} st_load_part_{t.suffix}(const {t.scalar} *p, int64_t n)",
        "store_part": f"void st_store_part_{t.suffix}({t.scalar} *p, {v} a, int64_t n)",
    }[name]
    if t.dialect != "c":
        raise ValueError(f"the {t.dialect} dialect has no {name} primitive: a scalar is loaded and stored by itself")
    if not t.vector:
        body = {
            "load": "return *p;", "store": "*p = a;", "load_part": "return n > 0 ? *p : 0;",
            "store_part": "if (n > 0) *p = a;",
        }[name]  # fmt: skip
    elif name == "load":
        body = f"{v} r; __builtin_memcpy(&r, p, sizeof r); return r;"
    elif name == "store":
        body = "__builtin_memcpy(p, &a, sizeof a);"
    else:
        body = _masked(name, t, v) or (
            f"{v} r = {{ 0 }}; for (int64_t k = 0; k < n; ++k) r[k] = p[k]; return r;"
            if name == "load_part"
            else "for (int64_t k = 0; k < n; ++k) p[k] = a[k];"
        )
    return f"{QUALIFIERS['c']} {head} {{ {body} }}\n"


#: the masked moves of AVX-512: element -> (load and store stem, element of the builtin's vector, features)
_MASKED_512 = {
    "f32": ("ups", "float"), "f64": ("upd", "double"), "i32": ("dqusi", "int"), "u32": ("dqusi", "int"),
    "i64": ("dqudi", "long long"), "u64": ("dqudi", "long long"), "i8": ("dquqi", "char"), "u8": ("dquqi", "char"),
    "i16": ("dquhi", "short"), "u16": ("dquhi", "short"),
}  # fmt: skip


def _masked(name: str, t: Target, v: str) -> str | None:
    """A masked load or store as one instruction, or None where there is none."""
    if not t.avx512 or (t.bits < 32 and "avx512bw" not in t.features):
        return None
    stem, element = _MASKED_512[t.element]
    raw = f"{element} __attribute__((vector_size({t.width})))"
    mask_bits = max(8, t.lanes)
    mask = f"(uint{mask_bits}_t)((1ull << n) - 1)" if t.lanes < 64 else "(n < 64 ? (1ull << n) - 1 : ~0ull)"
    # the packed integers of the builtins take any pointer of their vector type; it need not be aligned
    if t.element[0] == "f":
        pointer = f"(const {t.scalar} *)p" if name == "load_part" else "p"
        pointer_clang = f"(const {raw} *)p" if name == "load_part" else f"({raw} *)p"
    else:
        pointer = pointer_clang = f"(const {raw} *)p" if name == "load_part" else f"({raw} *)p"
    if name == "load_part":
        call = "return ({v})__builtin_ia32_load{stem}{w}_mask({pointer}, ({raw}){{ 0 }}, {mask});"
    else:
        call = "__builtin_ia32_store{stem}{w}_mask({pointer}, ({raw})a, {mask});"
    fields = {"v": v, "stem": stem, "w": t.width * 8, "raw": raw, "mask": mask}
    plain, clang = call.format(pointer=pointer, **fields), call.format(pointer=pointer_clang, **fields)
    if plain == clang:
        return plain
    return f"\n#ifdef __clang__\n  {clang}\n#else\n  {plain}\n#endif\n"


def _tree(name: str, t: Target) -> str:
    """A horizontal reduction: lane k is combined with lane k + lanes/2, then the lower half likewise, to one lane."""
    v = f"st_{t.suffix}" if t.vector else t.scalar
    head = f"{QUALIFIERS[t.dialect]} {t.scalar} st_{name}_{t.suffix}({v} a)"
    if not t.vector:
        return f"{head} {{ return a; }}\n"
    shuffles, loops = [], []
    width, source = t.lanes, "a"
    while width > 1:
        half = width // 2
        part = f"st_{t.element}x{half}" if half > 1 else t.scalar
        low, high = (
            (f"{source}[0]", f"{source}[1]")
            if half == 1
            else tuple(
                f"__builtin_shufflevector({source}, {source}, {', '.join(str(k + start) for k in range(half))})"
                for start in (0, half)
            )
        )
        target = f"h{half}"
        shuffles.append(f"  {part} {target}_low = {low}, {target}_high = {high};")
        shuffles.append(f"  {part} {target} = {_combine(name, t.with_lanes(half), target + '_low', target + '_high')};")
        width, source = half, target
    shuffles.append(f"  return {source};")
    one = t.with_lanes(1)
    loops = [
        f"  for (int half = {t.lanes // 2}; half > 0; half /= 2)",
        f"    for (int k = 0; k < half; ++k) a[k] = {_combine(name, one, 'a[k]', 'a[k + half]')};",
        "  return a[0];",
    ]
    lines = ["#if ST_SHUFFLE", *shuffles, "#else", *loops, "#endif"]
    return f"{head} {{\n" + "\n".join(lines) + "\n}\n"


def _combine(name: str, t: Target, low: str, high: str) -> str:
    return f"{low} + {high}" if name == "sum_tree" else f"st_{name[:3]}_{t.suffix}({low}, {high})"
