"""``expr.eval`` and ``st.substitute``."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st


def test_eval_compiles_once() -> None:
    x, y = st.vector("x"), st.vector("y")
    e = (x * y).sum()
    assert e.eval({x: [1.0, 2.0], y: [3.0, 4.0]}) == 11
    before = st.cache_info().compiles
    for n in range(1, 5):
        assert e.eval({x: np.ones(n), y: np.ones(n)}) == n
    assert st.cache_info().compiles == before


@pytest.mark.parametrize("target", ["c", "numpy"])
def test_keys(target: str) -> None:
    x, y, w = st.vector("x"), st.vector("y"), st.shared(np.ones(2), "w")
    product = x * y
    e = product + w
    np.testing.assert_array_equal(e.eval({"x": [1, 2], y: [3, 4]}, target=target), [4, 9])
    np.testing.assert_array_equal(e.eval({product: [1, 2]}, target=target), [2, 3])
    np.testing.assert_array_equal(e.eval({product: [1, 2], w: [5, 5]}, target=target), [6, 7])
    np.testing.assert_array_equal(e.eval({product: [1, 2], x: [0.0, 0.0]}, target=target), [2, 3])
    assert st.constant(3).eval(target=target) == 3
    np.testing.assert_array_equal((w * 2).eval(target=target), [2, 2])


def test_substitute() -> None:
    a, b, n = st.vector("a"), st.vector("b"), st.lscalar("n")
    e = {"sum": [a + 2 * b], "mean": a.sum() / a.shape[0]}
    swapped = st.substitute(e, {a: b, b: a})
    assert swapped["sum"][0] is b + 2 * a
    longer = st.substitute(e["mean"], {a: st.concatenate([b, b])})
    assert longer.eval({b: [1.0, 2.0]}) == 1.5
    assert st.substitute(a, {a: 3 * b}) is 3 * b
    assert st.substitute(a[:n], {n: b.shape[0]}).eval({a: [1.0, 2.0], b: [0.0]}).shape == (1,)
