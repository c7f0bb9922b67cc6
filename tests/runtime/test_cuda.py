"""CUDA: what NVRTC compiles, and the device over a fake driver."""

from __future__ import annotations

import ctypes
import threading
from ctypes import c_int
from pathlib import Path

import numpy as np
import pytest

from symtensor.runtime import cache, cuda
from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import DeviceError, NoDevice
from tests.runtime.cuda_sources import ELEMENTWISE, KERNELS
from tests.runtime.session import Refused, Session

MATH_1 = (
    "exp exp2 exp10 expm1 log log2 log10 log1p logb sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf "
    "erfc lgamma tgamma j0 j1 y0 y1 sqrt cbrt fabs floor ceil trunc round rint nearbyint rsqrt"
).split()
MATH_2 = "pow atan2 hypot fmod remainder copysign nextafter fdim fmin fmax".split()
VOCABULARY = (
    'extern "C" __global__ void __launch_bounds__(64) all(double *d, float *f, int *i, long long *l,'
    " unsigned long long *u) {\n  double x = d[0], y = d[1]; float a = f[0], b = f[1]; int k = i[0];\n"
    + "".join(f"  d[0] += {n}(x); f[0] += {n}(a) + {n}f(a);\n" for n in MATH_1)
    + "".join(f"  d[0] += {n}(x, y); f[0] += {n}(a, b) + {n}f(a, b);\n" for n in MATH_2)
    + """
  d[0] += fma(x, y, x) + ldexp(x, k) + rcbrt(x) + __fma_rn(x, y, x) + __dadd_rn(x, y) + __dsub_rn(x, y)
        + __dmul_rn(x, y) + __ddiv_rn(x, y) + __dsqrt_rn(x) + __longlong_as_double(l[0])
        + min(x, y) + max(x, y) + abs(x);
  f[0] += fma(a, b, a) + fmaf(a, b, a) + ldexpf(a, k) + rcbrtf(a) + __fmaf_rn(a, b, a) + __fadd_rn(a, b)
        + __fsub_rn(a, b)
        + __fmul_rn(a, b) + __fdiv_rn(a, b) + __fsqrt_rn(a) + __int_as_float(k) + __uint_as_float(3u)
        + min(a, b) + abs(a);
  i[0] += isnan(x) + isinf(x) + isfinite(x) + signbit(x) + isnan(a) + isinf(a) + isfinite(a) + signbit(a)
        + __float_as_int(a) + (int)__float_as_uint(a) + __popc(3u) + __popcll(3ull) + __clz(k)
        + __clzll(l[0]) + __ffs(k)
        + __ffsll(l[0]) + __mulhi(k, k) + (int)__umulhi(3u, 4u) + min(k, 3) + max(k, 3) + abs(k) + __ldg(i)
        + warpSize + (int)(gridDim.x + blockIdx.y + threadIdx.z);
  l[0] += __double_as_longlong(x) + __mul64hi(l[0], l[1]) + min(l[0], l[1]) + llabs(l[0]);
  u[0] += __umul64hi(u[0], u[1]) + max(u[0], u[1]);
  atomicAdd(i, 1); atomicSub(i, 1); atomicMin(i, 1); atomicMax(i, 1); atomicAnd(i, 1); atomicOr(i, 1); atomicXor(i, 1);
  atomicExch(i, 1); atomicCAS(i, 1, 2); atomicAdd(u, 1ull); atomicMin(l, 1ll); atomicMax(l, 1ll);
  atomicCAS(u, 1ull, 2ull);
  atomicExch(f, 1.0f); atomicAdd(f, 1.0f); atomicAdd(d, 1.0);
  __threadfence(); __threadfence_block(); __syncwarp();
  i[1] = __syncthreads_count(k) + __syncthreads_or(k) + __syncthreads_and(k) + (int)__ballot_sync(~0u, k)
       + __any_sync(~0u, k) + __all_sync(~0u, k) + __shfl_up_sync(~0u, k, 1) + (int)__shfl_sync(~0u, l[0], 3);
}
"""
)


@pytest.mark.parametrize(
    ("source", "arch"),
    [(KERNELS, "sm_75"), (KERNELS, "sm_90"), (VOCABULARY, "sm_75")],
    ids=["kernels-75", "kernels-90", "vocabulary-75"],
)
def test_nvrtc_compiles_what_the_shim_compiles(nvrtc: cuda.Nvrtc, arch: str, source: str, shim: Session) -> None:
    cubin = cuda.compile_cubin(source, arch)
    assert cubin[:4] == b"\x7fELF"
    assert len(cubin) > 1000
    names = ("all",) if source is VOCABULARY else ("scale", "tree", "shuffled")
    assert all(name.encode() in cubin for name in names)
    assert all(shim.compile(source, *names))


def test_nvrtc_result_is_kept(nvrtc: cuda.Nvrtc) -> None:
    source = ELEMENTWISE.replace("scale", "kept")
    first = cuda.compile_cubin(source, "sm_75")
    before = cache.cache_info()
    assert cuda.compile_cubin("// for people\n" + source, "sm_75") == first
    assert cache.cache_info().compilations == before.compilations
    assert cuda.compile_cubin(source, "sm_90") != first


def test_nvrtc_never_contracts(nvrtc: cuda.Nvrtc) -> None:
    assert "--fmad=false" in cuda.OPTIONS
    assert not any("fast" in option for option in cuda.OPTIONS)


def test_nvrtc_refuses(nvrtc: cuda.Nvrtc) -> None:
    with pytest.raises(DeviceError, match="undefined") as caught:
        cuda.compile_cubin('extern "C" __global__ void f(int *x) { x[0] = y; }')
    kept = Path(str(caught.value).rsplit("source kept in ", 1)[1])
    assert "x[0] = y" in kept.read_text()
    with pytest.raises(DeviceError, match="architecture"):
        cuda.compile_cubin(ELEMENTWISE, "sm_1")


def test_no_nvrtc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "_nvrtc_paths", lambda: iter(()))
    cuda.nvrtc.cache_clear()
    try:
        with pytest.raises(NoDevice, match="pip install nvidia-cuda-nvrtc"):
            cuda.compile_cubin(ELEMENTWISE)
    finally:
        cuda.nvrtc.cache_clear()


# ---- the device ----


def number(module: tc.Module, name: str) -> ctypes.c_int64:
    return ctypes.c_int64.from_address(module.address(name))


def test_cuda_device_over_a_fake_driver(fake_driver: tc.Module, fake_cuda: cuda.CudaDevice, nvrtc: cuda.Nvrtc) -> None:
    assert fake_cuda.arch == "sm_90"
    assert fake_cuda.describe() == "cuda: Fake GPU (sm_90, CUDA 13.1, opened by the driver)"
    with Session(fake_cuda) as session:
        scale, tree = session.compile(KERNELS, "scale", "tree")
        assert scale != tree
        x = session.put(np.arange(4, dtype="int32"))
        launches = number(fake_driver, "fake_launches").value
        session.launch(scale, 7, 128, x, c_int(5))
        np.testing.assert_array_equal(session.get(x, 4, "int32"), [5, 1, 2, 3])
        assert number(fake_driver, "fake_launches").value == launches + 1
        assert number(fake_driver, "fake_last").value == 7
        with pytest.raises(DeviceError, match="no kernel 'other'"):
            session.compile(KERNELS, "other")
        with pytest.raises(Refused, match="no launch can have"):
            session.launch(scale, 1, 2048, x, c_int(5))
    assert fake_driver.function("fake_depth", c_int)() == 0  # the thread's context stack is as it was


def test_cuda_calls_may_come_from_any_thread(fake_cuda: cuda.CudaDevice) -> None:
    got: list[np.ndarray] = []
    with Session(fake_cuda) as session:
        x = session.put(np.arange(3))
        thread = threading.Thread(target=lambda: got.append(session.get(x, 3, "int64")))
        thread.start()
        thread.join()
    np.testing.assert_array_equal(got[0], [0, 1, 2])


def test_cuda_memory_that_lies_idle_is_given_up_before_failing(
    fake_driver: tc.Module, fake_cuda: cuda.CudaDevice
) -> None:
    limit = number(fake_driver, "fake_limit")
    fake_cuda.trim()
    try:
        limit.value = number(fake_driver, "fake_allocated").value + 2_000_000
        with Session(fake_cuda) as session:
            session.release(session.alloc(1_500_000))
            session.alloc(1_000_000)  # does not fit beside what lies idle
            with pytest.raises(Refused, match="CUDA_ERROR_OUT_OF_MEMORY: as the fake driver says"):
                session.alloc(1_500_000)
    finally:
        limit.value = 1 << 62


def test_cuda_without_a_driver() -> None:
    with pytest.raises(NoDevice, match=r"libnothere.*\n  hint: .*cuda-shim"):
        cuda.Driver("libnothere.so.1")
