"""``st.jit``: traced once for each nesting, dtype and rank; numbers are weak; what is learned is remembered."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import symtensor as st


def test_numpy_functions_and_methods() -> None:
    @st.jit
    def f(x: Any, y: Any) -> Any:
        return np.exp(x).sum(axis=0) + np.where(y > 0, y, 0), np.concatenate([x[0], y])

    x, y = np.arange(6.0).reshape(2, 3) / 5, np.array([-1.0, 0.0, 2.0])
    first, second = f(x, y)
    np.testing.assert_allclose(first, np.exp(x).sum(axis=0) + np.where(y > 0, y, 0), rtol=1e-15)
    np.testing.assert_array_equal(second, np.concatenate([x[0], y]))
    f(x[:1], y)
    f(x[:, :2], y[:2])
    assert f.traces == 1
    f(x.astype("float32"), y)
    assert f.traces == 2


def weak(x: Any, n: Any, rate: Any) -> list[Any]:
    return [x * rate, x * n, x + 2 * rate, x + n / 2, rate + 1, n * 2, x - rate, 2**n + x * 0, -rate * x]


def test_numbers_are_weak_as_numpys() -> None:
    f = st.jit(weak)
    for x in (np.ones(2, "float32"), np.ones(2), np.ones(2, "int8")):
        for result, wanted in zip(f(x, 3, 0.5), weak(x, 3, 0.5)):
            assert np.asarray(result).dtype == np.asarray(wanted).dtype
            np.testing.assert_allclose(result, wanted, rtol=1e-3)
    count = f.traces
    f(np.ones(5, "float32"), 7, 0.25)
    assert f.traces == count


def test_a_number_whose_value_is_needed() -> None:
    @st.jit
    def power(x: Any, n: int, axis: int = 0, *, twice: bool = False) -> Any:
        for _ in range(n):
            x = x * x
        return x.sum(axis) * (2 if twice else 1)

    x = np.full((2, 3), 2.0)
    np.testing.assert_array_equal(power(x, 2), [32, 32, 32])
    np.testing.assert_array_equal(power(x, 1, 1), [12, 12])
    np.testing.assert_array_equal(power(x, 1, axis=1, twice=True), [24, 24])
    traced = power.traces
    np.testing.assert_array_equal(power(x + 1, 2), [162, 162, 162])
    assert power.traces == traced


def test_sizes_may_be_numbers() -> None:
    @st.jit
    def f(x: Any, n: int) -> Any:
        return x[:n], x.reshape(n, -1), x[n]

    for n in (2, 3):
        head, table, element = f(np.arange(6.0), n)
        assert head.shape == (n,)
        assert table.shape == (n, 6 // n)
        assert element == n
    assert f.traces == 1


def test_a_size_that_broadcasts_makes_a_second_version() -> None:
    @st.jit
    def f(p: dict[str, Any], x: Any) -> Any:
        y = p["w"] * x
        return y, st.grad(y.sum(), p)

    for w in (np.ones(3), np.ones(1), np.full(3, 2.0)):
        y, gradient = f({"w": w}, np.arange(3.0))
        np.testing.assert_array_equal(y, w * np.arange(3.0))
        assert gradient["w"].shape == w.shape
        assert gradient["w"].sum() == 3
    with pytest.raises(st.errors.ShapeError):
        f({"w": np.ones(2)}, np.arange(3.0))


def test_static_arguments_and_results_that_are_no_tensors() -> None:
    @st.jit(static=["how"])
    def f(x: Any, how: Any, name: str = "a") -> Any:
        return {"name": name, "none": None, "x": how(x)}

    assert f(np.ones(1), np.sin)["name"] == "a"
    result = f(np.ones(1), np.cos, name="b")
    assert (result["name"], result["none"]) == ("b", None)
    np.testing.assert_allclose(result["x"], np.cos(1))
    assert f.traces == 2


def test_inside_of_other_expressions_and_of_itself() -> None:
    @st.jit
    def inner(x: Any, k: float = 2.0) -> Any:
        return np.tanh(x) * k

    outer = st.jit(lambda x: inner(inner(x), 3.0))
    x = st.vector("x")
    wanted = np.tanh(np.tanh(1.0) * 2) * 3
    np.testing.assert_allclose(outer(np.ones(1)), [wanted], rtol=1e-15)
    np.testing.assert_allclose(inner(inner(x), 3.0).eval({x: [1.0]}), [wanted], rtol=1e-15)


def test_shared_variables_methods_and_options() -> None:
    w = st.shared(np.array([2.0]), "w")

    class Model:
        @st.jit(target="numpy", name="apply")
        def apply(self, x: Any) -> Any:
            return w * x

    model = Model()
    assert model.apply(np.ones(1)) == 2
    w.set_value([3.0])
    assert model.apply(np.ones(1)) == 3
    assert "apply" in repr(Model.apply.compiled(model, np.ones(1)))


def test_an_array_whose_value_is_needed_raises() -> None:
    with pytest.raises(TypeError, match="truth value"):
        st.jit(lambda x: x if x > 0 else -x)(np.ones(()))
