"""Expressions as a NumPy user writes them: the same text with symtensor and with NumPy gives the same array.

The names are taken from symtensor, and where NumPy hands its functions on also from NumPy itself.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import symtensor as st

RNG = np.random.default_rng(0)
ARRAYS = {
    "V": RNG.normal(size=6),
    "M": RNG.normal(size=(4, 5)),
    "T": RNG.normal(size=(2, 3, 4)),
    "I": RNG.integers(-5, 6, 6),
}
# fmt: off
EXPRESSIONS = [
    ('M', 'm.concatenate([x, x], axis=1)'),
    ('M', 'm.stack([x, x], axis=-1)'),
    ('M', 'm.split(x, [1, 3])'),
    ('M', 'm.split(x, 2)'),
    ('M', 'm.array_split(x, 3, axis=1)'),
    ('M', 'm.flip(x, axis=0)'),
    ('M', 'm.roll(x, (1, 2), axis=(0, 1))'),
    ('M', 'm.roll(x, 7)'),
    ('M', 'm.tile(x, 3)'),
    ('M', 'm.tile(x, (2, 1, 3))'),
    ('M', 'm.repeat(x, 3)'),
    ('M', 'm.pad(x, 2, mode="symmetric")'),
    ('M', 'm.pad(x, ((1, 0), (2, 3)), constant_values=5.0)'),
    ('M', 'm.diagonal(x, 1)'),
    ('T', 'm.diagonal(x, axis1=1, axis2=2)'),
    ('M', 'm.trace(x, 1)'),
    ('M', 'm.tril(x, -1)'),
    ('T', 'm.triu(x, 2)'),
    ('V', 'm.diag(x)'),
    ('V', 'm.diag(x, -2)'),
    ('M', 'm.diagflat(x)'),
    ('M', 'x[::-1]'),
    ('M', 'x[3:0:-2, ::-1]'),
    ('M', 'x[-1, -2:]'),
    ('M', 'x[:, None, 1]'),
    ('T', 'x[..., ::2]'),
    ('M', 'x[np.array([0, -1]), 1]'),
    ('M', 'x[1:-1, 1:-1]'),
    ('M', 'x[:0]'),
    ('M', 'x[10:]'),
    ('M', 'x[-10:2]'),
    ('M', 'x.reshape(-1)'),
    ('M', 'x.reshape((5, -1))'),
    ('M', 'x.reshape(2, -1, 5)'),
    ('M', 'x.reshape(x.shape[1], x.shape[0])'),
    ('M', 'x.reshape(x.shape[0] * x.shape[1])'),
    ('M', 'x.reshape(-1, x.shape[1])'),
    ('M', 'm.ravel(x)'),
    ('T', 'm.transpose(x, (2, 0, 1))'),
    ('T', 'm.swapaxes(x, 0, 2)'),
    ('T', 'm.moveaxis(x, [0, 1], [-1, -2])'),
    ('T', 'm.rollaxis(x, 2)'),
    ('M', 'm.expand_dims(x, (0, 2))'),
    ('M', 'm.squeeze(x[:, :1], axis=1)'),
    ('M', 'm.broadcast_to(x, (3, 4, 5))'),
    ('M', 'm.broadcast_to(x[0], (7, 5))'),
    ('M', 'm.linalg.norm(x)'),
    ('M', 'm.linalg.norm(x, axis=1)'),
    ('M', 'm.linalg.norm(x, ord=1, axis=0)'),
    ('V', 'm.linalg.norm(x, np.inf)'),
    ('V', 'm.linalg.norm(x, 3)'),
    ('M', "m.linalg.norm(x, 'fro', keepdims=True)"),
    ('M', 'm.linalg.norm(x, 1)'),
    ('M', 'm.linalg.norm(x, -np.inf, axis=1)'),
    ('V', 'm.linalg.norm(x, 0)'),
    ('M', 'm.cumsum(x)'),
    ('M', 'm.cumsum(x, axis=1)'),
    ('M', 'm.cumprod(x, axis=0)'),
    ('V', 'm.cumprod(x)'),
    ('V', 'm.eye(3)'),
    ('V', 'm.eye(3, 4, -1, dtype="float32")'),
    ('V', 'm.arange(5)'),
    ('V', 'm.arange(2, 9)'),
    ('V', 'm.arange(9, 2, -2)'),
    ('V', 'm.arange(0.0, 1.0, 0.25)'),
    ('V', 'm.arange(3, dtype="float32")'),
    ('V', 'm.linspace(0, 1, 5)'),
    ('V', 'm.linspace(0, 1, 1)'),
    ('V', 'm.full((2, 3), 7)'),
    ('V', 'm.full((2, 3), 7.5, dtype="float32")'),
    ('V', 'm.zeros(3)'),
    ('V', 'm.zeros((2, 3), dtype="int32")'),
    ('V', 'm.ones((x.shape[0], 2))'),
    ('M', 'm.zeros_like(x, dtype="int64")'),
    ('M', 'm.full_like(x, 3)'),
    ('M', 'm.empty_like(x) * 0'),
    ('M', 'm.where(x > 0, x, -x)'),
    ('M', 'm.where(x > 0, 1, 2)'),
    ('M', 'm.clip(x, None, 0.5)'),
    ('M', 'm.clip(x, -0.5, None)'),
    ('M', 'x.clip(0)'),
    ('M', "m.einsum('ij->ji', x)"),
    ('M', "m.einsum('ij', x)"),
    ('M', "m.einsum('ii', x[:4, :4])"),
    ('M', "m.einsum('ii->i', x[:4, :4])"),
    ('M', "m.einsum('ij->', x)"),
    ('M', "m.einsum('ij,ij->i', x, x)"),
    ('V', "m.einsum('i,j', x, x)"),
    ('T', "m.einsum('...ij,...jk', x, x.swapaxes(1,2))"),
    ('M', 'm.tensordot(x, x, axes=([0, 1], [0, 1]))'),
    ('V', 'm.tensordot(x, x, 0)'),
    ('V', 'm.outer(x, x)'),
    ('V', 'm.inner(x, x)'),
    ('V', 'm.dot(x, x)'),
    ('M', 'm.matmul(x, x.T)'),
    ('M', 'm.vdot(x, x)'),
    ('M', 'm.take(x, 2)'),
    ('M', 'm.take(x, [1, 0], axis=1)'),
    ('M', 'm.take(x, np.array([[0, 1], [2, 3]]), axis=0)'),
    ('M', 'm.argmax(x, axis=0)'),
    ('M', 'm.argmin(x)'),
    ('M', 'm.argmax(x, axis=1, keepdims=True)'),
    ('M', 'm.all(x > -10, axis=1)'),
    ('M', 'm.any(x > 0)'),
    ('M', 'm.std(x, ddof=1)'),
    ('M', 'm.var(x, axis=(0, 1))'),
    ('M', 'm.mean(x, axis=None, keepdims=True)'),
    ('M', 'm.sum(x, axis=0, dtype="float32")'),
    ('M', 'm.sum(x, where=x > 0)'),
    ('M', 'm.sum(x, initial=3.0)'),
    ('M', 'm.prod(x, initial=3.0)'),
    ('M', 'm.max(x, initial=0.0)'),
    ('M', 'm.max(x, axis=1, where=x > 0, initial=-1.0)'),
    ('M', 'm.mean(x, where=x > 0)'),
    ('M', 'm.min(x, axis=(0, 1))'),
    ('M', 'm.amax(x, axis=0)'),
    ('M', 'm.amin(x)'),
    ('M', 'm.ptp(x, axis=1)'),
    ('M', 'm.round(x, 2)'),
    ('M', 'm.fix(x)'),
    ('M', 'm.nan_to_num(x)'),
    ('M', 'm.isclose(x, x + 1e-12)'),
    ('M', 'm.allclose(x, x)'),
    ('M', 'm.array_equal(x, x)'),
    ('V', 'm.atleast_2d(x)'),
    ('V', 'm.vstack([x, x])'),
    ('V', 'm.hstack([x, x])'),
    ('V', 'm.dstack([x, x])'),
    ('V', 'm.column_stack([x, x])'),
    ('V', "m.meshgrid(x, x, indexing='ij')"),
    ('M', 'm.real(x)'),
    ('M', 'm.imag(x)'),
    ('V', 'm.angle(x)'),
    ('M', 'm.permute_dims(x, (1, 0))'),
    ('T', 'm.matrix_transpose(x)'),
    ('V', 'm.concat([x, x])'),
    ('V', 'm.pow(x * x, 2)'),
    ('V', 'm.acos(x / 10)'),
    ('V', 'm.atan2(x, x)'),
    ('I', 'm.bitwise_invert(x)'),
    ('I', 'm.bitwise_left_shift(x, 2)'),
    ('M', 'm.count_nonzero(x > 0)'),
    ('V', 'm.tri(3)'),
    ('V', 'm.append(x, x)'),
    ('V', 'm.select([x > 0, x < -1], [x, x * 2], 5.0)'),
    ('I', 'm.floor_divide(x, 2)'),
    ('I', 'x // 2 + x % 3 - divmod(x, 4)[1]'),
    ('I', 'x << 1 | x >> 1 ^ 3 & x'),
    ('I', '2 << abs(x)'),
    ('I', '-x + +x + ~x'),
    ('I', 'abs(x)'),
    ('I', 'x ** 2 + 2 ** abs(x)'),
    ('I', 'x / 2'),
    ('I', '1 / (x + 10)'),
    ('V', 'x @ x'),
    ('V', 'x.sum() + x.mean() + x.std() + x.var() + x.min() + x.max() + x.prod()'),
    ('V', 'x.cumsum()'),
    ('V', 'x.cumprod(axis=0)'),
    ('V', 'x.repeat(2)'),
    ('V', 'x.take([0, 1])'),
    ('V', 'x.round(2)'),
    ('V', 'x.dot(x)'),
    ('V', 'x.argmax() + x.argmin()'),
    ('V', 'x.any() | x.all()'),
    ('M', 'x.flatten()'),
    ('M', 'x.T'),
    ('T', 'x.mT'),
    ('V', 'x.real + x.imag'),
    ('M', 'x.trace()'),
    ('M', 'x.diagonal(1)'),
    ('V', 'x.nonzero()'),
    ('V', 'x.copy()'),
    ('V', 'x.ndim + 0 * x.sum()'),
    ('V', 'x.conjugate()'),
    ('V', 'm.linspace(2, 3, 4, endpoint=False)'),
    ('V', 'm.logaddexp2(x, x)'),
    ('M', 'm.einsum(x, [0, 1], [1, 0])'),
    ('M', "m.einsum('ij,kj->ik', x, x, optimize=True)"),
    ('M', 'm.linalg.norm(x, -1)'),
    ('T', 'm.linalg.norm(x, np.inf, axis=(0, 2))'),
    ('M', 'm.linalg.norm(x, 1, keepdims=True)'),
    ('M', 'm.sum(x > 0)'),
    ('M', 'm.add(x, 1)'),
]
# fmt: on
NOT_HANDED_ON = ("m.eye", "m.arange", "m.linspace", "m.full(", "m.zeros(", "m.ones(", "m.tri(", "m.einsum(x, [")


def values(text: str, module: Any, x: Any) -> list[Any]:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        found = eval(text, {"m": module, "np": np, "x": x})
    return list(found) if isinstance(found, (list, tuple)) else [found]


@pytest.mark.parametrize("module", ["st", "np"])
@pytest.mark.parametrize("kind", ARRAYS)
def test_like_numpy(kind: str, module: str) -> None:
    """All expressions over one array, compiled together."""
    array = ARRAYS[kind]
    x = st.tensor("x", str(array.dtype), (None,) * array.ndim)
    outputs, wanted, texts = [], [], []
    for letter, text in EXPRESSIONS:
        if letter != kind or (module == "np" and (text.startswith(NOT_HANDED_ON) or "m." not in text)):
            continue
        made = values(text, {"st": st, "np": np}[module], x)
        want = values(text, np, array)
        assert len(made) == len(want), text
        outputs += made
        wanted += want
        texts += [text] * len(made)
    for text, got, want in zip(texts, st.compile(outputs, [x])(array), wanted):
        want = np.asarray(want)
        assert got.dtype == want.dtype, text
        assert got.shape == want.shape, text
        tolerance = 1e-6 if want.dtype == "float32" else 1e-11
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance, err_msg=text)


PROMOTION = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float16", "float32",
             "float64", "complex64", "complex128")  # fmt: skip


def result_dtype(function: Any, *operands: Any) -> Any:
    try:
        return function(*operands).dtype
    except TypeError:
        return None


@pytest.mark.parametrize(
    "name", ["add", "multiply", "divide", "power", "maximum", "floor_divide", "equal", "left_shift"]
)
def test_promotion(name: str) -> None:
    """Every pair of dtypes, and every dtype with each kind of Python number; None where NumPy refuses."""
    for first in PROMOTION:
        for second in PROMOTION:
            want = result_dtype(getattr(np, name), np.ones(2, first), np.ones(2, second))
            got = result_dtype(getattr(st, name), st.vector("x", dtype=first), st.vector("y", dtype=second))
            assert got == want, (first, second)
        for number in (True, 2, 2.5, 1j):
            want = result_dtype(getattr(np, name), np.ones(2, first), number)
            got = result_dtype(getattr(st, name), st.vector("x", dtype=first), number)
            assert got == want, (first, number)


def test_every_ufunc_has_its_name() -> None:
    """All elementwise ufuncs of NumPy, by all their names."""
    ufuncs = [n for n in dir(np) if isinstance(getattr(np, n), np.ufunc) and getattr(np, n).signature is None]
    assert [n for n in ufuncs if not hasattr(st, n)] == ["isnat"]  # of dates


def test_known_negative_powers_of_integers_are_refused() -> None:
    x = st.lvector("x")
    with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed"):
        x**-1
    with pytest.raises(ValueError, match="Integers to negative integer powers are not allowed"):
        st.power(x, np.array([1, -2]))
    assert (x**-1.0).dtype == "float64"


def test_max_with_a_mask_needs_a_start() -> None:
    x = st.vector("x")
    with pytest.raises(ValueError, match="reduction operation max has no identity, so to use a where mask"):
        st.max(x, where=x > 0)


def test_sizes_are_symbolic() -> None:
    """Sizes in reshape, bounds that are negative scalars, named sizes, rows and columns that broadcast."""
    x, k = st.matrix("x"), st.lscalar("k")
    value = np.arange(12.0).reshape(4, 3)
    n = x.shape[0]
    outputs = [x.reshape((-1, n)), x.reshape((n, -1, 1)), x[-k:], x[k::-1], x[:, : x.shape[1] - 1], x[n - k]]
    wanted = [value.reshape(-1, 4), value.reshape(4, 3, 1), value[-2:], value[2::-1], value[:, :2], value[2]]
    for got, want in zip(st.compile(outputs, [x, k])(value, 2), wanted):
        np.testing.assert_array_equal(got, want)
    a, b = st.tensor("a", shape=("n", 3)), st.tensor("b", shape=("n",))
    assert (a.sum(axis=1) + b).shape == b.shape
    assert (st.frow("r") + st.fcol("c")).dtype == "float32"
    r, c = st.row("r"), st.col("c")
    np.testing.assert_array_equal(st.compile(r + c, [r, c])(np.ones((1, 3)), np.ones((2, 1))), np.full((2, 3), 2.0))


@pytest.mark.parametrize("zeros", [0, 1, 2, 3, 4])
def test_prod_differentiates_twice_with_any_number_of_zeros(zeros: int) -> None:
    value = np.array([1.5, -2.0, 0.5, 3.0, -1.0])
    value[:zeros] = 0
    st.verify_grad(st.prod, [value], order=2)
