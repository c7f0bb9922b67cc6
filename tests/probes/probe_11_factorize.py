"""Probe 11: QR and Cholesky: several outputs of one op, through LAPACK, failing cleanly on a bad matrix."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import assert_close


def build():
    a, b = st.matrix("a"), st.matrix("b")
    q, r = st.linalg.qr(a)
    return [q, r, st.linalg.cholesky(b), 2 * q @ r], [a, b]


def sample(rng, m, n):
    root = rng.normal(size=(n, n))
    return rng.normal(size=(m, n)), root @ root.T + n * np.eye(n)


def test_factors(target):
    outputs, inputs = build()
    function = st.compile(outputs, inputs, target=target)
    rng = np.random.default_rng(1)
    for m, n in [(3, 3), (1, 1), (7, 4), (4, 7), (100, 60)]:
        a, b = sample(rng, m, n)
        q, r, l, twice = function(a, b)
        k = min(m, n)
        assert q.shape == (m, k)
        assert r.shape == (k, n)
        assert_close(q @ r, a, 1e-12)
        assert_close(twice, 2 * a, 1e-12)
        assert_close(q.T @ q, np.eye(k), 1e-12)
        assert np.array_equal(r, np.triu(r))
        assert_close(l, np.linalg.cholesky(b), 1e-12)
        assert_close(r, np.linalg.qr(a)[1], 1e-11)  # the same signs as NumPy's


def test_a_matrix_that_is_not_positive_definite(target):
    b = st.matrix("b")
    count = st.shared(0, "count")
    function = st.compile(st.linalg.cholesky(b), [b], updates={count: count + 1}, target=target)
    good = sample(np.random.default_rng(2), 5, 5)[1]
    bad = good.copy()
    bad[3, 3] = -1.0
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        function(bad)
    assert count.get_value() == 0
    assert_close(function(good), np.linalg.cholesky(good), 1e-13)
    assert count.get_value() == 1


def test_a_matrix_that_is_not_square(target):
    b = st.matrix("b")
    function = st.compile(st.linalg.cholesky(b), [b], target=target)
    with pytest.raises((ValueError, np.linalg.LinAlgError), match="square"):
        function(np.ones((3, 4)))
