"""Which updates of shared variables may be written straight into the variable's own memory.

An update is in place when nothing reads the old value after the first write, every step that writes reads the old value
at most at the very element that it writes, and nothing that can fail comes after the first write.
"""

from __future__ import annotations

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.program import Copy, Launch, Library, Loop, Program, Step, WhileLoop, all_steps, touched
from symtensor.ir.scalar import Load
from symtensor.optimizer.elements import walk


def in_place_updates(program: Program, updates: dict[int, int]) -> dict[int, int]:
    """The updates that may be in place.

    Args:
        program: built with separate buffers.
        updates: output number to the number of the shared argument that it replaces.

    Returns:
        The part of ``updates`` that is safe.
    """
    names = {s.number: s.name for s in program.storages.values() if s.kind == "argument" and s.number >= 0}
    flat = all_steps(program.steps)
    top = {id(s) for s in program.steps}
    last_risk = max((k for k, s in enumerate(flat) if _can_fail(s)), default=-1)
    return {
        number: argument
        for number, argument in updates.items()
        if _safe(flat, top, program.outputs[number], names[argument], last_risk)
    }


def _can_fail(step: Step) -> bool:
    # Loops look at the stop flag.
    return isinstance(step, (Library, Loop, WhileLoop)) or (isinstance(step, Launch) and step.kernel.can_fail)


def _safe(flat: list[Step], top: set[int], output: str, variable: str, last_risk: int) -> bool:
    writes = [k for k, s in enumerate(flat) if output in touched(s)]
    if not writes or writes[0] <= last_risk or any(id(flat[k]) not in top for k in writes):
        return False
    for k, step in enumerate(flat):
        if variable not in touched(step) or k < writes[0]:
            continue
        if isinstance(step, Copy) and (step.target, step.source) == (output, variable):
            continue
        if not (isinstance(step, Launch) and k == writes[0] and _same_elements(step.kernel, output, variable)):
            return False
    return True


def _same_elements(kernel: ir.Kernel, output: str, variable: str) -> bool:
    """Whether a kernel reads the variable only at the element that it stores in the same iteration."""
    stores = [s for s in ir.all_statements(kernel.body) if isinstance(s, ir.Store) and s.buffer == output]
    if len(stores) != 1:
        return False
    loads = [
        e
        for s in ir.all_statements(kernel.body)
        for e in walk(list(ir.expressions(s)))
        if isinstance(e, Load) and e.buffer in (variable, output)
    ]
    return all(e.buffer == variable and e.offset == stores[0].offset for e in loads)
