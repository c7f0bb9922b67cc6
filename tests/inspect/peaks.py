"""What the operating system sees grow during a call, beside what ``fn.memory`` says.

usage: python -m tests.inspect.peaks      prints a JSON object: by case, predicted and measured bytes

Each function is compiled here and called once in a fresh child process, so what is measured is the most memory that the
child has, less what a process has that has imported and compiled the same and calls nothing.
"""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable
from typing import Any

import numpy as np

import symtensor as st

RNG = np.random.default_rng(0)
Case = tuple[Any, list[Any], list[np.ndarray]]


def normal(*shape: int, dtype: str = "float64") -> np.ndarray:
    return RNG.standard_normal(shape).astype(dtype)


def softmax() -> Case:
    x = st.fmatrix("x")
    return st.exp(x) / st.exp(x).sum(axis=1, keepdims=True), [x], [normal(8192, 1024, dtype="float32")]


def softmax_of_long_rows() -> Case:
    x = st.fmatrix("x")
    return st.exp(x) / st.exp(x).sum(axis=1, keepdims=True), [x], [normal(3, 3_000_000, dtype="float32")]


def cumulative_sums() -> Case:
    x = st.vector("x")
    total = x
    for _ in range(4):
        total = st.cumsum(st.exp(-total))
    return total, [x], [normal(3_000_000)]


def strided_chain() -> Case:
    x = st.fvector("x")
    return st.exp(-x * x) * 2, [x], [normal(16_000_000, dtype="float32")[::2]]


def transposed_rows() -> Case:
    x = st.fmatrix("x")
    return x - x.mean(axis=1, keepdims=True), [x], [normal(3001, 2000, dtype="float32").T]


def column_variance() -> Case:
    x = st.fmatrix("x")
    return (x - x.mean(axis=0)) / x.std(axis=0), [x], [normal(4096, 2048, dtype="float32")]


def attention_gradient() -> Case:
    q, k, v = (st.ftensor4(name) for name in "qkv")
    weights = st.exp(q @ k.transpose((0, 1, 3, 2)) * 0.125)
    out = (weights / weights.sum(axis=-1, keepdims=True)) @ v
    inputs = [q, k, v]
    return st.grad((out * out).sum(), inputs), inputs, [normal(4, 8, 384, 64, dtype="float32") for _ in inputs]


def product() -> Case:
    x, y = st.matrix("x"), st.matrix("y")
    return x @ y, [x, y], [normal(1500, 1500), normal(1500, 1500)]


def training_step() -> Case:
    weights = [st.matrix(f"w{k}") for k in range(3)]
    x = h = st.matrix("x")
    for w in weights:
        h = st.tanh(h @ w)
    return st.grad((h * h).mean(), weights), [x, *weights], [normal(4096, 512), *(normal(512, 512) for _ in weights)]


def update_of_a_table() -> Case:
    table, rows = st.fmatrix("table"), st.lvector("rows")
    gradient = st.grad((table[rows] ** 2).sum(), table)
    return table - gradient, [table, rows], [normal(100_000, 64, dtype="float32"), RNG.integers(0, 100_000, 200_000)]


def scan_gradient() -> Case:
    x = st.vector("x")
    states, _ = st.scan(lambda state: state + 0.01 * st.sin(state), outputs_info=x, n_steps=100)
    return st.grad((states[-1] ** 2).sum(), x), [x], [normal(20_000)]


def solve() -> Case:
    a, b = st.matrix("a"), st.matrix("b")
    return st.linalg.solve(a, b), [a, b], [normal(1300, 1300) + 100 * np.eye(1300), normal(1300, 700)]


def factorisation() -> Case:
    a = st.matrix("a")
    return st.linalg.qr(a), [a], [normal(1500, 700)]


def cholesky() -> Case:
    a = st.matrix("a")
    return st.linalg.cholesky(a), [a], [np.eye(1500) + 0.5]


CASES: dict[str, Callable[[], Case]] = {
    case.__name__: case
    for case in (
        softmax, softmax_of_long_rows, cumulative_sums, strided_chain, transposed_rows, column_variance,
        attention_gradient, product, training_step, update_of_a_table, scan_gradient, solve, factorisation, cholesky,
    )
}  # fmt: skip


def status(field: str) -> int:
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(field))


def peak(call: Callable[[], Any]) -> int:
    """Bytes that a call adds to a process, at its peak."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with open("/proc/self/clear_refs", "w", encoding="ascii") as file:
            file.write("5")
        before = status("VmRSS")
        call()
        os.write(writing, str(status("VmHWM") - before).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        measured = answer.read()
    os.waitpid(child, 0)
    return int(measured)


def main() -> None:
    found = {}
    for name, case in CASES.items():
        outputs, inputs, arguments = case()
        function = st.compile(outputs, inputs, threads=2)
        plan = function.memory.at(**{leaf.name: a for leaf, a in zip(inputs, arguments)})
        gc.collect()
        found[name] = (plan.peak_bytes, peak(lambda: function(*arguments)))  # noqa: B023 - called at once
    print(json.dumps(found))


if __name__ == "__main__":
    main()
