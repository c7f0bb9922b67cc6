"""Loops inside of kernels and of the Program: Ctrl-C, logs that grow, code whose size does not depend on the steps."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.node import Tensor

x, v, n = st.scalar("x"), st.vector("v"), st.lscalar("n")


def repeat(start: Tensor) -> Tensor:
    return st.while_loop(lambda x, k: k < n, lambda x, k: (st.sin(x) + x, k + 1), (start, 0))[0]


def slow(x: Tensor) -> Tensor:
    for _ in range(20):
        x = st.sin(x) + 0.1
    return x


ENDLESS: dict[str, Callable[[], Tensor]] = {
    "counted": lambda: st.fori_loop(0, n, lambda i, x: st.sin(x) + x, x),
    "backwards": lambda: st.scan(lambda x: st.sin(x), outputs_info=x, n_steps=n, go_backwards=True)[0][-1],
    "while": lambda: repeat(x),
    "with a log": lambda: st.grad(st.while_loop(lambda x, k: k < 1 << 24, lambda x, k: (slow(x), k + 1), (x, 0))[0], x),
    "nested": lambda: st.fori_loop(0, n, lambda i, x: repeat(x), x),
    "in the Program": lambda: st.fori_loop(0, n, lambda i, u: st.sin(u) + v.sum(), v).sum(),
}


@pytest.mark.parametrize("kind", ENDLESS)
def test_ctrl_c_stops_a_loop(kind: str) -> None:
    """Loops over small states run inside of a kernel, which looks at the stop flag every few thousand steps."""
    function = st.compile(ENDLESS[kind](), [x, v, n], on_unused_input="ignore")
    main = threading.main_thread().ident
    assert main is not None
    press = threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    try:
        press.start()
        with pytest.raises(KeyboardInterrupt):
            function(0.5, np.zeros(3), 1 << 40)
        press.join()
    finally:
        signal.signal(signal.SIGINT, before)
    if kind != "with a log":
        assert np.isfinite(function(0.5, np.zeros(3), 3)), "the function can be called again"


def test_steps_of_long_loops_are_all_taken_in_order() -> None:
    """Long loops are cut in pieces, in between which they look at the stop flag."""
    up = st.scan(lambda t, s: s * 0.5 + t, v, 0.0)[0]
    down = st.scan(lambda t, s: s * 0.5 + t, v, 0.0, go_backwards=True)[0]
    function = st.compile([up, down], [v])
    for size in (0, 1, 4095, 4096, 4097, 8192, 10001):
        value = np.sin(np.arange(size))
        state, want = 0.0, np.zeros(size)
        for k in range(size):
            want[k] = state = state * 0.5 + value[k]
        got = function(value)
        np.testing.assert_allclose(got[0], want, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(function(value[::-1].copy())[1], want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("options", [{}, {"checkpoint": "sqrt"}, {"truncate_gradient": 7}])
def test_the_code_does_not_grow_with_the_number_of_steps(options: dict) -> None:
    def lines(steps: int) -> int:
        end = st.scan(lambda s: st.sin(s) * x, outputs_info=x, n_steps=steps, **options)[0][-1]
        return len(st.compile([end, st.grad(end, x)], [x]).source.splitlines())

    assert abs(lines(100) - lines(1_000_000)) <= 10  # a long loop looks at the stop flag
