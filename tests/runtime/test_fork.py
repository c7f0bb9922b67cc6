"""A process that forks after threaded calls: the child works, with threads of its own."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.entries import Entries

SOURCE = r"""
typedef int64_t i64;
typedef struct { const double *x; double *partial; i64 n, *who; } Job;
static int chunk_sum(void *argument, i64 chunk, i64 worker) {
  Job *job = argument;
  for (volatile int i = 0; i < 200000; i++) { }
  job->who[chunk] = worker;
  job->partial[chunk] = 0;
  for (i64 i = job->n * chunk / 32; i < job->n * (chunk + 1) / 32; i++) job->partial[chunk] += job->x[i];
  return 0;
}
int sum(st_ctx *ctx, void **p, const i64 *layout) { /* the sum, and how many workers took part */
  double *y = ctx->output(ctx, 0, 0), partial[32];
  i64 *count = ctx->output(ctx, 1, 0), who[32], seen = 0;
  Job job = {p[0], partial, layout[0], who};
  if (!y || !count || ctx->parallel(ctx, chunk_sum, &job, 32)) return 1;
  *y = 0, *count = 0;
  for (int c = 0; c < 32; c++) {
    *y += partial[c];
    if (!(seen >> who[c] & 1)) seen |= (i64)1 << who[c], ++*count;
  }
  return 0;
}
int slow_update(st_ctx *ctx, void **p, const i64 *layout) {
  double *y = ctx->output(ctx, 0, 0);
  for (volatile i64 i = 0; i < 300000000; i++) { }
  if (!y) return 1;
  *y = *(double *)p[0] + 1;
  return 0;
}
int wait_for_stop(st_ctx *ctx, void **p, const i64 *layout) {
  for (i64 i = 0; i < (i64)3 << 30; i++) if (*ctx->stop) { ctx->error.code = 2; return 1; }
  return 1;
}
"""
F8, I8 = np.dtype(np.float64), np.dtype(np.int64)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return Entries(SOURCE, tmp_path_factory.mktemp("fork"))


@pytest.fixture(autouse=True)
def two_workers(native: ModuleType) -> Iterator[None]:
    before = native.workers()
    native.set_workers(2)
    yield
    native.set_workers(before)


def function(native: ModuleType, entries: Entries, name: str, signature: Signature) -> Any:
    def fail(*record: Any) -> None:
        raise AssertionError(record)

    return native.Function(entries.address(name), signature, (), 0, (), None, fail, None)


def in_a_child(work: Callable[[], bool], timeout: float = 20) -> bool:
    """Whether `work` is true in a forked child, which is killed if it hangs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 on: fork in a process with threads
        child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 1
        finally:
            os._exit(status)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status == 0
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def workers_seen(total: Any, x: np.ndarray, wanted: int) -> bool:
    """Whether the sum is right, and soon as many workers take part as wanted (a busy machine may need a few calls)."""
    for _ in range(200):
        y, count = total(x)
        if y != x.sum():
            return False
        if count >= wanted:
            return True
    return False


def test_a_child_has_threads_of_its_own(native: ModuleType, entries: Entries) -> None:
    signature = Signature(
        (Argument("x", F8, 1, (None,)),), (Output("y", F8, 0), Output("count", I8, 0)), "tuple", long_running=True
    )
    total = function(native, entries, "sum", signature)
    x = np.arange(1000.0)
    wanted = 1 if native.__name__.endswith("fallback") else 2
    assert workers_seen(total, x, wanted)
    assert in_a_child(lambda: workers_seen(total, x, wanted))
    assert in_a_child(lambda: workers_seen(total, x, wanted) and in_a_child(lambda: workers_seen(total, x, wanted)))
    assert workers_seen(total, x, wanted)  # the parent's threads are none the worse


def test_a_fork_while_another_thread_is_in_a_call(native: ModuleType, entries: Entries) -> None:
    container = native.Container(np.zeros(()))
    arguments = (Argument("w", F8, 0, (), "shared", container),)
    update = function(
        native, entries, "slow_update", Signature(arguments, (Output("w", F8, 0, "update", 0),), long_running=True)
    )
    thread = threading.Thread(target=update)
    thread.start()
    time.sleep(0.05)  # now the thread holds the variable's lock, which nobody will ever release in the child
    assert thread.is_alive()

    def work() -> bool:
        update()
        return container.get() == 1.0

    assert in_a_child(work)
    thread.join()
    assert container.get() == 1.0


def test_control_c_in_a_child_forked_by_a_thread(native: ModuleType, entries: Entries) -> None:
    """The thread that forks is the main thread of the child, and the one that hears Ctrl-C."""
    loop = function(native, entries, "wait_for_stop", Signature((), (), long_running=True))

    def work() -> bool:
        signal.setitimer(signal.ITIMER_REAL, 0)
        timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
        try:
            timer.start()
            loop()
        except KeyboardInterrupt:
            return True
        return False

    outcome: list[bool] = []
    thread = threading.Thread(target=lambda: outcome.append(in_a_child(work)))
    thread.start()
    thread.join()
    assert outcome == [True]
