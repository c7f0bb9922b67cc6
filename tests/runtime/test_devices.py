"""Devices: the host shim for CUDA source, NVRTC, OpenCL by its adapter, the null device, CUDA over a fake driver."""

from __future__ import annotations

import ctypes
import threading
from ctypes import c_double, c_float, c_int, c_int64
from pathlib import Path

import numpy as np
import pytest

from symtensor.errors import SymtensorError
from symtensor.runtime import cache, cuda
from symtensor.runtime import device as devices
from symtensor.runtime import shim as shim_module
from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import DeviceError, NoDevice, device
from symtensor.runtime.shim import host_source

from .session import Refused, Session

ELEMENTWISE = """
extern "C" __global__ void scale(const float *x, float *y, float a, long long n) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = fmaf(a, x[i], expf(0.0f));
}
"""
TREE = """
extern "C" __global__ void tree(const double *__restrict__ x, double *partial, long long n) {
  __shared__ double part[256];
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  part[threadIdx.x] = i < n ? x[i] : 0.0;
  __syncthreads();
  for (unsigned s = blockDim.x / 2; s > 0; s /= 2) {
    if (threadIdx.x < s) part[threadIdx.x] += part[threadIdx.x + s];
    __syncthreads();
  }
  if (threadIdx.x == 0) partial[blockIdx.x] = part[0];
}
"""
SHUFFLE = """
__device__ __forceinline__ double warp_sum(double v) {
  for (int d = 16; d > 0; d /= 2) v += __shfl_down_sync(0xffffffffu, v, d);
  return v;
}
extern "C" __global__ void __launch_bounds__(256) shuffled(const double *x, double *total, long long n) {
  long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  double v = warp_sum(i < n ? x[i] : 0.0);
  if (threadIdx.x % 32 == 0) atomicAdd(total, v);
}
"""
DIVERGENT = """
extern "C" __global__ void diverge(int *x) { if (threadIdx.x < 5) __syncthreads(); x[threadIdx.x] = 1; }
extern "C" __global__ void two_places(int *x) { if (threadIdx.x < 5) __syncthreads(); else __syncthreads(); }
extern "C" __global__ void uneven(int *x) { for (int i = 0; i < (int)threadIdx.x; i++) __syncthreads(); }
extern "C" __global__ void lonely(int *x) { if (threadIdx.x != 7) x[threadIdx.x] = __shfl_xor_sync(~0u, 1, 1); }
extern "C" __global__ void absent(int *x) { if (threadIdx.x < 4) x[0] = __shfl_sync(0xfu, 1, 9); }
extern "C" __global__ void outside(int *x) { __syncwarp(0xfu); }
"""
KERNELS = ELEMENTWISE + TREE + SHUFFLE


@pytest.fixture
def shim() -> Session:
    with Session(device("cuda-shim")) as session:
        yield session


# ---- the host shim -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 31, 256, 1000])
def test_shim_elementwise(shim: Session, n: int) -> None:
    (kernel,) = shim.compile(KERNELS, "scale")
    x = np.arange(n, dtype="float32")
    y = shim.alloc(x.nbytes)
    shim.launch(kernel, -(-n // 64), 64, shim.put(x), y, c_float(2.5), c_int64(n))
    np.testing.assert_array_equal(shim.get(y, n, "float32"), np.float32(2.5) * x + np.float32(1))


@pytest.mark.parametrize("group", [1, 2, 64, 256])
def test_shim_tree_reduction(shim: Session, group: int) -> None:
    (kernel,) = shim.compile(KERNELS, "tree")
    x = np.random.default_rng(0).normal(size=1000)
    groups = -(-x.size // group)
    partial = shim.alloc(8 * groups)
    shim.launch(kernel, groups, group, shim.put(x), partial, c_int64(x.size))
    expected = np.zeros(groups * group)
    expected[: x.size] = x
    expected = expected.reshape(groups, group)
    while expected.shape[1] > 1:  # the same tree, so the same bits
        half = expected.shape[1] // 2
        expected = expected[:, :half] + expected[:, half:]
    np.testing.assert_array_equal(shim.get(partial, groups, "float64"), expected[:, 0])


def test_shim_shuffle_reduction(shim: Session) -> None:
    (kernel,) = shim.compile(KERNELS, "shuffled")
    x = np.arange(1000.0)
    total = shim.put(np.zeros(1))
    shim.launch(kernel, 4, 256, shim.put(x), total, c_int64(x.size))
    assert shim.get(total, 1, "float64")[0] == x.sum()


def test_shim_shuffles_read_the_lane_that_cuda_names(shim: Session) -> None:
    source = """
    extern "C" __global__ void lanes(int *out, int by, int width) {
      int t = threadIdx.x, v = 100 + t;
      out[t] = __shfl_sync(~0u, v, by, 32);
      out[t + 64] = __shfl_up_sync(~0u, v, by, 8);
      out[t + 128] = __shfl_down_sync(~0u, v, by, 8);
      out[t + 192] = __shfl_xor_sync(~0u, v, by);
      out[t + 256] = (int)__ballot_sync(~0u, t % 3 == 0);
      out[t + 320] = __any_sync(~0u, t == 40) + 2 * __all_sync(~0u, t < 40);
    }"""
    (kernel,) = shim.compile(source, "lanes")
    out = shim.alloc(4 * 384)
    shim.launch(kernel, 1, 64, out, c_int(3), c_int(8))
    got = shim.get(out, (6, 64), "int32")
    t = np.arange(64)
    lane, base = t % 32, t - t % 32
    ballot = [sum(1 << k for k in range(32) if (b + k) % 3 == 0) for b in base]
    expected = [
        100 + base + 3,
        100 + np.where(lane % 8 >= 3, t - 3, t),
        100 + np.where(lane % 8 + 3 < 8, t + 3, t),
        100 + (t ^ 3),
        np.array(ballot, "uint32").astype("int32"),
        np.where(t < 32, 2, 1),
    ]
    np.testing.assert_array_equal(got, np.array(expected))


def test_shim_warps_wait_for_their_mask_only(shim: Session) -> None:
    """Halves of a warp take different paths, each with a mask of its own, and meet again at the block barrier."""
    source = """
    extern "C" __global__ void halves(double *out) {
      double v = threadIdx.x;
      if (threadIdx.x % 32 < 16) { v = __shfl_xor_sync(0x0000ffffu, v, 1); v = __shfl_xor_sync(0x0000ffffu, v, 2); }
      else v = -__shfl_xor_sync(0xffff0000u, v, 1);
      __syncthreads();
      out[threadIdx.x] = v + 1000 * __syncthreads_count(threadIdx.x < 5);
    }"""
    (kernel,) = shim.compile(source, "halves")
    out = shim.alloc(8 * 64)
    shim.launch(kernel, 1, 64, out)
    t = np.arange(64)
    np.testing.assert_array_equal(shim.get(out, 64, "float64"), 5000.0 + np.where(t % 32 < 16, t ^ 3, -(t ^ 1)))


def test_shim_atomics(shim: Session) -> None:
    source = """
    extern "C" __global__ void count(int *i, double *d, float *f, unsigned long long *m, int *spin) {
      atomicAdd(i, 2); atomicAdd(d, 0.5); atomicAdd(f, 0.25f);
      atomicMax(m, (unsigned long long)(blockIdx.x * blockDim.x + threadIdx.x));
      int old = *spin, seen;
      while ((seen = atomicCAS(spin, old, old + 3)) != old) old = seen;
    }"""
    (kernel,) = shim.compile(source, "count")
    buffers = [shim.put(np.zeros(1, dtype)) for dtype in ("int32", "float64", "float32", "uint64", "int32")]
    shim.launch(kernel, 3, 100, *buffers)
    got = [shim.get(b, 1, d)[0] for b, d in zip(buffers, ("int32", "float64", "float32", "uint64", "int32"))]
    assert got == [600, 150.0, 75.0, 299, 900]


def test_shim_shared_memory_is_not_initialised(shim: Session) -> None:
    """What an earlier block left in shared memory is gone, as a GPU promises nothing."""
    source = """
    extern "C" __global__ void left(float *out) {
      __shared__ float kept[4];
      out[blockIdx.x] = kept[0];
      kept[0] = 1.0f;
    }"""
    (kernel,) = shim.compile(source, "left")
    out = shim.alloc(8)
    shim.launch(kernel, 2, 1, out)
    assert np.isnan(shim.get(out, 2, "float32")).all()


@pytest.mark.parametrize("kernel", ["diverge", "two_places", "uneven", "lonely"])
def test_shim_reports_divergent_barriers(shim: Session, kernel: str) -> None:
    (handle, tree) = shim.compile(DIVERGENT + TREE, kernel, "tree")
    x = shim.alloc(4 * 64)
    for _ in range(3):  # and goes on working afterwards
        with pytest.raises(Refused, match="divergent barrier"):
            shim.launch(handle, 2, 64, x)
    ones, partial = shim.put(np.ones(256)), shim.alloc(8)
    shim.launch(tree, 1, 256, ones, partial, c_int64(256))
    assert shim.get(partial, 1, "float64")[0] == 256


@pytest.mark.parametrize("kernel", ["absent", "outside"])
def test_shim_reports_lanes_outside_of_the_mask(shim: Session, kernel: str) -> None:
    (handle,) = shim.compile(DIVERGENT, kernel)
    with pytest.raises(Refused, match="warp operation"):
        shim.launch(handle, 1, 64, shim.alloc(256))


def test_shim_full_blocks_and_deep_stacks(shim: Session) -> None:
    source = """
    extern "C" __global__ void deep(double *out) {
      double local[2000];
      for (int i = 0; i < 2000; i++) local[i] = threadIdx.x + i;
      __syncthreads();
      double sum = 0;
      for (int i = 0; i < 2000; i++) sum += local[i];
      out[threadIdx.x] = sum;
    }"""
    (kernel,) = shim.compile(source, "deep")
    out = shim.alloc(8 * 1024)
    shim.launch(kernel, 2, 1024, out)
    np.testing.assert_array_equal(shim.get(out, 1024, "float64"), 2000.0 * np.arange(1024) + 1999000)


def test_shim_checks_arguments(shim: Session) -> None:
    (kernel,) = shim.compile(KERNELS, "scale")
    x = shim.alloc(4)
    with pytest.raises(Refused, match="number or size"):
        shim.launch(kernel, 1, 1, x, x, c_double(1), c_int64(1))
    with pytest.raises(Refused, match="number or size"):
        shim.launch(kernel, 1, 1, x, x, c_float(1))
    for groups, size in ((-1, 1), (1, 0), (1, 1025)):
        with pytest.raises(Refused, match="no launch can have"):
            shim.launch(kernel, groups, size, x, x, c_float(1), c_int64(1))
    shim.launch(kernel, 0, 64, x, x, c_float(1), c_int64(1))  # nothing to do


def test_shim_runs_launches_of_several_threads_one_by_one(shim: Session) -> None:
    (kernel,) = shim.compile(KERNELS, "tree")
    x = shim.put(np.ones(512))
    results: list[float] = []

    def work() -> None:
        partial = shim.alloc(16)
        for _ in range(20):
            shim.launch(kernel, 2, 256, x, partial, c_int64(512))
            results.append(float(shim.get(partial, 2, "float64").sum()))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [512.0] * 80


def test_shim_names_of_the_c_library_are_free(shim: Session) -> None:
    source = """
    typedef long long int64_t;
    __device__ float index(float x) { return x + 1; }
    extern "C" __global__ void write(float *y, int64_t n) { if (n) y[0] = index(min(2.0f, 1.0f)); }"""
    (kernel,) = shim.compile(source, "write")
    y = shim.alloc(4)
    shim.launch(kernel, 1, 1, y, c_int64(1))
    assert shim.get(y, 1, "float32")[0] == 2


@pytest.mark.parametrize(
    ("source", "name", "message"),
    [
        ('extern "C" __global__ void f(int *x) { x[0] = y; }', "f", "kernels.cu:1:.*'y'"),
        ('extern "C" __global__ void f(int *x) { x[0] = 1; }', "g", "'g' is not a member"),
    ],
)
def test_shim_refuses(shim: Session, source: str, name: str, message: str) -> None:
    with pytest.raises(DeviceError, match=message):
        shim.compile(source, name)


def test_shim_with_portable_fibers(shim: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """The switch for processors without one of our own."""
    monkeypatch.setattr(shim_module, "_FLAGS", (*shim_module._FLAGS, "-DST_UCONTEXT"))
    test_shim_tree_reduction(shim, 64)
    test_shim_warps_wait_for_their_mask_only(shim)
    test_shim_reports_divergent_barriers(shim, "diverge")


def test_shim_source_is_the_very_text() -> None:
    assert ELEMENTWISE in host_source(ELEMENTWISE, ["scale"])


# ---- NVRTC ---------------------------------------------------------------------------------------------------------

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


@pytest.fixture(scope="module")
def nvrtc() -> cuda.Nvrtc:
    try:
        return cuda.nvrtc()
    except NoDevice as error:
        pytest.skip(str(error))


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


# ---- OpenCL --------------------------------------------------------------------------------------------------------

OPENCL = """
__kernel void scale(__global const float *x, __global float *y, float a, long n) {
  long i = get_global_id(0);
  if (i < n) y[i] = a * x[i] + 0.1f;
}
__kernel void tree(__global const double *x, __global double *partial, long n) {
  __local double part[64];
  long i = get_global_id(0), t = get_local_id(0);
  part[t] = i < n ? x[i] : 0.0;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (long s = get_local_size(0) / 2; s > 0; s /= 2) {
    if (t < s) part[t] += part[t + s];
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  if (t == 0) partial[get_group_id(0)] = part[0];
}
"""


@pytest.fixture
def opencl() -> Session:
    pytest.importorskip("pyopencl")
    with Session(device("opencl")) as session:
        yield session


def test_opencl_end_to_end(opencl: Session) -> None:
    scale, tree = opencl.compile(OPENCL, "scale", "tree")
    x = np.random.default_rng(0).random(1000, dtype="float32")
    y = opencl.alloc(x.nbytes)
    opencl.launch(scale, 16, 64, opencl.put(x), y, c_float(2.5), c_int64(x.size))
    expected = np.float32(2.5) * x + np.float32(0.1)  # two roundings: no contraction
    np.testing.assert_array_equal(opencl.get(y, x.size, "float32"), expected)
    partial = opencl.alloc(8 * 16)
    opencl.launch(tree, 16, 64, opencl.put(np.ones(1000)), partial, c_int64(1000))
    opencl.synchronize()
    np.testing.assert_array_equal(opencl.get(partial, 16, "float64"), [64.0] * 15 + [40.0])


def test_opencl_program_is_kept_and_loads_again(opencl: Session) -> None:
    source = OPENCL.replace("0.1f", "0.2f")
    opencl.compile(source, "scale")
    before = cache.cache_info()
    (scale,) = opencl.compile(source, "scale")
    after = cache.cache_info()
    assert (after.hits - before.hits, after.compilations) == (1, before.compilations)
    y = opencl.alloc(4)
    opencl.launch(scale, 1, 1, opencl.put(np.ones(1, "float32")), y, c_float(1), c_int64(1))
    assert opencl.get(y, 1, "float32")[0] == np.float32(1.2)


def test_opencl_refuses(opencl: Session) -> None:
    with pytest.raises(DeviceError, match="'y'") as caught:
        opencl.compile("__kernel void f(__global float *x) { x[0] = y; }", "f")
    assert isinstance(caught.value, SymtensorError)
    assert "source kept in" in str(caught.value)
    with pytest.raises(DeviceError, match="no kernel 'other'"):
        opencl.compile(OPENCL, "other")
    (scale,) = opencl.compile(OPENCL, "scale")
    with pytest.raises(Refused, match="INVALID_ARG_SIZE"):
        opencl.launch(scale, 1, 1, c_int(1), c_int(1), c_float(1), c_int64(1))
    x = opencl.alloc(4)
    with pytest.raises(Refused, match=r"INVALID_WORK_GROUP_SIZE|INVALID_WORK_ITEM_SIZE"):
        opencl.launch(scale, 1, 1 << 20, x, x, c_float(1), c_int64(1))


def test_no_pyopencl(monkeypatch: pytest.MonkeyPatch) -> None:
    from symtensor.runtime import opencl as module

    monkeypatch.setitem(__import__("sys").modules, "pyopencl", None)
    with pytest.raises(NoDevice, match=r"pip install 'pyopencl\[pocl\]'"):
        module.open_opencl()


def test_opencl_device_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyopencl")
    from symtensor.runtime import opencl as module

    monkeypatch.setenv("SYMTENSOR_OPENCL_DEVICE", "no such device")
    with pytest.raises(NoDevice, match=r"no such device.*found: ."):
        module.open_opencl()


# ---- memory, on every device ---------------------------------------------------------------------------------------


@pytest.fixture(params=["null", "cuda-shim", "opencl", "fake cuda"])
def any_device(request: pytest.FixtureRequest) -> Session:
    if request.param == "opencl":
        pytest.importorskip("pyopencl")
    opened = request.getfixturevalue("fake_cuda") if request.param == "fake cuda" else device(request.param)
    with Session(opened) as session:
        yield session


def test_transfers_with_offsets(any_device: Session) -> None:
    a = np.arange(100, dtype="int64")
    x = any_device.put(a)
    any_device.write(x, np.array([-1, -2]), offset=80)
    a[10:12] = [-1, -2]
    np.testing.assert_array_equal(any_device.get(x, 5, "int64", offset=72), a[9:14])
    y = any_device.put(np.zeros(100, "int64"))
    any_device.copy(y, 160, x, 80, 240)
    any_device.synchronize()
    expected = np.zeros(100, "int64")
    expected[20:50] = a[10:40]
    np.testing.assert_array_equal(any_device.get(y, 100, "int64"), expected)


@pytest.mark.parametrize("apart", [-3, 3, 60])
def test_copy_within_a_buffer(any_device: Session, apart: int) -> None:
    a = np.arange(100, dtype="int64")
    x = any_device.put(a)
    any_device.copy(x, 8 * (20 + apart), x, 160, 160)
    expected = a.copy()
    expected[20 + apart : 40 + apart] = a[20:40]
    np.testing.assert_array_equal(any_device.get(x, 100, "int64"), expected)


def test_nothing_is_a_size_too(any_device: Session) -> None:
    empty = any_device.put(np.zeros(0))
    any_device.copy(empty, 0, any_device.alloc(0), 0, 0)
    assert any_device.get(empty, 0, "float64").size == 0


def test_released_memory_is_used_again(any_device: Session) -> None:
    before = any_device.device.counters()
    handles = set()
    for size in (100_000, 100_000, 99_000, 100_000):
        x = any_device.alloc(size)
        handles.add(x.value)
        any_device.release(x)
    after = any_device.device.counters()
    assert len(handles) == 1
    assert after["allocations"] - before["allocations"] == 4
    assert after["driver_allocations"] - before["driver_allocations"] <= 1
    assert after["live_bytes"] == before["live_bytes"]
    assert after["idle_bytes"] >= 100_000
    any_device.device.trim()
    assert any_device.device.counters()["idle_bytes"] == 0


def test_buffers_in_use_are_distinct(any_device: Session) -> None:
    handles = [any_device.put(np.full(10, k)) for k in range(50)]
    assert len({h.value for h in handles}) == 50
    assert [any_device.get(h, 10, "int64")[3] for h in handles] == list(range(50))


def test_unknown_handle_and_absurd_size(any_device: Session) -> None:
    with pytest.raises(Refused, match="no buffer in use"):
        any_device.release(ctypes.c_void_p(0x1234560))
    with pytest.raises(Refused, match="out of memory"):
        any_device.alloc(1 << 62)


@pytest.mark.parametrize("name", ["null", "cuda-shim"])
def test_accesses_beyond_a_buffer(name: str) -> None:
    with Session(device(name)) as session:
        x = session.alloc(80)
        with pytest.raises(Refused, match="beyond its buffer"):
            session.write(x, np.zeros(10), offset=8)
        with pytest.raises(Refused, match="beyond its buffer"):
            session.get(x, 1, "int8", offset=80)
        with pytest.raises(Refused, match="beyond its buffer"):
            session.copy(x, 0, x, -8, 8)


def test_shim_memory_begins_as_nan(shim: Session) -> None:
    x = shim.put(np.zeros(10))
    shim.release(x)
    assert np.isnan(shim.get(shim.alloc(80), 10, "float64")).all()


# ---- the null device -----------------------------------------------------------------------------------------------


def test_null_counts_and_does_not_launch() -> None:
    opened = device("null")
    with Session(opened) as session:
        scale, tree = session.compile(KERNELS, "scale", "tree")
        assert scale != tree
        before = opened.counters()
        x = session.put(np.zeros(10, "float32"))
        session.launch(scale, 3, 64, x, x, c_float(1), c_int64(10))
        session.launch(tree, 2, 64, x, x, c_int64(10))
        assert session.get(x, 10, "float32").sum() == 0  # it would be 10 had the kernel run
        session.copy(x, 0, x, 20, 20)
        after = opened.counters()
    counted = {name: after[name] - before[name] for name in after}
    assert counted["launches"] == 2
    assert counted["groups"] == 5
    assert (counted["bytes_written"], counted["bytes_read"], counted["bytes_copied"]) == (40, 40, 20)
    assert (counted["writes"], counted["reads"], counted["copies"]) == (1, 1, 1)
    assert counted["allocations"] == 1


def test_null_wants_kernels_that_exist() -> None:
    with pytest.raises(DeviceError, match="'missing'"):
        device("null").compile(KERNELS, ["missing"])


# ---- CUDA ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fake_driver() -> tc.Module:
    source = Path(__file__).with_name("fake_cuda.c").read_text()
    return tc.load(tc.toolchain().compile(source, name="fake_cuda", optimize=1).path)


@pytest.fixture(scope="module")
def fake_cuda(fake_driver: tc.Module) -> cuda.CudaDevice:
    return cuda.CudaDevice(cuda.Driver(str(fake_driver.path)))


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


# ---- the registry --------------------------------------------------------------------------------------------------


def test_devices_by_name() -> None:
    assert device("null") is device("null")
    assert device("null").name == "null"
    assert "host" in device("cuda-shim").describe()
    with pytest.raises(KeyError, match="no device 'abacus': there are cuda, cuda-shim, null, opencl"):
        device("abacus")


def test_a_device_can_be_added(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "_OPENERS", dict(devices._OPENERS))
    devices.register("second", "symtensor.runtime.shim:open_shim")
    assert device("second").name == "cuda-shim"
