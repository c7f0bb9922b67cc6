"""The contenders as data, and how each one's program becomes a call without arguments.

A contender imports its library first, so that import time and compile time are told apart.
"""

from __future__ import annotations

import dataclasses
import functools
import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks.kind import Arrays, Kind, Row, flat

Call = Callable[[], Any]
Results = Callable[[Any], list[np.ndarray]]


@dataclasses.dataclass(frozen=True)
class Task:
    """What a contender is given.

    Attributes:
        row: what is computed.
        arguments: drawn for this row; a contender may change those that are state.
        threads: cores that it may use.
        wanted: shape and dtype of each result and of the changed state; "f" stands for the row's dtype.
    """

    row: Row
    arguments: Arrays
    threads: int
    wanted: Sequence[tuple[tuple[int, ...], str]]


@dataclasses.dataclass(frozen=True)
class Contender:
    """One column of the table.

    Attributes:
        title: its name on the page.
        program: name of the function of ``Kind`` that it runs.
        imports: modules that are imported first, in order.
        build: makes the call from the task, and what turns its value into results and changed state.
        compiler: whether it compiles array expressions of its user, so that it counts in the mean over compilers.
    """

    title: str
    program: str
    imports: tuple[str, ...]
    build: Callable[[Task], tuple[Call, Results]]
    compiler: bool = False
    only_if: str = ""  # where a kind sets an attribute of this name to None, the contender stays away

    def takes_part(self, kind: type[Kind]) -> bool:
        if self.program == "hand":
            return kind.hand is not None and (kind.blas or self.title == "C")
        return kind.program(self.program) is not None and getattr(kind, self.only_if, True) is not None


def _program(row: Row, name: str) -> Callable[..., Any]:
    program = row.kind.program(name)
    assert program is not None
    return program


def _arrays(values: Any) -> list[np.ndarray]:
    return [np.asarray(value) for value in flat(values)]


def _symtensor(task: Task) -> tuple[Call, Results]:
    import symtensor as st

    inputs = {
        name: st.shared(value, name)
        if name in task.row.kind.state
        else st.tensor(name, str(value.dtype), (None,) * value.ndim)
        for name, value in task.arguments.items()
    }
    results = _program(task.row, "symtensor")(st, **inputs)
    results, updates = results if task.row.kind.state else (results, {})
    given = [name for name in inputs if name not in task.row.kind.state]
    function = st.compile(
        results,
        [inputs[name] for name in given],
        updates={inputs[name]: value for name, value in updates.items()},
        threads=task.threads,
    )
    state = [inputs[name] for name in task.row.kind.state]
    call = functools.partial(function, *(task.arguments[name] for name in given))
    return call, lambda got: _arrays(got) + [np.asarray(variable.get_value()) for variable in state]


def _in_place(task: Task, call: Call) -> tuple[Call, Results]:
    return call, lambda got: _arrays(got) + [np.array(task.arguments[name]) for name in task.row.kind.state]


def _numpy(task: Task) -> tuple[Call, Results]:
    return _in_place(task, functools.partial(_program(task.row, "numpy"), np, **task.arguments))


def _numexpr(task: Task) -> tuple[Call, Results]:
    import numexpr

    numexpr.set_num_threads(task.threads)
    return _in_place(task, functools.partial(_program(task.row, "numexpr"), numexpr, **task.arguments))


def _numba(task: Task) -> tuple[Call, Results]:
    import numba

    numba.set_num_threads(task.threads)
    function = _program(task.row, "numba")(numba, np)
    return _in_place(task, functools.partial(function, *task.arguments.values()))


def _jax(task: Task, program: str = "jax") -> tuple[Call, Results]:
    import jax

    jax.config.update("jax_enable_x64", True)
    given = {name: jax.numpy.asarray(value) for name, value in task.arguments.items()}
    body = functools.partial(_program(task.row, program), jax)
    if not task.row.kind.state:
        function = jax.jit(lambda *values: body(**dict(zip(given, values))))
        values = tuple(given.values())
        return lambda: jax.block_until_ready(function(*values)), _arrays
    state = {name: given.pop(name) for name in task.row.kind.state}
    step = jax.jit(lambda state, given: body(**state, **given), donate_argnums=0)

    def call() -> Any:
        results, new = step(state, given)
        state.update(new)
        return jax.block_until_ready((results, new))[0]

    return call, lambda got: _arrays(got) + [np.asarray(state[name]) for name in task.row.kind.state]


def _torch(task: Task, compiled: bool = False, program: str = "torch") -> tuple[Call, Results]:
    import torch

    torch.set_num_threads(task.threads)
    given = {
        name: torch.from_numpy(value) if value.ndim else torch.tensor(value[()])
        for name, value in task.arguments.items()
    }
    body = functools.partial(_program(task.row, program), torch)
    if compiled:
        body = torch.compile(body)
    return (
        functools.partial(body, **given),
        lambda got: [value.detach().numpy() for value in (*flat(got), *(given[name] for name in task.row.kind.state))],
    )


def _pytensor(task: Task, linker: str = "numba") -> tuple[Call, Results]:
    import pytensor
    import pytensor.tensor as pt

    inputs = {
        name: pytensor.shared(value, name)
        if name in task.row.kind.state
        else pt.tensor(name, dtype=str(value.dtype), shape=(None,) * value.ndim)
        for name, value in task.arguments.items()
    }
    results = _program(task.row, "pytensor")(pt, **inputs)
    results, updates = results if task.row.kind.state else (results, {})
    given = [name for name in inputs if name not in task.row.kind.state]
    function = pytensor.function(
        [inputs[name] for name in given],
        list(results) if isinstance(results, (tuple, list)) else results,
        updates=[(inputs[name], value) for name, value in updates.items()],
        mode="NUMBA" if linker == "numba" else pytensor.compile.mode.Mode(linker="cvm", optimizer="fast_run"),
    )
    function.trust_input = True
    state = [inputs[name] for name in task.row.kind.state]
    call = functools.partial(function, *(task.arguments[name] for name in given))
    return call, lambda got: _arrays(got) + [np.asarray(variable.get_value()) for variable in state]


def _hand(task: Task, blas: str = "openblas") -> tuple[Call, Results]:
    from benchmarks import hand

    call, outputs = hand.bind(task.row, task.arguments, task.threads, task.wanted, blas)
    return call, lambda got: outputs() + [np.array(task.arguments[name]) for name in task.row.kind.state]


CONTENDERS = {
    "c": Contender("C", "hand", (), _hand),
    "c_mkl": Contender("C, MKL", "hand", (), functools.partial(_hand, blas="mkl")),
    "symtensor": Contender("symtensor", "symtensor", ("symtensor",), _symtensor, compiler=True),
    "numpy": Contender("NumPy", "numpy", (), _numpy),
    "numexpr": Contender("numexpr", "numexpr", ("numexpr",), _numexpr, compiler=True),
    "numba": Contender("Numba", "numba", ("numba",), _numba, compiler=True),
    "jax": Contender("JAX", "jax", ("jax", "jax.numpy"), _jax, compiler=True),
    "jax_hinted": Contender(
        "JAX, hinted", "jax_hinted", ("jax", "jax.numpy"), functools.partial(_jax, program="jax_hinted"), compiler=True
    ),
    "pytensor": Contender("PyTensor, Numba", "pytensor", ("pytensor", "pytensor.tensor"), _pytensor, compiler=True),
    "pytensor_c": Contender(
        "PyTensor, C",
        "pytensor",
        ("pytensor", "pytensor.tensor"),
        functools.partial(_pytensor, linker="c"),
        compiler=True,
    ),
    "torch": Contender("torch", "torch", ("torch",), _torch),
    "torch_compile": Contender(
        "torch.compile",
        "torch",
        ("torch", "torch._dynamo"),
        functools.partial(_torch, compiled=True),
        True,
        "torch_compile",
    ),
    "torch_layer": Contender(
        "torch, own layer", "torch_layer", ("torch",), functools.partial(_torch, program="torch_layer")
    ),
}
HAND = ("c", "c_mkl")


def import_all(contender: Contender) -> None:
    for module in contender.imports:
        importlib.import_module(module)
