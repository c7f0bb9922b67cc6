"""Loads, stores and horizontal reductions of vectors, for the kernel printer."""

from __future__ import annotations

from symtensor.codegen.mathlib.target import QUALIFIERS, Target
from symtensor.codegen.mathlib.x86 import masked_move, streaming_store

MEMORY = (
    "load", "store", "load_part", "store_part", "select_part", "load_pairs", "load_back", "load_back_pairs",
    "stream", "transpose",
)  # fmt: skip
STEPS = {2: "load_pairs", -1: "load_back", -2: "load_back_pairs"}  # loads by the step between their elements
#: horizontal reductions of so many vectors: "sum_tree" of one, "sum_tree4" of four
TREES = tuple(f"{monoid}_tree{count}" for monoid in ("sum", "max", "min") for count in ("", 2, 4, 8, 16))


def memory_source(name: str, t: Target) -> str:
    """Unaligned loads and stores, whole or of the first n elements (0 <= n <= lanes); nothing else is touched.

    ``select_part`` has the first n elements of one vector and the rest of another.  ``stream`` stores past the caches
    if it is told to and the address allows it.
    """
    if name == "transpose":
        return transpose_source(t)
    if name in STEPS.values():
        return _stepping_source(name, t)
    v = f"st_{t.suffix}" if t.vector else t.scalar
    head = {
        "load": f"{v} st_load_{t.suffix}(const {t.scalar} *p)",
        "store": f"void st_store_{t.suffix}({t.scalar} *p, {v} a)",
        "stream": f"void st_stream_{t.suffix}({t.scalar} *p, {v} a, int past)",
        "load_part": f"{v} st_load_part_{t.suffix}(const {t.scalar} *p, int64_t n)",
        "store_part": f"void st_store_part_{t.suffix}({t.scalar} *p, {v} a, int64_t n)",
        "select_part": f"{v} st_select_part_{t.suffix}({v} a, {v} b, int64_t n)",
    }[name]
    if t.dialect != "c":
        raise ValueError(f"the {t.dialect} dialect has no {name} primitive: a scalar is loaded and stored by itself")
    if not t.vector:
        body = {
            "load": "return *p;", "store": "*p = a;", "stream": "(void)past; *p = a;",
            "load_part": "return n > 0 ? *p : 0;",
            "store_part": "if (n > 0) *p = a;", "select_part": "return n > 0 ? a : b;",
        }[name]  # fmt: skip
    elif name == "load":
        body = f"{v} r; __builtin_memcpy(&r, p, sizeof r); return r;"
    elif name == "stream":
        plain = f"st_store_{t.suffix}(p, a);"
        builtin = streaming_store(t)
        aligned = f"past && ((__UINTPTR_TYPE__)p & {t.width - 1}) == 0"
        body = f"if ({aligned}) {builtin} else {plain}" if builtin else f"(void)past; {plain}"
    elif name == "store":
        # Not memcpy: gcc 12 makes a constant whose last lanes are 0 an integer of 512 bits, and stores it as the
        # broadcast of its first lane (ix86_convert_const_wide_int_to_broadcast overlooks the zero words).
        body = f"typedef {v} unaligned __attribute__((aligned(1), may_alias)); *(unaligned *)p = a;"
    else:
        i = t.type("i")
        counting = f"({i}){{ {', '.join(map(str, range(t.lanes)))} }}"
        body = (
            masked_move(name, t, v)
            or {
                "load_part": f"{v} r = {{ 0 }}; for (int64_t k = 0; k < n; ++k) r[k] = p[k]; return r;",
                "store_part": "for (int64_t k = 0; k < n; ++k) p[k] = a[k];",
                "select_part": f"const {i} m = {counting} < ({i}){{ 0 }} + ({t.with_lanes(1).type('i')})n; "
                f"return ({v})((m & ({i})a) | (~m & ({i})b));",
            }[name]
        )
    return f"{QUALIFIERS['c']} {head} {{ {body} }}\n"


def _stepping_source(name: str, t: Target) -> str:
    """Every second element, forwards or backwards, or all backwards; nothing beyond the last of them is touched."""
    if t.dialect != "c" or not t.vector:
        raise ValueError(f"the {t.dialect} dialect has no {name} for {t.lanes} lanes")
    n, step = t.lanes, next(step for step, word in STEPS.items() if word == name)
    lanes = {
        2: [2 * k if 2 * k < n else 2 * k + 1 for k in range(n)],
        -1: [n - 1 - k for k in range(n)],
        -2: [n - 1 - 2 * k if 2 * k < n else 3 * n - 2 - 2 * k for k in range(n)],
    }[step]
    first, second = {2: (0, n - 1), -1: (1 - n, 1 - n), -2: (1 - n, 2 - 2 * n)}[step]
    v, order = f"st_{t.suffix}", ", ".join(map(str, lanes))
    load = f"st_load_{t.suffix}"
    return f"""{QUALIFIERS["c"]} {v} st_{name}_{t.suffix}(const {t.scalar} *p) {{
#if ST_SHUFFLE
  return __builtin_shufflevector({load}(p + ({first})), {load}(p + ({second})), {order});
#else
  {v} r = {{ 0 }}; for (int64_t k = 0; k < {n}; ++k) r[k] = p[k * ({step})]; return r;
#endif
}}
"""


TRANSPOSE = """\
/* to[i * stride + j] = from[i + j * across] for i < rows, j < columns.  Interleaving the halves of N vectors rotates
 * the bits of (vector, lane) by one place: after log2(N) rounds they are exchanged.  The lines of later columns are
 * fetched ahead: they lie far apart, where the processor does not look for them by itself. */
static __attribute__((unused)) void st_transpose_@S@(@T@ *restrict to, int64_t stride, const @T@ *from,
                                                       int64_t across, int64_t rows, int64_t columns) {
  for (int64_t j = 0; j < columns; j += @N@) {
    for (int64_t k = 0; k < @N@; ++k)
      for (int64_t i = 0; i < rows; i += @LINE@) {
        const uint64_t ahead = (uint64_t)i + (uint64_t)(j + @AHEAD@ + k) * (uint64_t)across;
        __builtin_prefetch((const char *)from + @BYTES@ * ahead);
      }
    const int64_t left = columns - j < @N@ ? columns - j : @N@;
    for (int64_t i = 0; i < rows; i += @N@) {
      const int64_t high = rows - i < @N@ ? rows - i : @N@;
#if ST_SHUFFLE
      const @T@ *start = from + i + j * across;
      st_@S@ r[@N@], s[@N@];
      if (left == @N@ && high == @N@) {
        _Pragma("GCC unroll @N@") for (int k = 0; k < @N@; ++k) r[k] = st_load_@S@(start + k * across);
      } else {
        for (int k = 0; k < @N@; ++k) r[k] = st_load_part_@S@(start + (k < left ? k : 0) * across, high);
      }
      _Pragma("GCC unroll @ROUNDS@") for (int round = 0; round < @ROUNDS@; ++round) {
        _Pragma("GCC unroll @HALF@") for (int k = 0; k < @HALF@; ++k) {
          s[2 * k] = __builtin_shufflevector(r[k], r[k + @HALF@], @LOW@);
          s[2 * k + 1] = __builtin_shufflevector(r[k], r[k + @HALF@], @HIGH@);
        }
        _Pragma("GCC unroll @N@") for (int k = 0; k < @N@; ++k) r[k] = s[k];
      }
      if (left == @N@ && high == @N@) {
        _Pragma("GCC unroll @N@") for (int k = 0; k < @N@; ++k) st_store_@S@(to + (i + k) * stride + j, r[k]);
      } else {
        for (int k = 0; k < high; ++k) st_store_part_@S@(to + (i + k) * stride + j, r[k], left);
      }
#else
      for (int64_t b = j; b < j + left; ++b)
        for (int64_t a = i; a < i + high; ++a) to[a * stride + b] = from[a + b * across];
#endif
    }
  }
}
"""
LINE_BYTES = 64
AHEAD = 64  # columns between the line that is fetched and the one that is read


def transpose_source(t: Target) -> str:
    """A block copied with rows and columns exchanged, in squares of registers."""
    if t.dialect != "c" or not t.vector:
        raise ValueError(f"blocks are transposed by vectors in C, not in {t.dialect} with {t.lanes} lanes")
    n = t.lanes
    low = [k // 2 + (n if k % 2 else 0) for k in range(n)]
    words = {
        "S": t.suffix, "T": t.scalar, "N": n, "HALF": n // 2, "ROUNDS": n.bit_length() - 1, "AHEAD": AHEAD,
        "BYTES": t.bits // 8, "LINE": LINE_BYTES * 8 // t.bits, "LOW": ", ".join(map(str, low)),
        "HIGH": ", ".join(str(k + n // 2) for k in low),
    }  # fmt: skip
    text = TRANSPOSE
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    return text


def tree_source(name: str, t: Target) -> str:
    """A horizontal reduction of one vector or several, in a fixed tree.

    Vector k is combined with vector k + count/2, and so on until one is left; then lane k with lane k + lanes/2, then
    the lower half likewise, to one lane.
    """
    v = f"st_{t.suffix}" if t.vector else t.scalar
    monoid, digits = name.split("_tree")
    count = int(digits or 1)
    names = ["a"] if count == 1 else [f"a{k}" for k in range(count)]
    head = f"{QUALIFIERS[t.dialect]} {t.scalar} st_{name}_{t.suffix}({', '.join(f'{v} {n}' for n in names)})"
    lines = []
    if monoid != "sum" and t.vector:
        # once NaN is ruled out the steps are plain comparisons; each would wait for its own search otherwise
        nan = "__builtin_nan" + ("f" if t.bits == 32 else "") + '("")'
        masks = " | ".join(f"st_ne_{t.suffix}({n}, {n})" for n in names)
        lines.append(f"  if (st_any_{t.suffix}({masks})) return {nan};")
    combine = _combine if t.vector else _with_nan
    while count > 1:
        count //= 2
        for k in range(count):
            lines.append(f"  {names[k]} = {combine(monoid, t, names[k], names[k + count])};")
    if not t.vector:
        return f"{head} {{\n" + "\n".join([*lines, f"  return {names[0]};"]) + "\n}\n"
    lines += ["#if ST_SHUFFLE", *_shuffled(monoid, t, names[0]), "#else"]
    lines += [
        f"  for (int half = {t.lanes // 2}; half > 0; half /= 2)",
        f"    for (int k = 0; k < half; ++k) {names[0]}[k] = "
        f"{_combine(monoid, t.with_lanes(1), f'{names[0]}[k]', f'{names[0]}[k + half]')};",
        f"  return {names[0]}[0];",
        "#endif",
    ]
    return f"{head} {{\n" + "\n".join(lines) + "\n}\n"


def _shuffled(monoid: str, t: Target, source: str) -> list[str]:
    """The lanes of a vector joined through vectors of half the width."""
    lines = []
    width = t.lanes
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
        lines.append(f"  {part} {target}_low = {low}, {target}_high = {high};")
        lines.append(f"  {part} {target} = {_combine(monoid, t.with_lanes(half), target + '_low', target + '_high')};")
        width, source = half, target
    return [*lines, f"  return {source};"]


def _combine(monoid: str, t: Target, low: str, high: str) -> str:
    """One step where there is no NaN, unless the monoid is a sum."""
    plain = {"max": "greatest", "min": "least"}
    return f"{low} + {high}" if monoid == "sum" else f"st_{plain[monoid]}_{t.suffix}({high}, {low})"


def _with_nan(monoid: str, t: Target, low: str, high: str) -> str:
    """One step that keeps NaN."""
    return f"{low} + {high}" if monoid == "sum" else f"st_{monoid}_{t.suffix}({high}, {low})"
