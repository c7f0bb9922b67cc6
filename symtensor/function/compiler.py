"""``compile``: from symbolic outputs and inputs to a callable.

The steps of a compilation: collect the leaves and check them, collect guards, optimise, generate source, build and load
it, and hand the entry to the dispatcher.  What each step made stays on the function for inspection.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from symtensor.function.arguments import Structure, checked_inputs, checked_updates
from symtensor.function.calls import Converter, DictFunction, Failure, user_line
from symtensor.function.interpreter import interpreted
from symtensor.function.variables import SharedVariable
from symtensor.inspect.details import Details
from symtensor.inspect.report import CompileReport
from symtensor.ir.graph import Graph, substitute, toposort
from symtensor.ir.node import Tensor
from symtensor.ops.declare import SHARED, as_tensor
from symtensor.optimizer.guards import Guards, collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Output, Signature


def compile(
    outputs: Any,
    inputs: Sequence[Tensor] = (),
    *,
    updates: Mapping[Tensor, Any] | None = None,
    givens: Mapping[Tensor, Any] | None = None,
    on_unused_input: str = "raise",
    name: str | None = None,
    target: str = "c",
    threads: int | None = None,
    exclude: Sequence[str] = (),
    rules: Sequence[Any] = (),
    fma: bool = True,
) -> Any:
    """Compile symbolic outputs as a function of inputs.

    Args:
        outputs: a tensor, or a list, tuple or dict of tensors; ``None`` for a function that only updates.
        inputs: the tensors that a call gives values to, in order.
        updates: new values of shared variables, written after all outputs have been computed; all or none.
        givens: tensors to be replaced by others before compiling.
        on_unused_input: ``"raise"``, ``"warn"`` or ``"ignore"`` for inputs that no output needs.
        name: of the function, for comments and messages.
        target: ``"c"``, ``"numpy"`` (the reference interpreter), ``"opencl"``, ``"cuda"``, ``"cuda-shim"``, ``"null"``.
        threads: most threads that a call uses; all that the process may use if not given.
        exclude: names of rewrite rules or stages that are switched off.
        rules: additional rewrite rules.
        fma: whether a product may be fused with an addition, rounding once instead of twice.

    Returns:
        A callable that takes arrays and returns NumPy arrays in the structure of ``outputs``.

    Raises:
        CompileError: for missing, unused or duplicate inputs and unsuitable updates.
        CompilerError: if the C compiler fails.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> compile(x + 1, [x], target="numpy")([1.0, 2.0])
    array([2., 3.])
    """
    begin = time.perf_counter()
    options = Options(target=target, threads=threads, exclude=frozenset(exclude), rules=tuple(rules), fma=fma)
    report = CompileReport()
    with report.phase("collect"):
        structure = Structure(outputs)
        news = checked_updates(updates or {})
        results = structure.leaves + list(news.values())
        if givens:
            results = substitute(results, {k: as_tensor(v) for k, v in givens.items()})
        inputs = checked_inputs(list(inputs), results, on_unused_input)
        variables = [n for n in toposort(results) if n.op is SHARED]
        variables += [v for v in news if v not in set(variables)]
        graph = Graph((*inputs, *variables), tuple(results))
        guards = collect_guards(graph)
    with report.phase("optimise"):
        optimised, trace = optimize(graph, options)
    place = {leaf: k for k, leaf in enumerate(graph.inputs)}
    targets = {len(structure.leaves) + k: place[v] for k, v in enumerate(news)}
    details = Details(name or "function", target, graph, optimised, trace, report, guards)
    if target == "numpy":
        function: Any = interpreted(optimised, guards, graph.inputs, len(inputs), targets, structure, details)
    else:
        function = _native(optimised, guards, graph.inputs, targets, structure, options, details)
        if structure.kind == "dict":
            function = DictFunction(function, structure.keys)
    report.total = time.perf_counter() - begin
    return function


def _native(
    graph: Graph,
    guards: Guards,
    leaves: tuple[Tensor, ...],
    targets: dict[int, int],
    structure: Structure,
    options: Options,
    details: Details,
) -> Function:
    """Generate, build and load; what was made is left in ``details``."""
    from symtensor.codegen.pipeline import Machine, generate
    from symtensor.runtime import blas, toolchain

    report = details.compile_report
    tools = toolchain.toolchain()
    with report.phase("generate"):
        machine = Machine(tools.vector_bytes, frozenset(tools.features))
        made = generate(graph, guards, leaves, targets, options, machine, details.name, user_line)
    details.generated = made
    with report.phase("compiler"):
        built = tools.compile(made.source.text, name=details.name)
    report.cache_hit, report.path = built.cache_hit, built.source
    with report.phase("load"):
        entry = toolchain.load(built.path).address("st_entry")
        library = blas.resolve(made.source.library)
        device, kernels = 0, ()
        if options.target != "c":
            from symtensor.runtime.device import device as open_device

            details.device = open_device(options.target)
            kernels = tuple(details.device.compile(made.source.device, made.source.kernels))
            device = details.device.table
    signature = _signature(made.program, leaves, targets, structure)
    convert, fail = Converter(signature), Failure(made.program.sites)
    return Function(entry, signature, library, device, kernels, convert, fail, details, options.threads or 0)


def _signature(program: Any, leaves: tuple[Tensor, ...], targets: dict[int, int], structure: Structure) -> Signature:
    from symtensor.codegen.program import Loop, WhileLoop, all_steps

    arguments = []
    for leaf in leaves:
        sizes = tuple(s if isinstance(s, int) else None for s in leaf.shape)
        kind = "shared" if isinstance(leaf, SharedVariable) else "input"
        value = leaf.container if isinstance(leaf, SharedVariable) else None
        arguments.append(Argument(leaf.name or "input", leaf.dtype, leaf.ndim, sizes, kind, value))  # type: ignore[arg-type]
    constants = [s for s in program.storages.values() if s.kind == "argument" and s.number < 0]
    arrays = {n: program.constants[n] for n in (s.name for s in constants)}
    for s in constants:
        value = arrays[s.name]
        arguments.append(Argument(s.name, value.dtype, value.ndim, value.shape, "constant", value))
    outputs = []
    for number, node in enumerate(program.output_nodes):
        if number in targets:
            outputs.append(
                Output(node.name or "update", node.dtype, node.ndim, "update", targets[number], number in program.in_place)
            )
        else:
            outputs.append(Output(node.name or "output", node.dtype, node.ndim))
    long_running = any(isinstance(s, (Loop, WhileLoop)) for s in all_steps(program.steps))
    return Signature(tuple(arguments), tuple(outputs), structure.native, long_running)  # type: ignore[arg-type]
