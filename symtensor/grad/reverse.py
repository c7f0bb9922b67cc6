"""Reverse mode: ``grad``, and the walker ``pull`` behind it.

The walker visits users before inputs, adds up the cotangents of a node, hands them to the op's ``vjp`` (once for a
node with several results), and sums what comes back over the axes along which the input was broadcast.  The result is
made of the same ops, so it differentiates again.  Nothing recurses.

A cotangent that is 0 where a branch of ``where`` was not taken keeps its mask outside: ``where(c, g, 0)`` goes through
an elementwise op as ``where(c, vjp(g), 0)``, so that an infinite slope behind the mask never meets the 0.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from symtensor.errors import GradientError, ShapeError, located
from symtensor.ir.collector import collector_paused
from symtensor.ir.constants import scalar_value
from symtensor.ir.graph import toposort
from symtensor.ir.nesting import flatten
from symtensor.ir.node import Tensor, TensorType, caller_sites, describe
from symtensor.ops.declare import LoopOp, as_tensor, cast, constant
from symtensor.ops.elementwise import add, logical_not, logical_or, where
from symtensor.ops.movement import broadcast_to
from symtensor.ops.reduction import sum
from symtensor.ops.slicing import UPDATE_SLICE, zeros_of

Cotangents = Sequence["Tensor | None"]
MOST_WINDOWS = 16
"""Windows of one node whose cotangents are put side by side: each is one more case for every element."""


# ------------------------------------------------------------------------------------------------------ the walker
def unbroadcast(cotangent: Tensor, type: TensorType) -> Tensor:
    """Sum a cotangent over the axes along which a tensor of this type was broadcast."""
    extra = cotangent.ndim - type.ndim
    if extra:
        cotangent = sum(cotangent, tuple(range(extra)), cotangent.dtype)
    repeated = tuple(i for i, (have, want) in enumerate(zip(cotangent.shape, type.shape)) if want == 1 and have != 1)
    return sum(cotangent, repeated, cotangent.dtype, keepdims=True) if repeated else cotangent


def _active(order: Iterable[Tensor], wrt: Iterable[Tensor], held: frozenset[Tensor]) -> set[Tensor]:
    """The nodes through which something in ``wrt`` is reached."""
    active = set(wrt)
    for node in order:
        if not active.isdisjoint(node.inputs) and node not in held:
            active.add(node)
    return active


def masked(cotangent: Tensor) -> tuple[Tensor, Tensor] | None:
    """A cotangent that is 0 outside a mask as that mask and what stands inside, or None.

    It is looked through operations that only move values: those of the mask and of what is inside move alike.
    """
    moves = []
    node = cotangent
    while node.op.kind == "index" and len(node.inputs) == 1:
        moves.append(node)
        node = node.inputs[0]
    if node.op is not where:
        return None
    mask, inside, outside = node.inputs
    if scalar_value(outside) != 0:
        if scalar_value(inside) != 0:
            return None
        mask, inside = logical_not(mask), outside
    if moves:
        inside, mask = broadcast_to(inside, node.shape), broadcast_to(mask, node.shape)
    for move in reversed(moves):
        mask, inside = (move.op(part, **dict(move.attrs)) for part in (mask, inside))
    return mask, inside


def _sum(first: Tensor, second: Tensor) -> Tensor:
    """The sum of two cotangents, with one mask around it where both have one."""
    left, right = masked(first), masked(second)
    if left is None or right is None:
        return add(first, second)
    if left[0] is right[0]:
        return where(left[0], add(left[1], right[1]), 0)
    return where(logical_or(left[0], right[0]), add(first, second), 0)


def _window(cotangent: Tensor) -> Tensor | None:
    """The node that puts a cotangent into zeros, if it is one, of a window whose place and size are known."""
    if cotangent.op is not UPDATE_SLICE or scalar_value(cotangent.inputs[0]) != 0:
        return None
    known = (*cotangent.attr("starts"), *cotangent.attr("steps"), *cotangent.inputs[1].shape)
    return cotangent if all(isinstance(n, int) for n in known) and 0 not in cotangent.inputs[1].shape else None


def _ranges(window: Tensor) -> list[tuple[int, int]]:
    """First and last index of a window along each axis."""
    starts, steps, shape = window.attr("starts"), window.attr("steps"), window.inputs[1].shape
    return [tuple(sorted((a, a + (n - 1) * b))) for a, b, n in zip(starts, steps, shape)]  # type: ignore[operator,misc]


def _apart(first: Tensor, second: Tensor) -> bool:
    """Whether two windows have no element in common."""
    return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(_ranges(first), _ranges(second)))


class _Windows:
    """Cotangents of windows of one node that lie apart, which are put side by side instead of being added up.

    Sums of padded pieces would add a zero to each element for every other piece.
    """

    def __init__(self) -> None:
        self._parts: list[Tensor] = []

    def take(self, cotangent: Tensor) -> bool:
        """Take a cotangent in, if it is that of a window apart from the others."""
        part = _window(cotangent)
        if part is None or len(self._parts) == MOST_WINDOWS or not all(_apart(part, other) for other in self._parts):
            return False
        self._parts.append(part)
        return True

    def total(self) -> Tensor | None:
        """The cotangent of the whole node; None where no window was taken in."""
        if not self._parts:
            return None
        result, *rest = self._parts
        for part in rest:
            result = UPDATE_SLICE(result, part.inputs[1], **dict(part.attrs))
        return result


class _Cotangents:
    """Contributions to the cotangents of nodes, and of the results of nodes with several."""

    def __init__(self, fixed: Mapping[Tensor, Tensor]) -> None:
        self._sums: dict[Tensor, Tensor] = dict(fixed)
        self._windows: dict[Tensor, _Windows] = {}
        self._fixed = frozenset(fixed)
        self._results: dict[Tensor, dict[int, Tensor]] = {}

    def contribute(self, node: Tensor, cotangent: Tensor) -> None:
        if node in self._fixed:
            return
        if cotangent.op is not UPDATE_SLICE or not self._windows.setdefault(node, _Windows()).take(cotangent):
            before = self._sums.get(node)
            self._sums[node] = cotangent if before is None else _sum(before, cotangent)

    def contribute_result(self, node: Tensor, index: int, cotangent: Tensor) -> None:
        # Items are interned, so each result contributes once.
        self._results.setdefault(node, {})[index] = cotangent

    def total(self, node: Tensor) -> Tensor | None:
        whole = self._sums.get(node)
        found = self._windows.get(node)
        windows = None if found is None else found.total()
        if whole is None or windows is None:
            return windows if whole is None else whole
        return _sum(whole, windows)

    def results(self, node: Tensor) -> list[Tensor | None] | None:
        found = self._results.get(node)
        return None if found is None else [found.get(k) for k in range(len(node.type))]


def pull(
    outputs: Sequence[Tensor],
    cotangents: Cotangents,
    wrt: Sequence[Tensor],
    held: Iterable[Tensor] = (),
    fixed: Mapping[Tensor, Tensor] | None = None,
) -> list[Tensor | None]:
    """Pull cotangents of outputs back to other nodes.

    Args:
        outputs: where the cotangents are given.
        cotangents: one for each output, of its shape and dtype, or None where nothing flows.
        wrt: nodes whose cotangents are asked for.
        held: nodes that are taken as constant.
        fixed: nodes whose cotangents are known; nothing else flows into them.

    Returns:
        One cotangent for each node in ``wrt``, of its shape, or None where nothing flows.
    """
    held, fixed = frozenset(held), dict(fixed or {})
    computed = {t for t in (*wrt, *held, *fixed) if t.inputs}
    if computed:
        from symtensor.optimizer.loop_graphs import expose

        # branches compute what they need by themselves: here they must read it from outside
        outputs = expose(outputs, computed)
    order = toposort([*outputs, *fixed], stop=held)
    active = _active(order, wrt, held)
    table = _Cotangents(fixed)
    for output, cotangent in zip(outputs, cotangents):
        if cotangent is not None:
            table.contribute(output, cotangent)
    with collector_paused():
        for node in reversed(order):
            if node in active and node not in held:
                _visit(node, table, active)
    return [None if (g := table.total(w)) is None else broadcast_to(g, w.shape) for w in wrt]


def _visit(node: Tensor, table: _Cotangents, active: set[Tensor]) -> None:
    """Hand the cotangents of one node on to its inputs."""
    if isinstance(node.type, tuple):
        cotangents = table.results(node)
    else:
        total = table.total(node)
        cotangents = None if total is None or node.dtype.kind not in "fc" else [_of_shape(total, node)]
    if cotangents is None or not node.inputs:
        return
    if node.op.kind == "item":
        table.contribute_result(node.inputs[0], node.attr("index"), cotangents[0])  # type: ignore[arg-type]
        return
    wanted = tuple(_differentiable(i) and i in active for i in node.inputs)
    if not any(wanted):
        return
    if node.op.vjp is None:
        raise GradientError(located(f"{node.op.name} has no derivative", node.sites))
    walker = (_pull_inside, wanted) if isinstance(node.op, LoopOp) else ()
    split = masked(cotangents[0]) if node.op.kind == "elementwise" and cotangents[0] is not None else None
    if split is not None:
        # 0 times the slope of a branch that is not taken may be NaN: the mask goes around the product.
        mask, cotangents = split[0], [split[1]]
    for source, cotangent, asked in zip(node.inputs, node.op.vjp(cotangents, node, *walker), wanted):
        if cotangent is not None and asked:
            if split is not None:
                cotangent = where(mask, cotangent, 0)
            table.contribute(source, _fit(cotangent, node, source))


def _of_shape(cotangent: Tensor, node: Tensor) -> Tensor:
    return cotangent if cotangent.type.shape == node.type.shape else broadcast_to(cotangent, node.shape)


def _differentiable(node: Tensor) -> bool:
    """Whether cotangents flow into a node; integers and bools have none."""
    return isinstance(node.type, tuple) or node.dtype.kind in "fc"


def _fit(cotangent: Tensor, node: Tensor, source: Tensor) -> Tensor:
    """A vjp's answer with the shape and dtype of the input that it is for."""
    if cotangent.type == source.type:
        return cotangent
    if node.op.kind == "elementwise" and cotangent.ndim < node.ndim:
        cotangent = broadcast_to(cotangent, node.shape)
    return cast(unbroadcast(cotangent, source.type), source.dtype)


def _pull_inside(outputs: Sequence[Tensor], cotangents: Cotangents, wrt: Sequence[Tensor]) -> list[Tensor | None]:
    """The walker as loops and branches get it, for their bodies."""
    return pull(outputs, cotangents, wrt)


# -------------------------------------------------------------------------------------------------------- gradient
Prepare = Callable[[Sequence[Tensor], Sequence[Tensor]], Sequence[Tensor]]
_DISCONNECTED = ("raise", "warn", "ignore")


def prepare_for_grad(outputs: Sequence[Tensor], opaque: Sequence[Tensor]) -> Sequence[Tensor]:
    """The optimizer's, which loads with the first gradient."""
    from symtensor.optimizer import pipeline

    return pipeline.prepare_for_grad(outputs, opaque)


def grad(
    cost: Any,
    wrt: Any,
    *,
    consider_constant: Sequence[Tensor] = (),
    known_grads: Mapping[Tensor, Any] | None = None,
    disconnected_inputs: str = "raise",
    prepare: Prepare | None = prepare_for_grad,
) -> Any:
    """Gradient of a scalar with respect to tensors.

    Args:
        cost: a floating-point scalar; may be None where ``known_grads`` says all.
        wrt: a tensor, or a (nested) list, tuple, dict or dataclass of tensors: inputs, shared variables or computed
            tensors.
        consider_constant: tensors through which nothing flows.
        known_grads: the gradient of the final cost in computed tensors, where it is known from elsewhere.
        disconnected_inputs: what happens if the cost does not depend on something in ``wrt``: ``"raise"``, ``"warn"``
            (and zeros) or ``"ignore"`` (zeros).
        prepare: rewrites the cost before it is differentiated, ``prepare(outputs, opaque)``, so that the derivative of
            a stable form is taken; None differentiates the graph as it stands.

    Returns:
        Tensors shaped like those in ``wrt``, in containers like that of ``wrt``.

    Raises:
        GradientError: if the cost is not a real floating-point scalar, if something in ``wrt`` is an integer, if the
            cost does not depend on it, or if an op on the way has no derivative.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> st.grad((x * x).sum(), x).type
    float64[x.shape[0]]
    """
    if disconnected_inputs not in _DISCONNECTED:
        raise ValueError(f"disconnected_inputs is {disconnected_inputs!r}\n  hint: one of {', '.join(_DISCONNECTED)}")
    leaves, _, structure = flatten(wrt)
    for tensor in leaves:
        check_wrt(tensor)
    fixed = {node: _known(node, value) for node, value in (known_grads or {}).items()}
    if cost is None and not fixed:
        raise GradientError(located("there is neither a cost nor a known gradient", caller_sites()))
    outputs = [] if cost is None else [_check_cost(cost)]
    if prepare is not None and outputs:
        outputs = list(prepare(outputs, [*leaves, *consider_constant, *fixed]))
    ones = [constant(1, o.dtype) for o in outputs]
    found = pull(outputs, ones, leaves, consider_constant, fixed)
    reached: frozenset[Tensor] = frozenset()
    if any(g is None for g in found):
        reached = frozenset(toposort([*outputs, *fixed], stop=frozenset(consider_constant)))
    gradients = [_disconnected(t, disconnected_inputs, t in reached) if g is None else g for t, g in zip(leaves, found)]
    return structure.build(iter(gradients))


def check_wrt(tensor: Any) -> None:
    """Complain about what is not differentiated by."""
    if not isinstance(tensor, Tensor):
        name, hint = type(tensor).__name__, "hint: pass the tensors themselves, not their names"
        raise TypeError(f"wrt must be a tensor, or a list, tuple, dict or dataclass of tensors, not {name}\n  {hint}")
    if tensor.dtype.kind not in "fc":
        text = f"there is no gradient with respect to {describe(tensor)}: its values are not continuous"
        raise GradientError(located(text, caller_sites(), "cast it to a floating-point dtype first"))


def _check_cost(cost: Any) -> Tensor:
    tensor = as_tensor(cost)
    if tensor.ndim:
        text = f"the cost must be a scalar, not {describe(tensor)}"
        raise GradientError(located(text, caller_sites(), "sum it, or use st.vjp with weights"))
    if tensor.dtype.kind != "f":
        text = f"the cost must be real and floating-point, not {describe(tensor)}"
        raise GradientError(located(text, caller_sites(), "cast it, or take its real part"))
    return tensor


def _known(node: Tensor, value: Any) -> Tensor:
    tensor = as_tensor(value, node.dtype)
    if tensor.ndim != node.ndim:
        text = f"the known gradient {describe(tensor)} has not the shape of {describe(node)}"
        raise ShapeError(located(text, caller_sites()))
    return tensor


def _disconnected(tensor: Tensor, policy: str, reached: bool) -> Tensor:
    """Zeros, after the complaint that was asked for, unless the derivative merely vanishes everywhere."""
    if not reached and policy != "ignore":
        text = f"the cost does not depend on {describe(tensor)}"
        if policy == "raise":
            hint = 'is it the tensor that the cost was built from? disconnected_inputs="ignore" gives zeros'
            raise GradientError(located(text, caller_sites(), hint))
        warnings.warn(text, stacklevel=3)
    return zeros_of(tensor.shape, tensor.dtype)
