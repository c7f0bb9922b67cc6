"""What a call through the dispatcher takes: arrays and numbers, converted where they must be; both implementations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symtensor.runtime.signature import Argument, Output, Signature
from tests.runtime.making import F8, I8, Maker, vector


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
        np.arange(3, dtype=np.int32),
        np.arange(3.0, dtype=">f8"),
        np.frombuffer(b"\0" + np.arange(3.0).tobytes(), np.float64, offset=1),
        np.ma.masked_array(np.arange(3.0)),
    ],
    ids=["list", "int32", "big-endian", "misaligned", "subclass"],
)
def test_other_arguments_are_converted(make: Maker, add_one: Any, x: Any) -> None:
    np.testing.assert_array_equal(add_one(x), np.asarray(x) + 1.0)
    assert make.conversions == 1


def test_other_strides_are_packed(make: Maker, add_one: Any) -> None:
    for x in (np.arange(6.0)[::2], np.arange(5.0)[::-1], np.broadcast_to(np.float64(2), 9)):
        np.testing.assert_array_equal(add_one(x), x + 1)
    assert make.conversions == (0 if make.native.__name__.endswith("_native") else 3)


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


@pytest.mark.parametrize("answer", [None, [np.zeros(3)], (), (np.zeros(3, np.float32),), (np.zeros((3, 1)),)])
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
