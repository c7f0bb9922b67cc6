"""Nodes that hold one number everywhere, whatever their shape."""

from __future__ import annotations

from typing import Any

from symtensor.ir.node import Tensor

CONSTANT_OPS = ("constant", "broadcast_to")


def scalar_constant(node: Tensor) -> Tensor | None:
    """The constant of one element behind a node that holds the same constant everywhere, else None."""
    while node.op.name == "broadcast_to":
        node = node.inputs[0]
    return node if node.op.name == "constant" and node.attrs[0][1].array.size == 1 else None  # type: ignore[attr-defined]


def scalar_value(node: Tensor) -> Any:
    """The Python scalar that a node holds everywhere, or None."""
    constant = scalar_constant(node)
    return None if constant is None else constant.attrs[0][1].array.item()  # type: ignore[attr-defined]
