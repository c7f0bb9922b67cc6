"""CUDA: source to cubin by NVRTC, which needs no GPU, and the device over the driver API, which does.

PyCUDA, where it is installed, opens device and primary context; without it the driver is asked directly, so that only
``libcuda`` is needed.  Memory, copies and launches go through the C adapter either way.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import importlib.metadata
import importlib.util
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from symtensor.runtime import cache
from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import AdapterDevice, DeviceError, NoDevice, load_adapter, open_driver_table

# Strict semantics: no contraction, no flushing of subnormals; division and square root are rounded correctly.
OPTIONS = ("--fmad=false", "--ftz=false", "--prec-div=true", "--prec-sqrt=true", "-std=c++17")
_WHEELS = ("nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu13", "nvidia-cuda-nvrtc-cu12", "nvidia-cuda-nvrtc-cu11")
_COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR = 75, 76  # CUdevice_attribute


# ---- NVRTC ---------------------------------------------------------------------------------------------------------


class Nvrtc:
    """The run-time compiler, loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._module = tc.load(path)
        major, minor = ctypes.c_int(), ctypes.c_int()
        self._call("nvrtcVersion", ctypes.byref(major), ctypes.byref(minor))
        self.version = f"{major.value}.{minor.value}"

    def cubin(self, source: str, name: str, options: Sequence[str]) -> bytes:
        """Compile to machine code; see `compile_cubin`."""
        program = ctypes.c_void_p()
        self._call("nvrtcCreateProgram", ctypes.byref(program), source.encode(), name.encode(), 0, None, None)
        try:
            given = (ctypes.c_char_p * len(options))(*(option.encode() for option in options))
            if self._status("nvrtcCompileProgram", program, len(options), given):
                raise _refused(source, self._bytes(program, "ProgramLog").rstrip(b"\0").decode(errors="replace"))
            return self._bytes(program, "CUBIN")
        finally:
            self._call("nvrtcDestroyProgram", ctypes.byref(program))

    def _bytes(self, program: ctypes.c_void_p, what: str) -> bytes:
        size = ctypes.c_size_t()
        self._call(f"nvrtcGet{what}Size", program, ctypes.byref(size))
        buffer = ctypes.create_string_buffer(size.value)
        self._call(f"nvrtcGet{what}", program, buffer)
        return buffer.raw

    def _status(self, function: str, *arguments: Any) -> int:
        return ctypes.CFUNCTYPE(ctypes.c_int)(self._module.address(function))(*arguments)

    def _call(self, function: str, *arguments: Any) -> None:
        status = self._status(function, *arguments)
        if status:
            raise DeviceError(f"{function} of {self.path.name} failed with status {status}")


def _refused(source: str, log: str) -> DeviceError:
    kept = cache.store(cache.object_key(source, flags=(), compiler="nvrtc"), "failed.cu", source.encode())
    lines = [line for line in log.splitlines() if "error" in line] or log.splitlines()
    shown = "\n".join(f"  {line[:240]}" for line in lines[:8])
    return DeviceError(f"NVRTC refused the source\n{shown}\n  source kept in {kept}")


def _nvrtc_paths() -> Iterator[Path]:
    """Where NVRTC may lie: in its wheel, in other NVIDIA wheels, in a toolkit, on the linker's path."""
    for wheel in _WHEELS:
        try:
            files = importlib.metadata.files(wheel) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        yield from (Path(str(f.locate())) for f in files if f.name.startswith("libnvrtc.so"))
    spec = importlib.util.find_spec("nvidia")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        yield from sorted(Path(folder).glob("**/libnvrtc.so*"))
    for root in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        if root:
            yield from sorted(Path(root).glob("lib*/libnvrtc.so*"))
    found = ctypes.util.find_library("nvrtc")
    if found:
        yield Path(found)


@functools.cache
def nvrtc() -> Nvrtc:
    """The run-time compiler of this process.

    Raises:
        NoDevice: none is installed.
    """
    for path in _nvrtc_paths():
        try:
            return Nvrtc(path)
        except tc.LoadError:
            continue
    raise NoDevice("CUDA source is compiled by NVRTC, which was not found\n  hint: pip install nvidia-cuda-nvrtc")


def compile_cubin(source: str, arch: str = "sm_75", *, name: str = "kernels") -> bytes:
    """Compile CUDA C++ to machine code of one architecture; works without a GPU.

    Args:
        source: a translation unit whose kernels are ``extern "C" __global__``.
        arch: real architecture, as in ``"sm_75"`` or ``"sm_90"``.
        name: what the log calls the source.

    Raises:
        DeviceError: NVRTC refuses the source; the message shows its first errors and where the source was kept.
        NoDevice: NVRTC is not installed.
    """
    compiler = nvrtc()
    options = (f"--gpu-architecture={arch}", *OPTIONS)
    key = cache.object_key(source, flags=options, compiler=f"nvrtc {compiler.version}")
    kept = cache.read(key, "cubin")
    if kept is not None:
        return kept
    binary = compiler.cubin(source, f"{name}.cu", options)
    cache.default().count("compilations")
    cache.store(key, "cu", source.encode())
    cache.store(key, "cubin", binary)
    return binary


# ---- the device ----------------------------------------------------------------------------------------------------


class Driver:
    """``libcuda``, called from Python while things are set up."""

    def __init__(self, path: str = "libcuda.so.1") -> None:
        try:
            self.module = tc.load(Path(path))
        except tc.LoadError as error:
            raise NoDevice(
                f"target 'cuda' needs NVIDIA's driver: {error}\n"
                "  hint: install it, or run the same source on the host with target='cuda-shim'"
            ) from None

    def status(self, function: str, *arguments: Any) -> int:
        """Call a function and return its CUresult."""
        return ctypes.CFUNCTYPE(ctypes.c_int)(self.module.address(function))(*arguments)

    def call(self, function: str, *arguments: Any) -> None:
        """Call a function.

        Raises:
            DeviceError: it does not succeed.
        """
        status = self.status(function, *arguments)
        if status:
            raise DeviceError(f"{function}: {self.error_text(status)}")

    def handle(self, function: str, *arguments: Any) -> int:
        """The handle that a function stores through its first parameter."""
        result = ctypes.c_void_p()
        self.call(function, ctypes.byref(result), *arguments)
        return result.value or 0

    def integer(self, function: str, *arguments: Any) -> int:
        """The int that a function stores through its first parameter."""
        result = ctypes.c_int()
        self.call(function, ctypes.byref(result), *arguments)
        return result.value

    def error_text(self, code: int) -> str:
        """The driver's own name and text of a CUresult."""
        name, text = ctypes.c_char_p(), ctypes.c_char_p()
        self.status("cuGetErrorName", code, ctypes.byref(name))
        self.status("cuGetErrorString", code, ctypes.byref(text))
        return f"CUDA error {code} ({(name.value or b'unknown').decode()}: {(text.value or b'no text').decode()})"


class CudaDevice(AdapterDevice):
    """One GPU with its primary context and one stream."""

    def __init__(self, driver: Driver, ordinal: int = 0) -> None:
        self._driver = driver
        self._ordinal = ordinal
        self._session = _pycuda_context(ordinal)  # kept: PyCUDA releases the context with its last reference
        driver.call("cuInit", 0)
        if driver.integer("cuDeviceGetCount") <= ordinal:
            raise NoDevice(f"the CUDA driver finds no GPU number {ordinal}")
        self._gpu = ctypes.c_int(driver.integer("cuDeviceGet", ordinal))
        self._context = ctypes.c_void_p(driver.handle("cuDevicePrimaryCtxRetain", self._gpu))
        major, minor = (
            driver.integer("cuDeviceGetAttribute", attribute, self._gpu)
            for attribute in (_COMPUTE_CAPABILITY_MAJOR, _COMPUTE_CAPABILITY_MINOR)
        )
        self.arch = f"sm_{major}{minor}"
        self._loading = threading.Lock()
        adapter = load_adapter("cuda.c")
        with _Current(driver, self._context):
            # Stream 0 waits for, and is waited for by, what other libraries run in the same primary context.
            table = open_driver_table(adapter, driver.module.address, self._context.value or 0, 0)
        super().__init__("cuda", adapter, table)

    def compile(self, source: str, kernel_names: Sequence[str]) -> tuple[int, ...]:
        """Compile for this GPU and load; see `symtensor.runtime.device.Device`."""
        binary = compile_cubin(source, self.arch)
        with self._loading, _Current(self._driver, self._context):
            module = ctypes.c_void_p(self._driver.handle("cuModuleLoadData", binary))  # never unloaded
            cache.default().count("loads")
            return tuple(self._kernel(module, name) for name in kernel_names)

    def describe(self) -> str:
        """The device in one line."""
        text = ctypes.create_string_buffer(256)
        self._driver.call("cuDeviceGetName", text, len(text), self._gpu)
        version = self._driver.integer("cuDriverGetVersion")
        owner = "PyCUDA" if self._session is not None else "the driver"
        supported = f"CUDA {version // 1000}.{version % 1000 // 10}"
        return f"cuda: {text.value.decode()} ({self.arch}, {supported}, opened by {owner})"

    def _kernel(self, module: ctypes.c_void_p, name: str) -> int:
        try:
            return self._driver.handle("cuModuleGetFunction", module, name.encode())
        except DeviceError as error:
            raise DeviceError(f"the CUDA source has no kernel {name!r}: {error}") from None

    def _driver_error(self, code: int) -> str:
        return self._driver.error_text(code)


class _Current:
    """Makes a context current for this thread inside of a ``with`` block."""

    def __init__(self, driver: Driver, context: ctypes.c_void_p) -> None:
        self._driver = driver
        self._context = context

    def __enter__(self) -> None:
        self._driver.call("cuCtxPushCurrent_v2", self._context)

    def __exit__(self, *_: object) -> None:
        self._driver.handle("cuCtxPopCurrent_v2")


def _pycuda_context(ordinal: int) -> object | None:
    """PyCUDA's hold on the primary context, so that its arrays and ours live in the same one."""
    if importlib.util.find_spec("pycuda") is None:
        return None
    import pycuda.driver

    pycuda.driver.init()
    context: object = pycuda.driver.Device(ordinal).retain_primary_context()
    return context


def open_cuda() -> CudaDevice:
    """Open the GPU that ``$SYMTENSOR_CUDA_DEVICE`` numbers, 0 unless set.

    Raises:
        NoDevice: the driver or the GPU is missing.
    """
    return CudaDevice(Driver(), int(os.environ.get("SYMTENSOR_CUDA_DEVICE", "0")))
