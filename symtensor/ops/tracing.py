"""Tracing Python functions into bodies: names for messages, weak initial values, checks of types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from symtensor.dtypes import INT64, WEAK_SCALARS, promote
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor, TensorType, caller_sites, new_leaf
from symtensor.ops.control import may_agree
from symtensor.ops.declare import INPUT, as_tensor, constant
from symtensor.ops.movement import broadcast_to
from symtensor.records import dataclass


def parameter_names(function: Callable[..., Any], count: int) -> list[str | None]:
    """Names of the first positional parameters of a function, None beyond those that have one."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins have no signature
        parameters = []
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names: list[str | None] = [p.name for p in parameters if p.kind in positional]
    return (names + [None] * count)[:count]


def fresh_leaf(type: TensorType, name: str | None) -> Tensor:
    """An input of a body."""
    return new_leaf(INPUT, type, name=name)


# ------------------------------------------------------------------------------------------------ steps around us
_STEPS: ContextVar[tuple[Tensor, ...]] = ContextVar("steps", default=())


def current_steps() -> tuple[Tensor, ...]:
    """The number of the step of each loop whose body is being traced, the outermost first: int64 scalars.

    What a random stream draws depends on them.
    """
    return _STEPS.get()


def in_step(step: Tensor, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a user's function as part of the body of a loop in which ``step`` is the number of the step."""
    token = _STEPS.set((*_STEPS.get(), step))
    try:
        return function(*arguments)
    finally:
        _STEPS.reset(token)


def step_leaf() -> Tensor:
    """A leaf for the number of the step."""
    return fresh_leaf(TensorType(INT64, ()), "step")


def reads(outputs: Sequence[Tensor], leaf: Tensor) -> bool:
    """Whether something depends on a leaf."""
    return any(node is leaf for node in toposort(outputs))


# --------------------------------------------------------------------------------------------------------- states
@dataclass(frozen=True)
class State:
    """A value that a loop hands from step to step: its name in messages, its initial value, its leaf in the body."""

    name: str
    initial: Tensor
    leaf: Tensor


def is_weak(value: Any) -> bool:
    """Whether a value is a Python scalar, which takes the dtype that it meets."""
    return type(value) in WEAK_SCALARS


def make_states(
    names: Sequence[str], initials: Sequence[Any], step: Callable[[list[Any]], Sequence[Any]]
) -> list[State]:
    """Leaves for states.  A Python scalar as initial value takes the dtype of the body's result.

    Args:
        names: what messages call the states.
        initials: tensors, arrays or Python scalars.
        step: from values of the states to their values after a step; called only to find dtypes.
    """
    strong = [None if is_weak(i) else as_tensor(i) for i in initials]
    leaves = [None if s is None else fresh_leaf(s.type, n) for n, s in zip(names, strong)]
    if any(leaf is None for leaf in leaves):
        # The body sees the scalars themselves, so that they promote by NumPy's own rules for Python scalars.
        try:
            results: Sequence[Any] = step([i if leaf is None else leaf for i, leaf in zip(initials, leaves)])
        except Exception:  # it needs tensors there: the default dtype serves, and the real trace reports real errors
            results = ()
        for k, initial in enumerate(initials):
            if strong[k] is None:
                dtype = _weak_dtype(initial, results[k] if k < len(results) else None)
                strong[k] = constant(initial, dtype)
                leaves[k] = fresh_leaf(TensorType(dtype, ()), names[k])
    return [State(n, s, leaf) for n, s, leaf in zip(names, strong, leaves) if s is not None and leaf is not None]


def _weak_dtype(initial: Any, result: Any) -> np.dtype:
    """The dtype of a state that starts as a Python scalar."""
    default = np.asarray(initial).dtype
    if result is None:
        return default
    if is_weak(result):
        return np.asarray(type(initial)(0) + type(result)(0)).dtype
    dtype = as_tensor(result).dtype
    # A start of 0.5 is no state of integers: leave the default, for which the check reports both types.
    return dtype if promote(dtype, initial) == dtype else default


def state_results(loop: str, states: Sequence[State], results: Sequence[Any]) -> list[Tensor]:
    """The states after a step as tensors, of the types that they had before.

    Raises:
        ShapeError, DTypeError: if a state changes its type, with its name and both types.
    """
    if len(results) != len(states):
        raise ShapeError(located(f"{loop}: the body returns {len(results)} states of {len(states)}", caller_sites()))
    return [_state_result(loop, state, result) for state, result in zip(states, results)]


def _state_result(loop: str, state: State, result: Any) -> Tensor:
    before = state.leaf.type
    if is_weak(result):
        fits = promote(before.dtype, result) == before.dtype
        after = as_tensor(result, before.dtype if fits else None)
    else:
        after = as_tensor(result)
    if may_agree(after.type, before):
        # Sizes that only a call can compare are taken to be the initial ones, so that a state has one type all along.
        return broadcast_to(after, before.shape)
    message = f"{loop}: state {state.name!r} is {before} before a step and {after.type} after it"
    if after.dtype != before.dtype:
        wider = promote(after.dtype, before.dtype)
        hint = "cast the result" if wider == before.dtype else f"give it an initial value of dtype {wider}"
        raise DTypeError(located(message, caller_sites(), f"a state keeps its dtype: {hint}"))
    raise ShapeError(
        located(message, caller_sites(), "a state keeps its shape: give it an initial value of the final shape")
    )
