"""Where the threads of a work group must meet: before a statement that conflicts with what others did since then.

Threads run ``simd`` loops together and everything else redundantly, with one thread storing (see ``loop_ir``).  The
analysis walks a kernel and keeps the accesses to memory since the last barrier, on any path.  An access remembers which
thread makes it where that is a function of the address: then two accesses by the same function never conflict, and
elementwise kernels and column reductions need no barrier at all.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import replace

from symtensor.codegen import loop_ir as ir
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Index, Load, LoopVar, ValueIndex, Var
from symtensor.ir.size import Atom, Size, SizeCall, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass

ONE = "one thread"  # owner of what is stored outside of simd loops
LANE = LoopVar("lane", 0)  # stands for the variable of any simd loop in an owner's address


@dataclass(frozen=True)
class Access:
    """A read or write of an array.

    Attributes:
        array: its name.
        writes: whether it writes.
        owner: equal for two accesses only if no two threads reach the same address by them; None for any thread.
        address: the part of the owner that may stop to hold when a variable in it changes.
    """

    array: str
    writes: bool
    owner: Hashable = None
    address: SizeLike = 0

    def conflicts(self, other: Access) -> bool:
        """Whether two threads may touch the same address by these accesses, one of them writing."""
        if self.array != other.array or not (self.writes or other.writes):
            return False
        return self.owner is None or self.owner != other.owner or self.address != other.address


def place_barriers(
    body: tuple[ir.Statement, ...], buffers: Iterable[str], parallel_lanes: Callable[[ir.For], int]
) -> set[int]:
    """The statements, by ``id``, that need a barrier before them.

    Args:
        body: of a kernel.
        buffers: arrays in which iterations of a parallel loop do not meet; others are one a group.
        parallel_lanes: over how many threads a loop is spread; 1 for a loop that all threads run.
    """
    return _Walk(frozenset(buffers), parallel_lanes).run(body)


class _Walk:
    def __init__(self, buffers: frozenset[str], parallel_lanes: Callable[[ir.For], int]) -> None:
        self._buffers, self._lanes = buffers, parallel_lanes
        self._found: set[int] = set()
        self._private: set[str] = set()

    def run(self, body: tuple[ir.Statement, ...]) -> set[int]:
        self._private = {s.name for s in ir.all_statements(body) if isinstance(s, ir.Alloc) and s.space == "register"}
        self._block(body, frozenset())
        return self._found

    def _block(self, body: tuple[ir.Statement, ...], state: frozenset[Access]) -> frozenset[Access]:
        for s in body:
            state = self._statement(s, state)
        return state

    def _statement(self, s: ir.Statement, state: frozenset[Access]) -> frozenset[Access]:
        if isinstance(s, ir.Barrier):
            return frozenset()
        state = self._meet(s, state, self._accesses(s))
        if isinstance(s, (ir.For, ir.While, ir.If)) and not self._spread(s):
            if self._needs(s, state) - self._needs(s, frozenset()):
                self._found.add(id(s))  # before the loop or branch, rather than in each iteration or under a condition
                state = frozenset()
            return self._inside(s, state)
        if isinstance(s, ir.For):
            shared = [n for a in s.body if isinstance(a, ir.Accumulate) for n in a.names]
            return frozenset(Access(n, False) for n in shared) if shared else state
        return state

    def _spread(self, s: ir.Statement) -> bool:
        return isinstance(s, ir.For) and self._lanes(s) > 1

    def _inside(self, s: ir.For | ir.While | ir.If, state: frozenset[Access]) -> frozenset[Access]:
        if isinstance(s, ir.If):
            return self._block(s.then, state) | self._block(s.otherwise, state)
        return self._loop(s, state)

    def _needs(self, s: ir.For | ir.While | ir.If, state: frozenset[Access]) -> set[int]:
        """The statements inside that need a barrier if the loop or branch is entered with these accesses."""
        trial = _Walk(self._buffers, self._lanes)
        trial._private = self._private
        trial._inside(s, state)
        return trial._found

    def _meet(self, s: ir.Statement, state: frozenset[Access], accesses: frozenset[Access]) -> frozenset[Access]:
        if any(a.conflicts(b) for a in accesses for b in state):
            self._found.add(id(s))
            state = frozenset()
        return state | accesses

    def _loop(self, s: ir.For | ir.While, state: frozenset[Access]) -> frozenset[Access]:
        changing = _defined(s)
        independent = isinstance(s, ir.For) and s.kind == "parallel"
        while True:
            after = self._block(s.body, state)
            kept = (a for a in after if not (independent and a.array in self._buffers))
            aged = frozenset(_aged(a, changing) for a in kept)
            if aged <= state:
                return state
            state |= aged

    def _accesses(self, s: ir.Statement) -> frozenset[Access]:
        """What a statement itself reads and writes, children of uniform statements left out."""
        found: list[Access] = []
        if isinstance(s, ir.For) and (lanes := self._lanes(s)) > 1:
            own = _defined(s) - {s.var.label}
            for inner in ir.all_statements(s.body):
                found += self._of_lanes(inner, s.var, lanes, own)
        elif isinstance(s, ir.Store):
            found = [Access(a, False, ONE) for a in _loads(ir.expressions(s))] + [Access(s.buffer, True, ONE)]
        else:
            found = [Access(a, False) for a in _loads(ir.expressions(s))]
        return frozenset(a for a in found if a.array not in self._private)

    def _of_lanes(self, s: ir.Statement, var: LoopVar, lanes: int, own: set[str]) -> list[Access]:
        """Accesses of a statement in a loop over lanes, which itself defines the variables ``own``."""
        loads = [e for e in walk(list(ir.expressions(s))) if isinstance(e, Load)]
        found = [Access(e.buffer, False, *_owner(e.offset, var, lanes, own)) for e in loads]
        if isinstance(s, ir.Store):
            found.append(Access(s.buffer, True, *_owner(s.offset, var, lanes, own)))
        if isinstance(s, ir.Accumulate):  # lanes meet in arrays of the accumulators' names
            found += [Access(n, True, ("lane", lanes)) for n in s.names]
        return found


def _loads(expressions: Iterable[Expr]) -> list[str]:
    return [e.buffer for e in walk(list(expressions)) if isinstance(e, Load)]


def _owner(offset: SizeLike, var: LoopVar, lanes: int, own: set[str]) -> tuple[Hashable, SizeLike]:
    """Which thread reaches an address ``offset`` in iterations of a loop over ``lanes`` threads.

    Where the address is a multiple of some ``m`` plus the variable, and the variable stays below ``m``, the address
    modulo ``m`` tells the thread, whatever the multiple is.
    """
    if isinstance(offset, int) or any(isinstance(a, ValueIndex) or a.label in own for a in atoms(offset)):
        return None, 0
    rest = sz.add(offset, sz.mul(Size.of(var), -1))
    if var not in set(atoms(rest)):
        for modulus in _limits(var.extent):
            if modulus != 0 and sz.mod(rest, modulus) == 0:
                return ("modulo", lanes), modulus
    address = sz.substitute(offset, {var: Size.of(LANE)})
    step = sz.add(sz.substitute(offset, {var: sz.add(Size.of(var), 1)}), sz.mul(offset, -1))
    return (("stride", lanes), address) if isinstance(step, int) and step != 0 else (None, 0)


def _limits(extent: SizeLike) -> list[SizeLike]:
    """Sizes that an extent is known not to pass."""
    found: list[SizeLike] = []
    if isinstance(extent, Size) and len(extent.terms) == 1:
        ((monomial, coefficient),) = extent.terms
        if coefficient == 1 and len(monomial) == 1 and isinstance(monomial[0], SizeCall) and monomial[0].op == "min":
            found += _limits(monomial[0].left) + _limits(monomial[0].right)
    return sorted(found, key=lambda s: not isinstance(s, int)) + [extent]


def _defined(loop: ir.For | ir.While) -> set[str]:
    """Names of the variables that differ from one iteration to the next."""
    names = {loop.var.label} if isinstance(loop, ir.For) else set()
    for s in ir.all_statements(loop.body):
        if isinstance(s, ir.For):
            names.add(s.var.label)
        elif isinstance(s, (ir.Let, ir.Declare, ir.Assign)):
            names.add(s.name)
    return names


def _aged(access: Access, changing: set[str]) -> Access:
    """An access of an earlier iteration: its owner is unknown if its address meant another place then."""
    if access.owner is None or not any(_varies(a, changing) for a in atoms(access.address)):
        return access
    return replace(access, owner=None, address=0)


def _varies(atom: Atom, changing: set[str]) -> bool:
    if isinstance(atom, ValueIndex):
        leaves = [e for e in walk([atom.value]) if isinstance(e, (Load, Index, Var))]
        return any(not isinstance(e, Var) or e.name in changing for e in leaves)
    return atom is not LANE and atom.label in changing
