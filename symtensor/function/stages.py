"""The stages of a cold compilation: rewriting, code generation, the C compiler; and what looks at them afterwards.

A warm compile enters none of this, so the module loads when a graph has no plan in the cache, or when somebody asks a
function from the cache for its graph or source.
"""

from __future__ import annotations

from dataclasses import replace as replace_fields
from typing import TYPE_CHECKING, Any

from symtensor.codegen.entry import Source
from symtensor.codegen.loop_ir import For, While, all_statements
from symtensor.codegen.pipeline import Generated, Machine, generate
from symtensor.codegen.program import Loop, Program, WhileLoop, all_steps
from symtensor.function.asked import Asked
from symtensor.function.calls import Converter, user_line
from symtensor.function.loading import argument, load
from symtensor.function.plans import Plan, PlanKey
from symtensor.function.recipe import FunctionDetails, Recipe
from symtensor.function.request import Outputs
from symtensor.inspect.report import CompileReport
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from symtensor.runtime import toolchain
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Output, Signature
from symtensor.runtime.toolchain import Built

if TYPE_CHECKING:
    from symtensor.function.watching import Check

# Loops are printed as vectors already: -O3 takes twice as long to compile and gains 0 to 5 %.
OPTIMIZE = 2
# Of a long source no part runs long: there -O1 without induction variables costs 0 to 10 % and saves a third of gcc's
# time.
LONG_SOURCE = 300_000  # characters
OPTIMIZE_LONG, FLAGS_LONG = 1, ("-fno-ivopts",)


def cold(asked: Asked, recipe: Recipe, options: Options, name: str, report: CompileReport, key: PlanKey | None) -> Any:
    """The function by all stages of a compilation; its plan is put into the cache.

    Args:
        asked: the graph as the user wrote it.
        recipe: for the function's copies and pickles.
        options: of the compilation.
        name: of the function.
        report: takes the time of each stage.
        key: where the plan is kept; None where it is not.
    """
    graph = asked.graph
    with report.phase("collect"):
        guards = asked.guards()
    with report.phase("optimise"):
        optimised, trace = optimize(graph, options)
    details = FunctionDetails(name, options.target, graph, optimised, trace, report, guards, recipe=recipe)
    return _interpreted(asked, options, details) if options.target == "numpy" else _native(asked, options, details, key)


def views(asked: Asked, options: Options, name: str) -> dict[str, Any]:
    """What the stages make of a graph whose machine code was in the cache, for those who look at it."""
    guards, (optimised, trace) = asked.guards(), optimize(asked.graph, options)
    made = _generated(optimised, guards, asked.graph.inputs, asked.targets, options, name)
    return {"optimised": optimised, "trace": trace, "guards": guards, "generated": made}


def source(asked: Asked, options: Options, name: str) -> str:
    """The generated text: the device's where the target has one."""
    made = views(asked, options, name)["generated"].source
    return made.device or made.text


def watched(function: Any, asked: Asked, options: Options, recipe: Recipe) -> Any:
    """The function with the checks around it that look at the arguments of each call first."""
    from symtensor.function.watching import WatchedFunction

    return WatchedFunction(
        function, asked.graph.inputs, _converter(recipe), _checks(asked, options, function.details)
    )  # fmt: skip


def _checks(asked: Asked, options: Options, details: FunctionDetails) -> list[Check]:
    """What is looked at before each call."""
    from symtensor.function.checking import kernel_check, rewrite_check, stored_nodes
    from symtensor.function.watching import nan_check

    wanted, guards = details.recipe.options, details.guards
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


def _converter(recipe: Recipe) -> Converter:
    """Turns the arguments of a call into arrays, for functions that Python enters."""
    given = recipe.inputs
    arguments = tuple(argument(leaf, keyword) for leaf, keyword in zip(given.leaves, given.names))
    return Converter(Signature(arguments, ()), recipe.options["allow_input_downcast"], given.defaults)


def _interpreted(asked: Asked, options: Options, details: FunctionDetails) -> Any:
    from symtensor.function.interpreter import InterpretedFunction
    from symtensor.function.profiling import OperationLog, Timing

    convert, log = _converter(details.recipe), OperationLog() if options.profile else None
    if log is not None:
        details.timing = Timing(log, asked.graph.inputs, convert)
    return InterpretedFunction(
        details.optimised, details.guards, asked.graph.inputs, asked.targets, asked.outputs, details, convert, log
    )  # fmt: skip


def _generated(
    graph: Graph, guards: Guards, leaves: tuple[Tensor, ...], targets: dict[int, int], options: Options, name: str
) -> Generated:
    """Fusion, lowering, scheduling and printing of an optimised graph."""
    tools = toolchain.toolchain()
    machine = Machine(tools.vector_bytes, frozenset(tools.features))
    return generate(graph, guards, leaves, targets, options, machine, name, user_line)


def _native(asked: Asked, options: Options, details: FunctionDetails, key: PlanKey | None) -> Function:
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
    return load(plan, built, asked, options, details)


def _compiled(source: Source, name: str) -> Built:
    """The machine code of a source; a long one is compiled in parts, with less effort."""
    tools, long = toolchain.toolchain(), len(source.text) > LONG_SOURCE
    flags = FLAGS_LONG if long and "gcc" in tools.identity.lower() else ()  # clang does not know them
    level = OPTIMIZE_LONG if long else OPTIMIZE
    return tools.compile(
        source.text, name=name, optimize=level, extra_flags=flags, parts=source.parts, common=source.common
    )


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


def _is_long_running(program: Program) -> bool:
    """Whether the steps or kernels of a Program contain loops that look at the stop flag."""
    if any(isinstance(s, (Loop, WhileLoop)) for s in all_steps(program.steps)):
        return True
    statements = [s for kernel in program.kernels() for s in all_statements(kernel.body)]
    return any(isinstance(s, While) or (isinstance(s, For) and s.long) for s in statements)
