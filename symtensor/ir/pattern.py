"""Rewrite rules: ordinary Python functions that return a left and a right side.

    @rule(accuracy="better")
    def log_of_one_plus(x):
        \"\"\"Adding 1 first would round a small x away.\"\"\"
        return log(1 + x), log1p(x)

The function is called once, on wildcards, to make the patterns; matching and building run on compiled forms of them:

* a parameter matches any tensor, the same one wherever it stands; ``Const`` parameters match scalar constants only, and
  ``Attr`` parameters any value of an attribute;
* a constant matches by value, whatever its dtype, also where it is broadcast; ``0.0`` and ``-0.0`` are two values;
* inputs of commutative ops match both ways, at every depth, with backtracking;
* the right side is built by the same functions on what was matched, so it promotes and broadcasts as if the user had
  written it; constants in it are weak;
* a third value is a condition, and the right side may be a function too: both take what was matched by parameter name,
  and the matched node itself as ``node``;
* a rule with several forms returns a list of such tuples.

What patterns cannot say is a ``rewriter``: a function from a node to its replacement, or None.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from types import FunctionType
from typing import Annotated, Any

import numpy as np

from symtensor.errors import RewriteError
from symtensor.ir.constants import CONSTANT_OPS, scalar_constant
from symtensor.ir.node import WILD, Op, Tensor, new_leaf
from symtensor.records import dataclass

Wild = Any
Const = Annotated[Any, "constant"]
Attr = Annotated[Any, "attribute"]
Sides = Any
Registers = list[Any]
Match = Callable[[Registers], bool]
Screen = Callable[[Op, tuple[Op, ...]], bool]

ACCURACIES = ("exact", "better", "assumes_finite")
WILDCARD = Op("wildcard", "source", None, None)  # type: ignore[arg-type]


class WildAttr:
    """Stands for any value of an attribute in a pattern."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"?{self.name}"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rewrite: where it may apply, what it makes of a node, and what it promises.

    Attributes:
        name: by which it is excluded and traced.
        doc: why it is right and what it is good for.
        accuracy: ``"exact"`` (same bits, NaN payloads aside), ``"better"`` (never more than 1 ulp worse, somewhere
            better) or ``"assumes_finite"``.
        stage: name of the stage of the pipeline it belongs to.
        kinds: kinds of dtypes of the result for which it holds.
        function: what was decorated.
    """

    name: str
    doc: str
    accuracy: str
    stage: str
    kinds: str
    function: Callable[..., Any]

    def takes(self, op: Op) -> bool:
        """Whether a node of this op can match; asked once per op."""
        raise NotImplementedError

    def screen(self, op: Op, inputs: tuple[Op, ...]) -> bool:
        """Whether a node of this op, with inputs of these ops, can match; asked once per combination."""
        raise NotImplementedError

    def apply(self, node: Tensor) -> Tensor | None:
        """The replacement of a node, or None where the rule does not match."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return f"{self.stage}/{self.name}"


@dataclass(frozen=True, eq=False, repr=False)
class PatternRule(Rule):
    """A rule with a left and a right side."""

    @cached_property
    def _traced(self) -> tuple[dict[str, Any], list[Any]]:
        """The wildcards, and the sides that the function makes of them: all that screening looks at."""
        wildcards = _wildcards(self.function)
        sides = self.function(**wildcards)
        forms = sides if isinstance(sides, list) else [sides]
        for left, *_ in forms:
            if not isinstance(left, Tensor) or not left.inputs:
                raise RewriteError(f"rule {self.name}: the left side must be an operation on the wildcards")
        return wildcards, forms

    @cached_property
    def _roots(self) -> frozenset[Op]:
        return frozenset(left.op for left, *_ in self._traced[1])

    @cached_property
    def forms(self) -> tuple[Form, ...]:
        """The compiled forms; compiled when a node first passes the screen, since most programs use few rules."""
        wildcards, forms = self._traced
        try:
            return tuple(compile_form(wildcards, *form) for form in forms)
        except (TypeError, ValueError) as error:
            raise RewriteError(f"rule {self.name}: {error}") from error

    def takes(self, op: Op) -> bool:
        """Whether a form has this op at its root."""
        return op in self._roots

    def screen(self, op: Op, inputs: tuple[Op, ...]) -> bool:
        """Compare with the top two levels of each form."""
        return any(_can_match(left, op, inputs) for left, *_ in self._traced[1])

    def apply(self, node: Tensor) -> Tensor | None:
        """The right side of the first form that matches."""
        for form in self.forms:
            result = form.apply(node)
            if result is not None:
                return result
        return None


@dataclass(frozen=True, eq=False, repr=False)
class FunctionRule(Rule):
    """A rule that is a function from a node to its replacement, or None."""

    ops: frozenset[Op] | None
    where: Screen | None

    def takes(self, op: Op) -> bool:
        """As declared."""
        return self.ops is None or op in self.ops

    def screen(self, op: Op, inputs: tuple[Op, ...]) -> bool:
        """As declared."""
        return self.takes(op) and (self.where is None or self.where(op, inputs))

    def apply(self, node: Tensor) -> Tensor | None:
        """What the function returns."""
        return self.function(node)


def rule(
    accuracy: str = "exact", *, kinds: str = "biuf", stage: str = "user"
) -> Callable[[Callable[..., Sides]], PatternRule]:
    """Make a rule of a function that returns its left and right side.

    Args:
        accuracy: what the rule promises, see ``Rule``.
        kinds: kinds of dtypes of the result (as in ``numpy.dtype.kind``) for which it holds.
        stage: the stage of the pipeline in which it runs.
    """
    _check_accuracy(accuracy)

    def decorate(function: Callable[..., Sides]) -> PatternRule:
        return PatternRule(function.__name__, _doc(function), accuracy, stage, kinds, function)

    return decorate


def rewriter(
    ops: Iterable[Op] | None = None,
    accuracy: str = "exact",
    *,
    where: Screen | None = None,
    kinds: str = "biufc",
    stage: str = "user",
) -> Callable[[Callable[[Tensor], Tensor | None]], FunctionRule]:
    """Make a rule of a function from a node to its replacement, or None where there is none.

    Args:
        ops: the ops of the nodes that it takes; None for all.
        accuracy: what the rule promises, see ``Rule``.
        where: ``where(op, ops of inputs)`` screens nodes; it is asked once per combination, so it costs nothing.
        kinds: kinds of dtypes of the result for which it holds.
        stage: the stage of the pipeline in which it runs.
    """
    _check_accuracy(accuracy)
    roots = None if ops is None else frozenset(ops)

    def decorate(function: Callable[[Tensor], Tensor | None]) -> FunctionRule:
        return FunctionRule(function.__name__, _doc(function), accuracy, stage, kinds, function, roots, where)

    return decorate


def collect(namespace: Mapping[str, Any]) -> tuple[Rule, ...]:
    """All rules of a module, in the order in which it defines them: adding one takes no second place."""
    return tuple(value for value in namespace.values() if isinstance(value, Rule))


# ------------------------------------------------------------------------------------------------------ compiling
@dataclass(frozen=True, eq=False)
class Form:
    """One compiled left and right side.

    Attributes:
        left: the pattern.
        match: fills the registers, the first of which holds the node; false where the pattern does not fit.
        names: the register of each named wildcard.
        size: number of registers.
        build: makes the right side from the registers.
    """

    left: Tensor
    match: Match
    names: Mapping[str, int]
    size: int
    build: Callable[[Registers], Any]

    def apply(self, node: Tensor) -> Any:
        """The right side for a node, or None where it does not match."""
        registers: Registers = [None] * self.size
        registers[0] = node
        return self.build(registers) if self.match(registers) else None


def compile_form(wildcards: Mapping[str, Any], left: Any, right: Any, condition: Any = None) -> Form:
    """Compile a left side, an operation, to a matcher and a right side to a builder.

    Raises:
        TypeError: if the right side is neither a tensor nor a function.
        ValueError: if the right side or the condition use what the left side does not match.
    """
    compiler = _MatchCompiler(wildcards)
    compiler.expand(left, compiler.new_register())
    names = compiler.named()
    last: Match = _accept if condition is None else _test(_by_name(condition, names))
    build = _by_name(right, names) if callable(right) else _compile_right(right, compiler.places)
    return Form(left, compiler.chain(last), names, compiler.size, build)


def _accept(registers: Registers) -> bool:
    return True


def _test(condition: Callable[[Registers], Any]) -> Match:
    return lambda registers: bool(condition(registers))


class _MatchCompiler:
    """Turns a pattern into a chain of closures over registers, each of which calls the next: that is how a later
    mismatch makes an earlier commutative op try its other order.
    """

    def __init__(self, wildcards: Mapping[str, Any]) -> None:
        self.size = 0
        self.places: dict[Any, int] = {}  # pattern nodes and wild attributes that have a register
        self.wildcards = wildcards
        self.steps: list[Callable[[Match], Match]] = []

    def new_register(self) -> int:
        self.size += 1
        return self.size - 1

    def named(self) -> dict[str, int]:
        names = {name: self.places[wild] for name, wild in self.wildcards.items() if wild in self.places}
        return {"node": 0, **names}

    def chain(self, last: Match) -> Match:
        for step in reversed(self.steps):
            last = step(last)
        return last

    def expand(self, pattern: Tensor, register: int) -> None:
        """Add the steps that match a pattern against the node in a register."""
        first = self.places.get(pattern)
        if first is not None:
            self.steps.append(_match_same(register, first))
            return
        self.places[pattern] = register
        if pattern.op is WILDCARD:
            if pattern.attrs:
                self.steps.append(_match_any_constant(register))
            return
        if pattern.op.name == "constant":
            self.steps.append(_match_constant(register, pattern.attr("value").array))
            return
        children = tuple(self.new_register() for _ in pattern.inputs)
        self.steps.append(_match_op(pattern.op, register, children, self._attributes(pattern)))
        # What fails soonest goes first: constants, then operations, then wildcards.
        for child, place in sorted(zip(pattern.inputs, children), key=lambda pair: _rank(pair[0])):
            self.expand(child, place)

    def _attributes(self, pattern: Tensor) -> tuple[tuple[str, Any, int | None, bool], ...]:
        """For each attribute its name, its fixed value or the register of its wildcard, and whether that is bound."""
        rows: list[tuple[str, Any, int | None, bool]] = []
        for name, value in pattern.attrs:
            if isinstance(value, WildAttr):
                bound = value in self.places
                if not bound:
                    self.places[value] = self.new_register()
                rows.append((name, None, self.places[value], bound))
            else:
                rows.append((name, value, None, False))
        return tuple(rows)


def _rank(pattern: Tensor) -> int:
    return 0 if pattern.op.name == "constant" else 2 if pattern.op is WILDCARD else 1


def _match_same(register: int, first: int) -> Callable[[Match], Match]:
    return lambda then: lambda r: r[register] is r[first] and then(r)


def _match_any_constant(register: int) -> Callable[[Match], Match]:
    def step(then: Match) -> Match:
        def match(r: Registers) -> bool:
            constant = scalar_constant(r[register])
            if constant is None:
                return False
            r[register] = constant
            return then(r)

        return match

    return step


def _match_constant(register: int, wanted: np.ndarray) -> Callable[[Match], Match]:
    value = wanted.item()

    def step(then: Match) -> Match:
        def match(r: Registers) -> bool:
            node = r[register]
            if node.op.name not in CONSTANT_OPS:
                return False
            constant = scalar_constant(node)
            return constant is not None and same_value(value, constant.attr("value").array) and then(r)

        return match

    return step


def same_value(wanted: Any, array: np.ndarray) -> bool:
    """Whether a constant of one element is this Python scalar, after rounding to its dtype; zeros match by sign."""
    found = array.item()
    if found != wanted and (array.dtype.kind not in "fc" or found != array.dtype.type(wanted).item()):
        return False
    if found == 0 and array.dtype.kind == "f":
        return bool(np.signbit(found)) == (isinstance(wanted, float) and bool(np.signbit(wanted)))
    return True


def _match_op(
    op: Op, register: int, children: tuple[int, ...], attributes: tuple[tuple[str, Any, int | None, bool], ...]
) -> Callable[[Match], Match]:
    def attributes_fit(r: Registers, node: Tensor) -> bool:
        if len(node.attrs) != len(attributes):
            return False
        for (name, value), (wanted_name, wanted, place, bound) in zip(node.attrs, attributes):
            if name != wanted_name:
                return False
            if place is None or bound:
                if value != (wanted if place is None else r[place]):
                    return False
            else:
                r[place] = value
        return True

    def step(then: Match) -> Match:
        def match_general(r: Registers) -> bool:
            node = r[register]
            if node.op is not op or len(node.inputs) != len(children) or not attributes_fit(r, node):
                return False
            for child, value in zip(children, node.inputs):
                r[child] = value
            return then(r)

        def match_commutative(r: Registers) -> bool:
            node = r[register]
            if node.op is not op or not attributes_fit(r, node):
                return False
            left, right = node.inputs
            r[first], r[second] = left, right
            if then(r):
                return True
            if left is right:
                return False
            r[first], r[second] = right, left
            return then(r)

        if op.commutative and len(children) == 2:
            first, second = children
            return match_commutative
        return match_general

    return step


def _compile_right(right: Any, places: Mapping[Any, int]) -> Callable[[Registers], Any]:
    """A builder that replays the right side's operations on the registers."""
    if not isinstance(right, Tensor):
        raise TypeError("the right side must be a tensor or a function of what was matched")
    program: list[tuple[Op, tuple[Any, ...], tuple[tuple[str, Any], ...]]] = []
    slots: dict[Tensor, Any] = {}

    def compile_node(node: Tensor) -> Any:
        """The register (an int), the slot of an earlier result (a one-element tuple) or the constant itself."""
        if node in slots:
            return slots[node]
        if node in places and (node.op is WILDCARD or node.inputs):
            slots[node] = places[node]
        elif node.op is WILDCARD:
            raise ValueError(f"the right side uses {node.name}, which the left side does not have")
        elif node.type is not WILD:
            slots[node] = [node]
        else:
            sources = tuple(compile_node(i) for i in node.inputs)
            attrs = []
            for name, value in node.attrs:
                if isinstance(value, WildAttr) and value not in places:
                    raise ValueError(f"the right side uses {value.name}, which the left side does not have")
                attrs.append((name, places[value] if isinstance(value, WildAttr) else [value]))
            program.append((node.op, sources, tuple(attrs)))
            slots[node] = (len(program) - 1,)
        return slots[node]

    root = compile_node(right)

    def build(r: Registers) -> Any:
        results: list[Any] = []
        for op, sources, attrs in program:
            operands = [_operand(s, r, results, op) for s in sources]
            values = {name: r[a] if type(a) is int else a[0] for name, a in attrs}
            results.append(op(*operands, **values))
        return _operand(root, r, results, None)

    return build


def _operand(source: Any, registers: Registers, results: list[Any], op: Op | None) -> Any:
    if type(source) is int:
        return registers[source]
    if type(source) is tuple:
        return results[source[0]]
    (node,) = source
    # Elementwise ops promote, so a constant in a pattern is a weak scalar to them.
    weak = op is not None and op.kind == "elementwise" and node.op.name == "constant" and not node.type.shape
    return node.attr("value").array.item() if weak else node


# ------------------------------------------------------------------------------------------------------- screening
def _can_match(pattern: Tensor, op: Op, inputs: tuple[Op, ...]) -> bool:
    if pattern.op is not op or len(pattern.inputs) != len(inputs):
        return False

    def fits(order: Sequence[Op]) -> bool:
        return all(_may_be(child, found) for child, found in zip(pattern.inputs, order))

    return fits(inputs) or (op.commutative and fits(inputs[::-1]))


def _may_be(pattern: Tensor, op: Op) -> bool:
    if pattern.op.name == "constant" or (pattern.op is WILDCARD and pattern.attrs):
        return op.name in CONSTANT_OPS
    return pattern.op is WILDCARD or pattern.op is op


# ------------------------------------------------------------------------------------------------------ declaring
def _wildcards(function: Callable[..., Any]) -> dict[str, Any]:
    """A wildcard for each parameter, of the kind that its annotation names."""
    result: dict[str, Any] = {}
    for name in _parameters(function):
        kind = _kind(function.__annotations__.get(name))
        if kind == "Attr":
            result[name] = WildAttr(name)
        else:
            result[name] = new_leaf(WILDCARD, WILD, (("constant", True),) if kind == "Const" else (), name)
    return result


def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's parameters; ``inspect`` takes as long for them as all else about a rule."""
    if type(function) is FunctionType and not hasattr(function, "__wrapped__"):
        code = function.__code__
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    from inspect import signature

    return tuple(signature(function).parameters)


def _kind(annotation: Any) -> str:
    if annotation is Const:
        return "Const"
    if annotation is Attr:
        return "Attr"
    return annotation.rpartition(".")[2] if isinstance(annotation, str) else ""


def _by_name(function: Callable[..., Any], names: Mapping[str, int]) -> Callable[[Registers], Any]:
    """A function of named values as a function of the registers."""
    parameters = _parameters(function)
    for name in parameters:
        if name not in names:
            raise ValueError(f"a function of what was matched asks for {name}, which the left side does not have")
    places = tuple(names[name] for name in parameters)
    return lambda registers: function(*[registers[p] for p in places])


def _check_accuracy(accuracy: str) -> None:
    if accuracy not in ACCURACIES:
        raise ValueError(f"unknown accuracy {accuracy!r}\n  hint: it is one of {', '.join(ACCURACIES)}")


def _doc(function: Callable[..., Any]) -> str:
    return " ".join((function.__doc__ or "").split())
