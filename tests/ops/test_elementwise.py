"""Promotion, weak scalars and operators as in NumPy 2; what each op computes is tested in tests/conformance."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.errors import DTypeError, ShapeError
from symtensor.ops.reference import evaluate
from tests.ops.run import agree

DTYPES = ["bool", "int8", "uint8", "int32", "int64", "uint64", "float16", "float32", "float64"]
BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.lt, operator.eq, np.maximum, np.logaddexp, np.arctan2,
]  # fmt: skip


def numpy_dtype(function: Any, *arguments: Any) -> Any:
    try:
        with np.errstate(all="ignore"):
            return function(*arguments).dtype
    except TypeError:
        return TypeError


@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
@pytest.mark.parametrize("left", DTYPES)
def test_promotion_of_pairs(function: Any, left: str) -> None:
    for right in DTYPES:
        want = numpy_dtype(function, np.ones(2, left), np.ones(2, right))
        x, y = st.tensor("x", left, (2,)), st.tensor("y", right, (2,))
        if want is TypeError:
            with pytest.raises(TypeError):
                function(x, y)
        else:
            assert function(x, y).dtype == want, (left, right)


@pytest.mark.parametrize("scalar", [True, 2, 1.5], ids=repr)
@pytest.mark.parametrize("function", BINARY, ids=lambda f: f.__name__)
def test_python_scalars_are_weak(function: Any, scalar: Any) -> None:
    for dtype in DTYPES:
        if function is operator.pow and dtype == "bool":
            continue  # ndarray's ** has a short cut for exponents such as 2, whose dtype np.power does not share
        array, x = np.ones(2, dtype), st.tensor("x", dtype, (2,))
        for arguments, symbolic in (((array, scalar), (x, scalar)), ((scalar, array), (scalar, x))):
            want = numpy_dtype(function, *arguments)
            if want is TypeError:
                with pytest.raises(TypeError):
                    function(*symbolic)
            else:
                assert function(*symbolic).dtype == want, (dtype, scalar)


@pytest.mark.parametrize(
    "function", [np.exp, np.sqrt, np.floor, np.rint, np.absolute, np.square], ids=lambda f: f.__name__
)
def test_promotion_of_one(function: Any) -> None:
    for dtype in DTYPES:
        x = st.tensor("x", dtype, (2,))
        assert function(x).dtype == function(np.ones(2, dtype)).dtype, dtype


def test_sizes_are_weak() -> None:
    x = st.fmatrix("x")
    assert (x.sum() / x.shape[0]).dtype == "float32"
    assert (x.shape[0] * x).dtype == (x.shape[0] - x).dtype == (x + x.size).dtype == "float32"
    agree(lambda x: x.sum() / x.shape[0] + x.shape[1] * x, np.ones((2, 3), "float32"))


def test_a_python_int_that_does_not_fit_is_refused() -> None:
    with pytest.raises(OverflowError):
        st.tensor("x", "uint8", (2,)) + 300


def test_operators() -> None:
    x = np.array([-2.5, -1.0, 0.5, 3.0])
    agree(lambda x, y: [x + y, x - y, x * y, x / y, x // y, x % y, abs(x) ** y, -x, +x, abs(x)], x, x[::-1].copy())
    agree(lambda x: [2 + x, 2 - x, 2 * x, 2 / x, 2 // x, 2 % x, 2**x], x)
    agree(lambda x, y: [x < y, x <= y, x > y, x >= y, x == y, x != y], x, np.sort(x))
    i = np.array([5, 0, -7])
    agree(lambda i: [i & 3, i | 8, i ^ 1, ~i, i // 2, i % 3, divmod(i, 2)[1]], i)
    agree(lambda b: [b & True, b | False, ~b, b + b, b * b], np.array([True, False]))


def test_numpy_functions_of_tensors_are_symbolic() -> None:
    x = np.linspace(0.1, 2, 6).reshape(2, 3)
    agree(lambda x: np.tanh(x) + np.add(x, 1) * np.ones(3), x)
    agree(lambda x: np.concatenate([x, x]).sum(), x)
    agree(lambda x: np.where(x > 1, x, 0), x)
    agree(lambda x: np.array([1.0, 2.0, 3.0]) @ x.T + np.ones(2), x)
    with pytest.raises(TypeError, match=r"symtensor has no np\.busday_count"):
        np.busday_count(st.vector("x"), st.vector("y"))
    with pytest.raises(TypeError, match=r"no np\.subtract\.reduce"):
        np.subtract.reduce(st.vector("x"))
    with pytest.raises(TypeError, match=r"no np\.add\.reduceat"):
        np.add.reduceat(st.vector("x"), [0, 2])
    with pytest.raises(TypeError, match="symtensor's add takes no where"):
        np.add(st.vector("x"), 1, where=np.array([True]))
    with pytest.raises(TypeError, match="has no value while the graph is built"):
        np.asarray(st.vector("x"))


def test_broadcasting_needs_a_static_one() -> None:
    x, row = st.matrix("x"), st.tensor("row", shape=(1, None))
    assert (x + row).shape == x.shape
    a = st.matrix("a")
    with pytest.raises(ShapeError, match="shapes of x and a do not broadcast"):
        evaluate([x + a], {x: np.ones((2, 3)), a: np.ones((1, 3))})
    with pytest.raises(ShapeError) as error:
        st.ones((2, 3)) + st.ones((2, 4))
    assert "sizes 3 and 4 do not broadcast" in str(error.value)
    assert "test_elementwise.py" in str(error.value)


def test_methods_of_ufuncs() -> None:
    x = np.linspace(-1, 2, 6).reshape(2, 3)
    agree(lambda x: [np.add.reduce(x), np.multiply.reduce(x, axis=1), np.maximum.reduce(x, None, keepdims=True)], x)
    agree(lambda x: [np.minimum.reduce(x, 1, initial=0.5), np.add.accumulate(x), np.multiply.accumulate(x, axis=1)], x)
    agree(lambda x: [np.logical_or.reduce(x > 1), np.logical_and.reduce(x > -2, axis=1), np.logaddexp.reduce(x)], x)
    agree(lambda x, y: [np.add.outer(x, y), np.less.outer(y, x), np.multiply.outer(y, 2.0)], x, x[0])


def test_questions_about_types_and_shapes() -> None:
    x = st.tensor("x", "float32", (None, 3))
    assert (np.shape(x), np.ndim(x), np.size(x, 1)) == (x.shape, 2, 3)
    assert np.size(x) == x.size
    assert np.copy(x) is x
    assert not np.iscomplexobj(x)
    assert np.isrealobj(x)
    assert np.result_type(x, "int64") == np.dtype("float64")


def test_divmod_from_both_sides() -> None:
    i = np.array([5, 3, -7])
    agree(lambda i: [*divmod(i, 2), *divmod(17, i), *divmod(2.5, i)], i)


def test_bools_are_not_subtracted() -> None:
    b = st.tensor("b", "bool", (2,))
    for make in (lambda: b - b, lambda: -b, lambda: st.sign(b)):
        with pytest.raises(DTypeError, match="bools cannot be subtracted"):
            make()
    with pytest.raises(DTypeError, match="takes bools or integers"):
        st.vector("x") & 1


def test_powers_of_integers() -> None:
    i = np.array([-3, -1, 0, 1, 2, 7])
    agree(lambda i: [i**0, i**3, i**63], i)


def test_clip() -> None:
    x = np.array([-3.0, 0.2, np.nan, 5.0])
    agree(lambda x: [st.clip(x, -1, 1), st.clip(x, None, 1), x.clip(0)], x, reference=lambda x: [
        np.clip(x, -1, 1), np.clip(x, None, 1), x.clip(0)
    ])  # fmt: skip


def test_truth_values_are_refused() -> None:
    x = st.vector("x")
    with pytest.raises(TypeError, match=r"hint: use st.where"):
        bool(x > 0)
    with pytest.raises(TypeError, match="has no truth value"):
        assert x in [st.vector("y")]


@pytest.mark.parametrize("operand", [[1.0, 2.0], (3, 4), [True, False]])
def test_lists_and_tuples_are_operands_as_in_numpy(operand: list | tuple) -> None:
    x, value = st.fvector("x"), np.array([5, 6], "float32")
    pairs = [(x * operand, value * operand), (operand * x, operand * value), (operand + x, operand + value)]
    pairs += [(x == operand, value == operand), (x > operand, value > operand), (x**operand, value**operand)]
    if operand != [True, False]:
        pairs += [(operand - x, operand - value), (operand // x, operand // value)]
    for ours, theirs in pairs:
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours.eval({x: value}), theirs)


def test_a_list_of_tensors_is_stacked_by_name_only() -> None:
    x = st.vector("x")
    with pytest.raises(TypeError, match="has no value while the graph is built"):
        x * [x, x]
