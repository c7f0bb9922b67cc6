"""The graph verifier finds each kind of defect, and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import VerificationError
from symtensor.ir.graph import Graph
from symtensor.ir.node import WILD, Op, Tensor, TensorType, new_leaf
from symtensor.ir.pattern import WILDCARD
from symtensor.ir.verify import verify_graph, verify_rewritten
from symtensor.ops.declare import CONSTANT, Value
from symtensor.ops.elementwise import add
from symtensor.ops.functions import exp

X = st.vector("x")


def node(op, inputs, attrs=(), type=None):
    """A node made past all checks."""
    return Tensor(op, tuple(inputs), attrs, type or inputs[0].type)


def test_sound_graphs_pass():
    m = st.matrix("m")
    final, _ = st.scan(lambda c: c * 2, outputs_info=X, n_steps=3)
    (places,) = st.nonzero(X)
    verify_graph([m @ m, final, st.softmax(m, axis=1), X[places] + st.ones(places.shape)], [X, m])


def test_shared_leaves_need_not_be_inputs():
    other = new_leaf(Op("shared", "source", None, None), X.type)
    verify_graph([add(X, other)], [X])


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: st.exp(st.vector("y")), "an input that is not among the graph's inputs"),
        (lambda: node(exp, [X], type=TensorType(np.dtype("float32"), X.shape)), "the op infers float64"),
        (lambda: node(exp, [X], type=TensorType(X.dtype, (3,))), "the op infers float64"),
        (lambda: node(Op("stray", "elementwise", lambda i: i[0].type, None), [X]), "its op is not registered"),
        (
            lambda: node(add, [X, st.cast(X, "int64")], type=TensorType(np.dtype("float64"), X.shape)),
            r"operands of \(dtype\('float64'\), dtype\('int64'\)\)",
        ),
        (lambda: node(exp, [X], (("where", [1]),)), "attribute where is not hashable"),
        (lambda: new_leaf(WILDCARD, WILD), "a wildcard of a rewrite pattern"),
        (
            lambda: node(CONSTANT, (), (("value", Value(np.zeros(3))),), TensorType(np.dtype("float64"), (3,))),
            "its value can be written to",
        ),
    ],
)
def test_defects_are_found(broken, message):
    with pytest.raises(VerificationError, match=message):
        verify_graph([broken()], [X])


def test_inner_graphs_are_verified():
    final, _ = st.scan(lambda c: c * 2, outputs_info=X, n_steps=3)
    loop = final.inputs[0]
    stranger = st.vector("stranger")
    attrs = tuple(
        (n, Graph(v.inputs, (stranger, *v.outputs[1:])) if isinstance(v, Graph) else v) for n, v in loop.attrs
    )
    with pytest.raises(VerificationError, match="an input that is not among"):
        verify_graph([Tensor(loop.op, loop.inputs, attrs, loop.type)], [X])


def test_a_pass_may_not_change_types_or_add_leaves():
    verify_rewritten([X + 0], [X])
    with pytest.raises(VerificationError, match="it replaces an output of type"):
        verify_rewritten([X], [st.cast(X, "float32")])
    stranger = st.tensor("y", shape=X.shape)
    with pytest.raises(VerificationError, match="an input that is not among"):
        verify_rewritten([X], [stranger])
