"""Runs the scalar form of an op in Python, element by element: an oracle for declarations that needs no compiler.

It is strict where C would be lenient: both sides of a select are evaluated, and every load must be in range.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor.ir import size as sz
from symtensor.ir.node import OPS, Tensor
from symtensor.ir.scalar import Call, Const, Expr, Index, LoopVar, ValueIndex, Var
from symtensor.ops.declare import Elementwise, IndexOp, Monoid, Reduction
from symtensor.ops.reference import Environment, size_value


def _scalar(function: Callable[[float], float]) -> Callable[[Any], Any]:
    return lambda x: x.dtype.type(function(float(x)))


def _softplus(x: Any) -> Any:
    return np.logaddexp(x.dtype.type(0), x)


def _expit(x: Any) -> Any:
    return x.dtype.type(1 / (1 + np.exp(-np.float64(x))))


def _divide(x: Any, y: Any) -> Any:
    return np.divide(x, y) if x.dtype.kind == "f" else x.dtype.type(int(x) // int(y))


def _integer_power(x: Any, y: Any) -> Any:
    if x.dtype.kind == "f":
        return np.power(x, y)
    if y < 0:
        return x.dtype.type({1: 1, -1: 1 if y % 2 == 0 else -1}.get(int(x), 0))
    return np.asarray(int(x) ** int(y) % 2**64, "uint64").astype(x.dtype)[()]


SCALAR_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "product": np.multiply, "div": _divide, "neg": np.negative,
    "bit_and": np.bitwise_and, "bit_or": np.bitwise_or, "bit_xor": np.bitwise_xor, "bit_not": np.invert,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor, "not": np.logical_not,
    "max": np.maximum, "min": np.minimum, "abs": np.absolute, "floordiv": np.floor_divide, "mod": np.mod,
    "pow": _integer_power, "fma": lambda a, b, c: a * b + c, "hypot": np.hypot, "arctan2": np.arctan2,
    "expit": _expit, "softplus": _softplus, "log_expit": lambda x: -_softplus(-x),
    "complex": lambda a, b: OPS["join"].reference(a, b),
    "bitwise_count": lambda x: x.dtype.type(np.bitwise_count(x)), "ldexp": lambda x, n: np.ldexp(x, int(n)),
    "frexp_mantissa": lambda x: OPS["frexp_mantissa"].reference(x),
    "frexp_exponent": lambda x: x.dtype.type(OPS["frexp_exponent"].reference(x)),
    **{n: (lambda x, n=n: OPS[n].reference(x)) for n in ("gammaln", "digamma", "erfinv", "ndtr", "log_ndtr")},
    "erf": _scalar(math.erf), "erfc": _scalar(math.erfc),
}  # fmt: skip


def compute(expr: Expr, variables: dict[str, Any], environment: Environment) -> Any:
    """The value of a scalar expression as a NumPy scalar of its dtype.

    Args:
        expr: the expression.
        variables: values of ``Var`` by name.
        environment: values of loop variables and sizes.
    """
    if isinstance(expr, Const):
        return expr.dtype.type(expr.value)
    if isinstance(expr, Var):
        return variables[expr.name]
    if isinstance(expr, Index):
        return np.int64(compute_index(expr.size, variables, environment))
    assert isinstance(expr, Call), expr
    arguments = [compute(a, variables, environment) for a in expr.args]
    if expr.op == "select":
        assert arguments[1].dtype == arguments[2].dtype, f"sides of a select differ: {expr}"
        result = arguments[1] if arguments[0] else arguments[2]
    elif expr.op == "cast":
        result = arguments[0].astype(expr.dtype)
    else:
        function = SCALAR_FUNCTIONS.get(expr.op) or getattr(np, expr.op)
        result = function(*arguments)
    result = np.asarray(result)[()]
    assert result.dtype == expr.dtype, f"{expr} has dtype {expr.dtype}, but its operands give {result.dtype}"
    return result


def compute_index(size: sz.SizeLike, variables: dict[str, Any], environment: Environment) -> int:
    """The value of an index polynomial, computed indices included."""
    known = dict(environment)
    for atom in sz.atoms(size):
        if isinstance(atom, ValueIndex):
            known[atom] = int(compute(atom.value, variables, environment))
    return size_value(size, known)


def run_elementwise(op: Elementwise, arrays: Sequence[np.ndarray]) -> np.ndarray:
    """The op's scalar form on each element of broadcast arrays of the op's own operand dtypes."""
    wide = np.broadcast_arrays(*arrays)
    operands = [Var(f"x{k}", a.dtype) for k, a in enumerate(arrays)]
    expr = op.scalar(*operands)
    with np.errstate(all="ignore"):
        values = [compute(expr, {f"x{k}": a[i] for k, a in enumerate(wide)}, {}) for i in np.ndindex(wide[0].shape)]
    return np.array(values, expr.dtype).reshape(wide[0].shape)


def run_index_op(node: Tensor, arrays: Sequence[np.ndarray], environment: Environment) -> np.ndarray:
    """An index op's element at each index; fails if a load is out of range."""
    assert isinstance(node.op, IndexOp)
    shape = tuple(size_value(s, environment) for s in node.shape)
    variables: dict[str, Any] = {}
    names = itertools.count()
    at = tuple(sz.Size.of(LoopVar(f"i{k}", n)) for k, n in enumerate(node.shape))
    result = np.empty(shape, node.dtype)
    for index in np.ndindex(shape):
        values = dict(environment) | {next(sz.atoms(a)): i for a, i in zip(at, index)}

        def load(k: int, where: tuple[sz.SizeLike, ...], values: Environment = values) -> Expr:
            place = tuple(compute_index(i, variables, values) for i in where)
            extent = arrays[k].shape
            assert len(place) == len(extent), f"input {k} has {len(extent)} axes, but is loaded at {place}"
            name = f"load{next(names)}"
            if 0 in extent:  # no element exists: such a load may be written, but must not be chosen
                variables[name] = _Poison.of(arrays[k].dtype)
            else:
                assert all(0 <= i < n for i, n in zip(place, extent)), f"load of input {k} at {place} of {extent}"
                variables[name] = arrays[k][place]
            return Var(name, arrays[k].dtype)

        result[index] = compute(node.op.at(node, at, load), variables, values)
    return result


class _Poison:
    """A value that no test expects."""

    @staticmethod
    def of(dtype: np.dtype) -> Any:
        return dtype.type(np.nan if dtype.kind == "f" else 77)


def run_monoid(monoid: Monoid, values: Sequence[Any], dtype: np.dtype, parts: int) -> Any:
    """Fold values in ``parts`` interleaved lanes, combine the lanes pairwise, finish."""
    start = [compute(c, {}, {}) for c in monoid.init(dtype)]
    accumulators = [Var(f"a{k}", c.dtype) for k, c in enumerate(monoid.init(dtype))]
    others = [Var(f"b{k}", c.dtype) for k, c in enumerate(monoid.init(dtype))]
    stepped = monoid.step(tuple(accumulators), Var("v", dtype), Var("p", np.dtype("int64")))
    combined = monoid.combine(tuple(accumulators), tuple(others))
    lanes = []
    with np.errstate(all="ignore"):
        for lane in range(parts):
            state = list(start)
            for position in range(lane, len(values), parts):
                named = {f"a{k}": s for k, s in enumerate(state)} | {"v": values[position], "p": np.int64(position)}
                state = [compute(e, named, {}) for e in stepped]
            lanes.append(state)
        while len(lanes) > 1:
            left, right, *rest = lanes
            named = {f"a{k}": s for k, s in enumerate(left)} | {f"b{k}": s for k, s in enumerate(right)}
            lanes = [[compute(e, named, {}) for e in combined], *rest]
        named = {f"a{k}": s for k, s in enumerate(lanes[0])}
        return compute(monoid.finish(tuple(accumulators), Const(len(values), np.dtype("int64"))), named, {})


def run_reduction(op: Reduction, array: np.ndarray, axes: tuple[int, ...], parts: int) -> np.ndarray:
    """A reduction by its monoid, each result on its own."""
    kept = tuple(a for a in range(array.ndim) if a not in axes)
    moved = array.transpose(kept + axes)
    shape = moved.shape[: len(kept)]
    results = [run_monoid(op.monoid, list(moved[i].ravel()), array.dtype, parts) for i in np.ndindex(shape)]
    return np.array(results).reshape(shape)
