"""The value of one element of a node, as a scalar expression over elements of other nodes.

This is where index ops vanish: ``Elements.value(node, index)`` follows elementwise and index ops down to the nodes
that are held in memory (``stored``), whose elements it leaves as ``Element`` leaves.  Values are memoised by node and
index, so what is shared in the graph is shared in the expression.  The walk is iterative: an index op whose operand
is not known yet asks for it and is called again.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable

from symtensor.ir.node import Tensor
from symtensor.ir.scalar import INT64, Call, Const, Expr, Index, Load, ValueIndex, as_index, cast, select
from symtensor.ir.size import Atom, Size, SizeLike, atoms, substitute
from symtensor.ops.declare import CAST, CONSTANT, SIZE, Elementwise, IndexOp

IndexTuple = tuple[SizeLike, ...]
ZERO = Const(0, INT64)


class Element(Expr):
    """One element of a node that lies in memory."""

    __slots__ = ("index", "node")
    node: Tensor
    index: IndexTuple

    def __new__(cls, node: Tensor, index: IndexTuple) -> Element:
        """Find the interned expression, or make it."""
        self, new = cls._interned(id(node), index)
        if new:
            self.node, self.index, self.dtype = node, index, node.dtype
        return self

    def __repr__(self) -> str:
        return f"{self.node.name or self.node.op.name}[{', '.join(map(str, self.index))}]"


class _Missing(Exception):
    """An index op asked for an element that has not been computed yet."""

    def __init__(self, key: tuple[Tensor, IndexTuple]) -> None:
        self.key = key


def broadcast_index(index: IndexTuple, node: Tensor) -> IndexTuple:
    """The index of an operand that broadcasts against a result with this index."""
    shape = node.type.shape
    own = index if len(index) == len(shape) else index[len(index) - len(shape) :]
    for extent in shape:
        if isinstance(extent, int) and extent == 1:
            return tuple([0 if isinstance(n, int) and n == 1 else i for i, n in zip(own, shape)])
    return own


def inlinable(node: Tensor) -> bool:
    """Whether a node's elements can be computed where they are used."""
    return isinstance(node.op, (Elementwise, IndexOp)) or node.op is SIZE or is_scalar_constant(node)


def is_scalar_constant(node: Tensor) -> bool:
    """A constant with a single element: printed in place."""
    return node.op is CONSTANT and node.attr("value").array.size == 1


class Elements:
    """Expands elements of nodes down to a set of stored nodes.

    Args:
        stored: decides whether a node is read from memory rather than expanded.
    """

    def __init__(self, stored: Callable[[Tensor], bool]) -> None:
        self._stored = stored
        self._memo: dict[tuple[Tensor, IndexTuple], Expr] = {}

    def define(self, node: Tensor, index: IndexTuple, value: Expr) -> None:
        """Fix the value of an element, such as one that was just computed in the same loop."""
        self._memo[node, index] = value

    def value(self, node: Tensor, index: IndexTuple) -> Expr:
        """The element of a node, read from memory if the node is stored."""
        return self._compute((node, index), expand_root=False)

    def definition(self, node: Tensor, index: IndexTuple) -> Expr:
        """The element of a node by its definition, even if the node is stored."""
        return self._compute((node, index), expand_root=True)

    def _compute(self, root: tuple[Tensor, IndexTuple], expand_root: bool) -> Expr:
        memo = self._memo
        if not expand_root and root in memo:
            return memo[root]
        stack = [root]
        result: Expr | None = None
        while stack:
            key = stack[-1]
            if key in memo and not (expand_root and _same(key, root)):
                stack.pop()
                continue
            node, index = key
            top = expand_root and _same(key, root)
            if not top and self._stored(node):
                memo[key] = Element(node, index)
                continue
            keys = self._operands(node, index)
            missing = [k for k in reversed(keys) if k not in memo]
            if missing:
                stack.extend(missing)
                continue
            try:
                value = self._apply(node, index, [memo[k] for k in keys])
            except _Missing as ask:
                stack.append(ask.key)
                continue
            if top:
                result = value
                stack.pop()
            else:
                memo[key] = value
        return result if result is not None else memo[root]

    def _operands(self, node: Tensor, index: IndexTuple) -> list[tuple[Tensor, IndexTuple]]:
        """The elements that an element is computed from, as far as they are known before it is."""
        return [(i, broadcast_index(index, i)) for i in node.inputs] if isinstance(node.op, Elementwise) else []

    def _apply(self, node: Tensor, index: IndexTuple, operands: list[Expr]) -> Expr:
        op = node.op
        if isinstance(op, Elementwise):
            return cast(operands[0], node.dtype) if op is CAST else op.scalar_of(*operands)
        if isinstance(op, IndexOp):
            return op.at(node, index, lambda k, at: self._loaded(node.inputs[k], at))
        if op is SIZE:
            return cast(Index(node.attr("size")), node.dtype)
        if is_scalar_constant(node):
            return Const(node.attr("value").array.reshape(()).item(), node.dtype)
        raise TypeError(f"{op.name} cannot be expanded into scalars")

    def _loaded(self, node: Tensor, index: IndexTuple) -> Expr:
        found = self._memo.get((node, index))
        if found is None:
            raise _Missing((node, index))
        condition = _clamping(index)
        return found if condition is None or isinstance(found, Const) else _Clamp(condition).expr(found, index)


def _clamping(index: IndexTuple) -> Expr | None:
    """The condition under which an index means something, if it is one that ``guarded`` clamps to 0 elsewhere."""
    for size in index:
        value = _single_value(size)
        if isinstance(value, Call) and value.op == "select" and value.args[2] == ZERO:
            return value.args[0]
    return None


def _single_value(size: SizeLike) -> Expr | None:
    if isinstance(size, Size) and len(size.terms) == 1 and size.terms[0][1] == 1 and len(size.terms[0][0]) == 1:
        atom = size.terms[0][0][0]
        return atom.value if isinstance(atom, ValueIndex) else None
    return None


class _Clamp:
    """Moves a clamp inwards, to the elements that are read in memory.

    ``guarded`` reads an operand at index 0 where its condition fails.  If the operand is itself computed from others,
    its index 0 may lie outside of those: in ``concatenate([x, x[1:]])`` that of ``x[1:]`` is index 1 of ``x``, which an
    ``x`` of one element does not have.  So what is clamped is the index of the element, not that of the operand.
    """

    def __init__(self, condition: Expr) -> None:
        self._condition = condition
        self._free: dict[int, Expr] = {}  # without the clamp, by identity of an expression
        self._kept: list[Expr] = []  # keeps the keys alive

    def expr(self, root: Expr, index: IndexTuple) -> Expr:
        """An operand's value in which every element is read at a clamped index; ``index`` is that of the operand."""
        if isinstance(root, Element) and root.index == index:
            return root
        for expr in walk([root]):
            self._free[id(expr)] = self._rebuilt(expr)
            self._kept.append(expr)
        return self._free[id(root)]

    def _rebuilt(self, expr: Expr) -> Expr:
        if isinstance(expr, Call):
            if expr.op == "select" and expr.args[0] is self._condition and expr.args[2] == ZERO:
                return self._free[id(expr.args[1])]
            args = tuple(self._free[id(a)] for a in expr.args)
            same = all(a is b for a, b in zip(args, expr.args))
            return expr if same else Call(expr.op, args, expr.dtype)
        if isinstance(expr, Index):
            return Index(self._size(expr.size))
        if isinstance(expr, Element):
            return Element(expr.node, tuple(map(self._clamped, expr.index)))
        return expr

    def _size(self, size: SizeLike) -> SizeLike:
        new: dict[Atom, SizeLike] = {
            a: as_index(self._free[id(a.value)]) for a in atoms(size) if isinstance(a, ValueIndex)
        }
        return substitute(size, new) if new else size

    def _clamped(self, size: SizeLike) -> SizeLike:
        free = self._size(size)
        return free if isinstance(free, int) else as_index(select(self._condition, Index(free), ZERO))


def children(expr: Expr) -> tuple[Expr, ...]:
    """Direct scalar operands of an expression, those inside index polynomials included."""
    try:
        return expr.operands
    except AttributeError:
        expr.operands = found = _children(expr)
        return found


def _children(expr: Expr) -> tuple[Expr, ...]:
    if isinstance(expr, Call):
        return expr.args
    sizes: tuple[SizeLike, ...] = ()
    if isinstance(expr, Element):
        sizes = expr.index
    elif isinstance(expr, Load):
        sizes = (expr.offset,)
    elif isinstance(expr, Index):
        sizes = (expr.size,)
    return tuple(a.value for s in sizes for a in atoms(s) if isinstance(a, ValueIndex))


def walk(roots: Iterable[Expr], known: Container[int] = ()) -> list[Expr]:
    """All distinct subexpressions, operands before users; iterative.

    Args:
        roots: where the walk starts.
        known: identities of expressions that are neither listed nor entered, so that one who walks many roots visits
            what they share once.
    """
    order: list[Expr] = []
    done: set[int] = set()
    stack: list[Expr | None] = [*roots]
    if len(stack) == 1 and not children(stack[0]):  # type: ignore[arg-type]
        return [] if id(stack[0]) in known else stack  # type: ignore[return-value]
    stack.reverse()
    users: list[Expr] = []  # of the marks (None) on the stack
    while stack:
        expr = stack.pop()
        if expr is None:
            order.append(users.pop())
            continue
        key = id(expr)
        if key in done or key in known:
            continue
        done.add(key)
        try:
            below = expr.operands
        except AttributeError:
            below = children(expr)
        if below:
            users.append(expr)
            stack.append(None)
            stack.extend(below[::-1])
        else:
            order.append(expr)
    return order


def _same(a: tuple[Tensor, IndexTuple], b: tuple[Tensor, IndexTuple]) -> bool:
    """Equality of keys; ``==`` of tensors would build a node."""
    return a[0] is b[0] and a[1] == b[1]
