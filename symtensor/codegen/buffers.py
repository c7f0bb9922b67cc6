"""The buffer plan: which temporaries share memory.

Lifetimes are intervals over the flattened steps; what is used inside a loop but lives outside of it lives through the
whole loop, and a pointer keeps alive what it may point to.  Temporaries of disjoint lifetimes share a block; a block is
as large as its largest tenant, so offsets are polynomials that the entry computes in a few instructions.  The sizes
of all tenants of a block become known at the same time: sizes that a step finds on the way split the plan.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def _best_fit(size: SizeLike, free: dict[int, SizeLike], reference: Mapping[Atom, SizeLike]) -> int | None:
    """The free block that a temporary moves into: one of its size, else the next larger, else the largest, which grows.

    A block that is far larger stays free for those that need it, as a small one of its own costs little.
    """
    equal = next((k for k, block in free.items() if block == size), None)
    if equal is not None or not free:
        return equal
    wanted = typical(size, reference)
    room = {k: typical(block, reference) for k, block in free.items()}
    larger = [k for k in free if room[k] >= wanted]
    if larger:
        best = min(larger, key=lambda k: (not sz.at_least(free[k], size), room[k]))
        best = best if room[best] <= FAR_LARGER * wanted else min(larger, key=room.__getitem__)
        if room[best] <= FAR_LARGER * wanted:
            return best
    smaller = [k for k in free if room[k] < wanted]
    return max(smaller, key=room.__getitem__) if smaller else None


def plan_buffers(program: Program) -> Layout:
    """Assign the temporaries of a Program to blocks of the arena."""
    return _packed(program, "temporary", _lifetimes(program, program.steps))


def plan_private(program: Program, batch: Batch) -> Layout:
    """Assign the private buffers of a batch to blocks of the memory that each worker has for it."""
    return _packed(program, "private", _lifetimes(program, batch.body))


def _packed(program: Program, kind: str, live: dict[str, tuple[int, int]]) -> Layout:
    clamped = clamped_buffers(program)
    temporaries = [s for s in program.storages.values() if s.kind == kind and s.name in live]
    temporaries.sort(key=lambda s: live[s.name])
    sizes: list[SizeLike] = []
    tenants: list[list[str]] = []
    free_at: list[int] = []
    found: list[frozenset[Atom]] = []
    for storage in temporaries:
        first, last = live[storage.name]
        size = rounded_bytes(storage, readable_elements(storage) if storage.name in clamped else storage.elements)
        known = _found_sizes(storage.elements)
        free = [k for k in range(len(sizes)) if free_at[k] < first and found[k] == known]
        chosen = _best_fit(size, {k: sizes[k] for k in free}, program.reference)
        if chosen is None:
            chosen = len(sizes)
            sizes.append(size)
            found.append(known)
            tenants.append([storage.name])
            free_at.append(last)
        else:
            sizes[chosen] = sz.maximum(sizes[chosen], size)
            tenants[chosen].append(storage.name)
            free_at[chosen] = last
    return Layout(tuple(Block(s, tuple(t)) for s, t in zip(sizes, tenants)))
