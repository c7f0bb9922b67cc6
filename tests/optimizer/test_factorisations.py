"""Cotangents of Cholesky factors: closed forms are found, whole products stay where there is none, values agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.node import Tensor

rng = np.random.default_rng(0)
ROOT = rng.normal(size=(5, 5))
A, B, C = ROOT @ ROOT.T + 4 * np.eye(5), rng.normal(size=5), rng.normal(size=(5, 2))
Density = Callable[[Tensor, Tensor], Tensor]


def density(scale: object = 1.0, power: int = 2) -> Density:
    def value(k: Tensor, b: Tensor) -> Tensor:
        factor = st.linalg.cholesky(k)
        z = st.linalg.solve_triangular(factor, b, lower=True)
        return -0.5 * scale * (z**power).sum() - 2 * st.log(st.diagonal(factor)).sum() / scale  # type: ignore[operator]

    return value


def steps(function: st.Function) -> set[str]:
    """The library steps that a function takes."""
    names = {line.split(":")[0].strip() for line in str(function.kernels).splitlines() if not line.startswith(" ")}
    return {n for n in names if n.startswith(("cholesky", "solve"))}


def gradient(cost: Density, right: np.ndarray, **how: object) -> st.Function:
    k, b = st.matrix("k"), st.tensor("b", shape=(None,) * right.ndim)
    return st.compile(list(st.grad(cost(k, b), [k, b])), [k, b], **how)


@pytest.mark.parametrize("right", [B, C], ids=["vector", "matrix"])
@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_a_density_needs_the_inverse_only(right: np.ndarray, scale: float) -> None:
    short = gradient(density(scale), right)
    assert steps(short) == {"cholesky", "solve_triangular", "cholesky_inverse"}
    long = gradient(density(scale), right, exclude=["pullback_of_density"])
    assert steps(long) == {"cholesky", "solve_triangular", "cholesky_pullback"}
    for one, other in zip(short(A, right), long(A, right)):
        np.testing.assert_allclose(one, other, rtol=1e-11)
    alpha = np.linalg.solve(A, right.reshape(5, -1))
    np.testing.assert_allclose(short(A, right)[0], 0.5 * scale * alpha @ alpha.T - np.linalg.inv(A) / scale, rtol=1e-10)


def test_a_scale_may_be_computed() -> None:
    k, b, s = st.matrix("k"), st.vector("b"), st.scalar("s")
    function = st.compile(st.grad(density(st.exp(s))(k, b), k), [k, b, s])
    assert "cholesky_pullback" not in steps(function)
    alpha = np.linalg.solve(A, B)
    want = 0.5 * np.exp(0.3) * np.outer(alpha, alpha) - np.linalg.inv(A) * np.exp(-0.3)
    np.testing.assert_allclose(function(A, B, 0.3), want, rtol=1e-10)


def test_what_has_no_closed_form_keeps_the_product() -> None:
    function = gradient(density(power=3), B)
    assert "cholesky_pullback" in steps(function)
    st.verify_grad(lambda k, b: density(power=3)((k + k.T) / 2, b), [A, B], order=2)
    st.verify_grad(lambda k, b: density()((k + k.T) / 2, b), [A, B], order=2)


def test_triangles_that_are_not_read_are_not_cleared() -> None:
    k = st.matrix("k")
    factor = st.linalg.cholesky(k)
    function = st.compile(st.grad((st.tril(factor) ** 3).sum(), k), [k])
    plain = st.compile(st.grad((st.tril(factor) ** 3).sum(), k), [k], exclude=["pullback_of_triangle"])
    np.testing.assert_array_equal(function(A), plain(A))
