"""Compare random graphs on their targets, seed after seed.

Usage: ``python -m tests.properties.fuzz [first seed] [seconds] [operations]``.
"""

from __future__ import annotations

import random
import sys
import time
import traceback
from collections.abc import Sequence

import numpy as np

import symtensor as st
from symtensor.errors import BoundsError
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ir.text import graph_text
from symtensor.ops.reference import evaluate
from tests.properties.graphs import random_graph, random_values

SIZES = (
    {"n": 3, "m": 5, "k": 2},
    {"n": 1, "m": 1, "k": 1},
    {"n": 37, "m": 18, "k": 7},
    {"n": 0, "m": 4, "k": 3},
    {"n": 8, "m": 70, "k": 0},
)
TOLERANCE = {"float64": 1e-9, "float32": 3e-4}


def compare(
    outputs: list[Tensor],
    inputs: list[Tensor],
    targets: tuple[str, ...],
    rng: np.random.Generator,
    all_sizes: Sequence[dict[str, int]] = SIZES,
) -> None:
    """Compile once per target; for several sizes, all must give what the interpreter makes of the graph as written.

    Raises:
        AssertionError: a result differs, or one side raises what the other does not.
    """
    functions = {t: st.compile(outputs, inputs, target=t, on_unused_input="ignore") for t in targets}
    for sizes in all_sizes:
        values = random_values(inputs, sizes, rng)
        try:
            wanted: list[np.ndarray] | Exception = evaluate(outputs, dict(zip(inputs, values)))
        except (ValueError, IndexError) as error:
            wanted = error
        for target, function in functions.items():
            check(target, sizes, outputs, wanted, function, values)


def check(target, sizes, outputs, wanted, function, values) -> None:  # type: ignore[no-untyped-def]
    kept = [v.copy() for v in values]
    try:
        results = function(*values)
    except (ValueError, IndexError) as error:
        if isinstance(wanted, Exception):
            return
        raise AssertionError(f"{target} at {sizes} raises what the interpreter does not") from error
    if isinstance(wanted, BoundsError):
        return  # what reads an element that the results do not need may have been rewritten away
    assert not isinstance(wanted, Exception), f"{target} at {sizes} does not raise {wanted!r}"
    for value, before in zip(values, kept):
        assert np.array_equal(value, before), f"{target} at {sizes} wrote to an input"
    for number, (output, got, want) in enumerate(zip(outputs, results, wanted)):
        where = f"{target} at {sizes}, output {number}: {output.type}"
        assert got.dtype == want.dtype, f"{where}: dtype {got.dtype}, expected {want.dtype}"
        assert got.shape == want.shape, f"{where}: shape {got.shape}, expected {want.shape}"
        if want.dtype.kind != "f":
            np.testing.assert_array_equal(got, want, err_msg=where)
            continue
        tolerance = max(TOLERANCE[str(i.dtype)] for i in [output] + _floats(output))
        finite = np.abs(want[np.isfinite(want)])
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale, err_msg=where)


def _floats(output: Tensor) -> list[Tensor]:
    from symtensor.ir.graph import toposort

    return [n for n in toposort([output]) if not isinstance(n.type, tuple) and n.dtype.kind == "f"]


def main(first: int = 0, seconds: float = 60.0, operations: int = 10) -> int:
    begin, seed, bad = time.time(), first, 0

    while time.time() - begin < seconds:
        random_numbers = random.Random(seed)
        outputs: list[Tensor] = []
        try:
            outputs, inputs = random_graph(random_numbers.randrange, operations)
            compare(outputs, inputs, ("numpy", "c"), np.random.default_rng(seed))
        except Exception as error:
            bad += 1
            print(f"--- seed {seed} operations {operations}: {type(error).__name__}")
            print("\n".join(traceback.format_exc().splitlines()[-12:])[:1500])
            if outputs:
                print(graph_text(Graph(tuple(inputs), tuple(outputs)))[:3000], flush=True)
        seed += 1
    print(f"{seed - first} graphs, {bad} bad, next seed {seed}")
    return bad


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(bool(main(*(int(a) for a in arguments))))
