"""Values of expressions without a ``compile`` of one's own, and expressions in which others are replaced."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from symtensor.errors import CompileError, located
from symtensor.function.compiler import compile
from symtensor.function.request import checked_givens, replace
from symtensor.ir.graph import toposort
from symtensor.ir.nesting import flatten
from symtensor.ir.node import Tensor, describe, new_leaf
from symtensor.ops.declare import INPUT, SHARED, as_tensor

KEPT = 256  # compiled functions that are remembered, the last used ones


class _Compiled:
    """Functions by what was asked for; each holds its expression, so that no identity is ever taken twice."""

    def __init__(self) -> None:
        self._functions: OrderedDict[tuple, Any] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, expression: Tensor, given: tuple[Tensor, ...], options: tuple) -> Any:
        """The function from these tensors to the expression."""
        key = (id(expression), tuple(map(id, given)), options)
        with self._lock:
            if key in self._functions:
                self._functions.move_to_end(key)
                return self._functions[key][0]
        # What is computed, not an input, is replaced by an input of its type.
        leaves = [g if g.op is INPUT else new_leaf(INPUT, g.type, name=g.name or g.op.name) for g in given]
        givens = {g: leaf for g, leaf in zip(given, leaves) if g is not leaf}
        function = compile(expression, leaves, givens=givens, on_unused_input="ignore", **dict(options))
        with self._lock:
            self._functions[key] = (function, expression, given)
            while len(self._functions) > KEPT:
                self._functions.popitem(last=False)
        return function


_compiled = _Compiled()


def evaluate(expression: Tensor, values: Mapping[Any, Any] | None = None, **options: Any) -> Any:
    """The value of an expression; compiled at the first call, remembered for the next ones.

    Args:
        expression: a tensor.
        values: an array for each input that the expression needs, by tensor or by name; also computed and shared
            tensors may be given a value.
        options: as for ``compile``.

    Raises:
        CompileError: if an input has no value, or a name is unknown or not unique.

    >>> import symtensor as st
    >>> x = st.vector("x")
    >>> (x + 1).eval({x: [1.0, 2.0]}, target="numpy")
    array([2., 3.])
    """
    leaves = [n for n in toposort([expression]) if n.op in (INPUT, SHARED)]
    given = {_named(key, leaves): value for key, value in (values or {}).items()}
    rest = toposort([expression], stop=set(given)) if given else leaves
    missing = next((n for n in rest if n.op is INPUT and n not in given), None)
    if missing is not None:
        hint = f"pass it as in .eval({{{missing.name or 'x'}: array}})"
        raise CompileError(located(f"{describe(missing)} has no value", missing.sites, hint))
    return _compiled.get(expression, tuple(given), tuple(options.items()))(*given.values())


def _named(key: Any, leaves: list[Tensor]) -> Tensor:
    if isinstance(key, Tensor):
        return key
    found = [n for n in leaves if n.name == key]
    if len(found) != 1:
        known = [n.name for n in leaves if n.op is INPUT]
        count = "no input is" if not found else f"{len(found)} inputs are"
        raise CompileError(f"{count} named {key!r}\n  hint: the inputs are {known}; a tensor may be the key as well")
    return found[0]


def substitute(expression: Any, replacements: Mapping[Tensor, Any]) -> Any:
    """An expression in which some tensors are replaced by others.

    Args:
        expression: a tensor, or nested containers of tensors.
        replacements: new tensors (or arrays, numbers) by old ones, of the same rank and of a dtype that can be cast
            safely; replaced at once, so ``{a: b, b: a}`` swaps.

    Returns:
        What was given, with replaced tensors; sizes read off a replaced tensor follow.

    Raises:
        CompileError, DTypeError, ShapeError: if a replacement does not fit.

    >>> import symtensor as st
    >>> a, b = st.vector("a"), st.vector("b")
    >>> substitute(a * 2, {a: b + 1}).eval({b: [1.0]}, target="numpy")
    array([4.])
    """
    leaves, _, structure = flatten(expression)
    changed = replace([as_tensor(leaf) for leaf in leaves], checked_givens(replacements))
    return structure.build(iter(changed))
