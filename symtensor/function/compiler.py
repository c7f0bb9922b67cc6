"""``compile``: from symbolic outputs and inputs to a callable.

The steps of a compilation: check what the user asks for (``request``), collect guards, optimise, generate source,
build and load it, and hand the entry to the dispatcher, which asks ``calls`` where arguments do not fit as they are.
What each step made stays on the function for inspection.
"""

from __future__ import annotations

import functools
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replace_fields
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from symtensor.function.calls import Converter, NestedFunction, user_line
from symtensor.function.checking import kernel_check, rewrite_check, stored_nodes
from symtensor.function.inputs import Inputs
from symtensor.function.interpreter import InterpretedFunction
from symtensor.function.plans import Plan, PlanKey, plan_key
from symtensor.function.profiling import OperationLog, StepLog, Timing
from symtensor.function.recipe import FunctionDetails, Machine, Recipe
from symtensor.function.request import (
    Outputs,
    checked_debug,
    checked_exclusions,
    checked_givens,
    checked_inputs,
    checked_updates,
    default_updates,
    replace,
    update_guards,
)
from symtensor.function.variables import SharedVariable
from symtensor.function.watching import Check, WatchedFunction, nan_check
from symtensor.inspect.report import CompileReport
from symtensor.ir.collector import collector_paused
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ops.declare import SHARED
from symtensor.optimizer.guards import Guards, collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from symtensor.runtime import toolchain
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Output, Signature
from symtensor.runtime.toolchain import Built

if TYPE_CHECKING:
    from symtensor.codegen.entry import Source
    from symtensor.codegen.pipeline import Generated

# Loops are printed as vectors already: -O3 takes twice as long to compile and gains 0 to 5 %.
OPTIMIZE = 2
# Of a long source no part runs long: there -O1 without induction variables costs 0 to 10 % and saves a third of gcc's
# time.
LONG_SOURCE = 300_000  # characters
OPTIMIZE_LONG, FLAGS_LONG = 1, ("-fno-ivopts",)


def compile(
    outputs: Any,
    inputs: Any = (),
    *,
    updates: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]] | None = None,
    givens: Mapping[Tensor, Any] | None = None,
    no_default_updates: bool | Sequence[Tensor] = False,
    on_unused_input: str = "raise",
    allow_input_downcast: bool = False,
    name: str | None = None,
    target: str | None = None,
    threads: int | None = None,
    exclude: str | Sequence[str] = (),
    rules: Sequence[Any] = (),
    fma: bool = True,
    schedule: Mapping[str, Sequence[Any]] | None = None,
    mode: str | None = None,
    check_nan: bool = False,
) -> Any:
    """Compile symbolic outputs as a function of inputs.

    Args:
        outputs: a tensor, or a list, tuple or dict of tensors; ``None`` for a function that only updates.
        inputs: the tensors that a call gives values to, in order.
        updates: new values of shared variables, written after all outputs have been computed; all or none.
        givens: tensors to be replaced by others before compiling.
        no_default_updates: True, or a list of shared variables, whose ``default_update`` is then left out: a random
            stream draws the same numbers in each call.
        on_unused_input: ``"raise"``, ``"warn"`` or ``"ignore"`` for inputs that no output needs.
        allow_input_downcast: whether a call may give arrays whose values lose digits in the input's dtype.
        name: of the function, for comments and messages.
        target: ``"c"``, ``"numpy"`` (the reference interpreter), ``"opencl"``, ``"cuda"``, ``"cuda-shim"``, ``"null"``;
            by default C, or the interpreter where there is no compiler.
        threads: most threads that a call uses; all that the process may use if not given.
        exclude: names of rewrite rules or stages that are switched off.
        rules: additional rewrite rules.
        fma: whether a product may be fused with an addition, rounding once instead of twice.
        schedule: steps (``symtensor.codegen.schedule``) for kernels by name, as ``fn.schedule`` shows them, in place of
            the heuristic's choice.
        mode: ``"check"`` compares every rewrite that fired and every kernel with the interpreter at each call, and
            names the one that is wrong; ``"profile"`` notes the time of each step, which ``fn.profile`` does by itself.
        check_nan: stop each call at the first NaN or infinity, before anything is written, with the operation, the
            element, the ranges of its inputs and the user's line. Both modes are slow: they interpret the graph.

    Returns:
        A callable that takes arrays and returns NumPy arrays in the structure of ``outputs``.

    Raises:
        CompileError: for missing, unused or duplicate inputs and unsuitable updates.
        DTypeError: for an update or replacement of an unsuitable dtype.
        ShapeError: for an update or replacement of an unsuitable shape.
        CompilerError: if the C compiler fails.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> compile(x + 1, [x], target="numpy")([1.0, 2.0])
    array([2., 3.])
    """
    begin = time.perf_counter()
    asked_options = {
        "on_unused_input": on_unused_input, "allow_input_downcast": allow_input_downcast, "name": name,
        "target": target, "threads": threads, "exclude": exclude, "rules": rules, "fma": fma, "schedule": schedule,
        "mode": mode, "check_nan": check_nan, "no_default_updates": no_default_updates,
    }  # fmt: skip
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise ValueError(f"threads must be a positive number, not {threads!r}\n  hint: None takes all processors")
    if mode not in (None, "check", "profile"):
        hint = "check_nan=True looks for NaN, target='numpy' interprets"
        raise ValueError(f"mode must be None, 'check' or 'profile', not {mode!r}\n  hint: {hint}")
    options = Options(
        target=_default_target() if target is None else target,
        threads=threads,
        exclude=checked_exclusions(exclude, rules),
        rules=tuple(rules),
        fma=fma,
        profile=mode == "profile",
        schedules=tuple((kernel, tuple(steps)) for kernel, steps in (schedule or {}).items()),
    )
    checked_debug(options.debug)
    report = CompileReport()
    with collector_paused():
        with report.phase("collect"):
            given = inputs if isinstance(inputs, Inputs) else Inputs(inputs)
            asked = _collect(outputs, given, updates, givens, on_unused_input, no_default_updates)
        recipe = Recipe(compile, asked.outputs, given, asked.updates, asked.givens, asked_options)
        function = _function(asked, recipe, options, name or "function", report)
    report.total = time.perf_counter() - begin
    return function


def generate_source(
    outputs: Any,
    inputs: Any = (),
    *,
    updates: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]] | None = None,
    name: str | None = None,
    target: str = "c",
) -> str:
    """The source that ``compile`` would build, on machines that cannot run it: the device's where the target has one.

    Args:
        outputs: as for ``compile``.
        inputs: as for ``compile``.
        updates: as for ``compile``.
        name: of the function, for comments.
        target: ``"c"``, ``"opencl"`` or ``"cuda"``; no driver and no GPU is needed.

    Raises:
        CompileError: as ``compile`` does.
        ValueError: if the target has no source.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> "__global__" in generate_source(x + 1, [x], target="cuda")
    True
    """
    if target == "numpy":
        raise ValueError("the target 'numpy' interprets the graph and has no source")
    options = Options(target=target)
    asked = _collect(outputs, Inputs(inputs), updates, None, "ignore")
    optimised, _ = optimize(asked.graph, options)
    made = _generated(optimised, asked.guards(), asked.graph.inputs, asked.targets, options, name or "function")
    return made.source.device or made.source.text


# ------------------------------------------------------------------------------------------------------ the inside
def _function(asked: _Asked, recipe: Recipe, options: Options, name: str, report: CompileReport) -> Any:
    """The function that was asked for: by its plan in the cache, or by all stages of a compilation."""
    graph, given = asked.graph, recipe.inputs
    with report.phase("plan"):
        key = _plan_key(asked, options, name)
        plan = key.find() if key else None
        built = toolchain.built(plan.object) if plan else None
    arguments = tuple(_argument(leaf, keyword) for leaf, keyword in zip(given.leaves, given.names))
    convert = Converter(Signature(arguments, ()), recipe.options["allow_input_downcast"], given.defaults)
    function: Any
    if plan is not None and built is not None:

        def late() -> dict[str, Any]:
            guards, (optimised, trace) = asked.guards(), optimize(graph, options)
            generated = _generated(optimised, guards, graph.inputs, asked.targets, options, name)
            return {"optimised": optimised, "trace": trace, "guards": guards, "generated": generated}

        nothing: Any = None
        details = FunctionDetails(
            name, options.target, graph, nothing, nothing, report, nothing, late=late, recipe=recipe
        )  # fmt: skip
        report.cache_hit, report.path = True, built.source
        function = _load(plan, built, asked, options, details)
    else:
        with report.phase("collect"):
            guards = asked.guards()
        with report.phase("optimise"):
            optimised, trace = optimize(graph, options)
        details = FunctionDetails(name, options.target, graph, optimised, trace, report, guards, recipe=recipe)
        if options.target == "numpy":
            log = OperationLog() if options.profile else None
            if log is not None:
                details.timing = Timing(log, graph.inputs, convert)
            function = InterpretedFunction(
                optimised, guards, graph.inputs, asked.targets, asked.outputs, details, convert, log
            )  # fmt: skip
        else:
            function = _native(asked, options, details, key)
    checks = _checks(asked, options, details)
    if checks:
        function = WatchedFunction(function, graph.inputs, convert, checks)
    return function if given.flat and asked.outputs.flat else NestedFunction(function, given, asked.outputs)


@dataclass(frozen=True)
class _Asked:
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
        news = {self.graph.inputs[place]: self.graph.outputs[number] for number, place in self.targets.items()}
        return collect_guards(self.graph, update_guards(news))  # type: ignore[arg-type]


def _collect(
    outputs: Any,
    inputs: Inputs,
    updates: Any,
    givens: Any,
    on_unused_input: str,
    no_default_updates: bool | Sequence[Tensor] = False,
) -> _Asked:
    asked = outputs if isinstance(outputs, Outputs) else Outputs(outputs)
    news, replaced = checked_updates({} if updates is None else updates), checked_givens(givens or {})
    if no_default_updates is not True:
        kept = {*news, *(no_default_updates or ())}
        news |= checked_updates(default_updates([*asked.leaves, *news.values()], kept))
    results = replace(asked.leaves + list(news.values()), replaced)
    given = checked_inputs(inputs.leaves, results, on_unused_input)
    variables = [n for n in toposort(results) if n.op is SHARED]
    variables += [v for v in news if v not in set(variables)]
    graph = Graph((*given, *variables), tuple(results))
    place = {leaf: k for k, leaf in enumerate(graph.inputs)}
    targets = {len(asked.leaves) + k: place[v] for k, v in enumerate(news)}
    return _Asked(asked, graph, targets, news, replaced)


def _checks(asked: _Asked, options: Options, details: FunctionDetails) -> list[Check]:
    """What is looked at before each call."""
    wanted = details.recipe.options
    if not wanted["check_nan"] and wanted["mode"] != "check":
        return []  # before the views are asked for, which a warm compile has not made
    guards = details.guards
    checks = [nan_check(details.optimised, guards)] if wanted["check_nan"] else []
    if wanted["mode"] == "check":
        checks.append(rewrite_check(asked.graph, details.optimised, details.trace, guards))
        if details.generated is not None:
            nodes = stored_nodes(details.generated.plan)
            graph = Graph(asked.graph.inputs, tuple(nodes))
            alone = replace_fields(asked, outputs=Outputs(nodes), graph=graph, targets={}, updates={})
            name, recipe = details.name, details.recipe
            probe = FunctionDetails(
                name, details.target, graph, graph, details.trace, CompileReport(), guards, recipe=recipe
            )  # fmt: skip
            checks.append(kernel_check(nodes, _native(alone, options, probe, None), guards))
    return checks


def _default_target() -> str:
    """The C target, or where no compiler is found the interpreter, which is announced once."""
    try:
        toolchain.toolchain()
    except toolchain.NoCompiler as error:
        _announce(str(error).splitlines()[0])
        return "numpy"
    return "c"


@functools.cache
def _announce(reason: str) -> None:
    warnings.warn(f"symtensor runs on the slow NumPy interpreter: {reason}", RuntimeWarning, stacklevel=4)


def _generated(
    graph: Graph, guards: Guards, leaves: tuple[Tensor, ...], targets: dict[int, int], options: Options, name: str
) -> Generated:
    from symtensor.codegen.pipeline import Machine, generate

    tools = toolchain.toolchain()
    machine = Machine(tools.vector_bytes, frozenset(tools.features))
    return generate(graph, guards, leaves, targets, options, machine, name, user_line)


def _plan_key(asked: _Asked, options: Options, name: str) -> PlanKey | None:
    if options.target != "c":
        return None
    tools = toolchain.toolchain()
    machine = (tools.cc, tools.identity, tools.features, tools.vector_bytes, tools.flags, tools.vector_math)
    return plan_key(asked.graph, (machine, OPTIMIZE, name, sorted(asked.targets.items())), options)


def _native(asked: _Asked, options: Options, details: FunctionDetails, key: PlanKey | None) -> Function:
    """Generate, build and load; what was made is left in ``details``."""
    report = details.compile_report
    with report.phase("generate"):
        made = _generated(
            details.optimised, details.guards, asked.graph.inputs, asked.targets, options, details.name
        )  # fmt: skip
    details.generated = made
    with report.phase("compiler"):
        built = _compiled(made.source, details.name)
    report.cache_hit, report.path = built.cache_hit, built.source
    plan = _plan(made, built, asked.targets)
    if key is not None:
        key.keep(plan)
    return _load(plan, built, asked, options, details)


def _compiled(source: Source, name: str) -> Built:
    """The machine code of a source; a long one is compiled in parts, with less effort."""
    tools, long = toolchain.toolchain(), len(source.text) > LONG_SOURCE
    flags = FLAGS_LONG if long and "gcc" in tools.identity.lower() else ()  # clang does not know them
    level = OPTIMIZE_LONG if long else OPTIMIZE
    return tools.compile(source.text, name=name, optimize=level, extra_flags=flags, parts=source.parts)


def _plan(made: Generated, built: Built, targets: dict[int, int]) -> Plan:
    """What a call needs beside the machine code."""
    program = made.program
    hidden = [s.name for s in program.storages.values() if s.kind == "argument" and s.number < 0]
    outputs = []
    for number, node in enumerate(program.output_nodes):
        kind, target, in_place = "result", -1, False
        if number in targets:
            kind, target, in_place = "update", targets[number], number in program.in_place
        name = node.name or {"result": "output"}.get(kind, kind)
        outputs.append(Output(name, node.dtype, node.ndim, kind, target, in_place))  # type: ignore[arg-type]
    return Plan(
        object=built.key,
        library=made.source.library,
        constants=tuple((name, program.constants[name]) for name in hidden),
        outputs=tuple(outputs),
        long_running=_is_long_running(program),
        sites=program.sites,
        guards={site: guard for guard, site in program.guards},
        host_calls=program.host_calls,
    )


def _is_long_running(program: Any) -> bool:
    """Whether the steps or kernels of a Program contain loops that look at the stop flag."""
    from symtensor.codegen.loop_ir import For, While, all_statements
    from symtensor.codegen.program import Loop, WhileLoop, all_steps

    if any(isinstance(s, (Loop, WhileLoop)) for s in all_steps(program.steps)):
        return True
    statements = [s for kernel in program.kernels() for s in all_statements(kernel.body)]
    return any(isinstance(s, While) or (isinstance(s, For) and s.long) for s in statements)


def _load(plan: Plan, built: Built, asked: _Asked, options: Options, details: FunctionDetails) -> Function:
    """The function that enters what was built."""
    leaves, given = asked.graph.inputs, details.recipe.inputs
    arguments = [_argument(leaf, name) for leaf, name in zip_longest(leaves, given.names)]
    arguments += [Argument(n, v.dtype, v.ndim, v.shape, "constant", v) for n, v in plan.constants]
    if options.profile and details.generated is not None:
        log = StepLog(details.generated.program, details.generated.source.timed)
        arguments.append(Argument("profile", log.array.dtype, 1, log.array.shape, "constant", log.array))
        convert = Converter(
            Signature(tuple(arguments[: len(given.leaves)]), ()),
            details.recipe.options["allow_input_downcast"],
            given.defaults,
        )
        details.timing = Timing(log, leaves, convert)
    signature = Signature(tuple(arguments), plan.outputs, asked.outputs.native, plan.long_running)  # type: ignore[arg-type]
    machine = Machine(built.path, plan.library, signature, plan.sites, plan.guards, leaves, plan.host_calls)
    with details.compile_report.phase("load"):
        if options.target != "c" and details.generated is not None:
            from symtensor.runtime.device import device as open_device

            made = details.generated.source
            details.device = open_device(options.target)
            kernels = tuple(details.device.compile(made.device, made.kernels))
            return machine.function(details.recipe, details, details.device, kernels)
        details.machine = machine
        return machine.function(details.recipe, details)


def _argument(leaf: Tensor, name: str | None = None) -> Argument:
    sizes = tuple(s if isinstance(s, int) else None for s in leaf.shape)
    if isinstance(leaf, SharedVariable):
        return Argument(leaf.name or "shared", leaf.dtype, leaf.ndim, sizes, "shared", leaf.container, leaf.sites)
    return Argument(name or leaf.name or "input", leaf.dtype, leaf.ndim, sizes, sites=leaf.sites)
