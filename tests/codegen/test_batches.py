"""Steps that go through a batch together: which steps join, what becomes private, and that nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

import symtensor as st
from symtensor.codegen.program import Batch, all_steps
from tests.codegen.generating import generated
from tests.codegen.test_sanitizers import sanitized


def attention(q, k, v):
    scores = q @ k.swapaxes(-1, -2) * 0.125
    e = st.exp(scores - scores.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)) @ v


def heads(*names, dtype="float64"):
    return [st.tensor(n, dtype, shape=("b", "h", "t" if n in "qs" else "u", "d")) for n in names]


def batches(made):
    return [s for s in all_steps(made.program.steps) if isinstance(s, Batch)]


def kinds(steps):
    return [type(s).__name__ for s in steps]


def test_attention_goes_through_its_heads_and_keeps_one_heads_scores():
    q, k, v = heads(*"qkv")
    made = generated([attention(q, k, v)], [q, k, v])
    (batch,) = batches(made)
    assert kinds(made.program.steps) == ["Batch"]
    assert kinds(batch.body) == ["Gemm", "Launch", "Gemm"]
    assert str(batch.var.extent) == "b*h"
    assert {str(made.program.storages[n].elements) for n in batch.private} == {"t*u"}
    assert made.source.layout.total == 0


def test_the_gradient_of_attention_shares_the_loop_with_its_value():
    q, k, v, s = heads(*"qkvs")
    out = attention(q, k, v)
    made = generated([out, *st.grad((out * s).sum(), [q, k, v])], [q, k, v, s])
    (batch,) = batches(made)
    assert kinds(batch.body).count("Gemm") == 6
    assert kinds(made.program.steps) == ["Batch"]


def test_a_mask_that_all_heads_share_is_read_whole():
    q, k, v = heads(*"qkv")
    mask = st.tensor("mask", shape=("t", "u"))
    scores = q @ k.swapaxes(-1, -2) + mask
    e = st.exp(scores - scores.max(axis=-1, keepdims=True))
    made = generated([(e / e.sum(axis=-1, keepdims=True)) @ v], [q, k, v, mask])
    (batch,) = batches(made)
    assert "mask" not in batch.private


def test_keys_that_heads_share_are_read_where_they_lie():
    q, v = heads("q", "v")
    k = st.tensor("k", shape=("b", 1, "u", "d"))
    f = st.compile([attention(q, k, v)], [q, k, v])
    values = normal((2, 3, 5, 4), (2, 1, 7, 4), (2, 3, 7, 4))
    np.testing.assert_allclose(f(*values)[0], reference(*values), rtol=1e-12)


def test_what_crosses_the_batch_ends_the_run():
    a, b = (st.tensor(n, shape=("b", "n", "n")) for n in "ab")
    products = a @ b
    mixed = products + products.sum(axis=0)  # each entry needs all of them
    made = generated([mixed @ a], [a, b])
    assert all("Gemm" not in kinds(batch.body)[1:] for batch in batches(made))
    f = st.compile(mixed @ a, [a, b])
    x, y = normal((9, 6, 6), (9, 6, 6))
    np.testing.assert_allclose(f(x, y), (x @ y + (x @ y).sum(axis=0)) @ x, rtol=1e-12)


def test_an_output_between_two_products_stays_an_output():
    a, b = (st.tensor(n, shape=("b", "n", "n")) for n in "ab")
    first = a @ b
    f = st.compile([first, st.tanh(first) @ a], [a, b])
    x, y = normal((10, 7, 7), (10, 7, 7))
    one, two = f(x, y)
    np.testing.assert_allclose(one, x @ y, rtol=1e-12)
    np.testing.assert_allclose(two, np.tanh(x @ y) @ x, rtol=1e-12)


def test_products_alone_of_different_batches_do_not_join():
    a = st.tensor("a", shape=("b", "n", "n"))
    c = st.tensor("c", shape=("k", "n", "n"))
    made = generated([a @ a, c @ c], [a, c])
    assert not batches(made)


def test_the_loop_of_a_scan_may_hold_a_batch():
    x = st.tensor("x", shape=("b", "n", "n"))
    last, _ = st.scan(lambda y: st.softmax(y @ y, axis=-1) @ y, outputs_info=[x], n_steps=3)
    f = st.compile(last[-1], [x])
    (value,) = normal((8, 70, 70))
    expected = value
    for _ in range(3):
        e = np.exp(expected @ expected - (expected @ expected).max(axis=-1, keepdims=True))
        expected = (e / e.sum(axis=-1, keepdims=True)) @ expected
    np.testing.assert_allclose(f(value), expected, rtol=1e-9)


@pytest.mark.parametrize("shape", [(1, 1), (1, 3), (3, 5), (0, 2)])
@pytest.mark.parametrize("length", [1, 40, 300])
def test_any_number_of_entries_gives_the_same_bits_on_any_number_of_threads(shape, length):
    q, k, v = heads(*"qkv", dtype="float32")
    wanted = ((*shape, length, 24), (*shape, length + 1, 24), (*shape, length + 1, 24))
    values = [x.astype("float32") for x in normal(*wanted)]
    results = [st.compile(attention(q, k, v), [q, k, v], threads=n)(*values) for n in (1, 2, 3)]
    np.testing.assert_allclose(results[0], reference(*values), rtol=2e-5, atol=1e-6)
    for other in results[1:]:
        assert np.array_equal(results[0], other)


def test_the_memory_of_a_batch_does_not_grow_with_its_entries():
    q, k, v = heads(*"qkv")
    f = st.compile(attention(q, k, v), [q, k, v])
    small, large = (f.memory.at(q=(b, 8, 32, 16), k=(b, 8, 32, 16), v=(b, 8, 32, 16)) for b in (1, 100))
    assert small.scratch_bytes == large.scratch_bytes == 2 * 32 * 32 * 8


def test_batches_touch_no_byte_beyond_their_memory(tmp_path):
    done = sanitized(
        """
        import numpy as np, symtensor as st
        q, k, v, s = (st.tensor(n, "float32", shape=("b", "t" if n in "qs" else "u", "d")) for n in "qkvs")
        e = st.exp(q @ k.swapaxes(-1, -2))
        out = (e / e.sum(axis=-1, keepdims=True)) @ v
        f = st.compile([out, *st.grad((out * s).sum(), [q, k, v])], [q, k, v, s])
        for b, t, u in ((1, 3, 5), (5, 17, 33), (9, 40, 21)):
            rng = np.random.default_rng(b)
            make = lambda n: rng.normal(size=(b, n, 6)).astype("float32")
            f(make(t), make(u), make(u), make(t))
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def normal(*shapes):
    rng = np.random.default_rng(1)
    return [rng.normal(size=shape) for shape in shapes]


def reference(q, k, v):
    scores = q @ np.swapaxes(k, -1, -2) * 0.125
    if scores.size == 0:
        return np.zeros((*scores.shape[:-1], v.shape[-1]))
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return (e / e.sum(axis=-1, keepdims=True)) @ v


def test_the_search_for_runs_is_linear(monkeypatch):
    """Kernels beside which no product shares a batch to advantage are looked at once, however many they are."""
    from symtensor.codegen import batches as module

    looked: list[int] = []
    original = module._Batches._sliced
    monkeypatch.setattr(module._Batches, "_sliced", lambda self, *a: looked.append(1) or original(self, *a))

    def count(kernels):
        looked.clear()
        rows = [st.tensor(f"x{k}", shape=("b", f"m{k}", f"n{k}")) for k in range(kernels)]
        a = st.tensor("a", shape=("b", "n", "n"))
        generated([*(st.softmax(x, axis=-1) for x in rows), a @ a], [*rows, a])
        return len(looked)

    assert count(40) <= 2 * count(20) + 2
