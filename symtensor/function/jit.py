"""``jit``: a Python function written with ``st.`` or NumPy functions, compiled for the arguments it is called with.

A call's arguments are flattened; each array is an input of its dtype and rank, each Python number a weak scalar, and
anything else (strings, None, functions) is part of the key.  The function is traced once for each key.  Two things
are learned from failures and remembered: a number whose value the function asks for (``range(n)``, ``if n > 2``,
``axis=n``) becomes part of the key, and where a size 1 turns out to broadcast a version with that size is made.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Hashable, Iterable
from dataclasses import field
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import CompileError, ShapeError
from symtensor.function.compiler import compile
from symtensor.ir.nesting import LEAF, Structure, flatten
from symtensor.ir.node import Tensor, TensorType, new_leaf
from symtensor.ir.size import AnonymousDim, Size
from symtensor.ops.declare import INPUT, as_tensor
from symtensor.ops.weak import NeedsValueError, Weak
from symtensor.records import dataclass

_NUMBERS = (bool, int, float, complex)
_WEAK_DTYPE = {bool: dtypes.BOOL, int: dtypes.INT64, float: dtypes.FLOAT64, complex: np.dtype("complex128")}


@dataclass(frozen=True)
class _Array:
    """Key of an argument that becomes an input; ``ones`` are the axes that are known to have size 1."""

    dtype: np.dtype
    ndim: int
    ones: tuple[int, ...] = ()


@dataclass(frozen=True)
class _Fixed:
    """Key of an argument whose value the traced function sees; 1, 1.0 and True are three values."""

    kind: type
    value: Hashable


@dataclass
class _Version:
    """One traced and compiled function: what it was made for, and how its results are put together.

    Attributes:
        function: takes the inputs that the key asks for; None where the function computes nothing.
        structure: of what the Python function returned.
        constants: results that are no tensors, by position.
    """

    function: Any
    structure: Structure
    constants: dict[int, Any]
    count: int
    inputs: tuple[int, ...] = ()

    def __call__(self, leaves: list[Any]) -> Any:
        results = self.function(*[leaves[k] for k in self.inputs]) if self.function is not None else []
        if self.structure is LEAF:
            return results[0] if results else self.constants[0]
        if not self.constants:
            return self.structure.build(iter(results))
        computed = iter(results)
        filled = [self.constants[k] if k in self.constants else next(computed) for k in range(self.count)]
        return self.structure.build(iter(filled))


@dataclass
class _Family:
    """The versions for arguments that are nested alike, and what was learned about them."""

    versions: dict[tuple, _Version] = field(default_factory=dict)
    fixed: set[int] = field(default_factory=set)  # numbers whose value the function asked for
    broadcast: bool = False  # whether a size 1 was found to broadcast


class Jitted:
    """A function that compiles itself for the dtypes and ranks of its arguments; made by ``jit``.

    Attributes:
        traces: how often the Python function was traced.
    """

    def __init__(self, function: Callable[..., Any], static: Iterable[str | int], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self._function, self._options = function, options
        self._signature = inspect.signature(function)
        names = list(self._signature.parameters)
        self._static = frozenset(names[s] if isinstance(s, int) else s for s in static)
        unknown = sorted(self._static - set(names))
        if unknown:
            message = f"static names no parameter of {function.__name__}: {unknown[0]!r}"
            raise ValueError(f"{message}\n  hint: its parameters are {names}")
        self._families: dict[Any, _Family] = {}
        self._plain: dict[tuple, _Version] = {}
        self.traces = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the compiled version for such arguments; with symbolic arguments the function itself."""
        # Arrays by position, the usual call, need no binding and no flattening.
        plain = None if kwargs else tuple([(a.dtype, a.ndim) if type(a) is np.ndarray else None for a in args])
        if plain is not None and plain in self._plain:
            try:
                return self._plain[plain]([*args])
            except ShapeError:
                del self._plain[plain]
        leaves, names, structure = self._flattened(args, kwargs)
        if any(isinstance(leaf, (Tensor, Weak)) and not _is_shared(leaf) for leaf in leaves):
            return self._function(*args, **kwargs)
        family = self._families.setdefault(structure, _Family())
        version = self._version(family, leaves, names, structure)
        try:
            results = version(leaves)
            if plain is not None and None not in plain and len(plain) == len(leaves) and not family.broadcast:
                self._plain[plain] = version
            return results
        except ShapeError:
            if family.broadcast or not any(isinstance(v, np.ndarray) and 1 in v.shape for v in leaves):
                raise
        family.broadcast = True
        try:
            return self._version(family, leaves, names, structure)(leaves)
        except ShapeError:
            family.broadcast = False
            raise

    def compiled(self, *args: Any, **kwargs: Any) -> Any:
        """The compiled function that a call with these arguments runs, for inspection; it takes the flat inputs."""
        leaves, names, structure = self._flattened(args, kwargs)
        return self._version(self._families.setdefault(structure, _Family()), leaves, names, structure).function

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        versions = sum(len(family.versions) for family in self._families.values())
        return f"<symtensor jit of {self._function.__qualname__}: {versions} versions>"

    # ------------------------------------------------------------------------------------------------ the inside
    def _flattened(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], list[str], Structure]:
        """Leaves, their names and the nesting of (bound) arguments; static ones are leaves as they are."""
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        leaves: list[Any] = []
        names: list[str] = []
        children = []
        for name, value in bound.arguments.items():
            if name in self._static:
                value = _Static(value)
            inner, inner_names, child = flatten(value, name)
            leaves += inner
            names += inner_names
            children.append(child)
        return leaves, names, Structure(dict, tuple(bound.arguments), tuple(children))

    def _version(self, family: _Family, leaves: list[Any], names: list[str], structure: Structure) -> _Version:
        while True:
            key = tuple([_key(leaf, k in family.fixed, family.broadcast) for k, leaf in enumerate(leaves)])
            version = family.versions.get(key)
            if version is not None:
                return version
            try:
                version = self._trace(key, leaves, names, structure)
            except NeedsValueError as error:
                place = error.weak.origin
                if place is None or place in family.fixed:
                    raise
                family.fixed.add(place)
            else:
                family.versions[key] = version
                return version

    def _trace(self, key: tuple, leaves: list[Any], names: list[str], structure: Structure) -> _Version:
        """Run the Python function on symbols and compile what it returns."""
        symbols: list[Any] = []
        inputs: dict[int, Tensor] = {}
        for place, (entry, leaf, name) in enumerate(zip(key, leaves, names)):
            if isinstance(entry, _Array):
                inputs[place] = symbol = _input(entry, name)
                symbols.append(Weak(symbol, place) if type(leaf) in _NUMBERS else symbol)
            else:
                symbols.append(leaf.value if isinstance(leaf, _Static) else leaf)
        self.traces += 1
        arguments = inspect.BoundArguments(self._signature, structure.build(iter(symbols)))  # type: ignore[arg-type]
        returned, labels, shape = flatten(self._function(*arguments.args, **arguments.kwargs))
        outputs, constants = [], {}
        for place, (value, label) in enumerate(zip(returned, labels)):
            if isinstance(value, (Tensor, Weak, Size, np.ndarray, np.generic, *_NUMBERS)):
                outputs.append(as_tensor(value))
            elif value is None or isinstance(value, (str, bytes)):
                constants[place] = value
            else:
                where = f"result{label}"
                raise CompileError(
                    f"{self._function.__name__} returned {type(value).__name__} as its {where}\n"
                    "  hint: return tensors, numbers, and containers of them"
                )
        options = {"name": self._function.__name__, "on_unused_input": "ignore", **self._options}
        function = compile(outputs, list(inputs.values()), **options) if outputs else None
        return _Version(function, shape, constants, len(returned), tuple(inputs))


class _Static:
    """An argument that is no input, whatever it is; no dataclass, as those are containers."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def _is_shared(leaf: Any) -> bool:
    return isinstance(leaf, Tensor) and leaf.op.name == "shared"


def _key(leaf: Any, fixed: bool, broadcast: bool) -> Hashable:
    if isinstance(leaf, np.ndarray):
        ones = tuple(axis for axis, size in enumerate(leaf.shape) if size == 1) if broadcast else ()
        return _Array(dtypes.as_dtype(leaf.dtype), leaf.ndim, ones)
    if isinstance(leaf, np.generic):
        return _Array(dtypes.as_dtype(leaf.dtype), 0)
    if type(leaf) in _NUMBERS and not fixed:
        return _Array(_WEAK_DTYPE[type(leaf)], 0, (-1,))  # no array has such an axis: weak and strong are two keys
    if isinstance(leaf, _Static):
        leaf = leaf.value
    try:
        hash(leaf)
    except TypeError:
        raise TypeError(
            f"a static argument must be hashable, not {type(leaf).__name__}\n  hint: pass a tuple, or an array as input"
        ) from None
    return _Fixed(type(leaf), leaf)


def _input(entry: _Array, name: str) -> Tensor:
    """An input of a dtype and rank whose sizes are symbolic, but for the axes that are known to be 1."""
    shape = tuple(1 if k in entry.ones else Size.of(AnonymousDim(f"{name}.shape[{k}]")) for k in range(entry.ndim))
    return new_leaf(INPUT, TensorType(entry.dtype, shape), name=name)


def jit(function: Callable[..., Any] | None = None, *, static: Iterable[str | int] = (), **options: Any) -> Any:
    """Compile a Python function for the dtypes and ranks of the arguments of its calls.

    Args:
        function: written with ``st.`` or NumPy functions; it is traced, so it must not depend on values of arrays.
            Arguments and results may be nested in lists, tuples, dicts and dataclasses.
        static: names (or positions) of arguments whose value the function needs: for each value there is a version.
            Numbers need not be listed; that one is needed is found out.
        options: as for ``compile``.

    Returns:
        A function with the same arguments; ``.compiled(*args)`` is what a call runs, ``.traces`` counts the versions.

    >>> import numpy as np
    >>> @jit
    ... def norm(x, eps=1e-6):
    ...     return np.sqrt(np.sum(x * x) + eps)
    >>> norm(np.array([3.0, 4.0]), eps=0.0)
    array(5.)
    """
    if function is None:
        return functools.partial(jit, static=static, **options)
    static = (static,) if isinstance(static, (str, int)) else static
    return Jitted(function, static, options)
