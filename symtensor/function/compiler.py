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
from dataclasses import replace
from typing import Any

from symtensor.function.asked import Asked, collect
from symtensor.function.calls import NestedFunction
from symtensor.function.inputs import Inputs
from symtensor.function.loading import load
from symtensor.function.plans import PlanKey, plan_key
from symtensor.function.recipe import FunctionDetails, Recipe
from symtensor.function.request import checked_debug, checked_exclusions
from symtensor.inspect.report import CompileReport
from symtensor.ir.collector import collector_paused
from symtensor.ir.node import Tensor
from symtensor.options import Options
from symtensor.runtime import toolchain


def compile(
    outputs: Any,
    inputs: Any = (),
    *,
    updates: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]] | None = None,
    givens: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]] | None = None,
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
    memory_limit: int | tuple[int, Mapping[str, Any]] | None = None,
    mode: str | None = None,
    check_nan: bool = False,
) -> Any:
    """Compile symbolic outputs as a function of inputs.

    Args:
        outputs: a tensor, or a list, tuple or dict of tensors; ``None`` for a function that only updates.
        inputs: the tensors that a call gives values to, in order.
        updates: new values of shared variables, written after all outputs have been computed; all or none.
        givens: tensors to be replaced by others before compiling: a dict, or pairs.
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
        memory_limit: bytes that a call may hold beyond its arguments, results included. To stay below, values that lie
            idle for long are computed again. Sizes that the types of the inputs leave open are told as in
            ``(bytes, {"x": (1000, 64)})``; where they are not told the function takes as little as this way can reach.
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
        "memory_limit": memory_limit, "mode": mode, "check_nan": check_nan,
        "no_default_updates": no_default_updates,
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
            asked = collect(outputs, given, updates, givens, on_unused_input, no_default_updates)
        if memory_limit is not None:
            from symtensor.function.limits import checked_limit

            limit = checked_limit(memory_limit, asked.graph.inputs, asked.guards(), threads)
            options = replace(options, memory_limit=limit)
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
    from symtensor.function import stages

    return stages.source(collect(outputs, Inputs(inputs), updates, None, "ignore"), options, name or "function")


# ------------------------------------------------------------------------------------------------------ the inside
def _function(asked: Asked, recipe: Recipe, options: Options, name: str, report: CompileReport) -> Any:
    """The function that was asked for: by its plan in the cache, or by all stages of a compilation."""
    with report.phase("plan"):
        key = _plan_key(asked, options, name)
        plan = key.find() if key else None
        built = toolchain.built(plan.object) if plan else None
    function: Any
    if plan is not None and built is not None:

        def late() -> dict[str, Any]:
            from symtensor.function import stages

            return stages.views(asked, options, name)

        nothing: Any = None
        details = FunctionDetails(
            name, options.target, asked.graph, nothing, nothing, report, nothing, late=late, recipe=recipe
        )  # fmt: skip
        report.cache_hit, report.path = True, built.source
        function = load(plan, built, asked, options, details)
    else:
        from symtensor.function import stages

        function = stages.cold(asked, recipe, options, name, report, key)
    if recipe.options["check_nan"] or recipe.options["mode"] == "check":
        from symtensor.function import stages

        function = stages.watched(function, asked, options, recipe)
    given = recipe.inputs
    return function if given.flat and asked.outputs.flat else NestedFunction(function, given, asked.outputs)


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


def _plan_key(asked: Asked, options: Options, name: str) -> PlanKey | None:
    if options.target != "c":
        return None
    tools = toolchain.toolchain()
    machine = (tools.cc, tools.identity, tools.features, tools.vector_bytes, tools.flags, tools.vector_math)
    return plan_key(asked.graph, (machine, name, sorted(asked.targets.items())), options)
