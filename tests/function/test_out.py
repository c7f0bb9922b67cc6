"""``out=``: results in arrays of the caller, as NumPy's functions fill them."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st


@pytest.fixture(params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def test_every_layout(target: str) -> None:
    x, value = st.vector("x"), np.arange(10.0)
    f = st.compile(x + 1, [x], target=target)
    for out in (np.empty(10), np.zeros(20)[::2], np.zeros(10)[::-1], np.zeros(10, "float32"), np.zeros(10, ">f8")):
        assert f(value, out=out) is out
        np.testing.assert_array_equal(out, value + 1)
        assert f(x=value, out=(out,)) is out


def test_out_may_be_the_input(target: str) -> None:
    x = st.vector("x")
    f = st.compile(x + x[::-1], [x], target=target)
    value = np.arange(1000.0)
    wanted = value + value[::-1]
    assert f(value, out=value) is value
    np.testing.assert_array_equal(value, wanted)


def test_out_over_another_out(target: str) -> None:
    x = st.vector("x")
    f = st.compile([x + 1, x * 2], [x], target=target)
    memory = np.zeros(6)
    first, _ = f(np.ones(4), out=[memory[:4], memory[2:]])
    assert first.base is memory
    np.testing.assert_array_equal(memory, [2, 2, 2, 2, 2, 2])


def test_several_results(target: str) -> None:
    x, value = st.vector("x"), np.arange(3.0)
    out = np.empty(3)
    listed = st.compile([x + 1, x * 2], [x], target=target)(value, out=[out, None])
    assert listed[0] is out
    np.testing.assert_array_equal(listed[1], value * 2)
    named = st.compile({"a": x + 1, "b": [x * 2]}, [x], target=target)(value, out={"a": None, "b": [out]})
    assert named["b"][0] is out
    np.testing.assert_array_equal(out, value * 2)


@pytest.mark.parametrize("size", [10, 100_000])
def test_what_does_not_fit_changes_nothing(target: str, size: int) -> None:
    x, w = st.vector("x"), st.shared(np.zeros(size), "w")
    f = st.compile(x + 1, [x], updates={w: w + x}, target=target)
    value = np.ones(size)
    read_only = np.zeros(size)
    read_only.setflags(write=False)
    for bad, error in (
        (np.zeros(size - 1), ValueError), (np.zeros((size, 1)), ValueError), (np.zeros(size, int), TypeError),
        ([0.0] * size, TypeError), (read_only, ValueError), (np.zeros(2 * size)[: size * 2 : 2][:-1], ValueError),
    ):  # fmt: skip
        with pytest.raises(error):
            f(value, out=bad)
    assert not w.get_value().any()
    out = np.empty(size)
    assert f(value, out=out) is out
    assert w.get_value().all()


def test_an_input_named_out(target: str) -> None:
    out = st.vector("out")
    f = st.compile(out + 1, [out], target=target)
    np.testing.assert_array_equal(f(out=np.zeros(2)), [1, 1])
