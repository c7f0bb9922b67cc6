"""SymPy expressions as tensors, and elementwise tensors as SymPy expressions.

A symbol stands for a tensor of any shape and a function is taken element by element, so an expression that SymPy has
simplified, solved or differentiated runs on whole arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from symtensor.errors import UnsupportedError, located
from symtensor.ir.graph import toposort
from symtensor.ir.node import OPS, Tensor, describe
from symtensor.ops import composed, contraction, elementwise, functions, movement
from symtensor.ops.declare import as_tensor, constant
from symtensor.ops.joining import stack
from symtensor.ops.leaves import tensor as new_tensor

# Functions of the same meaning: the op, and the class of SymPy.
SAME = {
    "exp": "exp", "log": "log", "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos",
    "arctan": "atan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh",
    "arctanh": "atanh", "arctan2": "atan2", "absolute": "Abs", "sign": "sign", "floor": "floor", "ceil": "ceiling",
    "maximum": "Max", "minimum": "Min", "erf": "erf", "erfc": "erfc", "erfinv": "erfinv", "gammaln": "loggamma",
    "digamma": "digamma", "logical_and": "And", "logical_or": "Or", "logical_not": "Not", "logical_xor": "Xor",
    "equal": "Eq", "not_equal": "Ne", "less": "Lt", "less_equal": "Le", "greater": "Gt", "greater_equal": "Ge",
    "mod": "Mod",
}  # fmt: skip

# What SymPy has no name for, by formulas; each takes SymPy's module and operands.
FORMULAS: dict[str, Callable[..., Any]] = {
    "add": lambda sp, a, b: a + b,
    "subtract": lambda sp, a, b: a - b,
    "multiply": lambda sp, a, b: a * b,
    "divide": lambda sp, a, b: a / b,
    "floor_divide": lambda sp, a, b: sp.floor(a / b),
    "power": lambda sp, a, b: a**b,
    "negative": lambda sp, a: -a,
    "reciprocal": lambda sp, a: 1 / a,
    "square": lambda sp, a: a**2,
    "sqrt": lambda sp, a: sp.sqrt(a),
    "cbrt": lambda sp, a: sp.cbrt(a),
    "rsqrt": lambda sp, a: 1 / sp.sqrt(a),
    "exp2": lambda sp, a: 2**a,
    "expm1": lambda sp, a: sp.exp(a) - 1,
    "log2": lambda sp, a: sp.log(a, 2),
    "log10": lambda sp, a: sp.log(a, 10),
    "log1p": lambda sp, a: sp.log(1 + a),
    "trunc": lambda sp, a: sp.sign(a) * sp.floor(sp.Abs(a)),
    "hypot": lambda sp, a, b: sp.sqrt(a**2 + b**2),
    "expit": lambda sp, a: 1 / (1 + sp.exp(-a)),
    "log_expit": lambda sp, a: -sp.log(1 + sp.exp(-a)),
    "softplus": lambda sp, a: sp.log(1 + sp.exp(a)),
    "logaddexp": lambda sp, a, b: sp.log(sp.exp(a) + sp.exp(b)),
    "relu": lambda sp, a: sp.Max(a, 0),
    "xlogy": lambda sp, a, b: sp.Piecewise((0, sp.Eq(a, 0)), (a * sp.log(b), True)),
    "where": lambda sp, c, a, b: sp.Piecewise((a, c), (b, True)),
    "bitwise_and": lambda sp, a, b: sp.And(a, b),
    "bitwise_or": lambda sp, a, b: sp.Or(a, b),
    "invert": lambda sp, a: sp.Not(a),
    "cast": lambda sp, a: a,
    "stop_gradient": lambda sp, a: a,
    "print": lambda sp, a: a,
    "check": lambda sp, a, _: a,
    # Element by element a number and its copies are the same.
    "broadcast_to": lambda sp, a: a,
    "expand_dims": lambda sp, a: a,
}


def to_sympy(tensor: Tensor, symbols: Mapping[Tensor, Any] | None = None) -> Any:
    """An elementwise expression as a SymPy expression; each input becomes a real symbol of its name.

    Args:
        tensor: computed from inputs by elementwise operations alone.
        symbols: what stands for an input (or for a computed tensor, which is then not looked into).

    Raises:
        UnsupportedError: for an operation that is not elementwise, or that SymPy has no words for.

    >>> import symtensor as st
    >>> x = st.scalar("x")
    >>> to_sympy(st.log1p(st.exp(x)) / 2).diff("x")
    exp(x)/(2*(exp(x) + 1))
    """
    import sympy as sp

    written: dict[Tensor, Any] = dict(symbols or {})
    for node in toposort([tensor], stop=set(written)):
        if node not in written:
            written[node] = _to_sympy(sp, node, [written[i] for i in node.inputs])
    return written[tensor]


def _to_sympy(sp: Any, node: Tensor, operands: list[Any]) -> Any:
    name = node.op.name
    if name == "constant" and node.ndim == 0:
        return _number(sp, node.attr("value").array)
    if name in ("input", "shared"):
        return sp.Symbol(node.name or "x")  # without assumptions, so that it equals the symbol a user writes
    if name == "size":
        return sp.Symbol(str(node.attr("size")), integer=True)
    if name in SAME:
        return getattr(sp, SAME[name])(*operands)
    if name in FORMULAS:
        return FORMULAS[name](sp, *operands)
    hint = "only elementwise operations have a meaning in SymPy; give symbols for other parts"
    raise UnsupportedError(located(f"{describe(node)} cannot be written in SymPy", node.sites, hint))


def _number(sp: Any, value: np.ndarray) -> Any:
    """A constant; a float that is a small whole number becomes an integer, so that powers stay powers."""
    if value.dtype.kind == "b":
        return sp.true if value else sp.false
    if value.dtype.kind == "c":
        return sp.sympify(complex(value))
    number = float(value)
    if np.isinf(number):
        return sp.oo if number > 0 else -sp.oo
    if value.dtype.kind in "iu" or (number.is_integer() and abs(number) < 2**31):
        return sp.Integer(int(value))
    return sp.Float(number, 17)


# ------------------------------------------------------------------------------------------------------ from SymPy
def from_sympy(expression: Any, symbols: Mapping[Any, Any] | None = None, dtype: Any = "float64") -> Any:
    """A SymPy expression as a tensor.

    Args:
        expression: a SymPy expression, relation or matrix (which gives a tensor with two axes more); or a list of them.
        symbols: tensors (or arrays, numbers) by symbol or by name; a symbol without one becomes a scalar input.
        dtype: of numbers and of such scalar inputs.

    Raises:
        UnsupportedError: for a function that symtensor does not have.

    >>> import sympy as sp
    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> from_sympy(sp.sin(sp.Symbol("x")) ** 2, {"x": x}).eval({x: [0.0]}, target="numpy")
    array([0.])
    """
    import sympy as sp

    if isinstance(expression, (list, tuple)):
        given = _symbols(expression, symbols or {}, dtype)
        return type(expression)(from_sympy(e, given, dtype) for e in expression)
    return _Reader(sp, _symbols([expression], symbols or {}, dtype), dtype).read(sp.sympify(expression))


def _symbols(expressions: Iterable[Any], given: Mapping[Any, Any], dtype: Any) -> dict[Any, Any]:
    """A tensor for each symbol of the expressions."""
    import sympy as sp

    table: dict[Any, Any] = {}
    for symbol in sorted(set().union(*(sp.sympify(e).free_symbols for e in expressions)), key=str):
        found = given.get(symbol, given.get(str(symbol)))
        if found is None:
            ndim = 2 if isinstance(symbol, sp.MatrixSymbol) else 0
            found = new_tensor(str(symbol), dtype, (None,) * ndim)
        table[symbol] = as_tensor(found)
    return table


class _Reader:
    """Reads one SymPy expression, from the leaves up."""

    def __init__(self, sp: Any, symbols: Mapping[Any, Any], dtype: Any) -> None:
        self._sp, self._dtype = sp, dtype
        self._values: dict[Any, Any] = dict(symbols)
        self._ops = {getattr(sp, theirs): OPS[ours] for ours, theirs in SAME.items() if ours in OPS}

    def read(self, expression: Any) -> Tensor:
        waiting = [expression]
        while waiting:
            current = waiting[-1]
            rest = [a for a in self._operands(current) if a not in self._values]
            if rest:
                waiting += rest
                continue
            waiting.pop()
            if current not in self._values:
                self._values[current] = self._made(current)
        return as_tensor(self._values[expression])

    def _operands(self, e: Any) -> list[Any]:
        sp = self._sp
        if e in self._values or isinstance(e, (sp.Symbol, sp.MatrixSymbol)) or e.is_Number:
            return []
        if isinstance(e, sp.MatrixBase):
            return list(e)
        if isinstance(e, sp.Piecewise):
            return [part for pair in e.args for part in pair.args]
        return list(e.args)

    def _made(self, e: Any) -> Any:
        sp = self._sp
        if e in (sp.true, sp.false):
            return constant(bool(e))
        if e.is_Number or isinstance(e, sp.NumberSymbol):
            return self._number(e)
        operands = [self._values[a] for a in self._operands(e)]
        if isinstance(e, sp.MatrixBase):
            rows, columns = e.shape
            flat = stack(list(_broadcast(operands)), axis=-1)
            return movement.reshape(flat, (*flat.shape[:-1], rows, columns))
        if isinstance(e, sp.Piecewise):
            result = as_tensor(float("nan"), self._dtype)
            for value, condition in reversed(list(zip(operands[::2], operands[1::2]))):
                result = elementwise.where(condition, value, result)
            return result
        if isinstance(e, (sp.MatAdd, sp.MatMul)):  # first, as these say that they are sums and products, too
            return _folded(elementwise.add if isinstance(e, sp.MatAdd) else _matrix_product, operands)
        if e.is_Add or e.is_Mul:
            return _folded(elementwise.add if e.is_Add else elementwise.multiply, operands)
        if isinstance(e, sp.Transpose):
            return movement.transpose(operands[0])
        if e.is_Pow:
            return self._power(e, *operands)
        return self._function(e, operands)

    def _number(self, e: Any) -> Any:
        """A weak Python number, so that arrays keep their dtype; an integer stays one."""
        if e.is_Integer:
            return int(e)
        return float(e)

    def _power(self, e: Any, base: Any, exponent: Any) -> Tensor:
        sp = self._sp
        if e.base == sp.E:
            return functions.exp(exponent)
        known = {sp.Rational(1, 2): functions.sqrt, -sp.Integer(1): elementwise.reciprocal}
        known |= {sp.Rational(-1, 2): functions.rsqrt, sp.Rational(1, 3): functions.cbrt}
        if e.exp in known:
            return known[e.exp](self._inexact(base))
        if e.exp.is_Integer and e.exp < 0:
            return elementwise.reciprocal(functions.power(self._inexact(base), -int(e.exp)))
        return functions.power(base, exponent)

    def _inexact(self, value: Any) -> Any:
        return as_tensor(float(value), self._dtype) if isinstance(value, int) else value

    def _function(self, e: Any, operands: list[Any]) -> Tensor:
        op = self._ops.get(e.func)
        if op is not None:
            return _folded(op, operands) if len(operands) > 2 else op(*operands)
        named = {"sec": functions.cos, "csc": functions.sin, "cot": functions.tan}
        if e.func.__name__ in named:
            return elementwise.reciprocal(named[e.func.__name__](*operands))
        if e.func.__name__ == "sinc":
            return composed.sinc(operands[0] / np.pi)
        if e.func.__name__ == "Heaviside":
            return composed.heaviside(operands[0], operands[1])
        text = str(e)[:80]
        raise UnsupportedError(
            f"SymPy's {e.func.__name__} has no counterpart: {text}\n  hint: try .doit() or .rewrite()"
        )


def _folded(function: Callable[[Any, Any], Any], operands: list[Any]) -> Any:
    """A function of two, over all operands; numbers among themselves stay numbers."""
    result = operands[0]
    for operand in operands[1:]:
        if isinstance(result, (int, float)) and isinstance(operand, (int, float)):
            result = result + operand if function is elementwise.add else result * operand
        else:
            result = function(result, operand)
    return result


def _matrix_product(left: Any, right: Any) -> Tensor:
    scalar = isinstance(left, (int, float)) or as_tensor(left).ndim == 0
    return elementwise.multiply(left, right) if scalar else contraction.matmul(left, right)


def _broadcast(operands: list[Any]) -> Iterable[Tensor]:
    from symtensor.ops.rearranging import broadcast_arrays

    tensors = [as_tensor(o) for o in operands]
    return broadcast_arrays(*tensors) if any(t.ndim for t in tensors) else tensors
