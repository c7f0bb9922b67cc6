"""The inputs of a function as the user lists them: tensors, containers of tensors, defaults."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symtensor.errors import CompileError
from symtensor.ir.nesting import LEAF, Structure, flatten, is_flat, matched
from symtensor.ir.node import Tensor
from symtensor.records import dataclass

_NONE: Any = type("_None", (), {"__repr__": lambda self: "no default"})()


@dataclass(frozen=True)
class In:
    """An input with a default value, or under another name.

    Attributes:
        tensor: the input, or a container of inputs.
        value: what a call that leaves the input out uses; nested like ``tensor``.
        name: the keyword of a call, in place of the tensor's own name.

    >>> import symtensor as st
    >>> x, rate = st.vector("x"), st.scalar("rate")
    >>> f = st.compile(x * rate, [x, st.In(rate, 0.5)], target="numpy")
    >>> f([2.0]), f([2.0], rate=3.0)
    (array([1.]), array([6.]))
    """

    tensor: Any
    value: Any = _NONE
    name: str | None = None


@dataclass(frozen=True)
class _Part:
    """One argument of a call: its keyword, how it is nested, where its leaves begin."""

    name: str | None
    structure: Structure
    first: int


class Inputs:
    """The arguments of a call, flattened.

    Attributes:
        leaves: the input tensors, in order.
        names: keyword of each leaf that is an argument of its own, or None.
        defaults: values of leaves that a call may leave out, by position.

    Args:
        inputs: a list of tensors, containers of tensors and ``In``; or a dict, whose keys are the keywords.

    Raises:
        CompileError: if there is no list.
        TypeError: if a default is nested otherwise than its input.
    """

    def __init__(self, inputs: Any) -> None:
        if isinstance(inputs, (Tensor, In)):
            name = getattr(inputs, "name", None) or "x"
            raise CompileError(f"inputs must be a list or a dict, not {name} alone\n  hint: write [{name}]")
        if isinstance(inputs, Mapping):
            inputs = [_named(value, str(key)) for key, value in inputs.items()]
        self.leaves: list[Tensor] = []
        self.names: list[str | None] = []
        self.defaults: dict[int, Any] = {}
        self._parts: list[_Part] = []
        for item in inputs:
            self._add(item if isinstance(item, In) else In(item))

    def _add(self, item: In) -> None:
        leaves, names, structure = flatten(item.tensor, item.name or "")
        first = len(self.leaves)
        name = item.name or (item.tensor.name if isinstance(item.tensor, Tensor) else None)
        self._parts.append(_Part(name, structure, first))
        self.leaves += leaves
        self.names += [name] if structure is LEAF else [n if item.name else None for n in names]
        if item.value is not _NONE:
            values = matched(structure, item.value, f"the default of {name or 'an input'}")
            self.defaults.update(zip(range(first, len(self.leaves)), values))

    @property
    def flat(self) -> bool:
        """Whether each argument of a call is one tensor."""
        return is_flat(part.structure for part in self._parts)

    def flatten(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, ...]:
        """The values of the leaves for the arguments of a call.

        Raises:
            TypeError: if arguments are missing, unknown or nested otherwise.
        """
        wanted = [part.name or f"argument {k}" for k, part in enumerate(self._parts)]
        if len(args) > len(self._parts):
            raise TypeError(f"the function takes {len(wanted)} inputs {wanted}, but {len(args)} were given")
        rest = dict(kwargs)
        flat: list[Any] = []
        for k, part in enumerate(self._parts):
            leaves = range(part.first, part.first + part.structure.count)
            if k < len(args):
                if part.name in rest:
                    raise TypeError(f"the input {part.name!r} is given twice, by position and by name")
                flat += matched(part.structure, args[k], wanted[k])
            elif part.name in rest:
                flat += matched(part.structure, rest.pop(part.name), wanted[k])
            elif all(leaf in self.defaults for leaf in leaves):
                flat += [self.defaults[leaf] for leaf in leaves]
            else:
                raise TypeError(f"the input {wanted[k]!r} has no value\n  hint: the inputs are {wanted}")
        if rest:
            raise TypeError(f"the function has no input named {next(iter(rest))!r}\n  hint: its inputs are {wanted}")
        return tuple(flat)


def _named(value: Any, name: str) -> In:
    if isinstance(value, In):
        return In(value.tensor, value.value, value.name or name)
    return In(value, name=name)
