"""docs/reference.md is what docs/reference.py writes, and has every public name."""

from __future__ import annotations

import pytest

import symtensor as st
from docs import reference
from symtensor.ops.leaves import TYPED


@pytest.fixture(scope="module")
def text() -> str:
    return reference.text()


def test_the_page_is_up_to_date(text: str, request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        reference.PAGE.write_text(text, encoding="utf-8")
    assert reference.PAGE.read_text(encoding="utf-8") == text, "run `make docs` and read what changed"


def test_each_public_name_is_on_the_page(text: str) -> None:
    names = set(reference.public_names()) - set(TYPED) - {"Function", "Tensor"}
    assert {"exp", "compile", "scan", "random.Stream", "linalg.qr", "trim"} <= names
    missing = [n for n in names if f"`st.{n}" not in text and f"`{n}`" not in text]
    assert not missing


def test_a_module_without_a_chapter_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "CHAPTERS", {"Solvers": reference.CHAPTERS["Solvers"]})
    with pytest.raises(KeyError, match=r"ops\.reduction"):
        reference.text()


def test_a_docstring_becomes_markdown() -> None:
    doc = """Do ``it``.

    Args:
        x: how
            much.

    Raises:
        ValueError: if not.

    >>> twice(max(1, 2))
    4
    """
    assert reference.prose(doc, "st.", ["twice"]) == (
        "Do `it`.\n\n*Args*\n\n- `x`: how\n  much.\n\n*Raises*\n\n- `ValueError`: if not.\n\n"
        "```python\n>>> st.twice(max(1, 2))\n4\n\n```"
    )


def test_derivatives_are_those_of_the_declarations() -> None:
    assert reference.derivatives(st.exp) == "`exp(x)`"
    assert reference.derivatives(st.divide) == "`(1.0 / y)`; `-((x / y) / y)`"
    assert reference.derivatives(st.isnan) == "–"
