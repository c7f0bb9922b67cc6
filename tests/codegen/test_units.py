"""Kernels that do the same are printed once, and long sources are compiled in parts."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import units


def products(count: int) -> tuple[st.Function, np.ndarray]:
    """``count`` steps of a recurrence that is not unrolled into one kernel."""
    m = st.matrix("m")
    state = m
    for _ in range(count):
        state = st.tanh(state @ m)
    return st.compile(state, [m]), 0.3 * np.random.default_rng(0).normal(size=(9, 9))


def test_equal_kernels_are_printed_once() -> None:
    """Six products are one function, five tanh another; the last, whose result may be large, streams; comments stay."""
    step, value = products(6)
    assert step.source.count("_tile(void *argument") == 1
    assert step.source.count("_range(st_ctx") == 2
    assert step.source.count("/* k") == 12
    expected = value
    for _ in range(6):
        expected = np.tanh(expected @ value)
    np.testing.assert_allclose(step(value), expected, rtol=1e-13)


def chain() -> tuple[st.Tensor, list[st.Tensor]]:
    """A sum of reductions in kernels that differ."""
    xs = [st.vector(f"x{k}") for k in range(6)]
    return sum(((x * (k + 2.0)).sum() * x.mean() for k, x in enumerate(xs)), start=st.constant(0.0)), xs


def test_parts_give_the_same_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that is cut into translation units computes what it computes whole."""
    total, xs = chain()
    values = [np.arange(1.0, 40.0) + k for k in range(6)]
    whole = st.compile(total, xs, name="whole")
    assert whole.details.generated.source.parts == ()
    monkeypatch.setattr(units, "CUT", 100)
    cut = st.compile(total * 1.0, xs, name="cut", fma=False)
    assert len(cut.details.generated.source.parts) > 2
    np.testing.assert_array_equal(cut(*values), st.compile(total, xs, fma=False, name="again")(*values))
    np.testing.assert_allclose(cut(*values), whole(*values), rtol=1e-14)
