"""docs/errors.md is what docs/errors.py writes from the cases in tests/errors."""

from __future__ import annotations

import pytest

from docs import errors


def test_the_page_is_up_to_date(request: pytest.FixtureRequest) -> None:
    text = errors.page()
    if request.config.getoption("--update-golden"):
        errors.PAGE.write_text(text, encoding="utf-8")
    assert errors.PAGE.read_text(encoding="utf-8") == text, "run `make docs` and read what changed"


def test_every_message_names_a_remedy_or_a_place() -> None:
    for what, _, _, message in (row for rows in errors.cases().values() for row in rows):
        assert "\n  hint: " in message or "\n  at LINE" in message, what
        assert len(message.splitlines()) <= 12
