"""What the user hands to ``compile``: the container of outputs, the inputs, the updates; checked before anything else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symtensor.errors import CompileError, DTypeError, ShapeError, located
from symtensor.function.variables import SharedVariable
from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor, describe
from symtensor.ir.size import Atom, ScalarValue, Size, atoms
from symtensor.ops.declare import INPUT, as_tensor, cast


class Structure:
    """The container in which the user gave the outputs.

    Attributes:
        kind: ``single``, ``list``, ``tuple`` or ``dict``.
        keys: of a dict, in order.
        leaves: the outputs, in order.
    """

    def __init__(self, outputs: Any) -> None:
        self.keys: tuple[Any, ...] = ()
        if isinstance(outputs, Mapping):
            self.kind, self.keys, leaves = "dict", tuple(outputs), list(outputs.values())
        elif isinstance(outputs, (list, tuple)):
            self.kind, leaves = ("list" if isinstance(outputs, list) else "tuple"), list(outputs)
        else:
            self.kind, leaves = "single", [] if outputs is None else [outputs]
        self.leaves = [as_tensor(o) for o in leaves]

    @property
    def native(self) -> str:
        """How the dispatcher packs results."""
        return "list" if self.kind == "dict" else self.kind


def checked_inputs(inputs: list[Tensor], results: list[Tensor], on_unused: str) -> list[Tensor]:
    """The inputs, if each is an input, is listed once, and all that the results need are there.

    Args:
        inputs: as the user listed them.
        results: everything that will be computed.
        on_unused: ``"raise"``, ``"warn"`` or ``"ignore"`` for inputs that no result needs.

    Raises:
        CompileError: naming the input and where it was written.
    """
    for tensor in inputs:
        if not isinstance(tensor, Tensor) or tensor.op is not INPUT:
            what = describe(tensor) if isinstance(tensor, Tensor) else repr(tensor)
            raise CompileError(f"an input must be an input tensor such as st.vector('x'), not {what}")
    names = [i.name for i in inputs]
    listed = set(inputs)
    if len(listed) < len(inputs):
        twice = next(i for k, i in enumerate(inputs) if i in set(inputs[:k]))
        raise CompileError(f"the input {describe(twice)} is listed twice")
    order = toposort(results)
    sizes = _size_atoms(order)
    reached = [n for n in order if n.op is INPUT] + [a.tensor for a in sizes if isinstance(a, ScalarValue)]
    missing = [n for n in reached if n not in listed]
    if missing:
        raise CompileError(
            located(
                f"the outputs need {describe(missing[0])}, which is not among the inputs {names}",
                missing[0].sites,
                "add it to the inputs, or give it a value with givens",
            )
        )
    unused = [i for i in inputs if i not in set(reached) and sizes.isdisjoint(a for n in i.shape for a in atoms(n))]
    if unused and on_unused == "raise":
        raise CompileError(
            located(
                f"no output needs the input {describe(unused[0])}",
                unused[0].sites,
                'leave it out, or pass on_unused_input="ignore"',
            )
        )
    if unused and on_unused == "warn":
        import warnings

        warnings.warn(f"no output needs the input {describe(unused[0])}", stacklevel=3)
    return inputs


def _size_atoms(order: list[Tensor]) -> set[Atom]:
    """The atoms of all sizes that nodes other than inputs depend on."""
    found: set[Atom] = set()
    for node in order:
        if node.op is INPUT:
            continue
        types = node.type if isinstance(node.type, tuple) else (node.type,)
        for size in [s for t in types for s in t.shape] + [v for _, v in node.attrs if isinstance(v, Size)]:
            found.update(atoms(size))
    return found


def checked_updates(updates: Mapping[Tensor, Any]) -> dict[SharedVariable, Tensor]:
    """New values of shared variables, cast to the variables' dtypes.

    Raises:
        CompileError: for something that is no shared variable.
        DTypeError: for a new value of another rank, or of a dtype that does not fit.
        ShapeError: for a new value that provably has another shape.
    """
    news: dict[SharedVariable, Tensor] = {}
    for variable, value in updates.items():
        if not isinstance(variable, SharedVariable):
            what = describe(variable) if isinstance(variable, Tensor) else repr(variable)
            raise CompileError(f"only shared variables can be updated, not {what}")
        new = as_tensor(value)
        if new.ndim != variable.ndim or not np.can_cast(new.dtype, variable.dtype, "same_kind"):
            raise DTypeError(
                located(f"the update of {describe(variable)} has another type: {describe(new)}", new.sites,
                        f"cast it with .astype('{variable.dtype}'), or reshape it")
            )  # fmt: skip
        for old_size, new_size in zip(variable.shape, new.shape):
            if isinstance(new_size, int) and new_size != old_size:
                raise ShapeError(
                    located(f"the update of {describe(variable)} has another shape: {describe(new)}", new.sites)
                )
        news[variable] = cast(new, variable.dtype)
    return news
