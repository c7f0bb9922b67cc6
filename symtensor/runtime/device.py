"""The device protocol: all that a target behind ``st_device`` (see abi.h) must do, and the devices by name.

A device compiles kernels and offers a table of C functions; generated code allocates, copies and launches through that
table and never through Python.  The tables are filled by small C adapters in ``devices/``, which call the driver by
function pointers that Python has resolved, so that nothing is linked against a driver.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from symtensor.errors import SymtensorError
from symtensor.runtime import toolchain as tc

IDLE_LIMIT = 1 << 30  # bytes of released buffers that a device keeps for reuse


class DeviceError(SymtensorError, RuntimeError):
    """A device refused to compile or to run."""


class NoDevice(DeviceError):
    """A device, its driver or a package that it needs is missing."""


class Device(Protocol):
    """What the compiler and a compiled function ask of a device.

    Attributes:
        name: as in ``st.compile(target=...)``.
        table: the address of its ``st_device``, filled, valid as long as the process lives.
    """

    name: str
    table: int

    def compile(self, source: str, kernel_names: Sequence[str]) -> tuple[int, ...]:
        """Compile a source; returns one handle for ``ctx->kernels`` a name, valid as long as the process lives.

        Raises:
            DeviceError: the source is refused, or lacks a kernel; the message shows the compiler's log.
        """

    def describe(self) -> str:
        """The device in one line, for reports."""

    def error_text(self, code: int) -> str:
        """What a non-zero result of a function of the table means."""

    def counters(self) -> dict[str, int]:
        """Launches, transfers, bytes and allocations so far."""

    def trim(self) -> None:
        """Give the memory of released buffers back to the driver."""


ADAPTER_ERRORS = {
    100001: "out of memory",
    100002: "this handle belongs to no buffer in use",
    100003: "an access reaches beyond its buffer",
    100004: "no kernel, or a number of groups, threads or arguments that no launch can have",
}


class AdapterDevice:
    """What all devices share: the compiled C adapter, its table, its counters and its pool."""

    def __init__(self, name: str, adapter: tc.Module, table: int) -> None:
        if not table:
            raise MemoryError(f"no memory for the table of device {name}")
        self.name = name
        self.table = table
        self._adapter = adapter

    def error_text(self, code: int) -> str:
        """What a non-zero result of a function of the table means."""
        return ADAPTER_ERRORS.get(code) or self._driver_error(code)

    def counters(self) -> dict[str, int]:
        """Launches, transfers, bytes and allocations so far."""
        names = self._adapter.text("st_counter_names").split()
        values = (ctypes.c_int64 * len(names))()
        self._adapter.function("st_counters", None, ctypes.c_void_p, ctypes.c_void_p)(
            self.table, ctypes.addressof(values)
        )
        return dict(zip(names, values, strict=True))

    def trim(self) -> None:
        """Give the memory of released buffers back to the driver."""
        self._adapter.function("st_trim", None, ctypes.c_void_p)(self.table)

    def _driver_error(self, code: int) -> str:
        return f"driver error {code}"


def load_adapter(file_name: str) -> tc.Module:
    """Compile (or find in the cache) and load one of the C files of ``devices/``."""
    here = Path(__file__).parent
    parts = (here / "abi.h", here / "devices" / "common.c", here / "devices" / file_name)
    source = "\n".join(f'#line 1 "{part.name}"\n{part.read_text(encoding="utf-8")}' for part in parts)
    built = tc.toolchain().compile(source, name=f"device_{Path(file_name).stem}", optimize=2, extra_flags=("-pthread",))
    return tc.load(built.path)


def open_driver_table(
    adapter: tc.Module, find: Callable[[str], int], context: int, queue: int, idle_limit: int = IDLE_LIMIT
) -> int:
    """Hand context, queue and the driver's functions to an adapter; returns the address of its table.

    Args:
        adapter: a loaded adapter that lists the functions it needs in ``st_driver_functions``.
        find: gives the address of a driver function.
        context: the driver's handle of the context.
        queue: the driver's handle of the queue or stream.
        idle_limit: bytes of released buffers that are kept for reuse.
    """
    names = adapter.text("st_driver_functions").split()
    functions = (ctypes.c_void_p * len(names))(*map(find, names))
    pointer = ctypes.c_void_p
    open_table = adapter.function("st_open", pointer, pointer, pointer, pointer, ctypes.c_int64)
    return open_table(ctypes.addressof(functions), context, queue, idle_limit) or 0


# ---- the devices by name -------------------------------------------------------------------------------------------

# Each entry is loaded when its device is first asked for, as drivers are slow to import or absent.
_OPENERS = {
    "null": "symtensor.runtime.shim:open_null",
    "cuda-shim": "symtensor.runtime.shim:open_shim",
    "opencl": "symtensor.runtime.opencl:open_opencl",
    "cuda": "symtensor.runtime.cuda:open_cuda",
}
_opened: dict[str, Device] = {}
_opening = threading.RLock()


def register(name: str, opener: str) -> None:
    """Add a device: ``opener`` is ``"module:function"``; the function returns a `Device`."""
    _OPENERS[name] = opener


def device(name: str) -> Device:
    """The device of that name, opened once per process: ``opencl``, ``cuda``, ``cuda-shim``, ``null``.

    Raises:
        NoDevice: its driver or a package is missing.
        KeyError: there is no device of that name.
    """
    if name not in _OPENERS:
        raise KeyError(f"no device {name!r}: there are {', '.join(sorted(_OPENERS))}")
    opener = _OPENERS[name]
    with _opening:
        if opener not in _opened:
            module, function = opener.split(":")
            _opened[opener] = getattr(importlib.import_module(module), function)()
        return _opened[opener]


def trim_devices() -> int:
    """Give the memory that lies idle on all open devices back to their drivers; returns its bytes."""
    with _opening:
        opened = list(_opened.values())
    before = sum(each.counters()["idle_bytes"] for each in opened)
    for each in opened:
        each.trim()
    return before - sum(each.counters()["idle_bytes"] for each in opened)
