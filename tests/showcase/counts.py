"""What a showcase expression costs: counted in the generated code for one fixed processor, and in its machine code.

usage: python -m tests.showcase.counts      prints the table
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

import symtensor as st
from benchmarks.kind import flat
from symtensor.codegen.pipeline import Generated
from symtensor.inspect.kernels import kernel_table
from symtensor.inspect.memory import memory_plan
from symtensor.inspect.sizes import SizeBinder
from symtensor.ir.size import SizeLike
from symtensor.runtime import toolchain
from tests.codegen.generating import generated
from tests.showcase.cases import CASES, Case

# Floating-point arithmetic of x86: packed or scalar, single or double.
ARITHMETIC = re.compile(
    r"\tv(?:add|sub|mul|div|max|min|sqrt|scalef|rndscale|fn?m(?:add|sub)\d+)(p|s)[sd]\t.*?(%[xyz]mm)"
)


@dataclass(frozen=True)
class Counts:
    """Of one expression at one size; bytes are those of the arrays.

    Attributes:
        kernels: launched, matrix products and library routines included.
        moved: bytes that they read and write.
        arena: bytes of temporaries.
        wide: floating-point instructions on whole 64-byte vectors.
        narrow: those on less, scalars above all.
    """

    kernels: int
    moved: int
    arena: int
    wide: int = 0
    narrow: int = 0

    @property
    def share(self) -> float:
        """Of the wide instructions among all."""
        return self.wide / max(self.wide + self.narrow, 1)


@functools.cache
def made(name: str) -> tuple[Generated, SizeBinder, dict[str, np.ndarray]]:
    """A case as code for one fixed processor, what evaluates its sizes, and arguments."""
    case = CASES[name]
    arguments = {
        k: np.asarray(v) for k, v in case.kind.sample(np.random.default_rng(0), case.dtype, *case.size).items()
    }
    inputs = {k: st.tensor(k, str(v.dtype), (None,) * v.ndim) for k, v in arguments.items()}
    program = case.kind.program("symtensor")
    assert program is not None
    results = program(st, **inputs)
    if case.kind.state:
        results = (*flat(results[0]), *results[1].values())
    leaves = tuple(inputs.values())
    code = generated(list(flat(results)), leaves)
    return code, SizeBinder(leaves, code.plan.guards), arguments


def counts(name: str, compiler: tuple[str, ...] | None = None) -> Counts:
    """The counts of a case; those of instructions only with a compiler."""
    code, binder, arguments = made(name)
    given = {k: int(v) if v.ndim == 0 and v.dtype.kind == "i" else v for k, v in arguments.items()}
    table = kernel_table(code.program, binder).at(**given)
    plan = memory_plan(code.program, code.source.layout, False, binder, 1).at(**given)
    wide, narrow = instructions(code.source.text, compiler) if compiler else (0, 0)
    return Counts(len(table), known(table.bytes), known(plan.arena_bytes), wide, narrow)


def known(size: SizeLike) -> int:
    assert isinstance(size, int), f"the sizes of the arguments do not tell {size}"
    return size


def gcc() -> tuple[str, ...] | None:
    """The command of gcc for x86 if that is what compiles here."""
    try:
        tools = toolchain.toolchain()
    except toolchain.NoCompiler:
        return None
    fits = "gcc" in tools.identity.lower() and "x86_64" in tools.identity and shutil.which(tools.cc[0])
    flags = [f for f in tools.flags if not f.startswith(("-march", "-mcpu", "-mprefer-vector-width", "-shared"))]
    return (*tools.cc, *flags, "-march=skylake-avx512", "-mprefer-vector-width=512", "-O2") if fits else None


def instructions(source: str, compiler: tuple[str, ...]) -> tuple[int, int]:
    """Floating-point instructions on whole vectors, and on less, in the machine code of a source."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "code.c").write_text(source)
        command = [*compiler, "-S", "-o", "-", "code.c"]
        text = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    found = ARITHMETIC.findall(text)
    wide = sum(form == "p" and register == "%zmm" for form, register in found)
    return wide, len(found) - wide


def show(name: str, case: Case, found: Counts) -> str:
    arrays, arena = found.moved / case.unit, found.arena / case.unit
    return f"{name:30s} {found.kernels:3d} kernels {arrays:8.3f} moved {arena:8.3f} arena {found.share:6.3f} wide"


if __name__ == "__main__":
    for name, case in CASES.items():
        print(show(name, case, counts(name, gcc())), flush=True)
