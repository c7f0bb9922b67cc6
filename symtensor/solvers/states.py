"""Nested states as one vector, and functions of states as graphs over that vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import DTypeError, ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, substitute
from symtensor.ir.nesting import flatten
from symtensor.ir.node import Tensor, TensorType, caller_sites, new_leaf
from symtensor.ops.closing import close_loop
from symtensor.ops.declare import INPUT, as_tensor, cast, promoted
from symtensor.ops.implicit import IMPLICIT
from symtensor.ops.joining import concatenate
from symtensor.ops.movement import broadcast_to, ravel, reshape


class Nest:
    """How a state is nested, and its leaves' shapes: between the user's tensors and one vector.

    Args:
        solver: name for messages.
        state: tensors, arrays or numbers, nested in tuples, lists and dicts; a list of numbers alone is an array.

    Attributes:
        dtype: of the vector, the common floating-point dtype of the leaves.
        vector: the state as a vector.
    """

    def __init__(self, solver: str, state: Any) -> None:
        self.solver = solver
        leaves, self.names, self.structure = flatten(_as_array(state), "state")
        if not leaves:
            raise ShapeError(located(f"{solver}: the state is empty", caller_sites()))
        self.dtype = dtypes.inexact(promoted(leaves))
        if self.dtype.kind != "f":
            message = f"{solver}: the state is {self.dtype}"
            raise DTypeError(located(message, caller_sites(), "split it into real and imaginary parts"))
        tensors = [as_tensor(leaf) for leaf in leaves]
        self.shapes = [t.shape for t in tensors]
        self.vector = self._joined(tensors)

    def _joined(self, leaves: Sequence[Tensor]) -> Tensor:
        flat = [ravel(cast(leaf, self.dtype)) for leaf in leaves]
        return flat[0] if len(flat) == 1 else concatenate(flat)

    def join(self, state: Any) -> Tensor:
        """A state nested as the first one, as a vector.

        Raises:
            ShapeError: if it is nested otherwise, or has other shapes.
        """
        leaves, _, structure = flatten(state)
        if len(leaves) != len(self.shapes) or str(structure).replace("list", "tuple") != str(self.structure).replace(
            "list", "tuple"
        ):
            message = f"{self.solver}: the state is {self.structure}, but the function returns {structure}"
            raise ShapeError(located(message, caller_sites(), "return one value for each part of the state"))
        tensors = []
        for leaf, shape, name in zip(leaves, self.shapes, self.names):
            value = as_tensor(leaf)
            if value.ndim != len(shape) or any(
                isinstance(a, int) and isinstance(b, int) and a != b for a, b in zip(value.shape, shape)
            ):
                expected = TensorType(self.dtype, shape)
                message = f"{self.solver}: {name} is {expected}, but the function returns {value.type} for it"
                raise ShapeError(located(message, caller_sites()))
            tensors.append(broadcast_to(value, shape))
        return self._joined(tensors)

    def split(self, vector: Tensor) -> Any:
        """A vector as a state."""
        parts, start = [], 0
        for shape in self.shapes:
            count = sz.product(shape)
            part = vector if len(self.shapes) == 1 else vector[start : sz.add(start, count)]
            parts.append(reshape(part, shape))
            start = sz.add(start, count)  # type: ignore[assignment]
        return self.structure.build(iter(parts))

    def split_rows(self, rows: Tensor) -> Any:
        """Vectors in rows as a state of stacked tensors."""
        parts, start = [], 0
        for shape in self.shapes:
            count = sz.product(shape)
            part = rows if len(self.shapes) == 1 else rows[:, start : sz.add(start, count)]
            parts.append(reshape(part, (rows.shape[0], *shape)))
            start = sz.add(start, count)  # type: ignore[assignment]
        return self.structure.build(iter(parts))


def _as_array(state: Any) -> Any:
    """A list of numbers, perhaps in rows, as an array; all else as it is."""

    def plain(value: Any) -> bool:
        return all(map(plain, value)) if isinstance(value, list) else isinstance(value, (int, float))

    return np.asarray(state) if isinstance(state, list) and state and plain(state) else state


class Traced:
    """A function of a vector, traced once: a graph that can be put at any place.

    Args:
        function: from a vector to tensors.
        like: a vector.

    Attributes:
        leaf: the vector in the graph.
        outputs: what the function returned.
    """

    def __init__(self, function: Callable[[Tensor], Sequence[Tensor]], like: Tensor) -> None:
        self.leaf = new_leaf(INPUT, like.type, name="x")
        self.outputs = list(function(self.leaf))

    def __call__(self, x: Tensor) -> list[Tensor]:
        """The outputs at a vector."""
        return substitute(self.outputs, {self.leaf: x})

    def defines(self, x: Tensor, residual: Tensor, adjoint: str) -> Tensor:
        """The vector x as what the equation ``residual = 0``, over this function's leaf, defines."""
        closed = close_loop([residual], [self.leaf])
        graph = Graph((self.leaf, *closed.leaves), closed.outputs)
        return IMPLICIT(x, *closed.values, residual=graph, adjoint=adjoint)


def checked_steps(solver: str, given: Any, name: str = "max_steps") -> int:
    """A number of steps as an int.

    Raises:
        ValueError: if it is not positive.
    """
    steps = int(given)
    if steps < 1:
        raise ValueError(f"{solver}: {name} must be positive, not {steps}")
    return steps


def as_scalar(value: Any, dtype: np.dtype) -> Tensor:
    """A tolerance as a scalar of a dtype."""
    return cast(as_tensor(value), dtype)
