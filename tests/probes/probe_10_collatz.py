"""Probe 10: a cond inside a while_loop: Collatz's sequence, and a float one with its gradient."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import check


def build():
    """Steps of n -> n / 2 or 3 n + 1 until 1 is met, and the largest number on the way."""
    n = st.lscalar("n")

    def body(n, steps, peak):
        n = st.cond(n % 2 == 0, lambda n: n // 2, lambda n: 3 * n + 1, n)
        return n, steps + 1, st.maximum(peak, n)

    start = (n, st.constant(0, dtype="int64"), n)
    _, steps, peak = st.while_loop(lambda n, steps, peak: n != 1, body, start)
    return [steps, peak], [n]


def build_gradient():
    """Grow a vector by branches until its sum passes 100: the number of steps depends on the values."""
    x, rate = st.vector("x"), st.scalar("rate")

    def body(x, rate):
        return st.cond(
            x.sum() < 10, lambda x, rate: x * (2 + rate), lambda x, rate: 1.2 * x + rate * x * x, x, rate
        ), rate

    end, _ = st.while_loop(lambda x, rate: x.sum() < 100, body, (x, rate), max_steps=64)
    return [end, *st.grad((end * end).sum(), [x, rate])], [x, rate]


def collatz(n):
    n, steps = int(n), 0
    peak = n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps, peak = steps + 1, max(peak, n)
    return np.array(steps), np.array(peak)


def grow(x, rate):
    """The end, and its gradient carried forward as tangents: one row an input, the rate last."""
    tangents = np.eye(len(x) + 1)[:, :-1]
    d_rate = np.eye(len(x) + 1)[:, -1:]
    while x.sum() < 100:
        if x.sum() < 10:
            x, tangents = x * (2 + rate), tangents * (2 + rate) + x * d_rate
        else:
            x, tangents = 1.2 * x + rate * x * x, tangents * (1.2 + 2 * rate * x) + x * x * d_rate
    gradient = tangents @ (2 * x)
    return x, gradient[:-1], gradient[-1]


def test_collatz(target):
    numbers = [(1,), (2,), (27,), (97,), (837_799,), (2**40 + 1,)]
    check(target, build, lambda rng, n: (np.array(n),), collatz, numbers, 0)


def test_gradient_through_branch_and_loop(target):
    sizes = [(1,), (3,), (100,), (1000,)]
    check(target, build_gradient, lambda rng, n: (rng.random(n) / n, np.array(0.3)), grow, sizes)


def test_a_loop_that_is_cut_short_says_so(target):
    x = st.scalar("x")
    end = st.while_loop(lambda x: x < 1000, lambda x: x + 1, x, max_steps=10)
    function = st.compile(end, [x], target=target)
    assert function(995.0) == 1000
    with pytest.raises((ValueError, RuntimeError), match=r"still running after (max_steps=)?10 steps"):
        function(0.0)
