"""Random updates of shared variables, many of them in place: every right-hand side sees the old values."""

from __future__ import annotations

import random

import numpy as np
import pytest

import symtensor as st
from symtensor.function.variables import SharedVariable
from symtensor.ir.node import Tensor
from symtensor.ops.reference import evaluate

SHAPES = ((3, 4), (1, 5), (17, 33), (40, 70))


def expression(choose: random.Random, pool: list[Tensor], bias: Tensor, depth: int) -> Tensor:
    """A matrix of the shape that all matrices here have."""
    if depth == 0:
        return choose.choice(pool)
    a, b = expression(choose, pool, bias, depth - 1), choose.choice(pool)
    return choose.choice(
        (
            lambda: a + b,
            lambda: a * 0.5 - b,
            lambda: a - a.mean(axis=0),
            lambda: a - a.sum(axis=1, keepdims=True) * 0.1,
            lambda: st.tanh(a),
            lambda: a[::-1] + b,
            lambda: a + bias,
            lambda: a[:, ::-1] * 1.0,
            lambda: st.softmax(a, axis=choose.choice((0, 1))),
            lambda: st.concatenate([a[1:], a[:1]], axis=0),
            lambda: a * b.sum() * 0.01,
            lambda: (a @ b.T) @ a * 0.01,
            lambda: a[:1].set(a[-1:] * 0.5),
        )
    )()


def run(seed: int) -> int:
    """Compare two calls with the interpreter; the number of updates that were in place."""
    choose, rng = random.Random(seed), np.random.default_rng(seed)
    shape = choose.choice(SHAPES)
    matrices = [st.shared(rng.normal(size=shape), f"w{k}") for k in range(3)]
    bias = st.shared(rng.normal(size=shape[1]), "bias")
    x = st.matrix("x")
    pool: list[Tensor] = [*matrices, x]
    updates: dict[SharedVariable, Tensor] = {
        w: expression(choose, pool, bias, choose.randrange(4)) for w in choose.sample(matrices, choose.randrange(1, 4))
    }
    if choose.random() < 0.5:
        other = expression(choose, pool, bias, 2)
        updates[bias] = choose.choice((bias * 2, bias + other[0], other.sum(axis=0) * 0.1, bias[::-1]))
    outputs = [expression(choose, pool, bias, 2) for _ in range(choose.randrange(3))]
    function = st.compile(outputs, [x], updates=updates, target="c", on_unused_input="ignore")
    value = rng.normal(size=shape)
    for _ in range(2):
        before = {v: v.get_value() for v in (*matrices, bias)}
        wanted = evaluate([*outputs, *updates.values()], {**before, x: value})
        results = [*function(value), *(v.get_value() for v in updates)]
        for got, want in zip(results, wanted):
            np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8 * max(1.0, float(np.abs(want).max())))
        for variable, old in before.items():
            assert variable in updates or np.array_equal(variable.get_value(), old)
    return len(function.generated.program.in_place)


@pytest.mark.parametrize("first", [0, 10])
def test_updates(first: int) -> None:
    in_place = sum(run(seed) for seed in range(first, first + 10))
    assert in_place >= 2, "nothing was in place: the test has lost its subject"


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 400, 50))
def test_many_updates(first: int) -> None:
    for seed in range(first, first + 50):
        run(seed)


def test_a_step_of_gradient_descent_is_in_place() -> None:
    w, b = st.shared(np.ones((5, 3)), "w"), st.shared(np.zeros(3), "b")
    x = st.matrix("x")
    loss = st.square(x @ w + b).mean()
    slopes = st.grad(loss, [w, b])
    step = st.compile(loss, [x], updates={w: w - 0.1 * slopes[0], b: b - 0.1 * slopes[1]}, target="c")
    assert len(step.generated.program.in_place) == 2
    step(np.ones((2, 5)))
