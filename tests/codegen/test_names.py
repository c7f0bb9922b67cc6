"""Names of users in generated source."""

from __future__ import annotations

import pytest

from symtensor.codegen.names import SourceNames


@pytest.mark.parametrize(
    "word",
    [
        "linux", "and", "float4", "half", "kernel", "blockIdx", "INFINITY", "M_PI", "j0", "t1", "i", "lane", "st_exp",
        "__global__", "x_acc", "x_here", "image2d_t", "group",
    ],
)  # fmt: skip
def test_words_of_the_languages_and_of_the_generator_are_not_given(word: str) -> None:
    names = SourceNames()
    first, second = names.fresh(word), names.fresh(word)
    assert word not in (first, second)
    assert first != second
    assert first.isidentifier()


@pytest.mark.parametrize("word", ["x", "weights", "logits_1", "x_row", "exp", "k1_exp", "step", "sum_2", "naïve"])
def test_other_names_are_kept(word: str) -> None:
    assert SourceNames().fresh(word) == word.replace("ï", "_")
