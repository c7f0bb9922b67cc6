"""Judges of rules: grids of hard values, bitwise comparison, and errors in ulp against mpmath."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import mpmath
import numpy as np

from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ops.reference import evaluate

PRECISION = 2600  # bits: 1 - cos(1e-308) needs twice the exponent range
_F64 = (
    0.0, 5e-324, 1e-310, 2.5e-308, 1e-200, 1e-154, 1e-30, 1e-16, 1e-9, 1e-3, 0.1, 0.5, 0.6931471805599453, 0.999, 1.0,
    1.0000000000000002, 1.5, 2.0, 3.7, 10.0, 37.0, 41.0, 700.0, 709.7, 720.0, 1e4, 1e9, 1e16, 1e100, 1.2e154, 1e200,
    1.7e308, np.inf,
)  # fmt: skip
_F32 = (
    0.0, 1e-45, 1e-40, 1.2e-38, 1e-25, 1e-19, 1e-8, 1e-4, 0.1, 0.5, 0.6931472, 0.999, 1.0, 1.0000001, 1.5, 2.0, 3.7,
    10.0, 17.0, 41.0, 88.0, 88.7, 100.0, 1e4, 1e8, 1.8e19, 1e25, 3e38, np.inf,
)  # fmt: skip


def special_values(dtype: Any, few: bool = False) -> np.ndarray:
    """Hard values of a dtype: NaN, inf, signed zeros, subnormals, huge ones, and what is common between.

    Args:
        dtype: element type.
        few: about every third of them, for rules with three wildcards.
    """
    dtype = np.dtype(dtype)
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = {info.min, info.min + 1, info.max, info.max - 1, 0, 1, 2, 3, 7, info.max // 2}
        return np.array(sorted(values | ({-1, -2, -5} if dtype.kind == "i" else set())), dtype)
    positive = np.array(_F32 if dtype == np.float32 else _F64)
    with np.errstate(all="ignore"):
        if few:
            positive = np.unique(np.append(positive[::4], [1.0, positive[-2], np.inf]))
        return np.concatenate([positive, -positive, [np.nan]]).astype(dtype)


def grid(leaves: Mapping[str, Tensor], most: int = 2) -> dict[Tensor, np.ndarray]:
    """All combinations of special values, one vector a leaf; of fewer values if there are more than ``most`` leaves."""
    columns = []
    for leaf in leaves.values():
        values = special_values(leaf.dtype, few=len(leaves) > most)
        columns.append(values)
    mesh = np.meshgrid(*columns, indexing="ij")
    return {leaf: m.ravel() for leaf, m in zip(leaves.values(), mesh)}


def same_bits(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Elementwise: the same bits, or both NaN."""
    if left.dtype.kind not in "fc":
        return left == right
    same = (left == right) & (np.signbit(left.real) == np.signbit(right.real))
    return same | (np.isnan(left) & np.isnan(right))


# ----------------------------------------------------------------------------------------------------------- mpmath
def _logaddexp(x: Any, y: Any) -> Any:
    return mpmath.log(mpmath.exp(x) + mpmath.exp(y))


EXACT = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, y: x**y,
    "negative": lambda x: -x,
    "absolute": abs,
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
    "exp": mpmath.exp,
    "expm1": lambda x: mpmath.exp(x) - 1,
    "log": mpmath.log,
    "log1p": lambda x: mpmath.log(1 + x),
    "sqrt": mpmath.sqrt,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "sinh": mpmath.sinh,
    "cosh": mpmath.cosh,
    "expit": lambda x: 1 / (1 + mpmath.exp(-x)),
    "log_expit": lambda x: -mpmath.log(1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log(1 + mpmath.exp(x)),
    "logaddexp": _logaddexp,
    "greater": lambda x, y: x > y,
    "sign": mpmath.sign,
    "where": lambda c, x, y: x if c else y,
    "arcsinh": mpmath.asinh,
    "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh,
    "hypot": mpmath.hypot,
    "direction": lambda x, y: x / mpmath.hypot(x, y),
    "sech": mpmath.sech,
    "exp_sum": lambda x, y: mpmath.exp(x + y),
    "expit_difference": lambda x, y: 1 / (1 + mpmath.exp(y - x)),
    "compound": lambda x, n: (1 + x) ** n,
}


def _real(name: str, *operands: Any) -> Any:
    """NaN where a function is not defined among the reals."""
    try:
        value = EXACT[name](*operands)
    except (ZeroDivisionError, ValueError):
        return mpmath.nan
    return value if isinstance(value, (mpmath.mpf, bool)) else mpmath.nan


def exact_value(output: Tensor, values: Mapping[Tensor, np.ndarray]) -> np.ndarray:
    """The output as an array of mpmath numbers, for finite values of the leaves."""
    with mpmath.workprec(PRECISION):
        known = {leaf: _as_mp(array) for leaf, array in values.items()}
        sizes: dict[Any, int] = {}
        for leaf, array in values.items():
            sizes |= {size: n for size, n in zip(leaf.shape, array.shape) if not isinstance(size, int)}
        for node in toposort([output], stop=set(known)):
            if node in known:
                continue
            inputs = [known[i] for i in node.inputs]
            if node.op.name == "constant":
                known[node] = _as_mp(node.attr("value").array)
            elif node.op.name == "size":
                known[node] = _as_mp(np.asarray(float(sizes[node.attr("size")])))
            elif node.op.kind == "elementwise":
                function = np.frompyfunc(partial(_real, node.op.name), len(inputs), 1)
                known[node] = np.asarray(function(*inputs), object)
            elif node.op.name == "max":
                known[node] = np.asarray(np.max(inputs[0], axis=node.attr("axes")), object)
            else:
                known[node] = np.asarray(node.op.reference(*inputs, **dict(node.attrs)), object)
        return known[output]


def _as_mp(array: np.ndarray) -> np.ndarray:
    result = np.empty(array.shape, object)
    for index in np.ndindex(array.shape):
        value = array[index]
        result[index] = value if isinstance(value, mpmath.mpf) else mpmath.mpf(float(value))
    return result


def ulps(got: np.ndarray, exact: np.ndarray, floor: np.ndarray) -> np.ndarray:
    """Error of each element in units in the last place of the exact value, or of ``floor`` where that is larger.

    It is 0 where both are NaN, and where an exact value beyond the range came out as inf.
    """
    info = np.finfo(got.dtype)
    smallest, largest = mpmath.mpf(float(info.smallest_subnormal)), mpmath.mpf(float(info.max))
    errors = np.empty(got.shape)
    with mpmath.workprec(PRECISION):
        for index in np.ndindex(got.shape):
            g, e = float(got[index]), exact[index]
            errors[index] = _ulp_error(g, e, mpmath.mpf(float(floor[index])), smallest, largest, info.nmant)
    return errors


def _ulp_error(g: float, e: Any, floor: Any, smallest: Any, largest: Any, mantissa: int) -> float:
    if mpmath.isnan(e):
        return 0.0 if np.isnan(g) else np.inf
    if abs(e) > largest * (1 + mpmath.mpf(2) ** (-mantissa - 2)):
        return 0.0 if g == (np.inf if e > 0 else -np.inf) else np.inf
    if not np.isfinite(g):
        return np.inf
    magnitude = max(abs(e), floor)
    exponent = mpmath.frexp(magnitude)[1] if magnitude else -5000
    unit = max(smallest, mpmath.mpf(2) ** (exponent - 1 - mantissa))
    return float(abs(mpmath.mpf(g) - e) / unit)


def value(output: Tensor, values: Mapping[Tensor, np.ndarray]) -> np.ndarray:
    """The output by the reference interpreter."""
    return evaluate([output], values)[0]


def rounded_value(output: Tensor, values: Mapping[Tensor, np.ndarray]) -> np.ndarray:
    """The output with each float32 operation rounded correctly, so that a rule is judged and not NumPy's float32."""
    known = dict(values)
    with np.errstate(all="ignore"):
        for node in toposort([output], stop=set(known)):
            if node not in known:
                inputs = [known[i] for i in node.inputs]
                if node.op.kind == "elementwise":
                    inputs = [i.astype("float64") if i.dtype == np.float32 else i for i in inputs]
                known[node] = np.asarray(node.op.reference(*inputs, **dict(node.attrs))).astype(node.dtype)
    return known[output]
