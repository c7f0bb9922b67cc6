"""Rewriting the statements of a kernel: expressions by a rewriter, stores by where they shall go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symtensor.codegen.loop_ir import (
    Accumulate,
    Alloc,
    Assign,
    Declare,
    Fail,
    Fetch,
    For,
    If,
    Let,
    Statement,
    Store,
    Transpose,
    While,
)
from symtensor.codegen.resolve import Rewriter
from symtensor.ir.scalar import Load
from symtensor.ir.size import SizeLike

Place = Callable[[str, SizeLike], tuple[str, SizeLike]]


def rewritten(
    body: tuple[Statement, ...], new: Rewriter, place: Place, dropped: frozenset[str] = frozenset()
) -> tuple[Statement, ...]:
    """A block of statements with other expressions and places.

    Args:
        body: the statements.
        new: rewrites what they evaluate.
        place: takes the buffer and the rewritten offset of a store; gives those that it writes instead.
        dropped: arrays whose declarations go.
    """
    return tuple(_one(s, new, place, dropped) for s in body if not (isinstance(s, Alloc) and s.name in dropped))


def _one(s: Statement, new: Rewriter, place: Place, dropped: frozenset[str]) -> Statement:
    if isinstance(s, (For, While)):
        return replace(s, body=rewritten(s.body, new, place, dropped))
    if isinstance(s, If):
        then, otherwise = (rewritten(block, new, place, dropped) for block in (s.then, s.otherwise))
        return replace(s, condition=new(s.condition), then=then, otherwise=otherwise)
    if isinstance(s, (Let, Declare, Assign)):
        return replace(s, value=new(s.value))
    if isinstance(s, Accumulate):
        return replace(s, value=new(s.value), position=new(s.position))
    if isinstance(s, Store):
        buffer, offset = place(s.buffer, new.size(s.offset))
        return Store(buffer, offset, new(s.value))
    if isinstance(s, Transpose):
        source = new(s.source)
        assert isinstance(source, Load)
        stride, across, rows, columns = map(new.size, (s.stride, s.across, s.rows, s.columns))
        return Transpose(s.target, stride, source, across, rows, columns)
    if isinstance(s, Fetch):
        fetched = new(s.load)
        assert isinstance(fetched, Load)
        return Fetch(fetched)
    if isinstance(s, Fail):
        return replace(s, values=tuple(map(new, s.values)))
    return s


__all__ = ["rewritten"]
