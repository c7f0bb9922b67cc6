"""The target ``numpy``: the reference interpreter behind the interface of a compiled function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from symtensor.function.calls import guard_error
from symtensor.function.request import Outputs
from symtensor.function.variables import SharedVariable
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.size import Atom, substitute
from symtensor.ops.reference import Observer, bind_sizes, evaluate_nodes
from symtensor.optimizer.guards import Guards
from symtensor.runtime.fallback import write_out


class InterpretedFunction:
    """Evaluates a graph with NumPy at each call; attributes beyond the call are those of ``details``.

    Args:
        graph: outputs, then new values of shared variables.
        guards: checked before anything is computed.
        leaves: inputs, then shared variables.
        targets: number of an output to the number of the leaf whose new value it is.
        outputs: how results are returned.
        details: for inspection.
        convert: from the arguments of a call to arrays.
        observe: called with each value that is computed; see ``evaluate_nodes``.
    """

    def __init__(
        self,
        graph: Graph,
        guards: Guards,
        leaves: tuple[Tensor, ...],
        targets: dict[int, int],
        outputs: Outputs,
        details: Any,
        convert: Callable[[tuple[Any, ...], dict[str, Any]], tuple[np.ndarray, ...]],
        observe: Observer | None = None,
    ) -> None:
        self._graph, self._guards, self._leaves = graph, guards, leaves
        self._targets, self._outputs, self.details, self._convert = targets, outputs, details, convert
        self._observe = observe
        self._variables = [v for v in leaves if isinstance(v, SharedVariable)]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate; all shared variables are updated, or, after an error, none."""
        out = None if "out" in {leaf.name for leaf in self._leaves} else kwargs.pop("out", None)
        inputs = self._convert(args, kwargs)
        with ExitStack() as locks:
            for variable in sorted(self._variables, key=lambda v: v.container.serial):
                locks.enter_context(variable.lock)
            arrays = dict(zip(self._leaves, inputs)) | {v: v.container.get() for v in self._variables}
            sizes = bind_sizes(arrays)
            check_guards(self._guards, sizes, arrays)
            with np.errstate(all="ignore"):
                values = [_fresh(v) for v in evaluate_nodes(self._graph.outputs, arrays, sizes, self._observe)]
            check_guards(self._guards, sizes, arrays)  # once more, now that the sizes found on the way are known
            results = [v for k, v in enumerate(values) if k not in self._targets]
            if out is not None:
                results = write_out(results, out)
            for number, target in self._targets.items():
                self._leaves[target].container.set(values[number])  # type: ignore[attr-defined]
        return self._outputs.pack(results)

    def __reduce__(self) -> Any:
        return self.details._reduced()

    def __getattr__(self, name: str) -> Any:
        if name == "details":
            raise AttributeError(name)
        return getattr(self.details, name)

    def __repr__(self) -> str:
        return repr(self.details)


def check_guards(guards: Guards, sizes: Mapping[Atom, int], arrays: Mapping[Tensor, np.ndarray]) -> None:
    """Raise the error of the first guard that does not hold, as far as sizes are known.

    Args:
        guards: of the graph.
        sizes: values of atoms.
        arrays: values of the leaves, for the message.
    """
    for guard in guards.conditions:
        left, right = substitute(guard.left, sizes), substitute(guard.right, sizes)
        if isinstance(left, int) and isinstance(right, int) and left != right:
            raise guard_error(guard, left, right, list(arrays), list(arrays.values()))


def _fresh(value: np.ndarray) -> np.ndarray:
    """An array of its own: results never share memory with inputs, shared variables or each other."""
    return np.array(value, order="C", copy=True)
