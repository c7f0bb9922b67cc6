"""The verifiers of Plan, Program and kernels notice what is broken."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.check import check_kernel, check_plan, check_program
from symtensor.codegen.program import Swap
from symtensor.errors import VerificationError
from symtensor.ir.scalar import Load, LoopVar, Var
from symtensor.ir.size import Size
from tests.codegen.generating import generated

F64 = np.dtype("float64")


def kernel(*body: ir.Statement) -> ir.Kernel:
    return ir.Kernel("k", (ir.Buffer("x", F64, "in"),), (), body)


def test_a_variable_before_its_definition():
    with pytest.raises(VerificationError, match="k: t1 is used before it is defined"):
        check_kernel(kernel(ir.Let("t2", Var("t1", F64))))


def test_an_unknown_buffer():
    with pytest.raises(VerificationError, match="k: y is no buffer of it"):
        check_kernel(kernel(ir.Let("t", Load("y", 0, F64))))
    with pytest.raises(VerificationError, match="k: y is stored to, but is no buffer of it"):
        check_kernel(kernel(ir.Store("y", 0, Load("x", 0, F64))))


def test_a_loop_variable_outside_of_its_loop():
    i = LoopVar("i", 3)
    load = ir.Let("t", Load("x", Size.of(i), F64))
    check_kernel(kernel(ir.For(i, (load,))))
    with pytest.raises(VerificationError, match="k: i is not bound"):
        check_kernel(kernel(load))


def test_lanes_that_are_no_power_of_two():
    with pytest.raises(VerificationError, match="k: a simd loop needs a power of two of lanes, not 3"):
        check_kernel(kernel(ir.For(LoopVar("i", 3), (), "simd", lanes=3)))


def test_a_plan_in_the_wrong_order():
    x = st.matrix("x")
    made = generated([st.exp(x @ x).sum()], [x])
    check_plan(made.plan)
    steps = tuple(reversed(made.plan.steps))
    with pytest.raises(VerificationError, match="is read before it is computed"):
        check_plan(dataclasses.replace(made.plan, steps=steps))


def test_a_program_that_uses_what_it_does_not_have():
    x = st.vector("x")
    made = generated([x + 1], [x])
    check_program(made.program)
    with pytest.raises(VerificationError, match="Swap uses a, which has no storage"):
        check_program(dataclasses.replace(made.program, steps=(*made.program.steps, Swap("a", "b"))))
