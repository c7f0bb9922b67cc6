"""Both dispatchers, the C extension and the cffi fallback, and devices, for the tests of several files."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from symtensor.runtime import cuda
from symtensor.runtime import toolchain as tc
from symtensor.runtime.device import NoDevice, device
from symtensor.runtime.signature import Output, Signature
from tests.runtime.entries import Entries
from tests.runtime.making import F8, Maker, vector
from tests.runtime.session import Session

HERE = Path(__file__).parent


@pytest.fixture(params=["extension", "fallback"])
def native(request: pytest.FixtureRequest) -> ModuleType:
    """A module with Function, Container, trim, retained, workers and set_workers."""
    if request.param == "fallback":
        return importlib.import_module("symtensor.runtime.fallback")
    module = importlib.import_module("symtensor.runtime._native")
    if not hasattr(module, "Function"):
        pytest.skip("the C extension is not built: python setup.py build_ext --inplace")
    return module


@pytest.fixture(scope="session")
def dispatch_entries(tmp_path_factory: pytest.TempPathFactory) -> Entries:
    return Entries((HERE / "dispatch_entries.c").read_text(), tmp_path_factory.mktemp("dispatch"))


@pytest.fixture
def make(native: ModuleType, dispatch_entries: Entries) -> Maker:
    return Maker(native, dispatch_entries)


@pytest.fixture
def add_one(make: Maker) -> Any:
    return make("add_one", Signature((vector("x"),), (Output("y", F8, 1),)))


@pytest.fixture
def shim() -> Iterator[Session]:
    with Session(device("cuda-shim")) as session:
        yield session


@pytest.fixture(scope="module")
def nvrtc() -> cuda.Nvrtc:
    try:
        return cuda.nvrtc()
    except NoDevice as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def fake_driver() -> tc.Module:
    """The functions of a CUDA driver, over plain memory."""
    source = (HERE / "fake_cuda.c").read_text()
    return tc.load(tc.toolchain().compile(source, name="fake_cuda", optimize=1).path)


@pytest.fixture(scope="module")
def fake_cuda(fake_driver: tc.Module) -> cuda.CudaDevice:
    return cuda.CudaDevice(cuda.Driver(str(fake_driver.path)))
