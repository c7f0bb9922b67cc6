"""Values that are linear in one tensor, written as ``x * slope + rest``.

A backward loop is linear in the cotangents that it carries.  As the chain rule leaves it, a step's operations stand one
behind the other, ``d * q * r - d * p``, and each waits for the cotangent of the step before.  Written as
``d * (q * r - p)`` a single product waits; the slope is computed ahead, out of order, while the loop goes on.
"""

from __future__ import annotations

from symtensor.ir.graph import toposort
from symtensor.ir.node import Tensor
from symtensor.ops.declare import constant
from symtensor.ops.elementwise import add, divide, multiply, negative, subtract

Form = tuple[Tensor, "Tensor | None"]  # slope and rest
SHORT = 2
"""Operations between ``x`` and the value that are left as they are: a product and a sum."""


def factored(value: Tensor, x: Tensor) -> Tensor:
    """The value as ``x * slope + rest``, where it is an elementwise, linear function of ``x`` of some length.

    Args:
        value: of the shape and dtype of ``x``.
        x: what the value is linear in.

    Returns:
        The value in the new form; the value itself where it is short, not linear, or made by other operations.

    >>> import symtensor as st
    >>> d, p, q, r = st.scalar("d"), st.scalar("p"), st.scalar("q"), st.scalar("r")
    >>> factored(d * q * r - d * p, d) is d * (q * r - p)
    True
    """
    forms: dict[Tensor, Form] = {x: (constant(1, x.dtype), None)}
    length = {x: 0}
    for node in toposort([value], stop={x}):
        if node is x or not any(i in forms for i in node.inputs):
            continue
        form = _form(node, x, forms) if node.type == x.type else None
        if form is None:
            return value
        forms[node] = form
        length[node] = 1 + max(length.get(i, 0) for i in node.inputs)
    if length.get(value, 0) <= SHORT:
        return value
    slope, rest = forms[value]
    product = multiply(x, slope)
    return product if rest is None else add(product, rest)


def _form(node: Tensor, x: Tensor, forms: dict[Tensor, Form]) -> Form | None:
    """Slope and rest of a node some of whose operands have them; None where it is not linear in them."""
    if node.op is negative:
        slope, rest = forms[node.inputs[0]]
        return negative(slope), None if rest is None else negative(rest)
    if len(node.inputs) != 2:
        return None
    left, right = node.inputs
    if node.op is add or node.op is subtract:
        parts: list[tuple[Tensor | None, Tensor | None]] = [forms.get(i, (None, i)) for i in (left, right)]
        total = _combined(node, parts[0][0], parts[1][0])
        return None if total is None else (total, _combined(node, parts[0][1], parts[1][1]))
    if node.op is multiply and (left in forms) != (right in forms):
        (slope, rest), factor = (forms[left], right) if left in forms else (forms[right], left)
    elif node.op is divide and right not in forms:
        (slope, rest), factor = forms[left], right
    else:
        return None
    one = slope is forms[x][0] and node.op is multiply
    return factor if one else node.op(slope, factor), None if rest is None else node.op(rest, factor)


def _combined(node: Tensor, left: Tensor | None, right: Tensor | None) -> Tensor | None:
    """The sum or difference of two parts, of which either may be absent."""
    if left is None or right is None:
        return left if right is None else negative(right) if node.op is subtract else right
    return node.op(left, right)
