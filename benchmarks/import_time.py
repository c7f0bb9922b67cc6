"""Time to import symtensor, over NumPy's own: fresh processes in turn, best of several.

usage: python -m benchmarks.import_time
"""

from __future__ import annotations

import subprocess
import sys

PROGRAM = "import time; import numpy; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
CONTENDERS = {
    "nothing": "pass",
    "symtensor": "import symtensor",
    "networkx": "import networkx",
    "scipy": "import scipy",
}
ROUNDS = 9


def seconds(statement: str) -> float:
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(statement)], check=True, capture_output=True, text=True
    )
    return float(result.stdout)


def main() -> None:
    best = dict.fromkeys(CONTENDERS, float("inf"))
    for _ in range(ROUNDS):
        for name, statement in CONTENDERS.items():
            best[name] = min(best[name], seconds(statement))
    for name, value in best.items():
        print(f"import {name:12s} {1e3 * value:7.1f} ms over NumPy")


if __name__ == "__main__":
    main()
