"""The dataclasses of symtensor do what those of the standard library do."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pathlib
import pickle
import re
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from typing import Any

import pytest

from symtensor import records

Decorator = Any


def declared(dataclass: Decorator) -> dict[str, Any]:
    """The same classes by one decorator: every combination of options that symtensor uses."""

    @dataclass(frozen=True)
    class Point:
        """Two fields."""

        x: int
        y: float = 0.5

    @dataclass(frozen=True)
    class Deep(Point):
        z: tuple[int, ...] = field(default=(), compare=False)
        made: list[int] = field(default_factory=lambda: [1, 2], hash=False)
        hidden: int = field(default=3, repr=False)

    @dataclass
    class Loose:
        a: Any
        b: dict[str, int] = field(default_factory=dict)
        c: int = field(default=7, kw_only=True)
        d: int = field(init=False, default=4)
        e: list[int] = field(init=False, default_factory=list)

        def __post_init__(self) -> None:
            self.d += 1

    @dataclass(frozen=True, eq=False, repr=False)
    class Plain:
        f: int

        def __repr__(self) -> str:
            return "mine"

    @dataclass(frozen=True)
    class Checked:
        g: int

        def __post_init__(self) -> None:
            if self.g < 0:
                raise ValueError("negative")

        def __hash__(self) -> int:
            return 11

    @dataclass
    class Empty:
        pass

    @dataclass(frozen=True)
    class One:
        h: Any

    @dataclass(eq=False)
    class Same:
        i: int

    return {k: v for k, v in locals().items() if isinstance(v, type)}


OURS, THEIRS = declared(records.__dict__["dataclass"]), declared(dataclasses.dataclass)
CALLS: dict[str, list[tuple[tuple[Any, ...], dict[str, Any]]]] = {
    "Point": [((1,), {}), ((1, 0.5), {}), ((), {"y": 2.0, "x": 1}), ((), {}), ((1, 2, 3), {}), ((1,), {"q": 1})],
    "Deep": [((1,), {}), ((1, 2.0, (3,)), {}), ((1,), {"z": (9,), "made": [4], "hidden": 0})],
    "Loose": [((1,), {}), ((1, {"k": 2}), {}), ((1, {}, 3), {}), ((1,), {"c": 9}), ((1,), {"d": 9})],
    "Plain": [((1,), {}), ((), {})],
    "Checked": [((1,), {}), ((-1,), {})],
    "Empty": [((), {}), ((1,), {})],
    "One": [((1,), {}), (([],), {})],
    "Same": [((1,), {})],
}


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:
        return type(error), str(error)


def described(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """All that can be seen of an instance."""
    value = outcome(lambda: cls(*args, **kwargs))
    if isinstance(value, tuple):
        return [value]
    twin = cls(*args, **kwargs)
    names = [f.name for f in fields(cls)]
    own_hash = cls.__hash__ is object.__hash__
    changed = outcome(lambda: setattr(value, names[0], 5)) if names else None
    return [
        repr(value), value == twin, value != twin, value == 1, own_hash or outcome(lambda: hash(value)),
        asdict(value), vars(value), changed, outcome(lambda: setattr(value, "new", 1)),
        outcome(lambda: delattr(value, names[0])) if names else None, outcome(lambda: vars(copy.copy(twin))),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "args", "kwargs"), [(n, *call) for n, calls in CALLS.items() for call in calls])
def test_instances_behave_alike(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    assert described(OURS[name], args, kwargs) == described(THEIRS[name], args, kwargs)


@pytest.mark.parametrize("name", CALLS)
def test_classes_look_alike(name: str) -> None:
    """To ``inspect``, ``dataclasses``, ``match`` and those who read names in tracebacks."""
    ours, theirs = OURS[name], THEIRS[name]
    assert is_dataclass(ours)
    assert [(f.name, f.type, f.init, f.repr, f.hash, f.compare) for f in fields(ours)] == [
        (f.name, f.type, f.init, f.repr, f.hash, f.compare) for f in fields(theirs)
    ]
    assert [(p.name, p.kind) for p in inspect.signature(ours).parameters.values()] == [
        (p.name, p.kind) for p in inspect.signature(theirs).parameters.values()
    ]
    assert ours.__match_args__ == theirs.__match_args__
    assert ours.__init__.__qualname__ == theirs.__init__.__qualname__
    assert ours.__init__.__annotations__.keys() == theirs.__init__.__annotations__.keys()
    assert (ours.__hash__ is None) == (theirs.__hash__ is None)
    assert set(vars(ours)) - {"__module__"} == set(vars(theirs)) - {"__module__"}


@records.dataclass(frozen=True)
class Kept:
    """At the top of a module, where pickles find it."""

    one: int
    many: tuple[int, ...] = ()


def test_replacing_pickling_and_cycles() -> None:
    kept = Kept(1, (2,))
    assert replace(kept, one=3) == Kept(3, (2,))
    assert pickle.loads(pickle.dumps(kept)) == kept
    assert len({kept, Kept(1, (2,)), Kept(2)}) == 2
    loop = OURS["One"]([])
    loop.h.append(loop)
    assert repr(loop).endswith("One(h=[...])")


def test_a_derived_class_may_have_attributes_of_its_own() -> None:
    """As in the standard library: only the fields of a frozen class are frozen in classes derived from it."""

    class Derived(Kept):
        pass

    derived = Derived(1)
    derived.extra = 5  # type: ignore[attr-defined]
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'one'"):
        derived.one = 2  # type: ignore[misc]
    assert derived != Kept(1)


def test_both_decorators_go_together() -> None:
    """A class of the one kind may be derived from a class of the other, and frozen from frozen only."""

    @dataclasses.dataclass(frozen=True)
    class Wider(Kept):
        more: int = 0

    @records.dataclass(frozen=True)
    class Widest(Wider):
        most: int = 0

    value = Widest(1, (), 2, 3)
    assert value == Widest(1, more=2, most=3)
    assert repr(value).endswith("Widest(one=1, many=(), more=2, most=3)")
    with pytest.raises(FrozenInstanceError):
        value.most = 4  # type: ignore[misc]
    with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):
        records.dataclass(type("Loose", (Kept,), {}))


@pytest.mark.parametrize("name", CALLS)
def test_the_options_are_told(name: str) -> None:
    params = [
        [getattr(c.__dataclass_params__, o) for o in ("init", "repr", "eq", "frozen")]
        for c in (OURS[name], THEIRS[name])
    ]
    assert params[0] == params[1]


def test_symtensor_uses_one_decorator() -> None:
    """Mending is one line: ``from symtensor.records import dataclass``."""
    package = pathlib.Path(records.__file__).parent
    standard = re.compile(r"^from dataclasses import .*\bdataclass\b|@dataclasses\.dataclass", re.MULTILINE)
    using = [str(p.relative_to(package)) for p in package.rglob("*.py") if standard.search(p.read_text("utf-8"))]
    assert using == ["records.py"], f"these use the standard decorator: {', '.join(sorted(using))}"
