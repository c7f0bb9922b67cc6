"""``item(node, k)``: one result of an op that has several."""

from __future__ import annotations

from symtensor.ir.node import Op, Tensor, register

ITEM = register(Op("item", "item", lambda inputs, index: inputs[0].type[index], lambda results, index: results[index]))


def item(node: Tensor, index: int) -> Tensor:
    """Result number ``index`` of a node with several."""
    return ITEM(node, index=index)


def items(node: Tensor) -> tuple[Tensor, ...]:
    """All results of a node with several."""
    return tuple(item(node, k) for k in range(len(node.type)))
