"""What a derivative is told to do: identities that clip, scale or replace the gradient that passes through them.

Their values are those of their first operand; rewriting drops them once derivatives have been taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor.errors import GradientError, located
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.node import Op, Tensor, TensorType, caller_sites, describe, make, new_leaf, register
from symtensor.ops.closing import close_branch
from symtensor.ops.declare import INPUT, IndexOp, as_tensor, elementwise
from symtensor.ops.elementwise import clip, no_bool_type
from symtensor.ops.shapes import index_op

GRAD_CLIP = elementwise(
    "grad_clip",
    lambda x, low, high: x,
    lambda x, low, high: x,
    types=no_bool_type,
    vjp=lambda g, z, x, low, high: (clip(g, low, high), None, None),
)
GRAD_SCALE = elementwise(
    "grad_scale",
    lambda x, factor: x,
    lambda x, factor: x,
    types=no_bool_type,
    vjp=lambda g, z, x, factor: (g * factor, None),
)


def grad_clip(x: Any, lower: Any, upper: Any) -> Tensor:
    """``x``, through which a gradient passes limited to the interval from ``lower`` to ``upper``, element by element.

    Args:
        x: floating-point tensor.
        lower: scalar.
        upper: scalar.

    Raises:
        ValueError: for a bound that is known to be NaN.

    >>> import numpy as np, symtensor as st
    >>> x = st.vector("x")
    >>> st.compile(st.grad((100 * st.grad_clip(x, -1, 1) ** 2).sum(), x), [x])(np.ones(2))
    array([1., 1.])
    """
    for name, bound in (("lower", lower), ("upper", upper)):
        if isinstance(bound, (float, np.floating)) and np.isnan(bound):
            raise ValueError(f"grad_clip: {name} must be a number, not {bound}\n  hint: inf leaves a side open")
    return GRAD_CLIP(as_tensor(x), lower, upper)


def grad_scale(x: Any, factor: Any) -> Tensor:
    """``x``, through which a gradient passes multiplied by a scalar; -1 reverses it.

    >>> import numpy as np, symtensor as st
    >>> x = st.vector("x")
    >>> st.compile(st.grad((st.grad_scale(x, -1.0) ** 2).sum(), x), [x])(np.ones(2))
    array([-2., -2.])
    """
    return GRAD_SCALE(as_tensor(x), factor)


DERIVED = index_op(
    "derived",
    lambda inputs: inputs[0].type,
    lambda value, path: value,
    lambda node, at, load: load(0, at),
    lambda g, node: (None, g),
    samples=lambda rng: [((rng.normal(size=(2, 3)), rng.normal(size=(2, 3))), {})],
)
"""``derived(value, path)`` is ``value``; a derivative goes through ``path``, another way to compute the same."""


# --------------------------------------------------------------------------------------------- gradients of the user
def _type_of_value(inputs: tuple[Tensor, ...], pullback: Graph) -> TensorType:
    return TensorType(inputs[0].dtype, inputs[0].shape)


def _pull_back(cotangents: Sequence[Tensor | None], node: Tensor) -> Sequence[Tensor | None]:
    pullback: Graph = node.attr("pullback")
    given = zip(pullback.inputs, (cotangents[0], *node.inputs[1:]))
    return (None, *substitute(pullback.outputs, dict(given)))  # type: ignore[arg-type]


CUSTOM: Op = register(
    IndexOp(
        "custom_gradient",
        "index",
        _type_of_value,
        lambda value, *rest, pullback: value,
        vjp=_pull_back,
        at=lambda node, index, load: load(0, index),
    )
)


def custom_gradient(function: Callable[..., tuple[Any, Callable[[Tensor], Any]]]) -> Callable[..., Tensor]:
    """A function with a gradient of the user's own.

    Args:
        function: takes tensors; returns a value and a function from the cotangent of that value to the cotangents of
            the arguments: one tensor, or a sequence of one for each argument, None for an argument that gets none.

    Returns:
        A function of the same arguments that returns the value.

    Raises:
        GradientError: when called, if there are not as many cotangents as arguments.

    >>> import numpy as np, symtensor as st
    >>> @st.custom_gradient
    ... def sign_straight_through(x):
    ...     return st.sign(x), lambda g: st.where(abs(x) <= 1, g, 0)
    >>> x = st.vector("x")
    >>> st.compile(st.grad(sign_straight_through(x).sum(), x), [x])(np.array([-3.0, 0.5]))
    array([0., 1.])
    """

    def apply(*arguments: Any) -> Tensor:
        tensors = [as_tensor(a) for a in arguments]
        # The value is made of the arguments, the pullback of stand-ins for them: it is a graph of its own.
        result, pull = function(*tensors)
        value = as_tensor(result)
        cotangent = new_leaf(INPUT, value.type, name="cotangent")
        given = pull(cotangent)
        pulled = list(given) if isinstance(given, (list, tuple)) else [given]
        if len(pulled) != len(tensors):
            name = getattr(function, "__name__", "the function")
            text = f"{name} gives {len(pulled)} cotangents for {len(tensors)} arguments"
            raise GradientError(located(text, caller_sites(), "None stands for one that gets none"))
        wanted = [t for t, p in zip(tensors, pulled) if p is not None]
        outputs = [_like(p, t) for t, p in zip(tensors, pulled) if p is not None]
        closed = close_branch(outputs, [cotangent])
        # An argument comes first as itself, to receive its cotangent, and once more where the pullback reads it.
        stand_ins = [new_leaf(INPUT, t.type, name=t.name) for t in wanted]
        graph = Graph((cotangent, *stand_ins, *closed.leaves), closed.outputs)
        return make(CUSTOM, (value, *wanted, *closed.values), (("pullback", graph),))

    return apply


def _like(cotangent: Any, argument: Tensor) -> Tensor:
    tensor = as_tensor(cotangent, argument.dtype)
    if tensor.ndim > argument.ndim:
        text = f"the cotangent {describe(tensor)} has more axes than its argument {describe(argument)}"
        raise GradientError(located(text, caller_sites()))
    return tensor
