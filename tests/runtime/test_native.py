"""The dispatcher as a whole: attributes, workers, memory over many calls, which implementation there is."""

from __future__ import annotations

import contextlib
import gc
import subprocess
import sys
import tracemalloc
import weakref
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from symtensor.runtime.signature import Output, Signature
from tests.runtime.making import F8, I8, Maker, UserError, two_updates, vector


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

    def growth() -> int:
        before = tracemalloc.get_traced_memory()[0]
        work(1000 if make.native.__name__.endswith("fallback") else 5000)
        return tracemalloc.get_traced_memory()[0] - before

    work(100)
    gc.collect()
    gc.disable()  # so that cycles count too
    tracemalloc.start()
    try:
        work(100)
        assert min(growth() for _ in range(3)) < 3000  # in one of them, Python may rebuild its table of strings
    finally:
        tracemalloc.stop()
        gc.enable()


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
