"""Scratch rows in outputs: which kernels need no scratch, which keep theirs, and that values stay the same."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.loop_ir import Alloc, Kernel, all_statements
from symtensor.ir.node import Tensor
from tests.codegen.generating import generated


def scratch(*outputs: Tensor) -> list[str]:
    """Names of the scratch arrays of all kernels."""
    made = generated(outputs, _inputs(outputs))
    kernels: list[Kernel] = list(made.program.kernels())
    return [s.name for k in kernels for s in all_statements(k.body) if isinstance(s, Alloc)]


def _inputs(outputs: tuple[Tensor, ...]) -> list[Tensor]:
    found: dict[Tensor, None] = {}
    stack = list(outputs)
    while stack:
        node = stack.pop()
        if node.op.name == "input":
            found.setdefault(node)
        stack += node.inputs
    return list(found)


def softmax(x: Tensor) -> Tensor:
    e = st.exp(x)
    return e / e.sum(axis=1, keepdims=True)


def test_softmax_keeps_its_exponentials_in_the_output() -> None:
    assert scratch(softmax(st.matrix("x"))) == []


def test_scratch_of_another_dtype_stays() -> None:
    x = st.matrix("x", dtype="float32")
    e = st.exp(x)
    assert len(scratch((e / e.sum(axis=1, keepdims=True)).astype("float64"))) == 1


def test_scratch_that_is_read_elsewhere_than_it_is_overwritten_stays() -> None:
    x = st.matrix("x")
    e = st.exp(x)
    assert len(scratch(e[:, ::-1] / e.sum(axis=1, keepdims=True))) >= 1


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (5, 37), (2, 64), (3, 131)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(shape: tuple[int, int], dtype: str) -> None:
    x = st.matrix("x", dtype=dtype)
    e = st.exp(x)
    total = e.sum(axis=1, keepdims=True)
    f = st.compile([e / total, e * e / total, e[:, ::-1] / total], [x], target="c")
    value = np.random.default_rng(1).normal(size=shape).astype(dtype)
    exact = np.exp(value.astype("float64"))
    whole = exact.sum(axis=1, keepdims=True)
    for got, want in zip(f(value), (exact / whole, exact * exact / whole, exact[:, ::-1] / whole), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5 if dtype == "float32" else 1e-13)


def test_the_update_of_a_shared_variable() -> None:
    value = np.random.default_rng(2).normal(size=(5, 37))
    x, w = st.matrix("x"), st.shared(value.copy(), "w")
    step = st.compile([], [], updates={w: softmax(w)}, target="c")
    step()
    np.testing.assert_array_equal(w.get_value(), st.compile(softmax(x), [x], target="c")(value))
