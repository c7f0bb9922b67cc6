"""Numeric check of derivatives: reverse mode against central differences, forward against reverse, to second order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import GradientError
from symtensor.grad.forward import jvp
from symtensor.grad.reverse import Prepare, grad, prepare_for_grad
from symtensor.ir.node import Tensor, TensorType, new_leaf
from symtensor.ops import parts
from symtensor.ops.declare import INPUT, conjugate, constant
from symtensor.ops.elementwise import multiply
from symtensor.ops.reduction import sum
from symtensor.ops.reference import evaluate

Evaluate = Callable[[Sequence[Tensor], dict[Tensor, np.ndarray]], Sequence[Any]]


def numeric_gradient(f: Callable[[Sequence[np.ndarray]], float], points: Sequence[np.ndarray], step: float) -> list:
    """Central differences of a scalar function in every element of its floating-point arguments (None for others).

    In a complex element ``d/dRe + i d/dIm``.
    """
    gradients: list[np.ndarray | None] = []
    for k, point in enumerate(points):
        if point.dtype.kind not in "fc":
            gradients.append(None)
            continue
        slope = np.zeros(point.shape, dtypes.promote(point.dtype, dtypes.FLOAT64))
        for index in np.ndindex(point.shape):
            for unit in (1, 1j) if point.dtype.kind == "c" else (1,):
                values = []
                for sign in (1, -1):
                    moved = [np.array(p) for p in points]
                    moved[k][index] += sign * step * unit
                    values.append(f(moved))
                slope[index] += (values[0] - values[1]) / (2 * step) * unit
        gradients.append(slope)
    return gradients


def verify_grad(
    function: Callable[..., Any],
    points: Sequence[Any],
    *,
    order: int = 1,
    seed: int = 0,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    step: float = 1e-5,
    run: Evaluate = evaluate,
    prepare: Prepare | None = prepare_for_grad,
) -> None:
    """Compare derivatives of a function of tensors with finite differences.

    Args:
        function: from tensors to a floating-point tensor, or a tuple of them.
        points: arrays at which derivatives are taken; integers are not differentiated.
        order: 1, or 2 to check the derivative of the gradient as well.
        seed: for the random weights that make a scalar of the outputs.
        rtol: relative tolerance.
        atol: absolute tolerance, relative to the largest derivative.
        step: of the central differences.
        run: evaluates outputs for given inputs; the NumPy interpreter by default.
        prepare: see ``grad``.

    Raises:
        GradientError: if they differ; shows both.

    >>> import symtensor as st
    >>> verify_grad(lambda x: st.exp(x) * x, [np.array([0.5, 1.0])], order=2)
    """
    rng = np.random.default_rng(seed)
    arrays = [np.asarray(p) for p in points]
    inputs = [new_leaf(INPUT, TensorType(a.dtype, a.shape), name=f"x{k}") for k, a in enumerate(arrays)]
    floating = [x for x in inputs if x.dtype.kind in "fc"]

    def gradients_of(cost: Tensor) -> list[Tensor]:
        return grad(cost, floating, disconnected_inputs="ignore", prepare=prepare)

    def compare(cost: Tensor, gradients: Sequence[Tensor], what: str) -> None:
        got = run(gradients, dict(zip(inputs, arrays)))
        wanted = numeric_gradient(lambda moved: float(run([cost], dict(zip(inputs, moved)))[0]), arrays, step)
        for k, (gradient, want) in enumerate(zip(got, (w for w in wanted if w is not None))):
            _assert_close(np.asarray(gradient), want, rtol, atol, f"{what} in floating-point argument {k}")

    cost = _weighted(function(*inputs), rng)
    gradients = gradients_of(cost)
    compare(cost, gradients, "gradient")
    directions = [constant(_draw(rng, a.shape, a.dtype), a.dtype) for a in arrays if a.dtype.kind in "fc"]
    along = sum_all([sum(real(multiply(conjugate(g), d))) for g, d in zip(gradients, directions)])
    reverse_value, forward_value = run([along, jvp(cost, floating, directions)], dict(zip(inputs, arrays)))
    if not np.allclose(reverse_value, forward_value, rtol=1e-9, atol=1e-9):
        raise GradientError(f"forward and reverse mode differ: {forward_value} and {reverse_value}")
    if order > 1:
        compare(along, gradients_of(along), "second derivative")


def sum_all(terms: Sequence[Tensor]) -> Tensor:
    """Sum of scalars."""
    total = constant(0.0)
    for term in terms:
        total = total + term
    return total


def _weighted(outputs: Any, rng: np.random.Generator) -> Tensor:
    terms = []
    for output in outputs if isinstance(outputs, (tuple, list)) else (outputs,):
        terms.append(sum(real(multiply(output, constant(_draw(rng, output.shape, output.dtype))))))
    return sum_all(terms)


def real(value: Tensor) -> Tensor:
    """The real part of a complex tensor."""
    return parts.real(value) if value.dtype.kind == "c" else value


def _draw(rng: np.random.Generator, shape: tuple, dtype: np.dtype) -> np.ndarray:
    values = rng.normal(size=shape)
    return values + 1j * rng.normal(size=shape) if dtype.kind == "c" else values


def _assert_close(got: np.ndarray, want: np.ndarray, rtol: float, atol: float, what: str) -> None:
    scale = max(1.0, float(np.abs(want).max(initial=0)))
    if got.shape != want.shape or not np.allclose(got, want, rtol=rtol, atol=atol * scale):
        raise GradientError(f"the {what} is\n{got}\nbut finite differences give\n{want}")
