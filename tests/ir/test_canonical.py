"""The canonical form of a graph is the same in every process, and differs where compiling would."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.canonical import Canonical, Unnameable
from symtensor.ir.graph import Graph


def digest(constant: float = 2.0, name: str = "x", dtype: str = "float64", shape: object = ("n", None)) -> str:
    """Of a small expression; all calls are on one line, since user lines count."""
    x = st.tensor(name, dtype, shape=shape)
    return Canonical(Graph((x,), (st.exp(x * constant).sum(axis=1),))).digest


def test_what_enters_the_digest() -> None:
    """Constants, names, dtypes and static sizes; not the identity of leaves and sizes."""
    changed = [digest(constant=3.0), digest(name="y"), digest(dtype="float32"), digest(shape=("n", 3))]
    assert digest() == digest()
    assert len({digest(), *changed}) == 5


def test_large_constants_enter_by_value() -> None:
    """Arrays that differ in one element give two digests."""
    x = st.vector("x")
    one, other = np.zeros(1000), np.zeros(1000)
    other[500] = 1
    first, second = (Canonical(Graph((x,), (x.sum() + st.constant(a),))).digest for a in (one, other))
    assert first != second


def test_which_input_comes_first_counts() -> None:
    """The order of inputs is that of the arguments."""
    x, y = st.vector("x"), st.vector("y")
    out = (x.sum() - y.sum(),)
    assert Canonical(Graph((x, y), out)).digest != Canonical(Graph((y, x), out)).digest


def test_a_deep_graph_does_not_recurse() -> None:
    """100,000 nodes have a digest like any others."""
    y = x = st.vector("x")
    for k in range(50_000):
        y = y * 1.5 + float(k)
    assert len(Canonical(Graph((x,), (y,))).digest) == 64


def test_what_only_this_process_knows_has_no_form() -> None:
    """A function of the user's may be another one tomorrow."""
    with pytest.raises(Unnameable):
        Canonical(Graph((), ())).encoded(lambda: 0)
