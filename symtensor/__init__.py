"""symtensor: array maths written symbolically in Python, compiled to native code.

>>> import symtensor as st
>>> x = st.vector("x")
>>> y = st.exp(x).sum()
>>> y.dtype
dtype('float64')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import symtensor.ops.implicit  # these three declare ops, which expressions in pickles may hold
import symtensor.ops.stable
import symtensor.ops.supremum
from symtensor import linalg
from symtensor.grad.reverse import grad
from symtensor.ir.node import OPS as _OPS
from symtensor.ir.node import Tensor
from symtensor.ops import operators as _operators  # attaches operators and methods
from symtensor.ops import protocols as _protocols
from symtensor.ops.associative import associative_scan
from symtensor.ops.bits import (
    bitwise_count,
    fmod,
    frexp,
    gcd,
    lcm,
    ldexp,
    left_shift,
    nextafter,
    right_shift,
    spacing,
)
from symtensor.ops.branches import cond, fori_loop, ifelse, switch_case, while_loop
from symtensor.ops.composed import (
    allclose,
    array_equal,
    deg2rad,
    divmod,
    fabs,
    fix,
    float_power,
    fmax,
    fmin,
    heaviside,
    isclose,
    isneginf,
    isposinf,
    log1mexp,
    logaddexp2,
    logit,
    modf,
    nan_to_num,
    nansum,
    positive,
    ptp,
    rad2deg,
    round,
    select,
    sinc,
    xlog1py,
)
from symtensor.ops.contraction import dot, einsum, inner, matmul, outer, tensordot, vdot, vecdot
from symtensor.ops.controls import custom_gradient, grad_clip, grad_scale
from symtensor.ops.creation import (
    arange,
    eye,
    full,
    full_like,
    identity,
    iota,
    linspace,
    one_hot,
    ones,
    ones_like,
    tri,
    tril,
    triu,
    zeros,
    zeros_like,
)
from symtensor.ops.cumulative import cumprod, cumsum
from symtensor.ops.declare import Elementwise as _Elementwise
from symtensor.ops.declare import as_tensor, cast, constant
from symtensor.ops.diagonal import diagonal, trace
from symtensor.ops.effects import check, print
from symtensor.ops.elementwise import (
    absolute,
    add,
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    ceil,
    clip,
    divide,
    equal,
    floor,
    floor_divide,
    greater,
    greater_equal,
    invert,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mod,
    multiply,
    negative,
    not_equal,
    reciprocal,
    rint,
    sign,
    signbit,
    square,
    stop_gradient,
    subtract,
    trunc,
    where,
)
from symtensor.ops.functions import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cbrt,
    copysign,
    cos,
    cosh,
    erf,
    erfc,
    exp,
    exp2,
    expit,
    expm1,
    hypot,
    leaky_relu,
    log,
    log1p,
    log2,
    log10,
    log_expit,
    logaddexp,
    power,
    relu,
    rsqrt,
    sin,
    sinh,
    softplus,
    sqrt,
    tan,
    tanh,
    xlogy,
)
from symtensor.ops.grids import geomspace, indices, logspace, meshgrid
from symtensor.ops.joining import concatenate, stack
from symtensor.ops.leaves import TYPED as _TYPED
from symtensor.ops.leaves import col, matrix, row, scalar, tensor, tensor3, tensor4, vector
from symtensor.ops.movement import broadcast_to, expand_dims, moveaxis, ravel, reshape, squeeze, swapaxes, transpose
from symtensor.ops.normalise import log_softmax, logsumexp, softmax, std
from symtensor.ops.padding import pad
from symtensor.ops.parts import abs2, angle, conjugate, imag, join, real
from symtensor.ops.rearranging import (
    append,
    array_split,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    column_stack,
    diag,
    diagflat,
    dstack,
    flip,
    fliplr,
    flipud,
    hstack,
    matrix_transpose,
    repeat,
    roll,
    rollaxis,
    rot90,
    split,
    tile,
    vstack,
)
from symtensor.ops.reduction import all, any, argmax, argmin, count_nonzero, max, mean, min, prod, sum, var
from symtensor.ops.scan import cumulative, foldl, foldr, map, reduce, scan
from symtensor.ops.scan_arguments import until
from symtensor.ops.scatter import scatter_add, scatter_set, take
from symtensor.ops.searching import flatnonzero, nonzero
from symtensor.ops.special import betaln, digamma, erfinv, gammaln, log_ndtr, ndtr, polygamma

if TYPE_CHECKING:  # those of _LATER
    from symtensor.function import Function, compile, shared
    from symtensor.function.evaluate import substitute
    from symtensor.function.inputs import In
    from symtensor.function.jit import jit
    from symtensor.function.recipe import load
    from symtensor.grad.check import verify_grad
    from symtensor.grad.forward import hvp, jvp, vjp
    from symtensor.grad.jacobian import hessian, jacobian
    from symtensor.inspect.page import view
    from symtensor.ir.export import to_dot, to_networkx
    from symtensor.ir.latex import latex
    from symtensor.ir.notation import pprint
    from symtensor.ir.pattern import rule
    from symtensor.runtime.cache import cache_info
    from symtensor.runtime.pools import trim
    from symtensor.solvers.minima import minimize
    from symtensor.solvers.ode import odeint
    from symtensor.solvers.roots import fixed_point, root

abs = absolute
remainder = mod
true_divide = divide
sigmoid = expit
bitwise_not = invert
conj = conjugate
degrees = rad2deg
radians = deg2rad
amax, amin, around = max, min, round
# The names of the array API standard, which NumPy 2 has as well.
acos, acosh, asin, asinh, atan, atan2, atanh = arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh
bitwise_invert, bitwise_left_shift, bitwise_right_shift = invert, left_shift, right_shift
concat, permute_dims, pow = concatenate, transpose, power
# There is no memory that could be left as it is.
empty, empty_like = zeros, zeros_like
globals().update(_TYPED)

_protocols.FUNCTIONS.update({name: value for name, value in globals().items() if callable(value) and name[0] != "_"})
_protocols.FUNCTIONS.update({name: getattr(linalg, name) for name in linalg.__all__})


def _evaluate(self: Tensor, values: Any = None, **options: Any) -> Any:
    """The value of the tensor; see ``symtensor.function.evaluate.evaluate``."""
    from symtensor.function.evaluate import evaluate

    return evaluate(self, values, **options)


Tensor.eval = _evaluate  # type: ignore[attr-defined]

# Loaded when first used: compiling, differentiating, drawing and exporting bring in what importing symtensor must not.
_LATER = {
    "compile": "function",
    "shared": "function",
    "Function": "function",
    "In": "function.inputs",
    "jit": "function.jit",
    "load": "function.recipe",
    "verify_grad": "grad.check",
    "hvp": "grad.forward",
    "jvp": "grad.forward",
    "vjp": "grad.forward",
    "hessian": "grad.jacobian",
    "jacobian": "grad.jacobian",
    "minimize": "solvers.minima",
    "odeint": "solvers.ode",
    "fixed_point": "solvers.roots",
    "root": "solvers.roots",
    "substitute": "function.evaluate",
    "cache_info": "runtime.cache",
    "trim": "runtime.pools",
    "view": "inspect.page",
    "to_networkx": "ir.export",
    "to_dot": "ir.export",
    "rule": "ir.pattern",
    "pprint": "ir.notation",
    "latex": "ir.latex",
}


_NAMESPACES = ("random",)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER, *_NAMESPACES})


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name in _NAMESPACES:
        return import_module(f"symtensor.{name}")
    if name in _LATER:
        return getattr(import_module(f"symtensor.{_LATER[name]}"), name)
    # An elementwise op is public as soon as it is declared, in symtensor or by the user.
    op = _OPS.get(name)
    if isinstance(op, _Elementwise):
        return op
    raise AttributeError(f"module 'symtensor' has no attribute {name!r}")
