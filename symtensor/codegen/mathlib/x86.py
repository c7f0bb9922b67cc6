"""The primitives as builtins of gcc for AVX-512, AVX2 and FMA; they need no header.

Each function returns the body of a C function, or None where plain vector arithmetic does as well.
"""

from __future__ import annotations

from symtensor.codegen.mathlib.target import Target

#: predicates of the AVX compare instructions (quiet), and of the integer ones
_PREDICATE = {"eq": 0, "lt": 17, "le": 18, "ne": 4, "ge": 29, "gt": 30}
_INT_PREDICATE = {"ieq": 0, "ilt": 1, "igt": 6}
_ROUNDING = {"rint": 8, "floor": 9, "ceil": 10, "trunc": 11}


def avx512(name: str, t: Target) -> str | None:
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
        return f"return __builtin_ia32_blendm{p}_{w}_mask(b, a, m);"
    if name == "iblend":
        cast, i = f"({_raw(t, 'i')})", t.type("i")
        return f"return ({i})__builtin_ia32_blendm{rounding}_{w}_mask({cast}b, {cast}a, m);"
    if name == "lnot":
        return f"return ({t.mask})~m;"
    if name == "any":
        return "return m != 0;" if t.lanes >= 8 else f"return (m & {(1 << t.lanes) - 1}) != 0;"
    if name == "mul_wide" and t.bits == 64:
        return _mul_wide(t)
    if name in ("least", "greatest"):
        word = {"least": "min", "greatest": "max"}[name]
        if w == 512:
            return f"return __builtin_ia32_{word}{p}512_mask(a, b, a, -1, 4);"
        return f"return __builtin_ia32_{word}{p}{256 if w == 256 else ''}(a, b);"
    if name in ("max", "min"):
        # where a is a number: min or max, which gives b when b is NaN; where a is NaN: a
        operation = f"__builtin_ia32_{name}{p}{w if w > 128 else ''}_mask"
        return f"return {operation}(a, b, a, __builtin_ia32_cmp{p}{w}_mask(a, a, 7, -1{tail}){tail});"
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
            f"  *b = __builtin_ia32_getexp{p}{w}_mask(a, a, -1{tail})"
            f" - __builtin_ia32_getexp{p}{w}_mask(m, m, -1{tail});\n"
            f"  return m;"
        )
    if name == "pow2":
        one = f"({f}){{ {', '.join('1' for _ in range(t.lanes))} }}"
        return f"{f} one = {one}; return __builtin_ia32_scalef{p}{w}_mask(one, a, one, -1{tail});"
    return None


def _raw(t: Target, kind: str) -> str:
    """The vector type that the integer builtins want; 64-bit elements are `long long` there."""
    element = "int" if t.bits == 32 else "long long"
    return f"{element} __attribute__((vector_size({t.width})))"


def avx2(name: str, t: Target) -> str | None:
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
    if name == "mul_wide" and t.bits == 64:
        return _mul_wide(t)
    if name == "any":
        return f"return __builtin_ia32_movmsk{p}{wide}(({f})m) != 0;"
    return None


def _mul_wide(t: Target) -> str:
    """Products of the lower halves of 64-bit elements: one instruction."""
    u, raw, cast = t.type("u"), _raw(t, "i"), f"(int __attribute__((vector_size({t.width}))))"
    if t.width == 64:
        return f"return ({u})__builtin_ia32_pmuludq512_mask({cast}a, {cast}b, ({raw}){{ 0 }}, -1);"
    return f"return ({u})__builtin_ia32_pmuludq{8 * t.width}({cast}a, {cast}b);"


#: the masked moves of AVX-512: element -> (load and store stem, element of the builtin's vector, features)
_MASKED_512 = {
    "f32": ("ups", "float"), "f64": ("upd", "double"), "i32": ("dqusi", "int"), "u32": ("dqusi", "int"),
    "i64": ("dqudi", "long long"), "u64": ("dqudi", "long long"), "i8": ("dquqi", "char"), "u8": ("dquqi", "char"),
    "i16": ("dquhi", "short"), "u16": ("dquhi", "short"),
}  # fmt: skip
_BLEND_512 = {"f32": "ps", "f64": "pd", "32": "d", "64": "q", "8": "b", "16": "w"}


def streaming_store(t: Target) -> str | None:
    """A store past the caches of a whole vector of floats at an aligned address, or None where there is none."""
    if not t.avx512 or t.width != 64 or t.element not in ("f32", "f64"):
        return None
    return f"__builtin_ia32_movnt{'ps' if t.element == 'f32' else 'pd'}512(p, a);"


def masked_move(name: str, t: Target, v: str) -> str | None:
    """A load, store or choice of the first n elements as one instruction, or None where there is none."""
    if not t.avx512 or (t.bits < 32 and "avx512bw" not in t.features):
        return None
    stem, element = _MASKED_512[t.element]
    raw = f"{element} __attribute__((vector_size({t.width})))"
    mask_bits = max(8, t.lanes)
    mask = f"(uint{mask_bits}_t)((1ull << n) - 1)" if t.lanes < 64 else "(n < 64 ? (1ull << n) - 1 : ~0ull)"
    if name == "select_part":
        mix = _BLEND_512[t.element if t.element[0] == "f" else t.element[1:]]
        return f"return ({v})__builtin_ia32_blendm{mix}_{t.width * 8}_mask(({raw})b, ({raw})a, {mask});"
    # the builtins on integers take a pointer of their vector type; it need not be aligned
    vector = f"{'const ' if name == 'load_part' else ''}{raw if t.element[0] != 'f' else t.scalar} *"
    if name == "load_part":
        return f"return ({v})__builtin_ia32_load{stem}{t.width * 8}_mask(({vector})p, ({raw}){{ 0 }}, {mask});"
    return f"__builtin_ia32_store{stem}{t.width * 8}_mask(({vector})p, ({raw})a, {mask});"
