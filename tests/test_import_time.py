"""Importing symtensor costs little more than importing NumPy."""

from __future__ import annotations

import ast
import json
import os
import pathlib
import subprocess
import sys

import symtensor

LIMIT = 0.045  # seconds of CPU time over NumPy's own import, on a machine where that takes 80 ms
NUMPY = 0.080
HEAVY = {"cffi", "matplotlib", "networkx", "pyopencl", "pycuda", "scipy", "scipy_openblas32", "sklearn", "sympy"}
# What compiling, differentiating, drawing and exporting need.
LATE_ROOMS = {"codegen", "frontends", "function", "inspect", "optimizer", "random", "runtime", "solvers"}
LATE_MODULES = {"symtensor.ir.pattern", "symtensor.ir.rewrite", "symtensor.ir.trace", "symtensor.options"}
LATE_STANDARD = {"decimal", "inspect", "json", "shutil", "subprocess", "tempfile"}
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


def test_rooms_wait_for_their_first_use(tmp_path: pathlib.Path) -> None:
    """Expressions can be written with what ``import symtensor`` loads; all else comes when it is needed."""
    *_, modules = fresh_import(tmp_path)
    late = {m for m in modules if m.startswith("symtensor.") and m.split(".")[1] in LATE_ROOMS}
    late |= set(modules) & (LATE_MODULES | LATE_STANDARD)
    assert not late, f"loaded by `import symtensor`: {', '.join(sorted(late))}"


def test_late_names_are_known_to_type_checkers_and_to_dir() -> None:
    """Each name of ``_LATER`` is imported under TYPE_CHECKING from where it is found at run time."""
    source = ast.parse(pathlib.Path(symtensor.__file__).read_text(encoding="utf-8"))
    checked = next(
        node for node in source.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    stated = {a.name: i.module for i in checked.body if isinstance(i, ast.ImportFrom) for a in i.names}
    assert stated == {name: f"symtensor.{module}" for name, module in symtensor._LATER.items()}
    assert set(symtensor._LATER) <= set(dir(symtensor))
    assert all(callable(getattr(symtensor, name)) for name in symtensor._LATER)


def test_grad_stays_the_function_whatever_is_imported() -> None:
    """``symtensor.grad`` is a package too; loading its modules late must not put it in the place of ``st.grad``."""
    program = (
        "import symtensor as st; st.jacobian, st.hvp, st.verify_grad; import symtensor.grad.check; st.grad(1.0, [])"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_op_is_declared_on_import(tmp_path: pathlib.Path) -> None:
    """A pickled expression finds its ops in a process that has only imported symtensor."""
    program = (
        "import symtensor as st; before = set(st._OPS)\n"
        "import symtensor.optimizer.pipeline, symtensor.optimizer.loops, symtensor.solvers.ode\n"
        "import symtensor.solvers.minima, symtensor.grad.check, symtensor.codegen.pipeline\n"
        "print(sorted(set(st._OPS) - before))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
