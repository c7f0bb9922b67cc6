"""Copies, pickles and files of compiled functions."""

from __future__ import annotations

import copy
import os
import pathlib
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import symtensor as st
from symtensor.runtime import processor


@pytest.fixture(params=["numpy", "c"])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


def training_step(target: str) -> tuple[Any, Any]:
    x, t = st.matrix("x"), st.tensor("t", shape=("n",))
    w = st.shared(np.zeros(3), "w")
    loss = (st.log(1 + st.exp(x @ w)) * t).sum() + (st.constant(np.arange(100.0)) * 0).sum()
    step = st.compile({"loss": loss}, [x, t], updates={w: w - 0.1 * st.grad(loss, w)}, target=target, name="step")
    return step, w


VALUE = (np.arange(6.0).reshape(2, 3), np.ones(2))


def test_a_pickle_has_state_of_its_own(target: str) -> None:
    step, w = training_step(target)
    step(*VALUE)
    twin = pickle.loads(pickle.dumps(step))
    before = w.get_value()
    first = twin(*VALUE)["loss"]
    np.testing.assert_array_equal(w.get_value(), before)
    assert step(*VALUE)["loss"] == first
    assert step(*VALUE)["loss"] == twin(*VALUE)["loss"] != first
    with pytest.raises(st.errors.ShapeError, match="given x"):
        twin(VALUE[0], np.ones(3))
    assert repr(twin) == repr(step)
    assert [s.rule for s in twin.explain().rewrites] == [s.rule for s in step.explain().rewrites]
    assert twin.source == step.source


def test_copies_share_variables(target: str) -> None:
    step, w = training_step(target)
    for twin in (copy.copy(step), copy.deepcopy(step), step.copy()):
        before = w.get_value()
        twin(*VALUE)
        assert not np.array_equal(w.get_value(), before)


def test_copy_with_other_variables(target: str) -> None:
    step, w = training_step(target)
    v = st.shared(np.ones(3), "v")
    twin = step.copy(swap={w: v}, name="twin")
    twin(*VALUE)
    np.testing.assert_array_equal(w.get_value(), np.zeros(3))
    assert not np.array_equal(v.get_value(), np.ones(3))
    still = step.copy(delete_updates=True)
    assert still(*VALUE)["loss"] == still(*VALUE)["loss"]
    assert "twin" in repr(twin)


def test_variables_are_shared_within_one_pickle() -> None:
    step, w = training_step("c")
    twin, v = pickle.loads(pickle.dumps((step, w)))
    twin(*VALUE)
    assert v.get_value().any()
    assert not w.get_value().any()


def test_a_file_runs_without_a_compiler(tmp_path: pathlib.Path) -> None:
    step, _ = training_step("c")
    step.save(tmp_path / "step.st")
    code = (
        "import sys, numpy as np, symtensor as st\n"
        "f = st.load(sys.argv[1])\n"
        "print(float(f(np.arange(6.0).reshape(2, 3), np.ones(2))['loss']), st.cache_info().compilations)"
    )
    environment = {**os.environ, "PATH": "/nowhere", "CC": "", "SYMTENSOR_CACHE_DIR": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "step.st")], env=environment, capture_output=True, text=True
    )
    assert run.stderr == ""
    assert run.stdout.split() == [str(float(step(*VALUE)["loss"])), "0"]


def test_on_another_processor_it_is_compiled_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    step, _ = training_step("c")
    data = pickle.dumps(step)
    monkeypatch.setattr(processor, "suits", lambda made_on: False)
    twin = pickle.loads(data)
    assert twin.machine is not None
    assert twin(*VALUE)["loss"] == step(*VALUE)["loss"]


def test_which_processor_suits() -> None:
    system, machine, flags = processor.identity()
    assert processor.suits((system, machine, flags[:3]))
    assert not processor.suits((system, machine, (*flags, "amx_of_tomorrow")))
    assert not processor.suits((system, "pdp11", flags))


def test_damaged_files(tmp_path: pathlib.Path) -> None:
    step, _ = training_step("c")
    path = tmp_path / "step.st"
    step.save(path)
    data = path.read_bytes()
    for bad in (b"", b"text", data[: len(data) // 2]):
        path.write_bytes(bad)
        with pytest.raises(st.errors.SymtensorError):
            st.load(path)
