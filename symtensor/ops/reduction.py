"""Reductions: each a monoid over a tuple of accumulators, and the public functions built on them.

The op drops the axes that it folds; ``keepdims`` is an ``expand_dims`` afterwards.  NaN is kept by ``max`` and
``min``, and ``argmax`` takes the first NaN, as NumPy does.  Where several elements reach the maximum its gradient is
spread over them equally.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import ShapeError, located
from symtensor.ir import size as sz
from symtensor.ir.node import Guard, Tensor, TensorType, caller_sites, describe, register
from symtensor.ops.declare import Monoid, Reduction, TwoPass, as_tensor, cast, conjugate
from symtensor.ops.elementwise import absolute, equal, maximum, minimum, not_equal, vanishing, where
from symtensor.ops.monoids import (
    ALL_MONOID,
    ANY_MONOID,
    ARGMAX_MONOID,
    ARGMIN_MONOID,
    MAX_MONOID,
    MIN_MONOID,
    PROD_MONOID,
    SUM_MONOID,
    WELFORD_MONOID,
    highest,
    lowest,
    squared_gap,
)
from symtensor.ops.movement import broadcast_to, expand_dims, reshape
from symtensor.ops.samples import Sample, Samples
from symtensor.ops.shapes import normal_axes, without

Axes = tuple[int, ...]


# ------------------------------------------------------------------------------------------------- declarations
def _samples(rng: np.random.Generator) -> list[Sample]:
    x = rng.uniform(-2, 2, (3, 4, 5))
    return [((x,), {"axes": (1,)}), ((x,), {"axes": (0, 2)}), ((x,), {"axes": (0, 1, 2)})]


def _bool_samples(rng: np.random.Generator) -> list[Sample]:
    return [((x > 1,), attrs) for (x,), attrs in _samples(rng)]


def _not_empty(inputs: tuple[Tensor, ...], axes: Axes) -> list[Guard]:
    (x,) = inputs
    what = f"a reduction of {describe(x)} over axes {list(axes)} has no identity, so it takes no zero-size array"
    return [Guard(sz.minimum(x.shape[a], 1), 1, what, caller_sites()) for a in axes if not sz.at_least(x.shape[a], 1)]


def reduction(
    name: str,
    monoid: Monoid,
    reference: Callable[[np.ndarray, Axes], Any],
    vjp: Callable[[Tensor, Tensor, Tensor, Axes], Tensor | None] | None,
    *,
    result: Callable[[np.dtype], np.dtype] = lambda dtype: dtype,
    has_identity: bool = True,
    samples: Samples = _samples,
    two_pass: TwoPass | None = None,
) -> Reduction:
    """Declare a reduction.

    Args:
        name: NumPy's name.
        monoid: accumulators, step, combination.
        reference: ``reference(x, axes)`` in NumPy; an empty reduction gives the identity.
        vjp: ``vjp(cotangent, result, x, axes)``, cotangent and result with the reduced axes kept as 1.
        result: dtype of the result from that of the operand.
        has_identity: whether an empty reduction is allowed.
        samples: sample inputs.
        two_pass: how to fold elements at hand, where that is cheaper than the monoid's steps.
    """

    def infer(inputs: tuple[Tensor, ...], axes: Axes) -> TensorType:
        (x,) = inputs
        if not has_identity and builtins.any(x.shape[a] == 0 for a in axes):
            text = f"zero-size array to reduction operation {name} which has no identity: {describe(x)}"
            raise ShapeError(located(text, caller_sites()))
        return TensorType(result(x.dtype), without(x.shape, axes))

    def pull(cotangents: Sequence[Tensor], node: Tensor) -> Sequence[Any]:
        axes = node.attr("axes")
        return (vjp(expand_dims(cotangents[0], axes), expand_dims(node, axes), node.inputs[0], axes),)  # type: ignore[misc]

    op = Reduction(
        name, "reduction", infer, lambda x, axes: reference(np.asarray(x), axes), pull if vjp else None, False,
        None if has_identity else _not_empty, samples, monoid=monoid,
        two_pass=two_pass,
    )  # fmt: skip
    register(op)
    return op


def _extremum_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes) -> Tensor:
    hit = cast(equal(x, y), g.dtype)
    return g * hit / sum(hit, axis=axes, keepdims=True)


MOST_ZEROS = 4
"""Derivatives of a product are right up to this order, however many of its factors are 0."""


def _prod_vjp(g: Tensor, y: Tensor, x: Tensor, axes: Axes) -> Tensor:
    # y / x, but where exactly one factor is 0 its own slope is the product of the others.
    # With more zeros the slope is 0, but not the slopes of the slope: the other zeros stand in it as a product.
    zero = equal(x, 0)
    count = sum(zero, axis=axes, keepdims=True)
    others = prod(where(zero, 1, x), axis=axes, keepdims=True)
    product = where(equal(count, 1), 1, vanishing(_product_of_others(where(zero, x, 0), count, axes)))
    return g * conjugate(where(zero, others * product, y / where(zero, 1, x)))


def _product_of_others(small: Tensor, count: Tensor, axes: Axes) -> Tensor:
    """The product of ``count`` elements but the one that is looked at, all others being 0.

    It is the elementary symmetric polynomial of their number, by Newton's identities from sums of powers:
    ``k e_k = e_(k-1) p_1 - e_(k-2) p_2 + ...``.
    """
    power, sums, symmetric, result = small, [], [as_tensor(1, small.dtype)], as_tensor(0, small.dtype)
    for k in range(1, MOST_ZEROS):
        sums.append(sum(power, axis=axes, keepdims=True) - power)
        power = power * small
        total = symmetric[k - 1] * sums[0]
        for j in range(1, k):
            total = total + (-1) ** j * symmetric[k - 1 - j] * sums[j]
        symmetric.append(total / k)
        result = where(equal(count, k + 1), symmetric[k], result)
    return result


def _flattened(function: Callable[..., Any]) -> Callable[[np.ndarray, Axes], Any]:
    """NumPy's argmax takes one axis: move the reduced axes to the end and flatten them."""

    def apply(x: np.ndarray, axes: Axes) -> Any:
        kept = tuple(a for a in range(x.ndim) if a not in axes)
        moved = np.transpose(x, kept + axes)
        flat = moved.reshape(*moved.shape[: len(kept)], int(np.prod(moved.shape[len(kept) :], dtype="int64")))
        if flat.shape[-1] == 0:
            return np.full(flat.shape[:-1], np.iinfo("int64").max)
        return function(flat, axis=-1)

    return apply


def _welford_reference(x: np.ndarray, axes: Axes) -> Any:
    count = np.array(np.prod([x.shape[a] for a in axes]), x.dtype)
    gap = x - np.sum(x, axis=axes, keepdims=True) / count
    return np.sum(gap * gap, axis=axes, dtype=x.dtype)


SUM = reduction("sum", SUM_MONOID, lambda x, axes: np.sum(x, axis=axes, dtype=x.dtype), lambda g, y, x, axes: g)
PROD = reduction("prod", PROD_MONOID, lambda x, axes: np.prod(x, axis=axes, dtype=x.dtype), _prod_vjp)
MAX = reduction(
    "max", MAX_MONOID, lambda x, axes: np.max(x, axis=axes, initial=lowest(x.dtype)), _extremum_vjp, has_identity=False
)
MIN = reduction(
    "min", MIN_MONOID, lambda x, axes: np.min(x, axis=axes, initial=highest(x.dtype)), _extremum_vjp, has_identity=False
)
ALL = reduction("all", ALL_MONOID, lambda x, axes: np.all(x, axis=axes), None, samples=_bool_samples)
ANY = reduction("any", ANY_MONOID, lambda x, axes: np.any(x, axis=axes), None, samples=_bool_samples)
ARGMAX = reduction(
    "argmax", ARGMAX_MONOID, _flattened(np.argmax), None, result=lambda dtype: dtypes.INT64, has_identity=False
)
ARGMIN = reduction(
    "argmin", ARGMIN_MONOID, _flattened(np.argmin), None, result=lambda dtype: dtypes.INT64, has_identity=False
)
WELFORD = reduction(
    "sum_of_squared_deviations", WELFORD_MONOID, _welford_reference,
    lambda g, y, x, axes: 2 * g * (x - mean(x, axis=axes, keepdims=True)),
    two_pass=TwoPass(
        SUM, lambda total, count: total / count, SUM, squared_gap, lambda count, mean, squares: (count, mean, squares)
    ),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------ public functions
def _reduce(op: Reduction, x: Tensor, axis: Any, keepdims: bool) -> Tensor:
    if x.dtype == dtypes.FLOAT16 and op in (SUM, PROD):
        # Totals outgrow 11 bits soon: they are kept in float32 and rounded once, as NumPy does.
        return cast(_reduce(op, cast(x, dtypes.FLOAT32), axis, keepdims), dtypes.FLOAT16)
    axes = normal_axes(axis, x.ndim)
    result = op(x, axes=axes) if axes else x
    return expand_dims(result, axes) if keepdims else result


def count_of(x: Tensor, axis: Any = None) -> Any:
    """Number of elements over the axes, as a size."""
    return sz.product(x.shape[a] for a in normal_axes(axis, x.ndim))


def _chosen(x: Tensor, mask: Any, otherwise: Any) -> Tensor:
    """Elements where a mask holds, the identity of the reduction elsewhere; without a mask all of them."""
    return x if mask is None or mask is True else where(mask, x, cast(otherwise, x.dtype))


def sum(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Tensor:
    """Sum over axes (all by default); small integers and bools are summed in 64 bits.

    Args:
        a: the array.
        axis: an axis, several, or None for all.
        dtype: of the sum.
        keepdims: whether the axes stay with size 1.
        initial: a number that is added.
        where: a mask; elements where it is false are left out.

    >>> import symtensor as st
    >>> st.sum(st.ones((2, 3)), axis=1, keepdims=True).shape
    (2, 1)
    """
    x = as_tensor(a)
    x = _chosen(cast(x, dtype or dtypes.accumulator(x.dtype)), where, 0)
    result = _reduce(SUM, x, axis, keepdims)
    return result if initial is None else result + cast(initial, result.dtype)


def prod(
    a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None
) -> Tensor:
    """Product over axes (all by default); small integers and bools are multiplied in 64 bits.

    Arguments are those of ``sum``.

    >>> import symtensor as st
    >>> st.prod(st.ones((2, 3))).shape
    ()
    """
    x = as_tensor(a)
    x = _chosen(cast(x, dtype or dtypes.accumulator(x.dtype)), where, 1)
    result = _reduce(PROD, x, axis, keepdims)
    return result if initial is None else result * cast(initial, result.dtype)


def _extreme(
    op: Reduction, pick: Callable[..., Tensor], identity: Callable[[np.dtype], Any],
    a: Any, axis: Any, keepdims: bool, initial: Any, mask: Any,
) -> Tensor:  # fmt: skip
    x = as_tensor(a)
    if mask is not None and mask is not True and initial is None:
        text = f"reduction operation {op.name} has no identity, so to use a where mask one has to give initial"
        raise ValueError(text)
    result = _reduce(op, _chosen(x, mask, identity(x.dtype)), axis, keepdims)
    return result if initial is None else pick(result, cast(initial, result.dtype))


def max(a: Any, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Tensor:
    """Largest element over axes (all by default); NaN if there is one.

    The gradient is spread equally over all elements that reach the maximum.

    >>> import symtensor as st
    >>> st.max(st.ones((2, 3)), axis=0).shape
    (3,)
    """
    return _extreme(MAX, maximum, lowest, a, axis, keepdims, initial, where)


def min(a: Any, axis: Any = None, keepdims: bool = False, *, initial: Any = None, where: Any = None) -> Tensor:
    """Smallest element over axes (all by default); NaN if there is one.

    >>> import symtensor as st
    >>> st.min(st.ones((2, 3)), axis=0).shape
    (3,)
    """
    return _extreme(MIN, minimum, highest, a, axis, keepdims, initial, where)


def all(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether all elements over the axes are true.

    >>> import symtensor as st
    >>> st.all(st.vector("x") > 0).dtype
    dtype('bool')
    """
    return _reduce(ALL, cast(a, dtypes.BOOL), axis, keepdims)


def any(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Whether some element over the axes is true.

    >>> import symtensor as st
    >>> st.any(st.vector("x") > 0).dtype
    dtype('bool')
    """
    return _reduce(ANY, cast(a, dtypes.BOOL), axis, keepdims)


def _position(op: Reduction, a: Any, axis: Any, keepdims: bool) -> Tensor:
    x = as_tensor(a)
    if x.ndim == 0:
        x = reshape(x, (1,))
        return op(x, axes=(0,))
    return _reduce(op, x, axis, keepdims)


def argmax(a: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the (first) largest element along an axis, or in the flattened array; the first NaN counts as such.

    >>> import symtensor as st
    >>> st.argmax(st.ones((2, 3)), axis=1).dtype
    dtype('int64')
    """
    return _position(ARGMAX, a, axis, keepdims)


def argmin(a: Any, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Position of the (first) smallest element along an axis, or in the flattened array.

    >>> import symtensor as st
    >>> st.argmin(st.ones((2, 3)), axis=1).shape
    (2,)
    """
    return _position(ARGMIN, a, axis, keepdims)


def mean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, *, where: Any = None) -> Tensor:
    """Arithmetic mean over axes (all by default); integers are averaged in float64.  ``where`` is as for ``sum``.

    >>> import symtensor as st
    >>> st.mean(st.lmatrix("x"), axis=0).dtype
    dtype('float64')
    """
    x = as_tensor(a)
    if dtype is None and x.dtype == dtypes.FLOAT16:
        return cast(mean(x, axis, dtypes.FLOAT32, keepdims, where=where), dtypes.FLOAT16)
    kind = dtypes.as_dtype(dtype) if dtype is not None else x.dtype if x.dtype.kind in "fc" else dtypes.FLOAT64
    if where is None or where is True:
        return sum(x, axis, kind, keepdims) / count_of(x, axis)
    counted = sum(broadcast_to(cast(where, dtypes.BOOL), x.shape), axis, keepdims=keepdims)
    return sum(x, axis, kind, keepdims, where=where) / cast(counted, dtypes.part(kind))


def var(a: Any, axis: Any = None, dtype: Any = None, ddof: int = 0, keepdims: bool = False) -> Tensor:
    """Variance over axes: the mean of squared distances from the mean, with ``n - ddof`` in place of ``n``.

    Computed in two passes, so it keeps its digits far from zero.

    >>> import symtensor as st
    >>> st.var(st.matrix("x"), axis=0, ddof=1).ndim
    1
    """
    x = as_tensor(a)
    if dtype is None and x.dtype == dtypes.FLOAT16:
        return cast(var(x, axis, dtypes.FLOAT32, ddof, keepdims), dtypes.FLOAT16)
    kind = dtypes.as_dtype(dtype) if dtype is not None else x.dtype if x.dtype.kind in "fc" else dtypes.FLOAT64
    x = cast(x, kind)
    gap = x - mean(x, axis, keepdims=True)
    gap = absolute(gap) if kind.kind == "c" else gap
    return sum(gap * gap, axis, keepdims=keepdims) / sz.maximum(count_of(x, axis) - ddof, 0)


def count_nonzero(a: Any, axis: Any = None, keepdims: bool = False) -> Tensor:
    """Number of elements that are not zero.

    >>> import symtensor as st
    >>> st.count_nonzero(st.vector("x")).dtype
    dtype('int64')
    """
    return sum(not_equal(a, 0), axis, keepdims=keepdims)
