"""Probe 4: a sum to one number in two stages, the same bits for every number of threads, with its gradient."""

import math

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import check


def build():
    x = st.matrix("x")
    total = x.sum()
    return [total, st.grad(total**2, x)], [x]


def reference(x):
    total = np.array(math.fsum(x.ravel()))
    return total, np.full(x.shape, 2 * total)


def sample(rng, m, n):
    return (rng.random(size=(m, n)) + 0.5,)


SIZES = [(1, 1), (3, 7), (100, 1001), (0, 3), (1, 65_537), (1009, 1013)]


def test_value_and_gradient(target):
    check(target, build, sample, reference, SIZES)


@pytest.mark.parametrize("size", SIZES)
def test_same_bits_for_every_number_of_threads(size):
    outputs, inputs = build()
    rng = np.random.default_rng(5)
    (x,) = sample(rng, *size)
    bits = {
        threads: [np.asarray(result).tobytes() for result in st.compile(outputs, inputs, threads=threads)(x)]
        for threads in (1, 2, 3)
    }
    assert bits[1] == bits[2] == bits[3]


def test_same_bits_from_run_to_run_and_at_every_address(target):
    outputs, inputs = build()
    function = st.compile(outputs, inputs, target=target)
    (x,) = sample(np.random.default_rng(6), 300, 411)
    room = np.empty(x.size + 8)
    seen = set()
    for offset in range(8):
        moved = room[offset : offset + x.size].reshape(x.shape)
        moved[...] = x
        seen.add(np.asarray(function(moved)[0]).tobytes())
    assert len(seen) == 1


def test_as_accurate_as_pairwise_summation():
    outputs, inputs = build()
    function = st.compile(outputs, inputs)
    (x,) = sample(np.random.default_rng(8), 1000, 2000)
    exact = math.fsum(x.ravel())
    assert abs(float(function(x)[0]) - exact) <= 1e-15 * math.log2(x.size) * exact
