"""The Program: the host side of a compiled function, one C function for every target.

A Program is a tuple of steps over named buffers in execution order.  Sizes are polynomials over atoms; atoms are
bound from the layout of the arguments, or by a step that finds a size on the way (``nonzero``).  Loops and branches
hold steps of their own.  On a CPU a launch is a call; on a device it goes through the table of the device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field

import numpy as np

from symtensor.codegen.loop_ir import Kernel, all_statements, expressions
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Site, Tensor
from symtensor.ir.scalar import Load, LoopVar, ValueIndex
from symtensor.ir.size import Atom, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass


@dataclass(frozen=True, eq=False)
class Storage:
    """A buffer of the Program.

    Attributes:
        name: its variable in the source.
        dtype: element type.
        elements: how many.
        kind: ``argument`` (number ``number`` of the entry), ``output`` (asked from the runtime under ``number``),
            ``temporary`` (in the arena), ``private`` (a worker's own, inside a ``Batch``) or ``pointer`` (assigned by
            the steps: views, loop carries).
        shape: sizes, for outputs.
    """

    name: str
    dtype: np.dtype
    elements: SizeLike
    kind: str
    number: int = -1
    shape: tuple[SizeLike, ...] = ()


@dataclass(frozen=True, eq=False)
class Launch:
    """Run a kernel; its parameters are the buffers and sizes of the same names."""

    kernel: Kernel


@dataclass(frozen=True, eq=False)
class Matrix:
    """One operand of a matrix product: where it starts, whether it is read transposed, its leading dimension."""

    buffer: str
    transposed: bool
    leading: SizeLike
    strides: tuple[SizeLike, ...]  # of the batch axes
    offset: SizeLike = 0  # of the first element


@dataclass(frozen=True, eq=False)
class Gemm:
    """``c[batch] = a[batch] @ b[batch]`` for matrices of ``rows x inner`` and ``inner x columns``.

    ``beside`` is how many others like it are computed at the same time, for one inside of a ``Batch``.
    """

    name: str
    dtype: np.dtype
    batch: tuple[SizeLike, ...]
    rows: SizeLike
    columns: SizeLike
    inner: SizeLike
    a: Matrix
    b: Matrix
    c: Matrix
    node: Tensor
    beside: SizeLike = 1


@dataclass(frozen=True, eq=False)
class Library:
    """A routine of ``symtensor.codegen.library`` on whole buffers."""

    routine: str
    node: Tensor
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    sizes: tuple[SizeLike, ...]
    flags: tuple[int, ...] = ()
    defines: Atom | None = None


@dataclass(frozen=True, eq=False)
class View:
    """``name`` points ``offset`` elements into ``base`` from here on."""

    name: str
    dtype: np.dtype
    base: str
    offset: SizeLike


@dataclass(frozen=True, eq=False)
class Copy:
    """Copy whole elements between buffers."""

    target: str
    source: str
    dtype: np.dtype
    elements: SizeLike


@dataclass(frozen=True, eq=False)
class Swap:
    """Exchange what two pointers point to."""

    first: str
    second: str


@dataclass(frozen=True, eq=False)
class Loop:
    """Steps repeated ``var.extent`` times, backwards if ``reverse``."""

    var: LoopVar
    reverse: bool
    body: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Batch:
    """Steps for each entry of a batch, ``var.extent`` in all, in any order or at the same time.

    Every worker has its own memory for the ``private`` buffers, in which a step leaves what a later one reads.
    """

    name: str
    var: LoopVar
    body: tuple[Gemm | Launch, ...]
    private: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Log:
    """Rows of an unknown number: the pointer ``name`` leads to memory that grows, ``row`` elements each."""

    name: str
    dtype: np.dtype
    row: SizeLike


@dataclass(frozen=True, eq=False)
class WhileLoop:
    """``head`` computes the bool scalar ``condition``; while it holds, ``body`` runs.

    ``counter`` is an int64 scalar that holds the rounds; ``variable`` is its value as a size in offsets of the body.
    After ``max_steps`` rounds the loop fails at ``site``.  ``logs`` have room for one row a round; ``capacity`` is the
    variable of how many they have room for.
    """

    head: tuple[Step, ...]
    condition: str
    body: tuple[Step, ...]
    counter: str
    max_steps: int | None
    site: int
    variable: str
    logs: tuple[Log, ...]
    capacity: str


@dataclass(frozen=True, eq=False)
class Chunks:
    """A loop in kernels that stop when their logs are full: ``body`` runs again while ``unfinished`` holds after it.

    Before each run the logs get room for ``capacity`` rows, which the kernels take as a size.
    """

    body: tuple[Step, ...]
    unfinished: str
    logs: tuple[Log, ...]
    capacity: Atom


@dataclass(frozen=True, eq=False)
class Define:
    """From here on the size ``atom`` is known: the value of the int64 scalar ``source``."""

    atom: Atom
    source: str


@dataclass(frozen=True, eq=False)
class Branch:
    """Run one of two sequences of steps, by a bool scalar in memory."""

    condition: str
    then: tuple[Step, ...]
    otherwise: tuple[Step, ...]


@dataclass(frozen=True, eq=False)
class Commit:
    """From here on shared variables are written in place: nothing can fail, and Ctrl-C waits for the end."""


@dataclass(frozen=True, eq=False)
class HostCall:
    """Hand buffers to a Python function in the middle of a call: number ``number`` of ``Program.host_calls``."""

    number: int
    node: Tensor
    inputs: tuple[str, ...]
    sizes: tuple[SizeLike, ...]  # of all axes of all inputs


Step = (
    Launch
    | Gemm
    | Library
    | View
    | Copy
    | Swap
    | Loop
    | Batch
    | WhileLoop
    | Chunks
    | Define
    | Branch
    | Commit
    | HostCall
)


@dataclass(frozen=True)
class HostFunction:
    """A Python function that native code calls.

    Attributes:
        function: takes one array for each type; an exception stops the call.
        types: dtype and rank of each argument.
    """

    function: Callable[..., None]
    types: tuple[tuple[np.dtype, int], ...]


@dataclass(frozen=True, eq=False)
class Program:
    """A whole compiled function.

    Attributes:
        name: for comments.
        arguments: leaves in the order of the entry's pointers.
        storages: all buffers by name.
        atoms: where each atom comes from: (argument number, axis), or axis -1 for the value of a scalar argument.
        guards: conditions on sizes, with the site that each reports.
        steps: in execution order.
        sites: user lines by number, with what the message says is wrong.
        outputs: buffers of the outputs.
        output_nodes: what the outputs compute.
        constants: values of the large constants, by buffer; they come after ``arguments``, in the order of storages.
        host_calls: the Python functions that steps call.
        in_place: outputs that share the buffer of an argument: output number to argument number.
        reference: sizes at which the user set a memory limit, by which blocks of the arena are shared.
    """

    name: str
    arguments: tuple[Tensor, ...]
    storages: dict[str, Storage]
    atoms: dict[Atom, tuple[int, int]]
    size_names: dict[Atom, str]
    guards: tuple[tuple[Guard, int], ...]
    steps: tuple[Step, ...]
    sites: tuple[tuple[str, tuple[Site, ...]], ...]
    outputs: tuple[str, ...]
    output_nodes: tuple[Tensor, ...] = ()
    constants: dict[str, np.ndarray] = field(default_factory=dict)
    in_place: dict[int, int] = field(default_factory=dict)
    host_calls: tuple[HostFunction, ...] = ()
    reference: Mapping[Atom, SizeLike] = field(default_factory=dict)

    def kernels(self) -> list[Kernel]:
        """All kernels in order of first launch."""
        return [s.kernel for s in all_steps(self.steps) if isinstance(s, Launch)]


def axis_site(leaf: Tensor, axis: int) -> tuple[str, tuple[Site, ...]]:
    """What is wrong, and where, if an argument's axis has not the size that another argument gave to its name."""
    return f"axis {axis} of {leaf.name or 'an input without a name'} must have size {leaf.shape[axis]}", leaf.sites


def routine_site(node: Tensor) -> tuple[str, tuple[Site, ...]]:
    """What is wrong, and where, if the library routine of a node fails."""
    return f"{node.op.name}: {node.op.failure}", node.sites  # type: ignore[attr-defined]


def blocks(step: Step) -> tuple[tuple[Step, ...], ...]:
    """The sequences of steps inside a step."""
    if isinstance(step, (Loop, Batch, Chunks)):
        return (step.body,)
    if isinstance(step, WhileLoop):
        return (step.head, step.body)
    if isinstance(step, Branch):
        return (step.then, step.otherwise)
    return ()


def all_steps(steps: tuple[Step, ...]) -> list[Step]:
    """All steps, outer before inner, in execution order."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        for block in blocks(step):
            found += all_steps(block)
    return found


def lone_kernels(program: Program) -> list[Kernel]:
    """The kernels outside of batches, whose scratch memory lies with that of their batch."""
    inside = {id(s) for batch in all_steps(program.steps) if isinstance(batch, Batch) for s in batch.body}
    return [s.kernel for s in all_steps(program.steps) if isinstance(s, Launch) and id(s) not in inside]


def uses(program: Program) -> Counter[str]:
    """How many steps touch each buffer."""
    return Counter(name for step in all_steps(program.steps) for name in set(touched(step)))


def written(step: Step) -> tuple[str, ...]:
    """Names of the buffers that a step, or a step inside it, writes."""
    if isinstance(step, Launch):
        return tuple(b.name for b in step.kernel.buffers if b.access != "in")
    if isinstance(step, Gemm):
        return (step.c.buffer,)
    if isinstance(step, Library):
        return step.outputs
    if isinstance(step, Copy):
        return (step.target,)
    return tuple(name for block in blocks(step) for inner in block for name in written(inner))


def touched(step: Step) -> tuple[str, ...]:
    """Names of the buffers that a step itself reads or writes."""
    if isinstance(step, Launch):
        return tuple(b.name for b in step.kernel.buffers)
    if isinstance(step, Gemm):
        return (step.a.buffer, step.b.buffer, step.c.buffer)
    if isinstance(step, Library):
        return step.inputs + step.outputs
    if isinstance(step, View):
        return (step.name, step.base)
    if isinstance(step, Copy):
        return (step.target, step.source)
    if isinstance(step, Swap):
        return (step.first, step.second)
    if isinstance(step, HostCall):
        return step.inputs
    if isinstance(step, WhileLoop):
        return (step.condition, step.counter, *(log.name for log in step.logs))
    if isinstance(step, Chunks):
        return (step.unfinished, *(log.name for log in step.logs))
    if isinstance(step, Define):
        return (step.source,)
    return (step.condition,) if isinstance(step, Branch) else ()


def clamped_buffers(program: Program) -> set[str]:
    """Buffers that a kernel reads at an index which a condition clamps: in vectors both sides of a select are computed.

    Clamped indices lie inside a buffer unless it is empty, so an empty one needs some memory all the same.
    """
    found: set[str] = set()
    for kernel in program.kernels():
        for statement in all_statements(kernel.body):
            for expr in walk(list(expressions(statement))):
                if isinstance(expr, Load) and any(isinstance(a, ValueIndex) for a in atoms(expr.offset)):
                    found.add(expr.buffer)
    return {n for n in found if n in program.storages and not sz.at_least(program.storages[n].elements, 1)}


def readable_elements(storage: Storage) -> SizeLike:
    """Elements that a clamped index may reach, also where the storage has none."""
    return sz.product(sz.maximum(n, 1) for n in storage.shape) if storage.shape else storage.elements
