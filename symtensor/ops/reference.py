"""The NumPy interpreter: the oracle of all tests, the constant folder, and the target ``numpy``.

It walks the graph in order and calls each op's reference; it knows no op.  Sizes are looked up in an environment that
is filled from the shapes of the inputs, and by ops that define a size on the way.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from symtensor.errors import CODES, HINTS, NATIVE, ShapeError, SymtensorError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, sizes_first, toposort
from symtensor.ir.node import Guard, Tensor, describe
from symtensor.ir.size import Atom, Bound, ScalarValue, Size, SizeLike
from symtensor.ops.declare import LoopOp

Environment = dict[Atom, int]
Observer = Callable[[Tensor, Any, Sequence[Any] | None], None]


def size_value(size: SizeLike, environment: Mapping[Atom, int]) -> int:
    """The value of a size.

    Raises:
        ShapeError: if an atom has no value, because it is no dim of the inputs.
    """
    value = sz.substitute(size, environment)
    if isinstance(value, Size):
        names = ", ".join(sorted({a.label for a in sz.atoms(value)}))
        raise ShapeError(f"the size {size} is not known: no input defines {names}")
    return value


def bind_sizes(arrays: Mapping[Tensor, np.ndarray]) -> Environment:
    """The sizes that the shapes (and integer scalars) of the inputs define.

    Raises:
        ShapeError: if an array does not have the declared rank or sizes.
    """
    environment: Environment = {}
    rest = []  # axes whose size follows from others: checked once those are known
    for leaf, array in arrays.items():
        if array.ndim != leaf.ndim:
            raise ShapeError(f"{_label(leaf)} has {leaf.ndim} axes, but the array has {array.ndim}")
        if leaf.ndim == 0 and leaf.dtype.kind in "iu":
            environment[ScalarValue(leaf)] = int(array)
        for axis, (declared, actual) in enumerate(zip(leaf.shape, array.shape)):
            atom = _single_atom(declared)
            if atom is not None and atom not in environment:
                environment[atom] = actual
            else:
                rest.append((leaf, axis, declared, actual))
    for leaf, axis, declared, actual in rest:
        expected = size_value(declared, environment)
        if expected != actual:
            detail = "" if isinstance(declared, int) else f" = {expected}"
            text = f"axis {axis} of {_label(leaf)} must have size {declared}{detail}, but the array has {actual}"
            raise ShapeError(located(text, leaf.sites))
    return environment


def _label(leaf: Tensor) -> str:
    return leaf.name or "an input without a name"


def _single_atom(size: SizeLike) -> Atom | None:
    if isinstance(size, Size) and len(size.terms) == 1 and size.terms[0][1] == 1 and len(size.terms[0][0]) == 1:
        return size.terms[0][0][0]
    return None


def check_guard(guard: Guard, environment: Mapping[Atom, int]) -> None:
    """Raise the guard's error if its two sizes differ; sizes that are not known yet pass."""
    left, right = sz.substitute(guard.left, environment), sz.substitute(guard.right, environment)
    if isinstance(left, int) and isinstance(right, int) and left != right:
        exception = NATIVE[CODES[guard.kind]].exception
        detail = f" ({left} and {right})" if guard.kind == "shape" else ""
        raise exception(located(guard.what + detail, guard.sites, guard.hint))


def _resolve(value: Hashable, environment: Mapping[Atom, int]) -> Any:
    """An attribute with its sizes as ints."""
    if isinstance(value, Size):
        return size_value(value, environment)
    if isinstance(value, tuple):
        return tuple(_resolve(v, environment) for v in value)
    return value


def evaluate(outputs: Iterable[Tensor], values: Mapping[Tensor, Any]) -> list[np.ndarray]:
    """Compute outputs with NumPy.

    Args:
        outputs: what is computed.
        values: an array for each input (and shared variable) that the outputs need.

    Raises:
        ShapeError: if sizes do not fit.
        BoundsError: if an index is out of range.
        KeyError: if an input has no value.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> evaluate([x.sum() / x.shape[0]], {x: [1.0, 2.0]})
    [array(1.5)]
    """
    outputs = list(outputs)
    arrays = {leaf: np.asarray(value, leaf.dtype) for leaf, value in values.items()}
    environment = bind_sizes(arrays)
    with np.errstate(all="ignore"):
        return evaluate_nodes(outputs, arrays, environment)


def evaluate_nodes(
    outputs: Sequence[Tensor],
    known: Mapping[Tensor, Any],
    environment: Environment,
    observe: Observer | None = None,
) -> list[np.ndarray]:
    """Compute outputs from nodes whose values are known, in an environment of sizes (which grows on the way).

    ``observe(node, value, operands)`` is called for each node as soon as it is computed, in loops and branches too;
    for the inputs of their bodies ``operands`` is None.
    """
    results: dict[Tensor, Any] = dict(known)
    for node in sizes_first(toposort(outputs, stop=set(results))):
        if node not in results:
            operands = [results[i] for i in node.inputs]
            results[node] = _apply(node, operands, environment, observe)
            if observe is not None:
                observe(node, results[node], operands)
    return [results[o] for o in outputs]


class BodyInterpreter:
    """The interpreter as loops and branches get it: it evaluates their bodies in the sizes of this call."""

    def __init__(self, environment: Environment, observe: Observer | None = None) -> None:
        self._environment, self._observe = environment, observe

    def __call__(self, graph: Graph, arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The outputs of an inner graph for these inputs."""
        # A size that the body defines may differ from step to step, so each step has an environment of its own.
        environment, known = dict(self._environment), dict(zip(graph.inputs, arrays))
        for leaf, array in known.items():
            if leaf.ndim == 0 and leaf.dtype.kind in "iu":
                environment[ScalarValue(leaf)] = int(array)
            if self._observe is not None:
                self._observe(leaf, array, None)
        return evaluate_nodes(graph.outputs, known, environment, self._observe)

    def shape(self, sizes: tuple[SizeLike, ...]) -> tuple[int, ...]:
        """Symbolic sizes as numbers."""
        return tuple(size_value(s, self._environment) for s in sizes)

    def bind(self, atom: Atom, value: int) -> None:
        """Make the value of a size known to what comes after."""
        self._environment[atom] = value


def _apply(node: Tensor, inputs: list[Any], environment: Environment, observe: Observer | None = None) -> Any:
    """The value of one node (a tuple for several results), of the declared dtypes."""
    result = apply_reference(node, inputs, environment, observe)
    if isinstance(node.type, tuple):
        return tuple(_finish(r, t, environment) for r, t in zip(result, node.type))
    return _finish(result, node.type, environment)


def apply_reference(
    node: Tensor, inputs: Sequence[Any], environment: Environment, observe: Observer | None = None
) -> Any:
    """What the reference of a node's op makes of the values of its inputs, of whatever precision these have."""
    if node.op.reference is None:
        raise KeyError(f"no value was given for {describe(node)}")
    if node.op.guards is not None:
        for guard in node.op.guards(node.inputs, **dict(node.attrs)):
            check_guard(replace(guard, sites=node.sites or guard.sites), environment)
    attrs = {name: _resolve(value, environment) for name, value in node.attrs}
    walker = (BodyInterpreter(environment, observe),) if isinstance(node.op, LoopOp) else ()
    try:
        return node.op.reference(*walker, *inputs, **attrs)
    except SymtensorError as error:
        if node.sites and node.sites[0][0] not in str(error):
            raise type(error)(located(str(error), node.sites, HINTS.get(type(error), ""))) from None
        raise


def _finish(result: Any, type: Any, environment: Environment) -> np.ndarray:
    """The result as an array of the inferred dtype; sizes that it defines are bound."""
    array = np.asarray(result)
    for declared, actual in zip(type.shape, array.shape):
        atom = _single_atom(declared)
        if isinstance(atom, Bound):
            environment.setdefault(atom, actual)
    return array if array.dtype == type.dtype else array.astype(type.dtype)
