"""Loops cut where piecewise values change: right at every size, and contiguous in each piece."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.loop_ir import For, If, all_statements
from tests.codegen.generating import generated

X = st.tensor("x", shape=("m", "n"))
Y = st.tensor("y", shape=("m", "n"))


def _relaxed(x: st.Tensor) -> st.Tensor:
    inner = 0.25 * (x[:-2, 1:-1] + x[2:, 1:-1] + x[1:-1, :-2] + x[1:-1, 2:])
    return x[1:-1, 1:-1].set(inner)


CASES: dict[str, Callable[[], st.Tensor]] = {
    "stencil": lambda: _relaxed(X),
    "set of one row and one column": lambda: X[0].set(Y[-1])[:, -1].set(0.0),
    "pad": lambda: st.pad(X, ((1, 2), (3, 0)), constant_values=7.0) * 2,
    "concatenate": lambda: st.exp(st.concatenate([X, Y, X[:, 1:]], axis=1)),
    "concatenate rows": lambda: st.concatenate([X, Y + 1], axis=0),
    "stack": lambda: st.stack([X, Y], axis=1),
    "roll": lambda: st.roll(X, 2, axis=1) - X,
    "triangle": lambda: st.tril(X) + st.triu(Y, 1),
    "nested": lambda: st.pad(st.concatenate([X, Y], axis=1), ((0, 0), (2, 2)))[:, 1:],
    "gradient of a window": lambda: st.grad((X[1:, 2:] ** 2).sum() + (X[:-1, 1:] * Y[1:, :-1]).sum(), X),
    "every second": lambda: X[:, ::2].set(Y[:, ::2] + 1),
    "reversed": lambda: X[:, 1:-1].set(X[:, -2:0:-1]),
}
SIZES = [(2, 2), (2, 3), (3, 2), (5, 17), (4, 33), (33, 4), (3, 4100), (70, 64)]


@pytest.mark.parametrize("name", CASES)
def test_values_at_every_size(name: str) -> None:
    graph = CASES[name]()
    native, interpreted = (st.compile(graph, [X, Y], target=t, on_unused_input="ignore") for t in ("c", "numpy"))
    rng = np.random.default_rng(0)
    for shape in SIZES:
        x, y = rng.normal(size=shape), rng.normal(size=shape)
        np.testing.assert_allclose(native(x, y), interpreted(x, y), rtol=1e-12, atol=1e-12, err_msg=f"{name} {shape}")


@pytest.mark.parametrize("name", sorted(set(CASES) - {"every second", "reversed", "stack"}))
def test_no_piece_is_gathered(name: str) -> None:
    made = generated([CASES[name]()], [X, Y])
    assert "lane_" not in str(made.source)


def gates() -> tuple[list[st.Tensor], list[st.Tensor]]:
    """The gradient of a recurrent cell, whose four gates are windows of one array with symbolic borders."""
    z, c, u = (st.tensor(name, dtype="float64", shape=(None, None)) for name in "zcu")
    n = u.shape[0]
    i, f, g, o = (gate for gate in (z[:, :n], z[:, n : 2 * n], z[:, 2 * n : 3 * n], z[:, 3 * n :]))
    new = st.sigmoid(f) * c + st.sigmoid(i) * st.tanh(g)
    h = st.sigmoid(o) * st.tanh(new)
    return [st.grad(((h @ u) ** 2).sum() + new.sum(), z)], [z, c, u]


def test_windows_with_symbolic_borders_are_pieces_without_gathers() -> None:
    """What guards say about the sizes of windows reaches the comparisons, so that the borders follow each other."""
    outputs, inputs = gates()
    assert "lane_" not in str(generated(outputs, inputs).source)
    native, interpreted = (st.compile(outputs, inputs, target=t) for t in ("c", "numpy"))
    rng = np.random.default_rng(1)
    for rows, n in ((1, 1), (3, 5), (2, 16), (4, 37), (2, 1100)):
        values = [rng.normal(size=shape) for shape in ((rows, 4 * n), (rows, n), (n, n))]
        for a, b in zip(native(*values), interpreted(*values)):
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)
    with pytest.raises(st.errors.ShapeError):
        native(np.zeros((2, 13)), np.zeros((2, 3)), np.zeros((3, 3)))


def test_rows_are_told_apart_outside_of_the_loop() -> None:
    (kernel,) = generated([_relaxed(X)], [X]).program.kernels()
    (branch,) = [s for s in all_statements(kernel.body) if isinstance(s, If)]
    pieces = [[s for s in block if isinstance(s, For)] for block in (branch.then, branch.otherwise)]
    assert [len(p) for p in pieces] == [3, 1]
    assert all(loop.kind == "simd" for block in pieces for loop in block)


def test_a_condition_on_data_stays_a_select() -> None:
    (kernel,) = generated([st.where(X > 0, X, Y)], [X, Y]).program.kernels()
    assert not [s for s in all_statements(kernel.body) if isinstance(s, If)]


def test_the_number_of_pieces_is_bounded() -> None:
    (kernel,) = generated([st.concatenate([X + k for k in range(30)], axis=1)], [X]).program.kernels()
    assert len([s for s in all_statements(kernel.body) if isinstance(s, For) and s.kind == "simd"]) == 12
