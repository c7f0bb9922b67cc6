"""The plan cache: what compiling a graph came to, found again without rewriting and without generating code.

The key is the digest of the graph as the user wrote it (``symtensor.ir.canonical``), the options, the compiler with
its flags and processor, and symtensor's own code; names and the user's lines belong to it, since messages show them.
An entry holds what a call needs beside the machine code. Leaves, sizes and large constants in it are references into
the graph, so that they are those of the process that reads it. All else, from the trace to the source, is made again
when someone asks to see it.

Not kept: functions with rules, ops or callbacks of the user's, whose code may change, and those that print or verify
while they are compiled.
"""

from __future__ import annotations

import functools
import hashlib
import io
import os
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np

from symtensor.ir.canonical import Canonical, Unnameable
from symtensor.ir.graph import Graph
from symtensor.ir.node import Guard, Site
from symtensor.options import Options
from symtensor.records import dataclass
from symtensor.runtime import cache
from symtensor.runtime.signature import Output

KIND = "plan"
LARGEST = 1 << 20  # bytes of an entry that is kept; constants that rewriting made lie in it


@dataclass(frozen=True)
class Plan:
    """What a call needs beside the machine code.

    Attributes:
        object: the key of the machine code in the cache.
        library: names of the BLAS and LAPACK functions that it calls.
        constants: name and value of the arguments beyond the graph's inputs.
        outputs: of the entry.
        long_running: whether it loops.
        sites: what is wrong, and the user's lines, by site number.
        guards: conditions on sizes by site number.
        host_calls: Python functions that the code calls.
    """

    object: str
    library: tuple[str, ...]
    constants: tuple[tuple[str, np.ndarray], ...]
    outputs: tuple[Output, ...]
    long_running: bool
    sites: tuple[tuple[str, tuple[Site, ...]], ...]
    guards: dict[int, Guard]
    host_calls: tuple[Any, ...] = ()


@dataclass(frozen=True)
class PlanKey:
    """Where the plan of a graph is kept, and what its references mean in this process."""

    key: str
    form: Canonical

    def find(self) -> Plan | None:
        """The plan, if it is in the cache."""
        data = cache.read(self.key, KIND)
        if data is None:
            return None
        try:
            plan = _Reader(io.BytesIO(data), self.form).load()
        except Exception:  # of another version of Python or of symtensor: as good as not found
            return None
        return plan if isinstance(plan, Plan) else None

    def keep(self, plan: Plan) -> None:
        """Put a plan into the cache, unless it is large or knows what only this process knows."""
        file = io.BytesIO()
        try:
            _Writer(file, self.form).dump(plan)
        except (pickle.PicklingError, TypeError, AttributeError):
            return
        if file.tell() <= LARGEST:
            cache.store(self.key, KIND, file.getvalue())


def plan_key(graph: Graph, more: Any, options: Options) -> PlanKey | None:
    """The key of a graph's plan; None where the plan is not kept.

    Args:
        graph: as the user wrote it.
        more: whatever else the result depends on, with one ``repr`` in all processes.
        options: of the compilation.
    """
    if (
        options.target != "c"
        or options.rules
        or options.schedules
        or options.debug
        or options.verify
        or options.profile
    ):
        return None
    try:
        form = Canonical(graph)
    except Unnameable:
        return None
    chosen = (
        sorted(options.exclude),
        sorted(options.accuracy),
        options.fma,
        getattr(options.memory_limit, "key", None),
    )
    text = repr((form.digest, more, chosen, _code(), os.environ.get("SYMTENSOR_CFLAGS", "")))
    return PlanKey(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), form)


@functools.cache
def _code() -> str:
    """What identifies symtensor's own code, Python and NumPy: files by path, size and time, which is quick to ask for
    and differs wherever a file was written anew.
    """
    files: list[tuple[str, int, int]] = []
    folders = [str(Path(__file__).parent.parent)]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.name.endswith((".py", ".c", ".h")):
                    status = entry.stat()
                    files.append((entry.path, status.st_size, status.st_mtime_ns))
                elif "." not in entry.name and entry.name != "__pycache__" and entry.is_dir():
                    folders.append(entry.path)
    text = repr((sorted(files), sys.version, np.__version__))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Writer(pickle.Pickler):
    """Pickles leaves, atoms and large constants as references into the graph."""

    def __init__(self, file: io.BytesIO, form: Canonical) -> None:
        super().__init__(file, protocol=5)
        self._atoms = {atom: n for n, atom in enumerate(form.atoms)}
        self._places: dict[int, tuple[str, int]] = {id(a): ("arrays", n) for n, a in enumerate(form.arrays)}
        self._places |= {id(leaf): ("leaves", n) for n, leaf in enumerate(form.leaves)}
        self._kinds = tuple({type(atom) for atom in form.atoms})

    def persistent_id(self, obj: Any) -> tuple[str, int] | None:
        """The place of an object in the tables of the canonical form."""
        if type(obj) in self._kinds and obj in self._atoms:
            return "atoms", self._atoms[obj]
        return self._places.get(id(obj))


class _Reader(pickle.Unpickler):
    """Reads references as the objects of the graph at hand."""

    def __init__(self, file: io.BytesIO, form: Canonical) -> None:
        super().__init__(file)
        self._form = form

    def persistent_load(self, place: tuple[str, int]) -> Any:
        """The object at a place in the tables of the canonical form."""
        table, number = place
        return getattr(self._form, table)[number]
