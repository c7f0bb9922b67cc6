"""The lock of the interpreter, and Ctrl-C, while native code runs."""

from __future__ import annotations

import ctypes
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.control_c import interrupted, press
from tests.runtime.making import CALLBACK, F8, Maker, vector

LOOP = Signature((vector("x"),), (Output("y", F8, 1),), long_running=True)


@pytest.fixture
def entered(make: Maker) -> Callable[[], bool]:
    """Whether native code that waits, or takes its time, has been entered in this test."""
    number = make.entries.number("entered")
    number.value = 0
    return lambda: bool(number.value)


@pytest.mark.parametrize(("size", "long_running"), [(3, True), (100_000, False)])
def test_other_threads_run_during_real_work(make: Maker, size: int, long_running: bool) -> None:
    function = make("dawdle", Signature((vector("x"),), (), long_running=long_running))
    thread = threading.Thread(target=function, args=(np.zeros(size),))
    thread.start()
    time.sleep(0.02)
    assert thread.is_alive()  # so this thread has run meanwhile
    thread.join()


def test_control_c_is_for_the_main_thread(make: Maker, entered: Callable[[], bool]) -> None:
    function = make("dawdle", Signature((), (), long_running=True))
    finished = []
    thread = threading.Thread(target=lambda: finished.append(function()))
    thread.start()
    interrupted(lambda: time.sleep(5), entered)
    thread.join()
    assert finished == [None]


@pytest.mark.parametrize("size", [3, 100_000])
def test_control_c_stops_a_loop(make: Maker, entered: Callable[[], bool], size: int) -> None:
    function = make("wait_for_stop", LOOP)
    handler = signal.getsignal(signal.SIGINT)
    start = time.monotonic()
    interrupted(lambda: function(np.zeros(size)), entered)
    assert time.monotonic() - start < 2
    assert signal.getsignal(signal.SIGINT) is handler
    interrupted(lambda: time.sleep(5))  # and outside of native code all is as before


def test_control_c_when_another_handler_serves_once(make: Maker, entered: Callable[[], bool]) -> None:
    """Such a handler as PoCL's is spent by the first Ctrl-C: were it put back, the next would end the process."""
    function = make("wait_for_stop", LOOP)
    handler = partial(make.entries.call, "interrupt_handler")
    python = handler()
    try:
        make.entries.call("install_serve_once")
        other = handler()
        make("add_one", LOOP)(np.zeros(3))
        assert handler() == other != python
        interrupted(lambda: function(np.zeros(3)), entered)
        assert handler() == python
    finally:
        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))


def test_control_c_leaves_shared_variables_alone(make: Maker, entered: Callable[[], bool]) -> None:
    container = make.native.Container(np.arange(3.0))
    arguments = (vector("w", kind="shared", value=container),)
    signature = Signature(arguments, (Output("w", F8, 1, "update", 0),), long_running=True)
    function = make("wait_for_stop", signature)
    before = container.get()
    interrupted(function, entered)
    assert container.get() is before
    np.testing.assert_array_equal(before, np.arange(3.0))


def test_a_handler_that_raises_nothing_lets_the_call_go_on(make: Maker, entered: Callable[[], bool]) -> None:
    seen = []
    extension = make.native.__name__.endswith("_native")
    patience = ctypes.c_int64(1 if extension else 0)
    function = make("wait_at_first", LOOP, (0, ctypes.addressof(patience)))
    previous = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        with press(entered if extension else lambda: True):
            assert function(np.zeros(4)).shape == (4,)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen == [signal.SIGINT]


@pytest.mark.parametrize("long_running", [False, True])
def test_control_c_between_requests_of_native_code(
    make: Maker, long_running: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    signature = Signature((vector("x"),), (Output("y", F8, 1),), long_running=long_running)
    function = make("interrupt_itself", signature)

    def call() -> None:
        function(np.zeros(3))
        time.sleep(1)  # a signal that another thread took is heard here

    with pytest.raises(KeyboardInterrupt):
        call()
    assert capfd.readouterr().err == ""  # and not as an exception that a callback ignores


def test_control_c_reaches_calls_within_calls(make: Maker, entered: Callable[[], bool]) -> None:
    inner = make("wait_for_stop", LOOP)
    left = []

    @CALLBACK
    def call(x: float) -> float:
        try:
            inner(np.zeros(3))
        except BaseException as error:
            left.append(error)
        return 1.0

    address = ctypes.cast(call, ctypes.c_void_p).value
    assert address is not None
    signature = Signature((Argument("x", F8, 0, ()),), (Output("y", F8, 0),), long_running=True)
    outer = make("call_back", signature, (address,))
    start = time.monotonic()

    def both() -> Any:
        outer(1.0)
        if left and isinstance(left[0], KeyboardInterrupt):
            raise left[0]  # the extension runs the callback in the main thread, so it is the callback that hears it

    interrupted(both, entered)
    assert time.monotonic() - start < 2
    assert len(left) == 1
