"""Symbolic sizes of a compiled function at given input shapes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symtensor.errors import ShapeError
from symtensor.ir.node import Tensor
from symtensor.ir.size import Atom, ScalarValue, Size, SizeLike, atoms, substitute
from symtensor.optimizer.guards import Guards


class SizeBinder:
    """Evaluates sizes of one function where the shapes of some of its inputs are given.

    Args:
        arguments: inputs and shared variables.
        guards: sizes that a call has checked to be equal.
    """

    def __init__(self, arguments: tuple[Tensor, ...], guards: Guards) -> None:
        self._arguments = {leaf.name or f"input_{k}": leaf for k, leaf in enumerate(arguments)}
        self._guards = guards

    def bind(self, shapes: Mapping[str, Any]) -> dict[Atom, SizeLike]:
        """Values of the size atoms.

        Args:
            shapes: for each input by name its shape as a tuple of ints, an array of that shape, or, for an integer
                scalar, its value.

        Raises:
            TypeError: for a name that no input has.
            ShapeError: for a shape of another rank.
        """
        values: dict[Atom, SizeLike] = {}
        for name, given in shapes.items():
            leaf = self._arguments.get(name)
            if leaf is None:
                known = list(self._arguments)
                raise TypeError(f"the function has no input named {name!r}\n  hint: its inputs are {known}")
            self._bind_one(values, leaf, given)
        for _ in self._guards.equal:  # one guard may make another one's side known
            for atom, size in self._guards.equal:
                bare = _bare(size)
                if atom in values and bare is not None:
                    values.setdefault(bare, values[atom])
                elif atom not in values and all(a in values for a in atoms(size)):
                    values[atom] = substitute(size, values)
        return values

    @staticmethod
    def _bind_one(values: dict[Atom, SizeLike], leaf: Tensor, given: Any) -> None:
        if leaf.ndim == 0:
            if isinstance(given, (int, np.integer)):
                values[ScalarValue(leaf)] = int(given)
            return
        shape = tuple(given) if isinstance(given, (tuple, list)) else np.shape(given)
        if len(shape) != leaf.ndim:
            raise ShapeError(f"the input {leaf.name!r} has {leaf.ndim} axes, but the shape {shape} was given")
        for size, value in zip(leaf.shape, shape):
            bare = _bare(size)
            if bare is not None:
                values[bare] = int(value)


def _bare(size: SizeLike) -> Atom | None:
    """The atom that a size is, if it is nothing else."""
    if isinstance(size, Size) and len(size.terms) == 1:
        monomial, coefficient = size.terms[0]
        if len(monomial) == 1 and coefficient == 1:
            return monomial[0]
    return None


def human(size: SizeLike) -> str:
    """A size for a table: grouped digits where it is a number."""
    return f"{size:,}" if isinstance(size, int) else str(size)
