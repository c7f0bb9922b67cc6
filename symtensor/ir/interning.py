"""Tables in which equal values are one object, each kept only as long as someone else holds it.

``weakref.WeakValueDictionary`` does this too; its entries are made by three calls of Python functions, which took a
tenth of the time of building a large graph.
"""

from __future__ import annotations

import weakref
from _weakref import _remove_dead_weakref  # type: ignore[attr-defined]
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class _Entry(weakref.ref):
    """A weak reference that knows its key."""

    __slots__ = ("key",)
    key: Any


class InternTable(Generic[T]):
    """Weakly held values by key; safe for threads, since each step on the dictionary is atomic."""

    __slots__ = ("__weakref__", "_entries", "_forget")

    def __init__(self) -> None:
        self._entries: dict[Any, _Entry] = {}
        entries = self._entries

        def forget(entry: Any) -> None:
            _remove_dead_weakref(entries, entry.key)  # unless the key has been taken again meanwhile

        self._forget = forget

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, key: Any) -> T | None:
        """The value of a key, or None."""
        entry = self._entries.get(key)
        return None if entry is None else entry()

    def setdefault(self, key: Any, value: T) -> T:
        """The value of a key, which is this one if there is none yet."""
        entry = _Entry(value, self._forget)
        entry.key = key
        while True:
            found = self._entries.setdefault(key, entry)
            if found is entry:
                return value
            other = found()
            if other is not None:
                return other
            _remove_dead_weakref(self._entries, key)


__all__ = ["InternTable"]
