"""What every device does alike, the null device, and the registry."""

from __future__ import annotations

import ctypes
from ctypes import c_float, c_int64

import numpy as np
import pytest

from symtensor.runtime import device as devices
from symtensor.runtime.device import DeviceError, device
from tests.runtime.cuda_sources import KERNELS
from tests.runtime.session import Refused, Session


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


# ---- the null device ----


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


# ---- the registry ----


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
