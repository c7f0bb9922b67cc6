"""Scatters: rows added in order by owners, and what is computed once for many rows."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen import loop_ir as ir
from symtensor.codegen.scatter import OWNERS
from tests.codegen.generating import generated


def scatter(made):
    (kernel,) = [k for k in made.program.kernels() if "scatter" in k.name or "index" in k.name][-1:]
    return kernel


def test_owners_are_dealt_out_in_ranges():
    base, ids, rows = st.matrix("base"), st.lvector("ids"), st.matrix("rows")
    kernel = scatter(generated([base[ids].add(rows)], [base, ids, rows]))
    loop = kernel.body[-1]
    assert (loop.kind, loop.joint, loop.var.extent) == ("parallel", True, OWNERS)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_row_for_many_positions_is_computed_once(dtype):
    base, row = st.tensor("base", dtype, (None, None)), st.tensor("row", dtype, (None, None))
    ids = st.lmatrix("ids")
    update = st.broadcast_to((st.exp(row) / 3)[:, None, :], (ids.shape[0], ids.shape[1], base.shape[1]))
    output = base[ids].add(update)
    kernel = scatter(generated([output], [base, ids, row]))
    statements = ir.all_statements(kernel.body)
    (alloc,) = [s for s in statements if isinstance(s, ir.Alloc)]
    stores = [s for s in statements if isinstance(s, ir.Store)]
    assert [s.buffer == alloc.name for s in stores] == [True, False]
    rng = np.random.default_rng(0)
    function = st.compile(output, [base, ids, row])
    for n, m, k, width in [(5, 4, 7, 37), (1, 1, 0, 3), (300, 20, 11, 64), (2, 0, 3, 5)]:
        x, r = rng.normal(size=(n, width)).astype(dtype), rng.normal(size=(m, width)).astype(dtype)
        at = rng.integers(-n, n, (m, k))
        expected = x.astype("float64")
        np.add.at(expected, at, (np.exp(r.astype("float64")) / 3)[:, None, :])
        np.testing.assert_allclose(function(x, at, r), expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-5)


def test_what_differs_for_each_position_is_not_kept():
    base, ids, rows = st.matrix("base"), st.lvector("ids"), st.matrix("rows")
    kernel = scatter(generated([base[ids].add(st.exp(rows))], [base, ids, rows]))
    assert not any(isinstance(s, ir.Alloc) for s in ir.all_statements(kernel.body))


def test_any_number_of_threads_gives_the_same_bits():
    base, ids, rows = st.fmatrix("base"), st.lvector("ids"), st.fmatrix("rows")
    rng = np.random.default_rng(1)
    x, r = rng.normal(size=(97, 33)).astype("float32"), rng.normal(size=(20_000, 33)).astype("float32")
    at = rng.integers(0, 97, 20_000)
    one, two = (st.compile(base[ids].add(rows), [base, ids, rows], threads=n)(x, at, r) for n in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("threads", [1, 2])
def test_single_elements_are_added_a_block_at_a_time_in_order(threads):
    base, ids, x = st.vector("base", dtype="float32"), st.lvector("ids"), st.vector("x", dtype="float32")
    function = st.compile(base[ids].add(st.exp(x) * 3), [base, ids, x], threads=threads)
    rng = np.random.default_rng(2)
    for n, m in [(1, 0), (3, 1), (100, 511), (100, 512), (7, 513), (1000, 50_000)]:
        b, v = rng.normal(size=n).astype("float32"), rng.normal(size=m).astype("float32")
        i = rng.integers(-n, n, m)
        updates = st.compile(st.exp(x) * 3, [x])(v)
        want = b.copy()
        np.add.at(want, i, updates)
        np.testing.assert_array_equal(function(b, i, v), want)
