"""Importing symtensor costs little more than importing NumPy."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

LIMIT = 0.060  # seconds of CPU time over NumPy's own import, on a machine where that takes 80 ms
NUMPY = 0.080
HEAVY = {"cffi", "matplotlib", "networkx", "pyopencl", "pycuda", "scipy", "scipy_openblas32", "sklearn", "sympy"}
PROGRAM = """
import json, sys, time
start = time.process_time()
import numpy
middle, before = time.process_time(), set(sys.modules)
import symtensor
end = time.process_time()
print(json.dumps([middle - start, end - middle, sorted(set(sys.modules) - before)]))
"""


def fresh_import(bytecode: pathlib.Path) -> tuple[float, float, list[str]]:
    """CPU seconds of importing NumPy, then symtensor, in a new process, and the modules that symtensor brought.

    Bytecode is kept in a folder of the test's own, so that settings of the environment do not matter.
    """
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(bytecode)}
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, env=environment
    )
    numpy, symtensor, modules = json.loads(result.stdout)
    return numpy, symtensor, modules


def test_import_is_cheap(tmp_path: pathlib.Path) -> None:
    """The limit grows with NumPy's own import time, so that a slow or busy machine does not matter."""
    runs = [fresh_import(tmp_path) for _ in range(6)]  # the first compiles bytecode
    numpy, symtensor = (min(run[k] for run in runs) for k in (0, 1))
    limit = LIMIT * max(1.0, numpy / NUMPY)
    assert symtensor < limit, f"importing symtensor takes {1e3 * symtensor:.0f} ms over NumPy's {1e3 * numpy:.0f} ms"


def test_heavy_packages_wait_for_their_first_use(tmp_path: pathlib.Path) -> None:
    *_, modules = fresh_import(tmp_path)
    assert "symtensor" in modules
    loaded = sorted({module.split(".")[0] for module in modules} & HEAVY)
    assert not loaded, f"loaded by `import symtensor`: {', '.join(loaded)}"
