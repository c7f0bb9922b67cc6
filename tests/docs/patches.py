"""Apply the diffs of a page of documentation to a copy of the package."""

from __future__ import annotations

import pathlib
import re


def blocks(markdown: str, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


def apply(diff: str, root: pathlib.Path) -> list[str]:
    """Apply a diff whose hunks open with ``@@``.

    Args:
        diff: hunks with the context that finds them; line numbers are not needed, since it must occur once.
        root: where ``a/`` and ``b/`` lie.

    Returns:
        The files that were changed.

    Raises:
        ValueError: if a hunk's context does not occur exactly once.
    """
    changed = []
    for part in re.split(r"^--- a/.*\n", diff, flags=re.MULTILINE)[1:]:
        head, _, body = part.partition("\n")
        name = head.removeprefix("+++ b/")
        path = root / name
        text = path.read_text(encoding="utf-8")
        for old, new in _hunks(body):
            if text.count(old) != 1:
                raise ValueError(f"{name}: these lines occur {text.count(old)} times:\n{old}")
            text = text.replace(old, new)
        path.write_text(text, encoding="utf-8")
        changed.append(name)
    return changed


def _hunks(body: str) -> list[tuple[str, str]]:
    """Old and new text of each hunk."""
    found = []
    for hunk in re.split(r"^@@.*\n", body, flags=re.MULTILINE)[1:]:
        lines = [line if line else " " for line in hunk.splitlines()]
        old = "".join(line[1:] + "\n" for line in lines if line[0] in " -")
        new = "".join(line[1:] + "\n" for line in lines if line[0] in " +")
        found.append((old, new))
    return found
