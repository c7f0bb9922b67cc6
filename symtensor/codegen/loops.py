"""Loops and branches of the Program: carries in two buffers that swap, rows as views, bodies as steps.

A loop whose body is small and static becomes one serial loop inside a kernel instead (``scalarize.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.build import Builder
from symtensor.codegen.contraction import lower_contractions
from symtensor.codegen.group import make_kernel
from symtensor.codegen.program import Branch, Copy, Launch, Loop, Step, Storage, Swap, View, WhileLoop
from symtensor.codegen.scalarize import scalar_kernel
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, LoopVar
from symtensor.ir.size import Size, SizeLike
from symtensor.optimizer.elements import is_scalar_constant
from symtensor.optimizer.fusion import fuse
from symtensor.optimizer.plan import Plan
from symtensor.optimizer.roots import VIEWS


def build_loop(builder: Builder, node: Tensor) -> list[Step]:
    """The steps of a ``scan``, ``while_loop`` or ``cond``."""
    kernel = scalar_kernel(builder, node)
    if kernel is not None:
        return [Launch(kernel)]
    return {"scan": _scan, "while_loop": _while, "cond": _cond}[node.op.name](builder, node)


def _pointer(builder: Builder, wanted: str, like: Tensor) -> str:
    """A pointer variable to data like a node's."""
    name = builder.memory.names.fresh(wanted)
    builder.memory.dtypes[name] = like.dtype
    builder.storages[name] = Storage(
        name, like.dtype, builder.elements(like), "pointer", -1, builder.memory.shape(like)
    )
    return name


def _body_plan(builder: Builder, body: Graph) -> Plan:
    """The plan of an inner graph; names that an earlier loop gave to its nodes are forgotten."""
    memory = builder.memory
    products: dict[Tensor, tuple[Tensor, ...]] = {}
    graph = Graph(body.inputs, tuple(lower_contractions(body.outputs, memory.shape, not builder.device, products)))
    for inner in [*graph.inputs, *graph.nodes()]:
        memory.bound.pop(inner, None)
        memory.alias.pop(inner, None)
    return fuse(graph, builder.guards, products)


def _own_storage(plan: Plan, output: Tensor, taken: set[Tensor]) -> bool:
    """Whether an output is computed into memory of its own, which may then be any buffer."""
    computed = output in plan.stored and output.op.kind not in ("source", "item") and output.op.name not in VIEWS
    return computed and output not in taken


class _Carries:
    """The states of a loop: each has a pointer to its value and one to the memory of the next value."""

    def __init__(self, builder: Builder, initials: Sequence[Tensor], leaves: Sequence[Tensor]) -> None:
        self.builder = builder
        self.now: list[str] = []
        self.next: list[str] = []
        self.before: list[Step] = []
        for initial, leaf in zip(initials, leaves):
            label = leaf.name or "state"
            size = builder.elements(leaf)
            now, after = _pointer(builder, label, leaf), _pointer(builder, f"{label}_next", leaf)
            for pointer in (now, after):
                buffer = builder.temporary(f"{pointer}_memory", leaf.dtype, size)
                self.before.append(View(pointer, leaf.dtype, buffer, 0))
            self.before.append(Copy(now, builder.operand(initial), leaf.dtype, size))
            self.now.append(now)
            self.next.append(after)

    def bind(self, leaves: Sequence[Tensor]) -> None:
        """Make the leaves of a body read the values of now."""
        for leaf, name in zip(leaves, self.now):
            self.builder.memory.bound[leaf] = name

    def advance(self, plan: Plan, outputs: Sequence[Tensor], taken: set[Tensor]) -> tuple[list[Step], list[Step]]:
        """Bind new values to the next memory where they are computed for it; steps before and after the body."""
        copies: list[Step] = []
        swaps: list[Step] = []
        for output, now, after in zip(outputs, self.now, self.next):
            if _own_storage(plan, output, taken):
                taken.add(output)
                self.builder.memory.bound[output] = after
            else:
                copies.append(_Later(after, output))  # type: ignore[arg-type]
            swaps.append(Swap(now, after))
        return copies, swaps

    def finals(self, targets: Iterable[str], leaves: Sequence[Tensor]) -> list[Step]:
        """Copies of the last values into the results."""
        return [
            Copy(target, now, leaf.dtype, self.builder.elements(leaf))
            for target, now, leaf in zip(targets, self.now, leaves)
        ]  # fmt: skip


class _Later:
    """A copy whose source gets its name only once the body has been built."""

    def __init__(self, target: str, source: Tensor) -> None:
        self.target, self.source = target, source

    def step(self, builder: Builder) -> Step:
        return Copy(self.target, builder.memory.buffer(self.source), self.source.dtype, builder.elements(self.source))


def _resolved(builder: Builder, steps: list[Step]) -> list[Step]:
    return [s.step(builder) if isinstance(s, _Later) else s for s in steps]


def _operands(builder: Builder, leaves: Sequence[Tensor], operands: Sequence[Tensor]) -> None:
    """Make leaves of a body another name for tensors outside."""
    for leaf, operand in zip(leaves, operands):
        builder.memory.alias[leaf] = operand
        if is_scalar_constant(operand):
            builder.operand(operand)


def _rows(
    builder: Builder, plan: Plan, outputs: Sequence[Tensor], targets: Sequence[str], row: SizeLike, taken: set[Tensor]
) -> tuple[list[Step], list[Step]]:
    """Collected rows: views into the results before the body, copies after it where a row lies elsewhere."""
    views: list[Step] = []
    copies: list[Step] = []
    for output, target in zip(outputs, targets):
        view = _pointer(builder, f"{target}_row", output)
        views.append(View(view, output.dtype, target, sz.mul(row, builder.elements(output))))
        if _own_storage(plan, output, taken):
            taken.add(output)
            builder.memory.bound[output] = view
        else:
            copies.append(_Later(view, output))  # type: ignore[arg-type]
    return views, copies


def _scan(builder: Builder, node: Tensor) -> list[Step]:
    body: Graph = node.attr("body")
    sequences, carries = node.attr("sequences"), node.attr("carries")
    steps = builder.guards.canonical(node.attr("steps"))
    plan = _body_plan(builder, body)
    results = [builder.item(node, k) for k in range(len(node.type))]
    rows, states, constants = _split(body.inputs, sequences, carries)
    xs, initials, operands = _split(node.inputs, sequences, carries)
    _operands(builder, constants, operands)
    var = LoopVar(builder.memory.names.fresh("step"), steps)
    at = Size.of(var)
    views: list[Step] = []
    for leaf, x in zip(rows, xs):
        pointer = _pointer(builder, f"{leaf.name or 'row'}_row", leaf)
        builder.memory.bound[leaf] = pointer
        views.append(View(pointer, leaf.dtype, builder.memory.buffer(x), sz.mul(at, builder.elements(leaf))))
    carry = _Carries(builder, initials, states)
    carry.bind(states)
    taken: set[Tensor] = set(body.inputs)
    outputs = plan.graph.outputs
    collected_views, collected = _rows(builder, plan, outputs[carries:], results[carries:], at, taken)
    copies, swaps = carry.advance(plan, outputs[:carries], taken)
    inside = builder.steps(plan)
    loop = Loop(
        var, node.attr("reverse"), (*views, *collected_views, *inside, *_resolved(builder, collected + copies), *swaps)
    )
    return [*carry.before, loop, *carry.finals(results[:carries], states)]


def _while(builder: Builder, node: Tensor) -> list[Step]:
    condition, body = node.attr("condition"), node.attr("body")
    carries, limit = node.attr("carries"), node.attr("max_steps")
    results = [builder.item(node, k) for k in range(len(node.type))]
    counter = results[carries]
    operands = node.inputs[carries:]
    carry = _Carries(builder, node.inputs[:carries], body.inputs[:carries])
    head_plan = _body_plan(builder, condition)
    carry.bind(condition.inputs[:carries])
    _operands(builder, condition.inputs[carries:], operands)
    test = head_plan.graph.outputs[0]
    head = builder.steps(head_plan)
    holds = builder.temporary("holds", test.dtype, 1)
    head.append(Copy(holds, builder.memory.buffer(test), test.dtype, 1))
    plan = _body_plan(builder, body)
    carry.bind(body.inputs[:carries])
    _operands(builder, body.inputs[carries:], operands)
    taken: set[Tensor] = set(body.inputs)
    outputs = plan.graph.outputs
    round_ = LoopVar(builder.memory.names.fresh("round"), limit or 0)
    views, collected = _rows(builder, plan, outputs[carries:], results[carries + 1 :], Size.of(round_), taken)
    copies, swaps = carry.advance(plan, outputs[:carries], taken)
    inside = builder.steps(plan)
    site = builder.site("while_loop", node.sites)
    steps = (*views, *inside, *_resolved(builder, collected + copies), *swaps)
    loop = WhileLoop(tuple(head), holds, steps, counter, limit, site, round_.label)
    cleared = [
        _zeros(builder, target, output, limit) for target, output in zip(results[carries + 1 :], outputs[carries:])
    ]
    return [*cleared, *carry.before, loop, *carry.finals(results[:carries], body.inputs[:carries])]


def _zeros(builder: Builder, target: str, row: Tensor, rows: int) -> Step:
    """A kernel that clears collected rows: those that no round writes are zero."""
    var = LoopVar("j", sz.mul(rows, builder.elements(row)))
    clear = ir.For(var, (ir.Store(target, Size.of(var), Const(0, row.dtype)),), "simd", lanes=32)
    return Launch(make_kernel(builder.kernel_name([row]) + "_clear", (clear,), (), var.extent, builder.memory.dtypes))


def _cond(builder: Builder, node: Tensor) -> list[Step]:
    predicate, *operands = node.inputs
    results = [builder.item(node, k) for k in range(len(node.type))]

    def branch(graph: Graph) -> tuple[Step, ...]:
        plan = _body_plan(builder, graph)
        _operands(builder, graph.inputs, operands)
        taken: set[Tensor] = set(graph.inputs)
        copies: list[Step] = []
        for output, result in zip(plan.graph.outputs, results):
            if _own_storage(plan, output, taken):
                taken.add(output)
                builder.memory.bound[output] = result
            else:
                copies.append(_Later(result, output))  # type: ignore[arg-type]
        return (*builder.steps(plan), *_resolved(builder, copies))

    return [Branch(builder.operand(predicate), branch(node.attr("then")), branch(node.attr("otherwise")))]


def _split(items: Sequence[Tensor], sequences: int, carries: int) -> tuple[Sequence[Tensor], ...]:
    return items[:sequences], items[sequences : sequences + carries], items[sequences + carries :]
