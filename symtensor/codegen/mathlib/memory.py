"""Loads, stores and horizontal reductions of vectors, for the kernel printer."""

from __future__ import annotations

from symtensor.codegen.mathlib.target import QUALIFIERS, Target
from symtensor.codegen.mathlib.x86 import masked_move

MEMORY = ("load", "store", "load_part", "store_part")
TREES = ("sum_tree", "max_tree", "min_tree")


def memory_source(name: str, t: Target) -> str:
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
        # Not memcpy: gcc 12 makes a constant whose last lanes are 0 an integer of 512 bits, and stores it as the
        # broadcast of its first lane (ix86_convert_const_wide_int_to_broadcast overlooks the zero words).
        body = f"typedef {v} unaligned __attribute__((aligned(1), may_alias)); *(unaligned *)p = a;"
    else:
        body = masked_move(name, t, v) or (
            f"{v} r = {{ 0 }}; for (int64_t k = 0; k < n; ++k) r[k] = p[k]; return r;"
            if name == "load_part"
            else "for (int64_t k = 0; k < n; ++k) p[k] = a[k];"
        )
    return f"{QUALIFIERS['c']} {head} {{ {body} }}\n"


def tree_source(name: str, t: Target) -> str:
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
