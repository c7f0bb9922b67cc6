"""``check_nan``: the optimised graph is interpreted node by node before each call, up to the first NaN or infinity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor.errors import CheckError, located
from symtensor.function.interpreter import check_guards
from symtensor.function.variables import SharedVariable
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.trace import expression_text
from symtensor.ops.declare import CONSTANT
from symtensor.ops.effects import silenced
from symtensor.ops.reference import bind_sizes, evaluate_nodes
from symtensor.optimizer.guards import Guards

Arrays = dict[Tensor, np.ndarray]
Check = Callable[[Arrays], None]

INPUTS_SHOWN = 4
DEPTH = 3  # levels of the expression that a message shows


class WatchedFunction:
    """A function whose arguments are looked at before it runs; attributes beyond the call are the function's.

    Args:
        function: takes and returns flat lists.
        leaves: inputs, then shared variables.
        convert: from the arguments of a call to arrays.
        checks: called in turn with the values of the leaves; each raises what it finds wrong.
    """

    def __init__(
        self,
        function: Any,
        leaves: Sequence[Tensor],
        convert: Callable[[tuple[Any, ...], dict[str, Any]], tuple[np.ndarray, ...]],
        checks: Sequence[Check],
    ) -> None:
        self._function, self._convert, self._checks = function, convert, checks
        self._leaves = tuple(leaves)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Check, then call."""
        out = {} if "out" in {leaf.name for leaf in self._leaves} or "out" not in kwargs else {"out": kwargs.pop("out")}
        inputs = self._convert(args, kwargs)
        arrays = dict(zip(self._leaves, inputs))
        arrays |= {v: v.get_value() for v in self._leaves if isinstance(v, SharedVariable)}
        for check in self._checks:
            check(arrays)
        return self._function(*inputs, **out)

    def __reduce__(self) -> Any:
        return self.details._reduced()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._function, name)

    def __repr__(self) -> str:
        return repr(self._function)


def nan_check(graph: Graph, guards: Guards) -> Check:
    """A check that stops at the first NaN or infinity that a graph computes.

    An infinity that merely passes through, from a constant on, is none of the operation's making.

    Args:
        graph: the optimised graph: what is compiled.
        guards: of the graph.
    """

    def check(arrays: Arrays) -> None:
        sizes = bind_sizes(arrays)
        check_guards(guards, sizes, arrays)
        for leaf, array in arrays.items():
            place = _first_bad(array, infinite=True)
            if place is not None:
                name = leaf.name or "an input without a name"
                raise CheckError(located(f"{name} holds {array[place]} {_at(place)}", leaf.sites))
        with np.errstate(all="ignore"), silenced():
            evaluate_nodes(graph.outputs, arrays, sizes, _stop_at_first)

    return check


def _stop_at_first(node: Tensor, value: Any, operands: Sequence[Any] | None) -> None:
    if operands is None or node.op is CONSTANT:
        return
    was_infinite = any(isinstance(o, np.ndarray) and _first_bad(o, infinite=True) is not None for o in operands)
    for array in value if isinstance(value, tuple) else (value,):
        place = _first_bad(array, infinite=not was_infinite)
        if place is not None:
            raise CheckError(_message(node, array, place, operands))


def _first_bad(array: np.ndarray, infinite: bool) -> tuple[int, ...] | None:
    """Index of the first NaN (or infinity), in row-major order."""
    if array.dtype.kind not in "fc":
        return None
    bad = ~np.isfinite(array) if infinite else np.isnan(array)
    if not bad.any():
        return None
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), array.shape))


def _at(place: tuple[int, ...]) -> str:
    return f"at element {list(place)}" if place else ""


def _message(node: Tensor, array: np.ndarray, place: tuple[int, ...], operands: Sequence[Any]) -> str:
    name = f"{node.name} ({node.op.name})" if node.name else node.op.name
    lines = [f"{name} gives {array[place]} {_at(place)}".rstrip(), f"  in {expression_text(node, DEPTH)[:160]}"]
    for leaf, value in list(zip(node.inputs, operands))[:INPUTS_SHOWN]:
        if isinstance(value, np.ndarray):
            lines.append(f"  {leaf.name or leaf.op.name}: {_range(value, place, array.shape)}")
    hint = "an input in this range is outside of what the operation can represent"
    return located("\n".join(lines), node.sites, hint)


def _range(value: np.ndarray, place: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Type and range of an operand, and its element where operand and result have the same shape."""
    kind = f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    if not value.size:
        return f"{kind}, empty"
    here = f", {value[place]} there" if value.shape == shape and value.ndim else ""
    if value.dtype.kind == "c":
        return f"{kind}, absolute values from {np.abs(value).min()} to {np.abs(value).max()}{here}"
    return f"{kind}, from {value.min()} to {value.max()}{here}"
