"""The last step of every compilation, cold or warm: a function that enters the machine code."""

from __future__ import annotations

from itertools import zip_longest

from symtensor.function.asked import Asked
from symtensor.function.calls import Converter
from symtensor.function.plans import Plan
from symtensor.function.recipe import FunctionDetails, Machine
from symtensor.function.variables import SharedVariable
from symtensor.ir.node import Tensor
from symtensor.options import Options
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Signature
from symtensor.runtime.toolchain import Built


def load(plan: Plan, built: Built, asked: Asked, options: Options, details: FunctionDetails) -> Function:
    """The function that enters what was built."""
    leaves, given = asked.graph.inputs, details.recipe.inputs
    arguments = [argument(leaf, name) for leaf, name in zip_longest(leaves, given.names)]
    arguments += [Argument(n, v.dtype, v.ndim, v.shape, "constant", v) for n, v in plan.constants]
    if options.profile and details.generated is not None:
        from symtensor.function.profiling import StepLog, Timing

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


def argument(leaf: Tensor, name: str | None = None) -> Argument:
    """What the dispatcher knows of a leaf; ``name`` is the keyword of a call, in place of its own."""
    sizes = tuple(s if isinstance(s, int) else None for s in leaf.shape)
    if isinstance(leaf, SharedVariable):
        return Argument(leaf.name or "shared", leaf.dtype, leaf.ndim, sizes, "shared", leaf.container, leaf.sites)
    return Argument(name or leaf.name or "input", leaf.dtype, leaf.ndim, sizes, sites=leaf.sites)
