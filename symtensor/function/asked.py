"""What the user asks ``compile`` for, checked: a graph from inputs and shared variables to results and new values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from symtensor.function.inputs import Inputs
from symtensor.function.request import (
    Outputs,
    checked_givens,
    checked_inputs,
    checked_updates,
    default_updates,
    replace,
    update_guards,
)
from symtensor.function.variables import SharedVariable
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ops.declare import SHARED
from symtensor.records import dataclass

if TYPE_CHECKING:
    from symtensor.optimizer.guards import Guards


@dataclass(frozen=True)
class Asked:
    """What the user asked for, checked.

    Attributes:
        outputs: with their containers.
        graph: from those and the shared variables to results and new values.
        targets: number of each new value among the graph's outputs, and of its variable among the inputs.
        updates: new values by variable, before replacements.
        givens: the replacements.
    """

    outputs: Outputs
    graph: Graph
    targets: dict[int, int]
    updates: dict[SharedVariable, Tensor]
    givens: dict[Tensor, Tensor]

    def guards(self) -> Guards:
        """The conditions on sizes: of the graph, and that new values have the shapes of their variables."""
        from symtensor.optimizer.guards import collect_guards

        news = {self.graph.inputs[place]: self.graph.outputs[number] for number, place in self.targets.items()}
        return collect_guards(self.graph, update_guards(news))  # type: ignore[arg-type]


def collect(
    outputs: Any,
    inputs: Inputs,
    updates: Any,
    givens: Any,
    on_unused_input: str,
    no_default_updates: bool | Sequence[Tensor] = False,
) -> Asked:
    """Check outputs, inputs, updates and replacements; see ``compile``.

    Raises:
        CompileError: for missing, unused or duplicate inputs and unsuitable updates.
        DTypeError, ShapeError: for an update or replacement of an unsuitable type.
    """
    asked = outputs if isinstance(outputs, Outputs) else Outputs(outputs)
    news, replaced = checked_updates({} if updates is None else updates), checked_givens(givens or {})
    if no_default_updates is not True:
        kept = {*news, *(no_default_updates or ())}
        news |= checked_updates(default_updates([*asked.leaves, *news.values()], kept))
    results = replace(asked.leaves + list(news.values()), replaced)
    nodes = toposort(results)
    given = checked_inputs(inputs.leaves, nodes, on_unused_input)
    variables = dict.fromkeys([*(n for n in nodes if n.op is SHARED), *news])
    graph = Graph((*given, *variables), tuple(results))
    place = {leaf: k for k, leaf in enumerate(graph.inputs)}
    targets = {len(asked.leaves) + k: place[v] for k, v in enumerate(news)}
    return Asked(asked, graph, targets, news, replaced)
