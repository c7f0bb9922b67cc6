"""What a call through the dispatcher gives: results that never change afterwards, scratch memory, errors."""

from __future__ import annotations

import gc
import warnings
import weakref
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.making import F8, I8, Maker, UserError, vector


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
