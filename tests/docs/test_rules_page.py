"""docs/rules.md and docs/stability.md are what their scripts write."""

from __future__ import annotations

import re

import pytest

from docs import rules, stability
from symtensor.optimizer.pipeline import RULES


def test_the_rules_are_up_to_date(request: pytest.FixtureRequest) -> None:
    text = rules.text()
    if request.config.getoption("--update-golden"):
        rules.PAGE.write_text(text, encoding="utf-8")
    assert rules.PAGE.read_text(encoding="utf-8") == text, "run `make docs` and read what changed"


def test_each_rule_is_on_the_page() -> None:
    named = set(re.findall(r"^\*\*(\w+)\*\* \((?:exact|better|assumes_finite)\)", rules.text(), re.MULTILINE))
    assert named == {rule.name for rule in RULES}


def test_each_formula_is_on_the_page() -> None:
    """Errors are judged one by one in tests/optimizer/test_stability.py."""
    page = stability.PAGE.read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(.*?)` \|", page, re.MULTILINE)
    assert shown == [f.text.replace("m.", "") for f in stability.formulas()], "run `make docs`"
    cells = [line.split("|")[3].strip() for line in page.splitlines() if line.startswith("| `")]
    assert not {"wrong"} & set(cells)


@pytest.mark.parametrize(("error", "shown"), [(0, "≤ 4"), (5, "≤ 16"), (1e6, "1e6"), (float("inf"), "wrong")])
def test_bounds(error: float, shown: str) -> None:
    assert stability.bound(error) == shown
