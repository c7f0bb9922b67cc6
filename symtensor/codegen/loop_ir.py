"""The loop language: what a kernel does, for every target.

A kernel is a tree of statements over scalar expressions (``symtensor.ir.scalar``).  Index polynomials name loop
variables and sizes; buffers are named by their parameter.  Loop kinds:

=========== ========================================================================================================
serial      iterations in order
parallel    independent iterations: chunks of a thread pool, or work groups of a device
simd        iterations in lanes: vector lanes of a CPU, threads of a work group.  Iteration ``p`` belongs to lane
            ``p % lanes``; ``Accumulate`` keeps one accumulator a lane and joins them in a fixed tree afterwards, so
            that the result has the same bits on every target and for any number of threads
unroll      as serial, written out
=========== ========================================================================================================

Outside of a ``simd`` loop a statement is *uniform*: a device executes it in every thread of the group, except that only
one of them stores.
"""

from __future__ import annotations

import numpy as np

from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Expr, Load, LoopVar
from symtensor.ir.size import Atom, SizeLike
from symtensor.ops.declare import Monoid
from symtensor.records import dataclass

KINDS = ("serial", "parallel", "simd", "unroll")
SPACES = ("global", "shared", "register")


@dataclass(frozen=True, eq=False)
class For:
    """``for (var = 0; var < extent; var++)`` of one kind; ``grain`` iterations make a chunk of a parallel loop.

    A serial loop that is ``long`` looks now and then whether the user has pressed Ctrl-C.  The body of a ``joint``
    parallel loop runs once for each chunk, with the borders of the chunk in the variables of ``joint_names``; results
    do not depend on where the chunks begin, so that there is one for each thread.
    """

    var: LoopVar
    body: tuple[Statement, ...]
    kind: str = "serial"
    reverse: bool = False
    lanes: int = 0
    grain: SizeLike = 1
    long: bool = False
    joint: bool = False


@dataclass(frozen=True, eq=False)
class While:
    """Run ``body`` while the variable ``condition`` holds; the body assigns it, and counts in ``rounds``."""

    condition: str
    body: tuple[Statement, ...]
    rounds: str


@dataclass(frozen=True, eq=False)
class If:
    """Branch on a uniform condition."""

    condition: Expr
    then: tuple[Statement, ...]
    otherwise: tuple[Statement, ...] = ()


@dataclass(frozen=True, eq=False)
class Let:
    """Define a variable once."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False)
class Declare:
    """Define a variable that is assigned later."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False)
class Assign:
    """Give a declared variable a new value."""

    name: str
    value: Expr


@dataclass(frozen=True, eq=False)
class Store:
    """Write one element of a buffer or scratch array."""

    buffer: str
    offset: SizeLike
    value: Expr


@dataclass(frozen=True, eq=False)
class Accumulate:
    """Take a value into the accumulators of a monoid, which were declared before the loop."""

    names: tuple[str, ...]
    monoid: Monoid
    value: Expr
    position: Expr


@dataclass(frozen=True, eq=False)
class Alloc:
    """An array for the rest of the enclosing block; ``register`` arrays have a constant extent."""

    name: str
    dtype: np.dtype
    extent: SizeLike
    space: str = "shared"


@dataclass(frozen=True, eq=False)
class Transpose:
    """Copy a block of memory into an array, rows and columns exchanged; on a CPU only.

    ``target[i * stride + j]`` becomes the element ``i + j * across`` after ``source``, for ``i < rows, j < columns``.
    """

    target: str
    stride: SizeLike
    source: Load
    across: SizeLike
    rows: SizeLike
    columns: SizeLike


@dataclass(frozen=True, eq=False)
class Fetch:
    """Ask for the cache line of an element that a loop around will read soon; only where a CPU has vectors.

    It reads nothing, so that it may lie behind the end of a buffer, and counts as no access.
    """

    load: Load


@dataclass(frozen=True, eq=False)
class Barrier:
    """All threads of a work group arrive before any goes on; nothing on a CPU."""


@dataclass(frozen=True, eq=False)
class Fail:
    """Report an error and leave the kernel: ``values`` and the ``step`` of a loop go into the error record."""

    code: int
    site: int
    values: tuple[Expr, ...]
    step: Expr | None = None


Statement = For | While | If | Let | Declare | Assign | Store | Accumulate | Alloc | Transpose | Fetch | Barrier | Fail


@dataclass(frozen=True, eq=False)
class Buffer:
    """A buffer parameter of a kernel."""

    name: str
    dtype: np.dtype
    access: str  # "in", "out" or "inout"


@dataclass(frozen=True, eq=False)
class Kernel:
    """One kernel, whole.

    Attributes:
        name: its name in the source.
        buffers: memory that it reads and writes.
        sizes: the atoms whose values it takes as int64 parameters.
        body: statements; at most one parallel loop, as the last statement at the top.
        nodes: the graph nodes that it computes, for comments and reports.
        work: estimated scalar operations, for the decision to use threads.
        scratch: bytes of private memory that each worker (or work group) needs.
    """

    name: str
    buffers: tuple[Buffer, ...]
    sizes: tuple[Atom, ...]
    body: tuple[Statement, ...]
    nodes: tuple[Tensor, ...] = ()
    work: SizeLike = 0
    can_fail: bool = False


def joint_names(var: LoopVar) -> tuple[str, str]:
    """The variables that hold the first iteration of a chunk of a joint loop, and the one behind the last."""
    return f"{var.label}_begin", f"{var.label}_end"


def child_blocks(statement: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks of statements inside a statement."""
    if isinstance(statement, (For, While)):
        return (statement.body,)
    if isinstance(statement, If):
        return (statement.then, statement.otherwise)
    return ()


def expressions(statement: Statement) -> tuple[Expr, ...]:
    """The scalar expressions that a statement evaluates itself."""
    from symtensor.ir.scalar import Index

    if isinstance(statement, (Let, Declare, Assign)):
        return (statement.value,)
    if isinstance(statement, Store):
        return (Index(statement.offset), statement.value)
    if isinstance(statement, Accumulate):
        return (statement.value, statement.position)
    if isinstance(statement, If):
        return (statement.condition,)
    if isinstance(statement, Fail):
        return statement.values if statement.step is None else (*statement.values, statement.step)
    if isinstance(statement, For):
        return (Index(statement.var.extent), Index(statement.grain))
    if isinstance(statement, Alloc):
        return (Index(statement.extent),)
    if isinstance(statement, Transpose):
        sizes = (statement.stride, statement.across, statement.rows, statement.columns)
        return (statement.source, *map(Index, sizes))
    return ()


def all_statements(body: tuple[Statement, ...]) -> list[Statement]:
    """All statements of a body, outer before inner."""
    found: list[Statement] = []
    stack = list(reversed(body))
    while stack:
        statement = stack.pop()
        found.append(statement)
        for block in reversed(child_blocks(statement)):
            stack.extend(reversed(block))
    return found
