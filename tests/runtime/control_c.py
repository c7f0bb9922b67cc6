"""Ctrl-C, pressed at a moment that the test names, however fast the machine is."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest


class Press:
    """A second thread that presses Ctrl-C once, when ``begin`` was called and ``when()`` holds."""

    def __init__(self, when: Callable[[], Any]) -> None:
        self._when = when
        self._gate = threading.Lock()
        self._gate.acquire()
        self._over = False
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        self._gate.acquire()
        while not self._when():
            if self._over:
                return
            time.sleep(0.002)
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)

    def begin(self) -> None:
        """Begin to watch.  A single step: an interrupt leaves no lock behind."""
        self._gate.release()

    def end(self) -> None:
        """Wait for the press, or give up if its moment did not come."""
        self._over = True
        self._thread.join()


@contextmanager
def press(when: Callable[[], Any]) -> Iterator[None]:
    """Ctrl-C is pressed within the block, where a handler takes it that raises nothing."""
    pressing = Press(when)
    pressing.begin()
    try:
        yield
    finally:
        pressing.end()


def interrupted(call: Callable[[], Any], when: Callable[[], Any] = lambda: True) -> None:
    """Assert that ``call()``, in the midst of which Ctrl-C is pressed once ``when()`` holds, is interrupted."""
    pressing = Press(when)

    def begin_and_call() -> None:
        pressing.begin()
        call()

    try:
        with pytest.raises(KeyboardInterrupt):
            begin_and_call()
    finally:
        pressing.end()
