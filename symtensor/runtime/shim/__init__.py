"""Devices without a driver, in host memory: ``cuda-shim`` runs CUDA source on the CPU, ``null`` runs nothing.

The shim compiles the very text that NVRTC would get, as C++ behind three headers: ``fibers.hpp`` (stacks and switches),
``block.hpp`` (the threads of a block, barriers, warps, launching) and ``cuda.hpp`` (the vocabulary).  Blocks run one
after the other.  It is for tests, and stricter than a GPU where that finds mistakes: divergent barriers, shuffles from
absent lanes, arguments of the wrong size and accesses outside of buffers (by copies) are reported, memory and shared
memory begin as NaN.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Sequence
from pathlib import Path

from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import IDLE_LIMIT, AdapterDevice, DeviceError, load_adapter

_HEADERS = ("fibers.hpp", "block.hpp", "cuda.hpp")
# Hidden symbols: a kernel may be called like a function of the C library, and must not be taken for it.
_FLAGS = (
    "-pthread",
    "-fvisibility=hidden",
    "-fno-strict-aliasing",
    "-fno-exceptions",
    "-fno-rtti",
    "-Wno-builtin-declaration-mismatch",
)
SHIM_ERRORS = {
    200001: "divergent barrier: threads of a block wait at different barriers, or some wait and others have returned",
    200002: "the arguments of a launch differ from the kernel's parameters in number or size",
    200003: "a warp operation names a lane, or reads from a lane, that is not in its mask",
    200004: "no memory for the stacks of a block",
}


def host_source(source: str, kernel_names: Sequence[str]) -> str:
    """CUDA source as C++ for the host: the headers, the source in a namespace, an entry a kernel.

    Args:
        source: what NVRTC would compile; kernels are ``extern "C" __global__`` with one-dimensional blocks and grids.
        kernel_names: kernels that get an entry ``st_shim_<name>``.
    """
    here = Path(__file__).parent
    headers = (f'#line 1 "{name}"\n{(here / name).read_text(encoding="utf-8")}' for name in _HEADERS)
    parameters = "long groups, long group_size, void *const *values, const long *value_bytes, long count"
    entries = (
        f'extern "C" __attribute__((visibility("default"))) int st_shim_{name}({parameters}) {{\n'
        f"  return st_shim::launch<&st_user::{name}>(groups, group_size, values, value_bytes, count);\n}}"
        for name in kernel_names
    )
    user = ("namespace st_user {", '#line 1 "kernels.cu"', source, "}  // namespace st_user")
    return "\n".join((*headers, *user, '#line 1 "entries"', *entries, ""))


class HostDevice(AdapterDevice):
    """What both devices share: the adapter over host memory."""

    def __init__(self, name: str, *, executes: bool) -> None:
        adapter = load_adapter("host.c")
        open_table = adapter.function("st_open", ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
        super().__init__(name, adapter, open_table(int(executes), IDLE_LIMIT))


class ShimDevice(HostDevice):
    """Runs CUDA source on the CPU."""

    def __init__(self) -> None:
        super().__init__("cuda-shim", executes=True)

    def compile(self, source: str, kernel_names: Sequence[str]) -> tuple[int, ...]:
        """Compile CUDA source as C++; see `symtensor.runtime.device.Device`."""
        text = host_source(source, kernel_names)
        try:
            built = tc.toolchain().compile(text, name="kernels", optimize=1, language="c++", extra_flags=_FLAGS)
        except tc.CompilerError as error:
            raise DeviceError(f"the host compiler refused the CUDA source\n{error}") from None
        module = tc.load(built.path)
        return tuple(module.address(f"st_shim_{name}") for name in kernel_names)

    def describe(self) -> str:
        """The device in one line."""
        compiler = " ".join(tc.toolchain().cxx or ("no C++ compiler",))
        return f"cuda-shim: CUDA source on the host, a fiber for each waiting thread ({compiler})"

    def _driver_error(self, code: int) -> str:
        return SHIM_ERRORS.get(code, f"unknown code {code}")


class NullDevice(HostDevice):
    """Does everything but launch; its counters tell what a program would have done."""

    def __init__(self) -> None:
        super().__init__("null", executes=False)
        self._handles = 0

    def compile(self, source: str, kernel_names: Sequence[str]) -> tuple[int, ...]:
        """Make handles, once it is sure that the source names the kernels."""
        for name in kernel_names:
            if not re.search(rf"\b{re.escape(name)}\s*\(", source):
                raise DeviceError(f"the source has no kernel {name!r}")
        first = self._handles + 1
        self._handles += len(kernel_names)
        return tuple(range(first, first + len(kernel_names)))

    def describe(self) -> str:
        """The device in one line."""
        return "null: host memory, launches are counted and not executed"


def open_shim() -> ShimDevice:
    """Open the device that runs CUDA source on the CPU."""
    return ShimDevice()


def open_null() -> NullDevice:
    """Open the device that runs nothing."""
    return NullDevice()
