"""Loops and branches of the Program: carries in two buffers that swap, rows as views, bodies as steps.

A loop whose body is small and static becomes one serial loop inside a kernel instead (``scalarize.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.build import Builder
from symtensor.codegen.contraction import lower_contractions
from symtensor.codegen.group import make_kernel
from symtensor.codegen.program import (
    Branch,
    Chunks,
    Copy,
    Define,
    Launch,
    Log,
    Loop,
    Step,
    Storage,
    Swap,
    View,
    WhileLoop,
)
from symtensor.codegen.scalarize import resumable_kernel, scalar_form, scalar_kernel
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import BOOL, LoopVar, index
from symtensor.ir.size import AnonymousDim, Size, SizeLike
from symtensor.ops.item import item
from symtensor.optimizer.elements import is_scalar_constant
from symtensor.optimizer.fusion import fuse
from symtensor.optimizer.plan import Plan
from symtensor.optimizer.roots import VIEWS


def build_loop(builder: Builder, node: Tensor) -> list[Step]:
    """The steps of a ``scan``, ``while_loop`` or ``cond``."""
    if node.op.name == "while_loop" and len(node.type) > node.attr("carries") + 1:
        return _scalar_chunks(builder, node) or _while(builder, node)
    kernel = scalar_kernel(builder, node)
    if kernel is not None:
        return [Launch(kernel), *(_logs(builder, node)[1] if node.op.name == "while_loop" else ())]
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


def _elements(builder: Builder, leaves: Sequence[Tensor], xs: Sequence[Tensor], row: SizeLike) -> list[Step]:
    """Views of a row of each sequence, which the leaves of the body become names for."""
    views: list[Step] = []
    for leaf, x in zip(leaves, xs):
        pointer = _pointer(builder, f"{leaf.name or 'row'}_row", leaf)
        builder.memory.bound[leaf] = pointer
        views.append(View(pointer, leaf.dtype, builder.memory.buffer(x), sz.mul(row, builder.elements(leaf))))
    return views


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
    views = _elements(builder, rows, xs, at)
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


def _logs(builder: Builder, node: Tensor) -> tuple[list[Log], list[Step]]:
    """Logs for the rows of a while loop, and the steps after it that make them its results.

    A result that is an output of the function has memory of its own, which is asked for once its size is known.
    """
    rounds = node.attr("rounds")
    builder.name_size(rounds)
    counter = builder.item(node, node.attr("carries"))
    rows = node.attr("body").outputs[node.attr("carries") :]
    logs: list[Log] = []
    after: list[Step] = [Define(rounds, counter)]
    for k, row in enumerate(rows, node.attr("carries") + 1):
        result = item(node, k)
        target = builder.memory.buffer(result)
        known = builder.storages.get(target)
        if known is not None and known.kind != "pointer":
            log = _pointer(builder, f"{target}_log", result)
            after.append(Copy(target, log, row.dtype, builder.elements(result)))
        else:
            # The same loop may stand in two bodies, which then take turns with its pointer.
            shape = builder.memory.shape(result)
            builder.storages[target] = Storage(target, row.dtype, sz.product(shape), "pointer", -1, shape)
            log = target
        logs.append(Log(log, row.dtype, builder.elements(row)))
    return logs, after


def _while(builder: Builder, node: Tensor) -> list[Step]:
    condition, body = node.attr("condition"), node.attr("body")
    sequences, carries, limit = node.attr("sequences"), node.attr("carries"), node.attr("max_steps")
    results = [builder.item(node, k) for k in range(carries + 1)]
    logs, after = _logs(builder, node)
    xs, initials, operands = _split(node.inputs, sequences, carries)
    rows, states, constants = _split(body.inputs, sequences, carries)
    _, head_states, head_constants = _split(condition.inputs, sequences, carries)
    carry = _Carries(builder, initials, states)
    head_plan = _body_plan(builder, condition)
    carry.bind(head_states)
    _operands(builder, head_constants, operands)
    test = head_plan.graph.outputs[0]
    head = builder.steps(head_plan)
    holds = builder.temporary("holds", test.dtype, 1)
    head.append(Copy(holds, builder.memory.buffer(test), test.dtype, 1))
    plan = _body_plan(builder, body)
    round_ = LoopVar(builder.memory.names.fresh("round"), limit or 0)
    elements = _elements(builder, rows, xs, Size.of(round_))
    carry.bind(states)
    _operands(builder, constants, operands)
    taken: set[Tensor] = set(body.inputs)
    outputs = plan.graph.outputs
    views, collected = _rows(builder, plan, outputs[carries:], [log.name for log in logs], Size.of(round_), taken)
    copies, swaps = carry.advance(plan, outputs[:carries], taken)
    inside = builder.steps(plan)
    site = builder.site("while_loop", node.sites)
    steps = (*elements, *views, *inside, *_resolved(builder, collected + copies), *swaps)
    capacity = builder.memory.names.fresh("capacity")
    loop = WhileLoop(
        tuple(head), holds, steps, results[carries], limit, site, round_.label, tuple(logs), capacity
    )  # fmt: skip
    return [*carry.before, loop, *carry.finals(results[:carries], states), *after]


def _scalar_chunks(builder: Builder, node: Tensor) -> list[Step] | None:
    """A small while loop that collects rows: a kernel that stops when its logs are full and can be run again."""
    form = scalar_form(builder, node)
    if form is None:
        return None
    carries = node.attr("carries")
    results = [builder.item(node, k) for k in range(carries + 1)]
    logs, after = _logs(builder, node)
    initials = node.inputs[node.attr("sequences") :][:carries]
    before: list[Step] = [
        Copy(target, builder.operand(initial), initial.dtype, builder.elements(initial))
        for target, initial in zip(results, initials)
    ]
    counter = results[carries]
    start = (ir.Store(counter, 0, index(0)),)
    clear = make_kernel(f"{builder.kernel_name([node])}_start", start, (), 1, builder.memory.dtypes)
    unfinished = builder.temporary("unfinished", BOOL, 1)
    capacity = AnonymousDim(builder.memory.names.fresh("capacity"))
    kernel = resumable_kernel(builder, form, results, [log.name for log in logs], capacity, unfinished)
    return [*before, Launch(clear), Chunks((Launch(kernel),), unfinished, tuple(logs), capacity), *after]


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
