"""Both dispatchers, the C extension and the cffi fallback, for the tests that hold for either."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


@pytest.fixture(params=["extension", "fallback"])
def native(request: pytest.FixtureRequest) -> ModuleType:
    """A module with Function, Container, trim, retained, workers and set_workers."""
    if request.param == "fallback":
        return importlib.import_module("symtensor.runtime.fallback")
    module = importlib.import_module("symtensor.runtime._native")
    if not hasattr(module, "Function"):
        pytest.skip("the C extension is not built: python setup.py build_ext --inplace")
    return module
