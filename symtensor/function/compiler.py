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

from symtensor.function.calls import Converter, Failure, NestedFunction, user_line
from symtensor.function.checking import kernel_check, rewrite_check, stored_nodes
from symtensor.function.inputs import Inputs
from symtensor.function.interpreter import InterpretedFunction
from symtensor.function.recipe import FunctionDetails, Machine, Recipe
from symtensor.function.request import (
    Outputs,
    checked_debug,
    checked_exclusions,
    checked_givens,
    checked_inputs,
    checked_updates,
    replace,
    update_guards,
)
from symtensor.function.variables import SharedVariable
from symtensor.function.watching import Check, WatchedFunction, nan_check
from symtensor.inspect.report import CompileReport
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ops.declare import SHARED
from symtensor.optimizer.guards import Guards, collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Output, Signature

if TYPE_CHECKING:
    from symtensor.codegen.pipeline import Generated

# Loops are printed as vectors already: -O3 takes twice as long to compile and gains 0 to 5 %.
OPTIMIZE = 2


def compile(
    outputs: Any,
    inputs: Any = (),
    *,
    updates: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]] | None = None,
    givens: Mapping[Tensor, Any] | None = None,
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
            names the one that is wrong.
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
        "mode": mode, "check_nan": check_nan,
    }  # fmt: skip
    if threads is not None and (not isinstance(threads, int) or threads < 1):
        raise ValueError(f"threads must be a positive number, not {threads!r}\n  hint: None takes all processors")
    if mode not in (None, "check"):
        hint = "check_nan=True looks for NaN, target='numpy' interprets"
        raise ValueError(f"mode must be None or 'check', not {mode!r}\n  hint: {hint}")
    options = Options(
        target=_default_target() if target is None else target,
        threads=threads,
        exclude=checked_exclusions(exclude, rules),
        rules=tuple(rules),
        fma=fma,
        schedules=tuple((kernel, tuple(steps)) for kernel, steps in (schedule or {}).items()),
    )
    checked_debug(options.debug)
    report = CompileReport()
    with report.phase("collect"):
        given = inputs if isinstance(inputs, Inputs) else Inputs(inputs)
        asked = _collect(outputs, given, updates, givens, on_unused_input)
        graph, guards, targets = asked.graph, asked.guards, asked.targets
    with report.phase("optimise"):
        optimised, trace = optimize(graph, options)
    recipe = Recipe(compile, asked.outputs, given, asked.updates, asked.givens, asked_options)
    details = FunctionDetails(
        name or "function", options.target, graph, optimised, trace, report, guards, recipe=recipe
    )  # fmt: skip
    function: Any
    if options.target == "numpy":
        arguments = tuple(_argument(leaf, name) for leaf, name in zip(given.leaves, given.names))
        convert = Converter(Signature(arguments, ()), allow_input_downcast, given.defaults)
        function = InterpretedFunction(optimised, guards, graph.inputs, targets, asked.outputs, details, convert)
    else:
        function = _native(optimised, asked, given, options, details, allow_input_downcast)
    checks = _checks(asked, given, options, details, mode, check_nan)
    if checks:
        arguments = tuple(_argument(leaf, name) for leaf, name in zip(given.leaves, given.names))
        convert = Converter(Signature(arguments, ()), allow_input_downcast, given.defaults)
        function = WatchedFunction(function, graph.inputs, convert, checks)
    if not (given.flat and asked.outputs.flat):
        function = NestedFunction(function, given, asked.outputs)
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
    made = _generated(optimised, asked.guards, asked.graph.inputs, asked.targets, options, name or "function")
    return made.source.device or made.source.text


# ------------------------------------------------------------------------------------------------------ the inside
@dataclass(frozen=True)
class _Asked:
    """What the user asked for, checked.

    Attributes:
        outputs: with their containers.
        graph: from those and the shared variables to results and new values.
        guards: on sizes.
        targets: number of each new value among the graph's outputs, and of its variable among the inputs.
        updates: new values by variable, before replacements.
        givens: the replacements.
    """

    outputs: Outputs
    graph: Graph
    guards: Guards
    targets: dict[int, int]
    updates: dict[SharedVariable, Tensor]
    givens: dict[Tensor, Tensor]


def _collect(outputs: Any, inputs: Inputs, updates: Any, givens: Any, on_unused_input: str) -> _Asked:
    asked = outputs if isinstance(outputs, Outputs) else Outputs(outputs)
    news, replaced = checked_updates({} if updates is None else updates), checked_givens(givens or {})
    results = replace(asked.leaves + list(news.values()), replaced)
    given = checked_inputs(inputs.leaves, results, on_unused_input)
    variables = [n for n in toposort(results) if n.op is SHARED]
    variables += [v for v in news if v not in set(variables)]
    graph = Graph((*given, *variables), tuple(results))
    guards = collect_guards(graph, update_guards(dict(zip(news, results[len(asked.leaves) :]))))
    place = {leaf: k for k, leaf in enumerate(graph.inputs)}
    targets = {len(asked.leaves) + k: place[v] for k, v in enumerate(news)}
    return _Asked(asked, graph, guards, targets, news, replaced)


def _checks(
    asked: _Asked, given: Inputs, options: Options, details: FunctionDetails, mode: str | None, check_nan: bool
) -> list[Check]:
    """What is looked at before each call."""
    checks = [nan_check(details.optimised, asked.guards)] if check_nan else []
    if mode == "check":
        checks.append(rewrite_check(asked.graph, details.optimised, details.trace, asked.guards))
        if details.generated is not None:
            nodes = stored_nodes(details.generated.plan)
            graph = Graph(asked.graph.inputs, tuple(nodes))
            alone = replace_fields(asked, outputs=Outputs(nodes), graph=graph, targets={}, updates={})
            probe = replace_fields(details, compile_report=CompileReport(), machine=None)
            function = _native(graph, alone, given, options, probe, True)
            checks.append(kernel_check(nodes, function, asked.guards))
    return checks


def _default_target() -> str:
    """The C target, or where no compiler is found the interpreter, which is announced once."""
    from symtensor.runtime import toolchain

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
    from symtensor.runtime import toolchain

    tools = toolchain.toolchain()
    machine = Machine(tools.vector_bytes, frozenset(tools.features))
    return generate(graph, guards, leaves, targets, options, machine, name, user_line)


def _native(
    graph: Graph, asked: _Asked, given: Inputs, options: Options, details: FunctionDetails, downcast: bool
) -> Function:
    """Generate, build and load; what was made is left in ``details``."""
    from symtensor.runtime import blas, toolchain

    report, leaves = details.compile_report, asked.graph.inputs
    tools = toolchain.toolchain()
    with report.phase("generate"):
        made = _generated(graph, asked.guards, leaves, asked.targets, options, details.name)
    details.generated = made
    with report.phase("compiler"):
        built = tools.compile(made.source.text, name=details.name, optimize=OPTIMIZE)
    report.cache_hit, report.path = built.cache_hit, built.source
    signature = _signature(made.program, leaves, asked, given)
    failing = {site: guard for guard, site in made.program.guards}
    if options.target == "c":
        program = made.program
        details.machine = Machine(
            built.path, made.source.library, signature, program.sites, failing, leaves, program.host_calls
        )  # fmt: skip
        with report.phase("load"):
            return details.machine.function(details.recipe, details)
    from symtensor.runtime.device import device as open_device

    with report.phase("load"):
        entry = toolchain.load(built.path).address("st_entry")
        details.device = open_device(options.target)
        kernels = tuple(details.device.compile(made.source.device, made.source.kernels))
        library = blas.resolve(made.source.library)
    convert = Converter(signature, downcast, given.defaults)
    fail = Failure(made.program.sites, failing, leaves, details.device)
    threads = options.threads or 0
    return Function(
        entry, signature, library, details.device.table, kernels, convert, fail, details, threads
    )  # fmt: skip


def _argument(leaf: Tensor, name: str | None = None) -> Argument:
    sizes = tuple(s if isinstance(s, int) else None for s in leaf.shape)
    if isinstance(leaf, SharedVariable):
        return Argument(leaf.name or "shared", leaf.dtype, leaf.ndim, sizes, "shared", leaf.container, leaf.sites)
    return Argument(name or leaf.name or "input", leaf.dtype, leaf.ndim, sizes, sites=leaf.sites)


def _signature(program: Any, leaves: tuple[Tensor, ...], asked: _Asked, given: Inputs) -> Signature:
    from symtensor.codegen.program import Loop, WhileLoop, all_steps

    arguments = [_argument(leaf, name) for leaf, name in zip_longest(leaves, given.names)]
    constants = [s for s in program.storages.values() if s.kind == "argument" and s.number < 0]
    for s in constants:
        value = program.constants[s.name]
        arguments.append(Argument(s.name, value.dtype, value.ndim, value.shape, "constant", value))
    outputs = []
    for number, node in enumerate(program.output_nodes):
        kind, target, in_place = ("result", -1, False)
        if number in asked.targets:
            kind, target, in_place = ("update", asked.targets[number], number in program.in_place)
        outputs.append(Output(node.name or kind, node.dtype, node.ndim, kind, target, in_place))  # type: ignore[arg-type]
    long_running = any(isinstance(s, (Loop, WhileLoop)) for s in all_steps(program.steps))
    return Signature(tuple(arguments), tuple(outputs), asked.outputs.native, long_running)  # type: ignore[arg-type]
