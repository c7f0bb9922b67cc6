"""Contraction: one einsum-form op behind ``dot``, ``matmul``, ``tensordot``, ``outer`` and ``einsum``.

``contract(a, b; left, right, out)`` labels the axes of both operands and of the result with ints; labels that are
missing from the result are summed over.  Its gradient is two contractions.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from symtensor.dtypes import FLOAT16, FLOAT32
from symtensor.errors import ShapeError, located
from symtensor.ir.node import Guard, Op, Tensor, TensorType, caller_sites, describe, register
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import as_tensor, cast, conjugate, promoted
from symtensor.ops.diagonal import diagonal_labels
from symtensor.ops.elementwise import multiply
from symtensor.ops.movement import broadcast_to, expand_dims, moveaxis, ravel, squeeze, transpose
from symtensor.ops.reduction import sum
from symtensor.ops.shapes import normal_axis, same_sizes
from symtensor.records import dataclass

Labels = tuple[int, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Contraction(Op):
    """A sum of products over labelled axes."""


def _sizes(inputs: tuple[Tensor, ...], left: Labels, right: Labels) -> tuple[dict[int, SizeLike], list[Guard]]:
    """The size of each label, a static one preferred, and what must hold at a call."""
    a, b = inputs
    sizes: dict[int, SizeLike] = {}
    guards: list[Guard] = []
    for label, size in [*zip(left, a.shape), *zip(right, b.shape)]:
        if label in sizes:
            guards += same_sizes((sizes[label],), (size,), f"contracting {describe(a)} with {describe(b)}")
        if label not in sizes or isinstance(size, int):
            sizes[label] = size
    return sizes, guards


def _contract_type(inputs: tuple[Tensor, ...], left: Labels, right: Labels, out: Labels) -> TensorType:
    sizes, _ = _sizes(inputs, left, right)
    return TensorType(inputs[0].dtype, tuple(sizes[label] for label in out))


def _letters(labels: Labels) -> str:
    return "".join(chr(ord("a") + n) if n < 26 else chr(ord("A") + n - 26) for n in labels)


def _contract_reference(a: np.ndarray, b: np.ndarray, left: Labels, right: Labels, out: Labels) -> np.ndarray:
    if a.dtype.kind == "b":  # einsum of bools is logic as well, but without BLAS
        return np.einsum(f"{_letters(left)},{_letters(right)}->{_letters(out)}", a, b)
    return np.einsum(f"{_letters(left)},{_letters(right)}->{_letters(out)}", a, b, optimize=True)


def _contract_vjp(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
    (g,), (a, b) = cotangents, node.inputs
    left, right, out = (node.attr(name) for name in ("left", "right", "out"))
    return _pull(g, out, b, right, a, left), _pull(g, out, a, left, b, right)


def _pull(g: Tensor, out: Labels, other: Tensor, others: Labels, wanted: Tensor, labels: Labels) -> Tensor:
    """Cotangent of one operand: contract g with the other, and repeat along labels that only this operand has."""
    present = set(out) | set(others)
    kept = tuple(label for label in labels if label in present)
    result = contract(g, conjugate(other), out, others, kept)
    if kept == labels:
        return result
    missing = tuple(i for i, label in enumerate(labels) if label not in present)
    return broadcast_to(expand_dims(result, missing), wanted.shape)


def _contract_samples(rng: np.random.Generator) -> list[Any]:
    def draw(*shape: int) -> np.ndarray:
        return rng.normal(size=shape)

    return [
        ((draw(3, 4), draw(4, 5)), {"left": (0, 1), "right": (1, 2), "out": (0, 2)}),
        ((draw(2, 3, 4), draw(2, 5, 4)), {"left": (0, 1, 2), "right": (0, 3, 2), "out": (0, 1, 3)}),
        ((draw(4), draw(4)), {"left": (0,), "right": (0,), "out": ()}),
        ((draw(4, 3), draw(4)), {"left": (0, 1), "right": (0,), "out": (1,)}),
    ]


CONTRACT = Contraction(
    "contract", "contraction", _contract_type, _contract_reference, _contract_vjp, False,
    lambda inputs, left, right, out: _sizes(inputs, left, right)[1], _contract_samples,
)  # fmt: skip
register(CONTRACT)


def contract(a: Tensor, b: Tensor, left: Labels, right: Labels, out: Labels) -> Tensor:
    """Build the op with canonical labels: numbered in the order in which they appear in ``left``, then ``right``."""
    number: dict[int, int] = {}
    for label in (*left, *right):
        number.setdefault(label, len(number))

    def renamed(labels: Labels) -> Labels:
        return tuple(number[label] for label in labels)

    if a.dtype == FLOAT16:  # summed up in float32 and rounded once, as NumPy does
        return cast(contract(cast(a, FLOAT32), cast(b, FLOAT32), left, right, out), FLOAT16)
    return CONTRACT(a, b, left=renamed(left), right=renamed(right), out=renamed(out))


def _pair(a: Any, b: Any) -> tuple[Tensor, Tensor]:
    dtype = promoted((a, b))
    return as_tensor(a, dtype), as_tensor(b, dtype)


# ------------------------------------------------------------------------------------------------ public functions
def _drop_broadcast(
    x: Tensor, labels: Labels, other: Tensor, others: Labels, allowed: set[int]
) -> tuple[Tensor, Labels]:
    """Drop the axes of ``x`` that have size 1 where the other operand's axis of the same label has not."""
    size = dict(zip(others, other.shape))
    axes = tuple(
        i for i, label in enumerate(labels) if label in allowed and x.shape[i] == 1 and size.get(label, 1) != 1
    )
    kept = tuple(label for i, label in enumerate(labels) if i not in axes)
    return (squeeze(x, axes) if axes else x), kept


def _contract_broadcast(a: Tensor, b: Tensor, left: Labels, right: Labels, out: Labels, allowed: set[int]) -> Tensor:
    """Contract, with axes of size 1 broadcasting along the allowed labels."""
    slim_a, slim_left = _drop_broadcast(a, left, b, right, allowed)
    slim_b, slim_right = _drop_broadcast(b, right, a, left, allowed)
    return contract(slim_a, slim_b, slim_left, slim_right, out)


def matmul(x1: Any, x2: Any) -> Tensor:
    """Matrix product: the last axis of ``x1`` with the last but one of ``x2``; leading axes broadcast.

    >>> import symtensor as st
    >>> (st.ones((7, 2, 3)) @ st.ones((3, 4))).shape
    (7, 2, 4)
    """
    a, b = _pair(x1, x2)
    if not a.ndim or not b.ndim:
        raise ShapeError(located(f"matmul takes no scalars: {describe(a)}, {describe(b)}", caller_sites(), "use *"))
    batch = builtins.max(a.ndim, b.ndim, 2) - 2
    row, column, inner = batch, batch + 1, batch + 2
    left = (*range(batch - builtins.max(a.ndim - 2, 0), batch), *((row, inner) if a.ndim > 1 else (inner,)))
    right = (*range(batch - builtins.max(b.ndim - 2, 0), batch), *((inner, column) if b.ndim > 1 else (inner,)))
    out = (*range(batch), *((row,) if a.ndim > 1 else ()), *((column,) if b.ndim > 1 else ()))
    return _contract_broadcast(a, b, left, right, out, set(range(batch)))


def dot(a: Any, b: Any) -> Tensor:
    """NumPy's ``dot``: the last axis of ``a`` with the last but one (or only) axis of ``b``; scalars multiply.

    >>> import symtensor as st
    >>> st.dot(st.ones((2, 3)), st.ones(3)).shape
    (2,)
    """
    x, y = _pair(a, b)
    if not x.ndim or not y.ndim:
        return multiply(x, y)
    left = tuple(range(x.ndim))
    shared = x.ndim - 1
    right = tuple(range(x.ndim, x.ndim + y.ndim))
    place = builtins.max(y.ndim - 2, 0)
    right = (*right[:place], shared, *right[place + 1 :])
    return contract(x, y, left, right, tuple(n for n in (*left, *right) if n != shared))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Sum of products over pairs of axes, or over the last ``axes`` of ``a`` and the first of ``b``.

    >>> import symtensor as st
    >>> st.tensordot(st.ones((2, 3, 4)), st.ones((4, 3, 5)), axes=([1, 2], [1, 0])).shape
    (2, 5)
    """
    x, y = _pair(a, b)
    if isinstance(axes, int):
        first, second = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        first, second = (list(part) if isinstance(part, (tuple, list)) else [part] for part in axes)
    if len(first) != len(second):
        raise ShapeError(
            located(f"tensordot: {len(first)} axes of the one, {len(second)} of the other", caller_sites())
        )
    first, second = [normal_axis(i, x.ndim) for i in first], [normal_axis(i, y.ndim) for i in second]
    left = tuple(range(x.ndim))
    pairs = dict(zip(second, first))
    right = tuple(pairs.get(i, x.ndim + i) for i in range(y.ndim))
    out = (*(n for i, n in enumerate(left) if i not in first), *(n for i, n in enumerate(right) if i not in pairs))
    return contract(x, y, left, right, out)


def inner(a: Any, b: Any) -> Tensor:
    """Sum of products over the last axes.

    >>> import symtensor as st
    >>> st.inner(st.ones((2, 3)), st.ones((4, 3))).shape
    (2, 4)
    """
    x, y = _pair(a, b)
    return tensordot(x, y, ([-1], [-1])) if x.ndim and y.ndim else multiply(x, y)


def outer(a: Any, b: Any) -> Tensor:
    """All products of elements of two flattened arrays.

    >>> import symtensor as st
    >>> st.outer(st.ones(2), st.ones(3)).shape
    (2, 3)
    """
    x, y = _pair(a, b)
    return multiply(expand_dims(ravel(x), 1), expand_dims(ravel(y), 0))


def vdot(a: Any, b: Any) -> Tensor:
    """Sum of products of all elements; those of ``a`` are conjugated.

    >>> import symtensor as st
    >>> st.vdot(st.ones((2, 3)), st.ones((2, 3))).shape
    ()
    """
    x, y = _pair(a, b)
    return contract(ravel(conjugate(x)), ravel(y), (0,), (0,), ())


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Tensor:
    """Sum of products along one axis; the others broadcast.  Elements of ``x1`` are conjugated.

    >>> import symtensor as st
    >>> st.vecdot(st.ones((2, 3)), st.ones(3)).shape
    (2,)
    """
    x, y = _pair(x1, x2)
    x, y = moveaxis(conjugate(x), axis, -1), moveaxis(y, axis, -1)
    rank = builtins.max(x.ndim, y.ndim)
    left, right = tuple(range(rank - x.ndim, rank)), tuple(range(rank - y.ndim, rank))
    return _contract_broadcast(x, y, left, right, tuple(range(rank - 1)), set(range(rank - 1)))


# --------------------------------------------------------------------------------------------------------- einsum
_ELLIPSIS = 1000  # above the code points of letters


def _parse(subscripts: str, ranks: Sequence[int]) -> tuple[list[Labels], Labels]:
    """Labels of the operands and of the result: code points for letters, numbers from 1000 on for ``...``."""
    text = subscripts.replace(" ", "")
    terms, arrow, result = text.partition("->")
    parts = terms.split(",")
    if len(parts) != len(ranks):
        raise ValueError(f"einsum: {len(parts)} terms in {subscripts!r} for {len(ranks)} operands")
    wide = 0
    for part, rank in zip(parts, ranks):
        named = len(part.replace("...", ""))
        if named > rank or ("..." not in part and named != rank):
            raise ValueError(f"einsum: the term {part!r} does not fit an operand with {rank} axes")
        if "..." in part:
            wide = builtins.max(wide, rank - named)
    ellipsis = tuple(range(_ELLIPSIS, _ELLIPSIS + wide))

    def labels(part: str, rank: int | None) -> Labels:
        before, dots, after = part.partition("...")
        if not (before + after).isalpha() and before + after:
            raise ValueError(f"einsum: {part!r} is no term: axes are letters")
        count = wide if rank is None else rank - len(before) - len(after)
        middle = ellipsis[wide - count :] if dots else ()
        return (*map(ord, before), *middle, *map(ord, after))

    operands = [labels(p, r) for p, r in zip(parts, ranks)]
    if arrow:
        return operands, labels(result, None)
    letters = [c for c in terms if c.isalpha()]
    free = sorted(c for c in set(letters) if letters.count(c) == 1)
    return operands, (*ellipsis, *map(ord, free))


def _reduce_to(x: Tensor, labels: Labels, kept: set[int]) -> tuple[Tensor, Labels]:
    """Take diagonals of repeated labels and sum over labels that nobody else needs."""
    x, labels = diagonal_labels(x, labels)
    axes = tuple(i for i, label in enumerate(labels) if label not in kept)
    return (sum(x, axes, x.dtype) if axes else x), tuple(label for label in labels if label in kept)


def _arrange(x: Tensor, labels: Labels, out: Labels) -> Tensor:
    return transpose(x, tuple(labels.index(label) for label in out))


def _as_text(arguments: tuple[Any, ...]) -> tuple[str, list[Any]]:
    """The other notation of einsum, operands each followed by its list of labels, as subscripts and operands."""

    def letters(labels: Sequence[Any]) -> str:
        return "".join("..." if label is Ellipsis else _letters((int(label),)) for label in labels)

    pairs = len(arguments) // 2
    text = ",".join(letters(labels) for labels in arguments[1 : 2 * pairs : 2])
    if len(arguments) % 2:
        text += "->" + letters(arguments[-1])
    return text, list(arguments[: 2 * pairs : 2])


def einsum(subscripts: Any, *operands: Any, optimize: Any = None) -> Tensor:
    """Sum of products in Einstein's notation, with NumPy's rules for ``...`` and for a missing result.

    Operands are contracted in pairs from the left, whatever ``optimize`` says.  As in NumPy each operand may also be
    followed by a list of labels: ``einsum(x, [0, 1], [1, 0])``.

    >>> import symtensor as st
    >>> st.einsum("bij,bkj->bik", st.ones((2, 3, 4)), st.ones((2, 5, 4))).shape
    (2, 3, 5)
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _as_text((subscripts, *operands))  # type: ignore[assignment]
    dtype = promoted(operands)
    tensors = [as_tensor(x, dtype) for x in operands]
    labels, out = _parse(subscripts, [x.ndim for x in tensors])
    unknown = set(out) - {label for one in labels for label in one}
    if unknown or len(set(out)) != len(out):
        raise ValueError(f"einsum: the result of {subscripts!r} names an axis twice, or one that no operand has")
    queue = []
    for k, x in enumerate(tensors):
        others = {label for j, one in enumerate(labels) if j != k for label in one} | set(out)
        queue.append(_reduce_to(x, labels[k], others))
    while len(queue) > 1:
        (a, left), (b, right), *queue = queue
        needed = set(out).union(*(one for _, one in queue))
        both = tuple(dict.fromkeys((*left, *right)))
        kept = tuple(n for n in both if n in needed)
        if not queue:
            kept = out
        queue.insert(0, (_contract_broadcast(a, b, left, right, kept, set(both)), kept))
    return _arrange(*queue[0], out)
