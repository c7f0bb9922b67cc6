"""``fn.profile``: every step is there, with its counts; shared variables and ordinary compilations notice nothing."""

from __future__ import annotations

import json
import pathlib
import pickle
import sys

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import timing
from symtensor.errors import CheckError
from symtensor.inspect.profile import Event, Profile, ProfileRow

TARGETS = ("c", "numpy", "cuda-shim", "null")
LINE = sys._getframe().f_lineno + 5  # of the product


def network() -> tuple[st.Function, st.Function]:
    x, w = st.matrix("x"), st.shared(np.ones((300, 200)), "w")
    product = x @ w
    return st.compile(st.tanh(product).sum(axis=0), [x], updates={w: w * 0.5}, name="net"), w


def test_each_step_is_counted() -> None:
    f, _ = network()
    profile = f.profile(np.ones((400, 300)))
    (product,) = [row for row in profile.rows if row.kind == "matrix product"]
    assert product.flops == 2 * 400 * 300 * 200
    assert (product.read, product.written) == (8 * (400 * 300 + 300 * 200), 8 * 400 * 200)
    assert product.line == f"test_profile.py:{LINE}"
    assert [row.runs for row in profile.rows if row.kind == "kernel"] == [1, 1]
    assert all(row.seconds > 0 and row.itemsize == 8 for row in profile.rows)
    assert sum(row.seconds for row in profile.rows) <= profile.inside <= profile.seconds
    assert product.bytes_per_second == pytest.approx(product.bytes / product.seconds)
    assert product.flops_per_second == pytest.approx(product.flops / product.seconds)
    assert product.roofline is not None
    assert product.roofline > 0


@pytest.mark.parametrize("target", TARGETS)
def test_runs_in_a_loop_are_added(target: str) -> None:
    x, w = st.matrix("x"), st.matrix("w")
    states, _ = st.scan(lambda h, w: st.tanh(h @ w), outputs_info=x, non_sequences=w, n_steps=7)
    f = st.compile(states[-1], [x, w], target=target)
    profile = f.profile(np.ones((40, 300)), w=np.full((300, 300), 0.01))
    assert 7 in [row.runs for row in profile.rows if "tanh" in row.computes]
    assert len(profile.events) == sum(row.runs for row in profile.rows)
    assert (profile.roof is None) == (target != "c")


@pytest.mark.parametrize("target", TARGETS)
def test_shared_variables_are_left_as_they_were(target: str) -> None:
    count = st.shared(np.arange(3.0), "count")
    f = st.compile(count.sum(), updates={count: count + 1}, target=target)
    assert f.profile().calls >= 3
    np.testing.assert_array_equal(count.get_value(), np.arange(3.0))
    assert f() == (0 if target == "null" else 3)  # the null device launches nothing


def test_after_an_error_too() -> None:
    x, count = st.vector("x"), st.shared(0.0, "count")
    f = st.compile(st.check(x > 0, "positive", x), [x], updates={count: count + 1})
    with pytest.raises(CheckError, match="positive"):
        f.profile([-1.0])
    assert count.get_value() == 0


def test_containers_defaults_and_copies() -> None:
    x, k = st.vector("x"), st.scalar("k")
    f = st.compile({"y": [x * k]}, [{"a": x}, st.In(k, 2.0)])
    for each in (f, f.copy(), pickle.loads(pickle.dumps(f))):
        assert [row.bytes for row in each.profile({"a": [1.0, 2.0]}).rows] == [2 * 16 + 8]


def test_an_ordinary_function_has_no_clock() -> None:
    x = st.vector("x")
    f = st.compile(x + 1, [x])
    before = f.source
    f.profile([1.0])
    assert f.source == before
    assert "st_clock" not in before
    assert "st_note(st_log, 0, st_begin_0);" in st.compile(x + 1, [x], mode="profile").source


def test_a_size_that_is_found_on_the_way_leaves_bytes_open() -> None:
    x = st.vector("x")
    (found,) = st.nonzero(x > 0)
    profile = st.compile(st.exp(st.take(x, found)), [x]).profile(np.arange(5.0))
    last = profile.rows[-1]
    assert "exp" in last.computes
    assert (last.bytes, last.bytes_per_second, last.roofline) == (None, None, None)


def test_the_trace_opens_in_a_browser(tmp_path: pathlib.Path) -> None:
    f, _ = network()
    profile = f.profile(np.ones((4, 300)))
    profile.chrome_trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    call, *steps = trace["traceEvents"]
    assert (call["name"], call["cat"], call["ts"]) == ("net", "call", 0)
    assert [step["name"] for step in steps] == [profile.rows[e.row].name for e in profile.events]
    assert all(s["ts"] >= 0 and s["ts"] + s["dur"] <= call["dur"] + 1e-6 and s["ph"] == "X" for s in steps)
    assert "product = x @ w" in steps[0]["args"]["line"]


def test_the_table() -> None:
    rows = (
        ProfileRow("k1_exp", "kernel", ("exp",), 1, 1e-5, 8000, 8000, 1000, 8, (("/home/me/f.py", 3),), 5e-6),
        ProfileRow("potrf", "library", tuple("abcde"), 2, 3e-3),
    )
    events = (Event(0, 0, 10_000), Event(1, 11_000, 1_500_000), Event(1, 1_500_000, 3_000_000))
    profile = Profile("f", "c", 1, 20, 4e-3, 3.02e-3, rows, events)
    assert str(profile) == (
        "f: 4.00 ms a call, the fastest of 20; target c\n"
        "3.01 ms in steps, 10.00 us between them, 980.00 us around them\n"
        "step        time  share  runs  GB/s  GFLOP/s  roofline  computes         at\n"
        "potrf    3.00 ms    75%     2     -        -         -  a, b, c, d, ...\n"
        "k1_exp  10.00 us     0%     1   1.6      0.1       50%  exp              f.py:3"
    )


def test_more_events_than_there_is_room_for() -> None:
    x = st.matrix("x")
    steps = timing.EVENTS + 10
    end = st.scan(lambda h: st.tanh(h @ h), outputs_info=x, n_steps=steps)[0][-1]
    profile = st.compile(end, [x]).profile(np.eye(70) / 2)
    assert max(row.runs for row in profile.rows) == steps
    assert len(profile.events) == timing.EVENTS
