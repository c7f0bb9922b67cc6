"""Our own kernel of matrix products: values at odd sizes for each width, what it touches, when it is chosen."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.microkernel import INNER, micro_kernel, product_source
from symtensor.codegen.pipeline import abi_text
from symtensor.codegen.product import OWN_WORK, choose
from symtensor.codegen.program import Gemm
from symtensor.runtime import toolchain
from tests.codegen.generating import AVX512, generated

FEATURES = AVX512.features
TARGETS = {64: FEATURES, 32: frozenset({"avx2", "fma"}), 16: frozenset({"fma"})}
SIZES = [
    (1, 1, 1), (2, 3, 0), (3, 17, 5), (5, 16, 7), (7, 33, 9), (11, 31, 2), (12, 32, 32), (13, 8, 40), (16, 48, 3),
    (17, 1, 12), (19, 65, 21), (25, 63, INNER + 1), (97, 40, 2 * INNER + 3), (1, 100, 30), (100, 5, 6),
]  # fmt: skip

Product = Callable[..., None]


@cache
def product(dtype: str, width: int) -> Product:
    """The compiled kernel for a dtype and a width of registers that this processor has."""
    tools = toolchain.toolchain()
    features = TARGETS[width]
    if not features <= set(tools.features):
        pytest.skip(f"this processor has no {', '.join(sorted(features - set(tools.features)))}")
    kernel = micro_kernel(np.dtype(dtype).itemsize, width, features)
    assert kernel is not None
    source = product_source(kernel, abi_text(), features)
    names = "a, a_row, a_inner, b, b_inner, b_column, c, c_row, rows, columns, inner, alpha, beta"
    text = f"{source.unit}\nvoid run({kernel.parameters}) {{ {kernel.name}({names}); }}\n"
    address = toolchain.load(tools.compile(text, name="product").path).address("run")
    pointer, size = ctypes.c_void_p, ctypes.c_int64
    scalar = ctypes.c_float if dtype == "float32" else ctypes.c_double
    types = (pointer, size, size, pointer, size, size, pointer, size, size, size, size, scalar, scalar)
    return ctypes.CFUNCTYPE(None, *types)(address)


def multiply(width: int, a: np.ndarray, b: np.ndarray, c: np.ndarray, alpha: float = 1.0, beta: float = 0.0) -> None:
    """``c = alpha * a @ b + beta * c`` for any strides of a and b."""
    (ai, ak), (bk, bj) = (tuple(s // x.itemsize for s in x.strides) for x in (a, b))
    (m, k), n = a.shape, b.shape[1]
    product(a.dtype.name, width)(
        a.ctypes.data, ai, ak, b.ctypes.data, bk, bj, c.ctypes.data, c.strides[0] // c.itemsize, m, n, k, alpha, beta
    )


def operand(rng: np.random.Generator, dtype: str, rows: int, columns: int, layout: str) -> np.ndarray:
    """A matrix that lies by rows, by columns, or with gaps along both axes."""
    if layout == "columns":
        return rng.normal(size=(columns, rows + 1)).astype(dtype)[:, :rows].T
    if layout == "gaps":
        return rng.normal(size=(rows, 3 * columns + 2)).astype(dtype)[:, : 3 * columns : 3]
    return rng.normal(size=(rows, columns + 1)).astype(dtype)[:, :columns]


@pytest.mark.parametrize("width", TARGETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layouts", [("rows", "rows"), ("columns", "rows"), ("rows", "columns"), ("gaps", "gaps")])
def test_values(dtype: str, width: int, layouts: tuple[str, str]) -> None:
    rng = np.random.default_rng(0)
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    for m, n, k in SIZES:
        a, b = operand(rng, dtype, m, k, layouts[0]), operand(rng, dtype, k, n, layouts[1])
        want = a.astype("float64") @ b.astype("float64")
        for alpha, beta in ((1, 0), (1, 1), (-0.5, 0), (0.25, -2)):
            around = rng.normal(size=(m + 1, n + 3)).astype(dtype)
            kept = around.copy()
            multiply(width, a, b, around[:m, :n], alpha, beta)
            expected = alpha * want + beta * kept[:m, :n].astype("float64")
            np.testing.assert_allclose(around[:m, :n], expected, rtol=0, atol=tolerance * (1 + k) ** 0.5)
            around[:m, :n] = kept[:m, :n]
            assert (around == kept).all(), "written beyond the result"


@pytest.mark.parametrize("width", TARGETS)
def test_the_result_is_read_only_where_it_counts(width: int) -> None:
    c = np.full((9, 35), np.nan, "float32")
    multiply(width, np.ones((9, 4), "float32"), np.ones((4, 35), "float32"), c)
    assert (c == 4).all()
    multiply(width, np.ones((9, 4), "float32"), np.ones((4, 35), "float32"), c, alpha=2)
    assert (c == 8).all()


@pytest.mark.parametrize("width", TARGETS)
def test_nan_and_infinity_stay_in_their_rows_and_columns(width: int) -> None:
    """What a panel holds beyond the last column, and other rows of a tile, never reach a result."""
    a, b = np.ones((13, 6)), np.ones((6, 19))
    a[3, 2], a[12, 0], b[5, 18], b[1, 7] = np.nan, np.inf, -np.inf, np.nan
    c = np.empty((13, 19))
    multiply(width, a, b, c)
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(c, a @ b)


@pytest.mark.parametrize("width", TARGETS)
def test_bits_depend_on_the_inner_axis_alone(width: int) -> None:
    """A part of a product, computed alone, has the bits that it has in the whole: tiles and threads do not count."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(50, 300)).astype("float32"), rng.normal(size=(300, 70)).astype("float32")
    whole = np.empty((50, 70), "float32")
    multiply(width, a, b, whole)
    for rows, columns in ((slice(0, 1), slice(0, 70)), (slice(7, 30), slice(3, 20)), (slice(49, 50), slice(69, 70))):
        part = np.empty_like(whole[rows, columns])
        multiply(width, a[rows], b[:, columns], part)
        assert (part == whole[rows, columns]).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_give_the_same_bits_for_any_number_of_threads(dtype: str) -> None:
    x, y, z = (st.tensor(n, dtype, (None, None)) for n in "xyz")
    outputs = [x @ y, x @ z.T, (y.T @ x.T).T]
    functions = [st.compile(outputs, [x, y, z], threads=n) for n in (1, 2)]
    rng = np.random.default_rng(2)
    for m, n, k in ((130, 300, 90), (64, 640, 37), (400, 12, 100)):
        data = [rng.normal(size=s).astype(dtype) for s in ((m, k), (k, n), (n, k))]
        one, two = (f(*data) for f in functions)
        for a, b, want in zip(one, two, (data[0] @ data[1], data[0] @ data[2].T, data[0] @ data[1]), strict=True):
            assert (a == b).all()
            np.testing.assert_allclose(a, want, rtol=0, atol=1e-3 if dtype == "float32" else 1e-11)


# ------------------------------------------------------------------------------------------------------ the choice
def step(rows: int | None, columns: int | None, inner: int | None, dtype: str = "float32") -> Gemm:
    """The step that a product of such sizes becomes; None stands for a size that is not known."""
    a, b = st.tensor("a", dtype, (rows, inner)), st.tensor("b", dtype, (inner, columns))
    (found,) = (s for s in generated([a @ b], [a, b]).program.steps if isinstance(s, Gemm))
    return found


def test_known_sizes_decide_when_code_is_made() -> None:
    ours, library = step(64, 64, 64), step(1024, 1024, 1024)
    assert OWN_WORK < 1024**3
    assert choose(ours, 64, FEATURES).text("cblas_sgemm") == "st_product_f32x16"
    assert choose(library, 64, FEATURES).text("cblas_sgemm") == "cblas_sgemm"
    assert choose(step(4, 300, 300), 64, FEATURES).text("cblas_sgemm") == "cblas_sgemm"
    assert choose(step(300, 300, 4), 64, FEATURES).text("cblas_sgemm") == "st_product_f32x16"


def test_other_sizes_decide_at_each_call() -> None:
    assert choose(step(None, 64, None), 64, FEATURES).text("cblas_sgemm") == (
        f"st_product_f32x16 if rows >= 6 and rows * columns * inner <= {OWN_WORK}, else cblas_sgemm"
    )
    assert choose(step(None, 2, None), 64, FEATURES).text("cblas_sgemm") == "cblas_sgemm"


def test_without_fused_multiply_add_blas_computes_all() -> None:
    assert choose(step(64, 64, 64), 16, frozenset()).text("cblas_sgemm") == "cblas_sgemm"


def test_a_kernel_stands_once_in_a_source_and_apart_from_it_for_the_compiler() -> None:
    x = st.tensor("x", "float32", (32, 32))
    source = generated([x @ x @ x, x @ x.T, x.T @ x], [x]).source
    definition = "void st_product_f32x16("
    assert source.text.count(definition) == 1
    assert source.library == ()
    (unit,) = source.common
    assert unit.count(definition) == 1
    assert all("st_tile_12x2_f32x16" not in part for part in source.parts)


def test_the_unit_of_a_kernel_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from symtensor.runtime import cache as disk

    x, y = st.tensor("x", "float32", (32, 32)), st.tensor("y", "float32", (48, 48))
    st.compile(x @ x, [x])
    monkeypatch.setattr(disk, "store", _refuse_objects(disk.store))
    assert st.compile(y @ y + 1.25, [y])(np.ones((48, 48), "float32"))[0, 0] == 49.25


def _refuse_objects(store: Callable[..., object]) -> Callable[..., object]:
    def checked(key: str, kind: str, data: bytes) -> object:
        assert kind != "o", "compiled again"
        return store(key, kind, data)

    return checked
