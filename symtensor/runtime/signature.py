"""What a native entry takes and returns, as the dispatcher needs to know it.

A :class:`Signature` is handed to :class:`symtensor.runtime.native.Function` beside the address of the entry.  It holds
no policy: which conversions a user is allowed, and how errors read, is decided by the callables that go with it.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any, Literal

import numpy as np

from symtensor.records import dataclass

ArgumentKind = Literal["input", "shared", "constant"]
OutputKind = Literal["result", "update"]
Structure = Literal["single", "list", "tuple"]


@dataclass(frozen=True)
class Argument:
    """One pointer that the entry receives.

    Attributes:
        name: The user's name for it, for messages.
        dtype: Element type, in native byte order.
        ndim: Rank.
        sizes: The static size of each axis, ``None`` where any size will do.
        kind: ``input`` comes with each call; ``shared`` is read from a container; ``constant`` never changes.
        value: The ``Container`` of a shared argument, the row-major array of a constant, otherwise ``None``.
        sites: Where the user made it, for messages.
    """

    name: str
    dtype: np.dtype
    ndim: int
    sizes: tuple[int | None, ...]
    kind: ArgumentKind = "input"
    value: Any = field(default=None, compare=False)
    sites: tuple[tuple[str, int], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if len(self.sizes) != self.ndim:
            raise ValueError(f"argument {self.name!r}: {len(self.sizes)} sizes for {self.ndim} axes")
        if (self.value is None) != (self.kind == "input"):
            raise ValueError(f"argument {self.name!r}: shared arguments and constants have a value, inputs have none")


@dataclass(frozen=True)
class Output:
    """One output of the entry: a result, or the new value of a shared variable.

    Attributes:
        name: The user's name for it, for messages.
        dtype: Element type, in native byte order.
        ndim: Rank.
        kind: ``result`` is returned; ``update`` replaces the value of the argument ``target``.
        target: Place in ``Signature.arguments`` of the shared variable that is updated, -1 for a result.
        in_place: The entry writes into the shared variable's own memory: it asks for no storage, nothing is swapped.
    """

    name: str
    dtype: np.dtype
    ndim: int
    kind: OutputKind = "result"
    target: int = -1
    in_place: bool = False

    def __post_init__(self) -> None:
        if (self.target >= 0) != (self.kind == "update"):
            raise ValueError(f"output {self.name!r}: updates have a target, results have none")
        if self.in_place and self.kind != "update":
            raise ValueError(f"output {self.name!r}: only an update can be in place")


@dataclass(frozen=True)
class Signature:
    """The arguments and outputs of a native entry, in its order.

    Attributes:
        arguments: In the order of the entry's pointers; inputs are passed by the caller in this order.
        outputs: Results first, then updates; ``ctx->output(k)`` counts over all of them.
        structure: What a call returns: the only result (``None`` if there is none), a list, or a tuple.
        long_running: The work is not bounded by the bytes of the arguments (loops): always release the GIL, so that
            other threads run and Ctrl-C is heard.
        sites: The user's lines by site number, for whoever turns an error record into an exception.
    """

    arguments: tuple[Argument, ...]
    outputs: tuple[Output, ...]
    structure: Structure = "single"
    long_running: bool = False
    sites: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        kinds = [output.kind for output in self.outputs]
        if kinds != sorted(kinds):  # "result" < "update"
            raise ValueError("results come before updates")
        if self.structure == "single" and kinds.count("result") > 1:
            raise ValueError("structure 'single' has one result")
        for output in self.outputs:
            if output.kind == "update" and not (
                output.target < len(self.arguments) and self.arguments[output.target].kind == "shared"
            ):
                raise ValueError(f"output {output.name!r}: its target is no shared variable")

    @property
    def inputs(self) -> tuple[Argument, ...]:
        """The arguments that a caller passes, in order."""
        return tuple(argument for argument in self.arguments if argument.kind == "input")
