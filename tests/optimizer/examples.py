"""Examples for rules that are functions, which have no left side to test themselves on: graphs on which they fire."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

import symtensor as st
from symtensor.ir.graph import Graph
from symtensor.ir.node import Tensor
from symtensor.ops.contraction import CONTRACT
from symtensor.ops.creation import IOTA
from symtensor.ops.declare import CAST, SIZE
from symtensor.ops.elementwise import vanishing
from symtensor.ops.implicit import IMPLICIT
from symtensor.ops.indexing import linear_index
from symtensor.ops.joining import CONCATENATE
from symtensor.ops.leaves import tensor
from symtensor.ops.movement import BROADCAST_TO, EXPAND_DIMS, RESHAPE, SQUEEZE, TRANSPOSE
from symtensor.ops.reduction import ALL, ANY, MAX, MIN, SUM
from symtensor.ops.scatter import TAKE, scatter_add, scatter_set
from symtensor.ops.slicing import PAD, SLICE, UPDATE_SLICE

Example = Callable[[], tuple[Tensor, tuple[Tensor, ...]]]


def _on(*shapes: tuple, dtype: str = "float64") -> Callable[[Callable[..., Tensor]], Example]:
    def decorate(build: Callable[..., Tensor]) -> Example:
        def example() -> tuple[Tensor, tuple[Tensor, ...]]:
            leaves = tuple(tensor("xyz"[k], dtype, shape) for k, shape in enumerate(shapes))
            return build(*leaves), leaves

        return example

    return decorate


def _whole(x: Tensor) -> dict:
    return {"starts": (0,) * x.ndim, "steps": (1,) * x.ndim}


def _one_a_row(x: Tensor) -> Tensor:
    """Three rows of five elements, one of them x, the others 0."""
    columns = TAKE(IOTA(size=5, dtype=np.dtype("int64")), st.constant([1, -1, 0]), axis=0)
    return st.where(IOTA(size=5, dtype=np.dtype("int64")) == EXPAND_DIMS(columns, axes=(1,)), x, 0.0)


def _places(columns: list[int]) -> Tensor:
    """One element of each of three rows of five, as positions in all of them."""
    return linear_index((3, 5), [st.arange(3), st.constant(columns)])


def _defined(x: Tensor, y: Tensor) -> Tensor:
    """x, as what the equation ``x - y = 0`` defines."""
    a, b = tensor("a", x.dtype, x.shape), tensor("b", y.dtype, y.shape)
    return IMPLICIT(x, y, residual=Graph((a, b), (a - b,)), adjoint="dense")


def _with_own_slope(x: Tensor) -> Tensor:
    return st.custom_gradient(lambda x: (st.exp(x), lambda g: 2 * g))(x)


EXAMPLES: dict[str, list[Example]] = {
    # implicit
    "drop_equation": [_on(("n",), ("n",))(_defined)],
    # specialize
    "drop_custom_gradient": [_on(("n",))(_with_own_slope)],
    # canonicalize
    "uniform_constant": [_on()(lambda: st.constant(np.full((2, 3), -0.0))), _on()(lambda: st.constant([np.nan]))],
    "broadcast_late": [
        _on(("m", "n"))(lambda x: x + st.broadcast_to(st.constant(1.5), x.shape)),
        _on((3,))(lambda x: st.exp(st.broadcast_to(x, (2, 3)))),
        _on((3,), (2, 3))(lambda x, y: st.where(st.broadcast_to(x, (2, 3)) > 0, y, st.broadcast_to(x, (2, 3)))),
    ],
    "cast_of_cast": [
        _on(("n",), dtype="float32")(lambda x: st.cast(st.cast(x, "float64"), "float32")),
        _on(("n",), dtype="int8")(lambda x: st.cast(st.cast(x, "int64"), "float32")),
    ],
    "cast_to_same": [_on(("n",))(lambda x: CAST(x, dtype=x.dtype))],
    "drop_vanishing": [_on(("n",))(lambda x: vanishing(x - x))],
    # movement
    "shape_as_it_was": [
        _on((2, "n"))(lambda x: RESHAPE(x, shape=x.shape)),
        _on((3,))(lambda x: BROADCAST_TO(x, shape=(3,))),
    ],
    "axes_in_order": [_on(("m", "n"))(lambda x: TRANSPOSE(x, axes=(0, 1)))],
    "whole_slice": [_on(("m", 3))(lambda x: SLICE(x, **_whole(x), shape=x.shape))],
    "empty_border": [_on((3,))(lambda x: PAD(x, st.constant(1.0), low=(0,), high=(0,)))],
    "concatenate_nothing": [
        _on((2, 3), (2, 0))(lambda x, y: CONCATENATE(x, y, axis=1)),
        _on((2, 3), (2, 0), (2, 1))(lambda x, y, z: CONCATENATE(x, y, z, axis=1)),
    ],
    "transpose_of_transpose": [_on((2, 3, 4))(lambda x: TRANSPOSE(TRANSPOSE(x, axes=(1, 2, 0)), axes=(0, 2, 1)))],
    "reshape_of_reshape": [
        _on((2, 6))(lambda x: RESHAPE(RESHAPE(x, shape=(3, 4)), shape=(12,))),
        _on((2, 6))(lambda x: RESHAPE(EXPAND_DIMS(x, axes=(1,)), shape=(12,))),
    ],
    "broadcast_of_broadcast": [_on((3,))(lambda x: BROADCAST_TO(BROADCAST_TO(x, shape=(2, 3)), shape=(4, 2, 3)))],
    "squeeze_of_expand_dims": [
        _on((2, 3))(lambda x: SQUEEZE(EXPAND_DIMS(x, axes=(1,)), axes=(1,))),
        _on((2, 3))(lambda x: SQUEEZE(EXPAND_DIMS(x, axes=(0, 2)), axes=(0,))),
        _on((2, 1))(lambda x: SQUEEZE(EXPAND_DIMS(x, axes=(0,)), axes=(0, 2))),
    ],
    "expand_dims_of_squeeze": [_on((2, 1))(lambda x: EXPAND_DIMS(SQUEEZE(x, axes=(1,)), axes=(1,)))],
    "expand_dims_of_expand_dims": [_on((2, 3))(lambda x: EXPAND_DIMS(EXPAND_DIMS(x, axes=(1,)), axes=(0, 4)))],
    "squeeze_of_squeeze": [_on((1, 2, 1, 3, 1))(lambda x: SQUEEZE(SQUEEZE(x, axes=(2,)), axes=(0, 3)))],
    "move_of_uniform": [
        _on(())(lambda x: RESHAPE(BROADCAST_TO(x, shape=(2, 6)), shape=(3, 4))),
        _on(())(lambda x: SLICE(BROADCAST_TO(x, shape=(5,)), starts=(4,), steps=(-2,), shape=(2,))),
    ],
    "broadcast_of_leading_axes": [_on((3,))(lambda x: BROADCAST_TO(EXPAND_DIMS(x, axes=(0,)), shape=(2, 3)))],
    "slice_of_slice": [
        _on((20,))(
            lambda x: SLICE(SLICE(x, starts=(18,), steps=(-2,), shape=(8,)), starts=(1,), steps=(3,), shape=(3,))
        )
    ],
    "slice_of_concatenate": [
        _on((4,), (5,))(lambda x, y: SLICE(CONCATENATE(x, y, axis=0), starts=(8,), steps=(-1,), shape=(4,))),
        _on(("n",), (5,))(
            lambda x, y: SLICE(CONCATENATE(x, y, axis=0), starts=(x.shape[0] + 1,), steps=(2,), shape=(2,))
        ),
    ],
    "slice_of_pad": [
        _on((4,))(lambda x: SLICE(PAD(x, st.constant(7.0), low=(2,), high=(1,)), starts=(3,), steps=(1,), shape=(3,)))
    ],
    "slice_of_update": [
        _on((6,), (2,))(
            lambda x, y: SLICE(UPDATE_SLICE(x, y, starts=(1,), steps=(2,)), starts=(1,), steps=(2,), shape=(2,))
        ),
        _on((6,), (2,))(
            lambda x, y: SLICE(UPDATE_SLICE(x, y, starts=(0,), steps=(1,)), starts=(5,), steps=(-1,), shape=(3,))
        ),
    ],
    "transpose_of_broadcast": [_on((1, 3))(lambda x: st.broadcast_to(x, (2, 3)).T)],
    "multiply_ones": [_on((2, 3))(lambda x: st.broadcast_to(st.constant(1.0), (2, 3)) * x)],
    "whole_update": [_on((3, 2), (3, 2))(lambda x, y: UPDATE_SLICE(x, y, **_whole(x)))],
    "concatenate_of_concatenate": [
        _on((2,), (3,), (1,))(lambda x, y, z: CONCATENATE(x, CONCATENATE(y, z, axis=0), axis=0))
    ],
    # algebra
    "rounding_twice": [_on(("n",))(lambda x: st.floor(st.rint(x)))],
    "reduction_of_reduction": [
        _on((2, 3, 4))(lambda x: MAX(MAX(x, axes=(1,)), axes=(0,))),
        _on((2, 3, 4))(lambda x: MIN(MIN(x, axes=(0, 2)), axes=(0,))),
        _on((2, 3, 4), dtype="bool")(lambda x: ALL(ALL(x, axes=(2,)), axes=(0,))),
        _on((2, 3, 4), dtype="bool")(lambda x: ANY(ANY(x, axes=(0,)), axes=(1,))),
        _on((2, 3, 4), dtype="int64")(lambda x: SUM(SUM(x, axes=(0,)), axes=(0,))),
    ],
    # fold
    "fold_constants": [
        _on()(lambda: st.sin(st.constant([1.0, 2.0])) + 1),
        _on()(lambda: SUM(st.constant([1, 2]), axes=(0,))),
    ],
    "fold_the_rest": [_on()(lambda: st.exp(st.constant(1000.0)))],
    "fold_known_size": [_on()(lambda: SIZE(size=3, dtype=np.dtype("float32")))],
    # kinks
    "norm_at_zero": [
        _on((2, 3))(lambda x: st.sqrt(st.square(x).sum(axis=1))),
        _on((2, "n"))(lambda x: st.sqrt(st.expand_dims(st.square(x).sum(axis=1), 1) / 3)),
        _on((2, 3))(lambda x: st.sqrt(0.5 * st.square(x).sum())),
    ],
    # linalg
    "contract_transposed": [
        _on((2, 3), (2, 4), dtype="int64")(lambda x, y: x.T @ y),
        _on((3, 2), (4, 3), dtype="int64")(lambda x, y: x.T @ y.T),
    ],
    "transpose_of_contract": [_on((2, 3), (3, 4), dtype="int64")(lambda x, y: (x @ y).T)],
    "zero_and_contract": [
        _on((2, 3), (3, 4), dtype="int64")(lambda x, y: st.zeros((2, 4), dtype="int64") + x @ y),
        _on((2, "n"), ("n", 4), dtype="int64")(lambda x, y: x @ y + st.constant(np.int64(0))),
    ],
    "contract_without_sum": [
        _on((2,), (3,))(lambda x, y: CONTRACT(x, y, left=(0,), right=(1,), out=(1, 0))),
        _on((2, 3), (3, 2))(lambda x, y: CONTRACT(x, y, left=(0, 1), right=(1, 0), out=(0, 1))),
    ],
    # rows
    "one_element_a_row": [
        _on((15,), (3,))(lambda x, y: scatter_add(2 * x, _places([1, -1, 0]), y)),
        _on((3, 5), (3,))(lambda x, y: scatter_add(st.zeros(15), _places([4, -5, 0]), y)),
        _on((15, 2), (3, 2))(lambda x, y: scatter_set(2 * x, _places([1, -1, 0]), y)),
        _on((3, 5), (1, 5))(lambda x, y: scatter_set(2 * x, st.constant([2]), y)),
    ],
    "points_of_linear_index": [
        _on((3, 5))(lambda x: x[st.arange(3), st.constant([1, -1, 0])]),
        _on((2, 3, 5))(lambda x: x[:, st.constant([[0], [-1]]), st.constant([1, -1, 0])]),
    ],
    "sum_of_one_element_a_row": [
        _on((3, 1))(lambda x: SUM(_one_a_row(x), axes=(1,))),
        _on((3, 1))(lambda x: SUM(_one_a_row(st.square(x)), axes=(0, 1))),
    ],
    "sign_of_one_element_a_row": [_on((3, 1))(lambda x: -_one_a_row(x))],
}
