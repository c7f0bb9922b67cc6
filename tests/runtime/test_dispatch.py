"""A call through the dispatcher, from Python's arguments to its results; both implementations of it."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import signal
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
import weakref
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.entries import Entries

SOURCE = r"""
typedef int64_t i64;
static i64 count(const i64 *sizes, int ndim) { i64 n = 1; for (int d = 0; d < ndim; d++) n *= sizes[d]; return n; }

int add_one(st_ctx *ctx, void **p, const i64 *layout) {
  double *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = ((double *)p[0])[i] + 1;
  return 0;
}
int multiply_add_subtract(st_ctx *ctx, void **p, const i64 *layout) {
  double *a = p[0], *b = p[1], *c = p[2], *y = ctx->output(ctx, 0, layout), *z = ctx->output(ctx, 1, layout);
  if (!y || !z) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = a[i] * b[i] + c[i], z[i] = a[i] - c[i];
  return 0;
}
int scale_and_shift(st_ctx *ctx, void **p, const i64 *layout) { /* x: 1-d, factor: float64, shift: int64 */
  double *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = ((double *)p[0])[i] * *(double *)p[1] + (double)*(i64 *)p[2];
  return 0;
}
int square(st_ctx *ctx, void **p, const i64 *layout) { /* rank 0 */
  double x = *(double *)p[0], *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = x * x;
  return 0;
}
int copy_layout(st_ctx *ctx, void **p, const i64 *layout) {
  i64 n = 10, *y = ctx->output(ctx, 0, &n);
  if (!y) return 1;
  for (i64 i = 0; i < n; i++) y[i] = layout[i];
  return 0;
}
int outer(st_ctx *ctx, void **p, const i64 *layout) {
  i64 sizes[2] = {layout[0], layout[0]};
  double *x = p[0], *y = ctx->output(ctx, 0, sizes);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) for (i64 j = 0; j < layout[0]; j++) y[i * layout[0] + j] = x[i] * x[j];
  return 0;
}
int constant_plus(st_ctx *ctx, void **p, const i64 *layout) { /* constant first, so arguments are interleaved */
  double *c = p[0], *x = p[1], *y = ctx->output(ctx, 0, layout);
  if (!y) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = c[i] + x[i];
  return 0;
}
int scratch_sum(st_ctx *ctx, void **p, const i64 *layout) { /* copies x through scratch memory in slot 7 */
  double *t = ctx->arena(ctx, 7, layout[0] * 8), *other = ctx->arena(ctx, 0, 8), *y = ctx->output(ctx, 0, 0);
  if (!t || !other || !y || (i64)t % 64 || (i64)other % 64 || (i64)y % 64) return 1;
  for (i64 i = 0; i < layout[0]; i++) t[i] = ((double *)p[0])[i];
  *other = 0;
  for (i64 i = 0; i < layout[0]; i++) *other += t[i];
  *y = *other;
  return 0;
}
int scratch_too_large(st_ctx *ctx, void **p, const i64 *layout) { return ctx->arena(ctx, 0, (i64)1 << 60) == 0; }
int negative_size(st_ctx *ctx, void **p, const i64 *layout) { i64 n = -3; return ctx->output(ctx, 0, &n) == 0; }
int gigantic(st_ctx *ctx, void **p, const i64 *layout) { i64 n = (i64)1 << 62; return ctx->output(ctx, 0, &n) == 0; }
int forgetful(st_ctx *ctx, void **p, const i64 *layout) { return 0; }
int always_fails(st_ctx *ctx, void **p, const i64 *layout) {
  ctx->output(ctx, 0, layout);
  ctx->error = (st_error){4, 7, 3, {11, 12, 13, 14}};
  return 1;
}
/* v, w shared; x input.  New v = v + x, new w = w - x, result v * w; fails if x[0] < 0, after everything is written. */
int update_two(st_ctx *ctx, void **p, const i64 *layout) {
  double *x = p[0], *v = p[1], *w = p[2];
  double *y = ctx->output(ctx, 0, layout), *v2 = ctx->output(ctx, 1, layout), *w2 = ctx->output(ctx, 2, layout);
  if (!y || !v2 || !w2) return 1;
  for (i64 i = 0; i < layout[0]; i++) y[i] = v[i] * w[i], v2[i] = v[i] + x[i], w2[i] = w[i] - x[i];
  if (x[0] >= 0) return 0;
  ctx->error = (st_error){4, 0, -1, {0}};
  return 1;
}
int update_in_place(st_ctx *ctx, void **p, const i64 *layout) { /* w[::-1] += x, so that overlap shows */
  double *x = p[0], *w = p[1];
  i64 n = layout[0];
  for (i64 i = 0; i < n; i++) w[n - 1 - i] += x[i];
  return 0;
}
int wait_for_stop(st_ctx *ctx, void **p, const i64 *layout) { /* gives up after ~10 s, with another code */
  ctx->error = (st_error){7, 0, 0, {0}};
  if (!ctx->output(ctx, 0, layout)) return 1;
  for (i64 i = 0; i < (i64)3 << 30; i++) if (*ctx->stop) { ctx->error.code = 2; return 1; }
  return 1;
}
/* Waits for the stop flag the first `*patience` times, then succeeds. */
int wait_at_first(st_ctx *ctx, void **p, const i64 *layout) {
  i64 *patience = ctx->library[1], *y;
  if (*patience > 0) { --*patience; return wait_for_stop(ctx, p, layout); }
  y = ctx->output(ctx, 0, layout);
  return y == 0;
}
int call_back(st_ctx *ctx, void **p, const i64 *layout) {
  double *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = *(double *)p[0] + ((double (*)(double))ctx->library[0])(*(double *)p[0]);
  return 0;
}
int report_workers(st_ctx *ctx, void **p, const i64 *layout) {
  i64 *y = ctx->output(ctx, 0, 0);
  if (!y) return 1;
  *y = ctx->workers;
  return 0;
}
int count_up_to(st_ctx *ctx, void **p, const i64 *layout) { /* a size that depends on a value */
  i64 n = *(i64 *)p[0], *y = ctx->output(ctx, 0, &n);
  if (!y) return 1;
  for (i64 i = 0; i < n; i++) y[i] = i;
  return 0;
}
int dawdle(st_ctx *ctx, void **p, const i64 *layout) { /* ~0.2 s; 1 if it was asked to stop */
  for (volatile i64 i = 0; i < 200000000; i++) { }
  ctx->error = (st_error){2, 0, -1, {0}};
  return *ctx->stop;
}
int busy_increment(st_ctx *ctx, void **p, const i64 *layout) { /* reads, dawdles, writes: loses counts without lock */
  double *w = p[0], *w2 = ctx->output(ctx, 0, 0), read = *w;
  if (!w2) return 1;
  for (volatile int i = 0; i < 20000; i++) { }
  *w2 = read + 1;
  return 0;
}
"""
F8, I8 = np.dtype(np.float64), np.dtype(np.int64)


@pytest.fixture(scope="module")
def entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return Entries(SOURCE, tmp_path_factory.mktemp("dispatch"))


def vector(name: str, size: int | None = None, **more: Any) -> Argument:
    return Argument(name, F8, 1, (size,), **more)


class UserError(Exception):
    """What the tests' `fail` raises."""


class Maker:
    """Makes functions of one implementation, whose `convert` and `fail` do what the Python layer's do."""

    def __init__(self, native: ModuleType, entries: Entries) -> None:
        self.native, self.entries = native, entries
        self.conversions = 0

    def __call__(self, entry: str, signature: Signature, library: tuple[int, ...] = (), **more: Any) -> Any:
        names = [argument.name for argument in signature.inputs]

        def convert(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[np.ndarray, ...]:
            self.conversions += 1
            values = dict(zip(names, args)) | kwargs
            if set(values) != set(names) or len(args) > len(names):
                raise TypeError(f"this function takes the arguments {names}")
            arrays = []
            for argument in signature.inputs:
                array = np.asarray(values[argument.name])
                if array.ndim != argument.ndim or not np.can_cast(array.dtype, argument.dtype, "same_kind"):
                    raise TypeError(f"argument {argument.name}: {array.ndim} axes of {array.dtype}")
                for size, given in zip(argument.sizes, array.shape):
                    if size not in (None, given):
                        raise ValueError(f"argument {argument.name}: size {given} is not {size}")
                arrays.append(np.require(array, argument.dtype, "CA"))
            return tuple(arrays)

        def fail(code: int, site: int, step: int, values: tuple[int, ...], arrays: tuple[np.ndarray, ...]) -> None:
            raise MemoryError(values[0]) if code == 1 else UserError(code, site, step, values, arrays)

        more = {"convert": convert, "fail": fail, "details": None} | more
        address = self.entries.address(entry)
        return self.native.Function(address, signature, library, 0, (), **more)


@pytest.fixture
def make(native: ModuleType, entries: Entries) -> Maker:
    return Maker(native, entries)


@pytest.fixture
def add_one(make: Maker) -> Any:
    return make("add_one", Signature((vector("x"),), (Output("y", F8, 1),)))


# ---- arguments ----


def test_an_exact_argument_is_not_converted(make: Maker, add_one: Any) -> None:
    x = np.arange(10.0)
    y = add_one(x)
    assert type(y) is np.ndarray
    assert y.flags.c_contiguous
    assert y.ctypes.data % 64 == 0
    np.testing.assert_array_equal(y, x + 1)
    assert make.conversions == 0


@pytest.mark.parametrize("size", [0, 1, 3, 1000, 100_000, 1_000_000])
def test_sizes(add_one: Any, size: int) -> None:
    x = np.arange(float(size))
    for _ in range(3):
        np.testing.assert_array_equal(add_one(x), x + 1)


@pytest.mark.parametrize(
    "x",
    [
        [1, 2, 3],
        np.arange(6.0)[::2],
        np.arange(3, dtype=np.int32),
        np.arange(3.0, dtype=">f8"),
        np.frombuffer(b"\0" + np.arange(3.0).tobytes(), np.float64, offset=1),
        np.ma.masked_array(np.arange(3.0)),
    ],
    ids=["list", "strided", "int32", "big-endian", "misaligned", "subclass"],
)
def test_other_arguments_are_converted(make: Maker, add_one: Any, x: Any) -> None:
    np.testing.assert_array_equal(add_one(x), np.asarray(x) + 1.0)
    assert make.conversions == 1


def test_arguments_by_name(make: Maker) -> None:
    signature = Signature(
        (vector("a"), vector("b"), vector("c")), (Output("y", F8, 1), Output("z", F8, 1)), structure="tuple"
    )
    function = make("multiply_add_subtract", signature)
    a, b, c = np.random.default_rng(0).random((3, 5))
    for y, z in (function(a, b, c), function(a, c=c, b=b), function(c=c, b=b, a=a)):
        np.testing.assert_array_equal(y, a * b + c)
        np.testing.assert_array_equal(z, a - c)
    with pytest.raises(TypeError, match="takes the arguments"):
        function(a, b)
    with pytest.raises(TypeError, match="takes the arguments"):
        function(a, b, c, a)
    with pytest.raises(TypeError, match="takes the arguments"):
        function(a, b, d=c)


def test_the_users_error_comes_from_convert(add_one: Any) -> None:
    with pytest.raises(TypeError, match="argument x: 2 axes of float64"):
        add_one(np.zeros((2, 2)))
    with pytest.raises(TypeError, match="complex128"):
        add_one(np.zeros(2, complex))
    np.testing.assert_array_equal(add_one(np.zeros(2)), [1, 1])


def test_a_static_size_that_does_not_match_goes_to_convert(make: Maker) -> None:
    function = make("add_one", Signature((vector("x", 3),), (Output("y", F8, 1),)))
    np.testing.assert_array_equal(function(np.zeros(3)), np.ones(3))
    assert make.conversions == 0
    with pytest.raises(ValueError, match="argument x: size 4 is not 3"):
        function(np.zeros(4))
    assert make.conversions == 1


@pytest.mark.parametrize("answer", [None, [np.zeros(3)], (), (np.zeros(3, np.float32),), (np.zeros(6)[::2],)])
def test_a_convert_that_breaks_its_word_is_reported(make: Maker, answer: Any) -> None:
    function = make("add_one", Signature((vector("x"),), (Output("y", F8, 1),)), convert=lambda args, kwargs: answer)
    with pytest.raises(TypeError, match="convert"):
        function([1.0])


def test_python_numbers_for_rank_0(make: Maker) -> None:
    signature = Signature(
        (vector("x"), Argument("factor", F8, 0, ()), Argument("shift", I8, 0, ())), (Output("y", F8, 1),)
    )
    function = make("scale_and_shift", signature)
    x = np.arange(4.0)
    np.testing.assert_array_equal(function(x, 2.5, -7), x * 2.5 - 7)
    np.testing.assert_array_equal(function(x, 3, 2**40), x * 3 + 2**40)
    np.testing.assert_array_equal(function(x, np.float64(0.5), np.array(3)), x * 0.5 + 3)
    assert make.conversions == 0
    np.testing.assert_array_equal(function(x, np.float32(0.5), np.int8(3)), x * 0.5 + 3)
    np.testing.assert_array_equal(function(x, True, False), x)
    assert make.conversions == 2
    with pytest.raises(TypeError):  # a float is no int
        function(x, 1.0, 2.0)
    with pytest.raises((OverflowError, TypeError)):
        function(x, 1.0, 2**70)


def test_rank_0_results_are_arrays(make: Maker) -> None:
    function = make("square", Signature((Argument("x", F8, 0, ()),), (Output("y", F8, 0),)))
    y = function(3.0)
    assert type(y) is np.ndarray
    assert y.shape == ()
    assert y == 9.0
    kept = [function(float(i)) for i in range(20)]
    assert [float(k) for k in kept] == [i * i for i in range(20)]


def test_layout_is_sizes_then_row_major_strides(make: Maker) -> None:
    arguments = (
        Argument("a", F8, 3, (None,) * 3),
        Argument("s", F8, 0, ()),
        Argument("b", np.dtype("f4"), 2, (None,) * 2),
    )
    function = make("copy_layout", Signature(arguments, (Output("y", I8, 1),)))
    a = np.lib.stride_tricks.as_strided(np.zeros(15), (3, 1, 5), (40, 8888, 8))  # NumPy calls this contiguous
    assert a.flags.c_contiguous
    layout = function(a, 0.0, np.zeros((2, 7), np.float32))
    assert layout.tolist() == [3, 1, 5, 40, 40, 8, 2, 7, 28, 4]


def test_constants_and_interleaved_arguments(make: Maker) -> None:
    constant = np.arange(4.0)
    constant.flags.writeable = False
    arguments = (vector("c", kind="constant", value=constant), vector("x"))
    function = make("constant_plus", Signature(arguments, (Output("y", F8, 1),)))
    np.testing.assert_array_equal(function(np.ones(4)), constant + 1)


# ---- results ----


def test_kept_results_never_change(add_one: Any) -> None:
    x = np.arange(10.0)
    kept = [add_one(x + i) for i in range(200)]
    for i, y in enumerate(kept):
        np.testing.assert_array_equal(y, x + i + 1)
    assert len({y.ctypes.data for y in kept}) == 200


def test_views_of_results_never_change(add_one: Any) -> None:
    x = np.arange(10.0)
    views = [add_one(x + i)[2:5] for i in range(50)]
    raw = [memoryview(add_one(x + i)) for i in range(50)]
    reshaped = [add_one(x + i).reshape(2, 5).T for i in range(50)]
    for i in range(50):
        np.testing.assert_array_equal(views[i], (x + i + 1)[2:5])
        np.testing.assert_array_equal(np.asarray(raw[i]), x + i + 1)
        np.testing.assert_array_equal(reshaped[i], (x + i + 1).reshape(2, 5).T)


def test_results_of_results(add_one: Any) -> None:
    x = np.arange(10.0)
    np.testing.assert_array_equal(add_one(add_one(add_one(x))), x + 3)
    y = x
    for _ in range(50):
        y = add_one(y)
    np.testing.assert_array_equal(y, x + 50)


def test_what_a_user_does_to_a_result_does_not_come_back(add_one: Any) -> None:
    x = np.arange(12.0)

    def read_only(y: np.ndarray) -> None:
        y.flags.writeable = False

    def retyped(y: np.ndarray) -> None:
        y.dtype = np.dtype(np.int64)

    def reshaped(y: np.ndarray) -> None:
        y.shape = (3, 4)

    def resized(y: np.ndarray) -> None:
        if y.flags.owndata:  # which the fallback's results do not
            y.resize(24, refcheck=False)

    def resized_twice(y: np.ndarray) -> None:
        if y.flags.owndata:
            y.resize(100_000, refcheck=False)
            y.resize(12, refcheck=False)

    for deed in (read_only, retyped, reshaped, resized, resized_twice):
        for _ in range(3):
            y = add_one(x)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy 2.4 discourages setting shape and dtype
                deed(y)
            del y
        y = add_one(x)
        assert y.dtype == F8
        assert y.shape == (12,)
        assert y.flags.writeable
        assert y.ctypes.data % 64 == 0
        np.testing.assert_array_equal(y, x + 1)


def test_a_weak_reference_to_a_result_dies_with_it_or_sees_it_unchanged(add_one: Any) -> None:
    x = np.arange(10.0)
    y = add_one(x)
    reference = weakref.ref(y)
    expected = y.copy()
    del y
    for i in range(10):
        add_one(x + i + 5)
    assert reference() is None or np.array_equal(reference(), expected)


def test_a_dropped_result_is_used_again(native: ModuleType, add_one: Any) -> None:
    if native.__name__.endswith("fallback"):
        pytest.skip("the fallback does not recycle")
    x = np.arange(10.0)
    addresses = set()
    for _ in range(100):
        y = add_one(x)
        addresses.add(y.ctypes.data)
    assert len(addresses) == 2
    assert y.base is None
    assert y.flags.owndata


@pytest.mark.parametrize("structure", ["list", "tuple"])
def test_structures(make: Maker, structure: Any) -> None:
    one = make("add_one", Signature((vector("x"),), (Output("y", F8, 1),), structure))
    result = one(np.zeros(2))
    assert type(result).__name__ == structure
    assert len(result) == 1
    none = make("forgetful", Signature((), (), structure))
    assert none() == ([] if structure == "list" else ())


def test_no_result_at_all(make: Maker) -> None:
    assert make("forgetful", Signature((), ()))() is None


def test_large_results_of_small_arguments(make: Maker) -> None:
    function = make("outer", Signature((vector("x"),), (Output("y", F8, 2),)))
    for size in (700, 3, 700, 701, 700, 0):
        x = np.random.default_rng(size).random(size)
        for _ in range(3):
            np.testing.assert_array_equal(function(x), np.outer(x, x))


def test_a_kept_large_result_never_changes(add_one: Any) -> None:
    x = np.zeros(100_000)
    kept = [add_one(x + i) for i in range(6)]
    assert [float(y[77]) for y in kept] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]


@pytest.mark.parametrize("long_running", [False, True])
def test_sizes_that_depend_on_values(make: Maker, long_running: bool) -> None:
    signature = Signature((Argument("n", I8, 0, ()),), (Output("y", I8, 1),), long_running=long_running)
    function = make("count_up_to", signature)
    kept = [function(n) for n in (3, 3, 3, 5, 5, 0, 100_000, 100_000, 3, 3)]
    for y in kept:
        np.testing.assert_array_equal(y, np.arange(len(y)))
    assert [len(y) for y in kept] == [3, 3, 3, 5, 5, 0, 100_000, 100_000, 3, 3]


def test_trim_gives_memory_back(native: ModuleType, make: Maker) -> None:
    function = make("scratch_sum", Signature((vector("x"),), (Output("y", F8, 0),)))
    add = make("add_one", Signature((vector("x"),), (Output("y", F8, 1),)))
    native.trim()
    assert native.retained() == 0
    x = np.ones(10_000)
    assert function(x) == 10_000.0
    add(x)
    if not native.__name__.endswith("fallback"):
        assert 160_000 <= native.retained() < 170_000
        assert native.trim() >= 160_000
    assert native.retained() == 0
    assert function(x) == 10_000.0
    del function, add
    gc.collect()
    assert native.retained() == 0


def test_scratch_memory_grows(make: Maker) -> None:
    function = make("scratch_sum", Signature((vector("x"),), (Output("y", F8, 0),)))
    for size in (1, 1000, 10, 100_000, 5, 0):
        assert function(np.ones(size)) == size


# ---- errors ----


def test_an_error_record_reaches_fail(make: Maker) -> None:
    arguments = (vector("x"), vector("c", kind="constant", value=np.arange(2.0)))
    function = make("always_fails", Signature(arguments, (Output("y", F8, 1),)))
    x = np.arange(3.0)
    with pytest.raises(UserError) as caught:
        function(x)
    code, site, step, values, arrays = caught.value.args
    assert (code, site, step, values) == (4, 7, 3, (11, 12, 13, 14))
    assert arrays[0] is x
    np.testing.assert_array_equal(arrays[1], [0, 1])
    quiet = make("always_fails", Signature((vector("x"),), (Output("y", F8, 1),)), fail=lambda *record: None)
    with pytest.raises(RuntimeError, match="error 4 at site 7"):
        quiet(x)


def test_scalars_reach_fail_as_arrays(make: Maker) -> None:
    function = make(
        "scratch_too_large", Signature((Argument("s", F8, 0, ()),), ()), fail=lambda *record: seen.append(record)
    )
    seen: list[Any] = []
    with pytest.raises(MemoryError):
        function(2.5)
    assert seen[0][0] == 1
    assert seen[0][4][0] == np.array(2.5)


def test_out_of_memory(make: Maker) -> None:
    with pytest.raises(MemoryError, match=str(1 << 60)):
        make("scratch_too_large", Signature((), ()))()
    with pytest.raises(MemoryError, match="address space"):
        make("gigantic", Signature((), (Output("y", F8, 1),)))()
    with pytest.raises(MemoryError):
        make("gigantic", Signature((), (Output("y", np.dtype("i1"), 1),)))()
    for long_running in (False, True):
        with pytest.raises(ValueError, match="negative size -3 on axis 0"):
            make("negative_size", Signature((), (Output("y", F8, 1),), long_running=long_running))()


def test_a_missing_result_is_reported(make: Maker) -> None:
    with pytest.raises(RuntimeError, match="no storage for output 0"):
        make("forgetful", Signature((), (Output("y", F8, 1),)))()


def test_wrong_signatures_are_refused(native: ModuleType, make: Maker) -> None:
    with pytest.raises(ValueError, match="2 sizes for 1 axes"):
        Argument("x", F8, 1, (2, 3))
    w = vector("w", kind="shared", value=native.Container(np.zeros(2)))
    with pytest.raises(ValueError, match="results come before updates"):
        Signature((w,), (Output("w", F8, 1, "update", 0), Output("y", F8, 1)), "tuple")
    with pytest.raises(ValueError, match="has one result"):
        Signature((), (Output("y", F8, 1),) * 2)
    with pytest.raises(ValueError, match="no shared variable"):
        Signature((vector("x"),), (Output("w", F8, 1, "update", 0),))
    with pytest.raises(TypeError, match="needs a Container"):
        make("forgetful", Signature((vector("w", kind="shared", value=np.zeros(2)),), ()))
    with pytest.raises(ValueError):
        make("forgetful", Signature((vector("c", 3, kind="constant", value=np.zeros(2)),), ()))
    with pytest.raises(ValueError, match="entry_address"):
        native.Function(0, Signature((), ()), (), 0, (), None, None, None)


# ---- shared variables ----


def two_updates(make: Maker, v: np.ndarray, w: np.ndarray) -> tuple[Any, Any, Any]:
    first, second = make.native.Container(v), make.native.Container(w)
    arguments = (
        vector("x"),
        vector("v", kind="shared", value=first),
        vector("w", kind="shared", value=second),
    )
    outputs = (Output("y", F8, 1), Output("v", F8, 1, "update", 1), Output("w", F8, 1, "update", 2))
    return make("update_two", Signature(arguments, outputs)), first, second


def test_updates_are_swapped_in(make: Maker) -> None:
    function, first, second = two_updates(make, np.zeros(3), np.full(3, 10.0))
    kept = [first.get()]
    for i in range(20):
        v, w = first.copy(), second.copy()
        y = function(np.full(3, float(i)))
        np.testing.assert_array_equal(y, v * w)
        np.testing.assert_array_equal(first.get(), v + i)
        np.testing.assert_array_equal(second.get(), w - i)
        kept.append(first.get())
    totals = np.cumsum([0, *range(20)])
    assert [float(array[0]) for array in kept] == totals.tolist()  # arrays that somebody holds are not written again


def test_an_error_leaves_shared_variables_as_they_were(make: Maker) -> None:
    function, first, second = two_updates(make, np.zeros(3), np.full(3, 10.0))
    function(np.ones(3))
    before = first.get(), second.get(), first.copy(), second.copy()
    for _ in range(3):
        with pytest.raises(UserError):
            function(np.full(3, -1.0))
    assert first.get() is before[0]
    assert second.get() is before[1]
    np.testing.assert_array_equal(first.get(), before[2])
    np.testing.assert_array_equal(second.get(), before[3])
    function(np.ones(3))
    np.testing.assert_array_equal(first.get(), before[2] + 1)


def test_a_shared_variable_can_be_set(make: Maker) -> None:
    function, first, second = two_updates(make, np.zeros(3), np.full(3, 10.0))
    first.set(np.full(5, 2.0))
    second.set(np.full(5, 3.0))
    np.testing.assert_array_equal(function(np.ones(5)), np.full(5, 6.0))
    np.testing.assert_array_equal(first.get(), np.full(5, 3.0))


def test_updates_in_place(make: Maker) -> None:
    container = make.native.Container(np.arange(4.0))
    arguments = (vector("x"), vector("w", kind="shared", value=container))
    signature = Signature(arguments, (Output("w", F8, 1, "update", 1, in_place=True),), "list")
    function = make("update_in_place", signature)
    array = container.get()
    assert function(np.ones(4)) == []
    assert container.get() is array
    np.testing.assert_array_equal(array, np.arange(4.0) + 1)
    # An input that lies over the variable's memory is read as it was.
    function(array)
    np.testing.assert_array_equal(array, [5, 5, 5, 5])
    array[:] = np.arange(4.0)
    function(array[:])
    np.testing.assert_array_equal(array, [3, 3, 3, 3])
    array.flags.writeable = False
    with pytest.raises(ValueError, match="'w' holds a read-only array"):
        function(np.ones(4))


def test_a_static_size_of_a_shared_variable(make: Maker) -> None:
    container = make.native.Container(np.zeros(3))
    arguments = (vector("w", 3, kind="shared", value=container),)
    function = make("add_one", Signature(arguments, (Output("y", F8, 1),)))
    np.testing.assert_array_equal(function(), np.ones(3))
    container.set(np.zeros(4))
    with pytest.raises(ValueError, match=r"shared variable 'w' holds a float64 array of shape \(4,\).*\(3,\)"):
        function()
    container.set(np.zeros(3))
    np.testing.assert_array_equal(function(), np.ones(3))


def test_what_a_container_takes(native: ModuleType) -> None:
    container = native.Container(np.zeros(3))
    assert native.Container(np.zeros(3)).serial > container.serial
    copy = container.copy()
    copy[0] = 1
    assert container.get()[0] == 0
    for wrong in (np.zeros(3, np.float32), np.zeros((3, 1)), [0.0], np.ma.masked_array(np.zeros(3))):
        with pytest.raises(TypeError):
            container.set(wrong)
    read_only = np.zeros(3)
    read_only.flags.writeable = False
    for wrong in (np.zeros(6)[::2], np.zeros(3, ">f8"), read_only):
        with pytest.raises(ValueError, match="row-major"):
            container.set(wrong)
    with pytest.raises((TypeError, ValueError)):
        native.Container(np.array([None, None]))
    assert "float64" in repr(container)


def test_updates_from_several_threads_lose_nothing(make: Maker) -> None:
    container = make.native.Container(np.zeros(()))
    argument = Argument("w", F8, 0, (), "shared", container)
    signature = Signature((argument,), (Output("w", F8, 0, "update", 0),), long_running=True)
    functions = [make("busy_increment", signature) for _ in range(2)]  # two functions share the variable

    def work(function: Any) -> None:
        for _ in range(100):
            function()

    threads = [threading.Thread(target=work, args=(function,)) for function in functions * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert container.get() == 400.0


def test_no_deadlock_whatever_the_order_of_arguments(make: Maker) -> None:
    v, w = make.native.Container(np.zeros(2)), make.native.Container(np.zeros(2))

    def function(first: Any, second: Any) -> Any:
        arguments = (
            vector("x"),
            vector("v", kind="shared", value=first),
            vector("w", kind="shared", value=second),
        )
        outputs = (Output("y", F8, 1), Output("v", F8, 1, "update", 1), Output("w", F8, 1, "update", 2))
        return make("update_two", Signature(arguments, outputs, long_running=True))

    def work(function: Any) -> None:
        for _ in range(500):
            function(np.ones(2))

    threads = [threading.Thread(target=work, args=(function(*pair),)) for pair in ((v, w), (w, v))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    np.testing.assert_array_equal(v.get() + w.get(), [0, 0])


# ---- calls within calls ----

CALLBACK = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)


def test_a_function_may_be_called_from_within_itself(make: Maker) -> None:
    @CALLBACK
    def recurse(x: float) -> float:
        return float(function(x - 1)) if x > 1 else 0.0

    address = ctypes.cast(recurse, ctypes.c_void_p).value
    assert address is not None
    for long_running in (False, True):
        signature = Signature((Argument("x", F8, 0, ()),), (Output("y", F8, 0),), long_running=long_running)
        function = make("call_back", signature, (address,))
        assert function(10) == 55.0
        assert function(30) == 465.0


def test_a_callback_cannot_wait_for_its_own_variable(make: Maker) -> None:
    container = make.native.Container(np.zeros(()))
    errors = []

    @CALLBACK
    def look(x: float) -> float:
        try:
            container.get()
        except RuntimeError as error:
            errors.append(str(error))
        return 1.0

    address = ctypes.cast(look, ctypes.c_void_p).value
    assert address is not None
    arguments = (Argument("w", F8, 0, (), "shared", container),)
    function = make("call_back", Signature(arguments, (Output("y", F8, 0),)), (address,))
    assert function() == 1.0
    assert "still running in this thread" in errors[0]
    assert container.get() == 0.0


# ---- attributes ----


def test_other_attributes_are_those_of_the_details(make: Maker) -> None:
    details = SimpleNamespace(graph="the graph", explain=lambda: "why")
    function = make("forgetful", Signature((), ()), details=details)
    assert function.graph == "the graph"
    assert function.explain() == "why"
    assert function.details is details
    assert {"graph", "explain", "details"} <= set(dir(function))
    assert repr(function) == repr(details)
    assert weakref.ref(function)() is function
    with pytest.raises(AttributeError, match="no attribute 'source'"):
        function.source


def test_a_cycle_through_the_details_is_collected(make: Maker) -> None:
    details = SimpleNamespace()
    function = make("add_one", Signature((vector("x"),), (Output("y", F8, 1),)), details=details)
    function(np.zeros(3))
    details.function = function
    gone = weakref.ref(function)
    del function, details
    gc.collect()
    assert gone() is None


def test_the_number_of_workers(native: ModuleType, make: Maker) -> None:
    signature = Signature((), (Output("n", I8, 0),))
    before = native.workers()
    try:
        native.set_workers(3)
        expected = [1, 1, 1] if native.__name__.endswith("fallback") else [3, 2, 3]
        found = [int(make("report_workers", signature, threads=threads)()) for threads in (0, 2, 9)]
        assert found == expected
        for wrong in (0, -1, 100_000):
            with pytest.raises(ValueError, match="number of workers"):
                native.set_workers(wrong)
        assert native.workers() == 3
    finally:
        native.set_workers(before)


# ---- the lock of the interpreter, and Ctrl-C ----


@pytest.mark.parametrize(("size", "long_running"), [(3, True), (100_000, False)])
def test_other_threads_run_during_real_work(make: Maker, size: int, long_running: bool) -> None:
    function = make("dawdle", Signature((vector("x"),), (), long_running=long_running))
    thread = threading.Thread(target=function, args=(np.zeros(size),))
    thread.start()
    time.sleep(0.02)
    assert thread.is_alive()  # so this thread has run meanwhile
    thread.join()


def test_control_c_is_for_the_main_thread(make: Maker) -> None:
    function = make("dawdle", Signature((), (), long_running=True))
    finished = []
    thread = threading.Thread(target=lambda: finished.append(function()))
    thread.start()
    interrupt_soon(0.05)
    with pytest.raises(KeyboardInterrupt):
        time.sleep(5)
    thread.join()
    assert finished == [None]


def interrupt_soon(delay: float = 0.15) -> None:
    """Press Ctrl-C while the main thread is busy."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Timer(delay, signal.pthread_kill, (main, signal.SIGINT)).start()


def test_control_c_stops_a_loop(make: Maker) -> None:
    signature = Signature((vector("x"),), (Output("y", F8, 1),), long_running=True)
    function = make("wait_for_stop", signature)
    handler = signal.getsignal(signal.SIGINT)
    for size in (3, 100_000):
        start = time.monotonic()
        interrupt_soon()
        with pytest.raises(KeyboardInterrupt):
            function(np.zeros(size))
        assert time.monotonic() - start < 2
    assert signal.getsignal(signal.SIGINT) is handler
    interrupt_soon(0.05)
    with pytest.raises(KeyboardInterrupt):  # and outside of native code all is as before
        time.sleep(5)


def test_control_c_leaves_shared_variables_alone(make: Maker) -> None:
    container = make.native.Container(np.arange(3.0))
    arguments = (vector("w", kind="shared", value=container),)
    signature = Signature(arguments, (Output("w", F8, 1, "update", 0),), long_running=True)
    function = make("wait_for_stop", signature)
    before = container.get()
    interrupt_soon()
    with pytest.raises(KeyboardInterrupt):
        function()
    assert container.get() is before
    np.testing.assert_array_equal(before, np.arange(3.0))


def test_a_handler_that_raises_nothing_lets_the_call_go_on(make: Maker) -> None:
    seen = []
    patience = ctypes.c_int64(1 if make.native.__name__.endswith("_native") else 0)
    signature = Signature((vector("x"),), (Output("y", F8, 1),), long_running=True)
    function = make("wait_at_first", signature, (0, ctypes.addressof(patience)))
    previous = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        interrupt_soon(0.1 if patience.value else 0)
        assert function(np.zeros(4)).shape == (4,)
        time.sleep(0.05)
    finally:
        signal.signal(signal.SIGINT, previous)
    assert seen == [signal.SIGINT]


# ---- leaks ----


def test_references_are_given_back(make: Maker) -> None:
    function, first, second = two_updates(make, np.zeros(3), np.ones(3))
    x, wrong, strided = np.ones(3), np.full(3, -1.0), np.ones(6)[::2]
    objects = [x, wrong, strided, first, second, function, F8]
    objects += [function.details, function.signature, np.ndarray]

    def work() -> None:
        for _ in range(1000):
            function(x)
            function(strided)
            function(x=x)
            with contextlib.suppress(UserError):
                function(wrong)

    work()
    gc.collect()
    before = [sys.getrefcount(thing) for thing in objects]
    work()
    gc.collect()
    after = [sys.getrefcount(thing) for thing in objects]
    assert all(abs(b - a) < 5 for a, b in zip(before, after)), (before, after)


def test_memory_does_not_grow(make: Maker) -> None:
    function, _, _ = two_updates(make, np.zeros(100), np.ones(100))
    add = make("add_one", Signature((vector("x"),), (Output("y", F8, 1),), "tuple"))
    x, large = np.ones(100), np.ones(50_000)

    def work(times: int) -> None:
        for i in range(times):
            function(x)
            kept = add(x)
            if i % 100 == 0:
                kept = add(large)
        assert kept is not None

    work(100)
    gc.collect()
    tracemalloc.start()
    try:
        work(100)
        before = tracemalloc.get_traced_memory()[0]
        work(2000 if make.native.__name__.endswith("fallback") else 10_000)
        gc.collect()  # arrays of the fallback lie in cycles with their call
        assert tracemalloc.get_traced_memory()[0] - before < 5000
    finally:
        tracemalloc.stop()


# ---- which implementation ----


def run_python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=root,
        env={"PATH": "/usr/bin:/bin", **environment},
        timeout=60,
        check=True,
    )


def test_the_environment_can_ask_for_the_fallback() -> None:
    code = (
        "from symtensor.runtime import native\n"
        "print(native.EXTENSION, native.Function.__module__, native.workers() > 0)"
    )
    forced = run_python(code, SYMTENSOR_NO_EXTENSION="1")
    assert forced.stdout.split() == ["False", "symtensor.runtime.fallback", "True"]
    assert forced.stderr == ""


def test_a_missing_extension_is_announced_once_in_one_line() -> None:
    code = (
        "import sys; sys.modules['symtensor.runtime._native'] = None\n"
        "from symtensor.runtime import native\n"
        "from symtensor.runtime import native\n"
        "print(native.EXTENSION, native.Function.__module__)"
    )
    missing = run_python(code)
    assert missing.stdout.split() == ["False", "symtensor.runtime.fallback"]
    assert missing.stderr.count("slower calls through cffi") == 1
