"""BLAS and LAPACK by address: every row of the table against the library's own headers, the main ones against NumPy,
from the wheel with 32-bit integers and from NumPy's own library through the widening adapter.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from symtensor.runtime import blas
from symtensor.runtime.blas import Provider

ROW_MAJOR, NO_TRANS, TRANS, UPPER, LOWER, NON_UNIT, LEFT = 101, 111, 112, 121, 122, 131, 141
C_TYPES = {"int": ctypes.c_int, "char": ctypes.c_char, "float": ctypes.c_float, "double": ctypes.c_double}
DTYPES = {"s": "float32", "d": "float64", "c": "complex64", "z": "complex128"}


@pytest.fixture(scope="module", params=["openblas32", "openblas_of_numpy"])
def provider(request: pytest.FixtureRequest) -> Provider:
    found = getattr(blas, request.param)()
    if found is None:
        pytest.skip(f"{request.param}: not installed here")
    return found


@pytest.fixture
def call(provider: Provider) -> Callable[..., float]:
    """Call a function by name; arrays are passed by address."""

    def run(name: str, *arguments: object) -> float:
        signature = blas.signatures()[name]
        results = {"void": None, "I": ctypes.c_int}
        result = results[signature.result] if signature.result in results else C_TYPES[signature.result]
        types = [
            ctypes.c_void_p if p.length or p.type.endswith("*") else C_TYPES[p.type.replace("I", "int")]
            for p in signature.parameters
        ]
        passed = [a.ctypes.data if isinstance(a, np.ndarray) else a for a in arguments]
        assert len(passed) == len(types)
        return ctypes.CFUNCTYPE(result, *types)(provider.address(name))(*passed)

    return run


def random(letter: str, *shape: int, seed: int = 0) -> np.ndarray:
    generator = np.random.default_rng(seed)
    values = generator.normal(size=shape) + (1j * generator.normal(size=shape) if letter in "cz" else 0)
    return values.astype(DTYPES[letter])


def scalar(letter: str, value: complex) -> object:
    return np.array([value], DTYPES[letter]) if letter in "cz" else value


def close(letter: str, got: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(got, expected, rtol=0, atol=2e-4 if letter in "sc" else 1e-12)


def positive(letter: str, n: int) -> np.ndarray:
    a = random(letter, n, n)
    return (a @ a.conj().T + n * np.eye(n)).astype(DTYPES[letter])


@pytest.mark.parametrize("letter", "sdcz")
def test_gemm_and_gemv(call: Callable[..., float], letter: str) -> None:
    a, b, c = random(letter, 5, 7), random(letter, 7, 4, seed=1), random(letter, 5, 4, seed=2)
    expected = 2 * (a @ b) - c
    alpha, beta = scalar(letter, 2), scalar(letter, -1)
    call(f"cblas_{letter}gemm", ROW_MAJOR, NO_TRANS, NO_TRANS, 5, 4, 7, alpha, a, 7, b, 4, beta, c, 4)
    close(letter, c, expected)
    x, y = random(letter, 5, seed=3), np.zeros(7, DTYPES[letter])
    call(f"cblas_{letter}gemv", ROW_MAJOR, TRANS, 5, 7, alpha, a, 7, x, 1, scalar(letter, 0), y, 1)
    close(letter, y, 2 * (a.T @ x))


@pytest.mark.parametrize("letter", "sd")
def test_vectors(call: Callable[..., float], letter: str) -> None:
    x, y = random(letter, 9), random(letter, 9, seed=1)
    assert call(f"cblas_{letter}dot", 9, x, 1, y, 1) == pytest.approx(float(x @ y), rel=1e-4)
    assert call(f"cblas_{letter}nrm2", 9, x, 1) == pytest.approx(float(np.linalg.norm(x)), rel=1e-4)
    expected = y + 3 * x
    call(f"cblas_{letter}axpy", 9, 3.0, x, 1, y, 1)
    close(letter, y, expected)


@pytest.mark.parametrize("letter", "sdcz")
def test_cholesky_and_triangular_solves(call: Callable[..., float], letter: str) -> None:
    a, b = positive(letter, 6), random(letter, 6, 3)
    factor = a.copy()
    assert call(f"LAPACKE_{letter}potrf", ROW_MAJOR, b"L", 6, factor, 6) == 0
    close(letter, np.tril(factor), np.linalg.cholesky(a))
    x = b.copy()
    assert call(f"LAPACKE_{letter}potrs", ROW_MAJOR, b"L", 6, 3, factor, 6, x, 3) == 0
    close(letter, a @ x, b)
    y, z = b.copy(), b.copy()
    assert call(f"LAPACKE_{letter}trtrs", ROW_MAJOR, b"L", b"N", b"N", 6, 3, factor, 6, y, 3) == 0
    close(letter, np.tril(factor) @ y, b)
    one = scalar(letter, 1)
    call(f"cblas_{letter}trsm", ROW_MAJOR, LEFT, LOWER, NO_TRANS, NON_UNIT, 6, 3, one, factor, 6, z, 3)
    close(letter, z, y)


@pytest.mark.parametrize("letter", "sd")
def test_matrix_that_is_not_positive(call: Callable[..., float], letter: str) -> None:
    a = np.diag([4.0, 9.0, -1.0, 2.0]).astype(DTYPES[letter])
    assert call(f"LAPACKE_{letter}potrf", ROW_MAJOR, b"L", 4, a, 4) == 3


def test_nan_goes_through(call: Callable[..., float]) -> None:
    a, tau = random("d", 4, 3), np.zeros(3)
    a[1, 1] = np.nan
    assert call("LAPACKE_dgeqrf", ROW_MAJOR, 4, 3, a, 3, tau) == 0
    assert np.isnan(a).any()


@pytest.mark.parametrize("letter", "sdcz")
@pytest.mark.parametrize("n", [5, 150])  # 150 pivots do not fit into the adapter's array on the stack
def test_lu_and_its_pivots(call: Callable[..., float], letter: str, n: int) -> None:
    a, b = random(letter, n, n) + (n * np.eye(n)).astype(DTYPES[letter]), random(letter, n, 2)
    a[[0, n - 1]] = a[[n - 1, 0]]  # so that rows are exchanged
    factor, pivots, x = a.copy(), np.zeros(n + 1, np.int32), b.copy()
    pivots[n] = -7
    assert call(f"LAPACKE_{letter}getrf", ROW_MAJOR, n, n, factor, n, pivots) == 0
    assert pivots[0] == n
    assert pivots[n] == -7
    assert call(f"LAPACKE_{letter}getrs", ROW_MAJOR, b"N", n, 2, factor, n, pivots, x, 2) == 0
    close(letter, a @ x, b)
    assert call(f"LAPACKE_{letter}getri", ROW_MAJOR, n, factor, n, pivots) == 0
    close(letter, factor @ a, np.eye(n))
    y = b.copy()
    assert call(f"LAPACKE_{letter}gesv", ROW_MAJOR, n, 2, a.copy(), n, pivots, y, 2) == 0
    close(letter, a @ y, b)


@pytest.mark.parametrize("letter", "sdcz")
def test_qr(call: Callable[..., float], letter: str) -> None:
    a, tau = random(letter, 6, 4), np.zeros(4, DTYPES[letter])
    q = a.copy()
    assert call(f"LAPACKE_{letter}geqrf", ROW_MAJOR, 6, 4, q, 4, tau) == 0
    r = np.triu(q[:4])
    assemble = f"LAPACKE_{letter}{'un' if letter in 'cz' else 'or'}gqr"
    assert call(assemble, ROW_MAJOR, 6, 4, 4, q, 4, tau) == 0
    close(letter, q @ r, a)
    close(letter, q.conj().T @ q, np.eye(4))


def test_qr_with_column_pivots(call: Callable[..., float]) -> None:
    a, tau, order = random("d", 6, 4), np.zeros(4), np.array([0, 0, 1, 0], np.int32)  # the third column goes first
    q = a.copy()
    assert call("LAPACKE_dgeqp3", ROW_MAJOR, 6, 4, q, 4, order, tau) == 0
    r = np.triu(q[:4])
    assert call("LAPACKE_dorgqr", ROW_MAJOR, 6, 4, 4, q, 4, tau) == 0
    assert order[0] == 3
    close("d", q @ r, a[:, order - 1])


@pytest.mark.parametrize("letter", "sdcz")
def test_svd_and_least_squares(call: Callable[..., float], letter: str) -> None:
    real = np.float32 if letter in "sc" else np.float64
    a, s = random(letter, 5, 3), np.zeros(3, real)
    u, vt = np.zeros((5, 3), DTYPES[letter]), np.zeros((3, 3), DTYPES[letter])
    assert call(f"LAPACKE_{letter}gesdd", ROW_MAJOR, b"S", 5, 3, a.copy(), 3, s, u, 3, vt, 3) == 0
    close(letter, (u * s) @ vt, a)
    b, rank = random(letter, 5, 1, seed=4), np.zeros(1, np.int32)
    expected = np.linalg.lstsq(a, b, rcond=None)[0]
    assert call(f"LAPACKE_{letter}gelsd", ROW_MAJOR, 5, 3, 1, a.copy(), 3, b, 1, s, -1.0, rank) == 0
    assert rank[0] == 3
    close(letter, b[:3], expected)


@pytest.mark.parametrize("letter", "sdcz")
def test_symmetric_eigenvalues(call: Callable[..., float], letter: str) -> None:
    a = positive(letter, 5)
    w, v = np.zeros(5, a.real.dtype), a.copy()
    name = f"LAPACKE_{letter}{'he' if letter in 'cz' else 'sy'}evd"
    assert call(name, ROW_MAJOR, b"V", b"L", 5, v, 5, w) == 0
    np.testing.assert_allclose(w, np.linalg.eigvalsh(a), rtol=1e-4)
    np.testing.assert_allclose(a @ v, v * w, atol=1e-3)


def test_resolve_gives_addresses_in_order() -> None:
    names = ("cblas_sgemm", "LAPACKE_dpotrf", "cblas_dgemv")
    addresses = blas.resolve(names)
    assert len(set(addresses)) == 3
    assert addresses == tuple(blas.provider().address(name) for name in names)


def test_one_thread(provider: Provider) -> None:
    assert provider.library.function(f"{provider.prefix}openblas_get_num_threads{provider.suffix}", ctypes.c_int)() == 1
    assert "1 thread" in provider.describe()
    assert "OpenBLAS" in provider.describe()


def test_unknown_function(provider: Provider) -> None:
    with pytest.raises(blas.NoBlas, match="cblas_xgemm"):
        provider.address("cblas_xgemm")
    with pytest.raises(KeyError, match="cblas_xgemm"):
        blas.prototype("cblas_xgemm")


def test_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "openblas32", lambda: None)
    monkeypatch.setattr(blas, "openblas_of_numpy", lambda: None)
    blas._provider.cache_clear()
    try:
        with pytest.raises(blas.NoBlas, match="pip install scipy-openblas32"):
            blas.resolve(["cblas_sgemm"])
    finally:
        blas._provider.cache_clear()


def test_prototypes() -> None:
    assert blas.prototype("LAPACKE_dgetrf") == "int (*)(int, int, int, double *, int, int *)"
    assert blas.prototype("cblas_ddot") == "double (*)(int, const double *, int, const double *, int)"


def test_signatures_agree_with_the_headers() -> None:
    """Every row, parameter by parameter, against the declarations that the wheel brings along."""
    found = blas.openblas32()
    if found is None:
        pytest.skip("scipy-openblas32 is not installed")
    folder = Path(found.path).parent.parent / "include"
    text = "".join((folder / name).read_text() for name in ("cblas.h", "lapacke.h"))
    declarations = {m[2]: m for m in re.finditer(r"(\w+)\s+scipy_((?:cblas|LAPACKE)_\w+)\s*\(([^)]*)\)", text)}
    for signature in blas.signatures().values():
        match = declarations[signature.name]
        declared = [kind_of_declaration(parameter) for parameter in match[3].split(",")]
        ours = [kind_of_parameter(p) for p in signature.parameters]
        assert ours == declared, signature.name
        assert signature.result.replace("I", "int") == re.sub("blasint|lapack_int", "int", match[1]), signature.name


def kind_of_declaration(text: str) -> str:
    text = re.sub(r"OPENBLAS_CONST|\bconst\b", "", text)
    integers = re.search(r"\b(blasint|lapack_int)\b", text)
    base = re.search(r"\b(float|double|char|void)\b", text)
    kind = "I" if integers else base[1] if base else "int"
    kind = "void" if "complex" in text else kind
    return kind + ("*" if "*" in text else "")


def kind_of_parameter(parameter: blas.Parameter) -> str:
    kind = parameter.type.replace("const ", "").replace(" ", "")
    return kind + ("*" if parameter.length else "")
