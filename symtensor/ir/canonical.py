"""The canonical form of a graph: equal for graphs that any stage of the compiler treats alike, in any process.

Nodes are numbered in topological order, leaves and atoms of sizes in the order in which they are met; identities,
addresses and serial numbers do not enter. What the compiler prints does: names and the user's lines. Of atoms that
would print in an order given by their age, that order enters too.

Takes: a graph.  Gives: a digest, and tables by which values of one process are found again in another.
"""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import numpy as np

from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Op, Site, Tensor
from symtensor.ir.size import Atom, Size

_PACKAGE = __name__.split(".")[0]
_PLAIN = (int, float, str, bytes, complex, bool, type(None))


class Unnameable(Exception):
    """Something in a graph has no name outside of this process: a function or an op of the user's."""


class Canonical:
    """The canonical form of one graph.

    Attributes:
        digest: of everything that compiling depends on.
        leaves: inputs and other nodes without inputs, in order.
        atoms: of sizes, in order.
        arrays: data of the constants, in order.

    Raises:
        Unnameable: if the graph holds what only this process knows.

    >>> import symtensor as st
    >>> a, b = st.vector("x"), st.vector("x")
    >>> Canonical(Graph((a,), (st.exp(a),))).digest == Canonical(Graph((b,), (st.exp(b),))).digest
    True
    """

    def __init__(self, graph: Graph) -> None:
        self.leaves: list[Tensor] = []
        self.atoms: list[Atom] = []
        self.arrays: list[np.ndarray] = []
        self._atom_number: dict[Atom, int] = {}
        self._atom_rows: list[tuple] = []
        self._types: dict[int, Any] = {}
        self._sizes: dict[int, tuple] = {}
        self._sites: dict[Site, int] = {}
        self._number: dict[Tensor, int] = {}
        rows = self._graph(graph)
        order = sorted(range(len(self.atoms)), key=lambda n: self.atoms[n].order)
        text = repr((rows, self._atom_rows, order, list(self._sites)))
        self.digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()

    def _graph(self, graph: Graph) -> tuple:
        """A graph as nested tuples; inner graphs see the numbers of the outer one."""
        rows = []
        number = self._number
        for node in toposort((*graph.inputs, *graph.outputs)):
            if node in number:
                continue
            if not node.inputs:
                self.leaves.append(node)
            attrs = [(name, self.encoded(value)) for name, value in node.attrs] if node.attrs else ()
            inputs = [number[i] for i in node.inputs]
            # A constant is shared by all that mention it anywhere in the process: no message shows its line.
            lines = node.sites if node.inputs or node.op.infer is None else ()
            sites = [self._sites.setdefault(s, len(self._sites)) for s in lines]
            rows.append((_op_name(node.op), inputs, attrs, self._type(node.type), node.name, sites))
            number[node] = len(number)
        return rows, [number[i] for i in graph.inputs], [number[o] for o in graph.outputs]

    def _type(self, type: Any) -> Any:
        found = self._types.get(id(type))
        if found is None:
            if isinstance(type, tuple):
                found = tuple(map(self._type, type))
            else:
                found = (type.dtype.str, tuple(map(self.encoded, type.shape)))
            self._types[id(type)] = found  # types live as long as the nodes, and those as long as the graph
        return found

    def _size(self, size: Size) -> tuple:
        return ("size", [([self._atom(a) for a in monomial], c) for monomial, c in size.terms])

    def _atom(self, atom: Atom) -> int:
        found = self._atom_number.get(atom)
        if found is None:
            fields = [
                (name, self._own(getattr(atom, name)))
                for cls in type(atom).__mro__
                for name in getattr(cls, "__slots__", ())
                if name not in ("label", "order", "__weakref__")
            ]
            found = self._atom_number[atom] = len(self.atoms)
            self.atoms.append(atom)
            self._atom_rows.append((type(atom).__name__, atom.label, fields))
        return found

    def _own(self, value: Any) -> Any:
        """A part of an atom; a tensor that the graph does not reach is a leaf as well."""
        if isinstance(value, Tensor) and value not in self._number:
            if value.inputs:
                raise Unnameable("a size depends on a tensor outside of the graph")
            return ("leaf", value.name, value.type.dtype.str)
        return self.encoded(value)

    def encoded(self, value: Any) -> Any:
        """An attribute as plain values with one ``repr``."""
        if type(value) in _PLAIN:
            return value
        if isinstance(value, Size):
            return self._size(value)
        if isinstance(value, (tuple, list)):
            return [type(value).__name__, *map(self.encoded, value)]
        if isinstance(value, Tensor):
            if value not in self._number:
                raise Unnameable("an attribute is a tensor outside of the graph")
            return ("node", self._number[value])
        if isinstance(value, Atom):
            return ("atom", self._atom(value))
        if isinstance(value, Graph):
            return ("graph", self._graph(value))
        if isinstance(value, (np.dtype, np.generic)):
            return (type(value).__name__, str(value.dtype if isinstance(value, np.generic) else value.str), repr(value))
        if isinstance(value, Op):
            return ("op", _op_name(value))
        if isinstance(value, (frozenset, set)):
            return ("set", sorted(repr(self.encoded(v)) for v in value))
        if isinstance(getattr(value, "array", None), np.ndarray):
            self.arrays.append(value.array)
            return ("array", value.array.dtype.str, value.array.shape, value.digest)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [(f.name, self.encoded(getattr(value, f.name))) for f in dataclasses.fields(value)]
            return (_global_name(type(value)), fields)
        if callable(value):
            return ("function", _global_name(value))
        raise Unnameable(f"{type(value).__name__} has no canonical form")


def _op_name(op: Op) -> str:
    """The name of an op, if all that it does is defined in symtensor itself."""
    known = _names.get(id(op))
    if known is None or known[0] is not op:
        for field in dataclasses.fields(op):
            value = getattr(op, field.name)
            for function in value.values() if isinstance(value, dict) else (value,):
                if callable(function) and not _is_ours(function):
                    raise Unnameable(f"the op {op.name} is defined outside of symtensor")
        known = _names[id(op)] = (op, op.name)
    return known[1]


_names: dict[int, tuple[Op, str]] = {}


def _is_ours(function: Any) -> bool:
    module: str = getattr(function, "__module__", None) or type(function).__module__
    return module.split(".")[0] in (_PACKAGE, "numpy", "builtins", "_operator", "operator", "functools", "scipy")


def _global_name(value: Any) -> str:
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', '')}"
    if not name.startswith(_PACKAGE + ".") or "<" in name:
        raise Unnameable(f"{name} may be another thing in another process")
    return name
