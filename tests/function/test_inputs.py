"""Nested containers and defaults of inputs, outputs, ``wrt`` and updates."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import symtensor as st

Pair = namedtuple("Pair", "first second")


@dataclass
class Layer:
    w: Any
    b: Any


@pytest.fixture(params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def test_containers_everywhere(target: str) -> None:
    layer, x = Layer(st.matrix("w"), st.vector("b")), st.vector("x")
    loss = ((layer.w @ x + layer.b) ** 2).sum()
    gradient = st.grad(loss, layer)
    assert isinstance(gradient, Layer)
    f = st.compile(OrderedDict(loss=loss, gradient=gradient, pair=Pair(x, [loss])), [layer, x], target=target)
    result = f(Layer(np.eye(2), np.ones(2)), np.array([1.0, 2.0]))
    assert type(result) is OrderedDict
    assert result["loss"] == 13
    np.testing.assert_array_equal(result["gradient"].b, [4, 6])
    np.testing.assert_array_equal(result["gradient"].w, [[4, 8], [6, 12]])
    assert type(result["pair"]) is Pair
    assert result["pair"].second == [13]


def test_inputs_by_keyword(target: str) -> None:
    x, y = st.vector("x"), st.vector("y")
    f = st.compile(x - y, {"left": x, "right": y}, target=target)
    np.testing.assert_array_equal(f(right=[1.0], left=[3.0]), [2])
    np.testing.assert_array_equal(f([3.0], right=[1.0]), [2])
    g = st.compile(x - y, [st.In({"x": x, "y": y}, name="both")], target=target)
    np.testing.assert_array_equal(g(both={"y": [1.0], "x": [3.0]}), [2])


def test_defaults(target: str) -> None:
    x, rate, pair = st.vector("x"), st.scalar("rate"), (st.scalar("a"), st.scalar("b"))
    f = st.compile(x * rate, [x, st.In(rate, 0.5, name="lr")], target=target)
    np.testing.assert_array_equal(f([2.0]), [1])
    np.testing.assert_array_equal(f([2.0], lr=3), [6])
    np.testing.assert_array_equal(f([2.0], 4), [8])
    g = st.compile(pair[0] - pair[1], [st.In(pair, (5.0, 1.0), name="pair")], target=target)
    assert g() == 4
    assert g((1.0, 3.0)) == -2


def test_updates_in_containers(target: str) -> None:
    parameters = {"w": st.shared(np.ones(2), "w"), "b": [st.shared(1.0, "b")]}
    new = {"b": [parameters["b"][0] + 1], "w": parameters["w"] * 2}
    step = st.compile(None, updates=(parameters, new), target=target)
    step()
    np.testing.assert_array_equal(parameters["w"].get_value(), [2, 2])
    assert parameters["b"][0].get_value() == 2
    count = st.shared(0, "count")
    st.compile(None, updates=[(parameters, new), {count: count + 1}], target=target)()
    assert count.get_value() == 1
    assert parameters["b"][0].get_value() == 3


def test_a_container_that_does_not_fit_leaves_variables_alone(target: str) -> None:
    w, x = st.shared(np.zeros(1), "w"), st.vector("x")
    f = st.compile(None, [{"x": x}], updates={w: w + x}, target=target)
    for bad in ({}, {"y": [1.0]}, [1.0], {"x": [1.0], "y": [2.0]}):
        with pytest.raises(TypeError):
            f(bad)
    assert w.get_value() == 0
