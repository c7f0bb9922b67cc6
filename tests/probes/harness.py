"""Run a probe: one compilation, several sizes, every output against NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

import symtensor as st

Arrays = tuple[np.ndarray, ...]


def assert_close(got: np.ndarray, want: np.ndarray, tolerance: float) -> None:
    """Fail unless got has the shape and dtype of want and is near: relative to the largest magnitude in want."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.dtype == want.dtype, f"dtype {got.dtype}, expected {want.dtype}"
    assert got.shape == want.shape, f"shape {got.shape}, expected {want.shape}"
    finite = np.abs(want[np.isfinite(want)])
    scale = float(finite.max()) if finite.size else 1.0
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale)


def check(
    target: str,
    build: Callable[[], tuple[Sequence[Any], Sequence[Any]]],
    sample: Callable[..., Arrays],
    reference: Callable[..., Arrays],
    sizes: Iterable[tuple[int, ...]],
    tolerance: float = 1e-12,
) -> None:
    """Compile once; for each size call with sample(rng, *size) and compare with reference(*arguments).

    Raises:
        AssertionError: an output differs in dtype, shape or value, an argument was written to, or a new size made
            something compile.
    """
    outputs, inputs = build()
    function = st.compile(list(outputs), list(inputs), target=target)
    rng = np.random.default_rng(7)
    compiles = None
    for size in sizes:
        arguments = sample(rng, *size)
        kept = [np.array(argument) for argument in arguments]
        results = function(*arguments)
        wanted = reference(*arguments)
        assert len(results) == len(wanted)
        for got, want in zip(results, wanted):
            assert_close(got, want, tolerance)
        for argument, before in zip(arguments, kept):
            assert np.array_equal(argument, before), "a call wrote to its argument"
        if compiles is None:
            compiles = st.cache_info().compiles
        assert st.cache_info().compiles == compiles, f"the size {size} made something compile"


def complex_step(f: Callable[..., np.ndarray], arguments: Sequence[np.ndarray], weights: np.ndarray) -> Arrays:
    """Gradient of (weights * f(*arguments)).sum() in each argument, to rounding, for an analytic f [1]_.

    .. [1] Squire & Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40 (1998).
    """
    gradients = []
    for k, argument in enumerate(arguments):
        gradient = np.empty_like(argument, dtype="float64")
        for index in np.ndindex(gradient.shape):
            moved = [np.array(a, dtype="complex128") for a in arguments]
            moved[k][index] += 1e-30j
            gradient[index] = (weights * f(*moved)).sum().imag / 1e-30
        gradients.append(gradient)
    return tuple(gradients)
