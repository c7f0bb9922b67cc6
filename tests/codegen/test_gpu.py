"""Kernels and entries for devices: values, bits, barriers, errors and the buffers of a call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.barriers import place_barriers
from symtensor.codegen.cuda import CUDA
from symtensor.codegen.gpu import GpuPrinter
from symtensor.codegen.launches import in_lanes, launch_shape, spread_checks
from symtensor.codegen.opencl import OPENCL
from symtensor.errors import CODES
from symtensor.function import generate_source
from symtensor.function.calls import Failure
from symtensor.ir import size as sz
from symtensor.ir.scalar import Load, LoopVar, Var
from symtensor.ir.size import Size
from symtensor.ops.monoids import SUM_MONOID
from symtensor.runtime.cuda import compile_cubin
from symtensor.runtime.device import DeviceError, NoDevice
from symtensor.runtime.device import device as open_device
from tests.conftest import need

F64 = np.dtype("float64")
DEVICES = ("opencl", "cuda-shim")


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> str:
    """Each device that runs on a machine without a GPU."""
    return need(request.param)


def assert_same(got: Any, want: Any, *, bits: bool) -> None:
    """Compare outputs: the same bits, or nearly equal."""
    for a, b in zip(got, want, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        if bits:
            assert a.tobytes() == b.tobytes()
        else:
            tolerance = 1e-5 if a.dtype == np.float32 else 1e-12
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def compare(device: str, outputs: Sequence[Any], inputs: Sequence[Any], *cases: Sequence[Any]) -> None:
    """Call a device function with each case: the bits are those of target "c", the values those of NumPy."""
    function, native, plain = (st.compile(list(outputs), list(inputs), target=t) for t in (device, "c", "numpy"))
    live = open_device(device).counters()["live_bytes"]
    for case in cases:
        got = function(*case)
        assert_same(got, native(*case), bits=True)
        assert_same(got, plain(*case), bits=False)
    assert open_device(device).counters()["live_bytes"] == live, "a call kept a buffer"


# ------------------------------------------------------------------------------------------------- values and bits
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_elementwise_and_reductions_have_the_bits_of_the_cpu(device: str, dtype: str) -> None:
    m = st.tensor("m", shape=(None, None), dtype=dtype)
    e = st.exp(m)
    outputs = [e / e.sum(axis=1, keepdims=True), m.var(axis=0), m.argmax(axis=1), (m * m).sum(), st.tanh(m) * 2 + 1]
    rng = np.random.default_rng(1)
    compare(device, outputs, [m], *([rng.normal(size=s).astype(dtype)] for s in [(3, 5), (1, 1), (40, 700)]))


def test_two_stages_and_accumulators_of_several_kinds(device: str) -> None:
    x = st.vector("x")
    outputs = [x.sum(), x.argmin(), (x > 0).any(), x.var(), x.max()]
    rng = np.random.default_rng(2)
    special = np.array([1.0, np.nan, -np.inf, 0.0, -0.0])
    compare(device, outputs, [x], *([rng.normal(size=n)] for n in (1, 3, 100, 40_000)))
    compare(device, [x.max(), x.argmax()], [x], [special], [special[::-1].copy()])


def test_short_known_reductions_fold_in_order(device: str) -> None:
    m = st.tensor("m", shape=(None, 3), dtype="float64")
    compare(device, [m.sum(axis=1), m.prod(axis=1)], [m], [np.random.default_rng(3).normal(size=(50, 3))])


def test_integers_and_bools(device: str) -> None:
    i, j = st.lvector("i"), st.ivector("j")
    outputs = [i // j, i % j, abs(i) * 2 - j, (i > j) & ~(j == 2), i.astype("float32"), (i * 1.5).astype("int8")]
    first = np.array([7, -7, 7, -7, 0, 2**40, -(2**63), 5])
    second = np.array([2, 2, -2, -2, 5, 3, -1, 0], "int32")
    function = st.compile(outputs, [i, j], target=device)
    assert_same(function(first, second), st.compile(outputs, [i, j], target="c")(first, second), bits=True)


def test_empty_arrays(device: str) -> None:
    m = st.matrix("m")
    compare(device, [m.sum(axis=1), m.sum(axis=0), m + 1, m.sum()], [m], [np.zeros((0, 3))], [np.zeros((3, 0))])


def test_rows_longer_than_shared_memory(device: str) -> None:
    m = st.matrix("m")
    centred = st.tanh(m - m.mean(axis=1, keepdims=True))
    outputs = [centred / (1 + centred.sum(axis=1, keepdims=True) ** 2)]
    compare(device, outputs, [m], *([np.random.default_rng(4).normal(size=s)] for s in [(300, 9), (3, 9000)]))


def test_matrix_products_are_sums_on_a_device(device: str) -> None:
    a, b = st.matrix("a"), st.matrix("b")
    function = st.compile(st.tanh(a @ b), [a, b], target=device)
    rng = np.random.default_rng(5)
    for m, k, n in [(3, 4, 5), (1, 70, 2), (20, 0, 3)]:
        x, y = rng.normal(size=(m, k)), rng.normal(size=(k, n))
        np.testing.assert_allclose(function(x, y), np.tanh(x @ y), rtol=1e-12, atol=1e-14)


def test_operands_of_products_are_stored_and_all_elements_are_parallel() -> None:
    a, b, c = st.matrix("a"), st.matrix("b"), st.matrix("c")
    made = st.compile(st.softmax(st.tanh(a @ b) @ c, axis=1), [a, b, c], target="cuda-shim")
    first, second, *_ = made.generated.program.kernels()
    assert launch_shape(first).groups in (sz.mul(a.shape[0], n) for n in (b.shape[1], c.shape[0]))
    assert launch_shape(second).groups == sz.mul(a.shape[0], c.shape[1])
    assert made.source.count("st_tanh_f64(") == 2  # its definition, and the kernel that computes the operand


def test_updates_and_constants(device: str) -> None:
    table = np.arange(40.0).reshape(8, 5)
    w, x = st.shared(np.zeros((8, 5)), "w"), st.vector("x")
    step = st.compile(w.sum(), [x], updates={w: w + st.constant(table) * x}, target=device)
    x_value = np.arange(5.0)
    assert step(x_value) == 0
    assert step(x_value) == (table * x_value).sum()
    np.testing.assert_array_equal(w.get_value(), 2 * table * x_value)


# ----------------------------------------------------------------------------------------- routines of the host, errors
def test_library_routines_run_on_the_host(device: str) -> None:
    a, b = st.matrix("a"), st.vector("b")
    lower = st.linalg.cholesky(a @ a.T + st.eye(4))
    (where,) = st.nonzero(b > 0)
    found = b[where]
    outputs = [lower * 2, where, found / found.sum(), st.softmax(found)]
    function = st.compile(outputs, [a, b], target=device)
    plain = st.compile(outputs, [a, b], target="numpy")
    rng = np.random.default_rng(6)
    for n in (1, 9, 100):
        case = rng.normal(size=(4, 4)), rng.normal(size=n) + 1
        assert_same(function(*case), plain(*case), bits=False)
    told = str(function.explain())
    for said in ("cholesky", "nonzero", "on the host"):
        assert said in told


def test_an_index_error_keeps_variables_and_frees_buffers(device: str) -> None:
    table, ids = st.shared(np.zeros(10), "table"), st.lvector("ids")
    step = st.compile(table[ids].sum(), [ids], updates={table: table[ids].add(1.0)}, target=device)
    step(np.array([1, 1, -1]))
    before, live = table.get_value(), open_device(device).counters()["live_bytes"]
    np.testing.assert_array_equal(before, [0, 2, 0, 0, 0, 0, 0, 0, 0, 1])
    for bad in (10, -11, 2**62):
        with pytest.raises(IndexError, match=f"index {bad} is out of bounds for an axis of size 10"):
            step(np.array([0, bad, 0]))
    np.testing.assert_array_equal(table.get_value(), before)
    assert open_device(device).counters()["live_bytes"] == live, "a failing call kept a buffer"


def test_scatters_along_each_axis(device: str) -> None:
    x, ids = st.tensor3("x"), st.lvector("ids")
    u, v, w = st.tensor3("u"), st.tensor3("v"), st.tensor3("w")
    outputs = [x[ids].add(u), x[:, ids].add(v), x[:, :, ids].add(w)]
    rng = np.random.default_rng(8)
    where = rng.integers(-4, 4, 9)
    updates = [rng.normal(size=s) for s in [(9, 4, 4), (4, 9, 4), (4, 4, 9)]]
    compare(device, outputs, [x, ids, u, v, w], [rng.normal(size=(4, 4, 4)), where, *updates])


def test_a_failing_routine_frees_buffers(device: str) -> None:
    a = st.matrix("a")
    function = st.compile(st.linalg.cholesky(a) + 1, [a], target=device)
    live = open_device(device).counters()["live_bytes"]
    with pytest.raises(np.linalg.LinAlgError):
        function(-np.eye(3))
    assert open_device(device).counters()["live_bytes"] == live
    np.testing.assert_allclose(function(4 * np.eye(3)), 2 * np.eye(3) + 1)


def test_an_error_of_the_driver_is_worded_by_the_device() -> None:
    fail = Failure((), {}, (), open_device("cuda-shim"))
    with pytest.raises(DeviceError, match="target 'cuda-shim': divergent barrier"):
        fail(CODES["device"], -1, -1, (200001, 0, 0, 0), ())


def test_loops_are_driven_by_the_host(device: str) -> None:
    x = st.vector("x")
    end, rounds = st.while_loop(lambda v, k: v.sum() < 50, lambda v, k: (v * 2, k + 1), (x, st.constant(0)))[:2]
    steps, _ = st.scan(lambda state: state * 0.5 + 1, outputs_info=x, n_steps=4)
    compare(device, [end, rounds, steps], [x], [np.ones(3)], [np.full(100, 0.25)])


# --------------------------------------------------------------------------------------------------------- barriers
def _kernel(*body: ir.Statement, buffers: str = "") -> ir.Kernel:
    return ir.Kernel("k", tuple(ir.Buffer(b, F64, "inout") for b in buffers.split()), (), body)


def _barriers(kernel: ir.Kernel) -> int:
    found = place_barriers(kernel.body, [b.name for b in kernel.buffers], lambda s: 32 if in_lanes(s) else 1)
    assert len(found) == str(GpuPrinter(CUDA).kernel(kernel)).count(CUDA.barrier)
    return len(found)


def _simd(var: LoopVar, *body: ir.Statement) -> ir.For:
    return ir.For(var, body, "simd", lanes=32)


J = LoopVar("j", 100)
AT_J = Size.of(J)


def _load(array: str, offset: Any = AT_J) -> Load:
    return Load(array, offset, F64)


def test_an_element_read_by_the_thread_that_wrote_it_needs_no_barrier() -> None:
    first = _simd(J, ir.Store("s", AT_J, _load("x")))
    assert (
        _barriers(_kernel(ir.Alloc("s", F64, 100), first, _simd(J, ir.Store("y", AT_J, _load("s"))), buffers="x y"))
        == 0
    )
    shifted = _load("s", sz.add(99, sz.mul(AT_J, -1)))
    assert (
        _barriers(_kernel(ir.Alloc("s", F64, 100), first, _simd(J, ir.Store("y", AT_J, shifted)), buffers="x y")) == 1
    )


def test_column_reductions_keep_their_accumulators_without_barriers() -> None:
    r, tile = LoopVar("r", 7), LoopVar("tile", 5)
    take = ir.Store("acc", AT_J, _load("acc") + _load("x", sz.add(sz.mul(Size.of(r), 100), AT_J)))
    body = (
        _simd(J, ir.Store("acc", AT_J, _load("x"))),
        ir.For(r, (_simd(J, take),)),
        _simd(J, ir.Store("y", AT_J, _load("acc"))),
    )
    kernel = _kernel(ir.Alloc("acc", F64, 100), ir.For(tile, body, "parallel"), buffers="x y")
    assert _barriers(kernel) == 0


def test_rows_at_multiples_of_their_length_belong_to_the_same_threads() -> None:
    row = LoopVar("row", 0)
    place = sz.add(sz.mul(Size.of(row), 100), AT_J)
    position = ir.Let("row", _load("where", Size.of(LoopVar("i", 4))))
    add = _simd(J, ir.Store("table", place, _load("table", place) + _load("x")))
    assert _barriers(_kernel(ir.For(LoopVar("i", 4), (position, add)), buffers="where x table")) == 0
    overlapping = sz.add(sz.mul(Size.of(row), 99), AT_J)
    add = _simd(J, ir.Store("table", overlapping, _load("table", overlapping) + _load("x")))
    assert _barriers(_kernel(ir.For(LoopVar("i", 4), (position, add)), buffers="where x table")) == 1


def test_what_one_thread_stores_is_waited_for() -> None:
    store = ir.Store("s", 0, _load("x", 0))
    read_by_all = ir.Let("v", _load("s", 0))
    use = _simd(J, ir.Store("y", AT_J, Var("v", F64)))
    assert _barriers(_kernel(ir.Alloc("s", F64, 1), store, read_by_all, use, buffers="x y")) == 1
    assert (
        _barriers(_kernel(ir.Alloc("s", F64, 1), store, ir.Store("s", 0, _load("s", 0)), use_nothing(), buffers="x y"))
        == 0
    )


def use_nothing() -> ir.For:
    """A loop over lanes that touches nothing else."""
    return _simd(J, ir.Store("y", AT_J, _load("x")))


def test_the_next_iteration_waits_for_the_readers_of_the_last() -> None:
    outer = LoopVar("o", 5)
    write = _simd(J, ir.Store("s", AT_J, _load("x")))
    read = _simd(J, ir.Store("y", AT_J, _load("s", sz.add(99, sz.mul(AT_J, -1)))))
    body = (ir.Alloc("s", F64, 100), ir.For(outer, (write, read), "parallel"))
    assert _barriers(_kernel(*body, buffers="x y")) == 2


def test_opencl_has_no_barrier_under_a_condition() -> None:
    k, at = LoopVar("k", 3), LoopVar("at", 9)
    shifted = sz.add(AT_J, sz.mul(Size.of(k), 7))
    inner = ir.For(k, (_simd(J, ir.Store("y", shifted, _load("y", shifted) + _load("x"))),))
    branch = ir.If(_load("x", Size.of(at)) > 0, (inner,))
    kernel = _kernel(ir.For(at, (branch,)), buffers="x y")
    for dialect, guard in ((CUDA, "if (x[at] > 0.0) {"), (OPENCL, "if (mask_1) {")):
        text = "\n".join(GpuPrinter(dialect).kernel(kernel))
        assert text.count(dialect.barrier) == 1
        assert (text.index(guard) > text.index(dialect.barrier)) == (dialect is OPENCL), text


def test_a_loop_is_waited_for_once() -> None:
    r = LoopVar("r", 7)
    write = _simd(J, ir.Store("s", AT_J, _load("x")))
    read = _load("s", sz.add(99, sz.mul(AT_J, -1)))
    loop = ir.For(r, (_simd(J, ir.Store("y", sz.add(sz.mul(Size.of(r), 100), AT_J), read)),))
    kernel = _kernel(ir.Alloc("s", F64, 100), write, loop, buffers="x y")
    assert _barriers(kernel) == 1
    assert place_barriers(kernel.body, ["x", "y"], lambda s: 32 if in_lanes(s) else 1) == {id(loop)}


def test_a_reduction_waits_in_its_tree_only() -> None:
    fold = _simd(J, ir.Accumulate(("total_acc",), SUM_MONOID, _load("x"), Load("x", 0, F64)))
    body = (ir.Declare("total_acc", SUM_MONOID.init(F64)[0]), fold, ir.Store("y", 0, Var("total_acc", F64)))
    found = place_barriers(body, ["x", "y"], lambda s: 32)
    assert not found
    again = ir.For(LoopVar("o", 3), body, "parallel")
    assert place_barriers((again,), ["x", "y"], lambda s: 32 if in_lanes(s) else 1) == {id(fold)}


# ---------------------------------------------------------------------------------------------------------- launches
def test_how_kernels_are_launched() -> None:
    rows = LoopVar("o", 1000)
    fold = _simd(J, ir.Accumulate(("acc",), SUM_MONOID, _load("x"), Load("x", 0, F64)))
    row = ir.For(
        rows,
        (ir.Declare("acc", SUM_MONOID.init(F64)[0]), fold, ir.Store("y", Size.of(rows), Var("acc", F64))),
        "parallel",
    )
    shape = launch_shape(_kernel(row, buffers="x y"))
    assert (shape.threads, shape.alone, shape.groups, shape.scratch) == (32, False, 1000, ())
    plain = ir.For(rows, (ir.Store("y", Size.of(rows), _load("x", Size.of(rows))),), "parallel")
    shape = launch_shape(_kernel(plain, buffers="x y"))
    assert (shape.threads, shape.alone, shape.groups) == (64, True, 16)
    shape = launch_shape(_kernel(ir.Store("y", 0, _load("x", 0)), buffers="x y"))
    assert (shape.threads, shape.alone, shape.groups, shape.always) == (1, False, 1, True)
    large = ir.Alloc("s", F64, 10_000)
    shape = launch_shape(
        _kernel(large, ir.For(rows, (_simd(J, ir.Store("s", AT_J, _load("x"))),), "parallel"), buffers="x")
    )
    assert (shape.scratch, shape.scratch_bytes, shape.most) == (((large, 0),), 80_000, 256)


def test_checks_run_in_parallel() -> None:
    rows, columns = LoopVar("o", 6), LoopVar("q", 1000)
    wrong = Load("ids", sz.add(sz.mul(Size.of(rows), 1000), Size.of(columns)), F64) > 5
    nest = ir.For(rows, (ir.For(columns, (ir.If(wrong, (ir.Fail(4, 0, ()),)),)),))
    shape = launch_shape(spread_checks(_kernel(nest, buffers="ids")))
    assert (shape.alone, shape.extent, shape.groups) == (True, 6000, 94)
    keeps_order = _kernel(ir.For(rows, (ir.Store("y", Size.of(rows), _load("x", 0)),)), buffers="x y")
    assert spread_checks(keeps_order) is keeps_order


# ------------------------------------------------------------------------------------------------------------ source
@pytest.mark.parametrize("arch", ["sm_75", "sm_90"])
def test_cuda_source_needs_no_gpu(arch: str) -> None:
    m, ids = st.matrix("m"), st.lvector("ids")
    softmax = st.exp(m) / st.exp(m).sum(axis=1, keepdims=True)
    outputs = [softmax, st.grad((softmax**2).sum(), m), m[ids].var(axis=0), m.argmax(), m[ids].add(1.0), m @ m.T]
    source = generate_source(outputs, [m, ids], target="cuda")
    assert source.count("__global__") >= 6
    assert compile_cubin(source, arch)[:4] == b"\x7fELF"


def test_kernels_that_differ_in_names_are_one() -> None:
    a, b = st.shared(np.ones(3), "a"), st.shared(np.ones((2, 2)), "b")
    c, rate = st.shared(np.ones(5), "c"), st.scalar("rate")
    updates = {v: v - rate * st.exp(v) for v in (a, c)} | {b: b - rate * st.exp(b) * 2}
    source = generate_source(None, [rate], updates=updates, target="cuda")
    assert (source.count("__global__"), source.count("st_exp_f64(double")) == (3, 1)
    m, n = st.vector("m"), st.vector("n")
    source = generate_source([st.exp(m) + 1, st.exp(n) + 1, st.exp(n) + 2], [m, n], target="cuda")
    assert source.count("__global__") == 2
    for target in DEVICES:
        function = st.compile([st.exp(m) + 1, st.exp(n) + 1], [m, n], target=need(target))
        x, y = np.arange(3.0), np.arange(5.0)
        assert_same(function(x, y), [np.exp(x) + 1, np.exp(y) + 1], bits=False)


def test_compiling_for_a_missing_gpu_says_so() -> None:
    try:
        open_device("cuda")
    except NoDevice:
        x = st.vector("x")
        with pytest.raises(NoDevice, match="cuda-shim"):
            st.compile(x + 1, [x], target="cuda")
    else:
        pytest.skip("this machine has a GPU")


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("c", ("linux", "t1")), ("c", ("j", "o0")), ("c", ("x*/ y\n#error", "st_exp")),
        ("opencl", ("float4", "o0")), ("opencl", ("M_PI", "x*/ y\n#error")),
        ("cuda-shim", ("and", "lane")), ("cuda-shim", ("j0", "x*/ y\n#error")),
    ],
)  # fmt: skip
def test_hostile_names(target: str, names: tuple[str, str]) -> None:
    a, b = st.matrix(names[0]), st.matrix(names[1])
    e = st.exp(a + b)
    function = st.compile([e / e.sum(axis=1, keepdims=True), (a * b).sum(axis=0)], [a, b], target=need(target))
    x, y = np.random.default_rng(7).normal(size=(2, 3, 4))
    softmax, sums = function(x, y)
    np.testing.assert_allclose(softmax, np.exp(x + y) / np.exp(x + y).sum(axis=1, keepdims=True), rtol=1e-13)
    np.testing.assert_allclose(sums, (x * y).sum(axis=0), rtol=1e-13, atol=1e-14)


def test_the_null_device_does_all_but_launch() -> None:
    x = st.vector("x")
    function = st.compile([x * 2, x.sum()], [x], target="null")
    before = open_device("null").counters()
    twice, total = function(np.ones(100_000))
    after = open_device("null").counters()
    made = {name: after[name] - before[name] for name in after}
    assert (twice.shape, total.shape) == ((100_000,), ())
    assert (made["launches"], made["writes"], made["bytes_written"]) == (3, 1, 800_000)
    assert (made["reads"], made["bytes_read"], made["live_bytes"]) == (2, 800_008, 0)
    end = st.compile(st.while_loop(lambda v: v < 10, lambda v: v + 1, x.sum()), [x], target="null")
    end(np.ones(3))
