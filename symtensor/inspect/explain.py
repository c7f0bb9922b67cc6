"""The story of a compilation: rewrites with the user's lines, the plan with its costs, schedule, library steps."""

from __future__ import annotations

import linecache
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import field

from symtensor.codegen.program import Batch, Copy, Gemm, Launch, Library, Program, Step, all_steps
from symtensor.codegen.schedule import Schedule, operations
from symtensor.inspect.sizes import human
from symtensor.ir.node import Site, Tensor
from symtensor.ir.trace import Refusal, Trace, expression_text
from symtensor.ir.trace import Step as Rewrite
from symtensor.optimizer.elements import Element, walk
from symtensor.optimizer.plan import GLOBAL, CheckStep, KernelGroup, NodeStep, Plan
from symtensor.records import dataclass

REPRODUCIBLE = ("nonzero",)  # routines of our own; what LAPACK computes is up to the library


class ScheduleTable(dict[str, Schedule]):
    """The schedule steps of each kernel group; prints one group a line."""

    def __str__(self) -> str:
        return "\n".join(f"{name}: {', '.join(map(repr, steps))}" for name, steps in self.items()) or "no kernels"

    __repr__ = __str__


@dataclass(frozen=True)
class Explanation:
    """What ``fn.explain()`` returns: prints as a page; the parts are at hand as attributes.

    Attributes:
        rewrites: every rewrite that happened, in order.
        refusals: rewrites that a rule proposed and the driver refused.
        plan: what is computed together; None on the interpreter.
        program: the host side, whose library steps are listed; None on the interpreter.
        schedule: of each kernel group.
        host_steps: what a device function computes on the host.
        products: who computes each matrix product, by the name of its step.
    """

    rewrites: tuple[Rewrite, ...]
    refusals: tuple[Refusal, ...]
    plan: Plan | None = None
    program: Program | None = None
    schedule: ScheduleTable | None = None
    host_steps: tuple[str, ...] = ()
    products: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        lines = [*_title(f"rewrites: {len(self.rewrites)}"), *_rewrites(self.rewrites), *_refusals(self.refusals)]
        if self.plan is None or self.program is None:
            lines += [*_title("plan"), "Interpreted with NumPy, one op at a time: nothing is fused."]
            return "\n".join(lines)
        lines += [*_title("plan: what is computed together"), *plan_lines(self.plan)]
        lines += [*_title("schedule"), str(self.schedule)]
        lines += [*_title("library and host"), *library_lines(self.program.steps, self.host_steps, self.products)]
        return "\n".join(lines)

    __repr__ = __str__


def explanation(trace: Trace) -> Explanation:
    """The part of the story that every target has."""
    return Explanation(tuple(trace.steps), tuple(trace.refusals))


def _title(text: str) -> list[str]:
    return ["", f"== {text}"]


def site_text(sites: Iterable[Site]) -> str:
    """The first user line as ``file:line``, with the text of that line where it can be read."""
    for file, line in sites:
        text = linecache.getline(file, line).strip()
        return f"{file}:{line}" + (f"   {text}" if text else "")
    return ""


def _rewrites(rewrites: Iterable[Rewrite]) -> list[str]:
    lines: list[str] = []
    for number, step in enumerate(rewrites, 1):
        lines.append(f"{number}. {step.rule} ({step.stage}, {step.accuracy})")
        if step.reason:
            lines.append(f"     why     {' '.join(step.reason.split())}")
        lines.append(f"     before  {expression_text(step.before)}")
        lines.append(f"     after   {expression_text(step.after)}")
        where = site_text(step.sites)
        if where:
            lines.append(f"     at      {where}")
    return lines or ["none"]


def _refusals(refusals: Iterable[Refusal]) -> list[str]:
    """Refused rewrites; a rule that asks again and again is told once."""
    counts = Counter((r.rule, r.reason, expression_text(r.before)) for r in refusals)
    lines = [*_title(f"refused: {len(counts)}")] if counts else []
    for (rule, reason, before), count in counts.items():
        lines += [f"{rule}: {reason}" + (f" ({count} times)" if count > 1 else ""), f"     on      {before}"]
    return lines


# ------------------------------------------------------------------------------------------------------- the plan
def plan_lines(plan: Plan) -> list[str]:
    """Each step with its estimated cost, and why its results are stored."""
    lines: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        if isinstance(step, KernelGroup):
            lines += _group_lines(number, step, plan)
        else:
            lines.append(f"{number}. {step}")
    return lines or ["nothing to compute"]


def _group_lines(number: int, group: KernelGroup, plan: Plan) -> list[str]:
    head, *rest = str(group).splitlines()
    lines = [f"{number}. {head}", *(f"   {line}" for line in rest)]
    reads = dict.fromkeys(
        e.node.name or e.node.op.name
        for s in group.sweeps
        for e in walk([c.value for c in s.computes])
        if isinstance(e, Element) and e.node not in set(group.nodes)
    )
    cost = human(operations(group))
    lines.append(f"     cost: about {cost} scalar operations; reads {', '.join(reads) or 'nothing'}")
    for sweep in group.sweeps:
        for c in sweep.computes:
            if c.storage == GLOBAL:
                lines.append(f"     {c.node.name or c.node.op.name} is stored: {_why_stored(c.node, plan)}")
    return lines


def _why_stored(node: Tensor, plan: Plan) -> str:
    if node in set(plan.graph.outputs):
        return "an output"
    readers: list[str] = []
    for number, step in enumerate(plan.steps, 1):
        if isinstance(step, NodeStep) and node in set(step.node.inputs):
            readers.append(f"step {number} ({step.node.op.name})")
        elif isinstance(step, KernelGroup) and node not in set(step.nodes) and _reads(step, node):
            readers.append(f"step {number}")
        elif isinstance(step, CheckStep) and step.index is node:
            readers.append(f"step {number} (a check)")
    return f"read by {', '.join(readers)}" if readers else "read under another shape"


def _reads(group: KernelGroup, node: Tensor) -> bool:
    values = [c.value for s in group.sweeps for c in s.computes]
    return any(isinstance(e, Element) and e.node is node for e in walk(values))


# ------------------------------------------------------------------------------------------------- library and host
def library_lines(
    steps: tuple[Step, ...], host_steps: Iterable[str] = (), products: Mapping[str, str] | None = None
) -> list[str]:
    """What no generated kernel computes; ``products`` says who computes each matrix product."""
    lines: list[str] = []
    for step in all_steps(steps):
        if isinstance(step, Gemm):
            size = f"{step.rows} x {step.inner} by {step.inner} x {step.columns}"
            batch = f", {' x '.join(map(str, step.batch))} times" if step.batch else ""
            turned = [f"{n} read transposed" for n, m in (("a", step.a), ("b", step.b)) if m.transposed]
            who = (products or {}).get(step.name, "")
            lines.append(f"matrix product {step.name}: {'; '.join([size + batch, *turned])}")
            lines += [f"     by {who}"] if who else []
        elif isinstance(step, Library):
            note = "" if step.routine in REPRODUCIBLE else "; its bits are up to the library"
            lines.append(f"{step.routine} for {step.node.name or step.node.op.name}{note}")
        elif isinstance(step, Batch):
            inside = ", ".join(s.kernel.name if isinstance(s, Launch) else s.name for s in step.body)
            lines.append(f"{step.name}: {inside} for one of {step.var.extent} entries after another, so that")
            lines.append(
                f"  {', '.join(step.private)} hold{'' if step.private[1:] else 's'} one entry and stay in cache"
            )
        elif isinstance(step, Copy):
            lines.append(f"copy of {step.source} into {step.target}: {human(step.elements)} elements")
    lines += [f"on the host: {text}" for text in host_steps]
    return lines or ["nothing: generated kernels compute everything"]
