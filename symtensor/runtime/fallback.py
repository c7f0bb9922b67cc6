"""The dispatcher without a C extension: the interface of ``_native`` in Python, entering native code through cffi.

A call costs microseconds instead of tens of nanoseconds, results are not recycled, and parallel regions run their
chunks one after another; results are the same to the bit, as chunks do not depend on who runs them.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import os
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import field
from typing import Any

import numpy as np

from symtensor.records import dataclass
from symtensor.runtime.interruptible import run_here, run_interruptible
from symtensor.runtime.signature import Argument, Output, Signature
from symtensor.runtime.threads import MAXIMUM_WORKERS

__all__ = ["Container", "Function", "retained", "set_workers", "trim", "workers"]

ALIGNMENT = 64
MEMORY, INTERRUPTED = 1, 2  # codes of symtensor.errors.NATIVE that the runtime itself reports
GIL_RELEASE_BYTES = 256 << 10  # as in context.c

# abi.h in the form that cffi's parser takes.
DECLARATIONS = """
typedef struct st_error { int64_t code, site, step; int64_t value[4]; } st_error;
typedef struct st_ctx st_ctx;
struct st_ctx {
  void *(*arena)(st_ctx *, int64_t slot, int64_t bytes);
  void *(*output)(st_ctx *, int64_t k, const int64_t *sizes);
  int (*parallel)(st_ctx *, int (*body)(void *, int64_t, int64_t), void *argument, int64_t chunks);
  const int32_t *stop;
  void *const *library;
  void *device;
  void *const *kernels;
  int64_t workers;
  st_error error;
  int (*host)(st_ctx *, int64_t number, void *const *buffers, const int64_t *sizes);
};
"""

_workers = 1


@functools.cache
def _ffi() -> Any:
    from cffi import FFI

    ffi = FFI()
    ffi.cdef(DECLARATIONS)
    return ffi


def workers() -> int:
    """Return the number set by :func:`set_workers`; without the extension one thread does the work all the same."""
    return _workers


def set_workers(count: int) -> None:
    """Remember a number of workers.

    Raises:
        ValueError: unless it lies in 1..1024.
    """
    global _workers
    if not 1 <= count <= MAXIMUM_WORKERS:
        raise ValueError(f"the number of workers must lie in 1..{MAXIMUM_WORKERS}, not be {count}")
    _workers = count


def trim() -> int:
    """Give back the memory kept between calls; nothing is kept here."""
    return 0


def retained() -> int:
    """Bytes kept between calls: none."""
    return 0


def aligned_empty(shape: Sequence[int], dtype: np.dtype) -> np.ndarray:
    """Return a row-major array with undefined contents whose data begin on a cache line."""
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    raw = np.empty(size + ALIGNMENT, np.uint8)
    return np.ndarray(shape, dtype, buffer=raw, offset=-_address(raw) % ALIGNMENT)


def _address(array: np.ndarray) -> int:
    """Address of the data (``array.ctypes.data`` points elsewhere for an empty array)."""
    address: int = array.__array_interface__["data"][0]
    return address


def _is_row_major(array: Any) -> bool:
    return type(array) is np.ndarray and array.flags.c_contiguous and array.flags.aligned and array.dtype.isnative


_containers: weakref.WeakSet[Container] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    """Locks that other threads held have no owner in the child."""
    for container in _containers:
        container._unlock()


os.register_at_fork(after_in_child=_after_fork_in_child)


class Container:
    """The current value of a shared variable, with the lock that calls hold."""

    _serials = itertools.count()

    def __init__(self, array: np.ndarray) -> None:
        self._check(array)
        self.serial = next(Container._serials)
        self._array = array
        self._unlock()
        _containers.add(self)

    def _unlock(self) -> None:
        self._lock = threading.RLock()
        self._busy = False

    @staticmethod
    def _check(array: np.ndarray) -> None:
        if type(array) is not np.ndarray:
            raise TypeError(f"a Container holds a numpy.ndarray, not {type(array).__name__}")
        if not _is_row_major(array) or not array.flags.writeable or array.dtype.hasobject:
            raise ValueError("a Container holds a writable, aligned, row-major array of numbers in native byte order")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lock.

        Raises:
            RuntimeError: if this thread holds it already: a callback uses its own function's shared variable.
        """
        with self._lock:
            if self._busy:
                raise RuntimeError(
                    "a shared variable is used by a compiled function that is still running in this thread\n"
                    "  hint: a Python callback inside a compiled function cannot use the shared variables of "
                    "that function"
                )
            self._busy = True
            try:
                yield
            finally:
                self._busy = False

    def get(self) -> np.ndarray:
        """Return the array itself, once no compiled function is using it."""
        with self.locked():
            return self._array

    def copy(self) -> np.ndarray:
        """Return a copy of the array, taken between two calls."""
        with self.locked():
            return self._array.copy()

    def set(self, array: np.ndarray) -> None:
        """Replace the array by one of the same dtype and rank.

        Raises:
            TypeError: for another dtype or rank.
            ValueError: if native code could not read it as it lies.
        """
        self._check(array)
        if (array.dtype, array.ndim) != (self._array.dtype, self._array.ndim):
            raise TypeError(
                f"a Container of {self._array.ndim} dimensions and dtype {self._array.dtype} cannot take "
                f"{array.ndim} dimensions and dtype {array.dtype}"
            )
        with self.locked():
            self._array = array

    def __repr__(self) -> str:
        return f"<Container {self.serial}, {self._array.dtype}, {self._array.ndim} dimensions>"


def _fits(argument: Argument, array: Any) -> bool:
    """Whether native code can read the array as it lies."""
    return (
        _is_row_major(array)
        and array.dtype == argument.dtype
        and array.ndim == argument.ndim
        and all(size is None or size == given for size, given in zip(argument.sizes, array.shape))
    )


def _scalar(argument: Argument, value: Any) -> np.ndarray | None:
    """A Python number as the rank-0 array that the argument takes; None if that is for ``convert`` to decide."""
    if argument.ndim:
        return None
    if argument.dtype == np.float64 and (isinstance(value, float) or (type(value) is int and abs(value) <= 2**53)):
        return np.array(float(value))
    if argument.dtype == np.int64 and type(value) is int and -(2**63) <= value < 2**63:
        return np.array(value, np.int64)
    return None


@dataclass
class _Call:
    """What one running call owns: its storage, and the callbacks that native code sees as ``st_ctx``."""

    outputs: tuple[Output, ...]
    results: list[np.ndarray | None]
    host: Callable[[int, int, int], None] | None = None
    scratch: dict[int, np.ndarray] = field(default_factory=dict)
    error: BaseException | None = None
    callbacks: tuple[Any, ...] = ()

    def context(self, library: Any, kernels: Any, device: Any, stop: ctypes.Array[ctypes.c_int32]) -> Any:
        ffi = _ffi()
        ctx = ffi.new("st_ctx *")
        callback = functools.partial(ffi.callback, onerror=self._keep)
        self.callbacks = (
            callback("void *(st_ctx *, int64_t, int64_t)", self._arena, error=ffi.NULL),
            callback("void *(st_ctx *, int64_t, const int64_t *)", self._output, error=ffi.NULL),
            callback("int(st_ctx *, int (*)(void *, int64_t, int64_t), void *, int64_t)", self._parallel, error=1),
            callback("int(st_ctx *, int64_t, void *const *, const int64_t *)", self._host, error=1),
        )
        ctx.arena, ctx.output, ctx.parallel, ctx.host = self.callbacks
        ctx.stop = ffi.cast("const int32_t *", ctypes.addressof(stop))
        ctx.library, ctx.kernels, ctx.device, ctx.workers = library, kernels, device, 1
        ctx.error.step = -1
        return ctx

    def _arena(self, ctx: Any, slot: int, bytes_: int) -> Any:
        kept = self.scratch.get(slot)
        if kept is None or kept.nbytes < bytes_:
            try:
                kept = self.scratch[slot] = aligned_empty((bytes_,), np.dtype(np.uint8))
            except (MemoryError, ValueError):  # NumPy raises ValueError for sizes beyond the address space
                ctx.error.code, ctx.error.site, ctx.error.step, ctx.error.value[0] = MEMORY, -1, -1, bytes_
                return _ffi().NULL
        return _ffi().cast("void *", _address(kept))

    def _host(self, ctx: Any, number: int, buffers: Any, sizes: Any) -> int:
        address = functools.partial(_ffi().cast, "intptr_t")
        try:
            assert self.host is not None
            self.host(number, int(address(buffers)), int(address(sizes)))
        except BaseException as error:
            self.error = error
            return 1
        return 0

    def _output(self, ctx: Any, k: int, sizes: Any) -> Any:
        output = self.outputs[k]
        shape = [sizes[axis] for axis in range(output.ndim)]
        if min(shape, default=0) < 0:
            axis = next(axis for axis, size in enumerate(shape) if size < 0)
            raise ValueError(f"a result cannot have the negative size {shape[axis]} on axis {axis}")
        if np.prod(shape, dtype=object) * output.dtype.itemsize >= 2**62:
            raise MemoryError("out of memory: a result is larger than the address space")
        array = self.results[k] = aligned_empty(shape, output.dtype)
        return _ffi().cast("void *", _address(array))

    def _parallel(self, ctx: Any, body: Any, argument: Any, chunks: int) -> int:
        for chunk in range(chunks):
            if ctx.stop[0]:
                ctx.error.code, ctx.error.site, ctx.error.step = INTERRUPTED, -1, -1
                return 1
            if body(argument, chunk, 0):
                return 1
        return 0

    def _keep(self, kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        """Keep what a callback raised, Ctrl-C too, until native code has left."""
        self.error = error

    def close(self) -> None:
        """Native code has left.  Callbacks and tracebacks refer back to the call: cycles would keep the arrays."""
        self.callbacks, self.error = (), None


class Function:
    """A compiled function: calls the native entry on its arguments and returns its results.

    Args:
        entry_address: Address of ``int entry(st_ctx *, void **arguments, const int64_t *layout)``.
        signature: What the entry takes and returns.
        library: Addresses of library functions, as the entry numbers them.
        device: Address of an ``st_device``, 0 on the CPU.
        kernels: Addresses or handles of device kernels.
        convert: ``convert(args, kwargs)`` gives a tuple of arrays that fit, or raises the user's error.
        fail: ``fail(code, site, step, values, arrays)`` raises what an error record means.
        details: The object on which all other attributes are looked up.
        threads: Most threads to use, 0 for no limit.
    """

    def __init__(
        self,
        entry_address: int,
        signature: Signature,
        library: Sequence[int],
        device: int,
        kernels: Sequence[int],
        convert: Callable[[tuple[Any, ...], dict[str, Any]], tuple[np.ndarray, ...]],
        fail: Callable[[int, int, int, tuple[int, ...], tuple[np.ndarray, ...]], None],
        details: object,
        threads: int = 0,
    ) -> None:
        if threads < 0:
            raise ValueError(f"threads cannot be {threads}")
        if entry_address == 0:
            raise ValueError("entry_address is 0")
        ffi = _ffi()
        self.signature = signature
        self.details = details
        self._convert = convert
        self._fail = fail
        self._entry = ffi.cast("int(*)(st_ctx *, void **, const int64_t *)", entry_address)
        self._library = ffi.new("void *[]", [ffi.cast("void *", address) for address in library] or 1)
        self._kernels = ffi.new("void *[]", [ffi.cast("void *", address) for address in kernels] or 1)
        self._device = ffi.cast("void *", device)
        self._inputs = signature.inputs
        for argument in signature.arguments:
            self._check_value(argument)
        constants = (argument.value for argument in signature.arguments if argument.kind == "constant")
        self._constant_bytes = sum(array.nbytes for array in constants)
        shared = {argument.value for argument in signature.arguments if argument.kind == "shared"}
        self._containers: list[Container] = sorted(shared, key=lambda container: container.serial)

    @staticmethod
    def _check_value(argument: Argument) -> None:
        if argument.kind == "shared" and type(argument.value) is not Container:
            raise TypeError(f"signature: shared argument {argument.name!r} needs a Container")
        if argument.kind == "constant" and not _fits(argument, argument.value):
            raise ValueError(f"constant {argument.name!r} does not fit its declaration")

    def __getattr__(self, name: str) -> Any:
        if name == "details":  # not there yet: __init__ has failed
            raise AttributeError(name)
        return getattr(self.details, name)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *dir(self.details)})

    def __repr__(self) -> str:
        return repr(self.details)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the native entry; raises what ``convert`` and ``fail`` raise."""
        out = None if "out" in {argument.name for argument in self._inputs} else kwargs.pop("out", None)
        inputs = None if kwargs else self._exact(args)
        if inputs is None:
            inputs = self._exact(self._convert(args, kwargs))
            if inputs is None:
                raise TypeError(f"convert() must return a tuple of {len(self._inputs)} row-major arrays that fit")
        run = functools.partial(self._run, inputs, out)
        outcome = run_interruptible(run) if self._is_long(inputs) else run_here(run)
        if isinstance(outcome, _Failure):
            self._fail(outcome.code, outcome.site, outcome.step, outcome.values, outcome.arrays)
            if outcome.code == MEMORY:
                raise MemoryError(f"out of memory: {outcome.values[0]} bytes could not be allocated")
            raise RuntimeError(f"native code reports error {outcome.code} at site {outcome.site}")
        return outcome

    def _exact(self, values: tuple[Any, ...]) -> tuple[np.ndarray, ...] | None:
        """The values as arrays that fit, or None if one of them needs conversion."""
        if type(values) is not tuple or len(values) != len(self._inputs):
            return None
        arrays = []
        for argument, value in zip(self._inputs, values):
            array = value if _fits(argument, value) else _scalar(argument, value)
            if array is None:
                return None
            arrays.append(array)
        return tuple(arrays)

    def _bind(self, inputs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """The array of every argument, in the order of the signature; every container is locked."""
        given = iter(inputs)
        written = {output.target for output in self.signature.outputs if output.in_place}
        targets = [self.signature.arguments[place].value._array for place in written]
        arrays = []
        for place, argument in enumerate(self.signature.arguments):
            if argument.kind == "input":
                array = next(given)
                # An in-place update must not be seen through an input that lies over the same memory.
                if any(np.may_share_memory(array, target) for target in targets):
                    array = array.copy()
            elif argument.kind == "constant":
                array = argument.value
            else:
                array = argument.value._array
                if not _fits(argument, array):
                    raise ValueError(
                        f"shared variable {argument.name!r} holds a {array.dtype} array of shape {array.shape}; this "
                        f"function was compiled for {argument.dtype} of shape {argument.sizes}, row-major and aligned"
                    )
                if place in written and not array.flags.writeable:
                    raise ValueError(
                        f"shared variable {argument.name!r} holds a read-only array, and is updated in place"
                    )
            arrays.append(array)
        return tuple(arrays)

    def _is_long(self, inputs: tuple[np.ndarray, ...]) -> bool:
        """Whether native code may run for so long that somebody presses Ctrl-C."""
        if self.signature.long_running:
            return True
        shared = (container._array for container in self._containers)
        return self._constant_bytes + sum(array.nbytes for array in (*inputs, *shared)) > GIL_RELEASE_BYTES

    def _run(self, inputs: tuple[np.ndarray, ...], out: Any, stop: ctypes.Array[ctypes.c_int32]) -> Any:
        """Results of the native code, or a _Failure; the containers are locked meanwhile."""
        with ExitStack() as stack:
            for container in self._containers:
                stack.enter_context(container.locked())
            return self._enter(self._bind(inputs), out, stop)

    def _enter(self, arrays: tuple[np.ndarray, ...], out: Any, stop: ctypes.Array[ctypes.c_int32]) -> Any:
        ffi = _ffi()
        outputs = self.signature.outputs
        call = _Call(outputs, [None] * len(outputs), getattr(self._fail, "host", None))
        ctx = call.context(self._library, self._kernels, self._device, stop)
        pointers = ffi.new("void *[]", [ffi.cast("void *", _address(array)) for array in arrays] or 1)
        layout = ffi.new("int64_t[]", [number for array in arrays for number in _layout(array)] or 1)
        try:
            status = self._entry(ctx, pointers, layout)
            if call.error is not None:
                raise call.error
        finally:
            call.close()
        if status:
            error = ctx.error
            return _Failure(error.code, error.site, error.step, tuple(error.value), arrays)
        return self._finish(call.results, out)

    def _finish(self, storage: list[np.ndarray | None], out: Any) -> Any:
        """Swap updates in, all or none, and give the results their structure."""
        outputs = self.signature.outputs
        for k, (output, array) in enumerate(zip(outputs, storage)):
            if array is None and not output.in_place:
                raise RuntimeError(f"native code asked for no storage for output {k}")
        results = [array for output, array in zip(outputs, storage) if output.kind == "result"]
        if out is not None:
            results = write_out(results, out)  # type: ignore[arg-type, assignment]
        for output, array in zip(outputs, storage):
            if output.kind == "update" and not output.in_place:
                self.signature.arguments[output.target].value._array = array
        if self.signature.structure == "single":
            return results[0] if results else None
        return tuple(results) if self.signature.structure == "tuple" else results


def write_out(results: Sequence[np.ndarray], out: Any) -> list[np.ndarray]:
    """Copy results into the caller's arrays, after all of these have been checked; what a call returns.

    Raises:
        TypeError: if something is no array, or of a dtype to which the result cannot be cast within its kind.
        ValueError: if an array is read-only or of another shape.
    """
    given = list(out) if isinstance(out, (list, tuple)) else [out]
    if len(given) != len(results):
        raise TypeError(f"out must hold an array for each of the {len(results)} results")
    for result, array in zip(results, given):
        if array is None:
            continue
        if not isinstance(array, np.ndarray):
            raise TypeError(f"out must be an array for each result, not {type(array).__name__}")
        if not array.flags.writeable:
            raise ValueError("out is a read-only array")
        if array.ndim != result.ndim:
            raise ValueError(f"out has {array.ndim} axes, but the result has {result.ndim}")
        if not np.can_cast(result.dtype, array.dtype, "same_kind"):
            rule = "with casting rule 'same_kind'"
            raise TypeError(f"the result is {result.dtype}, which cannot be cast to {array.dtype} of out {rule}")
        if array.shape != result.shape:
            raise ValueError(f"out has shape {array.shape}, but the result has shape {result.shape}")
    with np.errstate(all="ignore"):
        for result, array in zip(results, given):
            if array is not None:
                array[...] = result
    return [result if array is None else array for result, array in zip(results, given)]


@dataclass(frozen=True)
class _Failure:
    """What an error record said, kept until the containers are unlocked."""

    code: int
    site: int
    step: int
    values: tuple[int, ...]
    arrays: tuple[np.ndarray, ...]


def _layout(array: np.ndarray) -> list[int]:
    """Sizes, then row-major strides in bytes (NumPy leaves those of axes of size 1 arbitrary)."""
    strides = [array.itemsize]
    for size in array.shape[:0:-1]:
        strides.append(strides[-1] * size)
    return [*array.shape, *reversed(strides[: array.ndim])]
