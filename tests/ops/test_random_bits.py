"""Philox against its published answers, and each op against its reference, bit by bit, on every target."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.ops import random_bits as bits

FLOATS = ("float32", "float64")

# The known answers of Random123 (file kat_vectors): counter, key, result, as 32-bit words.
KNOWN = (
    ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
    ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
    ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
)


def joined(words: str) -> list[int]:
    """Pairs of 32-bit words as 64-bit integers, the first word in the lower half."""
    numbers = [int(w, 16) for w in words.split()]
    return [a | b << 32 for a, b in zip(numbers[::2], numbers[1::2])]


def test_philox_gives_the_known_answers(target: str) -> None:
    counters, keys, wanted = (np.array([joined(row[k]) for row in KNOWN], "uint64").T for k in range(3))
    low, high, key = (st.tensor(name, "uint64", (None,)) for name in ("low", "high", "key"))
    f = st.compile([bits.philox_low(low, high, key), bits.philox_high(low, high, key)], [low, high, key], target=target)
    # The same counters many times over, so that whole vectors are computed, too.
    got = f(*(np.tile(a, 11) for a in (*counters, *keys)))
    np.testing.assert_array_equal(got, np.tile(wanted, 11))


def test_the_upper_half_of_a_product(target: str) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2**64, (2, 100), dtype="uint64")
    a[:4], b[:4] = [0, 2**64 - 1, 2**64 - 1, 2**32], [5, 2**64 - 1, 6, 2**32]
    x, y = st.tensor("x", "uint64", (None,)), st.tensor("y", "uint64", (None,))
    got = st.compile(bits.multiply_high(x, y), [x, y], target=target)(a, b)
    assert got.tolist() == [int(i) * int(j) >> 64 for i, j in zip(a, b)]


@pytest.mark.parametrize("dtype", FLOATS)
def test_the_unit_interval_is_reached_to_its_last_digit(target: str, dtype: str) -> None:
    x = st.tensor("x", "uint64", (None,))
    digits = {"float32": 24, "float64": 53}[dtype]
    value = np.array([0, 2 ** (64 - digits) - 1, 2 ** (64 - digits), 2**63, 2**64 - 1], "uint64")
    got = st.compile(bits.UNIT[np.dtype(dtype)](x), [x], target=target)(value)
    assert got.dtype == dtype
    assert got.tolist() == [0, 0, 2.0**-digits, 0.5, 1 - 2.0**-digits]


@pytest.mark.parametrize("dtype", FLOATS)
def test_box_muller_has_the_bits_of_its_reference(target: str, dtype: str) -> None:
    rng = np.random.default_rng(1)
    digits = {"float32": 24, "float64": 53}[dtype]
    u = np.concatenate([[1.0, 2.0**-digits, 0.75, 0.5, 1 - 2.0**-digits], 1 - rng.random(5000)]).astype(dtype)
    v = np.concatenate([[0.0, 0.5, 0.125, 0.875, 1 - 2.0**-digits], rng.random(5000)]).astype(dtype)
    u, v = np.maximum(u, dtype_(dtype, 2.0**-digits)), np.minimum(v, dtype_(dtype, 1 - 2.0**-digits))
    x, y = st.tensor("x", dtype, (None,)), st.tensor("y", dtype, (None,))
    got = st.compile(bits.box_muller(x, y), [x, y], target=target)(u, v)
    np.testing.assert_array_equal(got, bits.box_muller.reference(u, v))
    wide_u, wide_v = u.astype("longdouble"), v.astype("longdouble")
    exact = np.sqrt(-2 * np.log(wide_u)) * np.cos(2 * np.arccos(np.longdouble(-1)) * wide_v)
    np.testing.assert_allclose(got, exact.astype(dtype), atol=8 * np.finfo(dtype).eps, rtol=4 * np.finfo(dtype).eps)


def dtype_(name: str, value: float) -> np.floating:
    return np.dtype(name).type(value)


def test_location_and_scale_are_rounded_one_by_one(target: str) -> None:
    rng = np.random.default_rng(2)
    noise, location, scale = rng.normal(size=(3, 1000))
    leaves = [st.vector(n) for n in "xyz"]
    got = st.compile(bits.location_scale(*leaves), leaves, target=target)(noise, location, scale)
    np.testing.assert_array_equal(got, noise * scale + location)
    st.verify_grad(bits.location_scale, [noise[:3], location[:3], scale[:3]], order=2)
