"""What surrounds a call: arguments that do not fit as they are, and errors that native code reports by number."""

from __future__ import annotations

import ctypes
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from symtensor.errors import NATIVE, DTypeError, ShapeError, SymtensorError, located
from symtensor.function.inputs import Inputs
from symtensor.function.request import Outputs
from symtensor.ir.nesting import matched
from symtensor.ir.node import Guard, Site, Tensor
from symtensor.ir.size import Atom, SizeCall, atoms
from symtensor.runtime.signature import Argument, Signature

if TYPE_CHECKING:
    from symtensor.codegen.program import HostFunction
    from symtensor.runtime.device import Device

_NUMBERS = "biufc"
_WEAK = (bool, int, float, complex)


class NestedFunction:
    """A compiled function whose inputs or outputs lie in containers beyond a flat list.

    Args:
        function: takes and returns flat lists.
        inputs: how the arguments of a call are nested.
        outputs: how results are nested.
    """

    def __init__(self, function: Any, inputs: Inputs, outputs: Outputs) -> None:
        self._function, self._inputs, self._outputs = function, inputs, outputs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; its results in the containers of the outputs."""
        if "out" in kwargs and not self._outputs.flat:
            kwargs["out"] = matched(self._outputs.structure, kwargs["out"], "out")  # type: ignore[arg-type]
        if not self._inputs.flat:
            out = {"out": kwargs.pop("out")} if "out" in kwargs else {}
            args, kwargs = self._inputs.flatten(args, kwargs), out
        results = self._function(*args, **kwargs)
        return self._outputs.fill(results)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._function, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self._function)})

    def __repr__(self) -> str:
        return repr(self._function)


# ------------------------------------------------------------------------------------------------------- arguments
class Converter:
    """Turns what the user passed into the exact arrays of a signature, or raises the error a NumPy user expects.

    Lists and Python numbers take the dtype that is asked for, as far as their kind allows (an int becomes a float, not
    the reverse, and must fit); arrays are cast where no digit can be lost; strides and byte order do not matter.

    Args:
        signature: its inputs are what a call gives.
        downcast: whether arrays of any real dtype are cast.
        defaults: values of inputs that a call may leave out, by position.
    """

    def __init__(
        self, signature: Signature, downcast: bool = False, defaults: Mapping[int, Any] = MappingProxyType({})
    ) -> None:
        self._inputs = signature.inputs
        self._downcast = downcast
        self._defaults = {k: self._convert(self._inputs[k], value) for k, value in defaults.items()}
        count = Counter(a.name for a in self._inputs)
        self._position = {a.name: k for k, a in enumerate(self._inputs) if count[a.name] == 1}

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[np.ndarray, ...]:
        """The arguments of a call as arrays in the order of the inputs.

        Raises:
            TypeError: if the number or the names of the arguments are wrong.
            DTypeError: if a value's dtype does not fit.
            ShapeError: if its rank or a static size does not.
        """
        values: dict[int, Any] = dict(enumerate(args))
        wanted = [a.name for a in self._inputs]
        if len(args) > len(wanted):
            message = f"the function takes {len(wanted)} inputs {wanted}, but {len(args)} were given"
            raise TypeError(f"{message}\n  hint: shared variables are not passed; keyword arguments are name=value")
        for key, value in kwargs.items():
            position = self._position.get(key)
            if position is None and key in wanted:
                raise TypeError(f"several inputs are named {key!r}\n  hint: pass them by position: {wanted}")
            if position is None:
                raise TypeError(f"the function has no input named {key!r}\n  hint: its inputs are {wanted}")
            if position in values:
                raise TypeError(
                    f"the input {key!r} is given twice, by position and by name\n  hint: inputs are {wanted}"
                )
            values[position] = value
        for position, argument in enumerate(self._inputs):
            if position not in values and position in self._defaults:
                values[position] = self._defaults[position]
            elif position not in values:
                raise TypeError(f"the input {argument.name!r} has no value\n  hint: the inputs are {wanted}")
        return tuple(self._convert(a, values[k]) for k, a in enumerate(self._inputs))

    def _convert(self, argument: Argument, value: Any) -> np.ndarray:
        array = _as_array(argument, value)
        if array.ndim != argument.ndim:
            axes = f"{argument.ndim} {'axis' if argument.ndim == 1 else 'axes'}"
            message = f"the input {argument.name!r} has {axes}, but a value of shape {array.shape} was given"
            raise ShapeError(located(message, argument.sites, _rank_hint(argument, array)))
        for axis, (size, given) in enumerate(zip(argument.sizes, array.shape)):
            if size is not None and size != given:
                declared = ", ".join("None" if s is None else str(s) for s in argument.sizes)
                message = (
                    f"the input {argument.name!r} has size {size} along axis {axis}, "
                    f"but a value of shape {array.shape} was given"
                )
                hint = f"it was declared with shape=({declared}{',' if argument.ndim == 1 else ''})"
                raise ShapeError(located(message, argument.sites, f"{hint}; None takes every size"))
        if array.dtype != argument.dtype and array.size and not self._castable(argument, value, array):
            message = f"the input {argument.name!r} is {argument.dtype}, but a value of {array.dtype} was given"
            downcast = ", or compile with allow_input_downcast=True" if array.dtype.kind != "c" else ""
            hint = f"cast it with .astype('{argument.dtype}'){downcast}"
            raise DTypeError(located(message, argument.sites, hint))
        readable = type(array) is np.ndarray and array.flags.c_contiguous and array.flags.aligned
        if readable and array.dtype == argument.dtype:
            return array
        result = np.empty(array.shape, argument.dtype)
        with np.errstate(all="ignore"):
            np.copyto(result, array, casting="unsafe")
        return result

    def _castable(self, argument: Argument, value: Any, array: np.ndarray) -> bool:
        if type(value) in _WEAK or isinstance(value, (list, tuple)):
            return _fits_weakly(argument, array)
        real = array.dtype.kind != "c" or argument.dtype.kind == "c"
        return np.can_cast(array.dtype, argument.dtype, "safe") or (self._downcast and real)


def _as_array(argument: Argument, value: Any) -> np.ndarray:
    if isinstance(value, Tensor):
        message = f"the input {argument.name!r} got a symbolic tensor, but a compiled function takes arrays"
        hint = "use st.substitute, or compile the expression that you mean"
        raise TypeError(located(message, argument.sites, hint))
    try:
        array = np.asarray(value)
    except ValueError as error:
        reason = str(error).split(". ")[0]
        message = f"the value of the input {argument.name!r} is no array: {reason}"
        raise ShapeError(located(message, argument.sites, "all rows of a list must be equally long")) from None
    if array.dtype.kind not in _NUMBERS:
        given = f"value of {array.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        if isinstance(value, int):
            given = f"int of {value.bit_length()} bits"
        article = "an" if given[0] in "aeiou" else "a"
        message = f"the input {argument.name!r} is {argument.dtype}, but {article} {given} was given"
        raise DTypeError(located(message, argument.sites, "pass an array, a list of numbers, or a number"))
    return array


def _rank_hint(argument: Argument, array: np.ndarray) -> str:
    """How the value may get the right number of axes."""
    if array.ndim < argument.ndim:
        return f"add axes, as in value[{', '.join(['None'] * (argument.ndim - array.ndim) + ['...'])}], or reshape it"
    return "reshape it, or declare the input with more axes"


def _fits_weakly(argument: Argument, array: np.ndarray) -> bool:
    """Whether Python numbers may take a dtype: their kind is no wider, and integers are in its range."""
    kind, wanted = array.dtype.kind, argument.dtype.kind
    if kind in "iu" and wanted in "iu":
        limits = np.iinfo(argument.dtype)
        if int(array.min()) < limits.min or int(array.max()) > limits.max:
            message = f"the input {argument.name!r} is {argument.dtype}, in which not all of the integers fit"
            hint = f"it holds {limits.min} to {limits.max}: declare a wider dtype"
            raise DTypeError(located(message, argument.sites, hint))
        return True
    order = "b iu f c"
    return order.index(kind) <= order.index(wanted)


# ---------------------------------------------------------------------------------------------------------- errors
def user_line(site: Site) -> str:
    """A site as generated source shows it: the file's name without its folders, and the line."""
    return f"{os.path.basename(site[0])}:{site[1]}"


class Failure:
    """Turns an error record of native code into the exception with the user's names and lines.

    Args:
        sites: what is wrong, and the user's lines, by site number.
        guards: those of the sites that are conditions on sizes.
        leaves: the tensors of the arguments, in their order.
        device: words the codes of its driver.
        host_calls: Python functions that native code calls, with the dtype and rank of each argument.
    """

    def __init__(
        self,
        sites: Sequence[tuple[str, tuple[Site, ...]]],
        guards: Mapping[int, Guard],
        leaves: Sequence[Tensor],
        device: Device | None = None,
        host_calls: Sequence[HostFunction] = (),
    ) -> None:
        self._sites, self._guards, self._leaves, self._device = sites, guards, leaves, device
        self._host_calls = host_calls

    def host(self, number: int, buffers: int, sizes: int) -> None:
        """Call a Python function on arrays over the memory of native code, which are copied.

        Args:
            number: of the function.
            buffers: address of the addresses of the data.
            sizes: address of the sizes, all axes of all arrays in a row.
        """
        called = self._host_calls[number]
        data = (ctypes.c_void_p * len(called.types)).from_address(buffers)
        rest = iter((ctypes.c_int64 * sum(ndim for _, ndim in called.types)).from_address(sizes))
        arrays = []
        for address, (dtype, ndim) in zip(data, called.types):
            array = np.empty([next(rest) for _ in range(ndim)], dtype)
            ctypes.memmove(array.ctypes.data, address, array.nbytes)
            arrays.append(array)
        called.function(*arrays)

    def __call__(self, code: int, site: int, step: int, values: Sequence[int], arrays: Sequence[np.ndarray]) -> None:
        """Raise what a record means."""
        row = NATIVE.get(code)
        if row is None:
            raise SymtensorError(f"native code failed with the unknown code {code}")
        if row.exception is KeyboardInterrupt:
            raise KeyboardInterrupt
        if row.name == "device" and self._device is not None:
            from symtensor.runtime.device import DeviceError

            raise DeviceError(f"target {self._device.name!r}: {self._device.error_text(values[0])}")
        guard = self._guards.get(site)
        if guard is not None and guard.kind == row.name:
            raise guard_error(guard, values[0], values[1], self._leaves, arrays)
        what, sites = self._sites[site] if 0 <= site < len(self._sites) else ("", ())
        message = row.text.format(*values, what=what)
        if step >= 0:
            message += f" (in step {step} of the loop)"
        raise row.exception(located(message, sites, row.hint))


def guard_error(
    guard: Guard, left: int, right: int, leaves: Sequence[Tensor] = (), arrays: Sequence[np.ndarray] = ()
) -> BaseException:
    """The error of a guard that does not hold, with the shapes of the arguments whose sizes it speaks of.

    Args:
        guard: the condition.
        left: value of its left side.
        right: value of its right side.
        leaves: tensors of the arguments.
        arrays: their values.
    """
    message = guard.what
    if guard.kind == "shape" and not _is_bound(guard):
        message += f" ({left} and {right})"
    elif guard.kind == "size":
        message += f": {left}"
    concerned: set[Atom] = {*atoms(guard.left), *atoms(guard.right)}
    given = [
        f"{leaf.name or 'an input'}: {array.dtype}[{', '.join(map(str, array.shape))}]"
        for leaf, array in zip(leaves, arrays)
        if not concerned.isdisjoint(a for size in leaf.shape for a in atoms(size))
    ]
    if given:
        message += "\n  given " + ", ".join(given[:4])
    return NATIVE_BY_NAME[guard.kind].exception(located(message, guard.sites, guard.hint))


def _is_bound(guard: Guard) -> bool:
    """Whether a guard says that a size is large enough: its two numbers would tell a reader nothing."""
    return any(isinstance(a, SizeCall) and a.op in ("min", "max") for a in (*atoms(guard.left), *atoms(guard.right)))


NATIVE_BY_NAME = {row.name: row for row in NATIVE.values()}
