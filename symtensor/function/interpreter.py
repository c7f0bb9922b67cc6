"""The target ``numpy``: the reference interpreter behind the interface of a compiled function."""

from __future__ import annotations

from typing import Any

import numpy as np

from symtensor.function.calls import Converter
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ops.reference import bind_sizes, check_guard, evaluate
from symtensor.optimizer.guards import Guards
from symtensor.runtime.signature import Argument, Signature


class InterpretedFunction:
    """Evaluates a graph with NumPy at each call; attributes beyond the call are those of ``details``."""

    def __init__(
        self, graph: Graph, guards: Guards, leaves: tuple[Tensor, ...], inputs: int, targets: dict[int, int], structure: Any,
        details: Any, convert: Any,
    ) -> None:  # fmt: skip
        self._graph, self._guards, self._leaves, self._inputs = graph, guards, leaves, inputs
        self._targets, self._structure, self.details, self._convert = targets, structure, details, convert

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        arrays: dict[Tensor, np.ndarray] = dict(zip(self._leaves, self._convert(args, kwargs)))
        for leaf in self._leaves[self._inputs :]:
            arrays[leaf] = leaf.container.get()  # type: ignore[attr-defined]
        environment = bind_sizes(arrays)
        for guard in self._guards.conditions:
            check_guard(guard, environment)
        values = [np.asarray(v) for v in evaluate(self._graph.outputs, arrays)]
        for number, target in self._targets.items():
            self._leaves[target].container.set(_fresh(values[number]))  # type: ignore[attr-defined]
        results = [_fresh(v) for k, v in enumerate(values) if k not in self._targets]
        kind = self._structure.kind
        if kind == "dict":
            return dict(zip(self._structure.keys, results))
        if kind == "single":
            return results[0] if results else None
        return results if kind == "list" else tuple(results)

    def __repr__(self) -> str:
        return repr(self.details)

    def __getattr__(self, name: str) -> Any:
        if name == "details":
            raise AttributeError(name)
        return getattr(self.details, name)


def _fresh(value: np.ndarray) -> np.ndarray:
    """An array of its own: results never share memory with inputs or shared variables."""
    return np.array(value, order="C", copy=True)


def interpreted(
    graph: Graph, guards: Guards, leaves: tuple[Tensor, ...], inputs: int, targets: dict[int, int], structure: Any, details: Any
) -> InterpretedFunction:
    """Make a function of the interpreter."""
    arguments = tuple(
        Argument(leaf.name or "input", leaf.dtype, leaf.ndim, tuple(s if isinstance(s, int) else None for s in leaf.shape))
        for leaf in leaves[:inputs]
    )
    convert = Converter(Signature(arguments, ()))
    return InterpretedFunction(graph, guards, leaves, inputs, targets, structure, details, convert)
