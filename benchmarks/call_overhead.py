"""Cost of one call on ten elements: symtensor, NumPy and the hand-written C through cffi, in turn.

usage: python -m benchmarks.call_overhead
"""

from __future__ import annotations

import statistics

import numpy as np

import symtensor as st
from benchmarks import hand
from benchmarks.timing import alternate, ratio


def main() -> None:
    x, y = np.arange(10.0), np.empty(10)
    a, b, c = np.random.default_rng(0).random((3, 10))
    X, A, B, C = (st.vector(name) for name in ("x", "a", "b", "c"))
    one = st.compile(X + 1, [X])
    three = st.compile([A * B + C, A - C], [A, B, C])
    hand.set_threads(1)
    pairs = {
        "x + 1": {
            "symtensor": lambda: one(x),
            "NumPy": lambda: x + 1,
            "hand C, cffi, output kept": hand.bind("plus_one", (x,), (y,)),
        },
        "a * b + c, a - c": {"symtensor": lambda: three(a, b, c), "NumPy": lambda: (a * b + c, a - c)},
    }
    for title, contenders in pairs.items():
        seconds = alternate(contenders)
        for name, values in seconds.items():
            against = ratio(values, seconds["NumPy"])
            print(f"{title:18s} {name:26s} {1e9 * statistics.median(values):6.0f} ns  {against:5.2f} x NumPy")


if __name__ == "__main__":
    main()
