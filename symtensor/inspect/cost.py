"""What a kernel costs, read off its loops: how often each statement runs, its arithmetic, its memory traffic."""

from __future__ import annotations

from collections.abc import Iterator

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.program import Storage
from symtensor.ir import size as sz
from symtensor.ir.scalar import SCALAR_OPS, Call, Expr, Load, LoopVar, ValueIndex, Var, index
from symtensor.ir.size import Atom, Size, SizeCall, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass

Block = tuple[ir.Statement, ...]
ARITHMETIC = ("infix", "prefix", "helper")


@dataclass(frozen=True)
class Nest:
    """A loop with the loops inside it, for tables.

    Attributes:
        label: name of the loop variable.
        kind: ``serial``, ``parallel``, ``simd`` or ``unroll``.
        extent: how often its body runs in all, for one run of the loops around it.
        inner: loops inside.
    """

    label: str
    kind: str
    extent: SizeLike
    inner: tuple[Nest, ...]

    def __str__(self) -> str:
        kind = "" if self.kind == "serial" else f"{self.kind} "
        head = f"{kind}{self.label}<{self.extent}>"
        return f"{head} {nests_text(self.inner)}" if self.inner else head


def nests_text(nests: tuple[Nest, ...]) -> str:
    """Loops that run one after the other; equal neighbours are counted."""
    texts: list[tuple[str, int]] = []
    for text in map(str, nests):
        if texts and texts[-1][0] == text:
            texts[-1] = (text, texts[-1][1] + 1)
        else:
            texts.append((text, 1))
    parts = [text if count == 1 else f"{count} x {text}" for text, count in texts]
    return parts[0] if len(parts) == 1 else "{" + "; ".join(parts) + "}"


def loop_nests(body: Block) -> tuple[Nest, ...]:
    """The loops of a body, as a tree."""
    found: list[Nest] = []
    for statement in body:
        inner = tuple(n for block in ir.child_blocks(statement) for n in loop_nests(block))
        if isinstance(statement, ir.For):
            found.append(Nest(statement.var.label, statement.kind, statement.var.extent, inner))
        elif isinstance(statement, ir.While):
            found.append(Nest("while", "serial", Size.of(Atom("?")), inner))
        else:
            found += inner
    return tuple(found)


def executions(body: Block, loops: tuple[LoopVar, ...] = ()) -> Iterator[tuple[ir.Statement, SizeLike]]:
    """All statements with how often each runs; both sides of a branch count, a ``while`` counts one round."""
    for statement in body:
        yield statement, trips(loops)
        inside = (*loops, statement.var) if isinstance(statement, ir.For) else loops
        for block in ir.child_blocks(statement):
            yield from executions(block, inside)


def trips(loops: tuple[LoopVar, ...]) -> SizeLike:
    """How often the body of nested loops runs.

    The tiles of a cut loop are joined again: ``min(512, n - 512*tile)`` iterations in each of its tiles are ``n``.
    An extent that depends on an outer loop in another way counts as in that loop's first iteration.
    """
    extents: dict[LoopVar, SizeLike] = {}
    for var in loops:
        tiled = _tiled(var.extent, extents)
        if tiled is None:
            extents[var] = _first(var.extent)
        else:
            outer, whole = tiled
            extents[outer], extents[var] = 1, whole
    return sz.product(extents.values())


def _first(extent: SizeLike) -> SizeLike:
    """An extent in the first iteration of all loops that it depends on, and of those that a joined loop counts for."""
    first: dict[Atom, SizeLike] = {a: 0 for a in atoms(extent) if isinstance(a, LoopVar)}
    return sz.substitute(extent, first)


def _tiled(extent: SizeLike, outer: dict[LoopVar, SizeLike]) -> tuple[LoopVar, SizeLike] | None:
    """For ``min(tile, whole - tile*var)`` the loop variable and the whole."""
    if not isinstance(extent, Size) or len(extent.terms) != 1 or len(extent.terms[0][0]) != 1:
        return None
    (atom,), _ = extent.terms[0]
    if not isinstance(atom, SizeCall) or atom.op != "min":
        return None
    for var in outer:
        for rest in (atom.left, atom.right):
            if var in set(atoms(rest)):
                return var, sz.substitute(rest, {var: 0})
    return None


def flops(kernel: ir.Kernel) -> SizeLike:
    """Floating-point operations of one run: an addition or a function such as ``exp`` is one, ``fma`` two."""
    total: SizeLike = 0
    for statement, count in executions(kernel.body):
        total = sz.add(total, sz.mul(count, _flops_of(statement)))
    return total


def _flops_of(statement: ir.Statement) -> int:
    roots: list[Expr] = list(ir.expressions(statement))
    if isinstance(statement, ir.Accumulate):
        names = statement.names
        starts = statement.monoid.init(statement.value.dtype)
        accumulators = tuple(Var(n, s.dtype) for n, s in zip(names, starts))
        roots += statement.monoid.step(accumulators, statement.value, index(0))
    calls = [e for e in walk(roots) if isinstance(e, Call) and e.dtype.kind == "f"]
    return sum(2 if c.op == "fma" else 1 for c in calls if SCALAR_OPS[c.op].form in ARITHMETIC)


def moved_bytes(kernel: ir.Kernel, storages: dict[str, Storage]) -> tuple[SizeLike, SizeLike]:
    """Bytes read and bytes written, each buffer counted once: what a cache that holds a row makes of it.

    Of a buffer that is read at computed indices at most one element an iteration counts.
    """
    gathered = _gathered(kernel)
    read: SizeLike = 0
    written: SizeLike = 0
    for buffer in kernel.buffers:
        storage = storages[buffer.name]
        elements = storage.elements
        if buffer.name in gathered:
            elements = sz.minimum(elements, gathered[buffer.name])
        if buffer.access != "out":
            read = sz.add(read, sz.mul(elements, storage.dtype.itemsize))
        if buffer.access != "in":
            written = sz.add(written, sz.mul(storage.elements, storage.dtype.itemsize))
    return read, written


def _gathered(kernel: ir.Kernel) -> dict[str, SizeLike]:
    """Buffers that are only read at computed indices, with the number of such reads."""
    counts: dict[str, SizeLike] = {}
    direct: set[str] = set()
    for statement, count in executions(kernel.body):
        for e in walk(list(ir.expressions(statement))):
            if isinstance(e, Load):
                if any(isinstance(a, ValueIndex) for a in atoms(e.offset)):
                    counts[e.buffer] = sz.add(counts.get(e.buffer, 0), count)
                else:
                    direct.add(e.buffer)
    return {name: count for name, count in counts.items() if name not in direct}
