"""Random graphs: a few inputs whose sizes are shared by name, then operations on whatever exists already.

Values stay of moderate size, and a tensor is *exact* if every target must give the same bits for it; operations that
jump (comparisons, rounding, argmax) are applied to exact tensors only, so that results can be compared by closeness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

import symtensor as st
from symtensor.errors import BoundsError, DTypeError, ShapeError
from symtensor.ir.node import Tensor

T = TypeVar("T")
SIZES = ("n", "m", "k")
STATIC = 4
FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "int8", "uint8")


@dataclass
class Choices:
    """Decisions by a function that returns a number below its argument."""

    below: Callable[[int], int]

    def of(self, items: Sequence[T]) -> T:
        if not items:
            raise Unsuitable
        return items[self.below(len(items))]

    def chance(self, one_in: int) -> bool:
        return self.below(one_in) == one_in - 1


@dataclass
class RandomGraph:
    """A graph under construction.

    Attributes:
        inputs: leaves.
        pool: every tensor so far.
        exact: those whose bits do not depend on the target.
        log: what was built, for reports.
    """

    choose: Choices
    inputs: list[Tensor] = field(default_factory=list)
    pool: list[Tensor] = field(default_factory=list)
    exact: set[Tensor] = field(default_factory=set)

    def add(self, tensor: Any, exact: bool) -> None:
        tensor = st.as_tensor(tensor)
        if tensor.ndim <= 4 and tensor.dtype.name not in ("float16", "complex64", "complex128"):
            self.pool.append(tensor)
            if exact:
                self.exact.add(tensor)

    def leaf(self) -> None:
        c = self.choose
        rank = c.of((0, 1, 1, 2, 2, 2, 3))
        shape = tuple(c.of((*SIZES, "n", "m", STATIC, 1)) for _ in range(rank))
        dtype = c.of(("float64", "float64", "float64", "float32", "int64", "int32", "int8", "uint8", "bool"))
        tensor = st.tensor(f"x{len(self.inputs)}", dtype, shape)
        self.inputs.append(tensor)
        self.add(tensor, True)

    # ------------------------------------------------------------------------------------------------- choosing
    def some(self, kinds: str = "biuf", least: int = 0, exact: bool = False) -> Tensor:
        """A tensor of the pool, later ones more often."""
        fit = [
            t for t in self.pool if t.dtype.kind in kinds and t.ndim >= least and (not exact or t in self.exact)
        ]  # fmt: skip
        if not fit:
            raise Unsuitable
        recent = fit[-4:]
        return self.choose.of(recent) if self.choose.below(2) else self.choose.of(fit)

    def partner(self, x: Tensor, kinds: str = "biuf") -> Tensor:
        """A tensor that may broadcast with another."""
        fit = [
            t
            for t in self.pool
            if t.dtype.kind in kinds and all(a == b or 1 in (a, b) for a, b in zip(t.shape[::-1], x.shape[::-1]))
        ]
        return self.choose.of(fit)

    def is_exact(self, *tensors: Tensor) -> bool:
        return all(t in self.exact for t in tensors)

    # ------------------------------------------------------------------------------------------------ operations
    def unary(self) -> None:
        x = self.some("f")
        function = self.choose.of(
            (st.tanh, st.sin, st.expit, abs, st.negative, lambda a: st.exp(-a * a), lambda a: st.sqrt(abs(a)),
             lambda a: st.log1p(abs(a)), st.square, st.softplus, lambda a: 1.0 / (1.0 + a * a), st.arctan)
        )  # fmt: skip
        self.add(function(x), function in (abs, st.negative) and self.is_exact(x))

    def binary(self) -> None:
        x = self.some("f")
        y = self.partner(x, "f")
        function = self.choose.of((st.add, st.subtract, st.multiply, st.maximum, st.minimum, st.hypot, st.arctan2))
        exact = function in (st.maximum, st.minimum) and self.is_exact(x, y)
        self.add(function(x, y), exact)

    def with_number(self) -> None:
        x = self.some("f")
        number = self.choose.of((0.0, 1.0, -1.0, 0.5, 2, 3, True))
        function = self.choose.of((st.add, st.subtract, st.multiply, lambda a, b: b - a, lambda a, b: a / 3.0))
        self.add(function(x, number), False)

    def integer(self) -> None:
        x = self.some("iu")
        y = self.partner(x, "iu")
        if {x.dtype.name, y.dtype.name} == {"int64", "uint64"}:
            raise Unsuitable
        function = self.choose.of(
            (st.add, st.subtract, st.multiply, st.floor_divide, st.mod, st.maximum, st.minimum, st.bitwise_and,
             st.bitwise_or, st.bitwise_xor)
        )  # fmt: skip
        self.add(function(x, y), self.is_exact(x, y))

    def integer_unary(self) -> None:
        x = self.some("iu")
        function = self.choose.of((st.negative, abs, st.sign, st.invert, st.square, lambda a: a // 3, lambda a: a % 5))
        self.add(function(x), self.is_exact(x))

    def compare(self) -> None:
        x = self.some("iuf", exact=True)
        y = self.partner(x, x.dtype.kind)
        if y not in self.exact:
            raise Unsuitable
        function = self.choose.of((st.less, st.less_equal, st.equal, st.not_equal, st.greater))
        self.add(function(x, y), True)

    def rounding(self) -> None:
        x = self.some("f", exact=True)
        self.add(self.choose.of((st.floor, st.ceil, st.rint, st.trunc, st.sign))(x), True)

    def logic(self) -> None:
        x = self.some("b")
        y = self.partner(x, "b")
        self.add(self.choose.of((st.logical_and, st.logical_or, st.logical_xor, lambda a, b: ~a))(x, y), True)

    def where(self) -> None:
        c = self.some("b")
        x = self.partner(c, "f")
        y = self.partner(x, "f")
        self.add(st.where(c, x, y), self.is_exact(c, x, y))

    def cast(self) -> None:
        x = self.some()
        wanted = self.choose.of(("float64", "float32", "int64", "int32", "int8", "uint8", "bool"))
        if x.dtype.kind == "f" and wanted not in FLOATS and x not in self.exact:
            raise Unsuitable
        if x.dtype.kind == "f" and wanted == "uint8":
            raise Unsuitable  # negative values: undefined in NumPy itself
        self.add(x.astype(wanted), self.is_exact(x))

    def reduction(self) -> None:
        c = self.choose
        x = self.some("iuf", least=1)
        count = 1 + c.below(x.ndim)
        axes = tuple(sorted({c.below(x.ndim) for _ in range(count)}))
        axis: Any = c.of((axes, axes, None, -1))
        keepdims = bool(c.below(2))
        name = c.of(("sum", "mean", "max", "min", "var", "prod", "all", "any", "logsumexp", "argmax", "argmin", "std"))
        if name in ("argmax", "argmin"):
            if x not in self.exact:
                raise Unsuitable
            axis = axes[0]
        if name in ("var", "std", "logsumexp", "mean") and x.dtype.kind != "f":
            name = "sum"
        if name == "prod":
            x = st.tanh(x) if x.dtype.kind == "f" else x
        if name == "std":
            x, name = x, "var"
        result = getattr(st, name)(x, axis=axis, keepdims=keepdims)
        integral = x.dtype.kind in "iu" or name in ("max", "min", "argmax", "argmin")
        if name in ("all", "any") and x not in self.exact:
            raise Unsuitable
        if name in ("sum", "mean") and x.dtype.kind == "f":
            result = result / 4.0
        self.add(result, (integral and self.is_exact(x)) or name in ("all", "any"))

    def softmax(self) -> None:
        x = self.some("f", least=1)
        axis = self.choose.below(x.ndim)
        shifted = st.exp(x - st.max(x, axis=axis, keepdims=True))
        self.add(shifted / st.sum(shifted, axis=axis, keepdims=True), False)

    def matmul(self) -> None:
        x, y = self.some("f", least=1), self.some("f", least=1)
        a, b = x.shape[-1], y.shape[-2 if y.ndim > 1 else 0]
        if a != b or x.ndim + y.ndim > 5:
            y = st.transpose(x)
            if x.ndim > 2:
                raise Unsuitable
        self.add(st.matmul(x, y) / 4.0, False)

    def outer(self) -> None:
        x, y = self.some("f", least=1), self.some("f", least=1)
        if x.ndim > 1 or y.ndim > 1:
            raise Unsuitable
        self.add(st.outer(x, y), False)

    def transpose(self) -> None:
        x = self.some(least=1)
        axes = list(range(x.ndim))
        for k in range(x.ndim - 1):
            other = k + self.choose.below(x.ndim - k)
            axes[k], axes[other] = axes[other], axes[k]
        self.add(st.transpose(x, tuple(axes)), self.is_exact(x))

    def reshape(self) -> None:
        x = self.some(least=1)
        c = self.choose
        kind = c.below(4)
        if kind == 0:
            result = st.ravel(x)
        elif kind == 1:
            result = st.reshape(x, (-1, x.shape[-1]))
        elif kind == 2:
            result = st.expand_dims(x, c.below(x.ndim + 1))
        else:
            result = st.reshape(x, x.shape[:-1] + (1, x.shape[-1]))
        self.add(result, self.is_exact(x))

    def slicing(self) -> None:
        x = self.some(least=1)
        c = self.choose
        index: list[Any] = []
        for _ in range(x.ndim):
            step = c.of((1, 1, 1, 2, -1, -2, 3))
            start = c.of((None, None, 0, 1, -2, 2))
            stop = c.of((None, None, None, -1, 3, 5))
            index.append(c.of((slice(None), slice(start, stop, step), slice(start, stop, step), 0, -1, None)))
        self.add(x[tuple(index)], self.is_exact(x))

    def concatenate(self) -> None:
        x = self.some("f", least=1)
        axis = self.choose.below(x.ndim)
        same = [
            t for t in self.pool if t.ndim == x.ndim and t.dtype.kind == x.dtype.kind
            and all(a == b for k, (a, b) in enumerate(zip(t.shape, x.shape)) if k != axis)
        ]  # fmt: skip
        y = self.choose.of(same)
        parts = [x, y] if self.choose.below(2) else [y, x, x]
        self.add(st.concatenate(parts, axis), self.is_exact(x, y))

    def stack(self) -> None:
        x = self.some("f")
        same = [t for t in self.pool if t.shape == x.shape and t.dtype.kind == x.dtype.kind]
        y = self.choose.of(same)
        self.add(st.stack([x, y], self.choose.below(x.ndim + 1)), self.is_exact(x, y))

    def take(self) -> None:
        x = self.some(least=1)
        index = self.some("iu", exact=True)
        axis = self.choose.below(x.ndim)
        size = x.shape[axis]
        if index.ndim + x.ndim > 4:
            raise Unsuitable
        safe = index.astype("int64") % st.maximum(st.as_tensor(size), 1)
        self.add(st.take(x, safe, axis), self.is_exact(x))

    def scatter(self) -> None:
        x = self.some("f", least=1)
        index = self.some("iu", exact=True)
        if index.ndim != 1:
            raise Unsuitable
        rows = x.shape[0]
        safe = index.astype("int64") % st.maximum(st.as_tensor(rows), 1)
        self.add(st.scatter_add(x, safe, st.tanh(st.take(x, safe, 0))), False)

    def update(self) -> None:
        x = self.some("f", least=1)
        c = self.choose
        index = tuple(c.of((slice(None), slice(1, None), slice(None, None, 2), slice(None, -1))) for _ in range(x.ndim))
        part = x[index]
        self.add(part.set(part * 2.0) if c.below(2) else part.add(part * 0.5), False)

    def pad(self) -> None:
        x = self.some("f", least=1)
        self.add(st.pad(x, self.choose.of((1, (0, 2), (2, 1)))), self.is_exact(x))

    def broadcast(self) -> None:
        x = self.some("f")
        if x.ndim > 2:
            raise Unsuitable
        self.add(st.broadcast_to(x, (3, *x.shape)), self.is_exact(x))

    def sizes(self) -> None:
        x = self.some(least=1)
        axis = self.choose.below(x.ndim)
        size = x.shape[axis]
        self.add(self.choose.of((lambda: st.arange(size), lambda: st.as_tensor(size), lambda: st.eye(size)))(), True)

    def gradient(self) -> None:
        x = self.some("f")
        if x.op.name in ("input", "constant"):
            raise Unsuitable
        leaves = [i for i in self.inputs if i.dtype.kind == "f"]
        if not leaves:
            raise Unsuitable
        wrt = self.choose.of(leaves)
        self.add(st.grad(st.sum(st.tanh(x)), wrt, disconnected_inputs="ignore"), False)


class Unsuitable(Exception):
    """An operation that cannot be applied to what there is."""


OPERATIONS = (
    "unary", "unary", "unary", "binary", "binary", "binary", "with_number", "integer", "integer_unary", "compare",
    "rounding", "logic", "where", "cast", "reduction", "reduction", "reduction", "softmax", "matmul", "outer",
    "transpose", "reshape", "slicing", "slicing", "concatenate", "stack", "take", "scatter", "update", "pad",
    "broadcast", "sizes", "gradient",
)  # fmt: skip


def random_graph(below: Callable[[int], int], operations: int) -> tuple[list[Tensor], list[Tensor]]:
    """Outputs and inputs of a random graph.

    Args:
        below: returns a number below its argument; the graph is a function of its answers.
        operations: how many are tried.
    """
    choose = Choices(below)
    graph = RandomGraph(choose)
    for _ in range(2 + choose.below(3)):
        graph.leaf()
    for _ in range(operations):
        try:
            getattr(graph, choose.of(OPERATIONS))()
        except (Unsuitable, ShapeError, BoundsError, DTypeError):
            continue  # not every operation fits what there is; that it is refused well is tested elsewhere
    made = [t for t in graph.pool if t.op.name != "input"] or graph.pool
    outputs = [choose.of(made) for _ in range(1 + choose.below(3))] + made[-1:]
    return list(dict.fromkeys(outputs)), graph.inputs


def random_values(inputs: Sequence[Tensor], sizes: dict[str, int], rng: np.random.Generator) -> list[np.ndarray]:
    """Values for the inputs at these sizes."""
    arrays = []
    for leaf in inputs:
        shape = tuple(s if isinstance(s, int) else sizes[str(s)] for s in leaf.shape)
        if leaf.dtype.kind == "b":
            arrays.append(rng.random(shape) > 0.5)
        elif leaf.dtype.kind == "f":
            arrays.append(rng.uniform(-2, 2, shape).astype(leaf.dtype))
        else:
            arrays.append(rng.integers(0 if leaf.dtype.kind == "u" else -9, 10, shape).astype(leaf.dtype))
    return arrays
