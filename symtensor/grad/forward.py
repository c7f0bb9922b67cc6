"""Forward mode by two reverse passes: a pullback is linear in its cotangent, and its own pullback is the pushforward.

See J. Townsend, A new trick for calculating Jacobian vector products (2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from symtensor.errors import GradientError, ShapeError, located
from symtensor.grad.reverse import grad, pull
from symtensor.ir.graph import substitute
from symtensor.ir.node import Tensor, caller_sites, describe, new_leaf
from symtensor.ops.declare import INPUT, as_tensor
from symtensor.ops.movement import broadcast_to
from symtensor.ops.slicing import zeros_of


def _as_list(value: Any) -> list[Tensor]:
    return [as_tensor(v) for v in value] if isinstance(value, (list, tuple)) else [as_tensor(value)]


def _checked(vectors: Any, like: Sequence[Tensor], what: str) -> list[Tensor]:
    given = list(vectors) if isinstance(vectors, (list, tuple)) else [vectors]
    if len(given) != len(like):
        raise GradientError(located(f"{len(given)} {what}s for {len(like)} tensors", caller_sites()))
    result = []
    for vector, tensor in zip(given, like):
        value = as_tensor(vector, tensor.dtype)
        if value.ndim != tensor.ndim:
            raise ShapeError(located(f"the {what} {describe(value)} does not fit {describe(tensor)}", caller_sites()))
        result.append(broadcast_to(value, tensor.shape))
    return result


def _zeros_where_missing(found: Sequence[Tensor | None], like: Sequence[Tensor]) -> list[Tensor]:
    return [zeros_of(t.shape, t.dtype) if f is None else f for f, t in zip(found, like)]


def vjp(outputs: Any, wrt: Any, cotangents: Any) -> Any:
    """Product of cotangents with the Jacobian: the gradient of ``sum(output * cotangent)``.

    Args:
        outputs: a tensor, or a list of tensors.
        wrt: a tensor, or a list of tensors.
        cotangents: one for each output, of its shape.

    Returns:
        One tensor for each in ``wrt`` (a list if that is one).

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> st.vjp(st.exp(x), x, st.ones_like(x)).ndim
    1
    """
    results, sources = _as_list(outputs), _as_list(wrt)
    found = _zeros_where_missing(pull(results, _checked(cotangents, results, "cotangent"), sources), sources)
    return found if isinstance(wrt, (list, tuple)) else found[0]


def jvp(outputs: Any, wrt: Any, tangents: Any) -> Any:
    """Product of the Jacobian with tangents: the derivative of the outputs along a direction.

    Args:
        outputs: a tensor, or a list of tensors.
        wrt: a tensor, or a list of tensors.
        tangents: one for each tensor in ``wrt``, of its shape.

    Returns:
        One tensor for each output (a list if that is one).

    >>> import symtensor as st
    >>> x, v = st.vector("x"), st.vector("v")
    >>> st.jvp(st.exp(x), x, v).ndim
    1
    """
    results, sources = _as_list(outputs), _as_list(wrt)
    directions = _checked(tangents, sources, "tangent")
    seeds = [new_leaf(INPUT, r.type) for r in results]
    pulled = pull(results, seeds, sources)
    pairs = [(p, d) for p, d in zip(pulled, directions) if p is not None]
    found = _zeros_where_missing(pull([p for p, _ in pairs], [d for _, d in pairs], seeds), results)
    # By linearity the values of the seeds have no influence, but a loop still carries them along.
    found = substitute(found, {seed: zeros_of(seed.shape, seed.dtype) for seed in seeds})
    return found if isinstance(outputs, (list, tuple)) else found[0]


def hvp(cost: Any, wrt: Any, tangents: Any) -> Any:
    """Product of the Hessian of a scalar with tangents, without forming the Hessian.

    >>> import symtensor as st
    >>> x, v = st.vector("x"), st.vector("v")
    >>> st.hvp((x**3).sum(), x, v).ndim
    1
    """
    sources = _as_list(wrt)
    gradients = grad(cost, sources, disconnected_inputs="ignore")
    found = jvp(gradients, sources, tangents)
    return found if isinstance(wrt, (list, tuple)) else found[0]
