"""Contractions: which are matrix products for BLAS, and what the others become.

A contraction is a (batched) matrix product when each group of its labels (batch, rows, columns, inner) walks each
operand with one stride and one of the two matrix axes of each operand is contiguous.  Everything else, and products
that are tiny or have no rows or columns, becomes a sum of products, which fuses like any reduction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from symtensor.codegen.program import Gemm, Matrix
from symtensor.ir import size as sz
from symtensor.ir.graph import rebuild, toposort
from symtensor.ir.node import OPS, Tensor, inherit
from symtensor.ir.size import SizeLike
from symtensor.ops.declare import cast

Shape = Callable[[Tensor], tuple[SizeLike, ...]]
TINY = 4096  # multiply-adds of a product of known size that is better written out than passed to BLAS


def _strides(shape: Sequence[SizeLike]) -> list[SizeLike]:
    strides: list[SizeLike] = []
    step: SizeLike = 1
    for extent in reversed(shape):
        strides.insert(0, step)
        step = sz.mul(step, extent)
    return strides


def _group(labels: list[int], operand: Sequence[int], shape: Sequence[SizeLike]) -> tuple[SizeLike, SizeLike] | None:
    """(extent, stride) of a group of labels that walks an operand as one axis; None if it does not."""
    strides = _strides(shape)
    extent: SizeLike = 1
    stride: SizeLike | None = None
    for label in reversed(labels):
        axis = operand.index(label)
        if shape[axis] == 1:
            continue
        if stride is not None and strides[axis] != sz.mul(stride, extent):
            return None
        if stride is None:
            stride = strides[axis]
        extent = sz.mul(extent, shape[axis])
    return extent, stride if stride is not None else 1


def _matrix(
    buffer: str, rows: tuple[SizeLike, SizeLike], columns: tuple[SizeLike, SizeLike], batch: tuple[SizeLike, ...]
) -> Matrix | None:
    if columns[1] == 1:
        return Matrix(buffer, False, rows[1] if rows[0] != 1 else columns[0], batch)
    if rows[1] == 1:
        return Matrix(buffer, True, columns[1] if columns[0] != 1 else rows[0], batch)
    return None


def gemm_form(node: Tensor, name: str, buffer: Callable[[Tensor], str], shape: Shape) -> Gemm | None:
    """The matrix product that a contraction is, or None."""
    a, b = node.inputs
    left, right, out = (list(node.attr(k)) for k in ("left", "right", "out"))
    if node.dtype.name not in ("float32", "float64") or len(set(left)) < len(left) or len(set(right)) < len(right):
        return None
    batch = [x for x in out if x in left and x in right]
    rows = [x for x in out if x in left and x not in right]
    columns = [x for x in out if x in right and x not in left]
    inner = [x for x in left if x in right and x not in out]
    alone = [x for x in [*left, *right] if x not in out and not (x in left and x in right)]
    if not rows or not columns or not inner or alone:
        return None
    sa, sb, sc = shape(a), shape(b), shape(node)
    groups = [
        _group(rows, left, sa), _group(inner, left, sa), _group(inner, right, sb), _group(columns, right, sb),
        _group(rows, out, sc), _group(columns, out, sc),
    ]  # fmt: skip
    if any(g is None for g in groups):
        return None
    ar, ai, bi, bc, cr, cc = groups  # type: ignore[misc]
    extents = tuple(sc[out.index(x)] for x in batch)
    total = sz.mul(sz.mul(ar[0], bc[0]), ai[0])  # type: ignore[index]
    if isinstance(total, int) and total <= TINY:
        return None

    def batch_strides(labels: list[int], of: Sequence[SizeLike]) -> tuple[SizeLike, ...]:
        steps = _strides(of)
        return tuple(0 if of[labels.index(x)] == 1 else steps[labels.index(x)] for x in batch)

    ma = _matrix(buffer(a), ar, ai, batch_strides(left, sa))  # type: ignore[arg-type]
    mb = _matrix(buffer(b), bi, bc, batch_strides(right, sb))  # type: ignore[arg-type]
    mc = _matrix(buffer(node), cr, cc, batch_strides(out, sc))  # type: ignore[arg-type]
    if ma is None or mb is None or mc is None:
        return None
    if not mc.transposed:
        return Gemm(name, node.dtype, extents, ar[0], bc[0], ai[0], ma, mb, mc, node)  # type: ignore[index]
    # The result lies transposed: compute its transpose, (a b)^T = b^T a^T.
    flip = lambda m: Matrix(m.buffer, not m.transposed, m.leading, m.strides)  # noqa: E731
    return Gemm(name, node.dtype, extents, bc[0], ar[0], ai[0], flip(mb), flip(ma), flip(mc), node)  # type: ignore[index]


def as_sum(node: Tensor) -> Tensor:
    """A contraction as a sum of a broadcast product."""
    a, b = node.inputs
    left, right, out = (list(node.attr(k)) for k in ("left", "right", "out"))
    labels = out + sorted((set(left) | set(right)) - set(out))

    def spread(x: Tensor, own: list[int]) -> Tensor:
        own, x = _diagonals(x, own)
        order = sorted(range(len(own)), key=lambda k: labels.index(own[k]))
        if order != list(range(len(own))):
            x = inherit(OPS["transpose"](x, axes=tuple(order)), node)
        missing = tuple(k for k, label in enumerate(labels) if label not in own)
        return inherit(OPS["expand_dims"](x, axes=missing), node) if missing else x

    product = inherit(OPS["multiply"](spread(a, left), spread(b, right)), node)
    axes = tuple(range(len(out), len(labels)))
    result = OPS["sum"](product, axes=axes) if axes else product
    return inherit(cast(result, node.dtype), node)


def _diagonals(x: Tensor, labels: list[int]) -> tuple[list[int], Tensor]:
    if len(set(labels)) < len(labels):
        raise TypeError("a repeated label in one operand must be made a diagonal before code generation")
    return labels, x


def lower_contractions(
    outputs: Iterable[Tensor], shape: Shape, blas: bool, products: dict[Tensor, tuple[Tensor, ...]] | None = None
) -> list[Tensor]:
    """Replace all contractions that are no matrix products (all of them without BLAS) by sums of products.

    A broadcast between sizes that a guard makes equal copies nothing and is dropped on the way: it would hide a product
    from its consumer.

    Args:
        outputs: of a graph.
        shape: canonical shapes.
        blas: whether matrix products may stay.
        products: takes the sums that stand for matrix products, with the operands of these; see ``fuse``.
    """
    outputs = list(outputs)
    new: dict[Tensor, Tensor] = {}
    for node in toposort(outputs):
        if node.op.name == "broadcast_to" and shape(node) == shape(node.inputs[0]):
            new[node] = new[node.inputs[0]]
            continue
        replacement = rebuild(node, tuple(new[i] for i in node.inputs))
        if replacement.op.kind == "contraction":
            form = gemm_form(replacement, "", lambda n: "", shape)
            if form is None or not blas:
                operands, replacement = replacement.inputs, as_sum(replacement)
                if form is not None and products is not None:
                    products[replacement.inputs[0] if replacement.op.name == "cast" else replacement] = operands
        new[node] = replacement
    return [new[o] for o in outputs]
