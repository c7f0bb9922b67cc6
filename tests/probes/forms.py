"""What a probe becomes, as text: ``python -m tests.probes.forms NAME`` prints it from a process of its own.

Nodes are interned and remember where they were written first.  In a process where other tests have built the same
nodes the comments may name their lines, so a text that differs from its golden file is made again in a fresh process.
"""

from __future__ import annotations

import functools
import json
import pathlib
import re
import subprocess
import sys

from symtensor.codegen.pipeline import Generated, Machine, generate
from symtensor.function import user_line
from symtensor.ir.graph import Graph, toposort
from symtensor.ops.declare import SHARED
from symtensor.optimizer.guards import collect_guards
from symtensor.optimizer.pipeline import optimize
from symtensor.options import Options
from tests.probes import load

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


def texts(name: str) -> dict[str, str]:
    """The source from the first kernel on, and the trace, without the folder that this checkout lies in."""
    made, trace = generated(name)
    first_kernel = re.search(r"^/\* k1_", made.source.text, re.MULTILINE)
    assert first_kernel is not None
    assert str(ROOT) not in made.source.text, "generated source names a folder of this machine"
    source = made.source.text[first_kernel.start() :]
    return {"c": source.strip() + "\n", "trace": trace.replace(f"{ROOT}/", "").strip() + "\n"}


@functools.cache
def fresh_texts(name: str) -> dict[str, str]:
    """The same from a process that has built nothing else."""
    command = [sys.executable, "-m", "tests.probes.forms", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


if __name__ == "__main__":
    print(json.dumps(texts(sys.argv[1])))
