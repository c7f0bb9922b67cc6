"""Expressions as mathematics: one line of operators and functions, as Python text or as LaTeX.

What is used several times, or would make a line too long, gets a line of its own, so a graph of any depth prints, in
time linear in its size.  A notation is a table: how an op of a given name is written, and how tightly it binds.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ir.text import Names, constant_text
from symtensor.records import dataclass

ATOM, POWER, UNARY, PRODUCT, SUM, COMPARISON, LOGIC = 9, 8, 7, 6, 5, 4, 3
SHORT = 8  # characters up to which an expression is repeated instead of named
LINE = 96  # characters above which an expression is named
TRIVIAL = frozenset({"constant", "input", "shared", "size"})

Piece = tuple[str, int]
Writer = Callable[[Tensor, "list[Piece]"], Piece]


@dataclass(frozen=True)
class Notation:
    """How expressions are written.

    Attributes:
        infix: by op: the operator, how tightly it binds, whether the right operand needs parentheses of its own.
        writers: by op: ``writer(node, operands)`` for what is no operator.
        otherwise: the writer of all other ops.
        name: a name as it is written.
        constant: the value of a constant as it is written.
        size: a size as it is written.
        brackets: what surrounds an operand that binds less tightly.
    """

    infix: dict[str, tuple[str, int, bool]]
    writers: dict[str, Writer]
    otherwise: Writer
    name: Callable[[str], str]
    constant: Callable[[np.ndarray], Piece]
    size: Callable[[str], str]
    brackets: tuple[str, str]

    def enclosed(self, piece: Piece, level: int) -> str:
        """An operand, in brackets if it binds less tightly than it must."""
        text, binds = piece
        return text if binds >= level else f"{self.brackets[0]}{text}{self.brackets[1]}"

    def write(self, node: Tensor, operands: list[Piece]) -> Piece:
        """One node over its written operands."""
        found = self.infix.get(node.op.name)
        if found is None:
            return self.writers.get(node.op.name, self.otherwise)(node, operands)
        symbol, level, right = found
        if len(operands) == 1:
            return f"{symbol}{self.enclosed(operands[0], level)}", level
        left = self.enclosed(operands[0], level)
        return f"{left} {symbol} {self.enclosed(operands[1], level + right)}", level


def lines(outputs: Iterable[Tensor], notation: Notation) -> tuple[list[tuple[str, str]], list[str]]:
    """Definitions (name and expression) of what is named, and the expressions of the outputs."""
    outputs = list(outputs)
    order = toposort(outputs)
    uses = Counter(i for node in order for i in node.inputs)
    names = Names()
    for node in order:
        if node.op.name in ("input", "shared"):
            names.of(node)
    pieces: dict[Tensor, Piece] = {}
    definitions: list[tuple[str, str]] = []
    wanted = set(outputs)
    for node in order:
        piece = _piece(node, [pieces[i] for i in node.inputs], notation, names)
        shared = uses[node] > 1 and node.op.name not in TRIVIAL and len(piece[0]) > SHORT
        if (shared or len(piece[0]) > LINE) and not (node in wanted and not uses[node]):
            name = notation.name(names.of(node))
            definitions.append((name, piece[0]))
            piece = (name, ATOM)
        pieces[node] = piece
    return definitions, [pieces[o][0] for o in outputs]


def _piece(node: Tensor, operands: list[Piece], notation: Notation, names: Names) -> Piece:
    if node.op.name == "constant":
        return notation.constant(node.attr("value").array)
    if node.op.name == "size":
        size = str(node.attr("size"))
        return notation.size(size), ATOM if re.fullmatch(r"[\w.\[\]]+", size) else SUM
    if not node.inputs and node.op.kind == "source":
        return notation.name(names.of(node)), ATOM
    return notation.write(node, operands)


# ----------------------------------------------------------------------------------------------------------- text
def _attributes(node: Tensor) -> list[str]:
    return [f"{k}={'{...}' if hasattr(v, 'outputs') else _plain(v)}" for k, v in node.attrs]


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 1:
        return str(value[0])
    return str(value)


def _call(node: Tensor, operands: list[Piece]) -> Piece:
    renamed = [a.replace("axes=", "axis=", 1) if node.op.kind == "reduction" else a for a in _attributes(node)]
    if node.op.kind == "reduction" and len(node.attr("axes")) == node.inputs[0].ndim:
        renamed = [a for a in renamed if not a.startswith("axis=")]
    return f"{node.op.name}({', '.join([text for text, _ in operands] + renamed)})", ATOM


def _method(text: Callable[[Tensor], str]) -> Writer:
    return lambda node, operands: (f"{TEXT.enclosed(operands[0], ATOM)}{text(node)}", ATOM)


def _is_matmul(node: Tensor) -> bool:
    """Whether a contraction is ``a @ b``: the last axis of the one with the first matrix axis of the other."""
    left, right, out = (node.attr(k) for k in ("left", "right", "out"))
    if not left or not right or len(right) > 2 or len(left) > 2:
        return False
    return bool(left[-1] == right[0] and tuple(out) == (*left[:-1], *right[1:]))


def _contraction(node: Tensor, operands: list[Piece]) -> Piece:
    if _is_matmul(node):
        return f"{TEXT.enclosed(operands[0], PRODUCT)} @ {TEXT.enclosed(operands[1], PRODUCT + 1)}", PRODUCT
    letters = "abcdefghijklmnopqrstuvwxyz"
    parts = ["".join(letters[i] for i in node.attr(k)) for k in ("left", "right", "out")]
    return f"einsum('{parts[0]},{parts[1]}->{parts[2]}', {operands[0][0]}, {operands[1][0]})", ATOM


def _power(node: Tensor, operands: list[Piece]) -> Piece:
    return f"{TEXT.enclosed(operands[0], ATOM)} ** {TEXT.enclosed(operands[1], UNARY)}", POWER


def _slice(node: Tensor, operands: list[Piece]) -> Piece:
    parts = []
    for first, step, count, whole in zip(
        node.attr("starts"), node.attr("steps"), node.attr("shape"), node.inputs[0].shape
    ):
        if first == 0 and step == 1 and count == whole:
            parts.append(":")
        elif step == 1:
            parts.append(f"{first}:{first + count}")
        else:
            parts.append(f"{first}::{step}[:{count}]")
    return f"{TEXT.enclosed(operands[0], ATOM)}[{', '.join(parts)}]", ATOM


_OPERATORS = {
    "add": ("+", SUM, False), "subtract": ("-", SUM, True), "multiply": ("*", PRODUCT, False),
    "divide": ("/", PRODUCT, True), "floor_divide": ("//", PRODUCT, True), "mod": ("%", PRODUCT, True),
    "negative": ("-", UNARY, False), "less": ("<", COMPARISON, True),
    "less_equal": ("<=", COMPARISON, True), "greater": (">", COMPARISON, True),
    "greater_equal": (">=", COMPARISON, True), "equal": ("==", COMPARISON, True), "not_equal": ("!=", COMPARISON, True),
    "bitwise_and": ("&", LOGIC, False), "bitwise_or": ("|", LOGIC, False), "bitwise_xor": ("^", LOGIC, False),
    "invert": ("~", UNARY, False),
}  # fmt: skip


def _text_constant(value: np.ndarray) -> Piece:
    text = constant_text(value)
    return text, UNARY if text.startswith("-") else ATOM


TEXT = Notation(
    _OPERATORS,
    {
        "power": _power,
        "contract": _contraction,
        "slice": _slice,
        "cast": _method(lambda node: f".astype({node.dtype})"),
        "transpose": _method(
            lambda node: (
                ".T" if node.attr("axes") == tuple(reversed(range(node.ndim))) else f".transpose{node.attr('axes')}"
            )
        ),
        "item": _method(lambda node: f"[{node.attr('index')}]"),
    },
    _call,
    lambda name: name,
    _text_constant,
    str,
    ("(", ")"),
)


def infix(*tensors: Tensor) -> str:
    """Tensors as lines of Python-like mathematics; the last ones are the tensors, the others what these share.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> e = st.exp(x - 1)
    >>> print(infix(e / (1 + e.sum())))
    exp = exp(x - 1.0)
    exp / (1.0 + sum(exp))
    """
    definitions, results = lines(tensors, TEXT)
    return "\n".join([f"{name} = {text}" for name, text in definitions] + results)


def pprint(*tensors: Tensor) -> None:
    """Print tensors as lines of mathematics.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> pprint((x - 1) ** 2)
    (x - 1.0) ** 2.0
    """
    print(infix(*tensors))
