"""Schedules: how the loops of a kernel group run, as a tuple of small frozen steps.

``choose`` is the heuristic with its cost model; ``symtensor.codegen.lower`` replays the steps.  A step is
a value, so a schedule prints, can be compared in a test, and can be given by the user.

Defaults, with the measurements that they come from (project benchmarks on a 2-core AVX-512 machine):

* ``Sink`` lanes along the last *outer* axis when that is where memory is contiguous: elementwise groups and column
  reductions.  The tile is 512 columns (partial sums stay in L1, enough chunks for threads), 4096 elements for maps.
* ``Inner`` lanes along the last *inner* axis otherwise: row reductions.
* ``Across`` for reductions, seldom long, that are made for all pairs of some rows: lanes along the pairs, operands
  packed so that these are contiguous.
* ``TwoStage`` for reductions to a scalar: chunks of 16384 elements, so that the combine tree is a function of the size.
* ``Tile`` blocks where a load is contiguous along a loop that has no lanes: ``x.T + y`` of 4096 x 4096 float32 took 7
  times as long as C by hand when lanes were gathered, 1.03 times with tiles.
* ``Ahead`` for rows that several sweeps read: a row comes from memory during the first, and memory rests during the
  others unless the next row is fetched.  Softmax and the variance of rows take a tenth less time with it.
* 64 lanes for elements up to 4 bytes, 32 for 8 bytes: four vectors in flight on AVX-512, which is what it takes to hide
  the latency of an addition.
* Column reductions take ``ROWS_AN_UPDATE`` rows between a load and a store of an accumulator (one row: bound by stores;
  four: 1.27 of blocked C; eight: 1.13), fewer where a row needs more than a few operations.
* A chunk of a parallel loop is worth about 131072 scalar operations, 20 us: with 16384 the shared counter and the
  scattered reads took a third of a memory-bound kernel on two cores; with 262144 arrays of 100,000 had no second chunk.
"""

from __future__ import annotations

from collections.abc import Iterable

from symtensor.codegen.resolve import Rewriter
from symtensor.codegen.single import elsewhere
from symtensor.codegen.strides import coefficient, lanes_across, mentions
from symtensor.codegen.two_pass import two_pass_of
from symtensor.ir import size as sz
from symtensor.ir.scalar import Call, Expr, Load, LoopVar, ValueIndex, Var
from symtensor.ir.size import Size, SizeLike, atoms, substitute
from symtensor.ops.declare import Reduction
from symtensor.optimizer.elements import walk
from symtensor.optimizer.plan import GLOBAL, SCRATCH, KernelGroup, Sweep
from symtensor.records import dataclass

MAP_TILE = 4096
COLUMN_TILE = 512
STAGE_CHUNK = 16384
CHUNK_WORK = 131072
FETCH_BYTES = 1 << 14
ROWS_AN_UPDATE = 8
UPDATE_CALLS = 48
MANY_SUMS = 4  # with four vectors in flight each, more of them do not fit into 32 registers beside what they add
LEAST_LANES = 8  # columns from which on a gather that they spare is worth lanes along them
TWO_PASS_CALLS = 3  # an addition, and a subtraction and a product about the center


@dataclass(frozen=True)
class Sink:
    """Run lanes along the last outer axis, cut into tiles; per-iteration scalars become arrays of one tile."""

    tile: int
    rows: int = 1  # rows of a reduced axis taken in for each update of the accumulators


@dataclass(frozen=True)
class Inner:
    """Run lanes along the last inner axis of each sweep."""


@dataclass(frozen=True)
class Across:
    """Run lanes across the reductions of pairs, each lane one reduction; an outer loop of lanes is cut into tiles."""

    tile: int


@dataclass(frozen=True)
class TwoStage:
    """Cut the first inner loop into chunks that reduce in parallel, then combine the partial results in order."""

    chunk: int


@dataclass(frozen=True)
class Tile:
    """Copy loads that are contiguous along another outer loop through scratch, transposed.

    A block takes ``rows`` iterations of that loop and ``columns`` of the lanes (0: all of them).  A device, whose
    threads share memory lines by themselves, leaves this step out.
    """

    rows: int
    columns: int = 0


@dataclass(frozen=True)
class Ahead:
    """While a row is read for the first time, fetch the next one, or what lies ``bytes`` further in a longer row.

    Memory would rest while later sweeps work in cache.  A device, whose other threads keep memory busy, leaves it out.
    """

    bytes: int


@dataclass(frozen=True)
class Lanes:
    """Iterations of a simd loop that run side by side."""

    count: int


@dataclass(frozen=True)
class Parallel:
    """Run the outer loops in chunks of at least ``work`` scalar operations."""

    work: int


@dataclass(frozen=True)
class Serial:
    """Run everything in order: too small to be worth more."""


Step = Sink | Inner | Across | Tile | TwoStage | Ahead | Lanes | Parallel | Serial
Schedule = tuple[Step, ...]


def operations(group: KernelGroup) -> SizeLike:
    """Estimated scalar operations of the whole group."""
    total: SizeLike = 0
    for sweep in group.sweeps:
        count = sum(isinstance(e, (Call, Load)) for e in walk([c.value for c in sweep.computes])) + 1
        count += sum(TWO_PASS_CALLS for c in sweep.computes if two_pass_of(c))
        total = sz.add(total, sz.mul(sz.product(v.extent for v in sweep.inner), count))
    return sz.mul(total, sz.product(v.extent for v in group.outer))


def _in_lanes(sweep: Sweep, along: LoopVar) -> list[Expr]:
    """What a sweep computes in lanes along a loop; what is the same in all of them is computed once, beside them."""
    values = [c.value for c in sweep.computes]
    exprs = walk(values if any(c.reduced for c in sweep.computes) else elsewhere(values, along))
    moving = Rewriter(values={along: sz.add(Size.of(along), 1)})
    return [e for e in exprs if isinstance(e, Var) or moving(e) is not e] or exprs


def lanes_for(group: KernelGroup, sunk: bool = False) -> int:
    """Lanes of simd loops: 32 where any element takes 8 bytes, else 64; fewer where many sums share the registers.

    Args:
        group: whose elements have been resolved to loads.
        sunk: whether lanes run along the last outer loop also where there are inner ones.
    """
    loops = [(s, (group.outer if sunk or not s.inner else s.inner)[-1:]) for s in group.sweeps]
    loops = [(s, along) for s, along in loops if along and (s.inner or sunk or not any(t.inner for t in group.sweeps))]
    widest = max((e.dtype.itemsize for s, along in loops for e in _in_lanes(s, along[0])), default=8)
    sums = max((sum(bool(c.reduced) for c in s.computes) for s in group.sweeps), default=0)
    lanes = 32 if widest >= 8 else 64
    return lanes // 4 if sums > 2 * MANY_SUMS else lanes // 2 if sums > MANY_SUMS else lanes


def _unit_stride(offset: SizeLike, var: LoopVar) -> bool:
    return (
        isinstance(offset, Size) and sz.add(substitute(offset, {var: sz.add(Size.of(var), 1)}), sz.mul(offset, -1)) == 1
    )


def _contiguous_loads(group: KernelGroup, outer: bool) -> int:
    """How many loads walk memory contiguously along the last outer, or the last inner, loop."""
    found = 0
    for sweep in group.sweeps:
        var = (group.outer if outer else sweep.inner)[-1:]
        loads = {(e.buffer, e.offset) for e in walk([c.value for c in sweep.computes]) if isinstance(e, Load)}
        found += sum(_unit_stride(offset, var[0]) for _, offset in loads) if var else 0
    return found


def _gathers(group: KernelGroup, outer: bool) -> int:
    """How many loads at computed positions are not contiguous along the last outer, or the last inner, loop."""
    found = 0
    for sweep in group.sweeps:
        var = (group.outer if outer else sweep.inner)[-1:]
        loads = {(e.buffer, e.offset) for e in walk([c.value for c in sweep.computes]) if isinstance(e, Load)}
        computed = [o for _, o in loads if not isinstance(o, int) and any(isinstance(a, ValueIndex) for a in atoms(o))]
        found += sum(mentions(o, var[0]) and not _unit_stride(o, var[0]) for o in computed) if var else 0
    return found


def _runs_along_columns(group: KernelGroup) -> bool:
    """Whether lanes along the last outer loop find memory more contiguous than lanes along the last inner loop.

    Where they are equal, rows that are gathered by an index decide: they are read along the row, although the index
    itself is read along the reduced axis, since one element of it serves all lanes.
    """
    width = group.outer[-1].extent
    contiguous = _contiguous_loads(group, outer=True) - _contiguous_loads(group, outer=False)
    gathers = _gathers(group, outer=True) - _gathers(group, outer=False)
    long = not isinstance(width, int) or width >= LEAST_LANES
    return contiguous > 0 or (contiguous == 0 and gathers < 0 and long)


def transposed(load: Load, lane: LoopVar, row: LoopVar, others: Iterable[LoopVar] = ()) -> bool:
    """Whether a load is contiguous along ``row``, while lanes along ``lane`` would jump from line to line."""
    if load.dtype.kind not in "fiu" or load.dtype.itemsize not in (4, 8) or not _unit_stride(load.offset, row):
        return False
    across = coefficient(load.offset, lane)
    if across is None or (isinstance(across, int) and abs(across) < LEAST_LANES) or mentions(across, row):
        return False
    return not any(mentions(load.offset, other) for other in others)


def transposed_along(group: KernelGroup) -> LoopVar | None:
    """The outer loop along which most transposed loads are contiguous; None if there are none."""
    maps = not any(s.inner for s in group.sweeps)
    counts: dict[LoopVar, int] = {}
    for sweep in group.sweeps:
        loops = group.outer if maps else sweep.inner
        if not loops:
            continue
        loads = [e for e in walk([c.value for c in sweep.computes]) if isinstance(e, Load)]
        for row in group.outer[:-1] if maps else group.outer:
            small = isinstance(row.extent, int) and row.extent < LEAST_LANES
            found = 0 if small else sum(transposed(e, loops[-1], row, () if maps else loops[:-1]) for e in loads)
            if found:
                counts[row] = counts.get(row, 0) + found
    return max(counts, key=lambda row: counts[row], default=None)


def _tile(group: KernelGroup) -> tuple[Tile, ...]:
    """The step for transposed loads, if there are any.

    A block of rows is one cache line of each row that is copied, two where only a tile is copied: 32 x 128 float32 are
    16 kB.  Shorter rows than a vector are gathered as before.
    """
    if transposed_along(group) is None:
        return ()
    widest = 8 if lanes_for(group) == 32 else 4
    if any(s.inner for s in group.sweeps):
        short = any(s.inner and isinstance(n := s.inner[-1].extent, int) and n < LEAST_LANES for s in group.sweeps)
        return () if short else (Tile(64 // widest),)
    last = group.outer[-1].extent
    if (isinstance(last, int) and last < LEAST_LANES) or any(c.storage == SCRATCH for c in group.sweeps[0].computes):
        return ()
    return (Tile(128 // widest, 128),)


def _stores_rows(group: KernelGroup) -> bool:
    """Whether some result is stored contiguously along an inner loop."""
    for sweep in group.sweeps:
        for c in sweep.computes:
            if (
                c.storage == GLOBAL
                and not c.reduced
                and sweep.inner
                and c.index
                and _unit_stride(c.index[-1], sweep.inner[-1])
            ):
                return True
    return False


def _rows_an_update(group: KernelGroup) -> int:
    """Rows taken in between a load and a store of the accumulators: fewer where a row takes many operations."""
    calls = max(sum(isinstance(e, Call) for e in walk([c.value for c in s.computes])) for s in group.sweeps)
    rows = ROWS_AN_UPDATE
    while rows > 1 and rows * calls > UPDATE_CALLS:
        rows //= 2
    return rows


def choose(group: KernelGroup) -> Schedule:
    """The default schedule of a group whose elements have been resolved to loads.

    Every target uses the same steps: chunks of a parallel loop are pieces of work for a thread pool or work groups of a
    device, lanes are vector lanes or threads of a group.
    """
    lanes = Lanes(lanes_for(group))
    inner = any(s.inner for s in group.sweeps)
    if not group.outer:
        first = group.sweeps[0]
        small = sz.product(v.extent for v in first.inner)
        if not inner or (isinstance(small, int) and small <= STAGE_CHUNK):
            return (Inner(), lanes, Serial())
        return (TwoStage(STAGE_CHUNK), Inner(), lanes, Parallel(CHUNK_WORK))
    if lanes_across(group):
        return (Across(MAP_TILE), Lanes(lanes_for(group, sunk=True)), Parallel(CHUNK_WORK))
    if not inner:
        return (Sink(MAP_TILE), *_tile(group), lanes, Parallel(CHUNK_WORK))
    if _runs_along_columns(group) and not (_stores_rows(group) and _tile(group)):
        reduces = any(isinstance(c.node.op, Reduction) for s in group.sweeps for c in s.computes)
        sunk = Lanes(lanes_for(group, sunk=True))
        return (Sink(COLUMN_TILE, _rows_an_update(group) if reduces else 1), sunk, Parallel(CHUNK_WORK))
    passes = sum(bool(s.inner) for s in group.sweeps) + any(two_pass_of(c) for s in group.sweeps for c in s.computes)
    ahead = (Ahead(FETCH_BYTES),) if passes > 1 else ()
    return (Inner(), *(_tile(group) or ahead), lanes, Parallel(CHUNK_WORK))
