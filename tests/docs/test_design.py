"""docs/design.md is what docs/generate.py writes: the definitions and printed forms in it are true."""

from __future__ import annotations

import pathlib
import re

import pytest

from docs import generate

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def text() -> str:
    return generate.text()


def test_the_page_is_up_to_date(text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        generate.PAGE.write_text(text, encoding="utf-8")
    assert generate.PAGE.read_text(encoding="utf-8") == text, "run `make docs` and read what changed"


def test_the_page_names_nothing_of_this_machine(text: str) -> None:
    assert str(ROOT) not in text
    assert not re.search(r"0x[0-9a-f]{8,}|/home/|/root/", text)


def test_the_page_is_the_same_twice(text: str) -> None:
    assert generate.text() == text


def test_every_form_of_the_probe_is_printed(text: str) -> None:
    for mark in ("softmax (better)", "kernel over", "Lanes(count=32)", "simd j0", "st_exp_f64x8", "zmm"):
        assert mark in text, mark


def test_a_placeholder_without_meaning_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    prose = tmp_path / "design.in.md"
    prose.write_text(generate.PROSE.read_text(encoding="utf-8") + "{{no.such.piece}}", encoding="utf-8")
    monkeypatch.setattr(generate, "PROSE", prose)
    with pytest.raises(KeyError, match=r"no\.such\.piece"):
        generate.text()


def test_the_first_vector_loop_is_found() -> None:
    listing = """
0000000000000000 <k1_chunk>:
   0:\txor    eax,eax
   4:\tvaddpd zmm0,zmm0,ZMMWORD PTR [rbx]
   8:\tcmp    r12,rbx
   c:\tjne    4 <k1_chunk+0x4>
  10:\tret
"""
    loop = ["loop:", "  vaddpd zmm0,zmm0,ZMMWORD PTR [rbx]", "  cmp r12,rbx", "  jne loop"]
    assert generate.first_vector_loop(listing, "k1") == loop
    assert generate.first_vector_loop(listing, "k2") is None
