"""The graph verifier: what must hold of every graph, between all passes.

It finds defects of symtensor, not of the user's program.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from symtensor.errors import DTypeError, ShapeError, VerificationError
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import OPS, WILD, Tensor, TensorType
from symtensor.ir.pickling import is_leaf
from symtensor.ir.size import Atom, Bound, Size, SizeLike, atoms, substitute


def verify_graph(outputs: Iterable[Tensor], inputs: Iterable[Tensor]) -> None:
    """Check a graph.

    Each op is registered, each type is what the op infers, operands of elementwise ops have been cast, attributes are
    hashable and in one order, constants cannot be written to, and no input is read that is not among the inputs.
    Inner graphs are checked as graphs of their own.

    Args:
        outputs: the tensors that the graph computes.
        inputs: the leaves that it may read; shared variables need not be listed.

    Raises:
        VerificationError: naming the node and what is wrong with it.
    """
    allowed = set(inputs)
    order: dict[str, tuple[str, ...]] = {}
    for node in toposort(outputs):
        if node.type is WILD:
            raise _broken(node, "a wildcard of a rewrite pattern")
        if is_leaf(node):
            if node not in allowed and node.op.name == "input":
                raise _broken(node, "an input that is not among the graph's inputs")
        else:
            _verify_node(node, order)


def verify_rewritten(before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    """Check the result of a pass against what it was made from: same types, no new leaves, a valid graph.

    Raises:
        VerificationError: naming the node and what is wrong with it.
    """
    for old, new in zip(before, after, strict=True):
        if old.type != new.type:
            raise _broken(new, f"it replaces an output of type {old.type}")
    verify_graph(after, [node for node in toposort(before) if is_leaf(node)])


def _broken(node: Tensor, what: str) -> VerificationError:
    return VerificationError(f"{node.op.name} of type {node.type}: {what}")


def _verify_node(node: Tensor, order: dict[str, tuple[str, ...]]) -> None:
    if OPS.get(node.op.name) is not node.op:
        raise _broken(node, "its op is not registered")
    if not all(isinstance(i, Tensor) for i in node.inputs):
        raise _broken(node, "an input is no tensor")
    _verify_attributes(node, order)
    try:
        inferred = node.op.infer(node.inputs, **dict(node.attrs))
    except (ShapeError, DTypeError) as error:
        raise _broken(node, f"its type cannot be inferred: {error}") from error
    if not _same_type(node.type, inferred, {}):
        raise _broken(node, f"the op infers {inferred}")
    _verify_operands(node)


def _verify_attributes(node: Tensor, order: dict[str, tuple[str, ...]]) -> None:
    names = tuple(name for name, _ in node.attrs)
    if order.setdefault(node.op.name, names) != names:
        raise _broken(node, f"attributes {names}, elsewhere {order[node.op.name]}")
    for name, value in node.attrs:
        try:
            hash(value)
        except TypeError:
            raise _broken(node, f"attribute {name} is not hashable") from None
        if isinstance(value, Graph):
            verify_graph(value.outputs, value.inputs)
    if node.op.name == "constant" and node.attr("value").array.flags.writeable:
        raise _broken(node, "its value can be written to")


def _verify_operands(node: Tensor) -> None:
    """Operands of elementwise ops are cast by nodes of their own, never by the op."""
    types = getattr(node.op, "types", None)
    if node.op.kind != "elementwise" or types is None:
        return
    wanted, result = types(node.inputs)
    have = tuple(i.dtype for i in node.inputs)
    if have != wanted or node.dtype != result:
        raise _broken(node, f"operands of {have} where {wanted} are due")


def _same_type(declared: Any, inferred: Any, renamed: dict[Atom, SizeLike]) -> bool:
    """Whether two types are the same up to the sizes that inference itself defines."""
    if isinstance(declared, tuple) or isinstance(inferred, tuple):
        return (
            isinstance(declared, tuple)
            and isinstance(inferred, tuple)
            and len(declared) == len(inferred)
            and all(_same_type(d, i, renamed) for d, i in zip(declared, inferred))
        )
    if not isinstance(declared, TensorType) or not isinstance(inferred, TensorType):
        return False
    if declared.dtype != inferred.dtype or len(declared.shape) != len(inferred.shape):
        return False
    return all(_same_size(d, i, renamed) for d, i in zip(declared.shape, inferred.shape))


def _same_size(declared: SizeLike, inferred: SizeLike, renamed: dict[Atom, SizeLike]) -> bool:
    if type(declared) is type(inferred) and declared == inferred:
        return True
    if not isinstance(declared, Size) or not isinstance(inferred, Size):
        return False
    if len(declared.terms) == len(inferred.terms) == 1:
        (old,), (new,) = list(atoms(declared))[-1:], list(atoms(inferred))[-1:]
        if isinstance(old, Bound) and isinstance(new, Bound):
            renamed.setdefault(new, Size.of(old))
    return bool(substitute(inferred, renamed) == declared)
