"""``st.compile`` as its users expect it: containers, inputs of every kind, updates, replacements, aliasing, threads."""

from __future__ import annotations

import gc
import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import BoundsError, CompileError, DTypeError, LinAlgError, ShapeError
from symtensor.function import compiler


@pytest.fixture(params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


# ------------------------------------------------------------------------------------------------------- containers
def test_containers_of_outputs(target: str) -> None:
    x = st.vector("x")
    value = np.array([1.0, 2.0])
    single = st.compile(x + 1, [x], target=target)(value)
    assert type(single) is np.ndarray
    listed = st.compile([x + 1, x.sum()], [x], target=target)(value)
    assert isinstance(listed, list)
    assert isinstance(st.compile((x + 1,), [x], target=target)(value), tuple)
    named = st.compile({"next": x + 1, "sum": x.sum()}, [x], target=target)(value)
    assert list(named) == ["next", "sum"]
    np.testing.assert_array_equal(named["next"], single)
    np.testing.assert_array_equal(listed[0], single)
    assert st.compile(None, [], target=target)() is None
    assert st.compile([], [], target=target)() == []


def test_results_are_arrays_of_the_declared_type(target: str) -> None:
    x = st.fvector("x")
    total, count = st.compile([x.sum(), x.shape[0]], [x], target=target)(np.ones(3, "float32"))
    assert (type(total), total.dtype, total.shape) == (np.ndarray, np.float32, ())
    assert (count.dtype, int(count)) == (np.int64, 3)


# ----------------------------------------------------------------------------------------------------------- inputs
def test_positions_and_keywords(target: str) -> None:
    x, y = st.vector("x"), st.scalar("y")
    f = st.compile(x - y, [x, y], target=target)
    for result in (f([3.0], 1.0), f([3.0], y=1.0), f(y=1.0, x=[3.0]), f(y=np.float64(1), x=np.array([3.0]))):
        np.testing.assert_array_equal(result, [2.0])


def layouts() -> dict[str, Callable[[np.ndarray], Any]]:
    def read_only(a: np.ndarray) -> np.ndarray:
        a = a.copy()
        a.setflags(write=False)
        return a

    def unaligned(a: np.ndarray) -> np.ndarray:
        buffer = np.empty(a.nbytes + 1, "uint8")
        view = buffer[1:].view(a.dtype).reshape(a.shape)
        view[...] = a
        return view

    class Child(np.ndarray):
        pass

    return {
        "list": lambda a: a.tolist(),
        "tuple": lambda a: tuple(map(tuple, a.tolist())),
        "fortran": np.asfortranarray,
        "strided": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
        "transposed": lambda a: a.T.copy().T,
        "swapped bytes": lambda a: a.astype(a.dtype.newbyteorder()),
        "read-only": read_only,
        "unaligned": unaligned,
        "subclass": lambda a: a.view(Child),
        "masked": np.ma.asarray,
        "broadcast": lambda a: np.broadcast_to(a[:1], a.shape),
        "memoryview": lambda a: memoryview(a),
    }


@pytest.fixture(scope="module")
def identity() -> dict[tuple[str, str], Any]:
    """Functions that add nothing to a matrix, by dtype and target."""
    made = {}
    for dtype in ("float64", "float32", "int32"):
        x = st.tensor("x", dtype, (None, None))
        for target in ("numpy", "c"):
            made[dtype, target] = st.compile(x + 0, [x], target=target)
    return made


@pytest.mark.parametrize("layout", sorted(layouts()))
@pytest.mark.parametrize("dtype", ["float64", "int32"])
def test_layouts(identity: dict, dtype: str, layout: str, target: str) -> None:
    value = np.arange(6).reshape(2, 3).astype(dtype)
    given = layouts()[layout](value)
    result = identity[dtype, target](given)
    np.testing.assert_array_equal(result, np.asarray(given))
    assert result.dtype == dtype
    assert result.flags.c_contiguous
    assert result.flags.writeable


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float64", np.ones((2, 2), "float32")),
        ("float64", np.ones((2, 2), "int64")),  # as NumPy casts, although large integers lose digits
        ("float64", np.ones((2, 2), "bool")),
        ("float32", np.ones((2, 2), "int16")),
        ("float32", [[1.5, 2.5]]),  # Python numbers take the dtype that is asked for
        ("float32", [[1, True]]),
        ("int32", [[1, -7]]),
        ("int32", np.ones((1, 1), "int16")),
        ("float64", np.zeros((0, 3))),
        ("int32", np.zeros((2, 0))),  # nothing is lost where nothing is
    ],
)
def test_values_that_are_cast(identity: dict, dtype: str, value: Any, target: str) -> None:
    result = identity[dtype, target](value)
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, np.asarray(value))


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        ("float32", np.ones((1, 1), "float64")),
        ("float32", np.ones((1, 1), "int64")),
        ("int32", np.ones((1, 1), "int64")),
        ("int32", np.ones((1, 1), "float32")),
        ("int32", [[1.5]]),
        ("int32", [[2**31]]),
        ("float64", np.ones((1, 1), "complex128")),
        ("float64", [[1j]]),
        ("float64", [["a"]]),
        ("float64", None),
    ],
)
def test_values_that_are_refused(identity: dict, dtype: str, value: Any, target: str) -> None:
    with pytest.raises(DTypeError, match="'x'"):
        identity[dtype, target](value)


def test_downcast_on_request(target: str) -> None:
    x = st.ivector("x")
    f = st.compile(x * 2, [x], target=target, allow_input_downcast=True)
    np.testing.assert_array_equal(f(np.array([1.9, -1.9])), [2, -2])
    np.testing.assert_array_equal(f(np.array([2, 3])), [4, 6])
    with pytest.raises(DTypeError):
        f(np.array([1j]))


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int64", "uint64", "float32", "float64"])
def test_python_scalars(dtype: str, target: str) -> None:
    s = st.tensor("s", dtype, ())
    f = st.compile(s, [s], target=target)
    assert f(True).dtype == dtype
    if dtype != "bool":
        assert int(f(7)) == 7
        assert int(f(np.array(7, dtype))) == 7
    if dtype.startswith("float"):
        assert float(f(1.5)) == 1.5
        assert np.isnan(f(float("nan")))
    else:
        with pytest.raises(DTypeError):
            f(1.5)
    if dtype in ("int8", "uint8"):
        with pytest.raises(DTypeError, match="fit"):
            f(300)
    if dtype == "uint64":
        assert int(f(2**64 - 1)) == 2**64 - 1
        with pytest.raises(DTypeError, match="fit"):
            f(-1)


def test_inputs_of_one_name(target: str) -> None:
    first, second = st.vector("x"), st.vector("x")
    f = st.compile(first - second, [first, second], target=target)
    np.testing.assert_array_equal(f([3.0], [1.0]), [2.0])
    with pytest.raises(TypeError, match="several inputs are named 'x'"):
        f(x=[1.0])


def test_unused_input(target: str) -> None:
    x, y = st.vector("x"), st.vector("y")
    with pytest.warns(UserWarning, match="no output needs the input y"):
        f = st.compile(x + 1, [x, y], on_unused_input="warn", target=target)
    np.testing.assert_array_equal(f([1.0], [1.0, 2.0]), [2.0])
    st.compile(x + 1, [x, y], on_unused_input="ignore", target=target)
    with pytest.raises(ValueError, match="on_unused_input"):
        st.compile(x + 1, [x], on_unused_input="what", target=target)
    st.compile(x * y.shape[0], [x, y], target=target)  # its size is used


# ------------------------------------------------------------------------------------------------------------ sizes
def test_one_compilation_serves_all_sizes(target: str) -> None:
    x = st.matrix("x")
    f = st.compile([x.sum(axis=0), x.mean(axis=1), x.T @ x, x.shape[0] * x[:, 0]], [x], target=target)
    rng = np.random.default_rng(0)
    before = st.cache_info().compiles
    for shape in [(1, 1), (2, 3), (17, 5), (64, 70), (0, 3), (300, 1)]:
        a = rng.normal(size=shape)
        columns, rows, gram, scaled = f(a)
        np.testing.assert_allclose(columns, a.sum(axis=0), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(rows, a.mean(axis=1), rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(gram, a.T @ a, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(scaled, shape[0] * a[:, 0], rtol=1e-12)
    assert st.cache_info().compiles == before


def test_sizes_are_values_and_values_are_sizes(target: str) -> None:
    x, n = st.fvector("x"), st.lscalar("n")
    mean, ramp, zeros = st.compile([x.sum() / x.shape[0], st.arange(n), st.zeros((n, 2))], [x, n], target=target)(
        np.array([1, 3], "float32"), 3
    )
    assert mean.dtype == np.float32
    assert float(mean) == 2.0
    np.testing.assert_array_equal(ramp, [0, 1, 2])
    assert zeros.shape == (3, 2)


def test_empty_arrays(target: str) -> None:
    x = st.matrix("x")
    f = st.compile([x + 1, x.sum(), x.sum(axis=0), x.prod(axis=1), x.reshape((-1,))], [x], target=target)
    for shape in [(0, 3), (3, 0), (0, 0)]:
        a = np.zeros(shape)
        for got, want in zip(f(a), [a + 1, a.sum(), a.sum(axis=0), a.prod(axis=1), a.reshape(-1)]):
            assert got.shape == want.shape
            np.testing.assert_array_equal(got, want)


def test_a_guard_survives_the_rewrite_that_drops_its_operand(target: str) -> None:
    x, y = st.lvector("x"), st.lvector("y")
    for expression in [(x + y) * 0, st.where(True, x, x + y), (x - x) * y, ((x + y) - y)]:
        f = st.compile(expression, [x, y], target=target, on_unused_input="ignore")
        f([1, 2], [1, 2])
        with pytest.raises(ShapeError, match="do not broadcast"):
            f([1, 2], [1])


# ----------------------------------------------------------------------------------------------------------- givens
def test_givens(target: str) -> None:
    x, y, s = st.vector("x"), st.vector("y"), st.shared(np.array([5.0, 6.0]), "s")
    f = st.compile([x + 1, x.sum() / x.shape[0]], [y], givens={x: y[1:] * 2}, target=target)
    np.testing.assert_array_equal(f([9.0, 1.0, 2.0])[0], [3.0, 5.0])
    assert float(f([9.0, 1.0, 2.0])[1]) == 3.0
    batch = st.lscalar("batch")
    g = st.compile(x.sum(), [batch], givens=[(x, s[batch : batch + 1])], target=target)
    assert float(g(1)) == 6.0
    h = st.compile(s * 2, [y], givens={s: y}, target=target)
    np.testing.assert_array_equal(h([1.0, 2.0]), [2.0, 4.0])
    middle = x * 2
    k = st.compile(st.exp(middle), [y], givens={middle: y}, target=target)
    np.testing.assert_allclose(k([0.0, 1.0]), np.exp([0.0, 1.0]))


def test_givens_of_a_size(target: str) -> None:
    n, x = st.lscalar("n"), st.vector("x")
    f = st.compile(st.arange(n), [x], givens={n: st.as_tensor(x.shape[0])}, target=target)
    np.testing.assert_array_equal(f([0.0, 0.0, 0.0]), [0, 1, 2])
    g = st.compile(st.arange(n), [], givens={n: 2}, target=target)
    np.testing.assert_array_equal(g(), [0, 1])


def test_givens_replace_once(target: str) -> None:
    x = st.vector("x")
    f = st.compile(x + 1, [x], givens={x: x * 2}, target=target)
    np.testing.assert_array_equal(f([1.0]), [3.0])


# --------------------------------------------------------------------------------------------------------- aliasing
def test_outputs_share_no_memory(target: str) -> None:
    x = st.matrix("x")
    constant = np.arange(64.0)
    s = st.shared(np.ones((2, 3)), "s")
    outputs = [
        x, x, x.reshape((-1,)), x[:, :], st.expand_dims(x, 0), x + 0.0, s, s, s.reshape((6,)),
        st.constant(constant), st.constant(constant), st.constant(2.5), st.constant(2.5), x.T.T,
    ]  # fmt: skip
    f = st.compile(outputs, [x], target=target)
    value = np.arange(6.0).reshape(2, 3)
    results = f(value)
    for k, first in enumerate(results):
        assert not np.shares_memory(first, value)
        assert not np.shares_memory(first, s.get_value(borrow=True))
        for second in results[k + 1 :]:
            assert not np.shares_memory(first, second)
    np.testing.assert_array_equal(results[0], value)
    np.testing.assert_array_equal(results[9], constant)
    results[9][:] = 0
    results[0][:] = 0
    np.testing.assert_array_equal(f(value)[9], constant)
    np.testing.assert_array_equal(value, np.arange(6.0).reshape(2, 3))


def test_kept_results_stay(target: str) -> None:
    x = st.vector("x")
    f = st.compile([x * 2, st.exp(x)], [x], target=target)
    kept = [(float(k), f(np.full(1000, float(k)))) for k in range(40)]
    gc.collect()
    for k, (double, exponential) in kept:
        np.testing.assert_array_equal(double, np.full(1000, 2 * k))
        np.testing.assert_allclose(exponential, np.full(1000, np.exp(k)))
    view = kept[3][1][0][10:20]  # a view keeps its array
    del kept
    gc.collect()
    for k in range(20):
        f(np.full(1000, -float(k)))
    np.testing.assert_array_equal(view, np.full(10, 6.0))


def test_large_constants(target: str) -> None:
    x = st.vector("x")
    table = np.random.default_rng(0).normal(size=5000)
    f = st.compile(x + st.constant(table) * st.constant(table[::-1]), [x], target=target)
    np.testing.assert_allclose(f(np.ones(5000)), 1 + table * table[::-1], rtol=1e-15)
    table[:] = 0
    assert f(np.ones(5000))[0] != 1.0  # the constant was a copy


# ---------------------------------------------------------------------------------------------------------- updates
def test_updates(target: str) -> None:
    w, x = st.shared(np.zeros(3), "w"), st.vector("x")
    f = st.compile(w.sum(), [x], updates={w: w + x}, target=target)
    assert float(f([1.0, 2.0, 3.0])) == 0.0  # outputs see the old value
    assert float(f([1.0, 1.0, 1.0])) == 6.0
    np.testing.assert_array_equal(w.get_value(), [2.0, 3.0, 4.0])


def test_updates_swap_and_rotate(target: str) -> None:
    a, b, c = (st.shared(np.full(2, v), n) for v, n in ((1.0, "a"), (2.0, "b"), (3.0, "c")))
    swap = st.compile([a, b], updates={a: b, b: a}, target=target)
    old = swap()
    np.testing.assert_array_equal(old, [[1.0, 1.0], [2.0, 2.0]])
    np.testing.assert_array_equal([a.get_value(), b.get_value()], [[2.0, 2.0], [1.0, 1.0]])
    rotate = st.compile(None, updates=[(a, b + 0), (b, c * 1), (c, a)], target=target)
    rotate()
    np.testing.assert_array_equal([v.get_value()[0] for v in (a, b, c)], [1.0, 3.0, 2.0])
    both = st.compile(None, updates={a: c * 2, b: c * 2}, target=target)
    both()
    a.get_value(borrow=True)[:] = 0
    np.testing.assert_array_equal(b.get_value(), [4.0, 4.0])


def test_updates_whose_old_value_is_read_elsewhere(target: str) -> None:
    w = st.shared(np.arange(6.0), "w")
    f = st.compile([w * 2, w[::-1] * 1.0, w.sum()], updates={w: w[::-1] - 1}, target=target)
    double, backwards, total = f()
    np.testing.assert_array_equal(double, np.arange(6.0) * 2)
    np.testing.assert_array_equal(backwards, np.arange(6.0)[::-1])
    assert float(total) == 15.0
    np.testing.assert_array_equal(w.get_value(), np.arange(6.0)[::-1] - 1)
    m = st.shared(np.arange(12.0).reshape(3, 4), "m")
    g = st.compile(m.sum(axis=0), updates={m: m - m.mean(axis=0)}, target=target)
    want = np.arange(12.0).reshape(3, 4)
    np.testing.assert_array_equal(g(), want.sum(axis=0))
    np.testing.assert_allclose(m.get_value(), want - want.mean(axis=0))
    h = st.compile([m + 1, m[0]], updates={m: m * 2 + m[0]}, target=target)
    want = want - want.mean(axis=0)
    for got, expected in zip(h(), [want + 1, want[0]]):
        np.testing.assert_allclose(got, expected)
    np.testing.assert_allclose(m.get_value(), want * 2 + want[0])


def test_an_update_that_is_an_input_is_a_copy(target: str) -> None:
    w, x = st.shared(np.zeros(2), "w"), st.vector("x")
    f = st.compile(None, [x], updates={w: x}, target=target)
    value = np.array([1.0, 2.0])
    f(value)
    value[:] = 0
    np.testing.assert_array_equal(w.get_value(), [1.0, 2.0])


def test_an_input_that_is_the_variable_itself(target: str) -> None:
    w, x = st.shared(np.arange(4.0), "w"), st.vector("x")
    f = st.compile(x[::-1] * 1, [x], updates={w: w + x[::-1]}, target=target)
    np.testing.assert_array_equal(f(w.get_value(borrow=True)), [3.0, 2.0, 1.0, 0.0])
    np.testing.assert_array_equal(w.get_value(), [3.0, 3.0, 3.0, 3.0])


def test_an_update_is_cast_within_its_kind(target: str) -> None:
    w, x = st.shared(np.zeros(2, "float32"), "w"), st.vector("x")
    f = st.compile(None, [x], updates={w: w + x}, target=target)
    f([0.5, 1.0])
    assert w.get_value().dtype == np.float32


def failing_updates() -> dict[str, Callable[[st.Tensor, st.Tensor], Any]]:
    i, m = st.lvector("i"), st.matrix("m")
    return {
        "index": lambda w, v: ([w + 1, st.scatter_add(w, i, 1.0)], [i], [[0, 9]], BoundsError),
        "gather": lambda w, v: ([st.take(w, i) + 1, v + 1], [i], [[0, 1, 7, 2]], BoundsError),
        "shape": lambda w, v: ([w + 1, v + st.diagonal(m)], [m], [np.eye(3)], ShapeError),
        "size found on the way": lambda w, v: ([w + 1, st.take(v, st.flatnonzero(v > 5))], [], [], ShapeError),
        "size of the update": lambda w, v: ([w * 2, st.diagonal(m)], [m], [np.eye(5)], ShapeError),
        "matrix": lambda w, v: ([w + 1, v + st.linalg.cholesky(m).sum()], [m], [-np.eye(2)], LinAlgError),
    }


@pytest.mark.parametrize("what", sorted(failing_updates()))
def test_after_an_error_every_variable_is_as_it_was(what: str, target: str) -> None:
    w, v = st.shared(np.arange(4.0), "w"), st.shared(np.arange(4.0) * 10, "v")
    (new_w, new_v), inputs, values, error = failing_updates()[what](w, v)
    f = st.compile(w.sum(), inputs, updates={w: new_w, v: new_v}, target=target)
    for _ in range(2):
        with pytest.raises(error):
            f(*values)
        np.testing.assert_array_equal(w.get_value(), np.arange(4.0))
        np.testing.assert_array_equal(v.get_value(), np.arange(4.0) * 10)


# ---------------------------------------------------------------------------------------------------------- threads
@pytest.mark.parametrize("size", [10, 200_000])
def test_a_function_runs_in_two_threads_at_once(size: int, target: str) -> None:
    x = st.vector("x")
    f = st.compile([st.tanh(x) * 2, (x * x).sum()], [x], target=target)
    wrong: list[float] = []

    def work(value: float) -> None:
        a = np.full(size, value)
        for _ in range(20):
            result, total = f(a)
            if not (np.allclose(result, 2 * np.tanh(value)) and np.isclose(total, size * value**2)):
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_updates_from_two_threads_do_not_mix(target: str) -> None:
    a, b = st.shared(np.zeros(50), "a"), st.shared(np.zeros(50), "b")
    forth = st.compile([a, b], updates={a: a + 1, b: b + 1}, target=target)
    back = st.compile([b, a], updates={b: b + 1, a: a + 1}, target=target)
    torn: list[Any] = []

    def work(function: Any) -> None:
        for _ in range(100):
            first, second = function()
            if not np.array_equal(first, second):
                torn.append((first, second))

    threads = [threading.Thread(target=work, args=(f,)) for f in (forth, back, forth)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not torn
    np.testing.assert_array_equal(a.get_value(), np.full(50, 300.0))


def test_number_of_threads(target: str) -> None:
    x = st.vector("x")
    assert float(st.compile(x.sum(), [x], threads=1, target=target)([1.0, 2.0])) == 3.0
    for wrong in (0, -1, 1.5):
        with pytest.raises(ValueError, match="threads must be a positive number"):
            st.compile(x.sum(), [x], threads=wrong, target=target)  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------- targets
def test_the_interpreter_is_the_announced_fallback(monkeypatch: pytest.MonkeyPatch) -> None:
    x = st.vector("x")
    monkeypatch.setenv("SYMTENSOR_CC", "/nonexistent/cc")
    compiler._announce.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="symtensor runs on the slow NumPy interpreter") as caught:
            f = st.compile(x + 1, [x])
        assert len(caught) == 1
        assert "\n" not in str(caught[0].message)
        np.testing.assert_array_equal(f([1.0]), [2.0])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            st.compile(x + 2, [x])  # announced once
        from symtensor.runtime.toolchain import NoCompiler

        with pytest.raises(NoCompiler, match="SYMTENSOR_CC"):
            st.compile(x + 1, [x], target="c")
    finally:
        compiler._announce.cache_clear()


def test_the_default_target_is_c() -> None:
    x = st.vector("x")
    assert st.compile(x + 1, [x]).source


def test_wrong_requests() -> None:
    x = st.vector("x")
    with pytest.raises(ValueError, match="unknown target 'fortran'"):
        st.compile(x, [x], target="fortran")
    with pytest.raises(CompileError, match="inputs must be a list"):
        st.compile(x + 1, x)  # type: ignore[arg-type]


def test_exclusions(target: str) -> None:
    x = st.vector("x")
    naive = st.log(st.exp(x).sum())
    assert float(st.compile(naive, [x], target=target)([1000.0])) == 1000.0
    for exclude in ("stabilise", ["stabilise", "canonicalise"]):
        assert np.isinf(st.compile(naive, [x], target=target, exclude=exclude)([1000.0]))


def test_a_function_shows_itself_in_one_line(target: str) -> None:
    x = st.matrix("x")
    for outputs in (x.sum(axis=0), {"sum": x.sum(axis=0)}):
        text = repr(st.compile(outputs, [x], target=target, name="columns"))
        assert "columns" in text
        assert "\n" not in text
        assert len(text) < 200
