"""``dataclass`` as in the standard library, for the classes of symtensor, made in a fifth of the time.

The standard decorator writes the text of up to six methods for each class and compiles it: 0.3 ms a class, which was
half of the time of ``import symtensor`` and of the first compilation.  Here only ``__init__`` is compiled, whose
signature differs from class to class; the other methods are closures over the names of the fields.  What comes out is
a dataclass to everybody who asks (``fields``, ``replace``, ``asdict``, ``match``), with the same text, order of
comparison and hash.
"""

from __future__ import annotations

from dataclasses import MISSING, FrozenInstanceError, fields
from dataclasses import dataclass as _standard
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from dataclasses import Field
    from dataclasses import dataclass as dataclass  # what type checkers know

    Fields = Sequence[Field[Any]]
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, repr=True):
        """Make a dataclass of a class with annotated fields.

        ``InitVar`` is not known here.

        Args:
            cls: the class; without it the result is a decorator.
            frozen: whether setting and deleting attributes raises ``FrozenInstanceError``.
            eq: whether instances compare, and where frozen hash, by their fields.
            repr: whether ``repr`` shows the fields.

        >>> @dataclass(frozen=True)
        ... class Point:
        ...     x: int
        ...     y: int = 0
        >>> Point(1), Point(1) == Point(1, 0), Point(y=2, x=1)
        (Point(x=1, y=0), True, Point(x=1, y=2))
        """

        def decorate(cls):
            return _record(cls, frozen, eq, repr)

        return decorate if cls is None else decorate(cls)


def _record(cls: Any, frozen: bool, eq: bool, repr: bool) -> Any:
    own = cls.__dict__
    if own.get("__doc__") is None:
        cls.__doc__ = cls.__name__  # the standard decorator would ask ``inspect`` for a signature
    derived = any("__dataclass_params__" in vars(base) for base in cls.__mro__[1:])
    # Collects the fields, those of bases included; it wants frozen classes derived from frozen ones, and no others.
    _standard(init=False, repr=False, eq=False, frozen=frozen and derived)(cls)
    for option, value in (("init", True), ("repr", repr), ("eq", eq), ("frozen", frozen)):
        setattr(cls.__dataclass_params__, option, value)
    all_fields = fields(cls)
    made: dict[str, Any] = {"__init__": _init(cls, all_fields, frozen)}
    if repr:
        made["__repr__"] = _repr([f.name for f in all_fields if f.repr])
    if eq:
        made["__eq__"] = _eq(_getter([f.name for f in all_fields if f.compare]))
        if frozen:
            made["__hash__"] = _hash(_getter([f.name for f in all_fields if (f.compare if f.hash is None else f.hash)]))
        elif "__eq__" not in own:
            made["__hash__"] = None
    for name, method in made.items():
        if name not in own or (name == "__hash__" and own[name] is None):
            _place(cls, name, method)
    if frozen and not derived:
        for name, method in zip(("__setattr__", "__delattr__"), _refusals(cls, frozenset(f.name for f in all_fields))):
            _place(cls, name, method)
    return cls


def _place(cls: Any, name: str, method: Any) -> None:
    """Set a method, which is called like others of the class in tracebacks and pickles."""
    if method is not None:
        method.__name__, method.__qualname__, method.__module__ = name, f"{cls.__qualname__}.{name}", cls.__module__
    setattr(cls, name, method)


def _init(cls: Any, all_fields: Fields, frozen: bool) -> Any:
    """``__init__``: the one method whose text is compiled, so that calls are as quick as those written by hand."""
    known: dict[str, Any] = {"__name__": cls.__module__, "_set": object.__setattr__, "_absent": MISSING}
    positional, keywords, body = ["self"], list[str](), list[str]()
    for f in all_fields:
        given, value = f.name, f.name
        if f.default_factory is not MISSING:
            known[f"_make_{f.name}"] = f.default_factory
            made = f"_make_{f.name}()"
            given, value = f"{f.name}=_absent", f"{made} if {f.name} is _absent else {f.name}" if f.init else made
        elif f.default is not MISSING:
            known[f"_default_{f.name}"] = f.default
            given = f"{f.name}=_default_{f.name}"
        elif not f.init:
            continue
        if f.init:
            (keywords if f.kw_only else positional).append(given)
        elif f.default_factory is MISSING:
            continue  # the class attribute serves
        body.append(f"_set(self, {f.name!r}, {value})" if frozen else f"self.{f.name} = {value}")
    if hasattr(cls, "__post_init__"):
        body.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(["*"] if keywords else []), *keywords])
    exec(f"def __init__({parameters}):\n " + "\n ".join(body or ["pass"]), known)
    init = known.pop("__init__")
    init.__annotations__ = {**{f.name: f.type for f in all_fields if f.init}, "return": None}
    return init


def _getter(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The values of some fields as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    return (lambda self: (getattr(self, names[0]),)) if names else (lambda self: ())


def _repr(names: Sequence[str]) -> Any:
    @recursive_repr()
    def method(self: Any) -> str:
        return f"{type(self).__qualname__}({', '.join([f'{n}={getattr(self, n)!r}' for n in names])})"

    return method


def _eq(values: Callable[[Any], tuple[Any, ...]]) -> Any:
    def method(self: Any, other: object) -> Any:
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return method


def _hash(values: Callable[[Any], tuple[Any, ...]]) -> Any:
    return lambda self: hash(values(self))


def _refusals(cls: Any, names: frozenset[str]) -> tuple[Any, Any]:
    """``__setattr__`` and ``__delattr__`` of a frozen class; a class derived from it may have attributes of its own."""

    def assign(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete(self: Any, name: str) -> None:
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return assign, delete
