"""Tables of equal values: one object a key, let go with the last one who holds it."""

from __future__ import annotations

import gc
import threading

import symtensor as st
from symtensor.ir.interning import InternTable
from symtensor.ir.node import _interned


class Value:
    pass


def test_the_first_value_of_a_key_stays():
    table: InternTable[Value] = InternTable()
    first, second = Value(), Value()
    assert table.setdefault("a", first) is first
    assert table.setdefault("a", second) is first
    assert table.find("a") is first
    assert table.find("b") is None


def test_values_that_nobody_holds_are_forgotten():
    table: InternTable[Value] = InternTable()
    kept = [table.setdefault(k, Value()) for k in range(10)]
    del kept[3:]
    gc.collect()
    assert len(table) == 3
    assert table.find(7) is None
    fresh = Value()
    assert table.setdefault(7, fresh) is fresh


def test_threads_get_one_object():
    table: InternTable[Value] = InternTable()
    found: list[list[Value]] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        found.append([table.setdefault(k, Value()) for k in range(2000)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(all(a is b for a, b in zip(found[0], other)) for other in found[1:])


def test_nodes_leave_the_table_with_the_graph():
    gc.collect()
    before = len(_interned)
    x = y = st.vector("x")
    for _ in range(500):
        y = st.tanh(y) + x
    assert len(_interned) >= before + 1000
    del x, y
    gc.collect()
    assert len(_interned) <= before + 10
