"""Fusion: from an optimised graph to a Plan.

1. *Roots* are the nodes that are computed for their own sake (``roots.py``); everything else is inlined into its users.
2. Roots join *groups* that share outer loops.  A consumer may join a producer's group if it reads the producer, along
   every outer axis, exactly at its own loop variable; the group keeps those axes on which that holds, as long as they
   are a prefix.  So a row softmax meets in one loop over rows, and a column variance in one loop over columns.
3. Inside a group, roots with the same inner loops that do not need each other's finished reductions share a *sweep*.

Cost model: a group takes at most ``GROUP_LIMIT`` scalar statements, so that registers and compile time stay bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field

from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, sizes_first, sorted_bounds, toposort
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Call, Expr, LoopVar, lower_bound_at_least
from symtensor.ir.size import Bound, Size, SizeLike
from symtensor.ops.declare import CONSTANT, IndexOp, LoopOp, Reduction, Scatter
from symtensor.ops.slicing import TIED
from symtensor.optimizer.elements import Element, Elements, inlinable, walk
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.plan import (
    GLOBAL,
    SCRATCH,
    VALUE,
    CheckStep,
    Compute,
    KernelGroup,
    NodeStep,
    Plan,
    PlanStep,
    Sweep,
)
from symtensor.optimizer.precedence import Precedence
from symtensor.optimizer.roots import is_source, select_roots
from symtensor.records import dataclass

GROUP_LIMIT = 200
Checks = frozenset[int]  # numbers of groups that look at indices
NO_CHECKS: Checks = frozenset()


# --------------------------------------------------------------------------------------------------- 2. groups
@dataclass
class _Root:
    """A root that a kernel computes, analysed over loop variables of its own."""

    node: Tensor
    out: tuple[LoopVar, ...]
    reduced: tuple[LoopVar, ...]
    reads: dict[Tensor, list[tuple[SizeLike, ...]]]
    statements: int


@dataclass
class _Group:
    """A group under construction: outer extents, and for each member the axes that are the outer ones."""

    number: int
    extents: tuple[SizeLike, ...] = ()
    members: dict[Tensor, tuple[int, ...]] = field(default_factory=dict)
    statements: int = 0
    step: PlanStep | None = None  # for steps that are no kernels
    reads: set[Tensor] = field(default_factory=set)


class _Fusion:
    def __init__(
        self,
        graph: Graph,
        guards: Guards,
        products: Mapping[Tensor, Sequence[Tensor]],
        order: Sequence[Tensor],
    ) -> None:
        self.graph, self.guards, self.products = graph, guards, products
        self.nodes = sizes_first(_in_order(graph, order))
        self.position = {n: k for k, n in enumerate(self.nodes)}
        self.definers = {value: n for n in self.nodes for _, value in n.attrs if isinstance(value, Bound)}
        self.roots = select_roots(graph, self.nodes, products)
        self.shapes: dict[Tensor, tuple[SizeLike, ...]] = {}
        self.elements = Elements(self._stored)
        self.groups: list[_Group] = []
        self.group_of: dict[Tensor, _Group] = {}
        self.precedence = Precedence()  # of groups, by their numbers
        self.analysed: dict[Tensor, _Root] = {}
        self.readers: dict[Tensor, list[Tensor]] = {}  # roots by what they read

    def _stored(self, node: Tensor) -> bool:
        return node in self.roots or is_source(node)

    def shape(self, node: Tensor) -> tuple[SizeLike, ...]:
        if node not in self.shapes:
            self.shapes[node] = tuple(self.guards.canonical(s) for s in node.shape)
        return self.shapes[node]

    # -- analysis of one root
    def analyse(self, node: Tensor) -> _Root:
        shape = self.shape(node)
        out = tuple(LoopVar(f"i{k}", n) for k, n in enumerate(shape))
        reduced: tuple[LoopVar, ...] = ()
        if isinstance(node.op, Reduction):
            operand = node.inputs[0]
            axes = node.attr("axes")
            reduced = tuple(LoopVar(f"r{a}", self.shape(operand)[a]) for a in axes)
            value = self.elements.value(operand, reduction_index(operand, axes, out, reduced))
        else:
            value = self.elements.definition(node, tuple(map(Size.of, out)))
        reads: dict[Tensor, list[tuple[SizeLike, ...]]] = {}
        expressions = walk([value])
        for expr in expressions:
            if isinstance(expr, Element):
                reads.setdefault(expr.node, []).append(expr.index)
        root = _Root(node, out, reduced, reads, sum(isinstance(e, Call) for e in expressions) + 1)
        self.analysed[node] = root
        for read in reads:
            self.readers.setdefault(read, []).append(node)
        return root

    # -- growing groups
    def new_group(self, before: Iterable[int]) -> _Group:
        group = _Group(self.precedence.add(before))
        self.groups.append(group)
        return group

    def _before(self, nodes: Iterable[Tensor]) -> set[int]:
        """Numbers of the groups that compute some nodes."""
        found = (self.group_of.get(self._memory(node)) for node in nodes)
        return {group.number for group in found if group is not None}

    def _memory(self, node: Tensor) -> Tensor:
        """The node whose step fills the memory of this one."""
        while node in self.roots.views or node.op.kind == "item":
            node = node.inputs[0]
        return node

    def place_step(self, node: Tensor, step: PlanStep, reads: list[Tensor], before: Checks = NO_CHECKS) -> _Group:
        group = self.new_group(self._before(reads) | before)
        group.step = step
        self.group_of[node] = group
        return group

    def place_kernel(self, root: _Root, checks: Checks) -> None:
        before = self._before(root.reads) | checks
        for group in self._candidates(root):
            if group.statements + root.statements > GROUP_LIMIT:
                continue
            axes = self._join_axes(root, group)
            if axes is None or self._reads_through_view(root, group):
                continue
            others = before - {group.number}
            if self.precedence.precedes(group.number, others):
                continue  # something between the group and this root would have to run in the middle of the group
            self._join(root, group, axes, others)
            return
        group = self.new_group(before)
        shape = self.shape(root.node)
        self._enter(root, group, tuple(range(len(shape))), shape)

    def _reads_through_view(self, root: _Root, group: _Group) -> bool:
        """Whether a root reads a member's memory under another shape: at places that other iterations write."""
        return any(n not in group.members and self._memory(n) in group.members for n in root.reads)

    def _enter(self, root: _Root, group: _Group, axes: tuple[int, ...], extents: tuple[SizeLike, ...]) -> None:
        group.extents = extents
        group.members[root.node] = axes
        group.statements += root.statements
        group.reads.update(root.reads)
        self.group_of[root.node] = group

    def _join(self, root: _Root, group: _Group, kept: tuple[tuple[int, int], ...], before: Iterable[int]) -> None:
        """Enter a group, which keeps the outer positions in ``kept`` (pairs of position and the root's axis)."""
        positions = [p for p, _ in kept]
        if len(positions) < len(group.extents):
            for member, axes in group.members.items():
                group.members[member] = tuple(axes[p] for p in positions)
        self._enter(root, group, tuple(a for _, a in kept), tuple(group.extents[p] for p in positions))
        self.precedence.demand(group.number, before)

    def _candidates(self, root: _Root) -> list[_Group]:
        """Groups of producers, then recent groups that read the same memory; latest first."""
        producers = {id(g): g for n in root.reads if (g := self.group_of.get(n)) is not None and g.step is None}
        found = sorted(producers.values(), key=lambda g: -g.number)
        for group in reversed(self.groups[-8:]):
            if group.step is None and id(group) not in producers and not group.reads.isdisjoint(root.reads):
                found.append(group)
        return found

    def _join_axes(self, root: _Root, group: _Group) -> tuple[tuple[int, int], ...] | None:
        """The outer positions on which this root may join, each with the root's axis; None if it may not."""
        shape = self.shape(root.node)
        reads = [(group.members[n], index) for n, at in root.reads.items() if n in group.members for index in at]
        if not group.extents:
            # A scalar computed from scalars of the group, or another reduction of the same data in the same sweep.
            if shape:
                return None
            if root.reduced:
                alike = self._reductions_alike(root, group)
                return () if alike and (not reads or self._takes_in(root, group)) else None
            return () if reads else None
        if root.reduced and not shape and reads:
            return () if self._takes_in(root, group) else None
        if not reads:
            same = shape[: len(group.extents)] == group.extents
            whole = len(shape) == len(group.extents) and all(len(m.shape) == len(shape) for m in group.members)
            reducing = bool(root.reduced) and shape == group.extents and self._reductions_alike(root, group)
            return tuple((p, p) for p in range(len(group.extents))) if same and (whole or reducing) else None
        variable: dict[SizeLike, int] = {Size.of(v): axis for axis, v in enumerate(root.out)}
        kept: list[tuple[int, int]] = []
        for position, extent in enumerate(group.extents):
            axes = {variable.get(index[member_axes[position]], -1) for member_axes, index in reads}
            axis = axes.pop() if len(axes) == 1 else -1
            if axis < 0 or shape[axis] != extent or (kept and axis <= kept[-1][1]):
                break
            kept.append((position, axis))
        if not kept or (len(kept) < len(group.extents) and not root.reduced and not self._has_reduction(group)):
            return None
        if kept[0][1] != 0 and not root.reduced and not self._has_reduction(group):
            return None  # a row that is computed first is no reason to walk memory by columns
        if any(len(kept) < m.ndim for m in (root.node, *group.members) if m in self.products):
            return None
        return tuple(kept)

    def _takes_in(self, root: _Root, group: _Group) -> bool:
        """Whether a reduction to a scalar takes elements in where maps of the group compute them, in one sweep.

        The maps give up the loops that they share with others, and so the tiles for transposed operands; a reduction in
        two passes would compute them twice.
        """
        loops = tuple(v.extent for v in root.reduced)
        maps = [m for m in group.members if not isinstance(m.op, Reduction) and m.ndim]
        if root.node.op.two_pass is not None or any(self.shape(m) != loops or m in self.products for m in maps):  # type: ignore[attr-defined]
            return False
        if group.extents and len(maps) < len(group.members):
            return False
        here = tuple(map(Size.of, root.reduced))
        read = {n: at for n, at in root.reads.items() if n in group.members}
        if any(n.ndim != len(here) or any(index != here for index in at) for n, at in read.items()):
            return False
        return not any(_transposed(r, r.reduced or r.out) for r in (root, *(self.analysed[m] for m in maps)))

    def _has_reduction(self, group: _Group) -> bool:
        return any(isinstance(m.op, Reduction) for m in group.members)

    def _reductions_alike(self, root: _Root, group: _Group) -> bool:
        """Whether a reduction walks the same loops as one in the group, so that one sweep serves both."""
        mine = [v.extent for v in root.reduced]
        axes = root.node.attr("axes")
        return any(
            [v.extent for v in self.analysed[m].reduced] == mine and m.attr("axes") == axes
            for m in group.members
            if isinstance(m.op, Reduction)
        )

    # -- the whole graph
    def run(self) -> Plan:
        checks: dict[tuple[Tensor, SizeLike], Checks] = {}
        needed: dict[Tensor, Checks] = {}  # the check steps that the inlined tree of a node relies on
        for node in self.nodes:
            relied = self._inherit_checks(node, needed)
            if self.definers:
                relied |= self._before(
                    [self.definers[a] for a in sorted_bounds(node) if self.definers.get(a, node) is not node]
                )
            if isinstance(node.op, (IndexOp, Scatter)) and getattr(node.op, "bounds", None):
                relied |= self._place_checks(node, checks)
            if node.op is TIED:
                relied |= self._before(self._read_by(node.inputs[1:]))
            needed[node] = relied
            if node in self.roots.views or is_source(node) or node.op.kind == "item":
                continue
            if node in self.roots:
                self._place(node, relied)
        return self._finish()

    def _read_by(self, nodes: Sequence[Tensor]) -> list[Tensor]:
        """The nodes with steps of their own that others are computed from, or are."""
        return [n for n in toposort(nodes, stop=set(self.group_of)) if n in self.group_of or n in self.roots]

    def _inherit_checks(self, node: Tensor, needed: dict[Tensor, Checks]) -> Checks:
        relied = NO_CHECKS
        for i in node.inputs:
            if needed[i] and not self._stored(i):
                relied |= needed[i]
        return relied

    def _place(self, node: Tensor, checks: Checks) -> None:
        op = node.op
        if isinstance(op, Scatter):
            step = NodeStep("scatter", node, self._scatter_rows(node))
            reads = [node.inputs[0], *self._group_reads(step.group)]
            self.place_step(node, step, reads, checks)
        elif isinstance(op, Reduction) or inlinable(node):
            self.place_kernel(self.analyse(node), checks)
        elif op is not CONSTANT:
            kind = "loop" if isinstance(op, LoopOp) else op.kind
            self.place_step(node, NodeStep(kind, node), list(node.inputs), checks)

    def _place_checks(self, node: Tensor, checks: dict[tuple[Tensor, SizeLike], Checks]) -> Checks:
        relied = NO_CHECKS
        for number, extent in node.op.bounds(node):  # type: ignore[attr-defined]
            index, extent = node.inputs[number], self.guards.canonical(extent)
            if (index, extent) not in checks:
                group = self._element_group(index)
                value = group.sweeps[0].computes[0].value
                if _provably_within(value, extent):
                    checks[index, extent] = NO_CHECKS
                else:
                    step = CheckStep(index, extent, group, node)
                    placed = self.place_step(node, step, self._group_reads(group))
                    del self.group_of[node]
                    checks[index, extent] = frozenset({placed.number})
            relied |= checks[index, extent]
        return relied

    def _element_group(self, node: Tensor) -> KernelGroup:
        """A kernel over all elements of one node that stores nothing."""
        out = tuple(LoopVar(f"i{k}", n) for k, n in enumerate(self.shape(node)))
        index = tuple(map(Size.of, out))
        return KernelGroup(out, (Sweep((), (Compute(node, index, self.elements.value(node, index), storage=VALUE),)),))

    def _scatter_rows(self, node: Tensor) -> KernelGroup:
        """The loops over the update rows of a scatter: the index and the update, both as expressions."""
        _, index, updates = node.inputs
        axis = node.attr("axis")
        out = tuple(LoopVar(f"i{k}", n) for k, n in enumerate(self.shape(updates)))
        where = tuple(map(Size.of, out))
        row = self.elements.value(index, where[axis : axis + index.ndim])
        value = self.elements.value(updates, where)
        computes = (Compute(index, where, row, storage=VALUE), Compute(updates, where, value, storage=VALUE))
        return KernelGroup(out, (Sweep((), computes),))

    @staticmethod
    def _group_reads(group: KernelGroup | None) -> list[Tensor]:
        values = [c.value for s in group.sweeps for c in s.computes] if group else []
        return [e.node for e in walk(values) if isinstance(e, Element)]

    # -- 3. sweeps
    def _finish(self) -> Plan:
        read_in: dict[Tensor, set[int]] = {}
        for node, root in self.analysed.items():
            for read in root.reads:
                read_in.setdefault(self._memory(read), set()).add(self.group_of[node].number)
        for group in self.groups:
            if group.step is not None:
                reads = list(group.step.nodes[0].inputs) if group.step.nodes else []
                reads += self._group_reads(getattr(group.step, "group", None))
                for read in reads:
                    read_in.setdefault(self._memory(read), set()).add(group.number)
        outputs = {self._memory(o) for o in self.graph.outputs}
        steps: list[PlanStep] = []
        stored: set[Tensor] = set()
        for group in (self.groups[number] for number in self.precedence.in_order()):
            if group.step is not None:
                steps.append(group.step)
                stored.update(group.step.nodes)
                continue
            outside = {m for m in group.members if m in outputs or read_in.get(m, set()) - {group.number}}
            stored |= outside
            steps.append(self._kernel_group(group, outside))
        return Plan(self.graph, self.guards, tuple(steps), frozenset(stored))

    def _kernel_group(self, group: _Group, outside: set[Tensor]) -> KernelGroup:
        outer = tuple(LoopVar(f"o{k}", n) for k, n in enumerate(group.extents))
        sweeps: list[tuple[tuple, list[Tensor]]] = []
        where: dict[Tensor, int] = {}
        for member in self._member_order(group):
            root = self.analysed[member]
            axes = group.members[member]
            maps = tuple(n for a, n in enumerate(self.shape(member)) if a not in axes)
            loops = tuple(v.extent for v in root.reduced)
            mixed = len(maps) if maps and loops else -1
            key = (maps + loops, mixed)
            first = 0
            for read, indices in root.reads.items():
                if read in where:
                    same = self._same_iteration(root, axes, read, group, indices)
                    first = max(first, where[read] + (0 if same else 1))
            number = next((k for k in range(first, len(sweeps)) if sweeps[k][0] == key), len(sweeps))
            if number == len(sweeps):
                sweeps.append((key, []))
            sweeps[number][1].append(member)
            where[member] = number
        return KernelGroup(outer, tuple(
            self._sweep(group, outer, key[0], members, where, outside, number)
            for number, (key, members) in enumerate(sweeps)
        ))  # fmt: skip

    def _member_order(self, group: _Group) -> list[Tensor]:
        return sorted(group.members, key=self.position.__getitem__)

    def _same_iteration(
        self, root: _Root, axes: tuple[int, ...], read: Tensor, group: _Group, indices: list[tuple[SizeLike, ...]]
    ) -> bool:
        """Whether a map read by this root is read exactly where the same iteration of a shared sweep computes it."""
        if isinstance(read.op, Reduction):
            return False
        inner = [v for a, v in enumerate(root.out) if a not in axes] + list(root.reduced)
        theirs = [a for a in range(read.ndim) if a not in group.members[read]]
        if len(inner) != len(theirs):
            return False
        return all(index[a] == Size.of(v) for index in indices for a, v in zip(theirs, inner))

    def _sweep(
        self,
        group: _Group,
        outer: tuple[LoopVar, ...],
        extents: tuple[SizeLike, ...],
        members: list[Tensor],
        where: dict[Tensor, int],
        outside: set[Tensor],
        number: int,
    ) -> Sweep:
        inner = tuple(LoopVar(f"j{k}", n) for k, n in enumerate(extents))
        elements = Elements(self._stored)
        computes = []
        for member in members:
            axes = group.members[member]
            place = {a: Size.of(v) for a, v in zip(axes, outer)}
            free = iter(map(Size.of, inner))
            index = tuple(place[a] if a in place else next(free) for a in range(member.ndim))
            reduced = inner[member.ndim - len(axes) :] if isinstance(member.op, Reduction) else ()
            position: SizeLike | None = None
            if isinstance(member.op, Reduction):
                operand, over = member.inputs[0], member.attr("axes")
                value = elements.value(operand, reduction_index(operand, over, index, tuple(map(Size.of, reduced))))
                if member.op.monoid.positioned:
                    position = 0
                    for v in reduced:
                        position = sz.add(sz.mul(position, v.extent), Size.of(v))
            else:
                value = elements.definition(member, index)
                elements.define(member, index, value)
            local = all(
                where.get(reader) == number and not isinstance(member.op, Reduction)
                for reader in self.readers.get(member, ())
                if reader in group.members
            )
            storage = GLOBAL if member in outside else VALUE if local else SCRATCH
            computes.append(Compute(member, index, value, tuple(reduced), position, storage))
        return Sweep(inner, tuple(computes))


def _transposed(root: _Root, loops: tuple[LoopVar, ...]) -> bool:
    """Whether a root reads memory along its last loop from line to line."""
    last = loops[-1]
    return any(a is last for at in root.reads.values() for index in at for i in index[:-1] for a in sz.atoms(i))


def reduction_index(operand: Tensor, axes: tuple[int, ...], out: tuple, reduced: tuple) -> tuple[SizeLike, ...]:
    """Index of a reduction's operand from the indices of the kept and of the reduced axes."""
    kept, folded = iter(out), iter(reduced)
    return tuple(
        v if isinstance(v, (int, Size)) else Size.of(v)
        for v in (next(folded) if a in axes else next(kept) for a in range(operand.ndim))
    )


def _provably_within(value: Expr, extent: SizeLike) -> bool:
    """Whether an index expression can be proved to lie in ``0 .. extent-1``."""
    from symtensor.ir.scalar import Const, Index

    if not isinstance(value, (Index, Const)):
        return False
    size = value.size if isinstance(value, Index) else int(value.value)
    return lower_bound_at_least(size, 0) and lower_bound_at_least(sz.add(sz.add(extent, -1), sz.mul(size, -1)), 0)


def _in_order(graph: Graph, order: Sequence[Tensor]) -> list[Tensor]:
    """The nodes of a graph, some of them in a given order."""
    nodes = graph.nodes()
    if not order:
        return nodes
    needed = set(nodes)
    return toposort([*(n for n in order if n in needed), *graph.outputs])


def fuse(
    graph: Graph,
    guards: Guards,
    products: Mapping[Tensor, Sequence[Tensor]] | None = None,
    order: Sequence[Tensor] = (),
) -> Plan:
    """Decide what is computed together.

    Args:
        graph: the optimised graph.
        guards: the guards of the graph as the user wrote it.
        products: sums that stand for matrix products where no library computes these, with the operands.  Operands are
            stored, as each of their elements is read many times, and every element of the result is an iteration of
            the outer loops, as a device has threads for all of them.
        order: nodes that are computed in this order where nothing else decides.
    """
    return _Fusion(graph, guards, products or {}, order).run()
