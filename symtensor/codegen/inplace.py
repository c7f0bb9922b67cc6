"""Which updates of shared variables may be written straight into the variable's own memory.

An update is in place when nothing reads the old value after the first write, every step that writes reads the old value
at most at the very element that it writes, and nothing that can fail comes after the first write.
"""

from __future__ import annotations

from collections import Counter

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.program import (
    Chunks,
    Copy,
    Define,
    HostCall,
    Launch,
    Library,
    Loop,
    Program,
    Step,
    WhileLoop,
    all_steps,
    touched,
)
from symtensor.ir.scalar import Index, Load
from symtensor.ir.size import Atom, atoms
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
    nodes, uses = program.output_nodes, Counter(program.output_nodes)
    return {
        number: argument
        for number, argument in updates.items()
        # A leaf has memory of its own, and two outputs that are one node cannot both lie in the variable's.
        if nodes[number].op.kind != "source"
        and uses[nodes[number]] == 1
        and _safe(flat, top, program.outputs[number], names[argument], last_risk)
    }


def _can_fail(step: Step) -> bool:
    # Loops look at the stop flag; what asks for memory may get none; Python may raise.
    fails = isinstance(step, (Library, Loop, WhileLoop, Chunks, Define, HostCall))
    return fails or (isinstance(step, Launch) and (step.kernel.can_fail or _looks_at_stop(step.kernel)))


def _looks_at_stop(kernel: ir.Kernel) -> bool:
    statements = ir.all_statements(kernel.body)
    return any(isinstance(s, ir.While) or (isinstance(s, ir.For) and s.long) for s in statements)


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
    """Whether a kernel reads the variable only at the element that it stores, earlier in the same iteration."""
    statements = ir.all_statements(kernel.body)
    places = [k for k, s in enumerate(statements) if isinstance(s, ir.Store) and s.buffer == output]
    if len(places) != 1:
        return False
    store = statements[places[0]]
    assert isinstance(store, ir.Store)
    varies_with = {*atoms(store.offset), *_defined_by(statements, store)}
    if not all(loop.var in varies_with for loop in _loops_around(kernel.body, store)):
        return False  # some loop stores an element again, after another iteration may have read it
    for k, statement in enumerate(statements):
        for e in walk(list(ir.expressions(statement))):
            other_place = isinstance(e, Load) and (e.buffer == output or e.offset != store.offset or k > places[0])
            if isinstance(e, Load) and e.buffer in (variable, output) and other_place:
                return False
    return True


def _loops_around(body: tuple[ir.Statement, ...], inner: ir.Statement) -> list[ir.For]:
    """The loops that a statement stands in."""
    around = [s for s in ir.all_statements(body) if isinstance(s, ir.For) and inner in ir.all_statements(s.body)]
    return [s for s in around if s.var.extent != 1]


def _defined_by(statements: list[ir.Statement], store: ir.Store) -> set[Atom]:
    """Atoms in the definitions of the variables that stand for parts of the store's offset."""
    labels = {a.label for a in atoms(store.offset)}
    lets = [s for s in statements if isinstance(s, ir.Let) and s.name in labels]
    return {a for s in lets for e in walk([s.value]) if isinstance(e, Index) for a in atoms(e.size)}
