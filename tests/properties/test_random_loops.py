"""Random scans, forwards and backwards, with their gradients: native code against the interpreter at several sizes."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.node import Tensor
from symtensor.ops.reference import evaluate

Step = Callable[[Tensor, Tensor, Tensor], Tensor]
OPERATIONS: tuple[Step, ...] = (
    lambda u, v, s: u + v,
    lambda u, v, s: u * s,
    lambda u, v, s: st.softmax(u, axis=0),
    lambda u, v, s: u * 0.5 + v,
    lambda u, v, s: u[::-1] - u.mean(),
    lambda u, v, s: st.where(u > 0, u, v),
    lambda u, v, s: st.tanh(u) * s * 0.1,
    lambda u, v, s: u * st.expit(v),
    lambda u, v, s: st.concatenate([u[1:], u[:1]]),
    lambda u, v, s: st.tanh(st.outer(u, v) @ u * 0.1),
    lambda u, v, s: u[:1].set(v[:1]),
    lambda u, v, s: st.maximum(u, v),
    lambda u, v, s: st.cond(s > 0, lambda: u * 0.5, lambda: v - u),
    lambda u, v, s: st.while_loop(lambda w: (w * w).sum() > 0.5, lambda w: st.sin(w) * 0.7 + v * 0.01, u, max_steps=99),
    lambda u, v, s: st.switch_case(
        st.cast(st.floor(s * 2), "int64"), [lambda: u, lambda: st.cond(s > 1, lambda: v, lambda: u * s), lambda: v * u]
    ),
    lambda u, v, s: st.fori_loop(0, 3, lambda i, w: st.tanh(w + v * i), u),
    lambda u, v, s: st.scan(lambda w: (st.sin(w + v), st.until(w.sum() > s)), outputs_info=u, n_steps=4)[0].sum(axis=0),
)


def build(choose: random.Random) -> tuple[list[Tensor], list[Tensor], bool]:
    """Outputs, inputs, and whether the state has a known size."""
    known = choose.random() < 0.4
    m = 3 if known else "m"
    rows, first = st.tensor("rows", shape=("n", m)), st.tensor("first", shape=(m,))
    weights, scales = st.tensor("weights", shape=(m, m)), st.tensor("scales", shape=("n",))
    a, b, c = (choose.choice(OPERATIONS) for _ in range(3))
    product = choose.random() < 0.5

    def step(row: Tensor, scale: Tensor, state: Tensor, total: Tensor) -> list[Tensor]:
        new = b(a(state, row, scale), row, total)
        new = st.tanh(new @ weights) if product else new
        return [new, st.tanh(total + new.sum() * 0.1), c(new, state, scale)]

    form: dict[str, Any] = choose.choice(
        (
            {},
            {},
            {"checkpoint": 2},
            {"checkpoint": "sqrt"},
            {"truncate_gradient": 2},
            {"until": lambda s, t, o: t > 0.3},
            {"until": lambda s, t, o: t > 0.3, "checkpoint": 2},
            {"until": lambda s, t, o: t > 0.3, "truncate_gradient": 2},
        )
    )
    (states, totals, others), _ = st.scan(
        step, sequences=[rows, scales], outputs_info=[first, 0.0, None], go_backwards=choose.random() < 0.3, **form
    )
    outputs = [choose.choice((states, states[-1])), choose.choice((totals, totals[-1], totals.sum())), others]
    if choose.random() < 0.5:
        cost = sum((o * o).sum() for o in outputs) * 0.1
        outputs += st.grad(cost, [weights, first, rows], disconnected_inputs="ignore")
    return outputs, [rows, first, weights, scales], known


def run(seed: int) -> None:
    outputs, inputs, known = build(random.Random(seed))
    functions: list[Any] = [st.compile(outputs, inputs, target=t, on_unused_input="ignore") for t in ("numpy", "c")]
    for n, m in ((1, 3), (4, 3), (9, 5), (2, 17)):
        m = 3 if known else m
        rng = np.random.default_rng(seed + n)
        values = [rng.normal(size=s) for s in ((n, m), m, (m, m), n)]
        wanted = evaluate(outputs, dict(zip(inputs, values)))
        for function in functions:
            for got, want in zip(function(*values), wanted):
                assert (got.shape, got.dtype) == (want.shape, want.dtype)
                np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8 * max(1.0, float(np.abs(want).max())))


@pytest.mark.parametrize("first", [0, 8])
def test_loops(first: int) -> None:
    for seed in range(first, first + 8):
        run(seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 300, 50))
def test_many_loops(first: int) -> None:
    for seed in range(first, first + 50):
        run(seed)
