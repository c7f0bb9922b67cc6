"""The CUDA that each probe becomes compiles to machine code for the oldest and the newest supported GPU of today."""

from __future__ import annotations

import pytest

from symtensor.function import generate_source
from symtensor.runtime.cuda import compile_cubin
from tests.probes import PROBES, load


@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
@pytest.mark.parametrize("name", PROBES)
def test_source_compiles(name: str, arch: str) -> None:
    outputs, inputs = load(name).build()
    cubin = compile_cubin(generate_source(outputs, inputs, target="cuda"), arch)
    assert cubin[:4] == b"\x7fELF"
