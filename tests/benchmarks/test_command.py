"""``python -m benchmarks``: which rows the words of the command line name."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import arguments, unknown_rows
from benchmarks.suite import ROWS


def test_words_choose_rows_by_parts_of_their_names() -> None:
    assert [row.name for row in arguments(["Jacobi-1024"]).rows] == ["Jacobi-1024-1024-100-f32"]
    assert [row.name for row in arguments([]).rows] == list(ROWS)
    assert all(row.quick for row in arguments(["--quick"]).rows)


def test_a_word_that_names_no_row_is_an_error_that_lists_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["Softmax", "nosuchrow"])
    printed = capsys.readouterr().err
    assert "no row's name contains 'nosuchrow'; the rows are:\n  PlusOne-10-f64\n" in printed
    assert all(name in printed for name in ROWS)


def test_capitals_matter_and_are_hinted_at() -> None:
    assert unknown_rows(["jacobi"]) == (
        "no row's name contains 'jacobi'; near it are:\n  Jacobi-1024-1024-100-f32\n  Jacobi-101-203-100-f64"
    )


def test_a_row_that_is_not_quick_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        arguments(["LayerNorm", "--quick"])
    assert "none of the rows named by LayerNorm is part of --quick" in capsys.readouterr().err
