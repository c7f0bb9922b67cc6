"""Schedules: the heuristic's choice for each kind of kernel, and replaying a schedule that someone gives."""

from __future__ import annotations

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.build import Builder
from symtensor.codegen.loops import build_loop
from symtensor.codegen.schedule import Inner, Lanes, Parallel, Serial, Sink, TwoStage
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
    made = generated([x.sum(axis=1)], [x])
    ((name, _, _),) = made.builder.log
    given = {name: (Inner(), Lanes(8), Serial())}
    builder = Builder(made.plan.guards, loop=build_loop, device=False, fma=True, schedules=given)
    builder.store(x, "argument", 0)
    builder.memory.names.fresh("m"), builder.memory.names.fresh("n")
    (launch,) = builder.steps(made.plan)
    assert [s.lanes for s in ir.all_statements(launch.kernel.body) if isinstance(s, ir.For) and s.kind == "simd"] == [8]
