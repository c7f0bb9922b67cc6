"""Sizes that a step finds on the way: whoever uses one needs the step in its graph, also where it reads no result.

A gradient, or ``x.shape[0]`` alone, may need nothing of a loop but how many steps it took.  So the sources of all such
sizes are tied to an output while the passes run, and untied where the outputs need them anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from symtensor.ir.graph import Graph, sorted_bounds, toposort
from symtensor.ir.node import Tensor
from symtensor.ir.size import Bound
from symtensor.ops.slicing import TIED


def _used_and_defined(nodes: Iterable[Tensor]) -> tuple[dict[Bound, None], set[Bound]]:
    used: dict[Bound, None] = {}
    defined: set[Bound] = set()
    types: set[int] = set()  # those looked at, by identity: most nodes of a large graph share a few
    for node in nodes:
        if not node.attrs and id(node.type) in types:
            continue
        types.add(id(node.type))
        used.update(dict.fromkeys(sorted_bounds(node)))
        for _, value in node.attrs:
            if isinstance(value, Bound):
                defined.add(value)
            elif isinstance(value, Graph):
                inner_used, inner_defined = _used_and_defined(value.nodes())
                used.update({atom: None for atom in inner_used if atom not in inner_defined})
    return used, defined


def missing_sizes(outputs: Sequence[Tensor]) -> list[Bound]:
    """Sizes that nodes use and no node defines."""
    used, defined = _used_and_defined(toposort(outputs))
    return [atom for atom in used if atom not in defined]


def size_sources(nodes: Iterable[Tensor]) -> list[Tensor]:
    """A result of each step that finds a size which some nodes use."""
    used, _ = _used_and_defined(nodes)
    return [atom.source for atom in used if atom.source is not None]


def tie_sizes(outputs: Sequence[Tensor]) -> list[Tensor]:
    """Outputs of which the first depends on all steps that find sizes."""
    sources = size_sources(toposort(outputs))
    return [TIED(outputs[0], *sources), *outputs[1:]] if sources else list(outputs)


def untie_sizes(outputs: Sequence[Tensor]) -> list[Tensor]:
    """The same without the tie if no size is missing then."""
    if not outputs or outputs[0].op is not TIED:
        return list(outputs)
    plain = [outputs[0].inputs[0], *outputs[1:]]
    return list(outputs) if missing_sizes(plain) else plain
