"""Printing ``simd`` loops as vectors (GNU vector extensions): full width, masked tails, one accumulator a lane.

A loop body is printed once for each vector in flight and once more, masked, for the tail.  A serial loop inside of it
is printed once, around the statements of all vectors in flight: its variables are vectors, so that a short reduction
in each lane stays in registers.  Expressions that do not depend on the loop variable stay scalars, splatted where
they meet a vector.  Bools are integer masks (-1 or 0) whose elements are as wide as the widest element of the loop.
Loads that do not walk memory contiguously are gathered lane by lane.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import field

import numpy as np

from symtensor.codegen import loop_ir as ir
from symtensor.codegen.dialect import SUFFIX
from symtensor.codegen.helpers import SMALL_FLOAT
from symtensor.codegen.mathlib import of_integers
from symtensor.codegen.mathlib.accuracy import FUNCTIONS
from symtensor.codegen.mathlib.memory import STEPS
from symtensor.codegen.printer import BOOL, KernelPrinter, _bare, helper_dtype
from symtensor.codegen.strides import coefficient
from symtensor.ir.scalar import SCALAR_OPS, Call, Const, Expr, Index, Load, ValueIndex, Var
from symtensor.ir.size import Atom, SizeLike, atoms
from symtensor.optimizer.elements import children, walk
from symtensor.records import dataclass

ONE_COPY_CALLS = 96  # where text is to be spared, bodies of more operations are printed once, masked
UNROLL_CALLS = 12  # bodies up to this many operations run two vectors at a time even without accumulators
UNROLL_DEAR_CALLS = 64  # and with functions of the math library up to this many: each is a long chain of operations


def vectorisable(loop: ir.For) -> bool:
    """Whether the printer has vectors for all statements of a loop."""
    return all(isinstance(s, ir.Accumulate) or _in_each_lane(s) for s in loop.body)


def _in_each_lane(s: ir.Statement) -> bool:
    """Whether all lanes can run a statement side by side, each for itself."""
    if isinstance(s, ir.For):
        return s.kind == "serial" and not s.reverse and not s.long and all(map(_in_each_lane, s.body))
    return isinstance(s, (ir.Let, ir.Store, ir.Declare, ir.Assign, ir.Fetch))


@dataclass
class _Copy:
    """One vector's worth of the body: where it starts, how its variables are called, how many lanes are alive."""

    start: str
    suffix: str
    alive: str | None  # None where all lanes are
    number: int
    names: dict[str, str] = field(default_factory=dict)


class VectorLoop:
    """Prints one simd loop.

    Args:
        printer: prints scalars, and records helpers.
        loop: the loop.
        width: bytes of a vector register.
    """

    def __init__(self, printer: KernelPrinter, loop: ir.For, width: int) -> None:
        self.p, self.loop, self.var = printer, loop, loop.var
        self.varying: set[str] = set()
        self._strides: dict[SizeLike, SizeLike | None] = {}
        self._places: dict[tuple[SizeLike, str], str] = {}  # texts of offsets by the first lane of a copy
        self._varies: dict[int, bool] = {}  # what `depends` found, by the identity of an expression of the loop
        widest = 1
        accumulators: dict[str, np.dtype] = {}
        calls, dear = 0, False
        statements = ir.all_statements(loop.body)
        for s in statements:
            exprs = ir.expressions(s)
            if isinstance(s, ir.Accumulate):
                for name, start in zip(s.names, s.monoid.init(s.value.dtype)):
                    accumulators[name] = start.dtype
            if isinstance(s, ir.Declare) or (isinstance(s, ir.Let) and self.depends(s.value)):
                self.varying.add(s.name)
            for e in walk(list(exprs)[-1:] if isinstance(s, ir.Store) else [e for e in exprs if not _is_zero(e)]):
                if self.depends(e) and e.dtype.kind not in "bc":
                    widest = max(widest, e.dtype.itemsize)
                calls += isinstance(e, Call)
                dear |= isinstance(e, Call) and e.op in FUNCTIONS and e.op != "sqrt" and self.depends(e)
            if isinstance(s, ir.Store):
                widest = max(widest, s.value.dtype.itemsize)
        widest = max([widest, *(d.itemsize for d in accumulators.values())])
        self.mask_bytes = widest
        self.lanes = max(2, width // widest)
        self.accumulators = accumulators
        if accumulators or any(isinstance(s, ir.For) for s in statements):
            self.copies = max(1, loop.lanes // self.lanes)
        else:
            self.copies = 2 if calls <= (UNROLL_DEAR_CALLS if dear else UNROLL_CALLS) else 1
        self.abreast = 2 if dear else 1
        self.once = printer.sparing and not accumulators and calls > ONE_COPY_CALLS

    def depends(self, expr: Expr) -> bool:
        """Whether a value of the loop varies from lane to lane."""
        known = self._varies
        found = known.get(id(expr))
        if found is None:
            for e in walk([expr], known):
                known[id(e)] = self._varies_itself(e) or any(known[id(c)] for c in children(e))
            found = known[id(expr)]
        return found

    def _varies_itself(self, e: Expr) -> bool:
        if isinstance(e, Var):
            return e.name in self.varying
        size = e.offset if isinstance(e, Load) else e.size if isinstance(e, Index) else 0
        return not isinstance(size, int) and any(a is self.var for a in atoms(size))

    # ------------------------------------------------------------------------------------------------- the loop
    def print(self, indent: str) -> list[str]:
        """The loop as lines."""
        v, copies = self.var.label, self.copies
        deeper = indent + "  "
        lines = [f"{indent}{{"]
        if not isinstance(self.var.extent, int):
            lines.append(f"{deeper}const int64_t {v}_count = {_bare(self.p.size(self.var.extent))};")
        for name, dtype in self.accumulators.items():
            lines += [
                f"{deeper}{self.vec(dtype)} {name}_{u} = {self.splat(name + '_zero', dtype)};" for u in range(copies)
            ]
        starts = [
            f"{deeper}const {self.p.value_type(c)} {name}_zero = {_bare(self.p.expr(c))};"
            for s in self.loop.body if isinstance(s, ir.Accumulate)
            for name, c in zip(s.names, s.monoid.init(s.value.dtype))
        ]  # fmt: skip
        lines[1:1] = starts
        lines.append(f"{deeper}int64_t {v} = 0;")
        lines += self.known(deeper) if isinstance(self.var.extent, int) else self.counted(deeper)
        for s in self.loop.body:
            if isinstance(s, ir.Accumulate):
                lines += self.join(s, deeper)
        return [*lines, f"{indent}}}"]

    def full(self, indent: str) -> list[str]:
        """One step of the loop: all vectors in flight, all lanes alive."""
        v = self.var.label
        starts = [f"{v} + {u * self.lanes}" if u else v for u in range(self.copies)]
        copies = [_Copy(start, f"_{u}" if self.copies > 1 else "", None, u) for u, start in enumerate(starts)]
        return self.body(copies, indent)

    def counted(self, indent: str) -> list[str]:
        """Whole steps, then whole vectors, then one masked vector: a row of 37 pays for one mask, not for three.

        Vector k goes into accumulator k modulo their number, whether the extent is known here or not.
        """
        v, n = self.var.label, self.lanes
        step, deeper = n * self.copies, indent + "  "
        if self.once:
            alive = f"{deeper}const int64_t alive = {v}_count - {v} < {n} ? {v}_count - {v} : {n};"
            body = self.body([_Copy(v, "", "alive", 0)], deeper)
            return [f"{indent}for (; {v} < {v}_count; {v} += {n}) {{", alive, *body, f"{indent}}}"]
        lines = [f"{indent}for (; {v} + {step} <= {v}_count; {v} += {step}) {{", *self.full(deeper), f"{indent}}}"]
        turn = self.turned(deeper)
        if turn:
            lines.append(f"{indent}int turned = 0;")
        if self.copies > 1:
            lines.append(f"{indent}for (; {v} + {n} <= {v}_count; {v} += {n}) {{")
            lines += [*self.body([_Copy(v, "", None, 0)], deeper), *turn, f"{indent}}}"]
        alive = f"{deeper}const int64_t alive = {v}_count - {v};"
        tail = self.body([_Copy(v, "", "alive", 0)], deeper)
        lines += [f"{indent}if ({v} < {v}_count) {{", alive, *tail, f"{indent}}}"]
        return lines + ([f"{indent}while (turned % {self.copies}) {{", *turn, f"{indent}}}"] if turn else [])

    def turned(self, indent: str) -> list[str]:
        """The accumulators handed on by one: the first is the next vector's, whichever that is."""
        lines = []
        for name, dtype in self.accumulators.items() if self.copies > 1 else ():
            moves = [f"{name}_{u} = {name}_{u + 1};" for u in range(self.copies - 1)]
            first = f"const {self.vec(dtype)} {name}_first = {name}_0;"
            lines.append(f"{indent}{first} {' '.join(moves)} {name}_{self.copies - 1} = {name}_first;")
        return [*lines, f"{indent}++turned;"] if lines else []

    def known(self, indent: str) -> list[str]:
        """A loop of known extent: only the vectors that it has, masked only where lanes are missing."""
        v, n, count = self.var.label, self.lanes, self.var.extent
        step = n * self.copies
        assert isinstance(count, int)
        whole = count // step * step
        lines: list[str] = []
        if whole:
            head = f"for (; {v} < {whole}; {v} += {step}) {{" if whole > step else "{"
            lines += [
                indent + head,
                *self.full(indent + "  "),
                *([f"{indent}  {v} += {step};"] if whole == step else []),
            ]
            lines.append(f"{indent}}}")
        for u, left in enumerate(range(count - whole, 0, -n)):
            lines.append(f"{indent}{{")
            if left < n:
                lines.append(f"{indent}  const int64_t alive = {left};")
            lines += self.body([_Copy(v, "", "alive" if left < n else None, u)], indent + "  ")
            lines += [f"{indent}  {v} += {n};", f"{indent}}}"]
        return lines

    def body(self, copies: list[_Copy], indent: str) -> list[str]:
        """The statements of the vectors in flight."""
        return self.together(self.loop.body, copies, indent)

    def together(self, body: tuple[ir.Statement, ...], copies: list[_Copy], indent: str) -> list[str]:
        """Statements of one vector after the other, up to a loop, which all vectors run together.

        With functions of the math library two vectors go abreast: a processor that executes out of order looks some
        hundred operations ahead, of which a function is a chain.  Black-Scholes took 0.84 of the time so, on Zen 5.
        """
        lines: list[str] = []
        for is_loop, part in itertools.groupby(body, lambda s: isinstance(s, ir.For)):
            statements = tuple(part)
            if not is_loop:
                for k in range(0, len(copies), self.abreast):
                    abreast = copies[k : k + self.abreast]
                    lines += [line for s in statements for c in abreast for line in self.statement(s, c, indent)]
                continue
            for s in statements:
                assert isinstance(s, ir.For)
                v = s.var.label
                lines.append(f"{indent}for (int64_t {v} = 0; {v} < {self.p.size(s.var.extent)}; ++{v}) {{")
                lines += [*self.together(s.body, copies, indent + "  "), f"{indent}}}"]
        return lines

    def statement(self, s: ir.Statement, copy: _Copy, indent: str) -> list[str]:
        """One statement of one vector."""
        if isinstance(s, ir.Store):
            return [indent + self.store(s, copy)]
        if isinstance(s, ir.Accumulate):
            return self.accumulate(s, copy, indent)
        if isinstance(s, ir.Fetch):
            at = f"{s.load.buffer} + {_bare(self.p_size(s.load.offset, copy))}"
            return [f"{indent}__builtin_prefetch({at});"] if copy.alive is None else []
        if isinstance(s, ir.Assign):
            return [f"{indent}{copy.names[s.name]} = {_bare(self.expr(s.value, copy))};"]
        assert isinstance(s, (ir.Let, ir.Declare))
        name = s.name + copy.suffix
        const = "const " if isinstance(s, ir.Let) else ""
        if s.name in self.varying:
            lines = [f"{indent}{const}{self.vec(s.value.dtype)} {name} = {_bare(self.expr(s.value, copy))};"]
        else:
            lines = [f"{indent}{const}{self.p.value_type(s.value)} {name} = {_bare(self.scalar(s.value, copy))};"]
        copy.names[s.name] = name
        return lines

    @property
    def unrolled(self) -> str:
        """The order to write a loop over all lanes out."""
        return f'_Pragma("GCC unroll {self.lanes}")'

    # ------------------------------------------------------------------------------------------------ vector types
    def vec(self, dtype: np.dtype) -> str:
        """The vector type of a dtype; bools are masks."""
        return f"st_{self.element(dtype)}x{self.lanes}"

    def element(self, dtype: np.dtype) -> str:
        """The element of the vector type of a dtype."""
        return f"i{8 * self.mask_bytes}" if dtype == BOOL else SUFFIX[dtype]

    def held(self, dtype: np.dtype) -> np.dtype:
        """What the elements of a vector are: bools are held as integers."""
        return np.dtype(f"int{8 * self.mask_bytes}") if dtype == BOOL else dtype

    def splat(self, text: str, dtype: np.dtype) -> str:
        """A scalar in all lanes."""
        if dtype.kind == "f":
            return f"{self.p.helper('splat', dtype, self.lanes)}({text})"
        if dtype == BOOL:
            return f"(({self.vec(dtype)}){{0}} - (int{8 * self.mask_bytes}_t)({text}))"
        return f"(({self.vec(dtype)}){{0}} + ({text}))"

    def primitive(self, name: str, dtype: np.dtype) -> str:
        """A load, store or other primitive of the math library."""
        key = (name, SUFFIX[dtype], self.lanes)
        self.p.helpers.setdefault(key)
        return f"st_{name}_{SUFFIX[dtype]}x{self.lanes}"

    def convert(self, text: str, source: str, target: str) -> str:
        """A vector with elements of another type."""
        return text if source == target else f"__builtin_convertvector({text}, st_{target}x{self.lanes})"

    # ------------------------------------------------------------------------------------------------ expressions
    def scalar(self, e: Expr, copy: _Copy) -> str:
        """A uniform value."""
        return self.lane(e, copy, "0")

    def lane(self, e: Expr, copy: _Copy, k: str) -> str:
        """The value of one lane, as a scalar expression."""
        printer = self.p
        saved = printer._names

        here = f"({copy.start} + {k})" if k != "0" else f"({copy.start})" if " " in copy.start else copy.start

        def atom_name(atom: Atom) -> str:
            return here if atom is self.var else saved(atom)

        return _LanePrinter(printer, atom_name, copy, self.varying, k).expr(e)

    def expr(self, e: Expr, copy: _Copy) -> str:
        """A value in vector form."""
        if not self.depends(e):
            return self.splat(self.scalar(e, copy), e.dtype)
        if isinstance(e, Var):
            return copy.names.get(e.name, e.name)
        if isinstance(e, Index):
            return self.iota(e, copy)
        if isinstance(e, Load):
            return self.load(e, copy)
        assert isinstance(e, Call)
        return self.call(e, copy)

    def iota(self, e: Index, copy: _Copy) -> str:
        """Consecutive values of an index polynomial."""
        step = self.stride(e.size)
        if step is None:
            return self.gather(e, copy)
        counting = "{" + ", ".join(map(str, range(self.lanes))) + "}"
        base = self.splat(self.lane(e, copy, "0"), e.dtype)
        scaled = "" if step == 1 else f" * {self.splat(self.p.size(step), e.dtype)}"
        return f"({base} + ({self.vec(e.dtype)}){counting}{scaled})"

    def load(self, e: Load, copy: _Copy) -> str:
        """Consecutive elements of a buffer, every second of them, backwards too, or gathered ones."""
        step = self.stride(e.offset)
        stepping = STEPS.get(step) if isinstance(step, int) and copy.alive is None else None
        if step != 1 and stepping is None:
            return self.gather(e, copy)
        at = f"{e.buffer} + {_bare(self.p_size(e.offset, copy))}"
        if copy.alive is None:
            text = f"{self.primitive(stepping or 'load', e.dtype)}({at})"
        else:
            text = f"{self.primitive('load_part', e.dtype)}({at}, {copy.alive})"
        if e.dtype == BOOL:
            return self.convert(f"({text} != 0)", "i8", self.element(e.dtype))
        return text

    def stride(self, size: SizeLike) -> SizeLike | None:
        """The stride of an index polynomial along the lanes; None where it is none, or a vector indexes."""
        if size in self._strides:
            return self._strides[size]
        varies = any(isinstance(a, ValueIndex) and self.depends(a.value) for a in atoms(size))
        step = self._strides[size] = None if varies else coefficient(size, self.var)
        return step

    def p_size(self, size: SizeLike, copy: _Copy) -> str:
        """An index polynomial at the copy's first lane."""
        text = self._places.get((size, copy.start))
        if text is None:
            text = self.lane(Index(size), copy, "0").removeprefix("(int64_t)")
            if not any(isinstance(a, ValueIndex) for a in atoms(size)):
                self._places[size, copy.start] = text
        return text

    def gather(self, e: Expr, copy: _Copy) -> str:
        """A value computed lane by lane; dead lanes are not touched."""
        element = f"-({self.lane(e, copy, 'lane_')})" if e.dtype == BOOL else self.lane(e, copy, "lane_")
        alive = copy.alive or str(self.lanes)
        v = self.vec(e.dtype)
        each = f"{self.unrolled if copy.alive is None else ''} for (int64_t lane_ = 0; lane_ < {alive}; ++lane_)"
        return f"({{ {v} vec_ = {{0}}; {each} vec_[lane_] = {element}; vec_; }})"

    def call(self, e: Call, copy: _Copy) -> str:
        """An operation on vectors."""
        row = SCALAR_OPS[e.op]
        dtype = helper_dtype(e)
        args = [self.expr(a, copy) for a in e.args]
        if row.form == "infix":
            return f"({args[0]} {row.symbol} {args[1]})"
        if row.form == "prefix":
            return f"({row.symbol}{args[0]})"
        if row.form == "logic":
            return f"(~{args[0]})" if len(args) == 1 else f"({args[0]} {row.symbol} {args[1]})"
        if row.form == "compare":
            if dtype == BOOL:  # as masks true is -1, which is less than false
                first, second = args if e.op in ("eq", "ne") else args[::-1]
                return f"({first} {row.symbol} {second})"
            return self.convert(f"({args[0]} {row.symbol} {args[1]})", f"i{8 * dtype.itemsize}", self.element(BOOL))
        if row.form == "select":
            return self.select(e, args)
        if row.form == "cast":
            return self.cast(e, args[0], copy)
        if dtype.kind == "f" and e.op not in SMALL_FLOAT:
            return f"{self.p.helper(e.op, dtype, self.lanes)}({', '.join(args)})"
        if of_integers(e.op):
            return f"{self.p.helper(e.op, dtype, self.lanes)}({', '.join(args)})"
        if e.op in ("max", "min", "abs") and dtype.kind in "iu":
            return self.by_mask(e, args)
        return self.by_lane(e, args)

    def by_mask(self, e: Call, args: list[str]) -> str:
        """The larger or smaller of two integers, or a magnitude: a comparison gives a mask of all ones or zeros."""
        v = self.vec(e.dtype)
        setup = " ".join(f"const {v} arg{number}_ = {text};" for number, text in enumerate(args))
        if e.op == "abs":
            absolute = "arg0_" if e.dtype.kind == "u" else f"(arg0_ ^ ({v})(arg0_ < 0)) - ({v})(arg0_ < 0)"
            return f"({{ {setup} {absolute}; }})"
        sign = ">" if e.op == "max" else "<"
        mask = f"const {v} mask_ = ({v})(arg0_ {sign} arg1_);"
        return f"({{ {setup} {mask} (arg0_ & mask_) | (arg1_ & ~mask_); }})"

    def by_lane(self, e: Call, args: list[str]) -> str:
        """A scalar helper on each lane: integer division and the like."""
        name = self.p.helper(e.op, e.args[0].dtype)
        t = self.vec(e.dtype)
        names = [f"arg{number}_" for number in range(len(args))]
        setup = " ".join(f"{self.vec(a.dtype)} {n} = {text};" for a, n, text in zip(e.args, names, args))
        lanes = ", ".join(f"{n}[lane_]" for n in names)
        each = f"{self.unrolled} for (int lane_ = 0; lane_ < {self.lanes}; ++lane_)"
        return f"({{ {setup} {t} vec_; {each} vec_[lane_] = {name}({lanes}); vec_; }})"

    def select(self, e: Call, args: list[str]) -> str:
        """One of two vectors lane by lane."""
        dtype = e.dtype
        if dtype == BOOL:
            return f"(({args[0]} & {args[1]}) | (~{args[0]} & {args[2]}))"
        mask = self.convert(args[0], self.element(BOOL), f"i{8 * dtype.itemsize}")
        if dtype.kind == "f":
            return f"{self.p.helper('select', dtype, self.lanes)}({mask}, {args[1]}, {args[2]})"
        v, i = self.vec(dtype), f"st_i{8 * dtype.itemsize}x{self.lanes}"
        return f"({{ {i} mask_ = {mask}; ({v})((mask_ & ({i}){args[1]}) | (~mask_ & ({i}){args[2]})); }})"

    def cast(self, e: Call, text: str, copy: _Copy) -> str:
        """A conversion of all lanes."""
        source, target = e.args[0].dtype, e.dtype
        if target == BOOL:
            return self.convert(f"({text} != 0)", f"i{8 * source.itemsize}", self.element(BOOL))
        if source == BOOL:
            return self.convert(f"(-{text})", self.element(BOOL), self.element(target))
        if source.kind == "f" and target.kind in "iu":
            self.p.cast("", source, target)
            name = f"st_to_{SUFFIX[target]}_{SUFFIX[source]}"
            return (
                f"({{ {self.vec(source)} arg0_ = {text}; {self.vec(target)} vec_; "
                f"for (int lane_ = 0; lane_ < {self.lanes}; ++lane_) vec_[lane_] = {name}(arg0_[lane_]); vec_; }})"
            )
        return self.convert(text, self.element(source), self.element(target))

    # ------------------------------------------------------------------------------------- stores and accumulators
    def store(self, s: ir.Store, copy: _Copy) -> str:
        """Write all living lanes."""
        value = self.expr(s.value, copy)
        dtype = s.value.dtype
        if dtype == BOOL:
            value = f"({self.convert(value, self.element(BOOL), 'u8')} & 1)"
        if self.stride(s.offset) == 1:
            at = f"{s.buffer} + {_bare(self.p_size(s.offset, copy))}"
            if copy.alive is None and s.buffer in self.p.streamed and dtype.kind == "f":
                self.p.streams = True
                return f"{self.primitive('stream', dtype)}({at}, {_bare(value)}, streaming);"
            if copy.alive is None:
                return f"{self.primitive('store', dtype)}({at}, {_bare(value)});"
            return f"{self.primitive('store_part', dtype)}({at}, {_bare(value)}, {copy.alive});"
        stored = f"st_{SUFFIX[dtype]}x{self.lanes}"
        offset = _bare(self.lane(Index(s.offset), copy, "lane_").removeprefix("(int64_t)"))
        alive = copy.alive or str(self.lanes)
        each = f"for (int64_t lane_ = 0; lane_ < {alive}; ++lane_)"
        return f"{{ {stored} vec_ = {value}; {each} {s.buffer}[{offset}] = vec_[lane_]; }}"

    def accumulate(self, s: ir.Accumulate, copy: _Copy, indent: str) -> list[str]:
        """Take one vector into the accumulators of this copy."""
        starts = s.monoid.init(s.value.dtype)
        copy.names.update({n: f"{n}_{copy.number}" for n in s.names})
        added = [n for n in s.names if n not in self.varying]
        self.varying.update(s.names)
        self._varies.clear()
        accumulators = tuple(Var(n, c.dtype) for n, c in zip(s.names, starts))
        steps = s.monoid.step(accumulators, s.value, s.position)
        lines = []
        for n, e in zip(s.names, steps):
            text = self.expr(e, copy)
            if copy.alive is not None:
                text = self.masked(text, copy.names[n], e.dtype)
            lines.append((n, e.dtype, text))
        self.varying.difference_update(added)
        self._varies.clear()
        if len(lines) == 1:
            n, _, text = lines[0]
            return [f"{indent}{copy.names[n]} = {_bare(text)};"]
        result = [f"{indent}  const {self.vec(d)} {n}_next = {_bare(text)};" for n, d, text in lines]
        result += [f"{indent}  {copy.names[n]} = {n}_next;" for n, _, _ in lines]
        return [f"{indent}{{", *result, f"{indent}}}"]

    def masked(self, text: str, old: str, dtype: np.dtype) -> str:
        """The new value in living lanes, the old one in dead lanes."""
        return f"{self.primitive('select_part', self.held(dtype))}({_bare(text)}, {old}, alive)"

    def join(self, s: ir.Accumulate, indent: str) -> list[str]:
        """The lanes joined in a fixed tree: lane p with lane p + lanes/2, halving, then into the scalar accumulator."""
        starts = s.monoid.init(s.value.dtype)
        n, copies = self.lanes, self.copies
        lines: list[str] = []
        simple = len(starts) == 1 and starts[0].dtype.kind == "f" and s.monoid.name in ("sum", "max", "min")
        if simple:
            name, dtype = s.names[0], starts[0].dtype
            tree = self.primitive(f"{s.monoid.name}_tree{copies if copies > 1 else ''}", dtype)
            joined = f"{tree}({', '.join(f'{name}_{u}' for u in range(copies))})"
            total = s.monoid.combine((Var(name, dtype),), (Var(joined, dtype),))[0]
            return [f"{indent}{name} = {_bare(self.p.expr(total))};"]
        count = n * copies
        for name, c in zip(s.names, starts):
            t = f"int{8 * self.mask_bytes}_t" if c.dtype == BOOL else self.p.type(c.dtype)
            lines.append(f"{indent}{t} {name}_lanes[{count}];")
            lines += [
                f"{indent}{self.primitive('store', self.held(c.dtype))}({name}_lanes + {u * n}, {name}_{u});"
                for u in range(copies)
            ]
            if c.dtype == BOOL:
                lines.append(f"{indent}for (int k = 0; k < {count}; ++k) {name}_lanes[k] = {name}_lanes[k] != 0;")
        lines.append(f"{indent}for (int half = {count // 2}; half > 0; half /= 2)")
        lines.append(f"{indent}  for (int k = 0; k < half; ++k) {{")
        left = tuple(Var(f"{name}_lanes[k]", c.dtype) for name, c in zip(s.names, starts))
        right = tuple(Var(f"{name}_lanes[k + half]", c.dtype) for name, c in zip(s.names, starts))
        lines += self._assigned(s, left, s.monoid.combine(left, right), indent + "    ")
        lines.append(f"{indent}  }}")
        into = tuple(Var(name, c.dtype) for name, c in zip(s.names, starts))
        first = tuple(Var(f"{name}_lanes[0]", c.dtype) for name, c in zip(s.names, starts))
        return [
            *lines,
            f"{indent}{{",
            *self._assigned(s, into, s.monoid.combine(into, first), indent + "  "),
            f"{indent}}}",
        ]

    def _assigned(self, s: ir.Accumulate, targets: tuple[Var, ...], values: tuple[Expr, ...], indent: str) -> list[str]:
        lines = [
            f"{indent}const {self.p.value_type(e)} {n}_next = {_bare(self.p.expr(e))};" for n, e in zip(s.names, values)
        ]
        return lines + [f"{indent}{t.name} = {n}_next;" for t, n in zip(targets, s.names)]


class _LanePrinter(KernelPrinter):
    """Prints scalar expressions for one lane of a vector loop: vector variables are indexed.

    It records helpers in the tables of the printer that it is made from.
    """

    def __init__(
        self, printer: KernelPrinter, names: Callable[[Atom], str], copy: _Copy, varying: set[str], k: str
    ) -> None:
        self.__dict__.update(printer.__dict__)
        self._sizes = {}
        self._names, self._copy, self._varying, self._lane = names, copy, frozenset(varying), k

    def expr(self, e: Expr) -> str:
        """A scalar expression of this lane."""
        if not isinstance(e, Var):
            return super().expr(e)
        name = self._copy.names.get(e.name, e.name)
        if e.name not in self._varying:
            return name
        return f"({name}[{self._lane}] != 0)" if e.dtype == BOOL else f"{name}[{self._lane}]"


def _is_zero(e: Expr) -> bool:
    return isinstance(e, (Const, Index)) and not children(e) and isinstance(getattr(e, "size", 0), int)
