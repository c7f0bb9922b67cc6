"""Code generation, whole: from an optimised graph to source text.

Its stages, each a function from value to value:

1. contractions become matrix products or sums of products (``contraction.py``),
2. fusion makes the Plan (``symtensor.optimizer.fusion``),
3. lowering makes the Program with its kernels (``build.py``, ``lower.py``, ``schedule.py``, ``loops.py``), and steps
   over one batch share a loop (``batches.py``),
4. the buffer plan lays out temporaries (``buffers.py``),
5. printing makes text (``host.py`` and a dialect).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from symtensor.codegen.batches import through_batches
from symtensor.codegen.buffers import plan_buffers
from symtensor.codegen.build import Builder, build_program
from symtensor.codegen.check import check_plan, check_program
from symtensor.codegen.contraction import lower_contractions
from symtensor.codegen.footprint import footprint
from symtensor.codegen.host import HostPrinter, Source
from symtensor.codegen.inplace import in_place_updates
from symtensor.codegen.loops import build_loop
from symtensor.codegen.machine import Machine
from symtensor.codegen.program import Program
from symtensor.ir.graph import Graph
from symtensor.ir.node import Site, Tensor
from symtensor.ir.size import SizeLike
from symtensor.optimizer.fusion import fuse
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.plan import Plan
from symtensor.optimizer.recompute import MemoryLimit, limit_memory
from symtensor.options import Options
from symtensor.records import dataclass


@dataclass(frozen=True, eq=False)
class Generated:
    """All forms that a graph takes on its way, for loading and for inspection."""

    plan: Plan
    program: Program
    builder: Builder
    source: Source


def abi_text() -> str:
    """The contract with the runtime, which opens each source."""
    # Not by importlib.resources: loading that takes longer than writing a small kernel.
    return (Path(__file__).parent.parent / "runtime" / "abi.h").read_text(encoding="utf-8")


def generate(
    graph: Graph,
    guards: Guards,
    arguments: tuple[Tensor, ...],
    updates: dict[int, int],
    options: Options,
    machine: Machine,
    name: str,
    where: Callable[[Site], str],
) -> Generated:
    """Generate the source of a function.

    Args:
        graph: optimised; outputs are the results, then the new values of updated shared variables.
        guards: of the graph as the user wrote it.
        arguments: leaves in the order of the entry's pointers.
        updates: output number to argument number, for the updated shared variables.
        options: target, fma, verify, debug.
        machine: the processor.
        name: of the function, for comments.
        where: prints a user line.
    """
    device = options.target != "c"

    def shape(node: Tensor) -> tuple:
        return tuple(guards.canonical(s) for s in node.shape)

    products: dict[Tensor, tuple[Tensor, ...]] = {}
    graph = Graph(graph.inputs, tuple(lower_contractions(graph.outputs, shape, not device, products)))
    build = partial(
        build_program, arguments=arguments, name=name, loop=build_loop, device=device, options=options, updates=updates
    )
    plan = fuse(graph, guards, products)
    if isinstance(options.memory_limit, MemoryLimit):
        workers = options.memory_limit.workers

        def measured(changed: Plan) -> SizeLike:
            program, builder = build(changed)
            if not device:
                program = through_batches(program, builder.memory.names.fresh)
            return footprint(program, plan_buffers(program)).total(workers)

        fused = partial(fuse, guards=guards, products=products)
        plan = limit_memory(plan, lambda changed, order: fused(changed, order=order), measured, options.memory_limit)
    if "fusion" in options.debug:
        print(plan, file=sys.stderr)
    program, builder = build(plan)
    in_place = in_place_updates(program, updates) if not device else {}
    if in_place:
        program, builder = build(plan, in_place=in_place)
    if not device:
        program = through_batches(program, builder.memory.names.fresh)
    if "loops" in options.debug:
        from symtensor.codegen.text import program_text

        print(program_text(program), file=sys.stderr)
    if options.verify:
        check_plan(plan)
        check_program(program)
    if device:
        from symtensor.codegen.device import DevicePrinter

        source = DevicePrinter(program, abi_text(), machine, options.target, where, options.profile).source()
    else:
        source = HostPrinter(
            program, abi_text(), machine.vector_bytes, machine.features, where, options.profile
        ).source()
    if "source" in options.debug:
        print(source.text, source.device, file=sys.stderr)
    return Generated(plan, program, builder, source)
