"""Schedules: the heuristic's choice for each kind of kernel, and replaying a schedule that someone gives."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.schedule import Inner, Lanes, Parallel, Serial, Sink, TwoStage
from symtensor.errors import CompileError
from tests.codegen.generating import generated


def schedules(outputs, inputs):
    return [tuple(type(s) for s in steps) for _, steps, _ in generated(outputs, inputs).builder.log]


def matrix(dtype="float64"):
    return st.tensor("x", dtype=dtype, shape=("m", "n"))


def test_elementwise_runs_lanes_along_the_last_axis():
    x = matrix()
    assert schedules([x + 1], [x]) == [(Sink, Lanes, Parallel)]


def test_row_reductions_run_lanes_along_the_row():
    x = matrix()
    assert schedules([x.sum(axis=1)], [x]) == [(Inner, Lanes, Parallel)]


def test_column_reductions_keep_a_tile_of_accumulators():
    x = matrix()
    made = generated([x.sum(axis=0)], [x])
    ((_, steps, _),) = made.builder.log
    assert isinstance(steps[0], Sink)
    assert steps[0].rows > 1
    (kernel,) = made.program.kernels()
    arrays = [s for s in ir.all_statements(kernel.body) if isinstance(s, ir.Alloc)]
    assert [a.extent for a in arrays] == [steps[0].tile]


def test_scalar_reductions_have_two_stages_unless_they_are_small():
    x, small = matrix(), st.tensor("small", shape=(10, 10))
    assert schedules([x.sum()], [x]) == [(TwoStage, Inner, Lanes, Parallel)]
    assert schedules([small.sum()], [small]) == [(Inner, Lanes, Serial)]


def test_lanes_follow_the_widest_element():
    for dtype, lanes in (("float64", 32), ("float32", 64)):
        x = matrix(dtype)
        ((_, steps, _),) = generated([x * x], [x]).builder.log
        assert Lanes(lanes) in steps


def test_schedules_are_values():
    assert Sink(512, 8) == Sink(512, 8)
    assert repr((Inner(), Lanes(32))) == "(Inner(), Lanes(count=32))"
    assert len({Parallel(1), Parallel(1), Serial()}) == 2


def test_a_given_schedule_is_replayed():
    x = matrix()
    ((name, _, _),) = generated([x.sum(axis=1)], [x]).builder.log
    made = generated([x.sum(axis=1)], [x], schedules=((name, (Inner(), Lanes(8), Serial())),))
    (kernel,) = made.program.kernels()
    assert [s.lanes for s in ir.all_statements(kernel.body) if isinstance(s, ir.For) and s.kind == "simd"] == [8]


def test_a_user_gives_a_schedule_by_the_name_that_the_function_shows():
    x = matrix()
    heuristic = st.compile(x.sum(axis=1), [x])
    (name,) = heuristic.schedule
    function = st.compile(x.sum(axis=1), [x], schedule={name: (Inner(), Lanes(8), Parallel(100))})
    assert function.schedule[name] == (Inner(), Lanes(8), Parallel(100))
    value = np.random.default_rng(0).normal(size=(5, 100))
    np.testing.assert_allclose(function(value), value.sum(axis=1), rtol=1e-13)


def test_a_schedule_for_a_kernel_that_does_not_exist():
    x = matrix()
    with pytest.raises(CompileError) as caught:
        st.compile(x + 1, [x], schedule={"k9": (Serial(),)})
    assert str(caught.value) == (
        "no kernel is named 'k9', which has a schedule\n  hint: the kernels are k1_add"
    )  # fmt: skip


def test_gathered_rows_are_read_along_the_row():
    table, ids = st.matrix("table"), st.lmatrix("ids")
    made = generated([st.take(table, ids, axis=0).sum(axis=1)], [table, ids])
    ((_, steps, _),) = made.builder.log
    assert isinstance(steps[0], Sink)
    narrow = st.tensor("narrow", shape=(None, 3))
    made = generated([st.take(narrow, ids, axis=0).sum(axis=1)], [narrow, ids])
    ((_, steps, _),) = made.builder.log
    assert isinstance(steps[0], Inner)
