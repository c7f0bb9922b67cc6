"""Lanes across the reductions of pairs: when they are chosen, what is packed, values, the same bits everywhere."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.schedule import Across, Inner
from symtensor.ir.scalar import Load
from symtensor.optimizer.elements import walk
from tests.codegen.generating import generated, launches
from tests.conftest import need


def points(dtype="float32", coordinates=None):
    """Two sets of points, their coordinates last."""
    return st.tensor("x", dtype, ("n", coordinates)), st.tensor("y", dtype, ("m", coordinates))


def distances(x, y):
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(axis=2)


PROGRAMS = {
    "sum of a kernel function": lambda x, y: st.exp(-distances(x, y) / 2).sum(axis=1),
    "matrix of a kernel function": lambda x, y: st.exp(-distances(x, y) / 2),
    "nearest": lambda x, y: distances(x, y).argmin(axis=1),
    "least of the largest": lambda x, y: st.abs(x[:, None, :] - y[None, :, :]).max(axis=2).min(axis=1),
    "largest coordinate": lambda x, y: st.abs(x[:, None, :] - y[None, :, :]).argmax(axis=2),
    "softmax": lambda x, y: st.softmax(-distances(x, y), axis=1),
    "variances": lambda x, y: (x[:, None, :] - y[None, :, :]).var(axis=2).sum(axis=1),
    "all pairs": lambda x, y: st.exp(-distances(x, y)).sum(),
    "batches": lambda x, y: st.exp(-((x[None, :, None, :] - st.stack([y, 2 * y])[:, None, :, :]) ** 2).sum(axis=3)).sum(
        axis=2
    ),
}


def steps(outputs, inputs):
    return [steps[0] for _, steps, _ in generated(outputs, inputs).builder.log]


@pytest.mark.parametrize("coordinates", [3, None])
def test_sums_over_pairs_pack_one_operand_and_reduce_in_registers(coordinates):
    x, y = points(coordinates=coordinates if coordinates else "d")
    made = generated([PROGRAMS["sum of a kernel function"](x, y)], [x, y])
    ((_, schedule, _),) = made.builder.log
    assert isinstance(schedule[0], Across)
    assert launches(made) == ["k1_sum_y_packed", "k1_sum"]
    kernel = list(made.program.kernels())[1]
    statements = ir.all_statements(kernel.body)
    assert not any(isinstance(s, ir.Alloc) for s in statements), "distances lie in memory"
    (lanes,) = [s for s in statements if isinstance(s, ir.For) and s.kind == "simd"]
    assert sum(isinstance(s, ir.Accumulate) for s in lanes.body) == 1
    (inner,) = [s for s in lanes.body if isinstance(s, ir.For)]
    loads = {e.buffer for s in inner.body for e in walk(list(ir.expressions(s))) if isinstance(e, Load)}
    assert loads == {"x", "y_packed"}


def test_a_result_that_is_read_again_is_kept():
    x, y = points()
    made = generated([PROGRAMS["softmax"](x, y)], [x, y])
    kernel = list(made.program.kernels())[-1]
    assert any(isinstance(s, ir.Alloc) for s in ir.all_statements(kernel.body))


def test_lanes_stay_along_reductions_that_are_long_or_cannot_be_packed():
    x, y = points(coordinates=1000)
    assert steps([distances(x, y)], [x, y]) == [Inner()]
    z = st.tensor("z", "float32", ("n", "m", "d"))
    assert steps([(z * z).sum(axis=2)], [z]) == [Inner()]
    x, y = st.tensor("x", "float32", ("n", "d")), st.tensor("y", "float32", (4, "d"))
    assert steps([distances(x, y)], [x, y]) == [Inner()]


@pytest.mark.parametrize("name", PROGRAMS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_values(name, dtype):
    x, y = points(dtype, "d")
    output = PROGRAMS[name](x, y)
    native, plain = (st.compile(output, [x, y], target=t) for t in ("c", "numpy"))
    rng = np.random.default_rng(1)
    for n, m, d in ((1, 1, 3), (5, 7, 1), (33, 70, 3), (0, 5, 3), (3, 133, 20)):
        given = rng.normal(size=(n, d)).astype(dtype), rng.normal(size=(m, d)).astype(dtype)
        tolerance = 3e-5 if dtype == "float32" else 1e-11
        np.testing.assert_allclose(native(*given), plain(*given), rtol=tolerance, atol=tolerance)


def test_nan_is_kept():
    x, y = points("float32", 3)
    function = st.compile(PROGRAMS["sum of a kernel function"](x, y), [x, y])
    given = np.zeros((4, 3), "float32"), np.zeros((20, 3), "float32")
    given[0][2, 1] = np.nan
    assert np.isnan(function(*given)).tolist() == [False, False, True, False]


def test_any_number_of_threads_gives_the_same_bits():
    x, y = points("float32", "d")
    output = PROGRAMS["sum of a kernel function"](x, y)
    rng = np.random.default_rng(2)
    given = rng.normal(size=(301, 3)).astype("float32"), rng.normal(size=(1001, 3)).astype("float32")
    one, two = (st.compile(output, [x, y], threads=t)(*given) for t in (1, 2))
    assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("target", ["opencl", "cuda-shim"])
@pytest.mark.parametrize("name", ["sum of a kernel function", "matrix of a kernel function", "softmax", "nearest"])
def test_devices_give_the_bits_of_c(target, name):
    x, y = points("float32", "d")
    output = PROGRAMS[name](x, y)
    device, native = (st.compile(output, [x, y], target=t) for t in (need(target), "c"))
    rng = np.random.default_rng(3)
    given = rng.normal(size=(9, 3)).astype("float32"), rng.normal(size=(75, 3)).astype("float32")
    assert np.asarray(device(*given)).tobytes() == np.asarray(native(*given)).tobytes()
