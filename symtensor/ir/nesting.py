"""Nested containers: how tensors lie in tuples, lists, dicts and dataclasses, apart from the tensors themselves."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from symtensor.records import dataclass


@dataclass(frozen=True)
class Structure:
    """How leaves are nested in tuples, named tuples, lists, dicts and dataclasses.

    Attributes:
        kind: the container's type, or None for a leaf.
        keys: keys of a dict, names of the fields of a dataclass, or positions.
        children: one structure a key.
    """

    kind: Any = None
    keys: tuple[Any, ...] = ()
    children: tuple[Structure, ...] = ()

    def build(self, leaves: Iterator[Any]) -> Any:
        """Nest leaves as the original was nested."""
        if self.kind is None:
            return next(leaves)
        values = [child.build(leaves) for child in self.children]
        if issubclass(self.kind, Mapping):
            # A defaultdict has a factory that nobody asked for here.
            return (dict if hasattr(self.kind, "default_factory") else self.kind)(dict(zip(self.keys, values)))
        if _is_dataclass(self.kind):
            return _rebuilt(self.kind, dict(zip(self.keys, values)))
        return self.kind(*values) if hasattr(self.kind, "_fields") else self.kind(values)

    @property
    def count(self) -> int:
        """Number of leaves."""
        return 1 if self.kind is None else sum(child.count for child in self.children)

    def __repr__(self) -> str:
        if self.kind is None:
            return "*"
        pairs = zip(self.keys, self.children)
        if issubclass(self.kind, Mapping):
            return "{" + ", ".join(f"{k!r}: {c}" for k, c in pairs) + "}"
        if _is_dataclass(self.kind):
            return f"{self.kind.__name__}({', '.join(f'{k}={c}' for k, c in pairs)})"
        return f"{self.kind.__name__}({', '.join(map(str, self.children))})"


LEAF = Structure()
HINT = "hint: use the containers and keys that the function was compiled for"


def _is_dataclass(kind: type) -> bool:
    return dataclasses.is_dataclass(kind)


def _rebuilt(kind: type, values: dict[str, Any]) -> Any:
    """A dataclass with these fields, whatever its ``__init__`` takes."""
    if all(f.init for f in dataclasses.fields(kind)):
        return kind(**values)
    made: Any = object.__new__(kind)
    for name, value in values.items():
        object.__setattr__(made, name, value)
    return made


def contents(value: Any) -> list[tuple[Any, Any]] | None:
    """Keys and values of a container, or None for a leaf."""
    if isinstance(value, Mapping):
        return list(value.items())
    if isinstance(value, (tuple, list)):
        return list(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(f.name, getattr(value, f.name)) for f in dataclasses.fields(value)]
    return None


def flatten(value: Any, name: str = "") -> tuple[list[Any], list[str], Structure]:
    """Leaves of nested containers, a name for each (``state['h']``), and how they were nested.

    >>> flatten({"w": 1, "b": (2, 3)}, "p")
    ([1, 2, 3], ["p['w']", "p['b'][0]", "p['b'][1]"], {'w': *, 'b': tuple(*, *)})
    """
    items = contents(value)
    if items is None:
        return [value], [name], LEAF
    leaves, names, children = [], [], []
    dotted = not isinstance(value, (Mapping, tuple, list))
    for key, part in items:
        inner_leaves, inner_names, child = flatten(part, f"{name}.{key}" if dotted else f"{name}[{key!r}]")
        leaves += inner_leaves
        names += inner_names
        children.append(child)
    return leaves, names, Structure(type(value), tuple(key for key, _ in items), tuple(children))


def matched(structure: Structure, value: Any, name: str) -> list[Any]:
    """The leaves of a value that is nested like a structure; what lies where the structure has a leaf is one.

    Args:
        structure: how the value must be nested.
        value: containers with values; a dict may have its keys in another order.
        name: what messages call the value.

    Raises:
        TypeError: if it is nested otherwise, with the name of the place.
    """
    if structure.kind is None:
        return [value]
    items = contents(value)
    if items is None:
        raise TypeError(f"{name} must be nested like {structure}, but is a {type(value).__name__}\n  {HINT}")
    given = dict(items)
    missing = [k for k in structure.keys if k not in given]
    extra = [k for k in given if k not in set(structure.keys)]
    if missing or extra:
        what = f"lacks {missing[0]!r}" if missing else f"has {extra[0]!r}, which is not expected"
        raise TypeError(f"{name} must be nested like {structure}, but {what}\n  {HINT}")
    return [
        leaf
        for key, child in zip(structure.keys, structure.children)
        for leaf in matched(child, given[key], f"{name}[{key!r}]")
    ]


def is_flat(structures: Iterable[Structure]) -> bool:
    """Whether all of the structures are leaves."""
    return all(s.kind is None for s in structures)
