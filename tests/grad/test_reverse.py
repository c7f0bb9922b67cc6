"""The reverse walker: containers, controls, several results, errors."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import GradientError
from symtensor.ir.graph import toposort
from symtensor.ops.reference import evaluate


def run(outputs, **values):
    leaves = {n.name: n for n in toposort(outputs) if n.op.name == "input"}
    return evaluate(outputs, {leaves[name]: value for name, value in values.items() if name in leaves})


@pytest.fixture(params=[True, False], ids=["prepared", "as it stands"])
def grad(request):
    """The gradient with and without the rewrites that come before it."""
    return st.grad if request.param else lambda *args, **options: st.grad(*args, prepare=None, **options)


def test_chain(grad) -> None:
    x, y = st.vector("x"), st.vector("y")
    dx, dy = grad((st.sin(x) * y + x).sum(), [x, y])
    got = run([dx, dy], x=[0.5, 1.0], y=[2.0, 3.0])
    np.testing.assert_allclose(got, [np.cos([0.5, 1.0]) * [2, 3] + 1, np.sin([0.5, 1.0])])


def test_containers(grad) -> None:
    class Pair(NamedTuple):
        first: object
        second: object

    x, y = st.vector("x"), st.scalar("y")
    cost = (x * y).sum()
    assert grad(cost, x).type == x.type
    found = grad(cost, {"x": x, "rest": [(y,), Pair(x, y)]})
    assert found["x"].type == x.type
    assert isinstance(found["rest"][0], tuple)
    assert isinstance(found["rest"][1], Pair)
    assert found["rest"][1].first is found["x"]
    assert found["rest"][1].second.type == y.type


def test_broadcasting_is_summed_back(grad) -> None:
    x, row, s = st.matrix("x"), st.tensor("row", shape=(1, None)), st.scalar("s")
    dr, ds = grad((x * row + s).sum(), [row, s])
    got = evaluate([dr, ds], {x: np.arange(6.0).reshape(2, 3), row: np.ones((1, 3)), s: 1.0})
    np.testing.assert_allclose(got[0], [[3, 5, 7]])
    assert got[1] == 6


def test_of_a_computed_tensor(grad) -> None:
    x = st.vector("x")
    middle = x * 2
    slope, outer = grad((middle**3).sum(), [middle, x])
    np.testing.assert_allclose(run([slope, outer], x=[1.0, 2.0]), [[12, 48], [24, 96]])


def test_several_results(grad) -> None:
    a = st.matrix("a")
    q, r = st.linalg.qr(a)
    both, second = grad((q[0, 0] * r).sum(), a), grad(r.sum(), a)
    point = np.array([[1.0, 2.0], [3.0, 5.0]])
    h = 1e-6

    def value(m, first):
        q, r = np.linalg.qr(m)
        return (q[0, 0] * r).sum() if first else r.sum()

    for slope, first in ((both, True), (second, False)):
        numeric = [[(value(point + h * e, first) - value(point - h * e, first)) / (2 * h) for e in row]
                   for row in np.eye(4).reshape(2, 2, 2, 2)]  # fmt: skip
        np.testing.assert_allclose(run([slope], a=point)[0], numeric, rtol=1e-6)


def test_consider_constant_and_stop_gradient(grad) -> None:
    x = st.vector("x")
    y = x * 2
    held = grad((x * y).sum(), x, consider_constant=[y])
    stopped = grad((x * st.stop_gradient(y)).sum(), x)
    np.testing.assert_allclose(run([held, stopped], x=[1.0, 3.0]), [[2, 6], [2, 6]])
    with pytest.raises(GradientError, match="does not depend on x"):
        grad(y.sum(), x, consider_constant=[y])


def test_known_gradients(grad) -> None:
    x, g = st.vector("x"), st.vector("g")
    y = x**2
    alone = grad(None, x, known_grads={y: g})
    np.testing.assert_allclose(run([alone], x=[1.0, 3.0], g=[1.0, 10.0])[0], [2, 60])
    replaced = grad(y.sum() + x.sum(), x, known_grads={y: g})
    np.testing.assert_allclose(run([replaced], x=[1.0, 3.0], g=[1.0, 10.0])[0], [3, 61])
    with pytest.raises(GradientError, match="neither a cost nor a known gradient"):
        grad(None, x)


def test_disconnected(grad) -> None:
    x, y = st.vector("x"), st.vector("y")
    cost = x.sum()
    with pytest.raises(GradientError) as error:
        grad(cost, y)
    assert "the cost does not depend on y: float64[y.shape[0]]" in str(error.value)
    assert "test_reverse.py" in str(error.value)
    with pytest.warns(UserWarning, match="does not depend on y"):
        grad(cost, y, disconnected_inputs="warn")
    zeros = grad(cost, y, disconnected_inputs="ignore")
    np.testing.assert_array_equal(run([zeros * y], y=[1.0, 2.0])[0], [0, 0])
    with pytest.raises(ValueError, match="one of raise, warn, ignore"):
        grad(cost, y, disconnected_inputs="maybe")


def test_a_derivative_that_vanishes_is_zero(grad) -> None:
    x = st.vector("x")
    np.testing.assert_array_equal(run([grad(st.floor(x).sum(), x) * x], x=[1.5, 2.5])[0], [0, 0])


def test_errors(grad) -> None:
    x, i = st.vector("x"), st.lvector("i")
    with pytest.raises(GradientError, match="the cost must be a scalar, not x"):
        grad(x, x)
    with pytest.raises(GradientError, match="no gradient with respect to i"):
        grad((x * i).sum(), i)
    with pytest.raises(GradientError, match="the cost must be real and floating-point"):
        grad(i.sum(), x)
    with pytest.raises(TypeError, match="wrt must be a tensor"):
        grad(x.sum(), "x")


def test_integers_and_bools_let_nothing_through(grad) -> None:
    x, i = st.vector("x"), st.lvector("i")
    slope = grad((x[i] * (x[i] > 0) * i).sum(), x)
    np.testing.assert_array_equal(run([slope], x=[-1.0, 2.0], i=[0, 1, 1])[0], [0, 2])


def test_dtypes_are_kept(grad) -> None:
    x, y = st.fvector("x"), st.vector("y")
    dx, dy = grad((x * y).sum(), [x, y])
    assert dx.dtype == "float32"
    assert dy.dtype == "float64"


def test_second_and_third_derivatives(grad) -> None:
    x = st.scalar("x")
    first = grad(st.sin(x) * st.exp(x), x)
    third = grad(grad(first, x), x)
    value = 0.7
    np.testing.assert_allclose(run([third], x=value)[0], 2 * np.exp(value) * (np.cos(value) - np.sin(value)))


def test_depth() -> None:
    x = st.vector("x")
    y = x
    for _ in range(5_000):
        y = st.sin(y)
    np.testing.assert_allclose(run([st.grad(y.sum(), x, prepare=None)], x=[0.0])[0], [1.0])


def _ops(outputs, name):
    return [node for node in toposort(outputs) if node.op.name == name]


def test_cotangents_of_windows_apart_lie_side_by_side() -> None:
    """A sum of padded pieces would add a zero to each element for every other piece."""
    x = st.vector("x")
    dx = st.grad(x[0] * 2 + st.sin(x[3]) + (x[1:3] * 5).sum() + 7 * x[-1], x)
    np.testing.assert_allclose(run([dx], x=[1.0, 2.0, 3.0, 4.0, 9.0])[0], [2, 5, 5, np.cos(4.0), 7])


def test_cotangents_of_windows_that_overlap_are_added() -> None:
    x = st.vector("x")
    dx = st.grad((x[0:3] * 2).sum() + (x[2:5] * 3).sum() + (x[4:0:-2] * 10).sum() + (x * x).sum(), x)
    np.testing.assert_allclose(run([dx], x=np.ones(6))[0], [4, 4, 17, 5, 15, 2])


def test_the_static_windows_of_one_array_need_no_sum() -> None:
    x = st.tensor("x", "float64", (6,))
    dx = st.grad(x[0] * 2 + st.sin(x[3]) + (x[1:3] * 5).sum(), x)
    assert not _ops([dx], "add")
    assert len(_ops([dx], "update_slice")) == 3


def test_many_windows_are_added_from_some_number_on() -> None:
    x = st.vector("x")
    dx = st.grad(sum(k * x[k] for k in range(40)), x)
    np.testing.assert_allclose(evaluate([dx], {x: np.ones(41)})[0], [*range(40), 0])
    assert len(_ops([dx], "add")) >= 20


def test_empty_windows_have_no_cotangent() -> None:
    x = st.vector("x")
    dx = st.grad((x[2:2] * 5).sum() + x[2] * 3, x)
    np.testing.assert_allclose(evaluate([dx], {x: np.ones(4)})[0], [0, 0, 3, 0])
