"""What rewriting did: a trace of steps, kept as nodes and turned into text only when it is asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import field
from typing import Any

from symtensor.ir.node import Site, Tensor
from symtensor.ir.pickling import Tables, restore, serialise
from symtensor.ir.text import constant_text
from symtensor.records import dataclass

DEPTH = 5  # levels of an expression that are printed
OPERANDS = 6  # operands of one operation that are printed
_INFIX = {
    "add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**", "less": "<", "less_equal": "<=",
    "greater": ">", "greater_equal": ">=", "equal": "==", "not_equal": "!=",
}  # fmt: skip


def expression_text(node: Tensor, depth: int = DEPTH) -> str:
    """A tensor as one line of mathematics, with ``...`` below a number of levels.

    Args:
        node: what is printed.
        depth: number of levels.
    """
    if node.op.name == "constant":
        return constant_text(node.attr("value").array)
    if not node.inputs or (depth <= 0 and node.name):
        return node.name or node.op.name
    if depth <= 0:
        return "..."
    operands = [expression_text(i, depth - 1) for i in node.inputs[:OPERANDS]]
    if node.op.name in _INFIX and len(operands) == 2:
        return f"({operands[0]} {_INFIX[node.op.name]} {operands[1]})"
    if node.op.name == "negative":
        return f"-{operands[0]}"
    if len(node.inputs) > OPERANDS:
        operands.append("...")
    operands += [f"{name}={_attribute_text(value)}" for name, value in node.attrs]
    return f"{node.op.name}({', '.join(operands)})"


def _attribute_text(value: object) -> str:
    text = "{...}" if hasattr(value, "outputs") else str(value)
    return text if len(text) <= 40 else text[:37] + "..."


@dataclass(frozen=True, eq=False)
class Step:
    """One rewrite that happened.

    Attributes:
        stage: the stage of the pipeline.
        rule: the rule's name.
        reason: why the rule is right.
        accuracy: what the rule promises.
        before: the node that was replaced.
        after: what it was replaced by.
        sites: where the user wrote it.
    """

    stage: str
    rule: str
    reason: str
    accuracy: str
    before: Tensor
    after: Tensor
    sites: tuple[Site, ...]

    def __str__(self) -> str:
        lines = [f"{self.stage}: {self.rule} ({self.accuracy})" + (f" - {self.reason}" if self.reason else "")]
        lines += [f"    {expression_text(self.before)}", f" -> {expression_text(self.after)}"]
        lines += [f"    at {file}:{line}" for file, line in self.sites[:1]]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Refusal:
    """One rewrite that a rule proposed and the driver refused, because its result could not take the node's place."""

    stage: str
    rule: str
    reason: str
    before: Tensor
    sites: tuple[Site, ...]

    def __str__(self) -> str:
        return f"{self.stage}: {self.rule} refused on {expression_text(self.before)}: {self.reason}"


@dataclass
class Trace:
    """The steps of rewriting in the order in which they happened; its text is the story that ``explain`` tells."""

    steps: list[Step] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def rules(self) -> Counter[str]:
        """How often each rule fired."""
        return Counter(step.rule for step in self.steps)

    def extend(self, other: Trace) -> None:
        """Append another trace."""
        self.steps += other.steps
        self.refusals += other.refusals

    def __str__(self) -> str:
        return "\n".join(str(entry) for entry in [*self.steps, *self.refusals])

    def __reduce__(self) -> tuple:
        # All steps share one table: each node of a long chain is written once, not once per step above it.
        steps = [(s.stage, s.rule, s.reason, s.accuracy, s.sites) for s in self.steps]
        refusals = [(r.stage, r.rule, r.reason, r.sites) for r in self.refusals]
        nodes = [s.before for s in self.steps] + [s.after for s in self.steps] + [r.before for r in self.refusals]
        return _restore_trace, (steps, refusals, serialise(nodes))


def _restore_trace(steps: list[Any], refusals: list[Any], tables: Tables) -> Trace:
    nodes = iter(restore(tables))
    before = [next(nodes) for _ in steps]
    return Trace(
        [Step(*text, old, next(nodes), sites) for (*text, sites), old in zip(steps, before)],  # type: ignore[call-arg]
        [Refusal(*text, next(nodes), sites) for (*text, sites) in refusals],  # type: ignore[call-arg]
    )
