"""The C that each probe becomes, and the rules that rewrote it, as files whose changes are read by eye.

The processor is a value that code generation is handed, so these files are the same on every machine. They begin with
the first kernel: what stands in front of it, the contract with the runtime and shared helpers, has tests of its own.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable

import pytest

from symtensor.codegen.pipeline import Generated, Machine, generate
from symtensor.function import user_line
from symtensor.ir.graph import Graph, toposort
from symtensor.ops.declare import SHARED
from symtensor.optimizer.guards import collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from tests.probes import PROBES, load

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MACHINE = Machine(64, frozenset({"avx", "avx2", "fma", "avx512f", "avx512bw", "avx512dq", "avx512vl"}))


def generated(name: str) -> tuple[Generated, str]:
    """All forms of a probe for one fixed processor, and the text of its rewrite trace."""
    outputs, inputs = load(name).build()
    shared = [node for node in toposort(outputs) if node.op is SHARED]
    graph = Graph((*inputs, *shared), tuple(outputs))
    guards, options = collect_guards(graph), Options(verify=True)
    optimised, trace = optimize(graph, options)
    made = generate(optimised, guards, graph.inputs, {}, options, MACHINE, name, user_line)
    return made, str(trace)


@pytest.mark.parametrize("name", PROBES)
def test_source(name: str, golden: Callable[[str, str], None]) -> None:
    text = generated(name)[0].source.text
    assert str(ROOT) not in text, "generated source names a folder of this machine"
    first_kernel = re.search(r"^/\* k1_", text, re.MULTILINE)
    assert first_kernel is not None
    golden(f"probes/{name}.c", text[first_kernel.start() :].strip() + "\n")


@pytest.mark.parametrize("name", PROBES)
def test_rewrite_trace(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"probes/{name}.trace", generated(name)[1].replace(f"{ROOT}/", "").strip() + "\n")


@pytest.mark.parametrize("name", PROBES)
def test_source_is_deterministic(name: str) -> None:
    assert generated(name)[0].source.text == generated(name)[0].source.text
