"""Complex numbers on every target: values against NumPy, gradients against differences in both parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symtensor as st
from tests.conftest import TARGETS, need

RNG = np.random.default_rng(4)
Z = RNG.normal(size=23) + 1j * RNG.normal(size=23)
W = RNG.normal(size=23) + 1j * RNG.normal(size=23)
M = RNG.normal(size=(4, 5)) + 1j * RNG.normal(size=(4, 5))
N = RNG.normal(size=(5, 3)) + 1j * RNG.normal(size=(5, 3))
UNARY = (
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "square", "reciprocal", "sin", "cos", "tan",
    "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "arcsinh", "arccosh", "arctanh", "negative", "conjugate",
    "absolute", "real", "imag", "angle", "sign", "isnan", "isinf", "isfinite", "rint", "logical_not", "positive",
)  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "equal", "not_equal", "less", "less_equal",
    "greater", "greater_equal", "logical_and",
)  # fmt: skip
REFUSED = (
    "floor", "ceil", "trunc", "cbrt", "erf", "expit", "relu", "signbit", "spacing", "gammaln", "fabs", "deg2rad",
)  # fmt: skip
REFUSED_PAIRS = ("floor_divide", "mod", "fmod", "arctan2", "hypot", "copysign", "nextafter", "logaddexp", "bitwise_and")


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("target", TARGETS)
def test_elementwise(target: str, dtype: str) -> None:
    need(target)
    x, y = st.vector("x", dtype=dtype), st.vector("y", dtype=dtype)
    first, second = Z.astype(dtype), W.astype(dtype)
    second[:3] = first[:3]
    second[3:6] = first[3:6].real + 1j
    outputs = [getattr(st, n)(x) for n in UNARY] + [getattr(st, n)(x, y) for n in BINARY]
    wanted = [getattr(np, n)(first) for n in UNARY] + [getattr(np, n)(first, second) for n in BINARY]
    tolerance = 40 * np.finfo(dtype).eps
    for name, got, want in zip(UNARY + BINARY, st.compile(outputs, [x, y], target=target)(first, second), wanted):
        assert got.dtype == want.dtype, name
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.mark.parametrize("target", [t for t in TARGETS if t != "numpy"])
def test_at_the_edges(target: str) -> None:
    """Zeros of both signs, infinities and numbers whose squares overflow."""
    need(target)
    parts = [0.0, -0.0, 1.0, -1.0, 1e200, -1e200, 1e-200, np.inf, -np.inf, np.nan]
    grid = np.array([complex(a, b) for a in parts for b in parts])
    x = st.vector("x", dtype="complex128")
    names = ("absolute", "sqrt", "exp", "conjugate", "isnan", "isinf", "isfinite", "angle", "logical_not")
    results = st.compile([getattr(st, n)(x) for n in names], [x], target=target)(grid)
    for name, got in zip(names, results):
        with np.errstate(all="ignore"):
            want = getattr(np, name)(grid)
        usual = np.isfinite(grid) if name == "exp" else np.ones(grid.size, bool)  # C99 leaves signs open there
        np.testing.assert_allclose(got[usual], want[usual], rtol=1e-15, err_msg=name)


@pytest.mark.parametrize("target", TARGETS)
def test_arrays(target: str) -> None:
    """Reductions, movement, indexing, products, constants, casts, creation."""
    need(target)
    x, y = st.matrix("x", dtype="complex128"), st.matrix("y", dtype="complex128")

    def expressions(m: Any, a: Any, b: Any) -> list[Any]:
        return [
            m.sum(a), m.sum(a, axis=0), m.prod(a, axis=1), m.mean(a), m.var(a, axis=0), m.std(a), m.max(a),
            m.argmax(a, axis=1),
            m.transpose(a), m.concatenate([a, a * 2j]), a[::-1, 1], m.where(m.real(a) > 0, a, 0), m.flip(a), m.ravel(a),
            a @ b, m.einsum("ij,jk->ki", a, b), m.tensordot(a, b, axes=1), m.vdot(a, a), m.cumsum(a, axis=1),
            m.trace(a),
            a * (1 - 2j) + 3, m.real(a).astype("complex64"), m.stack([a, m.conj(a)]), m.all(a), m.pad(a, 1),
            m.outer(a, b),
            m.zeros_like(a), m.any(a, axis=0), a**3, a**-2, a**0.5, 2 ** a, m.take(a, np.array([1, 0]), axis=0),
            m.roll(a, 1),
        ]  # fmt: skip

    results = st.compile(expressions(st, x, y), [x, y], target=target)(M, N)
    for number, (got, want) in enumerate(zip(results, expressions(np, M, N))):
        assert got.dtype == np.asarray(want).dtype, number
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-14, err_msg=str(number))


def test_sums_are_the_same_bits_on_all_targets() -> None:
    x = st.vector("x", dtype="complex128")
    value = RNG.normal(size=40_000) + 1j * RNG.normal(size=40_000)
    found = [st.compile([x.sum(), st.prod(x[:50])], [x], target=need(t))(value) for t in ("c", "opencl")]
    assert found[0] == found[1]


def test_a_product_with_the_conjugate_is_real() -> None:
    x = st.vector("x", dtype="complex128")
    assert np.all(st.compile(x * st.conj(x), [x])(Z).imag == 0)


@pytest.mark.parametrize("name", REFUSED + REFUSED_PAIRS)
def test_what_is_not_defined_is_refused(name: str) -> None:
    x = st.vector("x", dtype="complex128")
    with pytest.raises(TypeError):
        getattr(st, name)(*[x] * (2 if name in REFUSED_PAIRS else 1))


DIFFERENTIABLE: dict[str, Callable[..., Any]] = {
    **{n: getattr(st, n) for n in UNARY[:22] + ("conjugate", "absolute", "real", "imag", "angle", "sign")},
    "multiply": lambda z: z * (2 + 1j) * z,
    "divide": lambda z: (1 + 1j) / z,
    "power": lambda z: z**2.5,
    "whole power": lambda z: z**3,
    "abs2": st.abs2,
    "sum": lambda z: (z * z).sum(),
    "prod": lambda z: st.prod(z),
    "matmul": lambda z: z[:2].reshape((1, 2)) @ st.stack([z[:2], z[1:3] * 1j]),
    "where": lambda z: st.where(st.real(z) > 0, z * z, 1j * z),
    "mean": lambda z: st.mean(z),
    "join": lambda z: st.join(st.real(z) ** 2, st.imag(z)),
    "cast": lambda z: st.real(z).astype("complex128") * 1j,
    "var": lambda z: st.var(z),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradient(name: str) -> None:
    """``dL/dRe + i dL/dIm`` for a real loss made of the result, to second order."""
    st.verify_grad(DIFFERENTIABLE[name], [Z[:4] * 0.8], order=2, rtol=1e-4)


def test_gradient_descends() -> None:
    z = st.scalar("z", dtype="complex128")
    g = st.compile(st.grad(st.abs2(z - (1 + 2j)), z), [z])
    assert g(0j) == -2 - 4j


def test_a_loop_carries_complex_states() -> None:
    c = st.scalar("c", dtype="complex128")
    last = st.fori_loop(0, 5, lambda i, z: z * z + c, c)
    for target in TARGETS:
        z = 0.1 + 0.2j
        for _ in range(5):
            z = z * z + (0.1 + 0.2j)
        np.testing.assert_allclose(st.compile(last, [c], target=need(target))(0.1 + 0.2j), z, rtol=1e-14)
