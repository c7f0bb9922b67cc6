"""float16 on every target: the bits of NumPy, which computes in float32 and rounds after each operation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from tests.conftest import TARGETS, need

HALVES = np.arange(2**16, dtype="uint16").view("float16")
"""All of them."""
RNG = np.random.default_rng(6)
M, N = (RNG.normal(size=s).astype("float16") for s in ((5, 7), (7, 4)))


def same(got: Any, want: Any) -> bool:
    """Equality with NaN equal to itself and zeros of both signs apart."""
    number = ~np.isnan(want)
    return bool(np.array_equal(got, want, equal_nan=True)) and bool(
        np.array_equal(np.signbit(got)[number], np.signbit(want)[number])
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_number(target: str) -> None:
    """Loading, storing, rounding, conversions: exact for all 65536 of them, overflow and underflow too."""
    need(target)

    def expressions(m: Any, x: Any) -> dict[str, Any]:
        return {
            "same": x * 1, "sum": x + x, "third": x / 3, "square": x * x, "negative": -x, "absolute": m.absolute(x),
            "sqrt": m.sqrt(x), "floor": m.floor(x), "rint": m.rint(x), "clip": m.clip(x, -1, 2), "sign": m.sign(x),
            "to float32": x.astype("float32"), "to float64": x.astype("float64"),
            "and back": (x * 1.5).astype("float64"),
            "from float32": (x.astype("float32") * np.float32(1.0009)).astype("float16"),
            "from float64": (x.astype("float64") * 1.0009).astype("float16"),
            "isnan": m.isnan(x), "isinf": m.isinf(x), "less": x < 1, "maximum": m.maximum(x, -1),
            "signbit": m.signbit(x),
            "modulo": m.fmod(x, 3), "where": m.where(x > 0, x, 2), "frexp": m.frexp(x)[0], "ldexp": m.ldexp(x, -3),
            "spacing": m.spacing(x), "next": m.nextafter(x, np.float16(1)), "two steps": (x + 1) * x - x,
        }  # fmt: skip

    x = st.vector("x", dtype="float16")
    with np.errstate(all="ignore"):
        wanted = expressions(np, HALVES)
    for name, got in st.compile(expressions(st, x), [x], target=target)(HALVES).items():
        want = wanted[name]
        assert got.dtype == want.dtype, name
        if name == "spacing":  # NumPy 2.4 gives -inf, 2.3 a number
            got, want = got[HALVES < 65504], want[HALVES < 65504]
        assert same(got, want), name


@pytest.mark.parametrize("target", TARGETS)
def test_functions(target: str) -> None:
    """Within a unit in the last place: where float32 lies near a tie, NumPy's own functions round either way."""
    need(target)
    names = (
        "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "sinh", "arctan", "arcsinh", "cbrt", "log2",
        "exp2",
    )  # fmt: skip
    x = st.vector("x", dtype="float16")
    for name, got in st.compile({n: getattr(st, n)(x) for n in names}, [x], target=target)(HALVES).items():
        with np.errstate(all="ignore"):
            want = getattr(np, name)(HALVES)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(
            got.astype("float64"), want.astype("float64"), rtol=2**-10, atol=2**-24, err_msg=name
        )


@pytest.mark.parametrize("target", TARGETS)
def test_arrays(target: str) -> None:
    need(target)
    x, y = st.matrix("x", dtype="float16"), st.matrix("y", dtype="float16")

    def expressions(m: Any, a: Any, b: Any) -> list[Any]:
        return [
            m.sum(a), m.sum(a, axis=0), m.mean(a, axis=1), m.max(a), m.min(a, axis=0), m.argmax(a, axis=1), m.var(a),
            m.prod(a, axis=1), m.transpose(a), m.concatenate([a, a * 2]), a[::-1, 1], m.flip(a), a @ b, m.dot(a, b),
            m.pad(a, 1), m.zeros_like(a), m.take(a, np.array([1, 0]), axis=0), a * 2.5 + 1, m.std(a, axis=0),
            m.any(a, axis=1),
            m.cumsum(a, axis=1),
        ]  # fmt: skip

    results = st.compile(expressions(st, x, y), [x, y], target=target)(M, N)
    for number, (got, want) in enumerate(zip(results, expressions(np, M, N))):
        assert got.dtype == np.asarray(want).dtype, number
        np.testing.assert_allclose(got.astype("f8"), want.astype("f8"), rtol=2e-3, atol=2e-3, err_msg=str(number))


def test_a_long_sum_is_kept_in_float32() -> None:
    x = st.vector("x", dtype="float16")
    value = np.full(30_000, 0.5, "float16")
    assert st.compile(x.sum(), [x])(value) == np.float16(15000)
    assert st.compile(x.mean(), [x])(value) == 0.5


def test_gradient() -> None:
    x = st.vector("x", dtype="float16")
    g = st.grad((x * x * x).sum(), x)
    assert g.dtype == "float16"
    value = np.array([1, 2, -3], "float16")
    np.testing.assert_array_equal(st.compile(g, [x])(value), 3 * value * value)


def test_a_loop_carries_half_states() -> None:
    x = st.scalar("x", dtype="float16")
    last = st.fori_loop(0, 5, lambda i, z: z * x + x, x)
    z = value = np.float16(0.7)
    for _ in range(5):
        z = z * value + value
    for target in TARGETS:
        assert st.compile(last, [x], target=need(target))(value) == z


def test_shared_and_constant() -> None:
    table = st.shared(np.array([1.5, 2.5], "float16"), "table")
    step = st.compile(table * st.constant(np.array([2, 4], "float16")), [], updates={table: table / 3})
    np.testing.assert_array_equal(step(), np.array([3, 10], "float16"))
    np.testing.assert_array_equal(table.get_value(), np.array([1.5, 2.5], "float16") / np.float16(3))
