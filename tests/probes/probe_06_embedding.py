"""Probe 6: an embedding: gather rows of a shared table, average them, scatter-add the gradient back into the table."""

import numpy as np
import pytest

import symtensor as st
from tests.probes.harness import assert_close

WORDS, WIDTH = 50, 6


def start():
    return np.random.default_rng(3).normal(size=(WORDS, WIDTH))


def graph(table):
    ids, slope = st.lmatrix("ids"), st.matrix("slope")
    rows = st.take(table, ids, axis=0)
    pooled = rows.mean(axis=1)
    rows_gradient = st.grad((pooled * slope).sum(), rows)
    return pooled, table[ids].add(-0.1 * rows_gradient), [ids, slope]


def build():
    pooled, moved, inputs = graph(st.shared(start(), "table"))
    return [pooled, moved], inputs


def compile_step(target):
    table, steps = st.shared(start(), "table"), st.shared(0, "steps")
    pooled, moved, inputs = graph(table)
    return st.compile(pooled, inputs, updates={table: moved, steps: steps + 1}, target=target), table, steps


def reference(table, ids, slope):
    moved = table.copy()
    np.add.at(moved, ids, np.broadcast_to(-0.1 * slope[:, None] / ids.shape[1], (*ids.shape, WIDTH)))
    return table[ids].mean(axis=1), moved


def sample(rng, batch, length):
    return rng.integers(-WORDS, WORDS, size=(batch, length)), rng.normal(size=(batch, WIDTH))


def test_training(target):
    step, table, steps = compile_step(target)
    rng = np.random.default_rng(4)
    want = start()
    for count, size in enumerate([(3, 4), (1, 1), (64, 20), (0, 3)], 1):
        ids, slope = sample(rng, *size)
        pooled, want = reference(want, ids, slope)
        assert_close(step(ids, slope), pooled, 1e-13)
        assert_close(table.get_value(), want, 1e-13)
        assert steps.get_value() == count


@pytest.mark.parametrize("bad", [WORDS, -WORDS - 1, 2**40, -(2**62)])
def test_an_index_out_of_range_changes_nothing(target, bad):
    step, table, steps = compile_step(target)
    ids, slope = sample(np.random.default_rng(5), 8, 4)
    ids[7, 3] = bad  # the last that is read
    with pytest.raises(IndexError, match=str(bad)):
        step(ids, slope)
    assert np.array_equal(table.get_value(), start())
    assert steps.get_value() == 0
    ids[7, 3] = 0
    step(ids, slope)
    assert_close(table.get_value(), reference(start(), ids, slope)[1], 1e-13)
    assert steps.get_value() == 1


def test_gradient_in_the_table(target):
    table = st.shared(start(), "table")
    ids, slope = st.lmatrix("ids"), st.matrix("slope")
    cost = (st.take(table, ids, axis=0).mean(axis=1) * slope).sum()
    gradient = st.compile(st.grad(cost, table), [ids, slope], target=target)
    for size in [(3, 4), (100, 7)]:
        arguments = sample(np.random.default_rng(6), *size)
        want = np.zeros((WORDS, WIDTH))
        np.add.at(want, arguments[0], np.broadcast_to(arguments[1][:, None] / size[1], (*size, WIDTH)))
        assert_close(gradient(*arguments), want, 1e-13)
