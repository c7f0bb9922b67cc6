"""OpenCL by its adapter, on PoCL."""

from __future__ import annotations

from ctypes import c_float, c_int, c_int64

import numpy as np
import pytest

from symtensor.errors import SymtensorError
from symtensor.runtime import cache
from symtensor.runtime.device import DeviceError, NoDevice, device
from tests.runtime.session import Refused, Session

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
