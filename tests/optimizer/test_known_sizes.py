"""Sizes that guards tell inside of loops: bodies become static, and are written out over scalars."""

from __future__ import annotations

import numpy as np

import symtensor as st
from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ir.size import Size, SizeLike
from symtensor.optimizer.known_sizes import with_known_sizes

s0, theta, n = st.vector("s0"), st.vector("theta"), st.lscalar("n")


def rotate(s: Tensor, theta: Tensor) -> Tensor:
    """A state of three: the size of its first value follows from it."""
    return st.stack([theta[0] * s[1], s[2] - theta[1] * s[0], s[0] * s[:3].sum()])


def path() -> Tensor:
    return st.scan(rotate, outputs_info=s0, non_sequences=theta, n_steps=n)[0]


def reference(s: np.ndarray, theta: np.ndarray, steps: int) -> np.ndarray:
    rows = []
    for _ in range(steps):
        s = np.array([theta[0] * s[1], s[2] - theta[1] * s[0], s[0] * s[:3].sum()])
        rows.append(s)
    return np.array(rows).reshape(steps, 3)


def three(size: SizeLike) -> SizeLike:
    return 3 if isinstance(size, Size) and size == s0.shape[0] else size


def test_the_body_gets_the_sizes_and_the_operands_keep_theirs() -> None:
    (loop,) = [node for node in toposort([path()]) if node.op.name == "scan"]
    known = with_known_sizes(loop, three)
    (leaf,) = [leaf for leaf in known.attr("body").inputs if leaf.ndim == 1 and leaf.name == "s"]
    assert leaf.shape == (3,)
    assert known.inputs == loop.inputs or all(a is b for a, b in zip(known.inputs, loop.inputs))


def test_nothing_known_is_nothing_changed() -> None:
    (loop,) = [node for node in toposort([path()]) if node.op.name == "scan"]
    assert with_known_sizes(loop, lambda size: size) is loop


def test_a_state_whose_size_the_body_tells_lives_in_registers() -> None:
    function = st.compile(path(), [s0, theta, n])
    assert sum("scan" in kernel.name for kernel in function.kernels) == 1, "the loop is a kernel"
    start, parameters = np.array([0.1, 0.4, -0.2]), np.array([0.9, 0.3, 7.0])
    for steps in (0, 1, 7):
        np.testing.assert_allclose(function(start, parameters, steps), reference(start, parameters, steps), rtol=1e-13)


def test_the_backward_loop_lives_in_registers_as_well() -> None:
    function = st.compile(st.grad(path().sum(), [s0, theta]), [s0, theta, n])
    assert sum("scan" in kernel.name for kernel in function.kernels) == 2, "one loop forward, one back"
    start, parameters = np.array([0.1, 0.4, -0.2]), np.array([0.9, 0.3, 7.0])
    got = function(start, parameters, 5)
    for value, found, which in ((start, got[0], 0), (parameters, got[1], 1)):
        for k in range(len(value)):
            ends = []
            for sign in (1, -1):
                moved = [start.copy(), parameters.copy()]
                moved[which][k] += sign * 1e-6
                ends.append(reference(*moved, 5).sum())
            np.testing.assert_allclose(found[k], (ends[0] - ends[1]) / 2e-6, rtol=1e-6, atol=1e-8)
