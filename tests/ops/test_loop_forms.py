"""Loops that end by a condition, truncated backpropagation, and checkpointed derivatives."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError, ShapeError

TARGETS = ["numpy", "c"]
x, v, n = st.scalar("x"), st.vector("v"), st.lscalar("n")


def message(error: pytest.ExceptionInfo[Exception]) -> str:
    lines = str(error.value).splitlines()
    return "\n".join(line for line in lines if not re.match(r"  at .*:\d+$", line))


def orders(cost: Any, wrt: list[Any]) -> list[Any]:
    """The gradient of a cost, and that of a function of the gradient."""
    slopes = st.grad(cost, wrt)
    return [*slopes, *st.grad(sum((s * s).sum() for s in slopes), wrt)]


def agree(got: list[np.ndarray], want: list[np.ndarray], rtol: float = 1e-9) -> None:
    for a, b in zip(got, want, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)


# ------------------------------------------------------------------------------------------------------------- until
@pytest.mark.parametrize("target", [*TARGETS, "opencl"])
def test_powers_of_two_below_a_limit(target):
    """Theano's documented example of a while loop: the step in which the condition holds is the last."""
    limit = st.scalar("max_value")
    values, updates = st.scan(lambda p, limit: (p * 2, st.until(p * 2 > limit)), None, st.ones(()), limit, 1024)
    function = st.compile(values, [limit], target=target)
    assert function(45.0).tolist() == [2.0, 4.0, 8.0, 16.0, 32.0, 64.0]
    assert function(0.0).tolist() == [2.0]
    assert function(np.inf).shape == (1024,)
    assert updates == {}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("go_backwards", [False, True])
def test_sequences_taps_and_gradients_of_a_loop_with_a_condition(target, go_backwards):
    sums, _ = st.scan(
        lambda r, a, b: st.sin(a) + b * x + r,
        v,
        {"initial": st.stack([x, x]), "taps": [-2, -1]},
        until=lambda s: s > 2,
        go_backwards=go_backwards,
    )
    function = st.compile([sums, *orders((sums**2).sum(), [v, x])], [v, x], target=target)
    plain, _ = st.scan(
        lambda r, a, b: st.sin(a) + b * x + r,
        v,
        {"initial": st.stack([x, x]), "taps": [-2, -1]},
        n_steps=n,
        go_backwards=go_backwards,
    )
    # Without the condition, over as many steps.
    counted = st.compile([plain, *orders((plain**2).sum(), [v, x])], [v, x, n], target=target)
    for value in (np.linspace(-0.1, 1, 20), np.linspace(1, -0.1, 20), np.full(70, -1.0), np.zeros(0)):
        got = function(value, 0.5)
        steps = len(got[0])
        assert steps == len(value) or (got[0][-1] > 2 and (got[0][:-1] <= 2).all())
        agree(got, counted(value, 0.5, steps))


@pytest.mark.parametrize("target", TARGETS)
def test_none_outputs_updates_and_forms_with_a_condition(target):
    total = st.shared(np.array(0.0), "total")

    def step(row):
        return [row.sum(), row * 2], {total: total + row.sum()}, st.until(row.sum() > 3)

    m = st.matrix("m")
    (sums, rows), updates = st.map(step, m)
    function = st.compile([sums, rows], [m], updates=updates, target=target)
    value = np.arange(8.0).reshape(4, 2)
    got = function(value)
    assert got[0].tolist() == [1.0, 5.0]
    assert got[1].tolist() == [[0.0, 2.0], [4.0, 6.0]]
    assert total.get_value() == 6.0
    first, _ = st.reduce(lambda r, found: (st.where(r > 1, r, found), st.until(r > 1)), v, 0.0)
    assert st.compile(first, [v], target=target)(np.array([0.5, 2.0, 7.0])) == 2.0


def test_conditions_that_are_wrong():
    with pytest.raises(DTypeError) as error:
        st.scan(lambda x: x * 2, outputs_info=x, n_steps=5, until=lambda x: x)
    assert message(error) == "scan: the condition must be a bool, not float64[]\n  hint: compare it, as in x != 0"
    with pytest.raises(ShapeError) as error:
        st.scan(lambda x: (x * 2, st.until(x > 0)), outputs_info=v, n_steps=5)
    assert message(error) == (
        "scan: the condition must be a scalar, not bool[v.shape[0]]\n  hint: reduce it with any() or all()"
    )
    with pytest.raises(ValueError, match=r"returns st\.until, and until= is given as well"):
        st.scan(lambda x: (x * 2, st.until(x > 0)), outputs_info=x, n_steps=5, until=lambda x: x > 1)


# --------------------------------------------------------------------------------------- truncated and checkpointed
def states(**options: Any) -> Any:
    return st.scan(lambda r, s: st.sin(s) * 1.1 + r * x, v, x * 2, n_steps=n, **options)[0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("checkpoint", [1, 3, "sqrt"])
def test_checkpointed_derivatives_are_the_plain_ones(target, go_backwards, checkpoint):
    outputs = []
    for options in ({}, {"checkpoint": checkpoint}):
        rows = states(go_backwards=go_backwards, **options)
        outputs.append(st.compile([rows, *orders((rows**2).sum(), [v, x])], [v, x, n], target=target))
    value = np.linspace(-1, 1, 20)
    for steps in (0, 1, 2, 17, 20):
        agree(outputs[1](value, 0.7, steps), outputs[0](value, 0.7, steps))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"checkpoint": 2}])
def test_truncated_gradients_hold_what_came_before_constant(target, options):
    rows = states(truncate_gradient=4, **options)
    function = st.compile([rows, *st.grad((rows**2).sum(), [v, x])], [v, x, n], target=target)
    start = st.scalar("start")
    last = st.scan(lambda r, s: st.sin(s) * 1.1 + r * x, v, start, go_backwards="go_backwards" in options)[0]
    tail = st.compile(st.grad((last**2).sum(), [v, x]), [v, x, start], target=target)
    value = np.linspace(-1, 1, 20)
    back = "go_backwards" in options
    for steps in (7, 20):
        got = function(value, 0.7, steps)
        seen = value[-steps:][::-1] if back else value[:steps]
        dv, dx = tail(seen[-4:][::-1] if back else seen[-4:], 0.7, got[0][-5])
        want = np.zeros(20)
        at = 20 - steps if back else steps - 4
        want[at : at + 4] = dv
        agree(got[1:], [want, dx])
    whole = st.compile([(r := states(**options)), *st.grad((r**2).sum(), [v, x])], [v, x, n], target=target)
    for steps in (0, 3, 4):  # then nothing is cut, and the initial value is reached
        agree(function(value, 0.7, steps), whole(value, 0.7, steps))


def test_a_truncated_gradient_stores_only_the_last_steps():
    end = st.scan(lambda s: st.sin(s) * x, outputs_info=x, n_steps=1000, truncate_gradient=10)[0][-1]
    function = st.compile([end, st.grad(end, x)], [x])
    assert "float64[10]" in str(function.graph)
    assert "000]" not in str(function.graph)


def ended(**options: Any) -> Any:
    """Rows of a loop that ends by a condition."""
    return st.scan(lambda r, s: st.sin(s) * 1.1 + r * x, v, x * 2, n_steps=n, until=lambda s: s > 1.5, **options)[0]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("go_backwards", [False, True])
@pytest.mark.parametrize("checkpoint", [1, 3, "sqrt"])
def test_checkpointed_derivatives_of_a_loop_with_a_condition_are_the_plain_ones(target, go_backwards, checkpoint):
    outputs = []
    for options in ({}, {"checkpoint": checkpoint}):
        rows = ended(go_backwards=go_backwards, **options)
        outputs.append(st.compile([rows, *orders((rows**2).sum(), [v, x])], [v, x, n], target=target))
    steps_taken = set()
    for value in (np.linspace(-1, 2, 20), np.linspace(2, -1, 20), np.linspace(-1, 1, 20)):
        for steps in (0, 1, 2, 17, 20):
            want = outputs[0](value, 0.6, steps)
            agree(outputs[1](value, 0.6, steps), want)
            steps_taken.add(len(want[0]))
    assert not steps_taken.isdisjoint(range(3, 17))  # the condition has ended some


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("options", [{}, {"go_backwards": True}, {"checkpoint": 2}])
def test_truncated_gradients_of_a_loop_with_a_condition(target, options):
    """The steps that count are the last ones of those that were taken."""
    rows = ended(truncate_gradient=4, **options)
    function = st.compile([rows, *st.grad((rows**2).sum(), [v, x])], [v, x, n], target=target)
    plain = states(truncate_gradient=4, **options)
    counted = st.compile([plain, *st.grad((plain**2).sum(), [v, x])], [v, x, n], target=target)
    back = "go_backwards" in options
    for value in (np.linspace(-1, 2, 20), np.linspace(2, -1, 20), np.linspace(-1, 1, 20)):
        for steps in (0, 3, 20):
            got = function(value, 0.6, steps)
            taken = len(got[0])
            given = value[20 - taken :] if back and steps == 20 else value
            want = counted(given, 0.6, taken)
            np.testing.assert_array_equal(got[0], want[0])
            agree([got[2]], [want[2]])
            if not back:
                agree([got[1]], [want[1]])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("checkpoint", [1, 4, "sqrt"])
def test_checkpointed_derivatives_of_a_while_loop(target, checkpoint):
    def end(**options: Any) -> Any:
        return st.while_loop(
            lambda s, k: s.sum() < 20, lambda s, k: (st.sin(s) + s * 1.3, k + 1), (v * x, 0), **options
        )

    outputs = []
    for options in ({}, {"checkpoint": checkpoint}):
        s, k = end(**options)
        outputs.append(st.compile([s, k, *orders((s**2).sum(), [v, x])], [v, x], target=target))
    for value in (np.array([0.1, 0.2]), np.array([100.0, 1.0]), np.array([1e-4, 1e-5, 1e-3])):
        agree(outputs[1](value, 0.6), outputs[0](value, 0.6))


def test_a_loop_with_a_condition_runs_once_where_no_derivative_is_asked_for():
    for rows in (ended(checkpoint="sqrt"), ended(truncate_gradient=3), ended(checkpoint=4, truncate_gradient=8)):
        graph = str(st.compile(rows, [v, x, n]).graph)
        assert "= scan(" not in graph
        assert graph.count("= while_loop(") == 1


@pytest.mark.parametrize("options", [{"checkpoint": "sqrt"}, {"truncate_gradient": 10}])
def test_what_only_ends_matter_of_is_not_logged(options):
    """The last row is the final state, also of a loop that a condition ends: no row and no cotangent of a row."""
    last = st.scan(lambda s: (s * x, st.until(s * x > 1e3)), outputs_info=x, n_steps=n, **options)[0][-1]
    plain = st.scan(lambda s: (s * x, st.until(s * x > 1e3)), outputs_info=x, n_steps=n)[0][-1]
    function = st.compile([last, st.grad(last, x)], [x, n])
    want = st.compile([plain, st.grad(plain, x)], [x, n])
    for steps in (1, 7, 100_000):
        if "checkpoint" in options or steps < 10:
            agree(function(1.01, steps), want(1.01, steps))
    assert "[steps]" not in str(function.graph)
    with pytest.raises(IndexError):
        function(1.01, 0)


def test_wrong_options():
    with pytest.raises(ValueError, match="truncate_gradient must be -1 or a positive number of steps, not 0"):
        states(truncate_gradient=0)
    for wrong in (0, -1, "half", 1.5, True):
        with pytest.raises(ValueError, match="checkpoint must be None, 'sqrt' or a positive int, not"):
            states(checkpoint=wrong)


# ------------------------------------------------------------------------------------------------------- cumulative
def test_cumulative_gives_all_partial_results():
    largest, _ = st.cumulative(lambda x, m: st.maximum(x, m), v, -np.inf)
    assert st.compile(largest, [v])(np.array([1.0, 0.0, 3.0])).tolist() == [1.0, 1.0, 3.0]
    with pytest.raises(ValueError, match="each output needs an initial value"):
        st.cumulative(lambda x: x, v, None)


# ------------------------------------------------------------------------------------------------------ forward mode
@pytest.mark.parametrize("target", TARGETS)
def test_forward_mode_through_every_form(target):
    def grows(s):
        return st.sin(s) + s * 1.3

    forms = [
        st.scan(grows, outputs_info=v, n_steps=7)[0][-1],
        st.scan(grows, outputs_info=v, n_steps=7, checkpoint=3)[0][-1],
        st.scan(lambda s: (grows(s), st.until(grows(s).sum() > 20)), outputs_info=v, n_steps=50)[0][-1],
        st.while_loop(lambda s: s.sum() < 20, grows, v),
        st.fori_loop(0, 7, lambda i, s: grows(s) + i, v, checkpoint="sqrt"),
        st.cond(v.sum() > 0, lambda: grows(v), lambda: v),
        st.switch_case(st.cast(v.sum(), "int64"), [lambda: v, lambda: v * 2, lambda: v, lambda: grows(grows(v))]),
    ]
    direction = st.vector("d")
    function = st.compile([*forms, *st.jvp(forms, v, direction)], [v, direction], target=target)
    value, d, small = np.array([1.0, 2.5]), np.array([0.1, -0.4]), 1e-6
    ahead, behind = function(value + small * d, d), function(value - small * d, d)
    for slope, high, low in zip(function(value, d)[len(forms) :], ahead, behind):
        np.testing.assert_allclose(slope, (high - low) / (2 * small), rtol=1e-6)


def test_products_of_a_loop_with_a_condition_are_stored_for_its_derivative():
    """The backward loop reads the products of the forward loop, and adds up weight gradients after it."""
    w, rows, start = st.matrix("w"), st.matrix("rows"), st.vector("start")

    def step(row, state):
        return st.tanh(state @ w + row)

    def products(**options):
        states = st.scan(step, rows, start, **options)[0]
        graph = str(st.compile(st.grad((states**2).sum(), w), [rows, start, w]).graph)
        return graph.count("= contract(")

    assert products(until=lambda s: s[0] > 1) == products()


# ------------------------------------------------------------------------------------------- the number of steps taken
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("use", "want"),
    [
        (lambda rows: st.as_tensor(rows.shape[0]), 8),
        (lambda rows: st.zeros(rows.shape[:1]), np.zeros(8)),
        (lambda rows: st.ones_like(rows).sum(), 8.0),
        (lambda rows: st.arange(rows.shape[0])[::-1], np.arange(8)[::-1]),
        (lambda rows: st.grad(rows.mean(), x), 63.75),
        (lambda rows: st.map(lambda r: st.ones_like(rows).sum() * r, v)[0], [0.0, 8.0]),
    ],
)
def test_what_needs_only_the_number_of_steps_runs_the_loop(target, use, want):
    rows, _ = st.scan(lambda x: (x * 2, st.until(x > 100)), outputs_info=x, n_steps=1000)
    function = st.compile(use(rows), [x, v], target=target, on_unused_input="ignore")
    np.testing.assert_array_equal(function(1.0, np.arange(2.0)), want)


@pytest.mark.parametrize("target", TARGETS)
def test_the_number_of_elements_that_are_not_zero_alone(target):
    (where,) = st.nonzero(v)
    assert st.compile(st.as_tensor(where.shape[0]), [v], target=target)(np.array([1.0, 0.0, 2.0])) == 2
