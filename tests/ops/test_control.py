"""Branches and conditional loops: laziness, gradients, guards, and the texts of errors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import BoundsError, CheckError, DTypeError, ShapeError
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


def message(error: pytest.ExceptionInfo[Exception]) -> str:
    """The text without the line of this file, which moves."""
    return "\n".join(line for line in str(error.value).split("\n") if not line.startswith("  at "))


# --------------------------------------------------------------------------------------------------------------- cond
def test_only_the_taken_branch_runs(run):
    """The other one would raise."""
    x, i = st.vector("x"), st.lscalar("i")
    safe = st.cond(i < x.shape[0], lambda: st.take(x, i), lambda: st.constant(-1.0))
    assert run([safe], {x: [1.0, 2.0], i: 1})[0] == 2.0
    assert run([safe], {x: [1.0, 2.0], i: 7})[0] == -1.0
    with pytest.raises(BoundsError):
        run([st.take(x, i)], {x: [1.0, 2.0], i: 7})


def test_ifelse_takes_expressions_and_is_lazy(run):
    x, i = st.vector("x"), st.lscalar("i")
    safe = st.ifelse(i < x.shape[0], st.take(x, i), 0.0)
    assert run([safe], {x: [1.0, 2.0], i: 7})[0] == 0.0


def test_operands_constants_and_nested_results(run):
    x, n = st.vector("x"), st.lscalar("n")

    def double(x, factor):
        return {"x": x * factor, "more": (x.sum(), n)}

    def nothing(x, factor):
        return {"x": x, "more": (st.constant(0.0), n - 1)}

    result = st.cond(n, double, nothing, x, 2.0)
    flat = [result["x"], *result["more"]]
    got = run(flat, {x: [1.0, 2.0], n: 3})
    assert (got[0].tolist(), got[1], got[2]) == ([2.0, 4.0], 3.0, 3)
    got = run(flat, {x: [1.0, 2.0], n: 0})
    assert (got[0].tolist(), got[1], got[2]) == ([1.0, 2.0], 0.0, -1)


def test_an_operand_that_is_also_used_directly(run):
    x = st.scalar("x")
    y = st.cond(x > 0, lambda z: z + x, lambda z: z - x, x)
    assert run([y], {x: 3.0})[0] == 6.0
    assert run([y], {x: -3.0})[0] == 0.0


@pytest.mark.parametrize("run", [plain, simplified], ids=lambda run: run.__name__)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_gradient_of_a_branch_to_second_order(run, sign):
    def function(x, w):
        return st.cond(x.sum() > 0, lambda x: st.exp(x) * w, lambda x: x**3, x)

    points = [sign * rng.random(3), np.array(1.5)]
    st.verify_grad(function, points, order=2, run=run)


def test_the_gradient_does_not_touch_the_other_branch(run):
    """The derivative of the square root at 0 would make it NaN, also where both sides are computed."""
    x = st.scalar("x")
    gradient = st.grad(st.cond(x > 0, lambda: st.sqrt(x), lambda: 2 * x), x)
    assert run([gradient], {x: 0.0})[0] == 2.0
    eager = st.grad(st.where(x > 0, st.sqrt(x), 2 * x), x)
    assert run([eager], {x: 0.0})[0] == 2.0


def test_gradient_with_respect_to_a_computed_tensor(run):
    x = st.vector("x")
    y = st.exp(x)
    cost = st.cond(x.sum() > 0, lambda: (y * y).sum(), lambda: y.sum()) + y.sum()
    gradient = st.grad(cost, y)
    value = np.array([1.0, 2.0])
    np.testing.assert_allclose(run([gradient], {x: value})[0], 2 * np.exp(value) + 1)
    np.testing.assert_allclose(run([gradient], {x: -value})[0], [2.0, 2.0])


def test_a_computed_tensor_inside_of_a_branch_can_be_held_constant(run):
    x = st.vector("x")
    y = st.exp(x)
    cost = st.cond(x.sum() > 0, lambda: (y * x).sum(), lambda: x.sum())
    gradient = st.grad(cost, x, consider_constant=[y])
    value = np.array([1.0, 2.0])
    np.testing.assert_allclose(run([gradient], {x: value})[0], np.exp(value))


def test_branches_of_different_types():
    x = st.tensor("x", shape=(3,))
    with pytest.raises(DTypeError) as error:
        st.cond(x.sum() > 0, lambda: x, lambda: st.zeros(3, "float32"))
    assert message(error) == (
        "cond: the branches differ in result 0: float64[3] if true, float32[3] if false\n"
        "  hint: cast or reshape one of them"
    )
    with pytest.raises(ShapeError) as error:
        st.cond(x.sum() > 0, lambda: x, lambda: x[:2])
    assert message(error) == (
        "cond: the branches differ in result 0: float64[3] if true, float64[2] if false\n"
        "  hint: cast or reshape one of them"
    )


def test_branches_of_different_nesting():
    x = st.scalar("x")
    with pytest.raises(ShapeError) as error:
        st.cond(x > 0, lambda: (x, x), lambda: x)
    assert message(error) == (
        "cond: the branches differ: tuple(*, *) if true, * if false\n"
        "  hint: return the same nesting of tensors from both"
    )


def test_a_predicate_that_is_no_scalar():
    x = st.tensor("x", shape=(3,))
    with pytest.raises(ShapeError) as error:
        st.cond(x > 0, lambda: x, lambda: -x)
    assert message(error) == (
        "cond: the predicate must be a scalar, not bool[3]\n"
        "  hint: reduce it with any() or all(), or choose elementwise with st.where"
    )


def test_sizes_of_branches_are_compared_at_the_call(run):
    x, y = st.vector("x"), st.vector("y")
    z = st.cond(x.sum() > 0, lambda: x, lambda: y)
    assert run([z], {x: [1.0, 2.0], y: [3.0, 4.0]})[0].tolist() == [1.0, 2.0]
    with pytest.raises(ShapeError, match="cond: the branches differ in result 0"):
        evaluate([z], {x: [1.0, 2.0], y: [3.0]})


# --------------------------------------------------------------------------------------------------------- while_loop
def collatz(n: int) -> tuple[int, int]:
    steps, peak = 0, n
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps, peak = steps + 1, max(peak, n)
    return steps, peak


def test_a_branch_inside_of_a_while_loop(run):
    n = st.lscalar("n")

    def body(n, steps, peak):
        n = st.cond(n % 2 == 0, lambda n: n // 2, lambda n: 3 * n + 1, n)
        return n, steps + 1, st.maximum(peak, n)

    _, steps, peak = st.while_loop(lambda n, steps, peak: n != 1, body, (n, 0, n))
    for value in (1, 2, 27):
        got = run([steps, peak], {n: value})
        assert (int(got[0]), int(got[1])) == collatz(value)


def test_states_in_dicts_and_single_states(run):
    x = st.scalar("x")
    state = st.while_loop(lambda s: s["x"] < 100, lambda s: {"x": s["x"] * 2, "n": s["n"] + 1}, {"x": x, "n": 0})
    assert [float(v) for v in run([state["x"], state["n"]], {x: 3.0})] == [192.0, 6.0]
    single = st.while_loop(lambda x: x < 100, lambda x: x * 3, x)
    assert run([single], {x: 1.0})[0] == 243.0


def test_no_step_gives_the_initial_state(run):
    x = st.vector("x")
    end = st.while_loop(lambda x: x.sum() < 0, lambda x: x * 2, x, max_steps=5)
    gradient = st.grad(end.sum(), x)
    got = run([end, gradient], {x: [1.0, 2.0]})
    assert [v.tolist() for v in got] == [[1.0, 2.0], [1.0, 1.0]]


def test_a_loop_that_is_cut_short_says_so(run):
    x = st.scalar("x")
    end = st.while_loop(lambda x: x < 1000, lambda x: x + 1, x, max_steps=10)
    assert run([end], {x: 990.0})[0] == 1000.0
    with pytest.raises(CheckError) as error:
        run([end], {x: 0.0})
    assert message(error) == "while_loop: the loop was still running after max_steps=10 steps"


def grow(x, rate):
    def body(x, rate):
        grown = st.cond(x.sum() < 10, lambda x, rate: x * (2 + rate), lambda x, rate: x + rate * x * x, x, rate)
        return grown, rate

    return st.while_loop(lambda x, rate: x.sum() < 100, body, (x, rate), max_steps=64)[0]


@pytest.mark.parametrize("run", [plain, simplified], ids=lambda run: run.__name__)
def test_gradient_of_a_while_loop_to_second_order(run):
    st.verify_grad(grow, [rng.random(3), np.array(0.3)], order=2, run=run)


@pytest.mark.parametrize("run", [plain, simplified], ids=lambda run: run.__name__)
def test_newton_iteration_by_a_while_loop(run):
    """The derivative of the square root through the iterations that find it."""

    def root(a):
        return st.while_loop(lambda r: st.abs(r * r - a) > 1e-13 * a, lambda r: (r + a / r) / 2, a, max_steps=50)

    a = st.scalar("a")
    value, slope = run([root(a), st.grad(root(a), a)], {a: 7.0})
    np.testing.assert_allclose([value, slope], [np.sqrt(7), 0.5 / np.sqrt(7)], rtol=1e-9)


@pytest.mark.parametrize("target", ["numpy", "c", "opencl"])
def test_the_log_of_a_while_loop_grows_as_needed(target):
    """1,000 steps and more than the first chunk of the log, in a small loop and in one of unknown size."""

    def path(x, rate):
        return st.while_loop(lambda x, k: (k < 1000) & (x.sum() < 1e9), lambda x, k: (x * rate, k + 1), (x, 0))[0]

    x, v, rate = st.scalar("x"), st.vector("v"), st.scalar("rate")
    for start, value in ((x, np.array(2.0)), (v, np.array([2.0, 3.0, 4.0]))):
        end = path(start, rate)
        slopes = st.grad(end.sum(), [start, rate])
        function = st.compile([end, *slopes, st.grad(slopes[1], rate)], [start, rate], target=target)
        for factor, steps in ((1.01, 1000), (2.0, None), (1.0, 1000)):
            steps = steps or math.ceil(math.log2(1e9 / value.sum()))
            got = function(value, factor)
            total = value.sum()
            want = [
                value * factor**steps, np.full_like(value, factor**steps), total * steps * factor ** (steps - 1),
                total * steps * (steps - 1) * factor ** (steps - 2),
            ]  # fmt: skip
            for a, b in zip(got, want):
                np.testing.assert_allclose(a, b, rtol=1e-9)
        assert function(value * 0 + 1e10, 1.5)[1].sum() == value.size, "no step: the state itself"


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_while_loop_with_a_gradient_inside_of_a_scan(target):
    """The log of the inner loop has another length in each step of the outer one."""
    x, limits = st.scalar("x"), st.vector("limits")

    def step(limit, x):
        return st.while_loop(lambda y: y < limit, lambda y: y * 1.02 + st.sin(y) * 0.01, x)

    ends, _ = st.scan(step, limits, x)
    slope = st.grad(ends.sum(), x)
    function = st.compile([ends, slope, st.grad(slope, x)], [x, limits], target=target)
    bounds = np.array([2.0, 20.0, 21.0, 200.0, 1.0, 300.0])

    def plain(x):
        y, dy, ddy, rows = x, 1.0, 0.0, []
        total = [0.0, 0.0]
        for bound in bounds:
            while y < bound:
                slope, bend = 1.02 + 0.01 * np.cos(y), -0.01 * np.sin(y)
                y, dy, ddy = y * 1.02 + np.sin(y) * 0.01, slope * dy, slope * ddy + bend * dy * dy
            rows.append(y)
            total[0] += dy
            total[1] += ddy
        return [rows, *total]

    for got, want in zip(function(1.0, bounds), plain(1.0)):
        np.testing.assert_allclose(got, want, rtol=1e-8)


# ------------------------------------------------------------------------------------------------------- switch_case
BRANCHES = [st.sin, st.cos, lambda x: -x, lambda x: x * x, lambda x: st.exp(x) + x]


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("count", [1, 2, 5])
def test_one_of_several_functions_by_number(target, count):
    k, x = st.lscalar("k"), st.vector("x")
    y = st.switch_case(k, BRANCHES[:count], x)
    slope = st.grad(y.sum(), x)
    inputs = [k, x] if count > 1 else [x]
    function = st.compile([y, slope, st.grad(slope.sum(), x)], inputs, target=target)
    value = np.array([0.5, -0.2])
    for number in range(-1, count + 1):
        taken = min(max(number, 0), count - 1)
        want = [
            (np.sin(value), np.cos(value), -np.sin(value)),
            (np.cos(value), -np.sin(value), -np.cos(value)),
            (-value, np.full(2, -1.0), np.zeros(2)),
            (value**2, 2 * value, np.full(2, 2.0)),
            (np.exp(value) + value, np.exp(value) + 1, np.exp(value)),
        ][taken]
        for a, b in zip(function(*[number, value][2 - len(inputs) :]), want):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_only_the_function_of_the_number_runs(run):
    k, x = st.lscalar("k"), st.vector("x")
    y = st.switch_case(k, [lambda: x.sum(), lambda: st.take(x, k + 5, axis=0), lambda: x[0]])
    assert run([y], {k: 2, x: np.array([-1.0, 3.0])})[0] == -1.0
    with pytest.raises(BoundsError):
        run([y], {k: 1, x: np.array([-1.0, 3.0])})


def test_an_index_of_branches_that_is_no_integer_scalar():
    with pytest.raises(ShapeError) as error:
        st.switch_case(st.lvector("k"), BRANCHES, st.scalar("x"))
    assert message(error) == "switch_case: the index must be a scalar, not int64[k.shape[0]]"
    with pytest.raises(DTypeError) as error:
        st.switch_case(st.scalar("k"), BRANCHES, st.scalar("x"))
    assert message(error) == (
        "switch_case: the index must be an integer, not float64[]\n  hint: cast it, or use st.cond for a bool"
    )
    with pytest.raises(ValueError, match="no branch to take"):
        st.switch_case(st.lscalar("k"), [])


def test_a_state_that_changes_its_type():
    with pytest.raises(DTypeError) as error:
        st.while_loop(lambda n: n < 5, lambda n: n / 2, st.lscalar("n"))
    assert message(error) == (
        "while_loop: state 'n' is int64[] before a step and float64[] after it\n"
        "  hint: a state keeps its dtype: give it an initial value of dtype float64"
    )


def test_a_state_that_grows():
    with pytest.raises(ShapeError) as error:
        st.while_loop(lambda h: h.sum() < 5, lambda h: st.concatenate([h, h]), st.tensor("h", shape=(2,)))
    assert message(error) == (
        "while_loop: state 'h' is float64[2] before a step and float64[4] after it\n"
        "  hint: a state keeps its shape: give it an initial value of the final shape"
    )


def test_a_condition_that_is_no_bool_scalar():
    x = st.tensor("x", shape=(2,))
    with pytest.raises(ShapeError) as error:
        st.while_loop(lambda x: x < 3, lambda x: x + 1, x)
    assert message(error) == (
        "while_loop: the condition must be a scalar, not bool[2]\n  hint: reduce it with any() or all()"
    )
    with pytest.raises(DTypeError) as error:
        st.while_loop(lambda x: x.sum(), lambda x: x + 1, x)
    assert message(error) == (
        "while_loop: the condition must be a bool, not float64[]\n  hint: compare it, as in x != 0"
    )


def test_a_body_that_returns_another_nesting():
    x = st.scalar("x")
    with pytest.raises(ShapeError) as error:
        st.while_loop(lambda x, n: x < 3, lambda x, n: x + 1, (x, 0))
    assert message(error) == (
        "while_loop: the state is tuple(*, *) before a step and * after it\n"
        "  hint: return the next state nested as the first one"
    )


# ---------------------------------------------------------------------------------------------------------- fori_loop
def test_counted_loop(run):
    n = st.lscalar("n")
    squares = st.fori_loop(0, n, lambda i, total: total + i * i, 0)
    offset = st.fori_loop(2, n, lambda i, total, count: (total + i, count + 1), (0, 0))
    got = run([squares, *offset], {n: 5})
    assert [int(v) for v in got] == [30, 9, 3]
    assert [int(v) for v in run([squares, *offset], {n: 0})] == [0, 0, 0]


@pytest.mark.parametrize("run", [plain, simplified], ids=lambda run: run.__name__)
def test_gradient_of_a_counted_loop(run):
    st.verify_grad(lambda x: st.fori_loop(0, 4, lambda i, y: y * x + i, x), [np.array([0.5, -0.3])], order=2, run=run)
