"""The OpenCL device: PyOpenCL opens it and builds programs, the C adapter runs them.

The first GPU is taken, else the first device of another kind (PoCL runs OpenCL on the CPU);
``$SYMTENSOR_OPENCL_DEVICE`` picks one by a part of its platform's and device's names.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import platform
import re
import struct
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from symtensor.runtime import cache, processor
from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import AdapterDevice, DeviceError, NoDevice, load_adapter, open_driver_table

_HINT = "\n  hint: pip install 'pyopencl[pocl]' (PoCL runs OpenCL on the CPU)"
# As on the other targets: a product and a sum are fused only where the source says so.
_PRELUDE = "#pragma OPENCL FP_CONTRACT OFF\n#line 1\n"


class OpenCLDevice(AdapterDevice):
    """One OpenCL device with one context and one queue, in order."""

    def __init__(self, chosen: Any) -> None:
        """Open a ``pyopencl.Device``."""
        import pyopencl as cl

        _name_processor(chosen)
        self._device = chosen
        self._context = cl.Context([chosen])
        self._queue = cl.CommandQueue(self._context)
        self._kept: list[object] = []  # programs and kernels whose handles were given away
        self._building = threading.Lock()
        driver = _driver_library()
        adapter = load_adapter("opencl.c")
        table = open_driver_table(adapter, driver.address, self._context.int_ptr, self._queue.int_ptr)
        super().__init__("opencl", adapter, table)

    def compile(self, source: str, kernel_names: Sequence[str]) -> tuple[int, ...]:
        """Build a program and take its kernels; see `symtensor.runtime.device.Device`."""
        with self._building:
            program = self._build(source)
            kernels = [self._kernel(program, name) for name in kernel_names]
            self._kept += [program, *kernels]
        return tuple(kernel.int_ptr for kernel in kernels)

    def describe(self) -> str:
        """The device in one line."""
        d = self._device
        return f"opencl: {d.name.strip()} on {d.platform.name.strip()} ({d.version.strip()}, driver {d.driver_version})"

    def _driver_error(self, code: int) -> str:
        import pyopencl as cl

        names: Any = cl.status_code
        return f"OpenCL error {code} ({names.to_string(code, 'unknown code %d')})"

    def _build(self, source: str) -> Any:
        """From the binary in our cache, else from source.  PyOpenCL's own cache is passed by: it takes locks."""
        import pyopencl as cl

        options = self._options()
        key = cache.object_key(_PRELUDE + source, flags=options, compiler=self.describe())
        binary = cache.read(key, "clbin")
        if binary is not None:
            try:
                loaded = cl.Program(self._context, [self._device], [binary])
                loaded.build(list(options))
            except cl.Error:
                pass  # the driver no longer takes it, for instance after a change that its version does not show
            else:
                cache.default().count("loads")
                return loaded
        program: Any = cl._cl._Program(self._context, _PRELUDE + source)
        try:
            program.build(" ".join(options).encode(), [self._device])
        except cl.Error:
            raise self._refused(source, program.get_build_info(self._device, cl.program_build_info.LOG)) from None
        built = program.get_info(cl.program_info.BINARIES)[0]
        cache.default().count("compilations")
        cache.store(key, "cl", source.encode())
        if built:
            cache.store(key, "clbin", built)
        return program

    def _options(self) -> tuple[str, ...]:
        import pyopencl as cl

        config = self._device.single_fp_config
        exact = config & cl.device_fp_config.CORRECTLY_ROUNDED_DIVIDE_SQRT
        return ("-cl-std=CL1.2", *(("-cl-fp32-correctly-rounded-divide-sqrt",) if exact else ()))

    def _refused(self, source: str, log: str) -> DeviceError:
        kept = cache.store(cache.object_key(source, flags=(), compiler="opencl"), "failed.cl", source.encode())
        lines = [line for line in log.splitlines() if "error" in line] or log.splitlines()
        shown = "\n".join(f"  {line[:240]}" for line in lines[:8])
        return DeviceError(f"{self.describe()} refused the source\n{shown}\n  source kept in {kept}")

    def _kernel(self, program: Any, name: str) -> Any:
        import pyopencl as cl

        try:
            return cl.Kernel(program, name)
        except cl.Error:
            raise DeviceError(f"the OpenCL source has no kernel {name!r}") from None


def _driver_library() -> tc.Module:
    """The ICD loader that PyOpenCL itself runs on: the one in its wheel, else the system's."""
    import pyopencl as cl

    bundled = sorted((Path(cl.__file__).parent / ".libs").glob("libOpenCL*"))
    names = [*map(str, bundled), ctypes.util.find_library("OpenCL") or "libOpenCL.so.1"]
    for name in names:
        try:
            return tc.load(Path(name))
        except tc.LoadError:
            continue
    raise NoDevice(f"no OpenCL loader was found: tried {', '.join(names)}{_HINT}")


def _name_processor(chosen: Any) -> None:
    """Let PoCL build programs on a processor that is newer than its LLVM.

    LLVM calls such a processor "generic", and its own front end then refuses that name: every build fails with "unknown
    target CPU 'generic'" (https://github.com/pocl/pocl/issues/1049, open; no option or variable reaches the name).  The
    name is a string that PoCL's device record points to.  An older processor's name of no greater length is put in its
    place.  /proc/self/mem is used since it answers with an error where a wild pointer would crash.
    """
    if chosen.platform.name != "Portable Computing Language" or platform.machine() != "x86_64":
        return
    flags = set(re.findall(r"[\w.]+", next(iter(re.findall(r"(?m)^flags.*$", processor.cpuinfo())), "")))
    known = b"haswell\0" if {"avx2", "fma", "bmi1", "bmi2", "movbe", "f16c"} <= flags else b"x86-64\0"
    try:
        with open("/proc/self/mem", "r+b", buffering=0) as memory:
            record = os.pread(memory.fileno(), 4096, chosen.int_ptr)
            for pointer in struct.unpack(f"<{len(record) // 8}Q", record[: len(record) // 8 * 8]):
                if _text_at(memory.fileno(), pointer) == b"generic\0":
                    os.pwrite(memory.fileno(), known, pointer)
    except OSError:
        return  # the build says what is wrong


def _text_at(memory: int, address: int) -> bytes:
    try:
        return os.pread(memory, 8, address) if 4096 <= address < 1 << 47 else b""
    except OSError:
        return b""


def open_opencl() -> OpenCLDevice:
    """Choose and open the device.

    Raises:
        NoDevice: PyOpenCL is missing, or finds no (such) device.
    """
    try:
        import pyopencl as cl
    except ImportError as error:
        raise NoDevice(f"target 'opencl' needs PyOpenCL: {error}{_HINT}") from None
    try:
        devices = [d for p in cl.get_platforms() for d in p.get_devices()]
    except cl.Error as error:
        raise NoDevice(f"OpenCL finds no platform: {error}{_HINT}") from None
    wanted = os.environ.get("SYMTENSOR_OPENCL_DEVICE", "")
    fitting = [d for d in devices if wanted.lower() in f"{d.platform.name} {d.name}".lower()]
    if not fitting:
        found = ", ".join(f"{d.platform.name}: {d.name}" for d in devices) or "none"
        reason = f"no OpenCL device matches $SYMTENSOR_OPENCL_DEVICE={wanted!r}" if wanted else "no OpenCL device"
        raise NoDevice(f"{reason}; found: {found}{_HINT}")
    return OpenCLDevice(min(fitting, key=lambda d: not d.type & cl.device_type.GPU))
