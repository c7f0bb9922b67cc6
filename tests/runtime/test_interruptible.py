"""Work that a second thread does while the main one can be interrupted."""

from __future__ import annotations

import _thread
import ctypes
import gc
import signal
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType

import numpy as np
import pytest

from symtensor.runtime import fallback
from symtensor.runtime.interruptible import run_here, run_interruptible
from symtensor.runtime.signature import Output, Signature
from tests.runtime.entries import Entries
from tests.runtime.making import F8, Maker, vector

Stop = ctypes.Array[ctypes.c_int32]


class Alarm(Exception):
    """What a signal handler of the tests raises."""


@pytest.fixture
def alarm() -> Iterator[Callable[[], None]]:
    """A signal to the main thread whose handler raises Alarm, sent by the function that this gives."""

    def handler(number: int, frame: FrameType | None) -> None:
        raise Alarm

    main = threading.get_ident()
    previous = signal.signal(signal.SIGUSR1, handler)
    yield lambda: signal.pthread_kill(main, signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, previous)


def wait_for(stop: Stop) -> None:
    deadline = time.monotonic() + 10
    while not stop[0]:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_work_returns_and_raises() -> None:
    here = threading.get_ident()
    assert run_interruptible(lambda stop: (threading.get_ident() == here, stop[0])) == (False, 0)
    assert run_here(lambda stop: (threading.get_ident() == here, stop[0])) == (True, 0)
    with pytest.raises(ZeroDivisionError):
        run_interruptible(lambda stop: 1 // stop[0])


def test_other_threads_do_their_own_work() -> None:
    same = []

    def call() -> None:
        here = threading.get_ident()
        same.append(run_interruptible(lambda stop: threading.get_ident() == here))

    thread = threading.Thread(target=call)
    thread.start()
    thread.join()
    assert same == [True]


@pytest.mark.parametrize("delay", [0, 0.03], ids=["at once", "later"])
def test_an_exception_waits_for_the_work(alarm: Callable[[], None], delay: float) -> None:
    ended = []

    def work(stop: Stop) -> None:
        time.sleep(delay)
        alarm()
        wait_for(stop)
        time.sleep(0.02)
        ended.append(True)

    with pytest.raises(Alarm):
        run_interruptible(work)
    assert ended == [True]


def test_the_first_of_several_exceptions_counts(alarm: Callable[[], None]) -> None:
    ended = []

    def work(stop: Stop) -> None:
        signal.pthread_kill(main, signal.SIGINT)
        wait_for(stop)
        for _ in range(3):
            time.sleep(0.02)
            alarm()
        ended.append(True)
        raise ZeroDivisionError

    main = threading.get_ident()
    with pytest.raises(KeyboardInterrupt):
        run_interruptible(work)
    assert ended == [True]


def test_work_within_work_hears_the_same_stop(alarm: Callable[[], None]) -> None:
    heard = []

    def inner(stop: Stop) -> None:
        alarm()
        wait_for(stop)
        heard.append(stop[0])

    with pytest.raises(Alarm):
        run_interruptible(lambda stop: run_interruptible(inner))
    with pytest.raises(Alarm):
        run_interruptible(lambda stop: run_here(inner))
    assert heard == [1, 1]


def test_no_thread_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    done = []
    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        run_interruptible(lambda stop: done.append(stop))
    assert done == []


def test_an_exception_before_the_thread_comes_up(monkeypatch: pytest.MonkeyPatch) -> None:
    late = []

    def start(run: Callable[[], None], arguments: tuple[()]) -> None:
        late.append(run)
        raise KeyboardInterrupt

    done = []
    monkeypatch.setattr(_thread, "start_new_thread", start)
    with pytest.raises(KeyboardInterrupt):
        run_interruptible(lambda stop: done.append(stop))
    late[0]()
    assert done == []  # the call is over, so nobody begins its work


def test_an_exception_just_when_the_thread_came_up(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = threading.Event(), []
    original = _thread.start_new_thread

    def start(run: Callable[[], None], arguments: tuple[()]) -> None:
        original(run, arguments)
        begun.wait()
        raise KeyboardInterrupt

    def work(stop: Stop) -> None:
        begun.set()
        wait_for(stop)
        ended.append(True)

    monkeypatch.setattr(_thread, "start_new_thread", start)
    with pytest.raises(KeyboardInterrupt):
        run_interruptible(work)
    assert ended == [True]


def test_nothing_is_kept_afterwards(alarm: Callable[[], None]) -> None:
    def interrupted(array: np.ndarray) -> None:
        def work(stop: Stop) -> float:
            alarm()
            wait_for(stop)
            return float(array[0])

        run_interruptible(work)

    def failing(array: np.ndarray) -> None:
        run_interruptible(lambda stop: array[10])

    gc.collect()
    gc.disable()
    try:
        for call, kind in ((interrupted, Alarm), (failing, IndexError)):
            array = np.zeros(3)
            alive = weakref.ref(array)
            with pytest.raises(kind):
                call(array)
            del array
            assert alive() is None
    finally:
        gc.enable()


def test_whoever_leaves_early_harms_nothing(monkeypatch: pytest.MonkeyPatch, dispatch_entries: Entries) -> None:
    """As a second signal can, at the worst of moments: arrays, callbacks and locks are the working thread's."""

    def leave(work: Callable[[Stop], object]) -> None:
        stop = (ctypes.c_int32 * 1)()
        _thread.start_new_thread(work, (stop,))
        entered = dispatch_entries.number("entered")
        while not entered.value:
            time.sleep(0.001)
        raise KeyboardInterrupt

    dispatch_entries.number("entered").value = 0
    container = fallback.Container(np.zeros(3))
    arguments = (vector("w", kind="shared", value=container),)
    signature = Signature(arguments, (Output("w", F8, 1, "update", 0),), long_running=True)
    function = Maker(fallback, dispatch_entries)("dawdle_and_fill", signature)
    with monkeypatch.context() as patch:
        patch.setattr(fallback, "run_interruptible", leave)
        with pytest.raises(KeyboardInterrupt):
            function()
    del function
    gc.collect()
    assert container.get().tolist() == [1.0, 1.0, 1.0]  # waits until native code has left
