"""symtensor: array maths written symbolically in Python, compiled to native code.

>>> import symtensor as st
>>> x = st.vector("x")
>>> y = st.exp(x).sum()
>>> y.dtype
dtype('float64')
"""

from __future__ import annotations

from typing import Any

from symtensor import linalg
from symtensor.grad.check import verify_grad
from symtensor.grad.forward import hvp, jvp, vjp
from symtensor.grad.jacobian import hessian, jacobian
from symtensor.grad.reverse import grad
from symtensor.ir.node import OPS as _OPS
from symtensor.ops import operators as _operators
from symtensor.ops.branches import cond, fori_loop, ifelse, while_loop
from symtensor.ops.composed import (
    deg2rad,
    divmod,
    fabs,
    float_power,
    fmax,
    fmin,
    heaviside,
    isneginf,
    isposinf,
    log1mexp,
    logaddexp2,
    logit,
    modf,
    nan_to_num,
    nansum,
    ndtr,
    positive,
    ptp,
    rad2deg,
    round,
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
from symtensor.ops.leaves import matrix, scalar, tensor, tensor3, tensor4, vector
from symtensor.ops.movement import broadcast_to, expand_dims, moveaxis, ravel, reshape, squeeze, swapaxes, transpose
from symtensor.ops.normalise import log_softmax, logsumexp, softmax, std
from symtensor.ops.rearranging import (
    array_split,
    atleast_1d,
    atleast_2d,
    atleast_3d,
    broadcast_arrays,
    column_stack,
    diag,
    dstack,
    flip,
    fliplr,
    flipud,
    hstack,
    pad,
    repeat,
    roll,
    rot90,
    split,
    tile,
    vstack,
)
from symtensor.ops.reduction import all, any, argmax, argmin, count_nonzero, max, mean, min, prod, sum, var
from symtensor.ops.scan import foldl, foldr, map, reduce, scan
from symtensor.ops.scatter import scatter_add, scatter_set, take
from symtensor.ops.searching import flatnonzero, nonzero

abs = absolute
remainder = mod
true_divide = divide
sigmoid = expit
bitwise_not = invert
degrees = rad2deg
radians = deg2rad
globals().update(_TYPED)

_operators.FUNCTIONS.update({name: value for name, value in globals().items() if callable(value) and name[0] != "_"})
_operators.FUNCTIONS.update({name: getattr(linalg, name) for name in linalg.__all__})

# Loaded when first used: compiling, drawing and exporting bring in what importing symtensor must not.
_LATER = {
    "compile": "function",
    "shared": "function",
    "Function": "function",
    "cache_info": "runtime.cache",
    "view": "inspect.page",
    "to_networkx": "ir.export",
    "to_dot": "ir.export",
    "rule": "ir.pattern",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(f"symtensor.{_LATER[name]}"), name)
    # An elementwise op is public as soon as it is declared, in symtensor or by the user.
    op = _OPS.get(name)
    if isinstance(op, _Elementwise):
        return op
    raise AttributeError(f"module 'symtensor' has no attribute {name!r}")
