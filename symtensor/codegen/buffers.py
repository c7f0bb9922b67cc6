"""The buffer plan: which temporaries share memory.

Lifetimes are intervals over the flattened steps; what is used inside a loop but lives outside of it lives through the
whole loop, and a pointer keeps alive what it may point to.  Temporaries of disjoint lifetimes share a block; a block is
as large as its largest tenant, so offsets are polynomials that the entry computes in a few instructions.  The sizes
of all tenants of a block become known at the same time: sizes that a step finds on the way split the plan.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from heapq import heappop, heappush

from symtensor.codegen.program import (
    Batch,
    Program,
    Step,
    Storage,
    Swap,
    View,
    blocks,
    clamped_buffers,
    readable_elements,
    touched,
)
from symtensor.ir import size as sz
from symtensor.ir.size import Atom, Bound, SizeLike, atoms
from symtensor.optimizer.recompute import typical
from symtensor.records import dataclass

FAR_LARGER = 8  # times the size of a temporary
LOOKED_AT = 8  # sizes of a block with which another one is compared: proofs are dear


@dataclass(frozen=True)
class Block:
    """A piece of the arena: bytes (a multiple of 64) and the temporaries that live there in turn."""

    bytes: SizeLike
    tenants: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """The arena: blocks one after the other."""

    blocks: tuple[Block, ...]

    @property
    def total(self) -> SizeLike:
        """Bytes of the whole arena."""
        size: SizeLike = 0
        for block in self.blocks:
            size = sz.add(size, block.bytes)
        return size

    def offsets(self) -> dict[str, SizeLike]:
        """Byte offset of each temporary."""
        table: dict[str, SizeLike] = {}
        at: SizeLike = 0
        for block in self.blocks:
            table.update(dict.fromkeys(block.tenants, at))
            at = sz.add(at, block.bytes)
        return table

    def __str__(self) -> str:
        lines = [f"{', '.join(b.tenants)}: {b.bytes} bytes" for b in self.blocks]
        return "\n".join([*lines, f"arena: {self.total} bytes"])


def rounded_bytes(storage: Storage, elements: SizeLike) -> SizeLike:
    """Bytes of so many elements, rounded up to whole cache lines."""
    size = sz.mul(elements, storage.dtype.itemsize)
    if isinstance(size, int):
        return -(-size // 64) * 64
    return sz.mul(sz.floordiv(sz.add(size, 63), 64), 64)


def _lifetimes(program: Program, steps: tuple[Step, ...]) -> dict[str, tuple[int, int]]:
    clock = 0
    live: dict[str, tuple[int, int]] = {}
    points_to: dict[str, set[str]] = {}

    def use(name: str, seen: set[str]) -> None:
        if name in seen:
            return
        seen.add(name)
        first, _ = live.get(name, (clock, clock))
        live[name] = (first, clock)
        for target in points_to.get(name, ()):
            use(target, seen)

    def visit(steps: tuple[Step, ...]) -> None:
        nonlocal clock
        for step in steps:
            clock += 1
            if isinstance(step, View):
                points_to.setdefault(step.name, set()).add(step.base)
            if isinstance(step, Swap):
                both = points_to.setdefault(step.first, set()) | points_to.setdefault(step.second, set())
                points_to[step.first], points_to[step.second] = set(both), set(both)
            for name in touched(step):
                use(name, set())
            inner = blocks(step)
            if inner:
                begin, before = clock, dict(live)
                for block in inner:
                    visit(block)
                clock += 1
                for name, (first, last) in list(live.items()):
                    if name in before and last >= begin:  # alive before the loop and used in it: alive all through
                        live[name] = (first, clock)
                if isinstance(step, Batch):  # entries are computed in any order, or at the same time
                    live.update(
                        (name, (min(first, begin), clock)) for name, (first, last) in live.items() if last >= begin
                    )
                for name in touched(step):
                    use(name, set())

    visit(steps)
    for name in program.outputs:
        if name in live:
            live[name] = (live[name][0], clock + 1)
    return live


def _found_sizes(size: SizeLike) -> frozenset[Atom]:
    return frozenset(a for a in atoms(size) if isinstance(a, Bound))


class _Arena:
    """Blocks under construction; those that are free lie in heaps by what they fit."""

    def __init__(self, reference: Mapping[Atom, SizeLike]) -> None:
        self.sizes: list[tuple[SizeLike, ...]] = []  # of each block; several where none is known to be the largest
        self.tenants: list[list[str]] = []
        self._found: list[frozenset[Atom]] = []
        self._busy: list[tuple[int, int]] = []  # heap of pairs: last use, number of the block
        self._free: dict[frozenset[Atom], dict[tuple[SizeLike, ...], list[int]]] = {}
        self._fits: dict[tuple[SizeLike, SizeLike], bool] = {}
        self._reference = reference
        self._typical: dict[SizeLike, int] = {}

    def house(self, name: str, size: SizeLike, found: frozenset[Atom], lifetime: tuple[int, int]) -> None:
        """Give a temporary a block; temporaries come in the order of their first use.

        Args:
            name: of the temporary.
            size: bytes.
            found: sizes found on the way that must be known for its own.
            lifetime: first and last use.
        """
        first, last = lifetime
        while self._busy and self._busy[0][0] < first:
            _, number = heappop(self._busy)
            heappush(self._free.setdefault(self._found[number], {}).setdefault(self.sizes[number], []), number)
        number = self._take(size, found)
        if number < 0:
            number = len(self.sizes)
            self.sizes.append((size,))
            self._found.append(found)
            self.tenants.append([name])
        else:
            self._grow(number, size)
            self.tenants[number].append(name)
        heappush(self._busy, (last, number))

    def _take(self, size: SizeLike, found: frozenset[Atom]) -> int:
        """A free block of this size, or what else it moves into; -1 where there is none."""
        free = self._free.get(found)
        if not free:
            return -1
        wanted = (size,) if (size,) in free else self._best_fit(size, free)
        if wanted is None:
            return -1
        number = heappop(free[wanted])
        if not free[wanted]:
            del free[wanted]
        return number

    def _best_fit(self, size: SizeLike, free: Mapping[tuple[SizeLike, ...], list[int]]) -> tuple[SizeLike, ...] | None:
        """What a free block has, by its sizes: the next larger, else the largest, which grows.

        A block that is far larger stays free for those that need it, as a small one of its own costs little.
        """
        wanted = self._bytes(size)
        room = {sizes: max(map(self._bytes, sizes)) for sizes in free}
        larger = [sizes for sizes in free if wanted <= room[sizes] <= FAR_LARGER * wanted]
        if larger:
            return min(larger, key=lambda sizes: (not self._fit(sizes, size), room[sizes], free[sizes][0]))
        smaller = [sizes for sizes in free if room[sizes] < wanted]
        return max(smaller, key=lambda sizes: (room[sizes], -free[sizes][0])) if smaller else None

    def _bytes(self, size: SizeLike) -> int:
        """A size where all its atoms have typical values."""
        known = self._typical.get(size)
        if known is None:
            known = self._typical[size] = typical(size, self._reference)
        return known

    def _grow(self, number: int, size: SizeLike) -> None:
        sizes = self.sizes[number]
        if size not in sizes and not self._fit(sizes, size):
            smaller = {s for s in sizes[-LOOKED_AT:] if self._at_least(size, s)}
            self.sizes[number] = (*(s for s in sizes if s not in smaller), size)

    def _fit(self, sizes: tuple[SizeLike, ...], size: SizeLike) -> bool:
        """Whether a block is provably large enough."""
        return any(self._at_least(s, size) for s in sizes[-LOOKED_AT:])

    def _at_least(self, left: SizeLike, right: SizeLike) -> bool:
        known = self._fits.get((left, right))
        if known is None:
            known = self._fits[left, right] = sz.at_least(left, right)
        return known


def plan_buffers(program: Program, clamped: Container[str] | None = None) -> Layout:
    """Assign the temporaries of a Program to blocks of the arena.

    Args:
        program: whose temporaries are housed.
        clamped: its buffers that are read at clamped indices, where they are known already.
    """
    return _packed(program, "temporary", _lifetimes(program, program.steps), clamped)


def plan_private(program: Program, batch: Batch, clamped: Container[str] | None = None) -> Layout:
    """Assign the private buffers of a batch to blocks of the memory that each worker has for it."""
    return _packed(program, "private", _lifetimes(program, batch.body), clamped)


def _packed(program: Program, kind: str, live: dict[str, tuple[int, int]], clamped: Container[str] | None) -> Layout:
    clamped = clamped_buffers(program) if clamped is None else clamped
    temporaries = [s for s in program.storages.values() if s.kind == kind and s.name in live]
    temporaries.sort(key=lambda s: live[s.name])
    arena = _Arena(program.reference)
    for storage in temporaries:
        size = rounded_bytes(storage, readable_elements(storage) if storage.name in clamped else storage.elements)
        arena.house(storage.name, size, _found_sizes(storage.elements), live[storage.name])
    return Layout(tuple(Block(sz.largest(s), tuple(t)) for s, t in zip(arena.sizes, arena.tenants)))
