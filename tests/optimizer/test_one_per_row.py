"""Writes of one element a row become selects; all others stay scatters."""

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import BoundsError

rng = np.random.default_rng(5)
X, T = rng.normal(size=(7, 41)), rng.integers(-41, 41, 7)


def compiled(build, dtype="float64", **options):
    x, t = st.matrix("x", dtype=dtype), st.lvector("t")
    return st.compile(build(x, t), [x, t], **options)


def has_scatter(function):
    return " = scatter_" in str(function.graph)


def log_softmax(x):
    return x - st.log(st.exp(x).sum(axis=1, keepdims=True))


def picked(x, t):
    return log_softmax(x)[st.arange(x.shape[0]), t]


LOSSES = {
    "mean": lambda x, t: -picked(x, t).mean(),
    "sum": lambda x, t: -picked(x, t).sum(),
    "weighted": lambda x, t: -(picked(x, t) * x[:, 0]).sum(),
    "naive": lambda x, t: -st.log(st.exp(x) / st.exp(x).sum(axis=1, keepdims=True))[st.arange(x.shape[0]), t].mean(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_of_picked_elements_need_no_scatter(loss, dtype):
    def build(x, t):
        value = LOSSES[loss](x, t)
        return value, st.grad(value, x)

    function = compiled(build, dtype)
    assert not has_scatter(function)
    x = X.astype(dtype)
    for got, want in zip(function(x, T), compiled(build, dtype, target="numpy", exclude=("rows",))(x, T)):
        np.testing.assert_allclose(got, want, rtol=2e-5 if dtype == "float32" else 1e-12, atol=1e-7)


def test_the_gradient_is_made_in_the_kernel_of_the_rows():
    def build(x, t):
        loss = LOSSES["mean"](x, t)
        return loss, st.grad(loss, x)

    plan = str(compiled(build).explain())
    assert "(scratch)\n" in plan
    assert "scatter" not in plan.partition("== plan")[2]


WRITES = {
    "add": lambda x, t: (2 * x)[st.arange(x.shape[0]), t].add(x[:, 1]),
    "set": lambda x, t: (2 * x)[st.arange(x.shape[0]), t].set(x[:, 1]),
    "set zeros": lambda x, t: st.zeros(x.shape)[st.arange(x.shape[0]), t].set(-x[:, 1]),
    "columns": lambda x, t: (2 * x)[t[:, None] % 7, st.arange(x.shape[1])[:7][None, :] * 0].add(1.0),
    "three axes": lambda x, t: st.exp(x[:, None, :] + st.zeros((1, 3, 1)))[
        st.arange(x.shape[0])[:, None], st.arange(3)[None, :], t[:, None] + st.arange(3)[None, :] * 0
    ].add(5.0),
    "turned": lambda x, t: st.exp(x[:, None, :] + st.zeros((1, 3, 1)))[
        st.arange(x.shape[0])[None, :], st.arange(3)[:, None], t[None, :] + st.arange(3)[:, None] * 0
    ].set(x[:, :3].T),
    "rows of rows": lambda x, t: st.exp(x[:, :, None] + st.zeros((1, 1, 3)))[st.arange(x.shape[0]), t].add(x[:, :3]),
    "behind": lambda x, t: st.exp(x[None, :, :] + st.zeros((3, 1, 1)))[:, st.arange(x.shape[0]), t].add(x[:, :3].T),
    "one": lambda x, t: (2 * x)[t[0] % 7].add(x[0]),
}


@pytest.mark.parametrize("write", WRITES)
def test_writes(write):
    function = compiled(WRITES[write])
    assert has_scatter(function) == (write == "columns")
    want = compiled(WRITES[write], target="numpy", exclude=("rows",))(X, T)
    np.testing.assert_allclose(function(X, T), want, rtol=1e-14)


def test_what_lies_in_memory_stays_a_scatter():
    function = compiled(lambda x, t: x[st.arange(x.shape[0]), t].add(1.0))
    assert has_scatter(function)


def test_rows_that_are_not_counted_stay_a_scatter():
    x, t = st.matrix("x"), st.lvector("t")
    function = st.compile((2 * x)[st.arange(t.shape[0]), t].add(1.0), [x, t])
    want = 2 * X
    want[np.arange(3), T[:3]] += 1
    np.testing.assert_array_equal(function(X, T[:3]), want)


def test_positions_out_of_range_are_refused():
    function = compiled(lambda x, t: (2 * x)[st.arange(x.shape[0]), t].add(1.0))
    assert not has_scatter(function)
    for wrong in (41, -42):
        with pytest.raises(BoundsError, match=f"index {wrong}"):
            function(X, np.array([0, 1, 2, wrong, 4, 5, 6]))


def test_zeros_keep_their_sign():
    function = compiled(lambda x, t: st.zeros(x.shape)[st.arange(x.shape[0]), t].add(-0.0 * x[:, 0] * x[:, 0]))
    assert not np.signbit(function(X, T)).any()  # 0.0 + -0.0


def test_sums_of_one_element_a_row():
    def build(x, t):
        return -(st.zeros(x.shape)[st.arange(x.shape[0]), t].add(x[:, 1])).sum(axis=1)

    function = compiled(lambda x, t: st.exp(build(x, t)))
    assert " = sum(" not in str(function.graph)
    np.testing.assert_allclose(function(X, T), np.exp(-X[:, 1]))


def test_positions_along_several_axes_are_not_divided():
    x, i, j = st.matrix("x"), st.lvector("i"), st.lvector("j")
    function = st.compile(st.exp(x)[i, j], [x, i, j])
    assert " = take_points(" in str(function.graph)
    assert "st_floordiv_i64(" not in str(function.source).partition("/* k1")[2]
    a, b = rng.integers(-7, 7, 5), rng.integers(-41, 41, 5)
    np.testing.assert_allclose(function(X, a, b), np.exp(X)[a, b], rtol=1e-15)
    with pytest.raises(BoundsError, match="index 41 is out of bounds"):
        function(X, a, b * 0 + 41)
