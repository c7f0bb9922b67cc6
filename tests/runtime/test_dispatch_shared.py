"""Shared variables in calls through the dispatcher: updates, locks, calls within calls."""

from __future__ import annotations

import ctypes
import threading
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.making import CALLBACK, F8, Maker, UserError, two_updates, vector


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


@pytest.mark.parametrize("long_running", [False, True])
def test_a_callback_cannot_wait_for_its_own_variable(make: Maker, long_running: bool) -> None:
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
    signature = Signature(arguments, (Output("y", F8, 0),), long_running=long_running)
    function = make("call_back", signature, (address,))
    assert function() == 1.0
    assert "still running in this thread" in errors[0]
    assert container.get() == 0.0
