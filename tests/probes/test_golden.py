"""The C that each probe becomes, and the rules that rewrote it, as files whose changes are read by eye."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest

import symtensor as st
from tests.probes import PROBES, load

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("name", PROBES)
def test_source(name: str, golden: Callable[[str, str], None]) -> None:
    outputs, inputs = load(name).build()
    source = st.compile(outputs, inputs, target="c").source
    assert str(ROOT) not in source, "generated source names a folder of this machine"
    golden(f"probes/{name}.c", source)


@pytest.mark.parametrize("name", PROBES)
def test_rewrite_trace(name: str, golden: Callable[[str, str], None]) -> None:
    outputs, inputs = load(name).build()
    trace = str(st.compile(outputs, inputs, target="c").explain()).rstrip() + "\n"
    golden(f"probes/{name}.trace", trace.replace(f"{ROOT}/", ""))


@pytest.mark.parametrize("name", PROBES)
def test_source_is_deterministic(name: str) -> None:
    sources = set()
    for _ in range(2):
        outputs, inputs = load(name).build()
        sources.add(st.compile(outputs, inputs, target="c").source)
    assert len(sources) == 1
