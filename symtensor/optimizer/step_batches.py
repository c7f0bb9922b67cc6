"""The value of a body's node for all steps of a scan at once, with the steps as its first axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from symtensor.ir.graph import rebuild, toposort
from symtensor.ir.node import Attrs, Tensor, inherit, make
from symtensor.ir.size import SizeLike
from symtensor.ops.closing import node_size_leaves
from symtensor.ops.contraction import contract
from symtensor.ops.declare import CONSTANT, SIZE
from symtensor.ops.movement import BROADCAST_TO, EXPAND_DIMS, RESHAPE, SQUEEZE, TRANSPOSE
from symtensor.ops.slicing import SLICE

VIEWS = frozenset({BROADCAST_TO, EXPAND_DIMS, RESHAPE, SLICE, SQUEEZE, TRANSPOSE})


class StepBatches:
    """Values of body nodes, for all steps or the same in every step, as far as they can be had outside of the loop.

    Attributes:
        rows: nodes that differ from step to step, each with its values for all steps.
        fixed: nodes that are the same in every step, each with its value.
    """

    def __init__(
        self, steps: SizeLike, rows: Mapping[Tensor, Tensor], fixed: Mapping[Tensor, Tensor], bound: Iterable[Tensor]
    ) -> None:
        self.steps = steps
        self.rows = dict(rows)
        self.fixed = dict(fixed)
        self._bound = frozenset(bound)
        self._impossible: set[Tensor] = set()

    def knows(self, node: Tensor) -> bool:
        """Whether the value of a node can be had outside of the loop; enters it if so."""
        done = self.rows.keys() | self.fixed.keys() | self._impossible
        for inner in toposort([node], stop=done):
            if inner not in done:
                self._enter(inner)
        return node not in self._impossible

    def add_rows(self, node: Tensor, rows: Tensor) -> None:
        """Make the values of a node for all steps known."""
        self.rows[node] = rows
        self._impossible.clear()

    def _enter(self, node: Tensor) -> None:
        if node.op in (CONSTANT, SIZE):
            self.fixed[node] = node
        elif not self._bound.isdisjoint(node_size_leaves(node)) or any(i in self._impossible for i in node.inputs):
            self._impossible.add(node)
        elif any(i in self.rows for i in node.inputs):
            lifted = self.lifted(node)
            if lifted is None:
                self._impossible.add(node)
            else:
                self.rows[node] = inherit(lifted, node)
        elif node.inputs or node.op.kind == "index":
            self.fixed[node] = rebuild(node, tuple(self.fixed[i] for i in node.inputs))
        else:
            self._impossible.add(node)

    def lifted(self, node: Tensor) -> Tensor | None:
        """A node over the values of its inputs for all steps; None for an op that has no form with one axis more."""
        if node.op.kind == "elementwise":
            return make(node.op, tuple(self._aligned(i, node.ndim) for i in node.inputs), node.attrs)
        if node.op.kind == "contraction":
            return self._contracted(node, keep_steps=True)
        if node.op is BROADCAST_TO:
            return BROADCAST_TO(self._aligned(node.inputs[0], node.ndim), shape=(self.steps, *node.attr("shape")))
        change = _ONE_AXIS_MORE.get(node.op.name) or (_shifted_axes if node.op.kind == "reduction" else None)
        if change is None or isinstance(node.type, tuple):
            return None
        return make(node.op, (self.rows[node.inputs[0]],), change(node, self.steps))

    def summed(self, node: Tensor) -> Tensor:
        """A contraction, its value summed over all steps."""
        return self._contracted(node, keep_steps=False)

    def _aligned(self, node: Tensor, ndim: int) -> Tensor:
        """The rows of a node with axes of size 1 after the steps, up to a rank; broadcasting aligns axes at the end."""
        if node not in self.rows:
            return self.fixed[node]
        missing = tuple(range(1, 1 + ndim - node.ndim))
        return EXPAND_DIMS(self.rows[node], axes=missing) if missing else self.rows[node]

    def _contracted(self, node: Tensor, keep_steps: bool) -> Tensor:
        labels = [node.attr("left"), node.attr("right")]
        step = 1 + max((label for part in labels for label in part), default=0)
        operands = []
        for k, operand in enumerate(node.inputs):
            if operand in self.rows:
                labels[k] = (step, *labels[k])
            operands.append(self.rows[operand] if operand in self.rows else self.fixed[operand])
        out = (step, *node.attr("out")) if keep_steps else node.attr("out")
        return contract(operands[0], operands[1], labels[0], labels[1], out)


def _shifted_axes(node: Tensor, steps: SizeLike) -> Attrs:
    return tuple((name, tuple(a + 1 for a in value) if name == "axes" else value) for name, value in node.attrs)  # type: ignore[attr-defined]


def _window(node: Tensor, steps: SizeLike) -> Attrs:
    first = {"starts": 0, "steps": 1, "shape": steps}
    return tuple((name, (first[name], *value)) for name, value in node.attrs)  # type: ignore[misc]


_ONE_AXIS_MORE: dict[str, Callable[[Tensor, SizeLike], Attrs]] = {
    "transpose": lambda node, steps: (("axes", (0, *(a + 1 for a in node.attr("axes")))),),
    "expand_dims": _shifted_axes,
    "squeeze": _shifted_axes,
    "slice": _window,
    "reshape": lambda node, steps: (("shape", (steps, *node.attr("shape"))),),
}
"""Attributes of a view or reduction that treats all steps alike."""
