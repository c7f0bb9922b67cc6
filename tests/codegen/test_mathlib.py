"""The math library: the same bits in every form, errors within what is documented, special values, primitives."""

from __future__ import annotations

import ctypes
import importlib.util
import itertools
import re

import numpy as np
import pytest

from symtensor.codegen.mathlib import FUNCTIONS, helper_source, prelude, type_source, vector_types
from symtensor.codegen.mathlib.coefficients import POLYNOMIALS
from symtensor.codegen.mathlib.harness import (
    C_NAMES,
    DTYPES,
    FLAGS,
    INTEGERS,
    Library,
    build,
    compiler,
    host_features,
    map_source,
    same_bits,
    sample_points,
    special_values,
)

PRECISIONS = ("f32", "f64")
AVX2 = frozenset({"avx2", "fma"})
CC = compiler()
needs_compiler = pytest.mark.skipif(CC is None, reason="there is no C compiler")
needs_mpmath = pytest.mark.skipif(importlib.util.find_spec("mpmath") is None, reason="mpmath is not installed")
FAST = [*FLAGS[1:-1], "-O1"]


def arguments(name: str, precision: str, count: int = 4000) -> list[np.ndarray]:
    """Special values (all pairs of them for two arguments) and random ones, as many as fill whole vectors."""
    rng = np.random.default_rng(len(name))
    special = special_values(precision)
    if FUNCTIONS[name].arity == 1:
        columns = [np.concatenate([special, sample_points(precision, count, rng)])]
    else:
        pairs = np.array(list(itertools.product(special[::3], special[::3])), DTYPES[precision]).T
        columns = [np.concatenate([pair, rng.permutation(sample_points(precision, count, rng))]) for pair in pairs]
    return [c[: c.size // 16 * 16] for c in columns]


@pytest.fixture(scope="module")
def native() -> Library:
    """All functions, scalar and as wide as this machine's registers, for this machine."""
    if CC is None:
        pytest.skip("there is no C compiler")
    return Library(FUNCTIONS, {"f32": (1, 16), "f64": (1, 8)}, CC, flags=FAST)


# ------------------------------------------------------------------------------------------------- the same bits
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_vectors_have_the_bits_of_scalars(native: Library, name: str, precision: str) -> None:
    columns = arguments(name, precision)
    scalar = native(name, precision, 1, *columns)
    vector = native(name, precision, 16 if precision == "f32" else 8, *columns)
    assert_same(scalar, vector, columns)


@needs_compiler
@pytest.mark.parametrize(
    ("features", "lanes"),
    [
        pytest.param(frozenset(), {"f32": (4, 8), "f64": (2, 4)}, id="portable, one register and two"),
        pytest.param(AVX2, {"f32": (8, 16), "f64": (4,)}, id="avx2, one register and two"),
        pytest.param(None, {"f32": (4, 8, 32), "f64": (2, 4, 16)}, id="native, narrow and wide"),
    ],
)
def test_other_widths_and_instruction_sets_have_the_same_bits(
    native: Library, features: frozenset[str] | None, lanes: dict[str, tuple[int, ...]]
) -> None:
    assert CC is not None
    if features is not None and not features <= host_features(CC):
        pytest.skip(f"this machine lacks {', '.join(features - host_features(CC))}")
    names = ["exp", "log", "log1p", "tanh", "sin", "tan", "erf", "cbrt", "pow", "arctan2"]
    library = Library(names, lanes, CC, features=features, flags=FAST)
    for name, (precision, counts) in itertools.product(names, lanes.items()):
        columns = [c[: c.size // 32 * 32] for c in arguments(name, precision)]
        scalar = native(name, precision, 1, *columns)
        for count in counts:
            assert_same(scalar, library(name, precision, count, *columns), columns)


def test_opencl_has_the_bits_of_c(native: Library) -> None:
    cl = pytest.importorskip("pyopencl")
    from symtensor.runtime.device import NoDevice
    from symtensor.runtime.opencl import open_opencl

    try:
        context = open_opencl()._context  # the runtime's, as it mends PoCL's name of new processors
    except NoDevice as error:
        pytest.skip(str(error))
    queue = cl.CommandQueue(context)
    kernels = [device_kernel(n, p, "__kernel", "__global ", "get_global_id(0)") for n in FUNCTIONS for p in PRECISIONS]
    source = prelude("opencl") + helper_source(all_scalars(), "opencl") + "".join(kernels)
    program = cl.Program(context, source).build(["-cl-fp32-correctly-rounded-divide-sqrt"])
    flags = cl.mem_flags
    for name, precision in itertools.product(FUNCTIONS, PRECISIONS):
        columns = arguments(name, precision)
        result = np.empty_like(columns[0])
        inputs = [cl.Buffer(context, flags.READ_ONLY | flags.COPY_HOST_PTR, hostbuf=c) for c in columns]
        output = cl.Buffer(context, flags.WRITE_ONLY, result.nbytes)
        kernel = cl.Kernel(program, f"run_{name}_{precision}")
        kernel(queue, (result.size,), None, *inputs, output)
        cl.enqueue_copy(queue, result, output)
        assert_same(native(name, precision, 1, *columns), result, columns)


CUDA_ON_THE_HOST = """
#define __device__
#define __forceinline__ inline
#include <cmath>
#include <cstring>
template <class To, class From> static To reinterpret(From x) { To y; memcpy(&y, &x, sizeof y); return y; }
static int __float_as_int(float x) { return reinterpret<int>(x); }
static float __int_as_float(int x) { return reinterpret<float>(x); }
static long long __double_as_longlong(double x) { return reinterpret<long long>(x); }
static double __longlong_as_double(long long x) { return reinterpret<double>(x); }
static unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
  return (unsigned long long)(((unsigned __int128)a * b) >> 64);
}
"""


def test_cuda_text_has_the_bits_of_c(native: Library) -> None:
    """The CUDA text, compiled as C++ with stand-ins for the few device functions that it uses."""
    maps = "".join('extern "C" ' + map_source(n, p, 1) for n in FUNCTIONS for p in PRECISIONS)
    source = CUDA_ON_THE_HOST + INTEGERS + helper_source(all_scalars(), "cuda") + maps
    assert CC is not None
    shared = build(source, CC, [*FAST, "-x", "c++", "-std=c++17"])
    for name, precision in itertools.product(FUNCTIONS, PRECISIONS):
        columns = arguments(name, precision)
        result = np.empty_like(columns[0])
        pointers = [ctypes.c_void_p(a.ctypes.data) for a in (*columns, result)]
        getattr(shared, f"map_{name}_{precision}")(*pointers, ctypes.c_int64(result.size))
        assert_same(native(name, precision, 1, *columns), result, columns)


def test_nvrtc_compiles_the_cuda_text() -> None:
    spec = importlib.util.find_spec("nvidia")
    found = [p for root in (spec.submodule_search_locations or [] if spec else []) for p in nvrtc_libraries(root)]
    if not found:
        pytest.skip("nvidia-cuda-nvrtc is not installed")
    nvrtc = ctypes.CDLL(found[0])
    kernels = [
        device_kernel(n, p, 'extern "C" __global__', "", "blockIdx.x * blockDim.x + threadIdx.x")
        for n in FUNCTIONS for p in PRECISIONS
    ]  # fmt: skip
    source = helper_source(all_scalars(), "cuda") + "".join(kernels)
    program = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"math.cu", 0, None, None) == 0
    options = (ctypes.c_char_p * 2)(b"--gpu-architecture=compute_75", b"--fmad=false")
    status = nvrtc.nvrtcCompileProgram(program, 2, options)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    assert status == 0, log.value.decode()


# ------------------------------------------------------------------------------------------------------- accuracy
@needs_mpmath
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_are_as_documented(native: Library, name: str, precision: str) -> None:
    check_errors(native, name, precision, 1000)


@needs_mpmath
@pytest.mark.long
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_errors_are_as_documented_on_many_points(native: Library, name: str, precision: str) -> None:
    check_errors(native, name, precision, 40000, seed=1)


def check_errors(library: Library, name: str, precision: str, points: int, seed: int = 0) -> None:
    from symtensor.codegen.mathlib.measure import errors

    worst, where = errors(library, name, precision, 16 if precision == "f32" else 8, points, seed)
    assert worst <= FUNCTIONS[name].max_ulp[precision], f"{worst} ulp at {where}"


INF, NAN = np.inf, np.nan
SPECIAL = {
    "exp": [(-INF, 0.0), (INF, INF), (0.0, 1.0), (-0.0, 1.0), (NAN, NAN), (1e4, INF), (-1e4, 0.0)],
    "exp2": [(-INF, 0.0), (INF, INF), (0.0, 1.0), (10.0, 1024.0), (NAN, NAN), (-140.0, 2.0**-140)],
    "expm1": [(-INF, -1.0), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (NAN, NAN), (1e-41, 1e-41)],
    "log": [(0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (-INF, NAN), (1.0, 0.0), (NAN, NAN)],
    "log2": [(0.0, -INF), (8.0, 3.0), (2.0**-140, -140.0), (INF, INF), (-1.0, NAN), (NAN, NAN)],
    "log10": [(0.0, -INF), (1000.0, 3.0), (INF, INF), (-1.0, NAN), (NAN, NAN), (1.0, 0.0)],
    "log1p": [(-1.0, -INF), (-2.0, NAN), (0.0, 0.0), (-0.0, -0.0), (INF, INF), (NAN, NAN), (1e-41, 1e-41)],
    "tanh": [(-INF, -1.0), (INF, 1.0), (0.0, 0.0), (-0.0, -0.0), (NAN, NAN), (1e-41, 1e-41), (50.0, 1.0)],
    "sinh": [(-INF, -INF), (INF, INF), (0.0, 0.0), (-0.0, -0.0), (NAN, NAN), (1e-41, 1e-41)],
    "cosh": [(-INF, INF), (INF, INF), (0.0, 1.0), (NAN, NAN)],
    "expit": [(-INF, 0.0), (INF, 1.0), (0.0, 0.5), (NAN, NAN)],
    "softplus": [(-INF, 0.0), (INF, INF), (NAN, NAN), (1000.0, 1000.0)],
    "log_expit": [(-INF, -INF), (INF, 0.0), (NAN, NAN), (-1000.0, -1000.0)],
    "sin": [(INF, NAN), (-INF, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (1e-41, 1e-41)],
    "cos": [(INF, NAN), (-INF, NAN), (NAN, NAN), (0.0, 1.0), (-0.0, 1.0)],
    "tan": [(INF, NAN), (-INF, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (1e-41, 1e-41)],
    "arctan": [(INF, np.pi / 2), (-INF, -np.pi / 2), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (1e-41, 1e-41)],
    "arcsin": [(1.0, np.pi / 2), (-1.0, -np.pi / 2), (1.5, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "arccos": [(1.0, 0.0), (-1.0, np.pi), (0.0, np.pi / 2), (-1.5, NAN), (NAN, NAN)],
    "erf": [(INF, 1.0), (-INF, -1.0), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "ndtr": [(INF, 1.0), (-INF, 0.0), (NAN, NAN), (0.0, 0.5), (-200.0, 0.0)],
    "log_ndtr": [(INF, -0.0), (-INF, -INF), (NAN, NAN)],
    "arcsinh": [(INF, INF), (-INF, -INF), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (1e-41, 1e-41)],
    "arccosh": [(INF, INF), (0.5, NAN), (-INF, NAN), (NAN, NAN), (1.0, 0.0)],
    "arctanh": [(1.0, INF), (-1.0, -INF), (2.0, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0), (1e-41, 1e-41)],
    "gammaln": [(0.0, INF), (-1.0, INF), (1.0, 0.0), (2.0, 0.0), (INF, INF), (-INF, INF), (NAN, NAN)],
    "digamma": [(0.0, -INF), (-0.0, INF), (-1.0, NAN), (INF, INF), (-INF, NAN), (NAN, NAN)],
    "erfinv": [(1.0, INF), (-1.0, -INF), (2.0, NAN), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "erfc": [(INF, 0.0), (-INF, 2.0), (NAN, NAN), (0.0, 1.0)],
    "cbrt": [(27.0, 3.0), (-8.0, -2.0), (INF, INF), (-INF, -INF), (NAN, NAN), (0.0, 0.0), (-0.0, -0.0)],
    "sqrt": [(4.0, 2.0), (-1.0, NAN), (INF, INF), (-0.0, -0.0), (NAN, NAN)],
}


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", SPECIAL)
def test_special_values(native: Library, name: str, precision: str) -> None:
    x, expected = np.array(SPECIAL[name], DTYPES[precision]).T.copy()
    result = native(name, precision, 1, x)
    assert_same(expected, result, [x])


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize(("name", "reference"), [("pow", np.power), ("arctan2", np.arctan2), ("hypot", np.hypot)])
def test_special_values_of_two_arguments_are_those_of_the_c_library(
    native: Library, name: str, precision: str, reference: np.ufunc
) -> None:
    values = [0.0, 1.0, 2.0, 3.0, 0.5, 2.5, 1e30, INF, NAN]
    x, y = np.array(list(itertools.product([s * v for v in values for s in (1, -1)], repeat=2)), DTYPES[precision]).T
    with np.errstate(all="ignore"):
        expected = reference(x, y)
    result = native(name, precision, 1, x.copy(), y.copy())
    np.testing.assert_array_equal(np.isnan(result), np.isnan(expected))
    exact = (np.abs(expected) == INF) | (expected == 0) | (np.abs(expected) == 1)
    assert_same(expected[exact], result[exact], [x[exact], y[exact]])
    numbers = ~np.isnan(expected) & ~exact
    np.testing.assert_allclose(result[numbers], expected[numbers], rtol=4 * np.finfo(DTYPES[precision]).eps)


@needs_mpmath
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", ["gammaln", "digamma"])
def test_reflection(native: Library, name: str, precision: str) -> None:
    """Negative arguments: mpmath again, but to an absolute error: there are roots between the poles."""
    from symtensor.codegen.mathlib.measure import REFERENCES

    x = np.random.default_rng(5).uniform(-20, 0, 320).astype(DTYPES[precision])
    expected = np.array([float(REFERENCES[name](v).real) for v in x.tolist()])
    error = np.abs(native(name, precision, 1, x) - expected) / np.maximum(1, np.abs(expected))
    assert error.max() < 1000 * np.finfo(DTYPES[precision]).eps


@pytest.mark.parametrize(("name", "precision"), [("exp", "f32"), ("tanh", "f32"), ("log", "f64"), ("expit", "f64")])
def test_functions_that_rise_do_not_fall(native: Library, name: str, precision: str) -> None:
    """Between neighbouring arguments an error may show as a step down, but never by more than the promised ulps."""
    x = np.linspace(0.01, 20, 160_000).astype(DTYPES[precision])
    result = native(name, precision, 1, x)
    allowed = -2 * FUNCTIONS[name].max_ulp[precision] * np.spacing(np.abs(result[:-1]))
    assert np.all(np.diff(result) >= allowed)


# ------------------------------------------------------------------------------------------------------ primitives
def primitive_library(body: str, requests: list[tuple[str, str, int]], features: frozenset[str] | None) -> ctypes.CDLL:
    assert CC is not None
    features = host_features(CC) if features is None else features
    lanes = [r[2] for r in requests]
    return build(INTEGERS + type_source(lanes) + helper_source(requests, "c", features) + body, CC, FAST)


FEATURE_SETS = [pytest.param(None, id="native"), pytest.param(frozenset(), id="portable")]


@needs_compiler
@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize(
    ("element", "lanes"), [("f32", 16), ("f64", 8), ("i32", 16), ("i64", 8), ("u8", 16), ("u8", 64), ("f32", 4)]
)
def test_partial_loads_and_stores_touch_nothing_else(element: str, lanes: int, features: frozenset[str] | None) -> None:
    kind, bits = element[0], int(element[1:])
    c_type = C_NAMES.get(element) or f"{'u' if kind == 'u' else ''}int{bits}_t"
    s = f"{element}x{lanes}"
    body = (
        f"void copy({c_type} *to, const {c_type} *from, int64_t n)"
        f" {{ st_store_part_{s}(to, st_load_part_{s}(from, n), n); }}\n"
        f"void spread({c_type} *to, const {c_type} *from, int64_t n)"
        f" {{ st_store_{s}(to, st_load_part_{s}(from, n)); }}\n"
    )
    body += (
        f"void choose({c_type} *to, const {c_type} *a, const {c_type} *b, int64_t n)"
        f" {{ st_store_{s}(to, st_select_part_{s}(st_load_{s}(a), st_load_{s}(b), n)); }}\n"
    )
    names = ("load_part", "store_part", "select_part", "load", "store")
    shared = primitive_library(body, [(n, element, lanes) for n in names], features)
    dtype = np.dtype({"f": "f", "i": "i", "u": "u"}[kind] + str(bits // 8))
    # the memory after the last element belongs to nobody: reading it would fault
    page = guarded_page(lanes * dtype.itemsize)
    for n in range(lanes + 1):
        source = np.frombuffer(page, dtype, lanes)[lanes - n :] if n else np.frombuffer(page, dtype, lanes)[:0]
        source = source if n == 0 else fill(source)
        target = np.full(lanes + 2, 99, dtype)
        address = ctypes.addressof(page) + (lanes - n) * dtype.itemsize
        shared.copy(ctypes.c_void_p(target.ctypes.data), ctypes.c_void_p(address), ctypes.c_int64(n))
        np.testing.assert_array_equal(target[:n], source)
        assert np.all(target[n:] == 99)
        shared.spread(ctypes.c_void_p(target.ctypes.data), ctypes.c_void_p(address), ctypes.c_int64(n))
        assert np.all(target[n:lanes] == 0)
        ones, twos = np.full(lanes, 1, dtype), np.full(lanes, 2, dtype)
        addresses = [ctypes.c_void_p(v.ctypes.data) for v in (target, ones, twos)]
        shared.choose(*addresses, ctypes.c_int64(n))
        np.testing.assert_array_equal(target[:lanes], np.where(np.arange(lanes) < n, 1, 2))


def fill(array: np.ndarray) -> np.ndarray:
    array.flags.writeable or pytest.fail("the page must be writable")
    array[:] = np.arange(1, array.size + 1)
    return array


def guarded_page(size: int) -> ctypes.Array[ctypes.c_char]:
    """`size` bytes at the end of a page, in front of a page that must not be touched."""
    libc = ctypes.CDLL(None)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    start = libc.mmap(None, 8192, 3, 0x22, -1, 0)
    assert libc.mprotect(start + 4096, 4096, 0) == 0
    return (ctypes.c_char * size).from_address(start + 4096 - size)


@needs_compiler
@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_elementwise_primitives_agree_with_numpy(precision: str, features: frozenset[str] | None) -> None:
    lanes = 16 if precision == "f32" else 8
    element, s, dtype = C_NAMES[precision], f"{precision}x{lanes}", DTYPES[precision]
    unary = {"abs": np.abs, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint, "sqrt": np.sqrt}
    binary = {"max": np.maximum, "min": np.minimum, "copysign": np.copysign}
    requests, body = [], ""
    for name, arity in [*((n, 1) for n in unary), *((n, 2) for n in binary), ("fma", 3)]:
        for suffix, step, of in ((precision, 1, "{}[i]"), (s, lanes, f"*(const st_{s} *)({{}} + i)")):
            requests.append((name, precision, step))
            call = f"st_{name}_{suffix}({', '.join(of.format(x) for x in 'abc'[:arity])})"
            target = "r[i]" if step == 1 else f"*(st_{s} *)(r + i)"
            body += (
                f"void run_{name}_{suffix}(const {element} *a, const {element} *b, const {element} *c, {element} *r,"
                f" int64_t n) {{ (void)b; (void)c; for (int64_t i = 0; i < n; i += {step}) {target} = {call}; }}\n"
            )
    flags = [f for f in FAST if f != "-Wextra"]
    assert CC is not None
    wanted = host_features(CC) if features is None else features
    shared = build(INTEGERS + type_source([lanes]) + helper_source(requests, "c", wanted) + body, CC, flags)
    special = special_values(precision)
    a, b = np.array(list(itertools.product(special, special)), dtype).T
    size = a.size // lanes * lanes
    from symtensor.codegen.mathlib.harness import aligned

    a, b, c = aligned(a[:size]), aligned(b[:size]), aligned(a[:size][::-1].copy())
    with np.errstate(all="ignore"):
        for name in [*unary, *binary, "fma"]:
            results = []
            for suffix in (precision, s):
                result = aligned(np.zeros(size, dtype))
                pointers = [ctypes.c_void_p(v.ctypes.data) for v in (a, b, c, result)]
                getattr(shared, f"run_{name}_{suffix}")(*pointers, ctypes.c_int64(size))
                results.append(result)
            assert_same(results[0], results[1], [a, b, c])
            if name in unary:
                assert_same(unary[name](a), results[0], [a])
            elif name in binary:  # of two zeros NumPy may take either
                np.testing.assert_array_equal(results[0], binary[name](a, b))


@needs_compiler
@pytest.mark.parametrize("features", FEATURE_SETS)
def test_select_takes_an_integer_mask(features: frozenset[str] | None) -> None:
    body = (
        "void run(const float *a, const float *b, float *r) { st_f32x16 x = st_load_f32x16(a), y = st_load_f32x16(b);"
        " st_store_f32x16(r, st_select_f32x16(x < y, x, y)); }\n"
    )
    shared = primitive_library(body, [(n, "f32", 16) for n in ("load", "store", "select")], features)
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 16)).astype(np.float32)
    result = np.empty(16, np.float32)
    shared.run(*(ctypes.c_void_p(v.ctypes.data) for v in (a, b, result)))
    np.testing.assert_array_equal(result, np.where(a < b, a, b))


@needs_compiler
@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize(("precision", "lanes"), [("f32", 16), ("f64", 8), ("f32", 4), ("f64", 1)])
def test_sums_over_lanes_halve(precision: str, lanes: int, features: frozenset[str] | None) -> None:
    element = C_NAMES[precision]
    s = f"{precision}x{lanes}" if lanes > 1 else precision
    names = ("sum_tree", "max_tree", "min_tree")
    body = "".join(
        f"void run_{name}(const {element} *a, {element} *r) {{ *r = st_{name}_{s}(st_load_{s}(a)); }}\n"
        for name in names
    )
    shared = primitive_library(body, [(n, precision, lanes) for n in (*names, "load")], features)
    x = np.random.default_rng(3).standard_normal(lanes).astype(DTYPES[precision])
    expected = {"max_tree": x.max(), "min_tree": x.min()}
    halves = x.copy()
    while halves.size > 1:
        halves = halves[: halves.size // 2] + halves[halves.size // 2 :]
    expected["sum_tree"] = halves[0]
    for name in names:
        result = np.empty(1, DTYPES[precision])
        getattr(shared, f"run_{name}")(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(result.ctypes.data))
        assert result[0] == expected[name], name


@needs_compiler
@pytest.mark.parametrize("features", FEATURE_SETS)
@pytest.mark.parametrize(("precision", "lanes"), [("f32", 16), ("f64", 8), ("f32", 4), ("f64", 2)])
def test_trees_of_several_vectors(precision: str, lanes: int, features: frozenset[str] | None) -> None:
    """Vectors are joined first, then lanes; one NaN anywhere is the maximum."""
    element, s = C_NAMES[precision], f"{precision}x{lanes}"
    loads = ", ".join(f"st_load_{s}(a + {k * lanes})" for k in range(4))
    names = ("sum_tree4", "max_tree4", "min_tree4")
    body = "".join(f"void run_{n}(const {element} *a, {element} *r) {{ *r = st_{n}_{s}({loads}); }}\n" for n in names)
    shared = primitive_library(body, [(n, precision, lanes) for n in (*names, "load")], features)

    def run(name: str, x: np.ndarray) -> float:
        result = np.empty(1, x.dtype)
        getattr(shared, f"run_{name}")(ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(result.ctypes.data))
        return result[0]

    x = np.random.default_rng(4).standard_normal(4 * lanes).astype(DTYPES[precision])
    halves = x.copy()
    while halves.size > 1:
        halves = halves[: halves.size // 2] + halves[halves.size // 2 :]
    assert (run(names[0], x), run(names[1], x), run(names[2], x)) == (halves[0], x.max(), x.min())
    for k in range(x.size):
        holed = x.copy()
        holed[k] = np.nan
        assert np.isnan([run("max_tree4", holed), run("min_tree4", holed)]).all()


# ------------------------------------------------------------------------------------------------------- the text
def test_each_function_is_given_once_after_what_it_calls() -> None:
    text = helper_source([("softplus", "f32", 8), ("exp", "f32", 8), ("tanh", "f32", 1)], "c", AVX2)
    defined = re.findall(r"^static .*? (st_\w+)\(", text, re.MULTILINE)
    assert len(defined) == len(set(defined))
    assert defined.index("st_exp_core_f32x8") < defined.index("st_softplus_f32x8")
    assert "#include" not in text


def test_text_does_not_depend_on_earlier_requests() -> None:
    first = helper_source([("erf", "f64", 8)], "c", AVX2)
    helper_source([("erf", "f64", 1), ("exp", "f64", 8)], "c", AVX2)
    assert helper_source([("erf", "f64", 8)], "c", AVX2) == first


def test_types() -> None:
    text = type_source([16, 8])
    assert "typedef float st_f32x16 __attribute__((vector_size(64)));" in text
    assert "typedef uint8_t st_u8x16 __attribute__((vector_size(16)));" in text
    assert all(f" {name} " in text for name in vector_types([16, 8]))
    assert vector_types([1]) == []


@pytest.mark.parametrize(
    ("request_", "dialect", "message"),
    [
        (("exq", "f32", 1), "c", "there is no math function or primitive 'exq' for f32"),
        (("exp", "i32", 1), "c", "there is no math function or primitive 'exp' for i32"),
        (("exp", "f16", 1), "c", "unknown element type 'f16'"),
        (("exp", "f32", 3), "c", "must be a power of two, not 3"),
        (("exp", "f32", 4), "cuda", "the cuda dialect has scalar functions only, 4 lanes were asked for"),
        (("exp", "f32", 1), "metal", "unknown dialect 'metal'; there are c, opencl, cuda"),
        (("load", "f32", 1), "opencl", "the opencl dialect has no load primitive"),
    ],
)
def test_wrong_requests_are_refused(request_: tuple[str, str, int], dialect: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        helper_source([request_], dialect)


@needs_mpmath
def test_coefficients_are_those_of_the_fit() -> None:
    from symtensor.codegen.mathlib import fit

    row = next(f for f in fit.table() if (f.name, f.precision) == ("SIN", "f32"))
    coefficients, error = fit.solve(row)
    assert error < 2.0**-26
    assert tuple(np.float32(c) for c in coefficients) == tuple(np.float32(c) for c in POLYNOMIALS["SIN", "f32"])


# --------------------------------------------------------------------------------------------------------- helpers
def assert_same(expected: np.ndarray, result: np.ndarray, columns: list[np.ndarray]) -> None:
    different = ~same_bits(np.ascontiguousarray(expected), np.ascontiguousarray(result))
    where = [(tuple(c[k] for c in columns), expected[k], result[k]) for k in np.flatnonzero(different)[:5]]
    assert not where, f"{np.count_nonzero(different)} differ: {where}"


def all_scalars() -> list[tuple[str, str, int]]:
    return [(name, precision, 1) for name in FUNCTIONS for precision in PRECISIONS]


def device_kernel(name: str, precision: str, head: str, space: str, index: str) -> str:
    element, names = C_NAMES[precision], ("x", "y")[: FUNCTIONS[name].arity]
    parameters = "".join(f"{space}const {element} *{n}, " for n in names)
    arguments = ", ".join(f"{n}[i]" for n in names)
    return (
        f"{head} void run_{name}_{precision}({parameters}{space}{element} *r)"
        f" {{ int i = {index}; r[i] = st_{name}_{precision}({arguments}); }}\n"
    )


def nvrtc_libraries(root: str) -> list[str]:
    from pathlib import Path

    return [str(p) for p in sorted(Path(root).rglob("libnvrtc.so*")) if "builtins" not in p.name]
