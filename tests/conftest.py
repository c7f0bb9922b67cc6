"""What every test may ask for: a target, golden files, and a compilation cache that belongs to this run alone."""

from __future__ import annotations

import difflib
import importlib.util
import os
import pathlib
import shutil
import tempfile
from collections.abc import Callable

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden"
TARGETS = ("numpy", "c", "opencl", "cuda-shim")
RUN_DIRECTORY = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write golden files instead of comparing with them")


def pytest_configure(config: pytest.Config) -> None:
    """Give this run its own caches, before symtensor is imported; the workers of xdist inherit and share them."""
    if hasattr(config, "workerinput"):
        return
    directory = tempfile.mkdtemp(prefix="symtensor-tests-")
    config.stash[RUN_DIRECTORY] = directory
    os.environ["SYMTENSOR_CACHE_DIR"] = os.path.join(directory, "symtensor")
    os.environ["POCL_CACHE_DIR"] = os.path.join(directory, "pocl")
    os.environ["XDG_CACHE_HOME"] = os.path.join(directory, "xdg")  # pyopencl's own cache of compiled programs
    os.makedirs(os.environ["POCL_CACHE_DIR"])
    os.environ["SYMTENSOR_VERIFY"] = "1"  # the verifiers of graph, Program and loop IR run between all passes


def pytest_unconfigure(config: pytest.Config) -> None:
    directory = config.stash.get(RUN_DIRECTORY, None)
    if directory is not None:
        shutil.rmtree(directory, ignore_errors=True)


def need(target: str) -> str:
    """Return the target, or skip the test where the package that the target stands on is not installed."""
    if target == "opencl" and importlib.util.find_spec("pyopencl") is None:
        pytest.skip("pyopencl is not installed: pip install 'symtensor[opencl]'")
    return target


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> str:
    """Each target that runs on a machine without a GPU, one after the other."""
    return need(request.param)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return ``compare(name, text)``: fails with a diff where text is not what tests/golden/name holds."""
    update = request.config.getoption("--update-golden")

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if update:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        if not path.exists():
            pytest.fail(f"there is no golden file {name}: run `pytest --update-golden` and read what it wrote")
        expected = path.read_text(encoding="utf-8")
        if expected != text:
            lines = difflib.unified_diff(
                expected.splitlines(), text.splitlines(), f"golden/{name}", "this run", lineterm=""
            )
            pytest.fail("\n".join(["differs from its golden file (--update-golden writes it anew)", *lines]))

    return compare
