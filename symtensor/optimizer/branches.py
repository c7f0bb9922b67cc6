"""Branches: which of them run, and what is computed in them rather than outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from symtensor.ir.graph import Graph, substitute, toposort
from symtensor.ir.node import Tensor
from symtensor.ops.control import COND, SCAN
from symtensor.ops.declare import CONSTANT, SIZE, constant_value
from symtensor.ops.item import items
from symtensor.ops.slicing import zeros_of
from symtensor.optimizer.loop_graphs import Results, close_again, map_loops, open_loop


def take_known_branches(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Put the branch of a constant predicate, and the result of a loop without steps, in place."""

    def change(node: Tensor, read: set[int]) -> Results | None:
        if node.op is COND:
            predicate = constant_value(node.inputs[0])
            if predicate is None:
                return None
            graph: Graph = node.attr("then" if predicate else "otherwise")
            return substitute(graph.outputs, dict(zip(graph.inputs, node.inputs[1:])))
        if node.op is SCAN and node.attr("steps") == 0:
            first, count = node.attr("sequences"), node.attr("carries")
            return [*node.inputs[first : first + count], *(zeros_of(t.shape, t.dtype) for t in node.type[count:])]
        return None

    return map_loops(outputs, change)


def settle_branches(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Compute in a branch what nobody else needs, and outside what is computed there in any case."""

    def change(node: Tensor, read: set[int]) -> Results | None:
        if node.op is not COND:
            return None
        outside = _needed_without(outputs_now, node)
        opened = open_loop(node)
        count = len(node.attr("then").outputs)
        stop = outside | {n for n in opened.outer if n.op.kind == "source"}
        parts = [set(toposort(part, stop=stop)) for part in (opened.outputs[:count], opened.outputs[count:])]
        shared = {n for n in opened.outer if n in parts[0] and n in parts[1]}
        new = close_again(opened, opened.outputs, _worth_reading(outside) | shared)
        if set(new.inputs) == set(node.inputs):
            return None
        return items(new)

    # One branch at a time: what is needed outside of one depends on what the others have been made to read.
    outputs_now = list(outputs)
    for _ in range(sum(node.op is COND for node in toposort(outputs))):
        after = _first_change(outputs_now, change)
        if all(a is b for a, b in zip(after, outputs_now)):
            break
        outputs_now = after
    return outputs_now


def _first_change(outputs: Sequence[Tensor], change: Callable[[Tensor, set[int]], Results | None]) -> list[Tensor]:
    """Replace only the first loop or branch for which there is a replacement."""
    done = False

    def once(node: Tensor, read: set[int]) -> Results | None:
        nonlocal done
        if done:
            return None
        results = change(node, read)
        done = results is not None
        return results

    return map_loops(outputs, once)


def _needed_without(outputs: Sequence[Tensor], branch: Tensor) -> set[Tensor]:
    """All nodes that are computed even if this branch reads nothing but its predicate."""
    return set(toposort(outputs, stop={branch})) - {branch} | set(toposort([branch.inputs[0]]))


def _worth_reading(nodes: set[Tensor]) -> set[Tensor]:
    return {n for n in nodes if n.op not in (CONSTANT, SIZE) and not isinstance(n.type, tuple)}
