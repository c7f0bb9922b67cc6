"""Kernels of the loop language executed on devices, against an interpreter: the barriers are enough.

The host shim runs the threads of a group one after the other between barriers.  Run once from the first to the last and
once from the last to the first, whatever a thread reads without a barrier is missing in one of the two.
"""

from __future__ import annotations

import ctypes
import random
from collections.abc import Callable

import numpy as np
import pytest

from symtensor.codegen import gpu
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.cuda import CUDA
from symtensor.codegen.gpu import GpuPrinter, helpers_text
from symtensor.codegen.launches import launch_shape
from symtensor.codegen.opencl import OPENCL
from symtensor.ir import size as sz
from symtensor.ir.scalar import Call, Const, Expr, Index, Load, LoopVar, Var, index
from symtensor.ir.size import Size, SizeLike
from symtensor.ops.monoids import ARGMAX_MONOID, MAX_MONOID, SUM_MONOID
from symtensor.runtime import shim
from symtensor.runtime.device import device as open_device
from tests.conftest import need
from tests.runtime.session import Session

F64, I64 = np.dtype("float64"), np.dtype("int64")
N = 70  # elements of a row: two full rounds of 32 lanes and a rest
LANES = 32
ROWS = 3


# ---------------------------------------------------------------------------------------------------- interpretation
class Interpreter:
    """Runs a kernel in order."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self.arrays = arrays

    def run(self, body: tuple[ir.Statement, ...], names: dict[str, float], at: dict[LoopVar, SizeLike]) -> None:
        """Execute statements; ``names`` are variables, ``at`` the values of loop variables."""
        for s in body:
            if isinstance(s, ir.For):
                for k in range(int(sz.substitute(s.var.extent, at))):
                    self.run(s.body, names, {**at, s.var: k})
            elif isinstance(s, (ir.Let, ir.Declare, ir.Assign)):
                names[s.name] = self.value(s.value, names, at)
            elif isinstance(s, ir.Store):
                self.arrays[s.buffer][sz.substitute(s.offset, at)] = self.value(s.value, names, at)
            elif isinstance(s, ir.Accumulate):
                self.accumulate(s, names, at)
            elif isinstance(s, ir.Alloc):
                self.arrays[s.name] = np.full(s.extent, np.nan)
            elif isinstance(s, ir.If):
                self.run(s.then if self.value(s.condition, names, at) else s.otherwise, names, at)

    def accumulate(self, s: ir.Accumulate, names: dict[str, float], at: dict[LoopVar, SizeLike]) -> None:
        """Take a value in, as the monoid says."""
        values = s.monoid.step(tuple(Var(n, F64) for n in s.names), s.value, s.position)
        names.update(zip(s.names, [self.value(v, dict(names), at) for v in values], strict=True))

    def value(self, e: Expr, names: dict[str, float], at: dict[LoopVar, SizeLike]) -> float:
        """A scalar."""
        if isinstance(e, Const):
            return e.value
        if isinstance(e, Var):
            return names[e.name]
        if isinstance(e, Index):
            return sz.substitute(e.size, at)  # type: ignore[return-value]
        if isinstance(e, Load):
            return self.arrays[e.buffer][sz.substitute(e.offset, at)]
        assert isinstance(e, Call)
        a = [self.value(x, names, at) for x in e.args]
        functions: dict[str, Callable[..., float]] = {
            "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "max": max,
            "gt": lambda x, y: x > y, "lt": lambda x, y: x < y, "eq": lambda x, y: x == y, "ne": lambda x, y: x != y,
            "select": lambda c, x, y: x if c else y, "and": lambda x, y: x and y, "or": lambda x, y: x or y,
            "not": lambda x: not x, "cast": lambda x: x,
        }  # fmt: skip
        return functions[e.op](*a)


# ------------------------------------------------------------------------------------------------------- random kernels
class Maker:
    """Makes random kernels of uniform statements and loops over lanes that share arrays in changing order."""

    def __init__(self, seed: int, *, branches: bool = True) -> None:
        self.random = random.Random(seed)
        self.kinds = ["map", "map", "map", "fold", "let", "store", "loop", *(["if"] if branches else [])]
        self.count = 0

    def kernel(self, name: str) -> ir.Kernel:
        """A kernel over rows of ``x`` and ``y``, with shared arrays ``s`` and ``t``."""
        self.row = LoopVar("o", ROWS)
        self.loops: list[LoopVar] = []
        self.variables: list[str] = []
        body = [ir.Alloc(a, F64, N) for a in "st"] + [self.fill(a) for a in "st"] + self.block(2)
        at = LoopVar("last", N)
        out = Load("s", Size.of(at), F64) + Load("t", Size.of(at), F64)
        body.append(self.lanes(at, ir.Store("y", self.place(at), out)))
        buffers = (ir.Buffer("x", F64, "in"), ir.Buffer("y", F64, "inout"))
        return ir.Kernel(name, buffers, (), (ir.For(self.row, tuple(body), "parallel"),))

    def lanes(self, var: LoopVar, *body: ir.Statement) -> ir.For:
        return ir.For(var, body, "simd", lanes=LANES)

    def place(self, var: LoopVar) -> SizeLike:
        return sz.add(sz.mul(Size.of(self.row), N), Size.of(var))

    def fresh(self, stem: str) -> str:
        self.count += 1
        return f"{stem}{self.count}"

    def fill(self, array: str) -> ir.For:
        var = LoopVar(self.fresh("v"), N)
        return self.lanes(var, ir.Store(array, Size.of(var), Load("x", self.place(var), F64)))

    def block(self, depth: int) -> list[ir.Statement]:
        kept = len(self.variables)
        made = [s for _ in range(self.random.randint(2, 4)) for s in self.statement(depth)]
        del self.variables[kept:]
        return made

    def address(self, var: LoopVar) -> SizeLike:
        """Where an iteration reads or writes: its own place, or mirrored."""
        return Size.of(var) if self.random.random() < 0.5 else sz.add(N - 1, sz.mul(Size.of(var), -1))

    def scalar(self) -> Expr:
        if self.variables and self.random.random() < 0.6:
            return Var(self.random.choice(self.variables), F64)
        return Load(self.random.choice("st"), self.random.randrange(N), F64)

    def statement(self, depth: int) -> list[ir.Statement]:
        kind = self.random.choice(self.kinds)
        if kind == "loop" and depth:
            var = LoopVar(self.fresh("v"), self.random.randint(1, 3))
            return [ir.For(var, tuple(self.block(depth - 1)))]
        if kind == "if" and depth:
            return [ir.If(self.scalar() < Const(0.5, F64), tuple(self.block(depth - 1)), tuple(self.block(depth - 1)))]
        if kind == "let":
            name = self.fresh("v")
            value = self.scalar()
            self.variables.append(name)
            return [ir.Let(name, value)]
        if kind == "store":
            return [ir.Store(self.random.choice("st"), self.random.randrange(N), self.scalar() * Const(0.5, F64))]
        if kind == "fold":
            return self.fold()
        var = LoopVar(self.fresh("v"), N)
        array, other = self.random.sample("st", 2)
        value: Expr = Load(other, self.address(var), F64) * Const(0.5, F64) + self.scalar_outside(array) * Const(
            0.25, F64
        )
        place = self.address(var)
        if self.random.random() < 0.4:
            value = value + Load(array, place, F64) * Const(0.5, F64)
        return [self.lanes(var, ir.Store(array, place, value))]

    def scalar_outside(self, array: str) -> Expr:
        """A uniform value that a loop which writes the array may read."""
        value = self.scalar()
        return Const(1.0, F64) if isinstance(value, Load) and value.buffer == array else value

    def fold(self) -> list[ir.Statement]:
        """A maximum: no rounding, so that an interpreter gives the same in any order."""
        name, var = self.fresh("v"), LoopVar(self.fresh("v"), N)
        start = Const(-np.inf, F64)
        load = Load(self.random.choice("st"), self.address(var), F64)
        self.variables.append(name)
        return [
            ir.Declare(name, start), self.lanes(var, ir.Accumulate((name,), MAX_MONOID, load, index(0)))
        ]  # fmt: skip


# ----------------------------------------------------------------------------------------------------------- execution
def backwards(source: str, names: list[str]) -> str:
    """The shim's source with the threads of a group begun from the last."""
    begin = "unsigned thread = block.begun++;"
    text = shim_source(source, names)
    assert begin in text
    return text.replace(begin, "unsigned thread = block.size - 1 - block.begun++;")


shim_source = shim.host_source
WAYS = ("opencl", "forwards", "backwards")


def execute(way: str, kernels: list[ir.Kernel], x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What each kernel leaves in ``y``, whose elements begin as -1."""
    name = need("opencl") if way == "opencl" else "cuda-shim"
    if way == "backwards":
        monkeypatch.setattr(shim, "host_source", backwards)
    printer = GpuPrinter(OPENCL if way == "opencl" else CUDA)
    texts = [line for k in kernels for line in printer.kernel(k)]
    source = "\n".join([printer.dialect.header, helpers_text(printer), *texts])
    results = []
    with Session(open_device(name)) as session:
        handles = session.compile(source, *(k.name for k in kernels))
        given = session.put(x)
        for kernel, handle in zip(kernels, handles, strict=True):
            shape = launch_shape(kernel)
            groups = min(int(sz.substitute(shape.groups, {})), shape.most)
            y = session.put(np.full_like(x, -1))
            arguments: list[ctypes._SimpleCData] = [given, y]  # type: ignore[type-arg]
            if shape.scratch:
                arguments.append(session.alloc(groups * int(sz.substitute(shape.scratch_bytes, {}))))
            session.launch(handle, groups, shape.threads, *arguments)
            results.append(session.get(y, x.size, "float64"))
    return results


def interpreted(kernel: ir.Kernel, x: np.ndarray) -> np.ndarray:
    """What a kernel leaves in ``y``."""
    arrays = {"x": x, "y": np.full_like(x, -1)}
    Interpreter(arrays).run(kernel.body, {}, {})
    return arrays["y"]


@pytest.mark.parametrize("way", WAYS)
def test_random_kernels(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 4 if way == "opencl" else 24
    # PoCL fails where threads meet under conditions; see `launches.conditions_in_lanes`.
    kernels = [Maker(seed, branches=way != "opencl").kernel(f"k{seed}") for seed in range(count)]
    x = np.random.default_rng(0).random(ROWS * N)
    for kernel, got in zip(kernels, execute(way, kernels, x, monkeypatch), strict=True):
        np.testing.assert_array_equal(got, interpreted(kernel, x), err_msg=kernel.name)


def test_without_barriers_the_shim_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above has teeth: such kernels fail once barriers are left out."""
    kernels = [Maker(seed, branches=False).kernel(f"k{seed}") for seed in range(24)]
    x = np.random.default_rng(0).random(ROWS * N)
    want = [interpreted(k, x) for k in kernels]
    monkeypatch.setattr(gpu, "place_barriers", lambda *_: set())
    wrong = set()
    for way in ("forwards", "backwards"):
        got = execute(way, kernels, x, monkeypatch)
        wrong |= {k for k, (a, b) in enumerate(zip(got, want, strict=True)) if not np.array_equal(a, b)}
    assert len(wrong) > 12, sorted(wrong)


def _row_kernel(name: str, rows: int, *body: ir.Statement) -> ir.Kernel:
    buffers = (ir.Buffer("x", F64, "in"), ir.Buffer("y", F64, "inout"))
    return ir.Kernel(name, buffers, (), (ir.For(LoopVar("o", rows), body, "parallel"),))


@pytest.mark.parametrize("way", WAYS)
def test_arrays_beyond_shared_memory_are_one_a_group(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows than groups may keep arrays: each group's array is used again and again."""
    rows, large = 300, 3000
    row, var = LoopVar("o", rows), LoopVar("j", large)
    mirrored = sz.add(large - 1, sz.mul(Size.of(var), -1))
    body = (
        ir.Alloc("s", F64, large),
        ir.For(var, (ir.Store("s", Size.of(var), Load("x", Size.of(row), F64) * Const(2, F64)),), "simd", lanes=LANES),
        ir.For(var, (ir.Store("s", mirrored, Load("s", mirrored, F64) + Const(1, F64)),), "simd", lanes=LANES),
        ir.Store("y", Size.of(row), Load("s", 5, F64) + Load("s", large - 5, F64)),
    )
    kernel = ir.Kernel(
        "k", (ir.Buffer("x", F64, "in"), ir.Buffer("y", F64, "inout")), (), (ir.For(row, body, "parallel"),)
    )
    x = np.random.default_rng(1).random(rows)
    assert launch_shape(kernel).scratch
    (got,) = execute(way, [kernel], x, monkeypatch)
    np.testing.assert_array_equal(got, 4 * x + 2)


@pytest.mark.parametrize("way", WAYS)
def test_reductions_of_several_lanes_and_accumulators(way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Loops of 64 and of 32 lanes in one kernel; the tree is that of the CPU's vectors."""
    row, var = LoopVar("o", ROWS), LoopVar("j", N)
    value = Load("x", sz.add(sz.mul(Size.of(row), N), Size.of(var)), F64)
    first, second = ARGMAX_MONOID.init(F64)
    body = (
        ir.Declare("total", Const(0, F64)), ir.Declare("best", first), ir.Declare("where", second),
        ir.For(var, (ir.Accumulate(("total",), SUM_MONOID, value, index(0)),), "simd", lanes=64),
        ir.For(var, (ir.Accumulate(("best", "where"), ARGMAX_MONOID, value, index(Size.of(var))),), "simd", lanes=32),
        ir.Store("y", Size.of(row), Var("total", F64)),
        ir.Store("y", sz.add(Size.of(row), ROWS), Var("best", F64)),
    )  # fmt: skip
    kernel = ir.Kernel(
        "k", (ir.Buffer("x", F64, "in"), ir.Buffer("y", F64, "inout")), (), (ir.For(row, body, "parallel"),)
    )
    x = np.random.default_rng(2).random(ROWS * N)
    (got,) = execute(way, [kernel], x, monkeypatch)
    lanes = np.zeros((ROWS, 64))
    for p in range(N):
        lanes[:, p % 64] += x.reshape(ROWS, N)[:, p]
    while lanes.shape[1] > 1:
        half = lanes.shape[1] // 2
        lanes = lanes[:, :half] + lanes[:, half:]
    np.testing.assert_array_equal(got[:ROWS], lanes[:, 0])
    np.testing.assert_array_equal(got[ROWS : 2 * ROWS], x.reshape(ROWS, N).max(axis=1))
