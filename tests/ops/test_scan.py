"""``scan`` and its smaller forms against loops in NumPy, Theano's documented examples among them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError, ShapeError
from symtensor.ir.graph import Graph, toposort
from symtensor.ops.reference import evaluate
from symtensor.optimizer.loops import simplify_loops

rng = np.random.default_rng(0)


def plain(outputs: Sequence[Any], values: dict[Any, Any]) -> list[np.ndarray]:
    return evaluate(outputs, values)


def simplified(outputs: Sequence[Any], values: dict[Any, Any]) -> list[np.ndarray]:
    return evaluate(simplify_loops(outputs), values)


@pytest.fixture(params=[plain, simplified], ids=lambda run: run.__name__)
def run(request: pytest.FixtureRequest) -> Callable[..., list[np.ndarray]]:
    """Evaluation with and without the passes that rewrite loops: both must give the same."""
    return request.param


# ------------------------------------------------------------------------------------- Theano's documented examples
def test_power(run):
    a, k = st.vector("A"), st.lscalar("k")
    powers, updates = st.scan(lambda prior, a: prior * a, outputs_info=st.ones_like(a), non_sequences=a, n_steps=k)
    value = np.arange(5.0)
    (got,) = run([powers[-1]], {a: value, k: 4})
    assert np.array_equal(got, value**4)
    assert updates == {}


def test_polynomial(run):
    coefficients, x = st.vector("coefficients"), st.scalar("x")
    terms, _ = st.scan(
        lambda c, power, x: c * x**power,
        sequences=[coefficients, st.arange(coefficients.shape[0])],
        non_sequences=x,
    )
    value = np.array([1.0, 0.0, 2.0, -1.0])
    (got,) = run([terms.sum()], {coefficients: value, x: 3.0})
    assert got == np.polynomial.polynomial.polyval(3.0, value)


def test_accumulation_into_a_scalar_keeps_the_dtype_of_the_body(run):
    n = st.lscalar("n")
    total, _ = st.scan(lambda i, total: total + i, sequences=st.arange(n), outputs_info=0)
    (got,) = run([total], {n: 15})
    assert got.dtype == np.int64
    assert np.array_equal(got, np.cumsum(np.arange(15)))


def test_setting_values_in_a_sequence(run):
    locations, values, output = st.lmatrix("locations"), st.vector("values"), st.matrix("output")
    result, _ = st.scan(
        lambda place, value, model: (model * 0)[place[0], place[1]].set(value),
        sequences=[locations, values],
        non_sequences=output,
    )
    places, amounts = np.array([[1, 1], [2, 3]]), np.array([42.0, 50.0])
    (got,) = run([result], {locations: places, values: amounts, output: np.zeros((5, 5))})
    want = np.zeros((2, 5, 5))
    want[0, 1, 1], want[1, 2, 3] = amounts
    assert np.array_equal(got, want)


def test_recurrent_network_with_taps(run):
    """The documentation's example: x[n] = tanh(W x[n-1] + V u[n] + U u[n-4] + F y[n-1]), y[n] = R x[n-3]."""
    u, x0, y0 = st.matrix("u"), st.matrix("x0"), st.vector("y0")
    names = ("W_in_1", "W_in_2", "W_feedback", "W_out", "W")
    in_1, in_2, feedback, out, w = (st.matrix(name) for name in names)

    def step(u_tm4, u_t, x_tm3, x_tm1, y_tm1, w, in_1, in_2, feedback, out):
        x_t = st.tanh(x_tm1 @ w + u_t @ in_1 + u_tm4 @ in_2 + y_tm1 @ feedback)
        return [x_t, x_tm3 @ out]

    (xs, ys), _ = st.scan(
        step,
        sequences={"input": u, "taps": [-4, 0]},
        outputs_info=[{"initial": x0, "taps": [-3, -1]}, y0],
        non_sequences=[w, in_1, in_2, feedback, out],
    )
    v = [rng.normal(size=s) for s in ((7, 2), (3, 4), (3,), (2, 4), (2, 4), (3, 4), (4, 3), (4, 4))]
    vu, vx, vy, v1, v2, vf, vo, vw = v
    got = run([xs, ys], dict(zip((u, x0, y0, in_1, in_2, feedback, out, w), v)))
    past, y, want_x, want_y = list(vx), vy, [], []
    for t in range(4, 7):
        new = np.tanh(past[-1] @ vw + vu[t] @ v1 + vu[t - 4] @ v2 + y @ vf)
        y = past[-3] @ vo
        past.append(new)
        want_x.append(new)
        want_y.append(y)
    np.testing.assert_allclose(got[0], want_x, rtol=1e-14)
    np.testing.assert_allclose(got[1], want_y, rtol=1e-14)


# ---------------------------------------------------------------------------------------------------- forms and taps
def test_several_states_none_outputs_and_outer_tensors(run):
    x, scale = st.vector("x"), st.scalar("scale")

    def step(x, total, low):
        return total + x, st.minimum(low, x), x * scale

    (totals, lows, scaled), _ = st.scan(step, x, [0.0, np.inf, None])
    value = np.array([3.0, -1.0, 2.0])
    got = run([totals, lows, scaled], {x: value, scale: 10.0})
    for a, b in zip(got, (np.cumsum(value), np.minimum.accumulate(value), value * 10)):
        assert np.array_equal(a, b)


def test_fibonacci_by_taps(run):
    series, _ = st.scan(lambda a, b: a + b, outputs_info={"initial": np.array([0, 1]), "taps": [-2, -1]}, n_steps=8)
    assert run([series], {})[0].tolist() == [1, 2, 3, 5, 8, 13, 21, 34]


def test_a_long_window_is_one_carry(run):
    start = np.arange(1.0, 21.0)
    series, _ = st.scan(lambda old: old * 2, outputs_info={"initial": start, "taps": [-20]}, n_steps=45)
    scans = [node for node in toposort([series]) if node.op.name == "scan"]
    assert scans[0].attr("carries") == 1
    want = list(start)
    for _ in range(45):
        want.append(want[-20] * 2)
    assert run([series], {})[0].tolist() == want[20:]


def test_sequence_taps_ahead_and_behind(run):
    x = st.vector("x")
    smooth, _ = st.scan(lambda a, b, c: a + 10 * b + 100 * c, {"input": x, "taps": [-1, 0, 1]})
    value = np.arange(1.0, 7.0)
    (got,) = run([smooth], {x: value})
    assert np.array_equal(got, value[:-2] + 10 * value[1:-1] + 100 * value[2:])
    assert run([smooth], {x: value[:1]})[0].shape == (0,)


def test_going_backwards_gives_rows_in_the_order_of_the_steps(run):
    x = st.vector("x")
    totals, _ = st.scan(lambda x, t: 2 * t + x, x, 0.0, go_backwards=True)
    last_two, _ = st.scan(lambda x, t: 2 * t + x, x, 0.0, go_backwards=True, n_steps=2)
    value = np.array([1.0, 2.0, 3.0])
    got = run([totals, last_two], {x: value})
    assert got[0].tolist() == [3.0, 8.0, 17.0]
    assert got[1].tolist() == [3.0, 8.0]


def test_zero_steps(run):
    x, start, w = st.matrix("x"), st.vector("start"), st.matrix("w")
    rows, _ = st.scan(lambda x, h: st.tanh(h @ w + x), x, start)
    last, _ = st.reduce(lambda x, h: st.tanh(h @ w + x), x, start)
    gradient = st.grad(last.sum(), start)
    values = {x: np.zeros((0, 2)), start: np.array([1.0, 2.0]), w: np.eye(2)}
    got = run([rows, last, gradient], values)
    assert got[0].shape == (0, 2)
    assert got[1].tolist() == [1.0, 2.0]
    assert got[2].tolist() == [1.0, 1.0]


def test_a_negative_number_of_steps_is_none(run):
    n = st.lscalar("n")
    rows, _ = st.scan(lambda h: h + 1, outputs_info=0.0, n_steps=n)
    assert run([rows], {n: -3})[0].shape == (0,)


def test_the_shortest_sequence_counts(run):
    x, y = st.vector("x"), st.vector("y")
    products, _ = st.scan(lambda a, b: a * b, [x, y])
    (got,) = run([products], {x: [1.0, 2.0, 3.0], y: [10.0, 20.0]})
    assert got.tolist() == [10.0, 40.0]


def test_a_sequence_that_is_too_short_says_so(run):
    x, n = st.vector("x"), st.lscalar("n")
    rows, _ = st.scan(lambda row: row, x, n_steps=n)
    assert run([rows], {x: [1.0, 2.0, 3.0], n: 2})[0].tolist() == [1.0, 2.0]
    with pytest.raises(ShapeError, match=r"sequence 'row' has x\.shape\[0\] rows, fewer than the max\(0, n\) steps"):
        evaluate([rows], {x: [1.0, 2.0], n: 3})


def test_smaller_forms(run):
    x = st.matrix("x")
    value = rng.normal(size=(4, 3))
    sums, _ = st.map(lambda row: row.sum(), x)
    total, _ = st.reduce(lambda row, total: total + row, x, st.zeros(3))
    left, _ = st.foldl(lambda row, h: h / 2 + row, x, st.zeros(3))
    right, _ = st.foldr(lambda row, h: h / 2 + row, x, st.zeros(3))
    got = run([sums, total, left, right], {x: value})
    forward = backward = np.zeros(3)
    for t in range(4):
        forward, backward = forward / 2 + value[t], backward / 2 + value[3 - t]
    for a, b in zip(got, (value.sum(1), value.sum(0), forward, backward)):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_nested_scans(run):
    """Powers of each element by an inner loop over an outer element."""
    x = st.vector("x")

    def outer(x, total):
        powers, _ = st.scan(lambda p: p * x, outputs_info=st.ones_like(x), n_steps=3)
        return total + powers.sum()

    sums, _ = st.scan(outer, x, 0.0)
    value = np.array([1.0, 2.0, 3.0])
    (got,) = run([sums], {x: value})
    assert np.array_equal(got, np.cumsum(value + value**2 + value**3))


def test_an_element_can_be_a_size(run):
    sizes = st.lvector("sizes")
    totals, _ = st.scan(lambda n: st.arange(n).sum(), sizes)
    assert run([totals], {sizes: [0, 3, 5]})[0].tolist() == [0, 3, 10]


# ---------------------------------------------------------------------------------------------------- initial values
@pytest.mark.parametrize(
    ("initial", "body", "dtype"),
    [
        (0.0, lambda x, h: h + x, "float32"),
        (0, lambda x, h: h + x, "float32"),
        (0, lambda x, h: h + 1, "int64"),
        (1.0, lambda x, h: st.sin(h), "float64"),
        (0, lambda x, h: h, "int64"),
        (False, lambda x, h: x > 0, "bool"),
    ],
)
def test_a_python_scalar_takes_the_dtype_of_the_result(initial, body, dtype):
    rows, _ = st.scan(body, st.fvector("x"), initial)
    assert rows.dtype == np.dtype(dtype)


def test_parameters_name_the_leaves_of_the_body():
    x, w = st.matrix("data"), st.matrix("weights")
    rows, _ = st.scan(lambda row, state: st.tanh(row @ w + state), x, st.vector("start"))
    scan = rows.inputs[0]
    assert [leaf.name for leaf in scan.attr("body").inputs] == ["row", "state", "weights"]


# ------------------------------------------------------------------------------------------------- shared variables
def test_updates_of_shared_variables_are_carried():
    from symtensor.ir.node import TensorType, new_leaf
    from symtensor.ops.declare import SHARED

    counter = new_leaf(SHARED, TensorType(np.dtype("int64"), ()), name="counter")
    x = st.vector("x")
    rows, updates = st.scan(lambda x: (x * counter, {counter: counter + 2}), x)
    assert list(updates) == [counter]
    got = evaluate([rows, updates[counter]], {x: [1.0, 1.0, 1.0], counter: 5})
    assert got[0].tolist() == [5.0, 7.0, 9.0]
    assert got[1] == 11


def test_only_shared_variables_can_be_updated():
    x, y = st.vector("x"), st.scalar("y")
    with pytest.raises(TypeError, match="scan: only shared variables can be updated"):
        st.scan(lambda x: {y: x}, x)


# ---------------------------------------------------------------------------------------------------------- gradients
@pytest.mark.parametrize("run", [plain, simplified], ids=lambda run: run.__name__)
@pytest.mark.parametrize(
    ("function", "shapes"),
    [
        (lambda x: st.scan(lambda x, t: t * x, x, 1.0)[0], [(3,)]),
        (lambda x: st.scan(lambda x, t: t * x, x, 1.0, go_backwards=True)[0], [(3,)]),
        (lambda x: st.scan(lambda x: st.exp(x).sum(), x, n_steps=2)[0], [(3, 2)]),
        (lambda x: st.scan(lambda a, b, c: a * b * c, {"input": x, "taps": [-1, 0, 1]})[0], [(5,)]),
        (lambda s: st.scan(lambda a, b: a * b, outputs_info={"initial": s, "taps": [-2, -1]}, n_steps=3)[0], [(2,)]),
        (lambda s: st.scan(lambda a: a * a, outputs_info={"initial": s, "taps": [-9]}, n_steps=10)[0], [(9,)]),
        (lambda x, h, w: st.foldl(lambda x, h: st.tanh(h @ w + x), x, h)[0], [(3, 2), (2,), (2, 2)]),
        (
            lambda x, c: st.scan(
                lambda x, h: h * st.scan(lambda p: p * c + x, outputs_info=x, n_steps=2)[0].sum(), x, 1.0
            )[0],
            [(3,), ()],
        ),
    ],
    ids=["product", "backwards", "map", "taps", "window", "long window", "network", "nested"],
)
def test_gradients_to_second_order(function, shapes, run):
    points = [np.asarray(rng.normal(size=shape)) for shape in shapes]
    st.verify_grad(function, points, order=2, run=run)


def test_runge_kutta_gradient_by_finite_differences(run):
    def slope(s, theta):
        x, y, z = s[0], s[1], s[2]
        return st.stack([theta[0] * (y - x), x * (theta[1] - z) - y, x * y - theta[2] * z])

    def step(s, h, theta):
        k1 = slope(s, theta)
        k2 = slope(s + h / 2 * k1, theta)
        k3 = slope(s + h / 2 * k2, theta)
        k4 = slope(s + h * k3, theta)
        return s + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    def path(s, theta, h):
        return st.scan(step, outputs_info=s, non_sequences=[h, theta], n_steps=6)[0]

    points = [np.array([1.0, 1.0, 1.1]), np.array([10.0, 28.0, 8 / 3]), np.array(0.02)]
    st.verify_grad(path, points, run=run, rtol=1e-5)


def test_integer_states_have_no_gradient(run):
    x = st.vector("x")
    (_, totals), _ = st.scan(lambda x, i, t: [i + 1, t + x * i], x, [0, 0.0])
    gradient = st.grad(totals[-1], x)
    assert run([gradient], {x: np.ones(4)})[0].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_symbolic_number_of_steps_pads_the_gradient(run):
    x, n = st.vector("x"), st.lscalar("n")
    rows, _ = st.scan(lambda x, t: t + x * x, x, 0.0, n_steps=n)
    gradient = st.grad(rows.sum(), x)
    assert run([gradient], {x: [1.0, 2.0, 3.0], n: 2})[0].tolist() == [4.0, 4.0, 0.0]


# -------------------------------------------------------------------------------------------------------- error texts
def message(error: pytest.ExceptionInfo[Exception]) -> str:
    """The text without the line of this file, which moves."""
    return "\n".join(line for line in str(error.value).split("\n") if not line.startswith("  at "))


def test_a_state_that_changes_its_dtype():
    with pytest.raises(DTypeError) as error:
        st.scan(lambda x, total: total + x, st.vector("x"), np.float32(0))
    assert message(error) == (
        "scan: state 'total' is float32[] before a step and float64[] after it\n"
        "  hint: a state keeps its dtype: give it an initial value of dtype float64"
    )


def test_a_state_that_changes_its_rank():
    with pytest.raises(ShapeError) as error:
        st.scan(lambda x, total: total + x, st.tensor("x", shape=(4, 3)), 0.0)
    assert message(error) == (
        "scan: state 'total' is float64[] before a step and float64[3] after it\n"
        "  hint: a state keeps its shape: give it an initial value of the final shape"
    )


def test_a_state_of_size_one_that_would_broadcast():
    start = st.tensor("start", shape=(1,))
    with pytest.raises(ShapeError) as error:
        st.scan(lambda x, h: h + x, st.tensor("x", shape=(None, "n")), start)
    assert message(error) == (
        "scan: state 'h' is float64[1] before a step and float64[n] after it\n"
        "  hint: a state keeps its shape: give it an initial value of the final shape"
    )


def test_sizes_that_only_a_call_can_compare(run):
    x, start = st.matrix("x"), st.vector("start")
    rows, _ = st.scan(lambda x, h: x, x, start)
    assert run([rows], {x: np.ones((2, 3)), start: np.ones(3)})[0].shape == (2, 3)
    with pytest.raises(ShapeError):
        evaluate([rows], {x: np.ones((2, 3)), start: np.ones(4)})


def test_an_initial_value_with_too_few_rows():
    with pytest.raises(ShapeError) as error:
        st.scan(lambda a, b: a + b, outputs_info={"initial": np.zeros(1), "taps": [-2, -1]}, n_steps=3)
    assert message(error) == (
        "scan: state 'a' reads 2 steps back, but its initial value is float64[1]\n"
        "  hint: give it 2 rows, the oldest first"
    )


def test_taps_without_an_initial_value():
    with pytest.raises(ValueError) as error:
        st.scan(lambda h: h, outputs_info={"taps": [-1]}, n_steps=3)
    assert str(error.value) == "scan: state 'h' has taps [-1] but no initial value\n  hint: add initial="


def test_no_number_of_steps():
    with pytest.raises(ValueError) as error:
        st.scan(lambda h: h, outputs_info=0.0)
    assert str(error.value) == "scan: the number of steps is unknown\n  hint: give sequences or n_steps"


def test_a_wrong_number_of_outputs():
    with pytest.raises(ShapeError) as error:
        st.scan(lambda x, h: [h, h, h], st.vector("x"), [0.0, None])
    assert message(error) == (
        "scan: the function returns 3 outputs, outputs_info has 2\n"
        "  hint: give None for an output without an initial value"
    )


def test_a_scalar_sequence():
    with pytest.raises(ShapeError) as error:
        st.scan(lambda x: x, st.scalar("x"))
    assert message(error) == (
        "scan: a sequence must have at least one axis, not x: float64[]\n"
        "  hint: pass what is the same in every step in non_sequences"
    )


def test_a_row_whose_size_differs_from_step_to_step():
    with pytest.raises(ShapeError) as error:
        st.scan(lambda n: st.arange(n), st.lvector("sizes"))
    assert message(error) == (
        "scan: the size of a result is known only inside of the body: int64[max(0, n)]\n"
        "  hint: return something of a fixed size, such as its sum"
    )


def test_the_text_of_a_graph_shows_the_body():
    x = st.vector("x")
    rows, _ = st.scan(lambda x, total: total + x, x, 0.0)
    assert str(Graph((x,), (rows,))) == "\n".join(
        [
            "inputs x: float64[x.shape[0]]",
            "scan: float64[], float64[x.shape[0]] = scan(x, 0.0, body={...}, sequences=1, carries=1, "
            "steps=x.shape[0], reverse=False, checkpoint=False)",
            "    body:",
            "        inputs x: float64[], total: float64[]",
            "        add: float64[] = add(total, x)",
            "        return add, add",
            "item: float64[x.shape[0]] = item(scan, index=1)",
            "return item",
        ]
    )
