"""What a user asks ``compile`` for, checked: outputs in a container, inputs, replacements, updates.

Whatever can be proved wrong before anything is compiled is refused here, with the user's names and lines.
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from symtensor.dtypes import WEAK_SCALARS
from symtensor.errors import CompileError, DTypeError, ShapeError, located
from symtensor.function.variables import SharedVariable
from symtensor.ir.graph import Graph, rebuild, substitute, toposort
from symtensor.ir.nesting import contents, flatten, is_flat, matched
from symtensor.ir.node import Guard, Tensor, describe, inherit, make
from symtensor.ir.size import AnonymousDim, Atom, Dim, ScalarValue, Size, SizeLike, atoms
from symtensor.ir.size import substitute as substitute_size
from symtensor.ops.control import defined_atoms
from symtensor.ops.declare import INPUT, SHARED, as_tensor, cast
from symtensor.ops.shapes import as_size
from symtensor.ops.weak import Weak
from symtensor.optimizer.found_sizes import size_sources

UNUSED = ("raise", "warn", "ignore")


class Outputs:
    """The outputs that the user asks for, and the containers in which they lie.

    Attributes:
        structure: of the containers; None for no outputs at all.
        leaves: the outputs as tensors.
    """

    def __init__(self, outputs: Any) -> None:
        values, names, structure = ([], [], None) if outputs is None else flatten(outputs, "outputs")
        self.structure = structure
        self.leaves = [_as_output(value, name) for value, name in zip(values, names)]

    def with_leaves(self, leaves: Sequence[Tensor]) -> Outputs:
        """Other tensors in the same containers."""
        return Outputs(None if self.structure is None else self.structure.build(iter(leaves)))

    @property
    def native(self) -> str:
        """How the dispatcher packs results."""
        if self.structure is None or self.structure.kind is None:
            return "single"
        return "tuple" if self.structure.kind is tuple else "list"

    @property
    def flat(self) -> bool:
        """Whether the dispatcher's packing is all that the user asked for."""
        return (
            self.structure is None
            or self.structure.kind is None
            or (self.structure.kind in (list, tuple) and is_flat(self.structure.children))
        )

    def fill(self, results: Any) -> Any:
        """What the dispatcher returns in the user's containers."""
        return results if self.flat else self.structure.build(iter(results))  # type: ignore[union-attr]

    def pack(self, results: list[Any]) -> Any:
        """A list of results as the dispatcher returns them."""
        if self.native == "single":
            return results[0] if results else None
        return tuple(results) if self.native == "tuple" else results


def _as_output(value: Any, name: str) -> Tensor:
    if not isinstance(value, (Tensor, Size, Weak, np.ndarray, np.generic, *WEAK_SCALARS)):
        message = f"{name} must be a tensor, not {type(value).__name__}: {str(value)[:60]!r}"
        raise CompileError(
            f"{message}\n  hint: outputs are tensors, numbers, and lists, tuples, dicts, dataclasses of them"
        )
    leaf = as_tensor(value)
    if isinstance(leaf.type, tuple):
        raise CompileError(located(f"{leaf.op.name} has several results", leaf.sites, "name one of them"))
    return leaf


# ---------------------------------------------------------------------------------------------------- replacements
def _replacements(givens: Any) -> Iterable[tuple[Any, Any]]:
    """A mapping, or pairs as Theano takes them."""
    if isinstance(givens, Mapping):
        return givens.items()
    if isinstance(givens, (list, tuple)) and all(isinstance(p, (list, tuple)) and len(p) == 2 for p in givens):
        return [tuple(p) for p in givens]
    text = "replacements must be a dict, or pairs of a tensor and what stands in for it"
    raise CompileError(f"{text}, not {givens!r}\n  hint: givens={{x: x / 255}}")


def checked_givens(givens: Any) -> dict[Tensor, Tensor]:
    """Replacements of tensors, each of the dtype and rank of what it replaces.

    Raises:
        CompileError: if something else than a tensor is to be replaced.
        DTypeError: if a value's dtype cannot be cast safely.
        ShapeError: if a value has another rank or other static sizes.
    """
    replaced: dict[Tensor, Tensor] = {}
    for old, value in _replacements(givens):
        if not isinstance(old, Tensor):
            raise CompileError(f"givens can replace tensors only, not {old!r}")
        new = as_tensor(value)
        if type(value) in (bool, int, float) and new.dtype != old.dtype:
            new = as_tensor(value, old.dtype)  # a Python number takes the dtype that is asked of it
        if not np.can_cast(new.dtype, old.dtype, "safe"):
            raise DTypeError(located(f"givens replace {describe(old)} by {describe(new)}", new.sites, _cast_hint(old)))
        if not _may_be_equal(old.shape, new.shape):
            hint = "the replacement must have as many axes, and the sizes that were declared"
            raise ShapeError(located(f"givens replace {describe(old)} by {describe(new)}", new.sites, hint))
        replaced[old] = cast(new, old.dtype)
    return replaced


def replace(outputs: Sequence[Tensor], replaced: Mapping[Tensor, Tensor]) -> list[Tensor]:
    """Outputs with replacements made, also of the sizes that are read off what is replaced.

    ``x.shape[0]`` and the value of an integer scalar are sizes, not nodes: they follow the replacement too.
    """
    if not replaced:
        return list(outputs)
    sizes: dict[Atom, SizeLike] = {}
    for old, new in replaced.items():
        for before, after in zip(old.shape, new.shape):
            if isinstance(before, Size) and before in map(Size.of, atoms(before)):
                (atom,) = atoms(before)
                if isinstance(atom, AnonymousDim):
                    sizes[atom] = after
        if (
            old.op is INPUT
            and old.ndim == 0
            and old.dtype.kind in "iu"
            and ScalarValue(old) in _size_atoms(toposort(outputs))
        ):
            sizes[ScalarValue(old)] = as_size(new)
    return _with_sizes(substitute(outputs, replaced), sizes)


def _with_sizes(outputs: Sequence[Tensor], sizes: Mapping[Atom, SizeLike]) -> list[Tensor]:
    """Outputs in whose attributes some atoms are replaced."""
    if not sizes:
        return list(outputs)

    def changed(value: Any) -> Any:
        if isinstance(value, Size):
            return substitute_size(value, sizes)
        return tuple(map(changed, value)) if type(value) is tuple else value

    new: dict[Tensor, Tensor] = {}
    for node in toposort(outputs):
        inputs = tuple(new[i] for i in node.inputs)
        attrs = tuple((k, changed(v)) for k, v in node.attrs)
        new[node] = rebuild(node, inputs) if attrs == node.attrs else inherit(make(node.op, inputs, attrs), node)
    return [new[o] for o in outputs]


# ---------------------------------------------------------------------------------------------------------- inputs
def checked_inputs(inputs: Sequence[Tensor], nodes: Sequence[Tensor], on_unused: str) -> list[Tensor]:
    """The inputs, if they are what the results need.

    Args:
        inputs: as the user listed them.
        nodes: all that outputs and new values of shared variables need, replacements made.
        on_unused: one of ``UNUSED``.

    Raises:
        CompileError: for an input that is none, is listed twice, is missing, or is not needed.
    """
    if on_unused not in UNUSED:
        message = f"on_unused_input must be one of {', '.join(map(repr, UNUSED))}, not {on_unused!r}"
        raise ValueError(f"{message}\n  hint: 'ignore' accepts inputs that nothing needs")
    inputs, listed = list(inputs), set()
    for tensor in inputs:
        if not isinstance(tensor, Tensor) or tensor.op is not INPUT:
            what = describe(tensor) if isinstance(tensor, Tensor) else repr(tensor)
            hint = "a shared variable needs not be listed" if isinstance(tensor, SharedVariable) else ""
            hint = hint or "list the tensors that it is computed from, or replace it with givens={tensor: new_input}"
            message = f"an input must be an input tensor such as st.vector('x'), not {what}"
            raise CompileError(located(message, getattr(tensor, "sites", ()), hint))
        if tensor in listed:
            raise CompileError(located(f"the input {describe(tensor)} is listed twice", tensor.sites, "list it once"))
        listed.add(tensor)
    sources = size_sources(nodes)
    if sources:
        nodes = toposort([*nodes, *sources])
    sizes = _size_atoms(nodes)
    _check_missing(inputs, nodes, sizes)
    _check_unused(inputs, nodes, sizes, on_unused)
    return inputs


def _check_missing(inputs: list[Tensor], nodes: Sequence[Tensor], sizes: Iterable[Atom]) -> None:
    names = [i.name for i in inputs]
    listed = set(inputs)
    needed = [n for n in nodes if n.op is INPUT]
    needed += [a.tensor for a in sizes if isinstance(a, ScalarValue)]
    missing = next((n for n in needed if n not in listed), None)
    if missing is not None:
        hint = "add it to the inputs, or give it a value with givens"
        if missing.name is not None and missing.name in names:
            hint = f"another tensor of the name {missing.name!r} is listed: names do not make two tensors one"
        message = f"the outputs need {describe(missing)}, which is not among the inputs {names}"
        raise CompileError(located(message, missing.sites, hint))
    known = {s for leaf in (*inputs, *(n for n in nodes if n.op is SHARED)) for s in leaf.shape}
    for atom in sizes:
        if isinstance(atom, (Dim, AnonymousDim)) and Size.of(atom) not in known:
            raise CompileError(
                f"the outputs need the size {atom.label}, which no input of {names} has\n"
                "  hint: add the tensor that has it to the inputs"
            )


def _check_unused(inputs: list[Tensor], nodes: Sequence[Tensor], sizes: Collection[Atom], on_unused: str) -> None:
    reached = {n for n in nodes if n.op is INPUT}
    reached |= {a.tensor for a in sizes if isinstance(a, ScalarValue)}
    known = set(sizes)
    unused = [i for i in inputs if i not in reached and known.isdisjoint(a for n in i.shape for a in atoms(n))]
    if unused and on_unused == "raise":
        hint = 'leave it out, or pass on_unused_input="ignore"'
        raise CompileError(located(f"no output needs the input {describe(unused[0])}", unused[0].sites, hint))
    if unused and on_unused == "warn":
        warnings.warn(f"no output needs the input {describe(unused[0])}", stacklevel=5)


def _size_atoms(nodes: Iterable[Tensor]) -> dict[Atom, None]:
    """The atoms of all sizes that nodes other than inputs depend on, in order, those in bodies of loops included."""
    found: dict[Atom, None] = {}
    seen: set[int] = set()  # types looked at, by identity: most nodes of a large graph share a few
    for node in nodes:
        if node.op is INPUT or (not node.attrs and id(node.type) in seen):
            continue
        seen.add(id(node.type))
        types = node.type if isinstance(node.type, tuple) else (node.type,)
        attributes = [v for _, value in node.attrs for v in (value if type(value) is tuple else (value,))]
        for size in [s for t in types for s in t.shape] + attributes:
            if isinstance(size, Size):
                found.update(dict.fromkeys(atoms(size)))
            elif isinstance(size, Graph):
                inside = defined_atoms(size)
                found.update({atom: None for atom in _size_atoms(toposort(size.outputs)) if atom not in inside})
    return found


# --------------------------------------------------------------------------------------------------------- updates
def shared_variables(results: Sequence[Tensor]) -> list[Tensor]:
    """The shared variables that results read, in the order of the graph."""
    return [n for n in toposort(results) if n.op is SHARED]


def checked_updates(updates: Mapping[Tensor, Any] | Sequence[tuple[Tensor, Any]]) -> dict[SharedVariable, Tensor]:
    """New values of shared variables, cast to the variables' dtypes.

    Raises:
        CompileError: if something else than a shared variable is to be updated, or one twice.
        DTypeError: if a new value has a dtype of another kind.
        ShapeError: if a new value has another rank or, provably, other sizes.
    """
    news: dict[SharedVariable, Tensor] = {}
    for variable, value in _update_pairs(updates):
        if not isinstance(variable, SharedVariable):
            what = describe(variable) if isinstance(variable, Tensor) else repr(variable)
            raise CompileError(
                f"only shared variables can be updated, not {what}\n  hint: make it with st.shared(value)"
            )
        if variable in news:
            hint = "write one update; both would be written at the end of the same call"
            raise CompileError(located(f"{describe(variable)} is updated twice", variable.sites, hint))
        new = as_tensor(value)
        if not np.can_cast(new.dtype, variable.dtype, "same_kind"):
            message = f"the update of {describe(variable)} has another dtype: {describe(new)}"
            raise DTypeError(located(message, new.sites, _cast_hint(variable)))
        if not _may_be_equal(variable.shape, new.shape):
            message = f"the update of {describe(variable)} has another shape: {describe(new)}"
            hint = f"give it the shape {tuple(variable.shape)}, as st.broadcast_to(value, shape) does"
            raise ShapeError(located(message, new.sites, hint))
        news[variable] = cast(new, variable.dtype)
    return news


def default_updates(results: Sequence[Tensor], explicit: Collection[Tensor]) -> dict[Tensor, Tensor]:
    """The updates that shared variables bring along, of those that the results or such updates read.

    Args:
        results: outputs and explicit updates.
        explicit: variables whose updates are given, or that stay as they are.
    """
    found: dict[Tensor, Tensor] = {}
    while True:
        reached = [v for v in shared_variables([*results, *found.values()]) if v not in found and v not in explicit]
        new = [v for v in reached if isinstance(v, SharedVariable) and v.default_update is not None]
        if not new:
            return found
        found.update((v, as_tensor(v.default_update)) for v in new)


def _update_pairs(updates: Any) -> Iterator[tuple[Any, Any]]:
    """Variables and new values of a dict, of a list of pairs, or of nested lists and dicts of those.

    A pair may also be two containers that are nested alike: ``(parameters, new_parameters)``.
    """
    if isinstance(updates, Mapping) and all(isinstance(key, Tensor) for key in updates):
        yield from updates.items()
    elif isinstance(updates, tuple) and len(updates) == 2 and not _holds_pairs(updates[0]):
        variables, _, structure = flatten(updates[0])
        yield from zip(variables, matched(structure, updates[1], "the update"))
    else:
        parts = contents(updates)
        if parts is None:
            what = describe(updates) if isinstance(updates, Tensor) else repr(updates)
            hint = "updates={w: w - 0.1 * g}, or [(w, w - 0.1 * g)]"
            raise CompileError(
                f"updates must be pairs of a shared variable and its new value, not {what}\n  hint: {hint}"
            )
        for _, part in parts:
            yield from _update_pairs(part)


def _holds_pairs(value: Any) -> bool:
    """Whether something is itself a pair or holds pairs, not a container of variables."""
    if isinstance(value, Mapping) and any(isinstance(key, Tensor) for key in value):
        return True
    if isinstance(value, tuple) and len(value) == 2:
        return not isinstance(value[1], SharedVariable)
    return isinstance(value, (list, tuple)) and any(map(_holds_pairs, value))


def update_guards(news: Mapping[SharedVariable, Tensor]) -> list[Guard]:
    """Conditions at a call under which new values have the shapes of their variables."""
    return [
        Guard(after, before, f"axis {axis} of the update of {describe(variable)} has the size {after}", new.sites)
        for variable, new in news.items()
        for axis, (before, after) in enumerate(zip(variable.shape, new.shape))
        if before != after
    ]


def _may_be_equal(left: tuple[SizeLike, ...], right: tuple[SizeLike, ...]) -> bool:
    static = ((a, b) for a, b in zip(left, right) if isinstance(a, int) and isinstance(b, int))
    return len(left) == len(right) and all(a == b for a, b in static)


def _cast_hint(wanted: Tensor) -> str:
    return f"cast it with .astype('{wanted.dtype}')"


# --------------------------------------------------------------------------------------------------------- options
DEBUG = ("rewrites", "fusion", "loops", "source")


def checked_debug(names: frozenset[str]) -> frozenset[str]:
    """Stages that print themselves, as ``SYMTENSOR_DEBUG`` names them.

    Raises:
        ValueError: for a name that no stage has.
    """
    if not names:
        return names
    from symtensor.optimizer.pipeline import PASSES

    known = (*DEBUG, *(p.name for p in PASSES))
    for name in sorted(names - set(known)):
        raise ValueError(f"SYMTENSOR_DEBUG names no stage: {name!r}\n  hint: stages are {', '.join(known)}")
    return names


def checked_exclusions(exclude: str | Sequence[str], rules: Sequence[Any]) -> frozenset[str]:
    """Names of rewrite rules and stages that are switched off.

    Raises:
        ValueError: for a name that no rule and no stage has.
        TypeError: for a rule that is none.
    """
    if rules:
        from symtensor.ir.pattern import FunctionRule, PatternRule
    for rule in rules:
        if not isinstance(rule, (PatternRule, FunctionRule)):
            raise TypeError(f"rules are made by @st.rule, not {rule!r}\n  hint: exclude=[...] takes names of rules")
    names = frozenset((exclude,) if isinstance(exclude, str) else exclude)
    if not names:
        return names
    from difflib import get_close_matches

    from symtensor.optimizer.pipeline import PASSES, RULES

    known = {p.name for p in PASSES} | {n for rule in (*RULES, *rules) for n in (rule.name, rule.stage)}
    for name in sorted(names - known):
        near = get_close_matches(name, sorted(known), 3)
        hint = f"\n  hint: there is {', '.join(map(repr, near))}" if near else ""
        raise ValueError(f"exclude names no rewrite rule and no stage: {name!r}{hint}")
    return names
