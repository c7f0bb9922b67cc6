"""The loop language and the Program as text."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.text import expr_text, kernel_text, program_text
from symtensor.ir.node import OPS
from symtensor.ir.scalar import Const, Load, LoopVar, Var, call, cast, index, select
from symtensor.ir.size import Dim, Size
from tests.probes import PROBES, load

F8 = np.dtype("float64")
X, Y, Z = (Var(name, F8) for name in "xyz")


@pytest.mark.parametrize(
    ("expr", "text"),
    [
        ((X + Y) * Z, "(x + y) * z"),
        (X + Y * Z, "x + y * z"),
        (X - (Y - Z), "x - (y - z)"),
        (X - Y - Z, "x - y - z"),
        (X * (Y * Z), "x * (y * z)"),
        (-(X + Y), "-(x + y)"),
        (-X * Y, "-x * y"),
        ((X < Y) & (Y < Z), "x < y & y < z"),
        (select(X < 0, -X, X), "select(x < 0.0, -x, x)"),
        (call("exp", X + 1), "exp(x + 1.0)"),
        (cast(X, np.dtype("float32")), "float32(x)"),
        (X + Const(-1.0, F8), "x + -1.0"),
    ],
)
def test_expressions_have_the_parentheses_that_they_need(expr: object, text: str) -> None:
    assert expr_text(expr) == text


def test_a_kernel_is_one_statement_a_line() -> None:
    n = Dim("n")
    row, lane = LoopVar("i", Size.of(n)), LoopVar("j", 100)
    at = Size.of(row) * 100 + Size.of(lane)
    value = Load("x", at, F8)
    total = Var("total", F8)
    inner = ir.For(lane, (ir.Accumulate(("total",), OPS["sum"].monoid, value, index(Size.of(lane))),), "simd", lanes=32)
    fail = ir.Fail(4, 2, (index(Size.of(row)),))
    body = (
        ir.Alloc("tile", F8, 100),
        ir.Declare("total", Const(0.0, F8)),
        inner,
        ir.If(total < 0, (fail,), (ir.Store("y", Size.of(row), total),)),
        ir.Barrier(),
    )
    kernel = ir.Kernel(
        "k1", (ir.Buffer("x", F8, "in"), ir.Buffer("y", F8, "out")), (n,), (ir.For(row, body, "parallel", grain=16),)
    )
    assert kernel_text(kernel).splitlines() == [
        "kernel k1(in x: float64, out y: float64; n)",
        "  parallel i < n  (chunks of 16)",
        "    alloc shared tile: float64[100]",
        "    var total: float64 = 0.0",
        "    simd j < 100  (32 lanes)",
        "      total <- sum x[100*i + j]",
        "    if total < 0.0",
        "      fail code 4 site 2 (<i>)",
        "    else",
        "      y[i] = total",
        "    barrier",
    ]


def test_a_program_lists_sizes_guards_storages_and_steps() -> None:
    a, b = st.matrix("a"), st.matrix("b")
    lines = program_text(st.compile(a @ b.T, [a, b], name="product").details.generated.program).splitlines()
    assert lines[0] == "program product"
    assert "  size a.shape[0] = axis 0 of a" in lines
    assert "  guard a.shape[1] == b.shape[1]" in lines
    assert lines[-2].startswith("  k1_contract: contract = a @ b.T  (")
    assert lines[-1] == "  return contract"


@pytest.mark.parametrize("name", PROBES)
def test_probes_print(name: str) -> None:
    outputs, inputs = load(name).build()
    program = st.compile(outputs, inputs).details.generated.program
    text = program_text(program)
    assert "object at 0x" not in text
    for kernel in program.kernels():
        assert text.count(f"kernel {kernel.name}(") == 1


def test_debug_prints_the_loops(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("SYMTENSOR_DEBUG", "loops,rewrites")
    x = st.vector("x")
    st.compile(st.log(1 + st.exp(x)), [x])
    printed = capsys.readouterr().err
    assert "softplus_from_exp (better)" in printed
    assert "kernel k1_softplus(in x: float64" in printed
