"""Steps that go through a batch together: a product, a kernel and another product for one entry before the next entry.

Each step of attention covers the whole batch, so that scores of all heads travel through memory between them.  Where
consecutive steps treat the entries of one batch apart, they become the body of a loop over it: what lies between them
is as large as one entry, private to a worker, and stays in its cache.

Takes: a Program.  Gives: one with ``Batch`` steps that computes the same, with less memory.  Two designs were weighed:
taking the batch axes off the graph's nodes and building the body anew, as loops do, or moving steps as they were
lowered.  The second knows nothing of ops: that the entries are apart follows from index polynomials alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symtensor.codegen.loop_ir import For, Kernel, Let, Statement, Store, all_statements, expressions
from symtensor.codegen.program import (
    Batch,
    Branch,
    Gemm,
    Launch,
    Loop,
    Matrix,
    Program,
    Step,
    Storage,
    touched,
    uses,
    written,
)
from symtensor.codegen.resolve import Rewriter
from symtensor.codegen.statements import rewritten
from symtensor.codegen.strides import mentions
from symtensor.ir import size as sz
from symtensor.ir.scalar import Expr, Index, Load, LoopVar
from symtensor.ir.size import Atom, Bound, Size, SizeCall, SizeLike, atoms
from symtensor.optimizer.elements import walk
from symtensor.records import dataclass

Fresh = Callable[[str], str]


def through_batches(program: Program, fresh: Fresh) -> Program:
    """Let consecutive steps over one batch share a loop, where that makes a temporary private.

    Args:
        program: as it was built, for a CPU.
        fresh: gives a name that nothing has.
    """
    storages = dict(program.storages)
    steps = _Batches(storages, uses(program), set(program.outputs), fresh).block(program.steps)
    return replace(program, steps=steps, storages=storages)


@dataclass(frozen=True)
class _Sliced:
    """One step, if it treats the entries of a batch apart, and the buffers of which it touches one slice an entry."""

    step: Gemm | Launch
    slices: frozenset[str]


class _Batches:
    """Finds runs of steps and makes loops of them; entries of ``storages`` that become private are replaced."""

    def __init__(self, storages: dict[str, Storage], uses: dict[str, int], outputs: set[str], fresh: Fresh) -> None:
        self._storages, self._uses, self._outputs, self._fresh = storages, uses, outputs, fresh

    def block(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """A sequence of steps, with runs over one batch in loops."""
        products = _next_products(steps)
        result: list[Step] = []
        at = 0
        while at < len(steps):
            run, end = self._run(steps, at, products[at])
            before, batch, taken = self._loop_of(run) or (end - at, None, 0)
            result += map(self._inside, steps[at : at + before])
            result += [batch] if batch else []
            at += before + taken
        return tuple(result)

    def _inside(self, step: Step) -> Step:
        if isinstance(step, Loop):
            return replace(step, body=self.block(step.body))
        if isinstance(step, Branch):
            return replace(step, then=self.block(step.then), otherwise=self.block(step.otherwise))
        return step

    # ------------------------------------------------------------------------------------------------------- runs
    def _run(self, steps: tuple[Step, ...], at: int, product: int) -> tuple[list[_Sliced], int]:
        """The steps from ``at`` on that may share a loop, and where to look next if they gain nothing by it.

        What any run that begins before that would find is in this one: it ends where this one ends.
        """
        first = steps[product] if product < len(steps) else None
        entries = sz.product(first.batch) if isinstance(first, Gemm) else 1
        if entries == 1:
            return [], min(product + 1, len(steps))
        run: list[_Sliced] = []
        for number in range(at, len(steps)):
            found = self._sliced(steps[number], entries)
            if found is None:
                return run, min(number, product) + 1
            conflict = next((k for k in reversed(range(len(run))) if not _apart(found, run[k])), None)
            if conflict is not None:
                return run, min(at + conflict, product) + 1
            run.append(found)
        return run, product + 1

    def _loop_of(self, run: list[_Sliced]) -> tuple[int, Batch, int] | None:
        """The loop that a run makes: how many of its steps stay before it, the loop, how many it takes."""
        private = self._private(run)
        used = [k for k, found in enumerate(run) if not private.isdisjoint(touched(found.step))]
        product = next((found.step for found in run if isinstance(found.step, Gemm)), None)
        if not used or product is None:
            return None
        chosen = run[used[0] : used[-1] + 1]
        return used[0], self._loop(chosen, private, sz.product(product.batch)), len(chosen)

    def _private(self, run: list[_Sliced]) -> frozenset[str]:
        """Temporaries that nothing outside of the run touches, each entry its own slice, written before it is read."""
        here: dict[str, int] = {}
        fresh: set[str] = set()
        for found in run:
            for name in set(touched(found.step)):
                if name not in here and name in written(found.step) and name not in _read(found.step):
                    fresh.add(name)
                here[name] = here.get(name, 0) + 1
        return frozenset(
            name for name in fresh
            if self._storages[name].kind == "temporary" and name not in self._outputs and not self._found_later(name)
            and here[name] == self._uses[name] and all(name in f.slices for f in run if name in touched(f.step))
        )  # fmt: skip

    def _found_later(self, name: str) -> bool:
        """Whether the size of a buffer is not known at the entry, where the memory of batches is asked for."""
        return any(isinstance(a, Bound) for a in atoms(self._storages[name].elements))

    # ------------------------------------------------------------------------------------------------------ slices
    def _slice(self, name: str, entries: SizeLike) -> SizeLike | None:
        """Elements of one entry's slice of a buffer; None if it has none."""
        elements = self._storages[name].elements
        each = sz.floordiv(elements, entries)
        return each if sz.mul(each, entries) == elements else None

    def _sliced(self, step: Step, entries: SizeLike) -> _Sliced | None:
        if any(self._storages[name].kind == "pointer" for name in touched(step)):
            return None
        if isinstance(step, Gemm):
            if not step.batch or sz.product(step.batch) != entries:
                return None
            operands = (step.a, step.b, step.c)
            return _Sliced(step, frozenset(m.buffer for m in operands if self._dense(step, m, entries)))
        if isinstance(step, Launch):
            return self._sliced_kernel(step, entries)
        return None

    def _dense(self, step: Gemm, matrix: Matrix, entries: SizeLike) -> bool:
        """Whether entry ``t`` of a product's operand is slice ``t`` of its buffer."""
        expected = self._slice(matrix.buffer, entries)
        for extent, stride in zip(reversed(step.batch), reversed(matrix.strides)):
            if expected is None or (extent != 1 and stride != expected):
                return False
            expected = sz.mul(expected, extent)
        return True

    def _sliced_kernel(self, step: Launch, entries: SizeLike) -> _Sliced | None:
        loop = _parallel(step.kernel)
        if loop is None:
            return None
        rows = sz.floordiv(loop.var.extent, entries)
        if sz.mul(rows, entries) != loop.var.extent:
            return None
        entry, row = LoopVar("entry", entries), LoopVar(loop.var.label, rows)
        there = _places(loop, Size.of(entry), row)
        here = _places(loop, 0, row)
        if there is None or here is None:
            return None
        apart: dict[str, bool] = {}
        for statement in all_statements(loop.body):
            if isinstance(statement, For) and mentions(statement.var.extent, loop.var):
                return None
            for buffer, offset in _accesses(statement):
                each = self._slice(buffer, entries) if buffer in self._storages else None
                moved, base = sz.substitute(offset, there), sz.substitute(offset, here)
                sliced = each is not None and moved == sz.add(base, sz.mul(Size.of(entry), each))
                apart[buffer] = apart.get(buffer, True) and sliced
        return _Sliced(step, frozenset(name for name, sliced in apart.items() if sliced))

    # ------------------------------------------------------------------------------------------------------- loops
    def _loop(self, run: list[_Sliced], private: frozenset[str], entries: SizeLike) -> Batch:
        entry = LoopVar(self._fresh("entry"), entries)
        slices = {name: sz.floordiv(self._storages[name].elements, entries) for name in private}
        body = tuple(
            _one_product(found.step, entry, private) if isinstance(found.step, Gemm)
            else Launch(_one_entry(found.step.kernel, entry, slices))
            for found in run
        )  # fmt: skip
        names = [name for found in run for name in touched(found.step) if name in private]
        for name in dict.fromkeys(names):
            self._storages[name] = replace(self._storages[name], kind="private", elements=slices[name])
        return Batch(self._fresh("batch"), entry, body, tuple(dict.fromkeys(names)))


def _next_products(steps: tuple[Step, ...]) -> list[int]:
    """For each place the next matrix product from there on, or the number of steps."""
    found = [len(steps)] * len(steps)
    for at in reversed(range(len(steps))):
        found[at] = at if isinstance(steps[at], Gemm) else found[at + 1] if at + 1 < len(steps) else len(steps)
    return found


def _parallel(kernel: Kernel) -> For | None:
    """The parallel loop of a kernel that is nothing else."""
    loop = kernel.body[0] if len(kernel.body) == 1 else None
    plain = isinstance(loop, For) and loop.kind == "parallel" and not loop.joint and not kernel.can_fail
    return loop if plain else None  # type: ignore[return-value]


def _accesses(statement: Statement) -> list[tuple[str, SizeLike]]:
    found = [(e.buffer, e.offset) for e in walk(list(expressions(statement))) if isinstance(e, Load)]
    return [*found, (statement.buffer, statement.offset)] if isinstance(statement, Store) else found


def _places(loop: For, entry: SizeLike, row: LoopVar) -> dict[Atom, SizeLike] | None:
    """The variables of a parallel loop in row ``row`` of an entry: its own, and those defined by parts of it.

    None if one of them is no polynomial in the two.
    """
    values: dict[Atom, SizeLike] = {loop.var: sz.add(sz.mul(entry, row.extent), Size.of(row))}
    named = _variables(loop.body)
    for let in _index_lets(loop):
        assert isinstance(let.value, Index)
        place = _divided(let.value.size, values, row)
        if any(isinstance(a, SizeCall) and row in atoms(Size.of(a)) for a in atoms(place)):
            return None
        values.update(dict.fromkeys(named.get(let.name, ()), place))
    return values


def _variables(body: tuple[Statement, ...]) -> dict[str, set[Atom]]:
    """The loop variables in the index polynomials of statements, by label."""
    found: dict[str, set[Atom]] = {}
    values = [e for s in all_statements(body) for e in expressions(s)]
    for e in walk(values):
        size = e.offset if isinstance(e, Load) else e.size if isinstance(e, Index) else 0
        for atom in atoms(size):
            if isinstance(atom, LoopVar):
                found.setdefault(atom.label, set()).add(atom)
    return found


def _index_lets(loop: For) -> list[Let]:
    """The definitions at the head of a loop that take its variable apart."""
    return [s for s in loop.body if isinstance(s, Let) and isinstance(s.value, Index)]


def _divided(size: SizeLike, values: dict[Atom, SizeLike], row: LoopVar) -> SizeLike:
    """A polynomial with the atoms replaced, and with divisions of ``multiple * n + row`` by ``n`` carried out."""
    found: dict[Atom, SizeLike] = dict(values)
    for atom in atoms(size):
        if isinstance(atom, SizeCall) and atom.op in ("floordiv", "mod"):
            left, right = _divided(atom.left, values, row), _divided(atom.right, values, row)
            rest = Size.of(row) if row in atoms(left) else 0
            whole = sz.add(left, sz.mul(rest, -1))
            quotient = sz.floordiv(whole, right)
            exact = sz.mul(quotient, right) == whole and (rest == 0 or row.extent == right)
            if exact:
                found[atom] = quotient if atom.op == "floordiv" else rest
    return sz.substitute(size, found)


def _read(step: Gemm | Launch) -> set[str]:
    """Buffers that a step reads, those included which it reads again after it has written them."""
    if isinstance(step, Gemm):
        return {step.a.buffer, step.b.buffer}
    return {b.name for b in step.kernel.buffers if b.access != "out"}


def _apart(one: _Sliced, other: _Sliced) -> bool:
    """Whether what one of two steps writes and the other touches is a slice an entry for both."""
    shared = set(touched(one.step)) & set(touched(other.step))
    shared &= set(written(one.step)) | set(written(other.step))
    return all(name in one.slices and name in other.slices for name in shared)


def _one_product(step: Gemm, entry: LoopVar, private: frozenset[str]) -> Gemm:
    """A product of the matrices of one entry."""

    def at(matrix: Matrix) -> Matrix:
        offset = 0 if matrix.buffer in private else _offset(step.batch, matrix.strides, Size.of(entry))
        return replace(matrix, strides=(), offset=offset)

    return replace(step, batch=(), a=at(step.a), b=at(step.b), c=at(step.c), beside=sz.product(step.batch))


def _offset(extents: tuple[SizeLike, ...], strides: tuple[SizeLike, ...], number: SizeLike) -> SizeLike:
    """Where entry ``number`` of a batch of several axes begins; axes that one stride walks count as one."""
    axes: list[tuple[SizeLike, SizeLike]] = []  # extent and stride, innermost first
    for extent, stride in zip(reversed(extents), reversed(strides)):
        if axes and stride == sz.mul(*axes[-1]):
            axes[-1] = sz.mul(axes[-1][0], extent), axes[-1][1]
        else:
            axes.append((extent, stride))
    offset: SizeLike = 0
    for extent, stride in axes[:-1]:
        offset = sz.add(offset, sz.mul(sz.mod(number, extent), stride))
        number = sz.floordiv(number, extent)
    return sz.add(offset, sz.mul(number, axes[-1][1]))


def _one_entry(kernel: Kernel, entry: LoopVar, slices: dict[str, SizeLike]) -> Kernel:
    """A kernel for the rows of one entry."""
    loop = _parallel(kernel)
    assert loop is not None
    row = LoopVar(loop.var.label, sz.floordiv(loop.var.extent, entry.extent))
    first = Size.of(entry)
    values = _places(loop, first, row)
    assert values is not None

    def within(buffer: str, offset: SizeLike) -> SizeLike:
        each = slices.get(buffer)
        return offset if each is None else sz.add(offset, sz.mul(sz.mul(first, each), -1))

    def leaf(expr: Expr) -> Expr | None:
        if isinstance(expr, Load) and expr.buffer in slices:
            return Load(expr.buffer, within(expr.buffer, expr.offset), expr.dtype)
        return None

    new = Rewriter(leaf, values)
    taken_apart = set(map(id, _index_lets(loop)))
    statements = tuple(s for s in loop.body if id(s) not in taken_apart)
    body = rewritten(statements, new, lambda buffer, offset: (buffer, within(buffer, offset)))
    inner = replace(loop, var=row, body=body, grain=new.size(loop.grain))
    work = sz.floordiv(kernel.work, entry.extent)
    return replace(kernel, body=(inner,), sizes=(*kernel.sizes, entry), work=work)


__all__ = ["through_batches"]
