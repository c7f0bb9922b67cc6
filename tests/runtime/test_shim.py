"""The host shim: CUDA source that runs on the CPU."""

from __future__ import annotations

import threading
from ctypes import c_double, c_float, c_int, c_int64

import numpy as np
import pytest

from symtensor.runtime import shim as shim_module
from symtensor.runtime.device import DeviceError
from symtensor.runtime.shim import host_source
from tests.runtime.cuda_sources import DIVERGENT, ELEMENTWISE, KERNELS, TREE
from tests.runtime.session import Refused, Session


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
