"""Plain-text tables."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def columns(head: Sequence[str], rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> str:
    """Rows under a head, columns aligned.

    Args:
        head: a title for each column.
        rows: texts, as many in each row as in the head.
        right: numbers of the columns that are aligned on the right.

    >>> print(columns(("name", "bytes"), [("a", "8"), ("total", "1,024")], right=(1,)))
    name   bytes
    a          8
    total  1,024
    """
    widths = [max(len(row[k]) for row in (head, *rows)) for k in range(len(head))]
    lines = []
    for row in (head, *rows):
        cells = [text.rjust(w) if k in right else text.ljust(w) for k, (text, w) in enumerate(zip(row, widths))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
