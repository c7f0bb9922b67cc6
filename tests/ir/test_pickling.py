"""Pickles of graphs: sharing, leaves and sizes keep their identity, depth does not matter."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.rewrite import rewrite
from symtensor.ir.trace import Trace
from symtensor.ops.reference import evaluate
from symtensor.optimizer.pipeline import CANONICAL


def again(value):
    return pickle.loads(pickle.dumps(value))


def test_value_name_and_sites_come_back():
    x = st.vector("x")
    y = st.exp(x) + 2
    y.name = "result"
    x2, y2 = again((x, y))
    assert (y2.name, y2.sites, y2.type.dtype) == ("result", y.sites, y.dtype)
    assert np.array_equal(evaluate([y2], {x2: [1.0]})[0], evaluate([y], {x: [1.0]})[0])


def test_leaves_and_sizes_are_one_within_a_pickle():
    x = st.matrix("x")
    leaf, first, second = again((x, x + 1, x.sum(axis=0)))
    assert first.inputs[0] is leaf
    assert second.inputs[0] is leaf
    assert second.shape == (leaf.shape[1],)
    assert leaf.shape != x.shape  # anonymous sizes of another tensor


def test_named_sizes_stay_tied():
    x = st.tensor("x", shape=("n", 3))
    assert again(x).shape == x.shape


def test_sizes_in_attributes_belong_to_the_leaf():
    x = st.vector("x")
    x2, y2 = again((x, st.zeros((2 * x.shape[0] + 1,))))
    assert y2.shape == (2 * x2.shape[0] + 1,)


def test_scalar_values_as_sizes():
    n = st.lscalar("n")
    n2, y2 = again((n, st.zeros(n)))
    assert evaluate([y2], {n2: 4})[0].shape == (4,)


def test_sizes_defined_on_the_way():
    x = st.vector("x")
    (places,) = st.nonzero(x)
    x2, y2 = again((x, places + st.ones(places.shape, "int64")))
    assert np.array_equal(evaluate([y2], {x2: [0.0, 1.0]})[0], [2])


def test_graphs_with_loops():
    x = st.vector("x")
    states, _ = st.scan(lambda c: c * 2, outputs_info=x, n_steps=3)
    final = states[-1]
    graph = again(Graph((x,), (final, final + 1)))
    (a, b) = evaluate(graph.outputs, {graph.inputs[0]: [1.0]})
    assert (a[0], b[0]) == (8, 9)


def test_constants_stay_read_only():
    y = again(st.vector("x") + np.arange(3.0))
    (c,) = (n for n in toposort([y]) if n.op.name == "constant")
    assert not c.attr("value").array.flags.writeable


@pytest.mark.parametrize("depth", [20_000, pytest.param(200_000, marks=pytest.mark.long)])
def test_a_deep_chain(depth):
    y = st.vector("x")
    for _ in range(depth):
        y = st.exp(y)
    assert len(toposort([again(y)])) == depth + 1


def test_copies_are_the_thing_itself():
    y = st.exp(st.vector("x"))
    assert copy.copy(y) is y
    assert copy.deepcopy([y])[0] is y


def test_traces_share_one_table():
    x = st.vector("x")
    y = x
    for k in range(2_000):
        y = st.exp(y * 1) if k % 2 else st.negative(-y)
    trace = Trace()
    rewrite([y], CANONICAL, trace=trace)
    data = pickle.dumps(trace)
    assert str(pickle.loads(data)) == str(trace)
    assert len(data) < 500 * len(trace)
