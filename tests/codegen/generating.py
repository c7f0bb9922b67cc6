"""Generate code for a graph without building it: what the tests of the code generator look at."""

from __future__ import annotations

from collections.abc import Sequence

from symtensor.codegen.pipeline import Generated, Machine, generate
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.optimizer.guards import collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options

AVX512 = Machine(64, frozenset({"avx512f", "avx512vl", "avx512bw", "avx512dq", "avx2", "fma"}))


def generated(outputs: Sequence[Tensor], inputs: Sequence[Tensor], **options: object) -> Generated:
    """All forms of a graph, verifiers on, for a fixed machine."""
    graph = Graph(tuple(inputs), tuple(outputs))
    guards = collect_guards(graph)
    chosen = Options(verify=True, **options)  # type: ignore[arg-type]
    optimised, _ = optimize(graph, chosen)
    return generate(optimised, guards, graph.inputs, {}, chosen, AVX512, "test", lambda site: "test.py:1")


def launches(made: Generated) -> list[str]:
    """Names of the kernels in execution order."""
    return [k.name for k in made.program.kernels()]
