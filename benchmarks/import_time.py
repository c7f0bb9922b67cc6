"""Time to import symtensor, over NumPy's own: fresh processes in turn, best of several.

usage: python -m benchmarks.import_time
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

PROGRAM = "import time; import numpy; start = time.perf_counter(); {}; print(time.perf_counter() - start)"
CONTENDERS = {
    "nothing": "pass",
    "symtensor": "import symtensor",
    "networkx": "import networkx",
    "scipy": "import scipy",
}
ROUNDS = 9


def seconds(statement: str, bytecode: str) -> float:
    """Seconds of one statement in a new process, whose bytecode is kept in this folder."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": bytecode}
    command = [sys.executable, "-c", PROGRAM.format(statement)]
    result = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return float(result.stdout)


def main() -> None:
    best = dict.fromkeys(CONTENDERS, float("inf"))
    with tempfile.TemporaryDirectory() as bytecode:
        for _ in range(ROUNDS):
            for name, statement in CONTENDERS.items():
                best[name] = min(best[name], seconds(statement, bytecode))
    for name, value in best.items():
        print(f"import {name:12s} {1e3 * value:7.1f} ms over NumPy")


if __name__ == "__main__":
    main()
