"""Running sums and products against NumPy."""

from __future__ import annotations

import numpy as np

import symtensor as st
from tests.ops.run import agree

rng = np.random.default_rng(0)
X, T = rng.normal(size=(4, 5)), rng.normal(size=(2, 3, 4))


def test_values() -> None:
    for function in (np.cumsum, np.cumprod):
        agree(lambda x: [function(x), function(x, axis=0), function(x, axis=-1)], X)  # noqa: B023
        agree(lambda t: function(t, axis=1), T)  # noqa: B023
        agree(lambda i: [function(i), function(i, dtype="float32")], np.array([1, 2, 3], "int8"))  # noqa: B023
        agree(lambda x: function(x, axis=1), np.zeros((2, 0)))  # noqa: B023


def test_gradients() -> None:
    st.verify_grad(lambda x: st.cumsum(x, axis=1) ** 2, [X[:2, :3]], order=2)
    st.verify_grad(lambda x: st.cumprod(x, axis=0), [X[:3, :2]], order=2)
