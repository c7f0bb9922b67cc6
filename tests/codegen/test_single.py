"""Loops of which one iteration differs: no comparison is left in them, and the bits are those of the select."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.loop_ir import For, If, Store, all_statements, expressions
from symtensor.ir.scalar import Call
from symtensor.optimizer.elements import walk
from tests.codegen.generating import generated

X = st.tensor("x", shape=("m", "n"))
T = st.tensor("t", "int64", shape=("m",))


def hit() -> st.Tensor:
    return st.arange(X.shape[1]) == T[:, None]


def softmax() -> st.Tensor:
    e = st.exp(X - X.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


CASES: dict[str, Callable[[], st.Tensor]] = {
    "select": lambda: st.where(hit(), -X, st.exp(X)),
    "one-hot": lambda: X * 2 - st.one_hot(T, X.shape[1]),
    "softmax": lambda: st.where(hit(), softmax() - 1, softmax()),
    "shifted": lambda: st.where(st.arange(X.shape[1]) + 2 == T[:, None], X, 0.0),
    "two": lambda: st.where(hit(), 1.0, X) + st.where(st.arange(X.shape[1]) == T[:, None] + 1, 2.0, X),
    "diagonal": lambda: st.exp(X) + st.where(st.arange(X.shape[1]) == st.arange(X.shape[0])[:, None], X, 0.0),
    "turned": lambda: st.where(hit(), X, 1.0).T,
}


def in_loops(kernel) -> list[str]:
    """Operations of the innermost loops."""
    loops = [s for s in all_statements(kernel.body) if isinstance(s, For) and s.kind == "simd"]
    return [
        e.op for loop in loops for s in all_statements(loop.body) for e in walk(list(expressions(s)))
        if isinstance(e, Call)
    ]  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_values_at_every_place(case: str) -> None:
    graph = CASES[case]()
    native, interpreted = (st.compile(graph, [X, T], target=t, on_unused_input="ignore") for t in ("c", "numpy"))
    rng = np.random.default_rng(0)
    for m, n in [(1, 1), (3, 2), (9, 8), (5, 33), (70, 64), (6, 4100), (0, 3), (3, 0)]:
        if n == 0 and case == "softmax":
            continue
        x = rng.normal(size=(m, n))
        for t in (np.zeros(m, "int64"), np.full(m, n - 1), np.full(m, n), np.full(m, -1), rng.integers(-2, n + 3, m)):
            np.testing.assert_allclose(native(x, t), interpreted(x, t), rtol=1e-12, err_msg=f"{m, n} {t}")


@pytest.mark.parametrize("case", sorted(set(CASES) - {"turned"}))  # there each lane has a label of its own
def test_no_comparison_is_left_in_the_loop(case: str) -> None:
    for kernel in generated([CASES[case]()], [X, T]).program.kernels():
        assert "eq" not in in_loops(kernel)


def test_the_element_is_computed_before_the_loop_and_stored_after_it() -> None:
    (kernel,) = generated([CASES["softmax"]()], [X, T]).program.kernels()
    body = next(s for s in all_statements(kernel.body) if isinstance(s, For) and s.kind == "parallel").body
    first, last = (k for k, s in enumerate(body) if isinstance(s, If))
    assert any(isinstance(s, For) for s in body[first:last])
    assert [type(s) for s in body[last].then] == [Store]  # type: ignore[union-attr]


def test_exponentials_still_lie_where_the_results_will_be() -> None:
    source = str(generated([CASES["softmax"]()], [X, T]).source)
    assert "exp_row[" not in source


def test_a_short_row_is_compared_at_once() -> None:
    x = st.tensor("x", shape=("m", 10))
    graph = st.where(st.arange(10) == T[:, None], x, 0.0)
    (kernel,) = generated([graph], [x, T]).program.kernels()
    assert not any(isinstance(s, If) for s in all_statements(kernel.body))


def test_devices_compare() -> None:
    (kernel,) = generated([CASES["select"]()], [X, T], target="opencl").program.kernels()
    assert "eq" in in_loops(kernel)
