"""Math functions of a large source are called instead of inlined."""

from __future__ import annotations

import numpy as np

import symtensor as st
from symtensor.codegen.mathlib import helper_texts
from symtensor.codegen.outline import outline, outlined


def test_a_small_source_keeps_everything_inline() -> None:
    """Two tanh are no reason to call a function."""
    assert outlined(helper_texts([("tanh", "f64", 4)], "c"), "st_tanh_f64x4(a) + st_tanh_f64x4(b);") == frozenset()


def test_many_uses_are_calls() -> None:
    """Of 5,000 uses of one function the text is compiled once; the few of another stay inline."""
    helpers = helper_texts([("tanh", "f64", 4), ("log", "f64", 4)], "c")
    body = "st_tanh_f64x4(a);\n" * 5000 + "st_log_f64x4(a);"
    chosen = outlined(helpers, body)
    assert "st_tanh_f64x4" in chosen
    assert "st_log_f64x4" not in chosen
    text = outline(helpers, body)
    assert text.count("noinline, unused)) ") == len(chosen)
    assert "always_inline, unused)) st_f64x4 st_log_f64x4" in text


def test_the_bits_are_the_same() -> None:
    """A function called many times gives the values that it gives inlined."""
    x = st.vector("x")
    y, few = x, st.tanh(st.tanh(x) * 0.5 + 1.0)
    for k in range(400):
        y = st.tanh(y * 0.5 + float(k % 2))
    value = np.linspace(-2, 2, 37)
    long = st.compile([y, few], [x])
    assert "noinline, unused)) st_" in long.source
    np.testing.assert_array_equal(long(value)[1], st.compile(few, [x])(value))
