"""The CUDA that each probe becomes compiles to machine code for the oldest and the newest supported GPU of today."""

from __future__ import annotations

import pytest

import symtensor as st
from symtensor.runtime.cuda import compile_cubin
from tests.probes import PROBES, load


@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
@pytest.mark.parametrize("name", PROBES)
def test_source_compiles(name: str, arch: str) -> None:
    outputs, inputs = load(name).build()
    cubin = compile_cubin(st.compile(outputs, inputs, target="cuda").source, arch)
    assert cubin[:4] == b"\x7fELF"
