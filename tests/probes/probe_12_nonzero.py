"""Probe 12: nonzero, then arithmetic on the elements found: a size that is known only on the way."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import check


def build():
    x, limit = st.vector("x"), st.scalar("limit")
    (where,) = st.nonzero(x > limit)
    found = x[where]
    scaled = (found - found.mean()) * where + where.shape[0]
    cost = (found**3).sum()
    return [where, scaled, cost, st.grad(cost, x)], [x, limit]


def build_matrix():
    a = st.matrix("a")
    rows, columns = st.nonzero(a)
    return [rows, columns, (a[rows, columns] * (rows - columns)).sum()], [a]


def reference(x, limit):
    (where,) = np.nonzero(x > limit)
    found = x[where]
    mean = found.sum() / max(len(found), 1)
    return where, (found - mean) * where + len(where), (found**3).sum(), np.where(x > limit, 3 * x**2, 0)


def reference_matrix(a):
    rows, columns = np.nonzero(a)
    return rows, columns, (a[rows, columns] * (rows - columns)).sum()


def sample(rng, n, limit):
    return rng.normal(size=n), np.array(limit, "float64")


SIZES = [(10, 0), (1, -9), (0, 0), (1000, 1), (100_003, 0.5), (50, 9)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES)


@pytest.mark.parametrize("density", [0.0, 0.3, 1.0])
def test_two_axes(target, density):
    def sample_matrix(rng, m, n):
        return (rng.normal(size=(m, n)) * (rng.random((m, n)) < density),)

    check(target, build_matrix, sample_matrix, reference_matrix, [(3, 4), (1, 1), (0, 5), (40, 33)])
