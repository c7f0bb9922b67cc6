"""The C target against the NumPy references where vectors are hard: tails, odd lengths, narrow and mixed types, edges.

One compiled function holds many operations, since compiling is what takes the time.  ``tests/conformance`` goes through
all declared operations; here each form in which the printer writes an operation meets every length up to 70.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.node import OPS, Tensor
from symtensor.ops.declare import Elementwise
from symtensor.ops.reference import evaluate
from symtensor.ops.samples import draw

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float32", "float64")
ALL = ("bool", *INTEGERS, *FLOATS)
QUICK = ("bool", "int8", "int64", "uint32", "float32", "float64")
DTYPES = [pytest.param(d, marks=() if d in QUICK else pytest.mark.long) for d in ALL]
ULPS = 16


def check(
    outputs: Sequence[Tensor], function: Any, inputs: Sequence[Tensor], values: Sequence[np.ndarray], at: str
) -> None:
    """Fail unless a compiled function gives what the interpreter gives."""
    wanted = evaluate(outputs, dict(zip(inputs, values)))
    for number, (output, got, want) in enumerate(zip(outputs, function(*values), wanted)):
        where = f"{at}: output {number}, {output.op.name} of {[str(i.type) for i in output.inputs]}"
        assert got.dtype == want.dtype, where
        assert got.shape == want.shape, where
        if want.dtype.kind != "f":
            np.testing.assert_array_equal(got, want, err_msg=where)
            continue
        finite = np.abs(want[np.isfinite(want)])
        scale = max(1.0, float(finite.max())) if finite.size else 1.0
        tolerance = ULPS * float(np.finfo(want.dtype).eps)
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * scale, err_msg=where)


def values_of(dtype: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    if dtype == "bool":
        return rng.random(shape) > 0.5
    if dtype in FLOATS:
        return rng.uniform(-3, 3, shape).astype(dtype)
    limits = np.iinfo(dtype)
    wide = rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)
    return np.where(rng.random(shape) > 0.5, wide, rng.integers(0, 5, shape).astype(dtype))


def forms(x: Tensor, y: Tensor, c: Tensor) -> list[Tensor]:
    """An operation of each form: operator, comparison, choice, function, conversion, shifted and reversed loads."""
    outputs = [
        x == y,
        x < y,
        st.where(c, x, y),
        c & (x != y),
        x.astype("bool"),
        x[::-1] + y if x.dtype != "bool" else x ^ y,
    ]
    if x.dtype.kind in "iu":
        outputs += [
            x + y,
            x * y - x,
            x // y,
            x % y,
            st.maximum(x, y),
            st.minimum(x, y),
            abs(x),
            ~x,
            x & y,
            x | y,
            x ^ y,
        ]
        outputs += [x.astype("float64"), st.sign(x), c + x]
    if x.dtype.kind == "f":
        outputs += [x + y * x, x / y, -x, st.maximum(x, y), st.exp(x), st.tanh(x), st.floor(x), abs(x), x // y, x % y]
        outputs += [x.astype("int32"), x.astype("int8"), st.sign(x), x * c, st.isnan(x), st.hypot(x, y)]
    if x.dtype == "bool":
        outputs += [x & y, x | y, ~x, x.astype("float32"), x.astype("int64") + 1, x + y]
    return outputs


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_length(dtype: str) -> None:
    x, y = st.tensor("x", dtype, ("n",)), st.tensor("y", dtype, ("n",))
    c = st.tensor("c", "bool", ("n",))
    outputs = forms(x, y, c)
    function = st.compile(outputs, [x, y, c], target="c")
    rng = np.random.default_rng(0)
    for length in (*range(71), 127, 128, 129, 4095, 4096, 4097):
        buffers = [values_of(d, (length + 3,), rng) for d in (dtype, dtype, "bool")]
        shifted = [b[k : k + length] for k, b in enumerate(buffers)]  # no two start at the same alignment
        check(outputs, function, [x, y, c], shifted, f"length {length}")


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_conversion(dtype: str) -> None:
    x = st.tensor("x", dtype, ("n",))
    outputs = [x.astype(other) for other in ALL if other != dtype]
    function = st.compile(outputs, [x], target="c")
    rng = np.random.default_rng(1)
    for length in (1, 37, 200):
        values = values_of(dtype, (length,), rng)
        if dtype in FLOATS:
            values = np.abs(np.round(values * 40))  # what no integer type holds is undefined in NumPy
        check(outputs, function, [x], [values], f"length {length}")
    if dtype in FLOATS:
        kept = [k for k, o in enumerate(outputs) if o.dtype.kind in "bf"]
        special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-45, 3e38, -1.5] * 5, dtype)
        got, want = function(special), evaluate(outputs, {x: special})
        for k in kept:
            np.testing.assert_array_equal(got[k], want[k])
            if outputs[k].dtype.kind == "f":
                np.testing.assert_array_equal(np.signbit(got[k]), np.signbit(want[k]))


AXES = ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))
SHAPES = ((3, 4, 5), (1, 1, 1), (2, 33, 17), (70, 1, 3), (5, 3, 67), (1, 2, 130), (9, 65, 1))


def reductions(dtype: str, axis: tuple[int, ...], x: Tensor) -> list[Tensor]:
    outputs = [st.sum(x, axis=axis), st.any(x, axis=axis), st.all(x, axis=axis), st.prod(x, axis=axis)]
    outputs += [st.max(x, axis=axis, keepdims=True), st.min(x, axis=axis)]
    if len(axis) == 1:
        outputs += [st.argmax(x, axis=axis[0]), st.argmin(x, axis=axis[0])]
    if dtype in FLOATS:
        outputs += [st.mean(x, axis=axis), st.var(x, axis=axis), st.logsumexp(x, axis=axis)]
    return outputs


@pytest.mark.parametrize(
    "axis", [*AXES[:3], AXES[4], AXES[6], *(pytest.param(a, marks=pytest.mark.long) for a in AXES[3:6:2])]
)
@pytest.mark.parametrize(
    "dtype", [pytest.param(d, marks=() if d in ("float32", "int8") else pytest.mark.long) for d in ALL]
)
def test_every_reduction(dtype: str, axis: tuple[int, ...]) -> None:
    x = st.tensor("x", dtype, (None, None, None))
    outputs = reductions(dtype, axis, x)
    function = st.compile(outputs, [x], target="c")
    rng = np.random.default_rng(2)
    for shape in SHAPES:
        values = values_of(dtype, shape, rng)
        if dtype in FLOATS:
            values = np.tanh(values) * 1.5
        check(outputs, function, [x], [values], f"{shape}")


@pytest.mark.parametrize("dtype", FLOATS)
def test_reductions_of_special_values(dtype: str) -> None:
    x = st.tensor("x", dtype, (None, None))
    outputs = [
        f(x, axis=a) for a in (0, 1, None) for f in (st.sum, st.max, st.min, st.argmax, st.argmin, st.any, st.prod)
    ]
    function = st.compile(outputs, [x], target="c")
    rng = np.random.default_rng(3)
    for shape in ((6, 7), (40, 19), (3, 150)):
        for special in ([np.nan], [np.inf], [-np.inf], [np.inf, -np.inf], [np.nan, np.inf], [0.0, -0.0]):
            values = rng.normal(size=shape).astype(dtype) * (0 if special == [0.0, -0.0] else 1)
            values.flat[rng.integers(0, values.size, 3)] = rng.choice(special, 3)
            check(outputs, function, [x], [values], f"{special} in {shape}")


def test_reductions_of_nothing() -> None:
    x = st.matrix("x")
    outputs = [f(x, axis=a) for a in (0, 1, None) for f in (st.sum, st.prod, st.any, st.all, st.mean)]
    outputs += [x.var(axis=1)]
    function = st.compile(outputs, [x], target="c")
    for shape in ((0, 3), (3, 0), (0, 0)):
        values = np.zeros(shape)
        for number, (got, want) in enumerate(zip(function(values), evaluate(outputs, {x: values}))):
            assert got.shape == want.shape, number
            np.testing.assert_array_equal(got, want, err_msg=f"{shape}, output {number}")


def movements(x: Tensor, i: Tensor) -> list[Tensor]:
    """Values that only move, by every index op."""
    n = x.shape[0]
    fill = False if x.dtype == "bool" else 7
    return [
        x.T, x[::-1], x[:, ::-1], x[1:, :-1], x[::2, 1::3], x[-1], x[:, 0], x[:, None, :], x.reshape((-1,)),
        x.reshape((1, -1)), st.concatenate([x, x[::-1], x], axis=0), st.concatenate([x, x[:, :1]], axis=1),
        st.stack([x, x[::-1]], axis=1), st.pad(x, ((1, 0), (2, 1)), constant_values=fill), st.take(x, i, axis=0),
        st.take(x, i % x.shape[1], axis=1), st.take(x.T, i, axis=1), st.broadcast_to(x, (2, *x.shape)),
        x[1:].set(x[:-1]), x[:, ::2].set(x[:, ::-2][:, ::-1] if False else x[:, ::2][::-1]), st.tril(x), st.triu(x, 1),
        st.where(st.arange(n)[:, None] < 2, x, x[::-1]), st.diagonal(x[:1, :1]), st.take(x, i, axis=0).T.reshape((-1,)),
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_movement(dtype: str) -> None:
    x, i = st.tensor("x", dtype, (None, None)), st.lvector("i")
    outputs = movements(x, i)
    function = st.compile(outputs, [x, i], target="c")
    rng = np.random.default_rng(4)
    for shape in ((2, 2), (3, 70), (65, 4), (17, 33)):
        indices = rng.integers(-shape[0], shape[0], 11)
        check(outputs, function, [x, i], [values_of(dtype, shape, rng), indices], f"{shape}")


def test_mixed_types_in_one_loop() -> None:
    leaves = [
        st.tensor(f"x_{d}", d, ("n",))
        for d in ("int8", "uint8", "int16", "int32", "int64", "float32", "float64", "bool")
    ]
    a, b, c, d, e, f, g, h = leaves
    outputs = [
        a + c, a * d + e, f * g, f + b, st.where(h, a, c), (a > 0) & (g < 0), st.where(a > b.astype("int8"), f, f * 2),
        (a.astype("int64") * e) % 7, st.where(g > 0, d, e), h + a, (f > 0).astype("int8") + a, st.maximum(f, g),
        st.exp(g) * f, (e // 3).astype("float32") * f, st.where(h & (f < g), e, d), (h.astype("int32") + d) * 2,
    ]  # fmt: skip
    function = st.compile(outputs, leaves, target="c")
    rng = np.random.default_rng(5)
    for length in (0, 1, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 200):
        check(outputs, function, leaves, [values_of(str(x.dtype), (length,), rng) for x in leaves], f"length {length}")


def differentiable() -> list[Elementwise]:
    ops = (o for o in OPS.values() if isinstance(o, Elementwise) and o.samples and o.vjp)
    return sorted((o for o in ops if set(o.samples) <= set("rspugn")), key=str)


@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.long)])
def test_gradients_of_elementwise_operations(dtype: str) -> None:
    """The derivative graphs agree with the interpreter, which ``tests/conformance`` compares with differences."""
    rng = np.random.default_rng(6)
    letters = sorted({letter for op in differentiable() for letter in op.samples})
    values = {letter: draw(letter, np.dtype(dtype), 21, rng) for letter in letters}
    leaves = {letter: st.tensor(letter, dtype, ("n",)) for letter in letters}
    outputs: list[Tensor] = []
    for op in differentiable():
        operands = [leaves[letter] for letter in op.samples]
        if len(set(op.samples)) == len(op.samples) and op(*operands).dtype.kind == "f":
            outputs += st.grad(op(*operands).sum(), operands, disconnected_inputs="ignore")
    function = st.compile(outputs, list(leaves.values()), target="c", on_unused_input="ignore")
    check(outputs, function, list(leaves.values()), list(values.values()), "gradients")
