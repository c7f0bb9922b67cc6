"""Verifiers of the Plan, the Program and its kernels: what breaks a rule here is a defect of symtensor."""

from __future__ import annotations

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.program import Launch, Program, Swap, View, all_steps, touched
from symtensor.errors import VerificationError
from symtensor.ir.scalar import Index, Load, LoopVar, ValueIndex, Var
from symtensor.ir.size import SizeCall, atoms
from symtensor.optimizer.elements import Element, walk
from symtensor.optimizer.plan import SCRATCH, KernelGroup, Plan


def check_plan(plan: Plan) -> None:
    """Every stored node that a step reads was computed before it.

    Raises:
        VerificationError: naming the step and the node.
    """
    done: set = set()
    for step in plan.steps:
        if not isinstance(step, KernelGroup):
            done.update(step.nodes)
            continue
        here: set = set()
        for sweep in step.sweeps:
            for compute in sweep.computes:
                for e in walk([compute.value]):
                    if isinstance(e, Element) and e.node in plan.stored and e.node not in done | here:
                        raise VerificationError(f"{e.node.op.name} is read before it is computed, in\n{step}")
                if compute.node in here:
                    raise VerificationError(f"{compute.node.op.name} is computed twice in\n{step}")
                here.add(compute.node)
                if compute.storage == SCRATCH and compute.node in plan.stored:
                    raise VerificationError(f"{compute.node.op.name} is scratch, but others read it")
        done |= here


def check_program(program: Program) -> None:
    """Every buffer that a step touches exists, and every kernel is well-formed.

    Raises:
        VerificationError: naming the step and what is wrong.
    """
    for step in all_steps(program.steps):
        for name in touched(step):
            if name not in program.storages:
                raise VerificationError(f"{type(step).__name__} uses {name}, which has no storage")
        if isinstance(step, (View, Swap)) and program.storages[touched(step)[0]].kind != "pointer":
            raise VerificationError(f"{touched(step)[0]} is redirected, but is no pointer")
        if isinstance(step, Launch):
            check_kernel(step.kernel)


def check_kernel(kernel: ir.Kernel) -> None:
    """Variables are defined before use, loads and stores go to known buffers, loop variables are bound.

    Raises:
        VerificationError: naming the kernel and what is wrong.
    """
    buffers = {b.name for b in kernel.buffers}
    sizes = set(kernel.sizes)

    def expression(e, names: set[str], loops: set) -> None:  # type: ignore[no-untyped-def]
        for x in walk([e]):
            if isinstance(x, Var) and x.name not in names:
                raise VerificationError(f"{kernel.name}: {x.name} is used before it is defined")
            if isinstance(x, Load) and x.buffer not in names | buffers:
                raise VerificationError(f"{kernel.name}: {x.buffer} is no buffer of it")
            size = x.offset if isinstance(x, Load) else x.size if isinstance(x, Index) else 0
            for atom in atoms(size):
                if isinstance(atom, (ValueIndex, SizeCall)) or atom in sizes or atom in loops or atom.label in names:
                    continue
                raise VerificationError(f"{kernel.name}: {atom.label} is not bound")

    def block(body: tuple[ir.Statement, ...], names: set[str], loops: set) -> None:
        names = set(names)
        for s in body:
            for e in (s.load,) if isinstance(s, ir.Fetch) else ir.expressions(s):
                expression(e, names, loops)
            if isinstance(s, (ir.Let, ir.Declare, ir.Alloc)):
                names.add(s.name)
            if isinstance(s, ir.Store) and s.buffer not in names | buffers:
                raise VerificationError(f"{kernel.name}: {s.buffer} is stored to, but is no buffer of it")
            if isinstance(s, ir.Transpose) and s.target not in names:
                raise VerificationError(f"{kernel.name}: {s.target} is filled, but is no array of it")
            if isinstance(s, ir.Assign) and s.name not in names:
                raise VerificationError(f"{kernel.name}: {s.name} is assigned before it is declared")
            inside = loops | ({s.var} if isinstance(s, ir.For) else set())
            known = names | set(ir.joint_names(s.var)) if isinstance(s, ir.For) and s.joint else names
            for child in ir.child_blocks(s):
                block(child, known, inside)

    block(kernel.body, set(), set())
    _check_lanes(kernel)


def _check_lanes(kernel: ir.Kernel) -> None:
    for s in ir.all_statements(kernel.body):
        if isinstance(s, ir.For) and s.kind == "simd" and (s.lanes <= 0 or s.lanes & (s.lanes - 1)):
            raise VerificationError(f"{kernel.name}: a simd loop needs a power of two of lanes, not {s.lanes}")
        if isinstance(s, ir.For) and not isinstance(s.var, LoopVar):
            raise VerificationError(f"{kernel.name}: {s.var} is no loop variable")
