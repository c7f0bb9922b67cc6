"""Values as slope and rest of one tensor: which are rewritten, and that they keep their value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ops.linear import factored
from symtensor.ops.reference import evaluate

d, p, q, r = (st.scalar(name) for name in "dpqr")

LONG: dict[str, Callable[[], Tensor]] = {
    "two products": lambda: d * q * r - d * p,
    "with a rest": lambda: (d * q + p) * r,
    "negated and divided": lambda: -(d * q - p) / r,
    "subtracted from": lambda: (p - d) * q * r,
    "the tensor itself added": lambda: (d + d * q) * r + d,
}


@pytest.mark.parametrize("case", LONG)
def test_one_product_waits_for_the_tensor(case: str) -> None:
    before = LONG[case]()
    after = factored(before, d)
    (reader,) = [node for node in toposort([after]) if any(i is d for i in node.inputs)]
    assert reader.op.name == "multiply"
    assert after is reader or (after.op.name == "add" and after.inputs[0] is reader)
    values = {d: np.array(0.7), p: np.array(1.3), q: np.array(-0.4), r: np.array(2.9)}
    np.testing.assert_allclose(*evaluate([after, before], values), rtol=1e-14)


def test_the_slope_is_what_the_reader_expects() -> None:
    assert factored(d * q * r - d * p, d) is d * (q * r - p)


@pytest.mark.parametrize(
    "kept", [d * q, d * q + p, d, p, d * d * q * r, st.exp(d) * q * r, q * r / d * p, st.where(p > 0, d * q * r, 0)]
)
def test_short_and_other_values_stay(kept: Tensor) -> None:
    assert factored(kept, d) is kept


def test_the_logistic_map_waits_for_one_product_in_its_backward_loop() -> None:
    x, rate, n = st.scalar("x"), st.scalar("rate"), st.lscalar("n")
    last = st.scan(lambda x, rate: rate * x * (1 - x), outputs_info=x, non_sequences=rate, n_steps=n)[0][-1]
    gradient = st.grad(last, x)
    (loop,) = [node for node in toposort([gradient]) if node.op.name == "scan" and node.attr("reverse")]
    body = loop.attr("body")
    (leaf,) = [leaf for leaf in body.inputs if leaf.name == "d_x"]
    new = body.outputs[0]
    assert new.op.name == "multiply"
    assert sum(any(i is leaf for i in node.inputs) for node in toposort([new])) == 1
