"""``st.trim``: what functions and devices keep between calls is given back."""

from __future__ import annotations

import numpy as np

import symtensor as st
from symtensor.runtime import native
from symtensor.runtime.device import device


def test_trim_frees_results_and_arenas() -> None:
    x = st.vector("x")
    f = st.compile(st.cumsum(st.exp(x)) / st.exp(x).sum(), [x])
    st.trim()
    kept = f(np.zeros(100_000))
    held = native.retained()
    assert held >= 800_000 * native.EXTENSION
    assert st.trim() >= held
    assert native.retained() == 0
    np.testing.assert_allclose(kept[-1], 1)  # a result that is held stays
    np.testing.assert_allclose(f(np.zeros(100_000)), kept)


def test_trim_frees_idle_buffers_of_devices() -> None:
    x = st.vector("x")
    f = st.compile(x + 1, [x], target="null")
    f(np.zeros(100_000))
    assert device("null").counters()["idle_bytes"] >= 800_000
    assert st.trim() >= 800_000
    assert device("null").counters()["idle_bytes"] == 0
