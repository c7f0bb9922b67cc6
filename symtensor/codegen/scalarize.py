"""Small loops as one serial kernel: every element of every state is a local variable, every body element a scalar.

A loop qualifies when all sizes in its body are known, its body has few elements and no library routine.  Nested loops
and branches of the same kind become loops and branches of the kernel.  What only a device could run in parallel is
not given up by this: the body has no more than a few hundred scalar operations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.bind import Binder
from symtensor.codegen.build import Builder
from symtensor.codegen.contraction import lower_contractions
from symtensor.codegen.group import make_kernel
from symtensor.codegen.resolve import row_major
from symtensor.errors import CODES
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import BOOL, Const, Expr, Load, LoopVar, Var, call, index
from symtensor.ir.size import Atom, Size, SizeLike
from symtensor.ops.declare import CONSTANT, Reduction
from symtensor.optimizer.elements import Elements, inlinable
from symtensor.optimizer.fusion import reduction_index
from symtensor.optimizer.known_sizes import with_known_sizes

STATE_LIMIT = 64  # elements of all states of a loop that may be local variables
SHORT_LOOP = 10000  # steps of a loop that nobody will want to interrupt
BODY_LIMIT = 1500  # elements that a body computes


def _count(node: Tensor) -> int | None:
    """Number of elements of a node (of all its results), or None where a size is symbolic."""
    types = node.type if isinstance(node.type, tuple) else (node.type,)
    sizes = [sz.product(t.shape) for t in types]
    known = [s for s in sizes if isinstance(s, int)]
    return sum(known) if len(known) == len(sizes) else None


def _inner_graphs(node: Tensor) -> list[Graph]:
    return [v for _, v in node.attrs if isinstance(v, Graph)]


def _small(graph: Graph) -> bool:
    """Whether a body can be written out as scalars."""
    total = 0
    for node in graph.nodes():
        if node.op.kind == "loop":
            if not all(_small(g) for g in _inner_graphs(node)) or not _few_states(node):
                return False
            continue
        if node.op.kind in ("source", "item"):
            continue
        if node.op.kind == "contraction":
            count = _multiply_adds(node)
            if count is None:
                return False
            total += count
            continue
        if not (inlinable(node) or isinstance(node.op, Reduction)):
            return False
        if getattr(node.op, "bounds", None):
            return False  # an index that may be out of range needs a check, which is a kernel of its own
        # A reduction is written out over its operand; of other operands, however long, only what is read counts.
        counts = [_count(n) for n in ((node, *node.inputs) if isinstance(node.op, Reduction) else (node,))]
        if None in counts:
            return False
        total += max(counts)  # type: ignore[type-var,operator]
    return total <= BODY_LIMIT


def _multiply_adds(node: Tensor) -> int | None:
    """Multiplications of a contraction, or None where a size is symbolic."""
    sizes = dict(zip(node.attr("left"), node.inputs[0].shape)) | dict(zip(node.attr("right"), node.inputs[1].shape))
    total = sz.product(sizes.values())
    return total if isinstance(total, int) else None


def _few_states(node: Tensor) -> bool:
    if node.op.name == "cond":
        states = list(node.attr("then").outputs)
    else:
        states = list(node.attr("body").inputs[node.attr("sequences") :])
        states = states[: node.attr("carries")]
    counts = [_count(s) for s in states]
    if None in counts or sum(counts) > STATE_LIMIT:  # type: ignore[arg-type]
        return False
    rows = node.attr("body").outputs[node.attr("carries") :] if node.op.name != "cond" else ()
    return all(_count(r) is not None for r in rows)


def _indices(shape: Sequence[SizeLike]) -> Iterator[tuple[int, ...]]:
    return itertools.product(*(range(n) for n in shape))  # type: ignore[arg-type]


class _Scalars(Elements):
    """Elements at constant indices: reductions are written out, leaves are looked up."""

    def __init__(self, lookup) -> None:  # type: ignore[no-untyped-def]
        super().__init__(lambda node: False)
        self._lookup = lookup

    def _operands(self, node: Tensor, index: tuple) -> list:
        if isinstance(node.op, Reduction):
            return [key for key, _ in self._terms(node, index)]
        return super()._operands(node, index)

    def _terms(self, node: Tensor, at: tuple) -> list:
        operand, axes = node.inputs[0], node.attr("axes")
        extents = [operand.shape[a] for a in axes]
        return [
            ((operand, reduction_index(operand, axes, at, reduced)), position)
            for position, reduced in enumerate(_indices(extents))
        ]

    def _apply(self, node: Tensor, at: tuple, operands: list[Expr]) -> Expr:
        found = self._lookup(node, at)
        if found is not None:
            return found
        if isinstance(node.op, Reduction):
            monoid = node.op.monoid
            terms = self._terms(node, at)
            accumulators: tuple[Expr, ...] = monoid.init(node.inputs[0].dtype)
            for operand, (_, position) in zip(operands, terms):
                accumulators = monoid.step(accumulators, operand, index(position))
            return monoid.finish(accumulators, index(len(terms)))
        return super()._apply(node, at, operands)


class _Operands:
    """Elements of the operands of a nested loop: variables where there are few, expressions otherwise."""

    def __init__(self, known: dict[tuple[Tensor, tuple[int, ...]], Expr], scalars: _Scalars) -> None:
        self._known, self._scalars = known, scalars

    def __call__(self, node: Tensor, at: tuple) -> Expr:
        found = self._known.get((node, at))
        return self._scalars.value(node, at) if found is None else found


class _Scalarizer:
    """Writes loops and branches as statements over local variables."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.memory = builder.memory
        self.numbers = itertools.count(1)
        self.steps: list[Expr] = []  # of the loops around what is written

    def name(self, node: Tensor, otherwise: str) -> str:
        return self.memory.names.fresh(node.name or otherwise)

    # -- values of nodes: a table from (node, index) to an expression
    def outer_value(self, node: Tensor, at: tuple[int, ...]) -> Expr:
        """An element of a tensor that lies in memory outside of the loop."""
        if node.op is CONSTANT and node.attr("value").array.size == 1:
            return Const(node.attr("value").array.reshape(()).item(), node.dtype)
        return Load(self.memory.buffer(node), row_major(at, self.memory.shape(node)), node.dtype)

    def compute(self, graph: Graph, leaf_value) -> tuple[list[ir.Statement], list[list[Expr]]]:  # type: ignore[no-untyped-def]
        """Statements that compute the outputs of a body, and the values of their elements."""
        graph = Graph(graph.inputs, tuple(lower_contractions(graph.outputs, self.memory.shape, blas=False)))
        leaves = set(graph.inputs)
        made: dict[tuple[Tensor, tuple[int, ...]], Expr] = {}
        statements: list[ir.Statement] = []

        def lookup(node: Tensor, at: tuple) -> Expr | None:
            if node in leaves:
                return leaf_value(node, at)
            if (node, at) in made:
                return made[node, at]
            if node.op is CONSTANT and node.attr("value").array.size > 1:
                return Const(node.attr("value").array[at].item(), node.dtype)
            return None

        scalars = _Scalars(lookup)
        for node in graph.nodes():
            if node.op.kind == "loop":
                bind = Binder(self.builder.fma, (), self.numbers)
                # Operands of a few elements become variables before the loop; larger ones lie in memory.
                few = [i for i in node.inputs if (_count(i) or STATE_LIMIT + 1) <= STATE_LIMIT]
                known = {(i, at): bind(scalars.value(i, at)) for i in few for at in _indices(self.memory.shape(i))}
                statements += bind.take()
                inner, results = self.loop(node, _Operands(known, scalars))
                statements += inner
                for k, table in enumerate(results):
                    item = _item_of(node, k)
                    made.update({(item, at): v for at, v in table.items()})
        values = [[scalars.value(o, at) for at in _indices(self.memory.shape(o))] for o in graph.outputs]
        bind = Binder(self.builder.fma, [v for row in values for v in row], self.numbers)
        bound = [[bind(v) for v in row] for row in values]
        return statements + bind.take(), bound

    # -- loops and branches: statements, and the values of the results by index
    def loop(self, node: Tensor, value, results: Sequence[str] = ()) -> tuple[list[ir.Statement], list[dict]]:  # type: ignore[no-untyped-def]
        """Statements of a loop or branch; ``value(node, index)`` gives elements of its operands, ``results`` are the
        buffers that collected rows go to.
        """
        return {"scan": self._scan, "while_loop": self._while, "cond": self._cond}[node.op.name](node, value, results)

    def _states(self, leaves: Sequence[Tensor], initials: Sequence[Tensor], value) -> tuple[list, list[dict]]:  # type: ignore[no-untyped-def]
        declared: list[ir.Statement] = []
        tables: list[dict] = []
        for leaf, initial in zip(leaves, initials):
            base, table = self.name(leaf, "state"), {}
            for number, at in enumerate(_indices(self.memory.shape(leaf))):
                name = base if not at else f"{base}_{number}"
                declared.append(ir.Declare(name, value(initial, at)))
                table[at] = Var(name, leaf.dtype)
            tables.append(table)
        return declared, tables

    def _assign(self, tables: list[dict], new: list[list[Expr]]) -> list[ir.Statement]:
        """Give states their new values; a value that reads another state is put aside first."""
        old = {v.name for t in tables for v in t.values()}
        aside: list[ir.Statement] = []
        assigned: list[ir.Statement] = []
        for table, values in zip(tables, new):
            for variable, v in zip(table.values(), values):
                if v is variable:
                    continue
                if isinstance(v, Var) and v.name in old:
                    name = f"{variable.name}_new"
                    aside.append(ir.Let(name, v))
                    v = Var(name, v.dtype)
                assigned.append(ir.Assign(variable.name, v))
        return aside + assigned

    def _scan(self, node: Tensor, value, results: Sequence[str]) -> tuple[list[ir.Statement], list[dict]]:  # type: ignore[no-untyped-def]
        body: Graph = node.attr("body")
        sequences, carries = node.attr("sequences"), node.attr("carries")
        var = LoopVar(self.memory.names.fresh("step"), self.builder.guards.canonical(node.attr("steps")))
        at_step = Size.of(var)
        states = body.inputs[sequences : sequences + carries]
        declared, tables = self._states(states, node.inputs[sequences : sequences + carries], value)
        place = {leaf: k for k, leaf in enumerate(body.inputs)}

        def leaf_value(leaf: Tensor, at: tuple) -> Expr:
            k = place[leaf]
            if k < sequences:
                return value(node.inputs[k], (at_step, *at))
            if k < sequences + carries:
                return tables[k - sequences][at]
            return value(node.inputs[k], at)

        self.steps.append(index(at_step))
        inside, outputs = self.compute(body, leaf_value)
        self.steps.pop()
        stores: list[ir.Statement] = []
        for target, output, values in zip(results[carries:], body.outputs[carries:], outputs[carries:]):
            shape = self.memory.shape(output)
            row = sz.mul(at_step, sz.product(shape))
            for at, v in zip(_indices(shape), values):
                stores.append(ir.Store(target, sz.add(row, row_major(at, shape)), v))
        steps = (*inside, *stores, *self._assign(tables, outputs[:carries]))
        is_long = not isinstance(var.extent, int) or var.extent > SHORT_LOOP
        loop = ir.For(var, steps, reverse=node.attr("reverse"), long=is_long)
        return [*declared, loop], tables

    def _while(self, node: Tensor, value, results: Sequence[str]) -> tuple[list[ir.Statement], list[dict]]:  # type: ignore[no-untyped-def]
        declared, tables = self._while_states(node, value)
        counter = Var(self.memory.names.fresh("rounds"), index(0).dtype)
        holds = self.memory.names.fresh("holds")
        statements = self.rounds(node, value, tables, counter, holds, ())
        start = [ir.Declare(counter.name, Const(0, counter.dtype)), ir.Declare(holds, Const(False, BOOL))]
        return [*declared, *start, *statements], [*tables, {(): counter}]

    def _while_states(self, node: Tensor, value) -> tuple[list[ir.Statement], list[dict]]:  # type: ignore[no-untyped-def]
        first, last = node.attr("sequences"), node.attr("sequences") + node.attr("carries")
        return self._states(node.attr("body").inputs[first:last], node.inputs[first:last], value)

    def rounds(  # type: ignore[no-untyped-def]
        self, node: Tensor, value, tables: list[dict], counter: Var, holds: str, logs: Sequence[str],
        room: Expr | None = None,
    ) -> list[ir.Statement]:  # fmt: skip
        """The rounds of a while loop over declared variables; it also stops where there is no more ``room``."""
        condition, body = node.attr("condition"), node.attr("body")
        sequences, carries, limit = node.attr("sequences"), node.attr("carries"), node.attr("max_steps")
        at_round = Size.of(LoopVar(counter.name, 0))

        def values_of(graph: Graph):  # type: ignore[no-untyped-def]
            place = {leaf: k for k, leaf in enumerate(graph.inputs)}

            def leaf_value(leaf: Tensor, at: tuple) -> Expr:
                k = place[leaf]
                if k < sequences:
                    return value(node.inputs[k], (at_round, *at))
                return tables[k - sequences][at] if k < sequences + carries else value(node.inputs[k], at)

            return leaf_value

        def test() -> list[ir.Statement]:
            inside, ((result,),) = self.compute(condition, values_of(condition))
            return _scoped([*inside, ir.Assign(holds, result)])

        self.steps.append(counter)
        inside, outputs = self.compute(body, values_of(body))
        self.steps.pop()
        stores: list[ir.Statement] = []
        for target, output, values in zip(logs, body.outputs[carries:], outputs[carries:]):
            shape = self.memory.shape(output)
            row = sz.mul(at_round, sz.product(shape))
            stores += [ir.Store(target, sz.add(row, row_major(at, shape)), v) for at, v in zip(_indices(shape), values)]
        checks: list[ir.Statement] = []
        if limit is not None:
            site = self.builder.site("while_loop", node.sites)
            fail = ir.Fail(CODES["steps"], site, (index(limit),), self.steps[-1] if self.steps else None)
            checks.append(ir.If(call("ge", counter, index(limit)), (fail,)))
        count = ir.Assign(counter.name, counter + 1)
        round_ = (*checks, *inside, *stores, *self._assign(tables, outputs[:carries]), count, *test())
        if room is None:
            return [*test(), ir.While(holds, round_, counter.name)]
        going = self.memory.names.fresh("going")
        go_on = call("and", Var(holds, BOOL), room)
        return [*test(), ir.Declare(going, go_on), ir.While(going, (*round_, ir.Assign(going, go_on)), counter.name)]

    def _cond(self, node: Tensor, value, results: Sequence[str]) -> tuple[list[ir.Statement], list[dict]]:  # type: ignore[no-untyped-def]
        predicate, *operands = node.inputs
        types = node.type
        tables: list[dict] = []
        declared: list[ir.Statement] = []
        for t in types:
            shape = tuple(map(self.builder.guards.canonical, t.shape))
            base, table = self.memory.names.fresh("chosen"), {}
            for number, at in enumerate(_indices(shape)):
                name = f"{base}_{number}" if at else base
                declared.append(ir.Declare(name, Const(0, t.dtype)))
                table[at] = Var(name, t.dtype)
            tables.append(table)

        def branch(graph: Graph) -> tuple[ir.Statement, ...]:
            place = {leaf: k for k, leaf in enumerate(graph.inputs)}
            inside, outputs = self.compute(graph, lambda leaf, at: value(operands[place[leaf]], at))
            assigned = [
                ir.Assign(v.name, e) for table, row in zip(tables, outputs) for v, e in zip(table.values(), row)
            ]  # fmt: skip
            return (*inside, *assigned)

        choice = ir.If(value(predicate, ()), branch(node.attr("then")), branch(node.attr("otherwise")))
        return [*declared, choice], tables


def _scoped(statements: list[ir.Statement]) -> list[ir.Statement]:
    """Statements in a block of their own, so that their variables may be defined again."""
    return [ir.If(Const(True, BOOL), tuple(statements))]


def _item_of(node: Tensor, k: int) -> Tensor:
    from symtensor.ops.item import item

    return item(node, k)


def scalar_form(builder: Builder, node: Tensor) -> Tensor | None:
    """A loop or branch whose body is small and of known sizes, with these sizes in place; None for any other."""
    node = with_known_sizes(node, builder.guards.canonical)
    graphs = _inner_graphs(node)
    fits = _few_states(node) and all(map(_small, graphs)) and not any(map(_nested_rows, graphs))
    return node if fits else None


def scalar_kernel(builder: Builder, node: Tensor) -> ir.Kernel | None:
    """One kernel for a loop or branch whose body is small and static; None if it is not."""
    form = scalar_form(builder, node)
    if form is None:
        return None
    results = [builder.item(node, k) for k in range(len(node.type))]
    writer = _Scalarizer(builder)
    statements, tables = writer.loop(form, writer.outer_value, results)
    for k, table in enumerate(tables):
        shape = tuple(map(builder.guards.canonical, node.type[k].shape))
        statements += [ir.Store(results[k], row_major(at, shape), v) for at, v in table.items()]
    work = sz.mul(builder.guards.canonical(node.attr("steps")), 100) if node.op.name == "scan" else 1000
    return make_kernel(builder.kernel_name([node]), tuple(statements), (node,), work, builder.memory.dtypes)


def _nested_rows(graph: Graph) -> bool:
    """Whether a loop inside of a body collects rows or reads sequences: those need memory, which a body has none of."""
    for node in graph.nodes():
        if node.op.kind != "loop":
            continue
        if node.op.name == "scan" and (node.attr("sequences") or len(node.type) > node.attr("carries")):
            return True
        if node.op.name == "while_loop" and (node.attr("sequences") or len(node.type) > node.attr("carries") + 1):
            return True
        if any(_nested_rows(g) for g in _inner_graphs(node)):
            return True
    return False


def resumable_kernel(
    builder: Builder, node: Tensor, results: Sequence[str], logs: Sequence[str], capacity: Atom, unfinished: str
) -> ir.Kernel:
    """A while loop as a kernel that goes on where its results stand, until it ends or the logs are full.

    Args:
        builder: of the Program.
        node: the while loop, as ``scalar_form`` gives it.
        results: buffers of the carries and of the step count, which hold the state between two runs.
        logs: buffers of collected rows.
        capacity: how many rows the logs have room for.
        unfinished: buffer of a bool that says whether another run is due.
    """
    writer = _Scalarizer(builder)
    carries, types = node.attr("carries"), node.type
    shapes = [tuple(map(builder.guards.canonical, t.shape)) for t in types[:carries]]
    tables: list[dict] = []
    statements: list[ir.Statement] = []
    leaves = node.attr("body").inputs[node.attr("sequences") :]
    for leaf, buffer, shape in zip(leaves, results, shapes):
        base, table = writer.name(leaf, "state"), {}
        for number, at in enumerate(_indices(shape)):
            name = f"{base}_{number}" if at else base
            statements.append(ir.Declare(name, Load(buffer, row_major(at, shape), leaf.dtype)))
            table[at] = Var(name, leaf.dtype)
        tables.append(table)
    counter = Var(builder.memory.names.fresh("rounds"), index(0).dtype)
    holds = builder.memory.names.fresh("holds")
    statements.append(ir.Declare(counter.name, Load(results[carries], 0, counter.dtype)))
    statements.append(ir.Declare(holds, Const(False, BOOL)))
    room = call("lt", counter, index(Size.of(capacity)))
    statements += writer.rounds(node, writer.outer_value, tables, counter, holds, logs, room)
    for buffer, table, shape in zip(results, tables, shapes):
        statements += [ir.Store(buffer, row_major(at, shape), v) for at, v in table.items()]
    statements.append(ir.Store(results[carries], 0, counter))
    statements.append(ir.Store(unfinished, 0, Var(holds, BOOL)))
    return make_kernel(builder.kernel_name([node]), tuple(statements), (node,), 1000, builder.memory.dtypes)
