"""``mode="check"``: every rewrite that fired and every kernel against the interpreter, on the arguments of each call.

A rewrite may be more accurate than what it replaces, so its left side is also evaluated in extended precision, and the
right side must agree with one of the two.  A kernel is given the very values that the steps before it have computed, so
an error shows where it is made and not where it arrives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from symtensor.errors import CheckError, located
from symtensor.function.interpreter import check_guards
from symtensor.function.watching import Arrays, Check
from symtensor.ir.graph import Graph, toposort
from symtensor.ir.node import Tensor
from symtensor.ir.size import ScalarValue
from symtensor.ir.trace import Step, Trace, expression_text
from symtensor.ops.declare import INPUT, SHARED, LoopOp
from symtensor.ops.effects import silenced
from symtensor.ops.reference import Environment, apply_reference, bind_sizes, evaluate_nodes
from symtensor.optimizer.guards import Guards
from symtensor.optimizer.plan import KernelGroup, Plan

_WIDE = {"f": np.dtype(np.longdouble), "c": np.dtype(np.clongdouble)}


# ----------------------------------------------------------------------------------------------------- comparing
def tolerance(dtype: np.dtype) -> float:
    """Relative difference that rounding may explain: two thirds of the digits must agree."""
    return float(np.finfo(dtype).eps) ** (2 / 3) if dtype.kind in "fc" else 0.0


def disagreement(
    found: np.ndarray, wanted: np.ndarray, dtype: np.dtype, scale: float | np.ndarray = 0.0
) -> tuple[int, ...] | None:
    """Index of the first element that differs by more than rounding, or None.

    Args:
        found: values of that dtype.
        wanted: values of that dtype or wider, of the same shape.
        dtype: decides what rounding may do.
        scale: magnitude of intermediate values, whose rounding may show in the result.
    """
    if found.shape != wanted.shape:
        return (0,) * min(found.ndim, wanted.ndim)
    if dtype.kind not in "fc":
        bad = np.asarray(found != wanted)
    else:
        with np.errstate(all="ignore"):
            limit = np.finfo(dtype).max
            near = np.abs(found - wanted) <= tolerance(dtype) * np.maximum(np.abs(wanted), scale) + np.finfo(dtype).tiny
            same = (found == wanted) | (np.isnan(found) & np.isnan(wanted))
            beyond = ~np.isfinite(found) & (np.abs(wanted) > limit)  # finite only in the wider type
            bad = ~(near | same | beyond)
    if not bad.any():
        return None
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))


# ------------------------------------------------------------------------------------------------------- rewrites
def rewrite_check(graph: Graph, optimised: Graph, trace: Trace, guards: Guards) -> Check:
    """A check that evaluates both sides of every rewrite, those in loops at the values of the last step.

    Args:
        graph: as the user wrote it.
        optimised: after rewriting.
        trace: what was rewritten.
        guards: of the graph.
    """

    def check(arrays: Arrays) -> None:
        sizes = bind_sizes(arrays)
        check_guards(guards, sizes, arrays)
        known: dict[Tensor, Any] = dict(arrays)

        def note(node: Tensor, value: Any, operands: Sequence[Any] | None) -> None:
            if operands is None:
                known[node] = value
                if node.ndim == 0 and node.dtype.kind in "iu":
                    sizes[ScalarValue(node)] = int(value)

        with np.errstate(all="ignore"), silenced():
            for whole in (graph, optimised):
                evaluate_nodes(whole.outputs, arrays, sizes, note)
            narrow, wide = _Values(known, sizes), _Values(known, sizes, wide=True)
            for step in trace.steps:
                _compare(step, narrow, wide)

    return check


def _compare(step: Step, narrow: _Values, wide: _Values) -> None:
    before, after = narrow.of(step.before), narrow.of(step.after)
    if before is None or after is None or isinstance(before, tuple):
        return  # in a loop that did not run
    # A more accurate right side differs from the left one by the rounding of what the left one was computed from.
    scale = 0.0 if step.accuracy == "exact" else narrow.scale(step.before)
    place = disagreement(after, before, step.after.dtype, scale)
    if place is None:
        return
    exact = wide.of(step.before)
    if exact is not None and disagreement(after, exact, step.after.dtype, scale) is None:
        return
    message = (
        f"mode='check': the rule {step.rule} ({step.stage}, {step.accuracy}) changes a value\n"
        f"  before  {expression_text(step.before)[:120]} = {_element(before, place)}\n"
        f"  after   {expression_text(step.after)[:120]} = {_element(after, place)}"
    )
    raise CheckError(located(message, step.sites, f"exclude={step.rule!r} switches the rule off"))


def _element(array: np.ndarray, place: tuple[int, ...]) -> str:
    return f"{array[place]} at {list(place)}" if array.ndim else str(array)


class _Values:
    """Values of nodes at one call, computed when asked for; with ``wide`` in extended precision."""

    def __init__(self, known: dict[Tensor, Any], sizes: Environment, wide: bool = False) -> None:
        self._wide, self._sizes = wide, sizes
        self._values = {t: self._widened(v) for t, v in known.items()}

    def of(self, wanted: Tensor) -> Any:
        """The value of a node, None where it cannot be computed."""
        for node in toposort([wanted], stop=set(self._values)):
            if node not in self._values:
                self._values[node] = self._computed(node)
        return self._values[wanted]

    def scale(self, node: Tensor) -> Any:
        """Magnitude of the operands of a node where they are finite, at least 1; element by element where it can be."""
        total: Any = np.ones(())
        for value in (self.of(i) for i in node.inputs):
            if isinstance(value, np.ndarray) and value.dtype.kind in "fc" and value.size:
                magnitude = np.where(np.isfinite(value), np.abs(value), 0)
                same = value.shape == self._values[node].shape
                total = np.maximum(total, magnitude if same else magnitude.max())
        return total

    def _computed(self, node: Tensor) -> Any:
        operands = [self._values[i] for i in node.inputs]
        if node.op in (INPUT, SHARED) or any(o is None for o in operands):
            return None
        try:
            if self._wide and not isinstance(node.op, LoopOp):
                return self._widened(apply_reference(node, operands, self._sizes))
            narrow = [np.asarray(o, i.dtype) if not isinstance(o, tuple) else o for o, i in zip(operands, node.inputs)]
            return evaluate_nodes([node], dict(zip(node.inputs, narrow)), self._sizes)[0]
        except Exception:  # no reference takes everything: LAPACK has no extended precision, a size may be unknown
            return None

    def _widened(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(self._widened, value))
        array = np.asarray(value)
        return array.astype(_WIDE[array.dtype.kind]) if self._wide and array.dtype.kind in "fc" else array


# -------------------------------------------------------------------------------------------------------- kernels
def stored_nodes(plan: Plan) -> list[Tensor]:
    """What the steps of a plan leave in memory, in the order in which they run."""
    items: dict[Tensor, list[Tensor]] = {}
    for node in plan.graph.nodes():
        if node.op.kind == "item":
            items.setdefault(node.inputs[0], []).append(node)
    found: list[Tensor] = []
    for step in plan.steps:
        for node in step.nodes:
            if isinstance(node.type, tuple):
                found += items.get(node, [])
            elif node in plan.stored:
                found.append(node)
    return found


def kernel_check(nodes: Sequence[Tensor], probe: Callable[..., Any], guards: Guards) -> Check:
    """A check that runs the same kernels with everything that they store as results, and compares each.

    Args:
        nodes: what ``probe`` returns, in the order in which it is computed.
        probe: the native function from the values of the inputs; it updates nothing.
        guards: of the graph.
    """
    names = _kernel_names(probe)

    def check(arrays: Arrays) -> None:
        sizes = bind_sizes(arrays)
        check_guards(guards, sizes, arrays)
        with silenced():
            values = probe(*(array for leaf, array in arrays.items() if leaf.op is INPUT))
        known: dict[Tensor, Any] = dict(arrays)
        for node, value in zip(nodes, values):
            largest = [0.0]
            with np.errstate(all="ignore"), silenced():
                wanted = evaluate_nodes([node], known, sizes, lambda n, v, o, m=largest: _note_largest(v, m))[0]  # type: ignore[misc]
            place = disagreement(value, wanted, node.dtype, largest[0])
            if place is not None:
                raise CheckError(_kernel_message(node, names.get(node, node.op.name), value, wanted, place))
            known[node] = value

    return check


def _note_largest(value: Any, largest: list[float]) -> None:
    """Keep the largest finite magnitude."""
    for array in value if isinstance(value, tuple) else (value,):
        if array.dtype.kind in "fc" and array.size:
            magnitude = np.abs(array)
            largest[0] = max(largest[0], float(np.max(magnitude, where=np.isfinite(magnitude), initial=0.0)))


def _kernel_names(function: Any) -> dict[Tensor, str]:
    """The kernel that computes each node."""
    generated = function.details.generated
    groups: Iterable[KernelGroup] = (s for s in generated.plan.steps if isinstance(s, KernelGroup))
    logged = [name for name, *_ in generated.builder.log]
    return {node: name for group, name in zip(groups, logged) for node in group.nodes}


def _kernel_message(node: Tensor, kernel: str, value: np.ndarray, wanted: np.ndarray, place: tuple[int, ...]) -> str:
    message = (
        f"mode='check': the kernel {kernel} differs from the interpreter in {node.name or node.op.name}: {node.type}\n"
        f"  native       {_element(value, place)}\n"
        f"  interpreter  {_element(wanted, place)}"
    )
    return located(message, node.sites, "this is a defect of symtensor: target='numpy' avoids it")
