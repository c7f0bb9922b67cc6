"""Computing values again rather than keeping them, so that a function stays under a limit of memory.

A value that is used early and late (a layer's activation, which the backward pass needs again) lies idle in between.
Where the idle values at the moment of the peak are too many, some are dropped, and computed once more right before
their first late use.

1. The plan of the graph gives the order of the steps, what each stores and what it reads: a timeline of live bytes.
2. *Candidates* are the temporaries that lie idle at the peak: computed before, used after, untouched by the peak step.
3. They are cut into segments of about equal bytes.  Of each segment those values are kept from which the later segments
   follow at the lowest price in bytes: a minimum cut (``cuts.py``), as a chain of layers is narrow between two layers
   and wide inside of one.  The rest is dropped.
4. Dropped values of a segment are rebuilt over what is kept, tied to the step before their first late use, so that
   no earlier step can compute them; late users read the copies.  The copies serve all late users.

Cost model: keeping k of n equal layers takes memory for k + n/k of them, whatever is dropped is computed once more, so
work at most doubles.  Choices are tried from little added work to much: only values made by elementwise operations and
reductions, at first those whose next use is farthest; then, where ``costly`` says so, also matrix products.  The first
choice under the limit is taken; where sizes are not known no limit can be compared, and the least peak of all is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field

from symtensor.errors import CompileError
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, rebuild
from symtensor.ir.node import Tensor, inherit
from symtensor.ir.size import Atom, SizeLike, atoms
from symtensor.ops.declare import IndexOp, Reduction
from symtensor.ops.item import ITEM
from symtensor.ops.slicing import TIED
from symtensor.optimizer.cuts import minimum_cut
from symtensor.optimizer.elements import Element, inlinable, is_scalar_constant, walk
from symtensor.optimizer.plan import KernelGroup, Plan
from symtensor.optimizer.roots import VIEWS, is_source
from symtensor.records import dataclass

TYPICAL = 1000  # what a size is taken to be that nobody told
FRACTIONS = (0.5, 1.0)  # of the candidates, those with the farthest next use
SEGMENTS = (1, 2, 3, 5, 8, 13)
MEASURED = 2  # choices of a round whose code is measured though their estimate is above the limit
ROUNDS = 3  # values that were computed again may be dropped once more


Fused = Callable[[Graph, Sequence[Tensor]], Plan]


@dataclass(frozen=True)
class MemoryLimit:
    """What a function may hold beyond its arguments.

    Attributes:
        bytes: the limit.
        shapes: of inputs by name, where it is to hold.
        workers: threads that a call uses.
        values: of the size atoms at those shapes.
    """

    bytes: int
    shapes: tuple[tuple[str, tuple[int, ...]], ...] = ()
    workers: int = 1
    values: Mapping[Atom, SizeLike] = field(default_factory=dict)

    @property
    def key(self) -> tuple[object, ...]:
        """What the choice depends on, with one ``repr`` in all processes."""
        return self.bytes, self.shapes, self.workers

    def knows(self, size: SizeLike) -> bool:
        """Whether a size is known where the limit is to hold."""
        return isinstance(sz.substitute(size, dict(self.values)), int)


@dataclass
class Timeline:
    """When each value of a plan lies in memory.

    Attributes:
        made: step that computes a value, for all values that steps compute.
        reads: values in memory that each step reads.
        last: last step that reads a value.
        bytes: of the values that have memory of their own.
        held: values that live all through: results.
        live: bytes at each step.
    """

    made: dict[Tensor, int] = field(default_factory=dict)
    reads: list[set[Tensor]] = field(default_factory=list)
    last: dict[Tensor, int] = field(default_factory=dict)
    bytes: dict[Tensor, int] = field(default_factory=dict)
    held: set[Tensor] = field(default_factory=set)
    live: list[int] = field(default_factory=list)

    @property
    def peak(self) -> int:
        """Most bytes at any step."""
        return max(self.live, default=0)


def memory_of(node: Tensor) -> Tensor:
    """The node whose memory a view or an item shows."""
    while node.op is ITEM or (node.op.name in VIEWS and not is_source(node)):
        node = node.inputs[0]
    return node


def timeline(plan: Plan, values: Mapping[Atom, SizeLike]) -> Timeline:
    """The timeline of a plan.

    Args:
        plan: the fused graph.
        values: of size atoms; others are taken to be typical.
    """
    result = Timeline()
    result.held = {memory_of(o) for o in plan.graph.outputs}
    for k, step in enumerate(plan.steps):
        group = step if isinstance(step, KernelGroup) else getattr(step, "group", None)
        read = {e.node for e in walk(_expressions(group)) if isinstance(e, Element)}
        if not isinstance(step, KernelGroup):
            read |= {i for n in step.nodes for i in n.inputs}
        read = {memory_of(r) for r in read}
        result.reads.append({r for r in read if not is_source(r)} - set(step.nodes))
        for node in step.nodes:
            result.made.setdefault(node, k)
            if memory_of(node) in plan.stored:
                result.bytes[memory_of(node)] = _bytes(memory_of(node), values)
        for node in result.reads[-1]:
            result.last[node] = k
    always = sum(result.bytes.get(o, 0) for o in result.held)
    for k in range(len(plan.steps)):
        result.live.append(always + sum(
            b for n, b in result.bytes.items()
            if n not in result.held and result.made[n] <= k <= result.last.get(n, result.made[n])
        ))  # fmt: skip
    return result


def _expressions(group: KernelGroup | None) -> list:
    return [c.value for s in group.sweeps for c in s.computes] if group else []


def _bytes(node: Tensor, values: Mapping[Atom, SizeLike]) -> int:
    total = 0
    for type in node.type if isinstance(node.type, tuple) else (node.type,):
        total += max(typical(sz.product(type.shape), values), 0) * type.dtype.itemsize
    return total


def typical(size: SizeLike, values: Mapping[Atom, SizeLike]) -> int:
    """A size as a number where it is only compared: what is not known is taken to be the same for all."""
    size = sz.substitute(size, dict(values))
    if not isinstance(size, int):
        size = sz.substitute(size, {a: TYPICAL for a in atoms(size) if not isinstance(a, sz.SizeCall)})
    return size if isinstance(size, int) else TYPICAL


def limit_memory(plan: Plan, fused: Fused, measured: Callable[[Plan], SizeLike], limit: MemoryLimit) -> Plan:
    """A plan of an equal graph in which values are computed again where that keeps it under the limit.

    Args:
        plan: of the graph as it is.
        fused: makes the plan of a graph with the given nodes in the given order.
        measured: bytes of all that the code for a plan holds; asked only where the estimate is promising.
        limit: in bytes, and the sizes at which it is to hold.

    Raises:
        CompileError: if sizes are known and the limit cannot be met.
    """
    known = all(limit.knows(size) for node in plan.graph.inputs for size in node.shape)

    def peak(changed: Plan) -> int:
        return typical(measured(changed), limit.values)

    least = (peak(plan), plan)
    for _ in range(ROUNDS):
        if known and least[0] <= limit.bytes:
            break
        start, before = least
        lives = timeline(before, limit.values)
        beside = start - lives.peak  # what the estimate leaves out: scratch, libraries, gaps between temporaries
        found: list[tuple[int, Plan]] = []
        for choice in choices(before, lives):
            outputs, order = apply(before, lives, choice)
            graph = Graph(plan.graph.inputs, tuple(outputs))
            both = [fused(graph, ()), fused(graph, order)]  # in the order of the walk, and in that of the steps before
            estimate, new = min(((timeline(p, limit.values).peak, p) for p in both), key=_first)
            if known and estimate + beside <= limit.bytes:
                real = peak(new)
                least, beside = min(least, (real, new), key=_first), real - estimate
                if least[0] <= limit.bytes:
                    return least[1]
            elif estimate < lives.peak:
                found.append((estimate, new))
        for _, new in sorted(found, key=_first)[:MEASURED]:
            least = min(least, (peak(new), new), key=_first)
        if least[0] == start:
            break
    if known and least[0] > limit.bytes:
        raise CompileError(
            f"the function needs {least[0]:,} bytes, and its memory_limit is {limit.bytes:,}\n"
            "  hint: results count; smaller batches or checkpoint= of st.scan take less"
        )
    return least[1]


def _first(pair: tuple[int, Plan]) -> int:
    return pair[0]


# ----------------------------------------------------------------------------------------------------- choices
@dataclass(frozen=True)
class Choice:
    """What is dropped at one moment.

    Attributes:
        at: the step of the peak.
        dropped: values, in the order in which they are computed.
    """

    at: int
    dropped: tuple[Tensor, ...]


def choices(plan: Plan, lives: Timeline) -> Iterator[Choice]:
    """What may be dropped at the peak, from little added work to much."""
    at = max(range(len(lives.live)), key=lives.live.__getitem__)
    seen: set[tuple[Tensor, ...]] = set()
    for costly in (False, True):
        idle = _candidates(plan, lives, at, costly)
        farthest = sorted(idle, key=lambda n: -_next_use(lives, n, at))
        for fraction in FRACTIONS:
            some = set(farthest[: -int(-len(farthest) * fraction // 1)])
            for count in SEGMENTS:
                dropped = _dropped(lives, [n for n in idle if n in some], count)
                if dropped and dropped not in seen:
                    seen.add(dropped)
                    yield Choice(at, dropped)


def _next_use(lives: Timeline, node: Tensor, at: int) -> int:
    return next(k for k in range(at + 1, len(lives.reads)) if node in lives.reads[k])


def _candidates(plan: Plan, lives: Timeline, at: int, costly: bool) -> list[Tensor]:
    """Temporaries that lie idle at a step and can be computed again, in order."""
    idle = [
        n for n in lives.bytes
        if n not in lives.held and lives.made[n] < at < lives.last.get(n, -1) and n not in lives.reads[at]
    ]  # fmt: skip
    return sorted((n for n in idle if _repeatable(plan, n, costly)), key=lambda n: lives.made[n])


def _repeatable(plan: Plan, node: Tensor, costly: bool) -> bool:
    """Whether a value may be computed twice: it has no effect, no check of its own, and is not too dear."""
    if not (inlinable(node) or isinstance(node.op, Reduction) or (costly and node.op.kind == "contraction")):
        return False
    inner = computed_from([node], {n for n in plan.stored if n is not node})
    return not any(isinstance(n.op, IndexOp) and getattr(n.op, "bounds", None) for n in inner)


def _dropped(lives: Timeline, idle: Sequence[Tensor], count: int) -> tuple[Tensor, ...]:
    """The values that are not kept if the idle ones are cut into so many segments."""
    if not idle:
        return ()
    share, filled = sum(lives.bytes[n] for n in idle) / count, 0
    segments: list[list[Tensor]] = [[]]
    for node in idle:
        if filled >= share * len(segments) and len(segments) < count:
            segments.append([])
        segments[-1].append(node)
        filled += lives.bytes[node]
    kept: set[Tensor] = set()
    for before, after in itertools.pairwise(segments):
        kept.update(_boundary(lives, set(before), after))
    return tuple(n for n in idle if n not in kept)


def _boundary(lives: Timeline, before: set[Tensor], after: Sequence[Tensor]) -> list[Tensor]:
    """The cheapest values of a segment from which all follows that the next one is computed from."""
    inside = set(after)
    own = computed_from(after, {n for n in lives.bytes if n not in inside})
    frontier = [n for n in own if n in before]
    if not frontier:
        return []
    below = computed_from(frontier, {n for n in lives.bytes if n not in before})
    leaves = [n for n in below if n not in before and (n in lives.bytes or n.op is ITEM or not n.inputs)]
    capacity = {n: lives.bytes[n] for n in below if n in before}
    return minimum_cut(leaves, frontier, capacity, stop=set(leaves))


# ---------------------------------------------------------------------------------------------------- the rewrite
def apply(plan: Plan, lives: Timeline, choice: Choice) -> tuple[list[Tensor], list[Tensor]]:
    """A plan's outputs with dropped values computed again for what uses them late, and all steps' nodes in order."""
    rewriting = _Rewriting(plan, lives, choice)
    return rewriting.outputs(), rewriting.order


class _Rewriting:
    def __init__(self, plan: Plan, lives: Timeline, choice: Choice) -> None:
        self.plan, self.lives, self.at = plan, lives, choice.at
        self.dropped = {n: k for k, n in enumerate(choice.dropped)}
        self.late: dict[Tensor, Tensor] = {}  # what late users see
        self.roots = set(lives.made)
        self.order: list[Tensor] = []

    def outputs(self) -> list[Tensor]:
        """Late steps over what they see, in their order."""
        for n in self.roots:
            if self.lives.made[n] <= self.at and n not in self.dropped:
                self.late[n] = n
        previous: Tensor | None = None
        for k, step in enumerate(self.plan.steps):
            if k <= self.at:
                previous = next((n for n in step.nodes if self._marks(n)), previous)
                self.order += step.nodes
                continue
            needed = [*step.nodes, *([step.index] if not step.nodes else [])]  # type: ignore[union-attr]
            self._again(k, previous)
            for node in needed:
                self._seen(node)
                self.order.append(self.late[node])
            previous = next((self.late[n] for n in step.nodes if self._marks(n)), previous)
        return [self._output(o) for o in self.plan.graph.outputs]

    def _marks(self, node: Tensor) -> bool:
        """Whether others can be tied to the step that computes a node by the node itself."""
        return node in self.lives.bytes and not isinstance(node.type, tuple)

    def _output(self, node: Tensor) -> Tensor:
        memory = memory_of(node)
        if memory in self.roots and self.lives.made[memory] <= self.at:
            return node
        self._seen(node)
        return self.late[node]

    def _seen(self, node: Tensor) -> None:
        """Enter a node as late users see it, with what lies between it and other steps."""
        for n in computed_from([node], set(self.late), items=True):
            if n not in self.late:
                self.late[n] = _rebuilt(n, self.late)

    def _again(self, step: int, previous: Tensor | None) -> None:
        """Compute again what a step is the first to need, after the step before it."""
        wanted: set[Tensor] = set()
        stack = [r for r in self.lives.reads[step] if r in self.dropped and r not in self.late]
        while stack:
            node = stack.pop()
            if node not in wanted:
                wanted.add(node)
                inner = computed_from([node], {n for n in self.lives.bytes if n is not node})
                stack += [i for i in inner if i in self.dropped and i not in self.late and i not in wanted]
        tied: dict[Tensor, Tensor] = {}
        for node in sorted(wanted, key=self.dropped.__getitem__):
            self.late[node] = self._copy(node, tied, previous)
            self.order.append(self.late[node])

    def _copy(self, node: Tensor, tied: dict[Tensor, Tensor], previous: Tensor | None) -> Tensor:
        stored = {n for n in self.lives.bytes if n is not node}
        for n in computed_from([node], stored):
            if n in tied:
                continue
            if n in self.dropped and n is not node:
                tied[n] = self.late[n]
            elif n in stored or n.op is ITEM or (is_source(n) and n.ndim > 0):
                tied[n] = TIED(n, previous) if previous is not None else n
            elif not n.inputs or is_scalar_constant(n):
                tied[n] = n
            else:
                tied[n] = _rebuilt(n, tied)
        return tied[node]


def computed_from(nodes: Sequence[Tensor], stop: set[Tensor], items: bool = False) -> list[Tensor]:
    """The nodes and all that they are computed from, inputs first; ties to other steps are not followed.

    Args:
        nodes: where the walk starts.
        stop: nodes that are not entered.
        items: whether the step behind a result of several is entered.
    """
    order: list[Tensor] = []
    entered: set[Tensor] = set()
    stack = [(n, False) for n in nodes[::-1]]
    while stack:
        node, done = stack.pop()
        if done:
            order.append(node)
        elif node not in entered:
            entered.add(node)
            stack.append((node, True))
            if node not in stop and (items or node.op is not ITEM):
                stack += [(i, False) for i in _operands(node)[::-1]]
    return order


def _operands(node: Tensor) -> tuple[Tensor, ...]:
    return node.inputs[:1] if node.op is TIED else node.inputs


def _rebuilt(node: Tensor, new: Mapping[Tensor, Tensor]) -> Tensor:
    """A node over other inputs; of what it is tied to only steps that are there already."""
    inputs = [new[i] for i in _operands(node)] + [new[i] for i in node.inputs[len(_operands(node)) :] if i in new]
    return inherit(rebuild(node, tuple(inputs)), node)
