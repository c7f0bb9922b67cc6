"""Guards: conditions on sizes that only a call can decide, collected before anything is rewritten.

Two dims that a guard makes equal are one size to everything after it, which is what lets loops over ``x`` and ``y``
fuse in ``x + y``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from symtensor.ir.graph import Graph
from symtensor.ir.node import Guard, Tensor
from symtensor.ir.size import Atom, Dim, Size, SizeLike, at_least, atoms, minimum, substitute
from symtensor.records import dataclass

MOST_RENAMINGS = 4


@dataclass(frozen=True)
class Guards:
    """The guards of a graph, and the sizes that hold once they have passed.

    Attributes:
        conditions: what is checked at call entry, in graph order.
        equal: atoms that the guards express by other sizes.
    """

    conditions: tuple[Guard, ...] = ()
    equal: tuple[tuple[Atom, SizeLike], ...] = ()

    def canonical(self, size: SizeLike) -> SizeLike:
        """A size in terms of the atoms that represent all the equal ones."""
        for _ in range(MOST_RENAMINGS):  # a size may be known by the name that it has once its parts are renamed
            if not isinstance(size, Size) or self._solved.keys().isdisjoint(atoms(size)):
                break
            size = substitute(size, self._solved)
        return size

    @cached_property
    def _solved(self) -> dict[Atom, SizeLike]:
        return dict(self.equal)


def _bare_atom(size: SizeLike) -> Atom | None:
    if isinstance(size, Size) and len(size.terms) == 1:
        monomial, coefficient = size.terms[0]
        if len(monomial) == 1 and coefficient == 1:
            return monomial[0]
    return None


def collect_guards(graph: Graph, more: Iterable[Guard] = ()) -> Guards:
    """Collect the guards of all nodes, and some more, and solve those that equate a dim with something."""
    conditions: list[Guard] = []
    equal: dict[Atom, SizeLike] = {}
    for guard in (*_of_nodes(graph), *more):
        left, right = substitute(guard.left, equal), substitute(guard.right, equal)
        if left == right:
            continue
        conditions.append(guard)
        a, b = _bare_atom(left), _bare_atom(right)
        if isinstance(a, Dim) and b is not None:
            a, b, left, right = b, a, right, left  # a named size is the better representative
        if a is not None and a not in set(atoms(right)):
            _solve(equal, a, right)
        elif b is not None and b not in set(atoms(left)):
            _solve(equal, b, left)
    return Guards(tuple(conditions), tuple(equal.items()))


def _of_nodes(graph: Graph) -> Iterator[Guard]:
    """The guards that the nodes of a graph declare, each with the line where its node was written."""
    seen: set[SizeLike] = set()
    types: set[int] = set()  # those looked at, by identity
    for node in graph.nodes():
        if node.op.guards is not None:
            for guard in node.op.guards(node.inputs, **dict(node.attrs)):
                yield replace(guard, sites=node.sites or guard.sites)
        if id(node.type) not in types:
            types.add(id(node.type))
            yield from _of_sizes(node, seen)


def _of_sizes(node: Tensor, seen: set[SizeLike]) -> Iterator[Guard]:
    """Sizes that the user computes, as in ``st.zeros((n - 2,))``, must not be negative."""
    for type in node.type if isinstance(node.type, tuple) else (node.type,):
        for axis, size in enumerate(type.shape):
            if isinstance(size, Size) and size not in seen:
                seen.add(size)
                if not at_least(size, 0):
                    what = (
                        f"the size {size} of axis {axis} of {node.name or f'the result of {node.op.name}'} is negative"
                    )
                    yield Guard(minimum(size, 0), 0, what, node.sites, "size")


def _solve(equal: dict[Atom, SizeLike], atom: Atom, value: SizeLike) -> None:
    """Enter that an atom is a size, into what is known as well: ``max(n - m, 0)`` is known by its new name, too."""
    change: dict[Atom, SizeLike] = {atom: value}
    for known, size in list(equal.items()):
        equal[known] = new = substitute(size, change)
        renamed = _bare_atom(substitute(Size.of(known), change))
        if renamed is not None and renamed not in equal and renamed != atom and renamed not in set(atoms(new)):
            equal[renamed] = new
    equal[atom] = value
