"""The gamma function's family and the inverse of erf: what densities and their gradients are made of.

SciPy is no dependency, so the references stand here: slower, by other formulas than the generated code.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from symtensor import dtypes
from symtensor.errors import GradientError, located
from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ir.scalar import Const, Expr, call, select
from symtensor.ops.declare import INPUT, SHARED, Elementwise, as_tensor, cast, elementwise, helper, inexact_type
from symtensor.ops.elementwise import less, real_type, where
from symtensor.ops.functions import exp, float_pair_type, sin
from symtensor.ops.functions import vectorised as _vectorised

LOG_ROOT_TAU = 0.5 * math.log(2 * math.pi)
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798)
"""B2, B4, ... of Euler's summation formula."""
SHIFT = 10  # terms that are summed one by one before Euler's formula takes over
STIRLING = 8.0  # from here on Stirling's series of that many terms is exact to the last place


def _positive_float(operands: Sequence[Any]) -> Any:
    return inexact_type(real_type(operands)[0])


# ----------------------------------------------------------------------------------------------------- references
def _lgamma(x: float) -> float:
    if x == -math.inf or (x <= 0 and x == math.floor(x)):
        return math.inf
    try:
        return math.lgamma(x)
    except OverflowError:
        return math.inf


def _zeta(s: float, q: float) -> float:
    """Hurwitz zeta function by Euler's summation formula, as Cephes does it."""
    if math.isnan(s) or math.isnan(q) or s < 1:
        return math.nan
    if s == 1 or q == 0:
        return math.inf
    if q < 0:
        return math.inf if math.isinf(q) or q == math.floor(q) else math.nan
    if math.isinf(q):
        return 0.0
    try:
        total = math.fsum((q + k) ** -s for k in range(2 * SHIFT))
    except OverflowError:
        return math.inf
    if math.isinf(total) or s > 1e3:
        return total
    a = q + 2 * SHIFT
    total += a ** (1 - s) / (s - 1) + 0.5 * a**-s
    factor = s
    for k, b in enumerate(BERNOULLI):
        total += b * factor * a ** (-s - 2 * k - 1) / math.factorial(2 * k + 2)
        factor *= (s + 2 * k + 1) * (s + 2 * k + 2)
    return total


def _digamma(x: float) -> float:
    if math.isnan(x) or x == -math.inf or (x < 0 and x == math.floor(x)):
        return math.nan
    if x == 0 or math.isinf(x):
        return math.copysign(math.inf, -x) if x == 0 else x
    if x < 0:
        return _digamma(1 - x) - math.pi / math.tan(math.pi * math.fmod(x, 1))
    total = 0.0
    while x < 20:
        total -= 1 / x
        x += 1
    return total + math.log(x) - 0.5 / x - sum(b / ((2 * k + 2) * x ** (2 * k + 2)) for k, b in enumerate(BERNOULLI))


def _erfinv(y: float) -> float:
    if not abs(y) < 1:
        return math.copysign(math.inf, y) if abs(y) == 1 else math.nan
    tail = math.log1p(-y * y)
    t = 2 / (math.pi * 0.147) + tail / 2  # Winitzki's start, then Halley's steps on the smaller tail
    x = math.copysign(math.sqrt(math.sqrt(t * t - tail / 0.147) - t), y) if y else y
    for _ in range(4):
        gap = math.erf(x) - y if abs(y) < 0.5 else math.copysign(1, y) * ((1 - abs(y)) - math.erfc(abs(x)))
        step = gap * math.sqrt(math.pi) / 2 * math.exp(x * x)
        x -= step / (1 + x * step)
    return x


def _log_ndtr(x: float) -> float:
    if x > 0:
        return math.log1p(-0.5 * math.erfc(x * math.sqrt(0.5)))
    if x > -15:
        return math.log(0.5 * math.erfc(-x * math.sqrt(0.5)))
    # Abramowitz and Stegun 26.2.12
    series, term = 1.0, 1.0
    for k in range(1, 12):
        term *= -(2 * k - 1) / (x * x)
        series += term
    return -0.5 * x * x - math.log(-x) - LOG_ROOT_TAU + math.log(series)


def _betaln(x: float, y: float) -> float:
    a, b = max(x, y), min(x, y)
    if math.isnan(x) or math.isnan(y):
        return math.nan
    if a < STIRLING or b <= 0 or math.isinf(a):
        return _lgamma(a) + _lgamma(b) - _lgamma(a + b)
    tail = _stirling_tail(a) - _stirling_tail(a + b)
    return _lgamma(b) - (a - 0.5) * math.log1p(b / a) - b * math.log(a + b) + b + tail


def _stirling_tail(x: Any) -> Any:
    """What log Gamma(x) has beyond (x - 1/2) log x - x + log(2 pi)/2, for large x."""
    inverse = 1 / x
    z = inverse * inverse
    total: Any = None
    for k in reversed(range(len(BERNOULLI))):
        coefficient = BERNOULLI[k] / ((2 * k + 2) * (2 * k + 1))
        total = z * 0 + coefficient if total is None else total * z + coefficient
    return total * inverse


# --------------------------------------------------------------------------------------------------- scalar forms
def _power_of(base: Expr, exponent: Expr) -> Expr:
    """``base ** -exponent``, by products where the exponent is a small whole constant."""
    if isinstance(exponent, Const) and exponent.value == int(exponent.value) and 1 <= exponent.value <= 16:
        inverse = result = 1 / base
        for _ in range(int(exponent.value) - 1):
            result = result * inverse
        return result
    return call("pow", base, -exponent)


def _zeta_scalar(s: Expr, q: Expr) -> Expr:
    total = _power_of(q, s)
    for k in range(1, SHIFT):
        total = total + _power_of(q + k, s)
    few = total
    a = q + SHIFT
    last = _power_of(a, s)
    z = 1 / (a * a)
    # s (s+1) ... (s+2k) B / (2k+2)! a**(-2k-1), from the last term back, each factor taking two more of the product.
    tail: Expr | None = None
    for k in reversed(range(len(BERNOULLI))):
        coefficient = BERNOULLI[k] / math.factorial(2 * k + 2)
        grown = Const(0, q.dtype) if tail is None else z * (s + (2 * k + 1)) * (s + (2 * k + 2)) * tail
        tail = grown + coefficient
    total = total + last * (a / (s - 1) + 0.5 + s / a * tail)  # type: ignore[operator]
    total = select(q.equal(float("inf")), Const(0, q.dtype), select(s > 1e3, few, total))
    infinity, nan = Const(float("inf"), q.dtype), Const(float("nan"), q.dtype)
    pole = q.equal(call("floor", q)) & (q <= 0)
    total = select(q < 0, select(pole, infinity, nan), select(q.equal(0), infinity, total))
    return select(s > 1, total, select(s.equal(1) & q.equal(q), infinity, nan))


def _betaln_scalar(x: Expr, y: Expr) -> Expr:
    a, b = call("max", x, y), call("min", x, y)
    small = call("gammaln", a) + call("gammaln", b) - call("gammaln", a + b)
    total = a + b
    tail = _stirling_tail(a) - _stirling_tail(total)
    far = call("gammaln", b) - (a - 0.5) * call("log1p", b / a) - b * call("log", total) + b + tail
    # With both large, gammaln(b) and b log(a + b) would cancel.
    shared = 0.5 * (2 * LOG_ROOT_TAU - call("log", b)) + b * call("log", b / total) - (a - 0.5) * call("log1p", b / a)
    both = shared + _stirling_tail(b) + tail
    regular = (a >= STIRLING) & (b > 0) & (a < float("inf"))
    return select(regular, select(b >= STIRLING, both, far), small)


# --------------------------------------------------------------------------------------------------- declarations
def _declare(
    name: str, reference: Callable[..., float], vjp: Callable[..., Sequence[Any]], samples: str, cost: float
) -> Elementwise:
    return elementwise(
        name, _vectorised(reference), helper(name), types=_positive_float, vjp=vjp, samples=samples, cost=cost
    )


def _pair_reference(function: Callable[[float, float], float]) -> Callable[..., np.ndarray]:
    def apply(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        x, y = np.broadcast_arrays(x, y)
        values = [function(a, b) for a, b in zip(x.ravel().tolist(), y.ravel().tolist())]
        return np.array(values, "float64").reshape(x.shape).astype(x.dtype)

    return apply


def _ndtr(x: float) -> float:
    return 0.5 * math.erfc(-x * math.sqrt(0.5))


def _density(x: Tensor) -> Tensor:
    return exp(-0.5 * x * x) / math.sqrt(2 * math.pi)


def _erfinv_vjp(g: Tensor, z: Tensor, x: Tensor) -> Sequence[Any]:
    return (g * (0.5 * math.sqrt(math.pi)) * exp(z * z),)


def _zeta_vjp(g: Tensor, z: Tensor, s: Tensor, q: Tensor) -> Sequence[Any]:
    if any(node.op in (INPUT, SHARED) for node in toposort([s])):
        raise GradientError(located("zeta has no derivative in its exponent", s.sites, "make it a constant"))
    return None, -g * s * zeta(s + 1, q)


zeta = elementwise(
    "zeta", _pair_reference(_zeta), _zeta_scalar, types=float_pair_type, vjp=_zeta_vjp, samples="Sp", cost=120
)
gammaln: Elementwise = _declare("gammaln", _lgamma, lambda g, z, x: (g * digamma(x),), "p", 60)
digamma: Elementwise = _declare("digamma", _digamma, lambda g, z, x: (g * polygamma(1, x),), "p", 60)
erfinv = _declare("erfinv", _erfinv, _erfinv_vjp, "u", 30)
ndtr = _declare("ndtr", _ndtr, lambda g, z, x: (g * _density(x),), "r", 24)
log_ndtr = _declare(
    "log_ndtr", _log_ndtr, lambda g, z, x: (g * exp(-0.5 * x * x - z - LOG_ROOT_TAU),), "r", 50
)  # fmt: skip
betaln = elementwise(
    "betaln", _pair_reference(_betaln), _betaln_scalar, types=float_pair_type, commutative=True, samples="pp", cost=200,
    vjp=lambda g, z, x, y: (g * (digamma(x) - digamma(x + y)), g * (digamma(y) - digamma(x + y))),
)  # fmt: skip


def polygamma(n: int, x: Any) -> Tensor:
    """The ``n``-th derivative of ``digamma``: ``(-1)**(n + 1) * n! * zeta(n + 1, x)``.

    Left of 0 the trigamma function is reflected, ``pi**2 / sin(pi*x)**2 - polygamma(1, 1 - x)``; higher orders are NaN
    there.

    >>> import symtensor as st
    >>> st.polygamma(1, st.vector("x")).dtype
    dtype('float64')
    """
    value = as_tensor(x)
    value = cast(value, dtypes.inexact(value.dtype))
    if n < 0:
        raise ValueError(f"polygamma has orders from 0, not {n}")
    if n == 0:
        return digamma(value)
    if n > 1:
        return (-1.0) ** (n + 1) * math.factorial(n) * zeta(n + 1.0, value)
    left = less(value, 0)
    safe = where(left, value, 0.5)
    reflected = (math.pi / sin(math.pi * safe)) ** 2 - zeta(2.0, 1 - safe)
    return where(left, reflected, zeta(2.0, where(left, 1.0, value)))
