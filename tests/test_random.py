"""Random streams: the same bits everywhere, fresh numbers where they must be fresh, and the right distributions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import symtensor as st
from symtensor.random import Stream

MANY = 20000

DRAWS: dict[str, Callable[[Stream], Any]] = {
    "uniform": lambda s: s.uniform(size=(3, 37)),
    "uniform between bounds": lambda s: s.uniform(-1.7, 2.9, size=101),
    "uniform float32": lambda s: s.uniform(2, 3, size=101, dtype="float32"),
    "normal": lambda s: s.normal(size=(5, 21)),
    "normal scaled": lambda s: s.normal(0.3, 1.7, size=101),
    "normal float32": lambda s: s.normal(0.3, 1.7, size=101, dtype="float32"),
    "bernoulli": lambda s: s.bernoulli(0.3, size=101),
    "integers": lambda s: s.integers(-5, 6, size=(4, 9), dtype="int32", endpoint=True),
    "integers beyond 32 bits": lambda s: s.integers(10**15, size=33),
    "categorical": lambda s: s.categorical([0.1, 0.0, 0.9], size=50),
    "a scalar": lambda s: s.normal(),
    "in a loop": lambda s: st.scan(lambda x: 0.5 * x + s.normal(size=3), outputs_info=st.zeros(3), n_steps=7)[0],
    "in a branch": lambda s: st.cond(s.uniform() < 2, lambda: s.normal(size=3), lambda: st.zeros(3)),
}


def run(make: Callable[[Stream], Any], calls: int = 1, seed: int = 7, **options: Any) -> list[np.ndarray]:
    f = st.compile(make(Stream(seed)), [], **options)
    return [f() for _ in range(calls)]


# --------------------------------------------------------------------------------------------------------- the bits
@pytest.mark.parametrize("target", ["c", "opencl", "cuda-shim"])
def test_bits_are_the_same_on_every_target(target: str) -> None:
    if target == "opencl":
        pytest.importorskip("pyopencl")
    make = lambda s: [draw(s) for draw in DRAWS.values()]  # noqa: E731
    for got, want in zip(run(make, 2, target=target), run(make, 2, target="numpy")):
        for name, a, b in zip(DRAWS, got, want):
            assert a.dtype == b.dtype, name
            np.testing.assert_array_equal(a, b, err_msg=name)


def test_bits_do_not_depend_on_the_number_of_threads() -> None:
    make = lambda s: s.normal(size=300_001)  # noqa: E731
    (one,), (two,) = run(make, target="c", threads=1), run(make, target="c", threads=2)
    assert np.array_equal(one, two)


def test_streams_of_one_seed_agree_and_others_differ() -> None:
    make = DRAWS["normal"]
    (a,), (b,), (c,) = run(make, target="numpy"), run(make, target="numpy"), run(make, seed=8, target="numpy")
    assert np.array_equal(a, b)
    assert not (a == c).any()
    assert Stream().get_state() != Stream().get_state()


def test_the_bits_never_change() -> None:
    """What a seed gives is part of the interface: these numbers come from an earlier version."""
    s = Stream(2024)
    got = st.compile([s.integers(1000, size=4), s.uniform(size=2)], [], target="numpy")()
    assert got[0].tolist() == INTEGERS
    assert got[1].tolist() == UNIFORM


INTEGERS = [268, 435, 49, 482]
UNIFORM = [0.6314867267612269, 0.007144245854017295]


# ------------------------------------------------------------------------------------------------------ the counter
@pytest.mark.parametrize("target", ["numpy", "c"])
def test_each_call_draws_anew_and_a_state_can_be_restored(target: str) -> None:
    s = Stream(3)
    draw = s.uniform(size=10)
    f = st.compile([draw, draw + 1, s.uniform(size=10)], [], target=target)
    state = s.get_state()
    first, second = f(), f()
    assert s.get_state() == (3, 2)
    assert np.array_equal(first[0] + 1, first[1])
    assert not (first[0] == second[0]).any()
    assert not (first[0] == first[2]).any()
    s.set_state(state)
    assert np.array_equal(f()[0], first[0])
    s.seed(4)
    assert not (f()[0] == first[0]).any()
    assert repr(s) == "Stream(key=4, counter=1)"


def test_two_functions_share_a_stream() -> None:
    s = Stream(3)
    draw = s.uniform(size=4)
    f, g = st.compile(draw, [], target="numpy"), st.compile(draw, [], target="numpy")
    assert not (f() == g()).any()


def test_updates_can_be_left_out_or_given() -> None:
    s = Stream(3)
    draw = s.uniform(size=4)
    for kept in (True, [s.counter]):
        f = st.compile(draw, [], target="numpy", no_default_updates=kept)
        assert np.array_equal(f(), f())
    f = st.compile(draw, [], target="numpy", updates=s.updates)
    assert not (f() == f()).any()
    f = st.compile(draw, [], target="numpy", updates={s.counter: s.counter + 5})
    f()
    assert s.get_state() == (3, 7)


def test_default_updates_reach_other_variables() -> None:
    a, b = st.shared(1.0, "a"), st.shared(10.0, "b")
    a.default_update = a + b
    b.default_update = b * 2
    f = st.compile(a * 1, [], target="numpy")
    assert [float(f()) for _ in range(3)] == [1, 11, 31]
    assert float(b.get_value()) == 80


# ----------------------------------------------------------------------------------------------------------- loops
LOOPS: dict[str, Callable[[Callable[[], Any]], Any]] = {
    "scan": lambda draw: st.scan(lambda: draw(), n_steps=6)[0],
    "scan with a state": lambda draw: st.scan(lambda x: draw(), outputs_info=0.0, n_steps=6)[0],
    "map": lambda draw: st.map(lambda row: row + draw(), st.zeros(6))[0],
    "fori_loop": lambda draw: st.fori_loop(0, 6, lambda i, x: x[i].set(draw()), st.zeros(6)),
    "while_loop": lambda draw: st.while_loop(
        lambda i, x: i < 6, lambda i, x: (i + 1, st.concatenate([x[1:], draw()[None]])), (0, st.zeros(6))
    )[1],
    "nested": lambda draw: st.scan(lambda: st.scan(lambda: draw(), n_steps=2)[0], n_steps=3)[0],
}


@pytest.mark.parametrize("target", ["numpy", "c"])
@pytest.mark.parametrize("loop", LOOPS)
def test_each_step_draws_anew(loop: str, target: str) -> None:
    first, second = run(lambda s: LOOPS[loop](s.normal), 2, target=target)
    assert len(set(first.ravel().tolist())) == 6
    assert set(first.ravel().tolist()).isdisjoint(second.ravel().tolist())


@pytest.mark.parametrize("target", ["numpy", "c"])
def test_a_draw_made_outside_of_a_loop_stays_the_same_in_it(target: str) -> None:
    def make(s: Stream) -> Any:
        noise = s.normal()
        return [noise, st.scan(lambda x: x + noise, outputs_info=0.0, n_steps=4)[0]]

    noise, sums = run(make, target=target)[0]
    np.testing.assert_allclose(sums, noise * np.arange(1, 5))


def test_draws_in_and_after_loops_are_independent() -> None:
    def make(s: Stream) -> Any:
        return [s.uniform(size=3), st.scan(lambda: s.uniform(size=3), n_steps=5)[0], s.uniform(size=3)]

    values = np.concatenate([a.ravel() for call in run(make, 20, target="numpy") for a in call])
    assert len(set(values.tolist())) == values.size


def test_gibbs_sampling_from_the_documentation_of_theano() -> None:
    """A restricted Boltzmann machine, whose chain is run by a scan with a stream inside."""
    weights = np.random.default_rng(0).normal(size=(6, 4))
    stream, w = Stream(1234), st.shared(weights, "w")
    bvis, bhid = st.shared(np.zeros(6), "bvis"), st.shared(np.zeros(4), "bhid")

    def one_step(vsample: Any) -> Any:
        hsample = stream.bernoulli(st.sigmoid(vsample @ w + bhid), dtype="float64")
        return stream.bernoulli(st.sigmoid(hsample @ w.T + bvis), dtype="float64")

    sample = st.matrix("sample", shape=(200, 6))
    values, updates = st.scan(one_step, outputs_info=sample, n_steps=10)
    gibbs10 = st.compile(values[-1], [sample], updates=updates)
    first, second = gibbs10(np.zeros((200, 6))), gibbs10(np.zeros((200, 6)))
    assert set(np.unique(first)) == {0, 1}
    assert (first != second).any()
    states = np.array([[v >> k & 1 for k in range(6)] for v in range(64)], float)
    weight = np.exp(np.log1p(np.exp(states @ weights)).sum(1))  # of a visible state, hidden ones summed out
    wanted = weight @ states / weight.sum()
    got = np.mean([gibbs10(np.zeros((200, 6))).mean(0) for _ in range(40)], axis=0)
    np.testing.assert_allclose(got, wanted, atol=0.03)


# --------------------------------------------------------------------------------------------------- distributions
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_and_normal_pass_the_kolmogorov_smirnov_test(dtype: str) -> None:
    s = Stream(11)
    uniform, normal = st.compile([s.uniform(-1, 3, MANY, dtype), s.normal(2, 3, MANY, dtype)], [])()
    assert uniform.dtype == normal.dtype == dtype
    assert uniform.min() >= -1
    assert uniform.max() < 3
    assert stats.kstest(uniform, "uniform", (-1, 4)).pvalue > 0.01
    assert stats.kstest(normal, "norm", (2, 3)).pvalue > 0.01


def test_moments_of_the_normal_distribution() -> None:
    (x,) = run(lambda s: s.normal(size=1_000_000), target="c")
    moments = [np.mean(x**k) for k in range(1, 7)]
    spread = [0.005, 0.007, 0.02, 0.05, 0.2, 0.6]
    assert all(abs(m - w) < d for m, w, d in zip(moments, [0, 1, 0, 3, 0, 15], spread)), moments


def test_draws_of_neighbours_are_not_correlated() -> None:
    rows = np.array(run(lambda s: s.normal(size=(8, 1000)), 4, target="numpy")).reshape(32, 1000)
    correlation = np.corrcoef(rows)[np.triu_indices(32, 1)] * np.sqrt(1000)
    assert stats.kstest(correlation, "norm").pvalue > 0.01


def test_discrete_distributions_pass_the_chi_square_test() -> None:
    s = Stream(5)
    p = np.array([0.1, 0.0, 0.5, 0.4])
    die, coin, index = st.compile([s.integers(1, 7, MANY), s.bernoulli(0.3, MANY), s.categorical(p, size=MANY)], [])()
    assert stats.chisquare(np.bincount(die, minlength=7)[1:]).pvalue > 0.01
    assert stats.binomtest(int(coin.sum()), MANY, 0.3).pvalue > 0.01
    counts = np.bincount(index, minlength=4)
    assert counts[1] == 0
    assert stats.chisquare(counts[[0, 2, 3]], MANY * p[[0, 2, 3]]).pvalue > 0.01


@pytest.mark.parametrize("axis", [0, -1])
def test_categories_of_a_batch_by_logits(axis: int) -> None:
    logits = st.matrix("logits")
    value = np.full((3, 4), -800.0)
    value[[0, 1, 2], [3, 0, 2]] = 900
    s = Stream(1)
    f = st.compile(s.categorical(logits=logits, axis=axis, dtype="int32"), [logits], target="numpy")
    got = f(value if axis == -1 else value.T.copy())
    assert got.dtype == "int32"
    assert got.tolist() == [3, 0, 2]


def test_integers_take_symbolic_bounds_and_whole_ranges() -> None:
    low, high, n = st.lvector("low"), st.lscalar("high"), st.lscalar("n")
    s = Stream(9)
    f = st.compile([s.integers(low, high), s.integers(5, size=n)], [low, high, n])
    a, b = f(np.arange(100), 100, 50)
    assert ((a >= np.arange(100)) & (a < 100)).all()
    assert set(b.tolist()) == set(range(5))
    limits = np.iinfo("int64")
    (whole,) = run(lambda s: s.integers(limits.min, limits.max, size=1000), target="numpy")
    assert whole.min() < -(2**62)
    assert whole.max() > 2**62


def test_the_size_comes_from_the_parameters() -> None:
    x, y = st.fmatrix("x"), st.fvector("y")
    draw = Stream(1).normal(x, y)
    assert draw.dtype == "float32"
    f = st.compile(draw, [x, y], target="numpy")
    assert f(np.zeros((2, 3), "f4"), np.ones(3, "f4")).shape == (2, 3)


# -------------------------------------------------------------------------------------------------------- gradients
def test_gradients_flow_into_location_and_scale() -> None:
    mean, scale = st.vector("mean"), st.scalar("scale")
    s = Stream(1)
    draw = s.normal(mean, scale)
    f = st.compile([draw, *st.grad((draw * draw).sum(), [mean, scale])], [mean, scale])
    x, g_mean, g_scale = f(np.arange(3.0), 2.0)
    noise = (x - np.arange(3)) / 2
    np.testing.assert_allclose(g_mean, 2 * x)
    np.testing.assert_allclose(g_scale, (2 * x * noise).sum())


def test_a_gradient_through_a_loop_sees_the_numbers_that_were_drawn() -> None:
    a = st.scalar("a")
    s = Stream(2)
    noises: list[Any] = []

    def step(x: Any) -> Any:
        noises.append(s.normal())
        return a * x + noises[-1]

    last = st.scan(step, outputs_info=st.constant(1.0), n_steps=5)[0]
    f = st.compile([last, st.grad(last[-1], a)], [a])
    path, slope = f(0.9)
    noise = path - 0.9 * np.concatenate([[1.0], path[:-1]])
    x, d = 1.0, 0.0
    for e in noise:
        x, d = 0.9 * x + e, x + 0.9 * d
    np.testing.assert_allclose(slope, d)


def test_nothing_flows_through_integers() -> None:
    p = st.vector("p")
    cost = (Stream(1).categorical(p, size=5).astype("float64") * p.sum()).sum()
    f = st.compile([st.grad(cost, p), cost / p.sum()], [p], target="numpy")
    slope, count = f(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose(slope, np.full(3, count))


# ------------------------------------------------------------------------------------------------------ one kernel
def test_a_draw_is_computed_where_it_is_used() -> None:
    x = st.matrix("x")
    s = Stream(1)
    f = st.compile(st.where(s.bernoulli(0.8, size=x.shape), x / 0.8, 0), [x], target="c")
    drawn, counted = f.kernels  # the second is the update of the counter
    assert "computes where" in str(drawn)
    assert "computes add" in str(counted)
