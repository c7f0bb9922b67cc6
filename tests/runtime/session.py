"""A device driven from Python through its table, as generated code drives it from C."""

from __future__ import annotations

import ctypes
from ctypes import CFUNCTYPE, POINTER, c_int, c_int64, c_void_p

import numpy as np

from symtensor.runtime.device import Device


class Table(ctypes.Structure):
    """``st_device`` of abi.h."""


_SELF = POINTER(Table)
Table._fields_ = [
    ("state", c_void_p),
    ("alloc", CFUNCTYPE(c_int, _SELF, c_int64, POINTER(c_void_p))),
    ("release", CFUNCTYPE(c_int, _SELF, c_void_p)),
    ("write", CFUNCTYPE(c_int, _SELF, c_void_p, c_int64, c_void_p, c_int64)),
    ("read", CFUNCTYPE(c_int, _SELF, c_void_p, c_int64, c_void_p, c_int64)),
    ("copy", CFUNCTYPE(c_int, _SELF, c_void_p, c_int64, c_void_p, c_int64, c_int64)),
    ("launch", CFUNCTYPE(c_int, _SELF, c_void_p, c_int64, c_int64, c_void_p, c_void_p, c_int64)),
    ("synchronize", CFUNCTYPE(c_int, _SELF)),
]


class Refused(Exception):
    """A function of the table returned an error code."""


class Session:
    """Buffers and launches of one test; buffers are released at the end."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self._table = Table.from_address(device.table)
        self._live: list[c_void_p] = []

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        for handle in list(self._live):
            self.release(handle)

    def compile(self, source: str, *names: str) -> tuple[int, ...]:
        return self.device.compile(source, names)

    def alloc(self, size: int) -> c_void_p:
        handle = c_void_p()
        self._check(self._table.alloc(self._table, size, ctypes.byref(handle)))
        self._live.append(handle)
        return handle

    def release(self, handle: c_void_p) -> None:
        self._check(self._table.release(self._table, handle))
        if handle in self._live:
            self._live.remove(handle)

    def put(self, array: np.ndarray) -> c_void_p:
        handle = self.alloc(array.nbytes)
        self.write(handle, array)
        return handle

    def write(self, handle: c_void_p, array: np.ndarray, offset: int = 0) -> None:
        self._check(self._table.write(self._table, handle, offset, array.ctypes.data, array.nbytes))

    def get(self, handle: c_void_p, shape: int | tuple[int, ...], dtype: str, offset: int = 0) -> np.ndarray:
        array = np.empty(shape, dtype)
        self._check(self._table.read(self._table, handle, offset, array.ctypes.data, array.nbytes))
        return array

    def copy(self, target: c_void_p, target_offset: int, source: c_void_p, source_offset: int, size: int) -> None:
        self._check(self._table.copy(self._table, target, target_offset, source, source_offset, size))

    def launch(self, kernel: int, groups: int, group_size: int, *arguments: ctypes._SimpleCData) -> None:  # type: ignore[type-arg]
        count = len(arguments)
        values = (c_void_p * max(count, 1))(*(ctypes.addressof(a) for a in arguments))
        sizes = (c_int64 * max(count, 1))(*(ctypes.sizeof(a) for a in arguments))
        self._check(
            self._table.launch(
                self._table, kernel, groups, group_size, ctypes.addressof(values), ctypes.addressof(sizes), count
            )
        )

    def synchronize(self) -> None:
        self._check(self._table.synchronize(self._table))

    def _check(self, code: int) -> None:
        if code:
            raise Refused(self.device.error_text(code))
