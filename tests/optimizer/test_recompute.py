"""``memory_limit``: what is computed again, that the limit holds, and that values stay."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import CompileError
from symtensor.optimizer.recompute import timeline

RNG = np.random.default_rng(0)


def deep_chain(layers: int = 16):
    """Elementwise layers between sums over columns, and the gradient through them."""
    x = h = st.matrix("x")
    for _ in range(layers):
        h = st.tanh(h - h.mean(axis=0))
    return st.grad((h * h).sum(), x), [x], [RNG.normal(size=(600, 100))]


def attention_layers(layers: int = 2):
    x = h = st.fmatrix("x")
    weights = [[st.fmatrix(f"{name}{k}") for name in "qkvo"] for k in range(layers)]
    for q, k, v, o in weights:
        scores = st.exp((h @ q) @ (h @ k).T * np.float32(0.1))
        h = h + (scores / scores.sum(axis=1, keepdims=True) @ (h @ v)) @ o
    flat = [w for layer in weights for w in layer]
    values = [RNG.normal(size=(200, 16)) * 0.3, *(RNG.normal(size=(16, 16)) * 0.1 for _ in flat)]
    return st.grad((h * h).sum(), flat), [x, *flat], [v.astype("float32") for v in values]


def shapes(inputs, arguments):
    return {leaf.name: a.shape for leaf, a in zip(inputs, arguments)}


@pytest.mark.parametrize(
    ("build", "share"),
    [
        pytest.param(deep_chain, 0.5, marks=pytest.mark.long),
        pytest.param(attention_layers, 0.85, marks=()),
        pytest.param(partial(attention_layers, 4), 0.75, marks=pytest.mark.long),
    ],
)
def test_the_limit_holds_and_values_stay(build, share) -> None:
    outputs, inputs, arguments = build()
    at = shapes(inputs, arguments)
    plain = st.compile(outputs, inputs, threads=1)
    before = plain.memory.at(**at).peak_bytes
    limited = st.compile(outputs, inputs, threads=1, memory_limit=(int(share * before), at))
    assert limited.memory.at(**at).peak_bytes <= share * before
    tolerance = 1e-12 if arguments[0].dtype == "float64" else 1e-4
    for got, want in zip(np.atleast_2d(limited(*arguments)), np.atleast_2d(plain(*arguments))):
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance * np.abs(want).max())


def test_a_limit_that_holds_changes_nothing() -> None:
    outputs, inputs, arguments = deep_chain(3)
    plain = st.compile(outputs, inputs)
    limited = st.compile(outputs, inputs, memory_limit=(1 << 30, shapes(inputs, arguments)))
    assert limited.source == plain.source


def test_unknown_sizes_take_as_little_as_can_be() -> None:
    outputs, inputs, arguments = deep_chain()
    at = shapes(inputs, arguments)
    limited = st.compile(outputs, inputs, memory_limit=1)
    assert limited.memory.at(**at).peak_bytes < 0.5 * st.compile(outputs, inputs).memory.at(**at).peak_bytes


def test_types_and_shared_variables_tell_sizes() -> None:
    x, w = st.tensor("x", shape=(200, 16), dtype="float64"), st.shared(0.1 * RNG.normal(size=(16, 16)), "w")
    h = x
    for _ in range(6):
        h = st.cumsum(st.tanh(h @ w), axis=1)
    cost, gradient = (h * h).sum(), st.grad((h * h).sum(), w)
    plain = st.compile(cost, [x], updates={w: w - 0.1 * gradient}, threads=1)
    less = int(plain.memory.at(w=(16, 16)).peak_bytes * 0.9)
    limited = st.compile(cost, [x], updates={w: w - 0.1 * gradient}, threads=1, memory_limit=less)
    assert limited.memory.at(w=(16, 16)).peak_bytes <= less
    data, start = RNG.normal(size=(200, 16)), w.get_value()
    first = plain(data)
    w.set_value(start)
    np.testing.assert_allclose(limited(data), first, rtol=1e-12)


def test_what_has_effects_or_is_random_by_steps_is_computed_once() -> None:
    x = st.vector("x")
    rows = st.cumsum(st.exp(x))  # a loop over the axis: kept
    h = rows
    for _ in range(4):
        h = st.tanh(h - h.mean())
    gradient = st.grad((h * rows).sum(), x)
    f = st.compile(gradient, [x], memory_limit=1)
    data = RNG.normal(size=1000)
    np.testing.assert_allclose(f(data), st.compile(gradient, [x])(data), rtol=1e-11)


def test_the_timeline_counts_what_is_live() -> None:
    x = st.tensor("x", shape=(100, 100))
    y = x @ x
    f = st.compile((y @ x) @ y, [x])
    lives = timeline(f.details.generated.plan, {})
    assert lives.peak == 3 * 80_000  # two temporaries and the result
    assert len(lives.live) == 3


def test_a_limit_that_cannot_be_met() -> None:
    x = st.tensor("x", shape=(100, 100))
    with pytest.raises(CompileError) as caught:
        st.compile(x + 1, [x], memory_limit=1000)
    assert str(caught.value) == (
        "the function needs 80,000 bytes, and its memory_limit is 1,000\n"
        "  hint: results count; smaller batches or checkpoint= of st.scan take less"
    )


@pytest.mark.parametrize("limit", [0, -1, 1.5, True, "1 GB", (1, 2), (1, {}, 3)])
def test_limits_that_are_none(limit) -> None:
    x = st.vector("x")
    with pytest.raises(ValueError, match="memory_limit must be") as caught:
        st.compile(x + 1, [x], memory_limit=limit)
    assert str(caught.value) == (
        f"memory_limit must be a number of bytes, or one with shapes, not {limit!r}\n"
        '  hint: as in memory_limit=(200_000_000, {"x": (1000, 64)})'
    )
