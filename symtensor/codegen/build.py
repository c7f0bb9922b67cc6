"""From a Plan to a Program: steps over named buffers.

Kernel groups are lowered, contractions become matrix products, scatters and index checks become kernels, library ops
become library steps.  Loops and branches are built by ``loops.py`` with the same ``Builder`` for their bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial

import numpy as np

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.bind import Binder
from symtensor.codegen.contraction import gemm_form
from symtensor.codegen.group import GroupLowering, Memory, make_kernel
from symtensor.codegen.in_output import scratch_in_outputs
from symtensor.codegen.lower import lower
from symtensor.codegen.names import SourceNames
from symtensor.codegen.program import (
    Commit,
    Copy,
    HostCall,
    HostFunction,
    Launch,
    Library,
    Program,
    Step,
    Storage,
    axis_site,
    routine_site,
    written,
)
from symtensor.codegen.resolve import resolve, row_major
from symtensor.codegen.scatter import scatter_kernel
from symtensor.codegen.schedule import Schedule
from symtensor.errors import CODES, CompileError
from symtensor.ir import size as sz
from symtensor.ir.graph import Graph, users
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import BOOL, Const, Load, LoopVar, Var, cast, index
from symtensor.ir.size import AnonymousDim, Atom, Bound, Dim, ScalarValue, Size, SizeLike, atoms
from symtensor.ops.declare import CONSTANT
from symtensor.ops.effects import CHECK, show
from symtensor.ops.monoids import ANY_MONOID
from symtensor.optimizer.elements import inlinable, is_scalar_constant
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.plan import CheckStep, KernelGroup, NodeStep, Plan
from symtensor.optimizer.roots import VIEWS
from symtensor.options import Options

INT64 = np.dtype("int64")


LoopBuilder = Callable[["Builder", Tensor], list[Step]]


class Builder:
    """Builds the steps of one Program.

    Attributes:
        memory: names, shapes and aliases of everything stored.
        storages: all buffers by name.
        sites: texts and user lines by number.
        constants: values of the large constants, by buffer.
        fills: steps that write scalar constants into memory, for steps that read them there.
        size_names: the variables of sizes.
    """

    def __init__(
        self,
        guards: Guards,
        *,
        loop: LoopBuilder,
        device: bool,
        fma: bool,
        schedules: dict[str, Schedule] | None = None,
    ) -> None:
        self.guards = guards
        self._loop = loop
        self.device = device
        self.fma = fma
        self.schedules = schedules or {}
        self.memory = Memory(SourceNames(), guards.canonical)
        self.storages: dict[str, Storage] = {}
        self.constants: dict[str, np.ndarray] = {}
        self.fills: list[Step] = []
        self.size_names: dict[Atom, str] = {}
        self.sites: list[tuple[str, tuple]] = []
        self._site_numbers: dict[tuple[str, tuple], int] = {}
        self.kernel_count = 0
        self.updated: frozenset[str] = frozenset()  # outputs that are new values of variables
        self.host_calls: list[HostFunction] = []
        self.log: list[tuple[str, Schedule, GroupLowering]] = []

    # ------------------------------------------------------------------------------------------------ small parts
    def site(self, what: str, sites: tuple) -> int:
        """Number of a user line in the table that native errors refer to."""
        key = (what, sites)
        if key not in self._site_numbers:
            self._site_numbers[key] = len(self.sites)
            self.sites.append(key)
        return self._site_numbers[key]

    def name_size(self, atom: Atom) -> None:
        """Give a size a variable."""
        if atom not in self.size_names:
            self.size_names[atom] = self.memory.names.fresh(_size_label(atom))

    def elements(self, node: Tensor) -> SizeLike:
        """Number of elements of a node."""
        return sz.product(self.memory.shape(node))

    def store(self, node: Tensor, kind: str = "temporary", number: int = -1) -> str:
        """Give a node a buffer; its name."""
        name = self.memory.buffer(node)
        if name not in self.storages:
            shape = self.memory.shape(node)
            self.storages[name] = Storage(name, node.dtype, sz.product(shape), kind, number, shape)
        return name

    def temporary(self, wanted: str, dtype: np.dtype, elements: SizeLike) -> str:
        """A buffer that holds no node."""
        name = self.memory.names.fresh(wanted)
        self.memory.dtypes[name] = dtype
        self.storages[name] = Storage(name, dtype, elements, "temporary")
        return name

    def operand(self, node: Tensor) -> str:
        """The buffer of an operand of a step; a scalar constant gets one that is filled at the start."""
        name = self.memory.buffer(node)
        if is_scalar_constant(node) and name not in self.storages:
            self.store(node)
            self.fills.append(Launch(_fill(self, name, node)))
        return name

    def kernel_name(self, nodes: Iterable[Tensor]) -> str:
        """A kernel's name: its number and what it computes."""
        self.kernel_count += 1
        ops = list(dict.fromkeys(n.op.name for n in nodes))[:3]
        return self.memory.names.fresh("_".join([f"k{self.kernel_count}", *ops]))

    # ------------------------------------------------------------------------------------------------------ plans
    def steps(self, plan: Plan) -> list[Step]:
        """The steps of a plan, whose leaves have buffers already."""
        self._aliases(plan)
        result: list[Step] = []
        for step in plan.steps:
            for node in step.nodes:
                if node in plan.stored and not isinstance(node.type, tuple):
                    self.store(node)
            if isinstance(step, KernelGroup):
                result += self.group(step)
            elif isinstance(step, CheckStep):
                result += self.check(step)
            else:
                result += self.node_step(step)
        return result

    def _aliases(self, plan: Plan) -> None:
        outputs = set(plan.graph.outputs)
        readers = users(plan.graph.nodes())
        for step in plan.steps:
            if not isinstance(step, NodeStep) or step.kind != "scatter":
                continue
            base = step.node.inputs[0]
            computed = inlinable(base) and base in plan.stored and base not in outputs
            if computed and len(readers[base]) == 1:
                self.memory.alias[base] = step.node  # filled where rows are added
        for node in plan.graph.nodes():
            if node.op.name in VIEWS and node not in plan.stored and node not in outputs:
                self.memory.alias.setdefault(node, node.inputs[0])
            elif node.op is CONSTANT and not is_scalar_constant(node):
                self.constant(node)

    def constant(self, node: Tensor) -> str:
        """The buffer of a constant that is bound as a hidden argument."""
        name = self.store(node, "argument")
        self.constants[name] = node.attr("value").array
        return name

    def group(self, group: KernelGroup) -> list[Step]:
        """A kernel group as launches."""
        name = self.kernel_name(group.nodes)
        given = self.schedules.get(name)
        lowering = GroupLowering(group, name, self.memory, given, self.fma, host=not self.device)
        kernels = lower(lowering)
        if not self.device:
            kernels = [scratch_in_outputs(k, self.updated) for k in kernels]
        for scratch, dtype, elements in lowering.partials:
            self.storages[scratch] = Storage(scratch, dtype, elements, "temporary")
        self.log.append((name, lowering.schedule, lowering))
        return [Launch(k) for k in kernels]

    def node_step(self, step: NodeStep) -> list[Step]:
        """A step that is one node."""
        node = step.node
        if step.kind == "scatter":
            return self.scatter(step)
        if step.kind == "contraction":
            name = self.kernel_name([node])
            form = gemm_form(node, name, self.memory.buffer, self.memory.shape)
            assert form is not None, "contractions that are no matrix products were lowered to sums"
            return [form]
        if step.kind == "loop":
            return self._loop(self, node)
        if step.kind == "library":
            return self.library(node)
        if step.kind == "effect":
            return self.effect(node)
        raise TypeError(f"{node.op.name} ({step.kind}) has no native code yet\n  hint: compile with target='numpy'")

    # ----------------------------------------------------------------------------------------- checks and scatters
    def check(self, step: CheckStep) -> list[Step]:
        """A kernel that fails at the first index outside of an axis.

        All are looked at in lanes; the one to be named is searched for only where there is one.
        """
        name = self.kernel_name([step.index]) + "_check"
        group = resolve(
            step.group,
            lambda n, at: Load(self.memory.buffer(n), row_major(at, self.memory.shape(n)), n.dtype),
            self.memory.canonical,
        )
        value = cast(group.sweeps[0].computes[0].value, INT64)
        bind = Binder(self.fma)
        position, extent = bind(value), index(step.extent)
        outside = (position < -extent) | (position >= extent)
        source = step.on_behalf.inputs[0].name
        where = f" of {source}" if source else ""
        what = f"{step.on_behalf.op.name}{where} with {step.index.name or step.index.op.name}"
        fail = ir.Fail(CODES["index"], self.site(what, step.on_behalf.sites), (position, extent))
        values = bind.take()
        body: list[ir.Statement] = [*values, ir.If(outside, (fail,))]
        for var in reversed(group.outer):
            body = [ir.For(var, tuple(body))]
        if group.outer:
            found = Var("outside", BOOL)
            look: list[ir.Statement] = [*values, ir.Accumulate((found.name,), ANY_MONOID, outside, index(0))]
            for depth, var in enumerate(reversed(group.outer)):
                look = [ir.For(var, tuple(look), "serial" if depth else "simd", lanes=0 if depth else 32)]
            body = [ir.Declare(found.name, Const(False, BOOL)), *look, ir.If(found, tuple(body))]
        return [
            Launch(make_kernel(name, tuple(body), (step.on_behalf,), self.elements(step.index), self.memory.dtypes))
        ]

    def scatter(self, step: NodeStep) -> list[Step]:
        """Add rows at computed positions: a copy of the base, then rows in order, large ones by several owners."""
        node, group = step.node, step.group
        assert group is not None
        base, target = node.inputs[0], self.memory.buffer(node)
        kernel = scatter_kernel(self.kernel_name([node]), node, group, self.memory, self.fma, not self.device)
        source = self.memory.buffer(base)
        copy = [Copy(target, source, node.dtype, self.elements(node))] if source != target else []
        return [*copy, Launch(kernel)]

    def library(self, node: Tensor) -> list[Step]:
        """A library routine; the results are the buffers of the node's items."""
        inputs = tuple(map(self.operand, node.inputs))
        types = node.type if isinstance(node.type, tuple) else (node.type,)
        outputs = tuple(self.item(node, k) for k in range(len(types)))
        sizes = tuple(s for i in node.inputs for s in self.memory.shape(i))
        flags = tuple(int(v) for _, v in node.attrs if isinstance(v, (bool, int)))
        bound = next((v for _, v in node.attrs if isinstance(v, Bound)), None)
        if bound is not None:
            self.name_size(bound)
        self.site(*routine_site(node))
        return [Library(node.op.routine, node, inputs, outputs, sizes, flags, bound)]  # type: ignore[attr-defined]

    def effect(self, node: Tensor) -> list[Step]:
        """Print or check, and hand the value on."""
        source = self.operand(node.inputs[0])
        copy = Copy(self.store(node), source, node.dtype, self.elements(node))
        if node.op is CHECK:
            return [self._condition(node), copy]
        number = len(self.host_calls)
        self.host_calls.append(HostFunction(partial(show, node.attr("label")), ((node.dtype, node.ndim),)))
        return [HostCall(number, node, (source,), self.memory.shape(node)), copy]

    def _condition(self, node: Tensor) -> Step:
        """A kernel that fails at the first element of a condition that is false."""
        condition = node.inputs[1]
        buffer, shape = self.operand(condition), self.memory.shape(condition)
        loops = [LoopVar(f"i{k}", n) for k, n in enumerate(shape)]
        holds = Load(buffer, row_major(tuple(map(Size.of, loops)), shape), condition.dtype)
        fail = ir.Fail(CODES["check"], self.site(node.attr("message"), node.sites), (index(0), index(0)))
        body: list[ir.Statement] = [ir.If(~holds, (fail,))]
        for var in reversed(loops):
            body = [ir.For(var, tuple(body))]
        work = sz.product(shape)
        return Launch(make_kernel(self.kernel_name([node]), tuple(body), (node,), work, self.memory.dtypes))

    def item(self, node: Tensor, k: int) -> str:
        """The buffer of one result of a node, whether or not anything reads it."""
        if not isinstance(node.type, tuple):
            return self.store(node)
        from symtensor.ops.item import item

        return self.store(item(node, k))


def bind_atoms(arguments: tuple[Tensor, ...], canonical: Guards) -> dict[Atom, tuple[int, int]]:
    """Where each atom's value is found: the first argument axis of that size, or the value of a scalar argument."""
    table: dict[Atom, tuple[int, int]] = {}
    for number, leaf in enumerate(arguments):
        for axis, size in enumerate(leaf.shape):
            if isinstance(size, Size):
                for atom in atoms(size):
                    if isinstance(atom, (Dim, AnonymousDim)) and size == Size.of(atom):
                        table.setdefault(atom, (number, axis))
    for number, leaf in enumerate(arguments):
        if leaf.ndim == 0 and leaf.dtype.kind in "iu" and leaf.op.name == "input":
            for atom in _scalar_atoms(leaf):
                table.setdefault(atom, (number, -1))
    return table


def _scalar_atoms(leaf: Tensor) -> list[Atom]:
    from symtensor.ops.shapes import as_size

    size = as_size(leaf)
    return [a for a in atoms(size) if isinstance(a, ScalarValue)]


def build_program(
    plan: Plan,
    arguments: tuple[Tensor, ...],
    name: str,
    *,
    loop: LoopBuilder,
    device: bool,
    options: Options,
    updates: Collection[int] = (),
    in_place: dict[int, int] | None = None,
) -> tuple[Program, Builder]:
    """Build the Program of a whole function.

    Args:
        plan: of the graph; its outputs are the results, then the new values of updated shared variables.
        arguments: inputs, shared variables and large constants, in the order of the entry.
        name: for comments.
        loop: builds the steps of loops and branches (``loops.build_loop``, which stands on this module).
        device: whether kernels run on a device.
        options: whether products join additions, and given schedules.
        updates: output numbers that are new values of shared variables.
        in_place: output numbers that may write into the argument of that number.

    Returns:
        The Program and the builder, which holds schedules for inspection.
    """
    given: dict[str, Schedule] = dict(options.schedules)  # type: ignore[arg-type]
    builder = Builder(plan.guards, loop=loop, device=device, fma=options.fma, schedules=given)
    for number, leaf in enumerate(arguments):
        builder.store(leaf, "argument", number)
        for axis in range(leaf.ndim):
            builder.site(*axis_site(leaf, axis))
    for number, argument in (in_place or {}).items():
        builder.memory.alias[plan.graph.outputs[number]] = arguments[argument]
    known = bind_atoms(arguments, plan.guards)
    for atom in known:
        builder.name_size(atom)
    outputs, copies = _output_buffers(builder, plan.graph, set(arguments))
    builder.updated = frozenset(outputs[number] for number in updates)
    steps = builder.steps(plan) + copies
    steps = builder.fills + steps
    unknown = sorted(set(given) - {name for name, _, _ in builder.log})
    if unknown:
        listed = ", ".join(name for name, _, _ in builder.log)
        raise CompileError(f"no kernel is named {unknown[0]!r}, which has a schedule\n  hint: the kernels are {listed}")
    steps = _with_commit(steps, {builder.memory.buffer(arguments[a]) for a in (in_place or {}).values()})
    for node in plan.graph.nodes():
        for size in (s for t in (node.type if isinstance(node.type, tuple) else (node.type,)) for s in t.shape):
            for atom in atoms(size):
                if isinstance(atom, Bound):
                    builder.name_size(atom)
    guards = tuple((g, builder.site(g.what, g.sites)) for g in plan.guards.conditions)
    program = Program(
        name, arguments, builder.storages, known, builder.size_names, guards, tuple(steps), tuple(builder.sites),
        outputs, plan.graph.outputs, builder.constants, in_place or {}, tuple(builder.host_calls),
        getattr(options.memory_limit, "values", {}),
    )  # fmt: skip
    return program, builder


def _with_commit(steps: list[Step], variables: set[str]) -> list[Step]:
    """Mark the place from which on shared variables are written."""
    first = next((k for k, s in enumerate(steps) if not variables.isdisjoint(written(s))), None)
    return steps if first is None else [*steps[:first], Commit(), *steps[first:]]


def _size_label(atom: Atom) -> str:
    return atom.label.replace(".shape[", "_size").replace("]", "")


def _output_buffers(builder: Builder, graph: Graph, leaves: set[Tensor]) -> tuple[tuple[str, ...], list[Step]]:
    """Give outputs their buffers; outputs that are leaves, or repeated, are copied at the end."""
    names: list[str] = []
    copies: list[Step] = []
    taken: set[Tensor] = set()
    for number, node in enumerate(graph.outputs):
        shape = builder.memory.shape(node)
        if node in builder.memory.alias:  # an update in place
            names.append(builder.memory.buffer(node))
            taken.add(node)
            continue
        if node in taken or node in leaves or node.op is CONSTANT:
            name = builder.memory.names.fresh((node.name or node.op.name) + "_out")
            builder.memory.dtypes[name] = node.dtype
            builder.storages[name] = Storage(name, node.dtype, sz.product(shape), "output", number, shape)
            if is_scalar_constant(node):
                copies.append(Launch(_fill(builder, name, node)))
            else:
                if node.op is CONSTANT:
                    builder.constant(node)
                copies.append(Copy(name, builder.memory.buffer(node), node.dtype, sz.product(shape)))
        else:
            taken.add(node)
            name = builder.store(node, "output", number)
        names.append(name)
    return tuple(names), copies


def _fill(builder: Builder, name: str, node: Tensor) -> ir.Kernel:
    value = Const(node.attr("value").array.reshape(()).item(), node.dtype)
    return make_kernel(builder.kernel_name([node]), (ir.Store(name, 0, value),), (node,), 1, builder.memory.dtypes)


__all__ = ["Builder", "bind_atoms", "build_program"]
