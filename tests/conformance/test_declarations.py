"""Every declaration agrees with itself: its scalar form with its NumPy reference, its gradient with differences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError
from symtensor.ir.node import OPS, Op, Tensor, TensorType, new_leaf
from symtensor.ops.declare import INPUT, Elementwise, IndexOp, Reduction, types_of
from symtensor.ops.item import items
from symtensor.ops.reference import bind_sizes, evaluate
from symtensor.ops.samples import SPECIAL, draw, operand_dtype
from tests.conformance.scalar_machine import run_elementwise, run_index_op, run_reduction

DTYPES = ("bool", "int8", "int32", "int64", "uint8", "uint32", "float32", "float64")
ELEMENTWISE = sorted((o for o in OPS.values() if isinstance(o, Elementwise) and o.samples), key=str)
SAMPLED = sorted((o for o in OPS.values() if not isinstance(o, Elementwise) and o.samples), key=str)
TOLERANCE = {"float16": 2e-3, "float32": 3e-6, "float64": 1e-12}


def cases(ops: list[Op]) -> Iterator[Any]:
    for op in ops:
        for dtype in DTYPES:
            yield pytest.param(op, np.dtype(dtype), id=f"{op.name}-{dtype}")


def operand_types(op: Elementwise, dtype: np.dtype) -> tuple[np.dtype, ...]:
    """The operand dtypes for operands of one dtype; skips what NumPy does not have."""
    letters = op.samples
    wanted = [operand_dtype(letter, dtype) for letter in letters]
    try:
        types, _ = types_of(op, wanted)
    except DTypeError as error:
        pytest.skip(str(error).splitlines()[0])
    return types


def check(got: np.ndarray, want: np.ndarray) -> None:
    assert got.dtype == want.dtype
    assert got.shape == want.shape
    tolerance = TOLERANCE.get(str(want.dtype), 0)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("op", "dtype"), list(cases(ELEMENTWISE)))
def test_scalar_form(op: Elementwise, dtype: np.dtype) -> None:
    types = operand_types(op, dtype)
    rng = np.random.default_rng(1)
    arrays = [draw(letter, t, 20, rng) for letter, t in zip(op.samples, types)]
    with np.errstate(all="ignore"):
        want = np.asarray(op.reference(*arrays))
    check(run_elementwise(op, arrays), want)


@pytest.mark.parametrize("op", [o for o in ELEMENTWISE if not set("biI") & set(o.samples)], ids=str)
def test_special_values(op: Elementwise) -> None:
    types = operand_types(op, np.dtype("float64"))
    grids = np.meshgrid(*[np.array(SPECIAL)] * len(types))
    arrays = [g.ravel().astype(t) for g, t in zip(grids, types)]
    with np.errstate(all="ignore"):
        want = np.asarray(op.reference(*arrays))
    got = run_elementwise(op, arrays)
    np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-300)
    if op.name in ("add", "subtract", "multiply", "divide", "negative", "absolute", "square", "where"):
        assert np.array_equal(np.signbit(got), np.signbit(want)), "the sign of a zero differs"


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64"])
@pytest.mark.parametrize("name", ["floor_divide", "mod", "absolute", "negative", "power", "multiply", "sign"])
def test_integers_at_their_limits(name: str, dtype: str) -> None:
    op = OPS[name]
    assert isinstance(op, Elementwise)
    limits = np.iinfo(dtype)
    values = np.array([limits.min, limits.min + 1, -2, -1, 0, 1, 2, limits.max], dtype)
    if name == "power":
        values = values[np.abs(values.astype("float64")) < 100]
    grids = np.meshgrid(*[values] * len(op.samples))
    arrays = [g.ravel() for g in grids]
    with np.errstate(all="ignore"):
        want = np.asarray(op.reference(*arrays))
    np.testing.assert_array_equal(run_elementwise(op, arrays), want)


def sampled(kind: type) -> Iterator[Any]:
    for op in SAMPLED:
        if isinstance(op, kind):
            for number, (arrays, attrs) in enumerate(op.samples(np.random.default_rng(2))):
                yield pytest.param(op, arrays, attrs, id=f"{op.name}-{number}")


def build(op: Op, arrays: tuple[np.ndarray, ...], attrs: dict[str, Any]) -> tuple[Tensor, dict[Tensor, np.ndarray]]:
    leaves = [
        new_leaf(INPUT, TensorType(a.dtype, a.shape), name=f"x{k}") for k, a in enumerate(map(np.asarray, arrays))
    ]
    return op(*leaves, **attrs), dict(zip(leaves, arrays))


@pytest.mark.parametrize(("op", "arrays", "attrs"), list(sampled(IndexOp)))
def test_index_form(op: IndexOp, arrays: tuple[np.ndarray, ...], attrs: dict[str, Any]) -> None:
    node, _ = build(op, arrays, attrs)
    want = np.asarray(op.reference(*arrays, **attrs))
    assert node.shape == want.shape
    check(run_index_op(node, list(map(np.asarray, arrays)), {}), want)


@pytest.mark.parametrize("parts", [1, 4])
@pytest.mark.parametrize(("op", "arrays", "attrs"), list(sampled(Reduction)))
def test_monoid(op: Reduction, arrays: tuple[np.ndarray, ...], attrs: dict[str, Any], parts: int) -> None:
    (x,) = arrays
    want = np.asarray(op.reference(x, **attrs))
    got = run_reduction(op, x, attrs["axes"], parts)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("parts", [1, 3])
@pytest.mark.parametrize("name", ["max", "min", "argmax", "argmin"])
def test_extrema_of_special_values(name: str, parts: int) -> None:
    op = OPS[name]
    assert isinstance(op, Reduction)
    nan, inf = np.nan, np.inf
    rows = [[1, nan, 2, nan], [nan, inf, -inf, 0], [-inf, -inf, -inf, -inf], [inf, 1, inf, 1], [0, 0, 0, 0]]
    x = np.array(rows)
    np.testing.assert_array_equal(run_reduction(op, x, (1,), parts), op.reference(x, axes=(1,)))
    integers = np.array([[3, 3, 1, 1], [-128, -128, -128, -128], [127, 127, 127, 127]], "int8")
    np.testing.assert_array_equal(run_reduction(op, integers, (1,), parts), op.reference(integers, axes=(1,)))


@pytest.mark.parametrize(("op", "arrays", "attrs"), list(sampled(Op)))
def test_interpreter(op: Op, arrays: tuple[np.ndarray, ...], attrs: dict[str, Any]) -> None:
    node, values = build(op, arrays, attrs)
    if isinstance(node.type, tuple):
        outputs, wanted = list(items(node)), op.reference(*arrays, **attrs)
    else:
        outputs, wanted = [node], [op.reference(*arrays, **attrs)]
    for got, want, output in zip(evaluate(outputs, values), wanted, outputs):
        assert got.dtype == output.dtype
        np.testing.assert_array_equal(got, want)
    bind_sizes(values)


# ------------------------------------------------------------------------------------------------------- gradients
@pytest.mark.parametrize("op", [o for o in ELEMENTWISE if o.vjp], ids=str)
def test_gradient(op: Elementwise) -> None:
    rng = np.random.default_rng(3)
    types = operand_types(op, np.dtype("float64"))
    arrays = [draw(letter, t, 5, rng) for letter, t in zip(op.samples, types)]
    st.verify_grad(*held(op, arrays), order=2, prepare=None, rtol=1e-4)


def held(op: Elementwise, arrays: list[np.ndarray]) -> tuple[Any, list[np.ndarray]]:
    """The op as a function of the operands in which it has a derivative; an exponent ("S") is a constant."""
    fixed = {k: st.constant(a) for k, (letter, a) in enumerate(zip(op.samples, arrays)) if letter == "S"}

    def function(*free: Any) -> Any:
        rest = iter(free)
        return op(*(fixed[k] if k in fixed else next(rest) for k in range(len(arrays))))

    return function, [a for k, a in enumerate(arrays) if k not in fixed]


@pytest.mark.parametrize("op", [o for o in ELEMENTWISE if o.vjp and len(o.samples) == 2], ids=str)
def test_gradient_of_broadcast_operands(op: Elementwise) -> None:
    rng = np.random.default_rng(4)
    types = operand_types(op, np.dtype("float64"))
    first = draw(op.samples[0], types[0], 3, rng).reshape(1, 3)
    second = draw(op.samples[1], types[1], 2, rng).reshape(2, 1)
    st.verify_grad(*held(op, [first, second]), order=2, prepare=None, rtol=1e-4)


@pytest.mark.parametrize(("op", "arrays", "attrs"), list(sampled(Op)))
def test_gradient_of_other_ops(op: Op, arrays: tuple[np.ndarray, ...], attrs: dict[str, Any]) -> None:
    if op.vjp is None or not any(np.asarray(a).dtype.kind == "f" for a in arrays):
        pytest.skip("nothing to differentiate")

    def function(*inputs: Tensor) -> Any:
        if op.name == "cholesky":  # defined by one triangle; its gradient is that for symmetric changes
            inputs = ((inputs[0] + inputs[0].T) / 2,)
        if op.name == "derived":  # its operands are one value, computed twice
            inputs = (inputs[0], inputs[0])
        node = op(*inputs, **attrs)
        return items(node) if isinstance(node.type, tuple) else node

    st.verify_grad(function, arrays, order=2, prepare=None, rtol=1e-4)
