"""The thread pool: regions, nesting, several callers, failures, interruption; and the default number of workers."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symtensor.runtime import threads
from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.control_c import interrupted
from tests.runtime.entries import Entries

SOURCE = r"""
typedef int64_t i64;
enum { CHUNKS = 64 };
typedef struct { st_ctx *ctx; const double *x; i64 n; double *partial; i64 *who; i64 depth, fail_at, pause; } Job;

static void dawdle(i64 turns) { for (volatile i64 i = 0; i < turns; i++) { } }

static int sum_chunk(void *argument, i64 chunk, i64 worker) {
  Job *job = argument;
  double sum = 0;
  if (worker < 0 || worker >= job->ctx->workers) return 1;
  dawdle(job->pause);
  for (i64 i = job->n * chunk / CHUNKS; i < job->n * (chunk + 1) / CHUNKS; i++) sum += job->x[i];
  job->partial[chunk] = sum;
  if (job->who) job->who[chunk] = worker;
  return chunk == job->fail_at;
}
static int run_sum(st_ctx *ctx, void **p, const i64 *layout, i64 pause) {
  double *y = ctx->output(ctx, 0, 0), *partial = ctx->arena(ctx, 0, CHUNKS * 8);
  Job job = {ctx, p[0], layout[0], partial, 0, 0, -1, pause};
  if (!y || !partial || ctx->parallel(ctx, sum_chunk, &job, CHUNKS)) return 1;
  *y = 0;
  for (int c = 0; c < CHUNKS; c++) *y += partial[c];
  return 0;
}
int sum(st_ctx *ctx, void **p, const i64 *layout) { return run_sum(ctx, p, layout, 0); }
int slow_sum(st_ctx *ctx, void **p, const i64 *layout) { return run_sum(ctx, p, layout, 20000); }

int who_ran(st_ctx *ctx, void **p, const i64 *layout) { /* the worker of each chunk */
  i64 n = CHUNKS, *who = ctx->output(ctx, 0, &n);
  double *partial = ctx->arena(ctx, 0, CHUNKS * 8);
  Job job = {ctx, p[0], layout[0], partial, who, 0, -1, 200000};
  return !who || !partial || ctx->parallel(ctx, sum_chunk, &job, CHUNKS);
}

/* Each chunk starts a region of its own; scratch memory indexed by worker must stay private to a thread. */
typedef struct { st_ctx *ctx; i64 *scratch, *result; } Nested;
typedef struct { Nested *outer; i64 outer_chunk; } Inner;
static int inner_chunk(void *argument, i64 chunk, i64 worker) {
  Inner *inner = argument;
  i64 *mine = inner->outer->scratch + worker * 16;
  i64 before = *mine;
  dawdle(500);
  *mine = before + chunk; /* a second thread with this number would be seen here */
  return 0;
}
static int outer_chunk(void *argument, i64 chunk, i64 worker) {
  Nested *outer = argument;
  Inner inner = {outer, chunk};
  outer->scratch[worker * 16] = 0;
  if (outer->ctx->parallel(outer->ctx, inner_chunk, &inner, 10)) return 1;
  outer->result[chunk] = outer->scratch[worker * 16] + 100 * chunk;
  return 0;
}
int nested(st_ctx *ctx, void **p, const i64 *layout) {
  i64 n = CHUNKS, *result = ctx->output(ctx, 0, &n), *scratch = ctx->arena(ctx, 0, 64 * 128);
  Nested outer = {ctx, scratch, result};
  return !result || !scratch || ctx->parallel(ctx, outer_chunk, &outer, CHUNKS);
}

int failing_chunk(st_ctx *ctx, void **p, const i64 *layout) { /* 5 of 64 fails: later chunks are dropped */
  double *partial = ctx->arena(ctx, 0, CHUNKS * 8), *y = ctx->output(ctx, 0, 0);
  Job job = {ctx, p[0], layout[0], partial, 0, 0, 5, 20000};
  if (!partial || !y) return 1;
  for (int c = 0; c < CHUNKS; c++) partial[c] = -1;
  if (!ctx->parallel(ctx, sum_chunk, &job, CHUNKS)) return 0;
  i64 done = 0;
  for (int c = 0; c < CHUNKS; c++) done += partial[c] != -1;
  ctx->error = (st_error){7, 0, -1, {done}};
  return 1;
}
volatile int started = 0;
static int wait_chunk(void *argument, i64 chunk, i64 worker) { started++; dawdle(1000000); return 0; }
int many_slow_chunks(st_ctx *ctx, void **p, const i64 *layout) { /* minutes, unless it is stopped */
  return ctx->parallel(ctx, wait_chunk, 0, 1000000);
}
static int nothing(void *argument, i64 chunk, i64 worker) { return 0; }
int many_regions(st_ctx *ctx, void **p, const i64 *layout) {
  for (int i = 0; i < 1000; i++) if (ctx->parallel(ctx, nothing, 0, 1 + i % 7)) return 1;
  return 0;
}
int empty_region(st_ctx *ctx, void **p, const i64 *layout) { return ctx->parallel(ctx, wait_chunk, 0, 0); }
"""
F8, I8 = np.dtype(np.float64), np.dtype(np.int64)
X = Argument("x", F8, 1, (None,))


class ChunkError(Exception):
    """What the tests' `fail` raises."""


def fail(*record: Any) -> None:
    raise ChunkError(*record[:4])


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return Entries(SOURCE, tmp_path_factory.mktemp("threads"))


@contextlib.contextmanager
def workers(native: ModuleType, count: int) -> Iterator[None]:
    before = native.workers()
    native.set_workers(count)
    try:
        yield
    finally:
        native.set_workers(before)


@pytest.fixture(params=[1, 2, 3, 5])
def count(request: pytest.FixtureRequest, native: ModuleType) -> Iterator[int]:
    with workers(native, request.param):
        yield request.param


def function(
    native: ModuleType,
    entries: Entries,
    name: str,
    outputs: tuple[Output, ...] = (Output("y", F8, 0),),
    arguments: tuple[Argument, ...] = (X,),
    threads: int = 0,
) -> Any:
    signature = Signature(arguments, outputs, long_running=True)
    return native.Function(entries.address(name), signature, (), 0, (), None, fail, None, threads)


def test_the_same_bits_for_any_number_of_workers(native: ModuleType, entries: Entries) -> None:
    x = np.random.default_rng(0).standard_normal(10_007) * 10.0 ** np.arange(10_007) ** 0.1
    total = function(native, entries, "sum")
    expected = sum(float(sum_exactly(x[len(x) * c // 64 : len(x) * (c + 1) // 64])) for c in range(64))
    for count in (1, 2, 3, 7):
        with workers(native, count):
            for _ in range(30):
                assert total(x) == expected


def sum_exactly(x: np.ndarray) -> float:
    """The sum as the C loop forms it, one after the other."""
    return float(np.add.accumulate(x)[-1])


def test_several_workers_take_part(native: ModuleType, entries: Entries, count: int) -> None:
    who = function(native, entries, "who_ran", (Output("who", I8, 1),))
    seen: set[int] = set()
    deadline = time.monotonic() + 10
    expected = {0} if native.__name__.endswith("fallback") else set(range(count))
    while seen != expected and time.monotonic() < deadline:
        seen |= set(who(np.ones(64)).tolist())
    assert seen == expected


def test_a_function_can_be_limited_to_fewer_threads(native: ModuleType, entries: Entries) -> None:
    who = function(native, entries, "who_ran", (Output("who", I8, 1),), threads=2)
    with workers(native, 4):
        for _ in range(5):
            assert set(who(np.ones(64)).tolist()) <= {0, 1}


def test_nested_regions_run_inline(native: ModuleType, entries: Entries, count: int) -> None:
    nested = function(native, entries, "nested", (Output("y", I8, 1),))
    for _ in range(20):
        np.testing.assert_array_equal(nested(np.ones(1)), np.arange(64) * 100 + 45)


def test_two_python_threads_at_once(native: ModuleType, entries: Entries, count: int) -> None:
    total = function(native, entries, "slow_sum")
    wrong: list[float] = []

    def work(seed: int) -> None:
        x = np.random.default_rng(seed).integers(0, 1000, 5000).astype(float)
        wrong.extend(y for y in (float(total(x)) for _ in range(30)) if y != x.sum())

    callers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(60)
    assert not any(caller.is_alive() for caller in callers)
    assert wrong == []


def test_many_small_regions(native: ModuleType, entries: Entries, count: int) -> None:
    function(native, entries, "many_regions", ())(np.ones(1))
    function(native, entries, "empty_region", ())(np.ones(1))


def test_a_failing_chunk_drops_the_rest(native: ModuleType, entries: Entries, count: int) -> None:
    failing = function(native, entries, "failing_chunk")
    with pytest.raises(ChunkError) as caught:
        failing(np.ones(64))
    code, _, _, (done, *_) = caught.value.args
    assert code == 7
    assert 6 <= done <= 6 + 4 * count
    assert function(native, entries, "sum")(np.ones(64)) == 64.0


def test_control_c_drops_the_rest(native: ModuleType, entries: Entries) -> None:
    slow = function(native, entries, "many_slow_chunks", (), ())
    started = entries.number("started")
    started.value = 0
    with workers(native, 2):
        start = time.monotonic()
        interrupted(slow, lambda: started.value > 3)
        assert time.monotonic() - start < 5
        count = started.value
        assert function(native, entries, "sum")(np.ones(64)) == 64.0
        time.sleep(0.02)
        assert started.value == count  # nobody is still at it


# ---- the default number ----


def tree(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_default_workers_respect_affinity_and_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "quota_processors", lambda: None)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert threads.default_workers() == len(os.sched_getaffinity(0))
    monkeypatch.setattr(threads, "available_processors", lambda: 64)
    assert threads.default_workers() == 64
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads.default_workers() == 3
    monkeypatch.setattr(threads, "quota_processors", lambda: 2)
    assert threads.default_workers() == 2


@pytest.mark.parametrize(
    ("text", "expected"), [("4", 4), (" 2 ", 2), ("8,2", 8), ("0", None), ("-1", None), ("x", None)]
)
def test_requested_threads(text: str, expected: int | None) -> None:
    assert threads.requested_threads({"OMP_NUM_THREADS": text}) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "max 100000\n"}, None),
        ({"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/cpu.max": "150000 100000\n"}, 2),
        ({"proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/cpu.max": "400000 100000\n"}, 4),
        (
            {
                "proc/self/cgroup": "0::/a/b\n",
                "sys/fs/cgroup/a/cpu.max": "100000 100000\n",
                "sys/fs/cgroup/a/b/cpu.max": "400000 100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "5:memory:/x\n4:cpu,cpuacct:/docker/1\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "50000\n",
                "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            },
            1,
        ),
        (
            {
                "proc/self/cgroup": "4:cpuacct,cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
    ],
    ids=["no groups", "v2 unlimited", "v2 rounds up", "v2 parent", "v2 smallest", "v1", "v1 unlimited"],
)
def test_quota(tmp_path: Path, files: dict[str, str], expected: int | None) -> None:
    assert threads.quota_processors(tree(tmp_path, files)) == expected
