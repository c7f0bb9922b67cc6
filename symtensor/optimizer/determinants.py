"""Logarithms of determinants: from the factors, since the determinant itself soon leaves the range of its type."""

from __future__ import annotations

from functools import partial

import numpy as np

from symtensor.ir import pattern
from symtensor.ir.node import Tensor
from symtensor.ir.pattern import collect
from symtensor.ops.controls import CUSTOM
from symtensor.ops.diagonal import DIAGONAL
from symtensor.ops.elementwise import absolute, less, multiply, where
from symtensor.ops.functions import log
from symtensor.ops.item import ITEM
from symtensor.ops.reduction import PROD
from symtensor.ops.solving import LU, slogdet

rewriter = partial(pattern.rewriter, stage="stabilise")


def _factors(node: Tensor, index: int) -> Tensor | None:
    """The factorisation of which a node is this result."""
    found = node.op is ITEM and node.attr("index") == index and node.inputs[0].op is LU
    return node.inputs[0] if found else None


def _matrix(node: Tensor) -> Tensor | None:
    """The matrix whose determinant a node is, with its own gradient (before derivatives are taken) or without."""
    if node.op is CUSTOM:
        node = node.inputs[0]
    if node.op is not multiply or node.ndim:
        return None
    for parity, product in (node.inputs, node.inputs[::-1]):
        factors = _factors(parity, 2)
        if factors is None or product.op is not PROD or product.inputs[0].op is not DIAGONAL:
            continue
        if _factors(product.inputs[0].inputs[0], 0) is factors:
            return factors.inputs[0]
    return None


@rewriter(ops=[log], accuracy="better", kinds="f")
def log_of_determinant(node: Tensor) -> Tensor | None:
    """A determinant overflows, or underflows, where its logarithm is an ordinary number."""
    (value,) = node.inputs
    if value.op is absolute:
        matrix = _matrix(value.inputs[0])
        return None if matrix is None else slogdet(matrix)[1]
    matrix = _matrix(value)
    if matrix is None:
        return None
    sign, size = slogdet(matrix)
    return where(less(sign, 0), np.asarray(np.nan, node.dtype), size)


RULES = collect(globals())
