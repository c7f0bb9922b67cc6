"""Importing symtensor costs little more than importing NumPy."""

from __future__ import annotations

import json
import subprocess
import sys

LIMIT = 0.060  # seconds of CPU time over NumPy's own import
HEAVY = {"cffi", "matplotlib", "networkx", "pyopencl", "pycuda", "scipy", "scipy_openblas32", "sklearn", "sympy"}
PROGRAM = """
import json, sys, time
import numpy
before = set(sys.modules)
start = time.process_time()
import symtensor
print(json.dumps([time.process_time() - start, sorted(set(sys.modules) - before)]))
"""


def fresh_import() -> tuple[float, list[str]]:
    result = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    seconds, modules = json.loads(result.stdout)
    return seconds, modules


def test_import_is_cheap() -> None:
    best = min(fresh_import()[0] for _ in range(5))
    assert best < LIMIT, f"importing symtensor takes {1e3 * best:.0f} ms over NumPy"


def test_heavy_packages_wait_for_their_first_use() -> None:
    _, modules = fresh_import()
    assert "symtensor" in modules
    loaded = sorted({module.split(".")[0] for module in modules} & HEAVY)
    assert not loaded, f"loaded by `import symtensor`: {', '.join(loaded)}"
