"""The buffer plan: temporaries of disjoint lifetimes share memory, what lives together does not."""

from __future__ import annotations

import itertools

import symtensor as st
from symtensor.codegen.buffers import _lifetimes
from tests.codegen.generating import generated


def chain_of_products(count):
    a = st.tensor("a", shape=("n", "n"))
    y = a
    for _ in range(count):
        y = st.tanh(y @ a)
    return [y], [a]


def test_a_chain_of_products_needs_memory_for_two_matrices():
    made = generated(*chain_of_products(6))
    assert len(made.source.layout.blocks) == 2
    assert "8*n*n" in str(made.source.layout.total)


def test_no_two_tenants_of_a_block_live_at_the_same_time():
    made = generated(*chain_of_products(6))
    live = _lifetimes(made.program, made.program.steps)
    for block in made.source.layout.blocks:
        for a, b in itertools.combinations(block.tenants, 2):
            assert live[a][1] < live[b][0] or live[b][1] < live[a][0]


def test_blocks_are_whole_cache_lines_of_the_arena():
    made = generated(*chain_of_products(3))
    offsets = made.source.layout.offsets()
    assert set(offsets) == {t for b in made.source.layout.blocks for t in b.tenants}
    assert min(map(str, offsets.values())) == "0"


def test_what_a_loop_reads_lives_through_the_loop():
    w, x0 = st.matrix("w"), st.matrix("x0")
    scaled = st.exp(w @ w)
    xs, _ = st.scan(lambda x, scaled: st.tanh(x @ scaled), outputs_info=[x0], non_sequences=[scaled], n_steps=5)
    made = generated([xs[-1]], [w, x0])
    live = _lifetimes(made.program, made.program.steps)
    name = next(n for n in live if n.startswith("exp"))
    inside = [n for n, s in made.program.storages.items() if s.kind == "temporary" and n in live and n != name]
    block = next(b for b in made.source.layout.blocks if name in b.tenants)
    overlapping = [n for n in inside if live[n][0] <= live[name][1] and live[name][0] <= live[n][1]]
    assert overlapping
    assert not set(overlapping) & set(block.tenants)
