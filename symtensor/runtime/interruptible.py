"""Native code that Ctrl-C can stop, without help from C: for the cffi fallback.

Python runs signal handlers in the main thread only, between bytecodes, so the main thread must not be the one that is
inside of native code.  A second thread does the whole work, and the main one waits where a handler may run; when the
handler raises, native code is asked to stop, and the exception goes on once the work has ended.

``threading.Thread`` cannot be used: after an exception in ``join``, Python up to 3.12 takes a running thread for a
finished one (its issue 90882), and one in ``start`` leaves open whether the thread comes up.
"""

from __future__ import annotations

import _thread
import ctypes
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["StopWord", "run_here", "run_interruptible"]

Result = TypeVar("Result")

PATIENCE = 0.05  # seconds: a signal that comes just before the main thread begins to wait does not wake it

StopWord = ctypes.c_int32 * 1
"""What ``st_ctx.stop`` points to: its element becomes 1 when native code shall leave."""


class _Current(threading.local):
    """The stop word of the job that this thread does."""

    stop: ctypes.Array[ctypes.c_int32] | None = None


_current = _Current()


class _Job(Generic[Result]):
    """Work that a second thread does, if it comes up before the work is withdrawn.

    The thread owns all that the work uses: whatever may be raised in the main thread, and whenever, nothing is freed
    or unlocked while native code runs.  (A second signal, in the moment in which the first one's exception is caught,
    makes the main thread leave early.)
    """

    def __init__(self, work: Callable[[ctypes.Array[ctypes.c_int32]], Result]) -> None:
        self.stop = StopWord()
        self.done = False
        self.result: Result
        self.error: BaseException | None = None
        self.left = _thread.allocate_lock()
        self.left.acquire()
        self._work = work
        self._claim: dict[str, str] = {}  # by whom the work was taken first; setdefault is a single step

    def run(self) -> None:
        """Do the work, unless it was withdrawn."""
        if self._claim.setdefault("by", "thread") != "thread":
            return
        _current.stop = self.stop
        try:
            self.result = self._work(self.stop)
        except BaseException as error:
            self.error = error
        finally:
            del self._work  # and what it refers to, before the caller goes on
            self.done = True
            self.left.release()

    def withdraw(self) -> bool:
        """Return whether the work has not begun; then it never will.  May be asked again."""
        return self._claim.setdefault("by", "caller") == "caller"


def run_here(work: Callable[[ctypes.Array[ctypes.c_int32]], Result]) -> Result:
    """Return ``work(stop)``; the stop word is that of the work, if any, in the midst of which this thread is."""
    return work(StopWord() if _current.stop is None else _current.stop)


def run_interruptible(work: Callable[[ctypes.Array[ctypes.c_int32]], Result]) -> Result:
    """Return ``work(stop)``, which is asked to leave when an exception comes up in the main thread.

    Args:
        work: Takes and gives back all locks that it needs: a second thread calls it in the main thread's place.

    Raises:
        BaseException: What a signal handler raised meanwhile, else what ``work`` raised.
    """
    if threading.get_ident() != threading.main_thread().ident:
        return run_here(work)
    job = _Job(work)
    interrupt: BaseException | None = None
    try:
        _thread.start_new_thread(job.run, ())
    except BaseException as error:  # there is no thread to be had, or a signal came just now
        job.stop[0], interrupt = 1, error
    while True:  # this loop turns on exceptions only; the inner one must be where they are caught
        try:
            while not job.done and not (interrupt is not None and job.withdraw()):
                job.left.acquire(timeout=PATIENCE)
            break
        except BaseException as error:
            job.stop[0] = 1
            interrupt = error if interrupt is None else interrupt
    try:
        if interrupt is not None:
            raise interrupt
        if job.error is not None:
            raise job.error
    finally:
        interrupt = job.error = None  # their tracebacks refer to this frame: a cycle would keep the arrays
    return job.result
