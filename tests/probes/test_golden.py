"""The C that each probe becomes, and the rules that rewrote it, as files whose changes are read by eye.

The processor is a value that code generation is handed, so these files are the same on every machine. They begin with
the first kernel: what stands in front of it, the contract with the runtime and shared helpers, has tests of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import GOLDEN
from tests.probes import PROBES
from tests.probes.forms import fresh_texts, generated, texts


@pytest.mark.parametrize("kind", ["c", "trace"])
@pytest.mark.parametrize("name", PROBES)
def test_source_and_trace(name: str, kind: str, golden: Callable[[str, str], None]) -> None:
    file = f"probes/{name}.{kind}"
    text = texts(name)[kind]
    if not (GOLDEN / file).exists() or (GOLDEN / file).read_text(encoding="utf-8") != text:
        text = fresh_texts(name)[kind]
    golden(file, text)


@pytest.mark.parametrize("name", PROBES)
def test_source_is_deterministic(name: str) -> None:
    assert generated(name)[0].source.text == generated(name)[0].source.text
