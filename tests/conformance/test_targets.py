"""Every declared op on every target against its NumPy reference, compiled many at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError
from symtensor.ir.node import OPS, Op, TensorType, new_leaf
from symtensor.ops.declare import INPUT, Elementwise, types_of
from symtensor.ops.item import items
from symtensor.ops.samples import SPECIAL, draw, operand_dtype
from tests.conftest import TARGETS, need

DTYPES = (
    "bool",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
)
ELEMENTWISE = sorted((o for o in OPS.values() if isinstance(o, Elementwise) and o.samples), key=str)
SAMPLED = sorted((o for o in OPS.values() if not isinstance(o, Elementwise) and o.samples), key=str)
ULPS = 8
"""Error that a target's functions may have against NumPy's, in units of the last place of the largest operand."""

COMPILED = [t for t in TARGETS if t != "numpy"]


def compiled_target(name: str) -> str:
    return need(name)


def compare(op: Op, got: Any, want: Any, dtype: np.dtype) -> None:
    got, want = np.asarray(got), np.asarray(want)
    assert got.dtype == dtype, f"{op.name}: dtype {got.dtype}, declared {dtype}"
    assert got.shape == want.shape, f"{op.name}: shape {got.shape}, expected {want.shape}"
    if dtype.kind != "f":
        np.testing.assert_array_equal(got, want, err_msg=op.name)
        return
    tolerance = ULPS * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=op.name)


def run_all(ops: list[Elementwise], values: dict[tuple[str, np.dtype], np.ndarray], target: str) -> None:
    """Compile all ops that take operands of these letters and dtypes into one function, call it, compare each."""
    # The exponent of a sum of powers is a constant as a rule, and then products do for its powers.
    values = {k: np.full_like(v, 3) if k[0] == "S" else v for k, v in values.items()}
    leaves = {
        key: new_leaf(INPUT, TensorType(a.dtype, st.vector().shape), name=f"{key[0]}_{key[1]}")
        for key, a in values.items()
    }
    size = next(iter(leaves.values())).shape  # all have one size
    leaves = {key: new_leaf(INPUT, TensorType(leaf.dtype, size), name=leaf.name) for key, leaf in leaves.items()}
    outputs, wanted, made = [], [], []
    for op in ops:
        keys = operand_keys(op, values)
        if keys is None:
            continue
        exponent = {k: st.constant(values[k][:1][0]) for k in keys if k[0] == "S"}
        outputs.append(op(*(exponent.get(k, leaves[k]) for k in keys)))
        with np.errstate(all="ignore"):
            wanted.append(op.reference(*(values[k] for k in keys)))
        made.append(op)
    function = st.compile(outputs, list(leaves.values()), target=target, on_unused_input="ignore")
    for op, got, want, output in zip(made, function(*values.values()), wanted, outputs):
        compare(op, got, want, output.dtype)
    # The same function on other layouts: nothing, one element, and elements that lie apart or backwards.
    for part in (slice(0, 0), slice(3, 4), slice(None, None, 2), slice(None, None, -3)):
        views = [v[part] for v in values.values()]
        for op, got, want, output in zip(made, function(*views), wanted, outputs):
            compare(op, got, np.asarray(want)[part], output.dtype)


def operand_keys(op: Elementwise, values: dict[tuple[str, np.dtype], np.ndarray]) -> list[tuple[str, np.dtype]] | None:
    """Which values the op takes, or None where it does not take this dtype (or casts it: then another test does)."""
    (dtype,) = {d for letter, d in values if letter not in "bI"} or {np.dtype("bool")}
    wanted = [operand_dtype(letter, dtype) for letter in op.samples]
    try:
        types, _ = types_of(op, wanted)
    except DTypeError:
        return None
    return list(zip(op.samples, types)) if list(types) == wanted else None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("target", COMPILED)
def test_elementwise(target: str, dtype: str) -> None:
    compiled_target(target)
    rng = np.random.default_rng(1)
    kind = np.dtype(dtype)
    letters = sorted({letter for op in ELEMENTWISE for letter in op.samples})
    values = {}
    for letter in letters:
        used = operand_dtype(letter, kind)
        values[letter, used] = draw(letter, used, 37, rng)
    run_all(ELEMENTWISE, values, target)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("target", COMPILED)
def test_special_values(target: str, dtype: str) -> None:
    compiled_target(target)
    kind = np.dtype(dtype)
    first, second = (g.ravel().astype(kind) for g in np.meshgrid(np.array(SPECIAL), np.array(SPECIAL)))
    letters = sorted({letter for op in ELEMENTWISE for letter in op.samples} - {"b", "I"})
    # The first operand's letter and the second's differ for all binary ops but comparisons with themselves.
    values = {(letter, kind): first if letter in "rbk" else second for letter in letters}
    values["b", np.dtype("bool")] = first > 0
    values["I", np.dtype("int64")] = np.resize(np.array([0, 1, -1, 1023, -1074, 5000, -(2**62)]), first.size)
    run_all([op for op in ELEMENTWISE if "b" not in op.samples], values, target)


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
@pytest.mark.parametrize("target", COMPILED)
def test_integers_at_their_limits(target: str, dtype: str) -> None:
    compiled_target(target)
    limits = np.iinfo(dtype)
    line = np.array([limits.min, limits.min + 1, 0, 1, 2, 3, limits.max - 1, limits.max], dtype)
    if limits.min < 0:
        line[3:5] = -1, -2
    first, second = (g.ravel() for g in np.meshgrid(line, line))
    kind = np.dtype(dtype)
    letters = sorted({letter for op in ELEMENTWISE for letter in op.samples} - {"b", "I"})
    values = {(letter, kind): first if letter in "rik" else second for letter in letters}
    values["b", np.dtype("bool")] = first > 0
    run_all([op for op in ELEMENTWISE if op.name not in ("power",)], values, target)


@pytest.mark.parametrize("target", COMPILED)
def test_other_ops(target: str) -> None:
    compiled_target(target)
    inputs, arrays, outputs, wanted, made = [], [], [], [], []
    for op in SAMPLED:
        for sample, attrs in op.samples(np.random.default_rng(2)):  # type: ignore[misc]
            sample = tuple(map(np.asarray, sample))
            leaves = [st.tensor(f"x{len(inputs) + k}", a.dtype, a.shape) for k, a in enumerate(sample)]
            node = op(*leaves, **attrs)
            reference = op.reference(*sample, **attrs)
            for output, want in zip(
                items(node) if isinstance(node.type, tuple) else (node,),
                reference if isinstance(node.type, tuple) else (reference,),
            ):
                outputs.append(output)
                wanted.append(want)
                made.append(op)
            inputs += leaves
            arrays += sample
    function = st.compile(outputs, inputs, target=target)
    for op, got, want, output in zip(made, function(*arrays), wanted, outputs):
        got = np.asarray(got)
        assert got.dtype == output.dtype, op.name
        np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12, err_msg=op.name)
