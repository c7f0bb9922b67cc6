"""Branches and loops without rows, by tracing Python functions.

``cond``, ``ifelse``, ``switch_case``, ``while_loop`` and ``fori_loop``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from symtensor.dtypes import BOOL, INT64
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.nesting import Structure, flatten
from symtensor.ir.node import Tensor, TensorType, caller_sites
from symtensor.ops.closing import Closed, close_branch, close_loop
from symtensor.ops.control import COND
from symtensor.ops.creation import iota
from symtensor.ops.declare import CONSTANT, as_tensor, constant
from symtensor.ops.elementwise import add, less, not_equal
from symtensor.ops.item import item
from symtensor.ops.loop_forms import (
    Traced,
    checkpoint_interval,
    derived_again,
    stepwise,
    until_condition,
    while_holds,
)
from symtensor.ops.shapes import as_size
from symtensor.ops.tracing import (
    State,
    fresh_leaf,
    in_step,
    make_states,
    parameter_names,
    reads,
    state_results,
    step_leaf,
)


# ---------------------------------------------------------------------------------------------------------- cond
def cond(pred: Any, then_fn: Callable[..., Any], else_fn: Callable[..., Any], *operands: Any) -> Any:
    """Run one of two functions; what only the other needs is never computed.

    Sizes and constant indices are checked for both when the compiled function is called, as types are.

    Args:
        pred: a scalar; true if it is not zero.
        then_fn: called with the operands if it is true; returns tensors, nested in tuples, lists or dicts.
        else_fn: called otherwise; returns the same nesting, with the same dtypes and shapes.
        operands: computed in any case.  Outer tensors may be used directly as well; what a function computes from
            them runs only if that function is taken.

    Returns:
        The results of the function that was taken.

    Raises:
        ShapeError, DTypeError: if the predicate is no scalar, or the results of the functions differ in type.

    >>> import symtensor as st
    >>> x = st.scalar("x")
    >>> st.cond(x > 0, lambda: st.log(x), lambda: x).type
    float64[]
    """
    arguments = [as_tensor(o) for o in operands]
    names = parameter_names(then_fn, len(arguments))
    then, structure = _trace_branch(then_fn, arguments, names)
    otherwise, other_structure = _trace_branch(else_fn, arguments, names)
    if structure != other_structure:
        message = f"cond: the branches differ: {structure} if true, {other_structure} if false"
        raise ShapeError(located(message, caller_sites(), "return the same nesting of tensors from both"))
    return _branch(_predicate(pred), then, otherwise, structure)


def ifelse(condition: Any, then_branch: Any, else_branch: Any) -> Any:
    """One of two expressions (or nestings of them); the other is not computed.

    >>> import symtensor as st
    >>> x = st.scalar("x")
    >>> st.ifelse(x > 0, st.log(x), x).type
    float64[]
    """
    return cond(condition, lambda: then_branch, lambda: else_branch)


def switch_case(index: Any, branches: Sequence[Callable[..., Any]], *operands: Any) -> Any:
    """Run one of several functions by number; what only the others need is never computed.

    Args:
        index: an integer scalar; below 0 the first function is taken, beyond the last the last one.
        branches: called with the operands; each returns tensors of the same nesting, dtypes and shapes.
        operands: computed in any case; see ``cond``.

    Returns:
        The results of the function that was taken.

    Raises:
        ValueError: if there is no branch.
        ShapeError, DTypeError: if the index is no integer scalar, or the results of the functions differ in type.

    >>> import symtensor as st
    >>> k, x = st.lscalar("k"), st.scalar("x")
    >>> st.switch_case(k, [st.sin, st.cos, lambda x: -x], x).type
    float64[]
    """
    functions = list(branches)
    if not functions:
        raise ValueError("switch_case: there is no branch to take\n  hint: give a list of functions")
    number = as_tensor(index)
    if number.ndim:
        raise ShapeError(located(f"switch_case: the index must be a scalar, not {number.type}", caller_sites()))
    if number.dtype.kind not in "iu":
        message = f"switch_case: the index must be an integer, not {number.type}"
        raise DTypeError(located(message, caller_sites(), "cast it, or use st.cond for a bool"))
    return _switch(number, functions, 0, operands)


def _switch(number: Tensor, functions: Sequence[Callable[..., Any]], first: int, operands: Sequence[Any]) -> Any:
    """One of functions numbered from ``first`` on, by halves."""
    if len(functions) == 1:
        return functions[0](*operands)
    half = len(functions) // 2
    return cond(
        less(number, first + half),
        lambda *given: _switch(number, functions[:half], first, given),
        lambda *given: _switch(number, functions[half:], first + half, given),
        *operands,
    )


def _predicate(pred: Any) -> Tensor:
    predicate = as_tensor(pred)
    if predicate.ndim:
        hint = "reduce it with any() or all(), or choose elementwise with st.where"
        raise ShapeError(located(f"cond: the predicate must be a scalar, not {predicate.type}", caller_sites(), hint))
    return predicate if predicate.dtype == BOOL else not_equal(predicate, 0)


class _Branch:
    """A traced branch: its own leaf for each operand, its outputs, and what it reads from outside."""

    def __init__(self, operands: Sequence[Tensor], leaves: Sequence[Tensor | None], outputs: Sequence[Tensor]) -> None:
        self.operands = [o for o, leaf in zip(operands, leaves) if leaf is not None]
        self.leaves = [leaf for leaf in leaves if leaf is not None]
        self.closed = close_branch(outputs, self.leaves)

    @property
    def bindings(self) -> list[tuple[Tensor, Tensor]]:
        """Each value from outside with its leaf."""
        return [*zip(self.operands, self.leaves), *zip(self.closed.values, self.closed.leaves)]


def _trace_branch(
    function: Callable[..., Any], arguments: Sequence[Tensor], names: Sequence[str | None]
) -> tuple[_Branch, Structure]:
    leaves = [None if _passed_as_is(a) else fresh_leaf(a.type, n or a.name) for a, n in zip(arguments, names)]
    results = function(*(a if leaf is None else leaf for a, leaf in zip(arguments, leaves)))
    outputs, _, structure = flatten(results)
    return _Branch(arguments, leaves, [as_tensor(o) for o in outputs]), structure


def _passed_as_is(operand: Tensor) -> bool:
    """Constants, so that the branch can be simplified with their values, and what may be used as a size."""
    return operand.op is CONSTANT or (operand.ndim == 0 and operand.dtype.kind in "iu" and not operand.inputs)


def _branch(predicate: Tensor, then: _Branch, otherwise: _Branch, structure: Structure) -> Any:
    values = list(dict.fromkeys(value for branch in (then, otherwise) for value, _ in branch.bindings))
    node = COND(predicate, *values, then=_over(values, then), otherwise=_over(values, otherwise))
    return structure.build(item(node, k) for k in range(len(node.type)))


def _over(values: Sequence[Tensor], branch: _Branch) -> Graph:
    """The branch as a graph over all values that either branch reads."""
    first: dict[Tensor, Tensor] = {}
    same: dict[Tensor, Tensor] = {}  # a value given as an operand and read directly, too, has two leaves
    for value, leaf in branch.bindings:
        if value in first:
            same[leaf] = first[value]
        else:
            first[value] = leaf
    inputs = tuple(first[v] if v in first else fresh_leaf(v.type, v.name) for v in values)
    return Graph(inputs, tuple(substitute(branch.closed.outputs, same)))


# ---------------------------------------------------------------------------------------------------- while_loop
def while_loop(
    cond_fn: Callable[..., Any],
    body_fn: Callable[..., Any],
    init: Any,
    max_steps: int | None = None,
    checkpoint: int | str | None = None,
) -> Any:
    """Repeat a step while a condition holds.

    Args:
        cond_fn: from the state to a bool scalar.
        body_fn: from the state to the next state, nested as ``init``.
        init: the first state: a tensor, a tuple or list (passed as separate arguments), or a dict (passed as one).
        max_steps: most steps that may be taken.
        checkpoint: how much a derivative stores: the states of all steps, of each n-th step for an int n, of about as
            many steps as the square root of their number for ``"sqrt"``.  With n or ``"sqrt"`` a derivative runs the
            loop once more, when it is known how many steps it takes.

    Returns:
        The state for which the condition fails.

    Raises:
        ShapeError, DTypeError: if a part of the state changes its type, or the condition is no bool scalar.
        CheckError: at a call, if the condition still holds after ``max_steps`` steps.

    >>> import symtensor as st
    >>> n = st.lscalar("n")
    >>> st.while_loop(lambda a, b: b < n, lambda a, b: (b, a + b), (0, 1))[1].type
    int64[]
    """
    arguments = _Arguments(body_fn, init, step_leaf())
    states = make_states(arguments.names, arguments.initials, lambda values: arguments.call(body_fn, values)[0])
    leaves = [s.leaf for s in states]
    new = arguments.new_states("while_loop", body_fn, states, leaves)
    predicate = _loop_condition(arguments.call(cond_fn, leaves)[0])
    if reads([predicate, *new], arguments.step):  # something is drawn anew in each step
        states.append(State("step", constant(0, INT64), arguments.step))
        leaves.append(arguments.step)
        new.append(arguments.step + 1)

    closed = close_loop([predicate, *new], leaves)
    inputs = (*leaves, *closed.leaves)
    traced = Traced((), tuple(s.initial for s in states), closed.values, Graph(inputs, closed.outputs[1:]))
    limit = None if max_steps is None else int(max_steps)
    found = while_holds(traced, Graph(inputs, closed.outputs[:1]), limit, "rounds")
    looped = derived_again(traced, found, None, checkpoint)
    return arguments.structure.build(iter(looped.finals))


def _loop_condition(results: Sequence[Any]) -> Tensor:
    if len(results) != 1:
        raise ShapeError(located(f"while_loop: the condition returns {len(results)} values", caller_sites()))
    return until_condition("while_loop", results[0])


class _Arguments:
    """How the state of a loop is passed to functions: a tuple or list as separate arguments, all else as one."""

    def __init__(self, function: Callable[..., Any], init: Any, step: Tensor, skipped: int = 0) -> None:
        self.step = step
        self.spread = isinstance(init, (tuple, list))
        parts = list(init) if self.spread else [init]
        labels = parameter_names(function, skipped + len(parts))[skipped:]
        self.initials: list[Any] = []
        self.names: list[str] = []
        for k, (part, label) in enumerate(zip(parts, labels)):
            name = label or getattr(part, "name", None) or (f"state[{k}]" if self.spread else "state")
            leaves, names, _ = flatten(part, name)
            self.initials += leaves
            self.names += names
        self.structure = flatten(init)[2]

    def call(self, function: Callable[..., Any], values: Sequence[Any], *first: Any) -> tuple[list[Any], Structure]:
        """Call with these leaves of the state; returns the leaves of the result and their nesting."""
        state = self.structure.build(iter(values))
        leaves, _, structure = flatten(in_step(self.step, function, *first, *(state if self.spread else [state])))
        return leaves, structure

    def new_states(
        self, loop: str, function: Callable[..., Any], states: Sequence[State], leaves: Sequence[Tensor], *first: Any
    ) -> list[Tensor]:
        """The state after a step.

        Raises:
            ShapeError, DTypeError: if the function returns another nesting or other types.
        """
        results, structure = self.call(function, leaves, *first)
        if not _same_nesting(structure, self.structure):
            message = f"{loop}: the state is {self.structure} before a step and {structure} after it"
            raise ShapeError(located(message, caller_sites(), "return the next state nested as the first one"))
        return state_results(loop, states, results)


def _same_nesting(left: Structure, right: Structure) -> bool:
    """Whether two nestings are the same, a list being as good as a tuple."""
    if (left.kind is None) != (right.kind is None) or left.keys != right.keys:
        return False
    return all(_same_nesting(a, b) for a, b in zip(left.children, right.children))


# ----------------------------------------------------------------------------------------------------- fori_loop
def fori_loop(
    lower: Any, upper: Any, body_fn: Callable[..., Any], init: Any, checkpoint: int | str | None = None
) -> Any:
    """Repeat a step for i = lower, ..., upper - 1; not at all where upper <= lower.

    Args:
        lower: first value of the counter: an int, a size, or an integer scalar input.
        upper: the counter stays below it.
        body_fn: ``body_fn(i, *state)`` gives the next state, nested as ``init``; ``i`` is an int64 scalar.
        init: the first state: a tensor, a tuple or list (passed as separate arguments), or a dict (passed as one).
        checkpoint: how much a derivative stores: the states of all steps, of each n-th step for an int n, of about as
            many steps as the square root of their number for ``"sqrt"``.

    Returns:
        The last state.

    Raises:
        ShapeError, DTypeError: if a part of the state changes its type.

    >>> import symtensor as st
    >>> n = st.lscalar("n")
    >>> st.fori_loop(0, n, lambda i, total: total + i * i, 0).type
    int64[]
    """
    first = as_size(lower)
    steps = sz.maximum(sz.add(as_size(upper), sz.mul(first, -1)), 0)
    counter = iota(steps) if isinstance(first, int) and first == 0 else add(iota(steps), first)
    i = fresh_leaf(TensorType(INT64, ()), parameter_names(body_fn, 1)[0])
    arguments = _Arguments(body_fn, init, i, skipped=1)
    states = make_states(arguments.names, arguments.initials, lambda values: arguments.call(body_fn, values, i)[0])
    leaves = [s.leaf for s in states]
    new = arguments.new_states("fori_loop", body_fn, states, leaves, i)
    closed: Closed = close_loop(new, [i, *leaves])
    body = Graph((i, *leaves, *closed.leaves), closed.outputs)
    traced = Traced((counter,), tuple(s.initial for s in states), closed.values, body)
    looped = stepwise(traced, steps, checkpoint_interval(checkpoint, steps))
    return arguments.structure.build(iter(looped.finals))
