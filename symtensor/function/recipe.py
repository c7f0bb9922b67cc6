"""What a compiled function was made from, so that it can be copied, pickled and saved.

A pickle holds the recipe (expressions and options) and, for the C target, the machine code with what a call needs to
enter it.  Where the processor has what the code was compiled for, a function is restored without rewriting anything and
without a compiler; elsewhere it is compiled anew from the recipe.
"""

from __future__ import annotations

import copyreg
import functools
import hashlib
import os
import pickle
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from symtensor.errors import CompileError, DTypeError, ShapeError, SymtensorError, located
from symtensor.function.calls import Converter, Failure, NestedFunction
from symtensor.function.inputs import Inputs
from symtensor.function.request import Outputs, checked_givens
from symtensor.function.request import replace as replace_tensors
from symtensor.function.variables import SharedVariable
from symtensor.inspect.details import Details
from symtensor.ir.node import Guard, Site, Tensor, describe
from symtensor.ops.declare import as_tensor
from symtensor.records import dataclass
from symtensor.runtime import blas, cache, processor, toolchain
from symtensor.runtime.native import Function
from symtensor.runtime.signature import Argument, Signature

if TYPE_CHECKING:
    from symtensor.function.profiling import Timing
    from symtensor.inspect.profile import Profile
    from symtensor.runtime.device import Device

MAGIC = b"symtensor function 1\n"


@dataclass(frozen=True)
class Recipe:
    """All that ``compile`` was asked for.

    Attributes:
        compile: the function that makes a function of it.
        outputs: with their containers.
        inputs: with their containers and defaults.
        updates: new values of shared variables.
        givens: replacements.
        options: the keyword arguments of ``compile`` beyond these.
    """

    compile: Callable[..., Any]
    outputs: Outputs
    inputs: Inputs
    updates: Mapping[SharedVariable, Tensor]
    givens: Mapping[Tensor, Tensor]
    options: Mapping[str, Any]

    def __call__(self, **changed: Any) -> Any:
        """Compile it, with some options changed."""
        options = {**self.options, **changed}
        return self.compile(self.outputs, self.inputs, updates=dict(self.updates), givens=dict(self.givens), **options)

    def swapped(self, swap: Mapping[Any, Any], delete_updates: bool = False) -> Recipe:
        """The recipe with other shared variables (or other tensors, where nothing is updated).

        Raises:
            CompileError: if something else than a shared variable is swapped, or an updated one for something else.
            DTypeError, ShapeError: if the types differ.
        """
        for old, new in swap.items():
            if not isinstance(old, SharedVariable):
                what = describe(old) if isinstance(old, Tensor) else repr(old)
                raise CompileError(f"swap replaces shared variables only, not {what}\n  hint: use st.substitute")
            if old in self.updates and not delete_updates and not isinstance(new, SharedVariable):
                hint = "swap it for another shared variable, or pass delete_updates=True"
                raise CompileError(located(f"{describe(old)} is updated by the function", old.sites, hint))
            new_type = as_tensor(new).type
            if (new_type.dtype, new_type.shape) != (old.dtype, old.shape):
                hint = "both must have the same dtype and shape"
                kind = DTypeError if new_type.dtype != old.dtype else ShapeError
                raise kind(located(f"{describe(old)} cannot be swapped for {new_type}", old.sites, hint))
        checked = checked_givens(swap)
        news = {} if delete_updates else dict(self.updates)
        tensors = replace_tensors([*self.outputs.leaves, *news.values(), *self.givens.values()], checked)
        count = len(self.outputs.leaves)
        updates = {swap.get(old, old): new for old, new in zip(news, tensors[count:])}
        givens = dict(zip(self.givens, tensors[count + len(news) :]))
        return replace(self, outputs=self.outputs.with_leaves(tensors[:count]), updates=updates, givens=givens)


@dataclass(frozen=True)
class Machine:
    """Machine code of the C target, and what a call needs to enter it.

    Attributes:
        path: the shared object.
        library: names of the BLAS and LAPACK functions that it calls.
        signature: of the entry; shared arguments stand in the order of ``variables``.
        sites: what is wrong, and the user's lines, by site number.
        guards: conditions on sizes by site number.
        leaves: tensors of the arguments.
        host_calls: Python functions that the code calls.
    """

    path: Path
    library: tuple[str, ...]
    signature: Signature
    sites: tuple[tuple[str, tuple[Site, ...]], ...]
    guards: Mapping[int, Guard]
    leaves: tuple[Tensor, ...]
    host_calls: tuple[Any, ...] = ()

    def state(self) -> dict[str, Any]:
        """As plain values, for a pickle: containers are left to the leaves, the object is read into memory."""
        arguments = [
            (a.name, a.dtype, a.ndim, a.sizes, a.kind, a.value if a.kind == "constant" else None, a.sites)
            for a in self.signature.arguments
        ]
        return {
            "processor": processor.identity(),
            "object": self.path.read_bytes(),
            "library": self.library,
            "arguments": arguments,
            "outputs": self.signature.outputs,
            "structure": self.signature.structure,
            "long_running": self.signature.long_running,
            "sites": self.sites,
            "guards": dict(self.guards),
            "leaves": self.leaves,
            "host_calls": self.host_calls,
        }

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Machine:
        """From ``state``; the object is put into the cache.

        Raises:
            OSError: if no folder can be written.
        """
        arguments = []
        for place, (name, dtype, ndim, sizes, kind, value, sites) in enumerate(state["arguments"]):
            if kind == "shared":
                value = state["leaves"][place].container
            elif kind == "constant":
                value = np.ascontiguousarray(value)
            arguments.append(Argument(name, dtype, ndim, sizes, kind, value, sites))
        signature = Signature(tuple(arguments), state["outputs"], state["structure"], state["long_running"])
        path = cache.store(hashlib.sha256(state["object"]).hexdigest(), "so", state["object"])
        return cls(
            path, state["library"], signature, state["sites"], state["guards"], state["leaves"], state["host_calls"]
        )

    def function(
        self, recipe: Recipe, details: Any, device: Device | None = None, kernels: tuple[int, ...] = ()
    ) -> Function:
        """A function that enters the code; with the device and the kernels that it launches, if any.

        Raises:
            ToolchainError: if the object cannot be loaded.
        """
        entry = toolchain.load(self.path).address("st_entry")
        convert = Converter(self.signature, recipe.options["allow_input_downcast"], recipe.inputs.defaults)
        fail = Failure(self.sites, self.guards, self.leaves, device, self.host_calls)
        library, table = blas.resolve(self.library), 0 if device is None else device.table
        threads = recipe.options["threads"] or 0
        return Function(entry, self.signature, library, table, kernels, convert, fail, details, threads)


# ------------------------------------------------------------------------------------------- what functions carry
class Portable:
    """Copying and saving, as attributes of a function beyond the call."""

    recipe: Recipe
    machine: Machine | None

    def copy(
        self,
        swap: Mapping[SharedVariable, Any] | None = None,
        *,
        delete_updates: bool = False,
        name: str | None = None,
    ) -> Any:
        """A function of its own with the same expressions.

        Args:
            swap: shared variables by those that they take the place of, of the same types; without it both functions
                read and update the same variables.
            delete_updates: whether the copy updates nothing.
            name: of the copy.

        Raises:
            CompileError, DTypeError, ShapeError: if a variable cannot be swapped.

        >>> import symtensor as st
        >>> count, other = st.shared(0, "count"), st.shared(10, "other")
        >>> step = st.compile(count, updates={count: count + 1}, target="numpy")
        >>> twin = step.copy(swap={count: other})
        >>> twin(), other.get_value(), count.get_value()
        (array(10), array(11), array(0))
        """
        recipe = self.recipe.swapped(swap or {}, delete_updates)
        return recipe(name=name or self.recipe.options["name"])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the function, with the values of its shared variables, to a file for ``st.load``.

        Raises:
            OSError: if the file cannot be written.
        """
        import tempfile

        data = MAGIC + pickle.dumps(self.state())
        target = Path(path)
        with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as file:
            file.write(data)
        os.replace(file.name, target)

    @functools.cached_property
    def _instrumented(self) -> Any:
        return self.recipe(mode="profile", check_nan=False)

    def profile(self, *args: Any, **kwargs: Any) -> Profile:
        """Where the time of a call goes: each step with time, bytes, arithmetic and share of the machine's roofline.

        The function is compiled a second time with a clock around its steps, called for up to half a second, and the
        fastest call is reported.  Shared variables are left as they were; ``st.print`` and callbacks run each time.

        Args:
            args: those of a call.
            kwargs: those of a call.

        >>> import numpy as np
        >>> import symtensor as st
        >>> x = st.vector("x")
        >>> profile = st.compile(st.exp(x), [x]).profile(np.ones(1000))
        >>> [(row.kind, row.runs, row.bytes) for row in profile.rows]
        [('kernel', 1, 16000)]
        >>> profile.chrome_trace("trace.json")  # doctest: +SKIP
        """
        from symtensor.function.profiling import profile

        return profile(self._instrumented, args, kwargs)

    def state(self) -> tuple[Recipe, dict[str, Any] | None]:
        """What a pickle holds."""
        watched = self.recipe.options["mode"] is not None or self.recipe.options["check_nan"]
        return self.recipe, None if self.machine is None or watched else self.machine.state()

    def _reduced(self) -> tuple[Any, ...]:
        """How ``pickle`` and ``copy`` take a function apart."""
        return restore, self.state()


@dataclass(repr=False)
class FunctionDetails(Portable, Details):
    """The views of a function, and what it was made from."""

    recipe: Recipe = field(kw_only=True)
    machine: Machine | None = None
    timing: Timing | None = None

    def _workers(self) -> int:
        return min(self.recipe.options["threads"] or super()._workers(), super()._workers())


class RestoredDetails(Portable):
    """Of a function that was loaded: its views are made by compiling anew, when one is first asked for."""

    def __init__(self, recipe: Recipe, machine: Machine) -> None:
        self.recipe, self.machine = recipe, machine
        self.name, self.target = recipe.options["name"] or "function", "c"
        self._views: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_views":
            raise AttributeError(name)
        if self._views is None:
            self._views = self.recipe().details
        return getattr(self._views, name)

    def __repr__(self) -> str:
        inputs = ", ".join(f"{leaf.name or 'input'}: {leaf.type}" for leaf in self.recipe.inputs.leaves)
        news = [variable.type for variable in self.recipe.updates]
        results = ", ".join(map(str, [leaf.type for leaf in self.recipe.outputs.leaves] + news))
        return f"<symtensor function {self.name}({inputs}) -> {results or 'nothing'}, target c>"


def restore(recipe: Recipe, state: Mapping[str, Any] | None) -> Any:
    """The function of a pickle: entered as it is where the processor fits, else compiled anew."""
    if state is None or not processor.suits(state["processor"]):
        return recipe()
    try:
        machine = Machine.restored(state)
        function: Any = machine.function(recipe, RestoredDetails(recipe, machine))
    except (OSError, toolchain.ToolchainError):
        return recipe()
    nested = not (recipe.inputs.flat and recipe.outputs.flat)
    return NestedFunction(function, recipe.inputs, recipe.outputs) if nested else function


def reduce_function(function: Any) -> tuple[Any, ...]:
    """How ``pickle`` and ``copy`` take a function apart."""
    reduced: tuple[Any, ...] = function.details._reduced()
    return reduced


for _kind in (Function, NestedFunction):
    copyreg.pickle(_kind, reduce_function)  # the kinds that Python enters itself have ``__reduce__``


def load(path: str | os.PathLike[str]) -> Any:
    """A function that ``fn.save`` wrote.  As with any pickle, load only what you trust.

    Raises:
        OSError: if the file cannot be read.
        SymtensorError: if it holds no function of this version of symtensor.

    >>> import symtensor as st, tempfile, os
    >>> x = st.vector("x")
    >>> path = os.path.join(tempfile.mkdtemp(), "next.st")
    >>> st.compile(x + 1, [x]).save(path)
    >>> load(path)([1.0])
    array([2.])
    """
    data = Path(path).read_bytes()
    if not data.startswith(MAGIC):
        raise SymtensorError(f"{path} holds no function that this version of symtensor saved\n  hint: save it again")
    try:
        recipe, state = pickle.loads(data[len(MAGIC) :])
    except Exception as error:
        reason = str(error).split("\n")[0]
        raise SymtensorError(f"{path} is damaged, or was saved by another version: {reason}") from error
    return restore(recipe, state)
